"""Rescoring: the report drawings of a finished run under another scorer, beside its own figures (ours).

No model is called and nothing that stands in the run changes: rows are added to `measured` and `metrics` under keys
that begin "rescored/<key of the card>/", and the card to run.json under cards["rescored"].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drawagent.gallery import Gallery
from drawagent.keeping import RESCORED, Keeper, measured_sets
from drawagent.metrics import Aesthetic, RememberedMetrics, SetMetrics, anchors, measure
from drawagent.queries import Query
from drawagent.reward import ViewReward
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.scoring import ImageTextScorer, ScorerCard


@dataclass(frozen=True)
class Rescored:
    """run : closed; under : what the keys of its rows begin with
    rows : "epoch 0", "epoch 0, draw 1", ..., and the anchors, as a report has them
    rewarded : this very scorer rewarded the practice; reported : it made the run's own report, and nothing was added
    """

    run: RunStore
    under: str
    rows: Mapping[str, SetMetrics]
    rewarded: bool
    reported: bool


def under(card: ScorerCard) -> str:
    """What the keys of rows by this scorer begin with."""
    return f"{RESCORED}{card.key[:12]}/"


def rescore(
    folder: Path, scorer: ImageTextScorer, *, aesthetic: Aesthetic | None = None, device: str = "cpu",
    trust_plugins: bool = False,
) -> Rescored:
    """Measure what a run reported, with its own cameras and raster, by `scorer`. Again, nothing is computed twice.

    aesthetic : AES too; trust_plugins : call whatever renderer the run names, see `Gallery`
    Raises ConfigurationError for a run that is not finished, reports nothing, or whose replies now read as other
    drawings, and for words that the scorer does not know; RunBusy while somebody writes it.
    """
    with RunStore.amend(folder) as run:
        queries, drawn = _report(run, trust_plugins)
        for query in queries:
            scorer.check_text(query.text)
        settings = Gallery(run, trust_plugins).settings
        reward = ViewReward.of(settings, scorer, views=settings.report_views, device=device)
        configured, cards = run.info["configuration"], run.info.get("cards", {})
        reported = aesthetic is None and configured["measured_source"] == reward.source
        remembered = RememberedMetrics(measured_sets(run, rescored=not reported))
        keeper = Keeper(None if reported else run, under(scorer.card))
        if not reported:
            added = {one.key[:12]: vars(one) for one in (scorer.card, *([aesthetic.card] if aesthetic else []))}
            run.note(cards={**cards, "rescored": {**added, **cards.get("rescored", {})}})
        rows: dict[str, SetMetrics] = {}
        sketches: list[Sketch | None] = []
        for (epoch, draw), sketches in drawn.items():
            metrics = measure(queries, sketches, reward, aesthetic=aesthetic, remembered=remembered)
            keeper.measured(f"epoch {epoch}", metrics, epoch=epoch, draw=draw)
            rows[f"epoch {epoch}, draw {draw}" if draw else f"epoch {epoch}"] = metrics
        for name, metrics in anchors(queries, sketches, reward, aesthetic=aesthetic, remembered=remembered).items():
            keeper.measured(name, metrics)
            rows[name] = metrics
        rewarded = configured["reward_source"].startswith(f"{scorer.card.source}|")  # by whatever views
        return Rescored(run, keeper.under, rows, rewarded, reported)


def _report(
    run: RunStore, trust_plugins: bool
) -> tuple[list[Query], dict[tuple[int, int], list[Sketch | None]]]:
    """The report queries, and (epoch, draw) -> the drawing that inference took for each; None for a failed one."""
    name, mend = run.folder.name, ""
    if run.info["evidence"] == "external":
        mend = "Files of another method are scored again by `score`, which makes another run."
    chosen: dict[tuple[int, int], dict[str, dict[str, Any]]] = {}
    gallery = Gallery(run, trust_plugins)
    for row in gallery.rollouts("report"):
        if row["chosen"]:
            chosen.setdefault((row["epoch"], row["draw"]), {})[row["query"]] = row
    if not chosen:
        raise ConfigurationError("a run with report drawings", came="none", where=name, mend=mend)
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished run", came=run.info["status"], where=name,
                                 mend="Resume it first; nothing is paid twice.")
    queries = [Query(**row) for row in run.info["configuration"]["queries"]["report"]]
    drawn = {}
    for place, rows in sorted(chosen.items()):
        missing = [query.id for query in queries if query.id not in rows]
        if missing:
            raise ConfigurationError("every report query with every library", where=name,
                                     came=f"none of '{missing[0]}' for epoch {place[0]}")
        drawn[place] = [_drawing(gallery, rows[query.id], name) for query in queries]
    return queries, drawn


def _drawing(gallery: Gallery, row: dict[str, Any], name: str) -> Sketch | None:
    sketch = gallery.sketch(row)
    if sketch is not None and sketch.key != row["sketch_key"]:
        raise ConfigurationError("replies that read as they did when they were scored", where=name,
                                 came=f"another drawing of '{row['query']}', epoch {row['epoch']}",
                                 mend="The reader of drawings has changed since; rescore with the version in run.json.")
    return sketch
