"""Binary glTF 2.0 of another method: meshes and lines with their nodes' transforms and base colours (ours).

Read here rather than by trimesh, which joins all pairs of a LINES primitive into one polyline, leaves out strips and
loops of lines, and drops vertex colours beside a material.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from drawagent.foreign_shapes import Shape, z_up
from easel.errors import ConfigurationError
from easel.mesh_views import GREY, Triangles

_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_POINTS, _LINES, _LOOP, _LINE_STRIP, _TRIANGLES, _STRIP, _FAN = range(7)
_COMPRESSED = ("KHR_draco_mesh_compression", "EXT_meshopt_compression", "KHR_meshopt_compression")


def read_glb(path: Path) -> Shape:
    """All that the file's scene shows, turned from y up to z up.

    Colour of a corner: the material's base colour factor times its vertex colour; grey without both. Textures, points,
    poses and transparency are left out, and said. Raises ConfigurationError for what is no GLB and for compression.
    """
    try:
        return _File.of(path).shape()
    except ConfigurationError:
        raise
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error) as error:
        raise ConfigurationError("a binary glTF 2.0 file", came=repr(error), where=path.name) from error


@dataclass(frozen=True)
class _File:
    """header : the JSON; data : the buffers; left_out : what was not drawn, and how often"""

    header: dict[str, Any]
    data: list[bytes]
    name: str
    left_out: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, path: Path) -> _File:
        content = path.read_bytes()
        magic, version, length = struct.unpack_from("<4sII", content)
        if magic != b"glTF" or version != 2 or length > len(content):
            raise ConfigurationError("a binary glTF 2.0 file, whole", where=path.name,
                                     came=f"begin {magic!r}, version {version}, {len(content)} of {length} bytes")
        chunks: dict[bytes, bytes] = {}
        at = 12
        while at + 8 <= length:
            size, kind = struct.unpack_from("<I4s", content, at)
            chunks.setdefault(kind, content[at + 8: at + 8 + size])
            at += 8 + size
        header = json.loads(chunks[b"JSON"])
        packed = next((name for name in _COMPRESSED if name in header.get("extensionsRequired", [])), None)
        if packed:
            raise ConfigurationError("a GLB without compression", came=packed, where=path.name)
        return cls(header, [_buffer(one, chunks.get(b"BIN\0"), path.name) for one in header.get("buffers", [])],
                   path.name)

    def shape(self) -> Shape:
        triangles, lines = [], []
        for mesh, matrix in self._placed():
            for primitive in self.header["meshes"][mesh]["primitives"]:
                mode = primitive.get("mode", _TRIANGLES)
                if mode == _POINTS:
                    self.left_out["primitives of points"] += 1
                    continue
                points = self._array(primitive["attributes"]["POSITION"]) @ matrix[:3, :3].T + matrix[:3, 3]
                order = np.arange(len(points))
                if "indices" in primitive:
                    order = self._array(primitive["indices"])[:, 0].astype(np.int64)
                if order.size and not 0 <= order.min() <= order.max() < len(points):
                    raise ConfigurationError(f"indices below {len(points)}", where=self.name,
                                             came=f"{order.min()} to {order.max()}")
                points = z_up(points, "y")
                if mode in (_LINES, _LOOP, _LINE_STRIP):
                    lines += _lines(points[order], mode)
                else:
                    triangles.append(Triangles.of(points, _faces(order, mode), self._colours(primitive, len(points)),
                                                  where=self.name))
        if self.header.get("skins"):
            self.left_out["poses"] += len(self.header["skins"])
        said = tuple(f"{what} left out: {count}" for what, count in sorted(self.left_out.items()))
        return Shape(Triangles.joined(triangles), tuple(lines), said)

    def _placed(self) -> Iterator[tuple[int, np.ndarray]]:
        """(mesh, matrix to the world) of every node of the scene that has one."""
        nodes = self.header.get("nodes", [])
        scenes = self.header.get("scenes", [])
        children = {child for node in nodes for child in node.get("children", [])}
        roots = scenes[self.header.get("scene", 0)].get("nodes", []) if scenes else \
            [index for index in range(len(nodes)) if index not in children]
        waiting, seen = [(index, np.eye(4)) for index in reversed(roots)], set()
        while waiting:
            index, above = waiting.pop()
            if index in seen:
                raise ConfigurationError("nodes that form a tree", came=f"node {index} twice", where=self.name)
            seen.add(index)
            node = nodes[index]
            matrix = above @ _matrix(node)
            if "mesh" in node:
                yield node["mesh"], matrix
            waiting += [(child, matrix) for child in reversed(node.get("children", []))]

    def _colours(self, primitive: dict[str, Any], count: int) -> np.ndarray:
        """(N, 3) in [0, 1]"""
        material = self.header["materials"][primitive["material"]] if "material" in primitive else {}
        look = material.get("pbrMetallicRoughness", {})
        if "baseColorTexture" in look:
            self.left_out["textures"] += 1
        if material.get("alphaMode", "OPAQUE") != "OPAQUE":
            self.left_out["transparencies"] += 1
        if "COLOR_0" not in primitive["attributes"]:
            base = np.array(look.get("baseColorFactor", (1.0, 1.0, 1.0) if material else GREY), dtype=np.float64)[:3]
            return np.broadcast_to(base, (count, 3))
        return self._array(primitive["attributes"]["COLOR_0"])[:, :3] * look.get("baseColorFactor", [1.0] * 3)[:3]

    def _array(self, index: int) -> np.ndarray:
        """(count, width) float64; whole numbers as they are, normalised ones in [-1, 1]."""
        accessor = self.header["accessors"][index]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise ConfigurationError("accessors that are stored whole", came=f"accessor {index}", where=self.name)
        kind, width, count = np.dtype(_TYPES[accessor["componentType"]]), _WIDTHS[accessor["type"]], accessor["count"]
        view = self.header["bufferViews"][accessor["bufferView"]]
        stride = view.get("byteStride", width * kind.itemsize)
        begin = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
        data = self.data[view["buffer"]]
        if count < 1 or begin + stride * (count - 1) + width * kind.itemsize > len(data):
            raise ConfigurationError("accessors inside their buffer", came=f"accessor {index}", where=self.name)
        values = np.ndarray((count, width), kind, data, begin, (stride, kind.itemsize)).astype(np.float64)
        if accessor.get("normalized") and kind.kind in "iu":
            values = np.maximum(values / np.iinfo(kind).max, -1.0)
        return values


def _buffer(buffer: dict[str, Any], inside: bytes | None, name: str) -> bytes:
    place = buffer.get("uri")
    if place is None and inside is not None:
        return inside
    if place is not None and place.startswith("data:"):
        try:
            return base64.b64decode(place.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise ConfigurationError("a buffer in base64", came=str(error), where=name) from error
    raise ConfigurationError("a GLB that carries its buffers", came=str(place), where=name)


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """(4, 4) of a node: its matrix (columns first), or translation x rotation (quaternion x y z w) x scale."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), dtype=np.float64)
    turn = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ])
    matrix = np.eye(4)
    matrix[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix


def _lines(points: np.ndarray, mode: int) -> list[np.ndarray]:
    """Polylines; of LINES, pairs that go on where the one before ended are one polyline."""
    if mode == _LINE_STRIP:
        return [points] if len(points) > 1 else []
    if mode == _LOOP:
        return [np.concatenate([points, points[:1]])] if len(points) > 1 else []
    pairs = points[: len(points) // 2 * 2].reshape(-1, 2, 3)
    breaks = np.flatnonzero((pairs[1:, 0] != pairs[:-1, 1]).any(axis=1)) + 1
    return [np.concatenate([part[:, 0], part[-1:, 1]]) for part in np.split(pairs, breaks) if len(part)]


def _faces(order: np.ndarray, mode: int) -> np.ndarray:
    """(F, 3) indices. In strips every second triangle is turned, which no picture here shows."""
    if mode == _TRIANGLES:
        return order[: len(order) // 3 * 3].reshape(-1, 3)
    if mode == _STRIP:
        return np.stack([order[:-2], order[1:-1], order[2:]], axis=1) if len(order) > 2 else order[:0].reshape(0, 3)
    if mode == _FAN:
        first = np.broadcast_to(order[:1], (max(len(order) - 2, 0),))
        return np.stack([first, order[1:-1], order[2:]], axis=1) if len(order) > 2 else order[:0].reshape(0, 3)
    raise ConfigurationError("primitives of mode 0 to 6", came=str(mode))
