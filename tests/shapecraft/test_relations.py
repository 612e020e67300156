"""Relations as numbers: gaps, offsets, residuals on boxes whose answer is known by hand."""

from __future__ import annotations

import pytest

from shapecraft.boxes import Box
from shapecraft.graph import Component, GraphError, ShapeGraph
from shapecraft.relations import (
    FlushWith,
    InsetIn,
    OnTopOf,
    Repeated,
    SymmetricTo,
    copies_due,
    measure,
    overlap,
    shared_footprint,
)


def graph(**parts) -> ShapeGraph:
    """name -> (center, size, *relations)"""
    return ShapeGraph("a thing", tuple(
        Component(name, "a box", "somewhere", Box(center, size), relations=tuple(relations))
        for name, (center, size, *relations) in parts.items()
    ))


def only(shape: ShapeGraph, **settings):
    (fact,) = measure(shape, **settings)
    return fact


BASE = ((0, 0, 0.5), (1, 1, 1))


@pytest.mark.parametrize(("center", "gap", "shared", "met", "words"), [
    ((0, 0, 1.1), 0.0, 1.0, True, "top: stands on base, gap 0.000 m, 100% of the smaller footprint shared"),
    ((0, 0, 1.2), 0.1, 1.0, False, "top: hovers on base, gap 0.100 m, 100% of the smaller footprint shared"),
    ((0, 0, 1.05), -0.05, 1.0, False, "top: sinks on base, gap -0.050 m, 100% of the smaller footprint shared"),
    ((0.5, 0, 1.1), 0.0, 0.5, True, "top: stands on base, gap 0.000 m, 50% of the smaller footprint shared"),
    ((0.55, 0.5, 1.1), 0.0, 0.125, False, "top: stands on base, gap 0.000 m, 12% of the smaller footprint shared"),
])
def test_on_top_of(center, gap, shared, met, words):
    fact = only(graph(base=BASE, top=(center, (0.2, 0.4, 0.2), OnTopOf("base"))))
    assert fact.numbers == (("gap", gap), ("shared", shared))
    assert (fact.met, fact.words) == (met, words)


def test_on_the_ground_and_on_a_component_of_that_name():
    assert only(graph(base=((0, 0, 0.6), (1, 1, 1), OnTopOf("ground")))).numbers == (("gap", 0.1), ("shared", 1.0))
    named = graph(ground=((0, 0, -0.5), (1, 1, 0.5)), base=((0, 0, 0.25), (1, 1, 1), OnTopOf("ground")))
    assert only(named).numbers[0] == ("gap", 0.0)


@pytest.mark.parametrize(("face", "offset"), [
    ("-x", -0.1), ("+x", 0.1), ("-y", -0.2), ("+y", 0.2), ("-z", 0.0), ("+z", 0.5),
])
def test_flush_with(face, offset):
    fact = only(graph(base=BASE, part=((0, 0, 0.75), (1.2, 1.4, 1.5), FlushWith("base", face))))
    assert fact.numbers == (("offset", offset),)
    assert fact.met == (offset == 0.0)
    assert fact.words == f"part: face {face} {offset:+.3f} m from that of base"


@pytest.mark.parametrize(("x", "y", "inside", "met"), [
    (0.0, 0.0, 1.0, True), (0.5, 0.0, 0.5, True), (0.69, 0.0, 0.025, True), (0.7, 0.0, 0.0, False), (0.6, 0.6, 0.0625, False),
    (0.0, 2.0, 0.0, False),
])
def test_inset_in(x, y, inside, met):
    fact = only(graph(base=BASE, part=((x, y, 0.5), (0.4, 0.4, 0.4), InsetIn("base"))))
    assert (fact.numbers, fact.met) == ((("inside", inside),), met)


