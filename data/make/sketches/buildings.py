"""Sketches of buildings: house, castle, towers, bridge, tent (fronts face -y, the widest near 2 across)."""

from __future__ import annotations

from math import cos, pi, sin

from data.make.sketches.primitives import Pen, spaced


def house(p: Pen) -> None:
    w, d, h = p.uniform(0.5, 0.8), p.uniform(0.4, 0.7), p.uniform(0.5, 0.9)
    top, y = h + p.uniform(0.35, 0.7), -d - 0.01
    p.box((-w, -d, 0), (w, d, h))
    e = p.choice(1.0, 1.0, 1.12)
    if p.chance(0.12):
        p.attribute("with a hipped roof")
        p.lines(*(((x * w * e, v * d * e, h), (0, 0, top)) for x in (-1, 1) for v in (-1, 1)))
    elif p.chance(0.6):
        p.attribute("with a gable roof")
        for v in (-d * e, d * e):
            p.polyline([(-w * e, v, h), (0, v, top), (w * e, v, h)])
        p.line((0, -d * e, top), (0, d * e, top))
        if e > 1:
            with p.mirror("x"):
                p.line((w * e, -d * e, h), (w * e, d * e, h))
    else:
        p.attribute("with a gable roof")
        for x in (-w * e, w * e):
            p.polyline([(x, -d * e, h), (x, 0, top), (x, d * e, h)])
        p.line((-w * e, 0, top), (w * e, 0, top))
        if e > 1:
            p.line((-w * e, -d * e, h), (w * e, -d * e, h))
    x = p.choice(0.0, -w * 0.4, w * 0.4)
    p.attribute("with a door")
    p.polyline([(x - 0.12, y, 0), (x - 0.12, y, h * 0.55), (x + 0.12, y, h * 0.55), (x + 0.12, y, 0)])
    if p.detail and p.chance():
        p.ring((x + 0.07, y, h * 0.27), 0.02, axis="y")
    sides = (-w * 0.62, w * 0.62) if x == 0 else (-x * 1.1,)
    n = 0 if p.chance(0.12) else len(sides)
    p.count(n, "window")
    for a in sides[:n]:
        p.rect((a, y, h * 0.58), w * 0.4, h * 0.3)
        if p.detail and p.chance(0.6):
            p.lines(((a, y, h * 0.43), (a, y, h * 0.73)), ((a - w * 0.2, y, h * 0.58), (a + w * 0.2, y, h * 0.58)))
    if p.chance(0.5):
        p.attribute("with a chimney")
        a, b = w * 0.45, top + 0.08
        low = h + (top - h) * 0.4
        if p.detail == 0:
            p.polyline([(a, 0, low), (a, 0, b), (a + 0.12, 0, b), (a + 0.12, 0, low)])
        else:
            p.box((a, -0.06, low), (a + 0.14, 0.08, b))
        if p.chance(0.2):
            p.attribute("with smoke")
            p.curve((a, 0, b), (a + 0.2, 0, b + 0.1), (a - 0.1, 0, b + 0.2), (a + 0.15, 0, b + 0.35))


def _battlement(p: Pen, a: tuple, b: tuple, number: int, height: float) -> None:
    """A crenellated line from a to b at one level."""
    steps = 2 * number - 1
    points = []
    for k in range(steps):
        for t in (k / steps, (k + 1) / steps):
            z = a[2] + (height if k % 2 == 0 else 0)
            points.append((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, z))
    p.polyline(points)


