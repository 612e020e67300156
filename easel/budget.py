"""Budget: limits on calls, tokens, dollars and seconds; the worst case is reserved before a call, settled after it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from easel.asking import estimate_tokens, most_tokens
from easel.chat import Cancelled, ChatFailure, ChatModel, ChatReply, ChatRequest, Evidence, Usage
from easel.errors import ConfigurationError, EaselError
from easel.ledger import Ledger, Try
from easel.prices import Price


class BudgetExceeded(EaselError):
    """A limit would be passed by the next call. Everything that was paid for is kept."""


@dataclass(frozen=True)
class Spent:
    """What was used. dollars : sum over the calls with a known price; unpriced : calls without one

    seconds : wall time during which the run was making calls
    """

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    seconds: float = 0.0
    unpriced: int = 0

    def __str__(self) -> str:
        dollars = f"{self.dollars:.4f} dollars" if not self.unpriced else (
            f"{self.dollars:.4f} dollars and {self.unpriced} calls of unknown price"
        )
        return f"{self.calls} calls, {self.tokens} tokens, {dollars}, {self.seconds:.0f} s"


@dataclass(frozen=True)
class Estimate:
    """What calls will use before any is made. dollars : None without a price.

    likely : prompts at 4 characters a token, replies of `reply_tokens`; worst : what would be reserved
    """

    calls: int
    likely_tokens: int
    worst_tokens: int
    likely_dollars: float | None
    worst_dollars: float | None

    def __str__(self) -> str:
        if self.likely_dollars is None:
            return f"{self.calls} calls, about {self.likely_tokens} tokens, price unknown"
        return f"{self.calls} calls, about {self.likely_tokens} tokens, about {self.likely_dollars:.2f} dollars " \
               f"(at most {self.worst_dollars:.2f})"


def estimate(
    requests: Iterable[ChatRequest], *, price: Price | None, reply_tokens: int = 1500, largest_reply: int | None = None
) -> Estimate:
    """For requests that are known beforehand; retries are not foreseen. reply_tokens : typical length (ours)."""
    calls = likely = worst = 0
    likely_dollars = worst_dollars = 0.0
    for request in requests:
        limit = request.sampling.max_tokens or largest_reply or reply_tokens
        prompt, most = estimate_tokens(request.messages), most_tokens(request.messages)
        calls, likely, worst = calls + 1, likely + prompt + min(reply_tokens, limit), worst + most + limit
        if price is not None:
            likely_dollars += price.dollars(prompt, min(reply_tokens, limit))
            worst_dollars += price.worst(most, limit)
    known = price is not None
    return Estimate(calls, likely, worst, likely_dollars if known else None, worst_dollars if known else None)


@dataclass(frozen=True)
class Reservation:
    """What is held for one call. asked : its worst case; tokens, dollars : held, which may be more"""

    asked: Usage
    tokens: int
    dollars: float


class Budget:
    """Limits for a run; None is no limit. Threads of one process share it.

    seconds : wall time while calls are being made; a call that began before the limit is let finish
    clock : monotonic seconds
    """

    def __init__(
        self, calls: int | None = None, tokens: int | None = None, dollars: float | None = None,
        seconds: float | None = None, *, clock: Callable[[], float] = time.monotonic,
    ) -> None:
        for name, limit in (("calls", calls), ("tokens", tokens), ("dollars", dollars), ("seconds", seconds)):
            if limit is not None and not limit >= 0:
                raise ConfigurationError(f"a limit on {name} of 0 or more", came=repr(limit), where="budget")
        self.calls, self.tokens, self.dollars, self.seconds = calls, tokens, dollars, seconds
        self._clock = clock
        self._change = threading.Condition()
        self._spent, self._earlier = Spent(), 0.0
        self._began: float | None = None
        self._reserved_tokens, self._reserved_dollars = 0, 0.0
        self._more_tokens, self._more_dollars = 0, 0.0
        self._counted: set[str] = set()

    @property
    def spent(self) -> Spent:
        with self._change:
            return self._now()

    def count(self, ledger: Ledger) -> None:
        """Take what earlier sessions of a run spent; counting the same folder again changes nothing."""
        place = "" if ledger.folder is None else str(ledger.folder.resolve())
        with self._change:
            if place in self._counted:
                return
            self._counted.add(place)
            tries = ledger.tries()
            for one in tries:
                self._add(one.usage)
            self._earlier += busy_seconds(tries)

    def reserve(self, asked: Usage, *, stop: threading.Event | None = None) -> Reservation:
        """Hold the worst case of one call; what is held goes back by `settle`.

        Waits while calls in flight might still give something back. Where a provider charged more than the worst case
        once, so much more is held from then on.

        Raises BudgetExceeded when the call cannot fit, Cancelled when `stop` is set while waiting.
        """
        with self._change:
            if self._began is None:
                self._began = self._clock()
            while True:
                held = self._held(asked)
                alone, now = self._obstacle(held, 0, 0.0), self._now()
                if alone:
                    raise BudgetExceeded(
                        f"a budget of {alone}", came=f"spent {now}", where=f"next call: up to {held.tokens} tokens",
                        mend="Everything so far is kept; raise the limit and start again to go on from here.",
                    )
                if not self._obstacle(held, self._reserved_tokens, self._reserved_dollars):
                    break
                if stop is not None and stop.is_set():
                    raise Cancelled("to go on", came="a request to stop", sent=False)
                self._change.wait(0.1)
            self._spent = _plus(self._spent, calls=1)
            self._reserved_tokens += held.tokens
            self._reserved_dollars += held.dollars
            return held

    def settle(self, held: Reservation, used: Usage | None) -> None:
        """Give the reservation back and take what was used; None: no request was made."""
        with self._change:
            self._reserved_tokens -= held.tokens
            self._reserved_dollars -= held.dollars
            self._spent = _plus(self._spent, calls=-1)
            if used is not None:
                self._add(used)
                self._more_tokens = max(self._more_tokens, used.tokens - held.asked.tokens)
                surprise = (used.dollars or 0.0) - (held.asked.dollars or 0.0)
                self._more_dollars = max(self._more_dollars, surprise)
            self._change.notify_all()

    def _held(self, asked: Usage) -> Reservation:
        return Reservation(asked, asked.tokens + self._more_tokens, (asked.dollars or 0.0) + self._more_dollars)

    def _add(self, used: Usage) -> None:
        unpriced = int(used.dollars is None and used.tokens > 0)
        self._spent = _plus(
            self._spent, calls=1, tokens=used.tokens, dollars=used.dollars or 0.0, unpriced=unpriced
        )

    def _now(self) -> Spent:
        running = 0.0 if self._began is None else self._clock() - self._began
        return _plus(self._spent, seconds=self._earlier + running)

    def _obstacle(self, held: Reservation, tokens: int, dollars: float) -> str:
        spent = self._now()
        if self.calls is not None and spent.calls + 1 > self.calls:
            return f"{self.calls} calls"
        if self.tokens is not None and spent.tokens + tokens + held.tokens > self.tokens:
            return f"{self.tokens} tokens"
        if self.dollars is not None and spent.dollars + dollars + held.dollars > self.dollars:
            return f"{self.dollars:g} dollars"
        if self.seconds is not None and spent.seconds >= self.seconds:
            return f"{self.seconds:g} seconds"
        return ""


def _plus(spent: Spent, **more: float) -> Spent:
    return Spent(**{name: value + more.get(name, 0) for name, value in vars(spent).items()})


def busy_seconds(tries: tuple[Try, ...]) -> float:
    """Length of the union of the tries' intervals."""
    total, until = 0.0, float("-inf")
    for one in tries:
        end = one.started + one.seconds
        total += max(0.0, end - max(one.started, until))
        until = max(until, end)
    return total


