"""Keeping: writes what practice tells into a run folder, and remembers a person's decisions when a run goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from drawagent.experience import Edit, Library, Reviewed
from drawagent.gate import GateDecision
from drawagent.judge import Judgement
from drawagent.queries import Query
from drawagent.reward import Reward, score_row
from drawagent.rollout import Pair, Scored

if TYPE_CHECKING:
    from drawagent import events
    from drawagent.inference import Drawing
    from drawagent.metrics import SetMetrics
    from easel.runs import RunStore

Review = Callable[[Edit], Edit | None]
"""A person's or program's say on an edit before it enters: the edit, another edit, or None for a veto."""
_EDIT = TypeAdapter(Edit)

PERSON = "(person)"
"""Query of an `edits` row that a person made outside of any judgement; no query's id can be that."""
RESCORED = "rescored/"
"""Begins the key of every `measured` and `metrics` row that a scorer other than the run's own gave later."""


def own_rows(run: RunStore, table: str) -> list[dict[str, Any]]:
    """The rows of `measured` or `metrics` without those of other scorers (`drawagent.rescoring`)."""
    return [row for key, row in run.keyed(table).items() if not key.startswith(RESCORED)]


def measured_sets(run: RunStore, *, rescored: bool = False) -> list[dict[str, Any]]:
    """The rows of metrics.jsonl, each with its rows of measured.jsonl as `drawings`: what `RememberedMetrics` takes.

    rescored : those of other scorers in place of the run's own
    """
    drawings = run.keyed("measured")
    return [
        {**row, "drawings": [one for key, one in drawings.items() if key.startswith(f"{what}/")]}
        for what, row in run.keyed("metrics").items() if what.startswith(RESCORED) == rescored
    ]


