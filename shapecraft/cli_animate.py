"""The command line of animation: one verb. Without words it moves the joints there are, and asks no model."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.runs import RunStore
    from shapecraft.animating import Animated
    from shapecraft.animator import Animator

Run = Annotated[Path, typer.Argument(help="A run's folder.")]
Wanted = Annotated[str, typer.Argument(help='What it should do: "open the laptop". Without: every joint in turn.')]
Model = Annotated[str | None, typer.Option(help="litellm's name of a model, or 'stand-in'; only for words.")]
Preset = Annotated[str | None, typer.Option(help="paper or ours; without: the settings of the run.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting as name=value; may be repeated.")]
BudgetText = Annotated[str | None, typer.Option("--budget", help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")]
Base = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")]
Prices = Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")]
Label = Annotated[str | None, typer.Option(help="Name of the model in records, instead of its own.")]
Recorded = Annotated[str | None, typer.Option(help="Carry out the animations of this recording: real replies.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for copies of the files.")]
Blend = Annotated[bool, typer.Option("--blend/--no-blend", help="Also a .blend, for which the programs run again.")]
Disposable = Annotated[bool, typer.Option("--disposable-machine", help="This machine may be lost; no wall.")]
Known = Annotated[bool, typer.Option("--known-programs", help="No wall, and only programs that ship here.")]

SAID = 0.001
"""Share of a part that goes into another from which on it is told (ours); the run keeps all."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(animate)


def animate(
    run: Run,
    wanted: Wanted = "",
    model: Model = None,
    preset: Preset = None,
    settings: Set = None,
    budget: BudgetText = None,
    api_base: Base = None,
    prices: Prices = None,
    label: Label = None,
    recorded: Recorded = None,
    out: Out = None,
    blend: Blend = True,
    disposable_machine: Disposable = False,
    known_programs: Known = False,
) -> None:
    """Move a finished object: keyframes as GLB and .blend, a strip and a film. The same command again pays nothing.

    Exit status 1 where nothing of the object moves, or the model's reply could not be used; the reason is told.
    """
    from easel.runs import RunStore
    from shapecraft.animating import animate as move
    from shapecraft.wall import open_asked

    if recorded is not None:
        if wanted.strip() or model is not None or out is not None:
            raise ConfigurationError("--recorded alone: its words and its model are recorded", where="animate",
                                     came="words, --model or --out beside it")
        _replay(run, recorded, blend, disposable_machine, known_programs)
        return
    with RunStore.amend(run) as store, contextlib.ExitStack() as stack:
        animator = None
        if wanted.strip() and model is not None:
            animator = _animator(store, model, preset, settings, budget, api_base, prices, label)
        wall = stack.enter_context(open_asked(disposable_machine=disposable_machine, known_programs=known_programs,
                                              where="animate")) if blend else None
        made = move(store, wanted=wanted, animator=animator, wall=wall)
        _tell(made, out if out is not None else store.folder / "animations", copy=out is not None)
    if made.animating.animation is None:
        raise typer.Exit(1)


def _replay(run: Path, recorded: str, blend: bool, disposable_machine: bool, known_programs: bool) -> None:
    from easel.runs import RunStore
    from shapecraft.animation_recordings import AnimationRecording, replay_animations
    from shapecraft.recordings import Recording
    from shapecraft.replaying import ground_for

    kept = AnimationRecording.read(recorded)
    typer.echo(f"Replaying animations of '{recorded}': {kept.info['label']}, {kept.info['date']}.")
    with RunStore.amend(run) as store, contextlib.ExitStack() as stack:
        wall = None
        if blend:
            ground = ground_for(Recording.read(recorded), disposable_machine=disposable_machine,
                                known_programs_only=known_programs)
            wall = stack.enter_context(ground.wall)
            if ground.words:
                typer.echo(ground.words)
        for made in replay_animations(store, kept, wall=wall):
            _tell(made, store.folder / "animations", copy=False)
    typer.echo("the same keyframes as recorded")


def _animator(
    run: RunStore, model: str, preset: str | None, changes: list[str] | None, budget: str | None,
    api_base: str | None, prices: Path | None, label: str | None,
) -> Animator:
    from easel.arguments import read_budget, read_settings
    from shapecraft.animator import Animator
    from shapecraft.gallery import Gallery
    from shapecraft.live import Line
    from shapecraft.settings import CraftSettings

    if preset is None and not changes:
        chosen = Gallery(run).settings
    else:
        chosen = read_settings(CraftSettings, CraftSettings.of, preset or "ours", changes)
    line = Line(read_budget(budget), api_base=api_base, prices=prices,
                drop_refused_settings=chosen.drop_refused_settings,
                on_wait=lambda pause: typer.echo(f"{pause.model} pauses ({pause.reason}); stopping is safe, the same "
                                                 "command goes on.", err=True))
    return Animator(line.connect(model, run, label=label).chat, chosen, str(run.info["name"]))


def _tell(made: Animated, folder: Path, *, copy: bool) -> None:
    from shapecraft.animation import FPS

    animation = made.animating.animation
    if animation is None:
        typer.echo(f"no animation ({made.animating.failure}): {made.animating.reason}", err=True)
        return
    if copy:
        folder.mkdir(parents=True, exist_ok=True)
    for kind, content in made.files.items():
        path = folder / (f"animation.{kind}" if copy else f"{made.number}.{kind}")
        if copy:
            path.write_bytes(content)
        typer.echo(f"{path}  {len(content):,} bytes")
    joints = ", ".join(track.joint for track in animation.tracks)
    typer.echo(f"{animation.title}: {animation.seconds:.2f} s, joints {joints}")
    for name, joint in animation.proposed:
        typer.echo(f"{name} had no joint: a {joint.type} was proposed for it")
    for line in animation.notes:
        typer.echo(f"inside its limits: {line}")
    for frame, clash in made.clashes:
        if not clash.measured:
            typer.echo(f"whether {clash.part} goes into {clash.other} could not be measured: {clash.reason}")
        if clash.grown >= SAID:
            typer.echo(f"{clash.part} goes into {clash.other}: {clash.posed:.1%} of it at {frame / FPS:.2f} s, "
                       f"{clash.rest:.1%} as modelled{f' ({clash.reason})' if clash.reason else ''}")
    if made.blend is not None and not made.blend.ran:
        typer.echo(f"no .blend: {made.blend.kind}: {made.blend.message}", err=True)
    if made.differs:
        typer.echo(f"the .blend places otherwise: {', '.join(made.differs)}", err=True)
    if made.unseen:
        typer.echo(f"whether the .blend moves as the rest does was not seen: {made.unseen}", err=True)
    if "blend" in made.files:
        typer.echo("A .blend may hold scripts of the programs: open it with Auto Run Python Scripts off.")
    if made.watermark:
        typer.echo(made.watermark)
