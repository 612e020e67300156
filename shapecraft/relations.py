"""Relations: how a component stands to others, as data and as measured numbers.

The paper gives every part a box alone; relations are ours, after the finding that text-to-shape systems with relational
placement need fewer rounds of repair. `shapecraft.layout` solves three of the kinds into boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from shapecraft.boxes import FARTHEST, STRICT, Axis, Face, GraphError, Vector, checked_vector

GROUND = "ground"
"""What a part may stand on besides components: the plane z = 0, unless a component has this name."""


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
    """The part is let into the other: at least half of its box lies inside the other's box."""

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
