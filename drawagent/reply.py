"""Reply: finds the drawing in what a model wrote: past its thinking, between tags, in fences, or among words.

Every step is linear in the text. Of several blocks, or several lists outside of blocks, the last one wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from drawagent.literal import Comment, Group, Item, SketchTextError, read_items
from easel.errors import shorten

_THOUGHT = re.compile(r"<(/?)think(?:ing)?>", re.I)
_TAG = re.compile(r"<\s{0,4}(/?)\s{0,4}curves(?:\s[^<>\[\]]{0,40})?>", re.I)
_FENCE = re.compile(r"```+[\w+-]*")
_BRACKET = re.compile(r"[\[({]")
_START = re.compile(r"(?:\bdraw_bezier\s{0,4})?[\[{]|\bdraw_bezier\s{0,4}\(", re.I)
_REMARK = re.compile(r"(?:#|//)([^\n]*)")
_ATTEMPTS = 4096  # lists that are looked at; far above what any reply holds
_BRACKETS = re.compile(r"[\[\](){}]")


@dataclass(frozen=True)
class Found:
    """items : of the drawing; thinking : the model's thoughts, or ""; cut : the text ends where a stroke is due"""

    items: list[Item]
    thinking: str
    cut: bool = False


def find_drawing(text: str, forgiven: set[str]) -> Found:
    """The drawing's items and the model's thoughts. Adds to `forgiven` what was not as asked.

    Raises SketchTextError when there is no list that could be read.
    """
    body, thinking, endless = _part(text, forgiven)
    if not _BRACKET.search(body) and _blocks(thinking):
        body = thinking
        forgiven.add("the drawing stood inside the thinking")
    blocks = _blocks(body)
    if blocks:
        items, cut = _read_block(body, blocks, forgiven)
        return Found(items, thinking, cut)
    forgiven.add("no <curves> tag")
    ends = [tag.start() for tag in _TAG.finditer(body) if tag.group(1)]
    items = _search(body[: ends[-1]] if ends else body, forgiven, to_the_end=endless)
    return Found(items, thinking, not ends and _is_cut(items, body))


def _part(text: str, forgiven: set[str]) -> tuple[str, str, bool]:
    """(what is not thinking, the thinking, whether a thinking block without end was taken for both)."""
    kept: list[str] = []
    thoughts: list[str] = []
    position, opened = 0, -1
    for tag in _THOUGHT.finditer(text):
        if not tag.group(1):
            if opened < 0:
                kept.append(text[position: tag.start()])
                if _TAG.search(kept[-1]):
                    forgiven.add("thinking behind the drawing")
                opened = tag.end()
        elif opened >= 0:
            thoughts.append(text[opened: tag.start()].strip())
            position, opened = tag.end(), -1
        else:
            before = text[position: tag.start()]
            forgiven.add("no <thinking> tag")
            (kept if _TAG.search(before) else thoughts).append(before.strip())
            position = tag.end()
    endless = False
    if opened >= 0:
        forgiven.add("no </thinking> tag")
        first = _TAG.search(text, opened)
        endless = first is None
        thoughts.append(text[opened: first.start() if first else len(text)].strip())
        kept.append(text[first.start() if first else opened:])
    else:
        kept.append(text[position:])
    return "\n".join(kept), "\n\n".join(thoughts), endless


def _blocks(text: str) -> list[tuple[re.Match[str], re.Match[str] | None]]:
    """(opening tag, next tag or None) of every block that holds a bracket; others only speak of the tag."""
    tags = list(_TAG.finditer(text))
    nexts: list[re.Match[str] | None] = [*tags[1:], *([None] if tags else [])]
    return [
        (tag, following)
        for tag, following in zip(tags, nexts, strict=True)
        if not tag.group(1) and _BRACKET.search(text, tag.end(), following.start() if following else len(text))
    ]


def _read_block(
    text: str, blocks: list[tuple[re.Match[str], re.Match[str] | None]], forgiven: set[str]
) -> tuple[list[Item], bool]:
    start, end = blocks[-1]
    closed = end is not None and bool(end.group(1))
    if len(blocks) > 1:
        forgiven.add(f"{len(blocks)} <curves> blocks, the last one taken")
    if not closed:
        forgiven.add("no </curves> tag")
    if start.group() != "<curves>" or (end is not None and closed and end.group() != "</curves>"):
        forgiven.add("tags spelt otherwise")
    around = _unfenced(text[: start.start()] + "\n" + (text[end.end():] if end is not None else ""), forgiven)
    if around.strip():
        forgiven.add("text around the block")
    body = _unfenced(text[start.end(): end.start() if end is not None else len(text)], forgiven)
    notes = set(forgiven)
    problem = None
    try:
        items, _ = read_items(body, notes)
    except SketchTextError as error:
        if error.depth:
            raise
        problem = error
    # Numbers beside groups number the strokes ("1. [...] 2. [...]"); they are words like any other.
    if problem or (any(isinstance(i, float) for i in items) and any(isinstance(i, Group) for i in items)):
        items = _search(body, forgiven, whole=True, problem=problem)
        forgiven.add("words inside the block")
    else:
        forgiven |= notes
    return items, not closed and _is_cut(items, body)


