"""Vehicles, fronts towards +x: car, bus, train, bicycle, sailboat (ours; no paper)."""

from __future__ import annotations

from data.make.sketches.motifs import dot, heading, quick_ring, wheel, wheels
from data.make.sketches.primitives import Pen, spaced

# Side outlines (x, z) of cars from the rear bumper over the roof to the front.
_CARS = {
    "sedan": [(-1, 0.3), (-0.95, 0.6), (-0.6, 0.65), (-0.35, 1), (0.2, 1), (0.5, 0.65), (0.95, 0.55), (1, 0.3)],
    "hatchback": [(-0.9, 0.3), (-0.92, 0.65), (-0.75, 1.02), (0.15, 1.02), (0.45, 0.65), (0.9, 0.55), (0.95, 0.3)],
    "sporty": [(-1, 0.3), (-1, 0.6), (-0.7, 0.6), (-0.3, 0.85), (0.1, 0.85), (0.45, 0.55), (1, 0.42), (1.05, 0.3)],
    "pickup": [(-1, 0.3), (-1, 0.65), (-0.2, 0.65), (-0.15, 1.05), (0.3, 1.05), (0.5, 0.68), (1, 0.6), (1, 0.3)],
    "boxy": [(-1, 0.3), (-1, 1.1), (0.3, 1.1), (0.5, 0.7), (0.98, 0.65), (1, 0.3)],
    "round": [(-0.9, 0.3), (-0.8, 0.7), (-0.45, 1.05), (0.05, 1.1), (0.4, 0.75), (0.75, 0.7), (0.95, 0.3)],
}


def car(p: Pen) -> None:
    kind = p.choice("sedan", "sedan", "sedan", "hatchback", "hatchback", "sporty", "pickup", "boxy", "round")
    p.attribute(kind)
    w, r = p.uniform(0.4, 0.52), p.uniform(0.19, 0.26)
    outline = [(x, z * p.uniform(0.95, 1.05)) for x, z in _CARS[kind]]
    belt = outline[-2][1] + 0.08
    with heading(p):
        wheels(p, (-0.58, 0.58), w, 0.25, r)
        if p.chance(0.4):
            return _simple_car(p, w)
        sides = (-w, w)
        for y in sides:
            points = [(x, y * (0.85 if z > 0.8 else 1), z) for x, z in outline]
            if kind == "round" or (p.detail != 1 and p.chance(0.25)):
                p.spline(points)
            else:
                p.polyline(points)
            if p.chance(0.75) or y < 0:
                p.line((outline[-1][0], y, 0.3), (outline[0][0], y, 0.3))
        for x, z in outline if p.detail else outline[1:-1:2]:
            y = w * (0.85 if z > 0.8 else 1)
            p.line((x, -y, z), (x, y, z))
        roof = [x for x, z in outline if z > 0.8]
        if roof and p.chance(0.7):
            p.attribute("with windows")
            for y in sides if p.detail else (-w,):
                low, high = roof[0], roof[-1]
                yy = y * 0.96
                a, b, c, d = (low - 0.08, yy, belt), (low + 0.06, yy, 0.95), (high - 0.06, yy, 0.95), (high + 0.18, yy,
                                                                                                       belt)
                p.polyline([a, b, c, d], closed=True)
                if p.chance(0.6):
                    m = (low + high) / 2
                    p.line((m, yy, belt), (m, yy, 0.95))
        if p.chance(0.4):
            p.attribute("with headlights")
            for y in (-w * 0.65, w * 0.65):
                dot(p, (outline[-2][0] + 0.02, y, 0.47), 0.07, axis="x")
        if p.detail == 2 or p.chance(0.2):
            p.line((0, -w, 0.32), (0, -w, belt))
            p.line((0.05, -w, belt - 0.1), (0.15, -w, belt - 0.1))


