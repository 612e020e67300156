"""The slow plain reference that defines what `drawagent.raster` must return: 16 x 16 samples a pixel, no cleverness.

A sample is inked by a stroke when it lies within half a width of the stroke's projected curve, ends included
(round caps). Strokes go over each other in the order drawn, sample by sample; a pixel is the mean of its samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from drawagent.sketch import Sketch
from easel.cameras import Camera

if TYPE_CHECKING:
    import torch

PIECES = 400  # straight pieces of a curve, many more than the renderer takes


def render(
    sketches: Sequence[Sketch | torch.Tensor],
    cameras: Sequence[Camera],
    *,
    size: int = 224,
    width: float = 2.0,
    opacity: float = 1.0,
    cells: int = 16,
) -> torch.Tensor:
    """(B, V, size, size) float32, the contract of `drawagent.raster.render`; about a second a picture; no gradient."""
    import torch

    pictures = np.ones((len(sketches), len(cameras), size, size), dtype=np.float32)
    for row, sketch in zip(pictures, sketches, strict=True):
        points = sketch.array() if isinstance(sketch, Sketch) else np.asarray(sketch, dtype=np.float64)
        for view, camera in enumerate(cameras):
            row[view] = picture(points, camera, size=size, width=width, opacity=opacity, cells=cells)
    return torch.from_numpy(pictures)


def picture(
    points: np.ndarray,
    camera: Camera,
    *,
    size: int,
    width: float | Sequence[float] = 2.0,
    opacity: float | Sequence[float] = 1.0,
    cells: int = 16,
) -> np.ndarray:
    """One picture, (size, size) float64.

    points : (N, 4, 3) control points, world frame
    width, opacity : one number or N of them; full width in pixels
    cells : samples along each side of a pixel
    """
    points = np.asarray(points, dtype=np.float64).reshape(-1, 4, 3)
    fine = np.ones((size * cells, size * cells))
    for stroke, full, strength in zip(
        points, np.broadcast_to(width, len(points)), np.broadcast_to(opacity, len(points)), strict=True
    ):
        fine[inked(trace(stroke, camera) * (size * cells / 2), full / 2 * cells, size * cells)] *= 1.0 - strength
    return fine.reshape(size, cells, size, cells).mean(axis=(1, 3))


def trace(stroke: np.ndarray, camera: Camera) -> np.ndarray:
    """(S, 2, 2) projected straight pieces of one cubic (4, 3), in [0, 2] picture units; cut at the near plane."""
    t = np.linspace(0.0, 1.0, PIECES + 1)[:, None]
    s = 1.0 - t
    curve = s**3 * stroke[0] + 3 * s**2 * t * stroke[1] + 3 * s * t**2 * stroke[2] + t**3 * stroke[3]
    matrix = camera.picture_matrix()
    x, y, weight, depth = matrix[:, :3] @ curve.T + matrix[:, 3:]
    pieces = []
    for k in range(PIECES):
        ends = []
        for here, there in ((k, k + 1), (k + 1, k)):
            share = 0.0
            if depth[here] < camera.near <= depth[there]:
                share = (camera.near - depth[here]) / (depth[there] - depth[here])
            w = weight[here] + share * (weight[there] - weight[here])
            ends.append([(c[here] + share * (c[there] - c[here])) / w for c in (x, y)])
        if max(depth[k], depth[k + 1]) >= camera.near:
            pieces.append(ends)
    return np.array(pieces).reshape(-1, 2, 2) + 1.0


def inked(pieces: np.ndarray, radius: float, size: int) -> np.ndarray:
    """(size, size) bool: grid cells whose centre is within the radius of any piece (S, 2, 2); all in grid units."""
    ink = np.zeros((size, size), dtype=bool)
    for a, b in pieces:
        low = np.clip(np.floor(np.minimum(a, b) - radius - 1), 0, size).astype(int)
        high = np.clip(np.ceil(np.maximum(a, b) + radius + 1), 0, size).astype(int)
        if (high <= low).any():
            continue
        x = np.arange(low[0], high[0]) + 0.5 - a[0]
        y = (np.arange(low[1], high[1]) + 0.5 - a[1])[:, None]
        step = b - a
        share = np.clip((x * step[0] + y * step[1]) / max(step @ step, 1e-30), 0.0, 1.0)
        near = (x - share * step[0]) ** 2 + (y - share * step[1]) ** 2 <= radius**2
        ink[low[1] : high[1], low[0] : high[0]] |= near
    return ink


def difference(drawn: np.ndarray, truth: np.ndarray, *, reach: float = 2.0) -> tuple[float, float]:
    """Mean absolute difference over the pixels within `reach` pixels of the truth's ink, and the largest anywhere.

    Over the whole page the mean says nothing: a blank page is within a few per cent of any drawing.
    """
    drawn, truth = np.asarray(drawn, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    gap = np.abs(drawn - truth)
    near = np.zeros(truth.shape, dtype=bool)
    rows, columns = np.nonzero(truth < 1 - 1e-6)
    steps = range(-int(reach), int(reach) + 1)
    for dy, dx in ((dy, dx) for dy in steps for dx in steps if dy * dy + dx * dx <= reach * reach):
        y, x = rows + dy, columns + dx
        inside = (y >= 0) & (y < len(truth)) & (x >= 0) & (x < truth.shape[1])
        near[y[inside], x[inside]] = True
    return (float(gap[near].mean()) if near.any() else 0.0), float(gap.max(initial=0.0))
