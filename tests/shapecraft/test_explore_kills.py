"""Kills and interrupts at random moments: an exploration resumes, pays and runs nothing twice, and ends the same."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from easel.runs import RunStore
from tests.killing import Killed

TABLES = ("parses", "bootstraps", "attempts", "components", "assemblies", "looks", "explored")


def content(run: RunStore) -> dict[str, bytes]:
    """Every table in its order, the object, and all outcomes but their times."""
    found = {table: (run.folder / f"{table}.jsonl").read_bytes() for table in TABLES}
    files = {name: (run.folder / name).read_bytes() for name in ("object.glb", "object.py", "graph/final.json")}
    outcomes = {path.name: {**json.loads(path.read_text()), "seconds": 0} for path in run.folder.glob("outcomes/*.json")}
    return {**found, **files, "outcomes": json.dumps(outcomes, sort_keys=True).encode()}


EXPLORATION = Killed(Path(__file__).with_name("explore_process.py"), content)


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory) -> dict[str, bytes]:
    return EXPLORATION.unkilled(tmp_path_factory.mktemp("unkilled"))


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_exploration_resumes(tmp_path, unkilled, sign):
    assert EXPLORATION.check(tmp_path, unkilled, sign, seed=4, span=0.3)


@pytest.mark.acceptance
@pytest.mark.timeout(3000)
def test_thirty_kills_and_ten_interrupts(tmp_path, unkilled):
    EXPLORATION.many(tmp_path, unkilled, span=0.8)
