"""Making: what is known of an object while it is made, from the events so far. Pure; knows no widgets and no run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from shapecraft import events
from shapecraft.attempts import Attempt, best
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.mesh_files import read_glb

DOING: dict[type, str] = {
    events.Parsed: "text parsed into parts", events.ParseFailed: "the text could not be parsed",
    events.Bootstrapped: "boxes judged and updated", events.AttemptFinished: "a program written, run and judged",
    events.ComponentFinished: "a part chosen", events.Assembled: "parts assembled",
    events.GlobalLooked: "whole looked at", events.ExploreFinished: "object made",
}


@dataclass(frozen=True)
class Making:
    """graph : in force, with the chosen programs at the end; parts : component -> mesh of the best attempt so far

    attempts : in order; chosen : component -> id of the attempt that ended its paths
    """

    graph: ShapeGraph | None = None
    parts: dict[str, PartMesh] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = ()
    chosen: dict[str, str] = field(default_factory=dict)
    latest: Any = None

    def after(self, event: Any) -> Making:
        """What is known after one more event."""
        known = replace(self, latest=event)
        match event:
            case events.Parsed():
                return replace(known, graph=event.parsing.graph)
            case events.Bootstrapped():
                return replace(known, graph=event.after)
            case events.AttemptFinished(attempt=attempt):
                return known._attempted(attempt)
            case events.ComponentFinished(component=name, chosen=attempt) if attempt is not None:
                return replace(known, chosen={**self.chosen, name: attempt.id}, parts=self.parts | _mesh_of(attempt))
            case events.ExploreFinished(graph=graph, assembly=assembly, chosen=kept) if assembly is not None:
                parts = {part.name: part for part in assembly.mesh.parts}
                return replace(known, graph=graph, parts=parts, chosen={one.component: one.id for one in kept})
        return known

    def _attempted(self, attempt: Attempt) -> Making:
        attempts = (*self.attempts, attempt)
        first = best(one for one in attempts if one.component == attempt.component)
        parts = self.parts | _mesh_of(attempt) if first is attempt else self.parts
        return replace(self, attempts=attempts, parts=parts)

    @property
    def scores(self) -> dict[str, float | None]:
        """Component -> score of the chosen attempt, else of the best so far; None where it has none."""
        found = {}
        for name in dict.fromkeys(one.component for one in self.attempts):
            own = [one for one in self.attempts if one.component == name]
            settled = [one for one in own if one.id == self.chosen.get(name)]
            first = settled[0] if settled else best(own)
            found[name] = None if first is None else first.score
        return found

    @property
    def mesh(self) -> ObjectMesh | None:
        """What stands so far, in the order of the graph; None before the first part."""
        names = self.graph.names if self.graph is not None else ()
        parts = tuple(self.parts[name] for name in names if name in self.parts)
        return ObjectMesh(parts) if parts else None

    def words(self) -> str:
        """What happened last, in one line."""
        event = self.latest
        if event is None:
            return ""
        said = DOING.get(type(event), type(event).__name__)
        match event:
            case events.Parsed() if self.graph is not None:
                return f"{said}: {', '.join(self.graph.names)}"
            case events.Bootstrapped():
                return f"{said}, round {event.round}: {', '.join(event.diff.touched) or 'no part'} changed"
            case events.AttemptFinished(attempt=one):
                came = one.outcome.kind if one.outcome is not None else one.failure
                score = f", score {one.score:g}" if one.score is not None else ""
                return f"{one.component}, path {one.m}, step {one.t}: {one.kind} {came}{score}"
            case events.ComponentFinished():
                return f"{event.component}: {event.chosen.id if event.chosen else 'no attempt ran'}"
            case events.GlobalLooked():
                score = "no score" if event.judgement.score is None else f"score {event.judgement.score:g}"
                return f"{said}: {score}{'' if event.kept else ', not kept'}"
            case events.ExploreFinished() if event.reason:
                return f"{said}: {event.reason}"
        return said


def made_from(told: Iterable[Any]) -> Making:
    """What is known after all these events."""
    known = Making()
    for event in told:
        known = known.after(event)
    return known


def _mesh_of(attempt: Attempt) -> dict[str, PartMesh]:
    if attempt.outcome is None or not attempt.outcome.ran:
        return {}
    return {attempt.component: part_of_glb(attempt.outcome.glb, attempt.component)}


def part_of_glb(glb: bytes, name: str) -> PartMesh:
    """What a part's own program made, joined under the part's name."""
    return read_glb(glb, where=name).joined(name)
