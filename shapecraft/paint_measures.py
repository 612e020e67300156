"""Paint measures: whether a painted part has its own prompt's colour, and whether light was painted into it (ours).

All figures are means over points of the surface that is seen from outside, area-weighted within each part, and ask the
painting itself, not pictures of it. Colours are compared in CIELAB under D65, 2 degrees (CIE 1976).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.environments import OURS, Environment, look_up
from shapecraft.flat_painting import worded_material
from shapecraft.mesh import ObjectMesh
from shapecraft.seen_surface import seen_points, spread_points

if TYPE_CHECKING:
    from shapecraft.baking import Materials

EACH = 1024
"""Points of a part that are drawn; those that nothing outside sees do not count (ours)."""
LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear red, green, blue (sRGB, ITU-R BT.709)."""
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])
_DARKEST = 1e-3  # of luminances of which a logarithm is taken
_EVEN = 1e-4  # deviation of luminance below which a part counts as one colour


@dataclass(frozen=True, eq=False)
class SurfacePoints:
    """part : (P,) int64 place in the mesh's parts; position, normal : (P, 3) world frame; uv : (P, 2), nan without"""

    part: np.ndarray
    position: np.ndarray
    normal: np.ndarray
    uv: np.ndarray

    def __len__(self) -> int:
        return len(self.part)


@dataclass(frozen=True)
class PartFigures:
    """A painted part beside the prompts of its object.

    albedo : mean, linear; roughness, metalness : means; points : that were seen
    distances : in CIELAB to the reference colour of every part's prompt, in the mesh's order; own : this part's place
    """

    name: str
    own: int
    albedo: tuple[float, float, float]
    roughness: float
    metalness: float
    points: int
    distances: tuple[float, ...]

    @property
    def right(self) -> bool:
        """Whether its own prompt's colour is nearer than every other part's."""
        return all(self.distances[self.own] < one for place, one in enumerate(self.distances) if place != self.own)

    @property
    def nearest(self) -> int:
        """Place of the part whose prompt's colour is nearest, the first of equals."""
        return int(np.argmin(self.distances))


def visible_points(mesh: ObjectMesh, *, each: int = EACH, seed: int = 0, size: int = 512) -> SurfacePoints:
    """Points of every part, area-weighted, of which something outside sees some; parts that are hidden have none.

    size : pixels of the pictures that decide, see `seen_points`. Raises ConfigurationError without triangles.
    """
    mesh.bounds  # noqa: B018 (refuses a mesh without triangles, in its own words)
    drawn = [spread_points(part, each, np.random.default_rng((seed, number))) for number, part in enumerate(mesh.parts)]
    part = np.repeat(np.arange(len(drawn)), [len(one[0]) for one in drawn])
    position, normal, uv = (np.concatenate([one[field] for one in drawn]) for field in range(3))
    seen = seen_points(mesh, position, part, normal, size=size)
    return SurfacePoints(part[seen], position[seen], normal[seen], uv[seen])


def part_figures(
    mesh: ObjectMesh, points: SurfacePoints, materials: Materials, references: Sequence[Sequence[float]],
) -> tuple[PartFigures, ...]:
    """Figures of every part that is seen.

    references : one linear colour a part, see `reference_colour`
    Raises ConfigurationError for another number of them, and for values of a painting outside [0, 1].
    """
    if len(references) != len(mesh.parts):
        raise ConfigurationError(f"{len(mesh.parts)} reference colours, one a part", came=str(len(references)),
                                 where="part_figures")
    found = _asked(points, materials)
    wanted = lab(np.asarray(references, dtype=np.float64))
    figures = []
    for number, part in enumerate(mesh.parts):
        own = points.part == number
        if not own.any():
            continue
        mean = found[own].mean(axis=0)
        apart = np.linalg.norm(wanted - lab(mean[:3]), axis=1)
        red, green, blue, roughness, metalness = (round(float(one), 6) for one in mean)
        figures.append(PartFigures(part.name, number, (red, green, blue), roughness, metalness, int(own.sum()),
                                   tuple(round(float(one), 3) for one in apart)))
    return tuple(figures)


