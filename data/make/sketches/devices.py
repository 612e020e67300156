"""Sketches of devices: computers, radio, game console, piano, clock, lamps (fronts face -y, sizes near decimetres)."""

from __future__ import annotations

from math import cos, radians, sin

from data.make.sketches.primitives import Pen, Point, spaced


def keyboard(p: Pen) -> None:
    w, d, h = p.uniform(0.9, 1.1), p.uniform(0.3, 0.4), p.uniform(0.04, 0.1)
    rise = p.uniform(0.0, 0.12)

    def on(x: float, y: float) -> Point:
        return (x, y, h + rise * (y + d) / (2 * d))

    p.polyline([on(-w, -d), on(w, -d), on(w, d), on(-w, d)], closed=True)
    if p.detail or p.chance():
        p.polyline([(-w, -d, 0), (w, -d, 0), (w, d, 0), (-w, d, 0)], closed=True)
        p.lines(*(((x, y, 0), on(x, y)) for x in (-w, w) for y in (-d, d)))
    rows = p.integer(3, 5)
    if p.chance(0.6):
        p.attribute("with rows of keys")
        a, b = w * 0.93, d * 0.85
        for k in range(rows):
            y = b - 2 * b * (k + 0.5) / rows
            number = p.integer(3, 5) if p.detail == 0 else p.integer(5, 9)
            half, wide = b / rows * 0.75, a / number * 0.8
            if k == rows - 1:
                p.attribute("with a space bar")
                p.polyline([on(-a * 0.45, y - half), on(a * 0.45, y - half), on(a * 0.45, y + half),
                            on(-a * 0.45, y + half)], closed=True)
            elif p.detail == 0 or rows * number > 18:
                p.lines(*((on(x - wide, y), on(x + wide, y)) for x in spaced(-a - a / number, a + a / number, number)))
            else:
                for x in spaced(-a - a / number, a + a / number, number):
                    p.polyline([on(x - wide, y - half), on(x + wide, y - half), on(x + wide, y + half),
                                on(x - wide, y + half)], closed=True)
    else:
        p.attribute("with a grid of keys")
        for y in spaced(-d, d, rows - 1):
            p.line(on(-w * 0.94, y), on(w * 0.94, y))
        for x in spaced(-w, w, p.integer(5, 12)):
            p.line(on(x, -d * 0.55), on(x, d * 0.92))
        if p.chance(0.5):
            p.polyline([on(-w * 0.4, -d * 0.85), on(w * 0.4, -d * 0.85), on(w * 0.4, -d * 0.65),
                        on(-w * 0.4, -d * 0.65)], closed=True)
    if p.chance(0.2):
        p.attribute("with a cable")
        p.curve(on(0, d), (0, d + 0.3, h), (0.3, d + 0.2, h), (0.3, d + 0.6, h))


def laptop(p: Pen) -> None:
    w, d, h = p.uniform(0.7, 0.9), p.uniform(0.45, 0.55), 0.05
    lean = radians(p.uniform(80, 125))
    p.attribute("open")
    p.slab((-w, -d, 0), (w, d, h))
    s = p.uniform(0.9, 1.1) * 2 * d

    def on(x: float, v: float) -> Point:
        return (x, d - v * s * cos(lean), h + v * s * sin(lean))

    p.polyline([on(-w, 0), on(-w, 1), on(w, 1), on(w, 0)])
    if p.detail or p.chance(0.5):
        p.polyline([on(-w * 0.9, 0.1), on(-w * 0.9, 0.92), on(w * 0.9, 0.92), on(w * 0.9, 0.1)], closed=True)
    rows, columns = p.integer(2, 4), p.integer(0, 8) if p.detail else 0
    low, high = -d * 0.05, d * 0.85
    p.attribute("with a keyboard")
    for y in spaced(low, high, rows):
        p.line((-w * 0.85, y, h), (w * 0.85, y, h))
    for x in spaced(-w * 0.85, w * 0.85, columns):
        p.line((x, low, h), (x, high, h))
    if columns or p.chance(0.4):
        p.rect((0, (low + high) / 2, h), 1.7 * w, high - low, axis="z")
    if p.chance(0.75):
        p.attribute("with a touchpad")
        p.rect((0, -d * 0.55, h), w * 0.55, d * 0.55, axis="z")
    if p.chance(0.15):
        p.lines((on(-w * 0.5, 0.7), on(0.1, 0.7)), (on(-w * 0.5, 0.5), on(w * 0.4, 0.5)))


