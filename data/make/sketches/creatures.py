"""Creatures, heads towards +x: fish, bird, cat, dog, butterfly, snail (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import dot, heading
from data.make.sketches.primitives import Pen, spaced


def fish(p: Pen) -> None:
    h, w, stem = p.uniform(0.28, 0.5), p.uniform(0.12, 0.24), -p.uniform(0.5, 0.65)
    with heading(p):
        for sign in (1, -1):
            p.curve((0.9, 0, 0), (0.45, 0, sign * h * 1.25), (-0.2, 0, sign * h * 1.15), (stem, 0, sign * 0.06))
        if p.detail or p.chance(0.5):
            with p.mirror("y"):
                p.curve((0.9, 0, 0), (0.45, w * 1.25, 0), (-0.2, w * 1.15, 0), (stem, 0.01, 0))
        if p.detail and p.chance(0.4):
            p.ring((0.2, 0, 0), w * 0.9, h * 0.93, axis="x")
        # Tail
        t, x = p.uniform(0.25, 0.42), stem - p.uniform(0.3, 0.45)
        notch = (x + p.uniform(0.02, 0.22), 0, 0)
        if p.chance(0.5):
            p.polyline([(stem, 0, 0.06), (x, 0, t), notch, (x, 0, -t), (stem, 0, -0.06)])
        else:
            p.bow((stem, 0, 0.06), ((stem + x) / 2, 0, t * 0.7), (x, 0, t))
            p.bow((stem, 0, -0.06), ((stem + x) / 2, 0, -t * 0.7), (x, 0, -t))
            p.bow((x, 0, t), notch, (x, 0, -t))
        if p.chance(0.9):
            p.attribute("with a top fin")
            peak = h + p.uniform(0.12, 0.35)
            start, end = (0.35, 0, h * 0.8), (-0.3, 0, h * 0.6)
            if p.chance():
                p.polyline([start, (p.uniform(-0.2, 0.1), 0, peak), end])
            else:
                p.bow(start, (0, 0, peak), end)
        if p.chance(0.5):
            p.polyline([(0.1, 0, -h * 0.85), (-0.1, 0, -h - 0.15), (-0.2, 0, -h * 0.75)])
        if p.chance(0.7):
            p.attribute("with side fins")
            with p.mirror("y"):
                a, tip = (0.25, w * 0.85, -0.05), (-0.1, w + p.uniform(0.08, 0.2), -p.uniform(0.1, 0.25))
                p.bow(a, (0.1, w + 0.1, 0.0), tip)
                p.line(tip, (0.2, w * 0.85, -0.12))
        for side in (-1, 1):
            dot(p, (0.62, side * w * 0.55, h * 0.25), 0.06)
        if p.chance(0.55):
            p.bow((0.42, -w * 0.7, h * 0.55), (0.33, -w * 0.9, 0), (0.42, -w * 0.7, -h * 0.5))
        if p.chance(0.4):
            p.line((0.9, 0, 0), (0.76, -w * 0.3, -0.05))
        if p.detail and p.chance(0.35):
            p.attribute("with scales")
            for x in spaced(-0.45, 0.3, p.integer(2, 4)):
                for z in (-0.1, 0.1):
                    p.bow((x, -w * 0.85, z + 0.07), (x - 0.08, -w * 0.9, z), (x, -w * 0.85, z - 0.07))
        if p.chance(0.12):
            p.attribute("with bubbles")
            dot(p, (1.0, 0, 0.25), 0.05)
            dot(p, (1.05, 0, 0.42), 0.07)
        p.attribute("slim" if h < 0.35 else "round")


def bird(p: Pen) -> None:
    flying = p.chance(0.4)
    h, w = p.uniform(0.22, 0.34), p.uniform(0.18, 0.28)
    rise = p.uniform(0.1, 0.3) if flying else p.uniform(0.28, 0.45)
    hx, r = p.uniform(0.52, 0.66), p.uniform(0.16, 0.22)
    with heading(p):
        # Body, breast to tail
        if p.chance(0.6):
            p.curve((hx, 0, rise - r * 0.7), (0.55, 0, -h * 0.8), (0.1, 0, -h * 1.3), (-0.6, 0, 0))
            p.curve((hx - r * 0.7, 0, rise + r * 0.6), (0.3, 0, h * 0.9), (-0.1, 0, h), (-0.6, 0, 0.05))
            if p.detail:
                p.ring((0.1, 0, -0.05), w, h * 0.85, axis="x")
        else:
            p.ring((0, 0, 0), 0.55, h, axis="y")
            p.ring((0, 0, 0), 0.55, w)
            if p.chance(0.8):
                p.lines(((hx - r * 0.8, 0, rise + r * 0.3), (0.25, 0, h * 0.85)), ((hx, 0, rise - r), (0.5, 0, 0.05)))
            if p.detail == 2:
                p.ring((0, 0, 0), w, h, axis="x")
        p.ring((hx, 0, rise), r, axis="y")
        if p.detail or p.chance(0.3):
            p.ring((hx, 0, rise), r)
        beak = p.uniform(0.18, 0.35)
        tip, z = (hx + r + beak, 0, rise - p.uniform(0, 0.08)), rise
        p.lines(((hx + r * 0.93, 0, z + 0.06), tip), ((hx + r * 0.95, 0, z - 0.07), tip))
        for side in (-1, 1):
            dot(p, (hx + 0.05, side * r * 0.85, rise + 0.05), 0.035)
        # Tail
        end, spread = -0.6 - p.uniform(0.25, 0.45), p.uniform(0.08, 0.2)
        p.polyline([(-0.55, 0, 0.04), (end, -spread, 0.1), (end, spread, 0.1), (-0.55, 0, 0.0)])
        if flying:
            p.attribute("with spread wings")
            span, up, sweep = p.uniform(0.8, 1.1), p.uniform(0.1, 0.6), p.uniform(-0.3, 0.1)
            with p.mirror("y"):
                p.bow((0.3, w * 0.7, h * 0.5), (0.35, span * 0.5, up * 0.9), (sweep, span, up))
                if p.detail and p.chance():
                    p.polyline([(sweep, span, up), (sweep - 0.15, span * 0.75, up * 0.7), (-0.1, span * 0.68, up * 0.7),
                                (-0.3, span * 0.45, up * 0.45), (-0.2, w * 0.7, h * 0.4)])
                else:
                    p.bow((sweep, span, up), (-0.25, span * 0.5, up * 0.55), (-0.25, w * 0.7, h * 0.4))
        else:
            p.attribute("with folded wings")
            with p.mirror("y"):
                p.bow((0.3, w, 0.1), (-0.1, w * 1.1, h * 0.65), (-0.6, w * 0.4, 0.1))
                p.bow((0.3, w, 0.1), (0.0, w * 1.2, -h * 0.5), (-0.6, w * 0.4, 0.1))
            long = p.uniform(0.25, 0.7)
            p.attribute("with long legs" if long > 0.5 else "with short legs")
            for y in (-0.1, 0.1):
                foot = -h - long
                p.line((0, y, -h * 0.9), (0.03, y, foot))
                p.line((-0.08, y, foot), (0.16, y, foot))
                if p.detail:
                    p.lines(((0.03, y, foot), (0.14, y - 0.08, foot)), ((0.03, y, foot), (0.14, y + 0.08, foot)))
            if p.chance(0.2):
                p.attribute("with a branch")
                p.line((0.02, -0.7, -h - long), (0.02, 0.7, -h - long))


def _face(p: Pen, x: float, z: float, r: float, *, gap: float) -> None:
    """Eyes on the front (towards +x) of a head at x."""
    for y in (-gap, gap):
        dot(p, (x, y, z + r * 0.2), r * 0.14, axis="x")


def _legs(p: Pen, x0: float, x1: float, w: float, top: float, r: float) -> None:
    for x in (x0, x1):
        for y in (-w, w):
            if p.bars == "line" or p.detail == 0:
                p.line((x, y, top), (x, y, 0))
                if p.detail:
                    p.line((x, y, 0), (x + 0.1, y, 0))
            else:
                p.lines(((x - r, y, top), (x - r, y, 0)), ((x + r, y, top), (x + r, y, 0)))
                p.bow((x - r, y, 0), (x + r * 0.5, y, -0.01), (x + r * 1.6, y, 0))


def _body(p: Pen, x0: float, x1: float, z: float, h: float, w: float) -> None:
    """A four-legged animal's trunk along x: back, belly, flanks, rings; or an ellipsoid."""
    m, half = (x0 + x1) / 2, (x1 - x0) / 2
    if p.chance(0.35):
        p.ring((m, 0, z), half * 1.1, h, axis="y")
        p.ring((m, 0, z), half * 1.1, w)
    else:
        p.bow((x0, 0, z + h * 0.8), (m, 0, z + h * p.uniform(0.7, 1.1)), (x1, 0, z + h))
        p.bow((x0, 0, z - h * 0.5), (m, 0, z - h * p.uniform(0.6, 1.0)), (x1, 0, z - h))
        for x, k in ((x1, 1), (x0, 0.75))[:2 if p.detail else p.choice(0, 1)]:
            p.ring((x, 0, z), w * k, h * k, axis="x")
        p.bow((x1, 0, z + h), (x1 + h * 0.4, 0, z), (x1, 0, z - h))
        p.bow((x0, 0, z + h * 0.8), (x0 - h * 0.4, 0, z), (x0, 0, z - h * 0.5))