def _simple_car(p: Pen, w: float) -> None:
    """A cabin on a box, or a body of three bows on each side."""
    belt, top = p.uniform(0.55, 0.68), p.uniform(0.92, 1.08)
    back, front = -p.uniform(0.5, 0.9), p.uniform(0.35, 0.55)
    if p.chance(0.6):
        p.box((-1, -w, 0.25), (1, w, belt))
        inner, slant = w * p.uniform(0.75, 1.0), p.uniform(0.05, 0.3)
        roof = [(back + slant * 0.7, -inner, top), (front - slant, -inner, top), (front - slant, inner, top),
                (back + slant * 0.7, inner, top)]
        p.polyline(roof, closed=True)
        p.lines(*((q, (x, q[1] * w / inner, belt)) for q, x in zip(roof, (back, front, front, back), strict=True)))
        if p.detail:
            for y in (-w, w):
                p.line(((back + front) / 2, y, belt), ((back + front) / 2, y * inner / w, top))
    else:
        for y in (-w, w):
            p.bow((-1, y, 0.28), (-1.02, y, belt * 0.8), (back - 0.05, y, belt))
            p.bow((back - 0.05, y, belt), ((back + front) / 2, y, top * 1.05), (front + 0.1, y, belt))
            p.bow((front + 0.1, y, belt), (0.9, y, belt * 0.9), (1, y, 0.28))
            p.line((-1, y, 0.28), (1, y, 0.28))
            if p.chance(0.7):
                p.line((back - 0.05, y, belt), (front + 0.1, y, belt))
        middle = ((back + front) / 2, top * 1.04)
        for x, z in ((-1, 0.28), (back - 0.05, belt), middle, (front + 0.1, belt), (1, 0.28))[:5 if p.detail else 4]:
            p.line((x, -w, z), (x, w, z))
    if p.chance(0.35):
        p.attribute("with headlights")
        for y in (-w * 0.65, w * 0.65):
            dot(p, (1.01, y, belt * 0.8), 0.07, axis="x")


def _windows(p: Pen, x0: float, x1: float, z0: float, z1: float, n: int, *, at: tuple[float, ...]) -> None:
    """A row of n windows, or one long strip with bars, on the sides y in `at`."""
    strip = p.chance(0.35 if p.detail else 0.7)
    for y in at:
        if strip:
            p.polyline([(x0, y, z0), (x0, y, z1), (x1, y, z1), (x1, y, z0)], closed=True)
            p.lines(*(((x, y, z0), (x, y, z1)) for x in spaced(x0, x1, n - 1)))
        else:
            step = (x1 - x0) / n
            for k in range(n):
                p.rect((x0 + step * (k + 0.5), y, (z0 + z1) / 2), step * 0.72, z1 - z0)


def bus(p: Pen) -> None:
    w, h = p.uniform(0.28, 0.36), p.uniform(0.62, 0.8)
    kind = p.choice("city", "city", "city", "double", "school")
    floor = 0.15
    with heading(p):
        front = 1.0 if kind != "school" else 0.7
        if kind == "double":
            h *= 1.5
            p.attribute("with two decks")
        p.box((-1, -w, floor), (front, w, h))
        if kind == "school":
            p.attribute("with a hood")
            p.box((front, -w * 0.85, floor), (1.05, w * 0.85, floor + (h - floor) * 0.45))
        sides = (-w, w) if p.detail else (-w,)
        n = p.integer(4, 7) if p.detail else p.integer(3, 4)
        decks = ((0.25, 0.42), (0.62, 0.85)) if kind == "double" else ((0.5, 0.82),)
        for low, high in decks:
            _windows(p, -0.92, front - 0.3, floor + (h - floor) * low, floor + (h - floor) * high, n, at=sides)
        p.attribute("with a row of windows")
        p.rect((front, 0, floor + (h - floor) * 0.66), w * 1.6, (h - floor) * 0.35, axis="x")
        if p.chance(0.7):
            p.attribute("with a door")
            top = floor + (h - floor) * (0.8 if kind != "double" else 0.45)
            p.polyline([(front - 0.25, -w, floor), (front - 0.25, -w, top), (front - 0.06, -w, top),
                        (front - 0.06, -w, floor)])
            if p.detail:
                p.line((front - 0.155, -w, floor), (front - 0.155, -w, top))
        wheels(p, (-0.62, 0.58) if p.chance(0.8) else (-0.7, -0.4, 0.58), w, floor, p.uniform(0.12, 0.17))
        if p.chance(0.3):
            for y in (-w * 0.7, w * 0.7):
                dot(p, (max(front, 1.0), y, floor + 0.12), 0.05, axis="x")


