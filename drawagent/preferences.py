"""Preferences: which of two drawings of one query a person finds better, asked blind (ours; the paper asks no people).

A seeded list of comparisons; one JSON line per answer; shares of wins with intervals. Who drew what stands in the file
and in `Comparison`, for the table, and is never shown to the one who answers.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from drawagent.contrasts import query_texts
from drawagent.language import parse
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile, append, canonical, read
from easel.runs import RunStore
from easel.snapshots import Snapshot

if TYPE_CHECKING:
    import pandas

Choice = Literal["A", "B", "none"]


@dataclass(frozen=True)
class Side:
    """One set of drawings: those that inference chose with the library of one epoch.

    label : names the run and the epoch; drawings : query id -> sketch, None for a reply that was no drawing
    """

    label: str
    evidence: str
    texts: dict[str, str]
    drawings: dict[str, Sketch | None]

    @classmethod
    def of(cls, run: RunStore | Path | str, epoch: int) -> Side:
        """The report drawings of a run with the library of `epoch`. Raises ConfigurationError where there are none."""
        kept = Snapshot.of(run)
        mode = kept.info["configuration"]["settings"]["parse_mode"]
        rows = [
            row for row in kept.rows("rollouts")
            if row["role"] == "report" and row["chosen"] and row.get("draw", 0) == 0
        ]
        own = [row for row in rows if row["epoch"] == epoch]
        if not own:
            raise ConfigurationError(
                f"report drawings with the library of epoch {epoch}", where=kept.folder.name,
                came=", ".join(f"epoch {e}" for e in sorted({row["epoch"] for row in rows})) or "none",
            )
        return cls(
            f"{kept.info['name']} {kept.info['fingerprint'][:10]}, epoch {epoch}", kept.info["evidence"],
            query_texts(kept),
            {row["query"]: None if row["failure"] else parse(row["text"], mode=mode).sketch for row in own},
        )


@dataclass(frozen=True)
class Comparison:
    """Two drawings of one query in the order in which they are shown.

    id : says nothing of the sides; a, b : labels of the sides, never shown; sketch_a, sketch_b : None is an empty scene
    """

    id: str
    query: str
    text: str
    a: str
    b: str
    sketch_a: Sketch | None
    sketch_b: Sketch | None
    evidence: str


@dataclass(frozen=True)
class Questionnaire:
    """The comparisons in the order in which they are asked, and the queries that are not asked with the reason."""

    comparisons: tuple[Comparison, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    def __len__(self) -> int:
        return len(self.comparisons)


def questionnaire(one: Side, other: Side, *, seed: int = 0) -> Questionnaire:
    """The queries that both sides drew, in seeded order; each side is A in half of them.

    A reply that was no drawing is an empty scene and is asked, so that failures count. Left out are queries that one
    side lacks, that both failed, or that both drew alike: nobody could prefer there.
    Raises ConfigurationError for sides of different evidence, for one side twice, for a query that has another text on
    each side, and when nothing is left to ask.
    """
    if one.label == other.label:
        raise ConfigurationError("two different sets of drawings", came=f"{one.label} twice")
    if one.evidence != other.evidence:
        raise ConfigurationError("drawings of one grade of evidence",
                                 came=f"{one.evidence} ({one.label}) and {other.evidence} ({other.label})")
    left_out, asked = {}, []
    for query in dict.fromkeys((*one.drawings, *other.drawings)):
        texts = [side.texts.get(query, query) for side in (one, other) if query in side.drawings]
        if len({*texts}) > 1:
            raise ConfigurationError(
                f"one text of the query '{query}'", came=f"{texts[0]!r} ({one.label}) and {texts[1]!r} ({other.label})",
                where="questionnaire", mend="Compare runs of one list of queries.",
            )
        reason = _not_asked(query, one, other)
        if reason:
            left_out[query] = reason
        else:
            asked.append(query)
    if not asked:
        raise ConfigurationError("queries that both sides drew differently", where="questionnaire",
                                 came="; ".join(f"{query}: {why}" for query, why in left_out.items()) or "none")
    chance = random.Random(f"{seed}/{one.label}/{other.label}")
    chance.shuffle(asked)
    turned = [place % 2 == 1 for place in range(len(asked))]
    chance.shuffle(turned)
    return Questionnaire(
        tuple(
            _comparison(query, *((other, one) if turn else (one, other)), seed=seed)
            for query, turn in zip(asked, turned, strict=True)
        ),
        left_out, seed,
    )


def _not_asked(query: str, one: Side, other: Side) -> str:
    if query not in one.drawings or query not in other.drawings:
        return "drawn by one side alone"
    first, second = one.drawings[query], other.drawings[query]
    if first is None and second is None:
        return "no drawing on either side"
    return "the same drawing on both sides" if first == second else ""


def _comparison(query: str, a: Side, b: Side, *, seed: int) -> Comparison:
    first, second = a.drawings[query], b.drawings[query]
    # The order of the sides must not show in the id, and a redrawn sketch must be asked for again.
    keys = sorted(f"{side.label}/{sketch.key if sketch else ''}" for side, sketch in ((a, first), (b, second)))
    digest = hashlib.sha256("\n".join((str(seed), query, *keys)).encode()).hexdigest()
    return Comparison(
        digest[:12], query, a.texts.get(query, query), a.label, b.label, first, second, a.evidence
    )


class _Answer(BaseModel):
    """A line of the file; the border at which it is read again."""

    model_config = ConfigDict(extra="forbid")
    comparison: str
    query: str
    a: str
    b: str
    answer: Choice
    rater: str
    seconds: float | None
    evidence: str
    seed: int


def rater_name(name: str) -> str:
    """The name on one line. Raises ConfigurationError for an empty one, or one of more than 60 characters."""
    plain = " ".join(str(name).split())
    if not plain or len(plain) > 60 or not plain.isprintable():
        raise ConfigurationError("a rater's name of 1 to 60 characters", came=repr(name), where="rater")
    return plain


def record(
    file: Path, asked: Questionnaire, comparison: str, answer: str, *, rater: str, seconds: float | None = None
) -> dict[str, Any]:
    """Append one answer and return its row.

    answer : "A", "B" or "none" (no preference); seconds : from showing to answering, None where nobody looked
    Raises ConfigurationError for an unknown comparison or answer, and for one that this rater gave already.
    """
    rater = rater_name(rater)
    known = {one.id: one for one in asked.comparisons}
    if comparison not in known:
        raise ConfigurationError("the id of a comparison of this questionnaire", came=repr(comparison))
    if answer not in ("A", "B", "none"):
        raise ConfigurationError('"A", "B" or "none"', came=repr(answer), where=f"comparison {comparison}")
    if comparison in answered(file, rater):
        raise ConfigurationError(f"a comparison that {rater} has not answered yet", came=comparison, where=file.name)
    one = known[comparison]
    row = _Answer.model_validate({
        "comparison": one.id, "query": one.query, "a": one.a, "b": one.b, "answer": answer, "rater": rater,
        "seconds": None if seconds is None else round(seconds, 1), "evidence": one.evidence, "seed": asked.seed,
    }).model_dump()
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    append(Path(file), canonical(row))
    return row


def answered(file: Path, rater: str) -> frozenset[str]:
    """Ids of the comparisons that this rater has answered; none without a file."""
    rater = rater_name(rater)
    return frozenset(row.comparison for row in _answers([file]) if row.rater == rater)


def _answers(files: Iterable[Path | str]) -> list[_Answer]:
    found = []
    for file in files:
        for number, row in enumerate(read(Path(file)), 1):
            try:
                found.append(_Answer.model_validate(row))
            except ValidationError as error:
                first = error.errors()[0]
                raise DamagedFile(
                    "an answer as `record` writes it", came=f"{first['msg']}: {'.'.join(map(str, first['loc']))}",
                    where=f"{Path(file).name} line {number}",
                ) from error
    return found


def preference_table(*files: Path | str) -> pandas.DataFrame:
    """Wins by side: for each pair of sides, two rows per rater, and two for all of them where there are several.

    n : queries answered; wins, ties : of them; share : wins / n, ties in the denominator; low, high : its Wilson
    interval, 95 %; decided : wins over n without ties, nan when all were ties; seconds : median of those timed
    raters : how many people; note : what the row may not be taken for
    A rater, a query and two sides count once, by the last answer in the order of the files and their lines: whoever
    answered again (under another seed, in two windows, after a drawing was made anew) says nothing of other queries.
    """
    import pandas

    last: dict[tuple[str, ...], _Answer] = {}
    for row in _answers(files):
        last[row.evidence, *sorted((row.a, row.b)), row.rater, row.query] = row
    groups: dict[tuple[str, str, str], list[_Answer]] = {}
    for (evidence, one, other, *_), row in last.items():
        groups.setdefault((evidence, one, other), []).append(row)
    table = []
    for (evidence, one, other), rows in sorted(groups.items()):
        raters = sorted({row.rater for row in rows})
        parts = [(rater, [row for row in rows if row.rater == rater], 1) for rater in raters]
        if len(raters) > 1:
            parts.append((f"all {len(raters)}", rows, len(raters)))
        for rater, own, count in parts:
            for side, against in ((one, other), (other, one)):
                table.append({"evidence": evidence, "side": side, "against": against, "rater": rater,
                              **_shares(own, side), "raters": count, "note": _note(len(raters), count)})
    names = ["evidence", "side", "against", "rater", "n", "wins", "ties", "share", "low", "high", "decided", "seconds",
             "raters", "note"]
    return pandas.DataFrame(table, columns=names)


def _shares(rows: Sequence[_Answer], side: str) -> dict[str, Any]:
    import statistics

    from easel.statistics import wilson

    wins = sum((row.a if row.answer == "A" else row.b) == side for row in rows if row.answer != "none")
    ties = sum(row.answer == "none" for row in rows)
    share = wilson(wins, len(rows))
    timed = [row.seconds for row in rows if row.seconds is not None]
    return {
        "n": len(rows), "wins": wins, "ties": ties, "share": round(share.share, 6), "low": round(share.low, 6),
        "high": round(share.high, 6),
        "decided": round(wins / (len(rows) - ties), 6) if len(rows) > ties else float("nan"),
        "seconds": round(statistics.median(timed), 1) if timed else float("nan"),
    }


def _note(raters: int, count: int) -> str:
    if raters == 1:
        return "one rater: says nothing about other people"
    if count == 1:
        return "one of several raters"
    return "the same queries were put to all raters: answers are not independent, the interval is too narrow"
