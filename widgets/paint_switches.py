"""The switches of the paint viewer: its live widget. It decides and computes nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from shapecraft.environments import OURS
from shapecraft.painted_looks import CHANNELS
from shapecraft.sheets import png_bytes
from widgets import craft_words, panels
from widgets.craft_bench import button

if TYPE_CHECKING:
    from widgets.paint_viewer import PaintViewer

_ALL = "all parts"


class PaintSwitches:
    """Shows a viewer and passes on what is switched; may be told to show from any thread."""

    def __init__(self, viewer: PaintViewer) -> None:
        import ipywidgets as ipw

        self._viewer, self._lock = viewer, threading.RLock()
        self._picture, self._maps, self._files, self._frame, self._words = (
            ipw.HTML(layout={"width": "100%"}) for _ in range(5))
        look = viewer.look
        style = {"description_width": "110px"}
        switches = {
            "channel": ipw.ToggleButtons(options=CHANNELS, value=look.channel, style={"button_width": "90px"}),
            "part": ipw.Dropdown(options=[(_ALL, ""), *((one, one) for one in viewer.names)], value=look.part,
                                 description="part", style=style),
            "light": ipw.Dropdown(options=list(OURS), value=look.light, description="light", style=style),
            "lamps_deg": _slider(look.lamps_deg, "lamps turned", style),
            "turn_deg": _slider(look.turn_deg, "view turned", style),
        }
        for name, switch in switches.items():
            switch.observe(lambda change, name=name: viewer.turn(**{name: change["new"]}), "value")
        self._page = button("Open the GLB view", "cube", self._turn_page)
        bars = [ipw.HBox([switches[name] for name in names], layout={"flex_flow": "row wrap"})
                for names in (("channel",), ("part", "light"), ("lamps_deg", "turn_deg"))]
        head = ipw.HTML(panels.panel(craft_words.heading(viewer.stepper.made.gallery)))
        self.box = ipw.VBox([head, self._words, *bars, self._picture, self._maps, self._files,
                             ipw.HBox([self._page]), self._frame], layout={"width": "100%", "max_width": "1000px"})
        self.box.add_class("paint-viewer")
        self.show()

    def show(self) -> None:
        """Bring everything up to date; an open page is closed where it is of an older painting."""
        with self._lock:
            viewer = self._viewer
            self._words.value = panels.panel(f"<p><b>{craft_words.text(viewer.words())}</b></p>")
            self._picture.value = craft_words.picture(png_bytes(viewer.picture()), "the object as it is painted")
            maps = viewer.maps()
            self._maps.value = "" if maps is None else craft_words.picture(png_bytes(maps), "texture maps")
            self._files.value = panels.panel(viewer.files())
            self._page.disabled = viewer.kept is None
            if self._frame.value and self._shown is not viewer.kept:
                self._turn_page()

    _shown: Any = None

    def _turn_page(self) -> None:
        viewer = self._viewer
        self._frame.value = "" if self._frame.value else viewer.frame()
        self._shown = viewer.kept if self._frame.value else None
        self._page.description = "Close the GLB view" if self._frame.value else "Open the GLB view"


def _slider(value: float, words: str, style: Any) -> Any:
    """Degrees; told when it is let go, since a picture takes about a second."""
    import ipywidgets as ipw

    return ipw.FloatSlider(value, min=0, max=360, step=5, description=words, continuous_update=False, style=style,
                           readout_format=".0f")
