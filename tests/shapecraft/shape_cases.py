"""Programs against `shapes`, and what each must give. Run by `test_shapes.py`.

A circle of n points has n / (2 pi) sin(2 pi / n) of the disc's area: 0.9971 for 48, 0.9745 for 16; formulas use the
polygon where they can, and state a tolerance where they cannot.
"""

from __future__ import annotations

import math


def disc(sides: int) -> float:
    """Area of a regular polygon in the unit circle."""
    return sides / 2 * math.sin(2 * math.pi / sides)


SQUARE = "[(-0.1, -0.1), (0.1, -0.1), (0.1, 0.1), (-0.1, 0.1)]"
ELL = "[(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]"

SOLIDS = {
    # program: (volume, relative tolerance, low, high)
    "shapes.box(size=(1, 2, 3), center=(1, 0, 1.5))": (6, 1e-6, (0.5, -1, 0), (1.5, 1, 3)),
    "shapes.cylinder(radius=0.5, height=2)": (disc(48) * 0.5, 1e-6, (-0.5, -0.5, -1), (0.5, 0.5, 1)),
    "shapes.cylinder(radius=0.5, height=2, axis='x', segments=12)": (disc(12) / 2, 1e-6, (-1, -0.5, -0.5), (1, 0.5, 0.5)),
    "shapes.cone(radius=0.5, height=3)": (disc(48) / 4, 1e-6, (-0.5, -0.5, -1.5), (0.5, 0.5, 1.5)),
    "shapes.cone(radius=0, top_radius=1, height=3, axis='y')": (disc(48), 1e-6, (-1, -1.5, -1), (1, 1.5, 1)),
    "shapes.cone(radius=2, top_radius=1, height=3)": (disc(48) * 7, 1e-6, (-2, -2, -1.5), (2, 2, 1.5)),
    "shapes.sphere(radius=1)": (4 / 3 * math.pi, 0.01, (-1, -1, -1), (1, 1, 1)),
    "shapes.sphere(radius=(1, 2, 3), center=(0, 0, 3))": (8 * math.pi, 0.01, (-1, -2, 0), (1, 2, 6)),
    "shapes.torus(radius=1, tube_radius=0.25)": (2 * math.pi**2 / 16, 0.03, (-1.25, -1.25, -0.25), (1.25, 1.25, 0.25)),
    "shapes.torus(radius=1, tube_radius=0.25, axis='x', segments=96, tube_segments=64)":
        (2 * math.pi**2 / 16, 0.005, (-0.25, -1.25, -1.25), (0.25, 1.25, 1.25)),
    "shapes.capsule(start=(0, 0, 1), end=(0, 0, 2), radius=0.5)": (math.pi * (0.25 + 1 / 6), 0.015, (-0.5, -0.5, 0.5), (0.5, 0.5, 2.5)),
    "shapes.capsule(start=(1, 1, 1), end=(2, 2, 2), radius=0.25)": (math.pi * (math.sqrt(3) / 16 + 1 / 48), 0.015, None, None),
    "shapes.prism(sides=6, radius=1, height=2)": (disc(6) * 2, 1e-6, (-1, -math.sqrt(0.75), -1), (1, math.sqrt(0.75), 1)),
    **{f"shapes.wedge(size=(1, 2, 3), high='{high}')": (3, 1e-6, (-0.5, -1, -1.5), (0.5, 1, 1.5)) for high in ("-x", "+x", "-y", "+y")},
    "shapes.lathe(profile=[(0.5, 0), (1, 0), (1, 2), (0.5, 2)], ends='join')": (disc(48) * 1.5, 1e-6, (-1, -1, 0), (1, 1, 2)),
    "shapes.lathe(profile=[(0.5, 0), (1, 0), (1, 2), (0.5, 2), (0.5, 0)])": (disc(48) * 1.5, 1e-6, (-1, -1, 0), (1, 1, 2)),
    "shapes.lathe(profile=[(1, 2), (1, 0)])": (disc(48) * 2, 1e-6, (-1, -1, 0), (1, 1, 2)),
    "shapes.lathe(profile=[(0, 0), (1, 0), (1, 2), (0, 2)])": (disc(48) * 2, 1e-6, (-1, -1, 0), (1, 1, 2)),
    "shapes.lathe(profile=[(0, 0), (1, 1), (0, 3)], origin=(1, 2, 3), axis='y')": (disc(48), 1e-6, (0, 2, 2), (2, 5, 4)),
    "shapes.lathe(profile=[(0, 0), (1, 0), (1, 2), (0.9, 2), (0.9, 0.1), (0, 0.1)])":
        (disc(48) * (2 - 0.81 * 1.9), 1e-5, (-1, -1, 0), (1, 1, 2)),
    f"shapes.extrude(outline={ELL}, start=1, end=1.5)": (1.5, 1e-6, (0, 0, 1), (2, 2, 1.5)),
    f"shapes.extrude(outline={ELL}[::-1], start=0.5, end=0, axis='y')": (1.5, 1e-6, (0, 0, 0), (2, 0.5, 2)),
    f"shapes.extrude(outline={ELL}, start=0, end=0.5, axis='x')": (1.5, 1e-6, (0, 0, 0), (0.5, 2, 2)),
    f"shapes.extrude(outline={ELL}, start=0, end=1, holes=[[(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)], shapes.ellipse(size=(0.4, 0.4), center=(1.5, 0.5))])":
        (3 - 0.36 - 0.04 * disc(48), 1e-5, (0, 0, 0), (2, 2, 1)),
    f"shapes.sweep(profile={SQUARE}, path=[(0, 0, 0), (0, 3, 0)])": (0.12, 1e-6, (-0.1, 0, -0.1), (0.1, 3, 0.1)),
    f"shapes.sweep(profile={SQUARE}, path=[(0, 0, 0), (0, 0, 1), (0, 0, 3)])": (0.12, 1e-6, (-0.1, -0.1, 0), (0.1, 0.1, 3)),
    f"shapes.sweep(profile={SQUARE}, path=[(0, 0, 0), (0, 2, 0), (2, 2, 0)])": (0.16, 1e-6, (-0.1, 0, -0.1), (2, 2.1, 0.1)),
    f"shapes.sweep(profile={SQUARE}, path=[(1, 1, 0), (-1, 1, 0), (-1, -1, 0), (1, -1, 0)], closed=True)":
        (0.32, 1e-6, (-1.1, -1.1, -0.1), (1.1, 1.1, 0.1)),
    "shapes.sweep(profile=[(0, 0), (0.2, 0), (0.2, 0.1), (0, 0.1)], path=[(1, -1, 0), (1, 1, 0), (-1, 1, 0), (-1, -1, 0), (1, -1, 0)])":
        ((2.4**2 - 4) * 0.1, 1e-5, (-1.2, -1.2, 0), (1.2, 1.2, 0.1)),
    f"shapes.sweep(profile={SQUARE}, path=[(0, 0, 0), (0, 3, 0)], scale=[1, 0])": (0.04, 1e-6, (-0.1, 0, -0.1), (0.1, 3, 0.1)),
    "shapes.tube(path=[(0, 0, 0), (0, 0, 2)], radius=0.5)": (disc(16) / 2, 1e-6, (-0.5, -0.5, 0), (0.5, 0.5, 2)),
    "shapes.tube(path=[(0, 0, 0), (0, 0, 2), (0, 2, 2)], radius=0.25)": (disc(16) / 4, 1e-5, (-0.25, -0.25, 0), (0.25, 2, 2.25)),
    "shapes.tube(path=[(0, 0, 0), (0, 0, 3)], radius=[1, 0.5])": (disc(16) * 1.75, 1e-6, (-1, -1, 0), (1, 1, 3)),
    "shapes.tube(path=shapes.arc(radius=1, start=0, end=180, axis='y', segments=48), radius=0.2)": (disc(16) * 0.04 * math.pi, 0.002, (-1.2, -0.2, 0), (1.2, 0.2, 1.2)),
    "shapes.tube(path=[(1, 0, 0), (0, 1, 0.3), (-1, 0, 0), (0, -1, 0.3)], radius=0.1, smooth=True, closed=True)": (None, 0, None, None),
    "shapes.tube(path=[(0, 0, 0), (0.5, 0, 1), (0, 0.5, 2)], radius=[0.2, 0.1, 0], smooth=True)": (None, 0, None, None),
    "shapes.loft(outlines=[shapes.ellipse(size=(2, 2)), shapes.ellipse(size=(2, 2))], centers=[(0, 0, 0), (0, 0, 3)])": (disc(48) * 3, 1e-6, (-1, -1, 0), (1, 1, 3)),
    "shapes.loft(outlines=[[(-1, -1), (1, -1), (1, 1), (-1, 1)], [(0, 0)]], centers=[(0, 0, 0), (0, 3, 0)], axis='y')": (4, 1e-6, (-1, 0, -1), (1, 3, 1)),
    "shapes.loft(outlines=[shapes.ellipse(size=(2, 2)), shapes.rounded_rectangle(size=(2, 2), radius=0.2)], centers=[(0, 0, 0), (0.5, 0, 1)])":
        (None, 0, (-1, -1, 0), (1.5, 1, 1)),
    "shapes.bevel(shapes.box(size=(1, 1, 1)), width=0.1, segments=1)": (1 - 12 * 0.005 * 0.8 - 8 * 0.001 * 5 / 6, 1e-4, (-0.5,) * 3, (0.5,) * 3),
    "shapes.bevel(shapes.cylinder(radius=1, height=1), width=0.1)": (disc(48) * (1 - 2 * (0.01 - math.pi * 0.0025) * 2), 0.01, (-1, -1, -0.5), (1, 1, 0.5)),
    "shapes.array(shapes.box(size=(1, 1, 1)), count=4, step=(2, 0, 0.5))": (4, 1e-6, (-0.5, -0.5, -0.5), (6.5, 0.5, 2)),
    "shapes.radial_array(shapes.box(size=(0.2, 1, 1), center=(2, 0, 0)), count=4, center=(1, 0, 0))": (0.8, 1e-6, (-0.1, -1.1, -0.5), (2.1, 1.1, 0.5)),
    "shapes.radial_array(shapes.box(size=(0.2, 1, 1), center=(2, 0, 0)), count=3, angle=180)": (0.6, 1e-6, (-2.1, -0.5, -0.5), (2.1, 2.1, 0.5)),
    "shapes.mirror(shapes.box(size=(1, 1, 1), center=(0.5, 0, 0)))": (2, 1e-6, (-1, -0.5, -0.5), (1, 0.5, 0.5)),
    "shapes.mirror(shapes.wedge(size=(1, 1, 1), high='+x'), axis='z', at=-1)": (1, 1e-6, (-0.5, -0.5, -2.5), (0.5, 0.5, 0.5)),
    "shapes.union(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(0.5, 0.5, 0.5)))": (1.875, 1e-5, (-0.5,) * 3, (1,) * 3),
    "shapes.union(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(1, 0, 0)))": (2, 1e-5, (-0.5,) * 3, (1.5, 0.5, 0.5)),
    "shapes.union(shapes.array(shapes.box(size=(1, 1, 1)), count=5, step=(0.5, 0, 0)))": (3, 1e-5, (-0.5,) * 3, (2.5, 0.5, 0.5)),
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.cylinder(radius=0.25, height=2))": (1 - disc(48) / 16, 1e-5, (-0.5,) * 3, (0.5,) * 3),
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.box(size=(0.5, 0.5, 1)))": (0.75, 1e-5, (-0.5,) * 3, (0.5,) * 3),
    "shapes.difference(shapes.box(size=(4, 1, 1)), shapes.array(shapes.box(size=(0.5, 2, 0.5), center=(-1.5, 0, 0)), count=4, step=(1, 0, 0)))":
        (3, 1e-5, (-2, -0.5, -0.5), (2, 0.5, 0.5)),
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.array(shapes.box(size=(0.4, 2, 0.4)), count=2, step=(0.2, 0, 0)))": (0.76, 1e-5, (-0.5,) * 3, (0.5,) * 3),
    "shapes.intersection(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(0.5, 0.5, 0.5)))": (0.125, 1e-5, (0,) * 3, (0.5,) * 3),
    "shapes.solidify(shapes.plane(size=(1, 2)), thickness=0.1)": (0.2, 1e-5, (-0.5, -1, -0.1), (0.5, 1, 0)),
    "shapes.solidify(shapes.plane(size=(1, 2), axis='y'), thickness=0.1, offset=1)": (0.2, 1e-5, (-0.5, 0, -1), (0.5, 0.1, 1)),
    "shapes.solidify(shapes.plane(size=(1, 2), axis='x'), thickness=0.1, offset=0)": (0.2, 1e-5, (-0.05, -0.5, -1), (0.05, 0.5, 1)),
    "shapes.solidify(shapes.lathe(profile=[(1, 0), (1, 2)], ends='open'), thickness=0.1)": (disc(48) * 2 * (1 - (1 - 0.1 / math.cos(math.pi / 48)) ** 2), 1e-4, (-1, -1, 0), (1, 1, 2)),
    "shapes.subdivide(shapes.box(size=(1, 1, 1)), levels=2, smooth=False)": (1, 1e-6, (-0.5,) * 3, (0.5,) * 3),
    # Catmull-Clark by hand: face points at 1/2, edge points at 3/8, corners at 5/18; the quads are not flat, and their
    # volume counts as the mean of both diagonals.
    "shapes.subdivide(shapes.box(size=(1, 1, 1)))": ((5 / 12 + 7 / 16) / 2, 1e-5, (-0.5,) * 3, (0.5,) * 3),
    "shapes.taper(shapes.box(size=(2, 2, 3)), end=0.5)": (7, 1e-6, (-1, -1, -1.5), (1, 1, 1.5)),
    "shapes.taper(shapes.box(size=(2, 2, 3)), end=0)": (4, 1e-6, (-1, -1, -1.5), (1, 1, 1.5)),
    "shapes.taper(shapes.box(size=(3, 2, 2)), start=(1, 0.5), end=(1, 1), axis='x')": (9, 1e-6, (-1.5, -1, -1), (1.5, 1, 1)),
    "shapes.bend(shapes.box(size=(0.2, 0.2, math.pi)), angle=180)": (0.04 * math.pi, 0.004, (-0.1, -0.1, -math.pi / 2), (2.1, 0.1, -math.pi / 2 + 1.1)),
    "shapes.bend(shapes.box(size=(math.pi / 2, 0.2, 0.2)), angle=90, axis='x', toward='-z')":
        (0.02 * math.pi, 0.004, (-math.pi / 4, -0.1, -1), (1.1 - math.pi / 4, 0.1, 0.1)),
    "shapes.twist(shapes.box(size=(0.2, 0.2, 1)), angle=90)": (0.04, 0.004, (-0.1 * 2**0.5, -0.1 * 2**0.5, -0.5), (0.1 * 2**0.5, 0.1 * 2**0.5, 0.5)),
    "shapes.move(shapes.box(size=(1, 2, 3)), by=(1, 2, 3))": (6, 1e-6, (0.5, 1, 1.5), (1.5, 3, 4.5)),
    "shapes.rotate(shapes.box(size=(1, 2, 3), center=(5, 0, 0)), angle=90, axis='x')": (6, 1e-6, (4.5, -1.5, -1), (5.5, 1.5, 1)),
    "shapes.rotate(shapes.box(size=(1, 2, 3), center=(5, 0, 0)), angle=90, about=(0, 0, 0))": (6, 1e-6, (-1, 4.5, -1.5), (1, 5.5, 1.5)),
    "shapes.scale(shapes.box(size=(1, 2, 3), center=(0, 0, 1.5)), factor=(2, 1, 0.5), about=(0, 0, 0))": (6, 1e-6, (-1, -1, 0), (1, 1, 1.5)),
    "shapes.join(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(3, 0, 0)), name='two')": (2, 1e-6, (-0.5,) * 3, (3.5, 0.5, 0.5)),
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.box(size=(0.5, 0.5, 0.5)))": (0.875, 1e-5, (-0.5,) * 3, (0.5,) * 3),
}
HOLLOW = {"shapes.solidify(shapes.box(size=(1, 1, 1)), thickness=0.1)": 1 - 0.8**3,
          "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.box(size=(0.5, 0.5, 0.5)))": 0.875}

