"""The animator: words become keyframes of an object's joints, with one model call (ours; the paper has no movement)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel
from easel.errors import EaselError, shorten
from shapecraft.animation import FPS, LONGEST, Animation, AnimationError, Interpolation, Keyframe, Track, checked
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.part_fields import PartListError, Reading, metres, shown, slugged
from shapecraft.part_links import joint_of
from shapecraft.part_list import write_part_list
from shapecraft.posing import JointTree, PoseError, joint_tree, limits, moves, unit
from shapecraft.reply_json import last_object
from shapecraft.settings import CraftSettings

_SPOKEN: dict[str, Interpolation] = {
    "smooth": "smooth", "ease": "smooth", "eased": "smooth", "ease_in_out": "smooth", "bezier": "smooth",
    "cubic": "smooth", "cubicspline": "smooth", "sine": "smooth", "linear": "linear", "constant_speed": "linear",
}
_MOST_KEYFRAMES = 400  # of one joint, far above what a person would set in 30 seconds


class AnimationInvalid(EaselError, ValueError):
    """A reply that cannot be read as an animation; the message is what the model is told."""


@dataclass(frozen=True)
class Plan:
    """What a reply says: an animation, or why there is none. forgiven : what was not as asked for, sorted"""

    animation: Animation | None
    impossible: str = ""
    forgiven: tuple[str, ...] = ()


@dataclass(frozen=True)
class Animating:
    """An animation, or a failure with its reason. failure : "nothing moves", "invalid", or the kind of a failed call"""

    animation: Animation | None
    failure: str = ""
    reason: str = ""
    forgiven: tuple[str, ...] = ()
    reply_keys: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        made = self.animation
        return {
            "title": made.title if made else "", "frames": made.frames if made else 0,
            "joints": [track.joint for track in made.tracks] if made else [],
            "proposed": [name for name, _ in made.proposed] if made else [], "notes": list(made.notes) if made else [],
            "failure": self.failure, "reason": self.reason, "forgiven": list(self.forgiven),
            "reply_keys": list(self.reply_keys),
        }


@dataclass(frozen=True)
class Animator:
    """model : the language model; settings : temperature, repairs; name : of the object, in call sites"""

    model: ChatModel
    settings: CraftSettings
    name: str = "object"

    def animate(self, graph: ShapeGraph, wanted: str, *, number: int = 0) -> Animating:
        """The animation that the words ask for. number : of the animation, in its call site

        Raises PoseError for a graph whose joints make no tree.
        """
        settings, tree = self.settings, joint_tree(graph)
        bare = replace(graph, components=tuple(replace(one, joint=None) for one in graph.components))
        messages = load_prompt("shapecraft", "animate", overlay=settings.prompt_overlay).render(
            object=graph.object, parts=write_part_list(bare), joints=joint_words(tree), wanted=wanted,
        )
        answer = ask(
            self.model, messages, lambda text: read_animation(text, graph, wanted),
            site=CallSite("animator", self.name, number), sampling=settings.sampling(settings.temperature),
            repairs=settings.reply_repairs,
        )
        if answer.value is None:
            return Animating(None, answer.failure, answer.reason, reply_keys=answer.reply_keys)
        plan = answer.value
        return Animating(plan.animation, "" if plan.animation else "nothing moves", plan.impossible, plan.forgiven,
                         answer.reply_keys)


def joint_words(tree: JointTree) -> str:
    """A line per joint, with where the middle of its part's box stands at 0 and at its limits; rounded to 0.1 mm."""
    lines = []
    for name in tree.moving:
        joint = tree.joint(name)
        how = "shifts along" if joint.type == "slider" else "turns around"
        line = f"- {name}: {joint.type}" if joint.type == "ball" else \
            f"- {name}: {joint.type}, {how} {_list(joint.direction)}"
        line += "" if joint.type == "slider" else f", origin {_list(joint.origin)}"
        low, high = limits(joint)
        line += f", {low:g} to {high:g}{unit(joint)}"
        if carried := [one for one in tree.moved(name) if one != name]:
            line += f"; carries {', '.join(carried)}"
        centre = tree.graph[name].box.center
        stands = [f"{_list(centre)} at 0"]
        if joint.type != "ball":
            for value in (low, high):
                if value:
                    at = tree.transforms({name: value})[name] @ (*centre, 1.0)
                    stands.append(f"{_list(at[:3])} at {value:g}")
        lines.append(f"{line}. The middle of its box: {', '.join(stands)}.")
    return "\n".join(lines) or "None: no part has a joint."


