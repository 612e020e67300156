"""Catalogue, household: ten parametric objects. Lengths in metres; every default is ours, of ordinary pieces."""

from __future__ import annotations

import math

from shapecraft.catalogue_solids import Part, Solid, ball, box, cone, part, rod, tube, turned
from shapecraft.graph import Joint
from shapecraft.relations import InsetIn, OnTopOf

Parts = tuple[Part, ...]


def _shell(outer: list[tuple[float, float]], wall: float) -> list[tuple[float, float]]:
    """A vessel's profile: the outer line from the axis up, then the inner one back down to the axis."""
    inner = [(max(radius - wall, 0.001), height) for radius, height in reversed(outer[1:])]
    inner[-1] = (inner[-1][0], outer[0][1] + wall)
    return [*outer, *inner, (0.0, outer[0][1] + wall)]


def mug(*, radius: float = 0.04, height: float = 0.095) -> Parts:
    x = radius - 0.002
    return (
        part("body", "an open cylinder with a floor, 4 mm wall", "on the table", "glossy blue ceramic",
             turned(_shell([(0, 0), (radius - 0.004, 0), (radius, 0.006), (radius, height)], 0.004))),
        part("handle", "a C-shaped loop, 9 mm thick", "on the right of the body", "glossy blue ceramic",
             tube([(x, 0, height * 0.78), (radius + 0.028, 0, height * 0.78), (radius + 0.028, 0, height * 0.28),
                   (x, 0, height * 0.28)], 0.0045)),
    )


def bottle(*, radius: float = 0.036, height: float = 0.28) -> Parts:
    neck = 0.013
    return (
        part("body", "a hollow bottle with round shoulders and a narrow neck", "on the table", "green glass",
             turned(_shell([(0, 0), (radius, 0), (radius, height * 0.6), (radius * 0.8, height * 0.68),
                            (neck, height * 0.78), (neck, height)], 0.003))),
        part("cork", "a short plug", "in the neck", "cork", cone(0.009, 0.0105, 0.035, (0, 0, height - 0.0025)),
             relations=[InsetIn("body")]),
        part("label", "a paper band", "around the lower body", "cream paper",
             turned([(radius, height * 0.15), (radius + 0.0008, height * 0.15), (radius + 0.0008, height * 0.5),
                     (radius, height * 0.5)])),
    )


def vase(*, height: float = 0.3) -> Parts:
    curve = [(0, 0), (0.05, 0), (0.085, 0.09), (0.08, 0.15), (0.04, 0.23), (0.038, 0.26), (0.055, 0.3)]
    return (
        part("body", "a turned vase, wide below and narrow at the neck", "on the table", "glazed turquoise ceramic",
             turned(_shell([(r, z * height / 0.3) for r, z in curve], 0.005))),
        part("stems", "three thin straight stems", "in the neck, fanning out", "green plastic",
             *(tube([(0, 0, height * 0.1), (0.07 * x, 0.03 * y, height * 1.6)], 0.0025)
               for x, y in ((-1, 0), (0, 1), (1, -1)))),
        part("flowers", "three round blossoms", "at the ends of the stems", "yellow paper",
             *(ball((0.03, 0.03, 0.02), (0.07 * x, 0.03 * y, height * 1.6)) for x, y in ((-1, 0), (0, 1), (1, -1)))),
    )


def bowl(*, radius: float = 0.14, height: float = 0.09) -> Parts:
    turns = (0.3, 0.6, 0.8, 1.0, 1.2, 1.4, math.pi / 2)
    outer = [(radius * math.sin(a), 0.012 + (height - 0.012) * (1 - math.cos(a))) for a in turns]
    inner = [((radius - 0.005) * math.sin(a), 0.018 + (height - 0.018) * (1 - math.cos(a))) for a in reversed(turns)]
    return (
        part("foot", "a low ring", "on the table", "matte stoneware",
             turned([(0.035, 0), (0.045, 0), (0.045, 0.02), (0.035, 0.02)])),
        part("shell", "a round bowl, 5 mm wall", "on the foot", "glazed white ceramic",
             turned([(0, 0.012), *outer, *inner, (0, 0.018)])),
        part("apples", "three round apples", "in the bowl", "glossy red wax",
             *(ball((0.036, 0.036, 0.034), (0.042 * math.cos(a), 0.042 * math.sin(a), 0.056))
               for a in (0.3, 0.3 + math.tau / 3, 0.3 + 2 * math.tau / 3))),
    )


def teapot(*, radius: float = 0.08) -> Parts:
    r = radius
    belly = [(0, 0), (0.55 * r, 0), (0.9 * r, 0.3 * r), (r, 0.75 * r), (0.85 * r, 1.2 * r), (0.45 * r, 1.45 * r)]
    return (
        part("body", "a round hollow belly", "on the table", "glazed teal ceramic", turned(_shell(belly, 0.005))),
        part("lid", "a flat dome with a knob", "on the opening of the body", "glazed teal ceramic",
             turned([(0, 1.45 * r), (0.45 * r, 1.45 * r), (0.4 * r, 1.55 * r), (0.1 * r, 1.62 * r), (0.1 * r, 1.7 * r),
                     (0.14 * r, 1.78 * r), (0.08 * r, 1.85 * r), (0, 1.85 * r)]), relations=[OnTopOf("body")]),
        part("spout", "a slanting tube", "on the right of the body", "glazed teal ceramic",
             tube([(0.85 * r, 0, 0.5 * r), (1.35 * r, 0, 0.9 * r), (1.6 * r, 0, 1.4 * r)], 0.16 * r)),
        part("handle", "a bent loop", "on the left of the body", "glazed teal ceramic",
             tube([(-0.85 * r, 0, 1.15 * r), (-1.55 * r, 0, 1.1 * r), (-1.55 * r, 0, 0.5 * r), (-0.9 * r, 0, 0.4 * r)],
                  0.08 * r)),
    )


