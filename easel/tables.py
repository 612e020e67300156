"""Tables: what runs hold, as pandas frames. `results` is deterministic; clocks, tries and cost stand in `ledger`.

Several runs stand in one frame only when their numbers are of one kind (ours): see `together`, `pipeline_check`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError, MissingCapability
from easel.ledger import Ledger, Try
from easel.runs import RunStore

if TYPE_CHECKING:
    import pandas

_ORDER = ("role", "query", "epoch", "candidate", "pair")
_HEAD = ("evidence", "fingerprint", "drifted")
_WORDS = frozenset({"text", "reason"})
_LEDGER = (
    "started", "site", "number", "outcome", "status", "seconds", "prompt_tokens", "completion_tokens",
    "reasoning_tokens", "cached_tokens", "dollars", "estimated", "model", "max_tokens", "not_applied", "reason", "key",
    "id",
)
_PIPELINE = ("run", "evidence", "fingerprint", "status", "calls", "failures", "resumes", "seconds")
_NOT_COMPARED = frozenset({"device", "versions"})
"""Parts of a scorer card that move the seventh digit only (`easel.score_card.ScorerCard.source`)."""


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

    Sorted by role, query, epoch, candidate; no words, lists as text, no clock. `evidence`, `fingerprint` and `drifted`
    head it. drifted : replies of the run that were taken by call site since prompts have changed, 0 for none
    """
    return _results(_result_rows(_opened(run)), _HEAD)


def together(*runs: RunStore | Path) -> pandas.DataFrame:
    """The results of several runs, one below the other; `run`, the name of the folder, heads them.

    Raises ConfigurationError for runs whose numbers may not stand side by side: of different grades of evidence, by
    different scorer cards (device and versions may differ), of a stand-in, and for a run that is given twice.
    """
    opened = _several(runs)
    check_evidence(opened, where="together")
    check_cards(opened, where="together")
    rows = [{"run": run.folder.name, **row} for run in opened for row in _result_rows(run)]
    return _results(rows, ("run", *_HEAD))


def pipeline_check(
    *runs: RunStore | Path, tries: Callable[[RunStore], tuple[Try, ...]] | None = None
) -> pandas.DataFrame:
    """One row per run about its mechanics, and no score: the only frame in which runs of a stand-in are compared.

    tries : what gives the tries behind a run; None is `tries_of`
    calls : HTTP tries in the ledger; failures : those that did not end with a reply, in flight at a kill among them
    resumes : how often the run was opened again; seconds : of all tries, added up
    """
    pandas = _pandas()

    rows = []
    for run in _several(runs):
        own = (tries or tries_of)(run)
        rows.append({
            "run": run.folder.name, **{name: run.info[name] for name in ("evidence", "fingerprint", "status")},
            "calls": len(own), "failures": sum(one.outcome != "ok" for one in own),
            "resumes": run.info.get("resumes", 0), "seconds": round(sum(one.seconds for one in own), 3),
        })
    return pandas.DataFrame(rows, columns=list(_PIPELINE))


def ledger(run: RunStore | Path) -> pandas.DataFrame:
    """One row per HTTP try by time, those in flight at a kill among them.

    dollars : nan where the price is unknown; estimated : token counts were not reported and are an upper bound
    """
    pandas = _pandas()

    rows = []
    for one in tries_of(_opened(run)):
        row = asdict(one)
        rows.append({**row, **row.pop("usage"), "not_applied": ", ".join(one.not_applied)})
    return pandas.DataFrame(rows, columns=list(_LEDGER))


def tries_of(run: RunStore) -> tuple[Try, ...]:
    """The HTTP tries behind a run by time, what it shares with other runs of a sweep among them.

    Of a ledger that several runs share, those count that serve a request of this run: what the run would have cost
    alone. What a whole sweep paid is the ledger of its folder.
    """
    tries = Ledger(run.home).tries()
    if run.home.resolve() == run.folder.resolve():
        return tries
    rows = (row for table in ("rollouts", "judgements", "edits") for row in run.rows(table))
    asked = {key for row in rows for key in row["reply_keys"]}
    return tuple(one for one in tries if one.key in asked)


