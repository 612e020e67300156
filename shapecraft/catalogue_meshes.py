"""Catalogue meshes: the catalogue's objects as meshes: the ground truth for what is made from its captions."""

from __future__ import annotations

import threading
from collections.abc import Callable

from easel.errors import ConfigurationError
from shapecraft.catalogue import Entry
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job
from shapecraft.palette import flat_material
from shapecraft.wall import Wall


class CatalogueMeshes:
    """The catalogue's objects as meshes, each made once: its programs run in a wall. Safe from many threads.

    open : gives the wall when the first object is asked for
    """

    def __init__(self, open: Callable[[], Wall]) -> None:
        self._open = open
        self._wall: Wall | None = None
        self._made: dict[str, ObjectMesh] = {}
        self._lock = threading.Lock()

    def mesh(self, entry: Entry) -> ObjectMesh:
        """Raises MissingCapability without a wall, ConfigurationError where a program of the catalogue does not run."""
        with self._lock:
            if entry.name not in self._made:
                self._wall = self._wall or self._open()
                self._made[entry.name] = catalogue_mesh(entry, self._wall)
            return self._made[entry.name]

    def close(self) -> None:
        if self._wall is not None:
            self._wall.close()


def catalogue_mesh(entry: Entry, wall: Wall) -> ObjectMesh:
    """The ground truth: every component under its name, z-up. Raises as `CatalogueMeshes.mesh`."""
    parts = []
    for one in entry.graph().components:
        outcome = wall.run(Job(one.program, one.name))
        if not outcome.ran:
            raise ConfigurationError("a program of the catalogue that runs", came=f"{outcome.kind}: {outcome.message}",
                                     where=f"{entry.name}/{one.name}")
        parts.append((one.name, outcome.glb))
    flat = {one.name: flat_material(one.material) for one in entry.graph().components}
    return read_glb(object_glb(parts, flat), where=entry.name)
