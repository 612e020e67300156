"""USD file: an object's GLB through Blender's own importer and exporter (ours; the paper is silent on files).

Metres, z up, -y to the front. One Xform with one Mesh per component under its name, below `/object`; materials as
UsdPreviewSurface. Blender runs our own few lines as an ordinary process, without a wall: no text of a model is run, and
the GLB it reads is written anew, here, from arrays that were checked (`shapecraft.glb_arrays`), so that no file from a
run's folder reaches it. A package that writes USD would be a 29 MB download more for what Blender does in a second. The
same GLB gives the same content every time, but in an order of Blender's own: not the same bytes.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from easel.errors import EaselError, MissingCapability, shorten
from shapecraft.blender_interpreter import BlenderInterpreter, find_blender
from shapecraft.glb_arrays import GlbRefused, read_solids
from shapecraft.jail_plan import FLAGS, SEEDED, WORKER
from shapecraft.part_glb import write_glb

SECONDS = 120.0
"""How long it may take (ours): one second on an idle machine."""


class ExportError(EaselError):
    """A file could not be made from an object that stands."""


def usd_file(glb: bytes, *, blender: BlenderInterpreter | None = None) -> bytes:
    """Binary USD (.usdc). glb : as `shapecraft.object_glb` wrote it; blender : None finds it

    Raises MissingCapability without Blender; ExportError for a GLB that is not of our writing, and, with what Blender
    said, where no file came out or one with more or fewer meshes than the GLB has.
    """
    try:
        solids = read_solids(glb)
    except GlbRefused as error:
        raise ExportError("a USD file", came=f"another GLB than ours to make it of: {error}", where="USD") from None
    blender = blender or find_blender()
    with tempfile.TemporaryDirectory(prefix="usd-") as folder:
        source, target, count = (Path(folder) / name for name in ("object.glb", "object.usdc", "count.txt"))
        source.write_bytes(write_glb(solids))
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        words = {"HOME": folder, "TMPDIR": folder, **SEEDED, **kept}
        command = [str(blender.command), *FLAGS, str(WORKER / "glb_to_usd.py"), str(source), str(target), str(count)]
        try:
            done = subprocess.run(command, cwd=folder, env=words, stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, errors="replace", timeout=SECONDS, check=False)
        except OSError as error:
            raise MissingCapability("Blender's interpreter", came=str(error), where="USD") from error
        except subprocess.TimeoutExpired:
            raise ExportError("a USD file", came=f"none in {SECONDS:.0f} s", where="USD") from None
        if done.returncode or not (target.is_file() and count.is_file()):
            said = (done.stderr or done.stdout).strip().splitlines()
            raise ExportError("a USD file", came=shorten(said[-1]) if said else f"exit status {done.returncode}",
                              where="USD")
        if (found := count.read_text("ascii")) != str(len(solids)):
            raise ExportError(f"a USD file with {len(solids)} meshes, one a component", came=f"{found} of them",
                              where="USD")
        return target.read_bytes()
