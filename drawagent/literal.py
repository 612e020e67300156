"""Literals: reads the nested lists, numbers, strings and comments of a drawing's text; never evaluates anything.

A small tokenizer and a recursive reader with hard limits. What it makes is a tree of `Group`, float, str and
`Comment`; what the tree means is the business of `drawagent.language`.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field

from drawagent.sketch import SketchError

MAX_DEPTH = 12
"""Deepest nesting that is read; a drawing has three or four levels."""


class SketchTextError(SketchError):
    """A reply that cannot be read as a drawing; the message is what the model is told in a repair."""


@dataclass(frozen=True)
class Comment:
    """A `#` comment. own_line : no value stands before it on its line"""

    text: str
    own_line: bool


@dataclass
class Group:
    """A bracketed group. bracket : "[", "(" or "{"; word : a name directly before it (`draw_bezier[`)."""

    bracket: str
    word: str = ""
    items: list[Group | Comment | float | str] = field(default_factory=list)
    closed: bool = True


Item = Group | Comment | float | str

_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\f\v\u00a0]+)
  | (?P<newline>\n)
  | (?P<comment>(?:\#|//)[^\n]*)
  | (?P<number>[+\-\u2212\u2013]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<word>[^\W\d]\w*(?:\.\w+)*)
  | (?P<open>[\[({])
  | (?P<close>[\])}])
  | (?P<comma>[,;:=])
  | (?P<other>.)
    """,
    re.VERBOSE,
)
_CLOSING = {"[": "]", "(": ")", "{": "}"}


def read_items(text: str, forgiven: set[str], *, one: bool = False) -> tuple[list[Item], int]:
    """All items of the text in order and the position where reading ended.

    forgiven : collects what was not quite right; one : stop after the first complete group
    Raises SketchTextError for anything that is not a literal: expressions, calls, names, too deep nesting.
    """
    top: list[Item] = []
    open_groups: list[Group] = []
    word, value_on_line, comma_due, comma_seen = "", False, False, False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        inside = open_groups[-1].items if open_groups else top
        if kind == "space":
            continue
        if kind == "newline":
            value_on_line = False
            continue
        if kind == "comment":
            if token.startswith("//"):
                forgiven.add("comments with //")
            inside.append(Comment(token.lstrip("#/").strip(), not value_on_line))
            continue
        if word and kind != "open":
            raise _stranger(word, text, match.start(), open_groups)
        if kind == "comma":
            if token != "," and not (token == ":" and open_groups and open_groups[-1].bracket == "{"):
                raise _stranger(token, text, match.start(), open_groups)
            if comma_seen:
                forgiven.add("doubled commas")
            comma_due, comma_seen = False, True
            continue
        if kind in ("number", "string", "open", "word"):
            if comma_due and kind != "word":
                forgiven.add("missing commas")
            comma_seen = False
        if kind == "number":
            if comma_due and text[match.start() - 1].isdigit():
                raise SketchTextError("plain numbers", came=_around(text, match.start()), where=_place(open_groups),
                                      mend="Write results, not expressions.")
            inside.append(_number(token, text, match.start(), open_groups, forgiven))
            value_on_line, comma_due = True, True
        elif kind == "string":
            inside.append(_string(token))
            comma_due = True
        elif kind == "word":
            word = token
        elif kind == "open":
            if len(open_groups) >= MAX_DEPTH:
                raise SketchTextError(f"nesting of at most {MAX_DEPTH} levels", came="deeper", where=_place(open_groups))
            group = Group(token, word)
            inside.append(group)
            open_groups.append(group)
            word, comma_due = "", False
        elif kind == "close":
            if comma_seen:
                forgiven.add("trailing commas")
            comma_seen = False
            if not open_groups:
                forgiven.add("a closing bracket too many")
                continue
            group = open_groups.pop()
            if _CLOSING[group.bracket] != token:
                raise SketchTextError(f"'{_CLOSING[group.bracket]}'", came=f"'{token}'", where=_place(open_groups),
                                      mend=f"Around: {_around(text, match.start())}")
            comma_due = True
            if one and not open_groups:
                return top, match.end()
        else:
            raise _stranger(token, text, match.start(), open_groups)
    if word:
        raise _stranger(word, text, len(text), open_groups)
    for group in open_groups:
        group.closed = False
    return top, len(text)


def _number(token: str, text: str, position: int, groups: list[Group], forgiven: set[str]) -> float:
    if token[0] in "\u2212\u2013":
        token = "-" + token[1:]
        forgiven.add("typographic minus signs")
    value = float(token)
    if not math.isfinite(value):
        raise SketchTextError("finite numbers", came=token, where=_place(groups))
    after = text[position + len(token): position + len(token) + 1]
    if after and (after.isalnum() or after in "_*/%+\u2212."):
        raise SketchTextError("plain numbers", came=_around(text, position), where=_place(groups),
                              mend="Write results, not expressions.")
    return value


def _string(token: str) -> str:
    body = token[1:-1]
    if token[0] == "'":
        body = body.replace("\\'", "'").replace('"', '\\"')
    try:
        return json.loads(f'"{body}"')
    except ValueError:
        return body


def _stranger(token: str, text: str, position: int, groups: list[Group]) -> SketchTextError:
    return SketchTextError(
        "only lists and plain numbers", came=f"'{token}' in {_around(text, position)}", where=_place(groups),
        mend="Write numbers, not names, calls or expressions.",
    )


def _place(groups: list[Group]) -> str:
    """Where the reader stands, in a drawer's terms."""
    if not groups:
        return "the top level"
    counts = [sum(not isinstance(item, Comment) for item in group.items) for group in groups]
    names = ("stroke", "point", "number")
    return ", ".join(
        f"{name} {max(0, count - (depth < len(counts) - 1))}"
        for depth, (name, count) in enumerate(zip(names, counts, strict=False))
    )


def _around(text: str, position: int) -> str:
    return "…" + " ".join(text[max(0, position - 20): position + 20].split()) + "…"
