"""Captions of procedural materials, the scenes they are true of, the words they use (ours)."""

from __future__ import annotations

import re

import numpy as np

from data.make.material_pictures import SHAPES, Coat, Scene
from data.make.materials import MATERIALS, Material

COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "black", "white", "grey")
"""The dozen of the figures."""
FURTHER_COLOURS = ("cream", "ivory", "beige", "teal", "navy", "maroon")
SHADES = ("dark", "light", "pale")
FINISH_WORDS = {
    "glossy": ("glossy", "shiny", "polished", "glazed", "lacquered"), "satin": ("satin", "varnished"),
    "matte": ("matte", "matt", "unglazed", "rough"),
}
SILENT = ("new", "old", "smooth", "simple", "plain", "warm", "heavy", "painted", "woven", "brushed", "clear", "frosted",
          "upholstery", "surface", "material", "medium", "finish", "small", "large", "round", "square", "thin", "thick")
"""Words that pictures do not answer to; learnt as such, so that a prompt may hold them."""
NOUNS = {  # shape: what people and the catalogue call such parts
    "patch": ("texture", "pattern"),
    "ball": ("ball", "knob", "sphere", "snow", "bulb", "apples", "eyes", "buttons"),
    "box": ("box", "block", "body", "carcass", "chest", "drawer", "head", "case", "lantern", "cube"),
    "tall box": ("cabinet", "tower", "support", "bookshelf"),
    "cylinder": ("cylinder", "mug", "pot", "barrel", "pail", "drum", "wheels", "plates", "base"),
    "post": ("post", "pole", "handle", "column", "stem", "candle", "grip", "bar", "bottle", "nozzle", "perch", "arms"),
    "slab": ("slab", "top", "shelf", "lid", "bench", "plank", "rock", "keyboard", "apron", "shelves"),
    "cushion": ("cushion", "seat", "mattress", "pillow"),
    "disc": ("disc", "plate", "foot", "spots"),
    "panel": ("panel", "door", "wall", "board", "back", "screen", "side", "sides", "label", "headboard", "footboard"),
    "cone": ("cone", "shade", "roof", "hat", "cap", "nose", "flame"),
    "bowl": ("bowl", "shell", "cup", "vase"),
    "ring": ("ring", "rim", "latch", "handles", "bail", "gallery"),
    "legs": ("legs", "feet", "posts", "supports", "pillars", "stems"),
    "bars": ("bars", "slats", "rails", "rail", "sails", "fins", "frame", "shaft"),
}
PAIRS = {  # shape: the object, then names of its two parts
    "table": (("table", "desk"), ("top",), ("legs", "supports")), "stool": (("stool",), ("seat",), ("legs", "feet")),
    "lamp": (("lamp",), ("shade",), ("base", "stand", "pole")), "chair": (("chair",), ("seat",), ("legs", "feet")),
    "house": (("house", "birdhouse", "lighthouse"), ("roof",), ("walls", "body", "tower")),
}
_PLURAL = {noun for nouns in NOUNS.values() for noun in nouns if noun.endswith("s")} - {"chess"} | {"walls"}
VIEWS = ("front view", "side view", "back view", "overhead view", "bottom view", "view from above",
         "view from below", "detail", "photo", "picture", "render")
"""What a painting prompt may end in; silent too."""
SYNONYMS = {
    "grey": ("gray",), "aluminium": ("aluminum",), "rusty": ("rusted", "corroded"), "fabric": ("cloth", "textile"),
    "gold": ("golden",), "purple": ("violet",), "brick": ("bricks",), "glossy": ("gloss",), "steel": ("silver",),
    "stone": ("rock",), "rubber": ("rubbery",), "pine": ("spruce",), "walnut": ("mahogany",), "oak": ("beech",),
    "birch": ("maple",), "ceramic": ("china",), "wool": ("knitted wool",), "wicker": ("rattan",), "light": ("bright",),
    "leather": ("leathery",), "brass": ("bronze",), "dark": ("deep",), "maroon": ("crimson",),
    "knob": ("headlights", "flowers", "knob 1", "knob 2", "knob 3"), "post": ("spout", "leg", "arm"),
    "slab": ("touchpad", "tabletop", "surface"), "box": ("chassis", "cabin", "entrance"), "bars": ("claw", "rungs"),
    "panel": ("window", "backrest", "left side", "right side"), "drawer": ("drawer 1", "drawer 2", "drawer 3"),
    "wheels": ("front wheels", "rear wheels"), "plates": ("left plates", "right plates"),
}
_FREE = ("{}", "{}", "{} texture", "a close-up of {}", "a piece of {}", "{} material", "{} surface")
_DRAWN = tuple(made for made in MATERIALS for _ in range(made.often))
_WORD = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """Lower-case words, as the tokenizer cuts them."""
    return _WORD.findall(text.lower())


