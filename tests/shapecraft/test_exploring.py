"""The loop: golden trace, side by side, order, faults as values, resuming by replay, fixes that must make it better."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from collections import Counter

import pytest

from easel.budget import Budget
from easel.chat import Cancelled, ChatRequest, Transient, Truncated, Unavailable
from easel.connection import chain
from easel.errors import ConfigurationError, MissingCapability
from easel.recording import Replay, pack
from easel.retrying import RetryPolicy
from easel.runs import RunStore
from shapecraft import events
from shapecraft.exploring import Craft, explore
from shapecraft.graph import from_json
from shapecraft.keeping import Keeper
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Outcome
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, STOOL, BoxWall, block, checks, fitting, opinion, part_of


def answer(request: ChatRequest) -> str:
    """Path m of a part scores m + t + 4; the draft of path 1 does not run; the whole scores 7."""
    site = request.site
    role = site.role.partition("+")[0]
    if role in ("parser", "parser-update"):
        return STOOL
    if role == "evaluator-part":
        return opinion(min(10, 4 + site.candidate + site.epoch), checks=checks(5))
    if role.startswith("evaluator"):
        return opinion(7, checks=checks(5))
    if role == "coder" and site.candidate == 1:
        return BROKEN
    return fitting(part_of(request), 1 + 0.01 * site.candidate + 0.001 * site.epoch)


def craft(model=None, *, settings=None, run=None, **more) -> Craft:
    return Craft(model or Scripted(answer), more.pop("wall", None) or BoxWall(), "a stool",
                 settings or CraftSettings.paper(paths=2, steps=2), keeper=Keeper(run), name="s1", **more)


def open_run(root, name: str = "test") -> RunStore:
    return RunStore.open(
        root, name, fingerprint="f" * 64, configuration={"a": 1}, evidence="stand-in", facts={}, date="2000-01-01"
    )


def told(seen) -> list[str]:
    lines = []
    for event in seen:
        name = type(event).__name__
        if isinstance(event, events.AttemptFinished):
            name = f"{event.attempt.id} {event.attempt.outcome.kind} {event.attempt.score}"
        elif isinstance(event, events.ComponentFinished):
            name = f"{event.component}: {event.chosen.id if event.chosen else None} of {len(event.attempts)}"
        lines.append(name)
    return lines


GOLDEN = [
    "Parsed", "Bootstrapped", "Bootstrapped",
    "legs/m0/t0/r0 ran 4.0", "legs/m0/t1/r0 ran 5.0",
    "legs/m1/t0/r0 raised None", "legs/m1/t0/r1 ran 5.0", "legs/m1/t1/r0 ran 6.0",
    "legs: legs/m1/t1/r0 of 5",
    "seat/m0/t0/r0 ran 4.0", "seat/m0/t1/r0 ran 5.0",
    "seat/m1/t0/r0 raised None", "seat/m1/t0/r1 ran 5.0", "seat/m1/t1/r0 ran 6.0",
    "seat: seat/m1/t1/r0 of 5",
    "Assembled", "GlobalLooked", "ExploreFinished",
]


def test_the_golden_trace():
    model, wall = Scripted(answer), BoxWall()
    seen = list(explore(craft(model, wall=wall)))
    assert told(seen) == GOLDEN
    rounds = [f"{role}/s1/{n}/-1" for n in (0, 1) for role in ("evaluator-volumes", "parser-update")]
    parts = [f"{role}/s1/{part}/{t}/{m}" for part in ("legs", "seat") for m in (0, 1)
             for role, t in (("coder", 0), ("evaluator-part", 0), ("coder-revise", 1), ("evaluator-part", 1))]
    assert model.sites() == sorted(["parser/s1/-1/-1", *rounds, *parts, "coder-repair/s1/legs/0/1",
                                    "coder-repair/s1/seat/0/1", "evaluator-whole/s1/0/-1"])
    done = seen[-1]
    assert [one.id for one in done.chosen] == ["legs/m1/t1/r0", "seat/m1/t1/r0"]
    assert done.graph["seat"].program == done.chosen[1].program
    assert read_glb(done.assembly.glb).names == ("legs", "seat")
    assert (done.assembly.missing, done.assembly.differs) == ((), ())
    tally = done.tally
    assert dict(tally.calls) == {
        "parser": 1, "parser, update": 2, "evaluator, volumes": 2, "coder, draft": 4, "coder, repair": 2,
        "coder, revision": 4, "evaluator, part": 8, "evaluator, whole": 1}
    assert sum(dict(tally.calls).values()) == len(model.calls)
    assert (tally.components, tally.made, tally.attempts, tally.unscored) == (2, 2, 10, 0)
    assert (tally.first_pass, tally.repaired, tally.whole) == (0.75, 1.0, True)
    assert len(wall.jobs) == 11, "ten programs and the global one"


def test_one_component_takes_the_papers_calls():
    """Paper: 21 = 1 parse + 2 bootstrapping + 3 paths x 3 steps x 2; a round is two of ours, a look one more."""
    one = json.dumps({"object": "stool", "components": json.loads(STOOL)["components"][:1]})

    def single(request):
        return one if request.site.role.startswith("parser") else opinion(5) \
            if request.site.role.startswith("evaluator") else fitting("legs")

    model = Scripted(single)
    list(explore(craft(model, settings=CraftSettings.paper())))
    assert len(model.calls) == 1 + 2 * 2 + 3 * 3 * 2 + 1


def test_components_paths_and_calls_go_side_by_side():
    """Every call takes 0.2 s, every program 0.05 s: the clock shows the longest chain, not the sum."""
    def slow(request):
        time.sleep(0.2)
        return opinion(5) if request.site.role == "evaluator-part" else answer(request)

    settings = CraftSettings.paper(paths=3, steps=2, rounds=1)
    list(explore(craft()))  # imports
    model = Scripted(slow)
    start = time.monotonic()
    list(explore(craft(model, settings=settings, wall=BoxWall(seconds=0.05))))
    taken = time.monotonic() - start
    # parse, 2 of the round, draft, repair, judge, revise, judge, whole; programs: broken, repaired, revised, global
    critical = 9 * 0.2 + 4 * 0.05
    assert len(model.calls) == 1 + 2 + 2 * (3 * 4 + 1) + 1
    assert critical <= taken < 1.25 * critical + 0.75, "a busy machine takes its share; one after another is 6.7 s"


def test_a_slow_component_keeps_nobody_waiting_and_events_stay_in_order():
    seat_done = threading.Event()

    def slow_legs(request):
        if part_of(request) == "legs" and request.site.role == "coder" and request.site.candidate == 0:
            assert seat_done.wait(10), "the seat waited for the legs"
        if part_of(request) == "seat" and request.site.role == "evaluator-part" and request.site.epoch == 1:
            seat_done.set()
        return answer(request)

    assert told(explore(craft(Scripted(slow_legs)))) == GOLDEN


def test_the_generator_asks_nothing_ahead_of_its_reader():
    model = Scripted(answer)
    steps = explore(craft(model))
    assert isinstance(next(steps), events.Parsed)
    assert model.sites() == ["parser/s1/-1/-1"]
    next(steps)
    assert len(model.calls) == 3
    steps.close()


def test_a_part_that_a_round_adds_is_made_and_judged_by_items_of_its_own(tmp_path):
    """The added part's words change in the next round; its items, like all others, do not."""
    def plan(round: int) -> str:
        data = json.loads(STOOL)
        data["components"][0]["geometry"] += f", round {round}"
        data["components"].append({"name": "back", "geometry": f"a low back, round {round}", "position": "behind",
                                   "box": {"center": [0, 0.18, 0.6], "size": [0.4, 0.04, 0.3]}})
        return json.dumps(data)

    def adding(request):
        role = request.site.role
        if role == "parser-update":
            return plan(request.site.epoch)
        if role == "evaluator-whole":
            return opinion(7, checks=checks(6))
        if role == "evaluator-part" and part_of(request) == "back":
            return opinion(9, checks=checks(4))
        if role == "coder" and part_of(request) == "back":
            return block((0.4, 0.04, 0.3), (0, 0.18, 0.6))
        return answer(request)

    model = Scripted(adding)
    settings = CraftSettings.ours(paths=1, steps=1, global_fixes=0, solve_relations=False)
    with open_run(tmp_path) as run:
        seen = list(explore(craft(model, settings=settings, run=run)))
        assert [one.component for one in seen[-1].chosen] == ["legs", "seat", "back"]
        assert seen[-1].tally.components == 3
        judged = next(c for c in model.calls if c.site.role == "evaluator-part" and part_of(c) == "back")
        assert "1. The form is as described: a low back, round 0" in judged.messages[1].text
        rows = run.rows("bootstraps")
        assert ("checklist" in rows[0], "checklist" in rows[1]) == (True, False)
        assert rows[0]["checklist"]["parts"]["legs"][0] == "The form is as described: four round legs"
        assert rows[0]["checklist"]["whole"][3].startswith("back is there, and where it belongs: behind")
        assert len(rows[0]["checklist"]["whole"]) == 6
        assert run.rows("parses")[0]["checklist"]["parts"].keys() == {"legs", "seat"}


