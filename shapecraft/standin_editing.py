"""Stand-in for edits: plans by the words of an instruction, and programs of boxes for parts outside the catalogue.

It understands "make the LEGS thicker" (and wider, taller, ...), "paint the SEAT red", "add a SHELF", "remove the BACK",
joined by "and" or commas; anything else is impossible to it. Its plans say nothing about what a model would plan.
"""

from __future__ import annotations

import json
import re
from typing import Any

from easel.chat import ChatRequest
from easel.errors import EaselError
from shapecraft.boxes import Box
from shapecraft.catalogue import find_entry
from shapecraft.graph import Component, ShapeGraph
from shapecraft.part_fields import slugged
from shapecraft.part_list import read_part_list

SAID = "(A stand-in's plan, not a model's.)"
_SIDES: dict[str, tuple[str, float]] = {
    "thicker": ("xy", 1.25), "thinner": ("xy", 0.8), "wider": ("x", 1.2), "narrower": ("x", 0.85), "deeper": ("y", 1.2),
    "taller": ("z", 1.2), "higher": ("z", 1.2), "longer": ("z", 1.2), "shorter": ("z", 0.85), "lower": ("z", 0.85),
    "bigger": ("xyz", 1.15), "larger": ("xyz", 1.15), "smaller": ("xyz", 0.87),
}
"""Word -> the sides of the box that it changes, and by how much."""
_COLOURS = ("red", "green", "blue", "yellow", "white", "black", "orange", "grey", "brown", "pink")
_REQUEST = re.compile(r"^## The request\n(.*?)\n\nReply with", re.M | re.S)
_PARTS = re.compile(r"^## Its parts\n(.*?)\n\n## The request", re.M | re.S)
_OBJECT = re.compile(r"^The object: (.*)$", re.M)
_ENTRY = re.compile(r"^## The component\n(.*)$", re.M)
_ADD = re.compile(r"\badd (?:an? |some |the )?([a-z][a-z ]*)")


def answer(request: ChatRequest) -> str | None:
    """The reply to a plan, and to a program of a part that the catalogue does not know; None for any other call."""
    role = request.site.role.partition("+")[0]
    asked = next(message.text for message in request.messages if message.role == "user")
    if role == "edit-plan":
        return _plan(asked)
    if role in ("coder", "coder-revise", "coder-repair"):
        return _foreign(asked)
    return None


def _plan(asked: str) -> str:
    words, parts = _REQUEST.search(asked), _PARTS.search(asked)
    graph = read_part_list(parts[1] if parts else "").graph
    changes: dict[str, dict[str, Any]] = {}
    added: list[dict[str, Any]] = []
    removed: list[str] = []
    for clause in re.split(r"\band\b|,|;", words[1].lower() if words else ""):
        part = next((one for one in graph.components if _spoken(one.name, clause)), None)
        if found := _ADD.search(clause):
            added.append(_new(found[1], graph, len(added)))
        elif part is None:
            continue
        elif re.search(r"\b(?:remove|delete|without)\b", clause):
            removed.append(part.name)
        else:
            changes.update(_changed(part, clause))
    if not (changes or added or removed):
        return json.dumps({"impossible": f"no part of this object is asked to change in words I know {SAID}"})
    changes = {name: fields for name, fields in changes.items() if name not in removed}
    told = [*changes, *(f"new {one['name']}" for one in added), *(f"no {name}" for name in removed)]
    return "```json\n" + json.dumps({
        "summary": f"{', '.join(told)} {SAID}", "changes": list(changes.values()), "added": added, "removed": removed,
    }) + "\n```"


def _spoken(name: str, clause: str) -> bool:
    spoken = name.replace("_", " ")
    return any(re.search(rf"\b{re.escape(one)}\b", clause) for one in (name, spoken, spoken.rstrip("s"), f"{spoken}s"))


def _changed(part: Component, clause: str) -> dict[str, dict[str, Any]]:
    fields: dict[str, Any] = {}
    for word, (axes, factor) in _SIDES.items():
        if re.search(rf"\b{word}\b", clause):
            size = [round(side * (factor if axis in axes else 1.0), 4)
                    for axis, side in zip("xyz", part.box.size, strict=True)]
            # What stands stays standing: height grows upwards from where it begins.
            center = [*part.box.center[:2], round(part.box.low[2] + size[2] / 2, 5)]
            fields = {"how": f"{word}: sides {size} m", "box": {"center": center, "size": size}}
    for colour in _COLOURS:
        if re.search(rf"\b{colour}\b", clause):
            fields = {"how": f"{colour}, the form stays", **fields, "material": f"{colour} paint"}
    return {part.name: {"name": part.name, **fields}} if fields else {}


def _new(words: str, graph: ShapeGraph, number: int) -> dict[str, Any]:
    """A box in front of the whole, a fifth as large."""
    whole = graph.bounds
    name = base = slugged(words.strip()) or "addition"
    while name in graph.names:
        number += 1
        name = f"{base}_{number + 1}"
    size = [round(max(side / 5, 1e-3), 4) for side in whole.size]
    center = [whole.center[0], round(whole.low[1] - size[1] / 2, 5), round(whole.center[2] + number * size[2], 5)]
    return {"name": name, "geometry": f"a block, as {words.strip()}", "position": "in front, in the middle",
            "box": {"center": center, "size": size}, "material": "grey"}


def _foreign(asked: str) -> str | None:
    """A box as large as the part's, for parts that are not in the catalogue."""
    entry, whole = _ENTRY.search(asked), _OBJECT.search(asked)
    if entry is None or whole is None:
        return None
    fields = json.loads(entry[1])
    try:
        if fields["name"] in find_entry(whole[1]).graph().names:
            return None
    except EaselError:
        return None
    box = Box(tuple(fields["box"]["center"]), tuple(fields["box"]["size"]))
    return (f"```python\nimport shapes\n\npart = shapes.box(size={box.size}, center={box.center}, "
            f"name={fields['name']!r})\n```")
