"""Rollouts: what the artist drew for a query, how it scored, and the pairs contrasted (3DrawAgent, section 3.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from drawagent.sketch import Sketch, SketchError


@dataclass(frozen=True)
class Candidate:
    """One drawing of a query, or the failure to draw it.

    query : id of the query; epoch : int (the library's version in force); index : k of K
    sketch : None on failure; failure, reason : "" unless it failed
    forgiven : what the lenient reader forgave; repaired : a second reply was needed
    reply_keys : keys of the requests behind it, in order
    """

    query: str
    epoch: int
    index: int
    sketch: Sketch | None
    text: str
    failure: str = ""
    reason: str = ""
    forgiven: tuple[str, ...] = ()
    repaired: bool = False
    reply_keys: tuple[str, ...] = ()
    thinking: str = ""

    @property
    def id(self) -> str:
        return f"{self.query}/e{self.epoch}/k{self.index}"

    @property
    def drawn(self) -> Sketch:
        """The sketch of a candidate that did not fail. Raises SketchError for one that did."""
        if self.sketch is None:
            raise SketchError("a candidate with a drawing", came=f"{self.failure}: {self.reason}", where=self.id)
        return self.sketch


@dataclass(frozen=True)
class Scored:
    """A candidate with its reward.

    view_scores : (V,) raw cosine per view, rounded to 1e-6; a failed drawing has the blank page's
    penalty : what the geometry facts take off (0 unless `fact_weight` is set)
    reward : mean of view_scores minus penalty, rounded to 1e-6; exactly summed (`math.fsum`), because Python's own sum
        of floats changed in 3.12
    """

    candidate: Candidate
    view_scores: tuple[float, ...]
    penalty: float = 0.0

    @property
    def reward(self) -> float:
        return round(math.fsum(self.view_scores) / len(self.view_scores) - self.penalty, 6)

    @property
    def worst_view(self) -> float:
        return min(self.view_scores)

    @property
    def spread(self) -> float:
        """Sample standard deviation of the reward over views (0 for one view)."""
        n = len(self.view_scores)
        if n < 2:
            return 0.0
        mean = math.fsum(self.view_scores) / n
        return (math.fsum((score - mean) ** 2 for score in self.view_scores) / (n - 1)) ** 0.5

    def row(self) -> dict[str, Any]:
        """The record of this rollout; everything needed to open it again."""
        c = self.candidate
        return {
            "query": c.query, "epoch": c.epoch, "candidate": c.index,
            "failure": c.failure, "reason": c.reason, "forgiven": list(c.forgiven), "repaired": c.repaired,
            "reply_keys": list(c.reply_keys), "text": c.text,
            "strokes": len(c.sketch) if c.sketch else 0,
            "sketch_key": c.sketch.key if c.sketch else "",
            "reward": self.reward, "penalty": self.penalty, "view_scores": list(self.view_scores),
        }


@dataclass(frozen=True)
class Pair:
    """S+ and S- of one query.

    gap : reward difference, > 0 (any sign under random pairing)
    noise : standard error of the per-view differences (same cameras), 0 for one view
    """

    query: str
    epoch: int
    better: Scored
    worse: Scored
    rank: int = 0

    @property
    def id(self) -> str:
        return f"{self.query}/e{self.epoch}/p{self.rank}"

    @property
    def gap(self) -> float:
        return round(self.better.reward - self.worse.reward, 6)

    @property
    def noise(self) -> float:
        differences = [
            a - b for a, b in zip(self.better.view_scores, self.worse.view_scores, strict=True)
        ]
        n = len(differences)
        if n < 2:
            return 0.0
        mean = math.fsum(differences) / n
        return round((math.fsum((d - mean) ** 2 for d in differences) / (n - 1) / n) ** 0.5, 6)
