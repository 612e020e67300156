"""Pair figures: S+ and S- in two scenes, and what every scorer says view by view. Pure; no widget state."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from drawagent.contrasts import Contrast
from drawagent.disputes import Dispute, Opinion
from drawagent.export import to_svg
from drawagent.sketch import Sketch
from easel.cameras import ring
from widgets import theme
from widgets.figures import _marked, _plain, pair_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

SCENES = ("scene", "scene2")
_VIEWS = 8
_SHOWN = (1, 5)  # of 8: as contact sheets and figures begin, and from behind


def contrast_figure(pair: Contrast, *, watermark: bool = False) -> go.Figure:
    """S+ (left) and S- (right) of one pair, with rewards in the titles; both seen from the same place at first."""
    figure = pair_figure(pair.plus, pair.minus, watermark=watermark)
    for annotation, name, row in zip(
        figure.layout.annotations, ("S+", "S-"), (pair.plus_row, pair.minus_row), strict=False
    ):
        annotation.text = f"{name}, candidate {row['candidate']}: {row['reward']:.4f}"
    figure.update_layout(title={"text": f"{_plain(pair.text)}, epoch {pair.epoch}", "x": 0.5, "y": 0.98},
                         margin={"t": 60}, height=460)
    return figure


def opinion_figure(dispute: Dispute, *, watermark: bool = False) -> go.Figure:
    """Raw cosine of S+ and S- view by view, one panel per scorer; panels have scales of their own.

    Lines end at the two drawings' scores of a view; S+ is a filled circle, S- an open square.
    """
    from plotly.subplots import make_subplots

    count = len(dispute.opinions)
    figure = make_subplots(rows=1, cols=count, subplot_titles=[_title(said) for said in dispute.opinions],
                           horizontal_spacing=0.09)
    for place, said in enumerate(dispute.opinions, 1):
        for trace in _views(said, legend=place == 1):
            figure.add_trace(trace, row=1, col=place)
        figure.update_xaxes(title_text="view", dtick=1, row=1, col=place)
    figure.update_yaxes(title_text="raw cosine", row=1, col=1)
    figure.update_layout(
        width=380 * max(2, count), height=300, font=theme.FONT, template="none",
        legend={"orientation": "h", "y": -0.25}, margin={"t": 50, "b": 50, "l": 60, "r": 10},
    )
    return _marked(figure) if watermark else figure


def _title(said: Opinion) -> str:
    role = ", chose the pair" if said.rewarding else ""
    return f"{_plain(said.column)}{role}<br><sub>{said.verdict}: gap {said.gap:+.4f}, noise {said.noise:.4f}</sub>"


def _views(said: Opinion, *, legend: bool) -> list[go.Scatter]:
    import plotly.graph_objects as go

    views = list(range(len(said.plus)))
    stems = go.Scatter(
        x=[x for view in views for x in (view, view, None)],
        y=[y for pair in zip(said.plus, said.minus, strict=True) for y in (*pair, None)],
        mode="lines", line={"color": "#BBBBBB", "width": 2}, showlegend=False, hoverinfo="skip",
    )
    marks = [
        go.Scatter(x=views, y=list(values), mode="markers", name=name, showlegend=legend, legendgroup=name,
                   marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2, "color": colour}})
        for name, values, colour, symbol in (
            ("S+", said.plus, theme.PLUS, "circle"), ("S-", said.minus, theme.MINUS, "square-open"))
    ]
    return [stems, *marks]


def agreement_figure(table: Any, *, watermark: bool = False) -> go.Figure:
    """Share of pairs in which each voice finds S+ better, with its interval.

    table : frame of `drawagent.disputes.agreement`
    """
    import plotly.graph_objects as go

    voices = [f"{_plain(row.voice)}<br>{row.agree} of {row.n}" for row in table.itertuples()]
    figure = go.Figure(go.Scatter(
        x=list(table["share"]), y=voices, mode="markers", hoverinfo="x+y",
        error_x={"type": "data", "symmetric": False, "array": list(table["high"] - table["share"]),
                 "arrayminus": list(table["share"] - table["low"]), "color": theme.INK},
        marker={"color": theme.PLUS, "size": 12, "symbol": "diamond"},
    ))
    figure.add_vline(x=0.5, line={"dash": "dot", "color": "#888888"})
    figure.update_layout(
        xaxis={"title": "share of pairs in which S+ is better (95 %, Wilson; dotted: chance)", "range": [-0.03, 1.03]},
        yaxis={"autorange": "reversed"}, height=120 + 60 * len(voices), font=theme.FONT, template="none",
        margin={"t": 20, "l": 180, "b": 60},
    )
    return _marked(figure) if watermark else figure


def still_views(sketch: Sketch, *, caption: str = "", size: int = 230, views: Sequence[int] = _SHOWN) -> list[str]:
    """Views of a sketch as `data:` addresses of SVG pictures: for pages that may hold no script.

    views : of 8 around the drawing; caption : in the picture, a watermark
    """
    cameras = ring(_VIEWS)
    found = []
    for view in views:
        svg = to_svg(sketch, cameras[view], size=size, width=1.5, samples=9, caption=caption)
        found.append("data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode())
    return found
