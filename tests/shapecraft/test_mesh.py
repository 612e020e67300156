"""Meshes and mesh files: what Blender wrote comes back where it stood; measures of shapes that geometry knows."""

from __future__ import annotations

import base64
import json
import math
import struct
import zlib

import numpy as np
import pytest
import trimesh

from easel.errors import ConfigurationError
from shapecraft.mesh import GREY, ObjectMesh, PartMesh, assembled
from shapecraft.mesh_files import read_glb, read_mesh

BY_BLENDER = zlib.decompress(base64.b85decode(
    'c-pO3PjBNy6rXLofBI*41MCL~!`01>?XhE55YvWTQRp_PtyU|Qiggk<wKlP{wo_PDl`5`CaN`TG2aa60p`;%I0at{yUw|7Y-'
    'c0Od;{3HB?#w*D_kO?k=FOX?Z8VP_FCm0}$|3Z}8bY5OR`xHj9fnSXw=QtQ@tnYp`~Yv^PtOA1^TT`tAo-'
    'o9<JFxYzx%L~Kc@w)pvhRm=S~p1z6Z`qf#6FChczI;TO^i3ymfqmJ-'
    'Y=ue8_DQ_WU|G$dYn$c`|&zz%3^{<KP$(I(CE^mEDBbV^UB^|D%`&QB*~t5-I4hN;Rl#XhjoLG<MTWolu=>5F`q0FKpTo&-'
    'R!|s<a8wr3+j;bDQ<R;o6fy<VN6k+Bgl9B_a`y>Srns{CDiyi+tdOEZxA525}0eVHArpF^E|tMV%_Zut^FsHK}UIR4IbaFcn>5v6Fpn$`b#X'
    'kTxl3ECaB#?8pgRyV<W?-'
    'S1SJ&Y@d(>Ub*(I?f=o05lSASA!=`WH*~`?ZEFe&fsW5cHUJxbjp6y4<6e!e(I32(J!7Xn+h=%R?kUgCt9p5QjKT^(Iu8|D-M#-0ajxbi9-'
    '(6DmD3s64lgHO}k`OoxY1k;J^`O+K0qWYhq3l6M_u5Z+JG^wdGEgHEla^TW;i@$3{Df0=L?U93K6%%Hi(OZe^cy?^h0<Z13^rIC}J~T&Wy<^'
    'aa6N3fvCYtGhJ@QHSRT7`F9kgmg%#jS}i2VNoQMFL{q98}Pjh8!(3P%+Yu<5d+FB2o%h&!E5LTeb#E{^wbHSy3Uup6g9uqhUi{&^r{W1XfiZ'
    '9C_5hfu2Bd}`77RWniLOq0xs+HO{N%3>>_Xm{Pa;-#cXq8Bzb<MS#Tu_Tp5F_li=zAt`6ac<?X%ggE0a+J3dY7wE3S4rOk~r3$15BkC&-'
    '9yG;7LDjBn*%f<h#oy_@>W_BaVf*&uGEYGeKe21h<1sfVNh&Pen!s@HY*>k)`1m9Q+jTM#CQ~s6Dy3-CCOoU&_x-'
    '!gWK9(yMMay~$O^pobG+0lER%d{zF$yk{43WpcOtC0fRZ?J6&rq=x*iekc_pA__LT5RwF|<r5&5*gOr{GGKsu}6vszK8`AGCbj?qYPR8}Q|n'
    '&;N20p`G1*_-hyS;$cmYtts-fF^yvumz816inB-zCdZ#ED_#ZNh~7%+dsF;-'
    'Q~a&j_DQiO`t%my=}qUkF2w?@S1|Ii?YY%|XZ8=RzMa*G+1dN^xMtU-'
    'p`W<st;y?kX^0coyftZELATIbXa&YSltb^JyD;BHYv>MIM@ulX|Hp2k`)C#BRdfTrjc%i5n3vH8n$xcn`cgc*MP$C$IM*v{SgWK)Hy{rLV<`'
    'djgdXGa-zz_t;<YQvLY`NmEclc}S>UupIp#|IyJAd%zbEi_g?zd~J}Bm9{^-HiZ@S-'
    'nU+;<X!yn$Y%2#i?u#U)JvzQO_6=lK45@msNL}pxq|3GH31^%AE-xKl~$f>(f`uw{keqL<-@vq-X(zg$+Uthkk*!uCG|L`+?-M-'
    '{L%+74dVEDww*6PdGA0$||=6-+g{e+vX%+74d=-'
    '&y}D>>+rC74&>$wAlOg82?SIq3E^m^YxySwAg9r{9KW6>h*f+=ct_EOX5|NE_gJkKYx9{spyaUIz'
))
"""Written by Blender 4.5's exporter: an empty "group" at (1, 0, 0) with the child "seat", a cube of side 1 at
(0, 2, 3), scaled by (0.2, 0.4, 0.6), red but for one green face; and "Back rest", a smooth cone of 8 sides, mirrored in
x and turned about z."""
CUBE = trimesh.creation.box()


