"""Live runs: one that could not be wired may be opened again; recorded words keep their grade."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drawagent.live import open_live
from drawagent.recordings import keep
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.studio import Studio, open_scorer
from easel.errors import ConfigurationError
from tests.fakes import TinyScorer, lists

SCORER = "tests.fakes:TinyScorer"
SETTINGS = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)


def opened(root: Path, model: str) -> Studio:
    return open_live(
        lists(1, report=1), SETTINGS, model=model, scorer=SCORER, reporter=SCORER, root=root, name="live",
        date="2000-01-01",
    )


def test_a_run_that_could_not_be_wired_is_closed_and_says_why(tmp_path):
    for _ in range(2):  # the second time it is not busy
        with pytest.raises(ConfigurationError, match="expected a model as litellm names it"):
            opened(tmp_path, "no-such-provider/model")
    (info,) = tmp_path.glob("*/run.json")
    assert '"status": "failed"' in info.read_text()
    assert "expected a model as litellm names it" in info.read_text()


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
