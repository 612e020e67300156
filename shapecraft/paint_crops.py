"""Paint crops: grey, unlabelled squares of painted parts for a reader who sorts them by material (ours).

A crop shows the albedo alone, without light, so that only what is painted can tell; colour is taken away and every
crop is exposed to one mean luminance, as a camera does it, so that a dark part's pattern is seen as a bright one's is,
and shown at one scale, so that a faint one looks faint. The key lies in another file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from easel.statistics import Share, wilson
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_measures import LUMINANCE, lab
from shapecraft.paint_views import PaintView, ViewBuffers, buffers_of

if TYPE_CHECKING:
    from shapecraft.baking import Materials

SIDE = 96
"""Pixels of a crop (ours)."""
LEAST = 0.3
"""Share of a close-up's side that a crop must have: less holds no pattern that a small model could paint (ours)."""
ENOUGH = 0.5
"""Share from which on the square that spans most of the surface is taken, not the one that spans most of a picture: it
shows a pattern at about the scale at which it was painted, and more of it (ours)."""
_PICTURE = 192  # pixels of the close-up that a crop is cut from
_RANGE = 60.0  # L* from black to white in a crop
_MIDDLE = 0.184  # mean luminance that a crop is exposed to: L* 50
_DIM = 1e-4  # luminance of what would be exposed no more
_FACING = 0.4  # cosine of the flattest view of a surface
_BENT = 0.8  # cosine between the normals of neighbouring pixels below which an edge lies between them
_APART = 6.0  # times the usual step between neighbouring pixels
_COLUMNS, _GAP, _CAPTION = 8, 10, 16


@dataclass(frozen=True, eq=False)
class Crop:
    """picture : (SIDE, SIDE) float64 in [0, 1]; name : where it comes from; material : the class it belongs to
    share : of the close-up's side that it spans"""

    picture: np.ndarray
    name: str
    material: str
    share: float


def grey_crop(
    mesh: ObjectMesh, views: Sequence[PaintView], materials: Materials, *, name: str, material: str,
) -> Crop | None:
    """The best square of the part in any of these close-ups of it (see ENOUGH); None where all are smaller than LEAST.

    views : close-ups of one part, see `paint_views`. Raises ConfigurationError without any, and for whole views.
    """
    if not views or any(one.part is None for one in views):
        raise ConfigurationError("close-ups of a part", came="none" if not views else "a view of the whole", where=name)
    best: tuple[tuple[float, float], float, np.ndarray] | None = None
    for view in views:
        buffers = buffers_of(mesh, view, size=_PICTURE)
        pixel = buffers.pixel.numpy()
        covered = np.zeros(_PICTURE * _PICTURE, dtype=bool)
        covered[pixel] = _one_surface(buffers, pixel)
        row, column, side = largest_square(covered.reshape(_PICTURE, _PICTURE))
        share, across = side / _PICTURE, view.camera.span / 2
        worth = (1.0, round(share * across, 9)) if share >= ENOUGH else (0.0, share)
        if share < LEAST or (best is not None and worth <= best[0]):
            continue
        found = materials.material_at(buffers.part.numpy(), buffers.position.numpy(), buffers.uv.numpy())
        picture = np.zeros(_PICTURE * _PICTURE)
        picture[pixel] = np.asarray(found.albedo, dtype=np.float64) @ LUMINANCE
        best = worth, share, picture.reshape(_PICTURE, _PICTURE)[row: row + side, column: column + side]
    if best is None:
        return None
    return Crop(_levelled(best[2]), name, material, round(best[1], 4))


