"""Strokes: gives the tree of a drawing's text its meaning, forgiving forms that are certain and refusing the rest.

Strokes and points are counted from 0 in every message.
"""

from __future__ import annotations

from dataclasses import dataclass

from drawagent.literal import Comment, Group, Item, SketchTextError
from drawagent.sketch import Point, Stroke
from easel.errors import shorten


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


NORMAL_LIMITS = SketchLimits()


def read_strokes(
    items: list[Item], forgiven: set[str], *, limits: SketchLimits = NORMAL_LIMITS, cut: bool = False
) -> list[Stroke]:
    """The strokes that the items are. Adds to `forgiven` what departs from one list of strokes.

    cut : the text ended where another stroke was due
    Raises SketchTextError for whatever is not surely a drawing.
    """
    strokes = _Strokes(limits, forgiven).read(items)
    if cut:
        raise SketchTextError("a complete list", came="a list that is cut off", where=f"stroke {len(strokes)}",
                              mend="Send all strokes, or fewer of them.")
    return strokes


@dataclass
class _Strokes:
    """Collects strokes, so that errors can say which one they are about."""

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
                    text = any(isinstance(value, str) for value in point.values)
                    raise SketchTextError("a point of 3 numbers", where=f"{where}, point {place}",
                                          came="text in quotes" if text else f"{len(point.values)} values")
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
