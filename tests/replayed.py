"""The recorded tour, replayed once per process into a folder of its own; and small runs of a scripted model."""

from __future__ import annotations

import functools
import json
import tempfile
from pathlib import Path

from drawagent.recordings import Recording
from drawagent.replaying import open_replay
from drawagent.settings import DrawSettings
from drawagent.studio import open_studio, start_run
from tests.fakes import Scripted, lists, tiny_reward

EVIL = "<script>alert('lesson')</script> " + "\u202e" + "y" * 90
_KEPT: list[tempfile.TemporaryDirectory] = []


@functools.cache
def tour_folder() -> Path:
    """A finished replay of the tour; look at it, write nothing."""
    _KEPT.append(tempfile.TemporaryDirectory())
    studio = open_replay(
        Recording.read("tour"), root=Path(_KEPT[-1].name), date="2000-01-01", recompute=False
    )
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    return studio.run.folder


def scripted_answer(request) -> str:
    """Drawings that grow with candidate and epoch, one of them no drawing; hostile words; a lesson that lives 1 epoch."""
    site = request.site
    if site.role == "judge":
        return f"Because {EVIL} is better in every way."
    if site.role == "update":
        pairs = [f"learn0/e{site.epoch}/p0"]
        return json.dumps({
            0: [{"op": "add", "text": f"Keep it open {EVIL}", "topic": "space", "because": pairs},
                {"op": "add", "text": "Close every bracket of the JSON list.", "topic": "format"}],
            1: [{"op": "modify", "id": "L1", "text": "Keep the middle open.", "because": pairs},
                {"op": "delete", "id": "L2", "because": pairs}],
            2: [{"op": "keep", "id": "L1", "because": pairs}],
        }[site.epoch])
    if site.candidate == 2:
        return "I would rather not."
    end = (site.candidate + 2 + site.epoch) / 10
    return f"<curves>[\n# {EVIL}\n[[0,0,0],[0.1,0,{end}],[0.2,{end},0],[{end},0,0.3]],\n[[0,0,0],[0,0,1],[0,0,2],[0,0,3]]]</curves>"


def scripted_run(root: Path, *, name: str = "small", evidence: str = "recorded", report: int = 2) -> Path:
    """Two learn queries, K = 3 of which one fails, three epochs; the folder."""
    queries, reward = lists(2, report=report), tiny_reward()
    settings = DrawSettings.paper(candidates=3, epochs=3, views=2, picture_size=32, stroke_width=1.0)
    with start_run(queries, settings, model="scripted", evidence=evidence, reward=reward, measured_by=reward,
                   root=root, name=name, date="2000-01-01") as run:
        studio = open_studio(queries, settings, chat=Scripted(scripted_answer, evidence=evidence), run=run,
                             reward=reward, measured_by=reward)
        list(studio.practise())
        list(studio.report())
        run.status("finished")
    return run.folder
