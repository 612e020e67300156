"""Posing: joints as a tree over components, and an object in a pose of it (ours; the paper has no movement).

A part with a joint moves against whatever carries it, and what it carries moves along. A value is 0 as modelled, which
is always allowed. Hinge: degrees around the axis through the origin, right-hand rule. Slider: metres along the axis.
Ball: degrees (x, y, z) around the world's axes x, then y, then z through the origin (R = Rz Ry Rx); its axis is not
used. Axes and origins are those of the rest pose, and are carried along.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from easel.errors import EaselError
from shapecraft.boxes import Vector, vector
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.mesh import ObjectMesh, PartMesh

Value = float | Vector
"""Of one joint: a number; three of a ball."""


class PoseError(EaselError, ValueError):
    """Joints that make no tree, or values that are no pose of it."""


@dataclass(frozen=True)
class JointTree:
    """The joints of a graph as a tree. Made by `joint_tree`.

    parents : (component, the component whose joint carries it), of those that are carried, in the graph's order
    """

    graph: ShapeGraph
    parents: tuple[tuple[str, str], ...]

    @cached_property
    def parent(self) -> Mapping[str, str]:
        """Component -> the one that carries it; those that nothing carries are not in it."""
        return dict(self.parents)

    @cached_property
    def moving(self) -> tuple[str, ...]:
        """Components whose joint can move, in the graph's order."""
        return tuple(one.name for one in self.graph.components if moves(one.joint))

    def joint(self, name: str) -> Joint:
        """The joint of a component that moves. Raises PoseError, which names those that do."""
        joint = self.graph[name].joint if name in self.moving else None
        if joint is None:
            raise PoseError(f"a part that has a joint ({', '.join(self.moving) or 'none has'})", came=repr(name),
                            where="a pose")
        return joint

    def pivot(self, name: str) -> str | None:
        """The component whose joint moves this one: itself, else the nearest that carries it; None where none does."""
        at: str | None = name
        while at is not None and at not in self.moving:
            at = self.parent.get(at)
        return at

    def moved(self, name: str) -> tuple[str, ...]:
        """All components that move with the joint of this one, itself among them, in the graph's order."""
        def under(other: str) -> bool:
            at: str | None = other
            while at is not None and at != name:
                at = self.parent.get(at)
            return at == name

        return tuple(other for other in self.graph.names if under(other))

    def clamped(self, values: Mapping[str, Value]) -> tuple[dict[str, Value], tuple[str, ...]]:
        """The values inside their limits, of the joints that are named, in the graph's order; and a line per change.

        Raises PoseError for a part without a joint, a number that is not finite, one number for a ball and three for
        another joint.
        """
        for name in values:
            self.joint(name)
        inside: dict[str, Value] = {}
        notes = []
        for name in self.moving:
            if name not in values:
                continue
            value, joint = values[name], self.joint(name)
            numbers = checked_value(value, joint, f"the joint of {name}")
            low, high = limits(joint)
            kept = tuple(min(max(one, low), high) + 0.0 for one in numbers)
            if kept != numbers:
                notes.append(f"{name}: {_said(numbers)} lies outside {low:g} to {high:g}{unit(joint)}; "
                             f"{_said(kept)} was taken")
            inside[name] = vector(kept) if joint.type == "ball" else kept[0]
        return inside, tuple(notes)

    def transforms(self, values: Mapping[str, Value]) -> dict[str, np.ndarray]:
        """(4, 4) float64 of every component: where a point of the rest pose comes to stand. Joints not named are at 0.

        Values are taken as they are; `clamped` comes first. Errors as there.
        """
        for name in values:
            checked_value(values[name], self.joint(name), f"the joint of {name}")
        found: dict[str, np.ndarray] = {}

        def placed(name: str) -> np.ndarray:
            if name not in found:
                before = placed(self.parent[name]) if name in self.parent else np.eye(4)
                found[name] = before @ motion(self.joint(name), values[name]) if name in values else before
            return found[name]

        return {name: placed(name) for name in self.graph.names}


@dataclass(frozen=True, eq=False)
class Pose:
    """mesh : the object in the pose; values : of the joints that are not at 0; clamped : a line per changed value"""

    mesh: ObjectMesh
    values: Mapping[str, Value]
    clamped: tuple[str, ...] = ()


