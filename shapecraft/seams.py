"""Seams: how far colours jump where two charts meet on the surface, beside neighbours inside charts (ours).

ShapeCraft is silent on seams. A border is an edge of the surface whose two triangles lie in different places of the
page; what stands on either side of it was baked apart, and shows as a line where it differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.atlas import Atlas
from shapecraft.baking import Maps, nearest_of
from shapecraft.shading import screen
from shapecraft.texture_maps import sampled
from shapecraft.uv_edges import border_points, charts_of

REACH = 12
"""Texels from a border within which `levelled` brings charts together (ours)."""


@dataclass(frozen=True)
class SeamSteps:
    """Steps are means over points of mean absolute differences of three screen values, in [0, 1].

    across : between the texels that hold a border's point in its two charts; points : so many
    inside : between neighbouring texels of a chart; pairs : so many
    sampled : between what linear sampling gives at the border's two places: the line that is seen
    Without a border the first and the last are 0. Surface that nobody sees does not count.
    """

    across: float
    inside: float
    sampled: float
    points: int
    pairs: int

    @property
    def ratio(self) -> float:
        """across / inside; 1 where nothing changes anywhere, infinite where only borders show."""
        if self.inside == 0:
            return 1.0 if self.across == 0 else float("inf")
        return self.across / self.inside


def seam_steps(atlas: Atlas, maps: Maps) -> SeamSteps:
    """Borders within a part alone: where parts meet, colours may differ. maps : baked from the atlas"""
    fine = atlas.at_size(maps.size)
    size, shown = fine.size, screen(maps.albedo)
    chart = charts_of(fine.mesh)
    own = np.where(fine.face >= 0, chart[fine.face], -1)
    counted = fine.inside & maps.seen
    sums, pairs = 0.0, 0
    for axis in (0, 1):
        one, two = ((slice(None),) * axis + (piece,) for piece in (slice(None, -1), slice(1, None)))
        both = counted[one] & counted[two] & (own[one] == own[two])
        sums += float(np.abs(shown[one][both] - shown[two][both]).mean(axis=-1).sum())
        pairs += int(both.sum())
    places, faces = border_points(fine.mesh, size)
    texel = np.minimum((places * [1, -1] + [0, 1]) * size, size - 1).astype(int)
    row, column = texel[..., 1], texel[..., 0]
    kept = (maps.seen[row, column] & (own[row, column] == chart[faces])).all(axis=1)
    row, column, places = row[kept], column[kept], places[kept]
    if not len(places):
        return SeamSteps(0.0, sums / max(pairs, 1), 0.0, 0, pairs)
    there = shown[row, column]
    seen = [screen(sampled(maps, places[:, which]).albedo) for which in (0, 1)]
    return SeamSteps(float(np.abs(there[:, 0] - there[:, 1]).mean()), sums / max(pairs, 1),
                     float(np.abs(seen[0] - seen[1]).mean()), len(places), pairs)


def dark_texels(maps: Maps, level: int = 3, *, below: float = 0.9) -> int:
    """Texels of a mip level that are darker than they would be if what lies between charts had the nearest chart's
    colour: the page has come through. level : 0 is the map itself; below : share of that value that counts as darker"""
    step = 1 << level
    side = maps.size // step
    value = maps.albedo.max(axis=-1)
    filled = value.reshape(-1)[nearest_of(maps.part >= 0)].reshape(value.shape)
    mean, wanted = (one[: side * step, : side * step].reshape(side, step, side, step).mean(axis=(1, 3))
                    for one in (value, filled))
    return int((mean < below * wanted).sum())


def levelled(atlas: Atlas, maps: Maps, *, reach: int = REACH) -> Maps:
    """The maps with charts brought together at borders: either side goes to the mean, and less and less of that
    further in, to nothing at `reach` texels (paper silent; ours). A part of baking, for fields over uv alone, and
    none of the method: what was distilled is not changed by it; a field over metres has no jumps to level.

    Every part by itself, as borders are. Raises ConfigurationError for a reach below 1.
    """
    if reach < 1:
        raise ConfigurationError("a reach of at least one texel", came=str(reach), where="levelled")
    fine, size = atlas.at_size(maps.size), maps.size
    chart = charts_of(fine.mesh)
    own = np.where(fine.face >= 0, chart[fine.face], -1).reshape(-1)
    values = np.concatenate([maps.albedo, maps.roughness[..., None], maps.metalness[..., None]], axis=-1)
    values = values.reshape(-1, 5).astype(np.float64)
    places, faces = border_points(fine.mesh, size)
    texel = np.minimum((places * [1, -1] + [0, 1]) * size, size - 1).astype(int)
    inner = nearest_of(fine.inside)  # a border's own texel may belong to the rim, which shows the other chart
    at = inner[texel[..., 1] * size + texel[..., 0]]
    at = at[(own[at] == chart[faces]).all(axis=1)]
    if not len(at):
        return maps
    step = (values[at[:, 1]] - values[at[:, 0]]) / 2
    count = np.bincount(at.reshape(-1), minlength=size * size)
    shift = np.zeros_like(values)
    for side, sign in ((0, 1.0), (1, -1.0)):
        np.add.at(shift, at[:, side], sign * step)
    shift /= np.maximum(count, 1)[:, None]
    # The rim shows the other chart, which is moved the other way.
    beyond = (own >= 0) & ~fine.inside.reshape(-1)
    source = nearest_of((count > 0).reshape(size, size))
    here, there = np.divmod(np.arange(size * size), size), np.divmod(source, size)
    share = np.clip(1 - np.hypot(here[0] - there[0], here[1] - there[1]) / reach, 0.0, 1.0)
    share = np.where(own == own[source], share * share * (3 - 2 * share), 0.0) * np.where(beyond, -1, 1)
    moved = np.clip(values + share[:, None] * shift[source], 0.0, 1.0).astype(np.float32)
    moved = moved[nearest_of((own >= 0).reshape(size, size))].reshape(size, size, 5)
    return replace(maps, albedo=moved[..., :3].copy(), roughness=moved[..., 3].copy(), metalness=moved[..., 4].copy())
