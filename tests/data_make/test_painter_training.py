"""The painter's trainer: batches by seed and step, a killed run goes on to the same weights, its model folder."""

from __future__ import annotations

import json

import numpy as np
import pytest

from data.make.evaluate_painter import colour_figure, pattern_figure, sheet
from data.make.painter_examples import Examples
from data.make.painter_model import CONTEXT, load_painter, new_painter, paint
from data.make.train_painter import Plan, batch_of, heard, loss_of, publish, rate_of, train

PLAN = Plan(steps=3, batch=4, pictures=6, crops=1, seed=3)


def test_a_batch_is_decided_by_seed_and_step():
    shown = np.random.default_rng(0).integers(0, 255, (9, 32, 32, 3), dtype=np.uint8)
    examples = Examples(shown, tuple(f"{colour} leather" for colour in "abcdefghi"))
    one, two = batch_of(PLAN, examples, 7), batch_of(PLAN, examples, 7)
    assert all(a.equal(b) for a, b in zip((one[0], *one[2:]), (two[0], *two[2:]), strict=True)) and one[1] == two[1]
    assert not one[0].equal(batch_of(PLAN, examples, 8)[0])
    assert float(one[0].min()) >= -1 and float(one[0].max()) <= 1
    assert [int(time) // 250 for time in one[2]] == [0, 1, 2, 3]
    assert one[0].shape == (4, 3, 32, 32) and batch_of(PLAN, examples, 0)[0].shape == (4, 3, 16, 16)


def test_captions_are_dropped_at_their_share():
    examples = Examples(np.zeros((1, 32, 32, 3), np.uint8), ("oak",))
    told = [text for step in range(40) for text in batch_of(Plan(batch=20), examples, step)[1]]
    assert 0.08 < np.mean([text == "" for text in told]) < 0.17


def test_the_rate_does_not_depend_on_the_length_until_the_last_third():
    assert rate_of(Plan(steps=3000), 0) == pytest.approx(Plan.rate / 100)
    assert [rate_of(Plan(steps=n), 1500) for n in (3000, 9000)] == [Plan.rate, Plan.rate]
    assert rate_of(Plan(steps=3000), 2999) < 0.03 * Plan.rate


def test_the_loss_is_that_of_noise_when_nothing_is_guessed():
    import torch

    torch.manual_seed(0)
    painter = new_painter()
    with torch.no_grad():
        for weight in painter.denoiser.conv_out.parameters():
            weight.zero_()
    pictures = Examples(np.full((4, 32, 32, 3), 128, np.uint8), ("oak",) * 4)
    _, error = loss_of(painter, PLAN, batch_of(PLAN, pictures, 1))
    assert float(error) == pytest.approx(1, abs=0.03)


def test_words_are_not_heard_where_all_say_the_same():
    shown = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), dtype=np.uint8)
    painter = new_painter()
    own, other = heard(painter, Examples(shown, ("oak",) * 4))
    assert own == other > 0
    own, other = heard(painter, Examples(shown, ("oak", "red brick", "a gold ball", "grass")))
    assert own != other


def test_a_killed_run_ends_with_the_same_weights(tmp_path, monkeypatch):
    import torch

    train(PLAN, work=tmp_path / "whole", weights=tmp_path / "whole" / "model", every=1e9)
    broken = tmp_path / "broken"
    seen = []

    def batch_or_kill(plan, examples, step):
        seen.append(step)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return batch_of(plan, examples, step)

    monkeypatch.setattr("data.make.train_painter.batch_of", batch_or_kill)
    with pytest.raises(KeyboardInterrupt):
        train(PLAN, work=broken, weights=broken / "model", every=-1.0)
    train(PLAN, work=broken, weights=broken / "model", every=-1.0)
    assert seen == [0, 1, 2, 2]
    whole, again = (torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("whole", "broken"))
    for part in ("denoiser", "text", "mean_denoiser", "mean_text"):
        assert all(torch.equal(value, again[part][key]) for key, value in whole[part].items())
    rows = [json.loads(line) for line in (broken / "log.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 3 and rows[-1]["loss"] > 0
    publish(broken, tmp_path / "other")
    card = json.loads((tmp_path / "other" / "card.json").read_text())
    assert card["training"]["steps"] == card["training"]["of_steps"] == 3
    assert card == json.loads((broken / "model" / "card.json").read_text())


def test_saved_parts_paint_the_same_pictures(tmp_path):
    import torch

    from data.make.painter_model import save_painter

    torch.manual_seed(1)
    painter = new_painter()
    save_painter(painter, tmp_path)
    again = load_painter(tmp_path)
    assert again.tokenize(["Red leather, matt!"]).tolist() == painter.tokenize(["red LEATHER matt"]).tolist()
    assert again.tokenize([""]).shape == (1, CONTEXT)
    one, two = (paint(again, ["red leather"], steps=2, seed=4) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    near = paint(painter, ["red leather"], steps=2, seed=4)
    assert np.abs(one.astype(int) - near).mean() < 2  # half precision


def test_figures_have_their_ceiling_beside_them(monkeypatch, tmp_path):
    """A painter that gives the colours it is asked for is told so, and one that paints flat has no pattern."""
    from data.make.material_captions import COLOURS
    from data.make.painter_card import reference

    def flat(painter, captions, *, steps, guidance, seed):
        words = [next((word for word in caption.split() if word in COLOURS), "white") for caption in captions]
        return np.stack([np.full((32, 32, 3), reference(word), np.uint8) for word in words])

    monkeypatch.setattr("data.make.evaluate_painter.paint", flat)
    told = colour_figure(None, materials=2, steps=1, guidance=1.0)
    assert told["colour nearest"] == told["colour of red"] == 1.0 and "n = 24" in told["colour nearest, interval"]
    assert 0.5 < told["colour nearest, procedural"] <= 1
    told = pattern_figure(None, ("brick", "weave", "leather"), each=4, steps=1, guidance=1.0, learnt=20)
    assert told["pattern of 3"] <= 0.34 and told["pattern of 3, chance"] == 0.333
    assert told["pattern of 3, procedural"] >= 0.9
    sheet(None, tmp_path / "sheet.png", prompts=("red leather",), samples=2, steps=1)
    assert (tmp_path / "sheet.png").stat().st_size > 200
