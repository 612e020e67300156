"""What one wears on the head: hat, crown, eyeglasses (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import dot
from data.make.sketches.primitives import Pen


def hat(p: Pen) -> None:
    kind = p.choice("top", "top", "sun", "sun", "cowboy", "cap", "beanie", "witch", "fedora")
    p.attribute({"top": "with a tall crown", "sun": "with a wide brim", "cowboy": "with a curled brim",
                 "fedora": "with a dent",
                 "cap": "with a visor", "beanie": "woolly", "witch": "pointed"}[kind])
    r = p.uniform(0.4, 0.5)
    band = p.chance(0.6)
    if kind == "top":
        h = p.uniform(0.6, 1.0)
        p.ring((0, 0, 0), p.uniform(0.65, 0.85))
        p.cylinder((0, 0, 0), r, h, top=r * p.uniform(0.92, 1.12))
        if band:
            p.ring((0, 0, h * 0.22), r)
    elif kind == "sun":
        wide, h = p.uniform(0.9, 1.1), p.uniform(0.38, 0.55)
        p.ring((0, 0, 0), wide)
        p.ring((0, 0, 0.03), r)
        for turn in (0, 90):
            with p.placed(turn=turn):
                p.arc((0, 0, 0.03), r, 0, 180, axis="y", other=h)
        if band:
            p.ring((0, 0, 0.14), r * 0.97)
            if p.chance(0.4):
                p.attribute("with a ribbon")
                p.lines(((r * 0.95, 0, 0.14), (r + 0.35, 0.1, 0.02)), ((r * 0.95, 0, 0.14), (r + 0.3, -0.12, 0.02)))
    elif kind in ("cowboy", "fedora"):
        h, wide, up = p.uniform(0.45, 0.6), p.uniform(0.85, 1.05), p.uniform(0.2, 0.35) if kind == "cowboy" else 0.08
        depth = wide * p.uniform(0.6, 0.8)
        with p.mirror():
            p.curve((0, -depth, 0), (wide * 0.6, -depth, 0), (wide, -depth * 0.5, up), (wide, 0, up))
            p.curve((0, depth, 0), (wide * 0.6, depth, 0), (wide, depth * 0.5, up), (wide, 0, up))
            p.curve((r, 0, 0.03), (r * 0.95, 0, h * 0.6), (r * 0.8, 0, h), (r * 0.55, 0, h))
            p.bow((r * 0.55, 0, h), (r * 0.3, 0, h * 0.95), (0, 0, h * 0.82))
        p.ring((0, 0, 0.03), r, r * 0.8)
        if band:
            p.ring((0, 0, h * 0.25), r * 0.97, r * 0.78)
        p.ring((0, 0, h * 0.95), r * 0.6, r * 0.4)
    elif kind == "cap":
        with p.placed(turn=p.choice(0, 90, 180, 45)):
            p.ring((0, 0, 0), r)
            for turn in (0, 90):
                with p.placed(turn=turn):
                    p.arc((0, 0, 0), r, 0, 180, axis="y", other=r * p.uniform(0.8, 1.0))
            out = -r - p.uniform(0.35, 0.5)
            p.curve((-r * 0.95, -r * 0.2, 0), (-r, out * 0.9, -0.08), (r, out * 0.9, -0.08), (r * 0.95, -r * 0.2, 0))
            if p.detail:
                p.curve((-r * 0.95, -r * 0.2, -0.05), (-r, out, -0.13), (r, out, -0.13), (r * 0.95, -r * 0.2, -0.05))
            p.ring((0, 0, r * 0.95), 0.05)
    elif kind == "beanie":
        h, cuff = p.uniform(0.6, 0.8), p.uniform(0.15, 0.22)
        p.ring((0, 0, 0), r * 1.05)
        p.ring((0, 0, cuff), r * 1.05)
        p.lines(*(((s * r * 1.05, 0, 0), (s * r * 1.05, 0, cuff)) for s in (-1, 1)))
        for turn in (0, 90):
            with p.placed(turn=turn):
                p.arc((0, 0, cuff), r, 0, 180, axis="y", other=h - cuff)
        if p.chance(0.75):
            p.attribute("with a pompom")
            p.sphere((0, 0, h + 0.1), 0.12)
    else:
        h, bend = p.uniform(0.9, 1.3), p.uniform(-0.35, 0.35) if p.chance() else 0
        p.ring((0, 0, 0), p.uniform(0.75, 1.0))
        p.ring((0, 0, 0.02), r)
        with p.around(p.choice(2, 4)):
            p.line((r, 0, 0.02), (0, 0, h)) if not bend else p.bow((r, 0, 0.02), (r * 0.5, 0, h * 0.45), (0, 0, h))
        if bend:
            p.bow((0, 0, h), (bend * 0.5, 0, h + 0.06), (bend, 0, h - 0.05))
        if band:
            p.ring((0, 0, 0.17), r * 0.85)
            p.rect((0, -r * 0.88, 0.12), 0.16, 0.16)


def crown(p: Pen) -> None:
    n, r = p.integer(4, 6) if p.detail == 0 else p.integer(5, 8), p.uniform(0.65, 0.8)
    flare, low, high = p.uniform(1.0, 1.25), p.uniform(0.25, 0.5), p.uniform(0.75, 1.05)
    p.count(n, "point")
    p.ring((0, 0, 0), r)
    band = p.chance(0.65)
    if band:
        z = low * p.uniform(0.4, 0.8)
        p.ring((0, 0, z), r * (1 + (flare - 1) * z))
    a = math.pi / n
    tip, dip = r * flare, r * (1 + (flare - 1) * low)
    curved = p.chance(0.3)
    with p.around(n, start_deg=p.choice(0, 90, 30)):
        points = [(dip * math.cos(-a), dip * math.sin(-a), low), (tip, 0, high),
                  (dip * math.cos(a), dip * math.sin(a), low)]
        if curved:
            m = (low * 0.6 + high * 0.4) * 0.95
            for k in (0, 2):
                s = 1 if k else -1
                p.bow(points[k], (tip * math.cos(a * 0.35), s * tip * math.sin(a * 0.35), m), points[1])
        else:
            p.polyline(points)
    if p.chance(0.5):
        p.attribute("with balls on the points")
        with p.around(n, start_deg=0):
            dot(p, (tip, 0, high + 0.05), 0.06, axis="y" if p.chance() else "x")
    if p.chance(0.45):
        p.attribute("with jewels")
        z = low * 0.35
        with p.around(n):
            if p.chance():
                p.polyline([(r, 0, z - 0.08), (r, 0.07, z), (r, 0, z + 0.08), (r, -0.07, z)], closed=True)
            else:
                dot(p, (r, 0, z), 0.06, axis="x")
    if p.chance(0.4):
        p.lines(*(((x * r, 0, 0), (x * dip, 0, low)) for x in (-1, 1)))
    if p.chance(0.12):
        p.attribute("with arches")
        for turn in (0, 90):
            with p.placed(turn=turn):
                p.bow((-dip, 0, low), (0, 0, high + 0.45), (dip, 0, low))
        p.lines(((0, 0, high + 0.45), (0, 0, high + 0.7)), ((-0.1, 0, high + 0.6), (0.1, 0, high + 0.6)))


def eyeglasses(p: Pen) -> None:
    r, gap = p.uniform(0.3, 0.4), p.uniform(0.08, 0.16)
    kind = p.choice("round", "round", "round", "rectangular", "oval", "rounded", "pilot")
    p.attribute(kind)
    c, arm = gap + r, p.uniform(0.8, 1.3)
    h = r * {"rectangular": 0.62, "oval": 0.7, "rounded": 0.72}.get(kind, 1.0)
    layers = (0, 0.05) if p.detail == 2 else (0,)
    with p.mirror():
        for y in layers:
            if kind in ("round", "oval"):
                p.ring((c, y, 0), r, h, axis="y")
                if p.detail and p.chance(0.25):
                    p.ring((c, y, 0), r * 0.88, h * 0.88, axis="y")
            elif kind == "rectangular":
                p.rect((c, y, 0), 2 * r, 2 * h)
            elif kind == "rounded":
                p.rounded_rect((c, y, 0), 2 * r, 2 * h, radius=0.15)
            else:
                p.spline([(gap, y, 0.2), (c, y, 0.27), (c + r, y, 0.2), (c + r * 0.7, y, -0.2), (c, y, -0.33),
                          (gap + 0.05, y, -0.15)],
                         closed=True)
        z, x = h * p.uniform(0, 0.6) if kind != "rectangular" else h * 0.6, c + r
        x = c + r * math.sqrt(max(0.0, 1 - (z / h)**2)) if kind in ("round", "oval") else x
        end, splay = arm, x + p.uniform(-0.08, 0.08)
        p.line((x, 0, z), (splay, end, z))
        if p.detail == 2 and p.chance():
            p.line((x, 0, z - 0.06), (splay, end, z - 0.06))
        hook = p.uniform(0.15, 0.3)
        p.bow((splay, end, z), (splay, end + hook * 0.6, z - hook * 0.3), (splay, end + hook * 0.8, z - hook))
        if p.chance(0.3) and p.detail:
            p.bow((gap * 0.95, 0, -h * 0.2), (gap * 0.7, 0.08, -h * 0.35), (gap * 0.75, 0.1, -h * 0.5))
    p.attribute("with temples")
    z = h * p.uniform(0.0, 0.4)
    inner = gap if kind not in ("round", "oval") else c - r * math.sqrt(1 - (z / h)**2)
    p.bow((-inner, 0, z), (0, 0, z + p.uniform(0, 0.14)), (inner, 0, z))
    if kind == "pilot":
        p.attribute("with a double bridge")
        p.line((-gap, 0, 0.2), (gap, 0, 0.2))


DRAWERS = {"hat": hat, "crown": crown, "eyeglasses": eyeglasses}
