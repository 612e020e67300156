"""Contact sheets: rendered views laid out in a grid, as PNG (for people, and for judges that see)."""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.cameras import Camera, ring
from easel.chat import Image
from easel.plugins import load


def png_bytes(picture: np.ndarray) -> bytes:
    """Encode (H, W) or (H, W, 3) values in [0, 1] as an 8-bit PNG."""
    from PIL import Image as Pillow

    levels = np.clip(np.asarray(picture, dtype=np.float64) * 255.0 + 0.5, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def grid(pictures: Sequence[Any], *, columns: int = 4, gap: int = 4) -> np.ndarray:
    """Lay (H, W) pictures of one size out in rows with a grey gap; (rows H + gaps, columns W + gaps) in [0, 1]."""
    shown = [np.asarray(picture, dtype=np.float64) for picture in pictures]
    height, width = shown[0].shape
    columns = min(columns, len(shown))
    rows = math.ceil(len(shown) / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 0.85)
    for index, picture in enumerate(shown):
        top, left = index // columns * (height + gap), index % columns * (width + gap)
        sheet[top: top + height, left: left + width] = picture
    return sheet


def captioned(picture: np.ndarray, words: str) -> np.ndarray:
    """The (H, W) picture in [0, 1] with words in a strip below it, wrapped to its width; unchanged without words."""
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    if not words:
        return picture
    width = picture.shape[1]
    lines = textwrap.wrap(words, max(12, width // 7))
    strip = Pillow.new("L", (width, 6 + 15 * len(lines)), 255)
    for number, line in enumerate(lines):
        ImageDraw.Draw(strip).text((4, 3 + 15 * number), line, fill=70, font=ImageFont.load_default(12))
    return np.vstack([picture, np.asarray(strip, dtype=np.float64) / 255.0])


def views(sketch: Sketch, settings: DrawSettings, *, count: int | None = None, size: int | None = None) -> np.ndarray:
    """(V, size, size) float: the sketch, normalised, from the settings' ring of cameras."""
    cameras = ring(count or settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
    return drawn([sketch.normalised()], cameras, settings, size=size or settings.picture_size)[0]


def drawn(
    sketches: Sequence[Sketch], cameras: Sequence[Camera], settings: DrawSettings, *, size: int, thinnest: float = 0.0
) -> np.ndarray:
    """(B, V, size, size) by the settings' renderer, whatever array it returns and wherever that lies.

    Strokes keep their width relative to the picture; thinnest : pixels, at least
    """
    width = max(thinnest, settings.stroke_width * size / settings.picture_size)
    pictures = load(settings.renderer)(sketches, cameras, size=size, width=width)
    return np.asarray(pictures.detach().cpu() if hasattr(pictures, "detach") else pictures)


def contact_sheet_image(sketch: Sketch, settings: DrawSettings) -> Image:
    """All views of a sketch as one picture of a message; its identity is the sketch, the cameras and the raster."""
    cameras = ring(settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
    source = (
        f"contact-sheet|{sketch.key}|{settings.renderer}|{settings.picture_size}|{settings.stroke_width}|"
        + ";".join(camera.source for camera in cameras)
    )
    return Image(png_bytes(grid(list(views(sketch, settings)))), source)


def framed(sketch: Sketch, *, radius: float = 1.5) -> Sketch:
    """For people: centred, and scaled so that the farthest point lies `radius` from the centre.

    Scores see the longest side at 2 instead (`Sketch.normalised`), which leaves thin objects small in the picture.
    """
    shown = sketch.normalised()
    if not len(shown):
        return shown
    farthest = float(np.linalg.norm(shown.curve_points(32), axis=-1).max())
    scale = radius / farthest if farthest > 1e-9 else 1.0
    return Sketch.from_array(shown.array() * scale, [stroke.name for stroke in shown.strokes])


def labelled_sheet(
    rows: Sequence[tuple[str, Sequence[Sketch | None]]], columns: Sequence[str], settings: DrawSettings,
    *, cell: int = 160, watermark: str = "", view: int = 1,
) -> bytes:
    """A table of drawings as PNG: a label a row, a heading a column, one view each; a failed drawing is crossed out.

    rows : (label, one sketch a column); view : which camera of the ring shows it
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    camera = ring(settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)[view % settings.views]
    flat = [framed(sketch) if sketch else Sketch(()) for _, sketches in rows for sketch in sketches]
    pictures = drawn(flat, [camera], settings, size=cell, thinnest=1.2) if flat else np.empty((0, 1))
    left, top, gap = 190, 34, 6
    font, small = ImageFont.load_default(14), ImageFont.load_default(12)
    size = (left + len(columns) * (cell + gap), top + len(rows) * (cell + gap) + (24 if watermark else 0))
    sheet = Pillow.new("L", size, 255)
    pen = ImageDraw.Draw(sheet)
    for index, heading in enumerate(columns):
        pen.text((left + index * (cell + gap) + cell / 2, 10), heading, fill=0, font=font, anchor="ma")
    for row, (label, sketches) in enumerate(rows):
        y = top + row * (cell + gap)
        for number, line in enumerate(textwrap.wrap(label, 26)[:6]):
            pen.text((8, y + 10 + 17 * number), line, fill=0, font=small)
        for index, sketch in enumerate(sketches):
            x = left + index * (cell + gap)
            picture = pictures[row * len(columns) + index, 0]
            sheet.paste(Pillow.fromarray((picture * 255 + 0.5).astype(np.uint8)), (x, y))
            pen.rectangle((x, y, x + cell - 1, y + cell - 1), outline=210)
            if sketch is None:
                pen.line((x, y, x + cell, y + cell), fill=120)
                pen.line((x, y + cell, x + cell, y), fill=120)
    if watermark:
        pen.text((8, size[1] - 20), watermark, fill=90, font=small)
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()
