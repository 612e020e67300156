"""Figures of a painting: colour of each part, light painted in, crops for a reader; the twelve cases."""

from __future__ import annotations

import io
import itertools
import json

import numpy as np
import pytest
import trimesh
from PIL import Image

from easel.errors import ConfigurationError
from shapecraft.brdf import Material
from shapecraft.environments import OURS, look_up, overcast
from shapecraft.flat_painting import flat_painting
from shapecraft.materials import FlatMaterial
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_crops import SIDE, crop_sheet, grey_crop, largest_square, sorted_share
from shapecraft.paint_measures import (
    PartFigures,
    lab,
    light_slopes,
    linear_of,
    painted_light,
    part_figures,
    reference_colour,
    visible_points,
)
from shapecraft.paint_views import ViewPlan, paint_views
from shapecraft.painting_cases import CASES, COLOURS, MATERIALS, painting_cases
from tests.shapecraft.toy_painting import part, stool

TEXTS = ("red leather seat", "blue metal leg", "green core")


class Painted:
    """Any function of (part, position, normal-free) as what the measures ask."""

    def __init__(self, albedo, roughness=0.4, metalness=0.25):
        self.albedo, self.roughness, self.metalness = albedo, roughness, metalness

    def material_at(self, part, position, uv):
        albedo = self.albedo(np.asarray(part), np.asarray(position))
        assert uv.shape == (len(position), 2)
        return Material(albedo, np.full(len(albedo), self.roughness), np.full(len(albedo), self.metalness))


@pytest.fixture(scope="module")
def points():
    return visible_points(stool(), each=300, size=160)


@pytest.mark.parametrize(("screen", "expected"), [  # CIE's own white; red and blue of sRGB as published everywhere
    ("#ffffff", (100.0, 0.0, 0.0)), ("#ff0000", (53.24, 80.09, 67.20)), ("#0000ff", (32.30, 79.19, -107.86)),
    ("#777777", (50.03, 0.0, 0.0)), ("#000000", (0.0, 0.0, 0.0)),
])
def test_lab_of_known_colours(screen, expected):
    assert lab(linear_of(screen)) == pytest.approx(expected, abs=0.02)


def test_points_lie_on_what_is_seen(points):
    counts = np.bincount(points.part, minlength=3)
    assert counts[2] == 0, "the seat hides the core"
    assert 200 < counts[0] <= 300
    assert 100 < counts[1] <= 300, "its top lies against the seat"
    assert np.abs(np.linalg.norm(points.normal, axis=1) - 1).max() < 1e-9
    assert points.position[points.part == 0, 2].min() >= 0.6 - 1e-9
    assert np.isnan(points.uv).all()
    top = (points.part == 0) & (points.position[:, 2] > 1 - 1e-9)
    assert top.sum() / counts[0] == pytest.approx(1 / 3.6, abs=0.03), "by area"


def test_the_right_colour_is_right_and_a_swapped_one_is_wrong(points):
    references = [reference_colour(text) for text in TEXTS]
    for order, right in (((0, 1), [True, True]), ((1, 0), [False, False]), ((0, 0), [True, False])):
        made = Painted(lambda part, position, order=order: np.array([references[one] for one in order])[part])
        found = part_figures(stool(), points, made, references)
        assert [one.name for one in found] == ["seat", "leg"]
        assert [one.right for one in found] == right
        assert [one.nearest for one in found] == list(order)
        assert found[0].metalness == 0.25
        assert found[0].roughness == 0.4
        assert found[0].distances[order[0]] == pytest.approx(0, abs=1e-3)
    assert not PartFigures("one", 0, (0, 0, 0), 0.5, 0.5, 9, (1.0, 1.0)).right, "a tie is not nearer"


def test_means_are_of_linear_light(points):
    made = Painted(lambda part, position: np.where(position[:, :1] > 0, [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]))
    seat = part_figures(stool(), points, made, [(0, 0, 0)] * 3)[0]
    assert seat.albedo == pytest.approx((0.5, 0, 0.5), abs=0.03)


