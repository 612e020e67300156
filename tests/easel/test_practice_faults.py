"""A whole practice over HTTP against providers that fail: it completes, the ledger counts, budgets hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_studio, start_run
from easel.budget import Budget, BudgetExceeded
from easel.chat import CallSite, ChatRequest, Message
from easel.connection import Connection, connect
from easel.ledger import Ledger
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from easel.tables import ledger, results
from tests.fakes import lists, tiny_reward
from tests.servers import (
    Provider,
    Response,
    faulty,
    gemini_faults,
    gemini_reply,
    openai_reply,
    reasoning_model,
    serving,
)

QUICK = RetryPolicy(first_wait=0.002, longest_wait=0.02)
REWARD = tiny_reward()


def words(turns: list[str], number: int) -> str:
    """What the procedural stand-in writes for these messages."""
    text = "\n".join(turns)
    role = "judge" if "say why one is better" in text else "update" if "keep a short library" in text else "artist"
    messages = tuple(Message("user", (turn,)) for turn in turns)
    return StandIn(bad=0.1).reply(ChatRequest("m", messages, replica=number, site=CallSite(role))).text


def openai_shaped(body: dict, number: int) -> Response:
    said = words([turn["content"] for turn in body["messages"]], number)
    return openai_reply(said, prompt_tokens=len(str(body)) // 4, completion_tokens=len(said) // 4)


def gemini_shaped(body: dict, number: int) -> Response:
    turns = [body.get("system_instruction") or {"parts": []}, *body["contents"]]
    said = words(["".join(part.get("text", "") for part in turn["parts"]) for turn in turns], number)
    return gemini_reply(said, prompt_tokens=len(str(body)) // 4, completion_tokens=len(said) // 4)


SHAPES: dict[str, tuple[str, Callable[[int], Callable[[dict, int], Response]]]] = {
    "faulty": ("openai/bridge", lambda seed: faulty(openai_shaped, seed=seed)),
    "reasoning": ("openai/bridge", lambda seed: reasoning_model(faulty(openai_shaped, seed=seed))),
    "gemini": ("gemini/gemini-2.5-pro", lambda seed: gemini_faults(gemini_shaped, seed=seed)),
}


def practise(
    root: Path, shape: str, provider: Provider, settings: DrawSettings, queries: int, budget: Budget | None = None
) -> tuple[RunStore, Connection]:
    """One session of a practice in the folder's run."""
    model = SHAPES[shape][0]
    asked = lists(queries)
    run = start_run(asked, settings, model="a model", evidence="live", reward=REWARD, measured_by=REWARD, root=root,
                    name="faults", date="2026-11-21")
    with run:
        chat = connect(
            model, run=run, api_base=provider.api_base if model.startswith("openai") else provider.url, policy=QUICK,
            label="a model", drop_refused_settings=True, budget=budget, concurrency=8,
        )
        studio = open_studio(asked, settings, chat=chat, run=run, reward=REWARD, measured_by=REWARD, workers=8,
                             stop=chat.stop)
        for _ in studio.practise():
            pass
        run.status("finished")
    return run, chat


def check(root: Path, shape: str, seed: int, *, queries: int, **changes) -> None:
    settings = DrawSettings(**changes)
    with serving(SHAPES[shape][1](seed)) as provider:
        sessions = 0
        # A budget that is raised step by step: each session goes on where the last one stopped.
        for calls in (5, 11, 1_000_000):
            sessions += 1
            budget = Budget(calls=calls, tokens=50_000_000)
            try:
                run, chat = practise(root, shape, provider, settings, queries, budget)
                break
            except BudgetExceeded:
                assert provider.calls == calls == budget.spent.calls
        assert sessions == 3
        assert run.info["status"] == "finished"
        tries = chat.ledger.tries()
        assert len(tries) == provider.calls == chat.budget.spent.calls == len(ledger(run))
        assert chat.budget.spent.tokens == sum(one.usage.tokens for one in tries)
        assert max(Counter(one.key for one in tries if one.outcome == "ok").values()) == 1
        frame = results(run)
        assert len(frame) == queries * settings.candidates * settings.epochs
        refused = {"reasoning": {"temperature"}, "gemini": {"seed"}}.get(shape, set())
        assert {name for stored in run.replies if stored.reply for name in stored.reply.not_applied} == refused
        before, paid = provider.calls, frame.to_csv()
        again, _ = practise(root, shape, provider, settings, queries)
        assert provider.calls == before
        assert results(again).to_csv() == paid
        assert len(Ledger(again.folder).tries()) == before


@pytest.fixture(autouse=True)
def gemini_key(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "planted-key-123")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_small_practice_completes(tmp_path, shape) -> None:
    check(tmp_path, shape, 1, queries=2, candidates=4, epochs=1, views=2)


@pytest.mark.acceptance
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
def test_a_practice_completes(tmp_path, shape, seed) -> None:
    check(tmp_path, shape, seed, queries=4, candidates=5, epochs=2, views=2)
