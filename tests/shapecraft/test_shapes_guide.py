"""Guide to `shapes`: it names every public helper with its signature, nothing else, and stays short."""

from __future__ import annotations

import ast
import re
import threading

import pytest

from easel.asking import estimate_tokens
from easel.chat import Message
from shapecraft import programs
from shapecraft.shapes_guide import GROUPS, SHAPES, guide, helper_names, helpers

ALLOWED = {"bpy", "bmesh", "mathutils", "math", "itertools", "functools", "inspect", "difflib", "re", "collections",
           "typing", "shapes"}


def exported() -> list[str]:
    """`__all__`, as written."""
    tree = ast.parse((SHAPES / "__init__.py").read_text())
    (names,) = (node.value for node in tree.body if isinstance(node, ast.Assign))
    return ast.literal_eval(names)


def test_the_names_are_what_the_package_exports():
    assert exported() == sorted(exported(), key=lambda name: (name != "ShapeError", name))
    assert helper_names() == set(exported()) - {"ShapeError"}
    assert len(helper_names()) == 40


def test_the_names_that_programs_were_promised():
    assert helper_names() >= {
        "box", "cylinder", "cone", "sphere", "torus", "capsule", "plane", "prism", "wedge", "lathe", "extrude", "sweep",
        "loft", "tube", "bevel", "array", "radial_array", "mirror", "union", "difference", "intersection", "solidify",
        "subdivide", "taper", "bend", "twist", "move", "rotate", "scale", "align", "place_on", "join", "material",
    }


def test_every_helper_stands_in_the_guide_once_and_nothing_else_does():
    lines = re.findall(r"^- (\w+)(\(.*?\)): (\S.*)$", guide(), re.M)
    assert [name for name, _, _ in lines] == list(helpers())
    for name, signature, says in lines:
        assert helpers()[name].signature == name + signature
        assert helpers()[name].says == says
        assert says.endswith(".")
    called = set(re.findall(r"shapes\.(\w+)\(", guide()))
    assert called <= helper_names()


def test_the_signatures_are_the_written_ones():
    assert helpers()["box"].signature == "box(*, size, center=(0, 0, 0), name='box')"
    assert helpers()["union"].signature == "union(obj, *others)"
    assert helpers()["bevel"].signature == "bevel(obj, *, width, segments=3, angle=30)"


@pytest.mark.parametrize(("name", "arguments", "needed", "takes_objects"), [
    ("box", ("size", "center", "name"), ("size",), False),
    ("bevel", ("obj", "width", "segments", "angle"), ("width",), True),
    ("join", ("name",), (), True),
])
def test_arguments_for_checks(name, arguments, needed, takes_objects):
    one = helpers()[name]
    assert (one.arguments, one.needed, one.takes_objects) == (arguments, needed, takes_objects)


def test_the_guide_is_short():
    """By a byte-pair count it has 2,400 tokens; the project's own estimate is an upper bound."""
    assert len(guide()) < 8000
    assert estimate_tokens((Message("user", guide()),)) < 4000


def test_the_frame_is_told():
    for words in ("metres", "+x right, +y away from the viewer, +z up", "z = 0", "degrees", "world coordinates", "nothing is rescaled"):
        assert words in guide()


def test_every_public_function_is_decorated_typed_and_documented():
    for path in SHAPES.glob("*.py"):
        tree = ast.parse(path.read_text())
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in helper_names() and path.stem in dict(GROUPS):
                assert ast.get_docstring(node), node.name
                given = node.args
                assert all(one.annotation for one in (*given.args, *given.kwonlyargs)), node.name
                assert len(given.args) <= 1, f"{node.name} takes more than one object by position"
                assert node.returns is not None, node.name


def test_the_library_imports_blender_and_harmless_modules_only():
    for path in SHAPES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else \
                [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= ALLOWED, path.name


def test_the_library_uses_no_operator():
    """bpy.ops needs a context that a program may have left in any state."""
    assert [path.name for path in SHAPES.glob("*.py") if re.search(r"bpy\.ops\.\w", path.read_text())] == []


def test_the_helpers_are_parsed_by_one_thread_at_a_time(monkeypatch):
    """Python 3.11's parser counts its depth in a place that all threads share, and now and then fails in one of them."""
    lock, parsed = threading.Lock(), []
    parse = ast.parse
    monkeypatch.setattr(programs, "_PARSING", lock)
    monkeypatch.setattr(ast, "parse", lambda *given: parsed.append(lock.locked()) or parse(*given))
    helpers.cache_clear()
    assert helpers()
    assert parsed == [True] * len(GROUPS)
