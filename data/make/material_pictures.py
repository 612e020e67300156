"""Pictures of procedural materials: patches and simple shaded parts, found by sphere tracing, lit by chance (ours).

Frame of a picture: x right, y away, z up, seen orthographically; light and colours linear until the last step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from data.make.material_patterns import Look, Places
from data.make.materials import Material
from shapecraft.palette import flat_material

SIZE = 32
_FINE = 2 * SIZE
_STEPS = 18
_DARK, _LIFTED = 0.05, 0.16  # linear: a base below shows no darker second colour; what it shows instead
_NEAR = 0.35  # share of parts that are seen from near: a painter is shown pieces, too
_UNIT = 1.12  # units from the middle of a picture to its side: a pattern's period in pixels is that of such a picture
FINISHES = {"glossy": 0.12, "satin": 0.4, "matte": 0.9}


@dataclass(frozen=True)
class Coat:
    """What one part is made of. colour : palette words ("red", "dark blue") or "" for the material's own; finish : of
    FINISHES or "" """

    material: Material
    colour: str = ""
    finish: str = ""

    @property
    def base(self) -> np.ndarray:
        """(3,) linear."""
        return np.array(flat_material(self.colour or self.material.natural).base_colour)


@dataclass(frozen=True)
class Scene:
    """shape : of SHAPES, or "patch"; coats : one, or two for shapes of two parts"""

    shape: str
    coats: tuple[Coat, ...]


def _box(p, half, rounding=0.04):
    x, y, z = (np.abs(p[..., axis]) - np.float32(half[axis] - rounding) for axis in range(3))
    inside = np.minimum(np.maximum(np.maximum(x, y), z), 0)
    return np.sqrt(np.maximum(x, 0) ** 2 + np.maximum(y, 0) ** 2 + np.maximum(z, 0) ** 2) + inside - rounding


def _cylinder(p, radius, half, rounding=0.04):
    out = np.hypot(p[..., 0], p[..., 1]) - np.float32(radius - rounding)
    over = np.abs(p[..., 2]) - np.float32(half - rounding)
    inside = np.minimum(np.maximum(out, over), 0)
    return np.sqrt(np.maximum(out, 0) ** 2 + np.maximum(over, 0) ** 2) + inside - rounding


def _cone(p, low, high, half):
    wide = low + (high - low) * np.clip((p[..., 2] + half) / (2 * half), 0, 1)
    return 0.8 * np.maximum(np.hypot(p[..., 0], p[..., 1]) - wide, np.abs(p[..., 2]) - half)


def _ring(p, radius, thick):
    return np.hypot(np.hypot(p[..., 0], p[..., 2]) - radius, p[..., 1]) - thick


def _ball(p, radius):
    return np.sqrt(np.einsum("...i,...i", p, p)) - radius


def _legs(p, apart, radius, half):
    return _cylinder(np.concatenate([np.abs(p[..., :2]) - apart, p[..., 2:]], -1), radius, half)


def _bars(p, count, half):
    step = 2.0 / count
    x = p[..., 0] - step * np.clip(np.round(p[..., 0] / step), -(count // 2), count // 2)
    return _box(np.stack([x, p[..., 1], p[..., 2]], -1), half)


def _down(p, by):
    return p + np.array([0, 0, by], dtype=np.float32)


def _nearest(parts, points):
    return reduce(np.minimum, [part(points) for part in parts])


SHAPES = {  # name: distance functions of its parts, in units; all within a ball of radius 1.2
    "ball": (lambda p: _ball(p, 0.92),),
    "box": (lambda p: _box(p, (0.72, 0.6, 0.66)),),
    "tall box": (lambda p: _box(p, (0.5, 0.45, 0.95)),),
    "cylinder": (lambda p: _cylinder(p, 0.66, 0.8),),
    "post": (lambda p: _cylinder(p, 0.3, 1.1),),
    "slab": (lambda p: _box(p, (0.95, 0.8, 0.17)),),
    "cushion": (lambda p: _box(p, (0.85, 0.8, 0.3), 0.22),),
    "disc": (lambda p: _cylinder(p, 0.95, 0.2),),
    "panel": (lambda p: _box(p, (0.8, 0.12, 0.95)),),
    "cone": (lambda p: _cone(p, 0.9, 0.3, 0.7),),
    "bowl": (lambda p: np.maximum(np.abs(_ball(_down(p, -0.25), 0.9)) - 0.07, p[..., 2] - 0.25),),
    "ring": (lambda p: _ring(p, 0.72, 0.24),),
    "legs": (lambda p: _legs(p, 0.6, 0.2, 1.0),),
    "bars": (lambda p: _bars(p, 5, (0.13, 0.1, 0.9)),),
    "table": (lambda p: _box(_down(p, -0.55), (0.95, 0.8, 0.16)),
              lambda p: _legs(_down(p, 0.3), 0.6, 0.17, 0.72)),
    "stool": (lambda p: _cylinder(_down(p, -0.5), 0.85, 0.22), lambda p: _legs(_down(p, 0.35), 0.45, 0.16, 0.65)),
    "lamp": (lambda p: _cone(_down(p, -0.45), 0.75, 0.4, 0.5),
             lambda p: np.minimum(_cylinder(_down(p, 0.4), 0.14, 0.6), _cylinder(_down(p, 0.95), 0.6, 0.13))),
    "chair": (lambda p: np.minimum(_box(_down(p, 0.05), (0.7, 0.65, 0.14)),
                                   _box(p + np.array([0, -0.58, -0.55], dtype=np.float32), (0.7, 0.1, 0.55))),
              lambda p: _legs(_down(p, 0.6), 0.5, 0.14, 0.5)),
    "house": (lambda p: _cone(_down(p, -0.6), 0.95, 0.05, 0.4), lambda p: _box(_down(p, 0.35), (0.6, 0.6, 0.6))),
}


@dataclass(frozen=True)
class _Light:
    """One picture's lighting, by chance. key, fill : directions towards the lights; the sky is above, +z"""

    key: np.ndarray
    strength: float
    sky: float

    def falling(self, normals):
        """Diffuse light on the surface: the sky's half sphere and one soft key light."""
        up = 0.5 + 0.5 * normals[..., 2]
        key = np.clip((normals @ self.key + 0.25) / 1.25, 0, 1)
        return self.sky * (0.45 + 0.55 * up) + self.strength * key

    def mirrored(self, directions, roughness):
        """What a surface reflects: sky over a dark ground with a bright band, a lamp; all blurred by roughness."""
        up = directions[..., 2]
        blur = 0.08 + roughness
        ground = 1 / (1 + np.exp(-np.clip((up + 0.05) / (0.22 * blur), -30, 30)))
        band = np.exp(-((up - 0.35) / (0.25 + 0.5 * blur)) ** 2)
        lamp = np.exp(-np.clip((1 - directions @ self.key) / (0.5 * blur ** 2), 0, 30)) / (0.25 + 3.0 * blur)
        return 0.22 + 0.75 * ground + 0.5 * band + 1.6 * lamp


