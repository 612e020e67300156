"""Paths: M independent lines of T programs for a component (ShapeCraft, section 3.3), and which get how many steps.

A step: advice -> run behind the wall -> measure -> the Evaluator -> the Coder's revision. Programs that do not run have
a budget of their own. All paths of all components go side by side; each tells its attempts in order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import Any, Protocol

from easel.chat import Cancelled
from shapecraft.attempts import Attempt, Kind, gate
from shapecraft.blender_checks import Advice
from shapecraft.checks import advise
from shapecraft.coder import UNHEARD, Coder, Written, advice_words, error_words
from shapecraft.evaluator import Checklist, Evaluator
from shapecraft.graph import ShapeGraph
from shapecraft.outcome import Job, Outcome
from shapecraft.part_facts import outsize, part_facts
from shapecraft.settings import CraftSettings
from shapecraft.shapes_guide import helpers
from shapecraft.wall import Wall


@dataclass(frozen=True)
class Bench:
    """What all paths of an object share. stop : set it and no path goes on"""

    coder: Coder
    evaluator: Evaluator
    settings: CraftSettings
    wall: Wall
    graph: ShapeGraph
    checklist: Checklist
    stop: threading.Event

    def tried(self, component: str, m: int, t: int, repair: int, kind: Kind, written: Written) -> Attempt:
        """The attempt, run and measured, not yet judged. Raises what the wall raises for faults of the machine."""
        self.check_stop()
        attempt = Attempt(component, m, t, repair, kind, written.program, failure=written.failure,
                          reason=written.reason, forgiven=written.forgiven, reply_keys=written.reply_keys)
        if not written.program:
            return attempt
        advice: tuple[Advice, ...] = ()
        outcome = None
        if self.settings.advice:
            advice = advise(written.program, helpers={name: one.arguments for name, one in helpers().items()})
            syntax = next((one for one in advice if one.kind == "syntax"), None)
            if syntax is not None:
                outcome = Outcome("refused", message=f"not run: {syntax.words}", line=syntax.line)
        outcome = outcome or self.wall.run(Job(written.program, component))
        if wrong := outsize(outcome, self.graph[component].box):
            outcome = Outcome("output", message=wrong, log=outcome.log, seconds=outcome.seconds)
        return replace(attempt, advice=advice, outcome=outcome, facts=part_facts(outcome, self.graph, component))

    def judged(self, attempt: Attempt) -> Attempt:
        """With the Evaluator's judgement; as it is where nothing was made."""
        self.check_stop()
        if attempt.outcome is None or attempt.facts is None:
            return attempt
        judgement = self.evaluator.part(
            self.graph, attempt.component, attempt.program, attempt.outcome, attempt.facts, path=attempt.m,
            step=attempt.t, checklist=self.checklist.parts[attempt.component],
        )
        return replace(attempt, judgement=judgement)

    def feedback(self, attempt: Attempt) -> str:
        """What the Coder is told of its latest program.

        Where no reviewer was heard, measured facts stand in for one that has no eyes and would have rested on them;
        those of one that sees, which has only pictures in the paper, are not told unless `part_facts` says so.
        """
        if attempt.outcome is None or attempt.facts is None:
            return error_words(attempt.program, attempt.outcome or Outcome("refused"), attempt.advice)
        told = []
        if attempt.judgement is not None and attempt.judgement.opinion is not None:
            opinion, items = attempt.judgement.opinion, self.checklist.parts[attempt.component]
            told.append(f"Score {opinion.score:g} of 10. {opinion.feedback}")
            told += [f"Not met: {items[number - 1]}" for number in opinion.unmet if number <= len(items)]
        if self.settings.part_facts or not (told or self.evaluator.sees):
            told.append("Measured:\n" + attempt.facts.words(self.graph[attempt.component].box))
        elif not told:
            told.append(UNHEARD)
        return "\n".join([*told, *advice_words(attempt.advice)])

    def check_stop(self) -> None:
        if self.stop.is_set():
            raise Cancelled("to go on", came="a request to stop", where="paths", sent=False)


