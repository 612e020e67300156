"""Retrying: back-off, Retry-After, quota pauses, what each failure of `easel.chat` allows; tries go to the ledger."""

from __future__ import annotations

import email.utils
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from easel.budget import BudgetExceeded
from easel.chat import (
    FAILURES,
    Cancelled,
    ChatFailure,
    ChatModel,
    ChatReply,
    ChatRequest,
    Empty,
    Evidence,
    RefusedSetting,
    ThoughtExhausted,
    Transient,
    Truncated,
    Unavailable,
    Usage,
)
from easel.errors import ConfigurationError
from easel.ledger import Ledger

_AGAIN_IN = re.compile(r"(?:try again|retry) in\s+((?:\d+(?:\.\d+)?\s*(?:h|ms|m|s)[a-z]*\s*)+)", re.I)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(h|ms|m|s)", re.I)
_UNIT = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@dataclass(frozen=True)
class RetryPolicy:
    """What is tried again, and when. All values: papers silent; ours.

    tries : HTTP requests for one call at most; first_wait, longest_wait : seconds of exponential back-off
    truncated, thought_exhausted, empty : further tries of that kind; the first two with doubled max_tokens
    pause_from : a Retry-After of at least so many seconds is a pause of the whole model, told to `on_wait`
    quota_wait : seconds, when a spent daily quota does not say when it returns; quota_pauses : per call
    longest_pause : a provider that asks for more is unavailable
    tell_every : seconds between two words to `on_wait` about calls that fail again and again
    """

    tries: int = 8
    first_wait: float = 1.0
    longest_wait: float = 60.0
    truncated: int = 1
    thought_exhausted: int = 1
    empty: int = 2
    pause_from: float = 120.0
    quota_wait: float = 3600.0
    quota_pauses: int = 30
    longest_pause: float = 26 * 3600.0
    tell_every: float = 10.0


@dataclass(frozen=True)
class Pause:
    """A model is not asked until `until` (seconds since the epoch). reason : a sentence without keys"""

    model: str
    seconds: float
    until: float
    reason: str


def seeded_draw(text: str) -> float:
    """A number in [0, 1) that depends on the text alone."""
    return random.Random(text).random()


