"""The front end: live only where that is known to work, and static views say that they are static, and why."""

from __future__ import annotations

import pytest

from easel.errors import ConfigurationError
from widgets.front_end import FrontEnd, Shown, live_front_end

KERNEL = {"ipykernel"}
LAB = {"JPY_SESSION_NAME": "/w/10.ipynb", "JPY_PARENT_PID": "1"}


class Word(Shown):
    """The least that can be shown."""

    built = 0

    def figure(self):
        import plotly.graph_objects as go

        return go.Figure()

    def html(self):
        return "<p>word</p>"

    def _build(self):
        import ipywidgets

        self.built += 1
        return ipywidgets.HTML("word")


@pytest.mark.parametrize(("environment", "modules", "live", "why"), [
    (LAB, KERNEL, True, "a Jupyter server started this kernel (JupyterLab, Notebook 7)"),
    ({**LAB, "VSCODE_PID": "7"}, KERNEL, False, "live widgets are not known to work in VS Code"),
    ({"VSCODE_CWD": "/"}, KERNEL, False, "live widgets are not known to work in VS Code"),
    ({**LAB, "COLAB_RELEASE_TAG": "x"}, KERNEL, False, "live widgets are not known to work in Colab"),
    (LAB, {"google.colab", "ipykernel"}, False, "live widgets are not known to work in Colab"),
    ({"JPY_PARENT_PID": "1"}, KERNEL, False,
     "no Jupyter server started this kernel (papermill, nbconvert and the like store output)"),
    (LAB, set(), False, "this is no notebook kernel"),
    ({}, set(), False, "this is no notebook kernel"),
    ({**LAB, "EASEL_WIDGETS": "static"}, KERNEL, False, "EASEL_WIDGETS=static says so"),
    ({"EASEL_WIDGETS": "live", "VSCODE_PID": "7"}, set(), True, "EASEL_WIDGETS=live says so"),
    ({**LAB, "EASEL_WIDGETS": ""}, KERNEL, True, "a Jupyter server started this kernel (JupyterLab, Notebook 7)"),
])
def test_the_choice_and_its_reason(environment, modules, live, why):
    assert live_front_end(environment, modules) == FrontEnd(live, why)


def test_another_word_in_the_switch_is_refused():
    with pytest.raises(ConfigurationError, match=r"expected live or static, got 'on' \(at environment variable EASEL_WIDGETS\)"):
        live_front_end({"EASEL_WIDGETS": "on"}, KERNEL)


def test_static_output_says_that_it_is_static_and_why(monkeypatch):
    monkeypatch.setenv("EASEL_WIDGETS", "static")
    shown = Word()
    bundle = shown._repr_mimebundle_()
    assert bundle == {
        "text/plain": "Word: static view: pictures and words, no buttons, because EASEL_WIDGETS=static says so",
        "text/html": "<p><i>Static view: pictures and words, no buttons, because EASEL_WIDGETS=static says so. "
                     "EASEL_WIDGETS=live overrides.</i></p>\n<p>word</p>",
    }
    assert shown.built == 0, "no widget is made where none is shown"


def test_reasons_are_escaped():
    assert "because &lt;b&gt;." in Word().static("<b>")


def test_live_output_is_the_widget_and_always_the_same_one(monkeypatch):
    monkeypatch.setenv("EASEL_WIDGETS", "live")
    shown = Word()
    bundles = [shown._repr_mimebundle_(include=None, exclude=None) for _ in range(2)]
    assert {bundle["application/vnd.jupyter.widget-view+json"]["model_id"] for bundle in bundles} == {
        shown.widget().model_id}
    assert shown.built == 1


def test_what_cannot_be_shown_cannot_be_made():
    with pytest.raises(TypeError, match="abstract method"):
        Shown()
