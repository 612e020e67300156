"""Seen surface: which points of an object anyone outside can see (ShapeCraft, step 5: only that is optimised; ours).

A point is seen where, from one of many directions far away, the raster shows its own part at its own depth, within
what a pixel there spans, and it does not turn its back. Parts that are not closed are seen from both sides.
"""

from __future__ import annotations

import math

import numpy as np

from easel.cameras import Camera
from easel.errors import ConfigurationError
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.raster import rasterise

DIRECTIONS = 64
"""Around the object, as evenly as a spiral lays them (ours: a step of about 25 degrees)."""
STEEPEST = 0.25
"""Cosine of the flattest view that counts: flatter ones show a point within many pixels of others only (ours)."""


def seen_points(
    mesh: ObjectMesh, points: np.ndarray, parts: np.ndarray, normals: np.ndarray, *, directions: int = DIRECTIONS,
    size: int = 512, steepest: float = STEEPEST,
) -> np.ndarray:
    """(N,) bool.

    points : (N, 3) metres, on the surface; parts : (N,) int place in `mesh.parts`; normals : (N, 3), outwards as the
    file has them. size : pixels across the object; steepest : cosine of the flattest view that counts
    Raises ConfigurationError for shapes that do not fit.
    """
    points, parts, normals = np.asarray(points, dtype=np.float64), np.asarray(parts), np.asarray(normals)
    if points.ndim != 2 or points.shape != normals.shape or points.shape[1] != 3 or parts.shape != (len(points),):
        raise ConfigurationError("points (N, 3), parts (N,), normals (N, 3)", where="seen_points",
                                 came=f"{points.shape}, {parts.shape}, {normals.shape}")
    low, high = mesh.bounds
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    # Outwards is a side only where the part has an inside; a surface turned inside out has it the other way round.
    volumes = [part.volume for part in mesh.parts]
    sides = np.array([0.0 if one is None else math.copysign(1.0, one) for one in volumes])[parts]
    pixel = 2.04 * radius / size
    seen = np.zeros(len(points), dtype=bool)
    for towards in spiral(directions):
        camera = Camera(tuple(middle + 2 * radius * towards), tuple(middle), up=up_of(towards), near=1e-3 * radius,
                        projection="orthographic", height=2.04 * radius)
        facing = normals @ towards
        open_to = np.flatnonzero(~seen & (np.where(sides == 0, np.abs(facing), sides * facing) >= steepest))
        if not len(open_to):
            continue
        buffers = rasterise(mesh, [camera], size=size, extras=())
        x, y, depth = camera.project(points[open_to]).T
        column, row = (np.clip(((one + 1) / 2 * size).astype(int), 0, size - 1) for one in (x, y))
        own = buffers.part[0, row, column] == parts[open_to]
        slack = pixel / np.abs(facing[open_to])
        seen[open_to[own & (np.abs(buffers.depth[0, row, column] - depth) <= slack)]] = True
    return seen


def spread_points(
    part: PartMesh, count: int, chance: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points of a part, stratified along the areas of its triangles; none of a part without area.

    Positions (N, 3), normals (N, 3) as the file shades with, uv (N, 2), nan without, and triangles (N,) int.
    """
    areas = part.face_areas
    if not len(areas) or not areas.sum() > 0:
        return np.zeros((0, 3)), np.zeros((0, 3)), np.zeros((0, 2)), np.zeros(0, dtype=np.int64)
    ends = np.cumsum(areas)
    at = (np.arange(count) + chance.random(count)) / count * ends[-1]
    face = np.minimum(np.searchsorted(ends, at, side="right"), len(areas) - 1)
    root, share = np.sqrt(chance.random(count)), chance.random(count)
    corners = np.stack([1 - root, root * (1 - share), root * share], axis=1)[:, :, None]
    normal = (part.corner_normals[face] * corners).sum(axis=1)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    normal = np.where(length > 1e-9, normal / np.where(length > 1e-9, length, 1.0), part.face_normals[face])
    uv = np.full((count, 2), np.nan) if part.uv is None else (part.uv[face] * corners).sum(axis=1)
    return (part.triangles[face] * corners).sum(axis=1), normal, uv, face


def nearest_seen(points: np.ndarray, parts: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(N,) int: for every point the nearest seen one of its own part, itself where it is seen; -1 where the part has
    none. points, parts, seen : as `seen_points` takes and gives them"""
    from scipy.spatial import cKDTree

    found = np.where(seen, np.arange(len(points)), -1)
    for part in np.unique(parts):
        own = parts == part
        there, lacking = np.flatnonzero(own & seen), np.flatnonzero(own & ~seen)
        if len(there) and len(lacking):
            found[lacking] = there[cKDTree(points[there]).query(points[lacking])[1]]
    return found


def spiral(count: int) -> np.ndarray:
    """(count, 3) unit vectors around, from above to below, each turned on by the golden angle."""
    number = np.arange(count)
    height = 1 - 2 * (number + 0.5) / count
    turn = number * math.pi * (3 - math.sqrt(5))
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)


def leaving(aim: np.ndarray, towards: np.ndarray, middle: np.ndarray, reach: float) -> float:
    """How far from an aim, in a direction, the ball around the middle ends. All (3,), metres; towards : of length 1"""
    away = aim - middle
    along = float(away @ towards)
    return -along + math.sqrt(max(along**2 - float(away @ away) + reach**2, 0.0))


def up_of(towards: np.ndarray) -> tuple[float, float, float]:
    """What is up for a camera in this direction (3,) from its target: +z, for one from above or below +y."""
    return (0.0, 1.0, 0.0) if abs(towards[2]) > 0.99 else (0.0, 0.0, 1.0)
