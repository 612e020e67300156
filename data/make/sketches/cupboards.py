"""Sketches of case furniture: desk, drawers, cupboards and shelves (fronts face -y, sizes near metres)."""

from __future__ import annotations

from data.make.sketches.primitives import Pen, spaced


def desk(p: Pen) -> None:
    w, d, h = p.uniform(0.6, 0.9), p.uniform(0.28, 0.4), p.uniform(0.65, 0.75)
    p.slab((-w, -d, h - 0.04), (w, d, h))
    inner = w * p.uniform(0.3, 0.5)
    n, both, side = p.integer(2, 4), p.chance(0.25), p.choice(-1, 1)
    p.attribute("with drawers on both sides" if both else "with drawers on one side")

    def drawers(s: int) -> None:
        a, b = sorted((s * inner, s * w))
        p.rect(((a + b) / 2, -d, h / 2), b - a, h)
        for z in spaced(0.0, h, n - 1):
            p.line((a, -d, z), (b, -d, z))
        if p.chance(0.7):
            for z in spaced(-h / (2 * n), h + h / (2 * n), n):
                p.line((a * 0.6 + b * 0.4, -d - 0.01, z), (a * 0.4 + b * 0.6, -d - 0.01, z))
        p.lines(((a, d, 0), (a, d, h)), ((b, d, 0), (b, d, h)), ((s * w, -d, 0), (s * w, d, 0)))
        if p.detail:
            p.line((s * inner, -d, 0), (s * inner, d, 0))

    drawers(side)
    if both:
        drawers(-side)
    else:
        p.count(n, "drawer")
        if p.chance(0.6):
            for y in (-d, d):
                p.bar((-side * w * 0.96, y, h), (-side * w * 0.96, y, 0), 0.06)
        else:
            p.rect((-side * w, 0, h / 2), 2 * d, h, axis="x")
    if p.chance(0.35):
        p.line((-inner, d, h * 0.45), (inner, d, h * 0.45))
    if p.chance(0.2):
        p.attribute("with a shelf on top")
        p.polyline([(-w, d, h), (-w, d, h + 0.3), (w, d, h + 0.3), (w, d, h)])


def _handle(p: Pen, x: float, y: float, z: float, kind: str, size: float = 0.05) -> None:
    if kind == "knob":
        p.ring((x, y, z), size * 0.6, axis="y")
    elif kind == "pull":
        p.line((x - size, y, z), (x + size, y, z))
    else:
        p.bow((x - size, y, z), (x, y - size, z - size * 0.6), (x + size, y, z))


def _feet(p: Pen, w: float, d: float, h: float) -> None:
    p.attribute("with short legs")
    p.lines(*(((x, y, 0), (x * 0.97, y, -h)) for x in (-w, w) for y in (-d, d)))


def night_stand(p: Pen) -> None:
    w, d, h = p.uniform(0.22, 0.3), p.uniform(0.2, 0.25), p.uniform(0.4, 0.6)
    p.box((-w, -d, 0), (w, d, h))
    n = p.choice(1, 2, 2)
    p.count(n, "drawer")
    kind = p.choice("knob", "knob", "pull", "bow")
    share = h if n == 2 else h * p.uniform(0.35, 0.5)
    for k in range(n):
        z = h - share * (k + 0.5) / n
        p.rect((0, -d, z), 2 * w * 0.85, share / n * 0.75)
        _handle(p, 0, -d - 0.01, z, kind)
    if n == 1:
        p.attribute("with an open shelf")
        p.line((-w, -d, h - share), (w, -d, h - share))
    if p.chance(0.7):
        _feet(p, w, d, p.uniform(0.06, 0.18))
    if p.chance(0.25):
        p.slab((-w * 1.1, -d * 1.1, h), (w * 1.1, d * 1.1, h + 0.03))
    if p.chance(0.15):
        p.attribute("with a small lamp on top")
        p.line((0, 0, h), (0, 0, h + 0.15))
        p.lathe([(0.12, 0.15), (0.07, 0.28)], centre=(0, 0, h), smooth=False, meridians=2)


def dresser(p: Pen) -> None:
    rows = p.integer(3, 4)
    columns = p.choice(2, 2, 2, 3, 1)
    w, d, h = p.uniform(0.6, 0.85) if columns > 1 else 0.42, p.uniform(0.22, 0.3), p.uniform(0.7, 0.95)
    p.box((-w, -d, 0), (w, d, h))
    p.attribute("wide" if columns > 1 else "tall")
    p.attribute(f"with {'many' if columns > 1 else 'three' if rows == 3 else 'four'} drawers")
    p.lines(*(((-w, -d, z), (w, -d, z)) for z in spaced(0, h, rows - 1)))
    p.lines(*(((x, -d, 0), (x, -d, h)) for x in spaced(-w, w, columns - 1)))
    kind = p.choice("knob", "pull", "pull", "bow") if p.detail else p.choice("pull", "bow")
    for z in spaced(-h / (2 * rows), h + h / (2 * rows), rows):
        for x in spaced(-w - w / columns, w + w / columns, columns):
            _handle(p, x, -d - 0.01, z, kind)
    if p.chance(0.5):
        _feet(p, w, d, p.uniform(0.06, 0.15))
    if p.chance(0.25):
        p.attribute("with a mirror on top")
        if p.chance(0.5):
            p.ring((0, d, h + 0.4), w * 0.6, 0.38, axis="y")
        else:
            p.rect((0, d, h + 0.32), w * 1.3, 0.6)


