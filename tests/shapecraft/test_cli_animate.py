"""The command animate: files and words, with and without a model, and refusals."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft import animating, cli_animate
from shapecraft.animating import animations
from shapecraft.animation import from_json
from shapecraft.clashes import Clash
from shapecraft.graph import Joint
from tests.shapecraft.moving import JOINTS, cupboard, start_run, still


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """The command has no option for it: 256 pixels take seconds."""
    plain = animating.animate
    monkeypatch.setattr(animating, "animate", lambda run, **more: plain(run, size=24, **more))


def called(*words):
    app = typer.Typer()
    cli_animate.register(app)
    app.command()(lambda: None)  # a second command, so that the first is called by its name
    result = CliRunner().invoke(app, ["animate", *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_without_words_the_joints_move_and_no_model_is_asked(tmp_path):
    run = start_run(tmp_path, evidence="recorded")
    result = called(run, "--no-blend")
    assert result.exit_code == 0
    assert f"{run / 'animations' / '1.glb'}  " in result.output
    assert "every joint through its limits: " in result.output and "joints door, arm, hand, finger" in result.output
    assert "hand goes into arm: " in result.output and "0.0% as modelled" in result.output
    assert "Stand-in" not in result.output and not (run / "calls.jsonl").exists()
    assert sorted(path.name for path in (run / "animations").iterdir()) == ["1.gif", "1.glb", "1.json", "1.png"]
    assert RunStore.read(run).info["status"] == "finished"


def test_a_pair_that_could_not_be_measured_is_told(tmp_path, monkeypatch):
    pair = (3, Clash("hand", "arm", 0.0, float("nan"), "by cubes: hand is thin"))
    monkeypatch.setattr(animating, "worst_clashes", lambda *_: (pair,))
    run = start_run(tmp_path)
    told = called(run, "--no-blend").output
    assert "whether hand goes into arm could not be measured: by cubes: hand is thin" in told
    (row,) = animations(RunStore.read(run))
    assert row["clashes"] == [{"frame": 3, "part": "hand", "other": "arm", "rest": 0.0, "posed": None,
                               "reason": "by cubes: hand is thin"}]


def test_words_ask_a_model_once(tmp_path):
    run, out = start_run(tmp_path), tmp_path / "out"
    for _ in range(2):
        result = called(run, "open the door", "--model", "stand-in:bad=0", "--no-blend", "-o", out)
        assert result.exit_code == 0
    assert "open the door (by a stand-in, not by a model): 2.00 s, joints door" in result.output
    assert "Stand-in: this object was made by a procedure" in result.output
    assert from_json((out / "animation.json").read_text()).values(36) == {"door": 110.0}
    assert (out / "animation.glb").read_bytes() == (run / "animations/1.glb").read_bytes()
    assert len((run / "calls.jsonl").read_text().splitlines()) == 1
    (row,) = animations(RunStore.read(run))
    assert (row["model"], row["evidence"], row["wanted"]) == ("stand-in:bad=0", "stand-in", "open the door")


def test_a_proposed_joint_and_a_moved_value_are_told(tmp_path):
    run = start_run(tmp_path, still())
    result = called(run, "wave", "--model", "stand-in:bad=0", "--no-blend")
    assert result.exit_code == 0 and "knob had no joint: a hinge was proposed for it" in result.output


def test_what_cannot_move_ends_with_its_reason(tmp_path):
    stiff = cupboard(**{**dict.fromkeys(JOINTS), "door": Joint("fixed")})
    result = called(start_run(tmp_path, stiff), "--no-blend")
    assert result.exit_code == 1
    assert "no animation (nothing moves): " in result.output and "(door: fixed)" in result.output


def test_words_without_a_model_are_refused(tmp_path):
    run = start_run(tmp_path)
    with pytest.raises(ConfigurationError, match=r"a model, which reads what should move.*at --model.*or leave the"):
        called(run, "open the door", "--no-blend")
    with pytest.raises(ConfigurationError, match="one of --disposable-machine and --known-programs"):
        called(run, "--disposable-machine", "--known-programs")
    with pytest.raises(ConfigurationError, match="a setting that the method knows, got 'warmth'"):
        called(run, "open", "--model", "stand-in", "--set", "warmth=3", "--no-blend")


def test_what_is_no_run_with_an_object_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"a run folder with a run.json"):
        called(tmp_path, "--no-blend")
    run = start_run(tmp_path)
    (run / "object.glb").unlink()
    with pytest.raises(ConfigurationError, match="expected a finished object"):
        called(run, "--no-blend")
