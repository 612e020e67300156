"""ClipScorer: an open_clip model as scorer (3DrawAgent, section 3: CLIP reward; which CLIP: paper silent)."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from easel.embedded_clip import Words, embedded_folder
from easel.errors import ConfigurationError
from easel.open_clip_models import load_model
from easel.score_card import ScorerCard
from easel.torch_threads import torch_threads

Precision = Literal["fp32", "bf16"]
_PACKAGES = ("torch", "torchvision", "open_clip")
REMEMBERED = 65536
EMBEDDED_ROWS = 8  # the views of one drawing by default (ours)


class ClipScorer:
    """Embeds pictures and texts with one CLIP; thread-safe.

    Parameters
    ----------
    model : open_clip's name, or a local folder with open_clip_config.json (paper silent; ours: ViT-B-32, LAION-2B)
    pretrained : a tag of that name, a weight file, or a local folder
    template : sentence around each text (paper silent; ours: "a sketch of {text}")
    device : "cpu", "cuda", ...; precision : "fp32", or "bf16" by autocast (embeddings then differ by about 1e-3)
    batch : pictures at a time, where `padded` does not fix it. Matrix products round by their shape: the same picture
        in other company (another batch, other cache hits) moves a score by 1e-6 at most on the CPU in fp32
    padded : every pass has exactly so many rows, the last one filled up (None: as many as there are, up to `batch`).
        On one machine a row's bits then depend on nothing but its own content, whatever `batch` and the cache are.
        The embedded models: 8 (ours); a large CLIP: None, since on the CPU one picture would cost as much as eight
    cache : True keeps embeddings by content in memory (the newest 65,536), a folder keeps them on disk too
    download : fetch missing weights instead of refusing
    words : closed vocabulary of the model (embedded models only)
    threads : torch threads on the CPU, None for torch's own number; the embedded models are small and take one

    Raises ConfigurationError and MissingCapability as `open_clip_models.load_model` does.
    """

    def __init__(self, model: str = "ViT-B-32", pretrained: str | Path | None = "laion2b_s34b_b79k", *,
                 template: str = "a sketch of {text}", device: str = "cpu", precision: Precision = "fp32",
                 batch: int = 64, padded: int | None = None, cache: bool | str | Path = True, download: bool = False,
                 words: Words | None = None, threads: int | None = None) -> None:
        if "{text}" not in template:
            raise ConfigurationError("a template with {text}", came=repr(template), where="ClipScorer template")
        if precision not in ("fp32", "bf16"):
            raise ConfigurationError('precision "fp32" or "bf16"', came=repr(precision), where="ClipScorer precision")
        if batch < 1:
            raise ConfigurationError("a batch of at least 1", came=str(batch), where="ClipScorer batch")
        if padded is not None and padded < 1:
            raise ConfigurationError("at least 1 row, or None", came=str(padded), where="ClipScorer padded")
        loaded = load_model(model, pretrained, device=device, download=download)
        self._model, self._tokenizer, self._context = loaded.model, loaded.tokenizer, loaded.context
        self._preprocessing, self._words = loaded.preprocessing, words
        self._template, self._device, self._precision = template, device, precision
        self._batch, self._padded = padded or batch, padded
        self._threads, self._lock = threads, threading.Lock()
        self.card = ScorerCard(
            name=words.name if words else f"{loaded.name} {loaded.weights}", model=loaded.name, weights=loaded.weights,
            template=template, preprocessing=_preprocessing_words(self._preprocessing), device=device,
            precision=precision, versions=_versions(), words=len(words) if words else None,
            stand_in=words is not None, column=words.column if words else "CLIP-ST",
        )
        folder = Path(cache) / self.card.key[:16] if cache and not isinstance(cache, bool) else None
        self._memory = _Memory(REMEMBERED if cache else 0, folder)

    @classmethod
    def embedded(cls, which: Literal["reward", "report"], *, allow_unknown_words: bool = False,
                 **settings: Any) -> ClipScorer:
        """One of the two small models that ship with the package: line drawings of about eighty categories only.

        A text with a word that the model never learnt is refused unless `allow_unknown_words`. `settings`: device,
        precision, cache. Their scores stand in a column of their own, never under CLIP-ST.
        """
        folder = embedded_folder(which)
        words = Words.read(folder / "card.json", allow_unknown=allow_unknown_words)
        return cls(str(folder), None, words=words, **{"threads": 1, "padded": EMBEDDED_ROWS, **settings})

    def check_text(self, text: str) -> None:
        """Raises ConfigurationError for words outside a closed vocabulary, and for texts the model would cut off."""
        if self._words is not None:
            self._words.check(text)
        sentence = self._template.format(text=text)
        if len(sentence.split()) > self._context - 1:
            raise ConfigurationError(f"at most {self._context - 1} words with the template", came=sentence,
                                     mend="Shorten the text: the model would see only its beginning.")

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """T texts, template not yet applied -> (T, D) float32, rows of length 1. Raises as `check_text`."""
        for text in texts:
            self.check_text(text)
        sentences = [self._template.format(text=text) for text in texts]
        keys = ["text-" + hashlib.sha256(sentence.encode()).hexdigest() for sentence in sentences]

        def compute(rows: list[int]) -> np.ndarray:
            tokens = self._tokenizer([sentences[row] for row in rows]).to(self._device)
            return self._forward(self._model.encode_text, tokens)

        return self._embed(keys, compute)

    def embed_images(self, images: Any) -> np.ndarray:
        """(M, H, W) grey or (M, 3, H, W) pictures in [0, 1], numpy or torch -> (M, D) float32, rows of length 1."""
        import torch

        pictures = torch.as_tensor(images).detach()
        if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[1] != 3):
            raise ConfigurationError("pictures of shape (M, H, W) or (M, 3, H, W)", where="embed_images",
                                     came=f"shape {tuple(pictures.shape)}")
        pictures = pictures.to("cpu", torch.float32)
        if pictures.numel() and not bool(((pictures >= 0) & (pictures <= 1)).all()):
            raise ConfigurationError("pictures in [0, 1]", where="embed_images",
                                     came=f"values from {pictures.min():.3g} to {pictures.max():.3g}")
        shape = str(tuple(pictures.shape[1:])).encode()
        keys = ["image-" + hashlib.sha256(shape + picture.contiguous().numpy().tobytes()).hexdigest()
                for picture in pictures]

        def compute(rows: list[int]) -> np.ndarray:
            return self._forward(self._model.encode_image, self._prepared(pictures[rows].to(self._device)))

        return self._embed(keys, compute)

    def _embed(self, keys: list[str], compute: Callable[[list[int]], np.ndarray]) -> np.ndarray:
        with self._lock:
            known = self._memory.get(keys)
            missing: dict[str, int] = {}
            for row, key in enumerate(keys):
                if key not in known:
                    missing.setdefault(key, row)
            rows = list(missing.values())
            for start in range(0, len(rows), self._batch):
                part = rows[start:start + self._batch]
                fresh = compute(part + part[-1:] * ((self._padded or 0) - len(part)))
                known |= {keys[row]: fresh[place] for place, row in enumerate(part)}
                self._memory.put({keys[row]: fresh[place] for place, row in enumerate(part)})
        width = len(next(iter(known.values()))) if known else 0
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, width), dtype=np.float32)

    def _forward(self, encode: Callable, values: Any) -> np.ndarray:
        import torch

        kind = torch.device(self._device).type
        with torch_threads(self._threads), torch.inference_mode(), torch.autocast(
            kind, torch.bfloat16, enabled=self._precision == "bf16"
        ):
            features = encode(values)
        return torch.nn.functional.normalize(features.float(), dim=-1).cpu().numpy()

    def _prepared(self, pictures: Any) -> Any:
        """Resize as open_clip's own transform does (without its detour over 8 bits), then its mean and spread."""
        from torch.nn import functional

        pictures = pictures[:, None].expand(-1, 3, -1, -1) if pictures.ndim == 3 else pictures
        target, (height, width) = self._preprocessing["size"], pictures.shape[-2:]
        mode = self._preprocessing["resize_mode"]
        if mode == "squash":
            new = target
        else:
            pick = max if mode == "shortest" else min
            factor = pick(target[0] / height, target[1] / width)
            new = (max(round(height * factor), 1), max(round(width * factor), 1))
        if new != (height, width):
            pictures = functional.interpolate(pictures, new, mode=self._preprocessing["interpolation"], antialias=True,
                                              align_corners=False).clamp(0, 1)
        down, right = target[0] - new[0], target[1] - new[1]
        if down or right:  # a negative pad is a crop; the margin of a line drawing is paper
            margin = (right // 2, right - right // 2, down // 2, down - down // 2)
            pictures = functional.pad(pictures, margin, value=1.0)
        mean, std = (pictures.new_tensor(self._preprocessing[key])[:, None, None] for key in ("mean", "std"))
        return (pictures - mean) / std


class _Memory:
    """Embeddings by content: newest in memory, all of them in a folder if there is one."""

    def __init__(self, limit: int, folder: Path | None) -> None:
        self._limit, self._folder = limit, folder
        self._kept: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, keys: list[str]) -> dict[str, np.ndarray]:
        found = {}
        for key in dict.fromkeys(keys):
            value = self._kept.get(key)
            if value is None and self._folder is not None:
                value = _read(self._folder / key[:8] / f"{key}.npy")
            if value is not None:
                found[key] = value
        return found

    def put(self, fresh: dict[str, np.ndarray]) -> None:
        if not self._limit:
            return
        self._kept |= fresh
        while len(self._kept) > self._limit:
            self._kept.popitem(last=False)
        if self._folder is not None:
            for key, value in fresh.items():
                _write(self._folder / key[:8] / f"{key}.npy", value)


def _read(path: Path) -> np.ndarray | None:
    try:
        return np.load(path)
    except (OSError, ValueError, EOFError):  # absent, or half written by a crashed disk: computed again
        return None


def _write(path: Path, value: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.part")
    with partial.open("wb") as file:
        np.save(file, value)
    partial.replace(path)


def _preprocessing_words(how: dict[str, Any]) -> str:
    def numbers(values: Sequence[float]) -> str:
        return ",".join(f"{value:.6g}" for value in values)

    height, width = how["size"]
    return (f"{height}x{width} {how['resize_mode']} {how['interpolation']} antialias mean {numbers(how['mean'])} "
            f"std {numbers(how['std'])}")


def _versions() -> tuple[tuple[str, str], ...]:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for name in _PACKAGES:
        try:
            found.append((name, version("open_clip_torch" if name == "open_clip" else name)))
        except PackageNotFoundError:
            found.append((name, "unknown"))
    return tuple(found)
