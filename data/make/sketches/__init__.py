"""Procedural 3D sketches of eighty everyday things, which train the embedded CLIPs (ours; no paper).

Each module of this package with a `DRAWERS` table adds its categories; `draw` lets one draw and applies a style.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache

import numpy as np

from data.make.sketches.primitives import Pen
from data.make.sketches.styles import TABLE, fit
from easel.errors import ConfigurationError

CATEGORIES: tuple[str, ...] = (
    "airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone", "cup", "curtain",
    "desk", "door", "dresser", "flower pot", "glass box", "guitar", "keyboard", "lamp", "laptop", "mantel", "monitor",
    "night stand", "person", "piano", "plant", "radio", "range hood", "sink", "sofa", "stairs", "stool", "table",
    "tent", "toilet", "tv stand", "vase", "wardrobe", "xbox", "teapot", "mug", "umbrella", "house", "fish",
    "floor lamp", "sailboat", "bicycle", "bus", "train", "rocket", "helicopter", "bridge", "castle", "lighthouse",
    "windmill", "tree", "cactus", "flower", "mushroom", "apple", "bird", "cat", "dog", "butterfly", "snail", "snowman",
    "hat", "crown", "eyeglasses", "key", "hammer", "sword", "ladder", "bucket", "basket", "candle", "clock",
    "wine glass", "book",
)
STYLES: tuple[str, ...] = tuple(TABLE)
HELD_OUT_STYLES: tuple[str, ...] = ("overshoot", "merged")
TRAINING_STYLES: tuple[str, ...] = tuple(name for name in STYLES if name not in HELD_OUT_STYLES)

# A drawing with more strokes than CROWDED is drawn again with less detail; the style may then add, up to MOST_STROKES.
CROWDED = 64
MOST_STROKES = 120

# Other words for the same thing, which a caption uses now and then.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "airplane": ("plane", "aeroplane"), "bathtub": ("bath",), "bicycle": ("bike",), "bookshelf": ("bookcase",),
    "dresser": ("chest of drawers",), "eyeglasses": ("glasses", "spectacles"), "floor lamp": ("standing lamp",),
    "lamp": ("table lamp", "desk lamp"), "mantel": ("fireplace", "mantelpiece"), "monitor": ("computer screen",),
    "night stand": ("nightstand", "bedside table"), "person": ("human", "human figure"), "sailboat": ("sailing boat",),
    "sofa": ("couch",), "stairs": ("staircase", "steps"), "wardrobe": ("closet",), "xbox": ("game console",),
    "range hood": ("cooker hood",), "plant": ("potted plant",), "curtain": ("curtains",), "sink": ("washbasin",),
    "tv stand": ("television stand",), "cup": ("teacup",), "cone": ("traffic cone",), "glass box": ("display case",),
}
# An attribute that begins with one of these stands behind the noun ("a sink on the wall"), any other before it.
BEHIND = ("with", "on", "in", "above", "upside", "tied")
_PLURAL = {"stairs", "steps", "eyeglasses", "glasses", "spectacles", "curtains"}
_TEMPLATES = ("{a}", "{a}", "{a}", "a sketch of {a}", "a sketch of {a}", "a drawing of {a}", "a line drawing of {a}",
              "a 3D sketch of {a}", "a simple sketch of {a}", "a rough drawing of {a}", "{bare}")


@dataclass(frozen=True)
class Drawing:
    """One sketch and what is true of it.

    category : one of CATEGORIES
    strokes : (N, 4, 3) float32 cubic control points, world frame, inside [-1.2, 1.2]^3
    attributes : short phrases, all true of these strokes; see BEHIND for where a caption puts them
    """

    category: str
    strokes: np.ndarray
    attributes: tuple[str, ...] = ()

    def caption(self, rng: np.random.Generator) -> str:
        """A phrase such as "a chair" or "a sketch of a round table with four legs": at most two attributes."""
        noun = self.category
        if noun in SYNONYMS and rng.random() < 0.12:
            noun = SYNONYMS[noun][rng.integers(len(SYNONYMS[noun]))]
        chosen = [self.attributes[i] for i in rng.permutation(len(self.attributes))[:rng.choice(3, p=(0.4, 0.4, 0.2))]]
        behind = [phrase for phrase in chosen if phrase.split()[0] in BEHIND]
        before = [phrase for phrase in chosen if phrase not in behind]
        tail = " and ".join(behind).replace(" and with ", " and ")
        bare = " ".join([*before, noun, tail]).strip()
        article = "" if noun in _PLURAL else "an " if bare[0] in "aeiou" or bare.startswith("xbox") else "a "
        return _TEMPLATES[rng.integers(len(_TEMPLATES))].format(a=article + bare, bare=bare)


def draw(category: str, rng: np.random.Generator, *, style: str) -> Drawing:
    """Draw one sketch; the same category, generator state and style give the same drawing.

    Raises ConfigurationError for an unknown category or style.
    """
    if style not in TABLE:
        raise ConfigurationError(f"a style of {', '.join(STYLES)}", came=repr(style))
    if category not in _drawers():
        raise ConfigurationError("one of the drawn categories (see CATEGORIES)", came=repr(category))
    setting = TABLE[style]
    detail = setting.details[rng.integers(len(setting.details))]
    while True:
        pen = Pen(rng, detail=detail, angular=setting.angular)
        _drawers()[category](pen)
        if len(pen.strokes) <= CROWDED or detail == 0:
            break
        detail -= 1  # too much for a sketch: once more, with fewer lines
    strokes = setting.finish(fit(np.array(pen.strokes), rng), rng)
    if len(strokes) > MOST_STROKES:
        strokes = strokes[np.sort(rng.permutation(len(strokes))[:MOST_STROKES])]
    return Drawing(category, np.clip(strokes, -1.2, 1.2).astype(np.float32), tuple(pen.attributes))


@cache
def _drawers() -> dict:
    drawers: dict = {}
    for module in pkgutil.iter_modules(__path__):
        drawers |= getattr(importlib.import_module(f"{__name__}.{module.name}"), "DRAWERS", {})
    return drawers