def _cat_head(p: Pen, x: float, z: float, r: float) -> None:
    p.ring((x, 0, z), r, r * 0.92, axis="x")
    if p.detail or p.chance(0.6):
        p.ring((x, 0, z), r * 0.85, r * 0.9, axis="y")
    tall = r * p.uniform(0.65, 1.0)
    p.attribute("with pointed ears")
    with p.mirror("y"):
        p.polyline([(x, r * 0.3, z + r * 0.87), (x, r * 0.75, z + r * 0.7 + tall), (x, r * 0.92, z + r * 0.4)])
    front = x + r * 0.85
    _face(p, front, z, r, gap=r * 0.38)
    if p.detail or p.chance(0.3):
        p.polyline([(front, -r * 0.12, z - r * 0.08), (front, r * 0.12, z - r * 0.08), (front + 0.03, 0, z - r * 0.22)],
                   closed=True)
    else:
        dot(p, (front, 0, z - r * 0.12), r * 0.08, axis="x")
    if p.chance(0.75):
        p.attribute("with whiskers")
        with p.mirror("y"):
            for dz in (0.03, -0.1, 0.14)[:p.choice(2, 3) if p.detail else p.choice(1, 2, 2)]:
                p.line((front, r * 0.2, z - r * 0.25), (front + 0.05, r * 1.2, z - r * 0.25 + dz))
    if p.chance(0.4):
        with p.mirror("y"):
            p.bow((front, 0, z - r * 0.25), (front, r * 0.15, z - r * 0.45), (front, r * 0.32, z - r * 0.3))


