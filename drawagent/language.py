"""The text form of a sketch: `<curves>` with one Python list of strokes (3DrawAgent, section 3.1), read and written.

Strict takes that form alone (with `# part name` comments or ["name", [P0, P1, P2, P3]] for named strokes);
lenient also takes what models really write, and says what it forgave. Nothing is ever evaluated as code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from drawagent.literal import Comment, Group, Item, SketchTextError, read_items
from drawagent.sketch import Sketch, Stroke
from easel.errors import shorten

_THINKING = re.compile(r"<think(?:ing)?>(.*?)</think(?:ing)?>", re.S | re.I)
_OPEN, _CLOSE = re.compile(r"<\s*curves\s*>", re.I), re.compile(r"<\s*/\s*curves\s*>", re.I)
_FENCE = re.compile(r"^[ \t]*```[\w-]*[ \t]*$", re.M)
_ACTION = re.compile(r"\bdraw_bezier\s*(?=[\[(])", re.I)
_ATTEMPTS = 50


@dataclass(frozen=True)
class SketchLimits:
    """What is refused as too much (paper silent; ours).

    characters : of a reply; strokes : 1 to 256; coordinate : largest absolute value; name : characters kept
    """

    characters: int = 200_000
    strokes: int = 256
    coordinate: float = 100.0
    name: int = 80


@dataclass(frozen=True)
class ParsedSketch:
    """sketch : the drawing; forgiven : what lenient reading forgave, sorted; thinking : the model's thoughts, or "" """

    sketch: Sketch
    forgiven: tuple[str, ...]
    thinking: str


def parse(
    text: str, *, mode: Literal["strict", "lenient"] = "strict", limits: SketchLimits = SketchLimits()
) -> ParsedSketch:
    """Read a reply. Of several blocks the last wins (lenient).

    Raises SketchTextError, with the place in a drawer's terms, for whatever is not surely a drawing: a stroke
    without exactly 4 points, a point without exactly 3 numbers, a list cut off inside a stroke, expressions.
    """
    if len(text) > limits.characters:
        raise SketchTextError(f"at most {limits.characters} characters", came=f"{len(text)}")
    forgiven: set[str] = set()
    thoughts = [m.group(1).strip() for m in _THINKING.finditer(text)]
    body, tagged = _body(_THINKING.sub("\n", text), forgiven)
    items = _items(body, forgiven) if tagged else _search(body, forgiven)
    strokes = _Strokes(limits, forgiven).read(items)
    if mode == "strict" and forgiven:
        raise SketchTextError(
            "exactly one <curves> block with one list of strokes", came="; ".join(sorted(forgiven)),
            mend="Lenient reading would forgive this.",
        )
    return ParsedSketch(Sketch(tuple(strokes)), tuple(sorted(forgiven)), "\n\n".join(thoughts))


def write(sketch: Sketch) -> str:
    """The text of a sketch, one stroke a line; `parse(write(s)).sketch == s` exactly, names included."""
    lines, current = [], None
    for stroke in sketch.strokes:
        points = "[" + ", ".join("[" + ", ".join(map(_digits, point)) + "]" for point in stroke.points) + "]"
        if stroke.name is not None and not _plain(stroke.name):
            quoted = json.dumps(stroke.name).replace("<", "\\u003c").replace("#", "\\u0023").replace("`", "\\u0060")
            lines.append(f"[{quoted}, {points}],")
            continue
        if stroke.name != current:
            lines.append(f"# {stroke.name}" if stroke.name is not None else "#")
            current = stroke.name
        lines.append(points + ",")
    if lines:
        lines[-1] = lines[-1].removesuffix(",")
    return "<curves>[\n" + "\n".join(lines) + "\n]</curves>"


