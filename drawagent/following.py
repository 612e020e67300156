"""Following: one recorded run through the loop, its tables derived from that, and what cannot be derived here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import TypeAdapter

from drawagent.bundles import SCORES, Table, tables_of
from drawagent.keeping import RESCORED
from drawagent.metrics import Aesthetic
from drawagent.recordings import Recording
from drawagent.replaying import replay_with
from drawagent.reward import RememberedReward, ViewReward
from drawagent.settings import DrawSettings
from drawagent.studio import open_scorer
from drawagent.trust import check_scorers
from drawagent.witnesses import AbsentReward, Recomputed, WitnessedMetrics, WitnessedReward
from easel.chat import ChatModel
from easel.errors import EaselError
from easel.recording import RecordMissing
from easel.runs import RunStore
from easel.score_card import ScorerCard
from easel.scoring import ImageTextScorer
from easel.studios import fingerprint
from easel.wrapped import AskedModel

ROLES = ("reward", "report")
_SOURCES = {"reward": "reward_source", "report": "measured_source"}
_CARD = TypeAdapter(ScorerCard)
_BY = {"metrics": "report", "measured": "report"}
Rewards = Mapping[str, ViewReward | AbsentReward]


@dataclass(frozen=True)
class Followed:
    """A replayed run.

    tables : as the packed replies and the recorded scores lead to them; computed : with the scores of here
    asked : keys of the requests that the replay made
    excuse : (table, row, column) -> why a cell cannot be computed here, "" where it can
    """

    run: RunStore
    tables: Mapping[str, Table]
    computed: Mapping[str, Table]
    asked: set[str]
    excuse: Callable[[str, str, str], str]


def absent(info: Mapping[str, Any], role: str, reason: str) -> AbsentReward:
    """What stands for a scorer of a published run that cannot be had. info : its run.json"""
    card = _CARD.validate_python(info["cards"][role])
    return AbsentReward(card, info["configuration"][_SOURCES[role]], reason)


def rewards_of(
    recording: Recording, info: Mapping[str, Any], given: Mapping[str, str], *, trust: bool, device: str,
    opened: dict[str, ImageTextScorer],
) -> Rewards:
    """"reward" and "report" as they can be had here; where one cannot, an AbsentReward that knows why.

    given : the reader's own word on how to open them; opened : those that are open already, by name
    """
    settings = recording.settings
    found: dict[str, ViewReward | AbsentReward] = {}
    for role in ROLES:
        name = given.get(role) or recording.info["scorers"].get(role, "")
        try:
            if not trust and role not in given:
                check_scorers({role: name}, where=f"run {recording.name}")
            if name not in opened:
                # Unknown words passed where the run was practised; the numbers do not depend on the permission.
                opened[name] = open_scorer(name, allow_unknown_words=True, device=device)
            views = settings.report_views if role == "report" else None
            reward = ViewReward.of(settings, opened[name], views=views, device=device)
        except EaselError as error:
            found[role] = absent(info, role, str(error))
            continue
        other = _difference(info["configuration"][_SOURCES[role]], reward.source)
        found[role] = absent(info, role, f"the scorer here is another one: {other}") if other else reward
    return found


def follow(
    recording: Recording,
    info: Mapping[str, Any],
    root: Path,
    *,
    rewards: Rewards | None = None,
    chat: ChatModel | None = None,
    aesthetic: Aesthetic | None = None,
    workers: int = 8,
) -> Followed:
    """Replay a run under `root` and derive its tables.

    info : run.json as published; rewards : as `rewards_of` gives them, None for none
    chat : answers in place of the recording's replies
    Raises RecordMissing or RunDrift where replies, scores and tables do not belong together.
    """
    rewards = rewards or _none_of(info)
    walked = _walk(recording, rewards, root, chat, aesthetic, workers)
    run, figures = walked.run, walked.figures
    unreported = ""
    if figures.blanks:  # figures with AES stand under a key that the predictor, which is not here, is part of
        blind = _blind(rewards)
        if all(one["aesthetic"] is None for one in recording.measured()):
            raise RecordMissing("recorded figures of every report", came=f"{figures.blanks} sets without",
                                where=f"run {recording.name}")
        unreported = f"figures with AES are found by the scorer and the predictor: {blind}"
    identity = _identity(info, run.info)
    again = Recomputed(run, walked.settings, walked.witness.seen, figures.again)
    excuse = _excuses(info, run, rewards, identity, aesthetic is not None, unreported)
    tables, computed = (_identified(tables_of(one, cost=False), identity) for one in (run, again))
    return Followed(run, tables, computed, walked.asked, excuse)


def asked_of(recording: Recording, info: Mapping[str, Any], root: Path, *, chat: ChatModel) -> set[str]:
    """Keys of what a run asks for in its replay under `root`; no scorer is needed, and no tables are derived.

    info, chat : as for `follow`. Raises RecordMissing for a request that `chat` does not answer
    """
    return _walk(recording, _none_of(info), root, chat, None, 8).asked


@dataclass(frozen=True)
class _Walked:
    """A replay at its end, with what stood beside it."""

    run: RunStore
    settings: DrawSettings
    witness: WitnessedReward
    figures: WitnessedMetrics
    asked: set[str]


def _walk(
    recording: Recording, rewards: Rewards, root: Path, chat: ChatModel | None, aesthetic: Aesthetic | None,
    workers: int,
) -> _Walked:
    settings = DrawSettings(**{**recording.settings.model_dump(), "prompt_overlay": recording.prompts})
    asked = AskedModel(chat or recording.replay())
    studio = replay_with(
        recording, settings=settings, chat=asked, reward=cast(ViewReward, rewards["reward"]),
        measured_by=cast(ViewReward, rewards["report"]), root=root, date=str(recording.info["date"]),
        aesthetic=aesthetic, workers=workers,
    )
    witness = WitnessedReward(rewards["reward"])
    studio.reward = RememberedReward(
        witness, recording.rollouts(), recompute=not isinstance(rewards["reward"], AbsentReward)
    )
    blind = _blind(rewards)
    figures = WitnessedMetrics(recording.measured(), recompute=not blind, blank=bool(blind))
    studio.remembered = figures
    with studio.run:
        for _ in studio.practise():
            pass
        if any(row["role"] == "report" for row in recording.rollouts()):
            for _ in studio.report():
                pass
        studio.run.status("finished")
    return _Walked(RunStore.read(studio.run.folder), settings, witness, figures, set(asked.asked))


def _blind(rewards: Rewards) -> str:
    """Why reports cannot be measured here, "" where they can."""
    reports = rewards["report"]
    return reports.reason if isinstance(reports, AbsentReward) else ""


def _none_of(info: Mapping[str, Any]) -> Rewards:
    return {role: absent(info, role, "scores were not computed again") for role in ROLES}


@dataclass(frozen=True)
class _Identity:
    """fingerprint : as the published configuration gives it, or the replay's where they differ; excuse : why it may"""

    fingerprint: str
    excuse: str


