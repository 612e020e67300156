"""Geometry facts: what can be measured on a sketch without a picture (ours; for the judge, and optional in the reward).

All lengths are in units of the normalised sketch (longest side 2), so that tolerances mean the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from drawagent.polylines import dots, end_distances, touching_components
from drawagent.sketch import Sketch

_SAMPLES = 25
_MIRRORED = 2_000  # points that are mirrored, about; of long sketches every second, fourth or eighth
_SMOOTH_DEG = 30.0
_FLAT = 0.1
_MOST_DEPTH = 10.0
_SLACK = 1e-6
"""A gap of exactly the tolerance counts as joined, whatever the last bits of this machine's sums are."""


@dataclass(frozen=True)
class GeometryFacts:
    """Facts of one sketch. Lengths in units of the normalised sketch, angles in degrees; rounded to 4 places.

    strokes : N; size : (3,) extents in x, y, z before normalising
    components : connected components, two strokes joined where their curves come within the tolerance
    loose_ends : stroke ends that come near no other stroke and do not close on their own
    gaps : (stroke, end 0 or 1, nearest stroke, distance) of ends that stop just short of another curve,
        between 1 and 4 tolerances, nearest first, at most 12
    degenerate : strokes shorter than the tolerance
    duplicate : (earlier, later) strokes that are the same curve, drawn either way; each later one stands once
    depth_use : extent in y over the larger of the extents in x and z, at most 10; 0 is flat
    flatness : share of variance that the best plane holds; 1 is flat
    mirror_residual : mean distance to the drawing after mirroring about its centre, in the better of x and y
    mirror_axis : that axis ("x" when both are equal)
    joints : places where exactly two stroke ends meet; joint_angles : mean, and largest, turn between their tangents
    curvature_jump : largest difference of curvature (1 over length) at a joint that turns by less than 30 degrees
    length : total length of all curves; outside : share of sampled points outside [-1, 1]^3 as written
    """

    strokes: int
    size: tuple[float, float, float]
    components: int
    loose_ends: int
    gaps: tuple[tuple[int, int, int, float], ...]
    degenerate: tuple[int, ...]
    duplicate: tuple[tuple[int, int], ...]
    depth_use: float
    flatness: float
    mirror_residual: float
    mirror_axis: str
    joints: int
    joint_angles: tuple[float, float]
    curvature_jump: float
    length: float
    outside: float
    tolerance: float

    def rounded(self, places: int = 4) -> GeometryFacts:
        """The same facts with every number rounded, as they enter prompts and rewards."""
        return GeometryFacts(**{f.name: _rounded(getattr(self, f.name), places) for f in fields(self)})

    @property
    def penalty(self) -> float:
        """Non-negative, 0 to 1: flatness, loose parts and broken strokes, in equal parts (ours)."""
        if not self.strokes:
            return 1.0
        loose = min(1.0, self.loose_ends / (2 * self.strokes))
        apart = min(1.0, (self.components - 1) / self.strokes)
        broken = min(1.0, (len(self.degenerate) + len(self.duplicate)) / self.strokes)
        flat = max(0.0, 1.0 - self.depth_use / _FLAT)
        return round((loose + apart + broken + flat) / 4, 6)

    def words(self, names: tuple[str | None, ...] = ()) -> str:
        """Lines for a judge, at most 14, every number rounded. Strokes are counted from 0."""

        def stroke(i: int) -> str:
            return f"{i} ({names[i]})" if i < len(names) and names[i] else str(i)

        x, y, z = self.size
        lines = [
            f"- {self.strokes} strokes; extent x {x:.2f}, y {y:.2f}, z {z:.2f}; depth use {self.depth_use:.2f}"
            + (" (nearly flat)" if self.depth_use < _FLAT / 2 else ""),
            f"- {self.components} connected component(s); {self.loose_ends} loose stroke end(s)",
            f"- mirror symmetry in {self.mirror_axis}: residual {self.mirror_residual:.3f} (0 is exact)",
        ]
        if self.joints:
            mean, largest = self.joint_angles
            lines.append(
                f"- {self.joints} joint(s) of two strokes: mean turn {mean:.0f} deg, largest {largest:.0f} deg; "
                f"largest jump of curvature where they go on smoothly {self.curvature_jump:.1f}"
            )
        lines += [
            f"- end {('P0', 'P3')[end]} of stroke {stroke(i)} stops {distance:.3f} short of stroke {stroke(j)}"
            for i, end, j, distance in self.gaps[:6]
        ]
        if self.degenerate:
            lines.append("- strokes of no length: " + ", ".join(map(stroke, self.degenerate[:8])))
        if self.duplicate:
            pairs = ", ".join(f"{stroke(i)} = {stroke(j)}" for i, j in self.duplicate[:8])
            lines.append(f"- drawn twice: {pairs}")
        if self.outside:
            lines.append(f"- {100 * self.outside:.0f} % of the drawing lies outside the cube")
        return "\n".join(lines)


