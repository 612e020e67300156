"""Blender checks: finds in a program's tree what `shapecraft.blender_api` knows to be gone, renamed or invented.

Only what the text shows for sure is told: an unknown value is never judged, so that a program that runs gets no advice.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatch

from shapecraft import blender_api as api
from shapecraft.program_values import Values, text_of


@dataclass(frozen=True)
class Advice:
    """One remark on a program; advice, never a wall.

    line : from 1; kind : "syntax", "import", "name", "helper", "operator", "keyword", "choice", "attribute", "socket",
    "node", "mode", "table", "context", "scene", "loop", "deprecated"; words : what is wrong; mend : what to write
    """

    line: int
    kind: str
    words: str
    mend: str


def blender_advice(values: Values, version: api.Version) -> Iterator[Advice]:
    """What Blender of that version would refuse."""
    edits = _edit_mode_seen(values)
    tables = _tables_built(values)
    for node in values.nodes:
        match node:
            case ast.Call():
                yield from _operator(values, node, version, edits)
                yield from _bmesh(values, node, version)
                yield from _made(values, node, version)
            case ast.Attribute():
                yield from _attribute(values, node, version)
            case ast.Subscript():
                yield from _subscript(values, node, version, tables)
            case ast.Assign(targets, value):
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        yield from _assigned(values, target, value, version)
            case ast.BinOp(a, ast.Mult(), b) if _is_matrix(values, a, b) or _is_matrix(values, b, a):
                yield Advice(node.lineno, "operator", "matrices are no longer multiplied by *",
                             "Use @ (Blender 2.80 release notes, Python API).")


def _operator(values: Values, node: ast.Call, version: api.Version, edits: bool) -> Iterator[Advice]:
    path = values.dotted(node.func).split(".")
    if path[:2] != ["bpy", "ops"] or len(path) != 4:
        return
    room, name = path[2], path[3]
    words = f"bpy.ops.{room}.{name}"
    gone = _change(api.CALLS, f"{room}.{name}", "", version)
    if gone:
        yield Advice(node.lineno, "operator", f"{words} does not exist{_since(gone)}", gone.mend)
    elif room not in api.ROOMS:
        yield Advice(node.lineno, "operator", f"bpy.ops.{room} does not exist", _near(room, api.ROOMS))
    elif api.entries(room) and name not in api.entries(room):
        yield Advice(node.lineno, "operator", f"{words} does not exist", _near(name, api.entries(room)))
    elif room in ("view3d", "screen"):
        yield Advice(node.lineno, "context", f"{words} needs a window, and there is none",
                     "Work on objects and meshes directly.")
    elif room.startswith(("export_", "import_")) or (room, name) in _OUTSIDE or (room == "wm" and "port" in name):
        yield Advice(node.lineno, "scene", f"{words} reaches outside the part", _OUTSIDE.get(
            (room, name), "Leave it out: the finished parts are exported for you."))
    elif any(isinstance(arg, ast.Dict) or "override" in getattr(arg, "id", "") for arg in node.args):
        yield Advice(node.lineno, "keyword", f"{words} takes no context as its first argument (Blender 4.0)",
                     "Use with bpy.context.temp_override(...): and keywords only.")
    else:
        if room == "mesh" and name in api.EDIT_MODE and not edits:
            yield Advice(node.lineno, "mode", f"{words} works in edit mode only",
                         "Call bpy.ops.object.mode_set(mode='EDIT') before and mode='OBJECT' after, or use bmesh.")
        entry = api.entries(room).get(name)
        if entry:
            yield from _keywords(node, words, name, entry, version)
        if (room, name) == ("object", "modifier_add"):
            yield from _modifier_type(node, next((k.value for k in node.keywords if k.arg == "type"), None))


_OUTSIDE = {
    ("wm", "read_factory_settings"): "Leave it out: the program starts in an empty scene.",
    ("wm", "read_homefile"): "Leave it out: the program starts in an empty scene.",
    ("wm", "open_mainfile"): "Leave it out: the program starts in an empty scene.",
    ("wm", "quit_blender"): "Leave it out: the program ends by itself.",
    ("wm", "save_as_mainfile"): "Leave it out: the file is saved for you.",
    ("wm", "save_mainfile"): "Leave it out: the file is saved for you.",
    ("render", "render"): "Leave it out: pictures are made for you.",
}


def _keywords(node: ast.Call, words: str, name: str, entry: api.Entry, version: api.Version) -> Iterator[Advice]:
    for keyword in node.keywords:
        if keyword.arg is None:
            continue
        gone = _change(api.KEYWORDS, keyword.arg, name, version)
        if entry.keywords is None and (gone is None or gone.on == ("",)):
            continue
        if keyword.arg not in (entry.keywords or ()):
            mend = gone.mend if gone else _near(keyword.arg, entry.keywords or ())
            yield Advice(keyword.value.lineno, "keyword", f"{words} has no keyword {keyword.arg}{_since(gone)}", mend)
        elif (given := text_of(keyword.value)) and given not in entry.choices.get(keyword.arg, (given,)):
            yield _choice(keyword.value, f"{keyword.arg} of {words}", given, entry.choices[keyword.arg])


def _bmesh(values: Values, node: ast.Call, version: api.Version) -> Iterator[Advice]:
    path = values.dotted(node.func).split(".")
    if path[:2] != ["bmesh", "ops"] or len(path) != 3:
        return
    name, words, entry = path[2], f"bmesh.ops.{path[2]}", api.entries("bmesh").get(path[2])
    if entry is None:
        gone = _change(api.CALLS, f"bmesh.{name}", "", version)
        yield Advice(node.lineno, "operator", f"{words} does not exist",
                     gone.mend if gone else _near(name, api.entries("bmesh")))
        return
    if len(node.args) != 1:
        yield Advice(node.lineno, "keyword", f"{words} takes the bmesh and then keywords only",
                     f"Write {words}(bm, ...) with a name before every other value.")
    yield from _keywords(node, words, name, entry, version)
    for keyword in node.keywords:
        if (name, keyword.arg) != ("delete", "context") or not isinstance(keyword.value, ast.Constant):
            continue
        if keyword.value.value not in api.DELETED:
            yield _choice(keyword.value, f"context of {words}", str(keyword.value.value), api.DELETED)


def _made(values: Values, node: ast.Call, version: api.Version) -> Iterator[Advice]:
    """Calls of .new() on collections: modifiers, curves, splines, objects, nodes."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr != "new":
        return
    owner = node.func.value
    path = values.dotted(owner)
    given = {k.arg: k.value for k in node.keywords}
    first = node.args[0] if node.args else None
    if isinstance(owner, ast.Attribute) and owner.attr == "modifiers":
        kind = node.args[1] if len(node.args) > 1 else given.get("type")
        if text_of(first) in api.CURVE_MODIFIERS:  # of an animation curve: another collection of that name
            return
        if (kind is None or not (node.args or "name" in given)) and None not in given and len(node.args) < 2:
            yield Advice(node.lineno, "keyword", "modifiers.new takes a name and a type",
                         "Write modifiers.new(name='Bevel', type='BEVEL').")
        else:
            yield from _modifier_type(node, kind)
    elif path in ("bpy.data.curves", "bpy.data.objects") and None not in given:
        key, example = ("type", "'CURVE'") if path == "bpy.data.curves" else ("object_data", "mesh")
        second = node.args[1] if len(node.args) > 1 else given.get(key)
        if second is None and not any(isinstance(arg, ast.Starred) for arg in node.args):
            yield Advice(node.lineno, "keyword", f"{path}.new takes a name and {key}",
                         f"Write {path}.new('name', {example}).")
        elif path == "bpy.data.curves" and text_of(second) and text_of(second) not in api.CURVES:
            yield _choice(node, "type of bpy.data.curves.new", text_of(second), api.CURVES)
    elif isinstance(owner, ast.Attribute) and owner.attr == "splines":
        kind = first or given.get("type")
        if text_of(kind) and text_of(kind) not in api.SPLINES:
            yield _choice(node, "type of splines.new", text_of(kind), api.SPLINES)
    elif isinstance(owner, ast.Attribute) and owner.attr == "nodes":
        gone = _change(api.NODES, text_of(first or given.get("type")), "", version)
        if gone:
            yield Advice(node.lineno, "node", f"node type {gone.name} does not exist{_since(gone)}", gone.mend)


