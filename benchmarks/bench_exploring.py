"""How close an object comes to its critical path, with models that take exactly one second a call.

    python benchmarks/bench_exploring.py

The paper's defaults (N = 2, M = 3, T = 3), six components, an Evaluator that is shown contact sheets, programs in real
jails. Critical path = (1 parse + 2 N of bootstrapping + 2 T of a path + 1 look) calls + CPU work / cores. The CPU work
is what the whole machine did in the same run, because a jail that is killed takes its account with it; so the machine
must be idle otherwise, which is measured first.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from easel.connection import chain
from easel.runs import RunStore
from shapecraft.exploring import Craft, explore
from shapecraft.keeping import Keeper
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from shapecraft.wall import open_wall

PROMPT, CONCURRENCY, SECONDS, LIMIT, IDLE = "a snowman", 32, 1.0, 1.25, 0.1


def machine() -> float:
    """Processor seconds that the whole machine was busy since it started: user, nice, system, irq, softirq."""
    user, nice, system, _, _, irq, soft = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def others() -> float:
    """Processors that others keep busy."""
    before = machine()
    time.sleep(2)
    return (machine() - before) / 2


def main() -> int:
    cores = os.cpu_count() or 1
    if (busy := others()) > IDLE:
        print(f"others keep {busy:.2f} processors busy: their work would count as ours (limit {IDLE})")
        return 2
    # No path stops early and no program fails, so that every run has the same calls.
    settings = CraftSettings.paper(threshold=10, part_facts=True)
    with open_wall() as wall, tempfile.TemporaryDirectory() as folder:
        for _ in explore(Craft(StandIn(bad=0, broken=0, sees_images=True), wall, PROMPT, settings.model_copy(
                update={"paths": 1, "steps": 1, "rounds": 1}))):
            pass  # compiles the rasteriser
        with RunStore.open(Path(folder), "bench", fingerprint="f" * 64, configuration={}, evidence="stand-in",
                           date="2000-01-01") as run:
            model = StandIn(bad=0, broken=0, seconds=SECONDS, sees_images=True)
            chat = chain(model, store=run.replies, ledger=run.folder, concurrency=CONCURRENCY)
            begun, before, own = time.perf_counter(), machine(), time.process_time()
            *_, done = explore(Craft(chat.chat, wall, PROMPT, settings, keeper=Keeper(run), stop=chat.stop))
            taken, work, own = time.perf_counter() - begun, machine() - before, time.process_time() - own
    calls = 1 + 2 * settings.rounds + 2 * settings.steps + 1
    path = calls * SECONDS + work / cores
    print(f"{len(done.graph)} components, M = {settings.paths}, T = {settings.steps}, N = {settings.rounds}: "
          f"{sum(count for _, count in done.tally.calls)} calls, {done.tally.attempts} programs, {cores} cores, "
          f"concurrency {CONCURRENCY}")
    print(f"{taken:.2f} s; critical path = {calls} calls x {SECONDS:g} s + CPU {work:.2f} s ({own:.2f} of this "
          f"process, the rest of jails) / {cores} cores = {path:.2f} s; ratio {taken / path:.3f} (limit {LIMIT})")
    return int(taken > LIMIT * path)


if __name__ == "__main__":
    raise SystemExit(main())
