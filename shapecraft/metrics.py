"""Metrics of a set of objects: shape against reference, CLIP against caption, means with intervals over objects.

Paper: IoGT, Hausdorff distance, CLIP score x100 (views unspecified). Ours: eight views, grey shading on white, so that
neither a material nor a shadow is scored; bootstrap intervals over objects, which are the unit of replication. A failed
object has the worst shape figures and a blank page, and stays in every mean; means of the others stand beside.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from easel.cameras import Camera, framing_radius, ring
from easel.errors import ConfigurationError
from easel.scoring import ImageTextScorer, ScorerCard, scaled, view_scores
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_metrics import ShapeFigures, compare
from shapecraft.shading import Style, shaded
from shapecraft.solid_overlap import DIGITS, Figure

VIEWS, ELEVATION_DEG, FOV_DEG = 8, 25.0, 30.0
"""Of the pictures that CLIP scores (ours; those of `easel.cameras.ring`)."""
CLIP_STYLE = Style(size=224, samples=2, colours="grey")
LEVEL, DRAWS = 0.95, 10_000
"""Of the intervals (ours)."""
FEWEST_CLUSTERS = 3
"""Texts, of which some have several objects, from which there is an interval (ours)."""
NO_INTERVAL = "too few texts: no interval"
ONE_OBJECT = "one object: no interval"
NO_OBJECT = "no object could be measured"
COLUMNS = {
    "iogt_box": "IoGT (boxes)", "iogt_voxel": "IoGT (64^3 voxels)", "iogt_exact": "IoGT (exact)",
    "iou_box": "IoU (boxes)", "iou_voxel": "IoU (64^3 voxels)", "iou_exact": "IoU (exact)",
    "hausdorff": "Hausdorff", "chamfer": "Chamfer", "fscore": "F-score (0.05)",
}
"""Figure of `ShapeFigures` -> heading of its column."""


@dataclass(frozen=True)
class ClipFigure:
    """value : mean over views of the raw cosine x100; views : each; card : of the scorer; reason : of a blank page"""

    value: float
    views: tuple[float, ...]
    card: ScorerCard
    reason: str = ""

    @property
    def column(self) -> str:
        return f"{self.card.column} x100"


@dataclass(frozen=True)
class ObjectFigures:
    """Of one object. shape : None without a reference; clip : None without a caption or a scorer; failed : why no
    object was made, "" for one that was"""

    name: str
    shape: ShapeFigures | None = None
    clip: ClipFigure | None = None
    failed: str = ""


@dataclass(frozen=True)
class Summary:
    """One column over objects: mean with its bootstrap interval, and the mean of those that did not fail.

    n : objects in the mean; failed : of them, those with the worst value; unmeasured : left out, with nan
    claim : "" or the words why there is no interval
    """

    column: str
    mean: float
    low: float
    high: float
    n: int
    failed: int = 0
    unmeasured: int = 0
    mean_made: float = math.nan
    claim: str = ""


def measured(
    name: str, mesh: ObjectMesh | None, *, reference: ObjectMesh | None = None, caption: str = "",
    scorer: ImageTextScorer | None = None, seed: int = 0, reason: str = "no mesh",
) -> ObjectFigures:
    """All that can be told of one object. mesh : None is a failed one, for the reason

    Raises what `compare` and the scorer raise: for a reference without area, and for words it does not know.
    """
    shape = compare(mesh, reference, seed=seed) if reference is not None else None
    clip = clip_figure(mesh, caption, scorer) if scorer is not None and caption else None
    failed = reason if mesh is None else ("" if mesh.area > 0 else "a mesh without area")
    return ObjectFigures(name, shape, clip, failed)


def clip_cameras(mesh: ObjectMesh, *, views: int = VIEWS) -> tuple[Camera, ...]:
    """A ring around the middle of the object's box, from which its longest side fills what a sketch's does."""
    low, high = mesh.bounds
    half = float((high - low).max()) / 2 or 1.0
    x, y, z = (float(one) for one in (low + high) / 2)
    cameras = ring(views, elevation_deg=ELEVATION_DEG, fov_deg=FOV_DEG, target=(x, y, z),
                   radius=half * framing_radius(ELEVATION_DEG, FOV_DEG))
    return tuple(replace(camera, near=0.01 * half) for camera in cameras)


def clip_views(mesh: ObjectMesh | None, *, views: int = VIEWS, size: int = 224) -> np.ndarray:
    """(V, size, size) float32 grey in [0, 1] on white; blank pages for None and for a mesh without area."""
    if mesh is None or not mesh.area > 0:
        return np.ones((views, size, size), dtype=np.float32)
    return shaded(mesh, clip_cameras(mesh, views=views), replace(CLIP_STYLE, size=size)).pictures[..., 0]


def clip_figure(
    mesh: ObjectMesh | None, caption: str, scorer: ImageTextScorer, *, views: int = VIEWS, size: int = 224
) -> ClipFigure:
    """Cosine of views and caption, x100; raises ConfigurationError for words that the scorer does not know."""
    scorer.check_text(caption)
    pictures = clip_views(mesh, views=views, size=size)
    scores = scaled(view_scores(scorer, pictures[None], caption)[0], "x100")
    reason = "" if mesh is not None and mesh.area > 0 else "blank pages: no mesh with an area"
    return ClipFigure(round(float(scores.mean()), DIGITS), tuple(round(float(one), DIGITS) for one in scores),
                      scorer.card, reason)


def bootstrap_interval(
    values: Sequence[float], *, column: str = "", seed: int = 0, level: float = LEVEL, draws: int = DRAWS,
    clusters: Sequence[Hashable] | None = None,
) -> Summary:
    """The mean over objects with the percentile interval of its bootstrap (Efron 1979); nan values are left out.

    clusters : what objects that are no independent ones share (their text): clusters are drawn then, not objects. Where
        several share one, fewer than FEWEST_CLUSTERS have no interval, since two that are alike would look certain
    Raises ConfigurationError for a level outside 0..1, no draws, and infinite values.
    """
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    if not 0.0 < level < 1.0 or draws < 1 or np.isinf(array).any():
        raise ConfigurationError("finite values, 0 < level < 1, at least one draw", where="bootstrap_interval",
                                 came=f"{int(np.isinf(array).sum())} infinite, level {level}, {draws} draws")
    kept = array[~np.isnan(array)]
    n, left_out = len(kept), int(np.isnan(array).sum())
    if not n:
        return Summary(column, math.nan, math.nan, math.nan, 0, unmeasured=left_out, claim=NO_OBJECT)
    mean = round(float(kept.mean()), DIGITS)
    if n == 1:
        return Summary(column, mean, math.nan, math.nan, 1, unmeasured=left_out, claim=ONE_OBJECT)
    which = np.arange(n) if clusters is None else _numbered(clusters, ~np.isnan(array))
    groups = int(which.max()) + 1
    if FEWEST_CLUSTERS > groups < n:
        return Summary(column, mean, math.nan, math.nan, n, unmeasured=left_out, claim=NO_INTERVAL)
    if groups < n:
        sizes, sums = np.bincount(which), np.bincount(which, kept)
        low, high = _quantiles(sums, sizes, seed, level, draws)
        return Summary(column, mean, low, high, n, unmeasured=left_out)
    rng = np.random.default_rng(seed)
    # Drawn in blocks: draws x objects would be large for large sets.
    means = np.concatenate([kept[rng.integers(0, n, (min(1000, draws - start), n))].mean(axis=1)
                            for start in range(0, draws, 1000)])
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Summary(column, mean, round(float(low), DIGITS), round(float(high), DIGITS), n, unmeasured=left_out)


def _numbered(clusters: Sequence[Hashable], kept: np.ndarray) -> np.ndarray:
    """Each kept object's cluster, by its number in the order in which they come."""
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(one, len(known)) for one, here in zip(clusters, kept, strict=True) if here])


