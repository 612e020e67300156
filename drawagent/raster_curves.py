"""Curves on their way to the raster: coincident ones merged, cubics cut into straight pieces, the near plane respected.

A homogeneous curve is (4, 4): four control points, each (X, Y, W, depth) with the picture point (X/W, Y/W).
"""

from __future__ import annotations

import torch

MOST_PIECES = 256  # pieces of one curve at most; reached only by curves that pass the viewer closely
TOLERANCE = 0.05  # pixels a piece may stray from its curve; ours: a finer one no longer changes the picture
FARTHEST = 1e5  # half pictures; pieces that end farther out are left away, where a float32 no longer places a pixel
GRAIN = 1 / 256  # pixels within which the control points of two curves count as the same
# Odd numbers that turn a row of integers into one; fixed, so that results repeat.
_DIGITS = tuple(pow(6364136223846793005, power, 1 << 63) for power in range(1, 19))


def merge(curves, width, opacity, picture, near, size: int):
    """Curves that lie on each other in a picture become one, with the ink of both.

    Strokes are combined cell by cell as if their edges were independent; edges that coincide (a box drawn
    face by face, a mirrored part seen straight on) are not, and would darken. The gradient is shared evenly.

    curves : (C, 4, 4); width, opacity : (C,); picture : (C,) long, ascending; near : (C,)
    Returns curves, width, opacity, picture, near of the D <= C distinct ones, in order of first appearance.
    """
    with torch.no_grad():
        front = (curves[..., 3] >= near[:, None]).all(1)
        grain = GRAIN / (size / 2) * curves[..., 2].abs().amax(1).clamp_min(1e-6)
        places = torch.cat([curves[..., :3], torch.where(front, 0, 1)[:, None, None] * curves[..., 3:]], 2)
        places = (places / grain[:, None, None]).round().clamp(-(2.0**40), 2.0**40).long()
        sides = torch.cat([places[:, 0] - places[:, 3], places[:, 1] - places[:, 2]], 1)
        lead = sides.gather(1, (sides != 0).int().argmax(1, keepdim=True)).squeeze(1)
        turned = lead < 0
        places = torch.where(turned[:, None, None], places.flip(1), places)
        row = torch.cat([places.reshape(-1, 16), (width / GRAIN).round().long()[:, None], picture[:, None]], 1)
        mark = (row * torch.tensor(_DIGITS, device=curves.device)).sum(1)
        _, group = torch.unique(mark, return_inverse=True)
        groups = int(group.max()) + 1
    if groups == len(curves):
        return curves, width, opacity, picture, near
    with torch.no_grad():
        index = torch.arange(len(curves), device=curves.device)
        first = torch.full((groups,), len(curves), device=curves.device).scatter_reduce(0, group, index, "amin")
        first, order = torch.sort(first)
        group = torch.argsort(order)[group]
        count = torch.zeros(groups, dtype=curves.dtype, device=curves.device).index_add(
            0, group, torch.ones_like(width))
    curves = torch.where(turned[:, None, None], curves.flip(1), curves)
    curves = curves.new_zeros(groups, 4, 4).index_add(0, group, curves) / count[:, None, None]
    width = width.new_zeros(groups).index_add(0, group, width) / count
    opacity = 1 - torch.ones_like(count).scatter_reduce(0, group, 1 - opacity, "prod")
    return curves, width, opacity, picture[first], near[first]


def pieces(curves, near, size: int):
    """Straight pieces of homogeneous cubics, cut at the near plane.

    curves : (C, 4, 4); near : (C,) least depth that is seen
    Returns start, end (S, 2) in pixels, curve (S,) ascending, joined (S,) bool: starts where the one before ends.
    """
    device, dtype = curves.device, curves.dtype
    with torch.no_grad():
        # A chord strays by at most |B''| / (8 n^2) from a cubic, and |B''| <= 6 bend. Inside the picture
        # |x| <= 1, so the projected chord strays by no more than (stray of X, Y + stray of W) / W.
        second = curves[:, :-2] - 2 * curves[:, 1:-1] + curves[:, 2:]
        bend = (second[..., :2].norm(dim=2) + second[..., 2].abs()).amax(1)
        flat = (curves[..., 2] == 1).all(1)
        nearest = torch.where(flat, 1, torch.maximum(curves[..., 3].amin(1), near))
        number = (0.75 * bend / nearest * (size / 2) / TOLERANCE).sqrt().nan_to_num(1)
        number = number.ceil().clamp(1, MOST_PIECES).long()
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
    with torch.no_grad():
        reach = torch.maximum(*((knot[:, :2] / knot[:, 2:3]).abs().amax(1) for knot in (start, end)))
        seen = (front | back) & (reach < FARTHEST)
    if not bool(seen.all()):
        start, end, curve, step, front = start[seen], end[seen], curve[seen], step[seen], front[seen]
    joined = torch.zeros(len(curve), dtype=torch.bool, device=device)
    joined[1:] = (curve[1:] == curve[:-1]) & (step[1:] == step[:-1] + 1) & front[1:]
    half = size / 2
    start, end = (half * (knot[:, :2] / knot[:, 2:3] + 1) for knot in (start, end))
    return start, end, curve, joined


def _clip(start, end, front, back, near):
    """Moves the hidden end of a piece that crosses the near plane onto it; leaves the other pieces alone."""
    crosses = front != back
    rise = torch.where(crosses, end[:, 3] - start[:, 3], torch.ones_like(near))
    share = torch.where(crosses, (near - start[:, 3]) / rise, torch.zeros_like(near))[:, None]
    cut = start + share * (end - start)
    return torch.where(front[:, None], start, cut), torch.where(back[:, None], end, cut)
