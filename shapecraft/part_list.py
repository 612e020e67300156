"""Part list: a Parser's reply becomes a graph (ShapeCraft, section 3.1); what was forgiven is said, the rest refused.

Asked for is one JSON object {"object", "assumptions", "components": [{"name", "geometry", "position", "box": {"center",
"size"}, "material", "path", "relations", "joint"}]}, metres. Refusals name component, field and what to write: they are
what the model is told in a repair.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.errors import shorten
from shapecraft.boxes import Box, bounds_of
from shapecraft.graph import MAX_COMPONENTS, Component, GraphError, Joint, ShapeGraph
from shapecraft.loose_json import LooseError, read_value
from shapecraft.part_fields import PartListError, Reading, box_of, scale_of, shown, slugged
from shapecraft.part_links import joint_of, relation_of
from shapecraft.relations import AnyRelation

__all__ = ["PartList", "PartListError", "read_part_list", "write_part_list"]

MAX_CHARACTERS = 100_000
"""Longest reply that is read (ours; 16 components take about 10,000)."""
_LONGEST, _SHORTEST = 1000.0, 0.001  # metres of a whole object (ours): beyond them the unit is not the metre
_ATTEMPTS, _TOKENS = 64, 50_000  # of JSON, far above what 16 components take (about 1,500)
_THOUGHT = re.compile(r"<(/?)think(?:ing)?>", re.I)
_MEASURE = re.compile(r"(?<![\w.])([0-9]{1,6}(?:\.[0-9]{1,6})?)\s?(cm|mm)\b")
_PARTS = ("components", "parts", "children", "subcomponents", "sub_components", "subparts", "elements")
_ALIASES = {
    "geometry": ("geometric_description", "description", "shape"), "name": ("id", "component", "part"),
    "position": ("positional_description", "placement"), "material": ("appearance", "texture", "finish"),
    "box": ("bounding_box", "bounding_volume", "bbox", "volume"), "relations": ("relationships", "relation"),
}
_FIELDS = {"name", "geometry", "position", "box", "material", "path", "relations", "joint"}


@dataclass(frozen=True)
class PartList:
    """graph : without programs; forgiven : what was not as asked for, sorted"""

    graph: ShapeGraph
    forgiven: tuple[str, ...]


class _Part(BaseModel):
    """One component at the border."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True, strict=True)

    name: str
    geometry: Annotated[str, Field(min_length=1, max_length=2000)]
    position: Annotated[str, Field(min_length=1, max_length=2000)]
    material: Annotated[str, Field(max_length=1000)]
    path: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=24)]
    box: Box
    relations: list[AnyRelation]
    joint: Joint | None


def read_part_list(text: str, *, prompt: str = "", limit: int = MAX_COMPONENTS) -> PartList:
    """Read a Parser's reply: JSON in a fence or bare, words around it; of several part lists the last one.

    prompt : the object's text, used where the reply names no object; limit : most components (paper silent; ours)
    Raises PartListError for whatever is not surely a list of parts with boxes in metres.
    """
    if len(text) > MAX_CHARACTERS:
        raise PartListError(f"a reply of at most {MAX_CHARACTERS} characters", came=str(len(text)))
    text = text.encode("utf-8", "replace").decode()
    reading = Reading()
    root = _root(_value_in(text, reading), reading)
    entries = _leaves(root, reading)
    if len(entries) > limit:
        raise PartListError(
            f"at most {limit} components", came=str(len(entries)),
            mend="Merge small and repeated parts: four legs are one component whose program builds all four.",
        )
    names = _names(entries, reading)
    reading.names = {str(fields.get("name")): name for (fields, _), name in zip(entries, names, strict=True)}
    units = root.get("units", root.get("unit"))
    if units is not None:
        reading.scale = scale_of(units, "units", reading)
    parts = [_part(fields, name, trail, reading) for (fields, trail), name in zip(entries, names, strict=True)]
    _check_size(parts)
    whole = next((root[key] for key in ("object", "title", "prompt") if root.get(key)), None) or prompt
    if not isinstance(whole, str) or not whole.strip():
        raise PartListError('"object": the whole in words', came=shown(whole), where="the top level")
    try:
        components = tuple(
            Component(p.name, p.geometry, p.position, p.box, material=p.material, path=tuple(p.path),
                      relations=tuple(p.relations), joint=p.joint)
            for p in parts
        )
        graph = ShapeGraph(_line(whole)[:500], components, _assumptions(root.get("assumptions"), reading))
    except GraphError as error:
        raise PartListError(error.expected, came=error.came, where=error.where) from None
    return PartList(graph, tuple(sorted(reading.forgiven)))


