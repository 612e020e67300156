"""Paint tabling: cells of painted objects -> tables, from run folders alone (ours; the paper has no such table).

The unit of replication is the painted object: paintings of one object by several seeds are averaged first, and rows are
compared object by object (t interval of paired differences, Holm over the rows of one figure). Every heading says what
painted: figures of a toy, a model of a closed vocabulary, stand under names of their own, and under none of a paper.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from easel.jsonl import write_whole
from easel.snapshots import Snapshot
from easel.statistics import holm, paired_interval, wilson
from easel.sweep import Sweep
from easel.table_files import write_tables
from shapecraft.paint_cell_run import PAINTED, read_painted
from shapecraft.paint_guidance import TOY

if TYPE_CHECKING:
    import pandas

MEANS, DIFFERENCES, PARTS = "paintings", "differences", "every part"
FIGURES: dict[str, str] = {
    "share": "parts nearest their own colour, share",
    "margin": "nearest other colour minus own, CIELAB",
    "metalness": "metalness",
    "roughness": "roughness",
    "light": "albedo with light, largest |r|",
}
"""Figure -> heading; a grade in brackets follows."""
_COMPARED = ("share", "margin", "light")
_CLOCK = "seconds an object"
WORDS: dict[str, str] = {
    "entry": "row of the grid", "grade": "what painted: toy (a closed vocabulary) or model",
    "guidance": "model, weights, precision", "objects": "that were painted", "paintings": "objects times seeds",
    "parts": "of all paintings, that are seen", "low": "of the interval", "high": "of the interval",
    "share low": "Wilson's interval, which takes parts for independent", "share high": "as share low",
    "guidance, share of seconds": "of the steps' time", "steps": "of a painting", "figure": "what is compared",
    "mean": "of the entry, over objects", "difference": "entry minus baseline, over objects",
    "p": "two-sided, of no difference", "p_holm": "p adjusted by Holm for the entries of one figure",
    "significant": "p_holm below 1 - level; none where no claim may be made", "claim": "what has to be said",
    "seed": "of the painting", "object": "a painting case", "part": "its name", "prompt": "of the part",
    "right": "own colour is the nearest", "nearest": "prompt whose colour is nearest",
    "own": "distance to its own colour, CIELAB", "other": "distance to the nearest other colour, CIELAB",
}


@dataclass(frozen=True)
class PaintMember:
    """One cell. row : what its entry is named; practice : its seed"""

    run: Snapshot
    row: str
    practice: int


@dataclass(frozen=True)
class PaintTables:
    """members : the cells, in the order of the grid; baseline : row that the others are compared with

    question : of the grid; remarks : what is missing; level : of all intervals. The same bytes for the same folders.
    """

    members: tuple[PaintMember, ...]
    baseline: str = ""
    question: str = ""
    remarks: tuple[str, ...] = ()
    level: float = 0.95

    @classmethod
    def of(cls, *places: Path | str, grid: str = "", baseline: str | None = None, level: float = 0.95) -> PaintTables:
        """Of a sweep's folder, folders of cells, or both. grid, baseline : as for `CraftTables.of`

        Raises ConfigurationError for nothing, a run of another kind, an unfinished cell, two guidances, rows of other
        objects or steps, and a baseline that is no row.
        """
        members: list[PaintMember] = []
        remarks: list[str] = []
        base = question = ""
        for place in map(Path, places):
            if (place / "sweep.json").exists():
                plan, done, missing = Sweep.read(place).finished(grid, option="paint_grid")
                base, question, remarks = plan["baseline"], plan["question"], [*remarks, *missing]
                members += [PaintMember(_cell(folder), row, practice) for folder, row, practice in done]
            else:
                run = _cell(place)
                members.append(PaintMember(run, run.folder.name, int(run.info["configuration"]["practice"])))
        if not members:
            raise ConfigurationError("at least one finished cell", came="none",
                                     mend="; ".join(remarks) or "Name a sweep's folder, or folders of cells.")
        made = cls(tuple(members), base if baseline is None else baseline, question, tuple(remarks), level)
        made._check()
        return made

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.row for one in self.members))

    @property
    def grade(self) -> str:
        """ "toy" or "model" """
        return str(self._configuration["grade"])

    @property
    def evidence(self) -> str:
        """For a line above a table."""
        return f"painted by a {self.grade}: {self._configuration['guidance']}"

    @cached_property
    def frames(self) -> dict[str, pandas.DataFrame]:
        """Every table by its name, in the order to show them."""
        found = {MEANS: self.means()}
        if len(self.rows) > 1 and self.baseline:
            found[DIFFERENCES] = self.differences()
        return found | {PARTS: self.parts()}

    def heading(self, figure: str) -> str:
        return f"{FIGURES[figure]} ({self.grade})"

    def means(self) -> pandas.DataFrame:
        """One row an entry: means over objects, each the mean of its paintings; of the share Wilson's interval."""
        import pandas

        rows = []
        for name in self.rows:
            told = [row for one in self.members if one.row == name for row in read_painted(one.run)]
            right = [part["right"] for row in told for part in row["parts"]]
            share = wilson(sum(right), len(right), level=self.level)
            by_object = self._values[name]
            figures = {self.heading(figure): _mean(own[figure] for own in by_object.values()) for figure in FIGURES}
            seconds = [row["seconds"] for row in told if row["timed"] == row["steps"]]
            guided = [row["guidance_seconds"] for row in told if row["timed"] == row["steps"]]
            rows.append({
                "entry": name, "grade": self.grade, "objects": len(by_object), "paintings": len(told),
                "parts": len(right), **figures, "share low": share.low, "share high": share.high,
                _CLOCK: _mean(seconds),
                "guidance, share of seconds": sum(guided) / sum(seconds) if sum(seconds) else math.nan,
                "steps": told[0]["steps"], "guidance": self._configuration["guidance"]})
        return pandas.DataFrame(rows)

    def differences(self) -> pandas.DataFrame:
        """Entry minus baseline, by object. Raises ConfigurationError without a baseline."""
        import pandas

        if not self.baseline:
            raise ConfigurationError("a baseline", came="none", where="differences")
        rows: list[dict[str, Any]] = []
        for figure in _COMPARED:
            block = [self._difference(name, figure) for name in self.rows if name != self.baseline]
            for row, adjusted in zip(block, holm([row["p"] for row in block]), strict=True):
                row["p_holm"] = adjusted
                row["significant"] = None if math.isnan(adjusted) else adjusted < 1 - self.level
            rows += block
        return pandas.DataFrame(rows)

    def parts(self) -> pandas.DataFrame:
        """One row a part of a painting."""
        import pandas

        rows = [{"entry": one.row, "seed": one.practice, "object": row["object"], "part": part["name"],
                 "prompt": part["prompt"], "right": part["right"], "nearest": part["nearest"], "own": part["own"],
                 "other": part["other"], "metalness": part["metalness"], "roughness": part["roughness"]}
                for one in self.members for row in read_painted(one.run) for part in row["parts"]]
        return pandas.DataFrame(rows)

    def claims(self) -> list[str]:
        """One sentence per figure and entry, below one that says what painted."""
        mark = ("a toy of a closed vocabulary painted these objects: figures of the mechanics, comparable with no "
                "paper's") if self.grade == TOY else f"painted by {self._configuration['guidance']}"
        if DIFFERENCES not in self.frames:
            return [mark, "one entry: nothing to compare"]
        told = self.frames[DIFFERENCES].to_dict("records")
        return [mark, *(f"{one['figure']}, {one['entry']} against {self.baseline}: {_sentence(one, self.level)}"
                        for one in told)]

    @property
    def _configuration(self) -> dict[str, Any]:
        found: dict[str, Any] = self.members[0].run.info["configuration"]
        return found

    @cached_property
    def _values(self) -> dict[str, dict[str, dict[str, float]]]:
        """Row -> object -> figure, the mean of the object's paintings."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for name in self.rows:
            held: dict[str, list[dict[str, float]]] = {}
            for one in self.members:
                for row in read_painted(one.run) if one.row == name else ():
                    held.setdefault(row["object"], []).append(_figures(row))
            found[name] = {object_: {figure: _mean(own[figure] for own in paintings) for figure in FIGURES}
                           for object_, paintings in held.items()}
        return found

    def _difference(self, name: str, figure: str) -> dict[str, Any]:
        ours, theirs = self._values[name], self._values[self.baseline]
        both = [one for one in ours if one in theirs
                and not math.isnan(ours[one][figure]) and not math.isnan(theirs[one][figure])]
        row: dict[str, Any] = {"entry": name, "figure": self.heading(figure), "objects": len(both)}
        if not both:
            return {**row, **dict.fromkeys(("mean", "difference", "low", "high", "p"), math.nan),
                    "claim": "no object that both have a figure of"}
        one = paired_interval([ours[name_][figure] - theirs[name_][figure] for name_ in both], level=self.level)
        return {**row, "mean": _mean(ours[name_][figure] for name_ in both), "difference": one.mean, "low": one.low,
                "high": one.high, "p": one.p, "claim": one.claim.replace("prompt", "object")}

    def _check(self) -> None:
        """Refuse what cannot stand in one table."""
        if self.baseline and self.baseline not in self.rows:
            raise ConfigurationError(f"a baseline among the rows: {', '.join(self.rows)}", came=self.baseline,
                                     where="PaintTables.of")
        sources = dict.fromkeys(str(one.run.info["configuration"]["guidance"]) for one in self.members)
        if len(sources) > 1:
            raise ConfigurationError("one guidance", came="; ".join(sources), where="PaintTables.of",
                                     mend="Make the tables of each apart.")
        for name in self.rows:
            own = [one.run.info["configuration"] for one in self.members if one.row == name]
            told = {(tuple(one["paintings"]), one["preset"], one["terms"], one["settings"]["steps"]) for one in own}
            if len(told) > 1:
                raise ConfigurationError(f"cells of the row '{name}' that differ in their seed alone",
                                         came="; ".join(map(str, sorted(told, key=str))), where="PaintTables.of")


def is_painted(place: Path | str) -> bool:
    """Whether a folder is a cell of painted objects, or a sweep whose first finished cell is one."""
    place = Path(place)
    if not (place / "sweep.json").exists():
        return (place / f"{PAINTED}.jsonl").is_file()
    sweep = Sweep.read(place)
    folders = (sweep.run_of(cell["cell"]) for grid in sweep.grids() for cell in grid["cells"])
    return any(is_painted(folder) for folder in folders if folder is not None)


def write_paint_folder(tables: PaintTables, out: Path) -> dict[str, Path]:
    """CSV, Parquet, LaTeX of every table, and claims.txt; file name -> path."""
    frames = {name.replace(" ", "-"): frame for name, frame in tables.frames.items()}
    names = dict.fromkeys(str(name) for frame in frames.values() for name in frame.columns)
    columns = {name: WORDS.get(name, f"{name}: mean over objects, or of the part") for name in names}
    written = dict(write_tables(frames, Path(out), columns=columns))
    written["claims.txt"] = Path(out) / "claims.txt"
    write_whole(written["claims.txt"], ("\n".join([*tables.claims(), *tables.remarks]) + "\n").encode("utf-8"))
    return written


def _cell(folder: Path) -> Snapshot:
    run = Snapshot.of(folder)
    if "paintings" not in run.info["configuration"] or not run.rows(PAINTED):
        raise ConfigurationError("a cell of painted objects", came="a run of another kind, or one without an object",
                                 where=Path(folder).name)
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished cell", came=run.info["status"], where=Path(folder).name,
                                 mend="Resume it first; it goes on from its last checkpoint.")
    return run


def _figures(row: Mapping[str, Any]) -> dict[str, float]:
    """Of one painting: means over its parts that are seen."""
    parts = row["parts"]
    return {"share": _mean(one["right"] for one in parts), "margin": _mean(one["other"] - one["own"] for one in parts),
            **{name: _mean(one[name] for one in parts) for name in ("metalness", "roughness")},
            "light": max(abs(one) for one in row["light"].values())}


def _mean(values: Iterable[float] | Iterator[float]) -> float:
    found = [float(one) for one in values]
    return float(np.mean(found)) if found else math.nan


def _sentence(one: Mapping[str, Any], level: float) -> str:
    if math.isnan(one["low"]):
        difference = "" if math.isnan(one["difference"]) else f"{one['difference']:+.3f}, "
        return f"{difference}{_objects(one)}: {one['claim']}"
    numbers = f"{one['difference']:+.3f} [{one['low']:+.3f}, {one['high']:+.3f}] ({100 * level:g} %)"
    found = "no difference was found"
    if one["significant"]:
        found = "higher than the baseline" if one["difference"] > 0 else "lower than the baseline"
    return f"{numbers}, p {one['p_holm']:.3g} after Holm, {_objects(one)}: {one['claim'] or found}"


def _objects(one: Mapping[str, Any]) -> str:
    return f"{one['objects']} object{'' if one['objects'] == 1 else 's'}"
