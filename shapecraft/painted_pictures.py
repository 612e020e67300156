"""Painted pictures: an object with its baked maps under environment light, and all around under three of them.

ShapeCraft, step 5: what the maps are worth shows when the light changes; nothing of it may be painted in. Shaded by
`shapecraft.brdf` as paintings are; maps are sampled linearly, from means of texels where a picture has fewer pixels.
Cameras are far away, so that all pixels are seen from one direction: light then depends on normals alone, and is
computed for some 1,000 of them a picture instead of pixel by pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from easel.errors import ConfigurationError
from easel.torch_threads import torch_threads
from shapecraft.atlas import Atlas
from shapecraft.baking import Maps
from shapecraft.brdf import Material, PixelLight, display, facing, light_of, shade
from shapecraft.environments import OURS, Environment
from shapecraft.environments import environment as named
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_views import PaintView, ViewBuffers, buffers_of, view_from
from shapecraft.sheets import laid_out
from shapecraft.texture_maps import sampled

if TYPE_CHECKING:
    import torch

BACKGROUND = (0.92, 0.93, 0.94)
"""Screen values around an object (ours)."""
LENS_DEG = 5.0
"""Of all views (ours: what a picture shows differs by as much from one direction)."""
_NORMALS = 41  # along each side of a grid of normals: 4.5 degrees, within which gloss is mixed
_COARSEST = 2  # halvings of maps: the padding of an atlas keeps charts apart that long


def painted_pictures(
    atlas: Atlas, maps: Maps, views: Sequence[PaintView], environments: Sequence[Environment], *, size: int = 192,
    samples: int = 2, threads: int = 1,
) -> np.ndarray:
    """(E, V, H, W, 3) float32 screen values: every view under every environment.

    maps : baked from the atlas; size : H = W pixels; samples : along each side of a pixel; threads : of torch
    """
    import torch

    pictures = np.zeros((len(environments), len(views), size, size, 3), dtype=np.float32)
    with torch_threads(threads), torch.no_grad():
        for number, view in enumerate(views):
            buffers = buffers_of(atlas.mesh, view, size=size, samples=samples)
            if not len(buffers):
                pictures[:, number] = BACKGROUND
                continue
            material, grid = _material(maps, buffers), _NormalGrid.of(view, buffers.normal)
            for row, one in enumerate(environments):
                values = display(grid.shaded(one, material))
                pictures[row, number] = buffers.picture(values, BACKGROUND)[0].permute(1, 2, 0).numpy()
    return pictures


def turntable_views(mesh: ObjectMesh, count: int = 8, *, elevation_deg: float = 20.0) -> list[PaintView]:
    """Once around from the front, the viewer walking towards +x, all at one scale."""
    if count < 1:
        raise ConfigurationError("at least one view", came=str(count), where="turntable_views")
    up = math.radians(elevation_deg)
    turns = [2 * math.pi * number / count for number in range(count)]
    views = [view_from(mesh, (math.cos(up) * math.sin(turn), -math.cos(up) * math.cos(turn), math.sin(up)),
                       fov_deg=LENS_DEG) for turn in turns]
    widest = max(view.camera.fov_deg for view in views)
    return [replace(view, camera=replace(view.camera, fov_deg=widest)) for view in views]


def turntable_sheet(
    atlas: Atlas, maps: Maps, *, environments: Sequence[str] = tuple(OURS), views: int = 8, size: int = 192,
    title: str = "", threads: int = 1,
) -> np.ndarray:
    """(H, W, 3) in [0, 1]: a row an environment (ours: studio, overcast, window), a column a view.

    environments : names or .hdr files, as `shapecraft.environments.environment` takes them
    """
    around = turntable_views(atlas.mesh, views)
    lights = [named(one) for one in environments]
    pictures = painted_pictures(atlas, maps, around, lights, size=size, threads=threads)
    words = [f"{light.name}, {360 * number / views:.0f} degrees" for light in lights for number in range(views)]
    return laid_out([picture for row in pictures for picture in row], words, columns=views, title=title)


@dataclass(frozen=True, eq=False)
class _NormalGrid:
    """Normals that face one direction, on a disc of degrees from it, and where P pixels lie among them.

    towards : (3,) to the eye; normals : (G, 3) of the grid; corners, weights : (P, 4) places in it, shares
    """

    towards: torch.Tensor
    normals: torch.Tensor
    corners: torch.Tensor
    weights: torch.Tensor

    @classmethod
    def of(cls, view: PaintView, normal: torch.Tensor) -> _NormalGrid:
        import torch

        towards = np.subtract(view.camera.eye, view.camera.target)
        towards /= np.linalg.norm(towards)
        right = np.cross(view.camera.up, towards)
        right /= np.linalg.norm(right)
        frame = torch.from_numpy(np.stack([right, np.cross(towards, right), towards]).astype(np.float32))
        ahead = frame[2].expand(len(normal), 3)
        x, y, z = (facing(normal, ahead)[0] @ frame.T).unbind(dim=1)
        # How far a normal turns away, as a share of a right angle, along the way it turns.
        away = torch.acos(z.clamp(-1.0, 1.0)) / (math.pi / 2) / torch.hypot(x, y).clamp(min=1e-9)
        at = (torch.stack([x * away, y * away], dim=1).clamp(-1.0, 1.0) + 1) / 2 * (_NORMALS - 1)
        low = at.floor().clamp(0, _NORMALS - 2)
        share, low = at - low, low.long()
        corners = torch.stack([(low[:, 1] + down) * _NORMALS + low[:, 0] + across
                               for down in (0, 1) for across in (0, 1)], dim=1)
        weights = torch.stack([(share[:, 1] if down else 1 - share[:, 1]) * (share[:, 0] if across else 1 - share[:, 0])
                               for down in (0, 1) for across in (0, 1)], dim=1)
        used, index = torch.unique(corners, return_inverse=True)
        flat = torch.stack([used % _NORMALS, used // _NORMALS], dim=1) / (_NORMALS - 1) * 2 - 1
        turned = flat.norm(dim=1, keepdim=True).clamp(min=1e-9)
        angle = turned.clamp(max=1.0) * (math.pi / 2)
        own = torch.cat([flat / turned * torch.sin(angle), torch.cos(angle)], dim=1)
        return cls(frame[2], own @ frame, index, weights)

    def shaded(self, environment: Environment, material: Material) -> torch.Tensor:
        """(P, 3) linear light"""
        light = light_of(environment, self.normals, self.towards.expand(len(self.normals), 3))
        total = material.albedo.new_zeros(material.albedo.shape)
        for corner, weight in zip(self.corners.T, self.weights.T, strict=True):
            total += weight[:, None] * shade(PixelLight(light.matt[corner], light.gloss, corner), material)
        return total


def _material(maps: Maps, buffers: ViewBuffers) -> Material:
    """At the buffers' samples, torch, from maps whose texels are not much smaller than a sample."""
    import torch

    uv, fine = buffers.uv.numpy(), buffers.size * buffers.samples
    pixel, part = buffers.pixel.numpy(), buffers.part.numpy()
    beside = np.flatnonzero((np.diff(pixel) == 1) & (np.diff(part) == 0) & (pixel[1:] % fine > 0))
    steps = np.linalg.norm(uv[beside + 1] - uv[beside], axis=1) * maps.size
    level = int(np.clip(math.floor(math.log2(max(float(np.median(steps)) if len(steps) else 1.0, 1.0))), 0, _COARSEST))
    found = sampled(_halved(maps, level), uv)
    return Material(*(torch.from_numpy(one) for one in found))


def _halved(maps: Maps, level: int) -> Maps:
    step = 1 << level
    if step == 1 or maps.size % step:
        return maps
    side = maps.size // step
    means = [one.reshape(side, step, side, step, *one.shape[2:]).mean(axis=(1, 3))
             for one in (maps.albedo, maps.roughness, maps.metalness)]
    return replace(maps, albedo=means[0], roughness=means[1], metalness=means[2], part=maps.part[::step, ::step],
                   seen=maps.seen[::step, ::step])
