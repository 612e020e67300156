"""Run costs: what every entry of a table would have cost alone, by the ledger, and what was paid for all (ours)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drawagent.members import Member, Members
from easel.ledger import Ledger, Try
from easel.tables import tries_of

if TYPE_CHECKING:
    import pandas

PAID, ALONE = "paid", "as if alone"
WHOLE = "whole sweep"
_TOKENS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
NAMES = ("entry", "counted", "practices", "replies", "calls", "failed_calls", *_TOKENS, "dollars", "minutes",
         "drawings", "dollars_a_drawing", "seconds_a_drawing")


@dataclass(frozen=True)
class Cost:
    """Of some HTTP tries. reasoning tokens are among the completion tokens, cached ones among the prompt tokens.

    dollars : None where one try with tokens has no known price, never 0 for unknown; minutes : of all tries added up
    """

    calls: int
    failed_calls: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    dollars: float | None
    minutes: float

    @classmethod
    def of(cls, tries: Iterable[Try]) -> Cost:
        tries = tuple(tries)
        used = [one.usage for one in tries]
        unknown = any(one.dollars is None and one.tokens for one in used)
        return cls(
            calls=len(tries), failed_calls=sum(one.outcome != "ok" for one in tries),
            **{name: sum(getattr(one, name) for one in used) for name in _TOKENS},
            dollars=None if unknown else math.fsum(one.dollars or 0.0 for one in used),
            minutes=math.fsum(one.seconds for one in tries) / 60.0,
        )


def costs(members: Members) -> pandas.DataFrame:
    """One row per entry, and rows for all.

    An entry's figures are means over its practices, each as if it had been run alone: what it took to learn the library
    of that epoch, and to draw the report with it. A practice that stopped before that epoch counts with the library
    that it stands with. Calls that ended without anything that a run kept (an update that failed) count in "paid" alone
    where the run has a ledger of its own, otherwise in the whole sweep.
    replies : that were used; calls : HTTP tries, failed ones among them. Where one of the replies has no call in the
    ledger (a replay; a fork, whose past another run asked), nothing is known of calls, tokens, dollars and minutes: nan
    drawings : of the report; dollars_a_drawing, seconds_a_drawing : of the report's calls alone
    The last rows: all runs as if alone; what was paid for them, shared calls once; and, where the ledger of a sweep
    holds more than these runs used (other grids, failed cells), the whole sweep.
    """
    import pandas

    rows, kept = [], {id(member): _Kept.of(member) for member in members.runs if member.evidence != "external"}
    for row in members.rows:
        own = [kept[id(member)] for member in members.runs if member.row == row and id(member) in kept]
        for epoch in sorted({epoch for one in own for epoch in one.report}):
            parts = [part for one in own if (part := one.entry(epoch))]
            rows.append({
                "entry": f"{row}, epoch {epoch}", "counted": ALONE, "practices": len(parts),
                **{name: _mean([part[name] for part in parts]) for name in NAMES[3:]},
            })
    if kept:
        alone = [one.whole() for one in kept.values()]
        rows.append({"entry": "all", "counted": ALONE, "practices": len(alone),
                     **{name: _sum([part[name] for part in alone]) for name in NAMES[3:-2]}})
        whole, paid = _paid(members, set().union(*(one.keys for one in kept.values())))
        rows.append({"entry": "all", "counted": PAID, "practices": len(alone), **_row(paid)})
        if len(whole) > len(paid):
            rows.append({"entry": WHOLE, "counted": PAID, **_row(whole)})
    return pandas.DataFrame(rows, columns=list(NAMES))


def _paid(members: Members, keys: Collection[str]) -> tuple[list[Try], list[Try]]:
    """All tries of the ledgers, and those for these runs. keys : of the replies that they used"""
    own = {member.run.folder.resolve() for member in members.runs}
    whole: list[Try] = []
    paid: list[Try] = []
    for folder in members.ledgers:
        tries = Ledger(folder).tries()
        whole += tries
        paid += [one for one in tries if folder in own or one.key in keys]
    return whole, paid


@dataclass(frozen=True)
class _Kept:
    """The calls of one run. learned, report : epoch of the library -> keys of the replies that it took"""

    learned: dict[int, set[str]]
    report: dict[int, set[str]]
    drawings: dict[int, int]
    tries: dict[str, list[Try]]

    @classmethod
    def of(cls, member: Member) -> _Kept:
        run = member.run
        learned: dict[int, set[str]] = {}
        report: dict[int, set[str]] = {}
        drawings: dict[int, int] = {}
        for row in run.rows("rollouts"):
            if row["role"] == "report":
                report.setdefault(row["epoch"], set()).update(row["reply_keys"])
                drawings[row["epoch"]] = drawings.get(row["epoch"], 0) + bool(row["chosen"])
            else:
                # The gate's "after" draws with the library that it decides on.
                epoch = row["epoch"] + (row["role"] != "gate-after")
                learned.setdefault(epoch, set()).update(row["reply_keys"])
        for table in ("judgements", "edits"):
            for row in run.rows(table):
                learned.setdefault(row["epoch"] + 1, set()).update(row["reply_keys"])
        tries: dict[str, list[Try]] = {}
        for one in tries_of(run):
            tries.setdefault(one.key, []).append(one)
        return cls(learned, report, drawings, tries)

    @property
    def keys(self) -> set[str]:
        return set().union(*self.learned.values(), *self.report.values())

    def entry(self, epoch: int) -> dict[str, Any] | None:
        """Of the library of this epoch, or of the last one where practice stopped before."""
        epoch = max((one for one in self.report if one <= epoch), default=-1)
        if epoch < 0:
            return None
        drew = self.report[epoch]
        keys = drew.union(*(keys for one, keys in self.learned.items() if one <= epoch))
        whole, drawn, drawings = self._of(keys), self._of(drew), self.drawings[epoch]
        return {
            "replies": len(keys), **whole, "drawings": drawings,
            "dollars_a_drawing": drawn["dollars"] / drawings, "seconds_a_drawing": 60.0 * drawn["minutes"] / drawings,
        }

    def whole(self) -> dict[str, Any]:
        return {"replies": len(self.keys), **self._of(self.keys), "drawings": sum(self.drawings.values())}

    def _of(self, keys: Collection[str]) -> dict[str, Any]:
        known = all(key in self.tries for key in keys)
        return _row([one for key in sorted(keys) for one in self.tries[key]] if known else [])


def _row(tries: list[Try]) -> dict[str, Any]:
    """Of tries; nan for all of it where there are none: replies without a ledger were not for nothing."""
    if not tries:
        return dict.fromkeys(Cost.__dataclass_fields__, math.nan)
    found = Cost.of(tries)
    dollars = math.nan if found.dollars is None else round(found.dollars, 6)
    return {**vars(found), "dollars": dollars, "minutes": round(found.minutes, 4)}


def _mean(values: list[float]) -> float:
    return round(_sum(values) / len(values), 6)


def _sum(values: list[float]) -> float:
    return math.fsum(values) if not any(math.isnan(value) for value in values) else math.nan
