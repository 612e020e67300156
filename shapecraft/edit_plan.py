"""Edit plan: one call decides which parts of an object change, in what way, and which are added or removed (ours).

Asked for is one JSON object {"summary", "changes": [{"name", "how", ...}], "added": [...], "removed": [...]}, or
{"impossible": "why"}. Boxes are taken as the plan has them: solving relations would move parts that nobody named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel
from easel.errors import EaselError, shorten
from shapecraft.graph import Component, GraphError, ShapeGraph
from shapecraft.graph_diff import diff
from shapecraft.part_fields import slugged
from shapecraft.part_list import MAX_CHARACTERS, PartListError, read_part_list, write_part_list
from shapecraft.relations import targets
from shapecraft.reply_json import last_object
from shapecraft.settings import CraftSettings

LONGEST = 2000
"""Characters of an instruction, and of what is to change in one part (ours)."""
_LISTS = {"changes": ("changed", "change", "edits", "modified", "modify"), "added": ("add", "additions", "new"),
          "removed": ("remove", "removals", "deleted", "delete")}
_FIELDS = ("geometry", "position", "box", "material", "path", "relations", "joint")
_KEYS = ("impossible", *_LISTS, *(other for others in _LISTS.values() for other in others))


class EditPlanInvalid(EaselError, ValueError):
    """A reply that is no plan for this object; the message is what the model is told."""


class EditImpossible(EaselError, ValueError):
    """The model says that no change of parts can meet the request."""


@dataclass(frozen=True)
class EditPlan:
    """graph : the object as it shall be; programs of changed parts are still the old ones, of added ones ""

    how : (component, words) of every changed one; removed : names
    unlinked : relations and joints of other parts that named a removed one, and are gone with it
    """

    summary: str
    graph: ShapeGraph
    how: tuple[tuple[str, str], ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unlinked: tuple[str, ...] = ()
    forgiven: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.how)

    @property
    def written(self) -> tuple[str, ...]:
        """The components whose programs are written, in the graph's order."""
        return tuple(name for name in self.graph.names if name in (*self.changed, *self.added))

    def row(self) -> dict[str, Any]:
        return {
            "summary": self.summary, "graph": self.graph.key, "how": dict(self.how), "added": list(self.added),
            "removed": list(self.removed), "unlinked": list(self.unlinked), "forgiven": list(self.forgiven),
        }


@dataclass(frozen=True)
class Planned:
    """A plan, or a failure with its reason: "impossible" as the model says, "invalid", or what a call ended with."""

    plan: EditPlan | None
    failure: str = ""
    reason: str = ""
    reply_keys: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        return {"plan": None if self.plan is None else self.plan.row(), "failure": self.failure,
                "reason": self.reason, "reply_keys": list(self.reply_keys)}


def plan_edit(
    graph: ShapeGraph, instruction: str, *, model: ChatModel, settings: CraftSettings, name: str = "object",
    number: int = 1, attempt: int = 0,
) -> Planned:
    """Ask for the plan. name : of the object; number : of the edit, both in the call site

    attempt : 0-based, of asking for the same once more
    """
    messages = load_prompt("shapecraft", "edit_plan", overlay=settings.prompt_overlay).render(
        object=graph.object, parts=write_part_list(graph), instruction=instruction,
    )

    def read(text: str) -> EditPlan | EditImpossible:
        try:
            return read_edit_plan(text, graph, limit=settings.components)
        except EditImpossible as told:  # an answer, not a reply to be mended
            return told

    answer = ask(model, messages, read, site=CallSite("edit-plan", name, number),
                 sampling=settings.sampling(settings.temperature, path=attempt), replica=attempt,
                 repairs=settings.reply_repairs)
    if isinstance(answer.value, EditImpossible):
        return Planned(None, "impossible", answer.value.came, answer.reply_keys)
    return Planned(answer.value, answer.failure, answer.reason, answer.reply_keys)


