"""Craft figures: an object's boxes and parts in 3D, and scores of its attempts. Pure functions to plotly figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecraft.boxes import Box
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import PartMesh
from shapecraft.shading import part_colour
from widgets import theme
from widgets.craft_thinning import TRIANGLES, thinned
from widgets.figures import _marked, _plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

EYE = {"x": 1.0, "y": -1.45, "z": 0.7}
"""Where a figure is seen from at first: the three-quarter side of the sheets (plotly's units)."""
MOST_TRIANGLES = 6000
"""Of all parts of a figure together (ours): objects of many parts are drawn coarser."""
_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_WALK = (0, 1, 3, 2, 0, 4, 5, 7, 6, 4, None, 1, 5, None, 3, 7, None, 2, 6)
_NAMED_AT = (1, 5, 7, 3)  # corners of the top
_LIGHT = {"ambient": 0.55, "diffuse": 0.7, "specular": 0.1, "roughness": 0.9, "fresnel": 0.05}


@dataclass(frozen=True)
class Layers:
    """What of an object is drawn. hidden : names of parts of which nothing is"""

    boxes: bool = True
    names: bool = True
    parts: bool = True
    hidden: frozenset[str] = frozenset()


def object_figure(
    graph: ShapeGraph | None, parts: Mapping[str, PartMesh], *, layers: Layers | None = None, title: str = "",
    triangles: int = TRIANGLES, slots: int = 0, reach: np.ndarray | None = None, watermark: bool = False,
) -> go.Figure:
    """Boxes with names, and inside them what was made, each part in the colour that the sheets and pages give it.

    parts : component -> its mesh, of those that are made; triangles : most that are drawn of one part
    slots : components to keep traces for, empty ones where there are fewer, so that a live figure keeps its traces
    reach : (2, 3) corners of what is to be in view; None takes all boxes and parts, also those that are not drawn
    Traces in order: all names, then per component its mesh and its box. A click on a name in the legend takes a part
    away, and brings it back. Without a graph: an empty scene.
    """
    import plotly.graph_objects as go

    shown = layers or Layers()
    components = graph.components if graph is not None else ()
    most = max(100, min(triangles, MOST_TRIANGLES // max(1, len(components))))
    named = [one for one in components if shown.names and one.name not in shown.hidden]
    traces: list[Any] = [_names([(one.name, one.box) for one in named])]
    for number, one in enumerate(components):
        there = one.name not in shown.hidden
        traces.append(_mesh(number, one.name, parts.get(one.name) if shown.parts and there else None, most))
        traces.append(_box(number, one.name, one.box if shown.boxes and there else None))
    for number in range(len(components), slots):
        traces += [_mesh(number, "", None, most), _box(number, "", None)]
    drawn = sum(min(len(part.faces), most) for part in parts.values())
    whole = sum(len(part.faces) for part in parts.values())
    thin = f"<br><sub>drawn with at most {most} triangles a part, of {whole:,} in all</sub>" if drawn < whole else ""
    figure = go.Figure(traces)
    figure.update_layout(
        title={"text": f"{_plain(title)}{thin}", "font": {"size": 14}, "x": 0.01, "y": 0.96, "yanchor": "top"},
        height=460, font=theme.FONT, paper_bgcolor="white", template="none", margin={"l": 0, "r": 0, "t": 50, "b": 0},
        scene=_scene(_reach(graph, parts) if reach is None else reach),
        legend={"itemsizing": "constant", "x": 1, "xanchor": "right", "y": 0.92},
        uirevision="kept",
    )
    return _marked(figure) if watermark else figure


def score_figure(rows: Sequence[Mapping[str, Any]], *, column: str, watermark: bool = False) -> go.Figure:
    """Scores of attempts by step, one line a path; components differ by colour and marker, paths by dash.

    rows : of a run's attempts; column : whose scores they are. What has no score is no point, and never a low one.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, component in enumerate(dict.fromkeys(row["component"] for row in rows)):
        for path in sorted({row["m"] for row in rows if row["component"] == component}):
            own = {row["t"]: row["score"] for row in rows
                   if (row["component"], row["m"]) == (component, path) and row["score"] is not None}
            figure.add_trace(go.Scatter(
                x=list(own), y=list(own.values()), mode="lines+markers", name=f"{_plain(component)}, path {path}",
                line={"color": hex_of(number), "dash": theme.DASHES[path % len(theme.DASHES)]},
                marker={"symbol": theme.MARKERS[number % len(theme.MARKERS)], "size": 10},
            ))
    figure.update_layout(
        xaxis={"title": "step of a path", "dtick": 1},
        yaxis={"title": f"{_plain(column)}, 0 to 10", "range": [0, 10.4]},
        height=340, font=theme.FONT, template="none", margin={"t": 20, "b": 50, "l": 60, "r": 10}, showlegend=True,
    )
    return _marked(figure) if watermark else figure


def part_bounds(figure: go.Figure) -> dict[str, np.ndarray]:
    """Part -> (2, 3) lowest and highest corner of its mesh as it is drawn; without parts of which nothing is."""
    found = {}
    for trace in figure.data:
        if trace.type == "mesh3d" and trace.x is not None and len(trace.x):
            points = np.stack([trace.x, trace.y, trace.z], axis=1)
            found[str(trace.meta)] = np.stack([points.min(axis=0), points.max(axis=0)])
    return found


def _mesh(number: int, name: str, part: PartMesh | None, most: int) -> Any:
    import plotly.graph_objects as go

    drawn = None if part is None else thinned(part, most)
    x, y, z = np.zeros((3, 0), np.float32) if drawn is None else drawn.vertices.astype(np.float32).T
    i, j, k = np.zeros((3, 0), np.uint16) if drawn is None else drawn.faces.astype(np.uint16).T
    return go.Mesh3d(x=x, y=y, z=z, i=i, j=j, k=k, color=hex_of(number), flatshading=True, lighting=_LIGHT,
                     lightposition={"x": 1000, "y": -3000, "z": 4000}, name=_plain(name), meta=name, hoverinfo="name",
                     legendgroup=name, showlegend=False)


def _box(number: int, name: str, box: Box | None) -> Any:
    import plotly.graph_objects as go

    points = np.full((len(_WALK), 3), np.nan, np.float32)
    if box is not None:
        corners = _CORNERS * box.size + box.center
        for place, corner in enumerate(_WALK):
            if corner is not None:
                points[place] = corners[corner]
    return go.Scatter3d(
        x=points[:, 0], y=points[:, 1], z=points[:, 2], mode="lines", name=_plain(name), hoverinfo="name", meta=name,
        legendgroup=name, showlegend=bool(name),
        line={"color": hex_of(number), "width": 4, "dash": ("solid", "dash", "dot", "longdash")[number % 4]},
    )


def _names(named: Sequence[tuple[str, Box]]) -> Any:
    import plotly.graph_objects as go

    # Boxes often stand in one another, so that neighbours in the list are named at other corners.
    tops = np.array([_CORNERS[_NAMED_AT[number % 4]] * box.size + box.center for number, (_, box) in enumerate(named)],
                    np.float32).reshape(-1, 3)
    return go.Scatter3d(x=tops[:, 0], y=tops[:, 1], z=tops[:, 2], mode="text", text=[_plain(name) for name, _ in named],
                        hoverinfo="skip", showlegend=False, textposition="top center", meta="names")


def _reach(graph: ShapeGraph | None, parts: Mapping[str, PartMesh]) -> np.ndarray:
    boxes = [_CORNERS[[0, 7]] * one.box.size + one.box.center for one in graph.components] if graph else []
    corners = np.array([*boxes, *(part.bounds for part in parts.values())]).reshape(-1, 2, 3)
    if not len(corners):
        return np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    return np.stack([corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)])


def _scene(reach: np.ndarray) -> dict[str, Any]:
    """A cube around what is to be in view, so that nothing changes its size when a layer is taken away."""
    middle, half = reach.mean(axis=0), max(float((reach[1] - reach[0]).max()) * 0.52, 1e-6)
    axes = {f"{axis}axis": {"visible": False, "range": [round(at - half, 5), round(at + half, 5)]}
            for axis, at in zip("xyz", middle.tolist(), strict=True)}
    return {**axes, "aspectmode": "cube", "uirevision": "kept", "camera": {"eye": EYE, "up": {"x": 0, "y": 0, "z": 1}}}


def hex_of(number: int) -> str:
    """The colour of the component at this place, as "#rrggbb"."""
    return "#" + "".join(f"{round(value * 255):02x}" for value in part_colour(number))

