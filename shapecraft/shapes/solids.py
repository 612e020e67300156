"""Solids from outlines: lathe, extrude, sweep, tube, loft. All are closed unless the caller asks for an open one."""

import itertools
from collections.abc import Sequence
from typing import Any

from mathutils import Vector
from mathutils.geometry import tessellate_polygon
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import make
from shapes.outlines import MOST_POINTS, smoothed
from shapes.skins import arc_points, area, crossing, placed, skin, turned_outline
from shapes.sweeping import swept

SMOOTH = 8
"""Samples per span of a smooth path (ours)."""


@helper
def lathe(*, profile: Sequence[Sequence[float]], origin: Sequence[float] = (0, 0, 0), axis: str = "z",
          ends: str = "cap", segments: int = 48, name: str = "lathe") -> Any:
    """Profile of (radius, height along axis) points turned about axis. ends: "cap" closes each end towards the axis (a
    solid), "join" joins last point to first (a ring), "open" leaves a sheet to be solidified."""
    points, repeated = given.points(profile, "profile", 2, 2)
    kind = "join" if repeated else given.choice(ends, "ends", ("cap", "join", "open"))
    for index, point in enumerate(points):
        if point.x < -1e-9:
            raise Fault(f"profile[{index}] must be (radius, height), radius from 0 on, got {given.shown(point[:])}")
        point.x = max(point.x, 0.0)
    if kind == "open":
        if sum((b.y - a.y) * (a.x + b.x) for a, b in itertools.pairwise(points)) < 0:
            points.reverse()
    else:
        ends_on_axis = [Vector((0.0, points[0].y))], [Vector((0.0, points[-1].y))]
        section = points if kind == "join" else [*ends_on_axis[0], *points, *ends_on_axis[1]]
        _simple([point for i, point in enumerate(section) if (point - section[i - 1]).length > 1e-9], "profile",
                'a ring needs ends="join", and a hollow vessel its inner wall drawn too' if kind == "cap" else "")
    if kind == "cap":
        # A flat end is one face and not a fan: it bevels and subdivides better.
        while len(points) > 2 and points[0].x == 0 and points[0].y == points[1].y:
            points.pop(0)
        while len(points) > 2 and points[-1].x == 0 and points[-1].y == points[-2].y:
            points.pop()
    rings = turned_outline(points, given.axis(axis), given.vector(origin, "origin"),
                           given.count(segments, "segments", 3, 512))
    return make(given.text(name, "name"), *skin(rings, along=kind == "join", caps=kind == "cap"))


@helper
def extrude(*, outline: Sequence[Sequence[float]], start: float, end: float, axis: str = "z",
            holes: Sequence[Sequence[Sequence[float]]] = (), name: str = "extrude") -> Any:
    """Closed 2D outline made solid from coordinate start to end on axis; holes is a list of outlines cut out of it."""
    outer = _outline(outline, "outline")
    inner = [_outline(hole, f"holes[{index}]") for index, hole in enumerate(given.rows(holes, "holes"))]
    low, high, across = given.number(start, "start"), given.number(end, "end"), given.axis(axis)
    if abs(high - low) < 1e-9:
        raise Fault(f"start and end must differ, got {low:g} for both")
    if not inner:
        rings = [[placed(pair, height, across) for pair in outer] for height in (low, high)]
        return make(given.text(name, "name"), *skin(rings))
    loops = [outer, *(list(reversed(hole)) for hole in inner)]
    flat = [pair for loop in loops for pair in loop]
    cap = [tuple(reversed(face)) if area([flat[i] for i in face]) < 0 else tuple(face)
           for face in tessellate_polygon([[Vector((*pair, 0.0)) for pair in loop] for loop in loops])]
    wanted = area(outer) - sum(area(hole) for hole in inner)
    if wanted <= 0 or abs(sum(area([flat[i] for i in face]) for face in cap) - wanted) > 1e-4 * area(outer):
        raise Fault("holes must lie inside the outline, apart from each other")
    total = len(flat)
    points = [placed(pair, height, across) for height in (low, high) for pair in flat]
    faces = [tuple(reversed(face)) for face in cap] + [tuple(total + i for i in face) for face in cap]
    first = 0
    for loop in loops:
        for step in range(len(loop)):
            a, b = first + step, first + (step + 1) % len(loop)
            faces.append((a, b, total + b, total + a))
        first += len(loop)
    return make(given.text(name, "name"), points, faces)


@helper
def sweep(*, profile: Sequence[Sequence[float]], path: Sequence[Sequence[float]],
          scale: float | Sequence[float] = 1.0, smooth: bool = False, closed: bool = False, name: str = "sweep") -> Any:
    """Closed 2D profile along a 3D path with mitred corners: first coordinate to the right of the path seen from above,
    second up (on a vertical path x, y). scale may be a list, one per path point."""
    return _along(_outline(profile, "profile"), path, scale, "scale", smooth, closed, name)


