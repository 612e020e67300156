"""Do the tables tell the truth? Whole sweeps of the stand-in, whose effect is set, through loop, runs and tables."""

from __future__ import annotations

import math

import pytest

from easel.runs import RunStore
from tests.drawagent.simulated import COLUMN, LAST, Simulation


def test_the_difference_of_a_sweep_is_that_of_its_drawings(tmp_path):
    simulation = Simulation(tmp_path, effect=-1.5, practices=2, prompts=4)
    row = simulation.sweep(0)
    scores: dict[int, list[float]] = {0: [], LAST: []}
    for info in sorted((tmp_path / "0/runs").glob("*/run.json")):
        for measured in RunStore.read(info.parent).rows("measured"):
            if measured["epoch"] in scores and measured["column"] == COLUMN:
                scores[measured["epoch"]].append(measured["similarity"])
    assert len(scores[0]) == len(scores[LAST]) == 8
    assert row["difference"] == pytest.approx((math.fsum(scores[LAST]) - math.fsum(scores[0])) / 8, abs=2e-6)
    assert (row["practices"], row["prompts"], row["draws"], row["claim"]) == (2, 4, 1, "")
    assert row["low"] < row["difference"] < row["high"]


def test_with_one_library_no_claim_is_made(tmp_path):
    row = Simulation(tmp_path, effect=-1.5, practices=1, prompts=3).sweep(0)
    assert row["claim"] == "one library: no claim about the method"
    assert math.isnan(row["p"])
    assert row["significant"] is None


@pytest.mark.acceptance
@pytest.mark.parametrize("effect", [0.0, -0.5])
def test_intervals_cover_the_truth_over_200_sweeps(tmp_path, effect):
    """95 % intervals cover the truth in 93 % of sweeps or more; a null is called significant in 7 % or fewer."""
    simulation = Simulation(tmp_path, effect, practices=3, prompts=8)
    rows = [simulation.sweep(number) for number in range(200)]
    truth = simulation.truth(draws=40) if effect else 0.0
    covered = sum(row["low"] <= truth <= row["high"] for row in rows)
    called = sum(bool(row["significant"]) for row in rows)
    met = dict(sorted(simulation.lessons.items()))
    print(f"\neffect {effect:g}: truth {truth:+.4f}, covered {covered} of 200, called {called} of 200, lessons {met}")
    assert covered >= 186
    assert effect or called <= 14
