"""Tabling: cells of made objects -> the tables that a paper would print, from run folders alone (ours).

The unit of replication is the made object. Objects of one prompt are alike, so that they are averaged first: intervals
of means are bootstrapped over prompts, and entries are compared prompt by prompt (t interval of paired differences,
Holm over the entries of one figure). A stand-in's cells have one table, the pipeline check, which holds no figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from easel.ledger import Ledger, Try
from easel.runs import RunStore
from easel.statistics import holm, paired_interval
from easel.tables import check_evidence, pipeline_check
from shapecraft.aggregates import COST_HEADINGS, Aggregate, aggregates
from shapecraft.cell_members import CellMember, CellMembers, gather
from shapecraft.cell_run import OBJECTS, read_rows
from shapecraft.costs import replies_of
from shapecraft.evaluation import SHAPE, ObjectRow, check_cards, frame
from shapecraft.metrics import COLUMNS, bootstrap_interval

if TYPE_CHECKING:
    import pandas

STAND_IN, PIPELINE = "stand-in", "pipeline check"
MARK = "STAND-IN, no result"
MEANS, INTERVALS, DIFFERENCES, EVERY = "objects made", "means", "differences", "every object"
OVER_PROMPTS = "bootstrap over prompts, each the mean of its objects"
MADE = "objects made, share"
COMPARED = {"made": MADE, **COLUMNS, "first_pass": COST_HEADINGS["first_pass"],
            "repaired": COST_HEADINGS["repaired"]}
"""Figures of which differences are tested, besides CLIP and VQA; what an object costs is not."""
DIFFERENCE = ("entry", "figure", "prompts", "objects", "mean", "difference", "low", "high", "p", "p_holm",
              "significant", "unmeasured", "claim")
_NAMES = ("evidence", "column", "mean", "low", "high", "interval", "n", "failed", "unmeasured", "mean_made", "claim")


@dataclass(frozen=True)
class CraftTables:
    """The tables of one set of cells, each a frame under its name; the same bytes for the same folders.

    members : the cells; baseline : row that the others are compared with; level : of all intervals
    """

    members: CellMembers
    baseline: str = ""
    level: float = 0.95

    @classmethod
    def of(cls, *places: Path | str, grid: str = "", baseline: str | None = None, level: float = 0.95) -> CraftTables:
        """Of a sweep's folder, folders of cells, or both. grid, baseline : as for `drawagent tables`

        Raises ConfigurationError for cells of two grades of evidence, two scorers under one heading, and for a baseline
        that is no row.
        """
        members = gather(places, grid=grid)
        check_evidence([one.run for one in members.cells], where="CraftTables.of", stand_ins=True)
        made = cls(members, members.baseline if baseline is None else baseline, level)
        check_cards([row for rows in made.rows.values() for row in rows])
        if made.baseline and made.baseline not in members.rows:
            raise ConfigurationError(f"a baseline among the rows: {', '.join(members.rows)}", came=made.baseline,
                                     where="CraftTables.of")
        return made

    @property
    def evidence(self) -> str:
        return str(self.members.cells[0].run.info["evidence"])

    @property
    def stand_in(self) -> bool:
        return self.evidence == STAND_IN

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is missing."""
        return self.members.remarks

    @cached_property
    def rows(self) -> dict[str, tuple[ObjectRow, ...]]:
        """Row of the grid -> its objects, practice by practice; `name` is the object's."""
        return {name: tuple(row for one in self.members.of(name) for row in read_rows(one.run))
                for name in self.members.rows}

    @cached_property
    def frames(self) -> dict[str, pandas.DataFrame]:
        """Every table by its name, in the order to show them; of a stand-in the pipeline check alone."""
        if self.stand_in:
            return {PIPELINE: self.pipeline()}
        found = {MEANS: self.means(), INTERVALS: self.intervals()}
        if len(self.members.rows) > 1 and self.baseline:
            found[DIFFERENCES] = self.differences()
        return found | {EVERY: self.every()}

    def means(self) -> pandas.DataFrame:
        """One row an entry, one column a figure: means over objects, failed ones among them."""
        import pandas

        rows = []
        for name, told in self._told.items():
            rows.append({"entry": name, "evidence": self.evidence, "prompts": len(_by_prompt(self.rows[name])),
                         "objects": len(self.rows[name]), **{one.column: one.mean for one in told}})
        return pandas.DataFrame(rows)

    def intervals(self) -> pandas.DataFrame:
        """One row an entry and figure: mean with its interval, failed and unmeasured objects, what has to be said."""
        import pandas

        rows = [{"entry": name, **{key: getattr(one, key) for key in _NAMES}}
                for name, told in self._told.items() for one in told]
        return pandas.DataFrame(rows, columns=["entry", *_NAMES])

    def differences(self) -> pandas.DataFrame:
        """Entry minus baseline, by prompt; objects : of the entry; unmeasured : prompts that one of both has not.

        mean : of the entry over these prompts; significant : None where no claim may be made. Raises ConfigurationError
        for cells of a stand-in, and without a baseline.
        """
        if self.stand_in or not self.baseline:
            raise ConfigurationError("cells of a model, and a baseline", where="differences",
                                     came=f"cells of a stand-in: {MARK}" if self.stand_in else "no baseline")
        import pandas

        rows: list[dict[str, Any]] = []
        for figure, column, heading in self._figures():
            block = [self._difference(name, figure, column, heading)
                     for name in self.members.rows if name != self.baseline]
            for row, adjusted in zip(block, holm([row["p"] for row in block]), strict=True):
                row["p_holm"] = adjusted
                row["significant"] = None if math.isnan(adjusted) else adjusted < 1 - self.level
            rows += block
        return pandas.DataFrame(rows, columns=list(DIFFERENCE))

    def every(self) -> pandas.DataFrame:
        """One row an object, as `shapecraft.evaluation.frame` has it, under its row of the grid and its practice."""
        table = frame([row for rows in self.rows.values() for row in rows])
        heads = [(one.row, one.practice) for name in self.members.rows for one in self.members.of(name)
                 for _ in one.run.rows(OBJECTS)]
        table.insert(0, "practice", [practice for _, practice in heads])
        table.insert(0, "row", [row for row, _ in heads])
        return table

    def pipeline(self) -> pandas.DataFrame:
        """What ran, a row a cell, and no figure: `easel.tables.pipeline_check` with row, practice, and counts.

        calls : that served the objects; of a shared ledger they count for every cell that they serve
        objects, made : asked for, and made; programs : that were written; measured : objects with every shape figure
        """
        cells = self.members.cells
        checked = pipeline_check(*(one.run for one in cells), tries=_tries)
        checked.insert(0, "practice", [one.practice for one in cells])
        checked.insert(0, "row", [one.row for one in cells])
        counts = [one.run.rows(OBJECTS) for one in cells]
        checked["objects"] = [len(rows) for rows in counts]
        checked["made"] = [sum(not row["failed"] for row in rows) for rows in counts]
        checked["programs"] = [sum(row["programs"] for row in rows) for rows in counts]
        checked["measured"] = [sum(all(row[name] is not None for name in SHAPE) for row in rows) for rows in counts]
        checked["mark"] = MARK if self.stand_in else ""
        return checked

    def claims(self) -> list[str]:
        """One sentence per figure and entry; where nothing may be claimed, one sentence says so."""
        if self.stand_in:
            return [f"a stand-in made these objects ({MARK}): no claim about anything but the pipeline"]
        if DIFFERENCES not in self.frames:
            return ["one entry: nothing to compare"]
        told = self.frames[DIFFERENCES]
        return [f"{told.figure.nunique()} figures, each for itself: p is adjusted for the entries, not for the figures",
                *(f"{one['figure']}, {one['entry']} against {self.baseline}: {_sentence(one, self.level)}"
                  for one in told.to_dict("records"))]

    @cached_property
    def _told(self) -> dict[str, tuple[Aggregate, ...]]:
        return {name: tuple(_over_prompts(rows, self.level)) for name, rows in self.rows.items()}

    def _figures(self) -> Iterator[tuple[str, str, str]]:
        """(field, column of scorer or judge or "", heading)."""
        rows = [row for rows in self.rows.values() for row in rows]
        for figure, heading in COMPARED.items():
            yield figure, "", heading
        for figure in ("clip", "vqa"):
            for column in dict.fromkeys(getattr(row, f"{figure}_column") for row in rows):
                if column:
                    yield figure, column, column

    def _difference(self, name: str, figure: str, column: str, heading: str) -> dict[str, Any]:
        ours, theirs = (_values(self.rows[one], figure, column) for one in (name, self.baseline))
        prompts = [prompt for prompt in ours if prompt in theirs]
        both = [prompt for prompt in prompts if not math.isnan(ours[prompt]) and not math.isnan(theirs[prompt])]
        row: dict[str, Any] = {"entry": name, "figure": heading, "prompts": len(both),
                               "objects": sum(one.caption in both for one in self.rows[name]),
                               "unmeasured": len({*ours, *theirs}) - len(both), "p_holm": math.nan}
        if not both:
            return {**row, **dict.fromkeys(("mean", "difference", "low", "high", "p"), math.nan),
                    "claim": "no prompt that both have a figure of"}
        one = paired_interval([ours[prompt] - theirs[prompt] for prompt in both], level=self.level)
        return {**row, "mean": float(np.mean([ours[prompt] for prompt in both])), "difference": one.mean,
                "low": one.low, "high": one.high, "p": one.p, "claim": one.claim}