def draw(scene: Scene, rng: np.random.Generator) -> np.ndarray:
    """(SIZE, SIZE, 3) uint8, sRGB; camera, light, ground and the pattern's place come from the generator."""
    side, up, ahead, points, normals, owner, half = _seen(scene, rng)
    near = scene.shape != "patch" and rng.random() < _NEAR
    for _ in range(4 if near else 0):
        closer = _seen(scene, rng, near=True)
        if (closer[5] >= 0).mean() > 0.4:
            side, up, ahead, points, normals, owner, half = closer
            break
    azimuth, height = rng.uniform(-1.2, 1.2), rng.uniform(0.3, 1.1)
    key = -np.cos(azimuth) * np.cos(height) * ahead + np.sin(azimuth) * np.cos(height) * side + np.sin(height) * up
    light = _Light(key / np.linalg.norm(key), rng.uniform(0.5, 0.9), rng.uniform(0.45, 0.7))
    ground = rng.uniform(0.02, 1.0) * (1 + rng.uniform(-0.06, 0.06, 3))
    paper = np.broadcast_to(ground * (1 + 0.1 * np.linspace(1, -1, _FINE)[:, None, None]), (_FINE, _FINE, 3))
    picture = paper.copy()
    for index, coat in enumerate(scene.coats):
        mine = owner == index
        if mine.any():
            colours = _shade(coat, points * (_UNIT / half), normals, (side, up, ahead), light, paper, rng)
            picture[mine] = colours[mine]
    small = picture.reshape(SIZE, 2, SIZE, 2, 3).mean((1, 3))
    small = np.clip(small, 0, None)
    small = np.where(small > 0.8, 0.8 + 0.2 * np.tanh((small - 0.8) / 0.2), small)  # highlights fold instead of clip
    screen = np.where(small <= 0.0031308, 12.92 * small, 1.055 * small ** (1 / 2.4) - 0.055)
    return np.clip(np.round(screen * 255), 0, 255).astype(np.uint8)


