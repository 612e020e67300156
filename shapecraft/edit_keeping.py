"""Edit keeping: writes what an edit tells into a run folder, and the history of the object with it.

Tables: "edits" (steps of the history, see `shapecraft.history`), "edit_requests", "edit_plans", "edit_attempts"; files:
graph/edit<n>.json, edits/<n>/object.glb and .py, edits/<n>/sheets. A begun edit that is asked for again goes on;
one that came to nothing is another attempt, whose replies are asked for anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError
from shapecraft.edit_events import EditEvent, EditFinished, EditPlanned
from shapecraft.events import AttemptFinished
from shapecraft.history import TABLE, History, anew_key, keep_failure, keep_step, object_file
from shapecraft.remembering import RememberedWall, keep_outcome

if TYPE_CHECKING:
    from easel.runs import RunStore
    from shapecraft.graph import ShapeGraph
    from shapecraft.history import Cause
    from shapecraft.wall import Wall


@dataclass
class EditKeeper:
    """run : open for writing; None keeps nothing on disk. history : goes on with every edit; None keeps none

    evidence : grade of the model that was asked last, "" of none
    """

    run: RunStore | None = None
    history: History | None = None
    evidence: str = ""

    def __post_init__(self) -> None:
        if self.run is not None and self.history is None:
            raise ConfigurationError("the history of the run", came="none", where="EditKeeper",
                                     mend="Read it with shapecraft.history.read_history.")

    def remembering(self, wall: Wall) -> Wall:
        """The wall over the outcomes that the run holds."""
        return wall if self.run is None else RememberedWall(wall, self.run)

    def begin(
        self, made: ShapeGraph, cause: Cause, words: str, asked: dict[str, Any], *, attempt: int | None = 0,
    ) -> tuple[int, int]:
        """(number of this edit, its attempt): those of the last one begun, where it is the same and did not end.

        asked : what else decides it; attempt : None is how often the same came to nothing before
        Raises ConfigurationError where the object is not the one that stands.
        """
        if self.history is not None and self.history.graph.key != made.key:
            raise ConfigurationError(f"the object that stands, version {self.history.current}", came="another one",
                                     where="edit")
        self.evidence = str(asked.get("evidence", ""))
        if self.run is None:
            return 1 if self.history is None else self.history.next_number, attempt or 0
        row = {"before": made.key, "cause": cause, "words": words, **asked}
        requests = self.run.rows("edit_requests")
        ended = {one["number"]: one["failure"] for one in self.run.rows(TABLE) if "number" in one}
        if attempt is None:
            attempt = sum(bool(ended.get(one["number"])) for one in requests
                          if {**one, "number": 0, "attempt": 0} == {**row, "number": 0, "attempt": 0})
        row |= {"attempt": attempt} if attempt else {}
        if requests and requests[-1]["number"] not in ended and requests[-1] == {**row, "number": len(requests)}:
            return len(requests), attempt
        number = len(requests) + 1
        self.run.append("edit_requests", f"edit{number}", {**row, "number": number})
        return number, attempt

    def event(self, event: EditEvent, number: int) -> None:
        """Write what an event tells, before it is seen."""
        match event:
            case EditPlanned():
                self._planned(event, number)
            case AttemptFinished():
                self._attempt(event, number)
            case EditFinished():
                self._finished(event, number)

    def _planned(self, event: EditPlanned, number: int) -> None:
        if self.run is not None:
            self.run.append("edit_plans", f"edit{number}", {
                "number": number, "cause": event.cause, "instruction": event.instruction, **event.planned.row(),
                **({"attempt": event.attempt} if event.attempt else {})})

    def _attempt(self, event: AttemptFinished, number: int) -> None:
        if self.run is None:
            return
        attempt = event.attempt
        if attempt.judgement is not None and attempt.judgement.png:
            place = f"m{attempt.m}_t{attempt.t}_r{attempt.repair}"
            self.run.write(f"edits/{number}/sheets/{attempt.component}/{place}.png", attempt.judgement.png)
        self.run.append("edit_attempts", f"edit{number}/{attempt.id}", {"edit": number, **attempt.row()})

    def _finished(self, event: EditFinished, number: int) -> None:
        if self.history is None:
            return
        row = {"number": number, "evidence": self.evidence, "calls": dict(event.calls)}
        edited = event.edited
        if edited is None:
            if self.run is not None:
                proof = None if event.proof is None else event.proof.row()
                keep_failure(self.run, self.history, {
                    "kind": event.cause, "words": event.instruction, "failure": event.failure, "reason": event.reason,
                    "proof": proof, **row})
            return
        after = self.history.add(edited.after, event.cause, event.instruction, number=number)
        if self.run is not None:
            self.run.write(object_file(number, "glb"), edited.assembly.glb)
            self.run.write(object_file(number, "py"), edited.assembly.program)
            for part in edited.proof.parts:
                if part.fresh is not None and part.after is not None:
                    keep_outcome(self.run, anew_key(part.after.program, number), part.fresh)
            keep_step(self.run, self.history, after, {**edited.row(), **row})
        self.history = after
