"""Painting cases: twelve objects of the catalogue with a colour and a material for each part, to measure by (ours).

Every prompt is "<colour> <material> <part>" of words that the embedded painter knows. Colours within an object lie far
apart; grey is none of them, since painting starts from grey. Every material occurs about as often as the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from easel.errors import ConfigurationError
from shapecraft.appearance import Appearance, PartPrompt, noun_of
from shapecraft.catalogue import Entry, find_entry

MATERIALS = ("wood", "brick", "leather", "fabric", "plastic", "stone")
"""Six classes that a reader sorts: all go with any colour word. Stone and plastic stand for granite and marble, which
the embedded painter draws like its stone; how its own pictures of the six are told apart without colour is in its card
(plastic by having no pattern)."""
COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "black", "white")


@dataclass(frozen=True)
class PaintingCase:
    """entry : of the catalogue; noun : the object in a word that the painter knows
    coats : (part, colour, material) of every part, in the order of the object's graph"""

    entry: Entry
    noun: str
    coats: tuple[tuple[str, str, str], ...]

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def appearance(self) -> Appearance:
        """The whole by all its parts, every part by its own coat."""
        parts = tuple(PartPrompt(part, f"{colour} {material} {noun_of(part)}") for part, colour, material in self.coats)
        *others, last = [one.text for one in parts]
        return Appearance(f"a {self.noun} with {', '.join(others)} and {last}", parts)

    @property
    def colours(self) -> tuple[str, ...]:
        """Colour word of every part."""
        return tuple(colour for _, colour, _ in self.coats)

    @property
    def materials(self) -> tuple[str, ...]:
        """Material word of every part."""
        return tuple(material for _, _, material in self.coats)

    def swapped(self) -> PaintingCase:
        """The same object, every part in the coat of the next one."""
        coats = [(colour, material) for _, colour, material in self.coats]
        turned = [*coats[1:], coats[0]]
        return replace(self, coats=tuple((part, *coat) for (part, _, _), coat in zip(self.coats, turned, strict=True)))


def painting_cases(names: Sequence[str] = ()) -> tuple[PaintingCase, ...]:
    """The twelve, or those of these names. Raises ConfigurationError for a name that is none of them."""
    known = {one.name: one for one in CASES}
    for name in names:
        if name not in known:
            raise ConfigurationError(f"painting cases: {', '.join(known)}", came=name, where="painting_cases")
    return tuple(known[name] for name in names) if names else CASES


def _case(name: str, noun: str, **coats: str) -> PaintingCase:
    entry = find_entry(name)
    rows = []
    for part, coat in coats.items():
        colour, material = coat.split()
        rows.append((part, colour, material))
    return PaintingCase(entry, noun, tuple(rows))


CASES = (
    _case("stool", "stool", legs="blue wood", seat="red leather"),
    _case("bench", "bench", supports="orange brick", seat="green wood"),
    _case("mug", "mug", body="white plastic", handle="purple leather"),
    _case("table", "table", legs="black stone", apron="yellow fabric", top="turquoise plastic"),
    _case("bookshelf", "bookshelf", sides="purple fabric", shelves="yellow wood", back_panel="green brick"),
    _case("bucket", "pail", pail="pink stone", bail="black leather", grip="blue fabric"),
    _case("mushroom", "cap", stem="white brick", cap="red stone", spots="blue plastic"),
    _case("cabinet", "cabinet", carcass="brown leather", feet="white stone", door="turquoise fabric",
          knob="red wood"),
    _case("chest", "chest", body="green leather", lid="orange plastic", latch="black wood", handles="pink fabric"),
    _case("teapot", "pot", body="blue brick", lid="yellow stone", spout="red plastic", handle="white wood"),
    _case("lighthouse", "lighthouse", rock="brown brick", tower="white fabric", gallery="green stone",
          lantern="yellow leather", roof="blue leather"),
    _case("birdhouse", "birdhouse", post="pink brick", box="turquoise wood", roof="brown plastic",
          entrance="white leather", perch="red fabric"),
)
