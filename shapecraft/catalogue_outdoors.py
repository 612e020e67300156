"""Catalogue, outdoors, toys and tools: nine parametric objects. Lengths in metres; every default is ours."""

from __future__ import annotations

import math

from shapecraft.catalogue_solids import Part, ball, box, cone, part, ring, rod, tube, turned
from shapecraft.graph import Joint
from shapecraft.relations import OnTopOf, Repeated, SymmetricTo

Parts = tuple[Part, ...]


def toy_car(*, length: float = 0.24, width: float = 0.1) -> Parts:
    r = 0.026
    return (
        part("chassis", "a flat block with rounded edges", "above the axles", "glossy red paint",
             box((length, width, 0.04), (0, 0, r + 0.018), bevel=0.008)),
        part("cabin", "a shorter block with rounded edges", "on the chassis, towards the rear", "glossy red paint",
             box((length * 0.5, width * 0.84, 0.045), (-length * 0.08, 0, r + 0.0605), bevel=0.012),
             relations=[OnTopOf("chassis")]),
        part("front_wheels", "two wheels on an axle", "under the chassis, in front (+x)", "matte black rubber",
             *(rod(r, 0.02, (length * 0.3, s * (width / 2), r), axis="y") for s in (-1, 1)),
             rod(0.004, width, (length * 0.3, 0, r), axis="y"),
             joint=Joint("hinge", (0, 1, 0), (length * 0.3, 0.0, r), (-360.0, 360.0))),
        part("rear_wheels", "two wheels on an axle", "under the chassis, at the rear (-x)", "matte black rubber",
             *(rod(r, 0.02, (-length * 0.3, s * (width / 2), r), axis="y") for s in (-1, 1)),
             rod(0.004, width, (-length * 0.3, 0, r), axis="y"), relations=[SymmetricTo("front_wheels", "x")],
             joint=Joint("hinge", (0, 1, 0), (-length * 0.3, 0.0, r), (-360.0, 360.0))),
        part("headlights", "two small discs", "at the front of the chassis", "yellow glass",
             *(rod(0.009, 0.006, (length / 2 + 0.002, s * width * 0.32, r + 0.02), axis="x") for s in (-1, 1))),
    )


def rocket(*, height: float = 0.5, radius: float = 0.06) -> Parts:
    foot = 0.08
    body = height * 0.66
    return (
        part("fins", "four thin upright boards", "around the lower body, down to the ground", "glossy red paint",
             *(box((0.08, 0.008, 0.16), (s * (radius + 0.03), 0, 0.08)) for s in (-1, 1)),
             *(box((0.008, 0.08, 0.16), (0, s * (radius + 0.03), 0.08)) for s in (-1, 1)),
             relations=[Repeated(4, "z", "radial")]),
        part("nozzle", "a frustum, wider below", "under the body", "matte grey metal",
             cone(radius * 0.75, radius * 0.45, 0.04, (0, 0, foot - 0.02))),
        part("body", "a plain cylinder", "between nozzle and nose", "glossy white paint",
             rod(radius, body, (0, 0, foot + body / 2)), relations=[OnTopOf("nozzle")]),
        part("nose", "a pointed cone", "on top of the body", "glossy red paint",
             cone(radius, 0.0, height - foot - body, (0, 0, (height + foot + body) / 2)), relations=[OnTopOf("body")]),
        part("window", "a ring with a round pane", "on the front of the body", "brushed steel",
             ring(0.022, 0.005, (0, -radius, foot + body * 0.7), axis="y"),
             rod(0.02, 0.006, (0, -radius, foot + body * 0.7), axis="y")),
    )


