"""Plans: the calls foreseen are the calls made."""

from __future__ import annotations

from collections import Counter

import pytest
from typer.testing import CliRunner

from drawagent.cli import app
from drawagent.planning import count_by_role, planned_calls
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_studio, start_run
from easel.budget import estimate
from easel.connection import chain
from tests.fakes import Scripted, lists, tiny_reward


@pytest.mark.parametrize("settings", [
    DrawSettings.paper(candidates=3, picture_size=32),
    DrawSettings.paper(candidates=2, epochs=3, update_order="query", picture_size=32),
    DrawSettings.paper(candidates=4, epochs=1, pairing="drawagent.pairing:top2_bottom2", picture_size=32),
    DrawSettings.paper(candidates=4, epochs=1, pairing="drawagent.pairing:top2_bottom2", picture_size=32,
                       update_order="query"),
    DrawSettings.paper(candidates=2, epochs=1, gate="drawagent.gate:not_worse", gate_draws=2, inference_draws=2,
                       picture_size=32),
])
def test_planned_calls_are_the_calls_that_are_made(tmp_path, settings):
    queries = lists(2, gate=2 if settings.gate else 0, report=2)
    planned = count_by_role(list(planned_calls(queries, settings, Scripted(str))))
    reward = tiny_reward()
    with start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward,
                   root=tmp_path, name="plan", date="2000-01-01") as run:
        chat = chain(StandIn(bad=0.0), store=run.replies, ledger=run.folder)
        studio = open_studio(queries, settings, chat=chat.chat, run=run, reward=reward, measured_by=reward)
        list(studio.practise())
        list(studio.report())
        made = Counter(str(row.site).split("/")[0] for row in chat.ledger.tries())
    merged = {role: planned.get(role, 0) for role in planned}
    assert sum(merged.values()) >= sum(made.values())
    assert {role: made[role] for role in ("artist", "judge", "update")} == {
        role: merged[role] for role in ("artist", "judge", "update")
    }


def test_a_judge_that_sees_the_whole_group_is_planned_with_it():
    pair, group = (
        estimate([c for c in planned_calls(lists(1), DrawSettings.paper(epochs=1, judge=f"drawagent.judge:{judge}"),
                                           Scripted(str)) if c.site.role == "judge"], price=None)
        for judge in ("Judge", "ScalarJudge")
    )
    assert group.likely_tokens - 1500 > 2 * (pair.likely_tokens - 1500)


def test_an_estimate_counts_prompts_and_usual_replies():
    calls = list(planned_calls(lists(1, report=1), DrawSettings.paper(candidates=1, epochs=1), Scripted(str)))
    assert count_by_role(calls) == {"artist": 1, "judge": 1, "update": 1, "report": 2}
    found = estimate(calls, price=None)
    assert found.calls == 5
    assert found.likely_tokens > 5 * 1500
    assert found.likely_dollars is None


def test_draw_says_what_it_will_ask_before_it_asks(tmp_path):
    done = CliRunner().invoke(app, [
        "draw", "a stool", "--model", "stand-in", "--scorer", "tests.fakes:TinyScorer", "--root", str(tmp_path / "runs"),
        "--out", str(tmp_path / "out"), "--set", "picture_size=32", "--set", "inference_draws=2",
    ], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith("planned: ")
    assert "(2 infer)" in done.stderr.splitlines()[0]
    (run,) = (tmp_path / "runs").glob("*_draw_*")
    assert len(list((run / "replies").glob("*.json"))) == 2, "as planned"
