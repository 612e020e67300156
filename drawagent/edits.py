"""Edits: the discrete operations on lessons, and how they are read from a reply (3DrawAgent, section 3.3).

Update is one of {Add, Delete, Modify, Keep}; what an edit may name is checked in `drawagent.experience`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from easel.errors import EaselError, shorten

Topic = Literal["shape", "space", "parts", "precision", "style", "format", "other"]

_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ATTEMPTS = 2000
MAX_CHARACTERS = 2000
"""Longest wording that is taken at all, in every preset: a border against floods, far above any lesson."""


def _one_line(text: str) -> str:
    """One line without control characters and without marks that turn the direction of the text around them."""
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text if c not in _BIDI).split())


def _some_words(text: str) -> str:
    if len(text) < 3:
        raise ValueError("a lesson needs words")
    return text


Words = Annotated[str, Field(max_length=MAX_CHARACTERS), AfterValidator(_one_line), AfterValidator(_some_words)]


class EditsInvalid(EaselError, ValueError):
    """A model's edits that cannot be read; the message is what the model is told."""


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    because: tuple[str, ...] = Field((), description="ids of the pairs that speak for this edit")


class Add(_Border):
    op: Literal["add"]
    text: Words
    topic: Topic = "other"


class Delete(_Border):
    op: Literal["delete"]
    id: str


class Modify(_Border):
    op: Literal["modify"]
    id: str
    text: Words
    topic: Topic | None = None


class Keep(_Border):
    op: Literal["keep"]
    id: str | None = None


Edit = Annotated[Add | Delete | Modify | Keep, Field(discriminator="op")]
_EDITS = TypeAdapter(list[Edit])


def edits_in(text: str) -> tuple[Edit, ...]:
    """The edits of the last JSON list in a reply. Raises EditsInvalid with a sentence that a model can act on."""
    try:
        return tuple(_EDITS.validate_python(_last_json_list(_writable(text))))
    except ValidationError as error:
        first = error.errors()[0]
        raise EditsInvalid(
            "a JSON list of {\"op\": \"add\"|\"delete\"|\"modify\"|\"keep\", ...} objects",
            came=f"{first['msg']}: {_writable(shorten(str(first.get('input', '')), 80))}",
            where=f"edit {'.'.join(str(step) for step in first['loc'])}",
        ) from error


def _writable(text: str) -> str:
    """Without halves of surrogate pairs, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _last_json_list(text: str) -> Any:
    """The last JSON list of objects; a broken list is not entered again, and few thousand lists are looked at."""
    decoder = json.JSONDecoder()
    found: Any = None
    position = 0
    for _ in range(_ATTEMPTS):
        if (start := text.find("[", position)) < 0:
            break
        try:
            value, position = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            position = max(start + 1, error.pos)
            continue
        except (ValueError, RecursionError) as error:
            raise EditsInvalid("one JSON list of edits", came="a number or a nesting beyond measure") from error
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            found = value
    if found is None:
        raise EditsInvalid("one JSON list of edits", came=shorten(text, 80) or "an empty reply",
                           mend="Reply with [] when nothing should change.")
    return found


_FORMAT_WORDS = re.compile(
    r"</?curves>|</?thinking>|\b(?:json|python|markdown|syntax|data types?|code (?:fences?|blocks?)|list of lists|"
    r"(?:output|reply|response|answer|text) format|well-formed|pars(?:e|es|ed|er|ers|ing|able)|decimals?|"
    r"commas?|(?:xml|html|closing|opening|curves|thinking) tags?|control points each|"
    r"(?:square|curly|round|opening|closing|matching|unmatched|nested|missing|balanced?|every|all|close the) "
    r"(?:brackets?|parenthes[ei]s|braces)|brackets? (?:match|close|balance)\w*|"
    r"(?:exactly|always) (?:4|four) (?:control )?points|(?:exactly|always) (?:3|three) (?:numbers|coordinates))\b",
    re.I,
)


def is_format_advice(text: str) -> bool:
    """Whether a lesson speaks of the reply's format instead of the drawing (a list of words; ours).

    Words that are also parts of things (a shelf's brackets, a price tag) count only beside words of format.
    """
    return bool(_FORMAT_WORDS.search(text))
