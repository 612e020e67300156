"""How close one epoch comes to its critical path, with a model that takes exactly one second a call.

    python benchmarks/bench_epoch.py

Critical path = draw + judge + update (one call each, everything else side by side) + CPU work / cores.
The CPU work is measured in the same run: rendering and scoring all candidates again, one thread, without the cache.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from drawagent import events
from drawagent.queries import Query, QueryLists
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_studio, start_run
from easel.connection import chain
from easel.scoring import ClipScorer

QUERIES, K, CONCURRENCY, SECONDS, REPEATS = 4, 5, 20, 1.0, 3
WORDS = ("a stool", "a lamp", "a guitar", "a bottle")


def main() -> None:
    import torch

    lists = QueryLists(learn=tuple(Query(id=f"q{i}", text=text, category=text) for i, text in enumerate(WORDS)))
    cores = os.cpu_count() or 1
    print(f"one epoch, {QUERIES} queries, K = {K}, concurrency {CONCURRENCY}, {SECONDS:g} s a call, {cores} cores")
    ratios = []
    for repeat in range(REPEATS):
        settings = DrawSettings.paper(candidates=K, epochs=1, seed=100 * repeat)
        reward = ViewReward.of(settings, ClipScorer.embedded("reward"))
        with tempfile.TemporaryDirectory() as folder:
            run = start_run(
                lists, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward,
                root=Path(folder), name="bench", date="2000-01-01",
            )
            artist = StandIn(seconds=SECONDS, bad=0.0)
            chat = chain(artist, store=run.replies, ledger=run.folder, concurrency=CONCURRENCY)
            studio = open_studio(
                lists, settings, chat=chat.chat, run=run, reward=reward, measured_by=reward, workers=CONCURRENCY
            )
            begun = time.perf_counter()
            scored = [event for event in studio.practise() if isinstance(event, events.CandidatesScored)]
            epoch = time.perf_counter() - begun
            run.close()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        again = ViewReward.of(settings, ClipScorer.embedded("reward", cache=False))
        begun = time.perf_counter()
        for event in scored:
            again(event.query.text, [one.candidate for one in event.scored])
        work = time.perf_counter() - begun
        torch.set_num_threads(threads)
        path = 3 * SECONDS + work / cores
        ratios.append(epoch / path)
        print(
            f"epoch {epoch:.2f} s; critical path = 3 calls x {SECONDS:g} s + CPU {work:.2f} s / {cores} cores"
            f" = {path:.2f} s; ratio {epoch / path:.3f}"
        )
    print(f"median ratio {sorted(ratios)[REPEATS // 2]:.3f} (limit 1.25)")


if __name__ == "__main__":
    main()
