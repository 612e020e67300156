"""The command line: make, demo, show; edit, animate, paint, evaluate, export, tables. Thin: it calls the library."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from easel.cli import ending, enter
from easel.errors import ConfigurationError, MissingCapability
from shapecraft import cli_animate, cli_edit, cli_evaluate, cli_export, cli_paint, cli_tables

app = typer.Typer(
    help="Text to structured 3D shapes: a graph of named parts, each a Blender program that runs behind a wall.",
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
)

DEMO = "stool"
"""The packaged recording that `demo` replays: of those that ship, the one that takes least time: 24 s of one processor
with its edit, which takes 5 of them (the laptop takes 50)."""

Preset = Annotated[str, typer.Option(help="paper: what the paper says. ours: with our additions.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting as name=value; may be repeated.")]
Root = Annotated[Path, typer.Option(help="Where run folders lie.")]
Disposable = Annotated[bool, typer.Option(
    "--disposable-machine", help="Run programs without a wall: this machine, a container for instance, may be lost.")]
Overlay = Annotated[Path | None, typer.Option(help="A folder whose prompts take the place of the package's.")]


@app.command()
def make(
    text: Annotated[str, typer.Argument(help="The object, in words.")],
    model: Annotated[str | None, typer.Option(help="litellm's name of a model, or 'stand-in'.")] = None,
    vision_model: Annotated[str | None, typer.Option(help="Another model for the Evaluator, one that sees.")] = None,
    preset: Preset = "ours",
    paths: Annotated[int | None, typer.Option(help="M, paths of a part.")] = None,
    steps: Annotated[int | None, typer.Option(help="T, judged programs of a path.")] = None,
    rounds: Annotated[int | None, typer.Option(help="N, rounds of bootstrapping.")] = None,
    components: Annotated[int | None, typer.Option(help="Most parts.")] = None,
    settings: Set = None,
    budget: Annotated[str | None, typer.Option(help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")] = None,
    api_base: Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")] = None,
    prices: Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")] = None,
    concurrency: Annotated[int, typer.Option(help="Model calls at once.")] = 8,
    root: Root = Path("data/runs"),
    name: Annotated[str | None, typer.Option(help="Name of the run; the object's words otherwise.")] = None,
    label: Annotated[str | None, typer.Option(help="Name of the model in records, instead of its own.")] = None,
    vision_label: Annotated[str | None, typer.Option(help="Likewise of the Evaluator's model.")] = None,
    sees_images: Annotated[bool | None, typer.Option(help="Whether the Evaluator's model takes pictures.")] = None,
    drop_refused_settings: Annotated[bool, typer.Option(
        "--drop-refused-settings", help="Drop a setting a model does not take; recorded.")] = False,
    disposable_machine: Disposable = False,
    prompt_overlay: Overlay = None,
) -> None:
    """Make an object. The same command again resumes, and pays for nothing twice."""
    from easel.arguments import read_budget, read_settings, refuse_unused
    from easel.stand_ins import is_stand_in
    from shapecraft.live import open_live
    from shapecraft.replaying import NO_WALL
    from shapecraft.settings import CraftSettings

    said: dict[str, Any] = {"paths": paths, "steps": steps, "rounds": rounds, "components": components,
                            "prompt_overlay": prompt_overlay, "drop_refused_settings": drop_refused_settings or None}
    given = {key: value for key, value in said.items() if value is not None}
    chosen = read_settings(CraftSettings, CraftSettings.of, preset, settings, **given)
    if model is None:
        raise ConfigurationError(
            "a model", came="none named", where="--model",
            mend="Name one of litellm's (--model gemini/gemini-2.5-pro, its key in the environment), or a local one "
                 "(--model ollama/..., --api-base ...), or --model stand-in for a dry run without any model; "
                 "`shapecraft demo` replays real replies.",
        )
    if vision_model is None:
        refuse_unused("no --vision-model", vision_label=vision_label)
    if is_stand_in(model):
        refuse_unused("a stand-in", api_base=api_base, prices=prices, sees_images=sees_images)
    studio = open_live(
        text, chosen, model=model, vision_model=vision_model, root=root, name=name or text[:40], date=_today(),
        budget=read_budget(budget), api_base=api_base, prices=prices, concurrency=concurrency, label=label,
        vision_label=vision_label, sees_images=sees_images, disposable_machine=disposable_machine,
        on_wait=lambda pause: typer.echo(_waiting(pause), err=True),
    )
    with _closing(studio):
        typer.echo(NO_WALL if disposable_machine else _wall_words(studio.wall))
        if studio.run.info["evidence"] != "stand-in" and studio.run.info.get("evaluator_sees") is False:
            why = "--sees-images" if chosen.pictures == "auto" else "pictures=never"
            typer.echo(f"the Evaluator sees no pictures ({why}): it judges by measured facts and programs", err=True)
        _drain(studio)
        _tell(studio)


@app.command()
def demo(
    recording: Annotated[str, typer.Option(help="Name or folder of a recording.")] = DEMO,
    root: Root = Path("data/runs"),
    by_site: Annotated[bool, typer.Option("--by-site", help="Replay by call site, after an edit of a prompt.")] = False,
    prompt_overlay: Annotated[Path | None, typer.Option(help="Prompts of your own; with --by-site.")] = None,
    trust_plugins: Annotated[bool, typer.Option("--trust-plugins", help="Run code that it names from elsewhere.")] = (
        False),
    disposable_machine: Disposable = False,
    painted: Annotated[bool, typer.Option("--paint/--no-paint", help="Paint it at the end.")] = True,
) -> None:
    """Replay a recorded object and its edits, then paint it: real replies, programs in Blender; no key, no network."""
    from shapecraft.animation_recordings import AnimationRecording
    from shapecraft.recordings import Recording
    from shapecraft.replaying import ground_for, open_recording

    kept = Recording.read(recording)
    typer.echo(f"Replaying '{kept.name}', {kept.prompt}: {kept.info['label']}, {kept.info['date']}.")
    for note in kept.info["notes"]:
        typer.echo(f"  {note}")
    try:
        ground = ground_for(kept, disposable_machine=disposable_machine)
    except MissingCapability as error:
        typer.echo(f"shapecraft: no object can be made here: {error}", err=True)
        raise typer.Exit(1) from None
    with ground.wall:
        typer.echo(ground.words or _wall_words(ground.wall))
        studio = open_recording(kept, root=root, date=_today(), wall=ground.wall, by_site=by_site,
                                prompt_overlay=prompt_overlay, trust_plugins=trust_plugins)
        with _closing(studio):
            _drain(studio)
            _tell(studio)
            _tell_edits(kept, studio.run, ground.wall, by_site=by_site)
            if AnimationRecording.there(kept.folder):
                typer.echo(f"moved in words: shapecraft animate {studio.run.folder} --recorded {recording}")
    if painted:
        cli_paint.chapter(studio.run.folder)


@app.command()
def show(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    version: Annotated[int | None, typer.Option(help="Of the object, 0 as it was made. Without: what stands.")] = None,
) -> None:
    """Say what is in a run, and write model, page and contact sheet of a finished one, as it stands after its edits;
    offline, without Blender."""
    from shapecraft.gallery import Gallery
    from shapecraft.run_painting import painting_lines
    from shapecraft.views import summary

    gallery = Gallery(run)
    for line in summary(gallery):
        typer.echo(line)
    if gallery.finished:
        _tell_views(gallery, version=version)
        for line in painting_lines(gallery.run):
            typer.echo(line)
        return
    if version is not None:
        raise ConfigurationError("a finished object, of which there are versions", came="none",
                                 where=gallery.folder.name)
    if gallery.watermark:
        typer.echo(gallery.watermark)


for commands in (cli_export, cli_edit, cli_animate, cli_paint, cli_evaluate, cli_tables):
    commands.register(app)


def _wall_words(wall: Any) -> str:
    """Said before any program runs."""
    return f"Programs run behind a wall: a {wall.level} each, Blender {wall.blender}."


def _waiting(pause: Any) -> str:
    """When a paused model is asked again, on this machine's clock."""
    until = datetime.datetime.fromtimestamp(pause.until).strftime("%Y-%m-%d %H:%M")
    return f"{pause.model} pauses until {until} ({pause.reason}); stopping is safe, the same command resumes."