def castle(p: Pen) -> None:
    w, h, r = p.uniform(0.6, 0.85), p.uniform(0.45, 0.65), p.uniform(0.15, 0.22)
    four, square = p.detail > 0 and p.chance(0.6), p.chance(0.3)
    tall = h + p.uniform(0.15, 0.45)
    n = 4 if four else 2
    p.count(n, "tower")
    p.attribute("with square towers" if square else "with round towers")
    cones = p.chance(0.5)
    if cones:
        p.attribute("with pointed roofs")
    keep = p.meridians
    p.meridians = 2
    for x, y in ((-w, -w), (w, -w), (w, w), (-w, w))[:n]:
        if square and not four:
            p.box((x - r, y - r, 0), (x + r, y + r, tall))
        elif square:
            p.rect((x, y - r, tall / 2), 2 * r, tall)
        else:
            p.cylinder((x, y, 0), r, tall)
        if cones:
            for s in (-1, 1):
                p.line((x + s * r * 1.2, y, tall), (x, y, tall + r * 2.6))
            if p.chance(0.35):
                p.polyline([(x, y, tall + r * 2.6), (x, y, tall + r * 4), (x + r, y, tall + r * 3.6),
                            (x, y, tall + r * 3.2)])
                p.attribute("with flags")
        elif p.detail:
            p.attribute("with battlements")
            _battlement(p, (x - r, y - r, tall), (x + r, y - r, tall), 2, r * 0.5)
    p.meridians = keep
    inner, crenels = w - r, p.integer(2, 3) if four or p.detail == 0 else p.integer(3, 4)
    _battlement(p, (-inner, -w, h), (inner, -w, h), crenels, 0.1)
    p.line((-inner, -w, 0), (inner, -w, 0))
    if four:
        p.lines(((-w, -inner, h), (-w, inner, h)), ((w, -inner, h), (w, inner, h)), ((-inner, w, h), (inner, w, h)))
    elif p.detail == 0:
        p.rect((0, 0, tall * 0.6), inner, tall * 1.1)
    else:
        p.box((-inner * 0.5, -w * 0.5, 0), (inner * 0.5, w * 0.3, tall * 1.15))
        _battlement(p, (-inner * 0.5, -w * 0.5, tall * 1.15), (inner * 0.5, -w * 0.5, tall * 1.15), 3, 0.1)
    g = p.uniform(0.12, 0.2)
    p.attribute("with a gate")
    p.lines(((-g, -w - 0.01, 0), (-g, -w - 0.01, h * 0.4)), ((g, -w - 0.01, 0), (g, -w - 0.01, h * 0.4)))
    p.arc((0, -w - 0.01, h * 0.4), g, 0, 180, axis="y", other=min(g, h * 0.35))
    if p.detail == 2:
        p.lines(*(((x, -w - 0.01, 0), (x, -w - 0.01, h * 0.5)) for x in spaced(-g, g, 3)))


def lighthouse(p: Pen) -> None:
    base, top, h = p.uniform(0.22, 0.32), p.uniform(0.12, 0.19), p.uniform(1.2, 1.7)
    p.attribute("tall")
    p.cylinder((0, 0, 0), base, h, top=top)
    n = p.choice(0, 2, 3, 4)
    if n:
        p.attribute("with stripes")
    for z in spaced(0, 1, n):
        p.ring((0, 0, h * z), base + (top - base) * z)
    p.attribute("with a gallery")
    p.ring((0, 0, h), top * 1.45)
    if p.detail and p.chance(0.7):
        p.ring((0, 0, h + 0.1), top * 1.45)
        with p.around(p.choice(4, 6)):
            p.line((top * 1.45, 0, h), (top * 1.45, 0, h + 0.1))
    p.cylinder((0, 0, h), top * 0.75, 0.22)
    p.attribute("with a domed roof" if p.chance(0.4) else "with a pointed roof")
    z = h + 0.22
    if "with a domed roof" in p.attributes:
        p.arc((0, 0, z), top * 0.85, 0, 180, axis="y")
    else:
        p.lathe([(top * 0.95, z), (0, z + 0.25)], smooth=False, rings=(0,) if p.detail else ())
    if p.chance(0.5):
        p.polyline([(-0.07, -base, 0), (-0.07, -base, 0.25), (0.07, -base, 0.25), (0.07, -base, 0)])
    if p.chance(0.35):
        p.attribute("with beams of light")
        for s in p.choice((1,), (-1, 1)):
            p.lines(*((((s * top, 0, h + 0.11), (s * 0.9, 0, h + 0.11 + v))) for v in (-0.12, 0.15)))
    if p.chance(0.3):
        p.attribute("on a rock")
        p.spline([(base * 2.2 * cos(a), base * 2.2 * sin(a), p.uniform(-0.2, -0.08)) for a in
                  (k * pi / 3 for k in range(6))], closed=True)


