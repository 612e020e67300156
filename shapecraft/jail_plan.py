"""Plans: the command line that starts one Blender worker, in a jail or, where that was chosen by name, without one."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from shapecraft.blender_interpreter import BlenderInterpreter

WORKER = Path(__file__).resolve().parent / "worker"
SHAPES = WORKER.parent / "shapes"
"""The helper library that programs import as `shapes`."""
JAIL = "jail"
"""The level of a wall that is one."""
FOLDER = "/job"
STAGES = ("/mnt", "/media", "/srv")
"""Folders that a stage may cover in the launcher's own mount namespace; the first that exists is taken."""
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32")
ROOT_LINKS = ("/lib", "/lib64", "/lib32")
FLAGS = ("-P", "-s", "-B")
"""Of Python: nothing beside the script and nothing of the user's is imported, nothing compiled is kept."""
SEEDED = {"LANG": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
CONSTANTS = {"HOME": FOLDER, "TMPDIR": FOLDER, "LD_LIBRARY_PATH": "/blender/base/lib", **SEEDED}
"""The whole environment of a jail."""


class Plan(Protocol):
    @property
    def level(self) -> str: ...

    @property
    def blender(self) -> BlenderInterpreter: ...

    def command(self, *, job: int, result: int, info: int) -> tuple[list[str], str]:
        """(command line, folder to remove afterwards or ""). job, result, info : descriptors that it inherits"""


@dataclass(frozen=True)
class JailPlan:
    """One bubblewrap jail: its own user, processes, network (none), host name and files.

    It sees the system's shared libraries, Blender's interpreter, our worker with the
    helper library, /dev/null, /dev/urandom, all read-only, and a
    sized folder in memory, /job (also /tmp). No /proc, no /sys, no /etc but the loader's list, no program but Python.
    """

    bwrap: str
    blender: BlenderInterpreter
    level: str = JAIL

    def command(self, *, job: int, result: int, info: int) -> tuple[list[str], str]:
        root = os.getuid() == 0
        stage = next((one for one in STAGES if Path(one).is_dir()), "/tmp") if root else ""
        binds, shown = self._binds(stage)
        setup = {"job": 3, "result": 4, "jail": True, "folder": FOLDER, "paths": ["/blender/site", "/parts"]}
        python = self.blender.executable.as_posix() if self._in_usr else f"/blender/base/bin/{self.blender.python}"
        argv = [
            self.bwrap, "--unshare-all", "--unshare-user", "--hostname", "jail", "--die-with-parent", "--new-session",
            "--info-fd", "5", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN",
            *_system(), *shown,
            "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null", "--dev-bind", "/dev/urandom", "/dev/urandom",
            "--dir", FOLDER, "--symlink", FOLDER[1:], "/tmp", "--remount-ro", "/", "--chdir", FOLDER,
            *(word for name, value in CONSTANTS.items() for word in ("--setenv", name, value)),
            "--", python, *FLAGS, "-S", "/worker/main.py", json.dumps(setup),
        ]
        plan = {"argv": argv, "descriptors": [job, result, info], "stage": stage, "binds": binds}
        return [sys.executable, "-I", "-S", str(WORKER / "launch.py"), json.dumps(plan)], ""

    @property
    def _in_usr(self) -> bool:
        return self.blender.base == Path("/usr")

    def _binds(self, stage: str) -> tuple[list[list[str]], list[str]]:
        """What the launcher puts on the stage, and bubblewrap's words for what the jail is shown."""
        wanted = [(str(self.blender.site), "site", "/blender/site"), (str(WORKER), "worker", "/worker"),
                  (str(SHAPES), "shapes", "/parts/shapes")]
        if self._in_usr:
            executable = self.blender.executable.as_posix()
            wanted.append((executable, "python", executable))
        else:
            wanted.append((str(self.blender.executable), "python", f"/blender/base/bin/{self.blender.python}"))
            wanted.append((str(self.blender.base / "lib"), "lib", "/blender/base/lib"))
        shown = [word for source, name, target in wanted
                 for word in ("--ro-bind", f"{stage}/{name}" if stage else source, target)]
        return [[source, name] for source, name, _ in wanted] if stage else [], shown


@dataclass(frozen=True)
class BarePlan:
    """The same worker as an ordinary process of ours: no wall. Memory and processor time are its only limits."""

    blender: BlenderInterpreter
    level: str

    def command(self, *, job: int, result: int, info: int) -> tuple[list[str], str]:
        folder = tempfile.mkdtemp(prefix="part-")
        (Path(folder) / "parts").mkdir()
        (Path(folder) / "parts" / "shapes").symlink_to(SHAPES)
        setup = {"job": job, "result": result, "jail": False, "folder": folder, "paths": [f"{folder}/parts"]}
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        words = {"HOME": folder, "TMPDIR": folder, **SEEDED, **kept}
        return [shutil.which("env") or "/usr/bin/env", "-i", *(f"{name}={value}" for name, value in words.items()),
                str(self.blender.command), *FLAGS, str(WORKER / "main.py"), json.dumps(setup)], folder


def _system() -> list[str]:
    """The shared libraries, where this system has them, and the loader's list of where they are."""
    words: list[str] = []
    for library in LIBRARIES:
        if Path(library).is_dir():
            words += ["--ro-bind", library, library]
    for link in ROOT_LINKS:
        path = Path(link)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path).lstrip("/"), link]
        elif path.is_dir():
            words += ["--ro-bind", link, link]
    return [*words, "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
