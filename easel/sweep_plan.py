"""The plan of a sweep: calls, tokens, dollars and hours before anything is asked, and what its design can detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from easel.budget import Estimate, estimate
from easel.chat import ChatRequest
from easel.errors import ConfigurationError
from easel.grid import Grid, made, merged
from easel.prices import Price

SECONDS_A_CALL = 20.0
"""Of one reply of 1,500 tokens; ours, from hosted models of 2026. A person who knows better says so."""
SPREADS = {"library": 0.010, "prompt": 0.050, "draw": 0.045}
"""Standard deviations of raw cosines that `smallest_difference` is given, as long as nobody says better.

draw : measured, between the five candidates of a query in the recorded tour (root mean square of six groups, toy CLIP)
prompt : assumed 0.02 for how differently a library helps, and the draw of the baseline that all libraries share
library : assumed; one recorded library cannot tell it
"""


@dataclass(frozen=True)
class SweepPlan:
    """What grids will ask for.

    cells : runs; alone : calls if no cell shared anything; estimate : what is paid, shared calls once, retries and
    repairs not foreseen; hours : at `concurrency` calls at once; detects : grid name -> smallest true difference of
    raw cosines that is found four times in five, None where a grid has one practice
    """

    cells: int
    alone: int
    estimate: Estimate
    hours: float
    concurrency: int
    practices: Mapping[str, int]
    prompts: Mapping[str, int]
    detects: Mapping[str, float | None]
    spreads: Mapping[str, float]

    def lines(self) -> list[str]:
        """For people."""
        shared = self.alone - self.estimate.calls
        found = [
            f"  {name}: {self.practices[name]} practices x {self.prompts[name]} prompts: "
            + (f"a true difference of {value:.4f} (raw cosine) is found four times in five" if value is not None
               else "one library: no claim about the method")
            for name, value in self.detects.items()
        ]
        told = ", ".join(f"{name} {value:g}" for name, value in self.spreads.items())
        return [
            f"{self.cells} cells, {self.estimate}",
            f"{shared} further calls are shared between cells and paid for once",
            f"about {self.hours:.1f} hours at {self.concurrency} calls at once; a cell's critical path may be longer",
            *found,
            f"  (taking as standard deviations: {told}; say better with --spread)",
        ]


def plan(
    grids: Sequence[Grid], *, price: Price | None = None, concurrency: int = 8, seconds_a_call: float = SECONDS_A_CALL,
    spreads: Mapping[str, float] | None = None,
) -> SweepPlan:
    """Count what the cells of these grids will ask, each call of one identity once.

    spreads : standard deviations as SPREADS names them
    Raises ConfigurationError for a grid without a cell class, which alone knows its calls.
    """
    from easel.statistics import smallest_difference

    given = {**SPREADS, **(spreads or {})}
    if strange := sorted(given.keys() - SPREADS.keys()):
        raise ConfigurationError(f"spreads of {', '.join(SPREADS)}", came=", ".join(strange), where="spreads")
    alone = 0
    asked: dict[str, ChatRequest] = {}
    prompts: dict[str, int] = {}
    seen: set[str] = set()
    for grid in grids:
        for cell in grid.cells:
            if cell.mark in seen and grid.name in prompts:
                continue
            found = made(grid, cell)
            if found is None:
                raise ConfigurationError("a grid whose `cell` can plan", came="none", where=grid.name)
            prompts.setdefault(grid.name, found.report_prompts)
            for identity, request in found.planned() if cell.mark not in seen else ():
                alone += 1
                asked.setdefault(identity, request)
            seen.add(cell.mark)
    together = estimate(asked.values(), price=price)
    sizes = {grid.name: (grid.practices, prompts[grid.name]) for grid in grids}
    found_by = {
        (practices, count): smallest_difference(
            libraries=practices, prompts=count, draws=1, sd_library=given["library"], sd_prompt=given["prompt"],
            sd_draw=given["draw"],
        ) if practices > 1 and count > 1 else None
        for practices, count in set(sizes.values())
    }
    detects = {name: found_by[size] for name, size in sizes.items()}
    return SweepPlan(
        len(merged(grids)), alone, together, together.calls * seconds_a_call / concurrency / 3600, concurrency,
        {grid.name: grid.practices for grid in grids}, prompts, detects, given,
    )
