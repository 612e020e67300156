"""The gallery: what a run shows, read back from its folder alone, also of one that broke off."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.graph import ShapeGraph, from_json
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Outcome
from shapecraft.remembering import FOLDER, read_outcome
from shapecraft.settings import CraftSettings

STAND_IN = "Stand-in: this object was made by a procedure, not by a language model. Its numbers mean nothing."
"""What stands over every figure of a run whose replies come from no model."""


class Gallery:
    """Reads a run's rows and files; writes nothing. run : an open run, or the path of its folder

    `attempts`, `components`, `looks` are rows as `shapecraft.keeping.Keeper` writes them.
    """

    def __init__(self, run: RunStore | Path | str) -> None:
        self.run = run if isinstance(run, RunStore) else RunStore.read(Path(run))
        configured = self.run.info["configuration"]
        if not {"prompt", "settings"} <= configured.keys():
            raise ConfigurationError("a run of shapecraft", came="one without a prompt of an object",
                                     where=self.run.folder.name)

    @property
    def folder(self) -> Path:
        return self.run.folder

    @property
    def prompt(self) -> str:
        """The object in words."""
        return str(self.run.info["configuration"]["prompt"])

    @cached_property
    def settings(self) -> CraftSettings:
        return CraftSettings(**{**self.run.info["configuration"]["settings"], "prompt_overlay": None})

    @property
    def model(self) -> str:
        return str(self.run.info["configuration"].get("model", ""))

    @property
    def evidence(self) -> str:
        """live, recorded or stand-in"""
        return str(self.run.info["evidence"])

    @property
    def watermark(self) -> str:
        """What must stand over figures of this run; "" where nothing must."""
        return STAND_IN if self.evidence == "stand-in" else ""

    @property
    def finished(self) -> bool:
        """Whether an object came out at the end; a run that broke off, or made nothing, has attempts only."""
        return (self.folder / "object.glb").is_file() and bool(self.run.rows("explored"))

    @property
    def graph(self) -> ShapeGraph:
        """The final graph with the programs of what was made; of a run that broke off the last graph there is.

        Raises ConfigurationError for a run whose text was never parsed.
        """
        return self.graphs[-1][1]

    @property
    def graphs(self) -> tuple[tuple[str, ShapeGraph], ...]:
        """(what it is, graph) from the parse to the end: "parsed", "round 0", ..., "final". Errors as `graph`."""
        places = [("parsed", "parsed"), *((f"round {n}", f"round{n}") for n in range(self.settings.rounds)),
                  ("final", "final")]
        found = tuple((name, from_json(path.read_text("utf-8"))) for name, file in places
                      if (path := self.folder / "graph" / f"{file}.json").is_file())
        if not found:
            raise self._missing("a parsed object")
        return found

    @property
    def attempts(self) -> tuple[dict[str, Any], ...]:
        """One row a program: component, m, t, repair, kind, program, outcome, facts, score, judgement."""
        return tuple(self.run.rows("attempts"))

    @property
    def components(self) -> tuple[dict[str, Any], ...]:
        """One row a component whose paths have ended: its chosen attempt and score."""
        return tuple(self.run.rows("components"))

    @property
    def looks(self) -> tuple[dict[str, Any], ...]:
        """The Evaluator's rows about the whole, in order; `kept` says whether that object stayed."""
        return tuple(self.run.rows("looks"))

    @property
    def tally(self) -> dict[str, Any]:
        """Calls by role, components made, compile rates; {} before the end."""
        rows = self.run.rows("explored")
        return rows[0]["tally"] if rows else {}

    @property
    def chosen(self) -> tuple[dict[str, Any], ...]:
        """The attempts that the object is made of, fixes among them, in the order of the graph; () before the end."""
        rows = self.run.rows("explored")
        by_id = self.run.keyed("attempts")
        return tuple(by_id[one] for one in rows[0]["chosen"]) if rows else ()

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Component -> what its chosen program made; {} before the end."""
        return {row["component"]: self.outcome(row["program_key"]) for row in self.chosen}

    @property
    def scores(self) -> dict[str, float | None]:
        """Component -> the Evaluator's score of its chosen attempt, None without one (a fix); {} before the end."""
        return {row["component"]: row["score"] for row in self.chosen}

    def attempt(self, attempt_id: str) -> dict[str, Any]:
        """The row of "component/m0/t1/r0". Raises ConfigurationError for one that is not there."""
        rows = self.run.keyed("attempts")
        if attempt_id not in rows:
            raise ConfigurationError(f"an attempt: {', '.join([*rows][:6]) or 'there are none'}", came=attempt_id,
                                     where=self.folder.name)
        return rows[attempt_id]

    def assembly_glb(self) -> bytes:
        """The object, one node a component, y-up. Raises ConfigurationError where none was made."""
        path = self.folder / "object.glb"
        if not path.is_file():
            raise self._missing("a finished object")
        return path.read_bytes()

    @property
    def mesh(self) -> ObjectMesh:
        """The object's named parts, z-up. Errors as `assembly_glb`."""
        return read_glb(self.assembly_glb(), where=f"{self.folder.name}/object.glb")

    @property
    def program(self) -> str:
        """The global program. Raises ConfigurationError where none was made."""
        path = self.folder / "object.py"
        if not path.is_file():
            raise self._missing("a finished object")
        return path.read_text("utf-8", "surrogatepass")

    def sheet(self, attempt_id: str) -> bytes | None:
        """The picture that the Evaluator saw of an attempt, PNG; None where it saw none. Errors as `attempt`."""
        row = self.attempt(attempt_id)
        return self._picture(f"sheets/{row['component']}/m{row['m']}_t{row['t']}_r{row['repair']}.png")

    def volumes_sheet(self, round: int) -> bytes | None:
        """The boxes that the Evaluator saw in a round of bootstrapping, PNG; None where it saw none."""
        return self._picture(f"sheets/volumes{round}.png")

    def whole_sheet(self, look: int = 0) -> bytes | None:
        """The object as the Evaluator saw it, PNG; None where it saw none."""
        return self._picture(f"sheets/whole{look}.png")

    def outcome(self, program_key: str) -> Outcome:
        """What came of the program of this hash, of a part or of the whole.

        Raises ConfigurationError for a program that this run did not run.
        """
        found = read_outcome(self.folder, program_key)
        for path in sorted((self.folder / FOLDER).glob(f"{program_key}-*.json")) if found is None else ():
            found = found or read_outcome(self.folder, path.stem)  # limits of its own, as the global program has
        if found is None:
            raise ConfigurationError("a program that the run ran", came=program_key[:12], where=self.folder.name)
        return found

    def caption(self) -> str:
        """What may be said of its figures; of a stand-in, which sees nothing at all, that it is no result."""
        said = {"recorded": "recorded replies", "stand-in": "STAND-IN, no result"}.get(
            self.evidence, self.evidence)
        drifted = ", prompts have drifted from the record" if self.run.info.get("drifted") else ""
        blind = self.run.info.get("evaluator_sees") is False and not self.watermark
        return f"one object, {said}{drifted}{', the Evaluator saw no pictures' if blind else ''}"

    def _picture(self, relative: str) -> bytes | None:
        path = self.folder / relative
        return path.read_bytes() if path.is_file() else None

    def _missing(self, what: str) -> ConfigurationError:
        ended = self.run.rows("explored")
        reason = ended[0]["reason"] if ended else f"the run is {self.run.info['status']}"
        return ConfigurationError(what, came=reason or "none", where=self.folder.name,
                                  mend="The same command that began it goes on; nothing is paid twice.")
