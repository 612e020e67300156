"""Prompt files, their overlay, and the one bounded repair."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.asking import Prompt, ask, estimate_tokens, load_prompt, most_tokens
from easel.chat import Blocked, CallSite, Image, Message, Sampling, Unavailable
from easel.errors import ConfigurationError, EaselError
from tests.senders import Sender, answer, failing

PROMPT = Prompt("draw", "--- system ---\nYou draw.\n--- user ---\nDraw {what}.\n{picture}\nNow.", "package")
SITE = CallSite("artist", "chair", 1, 2)


def read_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise EaselError("a number", came=text) from None


def test_rendering_gives_the_exact_messages() -> None:
    picture = Image(b"png", "a source")
    system, user = PROMPT.render(what="a chair", picture=picture)
    assert system == Message("system", ("You draw.",))
    assert user == Message("user", ("Draw a chair.\n", picture, "\nNow."))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_values_are_never_read_as_templates(value: str) -> None:
    prompt = Prompt("p", "--- user ---\n<{a}|{b}>", "package")
    assert prompt.render(a=value, b="{a}")[0].text == f"<{value}|{{a}}>"


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"prompt 'draw', got none for \['picture'\]"):
        PROMPT.render(what="x")


def test_a_file_without_message_lines_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--- system ---"):
        Prompt("p", "Draw.", "overlay").render()


@pytest.fixture
def package(tmp_path, monkeypatch) -> str:
    folder = tmp_path / "a_package" / "prompts"
    folder.mkdir(parents=True)
    (tmp_path / "a_package" / "__init__.py").write_text("")
    (folder / "draw.md").write_text(PROMPT.text)
    monkeypatch.syspath_prepend(tmp_path)
    yield "a_package"
    sys.modules.pop("a_package", None)


def test_the_overlay_comes_first(package, tmp_path) -> None:
    overlay = tmp_path / "mine"
    overlay.mkdir()
    assert load_prompt(package, "draw", overlay=overlay).origin == "package"
    (overlay / "draw.md").write_text("--- user ---\nPlease {what}")
    prompt = load_prompt(package, "draw", overlay=overlay)
    assert prompt.origin == "overlay"
    assert prompt.key != PROMPT.key
    assert prompt.render(what="x", picture="left out")[0].text == "Please x"


def test_an_overlay_may_not_invent_placeholders(package, tmp_path) -> None:
    (tmp_path / "draw.md").write_text("--- user ---\n{what} {colour}")
    with pytest.raises(ConfigurationError, match=r"only the placeholders \['picture', 'what'\], got also \['colour'\]"):
        load_prompt(package, "draw", overlay=tmp_path)


def test_a_good_reply_needs_no_repair() -> None:
    sender = Sender([answer("7")])
    got = ask(sender, (Message("user", ("?",)),), read_number, site=SITE, sampling=Sampling(), replica=3)
    assert (got.value, got.failure, got.repaired) == (7, "", False)
    assert sender.requests[0].replica == 3
    assert got.reply_keys == (sender.requests[0].key,)


def test_one_repair_tells_what_was_wrong() -> None:
    sender = Sender([answer("seven"), answer("7")])
    got = ask(sender, (Message("user", ("?",)),), read_number, site=SITE, sampling=Sampling())
    assert got.value == 7
    assert got.repaired
    assert len(got.reply_keys) == 2
    repair = sender.requests[1]
    assert str(repair.site) == "artist+repair/chair/1/2"
    assert repair.messages[1] == Message("assistant", ("seven",))
    assert "expected a number, got seven." in repair.messages[2].text


def test_the_repair_is_bounded() -> None:
    sender = Sender([answer("seven")])
    got = ask(sender, (Message("user", ("?",)),), read_number, site=SITE, sampling=Sampling())
    assert got.value is None
    assert got.failure == "invalid"
    assert "got seven" in got.reason
    assert len(sender.requests) == 2
    assert got.text == "seven"
    without = Sender([answer("seven")])
    ask(without, (Message("user", ("?",)),), read_number, site=SITE, sampling=Sampling(), repairs=0)
    assert len(without.requests) == 1


def test_the_failure_of_one_call_is_a_value_and_a_systemic_one_is_raised() -> None:
    got = ask(Sender([failing(Blocked, "unsafe")]), (), read_number, site=SITE, sampling=Sampling())
    assert got.value is None
    assert got.failure == "blocked"
    assert "unsafe" in got.reason
    with pytest.raises(Unavailable):
        ask(Sender([failing(Unavailable)]), (), read_number, site=SITE, sampling=Sampling())


@settings(deadline=None)
@given(st.text(max_size=200))
def test_the_bound_on_tokens_is_above_the_estimate(text: str) -> None:
    messages = (Message("user", (text, Image(b"no png", "s"))),)
    assert most_tokens(messages) >= estimate_tokens(messages)
    assert most_tokens(messages) >= len(text.encode())


def test_pictures_count_by_their_tiles() -> None:
    def png(width: int, height: int) -> bytes:
        header = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR"
        return header + width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes(8)

    def count(data: bytes) -> int:
        return most_tokens((Message("user", (Image(data, "s"),)),)) - 16

    assert count(png(224, 224)) == 6000 * 2
    assert count(png(896, 448)) == 6000 * 3
    assert count(png(1024, 1024)) == 6000 * 5
