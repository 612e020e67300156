"""Cells: objects of the catalogue made and measured as a sweep's notebook gives them, checked before anything runs."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.arguments import read_budget
from easel.chat import CallSite, ChatRequest, Message
from easel.errors import ConfigurationError
from easel.plugins import load
from easel.stand_ins import is_stand_in
from shapecraft.catalogue import CATALOGUE, Entry
from shapecraft.paths import independent
from shapecraft.planning import SHEET, planned_calls
from shapecraft.questions import SAMPLING, QuestionBook, read_questions
from shapecraft.settings import CraftSettings

if TYPE_CHECKING:
    from shapecraft.cell_run import CellRun

QUESTIONS = Path(__file__).resolve().parents[1] / "data" / "questions" / "catalogue.yaml"
"""The stored questions of the catalogue, in a clone."""
APART = 4096
"""How far the seeds of two practices lie apart: more than any object has paths."""
_FLAT = ("rounds", "paths", "steps", "policy", "single_shot")
"""Settings that are parameters of their own, because ablations vary them; all others go through `settings`."""
_OF_PARTS = frozenset({"paths", "steps", "finalists", "global_look", "global_fixes"})
"""Settings that change nothing of one step of one independent path: fewer paths and steps are nested in more."""
_OF_ROUNDS = _OF_PARTS | frozenset({
    "preset", "rounds", "threshold", "error_repairs", "draft_temperature", "policy", "part_facts", "checklist",
    "advice", "sheet_size", "helpers", "single_shot",
})
"""Settings that change nothing of one round of bootstrapping."""
_GIVEN = frozenset({"practice", "root", "home", "budget", "outcome", "seen_from"})


class CraftCell(BaseModel):
    """The parameters of `notebooks/ablations/craft.ipynb`: a row's objects, one of every prompt.

    model, vision_model, label, vision_label, api_base, prices, sees_images, concurrency : as `open_live` takes them (""
        is none); a model must be named
    objects : names of the catalogue, [] for all; captions : which of their two texts is the prompt
    preset : "paper" or "ours"; None for a setting is the preset's own value; settings : any other setting by name
    practice : which object of the same prompts: all of its calls have seeds of their own
    scorer : for CLIP, "" leaves it out; judge : model that answers the stored questions, "" leaves VQA out
    questions : file of stored questions, "" are the catalogue's
    disposable_machine : no wall, where this machine may be lost
    seen_from : folder that relative paths are seen from: that of the notebook
    root, home, budget, outcome : given by the sweep: where runs lie, what they share, limits, where the run is named
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: str = ""
    vision_model: str = ""
    scorer: str = ""
    judge: str = ""
    questions: str = ""
    objects: list[str] = Field(default_factory=list)
    captions: Literal["short", "long"] = "long"
    preset: Literal["paper", "ours"] = "paper"
    practice: int = Field(0, ge=0)
    rounds: int | None = None
    paths: int | None = None
    steps: int | None = None
    policy: str | None = None
    single_shot: bool | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    api_base: str = ""
    label: str = ""
    vision_label: str = ""
    prices: str = ""
    sees_images: bool | None = None
    concurrency: int = Field(8, ge=1)
    device: str = "cpu"
    allow_unknown_words: bool = False
    disposable_machine: bool = False
    root: str = "data/runs"
    home: str = ""
    budget: str = ""
    outcome: str = ""
    seen_from: str = "."

    def check(self) -> None:
        """Refuse what no cell could run with. Raises ConfigurationError; nothing is opened, asked or written."""
        if not self.model:
            raise ConfigurationError(
                "a model", came="none named", where="parameter model",
                mend="Name one of litellm's (--set model=gemini/gemini-2.5-pro), or lay the stand-in over the grid: "
                     "--with notebooks/ablations/with/craft-stand-in.yaml.",
            )
        for name in ("vision_model", "judge"):
            other = getattr(self, name)
            if other and is_stand_in(other) != is_stand_in(self.model):
                raise ConfigurationError("two stand-ins, or two models", came=f"{self.model} and {other}",
                                         where=f"parameter {name}", mend="A run has one grade of evidence.")
        if self.judge and self.judge in (self.vision_model or self.model, self.vision_label or self.label):
            raise ConfigurationError("another judge than the Evaluator, whose scores chose the objects",
                                     came=f"'{self.judge}' for both", where="parameter judge")
        if self.prices:
            self._existing(self.prices, "parameter prices")
        read_budget(self.budget)
        self.entries()
        load(self.craft_settings().policy, like=independent)
        if self.judge:
            book = self.question_book()
            unasked = [one.name for one in self.entries() if book.find(self.prompt(one)) is None]
            if unasked:
                raise ConfigurationError("stored questions for every caption, since a judge is named",
                                         came=f"none for {', '.join(unasked)}", where="parameter questions",
                                         mend="Write them first (`shapecraft evaluate --write-questions`).")

    def craft_settings(self) -> CraftSettings:
        """The preset with this cell's changes; the seed is the practice's own."""
        given = {name: value for name in _FLAT if (value := getattr(self, name)) is not None}
        twice = sorted(self.settings.keys() & {*_FLAT, "preset"})
        if twice:
            raise ConfigurationError("each setting once", came=", ".join(twice), where="parameter settings",
                                     mend="They are parameters of their own.")
        unused = sorted(given.keys() & {"rounds", "paths", "steps", "policy"})
        if self.single_shot and unused:
            raise ConfigurationError("a single shot alone", came=f"also {', '.join(unused)}", where="single_shot",
                                     mend="One program in one call has none of them.")
        changes = {**self.settings, **given}
        if changes.get("prompt_overlay"):
            changes["prompt_overlay"] = self._existing(str(changes["prompt_overlay"]), "settings prompt_overlay")
        try:
            chosen = CraftSettings.of(self.preset, **changes)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"settings of the method ({name})", came=f"{first['input']!r}: {first['msg']}",
                                     where="parameter settings" if name in self.settings else name) from error
        if chosen.seed is None and self.practice:
            raise ConfigurationError("a seed, which tells objects of one prompt apart", came="none", where="seed",
                                     mend="Set one, or make one object of every prompt.")
        return chosen if chosen.seed is None else chosen.model_copy(
            update={"seed": chosen.seed + APART * self.practice})

    def entries(self) -> tuple[Entry, ...]:
        """The objects of the catalogue, in its order."""
        known = {entry.name: entry for entry in CATALOGUE}
        strange = [name for name in self.objects if name not in known]
        if strange or len(set(self.objects)) < len(self.objects):
            raise ConfigurationError("objects of the catalogue, each once", came=", ".join(strange or self.objects),
                                     where="parameter objects", mend=f"It has {', '.join(known)}.")
        return tuple(entry for name, entry in known.items() if not self.objects or name in self.objects)

    def prompt(self, entry: Entry) -> str:
        """The text that an object is made from."""
        return entry.short if self.captions == "short" else entry.long

    def question_book(self) -> QuestionBook:
        """Raises ConfigurationError where there is no file."""
        path = self._existing(self.questions, "parameter questions") if self.questions else QUESTIONS
        return _read_once(path.resolve(), path.stat().st_mtime_ns if path.is_file() else 0)

    def planned(self) -> Iterator[tuple[str, ChatRequest]]:
        """(identity, request) of every call, none sent. Calls of two cells with one identity are paid for once.

        The parse is known to the letter. What follows has the identity of what decides it: a step of a path that of
        everything but how many paths and steps there are, a round of bootstrapping that of the parse alone.
        """
        chosen = self.craft_settings()
        of_parts = _OF_PARTS if load(chosen.policy, like=independent) is independent else frozenset[str]()
        names = [self.label or self.model, self.vision_label or self.vision_model, self.captions]
        told = chosen.model_dump(mode="json")
        rounds, steps, whole = (
            _mark([names, {name: value for name, value in told.items() if name not in left_out}])
            for left_out in (_OF_ROUNDS, of_parts - {"finalists"}, frozenset[str]())
        )
        for entry in self.entries():
            for request in planned_calls(self.prompt(entry), entry, chosen, model=self.label or self.model,
                                         evaluator=self.vision_label or self.vision_model,
                                         sees_images=bool(self.sees_images)):
                role = request.site.role
                decided = {"evaluator-volumes": rounds, "parser-update": rounds, "evaluator-whole": whole}
                known = role in ("parser", "coder-whole")
                yield request.key if known else f"{decided.get(role, steps)}/{request.site}", request
            if self.judge:
                request = self._question(entry)
                yield f"{whole}/{request.site}", request

    def open(self, *, patience: float = 86_400.0) -> CellRun:
        """The cell's run, new or resumed, with a wall; use it in `with`. Names its run in `outcome` for the sweep.

        patience : seconds to wait while another process writes the very same run (two cells may agree in everything)
        """
        from shapecraft.cell_run import open_cell

        self.check()
        opened = open_cell(self, patience=patience)
        if self.outcome:
            Path(self.outcome).write_text(json.dumps({"run": str(opened.run.folder.resolve())}), "utf-8")
        return opened

    @property
    def report_prompts(self) -> int:
        return len(self.entries())

    @property
    def report_drawings(self) -> int:
        return 1

    @property
    def report_entries(self) -> tuple[str, ...]:
        """One: nothing is learned."""
        return (_mark(self.model_dump(mode="json", exclude=set(_GIVEN))),)

    def existing(self, value: str) -> Path | None:
        """A path as it is seen from the notebook; None for "". Raises ConfigurationError where nothing is there."""
        return self._existing(value, "a path") if value else None

    def _question(self, entry: Entry) -> ChatRequest:
        asked = self.question_book().find(self.prompt(entry))
        words = "\n".join(one.question for one in asked.questions) if asked else ""
        return ChatRequest(self.judge, (Message("user", (SHEET, words)),), replace(SAMPLING), 0,
                           CallSite("vqa-judge", entry.name))

    def _existing(self, value: str, where: str) -> Path:
        path = Path(self.seen_from) / value
        if not path.exists():
            raise ConfigurationError("a file or folder that is there", came=value, where=where,
                                     mend="Relative paths are seen from the notebook's folder.")
        return path


@functools.lru_cache(8)
def _read_once(path: Path, changed: int) -> QuestionBook:
    """A sweep makes many cells of one file of questions. changed : its time of change, part of what is remembered"""
    return read_questions(path)


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
