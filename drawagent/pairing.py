"""Pairing: which drawings of a query are contrasted (3DrawAgent, section 3.2; the ablation's policies).

A policy is a callable (scored, *, seed) -> tuple of Pair, S+ first. Failed drawings are never in a pair.
Rewards are already rounded; ties go by candidate index.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from drawagent.rollout import Pair, Scored


class PairingPolicy(Protocol):
    def __call__(self, scored: Sequence[Scored], *, seed: str) -> tuple[Pair, ...]: ...


def best_worst(scored: Sequence[Scored], *, seed: str = "") -> tuple[Pair, ...]:
    """The best against the worst (paper)."""
    return _pairs(scored, 1)


def top2_bottom2(scored: Sequence[Scored], *, seed: str = "") -> tuple[Pair, ...]:
    """Best against worst and second best against second worst (ours, for the ablation)."""
    return _pairs(scored, 2)


def random_pair(scored: Sequence[Scored], *, seed: str) -> tuple[Pair, ...]:
    """Two drawings drawn at random, called S+ and S- at random as well (the paper's ablation "random pairs")."""
    drawn = [s for s in scored if s.candidate.sketch is not None]
    if len(drawn) < 2:
        return ()
    one, other = random.Random(seed).sample(drawn, 2)
    return (Pair(one.candidate.query, one.candidate.epoch, one, other),)


def worst_best(scored: Sequence[Scored], *, seed: str = "") -> tuple[Pair, ...]:
    """The worst called S+ and the best S-: lessons from swapped pairs, a control (ours)."""
    return tuple(Pair(pair.query, pair.epoch, pair.worse, pair.better) for pair in best_worst(scored))


def _pairs(scored: Sequence[Scored], count: int) -> tuple[Pair, ...]:
    drawn = [s for s in scored if s.candidate.sketch is not None]
    ranked = sorted(drawn, key=lambda s: (-s.reward, s.candidate.index))
    pairs = []
    for rank in range(min(count, len(ranked) // 2)):
        better, worse = ranked[rank], ranked[-1 - rank]
        if better.reward > worse.reward:
            pairs.append(Pair(better.candidate.query, better.candidate.epoch, better, worse, rank))
    return tuple(pairs)


def inside_noise(pair: Pair, factor: float) -> bool:
    """Whether the gap, of either sign, is smaller than `factor` standard errors over views (same cameras for both).

    Random pairs have gaps of any sign: skipping the negative ones would rank them by the reward after all.
    """
    return factor > 0 and abs(pair.gap) < factor * pair.noise