def test_flat_painting_has_its_own_colours(points):
    references = [reference_colour(text) for text in TEXTS]
    found = part_figures(stool(), points, flat_painting(stool(), TEXTS), references)
    assert all(one.right for one in found)
    assert found[1].metalness == 1


def test_painted_light_is_found_and_part_colours_are_none(points):
    light = overcast()
    lit = Painted(lambda part, position: np.repeat(0.5 * look_up(light.matt, points.normal)[:, :1], 3, axis=1))
    assert painted_light(points, lit, [light]) == {"overcast": pytest.approx(1, abs=1e-3)}
    flat = Painted(lambda part, position: np.array([[0.9] * 3, [0.1] * 3, [0, 0, 0]])[part])
    assert painted_light(points, flat) == dict.fromkeys(OURS, 0.0)
    chance = np.random.default_rng(2).random((len(points), 1))
    assert max(map(abs, painted_light(points, Painted(lambda part, position: chance.repeat(3, 1))).values())) < 0.15


def test_slopes_say_how_much_light_was_painted_in(points):
    """r is 1 for the faintest shading; the slope is its exponent, whatever colours the parts have."""
    light = overcast()
    shading = look_up(light.matt, points.normal)[:, :1].repeat(3, axis=1)
    base = np.array([0.8, 0.1, 0.1])[points.part][:, None]
    for power in (0.05, 0.5, 1.0, -0.3):
        lit = Painted(lambda part, position, power=power: base * shading**power * 0.5)
        assert light_slopes(points, lit, [light]) == {"overcast": pytest.approx(power, abs=1e-3)}
    flat = Painted(lambda part, position: np.array([[0.9] * 3, [0.1] * 3, [0, 0, 0]])[part])
    assert light_slopes(points, flat) == dict.fromkeys(OURS, 0.0)


def test_a_prompt_names_its_reference():
    assert reference_colour("a brown wood leg", {"brown": "#6f4524"}) == pytest.approx(linear_of("#6f4524"))
    assert reference_colour("oak leg") == pytest.approx(linear_of("#a5743f"), abs=1e-6)
    with pytest.raises(ConfigurationError, match="names a colour or a material, got a thing"):
        reference_colour("a thing")


def test_wrong_figures_are_refused(points):
    with pytest.raises(ConfigurationError, match="expected 3 reference colours, one a part, got 1"):
        part_figures(stool(), points, flat_painting(stool(), TEXTS), [(0, 0, 0)])
    broken = Painted(lambda part, position: np.full((len(part), 3), np.nan))
    with pytest.raises(ConfigurationError, match="a painting with values from 0 to 1"):
        part_figures(stool(), points, broken, [(0, 0, 0)] * 3)
    with pytest.raises(ConfigurationError, match="at least one triangle"):
        visible_points(ObjectMesh((PartMesh("none", np.zeros((0, 3)), np.zeros((0, 3), int)),)))


def test_the_largest_square_of_a_mask():
    mask = np.zeros((6, 7), dtype=bool)
    mask[1:5, 2:6] = True
    mask[3, 4] = False
    assert largest_square(mask) == (1, 2, 2)
    mask[3, 4] = True
    assert largest_square(mask) == (1, 2, 4)
    assert largest_square(np.zeros((3, 3), dtype=bool))[2] == 0


def stripes(part, position):
    return np.where(np.sin(40 * position[:, :1]) > 0, 0.6, 0.1).repeat(3, axis=1)


