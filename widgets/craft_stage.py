"""Stage: a live figure of an object, with switches for its boxes, names and parts. Decides and computes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from shapecraft.graph import MAX_COMPONENTS
from widgets.craft_figures import Layers
from widgets.live_figure import live_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


LIVE_TRIANGLES = 3000
"""Most of a part in a live figure, which is stored nowhere (ours)."""
SLOTS = MAX_COMPONENTS + 4
"""Components that a live figure has traces for: as many as a Parser may give, and some that edits add (ours). Those
beyond are not drawn."""


class Stage:
    """draw : gives a new figure, with the keywords of `object_figure`; may be told to show from any thread

    The figure is kept and given new content, so that the place from which one looks stays.
    """

    def __init__(self, draw: Callable[..., go.Figure]) -> None:
        import ipywidgets as ipw

        self._draw, self._lock = draw, threading.RLock()
        self._switches = {
            name: ipw.Checkbox(True, description=name, indent=False, layout={"width": "auto", "margin": "0 14px 0 0"})
            for name in ("boxes", "names", "parts")
        }
        for switch in self._switches.values():
            switch.observe(lambda _: self.show(), "value")
        self._figure = live_figure(self._drawn())
        self.box = ipw.VBox([ipw.HBox([*self._switches.values()]), self._figure], layout={"width": "100%"})

    @property
    def layers(self) -> Layers:
        """As the switches say."""
        return Layers(**{name: switch.value for name, switch in self._switches.items()})

    def show(self) -> None:
        """Draw anew, in one message."""
        with self._lock:
            fresh = self._drawn()
            with self._figure.batch_update():
                for old, new in zip(self._figure.data, fresh.data, strict=False):
                    if old.meta or new.meta:  # else a slot that was empty and still is
                        old.update(new.to_plotly_json(), overwrite=True)
                for axis in ("xaxis", "yaxis", "zaxis"):
                    self._figure.layout.scene[axis].range = fresh.layout.scene[axis].range
                self._figure.layout.title = fresh.layout.title
                self._figure.layout.annotations = fresh.layout.annotations

    def _drawn(self) -> go.Figure:
        return self._draw(layers=self.layers, triangles=LIVE_TRIANGLES, slots=SLOTS)
