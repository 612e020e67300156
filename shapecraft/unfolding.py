"""Unfolding: xatlas over triangles, as a script in a process of its own, since xatlas can crash. unfolding.py IN OUT

IN is an .npz of `page` (size, padding, the least it may come to) and, for piece n, points{n} (N, 3) float32 and
corners{n} (F, 3) uint32. OUT has, for piece n, uv{n} (V, 2) float64 in [0, 1], v down, index{n} (K, 3) into them,
kept{n} (K,) triangles that have a chart, the `padding` it came to, and `fits`, which is False, without the pieces,
where the charts do not fit the page. It imports nothing of the project.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import xatlas

_NONE = np.uint32(0xFFFFFFFF)
_LEAST = 0.6  # of the scale without padding, below which padding is halved
_SMALLEST = 0.01  # of it, below which charts are refused
_TRIES = 33  # of packing, each some 0.1 s; a dozen do: the scale comes to within one per cent of the largest that fits


class Sheet(NamedTuple):
    """Charts of one piece: uv (V, 2) in the piece's own scale, corners (K, 3) into them, kept (K,) its triangles.

    areas : (C,) of its charts
    """

    uv: np.ndarray
    corners: np.ndarray
    kept: np.ndarray
    areas: np.ndarray


def sheet(points: np.ndarray, corners: np.ndarray) -> Sheet:
    atlas = xatlas.Atlas()
    atlas.add_mesh(points, corners)
    options = xatlas.PackOptions()
    options.padding, options.texels_per_unit = 2, 1.0
    atlas.generate(pack_options=options)
    _, index, uv = atlas[0]
    page, chart = atlas.get_mesh_vertex_assignment(0)
    index = np.asarray(index, dtype=np.int64).reshape(-1, 3)
    # A vertex without a page is one of a triangle that was left out, as too small.
    kept = np.flatnonzero((page[index] != _NONE).all(axis=1))
    places = np.asarray(uv, dtype=np.float64) * [atlas.width, atlas.height]
    places[:, 0] += np.where(page == _NONE, 0, page).astype(np.float64) * (atlas.width + 4)  # pages side by side
    uvs, corners = places.astype(np.float32), index[kept]
    areas = np.bincount(np.asarray(chart)[corners[:, 0]].astype(np.int64), weights=_areas(uvs, corners))
    return Sheet(uvs, corners, kept, areas[areas > 0])


def scale_at(areas: np.ndarray, size: int, around: float) -> float:
    """Texels a unit at which charts of these areas fill the page, each a square whose sides padding makes longer by
    `around` texels; 0 where the padding alone fills it."""
    linear, free = float(np.sqrt(areas).sum()) * around, size**2 - len(areas) * around**2
    area = max(float(areas.sum()), 1e-12)
    return max((math.sqrt(linear**2 + area * free) - linear) / area, 0.0) if free > 0 else 0.0


def padding_of(sheets: Sequence[Sheet], size: int, padding: int, least: int) -> int:
    """The padding, halved, but not below the least, while charts would keep too little of their scale without."""
    areas = np.concatenate([one.areas for one in sheets])
    while padding > least and scale_at(areas, size, 2 * padding) < _LEAST * scale_at(areas, size, 0):
        padding = max(padding // 2, least)
    return padding


def packed(sheets: Sequence[Sheet], size: int, padding: int) -> list[np.ndarray] | None:
    """uv (V, 2) in [0, 1] of every sheet on one page, v down, at the largest scale that was found to fit; None where
    a hundredth of what would fill the page does not fit."""
    areas = np.concatenate([one.areas for one in sheets])
    most = scale_at(areas, size, 0)
    # No chart takes less than a disc with its padding does (Brunn and Minkowski). Packing thousands of charts again and
    # again would take minutes to say the same.
    if scale_at(areas, size, math.sqrt(math.pi) * padding) < _SMALLEST * most:
        return None
    low, high, scale, best = 0.0, most, 0.75 * most, None
    for _ in range(_TRIES):
        found = _pack(sheets, size, padding, scale)
        low, high = (scale, high) if found is not None else (low, scale)
        best = found if found is not None else best
        if (best is not None and high - low < 0.01 * high) or (best is None and scale < _SMALLEST * most):
            break
        # Down quickly until something fits, then halve the gap.
        scale = (low + high) / 2 if best is not None else 0.85 * scale
    return best


def _pack(sheets: Sequence[Sheet], size: int, padding: int, scale: float) -> list[np.ndarray] | None:
    atlas = xatlas.Atlas()
    for one in sheets:
        atlas.add_uv_mesh(one.uv, one.corners.astype(np.uint32))
    options = xatlas.PackOptions()
    # xatlas pads each chart by itself, but not along the page: a smaller page is packed and moved inwards.
    options.padding, options.resolution, options.texels_per_unit = padding, size - 2 * padding, scale
    atlas.generate(pack_options=options)
    if atlas.atlas_count != 1:
        return None
    found = []
    for number, one in enumerate(sheets):
        origin, index, uv = atlas[number]
        if len(index) != len(one.corners):
            return None
        placed = np.zeros((len(one.uv), 2))
        placed[np.asarray(origin)] = (np.asarray(uv, dtype=np.float64) * [atlas.width, atlas.height] + padding) / size
        found.append(placed)
    return found


def _areas(uv: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(K,) of triangles"""
    a, b, c = np.moveaxis(uv[corners].astype(np.float64), 1, 0)
    return np.abs((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2


def main() -> None:
    source, target = sys.argv[1:]
    with np.load(source) as given:
        size, padding, least = (int(one) for one in given["page"])
        count = sum(name.startswith("points") for name in given.files)
        sheets = [sheet(given[f"points{n}"], given[f"corners{n}"]) for n in range(count)]
    used = [number for number, one in enumerate(sheets) if len(one.kept)]
    padding = padding_of([sheets[number] for number in used], size, padding, least) if used else padding
    places = packed([sheets[number] for number in used], size, padding) if used else []
    told: dict[str, Any] = {"fits": np.array(places is not None), "padding": np.array(padding)}
    for number, uv in zip(used, places or [], strict=False):
        told |= {f"uv{number}": uv, f"index{number}": sheets[number].corners, f"kept{number}": sheets[number].kept}
    np.savez(target, **told)


if __name__ == "__main__":
    main()
