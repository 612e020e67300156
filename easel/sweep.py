"""Sweeps: every cell of some grids is one notebook run in a process of its own, resumable and runnable alone.

    <root>/<sweep>/  sweep.json, grids/<grid>.json, replies/, calls.jsonl, runs/<run>/,
                     cells/<key>/{plan.json, cell.json, notebook.ipynb}

One ledger and one reply store: what two cells ask alike is paid for once.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from easel.errors import ConfigurationError, EaselError
from easel.grid import Cell, Grid, merged
from easel.jsonl import write_whole

State = Literal["waiting", "running", "interrupted", "finished", "failed"]


class CellBusy(EaselError):
    """Another process runs this cell."""


@dataclass(frozen=True)
class CellState:
    """What is known of a cell.

    seconds : of its last try; tries : how often it was begun; reason : why it failed; run : folder of its run, relative
    to the sweep's, "" before it has one
    """

    key: str
    row: str
    practice: int
    state: State = "waiting"
    seconds: float = 0.0
    tries: int = 0
    reason: str = ""
    run: str = ""


class Sweep:
    """A sweep's folder. Open one with `Sweep.plan_into` (which writes what its cells are) or `Sweep.read`."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)

    @classmethod
    def plan_into(
        cls, root: Path, grids: Sequence[Grid], *, into: str | None = None, changes: Mapping[str, Any] | None = None
    ) -> Sweep:
        """The folder of these grids under `root`, made or found; the cells of further grids join those there.

        into : its name, instead of the grids' own
        Raises ConfigurationError when it was begun with other changes: rows of two models are not one sweep.
        """
        cells = merged(grids)
        sweep = cls(Path(root) / (into or grids[0].sweep))
        said = json.loads(json.dumps(dict(changes or {})))
        known = sweep._info()
        if known is not None and known["changes"] != said:
            raise ConfigurationError(
                f"the changes that this sweep began with: {known['changes'] or 'none'}", came=str(said or "none"),
                where=sweep.folder.name, mend="Give another name with --into.",
            )
        if known is None:
            _write(sweep.folder / "sweep.json", {"format": "easel-sweep/1", "changes": said})
        (sweep.folder / "runs").mkdir(exist_ok=True)
        found = {path.name.rpartition("-")[2]: path for path in (sweep.folder / "cells").glob("*-*")}
        for mark, cell in cells.items():
            folder = found.get(mark, sweep.folder / "cells" / cell.key)
            if not (folder / "plan.json").exists():
                plan = {"key": folder.name, "row": cell.row, "practice": cell.practice, "grid": cell.grid,
                        "notebook": str(cell.notebook), "parameters": dict(cell.parameters)}
                _write(folder / "plan.json", plan)
            found[mark] = folder
        for grid in grids:
            rows = [{"row": c.row, "practice": c.practice, "cell": found[c.mark].name} for c in grid.cells]
            _write(sweep.folder / "grids" / f"{grid.name}.json", {
                "name": grid.name, "question": grid.question, "baseline": grid.baseline, "practices": grid.practices,
                "cells": rows,
            })
        return sweep

    @classmethod
    def read(cls, folder: Path) -> Sweep:
        sweep = cls(folder)
        if sweep._info() is None:
            raise ConfigurationError("a sweep folder with a sweep.json", came="none", where=str(folder),
                                     mend="`easel sweep run GRID` makes one.")
        return sweep

    def _info(self) -> dict[str, Any] | None:
        path = self.folder / "sweep.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of all cells, in the order of their names."""
        return tuple(sorted(path.parent.name for path in (self.folder / "cells").glob("*/plan.json")))

    def grids(self) -> list[dict[str, Any]]:
        """Every grid as it was planned: name, question, baseline, cells of {row, practice, cell}."""
        paths = sorted((self.folder / "grids").glob("*.json"))
        return [json.loads(path.read_text("utf-8")) for path in paths]

    def plan(self, key: str) -> dict[str, Any]:
        """The notebook and the parameters of a cell. Raises ConfigurationError for a key that no cell has."""
        path = self.folder / "cells" / key / "plan.json"
        if not path.exists():
            near = [other for other in self.keys if other.startswith(key[:4])]
            raise ConfigurationError(
                "the key of a cell", came=f"'{key}'", where=self.folder.name,
                mend=f"Keys: {', '.join((near or list(self.keys))[:6])}, ... (`easel sweep status` lists all).",
            )
        return json.loads(path.read_text("utf-8"))

    def state(self, key: str) -> CellState:
        """A cell that says it is running while nobody holds it was interrupted."""
        plan = self.plan(key)
        path = self.folder / "cells" / key / "cell.json"
        if not path.exists():
            return CellState(key, plan["row"], plan["practice"])
        known = CellState(**json.loads(path.read_text("utf-8")))
        if known.state == "running" and not _held(path.parent / ".lock"):
            return CellState(**{**asdict(known), "state": "interrupted"})
        return known

    def states(self) -> list[CellState]:
        return [self.state(key) for key in self.keys]

    def keep(self, state: CellState) -> None:
        _write(self.folder / "cells" / state.key / "cell.json", asdict(state))

    def run_of(self, key: str) -> Path | None:
        """The run folder of a cell, None before it has one."""
        run = self.state(key).run
        return self.folder / run if run else None

    @contextmanager
    def holding(self, key: str):
        """The right to run a cell, among all processes on this file system. Raises CellBusy."""
        path = self.folder / "cells" / key / ".lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise CellBusy("a cell that nobody runs", came="one that is running", where=key) from None
        try:
            yield
        finally:
            os.close(handle)


