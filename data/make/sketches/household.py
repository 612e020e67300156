"""Sketches of bathroom, kitchen and small household things (fronts face -y, sizes near half metres)."""

from __future__ import annotations

from data.make.sketches.primitives import Pen, spaced


def bathtub(p: Pen) -> None:
    w, d, h = p.uniform(0.8, 1.0), p.uniform(0.35, 0.45), p.uniform(0.4, 0.55)
    kind = p.choice("oval", "oval", "oval", "built")
    if kind == "built":
        p.attribute("rectangular")
        p.box((-w, -d, 0), (w, d, h))
        p.rounded_rect((0, 0, h), 2 * w * 0.86, 2 * d * 0.78, axis="z", radius=d * 0.5)
        if p.detail or p.chance(0.4):
            p.ring((0, 0, h * 0.3), w * 0.65, d * 0.5)
    else:
        p.attribute("oval")
        lift = 0.1 if p.chance(0.5) else 0.0
        p.ring((0, 0, h), w, d)
        if p.chance(0.5):
            p.attribute("with a rolled rim")
            p.ring((0, 0, h - 0.03 if p.chance() else h), w * 0.93, d * 0.9)
        p.ring((0, 0, lift), w * 0.72, d * 0.65)
        with p.mirror("x"):
            p.curve((w, 0, h), (w * 1.02, 0, h * 0.5), (w * 0.9, 0, lift), (w * 0.72, 0, lift))
        if p.detail or p.chance(0.5):
            with p.mirror("y"):
                p.curve((0, d, h), (0, d, h * 0.5), (0, d * 0.85, lift), (0, d * 0.65, lift))
        if lift:
            p.attribute("with claw feet")
            for x in (-w * 0.55, w * 0.55):
                for y in (-d * 0.5, d * 0.5):
                    p.bow((x, y, lift), (x * 1.1, y * 1.1, lift * 0.5), (x * 1.05, y * 1.15, -0.03))
    if p.chance(0.8):
        p.attribute("with a tap")
        x = w * 0.92
        p.line((x, 0, h), (x, 0, h + 0.2))
        p.bow((x, 0, h + 0.2), (x - 0.12, 0, h + 0.26), (x - 0.2, 0, h + 0.12))
        if p.detail or p.chance(0.3):
            p.lines(*(((x, y, h), (x, y * 1.3, h + 0.1)) for y in (-0.1, 0.1)))
    if p.chance(0.15):
        p.attribute("with a shower")
        p.line((w * 0.95, 0, h), (w * 0.95, 0, h + 1.1))
        p.bow((w * 0.95, 0, h + 1.1), (w * 0.8, 0, h + 1.2), (w * 0.6, 0, h + 1.0))
        p.ring((w * 0.6, 0, h + 1.0), 0.1)
    if p.chance(0.25):
        p.ring((w * 0.5, 0, lift if kind != "built" else h * 0.3), 0.05)