def facts(sketch: Sketch, *, tolerance: float = 0.03) -> GeometryFacts:
    """Measure a sketch.

    tolerance : largest gap that counts as joined (paper silent; ours: 1.5 % of the longest side)
    """
    if not len(sketch):
        return GeometryFacts(
            0, (0.0, 0.0, 0.0), 0, 0, (), (), (), 0.0, 1.0, 0.0, "x", 0, (0.0, 0.0), 0.0, 0.0, 0.0, tolerance
        )
    raw = sketch.curve_points(_SAMPLES)
    size = raw.reshape(-1, 3).max(axis=0) - raw.reshape(-1, 3).min(axis=0)
    shown = sketch.normalised()
    curves = shown.curve_points(_SAMPLES)
    joined = tolerance + _SLACK
    lengths = np.linalg.norm(np.diff(curves, axis=1), axis=2).sum(axis=1)
    nearest, closest = end_distances(curves)
    closed = np.linalg.norm(curves[:, 0] - curves[:, -1], axis=1) <= joined
    loose = (nearest > joined) & ~closed[:, None]
    gaps = sorted(
        ((int(i), int(e), int(closest[i, e]), float(nearest[i, e])) for i, e in np.argwhere(loose)
         if nearest[i, e] <= 4 * tolerance + _SLACK),
        key=lambda gap: (round(gap[3], 6), gap[0], gap[1]),
    )
    points = curves.reshape(-1, 3)
    residuals = [round(_mirror_residual(curves, axis), 6) for axis in (0, 1)]
    joints, angles, jump = _joints(shown.array(), joined)
    return GeometryFacts(
        strokes=len(curves),
        size=(float(size[0]), float(size[1]), float(size[2])),
        components=touching_components(curves, joined),
        loose_ends=int(loose.sum()),
        gaps=tuple(gaps[:12]),
        degenerate=tuple(int(i) for i in np.flatnonzero(lengths < tolerance - _SLACK)),
        duplicate=_duplicates(curves, tolerance / 10),
        depth_use=min(float(size[1] / max(size[0], size[2], 1e-9)), _MOST_DEPTH),
        flatness=_flatness(points),
        mirror_residual=min(residuals),
        mirror_axis="y" if residuals[1] < residuals[0] else "x",
        joints=joints,
        joint_angles=angles,
        curvature_jump=jump,
        length=float(lengths.sum()),
        outside=float((np.abs(raw) > 1.0 + 1e-9).any(axis=2).mean()),
        tolerance=tolerance,
    ).rounded()


def _duplicates(curves: np.ndarray, tolerance: float) -> tuple[tuple[int, int], ...]:
    pairs = []
    known = np.zeros(len(curves), dtype=bool)
    for i in range(len(curves) - 1):
        same = np.abs(curves[i + 1:] - curves[i]).max(axis=(1, 2)) <= tolerance + _SLACK
        turned = np.abs(curves[i + 1:] - curves[i][::-1]).max(axis=(1, 2)) <= tolerance + _SLACK
        for j in np.flatnonzero((same | turned) & ~known[i + 1:]) + i + 1:
            pairs.append((i, int(j)))
            known[j] = True
    return tuple(pairs)


