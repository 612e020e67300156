"""Attempt browser: every program of every part, path by path and step by step, with what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.gallery import Gallery
from widgets import craft_words, panels
from widgets.craft_bench import button
from widgets.craft_figures import score_figure
from widgets.front_end import Shown
from widgets.live_figure import live_figure

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go


class AttemptBrowser(Shown):
    """Looks at the attempts of a run as they stand when the browser is made; asks nothing and runs nothing.

    run : folder, or an open run. Begins at the chosen attempt of the first part.
    Raises ConfigurationError for a run without attempts.
    """

    def __init__(self, run: RunStore | Path | str) -> None:
        self.gallery = Gallery(run)
        self.rows = self.gallery.attempts
        if not self.rows:
            raise ConfigurationError("a run with attempts", came="none", where=self.gallery.folder.name)
        self.ids = tuple(craft_words.attempt_id(row) for row in self.rows)
        self.chosen = {row["component"]: row["chosen"] for row in self.gallery.components}
        self.chosen |= {row["component"]: craft_words.attempt_id(row) for row in self.gallery.chosen}
        self.current = self._first(self.components[0])
        self._live: _Live | None = None

    @property
    def components(self) -> tuple[str, ...]:
        """Those that have attempts, in order."""
        return tuple(dict.fromkeys(row["component"] for row in self.rows))

    @property
    def row(self) -> dict[str, Any]:
        """Of the attempt that is shown."""
        return self.rows[self.ids.index(self.current)]

    def show(self, attempt: str) -> AttemptBrowser:
        """Turn to "component/m0/t1/r0", or to the chosen attempt of a part. Raises ConfigurationError otherwise."""
        wanted = self._first(attempt) if attempt in self.components else attempt
        if wanted not in self.ids:
            raise ConfigurationError(f"an attempt, {self.ids[0]} for one, or a part: {', '.join(self.components)}",
                                     came=attempt, where=self.gallery.folder.name)
        self.current = wanted
        if self._live is not None:
            self._live.redraw()
        return self

    @property
    def before(self) -> str:
        """The id of the program before this one on its path; "" where it is the first."""
        own = [one for one in self.ids if one.split("/")[:2] == self.current.split("/")[:2]]
        place = own.index(self.current)
        return own[place - 1] if place else ""

    def figure(self) -> go.Figure:
        """Scores of all attempts by step."""
        return score_figure(self.rows, column="Evaluator's score", watermark=bool(self.gallery.watermark))

    def html(self) -> str:
        return panels.panel(craft_words.heading(self.gallery), self._grids(), self._picture(), self._words())

    def _grids(self) -> str:
        """The scores of the part that is shown; of the others the chosen ones."""
        name = self.row["component"]
        own = [row for row in self.rows if row["component"] == name]
        others = ", ".join(f"{one}: {self.chosen.get(one) or 'none ran'}" for one in self.components if one != name)
        rest = f"<p>Chosen of the other parts: {text(others)}.</p>" if others else ""
        return (f"<p><b>{text(name)}</b>, scores (* chosen, [ ] shown)</p>"
                f"{craft_words.grid(own, self.chosen.get(name, ''), self.current)}{rest}")

    def _picture(self) -> str:
        return craft_words.picture(self.gallery.sheet(self.current), f"attempt {self.current}")

    def _words(self) -> str:
        row, before = self.row, self.before
        told = f"<p><b>{text(self.current)}</b>, {text(row['kind'])}</p>{craft_words.verdict(row)}"
        if before:
            old = self.rows[self.ids.index(before)]
            told += craft_words.program_diff(old["program"], row["program"], before)
        return told + craft_words.program(row["program"])

    def _first(self, component: str) -> str:
        """The chosen attempt of a part, else its last one."""
        own = [one for one in self.ids if one.split("/")[0] == component]
        return self.chosen.get(component) or own[-1]

    def _build(self) -> ipywidgets.Widget:
        self._live = _Live(self)
        return self._live.box


class _Live:
    """The live side: part, path and step to choose from; picture, words and scores."""

    def __init__(self, browser: AttemptBrowser) -> None:
        import ipywidgets as ipw

        self._browser, self._showing = browser, False
        self._part = ipw.Dropdown(options=browser.components, description="part")
        self._attempt = ipw.Dropdown(description="attempt", layout={"width": "420px"})
        self._back = button("previous", "arrow-left", lambda: self._move(-1))
        self._next = button("next", "arrow-right", lambda: self._move(1))
        self._grid, self._picture, self._words = (ipw.HTML() for _ in range(3))
        self._part.observe(lambda change: self._turn(change["new"]), "value")
        self._attempt.observe(lambda change: self._turn(change["new"]), "value")
        bar = ipw.HBox([self._part, self._attempt, self._back, self._next], layout={"flex_flow": "row wrap"})
        head = ipw.HTML(panels.panel(craft_words.heading(browser.gallery)))
        self.box = ipw.VBox([head, bar, self._grid, self._picture, self._words, live_figure(browser.figure())],
                            layout={"width": "100%", "max_width": "1000px"})
        self.box.add_class("attempt-browser")
        self.redraw()

    def redraw(self) -> None:
        browser = self._browser
        self._showing = True
        try:
            row = browser.row
            self._part.value = row["component"]
            own = [(self._label(one, kept), one) for one, kept in zip(browser.ids, browser.rows, strict=True)
                   if kept["component"] == row["component"]]
            if self._attempt.options != tuple(own):
                self._attempt.options = own
            self._attempt.value = browser.current
        finally:
            self._showing = False
        place = browser.ids.index(browser.current)
        self._back.disabled, self._next.disabled = place == 0, place == len(browser.ids) - 1
        self._grid.value = panels.panel(browser._grids())
        self._picture.value = panels.panel(browser._picture())
        self._words.value = panels.panel(browser._words())

    def _label(self, attempt: str, row: dict[str, Any]) -> str:
        score = "no score" if row["score"] is None else f"score {row['score']:g}"
        chosen = ", chosen" if attempt in self._browser.chosen.values() else ""
        return f"path {row['m']}, step {row['t']}, {row['kind']}: {score}{chosen}"

    def _turn(self, wanted: str | None) -> None:
        if wanted is not None and not self._showing:
            self._browser.show(wanted)

    def _move(self, by: int) -> None:
        self._browser.show(self._browser.ids[self._browser.ids.index(self._browser.current) + by])
