"""Settings of the method and its two presets: `paper` (what the paper says) and `ours` (our additions on)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_CANDIDATES = 64
"""Largest K; also how far apart the replicas of two epochs lie, so that K = 2 is nested in K = 5 in K = 10."""
MOST_EPOCHS = 20
PRACTICE_REPLICAS = 4096
"""How far apart the replicas of two practices lie: more than MOST_EPOCHS epochs of MOST_CANDIDATES need."""


class DrawSettings(BaseModel):
    """Everything that decides what a run does, with the source of every default.

    The defaults are the preset `paper`; `DrawSettings.ours()` switches our additions on. Policies are
    "package.module:Name" and may be replaced by a user's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Literal["paper", "ours"] = "paper"

    candidates: int = Field(5, ge=1, le=MOST_CANDIDATES, description="K. Paper: 5.")
    epochs: int = Field(2, ge=0, le=MOST_EPOCHS, description="Paper: peak after 2.")
    temperature: float | None = Field(0.7, description="Of the candidates. Paper: 0.7. None: the provider's own.")
    inference_temperature: float | None = Field(0.3, description="Of inference. Paper: 0.3.")
    max_tokens: int | None = Field(8192, ge=64, description="Per reply. Paper silent; ours.")
    reasoning_effort: str | None = Field(None, description="For reasoning models. Paper silent: provider's own.")
    seed: int | None = Field(0, description="Base seed; candidate k asks with seed + k. Paper silent; ours.")
    practice: int = Field(
        0, ge=0, lt=1000, description="Which of several practices of one configuration, whose libraries are learned "
        "apart: shifts seeds and replicas of candidates and gate draws, and of no report draw, so that practices "
        "stay paired. Paper silent; ours.",
    )
    drop_refused_settings: bool = Field(
        False, description="Drop a setting that the model does not take, and record it as not applied."
    )

    strokes_asked: tuple[int, int] = Field((8, 48), description="In the prompt. Paper silent; ours.")
    views: int = Field(8, ge=1, description="V. Paper silent; ours.")
    report_views: int = Field(12, ge=1, description="Paper silent; 12 as a peer reports.")
    elevation_deg: float = Field(25.0, ge=-89, le=89, description="Degrees. Paper silent; ours.")
    fov_deg: float = Field(30.0, gt=0, lt=120, description="Degrees, perspective. Paper silent; ours.")
    picture_size: int = Field(224, ge=16, description="Pixels. CLIP's input size.")
    stroke_width: float = Field(2.0, gt=0, description="Pixels at picture_size. Paper silent; ours.")
    renderer: str = Field("drawagent.raster:render", description="Named callable.")

    pairing: str = Field("drawagent.pairing:best_worst", description="Paper: best against worst.")
    noise_skip: float = Field(
        0.0, ge=0, description="Skip a pair whose gap is below this many standard errors over views. Paper: none (0)."
    )
    judge: str = Field("drawagent.judge:Judge", description="Named callable.")
    judge_facts: bool = Field(False, description="Measured geometry facts in the judge's input. Ours.")
    judge_pictures: Literal["auto", "never"] = Field("auto", description="Contact sheets when the model sees.")
    shuffle_order: bool = Field(False, description="A/B order of the pair randomised by seed. Ours.")

    update: str = Field("drawagent.curator:Curator", description="Named callable; turns judgements into edits.")
    update_order: Literal["epoch", "query"] = Field(
        "epoch", description="epoch: judges side by side, edits applied in query order; query: one after another."
    )
    max_lessons: int | None = Field(None, ge=1, description="Paper: no cap.")
    max_lesson_words: int | None = Field(None, ge=4, description="Paper: no cap.")
    refuse_format_lessons: bool = Field(False, description="Paper's own lessons drift to format checks; allowed.")
    gate: str | None = Field(None, description="Named callable that accepts or refuses an epoch's edits. Ours.")
    gate_draws: int = Field(1, ge=1, description="Draws per gate query and library. Ours.")
    gate_margin: float = Field(0.0, ge=0, description="How much worse the gate may find an edit. Ours.")
    patience: int | None = Field(None, ge=1, description="Stop after this many epochs without an accepted edit. Ours.")
    fact_weight: float = Field(0.0, ge=0, description="Weight of the facts' penalty in the reward. Ours.")

    inference_draws: int = Field(1, ge=1, description="Best of N by reward at inference. Paper: one.")
    report_draws: int = Field(
        1, ge=1, le=MOST_CANDIDATES, description="Drawings of a report query with one library, each measured on its "
        "own (with `inference_draws` the best of so many). Paper silent; one.",
    )
    control: str | None = Field(
        None, description="Named callable that is given each learned library and gives the one that reports (a "
        "placebo, see `drawagent.controls`). Paper: none; ours, for the ablation.",
    )
    repairs: int = Field(0, ge=0, le=1, description="Bounded repair of an unreadable drawing. Paper: none.")
    parse_mode: Literal["strict", "lenient"] = Field("lenient", description="Paper silent; ours.")
    reference: bool = Field(False, description="References shown for learn queries. Paper: an ablation ('with GT').")

    prompt_overlay: Path | None = Field(None, description="A folder whose prompts take the place of the package's.")

    @classmethod
    def paper(cls, **changes: Any) -> DrawSettings:
        """What the paper says; every addition of ours off."""
        return cls(**{"preset": "paper", **changes})

    @classmethod
    def ours(cls, **changes: Any) -> DrawSettings:
        """The paper's method with our additions on."""
        return cls(**{"preset": "ours", **OURS, **changes})

    @classmethod
    def of(cls, preset: str, **changes: Any) -> DrawSettings:
        return cls.ours(**changes) if preset == "ours" else cls(**{"preset": preset, **changes})

    @property
    def first_replica(self) -> int:
        """Replica of candidate 0 in epoch 0, and of the first gate draw."""
        return self.practice * PRACTICE_REPLICAS

    @property
    def chance(self) -> str:
        """What random policies are seeded with: the base seed, and the practice where it is not the first."""
        return f"{self.seed}/practice{self.practice}" if self.practice else str(self.seed)

    @property
    def key(self) -> str:
        """Hex SHA-256 of all settings; the overlay counts by the run's prompt hashes, not by its place."""
        return hashlib.sha256(self.model_dump_json(exclude={"prompt_overlay"}).encode()).hexdigest()


OURS: dict[str, Any] = {
    "noise_skip": 1.0,
    "judge_facts": True,
    "shuffle_order": True,
    "max_lessons": 16,
    "max_lesson_words": 32,
    "refuse_format_lessons": True,
    "gate": "drawagent.gate:not_worse",
    "patience": 1,
    "inference_draws": 3,
    "repairs": 1,
}
"""What `ours` changes. Caps: long libraries hurt in every peer that measured it."""