def sink(p: Pen) -> None:
    w, d, h = p.uniform(0.4, 0.6), p.uniform(0.3, 0.4), p.uniform(0.15, 0.25)
    kind = p.choice("pedestal", "pedestal", "counter", "counter", "wall")
    z = 0.0
    if kind == "counter":
        p.attribute("in a counter")
        w = p.uniform(0.6, 0.8)
        p.slab((-w, -d, -0.06), (w, d, z))
        if p.chance(0.45):
            p.attribute("with a cabinet")
            p.box((-w * 0.95, -d * 0.95, -0.8), (w * 0.95, d, -0.06))
            p.line((0, -d * 0.95, -0.8), (0, -d * 0.95, -0.06))
        p.count(n := p.choice(1, 1, 2), "basin")
        for x in spaced(-w, w, n):
            wide = w * (1.0 if n == 1 else 0.75)
            p.rounded_rect((x, -0.03, z), wide, d * 1.3, axis="z")
            p.rounded_rect((x, -0.03, z - h), wide * 0.8, d, axis="z")
            p.lines(*(((x + a * wide / 2, -0.03 + b * d * 0.65, z), (x + a * wide * 0.4, -0.03 + b * d / 2, z - h))
                      for a in (-1, 1) for b in (-1, 1)))
            if p.chance(0.5):
                p.ring((x, -0.03, z - h), 0.05)
    else:
        round_basin = p.chance(0.7)
        if round_basin:
            p.attribute("oval")
            p.ring((0, 0, z), w, d)
            if p.chance(0.6):
                p.ring((0, 0, z - 0.01), w * 0.85, d * 0.82)
        else:
            p.attribute("rectangular")
            p.rounded_rect((0, 0, z), 2 * w, 2 * d, axis="z")
            p.ring((0, -0.03, z), w * 0.75, d * 0.7)
        with p.mirror("x"):
            p.curve((w, 0, z), (w * 0.95, 0, z - h), (w * 0.5, 0, z - h * 1.1), (w * 0.25, 0, z - h * 1.2))
        if p.detail or p.chance(0.4):
            p.curve((0, -d, z), (0, -d * 0.95, z - h), (0, -d * 0.6, z - h), (0, -d * 0.25, z - h * 1.2))
        if kind == "pedestal":
            p.attribute("with a pedestal")
            r, low = w * 0.22, -p.uniform(0.8, 1.1)
            p.lathe([(r * 1.1, -h * 1.15), (r * 0.85, low * 0.5), (r, low * 0.85), (r * 1.5, low)],
                    rings=(3,), meridians=2)
        else:
            p.attribute("on the wall")
            p.bow((0, 0, -h), (0, d * 0.3, -h * 2.4), (0, d, -h * 1.6))
    y = d * 0.8
    p.attribute("with a tall tap" if p.chance(0.3) else "with a tap")
    tall = 0.4 if "with a tall tap" in p.attributes else 0.22
    p.line((0, y, z), (0, y, z + tall * 0.7))
    p.curve((0, y, z + tall * 0.7), (0, y, z + tall * 1.2), (0, y - 0.28, z + tall * 1.2),
            (0, y - 0.28, z + tall * 0.6))
    if p.chance(0.65):
        p.attribute("with two handles")
        for x in (-0.17, 0.17):
            p.line((x, y, z), (x, y, z + 0.1))
            if p.detail:
                p.line((x - 0.05, y, z + 0.1), (x + 0.05, y, z + 0.1))


def toilet(p: Pen) -> None:
    w, d, h = p.uniform(0.26, 0.32), p.uniform(0.36, 0.44), p.uniform(0.5, 0.6)
    back = d * 1.1
    tank_w, tank_h, tank_d = w * p.uniform(1.1, 1.35), p.uniform(0.45, 0.6), p.uniform(0.2, 0.28)
    p.attribute("with a tank")
    p.box((-tank_w, back, h), (tank_w, back + tank_d, h + tank_h))
    if p.chance(0.5):
        p.slab((-tank_w * 1.06, back - 0.02, h + tank_h), (tank_w * 1.06, back + tank_d + 0.02, h + tank_h + 0.05))
    p.ring((0, 0.12, h), w, d)
    p.attribute("with an oval seat")
    if p.chance(0.8):
        p.ring((0, 0.1, h + (0.03 if p.chance() else 0)), w * 0.68, d * 0.68)
    foot = w * 0.55
    p.ring((0, 0.25, 0), foot, d * 0.65)
    with p.mirror("x"):
        p.curve((w, 0.12, h), (w, 0.15, h * 0.5), (foot * 0.8, 0.25, h * 0.5), (foot, 0.25, 0))
    p.curve((0, 0.12 - d, h), (0, 0.1 - d, h * 0.5), (0, 0.3 - d * 0.6, h * 0.5), (0, 0.25 - d * 0.65, 0))
    if p.detail:
        p.line((0, 0.25 + d * 0.65, 0), (0, back + 0.05, h))
    if p.chance(0.4):
        p.attribute("with the lid up")
        y = back - 0.05
        p.curve((-w * 0.9, y, h), (-w * 1.2, y - 0.02, h + 0.75), (w * 1.2, y - 0.02, h + 0.75), (w * 0.9, y, h))
    if p.chance(0.6):
        p.attribute("with a flush handle")
        x = -tank_w * 0.75
        p.line((x, back - 0.02, h + tank_h * 0.8), (x + 0.14, back - 0.03, h + tank_h * 0.78))


