"""A guidance without a model for tests of painting: it pulls every pixel towards the prompt's colour word."""

from __future__ import annotations

import torch

from easel.errors import ConfigurationError
from easel.guidance import Distilled, DistilSettings

COLOURS = {"red": (0.8, 0.1, 0.1), "green": (0.1, 0.7, 0.1), "blue": (0.1, 0.2, 0.8), "white": (0.9, 0.9, 0.9)}


class ToyGuidance:
    """source names its seed-free rule; noise : of the gradient, drawn from the chance; nan_at : call that goes wrong"""

    def __init__(self, size: int = 16, *, noise: float = 0.1, nan_at: int | None = None) -> None:
        self.size, self.noise, self.nan_at = size, noise, nan_at
        self.source = f"toy of {size} pixels, noise {noise}"
        self.calls: list[tuple[str, float, str | None]] = []
        self.pictures: list[torch.Tensor] = []

    def check(self, prompt: str) -> None:
        if not set(prompt.split()) & set(COLOURS):
            raise ConfigurationError(f"a word of {', '.join(COLOURS)}", came=repr(prompt), where="ToyGuidance")

    def distil(
        self, picture: torch.Tensor, prompt: str, *, settings: DistilSettings, progress: float,
        chance: torch.Generator, side: str | None = None,
    ) -> Distilled:
        self.calls.append((prompt, progress, side))
        self.pictures.append(picture.detach().clone())
        colour = torch.tensor(next(COLOURS[word] for word in prompt.split() if word in COLOURS))
        gradient = picture.detach() - colour[None, :, None, None]
        timestep = int(torch.randint(0, 1000, (1,), generator=chance))
        gradient = gradient + self.noise * torch.randn(gradient.shape, generator=chance)
        if self.nan_at is not None and len(self.calls) > self.nan_at:
            gradient = gradient * float("nan")
        return Distilled((gradient * picture).sum(), timestep, 1.0, float(gradient.norm()))