@dataclass(frozen=True)
class Keeper:
    """Every method writes one kind of row, under a key that is the same when the run is resumed.

    run : the folder; None keeps nothing; under : begins the keys of measured rows (`RESCORED` and more)
    """

    run: RunStore | None = None
    under: str = ""

    def _row(self, table: str, key: str, row: dict[str, Any]) -> None:
        if self.run is not None:
            self.run.append(table, key, row)

    def library(self, epoch: int, library: Library) -> None:
        self._row("libraries", f"e{epoch}", {"epoch": epoch, **library.to_json()})
        if self.run is not None:
            self.run.write(f"library/epoch{epoch}.json", json.dumps(library.to_json(), indent=1, ensure_ascii=False))

    def rollouts(self, query: Query, scored: Sequence[Scored], reward: Reward, *, reference: bool = False) -> None:
        """reference : a reference was in the artist's prompt"""
        for one in scored:
            row = {"role": "artist", "reference": reference, **score_row(one, query.text, reward)}
            self._row("rollouts", one.candidate.id, row)

    def gate_draws(self, epoch: int, side: str, query: Query, scored: Sequence[Scored], reward: Reward) -> None:
        for one in scored:
            key = f"gate/e{epoch}/{side}/{query.id}/k{one.candidate.index}"
            self._row("rollouts", key, {"role": f"gate-{side}", **score_row(one, query.text, reward)})

    def control(self, epoch: int, library: Library) -> None:
        """What a control made of the library of this epoch."""
        self._row("controls", f"e{epoch}", {"epoch": epoch, **library.to_json()})

    def report(self, drawing: Drawing, reward: Reward, *, draw: int = 0) -> None:
        """The draws of a report query; `chosen` marks the one that inference took. draw : d of `report_draws`"""
        for one in drawing.draws:
            key = f"report/{one.candidate.id}"
            chosen = one.candidate.index == drawing.chosen.candidate.index
            row = {"role": "report", "draw": draw, "chosen": chosen, **score_row(one, drawing.query.text, reward)}
            self._row("rollouts", key, row)

    def measured(self, what: str, metrics: SetMetrics, *, epoch: int | None = None, draw: int = 0) -> None:
        """One row a drawing under the reporting model's card, and one of the set.

        what : "epoch 1", or the name of an anchor row, whose epoch is None; draw : d of `report_draws`
        Rows with AES have keys of their own, so that it may be asked for when a run has finished without.
        """
        drawn = f"{what}, draw {draw}" if draw else what
        key = self.under + (drawn if metrics.aesthetic is None else f"{drawn}, AES {metrics.key[:12]}")
        place = {"row": what, "epoch": epoch, "draw": draw, "column": metrics.card.column}
        for one in metrics.drawings:
            self._row("measured", f"{key}/{one.query}", {**place, **vars(one)})
        self._row("metrics", key, {
            **place, "scorer": metrics.card.name, **metrics.row(), "measured_key": metrics.key,
        })

    def pair(self, pair: Pair) -> None:
        self._row("pairs", pair.id, {
            "pair": pair.id, "query": pair.query, "epoch": pair.epoch, "better": pair.better.candidate.index,
            "worse": pair.worse.candidate.index, "gap": pair.gap, "noise": pair.noise, "skipped": "",
        })

    def skipped(self, skipped: events.PairSkipped) -> None:
        pair = skipped.pair
        key = pair.id if pair else f"{skipped.query.id}/e{skipped.epoch}/none"
        self._row("pairs", key, {
            "pair": key, "query": skipped.query.id, "epoch": skipped.epoch,
            "better": pair.better.candidate.index if pair else -1, "worse": pair.worse.candidate.index if pair else -1,
            "gap": pair.gap if pair else 0.0, "noise": pair.noise if pair else 0.0, "skipped": skipped.reason,
        })

    def judgement(self, judgement: Judgement) -> None:
        self._row("judgements", judgement.pair.id, judgement.row())

    def reviewed(
        self, edits: Sequence[Edit], review: Review | None, *, epoch: int, query: str
    ) -> tuple[Reviewed, ...]:
        """Ask for a say on each edit, once: a decision that the run already holds is not asked for again."""
        known = {row["number"]: row for row in self._rows("reviews") if (row["epoch"], row["query"]) == (epoch, query)}
        decided = []
        for number, edit in enumerate(edits):
            if number in known:
                kept = known[number]["edit"]
                said = None if kept is None else _EDIT.validate_python(kept)
            elif review is not None:
                said = review(edit)
                self._row("reviews", f"e{epoch}/{query}/{number}", {
                    "epoch": epoch, "query": query, "number": number,
                    "edit": None if said is None else said.model_dump(mode="json"),
                })
            else:
                said = edit
            decided.append(Reviewed(edit, said, "model" if said == edit else "human"))
        return tuple(decided)

    def edits(self, applied: events.EditsApplied, reply_keys: Sequence[str], query: str) -> None:
        self._row("edits", f"e{applied.epoch}/{query}", _applied(applied, reply_keys, query))

    def intervention(self, edited: events.LibraryEdited) -> None:
        """A person's edits of a library."""
        self._row("edits", f"e{edited.epoch}/{PERSON}", _applied(edited, (), PERSON))

    def update_failed(self, failed: events.UpdateFailed, query: str) -> None:
        self._row("edits", f"e{failed.epoch}/{query}", {
            "epoch": failed.epoch, "query": query, "outcomes": [], "diff": [], "before": "", "after": "",
            "reply_keys": [], "failure": failed.failure, "reason": failed.reason,
        })

    def gate(self, epoch: int, decision: GateDecision, proposed: Library, kept: Library) -> None:
        self._row("gates", f"e{epoch}", {
            "epoch": epoch, **decision.row(), "proposed": proposed.to_json(), "kept": kept.key,
        })

    def epoch(self, finished: events.EpochFinished) -> None:
        self._row("epochs", f"e{finished.epoch}", {
            "epoch": finished.epoch, "library": finished.library.key, "lessons": len(finished.library),
            "mean_reward": finished.mean_reward, "failures": finished.failures, "candidates": finished.candidates,
        })

    def finished(self, done: events.PractiseFinished) -> None:
        if self.run is not None:
            self.run.write("library/best.json", json.dumps(done.best.to_json(), indent=1, ensure_ascii=False))
        self._row("practice", "finished", {
            "libraries": [library.key for library in done.libraries], "best": done.best.key,
            "stopped_early": done.stopped_early,
        })

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return self.run.rows(table) if self.run is not None else []


def _applied(done: events.EditsApplied | events.LibraryEdited, reply_keys: Sequence[str], query: str) -> dict[str, Any]:
    return {
        "epoch": done.epoch, "query": query, "outcomes": [outcome.row() for outcome in done.outcomes],
        "diff": done.diff.lines(), "before": done.before.key, "after": done.after.key,
        "reply_keys": list(reply_keys), "failure": "", "reason": "",
    }
