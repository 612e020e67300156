"""Vessels: bottle, bowl, cup, mug, teapot, vase, wine glass, pots, bucket and basket (ours; no paper)."""

from __future__ import annotations

from data.make.sketches.motifs import ear_handle, fan, leaf
from data.make.sketches.primitives import Pen, spaced


def bottle(p: Pen) -> None:
    kind = p.choice("wine", "wine", "beer", "water", "flask", "jug")
    r, top = p.uniform(0.24, 0.38), p.uniform(1.7, 2.2)
    neck = r * {"wine": 0.33, "beer": 0.35, "water": 0.5, "flask": 0.25, "jug": 0.3}[kind]
    shoulder = top * {"wine": 0.55, "beer": 0.5, "water": 0.68, "flask": 0.3, "jug": 0.5}[kind] * p.uniform(0.9, 1.1)
    base = min(shoulder + r * p.uniform(0.6, 1.4), top * 0.85)
    if kind in ("flask", "jug"):
        r *= 1.7
        p.attribute("round")
    p.ring((0, 0, 0), r if kind != "flask" else r * 0.6)
    p.ring((0, 0, top), neck)
    if p.detail and p.chance(0.7):
        p.ring((0, 0, shoulder), r)
    if p.detail and p.chance(0.5):
        p.ring((0, 0, base), neck)
    with p.around(p.meridians):
        if kind == "flask":
            p.spline([(r * 0.6, 0, 0), (r, 0, shoulder), (r * 0.75, 0, (shoulder + base) / 2 + 0.1), (neck, 0, base)])
        else:
            p.line((r, 0, 0), (r, 0, shoulder))
            lift = (base - shoulder) * 0.5
            p.curve((r, 0, shoulder), (r, 0, shoulder + lift), (neck, 0, base - lift), (neck, 0, base))
        p.line((neck, 0, base), (neck, 0, top))
    if p.chance(0.35):
        p.attribute("with a cap")
        p.cylinder((0, 0, top - 0.05), neck * 1.25, 0.16)
    elif p.chance(0.4):
        p.ring((0, 0, top - 0.1), neck * 1.2)
    if kind != "flask" and p.chance(0.45):
        p.attribute("with a label")
        z0, z1 = shoulder * p.uniform(0.15, 0.3), shoulder * p.uniform(0.65, 0.85)
        if p.chance():
            p.ring((0, 0, z0), r)
            p.ring((0, 0, z1), r)
        else:
            for z in (z0, z1):
                p.arc((0, 0, z), r, 225, 315)
            p.lines(*(((s * 0.7 * r, -0.7 * r, z0), (s * 0.7 * r, -0.7 * r, z1)) for s in (-1, 1)))
    if kind == "jug" and p.chance():
        p.attribute("with a handle")
        ear_handle(p, (neck, 0, top * 0.9), (r, 0, shoulder), 0.15)
    p.attribute("slim" if r < 0.29 else "tall")


def bowl(p: Pen) -> None:
    depth = p.uniform(0.4, 0.8)
    foot = p.uniform(0.25, 0.5)
    low = 0.1 if p.chance(0.5) else 0.0
    profile = [(foot, low), (0.72, low + depth * 0.3), (0.93, low + depth * 0.65), (1, low + depth)]
    p.lathe(profile, rings=(0, 3) if p.detail < 2 else (0, 2, 3), meridians=p.choice(2, 4, 4))
    if low:
        p.ring((0, 0, 0), foot * 0.95)
        p.lines(((foot, 0, low), (foot * 0.95, 0, 0)), ((-foot, 0, low), (-foot * 0.95, 0, 0)))
    if p.detail and p.chance(0.4):
        p.ring((0, 0, low + depth), 0.92)
    if p.detail and p.chance(0.25):
        p.ring((0, 0, low + depth * 0.75), 0.9)
    p.attribute("shallow" if depth < 0.5 else "deep" if depth > 0.7 else "round")
    if p.chance(0.2):
        p.attribute("with fruit")
        for c, s in fan(p, p.integer(2, 4)):
            p.sphere((0.4 * c, 0.4 * s, low + depth), 0.27)
    elif p.chance(0.12):
        p.attribute("with a spoon")
        p.line((0.2, 0, low + 0.3), (1.25, 0.2, low + depth + 0.45))


