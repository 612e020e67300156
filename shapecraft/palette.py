"""Palette: the flat material that a Parser's words ask for, where a part's program sets none (paper silent; ours).

Words of a fixed list are looked for, the first of each kind counts; words that are not in it change nothing.
"""

from __future__ import annotations

import re

from shapecraft.boxes import vector
from shapecraft.materials import GREY, FlatMaterial

_WORD = re.compile(r"[a-z]+")
_COLOURS = {  # as on a screen; names and values after CSS where CSS has them
    "white": "#f2f2f0", "ivory": "#f5efdc", "cream": "#efe3c8", "beige": "#d9c7a3", "sand": "#d2b98c",
    "yellow": "#e8c020", "gold": "#d4a72c", "golden": "#d4a72c", "orange": "#e07b20", "terracotta": "#b5562f",
    "red": "#b3202a", "crimson": "#a01830", "maroon": "#6b1f28", "pink": "#e59bb0", "purple": "#6a3d8f",
    "violet": "#6f4aa5", "navy": "#1f2f5a", "blue": "#2f5fae", "turquoise": "#36a9a0", "teal": "#1f7a78",
    "green": "#3c7d3f", "olive": "#6b6b2a", "brown": "#6f4524", "tan": "#c29a6b", "black": "#1c1c1e",
    "charcoal": "#36383b", "anthracite": "#303338", "grey": "#8a8c8e", "gray": "#8a8c8e", "silver": "#c0c2c4",
    "transparent": "#dfe8ea", "clear": "#dfe8ea",
}
_MATERIALS = {  # noun: colour, metallic, roughness
    "oak": ("#a5743f", 0.0, 0.55), "walnut": ("#5a3a22", 0.0, 0.5), "pine": ("#d3ab72", 0.0, 0.6),
    "beech": ("#c99c67", 0.0, 0.55), "birch": ("#dabf92", 0.0, 0.55), "maple": ("#d2a86f", 0.0, 0.5),
    "mahogany": ("#5f2a1c", 0.0, 0.45), "teak": ("#8a5a2e", 0.0, 0.55), "bamboo": ("#cfae68", 0.0, 0.5),
    "wood": ("#94653a", 0.0, 0.6), "wooden": ("#94653a", 0.0, 0.6), "cork": ("#b98d5a", 0.0, 0.9),
    "steel": ("#b4b6b8", 1.0, 0.35), "iron": ("#4a4b4d", 1.0, 0.6), "aluminium": ("#c8cacc", 1.0, 0.35),
    "aluminum": ("#c8cacc", 1.0, 0.35), "chrome": ("#d0d2d4", 1.0, 0.08), "brass": ("#c8a24a", 1.0, 0.3),
    "copper": ("#b8734a", 1.0, 0.3), "bronze": ("#8c6a3c", 1.0, 0.4), "metal": ("#a8aaac", 1.0, 0.4),
    "metallic": ("#a8aaac", 1.0, 0.4), "plastic": ("#c8c8c8", 0.0, 0.45), "rubber": ("#242424", 0.0, 0.9),
    "glass": ("#dfe8ea", 0.0, 0.08), "ceramic": ("#ebe8e2", 0.0, 0.3), "porcelain": ("#f4f2ee", 0.0, 0.15),
    "stoneware": ("#cfc2aa", 0.0, 0.8), "clay": ("#b5704a", 0.0, 0.85), "concrete": ("#9c9a96", 0.0, 0.9),
    "stone": ("#8f8b84", 0.0, 0.85), "marble": ("#e6e4e0", 0.0, 0.25), "granite": ("#77757a", 0.0, 0.5),
    "leather": ("#6b4027", 0.0, 0.6), "fabric": ("#a49a8c", 0.0, 0.95), "cotton": ("#e4dfd4", 0.0, 0.95),
    "linen": ("#d8ccb2", 0.0, 0.95), "wool": ("#cfc4b0", 0.0, 0.95), "velvet": ("#5a2b45", 0.0, 0.9),
    "upholstery": ("#a49a8c", 0.0, 0.95), "paper": ("#efece2", 0.0, 0.9), "cardboard": ("#b58d5c", 0.0, 0.9),
    "wicker": ("#b98f56", 0.0, 0.8), "rattan": ("#b98f56", 0.0, 0.8), "wax": ("#efe6d0", 0.0, 0.5),
}
_WOODS = {"oak", "walnut", "pine", "beech", "birch", "maple", "mahogany", "teak", "bamboo", "wood", "wooden", "cork",
          "leather", "wicker", "rattan", "cardboard"}
_BROWNS = {"brown", "tan", "golden"}
_FINISHES = {
    "mirror": 0.05, "polished": 0.15, "glossy": 0.15, "gloss": 0.15, "shiny": 0.15, "lacquered": 0.2, "glazed": 0.2,
    "varnished": 0.35, "brushed": 0.4, "satin": 0.4, "semigloss": 0.3, "frosted": 0.6, "matte": 0.85, "matt": 0.85,
    "unglazed": 0.85, "rough": 0.9, "woven": 0.95,
}
_SHADES = {"pale": (1.0, 0.4), "light": (1.0, 0.3), "dark": (0.0, 0.6), "deep": (0.0, 0.5)}
"""Words before a colour: towards which value of linear light, and how far."""
_COATS = {"painted", "paint", "enamelled", "enameled", "enamel", "powder", "lacquered", "coated", "coat"}


def flat_material(words: str) -> FlatMaterial:
    """The material in words, "matte black powder coat" for one. A colour beats a material's own; a coat is no metal."""
    found = _WORD.findall(words.lower())
    noun = next((one for one in found if one in _MATERIALS), None)
    said, metallic, roughness = _MATERIALS[noun] if noun else ("", 0.0, 0.5)
    colour = next((one for one in found if one in _COLOURS), None)
    if colour is not None and not (colour in _BROWNS and noun in _WOODS):  # "medium-brown oak" is oak
        said = _COLOURS[colour]
    before = found[found.index(colour) - 1] if colour and found.index(colour) else ""
    roughness = next((_FINISHES[one] for one in found if one in _FINISHES), roughness)
    if _COATS & set(found):
        metallic = 0.0
    base = _linear(said) if said else GREY
    if before in _SHADES:
        toward, share = _SHADES[before]
        base = vector(round(value + share * (toward - value), 6) for value in base)
    return FlatMaterial(base, metallic, roughness)


def _linear(text: str) -> tuple[float, float, float]:
    """A screen's "#rrggbb" as linear light, six digits."""
    screen = [int(text[i: i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (round(v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4, 6) for v in screen)
    return red, green, blue
