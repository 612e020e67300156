"""Lesson effects: what each lesson of one library does to the scores of the gate queries (ours; the paper has none).

The queries are drawn with the library and with parts of it, under the same replicas, temperature and cameras. One
library is examined: a verdict speaks of its lessons, in their company, on these very queries, under one scorer. It says
nothing about the method or about what another practice would learn. What may be said of other queries like these is the
second interval, over queries: a lesson may well raise the scores of some queries and lower those of others.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.inference import start
from drawagent.library_parts import Design, Kept, part, without
from drawagent.queries import Query
from drawagent.reward import Reward, score_row
from easel.budget import Budget, Estimate, estimate
from easel.chat import Evidence
from easel.crew import Crew
from easel.errors import ConfigurationError
from easel.prices import Price
from easel.recording import Replies
from easel.statistics import NO_VARIATION, Interval, holm, paired_interval
from easel.wrapped import PlannedModel

if TYPE_CHECKING:
    import pandas

    from easel.runs import RunStore

Verdict = Literal["helps", "harms", "no effect found"]
LEAVE_ONE_OUT = Design()
LEVEL = 0.95
"""Of the intervals; a verdict needs p < 0.05 after Holm over the library's lessons (ours)."""


@dataclass(frozen=True)
class LessonEffect:
    """One lesson. effect : mean difference of the score that the lesson makes, > 0 where it raises it

    low, high : 95 % interval for these very queries, of this lesson alone: only the draws are left to chance (see
        `draws_interval`); p : two-sided; p_holm : after Holm over the library's lessons
    verdict : by p_holm. "no effect found" is no proof of none: the interval says how large one may still be
    general_low, general_high : 95 % t interval over queries (`easel.statistics.paired_interval`): for others like these
    queries, draws : how many
    order_error : of "shapley", standard error of the effect over pairs of orders, 0 where all were taken; it is not in
        the interval, which speaks of the orders taken. None for one pair, and for "leave-one-out"
    """

    id: str
    text: str
    effect: float
    low: float
    high: float
    p: float
    p_holm: float
    verdict: Verdict
    general_low: float
    general_high: float
    queries: int
    draws: int
    order_error: float | None = None


@dataclass(frozen=True)
class LessonEffects:
    """The lessons of one library, in its order.

    score : mean with the whole library; column : heading of the scorer's card; failures : of `drawings`, scored as the
    blank page like any failed drawing
    """

    library: Library
    design: Design
    effects: tuple[LessonEffect, ...]
    score: float
    column: str
    evidence: Evidence
    failures: int
    drawings: int

    def table(self) -> pandas.DataFrame:
        """One row a lesson, with method, score column and grade of evidence."""
        import pandas

        same = {"method": self.design.method, "column": self.column, "evidence": self.evidence}
        return pandas.DataFrame([{**vars(one), **same} for one in self.effects])

    @property
    def note(self) -> str:
        """What the table says and what it does not, in one line."""
        first = self.effects[0]
        return (
            f"{self.design.method}, {first.queries} gate queries x {first.draws} draws, {self.column}, evidence "
            f"{self.evidence}; {self.failures} of {self.drawings} drawings failed. Verdicts hold for these queries and "
            "this library: nothing is said about the method."
        )


def plan_lesson_effects(
    library: Library, queries: Sequence[Query], *, artist: Artist, design: Design = LEAVE_ONE_OUT,
    known: Replies | None = None, price: Price | None = None,
) -> Estimate:
    """What the examination will ask for, before it does: every request once, without those that `known` answers.

    Repairs and retries are not foreseen. Raises ConfigurationError as `lesson_effects` does.
    """
    _check(library, queries)
    asking = PlannedModel(artist.model)
    pretending = Artist(asking, artist.settings)
    for kept in design.parts(len(library)):
        for query in queries:
            for index in range(design.first, design.first + design.draws):
                pretending.draw(
                    query, part(library, kept), epoch=0, index=index, role="effects",
                    replica=artist.settings.first_replica + index, temperature=artist.settings.inference_temperature,
                )
    unknown = (one for key, one in asking.asked.items() if known is None or known.get(key) is None)
    return estimate(unknown, price=price)


