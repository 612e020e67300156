"""OBJ and GLB of other methods: what they hold, in our frame; lines as strokes."""

from __future__ import annotations

import base64
import json
import math
import struct

import numpy as np
import pytest
import trimesh

from drawagent.foreign_glb import read_glb
from drawagent.foreign_obj import read_obj
from drawagent.foreign_shapes import Shape, strokes_of, z_up
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.mesh_views import GREY, Triangles
from tests.foreign_files import CRATE, WOOD, put


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
