"""Procedural sketches: every category in every style is a sane drawing, chance comes from the generator alone."""

from __future__ import annotations

import time

import numpy as np
import pytest

from data.make import sketches
from data.make.sketches import CATEGORIES, HELD_OUT_STYLES, STYLES, TRAINING_STYLES, Drawing, draw
from data.make.sketches.primitives import Pen, spaced
from data.make.sketches.styles import TABLE
from easel.errors import ConfigurationError


def curve_points(strokes: np.ndarray, samples: int = 21) -> np.ndarray:
    t = np.linspace(0, 1, samples)[:, None]
    basis = np.concatenate([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3], axis=1)
    return np.einsum("ti,nij->ntj", basis, strokes)


def test_lists_agree():
    assert len(CATEGORIES) == len(set(CATEGORIES)) == 80
    assert set(CATEGORIES) == set(sketches._drawers())
    assert set(sketches.SYNONYMS) <= set(CATEGORIES)
    assert set(HELD_OUT_STYLES) < set(STYLES) and set(TRAINING_STYLES) == set(STYLES) - set(HELD_OUT_STYLES)


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_in_every_style(category: str):
    counts, depths, attributes = [], [], set()
    for style in STYLES:
        for seed in range(4):
            drawing = draw(category, np.random.default_rng(seed), style=style)
            n = len(drawing.strokes)
            assert drawing.strokes.shape == (n, 4, 3) and drawing.strokes.dtype == np.float32
            assert 3 <= n <= 128, (style, seed, n)
            assert np.isfinite(drawing.strokes).all() and np.abs(drawing.strokes).max() <= 1.2
            points = curve_points(drawing.strokes).reshape(-1, 3)
            extent = np.sort(np.ptp(points, axis=0))
            assert extent[2] > 0.5, "a drawing fills the cube along its longest side"
            depths.append(extent[0])
            counts.append(n)
            attributes |= set(drawing.attributes)
    assert 4 <= np.median(counts) <= 75
    assert np.mean(depths) > 0.08, "drawings are seldom flat pictures"
    assert len(set(counts)) > 8, "drawings of one category differ"
    assert len(attributes) >= 2


@pytest.mark.parametrize("style", STYLES)
def test_same_seed_same_drawing(style: str):
    one, two, other = (draw("chair", np.random.default_rng(seed), style=style) for seed in (3, 3, 4))
    assert np.array_equal(one.strokes, two.strokes) and one.attributes == two.attributes
    assert one.strokes.shape != other.strokes.shape or not np.array_equal(one.strokes, other.strokes)
    assert one.caption(np.random.default_rng(0)) == two.caption(np.random.default_rng(0))


def test_captions_name_the_category_and_use_the_attributes():
    drawing = Drawing("umbrella", np.zeros((3, 4, 3), np.float32), ("open", "on a table", "with a bent handle"))
    captions = {drawing.caption(np.random.default_rng(seed)) for seed in range(600)}
    assert {"an umbrella", "a sketch of an open umbrella", "umbrella", "an open umbrella on a table"} <= captions
    assert "an umbrella on a table and a bent handle" in captions
    assert not any("{" in caption or "  " in caption for caption in captions)
    stairs = Drawing("stairs", drawing.strokes, ("spiral",))
    captions = {stairs.caption(np.random.default_rng(seed)) for seed in range(2000)}
    assert {"stairs", "spiral stairs", "a staircase", "a drawing of steps"} <= captions
    assert {"an xbox"} <= {Drawing("xbox", drawing.strokes).caption(np.random.default_rng(s)) for s in range(50)}


def test_every_attribute_can_reach_a_caption():
    for category in CATEGORIES[::7]:
        drawing = draw(category, np.random.default_rng(1), style="clean")
        said = " | ".join(drawing.caption(np.random.default_rng(seed)) for seed in range(200))
        assert all(phrase in said for phrase in drawing.attributes), category


def test_unknown_names_are_refused():
    with pytest.raises(ConfigurationError, match="expected a style of clean, .*got 'neat'"):
        draw("chair", np.random.default_rng(0), style="neat")
    with pytest.raises(ConfigurationError, match="expected one of the drawn categories.*got 'dragon'"):
        draw("dragon", np.random.default_rng(0), style="clean")


