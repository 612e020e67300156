"""Standing: a run's object as one version of it stands: graph, files, outcomes, scores, and what may be said of it.

Whatever shows, exports, edits or moves a finished object asks here, so that all mean the same version and its grade.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from easel.errors import ConfigurationError, shorten
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from shapecraft.gallery import STAND_IN, Gallery
from shapecraft.graph import ShapeGraph
from shapecraft.history import TABLE, History, Version, anew_key, object_file, read_history
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Outcome
from shapecraft.remembering import read_outcome
from shapecraft.wall import program_hash


@dataclass(frozen=True, eq=False)
class Standing:
    """One version of a run's object. Made by `standing`.

    history : of the object; version : its number, 0 as it was made; evidence : its grade, see `grade`
    glb : one node a component, at rest; program : the global program; name : of the object, in call sites
    """

    gallery: Gallery
    history: History
    version: int
    evidence: str
    glb: bytes
    program: str

    @property
    def graph(self) -> ShapeGraph:
        return self.history[self.version].graph

    @property
    def name(self) -> str:
        return str(self.gallery.run.info["name"])

    @property
    def mesh(self) -> ObjectMesh:
        return read_glb(self.glb, where="the object")

    @property
    def watermark(self) -> str:
        """What must stand over figures of it; "" where nothing must."""
        return watermark(self.evidence)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Component -> what its program made. Raises ConfigurationError for a program that the run did not run."""
        anew = outcomes_anew(self.gallery.run, self.history, self.version)
        keys = {one.name: program_hash(one.program) for one in self.graph.components if one.program}
        return {name: anew[key] if key in anew else self.gallery.outcome(key) for name, key in keys.items()}

    @cached_property
    def scores(self) -> dict[str, float | None]:
        """Component -> the Evaluator's score of its program, None of one that was not judged."""
        found = dict(self.gallery.scores)
        attempts = self.gallery.run.keyed("edit_attempts")
        for row in _rows(self.gallery.run, self.history, self.version):
            for one in (attempts[f"edit{row['number']}/{attempt}"] for attempt in row["chosen"]):
                found[one["component"]] = one["score"]
        return {name: score for name, score in found.items() if name in self.graph.names}

    def words(self) -> str:
        """Which version it is, in one line for people."""
        one = self.history[self.version]
        there = "the only one" if len(self.history.versions) == 1 else (
            f"of {len(self.history.versions)}" + ("" if self.version == self.history.current else
                                                  f"; version {self.history.current} stands"))
        return f"version {one.number} ({there}): {_cause(one)}"

    def caption(self) -> str:
        """What may be said of its figures."""
        said = self.gallery.caption()
        if not self.version:
            return said
        mixed = ", edited by a STAND-IN, no result" if self.watermark and not self.gallery.watermark else ""
        return f"{said}; version {self.version}, {_cause(self.history[self.version])}{mixed}"


def standing(run: RunStore | Gallery, version: int | None = None) -> Standing:
    """A version of a run's object. version : None is the one that stands

    Raises ConfigurationError for a run that made none, and for a number that is no version.
    """
    gallery = run if isinstance(run, Gallery) else Gallery(run)
    gallery.assembly_glb()  # refuses a run that made nothing, with its reason
    history = read_history(gallery.run, gallery.graph, gallery.prompt)
    number = history.current if version is None else history[version].number
    glb, program = (gallery.folder / object_file(number, kind) for kind in ("glb", "py"))
    for path in (glb, program):
        if not path.is_file():
            raise ConfigurationError(f"the files of version {number}", where=gallery.folder.name,
                                     came=f"no {path.relative_to(gallery.folder)}")
    return Standing(gallery, history, number, grade(gallery.run, history, number), glb.read_bytes(),
                    program.read_text("utf-8", "surrogatepass"))


def grade(run: RunStore, history: History, version: int | None = None) -> str:
    """The grade of evidence of a version: the run's, but "stand-in" where a stand-in made an edit on its way.

    version : None is the one that stands
    """
    own = str(run.info["evidence"])
    return "stand-in" if "stand-in" in (row.get("evidence") for row in _rows(run, history, version)) else own


def watermark(*grades: str) -> str:
    """What must stand over figures that rest on replies of these grades; "" where nothing must."""
    return STAND_IN if "stand-in" in grades else ""


def outcomes_anew(run: RunStore, history: History, version: int | None = None) -> dict[str, Outcome]:
    """Program's hash -> what an edit found that it makes in this Blender, where the kept outcome was of another one and
    the object got the new one (verdict "anew").

    version : None is the one that stands
    Raises DamagedFile for such an outcome that is gone.
    """
    found = {}
    for row in _rows(run, history, version):
        for part in (row.get("proof") or {}).get("parts", ()):
            if part["verdict"] == "anew":
                program = part["after"]["program"]
                key = anew_key(program, row["number"])
                outcome = read_outcome(run.folder, key)
                if outcome is None:
                    raise DamagedFile("the outcome of a part that was made anew", came="none", where=f"{key}.json")
                found[program] = outcome
    return found


def _rows(run: RunStore, history: History, version: int | None) -> list[dict[str, Any]]:
    """The kept edits that lead to a version, in order."""
    line = {one.number for one in history.line_of(history.current if version is None else version)}
    return [row for row in run.rows(TABLE) if row.get("version") in line and row["kind"] in ("edit", "numbers")]


def _cause(version: Version) -> str:
    return f"{version.cause}, {shorten(version.words, 90)}"
