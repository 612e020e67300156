"""Exports: every file re-opened by somebody else: trimesh, Blender, the Khronos validator."""

from __future__ import annotations

import ast
import json
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
import typer
from typer.testing import CliRunner

from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from shapecraft import cli_export
from shapecraft.blender_interpreter import find_blender
from shapecraft.catalogue import find_entry
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_events import EditFinished
from shapecraft.exploring import Craft, explore
from shapecraft.export import FORMATS, Export, export
from shapecraft.gallery import STAND_IN
from shapecraft.glb_arrays import read_solids
from shapecraft.graph import Box, Component, ShapeGraph, from_json, to_json
from shapecraft.intake import MaterialEntry
from shapecraft.keeping import Keeper
from shapecraft.mesh_files import read_glb, read_mesh
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Outcome
from shapecraft.palette import flat_material
from shapecraft.part_glb import write_glb
from shapecraft.part_list import read_part_list
from shapecraft.part_report import report_on
from shapecraft.programs import read_program
from shapecraft.remembering import RememberedWall
from shapecraft.settings import CraftSettings
from shapecraft.shapes_guide import guide
from shapecraft.standin import StandIn
from shapecraft.standing import standing
from shapecraft.usd_file import ExportError, usd_file
from shapecraft.wall import open_wall, program_hash
from tests.shapecraft.crafting import BoxWall, fitting, program, solid, stool
from tests.shapecraft.khronos_validator import needs_chromium, validated
from tests.shapecraft.reopening import reopened

REPLIES = Path(__file__).resolve().parents[2] / "data" / "llm_programs"
PLAIN = ("glb", "obj", "stl", "html", "py", "json")
BRASS = MaterialEntry(name="brass", base=(0.6, 0.4, 0.1, 1.0), metallic=1.0, roughness=0.3, emission=(0.0, 0.0, 0.0))
ARM = Box((0.3, -0.2, 0.5), (0.2, 0.4, 0.6))
"""Unlike along every axis and off the middle: a wrong axis or sign shows."""


def lopsided() -> tuple[ShapeGraph, dict[str, Outcome]]:
    """An arm of two materials, and a foot without one, which takes the words' red."""
    graph = ShapeGraph("A lop-sided \u201carm\u201d / <b>", (
        Component("arm", "an arm", "up", ARM, program="import bpy\n"),
        Component("arm_1", "a foot", "down", Box((0.0, 0.0, 0.05), (0.3, 0.5, 0.1)), program="import bpy\n",
                  material="glossy red paint"),
    ))
    arm = replace(solid("a", ARM.size, ARM.center), materials=(solid("", (1, 1, 1), (0, 0, 0)).materials[0], BRASS),
                  numbers=np.array([0] * 6 + [1] * 6, np.uint16))
    foot = solid("f", (0.3, 0.5, 0.1), (0.0, 0.0, 0.05))
    return graph, {name: Outcome("ran", (report_on(one),), write_glb([one]))
                   for name, one in (("arm", arm), ("arm_1", foot))}


@pytest.fixture(scope="module")
def blender():
    try:
        return find_blender()
    except MissingCapability as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def wall(blender):
    try:
        standing = open_wall(1)
    except MissingCapability as error:
        pytest.skip(str(error))
    with standing:
        yield standing


@pytest.fixture(scope="module")
def mug(wall, tmp_path_factory):
    """(its graph, folder, files): five programs of a real model, through the real wall, in every format."""
    graph = read_part_list((REPLIES / "mug" / "parser.txt").read_text("utf-8")).graph
    outcomes = {}
    for name in graph.names:
        text = read_program((REPLIES / "mug" / f"{name}__0.txt").read_text("utf-8")).program
        outcomes[name] = wall.run(Job(text, name))
        graph = graph.replacing(replace(graph[name], program=text))
    folder = tmp_path_factory.mktemp("mug")
    return graph, folder, export(graph, outcomes, folder=folder, wall=wall)


def near(found: dict, box: Box, off: float = 1e-5) -> bool:
    return np.allclose([found["low"], found["high"]], [box.low, box.high], atol=off)


