"""The crew: a stop that somebody set holds; one that the crew set itself ends with it."""

from __future__ import annotations

import threading
import time

import pytest

from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_studio, start_run
from easel.chat import Cancelled
from easel.crew import Crew
from tests.fakes import lists, tiny_reward


def test_a_stop_between_practice_and_report_holds(tmp_path):
    queries, reward = lists(1, report=1), tiny_reward()
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)
    with start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward,
                   root=tmp_path, name="stopped", date="2000-01-01") as run:
        studio = open_studio(queries, settings, chat=StandIn(), run=run, reward=reward, measured_by=reward)
        list(studio.practise())
        studio.stop.set()
        with pytest.raises(Cancelled, match="expected to go on, got a request to stop"):
            list(studio.report())
        assert studio.stop.is_set()
        assert run.rows("metrics") == []
        studio.stop.clear()
        assert list(studio.report())


def test_a_stop_in_the_middle_of_practice_holds():
    from drawagent.epochs import Practice, practise
    from drawagent.events import CandidatesScored

    stop = threading.Event()
    settings = DrawSettings.paper(candidates=2, epochs=2)
    events = practise(Practice(StandIn(), tiny_reward(), settings, lists(1), stop=stop))
    next(event for event in events if isinstance(event, CandidatesScored))
    stop.set()
    with pytest.raises(Cancelled):
        list(events)
    assert stop.is_set()


def test_a_crew_that_fails_stops_its_calls_and_not_the_next_crew():
    stop, seen = threading.Event(), []

    def wait() -> None:
        seen.append(stop.wait(5))

    def fail() -> None:
        with Crew(1, stop=stop) as crew:
            crew.submit(wait)
            time.sleep(0.05)
            raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        fail()
    assert seen == [True]
    assert not stop.is_set()
    with Crew(1, stop=stop) as crew:
        assert crew.submit(len, "abc").result() == 3


def failing_beside(stop: threading.Event, asked: bool) -> list[bool]:
    """A crew waits for slow work while other work fails; what the slow work saw."""
    seen = []

    def slow() -> None:
        seen.append(stop.wait(5))
        raise Cancelled("to go on", came="a stop")

    def fail() -> None:
        time.sleep(0.05)
        if asked:
            stop.set()
        raise ValueError("a fault")

    with Crew(2, stop=stop) as crew:
        waited = crew.essential(slow)
        crew.essential(fail)
        waited.result()
    return seen


def test_essential_work_that_fails_stops_the_crew_at_once_and_is_what_is_raised():
    stop, begun = threading.Event(), time.monotonic()
    with pytest.raises(ValueError, match="a fault"):
        failing_beside(stop, asked=False)
    assert time.monotonic() - begun < 3
    assert not stop.is_set(), "the next crew may work"


def test_a_stop_that_somebody_set_holds_whatever_fails_afterwards():
    stop = threading.Event()
    with pytest.raises(Cancelled):
        failing_beside(stop, asked=True)
    assert stop.is_set()
