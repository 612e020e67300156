"""Solid overlap: how much of a reference's space an object fills, by boxes, by voxels, and exactly (IoGT; ours).

Paper: "IoGT", with no definition. Ours: |P and Q| / |Q| of prediction P and reference Q, three ways, and IoU beside
each, because IoGT rewards over-filling. An object's space is the union of its loose pieces: overlaps count once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.mesh import ObjectMesh, PartMesh

VOXELS = 64
"""Cubes along the longest side ("64^3 voxels"; paper silent)."""
DIGITS = 6

Vector = np.ndarray


@dataclass(frozen=True)
class Figure:
    """value, rounded to 1e-6, nan where it could not be measured; reason : why not, or what to know about it"""

    value: float
    reason: str = ""


def box_overlap(predicted: ObjectMesh, reference: ObjectMesh) -> tuple[Figure, Figure]:
    """IoGT and IoU of the boxes around both, where they stand; flat boxes have no volume, and no figure."""
    p, q = predicted.bounds, reference.bounds
    common = float(np.clip(np.minimum(p[1], q[1]) - np.maximum(p[0], q[0]), 0.0, None).prod())
    return _overlap(common, float((p[1] - p[0]).prod()), float((q[1] - q[0]).prod()))


def voxel_overlap(predicted: ObjectMesh, reference: ObjectMesh, *, voxels: int = VOXELS) -> tuple[Figure, Figure]:
    """IoGT and IoU of cubes in a grid with so many along the longest side of the box around both, see `filled`."""
    low = np.minimum(predicted.bounds[0], reference.bounds[0])
    high = np.maximum(predicted.bounds[1], reference.bounds[1])
    side = float((high - low).max()) / voxels
    # Half a voxel of rounding apart, so that a side that is a whole number of voxels stays one.
    counts = np.maximum(1, np.ceil((high - low) / side - 1e-6)).astype(int)
    p, q = (filled(one, low, side, tuple(counts)) for one in (predicted, reference))
    iogt, iou = _overlap(*(float(np.count_nonzero(one)) for one in (p[0] & q[0], p[0], q[0])))
    said = "; ".join(f"{who}: {words}" for who, words in (("prediction", p[1]), ("reference", q[1])) if words)
    return (Figure(iogt.value, _and(iogt.reason, said)), Figure(iou.value, _and(iou.reason, said)))


def exact_overlap(predicted: ObjectMesh, reference: ObjectMesh) -> tuple[Figure, Figure]:
    """IoGT and IoU of solids by boolean operations; nan where a loose piece of either is not closed."""
    try:
        p, q = _solid(predicted, "prediction"), _solid(reference, "reference")
    except (ConfigurationError, MissingCapability) as error:
        missing = Figure(math.nan, str(error))
        return missing, missing
    return _overlap(*(max(0.0, float(one.volume())) for one in (p ^ q, p, q)))


def filled(mesh: ObjectMesh, low: Vector, side: float, counts: tuple[int, ...]) -> tuple[np.ndarray, str]:
    """(X, Y, Z) bool: the voxels that a mesh fills, and what to know about it.

    A closed loose piece fills the voxels whose centres lie inside it, less its cavities. An open one fills those that
    its surface meets, and the hollows that these shut off; how many there were is told.
    """
    from scipy.ndimage import binary_fill_holes

    inside = np.zeros(counts, dtype=bool)
    shell = np.zeros(counts, dtype=bool)
    opened = 0
    for part in mesh.parts:
        bodies, sheets = _bodies(part)
        opened += len(sheets)
        for body in bodies:
            space = _columns(body.outside, low, side, counts)
            for cavity in body.cavities:
                space &= ~_columns(cavity, low, side, counts)
            inside |= space
        for sheet in sheets:
            at = np.floor((_dense(sheet, side / 2) - low) / side).astype(int)
            shell[tuple(np.clip(at, 0, np.array(counts) - 1).T)] = True
    if opened:
        inside |= binary_fill_holes(shell)
    return inside, f"{opened} open pieces as shells" if opened else ""


@dataclass(frozen=True)
class _Body:
    """outside : a closed piece; cavities : those closed pieces of the same part that bound a hollow inside it"""

    outside: PartMesh
    cavities: tuple[PartMesh, ...]


def _bodies(part: PartMesh) -> tuple[list[_Body], list[PartMesh]]:
    """The closed loose pieces of a part as bodies, and the open ones.

    A piece that is turned inside out bounds a hollow where the box of a larger, rightly turned one holds its box;
    elsewhere its faces were the wrong way around, and it is a body.
    """
    pieces = part.split()
    closed = [(piece, piece.volume) for piece in pieces]
    sound = [(piece, volume) for piece, volume in closed if volume is not None]
    hollow: dict[int, list[PartMesh]] = {}
    outer: list[PartMesh] = []
    for piece, volume in sound:
        low, high = piece.bounds
        around = [index for index, (other, size) in enumerate(sound) if volume < 0 < size + volume
                  and (other.bounds[0] < low).all() and (high < other.bounds[1]).all()]
        if around:
            for index in around:
                hollow.setdefault(id(sound[index][0]), []).append(piece)
        else:
            outer.append(piece)
    return ([_Body(piece, tuple(hollow.get(id(piece), ()))) for piece in outer],
            [piece for piece, volume in closed if volume is None])


def _columns(piece: PartMesh, low: Vector, side: float, counts: tuple[int, ...]) -> np.ndarray:
    """(X, Y, Z) bool: centres around which a closed surface winds, by its crossings of the columns' axes along z."""
    steps = np.zeros((counts[0], counts[1], counts[2] + 1), dtype=np.int32)
    _compiled()((piece.triangles - low) / side - 0.5, steps)  # centres lie on whole numbers
    return np.cumsum(steps, axis=2)[:, :, :-1] != 0


