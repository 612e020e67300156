"""Labels: names beside a picture's parts with leader lines, off the object and off each other where there is room."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

LONGEST = 26
"""Characters of a label; longer names are cut, and the cut is marked (ours)."""
_PAD, _GAP, _STEP = 3, 3, 4


@dataclass(frozen=True)
class Label:
    """text; anchor : (x, y) pixel that the leader ends at; colour : screen values in [0, 1] of frame and end point"""

    text: str
    anchor: tuple[int, int]
    colour: tuple[float, float, float]


def anchor(mask: np.ndarray) -> tuple[int, int]:
    """(x, y) of the pixel of a mask (H, W) that lies deepest inside it, the first of equals in reading order."""
    from scipy.ndimage import distance_transform_edt

    # One row of outside all around, so that a part cut by the picture's border is deep inside the picture too.
    deep = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(deep)), mask.shape)
    return int(column), int(row)


def plain(name: str) -> str:
    """The name on one line without characters that cannot be drawn, cut to LONGEST."""
    kept = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " for one in name)
    kept = " ".join(kept.split()) or "?"
    return kept if len(kept) <= LONGEST else kept[: LONGEST - 1] + "…"


def draw_labels(picture: np.ndarray, covered: np.ndarray, labels: Sequence[Label], *, points: float = 12) -> np.ndarray:
    """A copy of an (H, W, 3) picture in [0, 1] with its labels.

    covered : (H, W) bool, where the object is; points : size of the letters in pixels
    """
    from PIL import Image, ImageDraw, ImageFont

    if not labels:
        return picture
    font: Any = ImageFont.load_default(points)
    image = Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    texts = [plain(label.text) for label in labels]
    extents = [pen.textbbox((0, 0), text, font=font, anchor="lt") for text in texts]
    sizes = [(int(box[2]) + 2 * _PAD, int(box[3]) + 2 * _PAD) for box in extents]
    places = placed(covered, [label.anchor for label in labels], sizes)
    ends = [_end(place, size, label.anchor) for place, size, label in zip(places, sizes, labels, strict=True)]
    for width, ink in ((3, (255, 255, 255)), (1, (40, 40, 40))):
        for label, end in zip(labels, ends, strict=True):
            pen.line((*end, *label.anchor), fill=ink, width=width)
    for label, text, (x, y), (wide, tall) in zip(labels, texts, places, sizes, strict=True):
        frame = tuple(round(255 * one) for one in label.colour)
        column, row = label.anchor
        pen.ellipse((column - 3, row - 3, column + 3, row + 3), fill=frame, outline=(255, 255, 255))
        pen.rectangle((x, y, x + wide - 1, y + tall - 1), fill=(255, 255, 255), outline=frame)
        pen.text((x + _PAD, y + _PAD), text, fill=(0, 0, 0), font=font, anchor="lt")
    return np.asarray(image, dtype=np.float32) / 255.0


def placed(
    covered: np.ndarray, anchors: Sequence[tuple[int, int]], sizes: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Left upper corners (x, y) of boxes of the given (width, height), one an anchor, inside the picture.

    Each takes, from the topmost anchor to the lowest, the place of least cost on a coarse grid: covering another box
    costs most, then covering the object or another anchor, then leaders that cross, then distance.
    """
    height, width = covered.shape
    sums = np.pad(np.cumsum(np.cumsum(covered, axis=0, dtype=np.int64), axis=1), ((1, 0), (1, 0)))
    found: list[tuple[int, int]] = [(0, 0)] * len(anchors)
    boxes: list[tuple[int, int, int, int]] = []
    leaders: list[tuple[tuple[float, float], tuple[float, float]]] = []
    for index in sorted(range(len(anchors)), key=lambda one: (anchors[one][1], anchors[one][0], one)):
        wide, tall = sizes[index]
        # The border of the picture is a place too, whatever the step.
        xs = np.unique(np.append(np.arange(1, max(2, width - wide), _STEP), max(1, width - wide - 1)))
        ys = np.unique(np.append(np.arange(1, max(2, height - tall), _STEP), max(1, height - tall - 1)))
        x, y = (array.reshape(-1) for array in np.meshgrid(xs, ys))
        right, bottom = np.minimum(x + wide, width), np.minimum(y + tall, height)
        over = sums[bottom, right] - sums[y, right] - sums[bottom, x] + sums[y, x]
        cost = 40.0 * over
        for left, top, end, low in boxes:
            common = (np.clip(np.minimum(right, end + _GAP) - np.maximum(x, left - _GAP), 0, None)
                      * np.clip(np.minimum(bottom, low + _GAP) - np.maximum(y, top - _GAP), 0, None))
            cost += 1e4 * common
        for column, row in anchors:
            cost += 4e3 * ((x - _GAP <= column) & (column <= right + _GAP) & (y - _GAP <= row) & (row <= bottom + _GAP))
        column, row = anchors[index]
        near_x, near_y = np.clip(column, x, right), np.clip(row, y, bottom)
        for start, end_point in leaders:
            cost += 300.0 * _cross((near_x, near_y), (column, row), start, end_point)
        cost += np.hypot(near_x - column, near_y - row)
        best = int(np.argmin(np.round(cost, 6)))
        found[index] = (int(x[best]), int(y[best]))
        boxes.append((found[index][0], found[index][1], int(right[best]), int(bottom[best])))
        leaders.append(((float(near_x[best]), float(near_y[best])), (float(column), float(row))))
    return found


def _end(place: tuple[int, int], size: tuple[int, int], at: tuple[int, int]) -> tuple[int, int]:
    """The point of a box nearest to its anchor."""
    return (min(max(at[0], place[0]), place[0] + size[0] - 1), min(max(at[1], place[1]), place[1] + size[1] - 1))


def _cross(start: Any, end: Any, other_start: Any, other_end: Any) -> np.ndarray:
    """Whether pieces of line cross, by the sides on which their ends lie."""
    def side(a: Any, b: Any, p: Any) -> Any:
        return np.sign((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]))

    return ((side(start, end, other_start) * side(start, end, other_end) < 0)
            & (side(other_start, other_end, start) * side(other_start, other_end, end) < 0))