def test_styles_alter_strokes_as_they_say():
    rng = np.random.default_rng(0)
    strokes = np.array(draw("table", rng, style="clean").strokes, dtype=np.float64)
    n = len(strokes)
    assert len(TABLE["split"].finish(strokes, np.random.default_rng(0))) > n
    assert len(TABLE["stray"].finish(strokes, np.random.default_rng(0))) in range(n + 1, n + 5)
    assert len(TABLE["detailed"].finish(strokes, np.random.default_rng(1))) > n
    many = np.concatenate([strokes] * 5)
    assert 0.74 * 5 * n <= len(TABLE["sparse"].finish(many, np.random.default_rng(0))) <= 0.93 * 5 * n
    longer = TABLE["overshoot"].finish(strokes, np.random.default_rng(0))
    length = [np.linalg.norm(s[:, 3] - s[:, 0], axis=1).sum() for s in (strokes, longer)]
    assert length[1] > length[0]
    # Cutting curves leaves the drawn points where they were.
    cut = curve_points(TABLE["split"].finish(strokes, np.random.default_rng(0)), 9).reshape(-1, 3)
    dense = curve_points(strokes, 400).reshape(-1, 3)
    assert np.abs(cut[:, None] - dense[None]).max(-1).min(1).max() < 0.01
    boxy = draw("bowl", np.random.default_rng(0), style="boxy").strokes
    assert np.allclose(boxy[:, 1], boxy[:, 0] + (boxy[:, 3] - boxy[:, 0]) / 3, atol=1e-5), "boxy strokes are straight"


def test_merged_corners_and_circles():
    square = Pen(np.random.default_rng(0))
    square.rect((0, 0, 0), 1, 1)
    merged = [TABLE["merged"].finish(np.array(square.strokes), np.random.default_rng(s)) for s in range(9)]
    assert min(map(len, merged)) < 4
    circle = Pen(np.random.default_rng(1))
    circle.sweep = 90.0
    circle.ring((0, 0, 0), 1.0)
    circle.ring((0, 0, 0), 1.0)
    for seed in range(9):
        radius = np.linalg.norm(curve_points(TABLE["merged"].finish(np.array(circle.strokes),
                                                                    np.random.default_rng(seed))), axis=-1)
        assert radius.min() > 0.8
        assert radius.max() < 1.2


def test_primitives_draw_what_they_name():
    p = Pen(np.random.default_rng(0))
    p.sweep, p.boxes, p.bars = 90.0, "edges", "line"
    p.ring((1, 2, 3), 0.5, axis="x")
    points = curve_points(np.array(p.strokes)) - np.array([1, 2, 3])
    assert len(p.strokes) == 4 and np.allclose(np.linalg.norm(points, axis=-1), 0.5, atol=2e-4)
    assert np.allclose(points[..., 0], 0)
    p.strokes.clear()
    p.box((0, 0, 0), (1, 2, 3))
    assert len(p.strokes) == 12 and np.array(p.strokes).max(axis=(0, 1)).tolist() == [1, 2, 3]
    p.strokes.clear()
    p.bow((0, 0, 0), (1, 0, 1), (2, 0, 0))
    assert np.allclose(curve_points(np.array(p.strokes), 3)[0, 1], (1, 0, 1))
    p.strokes.clear()
    p.sweep_through([(np.cos(a), 0, np.sin(a)) for a in np.linspace(0, np.pi / 2, 9)])
    assert np.allclose(np.linalg.norm(curve_points(np.array(p.strokes)), axis=-1), 1, atol=4e-3)
    p.strokes.clear()
    with p.mirror("x"), p.placed((1, 0, 0), turn=90, scale=2):
        p.line((0, 0, 0), (1, 0, 0))
    assert np.allclose(np.array(p.strokes)[:, 3], [(1, 2, 0), (-1, 2, 0)])
    p.strokes.clear()
    with p.around(3):
        p.line((0, 0, 0), (1, 0, 1))
    assert np.allclose(np.array(p.strokes)[:, 3].sum(axis=0), (0, 0, 3))
    assert spaced(0, 1, 3) == [0.25, 0.5, 0.75] and spaced(0, 1, 0) == []
    p.count(2, "drawer")
    p.count(1, "knob")
    assert p.attributes == ["with two drawers", "with one knob"]


@pytest.mark.acceptance
def test_five_hundred_drawings_a_second():
    rng = np.random.default_rng(0)
    start = time.process_time()
    for k in range(2000):
        draw(CATEGORIES[k % 80], rng, style=STYLES[k % 10])
    assert 2000 / (time.process_time() - start) >= 500