def _is_cut(items: list[Item], text: str) -> bool:
    """Whether the text ended in an open list where another stroke was due."""
    return text.rstrip().endswith(",") and any(isinstance(item, Group) and not item.closed for item in items)


def _unfenced(text: str, forgiven: set[str]) -> str:
    if "```" not in text:
        return text
    forgiven.add("code fences")
    return _FENCE.sub("\n", text)


def _search(
    text: str,
    forgiven: set[str],
    *,
    whole: bool = False,
    to_the_end: bool = False,
    problem: SketchTextError | None = None,
) -> list[Item]:
    """The last list that holds a stroke, among any words; strokes that follow each other are one list.

    whole : all lists belong to one drawing; to_the_end : nothing but marks may follow it
    """
    runs: list[_Run] = []
    spoilt: SketchTextError | None = None
    position = 0
    for _ in range(_ATTEMPTS):
        if (start := _START.search(text, position)) is None:
            break
        notes: set[str] = set()
        try:
            items, position = read_items(text, notes, start=start.start(), one=True)
        except SketchTextError as error:
            problem = problem or error
            # "[0.4, 0.2, 0.1 deep]" is prose; more numbers, or an action, were to be strokes.
            if error.numbers > (0 if len(start.group()) > 1 else 3):
                spoilt = error
            position = max(error.position, start.end())
            if error.numbers:
                position = _after_group(text, error)
            continue
        groups = [item for item in items if isinstance(item, Group)]
        if not any(map(_holds_stroke, groups)):
            continue
        spoilt = None
        gap = text[runs[-1].end: start.start()] if runs else ""
        single = all(_is_single(group) for group in groups)
        if runs and (whole or (single and runs[-1].single) or _only_marks(gap)):
            runs[-1].items.extend([*_remarks(gap), *items])
            runs[-1].notes |= notes
            runs[-1].end = position
        else:
            runs.append(_Run(list(items), notes, position, single))
    if spoilt is not None:
        raise spoilt
    if not runs:
        raise problem or SketchTextError("<curves> with a list of strokes", came=shorten(text, 80) or "an empty reply")
    last = runs[-1]
    if to_the_end and not _only_marks(text[last.end:]):
        raise SketchTextError("a drawing after the thinking", came="thinking that never ends",
                              mend="Close the thinking with </thinking> and write <curves>.")
    if len(runs) > 1:
        forgiven.add(f"{len(runs)} lists, the last one taken")
    if "```" in text:
        forgiven.add("code fences")
    forgiven |= last.notes
    return last.items


@dataclass
class _Run:
    """Lists that follow each other and are read as one. single : they are strokes, not lists of strokes"""

    items: list[Item]
    notes: set[str]
    end: int
    single: bool


def _after_group(text: str, error: SketchTextError) -> int:
    """The position behind the outermost group in which reading failed."""
    depth = error.depth
    for bracket in _BRACKETS.finditer(text, error.position):
        depth += 1 if bracket.group() in "[({" else -1
        if depth <= 0:
            return bracket.end()
    return len(text)


def _only_marks(gap: str) -> bool:
    return not _FENCE.sub("", _REMARK.sub("", gap)).strip(" \t\r\n,;.])}")


def _remarks(gap: str) -> list[Comment]:
    return [Comment(m.group(1).strip("#/ \t"), "\n" in gap[: m.start()]) for m in _REMARK.finditer(gap)]


def _is_single(group: Group) -> bool:
    return bool(group.word) or sum(isinstance(item, Group) and item.is_numbers for item in group.items) >= 4


def _holds_stroke(group: Group) -> bool:
    inner = [item for item in group.items if isinstance(item, Group)]
    if sum(item.is_numbers for item in inner) >= 2 or len([i for i in group.items if isinstance(i, float)]) == 12:
        return True
    return any(map(_holds_stroke, inner))
