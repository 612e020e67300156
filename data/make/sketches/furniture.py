"""Sketches of seats, tables and beds (fronts face -y, sizes near metres)."""

from __future__ import annotations

from math import cos, radians, sin

from data.make.sketches.primitives import Pen, spaced


def chair(p: Pen) -> None:
    w, d, h = p.uniform(0.2, 0.28), p.uniform(0.2, 0.27), p.uniform(0.4, 0.55)
    back = h + p.uniform(0.35, 0.75)
    lean = p.uniform(0, 0.12)
    kind = p.choice("plain", "plain", "plain", "arm", "office", "round")
    if kind == "round":
        p.attribute("with a round seat")
        p.ring((0, 0, h), w, d)
    else:
        p.slab((-w, -d, h - 0.05), (w, d, h))
    if kind == "office":
        p.attribute("with wheels")
        p.line((0, 0, h), (0, 0, 0.1))
        with p.around(p.integer(3, 5), start_deg=18):
            p.line((0, 0, 0.1), (0.28, 0, 0.03))
            if p.detail:
                p.ring((0.28, 0, 0.03), 0.03, axis="y")
    else:
        p.count(4, "leg")
        s = 0.7 if kind == "round" else 1
        splay = p.choice(0, 0, 0.05)
        for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            p.bar((x * w * s, y * d * s, h), (x * (w * s + splay), y * (d * s + splay), 0), 0.05)
        if p.chance(0.25):
            with p.mirror("x"):
                p.line((w * s, -d * s, h * 0.4), (w * s, d * s, h * 0.4))
    if back > h + 0.6:
        p.attribute("with a tall back")
    top = d + lean
    if p.chance(0.3) and not p.angular:
        p.attribute("with a rounded back")
        p.curve((-w, d, h), (-w * 1.1, top, back * 1.1), (w * 1.1, top, back * 1.1), (w, d, h))
    else:
        with p.mirror("x"):
            p.bar((w, d, h), (w, top, back), 0.05)
        p.line((-w, top, back), (w, top, back))
        fill = p.choice("slats", "rails", "panel", "open")
        n = p.integer(1, 4)
        if fill == "slats":
            p.attribute("with slats in the back")
            for x in spaced(-w, w, n + 1):
                p.line((x, d, h), (x, top, back))
        elif fill == "rails":
            for k in spaced(0, 1, n):
                y, z = d + lean * k, h + (back - h) * k
                p.line((-w, y, z), (w, y, z))
        elif fill == "panel":
            low = h + 0.15
            p.line((-w, d + lean * 0.3, low), (w, d + lean * 0.3, low))
    if kind == "arm" or (kind == "office" and p.chance(0.4)):
        p.attribute("with armrests")
        z = h + 0.22
        with p.mirror("x"):
            p.polyline([(w, d, z), (w, -d * 0.9, z), (w, -d * 0.9, h)])


def stool(p: Pen) -> None:
    h, r = p.uniform(0.4, 0.85), p.uniform(0.16, 0.24)
    if h > 0.7:
        p.attribute("tall")
    n = p.choice(3, 4, 4, 1)
    if p.chance(0.7):
        p.attribute("round")
        p.ring((0, 0, h), r)
        if p.detail:
            p.ring((0, 0, h - 0.06), r)
            if p.chance():
                with p.mirror("x"):
                    p.line((r, 0, h), (r, 0, h - 0.06))
    else:
        p.attribute("square")
        p.slab((-r, -r, h - 0.05), (r, r, h))
    if n == 1:
        p.attribute("with one central leg")
        p.bar((0, 0, h - 0.05), (0, 0, 0.02), 0.06)
        p.ring((0, 0, 0), r * 0.85)
        if p.chance(0.4):
            p.ring((0, 0, h * 0.4), r * 0.7)
        return
    p.count(n, "leg")
    splay = r * p.uniform(0.9, 1.35)
    with p.around(n, start_deg=45):
        p.bar((r * 0.85, 0, h - 0.04), (splay, 0, 0), 0.04)
    if p.chance(0.5):
        foot = (r * 0.85 + splay) / 2 + 0.01
        if p.chance(0.5):
            p.attribute("with a foot ring")
            p.ring((0, 0, h * 0.4), foot)
        else:
            with p.around(n, start_deg=45):
                p.line((foot, 0, h * 0.42), _turned(foot, h * 0.42, 360 / n))


