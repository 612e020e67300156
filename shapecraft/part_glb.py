"""GLB of solids: one node per mesh object, written by us from checked numbers; no byte of it is a program's.

World coordinates, turned to glTF's y-up once, here: (x, y, z) becomes (x, z, -y). A mesh has one primitive per
material. Factors only: base colour, metallic, roughness, emission, and blending where the colour is not opaque.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any

import numpy as np

from shapecraft.intake import MaterialEntry, Solid

FLOAT, UINT = 5126, 5125
VERTICES, INDICES = 34962, 34963
"""Numbers of glTF 2.0: component types and buffer targets."""
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9))


def write_glb(solids: Iterable[Solid]) -> bytes:
    """A GLB file. solids : at least one, names differ"""
    buffers: list[bytes] = []
    materials: dict[str, int] = {}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "shapecraft"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [],
        "meshes": [], "materials": [], "accessors": [], "bufferViews": [], "buffers": [],
    }
    for number, solid in enumerate(solids):
        document["scenes"][0]["nodes"].append(number)
        document["nodes"].append({"name": solid.name, "mesh": number})
        document["meshes"].append({"name": solid.name, "primitives": [
            _primitive(solid, group, document, buffers, materials) for group in np.unique(solid.numbers)]})
    body = b"".join(buffers)
    document["buffers"].append({"byteLength": len(body)})
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 4)
    whole = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body))
    return b"".join((whole, struct.pack("<I4s", len(text), b"JSON"), text,
                     struct.pack("<I4s", len(body), b"BIN\0"), body))


def _primitive(solid: Solid, group: int, document: dict[str, Any], buffers: list[bytes],
               materials: dict[str, int]) -> dict:
    chosen = solid.numbers == group
    vertex = solid.corners[chosen].reshape(-1)
    normals = _y_up(solid.normals[chosen].reshape(-1, 3))
    uv = solid.uv[chosen].reshape(-1, 2) if solid.uv is not None else None
    first, index = _distinct(vertex, normals, uv)
    points = _y_up(solid.vertices[vertex[first]])
    attributes = {
        "POSITION": _accessor(document, buffers, points, "VEC3", VERTICES, extremes=True),
        "NORMAL": _accessor(document, buffers, normals[first], "VEC3", VERTICES),
    }
    if uv is not None:
        flipped = uv[first] * np.array([1, -1], np.float32) + np.array([0, 1], np.float32)  # glTF counts v downwards
        attributes["TEXCOORD_0"] = _accessor(document, buffers, flipped, "VEC2", VERTICES)
    return {"attributes": attributes, "indices": _accessor(document, buffers, index, "SCALAR", INDICES),
            "material": _material(solid.materials[group], document, materials)}


def _distinct(vertex: np.ndarray, normals: np.ndarray, uv: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """(first corner of every distinct (vertex, normal, uv), number of each corner's), in order of first appearance."""
    code = vertex.astype(np.uint64)
    columns = np.concatenate([normals, uv] if uv is not None else [normals], axis=1) + np.float32(0)
    with np.errstate(over="ignore"):
        for number, column in enumerate(np.ascontiguousarray(columns).view(np.uint32).T):
            code = (code ^ (code >> np.uint64(29))) * _MIX[number % 3] + column
        code ^= code >> np.uint64(32)
    _, first, index = np.unique(code, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[index.reshape(-1)].astype(np.uint32)


def _accessor(document: dict[str, Any], buffers: list[bytes], array: np.ndarray, shape: str, target: int, *,
              extremes: bool = False) -> int:
    data = np.ascontiguousarray(array).tobytes()
    start = sum(map(len, buffers)) if not document["bufferViews"] else (
        document["bufferViews"][-1]["byteOffset"] + document["bufferViews"][-1]["byteLength"])
    buffers.append(data)  # every element is four bytes wide, so that no view needs padding
    document["bufferViews"].append({"buffer": 0, "byteOffset": start, "byteLength": len(data), "target": target})
    entry: dict[str, Any] = {"bufferView": len(document["bufferViews"]) - 1, "type": shape, "count": len(array),
                             "componentType": UINT if target == INDICES else FLOAT}
    if extremes:
        entry |= {"min": [float(one) for one in array.min(axis=0)], "max": [float(one) for one in array.max(axis=0)]}
    document["accessors"].append(entry)
    return len(document["accessors"]) - 1


def _material(entry: MaterialEntry, document: dict[str, Any], materials: dict[str, int]) -> int:
    colour = [round(min(max(one, 0.0), 1.0), 6) for one in entry.base]
    factors = {"baseColorFactor": colour, "metallicFactor": _share(entry.metallic),
               "roughnessFactor": _share(entry.roughness)}
    written: dict[str, Any] = {"name": "".join(one for one in entry.name if one.isprintable()), "doubleSided": True,
                               "pbrMetallicRoughness": factors}
    if colour[3] < 1.0:
        written["alphaMode"] = "BLEND"
    if any(one > 0 for one in entry.emission):  # a light stronger than 1 keeps its colour, not its strength
        written["emissiveFactor"] = [_share(one / max(1.0, *entry.emission)) for one in entry.emission]
    key = json.dumps(written)
    if key not in materials:
        materials[key] = len(document["materials"])
        document["materials"].append(written)
    return materials[key]


def _share(value: float) -> float:
    return round(min(max(value, 0.0), 1.0), 6)


def _y_up(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1) + np.float32(0)  # no minus zero
