"""Forming: taper, bend, twist of a whole object. Where a straight side must turn round, it is cut into slices first."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import bmesh
from mathutils import Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import box_of, change, take

SLICE = 7.5
"""Degrees between two slices of a bend or twist (ours: 12 slices for a quarter turn)."""


@helper
def taper(obj: Any, *, end: float | Sequence[float], start: float | Sequence[float] = 1.0, axis: str = "z") -> Any:
    """Scales the cross-section from factor start at the low end of axis to end at the high end, about the middle of its
    box. A factor is a number or a pair for the two other axes."""
    value, along = take(obj), given.axis(axis)
    others = [i for i in range(3) if i != along]
    low, high = box_of(value)
    middle, length = (low + high) / 2, _length(low, high, along, axis)
    first, last = _factors(start, "start"), _factors(end, "end")
    if max(first) == 0 and max(last) == 0:
        raise Fault("start or end must be positive, got 0 for both")

    def formed(point: Vector) -> Vector:
        share = (point[along] - low[along]) / length
        for place, i in enumerate(others):
            factor = first[place] + (last[place] - first[place]) * share
            point[i] = middle[i] + (point[i] - middle[i]) * factor
        return point

    return _formed(value, formed)


@helper
def bend(obj: Any, *, angle: float, axis: str = "z", toward: str = "+x") -> Any:
    """Bends a part that is long on axis by angle in all: its low end stays, its high end curls towards side toward."""
    value, along = take(obj), given.axis(axis)
    side, sign = given.side(toward, "toward")
    if side == along:
        raise Fault(f"toward must be a side across axis {axis!r}, got {given.shown(toward)}")
    turn = math.radians(_angle(angle, 360))
    if turn < 0:
        turn, sign = -turn, -sign
    low, high = box_of(value)
    length, middle = _length(low, high, along, axis), (low[side] + high[side]) / 2
    radius, half = length / turn, (high[side] - low[side]) / 2
    if half >= radius:
        raise Fault(f"angle must be below {math.degrees(length / half):.0f} degrees for a part {length:g} long and "
                    f"{2 * half:g} thick, got {given.shown(angle)}")

    def formed(point: Vector) -> Vector:
        share = (point[along] - low[along]) / radius
        inner = radius - sign * (point[side] - middle)
        point[along] = low[along] + inner * math.sin(share)
        point[side] = middle + sign * (radius - inner * math.cos(share))
        return point

    return _formed(value, formed, along, math.ceil(math.degrees(turn) / SLICE))


@helper
def twist(obj: Any, *, angle: float, axis: str = "z") -> Any:
    """Turns the cross-section by angle from the low end of axis to the high end, about the middle of its box."""
    value, along = take(obj), given.axis(axis)
    turn = math.radians(_angle(angle, 3600))
    low, high = box_of(value)
    middle, length = (low + high) / 2, _length(low, high, along, axis)
    a, b = (along + 1) % 3, (along + 2) % 3

    def formed(point: Vector) -> Vector:
        now = turn * (point[along] - low[along]) / length
        x, y = point[a] - middle[a], point[b] - middle[b]
        point[a] = middle[a] + x * math.cos(now) - y * math.sin(now)
        point[b] = middle[b] + x * math.sin(now) + y * math.cos(now)
        return point

    return _formed(value, formed, along, math.ceil(abs(math.degrees(turn)) / SLICE))


def _formed(value: Any, formed: Callable[[Vector], Vector], along: int = 0, slices: int = 1) -> Any:
    low, high = box_of(value)

    def edit(bm: Any) -> None:
        normal = Vector([float(i == along) for i in range(3)])
        for step in range(1, slices):
            bmesh.ops.bisect_plane(bm, geom=[*bm.verts, *bm.edges, *bm.faces], dist=1e-7, plane_no=normal,
                                   plane_co=low + (high - low) * step / slices)
        for vertex in bm.verts:
            vertex.co = formed(vertex.co.copy())

    change(value, edit)
    return value


def _length(low: Vector, high: Vector, along: int, axis: str) -> float:
    length = high[along] - low[along]
    if length < 1e-9:
        raise Fault(f"obj must have a length on axis {axis!r}, it is flat there")
    return length


def _angle(value: object, most: int) -> float:
    angle = given.number(value, "angle")
    if not 0 < abs(angle) <= most:
        raise Fault(f"angle must be degrees from -{most} to {most} and not 0, got {given.shown(value)}")
    return angle


def _factors(value: float | Sequence[float], what: str) -> tuple[float, float]:
    if isinstance(value, (int, float)):
        factor = given.not_negative(value, what)
        return factor, factor
    pair = given.vector(value, what, 2)
    if min(pair) < 0:
        raise Fault(f"{what} must be a number from 0 on or a pair of these, got {given.shown(value)}")
    return pair[0], pair[1]
