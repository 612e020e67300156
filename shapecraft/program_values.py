"""Program values: what names and expressions of a Blender program stand for, as far as its text shows; runs nothing.

A name that is bound to different things, or to what cannot be told, stands for "" and is never judged.
"""

from __future__ import annotations

import ast
from collections import defaultdict

_OBJECTS = (
    "bpy.context.active_object", "bpy.context.object", "bpy.context.edit_object",
    "bpy.context.view_layer.objects.active",
)
_MANY = (
    "bpy.context.selected_objects", "bpy.context.selected_editable_objects", "bpy.data.objects",
    "bpy.context.scene.objects",
)
_MADE = {
    "bpy.data.objects": "object", "bpy.data.meshes": "mesh", "bpy.data.curves": "curve",
    "bpy.data.materials": "material",
}


class Values:
    """The tree of a program, and what its names stand for.

    Kinds are "object", "mesh", "curve", "material", "scene", "context", "data", "scene.objects", "bmesh", "bmesh.verts"
    (edges, faces), "edge", "principled", "node", "modifier:BEVEL", "result:create_cube", and "".
    """

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))
        self.aliases: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self._bound = _bindings(self.nodes)
        self._read_imports()
        for _ in range(3):  # names from names: three steps are more than programs take
            for name, values in self._bound.items():
                found = {self.bound_kind(how, value) for how, value in values}
                self.kinds[name] = found.pop() if len(found) == 1 else ""
                dotted = {self.dotted(value) if how == "is" and value is not None else "" for how, value in values}
                only = dotted.pop() if len(dotted) == 1 else ""
                if only.startswith("bpy.") and name not in self.aliases:
                    self.aliases[name] = only

    def _read_imports(self) -> None:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.asname:
                        self.aliases[alias.asname] = alias.name
            elif isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    if alias.name != "*":
                        self.aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"

    def dotted(self, node: ast.AST) -> str:
        """bpy.ops.mesh.primitive_cube_add, whatever the names on the way are imported as; "" for other expressions."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        return ".".join([self.aliases.get(node.id, node.id), *reversed(parts)])

    def bound_kind(self, how: str, value: ast.AST | None) -> str:
        if value is None or how == "other":
            return ""
        if how == "each":
            if self.dotted(value) in _MANY:
                return "object"
            kind = self.kind(value)
            return "edge" if isinstance(value, ast.Attribute) and value.attr == "edges" and kind == "mesh.edges" else ""
        return self.kind(value)

    def kind(self, node: ast.AST) -> str:
        """What an expression stands for."""
        match node:
            case ast.Name(id):
                if id in self.aliases:
                    return _of_path(self.aliases[id])
                return self.kinds.get(id, "") or ("bmesh" if id == "bm" else "")
            case ast.Call():
                return self._called(node)
            case ast.Subscript(value, slice):
                return self._picked(value, slice)
            case ast.Attribute(value, attr):
                if known := _of_path(self.dotted(node)):
                    return known
                below = self.kind(value)
                if below == "bmesh" and attr in ("verts", "edges", "faces"):
                    return f"bmesh.{attr}"
                if below in ("mesh", "object.data") and attr == "edges":
                    return "mesh.edges"
                return {("object", "data"): "object.data", ("object", "active_material"): "material",
                        ("scene", "objects"): "scene.objects"}.get((below, attr), "")
        return ""

    def _called(self, node: ast.Call) -> str:
        path = self.dotted(node.func)
        if path in ("bmesh.new", "bmesh.from_edit_mesh"):
            return "bmesh"
        if path.startswith("bmesh.ops."):
            return f"result:{path.removeprefix('bmesh.ops.')}"
        if not isinstance(node.func, ast.Attribute):
            return ""
        owner, method = node.func.value, node.func.attr
        if method in ("new", "get") and self.dotted(owner) in _MADE:
            return _MADE[self.dotted(owner)]
        if method == "copy":
            return self.kind(owner)
        if isinstance(owner, ast.Attribute) and method == "new":
            if owner.attr == "modifiers":
                given = [k.value for k in node.keywords if k.arg == "type"] or node.args[1:2]
                return f"modifier:{text_of(given[0])}" if given and text_of(given[0]) else ""
            if owner.attr == "nodes" and node.args:
                return "principled" if text_of(node.args[0]) == "ShaderNodeBsdfPrincipled" else "node"
        if isinstance(owner, ast.Attribute) and owner.attr == "nodes" and method == "get" and node.args:
            return "principled" if text_of(node.args[0]) == "Principled BSDF" else "node"
        return ""

    def _picked(self, value: ast.AST, key: ast.AST) -> str:
        path = self.dotted(value)
        if isinstance(key, ast.Slice):
            return ""
        if path in _MANY or self.kind(value) == "scene.objects":
            return "object"
        if path in _MADE:
            return _MADE[path]
        if self.kind(value) == "mesh.edges":
            return "edge"
        if isinstance(value, ast.Attribute) and value.attr == "nodes":
            return "principled" if text_of(key) == "Principled BSDF" else "node"
        return ""


def text_of(node: ast.AST | None) -> str:
    """The text of a constant string; "" for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _of_path(path: str) -> str:
    if path in _OBJECTS:
        return "object"
    return {"bpy.context": "context", "bpy.data": "data", "bpy.context.scene": "scene",
            "bpy.context.scene.objects": "scene.objects", "bpy.context.collection.objects": "collection.objects",
            "bpy.context.scene.collection.objects": "collection.objects"}.get(path, "")


def _bindings(nodes: list[ast.AST]) -> dict[str, list[tuple[str, ast.AST | None]]]:
    """name -> every way it is bound: ("is", value), ("each", iterable) or ("other", None)."""
    bound: dict[str, list[tuple[str, ast.AST | None]]] = defaultdict(list)

    def bind(target: ast.AST, how: str, value: ast.AST | None) -> None:
        if isinstance(target, ast.Name):
            bound[target.id].append((how, value))
        elif isinstance(target, (ast.Tuple, ast.List)):
            for one in target.elts:
                bind(one, "other", None)
        elif isinstance(target, ast.Starred):
            bind(target.value, "other", None)

    for node in nodes:
        match node:
            case ast.Assign(targets, value):
                for target in targets:
                    bind(target, "is", value)
            case ast.AnnAssign(target, _, value) if value is not None:
                bind(target, "is", value)
            case ast.NamedExpr(target, value):
                bind(target, "is", value)
            case ast.AugAssign(target):
                bind(target, "other", None)
            case ast.For(target, iterable) | ast.comprehension(target, iterable):
                bind(target, "each", iterable)
            case ast.withitem(_, target) if target is not None:
                bind(target, "other", None)
            case ast.arg(name):
                bound[name].append(("other", None))
            case ast.FunctionDef(name) | ast.ClassDef(name):
                bound[name].append(("other", None))
            case ast.ExceptHandler(_, str() as name):
                bound[name].append(("other", None))
    return dict(bound)
