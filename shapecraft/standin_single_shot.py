"""Stand-in answers of the single-shot baseline: the catalogue's object as one program, its parts off their places."""

from __future__ import annotations

import random

from shapecraft.catalogue import find_entry


def whole_program(text: str, rng: random.Random, *, off: float, broken: str = "") -> str:
    """A reply with one program for all parts of the object that a text names, each moved by up to `off` of its sides.

    broken : a last line that does not run. Raises ConfigurationError for an object that is not in the catalogue.
    """
    lines = []
    for one in find_entry(text).graph().components:
        by = tuple(round(rng.uniform(-off, off) * side, 4) + 0.0 for side in one.box.size)
        lines += [one.program.rstrip("\n"), f"shapes.move(part, by={by})"]
    return "```python\n" + "\n".join([*lines, *([broken] if broken else [])]) + "\n```"
