"""The epoch loop: golden trace, order of events, gate, review, early stop, clean ends, resumption."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from drawagent import events
from drawagent.curator import Proposal
from drawagent.epochs import Practice, practise
from drawagent.experience import Add, Modify
from drawagent.keeping import Keeper
from drawagent.planning import planned_calls
from drawagent.rollout import Pair
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import configuration
from easel.chat import ChatFailure, ChatReply, ChatRequest, Truncated, Unavailable
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.runs import RunStore
from tests.fakes import Scripted, lists, tiny_reward


def scripted(request: ChatRequest) -> str:
    """Candidate k draws a line of length (k + 1) / 10; the judge and the curator say fixed things."""
    site = request.site
    if site.role == "judge":
        return "Because the longer stroke fills the space that the object needs."
    if site.role == "update":
        return json.dumps([{"op": "add", "text": f"Lesson of epoch {site.epoch}: fill the space.", "topic": "space"}])
    end = (site.candidate + 1) / 10 + 0.01 * len(site.query)
    return f"<curves>[[[0,0,0],[0.1,0,{end}],[0.2,{end},0],[{end},0,{end / 2:.3f}]]]</curves>"


def practice(model=None, *, settings=None, run=None, **more) -> Practice:
    return Practice(
        model or Scripted(scripted), tiny_reward(), settings or DrawSettings.paper(candidates=3, epochs=2),
        more.pop("lists", lists(2)), keeper=Keeper(run), workers=4, **more,
    )


def open_run(root: Path, name: str = "test") -> RunStore:
    return RunStore.open(
        root, name, fingerprint="f" * 64, configuration={"a": 1}, evidence="stand-in", facts={}, date="2000-01-01"
    )


def names(seen: list) -> list[str]:
    return [type(event).__name__ for event in seen]


def test_the_golden_trace_of_two_epochs():
    model = Scripted(scripted)
    seen = list(practise(practice(model)))
    epoch = ["EpochStarted", "CandidatesScored", "PairChosen", "CandidatesScored", "PairChosen", "Judged", "Judged",
             "EditsApplied", "EpochFinished"]
    assert names(seen) == [*epoch, *epoch, "PractiseFinished"]
    assert model.sites() == sorted(
        [f"artist/learn{q}/{e}/{k}" for q in (0, 1) for e in (0, 1) for k in (0, 1, 2)]
        + [f"judge/learn{q}/{e}/0" for q in (0, 1) for e in (0, 1)]
        + [f"update//{e}/-1" for e in (0, 1)]
    )
    assert [[lesson.text for lesson in library.lessons] for library in seen[-1].libraries] == [
        [], ["Lesson of epoch 0: fill the space."],
        ["Lesson of epoch 0: fill the space.", "Lesson of epoch 1: fill the space."],
    ]
    assert [library.version for library in seen[-1].libraries] == [0, 1, 2]
    assert seen[-1].best == seen[-1].libraries[-1]


def test_a_slow_query_keeps_nobody_waiting_and_events_stay_in_order():
    """The first query draws only when a judge of the second was asked; one with a failed drawing waits for its turn."""
    asked, scored = threading.Event(), []

    def slow_first(request):
        site = request.site
        if site.role == "artist" and site.query == "learn0":
            assert asked.wait(10), "the judge of the second query waited for the first"
        if site.role == "judge" and site.query == "learn1":
            asked.set()
        if site.role == "artist" and site.query == "learn2" and site.candidate == 0:
            return "I cannot draw."
        return scripted(request)

    reward = tiny_reward()

    def spy(text, candidates):
        scored.append(text)
        return reward(text, candidates)

    spy.card, spy.source = reward.card, reward.source
    settings = DrawSettings.paper(candidates=3, epochs=1)
    seen = list(practise(Practice(Scripted(slow_first), spy, settings, lists(3), workers=9)))
    assert scored == ["a learnthing1", "a learnthing0", "a learnthing2"]
    order = [event.query.id for event in seen if isinstance(event, events.CandidatesScored)]
    assert order == ["learn0", "learn1", "learn2"]
    assert [e.judgement.pair.query for e in seen if isinstance(e, events.Judged)] == order


def test_candidates_are_replicas_with_their_own_seed_and_the_papers_temperature():
    model = Scripted(scripted)
    list(practise(practice(model, settings=DrawSettings.paper(candidates=3, epochs=1, seed=40))))
    drawn = [c for c in model.calls if c.site.role == "artist" and c.site.query == "learn0"]
    assert {(c.replica, c.sampling.seed, c.sampling.temperature) for c in drawn} == {
        (0, 40, 0.7), (1, 41, 0.7), (2, 42, 0.7)
    }
    assert len({c.key for c in drawn}) == 3


def test_an_unchanged_library_is_drawn_afresh_in_the_next_epoch():
    model = Scripted(lambda request: "[]" if request.site.role == "update" else scripted(request))
    list(practise(practice(model)))
    drawn = {c.replica: c for c in model.calls if c.site.role == "artist" and c.site.query == "learn0"}
    assert sorted(drawn) == [0, 1, 2, 64, 65, 66]
    assert len({c.key for c in drawn.values()}) == 6


def test_lessons_reach_the_artist_from_the_next_epoch_on():
    model = Scripted(scripted)
    list(practise(practice(model)))
    asked = {
        epoch: {c.messages[-1].text for c in model.calls if c.site.role == "artist" and c.site.epoch == epoch}
        for epoch in (0, 1)
    }
    assert not any("Lesson of epoch 0" in text for text in asked[0])
    assert all("- Lesson of epoch 0: fill the space." in text for text in asked[1])


def test_the_generator_asks_nothing_ahead_of_its_reader():
    model = Scripted(scripted)
    steps = practise(practice(model))
    assert isinstance(next(steps), events.EpochStarted)
    assert model.calls == []
    steps.close()


def test_failed_candidates_are_values_counted_and_never_paired():
    def often_bad(request):
        if request.site.role == "artist" and request.site.candidate == 0:
            return "I cannot draw."
        return scripted(request)

    seen = list(practise(practice(Scripted(often_bad), settings=DrawSettings.paper(candidates=3, epochs=1))))
    first = next(e for e in seen if isinstance(e, events.CandidatesScored))
    assert first.scored[0].candidate.failure == "invalid"
    assert "expected <curves>" in first.scored[0].candidate.reason
    assert seen[-2].failures == 2
    assert seen[-2].candidates == 6
    for event in seen:
        if isinstance(event, events.PairChosen):
            assert 0 not in (event.pair.better.candidate.index, event.pair.worse.candidate.index)


def test_fewer_than_two_drawings_skip_the_pair_with_a_reason():
    def mute(request):
        return "nothing" if request.site.role == "artist" else scripted(request)

    seen = list(practise(practice(Scripted(mute), settings=DrawSettings.paper(candidates=2, epochs=1))))
    skipped = [event for event in seen if isinstance(event, events.PairSkipped)]
    assert [event.reason for event in skipped] == ["no two drawings of different reward among 0 drawn"] * 2
    assert seen[-1].libraries[0] == seen[-1].libraries[1]


def test_a_pair_inside_the_noise_is_skipped_and_logged(tmp_path):
    settings = DrawSettings.paper(candidates=3, epochs=1, noise_skip=1e6)
    with open_run(tmp_path) as run:
        seen = list(practise(practice(settings=settings, run=run)))
        assert "PairChosen" not in names(seen)
        assert all("inside the noise over views" in row["skipped"] for row in run.rows("pairs"))


@pytest.mark.parametrize(("failure", "systemic"), [(Truncated("a whole reply"), False), (Unavailable("a provider"), True)])
def test_a_failed_call_is_a_value_unless_it_is_systemic(failure: ChatFailure, systemic: bool):
    class Failing(Scripted):
        def reply(self, request: ChatRequest) -> ChatReply:
            if request.site.role == "artist" and request.site.candidate == 1:
                raise failure
            return super().reply(request)

    model = Failing(scripted)
    steps = practise(practice(model, settings=DrawSettings.paper(candidates=3, epochs=1)))
    if systemic:
        with pytest.raises(Unavailable):
            list(steps)
    else:
        first = next(e for e in steps if isinstance(e, events.CandidatesScored))
        assert [s.candidate.failure for s in first.scored] == ["", "truncated", ""]


def test_unreadable_edits_are_repaired_once_and_then_left():
    replies = iter(["no list here", '[{"op": "add", "text": "Mind the depth.", "topic": "space"}]'])

    def curator(request):
        return next(replies) if request.site.role.startswith("update") else scripted(request)

    model = Scripted(curator)
    seen = list(practise(practice(model, settings=DrawSettings.paper(candidates=2, epochs=1))))
    assert [lesson.text for lesson in seen[-1].libraries[1].lessons] == ["Mind the depth."]
    repair = next(c for c in model.calls if c.site.role == "update+repair")
    assert "expected one JSON list of edits" in repair.messages[-1].text

    never = Scripted(lambda r: "no list" if r.site.role.startswith("update") else scripted(r))
    seen = list(practise(practice(never, settings=DrawSettings.paper(candidates=2, epochs=1))))
    assert "UpdateFailed" in names(seen)
    assert len(seen[-1].libraries[1]) == 0


def gated(**more) -> DrawSettings:
    return DrawSettings.paper(candidates=2, epochs=2, gate="drawagent.gate:not_worse", **more)


def test_a_refused_epoch_is_rolled_back_and_its_ids_stay_spent():
    settings = DrawSettings.paper(candidates=2, epochs=2, gate="tests.fakes:refuse")
    seen = list(practise(practice(settings=settings, lists=lists(2, gate=3))))
    decided = [event for event in seen if isinstance(event, events.GateDecided)]
    assert [event.decision.n for event in decided] == [3, 3]
    assert [len(library) for library in seen[-1].libraries] == [0, 0, 0]
    assert [event.kept.next_number for event in decided] == [2, 3]
    assert len(seen[-1].best) == 0


def test_the_gate_keeps_what_does_not_get_worse_and_draws_paired():
    model = Scripted(scripted)
    seen = list(practise(practice(model, settings=gated(), lists=lists(1, gate=2))))
    decided = [event for event in seen if isinstance(event, events.GateDecided)]
    assert all(event.decision.accepted and event.decision.mean == 0.0 and event.decision.n == 2 for event in decided)
    before = sorted(c.replica for c in model.calls if c.site.role == "gate-before")
    after = sorted(c.replica for c in model.calls if c.site.role == "gate-after")
    assert before == after


def test_a_gate_without_gate_queries_is_refused():
    with pytest.raises(ConfigurationError, match="expected gate queries, since the settings name a gate"):
        list(practise(practice(settings=gated())))


def test_an_edit_that_the_margin_lets_through_is_not_the_best_library():
    """A worse library may go on inside the margin; the one to use is still the better one it came from."""
    settings = gated(gate_margin=10.0)
    seen = list(practise(practice(Scripted(worse_with_lessons), settings=settings, lists=lists(1, gate=2))))
    decided = [event.decision for event in seen if isinstance(event, events.GateDecided)]
    assert decided[0].accepted and decided[0].mean < 0
    assert len(seen[-1].libraries[1]) == 1
    assert len(seen[-1].best) == 0


BETTER = "<curves>[[[-1,0,-1],[-1,0,1],[1,0,1],[1,0,-1]],[[-1,1,1],[0,0,0],[0,0,0],[1,-1,1]]]</curves>"
WORSE = "<curves>[[[0,0,0],[0.1,0,0.1],[0.2,0.1,0],[0.1,0,0.05]]]</curves>"


def worse_with_lessons(request: ChatRequest) -> str:
    """Gate drawings with lessons in the context are blots that this scorer likes less."""
    if request.site.role.startswith("gate"):
        return WORSE if "Lesson of epoch" in request.messages[-1].text else BETTER
    return scripted(request)


def two_pairs(scored, *, seed):
    """A researcher's policy that leaves every rank at 0."""
    a, b, c = scored
    return Pair(a.candidate.query, a.candidate.epoch, a, b), Pair(a.candidate.query, a.candidate.epoch, b, c)


