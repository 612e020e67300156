"""Pairing policies and the skip of pairs inside view noise."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drawagent.pairing import best_worst, inside_noise, random_pair, top2_bottom2
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.sketch import Sketch

SKETCH = Sketch.from_array([[[0, 0, 0], [0, 0, 0.3], [0, 0, 0.6], [0, 0, 1]]])


def group(*rewards: float | None) -> list[Scored]:
    """None is a failed drawing, which has the blank page's score."""
    return [
        Scored(Candidate("stool", 0, k, None if reward is None else SKETCH, ""), (0.5 if reward is None else reward,))
        for k, reward in enumerate(rewards)
    ]


def indices(pairs: tuple[Pair, ...]) -> list[tuple[int, int]]:
    return [(p.better.candidate.index, p.worse.candidate.index) for p in pairs]


def test_best_against_worst():
    assert indices(best_worst(group(0.2, 0.4, 0.1, 0.3, 0.25))) == [(1, 2)]
    assert indices(top2_bottom2(group(0.2, 0.4, 0.1, 0.3, 0.25))) == [(1, 2), (3, 0)]
    assert [p.rank for p in top2_bottom2(group(0.2, 0.4, 0.1, 0.3))] == [0, 1]


def test_failed_drawings_are_never_in_a_pair():
    assert indices(best_worst(group(None, 0.2, 0.1, None))) == [(1, 2)]
    assert best_worst(group(None, 0.2, None)) == ()
    assert random_pair(group(None, 0.2), seed="s") == ()
    assert best_worst(group()) == ()


def test_ties_go_by_index_and_equal_rewards_make_no_pair():
    assert indices(best_worst(group(0.1, 0.4, 0.4, 0.1))) == [(1, 3)]
    assert best_worst(group(0.3, 0.3, 0.3)) == ()
    assert indices(top2_bottom2(group(0.3, 0.2, 0.2, 0.1))) == [(0, 3)]
    assert indices(top2_bottom2(group(0.3, 0.2, 0.1))) == [(0, 2)], "three drawings hold one pair"


def test_random_pairs_are_random_in_both_places_and_repeat_with_the_seed():
    drawn = group(0.1, 0.2, 0.3, None, 0.4)
    found = {indices(random_pair(drawn, seed=str(n)))[0] for n in range(300)}
    assert len(found) == 12, "every ordered pair of the four drawings, the failed one never"
    assert random_pair(drawn, seed="a") == random_pair(drawn, seed="a")
    assert min(random_pair(drawn, seed=str(n))[0].gap for n in range(50)) < 0


@given(st.lists(st.one_of(st.none(), st.integers(-50, 50).map(lambda n: n / 100)), max_size=9))
def test_every_pair_has_a_gap_and_no_drawing_stands_twice(rewards):
    for policy in (best_worst, top2_bottom2):
        pairs = policy(group(*rewards), seed="")
        members = [i for pair in indices(pairs) for i in pair]
        assert len(members) == len(set(members))
        assert all(pair.gap > 0 for pair in pairs)
        assert all(rewards[i] is not None for i in members)


def test_inside_noise():
    better = Scored(Candidate("stool", 0, 0, SKETCH, ""), (0.30, 0.34))
    worse = Scored(Candidate("stool", 0, 1, SKETCH, ""), (0.29, 0.31))
    pair = Pair("stool", 0, better, worse)
    assert (pair.gap, pair.noise) == (0.02, 0.01)
    assert not inside_noise(pair, 0.0)
    assert not inside_noise(pair, 2.0), "a gap of exactly so many standard errors is kept"
    assert inside_noise(pair, 2.1)
    turned = Pair("stool", 0, worse, better)
    assert turned.gap == -0.02
    assert not inside_noise(turned, 2.0), "a random pair is not skipped for naming the worse drawing first"
    assert inside_noise(turned, 2.1)
