"""Texture maps: baked maps as the PNG files that glTF and Blender read, whole and part by part, and sampled again.

Albedo is written by the curve of sRGB; roughness and metalness share one linear file, as glTF 2.0 wants it: green is
roughness, blue is metalness, and red, where others keep occlusion, is 255: none is baked in. 8 bits a channel.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.baking import Maps
from shapecraft.brdf import Material
from shapecraft.shading import part_colour, screen
from shapecraft.sheets import laid_out

_PACKING = 6  # of zlib: twice as quick as 9, two per cent larger
_BAND = 512  # rows that are encoded at once


def albedo_png(maps: Maps) -> bytes:
    """(S, S) RGB by the curve of sRGB"""
    return _png(_albedo(maps))


def metallic_roughness_png(maps: Maps) -> bytes:
    """(S, S) RGB linear: red 255, green roughness, blue metalness"""
    return _png(_metallic_roughness(maps))


def part_pngs(maps: Maps, part: int) -> tuple[bytes, bytes]:
    """The two maps of one part alone, on the whole page, so that its uv fit: RGBA, clear where others and nothing lie.

    Raises ConfigurationError for a part that has no texel.
    """
    own = maps.part == part
    if not own.any():
        raise ConfigurationError(f"a part among {np.unique(maps.part[maps.part >= 0]).tolist()}", came=str(part),
                                 where="part_pngs")
    alpha = np.where(own, 255, 0).astype(np.uint8)[..., None]
    albedo, rest = (np.concatenate([np.where(own[..., None], one, 0).astype(np.uint8), alpha], axis=-1)
                    for one in (_albedo(maps), _metallic_roughness(maps)))
    return _png(albedo), _png(rest)


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


def _albedo(maps: Maps) -> np.ndarray:
    """(S, S, 3) uint8"""
    return np.concatenate([_levels(screen(maps.albedo[top:top + _BAND])) for top in range(0, maps.size, _BAND)])


def _metallic_roughness(maps: Maps) -> np.ndarray:
    """(S, S, 3) uint8"""
    return np.stack([np.full(maps.part.shape, 255, dtype=np.uint8), _levels(maps.roughness), _levels(maps.metalness)],
                    axis=-1)


def _levels(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)


def _png(levels: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format="PNG", compress_level=_PACKING)
    return buffer.getvalue()
