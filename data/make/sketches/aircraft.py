"""What flies: airplane and helicopter, noses towards +x, and a rocket (ours; no paper)."""

from __future__ import annotations

import math

from data.make.sketches.motifs import dot, heading, spun
from data.make.sketches.primitives import Pen, spaced


def _spindle(p: Pen, stations: list[tuple[float, float, float]], *, rings: tuple[int, ...]) -> None:
    """A body along x; stations (x, half width, z of its middle), as high as wide: outlines and rings across."""
    outline = p.sweep_through if p.detail == 0 and p.chance(0.8) else p.spline
    for u, v in ((0, 1), (0, -1), (1, 0), (-1, 0))[:4 if p.meridians == 4 or p.chance(0.4) else 2]:
        outline([(x, u * r, z + v * r) for x, r, z in stations])
    for k in rings:
        x, r, z = stations[k]
        p.ring((x, 0, z), r, axis="x")


def airplane(p: Pen) -> None:
    kind = p.choice("airliner", "airliner", "airliner", "propeller", "propeller", "fighter", "biplane")
    r, swept = p.uniform(0.1, 0.16), {"airliner": 0.45, "fighter": 0.7}.get(kind, p.uniform(0, 0.08))
    span = p.uniform(0.85, 1.15) if kind != "fighter" else p.uniform(0.55, 0.75)
    root, tip = p.uniform(0.3, 0.42), p.uniform(0.12, 0.2)
    if kind == "fighter":
        root, tip, r = 0.75, 0.05, r * 0.8
        p.attribute("with delta wings")
    with heading(p):
        _spindle(p, [(-1, 0.03, r * 0.6), (-0.45, r * 0.85, 0), (0.5, r, 0), (0.8, r * 0.75, 0), (1, 0.01, -r * 0.2)],
                 rings=(2,) if p.detail < 2 else (1, 2, 3))
        high = r * p.choice(-0.3, 0, 0.8) if kind != "biplane" else -r
        dihedral = p.uniform(0, 0.15) * span
        engines = kind == "airliner" and p.chance(0.8 if p.detail else 0.25)
        with p.mirror("y"):
            for z in (high, high + 0.4) if kind == "biplane" else (high,):
                front = 0.25
                p.polyline([(front, r, z), (front - swept, span, z + dihedral),
                            (front - swept - tip, span, z + dihedral), (front - root, r, z)])
            x = -0.72
            tail = span * p.uniform(0.32, 0.42)
            p.polyline([(x, 0.05, r * 0.4), (x - swept * 0.35, tail, r * 0.4), (x - 0.22 - swept * 0.2, tail, r * 0.4),
                        (x - 0.25, 0.03, r * 0.4)])
            if kind == "biplane":
                p.line((0.15, span * 0.7, high), (0.15, span * 0.7, high + 0.4))
                if p.detail:
                    p.line((0, span * 0.7, high), (0, span * 0.7, high + 0.4))
            if engines:
                p.attribute("with two engines")
                p.cylinder((-0.02, span * 0.38, high - 0.1), 0.065, 0.24, axis="x")
        fin = p.uniform(0.3, 0.42)
        p.polyline([(-0.62, 0, r * 0.8), (-0.88, 0, r + fin), (-1.03, 0, r + fin), (-0.97, 0, r * 0.6)])
        if kind in ("propeller", "biplane"):
            p.attribute("with a propeller")
            with p.placed((1.02, 0, 0)):
                for k in range(n := p.choice(2, 2, 3)):
                    a = math.pi / 2 + 2 * math.pi * k / n
                    p.line((0, 0, 0), (0, 0.3 * math.cos(a), 0.3 * math.sin(a)))
            if p.chance(0.6):
                p.attribute("with wheels")
                for y in (-0.2, 0.2):
                    p.line((0.35, y * 0.5, -r), (0.35, y, -r - 0.15))
                    dot(p, (0.35, y, -r - 0.2), 0.08)
        if p.chance(0.6):
            p.bow((0.72, -r * 0.6, r * 0.5), (0.78, 0, r * 0.75), (0.72, r * 0.6, r * 0.5))
        if p.detail and kind == "airliner" and p.chance(0.4):
            p.attribute("with windows")
            for x in spaced(-0.4, 0.6, p.integer(3, 6)):
                dot(p, (x, -r, 0.03), 0.03)
        p.attribute({"airliner": "with swept wings", "propeller": "with straight wings", "fighter": "military",
                     "biplane": "with double wings"}[kind])


