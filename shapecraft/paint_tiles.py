"""Paint tiles: details of a part, all of one scale, laid out to show what is seen of it from outside (ours).

A pattern has a period in metres, and a model has one in pixels: details of several scales would ask one surface for
several patterns. A tile looks along the mean normal of what it shows, so that it shows it as it is, or from as near to
that as half of it can be seen: so is the inside of a bowl shown. Fewer tiles are seen more often in as many steps, so
none is laid for next to nothing; where as many as are granted do not show a part, larger ones are laid. What is only
seen from sides flatter than 60 degrees is in none: there the colours stay without a pattern of their own.
"""

from __future__ import annotations

import math

import numpy as np

from easel.cameras import Camera
from shapecraft.mesh import ObjectMesh
from shapecraft.raster import rasterise
from shapecraft.seen_surface import leaving, seen_points, spiral, spread_points, up_of

_POINTS, _EACH = 1500, 50  # of a part, at least, and for each tile, spread over its surface, that are to be shown
_PIXELS = 32  # of the pictures that decide what a tile shows
_DRAWN = 4  # tiles among which the one that shows most is taken
_FACING = 0.49  # cosine from which on a point counts as shown; not 0.5, where neighbours of a hexagon lie
_AROUND = 32  # directions among which one is looked for where the one square to a place is barred
_OPEN = 0.5  # share of a place that must be seen from a direction, else the one that shows most of it is taken
_ENOUGH = 0.98  # share of the seen points that is enough
_LEAST = 0.005  # share of them that a tile must add
_BESIDE = 0.2  # sides around a place where no tile is worth while, within which none is looked for any more
_PACKED = 0.55  # share of a tile's square that is new, as a rule
_FEW = 4  # times fewer tiles than granted, and larger ones, where they are filled nevertheless
_FILLED = 0.9  # of the largest square that the part fills
_SHORT, _LARGER = 0.92, 1.25  # where less is shown, tiles are so many times as wide, and again, up to the whole part
_LENS_DEG = 20.0  # at most; a camera that must stand farther off has a longer one


def tiles_of(
    mesh: ObjectMesh, number: int, *, most: int, square: float, middle: np.ndarray, reach: float,
    chance: np.random.Generator, rim: float = 0.0,
) -> list[Camera]:
    """Cameras of the tiles of a part, at most `most`; none where nothing of it is seen.

    number : place in `mesh.parts`; square : metres, side of the largest square that it fills in a picture
    middle, reach : of the ball, metres, in which no camera stands; rim : share of a side, along each border of a tile,
        in which nothing counts as shown
    """
    part = mesh.parts[number]
    points, _, _, face = spread_points(part, max(_POINTS, _EACH * most), chance)
    normals = part.face_normals[face]
    shown = np.flatnonzero(seen_points(mesh, points, np.full(len(points), number), normals, size=256,
                                       steepest=_FACING))
    if not len(shown):
        return []
    area = part.area * len(shown) / len(points)
    place = _Place(mesh, number, points[shown], normals[shown] * (-1.0 if (part.volume or 1.0) < 0 else 1.0), middle,
                   reach, rim)
    finest, widest = (math.sqrt(area / (_PACKED * count)) / (1 - 2 * rim) for count in (most, max(most / _FEW, 1)))
    side = max(finest, min(widest, _FILLED * square))
    best, shown_best = place.laid(side, most, chance)
    across = float(np.linalg.norm(np.ptp(part.bounds, axis=0))) / (1 - 2 * rim)
    while shown_best < _SHORT and side < across:
        side *= _LARGER
        tiles, share = place.laid(side, most, chance)  # not always more than by smaller ones: places come by chance
        if share > shown_best:
            best, shown_best = tiles, share
    return best


