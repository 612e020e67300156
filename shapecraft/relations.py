"""Relations: how a component stands to others, as data and as measured numbers.

The paper gives every part a box alone; relations are ours, after the finding that text-to-shape systems with relational
placement need fewer rounds of repair. `shapecraft.layout` solves three of the kinds into boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from shapecraft.boxes import FARTHEST, STRICT, Axis, Box, Face, GraphError, Vector, along, checked_vector, vector

if TYPE_CHECKING:
    from shapecraft.graph import Component, ShapeGraph

GROUND = "ground"
"""What a part may stand on besides components: the plane z = 0, unless a component has this name."""
TOLERANCE = 0.01
"""Of the object's longest side: what a relation may be off and still hold (ours)."""
STANDING = 0.25
"""Of the smaller footprint: what a part must share with its base to stand on it (ours)."""
INSET = 0.99
"""Of a part's box across the direction it is sunk in: what must lie inside the other (ours)."""


@dataclass(frozen=True)
class OnTopOf:
    """The part stands on the base (a component, or "ground"): its bottom is the base's top, their footprints meet."""

    __pydantic_config__ = STRICT

    base: str
    kind: Literal["on_top_of"] = "on_top_of"


@dataclass(frozen=True)
class FlushWith:
    """One face of the part lies in the plane of the same face of the other: "+x" is the face of largest x."""

    __pydantic_config__ = STRICT

    other: str
    face: Face
    kind: Literal["flush_with"] = "flush_with"


@dataclass(frozen=True)
class InsetIn:
    """The part is let into the other: sunk into its box along one axis, inside its outline along the two others."""

    __pydantic_config__ = STRICT

    other: str
    kind: Literal["inset_in"] = "inset_in"


@dataclass(frozen=True)
class SymmetricTo:
    """The part is the mirror image of the other (about="plane"), or its half turn (about="axis").

    other : a component; the part itself when it is symmetric in itself; axis : the plane's normal, or the axis turned
    about; at : (3,) metres, a point of the plane or axis
    """

    __pydantic_config__ = STRICT

    other: str
    axis: Axis
    about: Literal["plane", "axis"] = "plane"
    at: Vector = (0.0, 0.0, 0.0)
    kind: Literal["symmetric_to"] = "symmetric_to"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", checked_vector(self.at, "at"))


@dataclass(frozen=True)
class Repeated:
    """The part is the first of n copies, in a row along an axis or evenly around it.

    n : copies in all, 2 to 256; copies : the n - 1 other components, in any order; () when this one component's
    program builds all n inside its box; step : metres from one to the next in a row, signed (None: as the boxes
    stand); at : (3,) metres, a point of the axis that radial copies go around
    """

    __pydantic_config__ = STRICT

    n: int
    axis: Axis
    pattern: Literal["row", "radial"] = "row"
    copies: tuple[str, ...] = ()
    step: float | None = None
    at: Vector = (0.0, 0.0, 0.0)
    kind: Literal["repeated"] = "repeated"

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", checked_vector(self.at, "at"))
        if not 2 <= self.n <= 256:
            raise GraphError("2 to 256 copies", came=str(self.n), where="repeated")
        if self.copies and len(self.copies) != self.n - 1:
            raise GraphError(
                f"{self.n - 1} names of copies for n = {self.n}, or none", came=str(len(self.copies)), where="repeated",
            )
        if len(set(self.copies)) != len(self.copies):
            raise GraphError("each copy named once", came=", ".join(self.copies), where="repeated")
        if self.step is not None and not (math.isfinite(self.step) and 0 < abs(self.step) <= FARTHEST):
            raise GraphError("a step other than 0", came=str(self.step), where="repeated")


AnyRelation = OnTopOf | FlushWith | InsetIn | SymmetricTo | Repeated
Relation = Annotated[AnyRelation, Field(discriminator="kind")]


def targets(relation: AnyRelation) -> tuple[str, ...]:
    """The components that a relation names."""
    match relation:
        case OnTopOf(base):
            return (base,)
        case Repeated():
            return relation.copies
        case _:
            return (relation.other,)


