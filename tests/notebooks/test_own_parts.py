"""Parts of one's own, as `30_extend` shows them: short, and taken by the checks and the loop of the package."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest

from drawagent.experience import Library
from drawagent.pairing import best_worst
from drawagent.policies import check_policies
from drawagent.queries import Query
from drawagent.raster import render
from drawagent.rollout import Candidate, Scored
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.asking import load_prompt
from easel.cameras import ring
from easel.grid import read_grid
from easel.scoring import ImageTextScorer, cosine

NOTEBOOKS = Path("notebooks").resolve()


@pytest.fixture
def own(monkeypatch):
    monkeypatch.syspath_prepend(str(NOTEBOOKS))
    monkeypatch.chdir(NOTEBOOKS)
    return importlib.import_module("own_parts")


def scored(rewards: list[float]) -> tuple[Scored, ...]:
    sketches = [Sketch.from_array(np.random.default_rng(k).uniform(-1, 1, (6, 4, 3)).round(2)) for k in range(len(rewards))]
    return tuple(Scored(Candidate("q", 0, k, s, "x"), (r, r + 0.01))
                 for k, (s, r) in enumerate(zip(sketches, rewards, strict=True)))


def test_each_part_is_under_twenty_lines(own):
    for part in (own.FactJudge, own.best_median, own.BothClips, own.soft):
        assert len(inspect.getsource(part).splitlines()) < 20, part
    assert len((NOTEBOOKS / "own_prompts/draw.md").read_text().splitlines()) < 20


def test_the_settings_take_them(own):
    settings = DrawSettings(judge="own_parts:FactJudge", pairing="own_parts:best_median", renderer="own_parts:soft",
                            prompt_overlay=Path("own_prompts"))
    check_policies(settings)
    prompt = load_prompt("drawagent", "draw", overlay=settings.prompt_overlay)
    assert prompt.origin == "overlay"
    assert prompt.placeholders == load_prompt("drawagent", "draw").placeholders


def test_the_pairing_takes_the_best_and_the_middle(own):
    group = scored([0.1, 0.5, 0.3, 0.2, 0.4])
    (pair,) = own.best_median(group, seed="0")
    assert (pair.better.candidate.index, pair.worse.candidate.index) == (1, 2)
    assert own.best_median(scored([0.2, 0.2, 0.2]), seed="0") == ()
    assert own.best_median(group[:1], seed="0") == ()


def test_the_judge_says_what_was_measured(own):
    group = scored([0.1, 0.5])
    (pair,) = best_worst(group)
    judged = own.FactJudge(None, None)(pair, group, Query(id="q", text="a q", category="q"), Library())
    assert judged.advantage.startswith("Because the better drawing has ")
    assert (judged.failure, judged.pair) == ("", pair)


def test_the_scorer_gives_the_mean_of_both_cosines(own):
    both = own.BothClips()
    assert isinstance(both, ImageTextScorer)
    pictures = np.random.default_rng(0).uniform(0, 1, (3, 96, 96)).astype(np.float32)
    apart = [cosine(part.embed_images(pictures), part.embed_texts(["a chair"])) for part in both._parts]
    together = cosine(both.embed_images(pictures), both.embed_texts(["a chair"]))
    assert together == pytest.approx(sum(apart) / 2, abs=2e-6)
    assert both.card.column == "toy CLIP (both)"
    assert both.card.key not in {part.card.key for part in both._parts}


def test_the_renderer_is_the_package_s_made_softer(own):
    sketch = Sketch.from_array([[[-0.5, 0, -0.5], [-0.2, 0, 0.4], [0.2, 0, 0.4], [0.5, 0, -0.5]]])
    cameras = ring(2)
    hard, soft = (one([sketch], cameras, size=64, width=2.0) for one in (render, own.soft))
    assert soft.shape == hard.shape == (1, 2, 64, 64)
    assert float(abs(soft.mean() - hard.mean())) < 2e-3, "as much ink"
    assert 0.0 <= float(soft.min()) < 0.5 < float(soft.max()) <= 1.0


def test_the_grid_names_all_of_them(own):
    grid = read_grid(Path("own_parts.yaml"), changes={"model": "stand-in", "scorer": "embedded:reward"})
    assert grid.rows == ("paper", "all five of one's own")
    assert grid.cells[1].parameters["reporter"] == "own_parts:BothClips"
