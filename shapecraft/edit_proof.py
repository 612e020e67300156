"""Edit proof: that an edit changed the parts it named and no other, from programs that were really run (ours).

Every part that stays is run once more, past anything that is remembered, and compared with what it was: program, and
the bytes of its mesh. Where what it was came from another version of Blender, bounds, volume and faces are measured
instead.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from easel.errors import EaselError
from shapecraft.graph import ShapeGraph
from shapecraft.outcome import Job, Outcome
from shapecraft.wall import Wall, program_hash

SAME = 1e-6
"""Share of a part's longest side (bounds), and of its volume, by which runs of one program may differ between versions
of Blender, in the last digits of a single-precision float (ours). In one installation they do not differ at all."""

Verdict = Literal["same", "alike", "anew", "changed", "added", "removed", "not made", "unsteady", "rewritten"]
"""same : program byte for byte, and run again the same mesh byte for byte; changed, added, removed : as planned
alike : the kept mesh is of another version of Blender, and this one's is the same to SAME; the kept one stays
anew : likewise, but this version makes something else, the same twice: the object gets that
not made : it has no program that ran, before or now
unsteady : its program is the same, and run again makes something else (it draws lots, or did not run this time)
rewritten : its program changed, or it came or went, though the plan names it nowhere"""


class EditProofBroken(EaselError, RuntimeError):
    """A part that an edit did not name is no longer what it was."""


@dataclass(frozen=True)
class Measured:
    """What one run of a program made. program : its hash

    low, high : (3,) metres, world frame; volume : cubic metres, as `PartReport`, all objects together
    faces : triangles; mesh : hash of the GLB, which is equal where every vertex is
    """

    program: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    volume: float
    faces: int
    mesh: str

    def row(self) -> dict[str, Any]:
        return {**asdict(self), "low": list(self.low), "high": list(self.high)}

    def words(self) -> str:
        """One line for people; metres and cubic metres."""
        sides = " x ".join(f"{b - a:.4g}" for a, b in zip(self.low, self.high, strict=True))
        return f"program {self.program[:8]}, {sides} m, volume {self.volume:.4g} m3, {self.faces} faces"


@dataclass(frozen=True)
class PartProof:
    """One component. before, after : None where there is none, or it did not run; note : what a reader should know

    fresh : what the object gets instead of the kept outcome, of "anew" alone
    """

    name: str
    before: Measured | None
    after: Measured | None
    verdict: Verdict
    note: str = ""
    fresh: Outcome | None = field(default=None, repr=False, compare=False)

    def row(self) -> dict[str, Any]:
        return {"name": self.name, "verdict": self.verdict, "note": self.note,
                "before": None if self.before is None else self.before.row(),
                "after": None if self.after is None else self.after.row()}

    def words(self) -> str:
        told = self.note and f" ({self.note})"
        match self.verdict:
            case "same" | "not made":
                return f"{self.name}: {self.verdict}{told}"
            case "added" | "removed":
                one = self.after or self.before
                return f"{self.name}: {self.verdict}{told}; {one.words() if one else 'never made'}"
            case _:
                sides = " -> ".join("nothing" if one is None else one.words() for one in (self.before, self.after))
                return f"{self.name}: {self.verdict}{told}; {sides}"


@dataclass(frozen=True)
class Proof:
    """parts : of the object before, then those that are new"""

    parts: tuple[PartProof, ...]

    @property
    def broken(self) -> tuple[PartProof, ...]:
        """Parts that nobody named and that are not shown to be the same."""
        return tuple(part for part in self.parts if part.verdict in ("unsteady", "rewritten"))

    @property
    def holds(self) -> bool:
        return not self.broken

    def words(self) -> str:
        """One line a part."""
        return "\n".join(part.words() for part in self.parts)

    def row(self) -> dict[str, Any]:
        return {"holds": self.holds, "parts": [part.row() for part in self.parts]}

    def check(self) -> None:
        """Raises EditProofBroken, naming every part that is not what it was."""
        if self.broken:
            raise EditProofBroken(
                "every part that was not named to be the same as before",
                came="; ".join(part.words() for part in self.broken), where="an edit",
            )


def measured(program: str, outcome: Outcome | None) -> Measured | None:
    """None where nothing was made."""
    if outcome is None or not outcome.parts:
        return None
    parts = outcome.parts
    return Measured(
        program_hash(program),
        tuple(min(part.low[i] for part in parts) for i in range(3)),  # type: ignore[arg-type]
        tuple(max(part.high[i] for part in parts) for i in range(3)),  # type: ignore[arg-type]
        math.fsum(part.volume for part in parts), sum(part.faces for part in parts),
        hashlib.sha256(outcome.glb).hexdigest(),
    )


def prove(
    before: ShapeGraph, after: ShapeGraph, outcomes: Mapping[str, Outcome], new: Mapping[str, Outcome], wall: Wall, *,
    named: Collection[str],
) -> Proof:
    """Run every part that stays once more and compare.

    outcomes : component -> of `before`; new : component -> of the programs that the edit wrote
    wall : that remembers nothing; named : components that the plan changes, adds or removes
    """
    names = [*before.names, *(name for name in after.names if name not in before.names)]
    return Proof(tuple(_part(name, before, after, outcomes, new, wall, named) for name in names))


def _part(
    name: str, before: ShapeGraph, after: ShapeGraph, outcomes: Mapping[str, Outcome], new: Mapping[str, Outcome],
    wall: Wall, named: Collection[str],
) -> PartProof:
    old_program = before[name].program if name in before.names else ""
    new_program = after[name].program if name in after.names else ""
    old = measured(old_program, outcomes.get(name))
    if name in named:
        verdict: Verdict = ("added" if name not in before.names else "removed" if name not in after.names
                            else "changed")
        came = measured(new_program, new.get(name))
        note = "the program came back as it was" if verdict == "changed" and old_program == new_program else ""
        return PartProof(name, old, came, verdict, note)
    if name not in after.names or name not in before.names or old_program != new_program:
        return PartProof(name, old, measured(new_program, new.get(name)), "rewritten")
    if old is None:
        return PartProof(name, None, None, "not made")
    kept, ran = outcomes[name], wall.run(Job(new_program, name))
    fresh = measured(new_program, ran)
    if old == fresh:
        return PartProof(name, old, fresh, "same")
    if kept.blender == ran.blender or not kept.blender or not ran.blender or fresh is None:
        unsaid = ("; which Blender made it is not kept with the kept outcome, so that another one cannot be the reason"
                  if ran.blender and not kept.blender else "")
        return PartProof(name, old, fresh, "unsteady", f"run again, it makes something else{unsaid}")
    installations = f"kept from Blender {kept.blender}, run again in {ran.blender}"
    if _near(old, fresh):
        return PartProof(name, old, fresh, "alike", f"{installations}: the same to {SAME:g}, not byte for byte")
    if measured(new_program, wall.run(Job(new_program, name))) != fresh:
        return PartProof(name, old, fresh, "unsteady", f"{installations}, it makes something else each time")
    return PartProof(name, old, fresh, "anew", f"{installations}, it makes something else, the same twice: the object "
                                               "gets that", ran)


def _near(a: Measured, b: Measured) -> bool:
    side = max(q - p for p, q in zip(a.low, a.high, strict=True))
    off = max(abs(p - q) for p, q in zip((*a.low, *a.high), (*b.low, *b.high), strict=True))
    return (a.program == b.program and a.faces == b.faces and off <= SAME * side
            and abs(a.volume - b.volume) <= SAME * max(abs(a.volume), side ** 3 * SAME))
