"""Controls: what tells learning from a longer prompt, for the ablation (ours; the paper has none).

A control is a callable (library, *, seed) -> library that stands in a report for the learned one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from drawagent.experience import Lesson, Library, Provenance

_PLACEBO = (
    "the weather of a spring morning is often mild and a walk before noon is pleasant for most people who like the "
    "quiet of small streets",
    "a letter that is written by hand takes longer to arrive than a message and is kept for longer by those who "
    "receive it from friends",
    "tea tastes of the water that it was made with and of the patience of the person who waits for it beside the "
    "window in winter",
    "trains leave on time when nobody is in a hurry and late when somebody has counted every minute of the afternoon "
    "in advance",
    "an old song is easier to remember than a new one because it has been heard in more rooms and by more than one "
    "generation of listeners",
    "the name of a street says who lived there once or what was sold there and rarely what a visitor will find there "
    "today",
    "a garden needs less work than its owner believes and more time than the owner has planned for it in the early "
    "part of the year",
    "bread that is baked at night is sold in the morning and what is left of it in the evening is given to the ducks "
    "of the pond",
)
"""Sentences that say nothing of drawing, in lower case and without a full stop: words to be counted out."""


def placebo(library: Library, *, seed: str) -> Library:
    """As many lessons of as many words, and none that says anything of drawing: does a longer prompt alone help?"""
    rng = random.Random(seed)
    order = rng.sample(range(len(_PLACEBO)), len(_PLACEBO))
    lessons = tuple(
        Lesson(lesson.id, _counted(_PLACEBO[order[place % len(order)]].split(), len(lesson.text.split()), place),
               "other", (Provenance(0, author="human"),))
        for place, lesson in enumerate(library.lessons)
    )
    return Library(lessons, library.version, library.parent, library.next_number)


def _counted(words: Sequence[str], count: int, place: int) -> str:
    """A sentence of exactly `count` words, begun elsewhere for every lesson, so that no two are alike."""
    turned = [words[(place // len(_PLACEBO) + i) % len(words)] for i in range(count)]
    return f"{' '.join(turned).capitalize()}."
