"""Primitives: closed solids from a few lengths, and the flat plane."""

import math
from collections.abc import Sequence
from typing import Any

from mathutils import Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import make
from shapes.skins import arc_points, placed, skin, turned_outline

_CUBE = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]


@helper
def box(*, size: Sequence[float], center: Sequence[float] = (0, 0, 0), name: str = "box") -> Any:
    """Box with sides size (x, y, z)."""
    half, middle = given.size(size, "size") / 2, given.vector(center, "center")
    corners = [middle + Vector((x * half.x, y * half.y, z * half.z)) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]
    return make(given.text(name, "name"), corners, _CUBE)


@helper
def cylinder(*, radius: float, height: float, center: Sequence[float] = (0, 0, 0), axis: str = "z",
             segments: int = 48, name: str = "cylinder") -> Any:
    """Cylinder along axis."""
    radius = given.positive(radius, "radius")
    return _round(name, [(radius, -1), (radius, 1)], height, center, axis, given.count(segments, "segments", 3, 512))


@helper
def cone(*, radius: float, height: float, top_radius: float = 0.0, center: Sequence[float] = (0, 0, 0),
         axis: str = "z", segments: int = 48, name: str = "cone") -> Any:
    """Cone or frustum: radius at the low end of axis, top_radius at the high end (either may be 0)."""
    low, high = given.not_negative(radius, "radius"), given.not_negative(top_radius, "top_radius")
    if low == high == 0:
        raise Fault("radius or top_radius must be a positive number, got 0 for both")
    return _round(name, [(low, -1), (high, 1)], height, center, axis, given.count(segments, "segments", 3, 512))


@helper
def sphere(*, radius: float | Sequence[float], center: Sequence[float] = (0, 0, 0), segments: int = 48,
           rings: int = 24, name: str = "sphere") -> Any:
    """Sphere; an ellipsoid if radius is (x, y, z)."""
    if isinstance(radius, (int, float)):
        radius = [given.positive(radius, "radius")] * 3
    radii, middle = given.size(radius, "radius"), given.vector(center, "center")
    segments, rings = given.count(segments, "segments", 3, 512), given.count(rings, "rings", 2, 256)
    circles = []
    for step in range(rings + 1):
        angle = math.pi * step / rings
        wide = 0.0 if step in (0, rings) else math.sin(angle)
        circles.append([Vector((wide * a, wide * b, -math.cos(angle))) for a, b in arc_points(1.0, segments)])
    points = [[middle + Vector([r * c for r, c in zip(radii, point, strict=True)]) for point in circle]
              for circle in circles]
    return make(given.text(name, "name"), *skin(points))


@helper
def torus(*, radius: float, tube_radius: float, center: Sequence[float] = (0, 0, 0), axis: str = "z",
          segments: int = 48, tube_segments: int = 16, name: str = "torus") -> Any:
    """Ring about axis; radius reaches to the middle of the tube."""
    radius, thin = given.positive(radius, "radius"), given.positive(tube_radius, "tube_radius")
    if thin >= radius:
        raise Fault(f"tube_radius must be smaller than radius {radius:g}, got {thin:g}")
    segments, sides = given.count(segments, "segments", 3, 512), given.count(tube_segments, "tube_segments", 3, 256)
    outline = [Vector((radius + a, b)) for a, b in arc_points(thin, sides)]
    rings = turned_outline(outline, given.axis(axis), given.vector(center, "center"), segments)
    return make(given.text(name, "name"), *skin(rings, along=True))


@helper
def capsule(*, start: Sequence[float], end: Sequence[float], radius: float, segments: int = 32,
            name: str = "capsule") -> Any:
    """Rod with round ends; start and end are the centres of these."""
    first, last = given.vector(start, "start"), given.vector(end, "end")
    radius, segments = given.positive(radius, "radius"), given.count(segments, "segments", 4, 512)
    along = last - first
    if along.length < 1e-9:
        raise Fault(f"start and end must be two different points, got {given.shown(start)} twice; use sphere()")
    turn = Vector((0, 0, 1)).rotation_difference(along)
    steps = max(2, segments // 4)
    rings = []
    for place, angles in ((0.0, range(-steps, 1)), (along.length, range(steps + 1))):
        for step in angles:
            angle = math.pi / 2 * step / steps
            wide = 0.0 if abs(step) == steps else radius * math.cos(angle)
            high = place + radius * math.sin(angle)
            rings.append([first + turn @ Vector((a, b, high)) for a, b in arc_points(wide, segments)])
    return make(given.text(name, "name"), *skin(rings))


@helper
def plane(*, size: Sequence[float], center: Sequence[float] = (0, 0, 0), axis: str = "z", name: str = "plane") -> Any:
    """Flat open sheet of size (a, b) facing axis, to be solidified."""
    half = given.size(size, "size", 2) / 2
    corners = [(-half.x, -half.y), (half.x, -half.y), (half.x, half.y), (-half.x, half.y)]
    across, middle = given.axis(axis), given.vector(center, "center")
    face = (3, 2, 1, 0) if across == 1 else (0, 1, 2, 3)
    return make(given.text(name, "name"), [middle + placed(corner, 0.0, across) for corner in corners], [face])


@helper
def prism(*, sides: int, radius: float, height: float, center: Sequence[float] = (0, 0, 0), axis: str = "z",
          name: str = "prism") -> Any:
    """Regular prism with sides flat sides; radius reaches to its corners."""
    radius = given.positive(radius, "radius")
    return _round(name, [(radius, -1), (radius, 1)], height, center, axis, given.count(sides, "sides", 3, 64))


@helper
def wedge(*, size: Sequence[float], center: Sequence[float] = (0, 0, 0), high: str = "+y", name: str = "wedge") -> Any:
    """Ramp inside the box size: as high as the box at side high, height 0 at the other side."""
    half, middle = given.size(size, "size") / 2, given.vector(center, "center")
    across, sign = given.side(high, "high")
    if across == 2:
        raise Fault(f'high must be one of "-x", "+x", "-y", "+y", got {given.shown(high)}; rotate() it afterwards')
    other = 1 - across
    points = []
    for end in (-1, 1):
        for forward, up in ((-sign, -1), (sign, -1), (sign, 1)):
            point = [0.0, 0.0, up * half.z]
            point[across], point[other] = forward * half[across], end * half[other]
            points.append(middle + Vector(point))
    return make(given.text(name, "name"), points, [(0, 1, 2), (5, 4, 3), (0, 3, 4, 1), (1, 4, 5, 2), (2, 5, 3, 0)])


def _round(name: str, profile: list[tuple[float, int]], height: float, center: Sequence[float], axis: str,
           segments: int) -> Any:
    half, middle = given.positive(height, "height") / 2, given.vector(center, "center")
    outline = [Vector((radius, end * half)) for radius, end in profile]
    return make(given.text(name, "name"), *skin(turned_outline(outline, given.axis(axis), middle, segments)))
