"""Evaluation: objects of any method, a row each: shape, CLIP, questions, programs, calls, cost (ShapeCraft, section 4).

What counts, in one place:
- An object that was not made (no file, no mesh, nothing but flat triangles) is a failure and stays in every mean: IoGT,
  IoU and F-score 0, the farthest distance, the CLIP score of blank pages, none of its questions passed.
- What cannot be measured of an object (no reference, a word that the scorer does not know, an open surface for the
  exact figures, a judge without a readable answer) is nan with the reason, and is counted as unmeasured, never as 0.
- Objects of different grades of evidence, figures of different scorers and answers of different judges are never in one
  mean: see `shapecraft.aggregates`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from easel.errors import ConfigurationError, EaselError, MissingCapability, shorten
from easel.scoring import ImageTextScorer
from shapecraft.evaluation_rows import COSTS, SHAPE, ObjectRow, check_cards, evaluation_key, frame
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_metrics import ShapeFigures, compare
from shapecraft.metrics import clip_figure
from shapecraft.question_judge import UNSURE, Judge, Verdict
from shapecraft.questions import QuestionBook
from shapecraft.subjects import Subject

__all__ = ["COSTS", "SHAPE", "Evaluated", "ObjectRow", "check_cards", "evaluate", "evaluate_one", "evaluation_key",
           "frame", "rows"]
WORKERS = 2
"""Objects at once (ours): most of the work leaves Python's lock; a judge's answers take their own time anyway."""
LONG, SMALL = 20.0, 0.01
"""Longest side, metres, from which and below which a file is said to be in other units perhaps (ours)."""


@dataclass(frozen=True)
class Evaluated:
    """row : of one object; mesh : what was measured, None for a failed one; verdict : the judge's, None unasked"""

    row: ObjectRow
    mesh: ObjectMesh | None = field(default=None, repr=False, compare=False)
    verdict: Verdict | None = field(default=None, repr=False)


def evaluate(
    subjects: Iterable[Subject], *, scorer: ImageTextScorer | None = None, judge: Judge | None = None,
    questions: QuestionBook | None = None, seed: int = 0, workers: int = WORKERS,
) -> Iterator[Evaluated]:
    """The objects in order, as they are done.

    scorer : for CLIP, None leaves it out; judge : answers the stored questions of each caption, None leaves them out
    What is wrong with one object is told in its row. Raises MissingCapability where a package or a wall is missing, and
    what is systemic in the judge's model.
    """
    book = questions or QuestionBook()
    if workers < 1:
        raise ConfigurationError("at least one worker", came=str(workers), where="evaluate")
    with ThreadPoolExecutor(workers) as pool:
        ahead: deque[Future[Evaluated]] = deque()
        try:
            for subject in subjects:
                ahead.append(pool.submit(evaluate_one, subject, scorer=scorer, judge=judge, questions=book, seed=seed))
                # A mesh is large: so many are read as there are workers, and one that waits for each.
                if len(ahead) >= 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for one in ahead:
                one.cancel()


def rows(
    subjects: Iterable[Subject], *, scorer: ImageTextScorer | None = None, judge: Judge | None = None,
    questions: QuestionBook | None = None, seed: int = 0, workers: int = WORKERS,
) -> tuple[ObjectRow, ...]:
    """The rows alone, all of them; as `evaluate`."""
    found = evaluate(subjects, scorer=scorer, judge=judge, questions=questions, seed=seed, workers=workers)
    return tuple(one.row for one in found)


def evaluate_one(
    subject: Subject, *, scorer: ImageTextScorer | None = None, judge: Judge | None = None,
    questions: QuestionBook | None = None, seed: int = 0,
) -> Evaluated:
    """One object; as `evaluate`."""
    mesh, failed = _read(subject)
    cannot: dict[str, str] = dict(subject.costs.cannot)
    notes = [] if mesh is None else _notes(mesh, subject)
    values: dict[str, Any] = {name: getattr(subject.costs, name) for name in COSTS}
    values |= _shape(subject, mesh, failed, seed, cannot, notes)
    values |= _clip(subject, mesh, scorer, cannot)
    asked, verdict = _asked(subject, mesh, failed, judge, questions or QuestionBook(), cannot, notes)
    row = ObjectRow(
        subject.name, subject.evidence, subject.caption, failed=failed, made=float(not failed), notes=tuple(notes),
        cannot=tuple(cannot.items()), **values, **asked,
    )
    return Evaluated(row, mesh, verdict)


