"""Export: an object's files for other programs, from its graph and what its programs made (ours; the paper is silent).

| format | files | units, axes | names | materials |
|---|---|---|---|---|
| glb | NAME.glb | metres, y up, +z to the front (glTF's frame; turned once) | nodes and meshes | glTF's factors |
| blend | NAME.blend | metres, z up, -y to the front (Blender's) | objects | the programs' own, all of them |
| obj | NAME.obj, NAME.mtl | metres, z up, -y to the front; OBJ names neither | `o` | base colour, roughness |
| stl | NAME.stl, NAME_parts/PART.stl | metres, z up, -y to the front; STL names neither | file names | none |
| usd | NAME.usdc | metres, z up, -y to the front, as the file says | prims | UsdPreviewSurface |
| html | NAME.html | a page for a browser, offline | in the tree and on the model | glTF's factors |
| py | NAME.py | the global program for Blender 4.5: metres, z up | one function a part | as it sets them |
| json | NAME.json | the graph: metres, z up, -y to the front | components | in words |

NAME is the object in words, slugged; PART a component's name, which is safe as it stands. Blender is asked for blend
(behind the wall, and its bytes are the program's: THREATS.md says how to open them) and usd (on a GLB written anew from
checked arrays). Where programs use the helper library, py has it beside them, as shapes/*.py: Blender finds it there
when the folder is on its path (`sys.path.insert(0, FOLDER)`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from easel.errors import ConfigurationError
from easel.jsonl import write_whole
from shapecraft.blender_interpreter import BlenderInterpreter
from shapecraft.global_program import global_program
from shapecraft.graph import ShapeGraph, to_json
from shapecraft.jail_plan import SHAPES
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.model_page import model_page
from shapecraft.obj_file import obj_file
from shapecraft.object_glb import object_glb
from shapecraft.outcome import Job, Limits, Outcome
from shapecraft.palette import flat_material
from shapecraft.stl_file import stl_file, whole_stl
from shapecraft.usd_file import ExportError, usd_file
from shapecraft.wall import Wall

FORMATS = ("glb", "blend", "obj", "stl", "usd", "html", "py", "json")
_USES_LIBRARY = re.compile(r"^\s*(?:import|from)\s+shapes\b", re.M)


@dataclass(frozen=True)
class ExportedFile:
    """format : one of FORMATS; name : relative to the folder, "/" between; content : the whole file"""

    format: str
    name: str
    content: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.content)


@dataclass(frozen=True, eq=False)
class Export:
    """An object that is exported.

    graph : with programs; outcomes : component -> what its program made; those without one were not made
    wall : for blend; blender : for usd, None finds it
    scores, note, watermark : for the page, see `model_page`
    Raises ConfigurationError where nothing was made, and for a component that the graph does not have.
    """

    graph: ShapeGraph
    outcomes: Mapping[str, Outcome]
    wall: Wall | None = None
    blender: BlenderInterpreter | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    note: str = ""
    watermark: str = ""

    def __post_init__(self) -> None:
        for name in self.outcomes:
            self.graph[name]
        if not self._made:
            raise ConfigurationError("a component that was made", came="none", where=f"the export of {self.stem}")

    @property
    def stem(self) -> str:
        """What files are called: ASCII letters, digits and dashes, at most 48."""
        plain = unicodedata.normalize("NFKD", self.graph.object).encode("ascii", "ignore").decode()
        return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:48].strip("-") or "object"

    @cached_property
    def glb(self) -> bytes:
        flat = {name: flat_material(self.graph[name].material) for name in self._made}
        return object_glb([(name, self.outcomes[name].glb) for name in self._made], flat)

    @cached_property
    def mesh(self) -> ObjectMesh:
        return read_glb(self.glb, where=self.stem)

    @cached_property
    def program(self) -> str:
        """The global program; "" for meshes without programs."""
        programs = [(name, self.graph[name].program) for name in self._made]
        if not all(program for _, program in programs):
            return ""
        return global_program(self.graph.object, programs, {name: flat_material(self.graph[name].material)
                                                            for name in self._made})

    def files(self, formats: Sequence[str] = FORMATS) -> tuple[ExportedFile, ...]:
        """The files of these formats, in their order, nothing written.

        Raises ConfigurationError for an unknown format, for blend without a wall, and for blend and py without
        programs; MissingCapability for usd without Blender; ExportError where a file could not be made.
        """
        if not formats:
            raise ConfigurationError(f"at least one format of {', '.join(FORMATS)}", came="none", where="export")
        stem = self.stem
        makers: dict[str, Callable[[], Iterable[tuple[str, bytes]]]] = {
            "glb": lambda: [(f"{stem}.glb", self.glb)], "blend": lambda: [(f"{stem}.blend", self._blend())],
            "obj": self._obj, "stl": self._stl,
            "usd": lambda: [(f"{stem}.usdc", usd_file(self.glb, blender=self.blender))],
            "html": lambda: [(f"{stem}.html", self._page().encode())], "py": self._py,
            "json": lambda: [(f"{stem}.json", to_json(self.graph).encode())],
        }
        for one in formats:
            if one not in makers:
                raise ConfigurationError(f"formats of {', '.join(FORMATS)}", came=one, where="export")
        return tuple(ExportedFile(one, name, content)
                     for one in dict.fromkeys(formats) for name, content in makers[one]())

    @cached_property
    def _made(self) -> tuple[str, ...]:
        return tuple(name for name in self.graph.names if name in self.outcomes and self.outcomes[name].ran)

    def _obj(self) -> Iterable[tuple[str, bytes]]:
        names = f"{self.stem}.obj", f"{self.stem}.mtl"
        return zip(names, obj_file(self.glb, mtl_name=names[1]), strict=True)

    def _stl(self) -> Iterable[tuple[str, bytes]]:
        yield f"{self.stem}.stl", whole_stl(self.mesh)
        for part in self.mesh.parts:
            yield f"{self.stem}_parts/{part.name}.stl", stl_file(part)

    def _py(self) -> Iterable[tuple[str, bytes]]:
        program = self._programmed("py")
        yield f"{self.stem}.py", program.encode()
        if _USES_LIBRARY.search(program):
            for path in sorted(SHAPES.glob("*.py")):
                yield f"{SHAPES.name}/{path.name}", path.read_bytes()

    def _page(self) -> str:
        return model_page(self.graph, self.glb, scores=self.scores, note=self.note, watermark=self.watermark)

    def _programmed(self, what: str) -> str:
        if not self.program:
            without = [name for name in self._made if not self.graph[name].program]
            raise ConfigurationError("a program for every component that was made", where=what,
                                     came=f"none for {', '.join(without)}")
        return self.program

    def _blend(self) -> bytes:
        program = self._programmed("blend")
        if self.wall is None:
            raise ConfigurationError("a wall, behind which the programs are run for a .blend file", came="none",
                                     where="export", mend="Leave blend out, or open one with shapecraft.wall.")
        one, count = Limits(), len(self._made)
        limits = replace(one, seconds=one.seconds * count, cpu_seconds=one.cpu_seconds * count)
        outcome = self.wall.run(Job(program, "whole", limits, blend=True))
        if not outcome.blend:
            raise ExportError("a .blend file from the global program", where="blend",
                              came=f"{outcome.kind}: {outcome.message}" if not outcome.ran else "none")
        return outcome.blend


def export(
    graph: ShapeGraph, outcomes: Mapping[str, Outcome], *, folder: Path, formats: Sequence[str] = FORMATS,
    wall: Wall | None = None, scores: Mapping[str, float | None] | None = None, note: str = "", watermark: str = "",
) -> tuple[ExportedFile, ...]:
    """Write the files of these formats into a folder: all or, where one cannot be made, none.

    Files of the same names are replaced. Arguments and errors as `Export` and `Export.files`.
    """
    files = Export(graph, outcomes, wall, scores=scores or {}, note=note, watermark=watermark).files(formats)
    for file in files:
        write_whole(Path(folder) / file.name, file.content, durable=False)
    return files
