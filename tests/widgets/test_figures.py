"""Figures are pure: the same rows, the same figure; small; words of models stay words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from drawagent.sketch import Sketch
from widgets import theme
from widgets.figures import learning_curve, pair_figure, score_figure, sketch_figure

BAD = "<b onclick=alert(1)>seat</b>"


def sketch(strokes: int = 20, name: str = BAD) -> Sketch:
    return Sketch.from_array(np.random.default_rng(0).uniform(-1, 1, (strokes, 4, 3)), [name] * strokes)


def rows() -> list[dict]:
    return [
        {"query": q, "candidate": k, "reward": 0.2 + 0.01 * k, "view_scores": [0.1, 0.3], "failure": "invalid" if k else ""}
        for q in ("a", BAD) for k in range(2)
    ]


def test_sketches_are_drawn_in_a_grid_with_their_parts_named():
    two = Sketch.from_array(np.random.default_rng(0).uniform(-1, 1, (5, 4, 3)), ["leg", "leg", BAD, None, "leg"])
    figure = sketch_figure([two, sketch()], ["one", BAD], columns=2)
    first = [trace for trace in figure.data if trace.scene == "scene"]
    assert [(trace.name, len(trace.x)) for trace in first] == [
        ("leg", 3 * 11), ("&lt;b onclick=alert(1)&gt;seat&lt;/b&gt;", 11), ("stroke", 11)
    ]
    assert np.isnan(first[0].x[10]), "strokes are broken apart"
    assert "<b" not in figure.layout.annotations[1].text


def test_drawn_points_lie_on_the_normalised_curves():
    one = sketch(1)
    trace = sketch_figure([one]).data[0]
    found = np.stack([trace.x[:10], trace.y[:10], trace.z[:10]], axis=1)
    np.testing.assert_allclose(found, one.normalised().curve_points(10)[0], atol=1e-6)


def test_a_straight_stroke_is_its_two_ends():
    straight = Sketch.from_array([[[0, 0, 0], [0, 0, 0.1], [0, 0, 0.2], [0, 0, 0.3]]])
    trace = sketch_figure([straight]).data[0]
    assert list(trace.z[:2]) == [-1.0, 1.0]
    assert len(trace.z) == 3


def test_an_empty_sketch_is_an_empty_picture():
    assert sketch_figure([Sketch(())]).data == ()


@pytest.mark.parametrize("make", [
    lambda: sketch_figure([sketch(24, "front leg")] * 5),
    lambda: pair_figure(sketch(), sketch(), query=BAD),
    lambda: score_figure(rows(), column="toy"),
    lambda: learning_curve([{"epoch": e, "query": q, "similarity": 0.1 * e} for e in range(3) for q in "ab"],
                           column="toy", caption=BAD),
])
def test_figures_are_deterministic_small_and_plain(make):
    text = make().to_json()
    assert make().to_json() == text
    assert len(text) < 60_000
    assert "onclick=alert(1)>" not in json.loads(text).__repr__()


def test_the_curve_is_the_mean_over_queries():
    found = [{"epoch": 0, "query": "a", "similarity": 0.1}, {"epoch": 0, "query": "b", "similarity": 0.3},
             {"epoch": 1, "query": "a", "similarity": 0.5}, {"epoch": 1, "query": "b", "similarity": 0.1}]
    mean = learning_curve(found, column="toy", caption="c").data[-1]
    assert list(mean.y) == pytest.approx([0.2, 0.3])


def test_failed_candidates_are_marked_without_colour():
    symbols = score_figure(rows(), column="toy").data[0].marker.symbol
    assert symbols[1] == "x"
    assert symbols[0] != "x"


def test_stand_ins_carry_a_watermark():
    figure = sketch_figure([sketch()], watermark=True)
    assert figure.layout.annotations[-1].text == theme.WATERMARK


def test_bars_are_the_spread_that_the_library_computes():
    (trace,) = score_figure([{**rows()[0], "view_scores": [0.1, 0.3, 0.8]}], column="toy").data
    assert trace.error_y.array[0] == pytest.approx(np.std([0.1, 0.3, 0.8], ddof=1))
    (single,) = score_figure([{**rows()[0], "view_scores": [0.1]}], column="toy").data
    assert single.error_y.array[0] == 0.0
