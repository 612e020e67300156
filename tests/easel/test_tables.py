"""Frames of a run: results the same bytes however the run went, the ledger apart."""

from __future__ import annotations

import math
import random

from easel.chat import Transient, Truncated, Usage
from easel.connection import chain
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from easel.tables import attempts, ledger, pairs, results, rollouts
from tests.senders import Sender, answer, failing, request


def run_with(root, rows) -> RunStore:
    run = RunStore.open(root, "t", fingerprint="a" * 64, configuration={}, evidence="recorded", date="2026-11-21")
    for row in rows:
        run.append("rollouts", f"{row['role']}/{row['query']}/{row['epoch']}/{row['candidate']}", row)
    return run


ROWS = [
    {"role": role, "query": query, "epoch": epoch, "candidate": k, "failure": "", "reason": f"words {k}",
     "text": "long", "reward": 0.1 * k, "view_scores": [0.25, 0.5]}
    for role in ("artist", "report") for query in ("bench", "chair") for epoch in (0, 10, 2) for k in range(2)
]


def test_results_are_sorted_and_the_same_bytes(tmp_path) -> None:
    shuffled = random.Random(0).sample(ROWS, len(ROWS))
    first, second = run_with(tmp_path / "a", ROWS), run_with(tmp_path / "b", shuffled)
    frame = results(first)
    assert frame.to_csv().encode() == results(second).to_csv().encode()
    assert list(frame.columns) == [
        "evidence", "fingerprint", "role", "query", "epoch", "candidate", "failure", "reward", "view_scores",
    ]
    assert list(frame.epoch[:6]) == [0, 0, 2, 2, 10, 10]
    assert frame.view_scores[0] == "0.25 0.5"
    assert set(frame.evidence) == {"recorded"}
    assert list(rollouts(second).text) == ["long"] * 24


def test_frames_of_an_empty_run_are_empty(tmp_path) -> None:
    run = run_with(tmp_path, [])
    for table in (results, rollouts, pairs, attempts, ledger):
        assert len(table(run.folder)) == 0
    assert "dollars" in ledger(run).columns


def test_the_ledger_has_a_row_per_request(tmp_path) -> None:
    run = run_with(tmp_path, [])
    sender = Sender([
        failing(Transient, "slow", status=429), failing(Truncated, usage=Usage(5, 6, dollars=0.5)),
        answer(usage=Usage(7, 8, 2, 1, 0.25)),
    ])
    connection = chain(sender, store=run.replies, ledger=run.folder, policy=RetryPolicy(first_wait=0.001))
    connection.reply(request())
    frame = ledger(run)
    assert list(frame.outcome) == ["transient", "truncated", "ok"]
    assert list(frame.completion_tokens) == [0, 6, 8]
    assert list(frame.max_tokens) == [100, 100, 200]
    assert math.isnan(frame.dollars[0])
    assert frame.dollars.sum() == 0.75
    assert set(frame.site) == {"artist/chair/-1/-1"}
