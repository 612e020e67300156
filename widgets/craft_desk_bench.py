"""The bench of the shape desk: its live widget, with sliders, an edit box, undo and a figure. It decides nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecraft.lifted_numbers import Parameter
from widgets import craft_words, panels
from widgets.craft_bench import button
from widgets.craft_stage import Stage

if TYPE_CHECKING:
    from widgets.craft_desk import ShapeDesk

_DIGITS = 5
"""Of a number that a slider sets: what a person can have meant (ours)."""


class DeskBench:
    """Shows a desk and passes what a person does on to it; may be told to show from any thread."""

    def __init__(self, desk: ShapeDesk) -> None:
        import ipywidgets as ipw

        self._desk, self._lock, self._showing = desk, threading.RLock(), False
        self._sliders: dict[str, Any] = {}
        self._shown: Any = None
        self._more: list[str] = []
        self._part = ipw.Dropdown(description="part")
        self._part.observe(lambda change: self._chosen(change["new"]), "value")
        self._other = ipw.Dropdown(description="number", layout={"width": "340px"})
        self._other.observe(lambda change: self._added(change["new"]), "value")
        self._rows = ipw.VBox()
        self._said, self._words, self._versions = ipw.HTML(), ipw.HTML(), ipw.HTML()
        self._undo = button("Undo", "undo", self._tried(desk.undo))
        self._redo = button("Redo", "repeat", self._tried(desk.redo))
        self._stage = Stage(desk.figure)
        head = ipw.HTML(panels.panel(craft_words.heading(desk.gallery)))
        self.box = ipw.VBox(
            [head, ipw.HBox([self._part, self._other, self._undo, self._redo], layout={"flex_flow": "row wrap"}),
             self._rows, self._edit_box(), self._said, self._words, self._stage.box, self._versions],
            layout={"width": "100%", "max_width": "1000px"},
        )
        self.box.add_class("shape-desk")
        self.show(drawn=False)

    def show(self, *, drawn: bool = True) -> None:
        """Bring everything up to date. drawn : the figure too"""
        with self._lock:
            desk, history = self._desk, self._desk.desk.history
            self._showing = True
            try:
                self._show_numbers()
            finally:
                self._showing = False
            self._undo.disabled = desk.busy or history.version.parent is None
            self._redo.disabled = desk.busy or not history.children(history.current)
            self._ask.disabled = desk.busy or desk.model is None
            self._words.value = panels.panel(desk.words())
            self._versions.value = panels.panel(desk.versions())
            if drawn:
                self._stage.show()

    def _show_numbers(self) -> None:
        desk = self._desk
        parts = tuple(one.name for one in desk.desk.graph.components if one.program)
        if self._part.options != parts:
            self._part.options = parts
        self._part.value = desk.component
        lifted, values = desk.lifted, desk.values
        if self._shown is not lifted:
            self._shown, self._more = lifted, []
            self._other.options = [("more ...", ""), *((one.words()[:90], one.name) for one in lifted.parameters)]
            self._other.value = ""
            self._make_sliders()
        for name, slider in self._sliders.items():
            if slider.value != values[name] and not desk.busy:
                slider.value = values[name]

    def _make_sliders(self) -> None:
        leading = [one for one in self._desk.leading if one.name not in self._more]
        wanted = [*(self._desk.lifted[name] for name in self._more), *leading]
        self._sliders = {one.name: self._slider(one) for one in wanted}
        self._rows.children = tuple(self._sliders.values())

    def _slider(self, one: Parameter) -> Any:
        import ipywidgets as ipw

        kind: Any = ipw.IntSlider if one.whole else ipw.FloatSlider
        step = 1 if one.whole else one.step
        made = kind(value=self._desk.values[one.name], min=one.low, max=one.high, step=step, continuous_update=False,
                    description=f"{one.name} {one.unit}".strip(), style={"description_width": "200px"},
                    layout={"width": "620px"}, **({} if one.whole else {"readout_format": ".4g"}))
        made.observe(lambda change: self._released(one, change["new"]), "value")
        return made

    def _released(self, one: Parameter, value: float) -> None:
        with self._lock:  # what another thread is showing at this moment is no reason to miss a hand
            if self._showing:
                return
        number = int(value) if one.whole else min(max(float(f"{value:.{_DIGITS}g}"), one.low), one.high)
        self._tried(lambda: self._desk.set(one.name, number))()

    def _chosen(self, name: str | None) -> None:
        if name and not self._showing and name != self._desk.component:
            self._tried(lambda: self._desk.turn(name))()

    def _added(self, name: str | None) -> None:
        """A number from the list gets a slider, at the top."""
        if not name or self._showing or name in self._sliders:
            return
        self._more = [name, *self._more]
        self._make_sliders()

    def _edit_box(self) -> Any:
        import ipywidgets as ipw

        there = self._desk.model is not None
        self._wish = ipw.Text(placeholder="make the legs thicker" if there else "edits in words need a model: `editor`",
                              disabled=not there, layout={"width": "480px"})
        self._ask = button("Edit", "pencil", self._tried(lambda: self._desk.ask(self._wish.value)))
        return ipw.HBox([self._wish, self._ask])

    def _tried(self, do: Callable[[], Any]) -> Callable[[], None]:
        """A refusal is a sentence; it goes with the next thing that is done."""

        def act() -> None:
            self._said.value = panels.refused(do)
            if self._said.value:
                self.show(drawn=False)

        return act
