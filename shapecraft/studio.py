"""The studio: one object's run with everything wired, for the command line, the notebooks and the sweeps alike."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from easel.chat import ChatModel, Evidence
from easel.errors import ConfigurationError
from easel.plugins import load, source_key
from easel.prices import Price
from easel.runs import RunStore, provenance
from easel.studios import fingerprint, keep_prompts, prompt_keys
from shapecraft.attempts import gate
from shapecraft.evaluator import words_key
from shapecraft.events import Event, ExploreFinished
from shapecraft.exploring import Craft, explore
from shapecraft.gallery import Gallery
from shapecraft.keeping import Keeper
from shapecraft.paths import independent
from shapecraft.settings import CraftSettings
from shapecraft.shapes_guide import guide
from shapecraft.single_shot import PROMPTS as SINGLE_SHOT
from shapecraft.wall import PooledWall, Wall

PROMPTS = (
    "parse", "parse_update", "code", "code_revise", "code_repair", "evaluate_volumes", "evaluate_part",
    "evaluate_whole",
)
PACKAGES = ("easel3d", "numpy", "numba", "pillow", "litellm", "pydantic")


@dataclass
class Studio:
    """An open run. Iterate `explore()` to its end; it resumes from what the run holds. Use it in `with`.

    run : its folder; chat : the model of Parser and Coder behind its record; vision : the Evaluator's, None is the same
    wall : where programs run; own_wall : whether leaving the studio closes it
    notes : what a person should read at the end (what was spent); facts : what run.json shall say at the end
    price : of the model; None when unknown
    """

    run: RunStore
    chat: ChatModel
    wall: Wall
    prompt: str
    settings: CraftSettings
    vision: ChatModel | None = None
    name: str = "object"
    stop: threading.Event = field(default_factory=threading.Event)
    own_wall: bool = False
    notes: Callable[[], list[str]] = list
    facts: Callable[[], dict[str, Any]] = dict
    price: Price | None = None
    finished: ExploreFinished | None = None

    @property
    def gallery(self) -> Gallery:
        return Gallery(self.run)

    @property
    def craft(self) -> Craft:
        return Craft(self.chat, self.wall, self.prompt, self.settings, self.vision, self.name, Keeper(self.run),
                     self.stop)

    @property
    def evaluator_sees(self) -> bool:
        """Whether the Evaluator is sent pictures; else it judges by measured facts and programs."""
        return self.settings.pictures == "auto" and (self.vision or self.chat).sees_images

    def explore(self) -> Generator[Event, None, None]:
        """The object as events; see `shapecraft.exploring.explore`."""
        try:
            for event in explore(self.craft):
                if isinstance(event, ExploreFinished):
                    self.finished = event
                yield event
        finally:
            if self.run.writable and (facts := self.facts()):
                self.run.note(**facts)

    def remarks(self) -> list[str]:
        """Lines for the end of a run."""
        lines = self.notes()
        if drifted := self.run.info.get("drifted"):
            lines.append(f"DRIFTED: {drifted} replies were taken by call site: prompts or measured facts have changed "
                         "since.")
        return lines

    def close(self) -> None:
        """The wall first, where it is the studio's own: nothing runs any more when the run is closed."""
        if self.own_wall:
            self.wall.close()
        self.run.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.own_wall:
            self.wall.close()
        self.run.__exit__(kind, error, trace)


def open_studio(
    prompt: str,
    settings: CraftSettings,
    *,
    chat: ChatModel,
    run: RunStore,
    wall: Wall,
    vision: ChatModel | None = None,
    name: str = "object",
    stop: threading.Event | None = None,
    own_wall: bool = False,
    notes: Callable[[], list[str]] = list,
    facts: Callable[[], dict[str, Any]] = dict,
    price: Price | None = None,
) -> Studio:
    """Wire a run. Raises ConfigurationError for an empty prompt, and for a policy that cannot be called."""
    studio = Studio(run, chat, wall, prompt, settings, vision, name, stop or threading.Event(), own_wall, notes, facts,
                    price)
    _ = studio.craft  # what it refuses is told before anything is paid for
    if run.writable and not settings.single_shot:  # of a single shot nobody judges
        run.note(evaluator_sees=studio.evaluator_sees)
    return studio


def prompts_of(settings: CraftSettings) -> tuple[str, ...]:
    """Names of the prompts that a run of these settings asks with."""
    return SINGLE_SHOT if settings.single_shot else PROMPTS


def configuration(
    prompt: str, settings: CraftSettings, *, model: str, evidence: Evidence, vision_model: str | None = None,
    sees_images: bool = False,
) -> dict[str, Any]:
    """What decides a run's results, as it stands in run.json; its hash is the fingerprint.

    vision_model, sees_images : stand in it only where there is another model, and where pictures may be sent
    """
    given: dict[str, Any] = {}
    if vision_model is not None:
        given["vision_model"] = vision_model
    if sees_images:
        given["sees_images"] = True
    if settings.helpers:
        given["helpers"] = hashlib.sha256(guide().encode()).hexdigest()
    return {
        "prompt": prompt,
        "settings": settings.model_dump(mode="json"),
        "model": model,
        "evidence": evidence,
        "prompts": prompt_keys("shapecraft", prompts_of(settings), overlay=settings.prompt_overlay),
        "policies": {"policy": source_key(load(settings.policy, like=independent)), "gate": source_key(gate)},
        "words": words_key(),
        **given,
    }


def start_run(
    prompt: str,
    settings: CraftSettings,
    *,
    model: str,
    evidence: Evidence,
    root: Path,
    name: str,
    date: str,
    vision_model: str | None = None,
    sees_images: bool = False,
    wall: Wall | None = None,
    facts: Mapping[str, Any] | None = None,
    home: Path | None = None,
) -> RunStore:
    """Open the run folder of this configuration: a new one, or the one that was begun before.

    wall : its version of Blender stands in run.json, as a fact and no part of the configuration
    home : folder of replies and ledger that the runs of a sweep share; None: the run's own
    """
    if not prompt.strip():
        raise ConfigurationError("an object in words", came="an empty prompt", where="start_run")
    configured = configuration(prompt, settings, model=model, evidence=evidence, vision_model=vision_model,
                               sees_images=sees_images)
    said = provenance(PACKAGES)
    if isinstance(wall, PooledWall):
        said["versions"]["bpy"] = wall.blender
    run = RunStore.open(
        root, name, fingerprint=fingerprint(configured), configuration=configured, evidence=evidence,
        facts={"seeds": {"base": settings.seed}, **said, **(facts or {})}, date=date, home=home,
    )
    keep_prompts(run, "shapecraft", prompts_of(settings), overlay=settings.prompt_overlay)
    return run
