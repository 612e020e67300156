"""Files of other methods: matched by name, read in every kind, drawn as geometry says, and put into our tables."""

from __future__ import annotations

import base64
import json
import math
import struct
import sys

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from drawagent.cli import app
from drawagent.export import to_glb, to_json, to_obj, to_svg
from drawagent.foreign import match_files, read_prompts
from drawagent.foreign_glb import read_glb
from drawagent.foreign_obj import read_obj
from drawagent.foreign_pictures import png_picture, shape_pictures, show, svg_picture
from drawagent.foreign_scoring import score_folder
from drawagent.foreign_shapes import Shape, strokes_of, z_up
from drawagent.gallery import Gallery
from drawagent.metrics import anchors, measure
from drawagent.queries import Query
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.cameras import ring
from easel.errors import ConfigurationError, MissingCapability
from easel.mesh_views import GREY, Triangles
from easel.runs import RunStore
from tests.fakes import TinyScorer, tiny_reward

SETTINGS = DrawSettings.paper(picture_size=32, report_views=3, stroke_width=1.0)
CRATE = """mtllib wood work.mtl
v -1 -1 0
v 1 -1 0
v 1 1 0
v -1 1 0
v -1 -1 1.5
v 1 -1 1.5
v 1 1 1.5
v -1 1 1.5
usemtl wood
f 1/1 2/1 6/1 5/1
f 2//1 3//1 7//1 6//1
usemtl paint
f 3 4 8 7
f -5 -8 -4 \\
  -1  # the fourth side
l 5 6 7 8 5
"""
WOOD = "newmtl wood\nKd 0.8 0.5 0.2\nnewmtl paint\nKd 0.1\nmap_Kd -s 1 1 1 grain.png\n"
VASE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 140">
<path d="M30 10 C10 60 10 100 35 130 L65 130 C90 100 90 60 70 10 Z" fill="#4a90d9" stroke="#123"/>
</svg>"""


def queries(*names: str) -> tuple[Query, ...]:
    return tuple(Query(id=name, text=f"a {name}", category=name) for name in names)


def curve(seed: int = 0, strokes: int = 5) -> Sketch:
    return Sketch.from_array(np.random.default_rng(seed).uniform(-1, 1, (strokes, 4, 3)))


def put(folder, **files: str | bytes):
    """Write files; "__" in a keyword is a slash, the last "_" the dot before the ending."""
    for name, content in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def png(folder, name: str, picture: Image.Image) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    picture.save(folder / name)


def scored(folder, names: str | tuple[Query, ...], root, **changes):
    asked = queries(*names.split()) if isinstance(names, str) else names
    settings = {"method": "Other", "scorer": TinyScorer(), "settings": SETTINGS, "root": root, "date": "2000-01-01"}
    return score_folder(folder, asked, **{**settings, **changes})


@pytest.fixture
def every_kind(tmp_path):
    """One drawing of each kind that none of our exporters wrote, and a prompt without any."""
    folder = tmp_path / "other"
    bowl = Image.new("RGBA", (60, 40))
    ImageDraw.Draw(bowl).ellipse((5, 5, 55, 35), fill=(200, 60, 40, 255))
    png(folder, "bowl_1.png", bowl)
    png(folder, "bowl_2.png", Image.new("L", (48, 48), 128))
    (folder / "crate.obj").write_text(CRATE)
    (folder / "wood work.mtl").write_text(WOOD)
    png(folder, "grain.png", Image.new("RGB", (4, 4)))
    (folder / "vase.svg").write_text(VASE)
    cone = trimesh.creation.cone(0.6, 1.5)
    cone.visual.vertex_colors = [20, 120, 40, 255]
    scene = trimesh.Scene()
    scene.add_geometry(cone, transform=trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    (folder / "tree.glb").write_bytes(scene.export(file_type="glb"))
    (folder / "knot.json").write_text(to_json(curve()))
    (folder / ".DS_Store").write_text("")
    return folder


# ---- prompts and names


def test_prompts_come_from_a_csv_or_the_report_list(tmp_path):
    sheet = tmp_path / "prompts.csv"
    sheet.write_text('\ufeffid,text,length\nstool,a stool,\noak,"an oak, old and bent",descriptive\n', "utf-8")
    stool, oak = read_prompts(sheet)
    assert (stool.id, stool.text, stool.length, stool.category) == ("stool", "a stool", "short", "stool")
    assert (oak.text, oak.length) == ("an oak, old and bent", "descriptive")
    lists = tmp_path / "q.yaml"
    report = [{"id": "bowl", "category": "bowl", "text": "a bowl"}]
    learn = [{"id": "stool", "category": "stool", "text": "a stool"}]
    lists.write_text(yaml.safe_dump({"source": "made up", "learn": learn, "report": report}))
    assert [query.id for query in read_prompts(lists)] == ["bowl"]
    lists.write_text(yaml.safe_dump({"source": "made up", "learn": learn}))
    with pytest.raises(ConfigurationError, match=r"a 'report' list, got none \(at q.yaml\)"):
        read_prompts(lists)


@pytest.mark.parametrize(("text", "words"), [
    ("", "rows under the columns id,text or id,text,length, got no row"),
    ("name,text\na,b\n", "got name,text"),
    ("id,text,views\na,b,3\n", "got id,text,views"),
    ("id,text\nA Bowl,a bowl\n", r"a prompt as id,text\[,length\], got id: String should match.*p.csv row 2"),
    ("id,text\nbowl,\n", "got text: String should have at least 1 character"),
    ("id,text,length\nbowl,a bowl,long\n", "got length: Input should be 'short' or 'descriptive'"),
    ("id,text\nbowl,a bowl\nbowl,bowls\n", r"every id once, got 'bowl' twice \(at p.csv row 3\)"),
    ("id,text\nbowl\n", "got text: Input should be a valid string"),
])
def test_wrong_prompts_are_named(tmp_path, text, words):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        read_prompts(tmp_path / "p.csv")


def test_files_find_their_prompts(tmp_path):
    put(tmp_path, cup_2_svg="", cup_10_svg="", cup_svg="", cup_1_obj="", jar__b10_png="", jar__b9_PNG="", jar___x_png="",
        tin_json="", prompts_csv="")
    asked = queries("cup", "cup_1", "jar", "tin", "pan")
    cup, first, jar, tin, pan = match_files(tmp_path, asked, but=tmp_path / "prompts.csv")
    assert (cup.kind, [path.name for path in cup.files]) == ("svg", ["cup.svg", "cup_2.svg", "cup_10.svg"])
    assert (first.kind, [path.name for path in first.files]) == ("obj", ["cup_1.obj"])
    assert [path.name for path in jar.files] == ["_x.png", "b9.PNG", "b10.png"]
    assert (tin.kind, pan.kind, pan.files) == ("json", None, ())
    assert jar.hashes(tmp_path)["jar/b9.PNG"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("files", "words"), [
    ({"cup_png": "", "cop_png": ""}, "got cop.png"),
    ({"cup_9x_png": ""}, "got cup_9x.png"),
    ({"cup_gif": ""}, "got cup.gif"),
    ({"cup_mtl": ""}, "got cup.mtl"),
    ({"cup__a_obj": ""}, "got cup/a.obj"),
    ({"cup__inner__a_png": ""}, "got cup/inner"),
    ({f"x{n}_png": "" for n in range(7)}, "got x0.png, x1.png, x2.png, x3.png, x4.png and 2 more"),
    ({"cup_png": "", "cup_svg": ""}, r"files of one kind for a prompt.*got cup.png, cup.svg \(at prompt 'cup'\)"),
    ({"cup_obj": "", "cup_1_obj": ""}, "a single one but for png and svg, got cup.obj, cup_1.obj"),
])
def test_files_of_no_prompt_are_refused_by_name(tmp_path, files, words):
    put(tmp_path, **files)
    with pytest.raises(ConfigurationError, match=words):
        match_files(tmp_path, queries("cup"))


def test_a_material_file_belongs_to_the_obj_that_names_it(tmp_path):
    put(tmp_path, cup_obj="mtllib shared.mtl\nmtllib ../far.mtl\n", shared_mtl="map_Kd -blendu on oak.png\n", oak_png="")
    (cup,) = match_files(tmp_path, queries("cup"))
    assert sorted(cup.hashes(tmp_path)) == ["cup.obj", "shared.mtl"]


# ---- shapes


def test_straight_pieces_are_the_polyline_itself():
    line = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 2, 0], [0, 0, 3]], dtype=float)
    strokes = strokes_of(line)
    assert strokes.shape == (3, 4, 3)
    assert (strokes[:, 0] == line[[0, 1, 3]]).all() and (strokes[:, 3] == line[[1, 3, 4]]).all()
    on = Sketch.from_array(strokes).curve_points(13)
    share = np.linspace(0, 1, 13)[None, :, None]
    np.testing.assert_allclose(on, strokes[:, None, 0] * (1 - share) + strokes[:, None, 3] * share, atol=1e-15)
    assert strokes_of(np.ones((3, 3))).tolist() == [[[1.0, 1.0, 1.0]] * 4]


def test_smooth_pieces_pass_through_the_points_without_a_corner():
    t = np.arange(7.0)
    line = np.stack([t, t**2, -t], axis=1)
    strokes = strokes_of(line, "smooth")
    assert (strokes[:, 0] == line[:-1]).all() and (strokes[:, 3] == line[1:]).all()
    np.testing.assert_allclose(strokes[1:, 1] - strokes[1:, 0], strokes[:-1, 3] - strokes[:-1, 2], atol=1e-12)
    inner = Sketch.from_array(strokes[1:-1]).curve_points(9).reshape(-1, 3)
    np.testing.assert_allclose(inner[:, 1], inner[:, 0] ** 2, atol=1e-12)  # it is the parabola where both sides are known
    np.testing.assert_allclose(strokes[0, 1] - strokes[0, 0], (line[1] - line[0]) / 3)


def test_smooth_pieces_close_where_the_ends_meet():
    turn = np.linspace(0, 2 * np.pi, 17)
    ring_ = np.stack([np.cos(turn), np.sin(turn), 0 * turn], axis=1)
    ring_[-1] = ring_[0]
    strokes = strokes_of(ring_, "smooth")
    np.testing.assert_allclose(strokes[0, 1] - strokes[0, 0], strokes[-1, 3] - strokes[-1, 2], atol=1e-15)
    radii = np.linalg.norm(Sketch.from_array(strokes).curve_points(9), axis=2)
    assert abs(radii - 1).max() < 6e-4


def test_lines_and_faces_share_one_frame():
    shape = Shape(Triangles.of([[0, 0, 0], [2, 0, 0], [0, 1, 0]], [[0, 1, 2]]), (np.array([[0, 0, 0], [0, 0, 8.0]]),))
    framed = shape.normalised()
    assert framed.lines[0].tolist() == [[-0.25, -0.125, -1.0], [-0.25, -0.125, 1.0]]
    assert framed.triangles.points[0].tolist() == [[-0.25, -0.125, -1], [0.25, -0.125, -1], [-0.25, 0.125, -1]]


def test_y_up_is_turned_once():
    assert z_up(np.array([[1.0, 2.0, 3.0]]), "y").tolist() == [[1.0, -3.0, 2.0]]
    assert np.linalg.det(z_up(np.eye(3), "y")) == pytest.approx(1)
    assert z_up(np.array([1.0, 2.0, 3.0]), "z").tolist() == [1.0, 2.0, 3.0]


def test_an_obj_has_its_faces_lines_and_colours(tmp_path):
    put(tmp_path, crate_obj=CRATE, wood_mtl=WOOD)
    shape = read_obj(tmp_path / "crate.obj", materials=[tmp_path / "wood.mtl"])
    assert len(shape.triangles) == 8
    assert shape.triangles.points[0].tolist() == [[-1, -1, 0], [1, -1, 0], [1, -1, 1.5]]
    assert shape.triangles.points[7].tolist() == [[-1, 1, 0], [-1, -1, 1.5], [-1, 1, 1.5]]
    assert shape.triangles.colours[:, 0].tolist() == [[0.8, 0.5, 0.2]] * 4 + [[0.1] * 3] * 4
    assert shape.lines[0].tolist() == [[-1, -1, 1.5], [1, -1, 1.5], [1, 1, 1.5], [-1, 1, 1.5], [-1, -1, 1.5]]
    assert shape.said == ("textures left out: 1",)
    turned = read_obj(tmp_path / "crate.obj", up="y")
    assert turned.triangles.points[0].tolist() == [[-1, 0, -1], [1, 0, -1], [1, -1.5, -1]]
    assert turned.triangles.colours[0, 0].tolist() == list(GREY)
    assert turned.said == ("materials without a colour here, drawn grey: paint, wood",)


def test_vertex_colours_come_before_materials(tmp_path):
    put(tmp_path, a_obj="v 0 0 0 1 0 0\nv 1 0 0 0 2 0\nv 0 1 0\ncurv 0 1 1 2 3\np 1\np 2\nusemtl m\nf 1 2 3\n",
        m_mtl="newmtl m\nKd 0.5 0.5 0.5\n")
    shape = read_obj(tmp_path / "a.obj", materials=[tmp_path / "m.mtl"])
    assert shape.triangles.colours.tolist() == [[[1, 0, 0], [0, 1, 0], [0.5, 0.5, 0.5]]]
    assert shape.said == ("elements 'curv' left out: 1", "elements 'p' left out: 2")


@pytest.mark.parametrize(("text", "words"), [
    ("v 0 0\n", r"3 or 4 or 6 or 7 numbers, got 2 \(at a.obj line 1\)"),
    ("\nv 0 0 x\n", r"numbers, got 0 0 x \(at a.obj line 2\)"),
    ("v 0 0 0\nf 1 1\n", "at least 3 corners, got 2"),
    ("v 0 0 0\nl 1 2\n", "a vertex from 1 to 1, got 2"),
    ("v 0 0 0\nl 1 0\n", "a vertex from 1 to 1, got 0"),
    ("v 0 0 0\nl 1 -2/1\n", "a vertex from 1 to 1, got -2/1"),
    ("v 0 0 0\nl 1 b\n", "whole numbers of vertices, got b"),
])
def test_a_broken_obj_names_its_line(tmp_path, text, words):
    put(tmp_path, a_obj=text)
    with pytest.raises(ConfigurationError, match=words):
        read_obj(tmp_path / "a.obj")


def test_a_glb_agrees_with_trimesh(tmp_path):
    scene = trimesh.Scene()
    turn = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [0.1, 0.2, 0.3])
    box = trimesh.creation.box((1, 2, 3))
    box.visual = trimesh.visual.TextureVisuals(
        material=trimesh.visual.material.PBRMaterial(baseColorFactor=[51, 102, 255, 255]))
    scene.add_geometry(box, transform=turn)
    ball = trimesh.creation.icosphere(subdivisions=1)
    ball.visual.vertex_colors = np.tile(np.arange(len(ball.vertices), dtype=np.uint8)[:, None], 4)
    scene.add_geometry(ball, transform=np.diag([2, 0.5, 1, 1]))
    (tmp_path / "a.glb").write_bytes(scene.export(file_type="glb"))
    shape = read_glb(tmp_path / "a.glb")
    other = trimesh.load_scene(tmp_path / "a.glb").to_mesh()
    expected = np.sort(z_up(other.triangles, "y").reshape(-1, 9), axis=0)
    np.testing.assert_allclose(np.sort(shape.triangles.points.reshape(-1, 9), axis=0), expected, atol=1e-6)
    assert sorted({tuple(row) for row in shape.triangles.colours.reshape(-1, 3).round(4).tolist()})[-1] == (0.2, 0.4, 1.0)
    assert shape.triangles.colours[12:].max() == pytest.approx((len(ball.vertices) - 1) / 255)


def glb(header: dict, data: bytes = b"") -> bytes:
    """A GLB written by hand."""
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text
    body += struct.pack("<I4s", len(data), b"BIN\0") + data if data else b""
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def lines_glb(points, mode: int, *, order=None, node: dict | None = None, **changes) -> bytes:
    data = np.asarray(points, "<f4").tobytes()
    primitive: dict = {"attributes": {"POSITION": 0}, "mode": mode}
    views = [{"buffer": 0, "byteLength": len(data)}]
    accessors = [{"bufferView": 0, "componentType": 5126, "count": len(points), "type": "VEC3"}]
    if order is not None:
        indices = np.asarray(order, "<u2").tobytes()
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": len(indices)})
        accessors.append({"bufferView": 1, "componentType": 5123, "count": len(order), "type": "SCALAR"})
        primitive["indices"] = 1
        data += indices
    return glb({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, **(node or {})}], "meshes": [{"primitives": [primitive]}], "accessors": accessors,
        "bufferViews": views, "buffers": [{"byteLength": len(data)}], **changes,
    }, data)


SQUARE = [[0, 0, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1]]
"""On the floor of y up; z up it is 0 0 0, 1 0 0, 1 -1 0, 0 -1 0."""


@pytest.mark.parametrize(("mode", "order", "lines"), [
    (1, None, [[0, 1], [2, 3]]),
    (1, [0, 1, 1, 2, 3, 0, 0], [[0, 1, 2], [3, 0]]),
    (2, None, [[0, 1, 2, 3, 0]]),
    (3, [2, 0, 1], [[2, 0, 1]]),
])
def test_all_kinds_of_gltf_lines(tmp_path, mode, order, lines):
    put(tmp_path, a_glb=lines_glb(SQUARE, mode, order=order))
    floor = np.array([[0, 0, 0], [1, 0, 0], [1, -1, 0], [0, -1, 0]], dtype=float)
    shape = read_glb(tmp_path / "a.glb")
    assert [line.tolist() for line in shape.lines] == [floor[one].tolist() for one in lines]
    assert len(shape.triangles) == 0


@pytest.mark.parametrize(("mode", "order", "faces"), [
    (4, [0, 1, 2, 3], [[0, 1, 2]]), (5, None, [[0, 1, 2], [1, 2, 3]]), (6, None, [[0, 1, 2], [0, 2, 3]]), (5, [0, 1], []),
])
def test_all_kinds_of_gltf_triangles(tmp_path, mode, order, faces):
    put(tmp_path, a_glb=lines_glb(SQUARE, mode, order=order))
    floor = np.array([[0, 0, 0], [1, 0, 0], [1, -1, 0], [0, -1, 0]], dtype=float)
    shape = read_glb(tmp_path / "a.glb")
    assert shape.triangles.points.tolist() == [floor[one].tolist() for one in faces]
    assert (shape.triangles.colours == GREY[0]).all()


def test_nodes_move_what_hangs_below_them(tmp_path):
    half = math.sqrt(0.5)
    nodes = [{"translation": [0, 0, 5], "children": [1]},
             {"rotation": [0, half, 0, half], "scale": [2, 1, 1], "children": [2]},
             {"mesh": 0, "matrix": [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 1]}]
    put(tmp_path, a_glb=lines_glb([[0, 0, 0], [1, 0, 0]], 1, nodes=nodes))
    (line,) = read_glb(tmp_path / "a.glb").lines
    # x + 1, twice as long, a quarter turn about y (x becomes -z), 5 along z; then z up: x -z y
    np.testing.assert_allclose(line, [[0, -3, 0], [0, -1, 0]], atol=1e-12)


@pytest.mark.parametrize(("content", "words"), [
    (b"", r"a binary glTF 2.0 file, got error"),
    (b"glTF\1\0\0\0\14\0\0\0", "version 1, 12 of 12 bytes"),
    (b"glTF\2\0\0\0\377\0\0\0", "version 2, 12 of 255 bytes"),
    (glb({"buffers": [{"uri": "far.bin"}]}), r"a GLB that carries its buffers, got far.bin \(at a.glb\)"),
    (glb({"extensionsRequired": ["KHR_draco_mesh_compression"]}), "a GLB without compression, got KHR_draco"),
    (glb({"scenes": [{"nodes": [0]}], "nodes": [{"children": [0]}]}), "nodes that form a tree, got node 0 twice"),
    (glb({"scenes": [{"nodes": [0]}]}), "a binary glTF 2.0 file, got IndexError"),
    (lines_glb(SQUARE, 1, order=[0, 9]), "indices below 4, got 0 to 9"),
    (lines_glb(SQUARE, 9), "primitives of mode 0 to 6, got 9"),
    (lines_glb(SQUARE, 1, bufferViews=[{"buffer": 0, "byteOffset": 1}]), "accessors inside their buffer, got accessor 0"),
    (lines_glb(SQUARE, 1, accessors=[{"componentType": 5126, "count": 4, "type": "VEC3"}]), "accessors that are stored whole"),
])
def test_a_broken_glb_says_what_is_wrong(tmp_path, content, words):
    put(tmp_path, a_glb=content)
    with pytest.raises(ConfigurationError, match=words):
        read_glb(tmp_path / "a.glb")


def test_interleaved_normalised_and_embedded_data_is_read(tmp_path):
    data = b"".join(struct.pack("<3f4B", *point, *colour) for point, colour in
                    zip(SQUARE[:3], [(255, 0, 0, 9), (0, 255, 0, 9), (0, 0, 51, 9)], strict=True))
    attributes = {"attributes": {"POSITION": 0, "COLOR_0": 1}, "material": 0}
    header = {
        "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}], "meshes": [{"primitives": [attributes, {**attributes, "mode": 0}]}],
        "materials": [{"alphaMode": "BLEND", "pbrMetallicRoughness": {"baseColorFactor": [0.5, 1, 1, 0.1],
                                                                      "baseColorTexture": {"index": 0}}}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
                      {"bufferView": 0, "byteOffset": 12, "componentType": 5121, "normalized": True, "count": 3,
                       "type": "VEC4"}],
        "bufferViews": [{"buffer": 0, "byteStride": 16, "byteLength": len(data)}],
        "buffers": [{"uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode()}],
    }
    put(tmp_path, a_glb=glb(header))
    shape = read_glb(tmp_path / "a.glb")
    assert shape.triangles.points.tolist() == [[[0, 0, 0], [1, 0, 0], [1, -1, 0]]]
    assert shape.triangles.colours.tolist() == [[[0.5, 0, 0], [0, 1, 0], [0, 0, 0.2]]]
    assert shape.said == ("primitives of points left out: 1", "textures left out: 1", "transparencies left out: 1")


def test_what_cannot_be_seen_is_left_out_and_said():
    line, broken = np.array([[0, 0, 0], [1, 0, 0.0]]), np.array([[0, 0, np.nan], [1, 0, 0]])
    flat = Triangles.of([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]])
    left = Shape(flat, (line, broken), ("earlier",)).sound(where="x.obj")
    assert left.said == ("earlier", "triangles without an area or with nan left out: 1", "lines with nan left out: 1")
    with pytest.raises(ConfigurationError, match=r"faces or lines that can be seen, got triangles.*: 1 \(at x.obj\)"):
        Shape(flat).sound(where="x.obj")
    with pytest.raises(ConfigurationError, match="faces or lines that can be seen, got none"):
        Shape(Triangles.joined([])).sound(where="x.obj")


# ---- pictures


def test_a_png_is_taken_as_it_is_over_white(tmp_path):
    image = Image.new("RGBA", (4, 2), (255, 0, 0, 255))
    image.putpixel((0, 0), (0, 0, 0, 0))
    image.putpixel((1, 0), (0, 0, 255, 51))
    png(tmp_path, "a.png", image)
    picture, said = png_picture(tmp_path / "a.png")
    assert (picture.shape, picture.dtype, said) == ((3, 4, 4), np.float32, ("set on a white square",))
    assert picture[:, 0].tolist() == [[1.0] * 4] * 3
    np.testing.assert_allclose(picture[:, 1].T, [[1, 1, 1], [0.8, 0.8, 1], [1, 0, 0], [1, 0, 0]], atol=1e-7)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "LA", "I;16"])
def test_every_kind_of_png_is_read(tmp_path, mode):
    grey = 60000 if mode == "I;16" else 255
    png(tmp_path, "a.png", Image.new("RGB", (3, 3), "white").convert(mode) if mode != "I;16"
        else Image.fromarray(np.full((3, 3), grey, np.uint16)))
    picture, said = png_picture(tmp_path / "a.png")
    assert said == ()
    assert picture == pytest.approx(60000 / 65535 if mode == "I;16" else 1.0)


def test_what_is_no_png_is_refused(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "a.png", "JPEG")
    with pytest.raises(ConfigurationError, match=r"a PNG picture, got cannot identify.*a.png"):
        png_picture(tmp_path / "a.png")
    png(tmp_path, "b.png", Image.new("L", (300, 300), 7))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:60])
    with pytest.raises(ConfigurationError, match="a PNG picture"):
        png_picture(tmp_path / "b.png")


def test_an_svg_is_drawn_on_white_with_fills_and_curves():
    picture, said = svg_picture(VASE, 140, where="vase.svg")
    assert (picture.shape, said) == ((3, 140, 140), ("set on a white square",))
    assert picture[:, 70, 70] * 255 == pytest.approx(np.array([0x4a, 0x90, 0xd9]), abs=0.01)
    assert (picture[:, :, :25] == 1).all()
    sides = Sketch.from_array([
        [[30, 10, 0], [10, 60, 0], [10, 100, 0], [35, 130, 0]], [[65, 130, 0], [90, 100, 0], [90, 60, 0], [70, 10, 0]],
    ]).curve_points(200).reshape(-1, 3)
    x, y = sides[:, 0], sides[:, 1]
    area = abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2
    filled, _ = svg_picture(VASE.replace('stroke="#123"', 'stroke="none"'), 140, where="vase.svg")
    assert ((1 - filled[0]) / (1 - 0x4a / 255)).sum() == pytest.approx(area, rel=0.002)


@pytest.mark.parametrize(("text", "words"), [
    ("", "an SVG that can be drawn"),
    ("<svg", r"an SVG that can be drawn, got the document does not have a root node \(at a.svg\)"),
    ('<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/x.png"/></svg>', "an SVG that carries its pictures"),
    ("<svg xmlns:x='http://www.w3.org/1999/xlink'><image width='3'\n x:href='a.png'/></svg>", "one that names other files"),
])
def test_what_is_no_svg_of_its_own_is_refused(text, words):
    with pytest.raises(ConfigurationError, match=words):
        svg_picture(text, 16, where="a.svg")


def test_words_in_an_svg_tell_the_scorer_nothing():
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    picture, said = svg_picture(f'{head}<text y="9" font-size="9">vase</text></svg>', 16, where="a.svg")
    assert (picture == 1).all()
    assert said == ("words in SVG left out",)
    linked = f'{head}<rect id="r" width="5" height="10"/><use href="#r" x="2"/></svg>'
    assert svg_picture(linked, 16, where="a.svg")[0][0, 8].tolist() == [0] * 7 + [1] * 9


def test_without_resvg_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingCapability, match=r"the package resvg_py, which draws SVG.*Install the extra 'lab'"):
        svg_picture(VASE, 16, where="a.svg")


def test_our_own_svg_looks_like_our_own_renderer():
    sketch, camera = curve(3), ring(1)[0]
    picture, _ = svg_picture(to_svg(sketch, camera, size=128, width=2.0), 128, where="a.svg")
    reward = ViewReward(TinyScorer(), (camera,), tiny_reward().renderer, size=128, width=2.0)
    ours = np.asarray(reward.pictures([sketch]))[0, 0]
    assert np.abs(picture[0] - ours).mean() < 0.004
    assert (1 - ours).mean() > 0.02


def test_our_own_obj_is_our_sketch_in_straight_pieces(tmp_path):
    sketch = curve(4)
    put(tmp_path, knot_obj=to_obj(sketch))
    reward = tiny_reward(size=64)
    (drawing,) = match_files(tmp_path, queries("knot"))
    shown = show(drawing, reward)
    assert (shown.strokes, len(shown.views), shown.own) == (5, 2, False)
    apart = np.abs(np.stack(shown.views) - np.asarray(reward.pictures([sketch]))[0])
    assert apart.mean() < 0.004
    smooth = np.abs(np.stack(show(drawing, reward, curves="smooth").views) - np.asarray(reward.pictures([sketch]))[0])
    assert smooth.mean() < apart.mean()


def test_our_own_glb_stands_upright_where_our_sketch_does(tmp_path):
    sketch = curve(5)
    put(tmp_path, knot_glb=to_glb(sketch, radius=0.03))
    reward = ViewReward(TinyScorer(), ring(3), tiny_reward().renderer, size=96, width=2.0)
    shown = show(match_files(tmp_path, queries("knot"))[0], reward)
    ours = np.asarray(reward.pictures([sketch]))[0]
    ink = np.stack(shown.views)[:, 0] < 0.9
    assert shown.said == ()
    for view in range(3):
        assert ink[view][ours[view] < 0.1].mean() > 0.9
        assert ink[view].sum() < 3 * (ours[view] < 0.9).sum()


def test_lines_lie_on_faces_in_one_frame(tmp_path):
    # A black quad and its outline in one file: the outline must run along the quad's edge in every view.
    put(tmp_path, a_obj="v -1 0 -1 0 1 0\nv 1 0 -1 0 1 0\nv 1 0 1 0 1 0\nv -1 0 1 0 1 0\nf 1 2 3 4\nl 1 2 3 4 1\n")
    reward = ViewReward(TinyScorer(), ring(2, elevation_deg=0), tiny_reward().renderer, size=64, width=2.0)
    picture = shape_pictures(read_obj(tmp_path / "a.obj"), reward)[0]
    assert picture.shape == (3, 64, 64)
    column = picture[:, 32]
    left = int(np.flatnonzero(column[0] < 0.5)[0])
    assert (column[:, left] < 0.3).all()
    assert column[1, left + 4] > 0.9 and column[0, left + 4] == 0
    assert (column[:, left - 2] == 1).all()


# ---- scoring


def test_every_kind_becomes_a_row_and_a_missing_file_a_failed_drawing(every_kind, tmp_path):
    scorer = TinyScorer()
    done = scored(every_kind, "bowl crate vase tree knot lamp", tmp_path / "runs", scorer=scorer)
    rows = {row["query"]: row for row in done.drawings}
    assert {name: (row["kind"], row["views"], row["views_of"], row["strokes"], row["valid"]) for name, row in rows.items()} == {
        "bowl": ("png", 2, "the method's own", 0, True), "crate": ("obj", 3, "ours", 1, True),
        "vase": ("svg", 1, "the method's own", 0, True), "tree": ("glb", 3, "ours", 0, True),
        "knot": ("json", 3, "ours", 5, True), "lamp": ("", 3, "ours", 0, False),
    }
    assert rows["lamp"]["reason"] == "no file"
    assert rows["crate"]["said"] == ["textures left out: 1", "hidden lines drawn too"]
    assert list(done.rows) == ["epoch 0", "blank canvas", "random strokes", "wrong text"]
    metrics = done.rows["epoch 0"]
    assert (metrics.n, metrics.validity) == (6, pytest.approx(5 / 6))
    by_name = {one.query: one for one in metrics.drawings}
    blank = {one.query: one for one in done.rows["blank canvas"].drawings}
    assert by_name["lamp"].similarity == blank["lamp"].similarity
    assert by_name["lamp"].valid is False and blank["lamp"].valid is True
    run = RunStore.read(done.run.folder)
    assert (run.info["evidence"], run.info["status"], run.info["name"]) == ("external", "finished", "Other")
    assert run.info["cards"]["report"]["column"] == "tiny"
    assert sorted(run.info["configuration"]["files"]["crate"]) == ["crate.obj", "wood work.mtl"]
    measured = run.keyed("measured")["epoch 0/bowl"]
    assert measured["similarity"] == by_name["bowl"].similarity
    assert len(Image.open(run.folder / "views/what-was-scored.png").getcolors(1 << 20)) > 50
    gallery = Gallery(run)
    assert gallery.caption() == "files of another method: Other"
    assert gallery.curve_text().splitlines() == [
        "tiny, raw cosine, by epoch of the library", f"  epoch 0: {metrics.similarity:.4f}  n = 6"]
    with pytest.raises(ConfigurationError, match=r"got files of another method.*views/what-was-scored.png shows them"):
        gallery.contact_sheet()


def test_views_of_a_method_count_alike_whatever_their_number_and_size(tmp_path):
    folder = tmp_path / "f"
    for name, views in {"cup": [(8, 0), (8, 90), (16, 180)], "pan": [(32, 40)]}.items():
        for number, (size, grey) in enumerate(views):
            png(folder, f"{name}/{number}.png", Image.new("L", (size, size), grey))
    scorer = TinyScorer()
    cup, pan = scored(folder, "cup pan", tmp_path / "runs", scorer=scorer).rows["epoch 0"].drawings
    texts = scorer.embed_texts(["a cup", "a pan"])
    pictures = [np.full((1, 3, size, size), grey / 255, np.float32) for size, grey in ((8, 0), (8, 90), (16, 180))]
    expected = [float(scorer.embed_images(picture)[0] @ texts[0]) for picture in pictures]
    assert cup.similarity == pytest.approx(np.mean(expected), abs=1e-6)
    assert cup.worst_view == pytest.approx(min(expected), abs=1e-6)
    flat = scorer.embed_images(np.full((1, 3, 32, 32), 40 / 255, np.float32))[0] @ texts[1]
    assert pan.similarity == pytest.approx(float(flat), abs=1e-6)


class Brightness:
    """An aesthetic predictor: ten times the mean of a picture."""

    card = TinyScorer().card

    def scores(self, images):
        return np.round(10 * np.asarray(images).reshape(len(images), -1).mean(axis=1), 4)


def test_again_nothing_is_done_twice_and_aes_may_be_asked_for_later(every_kind, tmp_path):
    names, root = "bowl crate vase tree knot lamp", tmp_path / "runs"
    first = scored(every_kind, names, root)
    tables = {path.name: path.read_bytes() for path in first.run.folder.glob("*.jsonl")}
    assert set(tables) == {"measured.jsonl", "metrics.jsonl", "drawings.jsonl"}
    scorer = TinyScorer()
    again = scored(every_kind, names, root, scorer=scorer)
    assert (again.run.folder, scorer.embedded) == (first.run.folder, 0)
    assert {path.name: path.read_bytes() for path in again.run.folder.glob("*.jsonl")} == tables
    assert again.rows["epoch 0"].drawings == first.rows["epoch 0"].drawings
    rated = scored(every_kind, names, root, aesthetic=Brightness()).rows["epoch 0"]
    by_name = {one.query: one for one in rated.drawings}
    assert by_name["lamp"].aesthetic == 10.0
    levels = [png_picture(path)[0].mean() for path in sorted(every_kind.glob("bowl_*"))]
    assert by_name["bowl"].aesthetic == pytest.approx(10 * np.mean(levels), abs=1e-3)
    kept = RunStore.read(first.run.folder)
    assert len(kept.keyed("metrics")) == 8
    assert (kept.folder / "metrics.jsonl").read_bytes().startswith(tables["metrics.jsonl"])
    (every_kind / "vase.svg").write_text(VASE.replace("#4a90d9", "red"))
    assert scored(every_kind, names, root).run.folder != first.run.folder


def test_our_json_has_the_figures_of_a_report_to_the_last_digit(tmp_path):
    folder, names = tmp_path / "f", ("one", "two", "three", "four")
    sketches = [curve(1), None, curve(2, 9), curve(3)]
    put(folder, **{f"{name}_json": to_json(sketch) for name, sketch in zip(names, sketches, strict=True) if sketch})
    reward = ViewReward.of(SETTINGS, TinyScorer(), views=SETTINGS.report_views)
    expected = {"epoch 0": measure(queries(*names), sketches, reward), **anchors(queries(*names), sketches, reward)}
    done = scored(folder, " ".join(names), tmp_path / "runs")
    assert dict(done.rows) == expected
    assert done.rows["epoch 0"].validity == 0.75


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("cup_json", "{}", "a sketch in JSON"), ("cup_json", b"\xff", "a file in UTF-8"),
    ("cup_json", to_json(Sketch(())), "a sketch with strokes, got none"),
    ("cup_png", "no", "a PNG picture"), ("cup_svg", "<svg", "an SVG that can be drawn"),
    ("cup_obj", "v 0 0 0\n", "faces or lines that can be seen"), ("cup_obj", "v nan 0 0\nv 1 1 1\nl 1 2\n", "lines with nan"),
    ("cup_glb", "glTF", "a binary glTF 2.0 file"),
])
def test_a_file_that_cannot_be_taken_is_a_failed_drawing_with_a_reason(tmp_path, name, content, reason):
    put(tmp_path / "f", **{name: content, "pan_json": to_json(curve())})
    done = scored(tmp_path / "f", "cup pan", tmp_path / "runs")
    assert reason in done.drawings[0]["reason"]
    assert [one.valid for one in done.rows["epoch 0"].drawings] == [False, True]
    assert (done.rows["epoch 0"].n, done.rows["epoch 0"].validity) == (2, 0.5)


def test_a_missing_package_is_no_failed_drawing(tmp_path, monkeypatch):
    put(tmp_path / "f", cup_svg=VASE)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingCapability, match="resvg_py"):
        scored(tmp_path / "f", "cup", tmp_path / "runs")
    monkeypatch.undo()
    assert scored(tmp_path / "f", "cup", tmp_path / "runs").rows["epoch 0"].validity == 1


def test_the_command_line_scores_a_folder(every_kind, tmp_path):
    prompts = every_kind / "prompts.csv"
    prompts.write_text("id,text\n" + "".join(f"{name},a {name}\n" for name in ("bowl", "crate", "vase", "tree", "knot", "lamp")))
    command = ["score", str(every_kind), "--prompts", str(prompts), "--method", "Other <b>", "--scorer",
               "tests.fakes:TinyScorer", "--root", str(tmp_path / "runs"), "--set", "picture_size=32", "--set",
               "report_views=2"]
    shown = CliRunner().invoke(app, command, catch_exceptions=False).stdout.splitlines()
    assert "failed: lamp: no file" in shown
    assert "note: vase: set on a white square" in shown
    assert "Other <b>: 6 prompts, 2 of them seen in the method's own views" in shown
    assert any(line.startswith("  epoch 0: ") and line.endswith("n = 6") for line in shown)
    folder = tmp_path / "runs" / shown[-1].rpartition("/")[2]
    assert shown[-1] == f"run folder: {folder}"
    assert folder.name.partition("_")[2].startswith("other-b_")
    figure = next(row for row in RunStore.read(folder).rows("metrics") if row["row"] == "epoch 0")["similarity"]
    assert any(line.startswith(f"  epoch 0: {figure:.4f}  valid 83%") for line in shown)


def test_words_that_the_scorer_does_not_know_are_refused_before_a_run_exists(tmp_path):
    put(tmp_path / "f", cup_json=to_json(curve()))

    class Picky(TinyScorer):
        def check_text(self, text):
            raise ConfigurationError("words that this model knows", came=text)

    with pytest.raises(ConfigurationError, match="got a cup"):
        scored(tmp_path / "f", "cup", tmp_path / "runs", scorer=Picky())
    assert not (tmp_path / "runs").exists()
