"""The same pictures drawn by pydiffvg, where it is installed: a second opinion, and the paper's renderer.

pydiffvg knows neither cameras nor rational curves: a projected stroke is handed over as cubics that share its
points and tangents, or as a fine polyline where it comes close to the viewer. Its `stroke_width` is a half-width, its
caps are round, and a pixel is the mean of `cells` x `cells` jittered samples, so pictures carry sampling noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from drawagent.raster import as_points, check_settings
from drawagent.sketch import Sketch
from easel.cameras import Camera
from easel.errors import MissingCapability

if TYPE_CHECKING:
    import torch

CLOSE = 0.02  # pixels by which the cubics may miss the projected curve
DOT = 1e-2  # pixels; pydiffvg wants a stroke to have a length


def render(
    sketches: Sequence[Sketch | torch.Tensor],
    cameras: Sequence[Camera],
    *,
    size: int = 224,
    width: float = 2.0,
    opacity: float = 1.0,
    cells: int = 4,
    seed: int = 0,
) -> torch.Tensor:
    """(B, V, size, size) float32, the contract of `drawagent.raster.render`; differentiable in tensors, CPU.

    cells : samples along each side of a pixel (ours: 4; 2 is pydiffvg's default)
    seed : of the jitter
    Raises MissingCapability where pydiffvg cannot be imported.
    """
    import torch

    peer = _import()
    check_settings(size, width, opacity, cells)
    rows = [
        [_draw(peer, points.float(), camera, size, width, opacity, cells, seed) for camera in cameras]
        for points in as_points(sketches, "cpu")
    ]
    if not rows or not cameras:
        return torch.ones((len(rows), len(cameras), size, size))
    return torch.stack([torch.stack(row) for row in rows])


def _import():
    try:
        import pydiffvg
    except ImportError as error:
        raise MissingCapability(
            "the package pydiffvg", came=str(error), where="drawagent.raster_pydiffvg",
            mend="It is on no package index: build it from its repository (BachiLi/diffvg), or use drawagent.raster.",
        ) from error
    pydiffvg.set_use_gpu(False)
    return pydiffvg


def _draw(peer, points, camera, size, width, opacity, cells, seed):
    import torch

    paths = [path for stroke in points for path in _paths(stroke, camera, size)]
    if not paths or width <= 0:
        return torch.ones(size, size)
    shapes, groups = [], []
    for index, (places, inner) in enumerate(paths):
        count = (len(places) - 1) // (inner + 1)
        shapes.append(peer.Path(
            num_control_points=torch.full((count,), inner, dtype=torch.int32), points=places.contiguous(),
            is_closed=False, stroke_width=torch.tensor(width / 2),
        ))
        groups.append(peer.ShapeGroup(
            shape_ids=torch.tensor([index]), fill_color=None, stroke_color=torch.tensor([0.0, 0.0, 0.0, opacity]),
        ))
    scene = peer.RenderFunction.serialize_scene(size, size, shapes, groups)
    return 1 - peer.RenderFunction.apply(size, size, cells, cells, seed, None, *scene)[..., 3]


def _paths(stroke, camera, size):
    """(points (P, 2) in pixels, inner control points of each span: 2 or 0) of one stroke (4, 3)."""
    import torch

    matrix = torch.tensor(camera.picture_matrix(), dtype=torch.float64)
    whole = stroke.double() @ matrix[:, :3].T + matrix[:, 3]
    places = _cubics(whole, size) if bool((whole[:, 3] >= camera.near).all()) else None
    if places is not None:
        if float((places - places[0]).detach().abs().max()) < DOT:
            return [(torch.stack([places[0], places[0] + DOT]).float(), 0)]
        if not _straight(places.detach()):
            return [(places.float(), 2)]
        value = _bezier(whole, torch.linspace(0, 1, 25, dtype=torch.float64)[:, None])[0]
        return [((size / 2 * (value[:, :2] / value[:, 2:3] + 1)).float(), 0)]
    from drawagent.raster_curves import pieces

    start, end, _, joined = pieces(whole[None], torch.tensor([camera.near], dtype=torch.float64), size)
    if not len(start):
        return []
    # Pieces that pass the viewer closely end thousands of pixels away, where pydiffvg's distances lose their digits.
    on = ((torch.maximum(start, end) > -size) & (torch.minimum(start, end) < 2 * size)).all(1).tolist()
    joined = joined.tolist()
    heads = [k for k, kept in enumerate(on) if kept and not (joined[k] and on[k - 1])]
    paths = []
    for head in heads:
        tail = head + 1
        while tail < len(on) and on[tail] and joined[tail]:
            tail += 1
        paths.append((torch.cat([start[head:tail], end[tail - 1 : tail]]).float(), 0))
    return paths


def _cubics(whole, size):
    """Control points (3 n + 1, 2) in pixels of the fewest cubics that follow the projected curve; None past 8."""
    import torch

    for spans in (1, 2, 4, 8):
        t = torch.linspace(0, 1, 2 * spans + 1, dtype=torch.float64)[:, None]
        value, slope = _bezier(whole, t)
        place = size / 2 * (value[:, :2] / value[:, 2:3] + 1)
        pull = slope[:, :2] / value[:, 2:3] - value[:, :2] * slope[:, 2:3] / value[:, 2:3] ** 2
        pull = size / 2 * pull / (3 * spans)
        start, middle, end = place[:-1:2], place[1::2], place[2::2]
        inner = start + pull[:-1:2], end - pull[2::2]
        if float(((start + 3 * inner[0] + 3 * inner[1] + end) / 8 - middle).detach().abs().max()) < CLOSE:
            return torch.cat([torch.stack([start, *inner], 1).flatten(0, 1), place[-1:]])
    return None


def _straight(places):
    """Whether control points (P, 2) lie on a line: pydiffvg finds no nearest point on such a cubic and loses ink."""
    import torch

    offset = places - places.mean(0)
    return float(torch.linalg.svdvals(offset)[1]) < 0.05


def _bezier(points, t):
    """Values and derivatives (T, 4) of a cubic (4, 4) at t (T, 1)."""
    s = 1 - t
    value = s**3 * points[0] + 3 * s * s * t * points[1] + 3 * s * t * t * points[2] + t**3 * points[3]
    a, b, c = points[1] - points[0], points[2] - points[1], points[3] - points[2]
    return value, 3 * (s * s * a + 2 * s * t * b + t * t * c)
