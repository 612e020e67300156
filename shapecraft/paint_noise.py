"""Paint noise: standard normal numbers that lie on the surface, as a camera sees them (ours).

Noise decides which of all patterns a model draws. Drawn anew for every picture, it asks one place for all of them in
turn, and their mean has none; where it is a property of the place, all pictures of that place ask for one and the same.
"""

from __future__ import annotations

import math

import numpy as np

from shapecraft.mesh import ObjectMesh
from shapecraft.paint_views import PaintView
from shapecraft.raster import rasterise

_SHIFT = np.array([0.317, 0.619, 0.433])  # of a cell, so that walls seldom lie where two cells meet
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)  # SplitMix64


def surface_noise(mesh: ObjectMesh, view: PaintView, shape: tuple[int, int, int], *, seed: int) -> np.ndarray:
    """(C, h, w) float32 for what a view sees, alike in all views in which a pixel spans as much.

    Space is cut into cubes as wide as a pixel is at the camera's target; each has C numbers of its own, and a pixel has
    those of the cube that it sees the middle of. What shows nothing has numbers by its place in the picture. On walls
    that slant through the cubes some neighbours see one cube: the noise is not quite white there.
    shape : (C, h, w), h = w
    """
    channels, size, _ = shape
    seen = rasterise(mesh, [view.camera], size=size, extras=("position",))
    assert seen.position is not None
    own = seen.part[0] >= 0 if view.part is None else seen.part[0] == view.part
    pixel = view.camera.span / size
    cubes = np.floor(seen.position[0].astype(np.float64) / pixel + _SHIFT).astype(np.int64)
    row, column = np.indices((size, size))
    place = np.where(own[..., None], cubes, np.stack([row, column, np.full_like(row, 1 << 40)], axis=-1))
    return np.stack([_normal(place, seed * channels + channel) for channel in range(channels)]).astype(np.float32)


def _normal(place: np.ndarray, stream: int) -> np.ndarray:
    """(H, W) of whole numbers (H, W, 3), one each, standard normal (Box, Muller)."""
    with np.errstate(over="ignore"):
        state = _mixed(np.full(place.shape[:-1], (stream + 1) % 2**64, dtype=np.uint64) * np.uint64(_MIX[0]))
        for axis in range(place.shape[-1]):
            state = _mixed(state + place[..., axis].astype(np.uint64) * np.uint64(_MIX[0]))
        one, other = _mixed(state), _mixed(state + np.uint64(_MIX[0]))
    first, second = ((word >> np.uint64(11)).astype(np.float64) / 2**53 for word in (one, other))
    return np.sqrt(-2 * np.log1p(-first)) * np.cos(2 * math.pi * second)


def _mixed(word: np.ndarray) -> np.ndarray:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_MIX[1])
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_MIX[2])
    return word ^ (word >> np.uint64(31))
