"""Question judge: a model that sees answers stored questions about one object (paper: VQA pass rate, no definition).

Ours: one call an object, pictures and questions and nothing else: neither the text that was asked for nor the true
answers. A question is passed where the judge says what is true of an object exactly as asked for; "cannot tell" passes
nothing. An object that was not made passes none of its questions, and nobody is asked. A judge that gave no readable
answer is no low figure: the object is then unmeasured, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Image, Sampling
from easel.errors import ConfigurationError, EaselError, MissingCapability, shorten
from easel.statistics import Share, wilson
from shapecraft.mesh import ObjectMesh
from shapecraft.model_names import ModelName
from shapecraft.questions import SAMPLING, QuestionSet
from shapecraft.reply_json import last_object
from shapecraft.sheets import STYLE, contact_sheet

Given = Literal["yes", "no", "cannot tell"]
WORDS: tuple[Given, ...] = ("yes", "no", "cannot tell")
PICTURE_SIZE = 320
"""Pixels of one of six views (paper silent; ours: 320, that small parts can be counted)."""
UNSURE = "not known to be another than the Evaluator"
LONGEST = 600
"""Characters of what the judge says it sees that are kept (ours)."""
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.0)?")


class AnswersInvalid(EaselError, ValueError):
    """A judge's reply without an answer to every question."""


@dataclass(frozen=True)
class Answered:
    """One question, what is true, and what the judge said; given : None where nobody was asked"""

    question: str
    expected: str
    given: Given | None

    @property
    def passed(self) -> bool:
        return self.given == self.expected


@dataclass(frozen=True)
class Verdict:
    """All questions of one object.

    answers : () where the judge gave none: failure and reason say why
    reason : of a failure, or why nobody was asked (an object that was not made); seen : the pictures in its words
    judge, evidence : the model's label and grade; questions : key of the set; sheet : identity of the pictures
    """

    answers: tuple[Answered, ...]
    judge: str
    evidence: str
    questions: str
    failure: str = ""
    reason: str = ""
    seen: str = ""
    sheet: str = ""
    reply_keys: tuple[str, ...] = ()

    @property
    def passed(self) -> int:
        return sum(one.passed for one in self.answers)

    def row(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "answers": [{**vars(one), "passed": one.passed} for one in self.answers],
                "reply_keys": list(self.reply_keys)}


@dataclass(frozen=True)
class Judge:
    """model : with eyes; same_as_evaluator : whether it also was the Evaluator of what it judges, as a table must say

    unsure : whether it may be one of the Evaluators under another label; identities : see `shapecraft.model_names`
    Made by `Judge.of`, which refuses models that cannot be judges.
    """

    model: ChatModel
    same_as_evaluator: bool = False
    unsure: bool = False
    identities: tuple[str, ...] = ()
    sampling: Sampling = SAMPLING
    overlay: Path | None = None

    @classmethod
    def of(
        cls, model: ChatModel, *, evaluators: Iterable[ModelName] = (), allow_same: bool = False,
        identities: Sequence[str] = (), sampling: Sampling = SAMPLING, overlay: Path | None = None,
    ) -> Judge:
        """evaluators : the models whose scores chose the objects; identities : of the judge (`shapecraft.model_names`)

        Raises MissingCapability for a model that takes no pictures (no eyes, no VQA), ConfigurationError for one of the
        evaluators unless `allow_same`: an object was chosen by what that model likes.
        """
        if not model.sees_images:
            raise MissingCapability("a judge that sees pictures", came=f"'{model.name}', which takes only words",
                                    where="VQA", mend="Name a model with eyes (--judge), or leave VQA out.")
        own = ModelName(model.name, tuple(identities))
        answers = [own.same(one) for one in evaluators]
        same = True in answers
        if same and not allow_same:
            raise ConfigurationError(
                "another model than the Evaluator, whose scores chose the objects", came=f"'{model.name}' for both",
                where="VQA judge", mend="Name another, or allow it by name (--same-judge); the table then says so.",
            )
        return cls(model, same, None in answers, own.identities, sampling, overlay)

    @property
    def known(self) -> ModelName:
        return ModelName(self.model.name, self.identities)

    @property
    def column(self) -> str:
        """Heading of its numbers: they are its own, as a scorer's are."""
        grades = {"stand-in": ["STAND-IN, no result"], "recorded": ["recorded replies"]}
        marks = grades.get(self.model.evidence, [])
        marks += ["also the Evaluator"] if self.same_as_evaluator else [UNSURE] if self.unsure else []
        return f"VQA pass rate (judge {self.model.name}{''.join(f'; {one}' for one in marks)})"

    def verdict(
        self, mesh: ObjectMesh | None, questions: QuestionSet, *, key: str = "", name: str = "object",
        reason: str = "no mesh",
    ) -> Verdict:
        """Answers about one object. mesh : None is one that was not made, for the reason

        key : of the object's program where there is one, see `shapecraft.sheets.sheet_source`; name : in call sites
        Raises what is systemic in the model.
        """
        told = Verdict((), self.model.name, self.model.evidence, questions.key)
        if mesh is None:
            return replace(told, answers=_all(questions, [None] * len(questions.questions)), reason=reason)
        try:
            picture = question_sheet(mesh, key=key)
        except ConfigurationError as error:
            return replace(told, failure="not drawn", reason=str(error))
        count = len(questions.questions)
        numbered = "\n".join(f"{number}. {one.question}" for number, one in enumerate(questions.questions, 1))
        messages = load_prompt("shapecraft", "vqa_answer", overlay=self.overlay).render(
            pictures=picture, questions=numbered, count=str(count),
        )
        answer = ask(self.model, messages, lambda text: read_answers(text, count), site=CallSite("vqa-judge", name),
                     sampling=self.sampling)
        told = replace(told, failure=answer.failure, reason=answer.reason, sheet=picture.source,
                       reply_keys=answer.reply_keys)
        if answer.value is None:
            return told
        given, seen = answer.value
        evidence = answer.replies[-1].evidence
        return replace(told, answers=_all(questions, given), seen=seen, evidence=evidence)


