"""Reproducing: a bundle checked, replayed and scored again offline; every cell of its tables gets a verdict.

One replay through the loop that practised: decisions follow the record, and whatever a scorer gave is computed again
beside it. From the rows of that replay every table is derived twice, with the scores of the record and with those of
here; a published cell must fit both.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drawagent.bundles import FORMAT, Manifest, RecordInfo, Table, check_drawings, sketches_of, unpack_record
from drawagent.following import Followed, follow, rewards_of
from drawagent.recordings import Recording
from drawagent.reproduction import COLUMNS, Reproduction, to_csv
from drawagent.settings import DrawSettings
from drawagent.trust import check_plugins
from drawagent.verdicts import CANNOT, DIFFERS, SAME, Cell, compare, same_files, unreplayed
from easel.archives import MOST_BYTES, check_sums, read_zip
from easel.errors import ConfigurationError, EaselError, MissingCapability
from easel.jsonl import canonical
from easel.recording import PackedReplies, RecordMissing, StoredReply
from easel.runs import RunDrift
from easel.scoring import AestheticScorer, ImageTextScorer

_USAGE = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens", "dollars", "estimated")
_NEEDED = ("run.json", "recording.json", "replies.jsonl", "rollouts.jsonl", "measured.jsonl")


def reproduce(
    bundle: Path,
    out: Path,
    *,
    trust_plugins: bool = False,
    scorers: Mapping[str, str] | None = None,
    aesthetic: Path | None = None,
    device: str = "cpu",
    most_bytes: int = MOST_BYTES,
    workers: int = 8,
) -> Reproduction:
    """Check, replay and score a bundle again; write what was found into `out`, a new folder. Asks no model.

    Numbers of a scorer are the same within 1e-4 (`drawagent.verdicts.TOLERANCE`), everything else exactly.
    trust_plugins : call whatever policies and scorers the bundle names; else only those of drawagent and easel
    scorers : "reward", "report" -> how to open them here, in place of the bundle's word
    aesthetic : weights of LAION's improved predictor, where the bundle has AES
    most_bytes : of the unpacked bundle
    Raises ConfigurationError for a bundle that cannot be trusted to be whole (names, links, sizes, checksums, format)
    or cannot be read, MissingCapability without pandas.
    """
    files = read_zip(bundle, most_bytes=most_bytes)
    manifest = _manifest(files, Path(bundle).name)
    check_sums(files, where=Path(bundle).name)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError("a new or empty folder", came=f"{out}, which holds files", where="out",
                                 mend="Name another with --out, or remove it.")
    pandas = _pandas()
    opening = _Opening(trust_plugins, dict(scorers or {}), _rater(aesthetic, device), device, workers)
    found: list[tuple[str, Cell]] = []
    published = []
    for one in manifest.runs:
        begin = f"runs/{one.folder}/"
        inside = {name.removeprefix(begin): data for name, data in files.items() if name.startswith(begin)}
        with _as_foreign(one.folder):
            published.append(_Published(one.folder, inside))
    check_drawings(sum(run.record.drawings for run in published), f"{Path(bundle).name}, all runs")
    for one, run in zip(manifest.runs, published, strict=True):
        with _as_foreign(one.folder):
            if (run.info["evidence"], run.info["fingerprint"]) != (one.evidence, one.fingerprint):
                raise ConfigurationError("one grade and fingerprint of a run", came="others in run.json",
                                         where=one.folder)
            found += [(one.folder, cell) for cell in _cells(run, out, opening)]
            found += [(one.folder, cell) for cell in _cards(run, files.get("cards.json", b"{}"))]
    rows = [{"run": run, **asdict(cell)} for run, cell in found]
    result = Reproduction(out, manifest, pandas.DataFrame(rows, columns=list(COLUMNS)))
    to_csv(result.cells[result.cells["verdict"] != SAME], out / "not-same.csv")
    to_csv(result.summary(), out / "summary.csv")
    return result


@dataclass
class _Opening:
    """How runs are replayed here. opened : scorers by name, so that several runs share them"""

    trust: bool
    scorers: dict[str, str]
    aesthetic: AestheticScorer | None
    device: str
    workers: int
    opened: dict[str, ImageTextScorer] = field(default_factory=dict)


class _Published:
    """The files of one run of a bundle, read."""

    def __init__(self, folder: str, files: Mapping[str, bytes]) -> None:
        for name in _NEEDED:
            if name not in files:
                raise ConfigurationError(f"a file {name} of every run", came="none", where=folder)
        self.folder, self.files = folder, files
        self.info: dict[str, Any] = json.loads(files["run.json"])
        self.record = RecordInfo.read(files["recording.json"], f"{folder}/recording.json")
        self.tables = {
            name.removeprefix("tables/").removesuffix(".csv"): data.decode("utf-8", "surrogatepass")
            for name, data in files.items() if name.startswith("tables/") and name.endswith(".csv")
        }

    def table(self, name: str) -> Table:
        return Table.read(name, self.tables[name], where=f"{self.folder}/tables/{name}.csv")

    def texts(self, folder: str) -> dict[str, str]:
        return {
            name.removeprefix(f"{folder}/"): data.decode("utf-8", "surrogatepass")
            for name, data in self.files.items() if name.startswith(f"{folder}/")
        }


def _cells(run: _Published, out: Path, opening: _Opening) -> Iterator[Cell]:
    folder = unpack_record(run.files, out / "recordings" / run.folder)
    recording = Recording.read(str(folder))
    replies = {one.key: one for one in PackedReplies(folder / "replies.jsonl.gz")}
    try:
        if not opening.trust:
            check_plugins(run.record.settings, where=f"run {run.folder}")
        missing = run.info["configuration"].get("references", {}).keys() - recording.references.keys()
        if missing:
            raise MissingCapability("the references that the artist was shown", came=f"none of {', '.join(missing)}")
        followed = follow(
            recording, run.info, out / "runs", aesthetic=opening.aesthetic, workers=opening.workers,
            rewards=rewards_of(recording, run.info, opening.scorers, trust=opening.trust, device=opening.device,
                               opened=opening.opened),
        )
    except (RecordMissing, RunDrift) as error:
        yield from _whole(run, DIFFERS, f"the replay leaves the record: {error}")
    except EaselError as error:
        yield from _whole(run, CANNOT, str(error))
    else:
        (out / "tables" / run.folder).mkdir(parents=True)
        for name, table in followed.computed.items():
            (out / "tables" / run.folder / f"{name}.csv").write_text(table.csv(), "utf-8", "surrogatepass")
        yield from _compared(run, followed)
        yield from _asked(replies, followed.asked)
    if "ledger" in run.tables:
        yield from _ledger(run.table("ledger"), replies)


def _whole(run: _Published, verdict: Any, reason: str) -> Iterator[Cell]:
    for name in run.tables:
        if name != "ledger":
            yield from unreplayed(run.table(name), verdict, reason)


def _compared(run: _Published, followed: Followed) -> Iterator[Cell]:
    for name in sorted(run.tables.keys() | followed.tables.keys() - {"ledger"}):
        if name == "ledger":
            continue
        here = followed.tables.get(name)
        published = run.table(name) if name in run.tables else Table(name, here.columns if here else (), {})
        yield from compare(published, here, followed.computed.get(name), followed.excuse)
    settings = DrawSettings(**run.record.settings.model_dump())
    yield from same_files("sketches", run.texts("sketches"), sketches_of(followed.run, settings))
    libraries = {path.name: path.read_text("utf-8", "surrogatepass")
                 for path in sorted((followed.run.folder / "library").glob("*.json"))}
    published_libraries = run.texts("library")
    if published_libraries.pop("first.json", None) is not None:
        yield Cell("library", "first.json", "text", CANNOT, reason="what the parent of this fork began with")
    yield from same_files("library", published_libraries, libraries)


def _asked(replies: Mapping[str, StoredReply], asked: set[str]) -> Iterator[Cell]:
    """Whether every packed reply is what its key says, and of this run."""
    for key, one in replies.items():
        own = hashlib.sha256(canonical(one.identity).encode("utf-8", "surrogatepass")).hexdigest()
        yield Cell("replies", key, "identity", SAME) if own == key else Cell(
            "replies", key, "identity", DIFFERS, key, own, None, "the prompt that stands there is not the one answered")
        yield Cell("replies", key, "asked", SAME) if key in asked else Cell(
            "replies", key, "asked", DIFFERS, reason="the replay never asks for this reply")


def _ledger(table: Table, replies: Mapping[str, StoredReply]) -> Iterator[Cell]:
    """What was paid is the publisher's word, but for the usage that a packed reply carries itself."""
    for key, row in table.rows.items():
        stored = replies.get(row.get("request", ""))
        settled = row.get("outcome") == "ok" and stored is not None and stored.reply is not None
        usage = asdict(stored.usage) if stored is not None else {}
        for column in table.columns:
            if not (settled and column in _USAGE):
                yield Cell("ledger", key, column, CANNOT, row[column], "", None,
                           "clocks, charges and failed tries are the publisher's record")
                continue
            here = "" if usage[column] is None else json.dumps(usage[column])
            yield Cell("ledger", key, column, SAME, row[column], here) if here == row[column] else Cell(
                "ledger", key, column, DIFFERS, row[column], here, None, "the packed reply says otherwise")


