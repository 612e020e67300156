"""Materials: several on one mesh, from the program through the wall to GLB, readers, pictures, page and measures."""

from __future__ import annotations

import ast
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

import shapecraft
from easel.asking import load_prompt
from easel.cameras import Camera
from easel.errors import ConfigurationError, MissingCapability
from shapecraft.animated_glb import animated_glb
from shapecraft.animation import Animation, Track
from shapecraft.boxes import Box
from shapecraft.graph import Component, Joint, ShapeGraph
from shapecraft.intake import MATERIALS, MATERIALS_TOGETHER, MaterialEntry, Solid, Unacceptable, read_header
from shapecraft.materials import GREY, FlatMaterial, merged
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.mesh_files import read_glb
from shapecraft.model_page import model_page
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Limits
from shapecraft.palette import flat_material
from shapecraft.part_glb import write_glb
from shapecraft.part_report import report_on
from shapecraft.shading import Style, shaded
from shapecraft.solid_overlap import box_overlap, exact_overlap, voxel_overlap
from shapecraft.wall import open_wall

CUBE = trimesh.creation.box()
RED, BLUE, GREEN = (0.8, 0.0, 0.0), (0.0, 0.0, 0.8), (0.0, 1.0, 0.0)
SCREEN = """
import bpy
def paint(name, colour, glow=0.0):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    shader = made.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1)
    shader.inputs["Emission Color"].default_value = (0.1, 1.0, 0.2, 1)
    shader.inputs["Emission Strength"].default_value = glow
    return made
bpy.ops.mesh.primitive_cube_add(size=1)
cube = bpy.context.object
for one in (paint("unused", (1, 1, 1)), paint("bezel", (0.8, 0, 0)), paint("glass", (0, 0, 0.8)), paint("led", (0, 0, 0), 5)):
    cube.data.materials.append(one)
for face in cube.data.polygons:
    face.material_index = 2 if face.normal.y < -0.5 else 3 if face.normal.z > 0.5 else 1
"""
FRONT, TOP = Camera((0, -6, 0)), Camera((0, 0, 6), up=(0, 1, 0))


@pytest.fixture(scope="module")
def wall():
    try:
        standing = open_wall(1)
    except MissingCapability as error:
        pytest.skip(str(error))
    with standing:
        yield standing


def entry(base, name="paint", **more) -> MaterialEntry:
    return MaterialEntry(**({"name": name, "base": (*base, 1.0), "metallic": 0, "roughness": 0.5, "emission": (0, 0, 0)} | more))


def solid(shape: trimesh.Trimesh, numbers, materials) -> Solid:
    """A mesh without shared normals; numbers : material of each face"""
    corners = np.asarray(shape.faces, dtype=np.int32)
    normals = np.repeat(np.asarray(shape.face_normals, dtype=np.float32)[:, None], 3, axis=1)
    return Solid("part", np.asarray(shape.vertices, dtype=np.float32), corners, normals, None,
                 np.asarray(numbers, dtype=np.uint16), tuple(materials))


def document(glb: bytes) -> dict:
    (length,) = struct.unpack_from("<I", glb, 12)
    return json.loads(glb[20: 20 + length])


def pixel(mesh: ObjectMesh, camera: Camera, **style) -> list[float]:
    return shaded(mesh, [camera], Style(size=33, **style)).pictures[0, 16, 16].tolist()


# --- the whole line ---------------------------------------------------------------------------------------------------------

def test_a_cube_of_several_materials_comes_through_the_wall_into_the_picture(wall):
    came = wall.run(Job(SCREEN))
    assert came.kind == "ran", came.message
    told = document(came.glb)
    assert [one["name"] for one in told["nodes"]] == ["Cube"]
    assert [told["materials"][one["material"]]["name"] for one in told["meshes"][0]["primitives"]] == ["bezel", "glass", "led"]
    assert told["materials"][2]["emissiveFactor"] == [0.1, 1.0, 0.2], "a strong light keeps its colour"
    mesh = read_glb(came.glb)
    (cube,) = mesh.parts
    assert [one.base_colour for one in cube.materials] == [pytest.approx(one, abs=1 / 255) for one in (RED, BLUE, (0, 0, 0))]
    assert sorted(np.bincount(cube.material_of).tolist()) == [2, 2, 8]
    assert cube.base_colour == cube.materials[0].base_colour, "the largest area's"
    front, top, below = (pixel(mesh, one) for one in (FRONT, TOP, Camera((0, 0, -6), up=(0, 1, 0))))
    assert front[2] > 0.7
    assert max(front[:2]) == 0
    assert below[0] > 0.5
    assert max(below[1:]) == 0
    assert top == pytest.approx([0.349, 1.0, 0.484], abs=0.01), "the glow itself, as a screen shows it"
    assert (came.parts[0].faces, came.parts[0].vertices, came.parts[0].manifold, came.parts[0].loose_parts) == (12, 8, True, 1)
    assert came.parts[0].material == "bezel"