class Budgeted:
    """A sender inside a budget: every HTTP request is reserved before it and settled after it."""

    def __init__(self, sender: ChatModel, budget: Budget, *, stop: threading.Event | None = None) -> None:
        self.name, self.evidence, self.sees_images = sender.name, sender.evidence, sender.sees_images
        self.price: Price | None = getattr(sender, "price", None)
        self.largest_reply: int | None = getattr(sender, "largest_reply", None)
        self.budget, self._sender, self._stop = budget, sender, stop
        if budget.dollars is not None and self.price is None:
            raise ConfigurationError(
                f"a price for '{self.name}', since the budget limits dollars", came="none known",
                mend="Give a price table (prices=, --prices) with 'MODEL: {input: 1.25, output: 10}' in dollars per "
                "million tokens; or limit calls or tokens instead.",
            )

    evidence: Evidence

    def worst(self, request: ChatRequest) -> Usage:
        """The most that one request can be charged with. Raises ConfigurationError where nothing bounds the reply."""
        limit = request.sampling.max_tokens or self.largest_reply
        if limit is None:
            if self.budget.tokens is not None or self.budget.dollars is not None:
                raise ConfigurationError(
                    "a max_tokens, since the budget limits tokens or dollars", came="none", where=str(request.site),
                    mend="Set max_tokens in the sampling settings.",
                )
            limit = 0
        prompt = most_tokens(request.messages)
        dollars = None if self.price is None else self.price.worst(prompt, limit)
        return Usage(prompt, limit, dollars=dollars, estimated=True)

    def reply(self, request: ChatRequest) -> ChatReply:
        worst = self.worst(request)
        held = self.budget.reserve(worst, stop=self._stop)
        used: Usage | None = worst
        try:
            reply = self._sender.reply(request)
            used = reply.usage
            return reply
        except ChatFailure as failure:
            used = failure.usage if failure.sent else None
            raise
        finally:
            self.budget.settle(held, used)
