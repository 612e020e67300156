"""The motifs that the sketch generators share."""

from __future__ import annotations

import numpy as np
import pytest

from data.make.sketches.motifs import dot, fan, leaf, quick_ring, spun, wheels
from data.make.sketches.primitives import Pen


def pen(seed: int = 0, **settings) -> Pen:
    return Pen(np.random.default_rng(seed), **settings)


def test_spun_turns_up_towards_the_right():
    p = pen()
    with spun(p, 90):
        p.line((0, 0.5, 0), (0, 0.5, 1))
    np.testing.assert_allclose(p.strokes[0][3], (1, 0.5, 0), atol=1e-12)


@pytest.mark.parametrize(("axis", "flat"), [("x", 0), ("y", 1), ("z", 2)])
@pytest.mark.parametrize("seed", range(4))
def test_a_dot_is_closed_and_lies_in_its_plane(axis, flat, seed):
    p = pen(seed)
    dot(p, (0.3, -0.2, 0.1), 0.05, axis=axis)
    strokes = np.array(p.strokes)
    np.testing.assert_allclose(strokes[0, 0], strokes[-1, 3], atol=1e-12)
    np.testing.assert_allclose(strokes[..., flat], (0.3, -0.2, 0.1)[flat], atol=1e-12)
    middle = strokes - (0.3, -0.2, 0.1)
    assert np.abs((middle[:, 0] + 3 * middle[:, 1] + 3 * middle[:, 2] + middle[:, 3]) / 8).max() < 0.052


def test_the_quick_hand_draws_halves_and_leaves_its_setting_alone():
    counts = set()
    for seed in range(20):
        p = pen(seed, detail=0)
        before = p.sweep
        quick_ring(p, (0, 0, 0), 1.0)
        counts.add(len(p.strokes))
        assert p.sweep == before
    assert counts == {2, 4}


def test_detailed_wheels_stand_on_both_sides():
    p = pen(detail=1)
    wheels(p, (-0.5, 0.5), 0.4, 0.25, 0.2)
    starts = {(round(q[0][0] - 0.2, 6), round(q[0][1], 6)) for q in p.strokes}
    assert {(-0.5, -0.4), (0.5, -0.4), (-0.5, 0.4), (0.5, 0.4)} <= starts


def test_a_leaf_joins_its_ends_and_is_as_wide_as_asked():
    p = pen()
    leaf(p, (0, 0, 0), (1, 0, 0), 0.4)
    one, two = np.array(p.strokes)
    np.testing.assert_allclose([one[0], one[3]], [two[0], two[3]])
    middles = [(s[0] + 3 * s[1] + 3 * s[2] + s[3]) / 8 for s in (one, two)]
    assert abs(middles[0][1] - middles[1][1]) == pytest.approx(0.4)


def test_a_fan_without_jitter_is_even():
    directions = np.array(fan(pen(), 5, jitter=0.0))
    np.testing.assert_allclose(directions.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
