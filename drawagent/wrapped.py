"""A wrapped model of ours: a record at the end of its replies."""

from __future__ import annotations

from dataclasses import dataclass

from easel.chat import ChatReply, ChatRequest
from easel.recording import RecordMissing
from easel.wrapped import WrappedModel


@dataclass
class RecordedPast(WrappedModel):
    """A record at the end of its replies: says which call of the new branch it does not hold."""

    def reply(self, request: ChatRequest) -> ChatReply:
        try:
            return super().reply(request)
        except RecordMissing as missing:
            raise RecordMissing(
                "a reply to every call of the new branch", came="a call that the record does not hold",
                where=str(request.site),
                mend="The branch leaves the recorded past here. A model may go on from it, and the run then says so: "
                     "fork with that model and mixed=True (--mixed).",
            ) from missing
