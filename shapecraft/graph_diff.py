"""Differences of two graphs, by component name: what an edit changed, and that it changed nothing else (ours)."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields
from typing import Any

from easel.errors import shorten
from shapecraft.boxes import Box
from shapecraft.graph import Component, ShapeGraph


@dataclass(frozen=True)
class FieldChange:
    """field : name of a field; before, after : its two values"""

    field: str
    before: Any
    after: Any

    def words(self) -> str:
        """One line for people; of a program only how many of its lines differ."""
        if self.field == "program":
            old, new = self.before.splitlines(), self.after.splitlines()
            if not old or not new:
                return f"program {'written' if new else 'gone'} ({len(new or old)} lines)"
            rows = list(difflib.ndiff(old, new)) if len(old) + len(new) <= 2000 else []
            plus, minus = (sum(row.startswith(mark) for row in rows) for mark in ("+ ", "- "))
            counted = f" (+{plus} -{minus})" if rows else ""
            return f"program {len(old)} -> {len(new)} lines{counted}"
        return f"{self.field} {_short(self.before)} -> {_short(self.after)}"


@dataclass(frozen=True)
class ComponentChange:
    """name : of a component in both graphs; fields : what differs, in the order of `Component`'s fields"""

    name: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True)
class GraphDiff:
    """added, removed : names; changed : components in both that differ; root : object, assumptions, order of names"""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ComponentChange, ...]
    root: tuple[FieldChange, ...]

    def __bool__(self) -> bool:
        """Whether the graphs differ at all."""
        return bool(self.added or self.removed or self.changed or self.root)

    @property
    def touched(self) -> tuple[str, ...]:
        """Names of components that are new, gone or changed."""
        return (*self.added, *self.removed, *(change.name for change in self.changed))

    def words(self) -> str:
        """A line for every difference; "no difference" when there is none."""
        lines = [f"added {name}" for name in self.added] + [f"removed {name}" for name in self.removed]
        lines += [f"{change.name}: {field.words()}" for change in self.changed for field in change.fields]
        lines += [field.words() for field in self.root]
        return "\n".join(lines) or "no difference"


def diff(before: ShapeGraph, after: ShapeGraph) -> GraphDiff:
    """What differs, by component name. Empty exactly when the graphs are equal; a renamed one is removed and added."""
    both = [name for name in before.names if name in after.names]
    changed = [(name, _changes(before[name], after[name])) for name in both]
    root = [
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name in ("object", "assumptions") if getattr(before, name) != getattr(after, name)
    ]
    order = [name for name in after.names if name in before.names]
    added = tuple(name for name in after.names if name not in before.names)
    removed = tuple(name for name in before.names if name not in after.names)
    if both != order:
        root.append(FieldChange("order", before.names, after.names))
    return GraphDiff(
        added, removed, tuple(ComponentChange(name, change) for name, change in changed if change), tuple(root),
    )


def _changes(before: Component, after: Component) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field.name, getattr(before, field.name), getattr(after, field.name))
        for field in fields(Component) if getattr(before, field.name) != getattr(after, field.name)
    )


def _short(value: Any) -> str:
    match value:
        case Box(center, size):
            spots = ("(" + ", ".join(f"{v:.4g}" for v in part) + ")" for part in (center, size))
            return "center {} size {}".format(*spots)
        case str():
            return repr(shorten(value, 60))
        case tuple():
            return "[" + shorten(", ".join(_short(item).strip("'") for item in value), 80) + "]"
        case None:
            return "none"
        case _:
            return shorten(str(value), 100)
