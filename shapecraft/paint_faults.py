"""Paint faults: terms whose gradient is not finite are left out of their step and counted; too many end a painting.

(seed, step, term) decides what a term draws, so that taking it again would fail alike; the step goes on without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapecraft.paint_events import PaintingStopped, TermLeftOut, TermStep

IN_A_ROW = 3
"""Times that a term may fail one after the other, the last of which ends the painting (ours)."""
SHARE = 0.1
"""Of all steps that may lack a term, and IN_A_ROW where that is more (ours)."""


@dataclass(frozen=True)
class LeftOut:
    """rows : (name of a term, times that it was left out one after the other, up to now), without those of 0
    steps : that lacked one or more so far
    """

    rows: tuple[tuple[str, int], ...] = ()
    steps: int = 0

    def after(self, terms: Sequence[TermStep | TermLeftOut], steps: int) -> LeftOut:
        """One step later, of so many in all.

        Raises PaintingStopped where a term fails for the IN_A_ROW-th time in a row, and where more steps than SHARE
        allows lack one.
        """
        rows, lost = dict(self.rows), [one for one in terms if isinstance(one, TermLeftOut)]
        for one in terms:
            rows[one.part] = rows.get(one.part, 0) + 1 if isinstance(one, TermLeftOut) else 0
        found = LeftOut(tuple((name, count) for name, count in sorted(rows.items()) if count),
                        self.steps + bool(lost))
        for one in lost:
            if rows[one.part] >= IN_A_ROW:
                raise _stopped(one, f"{one.came} {IN_A_ROW} times in a row")
        if lost and found.steps > max(IN_A_ROW, SHARE * steps):
            raise _stopped(lost[-1], f"{lost[-1].came} in {found.steps} of {steps} steps")
        return found


def _stopped(lost: TermLeftOut, came: str) -> PaintingStopped:
    return PaintingStopped(
        "a finite gradient from the guidance", came=came,
        where=f"step {lost.step}, {lost.part or 'the whole'}, {lost.where}",
        mend=f"{lost.mend} What is painted so far is kept; another precision or model is another painting, in another "
             f"folder.".strip())
