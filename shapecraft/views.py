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
_WHAT = {"html": "page", "py": "program", "json": "graph"}


def write_views(gallery: Gallery, folder: Path | None = None, *, version: int | None = None) -> dict[str, Path]:
    """Write what a finished object is looked at with, without running anything; what it is -> path.

    folder : None is the run's own `views/`, of a version after edits `edits/<n>/views/`; version : None is the one that
        stands
    Raises ConfigurationError for a run that made nothing and for an unknown version.
    """
    made = standing(gallery, version)
    folder = folder or _folder(made)
    files = export(made.graph, made.outcomes, folder=folder, formats=("html", "py", "json"), scores=made.scores,
                   note=made.caption(), watermark=made.watermark)
    written = {"object": gallery.folder / object_file(made.version, "glb")}
    for file in files:
        written.setdefault(_WHAT[file.format], folder / file.name)  # a program's first file is the program itself
    written["contact sheet"] = written["page"].with_suffix(".png")
    written["contact sheet"].write_bytes(sheet_for_people(made))
    return written


def write_blend(
    gallery: Gallery, folder: Path | None = None, *, wall: Wall, version: int | None = None,
) -> Path:
    """Run the global program behind the wall for a .blend file. folder, version : as `write_views` takes them

    Errors as `write_views`; ExportError where the program does not run, so that everything else stands without it.
    """
    made = standing(gallery, version)
    folder = folder or _folder(made)
    file, = export(made.graph, made.outcomes, folder=folder, formats=("blend",), wall=wall)
    return folder / file.name


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
    lines += _whole_program(gallery)
    if tally := gallery.tally:
        first, repaired = (_share(tally[name]) for name in ("first_pass", "repaired"))
        calls = ", ".join(f"{count} {role}" for role, count in tally["calls"].items())
        lines.append(f"  compile rate {first} at first, {repaired} after repair; replies: {calls}")
        if gallery.run.rows("explored")[0]["reason"]:
            lines.append(f"  {gallery.run.rows('explored')[0]['reason']}")
    return lines


def _whole_program(gallery: Gallery) -> list[str]:
    """A line where the global program of the object did not run, though its parts did, each alone."""
    ended = gallery.run.rows("explored")
    key = ended[0]["object"] if ended else ""
    row = next((one for one in gallery.run.rows("assemblies") if key and one.get("program_key") == key), None)
    if row is None or row["outcome"] == "ran":
        return []
    message = f": {row['message']}" if row["message"] else ""
    return [f"  the global program did not run ({row['outcome']}{message}); the object is put together from its parts, "
            "each of which ran alone"]


def _folder(made: Standing) -> Path:
    return (made.gallery.folder / object_file(made.version, "glb")).parent / "views"


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