SHEETS = {
    # program: (area, low, high)
    "shapes.plane(size=(1, 2), center=(0, 0, 1))": (2, (-0.5, -1, 1), (0.5, 1, 1)),
    "shapes.lathe(profile=[(1, 0), (1, 2)], ends='open')": (48 * 2 * math.sin(math.pi / 48) * 2, (-1, -1, 0), (1, 1, 2)),
}

VALUES = {
    "shapes.ellipse(size=(2, 4), center=(1, 0), segments=4)": [[2, 0], [1, 2], [0, 0], [1, -2]],
    "shapes.rounded_rectangle(size=(4, 2), radius=1, segments=8)": [[2, 0], [1, 1], [-1, 1], [-2, 0], [-2, 0], [-1, -1], [1, -1], [2, 0]],
    "shapes.arc(radius=1, start=0, end=180, axis='y', segments=2)": [[1, 0, 0], [0, 0, 1], [-1, 0, 0]],
    "shapes.arc(radius=2, start=90, end=0, axis='x', center=(1, 0, 0), segments=2)": [[1, 0, 2], [1, 2**0.5, 2**0.5], [1, 2, 0]],
    "shapes.curve(points=[(0, 0), (1, 0), (2, 0), (3, 0)], samples=2)": [[0, 0], [0.5, 0], [1, 0], [1.5, 0], [2, 0], [2.5, 0], [3, 0]],
    "shapes.curve(points=[(1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0)], samples=2, closed=True)[::2]": [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]],
    "shapes.bounds(shapes.box(size=(1, 2, 3)), shapes.box(size=(1, 1, 1), center=(2, 0, 0)))": [[-0.5, -1, -1.5], [2.5, 1, 1.5], [1, 0, 0], [3, 2, 3]],
}