def _modifier_type(node: ast.Call, kind: ast.AST | None) -> Iterator[Advice]:
    given = text_of(kind)
    if given and given not in api.MODIFIER_TYPES:
        yield _choice(node, "modifier type", given, tuple(sorted(api.MODIFIER_TYPES)))


def _attribute(values: Values, node: ast.Attribute, version: api.Version) -> Iterator[Advice]:
    path = values.dotted(node)
    for place in ("bpy.context.area.", "bpy.context.space_data.", "bpy.context.region.", "bpy.context.region_data."):
        if path.startswith(place) and path.count(".") == place.count("."):
            yield Advice(node.lineno, "context", f"{place[:-1]} is None: there is no window",
                         "Work on objects and meshes directly.")
    kind = ""
    for change in api.ATTRIBUTES:
        if change.name != node.attr or not change.holds(version):
            continue
        kind = kind or values.kind(node.value)
        if change.on == ("",) or kind in change.on:
            told = "deprecated" if change.name == "use_nodes" else "attribute"
            what = "is deprecated" if told == "deprecated" else "does not exist"
            yield Advice(node.lineno, told, f"{node.attr} {what}{_since(change)}", change.mend)


def _assigned(values: Values, target: ast.Attribute, value: ast.AST, version: api.Version) -> Iterator[Advice]:
    kind, name, given = values.kind(target.value), target.attr, text_of(value)
    if kind.startswith("modifier:"):
        owner = kind.removeprefix("modifier:")
        entry = api.entries("modifiers").get(owner)
        if entry is None or entry.keywords is None:
            return
        gone = _change(api.CHOICES, given, name, version)
        if name not in entry.keywords and name not in api.SHARED:
            old = _change(api.MODIFIER_ATTRIBUTES, name, owner, version)
            yield Advice(target.lineno, "attribute", f"a {owner} modifier has no {name}{_since(old)}",
                         old.mend if old else _near(name, entry.keywords))
        elif gone:
            yield Advice(target.lineno, "choice", f"{name} = {given!r} is gone{_since(gone)}", gone.mend)
        elif given and version == api.blender_names.VERSION and given not in entry.choices.get(name, (given,)):
            yield _choice(target, f"{name} of a {owner} modifier", given, entry.choices[name])
    elif name == "engine" and (gone := _change(api.CHOICES, given, name, version)):
        yield Advice(target.lineno, "choice", f"engine {given!r} does not exist{_since(gone)}", gone.mend)
    elif kind in ("curve", "object.data") and name == "fill_mode" and given and given not in api.FILLS:
        yield _choice(target, "fill_mode of a curve", given, api.FILLS)
    elif (kind, name) == ("material", "diffuse_color") and len(getattr(value, "elts", "four")) == 3:
        yield Advice(target.lineno, "attribute", "diffuse_color takes 4 numbers", "Write (r, g, b, 1.0).")