def lesson_effects(
    library: Library,
    queries: Sequence[Query],
    *,
    artist: Artist,
    reward: Reward,
    design: Design = LEAVE_ONE_OUT,
    run: RunStore | None = None,
    epoch: int = 0,
    workers: int = 8,
    stop: threading.Event | None = None,
) -> LessonEffects:
    """Draw, score, and tell the effect of every lesson. See `plan_lesson_effects` for the cost, which comes first.

    queries : at least 2, and better 8 and more
    artist : its model should stand behind a record, so that nothing is paid for twice; parts that are equal are equal
        requests. reward : the scorer of which the effects are spoken; use `RememberedReward` over `effect_rollouts`
    run : where drawings (`effect_rollouts`) and figures (`effects`) are kept; a finished one is opened by
        `RunStore.amend`. epoch : of the library, in call sites and rows

    What a verdict finds in 90 % of cases, in standard deviations of one query's drawings (simulated, normal, effects
    alike for all queries, after Holm): 8 queries x 4 draws 1.1 for a library of five lessons and 1.2 for one of
    sixteen; 8 x 8 0.7 and 0.8; 24 x 4 0.6 and 0.6; 24 x 8 0.4 and 0.4. Two draws give the variances hardly any degrees
    of freedom (8 x 2: 3 and 4.8). The toy CLIP's deviation for a stand-in is about 0.04.
    Raises ConfigurationError for a library without lessons and for fewer than two queries.
    """
    _check(library, queries)
    settings, scores, failures = artist.settings, dict[Kept, np.ndarray](), 0
    parts = design.parts(len(library))
    with Crew(workers, stop=stop) as crew:
        begun = [
            (kept, [start(artist, crew, query, part(library, kept), epoch=epoch, draws=design.draws, role="effects",
                          first=design.first, replica=settings.first_replica) for query in queries])
            for kept in parts
        ]
        for kept, drawn in begun:
            rows = []
            for query, futures in zip(queries, drawn, strict=True):
                scored = reward(query.text, [future.result() for future in futures])
                failures += sum(one.candidate.sketch is None for one in scored)
                rows.append([one.reward for one in scored])
                for one in scored:
                    row = score_row(one, query.text, reward)
                    _keep_drawing(run, row, part(library, kept), epoch)
            scores[kept] = np.array(rows)
    found = LessonEffects(
        library, design, _effects(library, design, scores), round(float(scores[parts[0]].mean()), 6),
        reward.card.column, artist.model.evidence, failures, len(parts) * len(queries) * design.draws,
    )
    _keep(run, found, queries, reward, epoch)
    return found


def first_draw(settings: Any) -> int:
    """Index of the first draw that the gate did not decide by (see `Design.first`)."""
    return settings.gate_draws if settings.gate else 0


def covers(budget: Budget, planned: Estimate) -> bool:
    """Whether the limits leave room for all that is planned at its worst. A budget without a limit on calls, tokens or
    dollars covers nothing: nobody said how much may be spent."""
    spent = budget.spent
    limits = (
        (budget.calls, spent.calls + planned.calls), (budget.tokens, spent.tokens + planned.worst_tokens),
        (budget.dollars, spent.dollars + (planned.worst_dollars or 0.0)),
    )
    given = [(limit, needed) for limit, needed in limits if limit is not None]
    return bool(given) and all(needed <= limit for limit, needed in given)


def _effects(library: Library, design: Design, scores: dict[Kept, np.ndarray]) -> tuple[LessonEffect, ...]:
    """scores : part -> (Q, D) rewards"""
    whole = tuple(range(len(library)))
    made, order_errors = [], list[float | None]()
    for index in whole:
        if design.method == "leave-one-out":
            made.append(scores[whole] - scores[without(whole, index)])
            order_errors.append(None)
            continue
        added = np.array([_added(order, index, scores) for order in design.entries(len(library))])
        made.append(added.mean(axis=0))
        order_errors.append(_order_error(added.mean(axis=(1, 2)), len(library)))
    intervals = [draws_interval(one) for one in made]
    wide = [paired_interval(one.mean(axis=1), level=LEVEL) for one in made]
    adjusted = holm([one.p for one in intervals])
    return tuple(
        LessonEffect(
            lesson.id, lesson.text, round(one.mean, 6), round(one.low, 6), round(one.high, 6), _rounded(one.p),
            _rounded(p_holm), _verdict(one.mean, p_holm), round(other.low, 6), round(other.high, 6),
            one.prompts, difference.shape[1], order_error,
        )
        for lesson, one, other, p_holm, difference, order_error
        in zip(library.lessons, intervals, wide, adjusted, made, order_errors, strict=True)
    )