def read_edit_plan(text: str, graph: ShapeGraph, *, limit: int) -> EditPlan:
    """The plan in a reply: JSON in a fence or bare, words around it; of several plans the last one.

    limit : most components, unless the object has more already
    Raises EditPlanInvalid, whose message is what the model is told; EditImpossible where it says so.
    """
    if len(text) > MAX_CHARACTERS:
        raise EditPlanInvalid(f"a reply of at most {MAX_CHARACTERS} characters", came=str(len(text)))
    reading = _Reading()
    raw = last_object(text.encode("utf-8", "replace").decode(), _KEYS, EditPlanInvalid,
                      'one JSON object {"summary": ..., "changes": [...], "added": [...], "removed": [...]}',
                      reading.forgiven)
    lists = {key: _list(raw, key, reading) for key in _LISTS}
    why = raw.get("impossible")
    if isinstance(why, str) and why.strip() and not any(lists.values()):
        raise EditImpossible("a change of parts that meets the request", came=shorten(plain(why), 300))
    changes = _by_name(lists["changes"], "changes", graph)
    removed = _removed(lists["removed"], graph)
    if not (changes or lists["added"] or removed):
        raise EditPlanInvalid("at least one part under changes, added or removed", came="none",
                              mend='Or {"impossible": "why"}.')
    if both := [name for name in removed if name in changes]:
        raise EditPlanInvalid("each part once", came=f"{both[0]} under changes and under removed")
    if len(removed) == len(graph):
        raise EditPlanInvalid("at least one part that stays", came="a plan that removes all", where="removed")
    how = {name: _how(name, fields) for name, fields in changes.items()}
    stripped, unlinked = _unlinked(graph, removed)
    after, added = _after(stripped, graph.names, changes, lists["added"], raw.get("object"), limit, reading)
    summary = raw.get("summary")
    said = plain(summary) if isinstance(summary, str) else ""
    return EditPlan(
        shorten(said or "; ".join(f"{name}: {words}" for name, words in how.items()) or "parts added or removed", 500),
        after, tuple((name, how[name]) for name in after.names if name in how), added, removed, unlinked,
        tuple(sorted(reading.forgiven)),
    )


@dataclass
class _Reading:
    forgiven: set[str] = field(default_factory=set)


def _list(raw: Mapping[str, Any], key: str, reading: _Reading) -> list[Any]:
    found = next((one for one in (key, *_LISTS[key]) if raw.get(one)), None)
    if found is None:
        return []
    if found != key:
        reading.forgiven.add(f'"{found}" for "{key}"')
    value = raw[found]
    if isinstance(value, dict):
        reading.forgiven.add(f"{key} as an object by name")
        value = [{"name": name, **one} if isinstance(one, dict) else {"name": name, "how": one}
                 for name, one in value.items()]
    if not isinstance(value, list):
        raise EditPlanInvalid(f'"{key}": a list', came=shorten(repr(value), 60), where=key)
    return value


def _existing(raw: Any, where: str, graph: ShapeGraph) -> str:
    """The part meant. Raises EditPlanInvalid, which offers the names that come near."""
    name = raw if isinstance(raw, str) and raw in graph.names else slugged(str(raw))
    if name in graph.names:
        return name
    near = get_close_matches(name, graph.names, 1)
    raise EditPlanInvalid(
        f"names of parts of this object ({', '.join(graph.names)})", where=where,
        came=f"{shorten(repr(raw), 40)}: the plan names no part that exists",
        mend=f"Did you mean {near[0]}?" if near else "A new part belongs under added.",
    )


def _by_name(entries: list[Any], where: str, graph: ShapeGraph) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not isinstance(entry, dict):
            raise EditPlanInvalid('changes such as {"name": "legs", "how": "..."}', came=shorten(repr(entry), 60),
                                  where=where)
        name = _existing(entry.get("name", entry.get("component")), where, graph)
        if name in found:
            raise EditPlanInvalid("each part once", came=f"{name} twice", where=where)
        found[name] = entry
    return found


def _removed(entries: list[Any], graph: ShapeGraph) -> tuple[str, ...]:
    raw = [one.get("name", one.get("component")) if isinstance(one, dict) else one for one in entries]
    names = [_existing(one, "removed", graph) for one in raw]
    return tuple(name for name in graph.names if name in names)


