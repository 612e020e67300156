"""The shape stepper: an object made step by step (ShapeCraft, section 3), live, or as stored output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from easel.tables import tries_of
from shapecraft import events
from widgets import craft_words, panels
from widgets.craft_figures import Layers, object_figure, score_figure
from widgets.craft_making import Making
from widgets.driver import Driver, State
from widgets.episode import Cost
from widgets.front_end import Shown

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

    from shapecraft.studio import Studio

_REDRAWN = (events.Parsed, events.Bootstrapped, events.AttemptFinished, events.ComponentFinished,
            events.ExploreFinished)


def drive_shape(studio: Studio) -> Driver:
    """A driver of the studio's exploration. The run is let go at the end, with its status; a wall that the studio owns
    is closed with it. A run that was stopped or has failed goes on, when it is opened again, from what it holds.
    """

    def at_end(state: State, error: BaseException | None) -> None:
        if state == "finished":
            studio.run.status("finished")
        elif state == "stopped":
            studio.run.status("interrupted", reason="stopped by a person")
        failed = error if state == "failed" else None
        studio.__exit__(None if failed is None else type(failed), failed, None)

    return Driver(studio.explore(), stop=studio.stop, at_end=at_end)


class ShapeStepper(Shown):
    """Steps a studio's exploration; shows parts as they arrive inside their boxes, the tree, scores, and the cost.

    studio : an open run, which is let go when the stepper stops or comes to its end

    `driver` moves it (`step`, `step_part`, `run`, `pause`, `stop`); the buttons of the live widget call the same.
    """

    def __init__(self, studio: Studio) -> None:
        self.gallery = studio.gallery
        self.making = Making()
        self._live: Any = None
        self.driver = drive_shape(studio)
        self.driver.listen(self._heard)
        self.driver.watch(self._changed)

    def step_part(self) -> Driver:
        """To the next part whose paths have ended, or to the end."""
        return self.driver.step_to(events.ComponentFinished, events.ExploreFinished)

    @property
    def progress(self) -> str:
        """One line: how it stands and what happened last; of a failed loop, the whole fault."""
        driver = self.driver
        parts: list[str] = ["stopping, calls in flight are finished first" if driver.stopping
                            else "pausing after this event" if driver.pausing else driver.state]
        if self.making.latest is not None:
            parts += [self.making.words(), f"{driver.told} event{'s' if driver.told > 1 else ''}"]
        if driver.state == "stopped":
            parts.append("everything so far is kept; open the run again to go on, nothing is asked twice")
        if driver.error is not None and driver.state == "failed":
            parts.append(f"{type(driver.error).__name__}: {driver.error}")
        return "; ".join(parts)

    @property
    def cost(self) -> Cost:
        """Of what this run asked."""
        return Cost.of(tries_of(self.gallery.run))

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        """The attempts so far, as the run keeps them."""
        return [attempt.row() for attempt in self.making.attempts]

    def figure(self, layers: Layers | None = None, **more: Any) -> go.Figure:
        """Boxes and parts in 3D. layers : what of them; more : as `widgets.craft_figures.object_figure`"""
        making = self.making
        return object_figure(making.graph, making.parts, layers=layers, title=self.gallery.prompt,
                             watermark=bool(self.gallery.watermark), **more)

    def score_figure(self) -> go.Figure:
        """Scores of all attempts so far by step."""
        return score_figure(self.rows, column="Evaluator's score", watermark=bool(self.gallery.watermark))

    def html(self) -> str:
        making = self.making
        return panels.panel(
            craft_words.heading(self.gallery), f"<p>{text(self.progress)}</p>", panels.fault(self.driver.error),
            craft_words.stills(making.mesh, making.graph.object if making.graph else "an object",
                               watermark=self.gallery.watermark),
            self.words(), panels.cost(self.cost),
        )

    def words(self) -> str:
        """The tree, and every part's scores by path and step, as HTML."""
        making = self.making
        told = craft_words.tree(making.graph, making.scores,
                                {name: len(part.faces) for name, part in making.parts.items()})
        rows = self.rows
        for name in dict.fromkeys(row["component"] for row in rows):
            own = [row for row in rows if row["component"] == name]
            told += f"<p><b>{text(name)}</b></p>{craft_words.grid(own, making.chosen.get(name, ''))}"
        return told

    def _heard(self, event: Any) -> None:
        self.making = self.making.after(event)
        self._changed(drawn=isinstance(event, _REDRAWN))

    def _changed(self, *, drawn: bool = False) -> None:
        if self._live is not None:
            self._live.show(drawn=drawn)

    def _build(self) -> ipywidgets.Widget:
        from widgets.craft_bench import ShapeBench

        self._live = ShapeBench(self)
        return self._live.box
