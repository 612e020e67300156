"""What studios share: fingerprints, kept prompts, closing after a fault, arguments, trust, likeness in a replay."""

from __future__ import annotations

import pytest
import typer
from pydantic import BaseModel, ConfigDict, Field

from easel.arguments import read_budget, read_settings
from easel.chat import CallSite, ChatReply, ChatRequest, Image, Message
from easel.cli import ending
from easel.errors import ConfigurationError
from easel.recording import RecordMissing, Replay, ReplyStore
from easel.runs import RunStore
from easel.studios import closing_after_failure, fingerprint, keep_overlay, keep_prompts, prompt_keys
from easel.trust import check_named


def opened(root) -> RunStore:
    return RunStore.open(root, "x", fingerprint="f" * 64, configuration={}, evidence="live", date="2000-01-01")


def test_a_fingerprint_leaves_out_the_place_of_an_overlay_alone():
    one = fingerprint({"settings": {"a": 1, "prompt_overlay": "/here"}, "model": "m"})
    assert one == fingerprint({"model": "m", "settings": {"prompt_overlay": None, "a": 1}})
    assert one != fingerprint({"model": "m", "settings": {"prompt_overlay": None, "a": 2}})
    assert one != fingerprint({"model": "n", "settings": {"prompt_overlay": None, "a": 1}})


def test_prompts_are_kept_under_their_hash_and_only_once(tmp_path):
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "parse.md").write_text("--- user ---\n{object}")
    plain, ours = (prompt_keys("shapecraft", ["parse", "code"], overlay=one) for one in (None, overlay))
    assert plain["parse"] != ours["parse"] and plain["code"] == ours["code"]
    with opened(tmp_path) as run:
        for place in (None, overlay, None):
            keep_prompts(run, "shapecraft", ["parse", "code"], overlay=place)
        kept = sorted(path.name for path in (run.folder / "prompts").iterdir())
        assert kept == sorted({f"{name}-{keys[name][:12]}.md" for keys in (plain, ours) for name in keys})
        assert (run.folder / f"prompts/parse-{ours['parse'][:12]}.md").read_text() == "--- user ---\n{object}"


def test_a_run_that_cannot_be_wired_is_closed_and_says_why(tmp_path):
    run = opened(tmp_path)
    with pytest.raises(ValueError, match="no such model"), closing_after_failure(run):
        raise ValueError("no such model")
    assert (run.writable, RunStore.read(run.folder).info["status"]) == (False, "failed")
    assert "no such model" in RunStore.read(run.folder).info["reason"]
    opened(tmp_path).close()


def test_prompts_of_an_overlay_are_copied_as_one_and_older_ones_go(tmp_path):
    overlay, kept = tmp_path / "mine", tmp_path / "kept"
    overlay.mkdir()
    (overlay / "parse.md").write_text("--- user ---\n{object}")
    for place, names in ((overlay, ["parse.md"]), (None, [])):
        configured = {"settings": {"prompt_overlay": place and str(place)},
                      "prompts": prompt_keys("shapecraft", ["parse", "code"], overlay=place)}
        with RunStore.open(tmp_path / "runs", "x", fingerprint=fingerprint(configured), configuration=configured,
                           evidence="live", date="2000-01-01") as run:
            keep_prompts(run, "shapecraft", ["parse", "code"], overlay=place)
            keep_overlay(run, "shapecraft", kept)
        assert sorted(path.name for path in kept.glob("*")) == names


def test_an_interrupt_keeps_everything_and_says_how_to_go_on(tmp_path, capsys):
    with opened(tmp_path) as run, pytest.raises(typer.Exit) as left, ending(run):
        raise KeyboardInterrupt
    assert (left.value.exit_code, run.info["status"]) == (130, "interrupted")
    assert f"Everything earned is kept in {run.folder}; the same command resumes." in capsys.readouterr().err
    with opened(tmp_path) as run, ending(run):
        assert run.info["status"] == "running"
    assert run.info["status"] == "finished"


class Mine(BaseModel):
    model_config = ConfigDict(extra="forbid")

    preset: str = "plain"
    size: int = Field(3, ge=1, description="How large.")
    word: str | None = "a"

    @classmethod
    def of(cls, preset, **changes):
        return cls(preset=preset, **changes)


def test_settings_are_read_as_typed():
    read = read_settings(Mine, Mine.of, "best", ["size=4", "word = none"])
    assert (read.preset, read.size, read.word) == ("best", 4, None)
    assert read_settings(Mine, Mine.of, "plain", None, size=7).size == 7


@pytest.mark.parametrize(("change", "words"), [
    ("size", "expected a setting as name=value, got size (at --set)"),
    ("size=0", "expected a value that the setting 'size' takes, got 0 (at --set size). Input should be greater than or "
               "equal to 1. How large."),
    ("sizes=2", "expected a setting that the method knows, got 'sizes' (at --set). Did you mean size?"),
    ("quux=2", "Known: preset, size, word."),
    ("preset=paper", "expected the preset as an option of its own, got preset=paper (at --set). Type --preset paper."),
    ("size=[", "expected a value for the setting 'size' that YAML can read, got [ (at --set size). It says: "),
])
def test_wrong_settings_say_what_is_known(change, words):
    with pytest.raises(ConfigurationError) as error:
        read_settings(Mine, Mine.of, "plain", [change])
    assert words in str(error.value)


def test_budgets_are_read_as_typed():
    budget = read_budget("calls=1e2, dollars=2.5,")
    assert (budget.calls, budget.tokens, budget.dollars, budget.seconds) == (100, None, 2.5, None)
    assert read_budget(None).calls is None
    for wrong in ("calls", "calls=x", "cents=3", "calls=inf"):
        with pytest.raises(ConfigurationError, match="expected calls=N, tokens=N, dollars=X or seconds=X"):
            read_budget(wrong)


@pytest.mark.parametrize("value", [
    "os:system", "shapecraft.wall:os.system", "shapecraft.exploring:field", "shapecraftier.x:y", "shapecraft:x",
    "drawagent.gate:keep", "shapecraft.wall:",
])
def test_code_from_elsewhere_is_not_called(value):
    with pytest.raises(ConfigurationError, match="expected a callable of shapecraft or easel, since code that a file names"):
        check_named(value, rooms=("shapecraft", "easel"), where="here")


def test_code_of_ours_is():
    check_named("shapecraft.paths:independent", rooms=("shapecraft", "easel"), where="here")


def request(source: str, text: str = "look") -> ChatRequest:
    return ChatRequest("m", (Message("user", (text, Image(b"", source))),), site=CallSite("judge"))


def test_a_replay_takes_what_is_alike_where_the_key_is_unknown(tmp_path):
    store = ReplyStore(tmp_path)
    store.put(request("sheet|eye=1.0"), ChatReply("yes", "m"))

    def alike(identity):
        return str([part.get("text") or part["image"].partition("|")[0] for part in identity["messages"][0]["parts"]])

    chat = Replay(store, alike=alike)
    assert chat.reply(request("sheet|eye=1.0")).text == "yes" and chat.likened == 0
    assert chat.reply(request("sheet|eye=1.1")).text == "yes"
    assert (chat.likened, chat.drifted, chat.misses) == (1, 0, 0)
    with pytest.raises(RecordMissing):
        chat.reply(request("sheet|eye=1.1", "another question"))
    with pytest.raises(RecordMissing):
        Replay(store).reply(request("sheet|eye=1.1"))
    assert (chat.likened, chat.misses) == (1, 1)