@contextlib.contextmanager
def _closing(studio: Any) -> Iterator[None]:
    """The run's status says how it ended, and why; an interrupt keeps everything and says how to go on."""
    with studio, ending(studio.run):
        yield


def _drain(studio: Any) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from shapecraft import events

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("parts", total=None)
        for event in studio.explore():
            if isinstance(event, events.Parsed):
                graph = event.parsing.graph
                assert graph is not None
                progress.update(task, total=len(graph))
                most = studio.settings.most_calls(len(graph))
                more = ", more where replies cannot be read" if studio.settings.reply_repairs else ""
                progress.console.print(f"{len(graph)} parts: {', '.join(graph.names)}; at most {most} calls{more}",
                                       markup=False, highlight=False)
            elif isinstance(event, events.ComponentFinished):
                progress.advance(task)
            for line in event_lines(event):
                progress.console.print(line, markup=False, highlight=False)


def event_lines(event: Any) -> list[str]:
    """What a person is told of an event while it happens."""
    from shapecraft import events

    if isinstance(event, events.Bootstrapped):
        changed = ", ".join(event.diff.touched) or "nothing"
        return [f"round {event.round}: boxes {_score(event.judgement.score)}; changed: {changed}"]
    if isinstance(event, events.AttemptFinished):
        one = event.attempt
        came = one.outcome.kind if one.outcome else one.failure or "not run"
        reason = "" if one.ran else f": {(one.outcome.message if one.outcome else '') or one.reason}"
        return [f"  {one.id} {one.kind}: {came}{reason}"
                + (f", {_score(one.score)}" if one.judgement is not None else "")]
    if isinstance(event, events.ComponentFinished):
        return [f"{event.component}: {event.chosen.id if event.chosen else 'not made, no program of it ran'}"]
    if isinstance(event, events.Assembled) and event.assembly is not None:
        made = event.assembly
        missing = f"; missing: {', '.join(made.missing)}" if made.missing else ""
        differs = f"; otherwise than alone: {', '.join(made.differs)}" if made.differs else ""
        return [f"put together: {made.outcome.kind}{missing}{differs}"]
    if isinstance(event, events.GlobalLooked):
        return [f"the whole: {_score(event.judgement.score)}{'' if event.kept else ', not kept'}"]
    return []


