"""Foreign shapes: what a 3D file of another method holds, and how its lines become strokes (ours)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.mesh_views import Triangles, framing

Up = Literal["y", "z"]
Curves = Literal["straight", "smooth"]


@dataclass(frozen=True)
class Shape:
    """Triangles and lines in our frame: right-handed, z up.

    lines : each (P, 3) float64, P >= 2; said : what was left out or changed on reading, in words
    """

    triangles: Triangles
    lines: tuple[np.ndarray, ...] = ()
    said: tuple[str, ...] = ()

    def sound(self, *, where: str) -> Shape:
        """Without what cannot be seen, which is said. Raises ConfigurationError where nothing is left."""
        seen = self.triangles.sound()
        lines = tuple(line for line in self.lines if np.isfinite(line).all())
        dropped = {"triangles without an area or with nan": len(self.triangles) - len(seen),
                   "lines with nan": len(self.lines) - len(lines)}
        said = tuple(f"{what} left out: {count}" for what, count in dropped.items() if count)
        if not len(seen) and not lines:
            raise ConfigurationError("faces or lines that can be seen", where=where, came=", ".join(said) or "none")
        return Shape(seen, lines, self.said + said)

    def normalised(self) -> Shape:
        """Lines and triangles together: longest side 2, centred, as `Sketch.normalised` does it."""
        corners = [self.triangles.points.reshape(-1, 3), *self.lines]
        centre, scale = framing(np.concatenate(corners))
        lines = tuple((line - centre) * scale for line in self.lines)
        return Shape(self.triangles.placed(centre, scale), lines, self.said)

    def sketch(self, curves: Curves = "straight") -> Sketch:
        """The lines as strokes."""
        pieces = [strokes_of(line, curves) for line in self.lines]
        return Sketch.from_array(np.concatenate(pieces)) if pieces else Sketch(())


def z_up(points: np.ndarray, up: Up) -> np.ndarray:
    """(..., 3) points of a right-handed frame in ours: of y up, x y z becomes x -z y."""
    if up == "z":
        return points
    return np.stack([points[..., 0], -points[..., 2], points[..., 1]], axis=-1)


def strokes_of(line: np.ndarray, curves: Curves = "straight") -> np.ndarray:
    """A polyline as cubic strokes, one between each two points.

    line : (P, 3) points; a point that repeats the one before counts once
    curves : "straight" is the polyline itself; "smooth" is the uniform Catmull-Rom spline through its points, closed
        where the ends meet, and with the first and last step as directions of open ends
    Returns (max(P - 1, 1), 4, 3) float64 control points; a line of no length is one stroke of no length.
    """
    points = np.asarray(line, dtype=np.float64)
    points = points[np.concatenate([[True], (np.diff(points, axis=0) != 0).any(axis=1)])]
    if len(points) == 1:
        points = np.repeat(points, 2, axis=0)
    start, end = points[:-1], points[1:]
    if curves == "straight":
        steps = (end - start) / 3.0
        return np.stack([start, start + steps, end - steps, end], axis=1)
    closed = len(points) > 3 and (points[0] == points[-1]).all()
    before = points[-2] if closed else 2.0 * points[0] - points[1]
    after = points[1] if closed else 2.0 * points[-1] - points[-2]
    widened = np.concatenate([before[None], points, after[None]])
    handles = (widened[2:] - widened[:-2]) / 6.0
    return np.stack([start, start + handles[:-1], end - handles[1:], end], axis=1)
