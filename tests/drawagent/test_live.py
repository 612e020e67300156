"""Live runs: a model that cannot be had leaves nothing behind; recorded words keep their grade."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drawagent.live import open_live
from drawagent.recordings import keep
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.studio import Studio, open_scorer
from easel.errors import ConfigurationError, MissingCapability
from tests.fakes import TinyScorer, lists

SCORER = "tests.fakes:TinyScorer"
SETTINGS = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)


def opened(root: Path, model: str) -> Studio:
    return open_live(
        lists(1, report=1), SETTINGS, model=model, scorer=SCORER, reporter=SCORER, root=root, name="live",
        date="2000-01-01",
    )


@pytest.mark.parametrize(("model", "kind", "words"), [
    ("gemini/gemini-2.5-pro", MissingCapability, "a key for 'gemini/gemini-2.5-pro'"),
    ("no-such-provider/model", ConfigurationError, "expected a model as litellm names it"),
    ("stand-in:foo=1", ConfigurationError, "expected stand-in, or stand-in:"),
])
def test_a_model_that_cannot_be_had_is_refused_before_anything_is_written(tmp_path, model, kind, words, monkeypatch):
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    with pytest.raises(kind, match=words):
        opened(tmp_path, model)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_of_a_stand_in_stays_a_stand_in_and_lends_its_scores(tmp_path):
    first = opened(tmp_path / "made", "stand-in")
    with first.run:
        list(first.practise())
        list(first.report())
        first.run.status("finished")
        rows = first.run.rows("rollouts")
        folder = keep(first.run, tmp_path / "kept", label="a stand-in, for tests", date="2000-01-01", notes=[],
                      scorers={"reward": SCORER, "report": SCORER})
    # The model's name stands in every request, so the recording is asked under it.
    again = opened(tmp_path / "again", f"recorded:{folder}")
    with again.run:
        assert again.run.info["evidence"] == "stand-in"
        list(again.practise())
        assert again.run.rows("rollouts") == [row for row in rows if row["role"] == "artist"]


def test_a_model_that_is_shown_pictures_makes_another_run(tmp_path):
    def named(**more) -> dict:
        live = open_live(
            lists(1), SETTINGS, model="openai/some-local-model", api_base="http://localhost:9/v1", scorer=SCORER,
            reporter=SCORER, root=tmp_path, name="live", date="2000-01-01", **more,
        )
        live.run.close()
        return live.run.info

    plain, blind, seeing = named(), named(sees_images=False), named(sees_images=True)
    assert plain["fingerprint"] == blind["fingerprint"] != seeing["fingerprint"]
    assert "sees_images" not in plain["configuration"]
    assert seeing["configuration"]["sees_images"] is True


def test_one_scorer_that_ranks_and_reports_is_loaded_once(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("drawagent.live.open_scorer", lambda name, **more: asked.append((name, more)) or TinyScorer())
    for reporter in (SCORER, "another"):
        open_live(lists(1), SETTINGS, model="stand-in", scorer=SCORER, reporter=reporter, root=tmp_path, name="live",
                  date="2000-01-01", device="cuda:1").run.close()
    assert [name for name, _ in asked] == [SCORER, SCORER, "another"]
    assert all(more["device"] == "cuda:1" for _, more in asked)


def test_the_device_reaches_the_clip_and_the_renderer(monkeypatch):
    taken = []
    monkeypatch.setattr("easel.scorers.ClipScorer", lambda *names, **more: taken.append(more["device"]))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    open_scorer("ViT-B-32/some", device="cuda:1")
    assert taken == ["cuda:1"]
    reward = ViewReward.of(SETTINGS, TinyScorer(), device="meta")
    assert reward.key == ViewReward.of(SETTINGS, TinyScorer()).key, "scores are no other scores for it"
    assert replace(reward, renderer=lambda sketches, cameras, *, size, width, device: device).pictures([]) == "meta"
    no_device = SETTINGS.model_copy(update={"renderer": f"{__name__}:without_device"})
    assert ViewReward.of(no_device, TinyScorer(), device="cuda").pictures([]) == "drawn"


def without_device(sketches, cameras, *, size, width):
    return "drawn"


@pytest.mark.parametrize(("device", "words"), [("gpu", "a device as torch names it"), ("cuda", "a CUDA device that")])
def test_a_device_that_is_not_there_is_refused_in_words(device, words, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigurationError, match=words):
        open_scorer("embedded:reward", device=device)


def test_a_misspelt_embedded_scorer_is_no_plugin():
    from drawagent.studio import open_scorer

    with pytest.raises(ConfigurationError, match=r"got embeded:reward .*Did you mean embedded:reward\?"):
        open_scorer("embeded:reward")
