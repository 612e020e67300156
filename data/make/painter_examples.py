"""Captioned pictures that the painter is trained on: made once, kept in one file (ours)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.make.material_captions import example
from data.make.material_pictures import SIZE, draw


@dataclass(frozen=True)
class Examples:
    """pictures : (N, SIZE, SIZE, 3) uint8, sRGB; captions : N sentences"""

    pictures: np.ndarray
    captions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.captions)


def one(seed: int, index: int) -> tuple[np.ndarray, str]:
    """A picture with its caption, decided by both numbers."""
    rng = np.random.default_rng([seed, index])
    scene, caption = example(rng)
    return draw(scene, rng), caption


def read_or_make(path: Path, *, count: int, seed: int, log=lambda text: None) -> Examples:
    """The first `count` examples of a seed; what the file lacks is made and added, every 500, so that a kill loses
    little."""
    pictures, captions = np.zeros((0, SIZE, SIZE, 3), np.uint8), ()
    if path.exists():
        with np.load(path) as kept:
            pictures, captions = kept["pictures"], tuple(kept["captions"].tolist())
    while len(captions) < count:
        made = [one(seed, index) for index in range(len(captions), min(count, len(captions) + 500))]
        pictures = np.concatenate([pictures, np.stack([picture for picture, _ in made])])
        captions += tuple(caption for _, caption in made)
        part = path.with_suffix(".part.npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(part, pictures=pictures, captions=np.array(captions))
        part.replace(path)
        log(f"{len(captions)} pictures")
    return Examples(pictures[:count], captions[:count])
