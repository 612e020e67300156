"""Bundles: what a published zip holds and under which names, and a run's tables as text, row by row.

    bundle.json README.md SHA256SUMS pins.txt cards.json
    runs/<run>/ run.json recording.json replies.jsonl rollouts.jsonl measured.jsonl [reviews.jsonl] queries.yaml
                prompts/ [references/] library/ sketches/ tables/ pages/ [notebook.ipynb]

Replies and rows are plain lines and not packed twice, so that whoever unpacks a bundle can read and search them.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawagent.export import slug, to_json
from drawagent.gallery import Gallery
from drawagent.language import parse
from drawagent.settings import DrawSettings
from easel import tables
from easel.errors import ConfigurationError
from easel.jsonl import canonical
from easel.ledger import Try
from easel.runs import RunEvidence, RunStore, check_date

FORMAT: Final = "drawagent-bundle/1"
RAW = ("pairs", "judgements", "edits", "gates", "epochs", "libraries", "controls", "practice", "metrics", "measured")
"""Tables that are the run's own, row by row under its keys; `results` and `ledger` are those of `easel.tables`."""
SCORES: dict[str, frozenset[str]] = {
    "results": frozenset({"view_scores", "reward", "penalty"}),
    "pairs": frozenset({"gap", "noise"}),
    "judgements": frozenset({"gap", "noise"}),
    "gates": frozenset({"mean", "standard_error"}),
    "epochs": frozenset({"mean_reward"}),
    "metrics": frozenset({
        "similarity", "similarity_valid", "worst_view", "r_at_1", "r_at_5", "diversity", "aesthetic",
    }),
    "measured": frozenset({"similarity", "worst_view", "rank", "aesthetic"}),
}
"""Columns whose numbers a scorer gave: those that are computed again."""
MOST_PIXELS, MOST_VIEWS, MOST_DRAWS = 2048, 256, 256
"""Above these a stranger's settings are not replayed (ours): they would fill the memory."""
MOST_DRAWINGS = 250_000
"""Of all runs of a bundle (ours): at a few milliseconds each, a replay of some twenty minutes."""
_LEDGER_WORDS = frozenset({"reason"})  # a provider's words may name its host
_NUMBER = r"-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?"
_FORMULA = re.compile(rf"[=@+\t\r]|(?!{_NUMBER}( {_NUMBER})*$)-")
_FORBID = ConfigDict(extra="forbid", frozen=True)


class BundledRun(BaseModel):
    """One run of a bundle, as bundle.json names it. folder : its name under runs/"""

    model_config = _FORBID
    folder: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,199}$")
    evidence: RunEvidence
    fingerprint: str
    model: str


class Manifest(BaseModel):
    """bundle.json. made_by : distribution and version that wrote it"""

    model_config = _FORBID
    format: Literal["drawagent-bundle/1"] = FORMAT
    made_by: str
    licence: str
    author: str
    notes: tuple[str, ...] = ()
    runs: tuple[BundledRun, ...] = Field(min_length=1)


class RecordInfo(BaseModel):
    """recording.json of a bundled run: what `drawagent.recordings.Recording.info` holds, checked at the border."""

    model_config = _FORBID
    format: str
    label: str
    date: str = Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    notes: tuple[str, ...] = ()
    model: str
    replies_model: str = ""
    settings: DrawSettings
    queries: dict[str, Any]
    scorers: dict[Literal["reward", "report"], str]
    prompts: dict[str, str]
    sees_images: bool
    library: dict[str, Any] | None = None
    interventions: dict[str, list[dict[str, Any]]] = {}
    mixed: dict[Literal["past", "branch"], str] | None = None

    @property
    def drawings(self) -> int:
        """The most that a replay draws: candidates, both sides of every gate, and a report of every library."""
        one = self.settings
        learn, gate, report = (len(self.queries.get(split, ())) for split in ("learn", "gate", "report"))
        return (
            one.epochs * (learn * one.candidates + 2 * gate * one.gate_draws)
            + (one.epochs + 1) * report * one.inference_draws * one.report_draws
        )

    @classmethod
    def read(cls, data: bytes, where: str) -> RecordInfo:
        """Raises ConfigurationError for what this version does not know, and for settings that no machine bears."""
        try:
            info = cls.model_validate_json(data)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigurationError(
                "a record as this version writes it", came=f"{'.'.join(map(str, first['loc']))}: {first['msg']}",
                where=where,
            ) from error
        most = {"picture_size": MOST_PIXELS, "views": MOST_VIEWS, "report_views": MOST_VIEWS,
                "inference_draws": MOST_DRAWS, "gate_draws": MOST_DRAWS}
        for name, limit in most.items():
            if getattr(info.settings, name) > limit:
                raise ConfigurationError(f"{name} of at most {limit}", came=str(getattr(info.settings, name)),
                                         where=where)
        check_drawings(info.drawings, where)
        check_date(info.date, where=where)
        return info


