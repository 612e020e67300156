"""Assembly: one program with a function per component, one GLB with a node per component, and what differs is named."""

from __future__ import annotations

import ast
import json
import struct

import pytest

from easel.errors import ConfigurationError
from shapecraft.assembly import assemble
from shapecraft.attempts import Attempt
from shapecraft.global_program import global_program
from shapecraft.intake import MaterialEntry
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Outcome
from shapecraft.palette import flat_material
from shapecraft.part_facts import part_facts
from shapecraft.part_glb import write_glb
from tests.shapecraft.crafting import BoxWall, fitting, program, solid, stool


def function(text: str, name: str = "part"):
    """The function of a global program, executed without Blender."""
    body = text.split("import bpy\n", 1)[1].split("def build(")[0]
    space: dict = {}
    exec(body, space)
    return space[name]


def test_the_text_has_one_function_per_component_in_order():
    text = global_program('a "stool"', [("legs", "import shapes\nshapes.box(size=1)\n"), ("seat", "x = 1\n")])
    tree = ast.parse(text)
    assert [node.name for node in tree.body if isinstance(node, ast.FunctionDef)] == ["legs", "seat", "build", "material"]
    assert text.endswith('build(\n    ("legs", legs, (0.448, 0.448, 0.448), 0.0, 0.5),\n'
                         '    ("seat", seat, (0.448, 0.448, 0.448), 0.0, 0.5),\n)\n')
    assert ast.get_docstring(tree).startswith('a "stool')


@pytest.mark.parametrize("title", ['""" + open("x") + """', "back\\slash", 'ends with "', "two\nlines", "nul \0", "half \ud83d"])
def test_a_title_stays_inside_its_docstring(title):
    tree = ast.parse(global_program(title, [("part", "x = 1\n")]).encode())
    assert isinstance(tree.body[0], ast.Expr)
    assert [type(node) for node in tree.body[1:4]] == [ast.Import] * 3


def test_texts_that_span_lines_keep_their_spaces(capsys):
    text = global_program("t", [("part", 'import sys\nwords = """a\n  b\nc"""\nsys.stdout.write(repr(words))\n')])
    function(text)()
    assert capsys.readouterr().out == repr("a\n  b\nc")


@pytest.mark.parametrize(("odd", "out"), [
    ("x = 1\n\x0cimport os\nprint(os.sep)\n", "/\n"), ("x = 1\n  \x0cprint(x)\n", "1\n"),
    ("if True:\n  x = 2\n\x0c  print(x)\n", "2\n"), ("x = 1\rimport os\rprint(x)\r", "1\n"),
    ("x = 1\r\nprint(x)\r\n", "1\n"), ('x = """a\n\x0cb"""\nprint(repr(x))\n', "'a\\n\\x0cb'\n"),
    ('x = """a\rb"""\rprint(repr(x))', "'a\\nb'\n"),
])
def test_no_line_of_a_part_leaves_its_function(odd, out, capsys):
    text = global_program("t", [("part", odd)])
    assert [type(node).__name__ for node in ast.parse(text).body] == [
        "Expr", "Import", "Import", "Import", "FunctionDef", "FunctionDef", "FunctionDef", "Expr"]
    assert "exec(" not in text
    function(text)()
    assert capsys.readouterr().out == out
    exec(compile(odd, "part", "exec"), {})
    assert capsys.readouterr().out == out, "as it says alone"


def test_what_was_global_is_the_functions_own(capsys):
    text = global_program("t", [("part", "n = 0\ndef more():\n    global n\n    n += 1\nmore()\nmore()\nprint(n)\n")])
    function(text)()
    assert "nonlocal n" in text
    assert capsys.readouterr().out == "2\n"