def _turned(r: float, z: float, degrees: float) -> tuple[float, float, float]:
    return (r * cos(radians(degrees)), r * sin(radians(degrees)), z)


def table(p: Pen) -> None:
    w, d, h = p.uniform(0.45, 0.9), p.uniform(0.3, 0.5), p.uniform(0.45, 0.75)
    if h < 0.52:
        p.attribute("low")
    if p.chance(0.35):
        p.attribute("round")
        d = w = p.uniform(0.4, 0.6)
        p.ring((0, 0, h), w)
        if p.detail and p.chance(0.6):
            p.ring((0, 0, h - 0.05), w)
        if p.chance(0.45):
            p.attribute("with one central leg")
            p.bar((0, 0, h), (0, 0, 0.05), 0.1)
            if p.chance(0.5):
                p.ring((0, 0, 0), w * 0.5)
            else:
                with p.around(p.integer(3, 4)):
                    p.bow((0, 0, 0.15), (w * 0.3, 0, 0.1), (w * 0.55, 0, 0))
            return
        p.count(4 if p.chance(0.7) else 3, "leg")
        with p.around(3 if "with three legs" in p.attributes else 4, start_deg=45):
            p.bar((w * 0.7, 0, h), (w * 0.75, 0, 0), 0.06)
        return
    p.attribute("square" if w / d < 1.15 else "rectangular")
    p.slab((-w, -d, h - 0.05), (w, d, h))
    x, y = w * p.uniform(0.82, 1), d * p.uniform(0.8, 1)
    if p.chance(0.15):
        p.attribute("with crossed legs")
        with p.mirror("x"):
            p.lines(((x, -y, h), (x, y, 0)), ((x, y, h), (x, -y, 0)))
        p.line((-x, 0, h / 2), (x, 0, h / 2))
        return
    p.count(4, "leg")
    for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        p.bar((sx * x, sy * y, h), (sx * x, sy * y, 0), 0.07)
    if p.chance(0.25):
        z = h * 0.25
        p.attribute("with a lower shelf")
        p.rect((0, 0, z), 2 * x, 2 * y, axis="z")
    elif p.detail == 2 or p.chance(0.2):
        p.rect((0, 0, h - 0.13), 2 * x, 2 * y, axis="z")


def bench(p: Pen) -> None:
    w, d, h = p.uniform(0.7, 1.1), p.uniform(0.18, 0.26), p.uniform(0.4, 0.48)
    for y in spaced(-d, d, p.integer(0, 3)) if p.detail else ():
        p.line((-w, y, h), (w, y, h))
    p.slab((-w, -d, h - 0.04), (w, d, h))
    x = w * p.uniform(0.8, 0.97)
    if p.chance(0.2):
        with p.mirror("x"):
            p.rect((x, 0, h / 2), 2 * d * 0.8, h, axis="x")
    else:
        p.count(4, "leg")
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            p.bar((sx * x, sy * d * 0.9, h), (sx * x, sy * d * 0.9, 0), 0.06)
    if not p.chance(0.65):
        return p.attribute("with no back")
    p.attribute("with a back")
    top, y = h + p.uniform(0.3, 0.45), d + p.uniform(0.02, 0.12)
    with p.mirror("x"):
        p.bar((x, d, h), (x, y, top), 0.05)
        if p.chance(0.4):
            p.polyline([(x, d, h + 0.2), (x, -d, h + 0.2), (x, -d, h)])
    n = p.integer(1, 3)
    p.count(n, "back slat")
    for k in range(n):
        z = top - (top - h) * k / (n + 0.5)
        yy = d + (y - d) * (z - h) / (top - h)
        p.line((-w, yy, z), (w, yy, z))
        if p.detail:
            p.line((-w, yy, z - 0.07), (w, yy, z - 0.07))


