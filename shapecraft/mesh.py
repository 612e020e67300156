"""Meshes: an object as named triangle parts, measured (ShapeCraft, section 3: parts are joined, never fused).

World frame as in `easel.cameras`: metres, right-handed, +x right, +y away from the viewer, +z up. Blender and glTF
store a vertex once for every normal or uv that meets there; whatever asks how triangles hang together welds vertices
that lie at exactly the same place first.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.checked_arrays import numbers, places
from shapecraft.materials import GREY, NO_GLOW, FlatMaterial, merged

CREASE_DEG = 35.0
"""Sharper edges stay edges where a file brings no normals (ours: Blender's 30, and a cylinder of 12 sides is round)."""
_DIGITS = 6  # of a coordinate in `key`, metres: a micrometre decides nothing
_FLAT = 1e-14  # twice the area, as a share of the squared extent, below which a triangle has no direction


@dataclass(frozen=True)
class Topology:
    """How the welded triangles of a part hang together; triangles without area count in `degenerate` only.

    closed : every edge is walked equally often both ways, so that the surface has an inside and a volume
    manifold : closed, and every edge belongs to exactly two triangles
    open_edges : edges of one triangle; crowded_edges : edges of more than two
    loose_parts : pieces that share no vertex; degenerate : triangles without area
    """

    closed: bool
    manifold: bool
    open_edges: int
    crowded_edges: int
    loose_parts: int
    degenerate: int


@dataclass(frozen=True, eq=False)
class PartMesh:
    """One named part; arrays are copied and made read-only.

    name : as the graph has it, not empty
    vertices : (N, 3) float64, metres, world frame
    faces : (F, 3) int32 in [0, N), counter-clockwise seen from outside
    uv : (F, 3, 2) float64 or None; a pair a corner, u to the right, v up (Blender's; glTF counts v downwards)
    normals : (F, 3, 3) float64 or None; unit vectors a corner as the file has them
    base_colour, roughness, metallic, emission : material 0, see `FlatMaterial`
    further : materials 1, 2, ...; material_of : (F,) int32 number of each face's material, or None where all have 0

    Raises ConfigurationError for other shapes, indices outside, and numbers that are nan or infinite, naming the part.
    """

    name: str
    vertices: np.ndarray
    faces: np.ndarray
    uv: np.ndarray | None = None
    normals: np.ndarray | None = None
    base_colour: tuple[float, float, float] = GREY
    roughness: float = 0.5
    metallic: float = 0.0
    emission: tuple[float, float, float] = NO_GLOW
    further: tuple[FlatMaterial, ...] = ()
    material_of: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ConfigurationError("a part with a name", came=repr(self.name), where="PartMesh")
        where = f"part {self.name!r}"
        vertices = numbers(self.vertices, (None, 3), "vertices", where)
        corners = np.asarray(self.faces)
        if corners.size == 0:
            corners = np.zeros((0, 3), dtype=np.int32)
        if corners.ndim != 2 or corners.shape[1] != 3 or corners.dtype.kind not in "iu":
            raise ConfigurationError("faces of shape (F, 3), whole numbers", where=where,
                                     came=f"shape {corners.shape}, {corners.dtype}")
        if corners.size and not 0 <= corners.min() <= corners.max() < len(vertices):
            raise ConfigurationError(f"corners from 0 to {len(vertices) - 1}", where=where,
                                     came=f"{corners.min()} to {corners.max()}")
        faces = corners.astype(np.int32)
        faces.flags.writeable = False
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)
        for field, width in (("uv", 2), ("normals", 3)):
            if getattr(self, field) is not None:
                object.__setattr__(self, field, numbers(getattr(self, field), (len(faces), 3, width), field, where))
        try:
            first = FlatMaterial(self.base_colour, self.metallic, self.roughness, self.emission)
        except ConfigurationError as error:
            raise ConfigurationError(error.expected, came=error.came, where=where) from None
        object.__setattr__(self, "base_colour", first.base_colour)
        object.__setattr__(self, "emission", first.emission)
        object.__setattr__(self, "further", tuple(self.further))
        if self.material_of is not None:
            object.__setattr__(self, "material_of", places(self.material_of, len(faces), len(self.materials), where))

    @property
    def materials(self) -> tuple[FlatMaterial, ...]:
        """The table that `material_of` counts in."""
        return (FlatMaterial(self.base_colour, self.metallic, self.roughness, self.emission), *self.further)

    @cached_property
    def triangles(self) -> np.ndarray:
        """(F, 3, 3) float64: face, corner, x y z"""
        return self.vertices[self.faces]

    @property
    def bounds(self) -> np.ndarray:
        """(2, 3) lowest and highest corner of the box around all triangles. Raises ConfigurationError without any."""
        return ObjectMesh((self,)).bounds

    @cached_property
    def area(self) -> float:
        """Square metres, both sides of a sheet counted once."""
        return float(self.face_areas.sum())

    @cached_property
    def face_areas(self) -> np.ndarray:
        """(F,) square metres"""
        return np.linalg.norm(self._crosses, axis=1) / 2

    @cached_property
    def volume(self) -> float | None:
        """Cubic metres; negative for a surface turned inside out, None for one that is not closed.

        Where pieces of the part overlap, the overlap counts twice.
        """
        if not len(self.faces) or not self.topology.closed:
            return None
        a, b, c = np.moveaxis(self.triangles - self.bounds.mean(axis=0), 1, 0)
        return float(np.einsum("fi,fi->", a, np.cross(b, c)) / 6)

    @cached_property
    def topology(self) -> Topology:
        sound = self._sound
        corners = self.welded[1][sound]
        directed = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
        low = directed.min(axis=1).astype(np.int64)
        edges, index = np.unique(low * (len(self.vertices) + 1) + directed.max(axis=1), return_inverse=True)
        counts = np.bincount(index, minlength=len(edges))
        balance = np.bincount(index, weights=np.where(directed[:, 0] == low, 1.0, -1.0), minlength=len(edges))
        closed = bool(len(corners)) and not balance.any()
        return Topology(
            closed=closed, manifold=closed and bool((counts == 2).all()), open_edges=int((counts == 1).sum()),
            crowded_edges=int((counts > 2).sum()), degenerate=int((~sound).sum()),
            loose_parts=len(np.unique(self.pieces[sound])),
        )

    @cached_property
    def welded(self) -> tuple[np.ndarray, np.ndarray]:
        """(points (W, 3), corners (F, 3) int64 into them): vertices at exactly one place are one."""
        points, index = np.unique(self.vertices + 0.0, axis=0, return_inverse=True)
        return points, index.reshape(-1)[self.faces].reshape(-1, 3)

    @cached_property
    def pieces(self) -> np.ndarray:
        """(F,) int: which loose piece a triangle belongs to, numbered by its first triangle."""
        corners = self.welded[1]
        if not len(corners):
            return np.zeros(0, dtype=np.int64)
        links = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]]])
        labels = _components(len(self.welded[0]), links)[corners[:, 0]]
        _, first, index = np.unique(labels, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[index.reshape(-1)]

    def split(self) -> tuple[PartMesh, ...]:
        """The loose pieces as parts of material 0, vertices welded; no triangles without area, no uv, no normals."""
        corners, labels = self.welded[1][self._sound], self.pieces[self._sound]
        order = np.argsort(labels, kind="stable")
        found = []
        for chunk in np.split(corners[order], np.flatnonzero(np.diff(labels[order])) + 1):
            kept, index = np.unique(chunk, return_inverse=True)
            if len(chunk):
                found.append(replace(self, vertices=self.welded[0][kept], faces=index.reshape(-1, 3), uv=None,
                                     normals=None, material_of=None))
        return tuple(found)

    @cached_property
    def face_normals(self) -> np.ndarray:
        """(F, 3) unit vectors, outwards; zero for a triangle without area."""
        lengths = np.linalg.norm(self._crosses, axis=1, keepdims=True)
        return np.where(self._sound[:, None], self._crosses / np.where(lengths > 0, lengths, 1.0), 0.0)

    @cached_property
    def corner_normals(self) -> np.ndarray:
        """(F, 3, 3) unit vectors: the file's, or, without them, means by angle over faces joined by edges duller than
        CREASE_DEG; zero at triangles without area. Raises MissingCapability without scipy."""
        if self.normals is not None:
            return self.normals
        corners, flat = self.welded[1], self.face_normals
        face = np.repeat(np.arange(len(corners)), 3)
        slot = np.tile(np.arange(3), len(corners))
        start, end = corners[face, slot], corners[face, (slot + 1) % 3]
        code = np.minimum(start, end) * (len(self.welded[0]) + 1) + np.maximum(start, end)
        order = np.argsort(code, kind="stable")
        one, two = order[:-1], order[1:]
        meet = (code[one] == code[two]) & (
            np.einsum("ei,ei->e", flat[face[one]], flat[face[two]]) >= math.cos(math.radians(CREASE_DEG)))
        one, two = one[meet], two[meet]

        def corner(edge: np.ndarray, at: np.ndarray) -> np.ndarray:
            """Number of the corner of the edge's face at a vertex, 3 * face + slot."""
            first = face[edge] * 3 + slot[edge]
            return np.where(start[edge] == at, first, face[edge] * 3 + (slot[edge] + 1) % 3)

        links = np.concatenate([np.stack([corner(one, at), corner(two, at)], axis=1) for at in (start[one], end[one])])
        group = _components(3 * len(corners), links)
        sums = np.zeros((3 * len(corners), 3))
        np.add.at(sums, group, (self._angles[..., None] * flat[:, None]).reshape(-1, 3))
        mean = sums[group].reshape(-1, 3, 3)
        lengths = np.linalg.norm(mean, axis=-1, keepdims=True)
        return np.where(lengths > 1e-9, mean / np.where(lengths > 1e-9, lengths, 1.0), flat[:, None])

    @cached_property
    def key(self) -> str:
        """Hex SHA-256 of name, triangles to a micrometre, uv, material: equal keys look equal."""
        digest = hashlib.sha256(f"{self.name}|{self.base_colour}|{self.roughness}|{self.metallic}".encode())
        if self.emission != NO_GLOW:
            digest.update(f"|glows {self.emission}".encode())
        if self.material_of is not None and self.material_of.any():
            digest.update(f"|{self.further}".encode() + self.material_of.astype("<i4").tobytes())
        for array, digits in ((self.triangles, _DIGITS), (self.uv, _DIGITS), (self.normals, 4)):
            digest.update(b"-" if array is None else (np.round(array, digits) + 0.0).astype("<f8").tobytes())
        return digest.hexdigest()

    @cached_property
    def _crosses(self) -> np.ndarray:
        a, b, c = np.moveaxis(self.triangles, 1, 0)
        return np.cross(b - a, c - a)

    @cached_property
    def _sound(self) -> np.ndarray:
        """(F,) bool: has an area."""
        if not len(self.faces):
            return np.zeros(0, dtype=bool)
        return np.linalg.norm(self._crosses, axis=1) > _FLAT * np.ptp(self.triangles.reshape(-1, 3), axis=0).max() ** 2

    @cached_property
    def _angles(self) -> np.ndarray:
        """(F, 3) radians at the corners."""
        ahead = np.roll(self.triangles, -1, axis=1) - self.triangles
        behind = np.roll(self.triangles, 1, axis=1) - self.triangles
        across = np.linalg.norm(np.cross(ahead, behind), axis=-1)
        return np.arctan2(across, np.einsum("fki,fki->fk", ahead, behind))


@dataclass(frozen=True, eq=False)
class ObjectMesh:
    """Parts in order; a part's number is its place here. Names differ.

    Raises ConfigurationError without parts, and for a name that stands twice.
    """

    parts: tuple[PartMesh, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        twice = {name for name in self.names if self.names.count(name) > 1}
        if not self.parts or twice:
            raise ConfigurationError("at least one part, every name once", where="ObjectMesh",
                                     came=f"{len(self.parts)} parts, twice: {sorted(twice)}")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(part.name for part in self.parts)

    @cached_property
    def vertices(self) -> np.ndarray:
        """(N, 3) float64 of all parts, in order"""
        return np.concatenate([part.vertices for part in self.parts])

    @cached_property
    def faces(self) -> np.ndarray:
        """(F, 3) int32 into `vertices`, of all parts, in order"""
        starts = np.cumsum([0, *(len(part.vertices) for part in self.parts)])
        return np.concatenate([part.faces + start for part, start in zip(self.parts, starts, strict=False)]).astype(
            np.int32)

    @cached_property
    def triangles(self) -> np.ndarray:
        """(F, 3, 3) float64 of all parts, in order"""
        return self.vertices[self.faces]

    @cached_property
    def part_of(self) -> np.ndarray:
        """(F,) int32 the part's place"""
        return np.repeat(np.arange(len(self.parts), dtype=np.int32), [len(part.faces) for part in self.parts])

    @cached_property
    def face_of(self) -> np.ndarray:
        """(F,) int32 the face's place in its part"""
        return np.concatenate([np.arange(len(part.faces), dtype=np.int32) for part in self.parts])

    @cached_property
    def materials(self) -> tuple[FlatMaterial, ...]:
        """Of all parts, in order."""
        return tuple(one for part in self.parts for one in part.materials)

    @cached_property
    def material_of(self) -> np.ndarray:
        """(F,) int32 place in `materials`"""
        starts = np.cumsum([0, *(len(part.materials) for part in self.parts)])
        rows = [_numbered(part) + start for part, start in zip(self.parts, starts, strict=False)]
        return np.concatenate(rows).astype(np.int32)

    @cached_property
    def corner_normals(self) -> np.ndarray:
        """(F, 3, 3) of all parts, see `PartMesh.corner_normals`"""
        return np.concatenate([part.corner_normals for part in self.parts])

    @cached_property
    def flat_normals(self) -> np.ndarray:
        """(F, 3, 3) the face's own normal at each corner"""
        return np.repeat(np.concatenate([part.face_normals for part in self.parts])[:, None], 3, axis=1)

    @cached_property
    def uv(self) -> np.ndarray:
        """(F, 3, 2); nan on parts without uv"""
        return np.concatenate([np.full((len(part.faces), 3, 2), np.nan) if part.uv is None else part.uv
                               for part in self.parts])

    @cached_property
    def bounds(self) -> np.ndarray:
        """(2, 3) lowest and highest corner of the box around all triangles. Raises ConfigurationError without any."""
        points = self.triangles.reshape(-1, 3)
        if not len(points):
            raise ConfigurationError("at least one triangle", came="none", where=", ".join(self.names))
        return np.stack([points.min(axis=0), points.max(axis=0)])

    @property
    def area(self) -> float:
        """Square metres"""
        return sum(part.area for part in self.parts)

    @cached_property
    def key(self) -> str:
        """Hex SHA-256 over the keys of the parts, in order."""
        return hashlib.sha256("|".join(part.key for part in self.parts).encode()).hexdigest()

    def joined(self, name: str) -> PartMesh:
        """All triangles as one part, with their materials: the one with the largest area is material 0, the first of
        equals. uv and normals stay where every part has them."""
        uv, normals = [part.uv for part in self.parts], [part.normals for part in self.parts]
        (first, *further), order = merged([part.materials for part in self.parts],
                                            [_numbered(part) for part in self.parts],
                                            [part.face_areas for part in self.parts])
        return PartMesh(
            name, self.vertices, self.faces, uv=_all_or_none(uv), normals=_all_or_none(normals),
            base_colour=first.base_colour, roughness=first.roughness, metallic=first.metallic, emission=first.emission,
            further=tuple(further), material_of=order if further else None,
        )


def assembled(parts: Iterable[tuple[str, ObjectMesh]]) -> ObjectMesh:
    """One object from what every component's program made: (component's name, all its meshes), in order."""
    return ObjectMesh(tuple(made.joined(name) for name, made in parts))


def _numbered(part: PartMesh) -> np.ndarray:
    """(F,) int32"""
    return np.zeros(len(part.faces), dtype=np.int32) if part.material_of is None else part.material_of


def _all_or_none(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
    there = [array for array in arrays if array is not None]
    return np.concatenate(there) if len(there) == len(arrays) else None


def _components(count: int, links: np.ndarray) -> np.ndarray:
    """(count,) int labels of what hangs together by links (L, 2)."""
    try:
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components
    except ImportError:
        raise MissingCapability("the package scipy, which finds what hangs together", came="none",
                                where="shapecraft.mesh",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
    graph = coo_matrix((np.ones(len(links), dtype=bool), (links[:, 0], links[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1]