def cat(p: Pen) -> None:
    with heading(p):
        if p.chance(0.45):
            p.attribute("sitting")
            h, r = p.uniform(0.85, 1.1), p.uniform(0.27, 0.34)
            w = p.uniform(0.3, 0.38)
            # Back, breast and flanks from the haunches to the neck
            p.curve((-0.4, 0, 0), (-0.65, 0, h * 0.5), (-0.1, 0, h * 0.6), (0, 0, h))
            p.curve((0.3, 0, 0.05), (0.3, 0, h * 0.4), (0.25, 0, h * 0.7), (0.2, 0, h))
            with p.mirror("y"):
                p.curve((0, w, 0), (-0.1, w * 1.15, h * 0.5), (0.05, w * 0.5, h * 0.8), (0.1, r * 0.5, h))
                if p.detail or p.chance(0.5):
                    p.line((0.3, w * 0.35, h * 0.5), (0.33, w * 0.35, 0))
                if p.detail:
                    p.bow((-0.15, w, 0), (-0.1, w, h * 0.4), (0.25, w, 0))
            p.ring((-0.03, 0, 0), 0.38, w)
            _cat_head(p, 0.12, h + r * 0.8, r)
            side = p.choice(-1, 1)
            p.curve((-0.38, 0, 0.05), (-0.8, 0, 0.0), (-0.5, side * 0.75, 0), (0.15, side * 0.5, 0.05))
        else:
            p.attribute("standing")
            z, h, w = p.uniform(0.5, 0.62), p.uniform(0.17, 0.23), p.uniform(0.14, 0.2)
            _body(p, -0.5, 0.4, z, h, w)
            _legs(p, -0.45, 0.35, w * 0.75, z - h * 0.5, 0.05)
            r = p.uniform(0.2, 0.27)
            hx, hz = p.uniform(0.5, 0.6), z + h + r * p.uniform(0.1, 0.45)
            _cat_head(p, hx, hz, r)
            if p.chance(0.6):
                p.lines(((0.25, 0, z + h), (hx - r * 0.6, 0, hz + r * 0.4)), ((0.45, 0, z), (hx, 0, hz - r * 0.9)))
            p.attribute("with a long tail")
            up = p.uniform(0.3, 0.7)
            p.curve((-0.55, 0, z + h * 0.5), (-1.0, 0, z + 0.05), (-0.75, 0, z + up), (-1.0, 0, z + h + up))
            if p.detail == 2:
                p.curve((-0.55, 0, z + h * 0.3), (-1.08, 0, z), (-0.82, 0, z + up), (-1.06, 0, z + h + up))


