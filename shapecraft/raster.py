"""Raster: which part, face and point every pixel sees, for people, Evaluator and painting (ours; the paper is silent).

A pixel sees along the ray through its centre. A triangle is seen from both sides, borders and corners included, where
its depth is at least the camera's `near`; a triangle without area, or seen exactly edge-on, is not. Triangles are
visited in order of part, then face, and one takes a pixel only if it is nearer by more than TIE of the depth: where
surfaces coincide, the lower part is seen, and of its faces the lowest. `shapecraft.raster_reference` defines all this.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.cameras import Camera
from easel.errors import ConfigurationError, MissingCapability
from shapecraft.mesh import ObjectMesh

VERSION = "z-buffer 1"
"""Stands in the source of pictures; another number where another pixel may be seen."""
TIE = 1e-6
"""Share of the depth by which a surface must be nearer to be another surface (ours: above the rounding of a GLB's
float32 coordinates, and 4 micrometres at the distance from which a chair is seen)."""
SLACK = 1e-4  # of a pixel, more than a span needs
LEVEL = 1e-7  # slope below which an edge's crossing of a row is too inexact for SLACK
EXTRAS = ("normal", "uv", "position")


@dataclass(frozen=True, eq=False)
class GBuffer:
    """What V cameras see of an object; H = W, row 0 at the top, column 0 at the left. Background in brackets.

    depth : (V, H, W) float32, metres along the view axis, as `Camera.project` counts it [inf]
    part : (V, H, W) int32, place in `ObjectMesh.parts` [-1]
    face : (V, H, W) int32, place in that part's `faces` [-1]
    weights : (V, H, W, 3) float32, shares of the face's corners in order, on the surface and not in the picture;
        none negative, sum 1 [0]
    normal : (V, H, W, 3) float32, world frame, length 1, on the side that the file calls outside, whichever the camera
        sees; of smooth shading between the corners, or the face's own [0]
    uv : (V, H, W, 2) float32, u to the right, v up [0]; nan on a part without uv
    position : (V, H, W, 3) float32, metres, world frame [0]
    The last three are None where they were not asked for.
    """

    depth: np.ndarray
    part: np.ndarray
    face: np.ndarray
    weights: np.ndarray
    normal: np.ndarray | None = None
    uv: np.ndarray | None = None
    position: np.ndarray | None = None

    @property
    def covered(self) -> np.ndarray:
        """(V, H, W) bool: a surface is seen."""
        return self.part >= 0


def rasterise(
    mesh: ObjectMesh, cameras: Sequence[Camera], *, size: int = 512, smooth: bool = True,
    extras: Collection[str] = EXTRAS, threads: int = 1,
) -> GBuffer:
    """The buffers of an object from V cameras.

    size : H = W in pixels (ours: 512); smooth : normals go over between corners (`PartMesh.corner_normals`)
    extras : which of normal, uv, position to fill
    threads : how many compute, each a view or a band of rows; the result is the same for every number
    Raises ConfigurationError for a size outside 1 to 8192, fewer than one thread, other extras;
    MissingCapability without numba.
    """
    if not 1 <= size <= 8192 or threads < 1:
        raise ConfigurationError("1 to 8192 pixels, at least one thread", came=f"{size}, {threads}", where="rasterise")
    if unknown := sorted(set(extras) - set(EXTRAS)):
        raise ConfigurationError(f"extras among {', '.join(EXTRAS)}", came=", ".join(unknown), where="rasterise")
    see, describe = _compiled()
    views, none = len(cameras), np.zeros((0, 3, 3))
    normals = (mesh.corner_normals if smooth else mesh.flat_normals) if "normal" in extras else none
    uv = mesh.uv if "uv" in extras else none
    shape = (views, size, size)
    buffers = GBuffer(
        np.full(shape, np.inf, dtype=np.float32), np.full(shape, -1, dtype=np.int32),
        np.full(shape, -1, dtype=np.int32), np.zeros((*shape, 3), dtype=np.float32),
        *(np.zeros((*shape, width), dtype=np.float32) if name in extras else None
          for name, width in zip(EXTRAS, (3, 2, 3), strict=True)),
    )
    absent = np.zeros((0, 0, 3), dtype=np.float32)
    points = [mesh.vertices @ lens[:, :3].T + lens[:, 3] for lens in (camera.picture_matrix() for camera in cameras)]

    with np.errstate(divide="ignore", invalid="ignore"):
        places = [one[:, :2] / one[:, 2:3] for one in points]

    def draw(view: int, top: int, bottom: int) -> None:
        nearest = np.full((bottom - top, size), np.inf)
        winner = np.full((bottom - top, size), -1, dtype=np.int32)
        see(points[view], places[view], mesh.faces, cameras[view].near, size, top, nearest, winner)
        describe(points[view], mesh.faces, mesh.part_of, mesh.face_of, mesh.vertices, normals, uv, size, top, nearest,
                 winner, buffers.depth[view], buffers.part[view], buffers.face[view], buffers.weights[view],
                 *(absent if one is None else one[view] for one in (buffers.normal, buffers.uv, buffers.position)))

    bands = max(1, math.ceil(threads / max(1, views)))
    edges = [size * band // bands for band in range(bands + 1)]
    work = [(view, top, bottom) for view in range(views)
            for top, bottom in itertools.pairwise(edges) if top < bottom]
    if threads == 1:
        for item in work:
            draw(*item)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(draw, *item) for item in work]:
                done.result()
    return buffers


def rays(camera: Camera, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Through the pixel centres: origins, directions (size, size, 3) float64, world; a direction goes 1 in depth."""
    at = 2.0 * (np.arange(size) + 0.5) / size - 1.0
    x, y = np.meshgrid(at, at)
    right, down, forward = camera.matrix()[:3, :3]
    eye = np.array(camera.eye)
    if camera.projection == "orthographic":
        half = camera.height / 2
        return eye + half * (x[..., None] * right + y[..., None] * down), np.broadcast_to(forward, (size, size, 3))
    slope = math.tan(math.radians(camera.fov_deg) / 2)
    return np.broadcast_to(eye, (size, size, 3)), forward + slope * (x[..., None] * right + y[..., None] * down)


