"""The studio: one run with everything wired, for the command line, the notebooks and the sweeps alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.artist import Artist, Reference
from drawagent.epochs import Practice, practise
from drawagent.events import Event, PractiseFinished
from drawagent.experience import Edit, Library
from drawagent.gallery import Gallery
from drawagent.keeping import Keeper, Review, measured_sets
from drawagent.metrics import Aesthetic, RememberedMetrics
from drawagent.policies import check_policies
from drawagent.queries import QueryLists, check_splits
from drawagent.reporting import AnchorReport, EpochReport, report
from drawagent.reward import RememberedReward, Reward, ViewReward
from drawagent.settings import DrawSettings
from drawagent.trust import POLICIES
from easel import scorers
from easel.chat import ChatModel, Evidence
from easel.errors import ConfigurationError
from easel.plugins import load, source_key
from easel.prices import Price
from easel.runs import RunStore, provenance
from easel.scoring import ImageTextScorer
from easel.studios import fingerprint, keep_prompts, prompt_keys

if TYPE_CHECKING:
    from drawagent.forking import Branch

PROMPTS = ("draw", "experience", "reference", "judge", "judge_scalar", "update")
PACKAGES = ("easel3d", "numpy", "torch", "torchvision", "open_clip_torch", "litellm", "pydantic")


def open_scorer(name: str, *, allow_unknown_words: bool = False, device: str = "cpu") -> ImageTextScorer:
    """As `easel.scorers.open_scorer`, a plugin "package.module:Name" too."""
    return scorers.open_scorer(name, allow_unknown_words=allow_unknown_words, device=device, plugins=True)


@dataclass
class Studio:
    """An open run.

    run : its folder; chat : the model behind its record; reward : what ranks; measured_by : what reports
    library : what practice begins with; interventions : epoch -> a person's edits of the library (a fork)
    remembered : figures of the report that are known already
    notes : what a person should read at the end (what was spent)
    facts : what run.json shall say at the end (how many replies drifted)
    price : of the model; None when unknown
    Iterate `practise()` to the end, then `report()`; both resume from what the run holds.
    """

    run: RunStore
    chat: ChatModel
    settings: DrawSettings
    lists: QueryLists
    reward: Reward
    measured_by: ViewReward
    aesthetic: Aesthetic | None = None
    references: Mapping[str, Reference] = field(default_factory=dict)
    workers: int = 8
    stop: threading.Event = field(default_factory=threading.Event)
    finished: PractiseFinished | None = None
    notes: Callable[[], list[str]] = list
    facts: Callable[[], dict[str, Any]] = dict
    price: Price | None = None
    library: Library = Library()
    remembered: RememberedMetrics = field(default_factory=RememberedMetrics)
    interventions: Mapping[int, tuple[Edit, ...]] = field(default_factory=dict)

    @property
    def artist(self) -> Artist:
        return Artist(self.chat, self.settings)

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.run)

    @property
    def gallery(self) -> Gallery:
        return Gallery(self.run, trust_plugins=True)  # its settings were given to this process, or trusted by it

    def practise(self, *, review: Review | None = None) -> Generator[Event, None, None]:
        """The epochs as events; see `drawagent.epochs.practise`."""
        practice = Practice(
            self.chat, self.reward, self.settings, self.lists, self.library, self.references, review, self.keeper,
            self.workers, self.stop, self.interventions,
        )
        for event in practise(practice):
            if isinstance(event, PractiseFinished):
                self.finished = event
                self._say_facts()
            yield event

    def report(self) -> Generator[EpochReport | AnchorReport, None, None]:
        """The report queries with the library of every epoch; after `practise`."""
        if self.finished is None:
            raise ConfigurationError("a finished practice", came="none", where="report",
                                     mend="Iterate practise() to its end first.")
        yield from report(
            self.finished.libraries, self.lists.report, artist=self.artist, reward=self.reward,
            measured_by=self.measured_by, aesthetic=self.aesthetic, remembered=self.remembered, keeper=self.keeper,
            workers=self.workers, stop=self.stop,
        )
        self._say_facts()

    def _say_facts(self) -> None:
        if facts := self.facts():
            self.run.status("running", **facts)

    def remarks(self) -> list[str]:
        """Lines for the end of a run."""
        lines = self.notes()
        if self.run.info.get("drifted"):
            drifted = self.run.info["drifted"]
            lines.append(f"DRIFTED: {drifted} replies were taken by call site: prompts have changed since.")
        if isinstance(self.reward, RememberedReward) and self.reward.recomputed:
            number, largest = self.reward.recomputed, self.reward.difference
            lines.append(f"{number} recorded scores computed again: largest difference {largest:.1e}")
        if self.remembered.recomputed:
            number, largest = self.remembered.recomputed, self.remembered.difference
            lines.append(f"{number} recorded figures of the report computed again: largest difference {largest:.1e}")
        return lines


def open_studio(
    lists: QueryLists,
    settings: DrawSettings,
    *,
    chat: ChatModel,
    run: RunStore,
    reward: ViewReward,
    measured_by: ViewReward,
    aesthetic: Aesthetic | None = None,
    remembered: Iterable[Mapping[str, Any]] = (),
    measured: Iterable[Mapping[str, Any]] = (),
    recompute: bool = False,
    references: Mapping[str, Reference] | None = None,
    workers: int = 8,
    stop: threading.Event | None = None,
    notes: Callable[[], list[str]] = list,
    facts: Callable[[], dict[str, Any]] = dict,
    price: Price | None = None,
    library: Library = Library(),
    interventions: Mapping[int, tuple[Edit, ...]] | None = None,
) -> Studio:
    """Wire a run. Words that a scorer does not know are refused before anything is paid for.

    remembered, measured : rollout rows and measured sets of a record, besides those of the run itself
    recompute : compute both again and keep the largest difference
    """
    check_splits(lists)
    for query in (*lists.learn, *lists.gate, *lists.report):
        reward.scorer.check_text(query.text)
    for query in lists.report:
        measured_by.scorer.check_text(query.text)
    rows = [*run.rows("rollouts"), *map(dict, remembered)]
    return Studio(
        run, chat, settings, lists, RememberedReward(reward, rows, recompute), measured_by, aesthetic,
        references or {}, workers, stop or threading.Event(), notes=notes, facts=facts, price=price, library=library,
        remembered=RememberedMetrics([*measured, *measured_sets(run)], recompute), interventions=interventions or {},
    )


def configuration(
    lists: QueryLists, settings: DrawSettings, *, model: str, evidence: Evidence, reward: ViewReward,
    measured_by: ViewReward, library: Library = Library(), references: Mapping[str, Reference] | None = None,
    sees_images: bool = False, branch: Branch | None = None,
) -> dict[str, Any]:
    """What decides a run's results, as it stands in run.json; its hash is the fingerprint.

    library, references, sees_images, branch : stand in it only where there are any, and where pictures may be sent
    """
    policies = {
        name: source_key(load(value)) for name in POLICIES
        if (value := getattr(settings, name))
    }
    given: dict[str, Any] = {}
    if len(library):
        given["library"] = library.key
    if references:
        given["references"] = {query: references[query].sketch.key for query in sorted(references)}
    if sees_images:
        given["sees_images"] = True
    if branch is not None:
        given["fork"] = branch.row()
    return {
        "settings": settings.model_dump(mode="json"),
        "queries": {
            split: [query.model_dump() for query in getattr(lists, split)] for split in ("learn", "gate", "report")
        } | {"source": lists.source},
        "model": model,
        "evidence": evidence,
        "reward": reward.card.name,
        "measured_by": measured_by.card.name,
        "reward_source": reward.source,
        "measured_source": measured_by.source,
        "prompts": prompt_keys("drawagent", PROMPTS, overlay=settings.prompt_overlay),
        "policies": policies,
        **given,
    }


def start_run(
    lists: QueryLists,
    settings: DrawSettings,
    *,
    model: str,
    evidence: Evidence,
    reward: ViewReward,
    measured_by: ViewReward,
    root: Path,
    name: str,
    date: str,
    facts: Mapping[str, Any] | None = None,
    library: Library = Library(),
    references: Mapping[str, Reference] | None = None,
    sees_images: bool = False,
    home: Path | None = None,
    branch: Branch | None = None,
    aesthetic: Aesthetic | None = None,
) -> RunStore:
    """Open the run folder of this configuration: a new one, or the one that was begun before.

    aesthetic : its card is kept too; no part of the configuration, since AES may be asked for later
    branch : where it parts from another run, whose past it then must share (see `Branch.check`)
    """
    check_policies(settings)
    configured = configuration(
        lists, settings, model=model, evidence=evidence, reward=reward, measured_by=measured_by, library=library,
        references=references, sees_images=sees_images, branch=branch,
    )
    if branch is not None:
        branch.check(configured)
    cards = {"reward": vars(reward.card), "report": vars(measured_by.card)}
    if aesthetic is not None:
        cards["aesthetic"] = vars(aesthetic.card)
    seeds = {"base": settings.seed, "pairing": settings.seed, "order": settings.seed}
    run = RunStore.open(
        root, name, fingerprint=fingerprint(configured), configuration=configured, evidence=evidence,
        facts={"cards": cards, "seeds": seeds, **provenance(PACKAGES), **(facts or {})}, date=date, home=home,
    )
    keep_prompts(run, "drawagent", PROMPTS, overlay=settings.prompt_overlay)
    return run
