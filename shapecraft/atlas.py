"""Atlas: one square page for an object's maps, of which every texel knows its part and its place (ShapeCraft, step 5).

The paper says that psi is over uv and nothing of how uv come to be. Ours: charts of each part by xatlas, or the uv that
a user's mesh brings. All parts share the page and no texel two parts, so that parts stay separable.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.charts import unfolded
from shapecraft.mesh import ObjectMesh
from shapecraft.texel_map import TexelMap, texel_map
from shapecraft.uv_edges import uv_edges

OwnUv = Literal["keep", "replace"]
SIZE, PADDING = 1024, 4
"""Texels along the page, and around charts (ours; relatives bake 1024 to 2048). Maps twice as fine have 8, which keep
parts apart down to mip level 3."""
LARGEST = 4096
_SMALL = 256  # pages with fewer texels have half the padding
_SHARED = 1e-3  # share of texels that may lie in two triangles, and of area without texels: rounding, and no more
_OUTSIDE = 1e-6
_CHUNK = 1 << 18  # texels that are filled at once: some tens of megabytes


@dataclass(frozen=True, eq=False)
class Atlas:
    """S x S texels, row 0 at the top of the page (v = 1), column 0 at the left (u = 0).

    mesh : with uv at every corner of every part that has triangles; size : S; padding : texels around charts
    pieces : xatlas crashed on whole parts, which were then cut into so many, with a border around each; 0 where not
    kept : the uv are those that the mesh came with; how far apart their charts lie is then their maker's doing
    part : (S, S) int16 place in `mesh.parts`, -1 none; face : (S, S) int32 place in `mesh.faces`, -1 none
    inside : (S, S) bool: the texel's centre lies within a triangle. Texels with a part that are not inside are the rim
        of a chart. They stand for the surface that lies so far beyond the border, which another chart has, too, so that
        sampling at the border gives in both charts the same; for the border itself where the surface ends there
    position : (S, S, 3) float32 metres; normal : (S, S, 3) float32, length 1, as the file has it; 0 where no part is
    place : (S, S, 2) float32 u, v at which that point of the surface is baked: the texel's centre, but for the rim
    """

    mesh: ObjectMesh
    size: int
    padding: int
    kept: bool
    part: np.ndarray
    face: np.ndarray
    inside: np.ndarray
    position: np.ndarray
    normal: np.ndarray
    place: np.ndarray
    pieces: int = 0

    @cached_property
    def texels(self) -> np.ndarray:
        """(P,) int64 places, row by row, of the texels that have a part."""
        return np.flatnonzero(self.part.reshape(-1) >= 0)

    @cached_property
    def uv(self) -> np.ndarray:
        """(P, 2) float64 `place` of `texels`"""
        return self.place.reshape(-1, 2)[self.texels].astype(np.float64)

    def at_size(self, size: int) -> Atlas:
        """The same uv on a page of more or fewer texels; the padding grows and shrinks with it."""
        if size == self.size:
            return self
        return _atlas(self.mesh, texel_map(self.mesh.uv, size), self.padding * size // self.size, self.kept,
                      self.pieces)


def make_atlas(
    mesh: ObjectMesh, *, size: int = SIZE, padding: int | None = None, own_uv: OwnUv = "keep"
) -> Atlas:
    """The atlas of an object.

    size : texels along the page, 16 to 4096
    padding : texels that stay free around each chart and along the page's edge; None: 4, and in proportion on pages
        over 1024; 2 on pages under 256; fewer where charts would lose four tenths of their scale to it, which
        `Atlas.padding` tells
    own_uv : "keep" uses the uv of a mesh that has some, "replace" makes new ones. Uv of programs are seldom meant: a
        cube of Blender's covers the whole page, and so does the next. A mesh without any gets new ones either way.
    Uv that are kept must lie in [0, 1], at every part, give each place of the surface texels of its own, and leave two
    texels between parts.
    Raises ConfigurationError for sizes outside, a mesh without area, uv that cannot be kept, charts that do not fit;
    MissingCapability without xatlas.
    """
    least = padding
    if padding is None:
        least, padding = 1, max(PADDING if size >= _SMALL else PADDING // 2, PADDING * size // SIZE)
    if not 16 <= size <= LARGEST or not 0 <= padding <= size // 8:
        raise ConfigurationError(f"16 to {LARGEST} texels, padding up to an eighth of them", came=f"{size}, {padding}",
                                 where="make_atlas")
    if own_uv not in ("keep", "replace"):
        raise ConfigurationError('"keep" or "replace"', came=repr(own_uv), where="make_atlas, own_uv")
    if own_uv == "keep" and any(part.uv is not None for part in mesh.parts):
        return _kept(mesh, size, padding)
    found = unfolded(mesh, size=size, padding=padding, least=least)
    whole = ObjectMesh(tuple(replace(part, uv=uv) for part, uv in zip(mesh.parts, found.uv, strict=True)))
    return _atlas(whole, texel_map(whole.uv, size), found.padding, False, found.pieces)


def _kept(mesh: ObjectMesh, size: int, padding: int) -> Atlas:
    """With the mesh's own uv. Raises ConfigurationError where they make no atlas."""
    bare = [part.name for part in mesh.parts if part.uv is None and len(part.faces)]
    if bare:
        raise _unfit("uv at every part", f"none at {', '.join(bare)}")
    low, high = np.nanmin(mesh.uv, initial=0.0), np.nanmax(mesh.uv, initial=0.0)
    if low < -_OUTSIDE or high > 1 + _OUTSIDE:
        raise _unfit("uv from 0 to 1, without tiles", f"{low:.4g} to {high:.4g}")
    found = texel_map(mesh.uv, size)
    if found.shared > _SHARED * found.inside.sum():
        raise _unfit("uv that give every place of the surface texels of its own",
                     f"{found.shared:,} of {int(found.inside.sum()):,} texels in two triangles")
    close = _too_close(np.where(found.inside, mesh.part_of[found.face], -1))
    if len(close):
        raise _unfit(f"uv with two texels or more between parts on a page of {size}",
                     f"less between {' and '.join(mesh.names[one] for one in close)}", " Or take a larger size.")
    areas = np.concatenate([part.face_areas for part in mesh.parts])
    a, b, c = np.moveaxis(mesh.uv, 1, 0)
    across = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
    flat = np.bincount(mesh.part_of, weights=areas * (across == 0), minlength=len(mesh.parts))
    lost = [part.name for part, area in zip(mesh.parts, flat, strict=True) if area > _SHARED * part.area]
    if lost:
        raise _unfit("uv with an area wherever the surface has one", f"lines and points on {', '.join(lost)}")
    return _atlas(mesh, found, padding, kept=True)


