"""For tests of movement: a cupboard with a door, and on it an arm with a hand and a finger, all of boxes."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from easel.runs import RunStore
from shapecraft.boxes import Box
from shapecraft.global_program import global_program
from shapecraft.graph import Component, Joint, ShapeGraph, to_json
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.part_glb import write_glb
from shapecraft.settings import CraftSettings
from tests.shapecraft.crafting import solid

BOXES = {
    "body": ((0, 0, 0.5), (1, 0.6, 1)), "door": ((0, -0.32, 0.5), (1, 0.04, 1)),
    "knob": ((0.4, -0.36, 0.5), (0.06, 0.04, 0.06)), "arm": ((0, 0, 1.2), (0.1, 0.1, 0.4)),
    "hand": ((0, 0, 1.45), (0.2, 0.1, 0.1)), "finger": ((0.15, 0, 1.45), (0.1, 0.04, 0.04)),
}
JOINTS = {
    "door": Joint("hinge", (0, 0, -1), (-0.5, -0.3, 0), (0, 110), ("knob",)),
    "arm": Joint("hinge", (1, 0, 0), (0, 0, 1), (-60, 60), ("hand", "finger")),
    "hand": Joint("ball", (0, 0, 1), (0, 0, 1.4), (-45, 45), ("finger",)),
    "finger": Joint("slider", (2, 0, 0), (0, 0, 0), (0, 0.05)),
}


def program(name: str) -> str:
    center, size = BOXES[name]
    return f"import shapes\nshapes.box(size={size}, center={center})\n"


def cupboard(**joints: Joint | None) -> ShapeGraph:
    """With other joints, or without some (None)."""
    known: dict[str, Joint | None] = {**JOINTS, **joints}
    return ShapeGraph("a cupboard", tuple(
        Component(name, f"a {name}", "there", Box(tuple(map(float, center)), tuple(map(float, size))), program(name),
                  joint=known.get(name))
        for name, (center, size) in BOXES.items()
    ))


def still() -> ShapeGraph:
    return cupboard(**dict.fromkeys(JOINTS))


def glb() -> bytes:
    return object_glb((name, write_glb([solid(name, size, center)])) for name, (center, size) in BOXES.items())


def mesh() -> ObjectMesh:
    return read_glb(glb())


def whole_program(graph: ShapeGraph | None = None) -> str:
    return global_program("a cupboard", [(one.name, one.program) for one in (graph or cupboard()).components])


def middle(made: ObjectMesh, name: str) -> np.ndarray:
    """(3,) of the box around a part."""
    return next(part.bounds.mean(axis=0) for part in made.parts if part.name == name)


def start_run(root: Path, graph: ShapeGraph | None = None, *, evidence: str = "stand-in") -> Path:
    """A folder of a finished run with the cupboard."""
    graph = graph or cupboard()
    settings = json.loads(CraftSettings.ours().model_dump_json())
    with RunStore.open(root, "cupboard", fingerprint="f" * 64, evidence=evidence, date="2000-01-01", facts={},
                       configuration={"prompt": "a cupboard", "settings": settings, "model": "m"}) as run:
        run.write("graph/parsed.json", to_json(graph))
        run.write("graph/final.json", to_json(graph))
        run.write("object.glb", glb())
        run.write("object.py", whole_program(graph))
        run.append("explored", "finished", {"graph": graph.key, "chosen": [], "object": "", "failure": "",
                                            "reason": "", "tally": {}})
        run.status("finished")
    return run.folder


def document(content: bytes) -> tuple[dict[str, Any], bytes]:
    length, = struct.unpack_from("<I", content, 12)
    return json.loads(content[20: 20 + length]), content[28 + length:]


def evaluated(content: bytes, seconds: float) -> dict[str, np.ndarray]:
    """What a viewer of glTF shows: node name -> (N, 3) z-up world points, by the letter of the standard."""
    from scipy.spatial.transform import Rotation, Slerp

    doc, body = document(content)

    def read(number: int) -> np.ndarray:
        entry = doc["accessors"][number]
        view = doc["bufferViews"][entry["bufferView"]]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[entry["type"]]
        values = np.frombuffer(body, "<f4", entry["count"] * width, view["byteOffset"])
        return values.reshape(entry["count"], width).astype(float)

    nodes = [dict(node) for node in doc["nodes"]]
    for animation in doc.get("animations", []):
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            assert sampler["interpolation"] == "LINEAR"
            times, output = read(sampler["input"])[:, 0], read(sampler["output"])
            at = min(max(seconds, times[0]), times[-1])
            if channel["target"]["path"] == "rotation":
                value = Slerp(times, Rotation.from_quat(output))(at).as_quat()
            else:
                value = np.array([np.interp(at, times, column) for column in output.T])
            nodes[channel["target"]["node"]][channel["target"]["path"]] = value
    found: dict[str, np.ndarray] = {}

    def walk(number: int, above: np.ndarray) -> None:
        node, here = nodes[number], np.eye(4)
        here[:3, :3] = Rotation.from_quat(node.get("rotation", (0, 0, 0, 1))).as_matrix()
        here[:3, 3] = node.get("translation", (0, 0, 0))
        world = above @ here
        if "mesh" in node:
            points = np.concatenate([read(one["attributes"]["POSITION"]) for one in
                                     doc["meshes"][node["mesh"]]["primitives"]]) @ world[:3, :3].T + world[:3, 3]
            found[node["name"]] = np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)
        for child in node.get("children", []):
            walk(child, world)

    for number in doc["scenes"][0]["nodes"]:
        walk(number, np.eye(4))
    return found


def farthest(points: np.ndarray, others: np.ndarray) -> float:
    """Metres between two clouds, both ways (Hausdorff): readers weld and split vertices."""
    gaps = np.linalg.norm(points[:, None] - others[None], axis=-1)
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


