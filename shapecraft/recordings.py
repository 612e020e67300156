"""Recordings: a made object packed for replay: replies, settings, prompt, what was decided, and what they are.

What programs made is not packed: a replay runs them again, behind the wall of the machine it is on.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError
from easel.recording import PackedReplies, RecordMissing, Replay, Replies, StoredReply, pack
from easel.runs import RunStore, check_date
from easel.studios import keep_overlay
from easel.trust import check_named
from easel.wrapped import AskedModel
from shapecraft.events import ExploreFinished
from shapecraft.exploring import Craft, explore
from shapecraft.remembering import KeptOutcomes
from shapecraft.settings import CraftSettings
from shapecraft.wall import KNOWN

FORMAT = "shapecraft-recording/1"
ROOMS = ("shapecraft", "easel")
EDITS, ANIMATIONS = "edits.json", "animations.json"
"""Files of `shapecraft.supplements` beside recording.json."""
_SHEET = re.compile(r"shape-sheet\|[0-9a-f]{64}\|")


@dataclass(frozen=True)
class Recording:
    """One recorded object.

    info : what recording.json says: label, date, notes, prompt, name, model, vision_model where there is another one,
        settings, prompts by hash, wall, versions, `programs` (hashes of all that ran) and `decisions`
    """

    name: str
    folder: Path
    info: Mapping[str, Any]

    @classmethod
    def read(cls, name: str) -> Recording:
        """A packaged recording by name, or a folder made by `keep`."""
        packaged = Path(str(resources.files("shapecraft").joinpath("recordings", name)))
        folder = packaged if packaged.is_dir() and name else Path(name)
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
    def prompt(self) -> str:
        return str(self.info["prompt"])

    @property
    def settings(self) -> CraftSettings:
        """With the prompts that it was made with."""
        return CraftSettings(**{**self.info["settings"], "prompt_overlay": self.prompts})

    @property
    def prompts(self) -> Path | None:
        """The prompts of the overlay that the object was made with; None for the package's own."""
        folder = self.folder / "prompts"
        return folder if folder.is_dir() else None

    @property
    def decisions(self) -> Decisions:
        said = self.info["decisions"]
        return Decisions(said["object"], said["chosen"], said["scores"], said["look"])

    def chats(self, *, by_site: bool = False) -> Chats:
        """The chat models that answer from the record."""
        return _chats(PackedReplies(self.folder / "replies.jsonl.gz"), self.info, by_site=by_site)


@dataclass(frozen=True)
class Decisions:
    """What an exploration comes to: what a replay elsewhere must come to as well.

    object : hash of the global program, "" where nothing was made; chosen : component -> id of its attempt
    scores : component -> the Evaluator's score of it; look : the Evaluator's last score of the whole that was kept
    """

    object: str
    chosen: Mapping[str, str]
    scores: Mapping[str, float | None]
    look: float | None

    def differences(self, other: Decisions) -> list[str]:
        """What `other` decides otherwise, a line each; [] for the same."""
        lines = []
        for name in sorted({*self.chosen, *other.chosen}):
            for what, a, b in (("attempt", self.chosen, other.chosen), ("score", self.scores, other.scores)):
                if a.get(name) != b.get(name):
                    lines.append(f"{name}: {what} {a.get(name)} was recorded, {b.get(name)} came out")
        if self.look != other.look:
            lines.append(f"the whole: score {self.look} was recorded, {other.look} came out")
        if self.object != other.object:
            lines.append("the global program is another one")
        return lines

    def row(self) -> dict[str, Any]:
        return {"object": self.object, "chosen": dict(self.chosen), "scores": dict(self.scores), "look": self.look}


