"""GLB view: the whole model as its offline page, in a frame of its own that is opened when somebody wants it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from shapecraft.gallery import Gallery
from shapecraft.model_page import model_page
from widgets import craft_words, panels
from widgets.craft_bench import button
from widgets.craft_figures import object_figure
from widgets.front_end import Shown

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

HEIGHT = 640
"""Pixels of the frame (ours)."""


class ModelView(Shown):
    """A finished object in full, to turn, explode and take apart. run : folder or open run

    Stored output holds pictures and the page's place instead: the page brings its viewer along, about a megabyte.
    Raises ConfigurationError for a run that made no object.
    """

    def __init__(self, run: Any) -> None:
        self.gallery = Gallery(run)
        self._glb = self.gallery.assembly_glb()

    def page(self) -> str:
        """The whole page, see `shapecraft.model_page`."""
        gallery = self.gallery
        return model_page(gallery.graph, self._glb, scores=gallery.scores, title=gallery.prompt, note=gallery.caption(),
                          watermark=gallery.watermark)

    def write(self, folder: Path | None = None) -> Path:
        """The page as a file. folder : None is the run's own `views/`"""
        place = (folder or self.gallery.folder / "views") / "model.html"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(self.page(), "utf-8")
        return place

    def figure(self) -> go.Figure:
        gallery = self.gallery
        return object_figure(gallery.graph, {part.name: part for part in gallery.mesh.parts}, title=gallery.prompt,
                             watermark=bool(gallery.watermark))

    def html(self) -> str:
        gallery = self.gallery
        size = len(self._glb)
        return panels.panel(
            craft_words.heading(gallery), craft_words.stills(gallery.mesh, gallery.prompt, watermark=gallery.watermark),
            f"<p>The model has {size / 1e6:.1f} MB; its page is written by <code>write()</code>.</p>",
        )

    def frame(self) -> str:
        """The page inside another one. It runs scripts, and reaches nothing outside its frame."""
        return (f'<iframe sandbox=allow-scripts title="{text(self.gallery.prompt)}" width="100%" height={HEIGHT} '
                f'style="border:1px solid #999999" srcdoc="{text(self.page())}"></iframe>')

    def _build(self) -> ipywidgets.Widget:
        import ipywidgets as ipw

        frame = ipw.HTML(layout={"width": "100%"})

        def turn() -> None:
            frame.value = "" if frame.value else self.frame()
            switch.description = "Close the GLB view" if frame.value else "Open the GLB view"

        switch = button("Open the GLB view", "cube", turn)
        box = ipw.VBox([ipw.HTML(panels.panel(craft_words.heading(self.gallery))), ipw.HBox([switch]), frame],
                       layout={"width": "100%", "max_width": "1000px"})
        box.add_class("model-view")
        return box
