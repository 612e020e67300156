"""Charts: every part of an object unfolded by itself and laid on one square page (ShapeCraft, step 5; xatlas).

The paper is silent on how its uv are made. A chart never holds triangles of two parts, all charts have one scale, and
the page is filled as far as the padding allows. The same mesh gives the same charts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.mesh import ObjectMesh, PartMesh

_LONGEST = 1000.0
"""Units that the longest side of an object is given: xatlas leaves out triangles below some 1e-7 square units."""
_TRIES = 9  # of packing, each some 0.1 s: the scale comes to within one per cent of the largest that fits


def unfolded(mesh: ObjectMesh, *, size: int, padding: int) -> list[np.ndarray | None]:
    """For every part uv (F, 3, 2) in [0, 1], u right and v up; None for a part without triangles.

    size : texels along the page; padding : texels that stay free around every chart, and along the page's edges
    A triangle without area lies in one point of its part's charts.
    Raises ConfigurationError where the charts do not fit the page at a hundredth of the scale that would fill it, and
    MissingCapability without xatlas.
    """
    xatlas = _xatlas()
    scale = _LONGEST / float(max(np.ptp(mesh.bounds, axis=0).max(), 1e-12))
    sheets = [_sheet(xatlas, part, scale) for part in mesh.parts]
    flat = [one for one in sheets if one is not None]
    if not flat:
        raise ConfigurationError("a triangle with an area", came="none", where=f"atlas of {', '.join(mesh.names)}")
    packed = iter(_packed(xatlas, flat, size, padding))
    return [None if not len(part.faces) else np.zeros((len(part.faces), 3, 2)) if sheet is None
            else _placed(part, sheet, next(packed)) for part, sheet in zip(mesh.parts, sheets, strict=True)]


class _Sheet:
    """Charts of one part: uv (N, 2) in the mesh's own scale, corners (K, 3) into them, faces (K,) that have a chart."""

    def __init__(self, uv: np.ndarray, corners: np.ndarray, faces: np.ndarray) -> None:
        self.uv, self.corners, self.faces = uv, corners, faces


def _sheet(xatlas: Any, part: PartMesh, scale: float) -> _Sheet | None:
    """None where no triangle has an area."""
    sound = np.flatnonzero(part.face_normals.any(axis=1))
    if not len(sound):
        return None
    points, corners = part.welded
    middle = part.bounds.mean(axis=0)
    atlas = xatlas.Atlas()
    atlas.add_mesh(((points - middle) * scale).astype(np.float32), corners[sound].astype(np.uint32))
    options = xatlas.PackOptions()
    options.padding, options.texels_per_unit = 2, 1.0
    atlas.generate(pack_options=options)
    _, index, uv = atlas[0]
    page, _ = atlas.get_mesh_vertex_assignment(0)
    index = np.asarray(index, dtype=np.int64).reshape(-1, 3)
    # A vertex without a page is one of a triangle that was left out, as too small.
    kept = np.flatnonzero((page[index] != np.uint32(0xFFFFFFFF)).all(axis=1))
    if not len(kept):
        return None
    # More than one page: texels are units here, so that the pages are moved apart.
    width = float(max(atlas.width, 1))
    uv = np.asarray(uv, dtype=np.float64) * [atlas.width, atlas.height]
    uv[:, 0] += np.where(page == np.uint32(0xFFFFFFFF), 0, page).astype(np.float64) * (width + 4)
    return _Sheet(uv.astype(np.float32), index[kept], sound[kept])


def _packed(xatlas: Any, sheets: Sequence[_Sheet], size: int, padding: int) -> list[np.ndarray]:
    """uv (N, 2) in [0, 1] of every sheet on one page, v down, at the largest scale that was found to fit."""
    area = sum(_area(one) for one in sheets)
    most = size / math.sqrt(max(area, 1e-12))  # texels a unit, if charts filled the page
    low, high, best = 0.0, most, None
    scale = 0.75 * most
    for _ in range(_TRIES + 24):
        found = _pack(xatlas, sheets, size, padding, scale)
        if found is None:
            high = scale
        else:
            low, best = scale, found
        if best is not None and (high - low < 0.01 * high):
            break
        if best is None and scale < 0.01 * most:
            break
        # Down quickly until something fits, then halve the gap.
        scale = (low + high) / 2 if best is not None else 0.85 * scale
    if best is None:
        raise ConfigurationError(f"charts that fit a page of {size} texels with {padding} between them",
                                 came=f"{sum(len(one.faces) for one in sheets):,} triangles", where="atlas",
                                 mend="Take a larger size or less padding.")
    return best


def _pack(xatlas: Any, sheets: Sequence[_Sheet], size: int, padding: int, scale: float) -> list[np.ndarray] | None:
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
        moved = (np.asarray(uv, dtype=np.float64) * [atlas.width, atlas.height] + padding) / size
        placed = np.zeros((len(one.uv), 2))
        placed[np.asarray(origin)] = moved
        found.append(placed)
    return found


def _placed(part: PartMesh, sheet: _Sheet, uv: np.ndarray) -> np.ndarray:
    """(F, 3, 2), v up; what has no chart lies in a corner of a triangle at one of its vertices, else in the first."""
    corners = np.zeros((len(part.faces), 3, 2))
    corners[sheet.faces] = np.clip(uv[sheet.corners], 0.0, 1.0)
    without = np.setdiff1d(np.arange(len(part.faces)), sheet.faces)
    if len(without):
        welded = part.welded[1]
        home = {int(vertex): place for vertex, place in zip(welded[sheet.faces].reshape(-1)[::-1],
                                                            corners[sheet.faces].reshape(-1, 2)[::-1], strict=True)}
        for face in without:
            near = (home[int(vertex)] for vertex in welded[face] if int(vertex) in home)
            corners[face] = next(near, corners[sheet.faces[0], 0])
    return corners * [1, -1] + [0, 1]


def _area(sheet: _Sheet) -> float:
    a, b, c = np.moveaxis(sheet.uv[sheet.corners].astype(np.float64), 1, 0)
    across = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    return float(np.abs(across).sum() / 2)


def _xatlas() -> Any:
    try:
        import xatlas
    except ImportError:
        raise MissingCapability("the package xatlas, which unfolds meshes", came="none", where="shapecraft.charts",
                                mend="Install the extra 'paint' (`make setup` does).") from None
    return xatlas