class _Place:
    """A part, by points (N, 3) that are to be shown and their outward normals (N, 3)."""

    def __init__(
        self, mesh: ObjectMesh, number: int, points: np.ndarray, normals: np.ndarray, middle: np.ndarray, reach: float,
        rim: float,
    ) -> None:
        self._mesh, self._number, self._points, self._normals = mesh, number, points, normals
        self._middle, self._reach, self._open = middle, reach, mesh.parts[number].volume is None
        self._inner = 1 - 2 * rim

    def laid(self, side: float, most: int, chance: np.random.Generator) -> tuple[list[Camera], float]:
        """At most so many tiles of one side, metres, and the share of the points that they show."""
        count = len(self._points)
        left, bare = np.ones(count, dtype=bool), np.ones(count, dtype=bool)
        tiles: list[Camera] = []
        while len(tiles) < most and left.any() and bare.mean() > 1 - _ENOUGH:
            seeds = chance.choice(np.flatnonzero(left), size=min(_DRAWN, int(left.sum())), replace=False)
            found = [self._square_to(int(seed), side, bare) for seed in seeds]
            gained = [int((seen & bare).sum()) for _, seen in found]
            best = int(np.argmax(gained))
            if gained[best] < max(_LEAST * count, 1):
                for seed in seeds:  # seen from flat sides alone, or hardly more than others show
                    left &= np.linalg.norm(self._points - self._points[seed], axis=1) > _BESIDE * side
                continue
            camera, seen = found[best]
            tiles.append(camera)
            left &= ~seen
            bare &= ~seen
        return tiles, 1 - float(bare.mean())

    def _square_to(self, seed: int, side: float, bare: np.ndarray) -> tuple[Camera, np.ndarray]:
        """The tile around a point, and what it shows (N,) bool."""
        beside = np.linalg.norm(self._points - self._points[seed], axis=1) < 0.6 * self._inner * side
        near = bare & beside & (self._normals @ self._normals[seed] > _FACING)
        near[seed] = True
        target, square_to = self._points[near].mean(axis=0), self._normals[near].mean(axis=0)
        square_to /= np.linalg.norm(square_to)
        best: tuple[float, Camera, np.ndarray] | None = None
        for towards in (one for way in ((square_to, -square_to) if self._open else (square_to,))
                        for one in (way, *_leaning(way))):
            camera = _before(target, towards, side, self._middle, self._reach)
            seen = _shown(self._mesh, self._number, camera, self._points, self._normals, within=self._inner,
                          both=self._open)
            share = float(seen[near].mean())
            if best is None or share > best[0]:
                best = share, camera, seen
            if share >= _OPEN:
                break
        assert best is not None
        return best[1:]


def _leaning(square_to: np.ndarray) -> np.ndarray:
    """(N, 3) directions that a place still faces, the nearest to the one square to it first."""
    around = spiral(_AROUND)
    facing = np.round(around @ square_to, 9)
    return around[np.argsort(-facing, kind="stable")][:int((facing > _FACING).sum())]


def _before(target: np.ndarray, towards: np.ndarray, side: float, middle: np.ndarray, reach: float) -> Camera:
    """The camera that looks at a target from a direction, outside the ball; its picture spans a side there."""
    distance = max(side / 2 / math.tan(math.radians(_LENS_DEG) / 2), leaving(target, towards, middle, reach))
    fov = 2 * math.degrees(math.atan(side / 2 / distance))
    return Camera(tuple(np.round(target + distance * towards, 9)), tuple(np.round(target, 9)), up=up_of(towards),
                  fov_deg=round(fov, 9), near=1e-3 * reach)


def _shown(
    mesh: ObjectMesh, number: int, camera: Camera, points: np.ndarray, normals: np.ndarray, *, within: float,
    both: bool,
) -> np.ndarray:
    """(N,) bool: in the picture, not hidden, and not from a flat side. within : share of the picture's side, around its
    middle, that counts; both : sides of the surface are outside"""
    seen = rasterise(mesh, [camera], size=_PIXELS, extras=())
    x, y, depth = camera.project(points).T
    inside = (np.abs(x) < within) & (np.abs(y) < within)
    column, row = (np.clip(np.nan_to_num((one + 1) / 2 * _PIXELS), 0, _PIXELS - 1).astype(int) for one in (x, y))
    away = np.array(camera.eye) - points
    facing = np.einsum("pi,pi->p", normals, away) / np.linalg.norm(away, axis=1)
    facing = np.abs(facing) if both else facing
    close = np.abs(seen.depth[0, row, column] - depth) <= 3 * (camera.span / _PIXELS)
    return inside & close & (seen.part[0, row, column] == number) & (facing >= _FACING)
