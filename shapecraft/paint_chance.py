"""Paint chance: what each step draws, from (seed, step, term) alone, so that a painting goes on wherever it stopped.

A term is a part's place, or -1 for the whole. Views come in shuffled rounds, so that none is left out for long.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

WHOLE = -1
_ORDER, _VIEWS, _PICTURE, _GUIDANCE, _LIGHT, _STILL = range(6)


def terms_at(step: int, parts: Sequence[int], *, whole: int, one: bool, seed: int) -> tuple[tuple[int, float], ...]:
    """(term, weight) pairs of a step.

    parts : that have a term; one : of them a step, weighed by their number; whole : steps from one global term to the
        next, which is weighed by them; 0 has none
    """
    first = ((WHOLE, float(whole)),) if whole and step % whole == 0 else ()
    if not parts or not one:
        return (*first, *((part, 1.0) for part in parts))
    turn, place = divmod(step, len(parts))
    return (*first, (parts[int(_chance(seed, _ORDER, turn).permutation(len(parts))[place])], float(len(parts))))


def uses_before(step: int, term: int, parts: int, *, whole: int, one: bool) -> int:
    """How often a term that comes at a step came before it."""
    if term == WHOLE:
        return step // whole
    return step // parts if one else step


def view_at(use: int, term: int, views: int, *, seed: int) -> int:
    """Place of the view that a term takes at its n-th use."""
    turn, place = divmod(use, views)
    return int(_chance(seed, _VIEWS, term + 1, turn).permutation(views)[place])


def picture_chance(seed: int, step: int, term: int) -> np.random.Generator:
    """For backdrop and lighting."""
    return _chance(seed, _PICTURE, step, term + 1)


def still_chance(seed: int, view: int) -> np.random.Generator:
    """For backdrop and lighting of a view whose picture may change by what is painted alone."""
    return _chance(seed, _STILL, view)


def light_chance(seed: int, view: int, light: int) -> np.random.Generator:
    """For what a view is lit by."""
    return _chance(seed, _LIGHT, view, light)


def guidance_chance(seed: int, step: int, term: int) -> torch.Generator:
    """For timestep and noise; on the CPU."""
    import torch

    number = int(np.random.SeedSequence((seed, _GUIDANCE, step, term + 1)).generate_state(1, np.uint64)[0])
    return torch.Generator().manual_seed(number >> 1)


def _chance(*numbers: int) -> np.random.Generator:
    return np.random.default_rng(numbers)
