"""Graph: the parts of an object and where they stand, the graph-based procedural shape (ShapeCraft, section 3.1).

G = (V, E, A): a virtual root (the whole's meaning, no geometry of its own) and components joined straight to it, each
with A = (n_g geometric description, n_p positional description, b bounding volume, p program).
Frame: `shapecraft.boxes`.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from easel.errors import shorten
from shapecraft.boxes import FARTHEST, STRICT, Box, GraphError, Vector, bounds_of, checked_vector, paper_tuple, vector
from shapecraft.relations import (
    GROUND,
    FlushWith,
    InsetIn,
    OnTopOf,
    Relation,
    Repeated,
    SymmetricTo,
    targets,
)

__all__ = [
    "FORMAT", "GROUND", "MAX_COMPONENTS", "Box", "Component", "FlushWith", "GraphError", "InsetIn", "Joint", "OnTopOf",
    "Relation", "Repeated", "ShapeGraph", "SymmetricTo", "bounds_of", "from_json", "paper_tuple", "to_json",
]

FORMAT = "shapecraft-graph/1"
MAX_COMPONENTS = 16
"""Components of one object, where a Parser's reply is read (paper silent; ours)."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")


@dataclass(frozen=True)
class Joint:
    """How a component may move against the rest.

    axis : (3,) direction, any length above 0, world frame; origin : (3,) metres, a point that stays where it is (of
    hinge and ball); limits : lowest and highest, degrees of hinge and ball, metres along the axis of a slider, around
    0 = as modelled; carries : components that move along (ours: at depth 1 nothing else says so)
    """

    __pydantic_config__ = STRICT

    type: Literal["hinge", "slider", "ball", "fixed"]
    axis: Vector = (0.0, 0.0, 1.0)
    origin: Vector = (0.0, 0.0, 0.0)
    limits: tuple[float, float] = (0.0, 0.0)
    carries: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "axis", checked_vector(self.axis, "axis"))
        object.__setattr__(self, "origin", checked_vector(self.origin, "origin"))
        if math.hypot(*self.axis) < 1e-9:
            raise GraphError("an axis with a direction", came=str(list(self.axis)), where="a joint")
        low, high = self.limits
        if not (math.isfinite(low) and math.isfinite(high) and -FARTHEST <= low <= high <= FARTHEST):
            raise GraphError("limits [lowest, highest]", came=str(list(self.limits)), where="a joint")

    @property
    def direction(self) -> Vector:
        """The axis with length 1."""
        length = math.hypot(*self.axis)
        return vector(value / length for value in self.axis)


@dataclass(frozen=True)
class Component:
    """One named part.

    name : unique, a lower-case letter, then letters, digits, "_", at most 48; safe as file, node and function name
    geometry, position : the paper's n_g and n_p, in words; box : bounding volume b
    program : p, the text of a Blender program; "" before it is written
    material : in words; path : its place in the hierarchical parse, root first (metadata)
    """

    __pydantic_config__ = STRICT

    name: str
    geometry: str
    position: str
    box: Box
    program: str = ""
    material: str = ""
    path: tuple[str, ...] = ()
    relations: tuple[Relation, ...] = ()
    joint: Joint | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise GraphError(
                "a name of lower-case letters, digits and underscores that starts with a letter, at most 48",
                came=repr(self.name), where="a component",
            )
        _check_words((self.geometry, self.position, self.program, self.material, *self.path), f"component {self.name}")


@dataclass(frozen=True)
class ShapeGraph:
    """The whole: virtual root and components at depth 1, in the Parser's order.

    object : the whole in words; assumptions : what the Parser decided where the text was vague
    Raises GraphError for no component, a name that occurs twice, a relation or joint that names an unknown component.
    """

    __pydantic_config__ = STRICT

    object: str
    components: tuple[Component, ...]
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.components:
            raise GraphError("at least one component", came="none")
        _check_words((self.object, *self.assumptions), "the root")
        names = [component.name for component in self.components]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise GraphError("each component's name once", came=f"{', '.join(twice)} more than once")
        for component in self.components:
            self._check_references(component)

    def _check_references(self, component: Component) -> None:
        for relation in component.relations:
            for name in targets(relation):
                known = name in self.names or (isinstance(relation, OnTopOf) and name == GROUND)
                if not known or (name == component.name and not isinstance(relation, SymmetricTo)):
                    raise GraphError(
                        f"another component ({', '.join(self.names)})", came=repr(name),
                        where=f"component {component.name}, {relation.kind}",
                    )
        for name in component.joint.carries if component.joint else ():
            if name not in self.names or name == component.name:
                raise GraphError(
                    f"another component ({', '.join(self.names)})", came=repr(name),
                    where=f"component {component.name}, joint.carries",
                )

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(component.name for component in self.components)

    @property
    def key(self) -> str:
        """Hex SHA-256 of the graph's JSON."""
        return hashlib.sha256(to_json(self).encode()).hexdigest()

    @property
    def bounds(self) -> Box:
        """The box around all boxes."""
        return bounds_of(component.box for component in self.components)

    def __len__(self) -> int:
        return len(self.components)

    def __getitem__(self, name: str) -> Component:
        """The component of that name. Raises GraphError, which names those there are."""
        for component in self.components:
            if component.name == name:
                return component
        raise GraphError(f"a component ({', '.join(self.names)})", came=repr(name))

    def replacing(self, *components: Component) -> ShapeGraph:
        """The graph with these in the places of those of the same names. Raises GraphError for an unknown name."""
        new = {component.name: component for component in components}
        for name in new:
            self[name]
        return replace(self, components=tuple(new.get(old.name, old) for old in self.components))


def to_json(graph: ShapeGraph) -> str:
    """The graph as versioned JSON; `from_json(to_json(g)) == g`, numbers bit for bit."""
    return json.dumps({"format": FORMAT, **asdict(graph)}, indent=1, allow_nan=False) + "\n"


def from_json(text: str, *, where: str = "a graph file") -> ShapeGraph:
    """Read what `to_json` wrote. Raises GraphError for another version, another key, a wrong value."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GraphError("JSON", came=str(error), where=where) from None
    found = data.pop("format", None) if isinstance(data, dict) else None
    if found != FORMAT:
        newer = isinstance(found, str) and found.startswith(FORMAT.partition("/")[0])
        raise GraphError(
            f'a graph of format "{FORMAT}"', came=json.dumps(found) if found is not None else "no format", where=where,
            mend="It is of another version of this package; read it with that one." if newer else "",
        )
    try:
        return _GRAPH.validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise GraphError("a graph", came=shorten(first["msg"]), where=f"{where}, {place or 'the root'}") from None


def _check_words(words: Iterable[str], where: str) -> None:
    for text in words:
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise GraphError("text that a file can hold", came="half a surrogate pair", where=where)


_GRAPH: TypeAdapter[ShapeGraph] = TypeAdapter(ShapeGraph)