def windmill(p: Pen) -> None:
    base, top, h = p.uniform(0.35, 0.45), p.uniform(0.2, 0.26), p.uniform(0.9, 1.2)
    hub, y = h + 0.08, -top - p.uniform(0.08, 0.2)
    kind = p.choice("round", "round", "square", "post")
    if kind == "post":
        p.attribute("with a steel frame")
        top, base = 0.06, 0.3
        y = -0.15
        p.lines(*(((sx * base, sy * base, 0), (sx * top, sy * top, h)) for sx in (-1, 1) for sy in (-1, 1)))
        for k in spaced(0, 1, p.integer(1, 3)):
            p.rect((0, 0, h * k), 2 * (base + (top - base) * k), 2 * (base + (top - base) * k), axis="z")
        if p.chance(0.6):
            p.attribute("with a tail")
            p.polyline([(0, 0, hub), (0, 0.4, hub), (0, 0.6, hub + 0.12), (0, 0.6, hub - 0.12), (0, 0.4, hub)])
    elif kind == "square":
        p.attribute("square")
        p.rect((0, 0, 0), 2 * base, 2 * base, axis="z")
        p.rect((0, 0, h), 2 * top, 2 * top, axis="z")
        p.lines(*(((sx * base, sy * base, 0), (sx * top, sy * top, h)) for sx in (-1, 1) for sy in (-1, 1)))
        p.lines(*(((sx * top, sy * top, h), (0, 0, h + 0.3)) for sx in (-1, 1) for sy in (-1, 1)))
    else:
        p.attribute("round")
        p.cylinder((0, 0, 0), base, h, top=top)
        p.arc((0, 0, h), top, 0, 180, axis="y", other=0.28)
        if p.detail:
            p.arc((0, 0, h), top, 0, 180, axis="x", other=0.28)
    n = 8 if kind == "post" and p.detail else p.choice(4, 4, 4, 3)
    p.count(n, "blade")
    long, start, wide = p.uniform(0.65, 0.95) * (0.6 if kind == "post" else 1), p.uniform(0, 1.5), p.uniform(0.08, 0.13)
    rungs = p.integer(0, 3) if p.detail and n < 8 else 0
    sheet = n < 8 and p.chance(0.75)
    for k in range(n):
        a = start + 2 * pi * k / n
        c, s = cos(a), sin(a)

        def at(r: float, across: float, c: float = c, s: float = s) -> tuple:
            return (r * c - across * s, y, hub + r * s + across * c)

        p.line((0, y, hub), at(long, 0))
        if sheet:
            p.polyline([at(long * 0.25, 0), at(long * 0.25, wide), at(long, wide), at(long, 0)])
            p.lines(*((at(r, 0), at(r, wide)) for r in spaced(long * 0.25, long, rungs)))
        elif n == 8:
            p.polyline([(0, y, hub), at(long, wide), at(long, 0)])
    p.line((0, y, hub), (0, -top * 0.5, hub))
    if kind != "post" and p.chance(0.7):
        p.attribute("with a door")
        p.polyline([(-0.09, -base, 0), (-0.09, -base * 0.9, 0.28), (0.09, -base * 0.9, 0.28), (0.09, -base, 0)])


