"""Part links: relations and joints as models write them, turned into the graph's own.

As in `shapecraft.part_fields`: what cannot be read raises PartListError with what to write; what was clear is forgiven.
"""

from __future__ import annotations

import math
import re
from typing import Any

from easel.errors import shorten
from shapecraft.boxes import Axis, Face, GraphError, Vector, vector
from shapecraft.graph import Joint
from shapecraft.part_fields import PartListError, Reading, lengths, metres, shown, slugged
from shapecraft.relations import GROUND, AnyRelation, FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo

_DEGREES = re.compile(r"\s*([+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))\s*(?:deg|degrees|°)?\s*", re.I)
_GROUNDS = (GROUND, "floor", "table", "tabletop", "desk", "surface", "earth", "street")
_KINDS = {
    "on_top_of": "on_top_of", "on_top": "on_top_of", "stands_on": "on_top_of", "rests_on": "on_top_of",
    "sits_on": "on_top_of", "supported_by": "on_top_of", "flush_with": "flush_with", "flush": "flush_with",
    "aligned_with": "flush_with", "inset_in": "inset_in", "inset": "inset_in", "inside": "inset_in",
    "recessed_in": "inset_in", "let_into": "inset_in", "embedded_in": "inset_in", "symmetric_to": "symmetric_to",
    "symmetric": "symmetric_to", "symmetric_with": "symmetric_to", "mirror_of": "symmetric_to",
    "mirrored": "symmetric_to", "mirrored_from": "symmetric_to", "mirror": "symmetric_to", "repeated": "repeated",
    "repeat": "repeated", "repeats": "repeated", "array": "repeated", "radial_array": "repeated",
}
_FACES: dict[str, Face] = {
    "x": "+x", "y": "+y", "z": "+z", "top": "+z", "bottom": "-z", "left": "-x", "right": "+x", "front": "-y",
    "back": "+y", "rear": "+y", "+x": "+x", "-x": "-x", "+y": "+y", "-y": "-y", "+z": "+z", "-z": "-z",
}
_PLANES: dict[str, Axis] = {"yz": "x", "zy": "x", "xz": "y", "zx": "y", "xy": "z", "yx": "z"}
_JOINTS = {
    "hinge": "hinge", "revolute": "hinge", "rotational": "hinge", "rotation": "hinge", "slider": "slider",
    "prismatic": "slider", "slide": "slider", "linear": "slider", "ball": "ball", "spherical": "ball", "fixed": "fixed",
    "rigid": "fixed", "static": "fixed",
}


def relation_of(raw: Any, own: str, where: str, reading: Reading) -> AnyRelation | None:
    """A relation; None for a kind that the graph does not know, which is said."""
    if isinstance(raw, str):
        raw = _spoken(raw, reading)
    if not isinstance(raw, dict):
        raise PartListError('relations such as {"kind": "on_top_of", "base": "legs"}', came=shown(raw), where=where)
    fields = {str(key).lower(): value for key, value in raw.items()}
    kind = fields.pop("kind", fields.pop("type", fields.pop("relation", None)))
    if kind is None and len(fields) == 1 and slugged(next(iter(fields))) in _KINDS:
        kind, fields = next(iter(fields)), {"other": next(iter(fields.values()))}
    found = _KINDS.get(slugged(str(kind)))
    if found is None:
        reading.forgiven.add(f'a relation of unknown kind left out ("{shorten(str(kind), 40)}")')
        return None
    where = f"{where}, {found}"
    try:
        if found == "repeated":
            return _repeated(fields, own, where, reading)
        target = next((fields[key] for key in ("base", "other", "target", "to", "of", "with", "in", "component", "part")
                       if key in fields), own if found == "symmetric_to" else None)
        below = slugged(str(target)).removeprefix("the_")
        if found == "on_top_of" and below in _GROUNDS and below not in reading.names.values():
            if below != GROUND:
                reading.forgiven.add(f'on top of "{below}", read as the ground')
            return OnTopOf(GROUND)
        other = reading.name(target, where)
        if other == own and found != "symmetric_to":
            raise PartListError("another component", came=other, where=where)
        if found == "on_top_of":
            return OnTopOf(other)
        if found == "inset_in":
            return InsetIn(other)
        if found == "flush_with":
            face = _FACES.get(str(fields.get("face", fields.get("side"))).strip().lower())
            if face is None:
                raise PartListError('"face": "-x", "+x", "-y", "+y", "-z" or "+z"', came=shown(fields.get("face")),
                                    where=where)
            return FlushWith(other, face)
        return _symmetric(fields, other, where, reading)
    except GraphError as error:
        raise PartListError(error.expected, came=error.came, where=where) from None


def _spoken(raw: str, reading: Reading) -> Any:
    """ "on top of legs" as an object, where the words say it all. """
    words = slugged(raw)
    for kind in sorted(_KINDS, key=len, reverse=True):
        if words.startswith(f"{kind}_") and _KINDS[kind] in ("on_top_of", "inset_in"):
            reading.forgiven.add("relations in words")
            return {"kind": kind, "other": words.removeprefix(f"{kind}_").removeprefix("the_")}
    return {"kind": raw}


def _axis(raw: Any, where: str) -> Axis:
    match str(raw).strip().lower().lstrip("+-"):
        case "x":
            return "x"
        case "y":
            return "y"
        case "z":
            return "z"
    raise PartListError('an axis "x", "y" or "z"', came=shown(raw), where=where)


