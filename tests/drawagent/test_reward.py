"""Rewards: views, failures as the blank page, remembered numbers, penalties."""

from __future__ import annotations

import numpy as np
import pytest

from drawagent.reward import RememberedReward, ViewReward, score_row
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from tests.fakes import TinyScorer, tiny_reward


def line(height: float) -> Sketch:
    return Sketch.from_array([[[0, 0, 0], [0.3, 0, height], [0.6, height, 0], [1, 0, 0.5]]])


def candidate(index: int, sketch: Sketch | None, failure: str = "") -> Candidate:
    return Candidate("q", 0, index, sketch, "", failure=failure)


def test_a_reward_is_the_mean_over_views_and_independent_of_its_company():
    reward = tiny_reward(views=4)
    alone = reward("a thing", [candidate(0, line(0.4))])[0]
    together = reward("a thing", [candidate(1, line(0.9)), candidate(0, line(0.4))])[1]
    assert len(alone.view_scores) == 4
    assert alone.view_scores == together.view_scores
    assert alone.reward == round(float(np.mean(alone.view_scores)), 6)
    assert alone.worst_view == min(alone.view_scores)
    assert alone.spread == pytest.approx(np.std(alone.view_scores, ddof=1))


def test_a_failed_drawing_scores_as_the_blank_page():
    reward = tiny_reward()
    failed, blank = reward("a thing", [candidate(0, None, "invalid"), candidate(1, Sketch(()))])
    assert failed.view_scores == blank.view_scores


def test_size_and_place_of_a_sketch_do_not_matter():
    reward = tiny_reward()
    moved = Sketch.from_array(line(0.4).array() * 0.3 + [0.2, -0.1, 0.4])
    a, b = reward("a thing", [candidate(0, line(0.4)), candidate(1, moved)])
    assert a.view_scores == pytest.approx(b.view_scores, abs=2e-4)


def test_remembered_numbers_are_taken_and_differences_told():
    scorer = TinyScorer()
    reward = ViewReward(scorer, tiny_reward().cameras, tiny_reward().renderer, size=32, width=1.0)
    scored = reward("a thing", [candidate(0, line(0.4))])
    row = {**score_row(scored[0], "a thing", reward)}
    row["view_scores"] = [value + 0.01 for value in row["view_scores"]]
    before = scorer.embedded
    remembered = RememberedReward(reward, [row])
    assert remembered("a thing", [candidate(0, line(0.4))])[0].view_scores == tuple(row["view_scores"])
    assert scorer.embedded == before, "nothing was computed"
    assert remembered("another thing", [candidate(0, line(0.4))])[0].view_scores != tuple(row["view_scores"])

    again = RememberedReward(reward, [row], recompute=True)
    assert again("a thing", [candidate(0, line(0.4))])[0].view_scores == tuple(row["view_scores"])
    assert again.difference == pytest.approx(0.01, abs=1e-6)
    assert again.recomputed == 1


def test_a_group_that_is_known_in_part_is_scored_in_its_first_company():
    """A scorer's low digits depend on the size of its batch; a resumed run must end as an unkilled one."""

    class Batchy(TinyScorer):
        def embed_images(self, images):
            found = super().embed_images(images) + 1e-3 * len(images)
            return found / np.linalg.norm(found, axis=1, keepdims=True)

    reward = ViewReward(Batchy(), tiny_reward().cameras, tiny_reward().renderer, size=32, width=1.0)
    group = [candidate(k, line(0.2 + 0.2 * k)) for k in range(3)]
    whole = reward("a thing", group)
    resumed = RememberedReward(reward, [score_row(whole[0], "a thing", reward)])
    assert [s.view_scores for s in resumed("a thing", group)] == [s.view_scores for s in whole]


def test_numbers_of_another_penalty_are_not_taken():
    flat = Sketch.from_array([[[0, 0, 0], [0.3, 0, 0.2], [0.6, 0, 0], [1, 0, 0.5]]])
    light, heavy = (
        ViewReward.of(DrawSettings.paper(picture_size=32, fact_weight=weight), TinyScorer()) for weight in (0.1, 0.5)
    )
    row = score_row(light("a thing", [candidate(0, flat)])[0], "a thing", light)
    assert RememberedReward(heavy, [row])("a thing", [candidate(0, flat)]) == heavy("a thing", [candidate(0, flat)])
    off = ViewReward.of(DrawSettings.paper(picture_size=32), TinyScorer())
    assert "facts" not in off.source


def test_numbers_of_another_scorer_or_camera_are_not_taken():
    scored = tiny_reward(views=2)("a thing", [candidate(0, line(0.4))])
    row = score_row(scored[0], "a thing", tiny_reward(views=2))
    other = RememberedReward(tiny_reward(views=3), [row])
    assert len(other("a thing", [candidate(0, line(0.4))])[0].view_scores) == 3


def test_the_penalty_of_the_facts_is_off_in_paper_and_lowers_the_reward_when_on():
    flat = Sketch.from_array([[[0, 0, 0], [0.3, 0, 0.2], [0.6, 0, 0], [1, 0, 0.5]]])
    off = ViewReward.of(DrawSettings.paper(picture_size=32), TinyScorer())
    on = ViewReward.of(DrawSettings.paper(picture_size=32, fact_weight=0.5), TinyScorer())
    (plain,), (less,) = off("a thing", [candidate(0, flat)]), on("a thing", [candidate(0, flat)])
    assert plain.penalty == 0.0
    assert less.penalty > 0.1
    assert less.reward == pytest.approx(plain.reward - less.penalty, abs=1e-6)


def test_the_noise_of_a_pair_is_the_standard_error_of_view_differences():
    a = Scored(candidate(0, line(0.1)), (0.3, 0.5, 0.4))
    b = Scored(candidate(1, line(0.2)), (0.2, 0.2, 0.4))
    pair = Pair("q", 0, a, b)
    differences = np.array([0.1, 0.3, 0.0])
    assert pair.gap == pytest.approx(differences.mean(), abs=1e-6)
    assert pair.noise == pytest.approx(differences.std(ddof=1) / np.sqrt(3), abs=1e-6)
