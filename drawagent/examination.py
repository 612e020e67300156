"""An examination: a run opened again, finished or not, to ask what the lessons of its library do (`lesson_effects`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.forking import library_in_force, lists_of, scorers_of, settings_of
from drawagent.lesson_effects import Design, LessonEffects, first_draw, lesson_effects, plan_lesson_effects
from drawagent.queries import Query, QueryLists, check_splits
from drawagent.reward import RememberedReward, Reward, ViewReward
from drawagent.standin import StandIn
from drawagent.studio import open_scorer
from drawagent.trust import check_plugins
from easel.asking import load_prompt
from easel.budget import Budget, Estimate
from easel.chat import ChatModel
from easel.connection import chain, connect
from easel.errors import ConfigurationError
from easel.runs import RunStore

if TYPE_CHECKING:
    from easel.prices import Price
from easel.stand_ins import is_stand_in


@dataclass(frozen=True)
class Examination:
    """A run's library before its judges.

    run : amended, so that its status stays; library : of `epoch`; queries : gate queries
    artist : the run's model behind its record and ledger; reward : the scorer of which the effects are spoken
    first : index of the first draw that the gate did not decide by; budget : with what the run has spent
    """

    run: RunStore
    library: Library
    epoch: int
    queries: tuple[Query, ...]
    artist: Artist
    reward: Reward
    first: int
    budget: Budget
    price: Price | None = None
    workers: int = 8

    def plan(self, design: Design) -> Estimate:
        """What it will ask for that the run does not hold; see `plan_lesson_effects`."""
        return plan_lesson_effects(
            self.library, self.queries, artist=self.artist, design=design, known=self.run.replies, price=self.price,
        )

    def effects(self, design: Design) -> LessonEffects:
        """See `lesson_effects`. A second call of the same design asks and scores nothing."""
        return lesson_effects(
            self.library, self.queries, artist=self.artist, reward=self.reward, design=design, run=self.run,
            epoch=self.epoch, workers=self.workers,
        )


def open_examination(
    folder: Path,
    *,
    epoch: int | None = None,
    queries: QueryLists | None = None,
    model: str | None = None,
    scorer: str | None = None,
    budget: Budget | None = None,
    prompt_overlay: Path | None = None,
    trust_plugins: bool = False,
    allow_unknown_words: bool = False,
    device: str = "cpu",
    concurrency: int = 8,
    **connecting: Any,
) -> Examination:
    """Open a run folder for it; close `.run` at the end, or use it as a context.

    epoch : whose library; None: the last
    queries : in place of the run's gate queries, the gate list of these; disjoint by category from what it learned on
    model : as `open_live` takes it, None for the run's; requests carry the run's label
    scorer : as `open_scorer` takes it, None for the run's own reward
    connecting : further arguments of `connect` (api_base, prices, on_wait)
    Raises ConfigurationError for a replay, whose record holds no drawing without a lesson; for prompts that have
    changed since; for a stand-in's run with a model, and the other way round.
    """
    run = RunStore.amend(folder)
    try:
        return _opened(
            run, epoch, queries, model, scorer, budget or Budget(), prompt_overlay, trust_plugins, allow_unknown_words,
            device, concurrency, connecting,
        )
    except BaseException:
        run.close()
        raise


def _opened(
    run: RunStore, epoch: int | None, queries: QueryLists | None, model: str | None, scorer: str | None,
    budget: Budget, prompt_overlay: Path | None, trust_plugins: bool, allow_unknown_words: bool, device: str,
    concurrency: int, connecting: dict[str, Any],
) -> Examination:
    configured, where = run.info["configuration"], f"run {run.folder.name}"
    settings = settings_of(configured, prompt_overlay=prompt_overlay)
    if not trust_plugins:
        check_plugins(settings, where=where, names=("renderer",))
    if run.info["evidence"] not in ("live", "stand-in"):
        raise ConfigurationError(
            "a run that can still ask its model", came=f"one of evidence '{run.info['evidence']}'", where=where,
            mend="A record holds no drawings without a lesson, and a model that goes on from it is not known to be the "
                 "one recorded. Practise with the model itself, and examine that run.",
        )
    for name in ("draw", "experience"):
        if load_prompt("drawagent", name, overlay=settings.prompt_overlay).key != configured["prompts"][name]:
            raise ConfigurationError(
                "the prompts that the run was made with", came=f"another '{name}'", where=where,
                mend="Give the folder of its prompts (prompt_overlay=); their texts are kept in the run's prompts/.",
            )
    lists = lists_of(configured)
    if queries is not None:
        lists = QueryLists(lists.learn, queries.gate, lists.report)
        check_splits(lists)
    epochs = [row["epoch"] for row in run.rows("libraries")]
    at = max(epochs, default=0) if epoch is None else epoch
    library = library_in_force(run, at)
    named = scorers_of(run, {"reward": scorer}, trust_plugins=trust_plugins)["reward"]
    reward = ViewReward.of(
        settings, open_scorer(named, allow_unknown_words=allow_unknown_words, device=device), device=device
    )
    for query in lists.gate:
        reward.scorer.check_text(query.text)
    chat, price = _connected(run, model or configured["model"], budget, concurrency, connecting)
    return Examination(
        run, library, at, lists.gate, Artist(chat, settings), RememberedReward(reward, run.rows("effect_rollouts")),
        first_draw(settings), budget, price, concurrency,
    )


def _connected(
    run: RunStore, model: str, budget: Budget, concurrency: int, connecting: dict[str, Any]
) -> tuple[ChatModel, Price | None]:
    configured = run.info["configuration"]
    label, grade = configured["model"], "stand-in" if is_stand_in(model) else "live"
    if grade != run.info["evidence"]:
        raise ConfigurationError(f"evidence '{run.info['evidence']}', as the run has", came=f"'{grade}' ({model})",
                                 where=f"run {run.folder.name}")
    if grade == "stand-in":
        connection = chain(StandIn.named(model, label=label), store=run.replies, ledger=run.home, budget=budget,
                           concurrency=concurrency)
    else:
        connection = connect(
            model, run=run, budget=budget, concurrency=concurrency, label=label,
            drop_refused_settings=configured["settings"]["drop_refused_settings"],
            sees_images=bool(configured.get("sees_images")), **connecting,
        )
    return connection.chat, connection.price
