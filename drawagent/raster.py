"""The renderer: sketches to pictures, differentiable, sparse in ink (3DrawAgent, section 3: rendered views I_v).

A projected cubic is rational, so curves are sampled in space and the samples projected; between samples a
stroke is straight (`drawagent.raster_curves`); pixels are inked in `drawagent.raster_ink`. What is right is
defined by `drawagent.raster_reference`.
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
    packed = as_points(sketches, device)
    if not packed:
        return torch.ones((0, len(cameras), size, size), device=device)
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

    from drawagent.raster_curves import merge, pieces
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
    curves, width, opacity, picture, near = merge(curves, width[stroke], opacity[stroke], picture, near, size)
    start, end, curve, joined = pieces(curves, near, size)
    pictures = Ink.apply(start, end, width / 2, opacity, curve, joined, picture, sketches * views, size, samples)
    return pictures.view(sketches, views, size, size)


def as_points(
    sketches: Sequence[Sketch | torch.Tensor], device: str | torch.device | None = None
) -> list[torch.Tensor]:
    """Control points of each sketch, (N_i, 4, 3) tensors of one dtype: float64 when a tensor is, else float32."""
    import torch

    wide = any(isinstance(sketch, torch.Tensor) and sketch.dtype == torch.float64 for sketch in sketches)
    packed = []
    for index, sketch in enumerate(sketches):
        array = torch.as_tensor(sketch.array() if isinstance(sketch, Sketch) else sketch)
        if array.ndim != 3 or array.shape[1:] != (4, 3):
            raise ConfigurationError(
                "control points of shape (N, 4, 3)", came=f"shape {tuple(array.shape)}", where=f"sketch {index}"
            )
        packed.append(array.to(device, torch.float64 if wide else torch.float32))
    return packed


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
    if len(owner) and (int(owner.min()) < 0 or int(owner.max()) >= sketches):
        raise ConfigurationError(f"owners from 0 to {sketches - 1}", came=f"{owner.min()} to {owner.max()}",
                                 where="owner")
    if not bool(points.isfinite().all()):
        stroke, point, _ = (~points.isfinite()).nonzero()[0].tolist()
        raise ConfigurationError("finite numbers", came="nan or inf", where=f"stroke {stroke}, point {point}")
