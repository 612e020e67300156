"""Edit recordings: the edits of a recorded object packed for replay, beside the recording of the object itself (ours).

A replay carries them out again: the same plans and programs from the record, run and proven anew on the machine it is
on, and compared with what was recorded, version by version.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError, EaselError
from easel.recording import PackedReplies, RecordMissing, Replay, Replies, pack
from easel.runs import RunStore, check_date
from easel.wrapped import AskedModel
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_events import EditEvent, EditFinished
from shapecraft.graph import from_json
from shapecraft.history import TABLE, graph_file
from shapecraft.outcome import Job, Outcome
from shapecraft.recordings import Recording, without_cameras
from shapecraft.remembering import outcome_key, read_outcome
from shapecraft.settings import CraftSettings
from shapecraft.wall import Wall, program_hash

FORMAT = "shapecraft-edits/1"
FILE, REPLIES = "edits.json", "edit_replies.jsonl.gz"


class EditsDiffer(EaselError, RuntimeError):
    """A replayed edit came to something else than the recorded one."""


@dataclass(frozen=True)
class EditRecording:
    """info : what edits.json says: label, date, name of the model, `made` (hash of the graph that it begins with),
    `steps` in order, and `programs` (hashes of all that ran)"""

    folder: Path
    info: Mapping[str, Any]

    @classmethod
    def read(cls, name: str) -> EditRecording:
        """Of a packaged recording by name, or a folder. Raises ConfigurationError for one that holds no edits."""
        folder = Recording.read(name).folder
        return cls.at(folder)

    @classmethod
    def at(cls, folder: Path) -> EditRecording:
        """The edits in a folder that `keep_edits` wrote."""
        path = folder / FILE
        if not path.is_file():
            raise ConfigurationError("a recording with edits", came="one without", where=folder.name)
        info = json.loads(path.read_text("utf-8"))
        if info.get("format") != FORMAT:
            raise ConfigurationError(f"format {FORMAT}", came=str(info.get("format")), where=f"{folder.name}/{FILE}")
        return cls(folder, info)

    def chat(self, *, by_site: bool = False) -> Replay | None:
        """The model that answers from the record; None where no edit asked one."""
        if not self.info["model"]:
            return None
        return _chat(PackedReplies(self.folder / REPLIES), self.info, by_site=by_site)


def keep_edits(run: RunStore, folder: Path, *, label: str, date: str) -> Path:
    """Pack the edits of a run into the folder of its recording. Deterministic, as `shapecraft.recordings.keep`.

    The edits are replayed over the run's own replies and outcomes: exactly the replies that they ask for are packed.
    label : what the replies are; date : ISO date of them
    Raises ConfigurationError, and writes nothing, for a run without edits, for edits with more than one model, and for
    a record that is not whole.
    """
    check_date(date, where=f"run {run.folder.name}")
    desk = EditDesk(run)
    steps = [_step(run, row) for row in run.rows(TABLE)]
    models = sorted({step[key] for step in steps for key in ("model", "vision") if step.get(key)})
    if not steps or len(models) > 1:
        raise ConfigurationError("edits with one model", where=run.folder.name,
                                 came=" and ".join(models) if models else "no edits")
    attempts = [row["program_key"] for row in run.rows("edit_attempts") if row["program_key"]]
    objects = [row["object"]["program_key"] for row in run.rows(TABLE) if "object" in row]
    info = {"format": FORMAT, "label": label, "date": date, "model": "".join(models), "made": desk.history[0].key,
            "sees_images": any(step.get("sees") for step in steps), "steps": steps,
            "programs": sorted({*attempts, *objects})}
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place)
        (packed / FILE).write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", "utf-8")
        if models:
            asked = AskedModel(_chat(run.replies, info))
            try:
                for _ in _replayed(_copied(run, packed), EditRecording(packed, info), asked, _Outcomes(run)):
                    pass
            except RecordMissing as error:
                raise ConfigurationError("every reply that the edits asked for, in the run's own record",
                                         came=str(error), where=run.folder.name) from error
            found = (run.replies.get(key) for key in sorted(asked.asked))
            pack([one for one in found if one is not None], packed / REPLIES)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (FILE, *([REPLIES] if models else [])):
            shutil.copyfile(packed / name, folder / name)
    return folder


def replay_edits(
    desk: EditDesk, recording: EditRecording, wall: Wall, *, by_site: bool = False
) -> Generator[EditEvent, None, None]:
    """Carry out the recorded edits on the desk of the replayed object, from the version that stands.

    Raises ConfigurationError where that is another object than was edited, EditsDiffer at the first step that comes to
    something else (a graph by its hash, a failure by its kind).
    """
    yield from _replayed(desk, recording, recording.chat(by_site=by_site), wall)


def _replayed(
    desk: EditDesk, recording: EditRecording, chat: Replay | AskedModel | None, wall: Wall
) -> Generator[EditEvent, None, None]:
    info = recording.info
    if desk.graph.key != info["made"]:
        raise ConfigurationError("the object that was edited", came="another one", where=recording.folder.name,
                                 mend="Replay the recording itself first; its edits begin with that object.")
    begin = desk.history.current
    numbers = {0: begin}
    for place, step in enumerate(info["steps"]):
        match step["kind"]:
            case "undo" | "redo":
                getattr(desk, step["kind"])()
                continue
            case "go":
                desk.go(numbers[step["version"]])
                continue
            case "numbers":
                events = desk.set_programs(step["programs"], step["words"], wall=wall)
            case _:
                assert chat is not None
                events = desk.edit(step["words"], model=chat, wall=wall, judged=step["judged"], paths=step["paths"],
                                   settings=CraftSettings(**step["settings"]))
        end: EditFinished | None = None
        for event in events:
            end = event if isinstance(event, EditFinished) else end
            yield event
        assert end is not None
        came = {"after": desk.graph.key, "failure": end.failure}
        if came != {"after": step["after"], "failure": step["failure"]}:
            raise EditsDiffer(
                f"graph {step['after'][:8]}{step['failure'] and ', ' + step['failure']}", where=f"edit {place + 1}",
                came=f"graph {came['after'][:8]}{end.failure and f', {end.failure}: {end.reason}'}",
            )
        if step["version"] is not None:
            numbers[step["version"]] = desk.history.current


def _step(run: RunStore, row: Mapping[str, Any]) -> dict[str, Any]:
    """What a replay needs of a step, and what it must come to."""
    step = {key: row[key] for key in ("kind", "words", "version", "after", "failure")}
    if row["kind"] == "edit":
        asked = run.keyed("edit_requests")[f"edit{row['number']}"]
        step |= {key: asked[key] for key in ("judged", "paths", "model", "vision", "sees", "settings")}
    elif row["kind"] == "numbers" and row["version"] is not None:
        file = run.folder / graph_file(row["version"])
        graph = from_json(file.read_text("utf-8"), where=file.name)
        step["programs"] = {name: graph[name].program for name in row["changed"]}
    return step


def _copied(run: RunStore, place: Path) -> EditDesk:
    """A desk with the object as it was made, to replay on."""
    again = RunStore.open(place / "runs", "again", fingerprint=run.info["fingerprint"], evidence=run.info["evidence"],
                          configuration=run.info["configuration"], date="2000-01-01",
                          facts={"name": run.info["name"]})
    for name in (graph_file(0), "object.glb", "object.py"):
        again.write(name, (run.folder / name).read_bytes())
    return EditDesk(again)


def _chat(source: Replies, info: Mapping[str, Any], *, by_site: bool = False) -> Replay:
    chat = Replay(source, name=info["model"], by_site=by_site, alike=without_cameras)
    chat.sees_images = info["sees_images"]
    return chat


class _Outcomes:
    """A wall over the outcomes of a run, behind which nothing runs."""

    level = "outcomes of a run"

    def __init__(self, run: RunStore) -> None:
        self._folder = run.folder

    def run(self, job: Job) -> Outcome:
        found = read_outcome(self._folder, outcome_key(job))
        if found is None:
            raise ConfigurationError("the outcome of every program that the run ran", where=self._folder.name,
                                     came=f"none of {program_hash(job.program)[:12]} ({job.name})")
        return found

    def close(self) -> None: ...
