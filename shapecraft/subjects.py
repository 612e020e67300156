"""Subjects: what there is to evaluate in a folder: finished runs, or mesh files of any method, with what they shall be.

A folder holds shapecraft runs (or is one), or OBJ, STL and GLB files. A file that the captions name and that is not
there is an object that was not made: it counts as a failure, as one does that is broken. A file of a kind that is not
read, named or not, and a run that is not finished are left out, and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError, EaselError
from easel.runs import RunStore
from shapecraft.captions import NAMES, Caption, read_captions
from shapecraft.catalogue import CATALOGUE
from shapecraft.catalogue_meshes import CatalogueMeshes
from shapecraft.costs import Costs, costs_of
from shapecraft.gallery import Gallery
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import KINDS, Up, read_mesh
from shapecraft.model_names import KEPT, ModelName, named
from shapecraft.questions import plain

NO_RUN = "a file of another method: no run of ours made it"
OTHER_KINDS = frozenset({".ply", ".off", ".gltf", ".fbx", ".usd", ".usda", ".usdc", ".usdz", ".3mf", ".dae", ".blend"})
"""Mesh files that are told of and not read."""
_DIGITS = re.compile(r"(\d+)")

Load = Callable[[], ObjectMesh]


@dataclass(frozen=True)
class Subject:
    """One object to evaluate.

    name : unique among its like; evidence : live, recorded, stand-in, or external (a file); caption : "" without one
    mesh : reads it; raises ConfigurationError where there is none, which is then an object that failed
    reference : what it is compared with, as words; reference_mesh : reads it; None: `no_reference` says why
    key : hash of its program, "" for a file; evaluators : models whose scores chose it; costs : of its run
    """

    name: str
    evidence: str
    caption: str
    mesh: Load
    reference: str = ""
    reference_mesh: Load | None = None
    no_reference: str = "no reference"
    key: str = ""
    evaluators: tuple[ModelName, ...] = ()
    costs: Costs = field(default_factory=lambda: Costs.unknown(NO_RUN))


@dataclass(frozen=True)
class Found:
    """subjects : in order of their names, numbers by value; skipped : what was left out, in words"""

    subjects: tuple[Subject, ...]
    skipped: tuple[str, ...] = ()

    @property
    def evaluators(self) -> frozenset[ModelName]:
        return frozenset(evaluator for one in self.subjects for evaluator in one.evaluators)


def find_subjects(
    folder: Path, *, captions: Path | None = None, references: Path | None = None, up: Up | None = None,
    references_up: Up | None = None, catalogue: CatalogueMeshes | None = None,
) -> Found:
    """Everything in a folder that can be evaluated.

    captions : None takes the folder's own captions.csv, .yaml or .json if there is one
    references : folder of meshes; a reference is the one that the row names, else that of the subject's name
    up : axis of OBJ and STL files that points up, None is z; references_up : of references, None is the same
    catalogue : None compares nothing with the catalogue
    Raises ConfigurationError for a folder without anything, a captions file that cannot be read, a file named twice.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigurationError("a folder of runs or of OBJ, STL, GLB files", came="none", where=str(folder))
    if references is not None and not Path(references).is_dir():
        raise ConfigurationError("a folder of reference meshes", came="none", where=str(references))
    own = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    path = captions or own
    rows = {row.file: row for row in read_captions(path)} if path is not None else {}
    wanted = _Wanted(rows, references, up, references_up or up, catalogue)
    places = [folder] if (folder / "run.json").is_file() else sorted(
        (one.parent for one in folder.glob("*/run.json")), key=lambda one: _natural(one.name))
    if places:
        return _runs(places, wanted)
    found = _files(folder, wanted, path)
    if not found.subjects:
        raise ConfigurationError("runs, or files that end in .obj, .stl, .glb", where=str(folder),
                                 came="; ".join(found.skipped) or "none")
    return found


