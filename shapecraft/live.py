"""Live runs: models by name, behind one record, one budget and one ledger, wired into a studio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from easel.budget import Budget
from easel.chat import ChatModel, Evidence
from easel.connection import Connection, chain, open_sender
from easel.errors import ConfigurationError
from easel.retrying import Pause
from easel.stand_ins import is_stand_in
from easel.studios import closing_after_failure
from shapecraft.model_names import KEPT, with_model
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from shapecraft.studio import Studio, open_studio, start_run
from shapecraft.wall import Wall, open_wall

if TYPE_CHECKING:
    from easel.runs import RunStore


@dataclass(frozen=True)
class Line:
    """How models are reached. The arguments that `open_live` takes of the same names."""

    budget: Budget
    concurrency: int = 8
    api_base: str | None = None
    prices: Path | None = None
    drop_refused_settings: bool = False
    on_wait: Callable[[Pause], None] | None = None
    timeout: float = 600.0

    def sender(self, model: str, *, label: str | None = None, sees_images: bool | None = None) -> ChatModel:
        """A model by name, litellm's or a stand-in's, without a run: what cannot be had is refused here.

        Raises MissingCapability without the provider's key, ConfigurationError for a name that is none.
        """
        if is_stand_in(model):
            return StandIn.named(model, label=label)
        return open_sender(
            model, label=label, api_base=self.api_base, prices=self.prices, sees_images=sees_images,
            drop_refused_settings=self.drop_refused_settings, timeout=self.timeout, budget=self.budget,
        )

    def chained(
        self, sender: ChatModel, run: RunStore, *, beside: Connection | None = None,
        stop: threading.Event | None = None,
    ) -> Connection:
        """A sender behind the record of a run. beside : a connection of the same run, whose ledger is shared"""
        return chain(sender, store=run.replies, ledger=beside.ledger if beside is not None else run.home,
                     budget=self.budget, concurrency=self.concurrency, stop=stop, on_wait=self.on_wait)

    def connect(
        self, model: str, run: RunStore, *, label: str | None = None, beside: Connection | None = None,
    ) -> Connection:
        """Both at once. Errors as `sender`."""
        return self.chained(self.sender(model, label=label), run, beside=beside)


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
    Raises, before anything is written, MissingCapability where no wall can stand and where a key is missing, and
    ConfigurationError for a model that cannot be had and for two that a run cannot have.
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
    line = Line(budget or Budget(), concurrency, api_base, prices, settings.drop_refused_settings, on_wait, timeout)
    writer = line.sender(model, label=label, sees_images=sees_images if vision_model is None else None)
    judge = None
    if vision_model is not None:
        judge = line.sender(vision_model, label=vision_label, sees_images=sees_images)
    own_wall = wall is None
    standing: Wall = open_wall(disposable_machine=disposable_machine) if wall is None else wall
    try:
        run = start_run(
            prompt, settings, model=label or model, evidence=evidence, root=root, name=name, date=date, home=home,
            vision_model=None if vision_model is None else vision_label or vision_model, wall=standing,
            sees_images=settings.pictures == "auto" and (judge or writer).sees_images,
        )
        with closing_after_failure(run):
            _keep_identities(run, {label or model: model, **({vision_label or vision_model: vision_model}
                                                             if vision_model is not None else {})})
            stop = threading.Event()
            chat = line.chained(writer, run, stop=stop)
            vision = None if judge is None else line.chained(judge, run, beside=chat, stop=stop)
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

