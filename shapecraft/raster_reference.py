"""The slow plain reference that defines what `shapecraft.raster` must return: rays and planes, no cleverness.

Every pixel has one ray, through its centre: from the eye, or along the view axis of an orthographic camera. A triangle
is hit where the ray meets its plane inside its three edges, borders and corners included; to stand for exact
arithmetic, a share of a corner may miss 0 by ROUNDING. A hit nearer than `near` is none, and a ray within the plane
hits nothing. Triangles are visited in order of part, then face; one takes the pixel where it is nearer than what stands
there by more than TIE of the depth.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from easel.cameras import Camera
from shapecraft.mesh import ObjectMesh
from shapecraft.raster import TIE, GBuffer, rays

ROUNDING = 1e-12


def rasterise(mesh: ObjectMesh, cameras: Sequence[Camera], *, size: int = 512, smooth: bool = True) -> GBuffer:
    """The contract of `shapecraft.raster.rasterise`, with all extras."""
    views = [_view(mesh, camera, size, smooth) for camera in cameras]
    return GBuffer(*(np.stack(buffers) for buffers in zip(*views, strict=True)))


def _view(mesh: ObjectMesh, camera: Camera, size: int, smooth: bool) -> tuple[np.ndarray, ...]:
    origins, directions = rays(camera, size)
    depth = np.full((size, size), np.inf)
    part, face = np.full((2, size, size), -1, dtype=np.int32)
    weights, normal, position = np.zeros((3, size, size, 3))
    uv = np.zeros((size, size, 2))
    for number, one in enumerate(mesh.parts):
        normals = one.corner_normals if smooth else np.repeat(one.face_normals[:, None], 3, axis=1)
        for index, corners in enumerate(one.triangles):
            rows, columns = window(corners, camera, size)
            at = (slice(*rows), slice(*columns))
            shares, distance = meet(corners, origins[at], directions[at])
            # A direction has length 1 along the view axis, so that the distance is the depth.
            hit = (shares >= -ROUNDING).all(axis=-1) & (distance >= camera.near)
            hit &= distance < depth[at] * (1.0 - TIE)
            shares = np.clip(shares[hit], 0.0, None)
            shares /= shares.sum(axis=1, keepdims=True)
            depth[at][hit] = distance[hit]
            part[at][hit], face[at][hit] = number, index
            weights[at][hit] = shares
            position[at][hit] = shares @ corners
            uv[at][hit] = math.nan if one.uv is None else shares @ one.uv[index]
            mean = shares @ normals[index]
            lengths = np.linalg.norm(mean, axis=1, keepdims=True)
            normal[at][hit] = np.where(lengths > 0, mean / np.where(lengths > 0, lengths, 1.0), 0.0)
    single = (array.astype(np.float32) for array in (depth, weights, normal, uv, position))
    depth32, *rest = single
    return depth32, part, face, *rest


def meet(corners: np.ndarray, origins: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays meet a triangle's plane: shares of its corners (..., 3), distance in directions (...); nan: never."""
    a, b, c = corners
    across = np.cross(b - a, c - a)
    squared = across @ across
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = ((a - origins) @ across) / (directions @ across)
        point = origins + distance[..., None] * directions
        shares = np.stack([np.cross(q - p, point - p) @ across / squared for p, q in ((b, c), (c, a), (a, b))], axis=-1)
    return np.where(np.isfinite(shares), shares, math.nan), np.where(np.isfinite(distance), distance, math.nan)


def window(corners: np.ndarray, camera: Camera, size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Rows and columns, first and past the last, outside which no ray can hit: of the projected corners, two pixels
    wider; the whole picture where a corner is nearer than `near`. It saves time and decides nothing."""
    seen = camera.project(corners)
    if np.isnan(seen).any():
        return (0, size), (0, size)
    low, high = (seen[:, :2].min(axis=0) + 1) / 2 * size, (seen[:, :2].max(axis=0) + 1) / 2 * size
    (left, top), (right, bottom) = (np.clip(np.floor(low) - 2, 0, size), np.clip(np.ceil(high) + 2, 0, size))
    return (int(top), int(bottom)), (int(left), int(right))
