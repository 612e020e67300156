"""Table checks: what runs must have in common before their numbers stand in one table (ours)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drawagent.measurements import AES, card_key, cards_of, labels_of, pictures_of
from drawagent.members import Member, Members
from easel.errors import ConfigurationError
from easel.tables import check_cards, parts_of

if TYPE_CHECKING:
    from easel.runs import RunStore


def shared_columns(members: Members) -> tuple[tuple[str, ...], list[str]]:
    """Labels of the scorers that saw every run, and words on the others.

    Raises ConfigurationError where there is none, naming what differs, and for two predictors of AES.
    """
    runs = [member.run for member in members.runs]
    labels, held = labels_of(runs), [cards_of(run) for run in runs]
    known = {key: card for cards in held for key, card in cards.items()}
    raters = [key for key, card in known.items() if card["column"] == AES]
    if len(raters) > 1:
        raise ConfigurationError("one predictor of AES", came=f"cards {', '.join(raters)}", where="Tables.of",
                                 mend="Make the tables of each apart.")
    scorers = [key for key in labels if key not in raters]
    shared = [key for key in scorers if all(key in cards for cards in held)]
    if not shared:
        check_cards(runs, where="Tables.of", cards=_reporter, mend=(
            "`drawagent rescore RUN --scorer ...` gives a run another scorer's figures besides, with no model call."))
        raise ConfigurationError("a scorer that saw every run", came="no report", where="Tables.of")
    rewarded = {card_key(card) for run in runs if (card := run.info["cards"].get("reward"))}
    return tuple(labels[key] for key in shared), [
        *_own_views(members),
        *(f"{labels[key]} rewarded practices: no witness of what was learned" for key in shared if key in rewarded),
        *(f"no table of {labels[key]}: {sum(key in cards for cards in held)} of {len(runs)} runs have it"
          for key in scorers if key not in shared),
    ]


def _own_views(members: Members) -> list[str]:
    """Words on files that were seen in other views than ours."""
    found = []
    for member in members.runs:
        seen = [row["views_of"] != "ours" for row in member.run.rows("drawings") if row["valid"]]
        if any(seen):
            found.append(f"{member.row}: {sum(seen)} of {len(seen)} drawings are seen in the method's own views")
    return found


def _reporter(run: RunStore) -> dict[tuple[str, str], Any]:
    return parts_of("report", run.info.get("cards", {}).get("report", {}))


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
