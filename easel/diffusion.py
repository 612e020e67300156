"""DiffusersGuidance: any text-to-image model of diffusers as guidance (ShapeCraft, step 5: frozen Stable Diffusion)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from easel.devices import check_device
from easel.diffusion_models import open_model
from easel.errors import ConfigurationError
from easel.guidance import (
    VIEW_WORDS,
    Carried,
    Distilled,
    DistilSettings,
    Side,
    check_picture,
    check_words,
    distilled,
    epsilon_of,
)
from easel.painter import painter_folder, vocabulary_of
from easel.prompt_embeddings import PromptEmbeddings
from easel.torch_threads import torch_threads

if TYPE_CHECKING:
    import torch

    from easel.embedded_clip import Words
    from easel.guidance import Guidance

Precision = Literal["float16", "bfloat16", "float32", "float64"]


class DiffusersGuidance:
    """A frozen model that pulls pictures towards texts; implements `easel.guidance.Guidance`.

    Parameters
    ----------
    model : local folder in diffusers' format, or a repository's name (paper: Stable Diffusion, which one is silent;
        ours: "stable-diffusion-v1-5/stable-diffusion-v1-5", "stabilityai/stable-diffusion-xl-base-1.0")
    device : "cpu", "cuda", ...
    dtype : of the denoiser and the text encoders (None: float16 on a GPU as close relatives, float32 on the CPU, where
        float16 is refused; bfloat16 halves the memory there too; float64 is for tests)
    vae_dtype : of the VAE's encoder, through which the gradient passes (None: float32 for float16, whose range is too
        small for gradients and for SDXL's VAE, else `dtype`). At 512 x 512 the encoder there and back is 2.3 TFLOP, the
        denoiser 1.6: on a GPU that knows bfloat16, take it where time or memory is short
    revision : commit, tag or branch of a repository; variant : of its weight files ("fp16")
    size : pixels of a side (None: what the denoiser was trained at, as its configuration says: 512 for Stable
        Diffusion 1.5, 1024 for SDXL, 32 for the embedded painter)
    allow_unknown : let words pass that a closed vocabulary does not know
    checkpointing : run the VAE's encoder a second time for the backward pass instead of keeping what it computed
        (None: from 768 pixels on; ours). It changes no bit
    download : fetch what is missing from the hub instead of refusing
    threads : torch threads on the CPU, None for torch's own number

    Memory for each picture: `megabytes` of weights, and what the VAE's encoder keeps for its backward pass, which is
    12.1 KB a pixel in float32 and half of it in bfloat16 (3.2 GB at 512 x 512, 12.7 GB at 1024 x 1024; counted on
    Stable Diffusion's VAE, of which SDXL's has the shape). With `checkpointing` 0.9 KB, and 6.7 KB while the largest
    block is computed again. What the denoiser and the libraries take beside it is not counted: 1 to 3 GB is an
    estimate. Embeddings of up to 512 pairs of texts are kept: in float32 at most 0.4 GB for Stable Diffusion 1.5 and
    1 GB for SDXL, half of it in half precision.

    Raises ConfigurationError for other kinds of models and settings, MissingCapability where something is not here.
    """

    def __init__(self, model: str | Path, *, device: str | torch.device = "cpu", dtype: Precision | None = None,
                 vae_dtype: Precision | None = None, revision: str | None = None, variant: str | None = None,
                 size: int | None = None, allow_unknown: bool = False,
                 checkpointing: bool | None = None, download: bool = False, threads: int | None = None) -> None:
        import torch

        check_device(str(device))
        self._device = torch.device(device)
        on_cpu = self._device.type == "cpu"
        kind = dtype or ("float32" if on_cpu else "float16")
        inner = vae_dtype or ("float32" if kind == "float16" else kind)
        for name in (kind, inner):
            if name not in ("float16", "bfloat16", "float32", "float64") or (on_cpu and name == "float16"):
                raise ConfigurationError("bfloat16 or float32" if on_cpu else "float16, bfloat16 or float32",
                                         came=str(name), where=f"precision on {self._device}")
        self._dtype, self._vae_dtype = getattr(torch, kind), getattr(torch, inner)
        self._model = open_model(model, device=self._device, dtype=self._dtype, vae_dtype=self._vae_dtype,
                                 revision=revision, variant=variant, download=download)
        self._vocabulary = vocabulary_of(self._model.folder, allow_unknown=allow_unknown)
        self._embeddings = PromptEmbeddings(self._model)
        self._pairs: dict[tuple[str | None, str, int], dict[str, Any]] = {}
        self._view_words = {side: words for side, words in VIEW_WORDS.items()
                            if self._vocabulary is None or not self._vocabulary.unknown(words)}
        self._threads = threads
        self._size = self._fitting(size)
        again = self._size >= 768 if checkpointing is None else checkpointing
        if again and self._model.vae is not None:
            self._model.vae.enable_gradient_checkpointing()
        precision = kind if self._model.vae is None or inner == kind else f"{kind}, VAE {inner}"
        self._source = (f"{self._model.identity}, {precision}, {self._model.prediction}, {self._size} pixels, "
                        f"views {'+'.join(self.view_words) or 'unknown to it'}")

    @classmethod
    def embedded(cls, *, allow_unknown: bool = False, **settings: Any) -> DiffusersGuidance:
        """The small painter that ships with the package: a colour-and-pattern toy, fixed vocabulary, 32 pixels wide.

        `settings`: device, dtype, threads (1: it is small). Raises MissingCapability without its weights.
        """
        return cls(painter_folder(), allow_unknown=allow_unknown, **{"threads": 1, **settings})

    @property
    def size(self) -> int:
        return self._size

    @property
    def source(self) -> str:
        return self._source

    @property
    def noise_shape(self) -> tuple[int, int, int]:
        side = self._size // self._model.shrink
        return self._model.channels, side, side

    @property
    def megabytes(self) -> float:
        """Of the weights that are loaded, 1e6 bytes."""
        return self._model.megabytes

    @property
    def vocabulary(self) -> Words | None:
        """All words that the model knows, where that is a closed set; None where it is not, as of all large models."""
        return self._vocabulary

    @property
    def view_words(self) -> dict[str, str]:
        """The words appended for each side; without those that a closed vocabulary does not know."""
        return dict(self._view_words)

    def check(self, prompt: str) -> None:
        check_words(prompt)
        if self._vocabulary is not None:
            self._vocabulary.check(prompt)
        for words in self._view_words.values() or [""]:
            self._embeddings.check_length(f"{prompt}, {words}" if words else prompt)

    def latents(self, picture: torch.Tensor) -> torch.Tensor:
        """What the denoiser sees of (B, 3, size, size) screen values, differentiable: the middle of the VAE's answer,
        scaled (relatives draw from around it, which its tiny variance hardly moves), or pixels in [-1, 1].

        Raises ConfigurationError for other pictures.
        """
        check_picture(picture, self._size)
        pixels = picture.to(self._device) * 2 - 1
        vae = self._model.vae
        if vae is None:
            return pixels
        return vae.encode(pixels.to(self._vae_dtype)).latent_dist.mode().to(picture.dtype) * vae.config.scaling_factor

    def distil(self, picture: torch.Tensor, prompt: str, *, settings: DistilSettings, progress: float,
               chance: torch.Generator, side: Side | None = None,
               noise: torch.Tensor | Carried | None = None) -> Distilled:
        words = self._view_words.get(side, "") if side and settings.view_words else ""
        text = f"{prompt}, {words}" if words else prompt
        with torch_threads(self._threads if self._device.type == "cpu" else None):
            seen = self.latents(picture)
            told = self._told(text, prompt, settings, len(picture))

            def denoise(noisy: torch.Tensor, timestep: int, alphabar: float) -> torch.Tensor:
                return self._denoise(noisy, timestep, alphabar, told, settings.guidance_scale)

            return distilled(seen, denoise, self._model.alphabars, settings=settings, progress=progress,
                             chance=chance, about=text, noise=noise)

    def _denoise(self, noisy: torch.Tensor, timestep: int, alphabar: float, told: dict[str, Any],
                 scale: float) -> torch.Tensor:
        """The guided noise: without and with the prompt in one batch, (2 B, ...); at scale 1 with it alone."""
        import torch

        twice = noisy if scale == 1 else torch.cat([noisy, noisy])
        answer = self._model.denoiser(twice.to(self._dtype), torch.tensor(timestep, device=self._device),
                                      return_dict=False, **told)[0]
        seen = epsilon_of(answer.to(noisy.dtype), twice, alphabar, self._model.prediction)
        if scale == 1:
            return seen
        without, with_prompt = seen.chunk(2)
        return without + scale * (with_prompt - without)

    def _told(self, text: str, prompt: str, settings: DistilSettings, rows: int) -> dict[str, Any]:
        """What the denoiser reads beside the picture, kept for each prompt, negative prompt (None: not asked for) and
        number of pictures."""
        import torch

        alone = settings.guidance_scale == 1
        key = (None if alone else settings.negative_prompt, text, rows)
        if key in self._pairs:
            return self._pairs[key]
        self.check(prompt)
        if settings.negative_prompt and self._vocabulary is not None:
            self._vocabulary.check(settings.negative_prompt)
        against = () if alone else (self._embeddings.of(settings.negative_prompt, negative=True),)
        pair = (*against, self._embeddings.of(text))
        told: dict[str, Any] = {"encoder_hidden_states": torch.cat([one.words.expand(rows, -1, -1) for one in pair])}
        if self._model.wide:
            sizes = [self._size, self._size, 0, 0, self._size, self._size]  # the whole of a picture of its own size
            told["added_cond_kwargs"] = {
                "text_embeds": torch.cat([one.pooled.expand(rows, -1) for one in pair if one.pooled is not None]),
                "time_ids": torch.tensor([sizes] * len(pair) * rows, device=self._device, dtype=self._dtype)}
        if len(self._pairs) >= 512:
            self._pairs.pop(next(iter(self._pairs)))
        self._pairs[key] = told
        return told

    def _fitting(self, size: int | None) -> int:
        """Raises ConfigurationError for a size that the model's halvings do not divide."""
        step = self._model.shrink * 2 ** (len(self._model.denoiser.config.block_out_channels) - 1)
        chosen = self._trained_size() if size is None else size
        if chosen < step or chosen % step or not math.isfinite(chosen):
            raise ConfigurationError(f"a size in pixels that {step} divides", came=str(chosen),
                                     where="DiffusersGuidance.size")
        return int(chosen)

    def _trained_size(self) -> int:
        """Raises ConfigurationError where the configuration has no whole number, or numbers."""
        own = self._model.denoiser.config.sample_size
        sides = own if isinstance(own, list | tuple) else [own]
        if not sides or not all(isinstance(one, int) for one in sides):
            raise ConfigurationError("the size that the denoiser was trained at", came=f"sample_size {own!r}",
                                     where="unet/config.json", mend="Give a size in pixels (size=512).")
        return int(max(sides)) * self._model.shrink


if TYPE_CHECKING:
    _keeps_the_contract: type[Guidance] = DiffusersGuidance
