"""Forking: a new run that shares another one's past, with a person's edits of the library, and goes on from there.

Ours; the paper has none. What was asked before the branch is asked in the same words, so that its replies are taken
from the parent's record and its scores from the parent's rows: only the new branch is paid for. The new run is whole,
with the shared past in it as if it had been practised there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from drawagent.edits import Edit
from drawagent.experience import Library, Reviewed, apply_edits
from drawagent.keeping import measured_sets
from drawagent.queries import Query, QueryLists
from drawagent.recordings import Recording, packaged_names
from drawagent.settings import DrawSettings
from drawagent.trust import check_plugins, check_scorers
from drawagent.wrapped import RecordedPast
from easel.chat import Evidence
from easel.errors import ConfigurationError
from easel.recording import PackedReplies, Replies
from easel.runs import RunStore
from easel.stand_ins import is_stand_in

if TYPE_CHECKING:
    from drawagent.studio import Studio

_EDIT = TypeAdapter(Edit)
_FREE = ("prompt_overlay", "epochs")
"""Settings that no request of the past depends on: a branch may be longer than its parent."""
_FIRST = "library/first.json"
_SHARED = ("model", "reward_source", "prompts", "policies", "library", "references", "sees_images")


@dataclass(frozen=True)
class Branch:
    """Where a run parts from its parent.

    parent : fingerprint; epoch : in which the edited library comes into force; edits : a person's
    interventions : epoch -> edits, those of the parent's own past and these
    past : the parent's configuration; replies, rollouts, measured : what is taken from the parent for nothing
    mixed : the model that goes on from a recorded past, in whose label's place it answers; "" where none does
    """

    parent: str
    epoch: int
    edits: tuple[Edit, ...]
    interventions: Mapping[int, tuple[Edit, ...]]
    past: Mapping[str, Any]
    replies: tuple[Replies, ...] = ()
    rollouts: tuple[Mapping[str, Any], ...] = ()
    measured: tuple[Mapping[str, Any], ...] = ()
    mixed: str = ""

    def row(self) -> dict[str, Any]:
        """As it stands in the configuration, and so in the fingerprint."""
        return {
            "parent": self.parent, "epoch": self.epoch, "edits": _rows(self.edits),
            "interventions": {str(epoch): _rows(edits) for epoch, edits in sorted(self.interventions.items())},
            **({"mixed": self.mixed} if self.mixed else {}),
        }

    def grade(self, evidence: Evidence) -> Evidence:
        """That of the whole run: a live end of a recorded past is no more than recorded."""
        return "recorded" if self.mixed and evidence == "live" else evidence

    def facts(self) -> dict[str, Any]:
        """For run.json. mixed : the models of the past and of the branch, where these are not known to be one"""
        if not self.mixed:
            return {}
        before = self.past.get("fork", {}).get("mixed")
        past = f"{self.past['model']} and {before}" if before else self.past["model"]
        return {"mixed": {"past": past, "branch": self.mixed}}

    def check(self, configured: Mapping[str, Any]) -> None:
        """Refuse a configuration whose past would not be the parent's: ConfigurationError naming what differs."""
        grades = configured["evidence"], self.past["evidence"]
        if grades[0] != grades[1] and "stand-in" in grades:
            raise ConfigurationError(f"evidence '{grades[1]}', which the shared past has", came=f"'{grades[0]}'",
                                     where="fork", mend="A past without a model has no future with one.")
        if grades == ("live", "recorded"):
            raise _unmixed(str(self.past["model"]))
        ours, theirs = _deciding(configured), _deciding(self.past)
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                raise ConfigurationError(
                    f"the parent's {name}, since the past is shared", came=f"{_shown(ours.get(name))} in place of "
                    f"{_shown(theirs.get(name))}", where="fork",
                    mend="Open the fork with what the parent was run with (model, scorer, references, prompts).",
                )


