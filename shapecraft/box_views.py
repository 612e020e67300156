"""Box views: the bounding volumes of a graph, translucent, coloured and labelled, from four sides (ShapeCraft, section
3.2: in every bootstrapping round the Evaluator sees the rendered volumes).

Every pixel's ray meets the faces of all boxes; they are laid over each other in the order of depth, so that boxes which
cut into one another look right. Edges are drawn, hidden ones faintly, and the floor z = 0 below all.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from easel.cameras import Camera
from easel.chat import Image
from easel.errors import ConfigurationError, MissingCapability
from shapecraft.boxes import Box
from shapecraft.labels import Label, draw_labels
from shapecraft.raster import rays
from shapecraft.shading import part_colour
from shapecraft.sheets import SIX, View, fitted, laid_out, png_bytes

VERSION = "boxes 1"
FOUR: tuple[View, ...] = tuple(view for view in SIX if view.name in ("front", "right", "top", "three-quarter"))
FILL = 0.68
"""Share of the half picture that all boxes fill; the rest is for labels (ours)."""
_FACE, _EDGE, _HIDDEN, _FLOOR = 0.22, 0.9, 0.35, 0.10  # how much a face, an edge, an edge behind and the floor cover
_IN = 0.88  # how far from its middle to its corner a box may be pointed at
_LINE = 1.3  # width of an edge in pixels

Named = Sequence[tuple[str, Box]]


def box_sheet(
    boxes: Named, *, views: Sequence[View] = FOUR, size: int = 384, samples: int = 2, columns: int = 2, title: str = ""
) -> Image:
    """The boxes from all views as a PNG; each view under its name, every box labelled in every view.

    boxes : (name, box), at least one; a box's colour goes by its place, as a part's does in `shapecraft.shading`
    The picture counts by names, boxes to a micrometre, cameras and settings.
    Raises ConfigurationError without boxes; MissingCapability without numba.
    """
    boxes = list(boxes)
    if not boxes:
        raise ConfigurationError("at least one box", came="none", where="box_sheet")
    corners = np.concatenate([_corners(box) for _, box in boxes])
    cameras = fitted(corners, views, margin=FILL)
    pictures = box_views([box for _, box in boxes], cameras, size=size, samples=samples)
    shown = [_labelled(picture, boxes, camera) for picture, camera in zip(pictures, cameras, strict=True)]
    sheet = laid_out(shown, [view.name for view in views], columns=columns, title=title)
    words = "|".join(f"{name}:{[round(one + 0.0, 6) for one in (*box.center, *box.size)]}" for name, box in boxes)
    key = hashlib.sha256(f"{words}|{title}".encode()).hexdigest()
    return Image(png_bytes(sheet), f"box-sheet|{key}|{VERSION}, {size}x{samples}|"
                                   + ";".join(camera.source for camera in cameras))


def box_views(boxes: Sequence[Box], cameras: Sequence[Camera], *, size: int = 384, samples: int = 2) -> np.ndarray:
    """(V, size, size, 3) float32 in [0, 1], paper 1: the boxes where they are, without labels.

    samples : along each side of a pixel. Errors as `box_sheet`, and for a size outside 1 to 4096.
    """
    if not 1 <= size <= 4096 or not 1 <= samples <= 8:
        raise ConfigurationError("1 to 4096 pixels, 1 to 8 samples", came=f"{size}, {samples}", where="box_views")
    fill, fine = _compiled(), size * samples
    centres = np.array([box.center for box in boxes], dtype=np.float64).reshape(-1, 3)
    halves = np.array([box.size for box in boxes], dtype=np.float64).reshape(-1, 3) / 2
    paint = np.array([part_colour(number) for number in range(len(boxes))]).reshape(-1, 3)
    low, high = _floor(centres, halves)
    views = np.empty((len(cameras), size, size, 3), dtype=np.float32)
    for view, camera in enumerate(cameras):
        origins, directions = rays(camera, fine)
        wide = math.tan(math.radians(camera.fov_deg) / 2) if camera.projection == "perspective" else 0.0
        picture = np.ones((fine, fine, 3))
        fill(np.ascontiguousarray(origins), np.ascontiguousarray(directions), centres, halves, paint, low, high,
             camera.near, _LINE * 2 * wide / size, 0.0 if wide else _LINE * camera.height / size, picture)
        views[view] = picture.reshape(size, samples, size, samples, 3).mean(axis=(1, 3))
    return views


def _labelled(picture: np.ndarray, boxes: Named, camera: Camera) -> np.ndarray:
    labels = [Label(name, at, part_colour(number))
              for number, ((name, _), at) in enumerate(zip(boxes, _anchors(boxes, camera, len(picture)), strict=True))]
    # The floor is pale and may be written upon; boxes leave at most 1 - _FACE of the paper in some channel.
    return draw_labels(picture, picture.min(axis=2) < 0.88, labels)


def _anchors(boxes: Named, camera: Camera, size: int) -> list[tuple[int, int]]:
    """(x, y) pixel a box: of its middle and places near its corners the one that the fewest other boxes share."""
    places = [(camera.project(np.array(box.center) + np.concatenate([np.zeros((1, 3)), _IN * (
        _corners(box) - np.array(box.center))]))[:, :2] + 1) / 2 * size for _, box in boxes]
    outlines = [(camera.project(_corners(box))[:, :2] + 1) / 2 * size for _, box in boxes]
    found = []
    for number, candidates in enumerate(places):
        shared = np.zeros(len(candidates))
        for other, outline in enumerate(outlines):
            if other != number:
                shared += ((outline.min(axis=0) <= candidates) & (candidates <= outline.max(axis=0))).all(axis=1)
        x, y = np.clip(np.round(candidates[int(np.argmin(shared))]), 0, size - 1)
        found.append((int(x), int(y)))
    return found


def _corners(box: Box) -> np.ndarray:
    """(8, 3)"""
    signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
    return np.array(box.center) + signs * np.array(box.size) / 2


def _floor(centres: np.ndarray, halves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest (x, y) of the floor: a tenth of the longest side wider than the boxes."""
    if not len(centres):
        return np.zeros(2), np.zeros(2)
    low, high = (centres - halves).min(axis=0), (centres + halves).max(axis=0)
    more = 0.1 * float((high - low).max())
    return low[:2] - more, high[:2] + more


