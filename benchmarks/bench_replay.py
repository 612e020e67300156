"""Seconds that the replay of the recorded tour takes beyond imports: scores and figures are taken from the record.

    python benchmarks/bench_replay.py

Limit: 3 s. Imports and the loading of the two embedded models are told apart.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path


def main() -> None:
    begun = time.perf_counter()
    from drawagent.recordings import Recording
    from drawagent.replaying import open_replay
    from drawagent.studio import open_scorer

    recording = Recording.read("tour")
    for name in recording.info["scorers"].values():
        open_scorer(name)
    imported = time.perf_counter()
    seconds = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            studio = open_replay(recording, root=Path(folder), date="2026-01-01", recompute=False)
            with studio.run:
                events = sum(1 for _ in studio.practise()) + sum(1 for _ in studio.report())
            seconds.append(time.perf_counter() - start)
    print(f"imports and models {imported - begun:.2f} s")
    best, middle, _ = sorted(seconds)
    print(f"replay, {events} events: {best:.2f} s at best, {middle:.2f} s in the middle of 3 (limit 3 s)")


if __name__ == "__main__":
    main()
