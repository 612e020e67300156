"""Reply JSON: the last JSON object of one kind in what a model wrote, past its thoughts, fences and words around it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from easel.errors import EaselError, shorten
from shapecraft.loose_json import LooseError, read_value

_THOUGHT = re.compile(r"^.*</think(?:ing)?>", re.I | re.S)


def without_thoughts(text: str) -> str:
    """What stands behind the last thought; its opening may stand in the prompt."""
    return _THOUGHT.sub("", text)


def last_object(
    text: str, keys: Collection[str], error: type[EaselError], expected: str, forgiven: set[str] | None = None
) -> dict[str, Any]:
    """The last object, read loosely, that has one of the keys; objects inside others are not looked at.

    forgiven : collects what of it was not JSON. Raises `error`, which names what was expected, without one.
    """
    text = without_thoughts(text)
    best: dict[str, Any] | None = None
    spelt: set[str] = set()
    position, broken = 0, ""
    while (start := text.find("{", position)) >= 0:
        said: set[str] = set()
        try:
            read = read_value(text, start, said)
        except LooseError as refusal:
            broken = broken or str(refusal)
            position = max(start + 1, refusal.position)
            continue
        position = read.end
        if isinstance(read.value, dict) and any(key in read.value for key in keys):
            best, spelt = read.value, said
    if best is None:
        raise error(expected, came=broken or shorten(text, 80) or "nothing")
    if forgiven is not None:
        forgiven |= spelt
    return best
