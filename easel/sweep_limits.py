"""Limits of a sweep: what is left is granted in shares to the cells that run side by side, so that none is passed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.arguments import read_limits
from easel.budget import busy_seconds
from easel.jsonl import held, write_whole
from easel.ledger import Ledger

if TYPE_CHECKING:
    from easel.sweep import Sweep


@dataclass(frozen=True)
class Limits:
    """What a sweep may use in all; None is no limit. seconds : of each cell, while it makes calls"""

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    @classmethod
    def read(cls, text: str | None, *, where: str = "--budget") -> Limits:
        """As `easel.arguments.read_limits` takes it."""
        return cls(**read_limits(text, where=where))

    def text(self) -> str:
        """As `read` takes it, and as the notebook of a cell takes its budget."""
        return ",".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)


NO_LIMITS = Limits()
_SHARED = ("calls", "tokens", "dollars")


def granted(sweep: Sweep, key: str, limits: Limits, places: int) -> str:
    """The budget of a cell that starts, as its notebook takes it; for a process that holds the cell.

    Its share, on top of what the sweep's ledger holds, since a budget counts that first: what is left once every cell
    that runs has used all that it was granted, divided by the places that are free. Grants are kept under a lock in
    the sweep's folder, so that processes of several sweeps and job arrays share one limit; a cell that ended has none.
    """
    if limits == NO_LIMITS:
        return ""
    with _alone(sweep.folder / ".grants.lock"):
        path = sweep.folder / "grants.json"
        known = json.loads(path.read_text("utf-8")) if path.exists() else {}
        running = {one: share for one, share in known.items() if one != key and sweep.runs_now(one)}
        tries = Ledger(sweep.folder).tries()
        spent = {"calls": len(tries), "tokens": sum(one.usage.tokens for one in tries),
                 "dollars": sum(one.usage.dollars or 0.0 for one in tries)}
        share: dict[str, Any] = {}
        for name in _SHARED:
            limit = getattr(limits, name)
            if limit is not None:
                taken = sum(other.get(name, 0) for other in running.values())
                part = max(0.0, limit - spent[name] - taken) / max(1, places - len(running))
                share[name] = part if name == "dollars" else int(part)
        write_whole(path, json.dumps({**running, key: share}).encode())
    seconds = None if limits.seconds is None else limits.seconds + busy_seconds(tries)
    return Limits(**{name: value + spent[name] for name, value in share.items()}, seconds=seconds).text()


class _alone:
    """A lock file that is waited for; whoever dies lets it go."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        while True:
            self._holding = held(self._lock)
            try:
                self._holding.__enter__()
                return
            except BlockingIOError:
                time.sleep(0.02)

    def __exit__(self, *exception: object) -> None:
        self._holding.__exit__(None, None, None)