def _see(
    points: np.ndarray, places: np.ndarray, faces: np.ndarray, near: float, size: int, top: int,
    nearest: np.ndarray, winner: np.ndarray,
) -> None:
    """Fill the rows from `top` on: nearest (R, S) float64 depths, winner (R, S) int32 faces; both are changed.

    points : (N, 4) X, Y, W, depth of `Camera.picture_matrix`; places : (N, 2) X / W, Y / W where the depth is at least
    `near`

    A point of a triangle with shares b of its corners lies
    at W (x, y, 1) = sum of b times the corners' (X, Y, W), so that b is the corners' inverse matrix times (x, y, 1),
    up to a factor. That holds behind the camera too: nothing is cut, and only depth says what is seen.
    """
    rows, half = nearest.shape[0], size / 2.0
    for face in range(faces.shape[0]):
        i, j, k = faces[face, 0], faces[face, 1], faces[face, 2]
        x0, y0, w0, d0 = points[i, 0], points[i, 1], points[i, 2], points[i, 3]
        x1, y1, w1, d1 = points[j, 0], points[j, 1], points[j, 2], points[j, 3]
        x2, y2, w2, d2 = points[k, 0], points[k, 1], points[k, 2], points[k, 3]
        if d0 < near and d1 < near and d2 < near:
            continue
        if d0 >= near and d1 >= near and d2 >= near:
            left, right = min(places[i, 0], places[j, 0], places[k, 0]), max(places[i, 0], places[j, 0], places[k, 0])
            high, low = min(places[i, 1], places[j, 1], places[k, 1]), max(places[i, 1], places[j, 1], places[k, 1])
        else:
            left, right, high, low = math.inf, -math.inf, math.inf, -math.inf
            for corner in range(3):
                a = faces[face, corner]
                b = faces[face, (corner + 1) % 3]
                if points[a, 3] >= near:
                    x, y = places[a, 0], places[a, 1]
                    left, right, high, low = min(left, x), max(right, x), min(high, y), max(low, y)
                if (points[a, 3] < near) != (points[b, 3] < near):
                    share = (near - points[a, 3]) / (points[b, 3] - points[a, 3])
                    w = points[a, 2] + share * (points[b, 2] - points[a, 2])
                    x = (points[a, 0] + share * (points[b, 0] - points[a, 0])) / w
                    y = (points[a, 1] + share * (points[b, 1] - points[a, 1])) / w
                    left, right, high, low = min(left, x), max(right, x), min(high, y), max(low, y)
        if left > 1.0 or right < -1.0 or high > 1.0 or low < -1.0:
            continue
        left, right = max(left, -1.0), min(right, 1.0)
        # A little more than the box of the corners needs: the edges decide, not its rounding.
        first = max(0, math.ceil((left + 1.0) * half - 0.5 - SLACK))
        last = min(size - 1, math.floor((right + 1.0) * half - 0.5 + SLACK))
        begin = max(0, math.ceil((max(high, -1.0) + 1.0) * half - 0.5 - SLACK) - top)
        end = min(rows - 1, math.floor((min(low, 1.0) + 1.0) * half - 0.5 + SLACK) - top)
        if first > last or begin > end:
            continue
        # The neighbour across an edge finds exactly the negative numbers: no pixel falls between two triangles.
        a0, b0, c0 = y1 * w2 - w1 * y2, w1 * x2 - x1 * w2, x1 * y2 - y1 * x2
        a1, b1, c1 = y2 * w0 - w2 * y0, w2 * x0 - x2 * w0, x2 * y0 - y2 * x0
        a2, b2, c2 = y0 * w1 - w0 * y1, w0 * x1 - x0 * w1, x0 * y1 - y0 * x1
        volume = x0 * a0 + y0 * b0 + w0 * c0
        if volume == 0.0:
            continue
        if volume < 0.0:
            a0, b0, c0, a1, b1, c1, a2, b2, c2 = -a0, -b0, -c0, -a1, -b1, -c1, -a2, -b2, -c2
        # Where an edge crosses a row; an almost level edge leaves that to the test of every pixel.
        i0 = 1.0 / a0 if abs(a0) > LEVEL * (abs(b0) + abs(c0)) else 0.0
        i1 = 1.0 / a1 if abs(a1) > LEVEL * (abs(b1) + abs(c1)) else 0.0
        i2 = 1.0 / a2 if abs(a2) > LEVEL * (abs(b2) + abs(c2)) else 0.0
        for row in range(begin, end + 1):
            y = 2.0 * (row + top + 0.5) / size - 1.0
            r0, r1, r2 = b0 * y + c0, b1 * y + c1, b2 * y + c2
            low_x, high_x = left, right
            if i0 > 0.0:
                low_x = max(low_x, -r0 * i0)
            elif i0 < 0.0:
                high_x = min(high_x, -r0 * i0)
            if i1 > 0.0:
                low_x = max(low_x, -r1 * i1)
            elif i1 < 0.0:
                high_x = min(high_x, -r1 * i1)
            if i2 > 0.0:
                low_x = max(low_x, -r2 * i2)
            elif i2 < 0.0:
                high_x = min(high_x, -r2 * i2)
            if low_x > high_x + SLACK:
                continue
            start = max(first, math.ceil((low_x + 1.0) * half - 0.5 - SLACK))
            stop = min(last, math.floor((high_x + 1.0) * half - 0.5 + SLACK))
            for column in range(start, stop + 1):
                x = 2.0 * (column + 0.5) / size - 1.0
                e0 = a0 * x + r0
                e1 = a1 * x + r1
                e2 = a2 * x + r2
                if e0 < 0.0 or e1 < 0.0 or e2 < 0.0:
                    continue
                total = e0 + e1 + e2
                if total <= 0.0:
                    continue
                depth = e0 * d0 + e1 * d1 + e2 * d2
                if depth >= near * total and depth < nearest[row, column] * (1.0 - TIE) * total:
                    nearest[row, column] = depth / total
                    winner[row, column] = face