def test_a_text_that_cannot_be_parsed_ends_with_a_reason(tmp_path):
    with open_run(tmp_path) as run:
        seen = list(explore(craft(Scripted(lambda request: "A stool, hm."), run=run)))
        assert told(seen) == ["ParseFailed", "ExploreFinished"]
        assert (seen[-1].graph, seen[-1].failure, dict(seen[-1].tally.calls)) == (None, "invalid", {"parser": 2})
        assert run.rows("explored")[0]["reason"].startswith("expected one JSON object")


def test_a_component_that_nobody_can_make_is_missing_and_the_rest_is_assembled():
    def no_seat(request):
        return BROKEN if part_of(request) == "seat" and request.site.role.startswith("coder") else answer(request)

    model = Scripted(no_seat)
    seen = list(explore(craft(model)))
    done = seen[-1]
    assert (done.tally.components, done.tally.made, done.failure) == (2, 1, "")
    assert done.assembly.missing == ("seat",)
    assert done.graph["seat"].program == ""
    look = next(call for call in model.calls if call.site.role == "evaluator-whole")
    assert "seat could not be made" in look.messages[1].text
    assert done.tally.repaired < 1.0


def test_nothing_made_is_an_end_with_a_reason():
    seen = list(explore(craft(Scripted(lambda r: BROKEN if r.site.role.startswith("coder") else answer(r)))))
    assert told(seen)[-2:] == ["Assembled", "ExploreFinished"]
    assert (seen[-1].assembly, seen[-1].failure, seen[-1].tally.repaired) == (None, "nothing made", 0.0)
    assert seen[-1].tally.whole is None
    assert seen[-2].assembly is None


