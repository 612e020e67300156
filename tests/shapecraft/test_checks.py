"""Advice: it finds what makes real programs fail, says nothing about those that run, and knows what Blender refuses."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft import blender_api as api
from shapecraft.blender_names import VERSION
from shapecraft.checks import Advice, advise
from shapecraft.programs import read_program
from shapecraft.shapes_guide import guide, helpers

HERE = Path(__file__).resolve().parent
PROGRAMS = {
    f"{path.parent.name}/{path.stem}": read_program(path.read_text("utf-8")).program
    for path in sorted((HERE.parents[1] / "data" / "llm_programs").glob("*/*__*.txt"))
}
RAISING = {
    "chair/back_frame__1": (43, "keyword", "bpy.ops.object.shade_smooth has no keyword use_auto_smooth (since Blender 4.1 "
                            "release notes, Python API)", "shade_smooth_by_angle"),
    "desk_lamp/base__0": (33, "attribute", "use_auto_smooth does not exist (since Blender 4.1 release notes, Python API)",
                          "shade_smooth_by_angle"),
    "mug/bottom__1": (13, "table", "bm.faces[...] needs an index table, and none was made", "bm.faces.ensure_lookup_table()"),
}
STATEMENTS = [line.split("|", 2) for line in (HERE / "blender_statements.txt").read_text("utf-8").splitlines()
              if not line.startswith("#")]
HEAD = "import bpy, bmesh, math\nfrom mathutils import *\n"
BLENDER = "import bpy\nobj = bpy.context.active_object\n"


@pytest.mark.parametrize("name", sorted(RAISING))
def test_the_cause_of_every_real_program_that_raises_is_found(name):
    line, kind, words, mend = RAISING[name]
    first = advise(PROGRAMS[name])[0]
    assert (first.line, first.kind, first.words) == (line, kind, words)
    assert mend in first.mend


@pytest.mark.parametrize("version", [(4, 5), (5, 0)])
def test_the_29_real_programs_that_run_get_no_advice(version):
    running = sorted(set(PROGRAMS) - set(RAISING))
    assert len(running) == 29
    assert {name: advise(PROGRAMS[name], helpers=("box",), blender=version) for name in running} == dict.fromkeys(running, ())


@pytest.mark.parametrize(("column", "version"), [(0, (4, 5)), (1, (5, 0))])
def test_what_blender_refuses_gets_advice_and_what_it_takes_gets_none(column, version):
    assert len(STATEMENTS) == 120
    wrong = []
    for row in STATEMENTS:
        found = [one for one in advise(HEAD + row[2], blender=version) if one.kind != "deprecated"]
        if (row[column] == "fails") != bool(found):
            wrong.append((row[2], found))
    assert wrong == []


def remarks(program: str, **settings) -> list[tuple[int, str, str, str]]:
    return [(one.line, one.kind, one.words, one.mend) for one in advise(program, **settings)]


@pytest.mark.parametrize(("program", "line", "words", "mend"), [
    ("import bpy\nx = (1,\ny = 2\n", 2, "'(' was never closed: x = (1,", "The program looks cut off: write it to its end."),
    ("import bpy\nfor i in range(3)\n    pass\n", 2, "expected ':': for i in range(3)", "Write this line anew"),
    ("import bpy\nx = 1\n  y = 2\n", 3, "unexpected indent: y = 2", "Write this line anew"),
    ("x = " + "-" * 50_000 + "1", 1, "too deep or not text", "Write this line anew"),
])
def test_syntax_errors_come_with_their_line(program, line, words, mend):
    (only,) = advise(program)
    assert (only.line, only.kind) == (line, "syntax")
    assert only.words.startswith(words)
    assert mend in only.mend


@pytest.mark.parametrize(("statement", "words", "mend"), [
    ("import os", "import of os", "A part needs no files; leave it out."),
    ("import os.path as p", "import of os.path", "A part needs no files; leave it out."),
    ("from subprocess import run", "import of subprocess", "A part is built step by step"),
    ("import socket", "import of socket", "There is no network; leave it out."),
    ("import ctypes", "import of ctypes", "A part needs Blender's own interface only; leave it out."),
    ("import sys", "import of sys", "A part needs nothing of the interpreter; leave it out."),
    ("import scipy.spatial", "import of scipy.spatial", "It is not installed; use math, numpy, mathutils or bmesh."),
    ("import cadquery", "import of cadquery", "It may not be installed; use math, numpy, mathutils or bmesh."),
    ("from . import legs", "a relative import: the program is one file", "Leave it out."),
    ("open('x')", "open() is not for parts", "A part needs no files; leave it out."),
    ("exec('x = 1')", "exec() is not for parts", "Write the statements themselves."),
    ("__import__('os')", "__import__() is not for parts", "Use an import statement at the top."),
])
def test_forbidden_imports_are_told_in_words_to_act_on(statement, words, mend):
    ((line, kind, told, mending),) = remarks(f"import math\n{statement}\n")
    assert (line, kind, told) == (2, "import", words)
    assert mend in mending


def test_what_parts_may_import():
    allowed = "import bpy, bmesh, math, random, itertools, numpy as np, shapes\nfrom mathutils import Vector, noise\nfrom functools import cache\n"
    assert advise(allowed + "def open(x):\n    return x\nopen(3)\n", helpers=()) == ()


@pytest.mark.parametrize(("program", "remark"), [
    ("import shapes\nshapes.bux(size=1)\n", (2, "helper", "shapes has no bux", "Did you mean box?")),
    ("from shapes import cilinder\n", (1, "helper", "shapes has no cilinder", "Did you mean cylinder?")),
    ("import shapes as s\ns.box(size=1)\ns.zzz()\n", (3, "helper", "shapes has no zzz", "There are box, cylinder.")),
])
def test_unknown_helpers(program, remark):
    assert remarks(program, helpers=("box", "cylinder")) == [remark]
    assert remarks(program) == []


def test_unknown_arguments_of_helpers_where_they_are_known():
    helpers = {"box": ("size", "center"), "cylinder": ("radius", "height")}
    program = "import shapes\nfrom shapes import cylinder\nshapes.box(size=1, centre=2)\ncylinder(radius=1, heigth=2)\n"
    assert remarks(program, helpers=helpers) == [
        (3, "helper", "shapes.box has no argument centre", "Did you mean center?"),
        (4, "helper", "shapes.cylinder has no argument heigth", "Did you mean height?"),
    ]


def test_the_guides_own_examples_get_no_advice_and_a_slip_in_them_does():
    known = {name: one.arguments for name, one in helpers().items()}
    examples = [block.partition("```")[0] for block in guide().split("```python\n")[1:]]
    assert len(examples) >= 2
    assert [advise(example, helpers=known) for example in examples] == [()] * len(examples)
    ((line, kind, words, mend),) = remarks(examples[0].replace("base_color", "base_colour", 1), helpers=known)
    assert (kind, words, mend) == ("helper", "shapes.material has no argument base_colour", "Did you mean base_color?")
    assert examples[0].splitlines()[line - 1].startswith("shapes.material(")


@pytest.mark.parametrize(("statements", "kind", "words", "mend"), [
    ("bpy.ops.object.modifier_apply(apply_as='DATA', modifier='a')", "keyword",
     "bpy.ops.object.modifier_apply has no keyword apply_as (since Blender 2.90 release notes, Python API)", "Leave it out"),
    ("bpy.ops.mesh.primitive_cone_add(end_fill_type='FILL')", "choice",
     "end_fill_type of bpy.ops.mesh.primitive_cone_add is never 'FILL'", "Use 'NGON'."),
    ("bpy.ops.mesh.primitive_cylinder_add(segments=8)", "keyword",
     "bpy.ops.mesh.primitive_cylinder_add has no keyword segments", "Use vertices."),
    ("bpy.ops.mesh.primitive_cube_add(radius=1)", "keyword",
     "bpy.ops.mesh.primitive_cube_add has no keyword radius (since Blender 2.80 release notes, Python API)", "Use size = 2 * radius."),
    ("bpy.ops.mesh.primitive_uv_sphere_add(radius=1, rimgs=3)", "keyword",
     "bpy.ops.mesh.primitive_uv_sphere_add has no keyword rimgs", "It takes segments, ring_count, radius, calc_uvs"),
    ("bpy.ops.mesh.primitive_cilinder_add()", "operator", "bpy.ops.mesh.primitive_cilinder_add does not exist",
     "Did you mean primitive_cylinder_add"),
    ("bpy.ops.meshes.primitive_cube_add()", "operator", "bpy.ops.meshes does not exist", "Did you mean mesh?"),
    ("obj.modifiers.new('a', 'SUBSURFACE')", "choice", "modifier type is never 'SUBSURFACE'", "Use 'SUBSURF'."),
    ("obj.modifiers.new(name='a', type='BEVLE')", "choice", "modifier type is never 'BEVLE'", "Did you mean BEVEL"),
    ("m = obj.modifiers.new('a', 'BEVEL')\nm.offset = 1", "attribute", "a BEVEL modifier has no offset", "Use width."),
    ("m = obj.modifiers.new('a', 'SIMPLE_DEFORM')\nm.deform_method = 'CURL'", "choice",
     "deform_method of a SIMPLE_DEFORM modifier is never 'CURL'", "Use one of TWIST, BEND, TAPER, STRETCH."),
    ("m = obj.modifiers.new('a', 'BOOLEAN')\nm.operation = 'SUBTRACT'", "choice",
     "operation of a BOOLEAN modifier is never 'SUBTRACT'", "Use 'DIFFERENCE'."),
    ("obj.select = True", "attribute", "select does not exist (since Blender 2.80 release notes, Python API)", "Use obj.select_set(True)."),
    ("bpy.context.scene.objects.link(obj)", "attribute", "link does not exist (since Blender 2.80 release notes, Python API)",
     "Use bpy.context.collection.objects.link(obj)."),
    ("scene = bpy.context.scene\nscene.update()", "attribute", "update does not exist (since Blender 2.80 release notes, Python API)",
     "Use bpy.context.view_layer.update()."),
    ("bpy.ops.mesh.subdivide(number_cuts=2)", "mode", "bpy.ops.mesh.subdivide works in edit mode only", "mode_set(mode='EDIT')"),
    ("bpy.ops.view3d.snap_cursor_to_center()", "context", "needs a window", "Work on objects and meshes directly."),
    ("print(bpy.context.area.type)", "context", "bpy.context.area is None", "Work on objects"),
    ("bpy.ops.object.select_all(action='SELECT')\nbpy.ops.object.delete()", "scene", "everything in the scene is deleted",
     "Leave it out: the program starts in an empty scene."),
    ("bpy.ops.wm.read_factory_settings(use_empty=True)", "scene", "reaches outside the part", "starts in an empty scene"),
    ("bpy.ops.export_scene.gltf(filepath='x.glb')", "scene", "reaches outside the part", "exported for you"),
    ("while True:\n    x = 1", "loop", "a loop that never ends", "for i in range(n)"),
    ("v = Vector((0, 0, 1))", "name", "Vector is used and never imported", "Add: from mathutils import Vector"),
    ("height = 1\nprint(heigth)", "name", "heigth is used and never set", "Did you mean height?"),
])
def test_blender_slips_are_told_with_what_to_write(statements, kind, words, mend):
    found = [one for one in remarks(BLENDER + statements + "\n") if one[1] == kind]
    assert len(found) == 1
    assert words in found[0][2]
    assert mend in found[0][3]
    assert len(remarks(BLENDER + statements + "\n")) == 1


@pytest.mark.parametrize(("old", "new"), [
    ("Specular", "Specular IOR Level"), ("Emission", "Emission Color"), ("Transmission", "Transmission Weight"),
    ("Subsurface", "Subsurface Weight"), ("Clearcoat", "Coat Weight"), ("Sheen", "Sheen Weight"), ("Color", "Base Color"),
])
def test_renamed_inputs_of_the_principled_shader(old, new):
    program = (f'import bpy\nm = bpy.data.materials.new("a")\nm.use_nodes = True\n'
               f'bsdf = m.node_tree.nodes["Principled BSDF"]\nbsdf.inputs["{old}"].default_value = 1\nbsdf.inputs["{new}"]\n')
    ((line, kind, words, mend),) = remarks(program)
    assert (line, kind, mend) == (5, "socket", f'Use inputs["{new}"].')
    assert words.startswith(f'the Principled BSDF has no input "{old}"')


def test_advice_follows_the_version():
    program = ('import bpy\nm = bpy.data.materials.new("a")\nm.use_nodes = True\nbpy.context.scene.render.engine = "BLENDER_EEVEE"\n'
               'b = bpy.context.object.modifiers.new("b", "BOOLEAN")\nb.solver = "FAST"\n')
    assert [(one.line, one.kind) for one in advise(program)] == [(4, "choice")]
    assert [(one.line, one.kind) for one in advise(program, blender=(5, 0))] == [(3, "deprecated"), (6, "choice")]


def test_doubtful_names_are_not_judged():
    program = (
        "import bpy, bmesh\n"
        "def paint(thing, bsdf, modifier):\n"
        "    thing.select = True\n    thing.hide = False\n    bsdf.inputs['Specular']\n    modifier.offset = 1\n"
        "x = bpy.context.object\nx = bmesh.new()\nx.select = True\n"
        "bm = bmesh.new()\nfor f in bm.faces:\n    f.select = True\n    f.hide = True\n"
        "a, b = bpy.context.object, 1\na.select = True\n"
    )
    assert advise(program) == ()


def test_index_tables_made_before_are_enough():
    assert advise("import bmesh\nbm = bmesh.new()\nbm.verts.ensure_lookup_table()\nbm.verts[0]\nbm.faces[:]\n") == ()
    late = advise("import bmesh\nmine = bmesh.new()\nmine.verts[0]\nmine.verts.ensure_lookup_table()\n")
    assert [(one.line, one.kind) for one in late] == [(3, "table")]


def test_equal_remarks_are_told_once_by_line():
    program = "import bpy\nbpy.ops.mesh.primitive_cube_add(radius=1)\nimport os\nbpy.ops.mesh.primitive_cube_add(radius=2)\n"
    assert [(one.line, one.kind) for one in advise(program)] == [(2, "keyword"), (3, "import")]


def test_names_of_other_imports_and_aliases_are_followed():
    program = "import bpy as b\nfrom bpy import ops as o\nadd = b.ops.mesh\nadd.primitive_cube_add(radius=1)\no.mesh.primitive_cube_add(size=1, name='a')\n"
    assert [(one.line, one.words.split(" (")[0]) for one in advise(program)] == [
        (4, "bpy.ops.mesh.primitive_cube_add has no keyword radius"), (5, "bpy.ops.mesh.primitive_cube_add has no keyword name")]


def test_the_table_names_its_sources_and_knows_blender():
    rows = [*api.ATTRIBUTES, *api.MODIFIER_ATTRIBUTES, *api.KEYWORDS, *api.CALLS, *api.SOCKETS, *api.NODES, *api.CHOICES]
    assert len(rows) > 100
    assert all(row.mend and (row.source == "never" or row.source.startswith("Blender ")) for row in rows)
    assert VERSION == (4, 5)
    cone = api.entries("mesh")["primitive_cone_add"]
    assert cone.keywords is not None and "radius1" in cone.keywords
    assert cone.choices["end_fill_type"] == ("NOTHING", "NGON", "TRIFAN")
    assert api.entries("bmesh")["create_cube"].keys == ("verts",)
    assert api.entries("view3d") == {}
    assert (len(api.entries("mesh")), len(api.entries("object")), len(api.entries("bmesh"))) == (161, 242, 80)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(PROGRAMS.values())[:8]), st.lists(st.tuples(st.integers(0, 1300), st.integers(0, 20), st.text(max_size=5)), max_size=3))
def test_any_text_gets_advice_and_never_an_exception(program, bites):
    for position, length, put in bites:
        program = program[:position] + put + program[position + length:]
    start = time.perf_counter()
    found = advise(program, helpers=("box",))
    assert time.perf_counter() - start < 1.0
    assert all(isinstance(one, Advice) and one.line >= 1 and one.words and one.mend for one in found)


@pytest.mark.parametrize("program", [
    "x" + ".a" * 900, "f(" * 90 + ")" * 90, "x = " + "[" * 150 + "]" * 150, "a = b = " * 500 + "1", "\n" * 100_000,
    "import bpy\n" + "bpy.ops.mesh.primitive_cube_add(size=1)\n" * 2_000,
], ids=lambda text: f"{text[:12]!r} x{len(text)}")
def test_deep_and_long_programs_end_soon(program):
    start = time.perf_counter()
    advise(program)
    assert time.perf_counter() - start < 5.0


def test_nothing_is_executed(tmp_path):
    trap = tmp_path / "trap"
    found = advise(f"open({str(trap)!r}, 'w').write('x')\n")
    assert [one.kind for one in found] == ["import"]
    assert not trap.exists()
