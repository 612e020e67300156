"""Pair viewer: the contrastive pairs of a run, one at a time, with linked cameras and all that is known of a pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.contrasts import Contrast, contrasts
from drawagent.disputes import Dispute, weigh
from drawagent.gallery import Gallery
from drawagent.lesson_lives import LessonLife, Proposal, lives, proposals
from drawagent.pages import text
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.scoring import ImageTextScorer
from easel.snapshots import Snapshot
from widgets import pair_words
from widgets.front_end import Shown
from widgets.live_figure import live_figure
from widgets.pair_figures import SCENES, contrast_figure, opinion_figure

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go


class PairViewer(Shown):
    """Looks at a run as it is when the viewer is made; a drawing is parsed, and other scorers are asked, when shown.

    run : folder or open run; scorers : others than the rewarding one, who say whether they agree
    Raises ConfigurationError for a run without pairs, and for a scorer that does not know a query's words.
    """

    def __init__(self, run: RunStore | Path | str, scorers: Sequence[ImageTextScorer] = ()) -> None:
        self.run, self.scorers = Snapshot.of(run), tuple(scorers)
        self.pairs: tuple[Contrast, ...] = contrasts(self.run)
        for scorer in self.scorers:
            for words in dict.fromkeys(pair.text for pair in self.pairs):
                scorer.check_text(words)
        self._gallery = Gallery(self.run)
        self._weighed: dict[int, Dispute] = {}
        self._lives: dict[str, LessonLife] | None = None
        self._place = 0
        self._live: _Live | None = None

    @property
    def current(self) -> Contrast:
        return self.pairs[self._place]

    @property
    def dispute(self) -> Dispute:
        """Of the pair that is shown; scorers are asked once."""
        if self._place not in self._weighed:
            self._weighed[self._place] = weigh([self.current], self.run, self.scorers)[0]
        return self._weighed[self._place]

    @property
    def lessons(self) -> tuple[Proposal, ...]:
        """What was learned from the pair that is shown, and where it went."""
        if self._lives is None:
            self._lives = lives(self.run)
        return proposals(self.run, self.current.id, self.current.epoch, known=self._lives)

    def show(self, pair: int | str) -> PairViewer:
        """Turn to a pair by its number or id ("castle/e1/p0"). Raises ConfigurationError where there is none."""
        ids = [one.id for one in self.pairs]
        place = ids.index(pair) if pair in ids else pair
        if not isinstance(place, int) or not 0 <= place < len(ids):
            raise ConfigurationError(f"a number from 0 to {len(ids) - 1}, or the id of a pair", came=repr(pair),
                                     where=self.run.folder.name, mend=f"The first one is {ids[0]}.")
        self._place = place
        if self._live is not None:
            self._live.redraw()
        return self

    def find(self, query: str, epoch: int) -> PairViewer:
        """Turn to the first pair of a query and an epoch."""
        found = next((one.id for one in self.pairs if (one.query, one.epoch) == (query, epoch)), None)
        if found is None:
            came = ", ".join(f"{one.query} in epoch {one.epoch}" for one in self.pairs[:8])
            raise ConfigurationError(f"a pair of {query!r} in epoch {epoch}", came=came, where=self.run.folder.name)
        return self.show(found)

    def figure(self) -> go.Figure:
        return contrast_figure(self.current, watermark=bool(self._gallery.watermark))

    def score_figure(self) -> go.Figure:
        """Scores of both drawings view by view, one panel per scorer."""
        return opinion_figure(self.dispute, watermark=bool(self._gallery.watermark))

    def html(self) -> str:
        """Pictures and words without scripts; below, folded, the same two drawings to turn, in a frame of their own."""
        mark = self._gallery.watermark
        return pair_words.panel(
            self._heading(), pair_words.stills(self.current, watermark=mark[:48]), self._words(scores=True),
            "<details><summary>Turn the two drawings together (needs scripts)</summary>",
            f"<iframe sandbox=allow-scripts width=100% height=900 style='border:0' srcdoc=\"{text(self.page())}\">",
            "</iframe></details>",
        )

    def page(self) -> str:
        """A whole HTML page of this pair with linked cameras, to be kept or sent."""
        title = f"{self.run.info['name']}: {self._gallery.caption()}"
        return pair_words.turning_page(
            self.current, self.dispute, self.lessons, title=title, watermark=self._gallery.watermark
        )

    def _heading(self) -> str:
        place = f"Pair {self._place + 1} of {len(self.pairs)}"
        return pair_words.heading(self.current, self.dispute, place, watermark=self._gallery.watermark)

    def _words(self, *, scores: bool = False) -> str:
        return (
            (pair_words.score_table(self.dispute) if scores else "") + pair_words.facts_side_by_side(self.current)
            + pair_words.judges_words(self.current) + pair_words.lessons(self.lessons)
        )

    def _build(self) -> ipywidgets.Widget:
        self._live = _Live(self)
        return self._live.box


class _Live:
    """The live side: two dropdowns, two buttons, scenes whose cameras follow each other, scores, words."""

    def __init__(self, viewer: PairViewer) -> None:
        import ipywidgets

        self._viewer = viewer
        self._moving = False
        self._scenes: Any = None
        queries = {one.query: one.text for one in viewer.pairs}
        self._query = ipywidgets.Dropdown(options=[(words, name) for name, words in queries.items()],
                                          description="query")
        self._epoch = ipywidgets.Dropdown(description="epoch", layout={"width": "180px"})
        self._back = ipywidgets.Button(description="previous", icon="arrow-left")
        self._next = ipywidgets.Button(description="next", icon="arrow-right")
        self._head, self._words = ipywidgets.HTML(), ipywidgets.HTML()
        self._middle = ipywidgets.VBox()
        self._query.observe(self._chosen, "value")
        self._epoch.observe(self._chosen, "value")
        self._back.on_click(lambda _: viewer.show(viewer._place - 1))
        self._next.on_click(lambda _: viewer.show(viewer._place + 1))
        bar = ipywidgets.HBox([self._query, self._epoch, self._back, self._next])
        self.box = ipywidgets.VBox([bar, self._head, self._middle, self._words])
        self.redraw()

    def redraw(self) -> None:
        """Everything anew but the place from which one looks."""
        viewer = self._viewer
        self._say_choice()
        camera = self._scenes.layout.scene.camera.to_plotly_json() if self._scenes is not None else None
        old = self._middle.children
        self._scenes = live_figure(viewer.figure())
        if camera:
            self._scenes.update_scenes(camera=camera)
        for own, other in (SCENES, SCENES[::-1]):
            self._scenes.layout.on_change(self._follow(other), f"{own}.camera")
        self._head.value, self._words.value = map(pair_words.panel, (viewer._heading(), viewer._words()))
        self._middle.children = (self._scenes, live_figure(viewer.score_figure()))
        for figure in old:
            figure.close()

    def _follow(self, other: str) -> Any:
        """A listener that turns the other scene's camera; what it sets itself calls no listener again."""

        def moved(layout: Any, camera: Any) -> None:
            if self._moving or layout[other].camera == camera:
                return
            self._moving = True
            try:
                layout[other].camera = camera.to_plotly_json()
            finally:
                self._moving = False

        return moved

    def _say_choice(self) -> None:
        """The dropdowns and buttons as the pair that is shown has them."""
        viewer, pair = self._viewer, self._viewer.current
        self._moving = True
        try:
            self._epoch.options = sorted({one.epoch for one in viewer.pairs if one.query == pair.query})
            self._query.value, self._epoch.value = pair.query, pair.epoch
        finally:
            self._moving = False
        self._back.disabled = viewer._place == 0
        self._next.disabled = viewer._place == len(viewer.pairs) - 1

    def _chosen(self, _: Any) -> None:
        if self._moving:
            return
        viewer, query = self._viewer, self._query.value
        epochs = [one.epoch for one in viewer.pairs if one.query == query]
        viewer.find(query, self._epoch.value if self._epoch.value in epochs else epochs[0])
