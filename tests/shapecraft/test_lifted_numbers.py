"""Lifted numbers: names, ranges, what is left alone, exact rewriting, and round trips on every program there is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft.boxes import Box
from shapecraft.catalogue import CATALOGUE
from shapecraft.lifted_numbers import NumbersError, lift, rerun, with_values
from shapecraft.programs import read_program
from tests.shapecraft.crafting import BoxWall, program, stool
from tests.shapecraft.crafting import fitting as reply

ROOT = Path(__file__).resolve().parents[2]
REAL = {path.relative_to(ROOT / "data/llm_programs").as_posix(): read_program(path.read_text("utf-8")).program
        for path in sorted((ROOT / "data/llm_programs").glob("*/*__*.txt"))}
RADIAL = """import math
import shapes
SPOKES, HUB = 6, 0.05
for i in range(8):
    a = 2 * math.pi * i / 8
    shapes.box(size=(0.1, 0.2, 0.3), center=(0.5 * math.cos(a), 0, -0.2))
ring = shapes.tube(path=points[:-1], radius=HUB ** 2, smooth=i % 2 == 0)
shapes.rotate(ring, angle=30, axis="x")
cap.rotation_euler = (math.radians(45), 0.0, 1.5)
shader.inputs["Roughness"].default_value = 0.4
shader.inputs["Base Color"].default_value = (0.1, 0.2, 0.3, 1.0)
print(f"{1.5:.2f}", round(HUB, 3), i % 3)
"""


def of(text: str, **more):
    lifted = lift(text, **more)
    return {one.name: one for one in lifted.parameters}


def test_names_kinds_units_and_ranges():
    found = of(RADIAL, box=Box((0, 0, 0), (2, 1, 3)))
    assert {name: (one.value, one.kind, one.unit) for name, one in found.items()} == {
        "spokes": (6, "count", ""), "hub": (0.05, "length", "m"), "count": (8, "count", ""),
        "size.x": (0.1, "length", "m"), "size.y": (0.2, "length", "m"), "size.z": (0.3, "length", "m"),
        "center.x": (0.5, "factor", ""), "center.y": (0, "length", "m"), "center.z": (-0.2, "length", "m"),
        "angle": (30, "angle", "°"), "rotation_euler.x": (45, "angle", "°"), "rotation_euler.y": (0.0, "angle", "rad"),
        "rotation_euler.z": (1.5, "angle", "rad"), "roughness": (0.4, "share", ""),
        "base_color.r": (0.1, "share", ""), "base_color.g": (0.2, "share", ""), "base_color.b": (0.3, "share", ""),
        "base_color.a": (1.0, "share", ""),
    }
    ranges = {name: (found[name].low, found[name].high) for name in found}
    assert ranges["hub"] == (0.0125, 0.2)
    assert ranges["center.z"] == (-0.8, -0.05)
    assert ranges["center.y"] == (-3, 3)
    assert ranges["count"] == (1, 32)
    assert ranges["angle"] == (-180, 180)
    assert ranges["rotation_euler.z"] == pytest.approx((-3.14159265, 3.14159265))
    assert ranges["base_color.r"] == (0, 1)
    assert (found["hub"].line, found["hub"].column) == (3, 17)
    assert found["count"].whole
    assert found["count"].step == 1
    assert found["hub"].words() == "hub = 0.05 m (0.0125 to 0.2; length, line 3)"


@pytest.mark.parametrize(("text", "unit"), [
    ("tilt = 5\nx = math.radians(tilt)", "°"),
    ("tilt = 5\nshapes.rotate(leg, angle=tilt)", "°"),
    ("tilt = 5\nshapes.arc(radius=1, start=tilt, end=90)", "°"),
    ("tilt = 5\nfor i in range(4):\n    a = math.radians(i * tilt - 0.5 * 3)", "°"),
    ("tilt = 5\nlean = -tilt\ndef leg(deg_x):\n    return math.radians(deg_x / 2)\nleg(lean)", "°"),
    ("def leg(tilt=5):\n    shapes.rotate(part, angle=tilt, axis='x')", "°"),
    ("for tilt in (5.5, 6.5):\n    x = math.radians(tilt)", "°"),
    ("tilt = 300.5\nobj.rotation_euler = (0, tilt, 0)", "rad"),
    ("tilt = 5\nbpy.ops.mesh.primitive_cube_add(rotation=(0, tilt, 0))", "rad"),
    ("tilt = 5\nx = math.sin(tilt)", "rad"),
    ("tilt = 5\nx = math.sin(math.radians(tilt))", "°"),
    ("tilt = 500.5\nprint(tilt)", ""),
    ("tilt = 5.5\nx = math.radians(tilt) + math.sin(tilt)", ""),
])
def test_an_angle_in_a_variable_has_the_unit_of_what_it_goes_to(text, unit):
    (one, *_) = (one for name, one in of(f"import math\nimport shapes\n{text}\n").items() if name.startswith("tilt"))
    assert (one.kind, one.unit) == ("angle", unit)
    half = 3.14159265 if unit == "rad" else 180
    assert one.high == pytest.approx(half if abs(one.value) <= half else max(2 * half, one.value))


def test_what_goes_to_an_angle_is_no_count_and_what_it_is_divided_by_no_angle():
    found = of("import math\nspread = 12\nlegs = 3\nshare = 0.5\nfor i in range(legs):\n"
               "    x = math.radians(spread * i) + math.radians(360 / legs) + math.radians(90 * share)\n")
    assert {name: (one.kind, one.unit) for name, one in found.items()} == {
        "spread": ("angle", "°"), "legs": ("count", ""), "share": ("length", "m")}
    for text in ("lean = math.atan2(0.09 - depth, height)", "lean = 2.5 * math.pi / height"):
        assert "angle" not in {one.kind for one in of(f"{text}\nx = math.cos(lean)").values()}
    assert (found["spread"].low, found["spread"].high) == (-180, 180)


def test_what_is_no_dimension_is_left_alone_and_counted():
    assert dict(lift(RADIAL).skipped) == {
        "comparison": 2, "digits": 1, "exponent": 1, "index": 1, "sum or product": 2, "text": 1,
        "whole-number arithmetic": 1,
    }
    left = "x = y[1:3] + 2 * z ** 3 + (4 << 5)\nif w > 6: pass\nfor s in (-1, 1): pass\nt = u - 7\nv = [0.0] * 8\n"
    assert list(of(left)) == ["v.0"]


def test_a_divisor_goes_along_with_its_range():
    assert "for i in range(6):\n    a = 2 * math.pi * i / 6\n" in with_values(RADIAL, {"count": 6})
    two = "for i in range(8):\n    a = i / 8\nfor j in range(8):\n    b = j / 8\n"
    assert with_values(two, {"i.count": 6}) == two.replace("range(8)", "range(6)", 1)


def test_exactly_the_literal_changes():
    text = "# é 0.2\nwide = 0.2  # 0.2\nshapes.box(size=(0.2, 0x10, 1e-1), center=(0, -0.2, a - 0.2))\n"
    assert with_values(text, {"wide": 0.25, "center.y": -0.3}) == (
        "# é 0.2\nwide = 0.25  # 0.2\nshapes.box(size=(0.2, 0x10, 1e-1), center=(0, -0.3, a - 0.2))\n")
    lifted = lift(text)
    assert lifted.with_values(lifted.values) == text
    assert lifted.with_values({}) == text


@pytest.mark.parametrize(("text", "name", "value", "came"), [
    ("x = a - 0.0", "x", -0.5, "x = a - (-0.5)"),
    ("x = 0.0 ** 2", "x", -0.5, "x = (-0.5) ** 2"),
    ("def f():\n    return-0.2", "f", 0.2, "def f():\n    return 0.2"),
    ("x = 0.2if a else b", "x", 0.3, "x = 0.3 if a else b"),
    ("x = 1_0.0", "x", 2.5, "x = 2.5"),
    ("size = 1", "size", 1.5, "size = 1.5"),
    ("size = 1", "size", 2.0, "size = 2"),
    ("x = 2.0", "x", 3, "x = 3.0"),
    ("x = +2.0", "x", -1.0, "x = +(-1.0)"),
    ("a = 1.0\r\nb = 2.0\r\n", "b", 3.0, "a = 1.0\r\nb = 3.0\r\n"),
    ("t = \"\"\"é\n0.5\"\"\"; x = 0.5", "x", 0.25, "t = \"\"\"é\n0.5\"\"\"; x = 0.25"),
])
def test_numbers_are_written_so_that_they_mean_the_same(text, name, value, came):
    lifted = lift(text)
    assert lifted.with_values({name: value}, bounded=False) == came
    assert ast.parse(came)


def test_names_taken_twice_are_told_apart():
    text = ("seat = shapes.box(size=(1.0, 2.0, 3.0))\nback = shapes.box(size=(4.0, 5.0, 6.0))\n"
            "bpy.ops.mesh.primitive_cylinder_add(radius=0.1)\nbpy.ops.mesh.primitive_cylinder_add(radius=0.2)\n"
            "def leg(x, height=0.4):\n    pass\nleg(0.3, 0.5)\n")
    assert lift(text).names == (
        "seat.size.x", "seat.size.y", "seat.size.z", "back.size.x", "back.size.y", "back.size.z", "cylinder.radius",
        "cylinder_2.radius", "leg.height", "x", "leg_2.height")


def test_equal_dimensions_of_other_pieces():
    table = next(one for one in CATALOGUE if one.name == "table").graph()["legs"]
    lifted = lift(table.program, box=table.box)
    assert lifted.alike("pieces.0.size.x") == tuple(f"pieces.{n}.size.x" for n in range(4))
    assert lifted.alike("pieces.0.center.x") == ("pieces.0.center.x", "pieces.1.center.x")
    assert lifted.matching("pieces.*.size.z") == tuple(f"pieces.{n}.size.z" for n in range(4))


@pytest.mark.parametrize(("values", "told"), [
    ({"hubb": 1.0}, "expected a number of this program (spokes, hub, count, .*Did you mean hub?"),
    ({"hub": 9.0}, "expected a value from 0.0125 to 0.2, got 9.0 (at numbers, hub). For more, ask for an edit in "
                   "words."),
    ({"count": 2.5}, "expected a whole number, got 2.5 (at numbers, count)."),
    ({"count": 0}, "expected a value from 1 to 32, got 0"),
    ({"hub": float("nan")}, "expected a number, got nan"),
    ({"hub": True}, "expected a number, got True"),
])
def test_values_that_cannot_be_are_refused(values, told):
    with pytest.raises(NumbersError) as error:
        with_values(RADIAL, values)
    first, _, last = told.partition(".*")
    assert str(error.value).startswith(first)
    assert str(error.value).endswith(last)


def test_a_program_that_does_not_parse_is_told():
    with pytest.raises(NumbersError, match="expected a program that parses, got invalid syntax"):
        lift("x = = 1")


@pytest.mark.parametrize("name", sorted(REAL))
def test_every_program_of_a_model_lifts_and_round_trips(name):
    text = REAL[name]
    lifted = lift(text)
    assert len(lifted.parameters) >= 7
    assert lifted.with_values(lifted.values) == text
    for one in lifted.parameters:
        assert one.low <= one.value <= one.high
        other = one.high if one.value != one.high else one.low
        changed = lifted.with_values({one.name: int(other) if one.whole else other})
        again = lift(changed)
        assert again.names == lifted.names
        assert again.values == {**lifted.values, one.name: pytest.approx(other)}
        back = again.with_values({one.name: one.value}, bounded=False)
        assert lift(back).values == lifted.values


def test_how_many_numbers_the_programs_of_a_model_have():
    counts = sorted(len(lift(text).parameters) for text in REAL.values())
    assert (len(counts), counts[0], counts[-1], sum(counts)) == (32, 7, 36, 537)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_values_within_ranges_go_in_and_nothing_else_changes(data):
    text = data.draw(st.sampled_from([*REAL.values(), RADIAL]))
    lifted = lift(text)
    chosen = data.draw(st.lists(st.sampled_from(lifted.names), unique=True, max_size=5))
    values = {}
    for name in chosen:
        one = lifted[name]
        low, high = (int(one.low), int(one.high)) if one.whole else (one.low, one.high)
        values[name] = data.draw(st.integers(low, high) if one.whole else st.floats(low, high))
    changed = lifted.with_values(values)
    again = lift(changed)
    assert again.names == lifted.names
    assert all(again.values[name] == values.get(name, lifted.values[name]) for name in lifted.names)
    lines = [(old, new) for old, new in zip(text.split("\n"), changed.split("\n"), strict=True) if old != new]
    assert len(lines) <= sum(len(lifted.places[lifted.names.index(name)].spans) for name in chosen)


NUMBERS = st.one_of(st.integers(-30, 30), st.floats(-10, 10).map(lambda value: round(value, 3)))
ATOMS = NUMBERS.map(repr)
SUMS = st.tuples(ATOMS, st.sampled_from(["+", "-", "*", "/", "**", "%"]), st.sampled_from(["a", "b.c", "d[0]"])).map(
    " ".join)
VALUES = st.recursive(st.one_of(ATOMS, SUMS), lambda inner: st.one_of(
    st.lists(inner, min_size=1, max_size=4).map(lambda found: f"({', '.join(found)},)"),
    st.tuples(st.sampled_from(["f", "shapes.box", "math.sin", "range", "Vector"]), inner, inner).map(
        lambda found: f"{found[0]}({found[1]}, size={found[2]})"),
    st.tuples(inner, inner).map(lambda found: f"({found[0]} - {found[1]})")), max_leaves=8)
LINES = st.lists(st.tuples(st.sampled_from(["x", "y.width", "z[0]", "colour", "angle"]), VALUES).map(
    lambda found: f"{found[0]} = {found[1]}"), min_size=1, max_size=4).map("\n".join)


@settings(max_examples=120, deadline=None)
@given(LINES, st.data())
def test_programs_of_any_form_keep_their_meaning(text, data):
    lifted = lift(text)
    assert len(set(lifted.names)) == len(lifted.names)
    assert lifted.with_values(lifted.values) == text
    if lifted.names:
        one = lifted[data.draw(st.sampled_from(lifted.names))]
        value = data.draw(st.integers(-40, 40) if one.whole else st.floats(-20, 20))
        again = lift(lifted.with_values({one.name: value}, bounded=False))
        assert again.values == {**lifted.values, one.name: value}


def test_a_part_runs_again_without_a_model():
    graph = stool()
    legs = graph["legs"]
    made = graph.replacing(type(legs)(**{**vars(legs), "program": program(reply("legs"))}))
    same = rerun(made, "legs", {}, BoxWall())
    assert same.ran
    assert same.facts.worst == 0
    assert same.remarks == ()
    wide = rerun(made, "legs", {"size.x": 0.6}, BoxWall())
    assert wide.remarks == ("it misses its box by 25% of the longest side",)
    assert wide.facts.high[0] == 0.3
    with pytest.raises(NumbersError, match="a value from 0.1 to 1.6"):
        rerun(made, "legs", {"size.x": 0.01}, BoxWall())
