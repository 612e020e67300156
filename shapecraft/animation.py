"""Animation: an object's joints at keyframes (ours; the paper names animation as a use and gives no method).

Times are frames of 1/24 s, so that GLB and .blend hold the same poses. "smooth" is half a cosine wave from keyframe to
keyframe, which is Blender's sine ease in and out; "linear" is constant speed. The three numbers of a ball are each
interpolated for themselves, as Blender does.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from easel.errors import EaselError, shorten
from shapecraft.boxes import STRICT, vector
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.posing import JointTree, Value, checked_value, joint_tree, limits, numbers_of, rotation

FORMAT = "shapecraft-animation/1"
FPS = 24
"""Frames a second (ours: Blender's default, so that an imported GLB keeps its keyframes on whole frames)."""
LONGEST = 60.0
"""Seconds of one animation (ours)."""
FASTEST = 90.0
"""Degrees from one frame to the next (ours): quaternions a half turn apart do not say which way round."""
ROUNDED = 1e-6
"""Degrees by which rounding may exceed FASTEST (ours)."""
SPEED, TRAVEL = 90.0, 0.5
"""Of a sweep (ours): degrees a second on average, and lengths of the object a second."""
STRETCH = (0.5, 2.5)
"""Seconds from one end of a sweep to the next, at least and at most (ours)."""
TURN = {"hinge": 360.0, "ball": 180.0}
"""Degrees of a sweep to either side, at most (ours)."""
REASON = "no joint of it can move"

Interpolation = Literal["smooth", "linear"]
Keyframe = tuple[int, tuple[float, ...]]


class AnimationError(EaselError, ValueError):
    """An animation that cannot be."""


class NothingMoves(AnimationError):
    """The object has no joint that can move."""


@dataclass(frozen=True)
class Track:
    """The keyframes of one joint.

    joint : the component that has it; keyframes : (frame from 0, numbers), frames rising; three numbers of a ball, else
    one, in degrees or metres. Before its first keyframe the joint stands as in it, after its last as in that.
    """

    __pydantic_config__ = STRICT

    joint: str
    keyframes: tuple[Keyframe, ...]

    def __post_init__(self) -> None:
        frames = [frame for frame, _ in self.keyframes]
        widths = {len(numbers) for _, numbers in self.keyframes}
        if not frames or frames[0] < 0 or any(b <= a for a, b in itertools.pairwise(frames)):
            raise AnimationError("keyframes whose times rise from 0, each at least a frame after the last",
                                 came=f"frames {frames}", where=f"the joint of {self.joint}")
        if widths not in ({1}, {3}) or not all(math.isfinite(one) for _, numbers in self.keyframes for one in numbers):
            raise AnimationError("one finite number in every keyframe, or three", where=f"the joint of {self.joint}",
                                 came=shorten(str(self.keyframes), 80))

    def at(self, frame: float, interpolation: Interpolation) -> Value:
        """The value at a time in frames."""
        (first, start), (last, end) = self.keyframes[0], self.keyframes[-1]
        if frame <= first or len(self.keyframes) == 1:
            numbers = start
        elif frame >= last:
            numbers = end
        else:
            after = next(number for number, (at, _) in enumerate(self.keyframes) if at > frame)
            (a, left), (b, right) = self.keyframes[after - 1: after + 1]
            share = (frame - a) / (b - a)
            if interpolation == "smooth":
                share = (1.0 - math.cos(math.pi * share)) / 2.0
            numbers = tuple(one + share * (other - one) for one, other in zip(left, right, strict=True))
        return numbers[0] if len(numbers) == 1 else vector(numbers)


@dataclass(frozen=True)
class Animation:
    """title : in words; frames : number of the last one, the first is 0; tracks : one a joint, at most

    proposed : (component, joint) of parts that had none and that this animation moves; notes : a line per value that
    was changed to stay inside its limits
    """

    __pydantic_config__ = STRICT

    title: str
    frames: int
    interpolation: Interpolation
    tracks: tuple[Track, ...]
    proposed: tuple[tuple[str, Joint], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.frames <= LONGEST * FPS:
            raise AnimationError(f"a duration up to {LONGEST:g} seconds", came=f"{self.frames / FPS:g} seconds")
        names = [track.joint for track in self.tracks]
        if not names or len(set(names)) < len(names):
            raise AnimationError("keyframes of at least one joint, each joint once", came=", ".join(names) or "none")
        if late := [track.joint for track in self.tracks if track.keyframes[-1][0] > self.frames]:
            raise AnimationError(f"keyframes up to the end, {self.frames / FPS:g} seconds", came="later ones",
                                 where=f"the joint of {late[0]}")

    @property
    def seconds(self) -> float:
        return self.frames / FPS

    def values(self, frame: float) -> dict[str, Value]:
        """Joint -> its value at a time in frames: a pose for `shapecraft.posing.pose`."""
        return {track.joint: track.at(frame, self.interpolation) for track in self.tracks}

    def graph(self, graph: ShapeGraph) -> ShapeGraph:
        """The graph with the joints that this animation proposed. Raises GraphError for a part that is not in it."""
        return graph.replacing(*(replace(graph[name], joint=joint) for name, joint in self.proposed))

    def tree(self, graph: ShapeGraph) -> JointTree:
        """The joints that it moves. Raises PoseError."""
        return joint_tree(self.graph(graph))


def checked(animation: Animation, graph: ShapeGraph) -> Animation:
    """The animation with every value inside its limits, and a note per value that was not.

    Raises PoseError for a part without a joint and a value of the wrong kind, AnimationError for what turns faster than
    FASTEST and where no keyframe moves anything.
    """
    tree = animation.tree(graph)
    tracks, notes = [], []
    for track in animation.tracks:
        joint = tree.joint(track.joint)
        keyframes: list[Keyframe] = []
        for frame, numbers in track.keyframes:
            asked: Value = numbers[0] if len(numbers) == 1 else vector(numbers)
            inside, said = tree.clamped({track.joint: asked})
            keyframes.append((frame, checked_value(inside[track.joint], joint, f"the joint of {track.joint}")))
            notes += [f"{line} at {frame / FPS:g} s" for line in said]
        tracks.append(Track(track.joint, tuple(keyframes)))
    made = replace(animation, tracks=tuple(tracks), notes=(*animation.notes, *notes))
    for track in made.tracks:
        if tree.joint(track.joint).type != "slider":
            _check_speed(track, made, tree.joint(track.joint))
    if not any(any(numbers) for track in made.tracks for _, numbers in track.keyframes):
        raise AnimationError("a keyframe that moves something", came="all at 0, as modelled")
    return made


def _check_speed(track: Track, animation: Animation, joint: Joint) -> None:
    """Every number for itself, and of a ball the turn that its three angles make together.

    The numbers alone would let three fast ones make more than half a turn, the turn alone a whole one.
    """
    last = track.at(0, animation.interpolation)
    for frame in range(1, animation.frames + 1):
        now = track.at(frame, animation.interpolation)
        turned = max(abs(a - b) for a, b in zip(numbers_of(last), numbers_of(now), strict=True))
        if joint.type == "ball" and now != last:
            turned = max(turned, _angle(rotation(joint, last), rotation(joint, now)))
        if turned > FASTEST + ROUNDED:
            raise AnimationError(f"at most {FASTEST:g} degrees a frame of 1/{FPS} s", came=f"more at {frame / FPS:g} s",
                                 where=f"the joint of {track.joint}", mend="Give the movement more time.")
        last = now


def _angle(a: np.ndarray, b: np.ndarray) -> float:
    """Degrees of the one turn that leads from a rotation to another: their quaternions' dot product is cos(half)."""
    half = math.sqrt(max(0.0, 1.0 + float(np.sum(a * b)))) / 2.0  # the trace of a^T b is 1 + 2 cos(angle)
    return math.degrees(2.0 * math.acos(min(1.0, half)))


def sweep(graph: ShapeGraph, *, together: bool = False) -> Animation:
    """Every joint from 0 to its highest and its lowest value and back, one after the other, eased.

    together : all at once
    A hinge goes at most once around to either side; a ball turns around x, y and z, each for itself.
    Raises NothingMoves, which says why of every part that has a joint; PoseError for joints that make no tree.
    """
    tree = joint_tree(graph)
    if not tree.moving:
        raise NothingMoves("a joint that can move", came=why_still(graph), where=shorten(graph.object, 60))
    length = max(graph.bounds.size)
    start, end, tracks = 0, 0, []
    for name in tree.moving:
        keyframes: list[Keyframe] = []
        for stop in _stops(tree.joint(name)):
            if keyframes:
                far = max(abs(a - b) for a, b in zip(stop, keyframes[-1][1], strict=True))
                pace = TRAVEL * length if tree.joint(name).type == "slider" else SPEED
                end += math.ceil(FPS * min(max(far / pace, STRETCH[0]), STRETCH[1]))
            keyframes.append((end, stop))
        tracks.append(Track(name, tuple(keyframes)))
        start, end = max(start, end), 0 if together else end
    squeezed = min(1.0, LONGEST * FPS / start)
    if squeezed < 1.0:
        tracks = [Track(one.joint, tuple((math.floor(at * squeezed), numbers) for at, numbers in one.keyframes))
                  for one in tracks]
    return checked(Animation("every joint through its limits", math.floor(start * squeezed), "smooth", tuple(tracks)),
                   graph)


def _stops(joint: Joint) -> Iterator[tuple[float, ...]]:
    """Where a sweep stops: 0, then each limit that is not 0 and, after both, 0."""
    low, high = limits(joint)
    most = TURN.get(joint.type, math.inf)
    low, high = max(low, -most), min(high, most)
    ends = [one for one in (high, low) if one]
    if joint.type != "ball":
        yield from ((one,) for one in (0.0, *ends, 0.0))
        return
    yield (0.0, 0.0, 0.0)
    for axis in range(3):
        for one in (*ends, 0.0):
            yield tuple(one if place == axis else 0.0 for place in range(3))


def why_still(graph: ShapeGraph) -> str:
    """Why nothing of an object moves, in words."""
    still = [f"{one.name}: {'fixed' if one.joint.type == 'fixed' else 'limits 0 to 0'}"
             for one in graph.components if one.joint is not None]
    return f"{REASON} ({', '.join(still)})" if still else f"none of its {len(graph)} parts has a joint"


def to_json(animation: Animation) -> str:
    """The animation as versioned JSON; times in frames, with the seconds beside them for people.

    `from_json(to_json(a)) == a`
    """
    data = {"format": FORMAT, "fps": FPS, "seconds": round(animation.seconds, 6), **asdict(animation)}
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def from_json(text: str, *, where: str = "an animation file") -> Animation:
    """Read what `to_json` wrote. Raises AnimationError for another version and for wrong values."""
    try:
        data: Any = json.loads(text)
        found = (data.pop("format", None), data.pop("fps", None)) if isinstance(data, dict) else None
        if found != (FORMAT, FPS):
            raise AnimationError(f'an animation of format "{FORMAT}" at {FPS} frames a second', where=where,
                                 came=shorten(str(found), 80))
        data.pop("seconds", None)
        return _ANIMATION.validate_json(json.dumps(data))
    except (ValidationError, RecursionError) as error:
        raise AnimationError("an animation", came=shorten(str(error)), where=where) from None
    except AnimationError:
        raise
    except ValueError as error:
        raise AnimationError("JSON", came=str(error), where=where) from None


_ANIMATION: TypeAdapter[Animation] = TypeAdapter(Animation)