def _result_rows(run: RunStore) -> list[dict[str, Any]]:
    head = {
        "evidence": run.info["evidence"], "fingerprint": run.info["fingerprint"], "drifted": run.info.get("drifted", 0),
    }
    rows = [
        {name: _flat(value) for name, value in row.items() if name not in _WORDS} | head
        for row in run.rows("rollouts")
    ]
    return sorted(rows, key=lambda row: [_rank(row.get(name)) for name in _ORDER])


def _results(rows: list[dict[str, Any]], head: tuple[str, ...]) -> pandas.DataFrame:
    pandas = _pandas()

    order = (*head, *_ORDER)
    names = {name for row in rows for name in row}
    first = [name for name in order if name in names]
    return pandas.DataFrame(rows, columns=[*first, *sorted(names - set(order))])


def _several(runs: tuple[RunStore | Path, ...]) -> list[RunStore]:
    opened = [_opened(run) for run in runs]
    if not opened:
        raise ConfigurationError("at least one run", came="none")
    folders = [run.folder.resolve() for run in opened]
    twice = sorted({folder.name for folder in folders if folders.count(folder) > 1})
    if twice:
        raise ConfigurationError("every run once", came=f"{', '.join(twice)} twice")
    return opened


def check_evidence(
    runs: Sequence[RunStore], *, where: str, beside: frozenset[str] = frozenset(), stand_ins: bool = False
) -> None:
    """Refuse runs of several grades of evidence, and those of a stand-in unless `stand_ins` lets them be alone.

    beside : grades that may stand beside one other. Raises ConfigurationError.
    """
    grades: dict[str, list[str]] = {}
    for run in runs:
        grades.setdefault(run.info["evidence"], []).append(run.folder.name)
    came = "; ".join(f"{grade}: {', '.join(names)}" for grade, names in grades.items())
    if "stand-in" in grades and not (stand_ins and len(grades) == 1):
        raise ConfigurationError(
            "runs of models", came=came, where=where,
            mend="Scores of a stand-in are no results; give its runs to pipeline_check instead.",
        )
    if len(grades.keys() - beside) > 1:
        raise ConfigurationError(
            "one grade of evidence", came=came, where=where, mend=f"Call {where} once for each grade.",
        )


def check_cards(
    runs: Sequence[RunStore], *, where: str,
    cards: Callable[[RunStore], Mapping[tuple[str, str], Any]] | None = None, mend: str = "",
) -> None:
    """Refuse runs whose cards differ from the first one's.

    cards : (role, part) -> value, of what is compared; None: all of the run's own cards but `_NOT_COMPARED`
    mend : what to do instead
    Raises ConfigurationError naming the part.
    """
    cards = cards or _cards
    first = cards(runs[0])
    for run in runs[1:]:
        other = cards(run)
        parts = [name for name in sorted(first.keys() | other.keys()) if first.get(name) != other.get(name)]
        if parts:
            name = "column" if "column" in {part[1] for part in parts} else parts[0][1]
            part = next(part for part in parts if part[1] == name)
            raise ConfigurationError(
                "the same scorer cards",
                came=f"{' '.join(part)} {first.get(part, 'none')!r} in {runs[0].folder.name}, "
                     f"{other.get(part, 'none')!r} in {run.folder.name}",
                where=where,
                mend=mend or f"Call {where} once for each set of cards, or practise again with one scorer.",
            )


def parts_of(role: str, card: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """(role, part) -> value, of the parts of a card that decide a number."""
    return {(role, name): value for name, value in card.items() if name not in _NOT_COMPARED}


def _cards(run: RunStore) -> dict[tuple[str, str], Any]:
    """Of what decides a number of `results`; AES and scores of a later rescoring are no part of it."""
    cards = {role: card for role, card in run.info.get("cards", {}).items() if role not in ("aesthetic", "rescored")}
    return {part: value for role, card in cards.items() for part, value in parts_of(role, card).items()}


def _opened(run: RunStore | Path) -> RunStore:
    return run if isinstance(run, RunStore) else RunStore.read(run)


def _frame(run: RunStore | Path, table: str) -> pandas.DataFrame:
    pandas = _pandas()

    return pandas.DataFrame(_opened(run).rows(table))


def _flat(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _rank(value: Any) -> tuple[int, float, str]:
    """A key that sorts numbers before words and nothing first."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, str(value))


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingCapability(
            "the package pandas", came="none", where="easel.tables", mend="Install the extra 'lab' (`make setup` does)."
        ) from None
    return pandas
