"""Own replies: of a record, which several runs may share, exactly those that one run asks for (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from easel.chat import Evidence
from easel.recording import Replay, Replies, StoredReply
from easel.runs import RunStore


def replay_of(run: RunStore, source: Replies, info: Mapping[str, Any]) -> Replay:
    """What answers in the place of the run's model. info : what recording.json says of the run"""
    chat = Replay(source, name=info.get("replies_model") or info["model"])
    # Of the run and not of the source: a shared record may hold replies of another grade too.
    grade: Evidence = "stand-in" if run.info["evidence"] == "stand-in" else "recorded"
    chat.evidence, chat.sees_images = grade, info["sees_images"]
    return chat


def own_replies(source: Replies, asked: set[str]) -> tuple[StoredReply, ...]:
    """The stored replies to these requests, by key."""
    found = (source.get(key) for key in sorted(asked))
    return tuple(stored for stored in found if stored is not None)


def asked_by_rows(run: RunStore) -> set[str]:
    """Keys of the replies that the rows of a run name: without those to calls that left no row."""
    tables = ("rollouts", "judgements", "edits")
    return {key for table in tables for row in run.rows(table) for key in row["reply_keys"]}
