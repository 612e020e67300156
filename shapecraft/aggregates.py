"""Aggregates: means over evaluated objects with intervals, one block a grade of evidence (paper: means alone).

Ours: percentile bootstrap over objects, which are the unit of replication; Wilson for shares of objects and, beside
the bootstrap, for all questions together. A stand-in's block says that it is no result.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from easel.statistics import wilson
from shapecraft.evaluation_rows import SHAPE, ObjectRow, check_cards, pandas_or_words
from shapecraft.metrics import COLUMNS, DRAWS, LEVEL, bootstrap_interval
from shapecraft.solid_overlap import DIGITS

if TYPE_CHECKING:
    import pandas

FEW = 8
"""Objects below which a bootstrap interval is said to be too narrow (ours). Coverage of 95 % intervals, normal values,
4,000 samples each: 84 % of 5 objects, 87 % of 7, 90 % of 8 and of 10, 93 % of 20."""
OBJECTS, QUESTIONS = "bootstrap over objects", "Wilson, all questions taken for independent"
SHARE = "Wilson over objects"
COST_HEADINGS = {
    "first_pass": "compile rate, first pass", "repaired": "compile rate, after repair", "calls": "calls an object",
    "components": "components an object", "calls_per_component": "calls a component", "tokens": "tokens an object",
    "dollars": "dollars an object", "minutes": "minutes an object", "minutes_added": "minutes an object, added up",
}


@dataclass(frozen=True)
class Aggregate:
    """One figure over the objects of one grade of evidence.

    column : heading, with the scorer's or judge's name in it; figure : name of the field of `ObjectRow`
    mean, low, high : with its interval, nan where there is none; interval : which kind
    n : in the mean, failed objects among them; failed : so many of these; unmeasured : left out, without a figure
    mean_made : of the objects that were made; claim : "" or what has to be said about the interval
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
        found.append(_share(evidence, "objects made", "made", [bool(row.made) for row in block], level))
        for name in SHAPE:
            found += _mean(block, COLUMNS[name], name, seed, level, draws)
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
    return tuple(found)


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
    told = bootstrap_interval(values, column=column, seed=seed, level=level, draws=draws)
    made = [value for value, row in zip(values, rows, strict=True) if row.made and not math.isnan(value)]
    failed = sum(not row.made and not math.isnan(value) for value, row in zip(values, rows, strict=True))
    claim = told.claim
    if not claim and 1 < told.n < FEW:
        claim = f"{told.n} objects, fewer than {FEW}: the interval is too narrow"
    return [Aggregate(
        rows[0].evidence, column, figure, told.mean, told.low, told.high, OBJECTS, told.n, failed, told.unmeasured,
        round(float(np.mean(made)), DIGITS) if made else math.nan, claim,
    )]


def _share(evidence: str, column: str, figure: str, values: Sequence[bool], level: float) -> Aggregate:
    told = wilson(sum(values), len(values), level=level)
    return Aggregate(
        evidence, column, figure, round(told.share, DIGITS), round(told.low, DIGITS), round(told.high, DIGITS), SHARE,
        told.n, told.n - told.successes, 0, math.nan,
    )


def _questions(evidence: str, column: str, rows: Sequence[ObjectRow], level: float) -> Aggregate:
    """All questions of all objects together, as the paper counts them as far as one can tell."""
    asked = [row for row in rows if row.vqa_asked]
    told = wilson(sum(row.vqa_passed for row in asked), sum(row.vqa_asked for row in asked), level=level)
    made = [row for row in asked if row.made]
    of_made = sum(row.vqa_asked for row in made)
    return Aggregate(
        evidence, f"{column}, all questions", "vqa_questions", round(told.share, DIGITS), round(told.low, DIGITS),
        round(told.high, DIGITS), QUESTIONS, told.n,
        sum(row.vqa_asked for row in asked if not row.made), len(rows) - len(asked),
        round(sum(row.vqa_passed for row in made) / of_made, DIGITS) if of_made else math.nan,
    )
