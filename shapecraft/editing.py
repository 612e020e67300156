"""Editing: an object changes as a person asks, part by part, and everything else is shown to be as it was (ours).

One call plans which parts change, which are added and removed; the Coder writes those and no others; they run behind
the wall and are measured; every other part is run once more and compared. An edit is done as a whole or not at all:
where any part cannot be made, the object stays as it was.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from easel.chat import ChatModel
from easel.crew import Crew
from easel.errors import ConfigurationError, shorten
from shapecraft.assembly import assemble
from shapecraft.attempts import Attempt, best
from shapecraft.coder import Coder
from shapecraft.edit_events import Edited, EditEvent, EditFinished, EditPlanned
from shapecraft.edit_keeping import EditKeeper
from shapecraft.edit_plan import LONGEST, EditPlan, Planned, edited_fields, plain, plan_edit
from shapecraft.edit_proof import Proof, prove
from shapecraft.evaluator import Evaluator, checklist_of
from shapecraft.events import AttemptFinished, ComponentFinished
from shapecraft.graph import ShapeGraph
from shapecraft.history import Cause
from shapecraft.outcome import Job, Outcome
from shapecraft.part_facts import outsize, part_facts
from shapecraft.paths import Bench, Path
from shapecraft.remembering import RememberedWall
from shapecraft.settings import MOST_PATHS, CraftSettings
from shapecraft.wall import Wall, program_hash

MOST_THREADS = 64
"""They mostly wait; more than paths of all parts of an ordinary edit (ours)."""


def edit(
    made: ShapeGraph, instruction: str, *, model: ChatModel, wall: Wall, settings: CraftSettings,
    vision: ChatModel | None = None, judged: bool = False, paths: int = 1, allow_unsteady: bool = False,
    outcomes: Mapping[str, Outcome] | None = None, name: str = "object", keeper: EditKeeper | None = None,
    attempt: int | None = None, stop: threading.Event | None = None,
) -> Generator[EditEvent, None, None]:
    """Change the object as the words ask. Every event is written to the run before it is seen; the last one is
    EditFinished, with what was done and the proof, or with why nothing was.

    made : with programs; wall : itself, not one that remembers; outcomes : of its programs by their hash, where they
        are known; what is not known is run
    judged : the Evaluator scores every part that is written, up to T steps; else one program a path, measured
    paths : M of the edit, ours: 1; allow_unsteady : keep the edit though a part that nobody named makes something else
        each time it runs (its mesh is then the one it had)
    name : of the object, in call sites; attempt : 0-based, of the same request; None is how often it came to nothing in
        the keeper's run: what is tried again is asked anew, and gets other replies
    Raises ConfigurationError for an empty instruction and an object without programs; faults of provider, budget and
    machine are raised, and everything earned is kept.
    """
    words = plain(instruction)
    if not words or len(words) > LONGEST:
        raise ConfigurationError(f"an instruction of 1 to {LONGEST} characters", came=f"{len(words)} of them",
                                 where="edit")
    if not 1 <= paths <= MOST_PATHS:
        raise ConfigurationError(f"1 to {MOST_PATHS} paths", came=str(paths), where="edit")
    task = _Task(made, "edit", words, wall, keeper or EditKeeper(), dict(outcomes or {}), allow_unsteady,
                 {"judged": judged, "paths": paths, "model": model.name, "evidence": model.evidence,
                  "vision": vision.name if vision and judged else "",
                  "sees": judged and (vision or model).sees_images,
                  "settings": settings.model_dump(mode="json", exclude={"prompt_overlay"})}, attempt)

    def plan() -> Planned:
        return plan_edit(made, words, model=model, settings=settings, name=name, number=task.number,
                         attempt=task.attempt)

    def write(plan: EditPlan, crew: Crew) -> Generator[EditEvent, None, None]:
        asks = {part: _asks(made, plan, part, words) for part in plan.written}
        site = f"{name}#edit{task.number}"
        coder, evaluator = Coder(model, settings, site, task.attempt), Evaluator(vision or model, settings, site)
        bench = _EditBench(coder, evaluator, settings, task.known, plan.graph,
                           checklist_of(plan.graph, plan.graph.object), crew.stop, asks)
        begun = []
        for part in plan.written:
            lines = [_EditPath(bench, part, m) for m in range(paths)]
            begun.append((part, lines, [crew.submit(one.rewrite, settings.steps if judged else 0) for one in lines]))
        for part, lines, works in begun:
            for line in lines:
                for attempt in line.told():
                    yield AttemptFinished(attempt)
            for work in works:
                work.result()
            attempts = tuple(attempt for line in lines for attempt in line.attempts)
            yield ComponentFinished(part, attempts, best(attempts))

    yield from _carried_out(task, plan, write, stop)


def set_numbers(
    made: ShapeGraph, programs: Mapping[str, str], words: str, *, wall: Wall, allow_unsteady: bool = False,
    outcomes: Mapping[str, Outcome] | None = None, keeper: EditKeeper | None = None,
    stop: threading.Event | None = None,
) -> Generator[EditEvent, None, None]:
    """The same without a model: parts get programs whose numbers were set (`shapecraft.lifted_numbers`).

    programs : component -> its new program; words : what was set, for the history
    """
    if not programs:
        raise ConfigurationError("at least one number to set", came="none", where="numbers")
    for part in programs:
        made[part]  # raises for a name that is none
    task = _Task(made, "numbers", words, wall, keeper or EditKeeper(), dict(outcomes or {}), allow_unsteady,
                 {"programs": {part: program_hash(programs[part]) for part in sorted(programs)}})
    how = tuple((part, words) for part in made.names if part in programs)

    def write(plan: EditPlan, crew: Crew) -> Generator[EditEvent, None, None]:
        for part in plan.written:
            attempt = _attempt(made, part, programs[part], task.known.run(Job(programs[part], part)))
            yield AttemptFinished(attempt)
            yield ComponentFinished(part, (attempt,), best((attempt,)))

    yield from _carried_out(task, lambda: Planned(EditPlan(words, made, how)), write, stop)


class _Task:
    """What an edit with a model and one without have in common."""

    def __init__(
        self, made: ShapeGraph, cause: Cause, words: str, wall: Wall, keeper: EditKeeper,
        outcomes: Mapping[str, Outcome], allow_unsteady: bool, asked: dict[str, Any], attempt: int | None = 0,
    ) -> None:
        if isinstance(wall, RememberedWall):
            raise ConfigurationError("the wall itself: a proof from memory would prove nothing",
                                     came="a wall that remembers", where=cause)
        if not any(one.program for one in made.components):
            raise ConfigurationError("an object with programs", came="none of its parts has one", where=cause)
        self.made, self.cause, self.words, self.wall, self.keeper = made, cause, words, wall, keeper
        self.outcomes, self.allow_unsteady = outcomes, allow_unsteady
        self.known = keeper.remembering(wall)
        self.number, self.attempt = keeper.begin(made, cause, words, {**asked, "allow_unsteady": allow_unsteady},
                                                 attempt=attempt)

    def before(self, crew: Crew) -> dict[str, Outcome]:
        """Component -> what its program makes, of those that have one."""
        works = {
            one.name: crew.submit(self.known.run, Job(one.program, one.name)) for one in self.made.components
            if one.program and program_hash(one.program) not in self.outcomes
        }
        return {one.name: works[one.name].result() if one.name in works else self.outcomes[program_hash(one.program)]
                for one in self.made.components if one.program}


def _carried_out(
    task: _Task, plan: Callable[[], Planned], write: Callable[[EditPlan, Crew], Generator[EditEvent, None, None]],
    stop: threading.Event | None,
) -> Generator[EditEvent, None, None]:
    for event in _events(task, plan, write, stop):
        task.keeper.event(event, task.number)
        yield event


def _events(
    task: _Task, ask: Callable[[], Planned], write: Callable[[EditPlan, Crew], Generator[EditEvent, None, None]],
    stop: threading.Event | None,
) -> Generator[EditEvent, None, None]:
    calls: Counter[str] = Counter()

    def ended(edited: Edited | None, failure: str = "", reason: str = "", proof: Proof | None = None) -> EditFinished:
        told = tuple((role, count) for role, count in sorted(calls.items()) if count)
        return EditFinished(task.number, task.cause, task.words, edited, failure, reason, told, proof)

    with Crew(MOST_THREADS, stop=stop) as crew:
        planned = ask()
        calls["editor"] += len(planned.reply_keys)
        yield EditPlanned(task.number, task.cause, task.words, task.made, planned, task.attempt)
        plan = planned.plan
        if plan is None:
            yield ended(None, planned.failure, planned.reason)
            return
        before = task.before(crew)
        written: dict[str, Attempt] = {}
        missed: list[str] = []
        for event in write(plan, crew):
            if isinstance(event, AttemptFinished):
                calls[f"coder, {event.attempt.kind}"] += len(event.attempt.reply_keys)
                if event.attempt.judgement is not None:
                    calls["evaluator, part"] += len(event.attempt.judgement.reply_keys)
            elif isinstance(event, ComponentFinished):
                if event.chosen is None:
                    missed.append(f"{event.component}: {_why(event.attempts)}")
                else:
                    written[event.component] = event.chosen
            yield event
        if missed:
            yield ended(None, "not made", "; ".join(missed))
            return
        kept = {name: _attempt(plan.graph, name, task.made[name].program, outcome) for name, outcome in before.items()
                if name in plan.graph.names and name not in written}
        chosen = {name: one for name, one in {**kept, **written}.items() if one.ran}
        assembly = assemble(plan.graph, chosen, task.known)
        if assembly is None:
            yield ended(None, "not made", "no part that is left has a program that runs")
            return
        new = {name: one.outcome for name, one in written.items() if one.outcome is not None}
        proof = prove(task.made, assembly.graph, before, new, task.wall,
                      named={*plan.changed, *plan.added, *plan.removed})
        if any(part.verdict == "rewritten" for part in proof.parts):
            proof.check()
        if not proof.holds and not task.allow_unsteady:
            yield ended(None, "not proven", "; ".join(part.words() for part in proof.broken), proof)
            return
        if anew := {part.name: part.fresh for part in proof.parts if part.fresh is not None}:
            chosen |= {name: replace(chosen[name], outcome=outcome) for name, outcome in anew.items()}
            assembly = assemble(plan.graph, chosen, task.known)
            assert assembly is not None
        yield ended(Edited(task.made, assembly.graph, plan, tuple(written[name] for name in plan.written), assembly,
                           proof), proof=proof)


@dataclass(frozen=True)
class _EditBench(Bench):
    """asks : component -> what the edit asks of it; told with every revision, so that it is never forgotten"""

    asks: Mapping[str, str] = field(default_factory=dict)

    def feedback(self, attempt: Attempt) -> str:
        """What was asked for, then what was found."""
        return f"{self.asks[attempt.component]}\n\nOf the latest program:\n{super().feedback(attempt)}"


class _EditPath(Path):
    """A path that begins with the program there is, or with a draft for a part that is new."""

    def rewrite(self, steps: int) -> None:
        """steps : programs that are judged; 0 judges none"""
        try:
            bench = self._bench
            program = bench.graph[self.component].program
            if program:
                asks = bench.asks[self.component] if isinstance(bench, _EditBench) else ""
                self._ended = self._make(0, "revision", bench.coder.revise(bench.graph, self.component, program, asks,
                                                                           path=self.m, step=0))
            else:
                self.draft()
            self.walk(steps)
        finally:
            self.close()  # whoever waits for a path that a fault ended is told


def _asks(made: ShapeGraph, plan: EditPlan, part: str, words: str) -> str:
    """What the Coder is told of an edit, with the plan's words for its part."""
    how = dict(plan.how).get(part, "")
    fields = edited_fields(made, plan.graph, part) if part in made.names else ""
    lines = [f"The user asks of the whole object: {words}", f"Of this part: {how}" if how else "This part is new.",
             f"The plan changed:\n{fields}" if fields else "Its box and description stay.",
             "Change what this asks for, and leave everything else of the part as it is."]
    return "\n".join(lines)


def _attempt(graph: ShapeGraph, name: str, program: str, outcome: Outcome) -> Attempt:
    """A program that nobody was asked for, with what it made."""
    if wrong := outsize(outcome, graph[name].box):
        outcome = Outcome("output", message=wrong, log=outcome.log, seconds=outcome.seconds)
    return Attempt(name, 0, 0, 0, "revision", program, outcome=outcome, facts=part_facts(outcome, graph, name))


def _why(attempts: Sequence[Attempt]) -> str:
    """Why no attempt at a part gave it."""
    last = attempts[-1] if attempts else None
    if last is None:
        return "nothing was tried"
    if last.outcome is not None:
        return shorten(f"{last.outcome.kind}: {last.outcome.message or 'no mesh'}", 200)
    return shorten(f"{last.failure}: {last.reason}", 200)