def part(shape: trimesh.Trimesh, name: str = "part", at=(0, 0, 0), **more) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces), **more)


def test_what_blender_exports_comes_back_z_up_with_its_names():
    mesh = read_glb(BY_BLENDER)
    assert mesh.names == ("seat", "Back rest")
    seat, cone = mesh.parts
    assert seat.bounds == pytest.approx(np.array([[0.9, 1.8, 2.7], [1.1, 2.2, 3.3]]), abs=1e-6)
    assert seat.volume == pytest.approx(0.2 * 0.4 * 0.6, rel=1e-6)
    assert cone.bounds[:, 2] == pytest.approx([0, 1], abs=1e-6)
    assert cone.volume == pytest.approx(8 * 0.5 * 0.25 * math.sin(math.pi / 4) / 3, rel=1e-5)
    assert seat.topology.manifold and cone.topology.manifold


def test_materials_uv_and_normals_of_the_file_are_kept():
    seat, cone = read_glb(BY_BLENDER).parts
    assert seat.base_colour == pytest.approx((0.8, 0.2, 0.05), abs=1 / 255)
    assert (seat.roughness, seat.metallic) == pytest.approx((0.35, 0.25), abs=1e-6)
    assert (cone.base_colour, cone.roughness, cone.metallic) == (GREY, 0.5, 0.0)
    assert seat.uv.shape == (12, 3, 2)
    assert 0 <= seat.uv.min() < seat.uv.max() <= 1
    assert np.einsum("fki,fi->fk", seat.corner_normals, seat.face_normals) == pytest.approx(1.0, abs=1e-6)
    sides = cone.face_normals[:, 2] > 0
    assert np.einsum("fki,fi->fk", cone.corner_normals, cone.face_normals)[sides].min() > 0.4
    assert np.abs(cone.corner_normals - cone.face_normals[:, None])[sides].max() > 0.1


def test_axes_are_turned_once_and_v_points_up():
    """A triangle in glTF's own numbers: y is up there, and v runs down."""
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 2, -3]], dtype="<f4")
    uv = np.array([[0, 0], [1, 0], [0, 0.25]], dtype="<f4")
    mesh = read_glb(glb({"POSITION": points, "TEXCOORD_0": uv}, nodes=[{"mesh": 0, "name": "sail"}]))
    assert mesh.names == ("sail",)
    assert mesh.parts[0].triangles[0].tolist() == [[0, 0, 0], [1, 0, 0], [0, 3, 2]]
    assert mesh.parts[0].uv[0].tolist() == [[0, 1], [1, 1], [0, 0.75]]


def test_parts_keep_the_order_of_the_nodes():
    names = ["z", "a", "m"]
    scene = {"POSITION": np.eye(3, dtype="<f4")}
    mesh = read_glb(glb(scene, nodes=[{"mesh": 0, "name": name, "translation": [n, 0, 0]} for n, name in enumerate(names)]))
    assert mesh.names == ("z", "a", "m")
    assert [part.bounds[0, 0] for part in mesh.parts] == [0, 1, 2]


