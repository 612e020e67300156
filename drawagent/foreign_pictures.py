"""Foreign pictures: what a scorer is shown of another method's files (ours).

PNG and SVG are the method's own views. Lines become strokes of our renderer and faces shaded meshes, both from our
cameras, normalised as our sketches are. Paper is white everywhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from drawagent.export import from_json
from drawagent.foreign import Foreign
from drawagent.foreign_glb import read_glb
from drawagent.foreign_obj import read_obj
from drawagent.foreign_shapes import Curves, Shape, Up
from drawagent.foreign_svg import read_elements
from drawagent.reward import ViewReward
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError, MissingCapability
from easel.mesh_views import mesh_views


@dataclass(frozen=True)
class Shown:
    """One drawing before the scorer sees it.

    views : pictures (H, W) or (3, H, W) float32 in [0, 1], paper 1.0; sizes may differ; () for a sketch of ours
    sketch : what is rendered together with all others; None for pictures
    strokes : strokes or polylines as the method drew them, 0 where it has none
    own : the views are the method's; said : what was left out or changed, in words
    """

    views: tuple[np.ndarray, ...] = ()
    sketch: Sketch | None = None
    strokes: int = 0
    own: bool = False
    said: tuple[str, ...] = ()


def show(drawing: Foreign, reward: ViewReward, *, up: Up = "z", curves: Curves = "straight") -> Shown:
    """Read a drawing that has files, and draw it where it is no picture.

    reward : its cameras, renderer, picture size and stroke width; up, curves : of OBJ; see `read_obj`, `strokes_of`
    Raises EaselError where a file cannot be taken, MissingCapability where a package is missing.
    """
    path = drawing.files[0]
    if drawing.kind == "json":
        sketch = from_json(_text(path))
        if not len(sketch):
            raise ConfigurationError("a sketch with strokes", came="none", where=path.name)
        return Shown(sketch=sketch, strokes=len(sketch))
    if drawing.kind == "png":
        return _own([png_picture(one) for one in drawing.files])
    if drawing.kind == "svg":
        return _own([svg_picture(_text(one), reward.size, where=one.name) for one in drawing.files])
    shape = read_glb(path) if drawing.kind == "glb" else read_obj(path, materials=drawing.beside, up=up)
    shape = shape.sound(where=path.name)
    both = ("hidden lines drawn too",) if shape.lines and len(shape.triangles) else ()
    return Shown(tuple(shape_pictures(shape, reward, curves)), strokes=len(shape.lines), said=shape.said + both)


def _own(pictures: Iterable[tuple[np.ndarray, tuple[str, ...]]]) -> Shown:
    views, said = zip(*pictures, strict=True)
    return Shown(tuple(views), own=True, said=tuple(dict.fromkeys(note for notes in said for note in notes)))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("a file in UTF-8", came=str(error), where=path.name) from error


def png_picture(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """(3, H, H) float32 as the file has it, over white, and what was changed (one that is no square is set on one)."""
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            image.load()
            if image.mode.startswith("I"):  # 16 bits; Pillow's own conversion cuts at 255
                grey = np.asarray(image, dtype=np.float64) / 65535.0
                picture = np.broadcast_to(grey, (3, *grey.shape))
            else:
                levels = np.asarray(image.convert("RGBA"), dtype=np.float64).transpose(2, 0, 1) / 255.0
                picture = levels[:3] * levels[3] + 1.0 - levels[3]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ConfigurationError("a PNG picture", came=str(error), where=path.name) from error
    return _square(picture)


def svg_picture(text: str, size: int, *, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """(3, size, size) float32 of an SVG on white, its longer side filled, and what was left out.

    Words are left out: they would need this machine's fonts, and would tell the scorer what to see. Raises
    ConfigurationError for an SVG that does not parse or that names other files (`read_elements`), MissingCapability
    without resvg_py.
    """
    try:
        import resvg_py
    except ImportError:
        raise MissingCapability("the package resvg_py, which draws SVG", came="none", where=where,
                                mend="Install the extra 'lab' (`make setup` does).") from None
    from PIL import Image

    elements = read_elements(text, where=where)
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=text, width=size, height=size, background="white", skip_system_fonts=True
        )
        with Image.open(io.BytesIO(bytes(png))) as image:
            levels = np.asarray(image.convert("RGB"), dtype=np.float64).transpose(2, 0, 1) / 255.0
    except (ValueError, OSError) as error:
        raise ConfigurationError("an SVG that can be drawn", came=str(error), where=where) from error
    picture, said = _square(levels)
    return picture, (*said, "words in SVG left out") if "text" in elements else said


def _square(picture: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """White margins on both sides of the shorter axis: a scorer would cut the longer one off."""
    _, height, width = picture.shape
    if height == width:
        return picture.astype(np.float32), ()
    longest = max(height, width)
    top, left = (longest - height) // 2, (longest - width) // 2
    padded = np.ones((3, longest, longest), dtype=np.float32)
    padded[:, top: top + height, left: left + width] = picture
    return padded, ("set on a white square",)


def shape_pictures(shape: Shape, reward: ViewReward, curves: Curves = "straight") -> np.ndarray:
    """(V, H, W) of lines alone, (V, 3, H, W) of faces; where there are both, the ink of all lines lies on the faces."""
    if not len(shape.triangles):
        return np.asarray(_cpu(reward.pictures([shape.sketch(curves)])))[0]
    framed = shape.normalised()
    meshes = mesh_views(framed.triangles, reward.cameras, size=reward.size)
    if not framed.lines:
        return meshes
    ink = reward.renderer([framed.sketch(curves)], reward.cameras, size=reward.size, width=reward.width)
    return meshes * np.asarray(_cpu(ink))[0][:, None]


def _cpu(pictures: Any) -> Any:
    return pictures.detach().cpu() if hasattr(pictures, "detach") else pictures


def runs_of_a_size(views: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The views as stacks (V_i, H, W) or (V_i, 3, H, W), cut where the shape changes."""
    return [np.stack(list(same)) for _, same in groupby(views, key=lambda view: view.shape)]


