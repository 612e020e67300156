"""Replaying: a recorded practice through the same loop; decisions follow the record, differences are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from drawagent.artist import Reference
from drawagent.metrics import Aesthetic
from drawagent.recordings import Recording
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.sheets import contact_sheet_image
from drawagent.studio import Studio, open_scorer, open_studio, start_run
from drawagent.trust import check_plugins, check_scorers
from easel.chat import ChatModel
from easel.studios import closing_after_failure


def open_replay(
    recording: Recording,
    *,
    root: Path,
    date: str,
    by_site: bool = False,
    recompute: bool = True,
    prompt_overlay: Path | None = None,
    workers: int = 8,
    trust_plugins: bool = False,
) -> Studio:
    """A run that asks nothing and pays nothing.

    by_site : take replies by call site, for prompts that were edited since; the run then says that it drifted
    prompt_overlay : prompts in place of those that the recording was made with
    recompute : compute the recorded scores again and tell the largest difference
    trust_plugins : call whatever scorers and policies the recording names; else only those of drawagent and easel
    Raises ConfigurationError for a recording that names others.
    """
    if not trust_plugins:
        check_scorers(recording.info["scorers"], where=f"recording {recording.name}")
        check_plugins(recording.settings, where=f"recording {recording.name}")
    overlay = prompt_overlay or recording.prompts
    settings = DrawSettings(**{**recording.settings.model_dump(), "prompt_overlay": overlay})
    reward = ViewReward.of(settings, open_scorer(recording.info["scorers"]["reward"]))
    measured_by = ViewReward.of(
        settings, open_scorer(recording.info["scorers"]["report"]), views=settings.report_views
    )
    chat = recording.replay(by_site=by_site)
    return replay_with(
        recording, settings=settings, chat=chat, reward=reward, measured_by=measured_by, root=root, date=date,
        recompute=recompute, workers=workers, facts=lambda: {"drifted": chat.drifted} if chat.drifted else {},
    )


def replay_with(
    recording: Recording,
    *,
    settings: DrawSettings,
    chat: ChatModel,
    reward: ViewReward,
    measured_by: ViewReward,
    root: Path,
    date: str,
    aesthetic: Aesthetic | None = None,
    recompute: bool = False,
    workers: int = 8,
    facts: Callable[[], dict[str, Any]] = dict,
) -> Studio:
    """The run of a recording with the parts that are given, a person's decisions and references put in their places.

    chat : answers from the record; settings : the recording's, with the prompts that shall be taken
    """
    lists = recording.lists
    known = {
        query: Reference(sketch, contact_sheet_image(sketch, settings))
        for query, sketch in recording.references.items()
    }
    said = {name: recording.info[name] for name in ("mixed",) if name in recording.info}
    run = start_run(
        lists, settings, model=recording.info["model"], evidence=chat.evidence, reward=reward, measured_by=measured_by,
        root=root, name=recording.name, date=date, facts={"recording": recording.info["label"], **said},
        library=recording.library, references=known, sees_images=recording.info["sees_images"],
        aesthetic=aesthetic,
    )
    with closing_after_failure(run):
        for key, row in recording.reviews().items():
            run.append("reviews", key, row)
        studio = open_studio(
            lists, settings, chat=chat, run=run, reward=reward, measured_by=measured_by, aesthetic=aesthetic,
            remembered=recording.rollouts(), measured=recording.measured(), recompute=recompute, workers=workers,
            library=recording.library, references=known, facts=facts,
        )
        studio.interventions = recording.interventions
        return studio
