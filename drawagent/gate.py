"""The gate: an epoch's edits are kept only if held-out queries do not get worse (ours; paper has none)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from easel.errors import ConfigurationError


@dataclass(frozen=True)
class GateDecision:
    """accepted : keep the edits; mean : mean paired difference after - before

    standard_error : of that mean, over queries (0 for one); n : number of queries
    """

    accepted: bool
    mean: float
    standard_error: float
    n: int

    def row(self) -> dict[str, Any]:
        return dict(vars(self))


class Gate(Protocol):
    def __call__(self, before: Sequence[float], after: Sequence[float], *, margin: float) -> GateDecision: ...


def not_worse(before: Sequence[float], after: Sequence[float], *, margin: float = 0.0) -> GateDecision:
    """Accept when the mean paired difference is at least -margin (rounded to 1e-6).

    before, after : mean reward per gate query, in one order, same seeds and cameras
    Raises ConfigurationError when there is nothing to compare, or not the same queries on both sides.
    """
    if not before or len(before) != len(after):
        raise ConfigurationError(
            "rewards of the same gate queries with both libraries, at least one",
            came=f"{len(before)} and {len(after)}",
        )
    differences = [b - a for a, b in zip(before, after, strict=True)]
    n = len(differences)
    mean = round(math.fsum(differences) / n, 6)
    spread = (math.fsum((d - mean) ** 2 for d in differences) / (n - 1) / n) ** 0.5 if n > 1 else 0.0
    return GateDecision(mean >= -margin, mean, round(spread, 6), n)
