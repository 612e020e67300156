"""What painting is tested with: a guidance without a model, which pulls every pixel towards the prompt's colour word, a
stool, and settings for a second of work."""

from __future__ import annotations

import math

import numpy as np
import torch
import trimesh

from easel.errors import ConfigurationError
from easel.guidance import Carried, Distilled, DistilSettings
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_settings import PaintSettings
from shapecraft.paint_views import ViewPlan
from shapecraft.painting import PaintSubject
from shapecraft.texture_field import FieldSettings

COLOURS = {"red": (0.8, 0.1, 0.1), "green": (0.1, 0.7, 0.1), "blue": (0.1, 0.2, 0.8), "white": (0.9, 0.9, 0.9)}
GUIDED = DistilSettings(guidance_scale=1.0)
TINY = PaintSettings(
    8, 0.05, GUIDED, GUIDED, FieldSettings(levels=3, entries_log2=9, coarsest=4, finest=16, hidden=16), over="apart",
    environments=("overcast",), lights=1, shared_light=0.1, views=ViewPlan(whole=3, close=2), samples=1,
    checkpoint_every=2,
)


def part(name: str, shape: trimesh.Trimesh, at: tuple[float, float, float] = (0, 0, 0)) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces))


def stool() -> ObjectMesh:
    """A seat, a leg below it, and a core that the seat hides."""
    return ObjectMesh((
        part("seat", trimesh.creation.box((1.0, 1.0, 0.4)), (0, 0, 0.8)),
        part("leg", trimesh.creation.cylinder(0.1, 0.6, sections=16), (0, 0, 0.3)),
        part("core", trimesh.creation.box((0.6, 0.6, 0.2)), (0, 0, 0.8)),
    ))


SUBJECT = PaintSubject(stool(), "a white stool", ("red seat", "blue leg", "green core"))


class ToyGuidance:
    """source names its seed-free rule; noise : of the gradient, drawn from the chance, given or carried on;
    nan_at : call that goes wrong"""

    def __init__(self, size: int = 16, *, noise: float = 0.1, nan_at: int | None = None) -> None:
        self.size, self.noise, self.nan_at = size, noise, nan_at
        self.noise_shape = (3, size, size)
        self.source = f"toy of {size} pixels, noise {noise}"
        self.calls: list[tuple[str, float, str | None]] = []
        self.pictures: list[torch.Tensor] = []
        self.noises: list[torch.Tensor | Carried | None] = []

    def check(self, prompt: str) -> None:
        if not set(prompt.split()) & set(COLOURS):
            raise ConfigurationError(f"a word of {', '.join(COLOURS)}", came=repr(prompt), where="ToyGuidance")

    def distil(
        self, picture: torch.Tensor, prompt: str, *, settings: DistilSettings, progress: float,
        chance: torch.Generator, side: str | None = None, noise: torch.Tensor | Carried | None = None,
    ) -> Distilled:
        self.calls.append((prompt, progress, side))
        self.pictures.append(picture.detach().clone())
        self.noises.append(noise)
        seen = picture.detach()
        colour = torch.tensor(next(COLOURS[word] for word in prompt.split() if word in COLOURS))
        timestep = int(torch.randint(0, 1000, (1,), generator=chance))
        alphabar = 1 - (timestep + 1) / 1001
        if noise is None:
            noise = torch.randn(seen.shape, generator=chance)
        met = noise.noise(seen) if isinstance(noise, Carried) else noise
        gradient = seen - colour[None, :, None, None] + self.noise * met
        if self.nan_at is not None and len(self.calls) > self.nan_at:
            gradient = gradient * float("nan")
        carried = Carried(math.sqrt(alphabar) * seen + math.sqrt(1 - alphabar) * met, alphabar)
        return Distilled((gradient * picture).sum(), timestep, 1.0, float(gradient.norm()), carried)
