"""Polylines: how near sampled curves come to each other (ours; for the geometry facts).

Curves are arrays (N, S, 3): N polylines of S points. Distances are exact for the polylines, in units of the points.
"""

from __future__ import annotations

import numpy as np

_CHUNK = 64


def dots(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(M, N) inner products of (M, 3) and (N, 3), in a fixed order of sums.

    No matrix product: for three columns its threads cost more than they bring, and its sums differ between processors.
    """
    return (
        one[:, 0, None] * other[None, :, 0] + one[:, 1, None] * other[None, :, 1] + one[:, 2, None] * other[None, :, 2]
    )


def end_distances(curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 2) distance of each end to the nearest other curve (inf when there is none), and that curve's index."""
    count = len(curves)
    ends = curves[:, [0, -1]].reshape(-1, 3)
    start, step = curves[:, :-1].reshape(-1, 3), np.diff(curves, axis=1).reshape(-1, 3)
    squared = np.maximum((step**2).sum(axis=1), 1e-18)
    nearest = np.empty((len(ends), count), dtype=int)
    for row in range(0, len(ends), 16):
        # Expanded squares find the nearest segment of each curve quickly; its distance is then taken exactly.
        some = ends[row: row + 16]
        along = dots(some, step) - (start * step).sum(axis=1)
        share = np.clip(along / squared, 0.0, 1.0)
        square = (start**2).sum(axis=1) - 2.0 * dots(some, start) + share * (share * squared - 2.0 * along)
        nearest[row: row + 16] = square.reshape(len(some), count, -1).argmin(axis=2)
    nearest += np.arange(count) * (curves.shape[1] - 1)
    offset = ends[:, None] - start[nearest]
    share = np.clip((offset * step[nearest]).sum(axis=2) / squared[nearest], 0.0, 1.0)
    distances = np.linalg.norm(offset - share[..., None] * step[nearest], axis=2)
    distances[np.arange(2 * count), np.repeat(np.arange(count), 2)] = np.inf
    # Ties by index: equal distances differ in their last bits between machines.
    closest = np.round(distances, 9).argmin(axis=1)
    return distances[np.arange(2 * count), closest].reshape(count, 2), closest.reshape(count, 2)


def touching_components(curves: np.ndarray, reach: float) -> int:
    """Number of connected components, two curves joined where they come within `reach` of each other anywhere.

    Coarse points settle most pairs from above and below; only pairs that are still apart and could touch are measured.
    """
    count = len(curves)
    coarse = curves[:, ::2]
    radius = np.linalg.norm(np.diff(curves, axis=1), axis=2)
    cover = np.stack([radius[:, ::2], radius[:, 1::2]]).max(axis=(0, 2))
    apart = _point_distances(coarse)
    owner = list(range(count))

    def root(i: int) -> int:
        while owner[i] != i:
            owner[i] = owner[owner[i]]
            i = owner[i]
        return i

    for i, j in np.argwhere(np.triu(apart <= reach, 1)):
        owner[root(int(i))] = root(int(j))
    possible = np.triu((apart > reach) & (apart <= reach + cover[:, None] + cover[None]), 1)
    pairs = np.argwhere(possible)
    pairs = pairs[np.argsort(apart[possible], kind="stable")]
    while len(pairs):
        roots = np.array([root(i) for i in range(count)])
        pairs = pairs[roots[pairs[:, 0]] != roots[pairs[:, 1]]]
        batch, pairs = pairs[:_CHUNK], pairs[_CHUNK:]
        for (i, j), distance in zip(batch, polyline_distances(curves[batch[:, 0]], curves[batch[:, 1]]), strict=True):
            if distance <= reach:
                owner[root(int(i))] = root(int(j))
    return len({root(i) for i in range(count)})


def _point_distances(curves: np.ndarray) -> np.ndarray:
    """(N, N) smallest distance between points of two curves; only the upper triangle is filled, the rest is inf."""
    count, samples, _ = curves.shape
    points = curves.reshape(-1, 3)
    squares = (points**2).sum(axis=1)
    result = np.full((count, count), np.inf)
    for i in range(count):
        own, later = slice(i * samples, (i + 1) * samples), slice(i * samples, None)
        square = squares[own, None] + squares[None, later] - 2.0 * dots(points[own], points[later])
        result[i, i:] = square.reshape(samples, count - i, samples).min(axis=(0, 2))
    return np.sqrt(np.maximum(result, 0.0))


def polyline_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(P,) smallest distance between polylines one[i] and other[i], both (P, S, 3): over all pairs of segments."""
    p, d1 = one[:, :-1, None], np.diff(one, axis=1)[:, :, None]
    q, d2 = other[:, None, :-1], np.diff(other, axis=1)[:, None]
    r = p - q
    a = np.maximum((d1 * d1).sum(axis=-1), 1e-18)
    e = np.maximum((d2 * d2).sum(axis=-1), 1e-18)
    b, c, f = (d1 * d2).sum(axis=-1), (d1 * r).sum(axis=-1), (d2 * r).sum(axis=-1)
    slope = a * e - b * b
    s = np.clip(np.where(slope > 1e-12 * a * e, (b * f - c * e) / np.maximum(slope, 1e-30), 0.0), 0.0, 1.0)
    t = np.clip((b * s + f) / e, 0.0, 1.0)
    s = np.clip((b * t - c) / a, 0.0, 1.0)
    gap = r + s[..., None] * d1 - t[..., None] * d2
    return np.sqrt((gap * gap).sum(axis=-1).min(axis=(1, 2)))
