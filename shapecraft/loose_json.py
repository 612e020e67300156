"""Loose JSON: reads the JSON that models really write, and says what it forgave; never evaluates anything.

Forgiven: comments, trailing, doubled and missing commas, single and typographic quotes, line breaks in strings, words
as keys, Python's None, True and False, NaN (as None), "+1", ".5", "1.", lengths without quotes (as strings: 18 cm),
repeated keys. In time linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from easel.errors import EaselError, shorten

MAX_DEPTH = 24
"""Deepest nesting that is read; a part list has five levels, a hierarchy of parts a few more (ours)."""

_TOKEN = re.compile(
    r"""
    (?P<space>[\s\ufeff\u200b]+)
  | (?P<comment>//[^\n]*|\#[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\u201c[^\u201d]*\u201d)
  | (?P<measure>[+\-]?[0-9.]{1,24}[ ]?(?:mm|cm|dm|m|in|inch|inches|ft)(?!\w))
  | (?P<number>[+\-\u2212]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![\w.]))
  | (?P<word>[+\-]?[^\W\d][\w-]*)
  | (?P<mark>[\[\]{}:,])
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDS = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
    "NaN": None, "nan": None, "Infinity": None, "-Infinity": None, "+Infinity": None, "inf": None, "-inf": None,
    "undefined": None,
}
_STANDARD = {"true", "false", "null"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"', "'": "'"}
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class LooseError(EaselError):
    """Text that is not even loose JSON. position : in characters; cut : whether the text ended before the value did"""

    position: int = 0
    cut: bool = False


@dataclass(frozen=True)
class Read:
    """value : dict, list, str, float, bool or None; end : position behind it; tokens : work done"""

    value: Any
    end: int
    tokens: int


@dataclass
class _Open:
    """An open bracket. key : waiting for its value; at_key : whether a key comes next (objects)"""

    value: dict[str, Any] | list[Any]
    key: str | None = None
    colon: bool = False
    comma: bool = False
    due: bool = False


def read_value(text: str, start: int, forgiven: set[str], *, tokens: int = 50_000) -> Read:
    """The object or list that begins at `start`.

    forgiven : collects what was not JSON; tokens : most that are read. Raises LooseError.
    """
    stack: list[_Open] = []
    position, count = start, 0
    while True:
        match = _TOKEN.match(text, position)
        count += 1
        if match is None or count > tokens:
            ended = position >= len(text) or text[position] in "\"\u201c" or text.startswith("/*", position)
            over = match is None and (position >= len(text) or text.startswith("```", position))
            if over and len(stack) == 1 and isinstance(stack[0].value, dict) and stack[0].due:
                forgiven.add("no closing brace")
                return Read(stack[0].value, position, count)
            raise _error(text, position, stack, cut=ended and count <= tokens)
        kind, token, begun = match.lastgroup, match.group(), position
        position = match.end()
        if kind == "space":
            continue
        if kind == "comment":
            forgiven.add("comments")
            continue
        if token in ("{", "["):
            if len(stack) >= MAX_DEPTH:
                raise _error(text, begun, stack, expected=f"nesting of at most {MAX_DEPTH} levels")
            if stack:
                _ready(stack[-1], text, begun, stack, forgiven)
            stack.append(_Open({} if token == "{" else []))
            continue
        if not stack:
            raise _error(text, begun, stack)
        top = stack[-1]
        if token in ("}", "]"):
            if (token == "}") != isinstance(top.value, dict) or top.key is not None:
                raise _error(text, begun, stack)
            if top.comma:
                forgiven.add("trailing commas")
            stack.pop()
            if not stack:
                return Read(top.value, position, count)
            _add(stack[-1], top.value, forgiven)
        elif token == ",":
            if top.key is not None:
                raise _error(text, begun, stack)
            if top.comma or not top.value:
                forgiven.add("doubled commas")
            top.comma, top.due = True, False
        elif token == ":":
            if not isinstance(top.value, dict) or top.key is None or top.colon:
                raise _error(text, begun, stack)
            top.colon = True
        elif isinstance(top.value, dict) and top.key is None:
            if top.due:
                forgiven.add("missing commas")
            top.comma = top.due = False
            if kind == "word":
                forgiven.add("keys without quotes")
            elif kind != "string":
                raise _error(text, begun, stack)
            top.key = _string(token, forgiven) if kind == "string" else token
        else:
            _ready(top, text, begun, stack, forgiven)
            _add(top, _scalar(kind, token, text, begun, stack, forgiven), forgiven)


def _ready(top: _Open, text: str, position: int, stack: list[_Open], forgiven: set[str]) -> None:
    """Whether a value may stand here."""
    if isinstance(top.value, dict) and not (top.key is not None and top.colon):
        raise _error(text, position, stack)
    if isinstance(top.value, list) and top.due:
        if text[position] in "+-\u2212.0123456789":  # "0.2 -0.1" may be two numbers or a difference
            raise _error(text, position, stack, expected="a comma, and numbers instead of expressions")
        forgiven.add("missing commas")


def _add(top: _Open, value: Any, forgiven: set[str]) -> None:
    if isinstance(top.value, list):
        top.value.append(value)
    else:
        key = top.key or ""
        if key in top.value:
            forgiven.add(f'a key twice ("{shorten(key, 30)}"), the last taken')
        top.value[key] = value
        top.key, top.colon = None, False
    top.comma, top.due = False, True


def _scalar(kind: str | None, token: str, text: str, position: int, stack: list[_Open], forgiven: set[str]) -> Any:
    if kind == "string":
        return _string(token, forgiven)
    if kind == "measure":
        forgiven.add("lengths without quotes")
        return token
    if kind == "number":
        if not _PLAIN.fullmatch(token):
            forgiven.add("numbers spelt otherwise")
        return float(token.replace("\u2212", "-"))
    if token not in _WORDS:
        raise _error(text, position, stack)
    if token not in _STANDARD:
        forgiven.add("words that are not JSON (None, NaN, True)")
    return _WORDS[token]


def _string(token: str, forgiven: set[str]) -> str:
    if token[0] != '"':
        forgiven.add("other quotes")
    if "\n" in token:
        forgiven.add("line breaks in strings")
    body = token[1:-1]
    if "\\" in body:
        body = _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES.get(m[2], m[2]), body)
        # Two halves of a surrogate pair make one letter; a half alone fits in no file.
        body = body.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return body.encode("utf-8", "replace").decode() if not body.isascii() else body


def _error(text: str, position: int, stack: list[_Open], *, expected: str = "JSON", cut: bool = False) -> LooseError:
    place = _place(stack)
    if cut:
        error = LooseError("a complete JSON object", came="a text that ends inside it", where=place,
                           mend="Write it to its end; shorten descriptions if space is short.")
    else:
        near = " ".join(text[max(0, position - 30): position + 30].split())
        mend = "Write results, not expressions." if text[position: position + 1] in ("+", "-", "*", "/", "(") else ""
        where = f"line {text.count(chr(10), 0, position) + 1}, {place}"
        error = LooseError(expected, came=f"'{near}'", where=where, mend=mend)
    error.position, error.cut = position, cut
    return error


def _place(stack: list[_Open]) -> str:
    """components[3].box, in the writer's terms."""
    steps = ""
    for level in stack:
        if isinstance(level.value, list):
            steps += f"[{len(level.value)}]"
        elif level.key is not None:
            steps += ("." if steps else "") + shorten(level.key, 30)
    return steps or "the top level"
