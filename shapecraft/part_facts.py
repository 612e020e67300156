"""Part facts: what a program made, against the box it was to fill (ours: the box is a contract that is measured).

Numbers are free, a look is not: they rank drafts, and they are what an Evaluator without eyes judges by.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from shapecraft.boxes import FARTHEST, Box, bounds_of, vector
from shapecraft.graph import ShapeGraph
from shapecraft.outcome import Outcome
from shapecraft.relations import overlap, tolerance_of

THINNEST = 1e-6
"""Metres: a side of what was made is at least so long here, because a box has no side of 0 (ours)."""


@dataclass(frozen=True)
class PartFacts:
    """Numbers rounded by `steady`; metres and shares.

    low, high : (3,) corners of all that was made
    off : (6,) made minus asked at -x, +x, -y, +y, -z, +z; positive along the axis
    worst : largest of `off`, as a share of the asked box's longest side
    inside : share of the made box that lies in the asked one; fill : share of the asked box that the made one covers
    solid : share of the asked box that material fills, None where a surface is not closed
    gaps : (neighbour, metres between what was made and the neighbour's box) where the boxes touch; 0 where they meet
    objects, loose_parts, faces : counts; manifold : every object closed, every edge in exactly two triangles
    """

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    off: tuple[float, float, float, float, float, float]
    worst: float
    inside: float
    fill: float
    solid: float | None
    gaps: tuple[tuple[str, float], ...]
    objects: int
    loose_parts: int
    faces: int
    manifold: bool

    @property
    def box(self) -> Box:
        """Around all that was made."""
        return Box.of_corners(self.low, vector(max(b, a + THINNEST) for a, b in zip(self.low, self.high, strict=True)))

    def row(self) -> dict[str, Any]:
        """For JSON; tuples are lists."""
        return {**asdict(self), "low": list(self.low), "high": list(self.high), "off": list(self.off),
                "gaps": [list(gap) for gap in self.gaps]}

    def words(self, asked: Box) -> str:
        """Sentences for a model. No triangles: versions of Blender cut faces differently, and the words would too."""
        size = [b - a for a, b in zip(self.low, self.high, strict=True)]
        lines = [
            f"size asked {_sides(asked.size)} m, made {_sides(size)} m (x, y, z)",
            f"from {_point(self.low)} to {_point(self.high)}; asked from {_point(asked.low)} to {_point(asked.high)}",
            f"largest deviation of a face of its box: {self.worst:.0%} of the longest side"
            + (f" ({self._faces_off()})" if self._faces_off() else ""),
            f"{self.inside:.0%} of what was made lies inside the box; {self.fill:.0%} of the box is covered",
        ]
        if self.solid is not None:
            lines.append(f"material fills {self.solid:.0%} of the box's volume")
        lines += [f"touches the box of {name}" if gap <= 0 else f"ends {gap:.4g} m short of the box of {name}"
                  for name, gap in self.gaps]
        lines.append(f"{self.objects} object(s), {self.loose_parts} loose piece(s), "
                     + ("closed and manifold" if self.manifold else "not a closed, manifold surface"))
        return "\n".join(f"- {line}" for line in lines)

    def _faces_off(self) -> str:
        names = ("-x", "+x", "-y", "+y", "-z", "+z")
        return ", ".join(f"{name} {value:+.4g} m" for name, value in zip(names, self.off, strict=True)
                         if abs(value) >= 1e-3)


def outsize(outcome: Outcome, asked: Box) -> str:
    """Why what was made cannot be looked at, in words; "" where it can.

    Ours: from a ten thousandth of the asked size, and a hundredth of a millimetre, to ten thousand times as much.
    """
    if not outcome.parts:
        return ""
    longest = max(max(part.high[i] for part in outcome.parts) - min(part.low[i] for part in outcome.parts)
                  for i in range(3))
    due = max(asked.size)
    if max(due / 1e4, 1e-5) <= longest <= min(due * 1e4, FARTHEST):
        return ""
    return f"what it made is {longest:.3g} m long, and its box {due:.3g} m"


def part_facts(outcome: Outcome, graph: ShapeGraph, name: str) -> PartFacts | None:
    """What was made of the component of that name; None where nothing was."""
    if not outcome.parts:
        return None
    asked = graph[name].box
    made = bounds_of(
        Box.of_corners(vector(steady(v) for v in part.low),
                       vector(max(steady(b), steady(a) + THINNEST) for a, b in zip(part.low, part.high, strict=True)))
        for part in outcome.parts
    )
    off = tuple(steady(side) for i in range(3)
                for side in (made.low[i] - asked.low[i], made.high[i] - asked.high[i]))
    solid = None
    if all(part.volume for part in outcome.parts):
        solid = steady(math.fsum(abs(part.volume) for part in outcome.parts) / asked.volume)
    shared, tolerance = overlap(made, asked), tolerance_of(graph, None)
    gaps = tuple((other.name, steady(gap) if gap > tolerance else 0.0) for other in graph.components
                 if other.name != name and _gap(asked, other.box) <= tolerance
                 for gap in (_gap(made, other.box),))
    return PartFacts(
        low=vector(steady(v) for v in made.low), high=vector(steady(v) for v in made.high),
        off=off,  # type: ignore[arg-type]
        worst=steady(max(abs(v) for v in off) / max(asked.size)), inside=steady(shared / made.volume),
        fill=steady(shared / asked.volume), solid=solid, gaps=gaps, objects=len(outcome.parts),
        loose_parts=sum(part.loose_parts for part in outcome.parts), faces=sum(part.faces for part in outcome.parts),
        manifold=all(part.manifold for part in outcome.parts),
    )


def steady(value: float) -> float:
    """Four digits, by way of five: versions of Blender differ in the sixth, and round numbers such as 0.00625 would
    otherwise lie on the edge between two results."""
    return round(round(value, 5), 4) + 0.0


def _gap(a: Box, b: Box) -> float:
    """Metres between two boxes, along the axis where they are farthest apart; 0 or less when they meet."""
    return max(max(a.low[i], b.low[i]) - min(a.high[i], b.high[i]) for i in range(3))


def _sides(values: Any) -> str:
    return " x ".join(f"{value:.4g}" for value in values)


def _point(values: Any) -> str:
    return "(" + ", ".join(f"{value + 0.0:.4g}" for value in values) + ")"
