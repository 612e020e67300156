"""Rollout figures: the frames of `drawagent.analysis` and `drawagent.preferences` as plotly figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from drawagent.lesson_lives import LessonLife
from widgets import theme
from widgets.figures import _marked, _plain

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects as go

PATTERNS = ("", "/", "x", "-", ".", "|", "+", "\\")
"""Fills beside the colours, so that bars read without colour."""

MEASURE_WORDS: Mapping[str, str] = {
    "strokes": "strokes",
    "length": "total length (longest side 2)",
    "curvature": "mean curvature, 1 over length",
    "depth_use": "depth use (0 is flat)",
    "penalty": "penalty of the facts, 0 to 1",
    "similarity": "raw cosine, mean over views",
    "worst_view": "raw cosine, worst view",
}
_CHANGES = {"given": "square", "added": "circle", "modified": "diamond", "deleted": "x"}
_SYMBOLS = 8  # queries with a marker of their own; of more, all have one


def measures_figure(
    frame: pandas.DataFrame, measures: Sequence[str] = ("strokes", "length", "curvature", "depth_use", "similarity"),
    *, columns: int = 3, watermark: bool = False,
) -> go.Figure:
    """One panel per measure: a box per epoch, and every rollout as a mark, by query.

    frame : of `drawagent.analysis.measures`. Failed drawings have no geometry and stand in the panels of scores alone.
    """
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    columns = min(columns, len(measures))
    rows = -(-len(measures) // columns)
    figure = make_subplots(
        rows=rows, cols=columns, subplot_titles=[_panel(frame, measure) for measure in measures],
        horizontal_spacing=0.08, vertical_spacing=0.26,
    )
    epochs, queries = sorted(set(frame["epoch"])), list(dict.fromkeys(frame["query"]))
    for place, measure in enumerate(measures):
        where = {"row": place // columns + 1, "col": place % columns + 1}
        for epoch in epochs:
            own = frame[frame["epoch"] == epoch][measure].dropna()
            figure.add_trace(go.Box(
                y=[float(value) for value in own], x=[epoch] * len(own), boxpoints=False, showlegend=False,
                line={"color": "#888888", "width": 1}, fillcolor="rgba(200,200,200,0.25)", hoverinfo="skip", width=0.7,
            ), **where)
        for index, query in enumerate(queries):
            own = frame[(frame["query"] == query) & frame[measure].notna()]
            figure.add_trace(_strip(own, measure, index, len(queries), legend=place == 0), **where)
        figure.update_xaxes(tickvals=epochs, title_text="epoch", **where)
    figure.update_layout(
        width=270 * columns + 30, height=320 * rows + 60, font=theme.FONT, template="none",
        legend={"orientation": "h", "y": -0.12 if rows > 1 else -0.3}, margin={"t": 50, "l": 50, "r": 10, "b": 60},
    )
    return _marked(figure) if watermark else figure


def _panel(frame: pandas.DataFrame, measure: str) -> str:
    words = MEASURE_WORDS.get(measure, measure)
    scored = measure in ("similarity", "worst_view")
    return f"{words}<br><sub>{_plain(', '.join(dict.fromkeys(frame['column'])))}</sub>" if scored else words


def _strip(own: pandas.DataFrame, measure: str, index: int, count: int, *, legend: bool) -> go.Scatter:
    import plotly.graph_objects as go

    few = count <= _SYMBOLS
    shift = 0.5 * ((index + 0.5) / count - 0.5)
    return go.Scatter(
        x=[round(epoch + shift, 4) for epoch in own["epoch"]], y=[float(value) for value in own[measure]],
        mode="markers", name=_plain(own["text"].iloc[0]) if len(own) else "", legendgroup=str(index),
        showlegend=legend and few and len(own) > 0,
        hovertext=[_plain(f"{row.text}, epoch {row.epoch}, candidate {row.candidate}") for row in own.itertuples()],
        marker={"symbol": theme.MARKERS[index % len(theme.MARKERS)] if few else "circle-open", "size": 8,
                "color": theme.colour(index + 1) if few else theme.INK, "opacity": 0.8},
    )


def validity_figure(summary: pandas.DataFrame, *, watermark: bool = False) -> go.Figure:
    """Share of replies that were drawings, by epoch, with its Wilson interval. summary : of `by_epoch`"""
    import plotly.graph_objects as go

    own = summary[summary["measure"] == "validity"]
    figure = go.Figure(go.Scatter(
        x=[f"epoch {row.epoch}<br>n = {row.n}" for row in own.itertuples()], y=list(own["mean"]), mode="markers",
        marker={"size": 12, "symbol": "diamond", "color": theme.PLUS},
        error_y={"type": "data", "symmetric": False, "array": list(own["high"] - own["mean"]),
                 "arrayminus": list(own["mean"] - own["low"]), "color": theme.INK},
    ))
    figure.update_layout(yaxis={"title": "valid share (95 %, Wilson)", "range": [-0.03, 1.03]}, width=480, height=320,
                         font=theme.FONT, template="none", margin={"t": 20, "b": 60})
    return _marked(figure) if watermark else figure


def topic_figure(topics: pandas.DataFrame, *, count: str = "lessons", watermark: bool = False) -> go.Figure:
    """What the library speaks of, as stacked bars by library; each topic has a colour and a pattern.

    topics : of `drawagent.analysis.topics`; count : "lessons" or "words"
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, topic in enumerate(dict.fromkeys(topics["topic"])):
        own = topics[topics["topic"] == topic]
        if not own[count].sum():
            continue
        figure.add_trace(go.Bar(
            x=[f"library {number}" for number in own["library"]], y=[int(value) for value in own[count]],
            name=_plain(topic), text=[_plain(topic) if value else "" for value in own[count]], textposition="inside",
            insidetextfont={"color": "#111111"},
            marker={"color": "white", "line": {"color": theme.colour(index), "width": 2},
                    "pattern": {"shape": PATTERNS[index % len(PATTERNS)], "fgcolor": theme.colour(index),
                                "fgopacity": 0.45, "size": 9}},
        ))
    figure.update_layout(barmode="stack", yaxis_title=count, width=620, height=380, font=theme.FONT, template="none",
                         margin={"t": 20}, legend={"traceorder": "reversed"})
    return _marked(figure) if watermark else figure


