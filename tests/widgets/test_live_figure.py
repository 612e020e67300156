"""Live figures: the browser knows traces and layout from the first message, under the names that Python uses."""

from __future__ import annotations

import plotly.graph_objects as go

from widgets.live_figure import live_figure


def test_the_first_message_holds_the_figure(monkeypatch):
    opened = []
    kept = go.FigureWidget.open
    monkeypatch.setattr(go.FigureWidget, "open", lambda self: (opened.append(self.get_state()), kept(self))[1])
    figure = go.Figure([go.Scatter(y=[1, 2]), go.Scatter(y=[3])], layout={"width": 321})
    live = live_figure(figure)
    (state,) = opened
    assert [trace["uid"] for trace in state["_widget_data"]] == ["trace0", "trace1"] == [one.uid for one in live.data]
    assert [trace["y"] for trace in state["_widget_data"]] == [[1, 2], [3]]
    assert state["_widget_layout"]["width"] == 321


def test_two_figures_keep_their_own_traces_and_the_figure_is_not_touched():
    figure = go.Figure(go.Scatter(y=[1, 2]))
    one, other = live_figure(figure), live_figure(go.Figure(go.Scatter(y=[5])))
    assert figure.data[0].uid is None
    one.data[0].y = [7, 8]
    assert list(other.data[0].y) == [5]
    assert list(live_figure(figure).data[0].y) == [1, 2]
