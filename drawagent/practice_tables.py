"""Practice tables: failures by type, what became of every library, and the cards of all scorers (ours)."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from drawagent.measurements import card_key, pictures_of
from drawagent.members import Member, Members
from easel.statistics import wilson

if TYPE_CHECKING:
    import pandas

    from easel.runs import RunStore

_APART = frozenset({"column", "versions", "device", "words"})
EVERY = "all kinds"
FAILURES = ("row", "role", "failure", "count", "n", "share", "low", "high")
PRACTICES = (
    "row", "practice", "run", "evidence", "status", "drifted", "model", "preset", "epochs", "lessons", "words", "gate",
    "judgements", "skipped_pairs", "failed_updates", "stopped_early", "library",
)


def failures(members: Members, *, level: float = 0.95) -> pandas.DataFrame:
    """Replies that were no drawing, by row, role and kind, with the share of all replies of that role and its interval.

    role : "artist" (candidates), "gate", "report" (every draw, taken or not), or "file" of another method
    A reply that several practices share counts once. The interval is Wilson's, which takes replies for independent.
    """
    import pandas

    seen: set[tuple[str, str, str]] = set()
    counts: dict[tuple[str, str], list[str]] = {}
    for member in members.runs:
        for role, key, kind in _replies(member.run):
            if (member.row, role, key) not in seen:
                seen.add((member.row, role, key))
                counts.setdefault((member.row, role), []).append(kind)
    rows = []
    for (row, role), kinds in counts.items():
        failed = [kind for kind in kinds if kind]
        for kind in (*sorted(set(failed)), EVERY):
            share = wilson(len(failed) if kind == EVERY else failed.count(kind), len(kinds), level=level)
            rows.append({"row": row, "role": role, "failure": kind, "count": share.successes, "n": share.n,
                         "share": round(share.share, 6), "low": round(share.low, 6), "high": round(share.high, 6)})
    return pandas.DataFrame(rows, columns=list(FAILURES))


def practices(members: Members) -> pandas.DataFrame:
    """One row per run of a model: what became of its library.

    epochs : that it learned; lessons, words : of the library of every epoch, the one it began with first
    gate : what the gate decided, by epoch; failed_updates : replies of the curator that could not be used
    library : key of the last one, 12 digits; drifted : replies taken by call site since prompts have changed
    """
    import pandas

    rows = [_practice(member) for member in members.runs if member.evidence != "external"]
    return pandas.DataFrame(rows, columns=list(PRACTICES))


def cards(members: Members) -> pandas.DataFrame:
    """One row per scorer card and role: every field of it, and the runs that it scored.

    role : "report", "reward", "rescored", or what else a run keeps; card : first 12 digits of its key
    device, versions : of all runs (they move the seventh digit only); pictures : how the reports were drawn
    """
    import pandas

    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for member in members.runs:
        for role, card in _cards(member.run):
            row = rows.setdefault((role, card_key(card)), {
                "column": card["column"], "role": role, "card": card_key(card), "runs": 0,
                **{name: value for name, value in card.items() if name not in _APART},
                "words": "open" if card.get("words") is None else str(card["words"]), "device": "", "versions": "",
                "pictures": "" if role == "reward" else _pictures(pictures_of(member.run)),
            })
            row["runs"] += 1
            row["device"] = _said(row["device"], card.get("device", ""))
            row["versions"] = _said(row["versions"], " ".join(f"{name} {at}" for name, at in card.get("versions", ())))
    table = pandas.DataFrame(list(rows.values()))
    first = [name for name in ("column", "role", "card", "runs", "name", "model", "weights") if name in table.columns]
    return table[[*first, *sorted(set(table.columns) - set(first))]]


def _replies(run: RunStore) -> Iterator[tuple[str, str, str]]:
    """(role, what makes it one reply, kind of failure) of everything that should have been a drawing."""
    for row in run.rows("drawings"):
        kind = "" if row["valid"] else "no file" if row["reason"] == "no file" else "unreadable file"
        yield "file", row["query"], kind
    for row in run.rows("rollouts"):
        role = "gate" if row["role"].startswith("gate") else row["role"]
        key = "+".join(row["reply_keys"]) or f"{row['query']}/{row['epoch']}/{row['candidate']}"
        yield role, key, row["failure"] or ""


def _practice(member: Member) -> dict[str, Any]:
    run = member.run
    configured, libraries = run.info["configuration"], run.rows("libraries")
    ended: dict[str, Any] = next(iter(run.rows("practice")), {})
    lessons = [[lesson["text"] for lesson in row["lessons"]] for row in libraries]
    pairs = run.rows("pairs")
    return {
        "row": member.row, "practice": member.practice, "run": run.folder.name, "evidence": member.evidence,
        "status": run.info["status"], "drifted": run.info.get("drifted", 0), "model": configured.get("model", ""),
        "preset": configured["settings"].get("preset", ""), "epochs": len(run.rows("epochs")),
        "lessons": " ".join(str(len(texts)) for texts in lessons),
        "words": " ".join(str(math.fsum(len(text.split()) for text in texts)).removesuffix(".0") for texts in lessons),
        "gate": ", ".join("kept" if row["accepted"] else "rolled back" for row in run.rows("gates")),
        "judgements": len(run.rows("judgements")), "skipped_pairs": sum(bool(row["skipped"]) for row in pairs),
        "failed_updates": sum(bool(row.get("failure")) for row in run.rows("edits")),
        "stopped_early": ended.get("stopped_early", ""), "library": libraries[-1]["key"][:12] if libraries else "",
    }


def _cards(run: RunStore) -> Iterator[tuple[str, dict[str, Any]]]:
    for role, card in run.info.get("cards", {}).items():
        if role == "rescored":
            for one in card.values():
                yield role, one
        else:
            yield role, card


def _pictures(source: str) -> str:
    """Renderer, size, stroke width, number of views, and a hash of all of it with the cameras."""
    renderer, size, width, cameras = [*source.split("|"), "", "", "", ""][:4]
    mark = hashlib.sha256(source.encode()).hexdigest()[:12]
    views = len(cameras.split(";"))
    return f"{renderer}, {size} px, strokes of {width} px, {views} views, {mark}" if cameras else source


def _said(known: str, more: str) -> str:
    return known if more in known.split("; ") else "; ".join(part for part in (known, more) if part)