def decisions_of(run: RunStore) -> Decisions:
    """Of a finished run. Raises ConfigurationError for another."""
    ended, attempts = run.rows("explored"), run.keyed("attempts")
    if not ended:
        raise ConfigurationError("a finished run", came=run.info["status"], where=run.folder.name,
                                 mend="Resume it first; nothing is paid twice.")
    chosen = {attempts[one]["component"]: one for one in ended[0]["chosen"]}
    kept = [row["score"] for row in run.rows("looks") if row["kept"]]
    return Decisions(ended[0]["object"], chosen, {name: attempts[one]["score"] for name, one in chosen.items()},
                     kept[-1] if kept else None)


@dataclass(frozen=True)
class Chats:
    """The two models of a record. vision : None where the Evaluator asks the same model"""

    model: Replay
    vision: Replay | None

    def facts(self) -> dict[str, Any]:
        """What run.json shall say: replies taken by call site, and by likeness; {} for none of both."""
        both = [self.model, *([self.vision] if self.vision else [])]
        counts = {name: sum(getattr(one, name) for one in both) for name in ("drifted", "likened")}
        return {name: count for name, count in counts.items() if count}


def packaged_names() -> list[str]:
    """Names of the recordings that ship with the package."""
    folder = Path(str(resources.files("shapecraft").joinpath("recordings")))
    return sorted(path.parent.name for path in folder.glob("*/recording.json"))


def known_programs(recording: Recording) -> tuple[str, ...]:
    """Hashes of all programs of a recording, parts and whole, by `program_hash`, its edits and animations among them:
    the lines of known_programs.txt."""
    beside = [path for name in (EDITS, ANIMATIONS) if (path := recording.folder / name).is_file()]
    said = [recording.info, *(json.loads(path.read_text("utf-8")) for path in beside)]
    return tuple(sorted({one for info in said for one in info["programs"]}))


def write_known_programs(file: Path | None = None) -> int:
    """Write the hashes of the programs of all packaged recordings; the number of them. file : the package's own"""
    file = file or Path(str(resources.files("shapecraft").joinpath(KNOWN)))
    hashes = sorted({one for name in packaged_names() for one in known_programs(Recording.read(name))})
    head = "".join(line for line in file.read_text("utf-8").splitlines(keepends=True) if line.startswith("#"))
    file.write_text(head + "".join(f"{one}\n" for one in hashes), "utf-8")
    return len(hashes)


def without_cameras(identity: dict[str, Any]) -> str:
    """An identity without the cameras of a program's pictures.

    Cameras are fitted to a mesh, whose last digits differ between versions of Blender and between machines; the program
    is in the picture's name. Pictures of boxes have the boxes of a reply, and stay as they are.
    """
    def plain(part: dict[str, Any]) -> dict[str, Any]:
        source = part.get("image", "")
        if not _SHEET.match(source):
            return part
        words, _, cameras = source.rpartition("|")
        return {"image": f"{words}|{cameras.count(';') + 1} views"}

    messages = [{**message, "parts": [plain(part) for part in message["parts"]]} for message in identity["messages"]]
    return json.dumps({**identity, "messages": messages}, sort_keys=True, ensure_ascii=False)


def keep(
    run: RunStore, folder: Path, *, label: str, date: str, notes: list[str], trust_plugins: bool = False
) -> Path:
    """Pack a finished run into a folder that `Recording.read` takes. Deterministic: the same run, the same bytes.

    The run is replayed over its own replies and outcomes, without Blender: exactly those replies are packed that it
    asks for, and it must come to the same decisions.

    label : what the replies are, without host or key; date : ISO date of them
    trust_plugins : call whatever policy the run names in that replay; else only those of shapecraft
    Raises ConfigurationError, and writes nothing, for a run that is not finished, and for one whose record is not whole
    or leads to another object.
    """
    where = f"run {run.folder.name}"
    if run.info["status"] != "finished":
        raise ConfigurationError("a finished run", came=run.info["status"], where=run.folder.name,
                                 mend="Resume it first; nothing is paid twice.")
    check_date(date, where=where)
    decided, configured = decisions_of(run), run.info["configuration"]
    check_trusted(CraftSettings(**{**configured["settings"], "prompt_overlay": None}), where=where,
                  trust_plugins=trust_plugins)
    info = _described(run, label=label, date=date, notes=notes, decided=decided)
    with tempfile.TemporaryDirectory() as place:
        packed = Path(place) / "kept"
        packed.mkdir()
        keep_overlay(run, "shapecraft", packed / "prompts")
        (packed / "recording.json").write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", "utf-8")
        pack(_asked(run, Recording("kept", packed, info), Path(place) / "runs", decided),
             packed / "replies.jsonl.gz")
        shutil.rmtree(folder / "prompts", ignore_errors=True)  # of an earlier packing, of a run that had some
        shutil.copytree(packed, folder, dirs_exist_ok=True, copy_function=shutil.copyfile)
    return folder