def _cross(triangles: np.ndarray, steps: np.ndarray) -> None:
    """Add to steps (X, Y, Z + 1) by how much the winding number changes from one centre of a column to the next.

    triangles : (F, 3, 3), centres on whole numbers. A column on an edge belongs to one of the edge's two triangles: if
    one lies above the other, as at the rim of a body, to both or to none.
    """
    for face in range(triangles.shape[0]):
        tri = triangles[face]
        area = (tri[1, 0] - tri[0, 0]) * (tri[2, 1] - tri[0, 1]) - (tri[1, 1] - tri[0, 1]) * (tri[2, 0] - tri[0, 0])
        if area == 0.0:
            continue
        sign = 1.0 if area > 0.0 else -1.0
        left = max(0, math.ceil(min(tri[0, 0], tri[1, 0], tri[2, 0])))
        right = min(steps.shape[0] - 1, math.floor(max(tri[0, 0], tri[1, 0], tri[2, 0])))
        lower = max(0, math.ceil(min(tri[0, 1], tri[1, 1], tri[2, 1])))
        upper = min(steps.shape[1] - 1, math.floor(max(tri[0, 1], tri[1, 1], tri[2, 1])))
        for x in range(left, right + 1):
            for y in range(lower, upper + 1):
                total, height, hit = 0.0, 0.0, True
                for corner in range(3):
                    start, end = (corner + 1) % 3, (corner + 2) % 3
                    flip = tri[end, 0] < tri[start, 0] or (
                        tri[end, 0] == tri[start, 0] and tri[end, 1] < tri[start, 1])
                    u, v = (end, start) if flip else (start, end)
                    across = (tri[v, 0] - tri[u, 0]) * (y - tri[u, 1]) - (tri[v, 1] - tri[u, 1]) * (x - tri[u, 0])
                    if flip:
                        across = -across
                    across *= sign
                    if across < 0.0 or (across == 0.0 and flip != (sign > 0.0)):
                        hit = False
                        break
                    total += across
                    height += across * tri[corner, 2]
                if hit and total > 0.0:
                    first = min(max(math.ceil(height / total), 0), steps.shape[2] - 1)
                    steps[x, y, first] += 1 if sign > 0.0 else -1


@functools.cache
def _compiled() -> Callable[..., Any]:
    try:
        import numba
    except ImportError:
        raise MissingCapability("the package numba, which fills voxels", came="none", where="shapecraft.solid_overlap",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
    return numba.njit(nogil=True)(_cross)


def _dense(piece: PartMesh, spacing: float) -> np.ndarray:
    """(S, 3) points on the triangles, at most about `spacing` apart."""
    longest = np.linalg.norm(piece.triangles - np.roll(piece.triangles, 1, axis=1), axis=-1).max(axis=1)
    found = []
    for corners, length in zip(piece.triangles, longest, strict=True):
        count = max(1, math.ceil(length / spacing))
        i, j = np.nonzero(np.tri(count + 1, dtype=bool)[::-1])
        a, b = i / count, j / count
        found.append(corners[0] + a[:, None] * (corners[1] - corners[0]) + b[:, None] * (corners[2] - corners[0]))
    return np.concatenate(found)


def _solid(mesh: ObjectMesh, who: str) -> Any:
    """The union of all loose pieces, as a Manifold."""
    try:
        from manifold3d import Error, Manifold, Mesh64, OpType
    except ImportError:
        raise MissingCapability("the package manifold3d, which intersects solids", came="none", where=who,
                                mend="Install the extra 'lab'.") from None
    def solid(piece: PartMesh, where: str) -> Any:
        faces = piece.faces if (piece.volume or 0.0) >= 0 else piece.faces[:, ::-1]
        made = Manifold(Mesh64(np.array(piece.vertices), np.array(faces, dtype=np.uint64, order="C")))
        if made.status() != Error.NoError:
            raise ConfigurationError("solid pieces", came=str(made.status()), where=where)
        return made

    solids = []
    for part in mesh.parts:
        where = f"{who}, part {part.name!r}"
        bodies, sheets = _bodies(part)
        if sheets:
            raise ConfigurationError("closed pieces", where=where, came=f"{len(sheets)} open ones, the first with "
                                     f"{sheets[0].topology.open_edges} open edges")
        for body in bodies:
            made = solid(body.outside, where)
            for cavity in body.cavities:
                made -= solid(cavity, where)
            solids.append(made)
    return Manifold.batch_boolean(solids, OpType.Add)


def _overlap(common: float, p: float, q: float) -> tuple[Figure, Figure]:
    """IoGT and IoU of sizes; nan where the reference has none."""
    if q <= 0:
        missing = Figure(math.nan, "the reference fills nothing")
        return missing, missing
    reason = "" if p > 0 else "the prediction fills nothing"
    return rounded(common / q, reason), rounded(common / (p + q - common), reason)


def rounded(value: float, reason: str = "") -> Figure:
    """The value to six digits."""
    return Figure(round(float(value), DIGITS) + 0.0, reason)


def _and(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
