"""Mesh views: triangles to shaded pictures from the cameras that sketches are seen by (ours; both papers silent).

Neutral on purpose: base colour times Lambert's cosine of a headlight (a lamp at the eye), both sides of a triangle
alike, flat normals, no texture, no shadow, on white paper. Colours are picture values as the file has them; no
transfer function is applied. World frame and cameras as in `easel.cameras`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.cameras import Camera
from easel.errors import ConfigurationError, MissingCapability

GREY = (0.7, 0.7, 0.7)
"""Base colour of a mesh that names none (ours)."""
_FLAT = 1e-14  # twice the area, as a share of the squared extent, below which a triangle has no direction
_EDGE = 1e-9  # how far outside a triangle a sample may lie: neighbours round apart, and would leave a crack


@dataclass(frozen=True)
class Triangles:
    """A mesh without connections: every triangle has its own corners.

    points : (F, 3, 3) float64, world frame: triangle, corner, x y z; either order of corners is the same triangle
    colours : (F, 3, 3) float64 in [0, 1]: triangle, corner, red green blue; between corners they go over evenly
    """

    points: np.ndarray
    colours: np.ndarray

    @classmethod
    def of(cls, vertices: Any, faces: Any, colours: Any = GREY, *, where: str = "mesh") -> Triangles:
        """From shared vertices.

        vertices : (N, 3) numbers, world frame; faces : (F, 3) integers in [0, N)
        colours : (3,) for all, or (N, 3) one a vertex; brought into [0, 1]
        Raises ConfigurationError naming `where` for other shapes, indices outside, and colours that are no numbers.
        """
        points, corners = np.asarray(vertices, dtype=np.float64), np.asarray(faces)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ConfigurationError("vertices of shape (N, 3)", came=f"shape {points.shape}", where=where)
        if corners.ndim != 2 or corners.shape[1] != 3 or corners.dtype.kind not in "iu":
            raise ConfigurationError("faces of shape (F, 3), whole numbers", where=where,
                                     came=f"shape {corners.shape}, {corners.dtype}")
        if corners.size and (corners.min() < 0 or corners.max() >= len(points)):
            raise ConfigurationError(f"corners from 0 to {len(points) - 1}", where=where,
                                     came=f"{corners.min()} to {corners.max()}")
        paint = np.asarray(colours, dtype=np.float64)
        if paint.shape not in ((3,), points.shape) or not np.isfinite(paint).all():
            raise ConfigurationError(f"colours of shape (3,) or ({len(points)}, 3), finite", where=where,
                                     came=f"shape {paint.shape}")
        shared = np.broadcast_to(np.clip(paint, 0.0, 1.0), points.shape)
        return cls(points[corners], shared[corners])

    @classmethod
    def joined(cls, parts: Sequence[Triangles]) -> Triangles:
        """All of them as one, in order; none are an empty mesh."""
        nothing = np.zeros((0, 3, 3))
        return cls(np.concatenate([nothing, *(one.points for one in parts)]),
                   np.concatenate([nothing, *(one.colours for one in parts)]))

    def __len__(self) -> int:
        return len(self.points)

    def sound(self) -> Triangles:
        """Without triangles that cannot be seen: a corner that is nan or infinite, or no area."""
        finite = np.isfinite(self.points).all(axis=(1, 2))
        points = self.points[finite]
        extent = float(np.ptp(points.reshape(-1, 3), axis=0).max()) if len(points) else 0.0
        wide = np.linalg.norm(_crosses(points), axis=1) > _FLAT * extent**2
        return Triangles(points[wide], self.colours[finite][wide])

    def placed(self, centre: np.ndarray, scale: float) -> Triangles:
        """Moved by -centre, then scaled."""
        return Triangles((self.points - centre) * scale, self.colours)


def framing(points: np.ndarray, half: float = 1.0) -> tuple[np.ndarray, float]:
    """Centre (3,) and scale that bring points (..., 3) to a longest side of 2 * half about the origin.

    As `Sketch.normalised` does it; points without extent keep their scale. Raises ConfigurationError without any.
    """
    flat = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    if not len(flat):
        raise ConfigurationError("at least one point", came="none", where="framing")
    low, high = flat.min(axis=0), flat.max(axis=0)
    extent = float((high - low).max())
    return (low + high) / 2, 2.0 * half / extent if extent > 1e-9 else 1.0


def mesh_views(
    triangles: Triangles, cameras: Sequence[Camera], *, size: int = 224, samples: int = 2
) -> np.ndarray:
    """Pictures of one mesh in V views, by a z-buffer; nothing is moved or scaled.

    size : H = W in pixels; samples : points along each side of a pixel whose mean is its value (ours: 2)
    Returns (V, 3, size, size) float32 in [0, 1], paper 1.0, row 0 at the top. Of points at one depth the triangle that
    comes first is seen. Raises ConfigurationError for a mesh without area or with nan (see `Triangles.sound`), for one
    that reaches behind a camera, and for settings that make no picture; MissingCapability without numba.
    """
    if not 1 <= size <= 8192 or not 1 <= samples <= 16:
        raise ConfigurationError("1 to 8192 pixels, 1 to 16 samples", came=f"{size}, {samples}", where="mesh views")
    sound = len(triangles.sound())
    if not sound or sound != len(triangles):
        raise ConfigurationError(
            "triangles with an area and finite corners", where="mesh views",
            came=f"{len(triangles)}, of which {sound} are sound", mend="Take Triangles.sound().",
        )
    fill, fine = _compiled(), size * samples
    crosses = _crosses(triangles.points)
    normals = crosses / np.linalg.norm(crosses, axis=1, keepdims=True)
    views = np.empty((len(cameras), 3, size, size), dtype=np.float32)
    for view, camera in enumerate(cameras):
        lens = camera.picture_matrix()
        x, y, weights, depths = np.moveaxis(triangles.points @ lens[:, :3].T + lens[:, 3], -1, 0)
        if depths.min() < camera.near:
            raise ConfigurationError("a mesh that lies before the camera", came=f"depth {depths.min():.4g}",
                                     where=f"view {view}", mend="Normalise the mesh, or move the camera away.")
        corners = (np.stack([x / weights, y / weights], axis=-1) + 1.0) / 2.0 * fine
        slope = math.tan(math.radians(camera.fov_deg) / 2) if camera.projection == "perspective" else 0.0
        picture, nearest = np.ones((fine, fine, 3)), np.full((fine, fine), np.inf)
        fill(corners, weights, depths, triangles.colours, normals @ camera.matrix()[:3, :3].T, slope, picture, nearest)
        views[view] = picture.reshape(size, samples, size, samples, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
    return views


def _crosses(points: np.ndarray) -> np.ndarray:
    """(F, 3) normals whose length is twice the area."""
    return np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])


def _fill(
    corners: np.ndarray, weights: np.ndarray, depths: np.ndarray, colours: np.ndarray, normals: np.ndarray,
    slope: float, picture: np.ndarray, nearest: np.ndarray,
) -> None:
    """Draw all triangles into `picture` (S, S, 3) where they are nearer than `nearest` (S, S); both are changed.

    corners : (F, 3, 2) in pixels; weights, depths : (F, 3), the last two rows of `Camera.picture_matrix`
    colours : (F, 3, 3); normals : (F, 3) of length 1, camera frame
    slope : tan of half the field of view, 0 for parallel rays
    """
    size = picture.shape[0]
    for face in range(corners.shape[0]):
        ax, ay = corners[face, 0, 0], corners[face, 0, 1]
        bx, by = corners[face, 1, 0], corners[face, 1, 1]
        cx, cy = corners[face, 2, 0], corners[face, 2, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if abs(area) < 1e-12:
            continue
        left = max(0, math.ceil(min(ax, bx, cx) - 0.5))
        right = min(size - 1, math.floor(max(ax, bx, cx) - 0.5))
        top = max(0, math.ceil(min(ay, by, cy) - 0.5))
        bottom = min(size - 1, math.floor(max(ay, by, cy) - 0.5))
        for row in range(top, bottom + 1):
            py = row + 0.5
            for column in range(left, right + 1):
                px = column + 0.5
                a = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                b = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                c = 1.0 - a - b
                if a < -_EDGE or b < -_EDGE or c < -_EDGE:
                    continue
                # Straight lines stay straight in a picture, equal steps along them do not: shares are of 1 / weight.
                a, b, c = a / weights[face, 0], b / weights[face, 1], c / weights[face, 2]
                whole = a + b + c
                depth = (a * depths[face, 0] + b * depths[face, 1] + c * depths[face, 2]) / whole
                if depth >= nearest[row, column]:
                    continue
                nearest[row, column] = depth
                rx, ry = (2.0 * px / size - 1.0) * slope, (2.0 * py / size - 1.0) * slope
                towards = normals[face, 0] * rx + normals[face, 1] * ry + normals[face, 2]
                shade = min(1.0, abs(towards) / math.sqrt(rx * rx + ry * ry + 1.0))
                for channel in range(3):
                    mixed = (
                        a * colours[face, 0, channel] + b * colours[face, 1, channel] + c * colours[face, 2, channel]
                    ) / whole
                    picture[row, column, channel] = min(1.0, max(0.0, mixed * shade))


@functools.cache
def _compiled() -> Callable[..., None]:
    try:
        import numba
    except ImportError:
        raise MissingCapability(
            "the package numba, which draws meshes", came="none", where="easel.mesh_views",
            mend="Install the extra 'shapes' (`make setup` does).",
        ) from None
    return numba.njit(_fill)
