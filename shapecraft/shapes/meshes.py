"""Meshes of this package: made from points and faces, kept closed, turned outwards, shaded by angle.

No operator is used (`bpy.ops` needs a context): meshes come from `from_pydata`, are changed in bmesh, and modifiers are
evaluated by the dependency graph.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import bmesh
import bpy
from mathutils import Matrix, Vector
from shapes.arguments import Fault, shown

SHARP = math.radians(35)
"""Edges that turn by more are drawn sharp (ours: a tube of 12 sides, 30 degrees, is drawn round)."""
MOST_FACES = 200_000
"""Faces of one object (ours): the wall takes a million triangles of a whole program."""
WELD = 1e-6
"""Metres per metre of size within which vertices are one (ours; single precision keeps 1e-7)."""


def make(name: str, points: Sequence[Sequence[float]], faces: Sequence[Sequence[int]]) -> Any:
    """A new object in the scene: world coordinates, no transform; a closed mesh is turned outwards."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(point) for point in points], [], [tuple(face) for face in faces])
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    change(made, lambda _: None, weld=False)
    return made


def take(value: Any, what: str = "obj") -> Any:
    """The mesh object that was passed, with its transform, parent and open modifiers put into its vertices.

    Raises Fault for anything else, with what to do about it.
    """
    if isinstance(value, (list, tuple)):
        raise Fault(f"{what} must be one object, got a {type(value).__name__}; pass objects one by one (*parts), "
                    "or join(*parts) first")
    if not isinstance(value, bpy.types.Object):
        raise Fault(f"{what} must be an object that a helper returned, got {shown(value)}")
    try:
        kind, name = value.type, value.name
    except ReferenceError:
        raise Fault(f"{what} is gone: a join, union, difference or intersection used it up; "
                    "use the object which that call returned, or duplicate() it before") from None
    if kind != "MESH":
        raise Fault(f"{what} must be a mesh, got the {kind} object {name!r}; turn it into a mesh first: "
                    "bpy.data.objects.new(name, bpy.data.meshes.new_from_object(obj))")
    if not value.users_collection:
        bpy.context.scene.collection.objects.link(value)
    if len(value.modifiers):
        _swap(value, _evaluated(value))
    if value.data.users > 1:
        value.data = value.data.copy()
    _bake(value)
    if not len(value.data.polygons):
        raise Fault(f"{what} must have faces, got the empty mesh {name!r}")
    return value


def _bake(value: Any) -> None:
    if value.parent is not None or len(value.constraints):
        bpy.context.view_layer.update()
        matrix = value.matrix_world.copy()
    else:
        matrix = value.matrix_basis.copy()
    if matrix == Matrix.Identity(4):
        return
    value.data.transform(matrix)
    if matrix.determinant() < 0:
        value.data.flip_normals()
    for child in value.children:
        child.matrix_parent_inverse = matrix @ child.matrix_parent_inverse
    value.parent = None
    value.constraints.clear()
    value.matrix_world = Matrix.Identity(4)


def modify(value: Any, kind: str, **settings: Any) -> None:
    """One modifier, applied at once."""
    modifier = value.modifiers.new(kind.title(), kind)
    for name, setting in settings.items():
        setattr(modifier, name, setting)
    made = _evaluated(value)
    _swap(value, made)


def _evaluated(value: Any) -> Any:
    graph = bpy.context.evaluated_depsgraph_get()
    return bpy.data.meshes.new_from_object(value.evaluated_get(graph), preserve_all_data_layers=True, depsgraph=graph)


def _swap(value: Any, mesh: Any) -> None:
    value.modifiers.clear()
    old, value.data = value.data, mesh
    name = old.name
    if not old.users:
        bpy.data.meshes.remove(old)
    mesh.name = name


def change(value: Any, edit: Callable[[Any], None], *, weld: bool = True) -> None:
    """Edits the mesh as bmesh, then welds what lies at one place, turns it outwards if closed, and shades it."""
    mesh = value.data
    bm = bmesh.new()
    bm.from_mesh(mesh)
    try:
        edit(bm)
        if weld:
            bm = _welded(bm)
        bm.normal_update()
        if closed(bm) and bm.calc_volume(signed=True) < 0:
            bmesh.ops.reverse_faces(bm, faces=bm.faces)
        for face in bm.faces:
            face.smooth = True
        for edge in bm.edges:
            edge.smooth = len(edge.link_faces) == 2 and edge.calc_face_angle(math.pi) < SHARP
        if len(bm.faces) > MOST_FACES:
            raise Fault(f"the result would have {len(bm.faces):,} faces, at most {MOST_FACES:,} are allowed; "
                        "use fewer segments, levels or copies")
        bm.to_mesh(mesh)
    finally:
        bm.free()
    mesh.update()


def closed(bm: Any) -> bool:
    """Every edge between two faces, and at least one face."""
    return len(bm.faces) > 0 and not _open_edges(bm)


def _open_edges(bm: Any) -> int:
    return sum(not edge.is_manifold for edge in bm.edges)


def _welded(bm: Any) -> Any:
    """Without doubles and slivers; as it was where closed pieces only touch, which welding would join along an edge."""
    before = _open_edges(bm)
    trial = bm.copy()
    distance = WELD * max(1e-3, extent(bm))
    bmesh.ops.remove_doubles(trial, verts=trial.verts, dist=distance)
    bmesh.ops.dissolve_degenerate(trial, edges=trial.edges, dist=distance)
    stray = [vertex for vertex in trial.verts if not vertex.link_faces]
    bmesh.ops.delete(trial, geom=stray, context="VERTS")
    kept, other = (trial, bm) if _open_edges(trial) <= before else (bm, trial)
    other.free()
    return kept


def extent(bm: Any) -> float:
    """Longest side of the box around the vertices, metres."""
    low, high = corners(vertex.co for vertex in bm.verts)
    return max(high - low)


def corners(places: Any) -> tuple[Vector, Vector]:
    """Corners of the box around places."""
    listed = list(places)
    low, high = (Vector([pick(place[i] for place in listed) for i in range(3)]) for pick in (min, max))
    return low, high


def box_of(value: Any) -> tuple[Vector, Vector]:
    """Corners of the box around an object whose transform is in its vertices."""
    return corners(vertex.co for vertex in value.data.vertices)


def remove(value: Any) -> None:
    """Out of the scene, with its mesh."""
    mesh = value.data
    bpy.data.objects.remove(value, do_unlink=True)
    if not mesh.users:
        bpy.data.meshes.remove(mesh)