def candlestick(*, height: float = 0.24) -> Parts:
    h = height
    return (
        part("stand", "a turned stand with a wide foot and a cup", "on the table", "polished brass",
             turned([(0, 0), (0.05, 0), (0.05, 0.008), (0.014, 0.025), (0.01, h * 0.5), (0.016, h * 0.56),
                     (0.01, h * 0.62), (0.01, h * 0.9), (0.02, h), (0, h)])),
        part("candle", "a plain cylinder", "on top of the stand", "ivory wax", rod(0.011, 0.15, (0, 0, h + 0.075)),
             relations=[OnTopOf("stand")]),
        part("flame", "a drop", "on the candle", "orange plastic", ball((0.006, 0.006, 0.016), (0, 0, h + 0.168))),
    )


def bucket(*, radius: float = 0.15, height: float = 0.28) -> Parts:
    hinge, reach = height - 0.02, radius + 0.022  # the grip swings past the rim
    arc = [((radius + 0.005) * math.cos(a), 0.0, hinge + reach * math.sin(a)) for a in
           (0, 0.4, 0.8, 1.2, math.pi / 2, math.pi - 1.2, math.pi - 0.8, math.pi - 0.4, math.pi)]
    path = [(radius - 0.004, 0.0, hinge), *arc, (0.004 - radius, 0.0, hinge)]
    return (
        part("pail", "an open frustum with a floor, wider at the top", "on the floor", "brushed steel",
             turned(_shell([(0, 0), (radius * 0.72, 0), (radius, height)], 0.004))),
        part("bail", "a bent rod, nearly half a circle", "hinged at the rim, left and right", "matte iron",
             tube(path, 0.004),
             joint=Joint("hinge", (1, 0, 0), (0.0, 0.0, hinge), (-95.0, 95.0), ("grip",))),
        part("grip", "a short thick roll", "in the middle of the bail", "wood",
             rod(0.012, 0.09, (0, 0, hinge + reach), axis="x")),
    )


def floor_lamp(*, height: float = 1.5) -> Parts:
    return (
        part("base", "a flat round disc", "on the floor", "matte black metal paint",
             rod(0.15, 0.02, (0, 0, 0.01))),
        part("pole", "a thin straight rod", "from the base up into the shade", "brushed brass",
             rod(0.011, height - 0.12, (0, 0, 0.02 + (height - 0.12) / 2)), relations=[OnTopOf("base")]),
        part("shade", "a hollow frustum, open at both ends", "around the top of the pole", "cream linen",
             turned([(0.19, height - 0.28), (0.193, height - 0.28), (0.133, height), (0.13, height)])),
        part("bulb", "a round bulb", "at the top of the pole, inside the shade", "frosted white glass",
             ball((0.035, 0.035, 0.045), (0, 0, height - 0.08)), relations=[InsetIn("shade")]),
    )


def hourglass(*, height: float = 0.2) -> Parts:
    h, r = height, 0.05

    def disc(z: float) -> Solid:
        return rod(r + 0.012, 0.012, (0, 0, z))

    return (
        part("plates", "two round discs", "below and above the glass", "walnut", disc(0.006), disc(h - 0.006)),
        part("pillars", "three thin rods", "between the plates, around the glass", "walnut",
             *(rod(0.004, h - 0.024, (r * math.cos(a), r * math.sin(a), h / 2))
               for a in (math.pi / 2, math.pi / 2 + math.tau / 3, math.pi / 2 + 2 * math.tau / 3))),
        part("glass", "two bulbs joined by a narrow neck", "between the plates", "clear glass",
             turned([(0, 0.012), (0.03, 0.014), (0.038, h * 0.22), (0.028, h * 0.38), (0.005, h * 0.5),
                     (0.028, h * 0.62), (0.038, h * 0.78), (0.03, h - 0.014), (0, h - 0.012)])),
    )


def laptop(*, width: float = 0.32, depth: float = 0.22) -> Parts:
    return (
        part("base", "a flat slab with rounded edges", "on the table", "brushed aluminium",
             box((width, depth, 0.016), (0, 0, 0.008), bevel=0.004)),
        part("keyboard", "a flat field of five rows of keys", "on the base, towards the rear", "matte black plastic",
             *(box((width * 0.85, 0.015, 0.002), (0, 0.02 + 0.018 * (i - 2) + 0.02, 0.017)) for i in range(5))),
        part("touchpad", "a thin plate", "on the base, in front", "satin grey plastic",
             box((0.1, 0.06, 0.001), (0, -0.065, 0.0165))),
        part("screen", "a thin upright slab", "on the rear edge of the base, hinged there", "brushed aluminium",
             box((width, 0.008, depth), (0, depth / 2 - 0.004, 0.016 + depth / 2), bevel=0.003),
             # So high that the closed screen lies on the keys, and not in the base.
             joint=Joint("hinge", (1, 0, 0), (0.0, depth / 2 - 0.004, 0.0235), (-25.0, 90.0), ("panel",))),
        part("panel", "a thin dark plate", "on the front of the screen", "glossy black glass",
             box((width - 0.02, 0.001, depth - 0.03), (0, depth / 2 - 0.0085, 0.016 + depth / 2))),
    )
