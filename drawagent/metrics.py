"""Metrics of a set of drawings: similarity, retrieval among the prompts, worst view, validity, diversity, anchors.

Every number is computed from embeddings of one scorer, whose card travels with it. A failed drawing counts as the
blank page; success-only figures stand beside (paper: CLIP-ST and AES; the rest ours).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from drawagent.queries import Query
from drawagent.reward import BLANK, ViewReward
from drawagent.sketch import Sketch
from easel.scoring import ImageTextScorer, ScorerCard


@dataclass(frozen=True)
class DrawingMetrics:
    """Of one drawing. Cosines are raw.

    similarity : mean over views; worst_view : least; rank : of its own prompt among the report prompts of the same
    length (`Query.length`) by the mean embedding, 1 is best; valid : the reply was a drawing
    aesthetic : mean AES over views, None when not asked for
    """

    query: str
    similarity: float
    worst_view: float
    rank: int
    valid: bool
    strokes: int
    aesthetic: float | None = None


@dataclass(frozen=True)
class SetMetrics:
    """Of the drawings of all report queries with one library.

    similarity : mean raw cosine, failures as the blank page; similarity_valid : over valid ones only, nan without any
    r_at_1, r_at_5 : share whose own prompt is among the first 1 or 5 of the report prompts of the same length: a
    list that has every category at two lengths would else measure how much wording a scorer likes
    validity : share of readable replies
    diversity : 1 - mean cosine between the mean embeddings of drawings of different queries
    aesthetic : mean AES (LAION's improved predictor), None when not asked for
    key : hash of what was measured by what: queries, sketches, scorer, pictures, predictor
    """

    n: int
    similarity: float
    similarity_valid: float
    worst_view: float
    r_at_1: float
    r_at_5: float
    validity: float
    diversity: float
    card: ScorerCard
    drawings: tuple[DrawingMetrics, ...]
    aesthetic: float | None = None
    key: str = ""

    def row(self) -> dict[str, Any]:
        """The figures alone, rounded to 1e-6; None for what does not exist (no valid drawing, no AES)."""
        names = ("similarity", "similarity_valid", "worst_view", "r_at_1", "r_at_5", "validity", "diversity")
        figures = {name: getattr(self, name) for name in names}
        aesthetic = None if self.aesthetic is None else round(self.aesthetic, 4)
        rounded = {name: None if math.isnan(value) else round(value, 6) for name, value in figures.items()}
        return {"n": self.n, **rounded, "aesthetic": aesthetic}


class Aesthetic(Protocol):
    """Rates pictures (M, H, W) in [0, 1]; `easel.scoring.AestheticScorer` is one."""

    card: ScorerCard

    def scores(self, images: Any) -> np.ndarray: ...


@dataclass
class RememberedMetrics:
    """Takes figures from a record instead of computing them, as `RememberedReward` does with rewards.

    rows : measured sets, each the row of metrics.jsonl with its `drawings`, the rows of measured.jsonl
    With `recompute`, known figures are computed again and the largest difference of a drawing's similarity or
    worst view is kept in `difference`; what is told still follows the record.
    """

    rows: Iterable[Mapping[str, Any]] = ()
    recompute: bool = False
    difference: float = 0.0
    recomputed: int = 0
    _known: dict[str, Mapping[str, Any]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # A set of which a kill left a part is no set.
        self._known = {row["measured_key"]: row for row in self.rows if len(row["drawings"]) == row["n"]}

    def find(self, key: str, card: ScorerCard) -> SetMetrics | None:
        """The figures that stand under the key, None for none."""
        if key not in self._known:
            return None
        row = self._known[key]
        drawings = tuple(
            DrawingMetrics(**{name: one[name] for name in DrawingMetrics.__dataclass_fields__})
            for one in row["drawings"]
        )
        return SetMetrics(
            n=row["n"], similarity=row["similarity"], worst_view=row["worst_view"], r_at_1=row["r_at_1"],
            r_at_5=row["r_at_5"], validity=row["validity"], diversity=row["diversity"], card=card, drawings=drawings,
            similarity_valid=float("nan") if row["similarity_valid"] is None else row["similarity_valid"],
            aesthetic=row["aesthetic"], key=key,
        )

    def compare(self, known: SetMetrics, again: SetMetrics) -> None:
        """Count the drawings of a set that was computed again and keep the largest difference."""
        for one, other in zip(known.drawings, again.drawings, strict=True):
            self.recomputed += 1
            apart = max(abs(one.similarity - other.similarity), abs(one.worst_view - other.worst_view))
            self.difference = max(self.difference, apart)


def measure(
    queries: Sequence[Query], sketches: Sequence[Sketch | None], reward: ViewReward, *,
    aesthetic: Aesthetic | None = None, remembered: RememberedMetrics | None = None,
) -> SetMetrics:
    """Metrics of one drawing per query, in order; None is a failed drawing.

    aesthetic : rates the same pictures; remembered : figures of a record, told in place of computed ones
    """
    key = measured_key(queries, sketches, reward, aesthetic)
    known = remembered.find(key, reward.scorer.card) if remembered else None
    if known is None:
        return _computed(queries, sketches, reward, aesthetic, key)
    if remembered and remembered.recompute:
        remembered.compare(known, _computed(queries, sketches, reward, aesthetic, key))
    return known


def measured_key(
    queries: Sequence[Query], sketches: Sequence[Sketch | None], reward: ViewReward, aesthetic: Aesthetic | None
) -> str:
    """Hex SHA-256 of what is measured by what."""
    drawn = [
        [query.id, query.text, query.length, None if sketch is None else sketch.key]
        for query, sketch in zip(queries, sketches, strict=True)
    ]
    rated = aesthetic.card.source if aesthetic else None
    return hashlib.sha256(json.dumps([reward.source, rated, drawn]).encode()).hexdigest()


def _computed(
    queries: Sequence[Query], sketches: Sequence[Sketch | None], reward: ViewReward, aesthetic: Aesthetic | None,
    key: str,
) -> SetMetrics:
    pictures = reward.pictures([sketch or BLANK for sketch in sketches])
    seen = look(
        pictures, reward.scorer, valid=[sketch is not None for sketch in sketches],
        strokes=[len(sketch) if sketch else 0 for sketch in sketches], aesthetic=aesthetic,
    )
    return figures(queries, seen, reward.scorer, key=key)


@dataclass(frozen=True)
class Seen:
    """One drawing as a scorer sees it, whoever drew it.

    embedded : (V, D) float32, rows of length 1; V may differ between drawings
    valid : False for a failed drawing, whose views are blank; strokes : 0 where a drawing has none to count
    rating : mean AES over views, None when not asked for
    """

    embedded: np.ndarray
    valid: bool
    strokes: int
    rating: float | None = None


def look(
    pictures: Any, scorer: ImageTextScorer, *, valid: Sequence[bool], strokes: Sequence[int],
    aesthetic: Aesthetic | None = None,
) -> list[Seen]:
    """Embed the pictures of B drawings at once.

    pictures : (B, V, H, W) grey or (B, V, 3, H, W) colour in [0, 1], numpy or torch; valid, strokes : B, see `Seen`
    """
    count, views = pictures.shape[:2]
    flat = pictures.reshape(count * views, *pictures.shape[2:])
    images = scorer.embed_images(flat).reshape(count, views, -1)
    ratings = aesthetic.scores(flat).reshape(count, views).mean(axis=1) if aesthetic else [None] * count
    return [
        Seen(image, good, number, None if rating is None else float(rating))
        for image, good, number, rating in zip(images, valid, strokes, ratings, strict=True)
    ]


def figures(queries: Sequence[Query], seen: Sequence[Seen], scorer: ImageTextScorer, *, key: str = "") -> SetMetrics:
    """Metrics of one drawing per query, in order, by the scorer that saw them. key : what stands in `SetMetrics.key`"""
    texts = scorer.embed_texts([query.text for query in queries])
    cosines = [np.einsum("vd,d->v", one.embedded, text) for one, text in zip(seen, texts, strict=True)]
    means = np.stack([one.embedded.mean(axis=0) for one in seen])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    table = np.round(means @ texts.T, 6)
    own = np.take_along_axis(table, np.arange(len(seen))[:, None], axis=1)
    lengths = np.array([query.length for query in queries])
    ranks = 1 + ((table > own) & (lengths[:, None] == lengths)).sum(axis=1)
    drawings = tuple(
        DrawingMetrics(
            query.id, round(float(row.mean()), 6), round(float(row.min()), 6), int(rank), one.valid, one.strokes,
            None if one.rating is None else round(one.rating, 4),
        )
        for query, one, row, rank in zip(queries, seen, cosines, ranks, strict=True)
    )
    valid = [d for d in drawings if d.valid]
    apart = means[[d.valid for d in drawings]]
    between = apart @ apart.T
    off = between[~np.eye(len(apart), dtype=bool)]
    ratings = [d.aesthetic for d in drawings if d.aesthetic is not None]
    return SetMetrics(
        n=len(drawings),
        similarity=_mean([d.similarity for d in drawings]),
        similarity_valid=_mean([d.similarity for d in valid]),
        worst_view=_mean([d.worst_view for d in drawings]),
        r_at_1=_mean([d.valid and d.rank <= 1 for d in drawings]),
        r_at_5=_mean([d.valid and d.rank <= 5 for d in drawings]),
        validity=_mean([d.valid for d in drawings]),
        diversity=float(1.0 - off.mean()) if off.size else 0.0,
        card=scorer.card,
        drawings=drawings,
        aesthetic=_mean(ratings) if ratings else None,
        key=key,
    )


def anchors(
    queries: Sequence[Query], sketches: Sequence[Sketch | None], reward: ViewReward, *, seed: int = 0,
    aesthetic: Aesthetic | None = None, remembered: RememberedMetrics | None = None,
) -> dict[str, SetMetrics]:
    """What the figures mean: the blank page, random strokes, and the drawings under another query's text.

    The wrong text of query i is that of query i + n // 2, so no drawing keeps its own.
    """

    def measured(asked: Sequence[Query], shown: Sequence[Sketch | None]) -> SetMetrics:
        return measure(asked, shown, reward, aesthetic=aesthetic, remembered=remembered)

    rows = {
        "blank canvas": measured(queries, [BLANK] * len(queries)),
        "random strokes": measured(queries, scribbles([len(s) if s else 16 for s in sketches], seed=seed)),
    }
    if len(queries) > 1:
        rows["wrong text"] = measured(other_texts(queries), sketches)
    return rows


def scribbles(strokes: Sequence[int], *, seed: int = 0) -> list[Sketch]:
    """One sketch of so many random strokes for each number, at least one."""
    rng = np.random.default_rng(seed)
    return [Sketch.from_array(rng.uniform(-1, 1, (max(1, number), 4, 3))) for number in strokes]


def other_texts(queries: Sequence[Query]) -> list[Query]:
    """The queries in another order, in which none keeps its place: query i + n // 2."""
    shift = max(1, len(queries) // 2)
    return [queries[(i + shift) % len(queries)] for i in range(len(queries))]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
