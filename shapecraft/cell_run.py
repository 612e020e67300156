"""Cell runs: the objects of one cell, made one after another and measured, with a run folder for what came of them.

Every object is a run of its own beside the cell's, as the command line would make it. The cell's run holds one row an
object (`objects.jsonl`: figures and the object's run) and, in run.json, what each took by the ledger, so that tables
are made from run folders alone. Outcomes of programs lie where replies lie: the runs of a sweep share them.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from easel.arguments import read_budget
from easel.chat import Evidence
from easel.errors import ConfigurationError
from easel.runs import RunBusy, RunStore
from easel.stand_ins import is_stand_in
from easel.studios import closing_after_failure, fingerprint
from shapecraft.catalogue import Entry
from shapecraft.catalogue_meshes import CatalogueMeshes
from shapecraft.cells import CraftCell
from shapecraft.costs import tries_of
from shapecraft.evaluation import ObjectRow, evaluate_one
from shapecraft.events import Event
from shapecraft.remembering import ProgramShelf, RememberedWall
from shapecraft.studio import Studio, configuration
from shapecraft.subjects import find_subjects
from shapecraft.wall import Wall, open_wall

if TYPE_CHECKING:
    from easel.budget import Budget
    from easel.scoring import ImageTextScorer
    from shapecraft.question_judge import Judge

T = TypeVar("T")
OBJECTS = "objects"
"""Table of a cell's run."""
BY_THE_CLOCK = ("tokens", "dollars", "minutes", "minutes_added")
"""Figures of the ledger: they stand in run.json, since a row must be the same when a cell is resumed."""


@dataclass
class CellRun:
    """An open cell. Iterate `make()` to its end, then `finish()`; use it in `with`.

    run : the cell's folder; wall : behind which every program runs, known outcomes first
    scorer, judge : None where the cell names none
    """

    cell: CraftCell
    run: RunStore
    wall: Wall
    budget: Budget
    meshes: CatalogueMeshes
    scorer: ImageTextScorer | None = None
    judge: Judge | None = None
    patience: float = 86_400.0

    def make(self) -> Iterator[tuple[str, Event]]:
        """(object, event) of all objects, in the order of the catalogue; each is measured once it has ended.

        An object that could not be made is a row with its reason; faults of provider, budget and machine are raised.
        """
        for entry in self.cell.entries():
            with patiently(partial(self._studio, entry), self.patience) as studio:
                for event in studio.explore():
                    yield entry.name, event
                studio.run.status("finished")
            self._measure(entry, studio.run)

    @property
    def rows(self) -> tuple[ObjectRow, ...]:
        """What was measured of each object, costs by the ledger among it."""
        return read_rows(self.run)

    def finish(self) -> None:
        """Say that all objects are made. Raises ConfigurationError where one is not."""
        missing = [one.name for one in self.cell.entries() if one.name not in self.run.keyed(OBJECTS)]
        if missing:
            raise ConfigurationError("every object, made and measured", came=f"not {', '.join(missing)}",
                                     where=self.run.folder.name, mend="Iterate make() to its end.")
        self.run.status("finished")

    def caption(self) -> str:
        """What may be said of its figures."""
        grade = {"stand-in": "STAND-IN, no result"}.get(self.run.info["evidence"], self.run.info["evidence"])
        return f"{len(self.run.rows(OBJECTS))} objects, {grade}"

    def _studio(self, entry: Entry) -> Studio:
        from shapecraft.live import open_live

        cell = self.cell
        studio = open_live(
            cell.prompt(entry), cell.craft_settings(), model=cell.model, root=Path(cell.root), name=entry.name,
            date=_today(), vision_model=cell.vision_model or None, budget=self.budget,
            api_base=cell.api_base or None, prices=cell.existing(cell.prices), concurrency=cell.concurrency,
            label=cell.label or None, vision_label=cell.vision_label or None, sees_images=cell.sees_images,
            wall=self.wall, home=Path(cell.home) if cell.home else None,
        )
        return studio

    def _measure(self, entry: Entry, made: RunStore) -> None:
        known, took = self.run.keyed(OBJECTS).get(entry.name), self.run.info.get("took", {})
        key = made.rows("explored")[0]["object"]
        if known is not None and known["object"] == key and entry.name in took:
            return
        subject = replace(find_subjects(made.folder, catalogue=self.meshes).subjects[0], name=entry.name)
        row = evaluate_one(subject, scorer=self.scorer, judge=self.judge,
                           questions=self.cell.question_book() if self.judge else None).row
        self.run.append(OBJECTS, entry.name, {
            "object": key, "run": made.folder.name, "programs": len(made.rows("attempts")), **_plain(row)})
        tries = tries_of(made)
        self.run.note(took={**took, entry.name: {
            **{name: _number(getattr(row, name)) for name in BY_THE_CLOCK},
            "cannot": [[name, why] for name, why in row.cannot if name in BY_THE_CLOCK],
            "tries": len(tries), "failures": sum(one.outcome != "ok" for one in tries),
            "seconds": round(math.fsum(one.seconds for one in tries), 3),
        }})

    def __enter__(self) -> CellRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall.close()
        self.run.__exit__(kind, error, trace)


