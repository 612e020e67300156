"""Views: the files that a finished run is shown with, in its folder: model, page, contact sheet, program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from easel.errors import EaselError, shorten
from shapecraft.export import export
from shapecraft.gallery import Gallery
from shapecraft.history import object_file
from shapecraft.sheets import STYLE, contact_sheet
from shapecraft.standing import Standing, standing
from shapecraft.wall import Wall

SIZE = 320
"""Pixels of one of the six views of a contact sheet for people (ours)."""
_WHAT = {"html": "page", "py": "program", "json": "graph", "blend": "Blender file"}


def write_views(
    gallery: Gallery, folder: Path | None = None, *, wall: Wall | None = None, version: int | None = None,
) -> dict[str, Path]:
    """Write what a finished object is looked at with; what it is -> path.

    folder : None is the run's own `views/`, of a version after edits `edits/<n>/views/`
    wall : where the global program is run for a .blend file, None makes none; version : None is the one that stands
    Raises ConfigurationError for a run that made nothing and for an unknown version, ExportError for a .blend file that
    could not be made.
    """
    made = standing(gallery, version)
    glb = gallery.folder / object_file(made.version, "glb")
    folder = folder or glb.parent / "views"
    formats = ("html", "py", "json", *(("blend",) if wall is not None else ()))
    files = export(made.graph, made.outcomes, folder=folder, formats=formats, wall=wall, scores=made.scores,
                   note=made.caption(), watermark=made.watermark)
    written = {"object": glb}
    for file in files:
        written.setdefault(_WHAT[file.format], folder / file.name)  # a program's first file is the program itself
    written["contact sheet"] = written["page"].with_suffix(".png")
    written["contact sheet"].write_bytes(sheet_for_people(made))
    return written


def sheet_for_people(made: Standing) -> bytes:
    """The object from six sides, labelled, with its words and its grade of evidence above; PNG."""
    title = f"{shorten(made.gallery.prompt, 70)}: {made.caption()}"
    return contact_sheet(made.mesh, style=replace(STYLE, size=SIZE), title=title).png


def summary(gallery: Gallery) -> list[str]:
    """What is in a run as it was made, in lines for a person; of one that broke off what there is."""
    info = gallery.run.info
    wall = f", programs ran behind: {info['wall']}" if "wall" in info else ""
    lines = [f"{shorten(gallery.prompt, 120)} ({info['status']}; {gallery.caption()}; {gallery.model}{wall})"]
    try:
        graph = gallery.graph
    except EaselError as error:
        return [*lines, str(error)]
    for one in graph.components:
        size = " x ".join(f"{side:.3g}" for side in one.box.size)
        lines.append(f"  {one.name}: {_came_to(gallery, one.name)} ({size} m)")
    for look in gallery.looks:
        lines.append(f"  the whole, look {look['look']}: {_score(look['score'])}{'' if look['kept'] else ', not kept'}")
    if tally := gallery.tally:
        first, repaired = (_share(tally[name]) for name in ("first_pass", "repaired"))
        calls = ", ".join(f"{count} {role}" for role, count in tally["calls"].items())
        lines.append(f"  compile rate {first} at first, {repaired} after repair; replies: {calls}")
        if gallery.run.rows("explored")[0]["reason"]:
            lines.append(f"  {gallery.run.rows('explored')[0]['reason']}")
    return lines


def _came_to(gallery: Gallery, component: str) -> str:
    """The attempt that the object is made of, once the run has ended; before that the one that its paths came to."""
    tries = sum(row["component"] == component for row in gallery.attempts)
    made = next((row for row in gallery.chosen if row["component"] == component), None)
    before = next((row for row in gallery.components if row["component"] == component), None)
    if made is None and before is not None and before["chosen"]:
        return f"{before['chosen']}, {_score(before['score'])}, of {tries} attempts"
    if made is None:
        return f"not made, {tries} attempts" if before is not None else f"{tries} attempts so far"
    place = f"{component}/m{made['m']}/t{made['t']}/r{made['repair']}"
    if before is None or place == before["chosen"]:
        return f"{place}, {_score(made['score'])}, of {tries} attempts"
    was = "no score" if before["score"] is None else f"{before['score']:g}"
    return f"{place}, a fix, not scored (before: {was}), of {tries} attempts"


def _score(score: float | None) -> str:
    return "no score" if score is None else f"score {score:g}"


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"
