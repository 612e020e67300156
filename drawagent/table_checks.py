"""Table checks: what runs must have in common before their numbers stand in one table (ours)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from drawagent.measurements import AES, cards_of, pictures_of
from drawagent.members import Member, Members
from easel.errors import ConfigurationError
from easel.tables import check_cards, parts_of

if TYPE_CHECKING:
    from easel.runs import RunStore


def shared_columns(members: Members) -> tuple[tuple[str, ...], list[str]]:
    """The columns that every run has, under one card each; and words on those that only some have."""
    held: dict[str, list[RunStore]] = {}
    for member in members.runs:
        for column in cards_of(member.run):
            held.setdefault(column, []).append(member.run)
    for column, runs in held.items():
        check_cards(runs, where="Tables.of", cards=partial(_parts, column))
    scored = [column for column in held if column != AES]
    shared = [column for column in scored if len(held[column]) == len(members.runs)]
    if not shared:
        came = "; ".join(f"{column}: {', '.join(run.folder.name for run in held[column])}" for column in scored)
        raise ConfigurationError(
            "one scorer that saw every run", came=came or "no report", where="Tables.of",
            mend="`drawagent rescore RUN --scorer ...` adds one to a run, with no model call.",
        )
    ranked = {card["column"] for member in members.runs for card in [member.run.info["cards"].get("reward")] if card}
    return tuple(shared), _own_views(members) + [
        f"{column} rewarded the practices: no witness of what was learned" for column in shared if column in ranked
    ] + [
        f"no table of {column}: {len(held[column])} of {len(members.runs)} runs have it"
        for column in scored if column not in shared
    ]


def _own_views(members: Members) -> list[str]:
    """Words on files that were seen in other views than ours."""
    found = []
    for member in members.runs:
        seen = [row["views_of"] != "ours" for row in member.run.rows("drawings") if row["valid"]]
        if any(seen):
            found.append(f"{member.row}: {sum(seen)} of {len(seen)} drawings are seen in the method's own views")
    return found


def _parts(column: str, run: RunStore) -> dict[tuple[str, str], Any]:
    return parts_of(column, cards_of(run)[column])


def check_pictures(members: Members) -> None:
    """One ring of cameras and one raster for all; pictures that a method made itself are its own, and are marked."""
    seen: dict[str, Member] = {}
    for member in members.runs:
        drawn = member.run.rows("drawings")
        if drawn and all(row["views_of"] != "ours" for row in drawn if row["valid"]):
            continue
        seen.setdefault(pictures_of(member.run), member)
    if len(seen) > 1:
        (one, here), (other, there) = list(seen.items())[:2]
        parts = [f"{a!r} and {b!r}" for a, b in zip(one.split("|"), other.split("|"), strict=False) if a != b]
        raise ConfigurationError(
            "the same cameras and raster in every report", where=f"{here.run.folder.name}, {there.run.folder.name}",
            came=(parts[0][:120] if parts else "different ones"), mend="Make the tables of each apart.",
        )