def windmill(*, height: float = 0.8) -> Parts:
    hub = height - 0.08
    return (
        part("tower", "a tapering round tower", "on the ground", "white stone",
             cone(0.14, 0.09, height - 0.06, (0, 0, (height - 0.06) / 2))),
        part("cap", "a blunt cone", "on top of the tower", "brown wood",
             cone(0.11, 0.02, 0.12, (0, 0, height)), relations=[OnTopOf("tower")]),
        part("shaft", "a thick short rod", "out of the tower, towards the front", "matte iron",
             rod(0.014, 0.16, (0, -0.12, hub), axis="y")),
        part("sails", "four flat sails in a cross", "at the end of the shaft", "cream cotton",
             box((0.07, 0.008, 0.62), (0, -0.19, hub)), box((0.62, 0.008, 0.07), (0, -0.19, hub)),
             joint=Joint("hinge", (0, 1, 0), (0.0, -0.19, hub), (-360.0, 360.0))),
        part("door", "a low board with a round knob", "at the foot of the tower, in front", "brown wood",
             box((0.08, 0.02, 0.15), (0, -0.135, 0.075), bevel=0.004),
             ball((0.006, 0.006, 0.006), (0.025, -0.148, 0.075))),
    )


def lighthouse(*, height: float = 1.0) -> Parts:
    h = height
    return (
        part("rock", "a flat round base", "on the ground", "grey granite", turned(
            [(0, 0), (0.24, 0), (0.22, 0.05), (0.17, 0.08), (0, 0.08)])),
        part("tower", "a tall tapering tower", "on top of the rock", "white paint",
             cone(0.13, 0.09, h * 0.62, (0, 0, 0.08 + h * 0.31)), relations=[OnTopOf("rock")]),
        part("gallery", "a flat disc with a ring as railing", "on top of the tower", "matte black iron",
             rod(0.13, 0.02, (0, 0, 0.09 + h * 0.62)), ring(0.12, 0.006, (0, 0, 0.16 + h * 0.62)),
             *(rod(0.004, 0.06, (0.12 * math.cos(a), 0.12 * math.sin(a), 0.13 + h * 0.62))
               for a in (k * math.pi / 3 for k in range(6)))),
        part("lantern", "a glass cylinder", "in the middle of the gallery", "clear glass",
             rod(0.06, 0.12, (0, 0, 0.16 + h * 0.62))),
        part("roof", "a low cone with a ball on its tip", "on top of the lantern", "glossy red paint",
             cone(0.08, 0.0, 0.08, (0, 0, 0.26 + h * 0.62)), ball((0.012, 0.012, 0.012), (0, 0, 0.3 + h * 0.62)),
             relations=[OnTopOf("lantern")]),
    )


def birdhouse(*, width: float = 0.18, height: float = 0.22) -> Parts:
    d = width * 0.9
    return (
        part("post", "a square post", "on the ground, under the box", "brown wood",
             box((0.05, 0.05, 1.0), (0, 0, 0.5))),
        part("box", "a closed block", "on top of the post", "pale blue painted wood",
             box((width, d, height), (0, 0, 1.0 + height / 2)), relations=[OnTopOf("post")]),
        part("roof", "a flat board that overhangs", "on top of the box", "red painted wood",
             box((width + 0.06, d + 0.08, 0.02), (0, 0, 1.01 + height)), relations=[OnTopOf("box")]),
        part("entrance", "a round dark ring", "on the front of the box", "black paint",
             ring(0.024, 0.005, (0, -d / 2, 1.0 + height * 0.6), axis="y")),
        part("perch", "a thin rod", "under the entrance, towards the front", "oak",
             rod(0.005, 0.07, (0, -d / 2 - 0.034, 1.0 + height * 0.35), axis="y")),
    )


