"""Baking: maps of an object from whatever tells the material at its places (ShapeCraft, step 5: the result is baked).

Only texels of seen surface are asked; the others take the material of the nearest seen texel of their own part, in
metres. What lies between charts takes the texel of the nearest chart, so that no level of a mip chain darkens.

The paper has a pass of "texture upsampling" and no word on how. A field has no pixels, so that ours asks it on a finer
page, `upsample` times the atlas along each side, instead of enlarging a picture: nothing is blurred or sharpened that
the field does not say, and no texel mixes with one of another part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.atlas import LARGEST, Atlas
from shapecraft.brdf import Material
from shapecraft.seen_surface import nearest_seen, seen_points

UPSAMPLE = 2
"""Texels along a side of the maps for one of the atlas (paper silent; ours)."""
_CHUNK = 1 << 18  # texels that are asked at once


class Materials(Protocol):
    """What an object is painted with."""

    def material_at(self, part: np.ndarray, position: np.ndarray, uv: np.ndarray) -> Material:
        """In numpy, all in [0, 1], albedo linear.

        part : (P,) int place in the mesh's parts; position : (P, 3) float64 metres, on the surface; uv : (P, 2) float64
        """


@dataclass(frozen=True, eq=False)
class Maps:
    """S x S texels, row 0 at the top (v = 1); every texel has a material.

    albedo : (S, S, 3) float32 linear; roughness, metalness : (S, S) float32; all in [0, 1]
    part : (S, S) int16 place in the mesh's parts, -1 between charts
    seen : (S, S) bool: asked, and not filled from elsewhere; hidden : parts of which nothing is seen, which keep what
        they were asked for
    """

    albedo: np.ndarray
    roughness: np.ndarray
    metalness: np.ndarray
    part: np.ndarray
    seen: np.ndarray
    hidden: tuple[int, ...] = ()

    @property
    def size(self) -> int:
        return len(self.part)


def bake(atlas: Atlas, materials: Materials, *, upsample: int = UPSAMPLE, seen: np.ndarray | None = None) -> Maps:
    """The maps, `upsample` times the atlas along a side.

    seen : (S, S) bool of `seen_texels(atlas)`, where it is known already; all True bakes what nobody sees, too
    Raises ConfigurationError for an upsampling below 1 or maps over 4096 texels, another shape of `seen`, and materials
    that are no numbers from 0 to 1, naming the part.
    """
    if upsample < 1 or atlas.size * upsample > LARGEST:
        raise ConfigurationError(f"upsampling from 1, to at most {LARGEST} texels", where="bake",
                                 came=f"{upsample} times {atlas.size}")
    coarse = seen_texels(atlas) if seen is None else np.asarray(seen, dtype=bool)
    if coarse.shape != atlas.part.shape:
        raise ConfigurationError(f"seen of shape {atlas.part.shape}", came=f"shape {coarse.shape}", where="bake")
    fine = atlas.at_size(atlas.size * upsample)
    part, position = _points(fine)
    known = _finer(atlas, coarse, fine, part, position)
    hidden = tuple(np.setdiff1d(part, atlas.part[coarse]).tolist())
    asked = known | np.isin(part, hidden)
    values = np.zeros((len(part), 5), dtype=np.float32)
    values[asked] = _asked(atlas, materials, part[asked], position[asked], fine.uv[asked])
    if not asked.all():
        rest = ~asked
        values[rest] = _from_seen(atlas, coarse, materials, part[rest], position[rest], _below(atlas, fine)[rest])
    page = np.zeros((fine.size**2, 5), dtype=np.float32)
    page[fine.texels] = values
    page = page[_nearest(fine.part >= 0)].reshape(fine.size, fine.size, 5)
    seen_page = np.zeros(fine.size**2, dtype=bool)
    seen_page[fine.texels] = known
    return Maps(page[..., :3].copy(), page[..., 3].copy(), page[..., 4].copy(), fine.part,
                seen_page.reshape(fine.part.shape), hidden)


def seen_texels(atlas: Atlas) -> np.ndarray:
    """(S, S) bool: texels of surface that anyone outside can see, see `seen_points`; False where no part is."""
    seen = np.zeros(atlas.part.size, dtype=bool)
    at = atlas.texels
    seen[at] = seen_points(atlas.mesh, atlas.position.reshape(-1, 3)[at], atlas.part.reshape(-1)[at].astype(np.int64),
                           atlas.normal.reshape(-1, 3)[at])
    return seen.reshape(atlas.part.shape)


def _points(atlas: Atlas) -> tuple[np.ndarray, np.ndarray]:
    """Of its texels: part (P,) int64, position (P, 3) float64."""
    return (atlas.part.reshape(-1)[atlas.texels].astype(np.int64),
            atlas.position.reshape(-1, 3)[atlas.texels].astype(np.float64))


def _below(atlas: Atlas, fine: Atlas) -> np.ndarray:
    """(P,) int64: the atlas's texel in which each texel of the finer page lies."""
    step = fine.size // atlas.size
    return fine.texels // fine.size // step * atlas.size + fine.texels % fine.size // step