def fork(
    run: RunStore | Recording,
    epoch: int,
    edits: Sequence[Edit],
    *,
    root: Path,
    date: str,
    model: str | None = None,
    scorer: str | None = None,
    reporter: str | None = None,
    name: str | None = None,
    epochs: int | None = None,
    prompt_overlay: Path | None = None,
    trust_plugins: bool = False,
    mixed: bool = False,
    **opening: Any,
) -> Studio:
    """Open (or resume) the branch of `run` in which `edits` change the library that comes into force in `epoch`.

    run : a live or stand-in run, a replay, or a recording (which is replayed first, for nothing)
    epoch : 0 edits what practice began with, the last one what only reports
    edits : `Add`, `Delete` or `Modify`, applied in order; ids are those of that library
    model : as `open_live` takes it; None is the parent's. "recorded:NAME" goes on as far as there are replies and then
        raises RecordMissing, naming the call that is missing. Records and requests keep the parent's label, which is
        why a model may go on from a recorded past only where `mixed` says so
    scorer, reporter : None are the parent's, where its run.json names them
    epochs : of the whole new run; None as many as the parent. An edit renews the patience that ended the parent
    prompt_overlay : where the parent's prompts lie, if they are not where they were
    trust_plugins : call policies and scorers that the parent's run.json names from outside drawagent and easel
    mixed : let `model` go on from a recorded past, though nobody can show that it is the model that was recorded. The
        evidence stays "recorded", and run.json (`mixed`) and the remarks of tables name both
    opening : further arguments of `open_live` (budget, concurrency, references, home, ...)

    Raises ConfigurationError, before a run folder is made, for an epoch that the parent did not reach, for edits that
    cannot be applied, and for parts that are not the parent's.
    """
    from drawagent.live import open_live

    recording = run if isinstance(run, Recording) else _recording_of(run)
    parent = _replayed(run, root, date, trust_plugins) if isinstance(run, Recording) else run
    where = f"run {parent.folder.name}"
    configured = parent.info["configuration"]
    settings = settings_of(configured, prompt_overlay=prompt_overlay or (recording.prompts if recording else None))
    if not trust_plugins:
        check_plugins(settings, where=where)
    before = library_in_force(parent, epoch)
    if epochs is not None:
        settings = DrawSettings(**{**settings.model_dump(), "epochs": epochs})
    if epoch > settings.epochs:
        raise ConfigurationError(f"an epoch up to {settings.epochs}", came=str(epoch), where="fork, epoch")
    check_edits(before, edits, epoch=epoch, where=where)
    earlier = _interventions(configured)
    interventions = {at: given for at, given in earlier.items() if at <= epoch}
    interventions[epoch] = (*interventions.get(epoch, ()), *edits)
    record = (PackedReplies(recording.folder / "replies.jsonl.gz"),) if recording else ()
    rows = [*parent.rows("rollouts"), *(recording.rollouts() if recording else ())]
    if model is None:
        model = _model_of(parent, recording)
    goes_on = parent.info["evidence"] == "recorded" and not model.startswith("recorded:") and not is_stand_in(model)
    if goes_on and not mixed:
        raise _unmixed(str(configured["model"]))
    if goes_on and opening.get("home") is not None:
        raise ConfigurationError("a record of its own for a mixed run", came="one that runs share", where="fork, home",
                                 mend="Two models' replies would stand there under one label.")
    branch = Branch(
        parent.info["fingerprint"], epoch, tuple(edits), interventions, configured, (parent.replies, *record),
        tuple(rows), tuple(measured_sets(parent)), model if goes_on else "",
    )
    named = scorers_of(parent, {"reward": scorer, "report": reporter}, recording, trust_plugins=trust_plugins)
    studio = open_live(
        lists_of(configured), settings, model=model, scorer=named["reward"], reporter=named["report"], root=root,
        name=name or f"{parent.info['name']}-fork", date=date, branch=branch,
        **{"label": configured["model"], "sees_images": bool(configured.get("sees_images")),
           "library": first_library(parent), **opening},
    )
    if 0 in interventions:
        studio.run.write(_FIRST, json.dumps(first_library(parent).to_json(), indent=1, ensure_ascii=False))
    # What a person decided on the past's edits is decided; the curator's words are the same.
    for key, row in parent.keyed("reviews").items():
        if row["epoch"] < epoch:
            studio.run.append("reviews", key, row)
    if model.startswith("recorded:"):
        studio.chat = RecordedPast(studio.chat)
    return studio


def check_edits(library: Library, edits: Sequence[Edit], *, epoch: int, where: str) -> Library:
    """The library after the edits. Raises ConfigurationError for no edit, and for one that cannot be applied."""
    if not edits:
        raise ConfigurationError("at least one edit: add, delete or modify", came="none", where=f"fork of {where}")
    known = ", ".join(lesson.id for lesson in library.lessons) or "none, it is empty"
    after, outcomes = apply_edits(library, [Reviewed(edit, edit, "human") for edit in edits], epoch=epoch)
    for outcome in outcomes:
        if not outcome.applied:
            raise ConfigurationError(
                f"edits of the library in force in epoch {epoch} (lessons: {known})",
                came=f"{outcome.reviewed.proposed.op} {outcome.lesson_id}".strip() + f": {outcome.reason}",
                where=f"fork of {where}", mend="Nothing was asked for and nothing was paid.",
            )
    if after.key == library.key:
        raise ConfigurationError(
            "edits that change the library", came="the same lessons after them", where=f"fork of {where}",
        )
    return after


def settings_of(configured: Mapping[str, Any], *, prompt_overlay: Path | None = None) -> DrawSettings:
    """The settings that a run's configuration holds; `prompt_overlay` takes the place of its overlay."""
    change = {} if prompt_overlay is None else {"prompt_overlay": prompt_overlay}
    return DrawSettings(**{**configured["settings"], **change})


