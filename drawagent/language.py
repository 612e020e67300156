"""The text form of a sketch: `<curves>` with one Python list of strokes (3DrawAgent, section 3.1), read and written.

Strict takes that form alone: thinking in a block of its own, then `<curves>[stroke, ...]</curves>`; a stroke is
[P0, P1, P2, P3] or ["part name", [P0, P1, P2, P3]], a point [x, y, z]; a line `# part name` names what follows it (`#`
alone: nothing), a remark behind a stroke that stroke. Lenient also takes what models really write, and says what it forgave.
Nothing is ever evaluated as code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from drawagent.literal import Comment, Group, Item, SketchTextError
from drawagent.reply import find_drawing
from drawagent.sketch import Point, Sketch, Stroke
from easel.errors import shorten

__all__ = ["ParsedSketch", "SketchLimits", "SketchTextError", "parse", "write"]


@dataclass(frozen=True)
class SketchLimits:
    """What is refused as too much (paper silent; ours).

    characters : of a reply; strokes : 1 to 256; coordinate : largest absolute value
    name : characters of a part's name; lenient reading cuts longer ones, strict reading refuses them
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

    Strokes and points are counted from 0 in every message. Raises SketchTextError for whatever is not surely a
    drawing: a stroke without exactly 4 points, a point without exactly 3 numbers, a list that is cut off, expressions.
    """
    if len(text) > limits.characters:
        raise SketchTextError(f"a reply of at most {limits.characters} characters", came=f"{len(text)}")
    # Halves of surrogate pairs come out of careless JSON; no file, log or prompt could hold them.
    text = text.encode("utf-8", "replace").decode()
    forgiven: set[str] = set()
    found = find_drawing(text, forgiven)
    strokes = _Strokes(limits, forgiven).read(found.items)
    if found.cut:
        raise _cut_off(len(strokes))
    if mode == "strict" and forgiven:
        raise SketchTextError(
            "exactly one <curves> block with one list of strokes", came="; ".join(sorted(forgiven)),
            mend="Lenient reading would forgive this.",
        )
    return ParsedSketch(Sketch(tuple(strokes)), tuple(sorted(forgiven)), found.thinking)


def write(sketch: Sketch) -> str:
    """The strict text of a sketch, one stroke a line.

    `parse(write(s)).sketch == s` exactly, names included, for every sketch within the limits that parse is given.
    """
    lines: list[str] = []
    current = None
    for stroke in sketch.strokes:
        points = "[" + ", ".join("[" + ", ".join(map(_digits, point)) + "]" for point in stroke.points) + "]"
        if stroke.name is not None and not _is_plain(stroke.name):
            # Tags and fences are looked for before strings are read, so no name may hold one.
            quoted = json.dumps(stroke.name).replace("<", "\\u003c").replace("`", "\\u0060")
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
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0" else repr(value)


def _is_plain(name: str) -> bool:
    """Whether the name may stand in a comment line and come back as it is."""
    plain = re.fullmatch(r"[A-Za-z0-9](?:[\w ,.()'+-]*[\w).])?", name, re.A) is not None
    return plain and "  " not in name and len(name) <= SketchLimits.name


def _cut_off(stroke: int) -> SketchTextError:
    return SketchTextError("a complete list", came="a list that is cut off", where=f"stroke {stroke}",
                           mend="Send all strokes, or fewer of them.")


@dataclass
class _Strokes:
    """Gives the tree its meaning; counts strokes so that errors can say which."""

    limits: SketchLimits
    forgiven: set[str]

    def __post_init__(self) -> None:
        self.strokes: list[Stroke] = []

    def read(self, items: list[Item]) -> list[Stroke]:
        values = [item for item in items if not isinstance(item, Comment)]
        outer = values[0] if len(values) == 1 else None
        if isinstance(outer, Group) and outer.bracket != "{" and not outer.word and not self._is_one_stroke(outer):
            items = [*items[: items.index(outer)], *outer.items]
            self._look_at(outer)
        elif isinstance(outer, Group) and self._is_one_stroke(outer):
            self.forgiven.add("one stroke without a list around it")
        else:
            self.forgiven.add("strokes without one list around them")
        self._gather(items, None)
        if not self.strokes:
            raise SketchTextError("at least one stroke", came="an empty list")
        return self.strokes

    def _look_at(self, group: Group) -> None:
        if group.bracket == "(":
            self.forgiven.add("tuples")
        if not group.closed:
            self.forgiven.add("a closing bracket missing")

    def _gather(self, items: list[Item], name: str | None) -> None:
        for item in items:
            if isinstance(item, Comment):
                label = self._name(" ".join(item.text.strip("-=*:~ \t").split()) or None)
                if item.own_line or not self.strokes:
                    name = label
                else:
                    self.strokes[-1] = Stroke(self.strokes[-1].points, label)
            elif isinstance(item, str):
                self.forgiven.add("names between strokes")
                name = self._name(item)
            elif isinstance(item, float):
                raise SketchTextError("a stroke of 4 points", came=f"the number {item:g}", where=self._here())
            else:
                self._take(item, name)

    def _take(self, group: Group, name: str | None) -> None:
        if group.word:
            self._action(group, name)
        elif group.bracket == "{":
            self.forgiven.add("dictionaries")
            self._mapping(group, name)
        elif self._is_stroke(group):
            self._add(group, name)
        elif (named := self._named(group)) is not None:
            self._look_at(group)
            self._add(named[1], self._name(named[0]))
        elif group.is_numbers and len(group.values) == 12:
            self.forgiven.add("strokes as 12 numbers")
            numbers = group.values
            points: list[Item] = [Group("[", items=list(numbers[i:i + 3])) for i in range(0, 12, 3)]
            self._add(Group("[", items=points, closed=group.closed), name)
        elif self._is_run_on(group):
            self.forgiven.add("a closing bracket missing")
            self._add(Group("[", items=list(group.values[:4])), name)
            self._gather(list(group.values[4:]), name)
        elif self._is_nest(group):
            self.forgiven.add("strokes in nested groups")
            self._look_at(group)
            self._gather(group.items, name)
        else:
            self._refuse(group)

    def _action(self, group: Group, name: str | None) -> None:
        if group.word.lower() != "draw_bezier":
            raise SketchTextError("strokes or draw_bezier actions", came=f"'{shorten(group.word, 40)}'",
                                  where=self._here())
        self.forgiven.add("draw_bezier actions")
        bare = Group("[", items=group.items, closed=group.closed)
        # draw_bezier[(P0, P1, P2, P3)]: the paper's own writing has a tuple inside.
        single = bare.values[0] if len(bare.values) == 1 else bare
        self._take(single if isinstance(single, Group) else bare, name)

    def _mapping(self, group: Group, name: str | None) -> None:
        values = group.values
        pairs = [(key, value) for key, value in zip(values[::2], values[1::2], strict=False) if isinstance(key, str)]
        if not values or len(values) != 2 * len(pairs):
            self._refuse(group)
        self._look_at(group)
        fields = {key.lower(): value for key, value in pairs}
        label = self._name(next((str(fields[k]) for k in ("name", "part", "label") if k in fields), name))
        corners = [fields.get(key) for key in ("p0", "p1", "p2", "p3")]
        bodies = [body for key in _BODIES if isinstance(body := fields.get(key), Group)]
        if all(isinstance(corner, Group) for corner in corners):
            self._take(Group("[", items=[c for c in corners if c is not None]), label)
        elif bodies:
            self._take(bodies[0], label)
        else:
            for key, value in pairs:
                if not isinstance(value, Group):
                    raise SketchTextError("strokes under every name", came=shorten(str(value), 40),
                                          where=f"{self._here()}, '{shorten(key, 40)}'")
                self._take(value, self._name(key))

    def _add(self, group: Group, name: str | None) -> None:
        number = len(self.strokes)
        if number >= self.limits.strokes:
            raise SketchTextError(f"at most {self.limits.strokes} strokes", came="more",
                                  mend="Draw the same with fewer strokes.")
        self._look_at(group)
        points: list[Point] = []
        for place, point in enumerate(item for item in group.items if isinstance(item, Group)):
            self._look_at(point)
            x, y, z = (item for item in point.items if isinstance(item, float))
            for value in (x, y, z):
                if abs(value) > self.limits.coordinate:
                    raise SketchTextError(
                        f"coordinates in [-1, 1] ({self.limits.coordinate:g} at most)", came=f"{value:g}",
                        where=f"stroke {number}, point {place}",
                    )
            points.append((x, y, z))
        self.strokes.append(Stroke((points[0], points[1], points[2], points[3]), name))

    def _is_stroke(self, group: Group) -> bool:
        values = group.values
        return len(values) == 4 and not group.word and all(isinstance(i, Group) and _is_point(i) for i in values)

    def _is_one_stroke(self, group: Group) -> bool:
        return self._is_stroke(group) or self._named(group, look=True) is not None

    def _named(self, group: Group, *, look: bool = False) -> tuple[str, Group] | None:
        """["name", [P0..P3]], ["name", P0..P3], and the same with the name last. look : forgive nothing yet"""
        values = group.values
        names = [item for item in values if isinstance(item, str)]
        if len(names) != 1 or (values[0] is not names[0] and values[-1] is not names[0]):
            return None
        rest = [item for item in values if isinstance(item, Group)]
        body = rest[0] if len(rest) == 1 else Group("[", items=list(rest))
        if len(rest) != len(values) - 1 or not self._is_stroke(body):
            return None
        if not look and values[0] is not names[0]:
            self.forgiven.add("names behind strokes")
        if not look and len(rest) != 1:
            self.forgiven.add("names beside points")
        return names[0], body

    def _is_run_on(self, group: Group) -> bool:
        """Four points and then whole strokes: the stroke's own closing bracket was forgotten."""
        values = group.values
        head, tail = values[:4], values[4:]
        return (
            bool(tail)
            and all(isinstance(item, Group) and _is_point(item) for item in head)
            and all(isinstance(item, Group) and item.closed and self._is_one_stroke(item) for item in tail[:-1])
            and isinstance(tail[-1], Group) and (self._is_one_stroke(tail[-1]) or self._is_run_on(tail[-1]))
        )

    def _is_nest(self, group: Group) -> bool:
        """A group of groups, none of which is a point or would be one."""
        groups = [item for item in group.items if isinstance(item, Group)]
        loose = any(isinstance(item, float) for item in group.items)
        return bool(groups) and not loose and not any(i.is_numbers and len(i.values) != 12 for i in groups)

    def _refuse(self, group: Group) -> None:
        values = group.values
        points = [item for item in values if isinstance(item, Group)]
        where = self._here()
        if not group.closed or any(not point.closed for point in points):
            raise SketchTextError("a complete list", came="a list cut off inside a stroke", where=where,
                                  mend="Send all strokes, or fewer of them.")
        if len(points) == len(values) == 4:
            for place, point in enumerate(points):
                if point.word:
                    raise SketchTextError("a point of 3 numbers", came=f"'{shorten(point.word, 40)}'",
                                          where=f"{where}, point {place}",
                                          mend="Write numbers, not names, calls or expressions.")
                if not _is_point(point):
                    raise SketchTextError("a point of 3 numbers", came=f"{len(point.values)} values",
                                          where=f"{where}, point {place}")
        came = f"{len(points)} points" if points else f"{len(values)} values"
        raise SketchTextError("a stroke of 4 points of 3 numbers", came=came, where=where,
                              mend="Every stroke has exactly P0, P1, P2, P3.")

    def _here(self) -> str:
        return f"stroke {len(self.strokes)}"

    def _name(self, text: str | None) -> str | None:
        if text is not None and len(text) > self.limits.name:
            self.forgiven.add("long names cut")
            return text[: self.limits.name]
        return text


_BODIES = ("points", "control_points", "stroke", "curve", "strokes", "curves", "bezier")


def _is_point(group: Group) -> bool:
    return group.closed and not group.word and group.is_numbers and len(group.values) == 3 and group.bracket != "{"
