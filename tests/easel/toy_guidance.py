"""A guidance whose score is exact: pictures of one colour a prompt, each pixel normal around it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from easel.errors import ConfigurationError
from easel.guidance import Carried, Distilled, DistilSettings, Side, check_picture, check_words, distilled


def alphabars(steps: int = 1000) -> torch.Tensor:
    """Stable Diffusion's schedule."""
    return torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, steps, dtype=torch.float64) ** 2, dim=0)


@dataclass(frozen=True)
class GaussianGuidance:
    """means : prompt -> (r, g, b) on screen, 0 to 1; anything : of the empty prompt; spread : deviation in [-1, 1]"""

    means: Mapping[str, tuple[float, float, float]]
    anything: tuple[float, float, float] = (0.5, 0.5, 0.5)
    size: int = 16
    spread: float = 0.1

    @property
    def source(self) -> str:
        return f"Gaussian toy of {len(self.means)} prompts, spread {self.spread}, {self.size} pixels"

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        return 3, self.size, self.size

    def check(self, prompt: str) -> None:
        check_words(prompt)
        if prompt not in self.means:
            raise ConfigurationError(f"one of the prompts {', '.join(self.means)}", came=repr(prompt), where="prompt")

    def distil(self, picture: torch.Tensor, prompt: str, *, settings: DistilSettings, progress: float,
               chance: torch.Generator, side: Side | None = None,
               noise: torch.Tensor | Carried | None = None) -> Distilled:
        check_picture(picture, self.size)
        self.check(prompt)

        def denoise(noisy: torch.Tensor, timestep: int, alphabar: float) -> torch.Tensor:
            without, told = (exact_epsilon(noisy, alphabar, mean, self.spread) for mean in (self.anything, self.means[prompt]))
            return without + settings.guidance_scale * (told - without)

        return distilled(picture * 2 - 1, denoise, alphabars(), settings=settings, progress=progress, chance=chance, about=prompt,
                         noise=noise)


def exact_epsilon(noisy: torch.Tensor, alphabar: float, mean: tuple[float, float, float], spread: float) -> torch.Tensor:
    """-sqrt(1 - alphabar) times the slope of log N(sqrt(alphabar) mu, alphabar spread^2 + 1 - alphabar)."""
    middle = (torch.tensor(mean, dtype=noisy.dtype) * 2 - 1)[None, :, None, None]
    variance = alphabar * spread**2 + 1 - alphabar
    return math.sqrt(1 - alphabar) * (noisy - math.sqrt(alphabar) * middle) / variance
