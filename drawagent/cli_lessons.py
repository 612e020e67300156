"""The command line of lessons: what each one does (`effects`), and a run with others (`fork`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from easel.errors import ConfigurationError

Run = Annotated[Path, typer.Argument(help="A run folder.")]
Model = Annotated[str | None, typer.Option(help="The run's model, if its label is not its name.")]
Scorer = Annotated[str | None, typer.Option(help="As practise takes it; the run's own otherwise.")]
Overlay = Annotated[Path | None, typer.Option(help="The run's prompts, if it had some of its own.")]
BudgetText = Annotated[str | None, typer.Option("--budget", help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")]
Base = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")]
Prices = Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")]
Concurrency = Annotated[int, typer.Option(help="Model calls at once.")]
Unknown = Annotated[bool, typer.Option("--allow-unknown-words", help="Let the embedded scorer guess at unknown words.")]
Device = Annotated[str, typer.Option(help="Where scorers and renderer compute: cpu, cuda, cuda:1.")]
Trust = Annotated[bool, typer.Option("--trust-plugins", help="Run code from elsewhere that the run names.")]

Mixed = Annotated[bool, typer.Option("--mixed", help="Let --model go on from a recorded past; the run says so.")]


def effects(
    run: Run,
    method: Annotated[str, typer.Option(help="leave-one-out, or shapley (sampled).")] = "leave-one-out",
    draws: Annotated[int, typer.Option(help="Of each gate query with each part of the library.")] = 4,
    orders: Annotated[int, typer.Option(help="Orders of the lessons, for shapley; even.")] = 16,
    seed: Annotated[int, typer.Option(help="Of the orders.")] = 0,
    epoch: Annotated[int | None, typer.Option(help="Whose library; the last one otherwise.")] = None,
    queries: Annotated[Path | None, typer.Option(help="YAML file whose gate list replaces the run's.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask for what is planned.")] = False,
    budget: BudgetText = None,
    model: Model = None,
    scorer: Scorer = None,
    prompt_overlay: Overlay = None,
    api_base: Base = None,
    prices: Prices = None,
    concurrency: Concurrency = 8,
    allow_unknown_words: Unknown = False,
    device: Device = "cpu",
    trust_plugins: Trust = False,
) -> None:
    """What each lesson of a run's library does to the gate queries' scores. The cost is told first."""
    from drawagent.examination import open_examination
    from drawagent.lesson_effects import Design, covers
    from drawagent.queries import read_queries
    from easel.arguments import read_budget

    opened = open_examination(
        run, epoch=epoch, queries=None if queries is None else read_queries(queries), model=model, scorer=scorer,
        budget=read_budget(budget), prompt_overlay=prompt_overlay, trust_plugins=trust_plugins,
        allow_unknown_words=allow_unknown_words, device=device, concurrency=concurrency, api_base=api_base,
        prices=prices,
    )
    with opened.run:
        design = Design(method, draws, orders, seed, opened.first)  # type: ignore[arg-type]  # the design checks it
        planned = opened.plan(design)
        typer.echo(f"planned: {planned} ({len(opened.library)} lessons, {len(opened.queries)} gate queries)", err=True)
        if planned.calls and not (yes or covers(opened.budget, planned)):
            raise ConfigurationError(
                "a word that this shall be asked for", came="neither --yes nor a --budget that covers it",
                mend="Nothing was asked for yet.",
            )
        _tell(opened.effects(design))
        typer.echo(f"kept in {opened.run.folder}: effects.jsonl, effect_rollouts.jsonl")


def fork(
    run: Annotated[str, typer.Argument(help="A run folder, or 'recorded:NAME'.")],
    epoch: Annotated[int, typer.Option(help="In which the edited library comes into force; 0 is before practice.")],
    delete: Annotated[list[str] | None, typer.Option(help="Id of a lesson; may be repeated.")] = None,
    modify: Annotated[list[str] | None, typer.Option(help="ID=WORDS; may be repeated.")] = None,
    add: Annotated[list[str] | None, typer.Option(help="Words of a new lesson; may be repeated.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of the new run; the parent's otherwise.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the new run.")] = None,
    root: Annotated[Path | None, typer.Option(help="Where run folders lie; beside the parent otherwise.")] = None,
    budget: BudgetText = None,
    model: Model = None,
    scorer: Scorer = None,
    reporter: Scorer = None,
    references: Annotated[Path | None, typer.Option(help="The parent's references, if it had some.")] = None,
    prompt_overlay: Overlay = None,
    api_base: Base = None,
    prices: Prices = None,
    concurrency: Concurrency = 8,
    allow_unknown_words: Unknown = False,
    device: Device = "cpu",
    trust_plugins: Trust = False,
    mixed: Mixed = False,
) -> None:
    """A new run that shares a run's past, changes its library by hand, and goes on. Only the new branch is paid for."""
    from drawagent.cli import _closing, _drain, _plan, _tell, _today
    from drawagent.forking import fork as forked
    from drawagent.planning import planned_calls
    from drawagent.recordings import Recording
    from easel.arguments import read_budget
    from easel.recording import RecordMissing
    from easel.runs import RunStore

    recorded = run.startswith("recorded:")
    parent = Recording.read(run.partition(":")[2]) if recorded else RunStore.read(Path(run))
    edits = read_edits(delete, modify, add)
    studio = forked(
        parent, epoch, edits, date=_today(), model=model, scorer=scorer, reporter=reporter,
        root=root or (Path("data/runs") if recorded else Path(run).resolve().parent), name=name, epochs=epochs,
        prompt_overlay=prompt_overlay, trust_plugins=trust_plugins, budget=read_budget(budget), api_base=api_base,
        prices=prices, concurrency=concurrency, allow_unknown_words=allow_unknown_words, device=device,
        references=references, mixed=mixed,
    )
    with _closing(studio):
        for edit in edits:
            words = ": ".join(part for part in (getattr(edit, "id", ""), getattr(edit, "text", "")) if part)
            typer.echo(f"epoch {epoch}, by hand: {edit.op} {words}")
        calls = planned_calls(studio.lists, studio.settings, studio.chat)
        typer.echo(_plan(studio, (call for call in calls if call.site.epoch >= epoch)), err=True)
        try:
            _drain(studio)
        except RecordMissing:
            typer.echo(f"the shared past is kept in {studio.run.folder}", err=True)
            raise
        _tell(studio)


