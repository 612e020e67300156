"""The sketch: arrays, identity, points on curves, normalising."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawagent.sketch import Sketch, SketchError, Stroke
from easel.errors import EaselError

POST = [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 3]]
number = st.floats(-50, 50)


def test_array_and_back():
    sketch = Sketch.from_array([POST, POST], ["post", None])
    assert sketch.array().shape == (2, 4, 3)
    assert len(sketch) == 2
    assert [stroke.name for stroke in sketch.strokes] == ["post", None]
    assert Sketch.from_array(sketch.array(), ["post", None]) == sketch
    assert type(sketch.strokes[0].points[0][0]) is float
    assert Sketch(()).array().shape == (0, 4, 3)


@pytest.mark.parametrize(("points", "names", "message"), [
    ([POST[:3]], None, "expected control points of shape (N, 4, 3), got shape (1, 3, 3)."),
    (POST, None, "expected control points of shape (N, 4, 3), got shape (4, 3)."),
    ([POST, [[0, 0, 0], [0, 0, 1], [0, math.nan, 2], [0, 0, 3]]], None,
     "expected finite numbers, got nan or inf (at stroke 1, point 2)."),
    ([POST], ["a", "b"], "expected 1 names, got 2."),
])
def test_wrong_arrays_are_refused(points, names, message):
    with pytest.raises(SketchError) as caught:
        Sketch.from_array(points, names)
    assert str(caught.value) == message
    assert isinstance(caught.value, EaselError)


def test_key_is_of_the_drawing():
    whole = Sketch((Stroke(((0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 0, 3))),))
    assert whole == Sketch.from_array([POST])
    assert whole.key == Sketch.from_array([POST]).key == Sketch.from_array(np.array([POST]) * -1.0 * -1.0).key
    assert Sketch.from_array([[[-0.0, 0, 0], *POST[1:]]]).key == whole.key
    assert Sketch.from_array([POST], ["post"]).key != whole.key
    assert Sketch.from_array([POST[::-1]]).key != whole.key
    assert len(whole.key) == 64


def test_curve_points_are_bernstein():
    curve = [[1, 0, 0], [1, 0.5523, 0], [0.5523, 1, 0], [0, 1, 0]]
    points = Sketch.from_array([curve, POST]).curve_points(33)
    assert points.shape == (2, 33, 3)
    assert points[0, 0].tolist() == curve[0]
    assert points[0, -1].tolist() == curve[3]
    assert points[0, 16] == pytest.approx((np.array(curve[0]) + 3 * np.array(curve[1]) + 3 * np.array(curve[2]) + curve[3]) / 8)
    assert np.linalg.norm(points[0], axis=1) == pytest.approx(1.0, abs=3e-4)
    assert points[1, :, 2] == pytest.approx(np.linspace(0, 3, 33))
    assert Sketch(()).curve_points(5).shape == (0, 5, 3)


def test_normalised_uses_the_curves_not_the_control_points():
    arch = Sketch.from_array([[[0, 0, 0], [0, 0, 4], [2, 0, 4], [2, 0, 0]]]).normalised()
    points = arch.curve_points(64).reshape(-1, 3)
    assert points.max(axis=0) == pytest.approx([2 / 3, 0, 1], abs=1e-3)  # 2 wide and 3 high
    assert points.min(axis=0) == pytest.approx([-2 / 3, 0, -1], abs=1e-3)
    assert arch.array()[0, 1, 2] > 1.3
    half = Sketch.from_array([POST], ["post"]).normalised(0.5)
    assert half.array()[0, :, 2] == pytest.approx([-0.5, -1 / 6, 1 / 6, 0.5])
    assert half.strokes[0].name == "post"


def test_without_extent_it_is_only_recentred():
    assert Sketch.from_array([[[7, 8, 9]] * 4]).normalised().array().tolist() == [[[0, 0, 0]] * 4]
    assert Sketch(()).normalised() == Sketch(())


@given(st.lists(st.lists(st.tuples(number, number, number), min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_normalised_fills_the_cube_and_stays(points):
    once = Sketch.from_array(points).normalised()
    extent = np.ptp(once.curve_points(64).reshape(-1, 3), axis=0).max()
    if np.ptp(Sketch.from_array(points).curve_points(64).reshape(-1, 3), axis=0).max() > 1e-6:
        assert extent == pytest.approx(2.0, abs=1e-6)
        assert once.normalised().array() == pytest.approx(once.array(), abs=1e-6)
