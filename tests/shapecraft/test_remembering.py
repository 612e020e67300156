"""Remembering: a program runs once in a run, whoever asks, and its outcome comes back whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from easel.errors import MissingCapability
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from shapecraft.outcome import Job, Limits
from shapecraft.remembering import RememberedWall, read_outcome
from shapecraft.wall import program_hash
from tests.shapecraft.crafting import BROKEN, BoxWall, fitting, program


@pytest.fixture
def run(tmp_path):
    with RunStore.open(tmp_path, "test", fingerprint="f" * 64, configuration={}, evidence="stand-in", facts={},
                       date="2000-01-01") as store:
        yield store


@pytest.mark.parametrize("text", [program(fitting("legs")), program(BROKEN), "import shapes\n"])
def test_an_outcome_comes_back_whole(run, text):
    first = RememberedWall(BoxWall(), run).run(Job(text))
    second = BoxWall()
    again = RememberedWall(second, run)
    assert again.run(Job(text, "another name")) == first
    assert second.jobs == []
    assert again.level == "no wall, boxes only"
    assert read_outcome(run.folder, program_hash(text)) == first


def test_many_threads_run_a_program_once(run):
    wall = BoxWall(seconds=0.05)
    remembered = RememberedWall(wall, run)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(remembered.run, [Job(program(fitting("seat")))] * 8))
    assert len(wall.jobs) == 1
    assert len({outcome.glb for outcome in outcomes}) == 1


def test_other_limits_are_another_entry(run):
    wall = BoxWall()
    remembered = RememberedWall(wall, run)
    for job in (Job("import shapes\n"), Job("import shapes\n", limits=Limits(seconds=1.0)),
                Job("import shapes\n", blend=True), Job("import shapes\n")):
        remembered.run(job)
    assert len(wall.jobs) == 3


def test_a_fault_of_the_machine_is_not_remembered(run):
    class Gone(BoxWall):
        def run(self, job):
            raise MissingCapability("a jail")

    with pytest.raises(MissingCapability):
        RememberedWall(Gone(), run).run(Job("import shapes\n"))
    assert RememberedWall(BoxWall(), run).run(Job("import shapes\n")).kind == "empty"


def test_damaged_files_are_told(run):
    text = program(fitting("legs"))
    RememberedWall(BoxWall(), run).run(Job(text))
    key = program_hash(text)
    (run.folder / f"outcomes/{key}.glb").unlink()
    with pytest.raises(DamagedFile, match="the GLB beside an outcome"):
        read_outcome(run.folder, key)
    (run.folder / f"outcomes/{key}.json").write_text("{")
    with pytest.raises(DamagedFile, match="an outcome"):
        read_outcome(run.folder, key)
    assert read_outcome(run.folder, "0" * 64) is None