def write_part_list(graph: ShapeGraph) -> str:
    """The JSON that is asked of a Parser, for prompts and stand-ins; programs are left out.

    `read_part_list(write_part_list(g)).graph == g` for graphs without programs that a reply could hold.
    """
    components = []
    for component in graph.components:
        fields = {key: value for key, value in asdict(component).items() if key != "program"}
        for key in ("material", "relations", "joint"):
            if not fields[key]:
                del fields[key]
        components.append(fields)
    head = {"object": graph.object} | ({"assumptions": list(graph.assumptions)} if graph.assumptions else {})
    rows = ",\n".join("  " + json.dumps(fields, ensure_ascii=False) for fields in components)
    return json.dumps(head, ensure_ascii=False)[:-1] + ', "components": [\n' + rows + "\n]}"


def _value_in(text: str, reading: Reading) -> Any:
    """The last value in the reply that holds parts."""
    body = _without_thoughts(text, reading)
    best: tuple[Any, set[str], int, int] | None = None
    broken: LooseError | None = None
    position, spent, seen = 0, 0, 0
    for _ in range(_ATTEMPTS):
        start = min((at for at in (body.find("{", position), body.find("[", position)) if at >= 0), default=-1)
        if start < 0 or spent >= _TOKENS:
            break
        forgiven: set[str] = set()
        try:
            read = read_value(body, start, forgiven, tokens=_TOKENS - spent)
        except LooseError as error:
            # Prose has brackets too; what got this far was meant to be the list, and its pieces are not one.
            if error.position - start > 40 and (broken is None or not broken.cut):
                broken = error
            spent += max(64, (error.position - start) // 4)
            position = max(start + 1, error.position)
            continue
        spent, position = spent + read.tokens, read.end
        if _holds_parts(read.value) and not (broken and isinstance(read.value, list)):
            seen += 1
            best = read.value, forgiven, start, read.end
    if best is None:
        if broken is not None:
            raise PartListError(broken.expected, came=broken.came, where=broken.where, mend=broken.mend)
        raise PartListError('one JSON object {"object": ..., "components": [...]}', came=shorten(text, 80) or "nothing")
    value, forgiven, start, end = best
    reading.forgiven |= forgiven
    if seen > 1:
        reading.forgiven.add(f"{seen} part lists, the last one taken")
    around = re.sub(r"```+\w*", "", body[:start] + body[end:]).strip()
    if around:
        reading.forgiven.add("words around the JSON")
    return value


def _without_thoughts(text: str, reading: Reading) -> str:
    kept, opened, position = [], -1, 0
    for tag in _THOUGHT.finditer(text):
        if not tag.group(1) and opened < 0:
            kept.append(text[position: tag.start()])
            opened = tag.start()
        elif tag.group(1):
            if opened < 0:
                kept.clear()  # "<think>" stood in the prompt
            reading.forgiven.add("thinking before the JSON")
            position, opened = tag.end(), -1
    return "\n".join([*kept, text[position:] if opened < 0 else text[opened:]])


def _holds_parts(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) for item in value) and "name" in value[0]
    if isinstance(value, dict):
        inner = [item for item in value.values() if isinstance(item, dict)]
        return any(key in value for key in _PARTS) or (len(inner) == 1 and any(key in inner[0] for key in _PARTS))
    return False


