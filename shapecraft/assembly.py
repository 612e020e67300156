"""Assembly: the chosen parts become one object, one global program, one GLB (ShapeCraft, section 3.3, step 4).

The object is put together from what each part's own program made in its own jail; the global program is then run once,
and every part that does not come out of it as it came out alone is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from shapecraft.attempts import Attempt
from shapecraft.boxes import Box, bounds_of, vector
from shapecraft.global_program import global_program
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Limits, Outcome, PartReport
from shapecraft.palette import flat_material
from shapecraft.part_facts import THINNEST
from shapecraft.wall import Wall, program_hash

SAME = 1e-3
"""Share of a part's longest side by which its bounds may differ in the global program (ours)."""


@dataclass(frozen=True, eq=False)
class Assembly:
    """graph : with the chosen programs; mesh : named parts; glb : one node per component, its materials

    program : the global program; outcome : of running it
    missing : components that no path made; differs : those that come out of the global program otherwise than alone
    """

    graph: ShapeGraph
    program: str
    mesh: ObjectMesh
    glb: bytes
    outcome: Outcome
    missing: tuple[str, ...]
    differs: tuple[str, ...]

    @property
    def key(self) -> str:
        """Hash of the global program."""
        return program_hash(self.program)

    def row(self) -> dict[str, Any]:
        return {
            "graph": self.graph.key, "program_key": self.key, "components": list(self.mesh.names),
            "missing": list(self.missing), "outcome": self.outcome.kind, "message": self.outcome.message,
            "differs": list(self.differs),
        }


def assemble(graph: ShapeGraph, chosen: Mapping[str, Attempt], wall: Wall) -> Assembly | None:
    """The object; None where no component was made. chosen : component -> attempt that ran"""
    made = [(name, chosen[name]) for name in graph.names if name in chosen]
    if not made:
        return None
    flat = {name: flat_material(graph[name].material) for name, _ in made}
    glb = object_glb([(name, attempt.outcome.glb) for name, attempt in made if attempt.outcome is not None], flat)
    program = global_program(graph.object, [(name, attempt.program) for name, attempt in made], flat)
    one = Limits()
    limits = replace(one, seconds=one.seconds * len(made), cpu_seconds=one.cpu_seconds * len(made))
    outcome = wall.run(Job(program, "whole", limits))
    full = graph.replacing(*(replace(graph[name], program=attempt.program) for name, attempt in made))
    return Assembly(
        full, program, read_glb(glb, where="the object"), glb, outcome,
        tuple(name for name in graph.names if name not in chosen),
        tuple(name for name, attempt in made if attempt.outcome and not _same(name, attempt.outcome.parts, outcome)),
    )


def _same(name: str, alone: Sequence[PartReport], whole: Outcome) -> bool:
    """Whether the part's bounds and triangles in the global program are those that it has alone."""
    there = [part for part in whole.parts if part.name.split(".")[0] == name]
    if not there or sum(part.faces for part in there) != sum(part.faces for part in alone):
        return False
    a, b = _bounds(alone), _bounds(there)
    off = max(math.dist(a.low, b.low), math.dist(a.high, b.high))
    return off <= SAME * max(a.size)


def _bounds(parts: Sequence[PartReport]) -> Box:
    return bounds_of(
        Box.of_corners(part.low, vector(max(b, a + THINNEST) for a, b in zip(part.low, part.high, strict=True)))
        for part in parts
    )
