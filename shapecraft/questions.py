"""Questions: yes/no questions about an object in words, written once and stored (paper: VQA pass rate, no questions).

Ours: 5 to 10 a text, about half of them with the true answer "no", so that a judge that always says yes passes half.
They are written from the text alone, before any object is seen, by a model (`write_questions`) or by hand.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from easel.asking import Answer, ask, load_prompt
from easel.chat import CallSite, ChatModel, Sampling
from easel.errors import ConfigurationError, EaselError, shorten
from easel.jsonl import write_whole
from shapecraft.reply_json import last_object

FEWEST, MOST, USUAL = 5, 10, 8
"""Questions of one text: "5-10" (paper silent); asked of a model (ours: 8, half of them with the answer "no")."""
SAMPLING = Sampling(temperature=0.0, max_tokens=8192)
"""Of the writer and of the judge (ours: 0, so that answers are little noise)."""
STORED = Path("data/questions")
"""The stored questions of the project's catalogue and of its recorded objects, from the root of a clone."""

YesNo = Literal["yes", "no"]


def _word(value: Any) -> Any:
    """YAML reads a bare yes as true."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.strip().lower() if isinstance(value, str) else value


class QuestionsInvalid(EaselError, ValueError):
    """A reply without usable questions."""


class Question(BaseModel):
    """question : one thing that can be seen from outside; answer : what is true of an object exactly as asked for"""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    question: str = Field(min_length=8, max_length=300)
    answer: Annotated[YesNo, BeforeValidator(_word)]


@dataclass(frozen=True)
class QuestionSet:
    """The questions of one text. object : the text; writer : who wrote them, in words"""

    object: str
    questions: tuple[Question, ...]
    writer: str = ""

    @property
    def key(self) -> str:
        """Hex SHA-256 of the questions and their answers, in order."""
        rows = [[one.question, one.answer] for one in self.questions]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class QuestionBook:
    """Sets by text."""

    sets: tuple[QuestionSet, ...] = ()

    def find(self, text: str) -> QuestionSet | None:
        """The questions of a text, capitals and spaces aside; None where there are none."""
        return next((one for one in self.sets if plain(one.object) == plain(text)), None)

    def plus(self, *sets: QuestionSet) -> QuestionBook:
        """With further sets, which take the place of those of the same text."""
        fresh = {plain(one.object) for one in sets}
        return QuestionBook((*(one for one in self.sets if plain(one.object) not in fresh), *sets))


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid")
    object: str = Field(min_length=1, max_length=2000)
    also: str = ""
    writer: str = ""
    questions: tuple[Question, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    source: str = ""
    writer: str = ""
    sets: tuple[_Set, ...]


def plain(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .")


def read_questions(path: Path) -> QuestionBook:
    """The sets of a YAML (or JSON) file: `sets: [{object, questions: [{question, answer}]}]`.

    also : text of another set of the file, whose questions are asked first. Raises ConfigurationError, with the place.
    """
    import yaml

    path = Path(path)
    try:
        file = _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigurationError("a file of questions", came=error.strerror or str(error), where=str(path)) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError("a YAML file in UTF-8", came=shorten(str(error)), where=path.name,
                                 mend='Questions stand in quotes: {question: "Is it red?", answer: "no"}.') from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            "sets: [{object, questions: [{question, answer: yes or no}]}]", came=first["msg"],
            where=f"{path.name}, {'.'.join(map(str, first['loc'])) or 'top'}",
        ) from error
    own = {plain(one.object): one for one in file.sets}
    if len(own) < len(file.sets):
        twice = next(one.object for one in file.sets if own[plain(one.object)] is not one)
        raise ConfigurationError("every text once", came=f"'{shorten(twice, 80)}' twice", where=path.name)
    found = []
    for one in file.sets:
        also = own.get(plain(one.also))
        if one.also and (also is None or also.also):
            raise ConfigurationError("a set of the file, itself without `also`", came=shorten(one.also, 80),
                                     where=f"{path.name}, also of '{shorten(one.object, 60)}'")
        questions = (*(also.questions if also else ()), *one.questions)
        _check(questions, f"{path.name}, '{shorten(one.object, 60)}'", ConfigurationError)
        found.append(QuestionSet(one.object, questions, one.writer or file.writer))
    return QuestionBook(tuple(found))


def write_file(sets: Iterable[QuestionSet], path: Path, *, source: str = "") -> None:
    """The sets as a file that `read_questions` reads, whole or not at all."""
    import yaml

    rows = {"source": source, "sets": [
        {"object": one.object, "writer": one.writer, "questions": [each.model_dump() for each in one.questions]}
        for one in sets
    ]}
    text = yaml.safe_dump(rows, sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, text.encode("utf-8", "surrogatepass"))


def write_questions(
    model: ChatModel, text: str, *, count: int = USUAL, name: str = "object", sampling: Sampling = SAMPLING,
    overlay: Path | None = None,
) -> Answer[QuestionSet]:
    """Ask a model for questions about an object in words; it sees no object. Once a text: keep them (`write_file`).

    name : of the object, in call sites. The answer's failure says why there are none.
    Raises ConfigurationError for a count outside 5..10 and an empty text, and what is systemic in the model.
    """
    if not FEWEST <= count <= MOST or not text.strip():
        raise ConfigurationError(f"a text, and {FEWEST} to {MOST} questions", came=f"{shorten(text, 40)!r}, {count}",
                                 where="write_questions")
    no = count // 2
    messages = load_prompt("shapecraft", "vqa_write", overlay=overlay).render(
        object=text, count=str(count), yes=str(count - no), no=str(no),
    )
    return ask(model, messages, lambda reply: QuestionSet(text, read_written(reply), model.name),
               site=CallSite("vqa-writer", name), sampling=sampling)


def read_written(text: str) -> tuple[Question, ...]:
    """The questions in a model's reply; raises QuestionsInvalid, whose message is what the model is told."""
    raw = last_object(text, ("questions",), QuestionsInvalid, 'one JSON object {"questions": ...}')["questions"]
    if not isinstance(raw, list):
        raise QuestionsInvalid('"questions": a list', came=shorten(repr(raw), 60), where="the reply's JSON")
    found = []
    for number, one in enumerate(raw, 1):
        try:
            found.append(Question.model_validate(one))
        except ValidationError:
            raise QuestionsInvalid('entries such as {"question": "Does it have a lid?", "answer": "no"}',
                                   came=shorten(repr(one), 80), where=f"question {number}") from None
    _check(found, "the reply's JSON", QuestionsInvalid)
    return tuple(found)


def _check(questions: Sequence[Question], where: str, error: type[EaselError]) -> None:
    if not FEWEST <= len(questions) <= MOST:
        raise error(f"{FEWEST} to {MOST} questions", came=str(len(questions)), where=where)
    asked = [plain(one.question) for one in questions]
    if twice := next((one for one in asked if asked.count(one) > 1), ""):
        raise error("every question once", came=f"'{shorten(twice, 80)}' twice", where=where)
    counts = [sum(one.answer == word for one in questions) for word in ("yes", "no")]
    if min(counts) < 2:
        raise error('at least two questions with the answer "yes" and two with "no"', where=where,
                    came=f"{counts[0]} and {counts[1]}")
