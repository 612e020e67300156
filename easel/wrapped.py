"""A wrapped model: stands before another chat model under its name, its grade and its eyes (ours)."""

from __future__ import annotations

from dataclasses import dataclass, field

from easel.chat import ChatModel, ChatReply, ChatRequest, Empty, Evidence


@dataclass
class WrappedModel:
    """Passes every request on; what stands before a model overrides `reply`."""

    model: ChatModel

    @property
    def name(self) -> str:
        return self.model.name

    @property
    def evidence(self) -> Evidence:
        return self.model.evidence

    @property
    def sees_images(self) -> bool:
        return self.model.sees_images

    def reply(self, request: ChatRequest) -> ChatReply:
        """The model's own reply, or its failure."""
        return self.model.reply(request)


@dataclass
class AskedModel(WrappedModel):
    """Notes what was asked. asked : key -> the request that asked it first"""

    asked: dict[str, ChatRequest] = field(default_factory=dict)

    def reply(self, request: ChatRequest) -> ChatReply:
        self.asked.setdefault(request.key, request)
        return super().reply(request)


@dataclass
class PlannedModel(AskedModel):
    """Notes what would be asked, asks nothing and answers with a failure (`Empty`)."""

    def reply(self, request: ChatRequest) -> ChatReply:
        self.asked.setdefault(request.key, request)
        raise Empty("a plan", sent=False)