class Path:
    """One path m of a component: `draft` first, then `walk`. Attempts are told as they are final, and kept in order.

    Used by one thread at a time; `told` may be read by another.
    """

    def __init__(self, bench: Bench, component: str, m: int) -> None:
        self.component, self.m = component, m
        self.attempts: list[Attempt] = []
        self._bench = bench
        self._repairs = bench.settings.error_repairs
        self._latest: Attempt | None = None
        self._ended: Attempt | None = None
        self._told: SimpleQueue[Attempt | None] = SimpleQueue()

    @property
    def latest(self) -> Attempt:
        """What the path goes on from: its last program, judged or not yet; a reply without one where a step began with
        it. Only after `draft`."""
        assert self._latest is not None, "a path begins with its draft"
        return self._latest

    def draft(self) -> Attempt:
        """The first program, made to run where the budget of repairs allows it."""
        bench = self._bench
        self._ended = self._make(0, "draft", bench.coder.draft(bench.graph, self.component, path=self.m))
        return self.latest

    def walk(self, steps: int) -> None:
        """Judge the draft and revise, `steps` programs in all, until one reaches the threshold; 0 judges nothing."""
        bench, attempt = self._bench, self._ended
        assert attempt is not None, "a path begins with its draft"
        for t in range(max(1, steps)):
            if t:
                attempt = self._make(t, "revision", bench.coder.revise(
                    bench.graph, self.component, self.latest.program, bench.feedback(self.latest), path=self.m, step=t))
            if steps and attempt.ran:
                attempt = self._latest = bench.judged(attempt)
            self._tell(attempt)
            done = attempt.score is not None and attempt.score >= bench.settings.threshold
            if done or not self.latest.program:  # what gave no program would be asked the same again
                break
        self.close()

    def fix(self, chosen: Attempt, feedback: str) -> None:
        """One more program from the chosen one, after the global look; measured, not judged."""
        bench = self._bench
        written = bench.coder.revise(bench.graph, self.component, chosen.program, feedback, path=self.m,
                                     step=bench.settings.steps)
        self._tell(self._make(bench.settings.steps, "fix", written))
        self.close()

    def told(self) -> Iterator[Attempt]:
        """The attempts in order, each as soon as it is final; ends when the path does."""
        while (attempt := self._told.get()) is not None:
            yield attempt

    def close(self) -> None:
        """Nothing more is told. Harmless twice."""
        self._told.put(None)

    def _make(self, t: int, kind: Kind, written: Written) -> Attempt:
        bench = self._bench
        attempt = bench.tried(self.component, self.m, t, 0, kind, written)
        while attempt.program and not attempt.ran and self._repairs and attempt.outcome is not None:
            self._tell(attempt)
            self._repairs -= 1
            mended = bench.coder.repair(bench.graph, self.component, attempt.program, attempt.outcome, attempt.advice,
                                        path=self.m, step=t)
            self._latest = attempt
            attempt = bench.tried(self.component, self.m, t, attempt.repair + 1, "repair", mended)
        if attempt.program or attempt.kind != "repair":  # a wordy repair takes no program away
            self._latest = attempt
        return attempt

    def _tell(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._told.put(attempt)


Submit = Callable[..., Future[Any]]


class Policy(Protocol):
    """Carries out the paths of one component, in a thread of its own; returns when all are walked.

    submit : `submit(work, *arguments)` does work side by side with all other paths; work that fails ends the object
    """

    def __call__(self, paths: Sequence[Path], settings: CraftSettings, submit: Submit) -> None: ...


def independent(paths: Sequence[Path], settings: CraftSettings, submit: Submit) -> None:
    """The paper's: every path takes up to T steps, whatever the others do."""

    def whole(path: Path) -> None:
        path.draft()
        path.walk(settings.steps)

    _all([submit(whole, path) for path in paths])


def breadth_first(paths: Sequence[Path], settings: CraftSettings, submit: Submit) -> None:
    """Ours: all drafts first; measured gates rank them, and only the best `settings.finalists` are judged and revised.

    Costs M + (2 T - 1) x finalists calls a component, where independent paths cost 2 M T.
    """
    drafts = _all([submit(path.draft) for path in paths])
    ranked = sorted(zip(drafts, paths, strict=True), key=lambda pair: gate(pair[0]))
    walking = {path.m for _, path in ranked[: settings.finalists]}
    _all([submit(path.walk, settings.steps if path.m in walking else 0) for path in paths])


def _all(futures: Sequence[Future[Any]]) -> list[Any]:
    return [future.result() for future in futures]
