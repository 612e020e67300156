"""The command line of export: one verb, which reads a run's folder and asks no model."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="A run's folder.")]
Formats = Annotated[str, typer.Option("--format", help="Of glb, blend, obj, stl, usd, html, py, json; with commas.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")]
Disposable = Annotated[bool, typer.Option("--disposable-machine", help="For blend: this machine may be lost; no wall.")]
Known = Annotated[bool, typer.Option("--known-programs", help="For blend: no wall, and only programs that ship here.")]

PLAIN = "glb,obj,stl,html,py,json"
"""What needs no Blender."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(export)


def export(
    run: Run,
    formats: Formats = PLAIN,
    out: Out = Path("object"),
    disposable_machine: Disposable = False,
    known_programs: Known = False,
) -> None:
    """Write a finished object for other programs. blend and usd need Blender, and blend runs the programs again."""
    from shapecraft.export import export as write
    from shapecraft.gallery import Gallery
    from shapecraft.wall import open_asked, program_hash

    gallery = Gallery(run)
    gallery.assembly_glb()  # refuses a run that made nothing, with its reason
    graph = gallery.graph
    outcomes = {one.name: gallery.outcome(program_hash(one.program)) for one in graph.components if one.program}
    wanted = [one.strip() for one in formats.split(",") if one.strip()]
    with contextlib.ExitStack() as stack:
        wall = stack.enter_context(open_asked(disposable_machine=disposable_machine, known_programs=known_programs,
                                              where="export")) if "blend" in wanted else None
        files = write(
            graph, outcomes, folder=out, formats=wanted, wall=wall, note=gallery.caption(), watermark=gallery.watermark,
            scores={row["component"]: row["score"] for row in gallery.chosen})
    for file in files:
        typer.echo(f"{out / file.name}  {file.size:,} bytes")
    if "stl" in wanted:
        typer.echo("STL names no unit: these are in metres, and most slicers take millimetres.")
    if "blend" in wanted:
        typer.echo("A .blend may hold scripts of the programs: open it with Auto Run Python Scripts off.")
    if gallery.watermark:
        typer.echo(gallery.watermark)
