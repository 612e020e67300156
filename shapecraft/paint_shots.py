"""Paint shots: a view ready to be painted from: what it shows, where that lies in the field, how it is lit; kept.

Everything here depends on the object alone and is made once a view, when it is first asked for. A view of another
light shares buffers and places. What was longest out of use goes first where the memory that is granted is full.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecraft.brdf import Material, PixelLight, display, light_of, shade
from shapecraft.environments import Environment
from shapecraft.flat_painting import worded_material
from shapecraft.lobes import FLOOR
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_chance import light_chance
from shapecraft.paint_settings import Lamps
from shapecraft.paint_views import PaintView, ViewBuffers, buffers_of
from shapecraft.painted_field import Layout
from shapecraft.texture_field import Places, TextureField

if TYPE_CHECKING:
    import torch

_ELEVATION_DEG = 25.0  # of a camera before which an object is turned (ours)
_SWING = math.radians(60)


@dataclass(frozen=True, eq=False)
class Shot:
    """buffers, places : of P samples; neighbours : (2, E) samples of one part side by side or above each other;
    inner : (P,) 1 where a sample is far enough from other parts and the backdrop, else 0, None: all are; light : what
    they receive"""

    view: PaintView
    buffers: ViewBuffers
    places: Places
    neighbours: torch.Tensor
    light: PixelLight
    inner: torch.Tensor | None = None

    def picture(self, material: Material, backdrop: float, *, exposure: float = 1.0) -> torch.Tensor:
        """(1, 3, H, W) screen values before a grey, linear backdrop, which is not exposed; differentiable in the
        material."""
        import torch

        seen = display(shade(self.light, material), exposure=exposure)
        return self.buffers.picture(seen, display(torch.full((3,), backdrop, device=seen.device)))

    @property
    def shown(self) -> torch.Tensor:
        """(H, W) share of each pixel that shows something."""
        return self.buffers.picture(self.buffers.normal.new_ones((len(self.buffers), 1)), (0.0,))[0, 0]

    def roughening(self, metalness: torch.Tensor) -> torch.Tensor:
        """Mean squared step of metalness between neighbours; 0 without any."""
        one, other = self.neighbours
        return ((metalness[one] - metalness[other]) ** 2).sum() / max(one.shape[0], 1)

    def unlike(self, material: Material, wanted: torch.Tensor) -> torch.Tensor:
        """Mean squared distance of roughness and metalness from those of each sample's part; 0 where none has any.

        wanted : (parts, 2), nan where none
        """
        import torch

        asked = wanted[self.buffers.part]
        known = asked.isfinite()
        off = torch.stack([material.roughness, material.metalness], dim=1) - asked
        return (off[known] ** 2).sum() / known.sum().clamp(min=1)


class Shots:
    """Shots by number of view and of light.

    views : all cameras; size, samples : of their pictures; seed : of their lights; megabytes : granted;
    lamps, shared, inset : see `PaintSettings`
    """

    def __init__(
        self, mesh: ObjectMesh, views: tuple[PaintView, ...], field: TextureField, layout: Layout,
        environments: tuple[Environment, ...], *, size: int, samples: int, seed: int, lamps: Lamps, shared: float,
        inset: int, megabytes: float, device: Any = "cpu",
    ) -> None:
        self.views = views
        self._mesh, self._field, self._layout, self._environments = mesh, field, layout, environments
        self._size, self._samples, self._seed, self._lamps, self._device = size, samples, seed, lamps, device
        self._shared, self._inset, self._megabytes = shared, inset, megabytes
        self._seen: OrderedDict[int, tuple[ViewBuffers, Places, torch.Tensor, torch.Tensor | None]] = OrderedDict()
        self._lit: OrderedDict[tuple[int, int], PixelLight] = OrderedDict()
        self._held = 0.0

    @property
    def megabytes(self) -> float:
        """Held now."""
        return self._held

    def fitting(self, views: Sequence[int], lights: int) -> int:
        """About how many of all views, each with so many lights, the granted megabytes hold: as many as of the largest
        of these few. One is always kept."""
        costs = []
        for view in views:
            shots = [self.at(view, light) for light in range(lights)]
            costs.append(_cost(shots[0].buffers, shots[0].places, shots[0].neighbours, shots[0].inner)
                         + sum(one.light.megabytes for one in shots))
        return min(len(self.views), max(1, int(self._megabytes / max(*costs, 1e-9))))

    def at(self, view: int, light: int) -> Shot:
        """The shot of a view, lit in its n-th way."""
        if view not in self._seen:
            self._seen[view] = self._see(self.views[view])
            self._held += _cost(*self._seen[view])
        self._seen.move_to_end(view)
        buffers, places, neighbours, inner = self._seen[view]
        if (view, light) not in self._lit:
            self._lit[view, light] = self._light(view, light, buffers)
            self._held += self._lit[view, light].megabytes
        self._lit.move_to_end((view, light))
        shot = Shot(self.views[view], buffers, places, neighbours, self._lit[view, light], inner)
        while self.megabytes > self._megabytes and len(self._seen) > 1:
            gone, seen = self._seen.popitem(last=False)
            self._held -= _cost(*seen)
            for key in [key for key in self._lit if key[0] == gone]:
                self._held -= self._lit.pop(key).megabytes
        return shot

    def _see(self, view: PaintView) -> tuple[ViewBuffers, Places, torch.Tensor, torch.Tensor | None]:
        buffers = buffers_of(self._mesh, view, size=self._size, samples=self._samples, device=self._device)
        places = self._field.places(self._layout.points(buffers.part, buffers.position, buffers.uv))
        return buffers, places, _neighbours(buffers), _inner(buffers, self._inset) if self._inset else None

    def _light(self, view: int, light: int, buffers: ViewBuffers) -> PixelLight:
        chance = light_chance(self._seed, view, light)
        # Rounds over the environments, so that few lights a view still show all of them.
        around = self._environments[(view + light) % len(self._environments)]
        return lit(around, buffers, _turn(self.views[view], self._lamps, chance), shared=self._shared)


def lit(
    environment: Environment, buffers: ViewBuffers, turn: np.ndarray | None = None, *, shared: float = 0.0
) -> PixelLight:
    """Light of an environment. turn : (3, 3) from world directions to those of the map"""
    normal, view = buffers.normal, buffers.view
    if turn is not None:
        # What arrives depends on directions relative to the map alone: the object is turned instead.
        across = normal.new_tensor(turn.T)
        normal, view = normal @ across, view @ across
    return light_of(environment, normal, view, half=True, shared=shared)


def _turn(view: PaintView, lamps: Lamps, chance: np.random.Generator) -> np.ndarray | None:
    """(3, 3) from world directions to those of the map; see `PaintSettings.lamps`."""
    if lamps == "still":
        return None
    if lamps == "turned":
        return _around(chance.uniform(0, 2 * math.pi))
    tilt = math.radians(_ELEVATION_DEG)
    ahead = np.array([0.0, math.cos(tilt), -math.sin(tilt)])
    right = np.array([1.0, 0.0, 0.0])
    before = np.stack([right, np.cross(ahead, right), ahead])
    return _around(chance.uniform(-_SWING, _SWING)) @ before.T @ view.camera.matrix()[:3, :3]


def _around(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0],
                     [0.0, 0.0, 1.0]])


def _cost(buffers: ViewBuffers, places: Places, neighbours: torch.Tensor, inner: torch.Tensor | None) -> float:
    held = (buffers.pixel, buffers.part, buffers.position, buffers.normal, buffers.view, buffers.uv, neighbours, inner)
    return places.megabytes + sum(one.numel() * one.element_size() for one in held if one is not None) / 1e6


def _inner(buffers: ViewBuffers, inset: int) -> torch.Tensor:
    """(P,) 1 where all samples within `inset` in either direction are of one part, else 0; the picture ends no part."""
    import torch

    fine = buffers.size * buffers.samples
    part = buffers.normal.new_full((fine * fine,), -1.0).index_copy(0, buffers.pixel, buffers.part.to(torch.float32))
    held = torch.nn.functional.pad(part.reshape(1, 1, fine, fine), (inset,) * 4, mode="replicate")
    most, least = (torch.nn.functional.max_pool2d(sign * held, 2 * inset + 1, stride=1).reshape(-1)[buffers.pixel]
                   for sign in (1.0, -1.0))
    return (most == -least).to(buffers.normal.dtype)


def _neighbours(buffers: ViewBuffers) -> torch.Tensor:
    """(2, E) places among the samples; they are in the order of the picture's rows."""
    import torch

    fine, pixel, part = buffers.size * buffers.samples, buffers.pixel, buffers.part
    number = torch.full((fine * fine + fine,), -1, dtype=torch.int64, device=pixel.device)
    own = torch.arange(len(pixel), device=pixel.device)
    number[pixel] = own
    pairs = []
    for step in (1, fine):
        other = number[pixel + step]
        kept = (other >= 0) & (pixel % fine + 1 < fine if step == 1 else True)
        kept &= part == part[other.clamp(min=0)] if len(pixel) else kept
        pairs.append(torch.stack([own[kept], other[kept]]))
    return torch.cat(pairs, dim=1)


def worded_gloss(parts: tuple[str, ...], device: str | torch.device) -> torch.Tensor:
    """(parts, 2) roughness and metalness that words name, nan where they name none."""
    import torch

    found = [worded_material(words) for words in parts]
    return torch.tensor([(math.nan,) * 2 if one is None else (max(one.roughness, FLOOR), one.metallic)
                         for one in found], device=device)