def test_files_and_sizes_are_told_and_written(tmp_path):
    files = export(*lopsided(), folder=tmp_path / "new", formats=PLAIN)
    stem = "a-lop-sided-arm-b"
    assert [(one.format, one.name) for one in files] == [
        ("glb", f"{stem}.glb"), ("obj", f"{stem}.obj"), ("obj", f"{stem}.mtl"), ("stl", f"{stem}.stl"),
        ("stl", f"{stem}_parts/arm.stl"), ("stl", f"{stem}_parts/arm_1.stl"), ("html", f"{stem}.html"),
        ("py", f"{stem}.py"), ("json", f"{stem}.json"),
    ]
    for one in files:
        assert (tmp_path / "new" / one.name).read_bytes() == one.content
        assert one.size == len(one.content) > 0
    again = Export(*lopsided()).files(PLAIN)
    assert [one.content for one in again] == [one.content for one in files], "same object, same bytes"
    assert from_json(files[-1].content.decode()) == lopsided()[0]
    ast.parse(files[-2].content)


def test_a_wrong_format_or_a_missing_wall_is_told_and_nothing_is_written(tmp_path):
    graph, outcomes = lopsided()
    folder = tmp_path / "x"
    with pytest.raises(ConfigurationError, match="formats of glb, blend, obj, stl, usd, html, py, json, got fbx"):
        export(graph, outcomes, folder=folder, formats=("glb", "fbx"))
    with pytest.raises(ConfigurationError, match="at least one format"):
        export(graph, outcomes, folder=folder, formats=())
    with pytest.raises(ConfigurationError, match="expected a wall, .* Leave blend out"):
        export(graph, outcomes, folder=folder, formats=FORMATS)
    with pytest.raises(ConfigurationError, match=r"a component that was made, got none"):
        export(graph, {"arm": Outcome("raised", message="no")}, folder=folder)
    with pytest.raises(ConfigurationError, match=r"a component \(arm, arm_1\), got 'leg'"):
        export(graph, {"leg": outcomes["arm"]}, folder=folder)
    bare = graph.replacing(replace(graph["arm_1"], program=""))
    with pytest.raises(ConfigurationError, match=r"a program for every component .* got none for arm_1 \(at py\)"):
        export(bare, outcomes, folder=folder, formats=("glb", "py"))
    with pytest.raises(ExportError, match="a .blend file from the global program, got raised: ValueError"):
        export(graph.replacing(replace(graph["arm"], program="raise ValueError\n")), outcomes, folder=folder,
               formats=("blend",), wall=BoxWall())
    assert not folder.exists()


def test_a_part_that_was_not_made_is_left_out():
    graph, outcomes = lopsided()
    made = Export(graph, {"arm": outcomes["arm"], "arm_1": Outcome("timeout", message="its time was over")})
    files = {one.name.partition(".")[2] if "/" not in one.name else "part": one.content for one in made.files(PLAIN)}
    assert read_glb(files["glb"]).names == ("arm",)
    assert "arm_1" not in files["py"].decode()
    assert "not made" in files["html"].decode()


def test_obj_has_names_places_and_base_colours(tmp_path):
    graph, outcomes = lopsided()
    _, obj, mtl = export(graph, outcomes, folder=tmp_path, formats=("glb", "obj"))
    text = obj.content.decode()
    assert text.startswith("# metres, z up, -y to the front\nmtllib a-lop-sided-arm-b.mtl\n")
    assert [line for line in text.splitlines() if line[:2] in ("o ", "us")] == [
        "o arm", "usemtl arm", "usemtl arm.001", "o arm_1", "usemtl arm_1"]
    back = read_mesh(tmp_path / obj.name)
    parts = {part.name: part for part in back.parts}
    assert set(parts) == {"arm", "arm_1"}
    assert np.allclose(parts["arm"].bounds, [ARM.low, ARM.high], atol=1e-6)
    assert np.allclose(parts["arm"].normals @ np.array([0, 0, 1.0]),
                       read_glb(outcomes["arm"].glb).parts[0].normals @ np.array([0, 0, 1.0]), atol=1e-6)
    colours = {line.split()[1]: line.split()[1:] for line in mtl.content.decode().splitlines() if line[:2] == "Kd"}
    red = flat_material("glossy red paint").base_colour
    kd = [[float(one) for one in words] for words in colours.values()]
    assert np.allclose(kd, [[0.448] * 3, [0.6, 0.4, 0.1], red], atol=1 / 255)
    scene = trimesh.load_scene(tmp_path / obj.name)
    assert np.allclose(scene.bounds, [[-0.15, -0.4, 0.0], [0.4, 0.25, 0.8]], atol=1e-6)