def glb(attributes: dict[str, np.ndarray], nodes: list[dict]) -> bytes:
    body, views, accessors = b"", [], []
    for array in attributes.values():
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": array.nbytes})
        accessors.append({"bufferView": len(views) - 1, "componentType": 5126, "count": len(array),
                          "type": f"VEC{array.shape[1]}", "min": array.min(0).tolist(), "max": array.max(0).tolist()})
        body += array.tobytes()
    text = json.dumps({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": list(range(len(nodes)))}], "nodes": nodes,
        "materials": [{}], "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(body)}],
        "meshes": [{"primitives": [{"attributes": {name: n for n, name in enumerate(attributes)}, "material": 0}]}],
    }).encode()
    text += b" " * (-len(text) % 4)
    return b"".join((struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body)), struct.pack("<I4s", len(text), b"JSON"),
                     text, struct.pack("<I4s", len(body), b"BIN\0"), body))


@pytest.mark.parametrize("up", [None, "y", "z"])
def test_obj_and_stl_are_z_up_unless_told_otherwise(tmp_path, up):
    shape = trimesh.creation.box((1, 2, 3))
    for kind in ("obj", "stl"):
        path = tmp_path / f"tall box.{kind}"
        shape.export(path)
        mesh = read_mesh(path, up=up)
        assert mesh.names == ("tall box",)
        assert np.ptp(mesh.bounds, axis=0) == pytest.approx([1, 3, 2] if up == "y" else [1, 2, 3], abs=1e-6)
        assert mesh.parts[0].volume == pytest.approx(6.0, rel=1e-6)


def test_an_obj_with_objects_has_parts(tmp_path):
    path = tmp_path / "pair.obj"
    path.write_text("o right\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\no left\nv 5 0 0\nv 6 0 0\nv 5 1 0\nf 4 5 6\n")
    mesh = read_mesh(path)
    assert mesh.names == ("right", "left")
    assert mesh.parts[mesh.names.index("left")].bounds[0].tolist() == [5, 0, 0]


def test_an_objs_objects_come_in_the_files_order(tmp_path):
    names = ("zeta", "alpha", "big one", "beta")
    path = tmp_path / "four.obj"
    path.write_text("".join(f"o {name}\nv {i} 0 0\nv {i}.5 0 0\nv {i} 1 0\nf {3 * i + 1} {3 * i + 2} {3 * i + 3}\n"
                            for i, name in enumerate(names)))
    mesh = read_mesh(path)
    assert mesh.names == names
    assert [part.bounds[0][0] for part in mesh.parts] == [0, 1, 2, 3]


