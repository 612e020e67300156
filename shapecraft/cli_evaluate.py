"""The command line of evaluation: one verb, over finished runs or files of any method. Only a judge is a model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.chat import ChatModel
    from shapecraft.aggregates import Aggregate
    from shapecraft.evaluation import Evaluated
    from shapecraft.question_judge import Judge
    from shapecraft.questions import QuestionBook
    from shapecraft.subjects import Found

JUDGE = "judge.json"
"""Of a folder of results: what is known of the model behind the judge's name."""
Folder = Annotated[Path, typer.Argument(help="A run, a folder of runs, or a folder of OBJ, STL, GLB files.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for tables, report and contact sheets.")]
References = Annotated[Path | None, typer.Option(help="Folder of reference meshes, of the same names.")]
Captions = Annotated[Path | None, typer.Option(
    help="CSV, YAML or JSON: file, caption[, reference][, object]; else the folder's own captions.csv (.yaml, .json).")]
Scorer = Annotated[str | None, typer.Option(
    help="For CLIP: MODEL/PRETRAINED, a folder, embedded:reward or embedded:report.")]
Template = Annotated[str, typer.Option(help="Sentence around a caption for a large CLIP.")]
Unknown = Annotated[bool, typer.Option("--allow-unknown-words", help="Let the embedded scorer guess at unknown words.")]
JudgeName = Annotated[str | None, typer.Option(
    "--judge", help="For VQA: litellm's name of a model that sees, 'recorded:FOLDER' of an earlier evaluation, or "
                    "'stand-in'.")]