def monitor(p: Pen) -> None:
    w, h, t = p.uniform(0.7, 1.0), p.uniform(0.4, 0.6), p.uniform(0.05, 0.12)
    low = p.uniform(0.25, 0.4)
    z = low + h
    if p.chance(0.12):
        p.attribute("old")
        t = 0.7
        p.rect((0, 0, z), 2 * w * 0.8, 2 * h)
        p.rect((0, t, z), w, h * 1.2)
        p.lines(*(((x * 1.6, 0, z + v), (x, t, z + v * 0.6)) for x in (-w / 2, w / 2) for v in (-h, h)))
        p.rounded_rect((0, -0.01, z), 2 * w * 0.66, 2 * h * 0.8)
    else:
        p.attribute("flat")
        if p.detail == 0 or p.chance(0.25):
            p.rounded_rect((0, 0, z), 2 * w, 2 * h)
        else:
            p.box((-w, 0, low), (w, t, low + 2 * h))
        if p.detail or p.chance(0.6):
            p.rect((0, -0.01, z + 0.02), 2 * w * 0.92, 2 * h * 0.85)
    n = p.bars == "line" and p.chance(0.5)
    for x in (0,) if n else (-0.08, 0.08):
        p.line((x, t / 2, low + 0.1 * h), (x, t / 2, 0.03))
    if p.chance(0.5):
        p.attribute("with a round base")
        p.ring((0, t / 2, 0), w * 0.4, 0.25)
    else:
        p.attribute("with a flat base")
        p.slab((-w * 0.4, -0.22, 0), (w * 0.4, 0.25, 0.03))
    if p.chance(0.3):
        p.ring((w * 0.85, -0.01, low + 0.04), 0.03, axis="y")


def piano(p: Pen) -> None:
    p.choice(_upright, _upright, _grand)(p)


def _upright(p: Pen) -> None:
    p.attribute("upright")
    w, d, h, k = p.uniform(0.7, 0.85), p.uniform(0.15, 0.25), p.uniform(1.0, 1.25), p.uniform(0.55, 0.65)
    p.box((-w, -d, 0), (w, d, h))
    front = -d - p.uniform(0.25, 0.35)
    p.polyline([(-w, -d, k), (-w, front, k), (w, front, k), (w, -d, k)])
    p.polyline([(-w, front, k), (-w, front, k - 0.1), (w, front, k - 0.1), (w, front, k)])
    p.lines(*(((x, front, k - 0.1), (x, front, 0)) for x in (-w * 0.95, w * 0.95)))
    _keys(p, -w, w, front, -d, k)
    if p.chance(0.5):
        p.attribute("with pedals")
        for x in (-0.08, 0, 0.08):
            p.line((x, -d, 0.06), (x, -d - 0.12, 0.05))
    if p.chance(0.4):
        p.attribute("with a music stand")
        p.rect((0, -d - 0.03, k + 0.22), w * 0.8, 0.24)
    _bench(p, front)


def _grand(p: Pen) -> None:
    p.attribute("grand")
    w, z, t = p.uniform(0.6, 0.75), 0.6, 0.18
    long = p.uniform(1.0, 1.6)
    for height in (z, z + t) if p.detail else (z + t,):
        p.polyline([(w, 0, height), (w, -0.3, height), (-w, -0.3, height), (-w, long, height)])
        p.curve((-w, long, height), (w * 0.3, long * 1.15, height), (w * 0.1, long * 0.5, height), (w, 0.25, height))
        p.line((w, 0.25, height), (w, 0, height))
    p.lines(*(((x, y, z), (x, y, z + t)) for x, y in ((-w, -0.3), (w, -0.3), (-w, long))))
    if not p.detail:
        p.line((-w, -0.3, z), (w, -0.3, z))
    _keys(p, -w * 0.92, w * 0.92, -0.3, 0.0, z + t)
    p.count(3, "leg")
    for x, y in ((-w * 0.9, -0.2), (w * 0.9, -0.2), (-w * 0.5, long * 0.85)):
        p.bar((x, y, z), (x, y, 0), 0.08)
    if p.chance(0.6):
        p.attribute("with an open lid")
        top = z + t + w * 1.1
        p.line((-w, 0.1, z + t), (w * 0.4, 0.1, top))
        p.curve((w * 0.4, 0.1, top), (w * 0.3, long * 0.6, top), (-w * 0.5, long * 0.9, top - 0.4), (-w, long, z + t))
        p.line((w * 0.95, 0.2, z + t), (w * 0.3, 0.2, top - 0.1))
    _bench(p, -0.3)