def test_the_guides_drawer_has_a_knob_of_another_colour(wall):
    program = load_prompt("shapecraft", "shapes").text.split("```python\n")[1].split("```")[0]
    came = wall.run(Job(program))
    (drawer,) = read_glb(came.glb).parts
    assert [(round(one.metallic, 2), round(one.roughness, 2)) for one in drawer.materials] == [(0, 0.6), (1, 0.3)]
    front, knob = (drawer.triangles[drawer.material_of == number] for number in (0, 1))
    assert knob[..., 1].max() <= front[..., 1].min() + 1e-6, "the knob stands before the front"


def test_a_joined_solid_without_material_gets_the_flat_one_and_the_other_keeps_its_own(wall):
    came = wall.run(Job("""
import shapes
plain = shapes.box(size=(0.2, 0.2, 0.2), center=(0, 0, 0.1))
gold = shapes.material(shapes.box(size=(0.1, 0.1, 0.1), center=(0, 0, 0.25)), base_color=(1.0, 0.6, 0.0))
shapes.join(plain, gold, name="half")
"""))
    assert [one.base_colour for one in read_glb(came.glb).parts[0].materials] == [
        pytest.approx(GREY, abs=1 / 255), pytest.approx((1, 0.6, 0), abs=1 / 255)]
    red = flat_material("matte red paint")
    (half,) = read_glb(object_glb([("half", came.glb)], {"half": red})).parts
    assert [one.base_colour for one in half.materials] == [
        pytest.approx(red.base_colour, abs=1 / 255), pytest.approx((1, 0.6, 0), abs=1 / 255)]
    assert [one.roughness for one in half.materials] == [red.roughness, 0.5]


def test_a_program_with_too_many_materials_is_told_so(wall):
    program = """
import bpy
bpy.ops.mesh.primitive_grid_add(x_subdivisions=20, y_subdivisions=20)
mesh = bpy.context.object.data
for number in range(300):
    mesh.materials.append(bpy.data.materials.new(f"m{number}"))
for face in mesh.polygons:
    face.material_index = face.index % COUNT
"""
    came = wall.run(Job(program.replace("COUNT", "300")))
    assert (came.kind, came.message) == ("output", "at least 300 materials in 'Grid', at most 256 are allowed")
    assert wall.run(Job(program.replace("COUNT", "256"))).kind == "ran", "unused ones do not count"


# --- the border -------------------------------------------------------------------------------------------------------------

def header(*materials: int, **more) -> bytes:
    grey = entry(GREY).model_dump() | more
    return json.dumps({"kind": "ran", "objects": [
        {"name": str(n), "vertices": 3, "triangles": 1, "uv": False, "materials": [grey] * count}
        for n, count in enumerate(materials)]}).encode()


@pytest.mark.parametrize(("text", "words"), [
    (header(0), "objects.0.materials: Tuple should have at least 1 item"),
    (header(257), "objects.0.materials: Tuple should have at most 256 items"),
    (header(*[256] * 8, 1), "2,049 materials, at most 2,048 are allowed"),
    (header(1, base=[0, 0, 0]), "objects.0.materials.0.base"),
    (header(1, base=[0, 0, 0, "red"]), "objects.0.materials.0.base.3"),
    (header(1, emission=[0, 0, float("nan")]), "objects.0.materials.0.emission.2: Input should be a finite number"),
    (header(1, roughness=float("inf")), "objects.0.materials.0.roughness: Input should be a finite number"),
    (header(1, metallic=None), "objects.0.materials.0.metallic"),
    (header(1, name="x" * 257), "objects.0.materials.0.name: String should have at most 256 characters"),
    (header(1, texture="/etc/passwd"), "objects.0.materials.0.texture: Extra inputs are not permitted"),
])
def test_hostile_tables_are_refused_before_arrays_are_read(text, words):
    with pytest.raises(Unacceptable) as caught:
        read_header(text, Limits(), blend=False)
    assert words in str(caught.value)


