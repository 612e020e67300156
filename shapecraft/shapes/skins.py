"""Skins: rings of points joined into faces, and 2D outlines put into space.

An outline's two coordinates are (x, y) across axis z, (x, z) across axis y, (y, z) across axis x.
"""

import itertools
import math
from collections.abc import Iterable, Sequence

from mathutils import Vector

Skin = tuple[list[Vector], list[tuple[int, ...]]]
"""Points and faces, as `meshes.make` takes them."""


def skin(rings: Sequence[Sequence[Vector]], *, along: bool = False, caps: bool = True) -> Skin:
    """Faces between neighbouring closed rings that have equally many points.

    along : the last ring meets the first; caps : the ends are closed by one face each
    A ring whose points all lie at one place becomes one vertex.
    """
    points: list[Vector] = []
    numbers: list[list[int]] = []
    for ring in rings:
        first = len(points)
        if all((point - ring[0]).length <= 1e-9 for point in ring):
            points.append(ring[0])
            numbers.append([first] * len(ring))
        else:
            points.extend(ring)
            numbers.append(list(range(first, len(points))))
    faces: list[tuple[int, ...]] = []
    pairs = list(itertools.pairwise(numbers)) + ([(numbers[-1], numbers[0])] if along else [])
    for low, high in pairs:
        for a in range(len(low)):
            b = (a + 1) % len(low)
            face = tuple(dict.fromkeys((low[a], low[b], high[b], high[a])))
            if len(face) > 2:
                faces.append(face)
    if caps and not along:
        faces += [end for end in (tuple(reversed(numbers[0])), tuple(numbers[-1])) if len(set(end)) > 2]
    return points, faces


def placed(pair: Iterable[float], height: float, axis: int) -> Vector:
    """An outline's point in space, at a height along the axis."""
    a, b = pair
    return Vector(((height, a, b), (a, height, b), (a, b, height))[axis])


def arc_points(radius: float, segments: int) -> list[tuple[float, float]]:
    """A full circle, counter-clockwise from (radius, 0); quarters are exact, so that boxes are."""
    found = []
    for step in range(segments):
        quarter, rest = divmod(4 * step, segments)
        angle = math.pi / 2 * rest / segments
        a, b = radius * math.cos(angle), radius * math.sin(angle)
        found.append(((a, b), (-b, a), (-a, -b), (b, -a))[quarter])
    return found


def turned_outline(outline: Sequence[Vector], axis: int, origin: Vector, segments: int) -> list[list[Vector]]:
    """One ring per point (radius, along) of an outline, about the axis through origin."""
    return [[origin + placed(pair, along, axis) for pair in arc_points(radius, segments)] for radius, along in outline]


def area(outline: Sequence[Vector]) -> float:
    """Signed area; positive where the outline goes counter-clockwise."""
    pairs = zip(outline, [*outline[1:], outline[0]], strict=True)
    return sum(a.x * b.y - b.x * a.y for a, b in pairs) / 2


def crossing(outline: Sequence[Vector]) -> tuple[int, int] | None:
    """Two sides of a closed outline that cross or touch, by their first points; None where it is simple."""
    total = len(outline)
    ends = [(outline[i], outline[(i + 1) % total]) for i in range(total)]
    for i in range(total):
        for j in range(i + 2, total - (i == 0)):
            if _meet(*ends[i], *ends[j]):
                return i, j
    return None


def _meet(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    if max(a.x, b.x) < min(c.x, d.x) or max(c.x, d.x) < min(a.x, b.x):
        return False
    if max(a.y, b.y) < min(c.y, d.y) or max(c.y, d.y) < min(a.y, b.y):
        return False
    return (_turn(a, b, c) * _turn(a, b, d) <= 0) and (_turn(c, d, a) * _turn(c, d, b) <= 0)


def _turn(a: Vector, b: Vector, c: Vector) -> float:
    found = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
    return 0.0 if abs(found) < 1e-15 else math.copysign(1.0, found)
