"""Reporting: the report queries drawn with each epoch's library, measured by a model that took no part in learning."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.inference import Drawing, finish, start
from drawagent.keeping import Keeper
from drawagent.metrics import Aesthetic, RememberedMetrics, SetMetrics, anchors, measure
from drawagent.queries import Query
from drawagent.reward import Reward, ViewReward
from drawagent.settings import DrawSettings
from easel.crew import Crew
from easel.plugins import load


@dataclass(frozen=True)
class EpochReport:
    """The report of one library. epoch : 0 is before practice; metrics under the reporting model's card

    draw : d of `settings.report_draws` independent drawings of every query
    """

    epoch: int
    library: Library
    drawings: tuple[Drawing, ...]
    metrics: SetMetrics
    draw: int = 0


@dataclass(frozen=True)
class AnchorReport:
    """Anchor rows for the drawings of the last epoch: blank canvas, random strokes, wrong text."""

    rows: dict[str, SetMetrics]


def report(
    libraries: Sequence[Library],
    queries: Sequence[Query],
    *,
    artist: Artist,
    reward: Reward,
    measured_by: ViewReward,
    aesthetic: Aesthetic | None = None,
    remembered: RememberedMetrics | None = None,
    keeper: Keeper = Keeper(),
    workers: int = 8,
    stop: threading.Event | None = None,
) -> Generator[EpochReport | AnchorReport, None, None]:
    """Draw every query with every library (all calls side by side), choose by `reward`, measure by `measured_by`.

    remembered : figures of a record, told in place of computed ones
    Libraries that are the same ask the same requests, which the record answers once.
    """
    if not libraries or not queries:
        return
    settings = artist.settings
    libraries = _controlled(libraries, settings, keeper)
    with Crew(workers, stop=stop) as crew:
        begun = [
            (epoch, draw, library, [
                start(artist, crew, query, library, epoch=epoch, draws=settings.inference_draws, role="report",
                      first=draw * settings.inference_draws)
                for query in queries
            ])
            for epoch, library in enumerate(libraries) for draw in range(settings.report_draws)
        ]
        sketches = []
        for epoch, draw, library, futures in begun:
            drawings = tuple(
                finish(query, waiting, reward, epoch=epoch) for query, waiting in zip(queries, futures, strict=True)
            )
            for drawing in drawings:
                keeper.report(drawing, reward, draw=draw)
            sketches = [drawing.chosen.candidate.sketch for drawing in drawings]
            metrics = measure(queries, sketches, measured_by, aesthetic=aesthetic, remembered=remembered)
            keeper.measured(f"epoch {epoch}", metrics, epoch=epoch, draw=draw)
            yield EpochReport(epoch, library, drawings, metrics, draw)
        rows = AnchorReport(
            anchors(queries, sketches, measured_by, aesthetic=aesthetic, remembered=remembered)
        )
        for name, metrics in rows.rows.items():
            keeper.measured(name, metrics)
        yield rows


def _controlled(libraries: Sequence[Library], settings: DrawSettings, keeper: Keeper) -> Sequence[Library]:
    """What reports: the learned libraries, or what the settings' control makes of them."""
    if not settings.control:
        return libraries
    control = load(settings.control)
    made = [control(library, seed=f"{settings.chance}/{epoch}") for epoch, library in enumerate(libraries)]
    for epoch, library in enumerate(made):
        keeper.control(epoch, library)
    return made
