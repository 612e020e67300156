"""The grid of a painting's terms, whole: headless, with the embedded painter at its small setting, into tables."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from easel.errors import MissingCapability
from easel.sweep import Sweep
from shapecraft.paint_tabling import PaintTables
from shapecraft.wall import open_wall

GRID = "notebooks/ablations/paint_components.yaml"
OVERLAY = ["--with", "notebooks/ablations/with/paint-embedded.yaml", "--practices", "1", "--workers", "1"]


@pytest.fixture(scope="module")
def blender():
    try:
        open_wall(1).close()
    except MissingCapability as error:
        pytest.skip(str(error))


def sweep_run(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "easel.cli", "sweep", "run", GRID, *OVERLAY, "--root", str(root)],
                          capture_output=True, text=True, check=False)


@pytest.mark.acceptance
@pytest.mark.usefixtures("blender")
def test_the_grid_runs_headless_and_words_for_parts_make_the_difference(tmp_path):
    """Limit: 15 minutes on 2 cores; 6 paintings of a stool."""
    begun = time.monotonic()
    done = sweep_run(tmp_path)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    states = Sweep.read(tmp_path / "paintings").states()
    assert {state.state for state in states} == {"finished"} and len(states) == 6
    tables = PaintTables.of(tmp_path / "paintings")
    means = tables.means().set_index("entry")
    margin = means[tables.heading("margin")]
    print(f"\n6 cells in {seconds:.0f} s\n{margin.to_string()}")
    for preset in ("paper", "ours"):
        for terms in ("components only", "both"):
            assert margin[f"{preset}, {terms}"] > margin[f"{preset}, global only"] + 10
            assert means[tables.heading("share")][f"{preset}, {terms}"] == 1.0
    assert all("no claim about the method" in one for one in tables.claims()[1:])
    assert seconds < 900
    begun = time.monotonic()
    assert sweep_run(tmp_path).returncode == 0
    assert time.monotonic() - begun < 60, "what is finished is not painted again"
