"""Members: the runs of a set of tables, each with the row and the practice that it stands for (ours)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from drawagent.own_replies import asked_by_rows
from easel.errors import ConfigurationError, shorten
from easel.ledger import Ledger
from easel.runs import RunStore
from easel.snapshots import Snapshot
from easel.sweep import Sweep

Place = Path | str | RunStore
"""A sweep's folder, or a run (folder)."""


@dataclass(frozen=True)
class Member:
    """One run. row : what its entries are named by; practice : which of several libraries of this row"""

    run: RunStore
    row: str
    practice: int

    @property
    def evidence(self) -> str:
        return self.run.info["evidence"]


@dataclass(frozen=True)
class Members:
    """runs : in the order of the grid, or as they were given
    baseline : the entry that a grid compares with, "" for the library of epoch 0; question : the grid's
    remarks : what is missing or marked, in words; ledgers : folders whose ledgers were paid for all of it
    """

    runs: tuple[Member, ...]
    baseline: str = ""
    question: str = ""
    remarks: tuple[str, ...] = ()
    ledgers: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(member.row for member in self.runs))

    @property
    def evidence(self) -> str:
        """The one grade of our own runs; "external" where there are none."""
        return next((one.evidence for one in self.runs if one.evidence != "external"), "external")


def gather(places: Iterable[Place], *, grid: str = "") -> Members:
    """The members behind sweeps and runs.

    grid : of the sweep; may be left out where the sweep has one. Cells that are not finished are left out and told.
    Runs that are given one by one: those whose configurations agree in all but the practice are one row, named by the
    run; files of another method are named by the method.
    Raises ConfigurationError for nothing, a run twice, a grid that the sweep lacks, a run that is not finished, and
    a row of a sweep whose runs differ in more than the practice.
    """
    found: list[Members] = []
    alone: list[Snapshot] = []
    for place in places:
        if isinstance(place, RunStore) or not (Path(place) / "sweep.json").exists():
            alone.append(Snapshot.of(place))
        else:
            found.append(_of_sweep(Sweep.read(Path(place)), grid))
    if grid and not found:
        raise ConfigurationError("a sweep with that grid", came="runs alone", where=f"grid '{grid}'")
    if len(found) > 1:
        raise ConfigurationError("one sweep at a time", came=str(len(found)), mend="Make the tables of each apart.")
    folders = [run.folder.resolve() for run in alone]
    twice = sorted({folder.name for folder in folders if folders.count(folder) > 1})
    if twice:
        raise ConfigurationError("every run once", came=f"{', '.join(twice)} twice")
    own = _alone(alone)
    first = found[0] if found else Members(())
    clash = sorted({*first.rows} & {member.row for member in own})
    if clash:
        raise ConfigurationError("names that no row of the sweep has", came=", ".join(clash))
    members = replace(
        first, runs=(*first.runs, *own),
        remarks=(*first.remarks, *_marks((*first.runs, *own)), *_unknown_costs((*first.runs, *own))),
        ledgers=tuple(dict.fromkeys((*first.ledgers, *(one.run.home.resolve() for one in own)))),
    )
    if not members.runs:
        raise ConfigurationError("at least one finished run", came="none",
                                 mend="; ".join(members.remarks) or "Name a sweep's folder, or run folders.")
    return members


def _of_sweep(sweep: Sweep, name: str) -> Members:
    grid, done, remarks = sweep.finished(name, option="grid")
    members = [Member(Snapshot.of(folder), row, practice) for folder, row, practice in done]
    _check_rows(members, sweep.folder.name)
    return Members(tuple(members), grid["baseline"], grid["question"], tuple(remarks), (sweep.folder.resolve(),))


def _alone(runs: Sequence[Snapshot]) -> list[Member]:
    for run in runs:
        if run.info["status"] != "finished":
            raise ConfigurationError("a finished run", came=run.info["status"], where=run.folder.name,
                                     mend="Resume it first; nothing is paid twice.")
    kinds = [_kind(run) for run in runs]
    names = [run.info["configuration"].get("method") or run.info["name"] for run in runs]
    members = []
    for run, kind, name in zip(runs, kinds, names, strict=True):
        others = {other for other, named in zip(kinds, names, strict=True) if named == name}
        row = name if len(others) == 1 else f"{name} {kind[:6]}"
        members.append(Member(run, row, run.info["configuration"]["settings"].get("practice", 0)))
    places = [(member.row, member.practice) for member in members]
    for member, place in zip(members, places, strict=True):
        if places.count(place) > 1:
            raise ConfigurationError(
                "every practice once", came=f"'{place[0]}', practice {place[1]} more than once",
                where=member.run.folder.name, mend="They are copies of one another: give one of them.",
            )
    return members


def _check_rows(members: Sequence[Member], where: str) -> None:
    """Refuse a row whose runs differ in more than the practice: its libraries would not be of one method."""
    first: dict[str, Member] = {}
    for member in members:
        other = first.setdefault(member.row, member)
        ours, theirs = _common(other.run), _common(member.run)
        if ours == theirs:
            continue
        name = next(name for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name))
        raise ConfigurationError(
            f"runs of the row '{member.row}' that differ in their practice alone",
            came=f"{name} {_shown(ours.get(name))} in practice {other.practice} ({other.run.folder.name}), "
                 f"{_shown(theirs.get(name))} in practice {member.practice} ({member.run.folder.name})",
            where=where, mend="Model, prompts, queries or code have changed in between: run the row anew in a sweep of "
                              "its own, or give the runs one by one.",
        )


def _shown(value: Any) -> str:
    return "none" if value is None else shorten(str(value), 60)


def _kind(run: RunStore) -> str:
    """Hex hash of what runs of one row have in common."""
    return hashlib.sha256(json.dumps(_common(run), sort_keys=True).encode()).hexdigest()


def _common(run: RunStore) -> dict[str, str]:
    """Part -> value as JSON, of evidence and all of the configuration but the practice."""
    configured: dict[str, Any] = json.loads(json.dumps(run.info["configuration"]))
    configured["settings"].pop("practice", None)
    return dict(_parts("", {**configured, "evidence": run.info["evidence"]}))


def _parts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The leaves of a configuration with their names."""
    if isinstance(value, dict | list) and value:
        named: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in named:
            yield from _parts(f"{name}.{key}" if name else str(key), part)
    else:
        yield name, json.dumps(value, sort_keys=True, ensure_ascii=False)


def _marks(members: Iterable[Member]) -> list[str]:
    return [
        f"DRIFTED: {one.run.info['drifted']} replies of {one.row}, practice {one.practice} were taken by call site: "
        "prompts have changed since" for one in members if one.run.info.get("drifted")
    ] + [
        f"MIXED: {one.row}, practice {one.practice} goes on with {mixed['branch']} from a recorded past of "
        f"{mixed['past']}" for one in members if (mixed := one.run.info.get("mixed"))
    ]


def _unknown_costs(members: Iterable[Member]) -> list[str]:
    """Words on runs that took replies from another one's record (a fork): their ledger lacks what these cost."""
    asked: dict[Path, frozenset[str]] = {}
    remarks = []
    for one in members:
        if one.evidence == "external":
            continue
        home = one.run.home.resolve()
        if home not in asked:
            asked[home] = frozenset(row.key for row in Ledger(home).tries())
        keys = asked_by_rows(one.run)
        missing = len(keys - asked[home])
        if missing and (missing < len(keys) or "fork" in one.run.info["configuration"]):
            remarks.append(f"cost unknown: {missing} of {len(keys)} replies of {one.row}, practice {one.practice} have "
                           "no call in its ledger; they were taken from another record")
    return remarks
