"""A stand-in for Parser, Coder and Evaluator, by procedure: for dry runs, crash tests and the mechanics of sweeps.

It knows the catalogue and nothing else. It plans the right parts with wrong boxes, writes right programs that miss
their boxes or do not run, mends them by halves, and scores by the measured facts it is told. Its numbers say how the
pipeline works, and nothing about the method.
"""

from __future__ import annotations

import json
import math
import random
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from easel.chat import ChatReply, ChatRequest, Evidence, Usage
from easel.errors import ConfigurationError
from easel.stand_ins import STAND_IN, read_stand_in
from shapecraft import standin_animating, standin_editing, standin_questions
from shapecraft.boxes import Box, Vector, vector
from shapecraft.catalogue import find_entry
from shapecraft.graph import ShapeGraph
from shapecraft.part_list import read_part_list, write_part_list
from shapecraft.standin_single_shot import whole_program

TAKES = {"bad": (0.0, 1.0), "broken": (0.0, 1.0), "off": (0.0, 1.0), "seconds": (0.0, math.inf)}
"""What a name may say of it."""
BROKEN = "part.data.use_auto_smooth = True"
"""What a first program that does not run has in it: gone since Blender 4.1, and what models write most often."""
ELSEWHERE: tuple[Callable[[ChatRequest], str | None], ...] = (
    standin_questions.answer, standin_animating.answer, standin_editing.answer,
)
"""Answers to further calls, each in a module of its own; None is not its call."""
SAID = "(These are words of a stand-in, not of a model.)"
_OBJECT = re.compile(r"^The object: (.*)$", re.M)
_PLAN = re.compile(r"^## (?:The plan|Its parts)[^\n]*\n(.*?)(?=\n\n|\Z)", re.M | re.S)
_ENTRY = re.compile(r"^## The component\n(.*)$", re.M)
_PROGRAM = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
_ERROR = re.compile(r"^# off by ([0-9.]+)$", re.M)
_MOVE = re.compile(r"^- (\w+): center (\[[^\]]*\]), size (\[[^\]]*\])$", re.M)
_WORST = re.compile(r"^- largest deviation of a face of its box: (\d+)%", re.M)
_FAULTS = re.compile(r" floats: | touch only each other| m below the ground|could not be made| overlap: ")
_ITEM = re.compile(r"^(\d+)\. (.*)$", re.M)


