"""Parts of a library: which of its lessons are in the context when their effects are examined (`lesson_effects`)."""

from __future__ import annotations

import itertools
import math
import random
from dataclasses import dataclass
from typing import Literal

from drawagent.experience import Library
from easel.errors import ConfigurationError

Method = Literal["leave-one-out", "shapley"]
Kept = tuple[int, ...]
"""Which lessons of the library are in the context, by index, ascending: in the library's own order."""


@dataclass(frozen=True)
class Design:
    """What is drawn.

    method : "leave-one-out": the library against itself without the lesson. A lesson whose twin stays shows nothing.
        "shapley": the lesson's share, the mean of what it adds over random orders in which lessons enter (Castro et al.
        2009); twins share their effect. Order and its reverse come in pairs, which takes out most of the noise
    draws : of each query with each part of the library, at the inference temperature; at least 2, since how far two
        draws of one query lie apart is what an effect is measured against
    orders : of "shapley", an even number; all orders are taken where there are no more
    seed : of the orders
    first : index of the first draw. The gate's own draws begin at 0: what it accepted an edit by is no fair witness
        of its lessons, so that a run with a gate is examined by later ones (`first_draw`)
    """

    method: Method = "leave-one-out"
    draws: int = 4
    orders: int = 16
    seed: int = 0
    first: int = 0

    def __post_init__(self) -> None:
        if self.method not in ("leave-one-out", "shapley"):
            raise ConfigurationError("leave-one-out or shapley", came=repr(self.method), where="method")
        if self.draws < 2 or self.first < 0:
            raise ConfigurationError("at least two draws, the first numbered 0 or more",
                                     came=f"{self.draws}, {self.first}", where="draws")
        if self.orders < 2 or self.orders % 2:
            raise ConfigurationError("an even number of orders, 2 or more", came=str(self.orders), where="orders")

    def entries(self, lessons: int) -> list[tuple[int, ...]]:
        """The orders in which the lessons enter, each followed by its reverse; all of them where they are few."""
        if math.factorial(lessons) <= self.orders:
            return list(itertools.permutations(range(lessons)))
        chance = random.Random(f"{self.seed}/lesson orders")
        forward = [tuple(chance.sample(range(lessons), lessons)) for _ in range(self.orders // 2)]
        return [order for one in forward for order in (one, one[::-1])]

    def parts(self, lessons: int) -> list[Kept]:
        """Every part of the library that is drawn with, the whole first; none twice."""
        whole = tuple(range(lessons))
        if self.method == "leave-one-out":
            return [whole, *(without(whole, index) for index in whole)]
        prefixes = (tuple(sorted(order[:size])) for order in self.entries(lessons) for size in range(lessons + 1))
        return list(dict.fromkeys([whole, *prefixes]))


def without(kept: Kept, index: int) -> Kept:
    """A part without one lesson."""
    return tuple(one for one in kept if one != index)


def part(library: Library, kept: Kept) -> Library:
    """The library with some of its lessons, in its order; the whole is the library itself."""
    if len(kept) == len(library):
        return library
    lessons = tuple(library.lessons[index] for index in kept)
    return Library(lessons, library.version, library.parent, library.next_number)
