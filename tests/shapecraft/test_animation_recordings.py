"""Animation recordings: packed, replayed to the same keyframes, and told where anything is otherwise."""

from __future__ import annotations

import shutil

import pytest

from easel.connection import chain
from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft import animating, recordings
from shapecraft.animating import animate
from shapecraft.animation import from_json
from shapecraft.animation_recordings import AnimationRecording, AnimationsDiffer, keep_animations, replay_animations
from shapecraft.animator import Animator
from shapecraft.recordings import Recording, known_programs, write_known_programs
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from tests.shapecraft.moving import cupboard, start_run
from tests.shapecraft.test_cli_animate import called

SMALL = 24


def animated(root, *words: str):
    """A run's folder with animations, and what the last one was."""
    folder = start_run(root)
    last = None
    with RunStore.amend(folder) as run:
        chat = chain(StandIn(bad=0.0), store=run.replies, ledger=run.home).chat
        for one in words:
            last = animate(run, wanted=one, animator=Animator(chat, CraftSettings.ours(), "cupboard"), size=SMALL)
        animate(run, size=SMALL)  # without words: no model, and not packed
    return folder, last


def kept(folder, to, **more):
    return keep_animations(RunStore.read(folder), to, **{"label": "a test", "date": "2026-01-31", **more})


def test_animations_are_packed_and_replayed_to_the_same_keyframes(tmp_path):
    folder, last = animated(tmp_path / "a", "open the door", "bend the arm")
    to = kept(folder, tmp_path / "kept")
    first = {path.name: path.read_bytes() for path in to.iterdir()}
    assert sorted(first) == ["animation_replies.jsonl.gz", "animations.json"]
    kept(folder, to)
    assert {path.name: path.read_bytes() for path in to.iterdir()} == first
    known = AnimationRecording.at(to)
    assert [step["wanted"] for step in known.info["steps"]] == ["open the door", "bend the arm"]
    assert len(known.info["programs"]) == 4, "of each, as it begins and at a keyframe that moves"
    with RunStore.amend(start_run(tmp_path / "b")) as run:
        one, two = replay_animations(run, known, size=SMALL)
        assert two.animating.animation == last.animating.animation
        assert one.animating.animation.values(36) == {"door": 110.0}
        assert from_json((run.folder / "animations/1.json").read_text()) == one.animating.animation
        assert not (run.folder / "calls.jsonl").exists()


def test_a_replay_that_moves_otherwise_is_told(tmp_path):
    folder, _ = animated(tmp_path / "a", "open the door")
    known = AnimationRecording.at(kept(folder, tmp_path / "kept"))
    with RunStore.amend(start_run(tmp_path / "b", cupboard(arm=None))) as run:
        with pytest.raises(ConfigurationError, match="expected the object that was animated, got another one"):
            next(replay_animations(run, known, size=SMALL))
    known.info["steps"][0]["animation"]["tracks"][0]["keyframes"][1] = [36, [45.0]]
    with RunStore.amend(start_run(tmp_path / "c")) as run:
        with pytest.raises(AnimationsDiffer, match=r"\[36, \[45.0\]\].* got .*\[36, \[110.0\]\].*\"open the door\""):
            next(replay_animations(run, known, size=SMALL))


def test_what_cannot_be_packed_is_told_and_nothing_is_written(tmp_path):
    folder, _ = animated(tmp_path / "a")
    with pytest.raises(ConfigurationError, match="expected animations in words, by one model, got none"):
        kept(folder, tmp_path / "kept")
    folder, _ = animated(tmp_path / "b", "open the door")
    shutil.rmtree(folder / "replies")
    with pytest.raises(ConfigurationError, match="every reply that the animations asked for, in the run's own record"):
        kept(folder, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    with pytest.raises(ConfigurationError, match="a recording with animations, got one without"):
        AnimationRecording.at(tmp_path)


def test_the_command_replays_a_recording_and_says_so(tmp_path, monkeypatch):
    plain = animating.animate
    monkeypatch.setattr("shapecraft.animation_recordings.animate", lambda run, **more: plain(run, **{**more, "size": SMALL}))
    folder, _ = animated(tmp_path / "a", "open the door")
    to = kept(folder, tmp_path / "kept")
    with pytest.raises(ConfigurationError, match="a recording: one of "):
        called(start_run(tmp_path / "b"), "--recorded", to, "--no-blend")
    monkeypatch.setattr(Recording, "read", classmethod(lambda cls, name: Recording("kept", to, {"programs": ["a" * 64]})))
    run = start_run(tmp_path / "c")
    told = called(run, "--recorded", "kept", "--no-blend").output
    assert told.startswith("Replaying animations of 'kept': a test, 2026-01-31.\n")
    assert "joints door" in told and told.endswith("the same keyframes as recorded\n")
    with pytest.raises(ConfigurationError, match="--recorded alone: its words and its model are recorded"):
        called(run, "open", "--recorded", "kept", "--no-blend")


def test_programs_beside_a_recording_are_known_too(tmp_path, monkeypatch):
    folder, _ = animated(tmp_path / "a", "open the door")
    to = kept(folder, tmp_path / "kept")
    one = Recording("kept", to, {"programs": ["f" * 64]})
    program, moved = AnimationRecording.at(to).info["programs"]
    assert known_programs(one) == (program, moved, "f" * 64)
    monkeypatch.setattr(recordings, "packaged_names", lambda: ["kept"])
    monkeypatch.setattr(Recording, "read", classmethod(lambda cls, name: one))
    file = tmp_path / "known.txt"
    file.write_text("# head\n")
    assert write_known_programs(file) == 3 and program in file.read_text()


def test_the_packaged_laptop_has_one():
    known = AnimationRecording.read("laptop")
    (step,) = known.info["steps"]
    assert step["wanted"] == "close the laptop slowly, wait a moment, and open it again"
    assert [track["joint"] for track in step["animation"]["tracks"]] == ["lid_shell"]
