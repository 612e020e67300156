"""Single shot: the baseline without a graph, one program for the whole object (ShapeCraft, single-shot table).

Paper: thinking models, asked once; their prompts are not public. Ours: the same helper library, frame and wall as the
method has, the temperature of a path's first program, and repairs of errors only where `error_repairs` gives them.
Parser, Evaluator, paths, steps and rounds play no part. What came out is kept as an object of one component, so that it
is measured as every other object is; its box is what was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from easel.asking import ask, load_prompt
from easel.chat import CallSite, Cancelled, ChatModel, ChatRequest, Message
from shapecraft import events
from shapecraft.assembly import assemble
from shapecraft.attempts import Attempt, Kind
from shapecraft.blender_checks import Advice
from shapecraft.boxes import Box, bounds_of, vector
from shapecraft.checks import advise
from shapecraft.coder import Written, error_words
from shapecraft.graph import Component, ShapeGraph
from shapecraft.outcome import Job, Outcome
from shapecraft.part_facts import THINNEST, outsize, part_facts, steady
from shapecraft.programs import ReadProgram, read_program
from shapecraft.settings import CraftSettings
from shapecraft.shapes_guide import guide, helpers

if TYPE_CHECKING:
    from shapecraft.exploring import Craft

PROMPTS = ("single_shot", "single_shot_repair")
WHOLE = "whole"
"""Name of the one component."""
_METRE = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
"""What sizes are held against: nothing says how large the object should be."""


def single_shot(craft: Craft) -> Generator[events.Event, None, None]:
    """The events of `explore`: every program, the object, the end; nothing is parsed and nobody looks."""
    wall, settings = craft.keeper.remembering(craft.wall), craft.settings
    writer = _Writer(craft.model, settings, craft.name, craft.prompt)
    attempts: list[Attempt] = []
    for repair in range(settings.error_repairs + 1):
        if craft.stop is not None and craft.stop.is_set():
            raise Cancelled("to go on", came="a request to stop", where="single shot", sent=False)
        attempts.append(_tried(writer, craft, wall.run, attempts[-1] if attempts else None, repair))
        yield events.AttemptFinished(attempts[-1])
        if attempts[-1].ran or not attempts[-1].program:  # what gave no program would be asked the same again
            break
    last = attempts[-1]
    tally = _tally(attempts)
    if last.outcome is None or not last.ran:
        yield events.Assembled(0, None)
        reason = last.reason or (last.outcome.message if last.outcome else "") or "no program ran"
        yield events.ExploreFinished(None, None, (), tally, last.failure or "nothing made", reason)
        return
    assembly = assemble(_graph(craft.prompt, last.outcome), {WHOLE: last}, wall)
    assert assembly is not None
    yield events.Assembled(0, assembly)
    yield events.ExploreFinished(assembly.graph, assembly, (last,), tally)


def first_request(model: str, settings: CraftSettings, name: str, prompt: str) -> ChatRequest:
    """The request that a single shot makes, and in most cases its only one; nothing is sent."""
    return ChatRequest(model, _messages(PROMPTS[0], settings, prompt), settings.sampling(settings.draft_temperature), 0,
                       CallSite("coder-whole", f"{name}/{WHOLE}", 0))


def _messages(name: str, settings: CraftSettings, prompt: str, **shown: str) -> tuple[Message, ...]:
    return load_prompt("shapecraft", name, overlay=settings.prompt_overlay).render(
        shapes=guide() if settings.helpers else "Write against bpy, bmesh and mathutils.", object=prompt, **shown,
    )


@dataclass(frozen=True)
class _Writer:
    model: ChatModel
    settings: CraftSettings
    name: str
    prompt: str

    def first(self) -> Written:
        return self._asked(PROMPTS[0], "coder-whole", 0)

    def mended(self, program: str, feedback: str, repair: int) -> Written:
        return self._asked(PROMPTS[1], "coder-whole-repair", repair, program=program.strip("\n"), feedback=feedback)

    def _asked(self, name: str, role: str, repair: int, **shown: str) -> Written:
        settings = self.settings
        messages = _messages(name, settings, self.prompt, **shown)
        temperature = settings.temperature if repair else settings.draft_temperature
        answer = ask(self.model, messages, read_program, site=CallSite(role, f"{self.name}/{WHOLE}", repair),
                     sampling=settings.sampling(temperature), repairs=settings.reply_repairs)
        read: ReadProgram | None = answer.value
        return Written(read.program if read else "", answer.failure, answer.reason, read.forgiven if read else (),
                       answer.reply_keys)


def _tried(
    writer: _Writer, craft: Craft, run: Callable[[Job], Outcome], before: Attempt | None, repair: int
) -> Attempt:
    """The program that comes next, run and measured. before : the one that did not run, None at first"""
    kind: Kind = "repair" if before else "draft"
    written = writer.first() if before is None else writer.mended(
        before.program, error_words(before.program, before.outcome or Outcome("refused"), before.advice), repair)
    advice: tuple[Advice, ...] = ()
    outcome, facts = None, None
    if written.program:
        if craft.settings.advice:
            advice = advise(written.program, helpers={name: one.arguments for name, one in helpers().items()})
        outcome = run(Job(written.program, WHOLE))
        if outsize(outcome, _METRE):
            outcome = Outcome("output", message="what it made is no object of 0.1 mm to 10 km", log=outcome.log,
                              seconds=outcome.seconds)
        if outcome.parts:
            facts = part_facts(outcome, _graph(craft.prompt, outcome), WHOLE)
    return Attempt(WHOLE, 0, 0, repair, kind, written.program, advice, outcome, facts, failure=written.failure,
                   reason=written.reason, forgiven=written.forgiven, reply_keys=written.reply_keys)


def _graph(prompt: str, outcome: Outcome) -> ShapeGraph:
    """One component whose box is what was made, rounded as its facts are."""
    box = bounds_of(
        Box.of_corners(vector(steady(v) for v in one.low),
                       vector(max(steady(b), steady(a) + THINNEST) for a, b in zip(one.low, one.high, strict=True)))
        for one in outcome.parts
    )
    whole = Component(WHOLE, geometry="the whole object", position="on the ground", box=box)
    return ShapeGraph(" ".join(prompt.split()), (whole,))


def _tally(attempts: Sequence[Attempt]) -> events.Tally:
    """A reply without a program stays in the denominator."""
    calls: Counter[str] = Counter()
    for one in attempts:
        calls[f"coder, {one.kind}"] += len(one.reply_keys)
    made = attempts[-1].ran
    return events.Tally(tuple(sorted(calls.items())), 1, int(made), float(attempts[0].ran), float(made), len(attempts),
                        0, made)