@dataclass(frozen=True)
class RelationFact:
    """A relation as measured on the boxes.

    component : who has it; numbers : (name, value) rounded to 1e-6, lengths in metres: `gap` (above 0: hovers; below:
    sinks in) and `shared` footprint of on_top_of, `offset` of flush_with, `inside` of inset_in, `residual` (largest
    difference of a centre or size) of symmetric_to and repeated, `step` or `room` of one copy in a row
    tolerance : metres; met : whether it holds; words : one sentence
    """

    component: str
    relation: AnyRelation
    numbers: tuple[tuple[str, float], ...]
    tolerance: float
    met: bool
    words: str


def tolerance_of(graph: ShapeGraph, tolerance: float | None) -> float:
    """Metres: the given tolerance, or TOLERANCE of the object's longest side. Raises GraphError unless above 0."""
    if tolerance is None:
        return TOLERANCE * max(graph.bounds.size)
    if not (math.isfinite(tolerance) and tolerance > 0):
        raise GraphError("a tolerance above 0 metres", came=str(tolerance))
    return tolerance


def measure(graph: ShapeGraph, *, tolerance: float | None = None, sink: float = 0.0) -> tuple[RelationFact, ...]:
    """Every relation of the graph as numbers, in its order.

    tolerance : metres; None: 1 % of the longest side
    sink : share of its own height that a part may be let into the component it stands on, and still holds
    """
    allowed = tolerance_of(graph, tolerance)
    facts = []
    for component in graph.components:
        for relation in component.relations:
            numbers, met, words = _measured(graph, component, relation, allowed, sink)
            rounded = tuple((name, round(value, 6) + 0.0) for name, value in numbers)
            facts.append(RelationFact(component.name, relation, rounded, allowed, met, f"{component.name}: {words}"))
    return tuple(facts)


def _measured(
    graph: ShapeGraph, component: Component, relation: AnyRelation, allowed: float, sink: float
) -> tuple[tuple[tuple[str, float], ...], bool, str]:
    box = component.box
    match relation:
        case OnTopOf(base):
            under = graph[base].box if base in graph.names else None
            gap = box.low[2] - (under.high[2] if under else 0.0)
            share = shared_footprint(box, under) if under else 1.0
            held = "hovers" if gap > allowed else "sinks" if gap < -allowed else "stands"
            words = f"{held} on {base}, gap {gap:.3f} m, {share:.0%} of the smaller footprint shared"
            low = -max(allowed, sink * box.size[2]) if under else -allowed
            return (("gap", gap), ("shared", share)), low <= gap <= allowed and share >= STANDING - 1e-9, words
        case FlushWith(other, face):
            i = "xyz".index(face[1])
            mine, theirs = (b.high[i] if face[0] == "+" else b.low[i] for b in (box, graph[other].box))
            offset = mine - theirs
            return (("offset", offset),), abs(offset) <= allowed, f"face {face} {offset:+.3f} m from that of {other}"
        case InsetIn(other):
            there = graph[other].box
            shared = [max(0.0, min(box.high[i], there.high[i]) - max(box.low[i], there.low[i])) for i in range(3)]
            sunk, across, _ = sorted(part / side for part, side in zip(shared, box.size, strict=True))
            inside = math.prod(shared) / box.volume
            met = across >= INSET and sunk > 1e-6
            return (("inside", inside),), met, f"{inside:.0%} of its box inside {other}"
        case SymmetricTo(other, axis, about):
            off = difference(box, mirrored(graph[other].box, relation))
            whom = "itself" if other == component.name else other
            return (("residual", off),), off <= allowed, f"{off:.3f} m off the mirror image of {whom} ({about} {axis})"
        case Repeated(n, axis, pattern):
            if relation.copies:
                off = max(difference(graph[name].box, due) for name, due in copies_due(graph, component, relation))
                stands = [graph[name].box.center for name in (component.name, *relation.copies)]
                apart = min(math.dist(a, b) for i, a in enumerate(stands) for b in stands[:i])
                if apart < 1e-6:
                    return (("residual", off),), False, f"two of {n} copies ({pattern}) stand in one place"
                words = f"a copy is {off:.3f} m off its place among {n} ({pattern})"
                return (("residual", off),), off <= allowed, words
            if pattern == "row":
                room = box.size[along(axis)] / n
                return (("room", room),), True, f"{room:.3f} m of its box along {axis} for each of {n}"
            off = math.hypot(*(box.center[i] - relation.at[i] for i in range(3) if i != along(axis)))
            words = f"its middle is {off:.3f} m off the {axis} axis of its {n} copies"
            return (("residual", off),), off <= allowed, words