def _dog_head(p: Pen, x: float, z: float, r: float) -> None:
    p.ring((x, 0, z), r, r * 0.9, axis="y")
    if p.detail or p.chance(0.4):
        p.ring((x, 0, z), r * 0.8, r * 0.85, axis="x")
    # Snout: a blunt cone forwards, a nose at its end
    out, s = x + r * p.uniform(1.6, 2.2), r * p.uniform(0.32, 0.45)
    low = z - r * 0.3
    p.lines(((x + r * 0.85, 0, z + r * 0.15), (out, 0, low + s * 0.7)),
            ((x + r * 0.7, 0, z - r * 0.7), (out, 0, low - s)))
    if p.detail or p.chance(0.4):
        p.ring((out, 0, low - s * 0.15), s * 0.75, s * 0.9, axis="x")
    else:
        p.bow((out, 0, low + s * 0.7), (out + s * 0.5, 0, low - s * 0.1), (out, 0, low - s))
    if p.detail:
        with p.mirror("y"):
            p.line((x + r * 0.6, r * 0.45, z - r * 0.2), (out, s * 0.75, low))
    dot(p, (out + 0.02, 0, low + s * 0.6), 0.05)
    if p.chance(0.8):
        p.attribute("with floppy ears")
        with p.mirror("y"):
            y, drop = r * 0.8, r * p.uniform(0.9, 1.5)
            p.curve((x + r * 0.1, y, z + r * 0.75), (x + r * 0.35, y * 1.4, z + r * 0.3),
                    (x + r * 0.2, y * 1.3, z - drop),
                    (x - r * 0.15, y * 1.2, z - drop * 0.8))
            p.curve((x - r * 0.15, y * 1.2, z - drop * 0.8), (x - r * 0.5, y * 1.2, z - drop * 0.5),
                    (x - r * 0.5, y, z + r * 0.4),
                    (x - r * 0.3, y, z + r * 0.7))
    else:
        p.attribute("with upright ears")
        with p.mirror("y"):
            p.polyline([(x + r * 0.1, r * 0.5, z + r * 0.75), (x - r * 0.2, r * 0.7, z + r * 1.5),
                        (x - r * 0.5, r * 0.5, z + r * 0.6)])
    for y in (-1, 1):
        dot(p, (x + r * 0.5, y * r * 0.65, z + r * 0.25), r * 0.13)
    if p.chance(0.25):
        p.attribute("with its tongue out")
        p.bow((out - 0.08, -0.04, low - s), (out - 0.02, 0, low - s - 0.16), (out - 0.02, 0.04, low - s))


