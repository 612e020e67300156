"""Frames of a run: results the same bytes however the run went, the ledger apart."""

from __future__ import annotations

import math
import random

import pytest

from easel.chat import Transient, Truncated, Usage
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from easel.tables import attempts, ledger, pairs, pipeline_check, results, rollouts, together
from tests.senders import Sender, answer, failing, request


def run_with(root, rows, *, name="t", evidence="recorded", **facts) -> RunStore:
    run = RunStore.open(
        root, name, fingerprint=name[0] * 64, configuration={}, evidence=evidence, facts=facts, date="2026-11-21",
    )
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
        "evidence", "fingerprint", "drifted", "role", "query", "epoch", "candidate", "failure", "reward", "view_scores",
    ]
    assert list(frame.epoch[:6]) == [0, 0, 2, 2, 10, 10]
    assert frame.view_scores[0] == "0.25 0.5"
    assert set(frame.evidence) == {"recorded"}
    assert set(frame.drifted) == {0}
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


CARD = {
    "name": "one", "model": "m", "column": "CLIP-ST", "template": "{text}", "weights": "w", "device": "cpu",
    "versions": [["torch", "2"]],
}


def test_a_drifted_run_says_so_in_every_row(tmp_path) -> None:
    run = run_with(tmp_path, ROWS, drifted=3)
    assert set(results(run.folder).drifted) == {3}


def test_runs_of_one_kind_stand_together(tmp_path) -> None:
    first = run_with(tmp_path, ROWS[:3], name="a", cards={"report": CARD})
    other = {**CARD, "device": "cuda", "versions": [["torch", "3"]]}
    second = run_with(tmp_path, [ROWS[4] | {"more": 1}], name="b", cards={"report": other}, drifted=2)
    frame = together(first, second.folder)
    assert list(frame.columns[:4]) == ["run", "evidence", "fingerprint", "drifted"]
    assert list(frame.run) == [first.folder.name] * 3 + [second.folder.name]
    assert list(frame.drifted) == [0, 0, 0, 2]
    assert frame.drop(columns="run").iloc[:3].drop(columns="more").to_csv() == results(first).to_csv()


@pytest.mark.parametrize(("change", "words"), [
    ({"evidence": "live"}, r"one grade of evidence.*recorded: 2026-11-21_a_.*live: 2026-11-21_b_.*once for each"),
    ({"evidence": "stand-in"}, r"stand-in: 2026-11-21_b_.*pipeline_check"),
    ({"cards": {"report": CARD | {"column": "toy", "model": "n"}}},
     r"report column 'CLIP-ST' in 2026-11-21_a_\w+, 'toy' in 2026-11-21_b_.*once for each set of cards"),
    ({"cards": {"report": CARD | {"template": "a {text}"}}}, r"report template '\{text\}' in .*'a \{text\}'"),
    ({"cards": {}}, r"report column 'CLIP-ST' in .*'none' in 2026-11-21_b_"),
])
def test_numbers_of_two_kinds_are_not_mixed(tmp_path, change, words) -> None:
    first = run_with(tmp_path, ROWS, name="a", cards={"report": CARD})
    second = run_with(tmp_path, ROWS, **{"name": "b", "cards": {"report": CARD}, **change})
    for runs in ((first, second.folder), (first, first.folder, second)):
        with pytest.raises(ConfigurationError, match=words if len(runs) == 2 else "every run once.* twice"):
            together(*runs)


def test_results_of_a_stand_in_alone_or_of_nothing_are_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="pipeline_check"):
        together(run_with(tmp_path, ROWS, evidence="stand-in"))
    for table in (together, pipeline_check):
        with pytest.raises(ConfigurationError, match="at least one run"):
            table()


def test_the_mechanics_of_runs_without_any_score(tmp_path) -> None:
    run = run_with(tmp_path, ROWS, name="a", evidence="stand-in")
    connection = chain(
        Sender([failing(Transient, "slow", status=429), answer()]), store=run.replies, ledger=run.folder,
        policy=RetryPolicy(first_wait=0.001),
    )
    connection.reply(request())
    for _ in range(2):
        run.close()
        run = run_with(tmp_path, [], name="a", evidence="stand-in")
    frame = pipeline_check(run, run_with(tmp_path, [], name="b", evidence="live"))
    assert list(frame.columns) == [
        "run", "evidence", "fingerprint", "status", "calls", "failures", "resumes", "seconds",
    ]
    numbers = frame[["evidence", "calls", "failures", "resumes"]].values.tolist()
    assert numbers == [["stand-in", 2, 1, 2], ["live", 0, 0, 0]]
    assert frame.seconds[0] >= 0