def _describe(
    points: np.ndarray, faces: np.ndarray, part_of: np.ndarray, face_of: np.ndarray, vertices: np.ndarray,
    normals: np.ndarray, uvs: np.ndarray, size: int, top: int, nearest: np.ndarray, winner: np.ndarray,
    depth: np.ndarray, part: np.ndarray, face: np.ndarray, weights: np.ndarray, normal: np.ndarray, uv: np.ndarray,
    position: np.ndarray,
) -> None:
    """Fill the buffers (S, S, ...) of one view from `_see`'s rows; of normal, uv, position those that are not empty."""
    for row in range(winner.shape[0]):
        y = 2.0 * (row + top + 0.5) / size - 1.0
        to = row + top
        for column in range(size):
            seen = winner[row, column]
            if seen < 0:
                continue
            x = 2.0 * (column + 0.5) / size - 1.0
            i, j, k = faces[seen, 0], faces[seen, 1], faces[seen, 2]
            x0, y0, w0 = points[i, 0], points[i, 1], points[i, 2]
            x1, y1, w1 = points[j, 0], points[j, 1], points[j, 2]
            x2, y2, w2 = points[k, 0], points[k, 1], points[k, 2]
            e0 = (y1 * w2 - w1 * y2) * x + ((w1 * x2 - x1 * w2) * y + (x1 * y2 - y1 * x2))
            e1 = (y2 * w0 - w2 * y0) * x + ((w2 * x0 - x2 * w0) * y + (x2 * y0 - y2 * x0))
            e2 = (y0 * w1 - w0 * y1) * x + ((w0 * x1 - x0 * w1) * y + (x0 * y1 - y0 * x1))
            total = e0 + e1 + e2
            e0, e1, e2 = abs(e0 / total), abs(e1 / total), abs(e2 / total)
            depth[to, column] = nearest[row, column]
            part[to, column] = part_of[seen]
            face[to, column] = face_of[seen]
            weights[to, column, 0], weights[to, column, 1], weights[to, column, 2] = e0, e1, e2
            if position.shape[0] > 0:
                for axis in range(3):
                    position[to, column, axis] = (
                        e0 * vertices[i, axis] + e1 * vertices[j, axis] + e2 * vertices[k, axis])
            if uv.shape[0] > 0:
                for axis in range(2):
                    uv[to, column, axis] = e0 * uvs[seen, 0, axis] + e1 * uvs[seen, 1, axis] + e2 * uvs[seen, 2, axis]
            if normal.shape[0] > 0:
                nx = e0 * normals[seen, 0, 0] + e1 * normals[seen, 1, 0] + e2 * normals[seen, 2, 0]
                ny = e0 * normals[seen, 0, 1] + e1 * normals[seen, 1, 1] + e2 * normals[seen, 2, 1]
                nz = e0 * normals[seen, 0, 2] + e1 * normals[seen, 1, 2] + e2 * normals[seen, 2, 2]
                length = math.sqrt(nx * nx + ny * ny + nz * nz)
                if length > 0.0:
                    normal[to, column, 0] = nx / length
                    normal[to, column, 1] = ny / length
                    normal[to, column, 2] = nz / length


@functools.cache
def _compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    try:
        import numba
    except ImportError:
        raise MissingCapability("the package numba, which draws meshes", came="none", where="shapecraft.raster",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
    see, describe = (numba.njit(nogil=True)(function) for function in (_see, _describe))
    return see, describe