def _identity(info: Mapping[str, Any], here: Mapping[str, Any]) -> _Identity:
    """Whether the replay is of the published configuration.

    Evidence and the overlay's place do not count; settings that a later version added have their defaults. The source
    of a policy may have changed, and where a run came from (a fork) cannot be seen in a replay.
    """
    published, replayed = dict(info["configuration"]), dict(here["configuration"])
    excuses = []
    for name in sorted(published.keys() | replayed.keys()):
        said, is_here = published.get(name), replayed.get(name)
        if name == "settings":
            said, is_here = (
                DrawSettings(**{**(one or {}), "prompt_overlay": None}).model_dump(mode="json")
                for one in (said, is_here)
            )
        if said == is_here or name == "evidence":
            continue
        if name == "policies" and _names(said) == _names(is_here):
            changed = ", ".join(one for one in published[name] if published[name][one] != replayed[name][one])
            excuses.append(f"the code of {changed} is another version here")
        elif name == "fork":
            excuses.append("where a fork comes from does not show in its replay")
        else:
            return _Identity(fingerprint({**replayed, "evidence": published.get("evidence")}), "")
    return _Identity(fingerprint(published), "; ".join(excuses))


def _names(policies: Any) -> dict[str, str]:
    return {role: str(source).partition("#")[0] for role, source in (policies or {}).items()}


def _identified(tables: dict[str, Table], identity: _Identity) -> dict[str, Table]:
    """The fingerprint of `results` is that of the published evidence; a replay has one of its own."""
    table = tables.get("results")
    if table is None:
        return tables
    rows = {key: {**row, "fingerprint": identity.fingerprint} for key, row in table.rows.items()}
    return {**tables, "results": Table("results", table.columns, rows)}


def _excuses(
    info: Mapping[str, Any], run: RunStore, rewards: Rewards, identity: _Identity, rates: bool, unreported: str
) -> Callable[[str, str, str], str]:
    reasons = {role: one.reason if isinstance(one, AbsentReward) else "" for role, one in rewards.items()}
    live = info["evidence"] == "live" and run.info["evidence"] == "recorded"

    def excuse(table: str, row: str, column: str) -> str:
        if table in _BY:
            if row.startswith(RESCORED):
                return "a later scorer's figures; `drawagent rescore` computes such anew"
            if unreported:
                return unreported
            if ", AES " in row and not rates and column in ("key", "aesthetic", "measured_key"):
                return "the weights of the aesthetic predictor were not given (--aesthetic)"
        if table == "results" and column == "evidence" and live:
            return "a replay cannot show that a model answered live"
        if table == "results" and column == "fingerprint":
            return identity.excuse
        return reasons[_BY.get(table, "reward")] if column in SCORES.get(table, ()) else ""

    return excuse


def _difference(published: str, here: str) -> str:
    """The first part in which two canonical texts of a reward differ; "" for the same."""
    if published == here:
        return ""
    pairs = zip(published.split("|"), here.split("|"), strict=False)
    return next((f"{one!r} there, {other!r} here" for one, other in pairs if one != other), "one says more")
