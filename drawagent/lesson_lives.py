"""Lesson lives: which lesson came from which pair, how it was reworded, where it stands, and where it ended.

Followed by ids through the tables `libraries` and `edits` of a run (3DrawAgent, section 3.3: E by Add, Delete, Modify).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from drawagent.experience import Library, diff
from easel.runs import RunStore
from easel.snapshots import Snapshot

Change = Literal["given", "added", "modified", "deleted"]


@dataclass(frozen=True)
class LessonStep:
    """A change of one lesson.

    library : number of the first library (0 is what practice began with) that shows it; text : the wording from then
    on, of a deletion the last one; pairs : ids of the pairs that spoke for it; author : "model" or "human"
    """

    library: int
    change: Change
    text: str
    topic: str
    pairs: tuple[str, ...] = ()
    author: str = "model"


@dataclass(frozen=True)
class LessonLife:
    """One lesson over all libraries. libraries : their numbers, those in which it stands; last : number of the last"""

    id: str
    steps: tuple[LessonStep, ...]
    libraries: tuple[int, ...]
    last: int

    @property
    def stands(self) -> bool:
        """Whether it is in the last library."""
        return bool(self.libraries) and self.libraries[-1] == self.last

    def words(self) -> str:
        """What became of it, in one line."""
        told = [f"{step.change} in library {step.library}" for step in self.steps]
        end = f"; stands in the last one ({self.last})" if self.stands else ""
        return ", ".join(told) + end


@dataclass(frozen=True)
class Proposal:
    """An edit that names a pair as its reason.

    taken : it entered, and the library of the next epoch shows it; why_not : else the reason
    life : of the lesson that it made or touched, None where there is none
    """

    op: str
    lesson: str
    text: str
    taken: bool
    why_not: str = ""
    author: str = "model"
    life: LessonLife | None = None

    def words(self) -> str:
        head = f"{self.op} [{self.lesson or '-'}] {self.text}".rstrip()
        author = "" if self.author == "model" else " (a person's wording)"
        return head + author + ("" if self.taken else f"  (not taken: {self.why_not})")


def libraries_of(run: RunStore | Path | str) -> dict[int, Library]:
    """Number -> the library in force at that epoch, in order."""
    rows = Snapshot.of(run).rows("libraries")
    found = {row["epoch"]: Library.from_json({k: v for k, v in row.items() if k != "epoch"}) for row in rows}
    return dict(sorted(found.items()))


def lives(run: RunStore | Path | str) -> dict[str, LessonLife]:
    """Lesson id -> its life, in the order of first appearance. Edits that a gate rolled back leave no trace here."""
    kept = Snapshot.of(run)
    versions = libraries_of(kept)
    numbers = list(versions)
    steps: dict[str, list[LessonStep]] = {}
    standing: dict[str, list[int]] = {}
    before = Library()
    for place, number in enumerate(numbers):
        after = versions[number]
        change = diff(before, after)
        for lesson in change.added:
            source = lesson.history[-1] if lesson.history else None
            steps.setdefault(lesson.id, []).append(LessonStep(
                number, "added" if place else "given", lesson.text, lesson.topic,
                source.pairs if source else (), source.author if source else "model",
            ))
        for _, lesson in change.modified:
            source = lesson.history[-1] if lesson.history else None
            steps[lesson.id].append(LessonStep(
                number, "modified", lesson.text, lesson.topic, source.pairs if source else (),
                source.author if source else "model",
            ))
        for lesson in change.deleted:
            pairs, author = _deletion(kept, lesson.id, number)
            steps[lesson.id].append(LessonStep(number, "deleted", lesson.text, lesson.topic, pairs, author))
        for lesson in after.lessons:
            standing.setdefault(lesson.id, []).append(number)
        before = after
    last = numbers[-1] if numbers else 0
    return {name: LessonLife(name, tuple(told), tuple(standing[name]), last) for name, told in steps.items()}


def _deletion(run: Snapshot, lesson: str, number: int) -> tuple[tuple[str, ...], str]:
    """The pairs and the author of the edit by which a lesson left library `number`."""
    for row in run.rows("edits"):
        if row["epoch"] not in (number - 1, number):
            continue
        for outcome in row["outcomes"]:
            edit = outcome["edit"]
            if outcome["applied"] and edit["op"] == "delete" and outcome["lesson"] == lesson:
                return tuple(edit["because"]), outcome["author"]
    return (), "model"


def proposals(
    run: RunStore | Path | str, pair: str, epoch: int, *, known: dict[str, LessonLife] | None = None
) -> tuple[Proposal, ...]:
    """What the curator proposed because of a pair, and what became of it.

    epoch : of the pair; known : lives of the run, if they are at hand
    """
    kept = Snapshot.of(run)
    known = lives(kept) if known is None else known
    refused = _refused_by_gate(kept.rows("gates"), epoch)
    found = []
    for row in kept.rows("edits"):
        if row["epoch"] != epoch:
            continue
        for outcome in row["outcomes"]:
            if pair not in outcome["proposed"]["because"]:
                continue
            edit = outcome["edit"] or outcome["proposed"]
            reason = outcome["reason"] if not outcome["applied"] else refused
            found.append(Proposal(
                edit["op"], outcome["lesson"], edit.get("text", ""), outcome["applied"] and not refused, reason,
                outcome["author"], known.get(outcome["lesson"]),
            ))
    return tuple(found)


def _refused_by_gate(gates: Sequence[dict[str, Any]], epoch: int) -> str:
    refused = any(row["epoch"] == epoch and not row["accepted"] for row in gates)
    return "the gate refused the library of this epoch" if refused else ""
