"""The 3D sketch: N named cubic Bezier strokes in a right-handed frame, z up (3DrawAgent, section 3: S = {B_i})."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from easel.errors import EaselError

Point = tuple[float, float, float]


class SketchError(EaselError, ValueError):
    """A sketch, or the text of one, that cannot be taken."""


@dataclass(frozen=True)
class Stroke:
    """One cubic 3D Bezier curve.

    points : (4, 3) control points P0..P3, world frame (+x right, +y away from the viewer, +z up)
    name : the part it belongs to, if the model said so
    """

    points: tuple[Point, Point, Point, Point]
    name: str | None = None


def _point(numbers: np.ndarray) -> Point:
    x, y, z = map(float, numbers)
    return x, y, z


@dataclass(frozen=True)
class Sketch:
    """A drawing; the order of strokes is the order in which they were drawn."""

    strokes: tuple[Stroke, ...]

    @classmethod
    def from_array(cls, points: np.ndarray | Iterable, names: Iterable[str | None] | None = None) -> Sketch:
        """From (N, 4, 3) control points and, optionally, N names."""
        array = np.asarray(points, dtype=np.float64)
        if array.ndim != 3 or array.shape[1:] != (4, 3):
            raise SketchError("control points of shape (N, 4, 3)", came=f"shape {array.shape}")
        if not np.isfinite(array).all():
            stroke, point, _ = np.argwhere(~np.isfinite(array))[0]
            raise SketchError("finite numbers", came="nan or inf", where=f"stroke {stroke}, point {point}")
        labels = [None] * len(array) if names is None else list(names)
        if len(labels) != len(array):
            raise SketchError(f"{len(array)} names", came=f"{len(labels)}")
        return cls(tuple(
            Stroke((_point(stroke[0]), _point(stroke[1]), _point(stroke[2]), _point(stroke[3])), name)
            for stroke, name in zip(array, labels, strict=True)
        ))

    def __len__(self) -> int:
        return len(self.strokes)

    def array(self) -> np.ndarray:
        """(N, 4, 3) float64 control points, world frame."""
        return np.array([stroke.points for stroke in self.strokes], dtype=np.float64).reshape(-1, 4, 3)

    @property
    def key(self) -> str:
        """Hex SHA-256 of names and coordinates; two sketches with one key are the same drawing."""
        # float() and + 0.0: equal sketches (1 and 1.0, 0.0 and -0.0) have one key.
        rows = [[s.name, [[float(c) + 0.0 for c in point] for point in s.points]] for s in self.strokes]
        return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()

    def curve_points(self, samples: int = 16) -> np.ndarray:
        """(N, samples, 3) points on the curves, Bernstein form, both ends included."""
        t = np.linspace(0.0, 1.0, samples)[:, None]
        s = 1.0 - t
        basis = np.concatenate([s**3, 3 * s**2 * t, 3 * s * t**2, t**3], axis=1)
        return np.einsum("ti,nij->ntj", basis, self.array())

    def normalised(self, half: float = 1.0) -> Sketch:
        """Recentred on its bounding box and uniformly scaled so that its longest side is 2 * half.

        Paper silent; ours. Bounds are those of the curves (64 samples each), not of the control
        points. A sketch without extent is only recentred.
        """
        if not self.strokes:
            return self
        points = self.curve_points(64).reshape(-1, 3)
        low, high = points.min(axis=0), points.max(axis=0)
        extent = float((high - low).max())
        scale = 2.0 * half / extent if extent > 1e-9 else 1.0
        return Sketch.from_array((self.array() - (low + high) / 2) * scale, [s.name for s in self.strokes])
