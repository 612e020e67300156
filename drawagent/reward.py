"""Reward: mean CLIP cosine over V views of a normalised sketch (3DrawAgent, eq. for r; views, raster: paper silent)."""

from __future__ import annotations

import hashlib
import inspect
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from drawagent.rollout import Candidate, Scored
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.cameras import Camera, ring
from easel.plugins import load
from easel.scoring import ImageTextScorer, ScorerCard, view_scores
from easel.torch_threads import torch_threads

BLANK = Sketch(())
"""What a failed drawing is scored as: the empty page."""


class Reward(Protocol):
    """Scores candidates of one text; thread-safe. `card` and `source` travel with the numbers."""

    @property
    def card(self) -> ScorerCard: ...

    @property
    def source(self) -> str: ...

    def __call__(self, text: str, candidates: Sequence[Candidate]) -> tuple[Scored, ...]: ...


@dataclass(frozen=True)
class ViewReward:
    """Renders each sketch from every camera and asks the scorer.

    scorer : an ImageTextScorer; cameras : V of them; renderer : named callable (see `drawagent.raster`)
    size, width : pixels; penalty : sketch -> non-negative number taken off the mean (0 by default)
    penalised : what the penalty is, in words; part of the identity
    device : where the renderer draws, as torch names it; None does not say. No part of the identity
    """

    scorer: ImageTextScorer
    cameras: tuple[Camera, ...]
    renderer: Callable[..., Any]
    size: int = 224
    width: float = 2.0
    penalty: Callable[[Sketch], float] | None = None
    penalised: str = ""
    device: str | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def of(
        cls, settings: DrawSettings, scorer: ImageTextScorer, *, views: int | None = None, device: str = "cpu"
    ) -> ViewReward:
        """As the settings say; `views` overrides their number (reports use `settings.report_views`).

        device : given to a renderer that takes one
        """
        cameras = ring(views or settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
        penalty = None
        if settings.fact_weight:
            from drawagent.geometry import facts

            def penalty(sketch: Sketch) -> float:
                return settings.fact_weight * facts(sketch).penalty

        renderer = load(settings.renderer)
        takes = device != "cpu" and "device" in inspect.signature(renderer).parameters
        return cls(
            scorer, cameras, renderer, settings.picture_size, settings.stroke_width, penalty,
            f"facts x {settings.fact_weight:g}" if settings.fact_weight else "", device if takes else None,
        )

    @property
    def card(self) -> ScorerCard:
        return self.scorer.card

    @property
    def source(self) -> str:
        """Canonical text of everything that decides a number: card, cameras, raster settings."""
        cameras = ";".join(camera.source for camera in self.cameras)
        name = f"{getattr(self.renderer, '__module__', '')}:{getattr(self.renderer, '__qualname__', '')}"
        penalised = f"|{self.penalised}" if self.penalised else ""
        return f"{self.card.source}|{name}|{self.size}|{self.width}|{cameras}{penalised}"

    @property
    def key(self) -> str:
        return _key_of(self)

    def pictures(self, sketches: Iterable[Sketch]) -> Any:
        """(B, V, size, size) float32, paper 1.0, ink 0.0."""
        shown = [sketch.normalised() for sketch in sketches]
        where = {"device": self.device} if self.device else {}
        with torch_threads(1):
            return self.renderer(shown, self.cameras, size=self.size, width=self.width, **where)

    def __call__(self, text: str, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        """One Scored per candidate, in order; failed ones are scored as the blank page."""
        if not candidates:
            return ()
        sketches = [candidate.sketch or BLANK for candidate in candidates]
        with self._lock:
            scores = view_scores(self.scorer, self.pictures(sketches), text)
        return tuple(
            Scored(
                candidate, tuple(float(x) for x in row),
                round(self.penalty(candidate.sketch), 6) if self.penalty and candidate.sketch else 0.0,
            )
            for candidate, row in zip(candidates, scores, strict=True)
        )


@dataclass
class RememberedReward:
    """Takes numbers from a record instead of computing them: on resume, and on replay.

    rows : rollout rows of the record (see `Scored.row`); a drawing that is not in them goes to `reward`.
    With `recompute`, known numbers are computed again too and the largest difference is kept in
    `difference`; decisions still follow the record.
    """

    reward: Reward
    rows: Iterable[dict[str, Any]]
    recompute: bool = False
    difference: float = 0.0
    recomputed: int = 0

    def __post_init__(self) -> None:
        self._known = {
            (row["text_scored"], row["sketch_key"], bool(row["failure"])): row
            for row in self.rows if row.get("reward_key") == _key_of(self.reward)
        }

    @property
    def card(self) -> ScorerCard:
        return self.reward.card

    @property
    def source(self) -> str:
        return self.reward.source

    def __call__(self, text: str, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        known = {c.index: self._known.get(_place(text, c)) for c in candidates}
        # All or none: the seventh digit depends on how many pictures a scorer is given at once, and with it the sixth.
        # A group of which a kill left a part is scored in the company in which an unkilled run scores it.
        anew = self.recompute or any(row is None for row in known.values())
        computed = {s.candidate.index: s for s in self.reward(text, candidates)} if anew else {}
        scored = []
        for candidate in candidates:
            row = known[candidate.index]
            if row is None:
                scored.append(computed[candidate.index])
                continue
            remembered = Scored(candidate, tuple(row["view_scores"]), row["penalty"])
            if self.recompute:
                again = computed[candidate.index].view_scores
                self.recomputed += 1
                self.difference = max(
                    self.difference, *(abs(a - b) for a, b in zip(again, remembered.view_scores, strict=True))
                )
            scored.append(remembered)
        return tuple(scored)


def _key_of(reward: Reward) -> str:
    return hashlib.sha256(reward.source.encode()).hexdigest()


def _place(text: str, candidate: Candidate) -> tuple[str, str, bool]:
    return text, candidate.sketch.key if candidate.sketch else "", bool(candidate.failure)


def score_row(scored: Scored, text: str, reward: Reward) -> dict[str, Any]:
    """The record of a scored candidate, with the text and the hash of what scored it."""
    return {**scored.row(), "text_scored": text, "reward_key": _key_of(reward)}
