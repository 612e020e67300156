"""Painted field: the texture field of an object with what it is asked with: uv, metres, or metres in a box of its own.

What `paint` ends with and what is baked. Parts that nothing outside sees were never painted: they keep the start.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.brdf import Material
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_settings import Over
from shapecraft.texture_field import FieldSettings, TextureField

_PITCH = 1.25  # sides of a part's box from box to box: cells up to half the gap of 0.25 reach across none, longer do


@dataclass(frozen=True, eq=False)
class Layout:
    """Where points of parts lie in the field's box.

    bounds : (2, D) of the box; scale : (N,) and shift : (N, D) of each part; over uv both leave uv as it is
    """

    over: Over
    bounds: np.ndarray
    scale: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, mesh: ObjectMesh, over: Over) -> Layout:
        """For an object; "apart" puts each part, its longest side 1, into a box of a cubic lattice."""
        count = len(mesh.parts)
        if over == "uv":
            return cls(over, np.array([[0.0, 0.0], [1.0, 1.0]]), np.ones(count), np.zeros((count, 2)))
        if over == "surface":
            return cls(over, mesh.bounds, np.ones(count), np.zeros((count, 3)))
        along = next(side for side in range(1, count + 1) if side**3 >= count)
        scale, shift = np.ones(count), np.zeros((count, 3))
        for number, part in enumerate(mesh.parts):
            if len(part.faces):
                low, high = part.bounds
                scale[number] = 1.0 / max(float((high - low).max()), 1e-9)
                cell = np.array([number % along, number // along % along, number // along**2])
                shift[number] = cell * _PITCH - low * scale[number]
        rows = [math.ceil(count / along**2), math.ceil(min(count, along**2) / along), min(count, along)][::-1]
        return cls(over, np.array([np.zeros(3), (np.array(rows) - 1) * _PITCH + 1]), scale, shift)

    def points(self, part: Any, position: Any, uv: Any) -> Any:
        """(P, D) of part (P,) int, position (P, 3), uv (P, 2); torch tensors or numpy arrays alike."""
        if self.over != "apart":
            return uv if self.over == "uv" else position
        scale: Any = self.scale
        shift: Any = self.shift
        if not isinstance(position, np.ndarray):
            import torch

            scale, shift = (torch.as_tensor(one, device=position.device) for one in (scale, shift))
        return position * scale[part][:, None] + shift[part]

    def cell(self, part: int | None) -> float:
        """Metres along the longest side of the field's box where a part lies in it, of the whole its smallest; over
        uv infinity: how many metres a chart spans differs from place to place."""
        if self.over == "uv":
            return math.inf
        longest = float((self.bounds[1] - self.bounds[0]).max())
        return longest / float(self.scale.max() if part is None else self.scale[part])

    def field(self, settings: FieldSettings, *, seed: int, device: Any = "cpu") -> TextureField:
        return TextureField(self.bounds, settings, seed=seed, device=device)


@dataclass(frozen=True, eq=False)
class PaintedField:
    """mesh : what was painted, with the uv that were painted on where they were; hidden : places of parts that no
    camera saw; steps : done"""

    mesh: ObjectMesh
    field: TextureField
    layout: Layout
    hidden: tuple[int, ...] = ()
    steps: int = 0

    def material_at(self, part: np.ndarray, position: np.ndarray, uv: np.ndarray) -> Material:
        """Material in numpy float32 at P places.

        part : (P,) int, place in `mesh.parts`; position : (P, 3) metres; uv : (P, 2), asked for over uv alone
        Raises ConfigurationError for parts that are not there, and for other shapes.
        """
        part, position, uv = np.asarray(part), np.asarray(position, dtype=np.float64), np.asarray(uv, dtype=np.float64)
        if part.ndim != 1 or position.shape != (len(part), 3) or (self.layout.over == "uv" and uv.shape != (
                len(part), 2)):
            raise ConfigurationError("part (P,), position (P, 3), uv (P, 2)", where="PaintedField.material_at",
                                     came=f"{part.shape}, {position.shape}, {uv.shape}")
        if len(part) and not 0 <= part.min() <= part.max() < len(self.mesh.parts):
            raise ConfigurationError(f"parts from 0 to {len(self.mesh.parts) - 1}", where="PaintedField.material_at",
                                     came=f"{part.min()} to {part.max()}")
        albedo = np.empty((len(part), 3), dtype=np.float32)
        start = self.field.settings
        albedo[:] = start.albedo
        roughness = np.full(len(part), start.roughness, dtype=np.float32)
        metalness = np.full(len(part), start.metalness, dtype=np.float32)
        seen = np.flatnonzero(~np.isin(part, self.hidden))
        if len(seen):
            found = self.field.at(self.layout.points(part[seen], position[seen], uv[seen] if len(uv) else uv))
            albedo[seen], roughness[seen], metalness[seen] = found
        return Material(albedo, roughness, metalness)