def bridge(p: Pen) -> None:
    w, d, z = 1.0, p.uniform(0.15, 0.28), p.uniform(0.0, 0.2)
    kind = p.choice("suspension", "suspension", "arch", "stone", "truss")
    arched = kind == "stone" and p.chance(0.6) and not p.angular
    rise = 0.3 if arched else 0.0
    for y in (-d, d):
        p.bow((-w, y, z), (0, y, z + rise), (w, y, z)) if arched else p.line((-w, y, z), (w, y, z))
    p.lines(((-w, -d, z), (-w, d, z)), ((w, -d, z), (w, d, z)))
    sides = (-d, d)
    if kind == "suspension":
        p.attribute("with two towers")
        p.attribute("with hanging cables")
        x, top, low = w * p.uniform(0.45, 0.6), z + p.uniform(0.5, 0.8), z - p.uniform(0.2, 0.45)
        n = p.integer(2, 3) if p.detail == 0 else p.integer(3, 6)
        for y in sides:
            p.lines(((-x, y, low), (-x, y, top)), ((x, y, low), (x, y, top)))
            p.bow((-x, y, top), (0, y, z + 0.08), (x, y, top))
            with p.mirror("x"):
                p.bow((x, y, top), ((x + w) / 2, y, (z + top) / 2 - 0.07), (w, y, z))
            if p.detail or y < 0:
                p.lines(*(((v, y, z), (v, y, z + 0.08 + (top - z - 0.08) * (v / x) ** 2)) for v in spaced(-x, x, n)))
        p.lines(*(((s, -d, top), (s, d, top)) for s in (-x, x)))
    elif kind == "truss":
        p.attribute("with a steel truss")
        top, n = z + p.uniform(0.35, 0.5), p.integer(3, 5)
        xs = [-w, *spaced(-w, w, 2 * n - 1), w]
        for y in sides:
            p.line((xs[1], y, top), (xs[-2], y, top))
            p.polyline([(x, y, top if k % 2 else z) for k, x in enumerate(xs)])
        p.lines(*(((x, -d, top), (x, d, top)) for x in xs[1::2]))
    elif kind == "arch":
        p.attribute("with an arch above")
        top = z + p.uniform(0.45, 0.7)
        for y in sides:
            p.bow((-w, y, z), (0, y, top), (w, y, z))
            p.lines(*(((x, y, z), (x, y, z + (top - z) * (1 - (x / w) ** 2))) for x in spaced(-w, w, p.integer(3, 6))))
    else:
        p.attribute("stone")
        n = 1 if arched and p.chance(0.6) else p.integer(2, 3)
        p.attribute(f"with {('one arch', 'two arches', 'three arches')[n - 1]}")
        low, room = z - p.uniform(0.35, 0.5), 2 * w / n
        for y in sides:
            for x in spaced(-w - room / 2, w + room / 2, n):
                p.arc((x, y, low), room * 0.36, 0, 180, axis="y", other=(z - low) * 0.8)
            p.lines(((-w, y, z), (-w, y, low)), ((w, y, z), (w, y, low)))
    if p.chance(0.4) and kind in ("stone", "suspension") and not arched:
        p.attribute("with railings")
        for y in sides:
            p.line((-w, y, z + 0.1), (w, y, z + 0.1))


def tent(p: Pen) -> None:
    w, d, h = p.uniform(0.5, 0.75), p.uniform(0.6, 0.9), p.uniform(0.6, 0.85)
    kind = p.choice("ridge", "ridge", "ridge", "dome", "tipi")
    if kind == "ridge":
        p.attribute("with a ridge")
        for y in (-d, d):
            p.polyline([(-w, y, 0), (0, y, h), (w, y, 0)])
        p.lines(((0, -d, h), (0, d, h)), ((-w, -d, 0), (-w, d, 0)), ((w, -d, 0), (w, d, 0)), ((-w, d, 0), (w, d, 0)))
        if p.chance(0.8):
            p.attribute("with an open entrance")
            with p.mirror("x"):
                p.curve((0, -d, h * 0.92), (0.02, -d, h * 0.6), (w * 0.2, -d, h * 0.3), (w * 0.35, -d, 0))
        if p.chance(0.4):
            p.attribute("with a pole")
            p.line((0, -d, 0), (0, -d, h * 1.08))
        if p.chance(0.4):
            p.attribute("with guy ropes")
            p.lines(((0, -d, h), (0, -d - 0.5, 0)), ((0, d, h), (0, d + 0.5, 0)))
    elif kind == "dome":
        p.attribute("round")
        p.ring((0, 0, 0), w)
        for axis in ("x", "y"):
            p.arc((0, 0, 0), w, 0, 180, axis=axis, other=h)
        p.attribute("with an arched entrance")
        p.bow((-0.22, -w * 0.95, 0), (0, -w * 0.72, h * 0.5), (0.22, -w * 0.95, 0))
        if p.chance(0.5):
            p.line((0, -w * 0.97, 0), (0, -w * 0.72, h * 0.5))
    else:
        p.attribute("tall")
        p.attribute("with crossed poles on top")
        top = h * 1.5
        p.ring((0, 0, 0), w)
        n = p.integer(4, 6)
        for k in range(n):
            a = 2 * pi * k / n + 0.4
            p.line((w * cos(a), w * sin(a), 0), (-0.12 * cos(a), -0.12 * sin(a), top * 1.12))
        p.polyline([(-0.15, -w, 0), (0, -w * 0.5, top * 0.5), (0.15, -w, 0)])


DRAWERS = {
    "house": house, "castle": castle, "lighthouse": lighthouse, "windmill": windmill, "bridge": bridge, "tent": tent,
}
