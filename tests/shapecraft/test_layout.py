"""The solver and the facts of a layout: known answers, no dependence on order, and what is not met is said."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapecraft.boxes import Box
from shapecraft.graph import Component, ShapeGraph
from shapecraft.layout import solve
from shapecraft.part_list import read_part_list
from shapecraft.placement import layout_facts
from shapecraft.relations import FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo, measure

PARTS = Path(__file__).resolve().parents[2] / "data" / "llm_programs"


def graph(**parts) -> ShapeGraph:
    """name -> (center, size, *relations)"""
    return ShapeGraph("a thing", tuple(
        Component(name, "a box", "somewhere", Box(center, size), relations=tuple(relations))
        for name, (center, size, *relations) in parts.items()
    ))


def centers(shape: ShapeGraph) -> dict[str, tuple[float, float, float]]:
    return {component.name: component.box.center for component in shape.components}


def test_a_stack_is_solved_from_the_ground_up_in_whatever_order():
    shape = graph(
        lamp=((0, 0, 3), (0.1, 0.1, 0.4), OnTopOf("top")), top=((0, 0, 2), (1, 1, 0.1), OnTopOf("legs")),
        legs=((0, 0, 0.5), (0.8, 0.8, 0.7), OnTopOf("ground")),
    )
    solved = solve(shape)
    assert centers(solved.graph) == {"legs": (0, 0, 0.35), "top": (0, 0, 0.75), "lamp": (0, 0, 1.0)}
    assert solved.unmet == ()
    assert solved.moved == (
        "lamp: 2.000 m down (on top of top)", "top: 1.250 m down (on top of legs)", "legs: 0.150 m down (on top of ground)",
    )
    assert all(fact.met for fact in measure(solved.graph))


def test_a_part_beside_its_base_is_moved_onto_it_no_farther_than_needed():
    solved = solve(graph(base=((0, 0, 0.5), (1, 1, 1)), cup=((2, 0.2, 0.3), (0.2, 0.2, 0.2), OnTopOf("base"))))
    assert centers(solved.graph)["cup"] == (0.5, 0.2, 1.1)
    assert solved.moved == ("cup: 1.500 m left, 0.800 m up (on top of base)",)
    assert solved.unmet == ()


def test_of_several_bases_the_highest_carries():
    shape = graph(low=((-1, 0, 0.2), (1, 1, 0.4)), high=((1, 0, 0.5), (1, 1, 1)),
                  board=((0, 0, 5), (3, 1, 0.1), OnTopOf("low"), OnTopOf("high")))
    solved = solve(shape)
    assert centers(solved.graph)["board"] == (0, 0, 1.05)
    assert solved.unmet == (
        "board: hovers on low, gap 0.600 m, 100% of the smaller footprint shared; its place comes from: on top of high",)


def test_a_mirror_image_takes_center_and_size():
    shape = graph(right=((0.3, 0, 0.1), (0.2, 0.2, 0.2), SymmetricTo("left", "x")), left=((-0.5, 0.1, 0.5), (0.1, 0.2, 1)))
    solved = solve(shape)
    assert solved.graph["right"].box == Box((0.5, 0.1, 0.5), (0.1, 0.2, 1))
    assert solved.moved == (
        "right: 0.200 m right, 0.100 m back, 0.400 m up, resized to 0.100 x 0.200 x 1.000 m (symmetric to left)",)


def test_a_pair_that_names_each_other_follows_the_first_name():
    shape = graph(right=((0.3, 0, 0.5), (0.1, 0.1, 1), SymmetricTo("left", "x")),
                  left=((-0.5, 0, 0.5), (0.1, 0.1, 1), SymmetricTo("right", "x")))
    solved = solve(shape)
    assert centers(solved.graph) == {"left": (-0.5, 0, 0.5), "right": (0.5, 0, 0.5)}
    assert solved.unmet == ()


def test_a_part_symmetric_in_itself_is_centred():
    solved = solve(graph(base=((0.1, 0.2, 0.5), (1, 1, 1), SymmetricTo("base", "x"), OnTopOf("ground"))))
    assert centers(solved.graph)["base"] == (0.0, 0.2, 0.5)
    axis = solve(graph(base=((0.1, 0.2, 0.5), (1, 1, 1), SymmetricTo("base", "z", "axis"))))
    assert centers(axis.graph)["base"] == (0.0, 0.0, 0.5)


def test_four_legs_listed_crosswise_find_their_nearest_corners():
    size = (0.04, 0.04, 0.4)
    shape = graph(
        leg_1=((-0.2, -0.2, 0.3), size, OnTopOf("ground"), Repeated(4, "z", "radial", ("leg_2", "leg_3", "leg_4"))),
        leg_2=((0.19, -0.2, 0.2), size), leg_3=((-0.2, 0.22, 0.2), size), leg_4=((0.2, 0.2, 0.2), (0.05, 0.04, 0.4)),
        seat=((0, 0, 1), (0.5, 0.5, 0.05), OnTopOf("leg_1"), OnTopOf("leg_4")),
    )
    solved = solve(shape)
    assert {name: center for name, center in centers(solved.graph).items() if name != "seat"} == {
        "leg_1": (-0.2, -0.2, 0.2), "leg_2": (0.2, -0.2, 0.2), "leg_3": (-0.2, 0.2, 0.2), "leg_4": (0.2, 0.2, 0.2)}
    assert centers(solved.graph)["seat"] == (0, 0, 0.425)
    assert {solved.graph[f"leg_{n}"].box.size for n in (1, 2, 3, 4)} == {size}
    assert solved.unmet == ()


def test_a_repetition_told_by_every_copy_counts_from_the_first_name():
    names = ("a", "b", "c")
    places = {"a": 0.0, "b": 0.9, "c": 0.5}
    shape = graph(**{
        name: ((places[name], 0, 0.5), (0.1, 0.1, 1), Repeated(3, "x", "row", tuple(n for n in names if n != name)))
        for name in names
    })
    solved = solve(shape)
    assert centers(solved.graph) == {"a": (0, 0, 0.5), "b": (0.9, 0, 0.5), "c": (0.45, 0, 0.5)}
    assert solved.unmet == ()


def test_a_circle_is_said_and_the_rest_solved():
    shape = graph(a=((0, 0, 1), (1, 1, 1), OnTopOf("b")), b=((0, 0, 3), (1, 1, 1), OnTopOf("a")),
                  c=((0, 0, 9), (1, 1, 1), OnTopOf("a")))
    solved = solve(shape)
    assert centers(solved.graph) == {"a": (0, 0, 1), "b": (0, 0, 3), "c": (0, 0, 2)}
    assert solved.unmet[0] == "a circle of relations is not solved: a on top of b; b on top of a"
    assert solved.unmet[1:] == (
        "a: sinks on b, gap -3.000 m, 100% of the smaller footprint shared",
        "b: hovers on a, gap 1.000 m, 100% of the smaller footprint shared",
    )


def test_a_contradiction_is_said_with_what_placed_the_part():
    shape = graph(left=((-0.5, 0, 0.5), (0.1, 0.1, 1)), shelf=((0, 0, 3), (2, 1, 0.1)),
                  right=((0.3, 0, 0.5), (0.1, 0.1, 1), SymmetricTo("left", "x"), OnTopOf("shelf")))
    solved = solve(shape)
    assert centers(solved.graph)["right"] == (0.5, 0, 0.5)
    assert solved.unmet == (
        "right: sinks on shelf, gap -3.050 m, 100% of the smaller footprint shared; its place comes from: symmetric to left",)


def test_flush_and_inset_are_measured_and_not_solved():
    shape = graph(base=((0, 0, 0.5), (1, 1, 1)), door=((0, -0.7, 0.5), (0.4, 0.1, 0.8), FlushWith("base", "-y"), InsetIn("base")))
    solved = solve(shape)
    assert solved.graph == shape
    assert solved.moved == ()
    assert solved.unmet == ("door: face -y -0.250 m from that of base", "door: 0% of its box inside base")


def test_programs_relations_and_joints_stay():
    shape = graph(base=((0, 0, 2), (1, 1, 1), OnTopOf("ground")))
    shape = shape.replacing(replace(shape["base"], program="import bpy\n", material="oak"))
    moved = solve(shape).graph["base"]
    assert (moved.program, moved.material, moved.relations) == ("import bpy\n", "oak", (OnTopOf("ground"),))


NAMES = ("a", "b", "c", "d", "e")


@st.composite
def tangles(draw) -> ShapeGraph:
    number = st.integers(-20, 20).map(lambda n: n / 10)
    side = st.integers(1, 10).map(lambda n: n / 10)
    components = []
    for name in NAMES:
        other = st.sampled_from([one for one in NAMES if one != name])
        relations = draw(st.lists(st.one_of(
            other.map(OnTopOf), st.just(OnTopOf("ground")), st.builds(SymmetricTo, st.sampled_from(NAMES), st.sampled_from("xyz")),
            other.map(lambda one: Repeated(2, "x", "radial", (one,))), other.map(lambda one: Repeated(2, "y", "row", (one,), 0.3)),
            other.map(InsetIn),
        ), max_size=2))
        components.append(Component(name, "g", "p", Box(draw(st.tuples(number, number, number)), draw(st.tuples(side, side, side))),
                                    relations=tuple(relations)))
    return ShapeGraph("a tangle", tuple(components))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(tangles(), st.integers(0, 10**6))
def test_any_tangle_gives_the_same_boxes_in_any_order(shape, seed):
    solved = solve(shape)
    shuffled = list(shape.components)
    random.Random(seed).shuffle(shuffled)
    turned = [replace(one, relations=one.relations[::-1]) for one in shuffled]
    again = solve(replace(shape, components=tuple(turned)))
    assert {c.name: c.box for c in again.graph.components} == {c.name: c.box for c in solved.graph.components}
    assert sorted(again.unmet) == sorted(solved.unmet)
    failed = [fact for fact in measure(solved.graph, tolerance=max(1e-9, 0.01 * max(shape.bounds.size))) if not fact.met]
    circles = sum("circle" in reason for reason in solved.unmet)
    assert len(solved.unmet) == len(failed) + circles, "what is not met is said, and nothing else"


def test_facts_of_a_sound_layout():
    facts = layout_facts(graph(legs=((0, 0, 0.2), (0.4, 0.4, 0.4)), seat=((0, 0, 0.425), (0.5, 0.5, 0.05))))
    assert (facts.overlaps, facts.contained, facts.floating, facts.adrift, facts.unequal, facts.below_ground) == ((),) * 6
    assert facts.words() == "whole: 0.500 x 0.500 x 0.450 m (x, y, z)\nno overlap, nothing floats"


def test_facts_of_a_broken_layout():
    facts = layout_facts(graph(
        base=((0.3, 0, 0.1), (1, 1, 0.4)), arm=((0.3, 0, 1), (0.1, 0.1, 0.2)), head=((0.3, 0, 1.2), (0.2, 0.2, 0.2)),
        knob=((0.3, 0, 1.2), (0.05, 0.05, 0.05)), bird=((0.3, 2, 1.5), (0.1, 0.1, 0.1)),
        left_foot=((-0.1, 0, 0.05), (0.1, 0.2, 0.1)), right_foot=((0.7, 0.1, 0.05), (0.1, 0.2, 0.1)),
    ))
    assert facts.below_ground == (("base", 0.1),)
    assert facts.adrift == (("arm", "head", "knob"),)
    assert facts.floating == ("bird",)
    assert facts.contained == (("left_foot", "base"), ("right_foot", "base"), ("knob", "head"))
    assert facts.unequal == (("left_foot", "right_foot", 0.1),)
    assert facts.off_centre == (0.3, 0.775)
    assert facts.words() == (
        "whole: 1.000 x 2.550 x 1.650 m (x, y, z)\n"
        "base reaches 0.100 m below the ground (z = 0)\n"
        "bird floats: it touches no other box and not the ground\n"
        "arm, head, knob touch only each other, not the ground\n"
        "left_foot and right_foot are 0.100 m off being mirror images\n"
        "the whole's middle is at x = 0.300, y = 0.775 m, not 0, 0\n"
        "left_foot lies inside base\nright_foot lies inside base\nknob lies inside head"
    )


def test_facts_of_overlap_and_of_a_hovering_whole():
    facts = layout_facts(graph(a=((0, 0, 1), (1, 1, 1)), b=((0.75, 0, 1), (1, 1, 1))))
    (one,) = facts.overlaps
    assert (one.a, one.b, one.volume, one.of_a, one.of_b) == ("a", "b", 0.25, 0.25, 0.25)
    assert facts.above_ground == 0.5
    assert "nothing stands on the ground: the lowest point is at z = 0.500 m" in facts.words()
    assert "a and b overlap: 25% of a, 25% of b" in facts.words()
    assert facts.adrift == (("a", "b"),)


def test_words_are_bounded_and_say_what_was_cut():
    many = graph(**{f"part_{n}": ((0, 0, 0.5 + n / 50), (1, 1, 1)) for n in range(16)})
    words = layout_facts(many).words(limit=400)
    assert len(words) <= 400
    assert words.endswith("more findings)")
    kept = words.count("\n")
    assert f"({len(layout_facts(many).words(limit=10**6).splitlines()) - kept} more findings)" in words


@pytest.mark.parametrize(("name", "expected"), [
    ("chair", {"seat_frame lies inside legs", "back_slats lies inside back_frame"}),
    ("desk_lamp", {"bulb lies inside shade"}),
    ("mug", {"bottom lies inside body_wall"}),
])
def test_real_part_lists_hold_together(name, expected):
    shape = read_part_list((PARTS / name / "parser.txt").read_text("utf-8")).graph
    facts = layout_facts(shape)
    assert (facts.floating, facts.adrift, facts.below_ground) == ((), (), ())
    assert {f"{a} lies inside {b}" for a, b in facts.contained} == expected


def test_a_part_that_is_let_into_its_base_stays_where_it_is():
    shape = graph(cap=((0, 0, 0.5), (1, 1, 1)), spot=((0, 0, 1.02), (0.2, 0.2, 0.1), OnTopOf("cap")))
    lifted = solve(shape)
    assert centers(lifted.graph)["spot"] == (0, 0, 1.05)
    let_in = solve(shape, tolerance=1e-3, sink=0.5)
    assert centers(let_in.graph)["spot"] == (0, 0, 1.02)
    assert (let_in.moved, let_in.unmet) == ((), ())
    assert centers(solve(shape, sink=0.25).graph)["spot"] == (0, 0, 1.05), "0.03 of 0.1 is more than a quarter"
    hovering = graph(cap=((0, 0, 0.5), (1, 1, 1)), spot=((0, 0, 1.06), (0.2, 0.2, 0.1), OnTopOf("cap")))
    assert centers(solve(hovering, sink=0.5).graph)["spot"] == (0, 0, 1.05)
    ground = graph(cap=((0, 0, 0.45), (1, 1, 1), OnTopOf("ground")))
    assert centers(solve(ground, sink=0.5).graph)["cap"] == (0, 0, 0.5), "nothing is let into the ground"
