"""Aggregates: means over evaluated objects with intervals, one block a grade of evidence (paper: means alone).

Ours: percentile bootstrap over objects, or over texts where objects share one, which are the unit of replication then;
Wilson for shares of objects and, beside the bootstrap, for all questions together. A stand-in's figures say that they
are no result. A failed object counts at its worst while an unmeasured one does not count: where there are both, a mean
would be of too many failures, and is withheld.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from easel.statistics import wilson
from shapecraft.evaluation_rows import SHAPE, ObjectRow, check_cards, pandas_or_words
from shapecraft.mesh_metrics import FARTHEST
from shapecraft.metrics import COLUMNS, DRAWS, LEVEL, bootstrap_interval
from shapecraft.questions import plain
from shapecraft.solid_overlap import DIGITS

if TYPE_CHECKING:
    import pandas

FEW = 8
"""Objects below which a bootstrap interval is said to be too narrow (ours). Coverage of 95 % intervals, normal values,
4,000 samples each: 84 % of 5 objects, 87 % of 7, 90 % of 8 and of 10, 93 % of 20."""
OBJECTS, TEXTS = "bootstrap over objects", "bootstrap over texts"
QUESTIONS = "Wilson, all questions taken for independent"
SHARE, SHARE_OF_TEXTS = "Wilson over objects", "Wilson, as many as there are texts"
NO_RESULT = "no result, a stand-in"
_ENDS = {**dict.fromkeys(("iogt_box", "iogt_voxel", "iogt_exact", "iou_box", "iou_voxel", "iou_exact", "fscore", "vqa",
                          "vqa_yes", "vqa_no"), (0.0, 1.0)),
         **dict.fromkeys(("hausdorff", "chamfer"), (0.0, FARTHEST)), "clip": (-100.0, 100.0)}
"""Figures that a failed object has at its worst, with the lowest and the highest that there can be."""
COST_HEADINGS = {
    "first_pass": "compile rate, first pass", "repaired": "compile rate, after repair", "calls": "calls an object",
    "components": "components an object", "calls_per_component": "calls a component", "tokens": "tokens an object",
    "dollars": "dollars an object", "minutes": "minutes an object", "minutes_added": "minutes an object, added up",
}


@dataclass(frozen=True)
class Aggregate:
    """One figure over the objects of one grade of evidence.

    column : heading, with the scorer's or judge's name in it; figure : name of the field of `ObjectRow`
    mean, low, high : with its interval, nan where there is none; interval : which kind; a mean is nan too where failed
        objects would count and unmeasured ones not: the claim has its bounds
    n : in the mean, failed objects among them; failed : so many of these; unmeasured : left out, without a figure
    mean_made : of the objects that were made; claim : "" or what has to be said about the figure
    mean_common : of a shape figure, over the n_common objects that have them all: to compare columns by; else nan, 0
    """

    evidence: str
    column: str
    figure: str
    mean: float
    low: float
    high: float
    interval: str
    n: int
    failed: int
    unmeasured: int
    mean_made: float
    claim: str = ""
    mean_common: float = math.nan
    n_common: int = 0


def aggregates(
    rows: Sequence[ObjectRow], *, seed: int = 0, level: float = LEVEL, draws: int = DRAWS
) -> tuple[Aggregate, ...]:
    """Blocks by evidence, in the order in which grades come first. Figures that no object has are left out, but for
    those of a scorer or a judge that was asked.

    Raises ConfigurationError where one column would mix scorers.
    """
    check_cards(rows)
    found: list[Aggregate] = []
    for evidence in dict.fromkeys(row.evidence for row in rows):
        block = [row for row in rows if row.evidence == evidence]
        found.append(_share(evidence, "objects made", "made", block, level))
        found += _in_common(block, [one for name in SHAPE for one in _mean(block, COLUMNS[name], name, seed, level,
                                                                           draws)])
        for column in dict.fromkeys(row.clip_column for row in block if row.clip_column):
            own = [row for row in block if row.clip_column in ("", column)]
            found += _mean(own, column, "clip", seed, level, draws, asked=True)
        for column in dict.fromkeys(row.vqa_column for row in block if row.vqa_column):
            own = [row for row in block if row.vqa_column in ("", column)]
            for name, said in (("vqa", ""), ("vqa_yes", ", true answer yes"), ("vqa_no", ", true answer no")):
                found += _mean(own, f"{column}{said}", name, seed, level, draws, asked=True)
            found.append(_questions(evidence, column, own, level))
        for name, heading in COST_HEADINGS.items():
            found += _mean(block, heading, name, seed, level, draws)
    return tuple(replace(one, claim=_joined(NO_RESULT, one.claim)) if one.evidence == "stand-in" else one
                 for one in found)


def aggregate_frame(found: Iterable[Aggregate]) -> pandas.DataFrame:
    """One row an aggregate."""
    names = list(Aggregate.__dataclass_fields__)
    return pandas_or_words().DataFrame([vars(one) for one in found], columns=names)


def _mean(
    rows: Sequence[ObjectRow], column: str, figure: str, seed: int, level: float, draws: int, *, asked: bool = False
) -> list[Aggregate]:
    """[] where no object has the figure, unless it was asked for: then that is what has to be said."""
    values = [float(getattr(row, figure)) for row in rows]
    if all(math.isnan(value) for value in values) and not asked:
        return []
    texts = _texts(rows)
    told = bootstrap_interval(values, column=column, seed=seed, level=level, draws=draws, clusters=texts)
    has = [not math.isnan(value) for value in values]
    made = [value for value, row, known in zip(values, rows, has, strict=True) if row.made and known]
    failed = sum(not row.made and known for row, known in zip(rows, has, strict=True))
    different = len({text for text, known in zip(texts, has, strict=True) if known})
    claim = told.claim
    if different < told.n:
        claim = _joined(f"{told.n} objects of {different} texts", claim)
    if 1 < different < FEW and not told.claim:
        what = "objects" if different == told.n else "texts"
        claim = _joined(claim, f"{different} {what}, fewer than {FEW}: the interval is "
                        "too narrow")
    one = Aggregate(
        rows[0].evidence, column, figure, told.mean, told.low, told.high, OBJECTS if different == told.n else TEXTS,
        told.n, failed, told.unmeasured, round(float(np.mean(made)), DIGITS) if made else math.nan, claim,
    )
    return [_withheld(one, sum(values[place] for place in range(len(rows)) if has[place]), _lost(rows, figure, has))]


def _lost(rows: Sequence[ObjectRow], figure: str, has: Sequence[bool]) -> int:
    """Objects that were made and have no figure, though they were asked: without a reference, a scorer or a judge where
    others have one, an object is left out for what has nothing to do with it."""
    asked = {"clip": "clip_column", "vqa": "vqa_column"}.get(figure.partition("_")[0], "reference")
    some = any(getattr(row, asked) for row in rows)
    return sum(bool(row.made) and not known and (bool(getattr(row, asked)) or not some)
               for row, known in zip(rows, has, strict=True))


def _withheld(one: Aggregate, total: float, lost: int) -> Aggregate:
    """The same without its mean, where failed objects are in it and made ones that could not be measured are not."""
    if not (one.failed and lost and one.figure in _ENDS):
        return one
    low, high = ((total + lost * end) / (one.n + lost) for end in _ENDS[one.figure])
    counted = f"{one.column}: {one.failed} failed, which would count, {lost} made and unmeasured, which would not: " \
              f"no mean; it is between {low:.3f} and {high:.3f}"
    return replace(one, mean=math.nan, low=math.nan, high=math.nan, claim=counted)


def _in_common(rows: Sequence[ObjectRow], found: Sequence[Aggregate]) -> list[Aggregate]:
    """The shape figures with their means over the objects that have all; a claim where columns differ in that."""
    has = [[not math.isnan(getattr(row, one.figure)) for row in rows] for one in found]
    common = [all(column) for column in zip(*has, strict=True)]
    told = []
    for one, own in zip(found, has, strict=True):
        values = [getattr(row, one.figure) for row, here in zip(rows, common, strict=True) if here]
        claim = one.claim if all(each == own for each in has) else _joined(
            one.claim, f"the shape columns are of different objects: compare them over the {len(values)} in common")
        told.append(replace(one, claim=claim, n_common=len(values),
                            mean_common=round(float(np.mean(values)), DIGITS) if values else math.nan))
    return told


def _texts(rows: Sequence[ObjectRow]) -> list[str | int]:
    """What each object was made from; one without a caption stands for itself."""
    return [plain(row.caption) or place for place, row in enumerate(rows)]


def _joined(*claims: str) -> str:
    return "; ".join(one for one in claims if one)


def _share(evidence: str, column: str, figure: str, rows: Sequence[ObjectRow], level: float) -> Aggregate:
    """Of objects; where several share a text, the interval is that of as many objects as there are texts."""
    made, texts = sum(bool(row.made) for row in rows), len(set(_texts(rows)))
    told = wilson(made, len(rows), level=level)
    low, high, claim = told.low, told.high, ""
    if texts < told.n:
        # Whole numbers of texts around the share, the wider end of each: never narrower than the share allows.
        few = [wilson(round_(told.share * texts), texts, level=level) for round_ in (math.floor, math.ceil)]
        low, high = min(one.low for one in few), max(one.high for one in few)
        claim = f"{told.n} objects of {texts} texts"
    return Aggregate(
        evidence, column, figure, round(told.share, DIGITS), round(low, DIGITS), round(high, DIGITS),
        SHARE_OF_TEXTS if claim else SHARE, told.n, told.n - told.successes, 0, math.nan, claim,
    )


def _questions(evidence: str, column: str, rows: Sequence[ObjectRow], level: float) -> Aggregate:
    """All questions of all objects together, as the paper counts them as far as one can tell."""
    asked = [row for row in rows if row.vqa_asked]
    told = wilson(sum(row.vqa_passed for row in asked), sum(row.vqa_asked for row in asked), level=level)
    made = [row for row in asked if row.made]
    of_made, failed = sum(row.vqa_asked for row in made), sum(row.vqa_asked for row in asked if not row.made)
    texts, lost = len(set(_texts(asked))), sum(bool(row.made and row.vqa_column and not row.vqa_asked) for row in rows)
    one = Aggregate(
        evidence, f"{column}, all questions", "vqa_questions", round(told.share, DIGITS), round(told.low, DIGITS),
        round(told.high, DIGITS), QUESTIONS, told.n, failed, len(rows) - len(asked),
        round(sum(row.vqa_passed for row in made) / of_made, DIGITS) if of_made else math.nan,
        f"{len(asked)} objects of {texts} texts" if texts < len(asked) else "",
    )
    if not (failed and lost):
        return one
    said = f"{one.column}: those of failed objects would count, those of {lost} made ones without answers not: no mean"
    return replace(one, mean=math.nan, low=math.nan, high=math.nan, claim=said)
