"""AestheticScorer: LAION's improved aesthetic predictor (sac+logos+ava1-l14-linearMSE) on CLIP ViT-L/14 embeddings."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from easel.clip_scorer import ClipScorer
from easel.errors import ConfigurationError, MissingCapability
from easel.open_clip_models import sha256_of
from easel.score_card import ScorerCard

FILE = "sac+logos+ava1-l14-linearMSE.pth"
WIDTHS = (768, 1024, 128, 64, 16, 1)
DROPOUTS = (0.2, 0.2, 0.1)  # after the first three layers; they only number the layers, evaluation drops nothing
CLIP = ("ViT-L-14-quickgelu", "openai")


class AestheticScorer:
    """Aesthetic score of pictures, about 1 to 10.

    The predictor is five linear layers 768-1024-128-64-16-1 without activations, on the L2-normalised image embedding
    of OpenAI's CLIP ViT-L/14, as its authors published it.

    Parameters
    ----------
    weights : path of the predictor's .pth file; None looks into the hub cache for `FILE`
    clip : the image embedder; None makes ClipScorer(ViT-L-14-quickgelu, openai) with `settings`

    Raises MissingCapability where weights are not here, ConfigurationError where a file or embedder does not fit.
    """

    def __init__(self, weights: str | Path | None = None, *, clip: ClipScorer | None = None, **settings: Any) -> None:
        path = Path(weights) if weights is not None else _cached()
        if path is None or not path.is_file():
            raise MissingCapability(
                "the weights of the aesthetic predictor", came=str(weights or "none"), where=FILE,
                mend=f"Fetch {FILE} from LAION's improved-aesthetic-predictor repository (3.7 MB) and give its path.",
            )
        self._predictor = _predictor(path)
        self._clip = clip or ClipScorer(*CLIP, **settings)
        embedder = self._clip.card
        self.card = ScorerCard(
            name="LAION aesthetic predictor", model=f"{FILE} on {embedder.model}",
            weights=f"sha256:{sha256_of(path)[:16]} on {embedder.weights}", template="",
            preprocessing=embedder.preprocessing, scale="aesthetic score", device="cpu", precision=embedder.precision,
            versions=embedder.versions, stand_in=(embedder.model, embedder.weights) != CLIP, column="AES",
        )

    def scores(self, images: Any) -> np.ndarray:
        """(M, H, W) or (M, 3, H, W) pictures in [0, 1] -> (M,) float64, rounded to 1e-4."""
        import torch

        embedded = self._clip.embed_images(images)
        if len(embedded) and embedded.shape[1] != WIDTHS[0]:
            raise ConfigurationError(f"image embeddings of width {WIDTHS[0]} (CLIP ViT-L/14)", where="AestheticScorer",
                                     came=f"width {embedded.shape[1]} of {self._clip.card.name}")
        with torch.inference_mode():
            values = self._predictor(torch.from_numpy(embedded.reshape(-1, WIDTHS[0])))[:, 0]
        return np.round(values.double().numpy(), 4)


def layers() -> Any:
    """The predictor's torch module; parameters are named layers.0, .2, .4, .6, .7 as in the published file."""
    from torch import nn

    stack: list[Any] = []
    for index, (width, following) in enumerate(pairwise(WIDTHS)):
        stack.append(nn.Linear(width, following))
        if index < len(DROPOUTS):
            stack.append(nn.Dropout(DROPOUTS[index]))
    return nn.ModuleDict({"layers": nn.Sequential(*stack)})


def _predictor(path: Path) -> Any:
    import pickle

    import torch

    module = layers()
    try:
        module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (RuntimeError, AttributeError, TypeError, pickle.UnpicklingError, EOFError) as fault:
        raise ConfigurationError(f"a state dict of layers {'-'.join(map(str, WIDTHS))}", came=str(fault),
                                 where=str(path)) from fault
    return module.eval().requires_grad_(False)["layers"]


def _cached() -> Path | None:
    """The published file, if some repository in the hub cache holds it."""
    from huggingface_hub import constants

    found = sorted(Path(constants.HF_HUB_CACHE).glob(f"models--*/snapshots/*/{FILE}"))
    return found[0] if found else None
