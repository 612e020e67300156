"""The practice stepper: epochs of practice by hand (3DrawAgent, section 3.3), live, as stored output, or afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent import events
from drawagent.curator import caps_of
from drawagent.curve import curve_svg, curve_text
from drawagent.gallery import Gallery
from drawagent.pages import text
from drawagent.reporting import EpochReport
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.tables import tries_of
from widgets import panels
from widgets.driver import Driver, drive
from widgets.episode import Cost, Episode, Place, places, read_episode
from widgets.front_end import Shown
from widgets.review import ReviewDesk
from widgets.stepper_figures import stepper_figure

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

    from drawagent.sketch import Sketch
    from drawagent.studio import Studio

_DOING: dict[type, str] = {
    events.EpochStarted: "epoch begun", events.CandidatesScored: "candidates drawn and scored",
    events.PairChosen: "pair chosen", events.PairSkipped: "no pair", events.Judged: "pair judged",
    events.EditsApplied: "library edited", events.UpdateFailed: "no edits that could be read",
    events.LibraryEdited: "library edited by a person", events.GateDecided: "gate decided",
    events.EpochFinished: "epoch ended", events.PractiseFinished: "practice ended", EpochReport: "library reported",
}


class PracticeStepper(Shown):
    """Steps a studio's practice and report; shows candidates, pairs, words, edits, cost and the learning curve.

    studio : an open run, which is let go when the stepper stops or comes to its end
    ask : whether every edit waits for a person first (`desk`)

    `driver` moves it (`step`, `step_epoch`, `run`, `pause`, `stop`), `desk` takes decisions, and `at` turns to another
    place; the buttons of the live widget call the same. All that is shown is read from the run's rows.
    """

    def __init__(self, studio: Studio, *, ask: bool = True) -> None:
        self.desk: ReviewDesk | None = ReviewDesk(caps_of(studio.settings), asking=ask)
        self.driver: Driver | None = drive(studio, desk=self.desk)
        self._begin(studio.gallery)
        self.driver.listen(self._heard)
        self.driver.watch(self._changed)

    def _begin(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.place: Place | None = None
        self.following = True
        self._latest: Any = None
        self._epochs = gallery.settings.epochs
        self._live: Any = None
        self._drawings: dict[str, Sketch | None] = {}

    @classmethod
    def of_run(cls, folder: Path | str, *, trust_plugins: bool = False) -> PracticeStepper:
        """A run to look at, without a model and without the buttons that move it; turn to its places with `at`.

        trust_plugins : see `drawagent.gallery.Gallery`. Raises ConfigurationError for a folder that is no run.
        """
        stepper = cls.__new__(cls)
        stepper.desk = stepper.driver = None
        stepper._begin(Gallery(RunStore.read(Path(folder)), trust_plugins))
        stepper.following = False
        found = places(stepper.gallery)
        stepper.place = found[-1] if found else None
        return stepper

    def at(self, epoch: int, query: str) -> PracticeStepper:
        """Turn to this epoch and learn query, and stay there. Raises ConfigurationError where the run has nothing."""
        known = places(self.gallery)
        if (epoch, query) not in known:
            shown = ", ".join(f"({place[0]}, {place[1]!r})" for place in known)
            raise ConfigurationError(f"an epoch and a query among {shown}" if known else "a run with candidates",
                                     came=f"({epoch}, {query!r})", where=self.gallery.run.folder.name)
        self.place, self.following = (epoch, query), False
        self._changed()
        return self

    def follow(self) -> PracticeStepper:
        """Turn to what happens last, from now on."""
        found = places(self.gallery)
        self.place, self.following = found[-1] if found else None, True
        self._changed()
        return self

    @property
    def episode(self) -> Episode | None:
        """What is shown now; None before the first candidates."""
        return None if self.place is None else read_episode(self.gallery, self.place, known=self._drawings)

    @property
    def progress(self) -> str:
        """One line: how it stands and what happened last; of a failed loop, the whole fault."""
        if self.driver is None:
            return f"{self.gallery.run.info['status']}, opened to look at"
        state = self.driver.state
        parts: list[str] = ["stopping, calls in flight are finished first" if self.driver.stopping
                 else "pausing after this event" if self.driver.pausing else state]
        if self._latest is not None:
            epoch = getattr(self._latest, "epoch", self.place[0] if self.place else None)
            where = "" if epoch is None else f"library of epoch {epoch}, " if isinstance(self._latest, EpochReport) \
                else f"epoch {epoch} of {self._epochs}, "
            parts.append(f"{where}{_DOING.get(type(self._latest), 'anchors measured')}")
            parts.append(f"{self.driver.told} event{'s' if self.driver.told > 1 else ''}")
        if state == "stopped":
            parts.append("everything so far is kept; open the run again to go on, nothing is asked twice")
        if self.driver.error is not None and state == "failed":
            parts.append(f"{type(self.driver.error).__name__}: {self.driver.error}")
        return "; ".join(parts)

    @property
    def cost(self) -> Cost:
        """Of what this run asked. Where it shares a ledger with others (a sweep), a call counts once a row of this run
        has its reply, what another run paid for it too: calls in flight there may be anybody's.
        """
        return Cost.of(tries_of(self.gallery.run))

    def figure(self) -> go.Figure:
        """Candidates in 3D with rewards and spreads; below them all views' scores, and the learning curve so far."""
        episode, gallery = self.episode, self.gallery
        settings = gallery.settings
        return stepper_figure(
            episode.sketches if episode else (), episode.rows if episode else (),
            marks=episode.marks if episode else {}, column=gallery.run.info["cards"]["reward"]["column"],
            curve=gallery.curve(), reported=gallery.column,
            title=f"{episode.text}, epoch {episode.epoch}" if episode else "no candidates yet",
            candidates=settings.candidates, watermark=bool(gallery.watermark),
        )

    def html(self) -> str:
        episode, gallery = self.episode, self.gallery
        curve = gallery.curve()
        drawn = curve_svg(curve, column=gallery.column, caption=gallery.caption()) if curve else ""
        return panels.panel(
            panels.heading(gallery), f"<p>{text(self.progress)}</p>",
            panels.fault(self.driver.error) if self.driver else "",
            panels.pictures(episode, gallery.settings) if episode else "<p>No candidates yet.</p>",
            panels.scores(episode) if episode else "", self.words(), self.question(), panels.epochs(gallery),
            f"{drawn}<pre>{text(curve_text(curve, column=gallery.column))}</pre>" if curve else "",
            panels.cost(self.cost),
        )

    def words(self) -> str:
        """The pair, the judge's words, the edits, the library's diff and the gate, as HTML."""
        episode = self.episode
        return panels.pair(episode) + panels.edits(episode) + panels.gate(episode) if episode else ""

    def question(self) -> str:
        """What waits for a person's decision, as HTML; "" when nothing does."""
        pending = self.desk.pending if self.desk else None
        libraries = self.gallery.run.rows("libraries")
        return panels.asked(pending, libraries[-1]["lessons"] if libraries else ())

    def _heard(self, event: Any) -> None:
        self._latest = event
        if isinstance(event, events.CandidatesScored) and self.following:
            self.place = (event.epoch, event.query.id)
        if isinstance(event, events.Judged) and self.following:
            self.place = (event.judgement.pair.epoch, event.judgement.pair.query)
        self._changed(drawn=isinstance(event, _REDRAWN))

    def _changed(self, *, drawn: bool = True) -> None:
        if self._live is not None:
            self._live.show(drawn=drawn)

    def _build(self) -> ipywidgets.Widget:
        from widgets.stepper_bench import Bench

        self._live = Bench(self)
        return self._live.box


_REDRAWN = (events.CandidatesScored, events.PairChosen, events.Judged, EpochReport)
