"""Sketches of what is built into a house: stairs, door, curtain, mantel (fronts face -y, sizes near metres)."""

from __future__ import annotations

from math import cos, sin

from data.make.sketches.primitives import Pen, spaced


def stairs(p: Pen) -> None:
    n = p.integer(3, 5) if p.detail == 0 else p.integer(4, 8)
    w, run, rise = p.uniform(0.3, 0.6), 2 / n, p.uniform(1.2, 2.0) / n
    p.attribute(f"with {'few' if n < 5 else 'many' if n > 6 else 'several'} steps")
    if p.chance(0.15):
        p.attribute("spiral")
        h = n * rise
        p.line((0, 0, 0), (0, 0, h * 1.1))
        for k in range(2 * n):
            a, b, z = 0.6 * k, 0.6 * (k + 0.8), (k + 1) * h / (2 * n)
            p.polyline([(0, 0, z), (0.6 * cos(a), 0.6 * sin(a), z), (0.6 * cos(b), 0.6 * sin(b), z), (0, 0, z)])
        return
    profile = [(0.0, 0.0)]
    for k in range(n):
        profile += [(k * run, (k + 1) * rise), ((k + 1) * run, (k + 1) * rise)]
    for x in (-w, w):
        p.polyline([(x, y, z) for y, z in profile])
    p.lines(*(((-w, y, z), (w, y, z)) for y, z in profile))
    if p.chance(0.5):
        with p.mirror("x"):
            p.polyline([(w, 2, n * rise), (w, 2, 0), (w, 0, 0)])
    if p.chance(0.4):
        p.attribute("with a handrail")
        for x in p.choice((w,), (-w,), (-w, w)):
            p.line((x, run / 2, rise + 0.5), (x, 2 - run / 2, n * rise + 0.5))
            for k in range(n) if p.detail else (0, n - 1):
                p.line((x, (k + 0.5) * run, (k + 1) * rise), (x, (k + 0.5) * run, (k + 1) * rise + 0.5))