@pytest.mark.parametrize(("name", "content", "words"), [
    ("a.ply", b"", "expected a file that ends in .glb, .obj, .stl, got a.ply (at read_mesh)."),
    ("a.glb", b"glTX\x02\0\0\0\x14\0\0\0\0\0\0\0JSON", "expected a GLB file, got ValueError: begins b'glTX', version 2 (at a.glb)."),
    ("a.obj", b"v 0 0 0\n", "expected at least one triangle, got none (at a.obj)."),
    ("a.stl", b"solid nothing", "expected at least one triangle, got none (at a.stl)."),
    ("a.glb", BY_BLENDER[:900], "expected a GLB file, got "),
])
def test_files_that_are_no_mesh_are_refused_by_name(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        read_mesh(tmp_path / name)
    assert str(caught.value).startswith(words)


def test_numbers_that_are_none_are_refused_with_the_node_s_name():
    points = np.array([[0, 0, 0], [1, 0, 0], [0, math.nan, 0]], dtype="<f4")
    with pytest.raises(ConfigurationError, match=r"expected finite vertices, got 1 of 3 .*\(at part 'sail #0'\)"):
        read_glb(glb({"POSITION": points}, nodes=[{"mesh": 0, "name": "sail"}]))


def test_a_missing_file_is_named():
    from pathlib import Path

    with pytest.raises(ConfigurationError, match=r"expected a readable mesh file, got No such file.*\(at gone\.glb\)"):
        read_mesh(Path("gone.glb"))


@pytest.mark.parametrize(("change", "words"), [
    ({"name": " "}, "expected a part with a name, got ' ' (at PartMesh)."),
    ({"vertices": [[0, 0, 0], [1, 0, 0], [0, 1, math.nan]]},
     "expected finite vertices, got 1 of 3 with nan or infinity, first number 2 (at part 'leg')."),
    ({"vertices": [[0, 0], [1, 0], [0, 1]]}, "expected vertices of shape (N, 3), got shape (3, 2) (at part 'leg')."),
    ({"faces": [[0, 1, 3]]}, "expected corners from 0 to 2, got 0 to 3 (at part 'leg')."),
    ({"faces": [[0.0, 1.0, 2.0]]}, "expected faces of shape (F, 3), whole numbers, got shape (1, 3), float64 (at part 'leg')."),
    ({"uv": np.zeros((2, 3, 2))}, "expected uv of shape (1, 3, 2), got shape (2, 3, 2) (at part 'leg')."),
    ({"uv": np.full((1, 3, 2), math.inf)},
     "expected finite uv, got 1 of 1 with nan or infinity, first number 0 (at part 'leg')."),
    ({"roughness": 1.5},
     "expected base colour, emission, roughness and metallic from 0 to 1, got (0.448, 0.448, 0.448, 0.0, 0.0, 0.0, 1.5, 0.0) (at part 'leg')."),
])
def test_a_part_that_cannot_be_is_refused(change, words):
    right = {"name": "leg", "vertices": [[0, 0, 0], [1, 0, 0], [0, 1, 0]], "faces": [[0, 1, 2]]}
    with pytest.raises(ConfigurationError) as caught:
        PartMesh(**(right | change))
    assert str(caught.value) == words


def test_an_object_has_parts_and_every_name_once():
    with pytest.raises(ConfigurationError, match=r"got 2 parts, twice: \['part'\]"):
        ObjectMesh((part(CUBE), part(CUBE)))
    with pytest.raises(ConfigurationError, match="got 0 parts"):
        ObjectMesh(())
    with pytest.raises(ConfigurationError, match="expected at least one triangle, got none"):
        _ = ObjectMesh((PartMesh("empty", CUBE.vertices, []),)).bounds


def test_arrays_are_copies_and_cannot_be_written():
    vertices = np.array(CUBE.vertices)
    mesh = PartMesh("cube", vertices, np.asarray(CUBE.faces))
    vertices[:] = 0
    assert mesh.bounds.tolist() == [[-0.5] * 3, [0.5] * 3]
    with pytest.raises(ValueError, match="read-only"):
        mesh.vertices[0] = 0


def test_bounds_area_volume_of_a_moved_box():
    box = part(trimesh.creation.box((1, 2, 3)), at=(100, -50, 7))
    assert box.bounds.tolist() == [[99.5, -51, 5.5], [100.5, -49, 8.5]]
    assert box.area == pytest.approx(22)
    assert box.volume == pytest.approx(6, rel=1e-12)
    loose = PartMesh("loose", [*CUBE.vertices, [99, 99, 99]], np.asarray(CUBE.faces))
    assert loose.bounds.tolist() == [[-0.5] * 3, [0.5] * 3]


def test_a_surface_turned_inside_out_has_a_negative_volume():
    assert PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces)[:, ::-1]).volume == pytest.approx(-1)


def test_vertices_split_for_normals_are_one_surface():
    split = PartMesh("split", CUBE.triangles.reshape(-1, 3), np.arange(36).reshape(-1, 3))
    assert split.topology == part(CUBE).topology
    assert split.topology.manifold and split.topology.loose_parts == 1
    assert len(split.welded[0]) == 8


