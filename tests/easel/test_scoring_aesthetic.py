"""AestheticScorer with random weights in the published file's format."""

from __future__ import annotations

import numpy as np
import pytest

from easel.aesthetic import FILE, AestheticScorer, layers
from easel.errors import ConfigurationError, MissingCapability
from easel.score_card import ScorerCard


class Embedder:
    """Embeds a picture as 768 numbers drawn from its mean: what ClipScorer would give, without its weights."""

    def __init__(self, width=768):
        self.width = width
        self.card = ScorerCard("fake", "ViT-L-14-quickgelu", "openai", "{text}", "224x224")

    def embed_images(self, images):
        seeds = [int(picture.mean() * 1e6) for picture in np.asarray(images)]
        rows = np.stack([np.random.default_rng(seed).normal(size=self.width) for seed in seeds])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def weights(tmp_path):
    import torch

    torch.manual_seed(3)
    path = tmp_path / FILE
    torch.save(dict(layers().state_dict()), path)
    return path


def test_file_format_is_the_published_one(weights):
    import torch

    shapes = {key: tuple(value.shape) for key, value in torch.load(weights, weights_only=True).items()}
    assert shapes == {
        "layers.0.weight": (1024, 768), "layers.0.bias": (1024,),
        "layers.2.weight": (128, 1024), "layers.2.bias": (128,),
        "layers.4.weight": (64, 128), "layers.4.bias": (64,), "layers.6.weight": (16, 64), "layers.6.bias": (16,),
        "layers.7.weight": (1, 16), "layers.7.bias": (1,),
    }


def test_scores_are_the_five_linear_maps(weights):
    import torch

    pictures = np.random.default_rng(0).random((5, 8, 8))
    scores = AestheticScorer(weights, clip=Embedder()).scores(pictures)
    x = Embedder().embed_images(pictures).astype(np.float64)
    state = torch.load(weights, weights_only=True)
    for index in (0, 2, 4, 6, 7):
        x = x @ state[f"layers.{index}.weight"].double().numpy().T + state[f"layers.{index}.bias"].double().numpy()
    np.testing.assert_allclose(scores, x[:, 0], atol=1.1e-4)
    assert scores.shape == (5,)
    assert AestheticScorer(weights, clip=Embedder()).scores(pictures[:1]).shape == (1,)


def test_card_stands_in_its_own_column(weights):
    card = AestheticScorer(weights, clip=Embedder()).card
    assert card.column == "AES"
    assert card.scale == "aesthetic score"
    assert not card.stand_in
    assert "openai" in card.weights


def test_missing_and_wrong_files(tmp_path, weights, monkeypatch):
    from huggingface_hub import constants

    with pytest.raises(MissingCapability, match="improved-aesthetic-predictor"):
        AestheticScorer(tmp_path / "none.pth", clip=Embedder())
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    with pytest.raises(MissingCapability):
        AestheticScorer(clip=Embedder())
    cached = tmp_path / "hub" / "models--someone--aesthetic" / "snapshots" / "abc" / FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(weights.read_bytes())
    assert AestheticScorer(clip=Embedder()).card.column == "AES"
    weights.write_bytes(b"not a state dict")
    with pytest.raises(ConfigurationError, match="768-1024-128-64-16-1"):
        AestheticScorer(weights, clip=Embedder())


def test_another_clip_is_refused(weights):
    with pytest.raises(ConfigurationError, match="width 512"):
        AestheticScorer(weights, clip=Embedder(512)).scores(np.ones((1, 4, 4)))
