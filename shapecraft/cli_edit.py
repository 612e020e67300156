"""The command line of edits: one verb, in words or by numbers, with undo and redo. Thin, as `shapecraft.cli`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.chat import ChatModel
    from shapecraft.edit_desk import EditDesk
    from shapecraft.edit_events import EditEvent, EditFinished
    from shapecraft.settings import CraftSettings

Run = Annotated[Path, typer.Argument(help="The folder of a finished run.")]
Words = Annotated[str, typer.Argument(help='What to change: "make the legs thicker and add a drawer".')]
Model = Annotated[str | None, typer.Option(help="litellm's name of a model, or 'stand-in'; only for words.")]
Vision = Annotated[str | None, typer.Option(help="Another model for the Evaluator, with --judged.")]
Preset = Annotated[str | None, typer.Option(help="paper or ours; without: the settings of the run.")]
Judged = Annotated[bool, typer.Option("--judged", help="The Evaluator scores every part that is written.")]
Paths = Annotated[int, typer.Option(help="Programs of every part side by side; the best one stays.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="PART.NAME=NUMBER, without a model; may be repeated.")]
Numbers = Annotated[str | None, typer.Option("--numbers", help="List the numbers of this part's program.")]
Undo = Annotated[bool, typer.Option("--undo", help="Back to the version before.")]
Redo = Annotated[bool, typer.Option("--redo", help="To the version that was undone.")]
Go = Annotated[int | None, typer.Option("--go", help="To the version of this number, on any branch.")]
List = Annotated[bool, typer.Option("--list", help="The versions; * marks the one that stands.")]
Recorded = Annotated[str | None, typer.Option(help="Carry out the edits of this recording: real replies.")]
Unsteady = Annotated[bool, typer.Option(
    "--allow-unsteady", help="Keep an edit though an untouched part makes something else each time it runs.")]
BudgetText = Annotated[str | None, typer.Option("--budget", help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")]
Base = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")]
Prices = Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")]
Label = Annotated[str | None, typer.Option(help="Name of the model in records, instead of its own.")]
Known = Annotated[bool, typer.Option("--known-programs", help="With --recorded: no wall, only programs that ship.")]
Disposable = Annotated[bool, typer.Option("--disposable-machine", help="This machine may be lost; no wall.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(edit)


def edit(
    run: Run,
    words: Words = "",
    model: Model = None,
    vision_model: Vision = None,
    preset: Preset = None,
    judged: Judged = False,
    paths: Paths = 1,
    numbers_set: Set = None,
    numbers: Numbers = None,
    undo: Undo = False,
    redo: Redo = False,
    go: Go = None,
    show: List = False,
    recorded: Recorded = None,
    allow_unsteady: Unsteady = False,
    budget: BudgetText = None,
    api_base: Base = None,
    prices: Prices = None,
    label: Label = None,
    disposable_machine: Disposable = False,
    known_programs: Known = False,
) -> None:
    """Change a made object: only the parts that are asked for; every other one is shown to be as it was.

    An edit that broke off goes on with the same command, and pays for nothing twice. Exit status 1 where it came to
    nothing; the object is then as it was, and the reason is told. The same command is then another attempt, which asks
    anew and pays anew.
    """
    from easel.runs import RunStore
    from shapecraft.edit_desk import EditDesk, read_numbers
    from shapecraft.wall import open_wall

    asked = [name for name, given in (
        ("words", words.strip()), ("--set", numbers_set), ("--numbers", numbers), ("--undo", undo), ("--redo", redo),
        ("--go", go is not None), ("--list", show), ("--recorded", recorded)) if given]
    if len(asked) != 1:
        raise ConfigurationError("one of: words, --set, --numbers, --undo, --redo, --go, --list, --recorded",
                                 came=" and ".join(asked) or "none of them", where="edit")
    if known_programs and recorded is None:
        raise ConfigurationError("--known-programs with --recorded: what a model writes now ships nowhere",
                                 came="without", where="edit")
    if numbers is not None or show:
        desk = EditDesk(RunStore.read(run))
        if numbers is not None:
            _tell_numbers(desk, numbers)
        else:
            typer.echo(desk.history.words())
        return
    with RunStore.amend(run) as store:
        desk = EditDesk(store)
        if undo or redo or go is not None:
            version = desk.undo() if undo else desk.redo() if redo else desk.go(go or 0)
            typer.echo(f"version {version.number}: {version.cause}, {version.words}")
            _tell_files(desk)
            return
        if recorded is not None:
            _replay(desk, recorded, disposable_machine, known_programs)
            return
        if words.strip():
            chosen, chat, vision = _models(desk, model, vision_model, preset, budget, api_base, prices, label)
            with open_wall(disposable_machine=disposable_machine) as wall:
                ended = _followed(desk.edit(words, model=chat, wall=wall, settings=chosen, vision=vision,
                                            judged=judged, paths=paths, allow_unsteady=allow_unsteady))
        else:
            values = read_numbers(numbers_set or [])
            with open_wall(disposable_machine=disposable_machine) as wall:
                ended = _followed(desk.set_numbers(values, wall=wall, allow_unsteady=allow_unsteady))
        _tell(desk, ended)


def _replay(desk: EditDesk, recorded: str, disposable_machine: bool, known_programs: bool) -> None:
    from shapecraft.edit_recordings import EditRecording, replay_edits
    from shapecraft.recordings import Recording
    from shapecraft.replaying import ground_for

    kept = EditRecording.read(recorded)
    typer.echo(f"Replaying edits of '{recorded}': {kept.info['label']}, {kept.info['date']}.")
    ground = ground_for(Recording.read(recorded), disposable_machine=disposable_machine,
                        known_programs_only=known_programs)
    if ground.words:
        typer.echo(ground.words)
    with ground.wall:
        for ended in _ends(replay_edits(desk, kept, ground.wall)):
            _tell(desk, ended, replayed=True)
    typer.echo("the same versions as recorded")


def _models(
    desk: EditDesk, model: str | None, vision_model: str | None, preset: str | None, budget: str | None,
    api_base: str | None, prices: Path | None, label: str | None,
) -> tuple[CraftSettings, ChatModel, ChatModel | None]:
    """Settings, the model, and the Evaluator's where it is another one."""
    from easel.arguments import read_budget
    from shapecraft.live import Line
    from shapecraft.settings import CraftSettings

    if model is None:
        raise ConfigurationError("a model", came="none named", where="--model",
                                 mend="Name one, or --model stand-in; --set changes numbers without any model.")
    settings = desk.settings if preset is None else CraftSettings.of(preset)
    line = Line(read_budget(budget), api_base=api_base, prices=prices,
                drop_refused_settings=settings.drop_refused_settings)
    chat = line.connect(model, desk.run, label=label)
    vision = line.connect(vision_model, desk.run, beside=chat).chat if vision_model is not None else None
    return settings, chat.chat, vision


