"""Kills and interrupts at random moments: an exploration resumes, pays and runs nothing twice, and ends the same."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from easel.ledger import Ledger
from easel.runs import RunStore

PROGRAM = Path(__file__).with_name("explore_process.py")
SECONDS = 0.02  # that a call takes
TABLES = ("parses", "bootstraps", "attempts", "components", "assemblies", "looks", "explored")


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, str(PROGRAM), str(folder), str(SECONDS)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def finish(folder: Path) -> RunStore:
    out, err = (done := start(folder)).communicate(timeout=120)
    assert done.returncode == 0, err
    assert "finished" in out
    (run,) = [path for path in folder.iterdir() if (path / "run.json").exists()]
    return RunStore.read(run)


def content(run: RunStore) -> dict[str, bytes]:
    """What must not depend on a kill: every table in its order, the object, and all outcomes but their times."""
    found = {table: (run.folder / f"{table}.jsonl").read_bytes() for table in TABLES}
    files = {name: (run.folder / name).read_bytes() for name in ("object.glb", "object.py", "graph/final.json")}
    outcomes = {path.name: {**json.loads(path.read_text()), "seconds": 0} for path in run.folder.glob("outcomes/*.json")}
    return {**found, **files, "outcomes": json.dumps(outcomes, sort_keys=True).encode()}


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory) -> tuple[dict[str, bytes], float]:
    folder = tmp_path_factory.mktemp("unkilled")
    begun = time.monotonic()
    run = finish(folder)
    return content(run), time.monotonic() - begun


def check(tmp_path: Path, unkilled: dict[str, bytes], sign: signal.Signals, seed: int, span: float) -> bool:
    """Whether the signal hit a running exploration; asserts that it then goes on as if nothing had been."""
    process = start(tmp_path)
    assert process.stdout.readline() == "begun\n"
    time.sleep(random.Random(seed).uniform(0.0, span))
    hit = process.poll() is None
    process.send_signal(sign)
    process.communicate(timeout=60)
    run = finish(tmp_path)
    assert content(run) == unkilled
    tries = Ledger(run.folder).tries()
    paid = Counter(row.key for row in tries if row.outcome == "ok")
    assert not [key for key, count in paid.items() if count > 1], "a settled call was paid twice"
    caught = {row.key for row in tries if row.outcome == "in flight"}
    stored = {reply.key for reply in run.replies}
    assert set(paid) <= stored <= set(paid) | caught
    return hit


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_exploration_resumes(tmp_path, unkilled, sign):
    assert check(tmp_path, unkilled[0], sign, seed=4, span=0.3)


@pytest.mark.acceptance
@pytest.mark.timeout(3000)
def test_thirty_kills_and_ten_interrupts(tmp_path, unkilled):
    hits = Counter()
    for number in range(40):
        sign = signal.SIGKILL if number < 30 else signal.SIGINT
        hits[sign.name] += check(tmp_path / str(number), unkilled[0], sign, seed=number, span=0.8)
    assert hits["SIGKILL"] >= 24, "most kills must hit a running exploration"
    assert hits["SIGINT"] >= 8