def test_symmetric_to_a_plane_an_axis_and_itself():
    left = ((-0.5, 0.1, 0.5), (0.1, 0.2, 1))
    plane = graph(left=left, right=((0.53, 0.1, 0.5), (0.1, 0.2, 1), SymmetricTo("left", "x")))
    assert (only(plane).numbers, only(plane).met) == ((("residual", 0.03),), False)
    assert only(plane, tolerance=0.031).met
    axis = graph(left=left, right=((0.5, -0.1, 0.5), (0.1, 0.2, 1), SymmetricTo("left", "z", "axis")))
    assert (only(axis).numbers, only(axis).met) == ((("residual", 0.0),), True)
    moved = graph(left=left, right=((0.7, 0.1, 0.5), (0.1, 0.2, 1), SymmetricTo("left", "x", "plane", (0.1, 9, 9))))
    assert only(moved).met
    own = graph(part=((0.02, 0, 0.5), (1, 1, 1), SymmetricTo("part", "x")))
    assert only(own).numbers == (("residual", 0.04),)
    assert only(own).words == "part: 0.040 m off the mirror image of itself (plane x)"


def test_a_wider_twin_is_no_mirror_image():
    shape = graph(left=((-0.5, 0, 0.5), (0.1, 0.2, 1)), right=((0.5, 0, 0.5), (0.1, 0.5, 1), SymmetricTo("left", "x")))
    assert only(shape).numbers == (("residual", 0.3),)


def test_repeated_in_a_row_counts_from_where_the_first_stands():
    shape = graph(
        a=((0.1, 0, 0.5), (0.1, 0.1, 1), Repeated(3, "x", "row", ("b", "c"))),
        b=((0.9, 0, 0.5), (0.1, 0.1, 1)), c=((0.53, 0, 0.5), (0.1, 0.1, 1)),
    )
    assert only(shape).numbers == (("residual", 0.03),)
    first = shape["a"]
    assert [name for name, _ in copies_due(shape, first, first.relations[0])] == ["b", "c"]
    assert copies_due(shape, first, first.relations[0])[1][1].center == pytest.approx((0.5, 0, 0.5))
    stepped = Repeated(3, "x", "row", ("b", "c"), step=0.25)
    assert [box.center[0] for _, box in copies_due(shape, first, stepped)] == pytest.approx([0.6, 0.35])


def test_repeated_around_an_axis_turns_boxes():
    shape = graph(
        a=((1, 0, 0.5), (0.4, 0.1, 1), Repeated(4, "z", "radial", ("b", "c", "d"))),
        c=((-1, 0, 0.5), (0.4, 0.1, 1)), d=((0, -1, 0.5), (0.1, 0.4, 1)), b=((0, 1, 0.5), (0.1, 0.4, 1)),
    )
    assert (only(shape).numbers, only(shape).met) == ((("residual", 0.0),), True)
    round_legs = graph(
        a=((1, 0, 0.5), (0.1, 0.1, 1), Repeated(3, "z", "radial", ("b", "c"))),
        b=((-0.5, 0.866025, 0.5), (0.1, 0.1, 1)), c=((-0.5, -0.866025, 0.5), (0.1, 0.1, 1)),
    )
    assert only(round_legs).met
    assert dict(only(round_legs).numbers)["residual"] <= 1e-6


def test_repeated_inside_one_component():
    row = only(graph(slats=((0, 0, 0.5), (0.35, 0.1, 1), Repeated(5, "x"))))
    assert (row.numbers, row.met) == ((("room", 0.07),), True)
    ring = only(graph(spokes=((0.05, 0, 0.5), (1, 1, 0.1), Repeated(5, "z", "radial"))))
    assert (ring.numbers, ring.met) == ((("residual", 0.05),), False)


def test_copies_in_one_place_are_told():
    shape = graph(a=((0, 0, 0.5), (1, 1, 1), Repeated(2, "x", "row", ("b",))), b=((0, 0, 0.5), (1, 1, 1)))
    assert only(shape).words == "a: two of 2 copies (row) stand in one place"
    assert not only(shape).met


def test_tolerance_is_one_percent_of_the_longest_side():
    assert only(graph(base=((0, 0, 1), (1, 1, 2), OnTopOf("ground")))).tolerance == 0.02
    with pytest.raises(GraphError, match="expected a tolerance above 0 metres, got 0"):
        measure(graph(base=BASE), tolerance=0)


def test_overlap_and_footprint():
    a, b = Box((0, 0, 0), (2, 2, 2)), Box((1, 1, 1), (2, 2, 2))
    assert overlap(a, b) == 1.0
    assert overlap(a, Box((2, 0, 0), (2, 2, 2))) == 0.0
    assert shared_footprint(a, b) == 0.25
    assert shared_footprint(a, Box((0.5, 0.5, 9), (1, 1, 1))) == 1.0
