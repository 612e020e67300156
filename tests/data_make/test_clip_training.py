"""The trainer of the embedded CLIPs: its pictures are the renderer's, its captions and targets are true."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from data.make.clip_examples import SCRIBBLE, Example, Source, read_replies, read_reply
from data.make.clip_pictures import Alteration, pictures, shrink
from data.make.clip_words import CONTEXT, caption, category_prompts, save_tokenizer, vocabulary, words_of
from data.make.evaluate_clip import figures, wilson
from data.make.sketches import CATEGORIES, HELD_OUT_STYLES, TRAINING_STYLES, draw
from data.make.train_clip import PLANS, Plan, agreement, train

STILL = Alteration(elevation_deg=(25, 25), fov_deg=(30, 30), distance=(1, 1), stretch=0, lean=0, warp=0, jitter=0,
                   drop=0, extra=0, width=(2, 2))


@pytest.mark.parametrize("category", ["chair", "teapot", "bicycle"])
def test_training_pictures_are_the_renderers(category):
    """Same sketch, same camera, no alteration: what training saw is what scoring shows."""
    from drawagent.raster import render
    from drawagent.sketch import Sketch
    from easel.cameras import ring

    strokes = draw(category, np.random.default_rng(1), style="clean").strokes
    seeds = np.arange(8)
    ours = pictures([strokes] * 8, seeds, size=80, canvas=224, alteration=STILL)
    for seed, picture in zip(seeds, ours, strict=True):
        azimuth = np.degrees(np.random.default_rng(seed).uniform(0, 2 * np.pi))
        camera = ring(1, start_deg=float(azimuth))
        mirrored = strokes * np.array([-1, 1, 1], np.float32)
        shown = [Sketch.from_array(s).normalised() for s in (strokes, mirrored)]
        theirs = shrink(render(shown, camera)[:, 0].numpy(), 80)
        difference = min(np.abs(picture - other)[(other < 0.95) | (picture < 0.95)].mean() for other in theirs)
        assert difference < 0.03  # training may mirror a sketch


def test_pictures_follow_their_seeds_alone():
    strokes = [draw(c, np.random.default_rng(0), style="clean").strokes for c in ("chair", "fish", "bus")]
    seeds = np.array([4, 5, 6])
    one, two = pictures(strokes, seeds, size=64), pictures(strokes[1:], seeds[1:], size=64)
    np.testing.assert_allclose(one[1:], two, atol=1e-6)
    assert abs(one - pictures(strokes, seeds + 1, size=64)).max() > 0.3
    assert pictures([np.zeros((0, 4, 3))], seeds[:1], size=64).min() == pytest.approx(1)


def test_styles_held_out_are_in_no_plan():
    for plan in PLANS.values():
        assert not set(plan.styles) & set(HELD_OUT_STYLES)
        assert set(plan.styles) <= set(TRAINING_STYLES)


def test_captions_are_words_of_the_vocabulary():
    words = set(vocabulary(samples=150))
    rng = np.random.default_rng(0)
    strange = set()
    for category in CATEGORIES:
        for style in ("clean", "detailed"):
            text = caption(draw(category, rng, style=style), rng)
            assert 1 <= len(words_of(text)) < CONTEXT
            strange |= set(words_of(text)) - words
    assert len(strange) <= 2  # a rare attribute may be missed by a small sample; the shipped one takes 400
    assert len(words) <= 2000


def test_category_prompts_are_grammatical():
    prompts = dict(zip(CATEGORIES, category_prompts(), strict=True))
    assert prompts["apple"] == "a sketch of an apple"
    assert prompts["chair"] == "a sketch of a chair"


def test_agreement_knows_true_false_and_unknown():
    none = np.zeros((1, 4, 3))
    round_one = Example(none, 3, "a round table", frozenset({"round"}), frozenset({"round", "low"}))
    square = Example(none, 3, "a square table", frozenset({"square"}), frozenset({"square"}))
    plain = Example(none, 3, "a table", frozenset(), frozenset({"round"}))
    reply = Example(none, 3, "a table")
    fish = Example(none, 4, "a fish", frozenset(), frozenset())
    table = agreement([round_one, square, plain, reply, fish], [round_one, square, plain, reply, fish])
    assert table.tolist() == [
        [1, 0, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [1, 0, 1, 1, 0],
        [-1, -1, 1, 1, 0],
        [0, 0, 0, 0, 1],
    ]


def test_source_mixes_as_told():
    strokes = np.random.default_rng(0).normal(size=(5, 4, 3)).astype(np.float32)
    source = Source(("clean",), {category: (strokes,) for category in range(80)}, share=0.5, nothing=0.1)
    rng = np.random.default_rng(0)
    examples = [source.example(rng) for _ in range(400)]
    scribbles = sum(e.category == SCRIBBLE for e in examples)
    replies = sum(e.category != SCRIBBLE and e.true is None for e in examples)
    assert 20 <= scribbles <= 65
    assert 140 <= replies <= 220
    assert all(e.said <= e.true for e in examples if e.true is not None)


def test_replies_are_read_by_number(tmp_path):
    for number in range(3):
        (tmp_path / f"floor_lamp__{number}.txt").write_text(
            "<thinking>x</thinking><curves>[[[0,0,0],[0,0,1],[0,1,1],[1,1,1]]]</curves>")
    found = read_replies(tmp_path, leave_out=(2,))
    assert {CATEGORIES[k]: len(v) for k, v in found.items()} == {"floor lamp": 2}
    (tmp_path / "chair__0.txt").write_text("no list")
    with pytest.raises(ValueError, match="chair__0"):
        read_replies(tmp_path)


def test_wilson_interval_by_hand():
    low, high = wilson(8, 10)
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert wilson(0, 0) == (0.0, 1.0)
    assert figures([])["n"] == 0


def test_tokenizer_ends_each_text_with_its_highest_number(tmp_path):
    from tokenizers import Tokenizer

    save_tokenizer(["a", "chair", "tv"], tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert tokenizer.encode("A chair, tv-zzz!").ids == [2, 3, 4, 1, 5]
    assert max(tokenizer.get_vocab().values()) == 5


def test_a_short_training_saves_a_model_that_resumes(tmp_path):
    """Three steps of a tiny plan: files, card, checkpoint; then one more step from the checkpoint."""
    tiny = Plan(vision={"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 16}, seed=1,
                styles=("clean",), embed=16, batch=8, captions=4, canvas=64)
    paths = {"minutes": None, "work": tmp_path / "work", "weights": tmp_path / "weights", "replies": tmp_path,
             "threads": 1}
    train("reward", steps=2, plan=tiny, **paths)
    card = json.loads((tmp_path / "weights" / "reward" / "card.json").read_text())
    assert card["training"]["steps"] == 2
    assert card["training"]["finished"]
    train("reward", steps=3, plan=dataclasses.replace(tiny), resume=True, **paths)
    card = json.loads((tmp_path / "weights" / "reward" / "card.json").read_text())
    assert card["training"]["steps"] == 3
    from easel.clip_scorer import ClipScorer

    scorer = ClipScorer(str(tmp_path / "weights" / "reward"), None)
    assert scorer.embed_texts(["a chair"]).shape == (1, 16)


def test_training_drawings_are_complete_and_test_nothing():
    """Every category has three or more recorded drawings, and none of them is among those that test."""
    data = Path(__file__).parents[2] / "data"
    training = read_replies(data / "sketches_train")
    assert sorted(training) == list(range(80))
    assert min(map(len, training.values())) >= 3
    known = {strokes.tobytes() for drawings in training.values() for strokes in drawings}
    tests = [read_reply(path) for path in sorted((data / "llm_sketches").glob("*__*.txt"))]
    assert len(tests) == 31
    assert not known & {strokes.tobytes() for strokes in tests}
