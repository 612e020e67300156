"""The graph: boxes, references, versioned JSON with an exact round trip, and differences by component."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft.boxes import Box, paper_tuple
from shapecraft.graph import FORMAT, Component, GraphError, Joint, ShapeGraph, from_json, to_json
from shapecraft.graph_diff import diff
from shapecraft.relations import FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo

NUMBER = st.floats(-1e6, 1e6, allow_nan=False)
SIDE = st.floats(1e-6, 1e6)
VECTOR = st.tuples(NUMBER, NUMBER, NUMBER)
WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True), min_size=2, max_size=5, unique=True)


def chair() -> ShapeGraph:
    legs = Component("legs", "four square legs", "at the corners", Box((0, 0, 0.21), (0.44, 0.44, 0.42)),
                     relations=(OnTopOf("ground"), Repeated(4, "z", "radial")))
    seat = Component("seat", "a pad", "on the legs", Box((0, 0, 0.45), (0.45, 0.43, 0.06)), "import bpy\n", "fabric",
                     ("chair", "seat"), (OnTopOf("legs"), FlushWith("legs", "-y"), InsetIn("legs"), SymmetricTo("seat", "x")),
                     Joint("hinge", (1, 0, 0), (0, 0.2, 0.42), (0, 90), ("legs",)))
    return ShapeGraph("a chair", (legs, seat), ("it has no arms",))


@st.composite
def graphs(draw) -> ShapeGraph:
    names = draw(NAMES)
    components = []
    for name in names:
        other = draw(st.sampled_from([one for one in names if one != name]))
        relations = draw(st.lists(st.sampled_from([
            OnTopOf(other), FlushWith(other, "+x"), InsetIn(other), SymmetricTo(other, "y", "axis", draw(VECTOR)),
            Repeated(2, "z", "radial", (other,), None, draw(VECTOR)), Repeated(7, "x", "row", (), draw(SIDE)),
        ]), max_size=3))
        joint = draw(st.none() | st.builds(
            Joint, st.sampled_from(["hinge", "slider", "ball", "fixed"]), st.just((0.0, 1.0, 0.0)), VECTOR,
            st.tuples(st.floats(-180, 0), st.floats(0, 180)), st.just((other,))))
        components.append(Component(name, draw(WORDS), draw(WORDS), Box(draw(VECTOR), draw(st.tuples(SIDE, SIDE, SIDE))),
                                    draw(WORDS), draw(WORDS), tuple(draw(st.lists(WORDS, max_size=3))), tuple(relations), joint))
    return ShapeGraph(draw(WORDS), tuple(components), tuple(draw(st.lists(WORDS, max_size=2))))


def test_paper_tuple_has_height_along_z_width_along_x_length_along_y():
    assert paper_tuple(Box((1, 2, 3), (0.1, 0.2, 0.4))) == (1.0, 2.0, 3.0, 0.4, 0.1, 0.2)


def test_box_corners_and_volume():
    box = Box((1, 2, 3), (2, 4, 6))
    assert (box.low, box.high, box.volume) == ((0, 0, 0), (2, 4, 6), 48)
    assert Box.of_corners(box.low, box.high) == box
    assert chair().bounds == Box.of_corners((-0.225, -0.22, 0.0), (0.225, 0.22, 0.48))


@pytest.mark.parametrize(("center", "size", "words"), [
    ((0, 0, 0), (1, 0, 1), "expected sides above 0, got size [1.0, 0.0, 1.0] (at a box)."),
    ((0, math.nan, 0), (1, 1, 1), "expected 3 finite numbers of at most 1e6 metres, got [0, nan, 0] (at center)."),
    ((0, 0, 2e6), (1, 1, 1), "expected 3 finite numbers of at most 1e6 metres, got [0, 0, 2000000.0] (at center)."),
    ((0, 0, 0), (1, 1), "expected 3 finite numbers of at most 1e6 metres, got [1, 1] (at size)."),
])
def test_wrong_boxes_are_refused_in_words(center, size, words):
    with pytest.raises(GraphError) as refusal:
        Box(center, size)
    assert str(refusal.value) == words


@pytest.mark.parametrize(("change", "words"), [
    (lambda g: replace(g, components=()), "at least one component"),
    (lambda g: replace(g, components=(*g.components, g["legs"])), "legs more than once"),
    (lambda g: g.replacing(replace(g["seat"], relations=(OnTopOf("lgs"),))), "got 'lgs' (at component seat, on_top_of)"),
    (lambda g: g.replacing(replace(g["seat"], relations=(InsetIn("ground"),))), "got 'ground' (at component seat, inset_in)"),
    (lambda g: g.replacing(replace(g["seat"], relations=(OnTopOf("seat"),))), "got 'seat' (at component seat, on_top_of)"),
    (lambda g: g.replacing(replace(g["seat"], joint=Joint("ball", carries=("seat",)))), "joint.carries"),
    (lambda g: g.replacing(replace(g["seat"], name="back")), "expected a component (legs, seat), got 'back'."),
    (lambda g: replace(g["seat"], name="Seat"), "a name of lower-case letters"),
    (lambda g: replace(g["seat"], geometry="\ud800"), "half a surrogate pair (at component seat)"),
    (lambda g: Joint("hinge", (0, 0, 0)), "an axis with a direction"),
    (lambda g: Joint("hinge", limits=(90, 0)), "limits [lowest, highest], got [90, 0] (at a joint)"),
    (lambda g: Repeated(1, "x"), "2 to 256 copies, got 1"),
    (lambda g: Repeated(3, "x", copies=("a",)), "2 names of copies for n = 3, or none, got 1"),
    (lambda g: Repeated(3, "x", step=0.0), "a step other than 0"),
])
def test_what_cannot_be_is_refused(change, words):
    with pytest.raises(GraphError) as refusal:
        change(chair())
    assert words in str(refusal.value)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(graphs())
def test_json_round_trip_is_exact(graph):
    again = from_json(to_json(graph))
    assert again == graph
    assert repr(again) == repr(graph)  # -0.0 and 0.0 are equal, and not the same
    assert again.key == graph.key
    assert not diff(graph, again)


def test_json_names_its_format_and_relations():
    data = json.loads(to_json(chair()))
    assert data["format"] == FORMAT == "shapecraft-graph/1"
    assert data["components"][1]["relations"][0] == {"base": "legs", "kind": "on_top_of"}
    assert data["components"][1]["joint"]["limits"] == [0, 90]


@pytest.mark.parametrize(("change", "words"), [
    (lambda d: d | {"format": "shapecraft-graph/2"},
     'expected a graph of format "shapecraft-graph/1", got "shapecraft-graph/2" (at chair.json). It is of another version'),
    (lambda d: d | {"format": "sketch/1"}, 'got "sketch/1" (at chair.json).'),
    (lambda d: {k: v for k, v in d.items() if k != "format"}, "got no format (at chair.json)."),
    (lambda d: d | {"colour": "red"}, "Unexpected keyword argument (at chair.json, colour)"),
    (lambda d: d | {"components": [d["components"][0] | {"box": {"center": [0, 0, 0], "size": [1, 1, "1"]}}]},
     "should be a valid number (at chair.json, components.0.box.size.2)"),
    (lambda d: d | {"components": []}, "at least one component"),
    (lambda d: [d], "got no format"),
])
def test_other_versions_and_wrong_files_are_refused_in_words(change, words):
    text = json.dumps(change(json.loads(to_json(chair()))))
    with pytest.raises(GraphError) as refusal:
        from_json(text, where="chair.json")
    assert words in str(refusal.value)


def test_text_that_is_no_json_is_refused():
    with pytest.raises(GraphError, match=r"expected JSON, got Expecting value"):
        from_json("a chair")
    with pytest.raises(GraphError, match="expected JSON"):
        from_json("[" * 100_000)


def test_difference_tells_every_field_and_nothing_else():
    before = chair()
    thick = replace(before["legs"], box=Box((0, 0, 0.21), (0.5, 0.44, 0.42)), program="import bpy\nx = 1\n")
    drawer = Component("drawer", "a box", "under the seat", Box((0, 0, 0.3), (0.2, 0.2, 0.1)))
    after = replace(before.replacing(thick), components=(thick, before["seat"], drawer), assumptions=())
    found = diff(before, after)
    assert found.touched == ("drawer", "legs")
    assert found.words() == (
        "added drawer\n"
        "legs: box center (0, 0, 0.21) size (0.44, 0.44, 0.42) -> center (0, 0, 0.21) size (0.5, 0.44, 0.42)\n"
        "legs: program written (2 lines)\n"
        "assumptions [it has no arms] -> []"
    )
    assert diff(after, before).removed == ("drawer",)
    edited = before.replacing(replace(before["seat"], program="import bpy\nimport math\n", joint=None))
    assert "seat: program 1 -> 2 lines (+1 -0)" in diff(before, edited).words()
    assert "seat: joint Joint(type='hinge'" in diff(before, edited).words()


def test_difference_of_order_and_of_nothing():
    graph = chair()
    turned = replace(graph, components=graph.components[::-1])
    assert diff(graph, turned).words() == "order [legs, seat] -> [seat, legs]"
    assert diff(graph, graph).words() == "no difference"
    assert not diff(graph, chair())


@settings(max_examples=15, deadline=None, derandomize=True)
@given(graphs(), graphs())
def test_difference_is_empty_exactly_for_equal_graphs(a, b):
    assert bool(diff(a, b)) == (a != b)


def test_key_changes_with_every_field():
    graph = chair()
    keys = {graph.key, replace(graph, object="a stool").key, replace(graph, assumptions=()).key,
            graph.replacing(replace(graph["seat"], program="")).key, graph.replacing(replace(graph["seat"], joint=None)).key}
    assert len(keys) == 5
    assert Joint("hinge", (0, 3, 4)).direction == (0.0, 0.6, 0.8)
