"""Score cards: what a number is a number of, on which printing scales (ours; both papers silent)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from easel.errors import ConfigurationError


@dataclass(frozen=True)
class ScorerCard:
    """What travels with every score; tables refuse to mix cards.

    name : short label for people; model : open_clip's name; weights : pretrained tag, or sha256 of the weight file
    template : the sentence around a prompt, with {text}; preprocessing : size, filter, mean and spread, in words
    scale : of the stored numbers ("raw cosine"); printing scales are functions of it and never stored
    device, precision : where and how it was computed; versions : (package, version) pairs
    words : size of a closed vocabulary, None for open ones; stand_in : True where no paper's number may be claimed
    column : heading under which the numbers stand: "CLIP-ST", "AES", "toy CLIP (reward)", "toy CLIP (report)"
    """

    name: str
    model: str
    weights: str
    template: str
    preprocessing: str
    scale: str = "raw cosine"
    device: str = "cpu"
    precision: str = "fp32"
    versions: tuple[tuple[str, str], ...] = ()
    words: int | None = None
    stand_in: bool = False
    column: str = "CLIP-ST"

    @property
    def source(self) -> str:
        """Canonical text of what decides a number. Device and versions are left out: they move the seventh digit
        only, and a record must replay on another machine."""
        return (f"{self.model}|{self.weights}|{self.template}|{self.preprocessing}|{self.scale}|{self.precision}"
                f"|{self.column}")

    @property
    def key(self) -> str:
        """Hex SHA-256 of `source`."""
        return hashlib.sha256(self.source.encode()).hexdigest()


def scaled(cosines: np.ndarray | float, scale: str = "raw") -> np.ndarray:
    """Raw cosines on a printing scale.

    scale : "raw"; "x100" (the logit scale of CLIP, as most text-to-3D tables print CLIP scores); "2.5" for
        CLIPScore, 2.5 * max(cosine, 0) (Hessel et al. 2021)
    """
    cosines = np.asarray(cosines, dtype=np.float64)
    if scale == "raw":
        return cosines
    if scale == "x100":
        return 100.0 * cosines
    if scale == "2.5":
        return 2.5 * np.maximum(cosines, 0.0)
    raise ConfigurationError('a scale of "raw", "x100", "2.5"', came=repr(scale))
