"""Sweeps: cells in processes of their own, kept when they fail, resumed, stopped, alone, and on Dask."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from easel.chat import ChatReply, ChatRequest, Message, Usage
from easel.errors import ConfigurationError, MissingCapability
from easel.grid import read_grid
from easel.ledger import Ledger
from easel.sweep import CellBusy, Sweep, run_cell
from easel.sweep_limits import Limits, granted
from easel.sweep_runner import Errand, Here, OnDask, run
from tests.easel.sweeping import grid, notebook


def planned(folder: Path, text: str, *, practices: int = 1, changes: dict | None = None) -> Sweep:
    read = read_grid(grid(folder, text, practices=practices), changes=changes)
    return Sweep.plan_into(folder / "sweeps", [read], changes=changes)


def asked(sweep: Sweep) -> list[str]:
    path = sweep.folder / "asked.txt"
    return sorted(path.read_text().splitlines()) if path.exists() else []


def test_cells_run_are_kept_and_not_run_again(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}}")
    states = list(run(sweep, sweep.cell_keys(), Here(2)))
    assert sorted((s.row, s.state, s.tries) for s in states) == [("one", "finished", 1), ("two", "finished", 1)]
    assert asked(sweep) == ["calm 1 0 ", "calm 2 0 "]
    assert {sweep.run_of(key).name for key in sweep.cell_keys()} == {"calm-1-0", "calm-2-0"}
    for key in sweep.cell_keys():
        cells = json.loads((sweep.folder / "cells" / key / "notebook.ipynb").read_text())["cells"]
        assert cells[-1]["outputs"][0]["data"]["text/plain"] in (["2"], ["3"])
    assert list(run(sweep, sweep.cell_keys(), Here(2))) == []


def test_a_failed_cell_keeps_its_notebook_and_its_reason_and_is_resumed(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {word: boom, number: 7}}")
    (state,) = run(sweep, sweep.cell_keys(), Here(1))
    assert (state.state, state.reason) == ("failed", "ValueError: boom of 7")
    assert "boom of 7" in (sweep.folder / "cells" / state.key / "notebook.ipynb").read_text()
    assert list(run(sweep, sweep.cell_keys(), Here(1))) == []
    (sweep.folder / "mended").touch()
    (state,) = run(sweep, sweep.cell_keys(), Here(1), again=True)
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
    assert run_cell(sweep, sweep.cell_keys()[0]).state == "finished"
    assert len(tries) == 2
    sweep.keep(type(sweep.state(sweep.cell_keys()[0]))(sweep.cell_keys()[0], "one", 0))
    tries.clear()
    monkeypatch.setattr("papermill.execute_notebook", lambda *a, **s: tries.append(1) or (_ for _ in ()).throw(
        RuntimeError("Kernel died before replying to kernel_info")))
    state = run_cell(sweep, sweep.cell_keys()[0])
    assert (len(tries), state.state) == (2, "failed")
    assert state.reason == "RuntimeError: Kernel died before replying to kernel_info"


def test_a_cell_that_runs_is_not_begun_twice(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    with sweep.holding(sweep.cell_keys()[0]), pytest.raises(CellBusy, match="a cell that nobody runs"):
        run_cell(sweep, sweep.cell_keys()[0])


@pytest.mark.parametrize(("how", "dask"), [(signal.SIGKILL, False), (signal.SIGINT, False), (signal.SIGKILL, True)])
def test_nothing_is_left_running_when_a_sweep_is_killed(tmp_path, how, dask):
    from distributed import LocalCluster

    path = grid(tmp_path, "rows: {one: {word: slow}}")
    command = [sys.executable, "-m", "easel.cli", "sweep", "run", str(path), "--root", str(tmp_path / "sweeps")]
    with contextlib.ExitStack() as stack:
        if dask:
            cluster = stack.enter_context(LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None))
            command += ["--dask", cluster.scheduler_address]
        _kill(command, how, tmp_path / "sweeps/tiny")


def _kill(command: list[str], how: int, folder: Path) -> None:
    sweep = subprocess.Popen(
        command, cwd=Path.cwd(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # A shell that starts the tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
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
    state = run_cell(sweep, sweep.cell_keys()[1])
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
    list(run(sweep, sweep.cell_keys(), Here(1)))
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}}")
    assert [state.state for state in sweep.states()] == ["finished", "waiting"]
    assert [cell["row"] for cell in sweep.grids()[0]["cells"]] == ["one", "two"]


def test_a_cell_that_no_grid_names_any_more_is_not_run(tmp_path):
    first = planned(tmp_path, "rows: {one: {}}")
    (one,) = first.cell_keys()
    sweep = planned(tmp_path, "rows: {two: {number: 2}}")
    (two,) = sweep.cell_keys()
    assert (one != two, sweep.plan(one)["row"]) == (True, "one")
    assert [state.row for state in run(sweep, sweep.cell_keys(), Here(1))] == ["two"]
    assert asked(sweep) == ["calm 2 0 "]


def test_the_cells_of_one_grid_are_run_alone(tmp_path):
    read = [read_grid(grid(tmp_path)), read_grid(grid(tmp_path, "rows: {three: {number: 3}}", name="more"))]
    sweep = Sweep.plan_into(tmp_path / "sweeps", read)
    assert len(sweep.cell_keys()) == 3
    assert [sweep.plan(key)["row"] for key in sweep.cell_keys("more")] == ["three"]


def spend(sweep: Sweep, *, calls: int, dollars: float, seconds: float = 1.0) -> None:
    """Tries in the sweep's ledger, one after the other."""
    ledger = Ledger(sweep.folder)
    for number in range(calls):
        request = ChatRequest("m", (Message("user", (f"{number}",)),))
        begun = ledger.begin(request, key=request.key, number=1, started=1000.0 + number * seconds, model="m", worst=Usage())
        ledger.end(begun, ChatReply("x", "m", Usage(5, 5, dollars=dollars / calls)), seconds=seconds)


