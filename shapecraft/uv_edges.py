"""UV edges: where triangles of a part meet on the surface, and whether they meet on the page as well (ours).

An edge of the surface whose two triangles lie at different places of the page is a border of charts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shapecraft.mesh import ObjectMesh

_SAME = 1e-6  # of the page: uv that differ by less are one place


@dataclass(frozen=True, eq=False)
class UvEdges:
    """E pairs of sides of triangles at an edge of the surface; a side is 3 * face + slot, from that corner to the next.

    one, two : (E,) int64 sides; same : (E,) bool: both lie at one place of the page
    turned : (E,) bool: the second runs the other way, as on every surface whose triangles agree
    ends : (E, 2, 2, 2) uv: which side, which end (the first side's order), u v
    An edge of more than two triangles gives a pair for each that follows another.
    """

    one: np.ndarray
    two: np.ndarray
    same: np.ndarray
    turned: np.ndarray
    ends: np.ndarray

    def across(self, sides: int) -> tuple[np.ndarray, np.ndarray]:
        """(sides,) int64 the side at the other place of the page, -1 where it is no border; (sides,) bool turned."""
        other, turned = np.full(sides, -1, dtype=np.int64), np.zeros(sides, dtype=bool)
        border = ~self.same
        for here, there in ((self.one, self.two), (self.two, self.one)):
            other[here[border]] = there[border]
            turned[here[border]] = self.turned[border]
        return other, turned


def uv_edges(mesh: ObjectMesh) -> UvEdges:
    """Of all parts that have uv, in order."""
    ones, twos, sames, turns, ends = [], [], [], [], []
    start = 0
    for part in mesh.parts:
        if part.uv is not None and len(part.faces):
            corners = part.welded[1]
            first, second = corners.reshape(-1), np.roll(corners, -1, axis=1).reshape(-1)
            at = np.stack([part.uv.reshape(-1, 2), np.roll(part.uv, -1, axis=1).reshape(-1, 2)], axis=1)
            code = np.minimum(first, second) * (len(part.welded[0]) + 1) + np.maximum(first, second)
            order = np.argsort(code, kind="stable")
            meet = (code[order[:-1]] == code[order[1:]]) & (first[order[:-1]] != second[order[:-1]])
            one, two = order[:-1][meet], order[1:][meet]
            turned = first[one] != first[two]
            other = np.where(turned[:, None, None], at[two][:, ::-1], at[two])
            ones.append(one + 3 * start)
            twos.append(two + 3 * start)
            sames.append((np.abs(at[one] - other) <= _SAME).all(axis=(1, 2)))
            turns.append(turned)
            ends.append(np.stack([at[one], other], axis=1))
        start += len(part.faces)
    if not ones:
        none = np.zeros(0, dtype=np.int64)
        return UvEdges(none, none, none.astype(bool), none.astype(bool), np.zeros((0, 2, 2, 2)))
    return UvEdges(*(np.concatenate(one) for one in (ones, twos, sames, turns, ends)))


def charts_of(mesh: ObjectMesh) -> np.ndarray:
    """(F,) int: charts: faces of a part that share an edge at one place of the page."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    edges, count = uv_edges(mesh), len(mesh.faces)
    links = (np.ones(int(edges.same.sum()), dtype=bool), (edges.one[edges.same] // 3, edges.two[edges.same] // 3))
    return connected_components(coo_matrix(links, shape=(count, count)), directed=False)[1]


def border_points(mesh: ObjectMesh, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(uv (B, 2, 2) of points on borders at their two places, faces (B, 2)), about one point a texel of a page."""
    edges = uv_edges(mesh)
    border = ~edges.same
    ends = edges.ends[border]
    count = np.maximum(np.ceil(np.linalg.norm(ends[:, 0, 1] - ends[:, 0, 0], axis=-1) * size).astype(int), 1)
    edge = np.repeat(np.arange(len(ends)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    share = ((step + 0.5) / count[edge])[:, None, None]
    faces = np.stack([edges.one[border] // 3, edges.two[border] // 3], axis=1)
    return ends[edge, :, 0] * (1 - share) + ends[edge, :, 1] * share, faces[edge]
