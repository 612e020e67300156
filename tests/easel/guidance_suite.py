"""What every guidance must do; `check_guidance` runs all of it over one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import torch

from easel.errors import ConfigurationError
from easel.guidance import Carried, Distilled, DistilSettings, Guidance

PLAIN = DistilSettings(guidance_scale=7.5)


def picture_of(size: int, *, rows: int = 1, seed: int = 0, **kind: Any) -> torch.Tensor:
    return torch.rand((rows, 3, size, size), generator=torch.Generator().manual_seed(seed), **kind)


def pulled(guidance: Guidance, picture: torch.Tensor, prompt: str, *, seed: int = 0, progress: float = 0.5,
           settings: DistilSettings = PLAIN, side: Any = None, noise: Any = None) -> tuple[Distilled, torch.Tensor]:
    """(answer, gradient of the pictures)"""
    leaf = picture.clone().requires_grad_(True)
    answer = guidance.distil(leaf, prompt, settings=settings, progress=progress, chance=torch.Generator().manual_seed(seed), side=side,
                             noise=noise)
    gradient, = torch.autograd.grad(answer.loss, leaf)
    return answer, gradient


def check_guidance(guidance: Guidance, prompt: str) -> None:
    for check in (_names_itself, _refuses_prompts, _refuses_pictures, _pulls, _is_decided_by_its_generator, _weighs, _clips,
                  _narrows, _averages_over_pictures, _takes_all_sides, _takes_noise, _carries_noise_on, _refuses_noise):
        check(guidance, prompt)


def _names_itself(guidance, prompt):
    assert guidance.size >= 8
    assert guidance.source and "\n" not in guidance.source and guidance.source == guidance.source


def _refuses_prompts(guidance, prompt):
    guidance.check(prompt)
    for empty in ("", "  ", " , "):
        with pytest.raises(ConfigurationError):
            guidance.check(empty)
        with pytest.raises(ConfigurationError):
            pulled(guidance, picture_of(guidance.size), empty)


def _refuses_pictures(guidance, prompt):
    size = guidance.size
    for wrong in (picture_of(size)[0], picture_of(size)[:, :2], picture_of(size)[:, :, 1:], picture_of(size)[:0]):
        with pytest.raises(ConfigurationError, match=rf"expected pictures \(B, 3, {size}, {size}\) of floats"):
            pulled(guidance, wrong, prompt)
    with pytest.raises(ConfigurationError, match="Linear light goes through"):
        pulled(guidance, picture_of(size) * 3, prompt)
    broken = picture_of(size)
    broken[0, 0, 0, 0] = torch.nan
    with pytest.raises(ConfigurationError, match="expected screen values between 0 and 1, got nan to nan"):
        pulled(guidance, broken, prompt)
    with pytest.raises(ConfigurationError, match="progress between 0 and 1, got 1.5"):
        pulled(guidance, picture_of(size), prompt, progress=1.5)


def _pulls(guidance, prompt):
    before = torch.get_rng_state()
    answer, gradient = pulled(guidance, picture_of(guidance.size), prompt)
    assert torch.equal(torch.get_rng_state(), before), "the global generator was used"
    assert answer.loss.shape == () and bool(torch.isfinite(gradient).all()) and float(gradient.abs().max()) > 0
    assert gradient.dtype == torch.float32
    assert answer.norm > 0 and 0 < answer.weight <= 1
    assert float(answer.loss.detach()) == pytest.approx(answer.norm**2 / 2, rel=1e-3)
    asked = guidance.distil(picture_of(guidance.size), prompt, settings=PLAIN, progress=0.5, chance=torch.Generator().manual_seed(0))
    assert not asked.loss.requires_grad, "something else than the picture takes a gradient"


def _is_decided_by_its_generator(guidance, prompt):
    picture = picture_of(guidance.size)
    first, again, other = (pulled(guidance, picture, prompt, seed=seed) for seed in (4, 4, 5))
    assert first[0].timestep == again[0].timestep and torch.equal(first[1], again[1])
    assert not torch.equal(first[1], other[1])


def _weighs(guidance, prompt):
    picture = picture_of(guidance.size)
    weighted, gradient = pulled(guidance, picture, prompt)
    plain, unweighted = pulled(guidance, picture, prompt, settings=replace(PLAIN, weighting="uniform"))
    torch.testing.assert_close(gradient, unweighted * weighted.weight, rtol=1e-3, atol=1e-5 * float(gradient.abs().max()))
    own, doubled = pulled(guidance, picture, prompt, settings=replace(PLAIN, weighting=lambda alphabar: 2.0))
    torch.testing.assert_close(doubled, unweighted * 2, rtol=1e-3, atol=1e-5 * float(doubled.abs().max()))
    assert (plain.weight, own.weight) == (1.0, 2.0)


def _clips(guidance, prompt):
    picture = picture_of(guidance.size)
    free, gradient = pulled(guidance, picture, prompt)
    held, half = pulled(guidance, picture, prompt, settings=replace(PLAIN, clip=free.norm / 2))
    untouched, same = pulled(guidance, picture, prompt, settings=replace(PLAIN, clip=free.norm * 2))
    torch.testing.assert_close(half, gradient / 2, rtol=1e-3, atol=1e-5 * float(gradient.abs().max()))
    # a sum's order may differ by where its numbers lie in memory
    torch.testing.assert_close(same, gradient, rtol=1e-5, atol=1e-6 * float(gradient.abs().max()))
    assert math.isclose(held.norm, free.norm, rel_tol=1e-5) and math.isclose(untouched.norm, free.norm, rel_tol=1e-5)
    assert float(held.loss.detach()) == pytest.approx((free.norm / 2) ** 2 / 2, rel=1e-3)


def _narrows(guidance, prompt):
    picture = picture_of(guidance.size)
    steps = {progress: [pulled(guidance, picture, prompt, seed=seed, progress=progress)[0].timestep for seed in range(12)]
             for progress in (0.0, 1.0)}
    assert max(steps[0.0]) > 500 >= max(steps[1.0]) and min(steps[0.0] + steps[1.0]) >= 20


def _averages_over_pictures(guidance, prompt):
    """The first of two pictures meets the same noise as it would alone, and gets half of its gradient."""
    pair = picture_of(guidance.size, rows=2)
    both, gradient = pulled(guidance, pair, prompt)
    alone, first = pulled(guidance, pair[:1], prompt)
    assert both.timestep == alone.timestep and both.norm >= alone.norm * (1 - 1e-3)
    torch.testing.assert_close(gradient[:1] * 2, first, rtol=1e-2, atol=1e-3 * float(first.abs().max()))


def _takes_all_sides(guidance, prompt):
    for side in ("front", "side", "back", "overhead", "below", None):
        answer, _ = pulled(guidance, picture_of(guidance.size), prompt, side=side)
        assert answer.norm > 0


def drawn(guidance: Guidance, *, seed: int, rows: int = 1) -> torch.Tensor:
    """The noise that a guidance draws by itself: after the timestep, of which any range takes one number."""
    chance = torch.Generator().manual_seed(seed)
    torch.randint(0, 2, (), generator=chance)
    return torch.randn((rows, *guidance.noise_shape), generator=chance)


def _takes_noise(guidance, prompt):
    """In place of what it draws; the timestep stays what it was."""
    _, height, width = guidance.noise_shape
    assert all(isinstance(one, int) and one >= 1 for one in guidance.noise_shape) and height == width
    assert guidance.size % height == 0
    for rows in (1, 2):
        picture = picture_of(guidance.size, rows=rows)
        plain, gradient = pulled(guidance, picture, prompt, seed=6)
        given, same = pulled(guidance, picture, prompt, seed=6, noise=drawn(guidance, seed=6, rows=rows))
        assert torch.equal(gradient, same) and given.timestep == plain.timestep
        other, elsewhere = pulled(guidance, picture, prompt, seed=6, noise=drawn(guidance, seed=7, rows=rows))
        assert other.timestep == plain.timestep and not torch.equal(elsewhere, gradient)


def _carries_noise_on(guidance, prompt):
    """Of the same picture at the same timestep what it carried is the noise it saw, and is carried again."""
    picture = picture_of(guidance.size, rows=2)
    noise = drawn(guidance, seed=8, rows=2)
    first, gradient = pulled(guidance, picture, prompt, seed=6, noise=noise)
    assert isinstance(first.carried, Carried)
    assert first.carried.noisy.shape == noise.shape and not first.carried.noisy.requires_grad
    assert 0 < first.carried.alphabar < 1
    again, same = pulled(guidance, picture, prompt, seed=6, noise=first.carried)
    torch.testing.assert_close(same, gradient, rtol=1e-2, atol=1e-3 * float(gradient.abs().max()))
    assert again.carried is not None and again.carried.alphabar == first.carried.alphabar
    torch.testing.assert_close(again.carried.noisy, first.carried.noisy, rtol=1e-4, atol=1e-4)
    lighter, _ = pulled(guidance, picture.mul(0.5), prompt, seed=6, noise=first.carried)
    torch.testing.assert_close(lighter.carried.noisy, first.carried.noisy, rtol=1e-4, atol=1e-4)
    elsewhere, _ = pulled(guidance, picture, prompt, seed=7, noise=first.carried)
    assert elsewhere.timestep != first.timestep
    assert elsewhere.carried.alphabar != first.carried.alphabar


def _refuses_noise(guidance, prompt):
    shape = (1, *guidance.noise_shape)
    for wrong in (torch.zeros(shape)[0], torch.zeros((2, *shape[1:])), torch.zeros(shape)[:, :, 1:]):
        for noise in (wrong, Carried(wrong, 0.5)):
            with pytest.raises(ConfigurationError) as told:
                pulled(guidance, picture_of(guidance.size), prompt, noise=noise)
            assert str(told.value).startswith(f"expected noise {shape}, got {tuple(wrong.shape)} (at distil)")