def lists_of(configured: Mapping[str, Any]) -> QueryLists:
    """The queries that a run's configuration holds."""
    rows = configured["queries"]
    learn, gate, report = (tuple(Query(**row) for row in rows[split]) for split in ("learn", "gate", "report"))
    return QueryLists(learn, gate, report, rows.get("source", ""))


def library_in_force(run: RunStore, epoch: int) -> Library:
    """The library of an epoch as the run kept it. Raises ConfigurationError for an epoch that it did not reach."""
    kept = {row["epoch"]: row for row in run.rows("libraries")}
    if epoch not in kept:
        reached = f"epochs {min(kept)} to {max(kept)}" if kept else "none: it has not practised"
        raise ConfigurationError(
            "an epoch whose library the run holds", came=f"epoch {epoch}; it holds {reached}",
            where=f"run {run.folder.name}",
        )
    return Library.from_json({name: value for name, value in kept[epoch].items() if name != "epoch"})


def first_library(run: RunStore, *, edited: bool = False) -> Library:
    """What practice began with, before any edit in epoch 0. edited : a person made some, beside those of a fork

    Raises ConfigurationError where edits took its place and it was not kept.
    """
    configured = run.info["configuration"]
    if "library" not in configured:
        return Library()
    if not edited and 0 not in _interventions(configured):
        return library_in_force(run, 0)
    try:
        return Library.from_json(json.loads((run.folder / _FIRST).read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigurationError("the library that practice began with", came=f"no {_FIRST}",
                                 where=f"run {run.folder.name}", mend="Fork the parent of this run instead.") from None


def scorers_of(
    run: RunStore, given: Mapping[str, str | None], recording: Recording | None = None, *, trust_plugins: bool = False
) -> dict[str, str]:
    """The scorers "reward" and "report" by name: as given, else as the run or its recording names them."""
    kept = {**(recording.info["scorers"] if recording else {}), **run.info.get("scorers", {})}
    named = {role: value or kept.get(role, "") for role, value in given.items()}
    for role, value in named.items():
        if not value:
            raise ConfigurationError(f"the scorer that is to {role}", came="none named, and none kept in run.json",
                                     where=f"run {run.folder.name}", mend="Name it: scorer=, reporter=.")
        if not trust_plugins and not given[role]:
            check_scorers({role: value}, where=f"run {run.folder.name}")
    return named


def _unmixed(label: str) -> ConfigurationError:
    return ConfigurationError(
        f"replies of '{label}' from its record, since the past was recorded under that label",
        came="a model to be asked live under it", where="fork",
        mend="Leave model out, to go on as far as there are replies; or say mixed=True (--mixed), and the run is "
             "graded recorded and names both models.",
    )


def _model_of(parent: RunStore, recording: Recording | None) -> str:
    if recording is not None:
        return f"recorded:{recording.folder}"
    if parent.info["evidence"] in ("live", "stand-in"):
        return str(parent.info["configuration"]["model"])
    raise ConfigurationError(
        "the recording that this run replayed, or the model itself", came="neither",
        where=f"run {parent.folder.name}",
        mend="Give model=\"recorded:FOLDER\", or, with mixed=True, the model to go on with.",
    )


def _recording_of(run: RunStore) -> Recording | None:
    """The packaged recording that a run replayed; None for another run."""
    label = run.info.get("recording")
    found = (Recording.read(name) for name in packaged_names()) if label else ()
    return next((one for one in found if one.info["label"] == label), None)


def _replayed(recording: Recording, root: Path, date: str, trust_plugins: bool) -> RunStore:
    """The finished replay of a recording: what knows the libraries of its epochs."""
    from drawagent.replaying import open_replay

    studio = open_replay(recording, root=root, date=date, recompute=False, trust_plugins=trust_plugins)
    with studio.run:
        for _ in studio.practise():
            pass
        studio.run.status("finished")
    return RunStore.read(studio.run.folder)


def _interventions(configured: Mapping[str, Any]) -> dict[int, tuple[Edit, ...]]:
    """The edits of a run that is a fork itself."""
    rows = configured.get("fork", {}).get("interventions", {})
    return {int(epoch): tuple(_EDIT.validate_python(edit) for edit in edits) for epoch, edits in rows.items()}


def _rows(edits: Iterable[Edit]) -> list[dict[str, Any]]:
    return [edit.model_dump(mode="json") for edit in edits]


def _deciding(configured: Mapping[str, Any]) -> dict[str, Any]:
    """What the past of a run depends on, by name."""
    settings = {f"setting {name}": value for name, value in configured["settings"].items() if name not in _FREE}
    queries = {f"{split} queries": configured["queries"][split] for split in ("learn", "gate")}
    return {**settings, **queries, **{name: configured.get(name) for name in _SHARED}}


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)[:60]
