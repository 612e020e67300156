"""Poses: the tree of joints, transforms, limits, refusals in words, and what goes into what."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from shapecraft.animation import Animation, Track
from shapecraft.catalogue import CATALOGUE
from shapecraft.clashes import Clash, clashes, worst_clashes
from shapecraft.graph import Joint
from shapecraft.mesh import ObjectMesh
from shapecraft.posing import PoseError, joint_tree, limits, motion, moves, pose
from tests.shapecraft.moving import JOINTS, cupboard, mesh, middle


def test_a_part_that_two_joints_carry_hangs_on_the_inner_one():
    tree = joint_tree(cupboard())
    assert tree.parents == (("knob", "door"), ("hand", "arm"), ("finger", "hand"))
    assert tree.moving == ("door", "arm", "hand", "finger")
    assert tree.moved("arm") == ("arm", "hand", "finger") and tree.moved("door") == ("door", "knob")
    assert [tree.pivot(name) for name in ("body", "door", "knob", "finger")] == [None, "door", "door", "finger"]


def test_a_fixed_joint_fastens_what_it_carries():
    graph = cupboard(hand=Joint("fixed", carries=("finger",)), finger=None, arm=Joint(
        "hinge", (1, 0, 0), (0, 0, 1), (-60, 60), ("hand",)))
    tree = joint_tree(graph)
    assert tree.moving == ("door", "arm") and tree.pivot("finger") == "arm"
    assert middle(pose(mesh(), tree, {"arm": 60.0}).mesh, "finger")[1] == pytest.approx(-0.45 * math.sin(math.pi / 3))


def test_the_rest_pose_is_the_object_itself():
    made, tree = mesh(), joint_tree(cupboard())
    for values in ({}, {"door": 0.0, "hand": (0.0, 0.0, 0.0)}):
        rest = pose(made, tree, values)
        assert rest.mesh.key == made.key and not rest.values
        assert all(a is b for a, b in zip(rest.mesh.parts, made.parts, strict=True))


def test_a_hinge_turns_by_the_right_hand_and_carries():
    posed = pose(mesh(), joint_tree(cupboard()), {"door": 90.0})
    # Around (0, 0, -1) through (-0.5, -0.3): (0.9, -0.06) from there becomes (-0.06, -0.9).
    assert middle(posed.mesh, "knob") == pytest.approx([-0.56, -1.2, 0.5], abs=1e-7)
    assert middle(posed.mesh, "door") == pytest.approx([-0.52, -0.8, 0.5], abs=1e-7)
    assert middle(posed.mesh, "body") == pytest.approx([0, 0, 0.5], abs=1e-7)
    assert posed.values == {"door": 90.0} and posed.clamped == ()


def test_joints_follow_what_carries_them():
    posed = pose(mesh(), joint_tree(cupboard()), {"arm": 30.0, "finger": 0.05}).mesh
    assert middle(posed, "finger") == pytest.approx(
        [0.2, -0.45 * math.sin(math.pi / 6), 1 + 0.45 * math.cos(math.pi / 6)], abs=1e-7)


def test_a_ball_turns_around_x_then_y_then_z():
    value = (30.0, -20.0, 10.0)
    expected = Rotation.from_euler("xyz", value, degrees=True).as_matrix()  # small letters: fixed axes
    assert motion(JOINTS["hand"], value)[:3, :3] == pytest.approx(expected, abs=1e-12)
    assert motion(JOINTS["hand"], value) @ [0, 0, 1.4, 1] == pytest.approx([0, 0, 1.4, 1], abs=1e-12)
    posed = pose(mesh(), joint_tree(cupboard()), {"hand": value}).mesh
    assert middle(posed, "arm") == pytest.approx([0, 0, 1.2], abs=1e-7)


def test_parts_keep_their_form_and_normals_turn():
    made = mesh()
    posed = pose(made, joint_tree(cupboard()), {"door": 37.0, "arm": -20.0, "hand": (5.0, 6.0, 7.0)}).mesh
    for before, after in zip(made.parts, posed.parts, strict=True):
        assert after.volume == pytest.approx(before.volume, rel=1e-6)
        assert after.normals == pytest.approx(np.repeat(after.face_normals[:, None], 3, axis=1), abs=1e-5)


def test_values_outside_their_limits_are_moved_inside_and_told():
    tree = joint_tree(cupboard())
    posed = pose(mesh(), tree, {"finger": 0.2, "door": -5.0, "hand": (10.0, 90.0, -50.0)})
    assert posed.values == {"hand": (10.0, 45.0, -45.0), "finger": 0.05}
    assert posed.clamped == (
        "door: -5 lies outside 0 to 110 degrees; 0 was taken",
        "hand: [10, 90, -50] lies outside -45 to 45 degrees; [10, 45, -45] was taken",
        "finger: 0.2 lies outside 0 to 0.05 m; 0.05 was taken",
    )
    with pytest.raises(PoseError, match="expected values inside their limits, got finger: 0.2 lies outside 0 to 0.05"):
        pose(mesh(), tree, {"finger": 0.2}, strict=True)


def test_zero_is_always_allowed():
    ajar = Joint("hinge", (0, 0, 1), (0, 0, 0), (20, 90))
    assert limits(ajar) == (0.0, 90.0) and moves(ajar)
    assert not moves(None) and not moves(Joint("fixed")) and not moves(Joint("hinge"))


@pytest.mark.parametrize(("values", "said"), [
    ({"lid": 1.0}, r"expected a part that has a joint \(door, arm, hand, finger\), got 'lid'"),
    ({"body": 1.0}, r"expected a part that has a joint"),
    ({"door": math.nan}, r"expected one number of a hinge, degrees, got nan \(at the joint of door\)"),
    ({"finger": (0.0, 0.0, 0.0)}, r"expected one number of a slider, m, got \(0.0, 0.0, 0.0\)"),
    ({"hand": 5.0}, r"expected three numbers \(x, y, z\) of a ball, degrees, got 5.0"),
])
def test_values_that_are_no_pose_are_refused(values, said):
    with pytest.raises((PoseError, ValueError), match=said):
        pose(mesh(), joint_tree(cupboard()), values)


def test_joints_that_make_no_tree_are_refused():
    hinge = JOINTS["door"]
    ring = cupboard(knob=replace(hinge, carries=("door",)))
    with pytest.raises(PoseError, match="got door, knob carry each other in a ring.*must not carry what carries it"):
        joint_tree(ring)
    twice = cupboard(arm=replace(JOINTS["arm"], carries=("knob", "hand")))
    with pytest.raises(PoseError, match="expected one joint that carries knob, got door and arm, neither of which"):
        joint_tree(twice)
    strange = ObjectMesh((replace(mesh().parts[0], name="lid"),))
    with pytest.raises(PoseError, match="expected parts of the graph.*got lid"):
        pose(strange, joint_tree(cupboard()), {})


def test_every_object_of_the_catalogue_is_a_tree():
    found = {entry.name: joint_tree(entry.graph()).moving for entry in CATALOGUE}
    assert sum(bool(names) for names in found.values()) == 7
    assert found["drawers"] == ("drawer_1", "drawer_2", "drawer_3") and found["chest"] == ("lid",)


def test_what_goes_into_what_is_told_in_numbers():
    # Turned the wrong way the door goes into the body: by half a turn less what lies beyond the hinge.
    graph = cupboard(door=replace(JOINTS["door"], axis=(0, 0, 1)))
    (found, *others) = clashes(mesh(), joint_tree(graph), {"door": 90.0})
    assert (found.part, found.other, found.rest) == ("door", "body", 0.0)
    assert found.posed == pytest.approx(0.6, abs=1e-6)  # 0.6 of the door's metre lies within the depth of the body
    assert found.grown == found.posed and found.reason == "" and others == []
    assert found.row()["posed"] == found.posed


def test_parts_that_move_together_never_clash_and_rest_is_taken_off():
    tree = joint_tree(cupboard())
    assert clashes(mesh(), tree, {"door": 90.0}) == ()
    assert clashes(mesh(), tree, {"finger": 0.05}) == ()
    turned = clashes(mesh(), tree, {"hand": (45.0, 0.0, 0.0)})
    assert [(one.part, one.other, one.rest) for one in turned] == [("hand", "arm", 0.0)]
    assert 0 < turned[0].grown < 0.5


def test_open_pieces_are_measured_by_cubes_and_it_says_so():
    made = mesh()
    graph = cupboard(door=replace(JOINTS["door"], axis=(0, 0, 1)))
    parts = [replace(part, faces=part.faces[1:], normals=None) if part.name == "body" else part for part in made.parts]
    (found,) = clashes(ObjectMesh(tuple(parts)), joint_tree(graph), {"door": 90.0})
    assert found.reason.startswith("by cubes: ") and "open" in found.reason
    assert math.isfinite(found.posed)


def opened(made: ObjectMesh, name: str) -> ObjectMesh:
    """With a part that lacks a face."""
    return ObjectMesh(tuple(replace(part, faces=part.faces[1:], normals=None) if part.name == name else part
                            for part in made.parts))


def test_cubes_are_those_of_the_smaller_part():
    knob = mesh().parts[2]
    small = replace(knob, vertices=(knob.vertices - knob.bounds.mean(axis=0)) * 0.2 + [0.40625, -0.3, 0.5])
    made = opened(ObjectMesh((mesh().parts[0], small)), "body")  # 12 mm, in a wall of 1 m
    found = clashes(made, joint_tree(cupboard(knob=Joint("hinge", (0, 0, 1), (0.40625, -0.3, 0), (0, 45)))), {"knob": 45.0})
    assert [(one.part, one.other) for one in found] == [("knob", "body")]
    assert 0.1 < found[0].rest < 0.9 and 0.1 < found[0].posed < 0.9, "of 64 along both, 16 mm, none has its centre in it"


def test_what_cannot_be_measured_is_no_absence_of_a_clash():
    nothing = Clash("door", "body", 0.0, math.nan, "by cubes: why")
    assert math.isnan(nothing.grown) and not nothing.measured and nothing.row()["posed"] is None
    made = mesh()
    door = replace(made.parts[1], vertices=made.parts[1].vertices * [1, 1e-5, 1] + [0, -0.3, 0])
    thin = opened(ObjectMesh((made.parts[0], door)), "body")
    graph = cupboard(door=replace(JOINTS["door"], axis=(0, 0, 1)))
    (found,) = clashes(thin, joint_tree(graph), {"door": 90.0})
    assert math.isnan(found.posed) and math.isnan(found.grown)
    assert found.reason.startswith("by cubes: ") and "door is thinner than a cube of 0.016 m" in found.reason
    swing = Animation("in", 24, "linear", (Track("door", ((0, (0.0,)), (24, (90.0,)))),))
    ((frame, worst),) = worst_clashes(thin, graph, swing)
    assert math.isnan(worst.grown) and 0 < frame <= 24


def test_the_worst_of_an_animation_is_found():
    graph = cupboard(door=replace(JOINTS["door"], axis=(0, 0, 1)))
    swing = Animation("in", 48, "linear", (Track("door", ((0, (0.0,)), (24, (90.0,)), (48, (0.0,)))),))
    found = {(clash.part, clash.other): (frame, clash) for frame, clash in worst_clashes(mesh(), graph, swing)}
    assert set(found) == {("knob", "body"), ("door", "body")}
    frame, clash = found["door", "body"]
    at_the_end = clashes(mesh(), joint_tree(graph), {"door": 90.0})[0]
    assert clash.posed >= at_the_end.posed and 0 < frame < 48
    # Halfway only, the knob is inside: keyframes alone would not have seen it.
    assert found["knob", "body"][0] not in (0, 24, 48) and found["knob", "body"][1].posed > 0.5
