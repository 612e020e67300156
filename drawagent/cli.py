"""The command line: draw, practise, show, pairs, render, demo. Thin: everything it does is a call of the library."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from drawagent import cli_bundles, cli_lessons, cli_scoring, cli_tables
from drawagent.arguments import read_library, read_query, read_settings
from easel.arguments import read_budget
from easel.cli import ending, enter
from easel.errors import ConfigurationError

app = typer.Typer(
    help="Text to 3D sketch: a frozen language model draws and learns from contrast.",
    no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False,
)

Model = Annotated[str | None, typer.Option(help="litellm's name of a model, 'recorded:NAME', or 'stand-in'.")]
Preset = Annotated[str, typer.Option(help="paper: what the paper says. ours: with our additions.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="A setting as name=value; may be repeated.")]
Scorer = Annotated[str, typer.Option(help="MODEL/PRETRAINED, a folder, or embedded:reward.")]
Reporter = Annotated[str, typer.Option(help="The scorer that reports; another one than rewards.")]
Root = Annotated[Path, typer.Option(help="Where run folders lie.")]
BudgetText = Annotated[str | None, typer.Option("--budget", help="Limits: calls=100,dollars=2,tokens=1e6,seconds=900.")]
Base = Annotated[str | None, typer.Option(help="Base URL of an OpenAI-compatible server.")]
Prices = Annotated[Path | None, typer.Option(help="Price table for models that litellm has no price of.")]
Concurrency = Annotated[int, typer.Option(help="Model calls at once.")]
Label = Annotated[str | None, typer.Option(help="Name of the model in records, instead of its own.")]
Unknown = Annotated[bool, typer.Option("--allow-unknown-words", help="Let the embedded scorer guess at unknown words.")]
Sees = Annotated[bool | None, typer.Option(help="Whether the model takes pictures; asked of litellm's map otherwise.")]
Aes = Annotated[Path | None, typer.Option(help="Weights of LAION's improved aesthetic predictor, for AES.")]
References = Annotated[Path | None, typer.Option(help="Known drawings of learn queries; sets reference=true.")]
LibraryFile = Annotated[Path | None, typer.Option(help="A library: library/epochN.json of a run.")]
Trust = Annotated[bool, typer.Option("--trust-plugins", help="Run code from elsewhere that the file names.")]
Device = Annotated[str, typer.Option(help="Where scorers and renderer compute: cpu, cuda, cuda:1.")]
Drop = Annotated[bool, typer.Option("--drop-refused-settings", help="Drop a setting a model does not take; recorded.")]

REWARD, REPORT = "ViT-B-32/laion2b_s34b_b79k", "ViT-L-14-quickgelu/openai"


@app.command()
def draw(
    text: Annotated[str, typer.Argument(help="What to draw.")],
    model: Model = None,
    preset: Preset = "ours",
    scorer: Scorer = REWARD,
    out: Annotated[Path, typer.Option(help="Folder for the drawing in every format.")] = Path("drawing"),
    library: LibraryFile = None,
    budget: BudgetText = None,
    api_base: Base = None,
    prices: Prices = None,
    concurrency: Concurrency = 8,
    settings: Set = None,
    root: Root = Path("data/runs"),
    label: Label = None,
    allow_unknown_words: Unknown = False,
    drop_refused_settings: Drop = False,
    sees_images: Sees = None,
    device: Device = "cpu",
) -> None:
    """Draw one text and write it as JSON, SVG, PNG, GIF, OBJ, GLB and an offline HTML page."""
    from drawagent.drawing import write_drawing
    from drawagent.inference import infer
    from drawagent.planning import planned_drawing
    from drawagent.queries import QueryLists

    chosen = read_settings(preset, settings, drop_refused_settings)
    query = read_query(text)
    known = read_library(library)
    with _studio(
        QueryLists(learn=(query,)), chosen, model=model, scorer=scorer, reporter=scorer, root=root, name="draw",
        budget=budget, api_base=api_base, prices=prices, concurrency=concurrency, label=label,
        allow_unknown_words=allow_unknown_words, sees_images=sees_images, library=known, device=device,
    ) as studio:
        typer.echo(_plan(studio, planned_drawing([query], known, chosen, studio.chat)), err=True)
        (drawing,) = infer([query], known, artist=studio.artist, reward=studio.reward, workers=concurrency)
        studio.keeper.report(drawing, studio.reward)
        candidate = drawing.chosen.candidate
        if candidate.sketch is None:
            raise ConfigurationError("a drawing", came=f"{candidate.failure}: {candidate.reason}",
                                     mend="Draw again with another seed, or with --set repairs=1.")
        watermark = studio.gallery.watermark
        for path in write_drawing(candidate.sketch, out, title=text, settings=chosen, watermark=watermark):
            typer.echo(path)
        column = studio.reward.card.column
        typer.echo(f"{len(candidate.sketch)} strokes, {column} {drawing.chosen.reward:.4f} (raw cosine)")
        if watermark:
            typer.echo(watermark)


@app.command()
def practise(
    queries: Annotated[Path, typer.Argument(help="YAML file with learn, gate and report queries.")],
    model: Model = None,
    preset: Preset = "ours",
    scorer: Scorer = REWARD,
    reporter: Reporter = REPORT,
    budget: BudgetText = None,
    api_base: Base = None,
    prices: Prices = None,
    concurrency: Concurrency = 8,
    settings: Set = None,
    name: Annotated[str, typer.Option(help="Name of the run.")] = "practise",
    root: Root = Path("data/runs"),
    label: Label = None,
    learn: Annotated[int | None, typer.Option(help="Only the first so many learn queries.")] = None,
    gate: Annotated[int | None, typer.Option(help="Only the first so many gate queries.")] = None,
    report: Annotated[int | None, typer.Option(help="Only the first so many report queries.")] = None,
    allow_unknown_words: Unknown = False,
    drop_refused_settings: Drop = False,
    sees_images: Sees = None,
    aesthetic: Aes = None,
    references: References = None,
    library: LibraryFile = None,
    device: Device = "cpu",
) -> None:
    """Practise on the learn queries and report by epoch. The same command again resumes and pays for nothing twice."""
    from drawagent.planning import planned_calls
    from drawagent.policies import check_gate
    from drawagent.queries import read_queries

    lists = read_queries(queries).only(learn=learn, gate=gate, report=report)
    chosen = read_settings(preset, settings, drop_refused_settings)
    if references is not None:
        chosen = chosen.model_copy(update={"reference": True})
    check_gate(lists, chosen)
    with _studio(
        lists, chosen, model=model, scorer=scorer, reporter=reporter, root=root, name=name, budget=budget,
        api_base=api_base, prices=prices, concurrency=concurrency, label=label, allow_unknown_words=allow_unknown_words,
        sees_images=sees_images, aesthetic=aesthetic, references=references, library=read_library(library),
        device=device,
    ) as studio:
        typer.echo(_plan(studio, planned_calls(lists, chosen, studio.chat)), err=True)
        _drain(studio)
        _tell(studio)


@app.command()
def demo(
    recording: Annotated[str, typer.Option(help="Name or folder of a recording.")] = "tour",
    root: Root = Path("data/runs"),
    by_site: Annotated[bool, typer.Option("--by-site", help="Replay by call site, after an edit of a prompt.")] = False,
    recompute: Annotated[bool, typer.Option(help="Score again and report the largest difference.")] = True,
    prompt_overlay: Annotated[Path | None, typer.Option(help="Prompts of your own; with --by-site.")] = None,
    trust_plugins: Trust = False,
) -> None:
    """Replay a recorded practice: real replies, no key, no network."""
    from drawagent.recordings import Recording
    from drawagent.replaying import open_replay

    kept = Recording.read(recording)
    typer.echo(f"Replaying '{kept.name}': {kept.info['label']}, {kept.info['date']}.")
    for note in kept.info["notes"]:
        typer.echo(f"  {note}")
    studio = open_replay(
        kept, root=root, date=_today(), by_site=by_site, recompute=recompute, prompt_overlay=prompt_overlay,
        trust_plugins=trust_plugins,
    )
    with _closing(studio):
        _drain(studio)
        _tell(studio)


@app.command()
def show(run: Annotated[Path, typer.Argument(help="A run folder.")], trust_plugins: Trust = False) -> None:
    """Open a run offline: write its contact sheet, pages and curve, and name them."""
    from drawagent.gallery import Gallery
    from easel.runs import RunStore

    gallery = Gallery(RunStore.read(run), trust_plugins)
    for name, path in gallery.write().items():
        typer.echo(f"{name}: {path}")
    typer.echo(gallery.curve_text())
    typer.echo(f"  ({gallery.caption()})")


@app.command()
def pairs(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    html: Annotated[Path | None, typer.Option(help="Write a self-contained page here.")] = None,
) -> None:
    """The contrastive pairs of a run: what was compared, what the judge said, what was learned."""
    from drawagent.gallery import Gallery
    from drawagent.pages import pairs_page
    from easel.runs import RunStore

    gallery = Gallery(RunStore.read(run))
    shown = gallery.pairs()
    if html is not None:
        page = pairs_page(shown, title=f"Contrastive pairs of {run.name}", watermark=gallery.watermark)
        html.write_text(page, "utf-8")
        typer.echo(html)
        return
    for pair in shown:
        typer.echo(f"\n{pair.query}: {pair.note}\n{pair.words}\n" + "\n".join(pair.diff))


@app.command()
def render(
    text: Annotated[str, typer.Argument(help="What would be drawn.")],
    role: Annotated[str, typer.Option(help="artist, judge, update, gate-after or report.")] = "artist",
    epoch: Annotated[int, typer.Option(help="0 has no lessons yet; later epochs show made-up ones.")] = 0,
    preset: Preset = "ours",
    settings: Set = None,
    library: LibraryFile = None,
    sees_images: Sees = None,
) -> None:
    """The exact messages of any call and their estimated tokens; nothing is sent.

    The judge's and the curator's messages need drawings and words that do not exist yet: made-up ones take their place.
    """
    from drawagent.artist import Artist
    from drawagent.planning import planned_calls
    from drawagent.queries import QueryLists
    from drawagent.standin import StandIn
    from easel.asking import estimate_tokens
    from easel.chat import Image

    chosen = read_settings(preset, settings)
    model = StandIn(sees_images=bool(sees_images))
    query = read_query(text)
    lists = QueryLists(learn=(query,))
    if role.startswith("gate"):
        lists = QueryLists(gate=(query,))
    elif role == "report":
        lists = QueryLists(report=(query,))
    if library is not None:
        if role != "artist":
            raise ConfigurationError("--library with the artist's call alone", came=role, where="--role")
        messages = Artist(model, chosen).messages(query, read_library(library))
    else:
        calls = [c for c in planned_calls(lists, chosen, model) if (c.site.role, c.site.epoch) == (role, epoch)]
        if not calls:
            raise ConfigurationError("a call that these settings make", came=f"role {role}, epoch {epoch}",
                                     mend="Roles: artist, judge, update, gate-after (needs a gate), report.")
        messages = calls[0].messages
    for message in messages:
        shown = "\n".join(f"[picture: {p.source}]" if isinstance(p, Image) else p for p in message.parts)
        typer.echo(f"--- {message.role} ---\n{shown}\n")
    typer.echo(f"about {estimate_tokens(messages)} tokens")


for commands in (cli_tables, cli_scoring, cli_lessons, cli_bundles):
    commands.register(app)


@contextlib.contextmanager
def _studio(
    lists: Any, settings: Any, *, model: str | None, scorer: str, reporter: str, root: Path, name: str,
    budget: str | None, api_base: str | None, prices: Path | None, concurrency: int, label: str | None,
    allow_unknown_words: bool, sees_images: bool | None, aesthetic: Path | None = None,
    references: Path | None = None, library: Any = None, device: str = "cpu",
) -> Iterator[Any]:
    from drawagent.live import open_live

    if model is None:
        raise ConfigurationError(
            "a model", came="none named", where="--model",
            mend="Name one of litellm's (--model gemini/gemini-2.5-pro, its key in the environment), or a local one "
                 "(--model ollama/..., --api-base ...), or --model stand-in for a dry run without any model; "
                 "`drawagent demo` replays real replies.",
        )
    studio = open_live(
        lists, settings, model=model, scorer=scorer, reporter=reporter, root=root, name=name, date=_today(),
        budget=read_budget(budget), api_base=api_base, prices=prices, concurrency=concurrency, label=label,
        allow_unknown_words=allow_unknown_words, sees_images=sees_images, aesthetic=aesthetic, references=references,
        library=library, device=device, on_wait=lambda pause: typer.echo(_waiting(pause), err=True),
    )
    with _closing(studio):
        yield studio


def _waiting(pause: Any) -> str:
    """When a paused model is asked again, on this machine's clock."""
    until = datetime.datetime.fromtimestamp(pause.until).strftime("%Y-%m-%d %H:%M")
    return f"{pause.model} pauses until {until} ({pause.reason}); stopping is safe, the same command resumes."


