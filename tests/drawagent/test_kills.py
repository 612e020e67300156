"""Kills and interrupts at random moments: a practice resumes, pays for nothing twice, and ends with the same results."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from easel.ledger import Ledger
from easel.runs import RunStore
from easel.tables import results

PROGRAM = Path(__file__).with_name("practice_process.py")
SECONDS = 0.02  # that a call takes


def start(folder: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder), str(SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(folder: Path) -> RunStore:
    done = start(folder)
    out, err = done.communicate(timeout=120)
    assert done.returncode == 0, err
    assert "finished" in out
    (run,) = [path for path in folder.iterdir() if (path / "run.json").exists()]
    return RunStore.read(run)


def content(run: RunStore) -> dict[str, bytes]:
    """What must not depend on a kill: every table of results and the results frame as CSV."""
    tables = ("rollouts", "pairs", "judgements", "edits", "gates", "libraries", "epochs", "metrics", "measured")
    found = {table: sorted((run.folder / f"{table}.jsonl").read_bytes().splitlines()) for table in tables}
    return {**found, "results.csv": results(run).to_csv(index=False).encode()}


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory) -> tuple[dict[str, bytes], float]:
    folder = tmp_path_factory.mktemp("unkilled")
    begun = time.monotonic()
    run = finish(folder)
    return content(run), time.monotonic() - begun


def stop_somewhere(folder: Path, sign: signal.Signals, wait: float) -> bool:
    """Start, wait for the loop to begin and a little longer, send the signal; whether it hit a running practice."""
    process = start(folder)
    assert process.stdout.readline() == "begun\n"
    time.sleep(wait)
    hit = process.poll() is None
    process.send_signal(sign)
    process.communicate(timeout=60)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
    return hit


def check(tmp_path: Path, unkilled: dict[str, bytes], sign: signal.Signals, seed: int, span: float) -> bool:
    rng = random.Random(seed)
    hit = stop_somewhere(tmp_path, sign, rng.uniform(0.0, span))
    run = finish(tmp_path)
    assert content(run) == unkilled
    tries = Ledger(run.folder).tries()
    paid = Counter(row.key for row in tries if row.outcome == "ok")
    assert not [key for key, count in paid.items() if count > 1], "a settled call was paid twice"
    # A reply is stored before the ledger says ok: a kill between the two leaves a try that the ledger shows in flight.
    caught = {row.key for row in tries if row.outcome == "in flight"}
    stored = {reply.key for reply in run.replies}
    assert set(paid) <= stored <= set(paid) | caught
    asked_again = [row.key for row in tries if row.key in stored]
    assert all(asked_again.count(key) == 1 for key in stored - set(paid)), "a stored reply was asked for again"
    return hit


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_practice_resumes(tmp_path, unkilled, sign):
    assert check(tmp_path, unkilled[0], sign, seed=3, span=0.2)


@pytest.mark.acceptance
@pytest.mark.timeout(3000)
def test_thirty_kills_and_ten_interrupts(tmp_path, unkilled):
    hits = Counter()
    for number in range(40):
        sign = signal.SIGKILL if number < 30 else signal.SIGINT
        hits[sign.name] += check(tmp_path / str(number), unkilled[0], sign, seed=number, span=0.8)
    assert hits["SIGKILL"] >= 24, "most kills must hit a running practice"
    assert hits["SIGINT"] >= 8