def cup(p: Pen) -> None:
    kind = p.choice("teacup", "teacup", "teacup", "tumbler", "tumbler", "paper")
    if kind == "teacup":
        h, r = p.uniform(0.6, 0.9), p.uniform(0.55, 0.7)
        foot = r * p.uniform(0.4, 0.6)
        profile = [(foot, 0), (r * 0.83, h * 0.3), (r * 0.93, h * 0.65), (r, h)]
        p.lathe(profile, rings=(0, 3))
        side = p.choice(1, 1, -1)
        if p.chance(0.8):
            p.attribute("with a small handle")
            ear_handle(p, (side * r * 0.96, 0, h * 0.8), (side * r * 0.85, 0, h * 0.3), side * p.uniform(0.2, 0.32))
        if p.chance(0.65):
            p.attribute("with a saucer")
            wide = r * p.uniform(1.4, 1.75)
            p.ring((0, 0, 0.06), wide)
            if p.detail:
                p.ring((0, 0, -0.04), wide * 0.55)
            if p.chance():
                p.lines(*(((s * wide, 0, 0.06), (s * wide * 0.55, 0, -0.04)) for s in (-1, 1)))
    else:
        h, r = p.uniform(0.9, 1.4), p.uniform(0.42, 0.6)
        p.cylinder((0, 0, 0), r * p.uniform(0.62, 0.82), h, top=r)
        p.attribute("with no handle")
        if p.detail and p.chance(0.4):
            p.ring((0, 0, h), r * 0.9)
        if kind == "paper":
            if p.chance(0.6):
                p.attribute("with a lid")
                p.cylinder((0, 0, h), r * 1.06, 0.1, top=r * 0.95)
            if p.chance(0.5):
                p.attribute("with a straw")
                p.polyline([(0.05, 0, h * 0.9), (0.15, 0, h + 0.45), (0.35, 0, h + 0.55)])
    if p.detail and p.chance(0.3):
        p.ring((0, 0, h * 0.85), r * 0.92)
    _steam(p, h)


def mug(p: Pen) -> None:
    h, r = p.uniform(0.9, 1.4), p.uniform(0.42, 0.58)
    top = r * p.uniform(0.97, 1.1)
    if p.chance(0.7):
        p.cylinder((0, 0, 0), r, h, top=top)
    else:
        bulge = p.uniform(0.9, 1.15)
        p.lathe([(r, 0), (r * bulge, h * 0.35), (r * bulge, h * 0.7), (r, h)], rings=(0, 3))
        top = r
    if p.detail and p.chance(0.6):
        p.ring((0, 0, h), top * 0.88)
    side = p.choice(1, 1, 1, -1)
    p.attribute("with a handle")
    with p.placed(turn=p.choice(0, 0, 0, 0, -90, p.uniform(-60, 60))):
        ear_handle(p, (side * r, 0, h * p.uniform(0.75, 0.88)), (side * r, 0, h * p.uniform(0.15, 0.3)),
                   side * p.uniform(0.28, 0.5))
    if p.chance(0.2):
        p.attribute("with a stripe")
        p.ring((0, 0, h * 0.4), r)
        p.ring((0, 0, h * 0.6), r)
    elif p.detail and p.chance(0.3):
        p.ring((0, 0, h * 0.85), r * 0.95)
    _steam(p, h)
    p.attribute("tall" if h > 1.2 else "short" if h < 1 else "straight")