def _root(value: Any, reading: Reading) -> dict[str, Any]:
    if isinstance(value, list):
        reading.forgiven.add("a bare list of components")
        return {"components": value}
    if not any(key in value for key in _PARTS):
        reading.forgiven.add("the object inside another")
        outer = value
        value = next(item for item in outer.values() if isinstance(item, dict) and any(key in item for key in _PARTS))
    extra = set(value) - {"object", "title", "prompt", "assumptions", "units", "unit", "name", "path", *_PARTS}
    if extra:
        reading.forgiven.add(f"unknown keys left out ({shorten(', '.join(sorted(extra)), 80)})")
    if "object" not in value and isinstance(value.get("name"), str):
        value = {**value, "object": value["name"]}
    return value


def _leaves(root: dict[str, Any], reading: Reading) -> list[tuple[dict[str, Any], list[str]]]:
    """(fields, names of the sub-assemblies above) of every leaf, in reading order."""
    leaves: list[tuple[dict[str, Any], list[str]]] = []
    waiting = [(child, [str(root.get("object", ""))[:100]]) for child in _children(root, "the top level", reading)]
    while waiting:
        fields, trail = waiting.pop(0)
        place = f"component {len(leaves)}"
        if not isinstance(fields, dict):
            raise PartListError('components such as {"name": ..., "geometry": ..., "box": ...}', came=shown(fields),
                                where=place)
        inner = _children(fields, place, reading)
        if inner:
            reading.forgiven.add("nested components, their leaves taken")
            below = [*trail, str(fields.get("name", ""))[:100]]
            waiting = [(child, below) for child in inner] + waiting
        else:
            leaves.append((fields, trail))
        if len(leaves) + len(waiting) > 1000:
            raise PartListError(f"at most {MAX_COMPONENTS} components", came="more than 1000")
    if not leaves:
        raise PartListError("at least one component", came="an empty list", where="components")
    return leaves


def _children(fields: dict[str, Any], where: str, reading: Reading) -> list[Any]:
    key = next((key for key in _PARTS if fields.get(key) not in (None, [], {})), None)
    if key is None:
        return []
    if key != "components" and where == "the top level":
        reading.forgiven.add(f'"{key}" for "components"')
    found = fields[key]
    if isinstance(found, dict):
        reading.forgiven.add("components as an object by name")
        found = [{"name": name, **one} if isinstance(one, dict) else one for name, one in found.items()]
    if not isinstance(found, list):
        raise PartListError("a list of components", came=shown(found), where=f"{where}, {key}")
    return found


def _names(entries: list[tuple[dict[str, Any], list[str]]], reading: Reading) -> list[str]:
    for fields, _ in entries:
        for key, others in _ALIASES.items():
            other = next((one for one in others if one in fields), None)
            if key not in fields and other is not None:
                reading.forgiven.add(f'"{other}" for "{key}"')
                fields[key] = fields.pop(other)
    names: list[str] = []
    for i, (fields, _) in enumerate(entries):
        raw = fields.get("name")
        if not isinstance(raw, str) or not raw.strip():
            raise PartListError('a "name" such as "seat_frame"', came=shown(raw), where=f"component {i}")
        name = slugged(raw) or f"part_{i}"
        if name != raw:
            reading.forgiven.add(f'"{shorten(raw, 40)}" renamed {name}')
        if name in names:
            raise PartListError(
                "each component's name once", came=f"{name} for components {names.index(name)} and {i}",
                mend="Rename one, such as left_arm and right_arm, or merge them into one component.",
            )
        names.append(name)
    return names


