"""Comparisons: every entry of a table against its baseline, on the same prompts, cameras and draws (ours)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from drawagent.experience import Library
from drawagent.measurements import AES
from easel.comparing import BASELINE, EMPTY_LIBRARY, compare
from easel.errors import ConfigurationError
from easel.statistics import holm, wilson

if TYPE_CHECKING:
    import pandas

ALL = "all"
COMPARISON = (
    "entry", "prompts of", "kind", "evidence", "practices", "prompts", "draws", "mean", "difference", "low", "high",
    "standard_error", "p", "p_holm", "significant", "claim", "mean_valid", "worst_view", "r_at_1", "r_at_5", "valid",
    "n", "validity", "validity_low", "validity_high", "drifted", "same drawings as",
)
"""Columns of a comparison, see `Entries.comparison`."""
_FROM_COMPARE = ("practices", "prompts", "draws", "mean", "difference", "low", "high", "standard_error", "p", "p_holm",
                 "significant", "claim")
NOT_SHARED = "no prompt or no practice in common with the baseline: no claim about the method"


@dataclass(frozen=True)
class Entries:
    """The measured rows of one set of tables, and what they are compared with.

    frame : as `drawagent.measurements.measurements` gives it; baseline : name of an entry, "" for the empty library
    An entry of epoch 0 whose practices all drew alike is fixed: nothing was learned, and one set of drawings stands for
    every practice of the others. Fixed entries with the same figures are one entry, the first; never one of files.
    """

    frame: pandas.DataFrame
    baseline: str = ""

    @cached_property
    def reported(self) -> pandas.DataFrame:
        return self.frame[self.frame.role == "report"]

    @cached_property
    def _drawn(self) -> dict[str, dict[int, tuple[Any, ...]]]:
        """Entry -> practice -> all that was measured of it."""
        marks: dict[str, dict[int, tuple[Any, ...]]] = {}
        parts = ["query", "draw", "card", "similarity", "worst_view", "valid", "strokes"]
        for (entry, practice), own in self.reported.groupby(["entry", "practice"], sort=False):
            marks.setdefault(entry, {})[practice] = tuple(sorted(own[parts].itertuples(index=False, name=None)))
        return marks

    @cached_property
    def fixed(self) -> frozenset[str]:
        first = self.reported.drop_duplicates("entry").set_index("entry")
        return frozenset(
            entry for entry, by_practice in self._drawn.items()
            if first.epoch[entry] == 0 and len(set(by_practice.values())) == 1
        )

    @cached_property
    def _external(self) -> frozenset[str]:
        return frozenset(self.reported[self.reported.evidence == "external"].entry)

    @cached_property
    def same(self) -> dict[str, tuple[str, ...]]:
        """Entry that stands -> the others with the same drawings; every entry that stands is a key."""
        seen: dict[tuple[Any, ...], str] = {}
        others: dict[str, list[str]] = {}
        for entry, by_practice in self._drawn.items():
            ours = entry in self.fixed and entry not in self._external
            mark = next(iter(by_practice.values())) if ours else (entry,)
            others.setdefault(seen.setdefault(mark, entry), []).append(entry)
        return {entry: tuple(names[1:]) for entry, names in others.items()}

    @cached_property
    def against(self) -> str:
        """The entry that the others are compared with. Raises ConfigurationError for one that is not there."""
        names = list(self._drawn)
        if self.baseline:
            if self.baseline not in names:
                raise ConfigurationError(f"a baseline among the entries: {'; '.join(names)}", came=self.baseline,
                                         where="baseline")
            return self._standing(self.baseline)
        first = self.reported[(self.reported.epoch == 0) & (self.reported.evidence != "external")]
        empty = first[first.library.isin(["", Library().key])]
        if len(empty):
            return self._standing(str(empty.entry.iloc[0]))
        if len(names) == 1 or first.row.nunique() == 1:
            return str(first.entry.iloc[0]) if len(first) else names[0]
        raise ConfigurationError("an entry with the empty library, or a named baseline", came="neither",
                                 where="baseline", mend=f"Name one of: {'; '.join(names)}.")

    def _standing(self, entry: str) -> str:
        return next(one for one, others in self.same.items() if entry == one or entry in others)

    def scores(self, column: str) -> pandas.DataFrame:
        """One row per drawing of the entries that stand, fixed ones once; `value` is the score.

        column : label of the scorer (`scorer` of the frame), or "AES"
        """
        own = self.reported[self.reported.entry.isin(self.same)]
        if column == AES:
            own = own[own.aesthetic.notna()].assign(value=own.aesthetic, worst_view=math.nan, rank=math.nan)
        else:
            own = own[own.scorer == column].assign(value=own.similarity)
        own = own.drop_duplicates(["entry", "practice", "query", "draw"])
        first = own[own.entry.isin(self.fixed)].groupby("entry").practice.min()
        keep = [entry not in first.index or practice == first[entry]
                for entry, practice in zip(own.entry, own.practice, strict=True)]
        return own[keep]

    def comparison(self, column: str, *, level: float = 0.95) -> pandas.DataFrame:
        """All entries under one scorer, prompts of every length together and apart, anchors below.

        mean, difference, low, high, standard_error, p : raw, over practices and prompts (`easel.comparing.compare`);
            draws of one prompt are averaged first; difference and what follows are nan for the baseline
        p_holm : over the entries of one block of prompts; claim : what may be said, in words
        kind : "baseline", "entry", "another method" (files, whose views may be their own), or "anchor"
        mean_valid : of drawings that did not fail; worst_view : mean of each drawing's worst; r_at_1, r_at_5 : share
            whose own prompt came first, among the first five, of the prompts of one length; failed ones did not
        valid, n, validity : of different drawings; the interval is Wilson's, which takes them for independent
            (an anchor has none)
        drifted : replies taken by call site; same drawings as : entries of other rows, not shown again
        """
        import pandas

        scores = self.scores(column)
        blocks = [ALL, *(scores.length.unique() if scores.length.nunique() > 1 else ())]
        tables = []
        for block in blocks:
            own = scores if block == ALL else scores[scores.length == block]
            found = self._compared(own, level).assign(**{"prompts of": block})
            beside = pandas.DataFrame([self._beside(entry, own[own.entry == entry]) for entry in found.entry])
            tables += [found.merge(beside, on="entry"), self._anchors(column, block)]
        rows = [row for table in tables for row in table.to_dict("records")]
        return _rounded(pandas.DataFrame(rows, columns=list(COMPARISON)).astype({"significant": object}))

    def gains(self, column: str, *, level: float = 0.95) -> pandas.DataFrame:
        """Every learned entry against epoch 0 of its own row, all prompts: what practice alone did.

        A row that draws best of N, or begins with tips, does so on both sides here. Holm is over all entries.
        """
        import pandas

        found: list[dict[str, Any]] = []
        mine = self.reported[self.reported.evidence != "external"]
        for row, own in mine.groupby("row", sort=False):
            first = f"{row}, epoch 0"
            if own.epoch.nunique() > 1 and first in set(own.entry):
                alone = Entries(own, first)
                table = alone._compared(alone.scores(column), level)
                found += [{**one, "against": first} for one in table.to_dict("records") if one["entry"] != first]
        table = pandas.DataFrame(found, columns=["entry", "against", *_FROM_COMPARE])
        if len(table):
            table["p_holm"] = holm([float(p) for p in table.p])
            table["significant"] = [None if math.isnan(p) else p < 1 - level for p in table.p_holm]
        return _rounded(table.astype({"significant": object}))

    def _compared(self, scores: pandas.DataFrame, level: float) -> pandas.DataFrame:
        """Baseline first. Entries that share other prompts or practices with it are compared apart, Holm over all."""
        import pandas

        base = scores[scores.entry == self.against]
        entries = [entry for entry in dict.fromkeys(scores.entry) if entry != self.against]
        groups: dict[tuple[tuple[str, ...], tuple[int, ...]], list[str]] = {}
        for entry in entries:
            own = scores[scores.entry == entry]
            prompts = tuple(query for query in dict.fromkeys(base["query"]) if query in set(own["query"]))
            paired = not {entry, self.against} & self.fixed
            both = tuple(sorted(set(own.practice) & set(base.practice))) if paired else ()
            groups.setdefault((prompts, both), []).append(entry)
        found: dict[str, dict[str, Any]] = {}
        first = [self.against] if len(base) else []
        alone = list(first)
        for (prompts, both), names in groups.items():
            if not prompts or not (both or {*names, self.against} & self.fixed):
                alone += names
                continue
            rows = [self._sided(scores, name, prompts, both) for name in (self.against, *names)]
            table = compare(pandas.concat(rows, ignore_index=True), baseline=self.against, level=level)
            found |= {row["entry"]: row for row in table.to_dict("records") if row["entry"] != self.against}
        found |= {name: self._alone(name, scores[scores.entry == name]) for name in alone}
        table = pandas.DataFrame([found[name] for name in (*first, *entries)], columns=["entry", *_FROM_COMPARE])
        if len(groups) > 1:
            p_holm = holm([float(p) for p in table.p])
            table = table.assign(p_holm=p_holm)
            table["significant"] = [None if math.isnan(p) else p < 1 - level for p in p_holm]
        return table.astype({"significant": object})

    def _sided(
        self, scores: pandas.DataFrame, entry: str, prompts: Sequence[str], both: Sequence[int]
    ) -> pandas.DataFrame:
        """The rows of an entry as `compare` takes them; both : the practices to pair, () for all of them"""
        own = scores[(scores.entry == entry) & scores["query"].isin(prompts)]
        own = own[own.practice.isin(both)] if both else own
        own = own[["entry", "practice", "query", "draw", "value"]]
        own = own.set_axis(["entry", "library", "prompt", "draw", "value"], axis=1)
        return own.assign(library=EMPTY_LIBRARY) if entry in self.fixed else own

    def _alone(self, entry: str, own: pandas.DataFrame) -> dict[str, Any]:
        means = own.groupby(["practice", "query"], sort=False).value.mean()
        draws = own.groupby(["practice", "query"], sort=False).draw.nunique().max()
        return {
            "entry": entry, "practices": own.practice.nunique(), "prompts": own["query"].nunique(), "draws": int(draws),
            "mean": math.fsum(means) / len(means), **dict.fromkeys(_FROM_COMPARE[4:10], math.nan), "significant": None,
            "claim": BASELINE if entry == self.against else NOT_SHARED,
        }

    def _beside(self, entry: str, own: pandas.DataFrame) -> dict[str, Any]:
        """What stands beside the comparison of an entry; own : its rows, with `value`"""
        good = own[own.valid]
        # Practices that still have one library drew the same: these are no further drawings.
        different = own.drop_duplicates(["library", "query", "draw", "value", "worst_view", "valid"])
        valid, n = int(different.valid.sum()), len(different)
        kind = "another method" if own.evidence.iloc[0] == "external" else "entry"
        ranked = own["rank"].notna().all()
        share = wilson(valid, n)
        return {
            "entry": entry, "kind": "baseline" if entry == self.against else kind, "evidence": own.evidence.iloc[0],
            "mean_valid": _mean(good.value), "worst_view": _mean(own.worst_view),
            **{f"r_at_{k}": _mean(own.valid & (own["rank"] <= k)) if ranked else math.nan for k in (1, 5)},
            "valid": valid, "n": n, "validity": share.share, "validity_low": share.low,
            "validity_high": share.high, "drifted": int(own.drifted.max()),
            "same drawings as": "; ".join(self.same.get(entry, ())),
        }

    def _anchors(self, column: str, block: str) -> pandas.DataFrame:
        """Rows of the anchors: means over all runs; nothing is claimed of them."""
        import pandas

        own = self.frame[(self.frame.role != "report") & (self.frame.evidence != "external")]
        own = own if len(own) else self.frame[self.frame.role != "report"]
        if column == AES:
            own = own[own.aesthetic.notna()].assign(value=own.aesthetic, worst_view=math.nan, rank=math.nan)
        else:
            own = own[own.scorer == column].assign(value=own.similarity)
        own = own if block == ALL else own[own.length == block]
        rows = []
        for name, group in own.groupby("entry", sort=False):
            rows.append({
                **dict.fromkeys(COMPARISON, math.nan), **self._alone(str(name), group),
                **self._beside(str(name), group),
                "kind": "anchor", "claim": "anchor: what the score gives to it", "prompts of": block,
                "practices": group.run.nunique(), "same drawings as": "",
                **dict.fromkeys(("valid", "n", "validity", "validity_low", "validity_high"), math.nan),
            })
        return pandas.DataFrame(rows, columns=list(COMPARISON))


def _mean(values: pandas.Series) -> float:
    return math.fsum(float(value) for value in values) / len(values) if len(values) else math.nan


def _rounded(table: pandas.DataFrame) -> pandas.DataFrame:
    """Six decimals; of a p six digits, so that a small one is not 0."""
    for name in table.select_dtypes("float").columns:
        p = name in ("p", "p_holm")
        table[name] = [float(f"{value:.6g}") if p else round(value, 6) for value in table[name]]
    return table