def numbers(budget: str) -> dict[str, float]:
    return {name: float(value) for name, value in (part.split("=") for part in budget.split(","))}


def test_grants_never_add_up_to_more_than_the_limit(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}, three: {number: 3}}")
    spend(sweep, calls=10, dollars=1.0)
    one, two, three = sweep.cell_keys()
    limits = Limits(calls=100, dollars=8.0)
    with sweep.holding(one), sweep.holding(two):
        # A cell's budget counts the ledger first: its own share stands on top of what is spent.
        assert numbers(granted(sweep, one, limits, 2)) == {"calls": 10 + 45, "dollars": pytest.approx(1.0 + 3.5)}
        assert numbers(granted(sweep, two, limits, 2)) == {"calls": 10 + 45, "dollars": pytest.approx(1.0 + 3.5)}
        assert numbers(granted(sweep, three, limits, 1)) == {"calls": 10, "dollars": pytest.approx(1.0)}
    with sweep.holding(three):  # the others have ended: what they did not use is there again
        assert numbers(granted(sweep, three, limits, 1)) == {"calls": 100, "dollars": pytest.approx(8.0)}
    assert granted(sweep, one, Limits(), 2) == ""


def test_seconds_are_of_each_cell_whatever_the_sweep_took(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    spend(sweep, calls=7, dollars=0.0, seconds=100.0)
    assert numbers(granted(sweep, sweep.cell_keys()[0], Limits(seconds=600.0), 1)) == {"seconds": 1300.0}


@pytest.mark.parametrize("text", ["dolars=3", "calls", "calls=-1", "calls=x", "calls=inf"])
def test_limits_that_cannot_be_read_are_named(text):
    with pytest.raises(ConfigurationError, match=f"calls=N, tokens=N, dollars=X or seconds=X, got {text}"):
        Limits.read(text)


def test_a_budget_reaches_the_cell(tmp_path):
    sweep = planned(tmp_path, "rows: {one: {}}")
    list(run(sweep, sweep.cell_keys(), Here(1), limits=Limits(calls=9)))
    assert asked(sweep) == ["calm 1 0 calls=9"]


def test_cells_run_on_a_dask_cluster(tmp_path):
    from distributed import LocalCluster

    sweep = planned(tmp_path, "rows: {one: {}, two: {number: 2}, bad: {word: boom}}")
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as cluster:
        states = list(run(sweep, sweep.cell_keys(), OnDask(cluster.scheduler_address)))
    assert sorted((s.row, s.state) for s in states) == [("bad", "failed"), ("one", "finished"), ("two", "finished")]


class Recorder:
    """Places that run nothing and remember what they were given."""

    count = 2

    def __init__(self):
        self.errands: list[Errand] = []

    def submit(self, errand):
        self.errands.append(errand)
        done = Future()
        done.set_result("a worker that could not")
        return done

    def close(self):
        pass


def test_a_worker_elsewhere_is_told_where_all_lies(tmp_path, monkeypatch):
    """The sweep's folder may be given relative to where the runner stands; a worker stands somewhere else."""
    planned(tmp_path, "rows: {one: {}}")
    monkeypatch.chdir(tmp_path)
    sweep, places = Sweep.read(Path("sweeps/tiny")), Recorder()
    (state,) = run(sweep, sweep.cell_keys(), places, limits=Limits(calls=5))
    (errand,) = places.errands
    assert (errand.folder, errand.plugins) == (str(tmp_path / "sweeps/tiny"), str(tmp_path))
    assert (errand.limits, errand.places, Path(errand.runner).is_absolute()) == ("calls=5", 2, True)
    assert (state.state, state.reason) == ("failed", "a worker that could not"), "never waiting without a reason"
    assert list((tmp_path / "sweeps/tiny/runners").iterdir()) == []


def test_what_no_notebook_runner_foresees_is_a_reason_too(tmp_path, monkeypatch):
    sweep = planned(tmp_path, "rows: {one: {}}")
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: (_ for _ in ()).throw(KeyError("no such kernel")))
    state = run_cell(sweep, sweep.cell_keys()[0])
    assert (state.state, state.reason) == ("failed", "KeyError: 'no such kernel'")


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
    (state,) = run(sweep, sweep.cell_keys(), Here(1))
    assert state.state == "failed"
    assert state.reason.startswith("its process ended with -9")