def read_edits(delete: list[str] | None, modify: list[str] | None, add: list[str] | None) -> tuple[Any, ...]:
    """Deletions, then changes ("L2=words"), then additions, as edits. Raises ConfigurationError naming the bad one."""
    from pydantic import ValidationError

    from drawagent.edits import Add, Delete, Edit, Modify

    edits: list[Edit] = [Delete(op="delete", id=lesson, because=()) for lesson in delete or ()]
    try:
        for change in modify or ():
            lesson, equals, words = change.partition("=")
            if not equals:
                raise ConfigurationError("a change as ID=WORDS", came=change, where="--modify")
            edits.append(Modify(op="modify", id=lesson.strip(), text=words, because=()))
        edits += [Add(op="add", text=words, because=()) for words in add or ()]
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError("words for a lesson", came=f"{first['input']!r}", where="--add, --modify",
                                 mend=f"{first['msg']}.") from error
    return tuple(edits)


def register(app: typer.Typer) -> None:
    """Give the commands to the command line."""
    app.command()(effects)
    app.command()(fork)


def _tell(found: Any) -> None:
    """The table, a lesson a line, and what it says."""
    for one in found.effects:
        error = "" if one.order_error is None else f", order error {one.order_error:.4f}"
        typer.echo(f"{one.id:4} {one.verdict:16} {one.effect:+.4f} [{one.low:+.4f}, {one.high:+.4f}] "
                   f"p {one.p_holm:.4f} (Holm){error}  {one.text}")
    typer.echo(f"  ({found.note})")
    if found.evidence == "stand-in":
        typer.echo("  STAND-IN, no result")
