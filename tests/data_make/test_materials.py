"""Procedural materials: repeatable pictures, captions that are true of them, words that the catalogue asks for."""

from __future__ import annotations

import numpy as np
import pytest

from data.make.evaluate_painter import lab, learn, nearest_colour, real
from data.make.material_captions import COLOURS, NOUNS, PAIRS, example, rephrased, vocabulary, words_of
from data.make.material_noise import CELLS, PERIOD, band, cells, look_up, scattered
from data.make.material_pictures import SHAPES, SIZE, Coat, Scene, draw
from data.make.materials import MATERIALS
from data.make.painter_examples import one, read_or_make

NAMED = {made.name: made for made in MATERIALS}


def test_there_are_enough_materials_and_their_names_are_single():
    assert len(NAMED) == len(MATERIALS) >= 24
    assert len({made.family for made in MATERIALS}) >= 20


def test_noise_repeats_at_its_period_and_is_scaled():
    points = np.random.default_rng(0).uniform(0, 4, (500, 3))
    np.testing.assert_array_equal(look_up(band(0.3, 1.0), points), look_up(band(0.3, 1.0), points + np.array([PERIOD, 0, -PERIOD])))
    assert band(0.3, 1.0).mean() == pytest.approx(0, abs=1e-4) and band(0.3, 1.0).std() == pytest.approx(1, abs=1e-3)
    border, each = cells(0.62)
    assert border.shape == each.shape == (CELLS,) * 3 and border.min() >= 0 and 0 <= each.min() < each.max() < 1


def test_scattered_numbers_are_even_and_fixed():
    rows, columns = np.meshgrid(np.arange(-60, 60), np.arange(-60, 60))
    values = scattered(rows, columns)
    assert np.histogram(values, 4, (0, 1))[0] / values.size == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(values, scattered(rows, columns))


@pytest.mark.parametrize("name", ["oak", "rusty iron", "brick", "leather", "glass"])
def test_a_picture_follows_its_seed(name):
    scene = Scene("box", (Coat(NAMED[name]),))
    shown = [draw(scene, np.random.default_rng(seed)) for seed in (3, 3, 4)]
    assert shown[0].shape == (SIZE, SIZE, 3) and shown[0].dtype == np.uint8
    np.testing.assert_array_equal(shown[0], shown[1])
    assert np.abs(shown[0].astype(int) - shown[2]).mean() > 5


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_shows_all_its_parts(shape):
    """In red and blue: both colours are there, and some ground."""
    coats = (Coat(NAMED["paint"], "red"), Coat(NAMED["paint"], "blue"))[:len(SHAPES[shape])]
    shown = np.stack([draw(Scene(shape, coats), np.random.default_rng(seed)) for seed in range(3)]).astype(int)
    excess = shown[..., 0] - shown[..., 2]
    assert (excess > 40).mean() > 0.08
    assert ((excess < -40).mean() > 0.04) == (len(coats) == 2)
    assert (np.abs(excess) < 25).mean() > 0.1


def test_colour_words_are_the_colours_shown():
    rng = np.random.default_rng(1)
    shown = np.stack([draw(Scene("patch", (Coat(NAMED[name], colour),)), rng)
                      for name in ("plastic", "fabric") for colour in COLOURS])
    assert (nearest_colour(shown) == np.tile(np.arange(12), 2)).mean() >= 0.85


def test_white_and_red_in_cielab():
    np.testing.assert_allclose(lab(np.array([[255, 255, 255], [255, 0, 0]])), [[100, 0, 0], [53.24, 80.09, 67.2]], atol=0.2)


def test_patterns_are_told_apart_without_colour():
    families = ("wood", "brick", "leather", "weave")
    shown, told = real(families, each=10, seed=7)
    assert (learn(families, each=30, seed=8).sort(shown) == told).mean() >= 0.9


def test_captions_use_the_vocabulary_only_and_name_what_is_shown():
    known, rng = set(vocabulary()), np.random.default_rng(2)
    for _ in range(600):
        scene, caption = example(rng)
        assert set(words_of(rephrased(caption, rng))) <= known
        said = set(words_of(caption))
        for coat in scene.coats:
            assert set(words_of(coat.colour)) <= said
            assert set(words_of(coat.material.name.replace("wood", ""))) <= said
        assert len(scene.coats) == (len(SHAPES[scene.shape]) if scene.shape != "patch" else 1)
    assert set(NOUNS) - {"patch"} | set(PAIRS) == set(SHAPES)


def test_the_catalogue_can_be_painted():
    """Every material and part name of the catalogue is in the vocabulary."""
    from shapecraft.catalogue import CATALOGUE

    known = set(vocabulary())
    asked = {word for entry in CATALOGUE for one_ in entry.graph().components
             for word in words_of(f"{one_.material} {one_.name.replace('_', ' ')}")}
    assert asked <= known, asked - known


def test_examples_are_kept_and_gone_on_with(tmp_path):
    path = tmp_path / "examples.npz"
    first = read_or_make(path, count=3, seed=5)
    told = []
    more = read_or_make(path, count=5, seed=5, log=told.append)
    assert told == ["5 pictures"] and len(more) == 5
    np.testing.assert_array_equal(more.pictures[:3], first.pictures)
    picture, caption = one(5, 4)
    np.testing.assert_array_equal(more.pictures[4], picture)
    assert more.captions[4] == caption and first.captions == more.captions[:3]
