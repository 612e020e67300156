"""Checks: advice on a Coder's program before it runs: syntax, imports, names, helpers, Blender's interface.

Quick, well-worded feedback before a run is spent. It is advice and no wall: what a program may do is decided by the
jail it runs in, never here.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise

from easel.errors import shorten
from shapecraft.blender_api import Version
from shapecraft.blender_checks import Advice, blender_advice
from shapecraft.program_values import Values, text_of
from shapecraft.programs import parsed

__all__ = ["Advice", "advise"]

_INSTALLED = frozenset({"bl_math", "bmesh", "bpy", "bpy_extras", "mathutils", "numpy", "shapes"})
_OUTSIDE = {
    **dict.fromkeys(("os", "pathlib", "shutil", "tempfile", "glob", "io", "fileinput"),
                    "A part needs no files; leave it out."),
    **dict.fromkeys(("sys", "gc", "inspect", "platform", "builtins", "importlib", "runpy", "code", "atexit", "signal"),
                    "A part needs nothing of the interpreter; leave it out."),
    **dict.fromkeys(("subprocess", "multiprocessing", "threading", "concurrent", "asyncio", "pty", "sched"),
                    "A part is built step by step, in this one program; leave it out."),
    **dict.fromkeys(("socket", "ssl", "http", "urllib", "requests", "ftplib", "smtplib", "xmlrpc", "httpx"),
                    "There is no network; leave it out."),
    **dict.fromkeys(("ctypes", "cffi", "mmap", "pickle", "marshal", "shelve", "resource"),
                    "A part needs Blender's own interface only; leave it out."),
    **dict.fromkeys(("scipy", "trimesh", "shapely", "pandas", "matplotlib", "PIL", "sklearn", "torch", "open3d"),
                    "It is not installed; use math, numpy, mathutils or bmesh."),
    "bgl": "It is gone (Blender 5.0 release notes, Python API), and nothing is drawn here; leave it out.",
    "gpu": "Nothing is drawn here; leave it out.",
}
_CALLS = {
    "open": "A part needs no files; leave it out.", "exec": "Write the statements themselves.",
    "eval": "Write the expression itself.", "__import__": "Use an import statement at the top.",
    "input": "Nobody answers; write the value.", "breakpoint": "Leave it out.", "exit": "Leave it out.",
    "quit": "Leave it out.",
}
_HOMES = {
    "Vector": "from mathutils import Vector", "Matrix": "from mathutils import Matrix",
    "Euler": "from mathutils import Euler", "Quaternion": "from mathutils import Quaternion",
    "np": "import numpy as np", "pi": "from math import pi", "radians": "from math import radians",
    "sin": "from math import sin", "cos": "from math import cos", "sqrt": "from math import sqrt",
    "tan": "from math import tan", "atan2": "from math import atan2", "tau": "from math import tau",
    **{name: f"import {name}" for name in ("bpy", "bmesh", "math", "mathutils", "random", "shapes", "itertools")},
}
_BUILTIN = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__builtins__"}


def advise(
    program: str, *, helpers: Collection[str] | Mapping[str, Collection[str]] | None = None, blender: Version = (4, 5)
) -> tuple[Advice, ...]:
    """Remarks on a program, by line; () when nothing is known to fail. Nothing is executed.

    helpers : names that `shapes` has, or each name with the arguments it takes (None: neither is checked)
    blender : version that will run it, (4, 5) or later. Of equal remarks the first is kept.
    """
    try:
        tree = parsed(program)
    except SyntaxError as error:
        return (_syntax(program, error),)
    try:
        values = Values(tree)
        found = [*_imports(values), *_names(values), *_helpers(values, helpers), *_loops(values),
                 *_cleared(values), *blender_advice(values, blender)]
    except RecursionError:
        return (Advice(1, "syntax", "an expression is nested too deeply to be read", "Split it into several lines."),)
    first: dict[tuple[str, str], Advice] = {}
    for advice in sorted(found, key=lambda a: (a.line, a.kind, a.words)):
        first.setdefault((advice.kind, advice.words), advice)
    return tuple(first.values())


def _syntax(program: str, error: SyntaxError) -> Advice:
    lines = program.splitlines()
    line = min(max(error.lineno or 1, 1), max(len(lines), 1))
    text = lines[line - 1].strip() if lines else ""
    ends = "was never closed" in (error.msg or "") or "EOF" in (error.msg or "")
    if ends or (line == len(lines) and (error.msg or "").startswith("expected")):
        mend = "The program looks cut off: write it to its end."
    else:
        mend = "Write this line anew, in plain Python 3.11."
    return Advice(line, "syntax", f"{error.msg}: {shorten(text, 80)}", mend)


def _imports(values: Values) -> Iterator[Advice]:
    for node in values.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                yield Advice(node.lineno, "import", "a relative import: the program is one file", "Leave it out.")
            else:
                yield from _import(node.lineno, node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in _CALLS and name not in values.kinds:
                yield Advice(node.lineno, "import", f"{name}() is not for parts", _CALLS[name])


def _import(line: int, module: str) -> Iterator[Advice]:
    root = module.partition(".")[0]
    if root in _OUTSIDE or root not in _INSTALLED | sys.stdlib_module_names:
        mend = _OUTSIDE.get(root, "It may not be installed; use math, numpy, mathutils or bmesh.")
        yield Advice(line, "import", f"import of {shorten(module, 40)}", mend)


def _names(values: Values) -> Iterator[Advice]:
    """Names that nothing binds."""
    known = set(_BUILTIN) | set(values.kinds)
    for node in values.nodes:
        match node:
            case ast.ImportFrom(_, names) if any(alias.name == "*" for alias in names):
                return
            case ast.Import(names) | ast.ImportFrom(_, names):
                known |= {alias.asname or alias.name.partition(".")[0] for alias in names}
            case ast.Name(name, ast.Store() | ast.Del()):
                known.add(name)
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                known.add(name)
            case ast.MatchAs(_, str() as name) | ast.MatchStar(str() as name):
                known.add(name)
            case ast.Global(names) | ast.Nonlocal(names):
                known |= set(names)
    for node in values.nodes:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in known:
            if node.id in _HOMES:
                yield Advice(node.lineno, "name", f"{node.id} is used and never imported", f"Add: {_HOMES[node.id]}")
            else:
                close = get_close_matches(node.id, sorted(known - _BUILTIN), 1)
                yield Advice(node.lineno, "name", f"{shorten(node.id, 40)} is used and never set",
                             f"Did you mean {close[0]}?" if close else "Set it before it is used.")


def _helpers(
    values: Values, helpers: Collection[str] | Mapping[str, Collection[str]] | None
) -> Iterator[Advice]:
    if helpers is None:
        return
    for node in values.nodes:
        if isinstance(node, ast.ImportFrom) and node.module == "shapes":
            used = [alias.name for alias in node.names if alias.name != "*"]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            path = values.dotted(node).split(".")
            used = path[1:] if path[0] == "shapes" and len(path) == 2 else []
        else:
            continue
        for name in used:
            if name not in helpers and not name.startswith("__"):
                yield Advice(node.lineno, "helper", f"shapes has no {shorten(name, 40)}", _near(name, helpers))
    if isinstance(helpers, Mapping):
        yield from _arguments(values, helpers)


def _arguments(values: Values, helpers: Mapping[str, Collection[str]]) -> Iterator[Advice]:
    for node in values.nodes:
        if isinstance(node, ast.Call) and values.dotted(node.func).startswith("shapes."):
            name = values.dotted(node.func).removeprefix("shapes.")
            for keyword in node.keywords if name in helpers else ():
                if keyword.arg is not None and keyword.arg not in helpers[name]:
                    yield Advice(keyword.value.lineno, "helper", f"shapes.{name} has no argument {keyword.arg}",
                                 _near(keyword.arg, helpers[name]))


def _near(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), 3, 0.5)
    return f"Did you mean {' or '.join(close)}?" if close else f"There are {', '.join(known)}."


def _loops(values: Values) -> Iterator[Advice]:
    for node in values.nodes:
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
            ends = any(isinstance(inner, (ast.Break, ast.Return, ast.Raise, ast.Yield)) for inner in ast.walk(node))
            if not ends:
                yield Advice(node.lineno, "loop", "a loop that never ends", "Count its turns: for i in range(n).")


def _cleared(values: Values) -> Iterator[Advice]:
    """Everything selected, then deleted: in the object's own program that would be the other parts."""
    for node in values.nodes:
        for block in (getattr(node, "body", None), getattr(node, "orelse", None)):
            if not isinstance(block, list):
                continue
            for before, after in pairwise(block):
                if _calls(values, before) == "bpy.ops.object.select_all:SELECT" and (
                        _calls(values, after).startswith("bpy.ops.object.delete")):
                    yield Advice(after.lineno, "scene", "everything in the scene is deleted, other parts included",
                                 "Leave it out: the program starts in an empty scene.")


def _calls(values: Values, statement: ast.AST) -> str:
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return ""
    action = next((text_of(k.value) for k in statement.value.keywords if k.arg == "action"), "")
    return f"{values.dotted(statement.value.func)}:{action}"
