"""For tests of cells and their tables: a wall that knows the stand-in's programs, cells of any figures, small sweeps."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from easel.runs import RunStore
from shapecraft.catalogue import find_entry
from shapecraft.cell_run import BY_THE_CLOCK, OBJECTS, _plain
from shapecraft.cells import CraftCell
from shapecraft.evaluation import SHAPE, ObjectRow
from shapecraft.outcome import Job, Outcome
from shapecraft.part_glb import write_glb
from shapecraft.part_report import report_on
from shapecraft.settings import CraftSettings
from shapecraft.standin import BROKEN
from tests.shapecraft.crafting import solid

SMALL = {"model": "stand-in", "objects": ["stool"], "paths": 1, "steps": 1, "rounds": 1}


class StandInWall:
    """Runs nothing: a program that holds one of the catalogue's becomes that part's box, one with BROKEN an error."""

    level, blender = "no wall, boxes only", "none"

    def __init__(self, *objects: str) -> None:
        self.jobs: list[Job] = []
        self.closed = 0
        self._lock = threading.Lock()
        self._known = [(_flat(one.program), one) for name in objects or ("stool", "mug")
                       for one in find_entry(name).graph().components]

    def run(self, job: Job) -> Outcome:
        with self._lock:
            self.jobs.append(job)
        if BROKEN in job.program:
            return Outcome("raised", message="AttributeError: no use_auto_smooth", line=3)
        text = _flat(job.program)
        made = [solid(one.name, one.box.size, one.box.center) for program, one in self._known if program in text]
        if not made:
            return Outcome("empty")
        return Outcome("ran", tuple(report_on(one) for one in made), write_glb(made), seconds=0.01)

    def close(self) -> None:
        self.closed += 1


def _flat(program: str) -> str:
    return "\n".join(line.strip() for line in program.strip().splitlines())


def a_cell(folder: Path, **changes) -> CraftCell:
    """In the sweep whose folder this is."""
    return CraftCell(**{**SMALL, **changes}, root=str(folder / "runs"), home=str(folder),
                     outcome=str(folder / "outcome.json"))


def object_row(name: str, *, prompt: str = "", failed: str = "", evidence: str = "live", **figures: float) -> ObjectRow:
    """A row whose shape figures are 0.5 where nothing else is said."""
    told = {**dict.fromkeys(SHAPE, 0.5), "first_pass": 1.0, "repaired": 1.0, "calls": 10.0, "components": 2.0,
            "calls_per_component": 5.0, "tokens": 1000.0, "dollars": math.nan, "minutes": 1.0, "minutes_added": 2.0}
    return replace(ObjectRow(name, evidence, prompt or f"a {name}", "catalogue: it", failed, float(not failed)),
                   **{**told, **figures})


def a_cell_run(root: Path, rows: Iterable[ObjectRow], *, name: str = "craft", practice: int = 0, evidence: str = "live",
               status: str = "finished", **settings) -> Path:
    """The folder of a cell whose objects have these figures; no ledger and no object stands behind it."""
    rows = list(rows)
    chosen = CraftSettings.paper(**{"seed": 4096 * practice, **settings})
    configured = {"settings": json.loads(chosen.model_dump_json()), "practice": practice, "model": "m",
                  "objects": {row.name: row.caption for row in rows}, "evidence": evidence}
    run = RunStore.open(root, name, fingerprint=hashlib.sha256(f"{name}{practice}{evidence}".encode()).hexdigest(), evidence=evidence,
                        configuration=configured, date="2000-01-01")
    with run:
        for row in rows:
            run.append(OBJECTS, row.name, {"object": "k", "run": "none", "programs": 3, **_plain(row)})
        run.note(took={row.name: {key: None if math.isnan(getattr(row, key)) else getattr(row, key)
                                  for key in BY_THE_CLOCK} for row in rows})
        run.status(status)
    return run.folder


def a_sweep(root: Path, cells: Mapping[str, Iterable[Path | None]], *, baseline: str, grid: str = "g") -> Path:
    """The folder of a sweep whose cells are these runs; None is a cell that failed."""
    told = []
    for row, runs in cells.items():
        for practice, run in enumerate(runs):
            key = f"{''.join(c for c in row if c.isalnum())}-p{practice}-0000000000"
            folder = root / "cells" / key
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "plan.json").write_text(json.dumps({
                "key": key, "row": row, "practice": practice, "grid": grid, "notebook": "n", "parameters": {}}))
            (folder / "cell.json").write_text(json.dumps({
                "key": key, "row": row, "practice": practice, "state": "failed" if run is None else "finished",
                "run": "" if run is None else str(run.relative_to(root))}))
            told.append({"row": row, "practice": practice, "cell": key})
    (root / "grids").mkdir(parents=True, exist_ok=True)
    (root / "grids" / f"{grid}.json").write_text(json.dumps({
        "name": grid, "question": "Does it help?", "baseline": baseline, "practices": 2, "cells": told}))
    (root / "sweep.json").write_text(json.dumps({"format": "easel-sweep/1", "changes": {}}))
    return root