def sofa(p: Pen) -> None:
    w, d, seat = p.choice(p.uniform(0.4, 0.55), p.uniform(0.7, 1.1), p.uniform(0.8, 1.2)), 0.42, p.uniform(0.35, 0.45)
    arm, back, t = seat + p.uniform(0.12, 0.25), seat + p.uniform(0.35, 0.55), p.uniform(0.1, 0.2)
    p.box((-w, -d, 0.08), (w, d - t, seat))
    n = 1 if w < 0.56 else p.integer(2, 3)
    p.count(n, "cushion")
    for x in spaced(-w, w, n - 1):
        p.line((x, -d, seat), (x, d - t, seat))
        if p.chance(0.5):
            p.line((x, d - t, seat), (x, d - t, back))
    if p.chance(0.25) and not p.angular:
        p.attribute("with a curved back")
        p.curve((-w, d, seat), (-w, d, back * 1.15), (w, d, back * 1.15), (w, d, seat))
        p.curve((-w, d - t, seat), (-w, d - t, back * 1.15), (w, d - t, back * 1.15), (w, d - t, seat))
    else:
        p.rect((0, d - t, (seat + back) / 2), 2 * w, back - seat)
        p.polyline([(-w, d - t, back), (-w, d, back), (w, d, back), (w, d - t, back)])
        if p.detail:
            p.lines(((-w, d, back), (-w, d, 0.08)), ((w, d, back), (w, d, 0.08)))
    with p.mirror("x"):
        if p.chance(0.35):
            p.attribute("with rounded arms")
            p.ring((w + t / 2, -d, arm - t / 2), t / 2, axis="y")
            p.lines(((w, -d, arm - t / 2), (w, -d, 0.08)), ((w + t, -d, arm - t / 2), (w + t, -d, 0.08)),
                    ((w + t / 2, -d, arm), (w + t / 2, d - t, arm)))
        elif p.detail == 0:
            p.rect((w + t, 0, (arm + 0.08) / 2), 2 * d, arm - 0.08, axis="x")
            p.line((w, -d, arm), (w + t, -d, arm))
        else:
            p.box((w, -d, 0.08), (w + t, d, arm))
        if p.chance(0.5):
            p.attribute("with short legs")
            p.lines(((w, -d, 0.08), (w, -d, -0.02)), ((w, d, 0.08), (w, d, -0.02)))


def bed(p: Pen) -> None:
    w, d, h = p.uniform(0.45, 0.9), p.uniform(0.9, 1.1), p.uniform(0.3, 0.45)
    p.attribute("wide" if w > 0.7 else "narrow")
    floor = 0.15 if p.chance(0.6) else 0.0
    p.box((-w, -d, floor), (w, d, h))
    head = h + p.uniform(0.25, 0.55)
    if p.chance(0.3) and not p.angular:
        p.attribute("with a rounded headboard")
        p.curve((-w, d, h), (-w, d, head * 1.15), (w, d, head * 1.15), (w, d, h))
    else:
        p.polyline([(-w, d, h), (-w, d, head), (w, d, head), (w, d, h)])
        for x in spaced(-w, w, p.choice(0, 0, 2, 4, 6)):
            p.line((x, d, h), (x, d, head))
    if p.chance(0.35):
        p.attribute("with a footboard")
        foot = h + p.uniform(0.1, 0.25)
        p.polyline([(-w, -d, floor), (-w, -d, foot), (w, -d, foot), (w, -d, floor)])
    n = 2 if w > 0.6 else 1
    p.count(n, "pillow")
    for x in ((-w / 2, w / 2) if n == 2 else (0,)):
        if p.chance(0.6):
            p.rounded_rect((x, d - 0.25, h + 0.05), w * 1.7 / n - 0.08, 0.28, axis="z")
        else:
            p.ring((x, d - 0.25, h + 0.06), w * 0.75 / n, 0.15)
    if p.chance(0.7):
        p.attribute("with a blanket")
        y = d * p.uniform(0.1, 0.5)
        p.line((-w, y, h), (w, y, h))
        with p.mirror("x"):
            p.line((w, y, h), (w, y, floor + 0.05))
    if floor:
        p.lines(*(((x, y, floor), (x, y, 0)) for x in (-w, w) for y in (-d, d)))
    if p.chance(0.08):
        p.attribute("with four posts")
        for x in (-w, w):
            for y in (-d, d):
                p.line((x, y, h), (x, y, 1.5))
        p.rect((0, 0, 1.5), 2 * w, 2 * d, axis="z")


DRAWERS = {
    "chair": chair, "stool": stool, "table": table, "bench": bench, "sofa": sofa, "bed": bed,
}
