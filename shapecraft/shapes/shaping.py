"""Shaping: bevel, booleans, solidify, subdivide. Blender's modifiers, applied at once."""

import itertools
import math
from typing import Any

import bmesh
import bpy
from mathutils import Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import MOST_FACES, box_of, change, corners, modify, remove, take


@helper
def bevel(obj: Any, *, width: float, segments: int = 3, angle: float = 30) -> Any:
    """Rounds the edges at which faces turn by more than angle (segments=1: a chamfer)."""
    value, width = take(obj), given.positive(width, "width")
    low, high = box_of(value)
    thinnest = min((one for one in high - low if one > 1e-9), default=0.0)
    if width > thinnest / 2:
        raise Fault(f"width must be at most half the shortest side of obj, {thinnest / 2:.6g}, got {width:g}")
    modify(value, "BEVEL", width=width, segments=given.count(segments, "segments", 1, 16), limit_method="ANGLE",
           angle_limit=math.radians(given.positive(angle, "angle")), offset_type="OFFSET", use_clamp_overlap=True)
    change(value, lambda _: None)
    return value


@helper
def union(obj: Any, *others: Any) -> Any:
    """One solid of all, overlaps merged (also within one object); the others are used up."""
    return _boolean(obj, others, "UNION")


@helper
def difference(obj: Any, *cutters: Any) -> Any:
    """obj without the cutters, which are used up."""
    return _boolean(obj, cutters, "DIFFERENCE")


@helper
def intersection(obj: Any, *others: Any) -> Any:
    """What all have in common; the others are used up."""
    return _boolean(obj, others, "INTERSECT")


@helper
def solidify(obj: Any, *, thickness: float, offset: float = -1.0) -> Any:
    """Gives a sheet thickness; makes a closed solid a hollow shell. offset: -1 inwards (against the normals), 0 half
    each way, 1 outwards."""
    value, thickness = take(obj), given.positive(thickness, "thickness")
    move = given.number(offset, "offset")
    if not -1 <= move <= 1:
        raise Fault(f"offset must be a number from -1 to 1, got {given.shown(offset)}")
    modify(value, "SOLIDIFY", thickness=thickness, offset=move, use_even_offset=True, use_quality_normals=True)
    change(value, lambda _: None)
    return value


@helper
def subdivide(obj: Any, *, levels: int = 1, smooth: bool = True) -> Any:
    """Splits every face into 4 per level; smooth rounds the shape (Catmull-Clark: it shrinks within its box)."""
    value, levels = take(obj), given.count(levels, "levels", 1, 4)
    corners = sum(len(face.vertices) for face in value.data.polygons)
    if corners * 4 ** (levels - 1) > MOST_FACES:
        raise Fault(f"levels must be smaller: {levels} would give {corners * 4 ** (levels - 1):,} faces, "
                    f"at most {MOST_FACES:,} are allowed")
    modify(value, "SUBSURF", levels=levels, subdivision_type="CATMULL_CLARK" if smooth else "SIMPLE",
           use_limit_surface=False)  # the limit costs seconds where many edges meet, as in a flat end
    change(value, lambda _: None)
    return value


def _boolean(obj: Any, others: tuple[Any, ...], operation: str) -> Any:
    value = take(obj)
    if not others and operation != "UNION":
        raise Fault("at least two objects are needed, got one")
    operands = [take(one, f"object {index + 2}") for index, one in enumerate(others)]
    if len({one.name for one in (value, *operands)}) <= len(operands):
        raise Fault("the objects must be different ones, one occurs twice; duplicate() it first")
    for index, one in enumerate((value, *operands)):
        _prepare(one, f"object {index + 1}" if index else "obj")
    for index, operand in enumerate(operands):
        if operation != "UNION":
            _check_reach(value, operand, index + 2)
        _combine(value, operand, operation)
        if not len(value.data.polygons):
            raise Fault(f"nothing is left of obj after object {index + 2}: it lies wholly inside the cutter"
                        if operation == "DIFFERENCE" else f"obj and object {index + 2} have nothing in common")
    return value


