"""The command line of tables: one verb, which reads run folders alone and asks no model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from drawagent.tabling import Tables

_UNSAID = ["prompts of", "claim"]
"""Not printed: all prompts are meant, and the claims follow as sentences."""


Places = Annotated[list[Path], typer.Argument(help="A sweep's folder, run folders, or both.", metavar="SWEEP_OR_RUN")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(tables)


def tables(
    places: Places,
    grid: Annotated[str, typer.Option(help="Grid of the sweep; may be left out where it has one.")] = "",
    baseline: Annotated[str | None, typer.Option(help="An entry ('paper, epoch 2') instead of the grid's own.")] = None,
    level: Annotated[float, typer.Option(help="Of all intervals.")] = 0.95,
    preferences: Annotated[list[Path] | None, typer.Option(help="Answers of the preference widget.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write CSV, Parquet, LaTeX and SVG here.")] = None,
) -> None:
    """Compare runs with their baseline, with intervals and what may be claimed; files into a folder if one is named."""
    from drawagent.tabling import Tables

    made = Tables.of(*places, grid=grid, baseline=baseline, level=level, preferences=preferences or ())
    for line in printed(made):
        typer.echo(line)
    if out is not None:
        from drawagent.table_folder import write_folder

        for name in write_folder(made, out):
            typer.echo(out / name)


def printed(made: Tables) -> list[str]:
    """What the command prints: comparisons on all prompts (of a stand-in the pipeline check), claims, remarks."""
    from drawagent.tabling import ALL, brief

    lines = [made.members.question] if made.members.question else []
    if made.stand_in:
        for name, frame in made.frames.items():
            lines += [f"{name} (a stand-in: no scores)", brief(frame).to_string(index=False)]
    else:
        for column, frame in made.comparisons.items():
            own = frame[frame["prompts of"] == ALL]
            lines += ["", f"{column}, {made.members.evidence}; baseline: {made.entries.against}",
                      brief(own).drop(columns=_UNSAID).to_string(index=False, na_rep="-")]
    return [*lines, "", *made.claims(), *made.remarks]
