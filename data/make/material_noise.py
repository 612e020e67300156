"""Noise that procedural materials are cut from: periodic blocks, made once, looked up by the nearest cell (ours)."""

from __future__ import annotations

from functools import cache

import numpy as np

CELLS = 128
PERIOD = 4.0
"""A block is CELLS^3 values and repeats every PERIOD units; a picture of a part is about 2.4 units wide, so that one
cell is smaller than a pixel of 64."""
_SEED = 5


def look_up(block: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(..., 3) float points, any range -> (...) values of the block's nearest cells."""
    at = np.floor(points * (CELLS / PERIOD)).astype(np.int64) & (CELLS - 1)
    return block[at[..., 0], at[..., 1], at[..., 2]]


@cache
def band(low: float, high: float) -> np.ndarray:
    """Noise of periods between `high` and `low` units, each octave half as strong as the longer one; mean 0, spread 1.

    Shape (CELLS, CELLS, CELLS) float32.
    """
    white = np.random.default_rng([_SEED, int(1000 * low), int(1000 * high)]).standard_normal((CELLS,) * 3)
    axes = np.fft.fftfreq(CELLS, PERIOD / CELLS), np.fft.rfftfreq(CELLS, PERIOD / CELLS)
    radius = np.sqrt(axes[0][:, None, None] ** 2 + axes[0][None, :, None] ** 2 + axes[1][None, None, :] ** 2)
    kept = (radius >= 1 / high) & (radius <= 1 / low)
    strength = np.where(kept, np.maximum(radius, 1e-6) ** -2.5, 0.0)  # amplitude halves with an octave, in 3 dimensions
    noise = np.fft.irfftn(np.fft.rfftn(white) * strength, s=(CELLS,) * 3)
    return ((noise - noise.mean()) / noise.std()).astype(np.float32)


@cache
def cells(size: float) -> tuple[np.ndarray, np.ndarray]:
    """Worley cells about `size` units wide: (distance to the border in cell widths, number of the cell in [0, 1)).

    Both (CELLS, CELLS, CELLS) float32; 0 on a border.
    """
    from scipy.spatial import cKDTree

    rng = np.random.default_rng([_SEED, int(1000 * size)])
    count = max(2, round(PERIOD / size))
    corners = np.stack(np.meshgrid(*[np.arange(count)] * 3, indexing="ij"), -1).reshape(-1, 3)
    seeds = (corners + rng.uniform(0.05, 0.95, corners.shape)) * (PERIOD / count)
    coarse = CELLS // 2
    grid = (np.arange(coarse) + 0.5) * (PERIOD / coarse)
    asked = np.stack(np.meshgrid(grid, grid, grid, indexing="ij"), -1).reshape(-1, 3)
    distance, owner = cKDTree(seeds, boxsize=PERIOD).query(asked, k=2)
    border = ((distance[:, 1] - distance[:, 0]) / size).astype(np.float32)
    each = rng.random(len(seeds)).astype(np.float32)[owner[:, 0]]
    return tuple(values.reshape((coarse,) * 3).repeat(2, 0).repeat(2, 1).repeat(2, 2) for values in (border, each))


def scattered(*numbers: np.ndarray) -> np.ndarray:
    """Whole numbers -> a value in [0, 1) for each combination, without order (bricks, tiles)."""
    mixed = np.zeros(np.shape(numbers[0]), dtype=np.uint32)
    for number, prime in zip(numbers, (73856093, 19349663, 83492791), strict=False):
        mixed ^= (number.astype(np.int64) & 0xFFFFFFFF).astype(np.uint32) * np.uint32(prime)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(1274126177)
    return ((mixed ^ (mixed >> np.uint32(16))) & np.uint32(0xFFFF)).astype(np.float32) / 65536
