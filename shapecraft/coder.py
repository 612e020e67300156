"""The Coder: the program of a part, from its specification, the latest program and the last feedback alone (ShapeCraft,
section 3.3). Nothing else of the past is shown, so that the context stays bounded."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel
from easel.errors import shorten
from shapecraft.blender_checks import Advice
from shapecraft.graph import ShapeGraph
from shapecraft.outcome import Outcome
from shapecraft.part_list import write_part_list
from shapecraft.programs import ReadProgram, read_program
from shapecraft.settings import MOST_PATHS, CraftSettings
from shapecraft.shapes_guide import guide

MOST_ADVICE = 8
"""Remarks on a program that are told at once, the first ones (ours)."""

UNHEARD = "It ran, and no review of it could be read. Go over it yourself, against the specification."
"""What stands in for a reviewer that sees, where its reply could not be read (ours)."""


@dataclass(frozen=True)
class Written:
    """A program, or a failure with its reason."""

    program: str
    failure: str = ""
    reason: str = ""
    forgiven: tuple[str, ...] = ()
    reply_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Coder:
    """model : the language model; settings : temperatures, repairs; name : of the object, in call sites

    attempt : 0-based, of asking for the same once more: its replicas and seeds are others than those before
    """

    model: ChatModel
    settings: CraftSettings
    name: str = "object"
    attempt: int = 0

    def draft(self, graph: ShapeGraph, component: str, *, path: int) -> Written:
        """The first program of a path, at high temperature; path : m, the replica of the call."""
        return self._asked("code", "coder", graph, component, path, 0, self.settings.draft_temperature)

    def revise(
        self, graph: ShapeGraph, component: str, program: str, feedback: str, *, path: int, step: int
    ) -> Written:
        """The program of step t, from the one before and what was said of it."""
        return self._asked("code_revise", "coder-revise", graph, component, path, step, self.settings.temperature,
                           program=program.strip("\n"), feedback=feedback)

    def repair(
        self, graph: ShapeGraph, component: str, program: str, outcome: Outcome, advice: Sequence[Advice] = (), *,
        path: int, step: int,
    ) -> Written:
        """The same program made to run."""
        return self._asked("code_repair", "coder-repair", graph, component, path, step, self.settings.temperature,
                           program=program.strip("\n"), feedback=error_words(program, outcome, advice))

    def _asked(
        self, prompt: str, role: str, graph: ShapeGraph, component: str, path: int, step: int,
        temperature: float | None, **shown: str,
    ) -> Written:
        settings, replica = self.settings, path + MOST_PATHS * self.attempt
        messages = load_prompt("shapecraft", prompt, overlay=settings.prompt_overlay).render(
            shapes=guide() if settings.helpers else "Write against bpy, bmesh and mathutils.",
            specification=specification(graph, component), name=component, **shown,
        )
        answer = ask(
            self.model, messages, read_program, site=CallSite(role, f"{self.name}/{component}", step, path),
            sampling=settings.sampling(temperature, path=replica), replica=replica, repairs=settings.reply_repairs,
        )
        read: ReadProgram | None = answer.value
        return Written(
            read.program if read else "", answer.failure, answer.reason, read.forgiven if read else (),
            answer.reply_keys,
        )


def specification(graph: ShapeGraph, component: str) -> str:
    """What Coder and Evaluator are told of a part: the object, all boxes, the part's own entry."""
    own = graph[component]
    around = "\n".join(
        f"- {one.name}: center {list(one.box.center)}, size {list(one.box.size)}" + (" (this one)" * (one is own))
        for one in graph.components
    )
    entry = json.loads(write_part_list(graph))["components"][graph.names.index(component)]
    return (f"The object: {graph.object}\n\n## Boxes of all its components, metres\n{around}\n\n"
            f"## The component\n{json.dumps(entry, ensure_ascii=False)}")


def error_words(program: str, outcome: Outcome, advice: Sequence[Advice] = ()) -> str:
    """Why a program made nothing, with the line, and what static advice says of it."""
    lines = program.splitlines()
    told = [f"{outcome.kind}: {outcome.message or 'it made no mesh that would be rendered'}"]
    if outcome.line and outcome.line <= len(lines):
        told.append(f"line {outcome.line}: {shorten(lines[outcome.line - 1], 120)}")
    told += advice_words(advice)
    return "\n".join(told)


def advice_words(advice: Sequence[Advice]) -> list[str]:
    """One line a remark."""
    return [f"line {one.line}: {one.words}. {one.mend}".rstrip() for one in advice[:MOST_ADVICE]]
