"""Geometry facts: what can be measured on a sketch without a picture (ours; for the judge, and optional in the reward).

All lengths are in units of the normalised sketch (longest side 2), so that tolerances mean the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from drawagent.sketch import Sketch

_SAMPLES = 24


@dataclass(frozen=True)
class GeometryFacts:
    """Facts of one sketch. Lengths in units of the normalised sketch, angles in degrees; rounded to 4 places.

    strokes : N; size : (3,) extents in x, y, z before normalising
    components : connected components, two strokes joined where their curves come within the tolerance
    loose_ends : stroke ends that come near no other stroke and do not close on their own
    gaps : (stroke, end 0 or 1, nearest stroke, distance) of ends that stop just short of another curve,
        between 1 and 4 tolerances, nearest first, at most 12
    degenerate : strokes shorter than the tolerance; duplicate : pairs of strokes that are the same curve
    depth_use : extent in y over the larger of the extents in x and z; 0 is flat
    flatness : share of variance that the best plane holds; 1 is flat
    mirror_residual : mean distance to the nearest point after mirroring in x about the centre
    joint_angles : mean, and largest, angle between tangents where exactly two stroke ends meet
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
    joint_angles: tuple[float, float]
    length: float
    outside: float
    tolerance: float

    def rounded(self, places: int = 4) -> GeometryFacts:
        """The same facts with every number rounded, as they enter prompts and rewards."""
        return GeometryFacts(**{f.name: _rounded(getattr(self, f.name), places) for f in fields(self)})

    @property
    def penalty(self) -> float:
        """Non-negative, about 0 to 1: flatness, loose parts and broken strokes, in equal parts (ours)."""
        if not self.strokes:
            return 1.0
        loose = min(1.0, self.loose_ends / (2 * self.strokes))
        apart = min(1.0, (self.components - 1) / self.strokes)
        broken = min(1.0, (len(self.degenerate) + len(self.duplicate)) / self.strokes)
        flat = max(0.0, 1.0 - self.depth_use / 0.1) if self.depth_use < 0.1 else 0.0
        return round((loose + apart + broken + flat) / 4, 6)

    def words(self, names: tuple[str | None, ...] = ()) -> str:
        """Lines for a judge, at most about 15, every number rounded."""

        def stroke(i: int) -> str:
            return f"{i} ({names[i]})" if i < len(names) and names[i] else str(i)

        x, y, z = self.size
        lines = [
            f"- {self.strokes} strokes; extent x {x:.2f}, y {y:.2f}, z {z:.2f}; depth use {self.depth_use:.2f}"
            + (" (nearly flat)" if self.depth_use < 0.05 else ""),
            f"- {self.components} connected component(s); {self.loose_ends} loose stroke end(s)",
            f"- mirror symmetry in x: residual {self.mirror_residual:.3f} (0 is exact)",
            f"- where two strokes meet: mean turn {self.joint_angles[0]:.0f} deg, largest {self.joint_angles[1]:.0f} deg",
        ]
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
    """Measure a sketch. tolerance : largest gap that counts as joined (paper silent; ours: 1.5 % of the longest side)."""
    if not len(sketch):
        return GeometryFacts(0, (0.0, 0.0, 0.0), 0, 0, (), (), (), 0.0, 1.0, 0.0, (0.0, 0.0), 0.0, 0.0, tolerance)
    raw = sketch.curve_points(_SAMPLES)
    size = raw.reshape(-1, 3).max(axis=0) - raw.reshape(-1, 3).min(axis=0)
    shown = sketch.normalised()
    curves = shown.curve_points(_SAMPLES)
    count = len(curves)
    lengths = np.linalg.norm(np.diff(curves, axis=1), axis=2).sum(axis=1)
    nearest, closest = _end_distances(curves)
    degenerate = tuple(int(i) for i in np.flatnonzero(lengths < tolerance))
    closed = np.linalg.norm(curves[:, 0] - curves[:, -1], axis=1) <= tolerance
    loose = (nearest > tolerance) & ~closed[:, None]
    gaps = sorted(
        ((int(i), int(e), int(closest[i, e]), float(nearest[i, e])) for i, e in np.argwhere(loose)
         if nearest[i, e] <= 4 * tolerance),
        key=lambda gap: (round(gap[3], 6), gap[0], gap[1]),
    )
    points = curves.reshape(-1, 3)
    return GeometryFacts(
        strokes=count,
        size=tuple(float(v) for v in size),
        components=_components(curves, tolerance),
        loose_ends=int(loose.sum()),
        gaps=tuple(gaps[:12]),
        degenerate=degenerate,
        duplicate=_duplicates(curves, tolerance / 10),
        depth_use=float(size[1] / max(size[0], size[2], 1e-9)),
        flatness=_flatness(points),
        mirror_residual=_mirror_residual(points),
        joint_angles=_joint_angles(shown.array(), tolerance),
        length=float(lengths.sum()),
        outside=float((np.abs(raw) > 1.0 + 1e-9).any(axis=2).mean()),
        tolerance=tolerance,
    ).rounded()


