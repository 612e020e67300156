"""Thinning: a part with fewer triangles, for figures that travel inside a notebook. Pure; never what is exported.

Vertices that fall into one cell of a grid become one, at the place that lies nearest to the planes of the triangles
around them (Lindstrom 2000, out-of-core simplification), so that edges stay edges.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from shapecraft.mesh import PartMesh

TRIANGLES = 600
"""Most triangles of a part in a figure (ours): four parts then take about 40 kB of a notebook."""
_FINEST, _COARSEST = 96, 1  # cells along the longest side
_SOLVED = 1e-3  # of the largest singular value: directions in which no triangle says where the vertex belongs


@lru_cache(maxsize=96)
def thinned(part: PartMesh, most: int = TRIANGLES) -> PartMesh:
    """The part with at most `most` triangles, without uv and normals; itself where it has no more.

    Its bounds may shrink by up to half a cell. Deterministic; what was thinned last is remembered.
    """
    if len(part.faces) <= most:
        return part
    fine, coarse = _FINEST, _COARSEST
    while fine - coarse > 1:
        middle = (fine + coarse) // 2
        if len(_merged(part, middle)[1]) <= most:
            coarse = middle
        else:
            fine = middle
    cells, faces = _merged(part, coarse)
    used, corners = np.unique(faces[:most], return_inverse=True)
    return replace(part, vertices=_placed(part, cells)[used], faces=corners.reshape(-1, 3), uv=None, normals=None,
                   material_of=None)


def _merged(part: PartMesh, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(N,) cell of every vertex, and (F, 3) triangles over cells that are left. count : cells along the longest side"""
    low, high = part.bounds
    side = float((high - low).max()) / count
    # Half a cell of air, so that a flat face does not lie on a border, where the last digit would decide.
    placed = np.floor((part.vertices - low) / side + 0.5).astype(np.int64)
    cells = np.unique(placed, axis=0, return_inverse=True)[1].reshape(-1)
    faces = cells[part.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    first = faces.argmin(axis=1)
    turned = np.take_along_axis(faces, (first[:, None] + np.arange(3)) % 3, axis=1)
    return cells, np.unique(turned, axis=0)


def _placed(part: PartMesh, cells: np.ndarray) -> np.ndarray:
    """(C, 3) where each cell's vertex goes: its mean, moved to the planes around it, never out of its own vertices."""
    count = int(cells.max()) + 1
    means = np.zeros((count, 3))
    np.add.at(means, cells, part.vertices)
    means /= np.bincount(cells, minlength=count)[:, None]
    low, high = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
    np.minimum.at(low, cells, part.vertices)
    np.maximum.at(high, cells, part.vertices)
    triangles = part.triangles
    across = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    matrix, vector = np.zeros((count, 3, 3)), np.zeros((count, 3))
    for corner in range(3):  # the quadric of a triangle counts by its area squared
        at = cells[part.faces[:, corner]]
        off = np.einsum("fi,fi->f", across, triangles[:, 0] - means[at])
        np.add.at(matrix, at, across[:, :, None] * across[:, None, :])
        np.add.at(vector, at, across * off[:, None])
    return np.clip(means + np.einsum("cij,cj->ci", np.linalg.pinv(matrix, rcond=_SOLVED, hermitian=True), vector),
                   low, high)
