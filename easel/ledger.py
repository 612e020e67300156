"""The ledger: one line per HTTP try in calls.jsonl, and beside it a journal of what was begun.

A try that was begun and never ended was in flight when its process died: it may have been charged, and is shown.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from easel.chat import ChatFailure, ChatReply, ChatRequest, Usage
from easel.jsonl import append, canonical, read
from easel.redaction import redact

CALLS, BEGUN = "calls.jsonl", "calls.begun.jsonl"


@dataclass(frozen=True)
class Try:
    """One HTTP request.

    id : unique; key, site : of the request it served; number : 1 for the first try of a call
    started : seconds since the epoch; seconds : how long it took
    outcome : "ok", the kind of the failure, or "in flight" (the process ended before the answer)
    max_tokens : as sent, which a retry may have doubled; usage : charged; reason : of a failure, without keys
    """

    id: str
    key: str
    site: str
    number: int
    started: float
    seconds: float
    outcome: str
    status: int | None
    usage: Usage
    model: str
    not_applied: tuple[str, ...] = ()
    max_tokens: int | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Try:
        values = {**row, "usage": Usage(**row["usage"]), "not_applied": tuple(row["not_applied"])}
        return cls(**values)


class Ledger:
    """Appends tries; safe from many threads and processes.

    folder : where calls.jsonl lies, None keeps the lines in memory
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = None if folder is None else Path(folder)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._lines: dict[str, list[dict[str, Any]]] = {CALLS: [], BEGUN: []}

    def begin(
        self, request: ChatRequest, *, key: str, number: int, started: float, model: str, worst: Usage
    ) -> Try:
        """Write down that a request is about to leave. `worst` is what it is charged with if nothing more is heard."""
        one = Try(
            os.urandom(8).hex(), key, str(request.site), number, started, 0.0, "in flight", None, worst, model,
            max_tokens=request.sampling.max_tokens,
        )
        self._write(BEGUN, one.to_json())
        return one

    def withdraw(self, begun: Try) -> None:
        """It did not leave after all."""
        self._write(BEGUN, {"id": begun.id, "withdrawn": True})

    def end(self, begun: Try, outcome: ChatReply | ChatFailure | BaseException, *, seconds: float) -> Try:
        """Write the line of the try that `begin` began."""
        values = {**vars(begun), "seconds": round(seconds, 3)}
        if isinstance(outcome, ChatReply):
            values |= {
                "outcome": "ok", "status": 200, "usage": outcome.usage, "model": outcome.model,
                "not_applied": outcome.not_applied,
            }
        elif isinstance(outcome, ChatFailure):
            values |= {
                "outcome": outcome.kind, "status": outcome.status, "usage": outcome.usage,
                "reason": redact(outcome.came),
            }
        else:
            values |= {"outcome": "interrupted", "reason": type(outcome).__name__}
        ended = Try(**values)
        self._write(CALLS, ended.to_json())
        return ended

    def tries(self) -> tuple[Try, ...]:
        """Every try, by time of its start; those in flight at a kill (or now) among them."""
        ended = {row["id"]: row for row in self._read(CALLS)}
        begun: dict[str, dict[str, Any]] = {}
        for row in self._read(BEGUN):
            if row.get("withdrawn"):
                begun.pop(row["id"], None)
            else:
                begun[row["id"]] = row
        both = {**begun, **ended}
        found = [Try.from_json(row) for row in both.values()]
        return tuple(sorted(found, key=lambda one: (one.started, one.number, one.id)))

    def _write(self, name: str, row: dict[str, Any]) -> None:
        with self._lock:
            if self.folder is None:
                self._lines[name].append(row)
            else:
                append(self.folder / name, canonical(row))

    def _read(self, name: str) -> list[dict[str, Any]]:
        if self.folder is not None:
            return read(self.folder / name)
        with self._lock:
            return list(self._lines[name])
