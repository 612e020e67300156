"""Catalogue, furniture: nine parametric objects. Lengths in metres; every default is ours, of ordinary pieces."""

from __future__ import annotations

from shapecraft.boxes import Vector
from shapecraft.catalogue_solids import Part, Solid, box, part, rod, tube
from shapecraft.graph import Joint
from shapecraft.relations import OnTopOf, Repeated

Parts = tuple[Part, ...]
WOOD = "satin oak"


def _corners(width: float, depth: float, side: float, height: float, *, low: float = 0.0) -> tuple[Solid, ...]:
    """Four square posts at the corners of a rectangle, their outer faces on it."""
    x, y = (width - side) / 2, (depth - side) / 2
    return tuple(box((side, side, height), (sx * x, sy * y, low + height / 2)) for sx in (-1, 1) for sy in (-1, 1))


def stool(*, width: float = 0.36, height: float = 0.46) -> Parts:
    return (
        part("legs", "four straight square legs", "one under each side of the seat, on the floor", WOOD,
             *_corners(width * 0.72, width * 0.72, 0.035, height - 0.03)),
        part("seat", "a round disc, 3 cm thick", "on top of the legs", "glossy red paint",
             rod(width / 2, 0.03, (0, 0, height - 0.015)), relations=[OnTopOf("legs")]),
    )


def chair(*, width: float = 0.44, depth: float = 0.44, seat: float = 0.45, height: float = 0.88) -> Parts:
    post, gap = 0.04, (width - 0.08) / 4
    back = depth / 2 - post / 2
    return (
        part("legs", "four square legs", "one at each corner under the seat", WOOD,
             *_corners(width, depth, post, seat - 0.04)),
        part("seat", "a square board, 4 cm thick, rounded edges", "on top of the legs", WOOD,
             box((width, depth, 0.04), (0, 0, seat - 0.02), bevel=0.008), relations=[OnTopOf("legs")]),
        part("posts", "two upright posts", "on the seat, at its rear corners", WOOD,
             *(box((post, post, height - seat), (s * (width - post) / 2, back, (height + seat) / 2)) for s in (-1, 1))),
        part("slats", "three thin upright slats", "between the posts, under the top rail", WOOD,
             *(box((0.05, 0.015, height - seat - 0.07), (gap * i, back, (height + seat - 0.07) / 2))
               for i in (-1, 0, 1)),
             relations=[Repeated(3, "x", "row")]),
        part("top_rail", "a flat board, 7 cm high", "between the posts at the top", WOOD,
             box((width - 2 * post, 0.025, 0.07), (0, back, height - 0.035), bevel=0.005)),
    )


def table(*, width: float = 1.4, depth: float = 0.8, height: float = 0.74) -> Parts:
    return (
        part("legs", "four square legs, 7 cm wide", "at the corners under the apron", WOOD,
             *_corners(width - 0.1, depth - 0.1, 0.07, height - 0.03)),
        part("apron", "four boards, 9 cm high", "between the legs, under the top", WOOD,
             *(box((width - 0.24, 0.02, 0.09), (0, s * (depth - 0.17) / 2, height - 0.075)) for s in (-1, 1)),
             *(box((0.02, depth - 0.24, 0.09), (s * (width - 0.17) / 2, 0, height - 0.075)) for s in (-1, 1))),
        part("top", "a rectangular board, 3 cm thick", "on top of the legs", "satin walnut",
             box((width, depth, 0.03), (0, 0, height - 0.015), bevel=0.006), relations=[OnTopOf("legs")]),
    )


def bench(*, width: float = 1.2, height: float = 0.45) -> Parts:
    return (
        part("supports", "two upright boards, 6 cm thick", "under the seat, near its ends", "matte grey concrete",
             *(box((0.06, 0.32, height - 0.06), (s * (width / 2 - 0.15), 0, (height - 0.06) / 2)) for s in (-1, 1))),
        part("seat", "three long planks side by side", "on top of the supports", WOOD,
             *(box((width, 0.11, 0.06), (0, 0.125 * i, height - 0.03), bevel=0.006) for i in (-1, 0, 1)),
             relations=[OnTopOf("supports"), Repeated(3, "y", "row")]),
    )


def bookshelf(*, width: float = 0.8, depth: float = 0.28, height: float = 1.6, boards: int = 4) -> Parts:
    side, step = 0.025, (height - 0.1) / boards
    return (
        part("sides", "two tall boards", "left and right, from floor to top", "white painted wood",
             *(box((side, depth, height), (s * (width - side) / 2, 0, height / 2)) for s in (-1, 1))),
        part("shelves", f"{boards + 1} boards, 2.5 cm thick", "between the sides, evenly spaced", "satin birch",
             *(box((width - 2 * side, depth - 0.02, side), (0, -0.01, 0.0625 + i * step)) for i in range(boards + 1)),
             relations=[Repeated(boards + 1, "z", "row")]),
        part("back_panel", "a thin board", "behind the shelves, between the sides", "white painted wood",
             box((width - 2 * side, 0.01, height - 0.05), (0, depth / 2 - 0.005, (height + 0.05) / 2))),
    )


