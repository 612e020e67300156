"""Live figures: a plotly figure as a widget whose traces travel with it from the first message on."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


def live_figure(figure: go.Figure) -> go.FigureWidget:
    """The figure as a live widget.

    Plotly opens its widget empty and sends traces and layout behind. A browser that is still fetching plotly's script
    then draws the empty widget and never hears of them (plotly 7.1 in JupyterLab 4.6, on a busy machine). Here the
    widget is opened with both; traces have names of their own, by their place, since the browser must know them again.

    It may be drawn from any thread, within `batch_update`. JupyterLab gives what a browser says to a thread of its own.
    While traitlets hears it there, of each trait only the last value is told, and plotly says what is new and takes it
    back in the same breath: a drawing made in another thread at that moment would be lost. So the two take turns; a
    callback of the figure itself must take no lock under which another thread draws.
    """
    import plotly.graph_objects as go
    from traitlets import default

    named = go.Figure(figure)
    for place, trace in enumerate(named.data):
        trace.uid = f"trace{place}"
    drawn, turn = named.to_dict(), threading.RLock()

    class LiveFigure(go.FigureWidget):
        _set_trace_uid = False  # else plotly names the traces anew, and the browser speaks of others

        @default("_widget_data")
        def _first_data(self) -> Any:
            return copy.deepcopy(drawn["data"])

        @default("_widget_layout")
        def _first_layout(self) -> Any:
            return copy.deepcopy(drawn["layout"])

        def set_state(self, sync_data: Mapping[str, Any]) -> None:
            with turn:
                super().set_state(sync_data)

        @contextlib.contextmanager
        def batch_update(self) -> Iterator[None]:
            with turn, super().batch_update():
                yield

    return LiveFigure(named)
