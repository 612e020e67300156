"""The embedded painter: where it lies, its card, the words it knows (ours; a toy where no large diffusion model is).

The folder is one of diffusers' own, without a VAE: it denoises sRGB pictures in [-1, 1] themselves, 32 pixels wide.
Its weights are stored in half precision; load the parts with `dtype=torch.float32` for the CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.embedded_clip import Words
from easel.errors import ConfigurationError, MissingCapability

LABEL = "colour-and-pattern toy, fixed vocabulary"


class _Training(BaseModel):
    model_config = ConfigDict(extra="forbid")

    command: str
    steps: int
    of_steps: int
    batch: int
    pictures: int
    seed: int
    cpu_seconds: int


class _Card(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    what: str
    license: str
    date: str
    size: int = Field(gt=0)
    parameters: int = Field(gt=0)
    colours: dict[str, Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]]
    materials: list[str]
    families: dict[str, str]
    silent_words: list[str]
    words: list[str] = Field(min_length=1)
    training: _Training
    evaluation: dict[str, float | str]


@dataclass(frozen=True)
class PainterCard:
    """What the model is and is not.

    name, what : for people; size : pixels of a side; parameters : their count
    colours : (word, "#rrggbb") reference colours of the dozen that its figures are about, sRGB
    materials : their words; families : (material, pattern family) pairs, materials of a family differ in colour only
    silent : words that change nothing; words : the closed vocabulary
    steps, of_steps : trained, and planned by the learning rate's schedule
    evaluation : (figure, value) pairs, as measured by data/make/evaluate_painter.py
    """

    name: str
    what: str
    size: int
    parameters: int
    colours: tuple[tuple[str, str], ...]
    materials: tuple[str, ...]
    families: tuple[tuple[str, str], ...]
    silent: tuple[str, ...]
    words: tuple[str, ...]
    steps: int
    of_steps: int
    evaluation: tuple[tuple[str, float | str], ...]


def painter_folder() -> Path:
    """The shipped model's folder. Raises MissingCapability where its weights are not there."""
    folder = Path(__file__).parent / "weights" / "painter"
    if not (folder / "unet" / "diffusion_pytorch_model.safetensors").is_file():
        raise MissingCapability("the weights of the embedded painter", where="easel/weights/painter", came="none",
                                mend="Train them: `python -m data.make.train_painter`.")
    return folder


def painter_card(folder: Path | None = None) -> PainterCard:
    """The card of the shipped painter, or of another of its kind. Raises ConfigurationError for another shape."""
    path = (folder or painter_folder()) / "card.json"
    try:
        read = _Card.model_validate_json(path.read_text())
    except (OSError, ValidationError) as fault:
        raise ConfigurationError("a painter's card.json", came=str(fault), where=str(path)) from fault
    return PainterCard(read.name, read.what, read.size, read.parameters, tuple(read.colours.items()),
                       tuple(read.materials), tuple(read.families.items()), tuple(read.silent_words),
                       tuple(read.words), read.training.steps, read.training.of_steps,
                       tuple(read.evaluation.items()))


def vocabulary_of(folder: Path, *, allow_unknown: bool = False) -> Words | None:
    """The closed vocabulary of a model folder; None where it has no card of a painter, as all large models.

    `vocabulary_of(folder).check(prompt)` raises ConfigurationError that names the unknown words and the nearest known
    ones, and refuses a prompt without a word. Check prompts, not the empty sentence of the unconditional half.
    """
    if not (folder / "card.json").is_file():
        return None
    card = painter_card(folder)
    return Words(card.name, LABEL, card.words, allow_unknown, instead="a real diffusion model",
                 guess="allow_unknown=True where the model is opened")
