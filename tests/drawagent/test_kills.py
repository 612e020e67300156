"""Kills and interrupts at random moments: a practice resumes, pays for nothing twice, and ends with the same results."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from easel.runs import RunStore
from easel.tables import results
from tests.killing import Killed


def content(run: RunStore) -> dict[str, bytes]:
    """Every table of results, and the results frame as CSV."""
    tables = ("rollouts", "pairs", "judgements", "edits", "gates", "libraries", "epochs", "metrics", "measured")
    found = {table: sorted((run.folder / f"{table}.jsonl").read_bytes().splitlines()) for table in tables}
    return {**found, "results.csv": results(run).to_csv(index=False).encode()}


PRACTICE = Killed(Path(__file__).with_name("practice_process.py"), content)


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory) -> dict[str, bytes]:
    return PRACTICE.unkilled(tmp_path_factory.mktemp("unkilled"))


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_practice_resumes(tmp_path, unkilled, sign):
    assert PRACTICE.check(tmp_path, unkilled, sign, seed=3, span=0.2)


@pytest.mark.acceptance
@pytest.mark.timeout(3000)
def test_thirty_kills_and_ten_interrupts(tmp_path, unkilled):
    PRACTICE.many(tmp_path, unkilled, span=0.8)
