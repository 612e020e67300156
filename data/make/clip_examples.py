"""Training examples of the embedded CLIPs: sketches by the generators and by a language model, with captions (ours).

The language model's drawings lie in `data/sketches_train/`, apart from every drawing that tests anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.make.clip_words import caption, words_of
from data.make.sketches import CATEGORIES, Drawing, draw
from drawagent.language import parse
from drawagent.sketch import SketchError

SCRIBBLE = -1


@dataclass(frozen=True)
class Example:
    """A sketch, its caption, and what is known of it.

    category : index into CATEGORIES, or SCRIBBLE for strokes that show nothing
    said : the attributes that the caption mentions; true : all attributes; None where nobody listed them
    """

    strokes: np.ndarray
    category: int
    caption: str
    said: frozenset[str] = frozenset()
    true: frozenset[str] | None = None


@dataclass(frozen=True)
class Source:
    """Draws examples. share : of drawings by the language model; nothing : of scribbles and blank pages."""

    styles: tuple[str, ...]
    replies: dict[int, tuple[np.ndarray, ...]] = field(default_factory=dict)
    share: float = 0.4
    nothing: float = 0.03

    def example(self, rng: np.random.Generator) -> Example:
        if rng.random() < self.nothing:
            return Example(_scribble(rng), SCRIBBLE, "")
        category = int(rng.integers(len(CATEGORIES)))
        known = self.replies.get(category, ())
        if known and rng.random() < self.share:
            drawing = Drawing(CATEGORIES[category], known[rng.integers(len(known))])
            return Example(drawing.strokes, category, caption(drawing, rng))
        style = self.styles[rng.integers(len(self.styles))]
        drawing = draw(CATEGORIES[category], rng, style=style)
        text = caption(drawing, rng)
        return Example(drawing.strokes, category, text, _said(text, drawing.attributes), frozenset(drawing.attributes))


def read_replies(folder: Path, *, leave_out: tuple[int, ...] = ()) -> dict[int, tuple[np.ndarray, ...]]:
    """Drawings of `<slug>__<n>.txt` files by category index; files whose number is in `leave_out` are left out."""
    found: dict[int, list[np.ndarray]] = {}
    numbers = {category.replace(" ", "_"): index for index, category in enumerate(CATEGORIES)}
    for path in sorted(Path(folder).glob("*__*.txt")):
        slug, _, number = path.stem.rpartition("__")
        if slug in numbers and int(number) not in leave_out:
            found.setdefault(numbers[slug], []).append(read_reply(path))
    return {category: tuple(drawings) for category, drawings in sorted(found.items())}


def read_reply(path: Path) -> np.ndarray:
    """(N, 4, 3) strokes of one reply, read leniently; raises ValueError with the file's name."""
    try:
        return parse(path.read_text(), mode="lenient").sketch.array().astype(np.float32)
    except SketchError as broken:
        raise ValueError(f"{path.name}: {broken}") from broken


def _said(text: str, attributes: tuple[str, ...]) -> frozenset[str]:
    """The attributes that occur in the caption, word for word ("with" may have become a mere "and")."""
    padded = f" {' '.join(words_of(text))} "
    return frozenset(a for a in attributes if f" {' '.join(words_of(a.removeprefix('with ')))} " in padded)


def _scribble(rng: np.random.Generator) -> np.ndarray:
    """Random strokes about the cube; one in four is a blank page."""
    number = 0 if rng.random() < 0.25 else int(rng.integers(4, 28))
    start, spread = rng.uniform(-1, 1, (number, 1, 3)), rng.uniform(0.1, 0.9)
    return (start + rng.normal(0, spread, (number, 4, 3)).cumsum(axis=1) * 0.5).astype(np.float32)
