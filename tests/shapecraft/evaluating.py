"""For tests of the evaluation: shapes as files, runs without Blender, a catalogue of boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import trimesh

from easel.chat import ChatRequest
from easel.runs import RunStore
from shapecraft.catalogue import CATALOGUE
from shapecraft.catalogue_meshes import CatalogueMeshes
from shapecraft.exploring import Craft, explore
from shapecraft.keeping import Keeper
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.outcome import Job, Outcome
from shapecraft.part_glb import write_glb
from shapecraft.part_report import report_on
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, BoxWall, checks, fitting, opinion, part_of, solid


def block(size=(1.0, 1.0, 1.0), at=(0.0, 0.0, 0.0)) -> trimesh.Trimesh:
    shape = trimesh.creation.box(size)
    shape.apply_translation(at)
    return shape


def ball(radius: float = 0.5, subdivisions: int = 4) -> trimesh.Trimesh:
    return trimesh.creation.icosphere(subdivisions, radius)


def table() -> trimesh.Trimesh:
    """A top of 1 x 1 x 0.1 on four legs of 0.1 x 0.1 x 0.9: volume 0.136 in a unit cube."""
    legs = [block((0.1, 0.1, 0.9), (x, y, 0.45)) for x in (-0.45, 0.45) for y in (-0.45, 0.45)]
    return trimesh.util.concatenate([block((1, 1, 0.1), (0, 0, 0.95)), *legs])


def mesh_of(shape: trimesh.Trimesh, name: str = "part") -> ObjectMesh:
    return ObjectMesh((PartMesh(name, np.asarray(shape.vertices), np.asarray(shape.faces)),))


def save(shape: trimesh.Trimesh, path: Path, *, scale: float = 1.0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    copied = shape.copy()
    copied.apply_scale(scale)
    if path.suffix == ".glb":  # y-up by its standard
        copied.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))
    copied.export(path)
    return path


class BoxedCatalogue:
    """Runs nothing: every component of the catalogue is its box. jobs : how many were asked for"""

    level = "no wall, boxes only"

    def __init__(self) -> None:
        self.jobs = self.closed = 0
        self._boxes = {one.program: one.box for entry in CATALOGUE for one in entry.graph().components}

    def run(self, job: Job) -> Outcome:
        self.jobs += 1
        box = self._boxes[job.program]
        made = solid("made", box.size, box.center)
        return Outcome("ran", (report_on(made),), write_glb([made]))

    def close(self) -> None:
        self.closed += 1


def boxed_catalogue() -> tuple[CatalogueMeshes, BoxedCatalogue]:
    wall = BoxedCatalogue()
    return CatalogueMeshes(lambda: wall), wall


def answer(request: ChatRequest) -> str:
    role = request.site.role.partition("+")[0]
    if role in ("parser", "parser-update"):
        return STOOL
    if role.startswith("evaluator"):
        return opinion(7, checks=checks(5))
    return fitting(part_of(request))


def made_run(root: Path, name: str = "stool", *, prompt: str = "a stool", evidence: str = "live", reply=answer,
             finished: bool = True, **configured: object) -> Path:
    """A finished run of boxes, by replies that a function gives; without a ledger."""
    settings = CraftSettings.paper(paths=1, steps=1, rounds=0)
    run = RunStore.open(
        root, name, fingerprint=f"{name}{prompt}".encode().hex(), evidence=evidence, date="2000-01-01", configuration={
            "prompt": prompt, "settings": json.loads(settings.model_dump_json()), "model": "maker", **configured})
    with run:
        if finished:
            list(explore(Craft(Scripted(reply), BoxWall(), prompt, settings, name=name, keeper=Keeper(run))))
            run.status("finished")
    return run.folder