def with_article(phrase: str, noun: str = "") -> str:
    if noun in _PLURAL:
        return phrase
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def chosen_coat(rng: np.random.Generator) -> Coat:
    made = _one(_DRAWN, rng)
    colour = ""
    if made.coloured and rng.random() < (1.0 if made.name == "paint" else 0.7):
        colour = _one(COLOURS if rng.random() < 0.8 else FURTHER_COLOURS, rng)
        if colour in COLOURS[:10] and colour != "black" and rng.random() < 0.12:
            colour = f"{_one(SHADES, rng)} {colour}"
    finish = _one(tuple(FINISH_WORDS), rng) if rng.random() < 0.3 and made.family != "rust" else ""
    return Coat(made, colour, finish)


def told(coat: Coat, rng: np.random.Generator) -> str:
    """The coat in words: "glossy red leather", "rusty iron", "red painted wood, satin"."""
    name = coat.material.name
    if name == "wood" and rng.random() < 0.3:
        name = "wooden" if rng.random() < 0.3 else "painted wood" if coat.colour else name
    if name in ("steel", "aluminium", "brass") and rng.random() < 0.3:
        name = f"brushed {name}"
    elif rng.random() < 0.06:
        name = f"{_one(SILENT, rng)} {name}"
    text = f"{coat.colour} {name}".strip()
    if coat.finish:
        word = _one(FINISH_WORDS[coat.finish], rng)
        text = f"{word} {text}" if rng.random() < 0.7 else f"{text}, {word}"
    return text


def example(rng: np.random.Generator) -> tuple[Scene, str]:
    """A scene and a caption that is true of it: 40 % patches, 45 % single parts, 15 % objects of two parts.

    Most patches have a part's noun, too: a close-up of a part shows nothing else.
    """
    kind = rng.random()
    coat = chosen_coat(rng)
    if kind < 0.4:
        if rng.random() < 0.6:
            shape = _one(tuple(name for name in NOUNS if name != "patch"), rng)
            return Scene("patch", (coat,)), _of_part(coat, _one(NOUNS[shape], rng), rng)
        return Scene("patch", (coat,)), _one(_FREE, rng).format(told(coat, rng))
    if kind < 0.85:
        shape = _one(tuple(name for name in NOUNS if name != "patch"), rng)
        return Scene(shape, (coat,)), _of_part(coat, _one(NOUNS[shape], rng), rng)
    shape = _one(tuple(PAIRS), rng)
    objects, *parts = PAIRS[shape]
    coats = (coat, chosen_coat(rng))
    named = [f"{told(one, rng)} {_one(names, rng)}" for one, names in zip(coats, parts, strict=True)]
    text = f"{with_article(_one(objects, rng))} with {with_article(named[0])} and {named[1]}"
    return Scene(shape, coats), text


def rephrased(caption: str, rng: np.random.Generator) -> str:
    """The same said with other words now and then, or with a view at its end."""
    words = [_one(SYNONYMS[word], rng) if word in SYNONYMS and rng.random() < 0.08 else word
             for word in caption.split(" ")]
    text = " ".join(words)
    return f"{text}, {_one(VIEWS, rng)}" if rng.random() < 0.15 else text


def _of_part(coat: Coat, noun: str, rng: np.random.Generator) -> str:
    text = told(coat, rng)
    kind = rng.random()
    if kind < 0.55:
        return with_article(f"{text} {noun}", noun) if rng.random() < 0.6 else f"{text} {noun}"
    if kind < 0.7:
        return f"{noun} of {text}"
    if kind < 0.85:
        return f"{noun}, {text}"
    return f"{with_article(noun, noun)} made of {text}" if rng.random() < 0.5 else text


def vocabulary() -> list[str]:
    """Every word that a caption may hold, sorted."""
    phrases = [*COLOURS, *FURTHER_COLOURS, *SHADES, *SILENT, *_FREE, *VIEWS, "with and of a an made wooden",
               *(made.name for made in MATERIALS), *(word for words in SYNONYMS.values() for word in words),
               *(word for words in FINISH_WORDS.values() for word in words),
               *(noun for nouns in NOUNS.values() for noun in nouns),
               *(name for groups in PAIRS.values() for group in groups for name in group), *SHAPES]
    return sorted({word for phrase in phrases for word in words_of(phrase)})


def plain(material: Material, colour: str) -> str:
    """The caption of the figures: "red leather"."""
    return f"{colour} {material.name}".strip()


def _one(values, rng: np.random.Generator):
    return values[int(rng.integers(len(values)))]
