"""Parts of one's own for `30_extend`: a judge, a pairing policy, a scorer and a renderer, each under 20 lines.

Each is named as "own_parts:Name" where the package's own parts stand in the settings; start from this folder.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from drawagent.geometry import facts
from drawagent.judge import Judgement
from drawagent.raster import render
from drawagent.rollout import Pair
from easel.scoring import ClipScorer


@dataclass(frozen=True)
class FactJudge:
    """Says in words which measured facts differ between S+ and S-; asks no model."""

    model: Any
    settings: Any

    def __call__(self, pair, group, query, library):
        better, worse = (facts(side.candidate.drawn) for side in (pair.better, pair.worse))
        words = (
            f"Because the better drawing has {better.loose_ends} loose ends against {worse.loose_ends}, "
            f"{better.components} connected parts against {worse.components}, and uses depth {better.depth_use:.2f} "
            f"against {worse.depth_use:.2f}."
        )
        return Judgement(pair, words, "S+ S-")


def best_median(scored, *, seed):
    """The best against the one in the middle: a finer contrast than best against worst."""
    drawn = sorted((s for s in scored if s.candidate.sketch), key=lambda s: (-s.reward, s.candidate.index))
    if len(drawn) < 2 or drawn[0].reward == drawn[len(drawn) // 2].reward:
        return ()
    best, middle = drawn[0], drawn[len(drawn) // 2]
    return (Pair(best.candidate.query, best.candidate.epoch, best, middle),)


class BothClips:
    """Both embedded CLIPs as one: joined embeddings, whose cosine is the mean of the two cosines."""

    def __init__(self):
        self._parts = (ClipScorer.embedded("reward"), ClipScorer.embedded("report"))
        one, other = (part.card for part in self._parts)
        self.card = replace(one, name="both toy CLIPs", model=f"{one.model} + {other.model}", column="toy CLIP (both)",
                            weights=f"{one.weights} + {other.weights}",
                            preprocessing=f"{one.preprocessing} + {other.preprocessing}")

    def embed_images(self, images):
        return np.hstack([part.embed_images(images) for part in self._parts]) / np.float32(np.sqrt(2))

    def embed_texts(self, texts):
        return np.hstack([part.embed_texts(texts) for part in self._parts]) / np.float32(np.sqrt(2))

    def check_text(self, text):
        self._parts[0].check_text(text)


def soft(sketches, cameras, *, size, width, device="cpu"):
    """Drawn twice as large and averaged down: softer ink. Shapes as `drawagent.raster.render` gives them."""
    large = render(sketches, cameras, size=2 * size, width=2 * width, device=device)
    batch, views = large.shape[:2]
    return large.reshape(batch, views, size, 2, size, 2).mean(dim=(3, 5))
