"""The embedded painter's folder: diffusers opens it offline, its card, its closed vocabulary."""

from __future__ import annotations

import json

import pytest
import torch

from easel.diffusion import DiffusersGuidance
from easel.errors import ConfigurationError, MissingCapability
from easel.painter import LABEL, painter_card, painter_folder, vocabulary_of
from easel.torchvision_door import import_through_torchvision


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of the painter's kind with random weights, written as its trainer writes it."""
    from data.make.material_captions import vocabulary
    from data.make.painter_card import write_card
    from data.make.painter_model import new_painter, save_painter

    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("painter")
    save_painter(new_painter(), place)
    write_card(place, words=vocabulary(), parameters=1, training={
        "command": "none", "steps": 0, "of_steps": 0, "batch": 1, "pictures": 0, "seed": 0, "cpu_seconds": 0})
    return place


def test_the_card_says_what_it_is(folder):
    card = painter_card(folder)
    assert card.name == "embedded-painter" and card.what.startswith(f"{LABEL}: ") and card.size == 32
    assert len(card.colours) == 12 and dict(card.colours)["red"] == "#b3202a"
    assert len(card.materials) >= 24 and dict(card.families)["oak"] == dict(card.families)["wood"] == "wood"
    assert set(card.silent) <= set(card.words) and "leather" not in card.silent


def test_a_broken_card_is_told(folder, tmp_path):
    broken = json.loads((folder / "card.json").read_text()) | {"words": []}
    (tmp_path / "card.json").write_text(json.dumps(broken))
    with pytest.raises(ConfigurationError, match=r"expected a painter's card\.json, got .*words"):
        painter_card(tmp_path)


def test_unknown_words_are_refused_with_their_nearest(folder):
    words = vocabulary_of(folder)
    words.check("Red leather seat, matt; rusty iron legs")
    with pytest.raises(ConfigurationError) as raised:
        words.check("a red lether seat with spikes")
    assert "words that the embedded-painter model knows" in str(raised.value)
    assert "'lether', 'spikes'" in str(raised.value) and "lether: leather" in str(raised.value)
    assert "use a real diffusion model, or let it guess (allow_unknown=True where the model is opened)." in str(raised.value)
    with pytest.raises(ConfigurationError):
        words.check("")
    vocabulary_of(folder, allow_unknown=True).check("a red lether seat with spikes")


def test_folders_of_large_models_have_no_closed_vocabulary(tmp_path):
    assert vocabulary_of(tmp_path) is None


def test_a_gpu_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match=r"a CUDA device that torch can use, got none \(at device cuda:1\)\. Leave the device away"):
        DiffusersGuidance.embedded(device="cuda:1")


def test_without_weights_the_error_says_how_to_make_them(monkeypatch, tmp_path):
    monkeypatch.setattr("easel.painter.__file__", str(tmp_path / "painter.py"))
    with pytest.raises(MissingCapability, match=r"python -m data\.make\.train_painter"):
        painter_folder()


def test_diffusers_opens_it_offline_and_denoises_a_step(folder):
    import torch

    import_through_torchvision("diffusers")
    from diffusers import DiffusionPipeline

    pipeline = DiffusionPipeline.from_pretrained(folder, local_files_only=True, vae=None, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    assert pipeline.vae is None and pipeline.unet.config.in_channels == pipeline.unet.config.out_channels == 3
    assert pipeline.scheduler.config.prediction_type == "epsilon"
    shown = [pipeline("red leather", num_inference_steps=2, output_type="latent",
                      generator=torch.Generator().manual_seed(5)).images for _ in range(2)]
    assert shown[0].shape == (1, 3, 32, 32) and torch.isfinite(shown[0]).all()
    assert torch.equal(*shown)


def test_the_denoiser_can_be_asked_part_by_part(folder):
    """As guidance asks it: tokens of full length, one noise estimate for each picture, gradients to the picture."""
    import torch

    from data.make.painter_model import load_painter

    painter = load_painter(folder)
    noisy = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)).requires_grad_()
    words = painter.encode(["", "rusty iron"])
    assert words.shape == (2, 24, 96)
    guessed = painter.denoiser(noisy, torch.tensor([20, 900]), encoder_hidden_states=words).sample
    assert guessed.shape == noisy.shape
    guessed.square().sum().backward()
    assert float(noisy.grad.abs().sum()) > 0


def test_it_is_small(folder):
    assert sum(path.stat().st_size for path in folder.rglob("*.safetensors")) <= 15_000_000
