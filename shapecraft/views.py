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
    ended = {row["component"]: row for row in gallery.components}
    for one in graph.components:
        size = " x ".join(f"{side:.3g}" for side in one.box.size)
        if one.name in ended:
            row = ended[one.name]
            score = "no score" if row["score"] is None else f"score {row['score']:g}"
            said = f"{row['chosen']}, {score}, of {row['attempts']} attempts" if row["chosen"] else "not made"
        else:
            tries = sum(row["component"] == one.name for row in gallery.attempts)
            said = f"{tries} attempts so far"
        lines.append(f"  {one.name}: {said} ({size} m)")
    for look in gallery.looks:
        score = "no score" if look["score"] is None else f"score {look['score']:g}"
        lines.append(f"  the whole, look {look['look']}: {score}{'' if look['kept'] else ', not kept'}")
    if tally := gallery.tally:
        first, repaired = (_share(tally[name]) for name in ("first_pass", "repaired"))
        calls = ", ".join(f"{count} {role}" for role, count in tally["calls"].items())
        lines.append(f"  compile rate {first} at first, {repaired} after repair; replies: {calls}")
        if gallery.run.rows("explored")[0]["reason"]:
            lines.append(f"  {gallery.run.rows('explored')[0]['reason']}")
    return lines


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0%}"
