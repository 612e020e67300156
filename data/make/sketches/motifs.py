"""Small motifs that several categories share: headings, wheels, leaves, handles (ours; no paper)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from data.make.sketches.primitives import Pen


@contextmanager
def heading(p: Pen) -> Iterator[None]:
    """What is drawn inside, front towards +x, keeps that heading or turns to -x, to the viewer or a little aside."""
    turn = p.choice(0, 0, 0, 0, 180, 180, -90, p.uniform(-40, 40), p.uniform(140, 220))
    with p.placed(turn=turn):
        yield


@contextmanager
def spun(p: Pen, degrees: float) -> Iterator[None]:
    """What is drawn inside is turned in the picture plane, about y: +z goes towards +x for positive degrees."""
    start = len(p.strokes)
    yield
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    p.strokes[start:] = [
        tuple((c * x + s * z, y, c * z - s * x) for x, y, z in stroke) for stroke in p.strokes[start:]
    ]


@contextmanager
def posed(p: Pen) -> Iterator[None]:
    """A flat, long thing drawn upright in the xz plane: upright, slanting, lying along x, or flat on the ground."""
    pose = p.choice("upright", "upright", "upright", "down", "slanting", "along", "along", "flat")
    degrees = {"upright": 0, "down": 180, "slanting": p.choice(-1, 1) * p.uniform(25, 65), "flat": 0,
               "along": p.choice(90, -90)}[pose]
    flat = pose == "flat"
    with p.placed(turn=90 if flat else 0, tilt=90 if flat else 0), spun(p, degrees):
        yield


def wheel(p: Pen, centre: Sequence[float], radius: float, *, thickness: float = 0.0, spokes: int = 0) -> None:
    """A wheel standing along x: a ring, maybe a second one behind (thickness), hub and spokes."""
    x, y, z = centre
    quick_ring(p, centre, radius, axis="y")
    if thickness and p.detail == 2:
        p.ring((x, y + thickness, z), radius, axis="y")
    if p.detail == 2 or (p.detail and spokes == 0 and p.chance(0.4)):
        p.ring(centre, radius * 0.4, axis="y")
    for k in range(spokes):
        angle = 2 * math.pi * k / spokes
        p.line(centre, (x + radius * math.cos(angle), y, z + radius * math.sin(angle)))


def wheels(p: Pen, places: Sequence[float], half: float, z: float, radius: float) -> None:
    """Wheels at x in `places` on the sides y = -half and half; the quick hand leaves the far ones out."""
    far = p.detail or p.chance(0.45)
    for side in (-1, 1)[:1 + bool(far)]:
        for x in places:
            wheel(p, (x, side * half, z), radius, thickness=-side * 0.4 * radius)


def quick_ring(p: Pen, centre: Sequence[float], radius: float, *, axis: str = "z") -> None:
    """A ring that the quick hand mostly draws as two halves."""
    sweep = p.sweep
    if p.detail == 0 and p.chance(0.7):
        p.sweep = 180.0
    p.ring(centre, radius, axis=axis)
    p.sweep = sweep


def dot(p: Pen, centre: Sequence[float], radius: float, *, axis: str = "y") -> None:
    """An eye, button or bead: a small ring, or one single closed curve."""
    if p.angular or p.detail == 2 or p.chance(0.3):
        return p.ring(centre, radius, axis=axis)
    i, j = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}[axis]
    points = []
    for u, v in ((0, -1), (3.4, 1.6), (-3.4, 1.6), (0, -1)):
        point = list(centre)
        point[i] += u * radius
        point[j] += v * radius
        points.append(point)
    p.curve(*points)


def leaf(p: Pen, a: Sequence[float], b: Sequence[float], width: float, *, lift: float = 0.0,
         vein: bool = False) -> None:
    """A leaf or petal from a to b: two bows, `width` apart sideways (horizontally), the middle raised by `lift`."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    across = math.hypot(dx, dy)
    # A leaf that points straight up spreads along x.
    ux, uy = (-dy / across, dx / across) if across > 0.05 else (1.0, 0.0)
    mx, my, mz = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2 + lift
    for side in (-width / 2, width / 2):
        p.bow(a, (mx + ux * side, my + uy * side, mz), b)
    if vein:
        p.bow(a, (mx, my, mz), b)


def ear_handle(p: Pen, top: Sequence[float], bottom: Sequence[float], reach: float) -> None:
    """A handle that stands out along x from top to bottom: one bow, two, or three straight lines."""
    y, z = (top[1] + bottom[1]) / 2, (top[2] + bottom[2]) / 2
    out = max(top[0], bottom[0]) if reach > 0 else min(top[0], bottom[0])
    kind = p.choice("bow", "bow", "two", "two", "square", "round") if p.detail else p.choice("bow", "bow", "round")
    if kind == "square":
        p.polyline([top, (out + reach, y, top[2]), (out + reach, y, bottom[2]), bottom])
    elif kind == "round":
        p.spline([top, (out + reach * 0.8, y, top[2]), (out + reach, y, z), (out + reach * 0.7, y, bottom[2]), bottom])
    else:
        p.bow(top, (out + reach, y, z), bottom)
        if kind == "two":
            inner = 0.72
            p.bow((top[0], y, z + (top[2] - z) * inner), (out + reach * inner, y, z),
                  (bottom[0], y, z + (bottom[2] - z) * inner))


def fan(p: Pen, times: int, *, jitter: float = 0.3) -> list[tuple[float, float]]:
    """(cos, sin) of `times` directions about z, evenly spread and then shaken."""
    start = p.uniform(0, 2 * math.pi)
    angles = [start + 2 * math.pi * (k + jitter * p.uniform(-1, 1)) / times for k in range(times)]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]
