"""Paint cell runs: the objects of one cell, painted one after another and measured, in one run folder.

`painted.jsonl` has a row an object: every part's colour beside its own words and those of the others, its metalness,
and how much light was painted in. run.json has what each took by the clock. Checkpoints lie in work/<object>/, so that
a cell that was stopped goes on where it was; a picture of each lies in pictures/.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.studios import closing_after_failure, fingerprint
from shapecraft.atlas import make_atlas
from shapecraft.catalogue_meshes import CatalogueMeshes
from shapecraft.cell_run import patiently
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_cells import PaintCell
from shapecraft.paint_events import PaintEvent, PaintFinished, PaintStepped
from shapecraft.paint_guidance import grade_of, open_guidance
from shapecraft.paint_measures import painted_light, part_figures, reference_colour, visible_points
from shapecraft.painted_field import PaintedField
from shapecraft.painted_looks import CHANNELS, Look, look_at
from shapecraft.painting import PaintSubject, paint
from shapecraft.painting_cases import PaintingCase
from shapecraft.remembering import ProgramShelf, RememberedWall
from shapecraft.sheets import laid_out, png_bytes
from shapecraft.wall import Wall, open_wall

if TYPE_CHECKING:
    from easel.guidance import Guidance

PAINTED = "painted"
"""Table of a cell's run."""


@dataclass
class PaintCellRun:
    """An open cell. Iterate `make()` to its end, then `finish()`; use it in `with`.

    run : the cell's folder; guidance : what paints; meshes : of the catalogue, made behind the wall when they are asked
    """

    cell: PaintCell
    run: RunStore
    guidance: Guidance
    wall: Wall
    meshes: CatalogueMeshes

    def make(self) -> Iterator[tuple[str, PaintEvent]]:
        """(object, event) of all objects that are not measured yet; each is measured once it is painted.

        Faults of the guidance are raised: a cell holds all of its objects, or is not finished.
        """
        settings = self.cell.paint_settings()
        for case in self.cell.cases():
            if case.name in self.run.keyed(PAINTED):
                continue
            mesh, asked = self.meshes.mesh(case.entry), case.appearance
            if settings.over == "uv":
                # Uv that programs set are seldom meant: each solid of Blender's covers the whole page.
                mesh = make_atlas(mesh, own_uv="replace").mesh
            subject = PaintSubject(mesh, asked.whole, asked.texts)
            with closing(paint(subject, self.guidance, settings, folder=self.run.folder / "work" / case.name,
                               device=self.cell.device)) as events:
                for event in events:
                    if isinstance(event, PaintStepped):
                        self._took(case.name, event)
                    if isinstance(event, PaintFinished):
                        self._measure(case, event.painted)
                    yield case.name, event

    @property
    def rows(self) -> tuple[dict[str, Any], ...]:
        """What was measured of each object, in order, with what it took."""
        return read_painted(self.run)

    def finish(self) -> None:
        """Say that all objects are painted. Raises ConfigurationError where one is not."""
        missing = [one.name for one in self.cell.cases() if one.name not in self.run.keyed(PAINTED)]
        if missing:
            raise ConfigurationError("every object, painted and measured", came=f"not {', '.join(missing)}",
                                     where=self.run.folder.name, mend="Iterate make() to its end.")
        self.run.status("finished")

    def caption(self) -> str:
        """What may be said of its figures."""
        count = len(self.run.rows(PAINTED))
        return f"{count} object{'' if count == 1 else 's'}, painted by a {self.run.info['configuration']['grade']}"

    def _took(self, name: str, event: PaintStepped) -> None:
        held = self._clock.setdefault(name, [0.0, 0.0, 0])
        held[0] += event.seconds
        held[1] += sum(one.guided for one in event.terms)
        held[2] += 1

    def _measure(self, case: PaintingCase, painted: PaintedField) -> None:
        mesh, texts = painted.mesh, case.appearance.texts
        points = visible_points(mesh)
        figures = part_figures(mesh, points, painted, [reference_colour(colour) for colour in case.colours])
        parts = [{"name": one.name, "prompt": texts[one.own], "right": one.right, "nearest": texts[one.nearest],
                  "own": one.distances[one.own],
                  "other": min(away for place, away in enumerate(one.distances) if place != one.own),
                  "albedo": list(one.albedo), "roughness": one.roughness, "metalness": one.metalness,
                  "points": one.points} for one in figures]
        self.run.write(f"pictures/{case.name}.png", _picture(mesh, painted, case))
        seconds, guided, steps = self._clock.get(case.name, [0.0, 0.0, 0])
        self.run.note(took={**self.run.info.get("took", {}), case.name: {
            "seconds": round(seconds, 4), "guidance_seconds": round(guided, 4), "steps": steps}})
        self.run.append(PAINTED, case.name, {
            "object": case.name, "prompt": case.appearance.whole, "parts": parts,
            "light": painted_light(points, painted), "unseen": len(mesh.parts) - len(figures),
            "steps": painted.steps})

    def __post_init__(self) -> None:
        self._clock: dict[str, list[Any]] = {}

    def __enter__(self) -> PaintCellRun:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.wall.close()
        self.run.__exit__(kind, error, trace)


