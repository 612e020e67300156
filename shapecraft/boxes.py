"""Boxes: the bounding volume of a component (ShapeCraft, section 3.1), and the paper's order of its sides.

World frame: metres, right-handed, +x right, +y away from the viewer, +z up, the object standing on z = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from easel.errors import ConfigurationError

FARTHEST = 1e6
"""Metres: no coordinate is larger (ours; products of three stay finite)."""

Vector = tuple[float, float, float]
Axis = Literal["x", "y", "z"]
Face = Literal["-x", "+x", "-y", "+y", "-z", "+z"]
STRICT = ConfigDict(extra="forbid", strict=True)


class GraphError(ConfigurationError):
    """A graph, or a part of one, that cannot be."""


@dataclass(frozen=True)
class Box:
    """Bounding volume. center : (3,) metres, world frame; size : (3,) metres along x, y, z, each above 0.

    Raises GraphError for a number that is not finite or above 1e6, and for a side that is not above 0.
    """

    __pydantic_config__ = STRICT

    center: Vector
    size: Vector

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", checked_vector(self.center, "center"))
        object.__setattr__(self, "size", checked_vector(self.size, "size"))
        if min(self.size) <= 0:
            raise GraphError("sides above 0", came=f"size {list(self.size)}", where="a box")

    @classmethod
    def of_corners(cls, low: Vector, high: Vector) -> Box:
        """The box between two corners, each (3,) metres."""
        center = tuple((a + b) / 2 for a, b in zip(low, high, strict=True))
        return cls(vector(center), vector(b - a for a, b in zip(low, high, strict=True)))

    @property
    def low(self) -> Vector:
        """Corner of the smallest x, y, z: (3,) metres."""
        return vector(c - s / 2 for c, s in zip(self.center, self.size, strict=True))

    @property
    def high(self) -> Vector:
        """Corner of the largest x, y, z: (3,) metres."""
        return vector(c + s / 2 for c, s in zip(self.center, self.size, strict=True))

    @property
    def volume(self) -> float:
        """Cubic metres."""
        return self.size[0] * self.size[1] * self.size[2]


def paper_tuple(box: Box) -> tuple[float, float, float, float, float, float]:
    """The paper's b = (cx, cy, cz, h, w, l), metres: h along z, w along x, l along y.

    The only place where that order of sides exists (which axis w and l mean: paper silent; ours).
    """
    x, y, z = box.size
    return (*box.center, z, x, y)


def bounds_of(boxes: Iterable[Box]) -> Box:
    """The box around boxes (at least one)."""
    boxes = tuple(boxes)
    low = vector(min(box.low[i] for box in boxes) for i in range(3))
    return Box.of_corners(low, vector(max(box.high[i] for box in boxes) for i in range(3)))


def vector(values: Iterable[float]) -> Vector:
    """Three numbers as they are."""
    x, y, z = values
    return x, y, z


def checked_vector(values: Iterable[float], what: str) -> Vector:
    """Three finite numbers as floats. Raises GraphError."""
    numbers = tuple(values)
    if len(numbers) != 3 or not all(math.isfinite(v) and abs(v) <= FARTHEST for v in numbers):
        raise GraphError("3 finite numbers of at most 1e6 metres", came=str(list(numbers)), where=what)
    return vector(float(v) for v in numbers)


def along(axis: Axis) -> int:
    """Index of an axis: 0, 1, 2."""
    return "xyz".index(axis)
