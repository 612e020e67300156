"""Edit recordings: the edits of a recorded object packed for replay, beside the recording of the object itself (ours).

A replay carries them out again: the same plans and programs from the record, run and proven anew on the machine it is
on, and compared with what was recorded, version by version.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from easel.errors import ConfigurationError
from easel.recording import Replay
from easel.runs import RunStore, check_date
from easel.wrapped import AskedModel
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_events import EditEvent, EditFinished
from shapecraft.graph import from_json
from shapecraft.history import TABLE, graph_file
from shapecraft.recordings import EDITS
from shapecraft.remembering import KeptOutcomes
from shapecraft.settings import CraftSettings
from shapecraft.supplements import Supplement, SupplementDiffers
from shapecraft.wall import Wall


class EditsDiffer(SupplementDiffers):
    """A replayed edit came to something else than the recorded one."""


class EditRecording(Supplement):
    """info : `made` (hash of the graph that the edits begin with); `steps` in order, each with what it came to"""

    what: ClassVar[str] = "edits"
    file: ClassVar[str] = EDITS
    replies: ClassVar[str] = "edit_replies.jsonl.gz"
    version: ClassVar[str] = "shapecraft-edits/1"


def keep_edits(run: RunStore, folder: Path, *, label: str, date: str) -> Path:
    """Pack the edits of a run into the folder of its recording. Deterministic, as `shapecraft.recordings.keep`.

    The edits are replayed over the run's own replies and outcomes: exactly the replies that they ask for are packed.
    label : what the replies are; date : ISO date of them
    Raises ConfigurationError, and writes nothing, for a run without edits, for edits with more than one model, for one
    that an unsteady part was allowed in, and for a record that is not whole.
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
    info = {"label": label, "date": date, "model": "".join(models), "made": desk.history[0].key,
            "sees_images": any(step.get("sees") for step in steps), "steps": steps,
            "programs": sorted({*attempts, *objects})}

    def again(recording: EditRecording, asked: AskedModel, place: Path) -> None:
        for _ in _replayed(_copied(run, place), recording, asked, KeptOutcomes(run)):
            pass

    return EditRecording.pack(run, folder, info, again)


def replay_edits(
    desk: EditDesk, recording: EditRecording, wall: Wall, *, by_site: bool = False
) -> Generator[EditEvent, None, None]:
    """Carry out the recorded edits on the desk of the replayed object, from the version that stands; where another one
    does, from the first that is the object they begin with.

    Raises ConfigurationError where no version is that object, EditsDiffer at the first step that comes to
    something else (a graph by its hash, a failure by its kind).
    """
    yield from _replayed(desk, recording, recording.chat(by_site=by_site), wall)


def _replayed(
    desk: EditDesk, recording: EditRecording, chat: Replay | AskedModel | None, wall: Wall
) -> Generator[EditEvent, None, None]:
    info = recording.info
    there = [one.number for one in desk.history.versions if one.key == info["made"]]
    if there and desk.graph.key != info["made"]:
        desk.go(there[0])
    if not there:
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
                                   settings=CraftSettings(**step["settings"]), attempt=step.get("attempt", 0))
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
    asked = run.keyed("edit_requests")[f"edit{row['number']}"] if "number" in row else {}
    if asked.get("allow_unsteady"):
        raise ConfigurationError("edits that every untouched part is shown to be the same in", where=run.folder.name,
                                 came=f'edit {row["number"]}, "{row["words"]}", with --allow-unsteady',
                                 mend="A part that makes something else each time replays to nothing that could be "
                                      "compared. Carry the edit out without, on a run of its own.")
    if row["kind"] == "edit":
        step |= {key: asked[key] for key in ("judged", "paths", "model", "vision", "sees", "settings")}
        step |= {"attempt": asked["attempt"]} if "attempt" in asked else {}
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
