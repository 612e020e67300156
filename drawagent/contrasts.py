"""Contrasts: the pairs of a run, read again from its rows; a drawing is parsed when it is first looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from drawagent.geometry import GeometryFacts, facts
from drawagent.language import parse
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.snapshots import Snapshot


@dataclass(frozen=True)
class Contrast:
    """One pair S+ and S- of a query, as the run holds it.

    text : of the query; epoch : number of the library with which both were drawn
    plus_row, minus_row : rollout rows of S+ and S-; gap, noise : as `drawagent.rollout.Pair` has them
    skipped : why it was not judged, "" if it was; judged : row of the judgement, None without one
    mode : how replies are read in this run
    """

    id: str
    query: str
    text: str
    epoch: int
    plus_row: Mapping[str, Any]
    minus_row: Mapping[str, Any]
    gap: float
    noise: float
    skipped: str = ""
    judged: Mapping[str, Any] | None = None
    mode: Literal["strict", "lenient"] = "lenient"

    @cached_property
    def plus(self) -> Sketch:
        return parse(self.plus_row["text"], mode=self.mode).sketch

    @cached_property
    def minus(self) -> Sketch:
        return parse(self.minus_row["text"], mode=self.mode).sketch

    @cached_property
    def facts(self) -> tuple[GeometryFacts, GeometryFacts]:
        """Of S+ and S-."""
        return facts(self.plus), facts(self.minus)

    @property
    def words(self) -> str:
        """The judge's, or in brackets why there are none."""
        if self.judged is None:
            return f"(not judged: {self.skipped})" if self.skipped else "(not judged yet)"
        return self.judged["advantage"] or f"({self.judged['failure']}: {self.judged['reason']})"

    @property
    def order(self) -> str:
        """How the judge was shown the two: "S+ S-", "S- S+", "by index", or "" without a judgement."""
        return self.judged["order"] if self.judged else ""


def contrasts(run: RunStore | Path | str) -> tuple[Contrast, ...]:
    """Every pair of a run in order, skipped ones of two drawings among them.

    Raises ConfigurationError for a run without pairs: practice has not come so far, or it is no run of drawings.
    """
    kept = Snapshot.of(run)
    rows = [row for row in kept.rows("pairs") if row["better"] >= 0]
    if not rows:
        raise ConfigurationError(
            "a run with contrastive pairs", came="none", where=kept.folder.name,
            mend="Practise at least one epoch with two candidates or more.",
        )
    drawn = {
        (row["query"], row["epoch"], row["candidate"]): row for row in kept.rows("rollouts") if row["role"] == "artist"
    }
    texts = query_texts(kept)
    judged = kept.keyed("judgements")
    mode = kept.info["configuration"]["settings"].get("parse_mode", "lenient")
    return tuple(
        Contrast(
            row["pair"], row["query"], texts.get(row["query"], row["query"]), row["epoch"],
            drawn[row["query"], row["epoch"], row["better"]], drawn[row["query"], row["epoch"], row["worse"]],
            row["gap"], row["noise"], row["skipped"], judged.get(row["pair"]), mode,
        )
        for row in rows
    )


def query_texts(run: RunStore) -> dict[str, str]:
    """Query id -> text, as run.json has them."""
    lists = run.info["configuration"]["queries"]
    return {row["id"]: row["text"] for split in ("learn", "gate", "report") for row in lists[split]}