def _finer(atlas: Atlas, coarse: np.ndarray, fine: Atlas, part: np.ndarray, position: np.ndarray) -> np.ndarray:
    """(P,) bool: which texels of the finer page are seen: as the one below, measured where that is of another part."""
    below = _below(atlas, fine)
    known = coarse.reshape(-1)[below]
    other = np.flatnonzero(atlas.part.reshape(-1)[below] != part)
    if len(other):
        known[other] = seen_points(atlas.mesh, position[other], part[other],
                                   fine.normal.reshape(-1, 3)[fine.texels[other]])
    return known


def _from_seen(
    atlas: Atlas, coarse: np.ndarray, materials: Materials, part: np.ndarray, position: np.ndarray, below: np.ndarray
) -> np.ndarray:
    """(Q, 5) for Q unseen texels of parts that are seen somewhere: what the nearest seen texel of the atlas has.

    The search runs over the atlas's own texels, of which a finer page has several times as many.
    """
    parts, positions = _points(atlas)
    place = np.full(atlas.part.size, -1)
    place[atlas.texels] = np.arange(len(parts))
    at = place[below]
    lone = np.flatnonzero((at < 0) | (parts[at] != part))  # measured by themselves
    at[lone] = len(parts) + np.arange(len(lone))
    seen = np.concatenate([coarse.reshape(-1)[atlas.texels], np.zeros(len(lone), dtype=bool)])
    source = nearest_seen(np.concatenate([positions, position[lone]]), np.concatenate([parts, part[lone]]), seen)[at]
    used, index = np.unique(source, return_inverse=True)
    return _asked(atlas, materials, parts[used], positions[used], atlas.uv[used])[index.reshape(-1)]


def _asked(atlas: Atlas, materials: Materials, part: np.ndarray, position: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(P, 5) float32: albedo, roughness, metalness."""
    found = []
    for start in range(0, len(part), _CHUNK):
        piece = slice(start, start + _CHUNK)
        own = part[piece]
        values = _columns(materials.material_at(own, position[piece], uv[piece]), len(own))
        wrong = ~((values >= 0) & (values <= 1)).all(axis=1)
        if wrong.any():
            first = int(np.argmax(wrong))
            raise ConfigurationError("albedo, roughness, metalness from 0 to 1", came=str(values[first].tolist()),
                                     where=f"the material of part {atlas.mesh.names[own[first]]!r}")
        found.append(values)
    return np.concatenate(found) if found else np.zeros((0, 5), dtype=np.float32)


def _columns(material: Material, count: int) -> np.ndarray:
    fields: Sequence[np.ndarray] = [np.asarray(one, dtype=np.float32) for one in material]
    shapes = tuple(one.shape for one in fields)
    if shapes != ((count, 3), (count,), (count,)):
        raise ConfigurationError(f"albedo ({count}, 3), roughness ({count},), metalness ({count},)", came=str(shapes),
                                 where="material_at")
    return np.concatenate([fields[0], fields[1][:, None], fields[2][:, None]], axis=1)


def _nearest(held: np.ndarray) -> np.ndarray:
    """(S S,) int64: for every texel the nearest one that is held."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(~held, return_distances=False, return_indices=True)
    return (rows.astype(np.int64) * held.shape[1] + columns).reshape(-1)
