"""Clashes: how much of a moved part's space lies inside another part, in a pose and along an animation (ours).

Parts of one object often overlap as they were modelled (a knob is let into its drawer), so every figure stands beside
that of the rest pose.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shapecraft.animation import Animation
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.posing import JointTree, Value, pose
from shapecraft.solid_overlap import Figure, exact_overlap, voxel_overlap

LOOKS = 8
"""Even steps of an animation that are looked at, beside its keyframes (ours)."""


@dataclass(frozen=True)
class Clash:
    """Two parts that move against each other, and whose boxes meet in the pose.

    part : the one that moves more outwards in the tree, else the first; other : the other one
    rest, posed : share of `part`'s volume inside `other`, 0 to 1, as modelled and in the pose; nan where it has none
    reason : "" where solids were intersected exactly, else how it was measured, or why it could not be
    """

    part: str
    other: str
    rest: float
    posed: float
    reason: str = ""

    @property
    def grown(self) -> float:
        """By how much the pose adds to what overlaps as modelled; never below 0."""
        return max(0.0, round(self.posed - self.rest, 6))

    def row(self) -> dict[str, Any]:
        return {name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in asdict(self).items()}


def clashes(mesh: ObjectMesh, tree: JointTree, values: Mapping[str, Value]) -> tuple[Clash, ...]:
    """Every pair of parts that moves against each other in the pose and whose boxes meet there, the most grown first.

    Exact for closed pieces; by cubes, 64 along the longest side, where a piece is open. Errors as `pose`; raises
    MissingCapability without the packages that measure.
    """
    posed = {part.name: part for part in pose(mesh, tree, values).mesh.parts}
    moved = tree.transforms(tree.clamped(values)[0])
    rest = {part.name: part for part in mesh.parts}
    depth = {name: len(_above(tree, name)) for name in tree.graph.names}
    found = []
    for number, first in enumerate(mesh.names):
        for second in mesh.names[number + 1:]:
            if np.allclose(moved[first], moved[second], atol=1e-12) or not _meet(posed[first], posed[second]):
                continue
            part, other = (second, first) if depth[second] > depth[first] else (first, second)
            before, now = _share(rest[part], rest[other]), _share(posed[part], posed[other])
            found.append(Clash(part, other, before.value, now.value, now.reason or before.reason))
    return tuple(sorted(found, key=lambda one: -one.grown))


def worst_clashes(mesh: ObjectMesh, graph: ShapeGraph, animation: Animation) -> tuple[tuple[int, Clash], ...]:
    """(frame, clash) of every pair at its worst: at keyframes and LOOKS even steps. Pairs that only touch are left out.

    Errors as `clashes`.
    """
    tree = animation.tree(graph)
    frames = {round(animation.frames * step / LOOKS) for step in range(LOOKS + 1)}
    frames |= {frame for track in animation.tracks for frame, _ in track.keyframes}
    worst: dict[tuple[str, str], tuple[int, Clash]] = {}
    for frame in sorted(frames):
        for clash in clashes(mesh, tree, animation.values(frame)):
            pair = (clash.part, clash.other)
            if clash.grown > 0 and (pair not in worst or clash.grown > worst[pair][1].grown):
                worst[pair] = (frame, clash)
    return tuple(sorted(worst.values(), key=lambda one: -one[1].grown))


def _above(tree: JointTree, name: str) -> list[str]:
    """The joints that move a component, its own among them."""
    found, at = [], tree.pivot(name)
    while at is not None:
        found.append(at)
        at = tree.pivot(tree.parent[at]) if at in tree.parent else None
    return found


def _meet(part: PartMesh, other: PartMesh) -> bool:
    if not len(part.faces) or not len(other.faces):
        return False
    (low, high), (its_low, its_high) = part.bounds, other.bounds
    return bool((low < its_high).all() and (its_low < high).all())


def _share(part: PartMesh, other: PartMesh) -> Figure:
    """How much of a part's volume lies inside the other."""
    if not _meet(part, other):
        return Figure(0.0)
    exact = exact_overlap(ObjectMesh((other,)), ObjectMesh((part,)))[0]
    if not math.isnan(exact.value):
        return exact
    cubes = voxel_overlap(ObjectMesh((other,)), ObjectMesh((part,)))[0]
    return Figure(cubes.value, f"by cubes: {exact.reason}")
