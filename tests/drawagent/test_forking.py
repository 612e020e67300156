"""Forks: the past is taken for nothing, the branch alone is paid; what cannot be shared is refused before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from drawagent import events
from drawagent.edits import Add, Delete, Edit, Modify
from drawagent.examination import open_examination
from drawagent.forking import Branch, first_library, fork, library_in_force
from drawagent.live import open_live
from drawagent.members import gather
from drawagent.recordings import Recording
from drawagent.replaying import open_replay
from drawagent.settings import DrawSettings
from drawagent.studio import Studio
from drawagent.wrapped import RecordedPast
from easel.budget import Budget, BudgetExceeded
from easel.chat import CallSite, ChatReply, ChatRequest, Message, Truncated
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.ledger import Ledger
from easel.recording import RecordMissing, ReplyStore
from easel.runs import RunStore
from tests.fakes import CARD, Scripted, TinyScorer, lists

SCORER = "tests.fakes:TinyScorer"
SETTINGS = DrawSettings.paper(candidates=2, epochs=3, picture_size=32, views=2, report_views=2)
TIP = Add(op="add", text="Draw the carrying parts first of all.")


class Other(TinyScorer):
    card = replace(CARD, name="other", model="other")

    def __init__(self) -> None:
        self.embedded = 0


def opened(root: Path, settings: DrawSettings = SETTINGS, model: str = "stand-in", **more) -> Studio:
    return open_live(lists(2, gate=1, report=1), settings, model=model, scorer=SCORER, reporter=SCORER, root=root,
                     name="parent", date="2000-01-01", **more)


def through(studio: Studio, review=None) -> RunStore:
    """Practise and report to the end; the folder, read."""
    with studio.run:
        list(studio.practise(review=review))
        list(studio.report())
        studio.run.status("finished")
    return RunStore.read(studio.run.folder)


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> RunStore:
    return through(opened(tmp_path_factory.mktemp("parent")))


def branched(run: RunStore | Recording, epoch: int, edits: Sequence[Edit], root: Path, **more) -> Studio:
    return fork(run, epoch, edits, root=root, date="2000-01-02", trust_plugins=True, **more)


def paid(run: RunStore) -> list[str]:
    return [one.site for one in Ledger(run.home).tries()]


def by_epoch(run: RunStore, table: str, below: int) -> dict[str, dict]:
    return {key: row for key, row in run.keyed(table).items() if row["epoch"] is not None and row["epoch"] < below}


def test_only_the_branch_is_paid_and_the_past_is_the_same(parent, tmp_path):
    studio = branched(parent, 2, [TIP, Delete(op="delete", id="L1")], tmp_path)
    with studio.run:
        seen = list(studio.practise())
        list(studio.report())
    (edited,) = (event for event in seen if isinstance(event, events.LibraryEdited))
    before = library_in_force(parent, 2)
    assert edited.epoch == 2 and edited.before == before
    assert [lesson.text for lesson in edited.after.lessons] == [x.text for x in before.lessons[1:]] + [TIP.text]
    assert edited.after.lessons[-1].history[0].author == "human"
    run = RunStore.read(studio.run.folder)
    for table in ("rollouts", "pairs", "judgements", "edits", "libraries"):
        past = by_epoch(run, table, 2)
        assert past == by_epoch(parent, table, 2) and past, table
    assert run.keyed("edits")["e2/(person)"]["after"] == edited.after.key
    calls = paid(run)
    assert calls and all(int(site.split("/")[2]) >= 2 for site in calls)
    assert len(calls) == len(set(calls)) == 2 * 2 + 2 + 1 + 2 * 1, "K draws, judges, an update; two new libraries report"
    assert len(list(run.replies)) == len(calls) + sum(
        reply.site.epoch < 2 for reply in run.replies), "the shared replies lie in the own store"
    fork_row = run.info["configuration"]["fork"]
    assert (fork_row["parent"], fork_row["epoch"]) == (parent.info["fingerprint"], 2)
    assert [edit["op"] for edit in fork_row["edits"]] == ["add", "delete"]
    assert run.info["fingerprint"] != parent.info["fingerprint"]


def test_a_fork_is_resumed_and_pays_for_nothing_twice(parent, tmp_path):
    studio = branched(parent, 2, [TIP], tmp_path, budget=Budget(calls=3))
    with pytest.raises(BudgetExceeded), studio.run:
        list(studio.practise())
    assert len(paid(RunStore.read(studio.run.folder))) == 3, "the past does not count"
    again = branched(parent, 2, [TIP], tmp_path)
    assert again.run.folder == studio.run.folder
    run = through(again)
    whole = through(branched(parent, 2, [TIP], tmp_path / "whole"))
    assert len(paid(run)) == len(set(paid(run))) == len(paid(whole))
    assert run.keyed("libraries") == whole.keyed("libraries")
    assert run.rows("rollouts") == whole.rows("rollouts")


def test_the_past_is_not_scored_again(parent, tmp_path, monkeypatch):
    embedded = []
    monkeypatch.setattr("tests.fakes.TinyScorer.embed_texts", lambda self, texts: embedded.extend(texts))
    studio = branched(parent, 2, [TIP], tmp_path)
    with studio.run:
        for event in studio.practise():
            if isinstance(event, events.LibraryEdited):
                break
    assert embedded == []


def test_replies_of_elsewhere_are_copied_failures_too(tmp_path):
    request, failing = (ChatRequest("m", (Message("user", (words,)),), site=CallSite("old")) for words in ("a", "b"))
    first, second, own = (ReplyStore(tmp_path / name) for name in ("first", "second", "own"))
    first.put(failing, Truncated("an end", came="none"))
    second.put(request, ChatReply("from elsewhere", "m"))
    asked = Scripted(lambda _: "asked", name="m")
    chat = chain(asked, store=own, ledger=tmp_path, elsewhere=(first, second)).chat
    here = replace(request, site=CallSite("new"))
    assert chat.reply(here).text == "from elsewhere"
    with pytest.raises(Truncated, match="an end"):
        chat.reply(failing)
    assert own.get(request.key).sites == (CallSite("new"),), "it answers here and was asked there"
    assert len(list(own)) == 2 and asked.calls == [] and Ledger(tmp_path).tries() == ()
    assert chat.reply(replace(request, replica=1)).text == "asked"
    assert [one.key for one in second] == [request.key], "elsewhere is only read"
    with pytest.raises(ConfigurationError, match="a store, since replies of other records"):
        chain(asked, elsewhere=(first,))


def test_other_edits_make_another_run(parent, tmp_path):
    prints = set()
    for epoch, edits in ((2, [TIP]), (1, [TIP]), (2, [Modify(op="modify", id="L1", text="Other words, please.")])):
        studio = branched(parent, epoch, edits, tmp_path)
        studio.run.close()
        prints.add(studio.run.info["fingerprint"])
    assert len(prints) == 3


def test_a_fork_may_be_longer_and_begin_at_the_first_library(parent, tmp_path):
    run = through(branched(parent, 0, [TIP], tmp_path, epochs=1))
    assert [x.text for x in library_in_force(run, 0).lessons] == [TIP.text]
    assert len(first_library(run)) == 0
    longer = branched(parent, 3, [TIP], tmp_path, epochs=4)
    with longer.run:
        list(longer.practise())
    assert sorted(row["epoch"] for row in longer.run.rows("libraries")) == [0, 1, 2, 3, 4]
    assert {site.split("/")[2] for site in paid(longer.run)} == {"3"}


def test_a_fork_of_a_fork_keeps_both_pasts(parent, tmp_path):
    child = through(branched(parent, 0, [TIP], tmp_path))
    both = [Modify(op="modify", id="L1", text="Draw what carries the name first.")]
    grandchild = through(branched(child, 0, both, tmp_path))
    assert [x.text for x in library_in_force(grandchild, 0).lessons] == [both[0].text]
    assert len(library_in_force(grandchild, 0).lessons[0].history) == 2
    later = through(branched(child, 2, both, tmp_path))
    assert by_epoch(later, "rollouts", 2) == by_epoch(child, "rollouts", 2)
    assert library_in_force(later, 1) == library_in_force(child, 1)
    assert {int(site.split("/")[2]) for site in paid(later)} == {2, 3}


def test_what_a_person_decided_in_the_past_stays_decided(tmp_path):
    reviewed = through(opened(tmp_path / "parent"), review=lambda edit: None)
    assert all(len(library_in_force(reviewed, epoch)) == 0 for epoch in range(4))
    run = through(branched(reviewed, 2, [TIP], tmp_path))
    assert len(library_in_force(run, 1)) == 0
    assert {row["epoch"] for row in run.rows("reviews")} == {0, 1}
    assert len(library_in_force(run, 3)) >= 1


def test_patience_that_ended_the_parent_does_not_end_the_branch(tmp_path):
    settings = SETTINGS.model_copy(update={"gate": "tests.fakes:refuse", "patience": 1})
    stopped = through(opened(tmp_path / "parent", settings))
    assert max(row["epoch"] for row in stopped.rows("libraries")) == 1
    studio = branched(stopped, 1, [TIP], tmp_path)
    with studio.run:
        list(studio.practise())
    assert max(row["epoch"] for row in studio.run.rows("libraries")) == 2, "one epoch with the edited library"


@pytest.mark.parametrize(("epoch", "edits", "words"), [
    (2, [Delete(op="delete", id="L99")], r"in force in epoch 2 \(lessons: L1.*\), got delete L99: there is no lesson"),
    (0, [Delete(op="delete", id="L1")], "lessons: none, it is empty"),
    (2, [], "at least one edit"),
    (2, [TIP, TIP], "the same words are already a lesson"),
    (7, [TIP], "got epoch 7; it holds epochs 0 to 3"),
])
def test_edits_that_cannot_be_applied_are_refused_before_a_folder_is_made(parent, tmp_path, epoch, edits, words):
    with pytest.raises(ConfigurationError, match=words):
        branched(parent, epoch, edits, tmp_path)
    assert not list(tmp_path.glob("*/run.json"))


@pytest.mark.parametrize(("more", "words"), [
    ({"model": "stand-in", "label": "other"}, "the parent's model, since the past is shared"),
    ({"model": "openai/some-model", "api_base": "http://localhost:9/v1"}, "evidence 'stand-in', which the shared past"),
    ({"scorer": f"{__name__}:Other"}, "the parent's reward_source"),
])
def test_parts_that_are_not_the_parents_are_refused_before_a_folder_is_made(parent, tmp_path, more, words):
    with pytest.raises(ConfigurationError, match=words):
        branched(parent, 2, [TIP], tmp_path, **more)
    assert not list(tmp_path.glob("*/run.json"))


def test_code_that_a_parent_names_is_not_run_unasked(parent, tmp_path):
    with pytest.raises(ConfigurationError, match="trust_plugins=True"):
        fork(parent, 2, [TIP], root=tmp_path, date="2000-01-02")


def test_a_parent_that_names_no_scorer_asks_for_one(parent, tmp_path):
    unnamed = RunStore(parent.folder, {k: v for k, v in parent.info.items() if k != "scorers"}, None)
    with pytest.raises(ConfigurationError, match=r"Name it: scorer=, reporter="):
        branched(unnamed, 2, [TIP], tmp_path)


@pytest.fixture(scope="module")
def replayed(tmp_path_factory) -> RunStore:
    root = tmp_path_factory.mktemp("replayed")
    studio = open_replay(Recording.read("tour"), root=root, date="2000-01-01", recompute=False)
    with studio.run:
        list(studio.practise())
    return RunStore.read(studio.run.folder)


@pytest.mark.parametrize("begin", ["recording", "replay"])
def test_the_recorded_tour_is_forked_as_far_as_its_replies_go(replayed, tmp_path, begin):
    run = replayed if begin == "replay" else Recording.read("tour")
    studio = fork(run, 2, [TIP], root=tmp_path, date="2000-01-02")
    assert isinstance(studio.chat, RecordedPast) and studio.run.info["evidence"] == "recorded"
    list(studio.practise())
    reported, report = [], studio.report()
    with pytest.raises(RecordMissing, match=r"every call of the new branch.*at report/[\w-]+/2/0"), studio.run:
        reported.extend(done.epoch for done in report)
    assert reported == [0, 1], "what is shared was reported"
    assert paid(studio.run) == []
    assert len(library_in_force(studio.run, 2)) == len(library_in_force(replayed, 2)) + 1


def test_where_the_recorded_past_ends_the_missing_call_is_named(replayed, tmp_path):
    studio = fork(replayed, 1, [TIP], root=tmp_path, date="2000-01-02")
    with pytest.raises(RecordMissing, match="at artist/.*/1/0.*fork with that model and mixed=True"), studio.run:
        list(studio.practise())


def test_a_replay_of_an_unknown_recording_asks_for_it(replayed, tmp_path):
    unknown = RunStore(replayed.folder, {**replayed.info, "recording": "somebody's own"}, None)
    with pytest.raises(ConfigurationError, match='model="recorded:FOLDER"'):
        fork(unknown, 2, [TIP], root=tmp_path, date="2000-01-02")


OTHER = {"model": "openai/another", "api_base": "http://localhost:9/v1", "budget": Budget(calls=0)}


@pytest.mark.parametrize("begin", ["recording", "replay"])
def test_a_recorded_past_is_not_gone_on_with_live_under_its_label(replayed, tmp_path, begin):
    run = replayed if begin == "replay" else Recording.read("tour")
    label = replayed.info["configuration"]["model"]
    with pytest.raises(ConfigurationError, match=f"replies of '{label}' from its record.*asked live under it.*mixed=True"):
        fork(run, 2, [TIP], root=tmp_path, date="2000-01-02", **OTHER)
    assert not list(tmp_path.glob("*fork*"))


def test_the_configuration_of_a_live_end_of_a_recorded_past_is_refused_too(replayed):
    past = replayed.info["configuration"]
    with pytest.raises(ConfigurationError, match="asked live under it"):
        Branch("f", 2, (TIP,), {}, past).check({**past, "evidence": "live"})


def test_a_mixed_fork_stays_recorded_and_names_both_models(replayed, tmp_path):
    studio = fork(replayed, 2, [TIP], root=tmp_path, date="2000-01-02", mixed=True, **OTHER)
    assert not isinstance(studio.chat, RecordedPast)
    list(studio.practise())
    with pytest.raises(BudgetExceeded), studio.run:
        list(studio.report())
    run, label = RunStore.read(studio.run.folder), replayed.info["configuration"]["model"]
    assert run.info["evidence"] == run.info["configuration"]["evidence"] == "recorded"
    assert run.info["mixed"] == {"past": label, "branch": "openai/another"}
    recorded = fork(replayed, 2, [TIP], root=tmp_path, date="2000-01-02")
    recorded.run.close()
    assert "mixed" not in recorded.run.info and recorded.run.folder != run.folder, "two runs, not one resumed"
    with RunStore.amend(run.folder) as ended:
        ended.status("finished")
    (marked,) = (one for one in gather([run.folder]).remarks if one.startswith("MIXED: "))
    assert f"goes on with openai/another from a recorded past of {label}" in marked
    with pytest.raises(ConfigurationError, match="evidence 'recorded'.*Practise with the model itself"):
        open_examination(run.folder)
    with pytest.raises(ConfigurationError, match="a record of its own for a mixed run"):
        fork(replayed, 2, [TIP], root=tmp_path, date="2000-01-02", mixed=True, home=tmp_path, **OTHER)
    twice = fork(run, 2, [Add(op="add", text="Draw thin parts last.")], root=tmp_path, date="2000-01-02", mixed=True,
                 **{**OTHER, "model": "openai/third"})
    twice.run.close()
    assert twice.run.info["mixed"] == {"past": f"{label} and openai/another", "branch": "openai/third"}
