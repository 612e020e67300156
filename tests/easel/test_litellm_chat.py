"""The one importer of litellm against loopback providers: one request a call, and every failure by its type."""

from __future__ import annotations

import base64
import threading
import traceback
from collections.abc import Callable

import pytest

from easel.chat import (
    Blocked,
    ChatRequest,
    Empty,
    Image,
    Message,
    RefusedSetting,
    Sampling,
    ThoughtExhausted,
    TooLong,
    Transient,
    Truncated,
    Unavailable,
)
from easel.errors import ConfigurationError, MissingCapability
from easel.litellm_chat import LiteLLMChat
from easel.prices import Price
from tests.servers import (
    Response,
    error,
    gemini_reply,
    openai_reply,
    reasoning_model,
    scripted,
    serving,
)

GEMINI = "gemini/gemini-2.5-pro"
KEY = "AIzaPlanted0123456789abcdefghijklmno"


def ask(response: Response | Callable, model: str = "openai/bridge", *, parts=("Draw.",), sampling=None, **settings):
    """One call; the outcome (a reply or a failure) and the server."""
    answer = response if callable(response) else scripted(response)
    with serving(answer) as provider:
        base = provider.url if model == GEMINI else provider.api_base
        chat = LiteLLMChat(model, api_base=base, timeout=settings.pop("timeout", 5), **settings)
        request = ChatRequest(chat.name, (Message("user", parts),), sampling or Sampling(max_tokens=300))
        try:
            return chat.reply(request), provider
        except Exception as failure:
            return failure, provider


@pytest.fixture(autouse=True)
def gemini_key(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", KEY)


def test_a_reply_with_its_usage() -> None:
    reply, provider = ask(
        openai_reply("A chair.", reasoning_tokens=7, cached_tokens=40), sampling=Sampling(0.7, 5, 300),
        price=Price(2.0, 10.0, 0.5),
    )
    assert (reply.text, reply.model, reply.evidence) == ("A chair.", "resolved-model-1", "live")
    assert (reply.usage.reasoning_tokens, reply.usage.cached_tokens, reply.usage.estimated) == (7, 40, False)
    assert reply.usage.dollars == pytest.approx((60 * 2 + 40 * 0.5 + 50 * 10) / 1e6)
    body = provider.requests[0]
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0.7, 5, 300)
    assert provider.calls == 1


def test_an_unknown_price_is_none_and_never_zero() -> None:
    reply, _ = ask(openai_reply("x"))
    assert reply.usage.dollars is None
    reply, _ = ask(gemini_reply("x"), GEMINI)
    assert reply.usage.dollars == pytest.approx(100 * 1.25e-6 + 50 * 1e-5)


def test_pictures_travel_as_data_uris() -> None:
    reply, provider = ask(
        openai_reply("x"), parts=("Look: ", Image(b"\x89PNG pixels", "a source"), "what?"), sees_images=True,
    )
    content = provider.requests[0]["messages"][0]["content"]
    assert [part["type"] for part in content] == ["text", "image_url", "text"]
    uri = content[1]["image_url"]["url"]
    assert uri.startswith("data:image/png;base64,")
    assert base64.b64decode(uri.partition(",")[2]) == b"\x89PNG pixels"
    assert reply.text == "x"


def test_a_model_that_is_not_known_to_see_gets_no_pictures() -> None:
    refused, provider = ask(openai_reply("x"), parts=(Image(b"", "s"),))
    assert isinstance(refused, ConfigurationError)
    assert "sees_images" in str(refused)
    assert provider.calls == 0


OPENAI_FAILURES = [
    (openai_reply("half", finish="length"), Truncated, 150),
    (openai_reply(None, finish="length", reasoning_tokens=50), ThoughtExhausted, 150),
    (openai_reply(None), Empty, 150),
    (openai_reply("  \n"), Empty, 150),
    (openai_reply("half", finish="content_filter"), Blocked, 150),
    (openai_reply(None, choices=False), ThoughtExhausted, 321),
    (error(400, "This model's maximum context length is 8192 tokens", code="context_length_exceeded"), TooLong, 0),
    (error(400, "Your request was rejected as a result of our safety system: content_policy_violation"), Blocked, 0),
    (error(401, "wrong key"), Unavailable, 0),
    (error(403, "no"), Unavailable, 0),
    (error(404, "no such model"), Unavailable, 0),
    (error(400, "bad"), Unavailable, 0),
    (error(429, "insufficient_quota: check your plan"), Unavailable, 0),
    *((error(status), Transient, 0) for status in (408, 409, 429, 500, 502, 503, 529)),
    (Response(drop=True), Transient, 321),
    (Response(body=b"<html> \xff"), Transient, 321),
    (Response(body={"foo": 1}), Transient, 321),
    (Response(body=b""), Transient, 321),
]


