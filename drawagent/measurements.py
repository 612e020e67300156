"""Measurements: what the reports of several runs measured, as one tidy frame (CLIP-ST, AES: paper; the rest ours)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from drawagent.keeping import RESCORED
from drawagent.members import Member, Members
from easel.errors import ConfigurationError
from easel.score_card import ScorerCard

if TYPE_CHECKING:
    import pandas

    from easel.runs import RunStore

AES = "AES"
PAPER_COLUMNS = frozenset({"CLIP-ST", AES})
"""Scores that the paper reports: nothing of a stand-in, model or scorer, stands under their names."""
NAMES = (
    "run", "evidence", "drifted", "entry", "row", "practice", "epoch", "library", "carried", "role", "query", "text",
    "length", "draw", "column", "card", "scorer", "similarity", "worst_view", "rank", "valid", "strokes", "aesthetic",
    "failure",
)


def measurements(members: Members) -> pandas.DataFrame:
    """One row per drawing and scorer: (run, epoch, query, draw, card), sorted as the members and their rows are.

    entry : "<row>, epoch <e>", e the epoch of the library; the method alone for files; the name of an anchor
    library : key of the library that drew, "" where none is known; carried : 1 where practice had stopped before this
        epoch, so that the figures of its last library stand (a stopped practice draws with that one)
    role : "report", or the anchor's name, whose epoch is -1; length : of the prompt, "short" or "descriptive"
    column, card : the scorer's column and the first 12 digits of its card's key; scorer : its label, see `labels_of`
    similarity, worst_view : of that scorer; rank : of the own prompt among the report prompts of one length, 1 is best
    aesthetic : AES of the same drawing, nan where it was not asked for; failure : kind of a failed drawing, "" else
    Raises ConfigurationError for a run without a report, a stand-in scorer under a column of the paper, and two AES
    values of one drawing.
    """
    import pandas

    rows: list[dict[str, Any]] = []
    last = {
        row: max((epoch for one in members.runs if one.row == row for epoch in _epochs(one.run)), default=0)
        for row in members.rows
    }
    labels = labels_of(member.run for member in members.runs)
    for member in members.runs:
        own = _rows(member, last[member.row], labels)
        if not any(row["role"] == "report" for row in own):
            raise ConfigurationError("a run with a report", came="none measured", where=member.run.folder.name,
                                     mend="Give it report queries, or leave the run out.")
        rows += own
    frame = pandas.DataFrame(rows, columns=list(NAMES))
    _check_texts(frame)
    return frame


def cards_of(run: RunStore) -> dict[str, dict[str, Any]]:
    """Key (12 digits) -> card, of all that scored the report of a run, its own reporter first.

    Several may stand under one column: every open CLIP model has "CLIP-ST". A card of AES is there only where the run
    kept one. Raises ConfigurationError for a stand-in under a column of the paper.
    """
    told = run.info.get("cards", {})
    found: dict[str, dict[str, Any]] = {}
    for card in (told.get("report"), told.get("aesthetic"), *told.get("rescored", {}).values()):
        if card is None:
            continue
        if card["column"] in PAPER_COLUMNS and card.get("stand_in"):
            raise ConfigurationError(f"a column of its own for a stand-in scorer, not {card['column']}",
                                     came=card["name"], where=run.folder.name)
        found.setdefault(card_key(card), card)
    return found


def labels_of(runs: Iterable[RunStore]) -> dict[str, str]:
    """Key of a card -> what its tables are called: its column, and its name too where several share the column."""
    cards = {key: card for run in runs for key, card in cards_of(run).items()}
    names: dict[str, str] = {}
    for key, card in cards.items():
        same = [other for other in cards.values() if other["column"] == card["column"]]
        alike = [other for other in same if other["name"] == card["name"]]
        named = f"{card['column']}, {card['name']}" + (f" {key[:6]}" if len(alike) > 1 else "")
        names[key] = named if len(same) > 1 else card["column"]
    return names


def card_key(card: dict[str, Any]) -> str:
    """First 12 digits of a card's key, of the card as run.json has it."""
    return ScorerCard(**card).key[:12]


def pictures_of(run: RunStore) -> str:
    """Canonical text of cameras and raster of the report, whatever scorer saw the pictures."""
    source = run.info["configuration"].get("measured_source", "")
    card = run.info.get("cards", {}).get("report")
    return source.removeprefix(f"{ScorerCard(**card).source}|") if card else source


