"""Replaying: a recorded practice through the same loop; decisions follow the record, differences are told."""

from __future__ import annotations

from pathlib import Path

from drawagent.recordings import Recording
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.studio import Studio, closing_after_failure, open_scorer, open_studio, start_run
from drawagent.trust import check_plugins, check_scorers


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
    lists = recording.lists
    reward = ViewReward.of(settings, open_scorer(recording.info["scorers"]["reward"]))
    measured_by = ViewReward.of(
        settings, open_scorer(recording.info["scorers"]["report"]), views=settings.report_views
    )
    chat = recording.replay(by_site=by_site)
    run = start_run(
        lists, settings, model=chat.name, evidence=chat.evidence, reward=reward, measured_by=measured_by,
        root=root, name=recording.name, date=date, facts={"recording": recording.info["label"]},
        library=recording.library, sees_images=recording.info["sees_images"],
    )
    with closing_after_failure(run):
        return open_studio(
            lists, settings, chat=chat, run=run, reward=reward, measured_by=measured_by,
            remembered=recording.rollouts(), measured=recording.measured(), recompute=recompute, workers=workers,
            library=recording.library,
            facts=lambda: {"drifted": chat.drifted} if chat.drifted else {},
        )