def test_stl_is_watertight_and_turned_outwards():
    _, arm, foot = Export(*lopsided()).files(("stl",))
    back = trimesh.load(trimesh.util.wrap_as_stream(arm.content), file_type="stl")
    assert back.is_watertight
    assert back.volume == pytest.approx(ARM.volume, rel=1e-5)
    assert np.allclose(back.bounds, [ARM.low, ARM.high], atol=1e-6)
    assert foot.size == arm.size == 84 + 12 * 50, "binary"


@needs_chromium
def test_glb_is_without_fault_for_the_khronos_validator(mug):
    glb = {"lopsided": Export(*lopsided()).glb, "mug": (mug[1] / "ceramic-coffee-mug.glb").read_bytes()}
    broken = glb["lopsided"].replace(b'"componentType":5125', b'"componentType":5126')
    remarks = validated({**glb, "broken": broken})
    assert remarks["lopsided"] == []
    assert {line.split()[1] for line in remarks["mug"]} <= {"UNUSED_OBJECT"}, "uv without a texture"
    assert any(line.startswith("error") for line in remarks["broken"])


def test_blender_finds_names_axes_and_materials_in_every_file(blender, tmp_path):
    graph, outcomes = lopsided()
    files = export(graph, outcomes, folder=tmp_path, formats=("glb", "obj", "stl", "usd"))
    paths = [tmp_path / one.name for one in files if one.name.endswith((".glb", ".obj", ".usdc", "/arm.stl"))]
    seen = reopened(*paths)
    red = flat_material("glossy red paint")
    for ending in ("glb", "obj", "usdc"):
        objects = seen[ending]
        assert set(objects) == {"arm", "arm_1"}
        assert near(objects["arm"], ARM), ending
        assert near(objects["arm_1"], graph["arm_1"].box), ending
        grey, brass = objects["arm"]["materials"]
        (foot,) = objects["arm_1"]["materials"]
        off = 1 / 255 if ending == "obj" else 1e-5
        assert np.allclose(grey["base"], [0.448] * 3, atol=off), ending
        assert np.allclose(brass["base"], [0.6, 0.4, 0.1], atol=off), ending
        assert np.allclose(foot["base"], red.base_colour, atol=off), ending
        if ending != "obj":
            assert (round(brass["metallic"], 5), round(brass["roughness"], 5)) == (1.0, 0.3), ending
            assert round(foot["roughness"], 5) == red.roughness
    assert near(next(iter(seen["stl"].values())), ARM)


def test_usd_says_what_went_wrong(blender):
    glb = Export(*lopsided()).glb
    with pytest.raises(ExportError, match="expected a USD file, got .*at USD"):
        usd_file(b"no GLB at all", blender=blender)
    with pytest.raises(MissingCapability, match="Blender's interpreter"):
        usd_file(glb, blender=replace(blender, command=Path("/nowhere/python")))


def test_usd_shows_blender_no_file_but_our_own_and_counts_its_meshes(blender, tmp_path):
    glb = Export(*lopsided()).glb
    length, = struct.unpack_from("<I", glb, 12)
    doc = json.loads(glb[20: 20 + length])
    text = json.dumps({**doc, "extensionsUsed": ["KHR_lights_punctual"]}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    forged = glb[:12] + struct.pack("<I", len(text)) + glb[16:20] + text + glb[20 + length:]
    with pytest.raises(ExportError, match="another GLB than ours to make it of: .*GLB, extensionsUsed"):
        usd_file(forged, blender=replace(blender, command=Path("/nowhere/python")))
    seen = tmp_path / "seen.glb"
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nfor one; do case $one in *.glb) cp $one {seen};; *.usdc) echo > $one;; "
                   "*count.txt) printf 1 > $one;; esac; done\n")
    spy.chmod(0o755)
    with pytest.raises(ExportError, match="a USD file with 2 meshes, one a component, got 1 of them"):
        usd_file(glb, blender=replace(blender, command=spy))
    assert seen.read_bytes() == write_glb(read_solids(glb))