class Retrying:
    """A model whose calls are tried again as their failures allow.

    sender : makes one HTTP request per call; concurrency : requests at once, none held while waiting
    keep : called with the asked request and its outcome, a reply or the failure of this one call after which nothing
        more is tried, before the ledger says that it is settled: a kill in between asks again and shows it in flight
    clock : seconds since the epoch; sleep : waits; draw : jitter in [0, 1) for a text
    """

    evidence: Evidence

    def __init__(
        self, sender: ChatModel, *, policy: RetryPolicy | None = None, ledger: Ledger | None = None,
        concurrency: int = 8, stop: threading.Event | None = None, on_wait: Callable[[Pause], None] | None = None,
        keep: Callable[[ChatRequest, ChatReply | ChatFailure], object] | None = None,
        clock: Callable[[], float] = time.time, sleep: Callable[[float], None] | None = None,
        draw: Callable[[str], float] = seeded_draw,
    ) -> None:
        if concurrency < 1:
            raise ConfigurationError("a concurrency of at least 1", came=str(concurrency))
        self.name, self.evidence, self.sees_images = sender.name, sender.evidence, sender.sees_images
        self.policy, self.ledger = policy or RetryPolicy(), ledger or Ledger()
        self.stop = stop or threading.Event()
        self._sender, self._on_wait, self._keep = sender, on_wait, keep
        self._told = float("-inf")
        self._clock, self._sleep, self._draw = clock, sleep or self.stop.wait, draw
        self._free = threading.BoundedSemaphore(concurrency)
        self._lock = threading.Lock()
        self._resume_at = 0.0

    def reply(self, request: ChatRequest) -> ChatReply:
        """The reply, or the last failure; Unavailable when the tries are spent."""
        asked, waits, pauses, counts = request, 0, 0, {"truncated": 0, "thought-exhausted": 0, "empty": 0}
        number = 0

        def final(failure: ChatFailure) -> bool:
            again = isinstance(failure, Truncated | ThoughtExhausted | Empty)
            return not again or self._next(request, failure, counts[failure.kind] + 1, number) is None

        while True:
            number += 1
            outcome = self._try(request, asked, number, final)
            if isinstance(outcome, ChatReply):
                return outcome
            failure = outcome
            if isinstance(failure, RefusedSetting) and failure.dropped and number < self.policy.tries:
                number -= not failure.sent
                continue
            if isinstance(failure, Truncated | ThoughtExhausted | Empty):
                counts[failure.kind] += 1
                following = self._next(request, failure, counts[failure.kind], number)
                if following is None:
                    raise failure
                request = following
                continue
            if not isinstance(failure, Transient):
                raise failure
            if failure.quota or self._asked_wait(failure) >= self.policy.pause_from:
                pauses += 1
                if pauses > self.policy.quota_pauses:
                    raise self._gone(failure, number)
                number -= 1
                self._pause(failure)
                continue
            if number >= self.policy.tries:
                raise self._gone(failure, number)
            waits += 1
            self._wait(self._back_off(asked, failure, waits))

    def _try(
        self, request: ChatRequest, asked: ChatRequest, number: int, final: Callable[[ChatFailure], bool]
    ) -> ChatReply | ChatFailure:
        with self._slot():
            begun = self.ledger.begin(
                request, key=asked.key, number=number, started=round(self._clock(), 3), model=self.name,
                worst=self._worst(request),
            )
            started = time.monotonic()
            try:
                reply = self._sender.reply(request)
                if self._keep is not None:
                    self._keep(asked, reply)
            except ChatFailure as failure:
                if failure.sent:
                    if self._keep is not None and isinstance(failure, FAILURES) and final(failure):
                        self._keep(asked, failure)
                    self.ledger.end(begun, failure, seconds=time.monotonic() - started)
                else:
                    self.ledger.withdraw(begun)
                return failure
            except (BudgetExceeded, ConfigurationError):
                self.ledger.withdraw(begun)
                raise
            except BaseException as error:
                self.ledger.end(begun, error, seconds=time.monotonic() - started)
                raise
            self.ledger.end(begun, reply, seconds=time.monotonic() - started)
            return reply

    @contextmanager
    def _slot(self) -> Iterator[None]:
        """One of the places for requests; taken neither while the model is paused nor after a stop."""
        while True:
            self._check_stop()
            left = self._resume_at - self._clock()
            if left > 0:
                self._wait(left)
                continue
            if not self._free.acquire(timeout=0.1):
                continue
            if self._resume_at > self._clock() or self.stop.is_set():
                self._free.release()
                continue
            break
        try:
            yield
        finally:
            self._free.release()

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise Cancelled("to go on", came="a request to stop", where=self.name, sent=False)

    def _wait(self, seconds: float) -> None:
        if seconds > 0:
            self._sleep(seconds)
        self._check_stop()

    def _next(self, request: ChatRequest, failure: ChatFailure, count: int, number: int) -> ChatRequest | None:
        """What is asked after the `count`-th failure of a kind that may be tried again, None for nothing.

        With twice the tokens after a truncated reply, as far as the model can write so many.
        """
        if count > getattr(self.policy, failure.kind.replace("-", "_")) or number >= self.policy.tries:
            return None
        limit, most = request.sampling.max_tokens, getattr(self._sender, "largest_reply", None)
        if isinstance(failure, Empty) or limit is None:
            return request
        doubled = min(2 * limit, most) if most else 2 * limit
        return replace(request, sampling=replace(request.sampling, max_tokens=doubled)) if doubled > limit else None

    def _worst(self, request: ChatRequest) -> Usage:
        worst = getattr(self._sender, "worst", None)
        return worst(request) if worst is not None else Usage()

    def _asked_wait(self, failure: Transient) -> float:
        """Seconds that the provider asked for, from Retry-After (seconds or a date) or its words; 0 if it did not."""
        value = (failure.retry_after or "").strip()
        if value:
            try:
                return max(0.0, float(value))
            except ValueError:
                pass
            try:
                return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - self._clock())
            except (ValueError, TypeError):
                pass
        found = _AGAIN_IN.search(failure.came)
        if not found:
            return 0.0
        return sum(float(number) * _UNIT[unit.lower()] for number, unit in _PIECE.findall(found[1]))

    def _back_off(self, asked: ChatRequest, failure: Transient, waits: int) -> float:
        jitter = self._draw(f"{asked.key}/{waits}")
        if failure.retry_after is not None:
            told = self._asked_wait(failure)
            self._hold(told)
            return told + jitter * self.policy.first_wait
        longest = min(self.policy.longest_wait, self.policy.first_wait * 2 ** (waits - 1))
        seconds = max(longest * (0.5 + 0.5 * jitter), self._asked_wait(failure))
        if waits > 1:
            self._tell(seconds, failure.came)
        return seconds

    def _tell(self, seconds: float, reason: str) -> None:
        """Say that calls keep failing, but not for every call: a dead server must not look like a slow one."""
        now = self._clock()
        with self._lock:
            news = now - self._told >= self.policy.tell_every
            if news:
                self._told = now
        if news and self._on_wait is not None:
            self._on_wait(Pause(self.name, seconds, now + seconds, reason))

    def _hold(self, seconds: float) -> bool:
        """Nobody asks this model for so long; whether that is news."""
        until = self._clock() + seconds
        with self._lock:
            news = self._resume_at <= self._clock() and seconds > 0
            self._resume_at = max(self._resume_at, until)
        return news

    def _pause(self, failure: Transient) -> None:
        seconds = self._asked_wait(failure) or self.policy.quota_wait
        if seconds > self.policy.longest_pause:
            raise Unavailable(
                "an answer today", came=f"a request to wait {seconds / 3600:.1f} hours: {failure.came}",
                where=self.name, mend="Start again later; everything that was paid for is kept.", status=failure.status,
            )
        if self._hold(seconds) and self._on_wait is not None:
            self._on_wait(Pause(self.name, seconds, self._clock() + seconds, failure.came))

    def _gone(self, failure: Transient, number: int) -> Unavailable:
        return Unavailable(
            "an answer", came=f"{number} failed tries, the last: {failure.came}", where=failure.where,
            mend="Everything that was paid for is kept; start again when the provider answers.", status=failure.status,
        )
