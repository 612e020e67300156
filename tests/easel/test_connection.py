"""The whole chain against servers that fail: every request in the ledger, budgets hold, nothing is paid twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from easel.budget import Budget, BudgetExceeded
from easel.chat import (
    Blocked,
    CallSite,
    Cancelled,
    ChatFailure,
    ChatModel,
    ChatRequest,
    Empty,
    Message,
    RefusedSetting,
    Sampling,
    ThoughtExhausted,
    Truncated,
    Unavailable,
)
from easel.connection import Connection, connect
from easel.errors import ConfigurationError, MissingCapability
from easel.ledger import Ledger
from easel.recording import Recorded, Replay, pack
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from tests.servers import (
    Response,
    error,
    faulty,
    gemini_reply,
    openai_reply,
    reasoning_model,
    scripted,
    serving,
)

QUICK = RetryPolicy(first_wait=0.002, longest_wait=0.01)
ROOT = Path(__file__).parents[2]


def asked(connection: ChatModel, replica: int = 0, text: str = "Draw a chair.", **sampling) -> ChatRequest:
    settings = Sampling(**{"max_tokens": 200, **sampling})
    site = CallSite("artist", "q", 0, replica)
    return ChatRequest(connection.name, (Message("user", (text,)),), settings, replica, site)


def new_run(root: Path) -> RunStore:
    return RunStore.open(root, "t", fingerprint="a" * 64, configuration={}, evidence="live", date="2026-11-21")


def ask_all(connection: Connection, calls: int, threads: int = 8, **sampling) -> list[str]:
    """Texts by index; the kind of a failure that is a value in its place."""

    def one(k: int) -> str:
        try:
            return connection.reply(asked(connection, k, **sampling)).text
        except ChatFailure as failure:
            if failure.systemic:
                raise
            return failure.kind

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(calls)))


def echo(body: dict, number: int) -> Response:
    return openai_reply("drawn", prompt_tokens=20, completion_tokens=30)


def check_faults(root: Path, calls: int, threads: int) -> None:
    with serving(faulty(echo, rate=0.3, seed=calls + 2)) as provider, new_run(root) as run:
        connection = connect(
            "openai/bridge", run=run, api_base=provider.api_base, concurrency=threads, policy=QUICK, label="a model",
        )
        texts = ask_all(connection, calls, threads)
        assert set(texts) <= {"drawn", "truncated"}
        assert texts.count("drawn") >= 0.8 * calls
        tries = connection.ledger.tries()
        assert len(tries) == provider.calls == connection.budget.spent.calls
        assert not [one for one in tries if one.outcome == "in flight"]
        served = Counter(
            "drop" if r.drop else r.status if r.status != 200 else "garbage" if isinstance(r.body, bytes)
            else r.body["choices"][0]["finish_reason"] for r in provider.served
        )
        outcomes = Counter(one.outcome for one in tries)
        assert outcomes["ok"] == served["stop"] == texts.count("drawn")
        assert outcomes["truncated"] == served["length"]
        assert outcomes["transient"] == served["drop"] + served["garbage"] + served[429] + served[500]
        assert sum(one.status == 429 for one in tries) == served[429]
        before = provider.calls
        again = connect("openai/bridge", run=run, api_base=provider.api_base, label="a model", policy=QUICK)
        assert ask_all(again, calls) == texts
        assert provider.calls == before


def test_a_third_of_faults(tmp_path) -> None:
    check_faults(tmp_path, 40, 16)


@pytest.mark.acceptance
def test_a_third_of_faults_many_times(tmp_path) -> None:
    for calls in range(400, 410):
        check_faults(tmp_path / str(calls), calls, 32)


@pytest.mark.parametrize("limits", [{"calls": 25}, {"tokens": 4000}, {"dollars": 0.05}])
def test_budgets_hold_among_faults(tmp_path, limits) -> None:
    table = tmp_path / "prices.yaml"
    table.write_text("openai/bridge: {input: 1, output: 20}\n")
    with serving(faulty(echo, seed=3)) as provider, new_run(tmp_path) as run:
        for _ in range(2):
            budget = Budget(**limits)
            connection = connect(
                "openai/bridge", run=run, api_base=provider.api_base, concurrency=32, policy=QUICK, budget=budget,
                prices=table,
            )
            with pytest.raises(BudgetExceeded, match="Everything so far is kept"):
                ask_all(connection, 500, 32)
            for name, limit in limits.items():
                assert getattr(budget.spent, name) <= limit
            assert len(connection.ledger.tries()) == provider.calls == budget.spent.calls
        if "calls" in limits:
            assert provider.calls == 25


GEMINI = [
    (gemini_reply(None, candidates=False, completion_tokens=0, reasoning_tokens=70), ThoughtExhausted, 2),
    (gemini_reply(None), Empty, 3),
    (gemini_reply(None, blocked="SAFETY"), Blocked, 1),
    (gemini_reply("half", finish="MAX_TOKENS"), Truncated, 2),
    (error(400, "bad request"), Unavailable, 1),
]


@pytest.mark.parametrize(("response", "kind", "calls"), GEMINI)
def test_a_provider_shaped_like_gemini(monkeypatch, response, kind, calls) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "planted-key-123")
    with serving(scripted(response)) as provider:
        connection = connect("gemini/gemini-2.5-pro", api_base=provider.url, policy=QUICK)
        with pytest.raises(kind):
            connection.reply(asked(connection))
        assert provider.calls == calls == len(connection.ledger.tries())
        limits = [body["generationConfig"]["max_output_tokens"] for body in provider.requests]
        assert limits == ([200, 400] if kind in (Truncated, ThoughtExhausted) else [200] * calls)
        assert connection.budget.spent.dollars == sum(one.usage.dollars or 0.0 for one in connection.ledger.tries())


def test_gemini_recovers_after_thinking_too_long(monkeypatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "planted-key-123")
    exhausted = gemini_reply(None, candidates=False, completion_tokens=0, reasoning_tokens=70)
    with serving(scripted(exhausted, gemini_reply("drawn"))) as provider:
        connection = connect("gemini/gemini-2.5-pro", api_base=provider.url, policy=QUICK)
        assert connection.reply(asked(connection)).text == "drawn"
        assert [one.outcome for one in connection.ledger.tries()] == ["thought-exhausted", "ok"]


def test_a_refused_seed_stops_or_is_dropped_and_recorded(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "planted-key-123")
    with serving(scripted(gemini_reply("drawn"))) as provider, new_run(tmp_path) as run:
        connection = connect("gemini/gemini-2.5-pro", api_base=provider.url, run=run)
        with pytest.raises(RefusedSetting, match="seed=4"):
            connection.reply(asked(connection, seed=4))
        assert connection.ledger.tries() == ()
        assert connection.budget.spent.calls == 0
        connection = connect("gemini/gemini-2.5-pro", api_base=provider.url, run=run, drop_refused_settings=True)
        assert ask_all(connection, 8, seed=4) == ["drawn"] * 8
        assert provider.calls == 8
        assert {one.not_applied for one in connection.ledger.tries()} == {("seed",)}
        assert {stored.reply.not_applied for stored in run.replies} == {("seed",)}


def test_a_refused_temperature_is_dropped_for_all_threads() -> None:
    with serving(reasoning_model(echo)) as provider:
        connection = connect("openai/bridge", api_base=provider.api_base, drop_refused_settings=True, policy=QUICK)
        assert ask_all(connection, 24, 8, temperature=0.7) == ["drawn"] * 24
        outcomes = Counter(one.outcome for one in connection.ledger.tries())
        assert outcomes["ok"] == 24
        assert 1 <= outcomes["refused-setting"] <= 8
        assert sum(outcomes.values()) == provider.calls


def test_a_missing_key_says_which(monkeypatch) -> None:
    monkeypatch.delenv("GEMINI_API_KEY", raising=False)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    with pytest.raises(MissingCapability, match=r"GEMINI_API_KEY.*export"):
        connect("gemini/gemini-2.5-pro")


def test_a_dollar_limit_without_a_price_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="price table"):
        connect("openai/bridge", api_base="http://127.0.0.1:9/v1", budget=Budget(dollars=1.0))


def test_a_stop_lets_requests_in_flight_finish_and_keeps_them(tmp_path) -> None:
    def late(body: dict, number: int) -> Response:
        return Response(body=openai_reply("late").body, delay=0.5)

    with serving(late) as provider, new_run(tmp_path) as run:
        stop = threading.Event()
        connection = connect("openai/bridge", run=run, api_base=provider.api_base, concurrency=4, stop=stop)
        connection.reply(asked(connection, 99))
        with ThreadPoolExecutor(12) as pool:
            futures = [pool.submit(connection.reply, asked(connection, k)) for k in range(12)]
            while provider.running < 4:
                time.sleep(0.001)
            stop.set()
        ended = [future.exception() for future in futures]
        assert sum(error is None for error in ended) == 4
        assert all(error is None or isinstance(error, Cancelled) for error in ended)
        assert len(list(run.replies)) == provider.calls == 5


def test_a_stop_ends_a_quota_pause_at_once() -> None:
    told = []
    quota = error(429, "requests per day exceeded", retry_after="9000")
    with serving(scripted(quota)) as provider:
        stop = threading.Event()
        connection = connect("openai/bridge", api_base=provider.api_base, stop=stop, on_wait=told.append)
        threading.Timer(0.5, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            ask_all(connection, 4, 4)
        assert time.monotonic() - began < 8
        assert told
        assert told[0].until == pytest.approx(time.time() + 9000, abs=30)


def test_the_record_replays_without_the_server(tmp_path) -> None:
    with serving(lambda body, number: openai_reply(f"reply {number}")) as provider, new_run(tmp_path) as run:
        connection = connect("openai/bridge", run=run, api_base=provider.api_base, label="a model")
        assert isinstance(connection, ChatModel)
        assert isinstance(connection.chat, Recorded)
        live = ask_all(connection, 10)
        pack(run.replies, tmp_path / "pack.gz")
        port = str(provider.port)
    replay = Replay(tmp_path / "pack.gz")
    for threads in (1, 2):
        with ThreadPoolExecutor(threads) as pool:
            assert list(pool.map(lambda k: replay.reply(asked(replay, k)).text, range(10))) == live
    assert replay.evidence == "recorded"
    for path in run.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"bridge" not in data
            assert b"127.0.0.1" not in data
            assert port.encode() not in data or port.encode() in b"".join(
                str(one.started).encode() for one in connection.ledger.tries()
            )


CHILD = """
import sys
from pathlib import Path
from tests.easel.test_connection import QUICK, ask_all, new_run
from easel.connection import connect
with new_run(Path(sys.argv[1])) as run:
    connection = connect("openai/bridge", run=run, api_base=sys.argv[2], policy=QUICK)
    print(ask_all(connection, 40, 4))
