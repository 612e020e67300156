"""Copying: arrays, mirror images, duplicates, joining. An array or a mirror image stays one object."""

import math
from collections.abc import Sequence
from typing import Any

import bmesh
import bpy
from mathutils import Matrix, Vector
from shapes import arguments as given
from shapes.arguments import Fault, helper
from shapes.meshes import MOST_FACES, WELD, box_of, change, remove, take


@helper
def array(obj: Any, *, count: int, step: Sequence[float]) -> Any:
    """count copies, each moved by step (x, y, z) from the one before; the first stays."""
    value, total, move = take(obj), given.count(count, "count", 1, 1000), given.vector(step, "step")
    if move.length < 1e-9 and total > 1:
        raise Fault("step must not be (0, 0, 0)")
    return _repeated(value, [Matrix.Translation(move * index) for index in range(total)])


@helper
def radial_array(obj: Any, *, count: int, center: Sequence[float] = (0, 0, 0), axis: str = "z",
                 angle: float = 360) -> Any:
    """count copies turned about axis through center: evenly round the full circle, or from 0 to angle."""
    value, total = take(obj), given.count(count, "count", 1, 1000)
    middle, across, whole = given.vector(center, "center"), given.axis(axis), given.number(angle, "angle")
    if not 0 < abs(whole) <= 360:
        raise Fault(f"angle must be degrees from -360 to 360 and not 0, got {given.shown(angle)}")
    gaps = total if abs(whole) == 360 else max(1, total - 1)
    there, back = Matrix.Translation(middle), Matrix.Translation(-middle)
    return _repeated(value, [there @ Matrix.Rotation(math.radians(whole) * index / gaps, 4, "XYZ"[across]) @ back
                             for index in range(total)])


@helper
def mirror(obj: Any, *, axis: str = "x", at: float = 0.0) -> Any:
    """Adds the mirror image across the plane axis = at; halves that end on the plane become one solid."""
    value, across, place = take(obj), given.axis(axis), given.number(at, "at")
    normal = Vector([float(i == across) for i in range(3)])
    flip = Matrix.Translation(normal * 2 * place) @ Matrix.Scale(-1, 4, normal)
    near = WELD * max(1e-3, max(Vector(box_of(value)[1]) - Vector(box_of(value)[0])))

    def edit(bm: Any) -> None:
        on_plane = [face for face in bm.faces if all(abs(vertex.co[across] - place) <= near for vertex in face.verts)]
        if len(on_plane) < len(bm.faces):
            bmesh.ops.delete(bm, geom=on_plane, context="FACES_ONLY")
        made = bmesh.ops.duplicate(bm, geom=[*bm.verts, *bm.edges, *bm.faces])["geom"]
        copies = [one for one in made if isinstance(one, bmesh.types.BMVert)]
        bmesh.ops.transform(bm, matrix=flip, verts=copies)
        bmesh.ops.reverse_faces(bm, faces=[one for one in made if isinstance(one, bmesh.types.BMFace)])
        bmesh.ops.remove_doubles(bm, verts=[one for one in bm.verts if abs(one.co[across] - place) <= near], dist=near)

    change(value, edit, weld=False)
    return value


@helper
def duplicate(obj: Any, *, by: Sequence[float] = (0, 0, 0), name: str = "copy") -> Any:
    """A new object, moved by (x, y, z); obj stays."""
    value, move, called = take(obj), given.vector(by, "by"), given.text(name, "name")
    made = bpy.data.objects.new(called, value.data.copy())
    bpy.context.scene.collection.objects.link(made)
    made.data.transform(Matrix.Translation(move))
    return made


@helper
def join(*objects: Any, name: str = "part") -> Any:
    """One object of all, which are used up; where they overlap they stay separate shells (union() merges them)."""
    if not objects:
        raise Fault("at least one object is needed, got none")
    values = [take(one, f"object {index + 1}") for index, one in enumerate(objects)]
    if len({one.name for one in values}) < len(values):
        raise Fault("the objects must be different ones, one occurs twice; duplicate() it first")
    first, called = values[0], given.text(name, "name")
    slots = list(first.data.materials) or [None]
    bm = bmesh.new()
    for value in values:
        before = len(bm.faces)
        bm.from_mesh(value.data)
        own = list(value.data.materials) or [None]
        slots += [one for one in own if one not in slots]
        bm.faces.ensure_lookup_table()
        for face in bm.faces[before:]:
            face.material_index = slots.index(own[min(face.material_index, len(own) - 1)])
    if len(bm.faces) > MOST_FACES:
        raise Fault(f"the result would have {len(bm.faces):,} faces, at most {MOST_FACES:,} are allowed")
    first.data.materials.clear()  # which sets every index to 0, hence before the faces are written
    if slots != [None]:
        for slot in slots:
            first.data.materials.append(slot)
    bm.to_mesh(first.data)
    bm.free()
    for value in values[1:]:
        remove(value)
    first.name = first.data.name = called
    return first


def _repeated(value: Any, places: Sequence[Matrix]) -> Any:
    faces = len(value.data.polygons) * len(places)
    if faces > MOST_FACES:
        raise Fault(f"count must be smaller: {len(places)} copies would have {faces:,} faces, "
                    f"at most {MOST_FACES:,} are allowed")
    bm = bmesh.new()
    for place in places:
        before = len(bm.verts)
        bm.from_mesh(value.data)
        bm.verts.ensure_lookup_table()
        bmesh.ops.transform(bm, matrix=place, verts=bm.verts[before:])
    bm.normal_update()
    bm.to_mesh(value.data)
    bm.free()
    value.data.update()
    return value
