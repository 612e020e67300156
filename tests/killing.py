"""Killing: a program that works in a run folder, stopped at a random moment, finished, and held to the books."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from easel.ledger import Ledger
from easel.runs import RunStore

SECONDS = 0.02
"""That a call takes."""


@dataclass(frozen=True)
class Killed:
    """program : of Python, told a folder and the seconds of a call; says "begun" when its loop begins, and "finished"

    content : of a run, what must not depend on a kill
    """

    program: Path
    content: Callable[[RunStore], dict[str, bytes]]

    def start(self, folder: Path) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, str(self.program), str(folder), str(SECONDS)], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def finish(self, folder: Path) -> RunStore:
        done = self.start(folder)
        out, err = done.communicate(timeout=120)
        assert done.returncode == 0, err
        assert "finished" in out
        (run,) = [path for path in folder.iterdir() if (path / "run.json").exists()]
        return RunStore.read(run)

    def unkilled(self, folder: Path) -> dict[str, bytes]:
        return self.content(self.finish(folder))

    def check(self, folder: Path, unkilled: dict[str, bytes], sign: signal.Signals, *, seed: int, span: float) -> bool:
        """Whether the signal hit it at work; asserts that nothing stays, and that it ends as if nothing had been."""
        process = self.start(folder)
        assert process.stdout.readline() == "begun\n"
        time.sleep(random.Random(seed).uniform(0.0, span))
        hit = process.poll() is None
        process.send_signal(sign)
        process.communicate(timeout=60)
        assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
        run = self.finish(folder)
        assert self.content(run) == unkilled
        _books(run)
        return hit

    def many(self, folder: Path, unkilled: dict[str, bytes], *, span: float) -> None:
        """Thirty kills and ten interrupts, most of which hit."""
        hits: Counter[str] = Counter()
        for number in range(40):
            sign = signal.SIGKILL if number < 30 else signal.SIGINT
            hits[sign.name] += self.check(folder / str(number), unkilled, sign, seed=number, span=span)
        assert hits["SIGKILL"] >= 24, "most kills must hit it at work"
        assert hits["SIGINT"] >= 8


def _books(run: RunStore) -> None:
    tries = Ledger(run.folder).tries()
    paid = Counter(row.key for row in tries if row.outcome == "ok")
    assert not [key for key, count in paid.items() if count > 1], "a settled call was paid twice"
    # A reply is stored before the ledger says ok: a kill between the two leaves a try that the ledger shows in flight.
    caught = {row.key for row in tries if row.outcome == "in flight"}
    stored = {reply.key for reply in run.replies}
    assert set(paid) <= stored <= set(paid) | caught
    asked = Counter(row.key for row in tries)
    assert all(asked[key] == 1 for key in stored - set(paid)), "a stored reply was asked for again"
