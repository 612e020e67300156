"""Lesson effects: planted lessons are found and others are not, the cost comes first, nothing is paid for twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from drawagent.artist import Artist
from drawagent.cli import app
from drawagent.examination import Examination, open_examination
from drawagent.experience import Library
from drawagent.lesson_effects import LessonEffects, covers, draws_interval, lesson_effects, plan_lesson_effects
from drawagent.library_parts import Design
from drawagent.live import open_live
from drawagent.queries import QueryLists, read_queries
from drawagent.recordings import Recording
from drawagent.replaying import open_replay
from drawagent.reward import ViewReward
from drawagent.rollout import Candidate, Scored
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_scorer
from easel.budget import Budget, Estimate
from easel.errors import ConfigurationError, EaselError
from easel.ledger import Ledger
from easel.recording import ReplyStore
from easel.runs import RunBusy, RunStore
from tests.fakes import CARD, Scripted, lists

ROOT = Path(__file__).parents[2]
SCORER = "tests.fakes:TinyScorer"
HARM, HELP = "Spend strokes on ornament.", "Give every part its depth."
IDLE, QUIET = "Write in a friendly tone.", "Begin at the top."
PLANTED = Library.of_tips([IDLE, HARM, HELP, QUIET])
QUERIES = lists(gate=5).gate
# A lesson that steadies harms under a score that likes wobble, and one that shakes helps.
MODEL = StandIn(effect={HARM: 1.0, HELP: -1.0})


@dataclass(frozen=True)
class Wobble:
    """A reward without pictures: how far strokes stray from the even spacing of a straight one, up to a bound."""

    card = CARD
    source = "wobble"

    def __call__(self, text: str, candidates: list[Candidate]) -> tuple[Scored, ...]:
        return tuple(Scored(one, (self.of(one),)) for one in candidates)

    def of(self, one: Candidate) -> float:
        if one.sketch is None:
            return 0.0
        bend = np.abs(np.diff(one.sketch.array(), n=2, axis=1)).mean()
        return round(float(np.tanh(bend)), 6)


def examined(model=MODEL, library: Library = PLANTED, *, practice: int = 0, draws: int = 3, **more) -> LessonEffects:
    artist = Artist(model, DrawSettings.paper(practice=practice, repairs=1))
    return lesson_effects(library, QUERIES, artist=artist, reward=Wobble(), design=Design(draws=draws), **more)


def verdicts(found: LessonEffects) -> list[str]:
    return [one.verdict for one in found.effects]


def test_planted_lessons_are_found_with_their_sign_and_the_others_are_not():
    found = examined()
    assert verdicts(found) == ["no effect found", "harms", "helps", "no effect found"]
    idle, harm, helped, _ = found.effects
    assert (harm.id, harm.text) == ("L2", HARM)
    assert harm.effect < 0 < helped.effect and abs(idle.effect) < helped.effect / 3
    for one in found.effects:
        assert one.low < one.effect < one.high and one.general_low < one.effect < one.general_high
        assert one.p <= one.p_holm <= 1 and (one.queries, one.draws, one.order_error) == (5, 3, None)
    assert harm.high < 0 < helped.low
    assert found.drawings == 5 * 5 * 3 and found.failures == 0
    assert "nothing is said about the method" in found.note and "evidence stand-in" in found.note


def test_over_seeds_verdicts_are_right():
    found = [verdicts(examined(practice=seed)) for seed in range(1, 7)]
    assert [row[1] for row in found] == ["harms"] * 6
    assert [row[2] for row in found] == ["helps"] * 6
    assert sum(row[i] != "no effect found" for row in found for i in (0, 3)) <= 1


def test_without_effects_a_library_shows_none():
    found = examined(StandIn(), Library.of_tips([f"Mind point number {n}." for n in range(8)]), draws=2)
    assert verdicts(found) == ["no effect found"] * 8


def test_failed_drawings_stay_in_every_denominator():
    found = lesson_effects(PLANTED, QUERIES, artist=Artist(StandIn(bad=0.5), DrawSettings.paper()), reward=Wobble(),
                           design=Design(draws=2))
    assert 10 < found.failures < 40 and found.drawings == 50
    assert all(one.queries == 5 for one in found.effects)


def test_the_effect_is_the_whole_library_against_the_rest():
    artist = Artist(MODEL, DrawSettings.paper(repairs=1))

    def mean(library: Library) -> float:
        return float(np.mean([
            Wobble().of(artist.draw(q, library, epoch=0, index=k, replica=k, temperature=0.3)) for q in QUERIES
            for k in range(3)
        ]))

    found = examined()
    assert found.score == pytest.approx(mean(PLANTED), abs=1e-6)
    rest = replace(PLANTED, lessons=tuple(x for x in PLANTED.lessons if x.text != HELP))
    assert found.effects[2].effect == pytest.approx(mean(PLANTED) - mean(rest), abs=2e-6)


# Shapley ------------------------------------------------------------------------------------------------------------


def test_shares_of_all_orders_add_up_to_what_the_library_does():
    library = Library.of_tips([HARM, HELP, IDLE])
    artist = Artist(MODEL, DrawSettings.paper(repairs=1))
    found = lesson_effects(library, QUERIES, artist=artist, reward=Wobble(),
                           design=Design("shapley", draws=2, orders=6))
    empty = lesson_effects(Library.of_tips([IDLE]), QUERIES, artist=artist, reward=Wobble(), design=Design(draws=2))
    nothing = empty.score - empty.effects[0].effect
    assert sum(one.effect for one in found.effects) == pytest.approx(found.score - nothing, abs=5e-6)
    assert [one.order_error for one in found.effects] == [0.0] * 3
    assert verdicts(found)[:2] == ["harms", "helps"]


def test_sampled_orders_come_with_their_reverse_and_share_parts():
    design = Design("shapley", orders=8, seed=3)
    orders = design.entries(6)
    assert len(orders) == 8 and all(a == b[::-1] for a, b in zip(orders[::2], orders[1::2], strict=True))
    assert orders == Design("shapley", orders=8, seed=3).entries(6) != Design("shapley", orders=8, seed=4).entries(6)
    parts = design.parts(6)
    assert len(parts) == len(set(parts)) and parts[0] == tuple(range(6)) and () in parts
    assert len(parts) < 8 * 5 + 2, "orders share parts"
    assert all(part == tuple(sorted(part)) for part in parts), "the library's own order: equal parts, equal requests"
    found = lesson_effects(PLANTED, QUERIES, artist=Artist(MODEL, DrawSettings.paper(repairs=1)), reward=Wobble(),
                           design=Design("shapley", draws=2, orders=12))
    assert verdicts(found)[1:3] == ["harms", "helps"]
    assert all(0 < one.order_error < 0.1 for one in found.effects)
    two = lesson_effects(PLANTED, QUERIES, artist=Artist(MODEL, DrawSettings.paper(repairs=1)), reward=Wobble(),
                         design=Design("shapley", draws=2, orders=2))
    assert [one.order_error for one in two.effects] == [None] * 4, "one pair of orders tells nothing of others"


def test_twins_hide_from_leave_one_out_and_share_in_shapley():
    def answer(request) -> str:
        saying = "Words of twins" in request.messages[-1].text
        return StandIn(wobble=0.3 if saying else 0.02, bad=0.0).reply(request).text

    twins = Library.of_tips(["Words of twins, one.", "Words of twins, two.", IDLE])
    artist = Artist(Scripted(answer), DrawSettings.paper())
    alone = lesson_effects(twins, QUERIES, artist=artist, reward=Wobble(), design=Design(draws=3))
    shared = lesson_effects(twins, QUERIES, artist=artist, reward=Wobble(), design=Design("shapley", draws=3, orders=6))
    assert verdicts(alone)[:2] == ["no effect found"] * 2
    assert verdicts(shared) == ["helps", "helps", "no effect found"]


# Intervals ----------------------------------------------------------------------------------------------------------


def test_the_interval_of_draws_is_right():
    one = draws_interval(np.array([[1.0, 3.0], [2.0, 6.0]]))
    assert (one.mean, one.standard_error) == (3.0, pytest.approx((1.0 + 4.0) ** 0.5 / 2))
    assert one.df == pytest.approx(25 / 17)
    from scipy import stats

    assert one.high == pytest.approx(3 + stats.t.ppf(0.975, 25 / 17) * one.standard_error)
    assert one.p == pytest.approx(2 * stats.t.sf(3 / one.standard_error, 25 / 17))
    assert draws_interval(np.zeros((3, 2))).p == 1.0
    same = draws_interval(np.full((3, 2), 0.5))
    assert same.p != same.p and "no variation" in same.claim


def test_without_an_effect_the_interval_excludes_zero_no_more_often_than_it_says():
    rng = np.random.default_rng(0)
    spread = np.exp(0.7 * rng.normal(size=(2000, 8, 1)))
    values = spread * rng.normal(size=(2000, 8, 4))
    share = np.mean([draws_interval(one).p < 0.05 for one in values])
    assert 0.02 < share < 0.06


# Cost, and nothing twice --------------------------------------------------------------------------------------------


def test_the_plan_counts_every_request_once_and_none_that_is_known(tmp_path):
    artist = Artist(MODEL, DrawSettings.paper())
    assert plan_lesson_effects(PLANTED, QUERIES, artist=artist, design=Design(draws=3)).calls == 5 * 5 * 3
    shapley = Design("shapley", draws=2, orders=8)
    planned = plan_lesson_effects(PLANTED, QUERIES, artist=artist, design=shapley)
    assert planned.calls == len(shapley.parts(4)) * 5 * 2 < 8 * 5 * 5 * 2
    store = ReplyStore(tmp_path)
    run = Scripted(lambda request: MODEL.reply(request).text)
    lesson_effects(PLANTED, QUERIES, artist=Artist(run, artist.settings), reward=Wobble(), design=Design(draws=2))
    for request in run.calls:
        store.put(request, MODEL.reply(request))
    scripted = Artist(run, artist.settings)
    assert len(run.calls) == 50
    assert plan_lesson_effects(PLANTED, QUERIES, artist=scripted, design=Design(draws=2), known=store).calls == 0
    assert plan_lesson_effects(PLANTED, QUERIES, artist=scripted, design=Design(draws=3), known=store).calls == 25


@pytest.mark.parametrize(("budget", "said"), [
    (Budget(), False), (Budget(seconds=9e9), False), (Budget(calls=9), False), (Budget(calls=10), True),
    (Budget(tokens=999), False), (Budget(tokens=1000), True), (Budget(calls=10, tokens=999), False),
    (Budget(dollars=0.5), False), (Budget(dollars=1.0), True),
])
def test_a_budget_covers_what_it_leaves_room_for(budget, said):
    assert covers(budget, Estimate(10, 500, 1000, 0.2, 1.0)) is said


@pytest.fixture
def practised(tmp_path) -> RunStore:
    """A finished stand-in run with a library of a few lessons and a gate list."""
    settings = DrawSettings.paper(candidates=2, epochs=0, picture_size=32, views=2, report_views=2)
    studio = open_live(lists(1, gate=3), settings, model="stand-in:effect=0.5,bad=0", scorer=SCORER, reporter=SCORER,
                       root=tmp_path, name="examined", date="2000-01-01", library=PLANTED)
    with studio.run:
        list(studio.practise())
        studio.run.status("finished")
    return RunStore.read(studio.run.folder)


def opened(run: RunStore, **more) -> Examination:
    return open_examination(run.folder, trust_plugins=True, **more)


def test_a_finished_run_is_examined_and_keeps_everything(practised, monkeypatch):
    design = Design(draws=2)
    one = opened(practised)
    with one.run:
        with pytest.raises(RunBusy):
            opened(practised)
        planned = one.plan(design)
        found = one.effects(design)
    run = RunStore.read(practised.folder)
    assert planned.calls == len(Ledger(run.home).tries()) == 5 * 3 * 2
    assert run.info["status"] == "finished"
    rows = run.rows("effects")
    assert [row["lesson"] for row in rows] == ["L1", "L2", "L3", "L4"]
    assert [row["verdict"] for row in rows] == verdicts(found)
    assert {row["column"] for row in rows} == {"tiny"} and {row["method"] for row in rows} == {"leave-one-out"}
    drawings = run.rows("effect_rollouts")
    assert len(drawings) == 30 and {row["role"] for row in drawings} == {"effects"}
    assert {len(row["lessons"]) for row in drawings} == {3, 4}
    monkeypatch.setattr("tests.fakes.TinyScorer.embed_images", lambda *_: pytest.fail("scored again"))
    again = opened(practised)
    with again.run:
        assert again.plan(design).calls == 0
        assert again.effects(design) == found
    assert len(Ledger(run.home).tries()) == planned.calls
    table = found.table()
    assert list(table["id"]) == ["L1", "L2", "L3", "L4"] and set(table["evidence"]) == {"stand-in"}


def test_a_stopped_examination_goes_on_where_it_stopped(practised):
    design = Design(draws=2)
    stopped = opened(practised, budget=Budget(calls=7))
    with pytest.raises(EaselError, match="a budget of 7 calls"), stopped.run:
        stopped.effects(design)
    assert RunStore.read(practised.folder).info["status"] == "finished"
    again = opened(practised)
    with again.run:
        assert again.plan(design).calls == 30 - 7
        found = again.effects(design)
    assert len(Ledger(practised.home).tries()) == 30
    assert found.drawings == 30


def test_draws_that_the_gate_decided_by_are_not_used(tmp_path):
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32, views=2, report_views=2,
                                  gate="drawagent.gate:not_worse", gate_draws=2)
    studio = open_live(lists(1, gate=2), settings, model="stand-in", scorer=SCORER, reporter=SCORER, root=tmp_path,
                       name="gated", date="2000-01-01", library=PLANTED)
    with studio.run:
        list(studio.practise())
        studio.run.status("finished")
    one = opened(studio.run)
    with one.run:
        assert one.first == 2
        one.effects(Design(draws=2, first=one.first))
        assert {row["candidate"] for row in one.run.rows("effect_rollouts")} == {2, 3}


def test_one_library_of_two_epochs_is_examined_under_both(tmp_path):
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32, views=2, report_views=2)
    studio = open_live(lists(1, gate=2), settings, model="stand-in:bad=0", scorer=SCORER, reporter=SCORER,
                       root=tmp_path, name="two", date="2000-01-01", library=PLANTED)
    with studio.run:
        list(studio.practise(review=lambda edit: None))
        studio.run.status("finished")
    asked = []
    for epoch in (0, 1):
        one = opened(studio.run, epoch=epoch)
        with one.run:
            asked.append(one.plan(Design(draws=2)).calls)
            one.effects(Design(draws=2, seed=epoch))
    assert asked == [20, 0], "equal libraries, equal requests"
    assert [row["epoch"] for row in RunStore.read(studio.run.folder).rows("effects")] == [0] * 4 + [1] * 4


@pytest.mark.parametrize(("more", "words"), [
    ({"model": "openai/some"}, "evidence 'stand-in', as the run has"),
    ({"queries": lists(gate=1)}, "at least two gate queries"),
    ({"queries": QueryLists(gate=lists(1).learn)}, "learn0"),
    ({"epoch": 3}, "an epoch whose library the run holds"),
])
def test_what_cannot_be_examined_is_refused(practised, more, words):
    with pytest.raises(ConfigurationError, match=words):
        opened(practised, **more).plan(Design())


def test_a_run_that_could_not_be_opened_is_let_go(practised):
    with pytest.raises(ConfigurationError, match="trust_plugins=True"):
        open_examination(practised.folder)
    RunStore.amend(practised.folder).close()


def test_designs_that_say_nothing_are_refused():
    for design, words in (
        ({"draws": 1}, "at least two draws"), ({"orders": 5}, "an even number"), ({"method": "lasso"}, "or shapley"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            Design(**design)
    with pytest.raises(ConfigurationError, match="a library with lessons"):
        examined(library=Library())


def test_a_record_cannot_be_examined_and_says_what_can(tmp_path):
    studio = open_replay(Recording.read("tour"), root=tmp_path, date="2000-01-01", recompute=False)
    with studio.run:
        list(studio.practise())
        studio.run.status("finished")
    with pytest.raises(ConfigurationError, match="evidence 'recorded'.*Practise with the model itself"):
        open_examination(studio.run.folder)
    # Its lessons may be examined with another model, in no run: with a stand-in that ignores them.
    found = examined(StandIn(), studio.finished.best, draws=2)
    assert verdicts(found) == ["no effect found"] * len(studio.finished.best)


# The command line ---------------------------------------------------------------------------------------------------


def said(*arguments: str):
    from typer.testing import CliRunner

    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_tells_the_cost_and_asks_nothing_unasked(practised):
    first = said("effects", practised.folder, "--draws", "2", "--trust-plugins")
    assert "neither --yes nor a --budget that covers it" in str(first.exception)
    assert "planned: 30 calls" in first.output and "(4 lessons, 3 gate queries)" in first.output
    assert Ledger(practised.home).tries() == ()
    short = said("effects", practised.folder, "--draws", "2", "--trust-plugins", "--budget", "calls=29")
    assert "neither --yes" in str(short.exception) and Ledger(practised.home).tries() == ()
    done = said("effects", practised.folder, "--draws", "2", "--trust-plugins", "--budget", "calls=30")
    assert done.exit_code == 0, done.output
    assert "STAND-IN, no result" in done.output and f"L2   {RunStore.read(practised.folder).rows('effects')[1]['verdict']}" in done.output
    again = said("effects", practised.folder, "--draws", "2", "--trust-plugins")
    assert again.exit_code == 0 and "planned: 0 calls" in again.output, "what is known needs no leave"


def test_the_fork_command_branches(practised):
    refused = said("fork", practised.folder, "--epoch", "0", "--delete", "L9", "--trust-plugins")
    assert "there is no lesson L9" in str(refused.exception) and "L1, L2, L3, L4" in str(refused.exception)
    bad = said("fork", practised.folder, "--epoch", "0", "--modify", "L2", "--trust-plugins")
    assert "a change as ID=WORDS" in str(bad.exception)
    short = said("fork", practised.folder, "--epoch", "0", "--add", " ", "--trust-plugins")
    assert "words for a lesson" in str(short.exception)
    done = said("fork", practised.folder, "--epoch", "0", "--delete", "L3", "--add", "Mind the gap, always.",
                "--modify", "L2=Spend none on it.", "--trust-plugins", "--epochs", "1")
    assert done.exit_code == 0, (done.output, done.exception)
    assert "epoch 0, by hand: delete L3\nepoch 0, by hand: modify L2: Spend none on it." in done.output
    (folder,) = practised.folder.parent.glob("*examined-fork*")
    texts = [lesson["text"] for lesson in RunStore.read(folder).keyed("libraries")["e0"]["lessons"]]
    assert texts == [IDLE, "Spend none on it.", QUIET, "Mind the gap, always."]


# Acceptance ---------------------------------------------------------------------------------------------------------

LIKED = ("bowl", "crown", "glass-box", "keyboard", "lighthouse", "mantel", "person", "plant")
"""Queries for which the toy CLIP clearly prefers wobble; for others it prefers rest, and effects would cancel."""


@pytest.mark.acceptance
def test_planted_lessons_are_found_in_18_of_20_seeds_and_2_of_20_indifferent_ones_at_most():
    queries = [q for q in read_queries(ROOT / "data" / "queries" / "standard.yaml").report if q.id in LIKED]
    scorer = open_scorer("embedded:reward")

    def judged(model: StandIn, library: Library, practice: int) -> list[str]:
        settings = DrawSettings.paper(picture_size=80, views=2, practice=practice, repairs=1)
        found = lesson_effects(library, queries, artist=Artist(model, settings), design=Design(draws=4),
                               reward=ViewReward.of(settings, scorer))
        return verdicts(found)

    assert len(queries) == 8
    found = [judged(MODEL, PLANTED, seed) for seed in range(20)]
    assert sum(row[1] == "harms" for row in found) >= 18
    assert sum(row[2] == "helps" for row in found) >= 18
    for idle in (0, 3):
        assert sum(row[idle] != "no effect found" for row in found) <= 2
    twenty = Library.of_tips([f"Mind point number {n}." for n in range(20)])
    assert sum(one != "no effect found" for one in judged(MODEL, twenty, 0)) <= 2
