"""Procedural materials: repeatable pictures, captions that are true of them, words that the catalogue asks for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.make import material_pictures
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


def contrast(name: str, colour: str = "") -> float:
    """Deviation of a patch's brightness, 0 to 255, from what light and camera do to a plain one: a square function."""
    row, column = np.mgrid[:SIZE, :SIZE].reshape(2, -1) / SIZE
    smooth = np.stack([np.ones(SIZE**2), row, column, row**2, column**2], axis=1)
    shown = [draw(Scene("patch", (Coat(NAMED[name], colour),)), np.random.default_rng(seed)).mean(-1).ravel() for seed in range(4)]
    return float(np.mean([np.std(one - smooth @ np.linalg.lstsq(smooth, one, rcond=None)[0]) for one in shown]))


@pytest.mark.parametrize(("name", "colour", "least"), [
    ("marble", "", 20), ("marble", "white", 20), ("marble", "black", 12), ("granite", "", 13), ("granite", "black", 10),
    ("leather", "", 10), ("leather", "white", 20), ("fabric", "", 11), ("brick", "", 20),
])
def test_patterns_show(name, colour, least):
    assert contrast(name, colour) > least
    assert contrast("plastic", colour) < 4


@pytest.mark.parametrize("name", ["marble", "granite"])
def test_on_black_the_second_colour_is_a_grey_instead(name):
    lifted, plain = NAMED[name], replace(NAMED[name], lifted=False)
    assert lifted.lifted
    for colour in ("black", "white", ""):
        one, other = (draw(Scene("patch", (Coat(made, colour),)), np.random.default_rng(5)).astype(int) for made in (lifted, plain))
        assert np.array_equal(one, other) == (colour != "black")
        if colour == "black":
            brighter = one.mean(-1) - other.mean(-1)
            assert brighter.max() > 30
            assert brighter.min() > -25, "but for a mean, which is brighter too, nothing turns darker"
            assert (brighter > 10).mean() < 0.6, "a pattern, not all of it"


def shown_of_a_part(shape: str, near: float, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """(12,) shares of the picture that are red, as the part is."""
    monkeypatch.setattr(material_pictures, "_NEAR", near)
    coats = (Coat(NAMED["paint"], "red"),)
    shown = np.stack([draw(Scene(shape, coats), np.random.default_rng(seed)) for seed in range(12)]).astype(int)
    return (shown[..., 0] - shown[..., 2] > 40).mean(axis=(1, 2))


@pytest.mark.parametrize("shape", ["box", "slab"])
def test_parts_are_seen_from_near_too(shape, monkeypatch):
    far, near, some = (shown_of_a_part(shape, share, monkeypatch) for share in (0.0, 1.0, material_pictures._NEAR))
    assert near.mean() > far.mean() + 0.1
    assert far.mean() < some.mean() < near.mean()


@pytest.mark.parametrize("shape", ["patch", "box"])
def test_a_pattern_s_period_in_pixels_is_the_same_however_near(shape, monkeypatch):
    """What the patterns are asked at goes on by as much from pixel to pixel, across the line of sight."""
    asked = []
    shade = material_pictures._shade

    def heard(coat, points, normals, axes, *rest):
        asked.append((points, axes[0]))
        return shade(coat, points, normals, axes, *rest)

    monkeypatch.setattr(material_pictures, "_shade", heard)
    monkeypatch.setattr(material_pictures, "_NEAR", 1.0)
    for seed in range(6):
        draw(Scene(shape, (Coat(NAMED["brick"]),)), np.random.default_rng(seed))
    steps = np.array([np.diff(points @ side, axis=1).mean() for points, side in asked])
    np.testing.assert_allclose(steps, 1.12 / SIZE, rtol=1e-3)


def test_patches_bear_the_names_of_parts_too():
    rng, nouns = np.random.default_rng(4), {word for shape, words in NOUNS.items() if shape != "patch"
                                            for noun in words for word in words_of(noun)}
    told = [caption for scene, caption in (example(rng) for _ in range(1500)) if scene.shape == "patch"]
    assert len(told) / 1500 == pytest.approx(0.4, abs=0.04)
    named = np.mean([bool(set(words_of(caption)) & nouns) for caption in told])
    assert named == pytest.approx(0.6 * (1 - 0.15 / 2), abs=0.06), "one in 13 leaves its noun out"
    free = [caption for caption in told if not set(words_of(caption)) & nouns]
    assert any("texture" in caption for caption in free)


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
