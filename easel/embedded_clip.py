"""The embedded CLIPs: where they lie, and the words they know (ours; stand-ins where no large CLIP is at hand)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError, MissingCapability

NAMES = ("reward", "report")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Words:
    """A closed vocabulary.

    name, column : of the model's card; known : all words it learnt; allow_unknown : let others pass (they are read
    as one unknown word); instead : what knows more words; guess : how to let it guess
    """

    name: str
    column: str
    known: tuple[str, ...]
    allow_unknown: bool = False
    instead: str = "a real CLIP"
    guess: str = "--allow-unknown-words, in Python allow_unknown_words=True"

    @classmethod
    def read(cls, card: Path, *, allow_unknown: bool = False) -> Words:
        written = read_card(card)
        return cls(written["name"], written["column"], tuple(written["words"]), allow_unknown)

    def __len__(self) -> int:
        return len(self.known)

    @cached_property
    def _set(self) -> frozenset[str]:
        return frozenset(self.known)

    def unknown(self, text: str) -> tuple[str, ...]:
        """Words of the text that are not known, once each, in order."""
        return tuple(dict.fromkeys(word for word in _WORD.findall(text.lower()) if word not in self._set))

    def check(self, text: str) -> None:
        """Raises ConfigurationError that names the unknown words and the nearest known ones."""
        strange = self.unknown(text)
        letters = re.search(r"[^\W\d_]", text)
        if not letters or ((strange or not text.isascii()) and not self.allow_unknown):
            shown = strange or tuple(word for word in text.split() if not word.isascii()) or (text,)
            raise ConfigurationError(
                f"words that the {self.name} model knows", came=", ".join(repr(word) for word in shown),
                mend=f"Nearest known words: {'; '.join(self._nearest(shown))}. Rephrase, use {self.instead}, "
                     f"or let it guess ({self.guess}).",
            )

    def _nearest(self, strange: Iterable[str]) -> list[str]:
        found = {word: get_close_matches(word.lower(), self.known, 3, 0.5) for word in strange}
        return [f"{word}: {', '.join(near) if near else 'none'}" for word, near in list(found.items())[:5]]


def embedded_folder(which: str) -> Path:
    """The folder of a shipped model. Raises ConfigurationError for another name, MissingCapability without weights."""
    if which not in NAMES:
        raise ConfigurationError(f"an embedded model: {' or '.join(NAMES)}", came=repr(which))
    folder = Path(__file__).parent / "weights" / which
    if not (folder / "open_clip_model.safetensors").is_file():
        raise MissingCapability(f"the weights of the embedded {which} model", where="easel/weights", came="none",
                                mend=f"Train them: `python -m data.make.train_clip {which} --minutes 25`.")
    return folder


def read_card(path: Path) -> dict[str, Any]:
    """An embedded model's card.json: categories, words, training and evaluation figures."""
    return json.loads(path.read_text())
