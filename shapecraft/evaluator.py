"""The Evaluator: scores and feedback on volumes, on a part, on the whole (ShapeCraft, sections 3.2 and 3.3).

A model that sees is shown pictures; one that does not is told measured facts, and shown the program of a part. What a
score rests on, the checklist, is written from the parse and never changes afterwards, so that scores of different steps
mean the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Image, Message
from easel.errors import ConfigurationError
from shapecraft.blender_checks import Advice
from shapecraft.box_views import box_sheet
from shapecraft.boxes import Box
from shapecraft.coder import MOST_ADVICE, UNHEARD, error_words, specification
from shapecraft.graph import Component, ShapeGraph
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.opinions import Judgement, read_opinion
from shapecraft.outcome import Outcome
from shapecraft.part_facts import PartFacts
from shapecraft.part_list import write_part_list
from shapecraft.placement import layout_facts
from shapecraft.relations import Repeated, measure
from shapecraft.settings import CraftSettings
from shapecraft.sheets import STYLE, contact_sheet
from shapecraft.wall import program_hash

PASSED = '{"score": 7.5, "feedback": "..."}'
CHECKED = '{"checks": [{"item": 1, "met": true}], "score": 7.5, "feedback": "..."}'
FIXES = ('Name under "fixes" only parts that must change, at most three, each with what to change in its own program: '
         'which piece, in which direction, by how much in metres.')
ONLY_WORDS = "Say in the feedback what is wrong, the most important point first."
FIXED = '"fixes": [{"component": "...", "feedback": "..."}]}'
MADE = "Of what was made:"
NOT_MADE = "could not be made"
PROGRAM = "Its program:"

Shown = tuple[str | Image, ...]


@dataclass(frozen=True)
class Checklist:
    """Yes/no items, frozen when the text was parsed; those of a part that a round adds, when it is added.

    parts : component -> items; whole : items of the object
    """

    parts: Mapping[str, tuple[str, ...]]
    whole: tuple[str, ...]

    def adding(self, graph: ShapeGraph, prompt: str) -> Checklist:
        """With items for the components that it does not know yet, before the two last of the object; the same if none.

        What was frozen stays word for word, whatever the graph says of it now.
        """
        new = [one for one in graph.components if one.name not in self.parts]
        if not new:
            return self
        parts = checklist_of(graph, prompt).parts
        return Checklist({**self.parts, **{one.name: parts[one.name] for one in new}},
                         (*self.whole[:-2], *(_present(one) for one in new), *self.whole[-2:]))

    def row(self) -> dict[str, object]:
        return {"parts": {name: list(items) for name, items in self.parts.items()}, "whole": list(self.whole)}


def checklist_of(graph: ShapeGraph, prompt: str) -> Checklist:
    """Items from the parser's own words; no dimension of a box, because bootstrapping changes those."""
    parts = {}
    for one in graph.components:
        items = [f"The form is as described: {one.geometry}", f"It is where it belongs: {one.position}",
                 "It fills its box and stays inside it",
                 "The mesh is clean: closed, nothing inside out, no stray or floating piece"]
        if one.material:
            items.append(f"Its flat material fits: {one.material}")
        items += [f"There are {relation.n} of it" for relation in one.relations if isinstance(relation, Repeated)]
        parts[one.name] = tuple(items)
    whole = (f"It is recognised at once as: {prompt}",
             *(_present(one) for one in graph.components),
             "Parts that belong together touch; nothing floats or cuts through what it should not",
             "The proportions of the parts to each other are right")
    return Checklist(parts, whole)


def _present(one: Component) -> str:
    return f"{one.name} is there, and where it belongs: {one.position}"