def test_a_global_program_that_does_not_run_is_told_beside_the_rates_of_the_steps(tmp_path):
    class NoWhole(BoxWall):
        def run(self, job):
            return Outcome("raised", message="NameError") if job.name == "whole" else super().run(job)

    with open_run(tmp_path) as run:
        tally = list(explore(craft(run=run, wall=NoWhole())))[-1].tally
        assert (tally.made, tally.repaired, tally.whole) == (2, 1.0, False)
        assert run.rows("explored")[0]["tally"]["whole"] is False


def test_failed_calls_are_values_and_counted():
    def faulty(request):
        site = request.site
        if site.role == "coder" and site.candidate == 0:
            raise Truncated("a whole reply")
        if site.role.startswith("evaluator-part") and site.epoch == 1:
            return "I cannot say."
        return answer(request)

    seen = list(explore(craft(Scripted(faulty))))
    attempts = [event.attempt for event in seen if isinstance(event, events.AttemptFinished)]
    assert [(one.id, one.failure) for one in attempts if one.failure] == [
        ("legs/m0/t0/r0", "truncated"), ("seat/m0/t0/r0", "truncated")]
    tally = seen[-1].tally
    assert (tally.unscored, tally.attempts) == (2, 8)
    assert (tally.first_pass, tally.repaired) == (round(2 / 6, 6), round(4 / 6, 6)), "in every denominator"
    assert [one.id for one in seen[-1].chosen] == ["legs/m1/t0/r1", "seat/m1/t0/r1"], "a score before none"