def open_cell(cell: CraftCell, *, patience: float = 86_400.0, wall: Wall | None = None) -> CellRun:
    """A cell's run, new or resumed. wall : None opens one; closed with the cell in any case

    Raises MissingCapability, before anything is written, where no wall can stand.
    """
    scorer = _scorer(cell)
    standing: Wall = open_wall(disposable_machine=cell.disposable_machine) if wall is None else wall
    try:
        run = patiently(partial(_opened, cell, scorer), patience)
        with closing_after_failure(run):
            shared = RememberedWall(standing, ProgramShelf.of(run.home, standing))
            budget = read_budget(cell.budget)
            meshes = CatalogueMeshes(lambda: shared)
            return CellRun(cell, run, shared, budget, meshes, scorer, _judge(cell, run, budget), patience)
    except BaseException:
        standing.close()
        raise


def read_rows(run: RunStore) -> tuple[ObjectRow, ...]:
    """The rows of a cell's run, with what each object took by the ledger."""
    took = run.info.get("took", {})
    found = []
    for name, row in run.keyed(OBJECTS).items():
        own = took.get(name, {})
        values = {key: row[key] for key in ObjectRow.__dataclass_fields__ if key in row}
        values |= {key: own.get(key) for key in BY_THE_CLOCK}
        values = {key: math.nan if value is None else value for key, value in values.items()}
        cannot = [*row["cannot"], *own.get("cannot", ())]
        values |= {"notes": tuple(row["notes"]), "cannot": tuple((figure, why) for figure, why in cannot)}
        found.append(ObjectRow(**values))
    return tuple(found)


def _opened(cell: CraftCell, scorer: ImageTextScorer | None) -> RunStore:
    settings = cell.craft_settings()
    evidence: Evidence = "stand-in" if is_stand_in(cell.model) else "live"
    vision = cell.vision_label or cell.vision_model
    configured = configuration("", settings, model=cell.label or cell.model, evidence=evidence,
                               vision_model=vision or None, sees_images=bool(cell.sees_images))
    del configured["prompt"]
    configured |= {
        "objects": {entry.name: cell.prompt(entry) for entry in cell.entries()}, "practice": cell.practice,
        "scorer": scorer.card.key if scorer else "", "judge": cell.judge,
        "questions": {one.object: one.key for entry in cell.entries()
                      if (one := cell.question_book().find(cell.prompt(entry)))} if cell.judge else {},
    }
    return RunStore.open(
        Path(cell.root), "craft", fingerprint=fingerprint(configured), configuration=configured, evidence=evidence,
        date=_today(), home=Path(cell.home) if cell.home else None,
        facts={"cards": {"report": asdict(scorer.card)} if scorer else {}, "seeds": {"base": settings.seed}},
    )


def _scorer(cell: CraftCell) -> ImageTextScorer | None:
    if not cell.scorer:
        return None
    from easel.scorers import open_scorer

    return open_scorer(cell.scorer, allow_unknown_words=cell.allow_unknown_words, device=cell.device)


def _judge(cell: CraftCell, run: RunStore, budget: Budget) -> Judge | None:
    """Behind the record and the ledger that the runs share."""
    if not cell.judge:
        return None
    from easel.connection import chain, connect
    from shapecraft.model_names import identity_of
    from shapecraft.question_judge import Judge
    from shapecraft.standin import StandIn

    if is_stand_in(cell.judge):
        # It says that it sees, and answers by number: what is tried is the way of the pictures.
        seeing = replace(StandIn.named(cell.judge), sees_images=True)
        asked = chain(seeing, store=run.replies, ledger=run.home, budget=budget)
    else:
        asked = connect(cell.judge, run=run, budget=budget, concurrency=cell.concurrency,
                        prices=cell.existing(cell.prices), api_base=cell.api_base or None)
    return Judge.of(asked.chat, identities=[identity_of(cell.judge)])


def patiently(open: Callable[[], T], patience: float) -> T:
    """What `open` gives, once nobody else writes that run."""
    until = time.monotonic() + patience
    while True:
        try:
            return open()
        except RunBusy:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


def _plain(row: ObjectRow) -> dict[str, Any]:
    """For JSON, nan as None; without what the clock decides."""
    values = {name: _number(value) if isinstance(value, float) else value for name, value in asdict(row).items()}
    values["cannot"] = [[name, why] for name, why in row.cannot if name not in BY_THE_CLOCK]
    values["notes"] = list(row.notes)
    return {name: value for name, value in values.items() if name not in BY_THE_CLOCK}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _today() -> str:
    return datetime.date.today().isoformat()