def _keys(p: Pen, low: float, high: float, front: float, back: float, z: float) -> None:
    number = p.integer(6, 9) if p.detail == 0 else p.integer(9, 16)
    p.attribute("with keys")
    p.lines(*(((x, front, z), (x, back, z)) for x in spaced(low, high, number)))
    if p.detail == 2 or p.chance(0.3):
        p.attribute("with black keys")
        middle = front + (back - front) * 0.45
        for index, x in enumerate(spaced(low, high, number)):
            if index % 7 not in (2, 6):
                p.line((x + 0.01, middle, z + 0.02), (x + 0.01, back, z + 0.02))


def _bench(p: Pen, front: float) -> None:
    if p.chance(0.25):
        p.attribute("with a stool")
        y = front - 0.45
        p.rect((0, y, 0.42), 0.6, 0.3, axis="z")
        p.lines(*(((x, y + v, 0.42), (x, y + v, 0)) for x in (-0.28, 0.28) for v in (-0.13, 0.13)))


def radio(p: Pen) -> None:
    w, d, h = p.uniform(0.7, 1.0), p.uniform(0.15, 0.3), p.uniform(0.4, 0.55)
    retro = p.chance(0.2) and not p.angular
    if retro:
        p.attribute("old")
        w, h = 0.55, 0.5
        for y in (-d, d):
            p.polyline([(-w, y, h * 1.2), (-w, y, 0), (w, y, 0), (w, y, h * 1.2)])
            p.curve((-w, y, h * 1.2), (-w, y, h * 2.6), (w, y, h * 2.6), (w, y, h * 1.2))
        p.lines(*(((x, -d, z), (x, d, z)) for x, z in ((-w, 0), (w, 0))))
        top, x = h * 2.2, 0.0
        p.ring((0, -d, h * 1.35), w * 0.55, axis="y")
        p.lines(*(((v, -d, h * 0.95), (v, -d, h * 1.75)) for v in spaced(-w * 0.5, w * 0.5, 3)))
        knobs = ((-w * 0.5, 0.2), (0, 0.2), (w * 0.5, 0.2))
    else:
        p.box((-w, -d, 0), (w, d, 2 * h))
        top = 2 * h
        two = p.chance(0.3)
        p.count(2 if two else 1, "speaker")
        r = min(h * 0.7, w * 0.36)
        for x in (-w * 0.58, w * 0.58) if two else (-w * 0.48,):
            p.ring((x, -d - 0.01, h * 0.9), r, axis="y")
            if p.detail or p.chance(0.4):
                p.ring((x, -d - 0.01, h * 0.9), r * 0.4, axis="y")
        x = 0.0 if two else w * 0.45
        wide = w * (0.22 if two else 0.42)
        p.attribute("with a tuning dial")
        p.rect((x, -d - 0.01, h * 1.45), 2 * wide, h * 0.4)
        p.line((x + wide * 0.3, -d - 0.01, h * 1.25), (x + wide * 0.3, -d - 0.01, h * 1.65))
        knobs = ((x - wide * 0.6, h * 0.6), (x + wide * 0.6, h * 0.6)) if p.chance(0.8) else ((x, h * 0.6),)
    p.count(len(knobs), "knob")
    for kx, kz in knobs:
        p.ring((kx, -d - 0.02, kz), 0.1, axis="y")
    if not retro and p.chance(0.85):
        p.attribute("with an antenna")
        p.line((w * 0.8, d * 0.5, top), (w * p.uniform(0.2, 1.4), d, top + p.uniform(0.5, 1.0)))
    if not retro and p.chance(0.5):
        p.attribute("with a handle")
        p.polyline([(-w * 0.8, 0, top), (-w * 0.75, 0, top + 0.22), (w * 0.75, 0, top + 0.22), (w * 0.8, 0, top)])