def _list(values: Any) -> str:
    return "[" + ", ".join(f"{round(float(one), 4) + 0.0:g}" for one in values) + "]"


def read_animation(text: str, graph: ShapeGraph, wanted: str) -> Plan:
    """Read a reply: JSON in a fence or bare, words around it; of several objects with keyframes the last.

    Raises AnimationInvalid for what is surely no animation of this graph; values outside their limits are moved inside
    and noted.
    """
    forgiven: set[str] = set()
    found = last_object(text, ("keyframes", "impossible"), AnimationInvalid,
                        'one JSON object {"title", "duration", "interpolation", "keyframes", "joints"}', forgiven)
    if isinstance(found.get("impossible"), str) and found["impossible"].strip() and not found.get("keyframes"):
        return Plan(None, shorten(" ".join(found["impossible"].split()), 400), tuple(sorted(forgiven)))
    reading = Reading(forgiven, names={name: name for name in graph.names})
    try:
        proposed = _joints(found.get("joints"), graph, reading)
        full = graph.replacing(*(replace(graph[name], joint=joint) for name, joint in proposed))
        tracks = _tracks(found.get("keyframes"), joint_tree(full), reading)
        last = max(track.keyframes[-1][0] for track in tracks)
        frames = max(last, _duration(found.get("duration"), last, forgiven))
        title = found.get("title")
        title = " ".join(title.split()) if isinstance(title, str) and title.strip() else wanted
        animation = Animation(shorten(title, 120), frames, _interpolation(found.get("interpolation"), forgiven),
                              tracks, proposed)
        return Plan(checked(animation, graph), forgiven=tuple(sorted(forgiven)))
    except (AnimationError, PoseError, PartListError) as error:
        raise AnimationInvalid(error.expected, came=error.came, where=error.where, mend=error.mend) from None


def _joints(raw: Any, graph: ShapeGraph, reading: Reading) -> tuple[tuple[str, Joint], ...]:
    """The joints of parts that have none, in the graph's order."""
    if raw is None or raw == []:
        raw = {}
    if isinstance(raw, list) and all(isinstance(one, dict) for one in raw):
        reading.forgiven.add("joints as a list")
        raw = {str(one.get("name", one.get("part", one.get("component")))): one for one in raw}
    if not isinstance(raw, dict):
        raise AnimationInvalid('"joints": an object of joints by the names of parts, or {}', came=shown(raw),
                               where="joints")
    found: dict[str, Joint] = {}
    for key, fields in raw.items():
        name = reading.name(key, "joints")
        joint = joint_of(fields, name, f"joints.{name}", reading)
        if joint is None:
            continue
        old = graph[name].joint
        if moves(old):
            reading.forgiven.add(f"a joint of {name}, which has one, left out")
            continue
        if old is not None:  # what is fastened to a fixed part stays so
            joint = replace(joint, carries=tuple(dict.fromkeys((*old.carries, *joint.carries))))
        if not moves(joint):
            raise AnimationInvalid("a joint that moves, with limits such as [0, 90]", where=f"joints.{name}",
                                   came=joint.type if joint.type == "fixed" else "limits [0, 0]")
        found[name] = joint
    return tuple((name, found[name]) for name in graph.names if name in found)


