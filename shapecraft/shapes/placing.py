"""Placing: move, rotate, scale, align, place on, and the bounds that these go by. World coordinates throughout."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from mathutils import Matrix, Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import box_of, change, take


class Bounds(NamedTuple):
    """Box around objects: (x, y, z) of its corners, its middle, its sides; metres."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    center: tuple[float, ...]
    size: tuple[float, ...]


@helper
def bounds(*objects: Any) -> Bounds:
    """The box around objects: .low .high .center .size, each (x, y, z)."""
    if not objects:
        raise Fault("at least one object is needed, got none")
    low, high = _around([take(one, f"object {index + 1}") for index, one in enumerate(objects)])
    return Bounds(tuple(low), tuple(high), tuple((low + high) / 2), tuple(high - low))


@helper
def move(obj: Any, *, by: Sequence[float]) -> Any:
    """Moves by (x, y, z)."""
    value = take(obj)
    value.data.transform(Matrix.Translation(given.vector(by, "by")))
    return value


@helper
def rotate(obj: Any, *, angle: float, axis: str = "z", about: Sequence[float] | None = None) -> Any:
    """Turns by angle about axis (right-hand rule) through the point about; None: the middle of its box."""
    value, turn = take(obj), math.radians(given.number(angle, "angle"))
    return _around_point(value, Matrix.Rotation(turn, 4, "XYZ"[given.axis(axis)]), about)


@helper
def scale(obj: Any, *, factor: float | Sequence[float], about: Sequence[float] | None = None) -> Any:
    """Scales by a number or (x, y, z) factors from the point about; None: the middle of its box."""
    value = take(obj)
    if isinstance(factor, (int, float)):
        factor = [given.positive(factor, "factor")] * 3
    factors = given.size(factor, "factor")
    return _around_point(value, Matrix.Diagonal((*factors, 1.0)), about)


@helper
def align(obj: Any, *, to: Any, axes: str = "xy", side: str = "center", to_side: str | None = None) -> Any:
    """Moves obj along axes until its side ("low", "center", "high") lies at to_side (None: the same) of object to."""
    value, target = take(obj), take(to, "to")
    if not isinstance(axes, str) or not axes or set(axes) - set("xyz"):
        raise Fault(f'axes must be letters of "xyz", such as "xy", got {given.shown(axes)}')
    ends = ("low", "center", "high")
    own = given.choice(side, "side", ends)
    other = own if to_side is None else given.choice(to_side, "to_side", ends)
    shift = Vector()
    for letter in set(axes):
        i = "xyz".index(letter)
        shift[i] = _at(target, i, other) - _at(value, i, own)
    value.data.transform(Matrix.Translation(shift))
    return value


@helper
def place_on(obj: Any, *, base: Any, side: str = "+z", gap: float = 0.0) -> Any:
    """Moves obj along one axis until it touches the given side of base's box from outside (gap: metres between)."""
    value, under = take(obj), take(base, "base")
    i, sign = given.side(side, "side")
    far, near = ("high", "low") if sign > 0 else ("low", "high")
    shift = Vector()
    shift[i] = _at(under, i, far) + sign * given.number(gap, "gap") - _at(value, i, near)
    value.data.transform(Matrix.Translation(shift))
    return value


def _around_point(value: Any, matrix: Matrix, about: Sequence[float] | None) -> Any:
    low, high = box_of(value)
    point = (low + high) / 2 if about is None else given.vector(about, "about")
    value.data.transform(Matrix.Translation(point) @ matrix @ Matrix.Translation(-point))
    change(value, lambda _: None, weld=False)
    return value


def _at(value: Any, axis: int, place: str) -> float:
    low, high = box_of(value)
    return {"low": low, "center": (low + high) / 2, "high": high}[place][axis]


def _around(values: Sequence[Any]) -> tuple[Vector, Vector]:
    boxes = [box_of(value) for value in values]
    return (Vector([min(low[i] for low, _ in boxes) for i in range(3)]),
            Vector([max(high[i] for _, high in boxes) for i in range(3)]))