@contextlib.contextmanager
def _closing(studio: Any) -> Iterator[None]:
    """The run's status says how it ended, and why; an interrupt keeps everything and says how to go on."""
    with studio.run, ending(studio.run):
        yield


def _plan(studio: Any, planned: Iterator[Any]) -> str:
    """What will be asked for, before it is; a resumed run asks for less."""
    from drawagent.planning import count_by_role
    from easel.budget import estimate

    calls = list(planned)
    roles = ", ".join(f"{count} {role}" for role, count in count_by_role(calls).items())
    return f"planned: {estimate(calls, price=studio.price)} ({roles})"


def _drain(studio: Any) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from drawagent import events
    from drawagent.reporting import EpochReport

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("practice", total=studio.settings.epochs * len(studio.lists.learn))
        for event in studio.practise():
            if isinstance(event, events.CandidatesScored):
                progress.advance(task)
                best = max(scored.reward for scored in event.scored)
                failed = sum(s.candidate.sketch is None for s in event.scored)
                progress.console.print(f"epoch {event.epoch}  {event.query.text}: best {best:.4f}, {failed} failed",
                                       markup=False, highlight=False)
            elif isinstance(event, events.PairSkipped):
                progress.console.print(f"  no pair: {event.reason}", markup=False, highlight=False)
            elif isinstance(event, events.EditsApplied):
                for line in event.diff.lines():
                    progress.console.print(f"  {line}", markup=False, highlight=False)
            elif isinstance(event, events.GateDecided):
                verdict = "kept" if event.decision.accepted else "rolled back"
                progress.console.print(f"  gate: {event.decision.mean:+.4f} over {event.decision.n} queries, {verdict}")
        report = progress.add_task("report", total=len(studio.finished.libraries) if studio.lists.report else 0)
        for done in studio.report():
            if isinstance(done, EpochReport):
                progress.advance(report)


def _tell(studio: Any) -> None:
    gallery = studio.gallery
    written = gallery.write()
    typer.echo(gallery.curve_text())
    typer.echo(f"  ({gallery.caption()})")
    for line in studio.remarks():
        typer.echo(line)
    for name, path in written.items():
        typer.echo(f"{name}: {path}")
    typer.echo(f"run folder: {studio.run.folder}")


def _today() -> str:
    return datetime.date.today().isoformat()


def main() -> None:
    """Entry point: errors of our own are one clear line and exit status 2."""
    enter("drawagent", app)
