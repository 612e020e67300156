"""Times the renderer against what it must keep up with; every figure is a ratio inside one run.

    python benchmarks/bench_raster.py [--repeats 9] [--threads 2] [--no-vit]

Scene: K = 5 random sketches of 32 strokes in V = 8 views, 2 px strokes, the ink share printed. The scorer is a
batched ViT-B-32 of random weights on the same 40 pictures. Ratios are medians over repeats whose two sides
run one after the other.
"""

from __future__ import annotations

import argparse
import statistics
import time

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


def clock(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(work, against, repeats: int) -> tuple[float, float, float]:
    """Median of work / against, and the median seconds of both."""
    work(), against()
    pairs = [(clock(work), clock(against)) for _ in range(repeats)]
    return (statistics.median(a / b for a, b in pairs), *(statistics.median(side) for side in zip(*pairs, strict=True)))


def learn(sketches, cameras, renderer=render, **settings) -> None:
    leaves = [sketch.clone().requires_grad_() for sketch in sketches]
    renderer(leaves, cameras, **settings).mean().backward()


def bench_vit(sketches, cameras, repeats: int) -> None:
    from easel.torchvision_door import import_through_torchvision

    model = import_through_torchvision("open_clip").create_model("ViT-B-32").visual.eval()
    pictures = render(sketches, cameras).flatten(0, 1)[:, None].expand(-1, 3, -1, -1).contiguous()

    def score():
        with torch.no_grad():
            model(pictures)

    share, drawing, scoring = ratio(lambda: render(sketches, cameras), score, max(3, repeats // 3))
    print(f"rendering / ViT-B-32 scoring of {len(pictures)} pictures: {100 * share:.2f} % (< 3 %) "
          f"[{1e3 * drawing:.1f} ms / {1e3 * scoring:.0f} ms]")


def bench_pydiffvg(sketches, cameras, repeats: int) -> None:
    from drawagent.raster_pydiffvg import render as peer
    from easel.errors import MissingCapability

    few, views = sketches[:1], cameras[:2]
    try:
        peer(few, views[:1], size=8)
    except MissingCapability as error:
        print(f"pydiffvg: not compared: {error}")
        return
    for name, ours, theirs, aim in (
        ("forward", lambda: render(few, views), lambda: peer(few, views, cells=2), 80),
        ("forward and backward", lambda: learn(few, views), lambda: learn(few, views, peer, cells=2), 200),
    ):
        times, slow, quick = ratio(theirs, ours, max(3, repeats // 3))
        print(f"pydiffvg (2 x 2 samples) / ours, {name}, 2 views: {times:.0f} times (aim {aim}) "
              f"[{1e3 * slow:.1f} ms / {1e3 * quick:.2f} ms]")
    batched = statistics.median(clock(lambda: render(sketches, cameras)) for _ in range(repeats))
    trained = statistics.median(clock(lambda: learn(sketches, cameras)) for _ in range(repeats))
    pictures = len(sketches) * len(cameras)
    print(f"  ours in a batch of {pictures}: {1e3 * batched / pictures:.2f} ms a picture forward "
          f"({slow_per_picture(peer, few, views, repeats) * pictures / batched:.0f} times), "
          f"{1e3 * trained / pictures:.2f} ms with backward "
          f"({slow_per_picture(peer, few, views, repeats, backward=True) * pictures / trained:.0f} times)")


def slow_per_picture(peer, few, views, repeats: int, *, backward: bool = False) -> float:
    work = (lambda: learn(few, views, peer, cells=2)) if backward else (lambda: peer(few, views, cells=2))
    return statistics.median(clock(work) for _ in range(max(3, repeats // 3))) / len(views)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--no-vit", action="store_true", help="skip the comparison with the scorer")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    repeats = options.repeats
    sketches, cameras = draw_sketches(5, 32), ring(8)
    pictures = render(sketches, cameras)
    print(f"torch {torch.__version__}, {options.threads} threads, {len(sketches) * len(cameras)} pictures of "
          f"32 strokes, 224 px, ink share {100 * float((1 - pictures).mean()):.1f} %")
    if not options.no_vit:
        bench_vit(sketches, cameras, repeats)
    both, slow, quick = ratio(lambda: learn(sketches, cameras), lambda: render(sketches, cameras), repeats)
    print(f"forward and backward / forward: {both:.2f} (<= 1.6) [{1e3 * slow:.1f} ms / {1e3 * quick:.1f} ms]")
    grown, large, small = ratio(
        lambda: render(sketches, cameras, size=512), lambda: render(sketches, cameras), repeats)
    print(f"512 px / 224 px, 2 px strokes: {grown:.2f} (< 3) [{1e3 * large:.1f} ms / {1e3 * small:.1f} ms]")
    counts = [32 * 2**power for power in range(8)]
    scenes = [draw_sketches(1, count) for count in counts]
    for scene in scenes:
        render(scene, cameras[:2])
    seconds = [statistics.median(clock(lambda s=scene: render(s, cameras[:2])) for _ in range(repeats))
               for scene in scenes]
    print("microseconds a stroke and view: "
          + ", ".join(f"{n}: {1e6 * s / n / 2:.1f}" for n, s in zip(counts, seconds, strict=True)))
    power = np.polyfit(np.log(counts[2:]), np.log(seconds[2:]), 1)[0]
    print(f"exponent of the cost in strokes, 128 to 4,096: {power:.2f} (1 is linear)")
    bench_pydiffvg(sketches, cameras, repeats)


if __name__ == "__main__":
    main()
