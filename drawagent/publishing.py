"""Publishing: finished runs as one zip that a stranger can read, check and replay; nothing in it that is not theirs.

Before anything is written every run is replayed from its own replies, which shows what belongs to it (of a sweep's
shared record only that) and that its tables follow from them.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from drawagent.bundles import (
    BundledRun,
    Manifest,
    RecordInfo,
    lines_of,
    sketches_of,
    tables_of,
    unpack_record,
)
from drawagent.data_card import CardRun, data_card, pins
from drawagent.disclosure import disclosed
from drawagent.export import to_json
from drawagent.following import follow
from drawagent.gallery import Gallery
from drawagent.keeping import measured_sets
from drawagent.own_replies import own_replies, replay_of
from drawagent.recordings import Recording, described, packaged_names
from drawagent.references import read_references
from drawagent.settings import DrawSettings
from drawagent.trust import check_plugins
from drawagent.verdicts import DIFFERS, compare
from easel.archives import write_zip
from easel.chat import ChatModel
from easel.errors import ConfigurationError, EaselError
from easel.recording import PackedReplies, Replies, StoredReply
from easel.runs import RunStore


def publish(
    runs: Sequence[RunStore | Path],
    out: Path,
    *,
    licence: str = "",
    author: str = "",
    label: str = "",
    notes: Sequence[str] = (),
    scorers: Mapping[str, str] | None = None,
    references: Path | None = None,
    recordings: Sequence[Path] = (),
    trust_plugins: bool = False,
) -> Path:
    """Write the bundle of these runs; its path. The same runs, versions and arguments give the same bytes.

    licence, author, notes : for the data card; a card without the first two says that they are missing
    label : what the replies are, in words; the model's label by default
    scorers : "reward", "report" -> how `open_scorer` finds them, where the scorer card does not say (plugins, folders)
    references : the folder that the runs were practised with, if they were; its drawings of learn queries are packed
    recordings : folders of recordings that the runs replayed; packaged ones are found by themselves
    trust_plugins : call whatever policies the run folders name; else only those of drawagent and easel

    Home folders in notebooks and pages become `~`. Raises ConfigurationError, and writes nothing, for an unfinished
    run, for files of another method, for a replay that drifted, for something shaped like a key anywhere (file and line
    are named, the key is not), for a home folder inside a record, and for a run that its replies do not lead to.
    MissingCapability without pandas.
    """
    if Path(out).suffix != ".zip":
        raise ConfigurationError("a name that ends with .zip", came=Path(out).name, where="bundle")
    opened = [run if isinstance(run, RunStore) else RunStore.read(run) for run in runs]
    contents: dict[str, bytes] = {}
    bundled: list[BundledRun] = []
    cards: list[CardRun] = []
    for run in opened:
        folder = re.sub(r"[^a-z0-9_.-]+", "-", run.folder.resolve().name.lower()).lstrip("-_.")[:200] or "run"
        if any(one.folder == folder for one in bundled):
            raise ConfigurationError("every run once, under a name of its own", came=f"{folder} twice", where="publish")
        packed = _pack(run, label, scorers or {}, references, recordings, trust_plugins)
        contents |= {f"runs/{folder}/{name}": data for name, data in packed.files.items()}
        cards.append(CardRun(folder, run.info, packed.replies, len(run.rows("rollouts")),
                             sum(bool(row["failure"]) for row in run.rows("rollouts")), packed.notes))
        bundled.append(BundledRun(folder=folder, evidence=run.info["evidence"], fingerprint=run.info["fingerprint"],
                                  model=run.info["configuration"]["model"]))
    if not bundled:
        raise ConfigurationError("at least one run", came="none", where="publish")
    manifest = Manifest(made_by=f"easel3d {_own_version()}", licence=licence, author=author, notes=tuple(notes),
                        runs=tuple(bundled))
    contents |= {
        "bundle.json": (manifest.model_dump_json(indent=1) + "\n").encode(),
        "README.md": data_card(manifest, cards, name=Path(out).name).encode("utf-8", "replace"),
        "pins.txt": pins().encode(),
        "cards.json": (json.dumps({card.folder: card.info["cards"] for card in cards}, indent=1) + "\n").encode(),
    }
    contents = {name: disclosed(name, data) for name, data in sorted(contents.items())}
    return write_zip(Path(out), contents)


@dataclass(frozen=True)
class _Packed:
    files: dict[str, bytes]
    replies: tuple[StoredReply, ...]
    notes: tuple[str, ...]


def _pack(
    run: RunStore, label: str, scorers: Mapping[str, str], references: Path | None, recordings: Sequence[Path],
    trust_plugins: bool,
) -> _Packed:
    _check(run)
    configured = run.info["configuration"]
    settings = DrawSettings(**{**configured["settings"], "prompt_overlay": None})
    if not trust_plugins:
        check_plugins(settings, where=f"run {run.folder.name}")
    recording = _recording(run, recordings)
    source: Replies = run.replies
    replies_model = ""
    if recording is not None:
        source = PackedReplies(recording.folder / "replies.jsonl.gz")
        replies_model = recording.info["model"]
    info = described(
        run, label=label or (recording.info["label"] if recording else f"replies of {configured['model']}"),
        date=str(run.info.get("date", "")), notes=[], scorers=_scorers(run, scorers, recording),
        sees_images=bool(configured.get("sees_images", False)),
    )
    if replies_model and replies_model != configured["model"]:
        info["replies_model"] = replies_model
    files = {
        "recording.json": json.dumps(info, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n",
        "run.json": _run_json(run), "queries.yaml": _queries(configured["queries"]),
        "rollouts.jsonl": lines_of(run.rows("rollouts")), "measured.jsonl": lines_of(measured_sets(run)),
        **_prompts(run), **_references(run, references),
    }
    if reviews := run.keyed("reviews"):
        files["reviews.jsonl"] = lines_of({"key": key, "row": row} for key, row in reviews.items())
    RecordInfo.read(files["recording.json"], f"run {run.folder.name}")
    replies = own_replies(source, _replayed(run, files, replay_of(run, source, info)))
    files["replies.jsonl"] = lines_of(one.to_json() for one in replies)
    files |= {f"tables/{name}.csv": table.csv().encode("utf-8", "surrogatepass")
              for name, table in tables_of(run).items()}
    files |= {f"sketches/{name}": text.encode() for name, text in sketches_of(run, settings).items()}
    for path in sorted((run.folder / "library").glob("*.json")):
        files[f"library/{path.name}"] = path.read_bytes()
    if (run.folder / "notebook.ipynb").is_file():
        files["notebook.ipynb"] = _notebook((run.folder / "notebook.ipynb").read_bytes())
    with tempfile.TemporaryDirectory() as place:
        for path in Gallery(run, trust_plugins).write(Path(place)).values():
            files[f"pages/{path.name}"] = path.read_bytes()
    mixed = run.info.get("mixed")
    said = [f"MIXED: it goes on with {mixed['branch']} from a recorded past of {mixed['past']}."] if mixed else []
    return _Packed(files, replies, (*(recording.info["notes"] if recording else ()), *said))


def _check(run: RunStore) -> None:
    where = run.folder.name
    if run.info["evidence"] == "external" or "settings" not in run.info["configuration"]:
        raise ConfigurationError("practices of drawagent", came="files of another method, which no reply leads to",
                                 where=where)
    if not run.rows("practice"):
        raise ConfigurationError("a practice that went to its end", came="a run without one", where=where,
                                 mend="A single drawing is published as its own files.")
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished run", came=run.info["status"], where=where,
                                 mend="Resume it first; nothing is paid twice.")
    if run.info.get("drifted"):
        raise ConfigurationError("a run that follows from its replies",
                                 came=f"{run.info['drifted']} replies taken by call site", where=where,
                                 mend="Its prompts have drifted from the record: nobody could reproduce it.")


def _recording(run: RunStore, folders: Sequence[Path]) -> Recording | None:
    """The recording that a run replayed; None for a run that keeps replies of its own."""
    model = run.info["configuration"]["model"]
    named = model.partition(":")[2] if model.startswith("recorded:") else ""
    label = run.info.get("recording")
    if not label and not named:
        return None
    known = [Recording.read(str(folder)) for folder in folders] + [Recording.read(name) for name in packaged_names()]
    for one in known:
        if one.info["label"] == label or (named and one.name == Path(named).name):
            return one
    raise ConfigurationError("the recording that this run replayed", came="none of its label", where=run.folder.name,
                             mend="Give its folder: --recording FOLDER.")


def _replayed(run: RunStore, files: Mapping[str, bytes], chat: ChatModel) -> set[str]:
    """Keys of what the run asks for. Raises ConfigurationError where its replies lead to other tables than it holds."""
    where = f"run {run.folder.name}"
    with tempfile.TemporaryDirectory() as place:
        recording = Recording.read(str(unpack_record(files, Path(place) / "record")))
        try:
            replay = follow(recording, run.info, Path(place) / "runs", chat=chat)
        except EaselError as error:
            raise ConfigurationError(
                "a run that can be replayed from its own replies", came=str(error), where=where,
                mend="Publish with the version that it was made with (run.json names the commit).",
            ) from error
        again = replay.tables
        for name, table in tables_of(run, cost=False).items():
            for cell in compare(table, again.get(name), again.get(name), replay.excuse):
                if cell.verdict == DIFFERS:
                    raise ConfigurationError(
                        "tables that follow from the run's own replies",
                        came=f"{cell.published!r} in place of {cell.here!r}", where=f"{where}, {name}, {cell.row}, "
                        f"{cell.column}", mend="Rows were changed after the run; what is published must follow.",
                    )
    return replay.asked


def _scorers(run: RunStore, given: Mapping[str, str], recording: Recording | None) -> dict[str, str]:
    """How the scorers are opened: as given, as the run or its recording says, else by what their cards name."""
    kept = {**(recording.info["scorers"] if recording else {}), **run.info.get("scorers", {}), **given}
    for role in ("reward", "report"):
        card = run.info["cards"][role]
        found = re.fullmatch(r"toy CLIP \((reward|report)\)", card["column"]) if card["stand_in"] else None
        kept.setdefault(role, f"embedded:{found[1]}" if found else f"{card['model']}/{card['weights']}")
    return {role: kept[role] for role in ("reward", "report")}


def _run_json(run: RunStore) -> bytes:
    """run.json without what only the place where it lay knows."""
    info = {name: value for name, value in run.info.items() if name != "home"}
    info["configuration"] = {**info["configuration"], "settings": {
        **info["configuration"]["settings"], "prompt_overlay": None,
    }}
    return json.dumps(info, indent=1, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


def _queries(rows: Mapping[str, Any]) -> bytes:
    import yaml

    return yaml.safe_dump({"source": rows.get("source") or "not stated", **{
        split: rows[split] for split in ("learn", "gate", "report")
    }}, sort_keys=False, allow_unicode=True).encode()


def _prompts(run: RunStore) -> dict[str, bytes]:
    """The full texts that the run was made with, as an overlay: prompts of later versions may read otherwise."""
    return {
        f"prompts/{name}.md": (run.folder / "prompts" / f"{name}-{key[:12]}.md").read_bytes()
        for name, key in run.info["configuration"]["prompts"].items()
    }


def _references(run: RunStore, folder: Path | None) -> dict[str, bytes]:
    keys = run.info["configuration"].get("references", {})
    if not keys:
        return {}
    where = f"run {run.folder.name}"
    if folder is None:
        raise ConfigurationError("the folder of the references that the artist was shown", came="none", where=where,
                                 mend="Give it: --references FOLDER.")
    recorded = run.info["configuration"]
    lists = Recording(run.folder.name, run.folder, recorded).lists
    settings = DrawSettings(**{**recorded["settings"], "prompt_overlay": None})
    found = read_references(folder, lists, settings)
    for query, key in keys.items():
        if query not in found or found[query].sketch.key != key:
            raise ConfigurationError(f"the reference of {query} that the run was made with", came="another drawing",
                                     where=where)
    return {f"references/{query}.json": to_json(one.sketch).encode() for query, one in sorted(found.items())}


def _notebook(data: bytes) -> bytes:
    """Without the places that papermill notes; home folders in outputs become `~`."""
    try:
        book = json.loads(data)
        noted = book.get("metadata", {}).get("papermill", {})
    except (ValueError, AttributeError) as error:
        raise ConfigurationError("a notebook in JSON", came=str(error), where="notebook.ipynb") from error
    for name in ("input_path", "output_path"):
        if isinstance(noted.get(name), str):
            noted[name] = Path(noted[name]).name
    return (json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "surrogatepass")


def _own_version() -> str:
    try:
        return version("easel3d")
    except PackageNotFoundError:
        return "from a folder"
