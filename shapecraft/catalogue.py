"""Catalogue: the project's parametric objects: parts, boxes, joints, materials, captions at two lengths, programs.

It is what the stand-in modeller knows, and the ground truth that metrics are tried on. Every object stands on z = 0,
centred in x and y.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from easel.errors import ConfigurationError
from shapecraft import catalogue_furniture as furniture
from shapecraft import catalogue_household as household
from shapecraft import catalogue_outdoors as outdoors
from shapecraft.boxes import bounds_of
from shapecraft.catalogue_solids import DIGITS, Part
from shapecraft.graph import ShapeGraph

_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Entry:
    """name : unique; short, long : captions at two lengths; build : keyword parameters, in metres, to parts"""

    name: str
    short: str
    long: str
    build: Callable[..., tuple[Part, ...]]

    def graph(self, **parameters: float) -> ShapeGraph:
        """The object with its programs. Raises TypeError for a parameter that it does not have."""
        parts = self.build(**parameters)
        middle = bounds_of(one.box for one in parts).center
        by = (-round(middle[0], DIGITS) + 0.0, -round(middle[1], DIGITS) + 0.0, 0.0)
        return ShapeGraph(self.short, tuple(one.component((self.name, one.name), by=by) for one in parts))


CATALOGUE: tuple[Entry, ...] = (
    Entry("stool", "a stool", "a stool with four straight oak legs and a round red seat", furniture.stool),
    Entry("chair", "a wooden chair", "an oak chair with four square legs, a slatted back and a top rail",
          furniture.chair),
    Entry("table", "a dining table", "a dining table with four thick oak legs, an apron and a walnut top",
          furniture.table),
    Entry("bench", "a garden bench", "a garden bench of three oak planks on two concrete supports", furniture.bench),
    Entry("bookshelf", "a bookshelf", "a tall white bookshelf with five birch shelves and a thin back panel",
          furniture.bookshelf),
    Entry("bed", "a single bed", "a single bed with a high headboard, a white mattress and a pale blue pillow",
          furniture.bed),
    Entry("cabinet", "a cabinet", "a white cabinet on four feet with a teal door and a brass knob", furniture.cabinet),
    Entry("chest", "a wooden chest", "a pine chest with a hinged lid, an iron latch and two bent handles",
          furniture.chest),
    Entry("drawers", "a chest of drawers", "an oak frame with three cream drawers, each with a round brass knob",
          furniture.drawers),
    Entry("mug", "a coffee mug", "a glossy blue coffee mug with a C-shaped handle", household.mug),
    Entry("bottle", "a wine bottle", "a green wine bottle with a cork and a cream paper label", household.bottle),
    Entry("vase", "a vase with flowers", "a turquoise vase with a narrow neck and three yellow flowers",
          household.vase),
    Entry("bowl", "a fruit bowl", "a white fruit bowl on a low foot with three red apples", household.bowl),
    Entry("teapot", "a teapot", "a round teal teapot with a knobbed lid, a slanting spout and a bent handle",
          household.teapot),
    Entry("candlestick", "a candlestick", "a brass candlestick with a burning ivory candle", household.candlestick),
    Entry("bucket", "a metal bucket", "a steel bucket with a bent iron bail and a wooden grip", household.bucket),
    Entry("floor_lamp", "a floor lamp", "a floor lamp with a black base, a brass pole and a cream linen shade",
          household.floor_lamp),
    Entry("hourglass", "an hourglass", "an hourglass between two walnut plates with three thin pillars",
          household.hourglass),
    Entry("laptop", "an open laptop", "an open aluminium laptop with a keyboard, a touchpad and an upright screen",
          household.laptop),
    Entry("toy_car", "a toy car", "a red toy car with a rounded cabin, two axles with black wheels and headlights",
          outdoors.toy_car),
    Entry("rocket", "a toy rocket", "a white toy rocket with four red fins, a red nose and a round window",
          outdoors.rocket),
    Entry("windmill", "a windmill", "a white windmill with a brown cap and four cream sails on a shaft",
          outdoors.windmill),
    Entry("lighthouse", "a lighthouse", "a white lighthouse on a rock with a black gallery and a red roof",
          outdoors.lighthouse),
    Entry("birdhouse", "a birdhouse on a post", "a pale blue birdhouse on a square post with a red roof and a perch",
          outdoors.birdhouse),
    Entry("snowman", "a snowman", "a snowman of three balls with an orange nose, a black hat and stick arms",
          outdoors.snowman),
    Entry("mushroom", "a mushroom", "a mushroom with an ivory stem and a red cap with four white spots",
          outdoors.mushroom),
    Entry("hammer", "a claw hammer", "a claw hammer with an oak handle and a brushed steel head", outdoors.hammer),
    Entry("dumbbell", "a dumbbell", "a dumbbell with a chrome bar and two black plates on either side",
          outdoors.dumbbell),
)


def find_entry(text: str) -> Entry:
    """The object that a text asks for: by caption, else by the name of which all words stand in it, the longest first.

    Raises ConfigurationError, which names those there are.
    """
    plain = " ".join(text.lower().split()).strip(" .")
    for entry in CATALOGUE:
        if plain in (entry.short, entry.long, entry.name):
            return entry
    words = set(_WORD.findall(plain))
    fits = [entry for entry in CATALOGUE if set(entry.name.split("_")) <= words]
    if not fits:
        raise ConfigurationError("an object of the catalogue", came=text, where="catalogue",
                                 mend=f"It has {', '.join(entry.name for entry in CATALOGUE)}.")
    return max(fits, key=lambda entry: (len(entry.name.split("_")), -CATALOGUE.index(entry)))