def range_hood(p: Pen) -> None:
    w, d, h = p.uniform(0.6, 0.85), p.uniform(0.38, 0.5), p.uniform(0.3, 0.5)
    x, y, lip = w * p.uniform(0.25, 0.38), d * p.uniform(0.3, 0.45), p.uniform(0.06, 0.14)
    top = lip + h + p.uniform(0.4, 0.9)
    kind = p.choice("pyramid", "pyramid", "curved", "flat")
    p.attribute("with a chimney")
    if kind == "flat":
        p.attribute("flat")
        h = 0.0
    p.box((-w, -d, 0), (w, d, lip))
    shift = d - y  # the duct stands at the wall behind
    if kind == "curved" and not p.angular:
        p.attribute("curved")
    for a in (-1, 1):
        for b in (-1, 1):
            start, end = (a * w, b * d, lip), (a * x, b * y + shift, lip + h)
            if kind == "curved" and not p.angular:
                p.curve(start, (a * w * 0.6, start[1] + (end[1] - start[1]) * 0.4, lip + h * 0.1),
                        (end[0], end[1], lip + h * 0.5), end)
            elif kind != "flat":
                p.line(start, end)
    p.box((-x, shift - y, lip + h), (x, shift + y, top))
    if p.chance(0.6):
        p.attribute("with buttons")
        for v in spaced(-0.2, 0.2, p.integer(2, 4)):
            p.ring((v, -d - 0.01, lip / 2), 0.02, axis="y") if p.detail else p.line((v, -d, 0.03), (v + 0.03, -d, 0.03))
    if p.chance(0.35):
        p.attribute("with filters below")
        for v in (-w * 0.45, w * 0.45):
            p.rect((v, 0, 0), w * 0.75, d * 1.5, axis="z")
    if p.chance(0.15):
        p.attribute("above a stove")
        p.rect((0, 0, -0.9), 2 * w, 2 * d, axis="z")
        for v in (-w * 0.45, w * 0.45):
            p.ring((v, 0, -0.9), d * 0.4)


def candle(p: Pen) -> None:
    r, h = p.uniform(0.12, 0.3), p.uniform(0.7, 1.3)
    p.attribute("thin" if h / r > 6 else "thick")
    p.cylinder((0, 0, 0), r, h)
    wick = h + 0.12
    p.line((0, 0, h), (0, 0, wick))
    if p.chance(0.93):
        p.attribute("with a flame")
        f, tall, low = r * p.uniform(0.4, 0.7) + 0.03, p.uniform(0.25, 0.42), wick - 0.06
        for k in range(1 if p.detail == 0 else p.choice(1, 2)):
            f2, t2 = f * (1 - 0.45 * k), tall * (1 - 0.4 * k)
            with p.mirror("x"):
                p.curve((0, 0, low), (f2 * 1.4, 0, low + t2 * 0.1), (f2, 0, low + t2 * 0.5), (0, 0, low + t2))
        if p.chance(0.3):
            with p.mirror("y"):
                p.curve((0, 0, low), (0, f * 1.4, low + tall * 0.1), (0, f, low + tall * 0.5), (0, 0, low + tall))
    else:
        p.attribute("unlit")
    if p.chance(0.45):
        p.attribute("with dripping wax")
        for x in p.choice((-0.6,), (-0.7, 0.3), (0.2, 0.8)):
            y = -r * (1 - x * x) ** 0.5
            p.bow((x * r - 0.04, y, h), (x * r, y - 0.01, h - p.uniform(0.2, 0.4)), (x * r + 0.04, y, h))
    if p.chance(0.55):
        wide = r * p.uniform(1.6, 2.4)
        if p.chance(0.65):
            p.attribute("on a plate")
            p.ring((0, 0, 0), wide)
            if p.chance(0.5):
                p.ring((0, 0, 0.06), wide * 1.15)
            if p.chance(0.5):
                p.attribute("with a handle")
                p.ring((wide + 0.12, 0, 0.05), 0.12, axis="y")
        else:
            p.attribute("on a stick")
            p.lathe([(r * 1.2, 0), (r * 0.4, -0.2), (r * 0.4, -0.5), (r * 1.8, -0.65)], rings=(0, 3))


