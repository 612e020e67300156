"""Training pictures of the embedded CLIPs: a sketch is altered, seen from a random camera and inked, in numba (ours).

The project's renderer is differentiable and batched for scoring; training needs half a million single pictures and no
gradient, so this one trades both for speed. A test compares their pictures. Nothing here is used outside training.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numba import njit

from easel.cameras import framing_radius

MOST_STROKES = 400


@dataclass(frozen=True)
class Alteration:
    """How far a training picture strays from its drawing; all ours.

    elevation_deg, fov_deg : ranges of the camera; the azimuth is any
    distance : range of the camera's distance over the framing one
    stretch : spread of the logarithm of each axis's scale
    lean : spread of the slope of a lean about a random horizontal axis
    warp, jitter : largest displacement of space and of single control points, in half cubes
    drop : largest share of strokes lost; extra : most stray strokes
    width : range of the stroke width in pixels of a 224-pixel picture (scoring uses 2)
    """

    elevation_deg: tuple[float, float] = (10.0, 40.0)
    fov_deg: tuple[float, float] = (20.0, 40.0)
    distance: tuple[float, float] = (0.85, 1.12)
    stretch: float = 0.13
    lean: float = 0.04
    warp: float = 0.06
    jitter: float = 0.025
    drop: float = 0.2
    extra: int = 2
    width: tuple[float, float] = (1.2, 4.0)


def pictures(drawings: list[np.ndarray], seeds: np.ndarray, *, size: int, canvas: int = 224,
             alteration: Alteration | None = None) -> np.ndarray:
    """One altered view of each drawing.

    drawings : B arrays (N, 4, 3), any frame's units (each is normalised first); seeds : (B,) int64, one a picture
    size : side of the returned pictures; canvas : side at which ink is laid before it is scaled down
    Returns (B, size, size) float32, paper 1, ink 0.
    """
    how = alteration or Alteration()
    counts = np.array([min(len(strokes), MOST_STROKES) for strokes in drawings])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    packed = np.concatenate([strokes[:MOST_STROKES] for strokes in drawings]).astype(np.float64)
    matrices = np.stack([_camera(np.random.default_rng(seed), how) for seed in seeds])
    settings = np.array([how.stretch, how.warp, how.jitter, how.drop, how.extra, *how.width, how.lean])
    paper = _ink(packed, starts, matrices, seeds.astype(np.int64), settings, canvas)
    return shrink(paper, size)


def shrink(paper: np.ndarray, size: int) -> np.ndarray:
    """(B, H, H) -> (B, size, size) by the antialiased bicubic filter of the scorer's own preprocessing."""
    import torch

    matrix = _filter(paper.shape[-1], size)
    small = matrix @ torch.from_numpy(paper) @ matrix.T
    return small.clamp_(0, 1).numpy()


@cache
def _filter(side: int, size: int):
    import torch

    eye = torch.eye(side)[None, None]
    rows = torch.nn.functional.interpolate(eye, (size, side), mode="bicubic", antialias=True, align_corners=False)
    return rows[0, 0]


def _camera(rng: np.random.Generator, how: Alteration) -> np.ndarray:
    """(4, 3) rows of x, y, weight with a translation column folded in: (3, 4) float64."""
    azimuth, elevation = rng.uniform(0, 2 * math.pi), rng.uniform(*how.elevation_deg)
    fov = rng.uniform(*how.fov_deg)
    radius = framing_radius(elevation, fov) * rng.uniform(*how.distance)
    lift = math.radians(elevation)
    eye = radius * np.array([math.cos(lift) * math.sin(azimuth), -math.cos(lift) * math.cos(azimuth), math.sin(lift)])
    forward = -eye / radius
    right = np.array([math.cos(azimuth), math.sin(azimuth), 0.0])
    scale = 1 / math.tan(math.radians(fov) / 2)
    rows = np.stack([right * scale, np.cross(forward, right) * scale, forward])
    return np.concatenate([rows, -(rows @ eye)[:, None]], axis=1)


@njit(cache=True)
def _bounds(numbers):
    """Least and greatest value of N cubics with the (N, 4) control values `numbers`, of 17 samples each."""
    low, high = numbers[0, 0], numbers[0, 0]
    for i in range(numbers.shape[0]):
        for j in range(17):
            t = j / 16
            s = 1 - t
            value = (s * s * s * numbers[i, 0] + 3 * s * s * t * numbers[i, 1] + 3 * s * t * t * numbers[i, 2]
                     + t * t * t * numbers[i, 3])
            low, high = min(low, value), max(high, value)
    return low, high


