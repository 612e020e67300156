"""Helpers in Blender: volumes and boxes against formulas, closed and outward everywhere, error texts, whole programs.

All programs of this module run in one Blender process, in `measure_shapes.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from easel.errors import MissingCapability
from shapecraft.blender_interpreter import find_blender
from shapecraft.shapes_guide import SHAPES, TEXT, helpers
from tests.shapecraft.shape_cases import ERRORS, HOLLOW, SHEETS, SIGNATURES, SOLIDS, STORIES, VALUES

HERE = Path(__file__).resolve().parent
EXAMPLES = {path.stem: path.read_text() for path in sorted((HERE / "programs").glob("*.py"))}
GUIDE_EXAMPLES = re.findall(r"Example, .*?center (\(.*?\)), size (\(.*?\)):\n```python\n(.*?)```", TEXT.read_text(), re.S)


def named(table: dict) -> dict[str, str]:
    return {text: f"import math\nresult = None\n{text}" for text in table}


@pytest.fixture(scope="module")
def blender(tmp_path_factory):
    """What every program of this module gave."""
    try:
        python = find_blender().command
    except MissingCapability as error:
        pytest.skip(str(error))
    library = tmp_path_factory.mktemp("library")
    (library / "shapes").symlink_to(SHAPES)
    programs = {**named(SOLIDS), **named(HOLLOW), **named(SHEETS), **named(ERRORS), **STORIES, **EXAMPLES,
                **{text: f"result = {text}" for text in VALUES},
                **{f"guide {number}": text for number, (_, _, text) in enumerate(GUIDE_EXAMPLES)},
                "signatures": SIGNATURES}
    done = subprocess.run([str(python), "-B", str(HERE / "measure_shapes.py"), str(library)], input=json.dumps(programs),
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ran(blender, name: str) -> list[dict]:
    assert blender[name]["kind"] == "ran", blender[name]["error"]
    return blender[name]["objects"]


def the_object(blender, name: str) -> dict:
    (one,) = ran(blender, name)
    return one


def assert_sound(one: dict, *, cavities: bool = False) -> None:
    """Closed, every face turned outwards, nothing twice, nothing left to apply."""
    faults = {what: one[what] for what in ("open", "crowded", "turned", "slivers", "doubles", "modifiers") if one[what]}
    assert faults == {}
    assert one["shells"] and (cavities or min(one["shells"]) > 0)
    assert one["volume"] > 0


@pytest.mark.parametrize("text", SOLIDS)
def test_a_solid_has_its_volume_and_box(blender, text):
    volume, tolerance, low, high = SOLIDS[text]
    one = the_object(blender, text)
    assert_sound(one, cavities=text in HOLLOW)
    assert one["faces"] < 7000
    if volume is not None:
        assert one["volume"] == pytest.approx(volume, rel=tolerance)
    if low is not None:
        # Bends and arcs are made of straight pieces; everything else reaches its box.
        within = 2e-3 if re.search("bend|arc", text) else 2e-6
        assert (one["low"], one["high"]) == (pytest.approx(low, abs=within), pytest.approx(high, abs=within))


@pytest.mark.parametrize("text", HOLLOW)
def test_a_cavity_is_turned_the_other_way(blender, text):
    one = the_object(blender, text)
    assert_sound(one, cavities=True)
    assert one["volume"] == pytest.approx(HOLLOW[text], rel=1e-5)
    assert sorted(shell > 0 for shell in one["shells"]) == [False, True]


@pytest.mark.parametrize("text", SHEETS)
def test_a_sheet_is_open(blender, text):
    area, low, high = SHEETS[text]
    one = the_object(blender, text)
    assert one["open"] > 0
    assert one["area"] == pytest.approx(area, rel=1e-6)
    assert (one["low"], one["high"]) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize("text", VALUES)
def test_points_and_bounds(blender, text):
    result = blender[text]["result"]
    assert blender[text]["error"] == ""
    assert len(result) == len(VALUES[text])
    for found, wanted in zip(result, VALUES[text], strict=True):
        assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_says_what_to_do(blender, text):
    assert blender[text]["kind"] == "raised"
    assert blender[text]["error"] == f"ShapeError: {ERRORS[text]}"


@pytest.mark.parametrize(("side", "axis", "place"), [("-x", 0, 1.75), ("+x", 0, 4.25), ("-y", 1, 2.75), ("+y", 1, 5.25),
                                                     ("-z", 2, 4.25), ("+z", 2, 5.75)])
def test_place_on_leaves_no_gap(blender, side, axis, place):
    base, ball = ran(blender, f"place_on {side}")
    center = [0.0, 0.0, 0.0]
    center[axis] = place
    assert [(a + b) / 2 for a, b in zip(ball["low"], ball["high"], strict=True)] == pytest.approx(center, abs=1e-6)
    near, far = ("low", "high") if side[0] == "+" else ("high", "low")
    assert ball[near][axis] == pytest.approx(base[far][axis], abs=1e-6)


def test_gap_and_align(blender):
    assert ran(blender, "place_on gap")[1]["low"][2] == pytest.approx(5.6)
    assert ran(blender, "place_on gap below")[1]["high"][1] == pytest.approx(2.9)
    assert ran(blender, "align")[1]["low"] == pytest.approx((2.75, 3.75, -0.25))
    assert ran(blender, "align low to high")[1]["low"] == pytest.approx((4, -0.25, 5.5))


def test_a_mirror_image_is_symmetric_and_outward(blender):
    one = the_object(blender, "mirror")
    assert_sound(one)
    assert one["low"][0] + one["high"][0] == pytest.approx(1, abs=1e-6)
    assert one["shells"][0] == pytest.approx(3, rel=1e-5)
    assert one["shells"][0] == pytest.approx(one["shells"][1], rel=1e-6)


def test_copies_are_separate_objects(blender):
    first, other = ran(blender, "duplicate")
    assert (first["name"], first["volume"]) == ("box", pytest.approx(1))
    assert (other["name"], other["low"], other["high"]) == ("other", pytest.approx((1, -1, -1)), pytest.approx((3, 1, 1)))


def test_arrays_count_their_copies(blender):
    for text, count in (("shapes.array(shapes.box(size=(1, 1, 1)), count=4, step=(2, 0, 0.5))", 4),
                        ("shapes.radial_array(shapes.box(size=(0.2, 1, 1), center=(2, 0, 0)), count=3, angle=180)", 3)):
        one = the_object(blender, text)
        assert (len(one["shells"]), one["faces"]) == (count, 6 * count)


def test_materials_are_kept_and_made_once(blender):
    one = the_object(blender, "materials")
    paint, dye = one["materials"]
    assert (one["name"], one["used"]) == ("three", [0, 1])
    assert (paint["name"], dye["name"]) == ("paint", "dye")
    assert paint["base_color"] == pytest.approx((1, 0.2158605, 0, 1), abs=1e-6)
    assert (paint["roughness"], paint["metallic"]) == (pytest.approx(0.25), 1)
    assert (dye["roughness"], dye["metallic"], dye["base_color"]) == (0.5, 0, pytest.approx((0.1, 0.2, 0.3, 1)))
    both = the_object(blender, "boolean keeps materials")
    assert ([slot["name"] for slot in both["materials"]], both["used"]) == (["a", "b"], [0, 1])


def test_the_dark_end_of_the_colour_curve(blender):
    (dark,) = the_object(blender, "dark paint")["materials"]
    assert dark["base_color"] == pytest.approx((10 / 255 / 12.92, 0, 0, 1), abs=1e-7)


def test_a_closed_sweep_has_no_seam(blender):
    """What a path in space turns the section by is spread over it; a seam would bend a quad by 0.093 m."""
    assert_sound(the_object(blender, "ring in space"))
    assert blender["ring in space"]["result"] == pytest.approx(0.03006, abs=1e-4)


def test_parts_are_named(blender):
    assert [one["name"] for one in ran(blender, "names")] == ["seat", "leg"]


def test_raw_blender_objects_are_taken_as_they_look(blender):
    cube, child = ran(blender, "raw bpy")
    assert (cube["low"], cube["high"]) == (pytest.approx((-3, -0.5, 2.5)), pytest.approx((1, 0.5, 3.5)))
    assert cube["shells"] == pytest.approx([2, 2])
    assert (child["low"], child["high"]) == (pytest.approx((-1, -0.5, 1.5)), pytest.approx((1, 0.5, 2.5)))
    one, other = ran(blender, "shared mesh")
    assert (one["volume"], other["volume"], other["low"][0]) == (pytest.approx(1), pytest.approx(8), pytest.approx(4))


def test_boxes_that_touch_along_an_edge_stay_closed(blender):
    one = the_object(blender, "touching along an edge")
    assert (one["open"], one["crowded"], one["volume"]) == (0, 0, pytest.approx(2))


def test_subdividing_a_flat_round_end_is_quick(blender):
    """Blender's limit surface took 3 s of processor time for it."""
    one = the_object(blender, "subdivided vessel")
    assert_sound(one, cavities=True)
    assert one["faces"] == 1160
    assert blender["subdivided vessel"]["seconds"] < 1.5


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_program_fills_its_box(blender, name):
    center, size = re.match(r"# box: center (\(.*?\)), size (\(.*?\))\n", EXAMPLES[name]).groups()
    assert_fills(the_object(blender, name), center, size)


@pytest.mark.parametrize("number", range(2))
def test_an_example_of_the_guide_fills_its_box(blender, number):
    assert len(GUIDE_EXAMPLES) == 2
    center, size, _ = GUIDE_EXAMPLES[number]
    assert_fills(the_object(blender, f"guide {number}"), center, size)


def assert_fills(one: dict, center: str, size: str) -> None:
    """Each side within 2 % of the box's, and its place within 1 % of that side."""
    assert_sound(one)
    for middle, side, low, high in zip(json.loads(f"[{center[1:-1]}]"), json.loads(f"[{size[1:-1]}]"), one["low"], one["high"], strict=True):
        assert high - low == pytest.approx(side, rel=0.02)
        assert (high + low) / 2 == pytest.approx(middle, abs=0.01 * side)


def test_what_the_guide_reads_is_what_blender_runs(blender):
    """The guide reads files, Blender imports: the same names and signatures."""
    assert blender["signatures"]["error"] == ""
    assert {name: one.signature for name, one in helpers().items()} == blender["signatures"]["result"]
