"""Sweeps: cells in processes of their own, kept when they fail, resumed, stopped, alone, and on Dask."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from easel.errors import ConfigurationError, MissingCapability
from easel.grid import read_grid
from easel.ledger import Ledger
from easel.sweep import CellBusy, Sweep, run_cell
from easel.sweep_runner import Here, Limits, OnDask, run
from tests.easel.sweeping import grid, notebook


def planned(folder: Path, text: str, *, practices: int = 1, changes: dict | None = None) -> Sweep:
    read = read_grid(grid(folder, text, practices=practices), changes=changes)
    return Sweep.plan_into(folder / "sweeps", [read], changes=changes)


def asked(sweep: Sweep) -> list[str]:
    path = sweep.folder / "asked.txt"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_cells_run_are_kept_and_not_run_again(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}}")
    states = list(run(sweep, sweep.keys, Here(2)))
    assert sorted((s.row, s.state, s.tries) for s in states) == [("one", "finished", 1), ("two", "finished", 1)]
    assert asked(sweep) == ["calm 1 0 ", "calm 2 0 "]
    assert {sweep.run_of(key).name for key in sweep.keys} == {"calm-1-0", "calm-2-0"}
    for key in sweep.keys:
        cells = json.loads((sweep.folder / "cells" / key / "notebook.ipynb").read_text())["cells"]
        assert cells[-1]["outputs"][0]["data"]["text/plain"] in (["2"], ["3"])
    assert list(run(sweep, sweep.keys, Here(2))) == []


def test_a_failed_cell_keeps_its_notebook_and_its_reason_and_is_resumed(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {word: boom, number: 7}}")
    (state,) = run(sweep, sweep.keys, Here(1))
    assert (state.state, state.reason) == ("failed", "ValueError: boom of 7")
    assert "boom of 7" in (sweep.folder / "cells" / state.key / "notebook.ipynb").read_text()
    assert list(run(sweep, sweep.keys, Here(1))) == []
    (sweep.folder / "mended").touch()
    (state,) = run(sweep, sweep.keys, Here(1), again=True)
    assert (state.state, state.tries, state.reason) == ("finished", 2, "")


def test_a_kernel_that_did_not_start_is_tried_once_more(tmp_path, monkeypatch):
    sweep = planned(tmp_path, "rows: {one: {}}")
    tries = []

    def execute(notebook, out, **settings):
        tries.append(out)
        if len(tries) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        Path(settings["parameters"]["outcome"]).write_text(json.dumps({"run": str(tmp_path / "sweeps/tiny/runs/x")}))

    monkeypatch.setattr("papermill.execute_notebook", execute)
    assert run_cell(sweep, sweep.keys[0]).state == "finished"
    assert len(tries) == 2
    sweep.keep(type(sweep.state(sweep.keys[0]))(sweep.keys[0], "one", 0))
    tries.clear()
    monkeypatch.setattr("papermill.execute_notebook", lambda *a, **s: tries.append(1) or (_ for _ in ()).throw(
        RuntimeError("Kernel died before replying to kernel_info")))
    state = run_cell(sweep, sweep.keys[0])
    assert (len(tries), state.state) == (2, "failed")
    assert state.reason == "RuntimeError: Kernel died before replying to kernel_info"


def test_a_cell_that_runs_is_not_begun_twice(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    with sweep.holding(sweep.keys[0]), pytest.raises(CellBusy, match="a cell that nobody runs"):
        run_cell(sweep, sweep.keys[0])


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nothing_is_left_running_when_a_sweep_is_killed(tmp_path, how):
    path = grid(tmp_path, "rows: {one: {word: slow}}")
    command = [sys.executable, "-m", "easel.cli", "sweep", "run", str(path), "--root", str(tmp_path / "sweeps")]
    sweep = subprocess.Popen(command, cwd=Path.cwd(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "sweeps/tiny"
    until = time.monotonic() + 60
    while not (folder / "asked.txt").exists() and time.monotonic() < until:
        time.sleep(0.1)
    sweep.send_signal(how)
    sweep.wait(30)
    while _alive(str(folder)) and time.monotonic() < until:
        time.sleep(0.2)
    assert _alive(str(folder)) == []
    read = Sweep.read(folder)
    assert [state.state for state in read.states()] == ["interrupted"]


def _alive(words: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if words in line and str(os.getpid()) != entry.parent.name:
            found.append(line)
    return found


def test_one_cell_alone_as_a_job_array_runs_it(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}}")
    state = run_cell(sweep, sweep.keys[1])
    assert (state.state, asked(sweep)) == ("finished", ["calm 2 0 "])
    with pytest.raises(ConfigurationError, match="the key of a cell, got 'onw'"):
        sweep.plan("onw")


def test_a_sweep_is_of_one_set_of_changes(tmp_path):
    planned(tmp_path, "rows: {one: {}}", changes={"word": "a"})
    with pytest.raises(ConfigurationError, match=r"began with: \{'word': 'a'\}, got \{'word': 'b'\}.*--into"):
        planned(tmp_path, "rows: {one: {}}", changes={"word": "b"})
    with pytest.raises(ConfigurationError, match=r"a sweep folder with a sweep.json, got none"):
        Sweep.read(tmp_path)


def test_a_row_may_be_added_later(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    list(run(sweep, sweep.keys, Here(1)))
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}}")
    assert [state.state for state in sweep.states()] == ["finished", "waiting"]
    assert [cell["row"] for cell in sweep.grids()[0]["cells"]] == ["one", "two"]


def test_grants_never_add_up_to_more_than_the_limit(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    limits = Limits(calls=100, dollars=8.0)
    first = limits.grant(sweep, [], 2)
    second = limits.grant(sweep, [first], 1)
    assert (first.calls, second.calls) == (50, 50)
    assert (first.dollars, second.dollars) == (4.0, 4.0)
    assert limits.grant(sweep, [first, second], 1).calls == 0
    assert first.text(sweep) == "calls=50,dollars=4.0"
    assert Limits().grant(sweep, [], 2) == Limits()
    assert len(Ledger(sweep.folder).tries()) == 0


def test_a_budget_reaches_the_cell(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    list(run(sweep, sweep.keys, Here(1), limits=Limits(calls=9)))
    assert asked(sweep) == ["calm 1 0 calls=9"]


def test_cells_run_on_a_dask_cluster(tmp_path):
    from distributed import LocalCluster

    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}, bad: {word: boom}}")
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        states = list(run(sweep, sweep.keys, OnDask(cluster.scheduler_address)))
    assert sorted((s.row, s.state) for s in states) == [("bad", "failed"), ("one", "finished"), ("two", "finished")]


def test_a_scheduler_that_is_not_there_is_told(tmp_path, monkeypatch):
    import distributed

    def refuse(*_, **__):
        raise OSError("Timed out trying to connect")

    monkeypatch.setattr(distributed, "Client", refuse)
    with pytest.raises(MissingCapability, match=r"a Dask scheduler, got Timed out.*--dask tcp://127.0.0.1:1"):
        OnDask("tcp://127.0.0.1:1")


def test_a_process_that_dies_without_a_word_is_a_failed_cell(tmp_path):
    notebook(tmp_path, body="import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
    sweep = planned(tmp_path, "rows: {one: {}}")
    (state,) = run(sweep, sweep.keys, Here(1))
    assert state.state == "failed"
    assert state.reason.startswith("its process ended with -9")
