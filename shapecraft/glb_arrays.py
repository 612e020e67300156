"""GLB arrays: a GLB of ours read back as checked numbers, before a program that trusts it sees anything of it.

What lies in a run folder may be anybody's file. A key, an extension or a kind of number that `shapecraft.part_glb` and
`shapecraft.object_glb` do not write is refused; what is left becomes plain arrays, of which a new file is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from easel.errors import ConfigurationError, EaselError, shorten
from shapecraft.intake import REACH, MaterialEntry, Solid
from shapecraft.object_glb import glb_chunks
from shapecraft.part_glb import FLOAT, UINT

WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}
Number = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(max_length=600)]
"""A component's name and a material's, each up to 256 letters."""
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class GlbRefused(EaselError, ValueError):
    """A GLB that none of our writers wrote."""


def read_solids(glb: bytes) -> tuple[Solid, ...]:
    """One solid a node, in order, z up. Raises GlbRefused for what is not as our writers write it, with the place."""
    try:
        raw, body = glb_chunks(glb, what="a GLB of ours", where="GLB")
        document = _Document.model_validate(raw)
    except ConfigurationError as error:
        raise GlbRefused(error.expected, came=error.came, where=error.where) from None
    except (ValidationError, RecursionError) as error:
        found = error.errors(include_url=False, include_input=False)[0] if isinstance(error, ValidationError) else None
        where = ".".join(str(step) for step in found["loc"]) if found else "the whole"
        raise GlbRefused("a GLB as this package writes it", came=found["msg"] if found else "a nest without end",
                         where=f"GLB, {shorten(where, 80)}") from None
    names = [node.name for node in document.nodes]
    if document.scenes[0].nodes != list(range(len(names))) or len(set(names)) < len(names):
        raise GlbRefused("nodes of different names, each in the scene once", came=shorten(", ".join(names), 80),
                         where="GLB")
    reader = _Arrays(document, body)
    return tuple(reader.solid(node) for node in document.nodes)


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Asset(_Border):
    version: Literal["2.0"]
    generator: Literal["shapecraft"]


class _Scene(_Border):
    nodes: Annotated[list[Number], Field(min_length=1)]


class _Node(_Border):
    name: Annotated[Name, Field(min_length=1)]
    mesh: Number


class _Attributes(_Border):
    POSITION: Number
    NORMAL: Number
    TEXCOORD_0: Number | None = None


class _Primitive(_Border):
    attributes: _Attributes
    indices: Number
    material: Number


class _Mesh(_Border):
    name: Name
    primitives: Annotated[list[_Primitive], Field(min_length=1)]


class _Factors(_Border):
    baseColorFactor: Annotated[list[Share], Field(min_length=4, max_length=4)]
    metallicFactor: Share
    roughnessFactor: Share


class _Material(_Border):
    name: Name
    doubleSided: Literal[True]
    pbrMetallicRoughness: _Factors
    alphaMode: Literal["BLEND"] | None = None
    emissiveFactor: Annotated[list[Share], Field(min_length=3, max_length=3)] | None = None


class _Accessor(_Border):
    bufferView: Number
    type: Literal["SCALAR", "VEC2", "VEC3"]
    count: Annotated[int, Field(ge=1)]
    componentType: Literal[5126, 5125]
    min: list[FiniteFloat] | None = None
    max: list[FiniteFloat] | None = None


class _View(_Border):
    buffer: Literal[0]
    byteOffset: Number
    byteLength: Number
    target: Literal[34962, 34963]


class _Buffer(_Border):
    byteLength: Number


class _Document(_Border):
    asset: _Asset
    scene: Literal[0]
    scenes: Annotated[list[_Scene], Field(min_length=1, max_length=1)]
    nodes: list[_Node]
    meshes: list[_Mesh]
    materials: list[_Material]
    accessors: list[_Accessor]
    bufferViews: list[_View]
    buffers: Annotated[list[_Buffer], Field(min_length=1, max_length=1)]


class _Arrays:
    """Reads what the accessors of a document say, and holds it against what is there."""

    def __init__(self, document: _Document, body: bytes) -> None:
        self._document, self._body = document, body

    def solid(self, node: _Node) -> Solid:
        where = shorten(node.name, 60)
        if not node.name.isprintable():
            raise GlbRefused("a name of printable letters", came=repr(where), where="GLB")
        points, corners, normals, uvs, numbers, materials = [], [], [], [], [], []
        start = 0
        for number, one in enumerate(self._primitives(node, where)):
            position = self._array(one.attributes.POSITION, "VEC3", where)
            normal = self._array(one.attributes.NORMAL, "VEC3", where, len(position))
            index = self._array(one.indices, "SCALAR", where).reshape(-1)
            uv_number = one.attributes.TEXCOORD_0
            uv = None if uv_number is None else self._array(uv_number, "VEC2", where, len(position))
            if np.abs(position).max() > REACH:
                raise GlbRefused(f"vertices within {REACH:.0e} m", came=f"{np.abs(position).max():.3g}", where=where)
            if len(index) % 3 or index.max() >= len(position):
                raise GlbRefused(f"triangles of {len(position)} vertices", where=where,
                                 came=f"{len(index)} corners, up to vertex {index.max()}")
            points.append(_z_up(position))
            corners.append((index.astype(np.int64) + start).reshape(-1, 3))
            normals.append(_z_up(normal)[index].reshape(-1, 3, 3))
            flipped = np.zeros((len(position), 2), np.float32) if uv is None else (
                uv * np.array([1, -1], np.float32) + np.array([0, 1], np.float32))  # glTF counts v downwards
            uvs.append((uv is not None, flipped[index].reshape(-1, 3, 2)))
            numbers.append(np.full(len(index) // 3, number, np.uint16))
            materials.append(self._material(one.material, where))
            start += len(position)
        return Solid(node.name, np.concatenate(points), np.concatenate(corners).astype(np.int32),
                     np.concatenate(normals),
                     np.concatenate([uv for _, uv in uvs]) if any(given for given, _ in uvs) else None,
                     np.concatenate(numbers), tuple(materials))

    def _primitives(self, node: _Node, where: str) -> Iterator[_Primitive]:
        meshes = self._document.meshes
        if node.mesh >= len(meshes) or len(meshes[node.mesh].primitives) > np.iinfo(np.uint16).max:
            raise GlbRefused("a mesh that is there", came=f"mesh {node.mesh} of {len(meshes)}", where=where)
        yield from meshes[node.mesh].primitives

    def _array(self, number: int, kind: str, where: str, count: int | None = None) -> np.ndarray:
        """(count, width) of an accessor, finite."""
        accessors, views = self._document.accessors, self._document.bufferViews
        component = UINT if kind == "SCALAR" else FLOAT
        if number >= len(accessors) or accessors[number].bufferView >= len(views):
            raise GlbRefused(f"an accessor that is there, of {len(accessors)}", came=str(number), where=where)
        one = accessors[number]
        view = views[one.bufferView]
        size = one.count * WIDTHS[kind] * 4
        if ((one.type, one.componentType, view.byteLength) != (kind, component, size)
                or count not in (None, one.count) or view.byteOffset + size > len(self._body)):
            raise GlbRefused(f"{'any number of' if count is None else count} {kind} in their bytes", where=where,
                             came=f"{one.count} {one.type} of kind {one.componentType}, {view.byteLength} bytes from "
                                  f"{view.byteOffset} of {len(self._body)}")
        array = np.frombuffer(self._body, "<u4" if component == UINT else "<f4", one.count * WIDTHS[kind],
                              view.byteOffset).reshape(one.count, -1)
        if component == FLOAT and not np.isfinite(array).all():
            raise GlbRefused("finite numbers", came="nan or infinity", where=where)
        return array

    def _material(self, number: int, where: str) -> MaterialEntry:
        materials = self._document.materials
        if number >= len(materials) or not materials[number].name.isprintable():
            raise GlbRefused("a material that is there, with a printable name", came=f"{number} of {len(materials)}",
                             where=where)
        one = materials[number]
        factors = one.pbrMetallicRoughness
        red, green, blue, alpha = factors.baseColorFactor
        glow = one.emissiveFactor or [0.0, 0.0, 0.0]
        return MaterialEntry.model_construct(  # checked above; with its part's name before it, the name may be longer
            name=one.name, base=(red, green, blue, alpha), metallic=factors.metallicFactor,
            roughness=factors.roughnessFactor, emission=(glow[0], glow[1], glow[2]))


def _z_up(points: np.ndarray) -> np.ndarray:
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1) + np.float32(0)  # no minus zero