def _seen(scene: Scene, rng: np.random.Generator, *, near: bool = False):
    """Camera axes; per pixel: points, outward normals, number of the part (-1 where the ground is seen); half a side
    of the picture in units. near : of a piece only"""
    turn, tilt = rng.uniform(-np.pi, np.pi), rng.uniform(0.15, 0.75)
    if scene.shape == "patch":
        turn, tilt = rng.uniform(-0.5, 0.5), rng.uniform(-0.25, 0.4)
    side = np.array([np.cos(turn), np.sin(turn), 0.0])
    ahead = np.array([-np.sin(turn) * np.cos(tilt), np.cos(turn) * np.cos(tilt), -np.sin(tilt)])
    up = np.cross(side, ahead)
    half = np.float32(rng.uniform(0.3, 0.8) if near else rng.uniform(0.95, 1.3))
    grid = ((np.arange(_FINE) + 0.5) / _FINE * 2 - 1).astype(np.float32)
    side, ahead, up = (axis.astype(np.float32) for axis in (side, ahead, up))
    origins = half * (grid[None, :, None] * side - grid[:, None, None] * up)
    if scene.shape == "patch":
        points = origins - ahead * (origins[..., 1:2] / ahead[1])
        bowed = np.concatenate([0.25 * origins[..., :1], -np.ones((_FINE, _FINE, 1)), 0.25 * origins[..., 2:]], -1)
        bowed = bowed / np.linalg.norm(bowed, axis=-1, keepdims=True)  # a gloss shows on curved faces only
        return side, up, ahead, points, bowed, np.zeros((_FINE,) * 2, int), half
    shift = rng.uniform(-1, 1, 2).astype(np.float32) * np.float32(0.8 if near else 0.12)
    origins = origins + shift[0] * side + shift[1] * up - np.float32(2.0) * ahead
    parts = SHAPES[scene.shape]
    travelled = np.zeros((_FINE, _FINE), dtype=np.float32)
    for _ in range(_STEPS):
        points = origins + travelled[..., None] * ahead
        travelled = np.minimum(travelled + _nearest(parts, points), 4.5)
    points = origins + travelled[..., None] * ahead
    distances = np.stack([part(points) for part in parts], -1)
    owner = np.where(distances.min(-1) < 0.03, distances.argmin(-1), -1)
    corners = np.array([[1, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]], dtype=np.float32)
    normals = sum(c * _nearest(parts, points + np.float32(0.01) * c)[..., None] for c in corners)
    normals = normals / (np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-9)
    return side, up, ahead, points, normals, owner, half


def _shade(coat: Coat, points, normals, axes, light: _Light, behind, rng: np.random.Generator) -> np.ndarray:
    side, up, ahead = axes
    look = coat.material.paint(_places(points, normals, rng))
    base, metallic, roughness = _surface(coat, look, rng)
    if not np.isscalar(look.height):
        step = np.linalg.norm(points[1:, :] - points[:-1, :], axis=-1).min() + 1e-6
        fall_y, fall_x = np.gradient(np.broadcast_to(look.height, points.shape[:2]) / step)
        slope = np.clip(fall_x, -1.5, 1.5)[..., None] * side - np.clip(fall_y, -1.5, 1.5)[..., None] * up
        normals = normals - slope
        normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
    facing = np.clip(-(normals @ ahead), 0.02, 1)
    reflected = ahead + 2 * facing[..., None] * normals
    f0 = 0.04 * (1 - metallic)[..., None] + base * metallic[..., None]
    fresnel = f0 + (1 - f0) * ((1 - facing) ** 5 * (1 - 0.7 * roughness))[..., None]
    shown = base * (1 - metallic)[..., None] * light.falling(normals)[..., None]
    if look.through:
        shown = (1 - look.through) * shown + look.through * behind * (0.25 + 0.75 * base)
    edge = look.sheen * (1 - facing)[..., None] ** 2.5 * (0.3 + 0.7 * base)
    return shown + fresnel * light.mirrored(reflected, roughness)[..., None] + edge


def _places(points, normals, rng: np.random.Generator) -> Places:
    """The face's own two directions come from the strongest direction of its normal; walls keep z upwards."""
    scale, shift = np.float32(rng.uniform(0.9, 1.15)), rng.uniform(0, 4, 3).astype(np.float32)
    moved = scale * points + shift
    axis = np.abs(normals).argmax(-1)
    across = np.where(axis == 0, moved[..., 1], moved[..., 0])
    rise = np.where(axis == 2, moved[..., 1], moved[..., 2])
    return Places(moved, np.stack([across, rise], -1), normals, float(rng.random()))


def _surface(coat: Coat, look: Look, rng: np.random.Generator):
    """Base colour (H, W, 3) linear, metallic (H, W), roughness (H, W) with the coat's colour and finish."""
    own = np.clip(coat.base * rng.uniform(0.85, 1.15) * rng.uniform(0.93, 1.07, 3), 0.004, 1)
    shape = (_FINE, _FINE)
    second = own * coat.material.shade if coat.material.second is None else np.array(coat.material.second)
    if coat.material.lifted and own.max() < _DARK:
        second = np.full(3, _LIFTED)
    share = np.broadcast_to(look.second, shape)[..., None]
    tone = np.broadcast_to(look.tone, shape)[..., None]
    base = np.clip((own * (1 - share) + second * share) * tone, 0.003, 1)
    painted = bool(coat.colour) and np.isscalar(look.metallic) and look.metallic == 1.0
    metallic = np.broadcast_to(0.0 if painted else look.metallic, shape)
    roughness = np.broadcast_to(FINISHES.get(coat.finish, look.roughness), shape)
    return base, metallic, roughness
