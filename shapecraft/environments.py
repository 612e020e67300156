"""Environments: light from all around, ours and any .hdr, blurred for rough surfaces (ShapeCraft, step 5).

A map is a panorama: row 0 looks up (+z), the middle column looks at +y, away from the viewer in front, and columns
to the right of it turn to +x. It lies infinitely far away; nothing shadows it. Values are linear light.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.hdr_file import read_hdr

HEIGHT = 128
"""Rows of a map; columns are twice as many (ours: 1.4 degrees, the width of the narrowest lobe that is shaded)."""
WIDTHS = tuple(0.025 * math.sqrt(2.0) ** step for step in range(11))
"""Radians, 1 / sqrt of concentration, by which a map is blurred; below the first towards the map itself (ours)."""
SHARP = 0.0125
"""Width that counts as not blurred: half a pixel of a map."""
_COARSE = 32  # rows that do for maps blurred by at least _WIDE
_WIDE = 0.13
BRIGHTEST = 65_504.0


@dataclass(frozen=True, eq=False)
class Environment:
    """light : (HEIGHT, 2 HEIGHT, 3) float32, not negative; name : in words

    Raises ConfigurationError for another shape, negative or unbounded light, and darkness.
    """

    name: str
    light: np.ndarray

    def __post_init__(self) -> None:
        light = np.array(self.light, dtype=np.float32)
        if light.shape != (HEIGHT, 2 * HEIGHT, 3):
            raise ConfigurationError(f"a map of shape ({HEIGHT}, {2 * HEIGHT}, 3)", came=f"shape {light.shape}",
                                     where=f"environment {self.name!r}")
        if not np.isfinite(light).all() or light.min() < 0 or light.max() > BRIGHTEST or not light.any():
            raise ConfigurationError(f"light from 0 to {BRIGHTEST:.0f}, some above 0",
                                     came=f"{light.min()} to {light.max()}", where=f"environment {self.name!r}")
        light.flags.writeable = False
        object.__setattr__(self, "light", light)

    @property
    def mean(self) -> float:
        """Of all directions and the three colours."""
        return float((self.light * _areas(HEIGHT)[:, None, None]).sum() / (4 * np.pi * 3))

    def scaled(self, *, mean: float = 1.0) -> Environment:
        """As bright as `mean`: a white, matt ball is on average as bright (ours: 1)."""
        return replace(self, light=self.light * np.float32(mean / self.mean))

    def turned(self, degrees: float) -> Environment:
        """Turned around +z, what stood at +y towards +x, to the next whole column."""
        return replace(self, light=np.roll(self.light, round(degrees / 360 * 2 * HEIGHT), axis=1))

    @cached_property
    def blurred(self) -> np.ndarray:
        """(1 + len(WIDTHS), HEIGHT, 2 HEIGHT, 3) float32: the map, then round lobes of WIDTHS; a constant map stays."""
        layers = [self.light]
        for width in WIDTHS:
            concentration = 1.0 / width**2

            def kernel(cosine: np.ndarray, concentration: float = concentration) -> np.ndarray:
                return np.exp(concentration * (cosine - 1))

            layers.append(_blur(self.light, kernel, coarse=width >= _WIDE))
        return np.stack(layers).astype(np.float32)

    @cached_property
    def matt(self) -> np.ndarray:
        """(HEIGHT, 2 HEIGHT, 3) float32: what a white matt surface that looks there sends back, irradiance / pi."""
        return _blur(self.light, lambda cosine: np.maximum(cosine, 0.0), coarse=True)


def directions(height: int) -> np.ndarray:
    """(height, 2 height, 3) float64 unit vectors through the middles of a map's pixels."""
    down = (np.arange(height) + 0.5) * np.pi / height
    around = (np.arange(2 * height) + 0.5) * np.pi / height - np.pi
    flat = np.sin(down)[:, None]
    return np.stack([flat * np.sin(around), flat * np.cos(around),
                     np.broadcast_to(np.cos(down)[:, None], (height, 2 * height))], axis=-1)