def helicopter(p: Pen) -> None:
    a, h = p.uniform(0.38, 0.5), p.uniform(0.3, 0.4)
    with heading(p):
        if p.chance(0.6):
            p.ring((0.25, 0, 0), a, h, axis="y")
            if p.detail or p.chance():
                p.ring((0.25, 0, 0), a, h * 0.8)
            if p.detail:
                p.ring((0.25, 0, 0), h * 0.8, h, axis="x")
        else:
            with p.mirror("y"):
                y = h * 0.7
                p.spline([(-0.15, y, 0.1), (0, y, h), (0.4, y, h), (0.75, y, -0.05), (0.6, y, -h), (0, y, -h),
                          (-0.15, y, 0.1)])
            p.lines(*(((x, -y, z), (x, y, z)) for x, z in ((0, h), (0.75, -0.05), (0.6, -h), (0, -h))))
        tail = -p.uniform(0.95, 1.2)
        x0 = 0.25 - a * 0.85
        p.lines(((x0, 0, h * 0.5), (tail, 0, 0.2)), ((x0, 0, -h * 0.3), (tail, 0, 0.1)))
        fin = p.uniform(0.2, 0.35)
        p.polyline([(tail + 0.12, 0, 0.2), (tail - 0.08, 0, 0.2 + fin), (tail - 0.15, 0, 0.2 + fin), (tail, 0, 0.1)])
        # Rotors
        top, blade = h + p.uniform(0.12, 0.25), p.uniform(0.75, 1.05)
        p.line((0.2, 0, h), (0.2, 0, top))
        n = p.choice(2, 4, 4, 3)
        p.count(n, "blade")
        with p.around(n, (0.2, 0, 0), start_deg=p.uniform(0, 90)):
            if p.detail and p.chance(0.7):
                p.polyline([(0.2, 0, top), (0.3, -0.04, top), (0.2 + blade, -0.05, top), (0.2 + blade, 0.05, top),
                            (0.2, 0, top)])
            else:
                p.line((0.2, 0, top), (0.2 + blade, 0, top))
        if p.detail and p.chance(0.3):
            p.ring((0.2, 0, top), 0.08)
        with p.placed((tail - 0.05, -0.06, 0.3)):
            if p.chance(0.3):
                p.ring((0, 0, 0), 0.2, axis="y")
            p.lines(((-0.18, 0, -0.08), (0.18, 0, 0.08)), ((-0.08, 0, 0.18), (0.08, 0, -0.18)))
        if p.chance(0.85):
            p.attribute("with skids")
            with p.mirror("y"):
                z, y = -h - 0.2, 0.28
                p.line((-0.2, y, z), (0.65, y, z))
                if p.chance(0.4):
                    p.bow((0.65, y, z), (0.75, y, z + 0.02), (0.8, y, z + 0.12))
                p.lines(((0.05, 0.15, -h * 0.85), (0.05, y, z)), ((0.45, 0.15, -h * 0.85), (0.45, y, z)))
        else:
            p.attribute("with wheels")
            for x, y in ((0.5, 0), (0, -0.25), (0, 0.25)):
                p.line((x, y, -h * 0.8), (x, y, -h - 0.1))
                dot(p, (x, y, -h - 0.18), 0.09)
        if p.chance(0.6):
            p.attribute("with a window")
            p.bow((0.3, -h * 0.6, h * 0.7), (0.42, -h * 0.7, 0), (0.25 + a * 0.95, -0.1, 0))


def rocket(p: Pen) -> None:
    r, h = p.uniform(0.18, 0.32), p.uniform(1.2, 1.7)
    nose = p.uniform(0.35, 0.6)
    lean = p.uniform(-35, 35) if p.chance(0.2) else 0
    with spun(p, lean):
        if p.chance(0.6):
            p.ring((0, 0, 0), r)
            p.ring((0, 0, h), r)
            with p.around(p.meridians):
                p.line((r, 0, 0), (r, 0, h))
                if p.chance(0.3):
                    p.line((r, 0, h), (0, 0, h + nose))
                else:
                    p.curve((r, 0, h), (r, 0, h + nose * 0.5), (r * 0.3, 0, h + nose * 0.85), (0, 0, h + nose))
        else:
            p.attribute("bulging")
            p.lathe([(r * 0.7, 0), (r * 1.2, h * 0.4), (r * 1.15, h * 0.75), (r * 0.6, h), (0, h + nose * 0.6)],
                    rings=(0, 2), meridians=p.choice(2, 4))
        n, fin, drop = p.choice(3, 4, 4), r * p.uniform(0.9, 1.6), p.uniform(-0.05, 0.25)
        p.count(n, "fin")
        with p.around(n, start_deg=p.choice(0, 0, 45)):
            if p.chance(0.5):
                p.polyline([(r * 0.9, 0, h * 0.35), (r + fin, 0, -drop), (r * 0.9, 0, 0)])
            else:
                p.bow((r * 0.9, 0, h * 0.4), (r + fin * 0.75, 0, h * 0.2), (r + fin, 0, -drop))
                p.bow((r + fin, 0, -drop), (r + fin * 0.5, 0, 0.05), (r * 0.9, 0, 0.02))
        if p.chance(0.6):
            p.attribute("with a round window")
            for z in (h * 0.75, h * 0.5)[:p.choice(1, 1, 2)]:
                p.ring((0, -r, z), r * 0.45, axis="y")
        if p.detail and p.chance(0.5):
            p.ring((0, 0, h * p.uniform(0.35, 0.6)), r)
        if p.chance(0.35):
            p.attribute("with flames")
            for x, length in ((-r * 0.4, 0.25), (0, 0.4), (r * 0.4, 0.25)):
                p.bow((x - 0.08, 0, -0.02), (x, 0, -length), (x + 0.08, 0, -0.02))
        elif p.chance(0.4):
            p.cylinder((0, 0, 0), r * 0.5, -0.12, top=r * 0.7)
        if p.chance(0.12):
            p.attribute("with boosters")
            with p.mirror():
                p.cylinder((r * 1.5, 0, 0), r * 0.4, h * 0.5)
                p.lines(((r * 1.1, 0, h * 0.5), (r * 1.5, 0, h * 0.7)), ((r * 1.9, 0, h * 0.5), (r * 1.5, 0, h * 0.7)))


DRAWERS = {"airplane": airplane, "helicopter": helicopter, "rocket": rocket}
