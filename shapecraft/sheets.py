"""Sheets: an object from named sides in one labelled picture, for people and for an Evaluator that sees.

Paper: renders from several views, unspecified. Ours: six fixed views at one scale, without jitter, because a camera
that moves makes scores noise.
"""

from __future__ import annotations

import dataclasses
import io
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from easel.cameras import MARGIN, Camera, ring, turntable
from easel.chat import Image
from easel.errors import ConfigurationError
from shapecraft.labels import Label, anchor, draw_labels, plain
from shapecraft.mesh import ObjectMesh
from shapecraft.shading import Style, part_colour, shaded

FOV_DEG = 20.0
"""Of all views (ours: less than `easel.cameras`' 30, so that near and far sides keep their proportions)."""
LABEL_ROOM = 0.78
"""Share of the half picture that an object fills where labels need room around it (ours)."""
LEAST_SEEN = 0.15
"""A part whose view shows it by less than this share of its best view is labelled there instead (ours)."""
STYLE = Style(borders=True, ground=0.0)
_GAP, _CAPTION = 6, 20

Labels = Literal["best", "all", "none"]


@dataclass(frozen=True)
class View:
    """A side to look from. azimuth_deg : 0 from the front (viewer at -y), 90 from +x; elevation_deg : 90 from above"""

    name: str
    azimuth_deg: float
    elevation_deg: float


SIX = (
    View("front", 0, 0), View("right", 90, 0), View("back", 180, 0), View("left", 270, 0), View("top", 0, 90),
    View("three-quarter", 35, 25),
)


def fitted(points: np.ndarray, views: Sequence[View] = SIX, *, margin: float = MARGIN) -> tuple[Camera, ...]:
    """One camera a view, all equally far from the middle of the points' box: the nearest at which all are in all views.

    points : (..., 3) world frame; margin : share of the half picture that they may fill
    Raises ConfigurationError without points, and for a margin outside (0, 1].
    """
    flat = np.asarray(points, dtype=np.float64).reshape(-1, 3)
    if not len(flat) or not 0.0 < margin <= 1.0:
        raise ConfigurationError("points, and a margin from 0 to 1", came=f"{len(flat)}, {margin}", where="fitted")
    centre = (flat.min(axis=0) + flat.max(axis=0)) / 2
    extent = float(np.ptp(flat, axis=0).max()) or 1.0
    slope = margin * math.tan(math.radians(FOV_DEG) / 2)
    distance = 0.0
    for view in views:
        local = (flat - centre) @ _camera(view, np.zeros(3), 1.0).matrix()[:3, :3].T
        distance = max(distance, float((np.abs(local[:, :2]).max(axis=1) / slope - local[:, 2]).max()))
    distance = _rounded(max(distance, 1e-3 * extent))
    return tuple(_camera(view, centre, distance) for view in views)


def _camera(view: View, centre: np.ndarray, distance: float) -> Camera:
    x, y, z = (round(float(one), 9) for one in centre)
    if view.elevation_deg >= 90:
        camera = Camera((x, y, z + distance), (x, y, z), up=(0.0, 1.0, 0.0), fov_deg=FOV_DEG)
    else:
        camera, = ring(1, start_deg=view.azimuth_deg, elevation_deg=view.elevation_deg, radius=distance,
                       target=(x, y, z), fov_deg=FOV_DEG)
    return dataclasses.replace(camera, near=distance * 1e-3)


def _rounded(distance: float) -> float:
    """Six digits, upwards: rounding down would cut a corner off."""
    step = 10.0 ** (math.floor(math.log10(distance)) - 5)
    return math.ceil(distance / step) * step


def sheet_source(
    key: str, cameras: Sequence[Camera], style: Style, *, kind: str = "shape-sheet", labels: str = ""
) -> str:
    """What a picture in a message counts by: object, cameras, renderer, never pixels.

    key : of the program where there is one (a mesh differs in the last digits between machines), else of the mesh
    """
    return f"{kind}|{key}|{style.source}|labels={labels}|" + ";".join(camera.source for camera in cameras)


def contact_sheet(
    mesh: ObjectMesh, *, key: str = "", views: Sequence[View] = SIX, style: Style = STYLE, labels: Labels = "best",
    columns: int = 3, title: str = "", threads: int = 1,
) -> Image:
    """The views side by side as a PNG, each under its name.

    key : see `sheet_source`; "" takes the mesh's own. labels : "best" names every part once, in the view that shows
    most of it, the three-quarter view where that shows it well; "all" in every view that shows it; "none"
    A line below names the parts that no view shows, unless labels are "none".
    title : a line above; it counts in the picture's identity
    Raises ConfigurationError for a mesh without triangles.
    """
    if labels not in ("best", "all", "none"):
        raise ConfigurationError('"best", "all" or "none"', came=repr(labels), where="contact_sheet labels")
    points = mesh.triangles
    cameras = fitted(points, views, margin=MARGIN if labels == "none" else LABEL_ROOM)
    drawn = shaded(mesh, cameras, style, threads=threads)
    pictures, hidden = list(drawn.pictures), []
    if labels != "none":
        hidden = [plain(name) for number, name in enumerate(mesh.names) if not (drawn.part == number).any()]
        pictures = [draw_labels(picture, part >= 0, found) for picture, part, found in
                    zip(pictures, drawn.part, part_labels(mesh, drawn.part, labels, views), strict=True)]
    sheet = laid_out(pictures, [view.name for view in views], columns=columns, title=title,
                     below=f"not seen from any side: {', '.join(hidden)}" if hidden else "")
    words = f"{labels} {title}" if title else labels
    return Image(png_bytes(sheet), sheet_source(key or mesh.key, cameras, style, labels=words))


