"""Texel map: which triangle every texel of a page lies on, and where on the surface (ShapeCraft, step 5; ours).

A texel is asked at its centre. Where the centre lies within a triangle's uv, the triangle has it; the first of several.
Around every chart follows a rim: texels whose centre lies outside all triangles, at most REACH texels away, which
linear sampling of the chart's own points reads too. They belong to the nearest edge. numba, double precision.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.errors import MissingCapability

REACH = 1.5
"""Texels that linear sampling may reach beyond a chart: the diagonal of a texel, and a little (ours)."""
_EDGE = 1e-9  # of the page: a centre exactly on an edge belongs to the triangle


@dataclass(frozen=True, eq=False)
class TexelMap:
    """S x S texels, row 0 at the top of the page (v = 1).

    face : (S, S) int32 place of the triangle, -1 none
    inside : (S, S) bool: its centre lies within the triangle; the others with a face are the rim
    weights : (S, S, 3) float32 shares of the triangle's corners, none negative; of a rim's texel at the nearest point
    slot : (S, S) int8 of a rim's texel the edge it is nearest to, from that corner to the next; -1 elsewhere
    far : (S, S) float32 texels from there; shared : texels whose centre lies well within two triangles
    """

    face: np.ndarray
    inside: np.ndarray
    weights: np.ndarray
    slot: np.ndarray
    far: np.ndarray
    shared: int


def texel_map(uv: np.ndarray, size: int) -> TexelMap:
    """uv : (F, 3, 2), u right, v up; triangles without uv are nan, those without area have no texel.

    Raises MissingCapability without numba.
    """
    at = (np.asarray(uv, dtype=np.float64) * [1, -1] + [0, 1]) * size - 0.5  # texel centres are whole numbers
    face = np.full((size, size), -1, dtype=np.int32)
    inside = np.zeros((size, size), dtype=np.bool_)
    weights = np.zeros((size, size, 3), dtype=np.float32)
    fill, rim = _compiled()
    one, two = at[:, 1] - at[:, 0], at[:, 2] - at[:, 0]
    twice = one[:, 0] * two[:, 1] - two[:, 0] * one[:, 1]
    usable = np.flatnonzero(np.isfinite(twice) & (twice != 0))
    shared = fill(at, usable, face, inside, weights)
    slot = np.full((size, size), -1, dtype=np.int8)
    far = np.full((size, size), np.inf, dtype=np.float32)
    rim(at, usable, face, inside, weights, slot, far)
    return TexelMap(face, inside, weights, slot, np.where(slot < 0, np.float32(0), far), int(shared))


def _fill(at: np.ndarray, usable: np.ndarray, face: np.ndarray, inside: np.ndarray, weights: np.ndarray) -> int:
    """Texels whose centre lies within a triangle; returns how many lie well within two."""
    size, shared = face.shape[0], 0
    deep = np.zeros((size, size), dtype=np.bool_)
    for number in usable:
        x0, y0, x1, y1, x2, y2 = (at[number, 0, 0], at[number, 0, 1], at[number, 1, 0], at[number, 1, 1],
                                  at[number, 2, 0], at[number, 2, 1])
        twice = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        # Deeper than a hundredth of a texel from every edge is not rounding.
        longest = math.sqrt(max((x1 - x0) ** 2 + (y1 - y0) ** 2, (x2 - x1) ** 2 + (y2 - y1) ** 2,
                                (x0 - x2) ** 2 + (y0 - y2) ** 2))
        well = 0.01 * longest / abs(twice)
        first, last = math.ceil(min(x0, x1, x2) - _EDGE), math.floor(max(x0, x1, x2) + _EDGE)
        begin, end = math.ceil(min(y0, y1, y2) - _EDGE), math.floor(max(y0, y1, y2) + _EDGE)
        for row in range(max(0, begin), min(size - 1, end) + 1):
            for column in range(max(0, first), min(size - 1, last) + 1):
                b = ((column - x0) * (y2 - y0) - (x2 - x0) * (row - y0)) / twice
                c = ((x1 - x0) * (row - y0) - (column - x0) * (y1 - y0)) / twice
                a = 1.0 - b - c
                if a < -_EDGE or b < -_EDGE or c < -_EDGE:
                    continue
                if a > well and b > well and c > well:
                    if deep[row, column]:
                        shared += 1
                    deep[row, column] = True
                if face[row, column] < 0:
                    a, b, c = max(a, 0.0), max(b, 0.0), max(c, 0.0)
                    total = a + b + c
                    face[row, column], inside[row, column] = number, True
                    weights[row, column, 0], weights[row, column, 1] = a / total, b / total
                    weights[row, column, 2] = c / total
    return shared


def _rim(at: np.ndarray, usable: np.ndarray, face: np.ndarray, inside: np.ndarray, weights: np.ndarray,
         slot: np.ndarray, far: np.ndarray) -> None:
    """Texels near a triangle that have none: the nearest point of the nearest edge. far : inf where nothing is yet"""
    size = face.shape[0]
    for number in usable:
        low_x, high_x = at[number, :, 0].min() - REACH, at[number, :, 0].max() + REACH
        low_y, high_y = at[number, :, 1].min() - REACH, at[number, :, 1].max() + REACH
        for row in range(max(0, math.ceil(low_y)), min(size - 1, math.floor(high_y)) + 1):
            for column in range(max(0, math.ceil(low_x)), min(size - 1, math.floor(high_x)) + 1):
                if inside[row, column]:
                    continue
                for one in range(3):
                    two = (one + 1) % 3
                    x, y = at[number, one, 0], at[number, one, 1]
                    along_x, along_y = at[number, two, 0] - x, at[number, two, 1] - y
                    length2 = along_x**2 + along_y**2
                    share = 0.0
                    if length2 > 0.0:
                        share = min(max(((column - x) * along_x + (row - y) * along_y) / length2, 0.0), 1.0)
                    away = math.sqrt((column - x - share * along_x) ** 2 + (row - y - share * along_y) ** 2)
                    if away <= REACH and away < far[row, column] - 1e-6:
                        far[row, column] = away
                        face[row, column], slot[row, column] = number, one
                        weights[row, column, 0] = weights[row, column, 1] = weights[row, column, 2] = 0.0
                        weights[row, column, one], weights[row, column, two] = 1.0 - share, share


@functools.cache
def _compiled() -> tuple[Callable[..., Any], Callable[..., Any]]:
    try:
        import numba
    except ImportError:
        raise MissingCapability("the package numba, which draws meshes", came="none", where="shapecraft.texel_map",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
    fill, rim = (numba.njit(nogil=True)(function) for function in (_fill, _rim))
    return fill, rim