def painted_light(
    points: SurfacePoints, materials: Materials, environments: Sequence[Environment] | None = None,
) -> dict[str, float]:
    """Environment's name -> correlation of albedo with shading over an object; None: our three. Near 0: no light was
    painted in.

    Both are luminances at the same points: of the albedo, and of what a white matt surface there would send back under
    that environment. From each the mean of its part is taken first, so that a dark part below does not count as
    shading; then Pearson's r of all points together, each part weighted alike. 0 where no part varies.
    """
    albedo = _asked(points, materials)[:, :3] @ LUMINANCE
    weight, levelled = _levelled(points, albedo)
    figures = {}
    for one in environments or [make() for make in OURS.values()]:
        shading = _levelled(points, look_up(one.matt, points.normal) @ LUMINANCE)[1]
        spread = float(np.sqrt((weight * levelled**2).sum() * (weight * shading**2).sum()))
        figures[one.name] = round(float((weight * levelled * shading).sum()) / spread, 4) if spread > 0 else 0.0
    return figures


def light_slopes(
    points: SurfacePoints, materials: Materials, environments: Sequence[Environment] | None = None,
) -> dict[str, float]:
    """Environment's name -> slope of log albedo on log shading over an object, the means of parts removed; None: our
    three. How much light was painted in, where `painted_light` says how surely: 0 none, 1 all of it, so that albedo
    is in proportion to shading; negative where what is lit is darker.

    Luminances as there, not below 0.001; least squares over all points together, each part weighted alike. 0 where
    shading does not vary within any part.
    """
    albedo = np.log(np.maximum(_asked(points, materials)[:, :3] @ LUMINANCE, _DARKEST))
    weight, levelled = _levelled(points, albedo)
    figures = {}
    for one in environments or [make() for make in OURS.values()]:
        shading = _levelled(points, np.log(np.maximum(look_up(one.matt, points.normal) @ LUMINANCE, _DARKEST)))[1]
        spread = float((weight * shading**2).sum())
        figures[one.name] = round(float((weight * levelled * shading).sum()) / spread, 4) if spread > 0 else 0.0
    return figures


def reference_colour(prompt: str, colours: Mapping[str, str] | None = None) -> tuple[float, float, float]:
    """Linear colour that a prompt asks for: that of its first colour word, else that of its material.

    colours : word -> "#rrggbb" as on a screen (a painter's card has them); None: the palette's alone
    Raises ConfigurationError for a prompt that names neither.
    """
    for word in prompt.lower().replace(",", " ").split():
        if colours and word in colours:
            red, green, blue = (float(one) for one in linear_of(colours[word]))
            return red, green, blue
    made = worded_material(prompt)
    if made is None:
        raise ConfigurationError("a prompt that names a colour or a material", came=prompt, where="reference_colour")
    return made.base_colour


def linear_of(screen: str) -> np.ndarray:
    """(3,) linear light of "#rrggbb" """
    values = np.array([int(screen[at: at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(linear: np.ndarray) -> np.ndarray:
    """(..., 3) CIELAB L* 0 to 100, a*, b* of linear sRGB; white is its own white, D65."""
    share = np.asarray(linear, dtype=np.float64) @ _TO_XYZ.T / _TO_XYZ.sum(axis=1)
    root = np.where(share > (6 / 29) ** 3, np.cbrt(share), share / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _asked(points: SurfacePoints, materials: Materials) -> np.ndarray:
    """(P, 5) float64: albedo, roughness, metalness."""
    made = materials.material_at(points.part, points.position, points.uv)
    values = np.concatenate([made.albedo, made.roughness[:, None], made.metalness[:, None]], axis=1).astype(np.float64)
    if not np.isfinite(values).all() or (values.size and not -1e-6 <= values.min() <= values.max() <= 1 + 1e-6):
        raise ConfigurationError("a painting with values from 0 to 1", where="paint_measures",
                                 came=f"{values.min()} to {values.max()}")
    return values


def _levelled(points: SurfacePoints, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (P,) that make all parts count alike, and values (P,) without their part's mean."""
    counts = np.bincount(points.part, minlength=1)
    means = np.bincount(points.part, weights=values, minlength=1) / np.maximum(counts, 1)
    levelled = values - means[points.part]
    spread = np.sqrt(np.bincount(points.part, weights=levelled**2, minlength=1) / np.maximum(counts, 1))
    return 1.0 / counts[points.part], np.where(spread[points.part] > _EVEN, levelled, 0.0)
