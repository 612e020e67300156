"""Paint guidance: a diffusion model by the name that a person gives, and what its figures may be called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.diffusion import DiffusersGuidance

EMBEDDED = "embedded"
TOY, MODEL = "toy", "model"
"""Grades of a guidance: a closed vocabulary (the embedded painter, or another of its kind), or a model without one."""


def open_guidance(
    name: str, *, device: str = "cpu", precision: Any = None, revision: str | None = None, download: bool = False,
    seen_from: str = ".",
) -> DiffusersGuidance:
    """name : "embedded", a folder (as seen from `seen_from`), or a repository's; the others as `DiffusersGuidance`

    Raises ConfigurationError for "", MissingCapability where it, or diffusers, is not here.
    """
    from easel.diffusion import DiffusersGuidance

    if not name:
        raise ConfigurationError(
            "a diffusion model", came="none named", where="guidance",
            mend="Name one in diffusers' format (a repository or a folder), or 'embedded', the small one that ships.")
    if name == EMBEDDED:
        return DiffusersGuidance.embedded(device=device, dtype=precision)
    folder = Path(seen_from) / name
    found = str(folder.resolve()) if folder.is_dir() else name
    small = (folder / "card.json").is_file()  # of the embedded one's kind, quickest in one thread
    return DiffusersGuidance(found, device=device, dtype=precision, revision=revision, download=download,
                             threads=1 if small else None)


def grade_of(guidance: Any) -> str:
    """"toy" for a closed vocabulary, else "model"."""
    return TOY if getattr(guidance, "vocabulary", None) is not None else MODEL
