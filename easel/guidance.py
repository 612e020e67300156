"""Guidance: what pulls a picture towards a text: score distillation (ShapeCraft, step 5; DreamFusion, section 3).

The picture is noised, a frozen diffusion model says which noise it sees, and the picture moves against the difference
from the noise that was added. No gradient passes through the model. `distilled` is that arithmetic, for any model.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from easel.errors import ConfigurationError, EaselError

if TYPE_CHECKING:
    import torch

Side = Literal["front", "side", "back", "overhead", "below"]
Prediction = Literal["epsilon", "v_prediction"]
Weighting = Callable[[float], float]
"""Share of the clean picture's variance in the noisy one, alphabar in [0, 1] -> factor of the gradient, >= 0."""
NamedWeighting = Literal["sds", "uniform", "fantasia3d", "reconstruction"]

VIEW_WORDS: dict[str, str] = {"front": "front view", "side": "side view", "back": "back view",
                              "overhead": "overhead view", "below": "bottom view"}
"""DreamFusion's words and, for the fifth side, which it does not look from, stable-dreamfusion's."""
_BEYOND = 1e-3  # outside [0, 1] that rounding may bring


class GuidanceError(EaselError, ArithmeticError):
    """A model answered with NaN or infinity; nothing reached what is painted."""


@dataclass(frozen=True)
class DistilSettings:
    """How one term pulls.

    guidance_scale : s of eps = eps(negative) + s (eps(prompt) - eps(negative)), so that 1 is no guidance
        (paper silent; DreamFusion: 100; close relatives 50 to 100. DreamFusion writes omega = s - 1)
    negative_prompt : what stands against the prompt (paper: classifier-free guidance, hence the empty text)
    weighting : of the gradient, one of `weighting_of`'s names, or a function of alphabar (paper: SDS, w silent;
        DreamFusion: "sds")
    first_range, last_range : shares of the training schedule between which the timestep is drawn, at progress 0 and
        1, and between them linearly (paper silent; close relatives: 0.02 to 0.98, narrowing to 0.02 to 0.5)
    clip : largest norm of the gradient with regard to what the model sees (latents, or pixels in [-1, 1]), of each
        picture, after the weighting; None: none (paper silent; None). A norm grows with the square root of the size
    view_words : append where the picture is taken from (DreamFusion, section 3.2)

    Raises ConfigurationError for numbers outside, and for unknown names.
    """

    guidance_scale: float = 100.0
    negative_prompt: str = ""
    weighting: NamedWeighting | Weighting = "sds"
    first_range: tuple[float, float] = (0.02, 0.98)
    last_range: tuple[float, float] = (0.02, 0.5)
    clip: float | None = None
    view_words: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.guidance_scale) and self.guidance_scale >= 0):
            raise ConfigurationError("a guidance scale of 0 or more", came=str(self.guidance_scale),
                                     where="DistilSettings.guidance_scale")
        for name in ("first_range", "last_range"):
            low, high = getattr(self, name)
            if not 0 <= low <= high <= 1:
                raise ConfigurationError("shares of the schedule, 0 <= low <= high <= 1", came=str((low, high)),
                                         where=f"DistilSettings.{name}")
        if self.clip is not None and not (math.isfinite(self.clip) and self.clip > 0):
            raise ConfigurationError("a largest norm above 0, or None", came=str(self.clip),
                                     where="DistilSettings.clip")
        weighting_of(self.weighting)

    @property
    def source(self) -> str:
        """Canonical one-line text. A weighting of your own stands in it by its module and name alone."""
        shown = self.weighting if isinstance(self.weighting, str) else weighting_name(self.weighting)
        return (f"scale={self.guidance_scale:g}, negative={self.negative_prompt!r}, weighting={shown}, "
                f"timesteps={_shares(self.first_range)} to {_shares(self.last_range)}, clip={self.clip}, "
                f"view_words={self.view_words}")


@dataclass(frozen=True, eq=False)
class Carried:
    """A picture as a model last saw it: noisy (B, C, h, w), and the share alphabar of the clean one's variance in it.

    The next time, the noise is what is left of it when the picture, as it is by then, is taken out, so that picture
    and noise go down together as in DDIM: what is drawn from noise that stays is one picture; what is drawn from fresh
    noise is the mean of many, which has no pattern (Lukoianov et al., Score Distillation via Reparametrized DDIM,
    2024, where the noise is found by inversion; carrying it on is of our own).
    """

    noisy: torch.Tensor
    alphabar: float

    def noise(self, seen: torch.Tensor) -> torch.Tensor:
        """In a picture that is now `seen`, alike in shape."""
        return (self.noisy.to(seen) - math.sqrt(self.alphabar) * seen) / math.sqrt(max(1 - self.alphabar, 1e-6))


