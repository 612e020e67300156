"""Paint settings: presets and their sources, what they refuse, the rate's way down, what decides a result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from easel.errors import ConfigurationError
from easel.guidance import DistilSettings, weighting_sds
from shapecraft.paint_settings import PaintSettings, fingerprint
from shapecraft.paint_views import ViewPlan

PAPER = PaintSettings.paper()


def test_the_papers_preset_adds_nothing_of_ours():
    assert (PAPER.over, PAPER.terms, PAPER.policy, PAPER.part_weight, PAPER.whole_every) == ("uv", "both", "sum", 1.0, 1)
    assert (PAPER.smooth_metalness, PAPER.said, PAPER.shared_light, PAPER.last_rate, PAPER.views.details) == (0, 0, 0, 1, 0)
    assert (PAPER.near, PAPER.near_from, PAPER.sharpest, PAPER.awake, PAPER.inset) == (None, 1, 0, 0, 0)
    assert (PAPER.epsilon, PAPER.level, PAPER.views.rim) == (1e-15, False, 0)
    assert (PAPER.steps, PAPER.rate) == (3000, 0.01)
    assert PAPER.whole == PAPER.part == DistilSettings(
        guidance_scale=100.0, weighting="sds", first_range=(0.02, 0.98), last_range=(0.02, 0.5))


def test_presets_take_changes():
    assert PaintSettings.ours(steps=7, seed=3).policy == "one"
    assert PaintSettings.small(over="surface").over == "surface"
    assert PaintSettings.small(samples=3).samples == 3
    small = PaintSettings.small()
    assert small.near is not None
    assert small.views.details > 0
    assert 0 < small.near_from < 1
    assert (PaintSettings.ours().said, small.said > 0) == (0, True)
    assert (PaintSettings.ours().field.turned, small.field.turned) == (False, True)


@pytest.mark.parametrize(("change", "told"), [
    ({"over": "sky"}, r"uv or surface or apart, got sky \(at PaintSettings\.over\)"),
    ({"policy": "two"}, r"sum or one, got two"),
    ({"lamps": "moon"}, r"still or turned or viewer"),
    ({"steps": 0}, r"a whole number from 1, got 0 \(at PaintSettings\.steps\)"),
    ({"seed": 1.5}, r"a whole number from 0, got 1\.5"),
    ({"rate": 0.0}, r"a rate above 0"),
    ({"backdrop": (0.5, 0.2)}, r"0 <= darkest <= brightest <= 1"),
    ({"environments": ()}, r"at least one environment"),
    ({"awake": 1.5}, r"a share from 0 to 1, got 1\.5 \(at PaintSettings\.awake\)"),
    ({"shared_light": 0.7}, r"0 to 0\.5"),
    ({"size": 4}, r"at least 8 pixels"),
    ({"part_weight": -1.0}, r"weights not below 0"),
    ({"part_weight": float("nan")}, r"finite numbers, weights not below 0, megabytes above, got nan, 0\.0, 0\.0, 0\.0, 4000\.0"),
    ({"smooth_metalness": float("inf")}, r"finite numbers, weights not below 0"),
    ({"said": -1.0}, r"^expected finite numbers, weights not below 0, megabytes above, got 1\.0, 0\.0, -1\.0, 0\.0, 4000\.0 "
                     r"\(at PaintSettings\)"),
    ({"said": float("inf")}, r"finite numbers, weights not below 0, megabytes above, got 1\.0, 0\.0, inf, 0\.0, 4000\.0"),
    ({"megabytes": float("nan")}, r"finite numbers, weights not below 0"),
    ({"megabytes": 0.0}, r"megabytes above, got 1\.0, 0\.0, 0\.0, 0\.0, 0\.0"),
    ({"sharpest": -0.5}, r"^expected finite numbers, weights not below 0, megabytes above, got 1\.0, 0\.0, 0\.0, -0\.5, 4000\.0 "
                         r"\(at PaintSettings\)"),
    ({"sharpest": float("nan")}, r"finite numbers, weights not below 0, megabytes above, got 1\.0, 0\.0, 0\.0, nan, 4000\.0"),
    ({"near_from": 1.5}, r"^expected a share from 0 to 1, got 1\.5 \(at PaintSettings\.near_from\)"),
    ({"near_from": -0.1}, r"^expected a share from 0 to 1, got -0\.1 \(at PaintSettings\.near_from\)"),
    ({"near_from": float("nan")}, r"^expected a share from 0 to 1, got nan"),
    ({"epsilon": 0.0}, r"^expected a number above 0 and below 1, got 0\.0 \(at PaintSettings\.epsilon\)"),
    ({"epsilon": float("nan")}, r"^expected a number above 0 and below 1, got nan"),
    ({"level": 1}, r"^expected True or False, got 1 \(at PaintSettings\.level\)"),
    ({"own": (("seat", 3),)}, r"pairs of a part's name, each once, and its DistilSettings, got \(\('seat', 3\),\)"),
    ({"own": (("seat", PAPER.part), ("seat", PAPER.whole))}, r"a part's name, each once"),
    ({"own": "seat"}, r"pairs of a part's name"),
    ({"environments": (3,)}, r"at least one environment by name, got \(3,\)"),
    ({"size": 32.5}, r"at least 8 pixels, got 32\.5"),
    ({"views": ViewPlan(whole=0, close=2)}, r"views of the whole for the global term"),
    ({"views": ViewPlan(whole=2, close=0)}, r"close-ups for the components' terms"),
])
def test_refused(change, told):
    with pytest.raises(ConfigurationError, match=told):
        replace(PAPER, **change)


def test_the_rate_goes_down_half_a_cosine():
    settings = PaintSettings.ours(steps=101, rate=0.02, last_rate=0.1)
    assert settings.rate_at(0) == pytest.approx(0.02)
    assert settings.rate_at(50) == pytest.approx(0.011)
    assert settings.rate_at(100) == pytest.approx(0.002), "the last step has the last rate"
    assert PaintSettings.ours(steps=1).rate_at(0) == PAPER.rate
    assert PAPER.rate_at(2999) == PAPER.rate


def test_levels_wake_in_order():
    settings = replace(PaintSettings.ours(steps=100, awake=0.5), field=replace(PAPER.field, levels=5))
    assert [settings.levels_at(step) for step in (0, 9, 10, 20, 49, 50, 99)] == [1, 1, 2, 3, 5, 5, 5]
    assert PAPER.levels_at(0) == PAPER.field.levels


def test_guidance_of_a_part():
    own = DistilSettings(guidance_scale=7.0)
    settings = replace(PAPER, own=(("leg", own),))
    assert (settings.of("leg"), settings.of("seat"), settings.of(None)) == (own, PAPER.part, PAPER.whole)


def test_late_steps_have_a_row_of_their_own():
    row = replace(PAPER, near=DistilSettings(guidance_scale=3.0), near_from=0.25, sharpest=0.5).row()
    assert (row["near_from"], row["sharpest"], row["near"]["guidance_scale"]) == (0.25, 0.5, 3.0)
    assert PAPER.row()["near"] is None


def test_what_changes_no_result_is_no_part_of_the_fingerprint():
    same = replace(PAPER, preview_every=5, checkpoint_every=3, megabytes=9.0, preview_size=64)
    assert fingerprint(same.row()) == fingerprint(PAPER.row())
    for change in ({"seed": 1}, {"steps": 5}, {"part": replace(PAPER.part, clip=1.0)}, {"views": ViewPlan(close=5)},
                   {"part": replace(PAPER.part, weighting=weighting_sds)}, {"near": PAPER.part}, {"near_from": 0.5},
                   {"sharpest": 0.5}, {"said": 0.5}, {"views": ViewPlan(details=4)},
                   {"views": ViewPlan(rim=0.1)}, {"level": True}, {"epsilon": 1e-3}):
        assert fingerprint(replace(PAPER, **change).row()) != fingerprint(PAPER.row()), change


def test_a_parts_own_guidance_holds_for_its_details_too():
    plain = DistilSettings(guidance_scale=5.0)
    near = DistilSettings(guidance_scale=3.0, first_range=(0.6, 0.6), last_range=(0.1, 0.1))
    settings = replace(PaintSettings.ours(), part=plain, near=near, own=(("seat", replace(plain, clip=2.0)),))
    assert settings.near_of("legs") == near
    assert settings.near_of("seat") == replace(near, clip=2.0)
    assert replace(settings, near=None).near_of("seat") == replace(plain, clip=2.0)
    with pytest.raises(ConfigurationError, match="expected DistilSettings or None, got 5"):
        replace(settings, near=5)
