"""Figures of the stepper: candidates in 3D, their rewards, the learning curve; and new content for a live figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from drawagent.sketch import Sketch
from widgets import theme
from widgets.figures import _marked, _parts, _plain, _scene, _spread

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from drawagent.curve import CurvePoint

MOST_SCENES = 8
"""Candidates drawn at once: a browser keeps 16 WebGL contexts a page, and others want some (ours)."""
_COLUMNS, _SCENE_PX, _STRIP_PX, _HEAD_PX = 5, 215, 250, 6
_AWAY = 1.4  # times as far as in a grid of sketches: a drawing that fills its cube is seen whole in a small scene


def stepper_figure(
    sketches: Sequence[Sketch | None], rows: Sequence[Mapping[str, Any]], *, marks: Mapping[int, str], column: str,
    curve: Sequence[CurvePoint] = (), reported: str = "", title: str = "", candidates: int = 0,
    watermark: bool = False,
) -> go.Figure:
    """Candidates as 3D line plots; below them their rewards with every view's score, and the learning curve so far.
    As wide as the place it is shown in.

    sketches, rows : K, None for a failed one; rows as in rollouts.jsonl; at most MOST_SCENES are drawn, the pair first
    marks : candidate -> "S+" or "S-"; curve : of the report, under the column `reported`
    candidates : scenes to lay out while there are fewer rows; the same number gives the same traces in the same order
    """
    import plotly.graph_objects as go

    order = sorted(range(len(rows)), key=lambda i: (rows[i]["candidate"] not in marks, i))[:MOST_SCENES]
    drawn = sorted(order)
    count = max(1, len(drawn), min(candidates, MOST_SCENES))
    columns = min(_COLUMNS, count)
    lines = -(-count // columns)
    height = _HEAD_PX + lines * _SCENE_PX + _STRIP_PX
    figure = go.Figure()
    for place in range(count):
        index = drawn[place] if place < len(drawn) else None
        row = rows[index] if index is not None else None
        sketch = sketches[index] if index is not None else None
        mark = marks.get(row["candidate"], "") if row else ""
        figure.add_trace(_candidate(sketch, mark, f"scene{place + 1 if place else ''}"))
        left, top = place % columns / columns, 1 - (_HEAD_PX + place // columns * _SCENE_PX) / height
        scene = _scene()
        scene["camera"]["eye"] = {axis: round(_AWAY * at, 4) for axis, at in scene["camera"]["eye"].items()}
        figure.update_layout({f"scene{place + 1 if place else ''}": {
            **scene, "uirevision": "kept",
            "domain": {"x": [left, left + 1 / columns], "y": [top - (_SCENE_PX - 24) / height, top - 16 / height]},
        }})
        figure.add_annotation(
            text=_caption(row, mark) if row else "", x=left + 0.5 / columns, y=top, xref="paper", yref="paper",
            xanchor="center", yanchor="top", showarrow=False, font={"size": 12},
        )
    _rewards(figure, rows, marks)
    _curve(figure, curve)
    strip = (_STRIP_PX - 70) / height
    hidden = f"; {len(drawn)} of {len(rows)} drawn" if len(drawn) < len(rows) else ""
    figure.add_annotation(text=f"<b>{_plain(title)}</b>{hidden}", x=0, y=1, xref="paper", yref="paper", xanchor="left",
                          yanchor="bottom", showarrow=False, font={"size": 14})
    figure.update_layout(
        autosize=True, height=height + 30, margin={"l": 78, "r": 10, "t": 30, "b": 0}, font=theme.FONT,
        template="none", paper_bgcolor="white", showlegend=False,
        xaxis={"domain": [0, 0.56], "anchor": "y", "type": "category", "title": _axis("candidate"),
               "visible": bool(rows)},
        yaxis={"domain": [50 / height, 50 / height + strip], "title": _axis(f"{_plain(column)},<br>raw cosine"),
               "nticks": 5, "zeroline": False, "visible": bool(rows)},
        xaxis2={"domain": [0.68, 1], "anchor": "y2", "title": _axis("epoch of the library"), "visible": bool(curve),
                "dtick": 1, "zeroline": False, "range": [-0.3, max([1, *(point.epoch for point in curve)]) + 0.3]},
        yaxis2={"domain": [50 / height, 50 / height + strip], "anchor": "x2", "nticks": 5,
                "title": _axis(f"{_plain(reported)},<br>raw cosine"), "visible": bool(curve), "zeroline": False},
    )
    heads = ((0.28, "reward; bars: spread over views; ticks: single views" if rows else ""),
             (0.84, "report queries (grey), their mean" if curve else "report: not yet"))
    for x, words in heads:
        figure.add_annotation(text=words, x=x, y=50 / height + strip, xref="paper", yref="paper", xanchor="center",
                              yanchor="bottom", showarrow=False, font={"size": 12})
    return _marked(figure) if watermark else figure


def refresh(shown: go.FigureWidget, fresh: go.Figure) -> None:
    """Give a live figure the content of a new one, in one message; cameras that a person turned stay as they are."""
    with shown.batch_update():
        if [trace.type for trace in shown.data] != [trace.type for trace in fresh.data]:
            shown.data = ()
            shown.add_traces(fresh.data)
        for old, new in zip(shown.data, fresh.data, strict=True):
            old.update(new.to_plotly_json(), overwrite=True)
        shown.layout.annotations = fresh.layout.annotations
        shown.update_layout({axis: fresh.layout[axis] for axis in ("xaxis", "xaxis2", "yaxis", "yaxis2")})


def _axis(words: str) -> dict[str, Any]:
    return {"text": words, "standoff": 6, "font": {"size": 12}}


def _candidate(sketch: Sketch | None, mark: str, scene: str) -> go.Scatter3d:
    """All strokes of one drawing in one trace, so that a live figure keeps its traces; points tell their part."""
    import plotly.graph_objects as go

    parts = _parts(sketch) if sketch else []
    line = np.concatenate([points for _, points in parts]) if parts else np.zeros((0, 3), np.float32)
    return go.Scatter3d(
        x=line[:, 0], y=line[:, 1], z=line[:, 2], text=[name for name, points in parts for _ in points],
        mode="lines", hoverinfo="text", scene=scene,
        line={"color": theme.COLOUR_OF.get(mark, theme.INK), "width": theme.WIDTH_OF.get(mark, 4)},
    )


def _caption(row: Mapping[str, Any], mark: str) -> str:
    side = f"<b>{mark}</b> " if mark else ""
    if row["failure"]:
        return f"{side}k{row['candidate']}: failed ({_plain(row['failure'])})"
    return f"{side}k{row['candidate']}: {row['reward']:.3f} ± {_spread(row['view_scores']):.3f}"


def _rewards(figure: go.Figure, rows: Sequence[Mapping[str, Any]], marks: Mapping[int, str]) -> None:
    """Two traces: every view's score as a dot, the reward with its spread; S+, S- and failures by symbol and word."""
    import plotly.graph_objects as go

    sides = ["failed" if row["failure"] else marks.get(row["candidate"], "") for row in rows]
    figure.add_trace(go.Scatter(
        x=[f"k{row['candidate']}" for row in rows for _ in row["view_scores"]],
        y=[score for row in rows for score in row["view_scores"]], mode="markers", hoverinfo="y",
        marker={"symbol": "line-ew", "size": 16, "line": {"color": "#777777", "width": 1}},
    ))
    figure.add_trace(go.Scatter(
        x=[f"k{row['candidate']}" for row in rows], y=[row["reward"] for row in rows], mode="markers+text",
        text=sides, textposition="middle right", hoverinfo="y",
        error_y={"type": "data", "array": [_spread(row["view_scores"]) for row in rows], "thickness": 1.5},
        marker={"size": 11, "color": [theme.COLOUR_OF.get(side, theme.INK) for side in sides],
                "symbol": [theme.SYMBOL_OF[side] for side in sides], "line": {"width": 2}},
    ))


def _curve(figure: go.Figure, curve: Sequence[CurvePoint]) -> None:
    """Two traces: the queries, broken apart, and their mean."""
    import plotly.graph_objects as go

    queries = range(len(curve[0].queries)) if curve else ()
    figure.add_trace(go.Scatter(
        x=[x for _ in queries for x in (*(point.epoch for point in curve), None)],
        y=[y for query in queries for y in (*(point.queries[query] for point in curve), None)],
        mode="lines", line={"color": "#BBBBBB", "width": 1}, hoverinfo="y", xaxis="x2", yaxis="y2",
    ))
    figure.add_trace(go.Scatter(
        x=[point.epoch for point in curve], y=[point.mean for point in curve], mode="lines+markers+text",
        text=[f"{point.mean:.3f}" for point in curve], textposition="top center", hoverinfo="y",
        line={"color": theme.PLUS, "width": 3}, marker={"size": 9}, xaxis="x2", yaxis="y2",
    ))
