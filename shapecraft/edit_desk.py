"""Edit desk: a finished run opened for editing: edits in words, numbers set by hand, undo, redo, versions (ours)."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

from easel.chat import ChatModel
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.studios import keep_prompts
from shapecraft.edit_events import EditEvent
from shapecraft.edit_keeping import EditKeeper
from shapecraft.editing import edit, set_numbers
from shapecraft.gallery import Gallery
from shapecraft.graph import ShapeGraph
from shapecraft.history import TABLE, History, Version, keep_step, object_file, read_history
from shapecraft.lifted_numbers import Lifted, NumbersError, Rerun, lift, rerun
from shapecraft.remembering import RememberedWall
from shapecraft.settings import CraftSettings
from shapecraft.standing import grade, outcomes_anew, watermark
from shapecraft.wall import Wall

PROMPTS = ("edit_plan", "code", "code_revise", "code_repair", "evaluate_part")


class EditDesk:
    """A run and the history of its object. run : `RunStore.amend(folder)` to edit, `RunStore.read` to look

    Raises ConfigurationError for a run that made no object.
    """

    def __init__(self, run: RunStore) -> None:
        gallery = Gallery(run)
        gallery.assembly_glb()
        self.run, self.settings = run, gallery.settings
        self._keeper = EditKeeper(run, read_history(run, gallery.graph, gallery.prompt))

    @property
    def history(self) -> History:
        assert self._keeper.history is not None
        return self._keeper.history

    @property
    def graph(self) -> ShapeGraph:
        """The object as it stands."""
        return self.history.graph

    def file(self, kind: str, number: int | None = None) -> Path:
        """Where a version's object lies. kind : "glb" or "py"; number : None is the version that stands"""
        number = self.history.current if number is None else self.history[number].number
        return self.run.folder / object_file(number, kind)

    @property
    def watermark(self) -> str:
        """What must stand over figures of the version that stands: also where a stand-in made an edit on its way."""
        return watermark(grade(self.run, self.history))

    def edit(
        self, instruction: str, *, model: ChatModel, wall: Wall, settings: CraftSettings | None = None,
        vision: ChatModel | None = None, judged: bool = False, paths: int = 1, allow_unsteady: bool = False,
        attempt: int | None = None, stop: threading.Event | None = None,
    ) -> Generator[EditEvent, None, None]:
        """An edit in words of the version that stands. settings : None are the run's. Else as `shapecraft.editing`."""
        settings = settings or self.settings
        keep_prompts(self.run, "shapecraft", PROMPTS, overlay=settings.prompt_overlay)
        return edit(self.graph, instruction, model=model, wall=wall, settings=settings, vision=vision, judged=judged,
                    paths=paths, allow_unsteady=allow_unsteady, name=str(self.run.info["name"]), keeper=self._keeper,
                    outcomes=outcomes_anew(self.run, self.history), attempt=attempt, stop=stop)

    def numbers(self, component: str) -> Lifted:
        """The numbers of a part's program as it stands. Raises NumbersError for a part without a program."""
        part = self.graph[component]
        if not part.program:
            raise NumbersError("a part with a program", came=f"{component}, which was never made", where="numbers")
        return lift(part.program, box=part.box)

    def try_numbers(self, component: str, values: Mapping[str, int | float], wall: Wall) -> Rerun:
        """What a part becomes with other numbers, for a slider; nothing but the outcome is kept."""
        return rerun(self.graph, component, values, RememberedWall(wall, self.run))

    def set_numbers(
        self, values: Mapping[str, int | float], *, wall: Wall, allow_unsteady: bool = False,
        stop: threading.Event | None = None,
    ) -> Generator[EditEvent, None, None]:
        """Set numbers as a new version. values : "component.parameter" -> value; "*" stands for any run of letters

        Raises NumbersError and GraphError for names and values, before anything runs.
        """
        programs, words = self._numbered(values)
        return self.set_programs(programs, words, wall=wall, allow_unsteady=allow_unsteady, stop=stop)

    def set_programs(
        self, programs: Mapping[str, str], words: str, *, wall: Wall, allow_unsteady: bool = False,
        stop: threading.Event | None = None,
    ) -> Generator[EditEvent, None, None]:
        """The same with programs whose numbers are set already; words : what was set."""
        return set_numbers(self.graph, programs, words, wall=wall, allow_unsteady=allow_unsteady,
                           keeper=self._keeper, outcomes=outcomes_anew(self.run, self.history), stop=stop)

    def _numbered(self, values: Mapping[str, int | float]) -> tuple[dict[str, str], str]:
        by_part: dict[str, dict[str, int | float]] = {}
        told = []
        for name, value in values.items():
            component, dot, pattern = name.partition(".")
            if not dot:
                raise NumbersError("a number as component.name, such as legs.radius", came=repr(name), where="numbers")
            lifted = self.numbers(component)
            for one in lifted.matching(pattern):
                by_part.setdefault(component, {})[one] = value
                told.append(f"{component}.{one} = {value:g} (was {lifted[one].value:g})")
        programs = {part: self.numbers(part).with_values(given) for part, given in by_part.items()}
        return programs, "; ".join(told)

    def undo(self) -> Version:
        """Errors as `History.undo`; so of the others."""
        return self._step(self.history.undo())

    def redo(self) -> Version:
        return self._step(self.history.redo())

    def go(self, number: int) -> Version:
        """To any version, on another branch too."""
        return self._step(self.history.go(number))

    def _step(self, after: History) -> Version:
        keep_step(self.run, self.history, after)
        self._keeper.history = after
        return after.version

    def rows(self) -> list[dict[str, Any]]:
        """The steps as they are kept, those that came to nothing among them."""
        return self.run.rows(TABLE)


def read_numbers(texts: list[str]) -> dict[str, float]:
    """What "legs.radius=0.03" says. Raises ConfigurationError for anything else."""
    values: dict[str, float] = {}
    for text in texts:
        name, equals, number = text.partition("=")
        try:
            if not equals or name.strip() in values:
                raise ValueError
            values[name.strip()] = float(number)
        except ValueError:
            raise ConfigurationError("PART.NAME=NUMBER, each once", came=text, where="--set",
                                     mend="`shapecraft edit RUN --numbers PART` lists the names.") from None
    return values