@dataclass(frozen=True)
class Distilled:
    """One answer.

    loss : () half the squared norm of the gradient with regard to what the model sees, mean over the pictures; its
        own gradient with regard to the pictures is the SDS gradient, not the slope of that number
    timestep : of the training schedule, one for all pictures; weight : w of that timestep
    norm : of the weighted gradient before clipping, the largest of the pictures; carried : what the model saw
    """

    loss: torch.Tensor
    timestep: int
    weight: float
    norm: float
    carried: Carried | None = None


class Guidance(Protocol):
    """A model that pulls pictures towards texts. `tests/easel/guidance_suite.py` says what every one must do."""

    @property
    def size(self) -> int:
        """Pixels of a side of the pictures it wants, height = width."""
        ...

    @property
    def source(self) -> str:
        """Canonical one-line identity: model, revision or hash of the weights, precision."""
        ...

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        """(C, h, w) of the noise that one picture gets: of its latents, or of its pixels."""
        ...

    def check(self, prompt: str) -> None:
        """Raises ConfigurationError for a prompt without a word, too long a one, and unknown words."""
        ...

    def distil(self, picture: torch.Tensor, prompt: str, *, settings: DistilSettings, progress: float,
               chance: torch.Generator, side: Side | None = None,
               noise: torch.Tensor | Carried | None = None) -> Distilled:
        """Pulls (B, 3, size, size) screen values, sRGB in [0, 1].

        progress : of the run, 0 to 1; side : where the pictures are taken from
        chance : on the CPU; decides timestep and noise, so that its seed, the picture and the prompt decide everything
        noise : (B, C, h, w) of `noise_shape`, standard normal, in place of what chance draws; or what an earlier
            answer carried of the same picture

        Raises ConfigurationError for other pictures and noise, GuidanceError for an answer that is not finite.
        """
        ...


def weighting_sds(alphabar: float) -> float:
    """1 - alphabar: sigma_t^2, DreamFusion's, and so stable-dreamfusion's, Magic3D's and threestudio's."""
    return 1 - alphabar


def weighting_uniform(alphabar: float) -> float:
    """1: all timesteps alike, as threestudio's "uniform"."""
    return 1.0


def weighting_fantasia3d(alphabar: float) -> float:
    """sqrt(alphabar) (1 - alphabar): little for the noisiest timesteps too; Fantasia3D's code and threestudio's."""
    return math.sqrt(alphabar) * (1 - alphabar)


def weighting_reconstruction(alphabar: float) -> float:
    """sqrt((1 - alphabar) / alphabar): the gradient is then the picture less the clean one that the model sees in it.

    MVDream's reconstruction loss (section 3.3), without its rescaling of the guided answer. 0 where alphabar is 0, from
    which nothing can be seen.
    """
    return math.sqrt((1 - alphabar) / alphabar) if alphabar > 0 else 0.0


def weighting_of(named: str | Weighting) -> Weighting:
    """The function of a name; a function is returned as it is. Raises ConfigurationError for another name."""
    match named:
        case "sds":
            return weighting_sds
        case "uniform":
            return weighting_uniform
        case "fantasia3d":
            return weighting_fantasia3d
        case "reconstruction":
            return weighting_reconstruction
    if isinstance(named, str) or not callable(named):
        raise ConfigurationError("a weighting: sds, uniform, fantasia3d, reconstruction, or a function of alphabar",
                                 came=repr(named), where="DistilSettings.weighting")
    return named


def timestep_range(settings: DistilSettings, progress: float, steps: int) -> tuple[int, int]:
    """Lowest and highest timestep that may be drawn, both included, of a schedule of `steps`.

    Raises ConfigurationError for progress outside 0 to 1.
    """
    if not 0 <= progress <= 1:
        raise ConfigurationError("progress between 0 and 1", came=str(progress), where="distil")
    low, high = (steps * (first + progress * (last - first))
                 for first, last in zip(settings.first_range, settings.last_range, strict=True))
    lowest = min(int(low + 1e-6), steps - 1)
    return lowest, min(max(int(high + 1e-6), lowest), steps - 1)


def epsilon_of(answer: torch.Tensor, noisy: torch.Tensor, alphabar: float, prediction: Prediction) -> torch.Tensor:
    """The noise that a model's answer stands for; v = sqrt(alphabar) eps - sqrt(1 - alphabar) clean."""
    if prediction == "epsilon":
        return answer
    return math.sqrt(alphabar) * answer + math.sqrt(1 - alphabar) * noisy


