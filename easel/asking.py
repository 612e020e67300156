"""Asking: a prompt file and its values become messages, a reply becomes a validated value, with one bounded repair.

A prompt is a markdown file in a package's `prompts/` folder. Lines `--- system ---` and `--- user ---` part it
into messages; `{name}` is a placeholder. A user's overlay folder is looked into first.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Generic, TypeVar, cast

from easel.chat import CallSite, ChatFailure, ChatModel, ChatReply, ChatRequest, Image, Message, Role, Sampling
from easel.errors import ConfigurationError, EaselError, shorten

T = TypeVar("T")
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_PART = re.compile(r"^--- (system|user|assistant) ---[ \t]*$", re.M)


@dataclass(frozen=True)
class Prompt:
    """One prompt file as read.

    name : file name without ending; text : its full text; origin : "package" or "overlay"
    """

    name: str
    text: str
    origin: str

    @property
    def key(self) -> str:
        """Hex SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def placeholders(self) -> frozenset[str]:
        return frozenset(_PLACEHOLDER.findall(self.text))

    def render(self, **values: str | Image | tuple[str | Image, ...]) -> tuple[Message, ...]:
        """The exact messages. Values are inserted once and never read as templates again.

        Raises ConfigurationError when a placeholder has no value. A value without a placeholder is
        left out: that is how an overlay drops a section.
        """
        missing = self.placeholders - values.keys()
        if missing:
            raise ConfigurationError(
                f"values for the placeholders {sorted(self.placeholders)} of prompt '{self.name}'",
                came=f"none for {sorted(missing)}", mend=f"Edit the {self.origin} file {self.name}.md.",
            )
        pieces = _PART.split(self.text)
        if pieces[0].strip() or len(pieces) < 3:
            raise ConfigurationError(
                "a prompt file that starts with a line '--- system ---' or '--- user ---'",
                came=shorten(self.text, 60), where=f"prompt '{self.name}' ({self.origin})",
            )
        return tuple(
            Message(cast(Role, role), _fill(body.strip("\n"), values))
            for role, body in zip(pieces[1::2], pieces[2::2], strict=True)
        )

    def segment(self, **values: str) -> str:
        """The text of a file without message lines, with its placeholders filled: a section of another prompt."""
        return Message("user", _fill(self.text.strip("\n"), values)).text


def load_prompt(package: str, name: str, *, overlay: Path | None = None) -> Prompt:
    """The prompt `name` of `package`, from `overlay/name.md` if that file exists.

    An overlay may leave out placeholders of the original, but may not invent any.
    """
    original = Prompt(name, resources.files(package).joinpath("prompts", f"{name}.md").read_text("utf-8"), "package")
    if overlay is None:
        return original
    if not Path(overlay).is_dir():
        raise ConfigurationError("a folder of prompts", came=f"no folder {overlay}", where="prompt overlay")
    if not (Path(overlay) / f"{name}.md").exists():
        return original
    prompt = Prompt(name, (Path(overlay) / f"{name}.md").read_text("utf-8"), "overlay")
    invented = prompt.placeholders - original.placeholders
    if invented:
        raise ConfigurationError(
            f"only the placeholders {sorted(original.placeholders)}", came=f"also {sorted(invented)}",
            where=f"overlay prompt {name}.md", mend="Remove them, or write them without braces.",
        )
    return prompt


def _fill(body: str, values: Mapping[str, str | Image | tuple[str | Image, ...]]) -> tuple[str | Image, ...]:
    parts: list[str | Image] = [""]
    position = 0
    for match in _PLACEHOLDER.finditer(body):
        value = values[match.group(1)]
        pieces = value if isinstance(value, tuple) else (value,)
        for piece in (body[position:match.start()], *pieces):
            if isinstance(piece, str) and isinstance(parts[-1], str):
                parts[-1] += piece
            else:
                parts.append(piece)
        position = match.end()
    if isinstance(parts[-1], str):
        parts[-1] += body[position:]
    else:
        parts.append(body[position:])
    return tuple(part for part in parts if not isinstance(part, str) or part.strip())


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What asking gave: a value, or a failure with its reason.

    value : the validated reply, None on failure
    failure, reason : kind of the failure ("" when there is none) and a sentence
    request : the first request; replies : every usable reply in order (two after a repair)
    reply_keys : the identity of the request behind each reply
    """

    value: T | None
    failure: str
    reason: str
    request: ChatRequest
    replies: tuple[ChatReply, ...]
    reply_keys: tuple[str, ...] = ()

    @property
    def repaired(self) -> bool:
        return self.value is not None and len(self.replies) > 1

    @property
    def text(self) -> str:
        return self.replies[-1].text if self.replies else ""


def ask(
    model: ChatModel,
    messages: tuple[Message, ...],
    validate: Callable[[str], T],
    *,
    site: CallSite,
    sampling: Sampling,
    replica: int = 0,
    repairs: int = 1,
) -> Answer[T]:
    """Send the messages; validate the reply; on a refusal tell the model what was wrong, at most `repairs` times.

    `validate` raises EaselError with the reason. Failures of one call become values; systemic ones are raised.
    """
    first = request = ChatRequest(model.name, messages, sampling, replica, site)
    replies: list[ChatReply] = []
    keys: list[str] = []
    for attempt in range(repairs + 1):
        try:
            reply = model.reply(request)
        except ChatFailure as failure:
            if failure.systemic:
                raise
            return Answer(None, failure.kind, str(failure), first, tuple(replies), tuple(keys))
        replies.append(reply)
        keys.append(request.key)
        try:
            return Answer(validate(reply.text), "", "", first, tuple(replies), tuple(keys))
        except EaselError as refusal:
            reason = str(refusal)
        if attempt < repairs:
            request = repair_request(request, reply.text, reason)
    return Answer(None, "invalid", reason, first, tuple(replies), tuple(keys))


def repair_request(request: ChatRequest, reply: str, reason: str) -> ChatRequest:
    """The request that shows the model its own reply and says why it was refused."""
    told = (
        f"Your reply could not be used: {reason}\n"
        "Send the complete corrected reply in the format that was asked for, and nothing else."
    )
    role = request.site.role
    site = CallSite(f"{role}+repair", request.site.query, request.site.epoch, request.site.candidate)
    turns = (Message("assistant", (reply,)), Message("user", (told,)))
    return ChatRequest(request.model, request.messages + turns, request.sampling, request.replica, site)


def estimate_tokens(messages: tuple[Message, ...], *, image_tokens: int = 1000) -> int:
    """Rough count: characters / 4, plus `image_tokens` a picture (ours; providers differ)."""
    return sum(len(m.text) // 4 + 4 + image_tokens * len(m.images) for m in messages)


def most_tokens(messages: tuple[Message, ...], *, image_tile_tokens: int = 6000) -> int:
    """No prompt costs more: one token a UTF-8 byte (byte-level tokenizers), 16 a message, and for a picture
    `image_tile_tokens` per 512 x 512 tile (ours; the dearest tile we know of counts 5,667)."""
    text = sum(len(m.text.encode("utf-8", "surrogatepass")) + 16 for m in messages)
    tiles = sum(1 + _tiles(image.png) for m in messages for image in m.images)
    return text + image_tile_tokens * tiles


def _tiles(png: bytes) -> int:
    """512 x 512 tiles of a PNG, read from its header; 4 for what is no PNG."""
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 24:
        return 4
    width, height = (int.from_bytes(png[at:at + 4], "big") for at in (16, 20))
    return max(1, -(-width // 512)) * max(1, -(-height // 512))