def test_programs_of_a_real_model_leave_in_every_format(mug):
    graph, folder, files = mug
    by = {one.name.partition(".")[2]: folder / one.name for one in files if "/" not in one.name}
    assert {one.format for one in files} == set(FORMATS)
    glb = read_mesh(by["glb"])
    seen = reopened(by["glb"], by["blend"], by["usdc"])
    for part in glb.parts:
        box = Box.of_corners(*(tuple(corner) for corner in part.bounds.tolist()))
        for ending in ("glb", "blend", "usdc"):
            assert near(seen[ending][part.name], box, 2e-5), (part.name, ending)
        for ending in ("glb", "usdc"):
            assert seen[ending][part.name]["triangles"] == len(part.faces)
        bases = [seen[ending][part.name]["materials"][0]["base"] for ending in ("glb", "blend", "usdc")]
        assert np.allclose(bases, bases[0], atol=1e-5), part.name
        assert len({round(one, 3) for one in bases[0]}) > 1, "glazed, as the words say, and not the grey of nothing"
    assert tuple(seen["glb"]) == graph.names == glb.names
    closed = [part.name for part in glb.parts if part.topology.manifold]
    assert len(closed) >= 4
    for name in closed:
        back = trimesh.load(folder / "ceramic-coffee-mug_parts" / f"{name}.stl")
        assert back.is_watertight, name
    assert sum(one.size for one in files) < 12_000_000


