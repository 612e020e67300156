"""Live figures: the browser knows traces and layout from the first message, under the names that Python uses."""

from __future__ import annotations

import threading

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


def test_no_drawing_is_lost_while_a_browser_is_heard_in_another_thread(monkeypatch):
    live, hearing, drawn = live_figure(go.Figure(go.Scatter(y=[0]))), threading.Event(), threading.Event()
    sent = []
    monkeypatch.setattr(live, "send_state", lambda key=None: sent.append(live._py2js_update))
    from_json = live.trait_metadata("_js2py_layoutDelta", "from_json")

    def slowly(value, widget):
        hearing.set()
        drawn.wait(0.2)
        return from_json(value, widget)

    monkeypatch.setattr(type(live)._js2py_layoutDelta, "metadata",
                        {**type(live)._js2py_layoutDelta.metadata, "from_json": slowly})

    def draw():
        hearing.wait()
        with live.batch_update():
            live.data[0].y = [7, 8]
        drawn.set()

    drawing = threading.Thread(target=draw)
    drawing.start()
    live.set_state({"_js2py_layoutDelta": None})
    drawing.join()
    assert [message["style_data"]["y"] for message in sent if message] == [[[7, 8]]]
