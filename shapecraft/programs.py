"""Programs: the Blender program in a Coder's reply, as text; nothing is ever executed.

Asked for is one fenced block of Python. What models do besides is forgiven and said; the text inside is mended only
where it did not parse and parses afterwards, so that a program that is right is never touched.
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
import threading
import warnings
from dataclasses import dataclass

from easel.errors import EaselError, shorten
from shapecraft.loose_json import LooseError, read_value

MAX_CHARACTERS = 200_000
"""Longest reply that is read (ours; real programs take 400 to 2,000)."""
_PARSING = threading.Lock()
_FENCE = re.compile(r"^[ \t>]*(?P<ticks>`{3,}|~{3,})[ \t]*(?P<word>[\w+#.-]*)(?P<rest>[^\n`]*)$", re.M)
_PYTHON = {"python", "py", "python3", "python-3", "blender", "bpy"}
_THOUGHT = re.compile(r"<(/?)think(?:ing)?>", re.I)
_TAG = re.compile(r"</?(?:code|python|program|script|pre)>", re.I)
_IMPORT = re.compile(r"^(?:import|from)[ \t]+\w", re.M)
_OWN = re.compile(r"\b(?:bpy|bmesh|shapes|mathutils)\b")
_QUOTES = str.maketrans({
    "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " ", "\u2212": "-", "\u00d7": "*",
    "\u200b": "", "\ufeff": "", "\u2028": "\n",
})


class ProgramError(EaselError, ValueError):
    """A Coder's reply without a program; the message is what the model is told."""


@dataclass(frozen=True)
class ReadProgram:
    """program : its text, ending in one line break; forgiven : what was not as asked for, sorted"""

    program: str
    forgiven: tuple[str, ...]


def read_program(text: str) -> ReadProgram:
    """The program in a reply. Of several blocks the last one that begins a program, with those that continue it.

    A program that does not parse is returned as it is: `shapecraft.checks` says where it fails. Raises ProgramError
    when the reply holds no program at all.
    """
    if len(text) > MAX_CHARACTERS:
        raise ProgramError(f"a reply of at most {MAX_CHARACTERS} characters", came=str(len(text)))
    text = text.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    forgiven: set[str] = set()
    body = _without_thoughts(text, forgiven)
    blocks = _blocks(body, forgiven)
    found = _chosen(blocks, forgiven) if blocks else _unfenced(body, forgiven)
    program = _mended(found, forgiven).strip("\n").rstrip()
    if not program or not _says_something(program):
        raise ProgramError(
            "one program in a block of ```python", came=shorten(text, 80) or "nothing",
            mend="Write the whole program, not a description of it.",
        )
    return ReadProgram(program + "\n", tuple(sorted(forgiven)))


def parsed(program: str) -> ast.Module:
    """The syntax tree. Raises SyntaxError, whatever the parser trips over (depth, null bytes) included."""
    try:
        # An odd escape in a string makes Python warn; a library neither prints nor fails over it.
        with _PARSING, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(program)
    except SyntaxError:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"too deep or not text ({type(error).__name__})") from None


def _parses(program: str) -> bool:
    try:
        return bool(parsed(program).body)
    except SyntaxError:
        return False


def _without_thoughts(text: str, forgiven: set[str]) -> str:
    kept, opened, position = [], -1, 0
    for tag in _THOUGHT.finditer(text):
        if not tag.group(1) and opened < 0:
            kept.append(text[position: tag.start()])
            opened = tag.start()
        elif tag.group(1):
            if opened < 0:
                kept.clear()
            forgiven.add("thinking before the program")
            position, opened = tag.end(), -1
    return "\n".join([*kept, text[position:] if opened < 0 else text[opened:]])


def _blocks(text: str, forgiven: set[str]) -> list[tuple[str, str]]:
    """(language word, text) of every fenced block; one that nothing closes ends with the text."""
    blocks = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence["ticks"][0] == opened["ticks"][0] and len(fence["ticks"]) >= len(opened["ticks"]):
            inside = text[opened.end() + 1: max(opened.end() + 1, fence.start())]
            blocks.append((opened["word"].lower(), _first_line(opened) + inside))
            # "```python" where a closing fence is due opens the next block.
            opened = fence if fence["word"] else None
            if opened:
                forgiven.add("no closing fence")
    if opened is not None and text[opened.end():].strip():
        forgiven.add("no closing fence")
        blocks.append((opened["word"].lower(), _first_line(opened) + text[opened.end() + 1:]))
    return blocks


