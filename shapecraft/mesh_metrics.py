"""Mesh metrics: an object against a reference, how far apart their surfaces are, and how much space they share.

Paper: IoGT and Hausdorff distance, with no definition of either. Ours, because definitions in the literature differ:
- Both shapes are scaled to a longest side of 1 and centred; the prediction is turned by the best of four quarter turns
  about z (least Chamfer distance; none where the others gain less than a sample's noise).
- IoGT and IoU three ways: `shapecraft.solid_overlap`.
- Distances are between 8,192 seeded, area-weighted points of each surface, after a rigid fit (ICP) in either direction,
  the better of which counts; a fit that makes the Chamfer distance larger is not taken. Two samples of one surface
  of area A lie about 0.5 sqrt(A / 8192) apart: 0.013 for a unit cube. Smaller distances say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.solid_overlap import VOXELS, Figure, box_overlap, exact_overlap, rounded, voxel_overlap

POINTS = 8192
"""Points of each surface ("8,192 seeded area-weighted points"; paper silent)."""
THRESHOLD = 0.05
"""Distance within which a point counts as met, F-score (ours, of the longest side: at 0.02, common elsewhere, two
samples of one unit cube already miss a fifth of each other)."""
FARTHEST = math.sqrt(3.0)
"""Distance told of a shape that is not there: none inside a cube of side 1 is farther from another (ours)."""
_STEPS, _EVERY = 30, 4  # of ICP: steps at most, and every which point leads; distances are of all
_NOISE = 2e-3  # by which a quarter turn must be nearer than none: two samples of one shape differ by less


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
    return (rounded(max(there.max(), back.max())), rounded((there.mean() + back.mean()) / 2), rounded(fscore))


def _both(p: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    tree = _tree()
    return tree(q).query(p)[0], tree(p).query(q)[0]


def _chamfer(p: np.ndarray, q: np.ndarray) -> float:
    there, back = _both(p, q)
    return float(there.mean() + back.mean()) / 2


def _icp(moving: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """The moving cloud after rigid steps towards the nearest points of the other (Besl and McKay 1992)."""
    tree, before, some = _tree()(fixed), math.inf, moving[::_EVERY]
    turn, shift = np.eye(3), np.zeros(3)
    for _ in range(_STEPS):
        now = some @ turn + shift
        apart, index = tree.query(now)
        if before - apart.mean() < 1e-6:
            break
        before = float(apart.mean())
        here, there = now.mean(axis=0), fixed[index].mean(axis=0)
        u, _, v = np.linalg.svd((now - here).T @ (fixed[index] - there))
        step = u @ np.diag([1.0, 1.0, float(np.sign(np.linalg.det(u @ v)))]) @ v
        turn, shift = turn @ step, (shift - here) @ step + there
    return moving @ turn + shift


def _tree() -> Callable[[np.ndarray], Any]:
    try:
        from scipy.spatial import cKDTree
    except ImportError:
        raise MissingCapability("the package scipy, which finds nearest points", came="none",
                                where="shapecraft.mesh_metrics",
                                mend="Install the extra 'shapes' (`make setup` does).") from None
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
