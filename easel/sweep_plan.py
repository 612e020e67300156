"""The plan of a sweep: calls, tokens, dollars and hours before anything is asked, and what its design can detect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from easel.budget import Estimate, estimate
from easel.chat import ChatRequest
from easel.errors import ConfigurationError
from easel.grid import Cell, CellKind, Grid, merged
from easel.plugins import load
from easel.prices import Price

SECONDS_A_CALL = 20.0
"""Of one reply of 1,500 tokens; ours, from hosted models of 2026. A person who knows better says so."""
SPREADS = {"library": 0.010, "prompt": 0.020, "draw": 0.045}
"""Standard deviations of raw cosines, of one entry, that a plan takes as long as nobody says better.

draw : of one drawing; measured, between the five candidates of a query in the recorded tour (root mean square of six
    groups, toy CLIP)
prompt : assumed, of how differently one entry gains over the baseline from prompt to prompt
library : assumed, between libraries of one row; one recorded library cannot tell it
"""
POWER = 0.8
LEVEL = 0.95
"""Of the tables (`drawagent.tabling.Tables`)."""


@dataclass(frozen=True)
class Design:
    """What the tables of a grid will stand on.

    prompts, drawings : of the report; drawings of one prompt and library, which are averaged; where rows differ, the
        fewest, since only what both sides have is compared
    tested : entries that a table tests against the baseline, over which Holm is taken; 0 with one practice or prompt
    baseline : its name; learned : whether it was practised, so that every practice has another one
    made : objects are made and nothing is learned: practices are further objects of the same prompts
    """

    practices: int
    prompts: int
    drawings: int
    tested: int
    baseline: str
    learned: bool
    made: bool = False

    def detects(self, spreads: Mapping[str, float], *, level: float = LEVEL, power: float = POWER) -> float | None:
        """The smallest true difference of one learned entry that is found with this power while all others have none.

        spreads : as SPREADS; None where no claim may be made. It is judged at (1 - level) / tested, the first step of
        Holm (1979). The later steps are milder, so that the power is a little higher.

        A baseline that was practised differs between practices, and draws each time anew: the difference varies by
        sqrt(2) times what one entry does, between libraries and between draws. The library that rows begin with is one
        for all practices, and so are its drawings: their chance is the same in every row of the differences, and counts
        to the prompts.
        """
        from easel.statistics import smallest_difference

        if not self.tested:
            return None
        sides = math.sqrt(2) if self.learned else 1.0
        shared = 0.0 if self.learned else spreads["draw"] ** 2 / self.drawings
        return smallest_difference(
            libraries=self.practices, prompts=self.prompts, draws=self.drawings, sd_library=sides * spreads["library"],
            sd_prompt=math.sqrt(spreads["prompt"] ** 2 + shared), sd_draw=sides * spreads["draw"],
            level=1 - (1 - level) / self.tested, power=power,
        )

    def words(self, difference: float | None) -> str:
        """For people: the design and what it finds. difference : as `detects` gives it"""
        if self.made:
            size = f"{_many(self.prompts, 'prompt')} x {_many(self.practices, 'object')} made of each"
            if self.prompts < 2:
                return f"{size}: one prompt: no claim about the method"
            return (f"{size} against {self.baseline}, paired by prompt; what is found depends on how much objects "
                    "vary, which no plan knows")
        size = f"{_many(self.practices, 'practice')} x {_many(self.prompts, 'prompt')} x {_many(self.drawings, 'draw')}"
        if difference is None:
            if self.practices > 1 and self.prompts > 1:
                return f"{size}: nothing that was learned is compared"
            return f"{size}: {'one library' if self.practices == 1 else 'one prompt'}: no claim about the method"
        kind = "another library in every practice" if self.learned else "one library for all"
        found = f"found four times in five after Holm over {self.tested} entries"
        return (f"{size} against {self.baseline} ({kind}): a true difference of {difference:.4f} (raw cosine) is "
                f"{found if self.tested > 1 else 'found four times in five (one entry is tested)'}")


@dataclass(frozen=True)
class SweepPlan:
    """What grids will ask for.

    cells : runs; alone : calls if no cell shared anything; estimate : what is paid, shared calls once, retries and
    repairs not foreseen; hours : at `concurrency` calls at once
    designs, detects : grid name -> what its tables stand on, and the smallest true difference of raw cosines that they
        call significant four times in five (`Design.detects`)
    """

    cells: int
    alone: int
    estimate: Estimate
    hours: float
    concurrency: int
    designs: Mapping[str, Design]
    detects: Mapping[str, float | None]
    spreads: Mapping[str, float]

    def lines(self) -> list[str]:
        """For people."""
        shared = self.alone - self.estimate.calls
        told = ", ".join(f"{name} {value:g}" for name, value in self.spreads.items())
        learned = any(not design.made for design in self.designs.values())
        return [
            f"{self.cells} cells, {self.estimate}",
            f"{shared} further calls are shared between cells and paid for once",
            f"about {self.hours:.1f} hours at {self.concurrency} calls at once; a cell's critical path may be longer",
            *(f"  {name}: {design.words(self.detects[name])}" for name, design in self.designs.items()),
            *[f"  (prompts of every length together; all other entries without a difference; standard deviations of "
              f"one entry: {told}; say better with --spread)"] * learned,
        ]


def plan(
    grids: Sequence[Grid], *, price: Price | None = None, concurrency: int = 8, seconds_a_call: float = SECONDS_A_CALL,
    spreads: Mapping[str, float] | None = None,
) -> SweepPlan:
    """Count what the cells of these grids will ask, each call of one identity once.

    spreads : standard deviations as SPREADS names them
    Raises ConfigurationError for a grid without a cell class, which alone knows its calls.
    """
    given = {**SPREADS, **(spreads or {})}
    if strange := sorted(given.keys() - SPREADS.keys()):
        raise ConfigurationError(f"spreads of {', '.join(SPREADS)}", came=", ".join(strange), where="spreads")
    alone = 0
    asked: dict[str, ChatRequest] = {}
    seen: set[str] = set()
    designs: dict[str, Design] = {}
    for grid in grids:
        kinds: dict[str, CellKind] = {}
        for cell in grid.cells:
            if cell.mark in seen and cell.row in kinds:
                continue
            kind = _kind(grid, cell)
            kinds.setdefault(cell.row, kind)
            for identity, request in kind.planned() if cell.mark not in seen else ():
                alone += 1
                asked.setdefault(identity, request)
            seen.add(cell.mark)
        designs[grid.name] = _design(grid, kinds)
    together = estimate(asked.values(), price=price)
    found: dict[Design, float | None] = {}
    for design in designs.values():
        # The name of the baseline is of no consequence: grids of one size are computed once.
        found.setdefault(replace(design, baseline=""), design.detects(given))
    return SweepPlan(
        len(merged(grids)), alone, together, together.calls * seconds_a_call / concurrency / 3600, concurrency, designs,
        {name: found[replace(design, baseline="")] for name, design in designs.items()}, given,
    )


def _kind(grid: Grid, cell: Cell) -> CellKind:
    """The cell as its class sees it. `read_grid` has checked every cell, which is not done again."""
    if not grid.kind:
        raise ConfigurationError("a grid whose `cell` can plan", came="none", where=grid.name)
    kind: CellKind = load(grid.kind)(**cell.parameters, seen_from=str(cell.notebook.parent))
    return kind


def _design(grid: Grid, kinds: Mapping[str, CellKind]) -> Design:
    """kinds : row -> one of its cells"""
    entries = {row: kind.report_entries for row, kind in kinds.items()}
    if grid.baseline in entries and all(len(marks) == 1 for marks in entries.values()):
        return Design(grid.practices, min(kind.report_prompts for kind in kinds.values()), 1, 0, grid.baseline, False,
                      made=True)
    first = {marks[0] for marks in entries.values()}
    learned = sum(len(marks) - 1 for marks in entries.values())
    row, _, epoch = grid.baseline.rpartition(", epoch ")
    if grid.baseline and not (epoch.isdigit() and int(epoch) < len(entries.get(row, ()))):
        raise ConfigurationError(
            "a baseline among the entries: ROW, epoch N", came=grid.baseline, where=grid.name,
            mend=f"Its rows go to: {'; '.join(f'{one}, epoch {len(marks) - 1}' for one, marks in entries.items())}.",
        )
    practised = bool(grid.baseline) and int(epoch) > 0
    prompts = min(kind.report_prompts for kind in kinds.values())
    # Two entries of one library each give no claim about the method: Holm does not count them.
    tested = learned - 1 + len(first) if practised else learned
    return Design(
        grid.practices, prompts, min(kind.report_drawings for kind in kinds.values()),
        tested if grid.practices > 1 and prompts > 1 else 0, grid.baseline or "the library of epoch 0", practised,
    )


def _many(count: int, name: str) -> str:
    return f"{count} {name}{'' if count == 1 else 's'}"
