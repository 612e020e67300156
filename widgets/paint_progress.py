"""Paint progress: what is known of a painting while it is made, from the events so far. Pure; knows no widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from shapecraft import paint_events as told
from shapecraft.run_painting import PaintingBegun, PaintingKept

WHOLE = "the whole"
"""How the global term is called; parts have their own names."""


@dataclass(frozen=True)
class TermRow:
    """One term of one step, in the words of `shapecraft.paint_events.TermStep`; part : WHOLE or a part's name"""

    step: int
    part: str
    loss: float
    timestep: int
    norm: float


@dataclass(frozen=True, eq=False)
class PaintProgress:
    """number : of the painting in its run, 0 before it begins; done, steps : of the optimiser; terms : names

    rows : of all steps that this process saw; skipped : (part, reason); left : terms that were left out of their steps
    because no finite gradient came; seconds : of the steps that it saw
    guided : share of them that the guidance took; preview : the last one; kept : files and maps, at the end
    """

    number: int = 0
    done: int = 0
    steps: int = 0
    terms: tuple[str, ...] = ()
    rows: tuple[TermRow, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    left: tuple[told.TermLeftOut, ...] = ()
    seconds: float = 0.0
    guidance_seconds: float = 0.0
    preview: told.Previewed | None = None
    checkpoint: int = 0
    kept: PaintingKept | None = None

    def after(self, event: Any) -> PaintProgress:
        """What is known after one more event."""
        match event:
            case PaintingBegun(number=number):
                return self if number == self.number else PaintProgress(number)
            case told.PaintStarted():
                return replace(self, done=event.done, steps=event.steps, skipped=(), checkpoint=event.done,
                               terms=tuple(name or WHOLE for name in event.terms),
                               left=tuple(one for one in self.left if one.step < event.done),
                               rows=tuple(row for row in self.rows if row.step < event.done))
            case told.PartSkipped(part=part, reason=reason):
                return replace(self, skipped=(*self.skipped, (part, reason)))
            case told.TermLeftOut():
                return replace(self, left=(*self.left, event))
            case told.PaintStepped():
                own = tuple(TermRow(event.step, one.part or WHOLE, one.loss, one.timestep, one.norm)
                            for one in event.terms)
                return replace(self, done=event.step + 1, rows=self.rows + own, seconds=self.seconds + event.seconds,
                               guidance_seconds=self.guidance_seconds + sum(one.guided for one in event.terms))
            case told.Previewed():
                return replace(self, preview=event)
            case told.CheckpointWritten(done=done):
                return replace(self, checkpoint=done)
            case PaintingKept():
                return replace(self, kept=event)
        return self

    def words(self) -> str:
        """How far it is, in one line; "" before it begins."""
        if not self.number:
            return ""
        said = f"painting {self.number}"
        if self.kept is not None:
            return f"{said}, {self.done} steps, baked and kept" if self.steps else f"{said}, kept"
        if not self.steps:
            return said
        left = ""
        seen = len({row.step for row in self.rows})
        if seen and self.done < self.steps:
            left = f", about {self.seconds / seen * (self.steps - self.done):.0f} s left"
        return f"{said}, step {self.done} of {self.steps}{left}"