def _quantiles(sums: np.ndarray, sizes: np.ndarray, seed: int, level: float, draws: int) -> tuple[float, float]:
    """Ends of the interval of the mean, where clusters of these sums and sizes are drawn."""
    rng, count = np.random.default_rng(seed), len(sums)
    means = []
    for start in range(0, draws, 1000):
        drawn = rng.integers(0, count, (min(1000, draws - start), count))
        means.append(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return round(float(low), DIGITS), round(float(high), DIGITS)


def summaries(
    objects: Sequence[ObjectFigures], *, seed: int = 0, level: float = LEVEL, draws: int = DRAWS
) -> tuple[Summary, ...]:
    """One row a column that any object has, in the order of `ShapeFigures`, CLIP last.

    Raises ConfigurationError where two scorers' numbers would stand in one mean.
    """
    cards = {one.clip.card.key for one in objects if one.clip}
    if len(cards) > 1:
        raise ConfigurationError("one scorer for all objects", where="summaries", mend="Summarise each scorer's apart.",
                                 came=", ".join(sorted({one.clip.card.source for one in objects if one.clip})))
    rows: list[tuple[str, list[tuple[float, bool]]]] = []
    for field in fields(ShapeFigures):
        if field.name in COLUMNS:
            rows.append((COLUMNS[field.name], [(_value(one.shape, field.name), bool(one.shape.failed))
                                               for one in objects if one.shape]))
    scored = [one for one in objects if one.clip]
    rows.append((scored[0].clip.column if scored and scored[0].clip else "",
                 [(one.clip.value, bool(one.failed)) for one in scored if one.clip]))
    found = []
    for column, pairs in rows:
        if not pairs:
            continue
        row = bootstrap_interval([value for value, _ in pairs], column=column, seed=seed, level=level, draws=draws)
        made = [value for value, failed in pairs if not failed and not math.isnan(value)]
        found.append(replace(row, failed=sum(failed for _, failed in pairs),
                             mean_made=round(float(np.mean(made)), DIGITS) if made else math.nan))
    return tuple(found)


def _value(shape: ShapeFigures, name: str) -> float:
    figure: Figure = getattr(shape, name)
    return figure.value
