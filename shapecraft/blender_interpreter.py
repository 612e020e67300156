"""Blender's interpreter: a Python of its own that has the `bpy` module; never this process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from easel.errors import MissingCapability, shorten

SETTING = "EASEL_BLENDER_PYTHON"
INSTALLED = Path(".venv-blender/bin/python")
"""Where `make blender` puts it, below the project's root or the current folder."""
MEND = f"Type: make blender (or name a Python 3.11 that has bpy 4.5 in {SETTING})"

_PROBE = """
import importlib.metadata, importlib.util, json, os, sys
spec = importlib.util.find_spec("bpy")
print(json.dumps({
    "version": importlib.metadata.version("bpy") if spec else "",
    "site": os.path.dirname(os.path.dirname(spec.origin)) if spec else "",
    "base": sys.base_prefix, "executable": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
    "python": "python%d.%d" % sys.version_info[:2],
}))
"""


@dataclass(frozen=True)
class BlenderInterpreter:
    """What a jail must be shown for Blender to start in it.

    command : the interpreter as it is called outside a jail
    version : of bpy
    executable : the file behind it, links followed; base : the folder whose lib/ has the standard library
    site : the folder that has bpy, numpy and what else was installed with them
    python : "python3.11"
    """

    command: Path
    version: str
    executable: Path
    base: Path
    site: Path
    python: str


def find_blender(environment: Mapping[str, str] | None = None, *,
                 roots: tuple[Path, ...] | None = None) -> BlenderInterpreter:
    """The interpreter that the setting names, else the one that `make blender` installed.

    Raises MissingCapability where there is none, or where it has no bpy.
    """
    environment = os.environ if environment is None else environment
    if given := environment.get(SETTING):
        return ask_blender(Path(given), where=SETTING)
    for root in roots or (Path(__file__).resolve().parent.parent, Path.cwd()):
        if (root / INSTALLED).exists():
            return ask_blender(root / INSTALLED)
    raise MissingCapability("Blender as a Python module", came=f"no {INSTALLED}, and {SETTING} is not set",
                            where="shapecraft", mend=MEND)


def ask_blender(command: Path, *, where: str = "shapecraft") -> BlenderInterpreter:
    """What this interpreter says of itself; bpy is not imported. Raises MissingCapability."""
    try:
        done = subprocess.run([str(command), "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False)
        said = json.loads(done.stdout) if done.returncode == 0 else {}
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise MissingCapability("a Python that has bpy", came=f"{command}: {error}", where=where, mend=MEND) from error
    if not said:
        raise MissingCapability("a Python that has bpy", came=f"{command}: {shorten(done.stderr)}", where=where,
                                mend=MEND)
    if not said["version"]:
        raise MissingCapability("a Python that has bpy", came=f"{command} has none", where=where, mend=MEND)
    return BlenderInterpreter(command, said["version"], Path(said["executable"]), Path(said["base"]),
                              Path(said["site"]), said["python"])
