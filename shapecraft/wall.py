"""Wall: where text that a model wrote runs. A jail per program; anything less is chosen by name, and says so.

`open_wall` gives a pool of bubblewrap jails or raises, with the cause it found and the command that mends it. It never
falls back by itself. What is defended against, and what is not, is in THREATS.md.
"""

from __future__ import annotations

import copy
import hashlib
import os
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from importlib.resources import files
from typing import Literal, Protocol

from easel.bubblewrap import explain, try_bubblewrap
from easel.errors import ConfigurationError, MissingCapability
from shapecraft.blender_interpreter import BlenderInterpreter, find_blender
from shapecraft.jail import PROGRAM_BYTES, Untaken
from shapecraft.jail_plan import BarePlan, JailPlan, Plan
from shapecraft.jail_pool import JailPool
from shapecraft.outcome import Job, Outcome

Level = Literal["jail", "disposable-machine", "known programs"]

MOST_READY = 4
"""Jails kept ready unless a size is given (ours), but never more than processors, and at least 2: one takes 0.3 GB."""
KNOWN = "known_programs.txt"
"""Package data: one SHA-256 a line, of the programs that ship with the project."""
UNKNOWN = ("no wall stands here, and the program is not one that ships with the project; it was not started. "
           "Type: easel doctor")
"""The message of what is refused for want of a wall: of the machine, not of the program, and never remembered."""


class Wall(Protocol):
    level: str

    def run(self, job: Job) -> Outcome:
        """Runs one program; from many threads at once. A program's failure is an outcome, a machine's raises."""

    def close(self) -> None:
        """Leaves nothing running."""


class PooledWall:
    """Programs in workers of a pool, each used once. Made by `open_wall` and `open_known_programs`.

    known : hashes of the only programs that may run; None for a wall that takes any
    """

    def __init__(self, plan: Plan, size: int, *, known: Collection[str] | None = None) -> None:
        self.level = plan.level
        self.blender = plan.blender.version
        self._known = known
        self._pool = JailPool(plan, size)
        self._plan = plan
        self._check: Callable[[], None] | None = None

    def watching(self, check: Callable[[], None]) -> PooledWall:
        """The same wall, that starts no program once `check` raises, also none that waits for its turn."""
        other = copy.copy(self)
        other._check = check
        return other

    @property
    def stocked(self) -> int:
        """Workers that are started and wait."""
        return self._pool.stocked

    def run(self, job: Job) -> Outcome:
        if refusal := self._refusal(job):
            return Outcome("refused", message=refusal)
        return replace(self._pool.run(job, self._check), blender=self.blender)

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> PooledWall:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self) -> None:
        """Waits until the first worker is ready. Raises Untaken."""
        self._pool.prepare()

    def fill(self, seconds: float = 60.0) -> None:
        """Waits until the whole stock is ready, which a benchmark wants and nothing else needs."""
        self._pool.fill(time.monotonic() + seconds)

    def _refusal(self, job: Job) -> str:
        size = len(job.program.encode("utf-8", "surrogatepass"))
        if size > PROGRAM_BYTES:
            return f"the program has {size:,} bytes, at most {PROGRAM_BYTES:,} are taken"
        if not job.program.strip():
            return "the program is empty"
        if self._known is not None and program_hash(job.program) not in self._known:
            return UNKNOWN
        return ""


def open_wall(size: int | None = None, *, disposable_machine: bool = False) -> PooledWall:
    """A wall with `size` workers ready, which any number of threads may use; `close` it, or use it in `with`.

    size : None is the number of processors, from 2 to 4; 0 keeps none ready
    disposable_machine : the user says by name that this machine, a container for instance, may be lost. Programs then
        run as ordinary processes of this user, and the level, which every record keeps, says so

    Raises ConfigurationError for a negative size; MissingCapability, naming the cause found and the command that mends
    it, where Blender or the wall is not to be had.
    """
    size = max(2, min(MOST_READY, os.cpu_count() or 1)) if size is None else size
    if size < 0:
        raise ConfigurationError("a number of jails from 0", came=str(size), where="open_wall")
    blender = find_blender()
    if disposable_machine:
        return _standing(BarePlan(blender, "disposable-machine"), size)
    trial = try_bubblewrap()
    if not trial.ready:
        raise _no_wall(trial.cause, trial.mend)
    return _standing(JailPlan(trial.path, blender), size)


def open_known_programs(size: int | None = None, *, known: Collection[str] | None = None,
                        blender: BlenderInterpreter | None = None) -> PooledWall:
    """No wall, for machines on which none can stand: runs programs that ship with the project, and refuses any other.

    known : hashes by `program_hash`; None are those of the package. Errors as `open_wall`.
    """
    plan = BarePlan(blender or find_blender(), "known programs")
    return _standing(plan, 1 if size is None else size, known=shipped_hashes() if known is None else known)


def open_asked(*, disposable_machine: bool = False, known_programs: bool = False, where: str) -> PooledWall:
    """The wall that a command's options ask for, one worker ready. where : the command, in errors

    Raises ConfigurationError for both words at once; else as `open_wall`.
    """
    if disposable_machine and known_programs:
        raise ConfigurationError("one of --disposable-machine and --known-programs", came="both", where=where)
    return open_known_programs() if known_programs else open_wall(1, disposable_machine=disposable_machine)


def watching(wall: Wall, check: Callable[[], None]) -> Wall:
    """The wall, that starts nothing once `check` raises, where it has programs wait; else as it is."""
    watched = getattr(wall, "watching", None)
    return wall if watched is None else watched(check)


def program_hash(program: str) -> str:
    """Hex SHA-256 of the exact text."""
    return hashlib.sha256(program.encode("utf-8", "surrogatepass")).hexdigest()


def shipped_hashes() -> frozenset[str]:
    """Hashes of the programs that ship with the project."""
    listed = (files("shapecraft") / KNOWN).read_text("utf-8")
    return frozenset(line.split()[0] for line in listed.splitlines() if line.strip() and not line.startswith("#"))


def _standing(plan: JailPlan | BarePlan, size: int, *, known: Collection[str] | None = None) -> PooledWall:
    """The wall, once a first worker has become ready in it: a fault of the machine is told now, not by a program."""
    wall = PooledWall(plan, size, known=known)
    try:
        wall.prepare()
    except Untaken as error:
        wall.close()
        said = str(error)
        about_files = "source path" in said or "execvp" in said
        if isinstance(plan, JailPlan) and said.startswith("bwrap:") and not about_files:
            trial = explain(said)
            raise _no_wall(trial.cause, trial.mend) from error
        raise MissingCapability("Blender, started for a program", came=said, mend=_mend(said),
                                where=f"{plan.blender.command}, {sys.platform}") from error
    except BaseException:
        wall.close()
        raise
    return wall


def _no_wall(cause: str, mend: str) -> MissingCapability:
    return MissingCapability("a wall for programs that a model wrote", came=cause, where="shapecraft", mend=mend)


def _mend(said: str) -> str:
    """What to do where the jail stands and Blender does not start in it."""
    if "cannot open shared object file" in said:
        return "Type: sudo apt-get install -y $(sed -n 's/ *# blender:.*//p' apt-packages.txt)"
    if "Permission denied" in said:
        return "Blender's interpreter must be readable by other users. Type: chmod -R go+rX .venv-blender shapecraft"
    return "Type: easel doctor"
