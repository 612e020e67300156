"""Supplements: what was made of a recorded object afterwards, packed beside its recording for replay (ours).

A file that says what was asked for and what it came to, and the replies that were asked for.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from easel.errors import ConfigurationError, EaselError
from easel.recording import PackedReplies, RecordMissing, Replay, pack
from easel.runs import RunStore
from easel.wrapped import AskedModel
from shapecraft.recordings import Recording, replay_of


class SupplementDiffers(EaselError, RuntimeError):
    """What was replayed came to something else than was recorded."""


@dataclass(frozen=True)
class Supplement:
    """One file of a recording's folder, and its replies; each kind names both, and is what others use.

    what : in words; file, replies : names in the folder; version : of the format
    info : what the file says: label, date, name of the model ("" for none), sees_images, `steps`, and `programs`
        (hashes of all that ran)
    """

    what: ClassVar[str]
    file: ClassVar[str]
    replies: ClassVar[str]
    version: ClassVar[str]

    folder: Path
    info: Mapping[str, Any]

    @classmethod
    def read(cls, name: str) -> Self:
        """Of a packaged recording by name, or a folder. Errors as `at`."""
        return cls.at(Recording.read(name).folder)

    @classmethod
    def at(cls, folder: Path) -> Self:
        """Of a folder. Raises ConfigurationError for one that holds none."""
        path = folder / cls.file
        if not path.is_file():
            raise ConfigurationError(f"a recording with {cls.what}", came="one without", where=folder.name)
        info = json.loads(path.read_text("utf-8"))
        if info.get("format") != cls.version:
            raise ConfigurationError(f"format {cls.version}", came=str(info.get("format")),
                                     where=f"{folder.name}/{cls.file}")
        return cls(folder, info)

    @classmethod
    def there(cls, folder: Path) -> bool:
        """Whether a recording's folder holds one."""
        return (folder / cls.file).is_file()

    def chat(self, *, by_site: bool = False) -> Replay | None:
        """The model that answers from the record; None where none was asked."""
        if not self.info["model"]:
            return None
        return replay_of(PackedReplies(self.folder / self.replies), self.info, by_site=by_site)

    @classmethod
    def pack(cls, run: RunStore, folder: Path, info: Mapping[str, Any],
             again: Callable[[Self, AskedModel, Path], None]) -> Path:
        """Write both files. Deterministic: the same run, the same bytes.

        again : replays it with the run's own replies and a folder for passing use: exactly those are packed that it
        asks for. Not called where no model was asked.
        Raises ConfigurationError, and writes nothing, for a record that is not whole; what `again` raises.
        """
        info = {"format": cls.version, **info}
        with tempfile.TemporaryDirectory() as place:
            packed = Path(place)
            (packed / cls.file).write_text(json.dumps(info, indent=1, ensure_ascii=False) + "\n", "utf-8")
            if info["model"]:
                asked = AskedModel(replay_of(run.replies, info))
                try:
                    again(cls(packed, info), asked, packed)
                except RecordMissing as error:
                    raise ConfigurationError(f"every reply that the {cls.what} asked for, in the run's own record",
                                             came=str(error), where=run.folder.name) from error
                found = (run.replies.get(key) for key in sorted(asked.asked))
                pack([one for one in found if one is not None], packed / cls.replies)
            folder.mkdir(parents=True, exist_ok=True)
            for name in (cls.file, *([cls.replies] if info["model"] else [])):
                shutil.copyfile(packed / name, folder / name)
        return folder
