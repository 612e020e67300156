"""Lobes: how much a GGX surface reflects and where to, as tables (ShapeCraft, step 5; its tables are ours).

The lobe is that of glTF 2.0, appendix B: GGX with alpha = roughness squared, Smith's separable masking and shadowing,
Schlick's Fresnel term, one bounce: light that would bounce twice is lost, as in engines without compensation.
With F0 it reflects F0 A + B, where A and B are integrals over the lobe with Schlick's (1 - s) and s, s = (1 - v.h)^5.
For lookups in blurred environments the lobe is cut into TAPS pieces, each a round lobe of the same mean.
Local frame: normal +z, the view in the plane of x and z, x >= 0.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FLOOR = 0.08
"""Smallest roughness that is shaded; smoother surfaces look like this one (Fantasia3D, a close relative, paints from
0.08 too)."""
ROUGHNESSES = tuple(float(one) for one in np.linspace(FLOOR**0.5, 1.0, 16) ** 2)
"""Where lobes are tabulated, roots equally far apart; between them light is linear in the root (ours)."""
ALONG = (0.0, 0.04, 0.15, 0.3, 0.5, 0.7, 0.85, 0.96, 1.0)
"""Cuts of a lobe along the plane of the view: shares of its weight (ours: see `ACROSS`)."""
ACROSS = (0.0, 0.3, 0.6, 0.88, 1.0)
"""Cuts of each slice on one side of that plane, from the plane outwards (ours: as many as keep white metal within 2 %
of the reference)."""
TAPS = 2 * (len(ALONG) - 1) * (len(ACROSS) - 1)
_VIEWS = 48  # cosines of the view, their square roots equally far apart: the lobe changes fastest at grazing views
_RINGS, _SPOKES = 128, 32  # half vectors on one side of the plane
_LOWEST = 1e-3  # cosine of the view


@dataclass(frozen=True, eq=False)
class Lobes:
    """cosines : (C,) of the view, ascending, roots equally far apart
    albedo : (R, C, 2) shares A, B of white light that are reflected, R = ROUGHNESSES
    taps : (R, C, TAPS, 6) direction x, y, z in the local frame, width (radians, 1 / sqrt of von Mises and Fisher's
        concentration), shares of A and of B; all float32
    """

    cosines: np.ndarray
    albedo: np.ndarray
    taps: np.ndarray


@functools.cache
def lobes() -> Lobes:
    """The tables, made once a process."""
    cosines = np.maximum(np.linspace(0.0, 1.0, _VIEWS) ** 2, _LOWEST)
    rows = [_cut(cosines, roughness) for roughness in ROUGHNESSES]
    taps = np.stack(rows).astype(np.float32)
    return Lobes(cosines.astype(np.float32), taps[..., 4:].sum(axis=2), taps)


def masking(cosine: np.ndarray, alpha: float) -> np.ndarray:
    """Smith's share of microfacets that a direction at this cosine to the normal sees."""
    return 2 * cosine / (cosine + np.sqrt(alpha**2 + (1 - alpha**2) * cosine**2))


def _cut(cosines: np.ndarray, roughness: float) -> np.ndarray:
    """(C, TAPS, 6) of one roughness."""
    alpha = roughness**2
    left, turn = (grid.reshape(-1) for grid in np.meshgrid((np.arange(_RINGS) + 0.5) / _RINGS,
                                                           (np.arange(_SPOKES) + 0.5) * np.pi / _SPOKES, indexing="ij"))
    # Half vectors as often as GGX has them, so that its distribution cancels; closer, and lighter, at large tilts,
    # which are all that a grazing view sees.
    u, often = 1 - left**2, left / left.sum() / 2
    height = np.sqrt((1 - u) / (1 + (alpha**2 - 1) * u))
    across = np.sqrt(1 - height**2)
    half = np.stack([across * np.cos(turn), across * np.sin(turn), height], axis=-1)
    table = np.zeros((len(cosines), TAPS, 6))
    for row, cosine in enumerate(cosines):
        view = np.array([np.sqrt(1 - cosine**2), 0.0, cosine])
        facing = half @ view
        light = 2 * facing[:, None] * half - view
        lit = (facing > 0) & (light[:, 2] > 0)
        facing, light = facing[lit], light[lit]
        weight = (masking(light[:, 2], alpha) * masking(cosine, alpha) * facing / (cosine * half[lit, 2]) * often[lit])
        # Lambert's map of the hemisphere keeps areas: pieces of equal weight are of like size where the lobe is even.
        flat = light[:, :2] / np.sqrt(1 + light[:, 2:])
        slices = _shares(flat[:, 0], weight, ALONG)
        schlick = (1 - facing) ** 5
        pieces = np.concatenate([_shares(flat[:, 1], one, ACROSS) for one in slices])
        total = pieces.sum(axis=1)
        mean = pieces @ light / total[:, None]
        length = np.linalg.norm(mean, axis=1)
        # Banerjee et al. (2005): concentration from the mean's length.
        width = np.sqrt(np.maximum(1 - length**2, 1e-9) / (length * (3 - length**2)))
        dim = pieces @ schlick
        for side in (0, 1):
            table[row, side::2, :3] = mean / length[:, None] * (1, 1 - 2 * side, 1)
            table[row, side::2, 3:] = np.stack([width, total - dim, dim], axis=1)
    return table


def _shares(values: np.ndarray, weight: np.ndarray, cuts: Sequence[float]) -> np.ndarray:
    """(len(cuts) - 1, N): weights of N samples in each piece, cut along `values` by shares of all weight.

    A sample on a border goes to both sides by its share, so that nothing jumps from one view to the next.
    """
    order = np.argsort(values, kind="stable")
    passed = np.concatenate([[0.0], np.cumsum(weight[order])])
    inside = np.diff(np.clip(passed, *(np.array([cuts[:-1], cuts[1:]])[..., None] * passed[-1])), axis=1)
    found = np.empty_like(inside)
    found[:, order] = inside
    return found
