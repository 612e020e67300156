"""Paint views: the cameras from which an object is painted, and what each sees, made once (ShapeCraft, step 5).

A finite, seeded set: views of the whole, and close-ups of every part framed by the part's bounds, from where most of
it is seen. No camera stands inside the ball around the object, so that none sees what nobody outside can see.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from easel.cameras import Camera
from easel.errors import ConfigurationError
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_tiles import tiles_of
from shapecraft.raster import rasterise
from shapecraft.seen_surface import leaving, spiral, up_of

if TYPE_CHECKING:
    import torch

Side = Literal["front", "side", "back", "overhead", "below"]

_TRIED = 32  # directions among which a part's close-ups are chosen
_GLANCE = 96  # pixels of the pictures that decide
_FEWEST = 4  # pixels of a part that must be seen in one of them
_CLEAR = 1.05  # radii of the object's ball that a camera keeps from its middle
_NARROW_DEG = 0.5
_SIDES = tuple(dict.fromkeys(round(_GLANCE * 0.9**step) for step in range(44)))
_FULL = 0.95  # share of a square's pixels that fill it


@dataclass(frozen=True)
class ViewPlan:
    """How many views, and from where.

    whole : views of the object; close : close-ups of each part (paper silent; ours: 24, 6)
    details : at most so many nearer ones of each part, all of one scale, laid out to show what is seen of it (ours:
        off; a model paints a material's pattern well only where it fills the picture; see `paint_tiles`)
    rim : share of a detail's side, along each border of its picture, rounded to pixels, that weighs a tenth in the
        guidance's gradient, and by which tiles overlap more (ours: off; see `paint_details`)
    elevations_deg : lowest and highest view of the whole (paper silent; ours: -20, 70)
    fov_deg : narrowest and widest picture that holds the ball around what is framed (from close relatives: 25 to
        45); the lens is then lengthened until what is framed fills the picture
    room : smallest and largest side of a picture, in sides of what it frames (ours: 1.05, 1.3)
    """

    whole: int = 24
    close: int = 6
    details: int = 0
    rim: float = 0.0
    elevations_deg: tuple[float, float] = (-20.0, 70.0)
    fov_deg: tuple[float, float] = (25.0, 45.0)
    room: tuple[float, float] = (1.05, 1.3)

    def __post_init__(self) -> None:
        low, high = self.elevations_deg
        if self.whole < 0 or not 0 <= self.close <= _TRIED or self.whole + self.close < 1:
            raise ConfigurationError(f"views of the whole, or 1 to {_TRIED} close-ups a part",
                                     came=f"{self.whole}, {self.close}", where="ViewPlan")
        if not 0 <= self.details <= 1024 or (self.details and not self.close):
            raise ConfigurationError("up to 1024 details beside close-ups", where="ViewPlan",
                                     came=f"{self.details}, {self.close} close-ups")
        if not 0 <= self.rim <= 0.3:
            raise ConfigurationError("a rim of 0 to 0.3 of the side", came=str(self.rim), where="ViewPlan")
        if not -85 <= low <= high <= 85 or not 5 <= self.fov_deg[0] <= self.fov_deg[1] <= 90 or not (
                1 <= self.room[0] <= self.room[1] <= 4):
            raise ConfigurationError("elevations within 85 degrees, fov 5 to 90, room 1 to 4", where="ViewPlan",
                                     came=f"{self.elevations_deg}, {self.fov_deg}, {self.room}")


@dataclass(frozen=True)
class PaintView:
    """One camera; part : place in `ObjectMesh.parts` whose close-up it is, None: a view of the whole; side : for words
    that depend on the view; detail : whether it shows a piece of the part"""

    camera: Camera
    part: int | None
    side: Side
    detail: bool = False


@dataclass(frozen=True)
class PaintViews:
    """views : of the whole first, then part by part; hidden : parts that nothing outside sees, which have no view"""

    views: tuple[PaintView, ...]
    hidden: tuple[int, ...]

    def of(self, part: int | None) -> tuple[PaintView, ...]:
        """Close-ups of a part, then its details; None: views of the whole."""
        return tuple(one for one in self.views if one.part == part)


@dataclass(frozen=True, eq=False)
class ViewBuffers:
    """What a view shows, of the P samples that show something (torch, one device).

    size : H = W of the picture; samples : along each side of a pixel
    pixel : (P,) int64, row-major among (size samples)² samples; part : (P,) int64
    position : (P, 3) float32 metres; normal, view : (P, 3) unit vectors, world frame, normal as the file has it, view
    towards the eye; uv : (P, 2) u right, v up, nan on parts without
    """

    size: int
    samples: int
    pixel: torch.Tensor
    part: torch.Tensor
    position: torch.Tensor
    normal: torch.Tensor
    view: torch.Tensor
    uv: torch.Tensor

    def __len__(self) -> int:
        return len(self.pixel)

    def picture(self, values: torch.Tensor, background: torch.Tensor | Sequence[float]) -> torch.Tensor:
        """(1, C, H, W) of values (P, C) on a background (C,); differentiable in the values."""
        import torch

        fine = self.size * self.samples
        ground = torch.as_tensor(background, dtype=values.dtype, device=values.device)
        canvas = ground.expand(fine * fine, values.shape[1]).index_copy(0, self.pixel, values)
        picture = canvas.T.reshape(1, values.shape[1], fine, fine)
        return torch.nn.functional.avg_pool2d(picture, self.samples) if self.samples > 1 else picture


def paint_views(mesh: ObjectMesh, plan: ViewPlan | None = None, *, seed: int) -> PaintViews:
    """The cameras of an object. Raises ConfigurationError for one without triangles."""
    plan, chance = plan or ViewPlan(), np.random.default_rng(seed)
    middle, radius = _ball(mesh.bounds)
    points = mesh.triangles.reshape(-1, 3)
    views = []
    lowest, highest = (math.sin(math.radians(one)) for one in plan.elevations_deg)
    heights = _stratified(plan.whole, lowest, highest, chance)
    for number, height in enumerate(chance.permutation(heights)):
        azimuth = 2 * math.pi * (number + chance.random()) / plan.whole
        flat = math.sqrt(1 - height**2)
        towards = np.array([flat * math.sin(azimuth), -flat * math.cos(azimuth), height])
        fov, room = chance.uniform(*plan.fov_deg), chance.uniform(*plan.room)
        camera = _framed(points, middle, radius, towards, fov, room, middle, radius)
        views.append(PaintView(camera, None, side(towards)))
    hidden = []
    for number, part in enumerate(mesh.parts):
        own = np.random.default_rng((seed, number + 1))
        found = _close(mesh, number, part, plan, own, middle, radius) if plan.close else []
        views.extend(found)
        if plan.close and not found:
            hidden.append(number)
    return PaintViews(tuple(views), tuple(hidden))


def view_from(
    mesh: ObjectMesh, towards: Sequence[float] | np.ndarray, *, fov_deg: float = 30.0, room: float = 1.1
) -> PaintView:
    """The whole from one direction (3,), framed as paint views are. Raises ConfigurationError without triangles."""
    middle, radius = _ball(mesh.bounds)
    towards = np.asarray(towards, dtype=np.float64) / np.linalg.norm(towards)
    points = mesh.triangles.reshape(-1, 3)
    return PaintView(_framed(points, middle, radius, towards, fov_deg, room, middle, radius), None, side(towards))


def buffers_of(
    mesh: ObjectMesh, view: PaintView, *, size: int = 512, samples: int = 1, context: bool = False,
    device: str | torch.device = "cpu",
) -> ViewBuffers:
    """What a view shows. Of a close-up its own part alone, and of that what nothing hides; context : all parts.

    Raises ConfigurationError for a size outside 1 to 8192.
    """
    import torch

    fine = size * samples
    seen = rasterise(mesh, [view.camera], size=fine)
    assert seen.normal is not None
    assert seen.uv is not None
    assert seen.position is not None
    part = seen.part.reshape(-1)
    shown = part >= 0 if view.part is None or context else part == view.part
    pixel = np.flatnonzero(shown)
    position = seen.position.reshape(-1, 3)[pixel]
    towards = np.array(view.camera.eye) - position
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    normal = seen.normal.reshape(-1, 3)[pixel]
    return ViewBuffers(size, samples, *(torch.from_numpy(np.ascontiguousarray(one)).to(device) for one in (
        pixel, part[pixel].astype(np.int64), position, normal, towards.astype(np.float32),
        seen.uv.reshape(-1, 2)[pixel])))


def side(towards: np.ndarray) -> Side:
    """From which side a viewer in this direction (3,) looks: 60 degrees up and down, then 45 to each side of -y, +y."""
    x, y, z = np.asarray(towards, dtype=np.float64) / np.linalg.norm(towards)
    if abs(z) > math.sin(math.radians(60)):
        return "overhead" if z > 0 else "below"
    if abs(x) >= abs(y):
        return "side"
    return "front" if y < 0 else "back"


def _close(
    mesh: ObjectMesh, number: int, part: PartMesh, plan: ViewPlan, chance: np.random.Generator, middle: np.ndarray,
    radius: float,
) -> list[PaintView]:
    """The best views of a part, each far from those before it; none where nothing of it is seen."""
    if not len(part.faces):
        return []
    points = part.triangles.reshape(-1, 3)
    aim, reach = _ball(part.bounds)
    reach = max(reach, 0.01 * radius)
    turn = chance.uniform(0, 2 * math.pi)
    turned = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    tried = spiral(_TRIED) @ turned.T
    cameras = [_framed(points, aim, reach, towards, plan.fov_deg[0], plan.room[0], middle, radius) for towards in tried]
    glances = np.stack([rasterise(mesh, [camera], size=_GLANCE, extras=()).part[0] for camera in cameras])
    shown = np.array([(glance == number).sum() for glance in glances], dtype=np.float64)
    # Pixels times what a pixel spans at the part: the area that is seen, not how well it fills a picture.
    spans = np.array([one.span / 2 for one in cameras])
    worth = np.where(shown >= _FEWEST, shown * (spans / reach) ** 2, 0.0)
    views: list[PaintView] = []
    chosen: list[np.ndarray] = []
    while len(views) < plan.close and worth.max() > 0:
        # A view from a side that is shown already is worth less, by the cosine between them.
        close = np.max([tried @ one for one in chosen], axis=0) if chosen else np.full(_TRIED, -1.0)
        best = int(np.argmax(np.round(worth * (1.05 - np.clip(close, 0.0, 1.0)), 6)))
        camera = _framed(points, aim, reach, tried[best], chance.uniform(*plan.fov_deg), chance.uniform(*plan.room),
                         middle, radius)
        views.append(PaintView(camera, number, side(tried[best])))
        chosen.append(tried[best])
        worth[best] = 0.0
    if plan.details and views:
        shown_parts, pixels = glances == number, 2 * spans / _GLANCE
        square = max(_largest(one) * pixel for one, pixel in zip(shown_parts, pixels, strict=True))
        tiles = tiles_of(mesh, number, most=plan.details, square=square, rim=plan.rim, middle=middle,
                         reach=_CLEAR * radius, chance=chance)
        views.extend(PaintView(one, number, side(np.subtract(one.eye, one.target)), detail=True) for one in tiles)
    return views


def _largest(shown: np.ndarray) -> int:
    """Pixels along the largest square that a part fills in a picture (S, S) bool, of a few sizes."""
    sums = np.pad(np.cumsum(np.cumsum(shown, axis=0), axis=1), ((1, 0), (1, 0)))
    for across in _SIDES:
        inside = sums[across:, across:] - sums[:-across, across:] - sums[across:, :-across] + sums[:-across, :-across]
        if inside.size and inside.max() >= _FULL * across**2:
            return across
    return 0


def _framed(
    points: np.ndarray, aim: np.ndarray, reach: float, towards: np.ndarray, fov_deg: float, room: float,
    middle: np.ndarray, radius: float,
) -> Camera:
    """A camera in this direction, outside the object's ball, whose picture the points (N, 3) fill up to the room."""
    distance = reach / math.sin(math.radians(fov_deg) / 2)
    eye = np.round(aim + max(distance, leaving(aim, towards, middle, _CLEAR * radius)) * towards, 9)
    wide = Camera(tuple(eye), tuple(np.round(aim, 9)), up=up_of(towards), fov_deg=90.0, near=1e-3 * radius)
    slope = room * float(np.abs(wide.project(points)[:, :2]).max())
    return replace(wide, fov_deg=round(max(2 * math.degrees(math.atan(slope)), _NARROW_DEG), 6))


def _ball(bounds: np.ndarray) -> tuple[np.ndarray, float]:
    low, high = bounds
    return (low + high) / 2, max(float(np.linalg.norm(high - low)) / 2, 1e-6)


def _stratified(count: int, low: float, high: float, chance: np.random.Generator) -> np.ndarray:
    """(count,) one number in each of `count` equal stretches."""
    return low + (high - low) * (np.arange(count) + chance.random(count)) / max(count, 1)
