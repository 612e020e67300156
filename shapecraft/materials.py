"""Materials: how surfaces look, as flat factors of glTF, and the tables that say which face has which (ours)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from easel.errors import ConfigurationError

GREY = (0.448, 0.448, 0.448)
"""Base colour of what names none: linear, 0.7 on a screen as in `easel.mesh_views` (ours)."""
NO_GLOW = (0.0, 0.0, 0.0)
_AREA_DIGITS = 9  # square metres: rounding decides nothing about which material is the largest


@dataclass(frozen=True)
class FlatMaterial:
    """Factors of glTF, all in [0, 1]; raises ConfigurationError for others.

    base_colour, emission : linear red, green, blue; metallic, roughness : shares
    """

    base_colour: tuple[float, float, float] = GREY
    metallic: float = 0.0
    roughness: float = 0.5
    emission: tuple[float, float, float] = NO_GLOW

    def __post_init__(self) -> None:
        factors = (*self.base_colour, *self.emission, self.roughness, self.metallic)
        if len(factors) != 8 or not all(math.isfinite(one) and 0.0 <= one <= 1.0 for one in factors):
            raise ConfigurationError("base colour, emission, roughness and metallic from 0 to 1", came=str(factors),
                                     where="FlatMaterial")
        object.__setattr__(self, "base_colour", tuple(float(one) for one in self.base_colour))
        object.__setattr__(self, "emission", tuple(float(one) for one in self.emission))


def merged(
    tables: Sequence[Sequence[FlatMaterial]], numbers: Sequence[np.ndarray], areas: Sequence[np.ndarray],
) -> tuple[tuple[FlatMaterial, ...], np.ndarray]:
    """(one table, number of every face's material in it) of several objects; equal materials are one.

    tables : materials of each object; numbers : (F,) each face's place in its object's table; areas : (F,) metres²
    The material with the largest area comes first, the first of equals; the others follow as faces show them; a
    material without faces is left out, unless there are no faces at all.
    """
    places: dict[FlatMaterial, int] = {}
    rows = []
    for table, own in zip(tables, numbers, strict=True):
        used, first, index = np.unique(own, return_index=True, return_inverse=True)
        row = np.zeros(len(used), dtype=np.int32)
        for which in np.argsort(first):
            row[which] = places.setdefault(table[used[which]], len(places))
        rows.append(row[index.reshape(-1)])
    if not places:
        return (tables[0][0],), np.zeros(0, dtype=np.int32)
    place = np.concatenate(rows).astype(np.int32)
    sums = np.round(np.bincount(place, weights=np.concatenate(areas), minlength=len(places)), _AREA_DIGITS)
    largest = int(np.argmax(sums))
    order = [largest, *(one for one in range(len(places)) if one != largest)]
    kept = list(places)
    return tuple(kept[one] for one in order), np.argsort(order).astype(np.int32)[place]