@dataclass(frozen=True)
class Evaluator:
    """model : with eyes or without; settings : pictures, facts, checklist; name : of the object, in call sites"""

    model: ChatModel
    settings: CraftSettings
    name: str = "object"

    @property
    def sees(self) -> bool:
        """Whether pictures are sent."""
        return self.settings.pictures == "auto" and self.model.sees_images

    def volumes(self, graph: ShapeGraph, prompt: str, *, round: int) -> Judgement:
        """The boxes of a graph. round : of bootstrapping, 0-based"""
        picture = None
        if self.sees:
            boxes = [(one.name, one.box) for one in graph.components]
            picture = box_sheet(boxes, size=self.settings.box_sheet_size)
        facts = layout_words(graph) if self.settings.layout_facts or picture is None else ""
        messages = self._prompt("evaluate_volumes").render(
            object=prompt, parts=write_part_list(graph), shown=_shown(picture, facts),
        )
        return self._asked(messages, CallSite("evaluator-volumes", self.name, round), picture)

    def part(
        self, graph: ShapeGraph, component: str, program: str, outcome: Outcome, facts: PartFacts, *, path: int,
        step: int, checklist: Sequence[str] = (),
    ) -> Judgement:
        """One part that ran. path, step : m and t; checklist : its frozen items

        A mesh that cannot be drawn is a failure "not drawn", with the reason.
        """
        settings = self.settings
        picture = None
        if self.sees:
            try:
                mesh = read_glb(outcome.glb, where=component)
                picture = contact_sheet(mesh, key=program_hash(program), labels="none",
                                        style=replace(STYLE, size=settings.sheet_size))
            except ConfigurationError as error:
                return Judgement(None, "not drawn", str(error))
        told = facts.words(graph[component].box) if settings.part_facts or picture is None else ""
        if picture is None:
            told += f"\n\n{PROGRAM}\n```python\n" + program.strip("\n") + "\n```"
        items = checklist if settings.checklist else ()
        messages = self._prompt("evaluate_part").render(
            specification=specification(graph, component), shown=_shown(picture, told), checklist=_items(items),
            format=CHECKED if items else PASSED,
        )
        site = CallSite("evaluator-part", f"{self.name}/{component}", step, path)
        return self._asked(messages, site, picture, items=items, replica=path)

    def whole(
        self, graph: ShapeGraph, prompt: str, mesh: ObjectMesh, facts: Mapping[str, PartFacts], *, key: str, look: int,
        checklist: Sequence[str] = (),
    ) -> Judgement:
        """The assembled object. key : hash of its program; look : 0, and 1 after fixes. Failures as `part`."""
        settings = self.settings
        picture = None
        if self.sees:
            try:
                picture = contact_sheet(mesh, key=key, style=replace(STYLE, size=settings.sheet_size))
            except ConfigurationError as error:
                return Judgement(None, "not drawn", str(error))
        told = ""
        if settings.part_facts or picture is None:
            made = graph.replacing(*(replace(graph[name], box=one.box) for name, one in facts.items()))
            missing = [f"{name} {NOT_MADE}" for name in graph.names if name not in facts]
            told = "\n".join([MADE, layout_words(made), *missing])
        items = checklist if settings.checklist else ()
        fixes = settings.global_fixes > look
        form = (CHECKED if items else PASSED)[:-1] + (f", {FIXED}" if fixes else "}")
        messages = self._prompt("evaluate_whole").render(
            object=prompt, parts=write_part_list(graph), shown=_shown(picture, told), checklist=_items(items),
            format=form, fixes=FIXES if fixes else ONLY_WORDS,
        )
        site = CallSite("evaluator-whole", self.name, look)
        return self._asked(messages, site, picture, items=items, components=graph.names if fixes else ())

    def _prompt(self, name: str):
        return load_prompt("shapecraft", name, overlay=self.settings.prompt_overlay)

    def _asked(
        self, messages: tuple[Message, ...], site: CallSite, picture: Image | None, *, items: Sequence[str] = (),
        components: Sequence[str] = (), replica: int = 0,
    ) -> Judgement:
        settings = self.settings
        answer = ask(
            self.model, messages, lambda text: read_opinion(text, checklist=len(items), components=components),
            site=site, sampling=settings.sampling(settings.evaluator_temperature), replica=replica,
            repairs=settings.reply_repairs,
        )
        return Judgement(answer.value, answer.failure, answer.reason, answer.reply_keys,
                         picture.source if picture else "", picture.png if picture else b"")


def words_key() -> str:
    """Hex SHA-256 of the words of Evaluator and Coder that stand in no prompt file, as they come out for a sample.

    They decide results as prompts do: a run's fingerprint takes both.
    """
    leg = Component("leg", "a form", "a place", Box((0.0, 0.0, 0.5), (0.2, 0.1, 1.0)), material="oak",
                    relations=(Repeated(4, "z", "radial"),))
    graph = ShapeGraph("an object", (leg, replace(leg, name="top", box=Box((1.0, 0.0, 2.0), (1.0, 1.0, 0.1)))))
    facts = PartFacts((0.0, 0.0, 0.0), (0.1, 0.1, 1.0), (0.0, -0.1, 0.0, 0.0, 0.0, 0.0), 0.1, 1.0, 0.5, 0.4,
                      (("top", 0.1), ("leg", 0.0)), 1, 1, 12, True)
    advice = (Advice(1, "name", "it is wrong", "Write another."),)
    items = checklist_of(graph, "a prompt")
    told = [
        PASSED, CHECKED, FIXES, ONLY_WORDS, FIXED, MADE, NOT_MADE, PROGRAM, UNHEARD, str(MOST_ADVICE), str(items.row()),
        _items(items.whole), str(_shown(None, "facts")), specification(graph, "leg"), layout_words(graph),
        facts.words(leg.box), replace(facts, manifold=False).words(leg.box), write_part_list(graph),
        error_words("x = y", Outcome("raised", message="NameError", line=1), advice),
        error_words("x = y", Outcome("empty")),
    ]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def layout_words(graph: ShapeGraph) -> str:
    """Measured facts of boxes and relations, in sentences."""
    unmet = [fact.words for fact in measure(graph) if not fact.met]
    return "\n".join(f"- {line}" for line in [*layout_facts(graph).words().splitlines(), *unmet])


def _shown(picture: Image | None, facts: str) -> Shown:
    parts: Shown = ("",)
    if picture is not None:
        parts = (picture,)
    if facts:
        parts += (f"\nMeasured:\n{facts}",)
    return parts


def _items(items: Sequence[str]) -> str:
    if not items:
        return ""
    numbered = "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))
    return f"## Checklist: answer each item, true or false; the score rests on them\n{numbered}\n\n"