@helper
def tube(*, path: Sequence[Sequence[float]], radius: float | Sequence[float], smooth: bool = False,
         closed: bool = False, segments: int = 16, name: str = "tube") -> Any:
    """Round rod along a 3D path (two points: a straight rod). radius may be a list, one per path point."""
    outline = [Vector(pair) for pair in arc_points(1.0, given.count(segments, "segments", 3, 256))]
    return _along(outline, path, radius, "radius", smooth, closed, name)


@helper
def loft(*, outlines: Sequence[Sequence[Sequence[float]]], centers: Sequence[Sequence[float]], axis: str = "z",
         name: str = "loft") -> Any:
    """Solid through closed 2D outlines with equally many points, the i-th across axis at the 3D point centers[i]; the
    outline [(0, 0)] is a tip."""
    listed, across = given.rows(outlines, "outlines"), given.axis(axis)
    places = [given.vector(one, f"centers[{i}]") for i, one in enumerate(given.rows(centers, "centers"))]
    if len(listed) < 2 or len(listed) != len(places):
        raise Fault(f"outlines and centers must be equally many, at least 2, got {len(listed)} and {len(places)}")
    found = [_section(one, f"outlines[{i}]") for i, one in enumerate(listed)]
    sizes = sorted({len(one) for one in found if len(one) > 1})
    if len(sizes) != 1:
        raise Fault(f"outlines must all have the same number of points, got {[len(one) for one in found]}; "
                    "set segments of ellipse and rounded_rectangle")
    full = [one * sizes[0] if len(one) == 1 else one for one in found]
    rings = [[place + placed(pair, 0.0, across) for pair in outline]
             for place, outline in zip(places, full, strict=True)]
    for index in range(1, len(rings)):
        if all((a - b).length < 1e-9 for a, b in zip(rings[index - 1], rings[index], strict=True)):
            raise Fault(f"outlines {index - 1} and {index} are the same at the same place; move one centre along axis")
    return make(given.text(name, "name"), *skin(rings))


def _along(outline: list[Vector], path: Sequence[Sequence[float]], scale: float | Sequence[float], what: str,
           smooth: bool, closed: bool, name: str) -> Any:
    points, repeated = given.points(path, "path", 3, 2)
    ring = bool(closed) or repeated
    if ring and len(points) < 3:
        raise Fault(f"path must have at least 3 different points to be closed, got {len(points)}")
    if isinstance(scale, (int, float)):
        scales = [given.positive(scale, what)] * len(points)
    else:
        scales = [given.not_negative(one, f"{what}[{i}]") for i, one in enumerate(given.rows(scale, what))]
        if len(scales) != len(points):
            raise Fault(f"{what} must be a number or one number for each of the {len(points)} different path points, "
                        f"got {len(scales)}")
        if ring or 0 in scales[1:-1]:
            for index, one in enumerate(scales):
                given.positive(one, f"{what}[{index}]")
    step = 1
    if smooth and len(points) > 2:
        step, spans = SMOOTH, zip(scales, [*scales[1:], scales[0]], strict=True)
        between = [a + (b - a) * i / SMOOTH for a, b in spans for i in range(SMOOTH)]
        points = smoothed(points, SMOOTH, ring)
        scales = between[: len(points)]
    return make(given.text(name, "name"), *swept(outline, points, scales, closed=ring, step=step))


def _outline(value: Sequence[Sequence[float]], what: str) -> list[Vector]:
    """A closed outline, counter-clockwise, that does not cross itself."""
    points, _ = given.points(value, what, 2, 3)
    return _simple(points, what)


def _section(value: Sequence[Sequence[float]], what: str) -> list[Vector]:
    points, _ = given.points(value, what, 2, 1)
    return points if len(points) == 1 else _simple(points, what)


def _simple(points: list[Vector], what: str, mend: str = "") -> list[Vector]:
    if len(points) > MOST_POINTS // 2:
        raise Fault(f"{what} must have at most {MOST_POINTS // 2} points, got {len(points)}")
    crossed = crossing(points)
    if crossed is not None:
        ends = " and ".join(str(tuple(round(c, 6) for c in points[i])) for i in crossed)
        raise Fault(f"{what} must not cross or touch itself, the sides that begin at {ends} do"
                    + (f"; {mend}" if mend else ""))
    if len(points) < 3 or abs(area(points)) < 1e-12:
        raise Fault(f"{what} must enclose an area, got {[tuple(round(c, 6) for c in one) for one in points[:4]]}")
    return points if area(points) > 0 else [points[0], *reversed(points[1:])]