def door(p: Pen) -> None:
    w, h, t = p.uniform(0.38, 0.5), p.uniform(1.7, 2.0), p.uniform(0.04, 0.1)
    p.attribute("tall")
    arched = p.chance(0.15) and not p.angular
    top = h * 0.8 if arched else h
    f = p.uniform(0.06, 0.1)
    if arched:
        p.attribute("with an arched top")
        for a in (w, w + f):
            p.polyline([(-a, 0, top), (-a, 0, 0), (a, 0, 0), (a, 0, top)])
            p.arc((0, 0, top), a, 0, 180, axis="y")
    else:
        if p.chance(0.7):
            p.attribute("with a frame")
            p.polyline([(-w - f, 0, 0), (-w - f, 0, h + f), (w + f, 0, h + f), (w + f, 0, 0)])
            if p.detail and p.chance(0.4):
                p.polyline([(-w - f, t * 2, 0), (-w - f, t * 2, h + f), (w + f, t * 2, h + f), (w + f, t * 2, 0)])
        if p.chance(0.45):
            p.box((-w, -t, 0), (w, t, h))
        else:
            p.rect((0, 0, h / 2), 2 * w, h)
    y = -t - 0.01
    n = p.choice(0, 1, 2, 2, 4, 6)
    if n:
        p.attribute(f"with {('one', 'two', '', 'four', '', 'six')[n - 1]} panel{'s' if n > 1 else ''}")
    columns, rows = (1, n) if n < 4 else (2, n // 2)
    for z in spaced(-top / rows * 0.35, top * (1 + 0.35 / rows), rows) if n else ():
        for x in spaced(-w * 1.3, w * 1.3, columns):
            p.rect((x, y, z), w * (1.4 if columns == 1 else 0.65), top / rows * 0.72)
    s = p.choice(-1, 1)
    if p.chance(0.5):
        p.attribute("with a round knob")
        p.ring((s * w * 0.82, y - 0.02, h * 0.47), 0.05, axis="y")
    else:
        p.attribute("with a handle")
        p.lines(((s * w * 0.86, y, h * 0.47), (s * w * 0.86, y - 0.06, h * 0.47)),
                ((s * w * 0.86, y - 0.06, h * 0.47), (s * w * 0.6, y - 0.06, h * 0.47)))


def curtain(p: Pen) -> None:
    w, h = p.uniform(0.6, 0.9), p.uniform(1.3, 1.8)
    p.attribute("with a rod")
    p.line((-w * 1.12, 0, h), (w * 1.12, 0, h))
    if p.chance(0.6):
        for x in (-w * 1.12, w * 1.12):
            p.ring((x, 0, h), 0.05, axis="y" if p.chance() else "x")
    n = p.integer(3, 4) if p.detail == 0 else p.integer(4, 6)
    kind = p.choice("two", "two", "tied", "tied", "one")
    depth = p.uniform(0.03, 0.1)
    if kind == "one":
        p.attribute("closed")
        n += 2
        for k, x in enumerate([-w, *spaced(-w, w, n), w]):
            sway = p.uniform(-0.05, 0.05)
            y = depth * (-1) ** k
            p.curve((x, y, h), (x + sway, y, h * 0.7), (x - sway, y, h * 0.3), (x, y, 0))
        hems = [[(x, depth * (-1) ** k, 0) for k, x in enumerate([-w, *spaced(-w, w, n), w])]]
    else:
        p.attribute("with two halves")
        if kind == "tied":
            p.attribute("tied back")
        inner, gather = w * p.uniform(0.05, 0.35), p.uniform(0.35, 0.5)
        xs = [inner + (w - inner) * k / (n - 1) for k in range(n)]
        spread = p.uniform(0.7, 1.0)
        feet = [w - (w - x) * (0.75 if kind == "tied" else spread) for x in xs]
        for k, (x, foot) in enumerate(zip(xs, feet, strict=False)):
            y = depth * (-1) ** k
            with p.mirror("x"):
                if kind == "tied":
                    tie = w - (w - x) * 0.2
                    p.curve((x, y, h), (x, y, h * 0.75), (tie, y, h * 0.65), (tie, y, h * gather))
                    p.curve((tie, y, h * gather), (tie, y, h * 0.3), (foot, y, h * 0.2), (foot, y, 0))
                else:
                    p.curve((x, y, h), (x, y, h * 0.6), (foot, y, h * 0.4), (foot, y, 0))
        if kind == "tied":
            with p.mirror("x"):
                p.bow((w - (w - inner) * 0.2, -depth, h * gather), (w * 0.9, -depth * 2, h * gather - 0.04),
                      (w * 1.03, 0, h * gather + 0.03))
        hems = [[(s * foot, depth * (-1) ** k, 0) for k, foot in enumerate(feet)] for s in (-1, 1)]
    for hem in hems if p.chance(0.75) else ():
        p.spline(hem) if p.detail or p.chance() else p.line(hem[0], hem[-1])
    if p.chance(0.3):
        p.attribute("with rings")
        for x in spaced(-w * 1.05, w * 1.05, 6):
            p.ring((x, 0, h), 0.04, axis="x")
    elif p.chance(0.25):
        p.attribute("with a window behind")
        p.rect((0, 0.1, h * 0.55), w * 1.4, h * 0.7)
        p.line((0, 0.1, h * 0.2), (0, 0.1, h * 0.9))


def mantel(p: Pen) -> None:
    w, d, h, shelf = p.uniform(0.75, 0.95), p.uniform(0.15, 0.25), p.uniform(0.95, 1.2), p.uniform(0.06, 0.12)
    x, low = w * p.uniform(0.5, 0.65), h * p.uniform(0.6, 0.72)
    p.attribute("with a wide shelf")
    p.box((-w * 1.1, -d * 1.3, h), (w * 1.1, d, h + shelf))
    p.polyline([(-w, -d, h), (-w, -d, 0), (-x, -d, 0)])
    p.polyline([(w, -d, h), (w, -d, 0), (x, -d, 0)])
    if p.detail:
        p.lines(((-w, d, h), (-w, d, 0)), ((w, d, h), (w, d, 0)))
        p.lines(((-w, d, 0), (-w, -d, 0)), ((w, d, 0), (w, -d, 0)))
    if p.chance(0.3) and not p.angular:
        p.attribute("with an arched opening")
        with p.mirror("x"):
            p.line((x, -d, 0), (x, -d, low * 0.6))
        p.arc((0, -d, low * 0.6), x, 0, 180, axis="y", other=low * 0.4)
    else:
        p.polyline([(-x, -d, 0), (-x, -d, low), (x, -d, low), (x, -d, 0)])
        if p.chance(0.6):
            p.polyline([(-x * 0.85, d, 0), (-x * 0.85, d, low * 0.92), (x * 0.85, d, low * 0.92), (x * 0.85, d, 0)])
            p.lines(((-x, -d, low), (-x * 0.85, d, low * 0.92)), ((x, -d, low), (x * 0.85, d, low * 0.92)))
    if p.chance(0.5):
        p.attribute("with a fire")
        for v in (-0.15, 0, 0.15)[:p.choice(1, 3)]:
            p.curve((v - 0.08, 0, 0.05), (v - 0.15, 0, 0.2), (v + 0.02, 0, 0.25), (v, 0, p.uniform(0.3, 0.45)))
            p.curve((v + 0.08, 0, 0.05), (v + 0.15, 0, 0.2), (v + 0.0, 0, 0.22), (v, 0, 0.38))
        p.lines(((-0.25, 0, 0.04), (0.25, 0, 0.08)), ((-0.22, 0, 0.09), (0.25, 0, 0.03)))
    if p.chance(0.35):
        p.attribute("with pillars")
        with p.mirror("x"):
            p.lines(((x + (w - x) * 0.3, -d - 0.01, 0), (x + (w - x) * 0.3, -d - 0.01, h)),
                    ((x + (w - x) * 0.7, -d - 0.01, 0), (x + (w - x) * 0.7, -d - 0.01, h)))
    if p.chance(0.3):
        p.attribute("with a picture above")
        p.rect((0, d, h + 0.5), w * 0.8, 0.5)
    if p.chance(0.25):
        p.slab((-w * 1.1, -d * 2.5, -0.05), (w * 1.1, -d, 0))


DRAWERS = {
    "stairs": stairs, "door": door, "curtain": curtain, "mantel": mantel,
}