ERRORS = {
    "shapes.cylinder(radius=-0.02, height=1)": "shapes.cylinder: radius must be a positive number, got -0.02",
    "shapes.cylinder(radius=True, height=1)": "shapes.cylinder: radius must be a positive number, got True",
    "shapes.sphere(radius=float('nan'))": "shapes.sphere: radius must be a positive number, got nan",
    "shapes.move(shapes.box(size=(1, 1, 1)), by=(0, float('inf'), 0))": "shapes.move: by[1] must be a number, got inf",
    "shapes.box(size=0.4)": "shapes.box: size must be (x, y, z), 3 numbers, got 0.4",
    "shapes.box(size=(1, 1))": "shapes.box: size must be (x, y, z), 3 numbers, got (1, 1)",
    "shapes.box(size=(1, 0, 1))": "shapes.box: size must be 3 positive numbers, got (1, 0, 1)",
    "shapes.box((1, 1, 1))": "shapes.box: write the arguments with their names; the signature is (*, size, center=(0, 0, 0), name='box')",
    "shapes.box(size=(1, 1, 1), location=(0, 0, 0))": "shapes.box: there is no argument 'location', did you mean 'center'?; the signature is (*, size, center=(0, 0, 0), name='box')",
    "shapes.cylinder(r=1, height=1)": "shapes.cylinder: there is no argument 'r', did you mean 'radius'?; the signature is (*, radius, height, center=(0, 0, 0), axis='z', segments=48, name='cylinder')",
    "shapes.bevel(shapes.box(size=(1, 1, 1)))": "shapes.bevel: missing a required argument: 'width'; the signature is (obj, *, width, segments=3, angle=30)",
    "shapes.cylinder(radius=1, height=1, axis='Z')": "shapes.cylinder: axis must be one of \"x\", \"y\", \"z\", got 'Z'",
    "shapes.cylinder(radius=1, height=1, segments=2)": "shapes.cylinder: segments must be a whole number from 3 to 512, got 2",
    "shapes.cone(radius=0, height=1)": "shapes.cone: radius or top_radius must be a positive number, got 0 for both",
    "shapes.torus(radius=0.1, tube_radius=0.2)": "shapes.torus: tube_radius must be smaller than radius 0.1, got 0.2",
    "shapes.capsule(start=(0, 0, 1), end=(0, 0, 1), radius=1)": "shapes.capsule: start and end must be two different points, got (0, 0, 1) twice; use sphere()",
    "shapes.wedge(size=(1, 1, 1), high='+z')": "shapes.wedge: high must be one of \"-x\", \"+x\", \"-y\", \"+y\", got '+z'; rotate() it afterwards",
    "shapes.lathe(profile=[(0.5, 0), (1, 0), (0.7, 2), (0.7, 0)])":
        "shapes.lathe: profile must not cross or touch itself, the sides that begin at (0.5, 0.0) and (0.7, 2.0) do; a ring needs ends=\"join\", and a hollow vessel its inner wall drawn too",
    "shapes.lathe(profile=[(1, 0), (-1, 1)])": "shapes.lathe: profile[1] must be (radius, height), radius from 0 on, got (-1.0, 1.0)",
    "shapes.lathe(profile=[(0, 0), (0, 1)])": "shapes.lathe: profile must enclose an area, got [(0.0, 0.0), (0.0, 1.0)]",
    "shapes.extrude(outline=[(0, 0), (1, 1), (1, 0), (0, 1)], start=0, end=1)":
        "shapes.extrude: outline must not cross or touch itself, the sides that begin at (0.0, 0.0) and (1.0, 0.0) do",
    "shapes.extrude(outline=[(0, 0), (1, 0)], start=0, end=1)": "shapes.extrude: outline must be a list of at least 3 different (a, b) points, got [(0, 0), (1, 0)]",
    "shapes.extrude(outline=[(0, 0), (1, 0), (0, 1)], start=1, end=1)": "shapes.extrude: start and end must differ, got 1 for both",
    "shapes.extrude(outline=[(0, 0), (1, 0), (0, 1)], start=0, end=1, holes=[[(2, 2), (3, 2), (3, 3)]])": "shapes.extrude: holes must lie inside the outline, apart from each other",
    "shapes.tube(path=shapes.arc(radius=0.1, start=0, end=180), radius=0.2)": "shapes.tube: path bends too tightly for this width behind its point 0; make the section thinner or the bend wider",
    "shapes.tube(path=[(0, 0, 0), (0, 0, 1), (0, 0.1, 0)], radius=0.01)": "shapes.tube: path must not turn by more than 150 degrees, it does at point 1; add points there",
    "shapes.tube(path=[(0, 0, 0), (0, 0, 1)], radius=[1, 1, 1])": "shapes.tube: radius must be a number or one number for each of the 2 different path points, got 3",
    "shapes.tube(path=[(0, 0, 0), (0, 0, 1), (0, 0, 2)], radius=[1, 0, 1])": "shapes.tube: radius[1] must be a positive number, got 0.0",
    "shapes.loft(outlines=[shapes.ellipse(size=(1, 1)), [(0, 0), (1, 0), (1, 1)]], centers=[(0, 0, 0), (0, 0, 1)])":
        "shapes.loft: outlines must all have the same number of points, got [48, 3]; set segments of ellipse and rounded_rectangle",
    "shapes.rounded_rectangle(size=(1, 0.2), radius=0.2)": "shapes.rounded_rectangle: radius must be at most half the shorter side, 0.1, got 0.2",
    "shapes.bevel(shapes.box(size=(1, 1, 0.1)), width=0.06)": "shapes.bevel: width must be at most half the shortest side of obj, 0.05, got 0.06",
    "shapes.array(shapes.box(size=(1, 1, 1)), count=0, step=(1, 0, 0))": "shapes.array: count must be a whole number from 1 to 1000, got 0",
    "shapes.array(shapes.sphere(radius=1), count=1000, step=(1, 0, 0))": "shapes.array: count must be smaller: 1000 copies would have 1,152,000 faces, at most 200,000 are allowed",
    "shapes.subdivide(shapes.sphere(radius=1), levels=4)": "shapes.subdivide: levels must be smaller: 4 would give 288,768 faces, at most 200,000 are allowed",
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(0, 0, 5)))":
        "shapes.difference: object 2 does not reach obj: on z obj goes from -0.5 to 0.5, object 2 from 4.5 to 5.5",
    "shapes.difference(shapes.box(size=(1, 1, 1)), shapes.box(size=(2, 2, 2)))": "shapes.difference: nothing is left of obj after object 2: it lies wholly inside the cutter",
    "shapes.difference(shapes.box(size=(1, 1, 1)))": "shapes.difference: at least two objects are needed, got one",
    "shapes.intersection(shapes.torus(radius=1, tube_radius=0.1), shapes.sphere(radius=0.5))": "shapes.intersection: obj and object 2 have nothing in common",
    "shapes.difference(shapes.plane(size=(1, 1)), shapes.box(size=(0.5, 0.5, 0.5)))": "shapes.difference: obj must be a closed solid, 'plane' has 4 open edges; solidify() it first",
    "a = shapes.box(size=(1, 1, 1)); shapes.union(a, a)": "shapes.union: the objects must be different ones, one occurs twice; duplicate() it first",
    "shapes.union([shapes.box(size=(1, 1, 1))])": "shapes.union: obj must be one object, got a list; pass objects one by one (*parts), or join(*parts) first",
    "a, b = shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1)); shapes.join(a, b); shapes.move(b, by=(0, 0, 1))":
        "shapes.move: obj is gone: a join, union, difference or intersection used it up; use the object which that call returned, or duplicate() it before",
    "shapes.move('leg', by=(0, 0, 1))": "shapes.move: obj must be an object that a helper returned, got 'leg'",
    "import bpy; shapes.move(bpy.data.objects.new('c', bpy.data.curves.new('c', 'CURVE')), by=(0, 0, 1))":
        "shapes.move: obj must be a mesh, got the CURVE object 'c'; turn it into a mesh first: bpy.data.objects.new(name, bpy.data.meshes.new_from_object(obj))",
    "shapes.bend(shapes.box(size=(1, 1, 1)), angle=180)": "shapes.bend: angle must be below 115 degrees for a part 1 long and 1 thick, got 180",
    "shapes.bend(shapes.box(size=(1, 1, 1)), angle=10, toward='+z')": "shapes.bend: toward must be a side across axis 'z', got '+z'",
    "shapes.material(shapes.box(size=(1, 1, 1)), base_color='red')": "shapes.material: base_color must be \"#rrggbb\" or (r, g, b), got 'red'",
    "shapes.material(shapes.box(size=(1, 1, 1)), base_color=(255, 0, 0))": "shapes.material: base_color[0] must be a number from 0 to 1, got 255.0",
    "shapes.material(shapes.box(size=(1, 1, 1)), base_color=(1, 0, 0), roughness=2)": "shapes.material: roughness must be a number from 0 to 1, got 2",
    "a = shapes.box(size=(1, 1, 1)); shapes.align(a, to=a, axes='')": "shapes.align: axes must be letters of \"xyz\", such as \"xy\", got ''",
}

