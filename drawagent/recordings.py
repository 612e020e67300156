"""Recordings: a finished practice packed for replay: replies, scores, settings, queries, and what they are."""

from __future__ import annotations

import gzip
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from drawagent.experience import Edit, Library
from drawagent.export import from_json
from drawagent.keeping import PERSON, measured_sets
from drawagent.own_replies import asked_by_rows, own_replies, replay_of
from drawagent.queries import Query, QueryLists
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from drawagent.trust import check_plugins
from easel.errors import ConfigurationError
from easel.recording import PackedReplies, RecordMissing, Replay, pack
from easel.runs import RunStore, check_date
from easel.studios import keep_overlay

FORMAT = "drawagent-recording/1"
_EDITS = TypeAdapter(tuple[Edit, ...])


@dataclass(frozen=True)
class Recording:
    """One recorded practice.

    info : what recording.json says: label, date, notes, model, settings, queries, scorers; `interventions`, a person's
        edits of the library by epoch; `replies_model`, what the replies call the model where that differs; `mixed`, the
        models of a run that went on from a record with another one (`drawagent.forking`)
    """

    name: str
    folder: Path
    info: Mapping[str, Any]

    @classmethod
    def read(cls, name: str) -> Recording:
        """A packaged recording by name, or a folder made by `keep`."""
        packaged = Path(str(resources.files("drawagent").joinpath("recordings", name)))
        folder = packaged if packaged.is_dir() else Path(name)
        if not (folder / "recording.json").is_file():
            raise ConfigurationError(
                f"a recording: one of {', '.join(packaged_names()) or 'none packaged'}, or a folder", came=name
            )
        info = json.loads((folder / "recording.json").read_text("utf-8"))
        if info.get("format") != FORMAT:
            raise ConfigurationError(f"format {FORMAT}", came=str(info.get("format")), where=str(folder.name))
        check_date(info.get("date"), where=f"recording {folder.name}")
        return cls(folder.name, folder, info)

    @property
    def settings(self) -> DrawSettings:
        return DrawSettings(**self.info["settings"])

    @property
    def lists(self) -> QueryLists:
        rows = self.info["queries"]
        learn, gate, report = (tuple(Query(**row) for row in rows[split]) for split in ("learn", "gate", "report"))
        return QueryLists(learn, gate, report, source=rows.get("source", ""))

    @property
    def library(self) -> Library:
        """What the practice began with."""
        return Library.from_json(self.info["library"]) if "library" in self.info else Library()

    @property
    def prompts(self) -> Path | None:
        """The prompts of the overlay that the practice was made with; None for the package's own."""
        folder = self.folder / "prompts"
        return folder if folder.is_dir() else None

    @property
    def interventions(self) -> dict[int, tuple[Edit, ...]]:
        """Epoch -> a person's edits of the library that comes into force then."""
        made = self.info.get("interventions", {})
        return {int(epoch): _EDITS.validate_python(edits) for epoch, edits in made.items()}

    @property
    def references(self) -> dict[str, Sketch]:
        """Query id -> the known drawing that the artist was shown; {} for a practice without."""
        return {path.stem: from_json(path.read_text("utf-8")) for path in self.folder.glob("references/*.json")}

    def reviews(self) -> dict[str, dict[str, Any]]:
        """Key -> row of a person's decisions on edits (`drawagent.keeping.Keeper.reviewed`)."""
        if not (self.folder / "reviews.jsonl.gz").exists():
            return {}
        with gzip.open(self.folder / "reviews.jsonl.gz", "rt", encoding="utf-8") as lines:
            return {row["key"]: row["row"] for row in map(json.loads, lines)}

    def rollouts(self) -> list[dict[str, Any]]:
        """The scored rollout rows of the record."""
        with gzip.open(self.folder / "rollouts.jsonl.gz", "rt", encoding="utf-8", errors="surrogatepass") as lines:
            return [json.loads(line) for line in lines]

    def measured(self) -> list[dict[str, Any]]:
        """The figures of the report as `RememberedMetrics` takes them; [] for a recording without."""
        if not (self.folder / "measured.jsonl.gz").exists():
            return []
        with gzip.open(self.folder / "measured.jsonl.gz", "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def replay(self, *, by_site: bool = False) -> Replay:
        """The chat model that answers from the record."""
        name = self.info.get("replies_model") or self.info["model"]
        chat = Replay(PackedReplies(self.folder / "replies.jsonl.gz"), name=name, by_site=by_site)
        chat.sees_images = self.info["sees_images"]
        return chat


def packaged_names() -> list[str]:
    """Names of the recordings that ship with the package."""
    folder = Path(str(resources.files("drawagent").joinpath("recordings")))
    return sorted(path.parent.name for path in folder.glob("*/recording.json"))


def keep(
    run: RunStore, folder: Path, *, label: str, date: str, notes: list[str], scorers: Mapping[str, str],
    trust_plugins: bool = False,
) -> Path:
    """Pack a finished run into a folder that `Recording.read` takes. Deterministic: the same run, the same bytes.

    The run is replayed, so that of its record exactly those replies are packed that it asks for; examinations of its
    lessons are not.

    label : what the replies are, without host or key; date : ISO date of them
    scorers : "reward" and "report" as `open_scorer` takes them
    trust_plugins : call whatever policies the run names in that replay; else only those of drawagent and easel
    Raises ConfigurationError, and writes nothing, for a run that is not finished, for one with references, and for one
    whose replies are not all there.
    """
    where = f"run {run.folder.name}"
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished run", came=run.info["status"], where=run.folder.name,
                                 mend="Resume it first; nothing is paid twice.")
    check_date(date, where=where)
    configured = run.info["configuration"]
    if "references" in configured:
        raise ConfigurationError("a practice without references, which a recording cannot carry",
                                 came=", ".join(configured["references"]), where=run.folder.name)
    if not trust_plugins:
        check_plugins(DrawSettings(**{**configured["settings"], "prompt_overlay": None}), where=where)
    sees = any(
        "image" in part for stored in own_replies(run.replies, asked_by_rows(run))
        for message in stored.identity["messages"] for part in message["parts"]
    )
    info = described(run, label=label, date=date, notes=notes, scorers=scorers, sees_images=sees)
    tables = {"rollouts": run.rows("rollouts"), "measured": measured_sets(run)}
    if reviews := [{"key": key, "row": row} for key, row in run.keyed("reviews").items()]:
        tables["reviews"] = reviews
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place) / "kept"
        packed.mkdir()
        keep_overlay(run, "drawagent", packed / "prompts")
        (packed / "recording.json").write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", "utf-8")
        for name, rows in tables.items():
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            data = gzip.compress(lines.encode("utf-8", "surrogatepass"), 9, mtime=0)
            (packed / f"{name}.jsonl.gz").write_bytes(data)
        _pack_replies(run, Recording.read(str(packed)), Path(place))
        for name in ("prompts", "reviews.jsonl.gz"):  # of an earlier packing, of a run that had some
            _remove(folder / name)
        shutil.copytree(packed, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return folder


def _pack_replies(run: RunStore, recording: Recording, place: Path) -> None:
    """Replay the run from its own record, and put what it asked for into the recording."""
    from drawagent.following import asked_of

    try:
        asked = asked_of(recording, run.info, place / "runs", chat=replay_of(run, run.replies, recording.info))
    except RecordMissing as error:
        raise ConfigurationError(
            "every reply that the run asked for, in its own record", came=str(error), where=f"run {run.folder.name}",
            mend="A replay keeps no replies: keep the run that was recorded. Else its record is not whole.",
        ) from error
    pack(own_replies(run.replies, asked), recording.folder / "replies.jsonl.gz")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def described(
    run: RunStore, *, label: str, date: str, notes: list[str], scorers: Mapping[str, str], sees_images: bool
) -> dict[str, Any]:
    """What recording.json says of a run; arguments as `keep` takes them."""
    configured = run.info["configuration"]
    info: dict[str, Any] = {
        "format": FORMAT, "label": label, "date": date, "notes": notes, "model": configured["model"],
        "settings": {**configured["settings"], "prompt_overlay": None}, "queries": configured["queries"],
        "scorers": dict(scorers), "prompts": configured["prompts"], "sees_images": sees_images,
    }
    made = {
        str(row["epoch"]): [outcome["edit"] for outcome in row["outcomes"]]
        for row in run.rows("edits") if row["query"] == PERSON
    }
    if made:
        info["interventions"] = made
    if "library" in configured:
        from drawagent.forking import first_library

        info["library"] = first_library(run, edited="0" in made).to_json()
    if "mixed" in run.info:
        info["mixed"] = run.info["mixed"]
    return info
