"""Remembering: a program runs once in a run, whoever asks, and its outcome comes back whole."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from easel.errors import MissingCapability
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from shapecraft.keeping import Keeper
from shapecraft.outcome import CLOCK_OVER, WALL_CLOSED, Job, Limits, Outcome
from shapecraft.remembering import ProgramShelf, RememberedWall, read_outcome
from shapecraft.wall import UNKNOWN, PooledWall, program_hash
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


class Fails(BoxWall):
    """Ends every program as it is told to."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__()
        self.came = Outcome(kind, message=message)

    def run(self, job):
        super().run(job)
        return self.came


@pytest.mark.parametrize(("kind", "message"), [("refused", UNKNOWN), ("crashed", WALL_CLOSED)])
def test_what_was_not_run_for_want_of_a_wall_is_run_when_one_stands(run, kind, message):
    job = Job(program(fitting("legs")))
    assert RememberedWall(Fails(kind, message), run).run(job).kind == kind
    assert read_outcome(run.folder, program_hash(job.program)) is None
    assert RememberedWall(BoxWall(), run).run(job).kind == "ran"


def test_refusals_that_were_kept_by_an_earlier_version_are_run_again(run):
    job = Job(program(fitting("legs")))
    RememberedWall(Fails("refused", "."), run).run(job)
    path = run.folder / f"outcomes/{program_hash(job.program)}.json"
    path.write_text(path.read_text().replace('"."', json.dumps(UNKNOWN)))
    assert read_outcome(run.folder, program_hash(job.program)).message == UNKNOWN
    assert RememberedWall(BoxWall(), run).run(job).kind == "ran"


def test_a_known_programs_wall_refuses_with_those_words():
    assert PooledWall._refusal(SimpleNamespace(_known={"a"}), Job("x = 1\n")) == UNKNOWN


@pytest.mark.parametrize(("message", "runs"), [(CLOCK_OVER, 2), ("more than 20 s of processor time", 1)])
def test_a_shelf_of_many_runs_keeps_no_wall_clock_timeout_and_a_run_keeps_its_own(run, tmp_path, message, runs):
    wall = Fails("timeout", message)
    shared = RememberedWall(wall, ProgramShelf.of(tmp_path / "sweep", wall))
    for _ in range(2):
        assert shared.run(Job("import shapes\n")).kind == "timeout"
    assert len(wall.jobs) == runs
    for _ in range(2):
        RememberedWall(shared, run).run(Job("import shapes\n"))
    assert len(wall.jobs) == runs + (runs == 2), "a resumed run must not come to another end"


def behind(run, level: str, text: str, blender: str = "4.5.1") -> None:
    wall = BoxWall(level=level)
    wall.blender = blender
    Keeper(run).remembering(wall).run(Job(text))


def test_a_resumed_run_says_every_wall_that_its_programs_ran_behind(run):
    behind(run, "disposable-machine", "import shapes\n")
    assert run.info["wall"] == "disposable-machine"
    behind(run, "jail", "import shapes\n")
    assert run.info["wall"] == "disposable-machine", "nothing ran behind the jail"
    for _ in range(2):
        behind(run, "jail", program(fitting("legs")))
    behind(run, "jail", program(fitting("seat")), "4.5.2")
    assert run.info["wall"] == "disposable-machine, jail"
    assert run.info["walls"] == [{"level": "disposable-machine", "blender": "4.5.1"},
                                 {"level": "jail", "blender": "4.5.1"}, {"level": "jail", "blender": "4.5.2"}]
    assert RunStore.read(run.folder).info["walls"] == run.info["walls"]


def test_the_wall_of_an_older_folder_stays(run):
    run.note(wall="disposable-machine")
    behind(run, "jail", "import shapes\n")
    assert run.info["wall"] == "disposable-machine, jail"
    assert run.info["walls"] == [{"level": "disposable-machine", "blender": ""}, {"level": "jail", "blender": "4.5.1"}]


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