def _part(fields: dict[str, Any], name: str, trail: list[str], reading: Reading) -> _Part:
    if extra := sorted(set(fields) - _FIELDS - set(_PARTS) - {"center", "size"}):
        reading.forgiven.add(f"unknown keys left out ({shorten(', '.join(extra), 80)})")
    raw_box = fields.get("box")
    if raw_box is None and "center" in fields and "size" in fields:
        reading.forgiven.add("a box without its own object")
        raw_box = {"center": fields["center"], "size": fields["size"]}
    relations = fields.get("relations") or []
    if not isinstance(relations, list):
        relations = [relations]
    links = [relation_of(raw, name, f"component {name}", reading) for raw in relations]
    values = {
        "name": name,
        **{key: _text(fields.get(key), f"component {name}, {key}", reading) for key in ("geometry", "position")},
        "material": _text(fields.get("material"), f"component {name}, material", reading),
        "path": _path(fields.get("path"), trail, f"component {name}, path", reading),
        "box": box_of(raw_box, f"component {name}, box", reading),
        "relations": list(dict.fromkeys(link for link in links if link is not None)),
        "joint": joint_of(fields.get("joint"), name, f"component {name}, joint", reading),
    }
    try:
        return _Part.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(step) for step in first["loc"])
        wanted = {"string_too_short": "a description in words", "string_too_long": "shorter words"}
        raise PartListError(
            wanted.get(first["type"], first["msg"].lower()), came=shown(first["input"] or None),
            where=f"component {name}, {key}",
        ) from None


def _text(raw: Any, where: str, reading: Reading) -> str:
    if isinstance(raw, list) and raw and all(isinstance(item, str) for item in raw):
        reading.forgiven.add("a list of words where one text was asked for")
        raw = "; ".join(raw)
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise PartListError("words", came=shown(raw), where=where)
    return _line(raw)


def _path(raw: Any, trail: list[str], where: str, reading: Reading) -> list[str]:
    if isinstance(raw, str):
        reading.forgiven.add("a path as one text")
        raw = re.split(r"\s*(?:/|>|\.|→)\s*", raw.strip("/ "))
    if raw is None:
        return [step for step in map(_line, trail) if step]
    if not isinstance(raw, list) or not all(isinstance(step, str) for step in raw):
        raise PartListError("a list of names, from the object down", came=shown(raw), where=where)
    return [step for step in map(_line, raw) if step]


def _assumptions(raw: Any, reading: Reading) -> tuple[str, ...]:
    if raw is None:
        return ()
    if isinstance(raw, str):
        reading.forgiven.add("assumptions as one text")
        raw = [raw]
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw) or len(raw) > 64:
        raise PartListError("assumptions as a list of at most 64 sentences", came=shown(raw), where="assumptions")
    return tuple(_line(item)[:1000] for item in raw if item.strip())


def _line(words: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _check_size(parts: list[_Part]) -> None:
    """Refuses boxes that are plainly not in metres. Never guesses: a wrong guess would be silent."""
    longest = max(bounds_of(part.box for part in parts).size)
    if not _SHORTEST <= longest <= _LONGEST:
        raise PartListError(f"an object of {_SHORTEST:g} to {_LONGEST:g} metres", came=f"{longest:g} metres",
                            mend="Write metres: 45 cm are 0.45, 450 mm are 0.45.")
    for unit, scale in (("cm", 100.0), ("mm", 1000.0)):
        told = [(p, float(m[1])) for p in parts for m in _MEASURE.finditer(p.geometry) if m[2] == unit]
        told = [(p, value) for p, value in told if value > 0]
        as_written = [p.name for p, value in told if any(abs(side / value - 1) < 0.02 for side in p.box.size)]
        in_metres = sum(any(abs(side * scale / value - 1) < 0.02 for side in p.box.size) for p, value in told)
        if len(as_written) >= 2 and not in_metres:
            raise PartListError(
                "boxes in metres", came=f"numbers that the descriptions give in {unit}",
                where=f"component {as_written[0]}, box.size", mend=f"Divide center and size of every box by {scale:g}.",
            )
