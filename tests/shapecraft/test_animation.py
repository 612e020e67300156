"""Animations: keyframes, sweeps, replies of an animator; GLB and .blend that show the same poses at the same times."""

from __future__ import annotations

import ast
import base64
import io
import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from shapecraft.animated_glb import animated_glb, quaternion
from shapecraft.animated_program import animated_program
from shapecraft.animating import animate, animations, blend_programs, blended, planned
from shapecraft.animation import (
    FPS,
    Animation,
    AnimationError,
    NothingMoves,
    Track,
    checked,
    from_json,
    sweep,
    to_json,
)
from shapecraft.animation_pictures import animation_film, animation_strip
from shapecraft.animator import AnimationInvalid, Animator, described, joint_words, read_animation
from shapecraft.catalogue import CATALOGUE, find_entry
from shapecraft.edit_desk import EditDesk
from shapecraft.gallery import STAND_IN
from shapecraft.global_program import global_program
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.history import keep_step
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Outcome
from shapecraft.part_glb import write_glb
from shapecraft.part_list import read_part_list
from shapecraft.part_report import report_on
from shapecraft.posing import joint_tree, pose, rotation
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from shapecraft.standing import standing
from shapecraft.wall import open_wall
from tests.fakes import Scripted
from tests.shapecraft.crafting import BoxWall, solid
from tests.shapecraft.moving import (
    BOXES,
    JOINTS,
    cupboard,
    document,
    evaluated,
    farthest,
    glb,
    mesh,
    start_run,
    still,
    whole_program,
)

CLOSE = 1e-5
"""Metres: what GLB, .blend and `pose` may differ by."""
WAVE = Animation("wave", 48, "smooth", (
    Track("door", ((0, (100.0,)), (24, (0.0,)), (36, (55.0,)))),
    Track("arm", ((6, (0.0,)), (30, (-60.0,)))),
    Track("hand", ((0, (0.0, 0.0, 0.0)), (20, (40.0, -30.0, 20.0)), (48, (-10.0, 45.0, 45.0)))),
    Track("finger", ((12, (0.0,)), (40, (0.05,)))),
))
FRAMES = (0, 13, 24, 33, 48)


@pytest.fixture(scope="module")
def wall():
    try:
        standing_wall = open_wall(2)
    except MissingCapability as error:
        pytest.skip(str(error))
    with standing_wall:
        yield standing_wall


def reply(**changes):
    return json.dumps({"title": "open it", "duration": 2, "interpolation": "smooth",
                       "keyframes": {"door": [[0, 0], [1.5, 90]]}, "joints": {}, **changes})


# Keyframes


def test_values_between_keyframes():
    track = Track("door", ((10, (0.0,)), (30, (90.0,))))
    assert [track.at(frame, "linear") for frame in (0, 10, 20, 25, 30, 99)] == [0, 0, 45, 67.5, 90, 90]
    assert track.at(15, "smooth") == pytest.approx(90 * (1 - math.cos(math.pi / 4)) / 2)
    assert track.at(20, "smooth") == pytest.approx(45)
    ball = Track("hand", ((0, (0.0, 0.0, 0.0)), (10, (10.0, -20.0, 40.0))))
    assert ball.at(5, "linear") == (5.0, -10.0, 20.0)
    assert WAVE.values(48) == {"door": 55.0, "arm": -60.0, "hand": (-10.0, 45.0, 45.0), "finger": 0.05}
    assert WAVE.seconds == 2.0


