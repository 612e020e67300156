"""How a sweep scales: the same cells on a Dask cluster of one worker and of two, and with processes here.

    python benchmarks/bench_sweep.py [--cells 6]

Every cell is a whole practice with the stand-in, one thread each. Limit: two workers are 1.7 times as fast as one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import yaml
from distributed import LocalCluster

from easel.grid import read_grid
from easel.sweep import Sweep
from easel.sweep_runner import Here, OnDask, Places, run

ABLATIONS = Path(__file__).resolve().parents[1] / "notebooks/ablations"


def seconds(places: Places, folder: Path, practices: int) -> float:
    changes = yaml.safe_load((ABLATIONS / "with/stand-in.yaml").read_text())
    grid = read_grid(ABLATIONS / "main_table.yaml", changes=changes, practices=practices)
    sweep = Sweep.plan_into(folder, [grid], changes=changes)
    begun = time.perf_counter()
    states = list(run(sweep, sweep.cell_keys(), places))
    assert all(state.state == "finished" for state in states), states
    return time.perf_counter() - begun


def on_dask(workers: int, practices: int) -> float:
    with tempfile.TemporaryDirectory() as folder, LocalCluster(
        n_workers=workers, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        return seconds(OnDask(cluster.scheduler_address), Path(folder), practices)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cells", type=int, default=6)
    practices = max(1, parser.parse_args().cells // 2)
    one, two = on_dask(1, practices), on_dask(2, practices)
    with tempfile.TemporaryDirectory() as folder:
        here = seconds(Here(2), Path(folder), practices)
    print(f"{2 * practices} cells: one worker {one:.1f} s, two workers {two:.1f} s, two processes here {here:.1f} s")
    print(f"two workers are {one / two:.2f} times as fast as one (limit 1.7); processes here {one / here:.2f} times")


if __name__ == "__main__":
    main()
