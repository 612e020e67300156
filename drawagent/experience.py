"""Experience: a versioned library of short lessons in words, changed by discrete edits (3DrawAgent, section 3.3).

E <- Update(E, A_text) with Update in {Add, Delete, Modify, Keep}. A version never changes; it knows its parent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from easel.errors import ConfigurationError, EaselError, shorten

Topic = Literal["shape", "space", "parts", "precision", "style", "format", "other"]


class EditsInvalid(EaselError, ValueError):
    """A model's edits that cannot be read; the message is what the model is told."""


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    because: tuple[str, ...] = Field((), description="ids of the pairs that speak for this edit")


class Add(_Border):
    op: Literal["add"]
    text: str = Field(min_length=3, max_length=600)
    topic: Topic = "other"


class Delete(_Border):
    op: Literal["delete"]
    id: str


class Modify(_Border):
    op: Literal["modify"]
    id: str
    text: str = Field(min_length=3, max_length=600)
    topic: Topic | None = None


class Keep(_Border):
    op: Literal["keep"]
    id: str | None = None


Edit = Annotated[Add | Delete | Modify | Keep, Field(discriminator="op")]
_EDITS = TypeAdapter(list[Edit])


@dataclass(frozen=True)
class Provenance:
    """Where a wording comes from: epoch, pair ids, gaps of those pairs, and who decided."""

    epoch: int
    pairs: tuple[str, ...] = ()
    gaps: tuple[float, ...] = ()
    author: Literal["model", "human"] = "model"


@dataclass(frozen=True)
class Lesson:
    """One transferable principle. The id is stable over modifications and never given twice."""

    id: str
    text: str
    topic: Topic = "other"
    history: tuple[Provenance, ...] = ()


@dataclass(frozen=True)
class Library:
    """One version of the experience library E.

    version : 0 is empty; parent : key of the version it came from ("" for the first)
    next_number : number of the next lesson's id
    """

    lessons: tuple[Lesson, ...] = ()
    version: int = 0
    parent: str = ""
    next_number: int = 1

    def __len__(self) -> int:
        return len(self.lessons)

    @property
    def key(self) -> str:
        """Hex SHA-256 of ids and words: what a prompt can see of it."""
        rows = [[lesson.id, lesson.text] for lesson in self.lessons]
        return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()

    def text(self, *, with_ids: bool = False) -> str:
        """The experience segment of a prompt, one lesson a line; "" when there is none."""
        mark = (lambda lesson: f"[{lesson.id}] ") if with_ids else (lambda lesson: "- ")
        return "\n".join(mark(lesson) + " ".join(lesson.text.split()) for lesson in self.lessons)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "key": self.key}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Library:
        try:
            lessons = tuple(
                Lesson(row["id"], row["text"], row["topic"], tuple(
                    Provenance(p["epoch"], tuple(p["pairs"]), tuple(p["gaps"]), p["author"]) for p in row["history"]
                ))
                for row in data["lessons"]
            )
            return cls(lessons, data["version"], data["parent"], data["next_number"])
        except (KeyError, TypeError) as error:
            raise ConfigurationError("a library as written by this project", came=f"{error!r}") from error

    def rolled_back(self, to: Library) -> Library:
        """A new version with the lessons of `to`; ids stay spent."""
        return Library(to.lessons, self.version + 1, self.key, max(self.next_number, to.next_number))

    @classmethod
    def of_tips(cls, tips: list[str]) -> Library:
        """A library written by a person (controls: hand-written tips, placebos)."""
        lessons = tuple(
            Lesson(f"L{n}", tip, "other", (Provenance(0, author="human"),)) for n, tip in enumerate(tips, 1)
        )
        return cls(lessons, 0, "", len(lessons) + 1)


@dataclass(frozen=True)
class Caps:
    """Limits on a library; None means no limit."""

    lessons: int | None = None
    words: int | None = None
    refuse_format: bool = False


@dataclass(frozen=True)
class Reviewed:
    """An edit as the model proposed it, and as it shall enter: changed by a person, or None for a veto."""

    proposed: Edit
    edit: Edit | None
    author: Literal["model", "human"] = "model"


@dataclass(frozen=True)
class EditOutcome:
    """What became of one edit: whether it entered, why not, and the lesson it made or touched."""

    reviewed: Reviewed
    applied: bool
    reason: str = ""
    lesson_id: str = ""

    def row(self) -> dict[str, Any]:
        edit = self.reviewed.edit
        return {
            "proposed": self.reviewed.proposed.model_dump(mode="json"),
            "edit": edit.model_dump(mode="json") if edit is not None else None,
            "author": self.reviewed.author, "applied": self.applied, "reason": self.reason, "lesson": self.lesson_id,
        }


@dataclass(frozen=True)
class LibraryDiff:
    """What changed between two versions, by lesson id."""

    added: tuple[Lesson, ...] = ()
    deleted: tuple[Lesson, ...] = ()
    modified: tuple[tuple[Lesson, Lesson], ...] = field(default=())

    def __bool__(self) -> bool:
        return bool(self.added or self.deleted or self.modified)

    def lines(self) -> list[str]:
        return (
            [f"- [{lesson.id}] {lesson.text}" for lesson in self.deleted]
            + [line for a, b in self.modified for line in (f"- [{a.id}] {a.text}", f"+ [{b.id}] {b.text}")]
            + [f"+ [{lesson.id}] {lesson.text}" for lesson in self.added]
        )


