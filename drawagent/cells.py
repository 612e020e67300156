"""Cells: one practice as a sweep's notebook gives it, checked before anything runs, planned, and opened as a studio."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drawagent.arguments import read_library
from drawagent.experience import Library
from drawagent.planning import planned_calls
from drawagent.policies import check_gate, check_policies
from drawagent.queries import QueryLists, read_queries
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import Studio
from easel.arguments import read_budget
from easel.chat import ChatModel, ChatRequest
from easel.errors import ConfigurationError
from easel.runs import RunBusy

_FLAT = (
    "epochs", "candidates", "pairing", "judge", "update_order", "gate", "control", "inference_draws", "report_draws",
)
"""Settings that are parameters of their own, because ablations vary them; all others go through `settings`."""
_LEARNING = frozenset({"artist", "judge", "update", "gate-before", "gate-after"})
_REPEATED = frozenset({"artist", "gate-before", "gate-after"})
"""Roles whose replicas are a practice's own."""
_NOT_REPORTED = frozenset({
    "preset", "candidates", "epochs", "temperature", "practice", "pairing", "noise_skip", "judge", "judge_facts",
    "judge_pictures", "shuffle_order", "update", "update_order", "max_lessons", "max_lesson_words",
    "refuse_format_lessons", "gate", "gate_draws", "gate_margin", "patience", "reference",
})
"""Settings that change no drawing of the report as long as nothing is learned."""
_REPORT_ONLY = frozenset({"control", "inference_draws", "inference_temperature", "report_draws", "report_views"})