def question_sheet(mesh: ObjectMesh, *, key: str = "") -> Image:
    """What a judge sees: six views with the parts' own colours, without their names, which would give answers away."""
    # A file of another method need not stand on z = 0; what has a program does.
    ground = 0.0 if key else round(float(mesh.bounds[0][2]), 6) + 0.0
    return contact_sheet(mesh, key=key, labels="none", style=replace(STYLE, size=PICTURE_SIZE, ground=ground))


def read_answers(text: str, count: int) -> tuple[tuple[Given, ...], str]:
    """An answer for each question, in order, and what the judge says it sees.

    Raises AnswersInvalid, whose message is what the model is told.
    """
    found = last_object(text, ("answers",), AnswersInvalid, 'one JSON object {"answers": ...}')
    raw, where = found["answers"], "the reply's JSON"
    if isinstance(raw, dict):
        raw = [{"item": item, "answer": word} for item, word in raw.items()]
    if not isinstance(raw, list):
        raise AnswersInvalid(f'"answers": a list of {count}', came=shorten(repr(raw), 60), where=where)
    answers: dict[int, Given] = {}
    for place, one in enumerate(raw, 1):
        item, word = (one.get("item", place), one.get("answer")) if isinstance(one, dict) else (place, one)
        number = int(float(item)) if _NUMBER.fullmatch(str(item).strip()) else 0
        said = _said(word)
        if not 1 <= number <= count or said is None or number in answers:
            raise AnswersInvalid('answers such as {"item": 1, "answer": "yes"}, "no" or "cannot tell", items 1 to '
                                 f"{count}, each once", came=shorten(repr(one), 60), where=where)
        answers[number] = said
    if missing := [number for number in range(1, count + 1) if number not in answers]:
        raise AnswersInvalid(f"an answer to each of the {count} questions", came=f"none to {missing}", where=where)
    seen = found.get("seen")
    return tuple(answers[number] for number in range(1, count + 1)), shorten(str(seen or ""), LONGEST)


def pass_rate(verdicts: Sequence[Verdict], *, expected: str = "", level: float = 0.95) -> Share:
    """Share of questions passed, all objects together, with its Wilson interval; unmeasured objects are left out.

    expected : only those questions of which this is the true answer
    The interval takes questions for independent, which those of one object are not: it is too narrow, and a bootstrap
    over objects stands beside it in the tables. Raises ConfigurationError where answers of two judges would be mixed.
    """
    judges = {(one.judge, one.evidence) for one in verdicts if one.answers}
    if len({judge for judge, _ in judges}) > 1 or len({grade for _, grade in judges}) > 1:
        raise ConfigurationError("one judge, of one grade of evidence", where="pass_rate",
                                 came=", ".join(sorted(f"{judge} ({grade})" for judge, grade in judges)))
    answers = [one for verdict in verdicts for one in verdict.answers if expected in ("", one.expected)]
    return wilson(sum(one.passed for one in answers), len(answers), level=level)


def _said(word: Any) -> Given | None:
    if isinstance(word, bool):
        return "yes" if word else "no"
    plain = " ".join(str(word).lower().replace("_", " ").split()).strip(" .")
    plain = {"can't tell": "cannot tell", "can not tell": "cannot tell", "unclear": "cannot tell",
             "true": "yes", "false": "no"}.get(plain, plain)
    return next((known for known in WORDS if known == plain), None)


def _all(questions: QuestionSet, given: Sequence[Given | None]) -> tuple[Answered, ...]:
    return tuple(Answered(one.question, one.answer, word) for one, word in
                 zip(questions.questions, given, strict=True))
