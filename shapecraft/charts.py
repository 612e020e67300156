"""Charts: every part of an object unfolded by itself and laid on one square page (ShapeCraft, step 5; xatlas).

The paper is silent on how its uv are made. A chart never holds triangles of two parts, all charts have one scale, and
the page is filled as far as the padding allows. The same mesh gives the same charts. xatlas runs in a process of its
own (`shapecraft/unfolding.py`): on some meshes it crashes, an even sphere of 82,000 triangles for one. Large parts are
then cut into pieces and tried again, at the cost of more borders; `Unfolding.pieces` tells.
"""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from easel.errors import ConfigurationError, EaselError, MissingCapability
from shapecraft.mesh import ObjectMesh, PartMesh

SECONDS = 900.0
"""How long xatlas may take (ours): 20,000 triangles take one to four seconds, 160,000 some fifteen."""
_SCRIPT = Path(__file__).with_name("unfolding.py")
_LONGEST = 1000.0
"""Units that the longest side of an object is given: xatlas leaves out triangles below some 1e-7 square units."""
_PIECES = (None, 20_000, 2_000)  # triangles of a piece, one try after the other
_CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS)  # what smaller pieces may mend; a kill for memory is none


class UnfoldingFailed(EaselError):
    """xatlas crashed, or took too long."""


@dataclass(frozen=True, eq=False)
class Unfolding:
    """uv : for every part (F, 3, 2) in [0, 1], u right and v up; None for a part without triangles

    padding : texels that stay free around every chart
    pieces : into which parts were cut, all together, since xatlas crashed on whole ones; 0 where it did not
    """

    uv: tuple[np.ndarray | None, ...]
    padding: int
    pieces: int


def unfolded(mesh: ObjectMesh, *, size: int, padding: int, least: int | None = None) -> Unfolding:
    """The charts of all parts on one page.

    size : texels along the page; padding : texels that stay free around every chart, and along the page's edges
    least : padding is halved, down to this, while it costs over four tenths of the scale; None: it stands as it is
    A triangle without area lies in one point of its part's charts.
    Raises ConfigurationError where the charts do not fit the page at a hundredth of the scale that would fill it,
    UnfoldingFailed where xatlas crashes even on small pieces or is killed, and MissingCapability without it.
    """
    if importlib.util.find_spec("xatlas") is None:
        raise MissingCapability("the package xatlas, which unfolds meshes", came="none", where="shapecraft.charts",
                                mend="Install the extra 'shapes' (`make setup` does).")
    if not any(part.face_normals.any() for part in mesh.parts):
        raise ConfigurationError("a triangle with an area", came="none", where=f"atlas of {', '.join(mesh.names)}")
    for most in _PIECES:
        pieces = [(number, faces) for number, part in enumerate(mesh.parts) for faces in _cut(part, most)]
        told = _run(mesh, pieces, size, padding, padding if least is None else least)
        if told is None:
            continue
        if not told["fits"]:
            raise ConfigurationError(f"charts that fit a page of {size} texels with {padding} between them",
                                     came=f"{len(mesh.faces):,} triangles", where="atlas",
                                     mend="Take a larger size or less padding.")
        return Unfolding(_placed(mesh, pieces, told), int(told["padding"]), 0 if most is None else len(pieces))
    raise UnfoldingFailed("charts of a mesh", came="a crash of xatlas, even on pieces of it",
                          where=f"atlas of {', '.join(mesh.names)}",
                          mend="Give the mesh uv of its own, for example from Blender's Smart UV Project.")


def _cut(part: PartMesh, most: int | None) -> list[np.ndarray]:
    """Triangles with an area, in pieces of at most so many, halved across the longest side again and again."""
    sound = np.flatnonzero(part.face_normals.any(axis=1))
    waiting, done = ([sound] if len(sound) else []), []
    middles = part.triangles.mean(axis=1)
    while waiting:
        faces = waiting.pop()
        if most is None or len(faces) <= most:
            done.append(faces)
            continue
        axis = int(np.argmax(np.ptp(middles[faces], axis=0)))
        order = np.argsort(middles[faces, axis], kind="stable")
        waiting += [np.sort(faces[order[len(order) // 2:]]), np.sort(faces[order[: len(order) // 2]])]
    return done


def _run(
    mesh: ObjectMesh, pieces: list[tuple[int, np.ndarray]], size: int, padding: int, least: int
) -> dict[str, np.ndarray] | None:
    """What the script wrote; None where it crashed."""
    scale = _LONGEST / float(max(np.ptp(mesh.bounds, axis=0).max(), 1e-12))
    given: dict[str, Any] = {"page": np.array([size, padding, least])}
    for number, (which, faces) in enumerate(pieces):
        part = mesh.parts[which]
        used, corners = np.unique(part.welded[1][faces], return_inverse=True)
        points = (part.welded[0][used] - part.bounds.mean(axis=0)) * scale
        given[f"points{number}"] = points.astype(np.float32)
        given[f"corners{number}"] = corners.reshape(-1, 3).astype(np.uint32)
    with tempfile.TemporaryDirectory(prefix="unfolding-") as folder:
        source, target = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(source, **given)
        try:
            done = subprocess.run([sys.executable, "-P", str(_SCRIPT), str(source), str(target)], check=False,
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            raise UnfoldingFailed(f"charts within {SECONDS:.0f} s", came=f"none of {len(mesh.faces):,} triangles",
                                  where="xatlas", mend="Take a coarser mesh, or one with uv of its own.") from None
        if -done.returncode in _CRASHES:
            return None
        if done.returncode < 0:
            raise UnfoldingFailed("charts of a mesh", where="xatlas", mend="Take a coarser mesh or more memory.",
                                  came=f"the end of its process by {signal.Signals(-done.returncode).name}")
        if done.returncode or not target.is_file():
            raise UnfoldingFailed("charts of a mesh", came=(done.stderr.strip().splitlines() or ["nothing"])[-1],
                                  where="xatlas")
        with np.load(target) as told:
            return {name: told[name] for name in told.files}


def _placed(
    mesh: ObjectMesh, pieces: list[tuple[int, np.ndarray]], told: dict[str, np.ndarray]
) -> tuple[np.ndarray | None, ...]:
    """(F, 3, 2) a part, v up; what has no chart lies in a corner of a triangle at one of its vertices, else in the
    part's first."""
    found: list[np.ndarray | None] = []
    for which, part in enumerate(mesh.parts):
        if not len(part.faces):
            found.append(None)
            continue
        corners, charted = np.zeros((len(part.faces), 3, 2)), np.zeros(len(part.faces), dtype=bool)
        for number, (owner, faces) in enumerate(pieces):
            if owner == which and f"uv{number}" in told:
                kept = faces[told[f"kept{number}"]]
                corners[kept] = np.clip(told[f"uv{number}"][told[f"index{number}"]], 0.0, 1.0)
                charted[kept] = True
        with_chart, without = np.flatnonzero(charted), np.flatnonzero(~charted)
        if len(with_chart) and len(without):
            welded = part.welded[1]
            home = {int(vertex): place for vertex, place in zip(welded[with_chart].reshape(-1)[::-1],
                                                                corners[with_chart].reshape(-1, 2)[::-1], strict=True)}
            for face in without:
                near = (home[int(vertex)] for vertex in welded[face] if int(vertex) in home)
                corners[face] = next(near, corners[with_chart[0], 0])
        found.append(corners * [1, -1] + [0, 1])
    return tuple(found)
