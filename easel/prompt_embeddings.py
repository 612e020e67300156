"""Prompt embeddings: texts as a diffusion model's denoiser reads them, each encoded once (diffusers' conventions)."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from easel.diffusion_models import DiffusionModel
from easel.errors import ConfigurationError

if TYPE_CHECKING:
    import torch

REMEMBERED = 512  # texts; about half a megabyte each for Stable Diffusion 1.5 in float32


class Embedded(NamedTuple):
    """words : (1, T, W); pooled : (1, P), SDXL's second encoder's, else None"""

    words: torch.Tensor
    pooled: torch.Tensor | None


class PromptEmbeddings:
    """Encodes texts with the text encoders of a model, padded to their full length; keeps the newest 512."""

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model
        self._kept: OrderedDict[str, Embedded] = OrderedDict()

    def check_length(self, text: str) -> None:
        """Raises ConfigurationError for a text whose end the model would not read."""
        for tokenizer, encoder in self._model.encoders:
            limit = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
            tokens = len(tokenizer(text, truncation=False, verbose=False).input_ids)
            if tokens > limit:
                raise ConfigurationError(f"a prompt of at most {limit} tokens, view words included",
                                         came=f"{tokens}: {text!r}", where="prompt", mend="Shorten it.")

    def of(self, text: str, *, negative: bool = False) -> Embedded:
        """Raises ConfigurationError for too long a text."""
        if negative and not text and self._model.zero_if_empty:
            words, pooled = self.of(text)
            assert pooled is not None
            return Embedded(words.new_zeros(words.shape), pooled.new_zeros(pooled.shape))
        if text in self._kept:
            self._kept.move_to_end(text)
            return self._kept[text]
        self.check_length(text)
        self._kept[text] = found = self._encode(text)
        if len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)
        return found

    def _encode(self, text: str) -> Embedded:
        import torch

        rows, pooled = [], None
        with torch.no_grad():
            for tokenizer, encoder in self._model.encoders:
                limit = min(tokenizer.model_max_length, encoder.config.max_position_embeddings)
                read = tokenizer([text], padding="max_length", truncation=True, max_length=limit, return_tensors="pt")
                masked = getattr(encoder.config, "use_attention_mask", False)
                found = encoder(read.input_ids.to(encoder.device),
                                attention_mask=read.attention_mask.to(encoder.device) if masked else None,
                                output_hidden_states=self._model.wide)
                if self._model.wide:  # SDXL reads the last layer but one, and the second encoder's pooled answer
                    rows.append(found.hidden_states[-2])
                    pooled = found[0]
                else:
                    rows.append(found.last_hidden_state)
        return Embedded(torch.cat(rows, dim=-1), pooled)