def test_the_program_runs_in_blender_with_the_library_beside_it(blender, tmp_path):
    graph = stool()
    graph = graph.replacing(*(replace(graph[name], program=program(fitting(name))) for name in graph.names))
    outcomes = {name: BoxWall().run(Job(graph[name].program)) for name in graph.names}
    files = export(graph, outcomes, folder=tmp_path, formats=("py",))
    assert [one.name for one in files][:2] == ["stool.py", "shapes/__init__.py"]
    text = ("import json, runpy, sys; sys.path.insert(0, '.'); runpy.run_path('stool.py'); import bpy; "
            "open('answer.json', 'w').write(json.dumps([one.name for one in bpy.context.scene.objects]))")
    done = subprocess.run([str(blender.command), "-I", "-c", text], cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert {"legs", "seat"} <= set(json.loads((tmp_path / "answer.json").read_text()))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the stand-in: a bucket, whose handle is on a joint."""
    guide()  # as a studio does first: Python 3.11's parser may fail in many threads at once
    settings = CraftSettings.paper(paths=1, steps=1, rounds=0)
    configuration = {"prompt": "a metal bucket", "settings": settings.model_dump(mode="json"), "model": "stand-in"}
    with RunStore.open(tmp_path_factory.mktemp("runs"), "bucket", fingerprint="b" * 64, configuration=configuration,
                       evidence="stand-in", date="2000-01-01") as store:
        model = StandIn(bad=0.0, broken=0.0, off=0.0)
        list(explore(Craft(model, _Blocks(), "a metal bucket", settings, keeper=Keeper(store), name="bucket")))
    return store.folder


class _Blocks(BoxWall):
    """Runs nothing: every component is its box."""

    def run(self, job: Job) -> Outcome:
        graph = find_entry("a metal bucket").graph()
        boxes = {one.name: one.box for one in graph.components}
        names = [job.name.rpartition("/")[2]] if job.name.rpartition("/")[2] in boxes else list(boxes)
        solids = [solid(name, boxes[name].size, boxes[name].center) for name in names]
        return Outcome("ran", tuple(report_on(one) for one in solids), write_glb(solids))


def told(*words: str):
    app = typer.Typer()
    cli_export.register(app)
    app.command("other")(lambda: None)
    return CliRunner().invoke(app, ["export", *words])


def test_the_command_exports_a_run(run, tmp_path):
    done = told(str(run), "--format", "glb, html,stl", "-o", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    stem = json.loads((run / "graph" / "final.json").read_text())["object"].replace(" ", "-")
    size = (tmp_path / "out" / f"{stem}.glb").stat().st_size
    assert lines[0] == "version 0 (the only one): made, a metal bucket"
    assert lines[1] == f"{tmp_path / 'out' / f'{stem}.glb'}  {size:,} bytes"
    assert lines[-2:] == ["STL names no unit: these are in metres, and most slicers take millimetres.",
                          STAND_IN]
    assert (tmp_path / "out" / f"{stem}.glb").read_bytes() == (run / "object.glb").read_bytes()
    page = (tmp_path / "out" / f"{stem}.html").read_text("utf-8")
    assert page.count(STAND_IN) == 2
    assert " of 10</span>" in page


@pytest.fixture
def edited(tmp_path):
    """(a run whose seat was made larger, the words of that): the recorded stool of boxes, edited by a stand-in."""
    graph = stool()
    graph = graph.replacing(*(replace(graph[name], program=program(fitting(name))) for name in graph.names))
    wall, configuration = BoxWall(), {"prompt": "a stool", "model": "m",
                                      "settings": CraftSettings.paper().model_dump(mode="json")}
    with RunStore.open(tmp_path, "stool", fingerprint="c" * 64, configuration=configuration, evidence="recorded",
                       date="2000-01-01") as store:
        outcomes = {name: RememberedWall(wall, store).run(Job(graph[name].program, name)) for name in graph.names}
        store.write("graph/final.json", to_json(graph))
        store.write("object.glb", object_glb([(name, one.glb) for name, one in outcomes.items()]))
        store.write("object.py", "py")
        for score, name in enumerate(graph.names, start=7):
            store.append("attempts", name, {"component": name, "program_key": program_hash(graph[name].program),
                                            "score": score, "m": 0, "t": 0, "repair": 0, "kind": "draft"})
        store.append("explored", "finished", {"chosen": list(graph.names), "reason": "", "tally": {}, "object": ""})
        store.status("finished")
        desk = EditDesk(store)
        (end,) = [one for one in desk.set_numbers({"seat.size.x": 0.8}, wall=wall) if isinstance(one, EditFinished)]
        assert end.edited is not None
        list(desk.set_numbers({"legs.size.z": 0.3}, wall=wall))
        desk.undo()
    rows = store.folder / "edits.jsonl"
    rows.write_text(rows.read_text().replace('"evidence":""', '"evidence":"stand-in"', 1))
    return store.folder


def test_what_stands_is_exported_and_any_version_where_asked(edited, tmp_path):
    wide = {None: 0.8, 0: 0.4, 1: 0.8}
    for number, width in wide.items():
        out = tmp_path / f"out{number}"
        asked = [] if number is None else ["--version", str(number)]
        done = told(str(edited), "--format", "glb,html,json,py", "-o", str(out), *asked)
        assert done.exit_code == 0, done.output
        low, high = next(part.bounds for part in read_glb((out / "stool.glb").read_bytes()).parts if part.name == "seat")
        assert high[0] - low[0] == pytest.approx(width)
        made = standing(RunStore.read(edited), number)
        assert (out / "stool.glb").read_bytes() == made.glb or number == 0
        assert from_json((out / "stool.json").read_text()) == made.graph
        page = (out / "stool.html").read_text("utf-8")
        assert (STAND_IN in done.output, STAND_IN in page) == ((number != 0), (number != 0))
        assert made.scores == {"legs": 7, "seat": 8 if number == 0 else None}
        line = "made, a stool" if number == 0 else "numbers, seat.size.x = 0.8 (was 0.4)"
        stands = "; version 1 stands" if number == 0 else ""
        assert f"version {0 if number == 0 else 1} (of 3{stands}): {line}\n" in done.output
        assert ("edited by a STAND-IN, no result" in page) == (number != 0)
    with pytest.raises(ConfigurationError, match=r"the number of a version \(0, 1, 2\), got 9"):
        raise told(str(edited), "--version", "9", "-o", str(tmp_path)).exception


def test_show_writes_what_stands_and_says_which(edited):
    from shapecraft.cli import app

    shown = {number: CliRunner().invoke(app, ["show", str(edited), *number], catch_exceptions=False).output
             for number in ((), ("--version", "0"))}
    for number, text in shown.items():
        version = 0 if number else 1
        folder = edited / "edits/1" if version else edited
        assert f"\nversion {version} (of 3" in text
        assert f"object: {folder / 'object.glb'}\npage: {folder / 'views/stool.html'}\n" in text
        assert from_json((folder / "views/stool.json").read_text()) == standing(RunStore.read(edited), version).graph
        assert (STAND_IN in text) == (not number)


def test_the_command_says_what_is_wrong(run, tmp_path):
    with pytest.raises(ConfigurationError, match="formats of glb"):
        raise told(str(run), "--format", "glb,dae", "-o", str(tmp_path)).exception
    with pytest.raises(ConfigurationError, match="one of --disposable-machine and --known-programs, got both"):
        raise told(str(run), "--format", "blend", "--known-programs", "--disposable-machine").exception
