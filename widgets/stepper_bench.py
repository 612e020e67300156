"""The bench of the stepper: its live widget, with buttons, figure and words. It decides and computes nothing."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from drawagent.edits import Add, Modify
from drawagent.pages import text
from widgets import panels, theme
from widgets.driver import ENDED
from widgets.episode import places
from widgets.live_figure import live_figure
from widgets.stepper_figures import refresh

if TYPE_CHECKING:
    import ipywidgets as ipw

    from widgets.stepper import PracticeStepper

_LATEST = "what happens last"
_DOUBLE_CLICK = 0.4
"""Seconds; browsers take two clicks within half a second for one double click."""


class Bench:
    """Shows a stepper and passes clicks on to its driver and desk; may be told to show from any thread."""

    def __init__(self, stepper: PracticeStepper) -> None:
        import ipywidgets as ipw

        self._stepper, self._lock = stepper, threading.RLock()
        self._asked: Any = None
        self._showing = False
        self._decided = -math.inf
        self._head = ipw.HTML(panels.panel(panels.heading(stepper.gallery)))
        self._progress, self._said = ipw.HTML(), ipw.HTML()
        self._place = ipw.Dropdown(description="show", layout={"width": "320px"})
        self._place.observe(self._turn, "value")
        self._figure = live_figure(stepper.figure())
        self._words, self._sums = ipw.HTML(), ipw.HTML()
        self._moves = self._make_moves()
        self._decision = self._make_decision()
        row = ipw.HBox([*self._moves.values(), *self._make_switch()], layout={"flex_flow": "row wrap"})
        self.box = ipw.VBox(
            [self._head, row, self._progress, self._said, self._decision, self._place, self._figure, self._words,
             self._sums],
            layout={"width": "100%", "max_width": "1000px"},
        )
        self.box.add_class("practice-stepper")
        self.show()

    def show(self, *, drawn: bool = True) -> None:
        """Bring everything up to date. drawn : the figure too"""
        with self._lock:
            stepper = self._stepper
            self._show_moves()
            self._progress.value = panels.panel(f"<p><b>{text(stepper.progress)}</b></p>" + self._fault())
            self._show_decision()
            self._show_places()
            if drawn:
                refresh(self._figure, stepper.figure())
            self._words.value = panels.panel(
                panels.scores(stepper.episode) if stepper.episode else "", stepper.words())
            self._sums.value = panels.panel(panels.epochs(stepper.gallery), panels.cost(stepper.cost))

    def _make_moves(self) -> dict[str, ipw.Button]:
        driver = self._stepper.driver
        if driver is None:
            return {}
        moves: dict[str, tuple[str, str, Callable[[], Any]]] = {
            "step": ("Step event", "step-forward", driver.step),
            "epoch": ("Step epoch", "fast-forward", driver.step_epoch),
            "run": ("Run", "play", driver.run),
            "pause": ("Pause", "pause", driver.pause),
            "stop": ("Stop", "stop", lambda: driver.stop(wait=False)),
        }
        return {name: self._button(words, icon, do) for name, (words, icon, do) in moves.items()}

    def _make_switch(self) -> list[ipw.Widget]:
        import ipywidgets as ipw

        desk = self._stepper.desk
        if desk is None:
            return []
        switch = ipw.Checkbox(desk.asking, description="ask me about every edit", indent=False)
        switch.observe(lambda change: setattr(desk, "asking", change["new"]), "value")
        return [switch]

    def _make_decision(self) -> ipw.VBox:
        import ipywidgets as ipw

        desk = self._stepper.desk
        self._question = ipw.HTML()
        self._own = ipw.Textarea(placeholder="your words", layout={"width": "95%", "height": "64px"})
        if desk is None:
            return ipw.VBox(layout={"display": "none"})
        choices = [
            self._button("Accept", "check", self._once(desk.accept)),
            self._button("Veto", "times", self._once(desk.veto)),
            self._button("Enter my words", "pencil", self._once(lambda: desk.edit(self._own.value))),
        ]
        self._edit = choices[-1]
        return ipw.VBox([self._question, self._own, ipw.HBox(choices)],
                        layout={"border": f"2px solid {theme.PLUS}", "padding": "4px", "display": "none"})

    def _button(self, words: str, icon: str, do: Callable[[], Any]) -> ipw.Button:
        import ipywidgets as ipw

        button = ipw.Button(description=words, icon=icon, tooltip=words, layout={"width": "auto"})
        button.on_click(lambda _: self._try(do))
        return button

    def _once(self, decide: Callable[[], Any]) -> Callable[[], Any]:
        """A decision that the second half of a double click does not take for the next question too."""

        def act() -> None:
            if time.monotonic() - self._decided < _DOUBLE_CLICK:
                return
            decide()
            self._decided = time.monotonic()

        return act

    def _try(self, do: Callable[[], Any]) -> None:
        """A refusal is a sentence above the figure; it goes with the next click."""
        self._said.value = panels.refused(do)
        self.show(drawn=False)

    def _turn(self, change: dict[str, Any]) -> None:
        if change["new"] is None or self._showing:
            return
        self._try(lambda: self._stepper.follow() if change["new"] == _LATEST else self._stepper.at(*change["new"]))

    def _show_moves(self) -> None:
        driver = self._stepper.driver
        if driver is None:
            return
        state, over = driver.state, driver.stopping or driver.state in ENDED
        busy = state in ("running", "waiting for a decision")
        for name, button in self._moves.items():
            button.disabled = over or (name == "pause" and (not busy or driver.pausing))

    def _show_places(self) -> None:
        known = places(self._stepper.gallery)
        texts = self._stepper.gallery.texts
        options: list[tuple[str, Any]] = [(f"epoch {e}: {texts.get(q, q)}"[:80], (e, q)) for e, q in known]
        if self._stepper.driver is not None:
            options = [(_LATEST, _LATEST), *options]
        self._showing = True
        try:
            if tuple(self._place.options) != tuple(options):
                self._place.options = options
            wanted = _LATEST if self._stepper.following else self._stepper.place
            if self._place.value != wanted:
                self._place.value = wanted
        finally:
            self._showing = False

    def _show_decision(self) -> None:
        pending = self._stepper.desk.pending if self._stepper.desk else None
        if pending is not self._asked:
            self._asked = pending
            self._question.value = panels.panel(self._stepper.question())
            rewordable = isinstance(pending, Add | Modify)
            self._own.value = pending.text if isinstance(pending, Add | Modify) else ""
            self._own.layout.display = None if rewordable else "none"
            if self._stepper.desk is not None:
                self._edit.layout.display = None if rewordable else "none"
        self._decision.layout.display = "none" if pending is None else None

    def _fault(self) -> str:
        driver = self._stepper.driver
        return "" if driver is None or driver.state != "failed" else panels.fault(driver.error)
