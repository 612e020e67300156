"""BRDF: what a metallic-roughness surface sends to the eye, differentiable in the material (ShapeCraft, step 5).

As engines of glTF do it: GGX, Smith, Schlick, one bounce (`shapecraft.lobes`), F0 = 0.04 or the metal's colour; under
the gloss a matt base with what the gloss leaves, 1 - (F0 A + B) at the view. (glTF's own 1 - F(v.h) would send back 1.7
of the light that comes at grazing views.) All light is linear; `display` makes screen values of it. Nothing casts
shadows or mirrors itself. `shapecraft.brdf_reference` defines what comes out.

What depends on a pixel and its camera alone is computed once, by `light_of`; a step of painting then costs two rows
of a table a pixel. torch, on the CPU and CUDA alike.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.environments import SHARP, WIDTHS, Environment, over_poles
from shapecraft.lobes import FLOOR, ROUGHNESSES, TAPS, lobes

if TYPE_CHECKING:
    import torch

DIELECTRIC = 0.04
"""F0 of what is no metal (glTF 2.0, appendix B)."""
SHOULDER, DESATURATION = 0.8 - DIELECTRIC, 0.15
"""Of the tone curve (Khronos PBR Neutral): where it begins to compress, and how fast bright colours whiten."""
_CHUNK = 16_384  # pixels that are lit at once: a few tens of megabytes


class Material(NamedTuple):
    """albedo : (P, 3) linear; roughness, metalness : (P,); all in [0, 1]. torch, or numpy for the reference."""

    albedo: Any
    roughness: Any
    metalness: Any


@dataclass(frozen=True)
class PointLight:
    """place : metres, world frame; light : radiance times square metres, red, green, blue: at distance d, light / d²"""

    place: tuple[float, float, float]
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        numbers = (*self.place, *self.light)
        if len(numbers) != 6 or not all(map(math.isfinite, numbers)) or min(self.light) < 0:
            raise ConfigurationError("a place and light not below 0", came=str(numbers), where="PointLight")


@dataclass(frozen=True, eq=False)
class PixelLight:
    """What P pixels receive.

    matt : (P, 3) what a white matt surface would send back
    gloss : (G, R, 8) at each of ROUGHNESSES: light times A (3), light times B (3), A and B in white light
    rows : (P,) int64 row of `gloss` of every pixel; None: pixel by pixel, G = P
    """

    matt: torch.Tensor
    gloss: torch.Tensor
    rows: torch.Tensor | None = None

    @property
    def megabytes(self) -> float:
        held = [one for one in (self.matt, self.gloss, self.rows) if one is not None]
        return sum(one.numel() * one.element_size() for one in held) / 1e6


def light_of(
    environment: Environment, normal: torch.Tensor, view: torch.Tensor, *, half: bool = False, shared: float = 0.0,
) -> PixelLight:
    """What an environment gives to P pixels, for every roughness; depends on no material.

    normal, view : (P, 3) unit vectors, world frame, view towards the eye; float32 or float64
    half : store the tables as float16 (262 bytes a pixel instead of 524; an error of 0.05 %)
    shared : side of cells of normals and of views whose pixels share their gloss, that of their means; 0 shares none.
        Much quicker and smaller where pixels are many; sharp reflections turn into steps of about twice the side.
        Mean error, white metal, a ball 128 pixels wide, the worst of our environments: 0.06 costs 8.5 % at roughness
        0.1, 7.5 % at 0.2, 4.5 % at 0.4, 1.7 % at 0.8; 0.02 costs 1.4, 1.2, 0.7, 0.3 %. It grows with the pixels that
        a cell holds: at 64 pixels 0.06 costs 7.5, 6.7, 4.1, 1.5 % and 0.02 next to nothing. Less without metal.
    """
    import torch

    normal, view = facing(normal, view)
    kept = torch.float16 if half else normal.dtype
    if not len(normal):
        return PixelLight(normal.new_zeros((0, 3)), normal.new_zeros((0, len(ROUGHNESSES), 8)))
    maps = _Maps.of(environment, normal)
    matt = torch.cat([maps.matt(piece) for piece in normal.split(_CHUNK)]).to(kept)
    row = None
    if shared > 0:
        row, normal, view = _gathered(normal, view, shared)
    rows = [_gloss(maps, *piece).to(kept)
            for piece in zip(normal.split(_CHUNK), view.split(_CHUNK), strict=True)]
    return PixelLight(matt, torch.cat(rows), row)


def shade(light: PixelLight, material: Material) -> torch.Tensor:
    """(P, 3) linear light that goes to the eye, in the material's precision; gradients reach the material alone."""
    import torch

    at, low = _rung(material.roughness)
    row = torch.arange(len(at), device=at.device) if light.rows is None else light.rows
    start = row * len(ROUGHNESSES) + low.long()
    rows = light.gloss.reshape(-1, 8)
    first = rows[start].to(at.dtype)
    mixed = torch.addcmul(first, (at - low)[:, None], rows[start + 1].to(at.dtype) - first)
    metalness = material.metalness[:, None]
    matt = material.albedo * (1.0 - metalness)
    f0 = DIELECTRIC * (1.0 - metalness) + material.albedo * metalness
    left = 1.0 - (f0 * mixed[:, 6:7] + mixed[:, 7:8])
    return matt * left * light.matt.to(at.dtype) + f0 * mixed[:, :3] + mixed[:, 3:6]


