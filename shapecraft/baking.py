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
from functools import cached_property
from typing import Protocol

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.atlas import LARGEST, Atlas
from shapecraft.brdf import Material
from shapecraft.map_pictures import MapPictures
from shapecraft.seen_texels import FinePage, seen_texels

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

    @cached_property
    def pictures(self) -> MapPictures:
        """As files have them; made once, whoever writes them."""
        return MapPictures(self.albedo, self.roughness, self.metalness)


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
    page = FinePage.of(atlas, coarse, upsample)
    fine, hidden = page.fine, page.hidden
    asked = page.seen | np.isin(page.part, hidden)
    values = np.zeros((len(page.part), 5), dtype=np.float32)
    values[asked] = _asked(atlas, materials, page.part[asked], page.position[asked], fine.uv[asked])
    rest = np.flatnonzero(~asked)
    if len(rest):
        values[rest] = values[page.nearest(rest)]
    whole = np.zeros((fine.size**2, 5), dtype=np.float32)
    whole[fine.texels] = values
    whole = whole[nearest_of(fine.part >= 0)].reshape(fine.size, fine.size, 5)
    seen_page = np.zeros(fine.size**2, dtype=bool)
    seen_page[fine.texels] = page.seen
    return Maps(whole[..., :3].copy(), whole[..., 3].copy(), whole[..., 4].copy(), fine.part,
                seen_page.reshape(fine.part.shape), hidden)


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


def nearest_of(held: np.ndarray) -> np.ndarray:
    """(S S,) int64: for every texel the nearest one that is held."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(~held, return_distances=False, return_indices=True)
    return (rows.astype(np.int64) * held.shape[1] + columns).reshape(-1)
