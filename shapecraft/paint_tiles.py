"""Paint tiles: details of a part, all of one scale, laid out to show what is seen of it from outside (ours).

A pattern has a period in metres, and a model has one in pixels: details of several scales would ask one surface for
several patterns. A tile looks along the mean normal of what it shows, so that it shows it as it is, or from as near to
that as nothing stands between, up to 60 degrees: so is the inside of a bowl shown. What is only seen from flatter sides
is in none, nor is what is left where the number granted is used up: of four thin legs 32 tiles show about half. There
the colours stay without a pattern of their own.
"""

from __future__ import annotations

import math

import numpy as np

from easel.cameras import Camera
from shapecraft.mesh import ObjectMesh
from shapecraft.raster import rasterise
from shapecraft.seen_surface import leaving, seen_points, spiral, up_of

_POINTS = 1500  # of a part, spread over its surface, that are to be shown
_PIXELS = 32  # of the pictures that decide what a tile shows
_DRAWN = 6  # tiles among which the one that shows most is taken
_FACING = 0.5  # cosine from which on a point counts as shown
_AROUND = 48  # directions among which one is looked for where the one square to a place is barred
_ENOUGH = 0.98  # share of the seen points that is enough
_PACKED = 0.55  # share of a tile's square that is new, as a rule
_FEW = 4  # times fewer tiles than granted, and larger ones, where they are filled nevertheless
_FILLED = 0.9  # of the largest square that the part fills
_LENS_DEG = 20.0  # at most; a camera that must stand farther off has a longer one


def tiles_of(
    mesh: ObjectMesh, number: int, *, most: int, square: float, middle: np.ndarray, reach: float,
    chance: np.random.Generator,
) -> list[Camera]:
    """Cameras of the tiles of a part, at most `most`; none where nothing of it is seen.

    number : place in `mesh.parts`; square : metres, side of the largest square that it fills in a picture
    middle, reach : of the ball, metres, in which no camera stands
    """
    points, normals, area = _spread(mesh, number, chance)
    parts = np.full(len(points), number)
    shown = np.flatnonzero(seen_points(mesh, points, parts, normals, size=256))
    if not len(shown):
        return []
    volume = mesh.parts[number].volume
    points, normals = points[shown], normals[shown] * (-1.0 if (volume or 1.0) < 0 else 1.0)
    area *= len(shown) / len(parts)
    finest, widest = (math.sqrt(area / (_PACKED * count)) for count in (most, max(most / _FEW, 1)))
    side = max(finest, min(widest, _FILLED * square))
    left = np.ones(len(points), dtype=bool)
    tiles: list[Camera] = []
    while len(tiles) < most and left.mean() > 1 - _ENOUGH:
        best: tuple[int, Camera | None, np.ndarray] = (0, None, left)
        seeds = chance.choice(np.flatnonzero(left), size=min(_DRAWN, int(left.sum())), replace=False)
        for seed in seeds:
            beside = np.linalg.norm(points - points[seed], axis=1) < 0.6 * side
            near = left & beside & (normals @ normals[seed] > _FACING)
            square_to = normals[near].mean(axis=0)
            square_to /= np.linalg.norm(square_to)
            behind = () if volume is not None else (-square_to, *_leaning(-square_to))
            for towards in (square_to, *_leaning(square_to), *behind):
                camera = _before(points[near].mean(axis=0), towards, side, middle, reach)
                seen = _shown(mesh, number, camera, points, normals, both=volume is None)
                gained = int((seen & left).sum())
                if gained > best[0]:
                    best = gained, camera, seen
                if (seen & near).any():
                    break
        if best[1] is None:
            left[seeds] = False  # seen from flat sides alone
            continue
        tiles.append(best[1])
        left &= ~best[2]
    return tiles


def _spread(mesh: ObjectMesh, number: int, chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Points (N, 3) of a part, evenly over its surface, normals (N, 3) as the file has them, and its area, m²."""
    part = mesh.parts[number]
    corners = part.triangles
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    twice = np.linalg.norm(cross, axis=1)
    total = float(twice.sum())
    ends = np.cumsum(twice)
    at = (np.arange(_POINTS) + chance.random(_POINTS)) / _POINTS * total
    face = np.minimum(np.searchsorted(ends, at, side="right"), len(ends) - 1)
    one, other = chance.random((2, _POINTS))
    over = one + other > 1
    one, other = np.where(over, 1 - one, one), np.where(over, 1 - other, other)
    first, second, third = corners[face].transpose(1, 0, 2)
    points = first + one[:, None] * (second - first) + other[:, None] * (third - first)
    normals = cross[face] / np.maximum(twice[face], 1e-30)[:, None]
    return points, normals, total / 2


def _leaning(square_to: np.ndarray) -> np.ndarray:
    """(N, 3) directions that a place still faces, the nearest to the one square to it first."""
    around = spiral(_AROUND)
    facing = around @ square_to
    return around[np.argsort(-facing)][:int((facing > _FACING).sum())]


def _before(target: np.ndarray, towards: np.ndarray, side: float, middle: np.ndarray, reach: float) -> Camera:
    """The camera that looks at a target from a direction, outside the ball; its picture spans a side there."""
    distance = max(side / 2 / math.tan(math.radians(_LENS_DEG) / 2), leaving(target, towards, middle, reach))
    fov = 2 * math.degrees(math.atan(side / 2 / distance))
    return Camera(tuple(np.round(target + distance * towards, 9)), tuple(np.round(target, 9)), up=up_of(towards),
                  fov_deg=round(fov, 6), near=1e-3 * reach)


def _shown(
    mesh: ObjectMesh, number: int, camera: Camera, points: np.ndarray, normals: np.ndarray, *, both: bool,
) -> np.ndarray:
    """(N,) bool: in the picture, not hidden, and not from a flat side; both : sides of the surface are outside"""
    seen = rasterise(mesh, [camera], size=_PIXELS, extras=())
    x, y, depth = camera.project(points).T
    inside = (np.abs(x) < 1) & (np.abs(y) < 1)
    column, row = (np.clip(np.nan_to_num((one + 1) / 2 * _PIXELS), 0, _PIXELS - 1).astype(int) for one in (x, y))
    away = np.array(camera.eye) - points
    facing = np.einsum("pi,pi->p", normals, away) / np.linalg.norm(away, axis=1)
    facing = np.abs(facing) if both else facing
    close = np.abs(seen.depth[0, row, column] - depth) <= 3 * (camera.span / _PIXELS)
    return inside & close & (seen.part[0, row, column] == number) & (facing >= _FACING)
