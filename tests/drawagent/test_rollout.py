"""Rollouts: rewards, spreads, gaps and rows."""

from __future__ import annotations

import json

import pytest

from drawagent.rollout import Candidate, Pair, Scored
from drawagent.sketch import Sketch

SKETCH = Sketch.from_array([[[0, 0, 0], [0, 0, 0.3], [0, 0, 0.6], [0, 0, 1]]], ["post"])


def scored(index: int, *views: float, drawn: bool = True, penalty: float = 0.0) -> Scored:
    failure = {} if drawn else {"failure": "unreadable", "reason": "cut off"}
    return Scored(Candidate("stool", 1, index, SKETCH if drawn else None, "text", **failure), views, penalty)


def test_reward_is_the_mean_over_views_less_the_penalty():
    one = scored(2, 0.2, 0.25, 0.3, penalty=0.01)
    assert one.reward == 0.24
    assert one.worst_view == 0.2
    assert one.spread == pytest.approx(0.05)
    assert scored(0, 0.3).spread == 0.0
    assert one.candidate.id == "stool/e1/k2"


def test_rewards_are_rounded_so_that_last_bits_decide_nothing():
    assert scored(0, 0.1, 0.2).reward == scored(1, 0.1 + 1e-9, 0.2).reward == 0.15


def test_pair():
    pair = Pair("stool", 1, scored(0, 0.30, 0.34), scored(1, 0.20, 0.28), 1)
    assert pair.id == "stool/e1/p1"
    assert pair.gap == 0.08
    assert pair.noise == 0.02, "standard error of the differences 0.10 and 0.06"
    assert Pair("stool", 1, scored(0, 0.3), scored(1, 0.2)).noise == 0.0
    with pytest.raises(ValueError, match="zip"):
        _ = Pair("stool", 1, scored(0, 0.3, 0.2), scored(1, 0.2)).noise


def test_rows_hold_everything_and_are_json():
    row = json.loads(json.dumps(scored(3, 0.2, 0.3).row()))
    assert row["strokes"] == 1
    assert row["sketch_key"] == SKETCH.key
    assert (row["reward"], row["view_scores"], row["candidate"], row["epoch"]) == (0.25, [0.2, 0.3], 3, 1)
    failed = scored(4, 0.1, 0.1, drawn=False).row()
    assert (failed["failure"], failed["reason"], failed["strokes"], failed["sketch_key"]) == ("unreadable", "cut off", 0, "")


def test_means_are_summed_exactly_whatever_the_python():
    """Half a unit of the last place turns on the order of additions, and on Python's own `sum` before and after 3.12."""
    from math import fsum
    from random import Random

    rng = Random(0)
    for _ in range(300):
        scores = tuple(round(rng.uniform(-1, 1), 6) for _ in range(8))
        one = Scored(Candidate("q", 0, 0, None, ""), scores)
        assert one.reward == round(fsum(scores) / 8, 6)
        assert one.reward == Scored(one.candidate, scores[::-1]).reward