def check_trusted(settings: CraftSettings, *, where: str, trust_plugins: bool = False) -> None:
    """Refuse settings of a file that name a policy from elsewhere. Raises ConfigurationError."""
    if not trust_plugins:
        check_named(settings.policy, rooms=ROOMS, where=f"{where}, policy")


def replay_of(source: Replies, info: Mapping[str, Any], *, by_site: bool = False, model: str = "model") -> Replay:
    """The model of a record. info : what a packed file says; model : its key there"""
    chat = Replay(source, name=info[model], by_site=by_site, alike=without_cameras)
    chat.sees_images = info["sees_images"]
    return chat


def _chats(source: Replies, info: Mapping[str, Any], *, by_site: bool = False) -> Chats:
    model, *vision = (replay_of(source, info, by_site=by_site, model=name) for name in ("model", "vision_model")
                      if name in info)
    return Chats(model, vision[0] if vision else None)


def _asked(run: RunStore, recording: Recording, root: Path, decided: Decisions) -> list[StoredReply]:
    """The replies that the run asks for in a replay over its own record, by key."""
    from shapecraft.keeping import Keeper

    chats = _chats(run.replies, recording.info)
    asked = AskedModel(chats.model)
    vision = None if chats.vision is None else AskedModel(chats.vision)
    again = RunStore.open(root, "again", fingerprint=run.info["fingerprint"], evidence=asked.evidence,
                          configuration=run.info["configuration"], date=recording.info["date"])
    with again:
        try:
            craft = Craft(asked, KeptOutcomes(run), recording.prompt, recording.settings, vision,
                          recording.info["name"], Keeper(again))
            ended = any([isinstance(event, ExploreFinished) for event in explore(craft)])
        except RecordMissing as error:
            raise ConfigurationError(
                "every reply that the run asked for, in its own record", came=str(error), where=run.folder.name,
                mend="A replay keeps no replies: keep the run that was recorded. Else its record is not whole.",
            ) from error
        found = decisions_of(again).differences(decided) if ended else ["it did not end"]
    if found:
        raise ConfigurationError("a replay that comes to the decisions of the run", came=found[0],
                                 where=run.folder.name, mend="Its rows and its replies do not belong together.")
    keys = {*asked.asked, *(vision.asked if vision else ())}
    stored = (run.replies.get(key) for key in sorted(keys))
    return [one for one in stored if one is not None]


def _described(
    run: RunStore, *, label: str, date: str, notes: list[str], decided: Decisions
) -> dict[str, Any]:
    configured = run.info["configuration"]
    keys = {row["program_key"] for row in run.rows("attempts") if row["program_key"]}
    keys |= {row["program_key"] for row in run.rows("assemblies") if row.get("program_key")}
    sees = any("image" in part for stored in run.replies for message in stored.identity["messages"]
               for part in message["parts"])
    return {
        "format": FORMAT, "label": label, "date": date, "notes": notes, "prompt": configured["prompt"],
        "name": run.info["name"], "model": configured["model"],
        **{name: configured[name] for name in ("vision_model", "prompts") if name in configured},
        "settings": {**configured["settings"], "prompt_overlay": None}, "sees_images": sees,
        "wall": run.info.get("wall", ""), "versions": run.info.get("versions", {}), "decisions": decided.row(),
        "programs": sorted(keys),
    }