@pytest.mark.parametrize("odd", [
    "from math import *\nprint(floor(2.5))\n",
    "def set_it():\n    global later\n    later = 2\nset_it()\nprint(later)\n",
    "if __name__ == '__main__':\n    print(2)\n",
    "x = 2\nprint(globals()['x'])\n",
    "exec('x = 2')\nprint(x)\n",
    "max = max\nprint(max(1, 2))\n",
    "range = [*range(3)]\nprint(range[2])\n",
    "print(max(1, 2))\nmax = 3\n",
    "if not 1:\n    max = 3\nprint(max(1, 2))\n",
    "for max in ():\n    pass\nprint(max(1, 2))\n",
    "def largest():\n    return max(1, 2)\nprint(largest())\nmax = 3\n",
    "print([max(1, n) for n in (2,)][0])\nimport math as max\n",
    "class A:\n    x = 2\n    def f(self):\n        return A.x\nprint(A().f())\n",
])
def test_programs_that_cannot_stand_in_a_function_still_run(odd, capsys):
    text = global_program("t", [("part", odd)])
    space: dict = {"__name__": "__main__"}
    exec(text.split("import bpy\n", 1)[1].split("def build(")[0], space)
    space["part"]()
    assert capsys.readouterr().out == "2\n"


@pytest.mark.parametrize("ordinary", [
    "min, max = 1, 2\nprint(max)\n",
    "def sum(a):\n    return a[1]\nprint(sum([1, 2]))\n",
    "for id in (1, 2):\n    last = id\nprint(last)\n",
    "from math import pow\ndef f():\n    return pow(2, 1)\nprint(int(f()))\n",
    "print([max for max in (1, 2)][1])\n",
    "def f():\n    max = 2\n    return max\nprint(max(f(), 1))\n",
    "class A:\n    id = 2\nprint(A.id)\n",
])
def test_a_builtins_name_that_is_bound_before_it_is_read_stays_a_function(ordinary, capsys):
    text = global_program("t", [("part", ordinary)])
    assert "exec(compile" not in text
    function(text)()
    assert capsys.readouterr().out == "2\n"