def _symmetric(fields: dict[str, Any], other: str, where: str, reading: Reading) -> SymmetricTo:
    about, at = fields.get("about", "plane"), fields.get("at", [0.0, 0.0, 0.0])
    if about not in ("plane", "axis"):
        raise PartListError('"about": "plane" or "axis"', came=shown(about), where=where)
    text = str(fields.get("plane", fields.get("axis"))).strip().lower().replace(" ", "")
    text, _, offset = text.partition("=")
    axis = _PLANES.get(text.removesuffix("plane").rstrip("-_")) or _axis(text, where)
    if isinstance(at, (float, str)) or offset:
        spot = metres(offset, where, Reading(scale=reading.scale)) if offset else metres(at, where, reading)
        at = [spot if name == axis else 0.0 for name in "xyz"]
        return SymmetricTo(other, axis, about, vector(at))
    return SymmetricTo(other, axis, about, lengths(at, f"{where}.at", reading))


def _repeated(fields: dict[str, Any], own: str, where: str, reading: Reading) -> Repeated:
    n = fields.get("n", fields.get("count", fields.get("times")))
    if not isinstance(n, float) or n != int(n) or not 2 <= n <= 256:
        raise PartListError('"n": a whole number of copies, 2 to 256', came=shown(n), where=where)
    pattern = slugged(str(fields.get("pattern", "row")))
    if pattern in ("radial", "circular", "around", "polar"):
        pattern = "radial"
    elif pattern in ("row", "linear", "axis", "line"):
        pattern = "row"
    else:
        raise PartListError('"pattern": "row" or "radial"', came=shown(fields["pattern"]), where=where)
    raw = fields.get("copies") or []
    if not isinstance(raw, list):
        raise PartListError("copies as a list of names", came=shown(raw), where=where)
    copies = tuple(name for name in (reading.name(one, f"{where}.copies") for one in raw) if name != own)
    step = fields.get("step", fields.get("spacing"))
    at = lengths(fields["at"], f"{where}.at", reading) if fields.get("at") is not None else (0.0, 0.0, 0.0)
    return Repeated(
        int(n), _axis(fields.get("axis"), where), "radial" if pattern == "radial" else "row", copies,
        None if step is None else metres(step, f"{where}.step", reading), at,
    )


def joint_of(raw: Any, own: str, where: str, reading: Reading) -> Joint | None:
    """A joint; None for null, "none" and an empty object."""
    if raw is None or raw == {} or raw == [] or (isinstance(raw, str) and slugged(raw) in ("", "none", "null")):
        return None
    if not isinstance(raw, dict):
        asked = '{"type": "hinge", "axis": [0, 0, 1], "origin": [x, y, z], "limits": [0, 90]}'
        raise PartListError(f"a joint such as {asked}", came=shown(raw), where=where)
    fields = {str(key).lower(): value for key, value in raw.items()}
    kind = slugged(str(fields.get("type", fields.get("kind"))))
    if kind in ("none", "null"):
        return None
    if kind not in _JOINTS:
        kinds = '"type": "hinge", "slider", "ball" or "fixed"'
        raise PartListError(kinds, came=shown(fields.get("type")), where=where)
    carries = fields.get("carries") or []
    if not isinstance(carries, list):
        raise PartListError("carries as a list of names", came=shown(carries), where=f"{where}.carries")
    carried = tuple(dict.fromkeys(n for n in (reading.name(c, f"{where}.carries") for c in carries) if n != own))
    if _JOINTS[kind] == "fixed":
        return Joint("fixed", carries=carried)
    axis = (0.0, 0.0, 1.0)
    if _JOINTS[kind] != "ball" or fields.get("axis") is not None:
        axis = _direction(fields.get("axis"), f"{where}.axis")
    origin = next((fields[key] for key in ("origin", "pivot", "anchor", "at") if fields.get(key) is not None), None)
    if origin is None and _JOINTS[kind] == "slider":
        origin = [0.0, 0.0, 0.0]
    low, high = _limits(fields, _JOINTS[kind] == "slider", f"{where}.limits", reading)
    spot = lengths(origin, f"{where}.origin", reading)
    try:
        return Joint(_JOINTS[kind], axis, spot, (low, high), carried)  # type: ignore[arg-type]
    except GraphError as error:
        raise PartListError(error.expected, came=error.came, where=where) from None


def _direction(raw: Any, where: str) -> Vector:
    if isinstance(raw, str):
        sign = -1.0 if raw.strip().startswith("-") else 1.0
        axis = _axis(raw, where)
        return vector(sign if name == axis else 0.0 for name in "xyz")
    if not isinstance(raw, list) or len(raw) != 3 or not all(isinstance(v, float) and abs(v) <= 1e6 for v in raw):
        raise PartListError("a direction [x, y, z], or \"x\", \"y\" or \"z\"", came=shown(raw), where=where)
    return vector(raw)


def _limits(fields: dict[str, Any], slides: bool, where: str, reading: Reading) -> tuple[float, float]:
    raw = fields.get("limits", fields.get("range"))
    if isinstance(raw, dict):
        raw = [next((raw[key] for key in keys if key in raw), None) for keys in (("min", "low"), ("max", "high"))]
    if not isinstance(raw, list) or len(raw) != 2:
        unit = "metres along the axis" if slides else "degrees"
        raise PartListError(f"limits [lowest, highest] in {unit}", came=shown(raw), where=where)
    low, high = (metres(v, where, reading) if slides else _degrees(v, where) for v in raw)
    return (low, high) if low <= high else (high, low)


def _degrees(raw: Any, where: str) -> float:
    if isinstance(raw, str) and len(raw) <= 60 and (match := _DEGREES.fullmatch(raw)):
        raw = float(match[1])
    if isinstance(raw, float) and math.isfinite(raw):
        return raw
    raise PartListError("a number of degrees", came=shown(raw), where=where)