@njit(cache=True)
def _alter(points, settings):
    """Normalise and alter one drawing: (N, 4, 3) -> (M, 4, 3). The random state is the thread's own, seeded before."""
    stretch, warp, jitter, drop, extra = settings[0], settings[1], settings[2], settings[3], int(settings[4])
    n = points.shape[0]
    more = np.random.randint(0, extra + 1) if extra > 0 and np.random.random() < 0.3 else 0
    out = np.empty((n + more, 4, 3))
    mirror = -1.0 if np.random.random() < 0.5 else 1.0
    low, high = np.empty(3), np.empty(3)
    factor, wave, phase = np.empty(3), np.empty((3, 3)), np.empty(3)
    for k in range(3):
        low[k], high[k] = _bounds(points[:, :, k])
        factor[k] = math.exp(stretch * np.random.standard_normal())
        phase[k] = np.random.random() * 6.2832
        for j in range(3):
            wave[k, j] = (np.random.random() * 2 - 1) * 2.5
    extent = 0.0
    for k in range(3):
        extent = max(extent, (high[k] - low[k]) * factor[k])
    scale = 2.0 / max(extent, 1e-6)
    factor[0] *= mirror
    amplitude = warp * np.random.random() if np.random.random() < 0.6 else 0.0
    noise = jitter * np.random.random() if np.random.random() < 0.6 else 0.0
    tilt = np.random.standard_normal() * settings[7]
    turn = np.random.random() * 6.2832
    share = drop * np.random.random() if np.random.random() < 0.6 else 0.0
    kept = 0
    q = np.empty(3)
    for i in range(n):
        if kept >= 3 and np.random.random() < share:
            continue
        for p in range(4):
            for k in range(3):
                q[k] = (points[i, p, k] - (low[k] + high[k]) / 2) * factor[k] * scale
            # A slight lean about a random horizontal axis.
            away = q[0] * math.cos(turn) + q[1] * math.sin(turn)
            shift = q[2] * tilt
            q[2] -= away * tilt
            q[0] += shift * math.cos(turn)
            q[1] += shift * math.sin(turn)
            for k in range(3):
                angle = wave[k, 0] * q[0] + wave[k, 1] * q[1] + wave[k, 2] * q[2] + phase[k]
                out[kept, p, k] = q[k] + amplitude * math.sin(angle) + noise * np.random.standard_normal()
        kept += 1
    for _ in range(more):
        start = np.random.random(3) * 1.6 - 0.8
        step = np.random.standard_normal(3) * 0.3
        for p in range(4):
            for k in range(3):
                out[kept, p, k] = start[k] + step[k] * p / 3 + np.random.standard_normal() * 0.04
        kept += 1
    return out[:kept]


@njit(cache=True)
def _lay(paper, ax, ay, bx, by, radius):
    """Ink one segment: each pixel keeps the darkest ink it got from this drawing."""
    side = paper.shape[0]
    reach = radius + 0.5
    x0, x1 = max(math.floor(min(ax, bx) - reach), 0), min(math.ceil(max(ax, bx) + reach), side)
    y0, y1 = max(math.floor(min(ay, by) - reach), 0), min(math.ceil(max(ay, by) + reach), side)
    dx, dy = bx - ax, by - ay
    square = max(dx * dx + dy * dy, 1e-12)
    for y in range(y0, y1):
        for x in range(x0, x1):
            px, py = x + 0.5 - ax, y + 0.5 - ay
            t = min(max((px * dx + py * dy) / square, 0.0), 1.0)
            qx, qy = px - t * dx, py - t * dy
            light = math.sqrt(qx * qx + qy * qy) - radius + 0.5
            if light < paper[y, x]:
                paper[y, x] = max(light, 0.0)


@njit(cache=True, nogil=True)
def _ink(packed, starts, matrices, seeds, settings, side):
    count = len(seeds)
    sheets = np.ones((count, side, side), dtype=np.float32)
    for b in range(count):
        if starts[b] == starts[b + 1]:
            continue
        np.random.seed(seeds[b] % 4294967295)
        points = _alter(packed[starts[b]:starts[b + 1]], settings)
        low, high = settings[5], settings[6]
        radius = math.exp(math.log(low) + np.random.random() * math.log(high / low)) / 2 * side / 224
        m, paper = matrices[b], sheets[b]
        for i in range(points.shape[0]):
            bend = 0.0
            for k in range(3):
                bend += abs(points[i, 0, k] - 2 * points[i, 1, k] + points[i, 2, k])
                bend += abs(points[i, 1, k] - 2 * points[i, 2, k] + points[i, 3, k])
            pieces = min(1 + int(math.sqrt(bend) * 7), 16)
            lx = ly = 0.0
            for j in range(pieces + 1):
                t = j / pieces
                s = 1 - t
                wx = wy = ww = 0.0
                for p, weight in enumerate((s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t)):
                    x, y, z = points[i, p, 0], points[i, p, 1], points[i, p, 2]
                    wx += weight * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3])
                    wy += weight * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3])
                    ww += weight * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3])
                ww = max(ww, 0.1)
                px, py = (wx / ww + 1) * side / 2, (wy / ww + 1) * side / 2
                if j > 0:
                    _lay(paper, lx, ly, px, py, radius)
                lx, ly = px, py
    return sheets
