"""Outlines: lists of points for lathe, extrude, sweep, tube, loft."""

import itertools
import math
from collections.abc import Sequence

from mathutils import Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.skins import arc_points, placed

MOST_POINTS = 2000


@helper
def ellipse(*, size: Sequence[float], center: Sequence[float] = (0, 0), segments: int = 48) -> list[tuple[float, ...]]:
    """2D outline of an ellipse or circle of size (a, b)."""
    half, middle = given.size(size, "size", 2) / 2, given.vector(center, "center", 2)
    segments = given.count(segments, "segments", 3, 512)
    return [(middle.x + half.x * a, middle.y + half.y * b) for a, b in arc_points(1.0, segments)]


@helper
def rounded_rectangle(*, size: Sequence[float], radius: float, center: Sequence[float] = (0, 0),
                      segments: int = 48) -> list[tuple[float, ...]]:
    """2D outline of a rectangle of size (a, b) with corner radius; segments counts all points."""
    half, middle = given.size(size, "size", 2) / 2, given.vector(center, "center", 2)
    radius, segments = given.positive(radius, "radius"), given.count(segments, "segments", 8, 512)
    if segments % 4:
        raise Fault(f"segments must be a multiple of 4, got {segments}")
    if radius > min(half):
        raise Fault(f"radius must be at most half the shorter side, {min(half):g}, got {radius:g}")
    each = segments // 4
    found: list[tuple[float, ...]] = []
    for corner, (x, y) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
        for step in range(each):
            angle = math.pi / 2 * (corner + step / (each - 1))
            found.append((middle.x + x * (half.x - radius) + radius * math.cos(angle),
                          middle.y + y * (half.y - radius) + radius * math.sin(angle)))
    return found


@helper
def arc(*, radius: float, start: float, end: float, center: Sequence[float] = (0, 0, 0), axis: str = "z",
        segments: int = 16) -> list[tuple[float, ...]]:
    """3D path on a circle from angle start to end, measured from the outline's first towards its second coordinate."""
    radius, middle, across = given.positive(radius, "radius"), given.vector(center, "center"), given.axis(axis)
    first, last = given.number(start, "start"), given.number(end, "end")
    segments = given.count(segments, "segments", 2, 512)
    if not 0 < abs(last - first) <= 360:
        raise Fault(f"start and end must differ by 1 to 360 degrees, got {first:g} and {last:g}")
    found = []
    for step in range(segments + 1):
        angle = math.radians(first + (last - first) * step / segments)
        found.append(tuple(middle + placed((radius * math.cos(angle), radius * math.sin(angle)), 0.0, across)))
    return found


@helper
def curve(*, points: Sequence[Sequence[float]], samples: int = 8, closed: bool = False) -> list[tuple[float, ...]]:
    """Smooth curve through 2D or 3D points, samples per span."""
    listed = given.rows(points, "points")
    try:
        length = 2 if len(listed[0]) == 2 else 3
    except (IndexError, TypeError):
        length = 3
    through, repeated = given.points(listed, "points", length, 2)
    found = smoothed(through, given.count(samples, "samples", 1, 64), bool(closed) or repeated)
    return [tuple(point) for point in found]


def smoothed(through: Sequence[Vector], samples: int, closed: bool) -> list[Vector]:
    """Centripetal Catmull-Rom spline: it passes through every point, without loops inside a span."""
    total = len(through)
    if total < 3:
        return list(through)
    if total * samples > MOST_POINTS:
        raise Fault(f"the curve would have {total * samples} points, at most {MOST_POINTS} are allowed")

    def point(index: int) -> Vector:
        if closed:
            return through[index % total]
        if index < 0:
            return through[0] * 2 - through[1]
        return through[index] if index < total else through[-1] * 2 - through[-2]

    found = []
    for span in range(total if closed else total - 1):
        four = [point(span + offset) for offset in (-1, 0, 1, 2)]
        found += [_between(four, step / samples) for step in range(samples)]
    return found if closed else [*found, through[-1].copy()]


def _between(four: Sequence[Vector], share: float) -> Vector:
    knots = [0.0]
    for a, b in itertools.pairwise(four):
        knots.append(knots[-1] + max((b - a).length, 1e-12) ** 0.5)
    at = knots[1] + share * (knots[2] - knots[1])
    lines = [a.lerp(b, (at - low) / (high - low))
             for (a, b), (low, high) in zip(itertools.pairwise(four), itertools.pairwise(knots), strict=True)]
    bows = [a.lerp(b, (at - low) / (high - low))
            for (a, b), low, high in zip(itertools.pairwise(lines), knots[:2], knots[2:], strict=True)]
    return bows[0].lerp(bows[1], share)
