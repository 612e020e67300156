"""Figures that face the viewer: person and snowman (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import dot, fan
from data.make.sketches.primitives import Pen, spaced


def person(p: Pen) -> None:
    """Faces the viewer, feet at z = 0, 1.75 high."""
    kind = p.choice("stick", "outline", "outline", "solid", "solid") if p.detail else p.choice("stick", "stick",
                                                                                               "outline")
    hip, neck, r = p.uniform(0.78, 0.92), p.uniform(1.38, 1.46), p.uniform(0.12, 0.17)
    s, w, gap = p.uniform(0.2, 0.28), p.uniform(0.12, 0.18), p.uniform(0.08, 0.13)
    head = neck + r + 0.06
    p.ring((0, 0, head), r, r * p.uniform(1.0, 1.2), axis="y")
    if kind != "stick" or p.chance(0.4):
        p.ring((0, 0, head), r, r * 1.1, axis="x")
    top = neck - 0.06
    if kind == "stick":
        p.attribute("stick")
        p.line((0, 0, head - r), (0, 0, hip))
        s, gap = (0.0, 0.0) if p.chance(0.6) else (s, gap)
        if s:
            p.lines(((-s, 0, top), (s, 0, top)), ((-gap, 0, hip), (gap, 0, hip)))
    else:
        d = 0.09 if kind == "solid" else 0.0
        p.line((0, 0, head - r), (0, 0, top)) if p.chance() else p.lines(
            *(((x, 0, head - r), (x, 0, top)) for x in (-0.05, 0.05)))
        skirt = p.chance(0.2)
        low = hip if not skirt else hip - 0.3
        wide = w if not skirt else w * 2
        p.attribute("with a skirt") if skirt else None
        if kind == "solid" and p.chance(0.5):
            p.polyline([(-s, -d, top), (s, -d, top), (s, d, top), (-s, d, top)], closed=True)
            p.polyline([(-wide, -d, low), (wide, -d, low), (wide, d, low), (-wide, d, low)], closed=True)
            p.lines(*(((x * s, y, top), (x * wide, y, low)) for x in (-1, 1) for y in (-d, d)))
        elif kind == "solid":
            for z, q in ((top, s), (hip + 0.25, w * 0.95), (low, wide)):
                p.ring((0, 0, z), q, d * 1.2)
            p.lines(*(((x * s, 0, top), (x * wide, 0, low)) for x in (-1, 1)))
        else:
            p.polyline([(-s, 0, top), (s, 0, top), (wide, 0, low), (-wide, 0, low)], closed=True)
    # Limbs: joints, then each piece as a line, a pair, or a bar
    pose = p.choice("down", "down", "down", "out", "up", "waving", "hips")
    p.attribute({"down": "standing", "out": "with arms out", "up": "with arms raised", "waving": "waving",
                 "hips": "with hands on the hips"}[pose])
    stance = p.uniform(0.1, 0.22)
    walking = p.uniform(0.15, 0.3) if p.chance(0.25) else 0.0
    if walking:
        p.attribute("walking")
    for side in (-1, 1):
        arm = pose if pose != "waving" else "up" if side == 1 else "down"
        x = side * s
        elbow, hand = {
            "down": ((x + side * 0.06, 0.02, top - 0.28), (x + side * 0.08, -0.04, top - 0.55)),
            "out": ((x + side * 0.27, 0, top - 0.02), (x + side * 0.52, 0, top - 0.02 + p.uniform(-0.1, 0.1))),
            "up": ((x + side * 0.2, 0, top + 0.1), (x + side * 0.28, 0, top + 0.42)),
            "hips": ((x + side * 0.22, 0, top - 0.25), (side * w, -0.05, hip + 0.02)),
        }[arm]
        stride = walking * side
        knee, foot = (side * stance * 0.8, -stride * 0.6, hip * 0.5), (side * stance, -stride, 0.02)
        limbs = (((x, 0, top), elbow, hand, 0.07), ((side * gap, 0, hip), knee, foot, 0.1))
        for a, b, c, thick in limbs:
            if kind == "stick" or p.detail == 0:
                p.line(a, c) if arm in ("down", "out") and p.chance(0.6) else p.lines((a, b), (b, c))
            elif kind == "solid" and p.detail == 2:
                p.bar(a, b, thick)
                p.bar(b, c, thick * 0.9)
            else:
                for t in (-thick / 2, thick / 2):
                    p.bow(*((q[0] + t, q[1], q[2]) for q in (a, b, c)))
        if p.detail and p.chance(0.6):
            dot(p, hand, 0.05)
        fx, fy, fz = foot
        p.line(foot, (fx + (side * 0.1 if kind == "stick" else side * 0.03), fy - 0.15, fz))
    if p.chance(0.4):
        p.attribute("with a face")
        y = -r * 0.9
        for x in (-r * 0.35, r * 0.35):
            dot(p, (x, y, head + r * 0.2), r * 0.12)
        p.bow((-r * 0.4, y, head - r * 0.35), (0, y, head - r * 0.55), (r * 0.4, y, head - r * 0.35))
    if p.chance(0.25):
        p.attribute("with hair")
        for x in (-0.5, 0, 0.5):
            p.bow((0, 0, head + r * 1.1), (r * x, -r * 0.8, head + r * 0.9), (r * x * 1.9, -r * 0.6, head + r * 0.3))
    elif p.chance(0.15):
        p.attribute("with a hat")
        p.ring((0, 0, head + r * 0.6), r * 1.5)
        p.arc((0, 0, head + r * 0.6), r, 0, 180, axis="y")


def snowman(p: Pen) -> None:
    n = p.choice(2, 3, 3, 3)
    radii = [0.5, 0.37, 0.26] if n == 3 else [0.52, 0.36]
    z, centres = 0.0, []
    for k, r in enumerate(radii):
        r *= p.uniform(0.95, 1.06)
        z += r if k == 0 else r * 0.85
        centres.append((z, r))
        p.ring((0, 0, z), r, axis="y")
        if p.detail or (k < 2 and p.chance(0.4)):
            p.ring((0, 0, z), r, axis=p.choice("x", "z"))
        if p.detail == 2:
            p.ring((0, 0, z), r, axis="x")
        z += r * 0.9
    p.attribute(f"with {'three' if n == 3 else 'two'} balls of snow")
    (hz, hr), (bz, br) = centres[-1], centres[-2]
    for x in (-hr * 0.35, hr * 0.35):
        dot(p, (x, -hr * 0.9, hz + hr * 0.25), 0.035)
    nose = (p.choice(0, 0, 0.15), -hr - p.uniform(0.18, 0.32), hz - 0.02)
    p.lines(((-0.03, -hr * 0.97, hz + 0.04), nose), ((0.03, -hr * 0.97, hz - 0.04), nose))
    if p.chance(0.5):
        p.bow((-hr * 0.4, -hr * 0.85, hz - hr * 0.3), (0, -hr * 0.9, hz - hr * 0.5),
              (hr * 0.4, -hr * 0.85, hz - hr * 0.3))
    if p.chance(0.65):
        p.attribute("with a top hat")
        top = hz + hr * 0.8
        p.ring((0, 0, top), hr * 1.2)
        tall = hr * p.uniform(0.9, 1.4)
        if p.detail or p.chance(0.4):
            p.cylinder((0, 0, top), hr * 0.72, tall)
        else:
            p.polyline([(x * hr * 0.7, 0, top + z) for x, z in ((-1, 0), (-1, tall), (1, tall), (1, 0))])
    if p.chance(0.8):
        p.attribute("with stick arms")
        with p.mirror():
            up = p.uniform(-0.05, 0.35)
            hand = (br + 0.45, 0, bz + up)
            p.line((br * 0.95, 0, bz + 0.08), hand)
            if p.detail or p.chance(0.4):
                p.lines((hand, (br + 0.58, 0, bz + up + 0.12)), (hand, (br + 0.62, 0, bz + up + 0.0)))
    if p.chance(0.65):
        p.attribute("with buttons")
        for k in spaced(-0.7, 0.7, p.integer(2, 3)):
            dot(p, (0, -br * math.sqrt(1 - k * k) * 1.01, bz + br * k), 0.04)
    if p.chance(0.35):
        p.attribute("with a scarf")
        z = (hz - hr + bz + br) / 2
        p.ring((0, 0, z), hr * 0.75)
        p.ring((0, 0, z - 0.08), hr * 0.85)
        p.polyline([(0.1, -hr * 0.8, z - 0.08), (0.16, -br, z - 0.4), (0.26, -br, z - 0.38),
                    (0.2, -hr * 0.8, z - 0.06)])
    if p.chance(0.12):
        p.attribute("with a broom")
        p.line((br + 0.4, 0, 0), (br + 0.4, 0, bz + 0.6))
        for c, _ in fan(p, 3):
            p.line((br + 0.4, 0, bz + 0.6), (br + 0.4 + 0.12 * c, 0, bz + 0.95))


DRAWERS = {"person": person, "snowman": snowman}
