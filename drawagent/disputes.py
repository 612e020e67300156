"""Disputes: do other scorers and the geometry facts agree that S+ beats S-? (ours; the paper trusts one CLIP)

A pair is disputed when another scorer finds S- better by more than its own noise over views, or the facts do. Nothing
is kept: drawings are rendered again, with the cameras of the reward, and no model is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from drawagent.contrasts import Contrast, contrasts
from drawagent.gallery import Gallery
from drawagent.reward import ViewReward
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.scoring import ImageTextScorer, view_scores
from easel.snapshots import Snapshot

if TYPE_CHECKING:
    import pandas

Verdict = Literal["agrees", "disputes", "inside noise"]

NOISE = 1.0
"""Standard errors over views that a gap must leave before it counts (ours: as `noise_skip` of the preset `ours`)."""
FACT_MARGIN = 0.02
"""Difference of penalties that counts (ours: 4 loose ends of 24 strokes; the tour's drawings lie from 0 to 0.18)."""


@dataclass(frozen=True)
class Opinion:
    """What one scorer says of a pair.

    column, scorer : of its card; plus, minus : (V,) raw cosine per view; rewarding : it chose the pair
    """

    column: str
    scorer: str
    plus: tuple[float, ...]
    minus: tuple[float, ...]
    rewarding: bool = False

    @property
    def gap(self) -> float:
        """Mean over views of S+ minus S-, rounded to 1e-6."""
        return round(math.fsum(self.differences) / len(self.differences), 6)

    @property
    def differences(self) -> tuple[float, ...]:
        return tuple(a - b for a, b in zip(self.plus, self.minus, strict=True))

    @property
    def noise(self) -> float:
        """Standard error of the differences view by view (as `Pair.noise`); 0 for one view."""
        n = len(self.differences)
        if n < 2:
            return 0.0
        mean = math.fsum(self.differences) / n
        return round((math.fsum((d - mean) ** 2 for d in self.differences) / (n - 1) / n) ** 0.5, 6)

    @property
    def verdict(self) -> Verdict:
        """Whether S+ is the better one: a gap of either sign counts beyond NOISE standard errors."""
        if self.gap == 0.0 or abs(self.gap) < NOISE * self.noise:
            return "inside noise"
        return "agrees" if self.gap > 0 else "disputes"

    def words(self) -> str:
        said = {"agrees": "S+ is better", "disputes": "S- is better", "inside noise": "no difference beyond its noise"}
        return f"{self.column}: {said[self.verdict]} (gap {self.gap:+.4f}, noise over views {self.noise:.4f})"


@dataclass(frozen=True)
class Dispute:
    """All that is said of one pair. opinions : the rewarding scorer first; penalties : facts of S+ and of S-, 0 to 1"""

    pair: str
    query: str
    epoch: int
    opinions: tuple[Opinion, ...]
    penalties: tuple[float, float]

    @property
    def fact_gap(self) -> float:
        """Penalty of S- minus that of S+: positive where the facts prefer S+."""
        return round(self.penalties[1] - self.penalties[0], 6)

    @property
    def facts_verdict(self) -> Verdict:
        if abs(self.fact_gap) < FACT_MARGIN:
            return "inside noise"
        return "agrees" if self.fact_gap > 0 else "disputes"

    @property
    def by(self) -> tuple[str, ...]:
        """Who finds S- better: columns of scorers, "geometry facts"."""
        facts = ("geometry facts",) if self.facts_verdict == "disputes" else ()
        return tuple(one.column for one in self.opinions if one.verdict == "disputes") + facts

    @property
    def disputed(self) -> bool:
        return bool(self.by)

    def words(self) -> str:
        """The mark of this pair: a symbol, so that it reads without colour, and the reason."""
        if self.disputed:
            return f"\N{BLACK UP-POINTING TRIANGLE} DISPUTED by {', '.join(self.by)}"
        others = [one for one in self.opinions if not one.rewarding]
        asked = f"{len(others)} other scorer(s)" if others else "no other scorer asked"
        return f"\N{WHITE CIRCLE} not disputed ({asked}, geometry facts)"


def weigh(
    pairs: Sequence[Contrast], run: RunStore | Path | str, scorers: Sequence[ImageTextScorer] = ()
) -> tuple[Dispute, ...]:
    """One Dispute per pair, in order. The rewarding scorer's views are those of the record.

    scorers : others than the one that rewarded
    Raises ConfigurationError for a scorer that rewarded, for two of one column, and for words a scorer does not know.
    """
    kept = Snapshot.of(run)
    _check(scorers, kept)
    for scorer in scorers:
        for text in dict.fromkeys(pair.text for pair in pairs):
            scorer.check_text(text)
    views = _views(pairs, kept, scorers)
    card = kept.info["cards"]["reward"]
    found = []
    for number, pair in enumerate(pairs):
        recorded = Opinion(
            card["column"], card["name"], tuple(pair.plus_row["view_scores"]), tuple(pair.minus_row["view_scores"]),
            rewarding=True,
        )
        others = tuple(
            Opinion(scorer.card.column, scorer.card.name, *views[index][number])
            for index, scorer in enumerate(scorers)
        )
        penalties = (pair.facts[0].penalty, pair.facts[1].penalty)
        found.append(Dispute(pair.id, pair.query, pair.epoch, (recorded, *others), penalties))
    return tuple(found)


def disputes(run: RunStore | Path | str, scorers: Sequence[ImageTextScorer] = ()) -> tuple[Dispute, ...]:
    """Of every pair of a run, skipped ones among them; see `weigh`."""
    kept = Snapshot.of(run)
    return weigh(contrasts(kept), kept, scorers)


def dispute_table(found: Sequence[Dispute]) -> pandas.DataFrame:
    """One row per pair and voice (every scorer, and the facts): gap, noise, verdict, and whether the pair is disputed.

    gap : raw cosine, of "geometry facts" the difference of penalties; positive where S+ is the better one
    """
    import pandas

    rows = []
    for one in found:
        head: dict[str, Any] = {"pair": one.pair, "query": one.query, "epoch": one.epoch}
        for said in one.opinions:
            rows.append({**head, "voice": said.column, "rewarding": said.rewarding, "gap": said.gap,
                         "noise": said.noise, "verdict": said.verdict, "disputed": one.disputed})
        rows.append({**head, "voice": "geometry facts", "rewarding": False, "gap": one.fact_gap, "noise": FACT_MARGIN,
                     "verdict": one.facts_verdict, "disputed": one.disputed})
    names = ["pair", "query", "epoch", "voice", "rewarding", "gap", "noise", "verdict", "disputed"]
    return pandas.DataFrame(rows, columns=names)


def agreement(found: Sequence[Dispute]) -> pandas.DataFrame:
    """How often each voice finds S+ better: one row per voice.

    n : pairs; agree : pairs whose gap is above 0, whatever the noise; share, low, high : of them, Wilson, 95 %
    clear_agree, clear_dispute, inside_noise : pairs by verdict
    Pairs of one practice share a model and its libraries: the interval is about these pairs, not about the method.
    """
    import pandas

    from easel.statistics import wilson

    rows = []
    table = dispute_table(found)
    for voice in dict.fromkeys(table["voice"]):
        own = table[table["voice"] == voice]
        agree = int((own["gap"] > 0).sum())
        share = wilson(agree, len(own))
        counts = own["verdict"].value_counts()
        rows.append({
            "voice": voice, "n": len(own), "agree": agree, "share": round(share.share, 6), "low": round(share.low, 6),
            "high": round(share.high, 6), "clear_agree": int(counts.get("agrees", 0)),
            "clear_dispute": int(counts.get("disputes", 0)), "inside_noise": int(counts.get("inside noise", 0)),
        })
    names = ["voice", "n", "agree", "share", "low", "high", "clear_agree", "clear_dispute", "inside_noise"]
    return pandas.DataFrame(rows, columns=names)


def _check(scorers: Sequence[ImageTextScorer], run: RunStore) -> None:
    card = run.info["cards"]["reward"]
    columns = [card["column"], *(scorer.card.column for scorer in scorers)]
    twice = next((column for column in columns if columns.count(column) > 1), None)
    if twice is not None:
        raise ConfigurationError(
            "other scorers than the one that rewarded, each with a column of its own", came=f"{twice} twice",
            where=run.folder.name, mend="embedded:report is another one than embedded:reward.",
        )


def _views(
    pairs: Sequence[Contrast], run: RunStore, scorers: Sequence[ImageTextScorer]
) -> list[list[tuple[tuple[float, ...], tuple[float, ...]]]]:
    """[scorer][pair] -> views of S+ and of S-; all scorers look at one set of pictures."""
    found: list[list[tuple[tuple[float, ...], tuple[float, ...]]]] = [[] for _ in scorers]
    if not scorers:
        return found
    settings = Gallery(run).settings
    for pair in pairs:
        pictures = ViewReward.of(settings, scorers[0]).pictures((pair.plus, pair.minus))
        for index, scorer in enumerate(scorers):
            plus, minus = view_scores(scorer, pictures, pair.text)
            found[index].append((tuple(map(float, plus)), tuple(map(float, minus))))
    return found
