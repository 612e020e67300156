"""Remembering: outcomes of programs that ran, by the hash of the program, so that nothing runs twice in a run.

Run again, a program may differ in the last digit between machines and versions of Blender; a resumed run must not.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile, write_whole
from easel.runs import RunStore
from shapecraft.outcome import CLOCK_OVER, WALL_CLOSED, Job, Outcome, PartReport
from shapecraft.wall import UNKNOWN, Wall, program_hash, watching

FOLDER = "outcomes"


class Shelf(Protocol):
    """Where outcomes are kept: a run, or a `ProgramShelf`."""

    @property
    def folder(self) -> Path: ...

    def write(self, relative: str, data: str | bytes) -> Path: ...


@dataclass(frozen=True)
class ProgramShelf:
    """A folder of outcomes that the runs of a sweep share, processes among them.

    One for each kind of wall and version of Blender, so that outcomes of one are never taken for those of another.
    """

    folder: Path

    @classmethod
    def of(cls, home: Path, wall: Wall) -> ProgramShelf:
        """home : the sweep's folder"""
        version = str(getattr(wall, "blender", "none"))
        return cls(Path(home) / "programs" / "".join(c if c.isalnum() else "-" for c in f"{wall.level} {version}"))

    def write(self, relative: str, data: str | bytes) -> Path:
        path = self.folder / relative
        write_whole(path, data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data, durable=False)
        return path


class RememberedWall:
    """A wall over a run folder or another shelf: `outcomes/<hash>.json` and, for what ran, `.glb`.

    Safe from many threads. A program that asks for a .blend file, and one with limits of its own, is another entry.
    """

    def __init__(self, wall: Wall, run: Shelf, *, used: Callable[[], None] | None = None) -> None:
        """used : called once, before the first program that is not known runs"""
        self.level = wall.level
        self.blender = str(getattr(wall, "blender", ""))
        self._wall, self._run, self._used = wall, run, used
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    def run(self, job: Job) -> Outcome:
        """The outcome that is known, else a run. Faults of the machine are never remembered: what the wall raises, what
        was not started or not ended for want of a wall, and, on a shelf that runs share, programs that were out of
        wall-clock time, of which a busy machine gives less.
        """
        key = outcome_key(job)
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = read_outcome(self._run.folder, key)
            if known is not None and self._lasts(known):
                return known
            self._tell_used()
            outcome = self._wall.run(job)
            if not self._lasts(outcome):
                return outcome
            keep_outcome(self._run, key, outcome)
            return outcome
            if outcome.glb:
                self._run.write(f"{FOLDER}/{key}.glb", outcome.glb)
            if outcome.blend:
                self._run.write(f"{FOLDER}/{key}.blend", outcome.blend)
            self._run.write(f"{FOLDER}/{key}.json", json.dumps(_row(outcome), ensure_ascii=False, indent=1))
            return outcome

    def watching(self, check: Callable[[], None]) -> RememberedWall:
        """The same over a wall that starts nothing once `check` raises."""
        other = copy.copy(self)
        other._wall = watching(self._wall, check)
        return other

    def close(self) -> None:
        """Closes the wall itself."""
        self._wall.close()

    def _tell_used(self) -> None:
        with self._guard:
            used, self._used = self._used, None
            if used is not None:
                used()

    def _lasts(self, outcome: Outcome) -> bool:
        """Whether an outcome is the program's own, so that it would be the same at another time."""
        if outcome.message in (UNKNOWN, WALL_CLOSED):
            return False
        return not (isinstance(self._run, ProgramShelf) and outcome.message == CLOCK_OVER)


class KeptOutcomes:
    """A wall over the outcomes of a run, behind which nothing runs."""

    level = "outcomes of a run"

    def __init__(self, run: RunStore) -> None:
        self._folder = run.folder

    def run(self, job: Job) -> Outcome:
        """Raises ConfigurationError for a program that the run did not run."""
        found = read_outcome(self._folder, outcome_key(job))
        if found is None:
            raise ConfigurationError("the outcome of every program that the run ran", where=self._folder.name,
                                     came=f"none of {program_hash(job.program)[:12]} ({job.name})")
        return found

    def close(self) -> None: ...


def keep_outcome(shelf: Shelf, key: str, outcome: Outcome) -> None:
    """Write an outcome and its files under a key, the row that names the files last."""
    for kind in ("glb", "blend"):
        if content := getattr(outcome, kind):
            shelf.write(f"{FOLDER}/{key}.{kind}", content)
    shelf.write(f"{FOLDER}/{key}.json", json.dumps(_row(outcome), ensure_ascii=False, indent=1))


def read_outcome(folder: Path, key: str) -> Outcome | None:
    """The outcome kept in a run folder for the program of this hash; None where there is none.

    Raises DamagedFile for a file that was edited badly.
    """
    path = Path(folder) / FOLDER / f"{key}.json"
    try:
        row = json.loads(path.read_text("utf-8", "surrogatepass"))
        parts = tuple(PartReport(**{**part, "low": tuple(part["low"]), "high": tuple(part["high"])})
                      for part in row.pop("parts"))
        files: dict[str, Any] = {kind: path.with_suffix(f".{kind}").read_bytes() for kind in row.pop("files")}
        return Outcome(parts=parts, **row, **files)
    except FileNotFoundError:
        if path.exists():
            raise DamagedFile("the GLB beside an outcome", came="none", where=path.name) from None
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile("an outcome", came=str(error), where=path.name,
                          mend="Remove the file; the program is run again.") from error


def outcome_key(job: Job) -> str:
    """What an outcome is kept under: the hash of the program, and of limits of its own."""
    plain = replace(Job(job.program), name=job.name)
    if job == plain:
        return program_hash(job.program)
    return f"{program_hash(job.program)}-{program_hash(repr((job.limits, job.blend)))[:12]}"


def _row(outcome: Outcome) -> dict[str, Any]:
    row = {name: value for name, value in asdict(outcome).items() if name not in ("glb", "blend")}
    return {**row, "files": [kind for kind in ("glb", "blend") if getattr(outcome, kind)]}
