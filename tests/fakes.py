"""Small stand-ins for tests: a scorer without weights, a model that follows a script and fails when it ends."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from drawagent.gate import GateDecision
from drawagent.queries import Query, QueryLists
from drawagent.raster import render
from drawagent.reward import ViewReward
from easel.cameras import ring
from easel.chat import ChatReply, ChatRequest, Evidence, Usage
from easel.scoring import ScorerCard

CARD = ScorerCard(
    name="tiny", model="tiny", weights="none", template="{text}", preprocessing="none", scale="raw cosine",
    device="cpu", precision="fp32", versions=(), words=None, stand_in=True, column="tiny",
)


@dataclass
class TinyScorer:
    """Eight numbers of ink layout against a hash of the words: cheap, deterministic, monotone in nothing."""

    card: ScorerCard = CARD
    embedded: int = 0

    def embed_images(self, images: Any) -> np.ndarray:
        array = 1.0 - np.asarray(images, dtype=np.float64)
        array = array.reshape(len(array), -1)
        self.embedded += len(array)
        parts = np.stack([part.mean(axis=1) for part in np.array_split(array, 8, axis=1)], axis=1) + 1e-3
        return (parts / np.linalg.norm(parts, axis=1, keepdims=True)).astype(np.float32)

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        rows = [np.frombuffer(hashlib.sha256(text.encode()).digest()[:8], np.uint8) + 1.0 for text in texts]
        array = np.stack(rows)
        return (array / np.linalg.norm(array, axis=1, keepdims=True)).astype(np.float32)

    def check_text(self, text: str) -> None: ...


def tiny_reward(views: int = 2, size: int = 32) -> ViewReward:
    return ViewReward(TinyScorer(), ring(views), render, size=size, width=1.0)


@dataclass
class Scripted:
    """Answers by a function of the request; `calls` keeps every request in the order of arrival."""

    answer: Callable[[ChatRequest], str]
    name: str = "scripted"
    evidence: Evidence = "stand-in"
    sees_images: bool = False
    calls: list[ChatRequest] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def reply(self, request: ChatRequest) -> ChatReply:
        with self._lock:
            self.calls.append(request)
        return ChatReply(self.answer(request), self.name, Usage(10, 10, dollars=0.0), evidence=self.evidence)

    def sites(self) -> list[str]:
        return sorted(str(call.site) for call in self.calls)


def lists(learn: int = 2, gate: int = 0, report: int = 0) -> QueryLists:
    """So many queries of made-up categories, disjoint by split."""

    def some(split: str, count: int) -> tuple[Query, ...]:
        return tuple(Query(id=f"{split}{i}", text=f"a {split}thing{i}", category=f"{split}thing{i}") for i in range(count))

    return QueryLists(some("learn", learn), some("gate", gate), some("report", report), "made up for tests")


def refuse(before: Sequence[float], after: Sequence[float], *, margin: float) -> GateDecision:
    """A gate that accepts nothing."""
    return GateDecision(False, -0.1, 0.0, len(before))
