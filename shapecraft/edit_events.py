"""Edit events: what `edit` and `set_numbers` tell, in order, as it happens; between them stand the attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shapecraft.assembly import Assembly
from shapecraft.attempts import Attempt
from shapecraft.edit_plan import EditPlan, Planned
from shapecraft.edit_proof import Proof
from shapecraft.events import AttemptFinished, ComponentFinished
from shapecraft.graph import ShapeGraph
from shapecraft.graph_diff import GraphDiff, diff
from shapecraft.history import Cause
from shapecraft.lifted_numbers import OUT_OF_BOX


@dataclass(frozen=True, eq=False)
class Edited:
    """An edit that was carried out. before, after : graphs with programs; assembly : the object as it is now

    chosen : the attempt of every part that was written; proof : that no other part changed
    """

    before: ShapeGraph
    after: ShapeGraph
    plan: EditPlan
    chosen: tuple[Attempt, ...]
    assembly: Assembly
    proof: Proof

    @property
    def changed(self) -> tuple[str, ...]:
        return self.plan.changed

    @property
    def added(self) -> tuple[str, ...]:
        return self.plan.added

    @property
    def removed(self) -> tuple[str, ...]:
        return self.plan.removed

    @property
    def diff(self) -> GraphDiff:
        return diff(self.before, self.after)

    def words(self) -> str:
        """What was done, what differs, and the proof, for people."""
        lines = [self.plan.summary, self.diff.words(), *(f"gone with it: {one}" for one in self.plan.unlinked)]
        made = self.assembly
        lines += [f"{one.component} misses its box by {one.facts.worst:.0%} of the longest side; kept all the same"
                  for one in self.chosen if one.facts is not None and one.facts.worst > OUT_OF_BOX]
        if not made.outcome.ran:
            lines.append(f"the global program does not run: {made.outcome.kind}: {made.outcome.message}")
        if made.differs:
            lines.append(f"otherwise in the global program than alone: {', '.join(made.differs)}")
        return "\n".join([*lines, self.proof.words()])

    def row(self) -> dict[str, Any]:
        return {
            "changed": list(self.changed), "added": list(self.added), "removed": list(self.removed),
            "summary": self.plan.summary, "chosen": [attempt.id for attempt in self.chosen],
            "diff": self.diff.words().splitlines(), "object": self.assembly.row(), "proof": self.proof.row(),
        }


@dataclass(frozen=True)
class EditPlanned:
    """number : of the edit, from 1; cause : "edit" or "numbers"; before : the object it begins with

    attempt : 0-based; how often the same request came to nothing before
    """

    number: int
    cause: Cause
    instruction: str
    before: ShapeGraph
    planned: Planned
    attempt: int = 0


@dataclass(frozen=True, eq=False)
class EditFinished:
    """edited : None where it came to nothing, and then the object is as it was; calls : (role, replies)

    failure : "impossible" as the model says, "invalid" plan, what a call ended with, "not made" where a part did not
        run, "not proven" where a part that nobody named is not shown to be the same; reason : a sentence
    proof : also of an edit that came to nothing over it
    """

    number: int
    cause: Cause
    instruction: str
    edited: Edited | None
    failure: str = ""
    reason: str = ""
    calls: tuple[tuple[str, int], ...] = ()
    proof: Proof | None = None


EditEvent = EditPlanned | AttemptFinished | ComponentFinished | EditFinished
