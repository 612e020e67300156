"""Things to hold: guitar, umbrella, key, hammer, sword (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import posed
from data.make.sketches.primitives import NUMBERS, Pen, spaced


def guitar(p: Pen) -> None:
    electric = p.chance(0.25)
    p.attribute("electric" if electric else "acoustic")
    low, waist, up = p.uniform(0.36, 0.44), p.uniform(0.22, 0.28), p.uniform(0.28, 0.34)
    d = 0.05 if electric else p.uniform(0.12, 0.22)
    h = p.uniform(0.9, 1.05)
    layers = (0, d) if p.detail or p.chance(0.3) else (0,)
    with posed(p):
        for y in layers:
            if electric:
                p.spline([(0, y, 0), (low, y, 0.12), (low * 0.85, y, 0.42), (waist, y, 0.55), (up, y, 0.75),
                          (up * 0.9, y, h)])
                p.spline([(0, y, 0), (-low, y, 0.12), (-low * 0.85, y, 0.42), (-waist, y, 0.55), (-up, y, 0.8),
                          (-up * 0.7, y, h + 0.08)])
                p.bow((up * 0.9, y, h), (0.1, y, h * 0.75), (0.06, y, h * 0.8))
                p.bow((-up * 0.7, y, h + 0.08), (-0.12, y, h * 0.85), (-0.06, y, h * 0.82))
            else:
                with p.mirror():
                    p.curve((0, y, 0), (low * 0.8, y, 0), (low * 1.3, y, 0.3), (low * 0.85, y, 0.45))
                    if p.chance(0.7) or y:
                        p.curve((low * 0.85, y, 0.45), (waist * 0.8, y, 0.6), (up * 1.1, y, 0.6), (up, y, 0.78))
                    else:
                        p.bow((low * 0.85, y, 0.45), (waist, y, 0.6), (up, y, 0.78))
                    p.curve((up, y, 0.78), (up * 0.9, y, h), (up * 0.5, y, h), (0, y, h))
        if len(layers) == 2:
            p.lines(*(((x, 0, z), (x, d, z)) for x, z in ((low, 0.3), (-low, 0.3), (0, 0))))
        if not electric or p.chance(0.2):
            p.attribute("with a sound hole")
            p.ring((0, 0, 0.62), p.uniform(0.1, 0.14), axis="y")
        n, top = p.uniform(0.045, 0.065), h + p.uniform(0.75, 0.95)
        y = -0.02
        start = h if not electric else h * 0.8
        p.lines(*(((x, y, start), (x * 0.85, y, top)) for x in (-n, n)))
        if p.detail == 2:
            p.lines(*(((-n, y, z), (n, y, z)) for z in spaced(h, top, p.integer(4, 7))))
        w = p.uniform(0.07, 0.1)
        head = top + p.uniform(0.22, 0.3)
        p.polyline([(-n, y, top), (-w, y, top + 0.05), (-w * 0.9, y, head), (w * 0.9, y, head), (w, y, top + 0.05),
                    (n, y, top)])
        if p.chance(0.5):
            p.attribute("with tuning pegs")
            for z in (top + 0.1, top + 0.19)[:1 + (p.detail > 0)]:
                p.lines(((-w, y, z), (-w - 0.07, y, z)), ((w, y, z), (w + 0.07, y, z)))
        p.line((-0.13, y, 0.25), (0.13, y, 0.25))
        if p.chance(0.75):
            p.attribute("with strings")
            for x in spaced(-n * 1.1, n * 1.1, p.integer(1, 3) if p.detail < 2 else p.integer(4, 6)):
                p.line((x, y - 0.01, 0.25), (x, y - 0.01, top))


def umbrella(p: Pen) -> None:
    if p.chance(0.15):
        p.attribute("closed")
        with posed(p):
            r = p.uniform(0.12, 0.2)
            p.ring((0, 0, 0), r)
            with p.around(p.choice(2, 4)):
                p.bow((r, 0, 0), (r * 0.7, 0, 0.7), (0, 0, 1.3))
            p.line((0, 0, 1.3), (0, 0, 1.45))
            p.line((0, 0, 0), (0, 0, -0.4))
            p.arc((-0.1, 0, -0.4), 0.1, 0, -180, axis="y")
        return
    p.attribute("open")
    r, dome = p.uniform(0.8, 1.0), p.uniform(0.35, 0.75)
    beach = p.chance(0.15)
    length = p.uniform(1.0, 1.4) + 0.4 * beach
    n = p.choice(4, 6, 8) if p.detail == 0 else p.choice(6, 8, 8)
    with p.placed(tilt=p.choice(0, 0, 0, p.uniform(-25, 25)), turn=p.choice(0, 90)):
        kind = p.choice("scallop", "scallop", "ring")
        if kind == "ring":
            p.ring((0, 0, 0), r)
        else:
            p.attribute("with a scalloped edge")
            sag = p.uniform(-0.02, 0.1)
            a, m = 2 * math.pi / n, math.pi / n
            with p.around(n):
                p.bow((r, 0, 0), (r * 0.9 * math.cos(m), r * 0.9 * math.sin(m), sag),
                      (r * math.cos(a), r * math.sin(a), 0))
        straight = p.chance(0.12)
        with p.around(n if kind == "scallop" or p.chance() else 4):
            if straight:
                p.line((0, 0, dome), (r, 0, 0))
            else:
                p.curve((0, 0, dome), (r * 0.55, 0, dome), (r * 0.95, 0, dome * 0.55), (r, 0, 0))
        if p.chance(0.7):
            p.line((0, 0, dome), (0, 0, dome + p.uniform(0.06, 0.16)))
        p.line((0, 0, dome), (0, 0, -length))
        if beach:
            p.attribute("with a stand")
            p.ring((0, 0, -length), 0.2)
        else:
            p.attribute("with a curved handle")
            q, side = p.uniform(0.1, 0.17), p.choice(-1, 1)
            if p.chance(0.6):
                p.arc((side * q, 0, -length), q, 180 if side > 0 else 0, 360 if side > 0 else -180, axis="y")
            else:
                p.curve((0, 0, -length), (0, 0, -length - q * 1.6), (side * q * 2, 0, -length - q * 1.6),
                        (side * q * 2, 0, -length + 0.04))
        if p.detail == 2 and p.chance():
            p.attribute("with struts")
            with p.around(4):
                p.line((0, 0, -0.25), (r * 0.55, 0, dome * 0.6))


def key(p: Pen) -> None:
    """Upright in the xz plane, its bow above, teeth below on one side; two layers when it has thickness."""
    r, long = p.uniform(0.22, 0.36), p.uniform(0.9, 1.3)
    bow = p.choice("round", "round", "round", "oval", "trefoil", "diamond", "square")
    kind = p.choice("old", "old", "modern")
    p.attribute("old" if kind == "old" else "modern")
    p.attribute({"round": "with a round bow", "oval": "with an oval bow", "trefoil": "with a clover bow",
                 "diamond": "with a diamond bow", "square": "with a square bow"}[bow])
    half = 0.0 if kind == "old" and p.chance(0.4) else p.uniform(0.035, 0.07) * (1.6 if kind == "modern" else 1)
    layers = (0, 0.08) if p.detail and p.chance(0.45) else (0,)
    side = p.choice(-1, 1)
    teeth = p.integer(2, 3) if kind == "old" else p.integer(3, 5)
    p.attribute(f"with {NUMBERS[teeth]} teeth")
    hole, thick = p.uniform(0.55, 0.75), p.chance(0.65)
    deep, low = p.uniform(0.15, 0.24), -long
    with posed(p):
        for y in layers:
            c = (0, y, r)
            if bow == "trefoil":
                for x, z in ((0, r * 1.35), (-r * 0.75, r * 0.55), (r * 0.75, r * 0.55)):
                    p.ring((x, y, z), r * 0.55, axis="y")
            elif bow in ("diamond", "square"):
                k = r * (0.75 if bow == "square" else 1.05)
                ring = ((-k, -k), (k, -k), (k, k), (-k, k)) if bow == "square" else ((0, -k), (k, 0), (0, k), (-k, 0))
                for size in (1, hole)[:1 + thick]:
                    p.polyline([(size * a, y, r + size * b) for a, b in ring], closed=True)
            else:
                q = r * (1.3 if bow == "oval" else 1)
                p.ring(c, q, r, axis="y")
                if thick or kind == "modern":
                    small = hole if kind == "old" else 0.3
                    p.ring((0, y, r if kind == "old" else r * 1.4), q * small, r * small, axis="y")
            if half:
                p.lines(*(((x, y, 0.02), (x, y, low)) for x in (-half, half)))
                p.line((-half, y, low), (half, y, low))
            else:
                p.line((0, y, 0), (0, y, low))
            x = side * half
            if kind == "old":
                step = p.uniform(0.1, 0.15)
                for k in range(teeth):
                    z = low + 0.04 + k * step * 1.4
                    if half or p.chance(0.4):
                        p.polyline([(x, y, z), (x + side * deep, y, z), (x + side * deep, y, z + step * 0.7),
                                    (x, y, z + step * 0.7)])
                    else:
                        p.line((x, y, z), (x + side * deep, y, z))
            else:
                z, points = low, [(x, y, low)]
                for _ in range(teeth):
                    points += [(x + side * deep * p.uniform(0.4, 0.7), y, z + 0.07), (x + side * 0.01, y, z + 0.15)]
                    z += 0.15
                p.polyline(points)
        if kind == "old" and p.chance(0.5):
            p.ring((0, 0, -0.08), max(half * 1.8, 0.07), 0.04, axis="y")
        if len(layers) == 2:
            p.lines(*(((x, 0, z), (x, 0.08, z)) for x, z in ((half, low), (-half, low), (0, 2 * r))))


def hammer(p: Pen) -> None:
    h, w = p.uniform(1.2, 1.6), p.uniform(0.04, 0.08)
    kind = p.choice("claw", "claw", "claw", "mallet", "sledge", "sledge")
    with posed(p):
        grip = p.choice("lines", "cylinder", "box") if p.detail else "lines"
        if grip == "lines":
            swell = w * p.uniform(1.0, 1.4)
            p.lines(*(((x * swell, 0, 0), (x * w, 0, h)) for x in (-1, 1)))
            p.line((-swell, 0, 0), (swell, 0, 0))
        elif grip == "cylinder":
            p.cylinder((0, 0, 0), w * 1.1, h, top=w * 0.9)
        else:
            p.box((-w, -w * 0.7, 0), (w, w * 0.7, h))
        if p.detail and p.chance(0.4):
            p.attribute("with a grip")
            p.ring((0, 0, h * 0.4), w * 1.15)
        t = p.uniform(0.11, 0.15)
        side = p.choice(1, 1, -1)
        with p.placed((0, 0, h), turn=0 if side == 1 else 180):
            if kind == "claw":
                p.attribute("with a claw")
                out = p.uniform(0.32, 0.42)
                if p.chance(0.6):
                    p.cylinder((0.12, 0, t * 0.9), t * 0.75, out - 0.12, axis="x")
                    p.ring((out, 0, t * 0.9), t * 1.05, axis="x")
                    p.box((-0.12, -t * 0.7, 0), (0.12, t * 0.7, t * 1.8))
                else:
                    p.box((-0.12, -t * 0.8, 0), (out, t * 0.8, t * 1.8))
                tip, drop = -p.uniform(0.42, 0.55), p.uniform(0.05, 0.22)
                for y in (-t * 0.5, t * 0.5) if p.detail or p.chance() else (0,):
                    p.bow((-0.12, y, t * 1.8), (tip * 0.65, y * 1.1, t * 1.7), (tip, y * 1.3, -drop))
                    p.bow((-0.12, y, t * 0.4), (tip * 0.6, y * 1.1, t * 0.7), (tip, y * 1.3, -drop))
            elif kind == "mallet":
                p.attribute("with a round head")
                p.cylinder((-0.38, 0, t), p.uniform(0.16, 0.24), 0.76, axis="x")
            else:
                p.attribute("with a heavy head")
                out = p.uniform(0.28, 0.4)
                p.box((-out, -t, 0), (out, t, t * 2))
                if p.chance(0.35):
                    p.line((-out, -t, t * 2), (-out - 0.12, 0, t))
    p.attribute("with a long handle" if h > 1.4 else "with a short handle")


def sword(p: Pen) -> None:
    """Upright, point above, grip below z = 0."""
    long, w = p.uniform(1.3, 1.7), p.uniform(0.07, 0.13)
    kind = p.choice("straight", "straight", "straight", "curved", "rapier")
    p.attribute({"straight": "with a straight blade", "curved": "with a curved blade",
                 "rapier": "with a thin blade"}[kind])
    grip = p.uniform(0.32, 0.45)
    with posed(p):
        if kind == "curved":
            bend, tip = p.uniform(0.2, 0.45), (p.uniform(0.2, 0.4), 0, long)
            p.bow((-w, 0, 0), (-w - bend * 0.2, 0, long * 0.55), tip)
            p.bow((w, 0, 0), (w - bend * 0.1, 0, long * 0.5), tip)
        else:
            w *= 0.45 if kind == "rapier" else 1
            point = long - p.uniform(0.15, 0.35)
            top = w * p.uniform(0.75, 1.0)
            with p.mirror():
                p.line((w, 0, 0), (top, 0, point))
                p.line((top, 0, point), (0, 0, long))
            if p.chance(0.6):
                p.attribute("with a groove")
                p.line((0, -0.03, 0), (0, -0.03, point if p.chance() else long))
            if p.detail and p.chance(0.35):
                p.lines(((0, 0.04, 0), (0, 0.04, point)), ((-w, 0, 0), (0, 0.04, 0)), ((w, 0, 0), (0, 0.04, 0)))
        guard = p.uniform(0.25, 0.42)
        shape = p.choice("line", "box", "curved", "box")
        if shape == "line":
            p.lines(((-guard, 0, 0), (guard, 0, 0)), ((-guard, 0, -0.07), (guard, 0, -0.07)))
            p.lines(*(((x, 0, 0), (x, 0, -0.07)) for x in (-guard, guard)))
        elif shape == "box":
            p.box((-guard, -0.06, -0.08), (guard, 0.06, 0))
        else:
            for z in (0, -0.08):
                p.bow((-guard, 0, z + 0.1), (0, 0, z - 0.02), (guard, 0, z + 0.1))
        low = -0.08 - grip
        if p.detail and p.chance(0.4):
            p.cylinder((0, 0, low), 0.045, grip)
        else:
            p.lines(*(((x, 0, -0.08), (x, 0, low)) for x in (-0.045, 0.045)))
        if p.detail and p.chance(0.4):
            p.attribute("with a wrapped grip")
            for z in spaced(low, -0.08, p.integer(2, 4)):
                p.line((-0.045, 0, z - 0.03), (0.045, 0, z + 0.03))
        if p.chance(0.85):
            p.attribute("with a round pommel")
            p.ring((0, 0, low - 0.065), 0.07, axis="y")
        else:
            p.line((-0.06, 0, low), (0.06, 0, low))
        if kind == "rapier" and p.chance(0.6):
            p.bow((guard * 0.7, 0, -0.04), (guard * 0.9, 0, low * 0.5), (0.03, 0, low))


DRAWERS = {"guitar": guitar, "umbrella": umbrella, "key": key, "hammer": hammer, "sword": sword}