@dataclass(frozen=True)
class _Wanted:
    rows: Mapping[str, Caption]
    references: Path | None
    up: Up | None
    references_up: Up | None
    catalogue: CatalogueMeshes | None

    def row(self, *names: str) -> Caption:
        return next((self.rows[name] for name in names if name in self.rows), Caption(file=names[0], caption=""))

    def reference(self, row: Caption, caption: str, *names: str) -> dict[str, Any]:
        """What a subject is compared with: the file that is named, the entry, the file of its name, the caption's."""
        if row.reference or (self.references is not None and not row.object):
            if self.references is None:
                return {"no_reference": f"the reference {row.reference} is named, and no folder of references"}
            files = [self.references / row.reference] if row.reference else [
                one for one in sorted(self.references.iterdir()) if one.suffix.lower() in KINDS and one.stem in names]
            if len(files) != 1 or not files[0].is_file():
                said = ", ".join(one.name for one in files) if len(files) > 1 else row.reference or names[0]
                return {"no_reference": f"{'several references' if len(files) > 1 else 'no reference'}: {said}"}
            return {"reference": files[0].name, "reference_mesh": partial(_of_file, files[0], self.references_up)}
        entry = next((one for one in CATALOGUE if one.name == row.object or (
            not row.object and plain(caption) in (plain(one.short), plain(one.long)))), None)
        if entry is None:
            return {"no_reference": "no reference, and no caption of the catalogue"}
        if self.catalogue is None:
            return {"no_reference": "the catalogue was not asked for"}
        return {"reference": f"catalogue: {entry.name}", "reference_mesh": partial(self.catalogue.mesh, entry)}


def _runs(places: Sequence[Path], wanted: _Wanted) -> Found:
    subjects, skipped, known = [], [], set()
    for place in places:
        known.add(place.name)
        try:
            run = RunStore.read(place)
            known.add(str(run.info["name"]))
            gallery = Gallery(run)
            ended = run.rows("explored")
        except EaselError as error:
            skipped.append(f"{place.name}: {error}")
            continue
        if not ended:
            skipped.append(f"{place.name}: the run is {run.info['status']}, not finished")
            continue
        configured = run.info["configuration"]
        own = str(run.info["name"])
        evaluator = str(configured.get("vision_model") or configured.get("model", ""))
        row = wanted.row(place.name, own)
        caption = row.caption or gallery.prompt
        subjects.append(Subject(
            place.name, gallery.evidence, caption, partial(_of_run, gallery, ended[0]["reason"]),
            key=ended[0]["object"],
            evaluators=(named(evaluator, run.info.get(KEPT)),) if evaluator else (),
            costs=costs_of(run), **wanted.reference(row, caption, place.name, own),
        ))
    strangers = [f"{file}: no run of this name" for file in wanted.rows if file not in known]
    return Found(tuple(subjects), tuple(skipped + strangers))


def _of_run(gallery: Gallery, reason: str) -> ObjectMesh:
    if not (gallery.folder / "object.glb").is_file():
        raise ConfigurationError("an object", came=reason or "none was made", where=gallery.folder.name)
    return gallery.mesh


def _files(folder: Path, wanted: _Wanted, captions: Path | None) -> Found:
    here = [one for one in folder.iterdir() if one.is_file() and not one.name.startswith(".") and one != captions]
    meshes = {one.name: one for one in here if one.suffix.lower() in KINDS}
    other = [one for one in sorted(here) if one.suffix.lower() in OTHER_KINDS or (
        one.name in wanted.rows and one.suffix.lower() not in KINDS)]
    skipped = [f"{one.name}: not read; OBJ, STL and GLB are" for one in other]
    unread = {name for one in other for name in (one.name, one.stem)}
    stems = {one.stem for one in meshes.values()}
    for name in wanted.rows:
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ConfigurationError("files inside the folder", came=name, where="captions")
        if name not in meshes and not (path.suffix.lower() not in KINDS and name in stems | unread):
            meshes[name] = path
    subjects = []
    for name in sorted(meshes, key=_natural):
        path = meshes[name]
        alone = sum(one.stem == path.stem for one in meshes.values()) == 1
        row = wanted.row(name, path.stem)
        subjects.append(Subject(
            path.stem if alone else name, "external", row.caption, partial(_of_file, path, wanted.up),
            **wanted.reference(row, row.caption, path.stem),
        ))
    return Found(tuple(subjects), tuple(skipped))


def _of_file(path: Path, up: Up | None) -> ObjectMesh:
    if not path.is_file():
        raise ConfigurationError("the file that the captions name", came="no file", where=path.name)
    # A GLB is y-up by its standard, whatever is said of the other files.
    return read_mesh(path, up=up if path.suffix.lower() != ".glb" else None)


def _natural(name: str) -> list[tuple[int, str]]:
    """Numbers in names by value: chair2 before chair10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(name)]
