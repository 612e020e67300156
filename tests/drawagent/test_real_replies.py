"""Real replies of a large language model go the whole way: parse, measure, render, score, pair."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from drawagent.geometry import facts
from drawagent.language import parse, write
from drawagent.pairing import best_worst, inside_noise
from drawagent.reward import ViewReward
from drawagent.rollout import Candidate
from drawagent.settings import DrawSettings
from easel.scoring import ClipScorer

FILES = sorted((Path(__file__).resolve().parents[2] / "data" / "llm_sketches").glob("*.txt"))
TEXTS = {
    "chair": "a chair", "teapot": "a teapot", "airplane": "an airplane", "mug": "a mug with a handle",
    "umbrella": "an open umbrella", "house": "a house with a chimney", "fish": "a fish", "car": "a car", "bed": "a bed",
    "table": "a table", "floor_lamp": "a floor lamp",
}


@pytest.fixture(scope="module")
def reward() -> ViewReward:
    return ViewReward.of(DrawSettings.ours(), ClipScorer.embedded("reward"))


def test_every_group_is_scored_and_paired_or_skipped_with_a_gap(reward):
    assert len(FILES) == 31
    groups = defaultdict(list)
    for path in FILES:
        slug, _, number = path.stem.rpartition("__")
        sketch = parse(path.read_text("utf-8"), mode="lenient").sketch
        assert parse(write(sketch)).sketch == sketch
        assert facts(sketch).strokes == len(sketch)
        groups[slug].append(Candidate(slug, 0, int(number), sketch, ""))
    blank = {slug: reward(text, [Candidate(slug, 0, 0, None, "", "invalid")])[0] for slug, text in TEXTS.items()}
    beaten = 0
    for slug, candidates in groups.items():
        scored = reward(TEXTS[slug], candidates)
        assert all(len(one.view_scores) == 8 for one in scored)
        beaten += sum(one.reward > blank[slug].reward for one in scored)
        (pair,) = best_worst(scored)
        assert pair.gap > 0
        assert pair.better.reward == max(one.reward for one in scored)
        assert isinstance(inside_noise(pair, 1.0), bool)
    assert beaten == 31, "every real drawing beats the blank page under its own text"