@pytest.mark.parametrize(("faces", "expected"), [
    (CUBE.faces, (True, True, 0, 0, 0)),
    (CUBE.faces[1:], (False, False, 3, 0, 0)),
    ([*CUBE.faces, CUBE.faces[0]], (False, False, 0, 3, 0)),
    ([CUBE.faces[0][::-1], *CUBE.faces[1:]], (False, False, 0, 0, 0)),
    ([*CUBE.faces, [0, 0, 1]], (True, True, 0, 0, 1)),
])
def test_topology_of_a_cube_and_of_broken_ones(faces, expected):
    found = PartMesh("cube", CUBE.vertices, np.array(faces)).topology
    assert (found.closed, found.manifold, found.open_edges, found.crowded_edges, found.degenerate) == expected
    assert (PartMesh("cube", CUBE.vertices, np.array(faces)).volume is not None) == expected[0]


def test_boxes_that_touch_along_an_edge_are_closed_but_not_manifold():
    pair = ObjectMesh((part(CUBE, "one"), part(CUBE, "two", (1, 1, 0)))).joined("pair")
    assert pair.topology.closed and not pair.topology.manifold
    assert pair.topology.crowded_edges == 1
    assert pair.volume == pytest.approx(2)


def test_loose_pieces_are_numbered_by_their_first_triangle_and_split():
    pair = ObjectMesh((part(CUBE, "one"), part(trimesh.creation.icosphere(1), "two", (5, 0, 0)))).joined("pair")
    assert pair.pieces.tolist() == [0] * 12 + [1] * 80
    box, ball = pair.split()
    assert (len(box.faces), len(ball.faces), len(box.vertices)) == (12, 80, 8)
    assert ball.bounds[0, 0] == pytest.approx(4)
    assert PartMesh("none", CUBE.vertices, []).split() == ()


def test_smooth_and_sharp_edges_are_told_by_their_angle():
    pipe = part(trimesh.creation.cylinder(1.0, 2.0, sections=12))
    lid = np.abs(pipe.face_normals[:, 2]) > 0.5
    assert pipe.corner_normals[lid] == pytest.approx(np.repeat(pipe.face_normals[lid][:, None], 3, axis=1), abs=1e-9)
    wall = pipe.triangles[~lid] * [1, 1, 0]
    assert np.einsum("fki,fki->fk", pipe.corner_normals[~lid], wall) == pytest.approx(1.0, abs=1e-9)
    cube = part(CUBE)
    assert cube.corner_normals == pytest.approx(np.repeat(cube.face_normals[:, None], 3, axis=1), abs=1e-12)


def test_keys_follow_what_is_seen_and_nothing_finer_than_a_micrometre():
    cube = part(CUBE)
    assert part(CUBE, at=(1e-8, 0, 0)).key == cube.key
    others = [part(CUBE, at=(1e-4, 0, 0)), part(CUBE, "other"), part(CUBE, roughness=0.6),
              part(CUBE, uv=np.zeros((12, 3, 2)))]
    assert len({cube.key, *(one.key for one in others)}) == 5
    assert ObjectMesh((cube, others[1])).key != ObjectMesh((others[1], cube)).key


def test_a_component_of_several_meshes_is_one_part_with_the_largest_one_s_material():
    made = ObjectMesh((part(CUBE, "small", base_colour=(1, 0, 0)),
                       part(trimesh.creation.box((2, 2, 2)), "large", (5, 0, 0), base_colour=(0, 0, 1), metallic=1.0)))
    whole = assembled([("base", made), ("lid", ObjectMesh((part(CUBE, "x", (0, 0, 9)),)))])
    assert whole.names == ("base", "lid")
    assert (whole.parts[0].base_colour, whole.parts[0].metallic) == ((0, 0, 1), 1.0)
    assert whole.parts[0].volume == pytest.approx(9)
    assert whole.part_of.tolist() == [0] * 24 + [1] * 12
    assert whole.face_of.tolist() == [*range(24), *range(12)]
    assert whole.bounds.tolist() == [[-0.5, -1, -1], [6, 1, 9.5]]