def _segment_distances(points: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """(P, N) distance of each point to each polyline."""
    start, step = curves[:, :-1], np.diff(curves, axis=1)
    squared = np.maximum((step**2).sum(axis=2), 1e-18)
    best = np.empty((len(points), len(curves)))
    for row in range(0, len(points), 64):
        chunk = points[row: row + 64, None, None]
        t = np.clip(((chunk - start) * step).sum(axis=3) / squared, 0.0, 1.0)
        best[row: row + 64] = np.linalg.norm(chunk - (start + t[..., None] * step), axis=3).min(axis=2)
    return best


def _end_distances(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) distance of each end to the nearest other curve, and that curve's index."""
    count = len(curves)
    ends = curves[:, [0, -1]].reshape(-1, 3)
    distances = _segment_distances(ends, curves)
    distances[np.arange(2 * count), np.repeat(np.arange(count), 2)] = np.inf
    closest = distances.argmin(axis=1)
    return distances.min(axis=1).reshape(count, 2), closest.reshape(count, 2)


def _components(curves: np.ndarray, tolerance: float) -> int:
    count = len(curves)
    owner = list(range(count))

    def root(i: int) -> int:
        while owner[i] != i:
            owner[i] = owner[owner[i]]
            i = owner[i]
        return i

    near = _segment_distances(curves.reshape(-1, 3), curves).reshape(count, curves.shape[1], count).min(axis=1)
    for i, j in np.argwhere(np.minimum(near, near.T) <= tolerance):
        owner[root(int(i))] = root(int(j))
    return len({root(i) for i in range(count)})


def _duplicates(curves: np.ndarray, tolerance: float) -> tuple[tuple[int, int], ...]:
    pairs = []
    for i in range(len(curves) - 1):
        same = np.abs(curves[i + 1:] - curves[i]).max(axis=(1, 2)) <= tolerance
        turned = np.abs(curves[i + 1:] - curves[i][::-1]).max(axis=(1, 2)) <= tolerance
        pairs += [(i, i + 1 + int(j)) for j in np.flatnonzero(same | turned)]
    return tuple(pairs)


def _flatness(points: np.ndarray) -> float:
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) ** 2
    total = float(spread.sum())
    return 1.0 - float(spread[2]) / total if total > 1e-12 else 1.0


def _mirror_residual(points: np.ndarray) -> float:
    mirrored = points * np.array([-1.0, 1.0, 1.0])
    total = 0.0
    for row in range(0, len(points), 512):
        apart = np.linalg.norm(mirrored[row: row + 512, None] - points[None], axis=2)
        total += float(apart.min(axis=1).sum())
    return total / len(points)


def _joint_angles(strokes: np.ndarray, tolerance: float) -> tuple[float, float]:
    """Turn between tangents at joints of exactly two stroke ends: 0 is smooth, 180 is a cusp."""
    ends = strokes[:, [0, 3]].reshape(-1, 3)
    inward = np.stack([strokes[:, 1] - strokes[:, 0], strokes[:, 2] - strokes[:, 3]], axis=1).reshape(-1, 3)
    norms = np.linalg.norm(inward, axis=1)
    near = np.linalg.norm(ends[:, None] - ends[None], axis=2) <= tolerance
    angles = []
    for i in range(len(ends)):
        others = [int(j) for j in np.flatnonzero(near[i]) if j != i]
        if len(others) == 1 and others[0] > i and norms[i] > 1e-9 and norms[others[0]] > 1e-9:
            cosine = float(inward[i] @ inward[others[0]] / (norms[i] * norms[others[0]]))
            angles.append(180.0 - np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return (float(np.mean(angles)), float(np.max(angles))) if angles else (0.0, 0.0)


def _rounded(value: Any, places: int) -> Any:
    if isinstance(value, tuple):
        return tuple(_rounded(item, places) for item in value)
    return round(value, places) if isinstance(value, float) else value
