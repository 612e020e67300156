"""What is tried again, how long it waits, and what is told: by a clock that moves only when somebody sleeps."""

from __future__ import annotations

import email.utils
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from easel.chat import (
    Blocked,
    Cancelled,
    ChatReply,
    Empty,
    RefusedSetting,
    ThoughtExhausted,
    TooLong,
    Transient,
    Truncated,
    Unavailable,
    Usage,
)
from easel.errors import ConfigurationError
from easel.ledger import Ledger
from easel.recording import Recorded, ReplyStore
from easel.retrying import Pause, Retrying, RetryPolicy
from tests.senders import Clock, Sender, answer, failing, request


def retrying(sender: Sender, clock: Clock | None = None, *, jitter: float = 1.0, **settings) -> Retrying:
    clock = clock or Clock()
    return Retrying(sender, clock=clock, sleep=clock.sleep, draw=lambda text: jitter, **settings)


def test_the_back_off_is_exponential_with_a_ceiling_and_jitter() -> None:
    for jitter, share in ((1.0, 1.0), (0.0, 0.5)):
        clock = Clock()
        model = retrying(Sender([failing(Transient)]), clock, jitter=jitter, policy=RetryPolicy(tries=9))
        with pytest.raises(Unavailable, match="9 failed tries"):
            model.reply(request())
        assert clock.slept == [share * wait for wait in (1, 2, 4, 8, 16, 32, 60, 60)]


def test_the_jitter_is_seeded_by_the_request() -> None:
    slept = []
    for replica in (0, 0, 1):
        clock = Clock()
        with pytest.raises(Unavailable):
            Retrying(Sender([failing(Transient)]), clock=clock, sleep=clock.sleep).reply(request(replica=replica))
        slept.append(clock.slept)
    assert slept[0] == slept[1] != slept[2]


@pytest.mark.parametrize("failure", [
    failing(Transient, "dropped"), failing(Transient, "slow", status=429), failing(Transient, status=500),
])
def test_a_passing_fault_passes(failure) -> None:
    sender = Sender([failure, failure, answer("at last")])
    model = retrying(sender)
    assert model.reply(request()).text == "at last"
    assert [one.outcome for one in model.ledger.tries()] == ["transient", "transient", "ok"]
    assert [one.number for one in model.ledger.tries()] == [1, 2, 3]


def test_retry_after_is_obeyed_in_seconds_and_as_a_date() -> None:
    clock = Clock()
    date = email.utils.formatdate(clock.now + 37, usegmt=True)
    sender = Sender([failing(Transient, retry_after="17"), answer()])
    retrying(sender, clock, jitter=0.0).reply(request())
    assert clock.slept == [17.0]
    clock = Clock()
    retrying(Sender([failing(Transient, retry_after=date), answer()]), clock, jitter=0.0).reply(request())
    assert clock.slept == [37.0]
    clock = Clock()
    retrying(Sender([failing(Transient, retry_after="soon"), answer()]), clock, jitter=0.5).reply(request())
    assert sum(clock.slept) <= 1.0


def test_words_of_the_provider_are_obeyed_too() -> None:
    clock = Clock()
    sender = Sender([failing(Transient, "Please try again in 1m2.5s."), answer()])
    retrying(sender, clock).reply(request())
    assert clock.slept == [62.5]


def test_retry_after_holds_the_whole_model() -> None:
    clock = Clock()
    model = retrying(Sender([failing(Transient, retry_after="50"), answer()]), clock, jitter=0.0,
                     policy=RetryPolicy(tries=1))
    with pytest.raises(Unavailable):
        model.reply(request())
    # A call that gave up wakes nobody: the next one waits what the provider asked for.
    clock.slept.clear()
    model._hold(50)
    model.reply(request(replica=1))
    assert clock.slept == [50.0]


def test_a_daily_quota_pauses_and_says_when_it_resumes() -> None:
    clock, told = Clock(), []
    quota = failing(Transient, "quota per day", status=429, quota=True, retry_after="7200")
    sender = Sender([quota, quota, answer()])
    assert retrying(sender, clock, on_wait=told.append, policy=RetryPolicy(tries=1)).reply(request()).text == "a reply"
    assert told == [
        Pause("a model", 7200.0, 1_007_200.0, "quota per day"), Pause("a model", 7200.0, 1_014_400.0, "quota per day"),
    ]
    assert sum(clock.slept) == 14400.0


def test_a_quota_that_does_not_say_when_is_looked_at_hourly() -> None:
    clock, told = Clock(), []
    sender = Sender([failing(Transient, "daily limit", quota=True), answer()])
    retrying(sender, clock, on_wait=told.append).reply(request())
    assert [pause.seconds for pause in told] == [3600.0]


def test_a_pause_of_days_ends_the_run() -> None:
    sender = Sender([failing(Transient, "monthly", quota=True, retry_after=str(86400 * 9))])
    with pytest.raises(Unavailable, match=r"wait 216\.0 hours.*everything that was paid for is kept"):
        retrying(sender).reply(request())


@pytest.mark.parametrize(("kind", "calls", "limits"), [
    (Truncated, 2, [100, 200]), (ThoughtExhausted, 2, [100, 200]), (Empty, 3, [100, 100, 100]), (Blocked, 1, [100]),
    (TooLong, 1, [100]), (Unavailable, 1, [100]), (RefusedSetting, 1, [100]),
])
def test_each_failure_has_its_own_policy(kind, calls, limits) -> None:
    sender = Sender([failing(kind, usage=Usage(1, 2))])
    model = retrying(sender)
    with pytest.raises(kind):
        model.reply(request())
    assert [one.sampling.max_tokens for one in sender.requests] == limits
    assert len(model.ledger.tries()) == calls
    assert sum(one.usage.tokens for one in model.ledger.tries()) == 3 * calls