def draws_interval(differences: np.ndarray) -> Interval:
    """The mean paired difference over queries that are given, and not drawn from others: a stratified t interval.

    differences : (Q, D) float, D at least 2, draw by draw; only draws are left to chance
    Variance of the mean: sum over queries of s_q^2 / D, over Q^2; degrees of freedom by Welch and Satterthwaite (1946),
    since queries differ in how far their drawings lie apart. Without an effect it excludes zero no more often than its
    level says, and with two draws less often (2 to 3.5 % at 95 %; 4.3 to 4.9 % from four draws on; simulated with 8 and
    24 queries of equal and of very unequal variances, with and without 4 % failed drawings).
    """
    queries, draws = differences.shape
    mean = float(differences.mean())
    variances = differences.var(axis=1, ddof=1) / draws
    error = math.sqrt(float(variances.sum())) / queries
    if error <= 1e-9 * max(1e-12, float(np.abs(differences).max())):  # rounding, no variation
        p = 1.0 if mean == 0 else math.nan
        return Interval(mean, mean, mean, 0.0, math.nan, p, 1, queries, "" if mean == 0 else NO_VARIATION)
    from scipy import special

    df = float(variances.sum() ** 2 / (variances**2 / (draws - 1)).sum())
    half = float(special.stdtrit(df, 1 - (1 - LEVEL) / 2)) * error
    p = float(2 * special.stdtr(df, -abs(mean) / error))
    return Interval(mean, mean - half, mean + half, error, df, p, 1, queries)


def _added(order: tuple[int, ...], index: int, scores: dict[Kept, np.ndarray]) -> np.ndarray:
    """(Q, D) what lesson `index` adds to those before it."""
    before = order[: order.index(index)]
    return scores[tuple(sorted((*before, index)))] - scores[tuple(sorted(before))]


def _order_error(added: np.ndarray, lessons: int) -> float | None:
    if math.factorial(lessons) <= len(added):
        return 0.0
    pairs = added.reshape(-1, 2).mean(axis=1)
    return round(float(pairs.std(ddof=1)) / math.sqrt(len(pairs)), 6) if len(pairs) > 1 else None


def _verdict(effect: float, p_holm: float) -> Verdict:
    if not p_holm < 1 - LEVEL:  # nan, where nothing varies, is no finding
        return "no effect found"
    return "helps" if effect > 0 else "harms"


def _rounded(p: float) -> float:
    """Six significant digits: a p value is compared on a scale of its own."""
    return float(f"{p:.6g}")


def _check(library: Library, queries: Sequence[Query]) -> None:
    if not len(library):
        raise ConfigurationError("a library with lessons", came="an empty one", where="lesson effects")
    if len(queries) < 2:
        raise ConfigurationError(
            "at least two gate queries", came=str(len(queries)), where="lesson effects",
            mend="Give a list of them; eight and more find something.",
        )


def _keep_drawing(run: RunStore | None, row: dict[str, Any], drawn_with: Library, epoch: int) -> None:
    if run is not None:
        key = f"e{epoch}/{row['reward_key'][:12]}/{drawn_with.key[:12]}/{row['query']}/k{row['candidate']}"
        lessons = [lesson.id for lesson in drawn_with.lessons]
        run.append("effect_rollouts", key, {"role": "effects", "library": drawn_with.key, "lessons": lessons, **row})


def _keep(
    run: RunStore | None, found: LessonEffects, queries: Sequence[Query], reward: Reward, epoch: int
) -> None:
    if run is None:
        return
    # How orders are sampled is nothing to a method without them.
    design = found.design if found.design.method == "shapley" else replace(found.design, orders=2, seed=0)
    place = {
        "epoch": epoch, "library": found.library.key, **vars(design), "asked": [query.id for query in queries],
        "column": found.column, "scorer": reward.card.name,
        "reward_key": hashlib.sha256(reward.source.encode()).hexdigest(),
    }
    key = hashlib.sha256(json.dumps(place, sort_keys=True).encode()).hexdigest()[:12]
    for one in found.effects:
        figures = {name: None if value != value else value for name, value in vars(one).items()}  # no nan in JSON
        run.append("effects", f"{key}/{one.id}", {
            **place, "lesson": figures.pop("id"), **figures, "score": found.score,
            "failures": found.failures, "drawings": found.drawings,
        })
