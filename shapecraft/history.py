"""History: versions of an object, what led to each, and which one stands; undo, redo, and branches that stay (ours).

Versions form a tree whose root is the object as it was made. An edit after an undo begins a branch; what was undone
stays and can be gone back to by its number. A run keeps the steps, in the table "edits", and one graph file a version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from easel.errors import ConfigurationError, shorten
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from shapecraft.graph import ShapeGraph, from_json, to_json

TABLE = "edits"
Cause = Literal["made", "edit", "numbers"]
"""made : by `explore`; edit : by a plan and the Coder; numbers : by a person who set numbers of a program"""
Kind = Literal["edit", "numbers", "undo", "redo", "go"]


@dataclass(frozen=True)
class Version:
    """number : 0 is the object as it was made; parent : the version it came from, None of 0

    graph : with programs; cause, words : what led to it
    """

    number: int
    parent: int | None
    graph: ShapeGraph
    cause: Cause
    words: str

    @property
    def key(self) -> str:
        """Hex SHA-256 of the graph, programs included."""
        return self.graph.key


@dataclass(frozen=True)
class Step:
    """One step in the history. to : the version that stands after it"""

    kind: Kind
    to: int


@dataclass(frozen=True)
class History:
    """versions : by number, none missing but those of edits that failed; steps : in order; current : what stands

    Every method gives a new history; this one stays as it is.
    """

    versions: tuple[Version, ...]
    steps: tuple[Step, ...] = ()
    current: int = 0
    ahead: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def begin(cls, graph: ShapeGraph, words: str) -> History:
        """Of an object as it was made. words : its prompt"""
        return cls((Version(0, None, graph, "made", words),))

    @property
    def version(self) -> Version:
        """The one that stands."""
        return self[self.current]

    @property
    def graph(self) -> ShapeGraph:
        return self.version.graph

    @property
    def next_number(self) -> int:
        return self.versions[-1].number + 1

    def __getitem__(self, number: int) -> Version:
        """Raises ConfigurationError, which names the numbers there are."""
        for one in self.versions:
            if one.number == number:
                return one
        numbers = ", ".join(str(one.number) for one in self.versions)
        raise ConfigurationError(f"the number of a version ({numbers})", came=str(number), where="history")

    @property
    def line(self) -> tuple[Version, ...]:
        """From the object as it was made to the version that stands."""
        return self.line_of(self.current)

    def line_of(self, number: int) -> tuple[Version, ...]:
        """From the object as it was made to a version. Raises ConfigurationError for a number that is none."""
        found = [self[number]]
        while found[-1].parent is not None:
            found.append(self[found[-1].parent])
        return tuple(reversed(found))

    def children(self, number: int) -> tuple[Version, ...]:
        """The versions made from that one, in order; more than one where something was undone."""
        return tuple(one for one in self.versions if one.parent == number)

    def add(self, graph: ShapeGraph, cause: Cause, words: str, *, number: int | None = None) -> History:
        """A version made from the one that stands. number : None takes the next one

        Raises ConfigurationError for a number that is not above all others.
        """
        number = self.next_number if number is None else number
        if number < self.next_number or cause == "made":
            raise ConfigurationError(f"a new version, from {self.next_number}", came=f"{number}, {cause}",
                                     where="history")
        new = Version(number, self.current, graph, cause, words)
        return replace(self, versions=(*self.versions, new))._stepped(cause, number)

    def undo(self) -> History:
        """Back to the version that this one came from. Raises ConfigurationError at the object as it was made."""
        if self.version.parent is None:
            raise ConfigurationError("an edit to undo", came="the object as it was made", where="history")
        return self._stepped("undo", self.version.parent)

    def redo(self) -> History:
        """To the version last seen from here, or the newest made from this one. Raises ConfigurationError at an end."""
        made = self.children(self.current)
        if not made:
            raise ConfigurationError("something undone to do again", came="the newest version of its line",
                                     where="history")
        return self._stepped("redo", self.ahead.get(self.current, made[-1].number))

    def go(self, number: int) -> History:
        """To any version. Raises ConfigurationError for a number that is none."""
        return self._stepped("go", self[number].number)

    def words(self) -> str:
        """The versions as a tree, one a line; "*" marks the one that stands."""
        lines: list[str] = []
        waiting = [(0, 0)]
        while waiting:
            number, depth = waiting.pop()
            one = self[number]
            mark = "*" if number == self.current else " "
            lines.append(f"{mark} {'  ' * depth}{number}  {one.cause}: {shorten(one.words, 90)}")
            branches = self.children(number)
            # The first child goes on in its parent's column: only a branch is set in.
            waiting += [(child.number, depth + (place > 0)) for place, child in reversed(list(enumerate(branches)))]
        return "\n".join(lines)

    def _stepped(self, kind: Kind | Cause, to: int) -> History:
        ahead = dict(self.ahead)
        step = to
        while (parent := self[step].parent) is not None:
            ahead[parent] = step
            step = parent
        if kind == "undo":
            ahead[to] = self.current
        return replace(self, steps=(*self.steps, Step(kind, to)), current=to, ahead=ahead)  # type: ignore[arg-type]


def read_history(run: RunStore, made: ShapeGraph, words: str) -> History:
    """The history that a run keeps. made, words : the object as `explore` made it, and its prompt

    Raises DamagedFile for steps that do not follow from each other, or a graph that is not the one that was kept.
    """
    history = History.begin(made, words)
    for row in run.rows(TABLE):
        try:
            if row["before"] != history.version.key:
                raise DamagedFile(f"a step from version {history.current}, graph {history.version.key[:8]}",
                                  came=f"one from graph {row['before'][:8]}", where=f"{TABLE}.jsonl")
            if row["failure"]:
                continue
            history = _ACTIONS[row["kind"]](history, row, run)
            if history.version.key != row["after"]:
                raise DamagedFile(f"a graph of hash {row['after'][:8]}", came=history.version.key[:8],
                                  where=graph_file(history.current))
        except (KeyError, TypeError, FileNotFoundError, ConfigurationError) as error:
            raise DamagedFile("a step of a history", came=shorten(str(error)), where=f"{TABLE}.jsonl") from error
    return history


def keep_step(run: RunStore, before: History, after: History, row: Mapping[str, Any] | None = None) -> None:
    """Write the last step of a history, and the graph of a version that is new, before the row that names it.

    row : what else stands in it
    """
    step = after.steps[-1]
    if step.kind in ("edit", "numbers"):
        run.write(graph_file(step.to), to_json(after[step.to].graph))
    _append(run, before, {
        "kind": step.kind, "version": step.to, "after": after.version.key, "failure": "", "reason": "",
        "words": after.version.words, **(row or {}),
    })


def keep_failure(run: RunStore, history: History, row: Mapping[str, Any]) -> None:
    """Write an edit that came to nothing. row : with its kind, words, failure and reason"""
    _append(run, history, {"version": None, "after": history.version.key, **row})


def graph_file(number: int) -> str:
    """Where a version's graph lies in a run folder."""
    return f"graph/edit{number}.json" if number else "graph/final.json"


def object_file(number: int, kind: str) -> str:
    """Where a version's object lies in a run folder. kind : "glb" or "py"."""
    return f"edits/{number}/object.{kind}" if number else f"object.{kind}"


def anew_key(program: str, number: int) -> str:
    """Where an outcome is kept that took the place of another Blender's. program : its hash; number : of the edit"""
    return f"{program}-edit{number}"


def _append(run: RunStore, before: History, row: Mapping[str, Any]) -> None:
    run.append(TABLE, f"step{len(run.rows(TABLE))}", {"before": before.version.key, **row})


def _added(history: History, row: Mapping[str, Any], run: RunStore) -> History:
    file = run.folder / graph_file(row["version"])
    graph = from_json(file.read_text("utf-8"), where=file.name)
    return history.add(graph, row["kind"], row["words"], number=row["version"])


_ACTIONS: dict[str, Callable[[History, Mapping[str, Any], RunStore], History]] = {
    "edit": _added, "numbers": _added,
    "undo": lambda history, row, run: history.undo(),
    "redo": lambda history, row, run: history.redo(),
    "go": lambda history, row, run: history.go(row["version"]),
}

