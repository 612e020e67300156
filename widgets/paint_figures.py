"""Paint figures: losses and timesteps of a painting's terms, and its pictures as PNG. Pure functions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shapecraft.paint_events import Previewed
from shapecraft.painted_looks import Channel
from widgets import theme
from widgets.craft_figures import hex_of
from widgets.figures import _marked, _plain
from widgets.paint_progress import WHOLE, TermRow

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_POINTS = 120
"""Of one term that a figure draws (ours): means of neighbours in its upper half, every n-th in its lower."""


def term_figure(
    rows: Sequence[TermRow], names: Sequence[str], *, steps: int = 0, watermark: bool = False
) -> go.Figure:
    """Above: how hard each term pulls, by step; below: the timestep of each draw, whose range narrows.

    rows : of the steps so far; names : parts in the mesh's order, which have the sheets' colours; the whole is black
    steps : of the whole painting, 0 where not known. Two traces a name, the whole first, also where nothing is known.
    What is drawn above is the norm of the gradient at the picture: the loss of score distillation is no distance.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, name in enumerate((WHOLE, *names)):
        own = [row for row in rows if row.part == name]
        colour = theme.INK if not place else hex_of(place - 1)
        symbol = theme.MARKERS[place % len(theme.MARKERS)]
        thin = -(-len(own) // MOST_POINTS) or 1
        groups = [own[at:at + thin] for at in range(0, len(own), thin)]
        figure.add_trace(go.Scatter(
            x=[group[-1].step + 1 for group in groups],
            y=[float(f"{np.mean([row.norm for row in group]):.4g}") for group in groups], mode="lines",
            name=_plain(name), legendgroup=name, line={"color": colour, "dash": theme.DASHES[place % 6]},
        ))
        figure.add_trace(go.Scatter(
            x=[group[-1].step + 1 for group in groups], y=[group[-1].timestep for group in groups], mode="markers",
            name=_plain(name), legendgroup=name, showlegend=False, xaxis="x2", yaxis="y2",
            marker={"color": colour, "symbol": symbol, "size": 5},
        ))
    reach = [0, max(steps, max((row.step for row in rows), default=0) + 1)]
    figure.update_layout(
        xaxis={"range": reach, "anchor": "y", "showticklabels": False},
        yaxis={"title": "gradient's norm", "domain": [0.45, 1], "rangemode": "tozero"},
        xaxis2={"title": "step", "range": reach, "anchor": "y2"},
        yaxis2={"title": "timestep", "domain": [0, 0.38], "range": [0, 1000]},
        height=340, font=theme.FONT, template="none", margin={"t": 20, "b": 50, "l": 70, "r": 10}, showlegend=True,
        uirevision="kept",
    )
    return _marked(figure) if watermark else figure


def preview_png(seen: Previewed, channel: Channel = "shaded") -> bytes:
    """A preview's picture, 8 bits."""
    from PIL import Image

    values: np.ndarray = getattr(seen, channel)
    held = io.BytesIO()
    Image.fromarray(values).save(held, "PNG", optimize=True)
    return held.getvalue()


def coarse_png(picture: np.ndarray, *, colours: int = 128) -> bytes:
    """(H, W, 3) in [0, 1] as a PNG of so many colours: a third as large, for stored output."""
    from PIL import Image

    held = io.BytesIO()
    levels = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    Image.fromarray(levels).quantize(colours).save(held, "PNG", optimize=True)
    return held.getvalue()


def picture_figure(png: bytes, *, title: str = "", watermark: bool = False) -> go.Figure:
    """A picture as a plotly figure, without axes."""
    import base64

    import plotly.graph_objects as go

    figure = go.Figure(go.Image(source=f"data:image/png;base64,{base64.b64encode(png).decode()}"))
    figure.update_layout(title={"text": _plain(title), "font": {"size": 14}}, template="none", font=theme.FONT,
                         height=360, margin={"l": 0, "r": 0, "t": 40, "b": 0}, xaxis={"visible": False},
                         yaxis={"visible": False})
    return _marked(figure) if watermark else figure
