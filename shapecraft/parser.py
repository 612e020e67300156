"""The Parser: a text becomes a graph of parts, and a reviewer's words better boxes (ShapeCraft, section 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Message
from shapecraft.boxes import Box, vector
from shapecraft.graph import ShapeGraph
from shapecraft.layout import Solved, solve
from shapecraft.part_list import PartList, PartListError, read_part_list, write_part_list
from shapecraft.settings import CraftSettings


@dataclass(frozen=True)
class Parsing:
    """A graph, or a failure with its reason.

    forgiven : what of the reply was not as asked for; moved, unmet : what solving the relations changed, and could not
    """

    graph: ShapeGraph | None
    failure: str = ""
    reason: str = ""
    forgiven: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    reply_keys: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        return {
            "graph": None if self.graph is None else self.graph.key, "failure": self.failure, "reason": self.reason,
            "forgiven": list(self.forgiven), "moved": list(self.moved), "unmet": list(self.unmet),
            "reply_keys": list(self.reply_keys),
        }


@dataclass(frozen=True)
class Parser:
    """model : the language model; settings : components, repairs, relations; name : of the object, in call sites"""

    model: ChatModel
    settings: CraftSettings
    name: str = "object"

    def parse(self, prompt: str) -> Parsing:
        """The first graph of a text."""
        messages = load_prompt("shapecraft", "parse", overlay=self.settings.prompt_overlay).render(
            object=prompt, most=str(self.settings.components),
        )
        return self._asked(messages, "parser", -1, lambda text: self._read(text, prompt))

    def update(self, graph: ShapeGraph, prompt: str, feedback: str, *, round: int) -> Parsing:
        """The graph after a reviewer's words: the same components with other boxes and words, and parts that were
        missing. round : 0-based"""
        messages = load_prompt("shapecraft", "parse_update", overlay=self.settings.prompt_overlay).render(
            object=prompt, parts=write_part_list(graph), feedback=feedback,
        )
        return self._asked(messages, "parser-update", round, lambda text: self._updated(text, prompt, graph))

    def _asked(self, messages: tuple[Message, ...], role: str, round: int, read: Callable[[str], PartList]) -> Parsing:
        settings = self.settings

        def solved(text: str) -> tuple[PartList, Solved | None]:
            found = read(text)
            return found, solve(found.graph, sink=settings.sink) if settings.solve_relations else None

        answer = ask(
            self.model, messages, solved, site=CallSite(role, self.name, round),
            sampling=settings.sampling(settings.temperature), repairs=settings.reply_repairs,
        )
        if answer.value is None:
            return Parsing(None, answer.failure, answer.reason, reply_keys=answer.reply_keys)
        found, placed = answer.value
        if placed is None:
            return Parsing(found.graph, forgiven=found.forgiven, reply_keys=answer.reply_keys)
        return Parsing(_rounded(placed.graph), forgiven=found.forgiven, moved=placed.moved, unmet=placed.unmet,
                       reply_keys=answer.reply_keys)

    def _read(self, text: str, prompt: str) -> PartList:
        return read_part_list(text, prompt=prompt, limit=self.settings.components)

    def _updated(self, text: str, prompt: str, before: ShapeGraph) -> PartList:
        """The same reader; the components stay those that the object was parsed into, in that order; new ones follow.

        A reviewer is asked whether every essential part is there: one may be added, within the limit, and none may go.
        A joint or material that the reply leaves out stays; relations do not, because they would move boxes.
        """
        read = self._read(text, prompt)
        missing = [name for name in before.names if name not in read.graph.names]
        new = [name for name in read.graph.names if name not in before.names]
        if missing:
            said = [f"without {', '.join(missing)}"] * bool(missing) + [f"also {', '.join(new)}"] * bool(new)
            raise PartListError(f"the components {', '.join(before.names)}", came="; ".join(said), where="components",
                                mend="Correct boxes and words; keep every component and its name.")
        kept = tuple(
            replace(one, material=one.material or old.material, joint=one.joint or old.joint, path=old.path,
                    program=old.program)
            for old, one in ((old, read.graph[old.name]) for old in before.components)
        )
        graph = ShapeGraph(before.object, (*kept, *(read.graph[name] for name in new)), before.assumptions)
        return PartList(graph, read.forgiven)


def _rounded(graph: ShapeGraph) -> ShapeGraph:
    """Boxes to a micrometre: what a solver computed enters prompts."""
    return replace(graph, components=tuple(
        replace(one, box=Box(vector(round(v, 6) + 0.0 for v in one.box.center),
                             vector(max(round(v, 6), 1e-6) for v in one.box.size)))
        for one in graph.components
    ))
