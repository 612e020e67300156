"""The driver and the review desk, without any widget: steps, pauses, stops, faults, decisions, and nothing paid twice."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from drawagent import events
from drawagent.edits import Add, Delete, Keep, Modify
from drawagent.experience import Caps
from drawagent.recordings import Recording
from drawagent.reporting import AnchorReport, EpochReport
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import Studio, open_studio, start_run
from easel.chat import Cancelled
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.ledger import Ledger
from easel.runs import RunStore
from tests.fakes import TinyScorer, lists
from widgets.driver import Driver, drive
from widgets.review import ReviewDesk, question

TABLES = ("rollouts", "pairs", "judgements", "edits", "reviews", "libraries", "epochs", "measured")
WAIT = 20


def studio(root: Path, *, seconds: float = 0.0, epochs: int = 2, home: Path | None = None) -> Studio:
    """A stand-in run on a scorer without weights; the same configuration every time, so that it is found again."""
    queries = lists(2, report=2)
    settings = DrawSettings.paper(candidates=3, epochs=epochs, inference_draws=1, picture_size=32, views=2, report_views=2)
    reward = ViewReward.of(settings, TinyScorer())
    run = start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward,
                    root=root, name="driven", date="2000-01-01", home=home)
    stop = threading.Event()
    made = chain(StandIn(seconds=seconds), store=run.replies, ledger=run.home, stop=stop, concurrency=2)
    return open_studio(queries, settings, chat=made.chat, run=run, reward=reward, measured_by=reward, stop=stop, workers=2)


def counting(n: int, log: list | None = None, fault: BaseException | None = None):
    try:
        yield from range(n)
        if fault:
            raise fault
    finally:
        if log is not None:
            log.append(threading.current_thread().name)


def rows(folder: Path) -> dict[str, list[dict]]:
    run = RunStore.read(folder)
    return {table: run.rows(table) for table in TABLES}


def paid(folder: Path) -> list[str]:
    return [one.key for one in Ledger(folder).tries() if one.outcome == "ok"]


def driver_threads() -> int:
    return sum(thread.name in ("driver",) or thread.name.startswith("crew") for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def nothing_is_left_running():
    before = driver_threads()
    yield
    deadline = time.monotonic() + 2
    while driver_threads() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert driver_threads() == before


def test_steps_go_one_event_at_a_time_and_run_goes_to_the_end():
    heard, states = [], []
    driver = Driver(counting(5))
    driver.listen(heard.append)
    driver.watch(lambda: states.append(driver.state))
    assert driver.state == "ready" and driver.wait() == "ready"
    assert driver.step().wait(WAIT) == "paused" and heard == [0]
    assert driver.step().wait(WAIT) == "paused" and heard == [0, 1]
    late = []
    driver.listen(late.append)
    assert late == [0, 1], "a late listener hears what was told before"
    assert driver.run().wait(WAIT) == "finished"
    assert heard == late == list(driver.events) == [0, 1, 2, 3, 4]
    assert list(dict.fromkeys(states)) == ["running", "paused", "finished"]
    with pytest.raises(ConfigurationError, match="expected a loop that can go on, got one that has finished"):
        driver.step()
    assert driver.stop().state == "finished"


def test_step_to_rests_at_the_kind_and_a_pause_after_the_event_that_is_being_made():
    entered, go = threading.Event(), threading.Event()

    def slow():
        yield 1
        yield "word"
        entered.set()
        go.wait(WAIT)
        yield 2
        yield 3

    with Driver(slow()) as driver:
        assert driver.step_to(str).wait(WAIT) == "paused"
        assert driver.events == (1, "word")
        driver.run()
        assert entered.wait(WAIT)
        driver.pause()
        assert driver.pausing and driver.state == "running"
        with pytest.raises(TimeoutError, match="still running after 0.01 s"):
            driver.wait(0.01)
        go.set()
        assert driver.wait(WAIT) == "paused"
        assert driver.events == (1, "word", 2) and not driver.pausing
    assert driver.state == "stopped"


def test_a_pause_before_the_loop_woke_is_a_pause():
    with Driver(counting(10_000)) as driver:
        for _ in range(50):
            driver.run().pause().wait(WAIT)
            assert driver.state == "paused"
        assert len(driver.events) < 10_000


def test_a_listener_may_steer_and_a_step_counts_from_the_event_it_hears():
    driver = Driver(counting(6))
    driver.listen(lambda event: driver.step() if event == 0 else None)
    driver.step()
    assert driver.wait(WAIT) == "paused" and driver.events == (0, 1)
    driver.listen(lambda event: driver.stop() if event == 3 else None)
    driver.run().wait(WAIT)
    assert driver.state == "stopped" and driver.events == (0, 1, 2, 3)


def test_stopping_closes_the_loop_in_its_own_thread_and_clears_the_stop_event():
    log, ends, stop = [], [], threading.Event()
    driver = Driver(counting(5, log), stop=stop, at_end=lambda state, error: ends.append((state, error)))
    driver.step().wait(WAIT)
    driver.stop()
    driver.stop()
    assert (driver.state, log, ends, stop.is_set()) == ("stopped", ["driver"], [("stopped", None)], False)
    with pytest.raises(ConfigurationError, match="one that has stopped.* what it holds is not asked again"):
        driver.run()


def test_a_driver_that_never_moved_can_be_stopped():
    ends = []
    driver = Driver(counting(5), at_end=lambda state, error: ends.append(state))
    assert driver.stop().state == "stopped" and ends == ["stopped"] and driver.events == ()


def test_a_fault_of_the_loop_is_kept_and_raised_where_somebody_waits():
    fault, ends = ValueError("broken loop"), []
    driver = Driver(counting(2, fault=fault), at_end=lambda state, error: ends.append((state, error)))
    with pytest.raises(ValueError, match="broken loop"):
        driver.run().wait(WAIT)
    assert driver.state == "failed" and driver.error is fault and ends == [("failed", fault)]
    assert driver.events == (0, 1)


def test_a_fault_of_a_listener_ends_the_driving_but_every_listener_hears_the_event():
    heard = []

    def broken(event):
        raise RuntimeError("cannot draw this")

    driver = Driver(counting(3))
    driver.listen(broken)
    driver.listen(heard.append)
    with pytest.raises(RuntimeError, match="cannot draw this"):
        driver.run().wait(WAIT)
    assert heard == [0] and driver.events == (0,)


def test_many_hands_lose_and_double_nothing():
    """Eight threads press every button at once; the events come once each and in order."""
    heard = []
    driver = Driver(counting(400))
    driver.listen(heard.append)

    def press():
        for button in range(50):
            try:
                (driver.step, driver.run, driver.pause)[button % 3]()
            except ConfigurationError:
                return

    hands = [threading.Thread(target=press) for _ in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    if driver.state != "finished":
        driver.run()
    assert driver.wait(WAIT) == "finished"
    assert heard == list(range(400))


def test_a_studio_is_driven_through_practice_and_report(tmp_path):
    driver = drive(studio(tmp_path))
    assert driver.step_epoch().wait(WAIT) == "paused"
    assert isinstance(driver.events[-1], events.EpochFinished) and driver.events[-1].epoch == 0
    assert driver.step_to(EpochReport).wait(WAIT) == "paused"
    assert driver.run().wait(WAIT) == "finished"
    assert isinstance(driver.events[-1], AnchorReport)
    assert RunStore.read(next(tmp_path.glob("*_driven_*"))).info["status"] == "finished"


def test_stopped_in_the_middle_of_an_epoch_it_resumes_to_the_same_run_and_pays_for_nothing_twice(tmp_path):
    whole = drive(studio(tmp_path / "whole"))
    whole.run().wait(WAIT)
    unbroken = next((tmp_path / "whole").glob("*_driven_*"))

    first = studio(tmp_path / "broken", seconds=0.02)
    driver = drive(first)
    driver.step_to(events.CandidatesScored).wait(WAIT)
    driver.run()
    time.sleep(0.03)
    driver.stop()
    assert driver.state == "stopped" and not first.stop.is_set()
    folder = next((tmp_path / "broken").glob("*_driven_*"))
    info = RunStore.read(folder).info
    assert (info["status"], info["reason"]) == ("interrupted", "stopped by a person")
    half = paid(folder)
    assert 3 <= len(half) < len(paid(unbroken))
    assert all(one.outcome == "ok" for one in Ledger(folder).tries()), "calls in flight were finished"
    assert len(list(RunStore.read(folder).replies)) == len(half), "and kept"
    time.sleep(0.05)
    assert paid(folder) == half, "nothing goes on after a stop"

    again = drive(studio(tmp_path / "broken"))
    assert again.run().wait(WAIT) == "finished"
    assert sorted(paid(folder)) == sorted(paid(unbroken)) and len(set(paid(folder))) == len(paid(folder))
    assert rows(folder) == rows(unbroken)


def test_a_replayed_recording_is_driven_too(tmp_path):
    from drawagent.replaying import open_replay

    driver = drive(open_replay(Recording.read("tour"), root=tmp_path, date="2000-01-02", recompute=False))
    with driver:
        driver.step_epoch().wait(WAIT)
        kinds = [type(event).__name__ for event in driver.events]
    assert kinds[0] == "EpochStarted" and kinds[-1] == "EpochFinished" and kinds.count("CandidatesScored") == 3


def decided(root: Path, decide) -> tuple[Driver, Path]:
    """A practice of one epoch in which every question is answered by `decide(desk)`."""
    desk = ReviewDesk()
    driver = drive(studio(root, epochs=1), desk=desk)
    while driver.run().wait(WAIT) == "waiting for a decision":
        decide(desk)
    return driver, next(root.glob("*_driven_*"))


def test_a_veto_is_a_human_decision_of_the_record(tmp_path):
    driver, folder = decided(tmp_path, ReviewDesk.veto)
    (review,) = RunStore.read(folder).rows("reviews")
    assert (review["epoch"], review["number"], review["edit"]) == (0, 0, None)
    (outcome,) = RunStore.read(folder).rows("edits")[0]["outcomes"]
    assert (outcome["author"], outcome["applied"], outcome["reason"]) == ("human", False, "vetoed in review")
    finished = next(event for event in driver.events if isinstance(event, events.PractiseFinished))
    assert len(finished.best) == 0


def test_new_words_enter_under_a_persons_name(tmp_path):
    driver, folder = decided(tmp_path, lambda desk: desk.edit("Close every outline."))
    finished = next(event for event in driver.events if isinstance(event, events.PractiseFinished))
    (lesson,) = finished.best.lessons
    assert lesson.text == "Close every outline." and [one.author for one in lesson.history] == ["human"]
    assert RunStore.read(folder).rows("reviews")[0]["edit"]["text"] == "Close every outline."


def test_an_accepted_lesson_stays_the_models(tmp_path):
    driver, folder = decided(tmp_path, ReviewDesk.accept)
    finished = next(event for event in driver.events if isinstance(event, events.PractiseFinished))
    assert [one.author for one in finished.best.lessons[0].history] == ["model"]
    assert RunStore.read(folder).rows("edits")[0]["outcomes"][0]["applied"]


def test_a_stop_leaves_no_half_decision_and_the_question_comes_again(tmp_path):
    desk = ReviewDesk()
    driver = drive(studio(tmp_path, epochs=1), desk=desk)
    assert driver.run().wait(WAIT) == "waiting for a decision"
    proposed = desk.pending
    driver.stop()
    assert driver.state == "stopped" and desk.pending is None
    folder = next(tmp_path.glob("*_driven_*"))
    assert rows(folder)["reviews"] == [] and rows(folder)["edits"] == []
    before = paid(folder)
    with pytest.raises(ConfigurationError, match="expected an edit that waits for a decision, got none"):
        desk.accept()

    again = drive(studio(tmp_path, epochs=1), desk=desk)
    assert again.run().wait(WAIT) == "waiting for a decision" and desk.pending == proposed
    assert paid(folder) == before, "the question costs nothing the second time"
    desk.veto()
    assert again.wait(WAIT) == "finished"
    third = drive(studio(tmp_path, epochs=1), desk=ReviewDesk())
    assert third.run().wait(WAIT) == "finished", "a decision of the record is not asked for again"


def test_edits_that_were_written_before_are_not_asked_about(tmp_path):
    """A veto of what the run holds as entered would contradict its rows for ever."""
    drive(studio(tmp_path)).step_epoch().stop()
    first = drive(studio(tmp_path))
    assert first.step_epoch().wait(WAIT) == "paused"
    first.stop()
    desk = ReviewDesk()
    again = drive(studio(tmp_path), desk=desk)
    assert again.run().wait(WAIT) == "waiting for a decision"
    assert [type(event).__name__ for event in again.events].count("EditsApplied") == 1
    while again.wait(WAIT) == "waiting for a decision":
        desk.veto()
    assert again.state == "finished"
    folder = next(tmp_path.glob("*_driven_*"))
    assert [any(one["applied"] for one in row["outcomes"]) for row in rows(folder)["edits"]] == [True, False]


def asked(desk: ReviewDesk, edit) -> tuple[threading.Thread, list]:
    said = []

    def ask():
        try:
            said.append(desk(edit))
        except Cancelled as error:
            said.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    deadline = time.monotonic() + WAIT
    while thread.is_alive() and desk.pending is None and time.monotonic() < deadline:
        time.sleep(0.001)
    return thread, said


@pytest.mark.parametrize(("text", "sentence"), [
    ("", "expected words that a lesson can have, got a lesson needs words (at review)."),
    ("  \n ", "expected words that a lesson can have, got a lesson needs words (at review)."),
    ("x" * 2001, "expected words that a lesson can have, got String should have at most 2000 characters (at review)."),
    ("one two three four five", "expected a lesson of at most 4 words, got 5 words (at review)."),
    ("Return valid JSON.", "expected a lesson about the drawing, got format advice (at review). "
                           "The reader of the reply handles format."),
])
def test_words_that_no_lesson_can_have_are_refused_in_a_sentence_and_the_edit_waits_on(text, sentence):
    desk = ReviewDesk(Caps(words=4, refuse_format=True))
    thread, said = asked(desk, Add(op="add", text="Old words."))
    with pytest.raises(ConfigurationError) as refused:
        desk.edit(text)
    assert str(refused.value) == sentence
    assert desk.pending == Add(op="add", text="Old words.")
    desk.edit("New words here.")
    thread.join()
    assert said == [Add(op="add", text="New words here.")]


def test_a_modification_keeps_its_lesson_and_a_deletion_has_no_words():
    desk = ReviewDesk()
    thread, said = asked(desk, Modify(op="modify", id="L3", text="Old words.", because=("p",)))
    desk.edit("New words.")
    thread.join()
    assert said == [Modify(op="modify", id="L3", text="New words.", because=("p",))]
    thread, said = asked(desk, Delete(op="delete", id="L3"))
    with pytest.raises(ConfigurationError, match=r"got a proposal to delete a lesson .* Accept it or veto it\."):
        desk.edit("New words.")
    desk.veto()
    thread.join()
    assert said == [None]


def test_a_desk_that_does_not_ask_lets_pass_and_keeping_is_never_asked():
    desk = ReviewDesk(asking=False)
    lesson = Add(op="add", text="Any words.")
    assert desk(lesson) == lesson
    desk.asking = True
    assert desk(Keep(op="keep", id="L1")) == Keep(op="keep", id="L1")
    desk.cancel()
    with pytest.raises(Cancelled, match="a decision on an edit, got a request to stop"):
        desk(lesson)
    desk.reopen()
    thread, said = asked(desk, lesson)
    desk.accept()
    thread.join()
    assert said == [lesson]


@pytest.mark.parametrize(("edit", "words"), [
    (Add(op="add", text="Some words.", topic="space"), "A new lesson is proposed (topic: space)."),
    (Modify(op="modify", id="L2", text="Some words."), "New words are proposed for lesson L2."),
    (Delete(op="delete", id="L2"), "Lesson L2 is proposed for deletion."),
])
def test_the_question_says_what_is_proposed(edit, words):
    assert question(edit) == words