Same = Annotated[bool, typer.Option("--same-judge", help="Let the Evaluator's model be the judge; the table says so.")]
Questions = Annotated[Path | None, typer.Option(help="Stored questions; else those of a clone, data/questions.")]
Base = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server, for the judge.")]
BudgetText = Annotated[str | None, typer.Option("--budget", help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")]
Prices = Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")]
Label = Annotated[str | None, typer.Option(help="Name of the judge in records, instead of its own.")]
Sees = Annotated[bool | None, typer.Option(help="Whether the judge takes pictures; asked of litellm's map otherwise.")]
Writes = Annotated[bool, typer.Option(
    "--write-questions", help="Let the judge write questions of captions that have none, before it sees an object.")]
Up = Annotated[str, typer.Option(help="Axis of OBJ and STL files that points up: z or y. GLB is y by its standard.")]
ReferencesUp = Annotated[str | None, typer.Option(help="The same of the references, where it is another.")]
Seed = Annotated[int, typer.Option(help="Of points and of intervals.")]
Disposable = Annotated[bool, typer.Option("--disposable-machine", help="No wall for the catalogue's programs.")]
Drop = Annotated[bool, typer.Option("--drop-refused-settings", help="Drop a setting a model does not take; recorded.")]
Timeout = Annotated[float, typer.Option(help="Seconds of one try of a call.")]


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(evaluate)


def evaluate(
    folder: Folder,
    out: Out = Path("evaluation"),
    references: References = None,
    captions: Captions = None,
    scorer: Scorer = None,
    template: Template = "{text}",
    allow_unknown_words: Unknown = False,
    judge: JudgeName = None,
    same_judge: Same = False,
    questions: Questions = None,
    write_questions: Writes = False,
    api_base: Base = None,
    budget: BudgetText = None,
    prices: Prices = None,
    label: Label = None,
    sees_images: Sees = None,
    up: Up = "z",
    references_up: ReferencesUp = None,
    seed: Seed = 0,
    disposable_machine: Disposable = False,
    drop_refused_settings: Drop = False,
    timeout: Timeout = 600.0,
) -> None:
    """Measure made objects: shape against references, CLIP, questions, programs, calls and cost, with intervals.

    Runs whose text is a caption of the catalogue are held to the catalogue's object. The same command again pays
    nothing. Exit status 1 where no object could be read.
    """
    from easel.scorers import open_scorer
    from shapecraft.catalogue_meshes import CatalogueMeshes
    from shapecraft.evaluation import evaluate as evaluated
    from shapecraft.evaluation_folder import EvaluationFolder
    from shapecraft.evaluation_rows import pandas_or_words
    from shapecraft.subjects import find_subjects
    from shapecraft.wall import open_wall

    pandas_or_words()  # told before anything is measured
    catalogue = CatalogueMeshes(lambda: open_wall(2, disposable_machine=disposable_machine))
    try:
        found = find_subjects(folder, captions=captions, references=references, catalogue=catalogue,
                              up=_axis(up, "--up"), references_up=_axis(references_up or up, "--references-up"))
        if not found.subjects:
            raise ConfigurationError("a finished run, or a mesh", came="; ".join(found.skipped), where=str(folder))
        eyes = open_scorer(scorer, template=template, allow_unknown_words=allow_unknown_words) if scorer else None
        book, asked = _book(questions), None
        if judge is not None:
            model = _model(judge, out, api_base, budget, prices, label, sees_images, drop_refused_settings, timeout)
            asked = _judge(model, found, same_judge, _identities(judge, model.name, out))
            if write_questions:
                book = _written(model, found, book, out)
        notes = [*_heads(eyes, asked), *(f"left out: {one}" for one in found.skipped)]
        kept = EvaluationFolder(out, f"Evaluation of {folder.name}", tuple(notes), book, seed)
        for one in _shown(evaluated(found.subjects, scorer=eyes, judge=asked, questions=book, seed=seed), found):
            kept.add(one)
    finally:
        catalogue.close()
    for note in notes:
        typer.echo(note)
    written = kept.finish()
    for line in told(kept.aggregates):
        typer.echo(line)
    typer.echo(f"report: {written['report.html']}")
    typer.echo(f"tables: {written['results.csv']}, {written['aggregates.csv']}")
    if not any(row.made for row in kept.rows):
        typer.echo("No object could be read: the figures are those of failures.", err=True)
        raise typer.Exit(1)


def told(found: tuple[Aggregate, ...]) -> list[str]:
    """Aggregates in lines, a block a grade of evidence."""
    from shapecraft.evaluation_report import STAND_IN

    lines = []
    for evidence in dict.fromkeys(one.evidence for one in found):
        block = [one for one in found if one.evidence == evidence]
        lines.append(f"{evidence}{f' ({STAND_IN})' if evidence == 'stand-in' else ''}")
        for one in block:
            interval = "" if one.low != one.low else f" [{one.low:.3f}, {one.high:.3f}]"
            left = ((one.failed, "failed"), (one.unmeasured, "unmeasured"))
            also = "".join(f", {count} {what}" for count, what in left if count)
            mean = "-" if one.mean != one.mean else f"{one.mean:.3f}"
            lines.append(f"  {one.column}: {mean}{interval}, n = {one.n}{also}")
        lines += [f"  {claim}" for claim in dict.fromkeys(one.claim for one in block) if claim]
    return lines


def _axis(name: str, option: str) -> Literal["y", "z"]:
    if name not in ("y", "z"):
        raise ConfigurationError("z or y", came=name, where=option)
    return "y" if name == "y" else "z"


def _model(
    name: str, out: Path, api_base: str | None, budget: str | None, prices: Path | None, label: str | None,
    sees_images: bool | None, drop: bool, timeout: float,
) -> ChatModel:
    """The judge's model behind a record in the folder, so that the same command pays nothing twice."""
    from dataclasses import replace

    from easel.arguments import read_budget
    from easel.connection import chain, connect
    from easel.recording import Replay, ReplyStore
    from easel.stand_ins import is_stand_in
    from shapecraft.recordings import without_cameras
    from shapecraft.standin import StandIn

    if name.startswith("recorded:"):
        place = Path(name.removeprefix("recorded:"))
        inside = place / "replies"
        return Replay(inside if inside.is_dir() else place, alike=without_cameras)
    limits, store = read_budget(budget), ReplyStore(out / "replies")
    if is_stand_in(name):
        # It says that it sees, and answers by number: what is tried is the way of the pictures.
        return chain(replace(StandIn.named(name, label=label), sees_images=True), store=store, ledger=out,
                     budget=limits).chat
    return connect(
        name, store=store, ledger=out, budget=limits, api_base=api_base, label=label, prices=prices,
        sees_images=sees_images, drop_refused_settings=drop, timeout=timeout,
    ).chat


def _identities(judge: str, label: str, out: Path) -> tuple[str, ...]:
    """Of the judge: kept beside its answers, and taken from there where an earlier evaluation's are used."""
    from easel.jsonl import write_whole
    from shapecraft.model_names import named, with_model

    recorded = judge.startswith("recorded:")
    place = (Path(judge.removeprefix("recorded:")) if recorded else out) / JUDGE
    kept: object = {}
    if place.is_file():
        try:
            kept = json.loads(place.read_bytes())
        except ValueError:
            raise ConfigurationError("JSON", came="something else", where=str(place)) from None
    if not recorded:
        known = named(label, kept).identities
        kept = with_model({label: known} if known else {}, label, judge)
        write_whole(place, f"{json.dumps(kept)}\n".encode())
    return named(label, kept).identities


def _judge(model: ChatModel, found: Found, same: bool, identities: tuple[str, ...]) -> Judge:
    from shapecraft.question_judge import Judge

    return Judge.of(model, evaluators=found.evaluators, allow_same=same, identities=identities)


def _book(path: Path | None) -> QuestionBook:
    from shapecraft.questions import STORED, QuestionBook, read_questions

    if path is not None:
        return read_questions(path)
    root = Path(__file__).resolve().parent.parent
    return QuestionBook(tuple(one for file in sorted((root / STORED).glob("*.yaml"))
                              for one in read_questions(file).sets))


def _written(model: ChatModel, found: Found, book: QuestionBook, out: Path) -> QuestionBook:
    """The book with questions of every caption that had none; they are kept before any object is shown."""
    from shapecraft.questions import write_file, write_questions

    for caption in dict.fromkeys(one.caption for one in found.subjects if one.caption):
        if book.find(caption) is None:
            try:
                answer = write_questions(model, caption)
            except ConfigurationError as error:  # a stand-in that does not know the object
                typer.echo(f"no questions for '{caption}': {error}", err=True)
                continue
            if answer.value is None:
                typer.echo(f"no questions for '{caption}': {answer.failure}: {answer.reason}", err=True)
            else:
                book = book.plus(answer.value)
    captions = {one.caption for one in found.subjects}
    asked = [one for caption in sorted(captions) if (one := book.find(caption)) is not None]
    if asked:
        write_file(asked, out / "questions.yaml", source="Written from the captions, before any object was shown.")
    return book


def _heads(scorer: object, judge: Judge | None) -> list[str]:
    card = getattr(scorer, "card", None)
    lines = [f"CLIP: {card.column} x100 ({card.name}, template '{card.template}')"] if card is not None else []
    if judge is not None:
        lines.append(judge.column)
    return lines


def _shown(evaluated: Iterator[Evaluated], found: Found) -> Iterator[Evaluated]:
    """The same, with a progress bar and a line for what failed."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("objects", total=len(found.subjects))
        for one in evaluated:
            progress.advance(task)
            if one.row.failed:
                progress.console.print(f"{one.row.name}: not made: {one.row.failed}", markup=False, highlight=False)
            yield one