def _steam(p: Pen, h: float) -> None:
    if p.chance(0.18):
        p.attribute("with steam")
        for x in spaced(-0.4, 0.4, p.integer(2, 3)):
            z = h + 0.1
            p.curve((x, 0, z), (x + 0.2, 0, z + 0.2), (x - 0.2, 0, z + 0.3), (x, 0, z + 0.5))


def teapot(p: Pen) -> None:
    r, h = p.uniform(0.5, 0.65), p.uniform(0.75, 1.15)
    kind = p.choice("round", "round", "round", "tall", "squat")
    if kind != "round":
        p.attribute(kind)
        h *= 1.3 if kind == "tall" else 0.75
    lid = r * p.uniform(0.4, 0.55)
    base = r * p.uniform(0.5, 0.7)
    side = p.choice(1, 1, -1)
    with p.placed(turn=p.choice(0, 0, 0, 0, p.uniform(-50, 50), -90)):
        if p.chance(0.75):
            p.lathe([(base, 0), (r * 0.95, h * 0.25), (r, h * 0.5), (r * 0.85, h * 0.8), (lid, h)], rings=(0, 4))
        else:
            p.sphere((0, 0, h / 2), r, height=h / 2)
            p.ring((0, 0, h * 0.95), lid)
        if p.chance(0.4):
            p.ring((0, 0, h * 0.5), r)
        # Lid and knob
        rise = p.uniform(0.08, 0.2)
        p.bow((-lid, 0, h), (0, 0, h + rise), (lid, 0, h))
        if p.detail and p.chance(0.5):
            p.bow((0, -lid, h), (0, 0, h + rise), (0, lid, h))
        p.ring((0, 0, h + rise + 0.07), 0.07, axis="y")
        # Spout: two S curves and its mouth
        out, tip = r + p.uniform(0.4, 0.65), h * p.uniform(0.8, 1.1)
        p.attribute("with a long spout" if out > r + 0.53 else "with a short spout")
        p.curve((side * r * 0.95, 0, h * 0.25), (side * (r + 0.4), 0, h * 0.2), (side * (out - 0.2), 0, tip),
                (side * out, 0, tip))
        p.curve((side * r * 0.92, 0, h * 0.6), (side * (r + 0.2), 0, h * 0.6), (side * (out - 0.3), 0, tip),
                (side * (out - 0.12), 0, tip + 0.04))
        if p.detail:
            p.ring((side * (out - 0.06), 0, tip + 0.02), 0.07, 0.05)
        else:
            p.line((side * out, 0, tip), (side * (out - 0.12), 0, tip + 0.04))
        if p.chance(0.85):
            ear_handle(p, (-side * r * 0.85, 0, h * 0.85), (-side * r * 0.92, 0, h * 0.25),
                       -side * p.uniform(0.3, 0.45))
        else:
            p.attribute("with a handle on top")
            p.bow((-r * 0.8, 0, h * 0.8), (0, 0, h * 1.7), (r * 0.8, 0, h * 0.8))