def _how(name: str, fields: Mapping[str, Any]) -> str:
    for key in ("how", "feedback", "change", "instruction"):
        words = fields.get(key)
        if isinstance(words, str) and words.strip():
            return plain(words)[:LONGEST]
    raise EditPlanInvalid('"how": what becomes different, in words', came=shorten(repr(fields.get("how")), 60),
                          where=f"changes, {name}")


def _unlinked(graph: ShapeGraph, removed: tuple[str, ...]) -> tuple[ShapeGraph, tuple[str, ...]]:
    """The graph without the removed parts, and what of the others named them."""
    kept, told = [], []
    for one in graph.components:
        if one.name in removed:
            continue
        relations = tuple(link for link in one.relations if not set(targets(link)) & set(removed))
        told += [f"{one.name}: {link.kind} {', '.join(targets(link))}" for link in one.relations
                 if link not in relations]
        joint = one.joint
        if joint is not None and set(joint.carries) & set(removed):
            joint = replace(joint, carries=tuple(name for name in joint.carries if name not in removed))
            told.append(f"{one.name}: its joint carries no removed part any more")
        kept.append(one if relations == one.relations and joint is one.joint
                    else replace(one, relations=relations, joint=joint))
    return replace(graph, components=tuple(kept)), tuple(told)


def _after(
    graph: ShapeGraph, taken: tuple[str, ...], changes: Mapping[str, Mapping[str, Any]], added: list[Any], words: Any,
    limit: int, reading: _Reading,
) -> tuple[ShapeGraph, tuple[str, ...]]:
    """The graph as it shall be. Only what is changed or added is read; every other component is the old one itself."""
    entries = json.loads(write_part_list(graph))["components"]
    rows: list[Any] = []
    for entry, one in zip(entries, graph.components, strict=True):
        if one.name in changes:
            rows.append(_merged(entry, changes[one.name]))
        else:  # what stays is not read again: only its name and place count for the others
            rows.append({"name": one.name, "geometry": "-", "position": "-", "box": entry["box"]})
    for new in added:
        name = slugged(str(new.get("name"))) if isinstance(new, dict) else ""
        if not name:
            raise EditPlanInvalid('added parts such as {"name": "drawer", "geometry": ..., "box": ...}',
                                  came=shorten(repr(new), 60), where="added")
        if name in taken:
            raise EditPlanInvalid("a new name", came=f"{name}, which is there", where="added",
                                  mend="What changes a part belongs under changes.")
        rows.append({key: value for key, value in new.items() if key != "how"})
    whole = words if isinstance(words, str) and words.strip() else graph.object
    try:
        read = read_part_list(json.dumps({"object": whole, "components": rows}), limit=max(limit, len(graph)))
        reading.forgiven |= set(read.forgiven)
        kept = tuple(_with(one, new) if one.name in changes else one
                     for one, new in zip(graph.components, read.graph.components, strict=False))
        new = read.graph.components[len(kept):]
        title = read.graph.object if whole != graph.object else graph.object
        after = replace(graph, object=title, components=(*kept, *new))
    except (PartListError, GraphError) as error:
        raise EditPlanInvalid(error.expected, came=error.came, where=error.where, mend=error.mend) from None
    return after, tuple(one.name for one in new)


def _merged(entry: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The part's entry with the fields that change; a box may name its size or its center alone."""
    given = {key: fields[key] for key in _FIELDS if key in fields}
    box = given.get("box")
    if isinstance(box, dict) and len({"center", "size"} & set(box)) == 1:
        given["box"] = {**entry["box"], **box}
    return {**entry, **given}


def _with(old: Component, new: Component) -> Component:
    return replace(new, name=old.name, program=old.program)


def plain(words: str) -> str:
    """On one line, letters that can be printed alone, no half of a surrogate pair: for prompts, files and terminals."""
    words = words.encode("utf-8", "replace").decode()
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def edited_fields(before: ShapeGraph, after: ShapeGraph, name: str) -> str:
    """What the plan changes of a part's words and box, one line each, for the Coder."""
    found = [change.fields for change in diff(before, after).changed if change.name == name]
    return "\n".join(one.words() for fields in found for one in fields if one.field != "program")
