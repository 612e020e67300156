"""Literals: reads the nested lists, numbers, strings and comments of a drawing's text; never evaluates anything.

A tokenizer and one loop with hard limits, in time linear in the text. What it makes is a tree of `Group`, float, str
and `Comment`; what the tree means is the business of `drawagent.language`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from drawagent.sketch import SketchError
from easel.errors import shorten

MAX_DEPTH = 12
"""Deepest nesting that is read; a drawing has three or four levels."""


class SketchTextError(SketchError):
    """A reply that cannot be read as a drawing; the message is what the model is told in a repair.

    position : where reading stopped, in characters; depth : brackets open there; numbers : how many were read before
    """

    position: int = 0
    depth: int = 0
    numbers: int = 0


@dataclass(frozen=True)
class Comment:
    """A `#` comment. own_line : no value stands before it on its line"""

    text: str
    own_line: bool


@dataclass
class Group:
    """A bracketed group. bracket : "[", "(" or "{"; word : a name directly before it (`draw_bezier[`).

    closed : False when the text ended before the group did
    """

    bracket: str
    word: str = ""
    items: list[Group | Comment | float | str] = field(default_factory=list)
    closed: bool = True

    @property
    def values(self) -> list[Group | float | str]:
        """The items without comments."""
        return [item for item in self.items if not isinstance(item, Comment)]

    @property
    def is_numbers(self) -> bool:
        """Whether it holds numbers and nothing else (an empty group does not)."""
        values = self.values
        return bool(values) and all(isinstance(item, float) for item in values)


Item = Group | Comment | float | str

_TOKEN = re.compile(
    r"""
    (?P<space>(?:[^\S\n]|[\ufeff\u200b])+)
  | (?P<newline>\n)
  | (?P<comment>(?:\#|//)[^\n]*)
  | (?P<number>[+\-\u2212\u2013]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<word>[^\W\d]\w*(?:\.\w+)*)
  | (?P<open>[\[({])
  | (?P<close>[\])}])
  | (?P<comma>[,;:])
  | (?P<other>\.\.+|.)
    """,
    re.VERBOSE,
)
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_GLUED = re.compile(r"[\w.+\-*/%\u2212\u2013]")


def read_items(text: str, forgiven: set[str], *, start: int = 0, one: bool = False) -> tuple[list[Item], int]:
    """All items of the text from `start` on, in order, and the position where reading ended.

    forgiven : collects what was not quite right; one : stop after the first complete group
    Raises SketchTextError for anything that is not a literal: expressions, calls, names, too deep nesting.
    """
    reader = _Reader(text, forgiven)
    try:
        end = reader.read(start, one)
    except SketchTextError as error:
        error.position, error.depth, error.numbers = reader.position, len(reader.open), reader.numbers
        raise
    for group in reader.open:
        group.closed = False
    return reader.top, end


class _Reader:
    def __init__(self, text: str, forgiven: set[str]) -> None:
        self.text, self.forgiven = text, forgiven
        self.top: list[Item] = []
        self.open: list[Group] = []
        self.position, self.numbers = 0, 0

    def read(self, start: int, one: bool) -> int:
        word, value_on_line, comma_due, comma_seen = "", False, False, False
        for match in _TOKEN.finditer(self.text, start):
            kind, token, self.position = match.lastgroup, match.group(), match.start()
            if kind == "space":
                if not token.isascii():
                    self.forgiven.add("odd spaces")
                continue
            if kind == "newline":
                value_on_line = False
                continue
            inside = self.open[-1].items if self.open else self.top
            if kind == "comment":
                if token.startswith("//"):
                    self.forgiven.add("comments with //")
                inside.append(Comment(token.lstrip("#/").strip(), not value_on_line))
                continue
            if word and kind != "open":
                raise self._stranger(word)
            if kind == "comma":
                if token == ":" and not (self.open and self.open[-1].bracket == "{"):
                    raise self._stranger(token)
                if token == ";":
                    self.forgiven.add("semicolons")
                if comma_seen or not inside:
                    self.forgiven.add("doubled commas")
                comma_due, comma_seen = False, True
                continue
            if kind == "close":
                if comma_seen:
                    self.forgiven.add("trailing commas")
                comma_seen, comma_due, value_on_line = False, True, True
                self._close(token)
                if one and not self.open:
                    return match.end()
                continue
            if kind == "other":
                raise self._stranger(token)
            if comma_due:
                self.forgiven.add("missing commas")
            comma_due, comma_seen = False, False
            if kind == "word":
                word = token
            elif kind == "open":
                group = Group(token, word)
                if len(self.open) >= MAX_DEPTH:
                    raise self._error(f"nesting of at most {MAX_DEPTH} levels", "deeper nesting")
                inside.append(group)
                self.open.append(group)
                word = ""
            else:
                inside.append(self._number(token, match.end()) if kind == "number" else self._string(token))
                comma_due, value_on_line = True, value_on_line or kind == "number"
        if word:
            raise self._stranger(word)
        return len(self.text)

    def _close(self, token: str) -> None:
        if not self.open:
            self.forgiven.add("a closing bracket too many")
        elif _CLOSING[self.open.pop().bracket] != token:
            self.forgiven.add("brackets of two kinds in one pair")

    def _number(self, token: str, end: int) -> float:
        after = self.text[end: end + 1]
        if after and _GLUED.match(after):
            raise self._error("plain numbers", _around(self.text, self.position), "Write results, not expressions.")
        if token[0] in "\u2212\u2013":
            token = "-" + token[1:]
            self.forgiven.add("typographic minus signs")
        value = float(token)
        if not math.isfinite(value):
            raise self._error("finite numbers", shorten(token, 40))
        self.numbers += 1
        return value

    def _string(self, token: str) -> str:
        body = token[1:-1]
        if token[0] == "'":
            body = body.replace("\\'", "'").replace('"', '\\"')
        try:
            body = json.loads(f'"{body}"')
        except ValueError:
            self.forgiven.add("strings with other escapes")
        # Half a surrogate pair cannot be written to any file.
        return body.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in body) else body

    def _stranger(self, token: str) -> SketchTextError:
        return self._error(
            "only lists and plain numbers", f"'{shorten(token, 40)}' in {_around(self.text, self.position)}",
            "Write numbers, not names, calls or expressions.",
        )

    def _error(self, expected: str, came: str, mend: str = "") -> SketchTextError:
        return SketchTextError(expected, came=came, where=_place(self.top, self.open), mend=mend)


def _place(top: list[Item], chain: list[Group]) -> str:
    """Where the reader stands, in a drawer's terms, whether or not the strokes stand in one outer list.

    Strokes are counted as they were completed; what the innermost open group is shows in what it holds already,
    else in what its parent holds, else (nothing was completed yet) in its depth.
    """
    stroke = _completed_strokes(top)
    if not chain:
        return f"stroke {stroke}" if stroke else "the top level"
    role = _role(chain)
    if role == "list":
        return f"stroke {stroke}"
    groups = chain if role == "stroke" else chain[:-1]
    before = sum(isinstance(item, Group) for item in groups[-1].items) if groups else 0
    if role == "stroke":
        return f"stroke {stroke}, point {before}"
    return f"stroke {stroke}, point {max(0, before - 1)}, number {len(chain[-1].values)}"


def _role(chain: list[Group]) -> str:
    inner = chain[-1]
    if any(isinstance(item, float) for item in inner.items):
        return "point"
    if any(isinstance(item, Group) and item.is_numbers for item in inner.items):
        return "stroke"
    if any(isinstance(item, Group) for item in inner.items):
        return "list"
    if inner.word:
        return "stroke"
    if len(chain) > 1:
        siblings = [item for item in chain[-2].items if isinstance(item, Group) and item is not inner]
        if any(item.is_numbers for item in siblings):
            return "point"
        if siblings:
            return "stroke"
        if chain[-2].word:
            return "point"
    return ("list", "stroke", "point")[min(len(chain) - 1, 2)]


def _completed_strokes(items: list[Item]) -> int:
    count = 0
    for item in items:
        if not isinstance(item, Group):
            continue
        points = sum(isinstance(inner, Group) and inner.is_numbers for inner in item.items)
        if points >= 4 or (item.is_numbers and len(item.values) == 12):
            count += 1
        else:
            count += _completed_strokes(item.items)
    return count


def _around(text: str, position: int) -> str:
    return "…" + " ".join(text[max(0, position - 20): position + 20].split()) + "…"