def train(p: Pen) -> None:
    kind = p.choice("steam", "steam", "steam", "modern", "wagons")
    w = p.uniform(0.2, 0.28)
    with heading(p):
        if kind == "steam":
            _steam_engine(p, w)
        elif kind == "modern":
            p.attribute("modern")
            h, nose = p.uniform(0.5, 0.65), p.uniform(0.2, 0.45)
            outline = [(-1.1, h), (1 - nose, h), (1.1, 0.25), (1.1, 0.1), (-1.1, 0.1)]
            with p.mirror("y"):
                p.polyline([(x, w, z) for x, z in outline[:2]])
                p.bow((1 - nose, w, h), (1.02, w, h * 0.75), (1.1, w * 0.8, 0.25))
                p.polyline([(1.1, w * 0.8, 0.25), (1.1, w * 0.8, 0.1), (-1.1, w, 0.1), (-1.1, w, h)])
            p.lines(*(((x, -w, z), (x, w, z)) for x, z in ((-1.1, h), (1 - nose, h), (-1.1, 0.1), (1.1, 0.25))))
            _windows(p, -1.0, 0.9 - nose, h * 0.55, h * 0.85, p.integer(4, 7), at=(-w, w)[:1 + p.detail])
            if p.detail:
                p.lines(*(((x, -w, 0.1), (x, -w, h)) for x in (-0.35, 0.3)))
            _wheels(p, w, (-0.95, -0.75, 0.55, 0.75), 0.09)
        else:
            n = p.choice(2, 3)
            p.count(n, "car")
            step = 2.2 / n
            for k in range(n):
                x = -1.1 + step * k
                p.box((x, -w, 0.12), (x + step * 0.88, w, 0.55))
                if k < n - 1:
                    p.line((x + step * 0.88, 0, 0.18), (x + step, 0, 0.18))
                _windows(p, x + 0.04, x + step * 0.84, 0.32, 0.47, p.choice(2, 3), at=(-w,))
                _wheels(p, w, (x + step * 0.2, x + step * 0.68), 0.09)
            p.rect((-1.1 + step * (n - 1) + step * 0.88, 0, 0.42), w * 1.4, 0.15, axis="x")
        if p.chance(0.45):
            p.attribute("with rails")
            p.lines(*(((-1.3, y, 0), (1.3, y, 0)) for y in (-w * 0.9, w * 0.9)))
            if p.detail:
                p.lines(*(((x, -w * 1.3, 0), (x, w * 1.3, 0)) for x in spaced(-1.3, 1.3, p.integer(5, 9))))