def book(p: Pen) -> None:
    w, d, t = p.uniform(0.45, 0.65), p.uniform(0.65, 0.85), p.uniform(0.12, 0.3)
    kind = p.choice("open", "open", "closed", "standing")
    p.attribute(kind)
    if kind == "open":
        rise = p.uniform(0.08, 0.2)
        for y in (-d, d):
            with p.mirror("x"):
                p.curve((0, y, 0), (w * 0.3, y, rise * 1.8), (w * 0.8, y, rise), (w, y, rise * 0.7))
                if p.detail and y < 0:
                    p.line((0, y, -0.06), (w, y, rise * 0.7 - 0.08))
                    p.line((w, y, rise * 0.7), (w, y, rise * 0.7 - 0.08))
        p.lines(((0, -d, 0), (0, d, 0)), ((w, -d, rise * 0.7), (w, d, rise * 0.7)),
                ((-w, -d, rise * 0.7), (-w, d, rise * 0.7)))
        n = p.integer(0, 3 if p.detail == 0 else 6)
        if n:
            p.attribute("with lines of text")
        for y in spaced(-d * 0.85, d * 0.85, n):
            with p.mirror("x"):
                p.curve((w * 0.14, y, rise * 0.55), (w * 0.4, y, rise * 1.3), (w * 0.7, y, rise),
                        (w * 0.88, y, rise * 0.8))
        if p.chance(0.25):
            p.attribute("with a turning page")
            for y in (-d, d):
                p.curve((0, y, 0), (0, y, 0.3), (w * 0.2, y, 0.45), (w * 0.45, y, 0.4))
            p.line((w * 0.45, -d, 0.4), (w * 0.45, d, 0.4))
        return
    tilt = 90 if kind == "standing" else 0
    with p.placed(tilt=tilt, turn=p.uniform(-30, 30)):
        if p.chance(0.3) and not p.angular:
            p.attribute("with a rounded spine")
            for z in (0, t):
                p.polyline([(-w, -d, z), (w, -d, z), (w, d, z), (-w, d, z)])
            for y in (-d, d):
                p.bow((-w, y, 0), (-w - t * 0.5, y, t / 2), (-w, y, t))
            p.lines(((w, -d, 0), (w, -d, t)), ((w, d, 0), (w, d, t)), ((-w, -d, t), (-w, d, t)))
        else:
            p.box((-w, -d, 0), (w, d, t))
        n = p.integer(1, 3)
        p.attribute("with pages")
        for z in spaced(0, t, n):
            p.line((-w * 0.95, -d, z), (w, -d, z))
            p.line((w, -d, z), (w, d, z))
        if p.chance(0.5):
            p.attribute("with a title")
            p.line((-w * 0.5, d * 0.5, t), (w * 0.5, d * 0.5, t))
            p.line((-w * 0.3, d * 0.3, t), (w * 0.3, d * 0.3, t))
        elif p.chance(0.4):
            p.rect((0, d * 0.3, t), w, d * 0.5, axis="z")
        if p.chance(0.25):
            p.attribute("with a bookmark")
            p.polyline([(w * 0.3, -d, t * 0.6), (w * 0.3, -d - 0.15, t * 0.5), (w * 0.4, -d - 0.15, t * 0.5)])


def glass_box(p: Pen) -> None:
    w, d, h = p.uniform(0.5, 0.9), p.uniform(0.45, 0.7), p.uniform(0.4, 0.8)
    p.box((-w, -d, 0), (w, d, h)) if p.chance(0.6) else _wire_box(p, w, d, h)
    if "transparent" not in p.attributes and p.chance(0.7):
        p.attribute("transparent")
    if p.chance(0.5):
        p.attribute("with glints")
        for _ in range(p.integer(1, 2)):
            x, z = p.uniform(-w * 0.6, w * 0.2), p.uniform(h * 0.3, h * 0.5)
            for k in range(p.integer(2, 3)):
                p.line((x + 0.1 * k, -d - 0.01, z), (x + 0.1 * k + h * 0.3, -d - 0.01, z + h * 0.3))
    lid = p.choice("none", "none", "line", "open", "knob")
    if lid in ("line", "knob"):
        p.attribute("with a lid")
        z = h * 0.9
        p.polyline([(-w, -d, z), (w, -d, z), (w, d, z), (-w, d, z)], closed=True)
        if lid == "knob":
            p.ring((0, 0, h + 0.05), 0.06)
    elif lid == "open":
        p.attribute("with an open lid")
        p.polyline([(-w, d, h), (-w, d + 0.25, h + 0.5), (w, d + 0.25, h + 0.5), (w, d, h)])
    if p.chance(0.45):
        p.attribute("with thick edges")
        e = p.uniform(0.9, 0.95)
        for z in (h, 0.0)[:p.choice(1, 2)]:
            p.rect((0, 0, z), 2 * w * e, 2 * d * e, axis="z")
    if p.chance(0.2):
        p.attribute("with a ball inside")
        p.sphere((0, 0, h * 0.35), h * 0.3)


