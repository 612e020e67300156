"""Layout: solves relations into boxes, as far as they can be met (ours; the paper has boxes alone).

Solved are "on top of" (height, and footprint where the two barely meet), "symmetric to" and "repeated". The others are
measured. The result does not depend on the order of components or relations: what is determined twice is decided by a
fixed precedence (repeated, then symmetric, then on top; among equals the first name), and what then fails is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shapecraft.boxes import Box, along, vector
from shapecraft.graph import Component, ShapeGraph
from shapecraft.relations import (
    GROUND,
    STANDING,
    OnTopOf,
    Repeated,
    SymmetricTo,
    copies_due,
    difference,
    measure,
    mirrored,
    shared_footprint,
    tolerance_of,
)

_STILL = 1e-6  # metres: what moves less has not moved


@dataclass(frozen=True)
class Solved:
    """graph : with its boxes in place (programs as they were: they may speak of the old places)

    moved : one sentence for each component whose box changed; unmet : why each relation that does not hold does not
    """

    graph: ShapeGraph
    moved: tuple[str, ...]
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class _Rule:
    """What places a component: needs : the components that must stand first; words : for people"""

    relation: OnTopOf | SymmetricTo | Repeated
    needs: tuple[str, ...]
    words: str


def solve(graph: ShapeGraph, *, tolerance: float | None = None, sink: float = 0.0) -> Solved:
    """Boxes that meet the graph's relations. tolerance : metres a relation may be off (None: 1 % of the longest side).

    sink : share of its own height that a part may be let into the component it stands on, and keeps its height

    Components in a cycle of relations stay where they are. Relations that contradict each other never raise.
    Raises GraphError where a relation would send a box beyond 1e6 metres.
    """
    allowed = tolerance_of(graph, tolerance)
    rules = {name: _rules(graph, graph[name]) for name in sorted(graph.names)}
    boxes: dict[str, Box] = {}
    unmet: list[str] = []
    waiting = list(rules)
    while waiting:
        ready = [name for name in waiting if all(need in boxes for rule in rules[name] for need in rule.needs)]
        if not ready:
            cycle = _cycle(rules, boxes, waiting[0])
            pairs = zip(cycle, [*cycle[1:], cycle[0]], strict=True)
            steps = "; ".join(_break(rules, name, after) for name, after in pairs)
            unmet.append(f"a circle of relations is not solved: {steps}")
            continue
        for name in ready:
            boxes[name] = _placed(graph, name, rules[name], boxes, sink)
        waiting = [name for name in waiting if name not in boxes]
    moved = []
    components = []
    for component in graph.components:
        box = boxes[component.name]
        if difference(component.box, box) > _STILL:
            moved.append(f"{component.name}: {_travel(component.box, box)} ({rules[component.name][0].words})")
            component = replace(component, box=box)
        components.append(component)
    solved = replace(graph, components=tuple(components))
    for fact in measure(solved, tolerance=allowed, sink=sink):
        if not fact.met:
            first = rules[fact.component][0] if rules[fact.component] else None
            held = first is not None and first.relation != fact.relation
            unmet.append(fact.words + (f"; its place comes from: {first.words}" if first and held else ""))
    return Solved(solved, tuple(moved), tuple(unmet))


def _rules(graph: ShapeGraph, component: Component) -> list[_Rule]:
    """What places this component. One that takes box and all stands alone."""
    name = component.name
    for holder in sorted(graph.names):
        for relation in graph[holder].relations:
            if isinstance(relation, Repeated) and name in relation.copies and not _is_first(graph, component, relation):
                return [_Rule(relation, (holder,), f"one of {relation.n} copies of {holder}")]
    images = [r for r in component.relations if isinstance(r, SymmetricTo) and r.other != name]
    for relation in sorted(images, key=lambda r: (r.other, r.axis, r.about, r.at)):
        mutual = any(isinstance(r, SymmetricTo) and r.other == name for r in graph[relation.other].relations)
        if not mutual or relation.other < name:
            return [_Rule(relation, (relation.other,), f"symmetric to {relation.other}")]
    found = []
    bases = sorted({r.base for r in component.relations if isinstance(r, OnTopOf)})
    for base in bases:
        found.append(_Rule(OnTopOf(base), (base,) if base in graph.names else (), f"on top of {base}"))
    own = [r for r in component.relations if isinstance(r, SymmetricTo) and r.other == name]
    for relation in sorted(own, key=lambda r: (r.axis, r.about, r.at)):
        found.append(_Rule(relation, (), f"symmetric in itself about {relation.about} {relation.axis}"))
    return found


def _is_first(graph: ShapeGraph, component: Component, relation: Repeated) -> bool:
    """Whether the same repetition, told by several of its copies, counts from this component: the first name does."""
    for own in component.relations:
        if isinstance(own, Repeated) and own.copies and (own.pattern, own.axis) == (relation.pattern, relation.axis):
            group = {component.name, *own.copies}
            holders = [
                holder for holder in sorted(group) for r in graph[holder].relations
                if isinstance(r, Repeated) and {holder, *r.copies} == group
            ]
            if set(relation.copies) <= group and holders[0] == component.name:
                return True
    return False


def _placed(graph: ShapeGraph, name: str, rules: list[_Rule], boxes: dict[str, Box], sink: float) -> Box:
    box = graph[name].box
    tops = []
    for rule in rules:
        match rule.relation:
            case Repeated():
                holder = rule.needs[0]
                box = dict(copies_due(graph, graph[holder], rule.relation, boxes[holder]))[name]
            case SymmetricTo(other) if other != name:
                box = mirrored(boxes[other], rule.relation)
            case OnTopOf(base):
                tops.append((boxes[base].high[2] if rule.needs else 0.0, base))
    if tops:
        height, base = max(tops, key=lambda top: (round(top[0], 9), top[1] != GROUND, top[1]))
        under = boxes.get(base)
        if under is not None and 0 < height - box.low[2] <= sink * box.size[2]:
            height = box.low[2]
        box = _standing(box, height, under)
    for rule in rules:
        if isinstance(rule.relation, SymmetricTo) and rule.relation.other == name:
            image = mirrored(box, rule.relation)
            box = Box(vector((a + b) / 2 for a, b in zip(box.center, image.center, strict=True)), box.size)
    return Box(vector(round(c, 9) + 0.0 for c in box.center), box.size)


def _standing(box: Box, height: float, under: Box | None) -> Box:
    """The box on that height; where it hardly meets the box under it, moved until it does, no farther."""
    center = [*box.center[:2], height + box.size[2] / 2]
    if under is not None and shared_footprint(box, under) < STANDING:
        for i in (0, 1):
            # Half of the smaller side in each direction is a quarter of the smaller footprint or more.
            reach = (box.size[i] + under.size[i] - min(box.size[i], under.size[i])) / 2
            center[i] = min(max(center[i], under.center[i] - reach), under.center[i] + reach)
    return Box(vector(center), box.size)


def _cycle(rules: dict[str, list[_Rule]], boxes: dict[str, Box], start: str) -> list[str]:
    """A circle among those that wait, from its first name on."""
    path = [start]
    while True:
        needs = sorted(need for rule in rules[path[-1]] for need in rule.needs if need not in boxes)
        if needs[0] in path:
            circle = path[path.index(needs[0]):]
            first = circle.index(min(circle))
            return circle[first:] + circle[:first]
        path.append(needs[0])


def _break(rules: dict[str, list[_Rule]], name: str, after: str) -> str:
    broken = next(rule for rule in rules[name] if after in rule.needs)
    rules[name] = [rule for rule in rules[name] if rule is not broken]
    return f"{name} {broken.words}"


def _travel(old: Box, new: Box) -> str:
    words = []
    for axis, (plus, minus) in (("x", ("right", "left")), ("y", ("back", "forward")), ("z", ("up", "down"))):
        way = new.center[along(axis)] - old.center[along(axis)]  # type: ignore[arg-type]
        if abs(way) > _STILL:
            words.append(f"{abs(way):.3f} m {plus if way > 0 else minus}")
    if difference(Box(old.center, new.size), Box(old.center, old.size)) > _STILL:
        words.append("resized to " + " x ".join(f"{side:.3f}" for side in new.size) + " m")
    return ", ".join(words)
