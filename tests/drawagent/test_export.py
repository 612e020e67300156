"""Exports: values in every format, names that do no harm."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import trimesh
from PIL import Image

from drawagent.drawing import write_drawing
from drawagent.export import from_json, slug, to_gif, to_glb, to_json, to_obj, to_svg, tube
from drawagent.settings import DrawSettings
from drawagent.sheets import labelled_sheet, views
from drawagent.sketch import Sketch, SketchError
from easel.cameras import Camera, ring

HOSTILE = (
    "<script>alert(1)</script>", "../../etc/passwd", "'\"><img src=x onerror=alert(1)>", "x" * 10_000,
    "\u202eright-to-left \u05d0\u05d1", "a\nb", "</svg>", "con", "", None,
)


def hostile() -> Sketch:
    rng = np.random.default_rng(1)
    return Sketch.from_array(rng.uniform(-1, 1, (len(HOSTILE), 4, 3)), HOSTILE)


def straight() -> Sketch:
    return Sketch.from_array([[[0, 0, 0], [0, 0, 1 / 3], [0, 0, 2 / 3], [0, 0, 1]]], ["post"])


def numpy_renderer(sketches, cameras, *, size, width):
    """A renderer of one's own that returns numpy, as the reward allows."""
    return np.full((len(sketches), len(cameras), size, size), 0.5)


def test_a_renderer_that_returns_numpy_serves_pictures_too():
    settings = DrawSettings.paper(renderer=f"{__name__}:numpy_renderer", picture_size=16, views=2)
    assert views(straight(), settings).shape == (2, 16, 16)
    assert to_gif(straight(), settings, frames=2, size=16)[:3] == b"GIF"
    assert labelled_sheet([("a post", [straight(), None])], ["one", "two"], settings)[:4] == b"\x89PNG"


@pytest.mark.parametrize("name", HOSTILE)
def test_slugs_are_safe_names(name):
    made = slug(name)
    assert made
    assert len(made) <= 48
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_json_round_trip_is_exact():
    assert from_json(to_json(hostile())) == hostile()
    assert from_json(to_json(Sketch(()))) == Sketch(())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other/1", "strokes": []}', to_json(straight())[:-9]])
def test_broken_json_is_refused(text):
    with pytest.raises(SketchError, match="expected"):
        from_json(text)


def test_svg_is_well_formed_and_projects_as_the_camera_does():
    camera = Camera(eye=(0, -6, 0), projection="orthographic", height=4.0)
    tree = ET.fromstring(to_svg(straight(), camera, size=100, samples=2))
    (line,) = tree.iter("{http://www.w3.org/2000/svg}polyline")
    # The post is normalised to z in [-1, 1]: half the picture's height, in its middle.
    assert line.get("points") == "50.00,75.00 50.00,25.00"
    assert line.get("class") == "post"
    ET.fromstring(to_svg(hostile(), ring(8)[1]))


def test_gif_turns_and_loops():
    picture = Image.open(io.BytesIO(to_gif(hostile(), DrawSettings(), frames=6, size=48)))
    assert picture.n_frames == 6
    assert picture.info["loop"] == 0
    picture.seek(0)
    first = np.asarray(picture.convert("L"), dtype=float)
    picture.seek(2)
    assert np.abs(first - np.asarray(picture.convert("L"), dtype=float)).mean() > 1


def test_obj_lines_lie_on_the_curves():
    lines = to_obj(straight(), samples=5).splitlines()
    assert lines[1] == "o 000-post"
    assert [float(line.split()[3]) for line in lines if line.startswith("v ")] == [0, 0.25, 0.5, 0.75, 1]
    assert lines[-1] == "l 1 2 3 4 5"


def test_glb_nodes_are_named_by_part_and_up_is_y():
    scene = trimesh.load(io.BytesIO(to_glb(straight())), file_type="glb")
    assert list(scene.graph.nodes_geometry) == ["000-post"]
    low, high = scene.bounds
    assert high[1] - low[1] == pytest.approx(2.0, abs=0.05)
    assert high[2] - low[2] < 0.05
    names = list(trimesh.load(io.BytesIO(to_glb(hostile())), file_type="glb").graph.nodes_geometry)
    assert len(names) == len(HOSTILE)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


@pytest.mark.parametrize("curve", [
    np.linspace([0, 0, 0], [1, 2, 3], 9),
    np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]], dtype=float),
    np.zeros((5, 3)),
    np.stack([np.cos(t := np.linspace(0, 6, 40)), np.sin(t), 0.1 * t], axis=1),
])
def test_tubes_are_closed_and_face_outward(curve):
    vertices, faces = tube(curve, radius=0.02)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight
    assert np.isfinite(vertices).all()
    if not np.allclose(curve[0], curve[3]):
        assert mesh.volume > 0


def test_a_straight_tube_has_the_volume_of_its_prism():
    vertices, faces = tube(np.linspace([0, 0, 0], [0, 0, 1], 7), radius=0.1, sides=64)
    assert trimesh.Trimesh(vertices, faces).volume == pytest.approx(np.pi * 0.01, rel=0.01)


def test_a_drawing_is_written_in_every_format_inside_its_folder(tmp_path):
    written = write_drawing(hostile(), tmp_path / "out", title="../../<b>evil</b>", settings=DrawSettings(picture_size=32))
    assert {path.suffix for path in written} == {".json", ".png", ".gif", ".obj", ".glb", ".html", ".svg"}
    assert all(path.parent == tmp_path / "out" and path.stat().st_size > 0 for path in written)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert json.loads(written[0].read_text())["title"] == "../../<b>evil</b>"


def test_a_watermark_is_on_every_picture_and_page(tmp_path):
    written = write_drawing(straight(), tmp_path, title="a post", settings=DrawSettings(picture_size=64), watermark="A <mark>.")
    plain = write_drawing(straight(), tmp_path / "plain", title="a post", settings=DrawSettings(picture_size=64))
    for marked, bare in zip(written, plain, strict=True):
        if marked.suffix in (".png", ".gif"):
            assert Image.open(marked).size[1] > Image.open(bare).size[1]
        elif marked.suffix in (".html", ".svg"):
            assert "A &lt;mark&gt;." in marked.read_text()
        elif marked.suffix == ".json":
            assert json.loads(marked.read_text())["note"] == "A <mark>."
            assert from_json(marked.read_text()) == straight()
