"""The `easel` command: `easel doctor` and `easel sweep`. Thin; the answers come from the modules named there."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from easel.cli_sweep import app as sweep
from easel.errors import EaselError

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


def main() -> None:
    """Entry point: errors of our own are one clear line and exit status 2."""
    try:
        app()
    except EaselError as error:
        typer.echo(f"easel: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