def look_up(light: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """(..., 3) light of a (H, 2H, 3) map from unit vectors (..., 3), linear between pixels; defines every other way."""
    height, width = light.shape[:2]
    light = over_poles(light)
    x, y, z = np.moveaxis(np.asarray(towards, dtype=np.float64), -1, 0)
    column = (np.arctan2(x, y) / (2 * np.pi) + 0.5) * width - 0.5
    row = np.arccos(np.clip(z, -1, 1)) / np.pi * height + 0.5
    left, top = np.floor(column).astype(int), row.astype(int)
    across, down = (column - left)[..., None], (row - top)[..., None]
    left, right = left % width, (left + 1) % width
    above = light[top, left] * (1 - across) + light[top, right] * across
    below = light[top + 1, left] * (1 - across) + light[top + 1, right] * across
    return above * (1 - down) + below * down


def over_poles(light: np.ndarray) -> np.ndarray:
    """(..., H + 2, W, 3): one more row beyond either pole, which is the pole's own row half a turn away."""
    half = light.shape[-2] // 2
    first, last = (np.roll(light[..., [row], :, :], half, axis=-2) for row in (0, -1))
    return np.concatenate([first, light, last], axis=-3)


def environment(source: str | Path) -> Environment:
    """One of ours by name, else an .hdr file, brought to mean 1. Raises ConfigurationError for anything else."""
    if isinstance(source, str) and source in OURS:
        return _ours(source)
    path = Path(source)
    if path.suffix.lower() != ".hdr":
        raise ConfigurationError(f"{', '.join(OURS)}, or an .hdr file", came=str(source), where="environment")
    return of_panorama(read_hdr(path), path.name).scaled()


def of_panorama(light: np.ndarray, name: str) -> Environment:
    """From an (H, W, 3) panorama of any size: means over areas where it is larger than a map, linear where smaller.

    Raises ConfigurationError where it is not twice as wide as high, within two per cent, or has a single row.
    """
    rows, columns = light.shape[:2]
    if rows < 2 or abs(columns / rows - 2) > 0.04:
        raise ConfigurationError("a panorama twice as wide as high", came=f"{columns} x {rows}", where=name)
    light = np.minimum(np.asarray(light, dtype=np.float64), BRIGHTEST)
    if rows >= HEIGHT:
        return Environment(name, _means(_means(light, HEIGHT, axis=0), 2 * HEIGHT, axis=1))
    return Environment(name, look_up(light, directions(HEIGHT)))


def studio() -> Environment:
    """A large soft box high on the left in front, a weaker one on the right, a strip behind; a grey room (ours)."""
    return _drawn("studio", lambda at: 0.25 + 0.15 * at[..., 2]
                  + 5.0 * _box(at, azimuth=-50, height=45, across=28, upright=24)
                  + 2.0 * _box(at, azimuth=65, height=20, across=18, upright=30)
                  + 3.0 * _box(at, azimuth=170, height=35, across=40, upright=8))


def overcast() -> Environment:
    """A closed sky (CIE's overcast sky, 1 + 2 sin of the height, over 3), and ground that sends back a fifth (ours)."""
    def sky(at: np.ndarray) -> np.ndarray:
        height = at[..., 2]
        above = (1 + 2 * np.maximum(height, 0.0)) / 3
        return 0.2 * 7 / 9 + (above - 0.2 * 7 / 9) * _step(height / 0.1 + 0.5)
    return _drawn("overcast", sky)


def window() -> Environment:
    """A dim room with one tall window on the left, whose light a pale wall on the right sends back (ours)."""
    return _drawn("window", lambda at: 0.12 + 0.06 * at[..., 2]
                  + 9.0 * _box(at, azimuth=-90, height=15, across=22, upright=32)
                  + 0.5 * _step(at[..., 0] / 0.8))


OURS: dict[str, Callable[[], Environment]] = {"studio": studio, "overcast": overcast, "window": window}
"""The three that are shown, neutral in colour, mean 1."""


@functools.cache
def _ours(name: str) -> Environment:
    """Made once a process, with what is derived from it."""
    return OURS[name]()


def _drawn(name: str, light: Callable[[np.ndarray], np.ndarray]) -> Environment:
    grey = light(directions(HEIGHT))[..., None]
    return Environment(name, np.broadcast_to(grey, (*grey.shape[:2], 3))).scaled()


def _box(at: np.ndarray, *, azimuth: float, height: float, across: float, upright: float) -> np.ndarray:
    """1 inside a soft box of so many degrees to each side of its middle, 0 outside, a soft border of 8 degrees.

    azimuth : degrees, 0 in front, where the viewer stands (-y), growing towards +x
    """
    turn, rise = math.radians(azimuth), math.radians(height)
    right = np.array([math.cos(turn), math.sin(turn), 0.0])
    middle = np.array([math.sin(turn) * math.cos(rise), -math.cos(turn) * math.cos(rise), math.sin(rise)])
    ahead = at @ middle
    one, other = (np.degrees(np.arctan2(np.abs(at @ axis), ahead)) for axis in (right, np.cross(right, middle)))
    return _step((across - one) / 8 + 0.5) * _step((upright - other) / 8 + 0.5)


def _step(at: np.ndarray) -> np.ndarray:
    at = np.clip(at, 0.0, 1.0)
    return at * at * (3 - 2 * at)


def _areas(height: int) -> np.ndarray:
    """(height,) solid angle of one pixel of each row; all together 4 pi."""
    edges = np.cos(np.arange(height + 1) * np.pi / height)
    return (edges[:-1] - edges[1:]) * np.pi / height


def _blur(light: np.ndarray, kernel: Callable[[np.ndarray], np.ndarray], *, coarse: bool) -> np.ndarray:
    """The mean of a map under a round kernel of the cosine, at every pixel; coarse: computed on fewer pixels."""
    height = len(light)
    if coarse and height > _COARSE:
        step = height // _COARSE
        area = _areas(height)[:, None, None]
        sums = (light * area).reshape(_COARSE, step, 2 * _COARSE, step, 3).sum(axis=(1, 3))
        small = sums / area.reshape(_COARSE, step, 1, 1).sum(axis=1) / step
        return look_up(_blur(small, kernel, coarse=False), directions(height)).astype(np.float32)
    # Two rows see each other under an angle that depends on the difference of columns alone: a product of spectra.
    down = (np.arange(height) + 0.5) * np.pi / height
    turn = np.cos(np.arange(2 * height) * np.pi / height)
    spectra = np.fft.rfft(light.astype(np.float64), axis=1)
    blurred = np.empty_like(spectra)
    for row in range(height):
        weights = kernel(np.cos(down[row]) * np.cos(down)[:, None]
                         + np.sin(down[row]) * np.sin(down)[:, None] * turn) * _areas(height)[:, None]
        blurred[row] = np.einsum("jm,jmc->mc", np.fft.rfft(weights / weights.sum(), axis=1), spectra)
    return np.maximum(np.fft.irfft(blurred, n=2 * height, axis=1), 0.0).astype(np.float32)


def _means(values: np.ndarray, count: int, *, axis: int) -> np.ndarray:
    """Means over `count` equal stretches of an axis, each with its share of the cells that it cuts."""
    values = np.moveaxis(values, axis, 0)
    sums = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    edges = np.linspace(0, len(values), count + 1)
    whole = np.minimum(edges.astype(int), len(values) - 1)
    reached = sums[whole] + (edges - whole).reshape(-1, *[1] * (values.ndim - 1)) * values[whole]
    return np.moveaxis(np.diff(reached, axis=0) * count / len(values), 0, axis)