def run_cell(sweep: Sweep, key: str, *, budget: str = "") -> CellState:
    """Run one cell's notebook in this process's charge and keep it executed, also when it fails.

    budget : limits as the notebook takes them. The kernel starts in the notebook's folder, as JupyterLab starts it.
    A kernel that did not start is tried once more. An error in the notebook is a state with its reason; the library
    underneath resumes, so that running the cell again pays for nothing twice. Raises CellBusy.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    plan = sweep.plan(key)
    folder = (sweep.folder / "cells" / key).resolve()
    with sweep.holding(key):
        before = sweep.state(key)
        outcome = folder / "outcome.json"
        home = sweep.folder.resolve()
        given = {**plan["parameters"], "root": str(home / "runs"), "home": str(home), "budget": budget,
                 "outcome": str(outcome)}
        begun = time.monotonic()

        def state(now: State, reason: str = "") -> CellState:
            run = json.loads(outcome.read_text("utf-8"))["run"] if outcome.exists() else before.run
            found = CellState(key, plan["row"], plan["practice"], now, round(time.monotonic() - begun, 1),
                              before.tries + 1, reason, run and os.path.relpath(run, home))
            sweep.keep(found)
            return found

        state("running")
        try:
            try:
                _execute(plan["notebook"], folder / "notebook.ipynb", given)
            except (DeadKernelError, RuntimeError) as error:
                if isinstance(error, PapermillExecutionError) or _executed(folder / "notebook.ipynb"):
                    raise
                _execute(plan["notebook"], folder / "notebook.ipynb", given)
        except PapermillExecutionError as error:
            if error.ename == "KeyboardInterrupt":
                return state("interrupted")
            return state("failed", f"{error.ename}: {error.evalue}"[:400])
        except (DeadKernelError, RuntimeError, OSError) as error:
            return state("failed", f"{type(error).__name__}: {error}"[:400])
        except BaseException:
            state("interrupted")
            raise
        return state("finished")


def _execute(notebook: str, out: Path, given: Mapping[str, Any]) -> None:
    import papermill

    papermill.execute_notebook(
        notebook, str(out), parameters=dict(given), kernel_name="python3", progress_bar=False, start_timeout=120,
        cwd=str(Path(notebook).parent), store_widget_state=False,
    )


def _executed(notebook: Path) -> bool:
    """Whether any cell of a kept notebook was executed: the kernel had started."""
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return False
    return any(cell.get("execution_count") for cell in cells)


def _held(lock: Path) -> bool:
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)


def _write(path: Path, value: Any) -> None:
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8"))


__all__ = ["Cell", "CellBusy", "CellState", "Sweep", "run_cell"]