def every_pair(scored, *, seed):
    return (Pair(scored[0].candidate.query, scored[0].candidate.epoch, scored[0], scored[1]),)


def takes_nothing(*, seed):
    return ()


def test_a_policy_of_ones_own_needs_no_ranks(tmp_path):
    settings = DrawSettings.paper(candidates=3, epochs=1, pairing=f"{__name__}:two_pairs")
    with open_run(tmp_path) as run:
        list(practise(practice(settings=settings, run=run, lists=lists(1))))
        assert [row["pair"] for row in run.rows("pairs")] == ["learn0/e0/p0", "learn0/e0/p1"]
        assert len(run.rows("judgements")) == 2


def test_a_policy_that_pairs_a_failure_is_named():
    def first_bad(request):
        return "no" if request.site.candidate == 0 else scripted(request)

    settings = DrawSettings.paper(candidates=2, epochs=1, pairing=f"{__name__}:every_pair")
    with pytest.raises(ConfigurationError, match="expected pairs of drawings, got a failed candidate.*every_pair"):
        list(practise(practice(Scripted(first_bad), settings=settings, lists=lists(1))))


@pytest.mark.parametrize("change", [
    {"pairing": f"{__name__}:takes_nothing"}, {"judge": f"{__name__}:takes_nothing"},
    {"gate": f"{__name__}:takes_nothing"}, {"update": f"{__name__}:takes_nothing"}, {"pairing": "no_such_module:policy"},
])
def test_policies_are_checked_before_anything_is_paid_for(change):
    model = Scripted(scripted)
    with pytest.raises(ConfigurationError):
        practice(model, settings=DrawSettings.paper(**change), lists=lists(1, gate=1))
    assert model.calls == []