def dog(p: Pen) -> None:
    with heading(p):
        r = p.uniform(0.2, 0.26)
        if p.chance(0.25):
            p.attribute("sitting")
            h, w = p.uniform(0.85, 1.05), p.uniform(0.22, 0.3)
            p.curve((-0.5, 0, 0), (-0.6, 0, h * 0.5), (-0.15, 0, h * 0.7), (-0.05, 0, h))
            p.curve((0.25, 0, h * 0.35), (0.32, 0, h * 0.55), (0.25, 0, h * 0.75), (0.18, 0, h))
            with p.mirror("y"):
                p.line((0.22, w * 0.5, h * 0.55), (0.25, w * 0.5, 0))
                p.line((0.1, w * 0.5, h * 0.45), (0.12, w * 0.5, 0))
                p.bow((-0.45, w, 0.02), (-0.2, w, h * 0.45), (0.02, w, 0.02))
                p.line((-0.45, w, 0.02), (0.1, w, 0))
            _dog_head(p, 0.12, h + r * 0.6, r)
            p.bow((-0.5, 0, 0.05), (-0.75, 0, 0.08), (-0.9, 0, 0.3))
            neck = (0.08, 0, h)
        else:
            p.attribute("standing")
            z, h, w = p.uniform(0.5, 0.7), p.uniform(0.19, 0.26), p.uniform(0.15, 0.22)
            _body(p, -0.55, 0.35, z, h, w)
            _legs(p, -0.5, 0.3, w * 0.75, z - h * 0.5, 0.06)
            hx, hz = p.uniform(0.58, 0.68), z + h + p.uniform(0.2, 0.35)
            p.line((0.2, 0, z + h), (hx - r * 0.7, 0, hz + r * 0.4))
            p.line((0.42, 0, z - h * 0.2), (hx, 0, hz - r * 0.8))
            _dog_head(p, hx, hz, r)
            up = p.uniform(0.15, 0.4)
            p.attribute("with a raised tail")
            p.bow((-0.6, 0, z + h * 0.6), (-0.75, 0, z + h * 0.8), (-0.85 - 0.2 * p.rng.random(), 0, z + h + up))
            neck = ((0.3 + hx) / 2, 0, (z + hz) / 2 + 0.05)
        if p.chance(0.3):
            p.attribute("with a collar")
            p.ring(neck, r * 0.65, r * 0.65)


