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

    chosen = sorted(range(len(rows)), key=lambda i: (rows[i]["candidate"] not in marks, i))[:MOST_SCENES]
    drawn: list[int | None] = [*sorted(chosen)]
    drawn += [None] * (max(1, min(candidates, MOST_SCENES)) - len(drawn))
    columns = min(_COLUMNS, len(drawn))
    height = _HEAD_PX + -(-len(drawn) // columns) * _SCENE_PX + _STRIP_PX
    hidden = f"; {len(chosen)} of {len(rows)} drawn" if len(chosen) < len(rows) else ""
    foot, head = 50 / height, (_STRIP_PX - 20) / height
    words = [
        _words(f"<b>{_plain(title)}</b>{hidden}", 0, 1, anchor="left", size=14),
        _words("reward; bars: spread over views; ticks: single views" if rows else "", 0.28, head),
        _words("report queries (grey), their mean" if curve else "report: not yet", 0.84, head),
    ]
    traces, scenes = [], {}
    for place, index in enumerate(drawn):
        row, sketch = (None, None) if index is None else (rows[index], sketches[index])
        mark = marks.get(row["candidate"], "") if row else ""
        name = f"scene{place + 1 if place else ''}"
        left, top = place % columns / columns, 1 - (_HEAD_PX + place // columns * _SCENE_PX) / height
        traces.append(_candidate(sketch, mark, name))
        scenes[name] = _small_scene(x=[left, left + 1 / columns],
                                    y=[top - (_SCENE_PX - 24) / height, top - 16 / height])
        words.insert(place, _words(_caption(row, mark) if row else "", left + 0.5 / columns, top - 16 / height))
    figure = go.Figure([*traces, *_rewards(rows, marks), *_curve(curve)], {
        **scenes, "annotations": words, "autosize": True, "height": height + 30, "font": theme.FONT,
        "margin": {"l": 78, "r": 10, "t": 30, "b": 0}, "template": "none", "paper_bgcolor": "white",
        "showlegend": False,
        "xaxis": {"domain": [0, 0.56], "anchor": "y", "type": "category", "title": _axis("candidate"),
                  "visible": bool(rows)},
        "yaxis": {"domain": [foot, head], "title": _axis(f"{_plain(column)},<br>raw cosine"), "nticks": 5,
                  "zeroline": False, "visible": bool(rows)},
        "xaxis2": {"domain": [0.68, 1], "anchor": "y2", "title": _axis("epoch of the library"), "dtick": 1,
                   "zeroline": False, "range": [-0.3, max([1, *(point.epoch for point in curve)]) + 0.3],
                   "visible": bool(curve)},
        "yaxis2": {"domain": [foot, head], "anchor": "x2", "title": _axis(f"{_plain(reported)},<br>raw cosine"),
                   "nticks": 5, "zeroline": False, "visible": bool(curve)},
    })
    return _marked(figure) if watermark else figure


def refresh(shown: go.FigureWidget, fresh: go.Figure) -> None:
    """Give a live figure the content of a new one, in one message; cameras that a person turned stay as they are."""
    with shown.batch_update():
        if [trace.type for trace in shown.data] != [trace.type for trace in fresh.data]:
            shown.data = ()
            shown.add_traces(fresh.data)
            scenes = [name for name in fresh.layout if name.startswith("scene")]
            shown.update_layout({name: fresh.layout[name] for name in ("height", *scenes)})
        for old, new in zip(shown.data, fresh.data, strict=True):
            old.update(new.to_plotly_json(), overwrite=True)
        shown.layout.annotations = fresh.layout.annotations
        shown.update_layout({axis: fresh.layout[axis] for axis in ("xaxis", "xaxis2", "yaxis", "yaxis2")})


def _axis(words: str) -> dict[str, Any]:
    return {"text": words, "standoff": 6, "font": {"size": 12}}


def _words(text: str, x: float, y: float, *, anchor: str = "center", size: int = 12) -> dict[str, Any]:
    """A line of text that stands on this point of the paper."""
    return {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": anchor, "yanchor": "bottom",
            "showarrow": False, "font": {"size": size}}


def _small_scene(**domain: list[float]) -> dict[str, Any]:
    return {**_scene(), "uirevision": "kept", "domain": domain}


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


def _rewards(rows: Sequence[Mapping[str, Any]], marks: Mapping[int, str]) -> list[go.Scatter]:
    """Two traces: every view's score as a tick, the reward with its spread; S+, S- and failures by symbol and word."""
    import plotly.graph_objects as go

    sides = ["failed" if row["failure"] else marks.get(row["candidate"], "") for row in rows]
    views = go.Scatter(
        x=[f"k{row['candidate']}" for row in rows for _ in row["view_scores"]],
        y=[score for row in rows for score in row["view_scores"]], mode="markers", hoverinfo="y",
        marker={"symbol": "line-ew", "size": 16, "line": {"color": "#777777", "width": 1}},
    )
    means = go.Scatter(
        x=[f"k{row['candidate']}" for row in rows], y=[row["reward"] for row in rows], mode="markers+text",
        text=sides, textposition="middle right", hoverinfo="y",
        error_y={"type": "data", "array": [_spread(row["view_scores"]) for row in rows], "thickness": 1.5},
        marker={"size": 11, "color": [theme.COLOUR_OF.get(side, theme.INK) for side in sides],
                "symbol": [theme.SYMBOL_OF[side] for side in sides], "line": {"width": 2}},
    )
    return [views, means]


def _curve(curve: Sequence[CurvePoint]) -> list[go.Scatter]:
    """Two traces: the queries, broken apart, and their mean."""
    import plotly.graph_objects as go

    queries = range(len(curve[0].queries)) if curve else ()
    single = go.Scatter(
        x=[x for _ in queries for x in (*(point.epoch for point in curve), None)],
        y=[y for query in queries for y in (*(point.queries[query] for point in curve), None)],
        mode="lines", line={"color": "#BBBBBB", "width": 1}, hoverinfo="y", xaxis="x2", yaxis="y2",
    )
    mean = go.Scatter(
        x=[point.epoch for point in curve], y=[point.mean for point in curve], mode="lines+markers+text",
        text=[f"{point.mean:.3f}" for point in curve], textposition="top center", hoverinfo="y",
        line={"color": theme.PLUS, "width": 3}, marker={"size": 9}, xaxis="x2", yaxis="y2",
    )
    return [single, mean]
