"""The command line of export: one verb, which reads a run's folder and asks no model."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

Run = Annotated[Path, typer.Argument(help="A run's folder.")]
Formats = Annotated[str, typer.Option("--format", help="Of glb, blend, obj, stl, usd, html, py, json; with commas.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")]
Number = Annotated[int | None, typer.Option("--version", help="Of the object, 0 as it was made. Without: what stands.")]
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
    version: Number = None,
    disposable_machine: Disposable = False,
    known_programs: Known = False,
) -> None:
    """Write a finished object, as it stands after its edits, for other programs.

    blend and usd need Blender, and blend runs the programs again.
    """
    from shapecraft.export import export as write
    from shapecraft.gallery import Gallery
    from shapecraft.standing import standing
    from shapecraft.wall import open_asked

    made = standing(Gallery(run), version)
    wanted = [one.strip() for one in formats.split(",") if one.strip()]
    with contextlib.ExitStack() as stack:
        wall = stack.enter_context(open_asked(disposable_machine=disposable_machine, known_programs=known_programs,
                                              where="export")) if "blend" in wanted else None
        files = write(made.graph, made.outcomes, folder=out, formats=wanted, wall=wall, note=made.caption(),
                      watermark=made.watermark, scores=made.scores)
    typer.echo(made.words())
    for file in files:
        typer.echo(f"{out / file.name}  {file.size:,} bytes")
    if "stl" in wanted:
        typer.echo("STL names no unit: these are in metres, and most slicers take millimetres.")
    if "blend" in wanted:
        typer.echo("A .blend may hold scripts of the programs: open it with Auto Run Python Scripts off.")
    if made.watermark:
        typer.echo(made.watermark)
