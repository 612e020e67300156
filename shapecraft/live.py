"""Live runs: models by name, behind one record, one budget and one ledger, wired into a studio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from easel.budget import Budget
from easel.chat import Evidence
from easel.connection import Connection, chain, connect
from easel.errors import ConfigurationError, EaselError
from easel.retrying import Pause
from easel.studios import closing_after_failure
from shapecraft.model_names import KEPT, with_model
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from shapecraft.studio import Studio, open_studio, start_run
from shapecraft.wall import Wall, open_wall

if TYPE_CHECKING:
    from easel.runs import RunStore
from easel.stand_ins import is_stand_in


@dataclass(frozen=True)
class Line:
    """How models are reached. The arguments that `open_live` takes of the same names; stop : ends waits"""

    budget: Budget
    concurrency: int = 8
    api_base: str | None = None
    prices: Path | None = None
    drop_refused_settings: bool = False
    on_wait: Callable[[Pause], None] | None = None
    timeout: float = 600.0

    def connect(
        self, model: str, run: RunStore, *, label: str | None = None, sees_images: bool | None = None,
        beside: Connection | None = None, stop: threading.Event | None = None,
    ) -> Connection:
        """A model by name, litellm's or a stand-in's, behind the record of a run.

        beside : a connection of the same run, whose ledger is shared
        Raises MissingCapability without the provider's key.
        """
        ledger = beside.ledger if beside is not None else run.home
        if is_stand_in(model):
            return chain(StandIn.named(model, label=label), store=run.replies, ledger=ledger, budget=self.budget,
                         concurrency=self.concurrency, stop=stop, on_wait=self.on_wait)
        return connect(
            model, run=run, ledger=ledger, budget=self.budget, concurrency=self.concurrency, api_base=self.api_base,
            label=label, prices=self.prices, drop_refused_settings=self.drop_refused_settings,
            sees_images=sees_images, stop=stop, on_wait=self.on_wait, timeout=self.timeout,
        )


def open_live(
    prompt: str,
    settings: CraftSettings,
    *,
    model: str,
    root: Path,
    name: str,
    date: str,
    vision_model: str | None = None,
    budget: Budget | None = None,
    api_base: str | None = None,
    prices: Path | None = None,
    concurrency: int = 8,
    label: str | None = None,
    vision_label: str | None = None,
    sees_images: bool | None = None,
    wall: Wall | None = None,
    disposable_machine: bool = False,
    on_wait: Callable[[Pause], None] | None = None,
    timeout: float = 600.0,
    home: Path | None = None,
) -> Studio:
    """Open or resume the run of this configuration.

    prompt : the object in words; name : of the run, and of the object in call sites
    model : of Parser and Coder, litellm's name, or "stand-in" (see `StandIn.named`); vision_model : of the Evaluator,
        None is the same; label, vision_label : neutral names that stand in records instead
    api_base : of both models; concurrency : calls at once, of each; budget : of both together
    sees_images : whether the Evaluator's model takes pictures; None asks litellm's map
    wall : where programs run; None opens one, which the studio closes: `open_wall(disposable_machine=...)`
    timeout : seconds of one try of a call
    home : folder of replies and ledger that the runs of a sweep share; None: the run's own
    Raises MissingCapability, before anything is written, where no wall can stand and where a key is missing.
    """
    if vision_model == model and vision_label in (None, label):
        vision_model = None
    if vision_model is not None and (label or model) == (vision_label or vision_model):
        raise ConfigurationError("two names for two models, so that their replies can be told apart",
                                 came=label or model, where="vision_label")
    if is_stand_in(model) != is_stand_in(vision_model or model):
        raise ConfigurationError("two stand-ins, or two models", came=f"{model} and {vision_model}",
                                 where="vision_model", mend="A run has one grade of evidence.")
    evidence: Evidence = "stand-in" if is_stand_in(model) else "live"
    own_wall = wall is None
    standing: Wall = open_wall(disposable_machine=disposable_machine) if wall is None else wall
    try:
        run = start_run(
            prompt, settings, model=label or model, evidence=evidence, root=root, name=name, date=date, home=home,
            vision_model=None if vision_model is None else vision_label or vision_model, wall=standing,
            sees_images=settings.pictures == "auto" and _sees_images(vision_model or model, sees_images, api_base),
        )
        with closing_after_failure(run):
            _keep_identities(run, {label or model: model, **({vision_label or vision_model: vision_model}
                                                             if vision_model is not None else {})})
            stop = threading.Event()
            line = Line(budget or Budget(), concurrency, api_base, prices, settings.drop_refused_settings, on_wait,
                        timeout)
            chat = line.connect(model, run, label=label, stop=stop,
                                sees_images=sees_images if vision_model is None else None)
            vision = None
            if vision_model is not None:
                vision = line.connect(vision_model, run, label=vision_label, sees_images=sees_images, beside=chat,
                                      stop=stop)
            return open_studio(
                prompt, settings, chat=chat.chat, vision=vision and vision.chat, run=run, wall=standing, name=name,
                stop=stop, own_wall=own_wall, price=chat.price, notes=lambda: [f"spent: {chat.budget.spent}"],
            )
    except BaseException:
        if own_wall:
            standing.close()
        raise


def _keep_identities(run: RunStore, models: Mapping[str, str]) -> None:
    """Which models answer under which names, so that a judge with another label is not taken for another model."""
    if run.info.get("resumes") and KEPT not in run.info:
        return  # begun before identities were kept: what answered then is not known
    kept = dict(run.info.get(KEPT, {}))
    for name, model in models.items():
        kept = with_model(kept, name, model)
    run.note(**{KEPT: kept})


def _sees_images(model: str, said: bool | None, api_base: str | None) -> bool:
    """Whether pictures will be sent: as was said, or as litellm's map knows the model."""
    if is_stand_in(model) or said is not None:
        return bool(said) and not is_stand_in(model)
    from easel.litellm_chat import LiteLLMChat

    try:
        return LiteLLMChat(model, api_base=api_base).sees_images
    except EaselError:  # a model that cannot be had is told of when it is connected, and the run then says so
        return False