@pytest.mark.parametrize(("make", "said"), [
    (lambda: Track("door", ()), "keyframes whose times rise from 0"),
    (lambda: Track("door", ((3, (0.0,)), (3, (1.0,)))), r"got frames \[3, 3\] \(at the joint of door\)"),
    (lambda: Track("door", ((0, (0.0,)), (3, (1.0, 2.0)))), "one finite number in every keyframe, or three"),
    (lambda: Track("door", ((0, (math.inf,)),)), "one finite number"),
    (lambda: Animation("a", 0, "linear", WAVE.tracks), "a duration up to 60 seconds, got 0 seconds"),
    (lambda: Animation("a", 9, "linear", WAVE.tracks), "keyframes up to the end, 0.375 seconds, got later ones"),
    (lambda: Animation("a", 48, "linear", ()), "keyframes of at least one joint, each joint once, got none"),
    (lambda: Animation("a", 48, "linear", WAVE.tracks[:1] * 2), "got door, door"),
])
def test_animations_that_cannot_be(make, said):
    with pytest.raises(AnimationError, match=said):
        make()


def test_a_file_of_it_is_read_back_whole():
    proposed = replace(WAVE, proposed=(("knob", Joint("slider", (0, 1, 0), limits=(0, 0.1))),), notes=("a note",))
    assert from_json(to_json(proposed)) == proposed
    data = json.loads(to_json(WAVE))
    assert (data["format"], data["fps"], data["seconds"]) == ("shapecraft-animation/1", 24, 2.0)
    for broken, said in (('{"format": "shapecraft-animation/2"}', "shapecraft-animation/1"), ("[]", "got None"),
                         ("{", "expected JSON"), (json.dumps({**data, "tracks": [{"joint": 3}]}), "an animation")):
        with pytest.raises(AnimationError, match=said):
            from_json(broken)


def test_limits_hold_and_what_was_changed_is_noted():
    wild = replace(WAVE, tracks=(Track("door", ((0, (-10.0,)), (24, (150.0,)))),))
    made = checked(wild, cupboard())
    assert made.tracks[0].keyframes == ((0, (0.0,)), (24, (110.0,)))
    assert made.notes == ("door: -10 lies outside 0 to 110 degrees; 0 was taken at 0 s",
                          "door: 150 lies outside 0 to 110 degrees; 110 was taken at 1 s")
    with pytest.raises(AnimationError, match="a keyframe that moves something, got all at 0"):
        checked(replace(WAVE, tracks=(Track("door", ((0, (-10.0,)),)),)), cupboard())
    wheel = cupboard(door=replace(JOINTS["door"], limits=(-1e5, 1e5)))
    fast = replace(WAVE, interpolation="linear", tracks=(Track("door", ((0, (0.0,)), (10, (1000.0,)))),))
    with pytest.raises(AnimationError, match="at most 90 degrees a frame of 1/24 s.*Give the movement more time"):
        checked(fast, wheel)


def test_the_three_angles_of_a_ball_are_too_fast_together():
    loose = cupboard(hand=replace(JOINTS["hand"], limits=(-180, 180)))

    def turned(*degrees: float) -> Animation:
        return replace(WAVE, interpolation="linear", tracks=(Track("hand", ((0, (0.0, 0.0, 0.0)), (1, degrees))),))

    assert checked(turned(90.0, 0.0, 0.0), loose).frames == 48
    assert checked(turned(50.0, 50.0, 0.0), loose).frames == 48  # 69.6 degrees around one axis
    for degrees in ((80.0, 80.0, 0.0), (80.0, -80.0, 80.0)):  # each below 90; 108 and 159 together
        with pytest.raises(AnimationError, match=r"at most 90 degrees a frame of 1/24 s, got more at 0.0416667 s"):
            checked(turned(*degrees), loose)


def test_a_sweep_goes_through_every_limit_and_back():
    made = sweep(cupboard())
    assert [track.joint for track in made.tracks] == ["door", "arm", "hand", "finger"]
    door, arm, hand, finger = (track.keyframes for track in made.tracks)
    assert [numbers for _, numbers in door] == [(0.0,), (110.0,), (0.0,)]
    assert [numbers for _, numbers in arm] == [(0.0,), (60.0,), (-60.0,), (0.0,)]
    assert [numbers for _, numbers in hand] == [
        (0, 0, 0), (45, 0, 0), (-45, 0, 0), (0, 0, 0), (0, 45, 0), (0, -45, 0), (0, 0, 0), (0, 0, 45), (0, 0, -45),
        (0, 0, 0)]
    assert door[-1][0] == arm[0][0] and arm[-1][0] == hand[0][0] and finger[-1][0] == made.frames
    assert made.values(0) == made.values(made.frames) == {"door": 0, "arm": 0, "hand": (0, 0, 0), "finger": 0}
    together = sweep(cupboard(), together=True)
    assert all(track.keyframes[0][0] == 0 for track in together.tracks) and together.frames < made.frames