def _followed(events: Iterable[EditEvent]) -> EditFinished:
    """Tell what happens, and hand back the end."""
    *_, ended = _ends(events)
    return ended


def _ends(events: Iterable[EditEvent]) -> Iterator[EditFinished]:
    """Tell what happens; every edit's end, as it comes."""
    from shapecraft.edit_events import EditFinished, EditPlanned
    from shapecraft.events import AttemptFinished

    for event in events:
        match event:
            case EditPlanned(planned=planned, attempt=attempt):
                if attempt:
                    typer.echo(f"attempt {attempt + 1}: the same request came to nothing before, and is asked anew",
                               err=True)
                if planned.plan is not None:
                    typer.echo(f"plan: {planned.plan.summary}", err=True)
            case AttemptFinished(attempt=one):
                came = one.outcome.kind if one.outcome else one.failure or "not run"
                score = "" if one.score is None else f", score {one.score:g}"
                typer.echo(f"  {one.id} {one.kind}: {came}{score}", err=True)
            case EditFinished():
                yield event


def _tell(desk: EditDesk, ended: EditFinished, *, replayed: bool = False) -> None:
    if ended.edited is None:
        typer.echo(f"nothing was changed ({ended.failure}): {ended.reason}", err=True)
        if replayed:  # it came to nothing when it was recorded, too
            return
        raise typer.Exit(1)
    typer.echo(ended.edited.words())
    unnamed = [part for part in ended.edited.proof.parts if part.verdict not in ("changed", "added", "removed")]
    others = ", ".join(part.name for part in unnamed if part.verdict in ("same", "alike"))
    typer.echo(f"run again and found as before: {others or ('no part' if unnamed else 'no part, all were named')}")
    for part in ended.edited.proof.broken:
        typer.echo(f"NOT SHOWN TO BE THE SAME: {part.words()}", err=True)
    calls = ", ".join(f"{count} {role}" for role, count in ended.calls)
    typer.echo(f"version {desk.history.current}; {calls or 'no model was asked'}")
    _tell_files(desk)


def _tell_files(desk: EditDesk) -> None:
    for kind in ("glb", "py"):
        typer.echo(desk.file(kind))
    typer.echo(f"its page and contact sheet: shapecraft show {desk.run.folder}")
    if desk.watermark:
        typer.echo(desk.watermark)


def _tell_numbers(desk: EditDesk, component: str) -> None:
    lifted = desk.numbers(component)
    for one in lifted.parameters:
        typer.echo(f"{component}.{one.words()}")
    left = ", ".join(f"{count} {why}" for why, count in lifted.skipped)
    typer.echo(f"{len(lifted.parameters)} numbers; left as they are: {left or 'none'}")