def joint_tree(graph: ShapeGraph) -> JointTree:
    """The tree of a graph's joints; a part that several joints carry hangs on the innermost of them.

    Raises PoseError for joints that carry each other, and for a part that two joints carry of which neither carries
    the other. A fixed joint never moves, and what it carries is fastened to its part.
    """
    carriers = {name: [one.name for one in graph.components if one.joint and name in one.joint.carries]
                for name in graph.names}
    above: dict[str, set[str]] = {}
    for name in graph.names:
        waiting, seen = list(carriers[name]), set[str]()
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting += carriers[at]
        above[name] = seen
    if ring := [name for name in graph.names if name in above[name]]:
        raise PoseError("joints that make a tree", came=f"{', '.join(ring)} carry each other in a ring", where="joints",
                        mend="A part must not carry what carries it.")
    parents = []
    for name, found in carriers.items():
        inner = [one for one in found if all(other == one or other in above[one] for other in found)]
        if found and not inner:
            raise PoseError(f"one joint that carries {name}", came=f"{' and '.join(found)}, neither of which carries "
                            "the other", where="joints", mend="Name it under carries of one of them.")
        parents += [(name, one) for one in inner]
    return JointTree(graph, tuple(parents))


def pose(mesh: ObjectMesh, tree: JointTree, values: Mapping[str, Value], *, strict: bool = False) -> Pose:
    """The object with its joints at these values; joints not named are at 0, and all at 0 is the mesh itself.

    mesh : its parts are components of the tree's graph, not necessarily all
    strict : refuse what `clamped` would change
    Raises PoseError for a part that the graph does not have, and as `JointTree.clamped`.
    """
    if strange := [name for name in mesh.names if name not in tree.graph.names]:
        raise PoseError(f"parts of the graph ({', '.join(tree.graph.names)})", came=", ".join(strange), where="a pose")
    inside, notes = tree.clamped(values)
    if notes and strict:
        raise PoseError("values inside their limits", came="; ".join(notes), where="a pose")
    inside = {name: value for name, value in inside.items() if value not in (0.0, (0.0, 0.0, 0.0))}
    moved = tree.transforms(inside)
    return Pose(ObjectMesh(tuple(_transformed(part, moved[part.name]) for part in mesh.parts)), inside, notes)


def moves(joint: Joint | None) -> bool:
    """Whether a joint lets its part move: it is not fixed, and its limits differ from 0."""
    return joint is not None and joint.type != "fixed" and joint.limits != (0.0, 0.0)


def limits(joint: Joint) -> tuple[float, float]:
    """Lowest and highest value: the joint's own, widened to 0, because an object may stand as it was modelled."""
    low, high = joint.limits
    return min(low, 0.0), max(high, 0.0)


def unit(joint: Joint) -> str:
    """What stands behind a value of the joint."""
    return " m" if joint.type == "slider" else " degrees"


def checked_value(value: Value, joint: Joint, where: str) -> tuple[float, ...]:
    """The numbers of a value: one, or three of a ball. Raises PoseError."""
    numbers = numbers_of(value)
    due = 3 if joint.type == "ball" else 1
    if len(numbers) != due or not all(isinstance(one, float | int) and math.isfinite(one) for one in numbers):
        what = "three numbers (x, y, z) of a ball" if due == 3 else f"one number of a {joint.type}"
        raise PoseError(f"{what},{unit(joint)}", came=repr(value), where=where)
    return tuple(float(one) for one in numbers)


def numbers_of(value: Value) -> tuple[float, ...]:
    """A value as one number, or three."""
    return value if isinstance(value, tuple) else (value,)


def motion(joint: Joint, value: Value) -> np.ndarray:
    """(4, 4) float64: what a joint does to a point of the rest pose; the identity at 0."""
    matrix = np.eye(4)
    if joint.type == "slider":
        matrix[:3, 3] = np.multiply(joint.direction, value)
        return matrix
    matrix[:3, :3] = rotation(joint, value)
    origin = np.array(joint.origin)
    matrix[:3, 3] = origin - matrix[:3, :3] @ origin
    return matrix


def rotation(joint: Joint, value: Value) -> np.ndarray:
    """(3, 3) of a hinge or ball."""
    if not isinstance(value, tuple):
        return _turn(joint.direction, value)
    x, y, z = (_turn(axis, one) for axis, one in zip(np.eye(3), value, strict=True))
    return z @ y @ x


def _turn(axis: Vector | np.ndarray, degrees: float) -> np.ndarray:
    """(3, 3) around a unit vector (Rodrigues); exactly the identity at 0."""
    x, y, z = axis
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = math.radians(degrees)
    return np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * (cross @ cross)


def _transformed(part: PartMesh, matrix: np.ndarray) -> PartMesh:
    if (matrix == np.eye(4)).all():
        return part
    turn = matrix[:3, :3]
    normals = None if part.normals is None else part.normals @ turn.T
    return replace(part, vertices=part.vertices @ turn.T + matrix[:3, 3], normals=normals)


def _said(numbers: tuple[float, ...]) -> str:
    return f"{numbers[0]:g}" if len(numbers) == 1 else "[" + ", ".join(f"{one:g}" for one in numbers) + "]"