def shade_points(
    lights: Sequence[PointLight], position: torch.Tensor, normal: torch.Tensor, view: torch.Tensor, material: Material
) -> torch.Tensor:
    """(P, 3) linear light from points, without shadows; differentiable in the material. position : (P, 3) metres"""
    import torch

    normal, view = facing(normal, view)
    alpha2 = material.roughness.clamp(FLOOR, 1.0)[:, None] ** 4
    metalness, cosine = material.metalness[:, None], _dot(normal, view)
    f0 = DIELECTRIC * (1.0 - metalness) + material.albedo * metalness
    share = directional_albedo(cosine[:, 0], material.roughness)
    matt = material.albedo * (1.0 - metalness) * (1.0 - f0 * share[:, :1] - share[:, 1:]) / math.pi
    total = torch.zeros_like(material.albedo)
    for one in lights:
        away = position.new_tensor(one.place) - position
        far2 = _dot(away, away).clamp(min=1e-12)
        light = away / far2.sqrt()
        half = torch.nn.functional.normalize(light + view, dim=-1)
        lit, top, facet = _dot(normal, light), _dot(normal, half).clamp(0.0, 1.0), _dot(view, half).clamp(0.0, 1.0)
        spread = alpha2 / (math.pi * (top**2 * (alpha2 - 1.0) + 1.0) ** 2)
        seen = lit.clamp(min=1e-4)
        shadowed = 1.0 / ((seen + (alpha2 + (1.0 - alpha2) * seen**2).sqrt())
                          * (cosine + (alpha2 + (1.0 - alpha2) * cosine**2).sqrt()))
        fresnel = f0 + (1.0 - f0) * (1.0 - facet) ** 5
        arriving = lit.clamp(min=0.0) / far2 * position.new_tensor(one.light)
        total = total + (matt + fresnel * spread * shadowed) * arriving
    return total


def directional_albedo(cosine: torch.Tensor, roughness: torch.Tensor) -> torch.Tensor:
    """(P, 2) shares A and B of `shapecraft.lobes`, linear between its entries; differentiable in roughness."""
    table = cosine.new_tensor(lobes().albedo)
    across, left = _place(cosine)
    at, low = _rung(roughness)
    rows = [table[low.long() + step, left] * (1 - across) + table[low.long() + step, left + 1] * across
            for step in (0, 1)]
    return rows[0] + (at - low)[:, None] * (rows[1] - rows[0])


