"""Senders without a network: scripted, counting, and a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from easel.chat import CallSite, ChatFailure, ChatReply, ChatRequest, Evidence, Message, Sampling, Usage
from easel.prices import Price


def request(text: str = "draw a chair", *, replica: int = 0, site: CallSite | None = None, **sampling) -> ChatRequest:
    settings = Sampling(**{"max_tokens": 100, **sampling})
    return ChatRequest("a model", (Message("user", (text,)),), settings, replica, site or CallSite("artist", "chair"))


def answer(text: str = "a reply", *, usage: Usage | None = None) -> ChatReply:
    return ChatReply(text, "resolved", usage or Usage(10, 20), evidence="live")


@dataclass
class Sender:
    """Gives the outcomes in order, the last one for ever; an outcome may be a function of the request."""

    outcomes: list[ChatReply | Exception | Callable[[ChatRequest], ChatReply]]
    name: str = "a model"
    evidence: Evidence = "live"
    sees_images: bool = True
    price: Price | None = None
    largest_reply: int | None = None
    requests: list[ChatRequest] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: ChatRequest) -> ChatReply:
        with self.lock:
            outcome = self.outcomes[min(len(self.requests), len(self.outcomes) - 1)]
            self.requests.append(request)
            self.running += 1
            self.most_running = max(self.running, self.most_running)
        try:
            if isinstance(outcome, Exception):
                raise outcome
            return outcome(request) if callable(outcome) else outcome
        finally:
            with self.lock:
                self.running -= 1


@dataclass
class Clock:
    """Seconds since the epoch; `sleep` moves it and remembers."""

    now: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def failing(kind: type[ChatFailure], came: str = "no", **values) -> ChatFailure:
    """A failure of that kind; `retry_after` and `quota` may be among the values."""
    extra = {name: values.pop(name) for name in ("retry_after", "quota", "dropped", "setting") if name in values}
    failure = kind("a reply", came=came, **values)
    for name, value in extra.items():
        setattr(failure, name, value)
    return failure