def _one_surface(buffers: ViewBuffers, pixel: np.ndarray) -> np.ndarray:
    """(P,) bool: not seen from a flat side, and neither at an edge nor where one piece hides another, so that a square
    holds a single piece of surface."""
    size = buffers.size
    facing = np.abs((buffers.normal * buffers.view).sum(dim=1).numpy()) >= _FACING
    rows = np.full((size * size, 6), np.nan, dtype=np.float32)
    rows[pixel] = np.concatenate([buffers.normal.numpy(), buffers.position.numpy()], axis=1)
    page = rows.reshape(size, size, 6)
    edge = np.zeros((size, size), dtype=bool)
    for along in (0, 1):
        ahead = np.roll(page, -1, axis=along)
        apart = np.linalg.norm(ahead[..., 3:] - page[..., 3:], axis=2)
        usual = np.nanmedian(apart) if np.isfinite(apart).any() else 0.0
        # nan, beside what is not the part, is neither bent nor apart
        found = ((page[..., :3] * ahead[..., :3]).sum(axis=2) < _BENT) | (apart > _APART * usual)
        edge |= found | np.roll(found, 1, axis=along)
    return facing & ~edge.reshape(-1)[pixel]


def largest_square(mask: np.ndarray) -> tuple[int, int, int]:
    """(row, column, side) of the largest square that a mask (H, W) fills, the first of equals in reading order."""
    height, width = mask.shape
    side = np.zeros((height + 1, width + 1), dtype=np.int64)  # of the largest that ends at each pixel
    for row, line in enumerate(mask.tolist()):
        for column, inside in enumerate(line):
            if inside:
                side[row + 1, column + 1] = 1 + min(side[row, column], side[row, column + 1], side[row + 1, column])
    bottom, right = (int(one) for one in np.unravel_index(int(np.argmax(side)), side.shape))
    best = int(side[bottom, right])
    return bottom - best, right - best, best


def crop_sheet(crops: Sequence[Crop], *, seed: int) -> tuple[bytes, str]:
    """(PNG of the crops in an order by chance, numbered from 1; the key as JSON: number -> name, material, share).

    Raises ConfigurationError without crops.
    """
    from PIL import Image, ImageDraw

    if not crops:
        raise ConfigurationError("at least one crop", came="none", where="crop_sheet")
    order = np.random.default_rng(seed).permutation(len(crops))
    columns = min(_COLUMNS, len(crops))
    rows = -(-len(crops) // columns)
    page = Image.new("L", (columns * (SIDE + _GAP) + _GAP, rows * (SIDE + _CAPTION + _GAP) + _GAP), 255)
    pen = ImageDraw.Draw(page)
    key: dict[str, dict[str, Any]] = {}
    for place, index in enumerate(order):
        left = _GAP + place % columns * (SIDE + _GAP)
        top = _GAP + place // columns * (SIDE + _CAPTION + _GAP)
        one = crops[int(index)]
        page.paste(Image.fromarray((one.picture * 255 + 0.5).astype(np.uint8)), (left, top + _CAPTION))
        pen.text((left, top), str(place + 1), fill=0)
        key[str(place + 1)] = {"name": one.name, "material": one.material, "share": one.share}
    out = io.BytesIO()
    page.save(out, "PNG")
    return out.getvalue(), json.dumps(key, indent=1) + "\n"


def sorted_share(key: str, answers: Mapping[str, str]) -> Share:
    """How many crops a reader sorted right. key : from `crop_sheet`; answers : number -> material; unanswered is wrong.

    Raises ConfigurationError for an answer to a crop that there is not.
    """
    told = json.loads(key)
    if strange := sorted(set(answers) - set(told)):
        raise ConfigurationError(f"answers for crops 1 to {len(told)}", came=", ".join(strange), where="sorted_share")
    right = sum(answers.get(number, "").strip().lower() == one["material"] for number, one in told.items())
    return wilson(right, len(told))


def _levelled(luminance: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE) in [0, 1]: L* after exposure, _RANGE from end to end with 50 in the middle."""
    from PIL import Image

    exposed = luminance * (_MIDDLE / max(float(luminance.mean()), _DIM))
    level = np.clip(0.5 + (lab(np.repeat(exposed[..., None], 3, axis=-1))[..., 0] - 50) / _RANGE, 0.0, 1.0)
    shown = Image.fromarray((level * 255 + 0.5).astype(np.uint8))
    return np.asarray(shown.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.float64) / 255
