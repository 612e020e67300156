"""Tables: what a run holds, as pandas frames. `results` is deterministic; clocks, tries and cost stand in `ledger`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.ledger import Ledger
from easel.runs import RunStore

if TYPE_CHECKING:
    import pandas

_ORDER = ("role", "query", "epoch", "candidate", "pair")
_WORDS = frozenset({"text", "reason"})
_LEDGER = (
    "started", "site", "number", "outcome", "status", "seconds", "prompt_tokens", "completion_tokens",
    "reasoning_tokens", "cached_tokens", "dollars", "estimated", "model", "max_tokens", "not_applied", "reason", "key",
    "id",
)


def rollouts(run: RunStore | Path) -> pandas.DataFrame:
    """Every rollout with all that was recorded of it, in the order in which it was written."""
    return _frame(run, "rollouts")


def pairs(run: RunStore | Path) -> pandas.DataFrame:
    """Every contrastive pair, and every group that was skipped with its reason."""
    return _frame(run, "pairs")


def attempts(run: RunStore | Path) -> pandas.DataFrame:
    """Every attempt of a method that writes attempts.jsonl."""
    return _frame(run, "attempts")


def results(run: RunStore | Path) -> pandas.DataFrame:
    """The scores and failures of all rollouts: byte-identical (`to_csv`) for one machine and version set.

    Sorted by role, query, epoch, candidate; no words, lists as text, no clock. `evidence` and `fingerprint` head it.
    """
    import pandas

    opened = _opened(run)
    rows = [
        {name: _flat(value) for name, value in row.items() if name not in _WORDS} for row in opened.rows("rollouts")
    ]
    rows.sort(key=lambda row: [_rank(row.get(name)) for name in _ORDER])
    for row in rows:
        row["evidence"], row["fingerprint"] = opened.info["evidence"], opened.info["fingerprint"]
    names = sorted({name for row in rows for name in row}, key=lambda name: (_place(name), name))
    return pandas.DataFrame(rows, columns=names)


def ledger(run: RunStore | Path) -> pandas.DataFrame:
    """One row per HTTP try by time, those in flight at a kill among them.

    dollars : nan where the price is unknown; estimated : token counts were not reported and are an upper bound
    """
    import pandas

    rows = []
    for one in Ledger(_opened(run).folder).tries():
        row = asdict(one)
        rows.append({**row, **row.pop("usage"), "not_applied": ", ".join(one.not_applied)})
    return pandas.DataFrame(rows, columns=list(_LEDGER))


def _opened(run: RunStore | Path) -> RunStore:
    return run if isinstance(run, RunStore) else RunStore.read(run)


def _frame(run: RunStore | Path, table: str) -> pandas.DataFrame:
    import pandas

    return pandas.DataFrame(_opened(run).rows(table))


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _place(name: str) -> int:
    head = ("evidence", "fingerprint", *_ORDER)
    return head.index(name) if name in head else len(head)


def _rank(value: Any) -> tuple[int, float, str]:
    """A key that sorts numbers before words and nothing first."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, str(value))
