"""Guide to `shapes`: its documentation as a Coder reads it, its names, its arguments; read from the library's files.

The library itself runs in Blender's interpreter and is never imported here. The words around the list of helpers, the
frame rules and the two worked examples, are `prompts/shapes.md`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from shapecraft.programs import parsed

SHAPES = Path(__file__).resolve().parent / "shapes"
TEXT = Path(__file__).resolve().parent / "prompts" / "shapes.md"
GROUPS = (
    ("primitives", "Solids"),
    ("solids", "Solids from points"),
    ("outlines", "Lists of points"),
    ("shaping", "Change obj in place"),
    ("forming", ""),
    ("copying", ""),
    ("placing", ""),
    ("naming", ""),
)
"""(module, heading of its helpers; empty: under the heading before), in the order of the guide."""


@dataclass(frozen=True)
class Helper:
    """One public function.

    signature : "box(*, size, center=(0, 0, 0), name='box')", without types
    arguments : names that a call may write, in order; needed : those of them that have no default
    takes_objects : it takes objects by position ("obj" or "*objects")
    says : one line, from the docstring
    """

    name: str
    module: str
    signature: str
    arguments: tuple[str, ...]
    needed: tuple[str, ...]
    takes_objects: bool
    says: str


def guide() -> str:
    """The documentation of `shapes`, the same text wherever a model sees it."""
    lines = []
    for module, heading in GROUPS:
        if heading:
            lines.append(f"{heading}:")
        lines += [f"- {one.signature}: {one.says}" for one in helpers().values() if one.module == module]
    return TEXT.read_text("utf-8").replace("{helpers}", "\n".join(lines)).strip()


def helper_names() -> frozenset[str]:
    """The names of all public helpers."""
    return frozenset(helpers())


@cache
def helpers() -> dict[str, Helper]:
    """Name -> helper, module by module."""
    found = [_read(module, node) for module, _ in GROUPS
             for node in parsed((SHAPES / f"{module}.py").read_text("utf-8")).body
             if isinstance(node, ast.FunctionDef) and _public(node)]
    return {one.name: one for one in found}


def _public(node: ast.FunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "helper" for mark in node.decorator_list)


def _read(module: str, node: ast.FunctionDef) -> Helper:
    given = node.args
    for one in (*given.args, *given.kwonlyargs, *([given.vararg] if given.vararg else [])):
        one.annotation = None
    needed = [one.arg for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    says = " ".join((ast.get_docstring(node) or "").split())
    return Helper(
        name=node.name, module=module, signature=f"{node.name}({ast.unparse(given)})",
        arguments=tuple(one.arg for one in (*given.args, *given.kwonlyargs)), needed=tuple(needed),
        takes_objects=bool(given.args or given.vararg), says=says,
    )
