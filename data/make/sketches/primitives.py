"""The pen: primitives that leave cubic Bezier strokes, and the random choices of one drawing (ours; no paper).

Frame: right-handed, +x right, +y away from the viewer (fronts face -y), +z up. Units are free: the finished drawing
is fitted into the cube. A category is a function `def chair(p: Pen) -> None` that calls these verbs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

Point = tuple[float, float, float]
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
# For each axis (a plane's normal): the coordinates that u and v stand for.
_PLANES = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
_INDEX = {"x": 0, "y": 1, "z": 2}


class Pen:
    """Draws one sketch.

    Parameters
    ----------
    rng : the only source of chance
    detail : 0 economic (single lines, few rings), 1 normal, 2 detailed
    angular : curves and rings become straight chords

    Attributes
    ----------
    strokes : list of 4-tuples of points
    attributes : phrases true of the drawing ("with four legs", "round")
    """

    def __init__(self, rng: np.random.Generator, *, detail: int = 1, angular: bool = False) -> None:
        self.rng, self.detail, self.angular = rng, detail, angular
        self.strokes: list[tuple[Point, Point, Point, Point]] = []
        self.attributes: list[str] = []
        # How parts are drawn is decided once per drawing, as one hand draws one picture.
        self.bars = "line" if detail == 0 else self.choice("line", "line", "pair", "box" if detail == 2 else "line")
        self.slabs = self.choice("sheet", "sheet", "lip") if detail == 0 else self.choice("sheet", "lip", "box", "box")
        self.boxes = self.choice(*("open", "open", "edges") if detail == 0 else (*["edges"] * 5, "open", "soft"))
        self.sweep = 180.0 if self.chance(0.45 if detail == 0 else 0.15) else 90.0
        self.meridians = 2 if detail == 0 else self.choice(2, 4) if detail == 1 else 4

    # Chance ------------------------------------------------------------------------------------------------------

    def chance(self, probability: float = 0.5) -> bool:
        return self.rng.random() < probability

    def uniform(self, low: float, high: float) -> float:
        return low + (high - low) * self.rng.random()

    def integer(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + int(self.rng.random() * (high - low + 1))

    def choice(self, *options):
        return options[int(self.rng.random() * len(options))]

    def attribute(self, phrase: str) -> None:
        if phrase not in self.attributes:
            self.attributes.append(phrase)

    def count(self, number: int, noun: str) -> None:
        """Record "with four legs" (give the noun in the singular; plural by s)."""
        if number > 0:
            word = NUMBERS[number] if number < len(NUMBERS) else "many"
            self.attribute(f"with {word} {noun}{'s' if number > 1 else ''}")

    # Lines -------------------------------------------------------------------------------------------------------

    def line(self, a: Sequence[float], b: Sequence[float]) -> None:
        (ax, ay, az), (bx, by, bz) = a, b
        dx, dy, dz = (bx - ax) / 3, (by - ay) / 3, (bz - az) / 3
        self.strokes.append((
            (ax, ay, az), (ax + dx, ay + dy, az + dz), (bx - dx, by - dy, bz - dz), (bx, by, bz),
        ))

    def lines(self, *pairs: tuple[Sequence[float], Sequence[float]]) -> None:
        for a, b in pairs:
            self.line(a, b)

    def polyline(self, points: Sequence[Sequence[float]], *, closed: bool = False) -> None:
        points = [*points, points[0]] if closed else points
        for a, b in pairwise(points):
            self.line(a, b)

    def curve(self, a: Sequence[float], b: Sequence[float], c: Sequence[float], d: Sequence[float]) -> None:
        """One cubic with the control points a, b, c, d."""
        a, b, c, d = tuple(a), tuple(b), tuple(c), tuple(d)
        if self.angular:
            middle = tuple((p + 3 * q + 3 * r + s) / 8 for p, q, r, s in zip(a, b, c, d, strict=False))
            self.polyline([a, middle, d])
        else:
            self.strokes.append((a, b, c, d))

    def bow(self, a: Sequence[float], through: Sequence[float], b: Sequence[float]) -> None:
        """One cubic from a to b whose middle passes `through`: handles, smiles, sags."""
        control = [(8 * m - p - q) / 6 for p, m, q in zip(a, through, b, strict=False)]
        # Handles are pulled apart towards their own ends, so that the curve is round and not a hairpin.
        third = [(q - p) / 6 for p, q in zip(a, b, strict=False)]
        handles = [(c - t, c + t) for c, t in zip(control, third, strict=False)]
        self.curve(a, [first for first, _ in handles], [second for _, second in handles], b)

    def spline(self, points: Sequence[Sequence[float]], *, closed: bool = False) -> None:
        """A smooth curve through the points: one cubic between each two (Catmull-Rom)."""
        n = len(points)
        if n == 2:
            return self.line(*points)
        last = n if closed else n - 1
        for i in range(last):
            a, b = points[i], points[(i + 1) % n]
            before = points[i - 1] if i or closed else a
            after = points[(i + 2) % n] if i + 2 < n or closed else b
            one = [p + (q - o) / 6 for o, p, q in zip(before, a, b, strict=False)]
            two = [q - (r - p) / 6 for p, q, r in zip(a, b, after, strict=False)]
            self.curve(a, one, two, b)

    def sweep_through(self, points: Sequence[Sequence[float]]) -> None:
        """One single cubic fitted near all points (least squares, ends exact): a whole outline in one stroke."""
        if len(points) < 4:
            return self.bow(*points) if len(points) == 3 else self.line(*points)
        lengths = [math.dist(a, b) for a, b in pairwise(points)]
        total, walked = sum(lengths) or 1.0, 0.0
        a, d = points[0], points[-1]
        s11 = s12 = s22 = 0.0
        r1, r2 = [0.0] * 3, [0.0] * 3
        for point, length in zip(points[1:-1], lengths, strict=False):
            walked += length
            t = walked / total
            s = 1 - t
            b0, b1, b2, b3 = s**3, 3 * s * s * t, 3 * s * t * t, t**3
            s11, s12, s22 = s11 + b1 * b1, s12 + b1 * b2, s22 + b2 * b2
            for k in range(3):
                rest = point[k] - b0 * a[k] - b3 * d[k]
                r1[k] += b1 * rest
                r2[k] += b2 * rest
        det = s11 * s22 - s12 * s12
        if det < 1e-9:
            return self.spline(points)
        b = [(p * s22 - q * s12) / det for p, q in zip(r1, r2, strict=False)]
        c = [(q * s11 - p * s12) / det for p, q in zip(r1, r2, strict=False)]
        self.curve(a, b, c, d)

    # Flat shapes -------------------------------------------------------------------------------------------------

    def rect(self, centre: Sequence[float], width: float, height: float, *, axis: str = "y") -> None:
        """A rectangle in the plane with that normal; `width` along its first coordinate (x, or y when axis is x)."""
        u, v = width / 2, height / 2
        self.polyline([_on(centre, axis, a, b) for a, b in ((-u, -v), (u, -v), (u, v), (-u, v))], closed=True)

    def rounded_rect(self, centre: Sequence[float], width: float, height: float, *, axis: str = "y",
                     radius: float | None = None) -> None:
        """Four sides and four corner arcs."""
        u, v = width / 2, height / 2
        r = min(u, v) * 0.4 if radius is None else min(radius, u * 0.98, v * 0.98)
        if self.detail == 0 or self.angular:
            return self.rect(centre, width, height, axis=axis)
        self.lines(*((_on(centre, axis, *a), _on(centre, axis, *b)) for a, b in (
            ((r - u, -v), (u - r, -v)), ((u, r - v), (u, v - r)), ((u - r, v), (r - u, v)), ((-u, v - r), (-u, r - v)),
        )))
        for su, sv, start in ((1, 1, 0), (-1, 1, 90), (-1, -1, 180), (1, -1, 270)):
            self.arc(_on(centre, axis, su * (u - r), sv * (v - r)), r, start, start + 90, axis=axis)

    def arc(self, centre: Sequence[float], radius: float, start: float, end: float, *, axis: str = "z",
            other: float | None = None) -> None:
        """An elliptic arc from `start` to `end` degrees; radii `radius` (first coordinate) and `other` (second).

        Degrees turn from +x to +y (axis z), from +x to +z (axis y), from +y to +z (axis x).
        """
        other = radius if other is None else other
        pieces = max(1, math.ceil(abs(end - start) / self.sweep - 1e-6))
        step = math.radians(end - start) / pieces
        handle = 4 / 3 * math.tan(step / 4)
        angle = math.radians(start)
        for _ in range(pieces):
            c0, s0, c1, s1 = math.cos(angle), math.sin(angle), math.cos(angle + step), math.sin(angle + step)
            self.curve(*(_on(centre, axis, radius * u, other * v) for u, v in (
                (c0, s0), (c0 - handle * s0, s0 + handle * c0), (c1 + handle * s1, s1 - handle * c1), (c1, s1),
            )))
            angle += step

    def ring(self, centre: Sequence[float], radius: float, other: float | None = None, *, axis: str = "z") -> None:
        """A full circle or ellipse: four quarter arcs or two halves; a polygon when angular."""
        if radius <= 1e-6:
            return
        if self.angular:
            other = radius if other is None else other
            sides = 4 if self.detail == 0 else self.choice(4, 6, 8)
            turn = math.pi / sides
            self.polyline([
                _on(centre, axis, radius * math.cos(turn + k * 2 * math.pi / sides) * 1.1,
                    other * math.sin(turn + k * 2 * math.pi / sides) * 1.1) for k in range(sides)
            ], closed=True)
        else:
            self.arc(centre, radius, 0, 360, axis=axis, other=other)

    # Solids ------------------------------------------------------------------------------------------------------

    def box(self, low: Sequence[float], high: Sequence[float]) -> None:
        """A box between two corners: 12 edges, fewer when open, or two soft rectangles joined by verticals."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        if self.boxes == "soft" and not self.angular:
            middle = ((x0 + x1) / 2, (y0 + y1) / 2)
            for z in (z0, z1):
                self.rounded_rect((*middle, z), x1 - x0, y1 - y0, axis="z", radius=0.12 * min(x1 - x0, y1 - y0))
        else:
            self.polyline([(x0, y0, z1), (x1, y0, z1), (x1, y1, z1), (x0, y1, z1)], closed=True)
            corners = [(x0, y1, z0), (x0, y0, z0), (x1, y0, z0), (x1, y1, z0)]
            self.polyline(corners[1:3] if self.boxes == "open" else corners, closed=self.boxes != "open")
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)):
            self.line((x, y, z0), (x, y, z1))

    def slab(self, low: Sequence[float], high: Sequence[float]) -> None:
        """A thin horizontal board: its upper sheet, with a front lip, or a whole box."""
        (x0, y0, z0), (x1, y1, z1) = low, high
        if self.slabs == "box":
            return self.box(low, high)
        self.rect(((x0 + x1) / 2, (y0 + y1) / 2, z1), x1 - x0, y1 - y0, axis="z")
        if self.slabs == "lip":
            self.polyline([(x0, y0, z1), (x0, y0, z0), (x1, y0, z0), (x1, y0, z1)])

    def bar(self, a: Sequence[float], b: Sequence[float], thickness: float = 0.08) -> None:
        """A leg, post or slat: one line, two, or a thin box of four lines and two ends."""
        if self.bars == "line":
            return self.line(a, b)
        t = thickness / 2
        # The bar is widened across its own direction, in the two axes it runs along least.
        u, v = sorted(range(3), key=lambda k: abs(b[k] - a[k]))[:2]
        if self.bars == "pair":
            self.lines((_shift(a, u, -t), _shift(b, u, -t)), (_shift(a, u, t), _shift(b, u, t)))
            return
        ring = [(-t, -t), (t, -t), (t, t), (-t, t)]
        starts = [_shift(_shift(a, u, s), v, w) for s, w in ring]
        ends = [_shift(_shift(b, u, s), v, w) for s, w in ring]
        self.lines(*zip(starts, ends, strict=False))
        self.polyline(ends, closed=True)

    def cylinder(self, centre: Sequence[float], radius: float, length: float, *, axis: str = "z",
                 top: float | None = None) -> None:
        """Two rings and 2 or 4 sides; `centre` is the middle of the starting end; `top` another end radius."""
        top = radius if top is None else top
        end = _shift(centre, _INDEX[axis], length)
        self.ring(centre, radius, axis=axis)
        self.ring(end, top, axis=axis)
        spokes = ((1, 0), (-1, 0), (0, 1), (0, -1))[:self.meridians]
        self.lines(*((_on(centre, axis, radius * u, radius * v), _on(end, axis, top * u, top * v)) for u, v in spokes))

    def lathe(self, profile: Sequence[tuple[float, float]], *, centre: Sequence[float] = (0, 0, 0),
              rings: Sequence[int] | None = None, meridians: int | None = None, smooth: bool = True) -> None:
        """A body of revolution about z.

        profile : (radius, z) pairs from one end to the other
        rings : which profile points get a ring; default both ends, all of them when detailed
        meridians : 2 or 4 outlines; smooth outlines are one spline (or one single cubic in half of the drawings)
        """
        x, y, z = centre
        meridians = self.meridians if meridians is None else meridians
        if rings is None:
            rings = range(len(profile)) if self.detail == 2 else (0, len(profile) - 1)
        for index in rings:
            radius, height = profile[index]
            self.ring((x, y, z + height), radius)
        outline = self.sweep_through if self.chance(0.7 if self.detail == 0 else 0.35) else self.spline
        for u, v in ((1, 0), (-1, 0), (0, 1), (0, -1))[:meridians]:
            points = [(x + r * u, y + r * v, z + h) for r, h in profile]
            outline(points) if smooth else self.polyline(points)

    def sphere(self, centre: Sequence[float], radius: float, *, height: float | None = None) -> None:
        """Two or three great circles; `height` is the half height when it is an ellipsoid."""
        height = radius if height is None else height
        self.ring(centre, radius, height, axis="y")
        if self.detail or self.chance():
            self.ring(centre, radius, height, axis="x")
        if self.detail == 2 or self.chance(0.5):
            self.ring(centre, radius, axis="z")

    def tube_path(self, points: Sequence[Sequence[float]], radius: float = 0.05, *, axis: str = "z") -> None:
        """A bent tube or wire: one smooth line, or two when tubes are drawn with thickness (offset along `axis`)."""
        if self.bars == "line":
            return self.spline(points)
        for side in (-radius, radius):
            self.spline([_shift(point, _INDEX[axis], side) for point in points])

    # Placing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def mirror(self, axis: str = "x", at: float = 0.0) -> Iterator[None]:
        """What is drawn inside is drawn again, mirrored at the plane axis = at."""
        start, k = len(self.strokes), _INDEX[axis]
        yield
        self._copy(start, lambda q: (*q[:k], 2 * at - q[k], *q[k + 1:]))

    @contextmanager
    def placed(self, at: Sequence[float] = (0, 0, 0), *, turn: float = 0.0, tilt: float = 0.0,
               scale: float = 1.0) -> Iterator[None]:
        """What is drawn inside is scaled, tilted about x, turned about z (degrees) and moved to `at`."""
        start = len(self.strokes)
        yield
        c, s, ct, st = (f(math.radians(a)) for a in (turn, tilt) for f in (math.cos, math.sin))

        def move(q: Point) -> Point:
            x, y, z = q[0] * scale, q[1] * scale, q[2] * scale
            y, z = ct * y - st * z, st * y + ct * z
            return (c * x - s * y + at[0], s * x + c * y + at[1], z + at[2])

        inside = self.strokes[start:]
        self.strokes[start:] = [tuple(move(q) for q in stroke) for stroke in inside]

    @contextmanager
    def around(self, times: int, centre: Sequence[float] = (0, 0, 0), *, start_deg: float = 0.0) -> Iterator[None]:
        """What is drawn inside is repeated, evenly turned about the vertical through `centre`."""
        start = len(self.strokes)
        yield
        inside = self.strokes[start:]
        del self.strokes[start:]
        x, y = centre[0], centre[1]
        for k in range(times):
            angle = math.radians(start_deg) + 2 * math.pi * k / times
            c, s = math.cos(angle), math.sin(angle)
            self.strokes += [
                tuple((x + c * (q[0] - x) - s * (q[1] - y), y + s * (q[0] - x) + c * (q[1] - y), q[2]) for q in stroke)
                for stroke in inside
            ]

    def _copy(self, start: int, move: Callable[[Point], Point]) -> None:
        self.strokes += [tuple(move(q) for q in stroke) for stroke in self.strokes[start:]]


def spaced(low: float, high: float, number: int) -> list[float]:
    """`number` evenly spaced values strictly between low and high (slats, shelves, drawers)."""
    return [low + (high - low) * (k + 1) / (number + 1) for k in range(number)]


def _on(centre: Sequence[float], axis: str, u: float, v: float) -> Point:
    """The point at (u, v) from `centre` in the plane with the normal `axis`."""
    point = list(centre)
    i, j = _PLANES[axis]
    point[i] += u
    point[j] += v
    return tuple(point)


def _shift(point: Sequence[float], k: int, by: float) -> Point:
    return (*point[:k], point[k] + by, *point[k + 1:])