def _steam_engine(p: Pen, w: float) -> None:
    p.attribute("with a chimney")
    r, z = w * 0.9, 0.25
    z += r
    p.ring((0.9, 0, z), r, axis="x")
    p.ring((-0.3, 0, z), r, axis="x")
    p.lines(((-0.3, 0, z + r), (0.9, 0, z + r)), ((-0.3, -r, z), (0.9, -r, z)), ((-0.3, r, z), (0.9, r, z)))
    p.box((-0.9, -w, 0.2), (-0.3, w, z + r + p.uniform(0.15, 0.35)))
    if p.chance(0.6 if p.detail else 0.3):
        p.rect((-0.6, -w, z + r * 0.8), 0.3, 0.22)
    p.lines(*(((-0.3, y, 0.22), (0.95, y, 0.22)) for y in (-w, w)))
    rise = p.uniform(0.22, 0.35)
    p.cylinder((0.65, 0, z + r * 0.95), 0.07, rise, top=p.uniform(0.07, 0.15))
    if p.chance(0.5):
        p.cylinder((0.15, 0, z + r * 0.95), 0.09, 0.13)
    big = p.uniform(0.16, 0.2)
    _wheels(p, w, (-0.65, -0.2), big)
    _wheels(p, w, (0.25, 0.6), big * p.uniform(0.6, 1))
    if p.detail:
        p.line((-0.65, -w - 0.02, 0.15), (0.25, -w - 0.02, 0.15))
    if p.chance(0.5):
        p.lines(((0.95, -w, 0.22), (1.2, 0, 0.02)), ((0.95, w, 0.22), (1.2, 0, 0.02)),
                ((0.95, -w, 0.02), (0.95, w, 0.02)))
    if p.chance(0.45):
        p.attribute("with smoke")
        x, top = 0.65, z + r + rise
        for size in (0.1, 0.15)[:1 + (p.detail > 0)]:
            x, top = x - 0.22, top + 0.18
            p.ring((x, 0, top), size * 1.4, size, axis="y")
    if p.chance(0.3 if p.detail else 0.1):
        p.attribute("with a wagon")
        p.box((-1.9, -w, 0.2), (-1.05, w, z + r))
        p.line((-1.05, 0, 0.25), (-0.9, 0, 0.25))
        _wheels(p, w, (-1.7, -1.25), big * 0.7)


def _wheels(p: Pen, w: float, places: tuple[float, ...], r: float) -> None:
    far = p.detail or p.chance(0.3)
    for side in (-1, 1)[:1 + bool(far)]:
        for x in places:
            quick_ring(p, (x, side * w, r), r, axis="y")


def bicycle(p: Pen) -> None:
    r, base = p.uniform(0.38, 0.48), p.uniform(0.58, 0.7)
    rear, front = (-base, 0, r), (base, 0, r)
    crank, seat, head = (-0.08, 0, r * 0.85), (-0.25, 0, r + 0.5), (base - 0.22, 0, r + 0.52)
    with heading(p):
        spokes = p.choice(0, 0, 4, 6, 8) if p.detail else p.choice(0, 0, 4)
        for hub in (rear, front):
            wheel(p, hub, r, spokes=spokes)
            if p.detail == 2:
                p.ring(hub, r * 0.92, axis="y")
        if spokes:
            p.attribute("with spokes")
        low = p.chance(0.2)
        p.line(crank, seat)
        p.line(crank, head)
        if low:
            p.attribute("with a low frame")
            p.bow((-0.18, 0, r + 0.2), (0.1, 0, r + 0.1), head)
        else:
            p.line((-0.22, 0, r + 0.42), head)
        p.lines((rear, crank), (rear, (-0.22, 0, r + 0.42)))
        p.line(head, front)
        top = (head[0] - 0.04, 0, head[2] + p.uniform(0.08, 0.2))
        p.line(head, top)
        w = p.uniform(0.18, 0.28)
        bars = p.choice("flat", "back", "drop")
        if bars == "flat":
            p.line((top[0], -w, top[2]), (top[0], w, top[2]))
        else:
            dx, dz = (-0.2, 0) if bars == "back" else (0.12, -0.15)
            with p.mirror("y"):
                p.bow(top, (top[0] + 0.06, w * 0.8, top[2]), (top[0] + dx, w, top[2] + dz))
        # Saddle
        x, z = seat[0] - 0.01, seat[2] + 0.03
        p.line(seat, (x, 0, z))
        if p.chance(0.5):
            p.polyline([(x + 0.14, 0, z), (x - 0.13, -0.09, z), (x - 0.13, 0.09, z)], closed=True)
        else:
            p.bow((x + 0.16, 0, z), (x, 0, z + 0.05), (x - 0.14, 0, z + 0.02))
        if p.chance(0.75):
            p.attribute("with pedals")
            p.ring(crank, 0.1, axis="y")
            cx, _, cz = crank
            p.lines(((cx, -0.05, cz), (cx + 0.1, -0.08, cz - 0.14)), ((cx, 0.05, cz), (cx - 0.1, 0.08, cz + 0.14)))
            if p.detail:
                p.lines(((cx + 0.1, -0.18, cz - 0.14), (cx + 0.1, -0.05, cz - 0.14)),
                        ((cx - 0.1, 0.05, cz + 0.14), (cx - 0.1, 0.18, cz + 0.14)))
        if p.chance(0.15):
            p.attribute("with a basket")
            p.box((head[0] + 0.06, -0.15, head[2] - 0.1), (head[0] + 0.35, 0.15, head[2] + 0.14))