def overlap(a: Box, b: Box) -> float:
    """Volume that two boxes share, cubic metres."""
    return math.prod(max(0.0, min(a.high[i], b.high[i]) - max(a.low[i], b.low[i])) for i in range(3))


def shared_footprint(a: Box, b: Box) -> float:
    """Part of the smaller of two footprints (x, y) that the other covers, 0 to 1."""
    area = math.prod(max(0.0, min(a.high[i], b.high[i]) - max(a.low[i], b.low[i])) for i in (0, 1))
    return min(1.0, area / min(a.size[0] * a.size[1], b.size[0] * b.size[1]))


def difference(a: Box, b: Box) -> float:
    """Largest difference of a coordinate of centre or size, metres."""
    return max(abs(p - q) for p, q in zip((*a.center, *a.size), (*b.center, *b.size), strict=True))


def mirrored(box: Box, relation: SymmetricTo) -> Box:
    """The box that is symmetric to this one."""
    i = along(relation.axis)
    turned = [(j == i) == (relation.about == "plane") for j in range(3)]
    return Box(
        vector(2 * relation.at[j] - box.center[j] if turned[j] else box.center[j] for j in range(3)), box.size,
    )


def copies_due(
    graph: ShapeGraph, first: Component, relation: Repeated, anchor: Box | None = None
) -> list[tuple[str, Box]]:
    """(name, box) where each copy belongs, in the order of `relation.copies`.

    anchor : where the first one stands (None: where the graph has it). In a row the copies keep their order; around an
    axis each gets the free place nearest to where it stands, seen from the first one, and its box turns like the
    ellipse in it: exact at quarter turns, and round parts keep their size.
    """
    anchor = anchor or first.box
    i = along(relation.axis)
    shift = [anchor.center[j] - first.box.center[j] for j in range(3)]
    stands = {
        name: vector(graph[name].box.center[j] + shift[j] for j in range(3)) for name in (first.name, *relation.copies)
    }
    stands[first.name] = anchor.center
    if relation.pattern == "radial":
        places = [_turned(anchor, relation, k * math.tau / relation.n) for k in range(1, relation.n)]
    else:
        ranks, step = range(1, relation.n), relation.step
        if step is None:
            row = sorted(center[i] for center in stands.values())
            step = (row[-1] - row[0]) / (relation.n - 1)
            before = sum(center[i] < anchor.center[i] for center in stands.values())
            ranks = [k - before for k in range(relation.n) if k != before]  # type: ignore[assignment]
        places = [
            Box(vector(c + (k * step if j == i else 0.0) for j, c in enumerate(anchor.center)), anchor.size)
            for k in ranks
        ]
        copies = sorted(relation.copies, key=lambda name: (stands[name][i], name))
        placed = dict(zip(copies, sorted(places, key=lambda place: place.center[i]), strict=True))
        return [(name, placed[name]) for name in relation.copies]
    due: dict[str, Box] = {}
    pairs = sorted((round(math.dist(stands[name], place.center), 9), name, k)
                   for name in relation.copies for k, place in enumerate(places))
    taken: set[int] = set()
    for _, name, k in pairs:
        if name not in due and k not in taken:
            due[name] = places[k]
            taken.add(k)
    return [(name, due[name]) for name in relation.copies]


def _turned(box: Box, relation: Repeated, angle: float) -> Box:
    i = along(relation.axis)
    u, v = [(1, 2), (2, 0), (0, 1)][i]
    cos, sin = round(math.cos(angle), 12), round(math.sin(angle), 12)
    center, size = list(box.center), list(box.size)
    du, dv = box.center[u] - relation.at[u], box.center[v] - relation.at[v]
    center[u], center[v] = relation.at[u] + cos * du - sin * dv, relation.at[v] + sin * du + cos * dv
    size[u] = math.hypot(box.size[u] * cos, box.size[v] * sin)
    size[v] = math.hypot(box.size[u] * sin, box.size[v] * cos)
    return Box(vector(center), vector(size))