def vase(p: Pen) -> None:
    h = p.uniform(1.5, 2.2)
    kind = p.choice("classic", "classic", "trumpet", "bulb", "amphora", "amphora", "slender")
    b = p.uniform(0.45, 0.62)
    profile = {
        "classic": [(0.55, 0), (0.9, 0.2), (1, 0.42), (0.7, 0.65), (0.4, 0.8), (0.42, 0.9), (0.62, 1)],
        "amphora": [(0.4, 0), (0.75, 0.25), (1, 0.5), (0.8, 0.68), (0.42, 0.8), (0.4, 0.92), (0.55, 1)],
        "trumpet": [(0.62, 0), (0.42, 0.18), (0.38, 0.5), (0.5, 0.8), (0.85, 1)],
        "bulb": [(0.5, 0), (0.95, 0.15), (1.05, 0.28), (0.8, 0.43), (0.3, 0.58), (0.24, 0.8), (0.38, 1)],
        "slender": [(0.5, 0), (0.62, 0.25), (0.65, 0.5), (0.4, 0.75), (0.34, 0.87), (0.55, 1)],
    }[kind]
    profile = [(r * b * p.uniform(0.93, 1.07), z * h) for r, z in profile]
    last = len(profile) - 1
    p.lathe(profile, rings=(0, last // 2, last) if p.detail and p.chance(0.6) else (0, last))
    p.attribute({"classic": "with a round body", "amphora": "with two handles", "trumpet": "flared",
                 "bulb": "with a narrow neck", "slender": "slender"}[kind])
    if kind == "amphora":
        with p.mirror():
            ear_handle(p, (b * 0.4, 0, h * 0.9), (b * 0.85, 0, h * 0.66), b * 0.35)
    if p.detail and p.chance(0.25):
        p.attribute("with bands")
        p.ring((0, 0, h * 0.32), b * 0.93)
    if p.chance(0.18):
        p.attribute("with flowers")
        for c, s in fan(p, p.integer(2, 4)):
            tip = (0.4 * c, 0.4 * s, h + p.uniform(0.4, 0.8))
            p.bow((0, 0, h), (0.1 * c, 0.1 * s, h + 0.3), tip)
            p.ring(tip, 0.11, axis="y")


def _pot(p: Pen, r: float, h: float, *, band: bool = True) -> None:
    """A tapered pot on the ground, rim at height h."""
    low = r * p.uniform(0.6, 0.8)
    if band:
        rim = h * p.uniform(0.15, 0.28)
        p.cylinder((0, 0, 0), low, h - rim, top=r * 0.94)
        p.ring((0, 0, h), r * 1.05)
        p.lines(*(((s * r * 1.05, 0, h), (s * r * 1.05, 0, h - rim)) for s in (-1, 1)))
        if p.detail:
            p.ring((0, 0, h - rim), r * 1.05)
    else:
        p.cylinder((0, 0, 0), low, h, top=r)


def flower_pot(p: Pen) -> None:
    h, r = p.uniform(0.85, 1.25), p.uniform(0.55, 0.75)
    kind = p.choice("empty", "empty", "empty", "sprout", "flower", "flower")
    # The rim tells an empty pot from a cup.
    _pot(p, r, h, band=kind == "empty" or p.chance(0.75))
    if p.chance(0.3):
        p.attribute("with a saucer")
        p.ring((0, 0, 0), r * 1.05)
    if p.detail and p.chance(0.4):
        p.ring((0, 0, h * 0.93), r * 0.9)
    if kind == "empty":
        p.attribute("empty")
        return
    top = h + p.uniform(0.35, 0.7)
    p.bow((0, 0, h * 0.93), (0.05, 0, (h + top) / 2), (0, 0, top))
    for c, s in fan(p, 2):
        start = (0.02, 0, h + (top - h) * 0.35)
        leaf(p, start, (0.3 * c, 0.3 * s, start[2] + 0.18), 0.15)
    if kind == "sprout":
        p.attribute("with a small plant")
        leaf(p, (0, 0, top), (0.05, 0, top + 0.25), 0.16)
    else:
        p.attribute("with a flower")
        p.ring((0, 0, top), 0.08, axis="y")
        for k in range(n := p.integer(4, 6)):
            with p.placed((0, 0, top), tilt=90), p.around(1, start_deg=360 * k / n):
                leaf(p, (0.08, 0, 0), (0.27, 0, 0), 0.16)


def plant(p: Pen) -> None:
    h, r = p.uniform(0.45, 0.8), p.uniform(0.32, 0.5)
    if p.chance(0.7):
        _pot(p, r, h, band=p.chance(0.6))
    else:
        p.cylinder((0, 0, 0), r, h)
    kind = p.choice("blades", "arching", "arching", "broad", "broad", "bush")
    n = p.integer(4, 5) if p.detail == 0 else p.integer(5, 9)
    if kind == "blades":
        p.attribute("with upright leaves")
        for c, s in fan(p, n):
            reach = p.uniform(0.1, 0.4)
            leaf(p, (0.12 * c, 0.12 * s, h), (reach * c, reach * s, h + p.uniform(0.8, 1.4)), p.uniform(0.15, 0.25))
    elif kind == "arching":
        p.attribute("with arching leaves")
        for c, s in fan(p, n):
            reach, rise = p.uniform(0.6, 0.95), p.uniform(0.1, 0.9)
            leaf(p, (0, 0, h), (reach * c, reach * s, h + rise), p.uniform(0.16, 0.3), lift=p.uniform(0.3, 0.5),
                 vein=p.detail == 2)
    elif kind == "broad":
        p.attribute("with broad leaves")
        for c, s in fan(p, n):
            z, reach = h + p.uniform(0.3, 1.0), p.uniform(0.2, 0.4)
            joint = (reach * c, reach * s, z)
            p.bow((0, 0, h), (reach * 0.3 * c, reach * 0.3 * s, (h + z) / 2 + 0.1), joint)
            leaf(p, joint, (c * (reach + 0.45), s * (reach + 0.45), z + p.uniform(-0.1, 0.25)), p.uniform(0.25, 0.4),
                 lift=0.1, vein=p.chance(0.4))
    else:
        p.attribute("with a tall stem")
        top = h + p.uniform(0.9, 1.3)
        p.bow((0, 0, h), (p.uniform(-0.1, 0.1), 0, (h + top) / 2), (0, 0, top))
        for k, (c, s) in enumerate(fan(p, n)):
            z = h + (top - h) * (k + 1) / n
            leaf(p, (0, 0, z), (0.5 * c, 0.5 * s, z + 0.2), p.uniform(0.18, 0.3), lift=0.08)


def bucket(p: Pen) -> None:
    h, r = p.uniform(0.9, 1.25), p.uniform(0.5, 0.65)
    low = r * p.uniform(0.65, 0.85)
    p.cylinder((0, 0, 0), low, h, top=r)
    if p.detail and p.chance(0.6):
        p.ring((0, 0, h * 0.93), r * 1.0)
    if p.chance(0.25):
        p.attribute("with hoops")
        p.ring((0, 0, h * 0.25), low + (r - low) * 0.25)
        p.ring((0, 0, h * 0.75), low + (r - low) * 0.75)
        if p.detail:
            with p.around(8):
                p.line((low, 0, 0), (r, 0, h))
    start = h * p.uniform(0.88, 1.0)
    rise = r * p.uniform(0.8, 1.3)
    up = p.chance(0.8)
    p.attribute("with the handle up" if up else "with the handle down")
    tilt = p.uniform(-25, 25) if up else p.uniform(65, 100)
    with p.placed((0, 0, start), tilt=tilt):
        if p.chance(0.5):
            p.bow((-r, 0, 0), (0, 0, rise), (r, 0, 0))
        else:
            p.arc((0, 0, 0), r, 0, 180, axis="y", other=rise)
        if p.detail and p.chance(0.4):
            p.cylinder((-0.15, 0, rise), 0.05, 0.3, axis="x")
    if p.detail and p.chance(0.5):
        for x in (-r, r):
            p.ring((x, 0, start), 0.06, axis="x")


def basket(p: Pen) -> None:
    h, r, y = p.uniform(0.5, 0.8), p.uniform(0.6, 0.8), p.uniform(0.45, 1.0)
    low = p.uniform(0.7, 1.0)
    n = p.integer(2, 4) if p.detail < 2 else p.integer(3, 5)
    start = len(p.strokes)
    if p.chance(0.7):
        for k in range(n):
            t = k / (n - 1)
            p.ring((0, 0, h * t), r * (low + (1 - low) * t))
        bulge = p.uniform(0, 0.08)
        with p.around(p.choice(6, 8, 8, 10) if p.detail else 6):
            if p.chance(0.5) and p.detail:
                p.attribute("with a criss-cross weave")
                p.lines(((r * low, 0, 0), (r * 0.92, r * 0.38, h)), ((r * low * 0.92, r * low * 0.38, 0), (r, 0, h)))
            else:
                p.bow((r * low, 0, 0), (r * (low + 1) / 2 + bulge, 0, h / 2), (r, 0, h))
        # An oval basket is a round one, narrower in depth.
        p.strokes[start:] = [tuple((a, b * y, c) for a, b, c in stroke) for stroke in p.strokes[start:]]
        p.attribute("round" if y > 0.85 else "oval")
    else:
        p.attribute("square")
        w, d = r, r * y
        p.box((-w, -d, 0), (w, d, h))
        for z in spaced(0, h, n - 1):
            p.rect((0, 0, z), 2 * w, 2 * d, axis="z")
        for x in spaced(-w, w, p.integer(2, 5)):
            p.lines(((x, -d, 0), (x, -d, h)), ((x, d, 0), (x, d, h)))
    if p.chance(0.85):
        p.attribute("with an arched handle")
        rise = r * p.uniform(0.8, 1.3)
        for d in ((-0.06, 0.06) if p.detail and p.chance() else (0,)):
            if p.chance(0.5):
                p.bow((-r, d, h), (0, d, h + rise), (r, d, h))
            else:
                p.arc((0, d, h), r, 0, 180, axis="y", other=rise)
    else:
        p.attribute("with side handles")
        with p.mirror():
            p.bow((r, -0.2, h), (r + 0.25, 0, h + 0.1), (r, 0.2, h))


def wine_glass(p: Pen) -> None:
    kind = p.choice("tulip", "tulip", "tulip", "flute", "wide", "martini")
    stem, foot = p.uniform(0.6, 1.0), p.uniform(0.32, 0.48)
    r, b = {"tulip": (0.42, 0.9), "flute": (0.22, 1.1), "wide": (0.55, 0.6), "martini": (0.6, 0.55)}[kind]
    r, b = r * p.uniform(0.85, 1.15), b * p.uniform(0.85, 1.15)
    z = stem
    p.ring((0, 0, 0), foot)
    if p.chance(0.4):
        p.lines(*(((s * foot, 0, 0), (0, 0, 0.1)) for s in (-1, 1)))
    if p.detail == 0 or p.chance(0.4):
        p.line((0, 0, 0), (0, 0, z))
    else:
        p.lines(*(((s * 0.05, 0, 0.04), (s * 0.05, 0, z)) for s in (-1, 1)))
    shape = {"tulip": [(0.02, 0), (0.75, 0.15), (1, 0.42), (0.92, 0.75), (0.75, 1)],
             "flute": [(0.1, 0), (0.75, 0.2), (1, 0.6), (0.85, 1)],
             "wide": [(0.02, 0), (0.8, 0.2), (1, 0.55), (0.92, 1)], "martini": [(0.02, 0), (1, 1)]}[kind]
    profile = [(u * r, z + v * b) for u, v in shape]
    p.lathe(profile, rings=(len(profile) - 1,), smooth=kind != "martini", meridians=p.choice(2, 4, 4))
    p.attribute({"tulip": "tall", "flute": "slim", "wide": "wide", "martini": "with a conical bowl"}[kind])
    if p.chance(0.4):
        p.attribute("with wine")
        k = len(profile) // 2 if kind != "martini" else 1
        p.ring((0, 0, profile[k][1] * (1 if kind != "martini" else 0.85)),
               profile[k][0] * (1 if kind != "martini" else 0.6))


DRAWERS = {
    "bottle": bottle, "bowl": bowl, "cup": cup, "mug": mug, "teapot": teapot, "vase": vase, "flower pot": flower_pot,
    "plant": plant, "bucket": bucket, "basket": basket, "wine glass": wine_glass,
}
