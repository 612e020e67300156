"""Table of procedural materials: words, pattern, colours (ours).

Colours are those of shapecraft's palette, so that what a word paints flat and what it paints here agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from data.make import material_patterns as patterns
from data.make.material_patterns import Look, Places


@dataclass(frozen=True)
class Material:
    """name : its word or words; family : of the sorting figure; paint : the function; natural : words that
    shapecraft's palette knows the colour of; second : linear colour, or None for the base colour times `shade`;
    coloured : whether colour words go with it; lifted : on a nearly black base the second colour is a grey instead
    often : times as often in the examples as the rarest: what people name most is what a painter must know best"""

    name: str
    family: str
    paint: Callable[[Places], Look]
    natural: str
    second: tuple[float, float, float] | None = None
    shade: float = 0.35
    coloured: bool = True
    lifted: bool = False
    often: int = 1


_JOINT, _RUST, _DARK = (0.5, 0.47, 0.43), (0.24, 0.075, 0.02), (0.35, 0.35, 0.35)

MATERIALS = (
    Material("oak", "wood", patterns.oak, "oak", shade=0.42),
    Material("wood", "wood", patterns.oak, "wood", often=3),
    Material("walnut", "wood", patterns.walnut, "walnut"),
    Material("pine", "wood", patterns.pine, "pine"),
    Material("birch", "wood", patterns.pine, "birch", shade=0.5),
    Material("bamboo", "bamboo", patterns.bamboo, "bamboo"),
    Material("bark", "bark", patterns.bark, "dark brown", shade=0.15, coloured=False),
    Material("steel", "brushed metal", patterns.brushed, "steel", coloured=False),
    Material("aluminium", "brushed metal", patterns.brushed, "aluminium", coloured=False),
    Material("metal", "brushed metal", patterns.brushed, "metal", often=3),
    Material("iron", "cast iron", patterns.cast, "iron"),
    Material("rusty iron", "rust", patterns.rusty, "iron", _RUST, coloured=False),
    Material("rusty metal", "rust", patterns.rusty, "metal", _RUST, coloured=False),
    Material("brass", "metal", patterns.polished, "brass", coloured=False),
    Material("copper", "metal", patterns.polished, "copper", coloured=False),
    Material("gold", "metal", patterns.polished, "gold", coloured=False),
    Material("chrome", "mirror", patterns.mirror, "chrome", coloured=False),
    Material("brick", "brick", patterns.brick, "terracotta", _JOINT, often=3),
    Material("tiles", "tiles", patterns.tiles, "white", _DARK),
    Material("marble", "marble", patterns.marble, "marble", shade=0.22, lifted=True),
    Material("granite", "granite", patterns.granite, "granite", shade=0.12, lifted=True),
    Material("stone", "stone", patterns.stone, "stone", shade=0.15, often=3),
    Material("concrete", "concrete", patterns.concrete, "concrete"),
    Material("terracotta", "clay", patterns.clay, "terracotta", coloured=False),
    Material("stoneware", "clay", patterns.clay, "stoneware"),
    Material("leather", "leather", patterns.leather, "leather", shade=0.25, often=3),
    Material("fabric", "weave", patterns.weave, "fabric", often=3),
    Material("cotton", "cloth", patterns.cotton, "cotton"),
    Material("linen", "linen", patterns.linen, "linen"),
    Material("wool", "wool", patterns.wool, "wool", shade=0.3),
    Material("denim", "denim", patterns.denim, "navy"),
    Material("wicker", "wicker", patterns.wicker, "wicker", shade=0.2, coloured=False),
    Material("plastic", "smooth", patterns.smooth, "plastic", often=3),
    Material("paint", "smooth", patterns.smooth, "white"),
    Material("ceramic", "glaze", patterns.glazed, "ceramic"),
    Material("porcelain", "glaze", patterns.glazed, "porcelain"),
    Material("glass", "glass", patterns.glass, "glass"),
    Material("rubber", "rubber", patterns.rubber, "rubber"),
    Material("grass", "grass", patterns.grass, "green", shade=0.2, coloured=False),
    Material("sand", "sand", patterns.sand, "sand", coloured=False),
    Material("paper", "paper", patterns.paper, "paper"),
    Material("cardboard", "cardboard", patterns.cardboard, "cardboard", coloured=False),
    Material("cork", "cork", patterns.cork, "cork", coloured=False),
    Material("wax", "wax", patterns.wax, "wax"),
)
