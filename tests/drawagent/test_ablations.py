"""The ablation grids, whole: headless with the stand-in, killed in the middle, resumed, and nothing paid twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from drawagent.tabling import Tables
from easel.errors import ConfigurationError
from easel.ledger import Ledger
from easel.sweep import Sweep

GRIDS = [str(path) for path in sorted(Path("notebooks/ablations").glob("*.yaml"))
         if not path.name.startswith("craft_")]
OVERLAY = ["--with", "notebooks/ablations/with/stand-in.yaml"]


def finished(sweep: Sweep) -> int:
    return sum(state.state == "finished" for state in sweep.states())


@pytest.mark.acceptance
def test_the_grids_run_are_killed_and_resume_without_a_second_payment(tmp_path):
    """Limit: 15 minutes on 2 cores, the kill and what it cost included."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "easel.cli", "sweep", "run", *GRIDS, *OVERLAY, "--root", str(tmp_path)]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "drawings"
    while not (folder / "sweep.json").exists() or finished(Sweep.read(folder)) < 6:
        assert killed.poll() is None, "ended before it could be killed"
        time.sleep(1)
    time.sleep(4)  # into the middle of the next cells
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    sweep = Sweep.read(folder)
    left = len(sweep.cell_keys()) - finished(sweep)
    assert left > 20
    done = subprocess.run([sys.executable, "-m", "easel.cli", "sweep", "resume", str(folder)], capture_output=True,
                          text=True, check=False)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    tries = Ledger(folder).tries()
    paid = Counter(one.key for one in tries if one.outcome == "ok")
    print(f"\n{len(sweep.cell_keys())} cells in {seconds:.0f} s, killed with {left} to go; "
          f"{len(tries)} tries, {len(paid)} keys, {len(tries) - sum(paid.values())} not ok")
    assert max(paid.values()) == 1
    assert finished(sweep) == len(sweep.cell_keys())
    for grid in sweep.grids():
        tables = Tables.of(folder, grid=grid["name"])
        assert len(tables.frames["pipeline check"]) == len(grid["cells"])
        with pytest.raises(ConfigurationError, match="scores are no results"):
            _ = tables.comparisons
    assert seconds < 900
