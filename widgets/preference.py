"""Preference: a blind A/B question on two drawings of one query, answered by buttons or in code."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.pages import STAND_IN, text
from drawagent.preferences import Comparison, Questionnaire, answered, rater_name, record
from drawagent.sketch import Sketch
from widgets.figures import _plain, sketch_figure
from widgets.front_end import Shown
from widgets.live_figure import live_figure
from widgets.pair_figures import still_views
from widgets.pair_words import panel

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

_EMPTY = Sketch(())
_BUTTONS = (("A is better", "A"), ("no preference", "none"), ("B is better", "B"))


class Preference(Shown):
    """Asks the comparisons that this rater has not answered yet; what is shown never says who drew what.

    asked : the comparisons; file : JSON lines, one per answer, several raters may share it; rater : a name
    Closing and coming back goes on where it stopped: what is answered stands in the file.
    """

    def __init__(self, asked: Questionnaire, file: Path | str, *, rater: str) -> None:
        self.asked, self.file, self.rater = asked, Path(file), rater_name(rater)
        self._done = set(answered(self.file, self.rater))
        self._since = time.monotonic()
        self._live: _Live | None = None

    @property
    def open(self) -> tuple[Comparison, ...]:
        """Comparisons without an answer of this rater, in the order of the questionnaire."""
        return tuple(one for one in self.asked.comparisons if one.id not in self._done)

    @property
    def current(self) -> Comparison | None:
        """The next one; None when all are answered."""
        return next(iter(self.open), None)

    def answer(self, comparison: str, choice: str, *, seconds: float | None = None) -> None:
        """Keep an answer: "A", "B" or "none" (no preference). Raises as `drawagent.preferences.record` does."""
        record(self.file, self.asked, comparison, choice, rater=self.rater, seconds=seconds)
        self._done.add(comparison)
        self._since = time.monotonic()
        if self._live is not None:
            self._live.redraw()

    def press(self, choice: str) -> None:
        """Answer what is shown, with the seconds since it was shown; what the buttons do."""
        if self.current is not None:
            self.answer(self.current.id, choice, seconds=time.monotonic() - self._since)

    @property
    def place(self) -> str:
        done = len(self.asked) - len(self.open)
        return f"{done} of {len(self.asked)} answered by {self.rater}"

    def figure(self) -> go.Figure:
        one = self.current
        if one is None:
            return sketch_figure([], watermark=False)
        figure = sketch_figure(
            [one.sketch_a or _EMPTY, one.sketch_b or _EMPTY], ["A", "B"], columns=2, cell=380,
            watermark=one.evidence == "stand-in",
        )
        return figure.update_layout(title={"text": _plain(one.text), "x": 0.5, "y": 0.98}, margin={"t": 60}, height=460)

    def html(self) -> str:
        one = self.current
        if one is None:
            return panel(f"<p><b>All done.</b> {text(self.place)}.</p>")
        mark = f"<p><b>{text(STAND_IN)}</b></p>" if one.evidence == "stand-in" else ""
        return panel(
            f"<h3 dir=auto>Which is the better drawing of: {text(one.text)}?</h3>{mark}<p>{text(self.place)}.</p>"
            f"<table><tr>{_cell('A', one.sketch_a)}{_cell('B', one.sketch_b)}</tr></table>"
            "<p>Answering by buttons needs a live front end (JupyterLab). In code it works everywhere: "
            f"<code>answer(\"{text(one.id)}\", \"A\")</code>, \"B\", or \"none\" for no preference.</p>"
        )

    def _build(self) -> ipywidgets.Widget:
        self._live = _Live(self)
        return self._live.box


def _cell(name: str, sketch: Sketch | None) -> str:
    pictures = "".join(
        f"<img src='{address}' width=230 height=230 alt='drawing {name}'>" for address in still_views(sketch or _EMPTY)
    )
    nothing = "" if sketch else "<br>(nothing was drawn)"
    return f"<td style='text-align:left'><b>{name}</b>{nothing}<br>{pictures}</td>"


class _Live:
    """Two scenes, three buttons, and how far one has come."""

    def __init__(self, preference: Preference) -> None:
        import ipywidgets

        self._preference = preference
        self._head, self._middle = ipywidgets.HTML(), ipywidgets.VBox()
        self._buttons = []
        for words, choice in _BUTTONS:
            button = ipywidgets.Button(description=words, layout={"width": "250px"})
            button.on_click(self._presses(choice))
            self._buttons.append(button)
        self.box = ipywidgets.VBox([self._head, self._middle, ipywidgets.HBox(self._buttons)])
        self.redraw()

    def _presses(self, choice: str) -> Any:
        return lambda _: self._preference.press(choice)

    def redraw(self) -> None:
        one, old = self._preference.current, self._middle.children
        question = f"Which is the better drawing of: {text(one.text)}?" if one else "All done."
        self._head.value = panel(f"<h3 dir=auto>{question}</h3><p>{text(self._preference.place)}</p>")
        self._middle.children = (live_figure(self._preference.figure()),) if one else ()
        for button in self._buttons:
            button.disabled = one is None
        for figure in old:
            figure.close()