def _flatness(points: np.ndarray) -> float:
    centred = points - points.mean(axis=0)
    spread = np.linalg.eigvalsh((centred[:, :, None] * centred[:, None, :]).sum(axis=0))
    total = float(spread.sum())
    return 1.0 - max(0.0, float(spread[0])) / total if total > 1e-12 else 1.0


def _mirror_residual(curves: np.ndarray, axis: int) -> float:
    """Mean distance of mirrored points to the curves: the nearest sample is found, then its two segments."""
    points = curves.reshape(-1, 3)
    stride = next((k for k in (1, 2, 4) if len(points) <= k * _MIRRORED), 8)
    mirrored = curves[:, ::stride].reshape(-1, 3).copy()
    mirrored[:, axis] *= -1.0
    squares = (points**2).sum(axis=1)
    nearest = np.concatenate([
        (squares[None] - 2.0 * dots(mirrored[row: row + 32], points)).argmin(axis=1)
        for row in range(0, len(mirrored), 32)
    ])
    stroke, sample = np.divmod(nearest, curves.shape[1])
    best = np.full(len(mirrored), np.inf)
    for step in (-1, 1):
        start = curves[stroke, sample]
        along = curves[stroke, np.clip(sample + step, 0, curves.shape[1] - 1)] - start
        share = ((mirrored - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-18)
        foot = start + np.clip(share, 0.0, 1.0)[:, None] * along
        best = np.minimum(best, np.linalg.norm(mirrored - foot, axis=1))
    return float(best.mean())


def _joints(strokes: np.ndarray, joined: float) -> tuple[int, tuple[float, float], float]:
    """Joints of exactly two stroke ends: their number, mean and largest turn (0 smooth, 180 a cusp), curvature jump."""
    ends = strokes[:, [0, 3]].reshape(-1, 3)
    handles = np.stack([strokes[:, [0, 1, 2, 3]], strokes[:, [3, 2, 1, 0]]], axis=1).reshape(-1, 4, 3)
    tangents = np.zeros_like(ends)
    for handle in (3, 2, 1):  # the nearest control point that is not the end itself decides
        step = handles[:, handle] - handles[:, 0]
        far = np.linalg.norm(step, axis=1) > 1e-6
        tangents[far] = step[far]
    norms = np.linalg.norm(tangents, axis=1)
    curvatures = _end_curvatures(handles)
    near = np.linalg.norm(ends[:, None] - ends[None], axis=2) <= joined
    angles, jumps = [], [0.0]
    for i in np.flatnonzero(near.sum(axis=1) == 2):
        j = int(np.flatnonzero(near[i] & (np.arange(len(ends)) != i))[0])
        if j > i and near[j].sum() == 2 and norms[i] > 0 and norms[j] > 0:
            cosine = float((tangents[i] * tangents[j]).sum() / (norms[i] * norms[j]))
            angles.append(180.0 - float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
            if round(angles[-1], 6) < _SMOOTH_DEG:
                jumps.append(abs(float(curvatures[i] - curvatures[j])))
    turns = (float(np.mean(angles)), max(angles)) if angles else (0.0, 0.0)
    return len(angles), turns, max(jumps)


def _end_curvatures(handles: np.ndarray) -> np.ndarray:
    """Curvature at P0 of each cubic: 2/3 |(P1 - P0) x (P2 - P1)| / |P1 - P0|^3; 0 where the handle has no length."""
    first, second = handles[:, 1] - handles[:, 0], handles[:, 2] - handles[:, 1]
    bend = np.linalg.norm(np.cross(first, second), axis=1)
    length = np.linalg.norm(first, axis=1)
    return np.where(length > 1e-6, 2.0 / 3.0 * bend / np.maximum(length, 1e-6) ** 3, 0.0)


def _rounded(value: Any, places: int) -> Any:
    """Rounded twice: the first, finer rounding takes away what differs between machines, also where 4 places tie."""
    if isinstance(value, tuple):
        return tuple(_rounded(item, places) for item in value)
    return round(round(value, places + 5), places) + 0.0 if isinstance(value, float) else value
