"""Times one pull of a guidance and its shares: text, the way to the latents, denoiser, the rest, backward.

    python benchmarks/bench_guidance.py [FOLDER] [--pulls 30] [--device cpu] [--dtype float32] [--size 512]

Without a folder the embedded painter. One thread unless `--threads` says otherwise; processor time is counted, so that
what else the machine does hardly matters, and on a GPU the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from easel.diffusion import DiffusersGuidance
from easel.guidance import DistilSettings
from easel.painter import painter_folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--pulls", type=int, default=30)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default=None)
    parser.add_argument("--size", type=int, default=None)
    parser.add_argument("--pictures", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cuda = options.device != "cpu"
    guidance = DiffusersGuidance(options.folder or painter_folder(), device=options.device, dtype=options.dtype,
                                 size=options.size, allow_unknown=True)
    spent: dict[str, float] = {}

    def clock() -> float:
        if cuda:
            torch.cuda.synchronize()
        return time.perf_counter() if cuda else time.process_time()

    def timed(name: str, does: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **settings: Any) -> Any:
            start = clock()
            found = does(*given, **settings)
            spent[name] = spent.get(name, 0.0) + 1e3 * (clock() - start)
            return found
        return wrapped

    for name, method in (("text", "_told"), ("way to the latents", "latents"), ("denoiser and guidance", "_denoise")):
        setattr(guidance, method, timed(name, getattr(guidance, method)))
    chance = torch.Generator().manual_seed(0)
    picture = torch.rand((options.pictures, 3, guidance.size, guidance.size), generator=chance)
    picture = picture.to(options.device).requires_grad_(True)
    print(f"{guidance.source}; weights {guidance.megabytes:.0f} MB; {options.pictures} picture(s), "
          f"{options.threads} thread(s)")
    rows: list[dict[str, float]] = []
    for seed in range(options.pulls + 1):
        spent.clear()
        start = clock()
        answer = guidance.distil(picture, "red leather", settings=DistilSettings(), progress=0.5,
                                 chance=torch.Generator().manual_seed(seed), side="front")
        whole = 1e3 * (clock() - start)
        spent["the rest of the pull"] = whole - sum(spent.values())
        start = clock()
        torch.autograd.grad(answer.loss, picture)
        spent["backward"] = 1e3 * (clock() - start)
        if seed:
            rows.append(dict(spent))
        else:
            print(f"first pull, its texts encoded: {whole:.1f} ms")
    names = list(rows[0])
    medians = {name: statistics.median(row[name] for row in rows) for name in names}
    whole = sum(medians.values())
    for name, median in medians.items():
        print(f"{name:24} {median:8.2f} ms  {100 * median / whole:4.1f} %")
    print(f"{'a pull':24} {whole:8.2f} ms")
    if cuda:
        print(f"highest memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