def test_crops_are_grey_levelled_and_without_names():
    mesh = stool()
    views = paint_views(mesh, ViewPlan(whole=0, close=2), seed=1)
    seat = grey_crop(mesh, views.of(0), Painted(stripes), name="stool/seat", material="wood")
    assert seat.picture.shape == (SIDE, SIDE)
    # 0.6 and 0.1 of a mean of 0.35, exposed to 0.184, are L* 62.9 and 27.6
    assert np.quantile(seat.picture, (0.1, 0.9)) == pytest.approx([0.5 + (one - 50) / 60 for one in (27.6, 62.9)], abs=0.03)
    dark = grey_crop(mesh, views.of(0), Painted(lambda part, at: stripes(part, at) / 8), name="dark", material="wood")
    np.testing.assert_allclose(dark.picture, seat.picture, atol=0.006)
    even = grey_crop(mesh, views.of(0), flat_painting(mesh, TEXTS), name="flat", material="leather")
    assert np.ptp(even.picture) < 0.01, "nothing is blown up"
    assert grey_crop(mesh, views.of(1), Painted(stripes), name="leg", material="wood") is None, "too thin"
    plate = ObjectMesh((part("plate", trimesh.creation.box((1.0, 1.0, 0.02))),))
    near = paint_views(plate, ViewPlan(whole=0, close=4, details=16), seed=2).of(0)
    whole, pieces, both = (grey_crop(plate, own, Painted(stripes), name="plate", material="wood").share
                           for own in (near[:4], near[4:], near))
    assert 0.5 <= both == whole < pieces, "the square that spans most of the plate, not of the picture"
    png, key = crop_sheet([seat, even], seed=5)
    assert Image.open(io.BytesIO(png)).mode == "L"
    assert sorted(one["name"] for one in json.loads(key).values()) == ["flat", "stool/seat"]
    right = {number: one["material"] for number, one in json.loads(key).items()}
    assert sorted_share(key, right).successes == 2
    assert sorted_share(key, {"1": "brick", "2": right["2"].upper()}).successes == 1
    with pytest.raises(ConfigurationError, match="answers for crops 1 to 2, got 7"):
        sorted_share(key, {"7": "wood"})
    with pytest.raises(ConfigurationError, match="close-ups of a part, got a view of the whole"):
        grey_crop(mesh, paint_views(mesh, ViewPlan(whole=1, close=0), seed=1).views, Painted(stripes), name="x",
                  material="wood")
    with pytest.raises(ConfigurationError, match="at least one crop"):
        crop_sheet([], seed=0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_names_every_part_in_words_and_colours_of_its_own(case):
    assert tuple(name for name, _, _ in case.coats) == case.entry.graph().names
    assert 2 <= len(case.coats) <= 5
    assert set(case.colours) <= set(COLOURS)
    assert set(case.materials) <= set(MATERIALS)
    colours = [lab(np.array(reference_colour(colour))) for colour in case.colours]
    assert min(np.linalg.norm(one - other) for one, other in itertools.combinations(colours, 2)) > 35
    assert len(case.appearance.whole.split()) <= 20, "what the embedded painter reads of a sentence, less a view's words"
    turned = case.swapped()
    assert turned.materials == (*case.materials[1:], case.materials[0])
    assert all(one != other for one, other in zip(turned.colours, case.colours, strict=True))


def test_cases_use_words_that_the_painter_learnt():
    from data.make.material_captions import COLOURS as LEARNT
    from data.make.material_captions import vocabulary, words_of

    known = set(vocabulary())
    assert set(COLOURS) == set(LEARNT) - {"grey"}
    for case in CASES:
        assert set(words_of(" ".join((case.appearance.whole, *case.appearance.texts)))) <= known, case.name
    counts = [sum(case.materials.count(one) for case in CASES) for one in MATERIALS]
    assert min(counts) >= 6
    assert max(counts) <= 8
    assert [case.name for case in painting_cases(["mug", "stool"])] == ["mug", "stool"]
    with pytest.raises(ConfigurationError, match="painting cases: stool, bench, .* got sofa"):
        painting_cases(["sofa"])


def test_unsaid_parts_keep_their_material():
    assert flat_painting(stool(), ["a", "b", "c"]).materials[0] == FlatMaterial()