def sailboat(p: Pen) -> None:
    w, h = p.uniform(0.25, 0.4), p.uniform(0.25, 0.38)
    bow, stern = 1.0, -p.uniform(0.75, 0.95)
    transom = w * p.uniform(0.5, 0.8) if p.chance(0.7) else 0.0
    with heading(p):
        keel = [(stern + 0.12, 0, -h), (0, 0, -h * 1.15), (bow, 0, 0.06)]
        with p.mirror("y"):
            p.curve((stern, transom, 0), (stern * 0.4, w * 1.1, -0.02), (bow * 0.5, w, 0), (bow, 0, 0.06))
            if transom:
                p.line((stern, transom, 0), keel[0])
            if p.detail and p.chance(0.5):
                p.bow((stern + 0.1, transom * 0.8, -h * 0.6), (0, w * 0.75, -h * 0.65), (bow * 0.88, 0, -h * 0.3))
        p.bow(*keel)
        p.line((stern, transom, 0), (stern, -transom, 0)) if transom else p.line((stern, 0, 0), keel[0])
        top = p.uniform(1.3, 1.7)
        x = p.uniform(0, 0.15)
        p.line((x, 0, -0.05), (x, 0, top))
        boom = stern + p.uniform(0, 0.15)
        clew = (boom, p.uniform(-0.15, 0.15), 0.15)
        peak = (x - 0.03, 0, top - 0.05)
        billow = p.uniform(-0.3, 0.3)
        p.line((x, 0, 0.15), clew)
        p.bow(peak, ((peak[0] + clew[0]) / 2 - 0.1, billow, top * 0.5), clew) if p.chance(0.7) else p.line(peak, clew)
        if p.detail and p.chance(0.4):
            p.lines(*(((x, 0, z), (x + (boom - x) * (1 - z / top) * 0.95, billow * 0.5, z - 0.04))
                      for z in (0.5 * top, 0.75 * top)))
        if p.chance(0.75):
            p.attribute("with two sails")
            tack, head = (bow - 0.05, 0, 0.1), (x + 0.02, 0, top * p.uniform(0.8, 0.95))
            foot = (x + 0.12, billow * 0.5, 0.15)
            p.line(tack, head)
            p.bow(head, ((head[0] + foot[0]) / 2 + 0.12, billow, top * 0.45), foot)
            p.line(foot, tack)
        else:
            p.attribute("with one sail")
        if p.chance(0.25):
            p.attribute("with a flag")
            p.polyline([(x, 0, top), (x - 0.22, 0, top + 0.06), (x, 0, top + 0.14)])
            p.line((x, 0, top), (x, 0, top + 0.14))
        if p.chance(0.3):
            p.attribute("with waves")
            for y in (-w - 0.1, w + 0.1)[:1 + (p.detail > 0)]:
                p.spline([(q * 0.4, y, -h * 0.8 + 0.06 * (-1)**q) for q in range(-3, 4)])
        if p.chance(0.2):
            p.polyline([(stern, 0, -0.05), (stern - 0.12, 0, -h), (stern + 0.12, 0, -h)])


DRAWERS = {"car": car, "bus": bus, "train": train, "bicycle": bicycle, "sailboat": sailboat}
