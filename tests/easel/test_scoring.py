"""Cards, cosines and per-view scores, with a scorer whose embeddings are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from easel.errors import ConfigurationError
from easel.scoring import ImageTextScorer, ScorerCard, cosine, scaled, view_scores

CARD = ScorerCard("test", "m", "w", "a sketch of {text}", "2x2")


class FirstPixels:
    """Embeds a picture as its first two pixels, and every text as (1, 0)."""

    card = CARD

    def embed_images(self, images):
        rows = np.asarray(images).reshape(len(images), -1)[:, :2].astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def embed_texts(self, texts):
        return np.tile(np.array([[1.0, 0.0]], np.float32), (len(texts), 1))

    def check_text(self, text):
        return None


def test_cosine_is_the_product_of_unit_rows_rounded():
    images, texts = np.array([[0.6, 0.8], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, -1.0], [0.6, 0.8]])
    assert cosine(images, texts).tolist() == [[0.6, -0.8, 1.0], [1.0, 0.0, 0.6]]
    assert cosine(np.array([[1 / 3, 0]]), np.array([[1.0, 0]])).tolist() == [[0.333333]]
    assert str(cosine(np.array([[1.0, 0.0]]), np.array([[0.0, -1.0]]))[0, 0]) == "0.0"  # never -0.0 in a table


def test_cosine_refuses_two_models():
    with pytest.raises(ConfigurationError, match="widths 2 and 3"):
        cosine(np.eye(2), np.eye(3))


def test_view_scores_keep_views_in_order():
    images = np.zeros((2, 3, 1, 2))
    images[..., 0, 0] = [[1, 0, 0.6], [0.8, 1, 0]]
    images[..., 0, 1] = [[0, 1, 0.8], [0.6, 0, 1]]
    scores = view_scores(FirstPixels(), images, "anything")
    np.testing.assert_allclose(scores, [[1, 0, 0.6], [0.8, 1, 0]], atol=1e-6)
    assert scores.dtype == np.float64


def test_view_scores_of_nothing_and_of_a_wrong_shape():
    assert view_scores(FirstPixels(), np.zeros((0, 8, 4, 4)), "x").shape == (0, 8)
    with pytest.raises(ConfigurationError, match=r"\(B, V, H, W\)"):
        view_scores(FirstPixels(), np.zeros((4, 4)), "x")


def test_protocol_is_what_a_plain_class_fulfils():
    assert isinstance(FirstPixels(), ImageTextScorer)


def test_printing_scales():
    assert scaled(0.25).tolist() == 0.25
    assert scaled(np.array([0.25, -0.1]), "x100").tolist() == [25.0, -10.0]
    assert scaled(np.array([0.25, -0.1]), "2.5").tolist() == [0.625, 0.0]
    with pytest.raises(ConfigurationError, match="raw"):
        scaled(0.1, "percent")


def test_card_identity_follows_what_decides_numbers():
    elsewhere = dataclasses.replace(CARD, device="cuda", versions=(("torch", "9"),), name="other label")
    assert elsewhere.key == CARD.key
    for change in ({"model": "n"}, {"weights": "v"}, {"template": "{text}"}, {"preprocessing": "3x3"},
                   {"precision": "bf16"}, {"scale": "aesthetic score"}, {"column": "toy CLIP (reward)"}):
        assert dataclasses.replace(CARD, **change).key != CARD.key
