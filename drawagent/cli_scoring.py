"""The command line of scoring without a model: score (files of any other method) and rescore (finished runs)."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from drawagent.metrics import SetMetrics

Scorer = Annotated[str, typer.Option(help="MODEL/PRETRAINED, a folder, embedded:reward or embedded:report.")]
Aes = Annotated[Path | None, typer.Option(help="Weights of LAION's improved aesthetic predictor, for AES.")]
Device = Annotated[str, typer.Option(help="Where scorers and renderer compute: cpu, cuda, cuda:1.")]
Unknown = Annotated[bool, typer.Option("--allow-unknown-words", help="Let the embedded scorer guess at unknown words.")]


class Up(enum.StrEnum):
    """Upward axis of a file."""

    z = "z"
    y = "y"


class Curves(enum.StrEnum):
    """How a polyline becomes strokes."""

    straight = "straight"
    smooth = "smooth"


REPORT = "ViT-L-14-quickgelu/openai"
"""As `practise` reports by default."""


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command()(score)
    app.command()(rescore)


def score(
    folder: Annotated[Path, typer.Argument(help="Per prompt id.png, id_1.png or id/*.png, the same as svg, id.obj, "
                                                "id.glb, or id.json.")],
    prompts: Annotated[Path, typer.Option(help="Queries YAML (its report list), or CSV with id,text[,length].")],
    method: Annotated[str, typer.Option(help="Name of the method; names the run.")],
    scorer: Scorer = REPORT,
    aesthetic: Aes = None,
    up: Annotated[Up, typer.Option(help="Upward axis of OBJ files; GLB is y up by its standard.")] = Up.z,
    curves: Annotated[Curves, typer.Option(help="OBJ and GLB lines: straight pieces, or smooth through the points.")]
    = Curves.straight,
    preset: Annotated[str, typer.Option(help="Whose cameras and raster: paper or ours.")] = "paper",
    settings: Annotated[list[str] | None, typer.Option("--set", help="A setting as name=value; may be repeated.")]
    = None,
    root: Annotated[Path, typer.Option(help="Where run folders lie.")] = Path("data/runs"),
    allow_unknown_words: Unknown = False,
    device: Device = "cpu",
) -> None:
    """Score the files of any other method, as a run of evidence 'external'. No model is called."""
    from drawagent.arguments import read_settings
    from drawagent.foreign import read_prompts
    from drawagent.foreign_scoring import score_folder

    queries = read_prompts(prompts)
    chosen = read_settings(preset, settings)
    done = score_folder(
        folder, queries, method=method, settings=chosen, root=root, date=datetime.date.today().isoformat(),
        scorer=_opened(scorer, allow_unknown_words, device), aesthetic=_rater(aesthetic, device), prompts=prompts,
        up=up.value, curves=curves.value, device=device,
    )
    for row in done.drawings:
        if row["reason"]:
            typer.echo(f"failed: {row['query']}: {row['reason']}")
        for note in row["said"]:
            typer.echo(f"note: {row['query']}: {note}")
    own = sum(row["views_of"] != "ours" for row in done.drawings)
    typer.echo(f"{method}: {len(done.drawings)} prompts, {own} of them seen in the method's own views")
    _tell(done.rows)
    typer.echo(f"what was scored: {done.run.folder / 'views' / 'what-was-scored.png'}")
    typer.echo(f"run folder: {done.run.folder}")
    if done.drawings and all(row["reason"] for row in done.drawings):
        typer.echo("Nothing could be read: the figures are those of the blank page.", err=True)
        raise typer.Exit(1)


def rescore(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs.")],
    scorer: Scorer,
    aesthetic: Aes = None,
    allow_unknown_words: Unknown = False,
    device: Device = "cpu",
    trust_plugins: Annotated[bool, typer.Option("--trust-plugins", help="Run the renderer that a run names.")] = False,
) -> None:
    """Score the report drawings of finished runs by another scorer, beside their own figures. No model is called."""
    from drawagent.gallery import Gallery
    from drawagent.rescoring import rescore as rescored

    opened, rater = _opened(scorer, allow_unknown_words, device), _rater(aesthetic, device)
    for folder in runs:
        done = rescored(folder, opened, aesthetic=rater, device=device, trust_plugins=trust_plugins)
        typer.echo(f"{folder.name} ({Gallery(done.run, trust_plugins).caption()})")
        if done.rewarded:
            typer.echo("note: this scorer rewarded the practice, and is no witness of what it learned")
        if done.reported:
            typer.echo("note: the run reports by this scorer itself; nothing was added")
        _tell(done.rows)
        typer.echo(f"run folder: {done.run.folder}")


def _opened(name: str, allow_unknown_words: bool, device: str) -> Any:
    from drawagent.studio import open_scorer

    return open_scorer(name, allow_unknown_words=allow_unknown_words, device=device)


def _rater(weights: Path | None, device: str) -> Any:
    from easel.scoring import AestheticScorer

    return AestheticScorer(weights, device=device) if weights is not None else None


def _tell(rows: Mapping[str, SetMetrics]) -> None:
    """The figures, under the card's column."""
    card = next(iter(rows.values())).card
    typer.echo(f"{card.column} ({card.name}), raw cosine")
    for name, one in rows.items():
        figures = one.row()
        parts = [f"{figures['similarity']:.4f}", f"valid {figures['validity']:.0%}",
                 f"worst view {figures['worst_view']:.4f}",
                 f"R@1 {figures['r_at_1']:.2f}", f"R@5 {figures['r_at_5']:.2f}", f"n = {one.n}"]
        if one.aesthetic is not None:
            parts.append(f"AES {one.aesthetic:.4f}")
        typer.echo(f"  {name}: {'  '.join(parts)}")