def _too_close(part: np.ndarray) -> tuple[int, ...]:
    """Two parts with fewer than two texels between them, which linear sampling would mix; () where there are none.

    part : (S, S) int of texels whose centre lies in a chart, -1 elsewhere
    """
    from scipy.ndimage import maximum_filter, minimum_filter

    last = int(part.max()) + 1
    high = maximum_filter(part, size=3, mode="nearest")
    low = minimum_filter(np.where(part < 0, last, part), size=3, mode="nearest")
    both = np.flatnonzero((high >= 0) & (low < high))
    return (int(low.flat[both[0]]), int(high.flat[both[0]])) if len(both) else ()


def _unfit(expected: str, came: str, more: str = "") -> ConfigurationError:
    return ConfigurationError(expected, came=came, where="the uv of the mesh",
                              mend=f'Make new ones with own_uv="replace".{more}')


def _atlas(mesh: ObjectMesh, found: TexelMap, padding: int, kept: bool, pieces: int = 0) -> Atlas:
    size = len(found.face)
    part = np.full((size, size), -1, dtype=np.int16)
    position, normal = (np.zeros((size, size, 3), dtype=np.float32) for _ in range(2))
    place = np.zeros((size, size, 2), dtype=np.float32)
    rows, columns = np.nonzero(found.face >= 0)
    other, turned = uv_edges(mesh).across(3 * len(mesh.faces))
    for start in range(0, len(rows), _CHUNK):
        at = rows[start:start + _CHUNK], columns[start:start + _CHUNK]
        face, weights = found.face[at].astype(np.int64), found.weights[at].astype(np.float64)
        part[at] = mesh.part_of[face]
        rim = np.flatnonzero(found.slot[at] >= 0)
        over = np.flatnonzero(other[3 * face[rim] + found.slot[at][rim]] >= 0)
        beyond = rim[over]
        side = 3 * face[beyond] + found.slot[at][beyond]
        face[beyond], weights[beyond] = _beyond(mesh, side, other[side], turned[side], weights[beyond],
                                                found.far[at][beyond] / size)
        position[at] = np.einsum("pk,pkx->px", weights, mesh.triangles[face])
        mixed = np.einsum("pk,pkx->px", weights, mesh.corner_normals[face])
        lengths = np.linalg.norm(mixed, axis=1, keepdims=True)
        normal[at] = mixed / np.where(lengths > 0, lengths, 1.0)
        place[at] = np.einsum("pk,pkx->px", weights, mesh.uv[face])
    return Atlas(mesh, size, padding, kept, part, found.face, found.inside, position, normal, place,
                 pieces)


def _beyond(
    mesh: ObjectMesh, side: np.ndarray, other: np.ndarray, turned: np.ndarray, weights: np.ndarray, far: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(faces (Q,), shares (Q, 3)) of points `far` beyond a side of a triangle, in the triangle that lies there.

    side, other : (Q,) 3 * face + slot of the side, and of the other triangle's; weights : (Q, 3) shares at the side
    far : (Q,) in uv of the first triangle, which its own scale turns into metres
    """
    rows = np.arange(len(side))
    here, there = side // 3, other // 3
    start, end = side % 3, (side % 3 + 1) % 3
    first, second = other % 3, (other % 3 + 1) % 3
    share = weights[rows, end]
    share = np.where(turned, 1 - share, share)  # of the other side's second corner
    uv, corners, own = mesh.uv[here], mesh.triangles[there], mesh.triangles[here]
    along = corners[rows, second] - corners[rows, first]
    length = np.linalg.norm(along, axis=1)
    scale = np.linalg.norm(own[rows, end] - own[rows, start], axis=1) / np.maximum(
        np.linalg.norm(uv[rows, end] - uv[rows, start], axis=1), 1e-12)
    # The third corner's share is the height above the side, as a share of that corner's.
    apex = corners[rows, (second + 1) % 3] - corners[rows, first]
    height = np.linalg.norm(np.cross(along, apex), axis=1) / np.maximum(length, 1e-12)
    third = np.minimum(far * scale / np.maximum(height, 1e-12), 1.0)
    lean = np.einsum("qx,qx->q", along, apex) / np.maximum(length, 1e-12) ** 2
    # Straight on from the side, as far as the triangle reaches.
    with np.errstate(divide="ignore", invalid="ignore"):
        third = np.minimum(third, np.where(lean > 0, share / lean, np.inf))
        third = np.minimum(third, np.where(lean < 1, (1 - share) / (1 - lean), np.inf))
    second_share = np.clip(share - third * lean, 0.0, 1.0 - third)
    shares = np.zeros((len(side), 3))
    shares[rows, (second + 1) % 3], shares[rows, second] = third, second_share
    shares[rows, first] = 1.0 - third - second_share
    return there, shares
