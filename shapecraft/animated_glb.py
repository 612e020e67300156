"""Animated GLB: an object's GLB with a pivot per joint, and an animation of the pivots; written by us.

A joint is a node `<part>.joint` at the joint's origin, below the node of the joint that carries it. A part is a node
below its pivot that takes the pivot's place away again, so that its mesh stays as it is, and the rest pose too.
Rotations and translations stand at every frame and are LINEAR: between eased keyframes a spline of quaternions would
be another movement than the joint's.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shapecraft.animation import FPS, Animation
from shapecraft.boxes import Vector
from shapecraft.graph import Joint, ShapeGraph
from shapecraft.object_glb import glb_chunks
from shapecraft.part_glb import FLOAT
from shapecraft.posing import JointTree, Value

SUFFIX = ".joint"
"""Behind a part's name: no component has a dot in its name."""


def animated_glb(glb: bytes, graph: ShapeGraph, animation: Animation) -> bytes:
    """The GLB with its joints as nodes and the animation. glb : of `shapecraft.object_glb`, of that graph

    Joints without keyframes are nodes too. Vertices of the rest pose stay where they are, to rounding of 32-bit floats.
    Raises ConfigurationError for bytes that are no GLB of ours, PoseError for joints that make no tree.
    """
    document, body = glb_chunks(glb, what="the GLB of an object", where="animated_glb")
    tree = animation.tree(graph)
    nodes: list[dict[str, Any]] = document["nodes"]
    first = len(nodes)
    number = {name: first + place for place, name in enumerate(tree.moving)}
    below: dict[str | None, list[int]] = {}
    for place, node in enumerate(nodes):
        pivot = tree.pivot(node["name"])
        below.setdefault(pivot, []).append(place)
        if pivot is not None:
            node["translation"] = _y_up(tuple(-one + 0.0 for one in tree.joint(pivot).origin))
    for name in tree.moving:
        outer = tree.pivot(tree.parent[name]) if name in tree.parent else None
        below.setdefault(outer, []).append(number[name])
        nodes.append({"name": f"{name}{SUFFIX}", "translation": _y_up(_from(outer, tree.joint(name).origin, tree))})
    for name in tree.moving:
        if name in below:
            nodes[number[name]]["children"] = below[name]
    document["scenes"][0]["nodes"] = below.get(None, [])
    body += b"\0" * (-len(body) % 4)
    data = [body]
    document["animations"] = [_animation(document, animation, tree, number, data)]
    body = b"".join(data)
    document["buffers"][0]["byteLength"] = len(body)
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 4)
    head = b"glTF" + struct.pack("<II", 2, 28 + len(text) + len(body)) + struct.pack("<I4s", len(text), b"JSON")
    return b"".join((head, text, struct.pack("<I4s", len(body), b"BIN\0"), body))


def _animation(document: dict[str, Any], animation: Animation, tree: JointTree, number: Mapping[str, int],
               data: list[bytes]) -> dict[str, Any]:
    """One sampler and one channel a track; all share the times."""
    times = np.arange(animation.frames + 1) / FPS
    shared = _accessor(document, data, times[:, None], "SCALAR", extremes=True)
    samplers, channels = [], []
    for track in animation.tracks:
        joint = tree.joint(track.joint)
        values = [track.at(frame, animation.interpolation) for frame in range(animation.frames + 1)]
        if joint.type == "slider":
            path, output = "translation", _places(document["nodes"][number[track.joint]]["translation"], joint, values)
        else:
            path, output = "rotation", np.array([quaternion(joint, value) for value in values])
        shape = "VEC4" if path == "rotation" else "VEC3"
        samplers.append({"input": shared, "output": _accessor(document, data, output, shape),
                         "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": number[track.joint], "path": path}})
    return {"name": animation.title, "samplers": samplers, "channels": channels}


def _places(rest: Sequence[float], joint: Joint, values: Sequence[Value]) -> np.ndarray:
    """(T, 3) of a slider's node"""
    return np.array(rest) + np.outer(np.array(values, dtype=np.float64), _y_up(joint.direction))


def quaternion(joint: Joint, value: Value) -> tuple[float, float, float, float]:
    """(x, y, z, w) of a hinge's or ball's rotation, y-up; continuous in the value, so that neighbours do not flip."""
    if not isinstance(value, tuple):
        x, y, z, w = _half(joint.direction, value)
    else:
        one, two, three = (_half(axis, degrees) for axis, degrees in
                           zip(((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), value, strict=True))
        x, y, z, w = _product(three, _product(two, one))
    return (x, z, -y + 0.0, w)


def _half(axis: Vector, degrees: float) -> tuple[float, float, float, float]:
    angle = np.radians(degrees) / 2
    sine = float(np.sin(angle))
    return (axis[0] * sine, axis[1] * sine, axis[2] * sine, float(np.cos(angle)))


def _product(p: tuple[float, float, float, float], q: tuple[float, float, float, float]
             ) -> tuple[float, float, float, float]:
    """Of Hamilton: q first, then p."""
    a, b = np.array(p[:3]), np.array(q[:3])
    x, y, z = p[3] * b + q[3] * a + np.cross(a, b)
    return (float(x), float(y), float(z), float(p[3] * q[3] - a @ b))


def _from(outer: str | None, origin: Vector, tree: JointTree) -> Vector:
    """An origin as seen from the pivot that holds it; all stand unturned in the rest pose."""
    start = (0.0, 0.0, 0.0) if outer is None else tree.joint(outer).origin
    return (origin[0] - start[0], origin[1] - start[1], origin[2] - start[2])


def _y_up(point: Vector | tuple[float, ...]) -> list[float]:
    x, y, z = point
    return [x, z, -y + 0.0]


def _accessor(document: dict[str, Any], data: list[bytes], array: np.ndarray, shape: str, *, extremes: bool = False
              ) -> int:
    array = np.ascontiguousarray(array, dtype="<f4")
    content = array.tobytes()
    document["bufferViews"].append({"buffer": 0, "byteOffset": sum(map(len, data)), "byteLength": len(content)})
    data.append(content)
    entry: dict[str, Any] = {"bufferView": len(document["bufferViews"]) - 1, "componentType": FLOAT,
                             "count": len(array), "type": shape}
    if extremes:
        entry |= {"min": [float(one) for one in array.min(axis=0)], "max": [float(one) for one in array.max(axis=0)]}
    document["accessors"].append(entry)
    return len(document["accessors"]) - 1