def test_a_wheel_goes_around_once_and_a_sweep_ends():
    wheel = sweep(ShapeGraph("wheels", tuple(
        replace(one, joint=Joint("ball", limits=(-1e6, 1e6))) for one in cupboard().components)))
    assert max(abs(one) for track in wheel.tracks for _, numbers in track.keyframes for one in numbers) == 180
    assert wheel.seconds <= 60
    car = sweep(find_entry("a toy car").graph())
    assert car.tracks[0].keyframes[1][1] == (360.0,) and car.seconds < 20


def test_what_cannot_move_says_why():
    with pytest.raises(NothingMoves, match="got none of its 6 parts has a joint"):
        sweep(still())
    stiff = cupboard(**{**dict.fromkeys(JOINTS), "arm": Joint("fixed"), "door": Joint("hinge")})
    with pytest.raises(NothingMoves, match=r"no joint of it can move \(door: limits 0 to 0, arm: fixed\)"):
        sweep(stiff)


# GLB


def test_the_rest_pose_of_the_glb_is_the_object():
    made = animated_glb(glb(), cupboard(), WAVE)
    rest = read_glb(made)
    assert rest.names == mesh().names
    for before, after in zip(mesh().parts, rest.parts, strict=True):
        assert np.abs(after.vertices - before.vertices).max() < 1e-7
        assert (after.faces == before.faces).all()
    doc, _ = document(made)
    names = [node["name"] for node in doc["nodes"]]
    assert names[6:] == ["door.joint", "arm.joint", "hand.joint", "finger.joint"]
    children = {node["name"]: [names[child] for child in node.get("children", [])] for node in doc["nodes"]}
    assert children["arm.joint"] == ["arm", "hand.joint"] and children["hand.joint"] == ["hand", "finger.joint"]
    assert children["door.joint"] == ["door", "knob"]
    assert [names[number] for number in doc["scenes"][0]["nodes"]] == ["body", "door.joint", "arm.joint"]
    assert doc["nodes"][names.index("hand.joint")]["translation"] == pytest.approx([0, 0.4, 0])  # y-up, from the arm's


def test_the_glb_shows_the_poses():
    made, tree, object_mesh = animated_glb(glb(), cupboard(), WAVE), joint_tree(cupboard()), mesh()
    for frame in range(0, 49, 3):
        shown = evaluated(made, frame / FPS)
        for part in pose(object_mesh, tree, WAVE.values(frame)).mesh.parts:
            assert farthest(shown[part.name], part.vertices) < CLOSE / 10, (frame, part.name)
    between = evaluated(made, 13.5 / FPS)
    halfway = {part.name: part for part in pose(object_mesh, tree, WAVE.values(13.5)).mesh.parts}
    assert max(farthest(between[name], halfway[name].vertices) for name in between) < 2e-3


def test_the_channels_are_what_the_standard_asks():
    doc, body = document(animated_glb(glb(), cupboard(), WAVE))
    (animation,) = doc["animations"]
    assert animation["name"] == "wave" and len(animation["channels"]) == 4
    paths = [(doc["nodes"][one["target"]["node"]]["name"], one["target"]["path"]) for one in animation["channels"]]
    assert paths == [("door.joint", "rotation"), ("arm.joint", "rotation"), ("hand.joint", "rotation"),
                     ("finger.joint", "translation")]
    assert doc["buffers"][0]["byteLength"] == len(body)
    for sampler in animation["samplers"]:
        times, output = doc["accessors"][sampler["input"]], doc["accessors"][sampler["output"]]
        assert times["count"] == output["count"] == 49 and times["min"] == [0.0] and times["max"] == [2.0]
        if output["type"] == "VEC4":
            start = doc["bufferViews"][output["bufferView"]]["byteOffset"]
            turns = np.frombuffer(body, "<f4", 49 * 4, start).reshape(49, 4)
            assert np.linalg.norm(turns, axis=1) == pytest.approx(1, abs=1e-6)
            assert (np.einsum("ti,ti->t", turns[1:], turns[:-1]) > 0.7).all()  # no flip from frame to frame


