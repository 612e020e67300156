"""Run folders as practice writes them, with figures that a test gives: for the tests of tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from drawagent.experience import Library
from drawagent.keeping import RESCORED, Keeper
from drawagent.metrics import DrawingMetrics, SetMetrics
from drawagent.settings import DrawSettings
from easel.chat import Usage
from easel.jsonl import append, canonical
from easel.ledger import CALLS, Try
from easel.runs import RunStore
from easel.score_card import ScorerCard

CARD = ScorerCard("ViT-L", "ViT-L-14", "openai", "a sketch of {text}", "224x224", column="CLIP-ST")
OTHER = ScorerCard("ViT-B", "ViT-B-32", "laion", "a sketch of {text}", "224x224", column="CLIP (B/32)")
REWARD = ScorerCard("reward", "ViT-H", "laion", "a sketch of {text}", "224x224", column="CLIP (reward)")
PICTURES = "drawagent.raster:render|224|2.0|cam a;cam b"
DRAWN = "<curves>[[[0,0,0],[0,0,1],[0,1,1],[1,1,1]],[[0,0,0],[1,0,0],[1,1,0],[0,1,0]]]</curves>"
QUERIES = ("bench", "clock", "crane", "fern", "long bench", "long clock")
Score = Callable[[str, int, int], float]
"""(query, epoch, draw) -> similarity"""


def length(query: str) -> str:
    return "descriptive" if query.startswith("long") else "short"


def library(*words: str) -> Library:
    return Library.of_tips(list(words)) if words else Library()


def base(query: str, epoch: int = 0, draw: int = 0) -> float:
    """The empty library's score: another one for every query, no two alike."""
    return round(0.2 + 0.03 * QUERIES.index(query), 6)


def a_run(
    root: Path, score: Score = base, *, name: str = "mine", practice: int = 0, epochs: int = 2, draws: int = 1,
    evidence: str = "live", card: ScorerCard = CARD, reward: ScorerCard = REWARD, queries: Iterable[str] = QUERIES,
    failed: Mapping[tuple[str, int], str] | None = None, first: Library = Library(), settings: Mapping[str, Any] | None = None,
    pictures: str = PICTURES, drifted: int = 0, rescored: Mapping[ScorerCard, Score] | None = None,
    aesthetic: Score | None = None, status: str = "finished", home: Path | None = None, stopped: str = "",
) -> RunStore:
    """A finished practice. failed : (query, epoch) -> kind; rescored : what other scorers gave later"""
    queries, chosen = tuple(queries), DrawSettings.paper(practice=practice, **(settings or {}))
    configured = {
        "settings": chosen.model_dump(mode="json"), "model": "some model", "evidence": evidence,
        "measured_source": f"{card.source}|{pictures}", "first": first.key,
        "queries": {"learn": [], "gate": [], "source": "tests", "report": [
            {"id": slug(query), "text": f"a {query}", "category": query, "length": length(query)} for query in queries]},
    }
    cards: dict[str, Any] = {"report": vars(card), "reward": vars(reward)}
    if rescored:
        cards["rescored"] = {one.key[:12]: vars(one) for one in rescored}
    facts = {"cards": cards, **({"drifted": drifted} if drifted else {})}
    fingerprint = hashlib.sha256(json.dumps([configured, name]).encode()).hexdigest()
    run = RunStore.open(root, name, fingerprint=fingerprint, configuration=configured, evidence=evidence, facts=facts,
                        date="2000-01-01", home=home)
    keeper, failures = Keeper(run), failed or {}
    for epoch in range(epochs + 1):
        words = [f"lesson {number} of practice {practice} of {name}" for number in range(epoch)]
        keeper.library(epoch, library(*words) if epoch else first)
        for draw in range(draws):
            sets(keeper, score, queries, failures, epoch, draw, card, aesthetic)
            for other, given in (rescored or {}).items():
                sets(Keeper(run, f"{RESCORED}{other.key[:12]}/"), given, queries, failures, epoch, draw, other, None)
            for query in queries:
                rollout(run, "report", query, epoch, draw, failures.get((query, epoch), ""))
    for row, value in (("blank canvas", 0.1), ("random strokes", 0.15)):
        for other, under in ((card, ""), *((one, f"{RESCORED}{one.key[:12]}/") for one in rescored or ())):
            keeper_of = Keeper(run, under)
            keeper_of.measured(row, measured(other, queries, lambda query, value=value: value, {}, 0))
    run.append("practice", "finished", {"libraries": [], "best": "", "stopped_early": stopped})
    run.status(status)
    run.close()
    return run


def slug(query: str) -> str:
    return query.replace(" ", "-")


