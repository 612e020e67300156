"""Rollout figures: the frames' numbers, readable without colour, marked for stand-ins, plain words."""

from __future__ import annotations

import pandas
import pytest

from drawagent.lesson_lives import LessonLife, LessonStep
from widgets import theme
from widgets.rollout_figures import (
    PATTERNS,
    lesson_timeline,
    measures_figure,
    preference_figure,
    topic_figure,
    validity_figure,
)

BAD = "<b onclick=alert(1)>"


def frame(queries: int = 2) -> pandas.DataFrame:
    return pandas.DataFrame([
        {"epoch": e, "query": f"q{q}", "text": f"a {q} {BAD}", "candidate": k, "strokes": float("nan") if k == 2 else 10.0 + q + e,
         "similarity": 0.1 * k, "column": "toy"}
        for e in range(2) for q in range(queries) for k in range(3)
    ])


def topics() -> pandas.DataFrame:
    return pandas.DataFrame([
        {"library": n, "topic": topic, "lessons": n * (i + 1) if topic != "style" else 0, "words": 9 * n}
        for n in range(3) for i, topic in enumerate(("shape", "space", "style"))
    ])


def summary() -> pandas.DataFrame:
    return pandas.DataFrame([{"epoch": e, "measure": "validity", "n": 6, "mean": 0.5, "sd": None, "low": 0.2, "high": 0.9}
                             for e in range(2)])


def lives() -> dict[str, LessonLife]:
    given = LessonStep(0, "given", "A tip.", "other", (), "human")
    added = LessonStep(1, "added", f"Words {BAD} " + "and more words " * 20, "space", ("q/e0/p0",))
    deleted = LessonStep(2, "deleted", "Gone.", "space", ())
    return {"L1": LessonLife("L1", (given,), (0, 1, 2), 2), f"L2{BAD}": LessonLife("L2", (added, deleted), (1,), 2)}


def shares() -> pandas.DataFrame:
    return pandas.DataFrame([
        {"side": side, "against": "x", "rater": BAD, "n": 8, "wins": wins, "ties": 1, "share": wins / 8, "low": 0.1, "high": 0.9}
        for side, wins in (("one", 2), ("two", 5))
    ])


def test_every_rollout_that_has_the_measure_is_a_mark():
    figure = measures_figure(frame(), ("strokes", "similarity"))
    strips = [trace for trace in figure.data if trace.type == "scatter"]
    assert [len(trace.y) for trace in strips] == [4, 4, 6, 6], "failed drawings have no strokes, but a score"
    assert list(strips[0].y) == [10.0, 10.0, 11.0, 11.0]
    assert len({trace.marker.symbol for trace in strips[:2]}) == 2, "queries differ without colour"
    assert figure.layout.annotations[1].text == "raw cosine, mean over views<br><sub>toy</sub>", "a score says whose it is"
    boxes = [trace for trace in figure.data if trace.type == "box"]
    assert [list(box.x) for box in boxes[:2]] == [[0] * 4, [1] * 4]


def test_many_queries_share_one_mark():
    strips = [trace for trace in measures_figure(frame(12), ("strokes",)).data if trace.type == "scatter"]
    assert {trace.marker.symbol for trace in strips} == {"circle-open"}
    assert not any(trace.showlegend for trace in strips)


def test_validity_has_its_interval_and_its_n():
    trace = validity_figure(summary()).data[0]
    assert list(trace.error_y.array) == pytest.approx([0.4, 0.4])
    assert list(trace.error_y.arrayminus) == pytest.approx([0.3, 0.3])
    assert trace.x[0] == "epoch 0<br>n = 6"


def test_topics_are_told_apart_by_pattern_and_word():
    figure = topic_figure(topics())
    assert [trace.name for trace in figure.data] == ["shape", "space"], "a topic without lessons has no bar"
    assert [list(trace.y) for trace in figure.data] == [[0, 1, 2], [0, 2, 4]]
    assert [trace.marker.pattern.shape for trace in figure.data] == list(PATTERNS[:2])
    assert list(figure.data[1].text) == ["", "space", "space"]
    assert len(set(PATTERNS)) == 8


def test_a_timeline_marks_every_change_with_its_words():
    figure = lesson_timeline(lives())
    lines = [trace for trace in figure.data if trace.mode == "lines"]
    assert [(list(trace.x), trace.line.dash) for trace in lines] == [([0, 1, 2], "solid"), ([1], "dot")]
    marks = {trace.name: trace for trace in figure.data if trace.mode == "markers"}
    assert {name: list(trace.x) for name, trace in marks.items()} == {"given": [0], "added": [1], "deleted": [2]}
    assert len({trace.marker.symbol for trace in marks.values()}) == 3
    assert marks["given"].hovertext[0] == "A tip. (other, human; no pair)"
    assert "<br>" in marks["added"].hovertext[0]


def test_preferences_are_shares_with_intervals():
    trace = preference_figure(shares()).data[0]
    assert list(trace.x) == [0.25, 0.625]
    assert list(trace.error_x.array) == pytest.approx([0.65, 0.275])
    assert trace.y[0] == "one<br>2 of 8, 1 without preference"


MAKERS = [lambda **k: measures_figure(frame(), ("strokes", "similarity"), **k), lambda **k: validity_figure(summary(), **k),
          lambda **k: topic_figure(topics(), **k), lambda **k: lesson_timeline(lives(), **k),
          lambda **k: preference_figure(shares(), **k)]


@pytest.mark.parametrize("make", MAKERS)
def test_figures_are_deterministic_plain_and_marked(make):
    text = make().to_json()
    assert make().to_json() == text
    assert "<b onclick" not in text
    assert "\\u003cb onclick" not in text
    assert theme.WATERMARK not in text
    assert make(watermark=True).layout.annotations[-1].text == theme.WATERMARK