def _by_prompt(rows: Sequence[ObjectRow]) -> dict[str, list[ObjectRow]]:
    found: dict[str, list[ObjectRow]] = {}
    for row in rows:
        found.setdefault(row.caption, []).append(row)
    return found


def _values(rows: Sequence[ObjectRow], figure: str, column: str = "") -> dict[str, float]:
    """Prompt -> mean of the figure over its objects, nan where none has one; column : of the scorer or judge."""
    found = {}
    for prompt, own in _by_prompt(rows).items():
        values = [float(getattr(row, figure)) for row in own
                  if not column or getattr(row, f"{figure}_column") == column]
        kept = [value for value in values if not math.isnan(value)]
        found[prompt] = float(np.mean(kept)) if kept else math.nan
    return found


def _over_prompts(rows: Sequence[ObjectRow], level: float) -> Iterator[Aggregate]:
    """Aggregates of an entry; with several objects of a prompt their means are over prompts."""
    for one in aggregates(rows, level=level):
        withheld = bool(one.n) and math.isnan(one.mean)
        if len(_by_prompt(rows)) == len(rows) or not hasattr(rows[0], one.figure) or withheld:
            yield one
            continue
        head = one.column.removesuffix(", true answer yes").removesuffix(", true answer no")
        own = [row for row in rows if not one.figure.startswith(("clip", "vqa"))
               or getattr(row, f"{one.figure[:4].rstrip('_')}_column") in ("", head)]
        told = bootstrap_interval(list(_values(own, one.figure).values()), level=level)
        yield replace(one, mean=told.mean, low=told.low, high=told.high, interval=OVER_PROMPTS,
                      claim=told.claim or one.claim)


def _tries(run: RunStore) -> tuple[Try, ...]:
    """The HTTP tries behind all objects of a cell."""
    objects = [RunStore.read(run.folder.parent / row["run"]) for row in run.rows(OBJECTS)]
    keys = frozenset[str]().union(*(replies_of(one) for one in objects))
    return tuple(one for home in dict.fromkeys(each.home.resolve() for each in objects)
                 for one in Ledger(home).tries() if one.key in keys)


def _sentence(one: Mapping[str, Any], level: float) -> str:
    size = f"{one['prompts']} prompts, {one['objects']} objects"
    if math.isnan(one["low"]):
        return f"{size}: {one['claim']}"
    numbers = f"{one['difference']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}] ({100 * level:g} %)"
    tested = f", p {one['p_holm']:.3g} after Holm" if not math.isnan(one["p_holm"]) else ""
    found = "no difference was found"
    if one["significant"]:
        found = "higher than the baseline" if one["difference"] > 0 else "lower than the baseline"
    return f"{numbers}{tested}, {size}: {one['claim'] or found}"


__all__ = ["COMPARED", "PIPELINE", "CellMember", "CraftTables"]
