"""The renderer: strokes to pictures, differentiable, sparse in ink (3DrawAgent, section 3: rendered views I_v)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from drawagent.sketch import Sketch
from easel.cameras import Camera
from easel.errors import ConfigurationError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class RasterSettings:
    """How strokes become pixels.

    size : H = W in pixels (paper silent; ours: 224, CLIP's input size)
    width : full stroke width in pixels (paper silent; ours: 2)
    opacity : 1 is solid ink (ours)
    """

    size: int = 224
    width: float = 2.0
    opacity: float = 1.0
    samples: int = 2
    tolerance: float = 0.05

    @property
    def source(self) -> str:
        return (f"raster size={self.size} width={self.width:.9g} opacity={self.opacity:.9g} "
                f"samples={self.samples} tolerance={self.tolerance:.9g}")


class SketchRenderer(Protocol):
    """What a replacement renderer looks like."""

    def __call__(self, sketches, cameras: Sequence[Camera], *, size: int = 224, width: float = 2.0) -> torch.Tensor: ...


def render(sketches, cameras: Sequence[Camera], *, size: int = 224, width: float = 2.0, opacity: float = 1.0,
           samples: int = 2, tolerance: float = 0.05, device=None, dtype=None) -> torch.Tensor:
    """Pictures of B sketches in V views: (B, V, size, size) float32, white paper 1.0, black ink 0.0."""
    import torch

    dtype = dtype or torch.float32
    arrays = []
    for sketch in sketches:
        array = sketch.array() if isinstance(sketch, Sketch) else sketch
        array = torch.as_tensor(array).to(dtype=dtype, device=device)
        if array.ndim != 3 or array.shape[1:] != (4, 3):
            raise ConfigurationError("control points of shape (N, 4, 3)", came=f"shape {tuple(array.shape)}",
                                     where=f"sketch {len(arrays)}")
        arrays.append(array)
    if not arrays:
        return torch.ones((0, len(cameras), size, size), dtype=dtype, device=device)
    points = torch.cat(arrays)
    owner = torch.repeat_interleave(torch.arange(len(arrays)), torch.tensor([len(array) for array in arrays]))
    return render_strokes(points, owner.to(points.device), cameras, count=len(arrays), width=width, opacity=opacity,
                          size=size, samples=samples, tolerance=tolerance)


def render_strokes(points, owner, cameras, *, count, width=2.0, opacity=1.0, size=224, samples=2, tolerance=0.05):
    """The differentiable core: N packed strokes, owner (N,) tells whose they are."""
    import torch

    device, dtype = points.device, points.dtype
    views, strokes = len(cameras), len(points)
    width = torch.as_tensor(width, dtype=dtype, device=device).expand(strokes)
    opacity = torch.as_tensor(opacity, dtype=dtype, device=device).expand(strokes)
    log_paper = torch.zeros(count * views * size * size, samples * samples, dtype=dtype, device=device)
    if strokes and views:
        import numpy as np
        matrix = torch.as_tensor(np.stack([camera.picture_matrix() for camera in cameras]), dtype=dtype, device=device)
        near = torch.tensor([camera.near for camera in cameras], dtype=dtype, device=device)
        whole = torch.cat([points, torch.ones_like(points[..., :1])], dim=-1)
        curves = torch.einsum("vij,nkj->vnki", matrix, whole).reshape(views * strokes, 4, 4)
        near = near.repeat_interleave(strokes)
        start, end, curve = _segments(curves, near, size, tolerance)
        curve_width, curve_opacity = width.repeat(views), opacity.repeat(views)
        canvas = (owner[None] * views + torch.arange(views, device=device)[:, None]).reshape(-1)
        pixel, segment = _pairs(start.detach(), end.detach(), curve_width.detach()[curve] / 2, size)
        if len(pixel):
            key = curve[segment] * (size * size) + pixel
            cell, place = torch.unique(key, return_inverse=True)
            offset = (torch.arange(samples, device=device, dtype=dtype) + 0.5) / samples
            dx, dy = offset.repeat(samples), offset.repeat_interleave(samples)
            a, b = start[segment], end[segment]
            px = (pixel % size)[:, None] + dx
            py = (pixel // size)[:, None] + dy
            ab = b - a
            share = ((px - a[:, :1]) * ab[:, :1] + (py - a[:, 1:]) * ab[:, 1:]) / (ab * ab).sum(1, keepdim=True).clamp_min(1e-12)
            share = share.clamp(0, 1)
            qx, qy = px - a[:, :1] - share * ab[:, :1], py - a[:, 1:] - share * ab[:, 1:]
            square = qx * qx + qy * qy
            nearest = torch.full((len(cell), samples**2), 1e12, dtype=dtype, device=device).scatter_reduce(
                0, place[:, None].expand(-1, samples**2), square, "amin")
            distance = nearest.clamp_min(1e-12).sqrt()
            which = cell // (size * size)
            radius = curve_width[which, None] / 2
            ramp = lambda d: (d * samples + 0.5).clamp(0, 1)  # noqa: E731
            cover = ramp(radius - distance) - ramp(-radius - distance)
            log = (1 - curve_opacity[which, None] * cover).clamp_min(1e-7).log()
            log_paper = log_paper.index_add(0, canvas[which] * (size * size) + cell % (size * size), log)
    return log_paper.exp().mean(1).reshape(count, views, size, size)


def _segments(curves, near, size, tolerance):
    import torch

    with torch.no_grad():
        behind = (curves[..., 3] < near[:, None]).any(1)
        flat = curves[..., :2] / curves[..., 2:3].clamp_min(1e-6) * (size / 2)
        bend = torch.maximum((flat[:, 0] - 2 * flat[:, 1] + flat[:, 2]).norm(dim=1),
                             (flat[:, 1] - 2 * flat[:, 2] + flat[:, 3]).norm(dim=1))
        number = (0.75 * bend / tolerance).sqrt().ceil().clamp(1, 64)
        number = torch.where(behind, torch.full_like(number, 64), number).long()
        curve = torch.repeat_interleave(torch.arange(len(curves), device=curves.device), number)
        first = number.cumsum(0) - number
        step = torch.arange(len(curve), device=curves.device) - first[curve]
    def at(t):
        s = 1 - t
        basis = torch.stack([s**3, 3 * s * s * t, 3 * s * t * t, t**3], 1)
        return torch.einsum("sk,ski->si", basis, curves[curve])
    total = number[curve].to(curves.dtype)
    a, b = at(step / total), at((step + 1) / total)
    limit = near[curve]
    za, zb = a[:, 3], b[:, 3]
    keep = (za >= limit) | (zb >= limit)
    gap = torch.where(za == zb, torch.ones_like(za), zb - za)
    cut = ((limit - za) / gap)[:, None]
    point = a + cut * (b - a)
    a, b = torch.where((za < limit)[:, None], point, a), torch.where((zb < limit)[:, None], point, b)
    a, b, curve = a[keep], b[keep], curve[keep]
    return (a[:, :2] / a[:, 2:3] + 1) * (size / 2), (b[:, :2] / b[:, 2:3] + 1) * (size / 2), curve


def _pairs(start, end, radius, size):
    """(pixel, segment) index pairs with the pixel's box possibly inked."""
    import torch

    reach = radius[:, None] + 0.75
    low = (torch.minimum(start, end) - reach).floor().clamp(0, size).long()
    high = (torch.maximum(start, end) + reach).ceil().clamp(0, size).long()
    extent = (high - low).clamp_min(0)
    number = extent.prod(1)
    segment = torch.repeat_interleave(torch.arange(len(start), device=start.device), number)
    step = torch.arange(len(segment), device=start.device) - (number.cumsum(0) - number)[segment]
    x = low[segment, 0] + step % extent[segment, 0]
    y = low[segment, 1] + step // extent[segment, 0]
    a, ab = start[segment], (end - start)[segment]
    p = torch.stack([x, y], 1) + 0.5 - a
    share = ((p * ab).sum(1) / (ab * ab).sum(1).clamp_min(1e-12)).clamp(0, 1)
    keep = (p - share[:, None] * ab).norm(dim=1) <= radius[segment] + 0.75
    return (y * size + x)[keep], segment[keep]
