"""Map pictures: maps as the two PNG files of glTF 2.0, converted and encoded once (ShapeCraft, step 5: the output).

Albedo is written by the curve of sRGB; roughness and metalness share one linear file, as glTF 2.0 wants it: green is
roughness, blue is metalness, and red, where others keep occlusion, is 255: none is baked in. 8 bits a channel.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shapecraft.shading import screen

_PACKING = 6  # of zlib: twice as quick as 9, two per cent larger
_BAND = 512  # rows that are converted at once


@dataclass(frozen=True, eq=False)
class MapPictures:
    """albedo : (S, S, 3) float32 linear; roughness, metalness : (S, S) float32; all in [0, 1]"""

    albedo: np.ndarray
    roughness: np.ndarray
    metalness: np.ndarray

    @cached_property
    def albedo_levels(self) -> np.ndarray:
        """(S, S, 3) uint8 by the curve of sRGB"""
        rows = range(0, len(self.albedo), _BAND)
        return np.concatenate([_levels(screen(self.albedo[top:top + _BAND])) for top in rows])

    @cached_property
    def metallic_roughness_levels(self) -> np.ndarray:
        """(S, S, 3) uint8 linear"""
        rest = [_levels(one) for one in (self.roughness, self.metalness)]
        return np.stack([np.full_like(rest[0], 255), *rest], axis=-1)

    @cached_property
    def albedo_png(self) -> bytes:
        return png(self.albedo_levels)

    @cached_property
    def metallic_roughness_png(self) -> bytes:
        return png(self.metallic_roughness_levels)


def png(levels: np.ndarray) -> bytes:
    """A PNG file. levels : (H, W, 3 or 4) uint8"""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, format="PNG", compress_level=_PACKING)
    return buffer.getvalue()


def _levels(values: np.ndarray) -> np.ndarray:
    return (np.clip(values, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