def facing(normal: torch.Tensor, view: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Normals on the viewer's side, at least at its horizon, and views, both of length 1.

    Both sides of a surface look alike; interpolated normals that turn away at an outline are bent back.
    """
    import torch

    view = torch.nn.functional.normalize(view, dim=-1)
    cosine = _dot(normal, view)
    normal = torch.where(cosine < -0.25, -normal, normal)
    lacking = (1e-3 - _dot(normal, view)).clamp(min=0.0)
    return torch.nn.functional.normalize(normal + lacking * view, dim=-1), view


def display(linear: torch.Tensor, *, exposure: float = 1.0) -> torch.Tensor:
    """(..., 3) screen values in [0, 1] by the curve of sRGB after the tone curve Khronos PBR Neutral."""
    import torch

    light = linear * exposure
    least = light.amin(dim=-1, keepdim=True)
    light = light - torch.where(least < 0.08, least - 6.25 * least**2, torch.full_like(least, DIELECTRIC))
    peak = light.amax(dim=-1, keepdim=True)
    room = 1.0 - SHOULDER
    pressed = 1.0 - room**2 / (peak.clamp(min=SHOULDER) + room - SHOULDER)
    whiter = 1.0 - 1.0 / (DESATURATION * (peak - pressed) + 1.0)
    bright = light * (pressed / peak.clamp(min=SHOULDER)) * (1.0 - whiter) + pressed * whiter
    return to_screen(torch.where(peak < SHOULDER, light, bright))


def to_screen(linear: torch.Tensor) -> torch.Tensor:
    """Linear light to screen values by the curve of sRGB (IEC 61966-2-1), cut to [0, 1]."""
    import torch

    light = linear.clamp(0.0, 1.0)
    return torch.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clamp(min=0.0031308) ** (1 / 2.4) - 0.055)


def _dot(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return (one * other).sum(dim=-1, keepdim=True)


def _rung(roughness: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where a roughness stands among ROUGHNESSES: (P,) place, differentiable, and (P,) whole place below it."""
    last = len(ROUGHNESSES) - 1
    root = FLOOR**0.5
    at = (roughness.clamp(FLOOR, 1.0).sqrt() - root) * (last / (1.0 - root))
    return at, at.detach().floor().clamp(0, last - 1)


def _place(cosine: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Where a view stands among the table's cosines: (P, 1) share of the next entry, (P,) entry below."""
    last = len(lobes().cosines) - 1
    at = cosine.clamp(0.0, 1.0).sqrt() * last
    left = at.floor().clamp(0, last - 1)
    return (at - left)[:, None], left.long()


def _gathered(
    normal: torch.Tensor, view: torch.Tensor, side: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pixels by cells of normals and views: (P,) their group, (G, 3) mean normals and views of the groups."""
    import torch

    cells = torch.cat([normal, view], dim=1).div(side).round().to(torch.int64)
    _, group = torch.unique(cells, dim=0, return_inverse=True)
    sums = normal.new_zeros((int(group.max()) + 1, 6)).index_add(0, group, torch.cat([normal, view], dim=1))
    return group, *facing(torch.nn.functional.normalize(sums[:, :3], dim=-1), sums[:, 3:])


def _gloss(maps: _Maps, normal: torch.Tensor, view: torch.Tensor) -> torch.Tensor:
    """(P, R, 8) of `PixelLight`"""
    import torch

    taps = normal.new_tensor(lobes().taps)
    cosine = _dot(normal, view)
    across, left = _place(cosine[:, 0])
    flat = view - cosine * normal
    # At a view along the normal the lobe is round: any direction across does.
    spare = torch.where(normal[:, 2:].abs() < 0.9, normal.new_tensor([0.0, 0.0, 1.0]), normal.new_tensor([1.0, 0, 0]))
    flat = torch.where(_dot(flat, flat) > 1e-12, flat, spare - _dot(spare, normal) * normal)
    flat = torch.nn.functional.normalize(flat, dim=-1)
    frame = torch.stack([flat, torch.linalg.cross(normal, flat), normal], dim=1)
    rows = []
    for own in taps:
        tap = torch.lerp(own[left], own[left + 1], across[:, :, None])
        towards = torch.nn.functional.normalize(tap[..., :3] @ frame, dim=-1)
        light = maps.gloss(towards.reshape(-1, 3), tap[..., 3].reshape(-1)).reshape(-1, TAPS, 3)
        rows.append(torch.cat([(light * tap[..., 4:5]).sum(dim=1), (light * tap[..., 5:6]).sum(dim=1),
                               tap[..., 4:].sum(dim=1)], dim=-1))
    return torch.stack(rows, dim=1)


@dataclass(frozen=True, eq=False)
class _Maps:
    """Blurred maps as torch samples them: (1, 3, layers, H + 2, 2H + 2), a column of the other end on either side, a
    row from beyond the pole above and below."""

    layers: torch.Tensor
    cosine: torch.Tensor

    @classmethod
    def of(cls, environment: Environment, like: torch.Tensor) -> _Maps:
        return cls(*_uploaded(environment, like.device, like.dtype))

    def gloss(self, towards: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
        """(Q, 3) light from round lobes. towards : (Q, 3); width : (Q,) radians"""
        layer = 1.0 + (width.clamp(min=SHARP) / WIDTHS[0]).log2() * 2.0
        # From the map itself to the first layer it is one step, as wide as two.
        layer = layer.where(layer >= 1.0, (layer + 1.0) / 2.0)
        return _sampled(self.layers, towards, layer.clamp(0.0, float(len(WIDTHS))))

    def matt(self, towards: torch.Tensor) -> torch.Tensor:
        return _sampled(self.cosine, towards, towards.new_zeros(len(towards)))


@functools.lru_cache(maxsize=6)
def _uploaded(
    environment: Environment, device: torch.device, dtype: torch.dtype
) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    def padded(layers: np.ndarray) -> torch.Tensor:
        layers = over_poles(layers)
        wrapped = np.concatenate([layers[:, :, -1:], layers, layers[:, :, :1]], axis=2)
        return torch.from_numpy(np.moveaxis(wrapped, 3, 0)[None].copy()).to(device, dtype)

    return padded(environment.blurred), padded(environment.matt[None])


def _sampled(layers: torch.Tensor, towards: torch.Tensor, layer: torch.Tensor) -> torch.Tensor:
    import torch

    depth, height, width = layers.shape[2:]
    x, y, z = towards.unbind(dim=-1)
    column = (torch.atan2(x, y) / (2 * math.pi) + 0.5) * (width - 2) + 0.5
    row = torch.acos(z.clamp(-1.0, 1.0)) / math.pi * (height - 2) + 0.5
    at = torch.stack([column / (width - 1) * 2 - 1, row / (height - 1) * 2 - 1,
                      layer / max(depth - 1, 1) * 2 - 1], dim=-1)
    found = torch.nn.functional.grid_sample(layers, at[None, None, None], mode="bilinear", padding_mode="border",
                                            align_corners=True)
    return found[0, :, 0, 0].T
