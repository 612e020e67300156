"""Animated program: the global program of an object, and behind it the Blender program that moves its parts.

The same rig as in `shapecraft.animated_glb`: an empty `<part>.joint` at every joint's origin, parented to the empty of
the joint that carries it; parts are parented to their joint's empty and stay where they are. A person finds few
keyframes there, on the joint's own angle, instead of one a frame.
"""

from __future__ import annotations

from shapecraft.animated_glb import SUFFIX
from shapecraft.animation import FPS, Animation
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.posing import JointTree

LONGEST_NAME = 56
"""Bytes of an action's name (Blender takes 63, and numbers names that are taken)."""

_RIG = '''

def rig(joints, parts):
    """An empty at every joint's origin, and the parts hung on them; nothing moves by that.

    joints : (part, type, axis, origin in metres, part whose joint carries it or None), carriers first
    parts : (part, part whose joint moves it); a part may be several objects: name, name.001, ...
    """
    from mathutils import Matrix

    scene, empties = bpy.context.scene, {{}}
    made = {{name: [one for one in scene.objects if one.name == name or one.name.startswith(name + ".")]
            for name, _ in parts}}
    origins = {{name: origin for name, _, _, origin, _ in joints}}
    for name, kind, axis, origin, carrier in joints:
        empty = bpy.data.objects.new(name + "{suffix}", None)
        empty.empty_display_type, empty.empty_display_size = "ARROWS", 0.05
        scene.collection.objects.link(empty)
        start = origins.get(carrier, (0.0, 0.0, 0.0))
        empty.location = [one - other for one, other in zip(origin, start)]
        empty.parent = empties.get(carrier)
        if kind == "hinge":
            empty.rotation_mode, empty.rotation_axis_angle = "AXIS_ANGLE", (0.0, *axis)
        empties[name] = empty
    for name, joint in parts:
        for one in made[name]:
            if one.parent is None:
                one.parent = empties[joint]
                one.matrix_parent_inverse = Matrix.Translation([-value for value in origins[joint]])
    return empties


def animate(empties, title, last, interpolation, tracks):
    """One action with a slot for every joint that has keyframes.

    tracks : (part, type, axis, keyframes), keyframes : (frame, value): degrees, metres, or three degrees of a ball
    """
    from math import radians

    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = {fps}, 1.0
    scene.frame_start, scene.frame_end = 0, last
    action = bpy.data.actions.new(title)
    for name, kind, axis, keyframes in tracks:
        empty, rest = empties[name], tuple(empties[name].location)
        moving = empty.animation_data_create()
        moving.action = action
        moving.action_slot = action.slots.new("OBJECT", empty.name)
        for frame, value in keyframes:
            if kind == "hinge":
                empty.rotation_axis_angle = (radians(value), *axis)
                empty.keyframe_insert("rotation_axis_angle", frame=frame)
            elif kind == "ball":
                empty.rotation_euler = [radians(one) for one in value]
                empty.keyframe_insert("rotation_euler", frame=frame)
            else:
                empty.location = [one + value * other for one, other in zip(rest, axis)]
                empty.keyframe_insert("location", frame=frame)
        for curve in action.layers[0].strips[0].channelbag(moving.action_slot).fcurves:
            for key in curve.keyframe_points:
                key.interpolation, key.easing = interpolation, "EASE_IN_OUT"
    scene.frame_set(0)


empties = rig(
    joints=(
{joints}    ),
    parts=(
{parts}    ),
)
animate(
    empties, {title}, {last}, "{interpolation}", tracks=(
{tracks}    ),
)
'''


def animated_program(program: str, graph: ShapeGraph, animation: Animation) -> str:
    """The text. program : the global program of the graph's object (`shapecraft.global_program`)

    Raises PoseError for joints that make no tree.
    """
    tree = animation.tree(graph)
    joints = "".join(
        f"        ({name!r}, {joint.type!r}, {joint.direction}, {joint.origin}, {_carrier(tree, name)!r}),\n"
        for name, joint in _outside_in(tree)
    )
    parts = "".join(f"        ({name!r}, {tree.pivot(name)!r}),\n" for name in tree.graph.names if tree.pivot(name))
    tracks = ""
    for track in animation.tracks:
        joint = tree.joint(track.joint)
        keyframes = ", ".join(f"({frame}, {numbers[0] if len(numbers) == 1 else numbers})"
                              for frame, numbers in track.keyframes)
        tracks += f"        ({track.joint!r}, {joint.type!r}, {joint.direction}, ({keyframes},)),\n"
    title = ascii(_cut(animation.title))
    text = _RIG.format(suffix=SUFFIX, fps=FPS, joints=joints, parts=parts, tracks=tracks, title=title,
                       last=animation.frames, interpolation="SINE" if animation.interpolation == "smooth" else "LINEAR")
    return f"{program.rstrip()}\n{text}"


def shown_at(program: str, frame: int) -> str:
    """The same program, whose scene then stands at another frame than its first."""
    return f"{program}\nbpy.context.scene.frame_set({frame})\n"


def _outside_in(tree: JointTree) -> list[tuple[str, Joint]]:
    """The joints that move, each behind the one that carries it, else in the graph's order."""
    ordered: list[str] = []

    def place(name: str) -> None:
        carrier = _carrier(tree, name)
        if carrier is not None:
            place(carrier)
        if name not in ordered:
            ordered.append(name)

    for name in tree.moving:
        place(name)
    return [(name, tree.joint(name)) for name in ordered]


def _carrier(tree: JointTree, name: str) -> str | None:
    """The part whose joint moves the joint of this one."""
    return tree.pivot(tree.parent[name]) if name in tree.parent else None


def _cut(title: str) -> str:
    plain = " ".join(title.split())
    return plain.encode("utf-8", "ignore")[:LONGEST_NAME].decode("utf-8", "ignore") or "animation"
