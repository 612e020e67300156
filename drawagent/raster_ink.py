"""Ink: what share of each pixel a set of capsules covers, with its gradient; the inner loop of `drawagent.raster`.

Every segment is the axis of a capsule. Its pixels are listed row by row, so the work is the number of
(pixel, segment) pairs near ink and never the number of pixels of the canvas. A pixel is a grid of
`samples` x `samples` cells. In each cell a stroke covers a ramp of the distance to its nearest segment (its
union: joints do not darken), strokes multiply the paper that is left, and the pixel is the mean of its
cells. For black ink on white the product is alpha-over in any order.
"""

from __future__ import annotations

import torch
from torch.autograd.function import once_differentiable

CHUNK = 1 << 15  # pairs worked on at a time on a CPU, so that the arrays stay in its cache
FAR = 1e12  # squared distance of a segment that another one of its stroke hides
SOLID = 1e-7  # paper is never darker than this within one stroke: its logarithm stays finite


class Ink(torch.autograd.Function):
    """Pictures from segments; gradients for the ends, radii and opacities.

    start, end : (S, 2) pixel frame, x right and y down, pixel i spans [i, i + 1]
    radius, opacity : (C,) half-width in pixels and strength in [0, 1] of each curve
    curve : (S,) long, the curve of each segment, ascending
    joined : (S,) bool, the segment's start is the end of the segment before it
    picture : (C,) long, the picture of each curve, ascending
    Returns (pictures, size, size): white 1, ink 0.
    """

    @staticmethod
    def forward(ctx, start, end, radius, opacity, curve, joined, picture, pictures, size, samples):
        paper = torch.ones(pictures * size * size, dtype=start.dtype, device=start.device)
        learns = any(ctx.needs_input_grad[:4])
        boxes = _boxes(start, end, radius[curve], opacity[curve], joined, samples)
        # A curve's number within its picture tells the strokes of a pixel apart.
        number = torch.arange(len(picture), device=start.device) - torch.searchsorted(picture, picture)
        strokes = int(number.max()) + 1
        base = (picture * size * size * strokes + number)[curve]
        kept = []
        for part in _parts(boxes, picture[curve], pictures):
            table, segment, key, count = _runs(boxes[part], base[part], size, strokes)
            kept.append((part, *_draw(paper, table, segment, key, count, strokes, samples, learns)))
        ctx.kept, ctx.boxes, ctx.samples = kept if learns else None, boxes, samples
        ctx.curve, ctx.curves = curve, len(radius)
        return paper.view(pictures, size, size)

    @staticmethod
    @once_differentiable
    def backward(ctx, gradient):
        ux, uy = ctx.boxes[:, 0], ctx.boxes[:, 1]
        sums = torch.zeros(6, len(ux), dtype=ux.dtype, device=ux.device)
        gradient = gradient.reshape(-1) / ctx.samples**2
        wide, strong = ctx.needs_input_grad[2:4]
        for part, segment, rank, pixel, paper, pull_along, pull_across, share, swell, depth in ctx.kept:
            pull = (gradient[pixel] * paper).index_select(1, rank)
            along, across = pull * pull_along, pull * pull_across
            values = [along.sum(0), across.sum(0), along.mul_(share).sum(0), across.mul_(share).sum(0)]
            if wide:
                values.append((pull * swell).sum(0))
            if strong:
                values.append((pull * depth).sum(0))
            lines = [0, 1, 2, 3] + [4] * wide + [5] * strong
            for line, value in zip(lines, values, strict=True):
                sums[line, part].index_add_(0, segment, value)
        along, across, end_along, end_across, swell, depth = sums
        end = -torch.stack([ux * end_along - uy * end_across, uy * end_along + ux * end_across], 1)
        start = -torch.stack([ux * along - uy * across, uy * along + ux * across], 1) - end
        radius = sums.new_zeros(ctx.curves).index_add_(0, ctx.curve, swell) if wide else None
        opacity = sums.new_zeros(ctx.curves).index_add_(0, ctx.curve, depth) if strong else None
        return start, end, radius, opacity, *[None] * 6