def test_doubling_stops_at_what_the_model_can_write() -> None:
    sender = Sender([failing(Truncated), answer()], largest_reply=150)
    assert retrying(sender).reply(request()).text == "a reply"
    assert sender.requests[1].sampling.max_tokens == 150
    sender = Sender([failing(Truncated), answer()], largest_reply=100)
    with pytest.raises(Truncated):
        retrying(sender).reply(request())


def test_a_dropped_setting_is_tried_again_at_once() -> None:
    clock = Clock()
    sender = Sender([failing(RefusedSetting, dropped=True, sent=False), answer()])
    model = retrying(sender, clock)
    model.reply(request())
    assert clock.slept == []
    assert [one.outcome for one in model.ledger.tries()] == ["ok"]


def test_the_record_gets_the_asked_request_before_the_ledger_settles() -> None:
    kept = []
    model = retrying(Sender([failing(Truncated), answer()]))
    seen: list[list[str]] = []

    def keep(asked, reply: ChatReply) -> None:
        kept.append(asked)
        seen.append([one.outcome for one in model.ledger.tries()])

    model._keep = keep
    model.reply(request())
    assert kept == [request()]
    assert seen == [["truncated", "in flight"]]


def test_at_most_so_many_requests_at_once() -> None:
    gate = threading.Barrier(3, timeout=5)

    def meet(one):
        gate.wait()
        return answer()

    sender = Sender([meet])
    model = Retrying(sender, concurrency=3)
    with ThreadPoolExecutor(12) as pool:
        assert len(list(pool.map(lambda k: model.reply(request(replica=k)), range(12)))) == 12
    assert sender.most_running == 3
    with pytest.raises(ConfigurationError, match="concurrency"):
        Retrying(sender, concurrency=0)


def test_no_place_is_held_while_waiting() -> None:
    waiting, go = threading.Event(), threading.Event()

    def sleep(seconds: float) -> None:
        waiting.set()
        assert go.wait(5)

    def outcome(one):
        if one.replica == 0 and not waiting.is_set():
            raise failing(Transient)
        return answer()

    model = Retrying(Sender([outcome]), concurrency=1, sleep=sleep)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(model.reply, request(replica=0))
        assert waiting.wait(5)
        assert model.reply(request(replica=1)).text == "a reply"
        assert not first.done()
        go.set()
        assert first.result(5).text == "a reply"


def test_a_stop_ends_waits_at_once_and_begins_nothing() -> None:
    stop = threading.Event()
    sender = Sender([failing(Transient, quota=True, retry_after="9000")])
    model = Retrying(sender, stop=stop, on_wait=lambda pause: stop.set())
    with pytest.raises(Cancelled, match="a request to stop"):
        model.reply(request())
    with pytest.raises(Cancelled):
        model.reply(request(replica=1))
    assert len(sender.requests) == 1


def test_a_request_in_flight_is_finished_at_a_stop() -> None:
    stop = threading.Event()

    def outcome(one):
        stop.set()
        return answer("finished")

    model = Retrying(Sender([outcome]), stop=stop)
    assert model.reply(request()).text == "finished"


def test_an_error_of_the_program_is_in_the_ledger_and_raised() -> None:
    model = retrying(Sender([KeyError("a bug")]))
    with pytest.raises(KeyError):
        model.reply(request())
    assert [(one.outcome, one.reason) for one in model.ledger.tries()] == [("interrupted", "KeyError")]


@pytest.mark.parametrize(("failure", "tries"), [(Blocked, 1), (TooLong, 1), (Empty, 3), (Truncated, 2)])
def test_a_final_failure_is_kept_before_the_ledger_says_that_it_ended(tmp_path, failure, tries) -> None:
    """A kill between the two asks nothing again: what the ledger calls settled is in the store."""
    store = ReplyStore(tmp_path / "replies")

    class Watched(Ledger):
        ended = 0

        def end(self, *arguments, **named) -> None:
            self.ended += 1
            if self.ended == tries:
                raise KeyboardInterrupt
            assert store.get(request().key) is None  # a failure that is tried again is not the answer
            super().end(*arguments, **named)

    sender = Sender([failing(failure, "why")])
    with pytest.raises(KeyboardInterrupt):
        Recorded(retrying(sender, ledger=Watched(tmp_path), keep=store.put), store).reply(request())
    assert len(sender.requests) == tries
    with pytest.raises(failure, match="why"):
        Recorded(retrying(sender, ledger=Ledger(tmp_path), keep=store.put), store).reply(request())
    assert len(sender.requests) == tries


def test_systemic_failures_are_never_kept(tmp_path) -> None:
    kept = []
    for kind in (Unavailable, Transient):
        with pytest.raises(Unavailable):
            retrying(Sender([failing(kind)]), keep=lambda *pair: kept.append(pair)).reply(request())
    assert kept == []


def test_a_dead_server_is_told_about_but_not_for_every_try() -> None:
    clock, told = Clock(), []
    model = Retrying(Sender([failing(Transient, "connection refused")]), clock=clock, sleep=clock.sleep,
                     on_wait=told.append)
    with pytest.raises(Unavailable):
        model.reply(request())
    assert 2 <= len(told) < 7
    assert told[0].reason
    assert all(b.until - a.until > 5 for a, b in itertools.pairwise(told))