def test_the_largest_tables_are_taken_and_the_worker_counts_alike():
    assert len(read_header(header(*[256] * 8), Limits(), blend=False).objects) == 8
    source = (Path(shapecraft.__file__).parent / "worker" / "harvest.py").read_text("utf-8")
    said = next(node for node in ast.parse(source).body if isinstance(node, ast.Assign)
                and getattr(node.targets[0], "elts", None) and node.targets[0].elts[0].id == "MATERIALS")
    assert ast.literal_eval(said.value) == (MATERIALS, MATERIALS_TOGETHER)


def test_extreme_factors_are_clipped_in_the_glb():
    wild = entry((1e308, -1e308, 0.25), metallic=-5, roughness=7, emission=(1e308, 0, -1))
    (told,) = document(write_glb([solid(CUBE, [0] * 12, [wild])]))["materials"]
    assert told["pbrMetallicRoughness"] == {"baseColorFactor": [1, 0, 0.25, 1], "metallicFactor": 0, "roughnessFactor": 1}
    assert told["emissiveFactor"] == [1, 0, 0]


# --- what must not change ---------------------------------------------------------------------------------------------------

SHAPES = (CUBE, trimesh.creation.icosphere(subdivisions=1), trimesh.creation.annulus(0.2, 0.5, 0.3, sections=12),
          trimesh.util.concatenate([CUBE, trimesh.creation.icosphere(subdivisions=1).apply_translation((3, 0, 0))]),
          trimesh.Trimesh(CUBE.vertices, CUBE.faces[1:], process=False))
COLOURS = [entry((k / 4, 0.5, 0), name=str(k)) for k in range(5)]


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from(range(len(SHAPES))), st.integers(0, 2**31))
def test_topology_and_measures_are_those_of_the_unsplit_mesh(which, seed):
    shape = SHAPES[which]
    numbers = np.random.default_rng(seed).integers(0, 5, len(shape.faces))
    split, whole = solid(shape, numbers, COLOURS), solid(shape, np.zeros(len(shape.faces)), COLOURS[:1])
    glb = write_glb([split])
    assert glb == write_glb([split])
    (told,) = document(glb)["meshes"]
    assert len(told["primitives"]) == len(np.unique(numbers))
    (a,), (b,) = read_glb(glb).parts, read_glb(write_glb([whole])).parts
    assert a.topology == b.topology
    assert len(a.welded[0]) == len(b.welded[0])
    assert a.bounds.tolist() == b.bounds.tolist()
    assert a.area == pytest.approx(b.area, rel=1e-12)
    assert (a.volume is None) == (b.volume is None)
    assert a.volume is None or a.volume == pytest.approx(b.volume, rel=1e-9)
    reports = report_on(split), report_on(whole)
    assert len({(r.low, r.high, r.volume, r.area, r.vertices, r.faces, r.manifold, r.loose_parts) for r in reports}) == 1
    red = np.sort([round(one.base_colour[0], 2) for one in a.materials])
    assert red.tolist() == [round(round(255 * k / 4) / 255, 2) for k in np.unique(numbers)]
    wanted = {tuple(np.round(tri.mean(axis=0), 4)): COLOURS[n].base[0] for tri, n in zip(shape.triangles, numbers, strict=True)}
    for tri, n in zip(a.triangles, a.material_of if a.material_of is not None else np.zeros(len(a.faces), int), strict=True):
        assert a.materials[n].base_colour[0] == pytest.approx(wanted[tuple(np.round(tri.mean(axis=0), 4) + 0.0)], abs=1 / 255)


@pytest.mark.parametrize("measure", [box_overlap, exact_overlap, lambda a, b: voxel_overlap(a, b, voxels=16)])
def test_overlap_is_measured_on_the_whole(measure):
    other = read_glb(write_glb([solid(CUBE.copy().apply_translation((0.5, 0, 0)), [0] * 12, COLOURS[:1])]))
    split, whole = (measure(read_glb(write_glb([one])), other)
                    for one in (solid(CUBE, np.arange(12) % 3, COLOURS), solid(CUBE, [0] * 12, COLOURS[:1])))
    assert split == whole
    assert split[0].value == pytest.approx(0.5, abs=0.05), "share of the other one"


def test_pictures_without_material_colours_do_not_change_and_one_material_keeps_its_key():
    plain = PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces), base_colour=RED)
    painted = PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces), base_colour=RED, further=(FlatMaterial(BLUE),),
                       material_of=np.arange(12) % 2)
    for colours in ("parts", "grey"):
        one, two = (pixel(ObjectMesh((part,)), FRONT, colours=colours) for part in (plain, painted))
        assert one == two
    same = PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces), base_colour=RED, further=(FlatMaterial(BLUE),),
                    material_of=np.zeros(12, int))
    glowing = PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces), base_colour=RED, emission=GREEN)
    assert same.key == plain.key
    assert len({plain.key, painted.key, glowing.key}) == 3


