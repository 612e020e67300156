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
from shapecraft.solid_overlap import VOXELS, Figure, exact_overlap, filled, rounded

MOST = 256
"""Cubes along the longest side of the larger part, at most (ours): 17 million of them."""
Counts = tuple[int, int, int]

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
        """By how much the pose adds to what overlaps as modelled; never below 0; nan where either has no figure."""
        grown = round(self.posed - self.rest, 6)
        return grown if math.isnan(grown) else max(0.0, grown)

    @property
    def measured(self) -> bool:
        """Whether there is a figure of both."""
        return not math.isnan(self.grown)

    def row(self) -> dict[str, Any]:
        return {name: None if isinstance(value, float) and math.isnan(value) else value
                for name, value in asdict(self).items()}


def clashes(mesh: ObjectMesh, tree: JointTree, values: Mapping[str, Value]) -> tuple[Clash, ...]:
    """Every pair of parts that moves against each other in the pose and whose boxes meet there, the most grown first,
    those that could not be measured last.

    Exact for closed pieces; by cubes, 64 along the longest side of the smaller part, where a piece is open. Errors as
    `pose`; raises MissingCapability without the packages that measure.
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
    return tuple(sorted(found, key=_most_grown))


def worst_clashes(mesh: ObjectMesh, graph: ShapeGraph, animation: Animation) -> tuple[tuple[int, Clash], ...]:
    """(frame, clash) of every pair at its worst: at keyframes and LOOKS even steps. Pairs that only touch are left out.

    A pair that could not be measured stands behind those that were, at the first frame where it could not, unless
    another frame shows that it clashes. Errors as `clashes`.
    """
    tree = animation.tree(graph)
    frames = {round(animation.frames * step / LOOKS) for step in range(LOOKS + 1)}
    frames |= {frame for track in animation.tracks for frame, _ in track.keyframes}
    worst: dict[tuple[str, str], tuple[int, Clash]] = {}
    for frame in sorted(frames):
        for clash in clashes(mesh, tree, animation.values(frame)):
            pair = (clash.part, clash.other)
            if clash.grown != 0 and (pair not in worst or _most_grown(clash) < _most_grown(worst[pair][1])):
                worst[pair] = (frame, clash)
    return tuple(sorted(worst.values(), key=lambda one: _most_grown(one[1])))


def _most_grown(clash: Clash) -> float:
    """For sorting: nan compares with nothing."""
    return -clash.grown if clash.measured else math.inf


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
    cubes = _by_cubes(part, other)
    return Figure(cubes.value, "; ".join(filter(None, (f"by cubes: {exact.reason}", cubes.reason))))


def _by_cubes(part: PartMesh, other: PartMesh) -> Figure:
    """How many of the cubes that a part fills the other fills too.

    The cubes are those of the smaller part, which in a grid around both would be lost between two centres.
    """
    (low, high), (its_low, its_high) = part.bounds, other.bounds
    longest = sorted((float((high - low).max()), float((its_high - its_low).max())))
    side = max(longest[0] / VOXELS, longest[1] / MOST)
    common = np.maximum(low, its_low)
    counts = _counts(np.minimum(high, its_high) - common, side)
    own, its = (_filled(one, common, side, counts) for one in (part, other))
    whole = int(np.count_nonzero(own[0]))
    if not whole:
        return Figure(math.nan, f"{part.name} is thinner than a cube of {side:.2g} m")
    return rounded(float(np.count_nonzero(own[1] & its[1])) / whole)


def _filled(part: PartMesh, low: np.ndarray, side: float, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """(the cubes that a part fills; those of them in a grid from `low`). Its whole box is laid out, in the same grid:
    what a shell shuts off is seen from all of it."""
    # A cube more all around, because an open piece's faces may lie on the last border.
    before = np.ceil((low - part.bounds[0]) / side - 1e-6).astype(int) + 1
    start = low - before * side
    whole = filled(ObjectMesh((part,)), start, side, _counts(part.bounds[1] - start + side, side))[0]
    cut = whole[tuple(slice(a, a + count) for a, count in zip(before, counts, strict=True))]
    return whole, np.pad(cut, [(0, count - has) for count, has in zip(counts, cut.shape, strict=True)])


def _counts(size: np.ndarray, side: float) -> Counts:
    x, y, z = np.maximum(1, np.ceil(size / side - 1e-6)).astype(int)
    return int(x), int(y), int(z)