def lesson_timeline(lives: Mapping[str, LessonLife], *, watermark: bool = False) -> go.Figure:
    """A line for each lesson over the libraries in which it stands, a mark at each change; the wording on hovering.

    lives : of `drawagent.lesson_lives.lives`
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [_plain(name) for name in lives]
    for name, life in zip(names, lives.values(), strict=True):
        figure.add_trace(go.Scatter(
            x=list(life.libraries), y=[name] * len(life.libraries), mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": "#888888", "width": 3, "dash": "solid" if life.stands else "dot"},
        ))
    for index, (change, symbol) in enumerate(_CHANGES.items()):
        told = [(name, step) for name, life in zip(names, lives.values(), strict=True) for step in life.steps
                if step.change == change]
        if told:
            figure.add_trace(go.Scatter(
                x=[step.library for _, step in told], y=[name for name, _ in told], mode="markers", name=change,
                marker={"symbol": symbol, "size": 12, "color": theme.colour(index)},
                hovertext=[_wrapped(f"{step.text} ({step.topic}, {step.author}; {', '.join(step.pairs) or 'no pair'})")
                           for _, step in told], hoverinfo="text",
            ))
    last = max((life.last for life in lives.values()), default=0)
    figure.update_layout(
        xaxis={"title": "library", "tickvals": list(range(last + 1)), "range": [-0.3, last + 0.3]},
        yaxis={"autorange": "reversed", "categoryorder": "array", "categoryarray": names}, width=620,
        height=140 + 24 * len(names), font=theme.FONT, template="none", margin={"t": 20},
    )
    return _marked(figure) if watermark else figure


def _wrapped(words: str) -> str:
    """Plain words in lines of about 60 characters."""
    lines, line = [], ""
    for word in words.split():
        if len(line) + len(word) > 60:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return "<br>".join(_plain(piece) for piece in [*lines, line])


def preference_figure(table: pandas.DataFrame, *, watermark: bool = False) -> go.Figure:
    """Shares of wins by side and rater, ties in the denominator, with Wilson intervals; one half is dotted.

    table : of `drawagent.preferences.preference_table`
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for index, rater in enumerate(dict.fromkeys(table["rater"])):
        own = table[table["rater"] == rater]
        shares: Any = own["share"]
        figure.add_trace(go.Scatter(
            x=list(shares), y=[f"{_plain(row.side)}<br>{row.wins} of {row.n}, {row.ties} without preference"
                               for row in own.itertuples()], mode="markers", name=_plain(rater),
            marker={"size": 11, "symbol": theme.MARKERS[index % len(theme.MARKERS)], "color": theme.colour(index + 1)},
            error_x={"type": "data", "symmetric": False, "array": list(own["high"] - shares),
                     "arrayminus": list(shares - own["low"])},
        ))
    figure.add_vline(x=0.5, line={"dash": "dot", "color": "#888888"})
    figure.update_layout(
        xaxis={"title": "share of wins (95 %, Wilson)", "range": [-0.03, 1.03]}, showlegend=True, font=theme.FONT,
        template="none", height=140 + 45 * len(table), margin={"t": 20, "l": 260},
    )
    return _marked(figure) if watermark else figure
