"""Experience: a versioned library of short lessons in words, changed by discrete edits (3DrawAgent, section 3.3).

E <- Update(E, A_text) with Update in {Add, Delete, Modify, Keep}. A version never changes; it knows its parent.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from drawagent.edits import Add, Delete, Edit, EditsInvalid, Keep, Modify, Topic, edits_in, is_format_advice
from easel.errors import ConfigurationError

__all__ = [
    "Add", "Caps", "Delete", "Edit", "EditOutcome", "EditsInvalid", "Keep", "Lesson", "Library", "LibraryDiff",
    "Modify", "Provenance", "Reviewed", "Topic", "apply_edits", "diff", "is_format_advice", "read_edits",
]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Provenance:
    """Where a wording comes from: epoch, pair ids, gaps of those pairs, and who decided."""

    __pydantic_config__ = _STRICT

    epoch: int
    pairs: tuple[str, ...] = ()
    gaps: tuple[float, ...] = ()
    author: Literal["model", "human"] = "model"


@dataclass(frozen=True)
class Lesson:
    """One transferable principle. The id is stable over modifications and never given twice."""

    __pydantic_config__ = _STRICT

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

    __pydantic_config__ = _STRICT

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
        """Raises ConfigurationError for anything that `to_json` would not have written (the key is not compared)."""
        try:
            library = _LIBRARY.validate_python({k: v for k, v in data.items() if k != "key"})
        except (ValidationError, AttributeError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else {"msg": "not a mapping", "loc": ()}
            raise ConfigurationError(
                "a library as written by this project", came=str(first["msg"]),
                where=".".join(map(str, first["loc"])) or "the top level",
            ) from error
        ids = [lesson.id for lesson in library.lessons]
        spent = max((int(i[1:]) for i in ids if re.fullmatch(r"L[0-9]{1,9}", i)), default=0)
        if len(set(ids)) < len(ids) or spent >= library.next_number:
            raise ConfigurationError(
                "every lesson's id once, and below next_number", came=f"{', '.join(ids)}; {library.next_number}",
                where="lessons", mend="Ids are never given twice: raise next_number.",
            )
        return library

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


_LIBRARY = TypeAdapter(Library)


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
        tuple(
            (old[i], new[i]) for i in old
            if i in new and (old[i].text, old[i].topic) != (new[i].text, new[i].topic)
        ),
    )


def read_edits(text: str, library: Library, *, pairs: tuple[str, ...] = (), caps: Caps = Caps()) -> tuple[Edit, ...]:
    """The edits in a model's reply: one JSON list of objects, in a fence or bare, with text around it allowed.

    pairs : ids that `because` may name; () allows any
    Raises EditsInvalid with a sentence that a model can act on. Format advice and a full library are no reason to
    refuse the reply: `apply_edits` leaves those edits out and says why.
    """
    edits = edits_in(text)
    known = [lesson.id for lesson in library.lessons]
    for number, edit in enumerate(edits):
        named = None if isinstance(edit, Add) else edit.id
        if named is not None and named not in known:
            raise EditsInvalid(
                f"an id of an existing lesson ({', '.join(known) or 'there is none, the library is empty'})",
                came=f"'{named}'", where=f"edit {number}",
                mend="Use an id from that list." if known else "Use only \"add\".",
            )
        strange = sorted(set(edit.because) - set(pairs)) if pairs else []
        if strange:
            raise EditsInvalid(f"'because' to name pairs among {', '.join(pairs)}", came=", ".join(strange),
                               where=f"edit {number}", mend="Copy the ids as they stand behind \"Pair\".")
        if caps.words and isinstance(edit, Add | Modify) and len(edit.text.split()) > caps.words:
            raise EditsInvalid(
                f"a lesson of at most {caps.words} words", came=f"{len(edit.text.split())} words",
                where=f"edit {number}", mend="Say the same in fewer words.",
            )
    return edits


def _stem(text: str) -> str:
    """The words alone, for comparison; of a text without words, the text."""
    return " ".join(re.findall(r"\w+", text.casefold())) or text


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
