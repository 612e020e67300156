"""A Parser's reply becomes a graph, with what was forgiven; every damage gives the stated error or forgiveness."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft.boxes import Box
from shapecraft.graph import Component, Joint, ShapeGraph
from shapecraft.loose_json import LooseError, read_value
from shapecraft.part_list import PartListError, read_part_list, write_part_list
from shapecraft.relations import FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo

REPLIES = Path(__file__).resolve().parents[2] / "data" / "llm_programs"

GOLD = {  # copied out of the replies by hand
    "chair": ("wooden dining chair", {
        "legs": ((0, 0, 0.21), (0.44, 0.44, 0.42), ("chair", "base")),
        "seat_frame": ((0, 0, 0.39), (0.42, 0.42, 0.06), ("chair", "base")),
        "seat_cushion": ((0, -0.015, 0.45), (0.45, 0.43, 0.06), ("chair", "seat")),
        "back_frame": ((0, 0.225, 0.67), (0.44, 0.09, 0.5), ("chair", "backrest")),
        "back_slats": ((0, 0.225, 0.67), (0.34, 0.06, 0.37), ("chair", "backrest")),
    }),
    "desk_lamp": ("articulated desk lamp", {
        "base": ((-0.1, 0, 0.02), (0.18, 0.18, 0.04), ("desk_lamp", "stand", "base")),
        "lower_arm": ((-0.135, 0, 0.17), (0.08, 0.03, 0.27), ("desk_lamp", "arm", "lower_arm")),
        "elbow_joint": ((-0.17, 0, 0.305), (0.036, 0.05, 0.036), ("desk_lamp", "arm", "elbow_joint")),
        "upper_arm": ((-0.04, 0, 0.38), (0.26, 0.014, 0.16), ("desk_lamp", "arm", "upper_arm")),
        "shade": ((0.11, 0, 0.4), (0.16, 0.16, 0.13), ("desk_lamp", "head", "shade")),
        "bulb": ((0.11, 0, 0.405), (0.05, 0.05, 0.09), ("desk_lamp", "head", "bulb")),
    }),
    "mug": ("ceramic coffee mug", {
        "body_wall": ((-0.016, 0, 0.047), (0.08, 0.08, 0.084), ("mug", "body", "body_wall")),
        "bottom": ((-0.016, 0, 0.008), (0.074, 0.074, 0.006), ("mug", "body", "bottom")),
        "foot_ring": ((-0.016, 0, 0.0025), (0.06, 0.06, 0.005), ("mug", "body", "foot_ring")),
        "rim": ((-0.016, 0, 0.09), (0.082, 0.082, 0.006), ("mug", "body", "rim")),
        "handle": ((0.039, 0, 0.05), (0.036, 0.014, 0.06), ("mug", "handle")),
    }),
}


@pytest.mark.parametrize("name", GOLD)
def test_real_replies_give_their_gold_values(name):
    read = read_part_list((REPLIES / name / "parser.txt").read_text("utf-8"))
    whole, parts = GOLD[name]
    assert read.graph.object == whole
    assert {c.name: (c.box.center, c.box.size, c.path) for c in read.graph.components} == parts
    assert read.graph.names == tuple(parts)
    assert read.forgiven == ()
    assert all(c.geometry and c.position and c.material and not c.program for c in read.graph.components)


def test_real_words_arrive_whole():
    handle = read_part_list((REPLIES / "mug" / "parser.txt").read_text("utf-8")).graph["handle"]
    assert handle.geometry == ("C-shaped loop with an oval cross-section, 1.4 cm wide in y and 9 mm thick, 6 cm tall, "
                               "reaching 3.4 cm out from the wall")
    assert handle.position == "on the +x side of the wall, centred at mid height, both ends set into the wall"
    assert handle.material == "glossy white glazed ceramic"


def part(name="legs", **fields) -> dict:
    return {"name": name, "geometry": "four legs", "position": "below",
            "box": {"center": [0, 0, 0.2], "size": [0.4, 0.4, 0.4]}} | fields


def reply(*parts, **fields) -> str:
    return json.dumps({"object": "a stool", "components": list(parts) or [part()]} | fields)


SEAT = part("seat", geometry="a pad", box={"center": [0, 0, 0.45], "size": [0.4, 0.4, 0.1]})
BOX = Box((0, 0, 0.2), (0.4, 0.4, 0.4))

FORGIVEN = {
    "words around": (f"Here you are:\n```json\n{reply()}\n```\nEnjoy!", ("words around the JSON",)),
    "bare": (reply(), ()),
    "fence without language": (f"```\n{reply()}\n```", ()),
    "thinking": (f"<think>I could write {{\"components\": []}} here.</think>\n{reply()}", ("thinking before the JSON",)),
    "thinking that never opened": (f"so {reply()[:40]} no.</think>\n{reply()}", ("thinking before the JSON",)),
    "brackets in prose": (f"The parts [see below] are {{few}}: {reply()}", ("words around the JSON",)),
    "trailing commas": (reply().replace("]}}", ",],},}"), ("trailing commas",)),
    "comments": (reply().replace('"components"', '// the parts\n"components"').replace('"box"', '/* m */ "box"'), ("comments",)),
    "single quotes": (reply().replace('"', "'"), ("other quotes",)),
    "typographic quotes": (reply().replace('"legs"', "\u201clegs\u201d"), ("other quotes",)),
    "Python words": (str(json.loads(reply(part(joint=None)))), ("other quotes", "words that are not JSON (None, NaN, True)")),
    "keys without quotes": (reply().replace('"name"', "name"), ("keys without quotes",)),
    "missing comma between keys": (reply().replace('", "position"', '" "position"'), ("missing commas",)),
    "no closing brace": (reply()[:-1], ("no closing brace",)),
    "lengths in cm": (reply(part(box={"center": ["0 cm", "0 cm", "20 cm"], "size": ["40cm", "400 mm", "0.4 m"]})),
                      ("lengths in cm, converted", "lengths in m, converted", "lengths in mm, converted")),
    "lengths without quotes": (reply().replace("[0, 0, 0.2]", "[0 cm, 0, 20 cm]"),
                               ("lengths in cm, converted", "lengths without quotes")),
    "numbers as text": (reply(part(box={"center": ["0", "0", "0.2"], "size": [0.4, 0.4, 0.4]})), ("numbers written as text",)),
    "units for all": (reply(part(box={"center": [0, 0, 20], "size": [40, 40, 40]}), units="cm"), ("lengths in cm, converted",)),
    "units of a box": (reply(part(box={"center": [0, 0, 200], "size": [400, 400, 400], "unit": "mm"})),
                       ("lengths in mm, converted",)),
    "corners": (reply(part(box={"min": [-0.2, -0.2, 0], "max": [0.2, 0.2, 0.4]})), ("a box by its corners, converted",)),
    "axes as keys": (reply(part(box={"center": {"x": 0, "y": 0, "z": 0.2}, "size": {"width": 0.4, "depth": 0.4, "height": 0.4}})),
                     ("a vector with the keys width, depth, height, read as x, y, z",
                      "a vector with the keys x, y, z, read as x, y, z")),
    "other keys": (reply({"id": "legs", "description": "four legs", "placement": "below",
                          "bounding_box": {"centre": [0, 0, 0.2], "dimensions": [0.4, 0.4, 0.4]}}),
                   ('"bounding_box" for "box"', '"centre" for "center"', '"description" for "geometry"',
                    '"dimensions" for "size"', '"id" for "name"', '"placement" for "position"')),
    "no box object": (reply({k: v for k, v in part().items() if k != "box"} | part()["box"]), ("a box without its own object",)),
    "a name with spaces": (reply(part("The Legs!")), ('"The Legs!" renamed the_legs',)),
    "a name of camels": (reply(part("frontLegs")), ('"frontLegs" renamed front_legs',)),
    "unknown keys": (reply(part(colour="red"), version=2), ("unknown keys left out (colour)", "unknown keys left out (version)")),
    "by name": (json.dumps({"object": "a stool", "components": {"legs": {k: v for k, v in part().items() if k != "name"}}}),
                ("components as an object by name",)),
    "wrapped": (json.dumps({"result": json.loads(reply())}), ("the object inside another",)),
    "parts": (reply().replace('"components"', '"parts"'), ('"parts" for "components"',)),
    "nested": (reply({"name": "base", "components": [part()]}), ("nested components, their leaves taken",)),
    "a key twice": (reply().replace('"name": "legs"', '"name": "arms", "name": "legs"'), ('a key twice ("name"), the last taken',)),
    "two lists": (reply(part("draft")) + "\nBetter:\n" + reply(), ("2 part lists, the last one taken", "words around the JSON")),
    "one assumption": (reply(assumptions="no arms"), ("assumptions as one text",)),
    "a path as text": (reply(part(path="stool/base")), ("a path as one text",)),
    "on a table": (reply(part(relations=[{"kind": "on_top_of", "base": "the table"}])), ('on top of "table", read as the ground',)),
    "unknown relation": (reply(part(relations=[{"kind": "beside", "other": "seat"}])),
                         ('a relation of unknown kind left out ("beside")',)),
}


@pytest.mark.parametrize("case", FORGIVEN)
def test_what_is_clear_is_forgiven_and_said(case):
    text, forgiven = FORGIVEN[case]
    read = read_part_list(text)
    assert read.forgiven == forgiven
    (one,) = read.graph.components
    assert one.box == BOX
    assert one.name in {"legs", "the_legs", "front_legs"}
    assert (one.geometry, one.position) == ("four legs", "below")


DAMAGED = {
    "nothing": ("", 'expected one JSON object {"object": ..., "components": [...]}, got nothing.'),
    "prose": ("A stool has four legs and a seat.", "got A stool has four legs and a seat."),
    "truncated": (reply(part(), SEAT)[:250], "expected a complete JSON object, got a text that ends inside it "
                  "(at components[1].box). Write it to its end; shorten descriptions if space is short."),
    "truncated in a word": (reply(part(), SEAT)[:160], "expected a complete JSON object"),
    "an expression": (reply().replace("[0, 0, 0.2]", "[0, 0, 0.3 - 0.1]"),
                      "(at line 1, components[0].box.center[3]). Write results, not expressions."),
    "a difference": (reply().replace("[0, 0, 0.2]", "[0, 0, 0.3 -0.1]"),
                     "expected a comma, and numbers instead of expressions, got "),
    "a missing comma between numbers": (reply().replace("[0, 0, 0.2]", "[0 0, 0.2]"), "(at line 1, components[0].box.center[1])"),
    "no box": (reply({k: v for k, v in part().items() if k != "box"}),
               'expected {"center": [x, y, z], "size": [x, y, z]} in metres, got nothing (missing, null or NaN) '
               "(at component legs, box). Add it."),
    "box without size": (reply(part(box={"center": [0, 0, 0]})), "got no size (at component legs, box)."),
    "box as a list": (reply(part(box=[0, 0, 0.2, 0.4, 0.4, 0.4])), "a bare list leaves open which side is which."),
    "negative size": (reply(part(box={"center": [0, 0, 0.2], "size": [0.4, -0.4, 0.4]})),
                      "expected sides above 0 metres, got [0.4, -0.4, 0.4] (at component legs, box.size)."),
    "flat": (reply(part(box={"center": [0, 0, 0.2], "size": [0.4, 0.4, 0]})), "A flat part has a thickness too, such as 0.002."),
    "two numbers": (reply(part(box={"center": [0, 0.2], "size": [0.4, 0.4, 0.4]})),
                    "expected 3 numbers [x, y, z] in metres, got [0.0, 0.2] (at component legs, box.center)."),
    "NaN": (reply(part(box={"center": [0, 0, float("nan")], "size": [0.4, 0.4, 0.4]})),
            "expected a number of metres, got nothing (missing, null or NaN) (at component legs, box.center[2])."),
    "infinite": (reply().replace("0.2]", "1e999]"), "expected a number of metres, got inf (at component legs, box.center[2])."),
    "an unknown unit": (reply(part(box={"center": [0, 0, "2 spans"], "size": [0.4, 0.4, 0.4]})), "got '2 spans'"),
    "unknown units": (reply(units="cubits"), "expected units m, cm, mm, in or ft, got 'cubits' (at units)."),
    "swapped corners": (reply(part(box={"min": [0, 0, 0], "max": [1, -1, 1]})), "expected max above min in x, y and z"),
    "no name": (reply({k: v for k, v in part().items() if k != "name"}),
                'expected a "name" such as "seat_frame", got nothing (missing, null or NaN) (at component 0).'),
    "no geometry": (reply(part(geometry=" ")), "expected a description in words, got nothing (missing, null or NaN) "
                    "(at component legs, geometry)."),
    "no position": (reply(part(position=None)), "(at component legs, position)."),
    "geometry as numbers": (reply(part(geometry=4)), "expected words, got 4.0 (at component legs, geometry)."),
    "too many words": (reply(part(geometry="x" * 3000)), "expected shorter words"),
    "one name twice": (reply(part("arm"), part("Arm")), "expected each component's name once, got arm for components 0 and 1. "
                       "Rename one, such as left_arm and right_arm, or merge them into one component."),
    "30 components": (reply(*(part(f"leg_{n}") for n in range(30))), "expected at most 16 components, got 30. Merge small"),
    "no components": (reply(components=[]), "expected at least one component, got an empty list (at components)."),
    "components as text": (reply(components="legs, seat"), "expected a list of components, got 'legs, seat'"),
    "a component as text": (reply("legs", part()), "expected components such as"),
    "no object": (json.dumps([part()]), 'expected "object": the whole in words'),
    "millimetres": (reply(part(geometry="four legs, 40 mm wide, 420 mm tall", box={"center": [0, 0, 210], "size": [440, 440, 420]}),
                          part("seat", geometry="a pad 450 mm wide", box={"center": [0, 0, 450], "size": [450, 430, 60]})),
                    "expected boxes in metres, got numbers that the descriptions give in mm (at component legs, box.size). "
                    "Divide center and size of every box by 1000."),
    "centimetres": (reply(part(geometry="42 cm tall", box={"center": [0, 0, 21], "size": [44, 44, 42]}),
                          part("seat", geometry="45 cm wide", box={"center": [0, 0, 45], "size": [45, 43, 6]})),
                    "Divide center and size of every box by 100."),
    "kilometres": (reply(part(box={"center": [0, 0, 450], "size": [400, 400, 3000]})),
                   "expected an object of 0.001 to 1000 metres, got 3000 metres. Write metres: 45 cm are 0.45, 450 mm are 0.45."),
    "too deep": ("[" * 50, "expected"),
    "too long": (reply() + " " * 100_000, "expected a reply of at most 100000 characters"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_what_is_damaged_is_refused_in_words(case):
    text, words = DAMAGED[case]
    with pytest.raises(PartListError) as refusal:
        read_part_list(text)
    assert words in str(refusal.value)


def test_an_object_may_come_from_the_prompt():
    assert read_part_list(json.dumps([part()]), prompt="a bar stool").graph.object == "a bar stool"


def test_more_components_where_that_is_asked_for():
    assert len(read_part_list(reply(*(part(f"leg_{n}") for n in range(30))), limit=30).graph) == 30


def test_a_hierarchy_keeps_its_leaves_and_their_paths():
    text = json.dumps({"object": "stool", "children": [
        {"name": "base", "box": {}, "children": [part(), {"name": "ring", "children": [part("ring_bar")]}]}, SEAT]})
    read = read_part_list(text)
    assert [(c.name, c.path) for c in read.graph.components] == [
        ("legs", ("stool", "base")), ("ring_bar", ("stool", "base", "ring")), ("seat", ("stool",))]


RELATIONS = [
    ({"kind": "on_top_of", "base": "legs"}, OnTopOf("legs")),
    ({"type": "on top of", "target": "Legs"}, OnTopOf("legs")),
    ({"on_top_of": "legs"}, OnTopOf("legs")),
    ("on top of the legs", OnTopOf("legs")),
    ({"kind": "rests_on", "of": "floor"}, OnTopOf("ground")),
    ({"kind": "flush_with", "other": "legs", "face": "front"}, FlushWith("legs", "-y")),
    ({"kind": "flush", "with": "legs", "face": "+z"}, FlushWith("legs", "+z")),
    ({"kind": "inset_in", "in": "legs"}, InsetIn("legs")),
    ({"kind": "symmetric_to", "other": "legs", "plane": "x=0.1"}, SymmetricTo("legs", "x", "plane", (0.1, 0, 0))),
    ({"kind": "mirrored", "of": "legs", "plane": "XZ plane"}, SymmetricTo("legs", "y")),
    ({"kind": "symmetric_to", "other": "legs", "axis": "z", "about": "axis", "at": [1, 2, 3]},
     SymmetricTo("legs", "z", "axis", (1, 2, 3))),
    ({"kind": "symmetric", "plane": "yz"}, SymmetricTo("seat", "x")),
    ({"kind": "repeated", "n": 5, "axis": "x"}, Repeated(5, "x")),
    ({"kind": "repeat", "count": 2, "pattern": "linear", "axis": "+x", "copies": ["legs", "seat"], "spacing": "5 cm"},
     Repeated(2, "x", "row", ("legs",), 0.05)),
    ({"kind": "repeated", "n": 4, "pattern": "circular", "axis": "z", "at": [0, 0, 1]}, Repeated(4, "z", "radial", (), None, (0, 0, 1))),
]


@pytest.mark.parametrize(("raw", "relation"), RELATIONS)
def test_relations_are_read(raw, relation):
    graph = read_part_list(reply(part(), SEAT | {"relations": [raw]})).graph
    assert graph["seat"].relations == (relation,)


@pytest.mark.parametrize(("raw", "words"), [
    ({"kind": "on_top_of", "base": "lags"}, "expected the name of a component (legs, seat), got 'lags' "
     "(at component seat, on_top_of). Did you mean legs?"),
    ({"kind": "on_top_of", "base": "seat"}, "expected another component, got seat"),
    ({"kind": "flush_with", "other": "legs", "face": "inner"}, 'expected "face": "-x", "+x", "-y", "+y", "-z" or "+z"'),
    ({"kind": "symmetric_to", "other": "legs", "plane": "mirror"}, 'expected an axis "x", "y" or "z", got \'mirror\''),
    ({"kind": "repeated", "n": 2.5, "axis": "x"}, '"n": a whole number of copies, 2 to 256, got 2.5'),
    ({"kind": "repeated", "n": 3, "axis": "x", "copies": ["legs"]}, "expected 2 names of copies for n = 3, or none, got 1"),
    ({"kind": "repeated", "n": 3, "pattern": "spiral", "axis": "x"}, '"pattern": "row" or "radial"'),
    (7, "expected relations such as"),
])
def test_relations_that_cannot_be_read_are_refused(raw, words):
    with pytest.raises(PartListError) as refusal:
        read_part_list(reply(part(), SEAT | {"relations": [raw]}))
    assert words in str(refusal.value)


@pytest.mark.parametrize(("raw", "joint"), [
    (None, None), ({}, None), ("none", None), ({"type": "none"}, None),
    ({"type": "hinge", "axis": [1, 0, 0], "origin": [0, 0.2, 0.4], "limits": [0, 110], "carries": ["legs"]},
     Joint("hinge", (1, 0, 0), (0, 0.2, 0.4), (0, 110), ("legs",))),
    ({"type": "revolute", "axis": "-z", "pivot": ["0 cm", 0, "40 cm"], "limits": {"min": "-45°", "max": "45 deg"}},
     Joint("hinge", (0, 0, -1), (0, 0, 0.4), (-45, 45))),
    ({"type": "prismatic", "axis": "y", "limits": [0, "-30 cm"]}, Joint("slider", (0, 1, 0), (0, 0, 0), (-0.3, 0))),
    ({"type": "ball", "origin": [0, 0, 1], "limits": [-20, 20]}, Joint("ball", (0, 0, 1), (0, 0, 1), (-20, 20))),
    ({"type": "fixed"}, Joint("fixed")),
])
def test_joints_are_read(raw, joint):
    assert read_part_list(reply(part(), SEAT | {"joint": raw})).graph["seat"].joint == joint


@pytest.mark.parametrize(("raw", "words"), [
    ({"type": "gear"}, 'expected "type": "hinge", "slider", "ball" or "fixed", got \'gear\' (at component seat, joint).'),
    ({"type": "hinge", "axis": "x", "limits": [0, 90]}, "(at component seat, joint.origin)"),
    ({"type": "hinge", "axis": "x", "origin": [0, 0, 0]}, "expected limits [lowest, highest] in degrees, got nothing"),
    ({"type": "slider", "axis": "x", "limits": 0.3}, "in metres along the axis, got 0.3"),
    ({"type": "hinge", "axis": [0, 0, 0], "origin": [0, 0, 0], "limits": [0, 9]}, "expected an axis with a direction"),
    ({"type": "hinge", "axis": "x", "origin": [0, 0, 0], "limits": [0, 9], "carries": ["lid"]}, "the name of a component"),
    ("a hinge", "expected a joint such as"),
])
def test_joints_that_cannot_be_read_are_refused(raw, words):
    with pytest.raises(PartListError) as refusal:
        read_part_list(reply(part(), SEAT | {"joint": raw}))
    assert words in str(refusal.value)


def test_what_is_written_reads_back_as_the_same_graph():
    seat = Component("seat", 'a "pad"', "on the legs", Box((0, 0, 0.45), (0.4, 0.4, 0.1)), material="wool", path=("stool", "top"),
                     relations=(OnTopOf("legs"), FlushWith("legs", "+x"), SymmetricTo("seat", "y"), Repeated(3, "z", "radial")),
                     joint=Joint("slider", (0, 0, 1), (0, 0, 0.4), (0, 0.2), ("legs",)))
    graph = ShapeGraph("a stool", (Component("legs", "four", "below", BOX), seat), ("no arms", "of wood"))
    read = read_part_list(write_part_list(graph))
    assert read.graph == graph
    assert read.forgiven == ()
    for name in GOLD:
        real = read_part_list((REPLIES / name / "parser.txt").read_text("utf-8")).graph
        assert read_part_list(write_part_list(real)).graph == real


JSON = st.recursive(st.none() | st.booleans() | st.floats(-1e9, 1e9) | st.text(max_size=8),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(JSON, max_size=3) | st.dictionaries(st.text(max_size=6), JSON, max_size=3), st.booleans())
def test_loose_json_reads_real_json_as_json_does(value, wide):
    text = json.dumps(value, ensure_ascii=wide, indent=2 if wide else None)
    forgiven: set[str] = set()
    read = read_value(text, 0, forgiven)
    assert read.value == json.loads(text)
    assert (read.end, forgiven) == (len(text), set())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(st.sampled_from('{}[]:,"\'/*#\\ \n0123.eE+-truefalsnN' + "\u201c\u201d"), max_size=60))
def test_loose_json_gives_a_value_or_its_error(text):
    try:
        read_value(text, 0, set())
    except LooseError as error:
        assert str(error).startswith("expected ")


def check(text: str) -> None:
    start = time.perf_counter()
    try:
        read_part_list(text)
    except PartListError as error:
        assert str(error).startswith("expected ")
    assert time.perf_counter() - start < 1.0


REAL = [(REPLIES / name / "parser.txt").read_text("utf-8") for name in GOLD]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from(REAL), st.lists(st.tuples(st.integers(0, 2600), st.integers(0, 30), st.text(max_size=6)), max_size=4))
def test_bitten_real_replies_give_a_graph_or_the_error(text, bites):
    for position, length, put in bites:
        text = text[:position] + put + text[position + length:]
    check(text)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(["name", "geometry", "position", "box", "path", "material", "relations", "joint", "children"]),
                       JSON | st.sampled_from(["legs", [1, 2, 3], {"center": [0, 0, 0], "size": [1, 1, 1]}]), max_size=9),
       st.dictionaries(st.sampled_from(["object", "units", "assumptions", "components"]), JSON, max_size=3))
def test_any_values_in_any_field_give_a_graph_or_the_error(fields, root):
    check(json.dumps({"object": "x", "components": [part() | fields, SEAT]} | root))


@pytest.mark.parametrize("text", [
    "{" * 100_000, "[{" * 50_000, "{'a':" * 20_000, '"' * 100_000, "[" + "1," * 49_000, '{"a": "' + "\\" * 99_000,
    "1" * 99_999, '[{"name": "' + "1" * 90_000 + '"}]', '{"components": [' + '{"name": "a"},' * 7_000 + "]}",
    "<think>" * 14_000, "/*" * 50_000, "[ ]" * 30_000, '{"x": ' + "9" * 5_000 + " cm}", "[(" * 40_000,
    '{"components": [{"name": "a", "box": {"center": ["' + "1" * 50_000 + ' x", 0, 0], "size": [1, 1, 1]}}]}',
], ids=lambda text: f"{text[:12]} x{len(text)}")
def test_floods_end_within_a_second(text):
    check(text)
