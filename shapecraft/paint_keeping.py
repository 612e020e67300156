"""Paint keeping: the folder of a painting: what decides it, and the last checkpoint, each replaced as a whole.

painting.json : what is painted, with which settings and guidance, and its fingerprint; checkpoint.pt : steps that are
done, the terms that were left out, the field, the optimiser, the noise that details carry and the key of the cameras
to which it belongs by number. Nothing else is: what a step draws follows from its number. .lock : held by the one who
paints.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError
from easel.guidance import Carried
from easel.jsonl import held, write_whole
from easel.runs import RunBusy
from shapecraft.paint_faults import LeftOut
from shapecraft.paint_settings import fingerprint

if TYPE_CHECKING:
    import torch

    from shapecraft.paint_views import PaintViews
    from shapecraft.texture_field import TextureField

FILE, CHECKPOINT, LOCK = "painting.json", "checkpoint.pt", ".lock"


@contextmanager
def kept_in(folder: Path, row: dict[str, Any]) -> Iterator[PaintKeeper]:
    """The folder of a painting, for one painter at a time.

    Raises RunBusy while another paints in it, ConfigurationError for a folder of another painting.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(held(Path(folder) / LOCK))
        except BlockingIOError:
            raise RunBusy("a folder in which nobody else paints", came="one that is being painted in",
                          where=str(folder), mend="Wait for the other painter, or close it.") from None
        yield PaintKeeper(folder, row)


class PaintKeeper:
    """A folder that holds one painting. Raises ConfigurationError for a folder of another one."""

    def __init__(self, folder: Path, row: dict[str, Any]) -> None:
        self.folder, self.fingerprint = Path(folder), fingerprint(row)
        path = self.folder / FILE
        if not path.exists():
            text = json.dumps({"fingerprint": self.fingerprint, **row}, indent=1, sort_keys=True, ensure_ascii=False)
            write_whole(path, f"{text}\n".encode())
            return
        try:
            kept = json.loads(path.read_text())
            found = kept.pop("fingerprint")
        except (ValueError, KeyError, TypeError, AttributeError) as fault:
            raise ConfigurationError("what a painting writes", came=str(fault), where=str(path),
                                     mend="Paint into another folder, or remove this one.") from fault
        if found != self.fingerprint:
            raise ConfigurationError("the painting that this folder holds", where=str(self.folder),
                                     came=_difference(kept, json.loads(json.dumps(row))),
                                     mend="Paint into another folder, or with what is written in painting.json.")

    @property
    def path(self) -> Path:
        return self.folder / CHECKPOINT

    def write(self, done: int, left: LeftOut, field: TextureField, optimiser: torch.optim.Optimizer,
              carried: Mapping[int, Carried], cameras: str) -> Path:
        """Replaces the checkpoint. carried : of views by number; cameras : `cameras_key` of those views"""
        import torch

        made = io.BytesIO()
        torch.save({"fingerprint": self.fingerprint, "done": done, "field": field.state(),
                    "optimiser": optimiser.state_dict(), "left": [list(left.rows), left.steps],
                    "cameras": cameras,
                    "carried": {view: (one.noisy.cpu(), one.alphabar) for view, one in carried.items()}}, made)
        write_whole(self.path, made.getvalue())
        return self.path

    def read(
        self, field: TextureField, optimiser: torch.optim.Optimizer, cameras: str,
    ) -> tuple[int, LeftOut, dict[int, Carried]]:
        """Takes the checkpoint over; steps that are done, 0 without one, what was left out in them, and carried noise.

        Raises ConfigurationError for a file that cannot be read, or belongs to another painting or other cameras, as
        another version of the library may choose them.
        """
        import torch

        for half in self.folder.glob(f".{CHECKPOINT}.*"):
            half.unlink(missing_ok=True)  # of a write that was killed
        if not self.path.exists():
            return 0, LeftOut(), {}
        try:
            found = torch.load(self.path, map_location="cpu", weights_only=True)
            if found["fingerprint"] != self.fingerprint:
                raise ValueError("of another painting")
            if found.get("cameras") != cameras:
                raise ValueError("one of other cameras, as another version of the library chooses them")
            rows, steps = found["left"]
            left = LeftOut(tuple((str(name), int(count)) for name, count in rows), int(steps))
            carried = {int(view): Carried(noisy, float(alphabar))
                       for view, (noisy, alphabar) in found["carried"].items()}
            field.load(found["field"])
            optimiser.load_state_dict(found["optimiser"])
            return int(found["done"]), left, carried
        except (OSError, RuntimeError, ValueError, TypeError, LookupError, EOFError, pickle.UnpicklingError) as fault:
            raise ConfigurationError("a checkpoint of this painting", came=str(fault), where=str(self.path),
                                     mend="Remove it to begin anew.") from fault


def cameras_key(views: PaintViews) -> str:
    """Hex SHA-256 of all views in their order."""
    told = "\n".join(f"{one.part} {one.side} {one.detail} {one.camera.source}" for one in views.views)
    return hashlib.sha256(told.encode()).hexdigest()


def _difference(kept: Any, asked: Any, at: str = "") -> str:
    """The first place where two JSON values differ, in words."""
    if isinstance(kept, dict) and isinstance(asked, dict):
        for name in sorted({*kept, *asked}):
            if kept.get(name) != asked.get(name):
                return _difference(kept.get(name), asked.get(name), f"{at}.{name}" if at else name)
    if isinstance(kept, list) and isinstance(asked, list) and len(kept) == len(asked):
        for number, (one, other) in enumerate(zip(kept, asked, strict=True)):
            if one != other:
                return _difference(one, other, f"{at}[{number}]")
    return f"{at} = {json.dumps(asked, ensure_ascii=False)}, not {json.dumps(kept, ensure_ascii=False)}"
