"""Drawing styles: what every sketch of a category passes through after (and before) it is drawn (ours).

A style sets the pen (detail, angular) and then alters the finished strokes: (N, 4, 3) -> (M, 4, 3), fitted units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Finish = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Style:
    """details : the pen's levels of detail to choose from; angular : the pen draws no curves; finish : afterwards."""

    details: tuple[int, ...]
    finish: Finish
    angular: bool = False


def fit(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Into the cube, with what differs between any two who draw the same thing.

    Proportions change by up to 20 % per axis, one drawing in ten faces another side, the longest half extent is 0.75
    to 1, the place is somewhat off centre, and one in four has coordinates rounded to a coarse grid.
    """
    strokes = strokes * rng.uniform(0.8, 1.2, 3)
    if rng.random() < 0.1:
        side = rng.choice((-1.0, 1.0))
        strokes = strokes[..., [1, 0, 2]] * np.array([side, -side, 1.0])
    points = strokes.reshape(-1, 3)
    low, high = points.min(axis=0), points.max(axis=0)
    half = rng.uniform(0.75, 1.0)
    scale = 2 * half / max(float((high - low).max()), 1e-6)
    room = 1 - scale * (high - low) / 2
    strokes = (strokes - (low + high) / 2) * scale + rng.uniform(-0.5, 0.5, 3) * np.maximum(room, 0)
    if rng.random() < 0.25:
        grid = rng.choice((0.02, 0.05))
        strokes = np.round(strokes / grid) * grid
    return strokes


def _keep(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return strokes


def _wobble(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Low-frequency displacement of space (joints stay joined), and an unsteady hand between the ends."""
    amplitude = rng.uniform(0.02, 0.045)
    waves = rng.uniform(-3.5, 3.5, (3, 3))
    strokes = strokes + amplitude * np.sin(strokes @ waves + rng.uniform(0, 6.28, 3))
    strokes[:, 1:3] += rng.normal(0, amplitude * 0.9, (len(strokes), 2, 3))
    return strokes


def _double(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some lines drawn a second time, slightly beside the first."""
    again = strokes[rng.random(len(strokes)) < rng.uniform(0.1, 0.35)]
    return np.concatenate([strokes, again + rng.normal(0, 0.013, again.shape)])


def _halve(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Many curves cut in two by de Casteljau, at a random place each."""
    cut = rng.random(len(strokes)) < rng.uniform(0.4, 0.9)
    t = rng.uniform(0.3, 0.7, (int(cut.sum()), 1))
    a, b, c, d = strokes[cut].transpose(1, 0, 2)
    ab, bc, cd = a + (b - a) * t, b + (c - b) * t, c + (d - c) * t
    abc, bcd = ab + (bc - ab) * t, bc + (cd - bc) * t
    middle = abc + (bcd - abc) * t
    return np.concatenate([strokes[~cut], np.stack([a, ab, abc, middle], 1), np.stack([middle, bcd, cd, d], 1)])


def _lose(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """8 to 25 % of the strokes are missing."""
    order = rng.random(len(strokes)).argsort()
    kept = max(3, round(len(strokes) * rng.uniform(0.75, 0.92)))
    return strokes[np.sort(order[:kept])]


def _stray(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One to four strokes too many: straying copies and short curves anywhere; sometimes a line of ground."""
    extra = []
    for _ in range(rng.integers(1, 5)):
        if rng.random() < 0.5:
            extra.append(strokes[rng.integers(len(strokes))] * rng.uniform(0.8, 1.1) + rng.normal(0, 0.1, 3))
        else:
            start, step = rng.uniform(-0.9, 0.9, 3), rng.normal(0, 0.35, 3)
            extra.append(start + np.linspace(0, 1, 4)[:, None] * step + rng.normal(0, 0.05, (4, 3)))
    return np.concatenate([strokes, np.stack(extra)])


def _extend(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Straight lines run past their corners, as draughtsmen draw."""
    chord = strokes[:, 3] - strokes[:, 0]
    length = np.linalg.norm(chord, axis=1, keepdims=True)
    straight = np.linalg.norm(strokes[:, 1] - strokes[:, 0] - chord / 3, axis=1, keepdims=True) < 0.02
    by = chord / np.maximum(length, 1e-6) * straight * np.minimum(rng.uniform(0.03, 0.16, length.shape), length * 0.3)
    strokes = strokes.copy()
    strokes[:, 0] -= by
    strokes[:, 3] += by * rng.uniform(0.3, 1.0)
    return strokes


def _merge(strokes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two successive strokes that share an end become one cubic that rounds the corner."""
    out, i = [], 0
    share = rng.uniform(0.15, 0.5)
    while i < len(strokes):
        one = strokes[i]
        if i + 1 < len(strokes) and np.abs(one[3] - strokes[i + 1][0]).max() < 1e-6 and rng.random() < share:
            two = strokes[i + 1]
            straight = np.abs(one[1] - one[0] - (one[3] - one[0]) / 3).max() < 0.01
            # Handles almost to the corner for two lines; 2.4 times as long for two arcs (two quarters, one half).
            reach = rng.uniform(2.3, 3.0) if straight else rng.uniform(2.0, 2.4)
            out.append(np.stack([one[0], one[0] + (one[1] - one[0]) * reach,
                                 two[3] + (two[2] - two[3]) * reach, two[3]]))
            i += 2
        else:
            out.append(one)
            i += 1
    return np.stack(out) if len(out) >= 3 else strokes


TABLE: dict[str, Style] = {
    "clean": Style((0, 0, 1, 1), _keep),
    "economic": Style((0,), _keep),
    "detailed": Style((2,), _double),
    "wobbly": Style((0, 0, 1, 2), _wobble),
    "split": Style((0, 1), _halve),
    "sparse": Style((0, 1, 1, 2), _lose),
    "stray": Style((0, 1), _stray),
    "boxy": Style((0, 1, 1), _keep, angular=True),
    "overshoot": Style((0, 1, 1), _extend),
    "merged": Style((0, 1, 1), _merge),
}
