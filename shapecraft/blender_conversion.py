"""Blender conversion: a GLB of our own writing through Blender's importer into a file that Blender writes (ours).

Blender runs our own few lines (`shapecraft/worker/glb_to_*.py`) as an ordinary process, without a wall: no text of a
model is run, and what it reads was written here, from arrays that were checked.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from easel.errors import EaselError, MissingCapability, shorten
from shapecraft.blender_interpreter import BlenderInterpreter, find_blender
from shapecraft.jail_plan import FLAGS, SEEDED, WORKER

SECONDS = 120.0
"""How long it may take (ours): one second on an idle machine, two with maps of 2048 texels."""


class ExportError(EaselError):
    """A file could not be made from an object that stands."""


def converted(
    glb: bytes, *, worker: str, ending: str, meshes: int, what: str, blender: BlenderInterpreter | None = None
) -> bytes:
    """The file that Blender made.

    worker : which of our scripts; ending : of the file; meshes : how many it must hold, counted in the file itself
    what : "a USD file", for errors; blender : None finds it
    Raises MissingCapability without Blender, ExportError, with what Blender said, where no file came out or one with
    more or fewer meshes.
    """
    where = what.removeprefix("a ").removesuffix(" file")
    blender = blender or find_blender()
    with tempfile.TemporaryDirectory(prefix="blender-") as folder:
        source, target, count = (Path(folder) / name for name in ("object.glb", f"object.{ending}", "count.txt"))
        source.write_bytes(glb)
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        words = {"HOME": folder, "TMPDIR": folder, **SEEDED, **kept}
        command = [str(blender.command), *FLAGS, str(WORKER / worker), str(source), str(target), str(count)]
        try:
            done = subprocess.run(command, cwd=folder, env=words, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=SECONDS, check=False)
        except OSError as error:
            raise MissingCapability("Blender's interpreter", came=str(error), where=where) from error
        except subprocess.TimeoutExpired:
            raise ExportError(what, came=f"none in {SECONDS:.0f} s", where=where) from None
        if done.returncode or not (target.is_file() and count.is_file()):
            said = (done.stderr or done.stdout).strip().splitlines()
            raise ExportError(what, came=shorten(said[-1]) if said else f"exit status {done.returncode}", where=where)
        if (found := count.read_text("ascii")) != str(meshes):
            raise ExportError(f"{what} with {meshes} meshes, one a component", came=f"{found} of them", where=where)
        return target.read_bytes()