def snowman(*, height: float = 1.2) -> Parts:
    u = height / 1.2
    return (
        part("snow", "three balls, each smaller than the one below", "on the ground", "matte white cotton",
             ball((0.3 * u, 0.3 * u, 0.3 * u), (0, 0, 0.3 * u)), ball((0.22 * u, 0.22 * u, 0.22 * u), (0, 0, 0.72 * u)),
             ball((0.15 * u, 0.15 * u, 0.15 * u), (0, 0, 1.02 * u))),
        part("nose", "a pointed cone", "in the middle of the head, towards the front", "orange plastic",
             tube([(0, -0.14 * u, 1.03 * u), (0, -0.27 * u, 1.03 * u)], 0.018 * u)),
        part("eyes", "two small dark balls", "on the head, above the nose", "black stone",
             *(ball((0.016 * u, 0.016 * u, 0.016 * u), (s * 0.055 * u, -0.135 * u, 1.07 * u)) for s in (-1, 1))),
        part("buttons", "three small dark balls", "down the front of the middle ball", "black stone",
             *(ball((0.018 * u,) * 3, (0, -y * u, z * u)) for y, z in ((0.2, 0.82), (0.22, 0.73), (0.21, 0.64)))),
        part("hat", "a cylinder with a wide brim", "on the head", "black fabric",
             rod(0.17 * u, 0.02 * u, (0, 0, 1.14 * u)), rod(0.11 * u, 0.16 * u, (0, 0, 1.22 * u))),
        part("arms", "two thin slanting sticks", "left and right of the middle ball", "brown wood",
             *(tube([(s * 0.19 * u, 0, 0.78 * u), (s * 0.48 * u, 0, 0.95 * u)], 0.012 * u) for s in (-1, 1))),
    )


def mushroom(*, height: float = 0.12) -> Parts:
    h = height
    return (
        part("stem", "a slightly tapering stem", "on the ground", "ivory cotton",
             cone(0.17 * h, 0.12 * h, 0.68 * h, (0, 0, 0.34 * h))),
        part("cap", "a half ball, open below", "on top of the stem", "satin red plastic",
             turned([(0, 0.64 * h), (0.46 * h, 0.6 * h), (0.48 * h, 0.64 * h), (0.42 * h, 0.8 * h),
                     (0.28 * h, 0.93 * h), (0.12 * h, 0.99 * h), (0, h)])),
        part("spots", "four flat round spots", "on the cap", "white paint",
             *(ball((0.07 * h, 0.07 * h, 0.03 * h), (0.27 * h * math.cos(a), 0.27 * h * math.sin(a), 0.92 * h))
               for a in (k * math.pi / 2 for k in range(4))), relations=[Repeated(4, "z", "radial")]),
    )


def hammer(*, length: float = 0.32) -> Parts:
    return (
        part("handle", "an upright rod, thicker below", "from the ground into the head", "oak",
             cone(0.018, 0.013, length, (0, 0, length / 2))),
        part("head", "a block with a round striking face", "across the top of the handle", "brushed steel",
             box((0.07, 0.03, 0.03), (0, 0, length - 0.02), bevel=0.003),
             rod(0.017, 0.03, (0.049, 0, length - 0.02), axis="x")),
        part("claw", "two thin bent prongs", "at the other end of the head", "brushed steel",
             *(tube([(-0.03, s * 0.009, length - 0.015), (-0.06, s * 0.009, length - 0.02),
                     (-0.085, s * 0.009, length - 0.045)], 0.005) for s in (-1, 1))),
    )


def dumbbell(*, length: float = 0.36, radius: float = 0.075) -> Parts:
    def plate(s: int, at: float, size: float) -> tuple:
        return rod(size, 0.03, (s * at, 0, radius), axis="x"),

    inner, outer = length / 2 - 0.075, length / 2 - 0.043
    return (
        part("bar", "a straight rod along x", "through the plates", "chrome",
             rod(0.014, length, (0, 0, radius), axis="x")),
        part("left_plates", "two discs, the outer one smaller", "on the bar, left", "matte black rubber",
             *plate(-1, inner, radius), *plate(-1, outer, radius * 0.8)),
        part("right_plates", "two discs, the outer one smaller", "on the bar, right", "matte black rubber",
             *plate(1, inner, radius), *plate(1, outer, radius * 0.8), relations=[SymmetricTo("left_plates", "x")]),
        part("grip", "a thicker roll", "in the middle of the bar", "grey rubber",
             rod(0.018, 0.13, (0, 0, radius), axis="x")),
    )
