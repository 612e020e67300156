"""Placement: what the boxes of a graph say without any relation: overlaps, floating parts, pairs that differ (ours).

Measured, so that an Evaluator without eyes can judge a layout, and one with eyes need not guess numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapecraft.boxes import Box
from shapecraft.graph import ShapeGraph
from shapecraft.relations import difference, overlap, tolerance_of

CONTAINED = 0.99
"""Of the smaller box: more than this inside another counts as contained (ours)."""
_SIDES = (("left", "right"), ("l", "r"))


@dataclass(frozen=True)
class Overlap:
    """Two boxes that share space. volume : cubic metres; of_a, of_b : part of each box, 0 to 1"""

    a: str
    b: str
    volume: float
    of_a: float
    of_b: float


@dataclass(frozen=True)
class LayoutFacts:
    """Numbers rounded to 1e-6; names in the graph's order.

    size : (3,) metres of the whole; overlaps : largest share first, contained pairs not repeated; contained : (inner,
    outer); floating : components that touch nothing and do not stand on the ground; adrift : groups of components that
    touch each other but, as a group, neither the ground nor anything that stands on it; unequal : (left, right, metres
    off a mirror image across x), pairs told by their names; below_ground : (name, metres under z = 0)
    above_ground : metres from z = 0 to the lowest point, 0 when it stands; off_centre : (2,) metres of the whole's
    middle from x = y = 0; tolerance : metres within which boxes touch
    """

    size: tuple[float, float, float]
    overlaps: tuple[Overlap, ...]
    contained: tuple[tuple[str, str], ...]
    floating: tuple[str, ...]
    adrift: tuple[tuple[str, ...], ...]
    unequal: tuple[tuple[str, str, float], ...]
    below_ground: tuple[tuple[str, float], ...]
    above_ground: float
    off_centre: tuple[float, float]
    tolerance: float

    def words(self, *, limit: int = 1500) -> str:
        """Sentences for a model, worst first, at most `limit` (at least 200) characters; tells how many were cut."""
        limit = max(limit, 200)
        lines = ["whole: " + " x ".join(f"{side:.3f}" for side in self.size) + " m (x, y, z)"]
        lines += [f"{name} reaches {depth:.3f} m below the ground (z = 0)" for name, depth in self.below_ground]
        if self.above_ground > self.tolerance:
            lines.append(f"nothing stands on the ground: the lowest point is at z = {self.above_ground:.3f} m")
        lines += [f"{name} floats: it touches no other box and not the ground" for name in self.floating]
        lines += [f"{', '.join(group)} touch only each other, not the ground" for group in self.adrift]
        lines += [f"{a} and {b} are {off:.3f} m off being mirror images" for a, b, off in self.unequal]
        if max(abs(value) for value in self.off_centre) > self.tolerance:
            lines.append("the whole's middle is at x = {:.3f}, y = {:.3f} m, not 0, 0".format(*self.off_centre))
        lines += [f"{inner} lies inside {outer}" for inner, outer in self.contained]
        lines += [f"{o.a} and {o.b} overlap: {o.of_a:.0%} of {o.a}, {o.of_b:.0%} of {o.b}" for o in self.overlaps]
        return _bounded(lines if len(lines) > 1 else [*lines, "no overlap, nothing floats"], limit)


def layout_facts(graph: ShapeGraph, *, tolerance: float | None = None) -> LayoutFacts:
    """What the boxes say. tolerance : metres within which boxes touch (None: 1 % of the longest side; ours)."""
    allowed = tolerance_of(graph, tolerance)
    boxes = {component.name: component.box for component in graph.components}
    names = graph.names
    contained, overlaps = [], []
    touching: dict[str, set[str]] = {name: set() for name in names}
    for i, a in enumerate(names):
        for b in names[i + 1:]:
            if _touch(boxes[a], boxes[b], allowed):
                touching[a].add(b)
                touching[b].add(a)
            shared = overlap(boxes[a], boxes[b])
            of_a, of_b = shared / boxes[a].volume, shared / boxes[b].volume
            if max(of_a, of_b) > CONTAINED:
                contained.append((b, a) if of_b >= of_a else (a, b))
            elif _depth(boxes[a], boxes[b]) > allowed:
                overlaps.append(Overlap(a, b, round(shared, 9), round(of_a, 6), round(of_b, 6)))
    grounded = _reached({name for name in names if boxes[name].low[2] <= allowed}, touching)
    groups, seen = [], set(grounded)
    for name in names:
        if name not in seen:
            group = _reached({name}, touching)
            seen |= group
            groups.append(tuple(other for other in names if other in group))
    low, bounds = min(box.low[2] for box in boxes.values()), graph.bounds
    return LayoutFacts(
        size=_rounded(bounds.size),
        overlaps=tuple(sorted(overlaps, key=lambda o: -max(o.of_a, o.of_b))),
        contained=tuple(contained),
        floating=tuple(group[0] for group in groups if len(group) == 1),
        adrift=tuple(group for group in groups if len(group) > 1),
        unequal=tuple(_unequal(boxes, bounds, allowed)),
        below_ground=tuple((n, round(-boxes[n].low[2], 6)) for n in names if boxes[n].low[2] < -allowed),
        above_ground=round(max(low, 0.0), 6),
        off_centre=_rounded(bounds.center)[:2],
        tolerance=allowed,
    )


def _touch(a: Box, b: Box, allowed: float) -> bool:
    return all(max(a.low[i], b.low[i]) - min(a.high[i], b.high[i]) <= allowed for i in range(3))


def _depth(a: Box, b: Box) -> float:
    """How far two boxes go into each other, metres; 0 or less when they only touch."""
    return min(min(a.high[i], b.high[i]) - max(a.low[i], b.low[i]) for i in range(3))


def _reached(start: set[str], touching: dict[str, set[str]]) -> set[str]:
    found, edge = set(start), list(start)
    while edge:
        for name in touching[edge.pop()] - found:
            found.add(name)
            edge.append(name)
    return found


def _unequal(boxes: dict[str, Box], bounds: Box, allowed: float) -> list[tuple[str, str, float]]:
    """Pairs told by "left" and "right" in their names that are no mirror images across the whole's middle plane."""
    pairs = []
    for name, box in boxes.items():
        words = name.split("_")
        for left, right in _SIDES:
            other = "_".join(right if word == left else word for word in words)
            if other == name or other not in boxes:
                continue
            (x, y, z), there = boxes[other].center, boxes[other].size
            off = difference(box, Box((2 * bounds.center[0] - x, y, z), there))
            if off > allowed:
                pairs.append((name, other, round(off, 6)))
    return pairs


def _rounded(values: tuple[float, float, float]) -> tuple[float, float, float]:
    x, y, z = (round(value, 6) + 0.0 for value in values)
    return x, y, z


def _bounded(lines: list[str], limit: int) -> str:
    """The first lines that fit, whole."""
    lines = [re.sub(r"\s+", " ", line) for line in lines]
    text = "\n".join(lines)
    kept = len(lines)
    while len(text) > limit and kept > 1:
        kept -= 1
        text = "\n".join([*lines[:kept], f"({len(lines) - kept} more findings)"])
    return text[:limit]
