"""Verdicts: what was published against what comes out here, cell by cell: same, differs by, cannot be recomputed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from drawagent.bundles import SCORES, Table

Verdict = Literal["same", "differs", "cannot be recomputed here"]
SAME: Final = "same"
DIFFERS: Final = "differs"
CANNOT: Final = "cannot be recomputed here"
TOLERANCE = 1e-4
"""Numbers of a scorer are promised to so much across machines and versions (ours; they are stored to 1e-6)."""
_AES = re.compile(r", AES [0-9a-f]{12}")

Excuse = Callable[[str, str, str], str]
"""(table, row, column) -> why this cell cannot be computed here, "" where it can."""


@dataclass(frozen=True)
class Cell:
    """One cell of a published table.

    published, here : its text there and here; difference : of numbers, None for words
    reason : why it differs or cannot be recomputed, "" for the same
    """

    table: str
    row: str
    column: str
    verdict: Verdict
    published: str = ""
    here: str = ""
    difference: float | None = None
    reason: str = ""

    def words(self) -> str:
        """The verdict as a person reads it."""
        if self.verdict == SAME:
            return SAME
        if self.verdict == CANNOT:
            return f"{CANNOT}: {self.reason}"
        return f"differs by {self.difference:.3g}" if self.difference is not None else f"differs: {self.reason}"


def compare(published: Table, replayed: Table | None, computed: Table | None, excuse: Excuse) -> Iterator[Cell]:
    """Every cell of one table.

    replayed : what the packed replies lead to under the scores of the record; computed : the same with the scores
    computed here. A score must fit both, so that neither an edited table nor an edited record passes.
    """
    name = published.name
    rows = {} if replayed is None else dict(replayed.rows)
    again = {} if computed is None else dict(computed.rows)
    met: set[str] = set()
    for key, row in published.rows.items():
        here = _counterpart(key, rows)
        met.add(here)
        for column in published.columns:
            reason = excuse(name, key, column)
            if here not in rows:
                yield _missing(name, key, column, row[column], reason)
                continue
            computed_here = again.get(here, {}).get(column)
            yield _judged(name, key, column, row[column], rows[here].get(column), computed_here, reason)
        for column in rows.get(here, {}).keys() - set(published.columns):
            yield _unpublished(name, key, column, rows[here][column], excuse(name, key, column))
    stands_in = {_AES.sub("", key) for key in published.rows}
    for key in rows.keys() - met:
        if key not in stands_in:
            for column, value in rows[key].items():
                yield Cell(name, key, column, DIFFERS, "", value, None, "the replay has this row, the bundle has not")


def unreplayed(published: Table, verdict: Verdict, reason: str) -> Iterator[Cell]:
    """Every cell of a table whose run could not be replayed."""
    for key, row in published.rows.items():
        for column in published.columns:
            yield Cell(published.name, key, column, verdict, row[column], "", None, reason)


def same_files(name: str, published: Mapping[str, str], here: Mapping[str, str]) -> Iterator[Cell]:
    """Whole files as cells of a table of one column."""
    for file in sorted(published.keys() | here.keys()):
        if file not in here or file not in published:
            where = "the bundle" if file not in here else "the replay"
            yield Cell(name, file, "text", DIFFERS, "", "", None, f"only {where} has this file")
        elif published[file] == here[file]:
            yield Cell(name, file, "text", SAME)
        else:
            yield Cell(name, file, "text", DIFFERS, "", "", None, _first_line(published[file], here[file]))


def difference(one: str, other: str) -> float | None:
    """Largest difference of two numbers, or of two lists of numbers parted by spaces; None where these are not such.

    What is no number (nan, inf, words) is apart from everything but the same text.
    """
    first, second = one.split(), other.split()
    if len(first) != len(second) or not first:
        return None
    try:
        apart = [0.0 if a == b else abs(float(a) - float(b)) for a, b in zip(first, second, strict=True)]
    except ValueError:
        return None
    return max(apart) if all(map(math.isfinite, apart)) and any(map(_finite, first)) else None


def _finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _counterpart(key: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    """A row with AES is held beside the same drawings' row without, where the predictor is not here."""
    return key if key in rows else _AES.sub("", key)


def _missing(name: str, key: str, column: str, value: str, reason: str) -> Cell:
    if reason:
        return Cell(name, key, column, CANNOT, value, "", None, reason)
    return Cell(name, key, column, DIFFERS, value, "", None, "the bundle has this row, the replay has not")


def _unpublished(name: str, key: str, column: str, here: str, reason: str) -> Cell:
    if reason:
        return Cell(name, key, column, CANNOT, "", here, None, reason)
    return Cell(name, key, column, DIFFERS, "", here, None, "the replay has this column, the bundle has not")


def _judged(
    name: str, key: str, column: str, published: str, replayed: str | None, computed: str | None, reason: str
) -> Cell:
    score = column in SCORES.get(name, ())
    tolerance = TOLERANCE if score else 0.0
    if reason and (not score or not replayed):
        return Cell(name, key, column, CANNOT, published, replayed or "", None, reason)
    first = _against(published, replayed, tolerance)
    if first is not None:
        what = "the packed replies and scores lead to another value" if score else "the packed replies lead to another"
        return Cell(name, key, column, DIFFERS, published, replayed or "", first[0], what)
    if reason:
        return Cell(name, key, column, CANNOT, published, replayed or "", None, reason)
    shown = computed if score else replayed
    second = _against(published, shown, tolerance)
    if second is not None:
        return Cell(name, key, column, DIFFERS, published, shown or "", second[0],
                    "the scorer gives another value here")
    return Cell(name, key, column, SAME, published, shown or "", difference(published, shown or ""))


def _against(published: str, here: str | None, tolerance: float) -> tuple[float | None] | None:
    """None where both are the same, else their difference in a tuple (None for words)."""
    if here is None:
        return (None,)
    if published == here:
        return None
    apart = difference(published, here)
    if apart is not None and apart <= tolerance:  # 0 for "1" and "1.0", which versions of pandas write either way
        return None
    return (apart,)


def _first_line(published: str, here: str) -> str:
    lines = zip(published.split("\n"), here.split("\n"), strict=False)
    for number, (one, other) in enumerate(lines, 1):
        if one != other:
            return f"line {number}: {one[:60]!r} became {other[:60]!r}"
    return "one is longer"