def _boxes(start, end, radius, opacity, joined, samples):
    """(S, 10): the rotated box that holds each segment's ink.

    Columns: direction x, y, length, radius, opacity, start x, y, reach along the direction from `low` to `high`,
    and `reach` across. A point has the direction (1, 0). A cell's ramp ends half a cell outside the edge, and
    a cell lies off its pixel's centre. At a smooth joint the neighbour takes over, so a box passes the joint
    only by the wedge that opens there; at the ends of strokes it holds the whole round cap.
    """
    step = end - start
    length = step.norm(dim=1)
    point = length < 1e-9
    step = torch.where(point[:, None], torch.tensor([1.0, 0.0], dtype=step.dtype, device=step.device), step)
    ux, uy = (step / torch.where(point, 1, length)[:, None]).T
    length = torch.where(point, 0, length)
    cells = (samples - 1) / samples * 0.5 * 2**0.5
    reach = radius + 0.5 / samples + cells + 1e-3
    cosine = ux[1:] * ux[:-1] + uy[1:] * uy[:-1]
    wedge = ((1 - cosine).clamp_min(0) / (1 + cosine).clamp_min(1e-3)).sqrt()
    before, after = reach.clone(), reach.clone()
    before[1:] = torch.where(joined[1:], torch.minimum(reach[1:], reach[1:] * wedge + cells + 1e-2), reach[1:])
    after[:-1] = torch.where(joined[1:], torch.minimum(reach[:-1], reach[:-1] * wedge + cells + 1e-2), reach[:-1])
    return torch.stack([ux, uy, length, radius, opacity, *start.T, -before, length + after, reach], dim=1)


def _parts(boxes, picture, pictures):
    """Slices of segments: whole pictures, about CHUNK pixels of boxes each on a CPU; one slice elsewhere."""
    if boxes.device.type != "cpu":
        return [slice(0, len(boxes))]
    area = (boxes[:, 8] - boxes[:, 7]) * 2 * boxes[:, 9]
    pairs = area.new_zeros(pictures).index_add_(0, picture, area).tolist()
    ends = torch.bincount(picture, minlength=pictures).cumsum(0).tolist()
    parts, first, last, load = [], 0, 0, 0.0
    for new, end in zip(pairs, ends, strict=True):
        if load and load + new > CHUNK:
            parts.append(slice(first, last))
            first, load = last, 0.0
        load, last = load + new, end
    return [part for part in [*parts, slice(first, len(boxes))] if part.stop > part.start]


def _runs(boxes, base, size, strokes):
    """Runs of pixels, one for each picture row that a box may touch.

    Returns table (R, 7): the run's first pixel's place along and across, direction x, y, length, radius,
    opacity; segment (R,) within the part; key (R,) of the first pixel (picture, y, x, stroke); count (R,).
    """
    ux, uy, _, _, _, _, y0, low, high, reach = boxes.T
    centre = y0 + 0.5 * (low + high) * uy - 0.5
    half = 0.5 * (high - low) * uy.abs() + reach * ux.abs()
    top = (centre - half).ceil().clamp(0, size).long()
    number = ((centre + half).floor().clamp(-1, size - 1).long() - top + 1).clamp_min(0)
    segment = torch.repeat_interleave(number)
    y = torch.arange(len(segment), device=boxes.device) + (top - number.cumsum(0) + number)[segment]

    ux, uy, length, radius, opacity, x0, y0, low, high, reach = boxes.index_select(0, segment).T.contiguous()
    cos, sin = torch.where(ux.abs() < 1e-6, 1e-6, ux), torch.where(uy.abs() < 1e-6, 1e-6, uy)
    dy = y.to(ux.dtype) + 0.5 - y0
    rise = dy * sin
    a, b = (low - rise) / cos, (high - rise) / cos
    middle, half = dy * cos / sin, reach / sin.abs()
    x0 = x0 - 0.5
    left = (torch.maximum(torch.minimum(a, b), middle - half) + x0).ceil().clamp(0, size)
    right = (torch.minimum(torch.maximum(a, b), middle + half) + x0).floor().clamp(-1, size - 1)
    dx = left - x0
    table = torch.stack([dx * ux + dy * uy, dy * ux - dx * uy, ux, uy, length, radius, opacity], dim=1)
    key = base[segment] + (y * size + left.long()) * strokes
    return table, segment, key, (right - left + 1).clamp_min(0).long()


