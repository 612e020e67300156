"""Mesh metrics: how much of a reference's space an object fills, and how far apart their surfaces are.

Paper: IoGT and Hausdorff distance, with no definition of either. Ours, because definitions in the literature differ:
- Both shapes are scaled to a longest side of 1 and centred; the prediction is turned by the best of four quarter turns
  about z (least Chamfer distance; none where the others gain less than a sample's noise).
- IoGT = |P and Q| / |Q| of prediction P and reference Q, three ways: of the boxes around them, of 64^3 voxels, and
  exact by boolean operations on solids. It rewards over-filling, so that IoU = |P and Q| / |P or Q| stands beside each.
- Distances are between 8,192 seeded, area-weighted points of each surface, after a rigid fit (ICP) in either direction,
  the better of which counts; a fit that makes the Chamfer distance larger is not taken. Two samples of one surface
  of area A lie about 0.5 sqrt(A / 8192) apart: 0.013 for a unit cube. Smaller distances say nothing.
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

POINTS = 8192
"""Points of each surface ("8,192 seeded area-weighted points"; paper silent)."""
THRESHOLD = 0.05
"""Distance within which a point counts as met, F-score (ours, of the longest side: at 0.02, common elsewhere, two
samples of one unit cube already miss a fifth of each other)."""
VOXELS = 64
FARTHEST = math.sqrt(3.0)
"""Distance told of a shape that is not there: none inside a cube of side 1 is farther from another (ours)."""
DIGITS = 6
_STEPS = 30  # of ICP, at most
_NOISE = 2e-3  # by which a quarter turn must be nearer than none: two samples of one shape differ by less

Vector = np.ndarray


@dataclass(frozen=True)
class Figure:
    """value, rounded to 1e-6, nan where it could not be measured; reason : why not, or what to know about it"""

    value: float
    reason: str = ""


@dataclass(frozen=True)
class ShapeFigures:
    """Of one prediction against one reference, both scaled. IoGT and IoU in [0, 1]; distances are shares of the longest
    side; chamfer : mean of both mean distances, not squared; fscore : at THRESHOLD; yaw_deg : the quarter turn taken
    failed : why the prediction is none, "" for one that is

    A prediction that is missing or broken has the worst value and the reason, so that it stays in every mean; what is
    nan could not be measured of a sound one, and says why.
    """

    iogt_box: Figure
    iogt_voxel: Figure
    iogt_exact: Figure
    iou_box: Figure
    iou_voxel: Figure
    iou_exact: Figure
    hausdorff: Figure
    chamfer: Figure
    fscore: Figure
    yaw_deg: int = 0
    failed: str = ""


def compare(
    predicted: ObjectMesh | None, reference: ObjectMesh, *, seed: int = 0, points: int = POINTS, voxels: int = VOXELS,
    align: bool = True, fit: bool = True,
) -> ShapeFigures:
    """All figures of a prediction; None, or a mesh without area, is a prediction that failed.

    align : try four quarter turns; fit : then ICP, for the distances only, because boxes do not stand askew
    Raises ConfigurationError for a reference without area: that is the data's fault, and no figure.
    MissingCapability without scipy. Without manifold3d the exact figures are nan, and say so.
    """
    target = _scaled(reference)
    if target is None:
        raise ConfigurationError("a reference with an area", came="none", where=", ".join(reference.names)[:80])
    shape = None if predicted is None else _scaled(predicted)
    if shape is None:
        why = "no mesh" if predicted is None else "a mesh without area or extent"
        none, far = Figure(0.0, why), Figure(FARTHEST, why)
        return ShapeFigures(none, none, none, none, none, none, far, far, none, failed=why)
    clouds = [sampled(one, points, seed=seed) for one in (shape, target)]
    turns = range(4) if align else range(1)
    near = [round(_chamfer(_quarter(clouds[0], turn), clouds[1]), 9) for turn in turns]
    turn = 0 if near[0] <= min(near) + _NOISE else int(np.argmin(near))
    turned = _turned(shape, turn)
    boxes, grid, solids = box_overlap(turned, target), voxel_overlap(turned, target, voxels=voxels), \
        exact_overlap(turned, target)
    far, mean, met = distances(_quarter(clouds[0], turn), clouds[1], fit=fit)
    return ShapeFigures(boxes[0], grid[0], solids[0], boxes[1], grid[1], solids[1], far, mean, met, 90 * turn)


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

    A closed loose piece fills the voxels whose centres lie inside it. An open one fills those that its surface meets,
    and the hollows that these shut off; how many there were is told.
    """
    from scipy.ndimage import binary_fill_holes

    inside = np.zeros(counts, dtype=bool)
    shell = np.zeros(counts, dtype=bool)
    opened = 0
    for part in mesh.parts:
        for piece in part.split():
            if piece.topology.closed:
                inside |= _columns(piece, low, side, counts)
            else:
                opened += 1
                at = np.floor((_dense(piece, side / 2) - low) / side).astype(int)
                shell[tuple(np.clip(at, 0, np.array(counts) - 1).T)] = True
    if opened:
        inside |= binary_fill_holes(shell)
    return inside, f"{opened} open pieces as shells" if opened else ""


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
        raise MissingCapability("the package numba, which fills voxels", came="none", where="shapecraft.mesh_metrics",
                                mend="Install the extra 'lab' (`make test` does).") from None
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
    solids = []
    for part in mesh.parts:
        for piece in part.split():
            where = f"{who}, part {part.name!r}"
            if not piece.topology.closed:
                raise ConfigurationError("closed pieces", where=where,
                                         came=f"one with {piece.topology.open_edges} open edges")
            faces = piece.faces if (piece.volume or 0.0) >= 0 else piece.faces[:, ::-1]
            solid = Manifold(Mesh64(np.array(piece.vertices), np.array(faces, dtype=np.uint64, order="C")))
            if solid.status() != Error.NoError:
                raise ConfigurationError("solid pieces", came=str(solid.status()), where=where)
            solids.append(solid)
    return Manifold.batch_boolean(solids, OpType.Add)