def test_quaternions_are_the_rotations_of_poses():
    from scipy.spatial.transform import Rotation

    up = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
    for joint, value in ((JOINTS["door"], 77.0), (JOINTS["arm"], -200.0), (JOINTS["hand"], (100.0, -20.0, 170.0))):
        expected = up @ rotation(joint, value) @ up.T
        assert Rotation.from_quat(quaternion(joint, value)).as_matrix() == pytest.approx(expected, abs=1e-12)


def test_the_catalogue_sweeps_and_trimesh_reads_the_glb():
    import trimesh

    for graph in (entry.graph() for entry in CATALOGUE):
        if joint_tree(graph).moving:
            assert set(sweep(graph, together=True).values(0)) == set(joint_tree(graph).moving)
    scene = trimesh.load_scene(io.BytesIO(animated_glb(glb(), cupboard(), WAVE)), file_type="glb", process=False)
    assert scene.bounds == pytest.approx(trimesh.load_scene(io.BytesIO(glb()), file_type="glb").bounds, abs=1e-6)


# Blender


def _shown(outcome):
    """Part name -> points of all its objects."""
    assert outcome.kind == "ran", (outcome.message, outcome.line, outcome.log)
    found: dict[str, list] = {}
    for part in read_glb(outcome.glb).parts:
        found.setdefault(part.name.split(".")[0], []).append(part.vertices)
    return {name: np.concatenate(points) for name, points in found.items()}


def _agree(outcome, frame, *, graph=None, animation=WAVE, made=None):
    tree = joint_tree(graph or cupboard())
    shown = _shown(outcome)
    expected = pose(made or mesh(), tree, animation.values(frame)).mesh.parts
    assert set(shown) == {part.name for part in expected}
    return max(farthest(shown[part.name], part.vertices) for part in expected)


def test_the_blender_program_shows_the_poses(wall):
    text = animated_program(whole_program(), cupboard(), WAVE)
    for frame in FRAMES:
        outcome = wall.run(Job(f"{text}\nbpy.context.scene.frame_set({frame})\n", "whole"))
        assert _agree(outcome, frame) < CLOSE, frame


def test_the_glb_shows_the_poses_in_blender(wall):
    content = base64.b64encode(animated_glb(glb(), cupboard(), WAVE)).decode()
    for frame in (0, 13, 48):
        outcome = wall.run(Job(f"""
import base64, bpy
bpy.context.scene.render.fps = 24
open("it.glb", "wb").write(base64.b64decode("{content}"))
bpy.ops.import_scene.gltf(filepath="it.glb")
bpy.context.scene.frame_set({frame})
""", "import"))
        assert _agree(outcome, frame) < CLOSE, frame


def test_the_blend_file_opens_again_and_moves(wall):
    graph = cupboard()
    outcome = wall.run(Job(animated_program(whole_program(), graph, WAVE), "whole", blend=True))
    assert outcome.blend
    content = base64.b64encode(outcome.blend).decode()
    again = wall.run(Job(f"""
import base64, bpy
open("it.blend", "wb").write(base64.b64decode("{content}"))
bpy.ops.wm.open_mainfile(filepath="it.blend")
scene = bpy.context.scene
(action,) = bpy.data.actions
print(action.name, scene.frame_start, scene.frame_end, scene.render.fps, len(action.slots))
print(bpy.data.objects["finger"].parent.name, bpy.data.objects["finger.joint"].parent.name)
curves = [c for b in action.layers[0].strips[0].channelbags for c in b.fcurves]
print(sorted({{c.data_path for c in curves}}), {{k.interpolation for c in curves for k in c.keyframe_points}})
scene.frame_set(33)
""", "again"))
    assert _agree(again, 33) < CLOSE
    assert "wave 0 48 24 4" in again.log and "finger.joint hand.joint" in again.log
    assert "['location', 'rotation_axis_angle', 'rotation_euler'] {'SINE'}" in again.log