class PracticeCell(BaseModel):
    """The parameters of `notebooks/ablations/practice.ipynb`.

    model, api_base, label, prices, sees_images, concurrency, device, scorer, reporter, aesthetic : as `open_live`
        takes them ("" is none); a model must be named
    queries : file of queries; learn, gate : the first so many of each list; report : the first so many of each length
    preset : "paper" or "ours"; None for a setting is the preset's own value, gate="none" is no gate
    settings : any other setting by name; library : file that practice begins with; references : folder, sets reference
    seen_from : folder that relative paths are seen from: that of the notebook
    root, home, budget, outcome : given by the sweep: where runs lie, what they share, limits, where the run is named
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    model: str = ""
    scorer: str = ""
    reporter: str = ""
    aesthetic: str = ""
    queries: str
    learn: int | None = Field(None, ge=0)
    gate_queries: int | None = Field(None, ge=0)
    report: int | None = Field(None, ge=0)
    preset: Literal["paper", "ours"] = "paper"
    practice: int = Field(0, ge=0)
    epochs: int | None = None
    candidates: int | None = None
    pairing: str | None = None
    judge: str | None = None
    update_order: str | None = None
    gate: str | None = None
    control: str | None = None
    inference_draws: int | None = None
    report_draws: int | None = None
    settings: dict[str, Any] = Field(default_factory=dict)
    library: str = ""
    references: str = ""
    api_base: str = ""
    label: str = ""
    prices: str = ""
    sees_images: bool | None = None
    concurrency: int = Field(8, ge=1)
    device: str = "cpu"
    allow_unknown_words: bool = False
    root: str = "data/runs"
    home: str = ""
    budget: str = ""
    outcome: str = ""
    seen_from: str = "."

    def check(self) -> None:
        """Refuse what no practice could run with. Raises ConfigurationError; nothing is opened, asked or written."""
        if not self.model:
            raise ConfigurationError(
                "a model", came="none named", where="parameter model",
                mend="Name one of litellm's (--set model=gemini/gemini-2.5-pro), or lay the stand-in over the grid: "
                     "--with notebooks/ablations/with/stand-in.yaml.",
            )
        if not self.scorer or not self.reporter:
            raise ConfigurationError(
                "a scorer that rewards and one that reports", came="none named", where="parameters scorer, reporter",
                mend="The usual ones are ViT-B-32/laion2b_s34b_b79k and ViT-L-14-quickgelu/openai; embedded:reward "
                     "and embedded:report take the toy CLIPs of this package.",
            )
        for name in ("references", "prices", "aesthetic"):
            if value := getattr(self, name):
                self._existing(value, f"parameter {name}")
        read_budget(self.budget)
        lists, chosen = self.lists(), self.draw_settings()
        check_policies(chosen)
        check_gate(lists, chosen)
        self.first_library()

    def draw_settings(self) -> DrawSettings:
        """The preset with this cell's changes."""
        given = {name: value for name in _FLAT if (value := getattr(self, name)) is not None}
        changes = {**self.settings, **given}
        twice = sorted(self.settings.keys() & {*_FLAT, "practice", "preset"})
        if twice:
            raise ConfigurationError("each setting once", came=", ".join(twice), where="parameter settings",
                                     mend="They are parameters of their own.")
        if changes.get("gate") == "none":
            changes["gate"] = None
        if self.references:
            changes["reference"] = True
        if changes.get("prompt_overlay"):
            changes["prompt_overlay"] = self._existing(str(changes["prompt_overlay"]), "settings prompt_overlay")
        try:
            return DrawSettings.of(self.preset, practice=self.practice, **changes)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ConfigurationError(f"settings of the method ({name})", came=f"{first['input']!r}: {first['msg']}",
                                     where="parameter settings" if name in self.settings else name) from error

    def lists(self) -> QueryLists:
        """The queries, cut; `report` counts for each length, so that both kinds of prompt are there."""
        path = self._existing(self.queries, "parameter queries")
        lists = _read_once(path.resolve(), path.stat().st_mtime_ns)
        cut = lists.only(learn=self.learn, gate=self.gate_queries)
        if self.report is None:
            return cut
        lengths = dict.fromkeys(query.length for query in lists.report)
        kept = {q.id for length in lengths for q in [q for q in lists.report if q.length == length][: self.report]}
        return QueryLists(cut.learn, cut.gate, tuple(q for q in lists.report if q.id in kept), lists.source)

    def first_library(self) -> Library:
        return read_library(self._existing(self.library, "parameter library") if self.library else None)

    def planned(self) -> Iterator[tuple[str, ChatRequest]]:
        """(identity, request) of every call, none sent. Calls of two cells with one identity are paid for once.

        Calls of the first epoch are known to the letter. Later ones hang on lessons that do not exist yet: they have
        the identity of what decides them, so that cells that differ in their reports alone share their practice.
        """
        chosen, lists, first = self.draw_settings(), self.lists(), self.first_library()
        learning = _mark([chosen.model_dump(mode="json", exclude=set(_REPORT_ONLY)), first.key])
        reporting = _mark([self.model_dump(mode="json"), first.key])
        name, sees = self.label or self.model, bool(self.sees_images)
        for request in _of_practice(chosen, _planned_once(lists, chosen.model_copy(update={"practice": 0}), name, sees,
                                                          first)):
            site = request.site
            known = site.epoch == 0 and site.role in ("artist", "gate-before", "report") and not chosen.control
            yield request.key if known else f"{learning if site.role in _LEARNING else reporting}/{site}", request

    def open(self, *, patience: float = 86_400.0) -> Studio:
        """The studio of this cell, new or resumed; names its run in the file `outcome` for the sweep.

        patience : seconds to wait while another process writes the very same run (two cells may agree in everything)
        """
        self.check()
        until = time.monotonic() + patience
        while True:
            try:
                studio = self._opened()
                break
            except RunBusy:
                if time.monotonic() > until:
                    raise
                time.sleep(0.5)
        if self.outcome:
            Path(self.outcome).write_text(json.dumps({"run": str(studio.run.folder.resolve())}), "utf-8")
        return studio

    def _opened(self) -> Studio:
        from drawagent.live import open_live

        def path(value: str) -> Path | None:
            return self._existing(value, "a path") if value else None

        return open_live(
            self.lists(), self.draw_settings(), model=self.model, scorer=self.scorer, reporter=self.reporter,
            root=Path(self.root), name="practice", date=datetime.date.today().isoformat(),
            budget=read_budget(self.budget), api_base=self.api_base or None, prices=path(self.prices),
            concurrency=self.concurrency, label=self.label or None, sees_images=self.sees_images,
            aesthetic=path(self.aesthetic), references=path(self.references),
            allow_unknown_words=self.allow_unknown_words, library=self.first_library(), device=self.device,
            home=Path(self.home) if self.home else None,
        )

    @property
    def report_prompts(self) -> int:
        return len(self.lists().report)

    @property
    def report_drawings(self) -> int:
        return self.draw_settings().report_draws

    @property
    def report_entries(self) -> tuple[str, ...]:
        """Of epoch 0, and of every epoch of practice; one that stops early stands with its last library."""
        chosen, first = self.draw_settings(), self.first_library()
        # A control of the empty library is the empty library.
        excluded = {*_NOT_REPORTED} if len(first) else {*_NOT_REPORTED, "control"}
        drawn = _mark([chosen.model_dump(mode="json", exclude=excluded), first.key, self.label or self.model])
        own = _mark(self.model_dump(mode="json", exclude={"practice", "root", "home", "budget", "outcome"}))
        return (drawn, *(f"{own}/{epoch}" for epoch in range(1, chosen.epochs + 1)))

    def _existing(self, value: str, where: str) -> Path:
        path = Path(self.seen_from) / value
        if not path.exists():
            raise ConfigurationError("a file or folder that is there", came=value, where=where,
                                     mend="Relative paths are seen from the notebook's folder.")
        return path


@functools.lru_cache(8)
def _read_once(path: Path, changed: int) -> QueryLists:
    """A sweep makes many cells of one file of queries. changed : its time of change, part of what is remembered"""
    return read_queries(path)


@functools.lru_cache(64)
def _planned_once(
    lists: QueryLists, settings: DrawSettings, model: str, sees_images: bool, library: Library
) -> tuple[ChatRequest, ...]:
    """The calls of a first practice, from which those of its others follow (`_of_practice`)."""
    asked: ChatModel = StandIn(name=model, sees_images=sees_images)
    return tuple(planned_calls(lists, settings, asked, library=library))


def _of_practice(chosen: DrawSettings, first: Iterable[ChatRequest]) -> Iterator[ChatRequest]:
    """What a practice asks in place of the first: its own replicas of candidates and gate draws, with their seeds.

    The order in which its judge sees a pair is another one too, which changes no count.
    """
    ahead = chosen.first_replica
    for request in first:
        if not ahead or request.site.role not in _REPEATED:
            yield request
            continue
        seed = request.sampling.seed
        sampling = replace(request.sampling, seed=None if seed is None else seed + ahead)
        yield replace(request, replica=request.replica + ahead, sampling=sampling)


def _mark(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