def _cards(run: _Published, data: bytes) -> Iterator[Cell]:
    said = json.loads(data).get(run.folder, {})
    for role, card in run.info["cards"].items():
        text = canonical(card)
        yield from same_files("cards", {role: canonical(said.get(role))}, {role: text})


def _manifest(files: Mapping[str, bytes], where: str) -> Manifest:
    if "bundle.json" not in files:
        raise ConfigurationError("a bundle with a bundle.json", came="none", where=where)
    try:
        said = json.loads(files["bundle.json"])
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            came = said.get("format") if isinstance(said, dict) else type(said).__name__
            raise ConfigurationError(f"format {FORMAT}", came=str(came), where=f"{where}, bundle.json",
                                     mend="Another version of this project wrote it; reproduce it with that one.")
        manifest = Manifest.model_validate_json(files["bundle.json"])
    except (ValidationError, ValueError, RecursionError) as error:
        if isinstance(error, EaselError):
            raise
        raise ConfigurationError("a bundle.json that can be read", came=str(error), where=where) from error
    folders = [run.folder for run in manifest.runs]
    if len(set(folders)) < len(folders):
        raise ConfigurationError("every run once", came=", ".join(folders), where=f"{where}, bundle.json")
    for name in files:
        if name.startswith("runs/") and name.split("/")[1] not in folders:
            raise ConfigurationError("files of runs that bundle.json names", came=name, where=where)
    return manifest


@contextlib.contextmanager
def _as_foreign(folder: str) -> Iterator[None]:
    """Rows that checksums fit and that are still none of ours are told of as such, and not as a fault of ours."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        if isinstance(error, EaselError):
            raise
        raise ConfigurationError("a record as this project writes it", came=repr(error),
                                 where=f"run {folder}") from error


def _rater(weights: Path | None, device: str) -> AestheticScorer | None:
    return None if weights is None else AestheticScorer(weights, device=device)


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise MissingCapability("the package pandas", came="none", where="reproduce",
                                mend="Tables need it: pip install pandas, or the extra 'lab'.") from None
    return pandas
