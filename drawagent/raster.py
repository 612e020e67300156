"""The renderer: sketches to pictures, differentiable, sparse in ink (3DrawAgent, section 3: rendered views I_v).

A projected cubic is rational, so curves are sampled in space and the samples projected; between samples a
stroke is straight. What is right is defined by `drawagent.raster_reference`; the pixels are inked in
`drawagent.raster_ink`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from drawagent.sketch import Sketch
from easel.cameras import Camera
from easel.errors import ConfigurationError

if TYPE_CHECKING:
    import torch

MOST_PIECES = 256  # straight pieces of one curve at most; reached only by curves that pass the viewer closely
TOLERANCE = 0.05  # pixels a straight piece may stray from its curve; ours: below it the reference does not change


@dataclass(frozen=True)
class RasterSettings:
    """How strokes become pixels; `render(sketches, cameras, **vars(settings))` takes them as they are.

    size : H = W in pixels (paper silent; ours: 224, the input size of the reward model)
    width : full stroke width in pixels (paper silent; ours: 2)
    opacity : strength of the ink in [0, 1]; 1 is solid (paper silent; ours)
    samples : cells along each side of a pixel; 1 is quicker, 3 smoother at hairpins (ours: 2)
    """

    size: int = 224
    width: float = 2.0
    opacity: float = 1.0
    samples: int = 2

    def __post_init__(self) -> None:
        check_settings(self.size, self.width, self.opacity, self.samples)

    @property
    def source(self) -> str:
        """Canonical one-line text: with a sketch's key and a camera's source it names a picture."""
        return (f"strokes size={self.size} width={self.width:.9g} opacity={self.opacity:.9g} "
                f"samples={self.samples}")


class SketchRenderer(Protocol):
    """What takes the place of `render`: any callable with this signature and result."""

    def __call__(
        self, sketches: Sequence[Sketch | torch.Tensor], cameras: Sequence[Camera], *, size: int = 224,
        width: float = 2.0, opacity: float = 1.0,
    ) -> torch.Tensor: ...


def render(
    sketches: Sequence[Sketch | torch.Tensor],
    cameras: Sequence[Camera],
    *,
    size: int = 224,
    width: float = 2.0,
    opacity: float = 1.0,
    samples: int = 2,
    device: str | torch.device | None = None,
) -> torch.Tensor:
    """Pictures of B sketches in V views.

    sketches : B sketches, or tensors of shape (N_i, 4, 3) in the world frame; gradients flow to tensors
    cameras : V views
    size, width, opacity, samples : see `RasterSettings`
    device : where to draw; None keeps the tensors where they are (sketches: the CPU)

    Returns (B, V, size, size) float32 (float64 when a tensor is): paper 1.0, ink 0.0, row 0 at the top.
    A sketch without strokes is white. Raises ConfigurationError for wrong shapes, numbers and settings.
    """
    import torch

    check_settings(size, width, opacity, samples)
    wide = any(isinstance(sketch, torch.Tensor) and sketch.dtype == torch.float64 for sketch in sketches)
    dtype = torch.float64 if wide else torch.float32
    packed = []
    for index, sketch in enumerate(sketches):
        array = torch.as_tensor(sketch.array() if isinstance(sketch, Sketch) else sketch).to(device, dtype)
        if array.ndim != 3 or array.shape[1:] != (4, 3):
            raise ConfigurationError(
                "control points of shape (N, 4, 3)", came=f"shape {tuple(array.shape)}", where=f"sketch {index}"
            )
        packed.append(array)
    if not packed:
        return torch.ones((0, len(cameras), size, size), dtype=dtype, device=device)
    points = torch.cat(packed)
    owner = torch.repeat_interleave(torch.tensor([len(array) for array in packed])).to(points.device)
    return render_strokes(
        points, owner, cameras, sketches=len(packed), width=width, opacity=opacity, size=size, samples=samples
    )


def render_strokes(
    points: torch.Tensor,
    owner: torch.Tensor,
    cameras: Sequence[Camera],
    *,
    sketches: int,
    width: float | torch.Tensor = 2.0,
    opacity: float | torch.Tensor = 1.0,
    size: int = 224,
    samples: int = 2,
) -> torch.Tensor:
    """The differentiable core: packed strokes to pictures.

    points : (N, 4, 3) float, world frame; strokes of all sketches one after the other
    owner : (N,) integer in [0, sketches), the sketch of each stroke
    width, opacity : number or (N,) tensor, full width in pixels and strength of each stroke
    Returns (sketches, V, size, size) in the dtype and on the device of `points`.

    A stroke covers the union of the capsules along its pieces, antialiased in `samples` x `samples` cells;
    strokes of one picture leave the product of (1 - opacity * coverage), which for black ink on white is
    alpha-over in any order. What lies nearer than a camera's `near` is cut off. Differentiable once in
    points, width and opacity. The number of pieces follows from the projected bend of each curve and is
    held fixed by the gradient. On a CPU the result does not depend on timing.
    """
    import torch

    from drawagent.raster_ink import Ink

    _check_strokes(points, owner, sketches)
    views, strokes = len(cameras), len(points)
    device, dtype = points.device, points.dtype
    width = torch.as_tensor(width, dtype=dtype, device=device).expand(strokes)
    opacity = torch.as_tensor(opacity, dtype=dtype, device=device).expand(strokes)
    if not views or not strokes:
        return torch.ones((sketches, views, size, size), dtype=dtype, device=device)
    picture = (owner.long()[:, None] * views + torch.arange(views, device=device)).reshape(-1)
    picture, order = torch.sort(picture, stable=True)  # pictures one after the other, strokes in the order drawn
    stroke, view = torch.div(order, views, rounding_mode="floor"), order % views
    lenses = torch.as_tensor(np.stack([camera.picture_matrix() for camera in cameras]), dtype=dtype, device=device)
    near = torch.tensor([camera.near for camera in cameras], dtype=dtype, device=device)[view]
    whole = torch.cat([points, torch.ones_like(points[..., :1])], dim=-1)
    curves = (whole @ lenses.transpose(1, 2)[:, None]).transpose(0, 1).reshape(strokes * views, 4, 4)[order]
    start, end, curve, joined = _pieces(curves, near, size)
    pictures = Ink.apply(
        start, end, width[stroke] / 2, opacity[stroke], curve, joined, picture, stroke, sketches * views, strokes,
        size, samples,
    )
    return pictures.view(sketches, views, size, size)


def _pieces(curves: torch.Tensor, near: torch.Tensor, size: int):
    """Straight pieces of homogeneous cubics (C, 4, 4), cut at the near plane: ends (S, 2) in pixels, curve, joined."""
    import torch

    device, dtype = curves.device, curves.dtype
    with torch.no_grad():
        # |B''| of a cubic is at most 6 bend, and a chord strays by at most |B''| / (8 n^2). In the picture
        # |x| <= 1, so the projected curve strays by no more than (stray of X, Y + stray of W) / W.
        second = curves[:, :-2] - 2 * curves[:, 1:-1] + curves[:, 2:]
        bend = (second[..., :2].norm(dim=2) + second[..., 2].abs()).amax(1)
        nearest = torch.maximum(curves[..., 3].amin(1), near) if bool((curves[..., 2] != 1).any()) else 1.0
        number = (0.75 * bend / nearest * (size / 2) / TOLERANCE).sqrt().ceil().clamp(1, MOST_PIECES).long()
        knots = number + 1
        curve = torch.repeat_interleave(knots)
        step = torch.arange(len(curve), device=device) - (knots.cumsum(0) - knots)[curve]
        t = (step.to(dtype) / number[curve])[:, None]
        s = 1 - t
        basis = torch.cat([s**3, 3 * s * s * t, 3 * s * t * t, t**3], 1)
        first = (step < number[curve]).nonzero().squeeze(1)
    knot = (basis[:, :, None] * curves[curve]).sum(1)
    start, end, curve, step = knot[first], knot[first + 1], curve[first], step[first]
    front, back = start[:, 3] >= near[curve], end[:, 3] >= near[curve]
    if not bool((front & back).all()):
        start, end = _clip(start, end, front, back, near[curve])
        seen = front | back
        start, end, curve, step, front = start[seen], end[seen], curve[seen], step[seen], front[seen]
    joined = torch.zeros(len(curve), dtype=torch.bool, device=device)
    joined[1:] = (curve[1:] == curve[:-1]) & (step[1:] == step[:-1] + 1) & front[1:]
    half = size / 2
    start, end = (half * (knot[:, :2] / knot[:, 2:3] + 1) for knot in (start, end))
    return start, end, curve, joined


def _clip(start, end, front, back, near):
    """Moves the end of a piece that lies behind the near plane onto it; pieces wholly behind are left to be dropped."""
    import torch

    crosses = front != back
    rise = torch.where(crosses, end[:, 3] - start[:, 3], torch.ones_like(near))
    share = torch.where(crosses, (near - start[:, 3]) / rise, torch.zeros_like(near))[:, None]
    cut = start + share * (end - start)
    return torch.where(front[:, None], start, cut), torch.where(back[:, None], end, cut)


def check_settings(size: int, width: float, opacity: float, samples: int = 1) -> None:
    """Raises ConfigurationError for settings that no renderer can take."""
    if size != int(size) or not 1 <= size <= 8192:
        raise ConfigurationError("a whole number of pixels from 1 to 8192", came=str(size), where="raster size")
    if not (width > 0 and math.isfinite(width)):
        raise ConfigurationError("a positive stroke width in pixels", came=str(width), where="raster width")
    if not 0 <= opacity <= 1:
        raise ConfigurationError("an opacity from 0 to 1", came=str(opacity), where="raster opacity")
    if samples != int(samples) or not 1 <= samples <= 16:
        raise ConfigurationError("1 to 16 cells a side", came=str(samples), where="raster samples")


def _check_strokes(points: torch.Tensor, owner: torch.Tensor, sketches: int) -> None:
    if points.ndim != 3 or points.shape[1:] != (4, 3):
        raise ConfigurationError("control points of shape (N, 4, 3)", came=f"shape {tuple(points.shape)}")
    if owner.shape != points.shape[:1]:
        raise ConfigurationError(f"{len(points)} owners", came=f"shape {tuple(owner.shape)}", where="owner")
    if len(owner) and not (0 <= int(owner.min()) and int(owner.max()) < sketches):
        raise ConfigurationError(f"owners from 0 to {sketches - 1}", came=f"{owner.min()} to {owner.max()}",
                                 where="owner")
    if not bool(points.isfinite().all()):
        stroke, point, _ = (~points.isfinite()).nonzero()[0].tolist()
        raise ConfigurationError("finite numbers", came="nan or inf", where=f"stroke {stroke}, point {point}")
