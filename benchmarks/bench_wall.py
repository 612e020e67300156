"""Wall: real programs from a stocked pool against the same programs in a fresh jail each; limit 1/3 of the median.

Every program runs in both, one after the other, GLB and measures included; the pool is full again before each. Then
the throughput without stock: as many programs at a time as there are processors, every one waiting for its own jail.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from easel.bubblewrap import try_bubblewrap
from shapecraft.blender_interpreter import find_blender
from shapecraft.jail import Jail
from shapecraft.jail_plan import JailPlan
from shapecraft.outcome import Job
from shapecraft.wall import open_wall

LIMIT = 1 / 3
PROGRAMS = sorted((Path(__file__).resolve().parent.parent / "data/llm_programs").glob("*/*__*.txt"))


def main() -> int:
    jobs = [Job(re.search(r"```\w*\n(.*?)```", path.read_text("utf-8"), re.S)[1], f"{path.parent.name}/{path.stem}")
            for path in PROGRAMS]
    plan = JailPlan(try_bubblewrap().path, find_blender())
    stocked, fresh, ran = [], [], 0
    with open_wall(2) as wall:
        wall.run(jobs[0])
        for job in jobs:
            wall.fill()
            start = time.perf_counter()
            one = wall.run(job)
            middle = time.perf_counter()
            wall.fill()
            again = time.perf_counter()
            jail = Jail(plan)
            jail.wait()
            two = jail.run(job)
            end = time.perf_counter()
            assert (one.kind, one.glb) == (two.kind, two.glb), job.name
            stocked.append(middle - start)
            fresh.append(end - again)
            ran += one.kind == "ran"
    workers = os.cpu_count() or 1
    with open_wall(0) as empty, ThreadPoolExecutor(workers) as threads:
        empty.run(jobs[0])
        start = time.perf_counter()
        list(threads.map(empty.run, jobs))
        seconds = time.perf_counter() - start
    ratio = statistics.median(stocked) / statistics.median(fresh)
    print(f"{len(jobs)} real programs, {ran} of them give meshes; {workers} processors")
    print(f"stocked pool  median {statistics.median(stocked) * 1000:5.0f} ms, slowest {max(stocked) * 1000:5.0f} ms")
    print(f"fresh jail    median {statistics.median(fresh) * 1000:5.0f} ms, slowest {max(fresh) * 1000:5.0f} ms")
    print(f"stocked / fresh {ratio:.3f}, limit {LIMIT:.3f}: {'kept' if ratio <= LIMIT else 'MISSED'}")
    print(f"empty pool    {len(jobs) / seconds:.1f} programs a second")
    return ratio > LIMIT


if __name__ == "__main__":
    sys.exit(main())