def _score(score: float | None) -> str:
    return "no score" if score is None else f"score {score:g}"


def _tell(studio: Any) -> None:
    from shapecraft.views import summary

    gallery = studio.gallery
    for line in [*summary(gallery)[1:], *studio.remarks()]:
        typer.echo(line)
    if not gallery.finished:
        ended = studio.finished
        raise ConfigurationError("an object", came=f"{ended.failure}: {ended.reason}", where=str(studio.run.folder),
                                 mend="Make it again with another seed (--set seed=1), or with more paths.")
    typer.echo(f"run folder: {studio.run.folder}")
    _tell_views(gallery, wall=studio.wall)


def _tell_views(gallery: Any, *, version: int | None = None, wall: Any = None) -> None:
    """Write what a version is looked at with, and say which one it is; a .blend last, since its program may not run."""
    from shapecraft.standing import standing
    from shapecraft.usd_file import ExportError
    from shapecraft.views import write_blend, write_views

    made = standing(gallery, version)
    typer.echo(made.words())
    for what, path in write_views(gallery, version=made.version).items():
        typer.echo(f"{what}: {path}")
    if wall is not None:
        try:
            typer.echo(f"Blender file: {write_blend(gallery, wall=wall, version=made.version)}")
        except ExportError as error:
            typer.echo(f"no Blender file: {error}", err=True)
    if made.watermark:
        typer.echo(made.watermark)


def _tell_edits(kept: Any, run: Any, wall: Any, *, by_site: bool) -> None:
    """Carry out the recorded edits, where there are some, and say what changed and what stayed."""
    from shapecraft.edit_desk import EditDesk
    from shapecraft.edit_events import EditFinished
    from shapecraft.edit_recordings import EditRecording, replay_edits
    from shapecraft.gallery import Gallery

    if not EditRecording.there(kept.folder):
        return
    desk = EditDesk(run)
    if desk.rows():
        typer.echo(f"its recorded edits were carried out before; version {desk.history.current} stands")
        return
    for event in replay_edits(desk, EditRecording.at(kept.folder), wall, by_site=by_site):
        if isinstance(event, EditFinished):
            typer.echo(f'edited, "{event.instruction}": {_edited(event)}')
    _tell_views(Gallery(run))


def _edited(event: Any) -> str:
    if event.edited is None:
        return f"nothing was changed ({event.failure})"
    one = event.edited
    same = [part.name for part in one.proof.parts if part.verdict == "same"]
    told = [f"{what} {', '.join(names)}" for what, names in (
        ("changed", one.changed), ("added", one.added), ("removed", one.removed),
        ("run again and found as before:", same)) if names]
    return "; ".join(told)


def _today() -> str:
    return datetime.date.today().isoformat()


def main() -> None:
    """Entry point: errors of our own are one clear line and exit status 2."""
    enter("shapecraft", app)