def _combine(value: Any, operand: Any, operation: str) -> None:
    sound = _edges(value)[1] == _edges(operand)[1] == 0
    # The manifold solver is the faster one and leaves no slivers, but refuses edges between more than two faces.
    solver = {"solver": "MANIFOLD"} if sound else {"solver": "EXACT", "use_self": True}
    modify(value, "BOOLEAN", operation=operation, object=operand, material_mode="TRANSFER", **solver)
    remove(operand)
    if not any(value.data.materials):
        value.data.materials.clear()  # the modifier leaves empty slots where neither has a material
    if len(value.data.polygons):
        change(value, lambda _: None)


def _prepare(value: Any, what: str) -> None:
    """Closed, outwards, and without shells that overlap inside one object: a solver counts such space twice."""
    change(value, lambda _: None)
    if gaps := _edges(value)[0]:
        raise Fault(f"{what} must be a closed solid, {value.name!r} has {gaps} open edges; solidify() it first")
    shells = _shells(value)
    boxes = [corners(place for face in shell for place in face) for shell in shells]
    meeting = any(all(a[0][i] <= b[1][i] and b[0][i] <= a[1][i] for i in range(3))
                  for n, a in enumerate(boxes) for b in boxes[:n])
    if not meeting or min(_volume(shell) for shell in shells) <= 0:
        return  # a shell turned inwards is the wall of a cavity and belongs to the one around it
    groups = _numbers(value)
    pieces = [_only(value, group) for group in groups[1:]]
    _keep(value, groups[0])
    for piece in pieces:
        _combine(value, piece, "UNION")


def _numbers(value: Any) -> list[set[int]]:
    """Face numbers of every shell: faces that hang together by vertices."""
    parent = list(range(len(value.data.vertices)))

    def root(vertex: int) -> int:
        while parent[vertex] != vertex:
            parent[vertex] = parent[parent[vertex]]
            vertex = parent[vertex]
        return vertex

    for edge in value.data.edges:
        a, b = (root(vertex) for vertex in edge.vertices)
        parent[max(a, b)] = min(a, b)
    found: dict[int, set[int]] = {}
    for face in value.data.polygons:
        found.setdefault(root(face.vertices[0]), set()).add(face.index)
    return list(found.values())


def _shells(value: Any) -> list[list[list[Vector]]]:
    """The places of each face's corners, shell by shell."""
    mesh = value.data
    return [[[mesh.vertices[i].co for i in mesh.polygons[face].vertices] for face in group]
            for group in _numbers(value)]


def _volume(shell: list[list[Vector]]) -> float:
    return sum(face[0].dot(b.cross(c)) for face in shell for b, c in itertools.pairwise(face[1:])) / 6


def _only(value: Any, faces: set[int]) -> Any:
    piece = bpy.data.objects.new(value.name, value.data.copy())
    bpy.context.scene.collection.objects.link(piece)
    _keep(piece, faces)
    return piece


def _keep(value: Any, faces: set[int]) -> None:
    def edit(bm: Any) -> None:
        bmesh.ops.delete(bm, geom=[one for one in bm.faces if one.index not in faces], context="FACES")

    change(value, edit, weld=False)


def _check_reach(value: Any, operand: Any, place: int) -> None:
    (low, high), (bottom, top) = box_of(value), box_of(operand)
    for i, letter in enumerate("xyz"):
        if top[i] < low[i] or bottom[i] > high[i]:
            raise Fault(f"object {place} does not reach obj: on {letter} obj goes from {low[i]:.6g} to {high[i]:.6g}, "
                        f"object {place} from {bottom[i]:.6g} to {top[i]:.6g}")


def _edges(value: Any) -> tuple[int, int]:
    """Edges of fewer than two faces, edges of more."""
    bm = bmesh.new()
    bm.from_mesh(value.data)
    counts = [len(edge.link_faces) for edge in bm.edges]
    bm.free()
    return sum(count < 2 for count in counts), sum(count > 2 for count in counts)
