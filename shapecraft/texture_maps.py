"""Texture maps: baked maps as the PNG files that glTF and Blender read, whole and part by part, and sampled again.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.baking import Maps, nearest_of
from shapecraft.brdf import Material
from shapecraft.map_pictures import png
from shapecraft.shading import part_colour, screen
from shapecraft.sheets import laid_out


def albedo_png(maps: Maps) -> bytes:
    """(S, S) RGB by the curve of sRGB"""
    return maps.pictures.albedo_png


def metallic_roughness_png(maps: Maps) -> bytes:
    """(S, S) RGB linear: red 255, green roughness, blue metalness"""
    return maps.pictures.metallic_roughness_png


def part_pngs(maps: Maps, part: int) -> tuple[bytes, bytes]:
    """The two maps of one part alone, on the whole page, so that its uv fit: RGBA, clear where others and nothing lie.

    Colours go on under what is clear, from the part's nearest texel, so that no mip level mixes in another.
    Raises ConfigurationError for a part that has no texel.
    """
    own = maps.part == part
    if not own.any():
        raise ConfigurationError(f"a part among {np.unique(maps.part[maps.part >= 0]).tolist()}", came=str(part),
                                 where="part_pngs")
    nearest, alpha = nearest_of(own), np.where(own, 255, 0).astype(np.uint8)[..., None]
    albedo, rest = (png(np.concatenate([one.reshape(-1, 3)[nearest].reshape(one.shape), alpha], axis=-1))
                    for one in (maps.pictures.albedo_levels, maps.pictures.metallic_roughness_levels))
    return albedo, rest


def maps_sheet(maps: Maps, names: Sequence[str], *, size: int = 480, title: str = "") -> np.ndarray:
    """(H, W, 3) in [0, 1]: albedo, roughness, metalness and parts side by side, with what was never seen hatched.

    names : of the mesh's parts, in order; size : pixels along each page
    """
    at = np.minimum(((np.arange(size) + 0.5) / size * maps.size).astype(int), maps.size - 1)
    pick = np.ix_(at, at)
    part = maps.part[pick]
    colours = np.array([*(part_colour(number) for number in range(len(names))), (1.0, 1.0, 1.0)])
    shown = colours[part]
    rows, columns = np.indices(part.shape)
    hatched = (part >= 0) & ~maps.seen[pick] & ((rows + columns) // 3 % 2 == 0)
    shown[hatched] *= 0.55
    grey = [np.repeat(one[pick][..., None], 3, axis=-1) for one in (maps.roughness, maps.metalness)]
    return laid_out([screen(maps.albedo[pick]), *grey, shown], ["albedo", "roughness", "metalness", "parts"], columns=4,
                    title=title, below=f"Parts: {', '.join(names)}. Hatched: never seen, filled from the nearest seen.")


def sampled(maps: Maps, uv: np.ndarray) -> Material:
    """The material at uv (P, 2), linear between texel centres, as an engine samples them at the finest level.

    uv : u right, v up; outside [0, 1] the edge goes on
    """
    size = maps.size
    x, y = np.clip(np.asarray(uv, dtype=np.float64) * [1, -1] + [0, 1], 0.0, 1.0).T * size - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, down = (x - left), (y - top)
    columns = [np.clip(left + step, 0, size - 1) for step in (0, 1)]
    rows = [np.clip(top + step, 0, size - 1) for step in (0, 1)]

    def mixed(page: np.ndarray) -> np.ndarray:
        a, d = (one.reshape(-1, *[1] * (page.ndim - 2)) for one in (across, down))
        above = page[rows[0], columns[0]] * (1 - a) + page[rows[0], columns[1]] * a
        below = page[rows[1], columns[0]] * (1 - a) + page[rows[1], columns[1]] * a
        return (above * (1 - d) + below * d).astype(np.float32)

    return Material(mixed(maps.albedo), mixed(maps.roughness), mixed(maps.metalness))