def xbox(p: Pen) -> None:
    upright = p.chance(0.3)
    w, d, h = p.uniform(0.7, 0.9), p.uniform(0.5, 0.65), p.uniform(0.15, 0.25)
    if upright:
        p.attribute("upright")
        w, d, h = p.uniform(0.22, 0.4), p.uniform(0.25, 0.45), p.uniform(0.6, 0.8)
    else:
        p.attribute("flat")
    p.box((-w, -d, 0), (w, d, 2 * h))
    front, r = -d - 0.01, 0.07
    p.attribute("with a round power button")
    if upright:
        p.ring((w * 0.5, front, 2 * h * 0.88), r, axis="y")
        p.line((-w * 0.5, front, h * 0.7), (-w * 0.5, front, h * 1.7))
        with p.placed((0, 0, 2 * h)):
            p.ring((0, 0, 0), min(w, d) * 0.8)
            for y in spaced(-d * 0.8, d * 0.8, p.integer(1, 3)):
                p.line((-w * 0.6, y, 0), (w * 0.6, y, 0))
    else:
        p.ring((w * 0.72, front, h), r, axis="y")
        p.attribute("with a disc slot")
        p.line((-w * 0.75, front, h * 1.2), (w * 0.05, front, h * 1.2))
        if p.chance(0.5):
            p.rect((w * 0.35, front, h * 0.7), 0.12, 0.05)
        if p.chance(0.5):
            p.attribute("with air vents")
            p.lines(*(((x, -d * 0.7, 2 * h), (x, d * 0.8, 2 * h)) for x in spaced(0, w, p.integer(3, 6))))
        if p.chance(0.5):
            p.attribute("with a cross on top")
            p.curve((-w, -d, 2 * h), (-w * 0.1, -d * 0.1, 2 * h), (-w * 0.1, d * 0.1, 2 * h), (-w, d, 2 * h))
            p.curve((w, -d, 2 * h), (w * 0.1, -d * 0.1, 2 * h), (w * 0.1, d * 0.1, 2 * h), (w, d, 2 * h))
            p.ring((0, 0, 2 * h), 0.1)
    if p.chance(0.55):
        p.attribute("with a game controller")
        with p.placed((p.uniform(-0.3, 0.3), -d - 0.55, 0.05), turn=p.uniform(-20, 20), scale=p.uniform(0.7, 1.0)):
            _controller(p)


def _controller(p: Pen) -> None:
    with p.mirror("x"):
        p.curve((0, 0.2, 0), (0.35, 0.28, 0), (0.4, 0.1, 0), (0.45, -0.22, 0))
        p.curve((0.45, -0.22, 0), (0.4, -0.4, 0), (0.25, -0.1, 0), (0, -0.08, 0))
        p.ring((0.2, 0.06, 0.03), 0.07)
    if p.detail:
        p.lines(((-0.1, -0.02, 0.03), (0, -0.02, 0.03)), ((-0.05, -0.07, 0.03), (-0.05, 0.03, 0.03)))


def clock(p: Pen) -> None:
    r, t = 0.5, p.uniform(0.05, 0.2)
    kind = p.choice("wall", "wall", "alarm", "tall", "square")
    y = -t / 2
    p.attribute("with two hands")
    for radius in (r, r * 0.88)[:1 + (p.detail > 0 and p.chance(0.5))]:
        p.ring((0, y, 0), radius, axis="y")
    marks = p.choice(4, 12, 12, 0) if p.detail else p.choice(0, 4, 4, 12)
    if marks:
        p.attribute("with hour marks")
    for k in range(marks):
        a = radians(360 * k / marks)
        p.line((0.84 * r * sin(a), y, 0.84 * r * cos(a)), (0.7 * r * sin(a), y, 0.7 * r * cos(a)))
    hour, minute = p.uniform(0, 6.28), p.uniform(0, 6.28)
    p.line((0, y, 0), (0.42 * r * sin(hour), y, 0.42 * r * cos(hour)))
    p.line((0, y, 0), (0.66 * r * sin(minute), y, 0.66 * r * cos(minute)))
    if p.chance(0.4):
        p.ring((0, y, 0), 0.04, axis="y")
    if kind in ("wall", "alarm") and p.chance(0.7):
        p.ring((0, t / 2, 0), r, axis="y")
        p.lines(*(((x, y, z), (x, t / 2, z)) for x, z in ((r, 0), (-r, 0), (0, r), (0, -r))[:p.choice(2, 4)]))
    if kind == "wall":
        p.attribute("round")
    elif kind == "alarm":
        p.attribute("with two bells")
        with p.mirror("x"):
            p.arc((0.33, 0, 0.5), 0.16, -60, 140, axis="y")
            p.line((0.25, 0, -0.43), (0.38, 0, -0.65))
        if p.chance(0.6):
            p.bow((-0.12, 0, 0.58), (0, 0, 0.75), (0.12, 0, 0.58))
    elif kind == "square":
        p.attribute("square")
        p.box((-0.62, y + 0.01, -0.62), (0.62, t + 0.1, 0.62))
    else:
        p.attribute("tall")
        p.attribute("with a pendulum")
        w, d = 0.62, 0.25
        p.box((-w, y + 0.01, -0.62), (w, d, 0.62))
        p.box((-w * 0.7, y + 0.03, -2.2), (w * 0.7, d, -0.62))
        p.line((0, y, -0.7), (0.05, y, -1.6))
        p.ring((0.05, y, -1.75), 0.16, axis="y")
        p.polyline([(-w, y, 0.62), (0, y, 0.95), (w, y, 0.62)])


