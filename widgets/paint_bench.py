"""The bench of the paint stepper: fields for words, buttons, the picture so far. It decides and computes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shapecraft.painted_looks import CHANNELS
from widgets import craft_words, panels
from widgets.craft_bench import button
from widgets.live_figure import live_figure
from widgets.paint_figures import preview_png
from widgets.paint_progress import WHOLE

if TYPE_CHECKING:
    from widgets.paint_stepper import PaintStepper

_WIDE = 320  # pixels of the live preview


class PaintBench:
    """Shows a stepper and passes on what is typed and clicked; may be told to show from any thread."""

    def __init__(self, stepper: PaintStepper) -> None:
        import ipywidgets as ipw

        self._stepper, self._lock = stepper, threading.RLock()
        self._progress, self._said, self._picture, self._words = (ipw.HTML() for _ in range(4))
        self._fields = {name: self._field(name) for name in ("", *stepper.mesh.names)}
        self._moves = {
            "start": button("Start", "play", self._start),
            "pause": button("Pause", "pause", self._tried(stepper.pause)),
            "stop": button("Stop", "stop", self._tried(lambda: stepper.stop(wait=False))),
        }
        self._channel = ipw.ToggleButtons(options=CHANNELS, style={"button_width": "90px"})
        self._channel.observe(lambda _: self._show_picture(), "value")
        self._figure = live_figure(stepper.figure())
        head = ipw.HTML(panels.panel(craft_words.heading(stepper.made.gallery)))
        row = ipw.HBox([*self._moves.values()], layout={"flex_flow": "row wrap"})
        self.box = ipw.VBox(
            [head, ipw.VBox([*self._fields.values()]), row, self._progress, self._said, self._channel, self._picture,
             self._figure, self._words], layout={"width": "100%", "max_width": "1000px"})
        self.box.add_class("paint-stepper")
        self.show(drawn=True)

    def show(self, *, drawn: bool = False) -> None:
        """Bring everything up to date. drawn : picture and figure too"""
        with self._lock:
            stepper, driver = self._stepper, self._stepper.driver
            stopping = driver is not None and driver.stopping
            running = stepper.state == "running"
            self._moves["start"].disabled = running or stopping
            going_on = stepper.state in ("paused", "stopped", "failed")
            self._moves["start"].description = "Resume" if going_on else "Start"
            self._moves["pause"].disabled = not running or stopping or (driver is not None and driver.pausing)
            self._moves["stop"].disabled = not stepper.busy or stopping
            for field in self._fields.values():
                field.disabled = stepper.busy
            self._progress.value = panels.panel(stepper.head())
            if drawn:
                self._show_picture()
                self._words.value = panels.panel(stepper.words())
                self._draw()

    def reword(self, name: str) -> None:
        """The field of a part, "" is the whole, takes the words that now stand; the other fields keep what is typed."""
        with self._lock:
            self._fields[name].value = self._held(name)

    def _show_picture(self) -> None:
        seen = self._stepper.progress.preview
        self._picture.value = "" if seen is None else craft_words.picture(
            preview_png(seen, self._channel.value), f"{self._channel.value} after {seen.done} steps", width=_WIDE)

    def _draw(self) -> None:
        fresh = self._stepper.figure()
        with self._figure.batch_update():
            for old, new in zip(self._figure.data, fresh.data, strict=True):
                old.update(x=new.x, y=new.y)
            for axis in ("xaxis", "xaxis2"):
                self._figure.layout[axis].range = fresh.layout[axis].range

    def _field(self, name: str) -> Any:
        import ipywidgets as ipw

        return ipw.Text(self._held(name), description=name or WHOLE, style={"description_width": "180px"},
                        layout={"width": "90%"}, continuous_update=False)

    def _held(self, name: str) -> str:
        asked = self._stepper.appearance
        return asked.whole if not name else next(one.text for one in asked.parts if one.name == name)

    def _start(self) -> None:
        """What the fields say is said first; a refusal names its field, and nothing begins."""
        stepper = self._stepper

        def begin() -> None:
            if not stepper.busy:
                for name, field in self._fields.items():
                    if field.value.split() != self._held(name).split():
                        stepper.say(name, field.value)
            stepper.start()

        self._tried(begin)()

    def _tried(self, do: Callable[[], Any]) -> Callable[[], None]:
        """A refusal is a sentence; it goes with the next click."""

        def act() -> None:
            self._said.value = panels.refused(do)
            self.show()

        return act