PLACED = """
base = shapes.box(size=(2, 2, 1), center=(3, 4, 5))
ball = shapes.sphere(radius=0.25)
"""
STORIES = {
    **{f"place_on {side}": f"{PLACED}shapes.place_on(ball, base=base, side='{side}')" for side in ("-x", "+x", "-y", "+y", "-z", "+z")},
    "place_on gap": f"{PLACED}shapes.place_on(ball, base=base, gap=0.1)",
    "align": f"{PLACED}shapes.align(ball, to=base)",
    "align low to high": f"{PLACED}shapes.align(ball, to=base, axes='zx', side='low', to_side='high')",
    "mirror": "shapes.mirror(shapes.rotate(shapes.wedge(size=(1, 2, 3), center=(2, 0, 0)), angle=20, axis='y'), axis='x', at=0.5)",
    "duplicate": "a = shapes.box(size=(1, 1, 1)); b = shapes.duplicate(a, by=(2, 0, 0), name='other'); shapes.scale(b, factor=2)",
    "materials": "a = shapes.material(shapes.box(size=(1, 1, 1)), base_color='#ff8000', roughness=0.25, metallic=1, name='paint')\n"
                 "b = shapes.material(shapes.box(size=(1, 1, 1), center=(3, 0, 0)), base_color=(0.1, 0.2, 0.3), name='dye')\n"
                 "c = shapes.material(shapes.box(size=(1, 1, 1), center=(6, 0, 0)), base_color='#ff8000', roughness=0.25, metallic=1, name='paint')\n"
                 "shapes.join(a, b, c, name='three')",
    "boolean keeps materials": "a = shapes.material(shapes.box(size=(1, 1, 1)), base_color='#ffffff', name='a')\n"
                               "b = shapes.material(shapes.box(size=(1, 1, 1), center=(0.5, 0, 0.2)), base_color='#000000', name='b')\n"
                               "shapes.union(a, b)",
    "names": "shapes.name_part(shapes.box(size=(1, 1, 1)), name='seat'); shapes.cylinder(radius=1, height=1, name='leg')",
    "raw bpy": "import bpy\n"
               "bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 2))\n"
               "cube = bpy.context.active_object\n"
               "cube.scale = (-2, 1, 1)\n"
               "child = shapes.box(size=(1, 1, 1)); child.parent = cube\n"
               "cube.modifiers.new('a', 'ARRAY').count = 2\n"
               "shapes.move(cube, by=(0, 0, 1))\n"
               "shapes.move(child, by=(0, 0, 0))",
    "shared mesh": "import bpy\n"
                   "a = shapes.box(size=(1, 1, 1)); b = bpy.data.objects.new('b', a.data); bpy.context.scene.collection.objects.link(b)\n"
                   "b.location = (5, 0, 0); shapes.scale(b, factor=2)",
    "subdivided vessel": "a = shapes.lathe(profile=[(0, 0), (0.1, 0), (0.2, 0.1), (0.15, 0.3), (0.12, 0.3), (0.16, 0.1), (0.08, 0.03), (0, 0.03)])\n"
                         "shapes.difference(a, shapes.box(size=(1, 1, 1), center=(0, 0, 0.55)))\n"
                         "shapes.subdivide(shapes.solidify(a, thickness=0.005))",
    "place_on gap below": f"{PLACED}shapes.place_on(ball, base=base, side='-y', gap=0.1)",
    "dark paint": "shapes.material(shapes.box(size=(1, 1, 1)), base_color='#0a0000')",
    "ring in space": f"ring = shapes.sweep(profile={SQUARE}, path=[(0, 0, 0), (3, 0, 0), (3, 0, 2), (0, 2, 2)], closed=True)\n"
                     "quads = [[ring.data.vertices[i].co for i in face.vertices] for face in ring.data.polygons]\n"
                     "result = max(abs((d - a).dot((b - a).cross(c - a).normalized())) for a, b, c, d in quads)",
    "touching along an edge": "shapes.union(shapes.box(size=(1, 1, 1)), shapes.box(size=(1, 1, 1), center=(1, 1, 0)))",
}


SIGNATURES = """
import inspect
result = {}
for name in shapes.__all__:
    if name != "ShapeError":
        found = inspect.signature(getattr(shapes, name))
        plain = [one.replace(annotation=one.empty) for one in found.parameters.values()]
        result[name] = name + str(found.replace(parameters=plain, return_annotation=found.empty))
"""
