"""A whole step with models of Stable Diffusion 1.5's and SDXL's true sizes, random weights: memory and seconds, printed."""

from __future__ import annotations

import resource
import time

import pytest
import torch

from easel.diffusion import DiffusersGuidance
from easel.guidance import DistilSettings
from tests.easel.guidance_suite import picture_of
from tests.easel.tiny_models import kept_for_backward, packages, save_stable_diffusion

PARAMETERS = {"denoiser": 859_520_964, "text": 123_060_480, "vae": 34_163_664}
"""Of Stable Diffusion 1.5; of the VAE, encoder and its last convolution only."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_stable_diffusion(tmp_path_factory.mktemp("full"))


@pytest.mark.acceptance
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("size", [256, 512])
def test_one_step_of_stable_diffusion(folder, size, capsys):
    started = time.perf_counter()
    guidance = DiffusersGuidance(folder, dtype="bfloat16", size=size)
    opened = time.perf_counter() - started
    model = guidance._model
    counted = {"denoiser": model.denoiser, "text": model.encoders[0][1], "vae": model.vae}
    assert {name: sum(one.numel() for one in part.parameters()) for name, part in counted.items()} == PARAMETERS
    assert guidance.megabytes == pytest.approx(2 * sum(PARAMETERS.values()) / 1e6)
    picture = picture_of(size).requires_grad_(True)
    rows = []
    for seed in range(2):
        marks, spent = [time.perf_counter()], time.process_time()
        answer = guidance.distil(picture, "a red leather seat", settings=DistilSettings(), progress=0.0,
                                 chance=torch.Generator().manual_seed(seed), side="front")
        marks.append(time.perf_counter())
        gradient, = torch.autograd.grad(answer.loss, picture)
        marks.append(time.perf_counter())
        rows.append((marks[1] - marks[0], marks[2] - marks[1], time.process_time() - spent))
        assert gradient.shape == (1, 3, size, size) and bool(torch.isfinite(gradient).all()) and float(gradient.abs().max()) > 0
    kept = kept_for_backward(guidance, picture)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    with capsys.disabled():
        print(f"\nStable Diffusion 1.5's shape, {size} x {size}, bfloat16, CPU, {torch.get_num_threads()} threads: opened in {opened:.1f} s, "
              f"weights {guidance.megabytes:.0f} MB, distil {rows[1][0]:.1f} s, backward {rows[1][1]:.1f} s, of processors {rows[1][2]:.1f} s, the encoder keeps "
              f"{kept / 1e6:.0f} MB ({kept / size**2 / 1e3:.1f} KB a pixel), highest resident memory so far {peak:.1f} GB")


@pytest.mark.acceptance
@pytest.mark.timeout(600)
def test_the_weights_of_sdxl_are_counted(capsys):
    """On the meta device: nothing is computed."""
    diffusers, transformers = packages()
    with torch.device("meta"):
        unet = diffusers.UNet2DConditionModel(
            sample_size=128, block_out_channels=(320, 640, 1280), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=2048, attention_head_dim=(5, 10, 20),
            transformer_layers_per_block=(1, 2, 10), use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816)
        second = transformers.CLIPTextModelWithProjection(transformers.CLIPTextConfig(
            hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, projection_dim=1280))
    counts = [sum(one.numel() for one in part.parameters()) for part in (unet, second)]
    assert counts == [2_567_463_684, 694_659_840]
    halves = 2 * (sum(counts) + PARAMETERS["text"]) + 4 * PARAMETERS["vae"]
    with capsys.disabled():
        print(f"\nSDXL base: weights {halves / 1e9:.1f} GB, denoiser and text encoders in half precision, the VAE's encoder in float32")
