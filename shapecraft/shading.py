"""Shading: neutral pictures of an object for people and the Evaluator (paper silent; ours).

A headlight at the eye and a hemisphere that is bright above and dark below; both sides of a surface alike, no gloss,
no texture, white paper. Every face has its material: base colours are turned from linear light to screen values first,
and the light is multiplied on those; where a surface glows, the brighter of light and glow is seen. On request parts
have colours of their own, borders are drawn, and the ground darkens where something stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from easel.cameras import Camera
from easel.errors import ConfigurationError
from shapecraft import raster
from shapecraft.mesh import ObjectMesh
from shapecraft.raster import GBuffer, rasterise, rays

VERSION = "neutral 1"
"""Stands in the source of pictures; another number where another value may come out. Objects whose faces have several
materials, or glow, have another key since they are shown (`PartMesh.key`)."""
HEADLIGHT, ABOVE, BELOW = 0.62, 0.38, 0.12
"""Shares of the light: of the lamp at the eye, and of the hemisphere on surfaces that look up and down (ours)."""
GREY = 0.8
"""Screen value of everything where colours are "grey": the pictures that CLIP scores (ours)."""
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
"""Okabe and Ito (2008) without black, on which no shade shows; further parts have them lighter, then darker."""
_LINE = 0.25  # value of a border, as a share of the colour
_JUMP = 0.02  # share of the depth between neighbours that is a border
_REACH = ((0.03, 0.03), (0.25, 0.10))  # of two shadows, shares of the longest side: height that still darkens, blur
_SHADES = (0.45, 0.35)  # how dark both are below what stands
_MAP = 160  # side of the ground's picture in pixels; the shadow is softer than that

Colours = Literal["material", "parts", "grey"]


@dataclass(frozen=True)
class Style:
    """How objects are drawn.

    size : H = W in pixels (ours: 320); samples : along each side of a pixel (ours: 2)
    colours : "material" takes the faces' base colours and glow, "parts" one colour a part, "grey" one for all
    smooth : as the file shades, else every face flat; borders : thin lines between parts and where depth jumps
    ground : height of a plane that darkens near the object, metres; None draws none (0.0 is the frame's floor)
    """

    size: int = 320
    samples: int = 2
    colours: Colours = "material"
    smooth: bool = True
    borders: bool = False
    ground: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.size <= 4096 or not 1 <= self.samples <= 8 or self.size * self.samples > 8192:
            raise ConfigurationError("1 to 4096 pixels, 1 to 8 samples", came=f"{self.size}, {self.samples}",
                                     where="Style")
        if self.colours not in ("material", "parts", "grey"):
            raise ConfigurationError('"material", "parts" or "grey"', came=repr(self.colours), where="Style colours")

    @property
    def source(self) -> str:
        """Canonical one-line text; the same objects, cameras and source give the same picture."""
        ground = "none" if self.ground is None else f"{self.ground:.9g}"
        return (f"{raster.VERSION}, {VERSION}, {self.size}x{self.samples}, {self.colours}, "
                f"{'smooth' if self.smooth else 'flat'}, borders={self.borders}, ground={ground}")


@dataclass(frozen=True, eq=False)
class Views:
    """pictures : (V, H, W, 3) float32 in [0, 1], paper 1, red green blue
    part : (V, H, W) int32, part at about the middle of each pixel, -1 for none"""

    pictures: np.ndarray
    part: np.ndarray


def shaded(mesh: ObjectMesh, cameras: Sequence[Camera], style: Style | None = None, *, threads: int = 1) -> Views:
    """V pictures of an object, where it is; errors as `rasterise`."""
    style = style or Style()
    fine, step = style.size * style.samples, style.samples
    pictures = np.empty((len(cameras), style.size, style.size, 3), dtype=np.float32)
    part = np.empty((len(cameras), style.size, style.size), dtype=np.int32)
    paint = _Paint.of(mesh, style.colours)
    shadow = _Shadow.of(mesh, style.ground) if style.ground is not None else None
    # View by view: the buffers of all at once would be large.
    for view, camera in enumerate(cameras):
        seen = rasterise(mesh, [camera], size=fine, smooth=style.smooth, extras=("normal",), threads=threads)
        origins, directions = rays(camera, fine)
        picture = _lit(seen, directions, paint)
        if style.borders:
            picture[borders(seen)[0]] *= _LINE
        if shadow is not None:
            shadow.darken(picture, seen.covered[0], origins, directions)
        pictures[view] = picture.reshape(style.size, step, style.size, step, 3).mean(axis=(1, 3))
        part[view] = seen.part[0, step // 2:: step, step // 2:: step]
    return Views(pictures, part)


def part_colour(number: int) -> tuple[float, float, float]:
    """Screen values in [0, 1] of the part at this place."""
    hexed = OKABE_ITO[number % len(OKABE_ITO)]
    red, green, blue = (int(hexed[at: at + 2], 16) / 255 for at in (1, 3, 5))
    turn = number // len(OKABE_ITO) % 3
    if turn == 1:
        return (red + 1) / 2, (green + 1) / 2, (blue + 1) / 2
    return (red, green, blue) if turn == 0 else (red * 0.6, green * 0.6, blue * 0.6)


def screen(linear: np.ndarray) -> np.ndarray:
    """Linear light in [0, 1] to screen values by the curve of sRGB (IEC 61966-2-1)."""
    linear = np.clip(np.asarray(linear, dtype=np.float64), 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def borders(seen: GBuffer) -> np.ndarray:
    """(V, H, W) bool: the pixel on the nearer side where two neighbours see different parts or depths far apart."""
    line = np.zeros(seen.part.shape, dtype=bool)
    for axis in (1, 2):
        near, far = (slice(None),) * axis + (slice(None, -1),), (slice(None),) * axis + (slice(1, None),)
        one, other = seen.depth[near], seen.depth[far]
        with np.errstate(invalid="ignore"):
            apart = np.abs(one - other) > _JUMP * np.minimum(one, other)
        apart |= seen.part[near] != seen.part[far]
        line[near] |= apart & (one <= other) & (seen.part[near] >= 0)
        line[far] |= apart & (other < one) & (seen.part[far] >= 0)
    return line


@dataclass(frozen=True, eq=False)
class _Paint:
    """base, glow : (R, 3) float32 screen values in [0, 1]; row : (F,) of each face; starts : (parts,) its first face"""

    base: np.ndarray
    glow: np.ndarray
    row: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, mesh: ObjectMesh, colours: Colours) -> _Paint:
        base, row = np.full((1, 3), GREY), np.zeros_like(mesh.part_of)
        glow = np.zeros_like(base)
        if colours == "parts":
            base, row = np.array([part_colour(number) for number in range(len(mesh.parts))]), mesh.part_of
            glow = np.zeros_like(base)
        elif colours == "material":
            base, row = screen(np.array([one.base_colour for one in mesh.materials])), mesh.material_of
            glow = screen(np.array([one.emission for one in mesh.materials]))
        starts = np.cumsum([0, *(len(part.faces) for part in mesh.parts)])[:-1]
        return cls(base.astype(np.float32), glow.astype(np.float32), row, starts)


def _lit(seen: GBuffer, directions: np.ndarray, paint: _Paint) -> np.ndarray:
    """(S, S, 3) float32 of one view."""
    assert seen.normal is not None
    picture = np.ones((*seen.part.shape[1:], 3), dtype=np.float32)
    on = seen.covered[0]
    towards = -directions[on]
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    normals = seen.normal[0][on]
    cosine = np.einsum("pi,pi->p", normals, towards)
    upward = normals[:, 2] * np.where(cosine < 0, -1.0, 1.0)
    light = HEADLIGHT * np.abs(cosine) + BELOW + (ABOVE - BELOW) * (upward + 1) / 2
    row = paint.row[paint.starts[seen.part[0][on]] + seen.face[0][on]]
    picture[on] = np.maximum(paint.base[row] * light[:, None].astype(np.float32), paint.glow[row])
    return picture


@dataclass(frozen=True, eq=False)
class _Shadow:
    """A picture of the object from below the ground, blurred: how much each place of the ground is covered."""

    height: float
    camera: Camera
    dark: np.ndarray

    @classmethod
    def of(cls, mesh: ObjectMesh, height: float) -> _Shadow:
        from scipy.ndimage import gaussian_filter

        low, high = mesh.bounds
        extent = float((high - low).max()) or 1.0
        (x, y, _), below = (low + high) / 2, extent
        camera = Camera((x, y, height - below), (x, y, height), up=(0.0, 1.0, 0.0), projection="orthographic",
                        height=2.0 * extent, near=1e-6 * extent)
        depth = rasterise(mesh, [camera], size=_MAP, extras=()).depth[0].astype(np.float64)
        over = np.abs(depth - below) / extent
        close, wide = (gaussian_filter(np.exp(-over / reach), blur * _MAP / 2)
                       for reach, blur in _REACH)
        return cls(height, camera, _SHADES[0] * close + _SHADES[1] * wide)

    def darken(
        self, picture: np.ndarray, covered: np.ndarray, origins: np.ndarray, directions: np.ndarray
    ) -> None:
        """Multiply the ground into an (S, S, 3) picture where nothing else is seen."""
        rise = directions[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (self.height - origins[..., 2]) / rise
        hit = ~covered & (rise < 0) & (origins[..., 2] > self.height)
        points = origins[hit] + distance[hit][:, None] * directions[hit]
        at = (self.camera.project(points)[:, :2] + 1) / 2 * _MAP - 0.5
        inside = ((at >= 0) & (at <= _MAP - 1.001)).all(axis=1)
        column, row = at[inside].T
        left, top = column.astype(int), row.astype(int)
        x, y = column - left, row - top
        dark = ((1 - y) * ((1 - x) * self.dark[top, left] + x * self.dark[top, left + 1])
                + y * ((1 - x) * self.dark[top + 1, left] + x * self.dark[top + 1, left + 1]))
        places = np.flatnonzero(hit)[inside]
        picture.reshape(-1, 3)[places] *= (1.0 - dark)[:, None].astype(np.float32)