def _tracks(raw: Any, tree: JointTree, reading: Reading) -> tuple[Track, ...]:
    asked = '"keyframes": {"lid": [[0, 0], [1.5, 90]]}, by the names of parts'
    if not isinstance(raw, dict) or not raw:
        raise AnimationInvalid(asked, came=shown(raw), where="keyframes")
    tracks: dict[str, Track] = {}
    for key, entries in raw.items():
        name = reading.name(key, "keyframes")
        where = f"keyframes.{name}"
        if name not in tree.moving:
            raise AnimationInvalid(f"a part with a joint ({', '.join(tree.moving) or 'none has'})", came=name,
                                   where="keyframes", mend=f'Give {name} one under "joints", or move what carries it.')
        if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST_KEYFRAMES:
            raise AnimationInvalid("a list of [seconds, value]", came=shown(entries), where=where)
        keyframes: dict[int, tuple[float, ...]] = {}
        for entry in entries:
            frame, numbers = _keyframe(entry, tree.joint(name), where, reading)
            if frame in keyframes and keyframes[frame] != numbers:
                raise AnimationInvalid(f"keyframes at least 1/{FPS} s apart", came=f"two at {frame / FPS:g} s",
                                       where=where)
            keyframes[frame] = numbers
        tracks[name] = Track(name, tuple(keyframes.items()))
    return tuple(tracks[name] for name in tree.moving if name in tracks)


def _keyframe(raw: Any, joint: Joint, where: str, reading: Reading) -> Keyframe:
    if isinstance(raw, Mapping):
        reading.forgiven.add("keyframes as objects")
        raw = [next((raw[key] for key in ("time", "seconds", "t") if key in raw), None),
               next((raw[key] for key in ("value", "angle", "degrees", "position", "v") if key in raw), None)]
    value = '[seconds, [x, y, z]], degrees' if joint.type == "ball" else f"[seconds, value],{unit(joint)}"
    if not isinstance(raw, list) or len(raw) != 2 or not isinstance(raw[0], float):
        raise AnimationInvalid(value, came=shown(raw), where=where)
    seconds, said = raw
    if not 0 <= seconds <= LONGEST:
        raise AnimationInvalid(f"times from 0 to {LONGEST:g} seconds", came=f"{seconds:g}", where=where)
    numbers = said if isinstance(said, list) else [said]
    if joint.type == "ball" and numbers == [0.0]:
        reading.forgiven.add("0 of a ball, read as [0, 0, 0]")
        numbers = [0.0, 0.0, 0.0]
    if joint.type == "slider":
        numbers = [metres(one, where, reading) for one in numbers]
    if len(numbers) != (3 if joint.type == "ball" else 1) or not all(
            isinstance(one, float) and math.isfinite(one) for one in numbers):
        raise AnimationInvalid(value, came=shown(raw), where=where)
    return round(seconds * FPS), tuple(round(one, 6) + 0.0 for one in numbers)


def _duration(raw: Any, last: int, forgiven: set[str]) -> int:
    """In frames; the last keyframe ends an animation that says none."""
    if raw is None:
        forgiven.add("no duration, taken from the last keyframe")
        return last
    if not isinstance(raw, float) or not 0 < raw <= LONGEST:
        raise AnimationInvalid(f'"duration": seconds, up to {LONGEST:g}', came=shown(raw), where="duration")
    return max(1, round(raw * FPS))


def _interpolation(raw: Any, forgiven: set[str]) -> Interpolation:
    if raw is None:
        forgiven.add('no interpolation, taken as "smooth"')
        return "smooth"
    found = _SPOKEN.get(slugged(str(raw)))
    if found is None:
        raise AnimationInvalid('"interpolation": "smooth" or "linear"', came=shown(raw), where="interpolation")
    if found != raw:
        forgiven.add(f'interpolation "{shorten(str(raw), 20)}" read as "{found}"')
    return found


def described(animation: Animation) -> str:
    """The reply that would give this animation, for stand-ins: `read_animation` reads it back."""
    return json.dumps({
        "title": animation.title, "duration": round(animation.seconds, 4), "interpolation": animation.interpolation,
        "keyframes": {track.joint: [[round(at / FPS, 4), numbers[0] if len(numbers) == 1 else list(numbers)]
                                    for at, numbers in track.keyframes] for track in animation.tracks},
        "joints": {name: {"type": joint.type, "axis": list(joint.axis), "origin": list(joint.origin),
                          "limits": list(joint.limits), "carries": list(joint.carries)}
                   for name, joint in animation.proposed},
    })