@dataclass(frozen=True)
class StandIn:
    """A ChatModel without a model.

    bad : share of replies that cannot be read; broken : share of first programs that do not run (0.31 of 178 programs
        of an earlier prototype did not); off : how far boxes and programs miss at first, as a share of their sides
    seconds : time that a call takes
    """

    name: str = STAND_IN
    bad: float = 0.04
    broken: float = 0.31
    off: float = 0.2
    seconds: float = 0.0
    sees_images: bool = False
    evidence: Evidence = "stand-in"

    @classmethod
    def named(cls, model: str, *, label: str | None = None) -> StandIn:
        """The stand-in that a model's name describes: "stand-in", or "stand-in:bad=0.1,broken=0,off=0.3,seconds=1".

        label : the name that it bears in records instead
        Raises ConfigurationError for another part than these four, or a number that it cannot have.
        """
        return cls(label or model, **read_stand_in(model, TAKES))  # type: ignore[arg-type]

    def reply(self, request: ChatRequest) -> ChatReply:
        """Raises ConfigurationError for an object that is not in the catalogue and for a call that it does not know."""
        if self.seconds:
            time.sleep(self.seconds)
        rng = random.Random(request.key)
        role, again, _ = request.site.role.partition("+")
        answers: dict[str, Callable[[str, random.Random], str]] = {
            "parser": self._parse, "parser-update": self._update, "coder": self._draft, "coder-revise": self._revise,
            "coder-repair": self._repair, "evaluator-volumes": self._volumes, "evaluator-part": self._part,
            "evaluator-whole": self._whole, "coder-whole": self._single, "coder-whole-repair": self._single_again,
        }
        words = next((said for one in ELSEWHERE if (said := one(request)) is not None), None)
        if words is None:
            if role not in answers:
                raise ConfigurationError(f"a call of {', '.join(answers)}", came=role, where="stand-in")
            asked = next(message.text for message in request.messages if message.role == "user")
            words = answers[role](asked, rng)
        if rng.random() < self.bad and not again:
            words = "I would rather say it in words."
        prompt = sum(len(message.text) for message in request.messages) // 4
        usage = Usage(prompt_tokens=prompt, completion_tokens=len(words) // 4, dollars=0.0, estimated=True)
        return ChatReply(words, self.name, usage, evidence="stand-in")

    def _parse(self, asked: str, rng: random.Random) -> str:
        true = _true(asked)
        whole = max(true.bounds.size)
        parts = []
        for one in true.components:
            if rng.random() < 0.5:
                reach = self.off * min(max(one.box.size), whole / 2)
                one = replace(one, box=_box((c + rng.uniform(-reach, reach) / 2 for c in one.box.center),
                                            (s * (1 + rng.uniform(-self.off, self.off)) for s in one.box.size)))
            parts.append(one)
        vague = len(_object(asked).split()) <= 4
        graph = replace(true, components=tuple(parts), assumptions=("An ordinary size.",) if vague else ())
        return f"```json\n{write_part_list(graph)}\n```"

    def _update(self, asked: str, rng: random.Random) -> str:
        graph = _plan(asked)
        told = {name: (json.loads(center), json.loads(size)) for name, center, size in _MOVE.findall(asked)}
        parts = [replace(one, box=_box(*told[one.name])) if one.name in told else one for one in graph.components]
        return f"```json\n{write_part_list(replace(graph, components=tuple(parts)))}\n```"

    def _volumes(self, asked: str, rng: random.Random) -> str:
        plan, true = _plan(asked), _true(asked)
        lines, misses = [], []
        for one in plan.components:
            due = true[one.name].box
            miss = max(abs(a - b) for a, b in zip((*one.box.center, *one.box.size), (*due.center, *due.size),
                                                  strict=True)) / max(true.bounds.size)
            misses.append(miss)
            if miss > 0.005:
                center, size = ([round(a + 0.8 * (b - a), 4) for a, b in zip(old, new, strict=True)]
                                for old, new in ((one.box.center, due.center), (one.box.size, due.size)))
                lines.append(f"- {one.name}: center {center}, size {size}")
        score = 10 - 30 * sum(misses) / len(misses)
        return _opinion(score, "\n".join([*lines, SAID]) if lines else f"Nothing to change. {SAID}")

    def _draft(self, asked: str, rng: random.Random) -> str:
        return _program(asked, round(self.off * rng.random(), 3), rng, broken=rng.random() < self.broken)

    def _single(self, asked: str, rng: random.Random) -> str:
        return whole_program(_object(asked), rng, off=self.off, broken=BROKEN if rng.random() < self.broken else "")

    def _single_again(self, asked: str, rng: random.Random) -> str:
        return whole_program(_object(asked), rng, off=self.off)

    def _revise(self, asked: str, rng: random.Random) -> str:
        factor = rng.uniform(1.1, 1.6) if rng.random() < 0.15 else rng.uniform(0.1, 0.7)
        return _program(asked, round(min(1.0, factor * _error(asked)), 3), rng)

    def _repair(self, asked: str, rng: random.Random) -> str:
        return _program(asked, _error(asked), rng)

    def _part(self, asked: str, rng: random.Random) -> str:
        found = _WORST.search(asked)
        worst = int(found[1]) if found else 50
        score = 9.6 - 0.25 * worst + rng.uniform(-0.4, 0.4)
        met = {3: worst <= 3}
        say = f"It misses its box by {worst} % of the longest side." if worst > 1 else "Nothing to change."
        return _opinion(score, f"{say} {SAID}", asked, met)

    def _whole(self, asked: str, rng: random.Random) -> str:
        faults = len(_FAULTS.findall(asked))
        fixes = []
        if '"fixes"' in asked and rng.random() < 0.5:
            fixes = [{"component": rng.choice(_plan(asked).names), "feedback": f"Nearer to its box. {SAID}"}]
        score = 8.5 - 0.5 * faults + rng.uniform(-0.5, 0.5)
        return _opinion(score, f"{faults} faults among the measured facts. {SAID}", asked, fixes=fixes)


def _object(asked: str) -> str:
    found = _OBJECT.search(asked)
    return found[1] if found else ""


def _true(asked: str) -> ShapeGraph:
    return find_entry(_object(asked)).graph()


def _plan(asked: str) -> ShapeGraph:
    found = _PLAN.search(asked)
    return read_part_list(found[1] if found else "").graph


def _error(asked: str) -> float:
    """How far off the program in a prompt says that it is."""
    found = _ERROR.search(asked)
    return float(found[1]) if found else 0.2


def _box(center: Iterable[float], size: Iterable[float]) -> Box:
    return Box(vector(round(v, 4) + 0.0 for v in center), vector(max(round(v, 4), 5e-4) for v in size))


def _program(asked: str, off: float, rng: random.Random, *, broken: bool = False) -> str:
    """The catalogue's program, fitted to the box that was asked for, and missing it by `off` on every axis."""
    found = _ENTRY.search(asked)
    entry = json.loads(found[1]) if found else {}
    name, asked_box = entry["name"], Box(vector(entry["box"]["center"]), vector(entry["box"]["size"]))
    true = _true(asked)[name]
    factor: Vector = vector(round(due / own * (1 + off * rng.choice((-1, 1))), 5)
                            for due, own in zip(asked_box.size, true.box.size, strict=True))
    by: Vector = vector(round(a - b, 5) + 0.0 for a, b in zip(asked_box.center, true.box.center, strict=True))
    lines = [f"# off by {off}", true.program.rstrip("\n")]
    if factor != (1.0, 1.0, 1.0):
        lines.append(f"shapes.scale(part, factor={factor})")
    if any(by):
        lines.append(f"shapes.move(part, by={by})")
    if broken:
        lines.append(BROKEN)
    return "```python\n" + "\n".join(lines) + "\n```"


def _opinion(
    score: float, feedback: str, asked: str = "", met: dict[int, bool] | None = None, *,
    fixes: list[dict[str, str]] | None = None,
) -> str:
    items = _ITEM.findall(asked.partition("## Checklist")[2])
    checks = [{"item": int(number), "met": (met or {}).get(int(number), True)} for number, _ in items]
    return json.dumps({
        **({"checks": checks} if checks else {}), "score": round(min(10.0, max(0.0, score)), 1), "feedback": feedback,
        **({"fixes": fixes} if fixes else {}),
    })
