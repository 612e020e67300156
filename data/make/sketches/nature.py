"""Plants that grow outside: tree, cactus, flower, mushroom, apple (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import fan, leaf, spun
from data.make.sketches.primitives import Pen, spaced


def _trunk(p: Pen, low: float, high: float, z: float) -> None:
    if p.detail == 0:
        p.lines(((-low, 0, 0), (-high, 0, z)), ((low, 0, 0), (high, 0, z)))
    else:
        p.cylinder((0, 0, 0), low, z, top=high)


def tree(p: Pen) -> None:
    kind = p.choice("round", "round", "round", "blobs", "blobs", "fir", "fir", "palm", "bare", "cloud")
    if kind == "fir":
        p.attribute("with a pointed crown")
        z, tiers, r = p.uniform(0.2, 0.4), p.integer(2, 4), p.uniform(0.5, 0.7)
        _trunk(p, 0.1, 0.09, z)
        for k in range(tiers):
            wide, tall = r * (1 - k / (tiers + 0.6)), 0.75 - 0.08 * k
            p.ring((0, 0, z), wide)
            with p.around(p.meridians):
                p.line((wide, 0, z), (0.02, 0, z + tall))
            z += tall * 0.58
    elif kind == "palm":
        p.attribute("with palm leaves")
        h, bend = p.uniform(1.2, 1.6), p.uniform(-0.4, 0.4)
        for x in (-0.09, 0.09):
            p.curve((x * 1.4, 0, 0), (x + bend * 0.2, 0, h * 0.4), (x + bend, 0, h * 0.7), (x * 0.7 + bend, 0, h))
        if p.detail == 2:
            for k in (0.3, 0.5, 0.7):
                p.line((bend * k * k - 0.09, 0, h * k), (bend * k * k + 0.09, 0, h * k))
        for c, s in fan(p, p.integer(5, 8)):
            reach = p.uniform(0.55, 0.8)
            tip = (bend + reach * c, reach * s, h - p.uniform(0, 0.35))
            if p.detail:
                leaf(p, (bend, 0, h), tip, p.uniform(0.1, 0.2), lift=0.35)
            else:
                p.bow((bend, 0, h), ((bend + tip[0]) / 2, tip[1] / 2, h + 0.22), tip)
        if p.chance(0.3):
            p.attribute("with coconuts")
            for c, s in fan(p, 2):
                p.ring((bend + 0.1 * c, 0.1 * s, h - 0.1), 0.08, axis="y")
    elif kind == "bare":
        p.attribute("bare")
        h = p.uniform(0.7, 1.0)
        _trunk(p, 0.13, 0.09, h)
        for c, s in fan(p, p.integer(4, 6)):
            z = h * p.uniform(0.75, 1.0)
            joint = (0.35 * c, 0.35 * s, z + p.uniform(0.3, 0.55))
            p.bow((0.05 * c, 0.05 * s, z), (0.22 * c, 0.22 * s, z + 0.2), joint)
            tip = (0.6 * c + p.uniform(-0.2, 0.2), 0.6 * s, joint[2] + p.uniform(0.15, 0.5))
            p.line(joint, tip)
            p.line(joint, (joint[0] + p.uniform(-0.2, 0.2), joint[1] * 1.1, joint[2] + p.uniform(0.3, 0.5)))
    else:
        h, r = p.uniform(0.6, 1.0), p.uniform(0.45, 0.65)
        _trunk(p, p.uniform(0.1, 0.16), p.uniform(0.07, 0.12), h)
        top = h + r * p.uniform(0.75, 0.9)
        if kind == "round":
            p.attribute("with a round crown")
            p.sphere((0, 0, top), r, height=r * p.uniform(0.85, 1.25))
        elif kind == "blobs":
            p.attribute("with a bushy crown")
            for k, (c, s) in enumerate(fan(p, n := p.integer(2, 4))):
                place = (0.5 * r * c, 0.3 * r * s, top + r * (-0.25 if k < n - 1 else 0.45))
                p.ring(place, r * p.uniform(0.55, 0.8), axis="y")
                if p.detail:
                    p.ring(place, r * p.uniform(0.55, 0.75), axis=p.choice("x", "z"))
        else:
            p.attribute("with a leafy crown")
            for turn in (0, 90)[:1 + (p.detail > 0)]:
                with p.placed((0, 0, top), turn=turn):
                    n = p.integer(5, 8)
                    for k in range(n):
                        a, b = (2 * math.pi * (k + q) / n for q in (0, 1))
                        m = (a + b) / 2
                        p.bow((r * math.cos(a), 0, r * math.sin(a)),
                              (r * 1.25 * math.cos(m), 0, r * 1.25 * math.sin(m)),
                              (r * math.cos(b), 0, r * math.sin(b)))
        if p.chance(0.3):
            p.attribute("with branches")
            p.lines(((0, 0, h * 0.9), (r * 0.5, 0, top)), ((0, 0, h), (-r * 0.4, r * 0.2, top + r * 0.2)))
        if p.chance(0.2):
            p.attribute("with fruit")
            for c, s in fan(p, p.integer(3, 5)):
                p.ring((r * 0.55 * c, -r * 0.7, top + r * 0.55 * s), 0.07, axis="y")
    if kind != "palm" and p.chance(0.3):
        p.attribute("with roots")
        with p.around(p.choice(3, 4), start_deg=20):
            p.bow((0.11, 0, 0.1), (0.16, 0, 0.03), (0.32, 0, -0.02))


def _column(p: Pen, x: float, r: float, z0: float, z1: float) -> None:
    """An upright rounded column that ends in a dome at z1."""
    p.ring((x, 0, z0), r)
    with p.around(p.choice(2, 4), (x, 0, 0)):
        p.line((x + r, 0, z0), (x + r, 0, z1 - r))
        p.curve((x + r, 0, z1 - r), (x + r, 0, z1 - r * 0.45), (x + r * 0.55, 0, z1), (x, 0, z1))


def cactus(p: Pen) -> None:
    kind = p.choice("arms", "arms", "arms", "arms", "ball", "pads")
    z = 0.0
    if p.chance(0.35):
        p.attribute("with a pot")
        p.cylinder((0, 0, -0.45), 0.27, 0.45, top=0.36)
    if kind == "ball":
        p.attribute("round")
        r, h = p.uniform(0.4, 0.55), p.uniform(0.7, 1.0)
        for c, s in fan(p, p.integer(4, 8), jitter=0.05):
            p.curve((r * 0.4 * c, r * 0.4 * s, z), (r * 1.35 * c, r * 1.35 * s, z + h * 0.15),
                    (r * 1.3 * c, r * 1.3 * s, z + h), (0, 0, z + h))
        p.ring((0, 0, z + h * 0.5), r)
        top = z + h
    elif kind == "pads":
        p.attribute("with flat pads")
        top = z + 1.2
        for x, at, tall, lean in ((0, 0, 0.75, 0), (0.12, 0.65, 0.55, 30), (-0.12, 0.65, 0.5, -35),
                                  (0.25, 1.05, 0.4, 15)):
            with p.placed((x, 0, z + at)), spun(p, lean + p.uniform(-8, 8)):
                p.ring((0, 0, tall / 2), tall * 0.32, tall / 2, axis="y")
    else:
        h, r = p.uniform(1.4, 1.9), p.uniform(0.14, 0.24)
        top = z + h
        _column(p, 0, r, z, top)
        arms = p.choice((1, -1), (1, -1), (1, -1), (1,), (-1, 1, 1))
        p.count(len(arms), "arm")
        for k, side in enumerate(arms):
            q, low, reach = r * p.uniform(0.6, 0.8), h * p.uniform(0.28, 0.5) + 0.25 * (k == 2), r + p.uniform(0.28,
                                                                                                               0.45)
            up = low + h * p.uniform(0.25, 0.45)
            a = q if p.detail or p.chance(0.6) else 0
            for off in (-a, a) if a else (0,):
                # The outer outline of the elbow is the lower one.
                x, zz = side * (reach + off), low - off
                p.line((side * r, 0, zz), (side * (reach - q), 0, zz))
                p.curve((side * (reach - q), 0, zz), (side * (reach + off * 0.4), 0, zz), (x, 0, zz + q * 0.6),
                        (x, 0, low + q + 0.03))
                p.line((x, 0, low + q + 0.03), (x, 0, up))
            if a:
                p.arc((side * reach, 0, up), q, 0, 180, axis="y")
                if p.detail == 2:
                    p.ring((side * reach, 0, up), q)
        if p.detail and p.chance(0.4):
            p.attribute("with ribs")
            p.lines(*(((x * r, -r * 0.8, z), (x * r, -r * 0.8, top - r)) for x in (-0.4, 0.4)))
    if p.chance(0.45):
        p.attribute("with spines")
        wide = {"ball": 0.4, "pads": 0.2}.get(kind, 0.2)
        for _ in range(p.integer(4, 9)):
            x, zz = p.uniform(-wide, wide), z + (top - z) * p.uniform(0.15, 0.85)
            p.line((x, -wide * 0.8, zz), (x + p.choice(-1, 1) * 0.09, -wide * 0.8 - 0.09, zz + 0.04))
    if p.chance(0.25):
        p.attribute("with a flower")
        for x in (-0.12, 0, 0.12):
            p.line((0, 0, top), (x, 0, top + 0.16))
    if p.chance(0.2):
        p.line((-0.9, 0, z), (0.9, 0, z))


def flower(p: Pen) -> None:
    kind = p.choice("daisy", "daisy", "daisy", "daisy", "tulip", "bell")
    h = p.uniform(1.0, 1.5)
    bend = p.uniform(-0.15, 0.15)
    p.bow((0, 0, 0), (bend, 0, h / 2), (0, 0, h))
    if p.detail == 2 and p.chance(0.5):
        p.bow((0.04, 0, 0), (bend + 0.04, 0, h / 2), (0.04, 0, h))
    n = p.choice(0, 1, 2, 2, 2)
    p.attribute(("with a bare stem", "with one leaf", "with two leaves")[n])
    for k, (c, s) in enumerate(fan(p, n or 1)[:n]):
        z = h * p.uniform(0.15, 0.45)
        side = (-1)**k if p.chance(0.7) else c
        leaf(p, (bend * 0.7, 0, z), (bend + 0.42 * side, 0.15 * s, z + p.uniform(0.15, 0.45)), p.uniform(0.12, 0.22),
             lift=p.uniform(-0.05, 0.1), vein=p.chance(0.3))
    if kind == "daisy":
        n, r = p.integer(5, 8 if p.detail < 2 else 11), p.uniform(0.1, 0.18)
        reach = p.uniform(0.38, 0.6)
        p.attribute("with round petals" if (broad := p.chance()) else "with long petals")
        width = (2.2 if broad else 1.3) * math.pi * reach / n / 1.6
        with p.placed((0, -0.02, h), tilt=p.choice(90, 90, 90, 60, 30, 0, p.uniform(0, 90)), turn=p.uniform(-20, 20)):
            p.ring((0, 0, 0), r)
            if p.detail == 2:
                p.ring((0, 0, 0), r * 0.5)
            cup = p.uniform(-0.05, 0.15)
            with p.around(n, start_deg=90):
                if p.chance(0.6):
                    leaf(p, (r, 0, 0), (reach, 0, cup), width)
                else:
                    p.curve((r, -width * 0.25, 0), (reach * 1.1, -width * 0.9, cup), (reach * 1.1, width * 0.9, cup),
                            (r, width * 0.25, 0))
    elif kind == "tulip":
        p.attribute("with a cup of petals")
        r, tall = p.uniform(0.25, 0.36), p.uniform(0.45, 0.65)
        with p.around(p.choice(3, 4), start_deg=-90):
            p.curve((0, 0, h), (r * 1.2, -r, h + 0.05), (r * 1.1, -r * 0.6, h + tall * 0.7), (r * 0.7, 0, h + tall))
            p.curve((0, 0, h), (r * 1.2, r, h + 0.05), (r * 1.1, r * 0.6, h + tall * 0.7), (r * 0.7, 0, h + tall))
    else:
        p.attribute("open")
        r, tall = p.uniform(0.3, 0.42), p.uniform(0.35, 0.5)
        with p.around(p.choice(5, 6)):
            p.bow((0, 0, h), (r * 0.35, 0, h + tall * 0.6), (r, 0, h + tall))
            p.bow((r, 0, h + tall), (r * 0.6, r * 0.5, h + tall * 0.85), (r * 0.5, r * 0.87, h + tall))
        p.ring((0, 0, h + tall * 0.8), 0.12)
    if p.chance(0.15):
        p.attribute("with grass")
        for _ in range(3):
            x = p.uniform(-0.4, 0.4)
            p.bow((x, 0, 0), (x + 0.02, 0, 0.15), (x + p.uniform(-0.15, 0.15), 0, 0.3))


def _one_mushroom(p: Pen) -> None:
    r, h, low = p.uniform(0.5, 0.75), p.uniform(0.55, 0.95), p.uniform(0.15, 0.24)
    top = low * p.uniform(0.7, 1.0)
    if p.chance(0.6):
        p.lathe([(low * 1.1, 0), (low * 0.85, h * 0.4), (top, h)], rings=(0,) if p.chance() else (0, 2))
    else:
        p.cylinder((0, 0, 0), low, h, top=top)
    flat = p.chance(0.25)
    dome = r * (p.uniform(0.35, 0.5) if flat else p.uniform(0.7, 1.1))
    z = h - p.uniform(0, 0.12)
    p.ring((0, 0, z), r)
    for turn in (0, 90)[:2 if p.detail or p.chance(0.7) else 1]:
        with p.placed((0, 0, z), turn=turn):
            if p.chance(0.75):
                p.arc((0, 0, 0), r, 0, 180, axis="y", other=dome)
            else:
                p.bow((-r, 0, 0), (0, 0, dome), (r, 0, 0))
    p.attribute("with a flat cap" if flat else "with a domed cap")
    if p.chance(0.45):
        p.attribute("with spots")
        for c, s in fan(p, p.integer(3, 5)):
            high = dome * p.uniform(0.35, 0.7)
            out = r * math.sqrt(1 - (high / dome)**2)
            p.ring((out * c, out * s, z + high), 0.1, 0.08, axis=p.choice("y", "z"))
    if p.chance(0.3):
        p.attribute("with gills")
        for c, s in fan(p, p.integer(6, 10), jitter=0.0):
            p.line((top * c, top * s, z), (r * c, r * s, z))
    if p.chance(0.2):
        p.attribute("with a skirt")
        p.ring((0, 0, h * 0.7), low * 1.4)


def mushroom(p: Pen) -> None:
    _one_mushroom(p)
    if p.chance(0.15):
        with p.placed((p.choice(-1, 1) * 0.75, 0.1, 0), scale=0.55):
            _one_mushroom(p)
        # What is true of one is not true of both.
        p.attributes[:] = ["with a small one beside it"]
    if p.chance(0.2):
        for x in spaced(-0.6, 0.6, 3):
            p.bow((x, -0.25, 0), (x + 0.02, -0.25, 0.12), (x + 0.08, -0.25, 0.22))


def apple(p: Pen) -> None:
    r, h = p.uniform(0.68, 0.8), p.uniform(1.15, 1.45)
    dip, base = p.uniform(0.1, 0.2), r * p.uniform(0.4, 0.65)
    with p.around(p.choice(2, 2, 4, 4) if p.detail < 2 else 4):
        if p.chance(0.75):
            # From the dip over the shoulder to the widest place, and down to the base.
            p.curve((0, 0, h - dip), (r * 0.25, 0, h + dip * 0.9), (r, 0, h + dip * 0.3), (r, 0, h * 0.6))
            p.curve((r, 0, h * 0.6), (r, 0, h * 0.3), (base * 1.2, 0, -0.06), (base * 0.5, 0, 0))
            p.bow((base * 0.5, 0, 0), (base * 0.3, 0, 0.03), (0, 0, 0.08))
        else:
            p.curve((0, 0, h - dip), (r * 1.2, 0, h * 1.3), (r * 1.5, 0, -0.1), (0, 0, 0.05))
    if p.chance(0.5):
        p.ring((0, 0, h * 0.6), r)
    if p.chance(0.35):
        p.ring((0, 0, h * 0.97), r * 0.4)
    tip = (p.uniform(-0.18, 0.18), 0, h + p.uniform(0.15, 0.35))
    p.bow((0, 0, h - dip), (tip[0] * 0.2, 0, (h - dip + tip[2]) / 2), tip)
    p.attribute("with a stem")
    if p.chance(0.75):
        p.attribute("with a leaf")
        side = p.choice(-1, 1)
        start = (tip[0] * 0.4, 0, h + 0.05)
        leaf(p, start, (start[0] + side * p.uniform(0.3, 0.5), p.uniform(-0.1, 0.1), h + p.uniform(0.15, 0.4)),
             p.uniform(0.14, 0.24), lift=0.06, vein=p.chance(0.4))
    if p.chance(0.12):
        p.attribute("with a bite")
        for z in (0.75, 0.55):
            p.arc((r * 0.95, 0, h * z), h * 0.11, 90, 270, axis="y")


DRAWERS = {"tree": tree, "cactus": cactus, "flower": flower, "mushroom": mushroom, "apple": apple}