def sets(keeper, score, queries, failures, epoch, draw, card, aesthetic) -> None:
    rated = None if aesthetic is None else (lambda query: aesthetic(query, epoch, draw))
    made = measured(card, queries, lambda query: score(query, epoch, draw), failures, epoch, rated)
    keeper.measured(f"epoch {epoch}", made, epoch=epoch, draw=draw)


def measured(card, queries, score, failures, epoch, rated=None) -> SetMetrics:
    """What a scorer gave to one drawing of every query; its worst view is 0.05 below."""
    drawings = tuple(
        DrawingMetrics(slug(query), round(score(query), 6), round(score(query) - 0.05, 6), 1 + number,
                       (query, epoch) not in failures, 9, None if rated is None else rated(query))
        for number, query in enumerate(queries)
    )
    return SetMetrics(
        len(drawings), 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, card, drawings, None if rated is None else 1.0,
        f"{card.key}-{epoch}-{rated is not None}",
    )


def rollout(run, role, query, epoch, candidate, failure, *, keys=None) -> None:
    key = f"{role}/{query}/{epoch}/{candidate}"
    run.append("rollouts", key, {
        "role": role, "query": slug(query), "epoch": epoch, "candidate": candidate, "draw": candidate, "chosen": True,
        "failure": failure, "reason": "", "text": DRAWN, "reply_keys": [key] if keys is None else keys,
    })


def a_try(folder: Path, key: str, *, outcome: str = "ok", seconds: float = 6.0, usage: Usage = Usage(100, 50, 20, 10, 0.5),
          number: int = 1) -> None:
    one = Try(f"{key}#{number}", key, "artist/x/0/0", number, float(number), seconds, outcome, 200, usage, "some model")
    append(folder / CALLS, canonical(one.to_json()))


def a_sweep(root: Path, rows: Mapping[str, Iterable[RunStore | None]], *, baseline: str = "", grid: str = "g") -> Path:
    """The folder of a sweep whose cells are these runs; None is a cell that failed."""
    cells = []
    for row, runs in rows.items():
        for practice, run in enumerate(runs):
            key = f"{slug(row)}-p{practice}-0000000000"
            folder = root / "cells" / key
            folder.mkdir(parents=True, exist_ok=True)
            plan = {"key": key, "row": row, "practice": practice, "grid": grid, "notebook": "n", "parameters": {}}
            (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
            state = {"key": key, "row": row, "practice": practice, "state": "failed" if run is None else "finished",
                     "run": "" if run is None else str(Path("runs") / run.folder.name)}
            (folder / "cell.json").write_text(json.dumps(state), "utf-8")
            cells.append({"row": row, "practice": practice, "cell": key})
    (root / "grids").mkdir(parents=True, exist_ok=True)
    told = {"name": grid, "question": "Does it help?", "baseline": baseline, "practices": 3, "cells": cells}
    (root / "grids" / f"{grid}.json").write_text(json.dumps(told), "utf-8")
    (root / "sweep.json").write_text(json.dumps({"format": "easel-sweep/1", "changes": {}}), "utf-8")
    return root


def files_of_a_method(root: Path, score: Score = base, *, method: str = "Their method", card: ScorerCard = CARD,
                      queries: Iterable[str] = QUERIES, missing: Iterable[str] = (), pictures: str = PICTURES,
                      own: bool = False) -> RunStore:
    """A run as `drawagent score` writes it."""
    queries, gone = tuple(queries), set(missing)
    configured = {
        "settings": DrawSettings.paper().model_dump(mode="json"), "model": method, "method": method,
        "evidence": "external", "measured_source": f"{card.source}|{pictures}",
        "queries": {"learn": [], "gate": [], "source": "", "report": [
            {"id": slug(query), "text": f"a {query}", "category": query, "length": length(query)} for query in queries]},
    }
    run = RunStore.open(root, method, fingerprint=method.encode().hex(), configuration=configured, evidence="external",
                        facts={"cards": {"report": vars(card)}}, date="2000-01-01")
    failures = {(query, 0): "no file" for query in gone}
    sets(Keeper(run), score, queries, failures, 0, 0, card, None)
    Keeper(run).measured("blank canvas", measured(card, queries, lambda query: 0.1, {}, 0))
    for query in queries:
        run.append("drawings", slug(query), {
            "query": slug(query), "valid": query not in gone, "reason": "no file" if query in gone else "",
            "views_of": "the method's own" if own else "ours",
        })
    run.status("finished")
    run.close()
    return run


def renamed(card: ScorerCard, **changes: Any) -> ScorerCard:
    return replace(card, **changes)