def butterfly(p: Pen) -> None:
    """Wings along x, body along z: the viewer sees it from above, as it is pinned; or it lies flat, flying."""
    up, down = p.uniform(0.7, 0.95), p.uniform(0.4, 0.65)
    wing = p.uniform(0.8, 1.0)
    raised = p.uniform(-0.5, 0.1)
    with p.placed(tilt=p.choice(0, 0, 0, -90, -90, -60, p.uniform(-90, 0)), turn=p.choice(0, 0, p.uniform(-40, 40))):
        with p.mirror():
            if p.chance(0.6):
                p.curve((0.05, 0, 0.2), (0.25, 0, up * 1.1), (wing, raised, up * 1.15), (wing, raised, up * 0.6))
                p.curve((wing, raised, up * 0.6), (wing, raised, 0.1), (0.4, 0, 0.05), (0.05, 0, 0.05))
                p.curve((0.05, 0, 0.0), (0.4, 0, 0.05), (wing * 0.9, raised, -0.1),
                        (wing * 0.7, raised * 0.8, -down * 0.7))
                p.curve((wing * 0.7, raised * 0.8, -down * 0.7), (wing * 0.5, raised * 0.6, -down * 1.2),
                        (0.15, 0, -down),
                        (0.05, 0, -0.2))
            else:
                p.curve((0.05, 0, 0.1), (0.1, 0, up * 1.5), (wing * 1.5, raised, up * 1.2), (0.05, 0, 0.05))
                p.curve((0.05, 0, 0.0), (wing * 1.4, raised, -0.1), (wing * 0.6, raised, -down * 1.7), (0.05, 0, -0.15))
            if p.chance(0.85):
                p.curve((0.02, 0, 0.42), (0.05, -0.03, 0.6), (0.2, -0.05, 0.75), (0.3, -0.05, 0.7))
                if p.detail and p.chance():
                    dot(p, (0.3, -0.05, 0.7), 0.03)
            if p.chance(0.5):
                p.ring((wing * 0.62, raised * 0.6, up * 0.55), p.uniform(0.08, 0.14), axis="y")
                if p.detail:
                    dot(p, (wing * 0.45, raised * 0.4, -down * 0.5), 0.08)
            if p.detail and p.chance(0.4):
                p.line((0.05, 0, 0.12), (wing * 0.8, raised * 0.8, up * 0.75))
                p.line((0.05, 0, -0.05), (wing * 0.5, raised * 0.6, -down * 0.6))
        if p.attributes == []:
            p.attribute("with spread wings")
            p.attribute("with two antennae")
        if p.detail or p.chance():
            p.ring((0, 0, 0), 0.06, p.uniform(0.28, 0.38), axis="y")
        else:
            p.line((0, 0, 0.35), (0, 0, -0.35))
        p.ring((0, 0, 0.4), 0.07, axis="y")


def snail(p: Pen) -> None:
    r, turns = p.uniform(0.42, 0.55), p.uniform(1.75, 2.75)
    cz = r + p.uniform(0.08, 0.15)
    w = p.uniform(0.12, 0.25)
    with heading(p):
        p.attribute("with a spiral shell")
        if p.chance(0.4):
            p.ring((-0.1, 0, cz), r, axis="y")
            turns -= 0.5
        n = round(turns * 4)
        start = p.choice(-90, 0, 180)
        points = []
        for k in range(n + 1):
            a = math.radians(start + 90 * k)
            q = r * (1 - 0.93 * k / n)
            points.append((-0.1 + q * math.cos(a), -w * (0.3 + 0.7 * k / n), cz + q * math.sin(a)))
        p.spline(points)
        if p.detail or p.chance(0.3):
            p.ring((-0.1, 0, cz), w, r, axis="x")
        if p.detail == 2:
            p.ring((-0.1, w * 0.5, cz), r * 0.8, axis="y")
        # Foot from the tail to the raised head
        hx, hz = p.uniform(0.75, 0.95), p.uniform(0.4, 0.65)
        tail = -p.uniform(0.8, 1.0)
        p.line((tail, 0, 0), (0.5, 0, 0))
        p.curve((0.5, 0, 0), (hx, 0, 0), (hx + 0.1, 0, hz * 0.5), (hx, 0, hz))
        p.curve((0.3, 0, 0.22), (0.5, 0, 0.25), (hx - 0.22, 0, hz * 0.6), (hx - 0.18, 0, hz))
        p.bow((hx, 0, hz), (hx - 0.08, 0, hz + 0.09), (hx - 0.18, 0, hz))
        p.bow((tail, 0, 0), (tail * 0.75, 0, 0.07), (-0.45, 0, 0.18))
        if p.detail:
            with p.mirror("y"):
                p.bow((tail, 0, 0), (-0.1, w, 0), (0.6, 0, 0))
        p.attribute("with two feelers")
        for y in (-0.09, 0.09):
            tip = (hx + p.uniform(0, 0.12), y * 1.6, hz + p.uniform(0.22, 0.35))
            p.line((hx - 0.08, y * 0.5, hz + 0.06), tip)
            dot(p, tip, 0.04) if p.chance(0.75) else None


DRAWERS = {"fish": fish, "bird": bird, "cat": cat, "dog": dog, "butterfly": butterfly, "snail": snail}