def _fill(
    origins: np.ndarray, directions: np.ndarray, centres: np.ndarray, halves: np.ndarray, paint: np.ndarray,
    low: np.ndarray, high: np.ndarray, near: float, spread: float, width: float, picture: np.ndarray,
) -> None:
    """Lay all faces over `picture` (S, S, 3), which is changed.

    origins, directions : (S, S, 3), as `rays`; low, high : (2,) of the floor
    spread, width : an edge is spread * depth + width wide, metres
    """
    count = centres.shape[0]
    depths, owner, axes = np.empty(2 * count + 1), np.empty(2 * count + 1, np.int64), np.empty(2 * count + 1, np.int64)
    for row in range(picture.shape[0]):
        for column in range(picture.shape[1]):
            found = 0
            for box in range(count + 1):
                if box == count:
                    if directions[row, column, 2] == 0.0:
                        continue
                    enter = leave = -origins[row, column, 2] / directions[row, column, 2]
                    x = origins[row, column, 0] + enter * directions[row, column, 0]
                    y = origins[row, column, 1] + enter * directions[row, column, 1]
                    if x < low[0] or x > high[0] or y < low[1] or y > high[1]:
                        continue
                    first = last = 2
                else:
                    enter, leave, first, last = -math.inf, math.inf, 0, 0
                    for axis in range(3):
                        start = origins[row, column, axis] - centres[box, axis]
                        step = directions[row, column, axis]
                        if step == 0.0:
                            if abs(start) > halves[box, axis]:
                                leave = -math.inf
                            continue
                        one, other = (-halves[box, axis] - start) / step, (halves[box, axis] - start) / step
                        if one > other:
                            one, other = other, one
                        if one > enter:
                            enter, first = one, axis
                        if other < leave:
                            leave, last = other, axis
                    if enter > leave:
                        continue
                for side in range(1 if box == count else 2):
                    depth = enter if side == 0 else leave
                    if depth < near:
                        continue
                    # Kept in the order of depth; of equal depths the later box lies in front of the earlier one's face.
                    at = found
                    while at > 0 and depths[at - 1] < depth:
                        depths[at], owner[at], axes[at] = depths[at - 1], owner[at - 1], axes[at - 1]
                        at -= 1
                    depths[at], owner[at] = depth, 2 * box + side
                    axes[at] = first if side == 0 else last
                    found += 1
            for at in range(found):
                box, behind = owner[at] // 2, owner[at] % 2
                if box == count:
                    for channel in range(3):
                        picture[row, column, channel] += (0.35 - picture[row, column, channel]) * _FLOOR
                    continue
                line = spread * depths[at] + width
                edge = False
                for axis in range(3):
                    if axis != axes[at]:
                        place = origins[row, column, axis] + depths[at] * directions[row, column, axis]
                        if halves[box, axis] - abs(place - centres[box, axis]) < line:
                            edge = True
                length = math.sqrt(directions[row, column, 0] ** 2 + directions[row, column, 1] ** 2
                                   + directions[row, column, 2] ** 2)
                slant = abs(directions[row, column, axes[at]]) / length
                cover = _FACE if not edge else (_HIDDEN if behind else _EDGE)
                light = 0.55 if edge else 0.75 + 0.25 * slant
                for channel in range(3):
                    picture[row, column, channel] += (
                        paint[box, channel] * light - picture[row, column, channel]) * cover


@functools.cache
def _compiled() -> Callable[..., Any]:
    try:
        import numba
    except ImportError:
        raise MissingCapability("the package numba, which draws boxes", came="none", where="shapecraft.box_views",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
    return numba.njit(nogil=True)(_fill)