def _read(subject: Subject) -> tuple[ObjectMesh | None, str]:
    """The mesh, or why there is none: a mesh without area is none."""
    try:
        mesh = subject.mesh()
    except MissingCapability:
        raise
    except EaselError as error:
        return None, shorten(str(error), 300)
    if not mesh.area > 0:
        return None, "a mesh without area"
    return mesh, ""


def _shape(
    subject: Subject, mesh: ObjectMesh | None, failed: str, seed: int, cannot: dict[str, str], notes: list[str]
) -> dict[str, Any]:
    if subject.reference_mesh is None:
        cannot |= dict.fromkeys(SHAPE, subject.no_reference)
        return {}
    try:
        found = compare(mesh, subject.reference_mesh(), seed=seed)
    except MissingCapability as error:
        cannot |= dict.fromkeys(SHAPE, shorten(str(error), 300))
        return {"reference": subject.reference}
    except EaselError as error:
        cannot |= dict.fromkeys(SHAPE, f"the reference cannot be used: {shorten(str(error), 250)}")
        return {"reference": subject.reference}
    for name in SHAPE:
        figure = getattr(found, name)
        if math.isnan(figure.value):
            cannot[name] = shorten(figure.reason, 300)
        elif figure.reason and not failed and figure.reason not in notes:
            notes.append(figure.reason)
    return {"reference": subject.reference, "yaw_deg": found.yaw_deg, **_values(found)}


def _values(found: ShapeFigures) -> dict[str, float]:
    return {name: getattr(found, name).value for name in SHAPE}


def _clip(
    subject: Subject, mesh: ObjectMesh | None, scorer: ImageTextScorer | None, cannot: dict[str, str]
) -> dict[str, Any]:
    if scorer is None or not subject.caption:
        cannot["clip"] = "no scorer" if scorer is None else "no caption"
        return {}
    head = {"clip_column": f"{scorer.card.column} x100", "clip_card": scorer.card.key}
    try:
        found = clip_figure(mesh, subject.caption, scorer)
    except ConfigurationError as error:
        cannot["clip"] = shorten(str(error), 300)
        return head
    return {**head, "clip": found.value}


def _asked(
    subject: Subject, mesh: ObjectMesh | None, failed: str, judge: Judge | None, questions: QuestionBook,
    cannot: dict[str, str], notes: list[str],
) -> tuple[dict[str, Any], Verdict | None]:
    figures = ("vqa", "vqa_yes", "vqa_no")
    found = questions.find(subject.caption) if subject.caption else None
    if judge is None or found is None:
        cannot |= dict.fromkeys(figures, "no judge" if judge is None else "no caption" if not subject.caption else
                                "no stored questions for this caption")
        return {}, None
    same = [judge.known.same(one) for one in subject.evaluators]
    if True in same and not judge.same_as_evaluator:
        cannot |= dict.fromkeys(figures, f"'{judge.model.name}' was the Evaluator of this object too")
        return {}, None
    if None in same and not judge.unsure:
        notes.append(f"the judge is {UNSURE}")
    verdict = judge.verdict(mesh, found, key=subject.key, name=subject.name, reason=failed)
    head = {"vqa_column": judge.column}
    if not verdict.answers:
        cannot |= dict.fromkeys(figures, shorten(f"{verdict.failure}: {verdict.reason}", 300))
        return head, verdict
    shares = {}
    for figure, word in zip(figures, ("", "yes", "no"), strict=True):
        of = [one.passed for one in verdict.answers if word in ("", one.expected)]
        shares[figure] = round(sum(of) / len(of), 6)
    return {**head, **shares, "vqa_passed": verdict.passed, "vqa_asked": len(verdict.answers)}, verdict


def _notes(mesh: ObjectMesh, subject: Subject) -> list[str]:
    low, high = mesh.bounds
    side = float((high - low).max())
    if subject.evidence == "external" and not SMALL <= side <= LONG:
        return [f"longest side {side:.4g}: perhaps not metres; figures do not depend on the unit"]
    return []
