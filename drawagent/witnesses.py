"""Witnesses: stand beside a replay and keep what scorers say now, while the replay goes on with what the record says.

`Recomputed` then shows the replayed run with every score, and every figure made of scores, as they are here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drawagent.metrics import RememberedMetrics, SetMetrics
from drawagent.reward import Reward
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.settings import DrawSettings
from easel.errors import MissingCapability
from easel.plugins import load
from easel.recording import RecordMissing
from easel.runs import RunStore
from easel.score_card import ScorerCard

Place = tuple[str, str, bool]
"""A scored drawing: text, key of the sketch ("" for none), whether it failed."""


@dataclass(frozen=True)
class AbsentReward:
    """In place of a scorer that cannot be had: the record's card and source, and no number.

    reason : why it is not here
    """

    card: ScorerCard
    source: str
    reason: str

    @property
    def scorer(self) -> AbsentReward:
        return self

    def check_text(self, text: str) -> None:
        """Passes: the words were known where the run was practised."""

    def __call__(self, text: str, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        raise RecordMissing("a recorded score of every drawing", came="a drawing without one",
                            where=", ".join(one.id for one in candidates))

    def pictures(self, sketches: Any) -> Any:
        raise MissingCapability(f"the scorer {self.card.name}", came=self.reason)


@dataclass
class WitnessedReward:
    """Passes scores on and keeps them. seen : what it said of each drawing"""

    reward: Reward
    seen: dict[Place, Scored] = field(default_factory=dict)

    @property
    def card(self) -> ScorerCard:
        return self.reward.card

    @property
    def source(self) -> str:
        return self.reward.source

    def __call__(self, text: str, candidates: Sequence[Candidate]) -> tuple[Scored, ...]:
        scored = self.reward(text, candidates)
        for one in scored:
            sketch = one.candidate.sketch
            self.seen[text, sketch.key if sketch else "", bool(one.candidate.failure)] = one
        return scored


@dataclass
class WitnessedMetrics(RememberedMetrics):
    """Keeps the sets that were computed again.

    again : key of the set -> its figures here
    blank : give empty figures for a set that is not in the record, since there is no scorer; `blanks` counts these
    """

    again: dict[str, SetMetrics] = field(default_factory=dict)
    blank: bool = False
    blanks: int = 0

    def find(self, key: str, card: ScorerCard) -> SetMetrics | None:
        known = super().find(key, card)
        if known is not None or not self.blank:
            return known
        self.blanks += 1
        nan = float("nan")
        return SetMetrics(0, nan, nan, nan, nan, nan, nan, nan, card, (), key=key)

    def compare(self, known: SetMetrics, again: SetMetrics) -> None:
        self.again[known.key] = again
        super().compare(known, again)


class Recomputed(RunStore):
    """A run to read, its scores as `seen` and its report figures as `again` have them; what neither has stays.

    Pairs, gates and epochs keep their decisions, with the numbers that follow from the scores.
    """

    def __init__(
        self, run: RunStore, settings: DrawSettings, seen: Mapping[Place, Scored], again: Mapping[str, SetMetrics]
    ) -> None:
        super().__init__(run.folder, run.info, None)
        self._settings, self._seen, self._again = settings, seen, again

    def keyed(self, table: str) -> dict[str, dict[str, Any]]:
        rows = super().keyed(table)
        if table == "rollouts":
            return {key: self._scored(row) for key, row in rows.items()}
        if table in ("pairs", "judgements"):
            return self._contrasted(rows)
        if table == "epochs":
            return {key: {**row, "mean_reward": self._mean_reward(row)} for key, row in rows.items()}
        if table == "gates" and self._settings.gate:
            return {key: {**row, **self._decided(row["epoch"])} for key, row in rows.items()}
        if table == "metrics":
            return {key: {**row, **self._figures(row)} for key, row in rows.items()}
        if table == "measured":
            return self._measured(rows)
        return rows

    def _scored(self, row: dict[str, Any]) -> dict[str, Any]:
        one = self._seen.get((row["text_scored"], row["sketch_key"], bool(row["failure"])))
        if one is None:
            return row
        return {**row, "view_scores": list(one.view_scores), "penalty": one.penalty, "reward": one.reward}

    def _contrasted(self, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        drawn = {
            (row["query"], row["epoch"], row["candidate"]): Scored(
                Candidate(row["query"], row["epoch"], row["candidate"], None, ""), tuple(row["view_scores"]),
                row["penalty"],
            )
            for row in self.rows("rollouts") if row["role"] == "artist"
        }
        found = {}
        for key, row in rows.items():
            sides = [drawn.get((row["query"], row["epoch"], row[side])) for side in ("better", "worse")]
            if sides[0] is None or sides[1] is None:  # a group in which nothing could be paired
                found[key] = row
                continue
            pair = Pair(row["query"], row["epoch"], sides[0], sides[1])
            found[key] = {**row, "gap": pair.gap, "noise": pair.noise}
        return found

    def _mean_reward(self, row: dict[str, Any]) -> float:
        rewards = [
            one["reward"] for one in self.rows("rollouts") if one["role"] == "artist" and one["epoch"] == row["epoch"]
        ]
        return round(math.fsum(rewards) / len(rewards), 6) if rewards else 0.0

    def _decided(self, epoch: int) -> dict[str, float]:
        means: tuple[list[float], list[float]] = ([], [])
        for side, role in enumerate(("gate-before", "gate-after")):
            groups: dict[str, list[float]] = {}
            for row in self.rows("rollouts"):
                if row["role"] == role and row["epoch"] == epoch + side:
                    groups.setdefault(row["query"], []).append(row["reward"])
            means[side].extend(math.fsum(group) / len(group) for group in groups.values())
        decision = load(str(self._settings.gate))(*means, margin=self._settings.gate_margin).row()
        return {name: decision[name] for name in ("mean", "standard_error")}

    def _figures(self, row: dict[str, Any]) -> dict[str, Any]:
        found = self._again.get(row["measured_key"])
        return {} if found is None else found.row()

    def _measured(self, rows: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        found = dict(rows)
        for what, row in super().keyed("metrics").items():
            again = self._again.get(row["measured_key"])
            for one in again.drawings if again else ():
                key = f"{what}/{one.query}"
                if key in found:
                    found[key] = {**found[key], **vars(one)}
        return found
