"""Catalogue solids: the forms that the catalogue's parts are made of; each knows its box and its line of a program.

Metres, world frame of `shapecraft.boxes`. The program is written against `shapes`, as a Coder's is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shapecraft.boxes import Axis, Box, Vector, along, bounds_of, vector
from shapecraft.graph import Component, Joint
from shapecraft.palette import flat_material
from shapecraft.relations import AnyRelation, Repeated, SymmetricTo

DIGITS = 5


@dataclass(frozen=True)
class Solid:
    """code : an expression of a program; box : around it"""

    code: str
    box: Box


@dataclass(frozen=True)
class Part:
    """One component of a catalogue object, in words and in solids."""

    name: str
    geometry: str
    position: str
    material: str
    solids: tuple[Solid, ...]
    relations: tuple[AnyRelation, ...] = ()
    joint: Joint | None = None

    @property
    def box(self) -> Box:
        """Around all solids, to 1e-5 metres."""
        found = bounds_of(solid.box for solid in self.solids)
        return Box.of_corners(vector(_round(v) for v in found.low), vector(_round(v) for v in found.high))

    def program(self, *, by: Vector = (0.0, 0.0, 0.0)) -> str:
        """A whole program that builds the part, moved by so many metres."""
        flat = flat_material(self.material)
        colour = ", ".join(f"{value:.4g}" for value in flat.base_colour)
        lines = [f"    {solid.code}," for solid in self.solids]
        return "\n".join([
            "import shapes", "", "pieces = [", *lines, "]", f"part = shapes.join(*pieces, name={self.name!r})",
            f"shapes.material(part, base_color=({colour}), roughness={flat.roughness}, metallic={flat.metallic})",
            *([f"shapes.move(part, by={_text(by)})"] if any(by) else []), "",
        ])

    def component(self, path: tuple[str, ...], *, by: Vector = (0.0, 0.0, 0.0)) -> Component:
        """Of a graph, with its program, moved by so many metres."""
        own, joint = self.box, self.joint
        moved = Box(_moved(own.center, by), own.size)
        if joint is not None:
            joint = replace(joint, origin=_moved(joint.origin, by))
        relations = tuple(replace(one, at=_moved(one.at, by)) if isinstance(one, SymmetricTo | Repeated) else one
                          for one in self.relations)
        return Component(self.name, self.geometry, self.position, moved, self.program(by=by), self.material, path,
                         relations, joint)


def part(
    name: str, geometry: str, position: str, material: str, *solids: Solid, relations: Iterable[AnyRelation] = (),
    joint: Joint | None = None,
) -> Part:
    return Part(name, geometry, position, material, solids, tuple(relations), joint)


def box(size: Vector, center: Vector, *, bevel: float = 0.0) -> Solid:
    """A block; bevel : width of its rounded edges."""
    code = f"shapes.box(size={_text(size)}, center={_text(center)})"
    return Solid(f"shapes.bevel({code}, width={bevel:.4g})" if bevel else code, Box(center, size))


def rod(radius: float, height: float, center: Vector, *, axis: Axis = "z") -> Solid:
    """A cylinder."""
    return Solid(
        f"shapes.cylinder(radius={_number(radius)}, height={_number(height)}, center={_text(center)}, axis={axis!r})",
        Box(center, _along(axis, height, 2 * radius)),
    )


def cone(radius: float, top: float, height: float, center: Vector, *, axis: Axis = "z") -> Solid:
    """A cone or frustum; radius at the low end, top at the high end."""
    return Solid(
        f"shapes.cone(radius={_number(radius)}, top_radius={_number(top)}, height={_number(height)}, "
        f"center={_text(center)}, axis={axis!r})",
        Box(center, _along(axis, height, 2 * max(radius, top))),
    )


def ball(radius: Vector, center: Vector) -> Solid:
    """An ellipsoid of three radii."""
    code = f"shapes.sphere(radius={_text(radius)}, center={_text(center)})"
    return Solid(code, Box(center, vector(2 * r for r in radius)))


def ring(radius: float, thick: float, center: Vector, *, axis: Axis = "z") -> Solid:
    """A torus; radius to the middle of the tube, thick : the tube's radius."""
    return Solid(
        f"shapes.torus(radius={_number(radius)}, tube_radius={_number(thick)}, center={_text(center)}, axis={axis!r})",
        Box(center, _along(axis, 2 * thick, 2 * (radius + thick))),
    )


def turned(profile: Sequence[tuple[float, float]], origin: Vector = (0.0, 0.0, 0.0)) -> Solid:
    """A profile of (radius, height) turned about a vertical axis through `origin`."""
    points = ", ".join(_text(point) for point in profile)
    reach = max(radius for radius, _ in profile)
    low, high = (pick(height for _, height in profile) for pick in (min, max))
    x, y, z = origin
    return Solid(f"shapes.lathe(profile=[{points}], origin={_text(origin)})",
                 Box.of_corners((x - reach, y - reach, z + low), (x + reach, y + reach, z + high)))


def tube(path: Sequence[Vector], radius: float) -> Solid:
    """A round rod along straight pieces; its ends are cut square."""
    points = ", ".join(_text(point) for point in path)
    corners = []
    for a, b in pairwise(path):
        length = math.dist(a, b)
        reach = [radius * math.sqrt(max(0.0, 1 - ((q - p) / length) ** 2)) for p, q in zip(a, b, strict=True)]
        for point in (a, b):
            corners.append(Box(point, vector(max(2 * one, 1e-6) for one in reach)))
    return Solid(f"shapes.tube(path=[{points}], radius={_number(radius)})", bounds_of(corners))


def _along(axis: Axis, length: float, width: float) -> Vector:
    return vector(length if i == along(axis) else width for i in range(3))


def _moved(point: Vector, by: Vector) -> Vector:
    return vector(_round(a + b) for a, b in zip(point, by, strict=True))


def _round(value: float) -> float:
    return round(value, DIGITS) + 0.0


def _number(value: float) -> str:
    return repr(_round(value))


def _text(values: Iterable[float]) -> str:
    return "(" + ", ".join(_number(value) for value in values) + ")"
