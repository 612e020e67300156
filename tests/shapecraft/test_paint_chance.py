"""Paint chance: every component and every view comes equally often, and the numbers of a step alone decide it."""

from __future__ import annotations

from collections import Counter

import torch

from shapecraft.paint_chance import (
    WHOLE,
    guidance_chance,
    picture_chance,
    still_chance,
    terms_at,
    uses_before,
    view_at,
)


def test_a_sum_has_every_term_at_every_step():
    assert terms_at(5, (0, 2), whole=1, one=False, seed=0) == ((WHOLE, 1.0), (0, 1.0), (2, 1.0))
    assert terms_at(5, (), whole=1, one=True, seed=0) == ((WHOLE, 1.0),)


def test_one_component_a_step_has_the_sum_as_its_mean():
    parts = (0, 1, 4)
    drawn = [terms_at(step, parts, whole=0, one=True, seed=7) for step in range(30)]
    assert all(len(one) == 1 for one in drawn)
    sums: Counter[int] = Counter()
    for (term, weight), in drawn:
        sums[term] += weight
    assert sums == {0: 30.0, 1: 30.0, 4: 30.0}
    orders = {tuple(term for (term, _), in drawn[at:at + 3]) for at in range(0, 30, 3)}
    assert len(orders) > 2


def test_the_whole_comes_seldom_and_counts_as_often():
    drawn = [terms_at(step, (0, 1), whole=3, one=True, seed=0) for step in range(9)]
    assert [[weight for term, weight in one if term == WHOLE] for one in drawn] == [[3.0], [], []] * 3
    assert [uses_before(step, WHOLE, 2, whole=3, one=True) for step in (0, 3, 6)] == [0, 1, 2]


def test_views_come_in_rounds():
    for one, parts in ((True, 3), (False, 3)):
        steps = range(0, 60, 3) if one else range(20)
        seen = [view_at(uses_before(step, 1, parts, whole=1, one=one), 1, 5, seed=0) for step in steps]
        assert all(sorted(seen[at:at + 5]) == [0, 1, 2, 3, 4] for at in range(0, 20, 5))
        assert len({tuple(seen[at:at + 5]) for at in range(0, 20, 5)}) > 1


def test_seed_step_and_term_decide():
    drawn = {(seed, step, term): float(torch.randn((), generator=guidance_chance(seed, step, term)))
             for seed in range(3) for step in range(3) for term in (WHOLE, 0, 1)}
    assert len(set(drawn.values())) == 27
    assert all(float(torch.randn((), generator=guidance_chance(*key))) == value for key, value in drawn.items())
    assert picture_chance(0, 1, 2).random() == picture_chance(0, 1, 2).random() != picture_chance(0, 2, 1).random()


def test_what_stays_of_a_view_follows_from_seed_and_view():
    drawn = {(seed, view): still_chance(seed, view).random() for seed in range(4) for view in range(4)}
    assert len(set(drawn.values())) == 16
    assert all(still_chance(*key).random() == value for key, value in drawn.items())
    assert still_chance(0, 1).random() != picture_chance(0, 1, -1).random()
