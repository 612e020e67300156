"""Settings of the method and its two presets: `paper` (what the paper says) and `ours` (our additions on)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from easel.chat import Sampling
from shapecraft.graph import MAX_COMPONENTS

MOST_PATHS = 16
"""Largest M; one path is one replica of the first draft, so that M = 1 is nested in M = 3."""


class CraftSettings(BaseModel):
    """Everything that decides what a run does, with the source of every default.

    The defaults are the preset `paper`; `CraftSettings.ours()` switches our additions on. Policies are
    "package.module:Name" and may be replaced by a user's own.

    What no setting switches, where the paper is silent or we do otherwise, in `paper` as in `ours`:
    - bootstrapping: the Parser alone corrects the boxes, and may add a part; in the paper the Coder takes part too
    - parse: relations and joints are asked for; they are kept, and move no box unless `solve_relations`
    - an Evaluator without eyes is told measured facts and shown the program; the paper's always sees
    - a reply of the Evaluator that cannot be read is no score, and its step counts; the Coder is then told so in one
      sentence, or, where the Evaluator has no eyes or with `part_facts`, the measured facts
    - a program that makes nothing, or something far larger or smaller than its box, counts as one that did not run
    - a part without a material has a flat one read from the Parser's words
    - every prompt's words, beyond what the paper quotes
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    preset: Literal["paper", "ours"] = "paper"

    single_shot: bool = Field(
        False, description="No graph: one program for the whole object in one call, made to run within "
        "`error_repairs`; nothing else is asked. Paper: what its single-shot table compares with.",
    )
    components: int = Field(MAX_COMPONENTS, ge=1, le=64, description="Most components. Paper silent; ours: 16.")
    rounds: int = Field(2, ge=0, le=8, description="N, of bootstrapping. Paper: 2.")
    paths: int = Field(3, ge=1, le=MOST_PATHS, description="M, independent paths of a component. Paper: 3.")
    steps: int = Field(
        3, ge=1, le=16, description="T, programs of a path that are run and judged, the first draft among them. "
        "Paper: 3.",
    )
    threshold: float = Field(9.0, ge=0, le=10, description="A path whose score reaches this stops: "
                             "an equal score is enough. Paper, second-hand: above 9; reaching it is ours.")
    error_repairs: int = Field(
        2, ge=0, le=8, description="Programs that are asked for again because one did not run: so many in a path, "
        "never counted in T. Paper silent; 2.",
    )
    reply_repairs: int = Field(
        1, ge=0, le=2, description="Times an unreadable reply is asked for again with the reason. Paper silent; once.",
    )
    global_look: bool = Field(True, description="The Evaluator sees the assembled object. Paper: it follows.")
    global_fixes: int = Field(
        0, ge=0, le=1, description="Rounds of part fixes after the global look. Paper silent: none. Ours.",
    )

    draft_temperature: float | None = Field(
        1.0, ge=0, le=2, description='Of a path\'s first program. Paper: "high"; the number is ours. None: the '
        "provider's own.",
    )
    temperature: float | None = Field(0.3, ge=0, le=2, description="Of the Parser and of revisions. Paper silent; 0.3.")
    evaluator_temperature: float | None = Field(
        0.0, ge=0, le=2, description="Of the Evaluator. Paper silent; 0, so that scores are little noise.",
    )
    max_tokens: int | None = Field(8192, ge=64, description="Per reply. Paper silent; 8192.")
    reasoning_effort: str | None = Field(None, description="For reasoning models. Paper silent: provider's own.")
    seed: int | None = Field(0, description="Base seed; path m asks with seed + m. Paper silent; 0.")
    drop_refused_settings: bool = Field(
        False, description="Drop a setting that the model does not take, and record it as not applied."
    )

    policy: str = Field(
        "shapecraft.paths:independent", description="Named callable: which paths of a component get how many judged "
        "steps. Paper: M paths of T steps, independent of each other.",
    )
    finalists: int = Field(1, ge=1, le=MOST_PATHS, description="Of the drafts of a breadth-first policy. Ours.")
    solve_relations: bool = Field(False, description="Relations are solved into boxes after every parse. Ours.")
    sink: float = Field(
        0.0, ge=0, lt=1, description="Share of its own height that a part may be let into what it stands on, where "
        "relations are solved: plans sink pegs and spots, and a solver that lifts them undoes every correction. Ours.",
    )
    layout_facts: bool = Field(
        False, description="Measured facts of the boxes beside their picture; an Evaluator that sees no pictures has "
        "them in any case. Ours.",
    )
    part_facts: bool = Field(
        False, description="Measured facts of a part beside its pictures; an Evaluator that sees no pictures has them "
        "in any case. Ours.",
    )
    checklist: bool = Field(False, description="Yes/no items, frozen at parse time, that a score rests on. Ours.")
    advice: bool = Field(
        False, description="Static advice reaches the Coder, and a program that does not parse is not run. Ours.",
    )
    pictures: Literal["auto", "never"] = Field("auto", description="Sheets when the Evaluator sees.")
    sheet_size: int = Field(256, ge=32, le=1024, description="Pixels of one of six views. Paper silent; 256.")
    box_sheet_size: int = Field(320, ge=32, le=1024, description="Pixels of one of four views. Paper silent; 320.")
    helpers: bool = Field(True, description="The guide to `shapes` in the Coder's prompt. Paper: a helper library.")

    prompt_overlay: Path | None = Field(None, description="A folder whose prompts take the place of the package's.")

    @classmethod
    def paper(cls, **changes: Any) -> CraftSettings:
        """What the paper says; every addition of ours off."""
        return cls(**{"preset": "paper", **changes})

    @classmethod
    def ours(cls, **changes: Any) -> CraftSettings:
        """The paper's method with our additions on."""
        return cls(**{"preset": "ours", **OURS, **changes})

    @classmethod
    def of(cls, preset: str, **changes: Any) -> CraftSettings:
        return cls.ours(**changes) if preset == "ours" else cls(**{"preset": preset, **changes})

    def sampling(self, temperature: float | None, *, path: int = 0) -> Sampling:
        """Of one call; paths have seeds of their own."""
        seed = None if self.seed is None else self.seed + path
        return Sampling(temperature, seed, self.max_tokens, self.reasoning_effort)

    def most_calls(self, components: int) -> int:
        """Replies that an object of so many components takes at most, without those re-asked for an unreadable one.

        A path: T programs, T looks, and its repairs; around all: the parse, two a round, and the looks with one fix a
        component.
        """
        if self.single_shot:
            return 1 + self.error_repairs
        path = 2 * self.steps + self.error_repairs
        looks = (1 + self.global_fixes * (1 + components * (1 + self.error_repairs))) if self.global_look else 0
        return 1 + 2 * self.rounds + components * self.paths * path + looks

    @property
    def key(self) -> str:
        """Hex SHA-256 of all settings; the overlay counts by the run's prompt hashes, not by its place."""
        return hashlib.sha256(self.model_dump_json(exclude={"prompt_overlay"}).encode()).hexdigest()


OURS: dict[str, Any] = {
    "policy": "shapecraft.paths:breadth_first",
    "solve_relations": True,
    "sink": 0.25,
    "layout_facts": True,
    "part_facts": True,
    "checklist": True,
    "advice": True,
    "global_fixes": 1,
}
"""What `ours` changes."""
