"""Intake: the bytes that came out of a jail, checked before anything is made of them.

Whoever wrote them may have been the program itself. A header in JSON (at most 1 MiB, no unknown fields, finite numbers)
says how many bytes follow; it is held against the limits of the job before one more byte is read. Arrays are then
read as plain numbers, never as objects: no pickle, no file name, no path plays a part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from shapecraft.outcome import Limits

HEADER_BYTES = 1 << 20
REACH = 1e6
"""Metres from the origin, along each axis, that a vertex may lie (ours, as in boxes of the graph)."""
MATERIALS, MATERIALS_TOGETHER = 256, 2048
"""Materials of one object, and of all objects of a job, each counted where it is used (ours: a recorded screen has 32,
a colour a line; 2048 primitives are read in about three seconds). The worker refuses more in words of its own."""
BLEND_STARTS = (b"BLENDER", b"\x28\xb5\x2f\xfd")
"""An uncompressed and a compressed .blend file."""


class Unacceptable(ValueError):
    """What came out of the jail is not what a job may hand out; the text says what and where."""


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MaterialEntry(_Border):
    """Factors of glTF; values outside [0, 1] are clipped where they are used."""

    name: str = Field(max_length=256)
    base: tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]
    metallic: FiniteFloat
    roughness: FiniteFloat
    emission: tuple[FiniteFloat, FiniteFloat, FiniteFloat]


class ObjectEntry(_Border):
    name: str = Field(max_length=256)
    vertices: int = Field(ge=1)
    triangles: int = Field(ge=1)
    uv: bool
    materials: tuple[MaterialEntry, ...] = Field(min_length=1, max_length=MATERIALS)

    @property
    def size(self) -> int:
        return self.vertices * 12 + self.triangles * (12 + 36 + (24 if self.uv else 0) + 2)


class Header(_Border):
    kind: Literal["ran", "empty", "raised", "memory", "output"]
    message: str = Field(default="", max_length=4000)
    line: int | None = Field(default=None, ge=1)
    objects: tuple[ObjectEntry, ...] = ()
    blend: int = Field(default=0, ge=0)

    @property
    def size(self) -> int:
        """Bytes that follow the header."""
        return sum(one.size for one in self.objects) + self.blend


@dataclass(frozen=True, eq=False)
class Solid:
    """One mesh object: finite numbers, corners in range. World frame, metres, z up.

    vertices : (N, 3) float32; corners : (T, 3) int32; normals : (T, 3, 3) float32, unit length
    uv : (T, 3, 2) float32 or None; numbers : (T,) uint16 into materials
    """

    name: str
    vertices: np.ndarray
    corners: np.ndarray
    normals: np.ndarray
    uv: np.ndarray | None
    numbers: np.ndarray
    materials: tuple[MaterialEntry, ...]


def read_header(text: bytes, limits: Limits, *, blend: bool) -> Header:
    """The header, and that what it announces keeps to the limits. Raises Unacceptable."""
    try:
        header = Header.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole"
        raise Unacceptable(f"its result cannot be read ({where}: {first['msg']})") from error
    if (header.kind == "ran") != bool(header.objects) or (header.blend and not (blend and header.objects)):
        raise Unacceptable(f"its result contradicts itself: {header.kind!r} with {len(header.objects)} objects")
    for count, most, what in (
        (len(header.objects), limits.objects, "objects"),
        (sum(one.vertices for one in header.objects), limits.vertices, "vertices"),
        (sum(one.triangles for one in header.objects), limits.triangles, "triangles"),
        (sum(len(one.materials) for one in header.objects), MATERIALS_TOGETHER, "materials"),
        (header.blend, limits.blend_bytes, "bytes of .blend"),
    ):
        if count > most:
            raise Unacceptable(f"{count:,} {what}, at most {most:,} are allowed")
    return header


def read_solids(header: Header, payload: bytes | bytearray) -> tuple[tuple[Solid, ...], bytes]:
    """(one solid per object, the .blend). payload : exactly `header.size` bytes. Raises Unacceptable."""
    solids: list[Solid] = []
    names: set[str] = set()
    start = 0
    for one in header.objects:
        name = _name(one.name, names)

        def take(shape: tuple[int, ...], kind: str) -> np.ndarray:
            nonlocal start
            count = int(np.prod(shape))
            array = np.frombuffer(payload, dtype=kind, count=count, offset=start).reshape(shape)
            start += array.nbytes
            return array

        vertices, corners = take((one.vertices, 3), "<f4"), take((one.triangles, 3), "<i4")
        normals = take((one.triangles, 3, 3), "<f4")
        uv = take((one.triangles, 3, 2), "<f4") if one.uv else None
        numbers = take((one.triangles,), "<u2")
        _finite(vertices, "vertices", name)
        if uv is not None:
            _finite(uv, "uv coordinates", name)
        if np.abs(vertices).max() > REACH:
            raise Unacceptable(f"mesh {name!r} reaches {np.abs(vertices).max():.3g} m from the origin, "
                               f"at most {REACH:.0e}")
        if corners.min() < 0 or corners.max() >= one.vertices:
            raise Unacceptable(f"mesh {name!r} has a corner outside its {one.vertices} vertices")
        if numbers.max() >= len(one.materials):
            raise Unacceptable(f"mesh {name!r} names material {numbers.max()} of {len(one.materials)}")
        solids.append(Solid(name, vertices, corners, _unit(normals, vertices[corners]), uv, numbers, one.materials))
    blend = bytes(payload[start:])
    if blend and not blend.startswith(BLEND_STARTS):
        raise Unacceptable("its .blend file is none")
    return tuple(solids), blend


def _name(text: str, taken: set[str]) -> str:
    """The name without control characters; a second one of the same name gets a number, as in Blender."""
    plain = "".join(letter for letter in text if letter.isprintable()).strip()[:64] or "object"
    name, number = plain, 0
    while name in taken:
        number += 1
        name = f"{plain}.{number:03d}"
    taken.add(name)
    return name


def _finite(array: np.ndarray, what: str, name: str) -> None:
    bad = int((~np.isfinite(array).all(axis=-1)).sum())
    if bad:
        raise Unacceptable(f"mesh {name!r} has {bad:,} {what} that are not finite numbers")


def _unit(normals: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Unit normals; where one is not usable, the triangle's own, and straight up for a triangle without area."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(normals.astype(np.float64), axis=-1, keepdims=True)
        good = np.isfinite(lengths) & (lengths > 1e-6)
        unit = np.where(good, normals / np.where(good, lengths, 1.0), 0.0)
    if not good.all():
        flat = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]).astype(np.float64)
        length = np.linalg.norm(flat, axis=-1, keepdims=True)
        flat = np.where(length > 0, flat / np.where(length > 0, length, 1.0), (0.0, 0.0, 1.0))
        unit = np.where(good, unit, flat[:, None, :])
    return unit.astype(np.float32)
