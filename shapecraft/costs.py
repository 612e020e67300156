"""Costs: what one object took, from its run folder: calls, tokens, dollars, minutes, and programs that ran at first.

Paper: minutes and calls an object, compile rate, without definitions. Ours: calls are replies that were used, re-asked
ones among them; tokens, dollars and minutes are those of the ledger. What is not known is nan with the reason, never 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from easel.budget import busy_seconds
from easel.ledger import Ledger, Try
from easel.runs import RunStore

TABLES = ("parses", "bootstraps", "attempts", "looks")
"""Tables of a run that name the replies it used."""
_ROLES = ("parser", "coder", "evaluator")
"""Of the calls that make an object; later edits, animations and questions stand in the same ledger."""
_LATER = re.compile(r"#edit\d+/")
"""In the site of a call that rewrites or judges a part for an edit: its role is that of the first making."""
NO_CALLS = "replies without a call in the run's ledger: they were taken from a record"
_LEDGER = ("tokens", "dollars", "minutes", "minutes_added")


@dataclass(frozen=True)
class Costs:
    """Of one object.

    first_pass, repaired : share of the steps of all paths whose program ran as first written, and in the end; 0 for an
        object that no program was written for
    calls : replies that were used; components : that the object has; calls_per_component : calls over these
    tokens : of all HTTP tries, prompts and replies; dollars : nan where the price of one is unknown
    minutes : during which calls were being made (what a person waited for the models); minutes_added : of all tries
        added up, as if one had followed the other (the paper's paths did)
    cannot : (figure, why it is nan)
    """

    first_pass: float
    repaired: float
    calls: float
    components: float
    calls_per_component: float
    tokens: float
    dollars: float
    minutes: float
    minutes_added: float
    cannot: tuple[tuple[str, str], ...] = ()

    @classmethod
    def unknown(cls, reason: str) -> Costs:
        """Of what no run of ours made."""
        names = [name for name in cls.__dataclass_fields__ if name != "cannot"]
        return cls(**dict.fromkeys(names, math.nan), cannot=tuple((name, reason) for name in names))


def costs_of(run: RunStore) -> Costs:
    """Of a run that has ended; of a ledger that several runs share, the tries that serve this one's requests."""
    ended = run.rows("explored")
    if not ended:
        return Costs.unknown(f"the run is {run.info['status']}, not finished")
    tally = ended[0]["tally"]
    keys, tries = replies_of(run), tries_of(run)
    calls, components = float(sum(tally["calls"].values())), float(tally["components"])
    cannot: dict[str, str] = {}
    if not components:
        cannot["components"] = cannot["calls_per_component"] = "the text was never parsed"
    known = bool(tries) and keys <= {one.key for one in tries}
    used = [one.usage for one in tries]
    priced = all(one.dollars is not None or not one.tokens for one in used)
    if not known:
        cannot |= dict.fromkeys(_LEDGER, NO_CALLS)
    elif not priced:
        cannot["dollars"] = "the price of a call is unknown"
    return Costs(
        first_pass=float(tally["first_pass"] or 0.0), repaired=float(tally["repaired"] or 0.0), calls=calls,
        components=components if components else math.nan,
        calls_per_component=round(calls / components, 6) if components else math.nan,
        tokens=float(sum(one.tokens for one in used)) if known else math.nan,
        dollars=round(math.fsum(one.dollars or 0.0 for one in used), 6) if known and priced else math.nan,
        minutes=round(busy_seconds(tries) / 60, 6) if known else math.nan,
        minutes_added=round(math.fsum(one.seconds for one in tries) / 60, 6) if known else math.nan,
        cannot=tuple(cannot.items()),
    )


def replies_of(run: RunStore) -> frozenset[str]:
    """Keys of all replies that the rows of a run name."""
    return frozenset(key for table in TABLES for row in run.rows(table) for key in _reply_keys(row))


def tries_of(run: RunStore) -> tuple[Try, ...]:
    """The HTTP tries behind an object, by time; of a shared ledger those that serve this run's requests."""
    keys, own = replies_of(run), run.home.resolve() == run.folder.resolve()
    return tuple(one for one in Ledger(run.home).tries() if one.key in keys or (own and _makes(one.site)))


def _makes(site: str) -> bool:
    """Whether a call at this site makes the object."""
    return site.startswith(_ROLES) and not _LATER.search(site)


def _reply_keys(value: Any) -> Iterator[str]:
    """All of a row, also of the judgement inside it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "reply_keys":
                yield from inner
            else:
                yield from _reply_keys(inner)
