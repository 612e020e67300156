"""Episode: what a run holds about one learn query in one epoch. Live and afterwards it is read from the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drawagent.gallery import Gallery
from drawagent.keeping import PERSON
from drawagent.sketch import Sketch
from easel.ledger import Try

Row = dict[str, Any]
Place = tuple[int, str]
"""Epoch, and id of the learn query."""


@dataclass(frozen=True)
class Episode:
    """One query in one epoch.

    text : of the query; column : of the scorer that ranked; watermark : "" unless a stand-in drew
    rows : K rollout rows by candidate; sketches : K, None for a failed one
    pairs, judgements : rows of this query; edits : rows of this epoch (of this query under `update_order="query"`)
    gate : row of this epoch, None without a gate; reviews : rows of this epoch
    """

    epoch: int
    query: str
    text: str
    column: str
    watermark: str
    rows: tuple[Row, ...]
    sketches: tuple[Sketch | None, ...]
    pairs: tuple[Row, ...] = ()
    judgements: tuple[Row, ...] = ()
    edits: tuple[Row, ...] = ()
    gate: Row | None = None
    reviews: tuple[Row, ...] = ()

    @property
    def marks(self) -> dict[int, str]:
        """Candidate -> "S+" or "S-", by the first pair that was contrasted; {} without one."""
        for row in self.pairs:
            if not row["skipped"]:
                return {row["better"]: "S+", row["worse"]: "S-"}
        return {}


def places(gallery: Gallery) -> list[Place]:
    """Every epoch and learn query that the run holds candidates of, in the order in which they were told."""
    return list(dict.fromkeys((row["epoch"], row["query"]) for row in gallery.rollouts()))


def read_episode(gallery: Gallery, place: Place, *, known: dict[str, Sketch | None] | None = None) -> Episode:
    """One episode of an open or finished run; without candidates when the run holds none of it.

    known : drawings read before, by the model's words; those that are not in it are read and added
    """
    known = {} if known is None else known
    epoch, query = place
    run = gallery.run

    def own(table: str) -> tuple[Row, ...]:
        return tuple(row for row in run.rows(table) if (row["epoch"], row["query"]) == place)

    def of_epoch(table: str) -> tuple[Row, ...]:
        return tuple(row for row in run.rows(table)
                     if row["epoch"] == epoch and row.get("query", "") in ("", query, PERSON))

    rows = tuple(row for row in gallery.rollouts() if (row["epoch"], row["query"]) == place)
    for row in rows:
        if row["text"] not in known:
            known[row["text"]] = gallery.sketch(row)
    return Episode(
        epoch, query, gallery.texts.get(query, query), run.info["cards"]["reward"]["column"], gallery.watermark, rows,
        tuple(known[row["text"]] for row in rows), own("pairs"), own("judgements"), of_epoch("edits"),
        next(iter(of_epoch("gates")), None), of_epoch("reviews"),
    )


def epochs_told(gallery: Gallery) -> list[Row]:
    """One row an epoch that has ended: its mean reward, failures, lessons, and the mean report score of its library."""
    curve = {point.epoch: point.mean for point in gallery.curve()}
    return [{**row, "report": curve.get(row["epoch"] + 1)} for row in gallery.run.rows("epochs")]


@dataclass(frozen=True)
class Cost:
    """What the requests of a run cost so far.

    calls : that have ended; in_flight : begun and not ended (or cut off by a kill); tokens : of ended ones
    dollars : of the calls with a known price; unpriced : calls with tokens and no price
    """

    calls: int = 0
    in_flight: int = 0
    tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0

    @classmethod
    def of(cls, tries: Sequence[Try]) -> Cost:
        ended = [one for one in tries if one.outcome != "in flight"]
        return cls(
            len(ended), len(tries) - len(ended), sum(one.usage.tokens for one in ended),
            sum(one.usage.dollars or 0.0 for one in ended),
            sum(one.usage.dollars is None and one.usage.tokens > 0 for one in ended),
        )

    def __str__(self) -> str:
        if not self.calls and not self.in_flight:
            return "0 calls: nothing was asked, nothing is to be paid"
        price = f"{self.dollars:.4f} dollars"
        if self.unpriced:
            known = f" for the others, {price}" if self.calls > self.unpriced else ""
            price = f"price unknown for {self.unpriced} of {self.calls} calls{known}"
        waiting = f" ({self.in_flight} in flight)" if self.in_flight else ""
        return f"{self.calls} calls{waiting}, {self.tokens} tokens, {price}"
