"""Live figures: a plotly figure as a widget whose traces travel with it from the first message on."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


def live_figure(figure: go.Figure) -> go.FigureWidget:
    """The figure as a live widget.

    Plotly opens its widget empty and sends traces and layout behind. A browser that is still fetching plotly's script
    then draws the empty widget and never hears of them (plotly 7.1 in JupyterLab 4.6, on a busy machine). Here the
    widget is opened with both; traces have names of their own, by their place, since the browser must know them again.
    """
    import plotly.graph_objects as go
    from traitlets import default

    named = go.Figure(figure)
    for place, trace in enumerate(named.data):
        trace.uid = f"trace{place}"
    drawn = named.to_dict()

    class LiveFigure(go.FigureWidget):
        _set_trace_uid = False  # else plotly names the traces anew, and the browser speaks of others

        @default("_widget_data")
        def _first_data(self) -> Any:
            return copy.deepcopy(drawn["data"])

        @default("_widget_layout")
        def _first_layout(self) -> Any:
            return copy.deepcopy(drawn["layout"])

    return LiveFigure(named)
