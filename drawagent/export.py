"""Export: a sketch as JSON, SVG per view, turntable GIF, OBJ polylines and GLB tubes.

File and node names that come from words are slugged. World frame here: right-handed, z up; GLB is y up.
"""

from __future__ import annotations

import html
import io
import json
import math
import re
import unicodedata

import numpy as np

from drawagent.settings import DrawSettings
from drawagent.sheets import captioned, drawn
from drawagent.sketch import Sketch, SketchError
from easel.cameras import Camera, turntable

FORMAT = "drawagent-sketch/1"


def slug(words: str | None, *, otherwise: str = "part") -> str:
    """ASCII letters, digits and dashes, at most 48 characters; safe as a file or node name."""
    plain = unicodedata.normalize("NFKD", words or "").encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:48].strip("-") or otherwise


def to_json(sketch: Sketch, *, title: str = "", note: str = "") -> str:
    """The sketch with names and full precision."""
    strokes = [{"name": stroke.name, "points": [list(point) for point in stroke.points]} for stroke in sketch.strokes]
    noted = {"note": note} if note else {}
    head = {"format": FORMAT, "frame": "right-handed, z up", "title": title, **noted}
    return json.dumps({**head, "strokes": strokes}, indent=1)


def from_json(text: str) -> Sketch:
    """Read what `to_json` wrote. Raises SketchError naming what is wrong."""
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise SketchError(f"format {FORMAT}", came=str(data["format"]))
        return Sketch.from_array(
            [stroke["points"] for stroke in data["strokes"]], [stroke["name"] for stroke in data["strokes"]]
        ) if data["strokes"] else Sketch(())
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, SketchError):
            raise
        raise SketchError(f"a sketch in JSON ({FORMAT})", came=repr(error)) from error


def to_svg(sketch: Sketch, camera: Camera, *, size: int = 512, width: float = 3.0, samples: int = 33,
           caption: str = "") -> str:
    """One view as SVG; a projected cubic is rational, so each stroke is a polyline of `samples` points."""
    lines = []
    for stroke, curve in zip(sketch.strokes, sketch.normalised().curve_points(samples), strict=True):
        projected = camera.project(curve)
        seen = projected[projected[:, 2] > camera.near]
        if len(seen) < 2:
            continue
        at = (seen[:, :2] + 1.0) / 2.0 * size
        points = " ".join(f"{x:.2f},{y:.2f}" for x, y in at)
        lines.append(f'<polyline class="{slug(stroke.name)}" points="{points}"/>')
    words = f'<text x="8" y="{size - 8}" font-size="12" fill="#666">{html.escape(caption)}</text>' if caption else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" width="{size}" height="{size}">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><g fill="none" stroke="#000" stroke-width="{width}" '
        f'stroke-linecap="round" stroke-linejoin="round">{"".join(lines)}</g>{words}</svg>\n'
    )


def to_gif(
    sketch: Sketch, settings: DrawSettings, *, frames: int = 36, size: int = 256, milliseconds: int = 80,
    caption: str = "",
) -> bytes:
    """A looping turntable of `frames` views, with words below it if there are any."""
    from PIL import Image

    cameras = turntable(frames, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
    pictures = drawn([sketch.normalised()], cameras, settings, size=size)[0]
    pictures = [captioned(picture, caption) for picture in pictures]
    images = [Image.fromarray((picture * 255 + 0.5).astype(np.uint8)).quantize(32) for picture in pictures]
    buffer = io.BytesIO()
    images[0].save(buffer, "GIF", save_all=True, append_images=images[1:], duration=milliseconds, loop=0)
    return buffer.getvalue()


def to_obj(sketch: Sketch, *, samples: int = 24) -> str:
    """Polylines (`l` elements), one object a stroke, z up as drawn."""
    lines = ["# right-handed, z up"]
    first = 1
    for index, (stroke, curve) in enumerate(zip(sketch.strokes, sketch.curve_points(samples), strict=True)):
        lines.append(f"o {index:03d}-{slug(stroke.name)}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in curve]
        lines.append("l " + " ".join(str(first + i) for i in range(samples)))
        first += samples
    return "\n".join(lines) + "\n"


def to_glb(sketch: Sketch, *, radius: float = 0.012, samples: int = 24, sides: int = 8) -> bytes:
    """Round tubes, one node a stroke named `NNN-part`; y up as glTF asks for. radius : of the normalised sketch."""
    import trimesh

    scene = trimesh.Scene()
    y_up = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    curves = sketch.normalised().curve_points(samples)
    for index, (stroke, curve) in enumerate(zip(sketch.strokes, curves, strict=True)):
        vertices, faces = tube(curve, radius=radius, sides=sides)
        material = trimesh.visual.material.PBRMaterial(
            baseColorFactor=[20, 20, 20, 255], metallicFactor=0.0, roughnessFactor=0.8
        )
        mesh = trimesh.Trimesh(
            vertices @ y_up.T, faces, process=False, visual=trimesh.visual.TextureVisuals(material=material)
        )
        name = f"{index:03d}-{slug(stroke.name)}"
        scene.add_geometry(mesh, node_name=name, geom_name=name)
    return scene.export(file_type="glb")


def tube(curve: np.ndarray, *, radius: float, sides: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Closed tube around a polyline.

    curve : (P, 3) points. Returns vertices (P * sides + 2, 3) and faces (F, 3), outward. The frame is carried
    along by the smallest turn, so that the tube does not twist. Points that coincide are given their neighbour's
    direction; a curve of no length becomes a small bead along z.
    """
    steps = np.diff(curve, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    if lengths.max(initial=0.0) < 1e-9:
        curve = curve[:1] + np.linspace(-radius, radius, len(curve))[:, None] * np.array([0.0, 0.0, 1.0])
        steps = np.diff(curve, axis=0)
        lengths = np.linalg.norm(steps, axis=1)
    good = np.flatnonzero(lengths > 1e-9)
    steps = steps[good[np.abs(np.arange(len(steps))[:, None] - good[None]).argmin(axis=1)]]
    units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    tangents = np.vstack([units[:1], units[:-1] + units[1:], units[-1:]])
    flat = np.linalg.norm(tangents, axis=1) < 1e-6
    tangents[flat] = np.vstack([units[:1], units])[flat]
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    helper = np.eye(3)[np.abs(tangents[0]).argmin()]
    normal = np.cross(tangents[0], helper)
    rings = []
    angles = 2.0 * math.pi * np.arange(sides) / sides
    for point, tangent in zip(curve, tangents, strict=True):
        normal = normal - tangent * (normal @ tangent)
        size = np.linalg.norm(normal)
        normal = normal / size if size > 1e-6 else np.cross(tangent, np.eye(3)[np.abs(tangent).argmin()])
        normal = normal / np.linalg.norm(normal)
        across = np.cross(tangent, normal)
        rings.append(point + radius * (np.cos(angles)[:, None] * normal + np.sin(angles)[:, None] * across))
    count = len(curve)
    vertices = np.vstack([*rings, curve[:1], curve[-1:]])
    faces = []
    for i in range(count - 1):
        for s in range(sides):
            a, b = i * sides + s, i * sides + (s + 1) % sides
            faces += [[a, b, b + sides], [a, b + sides, a + sides]]
    last = (count - 1) * sides
    for s in range(sides):
        faces.append([count * sides, (s + 1) % sides, s])
        faces.append([count * sides + 1, last + s, last + (s + 1) % sides])
    return vertices, np.array(faces)
