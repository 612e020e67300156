"""The painter's card: what it is, its words, its reference colours, how it was trained, its figures (ours)."""

from __future__ import annotations

import json
from pathlib import Path

from data.make.material_captions import COLOURS, SILENT, VIEWS, words_of
from data.make.material_pictures import SIZE
from data.make.materials import MATERIALS
from easel.painter import LABEL
from shapecraft.palette import flat_material


def reference(colour: str) -> tuple[int, int, int]:
    """A colour word in sRGB, as shapecraft's palette has it."""
    linear = flat_material(colour).base_colour
    red, green, blue = (round(255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055)) for v in linear)
    return red, green, blue


def write_card(folder: Path, *, words: list[str], parameters: int, training: dict) -> None:
    """Write card.json into `folder`; figures that stand in an older one of the same training are kept."""
    path = folder / "card.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    evaluation = kept.get("evaluation", {}) if kept.get("training") == training else {}
    path.write_text(json.dumps({
        "name": "embedded-painter",
        "what": f"{LABEL}: pictures of {len(MATERIALS)} procedural materials on patches and simple parts. Made so that "
                "painting runs with nothing; no figure of a paper may be claimed with it.",
        "license": "Apache-2.0", "date": "2026-11", "size": SIZE, "parameters": parameters,
        "colours": {colour: "#{:02x}{:02x}{:02x}".format(*reference(colour)) for colour in COLOURS},
        "materials": [made.name for made in MATERIALS],
        "families": {made.name: made.family for made in MATERIALS},
        "silent_words": sorted({word for phrase in (*SILENT, *VIEWS) for word in words_of(phrase)}),
        "words": words, "training": training, "evaluation": evaluation,
    }, indent=1) + "\n")


def write_figures(folder: Path, figures: dict[str, float | str]) -> None:
    """Put measured figures into the card."""
    path = folder / "card.json"
    card = json.loads(path.read_text())
    path.write_text(json.dumps({**card, "evaluation": figures}, indent=1) + "\n")
