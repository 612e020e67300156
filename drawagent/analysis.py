"""Analysis: rollouts by epoch - strokes, length, curvature, depth, validity, similarity - and the drift of lessons.

After the rollout analysis of 3DrawAgent, whose definitions are not told: those here are ours. Frames are deterministic:
rows in the order of the run, numbers rounded to 1e-6, no clock.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from drawagent.contrasts import query_texts
from drawagent.edits import Topic, is_format_advice
from drawagent.geometry import facts
from drawagent.keeping import own_rows
from drawagent.language import parse
from drawagent.lesson_lives import libraries_of, lives
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.snapshots import Snapshot

if TYPE_CHECKING:
    import pandas

CAP = 50.0
"""Largest curvature that is counted, 1 over length (ours): a bend of 1 % of the longest side, which is 2."""
_SAMPLES = 48
TOPICS: tuple[str, ...] = get_args(Topic)
MEASURES = ("strokes", "length", "curvature", "depth_use", "penalty", "similarity", "worst_view")
"""Columns of `measures` that `by_epoch` averages. All but the last two do not exist for a drawing that failed."""
_SCORED = ("similarity", "worst_view")


def curvature(strokes: np.ndarray, *, cap: float = CAP) -> float:
    """Mean absolute curvature over arc length, 1 over the unit of the points: 1/r for a circle of radius r.

    strokes : (N, 4, 3) control points
    Of each cubic, |x' x x''| / |x'|^3 at the middles of 48 equal steps of t, never more than `cap` (where a curve
    stands still it would be infinite), weighted by |x'|. Corners between strokes do not count; 0 without any length.
    """
    points = np.asarray(strokes, dtype=np.float64).reshape(-1, 4, 3)
    t = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES)[None, :, None]
    s = 1.0 - t
    first, second, third = (3.0 * (points[:, i + 1] - points[:, i])[:, None] for i in range(3))
    velocity = s * s * first + 2.0 * s * t * second + t * t * third
    bend = np.cross(velocity, 2.0 * (s * (second - first) + t * (third - second)))
    speed = np.linalg.norm(velocity, axis=2)
    moving = speed > 1e-9
    curved = np.linalg.norm(bend, axis=2)[moving] / speed[moving] ** 3
    length = math.fsum(speed[moving])
    return round(math.fsum(np.minimum(curved, cap) * speed[moving]) / length, 6) if length > 0 else 0.0


def measures(run: RunStore | Path | str, *, role: str = "artist") -> pandas.DataFrame:
    """One row per rollout of a role, failed ones among them, in the order of the run.

    role : "artist" (the K candidates of learn queries), "report", "gate-before", "gate-after"
    valid : the reply was a drawing; strokes, length, curvature, depth_use, penalty : of the drawing normalised to a
    longest side of 2 (`drawagent.geometry.facts`; penalty as there), nan for a failed one
    similarity, worst_view : raw cosine over views under the rewarding scorer, whose column is `column`; a failed
    drawing has the blank page's
    chosen, reported, reported_column : of report rows, whether inference took this draw, and its similarity under the
    reporting scorer
    Raises ConfigurationError for a run without such rollouts.
    """
    import pandas

    kept = Snapshot.of(run)
    rows = [row for row in kept.rows("rollouts") if row["role"] == role]
    if not rows:
        roles = sorted({row["role"] for row in kept.rows("rollouts")})
        raise ConfigurationError(f"a run with rollouts of role {role!r}", came=", ".join(roles) or "no rollouts",
                                 where=kept.folder.name)
    column, mode = kept.info["cards"]["reward"]["column"], kept.info["configuration"]["settings"]["parse_mode"]
    texts, reported = query_texts(kept), _reported(kept) if role == "report" else {}
    table = []
    for row in rows:
        views = row["view_scores"]
        drawn = _nothing() if row["failure"] else _drawn(parse(row["text"], mode=mode).sketch)
        entry: dict[str, Any] = {
            "evidence": kept.info["evidence"], "epoch": row["epoch"], "query": row["query"],
            "text": texts.get(row["query"], row["query"]), "candidate": row["candidate"], "valid": not row["failure"],
            "failure": row["failure"], **drawn,
            "similarity": round(math.fsum(views) / len(views), 6), "worst_view": min(views), "column": column,
        }
        if role == "report":
            place = (row["query"], row["epoch"], row.get("draw", 0))
            value, reporter = reported.get(place, (math.nan, "")) if row["chosen"] else (math.nan, "")
            entry |= {"draw": place[2], "chosen": row["chosen"], "reported": value, "reported_column": reporter}
        table.append(entry)
    return pandas.DataFrame(table)


def _drawn(sketch: Sketch) -> dict[str, float]:
    found = facts(sketch)
    return {
        "strokes": float(found.strokes), "length": found.length, "curvature": curvature(sketch.normalised().array()),
        "depth_use": found.depth_use, "penalty": found.penalty,
    }


def _nothing() -> dict[str, float]:
    return dict.fromkeys(("strokes", "length", "curvature", "depth_use", "penalty"), math.nan)


def _reported(run: Snapshot) -> dict[tuple[str, int, int], tuple[float, str]]:
    """(query, epoch, draw) -> similarity and column of the reporting scorer; the first row of a drawing counts."""
    found: dict[tuple[str, int, int], tuple[float, str]] = {}
    for row in own_rows(run, "measured"):
        if row["row"].startswith("epoch "):
            place = (row["query"], int(row["row"].split()[1]), row.get("draw", 0))
            found.setdefault(place, (row["similarity"], row["column"]))
    return found


def by_epoch(frame: pandas.DataFrame) -> pandas.DataFrame:
    """What `measures` gives, by epoch: one row per epoch and measure.

    n : rollouts that count (drawings for geometry, all for similarity and validity); mean, sd : sample standard
    deviation over rollouts, nan for one; low, high : of "validity" alone, Wilson, 95 %
    Rollouts of one epoch share a library: sd is the spread of drawings, not the error of a claim about epochs.
    """
    import pandas

    from easel.statistics import wilson

    rows = []
    for epoch, own in frame.groupby("epoch", sort=True):
        for measure in MEASURES:
            values = [float(value) for value in own[measure] if not math.isnan(value)]
            rows.append({"epoch": int(epoch), "measure": measure, **_summary(values)})
        valid = [float(value) for value in own["valid"]]
        share = wilson(int(sum(valid)), len(valid))
        rows.append({"epoch": int(epoch), "measure": "validity", **_summary(valid), "sd": math.nan,
                     "low": round(share.low, 6), "high": round(share.high, 6)})
    return pandas.DataFrame(rows, columns=["epoch", "measure", "n", "mean", "sd", "low", "high"])


def _summary(values: Sequence[float]) -> dict[str, float]:
    n = len(values)
    mean = math.fsum(values) / n if n else math.nan
    sd = (math.fsum((value - mean) ** 2 for value in values) / (n - 1)) ** 0.5 if n > 1 else math.nan
    return {"n": n, "mean": round(mean, 6), "sd": round(sd, 6)}


def topics(run: RunStore | Path | str) -> pandas.DataFrame:
    """Lessons and their words by topic, for the library of every epoch; topics without a lesson stand with 0."""
    import pandas

    rows = []
    for number, library in libraries_of(run).items():
        for topic in TOPICS:
            own = [lesson.text for lesson in library.lessons if lesson.topic == topic]
            rows.append({"library": number, "topic": topic, "lessons": len(own),
                         "words": sum(len(text.split()) for text in own)})
    return pandas.DataFrame(rows, columns=["library", "topic", "lessons", "words"])


def drift(run: RunStore | Path | str) -> pandas.DataFrame:
    """What changed from each library to the next, and how much of it speaks of format.

    added, modified, deleted : lessons, against the library before; refused : proposed edits that did not enter
    lessons, words : of the library; format : lessons that `is_format_advice` finds; share, low, high : of them, Wilson
    (the paper's own lessons drift to format checks)
    """
    import pandas

    from easel.statistics import wilson

    kept = Snapshot.of(run)
    known, proposed = lives(kept), kept.rows("edits")
    rows = []
    for number, library in libraries_of(kept).items():
        steps = [step.change for life in known.values() for step in life.steps if step.library == number]
        advice = sum(is_format_advice(lesson.text) for lesson in library.lessons)
        share = wilson(advice, len(library))
        rows.append({
            "library": number, **{change: steps.count(change) for change in ("added", "modified", "deleted")},
            "refused": sum(not one["applied"] for row in proposed if row["epoch"] == number - 1
                           for one in row["outcomes"]),
            "lessons": len(library), "words": sum(len(lesson.text.split()) for lesson in library.lessons),
            "format": advice, "share": round(share.share, 6), "low": round(share.low, 6), "high": round(share.high, 6),
        })
    names = ["library", "added", "modified", "deleted", "refused", "lessons", "words", "format", "share", "low", "high"]
    return pandas.DataFrame(rows, columns=names)
