"""Grids: a file that names a notebook, rows of parameters and a number of practices, resolved into cells."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.chat import ChatRequest
from easel.errors import ConfigurationError, shorten
from easel.parameters import Parameters
from easel.plugins import load

OF_THE_SWEEP = ("practice", "root", "home", "budget", "outcome")
"""Parameters that every cell's notebook declares and that a sweep gives: see `easel.sweep`."""
_SLUG = re.compile(r"[^a-z0-9]+")
_EXAMPLE = "For example: sweep: mine / name: candidates / notebook: practice.ipynb / rows: {K=2: {candidates: 2}}"


class CellKind(Protocol):
    """What a grid's `cell` names, made of a cell's parameters and `seen_from`, the folder of its notebook."""

    def check(self) -> None:
        """Raises ConfigurationError for what no cell could run with."""

    @property
    def report_prompts(self) -> int:
        """How many prompts the cell's report has."""

    @property
    def report_drawings(self) -> int:
        """How many drawings of a prompt one entry of the cell's report has; a table averages them."""

    @property
    def report_entries(self) -> tuple[str, ...]:
        """A mark of each entry that the cell's row gives to a table: the first of the library that the row begins with,
        further ones of what it learned. First entries of one mark are the same drawings, and one entry of the table.
        """

    def planned(self) -> Iterator[tuple[str, ChatRequest]]:
        """(identity, request) of every call, none sent; calls of one identity are paid for once in a sweep."""


class _GridFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    sweep: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$", description="grids of one sweep share replies and ledger")
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,40}$")
    question: str = Field(min_length=1)
    notebook: str
    cell: str | None = Field(None, description="package.module:Name that checks and plans a cell's parameters")
    practices: int = Field(3, ge=1, le=100, description="how often a row is run apart: libraries learned, or "
                           "objects made of a prompt; paper silent, ours")
    baseline: str = Field("", description="entry that the tables compare with: ROW, epoch N, or ROW where "
                          "nothing is learned; '' is the library of epoch 0")
    fixed: dict[str, Any] = Field(default_factory=dict)
    vary: dict[str, list[Any]] = Field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Cell:
    """One run of the notebook.

    row : its name in the grid; practice : which of several of this row; code : hash of the notebook's code cells
    parameters : all that the notebook takes, its defaults among them, but for places (`root`, `home`, `outcome`) and
    the budget
    """

    grid: str
    row: str
    practice: int
    notebook: Path
    parameters: Mapping[str, Any]
    code: str = ""

    @property
    def mark(self) -> str:
        """Ten hex digits of what the cell runs: cells of two grids with the same mark are run once."""
        text = json.dumps([self.notebook.name, self.code, dict(self.parameters)], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:10]

    @property
    def key(self) -> str:
        """Name of the cell's folder: row, practice, mark."""
        return f"{_SLUG.sub('-', self.row.lower()).strip('-')[:40] or 'row'}-p{self.practice}-{self.mark}"


@dataclass(frozen=True)
class Grid:
    """A grid with its cells, names and types checked.

    baseline : name of the row's entry that tables compare with; kind : plugin name of the cell's class, "" for none
    """

    sweep: str
    name: str
    question: str
    notebook: Path
    baseline: str
    kind: str
    practices: int
    cells: tuple[Cell, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cell.row for cell in self.cells))


