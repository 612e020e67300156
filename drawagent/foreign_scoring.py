"""Foreign scoring: another method's files as a run of their own, under the cards and columns of our reports (ours).

No model is called. The run's evidence is "external"; its tables are `measured` and `metrics`, as a report writes them,
and `drawings`: per prompt what its file was, whose views were scored, why it failed, what was left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from drawagent.foreign import Foreign, match_files
from drawagent.foreign_pictures import Shown, runs_of_a_size, sheet, show, thumbnail
from drawagent.foreign_shapes import Curves, Up
from drawagent.keeping import Keeper, measured_sets
from drawagent.metrics import (
    Aesthetic,
    RememberedMetrics,
    Seen,
    SetMetrics,
    figures,
    look,
    measure,
    measured_key,
    other_texts,
    scribbles,
)
from drawagent.queries import Query
from drawagent.reward import BLANK, ViewReward
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from drawagent.studio import PACKAGES
from easel.errors import EaselError, MissingCapability, shorten
from easel.plugins import source_key
from easel.runs import RunStore, provenance
from easel.scoring import ImageTextScorer
from easel.studios import fingerprint

ROW = "epoch 0"
"""The row of the set: a method without practice stands where ours stand before theirs."""
SCRIBBLE = 16  # random strokes for a drawing that has none to count, as for a failed one in a report (ours)
SHEET = "views/what-was-scored.png"
_CELL, _COLUMNS = 112, 6


@dataclass(frozen=True)
class Scored:
    """run : closed; rows : row name -> figures, "epoch 0" and the anchors; drawings : what the files were"""

    run: RunStore
    rows: Mapping[str, SetMetrics]
    drawings: tuple[Mapping[str, Any], ...]


def score_folder(
    folder: Path,
    queries: Sequence[Query],
    *,
    method: str,
    scorer: ImageTextScorer,
    settings: DrawSettings,
    root: Path,
    date: str,
    aesthetic: Aesthetic | None = None,
    prompts: Path | None = None,
    up: Up = "z",
    curves: Curves = "straight",
    device: str = "cpu",
) -> Scored:
    """Score the files of a folder; again, nothing is drawn or embedded twice.

    folder, queries : see `drawagent.foreign`; prompts : where the queries came from, which may lie in the folder
    method : name of the run; settings : report_views, picture size, stroke width and cameras of what we draw
    up : upward axis of OBJ files; curves : how their lines become strokes, see `strokes_of`
    Raises ConfigurationError for a folder that does not fit the prompts and for words that the scorer does not know.
    """
    drawings = match_files(folder, queries, but=prompts)
    for query in queries:
        scorer.check_text(query.text)
    reward = ViewReward.of(settings, scorer, views=settings.report_views, device=device)
    configured = {
        "settings": settings.model_dump(mode="json"),
        "queries": {"learn": [], "gate": [], "report": [query.model_dump() for query in queries],
                    "source": prompts.name if prompts else ""},
        "method": method, "model": method, "evidence": "external",
        "measured_by": scorer.card.name, "measured_source": reward.source,
        "files": {one.query.id: one.hashes(Path(folder)) for one in drawings},
        "up": up, "curves": curves, "readers": _readers(drawings),
    }
    cards = {"report": vars(scorer.card), **({"aesthetic": vars(aesthetic.card)} if aesthetic else {})}
    run = RunStore.open(
        root, method, fingerprint=fingerprint(configured), configuration=configured, evidence="external", date=date,
        facts={"cards": cards, **provenance(PACKAGES)},
    )
    with run:
        scoring = _Scoring(run, drawings, reward, aesthetic, RememberedMetrics(measured_sets(run)),
                           lambda one: show(one, reward, up=up, curves=curves))
        rows = scoring.rows()
        keeper = Keeper(run)
        for name, metrics in rows.items():
            keeper.measured(name, metrics, epoch=0 if name == ROW else None)
        run.status("finished")
        return Scored(run, rows, tuple(run.rows("drawings")))


def _readers(drawings: Sequence[Foreign]) -> dict[str, str]:
    """What drew what we draw, by kind: an edit of it begins another run."""
    kinds = {one.kind for one in drawings}
    readers = {}
    if kinds & {"obj", "glb"}:
        from easel.mesh_views import mesh_views

        readers["faces"] = source_key(mesh_views)
    if "svg" in kinds:
        import importlib.metadata

        try:
            readers["svg"] = f"resvg_py {importlib.metadata.version('resvg_py')}"
        except importlib.metadata.PackageNotFoundError:
            readers["svg"] = "none"
    return readers


@dataclass
class _Scoring:
    """The figures of one folder; drawings are read, drawn and embedded one by one, and only if a figure needs it."""

    run: RunStore
    drawings: Sequence[Foreign]
    reward: ViewReward
    aesthetic: Aesthetic | None
    remembered: RememberedMetrics
    show: Callable[[Foreign], Shown]
    _seen: list[Seen] = field(default_factory=list)

    def rows(self) -> dict[str, SetMetrics]:
        queries = [one.query for one in self.drawings]
        if len(self.run.rows("drawings")) < len(queries):
            self._look()
        strokes = [row["strokes"] if row["valid"] and row["strokes"] else SCRIBBLE for row in self.run.rows("drawings")]
        rows = {
            ROW: self._figures(queries, "own"),
            "blank canvas": self._measure(queries, [BLANK] * len(queries)),
            "random strokes": self._measure(queries, scribbles(strokes)),
        }
        if len(queries) > 1:
            rows["wrong text"] = self._figures(other_texts(queries), "wrong")
        return rows

    def _measure(self, queries: Sequence[Query], sketches: Sequence[Sketch]) -> SetMetrics:
        return measure(queries, sketches, self.reward, aesthetic=self.aesthetic, remembered=self.remembered)

    def _figures(self, queries: Sequence[Query], what: str) -> SetMetrics:
        key = self._key(queries, what)
        known = self.remembered.find(key, self.reward.card)
        if known is not None:
            return known
        if not self._seen:
            self._look()
        return figures(queries, self._seen, self.reward.scorer, key=key)

    def _key(self, queries: Sequence[Query], what: str) -> str:
        """That of a report where all drawings are sketches of ours, so that the same set has the same key."""
        rows = self.run.rows("drawings")
        if all(row["kind"] in ("json", "") for row in rows):
            sketches = [self.show(one).sketch if row["valid"] else None
                        for one, row in zip(self.drawings, rows, strict=True)]
            return measured_key(queries, sketches, self.reward, self.aesthetic)
        rated = self.aesthetic.card.source if self.aesthetic else None
        texts = [[query.id, query.text, query.length] for query in queries]
        told = [self.run.info["fingerprint"], self.reward.source, rated, what, texts]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _look(self) -> None:
        """Read, draw and embed every drawing; keep what it was, and a sheet of what the scorer saw."""
        scorer, views = self.reward.scorer, len(self.reward.cameras)
        seen: dict[int, Seen] = {}
        sketches: dict[int, Sketch | None] = {}
        small: list[list[Any]] = []
        for place, drawing in enumerate(self.drawings):
            shown, reason = _tried(drawing, self.show)
            if shown is None or shown.sketch is not None:
                sketches[place] = shown.sketch if shown else None
            else:
                stacks = [look(stack[None], scorer, valid=[True], strokes=[shown.strokes], aesthetic=self.aesthetic)[0]
                          for stack in runs_of_a_size(shown.views)]
                seen[place] = _together(stacks)
            small.append([thumbnail(view, _CELL) for view in shown.views[:_COLUMNS]] if shown else [])
            self.run.append("drawings", drawing.query.id, {
                "query": drawing.query.id, "kind": drawing.kind or "", "files": [path.name for path in drawing.files],
                "views": len(shown.views) if shown and shown.views else views,
                "views_of": "the method's own" if shown and shown.own else "ours",
                "strokes": shown.strokes if shown else 0, "valid": shown is not None, "reason": reason,
                "said": list(shown.said) if shown else [],
            })
        if sketches:
            # All at once, as a report does it: the same drawings have the same figures to the last digit.
            pictures = self.reward.pictures([sketch or BLANK for sketch in sketches.values()])
            strokes = [len(sketch) if sketch else 0 for sketch in sketches.values()]
            looked = look(pictures, scorer, valid=[sketch is not None for sketch in sketches.values()],
                          strokes=strokes, aesthetic=self.aesthetic)
            seen |= dict(zip(sketches, looked, strict=True))
            for place, views_of_one in zip(sketches, pictures, strict=True):
                if sketches[place] is not None:
                    small[place] = [thumbnail(view, _CELL) for view in views_of_one[:_COLUMNS]]
        self._seen = [seen[place] for place in range(len(self.drawings))]
        labels = [one.query.text for one in self.drawings]
        self.run.write(SHEET, sheet(list(zip(labels, small, strict=True)), cell=_CELL, most=_COLUMNS))


def _tried(drawing: Foreign, read: Callable[[Foreign], Shown]) -> tuple[Shown | None, str]:
    """The drawing, or why there is none: a file that cannot be taken is a failed drawing, a missing package is not."""
    if drawing.kind is None:
        return None, "no file"
    try:
        return read(drawing), ""
    except MissingCapability:
        raise
    except EaselError as error:
        return None, shorten(str(error), 300)


def _together(parts: Sequence[Seen]) -> Seen:
    """The views of one drawing that were looked at in several stacks."""
    counts = [len(part.embedded) for part in parts]
    rated = [part.rating for part in parts if part.rating is not None]
    rating = sum(r * n for r, n in zip(rated, counts, strict=True)) / sum(counts) if rated else None
    return Seen(np.concatenate([part.embedded for part in parts]), True, parts[0].strokes, rating)