class FirstSentences:
    """An update of one's own, without a model: the first sentence of every judgement becomes a lesson."""

    def __init__(self, model, settings): ...

    def __call__(self, judgements, queries, library, *, epoch, query=""):
        if epoch:
            return Proposal(None, "lazy", "nothing to say")
        return Proposal(tuple(
            Add(op="add", text=f"{queries[j.pair.query].text}: {j.advantage.split('.')[0]}.", because=(j.pair.id,))
            for j in judgements
        ))


def test_an_update_of_ones_own_writes_the_lessons(tmp_path):
    model = Scripted(scripted)
    settings = DrawSettings.paper(candidates=3, epochs=2, update=f"{__name__}:FirstSentences")
    with open_run(tmp_path) as run:
        seen = list(practise(practice(model, settings=settings, run=run)))
        assert [row["failure"] for row in run.rows("edits")] == ["", "lazy"]
    assert [lesson.text for lesson in seen[-1].libraries[-1].lessons] == [
        f"a learnthing{n}: Because the longer stroke fills the space that the object needs." for n in (0, 1)
    ]
    assert not [call for call in model.calls if call.site.role.startswith("update")]
    assert [call.site.role for call in planned_calls(lists(2), settings, model)].count("update") == 2


def test_an_update_of_ones_own_is_another_run():
    def policies(**change):
        configured = configuration(
            lists(1), DrawSettings.paper(**change), model="m", evidence="stand-in", reward=tiny_reward(),
            measured_by=tiny_reward(),
        )
        return configured["policies"]

    assert policies()["update"].startswith("drawagent.curator:Curator#")
    assert policies(update=f"{__name__}:FirstSentences")["update"].startswith(f"{__name__}:FirstSentences#")