def part_labels(mesh: ObjectMesh, part: np.ndarray, labels: Labels, views: Sequence[View]) -> list[list[Label]]:
    """The labels of every view. part : (V, H, W) int; a part that no view shows has none."""
    found: list[list[Label]] = [[] for _ in views]
    preferred = [index for index, view in enumerate(views) if view.name == "three-quarter"]
    for number, name in enumerate(mesh.names):
        counts = (part == number).sum(axis=(1, 2))
        best = int(np.argmax(counts))
        enough = [index for index in preferred if counts[index] >= max(1, 0.5 * counts[best])]
        chosen = [*enough, best][:1] if labels == "best" else \
            [index for index, count in enumerate(counts) if count >= max(1, LEAST_SEEN * counts[best])]
        for index in chosen:
            if counts[index]:
                found[index].append(Label(name, anchor(part[index] == number), part_colour(number)))
    return found


def turntable_frames(
    mesh: ObjectMesh, *, frames: int = 48, elevation_deg: float = 20.0, style: Style = STYLE, threads: int = 1
) -> np.ndarray:
    """(frames, H, W, 3) float32 in [0, 1]: once around, from the front, the viewer walking towards +x."""
    views = [View(str(index), 360.0 * index / frames, elevation_deg) for index in range(frames)]
    near = fitted(mesh.triangles, views)[0]
    radius = float(np.linalg.norm(np.subtract(near.eye, near.target)))
    cameras = turntable(frames, elevation_deg=elevation_deg, radius=radius, target=near.target, fov_deg=FOV_DEG)
    return shaded(mesh, [dataclasses.replace(camera, near=near.near) for camera in cameras], style,
                  threads=threads).pictures


def laid_out(
    pictures: Sequence[np.ndarray], names: Sequence[str], *, columns: int, title: str = "", below: str = ""
) -> np.ndarray:
    """(H, W, 3) pictures of one size in rows, each above its name, as one picture in [0, 1].

    title : a line above; below : words under all, wrapped
    """
    from PIL import Image as Pillow
    from PIL import ImageDraw, ImageFont

    height, width = pictures[0].shape[:2]
    columns = max(1, min(columns, len(pictures)))
    rows, head = math.ceil(len(pictures) / columns), 24 if title else 0
    wide, foot = columns * (width + _GAP) + _GAP, head + rows * (height + _CAPTION + _GAP) + _GAP
    lines = textwrap.wrap(below, max(12, wide // 7))
    size = (wide, foot + 17 * len(lines))
    sheet = Pillow.new("RGB", size, (225, 225, 225))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    if title:
        pen.text((_GAP, 6), " ".join(title.split()), fill=(0, 0, 0), font=font)
    for index, (picture, name) in enumerate(zip(pictures, names, strict=True)):
        left = _GAP + index % columns * (width + _GAP)
        top = head + _GAP + index // columns * (height + _CAPTION + _GAP)
        sheet.paste(Pillow.fromarray(_levels(picture)), (left, top))
        pen.text((left + width / 2, top + height + 3), name, fill=(0, 0, 0), font=font, anchor="ma")
    for number, line in enumerate(lines):
        pen.text((_GAP, foot + 17 * number - 2), line, fill=(0, 0, 0), font=font)
    return np.asarray(sheet, dtype=np.float32) / 255.0


def png_bytes(picture: np.ndarray) -> bytes:
    """(H, W, 3) or (H, W) values in [0, 1] as an 8-bit PNG."""
    return _encoded([picture], "PNG", optimize=True)


def gif_bytes(frames: np.ndarray, *, seconds: float = 4.0) -> bytes:
    """(T, H, W, 3) values in [0, 1] as a film that repeats."""
    return _encoded(frames, "GIF", save_all=True, duration=round(1000 * seconds / len(frames)), loop=0)


def _encoded(pictures: Any, kind: str, **settings: Any) -> bytes:
    from PIL import Image as Pillow

    first, *rest = (Pillow.fromarray(_levels(picture)) for picture in pictures)
    buffer = io.BytesIO()
    first.save(buffer, format=kind, **settings, **({"append_images": rest} if rest else {}))
    return buffer.getvalue()


def _levels(picture: np.ndarray) -> np.ndarray:
    return (np.clip(np.asarray(picture, dtype=np.float64), 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