def sheet(rows: Iterable[tuple[str, Sequence[Any]]], *, cell: int = 112, most: int = 6) -> bytes:
    """A table of pictures as PNG for people: a label a row and its first views; without views, a crossed-out cell."""
    from PIL import Image, ImageDraw, ImageFont

    shown = [(label, list(views)[:most]) for label, views in rows]
    left, gap = 190, 6
    columns = max([1, *(len(views) for _, views in shown)])
    page = Image.new("RGB", (left + columns * (cell + gap), max(1, len(shown)) * (cell + gap)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for row, (label, views) in enumerate(shown):
        y = row * (cell + gap)
        pen.multiline_text((8, y + 8), _wrapped(label), fill="black", font=font)
        for column in range(len(views) or 1):
            x = left + column * (cell + gap)
            if views:
                page.paste(thumbnail(views[column], cell), (x, y))
            else:
                pen.line((x, y, x + cell, y + cell), fill="grey")
                pen.line((x, y + cell, x + cell, y), fill="grey")
            pen.rectangle((x, y, x + cell - 1, y + cell - 1), outline="lightgrey")
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def thumbnail(view: Any, cell: int) -> Any:
    """A Pillow picture of (H, W) or (3, H, W) values in [0, 1], or of what is one already."""
    from PIL import Image

    if isinstance(view, Image.Image):
        return view
    levels = (np.asarray(view) * 255 + 0.5).astype(np.uint8)
    image = Image.fromarray(levels if levels.ndim == 2 else levels.transpose(1, 2, 0)).convert("RGB")
    return image.resize((cell, cell), Image.Resampling.LANCZOS)


def _wrapped(label: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(label, 26)[:6])
