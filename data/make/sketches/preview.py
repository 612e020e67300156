"""Contact sheets of the procedural sketches: `python -m data.make.sketches.preview sheet.png [category ...]`."""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from math import ceil, cos, radians, sin
from pathlib import Path

import numpy as np

from data.make.sketches import CATEGORIES, STYLES, draw


def projected(strokes: np.ndarray, *, azimuth_deg: float = 30.0, elevation_deg: float = 20.0) -> np.ndarray:
    """(N, 4, 3) world -> (N, 13, 2) points of the curves in [-1.5, 1.5], x right, y down, orthographic."""
    t = np.linspace(0, 1, 13)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3], axis=1)
    x, y, z = np.moveaxis(np.einsum("ti,nij->ntj", basis, strokes), -1, 0)
    a, e = radians(azimuth_deg), radians(elevation_deg)
    right, away = x * cos(a) + y * sin(a), y * cos(a) - x * sin(a)
    return np.stack([right, -(z * cos(e) + away * sin(e))], axis=-1)


def sheet(categories: Sequence[str] = CATEGORIES, *, seed: int = 0, drawings: int = 4, cell: int = 150,
          columns: int = 3, style: str | None = None):
    """A PIL image: for each category a label and `drawings` cells, each of a random style and azimuth."""
    from PIL import Image, ImageDraw

    rows = ceil(len(categories) / columns)
    image = Image.new("L", (columns * (drawings * cell + 20), rows * (cell + 14)), 255)
    ink = ImageDraw.Draw(image)
    for index, category in enumerate(categories):
        left, top = index // rows * (drawings * cell + 20), index % rows * (cell + 14)
        rng = np.random.default_rng([seed, zlib.crc32(category.encode())])
        for k in range(drawings):
            chosen = style or STYLES[rng.integers(len(STYLES))]
            drawing = draw(category, rng, style=chosen)
            curves = projected(drawing.strokes, azimuth_deg=rng.uniform(-50, 50), elevation_deg=rng.uniform(10, 30))
            curves = (curves / 2.6 + 0.5) * cell + np.array([left + k * cell, top + 14])
            for curve in curves:
                ink.line([tuple(point) for point in curve.tolist()], fill=0, width=1)
            ink.text((left + k * cell + 2, top), f"{category} · {chosen} · {len(drawing.strokes)}", fill=110)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("categories", nargs="*", default=None)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=3)
    parser.add_argument("--cell", type=int, default=150)
    parser.add_argument("--style", choices=STYLES)
    given = parser.parse_args()
    sheet(given.categories or CATEGORIES, seed=given.seed, columns=given.columns, cell=given.cell,
          style=given.style).save(given.file)


if __name__ == "__main__":
    main()