def test_names_that_mean_something_else_are_kept_out_of_the_way(capsys):
    names = ["class", "material", "build", "bpy", "range", "print", "os"]
    text = global_program("t", [(name, "print(sum(range(3)))\n") for name in names])
    defined = [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    assert defined == [f"{name}_" for name in names] + ["build", "material"]
    assert '("range", range_, ' in text
    function(text, "range_")()
    assert capsys.readouterr().out == "3\n"
    both = global_program("t", [("range", "x = 1\n"), ("range_", "x = 1\n")])
    assert '("range", range__, ' in both
    assert '("range_", range_, ' in both


def nodes(glb: bytes) -> dict:
    length, = struct.unpack_from("<I", glb, 12)
    return json.loads(glb[20: 20 + length])


def test_one_glb_has_a_node_per_component_with_all_its_objects_and_materials():
    red = MaterialEntry(name="red", base=(1, 0, 0, 1), metallic=0.0, roughness=0.25, emission=(0, 0, 0))
    two = [solid("a", (1, 1, 1), (0, 0, 0)), solid("b", (1, 1, 1), (3, 0, 0))]
    painted = solid("x", (2, 1, 1), (0, 0, 5))
    painted = type(painted)(**{**vars(painted), "materials": (red,)})
    glb = object_glb([("legs", write_glb(two)), ("seat", write_glb([painted]))])
    assert [node["name"] for node in nodes(glb)["nodes"]] == ["legs", "seat"]
    assert [len(mesh["primitives"]) for mesh in nodes(glb)["meshes"]] == [2, 1]
    assert nodes(glb)["materials"][-1]["name"] == "seat: red"
    mesh = read_glb(glb)
    assert mesh.names == ("legs", "seat")
    legs, seat = mesh.parts
    assert legs.bounds.tolist() == [[-0.5, -0.5, -0.5], [3.5, 0.5, 0.5]]
    assert (len(legs.faces), len(seat.faces)) == (24, 12)
    assert seat.bounds.tolist() == [[-1, -0.5, 4.5], [1, 0.5, 5.5]]
    assert seat.base_colour == (1, 0, 0)
    assert seat.roughness == 0.25


@pytest.mark.parametrize("bad", [b"", b"glTF", b"no glb at all, but long enough to look like one"])
def test_other_bytes_are_refused(bad):
    with pytest.raises(ConfigurationError, match="a GLB of a part"):
        object_glb([("legs", bad)])


def chosen(wall, **grow: float) -> dict[str, Attempt]:
    found = {}
    for name, factor in grow.items():
        text = program(fitting(name, factor))
        outcome = wall.run(Job(text, name))
        found[name] = Attempt(name, 0, 0, 0, "draft", text, outcome=outcome, facts=part_facts(outcome, stool(), name))
    return found


def test_an_object_is_assembled_from_what_each_part_made():
    wall = BoxWall()
    made = assemble(stool(), chosen(wall, legs=1.0, seat=1.1), wall)
    assert made.mesh.names == ("legs", "seat")
    assert (made.missing, made.differs, made.outcome.kind) == ((), (), "ran")
    assert made.graph["seat"].program == program(fitting("seat", 1.1))
    assert wall.jobs[-1].limits.seconds == 40.0
    assert made.row()["components"] == ["legs", "seat"]


def test_a_part_that_the_global_program_makes_otherwise_is_named():
    class Careless(BoxWall):
        def run(self, job: Job) -> Outcome:
            return super().run(Job(job.program.replace("0.05", "0.06"), job.name) if job.name == "whole" else job)

    wall = Careless()
    assert assemble(stool(), chosen(wall, legs=1.0, seat=1.0), wall).differs == ("seat",)


def test_a_part_without_a_material_has_the_parsers():
    wall = BoxWall()
    made = assemble(stool(), chosen(wall, legs=1.0, seat=1.0), wall)
    assert [one["name"] for one in nodes(made.glb)["materials"]] == ["legs", "seat"]
    for part, words in zip(made.mesh.parts, ("oak", "red paint"), strict=True):
        assert part.base_colour == pytest.approx(flat_material(words).base_colour, abs=1 / 255), "read as bytes"
    assert f"seat, {flat_material('red paint').base_colour}, 0.0, 0.5)," in made.program


@pytest.mark.parametrize(("words", "screen", "metallic", "roughness"), [
    ("brushed steel", "#b4b6b8", 1.0, 0.4),
    ("heavy cast iron, matte black powder coat", "#1c1c1e", 0.0, 0.85),
    ("glossy red enamelled metal, white inside", "#b3202a", 0.0, 0.15),
    ("warm medium-brown oak, satin varnish", "#a5743f", 0.0, 0.4),
    ("frosted warm white glass, brass socket", "#f2f2f0", 0.0, 0.6),
    ("cream woven fabric upholstery", "#efe3c8", 0.0, 0.95),
    ("unglazed pale stoneware, matte", "#cfc2aa", 0.0, 0.85),
    ("unobtainium", "", 0.0, 0.5),
    ("", "", 0.0, 0.5),
])
def test_words_become_a_flat_material(words, screen, metallic, roughness):
    found = flat_material(words)
    back = [round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in found.base_colour]
    assert "#" + "".join(f"{one:02x}" for one in back) == (screen or "#b3b3b3")
    assert (found.metallic, found.roughness) == (metallic, roughness)


def test_pale_and_dark_change_a_colour():
    blue, pale, dark = (flat_material(f"{word} blue paint").base_colour for word in ("plain", "pale", "dark"))
    assert all(a > b > c for a, b, c in zip(pale, blue, dark, strict=True))
    assert flat_material("a dark story, blue paint").base_colour == blue


def test_missing_parts_are_named_and_nothing_is_nothing():
    wall = BoxWall()
    assert assemble(stool(), chosen(wall, seat=1.0), wall).missing == ("legs",)
    assert assemble(stool(), {}, wall) is None