@pytest.mark.parametrize(("response", "kind", "tokens"), OPENAI_FAILURES)
def test_every_failure_has_its_type_and_its_charge(response, kind, tokens) -> None:
    failure, provider = ask(response)
    assert type(failure) is kind, failure
    assert provider.calls == 1
    assert failure.usage.tokens == tokens
    assert failure.usage.estimated == (tokens == 321)
    if response.status >= 400:
        assert failure.status == response.status
    assert failure.sent
    assert failure.__cause__ is None
    assert failure.__context__ is None


GEMINI_FAILURES = [
    (gemini_reply(None, candidates=False, completion_tokens=0, reasoning_tokens=77), ThoughtExhausted, 177),
    (gemini_reply(None, finish="MAX_TOKENS", completion_tokens=0, reasoning_tokens=77), ThoughtExhausted, 177),
    (gemini_reply("half", finish="MAX_TOKENS"), Truncated, 150),
    (gemini_reply(None), Empty, 150),
    (gemini_reply(None, blocked="SAFETY"), Blocked, 150),
    (gemini_reply("half", finish="SAFETY"), Blocked, 150),
    (error(429, "Quota exceeded: GenerateRequestsPerDayPerProject"), Transient, 0),
    (error(500), Transient, 0),
    (error(400, "API key not valid"), Unavailable, 0),
    (error(403, "no"), Unavailable, 0),
    (Response(drop=True), Transient, 321),
    (Response(body=b"<html>"), Transient, 321),
    (Response(body={"foo": 1}), Transient, 321),
]


@pytest.mark.parametrize(("response", "kind", "tokens"), GEMINI_FAILURES)
def test_a_provider_shaped_like_gemini(response, kind, tokens) -> None:
    failure, provider = ask(response, GEMINI)
    assert type(failure) is kind, failure
    assert provider.calls == 1
    assert failure.usage.tokens == tokens
    assert KEY not in "".join(traceback.format_exception(failure))


def test_gemini_counts_its_thoughts() -> None:
    reply, _ = ask(gemini_reply("x", completion_tokens=50, reasoning_tokens=7), GEMINI)
    assert (reply.usage.completion_tokens, reply.usage.reasoning_tokens) == (57, 7)


def test_a_daily_quota_and_retry_after_are_seen() -> None:
    failure, _ = ask(error(429, "Quota exceeded: GenerateRequestsPerDayPerProject", retry_after="7"), GEMINI)
    assert (failure.quota, failure.retry_after) == (True, "7")
    failure, _ = ask(error(429, "slow down", retry_after="9"))
    assert (failure.quota, failure.retry_after) == (False, "9")


def test_nobody_there_is_charged_nothing() -> None:
    with serving(scripted(openai_reply("x"))) as provider:
        pass
    chat = LiteLLMChat("openai/bridge", api_base=provider.api_base, timeout=2)
    with pytest.raises(Transient) as caught:
        chat.reply(ChatRequest("m", (Message("user", ("x",)),)))
    assert caught.value.usage.tokens == 0


def test_a_timeout_may_have_been_charged() -> None:
    failure, provider = ask(Response(body={}, delay=1.0), timeout=0.2)
    assert type(failure) is Transient
    assert failure.usage.tokens == 321
    assert provider.calls == 1


def test_a_setting_that_gemini_does_not_take_is_named() -> None:
    failure, provider = ask(gemini_reply("x"), GEMINI, sampling=Sampling(seed=5, max_tokens=300))
    assert isinstance(failure, RefusedSetting)
    assert provider.calls == 0
    assert not failure.sent
    for words in ("gemini-2.5-pro", "seed=5", "drop_refused_settings", "--drop-refused-settings"):
        assert words in str(failure)


def test_a_setting_that_a_reasoning_model_does_not_take_is_named() -> None:
    failure, provider = ask(reasoning_model(scripted(openai_reply("x"))), sampling=Sampling(temperature=0.7))
    assert isinstance(failure, RefusedSetting)
    assert (failure.setting, failure.dropped, failure.sent) == ("temperature", False, True)
    assert provider.calls == 1


def test_a_dropped_setting_is_recorded_as_not_applied() -> None:
    with serving(reasoning_model(scripted(openai_reply("x")))) as provider:
        chat = LiteLLMChat("openai/bridge", api_base=provider.api_base, drop_refused_settings=True)
        asked = ChatRequest("m", (Message("user", ("x",)),), Sampling(temperature=0.7, seed=3))
        with pytest.raises(RefusedSetting) as caught:
            chat.reply(asked)
        assert caught.value.dropped
        reply = chat.reply(asked)
        assert reply.not_applied == ("temperature",)
        assert provider.requests[1]["seed"] == 3
        assert chat.reply(ChatRequest("m", asked.messages)).not_applied == ()


