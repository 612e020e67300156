"""The shape desk: a finished object under a person's hands: numbers by slider, edits in words, undo, and the proof."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from easel.chat import ChatModel
from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_events import EditEvent, EditFinished, EditPlanned
from shapecraft.edit_proof import Proof
from shapecraft.events import AttemptFinished
from shapecraft.gallery import Gallery
from shapecraft.lifted_numbers import Lifted, Parameter
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.mesh_files import read_glb
from shapecraft.wall import Wall
from widgets import craft_words, panels
from widgets.craft_figures import Layers, object_figure
from widgets.craft_making import part_of_glb
from widgets.driver import ENDED, Driver
from widgets.front_end import Shown

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

MOST_SLIDERS = 6
"""Of a part at once; a list beside them has all (ours)."""
_TELLING = {"length": 0, "angle": 1, "count": 2, "factor": 3, "share": 4}


class ShapeDesk(Shown):
    """Changes a finished object, a version at a time; every change runs in a thread of its own, behind the wall.

    folder : of a finished run, which is held open until `close`; wall : where programs run
    model : who carries out edits in words; None offers none

    `set`, `ask`, `undo` and `redo` change it, `turn` chooses the part; the live widget calls the same. While a change
    is being made the last slider that was let go waits its turn.
    Raises ConfigurationError for a run that made no object, RunBusy while somebody writes it.
    """

    def __init__(self, folder: Path | str, wall: Wall, *, model: ChatModel | None = None) -> None:
        self.run = RunStore.amend(Path(folder))
        try:
            self.desk = EditDesk(self.run)
        except BaseException:
            self.run.close()
            raise
        self.wall, self.model = wall, model
        self.gallery = Gallery(self.run)
        self.component = next(one.name for one in self.desk.graph.components if one.program)
        self.driver: Driver | None = None
        self.proof: Proof | None = None
        self.said = "nothing was changed yet"
        self._lifts: dict[tuple[str, str], tuple[Lifted, dict[str, int | float]]] = {}
        self._queued: tuple[str, dict[str, int | float]] | None = None
        self._lock = threading.RLock()
        self._live: Any = None
        self.parts: dict[str, PartMesh] = {}
        self._reload()

    def close(self) -> None:
        """Let the run go; a change that is being made is stopped first."""
        if self.driver is not None:
            self.driver.stop()
        self.run.close()

    @property
    def busy(self) -> bool:
        return self.driver is not None and self.driver.state not in ENDED

    @property
    def lifted(self) -> Lifted:
        """The numbers of the part, of the program with which its sliders began."""
        return self._numbers(self.component)[0]

    @property
    def values(self) -> dict[str, int | float]:
        """Where the numbers of the part stand now."""
        lifted, changed = self._numbers(self.component)
        return {**lifted.values, **changed}

    @property
    def leading(self) -> tuple[Parameter, ...]:
        """The numbers that get a slider first: those with a name of their own, lengths before the others, then the
        program's order; a number that is 0 comes last.
        """
        def order(place: int) -> tuple[bool, bool, int, int]:
            one = self.lifted.parameters[place]
            return one.value == 0, "." in one.name, _TELLING[one.kind], place

        places = sorted(range(len(self.lifted.parameters)), key=order)
        return tuple(self.lifted.parameters[place] for place in places[:MOST_SLIDERS])

    @property
    def mesh(self) -> ObjectMesh:
        """What is shown."""
        return ObjectMesh(tuple(self.parts[name] for name in self.desk.graph.names if name in self.parts))

    def turn(self, component: str) -> ShapeDesk:
        """To the numbers of another part. Raises GraphError for a name that is none, NumbersError without a program."""
        self.desk.numbers(component)
        self.component = component
        self._changed()
        return self

    def set(self, name: str, value: int | float) -> ShapeDesk:
        """Set a number of the part: its program runs, then all others once more; `wait` for the new version.

        Raises NumbersError for a name that is none, and for a value that it cannot have.
        """
        with self._lock:
            lifted, changed = self._numbers(self.component)
            wanted = {**(self._queued[1] if self._queued else changed), name: value}
            lifted.with_values(wanted)
            self._queued = (self.component, wanted)
            if not self.busy:
                self._next()
        return self

    def ask(self, words: str) -> ShapeDesk:
        """An edit in words. Raises ConfigurationError without a model, without words, and while another one runs."""
        if self.model is None:
            raise ConfigurationError("a model that carries out edits", came="none", where="desk",
                                     mend='Set `editor` above: a model by name, or "stand-in".')
        model = self.model
        self._begin(f"asked: {words}", lambda stop: self.desk.edit(words, model=model, wall=self.wall, stop=stop))
        return self

    def undo(self) -> ShapeDesk:
        """Back to the version before. Raises ConfigurationError at the first one, and while a change is being made."""
        return self._stepped(self.desk.undo, "undone")

    def redo(self) -> ShapeDesk:
        return self._stepped(self.desk.redo, "done again")

    def wait(self, timeout: float | None = None) -> ShapeDesk:
        """Until nothing is being made and nothing waits. Raises what a change raised, and TimeoutError."""
        while self.driver is not None:
            self.driver.wait(timeout)
            with self._lock:
                if self._queued is not None and not self.busy:
                    self._next()
                if not self.busy:
                    break
        return self

    def figure(self, layers: Layers | None = None, **more: Any) -> go.Figure:
        """The version that stands, or what a change has made of a part so far."""
        version = self.desk.history.version
        return object_figure(self.desk.graph, self.parts, layers=layers, watermark=bool(self.desk.watermark),
                             title=f"version {version.number}: {version.words}", **more)

    def html(self) -> str:
        rows = [[f"{self.component}.{one.name}", f"{self.values[one.name]:g} {one.unit}".strip(),
                 f"{one.low:.4g} to {one.high:.4g}", one.kind] for one in self.leading]
        return panels.panel(
            craft_words.heading(self.gallery), self.words(),
            craft_words.stills(self.mesh, self.desk.graph.object, watermark=self.desk.watermark),
            panels.table(["number", "stands at", "range", "kind"], rows), self.versions(),
        )

    def words(self) -> str:
        """What is being made or was made last, and the proof that nothing else changed, as HTML."""
        state = "" if self.driver is None or not self.busy else ", being made"
        fault = self.driver.error if self.driver is not None and self.driver.state == "failed" else None
        failed = f"<p><b>Not done:</b> {text(f'{type(fault).__name__}: {fault}')}</p>" if fault is not None else ""
        return f"<p><b>{text(self.said)}{state}</b></p>{failed}{panels.fault(fault)}{self._proven()}"

    def versions(self) -> str:
        """The versions as a tree, as HTML."""
        return f"<p><b>Versions</b></p><pre>{text(self.desk.history.words())}</pre>"

    def _proven(self) -> str:
        if self.proof is None:
            return ""
        same = [part.name for part in self.proof.parts if part.verdict == "same"]
        lines = [f"<p><b>Proof.</b> Nothing else changed: {text(', '.join(same))} "
                 f"{'was' if len(same) == 1 else 'were'} run again and came out the same.</p>"] if same else []
        lines += [f"<p><b>Not shown to be the same</b>: {text(part.words())}</p>" for part in self.proof.broken]
        lines += [f"<p>{text(part.words())}</p>" for part in self.proof.parts
                  if part.verdict in ("changed", "added", "removed", "alike", "anew")]
        return "".join(lines)

    def _numbers(self, component: str) -> tuple[Lifted, dict[str, int | float]]:
        """A slider sets from the same program every time, also after an undo."""
        program = self.desk.graph[component].program
        if (component, program) not in self._lifts:
            self._lifts[component, program] = (self.desk.numbers(component), {})
        return self._lifts[component, program]

    def _next(self) -> None:
        """Begin the change that waits; nothing where it comes to the program that stands."""
        assert self._queued is not None
        (component, wanted), self._queued = self._queued, None
        lifted, _ = self._numbers(component)
        program = lifted.with_values(wanted)
        self._lifts[component, program] = (lifted, wanted)
        if program == self.desk.graph[component].program:
            return
        told = "; ".join(f"{component}.{name} = {value:g} (made with {lifted[name].value:g})"
                         for name, value in wanted.items() if value != lifted[name].value)
        words = told or f"{component} as it was made"
        self._begin(words, lambda stop: self.desk.set_programs({component: program}, words, wall=self.wall, stop=stop))

    def _begin(self, said: str, edit: Callable[[threading.Event], Generator[EditEvent, None, None]]) -> None:
        with self._lock:
            if self.busy:
                raise ConfigurationError("one change at a time", came="another one that is being made", where="desk",
                                         mend="Wait until it is done.")
            stop = threading.Event()
            driver = Driver(edit(stop), stop=stop)
            self.driver, self.said, self.proof = driver, said, None
            driver.listen(self._heard)
            driver.watch(self._watched)
        driver.run()

    def _heard(self, event: EditEvent) -> None:
        match event:
            case EditPlanned(planned=planned) if planned.plan is not None:
                self.said = f"{self.said}: {planned.plan.summary}" if event.cause == "edit" else self.said
            case AttemptFinished(attempt=one) if one.outcome is not None and one.outcome.ran:
                self.parts = {**self.parts, one.component: part_of_glb(one.outcome.glb, one.component)}
            case EditFinished(edited=None):
                self.said, self.proof = f"nothing was changed ({event.failure}): {event.reason}", event.proof
                self._reload()
            case EditFinished():
                self.said = f"version {self.desk.history.current}: {self.said}"
                self.proof = event.proof
                self._reload()
        self._changed()

    def _watched(self) -> None:
        with self._lock:
            if self._queued is not None and not self.busy:
                self._next()
        self._changed(drawn=False)

    def _stepped(self, step: Callable[[], Any], done: str) -> ShapeDesk:
        with self._lock:
            if self.busy:
                raise ConfigurationError("no change that is being made", came="one", where="desk",
                                         mend="Wait until it is done.")
            version = step()
            self.driver = self.proof = None
            self.said = f"{done}: version {version.number}, {version.words}"
            self._reload()
        self._changed()
        return self

    def _reload(self) -> None:
        """The parts of the version that stands."""
        found = read_glb(self.desk.file("glb").read_bytes(), where=self.desk.file("glb").name)
        self.parts = {part.name: part for part in found.parts}
        if self.component not in self.desk.graph.names:
            self.component = next(one.name for one in self.desk.graph.components if one.program)

    def _changed(self, *, drawn: bool = True) -> None:
        if self._live is not None:
            self._live.show(drawn=drawn)

    def _build(self) -> ipywidgets.Widget:
        from widgets.craft_desk_bench import DeskBench

        self._live = DeskBench(self)
        return self._live.box