def diff(before: Library, after: Library) -> LibraryDiff:
    """Lessons added, deleted and modified from one version to another."""
    old, new = {x.id: x for x in before.lessons}, {x.id: x for x in after.lessons}
    return LibraryDiff(
        tuple(new[i] for i in new if i not in old),
        tuple(old[i] for i in old if i not in new),
        tuple((old[i], new[i]) for i in old if i in new and old[i].text != new[i].text),
    )


def read_edits(text: str, library: Library, *, pairs: tuple[str, ...] = (), caps: Caps = Caps()) -> tuple[Edit, ...]:
    """The edits in a model's reply: one JSON list of objects, in a fence or bare, with text around it allowed.

    Raises EditsInvalid with a sentence that a model can act on.
    """
    data = _last_json_list(text)
    try:
        edits = tuple(_EDITS.validate_python(data))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise EditsInvalid(
            "a JSON list of {\"op\": \"add\"|\"delete\"|\"modify\"|\"keep\", ...} objects",
            came=f"{first['msg']}: {shorten(str(first.get('input', '')), 80)}", where=f"edit {where}",
        ) from error
    known = {lesson.id for lesson in library.lessons}
    for number, edit in enumerate(edits):
        if isinstance(edit, Delete | Modify) and edit.id not in known:
            raise EditsInvalid(
                f"an id of an existing lesson ({', '.join(sorted(known)) or 'the library is empty'})",
                came=edit.id, where=f"edit {number}",
            )
        strange = sorted(set(edit.because) - set(pairs)) if pairs else []
        if strange:
            raise EditsInvalid(f"'because' to name pairs among {', '.join(pairs)}", came=", ".join(strange),
                               where=f"edit {number}")
        if caps.words and isinstance(edit, Add | Modify) and len(edit.text.split()) > caps.words:
            raise EditsInvalid(
                f"a lesson of at most {caps.words} words", came=f"{len(edit.text.split())} words",
                where=f"edit {number}", mend="Say the same in fewer words.",
            )
    return edits


def _last_json_list(text: str) -> Any:
    decoder = json.JSONDecoder()
    found: Any = None
    position, seen = 0, False
    while (start := text.find("[", position)) >= 0:
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = start + 1
            continue
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            found, seen = value, True
    if not seen:
        raise EditsInvalid("one JSON list of edits", came=shorten(text, 80) or "an empty reply",
                           mend="Reply with [] when nothing should change.")
    return found


_FORMAT_WORDS = re.compile(
    r"</?curves>|\b(json|python|syntax|brackets?|parenthes[ei]s|comma|output format|data type|code fence|"
    r"list of lists|tags?|well-formed|parse|parser|decimals? places|exactly (?:4|four) control points)\b", re.I
)


def is_format_advice(text: str) -> bool:
    """Whether a lesson speaks of the reply's format instead of the drawing (a list of words; ours)."""
    return bool(_FORMAT_WORDS.search(text))


def _stem(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def apply_edits(
    library: Library,
    edits: Sequence[Edit | Reviewed],
    *,
    epoch: int,
    caps: Caps = Caps(),
    gaps: dict[str, float] | None = None,
) -> tuple[Library, tuple[EditOutcome, ...]]:
    """The next version and what became of every edit, in order. An edit that cannot enter is kept with its reason.

    gaps : pair id -> reward gap, for provenance
    """
    lessons = list(library.lessons)
    next_number = library.next_number
    outcomes = []
    for item in edits:
        reviewed = item if isinstance(item, Reviewed) else Reviewed(item, item)
        edit = reviewed.edit
        if edit is None:
            outcomes.append(EditOutcome(reviewed, False, "vetoed in review"))
            continue
        places = {lesson.id: place for place, lesson in enumerate(lessons)}
        source = Provenance(epoch, edit.because, tuple((gaps or {}).get(p, 0.0) for p in edit.because), reviewed.author)
        reason = _objection(edit, lessons, places, caps)
        lesson_id = getattr(edit, "id", None) or ""
        if not reason and isinstance(edit, Add):
            lesson_id = f"L{next_number}"
            lessons.append(Lesson(lesson_id, edit.text, edit.topic, (source,)))
            next_number += 1
        elif not reason and isinstance(edit, Delete):
            del lessons[places[edit.id]]
        elif not reason and isinstance(edit, Modify):
            old = lessons[places[edit.id]]
            lessons[places[edit.id]] = replace(
                old, text=edit.text, topic=edit.topic or old.topic, history=(*old.history, source)
            )
        outcomes.append(EditOutcome(reviewed, not reason, reason, lesson_id))
    return Library(tuple(lessons), library.version + 1, library.key, next_number), tuple(outcomes)


def _objection(edit: Edit, lessons: list[Lesson], places: dict[str, int], caps: Caps) -> str:
    if isinstance(edit, Delete | Modify) and edit.id not in places:
        return f"there is no lesson {edit.id}"
    if isinstance(edit, Add | Modify):
        if caps.words and len(edit.text.split()) > caps.words:
            return f"longer than {caps.words} words"
        if caps.refuse_format and is_format_advice(edit.text):
            return "format advice; the reader of the reply handles format"
        own = getattr(edit, "id", None)
        if any(_stem(lesson.text) == _stem(edit.text) and lesson.id != own for lesson in lessons):
            return "the same words are already a lesson"
    if isinstance(edit, Add) and caps.lessons and len(lessons) >= caps.lessons:
        return f"the library is full ({caps.lessons} lessons)"
    return ""
