"""Planning: the calls that an object will take, before any is made; for estimates of tokens and dollars.

The object is taken to be the catalogue's, with the catalogue's parts and programs of usual length. Repairs, an early
stop, a fix after the global look and replies that cannot be read are not foreseen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from easel.chat import CallSite, ChatReply, ChatRequest, Evidence, Image, Message, Usage
from shapecraft.catalogue import Entry
from shapecraft.coder import Coder
from shapecraft.evaluator import Evaluator, checklist_of
from shapecraft.graph import Component
from shapecraft.outcome import Outcome, PartReport
from shapecraft.parser import Parser
from shapecraft.part_facts import part_facts
from shapecraft.settings import CraftSettings
from shapecraft.single_shot import first_request

WORDS = "The part is a little too wide on both sides, and its lower edge does not meet the part below it. " * 4
"""Feedback of usual length."""
BREADTH_FIRST = "shapecraft.paths:breadth_first"
SHEET = Image(b"", "a sheet that does not exist yet")


def planned_calls(
    prompt: str, entry: Entry, settings: CraftSettings, *, model: str, evaluator: str = "", sees_images: bool = False
) -> Iterator[ChatRequest]:
    """One request for every call of an object, none of it sent.

    The parse, or the only call of a single shot, is the very request that will be made.
    evaluator : its model's name, "" is the same; sees_images : whether it is shown pictures
    """
    if settings.single_shot:
        yield first_request(model, settings, entry.name, prompt)
        return
    graph = entry.graph()
    quiet = settings.model_copy(update={"reply_repairs": 0, "pictures": "never"})
    asked, looked = _Noting(model), _Noting(evaluator or model)
    parser, coder = Parser(asked, quiet, entry.name), Coder(asked, quiet, entry.name)
    eyes = Evaluator(looked, quiet, entry.name)
    parser.parse(prompt)
    yield asked.last
    for number in range(settings.rounds):
        eyes.volumes(graph, prompt, round=number)
        yield _shown(looked.last, sees_images)
        parser.update(graph, prompt, WORDS, round=number)
        yield asked.last
    lists = checklist_of(graph, prompt)
    facts = {}
    for part in graph.components:
        made = _made(part)
        facts[part.name] = part_facts(made, graph, part.name)
        coder.draft(graph, part.name, path=0)
        draft = asked.last
        coder.revise(graph, part.name, part.program, WORDS, path=0, step=1)
        revision = asked.last
        eyes.part(graph, part.name, part.program, made, facts[part.name],  # type: ignore[arg-type]
                  path=0, step=0, checklist=lists.parts[part.name])
        look = _shown(looked.last, sees_images)
        for m in range(settings.paths):
            walked = settings.steps if settings.policy != BREADTH_FIRST or m < settings.finalists else 0
            yield _at(draft, m, 0)
            for t in range(walked):
                if t:
                    yield _at(revision, m, t)
                yield _at(look, m, t)
    if settings.global_look:
        whole: Any = None  # only drawn for a model that sees
        eyes.whole(graph, prompt, whole, facts, key="", look=0, checklist=lists.whole)  # type: ignore[arg-type]
        yield _shown(looked.last, sees_images)


@dataclass
class _Noting:
    """Answers nothing, and keeps what it was asked."""

    name: str
    evidence: Evidence = "stand-in"
    sees_images: bool = False
    asked: list[ChatRequest] = field(default_factory=list)

    def reply(self, request: ChatRequest) -> ChatReply:
        self.asked.append(request)
        return ChatReply("", self.name, Usage(), evidence="stand-in")

    @property
    def last(self) -> ChatRequest:
        return self.asked[-1]


def _shown(request: ChatRequest, sees_images: bool) -> ChatRequest:
    """With a picture, where the model sees; the measured facts stay, so that the estimate is rather too high."""
    if not sees_images:
        return request
    last = request.messages[-1]
    return replace(request, messages=(*request.messages[:-1], Message(last.role, (*last.parts, SHEET))))


def _at(request: ChatRequest, m: int, t: int) -> ChatRequest:
    seed = request.sampling.seed
    drawn = request.site.role == "evaluator-part" or seed is None
    sampling = request.sampling if drawn else replace(request.sampling, seed=seed + m)  # type: ignore[operator]
    site = CallSite(request.site.role, request.site.query, t, m)
    return replace(request, site=site, replica=m, sampling=sampling)


def _made(part: Component) -> Outcome:
    box = part.box
    report = PartReport(part.name, box.low, box.high, box.volume, 1.0, 200, 400, True, 1, "")
    return Outcome("ran", (report,))