def read_grid(path: Path, *, changes: Mapping[str, Any] | None = None, practices: int | None = None) -> Grid:
    """Read a grid, lay `changes` over the parameters of every row, and check every cell before anything runs.

    changes : a person's own values (a model, fewer queries); practices : instead of the file's number
    Raises ConfigurationError for an unknown or mistyped parameter, an empty grid, two equal cells, and for whatever
    the grid's cell class refuses.
    """
    path = Path(path)
    file = _read(path)
    notebook = (path.parent / file.notebook).resolve()
    parameters = Parameters.read(notebook)
    missing = [name for name in OF_THE_SWEEP if name not in parameters.known]
    if missing:
        raise ConfigurationError(f"a notebook with the parameters {', '.join(OF_THE_SWEEP)}, which a sweep gives",
                                 came=f"no {', '.join(missing)}", where=notebook.name)
    parameters.check(changes or {}, where="changes to all rows")
    cells = []
    defaults = {one.name: one.default for one in parameters.known.values() if one.name not in OF_THE_SWEEP}
    for row, values in _rows(file, path.name):
        given = {**file.fixed, **values, **(changes or {})}
        taken = sorted({*OF_THE_SWEEP} & given.keys())
        if taken:
            raise ConfigurationError("no parameter that the sweep gives", came=", ".join(taken),
                                     where=f"{path.name}, row '{row}'", mend="Use `practices: N` for practices.")
        parameters.check(given, where=f"{path.name}, row '{row}'")
        for practice in range(practices or file.practices):
            cells.append(Cell(
                file.name, row, practice, notebook, {**defaults, **given, "practice": practice}, parameters.code,
            ))
    grid = Grid(file.sweep, file.name, file.question, notebook, file.baseline, file.cell or "",
                practices or file.practices, tuple(cells))
    _check_cells(grid, path.name)
    return grid


def made(grid: Grid, cell: Cell) -> CellKind | None:
    """The cell as its class sees it; None for a grid without a class."""
    if not grid.kind:
        return None
    try:
        found = load(grid.kind)(**cell.parameters, seen_from=str(cell.notebook.parent))
        found.check()
        return found
    except ConfigurationError as error:
        error.args = (f"{error} [{grid.name}, row '{cell.row}']",)
        raise
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            f"{'.'.join(map(str, first['loc'])) or 'parameters'} as the cell takes it",
            came=f"{shorten(repr(first['input']), 60)} ({first['msg']})", where=f"{grid.name}, row '{cell.row}'",
        ) from error


def _read(path: Path) -> _GridFile:
    import yaml

    try:
        return _GridFile.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigurationError("a grid file", came="no such file", where=str(path)) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError("a grid in YAML", came=shorten(str(error)), where=path.name) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            "a grid with sweep, name, question, notebook, and rows or vary",
            came="none of that name" if first["type"] == "missing" else first["msg"],
            where=f"{path.name}, {'.'.join(map(str, first['loc'])) or 'top'}", mend=_EXAMPLE,
        ) from error


def _rows(file: _GridFile, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Named rows first, then the product of `vary`, named by its values."""
    if not file.rows and not file.vary:
        raise ConfigurationError("rows, or lists to vary", came="neither", where=place, mend=_EXAMPLE)
    yield from file.rows.items()
    if file.vary:
        for values in itertools.product(*file.vary.values()):
            given = dict(zip(file.vary, values, strict=True))
            yield ", ".join(f"{name}={value}" for name, value in given.items()), given


def _check_cells(grid: Grid, place: str) -> None:
    seen: dict[str, Cell] = {}
    for cell in grid.cells:
        other = seen.setdefault(cell.mark, cell)
        if other is not cell:
            raise ConfigurationError("every cell once", came=f"rows '{other.row}' and '{cell.row}' say the same",
                                     where=place)
        made(grid, cell)
    if grid.baseline and grid.baseline.partition(", epoch ")[0] not in grid.rows:
        raise ConfigurationError(f"a baseline among the rows ({', '.join(grid.rows)})", came=grid.baseline, where=place)


def merged(grids: Sequence[Grid]) -> dict[str, Cell]:
    """Mark -> cell over all grids of one sweep; a cell that two grids name is there once.

    Raises ConfigurationError for grids of different sweeps, and for two grids of one name.
    """
    if len({grid.sweep for grid in grids}) != 1:
        raise ConfigurationError("grids of one sweep", came=", ".join(sorted({grid.sweep for grid in grids})) or "none",
                                 mend="Run them one after the other.")
    names = [grid.name for grid in grids]
    if len(set(names)) < len(names):
        raise ConfigurationError("every grid once", came=", ".join(names))
    cells: dict[str, Cell] = {}
    for grid in grids:
        for cell in grid.cells:
            known = cells.setdefault(cell.mark, cell)
            if known.notebook != cell.notebook:
                raise ConfigurationError(
                    "one notebook behind equal cells", came=f"{known.notebook} and {cell.notebook}",
                    mend="Their relative paths may mean other files: give one of the grids a sweep of its own.",
                )
    return cells
