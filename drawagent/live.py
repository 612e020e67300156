"""Live runs: a model by name, behind its record, its budget and its ledger, wired into a studio."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.experience import Library
from drawagent.queries import QueryLists
from drawagent.recordings import Recording
from drawagent.references import read_references
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import Studio, open_scorer, open_studio, start_run
from easel.budget import Budget
from easel.chat import ChatModel
from easel.connection import chain, open_sender
from easel.retrying import Pause
from easel.scoring import AestheticScorer
from easel.stand_ins import is_stand_in
from easel.studios import closing_after_failure

if TYPE_CHECKING:
    from drawagent.forking import Branch


def open_live(
    lists: QueryLists,
    settings: DrawSettings,
    *,
    model: str,
    scorer: str,
    reporter: str,
    root: Path,
    name: str,
    date: str,
    budget: Budget | None = None,
    api_base: str | None = None,
    prices: Path | None = None,
    concurrency: int = 8,
    label: str | None = None,
    sees_images: bool | None = None,
    aesthetic: Path | None = None,
    references: Path | None = None,
    allow_unknown_words: bool = False,
    on_wait: Callable[[Pause], None] | None = None,
    library: Library = Library(),
    device: str = "cpu",
    home: Path | None = None,
    branch: Branch | None = None,
) -> Studio:
    """Open or resume the run of this configuration.

    model : litellm's name, "recorded:NAME", or "stand-in" (with an effect of lessons: "stand-in:effect=0.5", see
        `StandIn.named`); label : neutral name that stands in records instead
    scorer, reporter : as `open_scorer` takes them; aesthetic : weight file of LAION's improved predictor, for AES
    references : folder of known drawings of the learn queries (`drawagent.references`)
    library : what practice begins with, a person's tips for example
    device : where scorers and renderer compute, as torch names it; the last digits of scores may depend on it
    home : folder of replies and ledger that the runs of a sweep share; None: the run's own
    branch : where the run parts from another one, whose replies and scores it takes (`drawagent.forking`)
    What cannot be had (a key, a model, a price that the budget asks for) is refused before anything is written.
    """
    ranks = open_scorer(scorer, allow_unknown_words=allow_unknown_words, device=device)
    reports = ranks
    if reporter != scorer:
        reports = open_scorer(reporter, allow_unknown_words=allow_unknown_words, device=device)
    reward = ViewReward.of(settings, ranks, device=device)
    measured_by = ViewReward.of(settings, reports, views=settings.report_views, device=device)
    known = read_references(references, lists, settings) if references is not None else {}
    rater = AestheticScorer(aesthetic, device=device) if aesthetic is not None else None
    recording = Recording.read(model.partition(":")[2]) if model.startswith("recorded:") else None
    replay = recording.replay() if recording is not None else None
    sender: ChatModel
    if replay is not None:
        sender = replay
    elif is_stand_in(model):
        sender = StandIn.named(model, label=label)
    else:
        sender = open_sender(
            model, label=label, api_base=api_base, prices=prices, sees_images=sees_images, budget=budget,
            drop_refused_settings=settings.drop_refused_settings,
        )
    evidence = sender.evidence
    if branch is not None:
        evidence = branch.grade(evidence)
    run = start_run(
        lists, settings, model=label or model, evidence=evidence, reward=reward, measured_by=measured_by,
        root=root, name=name, date=date, library=library, references=known, home=home,
        sees_images=sender.sees_images, branch=branch, aesthetic=rater,
        facts={"scorers": {role: name for role, name in (("reward", scorer), ("report", reporter))
                           if not Path(name).is_dir()}, **(branch.facts() if branch else {})},
    )
    with closing_after_failure(run):
        stop = threading.Event()
        wiring: dict[str, Any] = {
            "run": run, "reward": reward, "measured_by": measured_by, "aesthetic": rater, "references": known,
            "workers": concurrency, "stop": stop, "library": library,
            "interventions": branch.interventions if branch else {},
        }
        rows, sets = (branch.rollouts, branch.measured) if branch else ((), ())
        elsewhere = branch.replies if branch else ()
        if recording is not None and replay is not None:
            return open_studio(
                lists, settings, chat=replay, remembered=[*recording.rollouts(), *rows],
                measured=[*recording.measured(), *sets], **wiring,
            )
        connection = chain(sender, store=run.replies, ledger=run.home, budget=budget, concurrency=concurrency,
                           stop=stop, on_wait=on_wait, elsewhere=elsewhere)
        return open_studio(
            lists, settings, chat=connection.chat, price=connection.price,
            notes=lambda: [f"spent: {connection.budget.spent}"], remembered=rows, measured=sets, **wiring,
        )