def test_patience_stops_after_fruitless_epochs():
    def lazy(request):
        return "[]" if request.site.role == "update" else scripted(request)

    settings = DrawSettings.paper(candidates=2, epochs=5, patience=1)
    seen = list(practise(practice(Scripted(lazy), settings=settings)))
    assert sum(isinstance(event, events.EpochFinished) for event in seen) == 1
    assert seen[-1].stopped_early == "no accepted edit in 1 epoch(s)"


def test_review_may_veto_or_change_and_is_recorded_as_human(tmp_path):
    asked = []

    def review(edit):
        asked.append(edit)
        return None if "epoch 0" in edit.text else edit.model_copy(update={"text": "Said by a person."})

    with open_run(tmp_path) as run:
        seen = list(practise(practice(review=review, run=run)))
        assert [lesson.text for lesson in seen[-1].libraries[-1].lessons] == ["Said by a person."]
        assert seen[-1].libraries[-1].lessons[0].history[0].author == "human"
        assert len(asked) == 2
    with open_run(tmp_path) as run:
        again = list(practise(practice(review=lambda edit: pytest.fail("asked twice"), run=run)))
    assert again[-1].libraries == seen[-1].libraries


def test_query_order_updates_after_every_query():
    model = Scripted(scripted)
    seen = list(practise(practice(model, settings=DrawSettings.paper(candidates=2, epochs=1, update_order="query"))))
    assert names(seen).count("EditsApplied") == 2
    second = [c for c in model.calls if c.site.role == "artist" and c.site.query == "learn1"]
    assert all("Lesson of epoch 0" in c.messages[-1].text for c in second)