def _draw(paper, table, segment, base, count, strokes, samples, learns):
    """Inks one part into the flat `paper`; returns what the backward pass needs."""
    run = torch.repeat_interleave(count)
    step = torch.arange(len(run), device=run.device) - (count.cumsum(0) - count)[run]
    key = base[run] + step * strokes
    low = int(base.min()) // strokes * strokes if len(base) else 0
    if int(base.max() if len(base) else 0) - low + int(paper.numel() ** 0.5) * strokes < 2**31:
        key = (key - low).int()
    else:
        key = key - low
    key, order = torch.sort(key, stable=True)
    run, step = run[order], step[order].to(table.dtype)
    pixel = torch.div(key, strokes, rounding_mode="floor")
    new = torch.ones_like(pixel, dtype=torch.bool)
    new[1:] = pixel[1:] != pixel[:-1]
    rank = new.cumsum(0) - 1
    pixel = pixel[new].long() + low // strokes

    along, across, ux, uy, length, radius, opacity = table.index_select(0, run).T.contiguous()
    offset = (torch.arange(samples, device=run.device, dtype=table.dtype) + 0.5) / samples - 0.5
    dx, dy = offset.repeat(samples)[:, None], offset.repeat_interleave(samples)[:, None]
    along = torch.addcmul(torch.addcmul(along, step, ux), dx, ux).addcmul_(dy, uy)
    across = torch.addcmul(torch.addcmul(across, step, uy, value=-1), dx, uy, value=-1).addcmul_(dy, ux)
    foot = torch.minimum(along.clamp_min(0), length)
    along -= foot
    square = torch.addcmul(along * along, across, across)
    _hide(square, key)
    distance = square.clamp_min_(1e-12).sqrt_()
    full = (2 * samples * radius).clamp_max(1)
    ramp = torch.sub(radius, distance).mul_(samples).add_(0.5)
    cover = torch.minimum(ramp, full).clamp_min_(0)
    left_over = torch.addcmul(torch.ones_like(opacity), cover, opacity, value=-1).clamp_min_(SOLID)
    sums = torch.zeros(samples**2, len(pixel), dtype=table.dtype, device=run.device)
    sums.index_add_(1, rank, left_over.log())
    sums.exp_()
    paper[pixel] = sums.mean(0)
    if not learns:
        return ()
    edge = (ramp > 0) & (ramp < full)
    slope = torch.where(edge, opacity * samples, torch.zeros_like(opacity)).div_(left_over)
    thin = (ramp >= full) & (full < 1)
    swell = -(slope + torch.where(thin, 2 * samples * opacity, torch.zeros_like(opacity)).div_(left_over))
    pull = slope / distance
    share = torch.where(length > 0, foot / length, torch.full_like(foot, 0.5))
    return segment[run], rank, pixel, sums, pull * along, pull * across, share, swell, -cover / left_over


def _hide(square, key):
    """Leaves each cell of a stroke to its nearest segment, the first of equals; the others go FAR away."""
    same = key[1:] == key[:-1]
    many = torch.cat([same.new_zeros(1), same]) | torch.cat([same, same.new_zeros(1)])
    many = many.nonzero().squeeze(1)
    if not len(many):
        return
    group = (key[many][1:] != key[many][:-1]).cumsum(0)
    group = torch.cat([group.new_zeros(1), group]).expand(len(square), -1)
    groups = int(group[0, -1]) + 1
    rivals = square[:, many]
    least = rivals.new_full((len(square), groups), FAR).scatter_reduce(1, group, rivals, "amin")
    turn = torch.arange(len(many), device=key.device).expand_as(group)
    turn = torch.where(rivals <= least.gather(1, group), turn, len(many))
    first = turn.new_full((len(square), groups), len(many)).scatter_reduce(1, group, turn, "amin")
    square[:, many] = torch.where(turn == first.gather(1, group), rivals, FAR)
