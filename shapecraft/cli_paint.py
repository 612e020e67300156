"""The command line of painting: one verb, and the last chapter of the demo. Thin, as `shapecraft.cli`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from easel.errors import ConfigurationError, EaselError, MissingCapability
from shapecraft.paint_guidance import EMBEDDED, open_guidance

if TYPE_CHECKING:
    from easel.runs import RunStore
    from shapecraft.paint_settings import PaintSettings
    from shapecraft.run_painting import PaintingKept, PaintOrder, RunPaintEvent

Run = Annotated[Path, typer.Argument(help="The folder of a finished run.")]
Named = Annotated[str | None, typer.Option(
    "--guidance", help="A diffusers model's name or folder, 'embedded', or 'flat' (from words, no model).")]
Preset = Annotated[str | None, typer.Option(
    "--settings", help="paper, ours, or small, which is for the embedded model. Without: ours, of that one small.")]
Set = Annotated[list[str] | None, typer.Option(
    "--set", help="A setting as name=value, of one part's guidance as own.PART.name=value; may be repeated.")]
Steps = Annotated[int | None, typer.Option(
    help="Of the optimiser. Without: paper 3000, ours 2000, small 1200; with far fewer no colours have come yet.")]
Seed = Annotated[int | None, typer.Option(help="Of everything.")]
Size = Annotated[int | None, typer.Option(help="Texels along a side of the maps. Without: 2048; small 512.")]
Prompt = Annotated[str | None, typer.Option(help="Of the whole object, instead of its own words.")]
Part = Annotated[list[str] | None, typer.Option(help='NAME="red leather seat"; may be repeated.')]
Unknown = Annotated[str | None, typer.Option(
    help="Words that a closed vocabulary does not know: refuse, or drop and say so. Without: refuse.")]
Device = Annotated[str | None, typer.Option(help="cpu, cuda, ... Without: cpu.")]
Precision = Annotated[str | None, typer.Option(help="float16, bfloat16, float32. Without: as the device likes.")]
Revision = Annotated[str | None, typer.Option(help="Commit, tag or branch of a repository.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch what is missing of the model from its hub.")]
Blend = Annotated[bool, typer.Option("--blend/--no-blend", help="Also a .blend, for which Blender starts.")]
Number = Annotated[int | None, typer.Option("--version", help="Of the object, 0 as it was made. Without: what stands.")]

FLAT = "flat"
CHAPTER_SIZE, CHAPTER = 512, "about a minute"
"""Of the demo's painting: texels along a side of its maps, and how long it takes on one core with baking (ours)."""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(paint)


def paint(
    run: Run,
    guidance: Named = None,
    preset: Preset = None,
    settings: Set = None,
    steps: Steps = None,
    seed: Seed = None,
    size: Size = None,
    prompt: Prompt = None,
    part: Part = None,
    unknown_words: Unknown = None,
    device: Device = None,
    precision: Precision = None,
    revision: Revision = None,
    download: Download = False,
    version: Number = None,
    blend: Blend = True,
) -> None:
    """Paint a finished object, every part by its own words. The same command again goes on where it was stopped.

    Writes GLB and .blend with their maps, a page, the maps, also part by part, and the prompts into the run's
    paintings/ folder.
    """
    from easel.arguments import refuse_unused
    from easel.runs import RunStore
    from shapecraft.paint_arguments import read_paint_settings
    from shapecraft.run_painting import PaintOrder, check_size
    from shapecraft.standing import standing

    if guidance is None:
        raise ConfigurationError(
            "a diffusion model", came="none named", where="--guidance",
            mend="Name one in diffusers' format (--guidance stable-diffusion-v1-5/stable-diffusion-v1-5, or a folder), "
                 "or --guidance embedded for the small one that ships, or --guidance flat for flat colours from words.")
    if guidance == FLAT:
        refuse_unused("flat painting", settings=preset, set=settings, steps=steps, seed=seed, precision=precision,
                      revision=revision, device=device, download=download or None, unknown_words=unknown_words)
    if guidance == EMBEDDED:
        refuse_unused("the embedded model", revision=revision, download=download or None)
    with RunStore.amend(run) as store:
        made = standing(store, version)
        preset = preset or ("small" if guidance == EMBEDDED else None)
        size = (512 if preset == "small" else 2048) if size is None else size
        check_size(size)
        asked = _appearance(made, prompt, part)
        if guidance == FLAT:
            order = PaintOrder(asked, size=size, version=made.version)
        else:
            chosen = read_paint_settings(preset or "ours", settings, steps=steps, seed=seed)
            _check_own(chosen, made.mesh.names)
            unknown = _unknown(unknown_words or "refuse")
            model = open_guidance(guidance, device=device or "cpu", precision=precision, revision=revision,
                                  download=download)
            order = PaintOrder(asked.within(model.vocabulary, unknown=unknown), model, chosen, size, made.version)
        typer.echo(made.words())
        _tell(_followed(store, order, device=device or "cpu", blend=blend), made.watermark)


def chapter(folder: Path) -> None:
    """The demo's last chapter: the object as it stands, painted by the embedded model at a small setting, else by flat
    materials from words, with the reason. The run is finished before: what goes wrong here is told and nothing more."""
    from easel.runs import RunStore

    try:
        with RunStore.amend(folder) as store:
            _chapter(store)
    except EaselError as error:
        typer.echo(f"The object stands, but it was not painted: {error}", err=True)
        return
    typer.echo(f"with a real model: shapecraft paint {folder} --guidance NAME_OR_FOLDER")