def test_an_object_of_the_catalogue_agrees_in_blender(wall):
    graph = find_entry("a wooden chest").graph()
    programs = [(one.name, one.program) for one in graph.components]
    content = object_glb((name, wall.run(Job(text, name)).glb) for name, text in programs)
    animation = sweep(graph)
    text = animated_program(global_program(graph.object, programs), graph, animation)
    frame = animation.frames // 2 + 5
    outcome = wall.run(Job(f"{text}\nbpy.context.scene.frame_set({frame})\n", "whole"))
    parts = {part.name: part for part in pose(read_glb(content), joint_tree(graph), animation.values(frame)).mesh.parts}
    shown = _shown(outcome)
    off = [np.abs(np.stack([points.min(0), points.max(0)]) - parts[name].bounds).max()
           for name, points in shown.items()]
    assert len(off) == 4 and max(off) < CLOSE
    assert 10 < animation.values(frame)["lid"] < 99


def test_the_program_is_the_same_every_time_and_words_stay_words():
    strange = replace(WAVE, title='open"); import os; os.system("x\n""" \u202e' + "é" * 80)
    text = animated_program(whole_program(), cupboard(), strange)
    assert text == animated_program(whole_program(), cupboard(), strange) and text.isascii()
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (call,) = [node for node in calls if getattr(node.func, "id", "") == "animate"]
    title = ast.literal_eval(call.args[1])
    assert title.startswith('open"); import os;') and len(title.encode()) <= 56


# Words


def test_joints_are_told_with_where_they_lead():
    lines = joint_words(joint_tree(cupboard())).splitlines()
    assert lines[0] == ("- door: hinge, turns around [0, 0, -1], origin [-0.5, -0.3, 0], 0 to 110 degrees; carries "
                        "knob. The middle of its box: [0, -0.32, 0.5] at 0, [-0.6898, -0.763, 0.5] at 110.")
    assert lines[2] == ("- hand: ball, origin [0, 0, 1.4], -45 to 45 degrees; carries finger. The middle of its box: "
                        "[0, 0, 1.45] at 0.")
    assert lines[3].startswith("- finger: slider, shifts along [1, 0, 0], 0 to 0.05 m. The middle")
    assert joint_words(joint_tree(still())) == "None: no part has a joint."


def test_a_reply_becomes_an_animation():
    made = read_animation(f"Here:\n```json\n{reply()}\n```", cupboard(), "open")
    assert made.forgiven == ()
    assert made.animation == Animation("open it", 48, "smooth", (Track("door", ((0, (0.0,)), (36, (90.0,)))),))
    assert read_animation(described(WAVE), cupboard(), "x").animation == WAVE


def test_what_is_clear_is_forgiven_and_said():
    made = read_animation(reply(
        interpolation="ease-in-out", duration=None, title=None,
        keyframes={"Door": [{"time": 0, "value": [0]}, {"time": 1, "value": 45}], "finger": [[0, "2 cm"]],
                   "hand": [[0, 0], [1, [0, 0, 9]]]},
    ), cupboard(), "open  the door")
    assert made.animation.title == "open the door" and made.animation.frames == 24
    assert made.animation.tracks == (Track("door", ((0, (0.0,)), (24, (45.0,)))),
                                     Track("hand", ((0, (0.0, 0.0, 0.0)), (24, (0.0, 0.0, 9.0)))),
                                     Track("finger", ((0, (0.02,)),)))
    assert made.forgiven == ("0 of a ball, read as [0, 0, 0]", 'interpolation "ease-in-out" read as "smooth"',
                             "keyframes as objects", "lengths in cm, converted", "no duration, taken from the last keyframe")


