"""Cell members: the cells of a set of tables, each with the row and the practice that it stands for (ours)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError, shorten
from easel.snapshots import Snapshot
from easel.sweep import Sweep
from shapecraft.cell_run import OBJECTS


@dataclass(frozen=True)
class CellMember:
    """One cell. row : what its entry is named; practice : which object of the same prompts"""

    run: Snapshot
    row: str
    practice: int


@dataclass(frozen=True)
class CellMembers:
    """cells : in the order of the grid; baseline, question : the grid's; remarks : what is missing, in words"""

    cells: tuple[CellMember, ...]
    baseline: str = ""
    question: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.row for one in self.cells))

    def of(self, row: str) -> tuple[CellMember, ...]:
        return tuple(one for one in self.cells if one.row == row)


def gather(places: Iterable[Path | str], *, grid: str = "") -> CellMembers:
    """The cells behind a sweep's folder, or behind folders of cells, each a row of its own name then.

    grid : of the sweep; may be left out where the sweep has one. Cells that are not finished are left out and told.
    Raises ConfigurationError for nothing, two sweeps, a cell twice, a grid that the sweep lacks, a run that is no cell,
    and a row whose cells differ in more than the practice.
    """
    found, alone = [], []
    for place in map(Path, places):
        if (place / "sweep.json").exists():
            found.append(_of_sweep(Sweep.read(place), grid))
        else:
            alone.append(_cell(place))
    if len(found) > 1 or (grid and not found):
        raise ConfigurationError("one sweep", came=f"{len(found)} sweeps", where=f"grid '{grid}'",
                                 mend="Make the tables of each apart.")
    folders = [run.folder.resolve() for run in alone]
    if twice := sorted({one.name for one in folders if folders.count(one) > 1}):
        raise ConfigurationError("every cell once", came=f"{', '.join(twice)} twice")
    first = found[0] if found else CellMembers(())
    own = tuple(CellMember(run, run.folder.name, int(run.info["configuration"]["practice"])) for run in alone)
    members = CellMembers((*first.cells, *own), first.baseline, first.question, first.remarks)
    if not members.cells:
        raise ConfigurationError("at least one finished cell", came="none",
                                 mend="; ".join(members.remarks) or "Name a sweep's folder, or folders of cells.")
    return members


def _of_sweep(sweep: Sweep, name: str) -> CellMembers:
    grid, done, remarks = sweep.finished(name, option="craft_grid")
    cells = [CellMember(_cell(folder), row, practice) for folder, row, practice in done]
    _check_rows(cells, sweep.folder.name)
    return CellMembers(tuple(cells), grid["baseline"], grid["question"], tuple(remarks))


def _cell(folder: Path) -> Snapshot:
    run = Snapshot.of(folder)
    if "objects" not in run.info["configuration"] or not run.rows(OBJECTS):
        raise ConfigurationError("a cell of made objects", came="a run of another kind, or one without an object",
                                 where=folder.name, mend="`shapecraft evaluate` measures single runs.")
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished cell", came=run.info["status"], where=folder.name,
                                 mend="Resume it first; nothing is paid twice.")
    return run


def _check_rows(cells: Sequence[CellMember], where: str) -> None:
    """Refuse a row whose cells differ in more than the practice and its seed."""
    first: dict[str, CellMember] = {}
    for one in cells:
        other = first.setdefault(one.row, one)
        ours, theirs = _common(other), _common(one)
        if ours != theirs:
            name = next(name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name))
            raise ConfigurationError(
                f"cells of the row '{one.row}' that differ in their practice alone", where=where,
                came=f"{name} {shorten(str(ours.get(name)), 60)} and {shorten(str(theirs.get(name)), 60)}",
                mend="Model, prompts or code have changed in between: run the row anew in a sweep of its own.",
            )


def _common(one: CellMember) -> dict[str, str]:
    configured: dict[str, Any] = json.loads(json.dumps(one.run.info["configuration"]))
    configured.pop("practice")
    configured["settings"].pop("seed", None)
    return {name: json.dumps(value, sort_keys=True) for name, value in configured.items()}