def _subscript(values: Values, node: ast.Subscript, version: api.Version, tables: dict[str, int]) -> Iterator[Advice]:
    key = text_of(node.slice)
    owner = node.value
    if isinstance(owner, ast.Attribute) and owner.attr == "inputs" and key:
        if values.kind(owner.value) == "principled" and (gone := _change(api.SOCKETS, key, "principled", version)):
            yield Advice(node.lineno, "socket", f'the Principled BSDF has no input "{key}"{_since(gone)}', gone.mend)
        return
    kind = values.kind(owner)
    if kind.startswith("result:") and key:
        name = kind.removeprefix("result:")
        entry = api.entries("bmesh").get(name)
        if entry and key not in entry.keys:
            there = ", ".join(f'"{one}"' for one in entry.keys) or "nothing"
            yield Advice(node.lineno, "keyword", f'bmesh.ops.{name} returns no "{key}"', f"It returns {there}.")
    elif kind in ("bmesh.verts", "bmesh.edges", "bmesh.faces") and not isinstance(node.slice, ast.Slice) and not key:
        part = kind.partition(".")[2]
        if tables.get(part, node.lineno + 1) > node.lineno:
            yield Advice(node.lineno, "table", f"bm.{part}[...] needs an index table, and none was made",
                         f"Call bm.{part}.ensure_lookup_table() before, and again after every change.")


def _edit_mode_seen(values: Values) -> bool:
    for node in values.nodes:
        if isinstance(node, ast.Call):
            path = values.dotted(node.func)
            left = any(k.arg == "mode" and text_of(k.value) == "OBJECT" for k in node.keywords)
            if path.endswith((".mode_set", ".editmode_toggle", ".mode_set_with_submode")) and not left:
                return True
            if any(k.arg == "enter_editmode" for k in node.keywords):
                return True
    return False


def _tables_built(values: Values) -> dict[str, int]:
    """verts, edges, faces -> first line of an ensure_lookup_table() for it."""
    lines: dict[str, int] = {}
    for node in values.nodes:
        if isinstance(node, ast.Attribute) and node.attr == "ensure_lookup_table":
            parts = [node.value.attr] if isinstance(node.value, ast.Attribute) else ["verts", "edges", "faces"]
            for part in parts:
                lines[part] = min(lines.get(part, node.lineno), node.lineno)
    return lines


def _is_matrix(values: Values, node: ast.AST, other: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        made = values.dotted(node.func).startswith(("mathutils.Matrix.", "Matrix."))
        return made and isinstance(other, ast.Call) and "Vector" in values.dotted(other.func)
    if isinstance(node, ast.Attribute) and node.attr == "matrix_world":
        return not isinstance(other, ast.Constant)
    return False


def _change(rows: tuple[api.Change, ...], name: str, on: str, version: api.Version) -> api.Change | None:
    """The row of that name; one for this very kind before one for any."""
    found = [row for row in rows if row.name == name and row.holds(version)]
    for row in found:
        if any(one and fnmatch(on, one) for one in row.on):
            return row
    return next((row for row in found if row.on == ("",)), None)


def _since(change: api.Change | None) -> str:
    return f" (since {change.source})" if change and change.source != "never" else ""


def _choice(node: ast.AST, what: str, given: str, choices: tuple[str, ...]) -> Advice:
    meant = api.MEANT.get(given.upper(), given.upper())
    if meant in choices:
        mend = f"Use {meant!r}."
    elif len(choices) <= 12:
        mend = f"Use one of {', '.join(choices)}."
    else:
        mend = _near(meant, choices)
    return Advice(getattr(node, "lineno", 1), "choice", f"{what} is never {given!r}", mend)


def _near(name: str, known: Iterable[str]) -> str:
    known = tuple(known)
    close = get_close_matches(name, sorted(known), 3, 0.6)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"It takes {', '.join(known)}." if 0 < len(known) <= 12 else "Leave it out."
