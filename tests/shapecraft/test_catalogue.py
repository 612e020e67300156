"""The catalogue: every object is a sound graph, its programs run in Blender, and what they make fills its boxes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.blender_interpreter import find_blender
from shapecraft.catalogue import CATALOGUE, find_entry
from shapecraft.checks import advise
from shapecraft.clashes import clashes
from shapecraft.graph import from_json, to_json
from shapecraft.mesh import assembled
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job
from shapecraft.part_glb import write_glb
from shapecraft.part_list import read_part_list, write_part_list
from shapecraft.placement import layout_facts
from shapecraft.posing import joint_tree, pose
from shapecraft.relations import measure
from shapecraft.shapes_guide import SHAPES, helpers
from shapecraft.wall import open_known_programs, program_hash
from tests.shapecraft.crafting import solid

HERE = Path(__file__).resolve().parent
NAMES = [entry.name for entry in CATALOGUE]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """"object/component" -> the objects that its program made, all in one Blender process."""
    try:
        python = find_blender().command
    except MissingCapability as error:
        pytest.skip(str(error))
    library = tmp_path_factory.mktemp("library")
    (library / "shapes").symlink_to(SHAPES)
    programs = {f"{entry.name}/{one.name}": one.program for entry in CATALOGUE for one in entry.graph().components}
    done = subprocess.run([str(python), "-B", str(HERE / "measure_shapes.py"), str(library)], input=json.dumps(programs),
                          capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_there_are_enough_objects_with_captions_at_two_lengths():
    assert 24 <= len(CATALOGUE) <= 30
    for field in ("name", "short", "long"):
        assert len({getattr(entry, field) for entry in CATALOGUE}) == len(CATALOGUE)
    assert all(len(entry.short.split()) < len(entry.long.split()) for entry in CATALOGUE)
    joints = [one.joint.type for entry in CATALOGUE for one in entry.graph().components if one.joint]
    assert joints.count("hinge") >= 7
    assert joints.count("slider") >= 3
    assert all(2 <= len(entry.graph()) <= 16 for entry in CATALOGUE)
    assert all(one.material for entry in CATALOGUE for one in entry.graph().components)


@pytest.mark.parametrize("name", NAMES)
def test_an_object_stands_centred_in_one_piece_and_its_relations_hold(name):
    graph = find_entry(name).graph()
    facts = layout_facts(graph)
    assert (facts.floating, facts.adrift, facts.below_ground, facts.above_ground) == ((), (), (), 0.0)
    assert max(abs(value) for value in facts.off_centre) <= 1e-4
    assert [fact.words for fact in measure(graph) if not fact.met] == []
    assert from_json(to_json(graph)) == graph


@pytest.mark.parametrize("name", NAMES)
def test_an_object_survives_the_parsers_format_and_its_programs_need_no_advice(name):
    graph = find_entry(name).graph()
    read = read_part_list(write_part_list(graph))
    assert read.forgiven == ()
    assert [(one.name, one.box, one.joint) for one in read.graph.components] == [
        (one.name, one.box, one.joint) for one in graph.components]
    known = {helper.name: helper.arguments for helper in helpers().values()}
    assert [advise(one.program, helpers=known) for one in graph.components] == [()] * len(graph)


@pytest.mark.parametrize("name", NAMES)
def test_its_programs_fill_their_boxes_with_closed_solids(made, name):
    for one in find_entry(name).graph().components:
        found = made[f"{name}/{one.name}"]
        assert found["kind"] == "ran", found["error"]
        (solid,) = found["objects"]
        assert solid["name"] == one.name
        assert (solid["open"], solid["crowded"], solid["turned"]) == (0, 0, 0), one.name
        assert min(solid["shells"]) > 0
        near = pytest.approx(one.box.low, abs=0.01 * max(one.box.size))
        assert solid["low"] == near, one.name
        assert solid["high"] == pytest.approx(one.box.high, abs=0.01 * max(one.box.size)), one.name
        assert len(solid["materials"]) == 1


def test_parameters_change_the_object():
    table = find_entry("table")
    assert table.graph(width=2.0).bounds.size[0] == pytest.approx(2.0)
    assert len(find_entry("bookshelf").graph(boards=6)["shelves"].relations) == 1
    assert table.graph() == table.graph(width=1.4)
    with pytest.raises(TypeError, match="legs"):
        table.graph(legs=5)


@pytest.mark.parametrize(("text", "name"), [
    ("a wooden chair", "chair"), ("A  Stool.", "stool"), ("hourglass", "hourglass"),
    ("a lamp for the floor of my room", "floor_lamp"), ("a toy car, red", "toy_car"),
    ("a white lighthouse on a rock with a black gallery and a red roof", "lighthouse"),
])
def test_a_text_finds_its_object(text, name):
    assert find_entry(text).name == name


def test_an_unknown_object_is_refused_with_what_there_is():
    with pytest.raises(ConfigurationError, match="expected an object of the catalogue, got a dragon") as error:
        find_entry("a dragon")
    assert "It has stool, chair, table" in str(error.value)


@pytest.mark.acceptance
@pytest.mark.parametrize("name", ["bucket", "laptop"])
def test_joints_move_to_their_limits_without_clashes(name):
    graph = find_entry(name).graph()
    try:
        wall = open_known_programs(1, known={program_hash(one.program) for one in graph.components})
    except MissingCapability as error:
        pytest.skip(str(error))
    with wall:
        mesh = assembled((one.name, read_glb(wall.run(Job(one.program, one.name)).glb)) for one in graph.components)
    tree = joint_tree(graph)
    (joint,) = tree.moving
    for share in (0, 0.25, 0.5, 0.75, 1):
        low, high = tree.joint(joint).limits
        assert max((one.grown for one in clashes(mesh, tree, {joint: low + share * (high - low)})), default=0) < 0.01


def test_the_laptops_screen_closes_onto_its_keys():
    graph = find_entry("laptop").graph()
    mesh = read_glb(object_glb((one.name, write_glb([solid(one.name, one.box.size, one.box.center)]))
                               for one in graph.components))
    tree = joint_tree(graph)
    for angle in (-25.0, 30.0, 60.0, 90.0):
        assert max((one.posed for one in clashes(mesh, tree, {"screen": angle})), default=0) < 0.002
    closed = {part.name: part.bounds for part in pose(mesh, tree, {"screen": 90.0}).mesh.parts}
    assert 0 < closed["panel"][0][2] - closed["keyboard"][1][2] < 0.001
