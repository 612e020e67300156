"""The `easel` command: `easel doctor` and `easel sweep`. Thin; the answers come from the modules named there."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from easel.cli_sweep import app as sweep
from easel.errors import EaselError

if TYPE_CHECKING:
    from easel.runs import RunStore

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)


app.add_typer(sweep, name="sweep")


@app.callback()
def easel() -> None:
    """The ground that drawagent stands on."""


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="As JSON, for a program.")] = False) -> None:
    """Say what is ready on this machine, what is missing, and the one command that mends it."""
    from easel.doctor import examine

    capabilities = examine()
    if as_json:
        typer.echo(json.dumps([asdict(one) for one in capabilities], indent=2))
        return

    from rich.console import Console
    from rich.markup import escape

    console = Console(highlight=False)
    for one in capabilities:
        colour = "green" if one.ready else "yellow"
        state = "ready" if one.ready else "missing"
        console.print(f"[{colour}]{state:8}[/] [bold]{escape(one.name)}[/] · {escape(one.found)}", soft_wrap=True)
        if not one.ready:
            console.print(f"         to mend: {escape(one.mend)}", soft_wrap=True)
            console.print(f"         without: {escape(one.without)}", soft_wrap=True)


@contextlib.contextmanager
def ending(run: RunStore) -> Iterator[None]:
    """The run's status says how it ended; an interrupt keeps everything and says how to go on.

    For use inside `with run:` or what closes it, which writes the status after a fault.
    """
    run.status("running")
    try:
        yield
    except KeyboardInterrupt:
        run.status("interrupted")
        typer.echo(f"\nStopped. Everything earned is kept in {run.folder}; the same command resumes.", err=True)
        raise typer.Exit(130) from None
    run.status("finished")


def enter(program: str, commands: typer.Typer) -> None:
    """An entry point: errors of our own are one clear line and exit status 2."""
    try:
        commands()
    except EaselError as error:
        typer.echo(f"{program}: {error}", err=True)
        sys.exit(2)


def main() -> None:
    """Entry point of `easel`."""
    enter("easel", app)


if __name__ == "__main__":
    main()