def wardrobe(p: Pen) -> None:
    w, d, h = p.uniform(0.42, 0.65), p.uniform(0.26, 0.35), p.uniform(1.5, 1.9)
    p.attribute("tall")
    p.box((-w, -d, 0), (w, d, h))
    low = p.uniform(0.25, 0.4) if p.chance(0.4) else 0.0
    n = 3 if w > 0.58 and p.chance(0.4) else 2
    p.count(n, "door")
    p.lines(*(((x, -d, low), (x, -d, h)) for x in spaced(-w, w, n - 1)))
    if low:
        p.attribute("with a drawer below")
        p.line((-w, -d, low), (w, -d, low))
        _handle(p, 0, -d - 0.01, low / 2, "pull")
    z, kind = (h + low) / 2, p.choice("bar", "knob")
    for x in (-0.06, 0.06):
        x += 0 if n == 2 else w / 3
        p.line((x, -d - 0.02, z - 0.1), (x, -d - 0.02, z + 0.1)) if kind == "bar" else _handle(p, x, -d, z, "knob")
    if p.chance(0.3):
        p.attribute("with door panels")
        for x in spaced(-w - w / n, w + w / n, n):
            p.rect((x, -d, z), 2 * w / n * 0.7, (h - low) * 0.82)
    if p.chance(0.35):
        _feet(p, w, d, 0.12)
    if p.chance(0.3):
        p.slab((-w * 1.06, -d * 1.1, h), (w * 1.06, d * 1.1, h + 0.07))


def bookshelf(p: Pen) -> None:
    w, d, h = p.uniform(0.35, 0.6), p.uniform(0.14, 0.22), p.uniform(1.1, 1.9)
    n = p.integer(3, 5)
    p.attribute("tall" if h > 1.5 else "low")
    p.attribute(f"with {('three', 'four', 'five')[n - 3]} shelves")
    p.box((-w, -d, 0), (w, d, h))
    levels = [0.0, *spaced(0, h, n - 1)]
    for z in levels[1:]:
        p.line((-w, -d, z), (w, -d, z))
        if p.detail:
            p.lines(((-w, -d, z), (-w, d, z)), ((w, -d, z), (w, d, z)))
            if p.detail == 2 or p.chance(0.3):
                p.line((-w, d, z), (w, d, z))
    if not p.chance(0.65):
        return p.attribute("empty")
    p.attribute("with books")
    for z in levels:
        x, stop, room = -w + 0.04, p.uniform(-0.3, 1) * w, h / n
        number = p.integer(2, 3 if p.detail == 0 else 5)
        for _ in range(number):
            if x > stop:
                break
            top, step = z + room * p.uniform(0.55, 0.85), p.uniform(0.08, 0.16)
            if p.detail == 0 or p.chance(0.5):
                p.line((x, -d, z), (x, -d, top))
            else:
                p.polyline([(x, -d, z), (x, -d, top), (x + step * 0.8, -d, top), (x + step * 0.8, -d, z)])
            x += step


def tv_stand(p: Pen) -> None:
    w, d, h = p.uniform(0.75, 1.1), p.uniform(0.2, 0.28), p.uniform(0.35, 0.5)
    p.attribute("low")
    p.box((-w, -d, 0), (w, d, h))
    x = w * p.uniform(0.3, 0.5)
    kind = p.choice("shelves", "doors", "middle")
    if kind == "shelves":
        p.attribute("with open shelves")
        p.line((-w, -d, h / 2), (w, -d, h / 2))
        p.lines(*(((a, -d, 0), (a, -d, h)) for a in spaced(-w, w, p.integer(1, 2))))
        if p.detail:
            p.line((-w, d, h / 2), (w, d, h / 2))
    else:
        p.attribute("with an open middle shelf")
        p.lines(((-x, -d, 0), (-x, -d, h)), ((x, -d, 0), (x, -d, h)), ((-x, -d, h / 2), (x, -d, h / 2)))
        if kind == "doors":
            p.attribute("with two doors")
        with p.mirror("x"):
            if kind == "doors":
                _handle(p, x + 0.07, -d - 0.01, h / 2, "knob", 0.04)
            else:
                p.line((x, -d, h / 2), (w, -d, h / 2))
                _handle(p, (x + w) / 2, -d - 0.01, h / 4, "pull")
                _handle(p, (x + w) / 2, -d - 0.01, h * 0.75, "pull")
    if p.chance(0.4):
        _feet(p, w, d, p.uniform(0.06, 0.15))
    if p.chance(0.6):
        p.attribute("with a tv on top")
        tw, th = w * p.uniform(0.6, 0.85), p.uniform(0.45, 0.65)
        z = h + 0.08 + th / 2
        p.rect((0, 0, z), 2 * tw, th)
        if p.detail:
            p.rect((0, -0.01, z), 2 * tw * 0.93, th * 0.88)
        if p.chance(0.5):
            with p.mirror("x"):
                p.line((tw * 0.5, 0, h + 0.08), (tw * 0.6, -0.08, h))
        else:
            p.lines(((0, 0, h + 0.08), (0, 0, h)), ((-0.2, -0.05, h), (0.2, -0.05, h)))


DRAWERS = {
    "desk": desk, "night stand": night_stand, "dresser": dresser, "wardrobe": wardrobe, "bookshelf": bookshelf,
    "tv stand": tv_stand,
}
