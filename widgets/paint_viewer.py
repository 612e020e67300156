"""The paint viewer: a painted object by channel, part, light and turn, its flat twin beside it, its maps, its page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from drawagent.pages import text
from easel.errors import ConfigurationError
from shapecraft.environments import OURS
from shapecraft.flat_painting import flat_painting
from shapecraft.mesh import ObjectMesh
from shapecraft.painted_looks import CHANNELS, Look, MapMaterials, look_at
from shapecraft.run_painting import PaintingKept
from shapecraft.sheets import laid_out, png_bytes
from shapecraft.texture_maps import maps_sheet
from widgets import craft_words, panels
from widgets.front_end import Shown
from widgets.paint_figures import coarse_png, picture_figure
from widgets.paint_stepper import PaintStepper

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

    from shapecraft.baking import Materials

PAINTED, FLAT = "painted", "flat, from words alone"
_LIVE, _STILL, _MAP = 300, 116, 150  # pixels of a live picture, of a stored one, of a stored map
_HEIGHT = 640  # of the page's frame


class PaintViewer(Shown):
    """Looks at what a stepper's last finished painting left; before there is one, at flat materials from the words.

    `turn` changes the look; the live widget's switches and sliders do the same. Stored output holds pictures and the
    place of the page, which brings its viewer along.
    """

    def __init__(self, stepper: PaintStepper) -> None:
        self.stepper, self.look = stepper, Look()
        self._live: Any = None
        stepper.listen(self._changed)

    @property
    def kept(self) -> PaintingKept | None:
        return self.stepper.progress.kept

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parts."""
        return self.stepper.mesh.names

    def turn(self, **changes: Any) -> PaintViewer:
        """Another look, see `shapecraft.painted_looks.Look`. Raises ConfigurationError for what is none."""
        look = replace(self.look, **changes)
        if look.part and look.part not in self.names:
            raise ConfigurationError(f"a part: {', '.join(self.names)}", came=look.part, where="PaintViewer.turn")
        self.look = look
        self._changed()
        return self

    def sides(self) -> dict[str, tuple[ObjectMesh, Materials]]:
        """Words -> (mesh, what it is painted with): the painting where there is one, and flat materials.

        Beside a painting these are of the words that it was painted by, else of the words that now stand.
        """
        kept, mesh = self.kept, self.stepper.mesh
        flat = flat_painting(mesh, (self.stepper.appearance if kept is None else kept.appearance).texts)
        if kept is None:
            return {FLAT: (mesh, flat)}
        return {PAINTED: (kept.atlas.mesh, MapMaterials(kept.maps)), FLAT: (mesh, flat)}

    def picture(self, *, size: int = _LIVE) -> np.ndarray:
        """(H, W, 3) in [0, 1]: the look, every side of it."""
        sides = self.sides()
        return laid_out([look_at(*one, self.look, size=size) for one in sides.values()], list(sides), columns=2)

    def maps(self, *, size: int = 300) -> np.ndarray | None:
        """(H, W, 3) in [0, 1]: albedo, roughness, metalness and parts, as they are baked; None before that."""
        kept = self.kept
        return None if kept is None else maps_sheet(kept.maps, kept.atlas.mesh.names, size=size)

    def figure(self) -> go.Figure:
        return picture_figure(png_bytes(self.picture()), title=self.words(),
                              watermark=bool(self.stepper.made.watermark))

    def html(self) -> str:
        rows, names = [], []
        for words, side in self.sides().items():
            for channel in CHANNELS:
                rows.append(look_at(*side, replace(self.look, channel=channel), size=_STILL))
                names.append(channel if words == PAINTED else f"{channel}, flat")
        first = next(iter(self.sides().values()))
        lit = [look_at(*first, replace(self.look, channel="shaded", light=light), size=_STILL) for light in OURS]
        alone = [look_at(*first, replace(self.look, part=name), size=_STILL) for name in self.names[:4]]
        shown = [craft_words.picture(coarse_png(laid_out(rows, names, columns=4)), "painted, and flat from words"),
                 craft_words.picture(coarse_png(laid_out([*lit, *alone], [*OURS, *self.names[:4]], columns=4)),
                                     "under other light, and part by part")]
        maps = self.maps(size=_MAP)
        if maps is not None:
            shown.append(craft_words.picture(coarse_png(maps), "maps"))
        return panels.panel(craft_words.heading(self.stepper.made.gallery), f"<p>{text(self.words())}</p>", *shown,
                            self.files())

    def words(self) -> str:
        """What is seen, in one line."""
        kept = self.kept
        if kept is None:
            return "not painted yet: flat materials from words"
        return f"painting {kept.number}, by {self.stepper.guidance.source}"

    def files(self) -> str:
        """What a painting left in its run, as HTML; "" before."""
        kept = self.kept
        if kept is None:
            return ""
        rows = [[what, path.relative_to(self.stepper.folder).as_posix(), f"{path.stat().st_size / 1e3:.0f} kB"]
                for what, path in kept.files.items() if " of " not in what or what == "sheet of maps"]
        unseen = f"<p>Nothing outside sees {text(', '.join(kept.unseen))}.</p>" if kept.unseen else ""
        return panels.table(["file", "in the run", "size"], rows) + unseen

    def frame(self) -> str:
        """The page of the painted model inside another one. It runs scripts, and reaches nothing outside its frame.

        Raises ConfigurationError before anything is painted.
        """
        kept = self.kept
        if kept is None:
            raise ConfigurationError("a painting", came="none yet", where="PaintViewer.frame", mend="Press Start.")
        page = kept.files["page"].read_text("utf-8")
        return (f'<iframe sandbox=allow-scripts title="{text(self.stepper.made.gallery.prompt)}" width="100%" '
                f'height={_HEIGHT} style="border:1px solid #999999" srcdoc="{text(page)}"></iframe>')

    def _changed(self) -> None:
        if self._live is not None:
            self._live.show()

    def _build(self) -> ipywidgets.Widget:
        from widgets.paint_switches import PaintSwitches

        self._live = PaintSwitches(self)
        return self._live.box
