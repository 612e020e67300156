"""Animation recordings: the animations of a recorded object packed for replay, beside its recording (ours).

A replay asks the record for the same words and reads the replies anew: keyframes are compared, pictures and files are
made again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from easel.chat import ChatModel
from easel.errors import ConfigurationError
from easel.runs import RunStore, check_date
from easel.wrapped import AskedModel
from shapecraft.animating import TABLE, Animated, animate, blend_programs, planned
from shapecraft.animation import from_json, to_json
from shapecraft.animation_pictures import SIZE
from shapecraft.animator import Animating, Animator
from shapecraft.recordings import ANIMATIONS
from shapecraft.settings import CraftSettings
from shapecraft.standing import standing
from shapecraft.supplements import Supplement, SupplementDiffers
from shapecraft.wall import Wall, program_hash


class AnimationsDiffer(SupplementDiffers):
    """A replayed animation came to other keyframes than the recorded one."""


class AnimationRecording(Supplement):
    """info : `made` (hash of the graph that moves), `settings` of the animator; in a step `wanted`, and what it came
    to: `animation`, None for a `failure`"""

    what: ClassVar[str] = "animations"
    file: ClassVar[str] = ANIMATIONS
    replies: ClassVar[str] = "animation_replies.jsonl.gz"
    version: ClassVar[str] = "shapecraft-animations/1"


def keep_animations(run: RunStore, folder: Path, *, label: str, date: str) -> Path:
    """Pack the animations in words of a run's object, as it stands, into the folder of its recording.

    label : what the replies are; date : ISO date of them
    Raises ConfigurationError, and writes nothing, for a run without any, for several models, for animations of another
    version of the object, and for a record that is not whole or was made with other settings than the run's.
    """
    check_date(date, where=f"run {run.folder.name}")
    rows, made = [row for row in run.rows(TABLE) if row["model"]], standing(run)
    models = sorted({row["model"] for row in rows})
    if len(models) != 1:
        raise ConfigurationError("animations in words, by one model", where=run.folder.name,
                                 came=" and ".join(models) if models else "none")
    if any(row["graph"] != made.graph.key for row in rows):
        raise ConfigurationError("animations of the object as it stands", came="another version",
                                 where=run.folder.name, mend="`shapecraft edit RUN --go N` goes to a version.")
    steps: list[dict[str, Any]] = []
    programs = []
    for row in rows:
        animation = None
        if not row["failure"]:
            animation = from_json((run.folder / f"{TABLE}/{row['number']}.json").read_text("utf-8"))
            programs += [program_hash(program) for _, program in blend_programs(made, animation)]
        steps.append({"wanted": row["wanted"], "failure": row["failure"],
                      "animation": json.loads(to_json(animation)) if animation is not None else None})
    info = {"label": label, "date": date, "model": models[0], "made": made.graph.key, "sees_images": False,
            "settings": {**run.info["configuration"]["settings"], "prompt_overlay": None}, "steps": steps,
            "programs": sorted(set(programs))}

    def again(recording: AnimationRecording, asked: AskedModel, _: Path) -> None:
        for row, step in zip(rows, steps, strict=True):
            _compared(step, planned(made, step["wanted"], _animator(run, recording, asked), number=row["number"]))

    return AnimationRecording.pack(run, folder, info, again)


def replay_animations(
    run: RunStore, recording: AnimationRecording, *, wall: Wall | None = None, size: int = SIZE, by_site: bool = False,
) -> Iterator[Animated]:
    """Carry out the recorded animations on the replayed object; the run keeps them.

    wall, size : as `shapecraft.animating.animate` takes them; by_site : replies by call site
    Raises ConfigurationError where another object stands, AnimationsDiffer for other keyframes or another failure.
    """
    if standing(run).graph.key != recording.info["made"]:
        raise ConfigurationError("the object that was animated", came="another one", where=recording.folder.name,
                                 mend="Replay the recording itself first; after edits, undo them.")
    chat = recording.chat(by_site=by_site)
    assert chat is not None  # `keep_animations` packs none without a model
    for step in recording.info["steps"]:
        made = animate(run, wanted=step["wanted"], animator=_animator(run, recording, chat), wall=wall, size=size)
        _compared(step, made.animating)
        yield made


def _animator(run: RunStore, recording: AnimationRecording, chat: ChatModel) -> Animator:
    return Animator(chat, CraftSettings(**recording.info["settings"]), str(run.info["name"]))


def _compared(step: dict[str, Any], came: Animating) -> None:
    """Raises AnimationsDiffer."""
    now = json.loads(to_json(came.animation)) if came.animation is not None else None
    if (now, came.failure) != (step["animation"], step["failure"]):
        raise AnimationsDiffer(_words(step["animation"], step["failure"]), where=f'animation "{step["wanted"]}"',
                               came=_words(now, came.failure))


def _words(animation: dict[str, Any] | None, failure: str) -> str:
    if animation is None:
        return failure
    tracks = "; ".join(f"{track['joint']} {track['keyframes']}" for track in animation["tracks"])
    return f"{animation['frames']} frames, {animation['interpolation']}: {tracks}"
