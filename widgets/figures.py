"""Figures: pure functions from sketches and rows to plotly figures. No widget state, no files, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from drawagent.sketch import Sketch
from easel.cameras import ring
from widgets import theme

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SAMPLES = 10
_AWAY = 2.1  # plotly's units: from here a drawing that fills its cube is seen whole
_STRAIGHT = 2e-3  # a stroke this near its chord (longest side of the sketch: 2) is drawn as its two ends


def sketch_figure(
    sketches: Sequence[Sketch], titles: Sequence[str] = (), *, columns: int = 3, cell: int = 300,
    colours: Sequence[str] = (), watermark: bool = False,
) -> go.Figure:
    """Sketches as 3D line plots in a grid, all seen at first as contact sheets show them (view 1 of 8).

    sketches : B; titles : B or none; cell : pixels a side; colours : one a sketch, ink by default
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    count = max(1, len(sketches))
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = make_subplots(
        rows=rows, cols=columns, specs=[[{"type": "scene"}] * columns for _ in range(rows)],
        subplot_titles=[_plain(title) for title in titles] or None, horizontal_spacing=0.01, vertical_spacing=0.06,
    )
    for index, sketch in enumerate(sketches):
        for name, line in _parts(sketch):
            figure.add_trace(
                go.Scatter3d(
                    x=line[:, 0], y=line[:, 1], z=line[:, 2], mode="lines", name=name, hoverinfo="name",
                    showlegend=False,
                    line={"color": colours[index] if index < len(colours) else theme.INK, "width": 4},
                ),
                row=index // columns + 1, col=index % columns + 1,
            )
    figure.update_scenes(_scene())
    figure.update_layout(
        width=columns * cell, height=rows * cell + 40, margin={"l": 0, "r": 0, "t": 30, "b": 0}, font=theme.FONT,
        paper_bgcolor="white", template="none",
    )
    return _marked(figure) if watermark else figure


def pair_figure(better: Sketch, worse: Sketch, *, query: str = "", watermark: bool = False) -> go.Figure:
    """S+ and S- side by side."""
    titles = (f"S+ {query}".strip(), f"S- {query}".strip())
    return sketch_figure(
        (better, worse), titles, columns=2, cell=380, colours=(theme.PLUS, theme.MINUS), watermark=watermark
    )


def score_figure(rows: Sequence[Mapping[str, Any]], *, column: str, watermark: bool = False) -> go.Figure:
    """Rewards of candidates by query, each with the sample standard deviation over its views (`Scored.spread`).

    rows : of one epoch; mappings with query, candidate, reward, view_scores, failure
    column : name of the scorer's column
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, query in enumerate(dict.fromkeys(row["query"] for row in rows)):
        own = [row for row in rows if row["query"] == query]
        figure.add_trace(go.Scatter(
            x=[f"{_plain(query)} k{row['candidate']}" for row in own], y=[row["reward"] for row in own],
            error_y={"type": "data", "array": [_spread(row["view_scores"]) for row in own]},
            mode="markers", name=_plain(query),
            marker={
                "color": theme.colour(index + 1), "size": 10,
                "symbol": ["x" if row["failure"] else theme.MARKERS[index % 5] for row in own],
            },
        ))
    figure.update_layout(
        yaxis_title=f"{column}, raw cosine (bars: spread over views)", height=380, font=theme.FONT,
        template="none", margin={"t": 20},
    )
    return _marked(figure) if watermark else figure


def learning_curve(
    rows: Sequence[Mapping[str, Any]], *, column: str, caption: str, watermark: bool = False
) -> go.Figure:
    """Report scores by epoch.

    rows : mappings with epoch, query, similarity; column : the reporting scorer's column; caption : below the title
    """
    import plotly.graph_objects as go

    epochs = sorted({row["epoch"] for row in rows})
    figure = go.Figure()
    for query in dict.fromkeys(row["query"] for row in rows):
        own = {row["epoch"]: row["similarity"] for row in rows if row["query"] == query}
        figure.add_trace(go.Scatter(
            x=epochs, y=[own.get(epoch) for epoch in epochs], mode="lines", name=_plain(query), showlegend=False,
            line={"color": "#BBBBBB", "width": 1}, hovertext=_plain(query),
        ))
    means = [float(np.mean([row["similarity"] for row in rows if row["epoch"] == epoch])) for epoch in epochs]
    figure.add_trace(go.Scatter(
        x=epochs, y=means, mode="lines+markers", name="mean over queries",
        line={"color": theme.PLUS, "width": 3}, marker={"size": 10},
    ))
    figure.update_layout(
        title={"text": f"Report queries by epoch<br><sub>{_plain(caption)}</sub>"},
        xaxis={"title": "epoch of the library", "tickvals": epochs}, yaxis_title=f"{column}, raw cosine",
        height=420, font=theme.FONT, template="none",
    )
    return _marked(figure) if watermark else figure


def _parts(sketch: Sketch) -> list[tuple[str, np.ndarray]]:
    """(name, (P, 3) float32 line) of every part; strokes are broken apart by nan, and float32 keeps notebooks small."""
    gap = np.full((1, 3), np.nan)
    lines: dict[str, list[np.ndarray]] = {}
    for stroke, curve in zip(sketch.strokes, sketch.normalised().curve_points(_SAMPLES), strict=True):
        chord = curve[0] + np.linspace(0, 1, _SAMPLES)[:, None] * (curve[-1] - curve[0])
        shown = curve[[0, -1]] if np.abs(curve - chord).max() < _STRAIGHT else curve
        lines.setdefault(_plain(stroke.name or "stroke"), []).extend((shown, gap))
    return [(name, np.concatenate(pieces).astype(np.float32)) for name, pieces in lines.items()]


def _spread(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def _scene() -> dict[str, Any]:
    eye = np.array(ring(8)[1].eye)
    eye = (_AWAY * eye / np.linalg.norm(eye)).round(4)
    axis = {"visible": False, "range": [-1.05, 1.05]}
    return {
        "xaxis": axis, "yaxis": axis, "zaxis": axis, "aspectmode": "cube",
        "camera": {"eye": dict(zip("xyz", eye.tolist(), strict=True)), "up": {"x": 0, "y": 0, "z": 1}},
    }


def _marked(figure: go.Figure) -> go.Figure:
    return figure.add_annotation(
        text=theme.WATERMARK, xref="paper", yref="paper", x=0.5, y=0.5, showarrow=False, textangle=-20,
        font={"size": 28, "color": "rgba(138,75,0,0.35)"},
    )


def _plain(words: str) -> str:
    """Words of models and users without markup: plotly reads a little HTML in texts."""
    return str(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")[:160]
