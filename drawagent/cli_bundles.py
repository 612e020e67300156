"""The command line of bundles: publish, reproduce. Thin, as `drawagent.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from easel.errors import ConfigurationError

Trust = Annotated[bool, typer.Option("--trust-plugins", help="Run code from elsewhere that the files name.")]
Scorer = Annotated[str | None, typer.Option(help="The scorer that rewarded, where the runs do not say how to open it.")]
Reporter = Annotated[str | None, typer.Option(help="The scorer that reported, likewise.")]


def register(app: typer.Typer) -> None:
    """Add the commands `publish` and `reproduce`."""
    app.command()(publish)
    app.command()(reproduce)


def publish(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The bundle to write, a .zip file.")],
    licence: Annotated[str, typer.Option(help="Under which the bundle may be used, for its data card.")] = "",
    author: Annotated[str, typer.Option(help="Who publishes, for the data card.")] = "",
    label: Annotated[str, typer.Option(help="What the replies are, in words.")] = "",
    note: Annotated[list[str] | None, typer.Option(help="What could not be controlled; may be repeated.")] = None,
    scorer: Scorer = None,
    reporter: Reporter = None,
    references: Annotated[Path | None, typer.Option(help="Folder of references that the runs were made with.")] = None,
    recording: Annotated[list[Path] | None, typer.Option(help="A recording that a run replayed.")] = None,
    trust_plugins: Trust = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a bundle that is there.")] = False,
) -> None:
    """Pack finished runs into one zip that anybody can check and replay; keys and unfinished runs are refused."""
    from drawagent import publishing

    if out.exists() and not force:
        raise ConfigurationError("a new file", came=f"{out}, which is there", where="--out",
                                 mend="Give another name, or --force to write over it.")
    typer.echo("Each run is replayed once to see that its tables follow from its replies.", err=True)
    path = publishing.publish(
        runs, out, licence=licence, author=author, label=label, notes=note or (), scorers=_named(scorer, reporter),
        references=references, recordings=recording or (), trust_plugins=trust_plugins,
    )
    typer.echo(f"bundle: {path} ({path.stat().st_size:,} bytes, {len(runs)} run(s))")
    if not (licence and author):
        typer.echo("Its data card (README.md) states no licence or no author: give --licence and --author.", err=True)
    typer.echo(f"check it: drawagent reproduce {path}")


def reproduce(
    bundle: Annotated[Path, typer.Argument(help="A bundle, as `publish` wrote it.")],
    out: Annotated[Path | None, typer.Option(help="A new folder for what is derived here.")] = None,
    trust_plugins: Trust = False,
    scorer: Scorer = None,
    reporter: Reporter = None,
    aesthetic: Annotated[Path | None, typer.Option(help="Weights of LAION's aesthetic predictor, for AES.")] = None,
    device: Annotated[str, typer.Option(help="Where scorers and renderer compute: cpu, cuda, cuda:1.")] = "cpu",
) -> None:
    """Derive the tables of a bundle again, offline; say cell by cell: same, differs by, cannot be recomputed here.

    Exit status 0 when nothing differs, 1 when something does, 2 for a bundle that is refused.
    """
    from drawagent import reproducing

    typer.echo("Replaying every run and scoring it again; a small bundle takes some twenty seconds.", err=True)
    done = reproducing.reproduce(
        bundle, out or Path(f"{bundle.stem}-reproduced"), trust_plugins=trust_plugins,
        scorers=_named(scorer, reporter), aesthetic=aesthetic, device=device,
    )
    for line in done.lines():
        typer.echo(line)
    if not done.holds:
        raise typer.Exit(1)


def _named(scorer: str | None, reporter: str | None) -> dict[str, str]:
    return {role: name for role, name in (("reward", scorer), ("report", reporter)) if name}