def test_max_tokens_is_never_dropped() -> None:
    refused = error(400, "Unsupported parameter: 'max_tokens' is not supported with this model.")
    failure, _ = ask(refused, drop_refused_settings=True)
    assert isinstance(failure, RefusedSetting)
    assert not failure.dropped


def test_identical_calls_are_all_made() -> None:
    with serving(lambda body, number: openai_reply(str(number))) as provider:
        chat = LiteLLMChat("openai/bridge", api_base=provider.api_base)
        asked = ChatRequest("m", (Message("user", ("x",)),), Sampling(seed=1))
        assert [chat.reply(asked).text for _ in range(3)] == ["0", "1", "2"]


def test_many_threads() -> None:
    def echo(body, number):
        return openai_reply(body["messages"][0]["content"])

    with serving(echo) as provider:
        chat = LiteLLMChat("openai/bridge", api_base=provider.api_base)
        texts: dict[int, str] = {}

        def one(k: int) -> None:
            texts[k] = chat.reply(ChatRequest("m", (Message("user", (f"n{k}",)),))).text

        threads = [threading.Thread(target=one, args=(k,)) for k in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert texts == {k: f"n{k}" for k in range(20)}
        assert provider.calls == 20


def test_a_label_stands_for_the_name_everywhere() -> None:
    reply, _ = ask(openai_reply("x", model="bridge-2027"), label="a model")
    assert reply.model == "a model"
    failure, provider = ask(error(500, "bridge at openai is down"), label="a model")
    assert "bridge" not in str(failure)
    assert "openai" not in str(failure).lower()
    assert str(provider.port) not in str(failure)


def test_an_unknown_provider_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"gemini/gemini-2\.5-pro"):
        LiteLLMChat("nosuch-provider-or-model")


def test_what_the_map_knows() -> None:
    chat = LiteLLMChat(GEMINI)
    assert chat.sees_images
    assert chat.largest_reply == 65535
    assert chat.price.input == pytest.approx(1.25)
    assert chat.price.dollars(300_000, 0) == pytest.approx(0.75)
    assert not LiteLLMChat("deepseek/deepseek-chat").sees_images
    assert LiteLLMChat("ollama/llama3").price is None


@pytest.mark.parametrize(("model", "variable"), [
    ("openai/bridge", "OPENAI_API_KEY"), (GEMINI, "GEMINI_API_KEY"), ("ollama_chat/x", "OLLAMA_API_KEY"),
    ("hosted_vllm/x", "HOSTED_VLLM_API_KEY"), ("deepseek/x", "DEEPSEEK_API_KEY"),
    ("openrouter/a/b", "OPENROUTER_API_KEY"), ("anthropic/claude-x", "ANTHROPIC_API_KEY"),
])
def test_a_server_of_ones_own_never_gets_the_providers_key(model, variable, monkeypatch) -> None:
    """Whatever the server makes of the request: only a key that was meant for it is in it."""
    monkeypatch.setenv(variable, "planted-for-the-provider")
    body = gemini_reply("x") if model == GEMINI else openai_reply("x")
    _, provider = ask(body, model)
    assert provider.calls == 1
    assert "planted-for-the-provider" not in str(provider.headers) + str(provider.requests)
    monkeypatch.setenv("EASEL_API_KEY", "planted-for-this-server")
    _, provider = ask(body, model)
    assert "planted-for-the-provider" not in str(provider.headers) + str(provider.requests)
    if not model.startswith("ollama"):
        assert "planted-for-this-server" in str(provider.headers)
    _, provider = ask(body, model, api_key_env=variable)
    assert "planted-for-this-server" not in str(provider.headers)
    if not model.startswith("ollama"):
        assert "planted-for-the-provider" in str(provider.headers)


def test_a_key_variable_is_named_well_and_set(monkeypatch) -> None:
    monkeypatch.setenv("MY_PHRASE", "planted-phrase")
    with pytest.raises(ConfigurationError, match="key-like variable name.*MY_PHRASE") as refused:
        LiteLLMChat("openai/bridge", api_key_env="MY_PHRASE")
    assert "planted" not in str(refused.value)
    with pytest.raises(MissingCapability, match="export OWN_API_KEY"):
        LiteLLMChat("openai/bridge", api_base="http://127.0.0.1:9/v1", api_key_env="OWN_API_KEY")


def test_a_server_that_wants_a_key_is_told_where_it_comes_from(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "planted-for-the-provider")
    failure, _ = ask(error(401, "no key"))
    assert "EASEL_API_KEY" in str(failure)
