"""The grids of made objects, whole: headless, with the stand-in, in real Blender, into the pipeline check."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from easel.errors import ConfigurationError, MissingCapability
from easel.ledger import Ledger
from easel.sweep import Sweep
from shapecraft.tabling import MARK, CraftTables
from shapecraft.wall import open_wall

GRIDS = [str(path) for path in sorted(Path("notebooks/ablations").glob("craft_*.yaml"))]
OVERLAY = ["--with", "notebooks/ablations/with/craft-stand-in.yaml"]


@pytest.fixture(scope="module")
def blender():
    try:
        open_wall(1).close()
    except MissingCapability as error:
        pytest.skip(str(error))


@pytest.mark.acceptance
@pytest.mark.usefixtures("blender")
def test_the_grids_run_headless_into_the_pipeline_check(tmp_path):
    """Limit: 15 minutes on 2 cores."""
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "easel.cli", "sweep", "run", *GRIDS, *OVERLAY, "--root", str(tmp_path)],
                          capture_output=True, text=True, check=False)
    seconds = time.monotonic() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    sweep = Sweep.read(tmp_path / "shapes")
    states = sweep.states()
    assert {state.state for state in states} == {"finished"}
    tries = Ledger(sweep.folder).tries()
    paid = Counter(one.key for one in tries if one.outcome == "ok")
    ran = len(list((sweep.folder / "programs").glob("*/outcomes/*.json")))
    print(f"\n{len(states)} cells in {seconds:.0f} s ({min(one.seconds for one in states):.0f} to "
          f"{max(one.seconds for one in states):.0f} s a cell); {len(tries)} tries, {len(paid)} keys, {ran} programs run")
    assert max(paid.values()) == 1
    for grid in sweep.grids():
        tables = CraftTables.of(sweep.folder, grid=grid["name"])
        assert list(tables.frames) == ["pipeline check"]
        frame = tables.frames["pipeline check"]
        assert len(frame) == len(grid["cells"])
        assert set(frame["mark"]) == {MARK}
        assert list(frame["objects"]) == [2] * len(frame)
        with pytest.raises(ConfigurationError, match=MARK):
            tables.differences()
    assert seconds < 900
