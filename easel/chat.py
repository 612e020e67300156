"""What a call to a language model is: request, reply, usage, the protocol, and the identity of a request."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from easel.errors import EaselError

Role = Literal["system", "user", "assistant"]
Evidence = Literal["live", "recorded", "stand-in"]


@dataclass(frozen=True)
class Image:
    """A picture inside a message.

    png : the encoded picture
    source : what the picture was made from, in canonical text (sketch text hash, cameras, renderer
        settings). The identity of a request uses this and never the pixels, which differ in bits
        between machines.
    """

    png: bytes = field(repr=False)
    source: str


@dataclass(frozen=True)
class Message:
    """One turn: a role and its parts, text and pictures in order."""

    role: Role
    parts: tuple[str | Image, ...]

    @property
    def text(self) -> str:
        return "\n".join(part for part in self.parts if isinstance(part, str))

    @property
    def images(self) -> tuple[Image, ...]:
        return tuple(part for part in self.parts if isinstance(part, Image))


@dataclass(frozen=True)
class Sampling:
    """Sampling parameters; None leaves the provider's own default."""

    temperature: float | None = None
    seed: int | None = None
    max_tokens: int | None = None
    reasoning_effort: str | None = None

    def given(self) -> dict[str, Any]:
        """Only the parameters that were set, in a fixed order."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True)
class CallSite:
    """Where in a method a call stands. Not part of a request's identity; replay after a prompt
    edit and the ledger go by it.

    role : "artist", "judge", "update", ... (with "+repair" for a repair)
    query : id of the query; epoch : int; candidate : index of the candidate or -1
    """

    role: str
    query: str = ""
    epoch: int = -1
    candidate: int = -1

    def __str__(self) -> str:
        return f"{self.role}/{self.query}/{self.epoch}/{self.candidate}"


@dataclass(frozen=True)
class ChatRequest:
    """One call, completely described.

    replica : which of several identical calls this is (K candidates are replicas 0..K-1)
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    replica: int = 0
    site: CallSite = CallSite("unsited")

    def identity(self) -> dict[str, Any]:
        """What defines the reply: model, prompt, parameters, replica; no host, no key, no pixels."""
        return {
            "model": self.model,
            "messages": [
                {
                    "role": message.role,
                    "parts": [
                        {"text": part} if isinstance(part, str) else {"image": part.source}
                        for part in message.parts
                    ],
                }
                for message in self.messages
            ],
            "sampling": self.sampling.given(),
            "replica": self.replica,
        }

    @property
    def key(self) -> str:
        """Hex SHA-256 of the canonical identity (64 characters)."""
        text = json.dumps(self.identity(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Usage:
    """What a call used.

    dollars : None where the price is unknown; never 0.0 for unknown
    estimated : token counts were estimated here and not reported by the provider
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    dollars: float | None = None
    estimated: bool = False

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.cached_tokens + other.cached_tokens,
            None if self.dollars is None or other.dollars is None else self.dollars + other.dollars,
            self.estimated or other.estimated,
        )


@dataclass(frozen=True)
class ChatReply:
    """A complete, usable reply. Anything less is a typed failure (`easel.retrying`).

    model : the model name that the provider resolved to
    not_applied : sampling parameters that were asked for and could not be applied
    evidence : where the words come from
    """

    text: str
    model: str
    usage: Usage = Usage()
    not_applied: tuple[str, ...] = ()
    evidence: Evidence = "live"


@runtime_checkable
class ChatModel(Protocol):
    """Anything that answers a request. `reply` is synchronous and safe to call from many threads.

    name : model label that requests carry
    evidence : grade of the replies
    sees_images : whether pictures may be sent
    """

    @property
    def name(self) -> str: ...

    @property
    def evidence(self) -> Evidence: ...

    @property
    def sees_images(self) -> bool: ...

    def reply(self, request: ChatRequest) -> ChatReply: ...


class ChatFailure(EaselError):
    """A call that gave no usable reply, after the retries that its kind allows.

    kind : short name, as it stands in tables
    systemic : whether the fault concerns the run (raise) or this one call (a value, counted)
    usage : what was charged all the same; status : HTTP status, None without one
    sent : whether a request left this machine
    """

    kind = "failed"
    systemic = False

    def __init__(
        self, expected: str, *, came: str = "", where: str = "", mend: str = "",
        usage: Usage = Usage(), status: int | None = None, sent: bool = True,
    ) -> None:
        self.usage, self.status, self.sent = usage, status, sent
        super().__init__(expected, came=came, where=where, mend=mend)


class Transient(ChatFailure):
    """One try that failed in a way that another try may mend; `easel.retrying` deals with it, callers never see it.

    retry_after : the provider's Retry-After header as sent, or None; quota : a daily quota is spent
    """

    kind = "transient"
    retry_after: str | None = None
    quota = False


class Truncated(ChatFailure):
    """The reply hit the token limit before its end."""

    kind = "truncated"


class Empty(ChatFailure):
    """The provider says that the reply is complete, and there is no text in it."""

    kind = "empty"


class ThoughtExhausted(ChatFailure):
    """A reasoning model used all its tokens before the first word of its answer."""

    kind = "thought-exhausted"


class Blocked(ChatFailure):
    """The provider refused the prompt or the reply (safety filter)."""

    kind = "blocked"


class RefusedSetting(ChatFailure):
    """The model does not take a sampling parameter that was asked for.

    setting : its name; dropped : the sender will leave it out from now on, so that another try may pass
    """

    kind = "refused-setting"
    systemic = True
    setting = ""
    dropped = False


class TooLong(ChatFailure):
    """The prompt does not fit into the model's context."""

    kind = "too-long"


class Unavailable(ChatFailure):
    """The provider cannot be used: retries spent, key refused, quota gone. Everything earned is kept."""

    kind = "unavailable"
    systemic = True


class Cancelled(ChatFailure):
    """The run was asked to stop before this call was answered; nothing more was sent."""

    kind = "cancelled"
    systemic = True


FAILURES: tuple[type[ChatFailure], ...] = (Truncated, Empty, ThoughtExhausted, Blocked, TooLong)
"""The failures of one call: values, kept in the record under their `kind`."""