def sampled(mesh: ObjectMesh, count: int = POINTS, *, seed: int = 0) -> np.ndarray:
    """(count, 3) points on the surface, area-weighted; the same for the same triangles and seed.

    Stratified along the triangles' areas, so that every triangle has its share to within one point.
    """
    triangles = mesh.triangles
    areas = np.concatenate([part.face_areas for part in mesh.parts])
    rng = np.random.default_rng(seed)
    ends = np.cumsum(areas)
    at = (np.arange(count) + rng.random(count)) / count * ends[-1]
    a, b, c = np.moveaxis(triangles[np.minimum(np.searchsorted(ends, at, side="right"), len(areas) - 1)], 1, 0)
    root, share = np.sqrt(rng.random((count, 1))), rng.random((count, 1))
    return (1 - root) * a + root * (1 - share) * b + root * share * c


def distances(p: np.ndarray, q: np.ndarray, *, fit: bool = True, threshold: float = THRESHOLD) -> tuple[
        Figure, Figure, Figure]:
    """Hausdorff and Chamfer distance and F-score of two clouds (N, 3), (M, 3); symmetric.

    fit : first ICP of p to q and of q to p; of no fit, and both, the one with the least Chamfer distance counts
    """
    ways = [_both(p, q)]
    if fit:
        ways += [_both(_icp(p, q), q), _both(p, _icp(q, p))]
    means = [round((there.mean() + back.mean()) / 2, 9) for there, back in ways]
    there, back = ways[int(np.argmin(means))]
    precision, recall = float((there <= threshold).mean()), float((back <= threshold).mean())
    fscore = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return (_figure(max(there.max(), back.max())), _figure((there.mean() + back.mean()) / 2), _figure(fscore))


def _both(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tree = _tree()
    return tree(q).query(p)[0], tree(p).query(q)[0]


def _chamfer(p: np.ndarray, q: np.ndarray) -> float:
    there, back = _both(p, q)
    return float(there.mean() + back.mean()) / 2


def _icp(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The moving cloud after rigid steps towards the nearest points of the other (Besl and McKay 1992)."""
    tree, before = _tree()(fixed), math.inf
    for _ in range(_STEPS):
        apart, index = tree.query(moving)
        if before - apart.mean() < 1e-6:
            break
        before = float(apart.mean())
        here, there = moving.mean(axis=0), fixed[index].mean(axis=0)
        u, _, v = np.linalg.svd((moving - here).T @ (fixed[index] - there))
        mirror = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ v)))])
        moving = (moving - here) @ u @ mirror @ v + there
    return moving


def _tree() -> Callable[[np.ndarray], Any]:
    try:
        from scipy.spatial import cKDTree
    except ImportError:
        raise MissingCapability("the package scipy, which finds nearest points", came="none",
                                where="shapecraft.mesh_metrics", mend="Install the extra 'lab'.") from None
    return cKDTree


def _scaled(mesh: ObjectMesh) -> ObjectMesh | None:
    """Longest side 1, middle of the box at the origin; None without area."""
    if not len(mesh.faces) or not mesh.area > 0:
        return None
    low, high = mesh.bounds
    extent = float((high - low).max())
    if not extent > 0 or not math.isfinite(1.0 / extent):
        return None
    return _moved(mesh, lambda points: (points - (low + high) / 2) / extent)


def _turned(mesh: ObjectMesh, turn: int) -> ObjectMesh:
    return _moved(mesh, lambda points: _quarter(points, turn)) if turn else mesh


def _quarter(points: np.ndarray, turn: int) -> np.ndarray:
    """Points (..., 3) after so many quarter turns about z, counter-clockwise from above; exact."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([(x, -y, -x, y)[turn % 4], (y, x, -y, -x)[turn % 4], z], axis=-1)


def _moved(mesh: ObjectMesh, move: Callable[[np.ndarray], np.ndarray]) -> ObjectMesh:
    return ObjectMesh(tuple(PartMesh(part.name, move(part.vertices), part.faces) for part in mesh.parts))


def _overlap(common: float, p: float, q: float) -> tuple[Figure, Figure]:
    """IoGT and IoU of sizes; nan where the reference has none."""
    if q <= 0:
        missing = Figure(math.nan, "the reference fills nothing")
        return missing, missing
    reason = "" if p > 0 else "the prediction fills nothing"
    return _figure(common / q, reason), _figure(common / (p + q - common), reason)


def _figure(value: float, reason: str = "") -> Figure:
    return Figure(round(float(value), DIGITS) + 0.0, reason)


def _and(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