def test_a_black_part_that_glows_shines_on_all_sides():
    lamp = ObjectMesh((PartMesh("lamp", CUBE.vertices, np.asarray(CUBE.faces), base_colour=(0, 0, 0), emission=GREEN),))
    assert pixel(lamp, FRONT) == pixel(lamp, TOP) == [0, 1, 0]


# --- tables -----------------------------------------------------------------------------------------------------------------

def test_tables_are_merged_with_the_largest_first_and_equal_ones_once():
    red, blue, green = (FlatMaterial(one) for one in (RED, BLUE, GREEN))
    table, numbers = merged([(red, blue), (blue, green)], [np.array([0, 1]), np.array([0, 0])],
                            [np.array([1.0, 0.5]), np.array([0.5, 0.25])])
    assert (table, numbers.tolist()) == ((blue, red), [1, 0, 0, 0]), "green has no face"
    assert merged([(red,), (blue,)], [np.array([0]), np.array([0])], [np.array([1.0]), np.array([1 + 1e-13])])[0] == (red, blue)
    assert merged([(red, blue)], [np.zeros(0, int)], [np.zeros(0)])[0] == (red,)


def test_joining_parts_keeps_every_faces_material_and_moving_them_too():
    one = PartMesh("one", CUBE.vertices, np.asarray(CUBE.faces), base_colour=RED, further=(FlatMaterial(BLUE, 1.0, 0.25),),
                   material_of=[0] * 6 + [1] * 6)
    two = PartMesh("two", CUBE.vertices * 3, np.asarray(CUBE.faces), base_colour=BLUE, metallic=1.0, roughness=0.25)
    whole = ObjectMesh((one, two)).joined("whole")
    assert whole.materials == (FlatMaterial(BLUE, 1.0, 0.25), FlatMaterial(RED))
    assert whole.material_of.tolist() == [1] * 6 + [0] * 18
    assert ObjectMesh((one, two)).material_of.tolist() == [0] * 6 + [1] * 6 + [2] * 12
    assert all(len(piece.materials[0].base_colour) == 3 for piece in whole.split())


@pytest.mark.parametrize(("numbers", "words"), [
    ([0] * 11, "expected material numbers of shape (12,), whole numbers, got shape (11,), int64 (at part 'cube')."),
    ([0.0] * 12, "expected material numbers of shape (12,), whole numbers, got shape (12,), float64 (at part 'cube')."),
    ([0] * 11 + [2], "expected materials from 0 to 1, got 0 to 2 (at part 'cube')."),
    ([-1] * 12, "expected materials from 0 to 1, got -1 to -1 (at part 'cube')."),
])
def test_numbers_that_name_no_material_are_refused(numbers, words):
    with pytest.raises(ConfigurationError) as caught:
        PartMesh("cube", CUBE.vertices, np.asarray(CUBE.faces), further=(FlatMaterial(RED),), material_of=np.array(numbers))
    assert str(caught.value) == words


# --- other files ------------------------------------------------------------------------------------------------------------

def test_a_moving_part_keeps_its_materials_and_the_page_shows_them():
    door = Component("door", "a panel", "left", Box((0, 0, 0.5), (1, 1, 1)), material="oak",
                     joint=Joint("hinge", (0, 0, 1), (-0.5, 0, 0.5), (0.0, 90.0)))
    graph = ShapeGraph("a door", (Component("frame", "a frame", "around", Box((0, 0, 0.5), (1, 1, 1))), door))
    content = write_glb([solid(CUBE, np.arange(12) % 2, [entry(RED), entry(BLUE, name="blue")])])
    glb = object_glb([("frame", content), ("door", content)])
    moved = animated_glb(glb, graph, Animation("opens", 24, "linear", (Track("door", ((0, (0.0,)), (24, (90.0,)))),)))
    for one in (glb, moved):
        for part in read_glb(one).parts:
            assert {material.base_colour for material in part.materials} == {
                tuple(round(255 * value) / 255 for value in colour) for colour in (RED, BLUE)}
    page = model_page(graph, glb)
    assert page.count('style="--colour:#e70000"></span><span class=swatch style="--colour:#0000e7"') == 2
    assert "oak (metallic 0, roughness 0.5, the largest of 2)" in page