def open_paint_cell(
    cell: PaintCell, *, patience: float = 86_400.0, wall: Wall | None = None, guidance: Guidance | None = None,
) -> PaintCellRun:
    """A cell's run, new or resumed. wall : None opens one, closed with the cell in any case; guidance : None opens the
    cell's own

    Raises MissingCapability, before anything is written, where no wall can stand or the model is not here, and
    ConfigurationError for prompts that it does not take.
    """
    asked: Guidance = guidance or open_guidance(
        cell.guidance, device=cell.device, precision=cell.precision or None, revision=cell.revision or None,
        seen_from=cell.seen_from)
    for case in cell.cases():
        for words in (case.appearance.whole, *case.appearance.texts):
            asked.check(words)
    standing: Wall = open_wall(disposable_machine=cell.disposable_machine) if wall is None else wall
    try:
        run = patiently(partial(_opened, cell, asked), patience)
        with closing_after_failure(run):
            shared = RememberedWall(standing, ProgramShelf.of(run.home, standing))
            return PaintCellRun(cell, run, asked, shared, CatalogueMeshes(lambda: shared))
    except BaseException:
        standing.close()
        raise


def read_painted(run: RunStore) -> tuple[dict[str, Any], ...]:
    """Rows of a cell's run, with `seconds`, `guidance_seconds` and `timed` (steps that these tell of)."""
    took = run.info.get("took", {})
    found = []
    for name, row in run.keyed(PAINTED).items():
        own = took.get(name, {})
        found.append({**row, "seconds": own.get("seconds"), "guidance_seconds": own.get("guidance_seconds"),
                      "timed": own.get("steps", 0)})
    return tuple(found)


def _opened(cell: PaintCell, guidance: Guidance) -> RunStore:
    settings = cell.paint_settings()
    configured = {
        "paintings": {case.name: case.appearance.row() for case in cell.cases()}, "guidance": guidance.source,
        "grade": grade_of(guidance), "preset": cell.preset, "terms": cell.terms, "settings": settings.row(),
        "practice": cell.practice,
    }
    return RunStore.open(
        Path(cell.root), "paint", fingerprint=fingerprint(configured), configuration=configured, evidence="live",
        date=datetime.date.today().isoformat(), home=Path(cell.home) if cell.home else None,
        facts={"seeds": {"base": settings.seed}},
    )


def _picture(mesh: ObjectMesh, painted: PaintedField, case: PaintingCase) -> bytes:
    """All channels from one side, and shaded from behind."""
    looks = [*(Look(channel) for channel in CHANNELS), Look(turn_deg=210.0)]
    pictures = [look_at(mesh, painted, look, size=160) for look in looks]
    return png_bytes(laid_out(pictures, [*CHANNELS, "shaded, from behind"], columns=5, title=case.appearance.whole))
