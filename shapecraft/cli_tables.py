"""The command line of tables: one verb, which reads cells of made or of painted objects alone and asks no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from shapecraft.paint_tabling import PaintTables
    from shapecraft.tabling import CraftTables

Places = Annotated[list[Path], typer.Argument(help="A sweep's folder, folders of cells, or both.",
                                              metavar="SWEEP_OR_CELL")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(tables)


def tables(
    places: Places,
    grid: Annotated[str, typer.Option(help="Grid of the sweep; may be left out where it has one.")] = "",
    baseline: Annotated[str | None, typer.Option(help="A row instead of the grid's own.")] = None,
    level: Annotated[float, typer.Option(help="Of the intervals.")] = 0.95,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write CSV, Parquet and LaTeX here.")] = None,
) -> None:
    """Compare the rows of a sweep of made or of painted objects with their baseline, with intervals and claims."""
    from shapecraft.paint_tabling import PaintTables, is_painted, write_paint_folder
    from shapecraft.tabling import CraftTables

    if all(is_painted(place) for place in places):
        painted = PaintTables.of(*places, grid=grid, baseline=baseline, level=level)
        for line in printed_paintings(painted):
            typer.echo(line)
        for path in write_paint_folder(painted, out).values() if out is not None else ():
            typer.echo(path)
        return
    made = CraftTables.of(*places, grid=grid, baseline=baseline, level=level)
    for line in printed(made):
        typer.echo(line)
    if out is not None:
        from shapecraft.table_folder import write_folder

        for name in write_folder(made, out):
            typer.echo(out / name)


def printed(made: CraftTables) -> list[str]:
    """What the command prints: means and differences (of a stand-in the pipeline check), claims, remarks."""
    from shapecraft.tabling import EVERY, INTERVALS, MEANS

    lines = [made.members.question] if made.members.question else []
    for name, frame in made.frames.items():
        if name in (EVERY, INTERVALS):  # too long for a page: they are in the files
            continue
        mark = " (a stand-in: no figures)" if made.stand_in else f", {made.evidence}"
        shown = frame.set_index("entry").T if name == MEANS else frame.round(4)
        lines += ["", f"{name}{mark}", shown.to_string(index=name == MEANS, na_rep="-")]
    return [*lines, "", *made.claims(), *made.remarks]


def printed_paintings(made: PaintTables) -> list[str]:
    """As `printed`, of painted objects; the table of every part is in the files alone."""
    from shapecraft.paint_tabling import MEANS, PARTS

    lines = [made.question] if made.question else []
    for name, frame in made.frames.items():
        if name != PARTS:
            shown = frame.drop(columns="guidance").set_index("entry").T if name == MEANS else frame.round(4)
            lines += ["", f"{name}, {made.evidence}", shown.to_string(index=name == MEANS, na_rep="-")]
    return [*lines, "", *made.claims(), *made.remarks]