def test_a_provider_that_fails_three_times_in_ten_is_retried_and_every_request_is_in_the_ledger(tmp_path):
    model = Scripted(answer)
    chance = random.Random(3)

    def flaky(request):
        if chance.random() < 0.3:
            raise Transient("a reply", came="status 503")
        return answer(request)

    model.answer = flaky
    with open_run(tmp_path) as run:
        chat = chain(model, store=run.replies, ledger=run.home, policy=RetryPolicy(first_wait=0.001, longest_wait=0.01))
        assert told(explore(craft(chat, run=run))) == GOLDEN
        tries = chat.ledger.tries()
        assert len(tries) == len(model.calls) == chat.budget.spent.calls > 24
        assert max(Counter(one.key for one in tries if one.outcome == "ok").values()) == 1


def test_a_systemic_fault_ends_the_run_and_everything_earned_is_kept(tmp_path):
    def gone(request):
        if request.site.role == "coder-revise":
            raise Unavailable("a provider")
        return answer(request)

    with open_run(tmp_path) as run:
        stop = threading.Event()
        model = chain(Scripted(gone), store=run.replies, ledger=run.home, stop=stop)
        with pytest.raises(Unavailable):
            list(explore(craft(model, run=run, stop=stop)))
        assert not stop.is_set()
        kept = len(list(run.replies))
        second = Scripted(answer)
        again = chain(second, store=run.replies, ledger=run.home)
        assert told(explore(craft(again, run=run))) == GOLDEN
        assert len(list(run.replies)) == kept + len(second.calls)


@pytest.mark.parametrize("policy", ["independent", "breadth_first"])
def test_a_fault_in_a_later_component_ends_the_earlier_ones_at_once(policy):
    """The legs would go on for T steps of 0.1 s; the seat fails with its first call."""
    def gone(request):
        if part_of(request) == "seat" and request.site.role == "coder":
            time.sleep(0.05)
            raise Unavailable("a provider", came="no answer to the seat")
        if part_of(request) == "legs":
            time.sleep(0.1)
        return answer(request)

    model, stop = Scripted(gone), threading.Event()
    settings = CraftSettings.paper(paths=1, steps=8, rounds=0, threshold=10, policy=f"shapecraft.paths:{policy}")
    with pytest.raises(Unavailable, match="no answer to the seat"):
        list(explore(craft(model, settings=settings, stop=stop)))
    assert sum(part_of(call) == "legs" for call in model.calls) <= 2, "of sixteen"
    assert not stop.is_set()


def test_a_budget_ends_the_run_and_a_larger_one_goes_on(tmp_path):
    with open_run(tmp_path) as run:
        model = Scripted(answer)
        small = chain(model, store=run.replies, ledger=run.home, budget=Budget(calls=9))
        with pytest.raises(Exception, match="at most 9|9 calls"):
            list(explore(craft(small, run=run)))
        assert len(model.calls) == 9
        again = chain(model, store=run.replies, ledger=run.home)
        assert told(explore(craft(again, run=run))) == GOLDEN
        assert len(model.calls) == len({call.key for call in model.calls}), "nothing was paid twice"


@pytest.mark.parametrize("after", [1, 4, 9, 15])
def test_a_run_that_was_left_goes_on_by_replay_and_ends_the_same(tmp_path, after):
    whole_wall, whole = BoxWall(), Scripted(answer)
    with open_run(tmp_path / "whole") as run:
        list(explore(craft(chain(whole, store=run.replies), run=run, wall=whole_wall)))
        expected = {table: run.keyed(table) for table in ("attempts", "components", "explored", "looks")}
    model, wall = Scripted(answer), BoxWall()
    with open_run(tmp_path / "left") as run:
        steps = explore(craft(chain(model, store=run.replies), run=run, wall=wall))
        for _ in range(after):
            next(steps)
        steps.close()
    with open_run(tmp_path / "left") as run:
        assert told(explore(craft(chain(model, store=run.replies), run=run, wall=wall))) == GOLDEN
        assert {table: run.keyed(table) for table in expected} == expected
    assert len(model.calls) == len(whole.calls)
    assert sorted(job.program for job in wall.jobs) == sorted({job.program for job in whole_wall.jobs})