def _first_line(fence: re.Match[str]) -> str:
    """Code that stands on the line of the opening fence."""
    rest = fence["rest"].strip()
    return rest + "\n" if _IMPORT.match(rest) else ""


def _chosen(blocks: list[tuple[str, str]], forgiven: set[str]) -> str:
    python = [text for word, text in blocks if word in _PYTHON and text.strip()]
    if not python:
        forgiven.add("a fence without \"python\"")
        python = [text for word, text in blocks if _OWN.search(text)] or [text for _, text in blocks if text.strip()]
        code = [text for text in python if not text.lstrip().startswith("{")]
        python = code or [_from_json(text, forgiven) for text in python]
    if len(python) < 2:
        return python[0] if python else ""
    begins = [i for i, text in enumerate(python) if _IMPORT.search(text) and _OWN.search(text)]
    last = begins[-1] if begins else 0
    chosen = python[last:]
    if last:
        forgiven.add(f"{len(python)} programs, the last one taken")
    if len(chosen) > 1:
        forgiven.add(f"a program in {len(chosen)} blocks, joined")
    return "\n".join(text.rstrip("\n") for text in chosen)


def _unfenced(text: str, forgiven: set[str]) -> str:
    forgiven.add("no fence")
    if text.lstrip().startswith("{"):
        return _from_json(text, forgiven)
    text = _TAG.sub("", text)
    if _parses(text) and _OWN.search(text):
        return text
    first = _IMPORT.search(text)
    if first is None or not _OWN.search(text):
        return ""
    if text[: first.start()].strip():
        forgiven.add("words around the program")
    lines = text[first.start():].split("\n")
    if not _parses("\n".join(lines)):
        # Prose behind the program: give up paragraphs from the end, as long as that may help.
        gaps = [i for i, line in enumerate(lines) if not line.strip()][-40:]
        for gap in reversed(gaps):
            if _parses("\n".join(lines[:gap])):
                forgiven.add("words around the program")
                return "\n".join(lines[:gap])
    return "\n".join(lines)


def _from_json(text: str, forgiven: set[str]) -> str:
    """The program in {"program": "..."}; the text itself where that is no JSON."""
    try:
        value = read_value(text, text.index("{"), set()).value
    except (LooseError, ValueError):
        return text
    for key in ("program", "code", "script", "python"):
        if isinstance(value, dict) and isinstance(value.get(key), str):
            forgiven.add("a program inside JSON")
            return value[key]
    return text


def _mended(program: str, forgiven: set[str]) -> str:
    """The program, with the first mending that makes it parse where it does not."""
    first, _, rest = program.lstrip().partition("\n")
    if first.strip().lower() in _PYTHON:  # the fence's word, a line too low; it parses, as a name
        forgiven.add("stray markdown")
        program = rest
    if _parses(program):
        return program
    steps = (
        ("indented as a whole", _dedented),
        ("characters escaped for HTML", html.unescape),
        ("typographic quotes or spaces", lambda t: t.translate(_QUOTES)),
        ("stray markdown", _unmarked),
        ("prompts of a console", lambda t: re.sub(r"^(?:>>>|\.\.\.) ?", "", t, flags=re.M)),
    )
    tried = program
    done = []
    for words, step in steps:
        after = step(tried)
        if after == tried:
            continue
        tried = after
        done.append(words)
        if _parses(tried):
            forgiven.update(done)
            return tried
    return program


def _dedented(text: str) -> str:
    """Without the indentation that all lines share; the last line is that of a closing fence."""
    return text if text.lstrip("\n")[:1] not in (" ", "\t") else textwrap.dedent(text.expandtabs(4).rstrip(" "))


def _unmarked(text: str) -> str:
    text = re.sub(r"^[ \t]*(?:```+\w*|~~~+\w*|</?(?:code|python|program|script|pre)>)[ \t]*$", "", text, flags=re.M)
    return re.sub(r"^\*\*[^\n]*\*\*:?$", "", text, flags=re.M)


def _says_something(program: str) -> bool:
    """Whether it may be code: it parses into statements, or at least speaks of Blender."""
    if _OWN.search(program) and re.search(r"[=(]|^\s*(?:import|from|def)\s", program, re.M):
        return True
    try:
        body = parsed(program).body
    except SyntaxError:
        return False
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call) for node in body)
