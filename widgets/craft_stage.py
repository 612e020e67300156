"""Stage: a live figure of an object, with switches for its boxes, names and parts. Decides and computes nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from widgets.craft_figures import Layers
from widgets.live_figure import live_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Stage:
    """draw : gives a new figure of these layers; may be told to show from any thread

    While a figure has the same traces it is kept and given new content, so that the place from which one looks stays.
    """

    def __init__(self, draw: Callable[[Layers], go.Figure]) -> None:
        import ipywidgets as ipw

        self._draw, self._lock = draw, threading.RLock()
        self._switches = {
            name: ipw.Checkbox(True, description=name, indent=False, layout={"width": "auto", "margin": "0 14px 0 0"})
            for name in ("boxes", "names", "parts")
        }
        for switch in self._switches.values():
            switch.observe(lambda _: self.show(), "value")
        self._figure = live_figure(draw(self.layers))
        self._holder = ipw.VBox([self._figure])
        self.box = ipw.VBox([ipw.HBox([*self._switches.values()]), self._holder], layout={"width": "100%"})

    @property
    def layers(self) -> Layers:
        """As the switches say."""
        return Layers(**{name: switch.value for name, switch in self._switches.items()})

    def show(self) -> None:
        """Draw anew."""
        with self._lock:
            fresh = self._draw(self.layers)
            if [one.name for one in self._figure.data] != [one.name for one in fresh.data]:
                self._replace(fresh)
                return
            with self._figure.batch_update():
                for old, new in zip(self._figure.data, fresh.data, strict=True):
                    old.update(new.to_plotly_json(), overwrite=True)
                self._figure.layout.title = fresh.layout.title
                self._figure.layout.annotations = fresh.layout.annotations

    def _replace(self, fresh: go.Figure) -> None:
        """Another object: a figure of its own, seen from the same place."""
        old: Any = self._figure
        camera = old.layout.scene.camera.to_plotly_json()
        self._figure = live_figure(fresh)
        self._figure.update_scenes(camera=camera)
        self._holder.children = (self._figure,)
        old.close()