def test_a_recording_replays_without_a_model_to_the_same_rows(tmp_path):
    with open_run(tmp_path / "live") as run:
        list(explore(craft(chain(Scripted(answer), store=run.replies), run=run)))
        expected = {table: run.keyed(table) for table in ("bootstraps", "attempts", "components", "explored", "looks")}
        pack(run.replies, tmp_path / "replies.json.gz")
    with open_run(tmp_path / "again") as run:
        replay = Replay(tmp_path / "replies.json.gz")
        replay.sees_images = False
        assert told(explore(craft(replay, run=run))) == GOLDEN
        assert {table: run.keyed(table) for table in expected} == expected


def test_an_interrupt_stops_cleanly_and_leaves_no_thread(tmp_path):
    before = threading.active_count()

    def interrupting(request):
        time.sleep(0.05)
        return answer(request)

    model = Scripted(interrupting)
    steps = explore(craft(model))
    for event in steps:
        if isinstance(event, events.AttemptFinished):
            break
    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt())
    assert threading.active_count() == before
    asked = len(model.calls)
    time.sleep(0.15)
    assert len(model.calls) == asked


@pytest.fixture
def ctrl_c():
    """A shell that starts the tests in the background has its children ignore Ctrl-C; here it counts."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_reaches_a_loop_that_waits_and_nothing_new_is_asked():
    before = threading.active_count()

    def pressing(request):
        if str(request.site) == "coder/s1/seat/0/0":
            time.sleep(0.2)
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.2)
        return answer(request)

    model = Scripted(pressing)
    with pytest.raises(KeyboardInterrupt):
        list(explore(craft(model)))
    assert threading.active_count() == before
    assert "evaluator-whole/s1/0/-1" not in model.sites()
    assert "evaluator-part/s1/seat/0/0" not in model.sites(), "the path in which it came"


def test_a_fault_of_the_machine_is_raised_and_no_thread_stays():
    class Gone(BoxWall):
        def run(self, job):
            raise MissingCapability("a jail in which Blender starts", mend="Type: easel doctor")

    before = threading.active_count()
    with pytest.raises(MissingCapability, match="Type: easel doctor"):
        list(explore(craft(wall=Gone())))
    assert threading.active_count() == before


def test_a_stop_that_is_set_holds():
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        list(explore(craft(stop=stop)))
    assert stop.is_set()


def fixing(second: float):
    """The whole scores 6 and its seat is to be fixed; with the fix it scores `second`."""
    def reply(request):
        site = request.site
        if site.role == "evaluator-whole":
            fixes = [{"component": "seat", "feedback": "Make it thicker."}] if site.epoch == 0 else []
            return opinion(second if site.epoch else 6, checks=checks(5), fixes=fixes)
        return answer(request)
    return reply


@pytest.mark.parametrize(("second", "kept"), [(8, True), (6, False), (3, False)])
def test_fixes_stay_only_where_the_object_got_better(second, kept, tmp_path):
    settings = CraftSettings.paper(paths=1, steps=1, rounds=0, global_fixes=1)
    model = Scripted(fixing(second))
    with open_run(tmp_path) as run:
        seen = list(explore(craft(model, settings=settings, run=run)))
        assert told(seen)[-6:] == ["Assembled", "GlobalLooked", "seat/m0/t1/r0 ran None", "Assembled", "GlobalLooked",
                                   "ExploreFinished"]
        assert [one.id for one in seen[-1].chosen] == ["legs/m0/t0/r0", f"seat/m0/t{1 if kept else 0}/r0"]
        assert seen[-1].assembly == seen[-3 if kept else -6].assembly
        assert [row["kept"] for row in run.rows("looks")] == [True, kept]
        assert "Make it thicker." in next(c for c in model.calls if c.site.role == "coder-revise").messages[1].text
    assert sum(call.site.role == "evaluator-whole" for call in model.calls) == 2, "one round of fixes, no more"


def test_the_paper_preset_fixes_nothing():
    settings = CraftSettings.paper(paths=1, steps=1, rounds=0)
    assert told(explore(craft(Scripted(fixing(8)), settings=settings)))[-3:] == [
        "Assembled", "GlobalLooked", "ExploreFinished"]


def test_ours_drafts_first_and_judges_the_best():
    def ours(request):
        if request.site.role == "evaluator-whole":
            return opinion(7, checks=checks(5))
        if request.site.role == "evaluator-part":
            return opinion(9, checks=checks(5))
        return answer(request)

    model = Scripted(ours)
    seen = list(explore(craft(model, settings=CraftSettings.ours(paths=3, rounds=0))))
    judged = [call.site for call in model.calls if call.site.role == "evaluator-part"]
    assert [(site.query, site.candidate) for site in sorted(judged, key=str)] == [("s1/legs", 0), ("s1/seat", 0)]
    assert [one.id for one in seen[-1].chosen] == ["legs/m0/t0/r0", "seat/m0/t0/r0"]


def test_the_evaluator_may_be_another_model():
    eyes = Scripted(answer, name="eyes", sees_images=True)
    model = Scripted(answer)
    settings = CraftSettings.paper(paths=1, steps=1, rounds=1, sheet_size=40, box_sheet_size=40)
    list(explore(craft(model, settings=settings, vision=eyes)))
    assert {call.site.role.partition("-")[0] for call in eyes.calls} == {"evaluator"}
    assert all(call.messages[1].images for call in eyes.calls)
    assert {call.site.role.partition("-")[0] for call in model.calls} == {"parser", "coder"}


def test_a_run_keeps_every_attempt_the_graphs_and_the_object(tmp_path):
    with open_run(tmp_path) as run:
        eyes = Scripted(answer, sees_images=True)
        settings = CraftSettings.paper(paths=2, steps=2, sheet_size=40, box_sheet_size=40)
        seen = list(explore(craft(eyes, run=run, settings=settings)))
        rows = run.rows("attempts")
        assert [row["outcome"] for row in rows[:4]] == ["ran", "ran", "raised", "ran"]
        assert rows[2]["message"] == "ValueError: no such thing"
        assert rows[2]["line"] == 2
        assert rows[0]["facts"]["worst"] == 0.0
        assert rows[0]["judgement"]["feedback"] == "Make it a little wider."
        assert rows[0]["judgement"]["sheet"].startswith("shape-sheet|")
        assert set(rows[0]) >= {"component", "m", "t", "program", "advice", "outcome", "message", "line", "facts",
                                "score", "judgement", "reply_keys"}
        assert [row["round"] for row in run.rows("bootstraps")] == [0, 1]
        assert [row["replies"] for row in run.rows("components")] == [9, 9]
        assert from_json((run.folder / "graph/final.json").read_text()) == seen[-1].graph
        assert from_json((run.folder / "graph/parsed.json").read_text()).names == ("legs", "seat")
        assert read_glb((run.folder / "object.glb").read_bytes()).names == ("legs", "seat")
        assert "def seat():" in (run.folder / "object.py").read_text()
        assert (run.folder / "sheets/legs/m1_t0_r1.png").read_bytes().startswith(b"\x89PNG")
        assert (run.folder / "sheets/whole0.png").exists()
        assert (run.folder / "sheets/volumes1.png").exists()
        assert run.info["wall"] == "no wall, boxes only"


def test_wrong_arguments_are_told_before_anything_is_asked():
    with pytest.raises(ConfigurationError, match="an object in words"):
        Craft(Scripted(answer), BoxWall(), "  ")
    with pytest.raises(ConfigurationError, match="'nothing' in module 'shapecraft.paths'"):
        craft(settings=CraftSettings.paper(policy="shapecraft.paths:nothing"))
    with pytest.raises(ConfigurationError, match="a callable that takes"):
        craft(settings=CraftSettings.paper(policy="shapecraft.attempts:best"))
