"""Paint cells: objects painted and measured as a sweep's notebook gives them, checked before anything runs (ours).

The objects and their prompts are those of `shapecraft.painting_cases`, so that every part has a colour to be held to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from easel.arguments import read_budget
from easel.chat import ChatRequest
from easel.errors import ConfigurationError
from shapecraft.paint_arguments import read_paint_settings
from shapecraft.paint_settings import PaintSettings
from shapecraft.painting_cases import PaintingCase, painting_cases

if TYPE_CHECKING:
    from shapecraft.paint_cell_run import PaintCellRun

_GIVEN = frozenset({"practice", "root", "home", "budget", "outcome", "seen_from"})


class PaintCell(BaseModel):
    """The parameters of `notebooks/ablations/paint.ipynb`: a row's objects, each painted once.

    guidance : "embedded", or a diffusion model's folder or repository; one must be named
    device, precision, revision : as `shapecraft.paint_guidance.open_guidance` takes them
    objects : names of painting cases, [] for all twelve
    preset : "paper", "ours" or "small"; terms : which of the loss's are taken
    settings : further changes of the preset, as "steps=600"; they are the same for all rows of a grid
    practice : which painting of the same object: its seed
    disposable_machine : no wall for the catalogue's programs, where this machine may be lost
    seen_from : folder that relative paths are seen from: that of the notebook
    root, home, budget, outcome : given by the sweep; a painting asks no model that is paid by the call
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    guidance: str = ""
    device: str = "cpu"
    precision: str = ""
    revision: str = ""
    objects: list[str] = Field(default_factory=list)
    preset: Literal["paper", "ours", "small"] = "paper"
    terms: Literal["both", "global", "components"] = "both"
    settings: list[str] = Field(default_factory=list)
    practice: int = Field(0, ge=0)
    disposable_machine: bool = False
    root: str = "data/runs"
    home: str = ""
    budget: str = ""
    outcome: str = ""
    seen_from: str = "."

    def check(self) -> None:
        """Refuse what no cell could run with. Raises ConfigurationError; nothing is opened, asked or written."""
        if not self.guidance:
            raise ConfigurationError(
                "a diffusion model", came="none named", where="parameter guidance",
                mend="Name one (--set guidance=REPOSITORY_OR_FOLDER), or lay the embedded painter over the grid: "
                     "--with notebooks/ablations/with/paint-embedded.yaml.",
            )
        read_budget(self.budget)
        self.cases()
        self.paint_settings()

    def cases(self) -> tuple[PaintingCase, ...]:
        """Raises ConfigurationError for an object that is no case, and for one that is named twice."""
        if len(set(self.objects)) < len(self.objects):
            raise ConfigurationError("each object once", came=", ".join(self.objects), where="parameter objects")
        return painting_cases(self.objects)

    def paint_settings(self) -> PaintSettings:
        """The preset with this cell's changes; the seed is the practice's own."""
        return read_paint_settings(self.preset, self.settings, terms=self.terms, seed=self.practice)

    def planned(self) -> Iterator[tuple[str, ChatRequest]]:
        """None: a diffusion model runs on this machine."""
        return iter(())

    def open(self, *, patience: float = 86_400.0) -> PaintCellRun:
        """The cell's run, new or resumed; use it in `with`. Names its run in `outcome` for the sweep.

        patience : seconds to wait while another process writes the very same run
        """
        from shapecraft.paint_cell_run import open_paint_cell

        self.check()
        opened = open_paint_cell(self, patience=patience)
        if self.outcome:
            Path(self.outcome).write_text(json.dumps({"run": str(opened.run.folder.resolve())}), "utf-8")
        return opened

    @property
    def report_prompts(self) -> int:
        return len(self.cases())

    @property
    def report_drawings(self) -> int:
        return 1

    @property
    def report_entries(self) -> tuple[str, ...]:
        """One: nothing is learned."""
        told: dict[str, Any] = self.model_dump(mode="json", exclude=set(_GIVEN))
        return (hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest(),)