@pytest.mark.parametrize(("changes", "said"), [
    ({"keyframes": {}}, '"keyframes": {"lid"'),
    ({"keyframes": {"lid": [[0, 1]]}}, r"the name of a component \(body, door, knob.*got 'lid' \(at keyframes\)"),
    ({"keyframes": {"knob": [[0, 1]]}}, 'a part with a joint .*got knob.*Give knob one under "joints"'),
    ({"keyframes": {"door": [[0, [1, 2, 3]]]}}, r"\[seconds, value\], degrees, got .* \(at keyframes.door\)"),
    ({"keyframes": {"hand": [[0, 5]]}}, r"\[seconds, \[x, y, z\]\], degrees"),
    ({"keyframes": {"door": [[0, 0], [0.01, 90]]}}, "keyframes at least 1/24 s apart, got two at 0 s"),
    ({"keyframes": {"door": [[1, 0], [0, 90]]}}, "times rise from 0"),
    ({"keyframes": {"door": [[-1, 0]]}}, "times from 0 to 60 seconds, got -1"),
    ({"keyframes": {"door": [[0, 0], [1, 0]]}}, "a keyframe that moves something"),
    ({"duration": 100}, '"duration": seconds, up to 60'),
    ({"interpolation": "wobbly"}, '"interpolation": "smooth" or "linear", got \'wobbly\''),
    ({"joints": {"knob": {"type": "hinge", "axis": "x", "limits": [0, 9]}}}, r"3 numbers.*joints.knob.limits|origin"),
    ({"joints": {"knob": {"type": "slider", "axis": "y", "limits": [0, 0]}}}, "a joint that moves, with limits"),
    ({"joints": {"body": {"type": "hinge", "axis": "x", "origin": [0, 0, 0], "limits": [0, 9], "carries": ["knob"]}}},
     "one joint that carries knob, got body and door"),
    ({"joints": 3}, '"joints": an object of joints'),
])
def test_replies_that_are_no_animation_say_what_to_write(changes, said):
    with pytest.raises(AnimationInvalid, match=said):
        read_animation(reply(**changes), cupboard(), "open")


def test_words_alone_are_no_animation():
    with pytest.raises(AnimationInvalid, match=r'one JSON object \{"title"'):
        read_animation("I would turn the door.", cupboard(), "open")


def test_a_joint_is_proposed_for_a_part_that_has_none():
    hinge = {"type": "hinge", "axis": [0, 0, -1], "origin": [-0.5, -0.3, 0], "limits": [0, 110], "carries": ["knob"]}
    made = read_animation(reply(joints={"door": hinge}), still(), "open").animation
    assert made.proposed == (("door", JOINTS["door"]),)
    assert made.tree(still()).moved("door") == ("door", "knob")
    kept = read_animation(reply(joints={"door": hinge}), cupboard(), "open")
    assert kept.animation.proposed == () and kept.forgiven == ("a joint of door, which has one, left out",)
    # What is fastened to a fixed part stays so.
    fixed = cupboard(**{**dict.fromkeys(JOINTS), "door": Joint("fixed", carries=("knob",))})
    bare = {key: value for key, value in hinge.items() if key != "carries"}
    assert read_animation(reply(joints={"door": bare}), fixed, "open").animation.proposed == (("door", JOINTS["door"]),)


def test_the_animator_asks_once_and_repairs_once():
    model = Scripted(lambda request: reply() if "repair" in request.site.role else "no idea")
    made = Animator(model, CraftSettings()).animate(cupboard(), "open the door", number=3)
    assert made.animation.title == "open it" and len(made.reply_keys) == 2
    first, second = model.calls
    assert (str(first.site), str(second.site)) == ("animator/object/3/-1", "animator+repair/object/3/-1")
    asked = first.messages[1].text
    assert "## What it should do\nopen the door\n" in asked and "- door: hinge, turns around" in asked
    assert '"joint"' not in asked.partition("## Its joints")[0]  # told once, in words


