"""easel: the ground under both methods: chat, records, budgets, prompts, cameras, scores, runs, tables.

Names are imported when they are first used, so that the package is light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from easel.asking import ask, load_prompt
    from easel.budget import Budget
    from easel.cameras import Camera, ring
    from easel.chat import CallSite, ChatModel, ChatReply, ChatRequest, Image, Message, Sampling, Usage
    from easel.connection import connect
    from easel.errors import ConfigurationError, EaselError, MissingCapability
    from easel.recording import RecordMissing, Replay, ReplyStore
    from easel.runs import RunStore
    from easel.scoring import AestheticScorer, ClipScorer, ImageTextScorer, ScorerCard

_HOMES = {
    "AestheticScorer": "scoring", "Budget": "budget", "CallSite": "chat", "Camera": "cameras", "ChatModel": "chat",
    "ChatReply": "chat", "ChatRequest": "chat", "ClipScorer": "scoring", "ConfigurationError": "errors",
    "EaselError": "errors", "Image": "chat", "ImageTextScorer": "scoring", "Message": "chat",
    "MissingCapability": "errors", "RecordMissing": "recording", "Replay": "recording", "ReplyStore": "recording",
    "RunStore": "runs", "Sampling": "chat", "ScorerCard": "scoring", "Usage": "chat", "ask": "asking",
    "connect": "connection", "load_prompt": "asking", "ring": "cameras",
}

__all__ = [
    "AestheticScorer", "Budget", "CallSite", "Camera", "ChatModel", "ChatReply", "ChatRequest", "ClipScorer",
    "ConfigurationError", "EaselError", "Image", "ImageTextScorer", "Message", "MissingCapability", "RecordMissing",
    "Replay", "ReplyStore", "RunStore", "Sampling", "ScorerCard", "Usage", "ask", "connect", "load_prompt", "ring",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"easel.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'easel' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
