"""Paint details: what is learnt from the picture of a detail (ours).

A model fades what it draws towards the borders of its pictures and lights it from above. Seen once, neither shows; but
details are looked at from one place again and again, and lie side by side: their borders came out as a weave of lines,
and the light as bands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

FAINT = 0.1
"""Weight of a border's gradient (ours): it decides where nothing else is seen of a place, and hardly elsewhere."""


def of_detail(gradient: torch.Tensor, shown: torch.Tensor, *, rim: float, level: bool) -> torch.Tensor:
    """What is taken of a gradient (B, C, H, W) with regard to the picture of a detail.

    shown : (h, w) share of each pixel of the picture, of whatever size, that shows the part
    rim : see `ViewPlan`; level : see `PaintSettings`; the borders count as little for the slopes as for the rest
    """
    import torch

    if level:
        weight = torch.nn.functional.interpolate(shown[None, None], gradient.shape[2:], mode="bilinear", antialias=True)
        gradient = levelled(gradient, within_rim(weight, rim)[0, 0])
    return within_rim(gradient, rim)


def within_rim(picture: torch.Tensor, rim: float) -> torch.Tensor:
    """(B, C, H, W), along the borders times `FAINT`. rim : share of a side, rounded to pixels"""
    import torch

    along = round(rim * picture.shape[-1])
    if not along:
        return picture
    inner = torch.nn.functional.pad(picture[..., along:-along, along:-along], (along,) * 4)
    return FAINT * picture + (1 - FAINT) * inner


def levelled(gradient: torch.Tensor, shown: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) less the slope, across and down, of the plane that fits it best; its mean stays.

    shown : (H, W) weights of the pixels, 0 where the part is not
    """
    import torch

    height, width = shown.shape
    weight = shown.reshape(-1)
    down, across = torch.meshgrid(torch.linspace(-1, 1, height).to(shown), torch.linspace(-1, 1, width).to(shown),
                                  indexing="ij")
    slopes = torch.stack([down.reshape(-1), across.reshape(-1)], dim=1)
    total = weight.sum().clamp_min(1e-6)
    slopes = slopes - (weight @ slopes) / total
    inner = (slopes * weight[:, None]).T @ slopes + 1e-6 * total * torch.eye(2).to(shown)
    flat = gradient.flatten(2)
    fitted = torch.linalg.solve(inner, (slopes * weight[:, None]).T @ flat.transpose(1, 2))
    return gradient - (slopes @ fitted).transpose(1, 2).reshape(gradient.shape)
