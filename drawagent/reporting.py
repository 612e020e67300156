"""Reporting: the report queries drawn with each epoch's library, measured by a model that took no part in learning."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from drawagent.artist import Artist
from drawagent.crew import Crew
from drawagent.experience import Library
from drawagent.inference import Drawing, finish, start
from drawagent.keeping import Keeper
from drawagent.metrics import Aesthetic, RememberedMetrics, SetMetrics, anchors, measure
from drawagent.queries import Query
from drawagent.reward import Reward, ViewReward


@dataclass(frozen=True)
class EpochReport:
    """The report of one library. epoch : 0 is before practice; metrics under the reporting model's card"""

    epoch: int
    library: Library
    drawings: tuple[Drawing, ...]
    metrics: SetMetrics


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
    draws = artist.settings.inference_draws
    with Crew(workers, stop=stop) as crew:
        begun = [
            [start(artist, crew, query, library, epoch=epoch, draws=draws, role="report") for query in queries]
            for epoch, library in enumerate(libraries)
        ]
        sketches = []
        for epoch, (library, futures) in enumerate(zip(libraries, begun, strict=True)):
            drawings = tuple(
                finish(query, waiting, reward, epoch=epoch) for query, waiting in zip(queries, futures, strict=True)
            )
            for drawing in drawings:
                keeper.report(drawing, reward)
            sketches = [drawing.chosen.candidate.sketch for drawing in drawings]
            metrics = measure(queries, sketches, measured_by, aesthetic=aesthetic, remembered=remembered)
            keeper.measured(f"epoch {epoch}", metrics)
            yield EpochReport(epoch, library, drawings, metrics)
        rows = AnchorReport(
            anchors(queries, sketches, measured_by, aesthetic=aesthetic, remembered=remembered)
        )
        for name, metrics in rows.rows.items():
            keeper.measured(name, metrics)
        yield rows