def check_drawings(number: int, where: str) -> None:
    """Refuse what no machine replays in reasonable time, though each setting is within its bounds."""
    if number > MOST_DRAWINGS:
        raise ConfigurationError(f"at most {MOST_DRAWINGS:,} drawings (queries x draws x epochs)", came=f"{number:,}",
                                 where=where)


def guarded(words: str) -> str:
    """Words that a spreadsheet would compute, quoted with an apostrophe, as spreadsheets themselves do."""
    return f"'{words}" if _FORMULA.match(words) else words


@dataclass(frozen=True)
class Table:
    """One table as text. rows : key -> column -> cell; keys of `results` are made of its place columns"""

    name: str
    columns: tuple[str, ...]
    rows: Mapping[str, Mapping[str, str]]

    def csv(self) -> str:
        """The text that `Table.read` takes; lines end with a line feed."""
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, self.columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows.values())
        return buffer.getvalue()

    @classmethod
    def read(cls, name: str, text: str, *, where: str = "") -> Table:
        """Raises ConfigurationError for a text that is no table of this name."""
        try:
            reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
            rows = list(reader)
        except csv.Error as error:
            raise ConfigurationError("a table of comma-separated values", came=str(error), where=where) from error
        columns = tuple(reader.fieldnames or ())
        if len(set(columns)) < len(columns) or any(None in row or None in row.values() for row in rows):
            raise ConfigurationError("rows with a cell for every column", came="more or fewer", where=where)
        keyed: dict[str, dict[str, str]] = {}
        for row in rows:
            key, turn = _key(name, row), 2
            while key in keyed:
                key, turn = f"{_key(name, row)} #{turn}", turn + 1
            keyed[key] = row
        return cls(name, columns, keyed)


def tables_of(run: RunStore, *, cost: bool = True) -> dict[str, Table]:
    """Every table of a run that has rows, by name. cost : the ledger too

    Raises MissingCapability without pandas.
    """
    found = {}
    frame = tables.results(run)
    if len(frame):
        found["results"] = Table.read("results", frame.to_csv(index=False, lineterminator="\n"))
    for name in RAW:
        if kept := run.keyed(name):
            found[name] = _table(name, [{"key": key, **row} for key, row in kept.items()])
    tries = tables.tries_of(run) if cost else ()
    if tries:
        found["ledger"] = _table("ledger", [_paid(one) for one in tries])
    return found


def _paid(one: Try) -> dict[str, Any]:
    """A row of the ledger; `request` is the key of the reply that it paid for."""
    row = {name: value for name, value in asdict(one).items() if name not in _LEDGER_WORDS}
    return {"key": row.pop("id"), "request": row.pop("key"), **row, **row.pop("usage")}


def sketches_of(run: RunStore, settings: DrawSettings) -> dict[str, str]:
    """File name -> our JSON of every rollout that drew, read again from the model's words."""
    texts, found = Gallery(run).texts, {}
    for number, (key, row) in enumerate(run.keyed("rollouts").items()):
        if not row["failure"]:
            sketch = parse(row["text"], mode=settings.parse_mode).sketch
            title = texts.get(row["query"], row["query"])
            found[f"{number:05d}-{slug(key)}.json"] = to_json(sketch, title=title, note=key)
    return found


def lines_of(rows: Iterable[Any]) -> bytes:
    """JSON lines, as the record of a bundled run holds them."""
    return "".join(f"{canonical(row)}\n" for row in rows).encode("utf-8", "surrogatepass")


def unpack_record(files: Mapping[str, bytes], folder: Path) -> Path:
    """Write the files of one bundled run as a folder that `Recording.read` takes, under names that are ours alone."""
    folder.mkdir(parents=True)
    for name, data in files.items():
        stem, _, ending = name.partition(".")
        inside = re.fullmatch(r"(prompts/[a-z_]+\.md|references/[a-z0-9][a-z0-9_-]*\.json)", name)
        if name == "recording.json" or inside:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
        elif stem in ("replies", "rollouts", "measured", "reviews") and ending == "jsonl":
            (folder / f"{name}.gz").write_bytes(gzip.compress(data, 6, mtime=0))
    return folder


def _key(name: str, row: Mapping[str, str]) -> str:
    if name != "results":
        return row.get("key", "")
    return f"{row.get('role', '')}/{row.get('query', '')}/e{row.get('epoch', '')}/k{row.get('candidate', '')}"


def _table(name: str, rows: list[dict[str, Any]]) -> Table:
    columns = tuple(dict.fromkeys(column for row in rows for column in row))
    return Table(name, columns, {row["key"]: {c: _cell(row.get(c)) for c in columns} for row in rows})


def _cell(value: Any) -> str:
    """One value as text: nothing for None, JSON for lists and mappings, words `guarded`."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guarded(value)
    return repr(value) if isinstance(value, float) else canonical(value)
