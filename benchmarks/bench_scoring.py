"""How long scoring takes: `python -m benchmarks.bench_scoring [--model ViT-B-32]`, 5 candidates in 8 views, no cache.

Prints milliseconds a picture for both embedded models; with --model also for that architecture with random weights.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from easel.clip_scorer import ClipScorer
from easel.scoring import view_scores


def milliseconds(scorer: ClipScorer, pictures: np.ndarray, *, rounds: int = 5) -> float:
    """Best of `rounds`, in milliseconds a picture; pictures (B, V, H, W)."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        view_scores(scorer, pictures, "a chair")
        best = min(best, time.perf_counter() - start)
    return 1000 * best / (pictures.shape[0] * pictures.shape[1])


def random_model(name: str, pictures: np.ndarray) -> float:
    """Milliseconds a picture of open_clip's `name` with random weights, batched."""
    import torch

    from easel.torchvision_door import import_through_torchvision

    model = import_through_torchvision("open_clip").create_model(name).eval()
    shown = torch.from_numpy(pictures.reshape(-1, 1, *pictures.shape[2:])).expand(-1, 3, -1, -1)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(3):
            start = time.perf_counter()
            model.encode_image(shown)
            best = min(best, time.perf_counter() - start)
    return 1000 * best / len(shown)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="also this open_clip architecture, with random weights")
    parser.add_argument("--threads", type=int, default=0)
    given = parser.parse_args()
    if given.threads:
        import torch

        torch.set_num_threads(given.threads)
    pictures = (np.random.default_rng(0).random((5, 8, 224, 224)) > 0.05).astype(np.float32)
    for name in ("reward", "report"):
        start = time.perf_counter()
        scorer = ClipScorer.embedded(name, cache=False)
        loading = time.perf_counter() - start
        print(f"embedded {name}: {milliseconds(scorer, pictures):.2f} ms a picture, loaded in {loading:.1f} s")
    if given.model:
        print(f"{given.model}, random weights: {random_model(given.model, pictures):.1f} ms a picture")


if __name__ == "__main__":
    main()