def test_failures_are_values_with_reasons():
    settings = CraftSettings(reply_repairs=0)
    gone = Animator(Scripted(lambda request: '{"impossible": "Every part is glued."}'), settings).animate(still(), "open")
    assert (gone.animation, gone.failure, gone.reason) == (None, "nothing moves", "Every part is glued.")
    bad = Animator(Scripted(lambda request: "no idea"), settings).animate(cupboard(), "open")
    assert bad.failure == "invalid" and bad.reason.startswith('expected one JSON object {"title"')
    assert bad.row()["frames"] == 0 and bad.row()["failure"] == "invalid"


def test_the_stand_in_moves_whatever_there_is():
    animator = Animator(StandIn(bad=0), CraftSettings())
    assert [t.joint for t in animator.animate(cupboard(), "move the finger").animation.tracks] == ["finger"]
    assert len(animator.animate(cupboard(), "go").animation.tracks) == 4
    lamp = read_part_list(LAMP).graph
    made = animator.animate(lamp, "nod").animation
    assert [name for name, _ in made.proposed] == ["shade"] and made.title.startswith("nod (by a stand-in")
    alone = ShapeGraph("a block", still().components[:1])
    assert animator.animate(alone, "nod").failure == "nothing moves"


LAMP = json.dumps({"object": "lamp", "components": [
    {"name": "foot", "geometry": "a rod", "position": "below", "box": {"center": [0, 0, 0.2], "size": [0.1, 0.1, 0.4]}},
    {"name": "shade", "geometry": "a cap", "position": "above", "box": {"center": [0, 0, 0.45], "size": [0.2, 0.2, 0.1]}},
]})


# In a run


def test_a_run_keeps_its_animations_and_asks_nothing_twice(tmp_path):
    folder = start_run(tmp_path)
    model = Scripted(lambda request: reply())
    animator = Animator(model, CraftSettings(), "cupboard")
    with RunStore.amend(folder) as run:
        first = animate(run, size=32)
        second = animate(run, wanted="open it", animator=animator, size=32)
        again = animate(run, size=32)
    assert (first.number, second.number, again.number) == (1, 2, 1) and len(model.calls) == 1
    assert first.files == again.files and set(first.files) == {"glb", "json", "png", "gif"}
    assert first.blend is None
    rows = animations(RunStore.read(folder))
    assert [row["joints"] for row in rows] == [["door", "arm", "hand", "finger"], ["door"]]
    assert rows[1]["files"] == {kind: f"animations/2.{kind}" for kind in ("glb", "json", "png", "gif")}
    assert (rows[1]["model"], rows[1]["wanted"], rows[1]["version"]) == (model.name, "open it", 0)
    assert from_json((folder / "animations/2.json").read_text()) == second.animating.animation
    assert first.watermark.startswith("Stand-in")
    (kept,) = (folder / "prompts").iterdir()
    assert kept.name.startswith("animate-")


def test_an_object_that_a_stand_in_edited_stays_marked_when_it_moves(tmp_path):
    with RunStore.amend(start_run(tmp_path, evidence="recorded")) as run:
        plain = animate(run, size=32)
        made = standing(run)
        assert (plain.watermark, made.evidence, made.version) == ("", "recorded", 0)
        after = made.history.add(replace(made.graph, object="a wardrobe"), "edit", "call it a wardrobe")
        for kind in ("glb", "py"):
            run.write(f"edits/1/object.{kind}", made.glb if kind == "glb" else made.program)
        keep_step(run, made.history, after, {"number": 1, "evidence": "stand-in", "chosen": []})
        moved = animate(run, size=32)
        assert moved.watermark == STAND_IN and moved.number == 2 and moved.files["png"] != plain.files["png"]
        assert [row["evidence"] for row in animations(run)] == ["recorded", "stand-in"]
        assert (standing(run).watermark, standing(run, 0).watermark) == (STAND_IN, "")
        assert EditDesk(run).watermark == STAND_IN
        asked = animate(run, wanted="open it", size=32,
                        animator=Animator(replace(Scripted(lambda request: reply()), evidence="live"), CraftSettings()))
        assert asked.watermark == STAND_IN, "whoever says how it moves: the object is a stand-in's"


