"""Scorers by name: what a person writes becomes an open scorer; nothing else is ever taken instead."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal, cast

from easel.devices import check_device
from easel.errors import ConfigurationError
from easel.plugins import load
from easel.scoring import ClipScorer, ImageTextScorer

USUAL = "ViT-B-32/laion2b_s34b_b79k"


def open_scorer(
    name: str, *, template: str = "{text}", allow_unknown_words: bool = False, device: str = "cpu",
    plugins: bool = False,
) -> ImageTextScorer:
    """"embedded:reward", "embedded:report", "MODEL/PRETRAINED" of open_clip, a folder, or a plugin.

    template : the sentence around a text for large CLIPs; the embedded ones keep that of their training
    device : where the CLIP computes, as torch names it; a plugin chooses its own
    plugins : take "package.module:Name" too, which runs code of that package
    Raises ConfigurationError for another name and for a device that is not there, MissingCapability where weights are
    missing.
    """
    check_device(device)
    kind, colon, which = name.partition(":")
    if kind == "embedded" and which in ("reward", "report"):
        known = cast(Literal["reward", "report"], which)
        return ClipScorer.embedded(known, allow_unknown_words=allow_unknown_words, device=device)
    if Path(name).is_dir():
        return ClipScorer(name, None, template=template, device=device)
    near = "embedded" if difflib.get_close_matches(kind, ["embedded"], 1, 0.75) else ""
    if plugins and colon and not near:
        return cast(ImageTextScorer, load(name)())
    model, slash, tag = name.partition("/")
    if colon or not slash or not model or not tag:
        meant = f"{near}:{which if which in ('reward', 'report') else 'report'}"
        raise ConfigurationError(
            "a scorer as MODEL/PRETRAINED, embedded:reward, embedded:report, or a folder", came=name, where="scorer",
            mend=f"Did you mean {meant}?" if near else f"A usual one is {USUAL}.",
        )
    return ClipScorer(model, tag, template=template, device=device)
