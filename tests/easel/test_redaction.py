"""No key in any file, log or exception: a planted one is looked for."""

from __future__ import annotations

import logging
import traceback

import pytest

from easel.chat import ChatFailure, ChatRequest, Message, Sampling
from easel.connection import connect
from easel.errors import ConfigurationError
from easel.redaction import redact
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from tests.servers import error, gemini_reply, openai_reply, serving

PLANTED = "zq9-Planted_Secret.Value-77"


@pytest.mark.parametrize("text", [
    "sk-abcdefghijklmnop", "sk-proj-abcd_efgh-ijkl1234", "AIzaSyA0123456789abcdefghijk", "Bearer abc.DEF-123456",
    "authorization: Bearer xyz12345678", "api_key='secret99'", "x-goog-api-key: secret99", "https://h/p?key=secret99&a=1",
    PLANTED,
])
def test_keys_are_taken_out(text, monkeypatch) -> None:
    monkeypatch.setenv("MY_PROVIDER_API_KEY", PLANTED)
    cleaned = redact(f"before {text} after")
    assert "[key]" in cleaned
    assert cleaned.startswith("before ")
    for piece in ("abcd", "secret99", "AIza", "abc.DEF", "xyz", PLANTED):
        assert piece not in cleaned


@pytest.mark.parametrize("text", [
    "a desk-like object with task-specific parts", "the key stroke", "bearer of bad news", "[[0.1, -0.2, 0.3]]",
    "token limit 4096", "sk-1",
])
def test_ordinary_words_stay(text) -> None:
    assert redact(text) == text


def test_short_values_of_the_environment_are_left(monkeypatch) -> None:
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    assert redact("none of it") == "none of it"
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    assert redact("it is true") == "it is true"


@pytest.mark.parametrize("name", [
    "AWS_BEARER_TOKEN_BEDROCK", "WATSONX_APIKEY", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "DB_PASSWORD_2",
    "MY_CREDENTIALS", "OPENAI_API_KEY_OLD", "hf_token",
])
def test_key_like_names_are_known_by_any_part(name, monkeypatch) -> None:
    monkeypatch.setenv(name, PLANTED)
    assert redact(f"got {PLANTED}!") == "got [key]!"


@pytest.mark.parametrize(("text", "cleaned"), [
    ("http://user:pw@host/v1", "http://[key]@host/v1"),
    ("see https://:p%40w@h:80/x, twice", "see https://[key]@h:80/x, twice"),
    ("http://u:p@ss@host", "http://[key]@host"), ("at http://localhost:8000/v1", "at http://localhost:8000/v1"),
    ("https://host:80/a@b", "https://host:80/a@b"), ("http://h:80 and me@host", "http://h:80 and me@host"),
])
def test_user_and_password_of_an_address(text, cleaned) -> None:
    assert redact(text) == cleaned


@pytest.mark.parametrize(("model", "variable"), [
    ("openai/bridge", "OPENAI_API_KEY"), ("gemini/gemini-2.5-pro", "GEMINI_API_KEY"),
])
def test_a_planted_key_is_nowhere(tmp_path, monkeypatch, caplog, capfd, model, variable) -> None:
    monkeypatch.setenv(variable, PLANTED)  # asked for by name below, or a server at an address would not get it
    caplog.set_level(logging.INFO)
    logging.getLogger("LiteLLM").setLevel(logging.DEBUG)
    echo = [
        error(401, f"wrong key {PLANTED}"), error(500, f"key {PLANTED} Bearer {PLANTED}"), error(400, PLANTED),
        error(429, f"quota of {PLANTED}"), error(404, PLANTED), error(403, PLANTED),
        openai_reply("x") if model.startswith("openai") else gemini_reply("x"),
    ]
    said = []
    configuration = {"model": model}
    with serving(lambda body, number: echo[number % len(echo)]) as provider, RunStore.open(
        tmp_path, "keys", fingerprint="f" * 64, configuration=configuration, evidence="live", date="2026-01-01",
    ) as run:
        base = provider.api_base if model.startswith("openai") else provider.url
        connection = connect(model, run=run, api_base=base, api_key_env=variable, policy=RetryPolicy(tries=2, first_wait=0.001))
        for replica in range(8):
            asked = ChatRequest(connection.name, (Message("user", ("x",)),), Sampling(max_tokens=5), replica)
            try:
                said.append(connection.reply(asked).text)
            except ChatFailure as failure:
                said.append("".join(traceback.format_exception(failure)) + repr(failure) + repr(vars(failure)))
                said.append(repr(failure.__context__))
        sent = [str(headers) for headers in provider.headers]
    assert all(PLANTED in headers for headers in sent)
    assert any("[key]" in words for words in said)
    assert PLANTED not in "".join(said)
    assert PLANTED not in caplog.text
    assert PLANTED not in "".join(capfd.readouterr())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        assert PLANTED.encode() not in path.read_bytes(), path.name


def test_a_key_in_a_configuration_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MY_PROVIDER_API_KEY", PLANTED)
    with pytest.raises(ConfigurationError, match=r"configuration\.chat\.key") as caught:
        RunStore.open(tmp_path, "keys", fingerprint="f" * 64, configuration={"chat": {"key": PLANTED}},
                      evidence="live", date="2026-01-01")
    assert PLANTED not in str(caught.value)
    assert not list(tmp_path.rglob("run.json"))
