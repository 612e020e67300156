"""A drawing on disk: one sketch in every format that other programs take."""

from __future__ import annotations

from pathlib import Path

from drawagent.export import slug, to_gif, to_glb, to_json, to_obj, to_svg
from drawagent.pages import Shown, sketch_page
from drawagent.settings import DrawSettings
from drawagent.sheets import captioned, grid, png_bytes, views
from drawagent.sketch import Sketch
from easel.cameras import ring


def write_drawing(
    sketch: Sketch, folder: Path, *, title: str, settings: DrawSettings, watermark: str = ""
) -> list[Path]:
    """Write JSON, contact sheet, turntable, OBJ, GLB, offline page, and one SVG a view; the paths, in that order.

    watermark : words that every picture and page carries (a stand-in's drawing says that it is one)
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = slug(title, otherwise="drawing")
    files: dict[str, str | bytes] = {
        f"{stem}.json": to_json(sketch, title=title, note=watermark),
        f"{stem}.png": png_bytes(captioned(grid(list(views(sketch, settings))), watermark)),
        f"{stem}.gif": to_gif(sketch, settings, caption=watermark),
        f"{stem}.obj": to_obj(sketch),
        f"{stem}.glb": to_glb(sketch),
        f"{stem}.html": sketch_page([Shown(sketch, title)], title=title, watermark=watermark),
    }
    cameras = ring(settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
    files |= {
        f"{stem}-view{index}.svg": to_svg(sketch, camera, caption=watermark) for index, camera in enumerate(cameras)
    }
    written = []
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        written.append(path)
    return written
