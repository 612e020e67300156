"""How long it takes to open a run of 1,000 rollouts in the pair viewer.

    python benchmarks/bench_open_run.py [ROLLOUTS]

The run folder holds real replies (data/llm_sketches) as its rollouts, with the pairs, judgements, edits and libraries
of ten epochs. Imports, and plotly's making of its classes at the first figure, are timed apart: the limit of 2 s is
beyond them. Nothing is asked of a model.
"""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from drawagent.experience import Add, Library, Modify, apply_edits, diff
from drawagent.settings import DrawSettings
from easel.runs import RunStore
from easel.score_card import ScorerCard

ROOT = Path(__file__).resolve().parents[1]
CANDIDATES, EPOCHS, VIEWS, LIMIT = 5, 10, 8, 2.0
CARD = ScorerCard("bench", "none", "none", "{text}", "none", column="bench", stand_in=True)


def build(root: Path, rollouts: int = 1000) -> Path:
    """A run folder of so many rollouts, K = 5, ten epochs; its scores are made up and its words are real replies."""
    replies = [path.read_text("utf-8") for path in sorted((ROOT / "data" / "llm_sketches").glob("*.txt"))]
    queries = [f"q{number}" for number in range(-(-rollouts // (CANDIDATES * EPOCHS)))]
    lists = {"learn": [{"id": q, "text": f"a thing {q}", "category": q, "length": "short"} for q in queries],
             "gate": [], "report": [], "source": "made up"}
    run = RunStore.open(
        root, "bench", fingerprint="0" * 64, evidence="stand-in", date="2000-01-01",
        configuration={"settings": DrawSettings.paper().model_dump(mode="json"), "queries": lists, "reward": "bench"},
        facts={"cards": {"reward": vars(CARD), "report": vars(CARD)}},
    )
    with run:
        library = Library()
        run.append("libraries", "e0", {"epoch": 0, **library.to_json()})
        turn = itertools.cycle(replies)
        for epoch in range(EPOCHS):
            for query in queries:
                _group(run, epoch, query, turn)
            library = _learn(run, epoch, queries, library)
    return run.folder


def _group(run: RunStore, epoch: int, query: str, turn: Any) -> None:
    for k in range(CANDIDATES):
        views = [round(0.2 + 0.01 * k + 0.001 * view, 6) for view in range(VIEWS)]
        run.append("rollouts", f"{query}/e{epoch}/k{k}", {
            "role": "artist", "reference": False, "query": query, "epoch": epoch, "candidate": k, "failure": "",
            "reason": "", "forgiven": [], "repaired": False, "reply_keys": ["0" * 64], "text": next(turn),
            "strokes": 24, "sketch_key": "0" * 64, "reward": round(sum(views) / VIEWS, 6), "penalty": 0.0,
            "view_scores": views, "text_scored": query, "reward_key": "0" * 64,
        })
    pair = {"pair": f"{query}/e{epoch}/p0", "query": query, "epoch": epoch, "better": CANDIDATES - 1, "worse": 0,
            "gap": 0.04, "noise": 0.001}
    run.append("pairs", pair["pair"], {**pair, "skipped": ""})
    run.append("judgements", pair["pair"], {
        **pair, "order": "S+ S-", "advantage": "Because its parts meet where they should. " * 30, "failure": "",
        "reason": "", "reply_keys": ["0" * 64],
    })


def _learn(run: RunStore, epoch: int, queries: list[str], library: Library) -> Library:
    pairs = [f"{query}/e{epoch}/p0" for query in queries]
    edits: list[Any] = [Add(op="add", text=f"Lesson {epoch}.{n}: keep parts joined.", because=(pairs[n],))
                        for n in range(min(4, len(pairs)))]
    edits += [Modify(op="modify", id=lesson.id, text=f"{lesson.text} Again.", because=(pairs[0],))
              for lesson in library.lessons[:2]]
    after, outcomes = apply_edits(library, edits, epoch=epoch)
    run.append("edits", f"e{epoch}/", {
        "epoch": epoch, "query": "", "outcomes": [one.row() for one in outcomes],
        "diff": diff(library, after).lines(), "before": library.key, "after": after.key, "reply_keys": [],
        "failure": "", "reason": "",
    })
    run.append("libraries", f"e{epoch + 1}", {"epoch": epoch + 1, **after.to_json()})
    return after


def measure(folder: Path) -> dict[str, float]:
    """Seconds of each step, in order; those of "imports" and "afterwards" do not count as opening."""
    begun = time.perf_counter()
    import ipywidgets  # noqa: F401  imports are not counted
    import plotly.graph_objects as go

    from widgets.pair_viewer import PairViewer

    go.FigureWidget(go.Figure(go.Scatter3d(x=[0], y=[0], z=[0])))
    seconds = {"imports and a first figure": time.perf_counter() - begun}
    begun = time.perf_counter()
    viewer = PairViewer(folder)
    for what, step in (
        ("open: read pairs, rollouts, judgements", lambda: None),
        ("facts and dispute of the first pair", lambda: viewer.dispute),
        ("lessons and their lives", lambda: viewer.lessons),
        ("live widget", viewer.widget),
    ):
        step()
        seconds[what] = time.perf_counter() - begun
        begun = time.perf_counter()
    for what, step in (("afterwards: next pair", lambda: viewer.show(1)), ("afterwards: static page", viewer.html)):
        begun = time.perf_counter()
        step()
        seconds[what] = time.perf_counter() - begun
    return seconds


def opening(seconds: dict[str, float]) -> float:
    """Seconds until the first pair is seen."""
    return sum(value for what, value in seconds.items() if not what.startswith(("imports", "afterwards")))


def main() -> None:
    rollouts = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as root:
        begun = time.perf_counter()
        folder = build(Path(root), rollouts)
        size = sum(path.stat().st_size for path in folder.glob("*.jsonl"))
        counted = len(RunStore.read(folder).rows("rollouts"))
        print(f"{counted} rollouts, {size / 1e6:.1f} MB of rows, built in {time.perf_counter() - begun:.1f} s")
        seconds = measure(folder)
        for what, value in seconds.items():
            print(f"  {value:6.3f} s  {what}")
        print(json.dumps({"rollouts": counted, "open_seconds": round(opening(seconds), 3), "limit": LIMIT}))


if __name__ == "__main__":
    main()