def test_a_failure_is_a_row_without_files(tmp_path):
    folder = start_run(tmp_path, still(), evidence="recorded")
    with RunStore.amend(folder) as run:
        made = animate(run)
        assert made.files == {} and made.animating.failure == "nothing moves"
        assert "none of its 6 parts has a joint" in made.animating.reason
        assert animations(run)[0]["failure"] == "nothing moves" and animations(run)[0]["files"] == {}
        with pytest.raises(ConfigurationError, match="expected a model, which reads what should move"):
            planned(standing(run), "open it", None)


def test_a_run_keeps_the_blend_file(tmp_path, wall):
    folder = start_run(tmp_path)
    with RunStore.amend(folder) as run:
        made = animate(run, wall=wall, size=32)
        assert made.blend.ran and made.differs == () and made.files["blend"] == made.blend.blend
        taken = BoxWall()
        assert animate(run, wall=taken, size=32).files == made.files and taken.jobs == []


class Stuck(BoxWall):
    """Its scene stands as modelled, whatever frame is asked for. refused : what is not run"""

    refused: str = "nothing of it"

    def run(self, job: Job):
        self.jobs.append(job)
        if self.refused in job.program:
            return Outcome("refused", message="not one that ships")
        solids = [solid(name, size, center) for name, (center, size) in BOXES.items()]
        return Outcome("ran", tuple(report_on(one) for one in solids), write_glb(solids), b"BLENDER" * job.blend)


def test_a_blend_file_whose_keyframes_do_nothing_is_found_out(tmp_path):
    wall = Stuck()
    with RunStore.amend(start_run(tmp_path)) as run:
        made = animate(run, wall=wall, size=32)
        assert made.differs == ("door", "knob") and made.unseen == "" and made.files["blend"]
        (_, first), (frame, moved) = blend_programs(standing(run), made.animating.animation)
        assert [job.program for job in wall.jobs] == [first, moved] and [job.blend for job in wall.jobs] == [True, False]
        values = made.animating.animation.values(frame)
        assert (values["arm"], values["door"]) == (0.0, 110.0), "where something is farthest from its first place"
        assert blended(standing(run), replace(WAVE, tracks=WAVE.tracks[:1]), wall)[1] == ("door", "knob")
        wall.refused = f"frame_set({frame})"
        assert blended(standing(run), made.animating.animation, wall)[1:] == ((), "refused: not one that ships")


# Pictures


def test_a_strip_shows_every_step_and_a_film_the_whole():
    from PIL import Image

    strip = Image.open(io.BytesIO(animation_strip(mesh(), cupboard(), WAVE, pictures=4, size=64, watermark="Stand-in")))
    assert strip.size[0] == 4 * 70 + 6
    plain = Image.open(io.BytesIO(animation_strip(mesh(), cupboard(), WAVE, pictures=4, size=64)))
    assert strip.size[1] > plain.size[1]
    tiles = [np.asarray(plain)[30:94, 6 + 70 * place: 70 + 70 * place] for place in range(4)]
    assert all((a != b).any() for a, b in itertools.pairwise(tiles))
    film = Image.open(io.BytesIO(animation_film(mesh(), cupboard(), WAVE, size=48, frames=8)))
    assert film.n_frames == 9 and film.size == (48, 48)
    with pytest.raises(ConfigurationError, match="at least 2 pictures, got 1"):
        animation_strip(mesh(), cupboard(), WAVE, pictures=1)