def _chapter(run: RunStore) -> None:
    from shapecraft.paint_arguments import read_paint_settings
    from shapecraft.run_painting import PaintOrder
    from shapecraft.standing import standing

    made = standing(run)
    asked = _appearance(made, None, None)
    try:
        model = open_guidance(EMBEDDED)
        chosen = read_paint_settings("small")
        order = PaintOrder(asked.within(model.vocabulary, unknown="drop"), model, chosen, CHAPTER_SIZE, made.version)
        typer.echo(f"Painting it, every part by its own words: the embedded model, {chosen.steps} steps, {CHAPTER} on "
                   "one core.")
    except MissingCapability as error:
        order = PaintOrder(asked, size=CHAPTER_SIZE, version=made.version)
        typer.echo(f"Painting it in flat colours from words, since there is no diffusion model: {error}", err=True)
    _tell(_followed(run, order), made.watermark)


def _appearance(made: Any, prompt: str | None, parts: list[str] | None) -> Any:
    from shapecraft.appearance import appearance_of
    from shapecraft.paint_arguments import read_prompts

    return appearance_of(made.graph, made.mesh.names, prompt=prompt if prompt is not None else made.gallery.prompt,
                         prompts=read_prompts(parts))


def _check_own(settings: PaintSettings, names: Sequence[str]) -> None:
    for name, _ in settings.own:
        if name not in names:
            raise ConfigurationError(f"parts among {', '.join(names)}", came=name, where=f"--set own.{name}")


def _unknown(text: str) -> Literal["refuse", "drop"]:
    match text:
        case "refuse":
            return "refuse"
        case "drop":
            return "drop"
    raise ConfigurationError("refuse or drop", came=text, where="--unknown-words")


def _followed(store: RunStore, order: PaintOrder, *, device: str = "cpu", blend: bool = True) -> PaintingKept:
    """Tell what happens; an interrupt keeps the checkpoint and says how to go on."""
    from shapecraft.run_painting import paint_run

    for line in order.appearance.words():
        typer.echo(f"  {line}")
    done: list[int] = []
    try:
        return _shown(paint_run(store, order, device=device, blend=blend), done)
    except KeyboardInterrupt:
        kept = f"the checkpoint of step {done[-1]} is kept" if done else "nothing was to keep yet"
        typer.echo(f"\nStopped; {kept}. The same command goes on.", err=True)
        raise typer.Exit(130) from None


def _shown(events: Iterable[RunPaintEvent], done: list[int]) -> PaintingKept:
    """done : gets how many steps are whole, of earlier times and as they come"""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from shapecraft import paint_events as told
    from shapecraft.run_painting import PaintingBegun, PaintingKept

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    kept = None
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("painting", total=None)
        begun, first = time.monotonic(), 0
        for event in events:
            match event:
                case PaintingBegun(number=number, folder=folder, again=again):
                    again_words = ", begun before" if again else ""
                    progress.console.print(f"painting {number}{again_words}: {folder}", markup=False, highlight=False)
                case told.PaintStarted(done=first, steps=steps, terms=terms, views=views):
                    went = f", goes on after step {first}" if first else ""
                    progress.console.print(f"{steps} steps{went}, {views} cameras, {len(terms)} prompts", markup=False,
                                           highlight=False)
                    progress.update(task, total=steps, completed=first)
                    if first:
                        done.append(first)
                    begun = time.monotonic()
                case told.PartSkipped(part=part, reason=reason):
                    progress.console.print(f"  {part}: no term of its own, {reason}", markup=False, highlight=False)
                case told.TermLeftOut(step=step, part=part):
                    which = part or "the whole"
                    progress.console.print(f"  step {step}, {which}: left out, no finite gradient", markup=False,
                                           highlight=False)
                case told.PaintStepped(step=step):
                    done.append(step + 1)  # an interrupt keeps the last whole step
                    progress.update(task, completed=step + 1)
                    total = progress.tasks[0].total or 0
                    if step + 1 - first in (20, 200) and step + 1 < total and not console.is_terminal:
                        left = (time.monotonic() - begun) / (step + 1 - first) * (total - step - 1)
                        progress.console.print(f"step {step + 1} of {total:.0f}; {left:.0f} s left", markup=False,
                                               highlight=False)
                case told.CheckpointWritten(done=steps):
                    done.append(steps)
                case told.PaintFinished():
                    progress.update(task, description="baking")
                case PaintingKept():
                    kept = event
    assert kept is not None
    return kept


def _tell(kept: PaintingKept, watermark: str) -> None:
    shown = [what for what in kept.files if " of " not in what or what == "sheet of maps"]
    for what in shown:
        typer.echo(f"painted {what}: {kept.files[what]}")
    typer.echo(f"maps of each part alone: {kept.folder / 'parts'}")
    if kept.no_blend:
        typer.echo(f"no Blender file: {kept.no_blend}", err=True)
    if kept.unsaid:
        typer.echo(f"whose words name neither colour nor material, left as they were: {', '.join(kept.unsaid)}")
    if kept.unseen:
        typer.echo(f"that nothing outside sees, so that nothing painted them: {', '.join(kept.unseen)}")
    if watermark:
        typer.echo(watermark)
