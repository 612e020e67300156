"""Scoring: images against words (3DrawAgent, section 3: r is the CLIP cosine of rendered views and the prompt)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from easel.aesthetic import AestheticScorer
from easel.clip_scorer import ClipScorer
from easel.errors import ConfigurationError
from easel.score_card import ScorerCard, scaled

__all__ = ["AestheticScorer", "ClipScorer", "ImageTextScorer", "ScorerCard", "cosine", "scaled", "view_scores"]

DIGITS = 6  # scores are rounded before they decide anything: vector units (and batches, for large CLIPs) move the rest


@runtime_checkable
class ImageTextScorer(Protocol):
    """Embeds pictures and words into one space. Implementations are thread-safe."""

    card: ScorerCard

    def embed_images(self, images: Any) -> np.ndarray:
        """(M, H, W) or (M, 3, H, W) in [0, 1], numpy or torch -> (M, D) float32, rows of length 1."""

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """T prompts, without the template -> (T, D) float32, rows of length 1."""

    def check_text(self, text: str) -> None:
        """Raises ConfigurationError where the scorer does not know the text's words."""


def cosine(image_embeddings: np.ndarray, text_embeddings: np.ndarray) -> np.ndarray:
    """(M, D) and (T, D), rows of length 1 -> (M, T) float64 cosines, rounded to 1e-6."""
    image_embeddings, text_embeddings = np.atleast_2d(image_embeddings), np.atleast_2d(text_embeddings)
    if image_embeddings.shape[1] != text_embeddings.shape[1]:
        raise ConfigurationError("embeddings of one model", where="cosine",
                                 came=f"widths {image_embeddings.shape[1]} and {text_embeddings.shape[1]}")
    products = image_embeddings.astype(np.float64) @ text_embeddings.astype(np.float64).T
    return np.round(products, DIGITS) + 0.0


def view_scores(scorer: ImageTextScorer, images: Any, text: str) -> np.ndarray:
    """Raw cosine of every view and one text.

    images : (B, V, H, W) in [0, 1], paper 1, ink 0; or (B, V, 3, H, W)
    Returns (B, V) float64, rounded to 1e-6. Means over views are the caller's, so that views are kept.
    """
    shape = tuple(images.shape)
    if len(shape) not in (4, 5):
        raise ConfigurationError("pictures of shape (B, V, H, W) or (B, V, 3, H, W)", came=f"shape {shape}",
                                 where="view_scores")
    if shape[0] * shape[1] == 0:
        return np.zeros(shape[:2])
    embedded = scorer.embed_images(images.reshape(shape[0] * shape[1], *shape[2:]))
    return cosine(embedded, scorer.embed_texts([text])).reshape(shape[:2])