def distilled(seen: torch.Tensor, denoise: Callable[[torch.Tensor, int, float], torch.Tensor], alphabars: torch.Tensor,
              *, settings: DistilSettings, progress: float, chance: torch.Generator, about: str,
              noise: torch.Tensor | Carried | None = None) -> Distilled:
    """Score distillation of what a model sees.

    seen : (B, C, H, W) latents or pixels as the model takes them, with or without a gradient
    denoise : (noisy (B, C, H, W), timestep, alphabar) -> the noise it sees, alike, with guidance; called without
        gradients
    alphabars : (N,) the model's schedule, on the CPU
    about : the prompt, for errors
    noise : as `seen`, or carried on; None: drawn by chance, after the timestep

    Raises ConfigurationError for noise of another shape, GuidanceError where the answer, and so the gradient, has a
    NaN or infinity.
    """
    import torch

    given = noise.noisy if isinstance(noise, Carried) else noise
    if given is not None and given.shape != seen.shape:
        raise ConfigurationError(f"noise {tuple(seen.shape)}", came=str(tuple(given.shape)), where="distil")
    low, high = timestep_range(settings, progress, len(alphabars))
    timestep = int(torch.randint(low, high + 1, (), generator=chance))
    alphabar = float(alphabars[timestep])
    weight = float(weighting_of(settings.weighting)(alphabar))
    if not (math.isfinite(weight) and weight >= 0):
        raise ConfigurationError("a weighting that gives a finite number, 0 or more", came=str(weight),
                                 where=f"timestep {timestep}")
    with torch.no_grad():
        if noise is None:
            noise = torch.randn(seen.shape, generator=chance, dtype=torch.float32)
        noise = noise.noise(seen) if isinstance(noise, Carried) else noise.to(seen)
        noisy = math.sqrt(alphabar) * seen + math.sqrt(1 - alphabar) * noise
        gradient = weight * (denoise(noisy, timestep, alphabar).to(seen.dtype) - noise)
        norms = torch.linalg.vector_norm(gradient, dim=(1, 2, 3), keepdim=True)
        norm = float(norms.max())
        if not math.isfinite(norm):
            raise GuidanceError("a finite gradient from the guidance", came="NaN or infinity",
                                where=f"timestep {timestep}, prompt {about!r}",
                                mend="Half precision can overflow: try bfloat16 or float32; otherwise the weights are "
                                     "broken, or the picture was not finite.")
        if settings.clip is not None:
            gradient = gradient * (settings.clip / norms.clamp_min(settings.clip))
        worth = 0.5 * gradient.square().sum() / len(seen)
    pull = (gradient * seen).sum() / len(seen)
    return Distilled(pull - pull.detach() + worth, timestep, weight, norm, Carried(noisy, alphabar))


def check_picture(picture: Any, size: int) -> None:
    """Raises ConfigurationError unless it is (B, 3, size, size) of floats in [0, 1]."""
    import torch

    if not isinstance(picture, torch.Tensor) or picture.ndim != 4 or not picture.is_floating_point() or (
            tuple(picture.shape[1:]) != (3, size, size) or not len(picture)):
        came = (f"{picture.dtype} {tuple(picture.shape)}" if isinstance(picture, torch.Tensor)
                else type(picture).__name__)
        raise ConfigurationError(f"pictures (B, 3, {size}, {size}) of floats", came=came, where="distil",
                                 mend="Render at the guidance's size, or scale the picture before.")
    low, high = (float(one) for one in torch.aminmax(picture.detach()))
    if not -_BEYOND <= low <= high <= 1 + _BEYOND:  # also where either is NaN
        raise ConfigurationError("screen values between 0 and 1", came=f"{low:g} to {high:g}", where="distil",
                                 mend="Linear light goes through `shapecraft.brdf.display` first.")


def check_words(prompt: str) -> None:
    """Raises ConfigurationError for a prompt without a letter or digit."""
    if not any(letter.isalnum() for letter in prompt):
        raise ConfigurationError("a prompt of at least one word", came=repr(prompt), where="prompt")


def weighting_name(weighting: Weighting) -> str:
    """Module and name of a function; of another callable, those of its kind."""
    named = weighting if hasattr(weighting, "__qualname__") else type(weighting)
    return f"{named.__module__}:{named.__qualname__}"


def is_named(weighting: Weighting) -> bool:
    """Whether its name says which function it is: one that stands in a module under that name.

    Not lambdas, functions inside functions, `functools.partial` and other callables, of which many share a name.
    """
    name = getattr(weighting, "__qualname__", "")
    module = sys.modules.get(getattr(weighting, "__module__", "") or "")
    return bool(name) and getattr(module, name, None) is weighting


def _shares(pair: tuple[float, float]) -> str:
    return f"{pair[0]:g}-{pair[1]:g}"
