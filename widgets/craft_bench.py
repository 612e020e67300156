"""The bench of the shape stepper: its live widget, with buttons, figure and words. It decides and computes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from widgets import craft_words, panels
from widgets.craft_stage import Stage
from widgets.driver import ENDED

if TYPE_CHECKING:
    import ipywidgets as ipw

    from widgets.craft_stepper import ShapeStepper


class ShapeBench:
    """Shows a stepper and passes clicks on to its driver; may be told to show from any thread."""

    def __init__(self, stepper: ShapeStepper) -> None:
        import ipywidgets as ipw

        self._stepper, self._lock = stepper, threading.RLock()
        self._progress, self._said, self._words, self._cost = (ipw.HTML() for _ in range(4))
        self._stage = Stage(stepper.figure)
        driver = stepper.driver
        self._moves = {
            "step": button("Step event", "step-forward", self._tried(driver.step)),
            "part": button("Step part", "fast-forward", self._tried(stepper.step_part)),
            "run": button("Run", "play", self._tried(driver.run)),
            "pause": button("Pause", "pause", self._tried(driver.pause)),
            "stop": button("Stop", "stop", self._tried(lambda: driver.stop(wait=False))),
        }
        row = ipw.HBox([*self._moves.values()], layout={"flex_flow": "row wrap"})
        head = ipw.HTML(panels.panel(craft_words.heading(stepper.gallery)))
        self.box = ipw.VBox([head, row, self._progress, self._said, self._stage.box, self._words, self._cost],
                            layout={"width": "100%", "max_width": "1000px"})
        self.box.add_class("shape-stepper")
        self.show()

    def show(self, *, drawn: bool = False) -> None:
        """Bring everything up to date. drawn : the figure too"""
        with self._lock:
            stepper, driver = self._stepper, self._stepper.driver
            over = driver.stopping or driver.state in ENDED
            for name, move in self._moves.items():
                move.disabled = over or (name == "pause" and (driver.state != "running" or driver.pausing))
            self._progress.value = panels.panel(
                f"<p><b>{text(stepper.progress)}</b></p>",
                panels.fault(driver.error) if driver.state == "failed" else "")
            if drawn:
                self._stage.show()
            self._words.value = panels.panel(stepper.words())
            self._cost.value = panels.panel(panels.cost(stepper.cost))

    def _tried(self, do: Callable[[], Any]) -> Callable[[], None]:
        """A refusal is a sentence above the figure; it goes with the next click."""

        def act() -> None:
            self._said.value = panels.refused(do)
            self.show()

        return act


def button(words: str, icon: str, do: Callable[[], Any]) -> ipw.Button:
    """A button that calls `do`."""
    import ipywidgets as ipw

    made = ipw.Button(description=words, icon=icon, tooltip=words, layout={"width": "auto"})
    made.on_click(lambda _: do())
    return made
