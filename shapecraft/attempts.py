"""Attempts: one program of one path, what came of it, and which of many is the best (ShapeCraft, section 3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from shapecraft.blender_checks import Advice
from shapecraft.opinions import Judgement
from shapecraft.outcome import Outcome
from shapecraft.part_facts import PartFacts
from shapecraft.wall import program_hash

Kind = Literal["draft", "revision", "repair", "fix"]
"""draft : the first program of a path; revision : of a later step; repair : one that did not run, asked for again, at
the same step; fix : after the global look, at step T"""


@dataclass(frozen=True)
class Attempt:
    """component, m, t, repair : its place; repair counts the repairs within step t

    program : "" where no reply held one: see failure, reason
    outcome : None without a program; facts : None where nothing was made; judgement : None where nobody was asked
    """

    component: str
    m: int
    t: int
    repair: int
    kind: Kind
    program: str
    advice: tuple[Advice, ...] = ()
    outcome: Outcome | None = None
    facts: PartFacts | None = None
    judgement: Judgement | None = None
    failure: str = ""
    reason: str = ""
    forgiven: tuple[str, ...] = ()
    reply_keys: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return f"{self.component}/m{self.m}/t{self.t}/r{self.repair}"

    @property
    def ran(self) -> bool:
        """Whether meshes came out."""
        return self.facts is not None

    @property
    def score(self) -> float | None:
        """0 to 10; None where there is none, which is not a low score."""
        return None if self.judgement is None else self.judgement.score

    @property
    def program_key(self) -> str:
        return program_hash(self.program) if self.program else ""

    def row(self) -> dict[str, Any]:
        """For JSON; times and pictures are left out, so that a resumed run writes the same."""
        made = self.outcome
        return {
            "component": self.component, "m": self.m, "t": self.t, "repair": self.repair, "kind": self.kind,
            "program": self.program, "program_key": self.program_key,
            "advice": [vars(one) for one in self.advice],
            "outcome": "" if made is None else made.kind, "message": "" if made is None else made.message,
            "line": None if made is None else made.line,
            "facts": None if self.facts is None else self.facts.row(),
            "score": self.score, "judgement": None if self.judgement is None else self.judgement.row(),
            "failure": self.failure, "reason": self.reason, "forgiven": list(self.forgiven),
            "reply_keys": list(self.reply_keys),
        }


def best(attempts: Iterable[Attempt]) -> Attempt | None:
    """The highest score over all steps of all paths, never the last; of equals the first by m, t, repair.

    What ran without a score comes behind whatever has one, and among its like by how near it is to its box.
    None where nothing ran.
    """
    ran = [one for one in attempts if one.ran]
    return min(ran, key=_order, default=None)


def gate(attempt: Attempt) -> tuple[int, float, bool, int]:
    """What ranks drafts before anybody looks, smallest first: ran, near to its box (to a hundredth), manifold; then m.

    A program that did not run comes behind those that did, and before a reply without one, which cannot be revised.
    Ours: measurements are free, a look is not.
    """
    facts = attempt.facts
    if facts is None:
        return 1 if attempt.program else 2, 0.0, True, attempt.m
    return 0, round(facts.worst, 2), not facts.manifold, attempt.m


def _order(one: Attempt) -> tuple[bool, float, int, int, int]:
    unscored = one.score is None
    nearness = round(one.facts.worst, 2) if unscored and one.facts else 0.0
    return unscored, -(one.score or 0.0) + nearness, one.m, one.t, one.repair
