"""Part fields: names, lengths and boxes as models write them, turned into the graph's own.

Every function takes the raw value and where it stands, and raises PartListError with what to write instead; what was
not as asked but clear is added to `forgiven`. Lengths are metres; "18 cm", "180 mm", "7 in" are converted.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from easel.errors import EaselError, shorten
from shapecraft.boxes import Box, GraphError, Vector, vector

UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "": 1.0,
    "dm": 10.0, "cm": 100.0, "centimeter": 100.0, "centimeters": 100.0, "centimetre": 100.0, "centimetres": 100.0,
    "mm": 1000.0, "millimeter": 1000.0, "millimeters": 1000.0, "millimetre": 1000.0, "millimetres": 1000.0,
    "in": 1 / 0.0254, "inch": 1 / 0.0254, "inches": 1 / 0.0254, "ft": 1 / 0.3048, "feet": 1 / 0.3048,
}
"""How many of a unit make a metre."""
_LENGTH = re.compile(r"\s*([+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([a-z]*)\.?\s*", re.I)
_SIDES = (
    ("x", "y", "z"), ("width", "depth", "height"), ("width", "length", "height"), ("w", "l", "h"), ("w", "d", "h"),
)


class PartListError(EaselError, ValueError):
    """A Parser's reply that cannot be read as parts; the message is what the model is told."""


@dataclass
class Reading:
    """What holds for a whole reply. scale : how many of its bare numbers make a metre; names : as written -> as kept"""

    forgiven: set[str] = field(default_factory=set)
    scale: float = 1.0
    names: dict[str, str] = field(default_factory=dict)

    def name(self, raw: Any, where: str) -> str:
        """The component meant. Raises PartListError, which offers the names that come near."""
        key = slugged(str(raw))
        if key in self.names.values():
            return key
        if isinstance(raw, str) and raw in self.names:
            return self.names[raw]
        near = get_close_matches(key, sorted(self.names.values()), 1)
        raise PartListError(
            f"the name of a component ({', '.join(self.names.values())})", came=repr(shorten(str(raw), 40)),
            where=where, mend=f"Did you mean {near[0]}?" if near else "",
        )


def slugged(words: str) -> str:
    """Lower-case letters, digits and underscores, a letter first; "" when nothing is left."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", words)
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:48].strip("_")
    return f"part_{slug}"[:48] if slug[:1].isdigit() else slug


def metres(raw: Any, where: str, reading: Reading) -> float:
    """One length."""
    if isinstance(raw, float) and math.isfinite(raw):
        return raw / reading.scale
    if isinstance(raw, str) and len(raw) <= 60 and (match := _LENGTH.fullmatch(raw)) and match[2].lower() in UNITS:
        reading.forgiven.add("numbers written as text" if not match[2] else f"lengths in {match[2].lower()}, converted")
        value = float(match[1]) / (UNITS[match[2].lower()] if match[2] else reading.scale)
        if math.isfinite(value):
            return value
    raise PartListError("a number of metres", came=shown(raw), where=where, mend="Write a plain number, such as 0.18.")


def lengths(raw: Any, where: str, reading: Reading) -> Vector:
    """Three lengths: a list, or an object with x, y, z (or width, depth or length, height)."""
    if isinstance(raw, dict):
        for sides in _SIDES:
            if set(raw) == set(sides):
                reading.forgiven.add(f"a vector with the keys {', '.join(sides)}, read as x, y, z")
                raw = [raw[side] for side in sides]
                break
    if not isinstance(raw, list) or len(raw) != 3:
        raise PartListError("3 numbers [x, y, z] in metres", came=shown(raw), where=where)
    return vector(metres(value, f"{where}[{i}]", reading) for i, value in enumerate(raw))


def box_of(raw: Any, where: str, reading: Reading) -> Box:
    """A box of center and size, or of two corners min and max."""
    asked = '{"center": [x, y, z], "size": [x, y, z]} in metres'
    if not isinstance(raw, dict):
        mend = "Write center and size: a bare list leaves open which side is which." if isinstance(raw, list) else ""
        raise PartListError(asked, came=shown(raw), where=where, mend=mend or "Add it.")
    keys = {str(key).lower(): value for key, value in raw.items()}
    for other, key in (("centre", "center"), ("location", "center"), ("dimensions", "size"), ("extents", "size"),
                       ("low", "min"), ("high", "max")):
        if other in keys and key not in keys:
            reading.forgiven.add(f'"{other}" for "{key}"')
            keys[key] = keys.pop(other)
    units = keys.pop("units", keys.pop("unit", None))
    if units is not None:
        reading = Reading(reading.forgiven, scale_of(units, where, reading))
    if extra := sorted(set(keys) - {"center", "size", "min", "max"}):
        reading.forgiven.add(f"unknown keys of a box left out ({shorten(', '.join(extra), 60)})")
    try:
        if "center" in keys and "size" in keys:
            center, size = (lengths(keys[key], f"{where}.{key}", reading) for key in ("center", "size"))
            if min(size) <= 0:
                raise PartListError("sides above 0 metres", came=shown(list(size)), where=f"{where}.size",
                                    mend="A flat part has a thickness too, such as 0.002.")
            return Box(center, size)
        if "min" in keys and "max" in keys:
            low, high = (lengths(keys[key], f"{where}.{key}", reading) for key in ("min", "max"))
            reading.forgiven.add("a box by its corners, converted")
            if any(b <= a for a, b in zip(low, high, strict=True)):
                raise PartListError("max above min in x, y and z", came=f"{list(low)}, {list(high)}", where=where)
            size = vector(round(b - a, 9) for a, b in zip(low, high, strict=True))
            return Box(vector(round((a + b) / 2, 9) for a, b in zip(low, high, strict=True)), size)
    except GraphError as error:
        raise PartListError(error.expected, came=error.came, where=where) from None
    missing = " and ".join(key for key in ("center", "size") if key not in keys)
    raise PartListError(asked, came=f"no {missing}", where=where)


def scale_of(raw: Any, where: str, reading: Reading) -> float:
    """How many of a unit, given by name, make a metre."""
    name = str(raw).strip().lower()
    if name not in UNITS or not name:
        raise PartListError("units m, cm, mm, in or ft", came=shown(raw), where=where, mend="Write metres.")
    if UNITS[name] != 1.0:
        reading.forgiven.add(f"lengths in {name}, converted")
    return UNITS[name]


def shown(raw: Any) -> str:
    """A raw value in a message."""
    if raw is None:
        return "nothing (missing, null or NaN)"
    return shorten(repr(raw), 80)
