"""Sweeps: every cell of some grids is one notebook run in a process of its own, resumable and runnable alone.

    <root>/<sweep>/  sweep.json, grids/<grid>.json, replies/, calls.jsonl, runs/<run>/,
                     cells/<key>/{plan.json, cell.json, notebook.ipynb}

One ledger and one reply store: what two cells ask alike is paid for once.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from easel.errors import ConfigurationError, EaselError
from easel.grid import Grid, merged
from easel.jsonl import held, is_held, write_whole
from easel.sweep_limits import NO_LIMITS, Limits, granted

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

    def cell_keys(self, *grids: str) -> tuple[str, ...]:
        """Names of the cells that these grids name, all grids as they were planned last without any, in their order.

        A cell that a grid no longer names is kept on disk and never run again.
        """
        named = [grid for grid in self.grids() if not grids or grid["name"] in grids]
        return tuple(dict.fromkeys(cell["cell"] for grid in named for cell in grid["cells"]))

    def grids(self) -> list[dict[str, Any]]:
        """Every grid as it was planned: name, question, baseline, cells of {row, practice, cell}."""
        paths = sorted((self.folder / "grids").glob("*.json"))
        return [json.loads(path.read_text("utf-8")) for path in paths]

    def plan(self, key: str) -> dict[str, Any]:
        """The notebook and the parameters of a cell. Raises ConfigurationError for a key that no cell has."""
        path = self.folder / "cells" / key / "plan.json"
        if not path.exists():
            near = [other for other in self.cell_keys() if other.startswith(key[:4])]
            raise ConfigurationError(
                "the key of a cell", came=f"'{key}'", where=self.folder.name,
                mend=f"Keys: {', '.join((near or list(self.cell_keys()))[:6])}, ... (`easel sweep status` lists all).",
            )
        return json.loads(path.read_text("utf-8"))

    def state(self, key: str) -> CellState:
        """A cell that says it is running while nobody holds it was interrupted."""
        plan = self.plan(key)
        path = self.folder / "cells" / key / "cell.json"
        if not path.exists():
            return CellState(key, plan["row"], plan["practice"])
        known = CellState(**json.loads(path.read_text("utf-8")))
        if known.state == "running" and not self.runs_now(key):
            return CellState(**{**asdict(known), "state": "interrupted"})
        return known

    def states(self) -> list[CellState]:
        return [self.state(key) for key in self.cell_keys()]

    def keep(self, state: CellState) -> None:
        _write(self.folder / "cells" / state.key / "cell.json", asdict(state))

    def run_of(self, key: str) -> Path | None:
        """The run folder of a cell, None before it has one."""
        run = self.state(key).run
        return self.folder / run if run else None

    def finished(self, name: str, *, option: str) -> tuple[dict[str, Any], list[tuple[Path, str, int]], list[str]]:
        """Of a grid ("" is the only one): plan, (run folder, row, practice) of finished cells, remarks on others.

        option : how the user names a grid, for the error. Raises ConfigurationError for an unknown grid
        """
        grids = {grid["name"]: grid for grid in self.grids()}
        if name not in grids and (name or len(grids) != 1):
            raise ConfigurationError(f"a grid of {self.folder.name}: {', '.join(grids) or 'none'}", came=name or "none",
                                     where=self.folder.name, mend=f"Name one with --grid ({option}=... in a notebook).")
        grid = grids[name] if name else next(iter(grids.values()))
        done, missing = [], []
        for cell in grid["cells"]:
            state, folder = self.state(cell["cell"]), self.run_of(cell["cell"])
            if state.state == "finished" and folder is not None:
                done.append((folder, cell["row"], cell["practice"]))
            else:
                missing.append(f"{cell['row']}, practice {cell['practice']} ({state.state})")
        told = f"not there yet, {len(missing)} of {len(grid['cells'])} cells: {'; '.join(missing)}"
        return grid, done, [told] if missing else []

    @contextmanager
    def holding(self, key: str) -> Iterator[None]:
        """The right to run a cell, among all processes on this file system. Raises CellBusy."""
        try:
            with held(self.folder / "cells" / key / ".lock"):
                yield
        except BlockingIOError:
            raise CellBusy("a cell that nobody runs", came="one that is running", where=key) from None

    def runs_now(self, key: str) -> bool:
        """Whether a process holds the cell."""
        return is_held(self.folder / "cells" / key / ".lock")


def run_cell(sweep: Sweep, key: str, *, limits: Limits = NO_LIMITS, places: int = 1) -> CellState:
    """Run one cell's notebook in this process's charge and keep it executed, also when it fails.

    limits : of the sweep, of which this cell is granted its share; places : how many cells may run at once
    The kernel starts in the notebook's folder, as JupyterLab starts it. One that did not start is tried once more. An
    error in the notebook is a state with its reason; the library underneath resumes, so that running the cell again
    pays for nothing twice. Raises CellBusy.
    """
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    plan = sweep.plan(key)
    folder = (sweep.folder / "cells" / key).resolve()
    with sweep.holding(key):
        before = sweep.state(key)
        outcome = folder / "outcome.json"
        home = sweep.folder.resolve()
        budget = granted(sweep, key, limits, places)
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
        except Exception as error:  # whatever it is, it is why this cell has no result
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


def _write(path: Path, value: Any) -> None:
    write_whole(path, json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8"))