"""


# The same without litellm, whose import takes longer than all the rest.
PLAIN = """
import json
import sys
import urllib.request
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from easel.chat import ChatReply, Usage
from easel.connection import chain
from easel.runs import RunStore
from tests.senders import Sender, request

def post(one):
    body = json.dumps({"replica": one.replica}).encode()
    with urllib.request.urlopen(urllib.request.Request(sys.argv[2], body)) as response:
        return ChatReply(json.load(response)["choices"][0]["message"]["content"], "m", Usage(1, 1))

with RunStore.open(Path(sys.argv[1]), "t", fingerprint="a" * 64, configuration={}, evidence="live",
                   date="2026-11-21") as run:
    connection = chain(Sender([post]), store=run.replies, ledger=run.folder)
    with ThreadPoolExecutor(4) as pool:
        print([reply.text for reply in pool.map(lambda k: connection.reply(request(replica=k)), range(40))])
"""


def check_kills(root: Path, kills: int, child_code: str) -> None:
    """Kill a process that asks; no settled call is asked again, and the ledger shows all that were in flight."""

    def answer(body: dict, number: int) -> Response:
        return Response(body=openai_reply("drawn").body, delay=0.05)

    with serving(answer) as provider:
        command = [sys.executable, "-c", child_code, str(root), provider.api_base]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        for number in range(kills):
            child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment)
            before = provider.calls
            while provider.calls < before + 3 + 2 * number and child.poll() is None:
                time.sleep(0.005)
            time.sleep(0.013 * number % 0.07)
            child.send_signal(signal.SIGKILL)
            child.communicate()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
        assert done.stdout.strip() == str(["drawn"] * 40)
        time.sleep(0.1)
        with new_run(root) as run:
            tries = Ledger(run.folder).tries()
        settled = Counter(one.key for one in tries if one.outcome == "ok")
        assert max(settled.values()) == 1
        assert len(tries) >= provider.calls
        assert provider.calls - 40 <= sum(one.outcome == "in flight" for one in tries) <= 4 * kills


def test_kills_pay_nothing_twice(tmp_path) -> None:
    check_kills(tmp_path, 2, PLAIN)


@pytest.mark.acceptance
def test_thirty_kills_pay_nothing_twice(tmp_path) -> None:
    for number in range(6):
        check_kills(tmp_path / str(number), 5, CHILD)
