"""Times the renderer against what it must keep up with; every figure is a ratio inside one run.

    python benchmarks/bench_raster.py [--repeats 9] [--threads 1] [--wall] [--no-vit]

Scene: K = 5 random sketches of 32 strokes in V = 8 views, 2 px strokes, the ink share printed. The scorer is a
batched ViT-B-32 of random weights on the same 40 pictures. Ratios are medians over repeats whose two sides
run one after the other. By default both sides get one thread and processor time is counted, so that what else the
machine does hardly matters; `--threads N --wall` times them as a user waits for them, on a machine that is idle.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from drawagent.raster import render
from drawagent.sketch import Sketch
from easel.cameras import ring


def draw_sketches(count: int, strokes: int, *, seed: int = 0) -> list[torch.Tensor]:
    """Random walks of four control points in the cube, about as long and as bent as a language model's strokes."""
    generator = np.random.default_rng(seed)
    sketches = []
    for _ in range(count):
        start = generator.uniform(-1, 1, (strokes, 1, 3))
        steps = generator.normal(0, 0.22, (strokes, 1, 3)) + generator.normal(0, 0.08, (strokes, 3, 3))
        points = np.concatenate([start, start + np.cumsum(steps, axis=1)], axis=1)
        sketches.append(torch.tensor(Sketch.from_array(points).normalised().array(), dtype=torch.float32))
    return sketches


@dataclass(frozen=True)
class Clock:
    """Counts the seconds of calls: `now` is a clock of the processor or of the wall."""

    now: Callable[[], float]
    repeats: int

    def once(self, work) -> float:
        start = self.now()
        work()
        return self.now() - start

    def seconds(self, work) -> float:
        work()
        return statistics.median(self.once(work) for _ in range(self.repeats))

    def ratio(self, work, against) -> tuple[float, float, float]:
        """Median of work / against over pairs that run one after the other, and the median seconds of both."""
        work(), against()
        pairs = [(self.once(work), self.once(against)) for _ in range(self.repeats)]
        sides = (statistics.median(side) for side in zip(*pairs, strict=True))
        return statistics.median(a / b for a, b in pairs), *sides


def learn(sketches, cameras, renderer=render, **settings) -> None:
    leaves = [sketch.clone().requires_grad_() for sketch in sketches]
    renderer(leaves, cameras, **settings).mean().backward()


def bench_vit(sketches, cameras, clock: Clock) -> None:
    from easel.torchvision_door import import_through_torchvision

    model = import_through_torchvision("open_clip").create_model("ViT-B-32").visual.eval()
    pictures = render(sketches, cameras).flatten(0, 1)[:, None].expand(-1, 3, -1, -1).contiguous()

    def score():
        with torch.no_grad():
            model(pictures)

    share, drawing, scoring = clock.ratio(lambda: render(sketches, cameras), score)
    print(f"rendering / ViT-B-32 scoring of {len(pictures)} pictures: {100 * share:.2f} % (< 3 %) "
          f"[{1e3 * drawing:.1f} ms / {1e3 * scoring:.0f} ms]")


def bench_growth(cameras, clock: Clock) -> None:
    counts = [32 * 2**power for power in range(8)]
    scenes = [draw_sketches(1, count) for count in counts]
    seconds = [clock.seconds(lambda scene=scene: render(scene, cameras)) for scene in scenes]
    print("microseconds a stroke and view: " + ", ".join(
        f"{count}: {1e6 * spent / count / len(cameras):.1f}" for count, spent in zip(counts, seconds, strict=True)))
    power = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
    print(f"exponent of the cost in strokes, 32 to 4,096: {power:.2f} (1 is linear)")


def bench_pydiffvg(sketches, cameras, clock: Clock) -> None:
    from drawagent.raster_pydiffvg import render as peer
    from easel.errors import MissingCapability

    few, views, pictures = sketches[:1], cameras[:2], len(sketches) * len(cameras)
    try:
        peer(few, views[:1], size=8)
    except MissingCapability as error:
        print(f"pydiffvg: not compared: {error}")
        return
    for name, ours, theirs, aim in (
        ("forward", lambda: render(sketches, cameras), lambda: peer(few, views, cells=2), 80),
        ("forward and backward", lambda: learn(sketches, cameras), lambda: learn(few, views, peer, cells=2), 200),
    ):
        times, slow, quick = clock.ratio(theirs, ours)
        print(f"pydiffvg (2 x 2 samples) / ours, {name}: {times * pictures / len(views):.0f} times (aim {aim}) "
              f"[{1e3 * slow / len(views):.1f} ms / {1e3 * quick / pictures:.2f} ms a picture]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wall", action="store_true", help="count seconds on the wall, not of the processor")
    parser.add_argument("--no-vit", action="store_true", help="skip the comparison with the scorer")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = Clock(time.perf_counter if options.wall else time.process_time, options.repeats)
    sketches, cameras = draw_sketches(5, 32), ring(8)
    ink = float((1 - render(sketches, cameras)).mean())
    print(f"torch {torch.__version__}, threads: {options.threads}, {'wall' if options.wall else 'processor'} time, "
          f"{len(sketches) * len(cameras)} pictures of 32 strokes, 224 px, ink share {100 * ink:.1f} %")
    if not options.no_vit:
        bench_vit(sketches, cameras, clock)
    both, slow, quick = clock.ratio(lambda: learn(sketches, cameras), lambda: render(sketches, cameras))
    print(f"forward and backward / forward: {both:.2f} (<= 1.6) [{1e3 * slow:.1f} ms / {1e3 * quick:.1f} ms]")
    grown, large, small = clock.ratio(lambda: render(sketches, cameras, size=512), lambda: render(sketches, cameras))
    print(f"512 px / 224 px, 2 px strokes: {grown:.2f} (< 3) [{1e3 * large:.1f} ms / {1e3 * small:.1f} ms]")
    bench_growth(cameras[:4], clock)
    bench_pydiffvg(sketches, cameras, clock)


if __name__ == "__main__":
    main()