def _shade(p: Pen, z: float, r: float, h: float, top: float, centre: tuple = (0, 0, 0)) -> None:
    p.attribute("with a shade" if top > r * 0.3 else "with a conical shade")
    p.lathe([(r, z), (top, z + h)], centre=centre, smooth=False, rings=(0, 1), meridians=p.choice(2, 4, 4))


def lamp(p: Pen) -> None:
    if p.chance(0.3):
        p.attribute("with a bent arm")
        r = p.uniform(0.25, 0.35)
        p.cylinder((0, 0, 0), r, 0.05) if p.detail else p.ring((0, 0, 0), r)
        elbow, head = (p.uniform(-0.45, -0.2), 0, p.uniform(0.55, 0.7)), (p.uniform(0.25, 0.5), 0, p.uniform(0.95, 1.2))
        p.bar((0, 0, 0.05), elbow, 0.04)
        p.bar(elbow, head, 0.04)
        if p.chance(0.5):
            p.ring(elbow, 0.05, axis="y")
        with p.placed(head, turn=-90, tilt=p.uniform(25, 60)):
            p.lathe([(0.08, 0.0), (0.28, -0.32)], smooth=False, meridians=p.choice(2, 4))
        return
    base, low = p.uniform(0.2, 0.32), p.uniform(0.4, 0.6)
    r = p.uniform(0.35, 0.5)
    kind = p.choice("pole", "pole", "vase", "ball")
    p.ring((0, 0, 0), base)
    if kind == "pole":
        if p.chance(0.6):
            p.ring((0, 0, 0.06), base * 0.9)
        p.bar((0, 0, 0.05), (0, 0, low + 0.1), 0.06)
    elif kind == "vase":
        p.attribute("with a curved body")
        p.lathe([(base, 0), (base * 1.2, low * 0.3), (base * 0.6, low * 0.7), (0.06, low)], rings=(3,), meridians=2)
    else:
        p.attribute("with a round body")
        p.sphere((0, 0, low * 0.5), base, height=low * 0.45)
        p.line((0, 0, low * 0.95), (0, 0, low + 0.1))
    _shade(p, low, r, p.uniform(0.3, 0.45), r * p.uniform(0.4, 0.85))
    if p.chance(0.2):
        p.attribute("with a pull chain")
        p.line((r * 0.4, 0, low), (r * 0.4, 0, low - 0.2))


def floor_lamp(p: Pen) -> None:
    p.attribute("tall")
    base, h, r = p.uniform(0.18, 0.28), p.uniform(1.5, 1.8), p.uniform(0.2, 0.33)
    kind = p.choice("pole", "pole", "arc", "tripod", "bowl")
    if kind == "tripod":
        p.count(3, "leg")
        with p.around(3, start_deg=30):
            p.bar((0.03, 0, h), (0.4, 0, 0), 0.04)
    else:
        p.ring((0, 0, 0), base)
        if p.detail:
            p.ring((0, 0, 0.05), base)
        p.bar((0, 0, 0), (0, 0, h + (0.1 if kind == "pole" else 0)), 0.04)
    if kind == "arc":
        p.attribute("with a curved arm")
        reach = p.uniform(0.5, 0.8)
        p.curve((0, 0, h), (0, 0, h + 0.35), (reach, 0, h + 0.4), (reach, 0, h))
        _shade(p, h - 0.2, r, 0.2, r * p.uniform(0.2, 0.5), (reach, 0, 0))
    elif kind == "bowl":
        p.attribute("with a bowl shade")
        p.lathe([(0.03, 0), (r * 0.8, 0.06), (r * 1.2, 0.2)], centre=(0, 0, h), rings=(2,))
    else:
        _shade(p, h, r * 1.15, p.uniform(0.25, 0.35), r * p.uniform(0.5, 1.0))


DRAWERS = {
    "keyboard": keyboard, "laptop": laptop, "monitor": monitor, "piano": piano, "radio": radio, "xbox": xbox,
    "clock": clock, "lamp": lamp, "floor lamp": floor_lamp,
}