def _digits(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0" else repr(value)


def _plain(name: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9](?:[\w ,.()'+-]*[\w).])?", name, re.A)) and len(name) <= 80


def _body(text: str, forgiven: set[str]) -> tuple[str, bool]:
    opens, closes = list(_OPEN.finditer(text)), list(_CLOSE.finditer(text))
    if not opens:
        forgiven.add("no <curves> tag")
        return text[: closes[-1].start()] if closes else text, False
    if len(opens) > 1:
        forgiven.add(f"{len(opens)} <curves> blocks, the last one taken")
    start = opens[-1]
    end = next((close for close in closes if close.start() >= start.end()), None)
    if end is None:
        forgiven.add("no </curves> tag")
        after = ""
    else:
        after = text[end.end():]
    if start.group() != "<curves>" or (end is not None and end.group() != "</curves>"):
        forgiven.add("tags spelt otherwise")
    if after.strip() or _OPEN.split(text)[0].strip():
        forgiven.add("text around the block")
    return text[start.end(): end.start() if end else len(text)], True


def _items(body: str, forgiven: set[str]) -> list[Item]:
    if _FENCE.search(body):
        forgiven.add("code fences")
        body = _FENCE.sub("", body)
    items, _ = read_items(body, forgiven)
    return items


def _search(text: str, forgiven: set[str]) -> list[Item]:
    """Without tags: all draw_bezier actions, or else the last bracketed list that holds a stroke."""
    found: list[Item] = []
    for match in list(_ACTION.finditer(text))[:4096]:
        items, _ = read_items(text[match.start():], forgiven, one=True)
        found.extend(items)
    if found:
        return found
    position, best = 0, None
    problem: SketchTextError | None = None
    for _ in range(_ATTEMPTS):
        start = text.find("[", position)
        if start < 0:
            break
        notes: set[str] = set()
        try:
            items, length = read_items(text[start:], notes, one=True)
            if _holds_numbers(items):
                best = (items, notes)
            position = start + length
        except SketchTextError as error:
            problem, position = problem or error, start + 1
    if best is None:
        raise problem or SketchTextError("<curves> with a list of strokes", came=shorten(text, 80) or "an empty reply")
    forgiven |= best[1]
    return best[0]


def _holds_numbers(items: list[Item]) -> bool:
    return any(isinstance(i, float) or (isinstance(i, Group) and _holds_numbers(i.items)) for i in items)


@dataclass
class _Strokes:
    """Gives the tree its meaning; counts strokes so that errors can say which."""

    limits: SketchLimits
    forgiven: set[str]

    def read(self, items: list[Item]) -> list[Stroke]:
        values = [item for item in items if not isinstance(item, Comment)]
        if len(values) == 1 and isinstance(values[0], Group) and values[0].bracket != "{" and not values[0].word:
            outer = values[0]
            names = [item for item in items if isinstance(item, Comment)]
            items = names + outer.items if not self._is_stroke(outer) else items
            if outer.bracket == "(":
                self.forgiven.add("tuples")
            if not outer.closed:
                self._unclosed(outer)
            if self._is_stroke(outer):
                self.forgiven.add("one stroke without a list around it")
        else:
            self.forgiven.add("strokes without one list around them")
        strokes: list[Stroke] = []
        self._gather(items, None, strokes)
        if not strokes:
            raise SketchTextError("at least one stroke", came="an empty list")
        return strokes

    def _unclosed(self, group: Group) -> None:
        """A list that was cut: complete strokes are taken, a stroke cut inside is not guessed."""
        cut = [item for item in group.items if isinstance(item, Group) and not item.closed]
        if cut and not self._is_stroke(cut[-1]):
            raise SketchTextError("a complete list", came="a list cut off inside a stroke",
                                  where=f"stroke {sum(isinstance(i, Group) for i in group.items) - 1}",
                                  mend="Send all strokes.")
        self.forgiven.add("a closing bracket missing")

    def _gather(self, items: list[Item], name: str | None, strokes: list[Stroke]) -> None:
        pending: str | None = None
        for item in items:
            if isinstance(item, Comment):
                label = self._name(item.text)
                if item.own_line or not strokes:
                    name = label
                elif strokes:
                    strokes[-1] = Stroke(strokes[-1].points, label)
            elif isinstance(item, str):
                pending = item[: self.limits.name]
            elif isinstance(item, float):
                raise SketchTextError("a stroke of 4 points", came=f"the number {item:g}", where=f"stroke {len(strokes)}")
            else:
                self._take(item, pending if pending is not None else name, strokes)
                pending = None

    def _take(self, group: Group, name: str | None, strokes: list[Stroke]) -> None:
        if group.word:
            self._action(group, name, strokes)
        elif group.bracket == "{":
            self.forgiven.add("dictionaries")
            self._mapping(group, name, strokes)
        elif self._is_stroke(group):
            self._add(group, name, strokes)
        elif (named := self._named(group)) is not None:
            self._add(named[1], named[0], strokes)
        elif self._is_flat(group):
            self.forgiven.add("strokes as 12 numbers")
            numbers = [item for item in group.items if isinstance(item, float)]
            points = [Group("[", items=list(numbers[i:i + 3])) for i in range(0, 12, 3)]
            self._add(Group("[", items=list(points)), name, strokes)
        elif self._is_nest(group):
            self.forgiven.add("strokes in nested groups")
            self._gather(group.items, name, strokes)
        else:
            self._refuse(group, len(strokes))

    def _action(self, group: Group, name: str | None, strokes: list[Stroke]) -> None:
        if group.word.lower() != "draw_bezier":
            raise SketchTextError("strokes or draw_bezier actions", came=f"'{group.word}'",
                                  where=f"stroke {len(strokes)}")
        self.forgiven.add("draw_bezier actions")
        bare = Group(group.bracket, items=group.items, closed=group.closed)
        inner = [item for item in group.items if isinstance(item, Group)]
        if self._is_stroke(bare):
            self._add(bare, name, strokes)
        elif inner and len(inner) == len([i for i in group.items if not isinstance(i, Comment)]):
            for one in inner:
                self._take(one, name, strokes)
        else:
            self._refuse(bare, len(strokes))

    def _mapping(self, group: Group, name: str | None, strokes: list[Stroke]) -> None:
        values = [item for item in group.items if not isinstance(item, Comment)]
        pairs = list(zip(values[::2], values[1::2], strict=False))
        if len(values) % 2 or not all(isinstance(key, str) for key, _ in pairs):
            self._refuse(group, len(strokes))
        fields = {str(key).lower(): value for key, value in pairs}
        body = next((fields[key] for key in ("points", "control_points", "stroke", "curve") if key in fields), None)
        if isinstance(body, Group):
            label = next((fields[k] for k in ("name", "part", "label") if isinstance(fields.get(k), str)), name)
            self._take(body, label, strokes)
            return
        for key, value in pairs:
            if not isinstance(value, Group):
                raise SketchTextError("strokes under every name", came=shorten(repr(value), 40),
                                      where=f"'{shorten(str(key), 40)}'")
            self._take(value, str(key)[: self.limits.name], strokes)

    def _add(self, group: Group, name: str | None, strokes: list[Stroke]) -> None:
        number = len(strokes)
        if number >= self.limits.strokes:
            raise SketchTextError(f"at most {self.limits.strokes} strokes", came="more")
        if not group.closed:
            self.forgiven.add("a closing bracket missing")
        points = []
        for place, point in enumerate(_groups(group)):
            if "(" in (group.bracket, point.bracket):
                self.forgiven.add("tuples")
            numbers = tuple(item for item in point.items if isinstance(item, float))
            if any(abs(value) > self.limits.coordinate for value in numbers):
                raise SketchTextError("coordinates in [-1, 1]", came=f"{max(numbers, key=abs):g}",
                                      where=f"stroke {number}, point {place}")
            points.append(numbers)
        strokes.append(Stroke(tuple(points), name))

    def _is_stroke(self, group: Group) -> bool:
        inner = [item for item in group.items if not isinstance(item, Comment)]
        return len(inner) == 4 and all(isinstance(i, Group) and self._is_point(i) for i in inner) and not group.word

    @staticmethod
    def _is_point(group: Group) -> bool:
        inner = [item for item in group.items if not isinstance(item, Comment)]
        complete = group.closed or len(inner) == 3
        return len(inner) == 3 and complete and all(isinstance(item, float) for item in inner) and not group.word

    def _named(self, group: Group) -> tuple[str | None, Group] | None:
        """["name", [P0..P3]], ["name", P0..P3], and the same with the name last."""
        inner = [item for item in group.items if not isinstance(item, Comment)]
        names = [item for item in inner if isinstance(item, str)]
        if len(names) != 1 or (inner[0] is not names[0] and inner[-1] is not names[0]):
            return None
        rest = [item for item in inner if item is not names[0]]
        if inner[0] is not names[0]:
            self.forgiven.add("names behind strokes")
        body = rest[0] if len(rest) == 1 and isinstance(rest[0], Group) else Group(group.bracket, items=rest)
        if len(rest) != 1:
            self.forgiven.add("names beside points")
        return (names[0], body) if self._is_stroke(body) else None

    @staticmethod
    def _is_flat(group: Group) -> bool:
        inner = [item for item in group.items if not isinstance(item, Comment)]
        return len(inner) == 12 and all(isinstance(item, float) for item in inner)

    def _is_nest(self, group: Group) -> bool:
        inner = [item for item in group.items if isinstance(item, Group)]
        floats = any(isinstance(item, float) for item in group.items)
        return bool(inner) and not floats and not any(self._is_point(item) for item in inner)

    def _refuse(self, group: Group, number: int) -> None:
        inner = [item for item in group.items if not isinstance(item, Comment)]
        points = [item for item in inner if isinstance(item, Group)]
        where = f"stroke {number}"
        if len(points) == len(inner) and len(points) == 4:
            for place, point in enumerate(points):
                if not self._is_point(point):
                    raise SketchTextError("a point of 3 numbers", came=f"{len(point.items)} values",
                                          where=f"{where}, point {place}")
        came = f"{len(points)} points" if points else f"{len(inner)} values"
        raise SketchTextError("a stroke of 4 points of 3 numbers", came=came, where=where,
                              mend="Every stroke has exactly P0, P1, P2, P3.")

    def _name(self, text: str) -> str | None:
        return " ".join(text.split())[: self.limits.name] or None


def _groups(group: Group) -> list[Group]:
    return [item for item in group.items if isinstance(item, Group)]