def _wire_box(p: Pen, w: float, d: float, h: float) -> None:
    """All twelve edges, and the inner faces of the panes a little inside them."""
    p.attribute("transparent")
    for s in (1.0, 0.93):
        p.rect((0, -d, h / 2), 2 * w * s, h * s)
        p.rect((0, d, h / 2), 2 * w * s, h * s)
        if p.detail == 0:
            break
    p.lines(*(((x, -d, z), (x, d, z)) for x in (-w, w) for z in (0, h)))


def cone(p: Pen) -> None:
    r, h = p.uniform(0.4, 0.65), p.uniform(0.9, 1.4)
    traffic = p.chance(0.45)
    tip = r * p.uniform(0.08, 0.15) if traffic else 0.0
    if traffic:
        p.attribute("with a square base")
        e = r * p.uniform(1.2, 1.45)
        p.slab((-e, -e, -0.06), (e, e, 0))
        n = p.integer(1, 2)
        p.count(n, "stripe")
        for k in spaced(0.25, 0.85, 2 * n):
            p.ring((0, 0, h * k), r + (tip - r) * k)
    else:
        p.attribute("plain")
        if p.chance(0.3) and p.detail:
            p.ring((0, 0, h * 0.5), r * 0.5)
    with_sides = p.choice(2, 4, 4, 6) if p.detail else p.choice(2, 3, 4)
    p.attribute("tall" if h / r > 2.4 else "wide")
    p.ring((0, 0, 0), r)
    if tip:
        p.ring((0, 0, h), tip)
    turn = p.choice(0, 0, 45)
    with p.around(with_sides, start_deg=turn):
        p.line((r, 0, 0), (tip, 0, h))
    if not traffic and p.chance(0.15):
        p.attribute("upside down")
        p.strokes[:] = [tuple((x, y, -z) for x, y, z in stroke) for stroke in p.strokes]


def ladder(p: Pen) -> None:
    w, h, n = p.uniform(0.2, 0.35), 2.0, p.integer(4, 6) if p.detail == 0 else p.integer(5, 9)
    top = w * p.uniform(0.65, 1)
    p.attribute(f"with {'few' if n < 6 else 'many'} rungs")
    step = p.chance(0.35)
    lean = p.uniform(0.2, 0.5) if step or p.chance(0.5) else 0.0
    p.attribute("step" if step else "leaning" if lean else "straight")

    def at(x: float, k: float, y: float) -> tuple:
        return (x * (w + (top - w) * k), y * (1 - k), h * k)

    for x in (-1, 1):
        p.bar(at(x, 0, -lean), at(x, 1, -lean), 0.06)
        if step:
            p.bar(at(x, 0, lean), at(x, 1, lean), 0.06)
    for k in spaced(0.0, 1.0, n):
        p.line(at(-1, k, -lean), at(1, k, -lean))
        if p.detail == 2:
            p.line(at(-1, k + 0.015, -lean), at(1, k + 0.015, -lean))
    if step:
        p.rect((0, 0, h), 2 * top, 0.16, axis="z")
        if p.chance(0.6):
            p.line(at(-1, 0.35, lean), at(1, 0.35, lean))
        with p.mirror("x"):
            p.line(at(1, 0.4, -lean), at(1, 0.4, lean))


DRAWERS = {
    "bathtub": bathtub, "sink": sink, "toilet": toilet, "range hood": range_hood, "candle": candle, "book": book,
    "glass box": glass_box, "cone": cone, "ladder": ladder,
}
