"""Global program: the programs of all parts as one text, one function per component (ShapeCraft, section 3.3, step 4).

A part's program was written for an empty scene, and many begin by deleting whatever there is. Each function therefore
runs in a scene of its own, and what it made is named after the component and put aside in a file before the next one
runs; at the end all stand in one scene.
"""

from __future__ import annotations

import ast
import builtins
import dis
import io
import keyword
import re
import symtable
import textwrap
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType

from shapecraft.palette import FlatMaterial
from shapecraft.programs import parsed

_TAKEN = {"bpy", "build", "material", "os", "tempfile"}
_BUILTINS = {*dir(builtins), "__file__", "__annotations__"}
_MAY_NOT = (ast.If, ast.For, ast.While, ast.Try, ast.TryStar, ast.With, ast.Match)
_BINDS = ("STORE_NAME", "STORE_GLOBAL")
_ALL_NAMES = {"globals", "locals", "vars", "exec", "eval"}
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""What no text of a program may hold: NUL, and halves of surrogate pairs."""
_BEFORE_FEED = re.compile(r"\A[ \t\f]*\f")
_HEAD = '''"""{title}

One function per component, for Blender 4.5; some use the helper library `shapes`. Frame: metres, +x right, +y away from
the viewer, +z up.
"""

import os
import tempfile

import bpy
'''
_TAIL = '''

def build(*makers):
    """Run every maker in an empty scene and put what it made aside; at the end all of it stands in the current scene.

    makers : (name, function, linear base colour, metallic, roughness); the material is for objects that have none
    """
    aside = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, make, *flat in makers:
            bpy.context.window.scene = bpy.data.scenes.new(name)
            make()
            scene = bpy.context.scene  # another one, where the maker began with a new file
            made = list(scene.collection.all_objects)
            for number, one in enumerate(made):
                one.name = name + (f".{number:03d}" if number else "")
                if one.type in ("MESH", "CURVE", "SURFACE", "FONT", "META"):
                    one.data.name = one.name
                    if not any(one.data.materials):
                        one.data.materials.clear()
                        one.data.materials.append(material(name, *flat))
            aside[name] = [one.name for one in made]
            bpy.data.libraries.write(os.path.join(folder, f"{name}.blend"), set(made))
            for one in made:
                bpy.data.objects.remove(one)
            if len(bpy.data.scenes) > 1:
                bpy.data.scenes.remove(scene)
            bpy.data.orphans_purge(do_recursive=True)
        for name, names in aside.items():
            with bpy.data.libraries.load(os.path.join(folder, f"{name}.blend")) as (_, here):
                here.objects = names
            for one in here.objects:
                bpy.context.scene.collection.objects.link(one)


def material(name, base_colour, metallic, roughness):
    """The flat material of that name, made once."""
    found = bpy.data.materials.get(name)
    if found is None:
        found = bpy.data.materials.new(name)
        found.use_nodes = True
        shader = next(node for node in found.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        shader.inputs["Base Color"].default_value = (*base_colour, 1.0)
        shader.inputs["Metallic"].default_value, shader.inputs["Roughness"].default_value = metallic, roughness
        found.diffuse_color, found.metallic, found.roughness = (*base_colour, 1.0), metallic, roughness
    return found
'''


def global_program(
    title: str, programs: Iterable[tuple[str, str]], flat: Mapping[str, FlatMaterial] | None = None
) -> str:
    """The text. programs : (component's name, its program), in order; flat : the material where a part sets none"""
    programs = list(programs)
    called = _called([name for name, _ in programs])
    functions = "".join(f"\n\n{_function(called[name], name, program)}" for name, program in programs)
    calls = "".join(f"    (\"{name}\", {called[name]}, {one.base_colour}, {one.metallic}, {one.roughness}),\n"
                    for name, _ in programs for one in ((flat or {}).get(name, FlatMaterial()),))
    title = _UNWRITABLE.sub("\ufffd", title).replace("\\", " ").replace('"""', "'''").strip(' "')
    return f"{_HEAD.format(title=title)}{functions}{_TAIL}\n\nbuild(\n{calls})\n"


def _called(names: list[str]) -> dict[str, str]:
    """The functions of components: their names, unless those mean something else to a program."""
    called: dict[str, str] = {}
    for name in names:
        called[name] = name
        while (keyword.iskeyword(called[name]) or called[name] in _TAKEN or hasattr(builtins, called[name])
               or (called[name] != name and called[name] in names)):
            called[name] += "_"
    return called


def _function(called: str, name: str, program: str) -> str:
    """The program as a function; as a text that is executed where it cannot stand in one."""
    try:
        # As Python reads them: for it a lone \r ends a line too, in texts as well.
        lines = program.replace("\r\n", "\n").replace("\r", "\n")
        text = f"def {called}():\n{_indented(_nested(lines)).rstrip()}\n"
        compile(text, name, "exec", dont_inherit=True)
        match parsed(text).body:
            case [ast.FunctionDef(found)] if found == called:
                return text
        raise SyntaxError("statements outside the function")
    except (SyntaxError, ValueError, tokenize.TokenError):
        quoted = textwrap.indent(",\n".join(repr(line) for line in program.splitlines(keepends=True)), " " * 8)
        return (f"def {called}():\n    exec(compile(\"\".join((\n{quoted},\n    )), \"{name}\", \"exec\"), "
                f"{{\"__name__\": \"__main__\"}})\n")


def _nested(program: str) -> str:
    """What was global is now the function's own: `global x` in a function becomes `nonlocal x`.

    Raises SyntaxError for what means another thing in a function: `from x import *`, asking for all names, and a name
    of Python's own that is read before the program gives it another meaning (`max = max`).
    """
    tree = parsed(program)
    if early := _read_early(program, tree):
        raise SyntaxError(f"{early} is read in a function before it is bound")
    lines = program.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            raise SyntaxError("import * inside a function")
        if isinstance(node, ast.Name) and node.id in _ALL_NAMES:
            raise SyntaxError(f"{node.id} inside a function")
        if isinstance(node, ast.Global):
            row, column = node.lineno - 1, node.col_offset
            lines[row] = lines[row][:column] + "nonlocal" + lines[row][column + len("global"):]
    return "\n".join(lines)


def _read_early(program: str, tree: ast.Module) -> str:
    """A builtin that the program binds and may read before; "" where there is none.

    A module finds the builtin then, and a function nothing. What a statement binds within (a loop, a branch) counts
    inside it alone: it may not come to that.
    """
    names = symtable.symtable(program, "part", "exec").get_symbols()
    bound = {name.get_name() for name in names if name.is_assigned() or name.is_imported()} & _BUILTINS
    for statement in tree.body if bound else ():
        within: set[str] = set()
        for one in _steps([statement]):
            read = {one.argval} if one.opname == "LOAD_NAME" else _asked(one.argval)
            if early := read & bound - within:
                return min(early)
            if one.opname in _BINDS:
                within.add(one.argval)
        bound -= set() if isinstance(statement, _MAY_NOT) else within
    return ""


def _steps(statements: list[ast.stmt]) -> Iterator[dis.Instruction]:
    """In the order in which they are written, which is that of their evaluation, but for jumps."""
    return dis.get_instructions(compile(ast.Module(statements, []), "part", "exec", dont_inherit=True))


def _asked(code: object) -> set[str]:
    """Names that a function or class asks the module for, when it is called at the latest."""
    if not isinstance(code, CodeType):
        return set()
    asked = {one.argval for one in dis.get_instructions(code) if one.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    return asked.union(*(_asked(one) for one in code.co_consts))


def _indented(program: str) -> str:
    """Four spaces before every line, but inside texts that span lines.

    A form feed takes a line back to its beginning: what is in front of it is no indent, and it must not follow one.
    """
    inside: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        name = tokenize.tok_name[token.type]
        if name == "STRING":
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name == "FSTRING_START":
            opened.append(token.start[0])
        elif name == "FSTRING_END" and opened:
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
    return "\n".join(line if number in inside or not line.strip() else f"    {_BEFORE_FEED.sub('', line, count=1)}"
                     for number, line in enumerate(program.split("\n"), 1))