def test_modify_keeps_the_id_and_delete_removes():
    def curator(request):
        if request.site.role != "update":
            return scripted(request)
        if request.site.epoch == 0:
            return '[{"op": "add", "text": "One thing."}, {"op": "add", "text": "Another thing."}]'
        return '[{"op": "modify", "id": "L1", "text": "One better thing."}, {"op": "delete", "id": "L2"}]'

    seen = list(practise(practice(Scripted(curator))))
    assert [(lesson.id, lesson.text) for lesson in seen[-1].best.lessons] == [("L1", "One better thing.")]
    applied = [event for event in seen if isinstance(event, events.EditsApplied)]
    assert isinstance(applied[1].outcomes[0].reviewed.edit, Modify)
    assert applied[1].diff.lines() == [
        "- [L2] Another thing.", "- [L1] One thing.", "+ [L1] One better thing."
    ]


def test_closing_the_generator_leaves_no_thread_and_keeps_what_was_paid(tmp_path):
    with open_run(tmp_path) as run:
        chat = chain(StandIn(seconds=0.05), store=run.replies, ledger=run.folder, concurrency=4)
        steps = practise(practice(chat.chat, run=run, stop=chat.stop))
        next(steps)
        next(steps)
        steps.close()
        deadline = time.monotonic() + 5
        while any(t.name.startswith("crew") for t in threading.enumerate()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(t.name.startswith("crew") for t in threading.enumerate())
        settled = {row.key for row in chat.ledger.tries() if row.outcome == "ok"}
        assert settled
        assert settled == {stored.key for stored in run.replies}


def test_a_resumed_run_pays_nothing_twice_and_gives_the_same_rows(tmp_path):
    def whole(root: Path) -> tuple[RunStore, int]:
        with open_run(root) as run:
            chat = chain(StandIn(), store=run.replies, ledger=run.folder)
            list(practise(practice(chat.chat, run=run, stop=chat.stop)))
            return run, len(chat.ledger.tries())

    run, paid = whole(tmp_path / "a")
    tables = {t: (run.folder / f"{t}.jsonl").read_bytes() for t in ("rollouts", "pairs", "judgements", "edits")}
    with open_run(tmp_path / "b") as other:
        chat = chain(StandIn(), store=other.replies, ledger=other.folder)
        steps = practise(practice(chat.chat, run=other, stop=chat.stop))
        for _ in range(5):
            next(steps)
        steps.close()
    resumed, paid_again = whole(tmp_path / "b")
    assert paid_again == paid
    assert {t: (resumed.folder / f"{t}.jsonl").read_bytes() for t in tables} == tables
