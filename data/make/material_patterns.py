"""Patterns of procedural materials: what a surface point of oak, rusty iron, brick ... looks like (ours).

Each is a function of points of the part, so that neighbours on one face agree; all must be told apart without colour
in pictures of 32 x 32 pixels, where one unit is about 13 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.make.material_noise import band, cells, look_up, scattered


@dataclass(frozen=True)
class Places:
    """points : (..., 3) float, units of the part, shifted and scaled by chance; flat : (..., 2), the two of them that
    lie along the face, the second upwards on walls; normals : (..., 3), outward; lean : in [0, 1), one by chance"""

    points: np.ndarray
    flat: np.ndarray
    normals: np.ndarray
    lean: float = 0.0

    def noise(self, low: float, high: float, stretch: tuple[float, float, float] = (1, 1, 1)) -> np.ndarray:
        return look_up(band(low, high), self.points * np.array(stretch, dtype=np.float32))

    def streaks(self, low: float, high: float, across: float, along: float) -> np.ndarray:
        """Noise drawn out along the first direction of the face."""
        u, v = self.flat[..., 0], self.flat[..., 1]
        return look_up(band(low, high), np.stack([u * along, v * across, np.full_like(u, 1.3 + self.lean)], -1))


@dataclass(frozen=True)
class Look:
    """Arrays or numbers that broadcast over the points.

    tone : factor of the base colour; second : in [0, 1], share of the material's second colour; height : units,
    small; metallic, roughness : glTF's; sheen : added light at grazing angles; through : share of what lies behind
    """

    tone: np.ndarray | float = 1.0
    second: np.ndarray | float = 0.0
    height: np.ndarray | float = 0.0
    metallic: np.ndarray | float = 0.0
    roughness: np.ndarray | float = 0.6
    sheen: float = 0.0
    through: float = 0.0


def _step(value, low: float, high: float):
    """Smooth step from 0 to 1."""
    share = np.clip((value - low) / (high - low), 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _wood(at: Places, *, lines: float, wave: float, pores: float, contrast: float) -> Look:
    bend = at.streaks(0.5, 4.0, 0.8, 0.35)
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (lines * at.flat[..., 1] + wave * bend))
    fibre = at.streaks(0.1, 0.5, 1.2, 0.16)
    dark = np.clip(contrast * rings ** 2 + pores * np.clip(fibre, 0, 2), 0, 1)
    return Look(tone=1.12 - 0.05 * fibre, second=dark, height=-0.02 * dark, roughness=0.55)


def oak(at: Places) -> Look:
    return _wood(at, lines=1.6, wave=0.55, pores=0.4, contrast=0.85)


def walnut(at: Places) -> Look:
    return _wood(at, lines=0.9, wave=0.9, pores=0.2, contrast=0.85)


def pine(at: Places) -> Look:
    u, v = at.flat[..., 0], at.flat[..., 1]
    knots = look_up(cells(1.0)[0], np.stack([u * 0.7, v * 1.3, np.full_like(u, 0.6)], -1))
    plain = _wood(at, lines=1.1, wave=0.6, pores=0.06, contrast=0.4)
    middle = _step(look_up(band(0.5, 1.2), np.stack([u * 0.8, v * 1.6, np.full_like(u, 2.1)], -1)), 1.7, 2.1)
    return Look(tone=1.1, second=np.clip(plain.second + 1.0 * middle + 0 * knots, 0, 1), height=plain.height,
                roughness=0.6)


def bamboo(at: Places) -> Look:
    """Stems side by side with a node every now and then; stems stand upright."""
    stem = at.flat[..., 0] / 0.42
    inside = np.abs(stem - np.floor(stem) - 0.5) * 2
    rise = at.flat[..., 1] / 1.1 + scattered(np.floor(stem))
    node = _step(np.abs(rise - np.round(rise)), 0.07, 0.03)
    return Look(tone=1.05 - 0.2 * inside ** 3, second=np.clip(_step(inside, 0.78, 1.0) + 0.85 * node, 0, 1),
                height=0.16 * np.sqrt(1 - 0.95 * inside ** 2) + 0.03 * node, roughness=0.5)


def bark(at: Places) -> Look:
    u, v = at.flat[..., 0], at.flat[..., 1]
    bent = u + 0.08 * at.noise(0.5, 2.0)
    border = look_up(cells(0.36)[0], np.stack([bent * 1.3, v * 0.35, np.full_like(u, 0.9)], -1))
    deep = 1 - _step(border, 0.05, 0.4)
    return Look(tone=1.15 + 0.1 * at.noise(0.1, 0.4), second=deep, height=-0.13 * deep, roughness=0.95)


def brushed(at: Places) -> Look:
    lines = at.streaks(0.1, 0.4, 1.2, 0.05)
    return Look(tone=1.0 + 0.13 * lines, height=0.006 * lines, metallic=1.0, roughness=0.38)


def cast(at: Places) -> Look:
    lumps = at.noise(0.12, 0.5)
    return Look(tone=1.0 + 0.14 * lumps, height=0.022 * lumps, metallic=1.0, roughness=0.65)


def rusty(at: Places) -> Look:
    patches = at.noise(0.25, 1.6) + 0.35 * at.noise(0.1, 0.3)
    rust = _step(patches, -0.5, 0.35)
    crumbs = at.noise(0.1, 0.3)
    return Look(tone=1.0 + 0.28 * crumbs * rust, second=rust, height=0.02 * crumbs * rust + 0.03 * rust,
                metallic=0.9 * (1 - rust), roughness=0.5 + 0.4 * rust)


def polished(at: Places) -> Look:
    return Look(metallic=1.0, roughness=0.3)


def mirror(at: Places) -> Look:
    return Look(tone=1.05, metallic=1.0, roughness=0.05)


def brick(at: Places) -> Look:
    row = at.flat[..., 1] / 0.38
    along = at.flat[..., 0] / 0.84 + 0.5 * (np.floor(row) % 2)
    up, side = row - np.floor(row), along - np.floor(along)
    rim = np.minimum(np.minimum(up, 1 - up) * 0.38, np.minimum(side, 1 - side) * 0.84)
    body = _step(rim, 0.025, 0.06)
    each = scattered(np.floor(row), np.floor(along))
    return Look(tone=0.85 + 0.4 * each + 0.08 * at.noise(0.1, 0.4), second=1 - body, height=0.07 * body, roughness=0.9)


def tiles(at: Places) -> Look:
    side = at.flat / 0.55
    inside = side - np.floor(side)
    rim = np.minimum(inside, 1 - inside).min(-1) * 0.55
    body = _step(rim, 0.02, 0.06)
    each = scattered(np.floor(side[..., 0]), np.floor(side[..., 1]))
    return Look(tone=0.92 + 0.16 * each, second=1 - body, height=0.05 * body, roughness=0.15 + 0.7 * (1 - body))


def marble(at: Places) -> Look:
    """Clouds with dark, winding veins that run down to the right; bright ones beside them, which show on black."""
    u, v = at.flat[..., 0], at.flat[..., 1]
    level = np.zeros_like(u)
    bend = look_up(band(0.5, 3.0), np.stack([u, v, level + 0.7], -1))
    along = 0.75 * u + v + 0.3 * bend
    vein = np.abs(along / 0.95 - np.round(along / 0.95)) * 0.95
    cloud = look_up(band(0.6, 4.0), np.stack([u, v, level + 2.9], -1))
    return Look(tone=1.02 + 0.16 * cloud + 0.5 * np.exp(-((vein - 0.2) / 0.07) ** 2),
                second=np.clip(1.1 * np.exp(-(vein / 0.075) ** 2), 0, 0.95), roughness=0.22)


def granite(at: Places) -> Look:
    """Dark and bright specks on a plain ground."""
    border, grains = (look_up(block, at.points) for block in cells(0.25))
    speck = _step(border, 0.02, 0.2)
    return Look(tone=1.0 + np.where(grains > 0.8, 0.8, 0.0) * speck, second=np.where(grains < 0.25, 0.95, 0.0) * speck,
                roughness=0.45)


def stone(at: Places) -> Look:
    """Rubble: rounded stones with dark joints."""
    border, each = (look_up(block, at.points) for block in cells(0.62))
    body = _step(border, 0.04, 0.3)
    return Look(tone=0.72 + 0.55 * each + 0.08 * at.noise(0.1, 0.4), second=1 - _step(border, 0.03, 0.12),
                height=0.13 * body, roughness=0.9)


def concrete(at: Places) -> Look:
    pits = _step(at.noise(0.14, 0.3), 1.5, 1.9)
    return Look(tone=1.0 + 0.11 * at.noise(0.5, 4.0) + 0.04 * at.noise(0.1, 0.3), second=0.9 * pits,
                height=-0.05 * pits, roughness=0.92)


def clay(at: Places) -> Look:
    """Thrown on a wheel: faint rings."""
    rings = np.sin(2 * np.pi * at.flat[..., 1] / 0.3 + 0.5 * at.noise(0.5, 2.0))
    return Look(tone=1.0 + 0.05 * rings + 0.05 * at.noise(0.2, 1.0), height=0.018 * rings, roughness=0.9)


def leather(at: Places) -> Look:
    """Rounded grains with narrow, dark creases."""
    border = look_up(cells(0.42)[0], at.points + 0.05 * at.noise(0.3, 1.0)[..., None])
    crease = 1 - _step(border, 0.02, 0.28)
    return Look(tone=1.12, second=0.8 * crease, height=-0.06 * crease, roughness=0.42)


def weave(at: Places) -> Look:
    """Basket weave: squares of two broad threads each, which lie across and upright in turn."""
    square = np.floor(at.flat / 0.56).sum(-1) % 2 == 0
    thread = np.where(square, at.flat[..., 1], at.flat[..., 0]) / 0.28
    rim = 2 * np.abs(thread - np.floor(thread) - 0.5)
    gap = _step(rim, 0.5, 1.0)
    return Look(tone=np.where(square, 1.25, 0.85), second=0.9 * gap, height=-0.04 * gap, roughness=0.95, sheen=0.05)


def cotton(at: Places) -> Look:
    """Fine cloth with soft folds."""
    folds = at.streaks(0.5, 2.0, 0.9, 0.3)
    threads = at.streaks(0.1, 0.2, 1.0, 0.6) + at.noise(0.1, 0.2)
    return Look(tone=1.0 + 0.03 * threads, height=0.09 * folds, roughness=0.95, sheen=0.08)


def linen(at: Places) -> Look:
    u, v = at.flat[..., 0], at.flat[..., 1]
    level = np.zeros_like(u)
    along = look_up(band(0.1, 0.3), np.stack([u * 0.12, v, level + 0.4], -1))
    up = look_up(band(0.1, 0.3), np.stack([u, v * 0.12, level + 2.4], -1))
    return Look(tone=1.02 + 0.14 * along + 0.14 * up, height=0.008 * (along + up), roughness=0.95, sheen=0.06)


def wool(at: Places) -> Look:
    """Knitted: columns of slanted stitches that mirror each other."""
    column = at.flat[..., 0] / 0.27
    slant = np.where(np.floor(column) % 2 == 0, 1.0, -1.0) * (column - np.floor(column) - 0.5)
    stitch = at.flat[..., 1] / 0.3 + 0.8 * slant
    inside = np.abs(stitch - np.floor(stitch) - 0.5) * 2
    edge = np.abs(column - np.floor(column) - 0.5) * 2
    dark = np.clip(_step(inside, 0.55, 1.0) + 0.6 * _step(edge, 0.75, 1.0), 0, 1)
    return Look(tone=1.12, second=0.85 * dark, height=-0.06 * dark, roughness=1.0, sheen=0.1)


def denim(at: Places) -> Look:
    twill = (at.flat[..., 0] + at.flat[..., 1]) / 0.25
    line = 0.5 + 0.5 * np.sin(2 * np.pi * twill)
    return Look(tone=0.82 + 0.5 * line + 0.07 * at.noise(0.1, 0.3), height=0.015 * line, roughness=0.95, sheen=0.05)


def wicker(at: Places) -> Look:
    row = at.flat[..., 1] / 0.24
    along = at.flat[..., 0] / 0.9 + 0.5 * (np.floor(row) % 2)
    inside, side = row - np.floor(row) - 0.5, along - np.floor(along) - 0.5
    hidden = np.clip(_step(np.abs(side), 0.33, 0.5) + _step(np.abs(inside), 0.3, 0.5), 0, 1)
    return Look(tone=1.15, second=0.9 * hidden, height=-0.1 * hidden, roughness=0.8)


def smooth(at: Places) -> Look:
    return Look(roughness=0.42)


def glazed(at: Places) -> Look:
    return Look(tone=1.0 + 0.03 * at.noise(0.8, 4.0), roughness=0.12)


def glass(at: Places) -> Look:
    return Look(tone=1.0, roughness=0.03, sheen=0.45, through=0.45)


def rubber(at: Places) -> Look:
    """Studded like a mat."""
    side = at.flat / 0.42 + 0.5 * np.array([0, 1]) * (np.floor(at.flat[..., :1] / 0.42) % 2)
    stud = 1 - _step(np.hypot(*np.moveaxis(side - np.floor(side) - 0.5, -1, 0)), 0.22, 0.36)
    return Look(tone=0.9 + 0.35 * stud, height=0.07 * stud, roughness=0.8)


def grass(at: Places) -> Look:
    u, v = at.flat[..., 0], at.flat[..., 1]
    level = np.zeros_like(u)
    bent = u + 0.1 * look_up(band(0.4, 1.6), np.stack([u, v, level + 1.1], -1))
    blades = look_up(band(0.1, 0.4), np.stack([bent * 1.1, v * 0.28, level + 0.2], -1))
    return Look(tone=1.1 + 0.42 * np.clip(blades, -1.6, 1.8), second=_step(-blades, 0.4, 1.3), height=0.06 * blades,
                roughness=0.9)


def sand(at: Places) -> Look:
    u, v = at.flat[..., 0], at.flat[..., 1]
    drift = look_up(band(0.6, 4.0), np.stack([u * 0.8, v * 0.8, np.full_like(u, 0.4)], -1))
    ripple = np.sin(2 * np.pi * (v / 0.42 + 0.3 * drift))
    return Look(tone=1.0 + 0.13 * ripple + 0.09 * at.noise(0.1, 0.14), height=0.05 * ripple, roughness=0.95)


def paper(at: Places) -> Look:
    return Look(tone=1.03 + 0.025 * at.noise(0.1, 0.5), roughness=0.95)


def cardboard(at: Places) -> Look:
    flute = np.sin(2 * np.pi * at.flat[..., 0] / 0.25)
    return Look(tone=1.0 + 0.16 * flute, height=0.012 * flute, roughness=0.9)


def cork(at: Places) -> Look:
    border, each = (look_up(block, at.points) for block in cells(0.27))
    return Look(tone=0.95 + 0.25 * each, second=np.where((each < 0.28) & (border > 0.08), 0.9, 0.0), roughness=0.9)


def wax(at: Places) -> Look:
    return Look(tone=1.05, roughness=0.5, sheen=0.12)
