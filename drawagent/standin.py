"""A stand-in for a language model, by procedure: for dry runs, crash tests and the mechanics of sweeps.

It answers the artist's, the judge's and the curator's requests in the forms they ask for. It understands nothing: the
same query gives the same kind of body, chosen by a hash, and its numbers say nothing about the method. It ignores
lessons, unless `effect` is set in order to check that statistics find what is there and nothing else.

An effect acts on the wobble of the strokes, and what a score makes of the wobble is the scorer's own matter. The toy
CLIPs of this package happen to prefer wobbly bodies on the whole (mean score of "embedded:reward" over twenty queries:
0.134 without wobble, 0.166 at the usual one of 0.08, 0.205 at 0.16), though not for every query: under them a lesson
that steadies usually does harm, and one that shakes helps.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from drawagent.language import write
from drawagent.sketch import Sketch
from easel.chat import ChatReply, ChatRequest, Evidence, Usage
from easel.errors import ConfigurationError
from easel.stand_ins import STAND_IN, read_stand_in

TAKES = {"effect": (-math.inf, math.inf), "bad": (0.0, 1.0), "seconds": (0.0, math.inf)}
"""What a name may say of it."""
WOBBLE = 0.08
"""Usual standard deviation of a control point's coordinates about the body's, world units (ours)."""

_QUERY = re.compile(r"^Query: (.*)$", re.MULTILINE)
_PAIR = re.compile(r"^### Pair (\S+),", re.MULTILINE)
_LESSON = re.compile(r"^\[(L\d+)\]", re.MULTILINE)
_ADVICE = (
    ("parts", "Draw every part that carries the object's name before any ornament."),
    ("space", "Give each part depth, so that it is recognised from the side as well."),
    ("precision", "Let strokes that touch share exactly the same end point."),
    ("shape", "Keep opposite sides of the body at equal distance from its axis."),
    ("style", "Spend strokes on outlines first, and on inner edges last."),
)


@dataclass(frozen=True)
class StandIn:
    """A ChatModel without a model.

    effect : how much a lesson in the context steadies the strokes (0: lessons are ignored): the wobble is `wobble`
        times exp(-e), e the sum over the lessons there. One number is the effect of every lesson; a mapping, or pairs,
        gives single lessons an effect by their exact words (white space folded), and all others none. Negative
        numbers shake. Kept as pairs, so that a stand-in stays hashable
    bad : share of drawings that come back unreadable; seconds : time that a call takes; wobble : without a lesson
    Raises ConfigurationError for an effect that is no number, or two of one lesson.
    """

    name: str = STAND_IN
    effect: float | Mapping[str, float] | tuple[tuple[str, float], ...] = 0.0
    bad: float = 0.04
    seconds: float = 0.0
    sees_images: bool = False
    evidence: Evidence = "stand-in"
    wobble: float = WOBBLE

    def __post_init__(self) -> None:
        if isinstance(self.effect, int | float):
            numbers = [self.effect]
        else:
            given = self.effect.items() if isinstance(self.effect, Mapping) else self.effect
            pairs = tuple(sorted((_folded(words), number) for words, number in given))
            if len({words for words, _ in pairs}) < len(pairs):
                raise ConfigurationError("one effect a lesson", came="two of the same words", where="stand-in, effect")
            object.__setattr__(self, "effect", pairs)
            numbers = [number for _, number in pairs]
        for number in numbers:
            if not (isinstance(number, int | float) and math.isfinite(number)):
                raise ConfigurationError("effects that are finite numbers", came=repr(number), where="stand-in, effect")

    @classmethod
    def named(cls, model: str, *, label: str | None = None) -> StandIn:
        """The stand-in that a model's name describes: "stand-in", or "stand-in:effect=-0.4,bad=0.1,seconds=1".

        label : the name that it bears in records instead
        Raises ConfigurationError for another part than these three, or a number that it cannot have.
        """
        return cls(label or model, **read_stand_in(model, TAKES))  # type: ignore[arg-type]

    def reply(self, request: ChatRequest) -> ChatReply:
        if self.seconds:
            time.sleep(self.seconds)
        text = request.messages[-1].text
        rng = random.Random(request.key)
        role = request.site.role.split("+")[0]
        words = {"judge": self._judge, "update": self._update}.get(role, self._draw)(request, text, rng)
        prompt = sum(len(message.text) for message in request.messages) // 4
        usage = Usage(prompt_tokens=prompt, completion_tokens=len(words) // 4, dollars=0.0, estimated=True)
        return ChatReply(words, self.name, usage, evidence="stand-in")

    def _draw(self, request: ChatRequest, text: str, rng: random.Random) -> str:
        asked = "\n".join(message.text for message in request.messages)
        if rng.random() < self.bad and "could not be used" not in text:
            return "<thinking>Stand-in.</thinking>\n<curves>[[[0, 0, 0], [1, 0"
        found = _QUERY.findall(asked)
        shake = self.wobble * math.exp(min(9.0, -self._steadied(asked)))
        body = _hull(random.Random(hashlib.sha256((found[-1] if found else "").encode()).hexdigest()))
        points = [[[c + rng.gauss(0.0, shake) for c in point] for point in stroke] for stroke in body]
        rounded = [[[round(max(-1.0, min(1.0, c)), 3) for c in point] for point in stroke] for stroke in points]
        return "<thinking>Stand-in.</thinking>\n" + write(Sketch.from_array(rounded))

    def _steadied(self, asked: str) -> float:
        """Sum of the effects of the lessons in a prompt."""
        if not self.effect:
            return 0.0
        lessons = re.findall(r"^- (.*)$", asked.partition("Principles learned")[2], re.M)
        if isinstance(self.effect, int | float):
            return self.effect * len(lessons)
        known = dict(self.effect)
        return math.fsum(known.get(_folded(lesson), 0.0) for lesson in lessons)

    def _judge(self, request: ChatRequest, text: str, rng: random.Random) -> str:
        return f"Because {rng.choice(_ADVICE)[1].lower()} (These are words of a stand-in, not of a model.)"

    def _update(self, request: ChatRequest, text: str, rng: random.Random) -> str:
        pairs = _PAIR.findall(text)
        topic, advice = rng.choice(_ADVICE)
        edits: list[dict[str, object]] = [{"op": "add", "text": advice, "topic": topic, "because": pairs[:1]}]
        known = _LESSON.findall(text)
        if known and rng.random() < 0.3:
            edits.append({"op": "delete", "id": rng.choice(known), "because": pairs[:1]})
        return json.dumps(edits)


def _folded(words: str) -> str:
    return " ".join(words.split())


def _hull(rng: random.Random) -> list[list[list[float]]]:
    """A turned body, a crate or a crate on posts, as strokes."""
    kind = rng.randrange(3)
    if kind == 0:
        radii = [rng.uniform(0.2, 0.9) for _ in range(3)]
        heights = (-0.9, rng.uniform(-0.3, 0.3), 0.9)
        turned = [stroke for radius, z in zip(radii, heights, strict=True) for stroke in _circle(radius, z)]
        sides = [
            _straight([x * radii[0], y * radii[0], -0.9], [x * radii[2], y * radii[2], 0.9])
            for x, y in ((1, 0), (0, 1), (-1, 0), (0, -1))
        ]
        return turned + sides
    width, depth, height = (rng.uniform(0.4, 0.95) for _ in range(3))
    bottom = -height if kind == 1 else 0.1
    corners = [(-width, -depth), (width, -depth), (width, depth), (-width, depth)]
    strokes = []
    for (x, y), (u, v) in zip(corners, corners[1:] + corners[:1], strict=True):
        strokes += [_straight([x, y, z], [u, v, z]) for z in (bottom, height)]
        strokes.append(_straight([x, y, bottom], [x, y, height]))
        if kind == 2:
            strokes.append(_straight([x * 0.9, y * 0.9, -0.9], [x * 0.9, y * 0.9, bottom]))
    return strokes


def _straight(start: list[float], end: list[float]) -> list[list[float]]:
    return [[a + (b - a) * t / 3 for a, b in zip(start, end, strict=True)] for t in range(4)]


def _circle(radius: float, z: float) -> list[list[list[float]]]:
    """Four quarter arcs about the z axis, handle length 0.5523 r."""
    quarters = ((1, 0), (0, 1), (-1, 0), (0, -1))
    arcs = []
    for (x, y), (u, v) in zip(quarters, quarters[1:] + quarters[:1], strict=True):
        flat = ((x, y), (x + 0.5523 * u, y + 0.5523 * v), (u + 0.5523 * x, v + 0.5523 * y), (u, v))
        arcs.append([[radius * a, radius * b, z] for a, b in flat])
    return arcs
