"""The `easel sweep` commands: plan, run, status, resume. Thin; the work is done by easel.sweep and its neighbours."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from easel.errors import ConfigurationError, EaselError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Grids of notebook runs that pay for nothing twice.")

Grids = Annotated[list[Path], typer.Argument(help="Grid files of one sweep.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A parameter for all rows, name=value in YAML.")]
With = Annotated[list[Path] | None, typer.Option("--with", help="A file of parameters for all rows.")]
Practices = Annotated[
    int | None, typer.Option(min=1, help="Libraries learned apart per row, instead of the grid's number."),
]
Root = Annotated[Path, typer.Option(help="Where sweeps lie.")]
Into = Annotated[str | None, typer.Option(help="Name of the sweep's folder, instead of the grids' own.")]
Workers = Annotated[int, typer.Option(help="Cells at once; with --cell, how many share the budget.")]
Dask = Annotated[str | None, typer.Option(help="Address of an existing Dask scheduler whose workers run the cells.")]
CellKey = Annotated[str | None, typer.Option("--cell", help="Only this cell, in this process (for job arrays).")]
Limit = Annotated[
    str | None, typer.Option("--budget", help="Limits of the sweep: calls=1000,dollars=20; seconds of each cell."),
]
Concurrency = Annotated[int, typer.Option(help="Model calls at once, for the estimate of hours.")]
Seconds = Annotated[float, typer.Option(help="Seconds a call, for the estimate of hours.")]
Prices = Annotated[Path | None, typer.Option(help="Price table, for the estimate of dollars.")]
Spread = Annotated[list[str] | None, typer.Option("--spread", help="library=0.01, prompt=0.02 or draw=0.045.")]
DEFAULT_ROOT = Path("data/runs/sweeps")


@app.command()
def plan(
    grids: Grids, settings: Set = None, overlays: With = None, practices: Practices = None,
    concurrency: Concurrency = 8, seconds_a_call: Seconds = 20.0, prices: Prices = None, spread: Spread = None,
) -> None:
    """Calls, tokens, dollars, hours, and the smallest difference that the design can detect. Nothing is run."""
    from easel import sweep_plan
    from easel.prices import read_prices

    changes = _changes(settings, overlays)
    model = str(changes.get("model", ""))
    price = read_prices(prices).get(model) if prices is not None else _price(model)
    read = _read(grids, changes, practices)
    planned = sweep_plan.plan(
        read, price=price, concurrency=concurrency, seconds_a_call=seconds_a_call,
        spreads={name: _number(value, name) for name, value in _named(spread, "--spread")},
    )
    for line in planned.lines():
        typer.echo(line)


@app.command()
def run(
    grids: Grids, settings: Set = None, overlays: With = None, practices: Practices = None, root: Root = DEFAULT_ROOT,
    into: Into = None, workers: Workers = 2, dask: Dask = None, cell: CellKey = None, budget: Limit = None,
) -> None:
    """Run what is not finished. Every name and type is checked before anything starts."""
    from easel.sweep import Sweep

    changes = _changes(settings, overlays)
    read = _read(grids, changes, practices)
    sweep = Sweep.plan_into(root, read, into=into, changes=changes)
    keys = sweep.cell_keys(*(grid.name for grid in read))
    _run(sweep, keys, workers=workers, dask=dask, cell=cell, budget=budget, again=False)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(help="The sweep's folder.")], workers: Workers = 2, dask: Dask = None,
    cell: CellKey = None, budget: Limit = None,
) -> None:
    """Go on with a sweep, failed cells once more. What was paid for is not paid for again."""
    from easel.sweep import Sweep

    sweep = Sweep.read(folder)
    _run(sweep, sweep.cell_keys(), workers=workers, dask=dask, cell=cell, budget=budget, again=True)


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="The sweep's folder.")]) -> None:
    """One line a cell: its key, state, seconds, and why it failed."""
    from easel.ledger import Ledger
    from easel.sweep import Sweep

    sweep = Sweep.read(folder)
    states = sweep.states()
    for state in states:
        typer.echo(_line(state))
    counted = ", ".join(f"{count} {name}" for name, count in Counter(state.state for state in states).items())
    typer.echo(f"{counted}; {len(Ledger(sweep.folder).tries())} calls in the ledger")


def _run(
    sweep: Any, keys: tuple[str, ...], *, workers: int, dask: str | None, cell: str | None, budget: str | None,
    again: bool,
) -> None:
    from easel.sweep import run_cell
    from easel.sweep_limits import Limits
    from easel.sweep_runner import Here, OnDask, run

    if workers < 1:
        raise ConfigurationError("at least one worker", came=str(workers), where="--workers")
    limits = Limits.read(budget)
    if cell is not None:
        state = run_cell(sweep, cell, limits=limits, places=workers)
        typer.echo(f"{state.key}: {state.state} {state.reason}".rstrip())
        raise typer.Exit(0 if state.state == "finished" else 1)
    places = OnDask(dask) if dask else Here(workers)
    try:
        typer.echo(f"{len(keys)} cells, {places.count} at a time, in {sweep.folder}")
        for state in run(sweep, keys, places, limits=limits, again=again, begun=_begun, stopping=_stopping):
            typer.echo(_line(state))
    except KeyboardInterrupt:
        typer.echo(f"Stopped. What was paid for is kept: easel sweep resume {sweep.folder}", err=True)
        raise typer.Exit(130) from None
    bad = [key for key in keys if sweep.state(key).state != "finished"]
    typer.echo(f"{len(keys) - len(bad)} of {len(keys)} cells finished in {sweep.folder}")
    if bad:
        typer.echo(f"easel sweep resume {sweep.folder} tries the others again", err=True)
        raise typer.Exit(1)


def _begun(key: str, waiting: int) -> None:
    typer.echo(f"begun       {key:60} {waiting:4} to come")


def _stopping(keys: tuple[str, ...]) -> None:
    typer.echo(f"Stopping: calls in flight are finished and kept ({', '.join(keys)}).", err=True)


def _line(state: Any) -> str:
    seconds = "" if state.state in ("waiting", "running") else f"{state.seconds:7.1f} s"
    return f"{state.state:11} {state.key:60} {seconds:9}  {state.reason}".rstrip()


def _changes(settings: list[str] | None, overlays: list[Path] | None) -> dict[str, Any]:
    """Files first, single values over them."""
    import yaml

    found: dict[str, Any] = {}
    for path in overlays or []:
        try:
            read = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise ConfigurationError("a file of parameters in YAML", came=str(error), where=f"--with {path}") from error
        if not isinstance(read, dict):
            raise ConfigurationError("name: value lines", came=type(read).__name__, where=f"--with {path}")
        found |= read
    return found | {name: yaml.safe_load(value) for name, value in _named(settings, "--set")}


def _named(given: list[str] | None, where: str) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in given or []]
    for name, equals, value in pairs:
        if not equals or not name.strip():
            raise ConfigurationError("name=value", came=f"{name}{equals}{value}", where=where)
    return [(name.strip(), value) for name, _, value in pairs]


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigurationError("a number", came=text, where=where) from None


def _read(grids: list[Path], changes: dict[str, Any], practices: int | None) -> list[Any]:
    from easel.grid import read_grid

    return [read_grid(path, changes=changes, practices=practices) for path in grids]


def _price(model: str) -> Any:
    """litellm's own price of a model that it knows; None for a stand-in or a recording."""
    if not model or model.startswith(("stand-in", "recorded:")):
        return None
    from easel.litellm_chat import LiteLLMChat

    try:
        return LiteLLMChat(model).price
    except EaselError:
        return None