def _rows(member: Member, last: int, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    run, configured = member.run, member.run.info["configuration"]
    queries = {row["id"]: row for row in configured["queries"]["report"]}
    cards = cards_of(run)
    own = card_key(run.info["cards"]["report"])
    # What reported is what a control made of a library, where there was one.
    libraries = {row["epoch"]: row["key"] for row in run.rows("controls") or run.rows("libraries")}
    failures = _failures(run)
    head = {"run": run.folder.name, "evidence": member.evidence, "drifted": run.info.get("drifted", 0),
            "row": member.row, "practice": member.practice}
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for key, row in run.keyed("measured").items():
        anchor = row["epoch"] is None
        card = key.split("/")[1] if key.startswith(RESCORED) else own
        if cards.get(card, {}).get("column") != row["column"]:
            raise ConfigurationError(f"the card of the column {row['column']!r}", came="none in run.json",
                                     where=run.folder.name)
        place = (row["row"], row["draw"], row["query"], card)
        query, epoch = queries.get(row["query"], {}), -1 if anchor else row["epoch"]
        entry = row["row"] if anchor else member.row
        if not anchor and member.evidence != "external":
            entry = f"{member.row}, epoch {epoch}"
        valid = bool(row["valid"])
        rated = math.nan if row["aesthetic"] is None else row["aesthetic"]
        known = found.setdefault(place, {
            **head, "entry": entry, "epoch": epoch, "library": "" if anchor else libraries.get(epoch, ""), "carried": 0,
            "role": row["row"] if anchor else "report", "query": row["query"], "text": query.get("text", row["query"]),
            "length": query.get("length", "short"), "draw": row["draw"], "column": row["column"], "card": card,
            "scorer": labels[card],
            "similarity": row["similarity"], "worst_view": row["worst_view"], "rank": row["rank"], "valid": valid,
            "strokes": row["strokes"], "aesthetic": rated,
            "failure": "" if anchor or valid else failures.get((row["query"], epoch, row["draw"]), "unknown"),
        })
        if not math.isnan(rated):
            if not math.isnan(known["aesthetic"]) and known["aesthetic"] != rated:
                raise ConfigurationError("one AES value of a drawing", came=f"{known['aesthetic']} and {rated}",
                                         where=f"{run.folder.name}, {key}")
            known["aesthetic"] = rated
    return [*found.values(), *_carried(member, list(found.values()), last)]


def _carried(member: Member, rows: Sequence[dict[str, Any]], last: int) -> list[dict[str, Any]]:
    """The figures of a stopped practice's last library, once more for every epoch that other practices went on to."""
    reported = [row for row in rows if row["role"] == "report"]
    own = max((row["epoch"] for row in reported), default=last)
    return [
        {**row, "epoch": epoch, "entry": f"{member.row}, epoch {epoch}", "carried": 1}
        for epoch in range(own + 1, last + 1) for row in reported if row["epoch"] == own
    ]


def _epochs(run: RunStore) -> set[int]:
    return {row["epoch"] for row in run.rows("metrics") if row["epoch"] is not None}


def _failures(run: RunStore) -> dict[tuple[str, int, int], str]:
    """(query, epoch, draw) -> kind of failure of the draw that inference took, or of a file."""
    if run.info["evidence"] == "external":
        return {(row["query"], 0, 0): "no file" if row["reason"] == "no file" else "unreadable file"
                for row in run.rows("drawings") if not row["valid"]}
    return {
        (row["query"], row["epoch"], row.get("draw", 0)): row["failure"] for row in run.rows("rollouts")
        if row["role"] == "report" and row["chosen"] and row["failure"]
    }


def _check_texts(frame: pandas.DataFrame) -> None:
    """A difference on the same prompts needs one text under one id."""
    for query, own in frame[frame.role == "report"].groupby("query", sort=False):
        texts = own.drop_duplicates("text")
        if len(texts) > 1:
            (one, here), (other, there) = texts[["text", "run"]].values[:2]
            raise ConfigurationError(f"one text for the prompt '{query}'", where=f"{here} and {there}",
                                     came=f"{one!r} and {other!r}", mend="Make the tables of each list apart.")