def bed(*, width: float = 1.0, length: float = 2.0) -> Parts:
    def board(height: float, y: float) -> Solid:
        return box((width, 0.04, height), (0, y, height / 2), bevel=0.008)

    return (
        part("headboard", "an upright board, 90 cm high", "at the far end", WOOD, board(0.9, length / 2 + 0.02)),
        part("footboard", "an upright board, 50 cm high", "at the near end", WOOD, board(0.5, -length / 2 - 0.02)),
        part("rails", "two long boards", "between the end boards, left and right", WOOD,
             *(box((0.03, length, 0.18), (s * (width / 2 - 0.015), 0, 0.29)) for s in (-1, 1))),
        part("mattress", "a thick soft slab with rounded edges", "between the rails", "white cotton",
             box((width - 0.06, length - 0.02, 0.22), (0, 0, 0.4), bevel=0.04)),
        part("pillow", "a flat cushion", "on the mattress, at the headboard", "pale blue cotton",
             box((width * 0.6, 0.38, 0.1), (0, length / 2 - 0.25, 0.56), bevel=0.045), relations=[OnTopOf("mattress")]),
    )


def cabinet(*, width: float = 0.6, depth: float = 0.4, height: float = 0.9) -> Parts:
    wall, front = 0.02, -depth / 2

    def board(size: Vector, center: Vector) -> Solid:
        return box(size, center)

    return (
        part("carcass", "an open box of five boards", "on the feet", "white painted wood",
             *(board((wall, depth, height - 0.08), (s * (width - wall) / 2, 0, (height + 0.08) / 2)) for s in (-1, 1)),
             *(board((width - 1.9 * wall, depth - 0.002, wall - 0.001), (0, 0, z)) for z in (0.0905, height - 0.0105)),
             board((width - 1.8 * wall, wall - 0.002, height - 0.11), (0, (depth - wall) / 2, (height + 0.08) / 2))),
        part("feet", "four short feet", "under the corners", WOOD, *_corners(width - 0.04, depth - 0.04, 0.05, 0.08)),
        part("door", "a flat board that covers the front", "in front of the carcass, hinged at the left", "teal paint",
             box((width - 0.004, wall, height - 0.084), (0, front - wall / 2, (height + 0.08) / 2), bevel=0.003),
             joint=Joint("hinge", (0, 0, -1), (-width / 2, front, 0.0), (0.0, 110.0), ("knob",))),
        part("knob", "a round knob", "on the door, at the right", "polished brass",
             rod(0.006, 0.014, (width / 2 - 0.06, front - wall - 0.007, height * 0.55), axis="y"),
             rod(0.015, 0.012, (width / 2 - 0.06, front - wall - 0.02, height * 0.55), axis="y")),
    )


def chest(*, width: float = 0.8, depth: float = 0.45, height: float = 0.45) -> Parts:
    body = height - 0.06
    return (
        part("body", "an open box of four walls and a floor, 2 cm thick", "on the floor", "pine wood",
             *(box((width, 0.02, body), (0, s * (depth - 0.02) / 2, body / 2)) for s in (-1, 1)),
             *(box((0.019, depth - 0.03, body - 0.001), (s * (width - 0.021) / 2, 0, body / 2)) for s in (-1, 1)),
             box((width - 0.03, depth - 0.035, 0.019), (0, 0, 0.0105))),
        part("lid", "a thick flat board", "on top of the body, hinged at the rear", "pine wood",
             box((width + 0.02, depth + 0.02, 0.06), (0, 0, height - 0.03), bevel=0.01), relations=[OnTopOf("body")],
             joint=Joint("hinge", (-1, 0, 0), (0.0, depth / 2, body), (0.0, 100.0), ("latch",))),
        part("latch", "a small plate", "on the front of the lid", "matte iron",
             box((0.06, 0.01, 0.09), (0, -depth / 2 - 0.015, height - 0.065), bevel=0.002)),
        part("handles", "two bent rods", "left and right on the body", "matte iron",
             *(tube([(s * (width / 2 - 0.01), -0.06, body * 0.6), (s * (width / 2 + 0.035), -0.06, body * 0.6),
                     (s * (width / 2 + 0.035), 0.06, body * 0.6), (s * (width / 2 - 0.01), 0.06, body * 0.6)], 0.008)
               for s in (-1, 1))),
    )


def drawers(*, width: float = 0.5, depth: float = 0.45, height: float = 0.7) -> Parts:
    wall, front = 0.02, -depth / 2
    tall = (height - 0.06) / 3
    middles = [0.03 + tall * (i + 0.5) for i in range(3)]
    return (
        part("frame", "a box of four walls, open in front", "on the floor", WOOD,
             *(box((wall, depth, height), (s * (width - wall) / 2, 0, height / 2)) for s in (-1, 1)),
             *(box((width - 2 * wall, depth, wall), (0, 0, z)) for z in (wall / 2, height - wall / 2)),
             box((width - 2 * wall, wall, height - 2 * wall), (0, (depth - wall) / 2, height / 2))),
        *(part(f"drawer_{i + 1}", "an open box with a flat front", f"in the frame, {('lowest', 'middle', 'top')[i]}",
               "cream painted wood",
               box((width - 0.046, wall, tall - 0.01), (0, front + wall / 2, middle), bevel=0.003),
               *(box((0.012, depth - 0.08, tall * 0.6), (s * (width / 2 - 0.03), -0.02, middle - tall * 0.1))
                 for s in (-1, 1)),
               box((width - 0.06, depth - 0.08, 0.01), (0, -0.02, middle - tall * 0.4 + 0.005)),
               joint=Joint("slider", (0, -1, 0), limits=(0.0, 0.3), carries=(f"knob_{i + 1}",)))
          for i, middle in enumerate(middles)),
        *(part(f"knob_{i + 1}", "a round knob", f"in the middle of drawer_{i + 1}", "polished brass",
               rod(0.012, 0.025, (0, front - 0.0125, middle), axis="y"))
          for i, middle in enumerate(middles)),
    )
