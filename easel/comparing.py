"""Comparing: the entries of a sweep against one of them, on the same prompts and the same draws.

A frame has a row for every drawing, in the columns of `COLUMNS`; others are ignored. entry : what is compared, a method
or a setting; library : the practice that the drawing's library came from, "" for the empty library, which all share;
prompt, draw : of the drawing; value : its score, and a failed drawing has one too.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from easel.statistics import crossed_interval, holm, wilson

if TYPE_CHECKING:
    import pandas
    from numpy.typing import NDArray

COLUMNS = ("entry", "library", "prompt", "draw", "value")
EMPTY_LIBRARY = ""
BASELINE = "the baseline"
_MEND = {
    "value": "A failed drawing counts as the blank page; it is never left out.",
    "library": 'The empty library is ""; read a CSV with keep_default_na=False.',
}
_NAMED = 4  # missing things that an error names, before it counts the rest


@dataclass(frozen=True)
class Differences:
    """Entry minus baseline.

    values : (L, P) float, each the mean over the draws that both have; mean : of the entry itself, over these draws
    libraries, prompts : labels of the rows and the columns; draws : the numbers of the draws
    """

    values: NDArray[np.float64]
    mean: float
    libraries: tuple[Any, ...]
    prompts: tuple[Any, ...]
    draws: tuple[Any, ...]


@dataclass(frozen=True)
class _Box:
    """All values of one entry, (L, P, K), and the labels of the three axes."""

    entry: str
    values: NDArray[np.float64]
    libraries: tuple[Any, ...]
    prompts: tuple[Any, ...]
    draws: tuple[Any, ...]


def compare(frame: pandas.DataFrame, *, baseline: str, level: float = 0.95) -> pandas.DataFrame:
    """One row per entry, in the order in which they first appear.

    practices, prompts, draws : how many the row stands on: libraries x prompts x draws that both have
    mean : of the entry; for the baseline over all its draws
    difference, low, high, standard_error, p : entry minus baseline, by `easel.statistics.crossed_interval`
    p_holm : p adjusted for the number of entries that have one (`easel.statistics.holm`)
    significant : p_holm < 1 - level; None where no claim may be made
    claim : "" or the words why none may be made

    Libraries with the same names are paired one by one (practice s with practice s). Where one side has the empty
    library alone, it stands against every library of the other.
    Raises ConfigurationError for whatever cannot be paired, and names it; nothing is left out to make it fit.
    """
    import pandas

    _check(frame, COLUMNS, "compare")
    entries = list(dict.fromkeys(frame["entry"]))
    if baseline not in entries:
        raise ConfigurationError(
            f"a baseline among the entries {', '.join(map(str, entries))}", came=repr(baseline), where="compare",
        )
    base = _box(frame, baseline)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        if entry == baseline:
            rows.append({
                "entry": entry, **_counts(base), "mean": float(base.values.mean()), "difference": math.nan,
                "low": math.nan, "high": math.nan, "standard_error": math.nan, "p": math.nan, "claim": BASELINE,
            })
            continue
        paired = _paired(base, _box(frame, entry))
        one = crossed_interval(paired.values, level=level)
        rows.append({
            "entry": entry, **_counts(paired), "mean": paired.mean, "difference": one.mean, "low": one.low,
            "high": one.high, "standard_error": one.standard_error, "p": one.p, "claim": one.claim,
        })
    for row, adjusted in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p_holm"] = adjusted
        row["significant"] = None if math.isnan(adjusted) else adjusted < 1 - level
    table = pandas.DataFrame(rows, columns=[
        "entry", "practices", "prompts", "draws", "mean", "difference", "low", "high", "standard_error", "p", "p_holm",
        "significant", "claim",
    ])
    return table.astype({"significant": object})


def differences(frame: pandas.DataFrame, baseline: str, entry: str) -> Differences:
    """The paired differences that `compare` judges; raises what it raises."""
    _check(frame, COLUMNS, "differences")
    return _paired(_box(frame, baseline), _box(frame, entry))


def rates(frame: pandas.DataFrame, column: str = "valid", *, level: float = 0.95) -> pandas.DataFrame:
    """How often a column is true, per entry in the order of first appearance: entry, n, successes, share, low, high.

    The interval is Wilson's (`easel.statistics.wilson`). It takes drawings for independent, so that it is about these
    libraries and prompts and no claim about the method.
    Raises ConfigurationError for a value that is neither true nor false, nor 1 nor 0.
    """
    import pandas

    _check(frame, ("entry", column), "rates")
    rows = []
    for entry, part in frame.groupby("entry", sort=False):
        values = part[column].tolist()
        strange = [value for value in values if value not in (0, 1)]
        if strange:
            raise ConfigurationError(
                f"true or false in column {column!r}", came=f"{strange[0]!r} in entry {entry!r}", where="rates",
            )
        one = wilson(int(sum(map(bool, values))), len(values), level=level)
        rows.append((entry, one.n, one.successes, one.share, one.low, one.high))
    return pandas.DataFrame(rows, columns=["entry", "n", "successes", "share", "low", "high"])


def _counts(box: _Box | Differences) -> dict[str, int]:
    return {"practices": len(box.libraries), "prompts": len(box.prompts), "draws": len(box.draws)}


def _check(frame: pandas.DataFrame, columns: Iterable[str], where: str) -> None:
    absent = [name for name in columns if name not in frame.columns]
    if absent:
        raise ConfigurationError(
            f"a frame with the columns {', '.join(columns)}", came=f"none named {', '.join(absent)}", where=where,
        )
    if frame.empty:
        raise ConfigurationError("a frame with rows", came="none", where=where)
    for name in columns:
        empty = frame[name].isna()
        if empty.any():
            row = frame.loc[empty].iloc[0]
            keys = [key for key in COLUMNS[:-1] if key in frame.columns and key != name]
            first = ", ".join(f"{key} {row[key]}" for key in keys)
            raise ConfigurationError(
                f"a {name} in every row", came=f"none in {int(empty.sum())} of {len(frame)}, first in {first}",
                where=where, mend=_MEND.get(name, ""),
            )


def _box(frame: pandas.DataFrame, entry: str) -> _Box:
    """Raises ConfigurationError unless every library has every prompt and every draw of the entry, once."""
    part = frame.loc[frame["entry"] == entry]
    if part.empty:
        raise ConfigurationError("an entry of the frame", came=repr(entry), where="differences")
    cells = list(zip(*(part[name].tolist() for name in ("library", "prompt", "draw")), strict=True))
    values = dict(zip(cells, part["value"].tolist(), strict=True))
    if len(values) < len(cells):
        twice = [cell for cell, count in Counter(cells).items() if count > 1]
        raise ConfigurationError(f"every draw of {entry!r} once", came=f"twice: {_cells(twice)}", where="the frame")
    libraries, prompts = (tuple(dict.fromkeys(cell[axis] for cell in cells)) for axis in (0, 1))
    draws = tuple(sorted({cell[2] for cell in cells}))
    whole = list(product(libraries, prompts, draws))
    missing = [cell for cell in whole if cell not in values]
    if missing:
        raise ConfigurationError(
            f"every prompt and draw of {entry!r} in each of its libraries", came=f"none of {_cells(missing)}",
            where="the frame", mend="Finish the practice, or leave the prompt or the draw out of all entries.",
        )
    box = np.array([values[cell] for cell in whole], dtype=float).reshape(len(libraries), len(prompts), len(draws))
    return _Box(entry, box, libraries, prompts, draws)


def _paired(base: _Box, entry: _Box) -> Differences:
    names = f"{entry.entry!r} and {base.entry!r}"
    for one, other in ((entry, base), (base, entry)):
        missing = [prompt for prompt in one.prompts if prompt not in other.prompts]
        if missing:
            raise ConfigurationError(
                f"the same prompts in {names}", came=f"none in {other.entry!r} of {_list(missing)}", where="the frame",
            )
    draws = tuple(draw for draw in entry.draws if draw in base.draws)
    if not draws:
        raise ConfigurationError(
            f"draws of the same number in {names}", came=f"{_list(entry.draws)} and {_list(base.draws)}",
            where="the frame",
        )
    base_rows, entry_rows, libraries = _library_pairs(base, entry, names)
    of_entry = _means(entry, entry_rows, entry.prompts, draws)
    of_base = _means(base, base_rows, entry.prompts, draws)
    return Differences(of_entry - of_base, float(of_entry.mean()), libraries, entry.prompts, draws)


def _library_pairs(base: _Box, entry: _Box, names: str) -> tuple[list[int], list[int], tuple[Any, ...]]:
    """Rows of the baseline, rows of the entry, and what the pairs are called."""
    ours, theirs = len(entry.libraries), len(base.libraries)
    if set(base.libraries) == set(entry.libraries):
        return [base.libraries.index(name) for name in entry.libraries], list(range(ours)), entry.libraries
    if base.libraries == (EMPTY_LIBRARY,):
        return [0] * ours, list(range(ours)), entry.libraries
    if entry.libraries == (EMPTY_LIBRARY,):
        return list(range(theirs)), [0] * theirs, base.libraries
    apart = [
        f"{_list([name for name in one.libraries if name not in other.libraries])} only in {one.entry!r}"
        for one, other in ((entry, base), (base, entry)) if set(one.libraries) - set(other.libraries)
    ]
    raise ConfigurationError(
        f"the same libraries in {names}, or the empty library alone in one of them", came="; ".join(apart),
        where="the frame", mend="Practise both with the same seeds, and name a library by its seed.",
    )


def _means(box: _Box, rows: list[int], prompts: tuple[Any, ...], draws: tuple[Any, ...]) -> NDArray[np.float64]:
    columns = [box.prompts.index(prompt) for prompt in prompts]
    layers = [box.draws.index(draw) for draw in draws]
    return box.values[np.ix_(rows, columns, layers)].mean(-1)


def _cells(cells: Iterable[tuple[Any, ...]]) -> str:
    return _list([f"library {library!r} prompt {prompt!r} draw {draw}" for library, prompt, draw in cells], plain=True)


def _list(names: Iterable[Any], *, plain: bool = False) -> str:
    names = [str(name) if plain else repr(name) for name in names]
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
