"""Blender API: what was removed or renamed, since when, and what to write instead; what models invent and meant.

Every row was tried in Blender 4.5.15 and 5.0.1: the old name fails there (`use_nodes` only warns). `source` names the
release notes that announce a change; a row from "never" is a name that models write and that no Blender had.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from shapecraft import blender_names

Version = tuple[int, int]


@dataclass(frozen=True)
class Change:
    """name : as a program writes it; on : kinds of values it is looked for on ("": any), or operators ("" : all)

    since : first Blender without it; until : first Blender that has it again, or None
    mend : what to write; source : release notes, or "never"
    """

    name: str
    on: tuple[str, ...]
    since: Version
    mend: str
    source: str
    until: Version | None = None

    def holds(self, version: Version) -> bool:
        return self.since <= version and (self.until is None or version < self.until)


def _since(major: int, minor: int, topic: str) -> tuple[Version, str]:
    return (major, minor), f"Blender {major}.{minor:02d} release notes, {topic}" if major == 2 else (
        f"Blender {major}.{minor} release notes, {topic}")


def _rows(
    since: tuple[Version, str], *rows: tuple[str, str, str], until: Version | None = None
) -> tuple[Change, ...]:
    """Rows (name, kinds separated by spaces, mend) of one release."""
    version, source = since
    return tuple(Change(name, tuple(on.split()) or ("",), version, mend, source, until) for name, on, mend in rows)


_V280 = _since(2, 80, "Python API")
_V290 = _since(2, 90, "Python API")
_V30 = _since(3, 0, "Python API")
_V40 = _since(4, 0, "Python API")
_V41 = _since(4, 1, "Python API")
_V42 = _since(4, 2, "EEVEE")
_V50 = _since(5, 0, "Python API")
_NEVER: tuple[Version, str] = ((0, 0), "never")

_SMOOTH = "Leave it out and call bpy.ops.object.shade_smooth_by_angle(angle=math.radians(35)) on the selected object."
ATTRIBUTES: tuple[Change, ...] = (
    *_rows(_V41, ("use_auto_smooth", "", _SMOOTH), ("auto_smooth_angle", "", _SMOOTH),
           ("calc_normals_split", "", "Leave it out; normals are always up to date."),
           ("create_normals_split", "", "Leave it out; normals are always up to date."),
           ("free_normals_split", "", "Leave it out; normals are always up to date.")),
    *_rows(_V40, ("calc_normals", "", "Leave it out; normals are always up to date (bmesh: bm.normal_update())."),
           ("use_customdata_edge_bevel", "", "Leave it out."),
           ("use_customdata_edge_crease", "", "Leave it out."),
           ("crease", "edge", "Use mesh.attributes.new('crease_edge', 'FLOAT', 'EDGE')."),
           ("bevel_weight", "edge", "Use mesh.attributes.new('bevel_weight_edge', 'FLOAT', 'EDGE').")),
    *_rows(_V280, ("cursor_location", "scene", "Use bpy.context.scene.cursor.location."),
           ("user_preferences", "context", "Use bpy.context.preferences."),
           ("lamps", "data", "Use bpy.data.lights."), ("groups", "data", "Use bpy.data.collections."),
           ("update", "scene", "Use bpy.context.view_layer.update()."),
           ("link", "scene.objects", "Use bpy.context.collection.objects.link(obj)."),
           ("unlink", "scene.objects", "Use bpy.context.collection.objects.unlink(obj)."),
           ("active", "scene.objects collection.objects", "Use bpy.context.view_layer.objects.active."),
           ("select", "object", "Use obj.select_set(True)."),
           ("hide", "object", "Use obj.hide_set(True), or obj.hide_viewport."),
           ("draw_type", "object", "Use obj.display_type."), ("show_x_ray", "object", "Use obj.show_in_front."),
           ("dupli_type", "object", "Use obj.instance_type."), ("layers", "object", "Use collections."),
           ("uv_textures", "", "Use mesh.uv_layers."), ("tessfaces", "", "Use mesh.loop_triangles."),
           ("show_double_sided", "", "Leave it out."),
           ("specular_hardness", "material", "Use material.roughness."),
           ("diffuse_intensity", "material", "Leave it out."),
           ("use_transparency", "material", "Use the Alpha input of the Principled BSDF.")),
    *_rows(_V290, ("use_fill_deform", "", "Leave it out.")),
    *_rows(_V42, ("shadow_method", "material", "Leave it out.")),
    *_rows(_V50, ("use_nodes", "material", "Leave it out: every material has nodes (removal announced for 6.0).")),
)

MODIFIER_ATTRIBUTES: tuple[Change, ...] = (
    *_rows(_V290, ("use_only_vertices", "BEVEL", "Use affect='VERTICES'.")),
    *_rows(_V280, ("use_x", "MIRROR", "Use use_axis[0] = True."), ("use_y", "MIRROR", "Use use_axis[1] = True."),
           ("use_z", "MIRROR", "Use use_axis[2] = True.")),
    *_rows(_NEVER, ("angle", "BEVEL", "Use angle_limit, in radians."), ("amount", "BEVEL", "Use width."),
           ("offset", "BEVEL", "Use width."), ("radius", "BEVEL", "Use width."),
           ("offset", "ARRAY", "Use relative_offset_displace or constant_offset_displace."),
           ("render_steps_count", "SCREW", "Use render_steps."), ("cuts", "SUBSURF", "Use levels."),
           ("subdivisions", "SUBSURF", "Use levels."), ("depth", "SOLIDIFY", "Use thickness."),
           ("axis", "SIMPLE_DEFORM", "Use deform_axis."), ("mirror_axis", "MIRROR", "Use use_axis[0] = True.")),
)

KEYWORDS: tuple[Change, ...] = (
    *_rows(_V280, ("view_align", "", "Leave it out; align='WORLD' is the default."), ("layers", "", "Leave it out."),
           ("radius", "primitive_cube_add primitive_plane_add primitive_grid_add", "Use size = 2 * radius."),
           ("radius", "primitive_monkey_add", "Use size = 2 * radius."),
           ("size", "primitive_uv_sphere_add primitive_ico_sphere_add", "Use radius = size / 2.")),
    *_rows(_V290, ("apply_as", "modifier_apply", "Leave it out; modifier_apply(modifier=name) applies to the mesh.")),
    *_rows(_V30, *((f"diameter{n}", "", f"Use radius{n} = diameter{n} / 2.") for n in ("", "1", "2"))),
    *_rows(_V290, ("vertex_only", "bevel", "Use affect='VERTICES'.")),
    *_rows(_V41, ("use_auto_smooth", "shade_smooth", "Call bpy.ops.object.shade_smooth_by_angle(angle=...) instead."),
           ("auto_smooth_angle", "shade_smooth", "Call bpy.ops.object.shade_smooth_by_angle(angle=...) instead.")),
    *_rows(_V280, ("axis", "rotate", "Use orient_axis='X', 'Y' or 'Z'.")),
    *_rows(_NEVER, ("segments", "primitive_cylinder_add primitive_cone_add primitive_circle_add", "Use vertices."),
           ("vertices", "primitive_uv_sphere_add", "Use segments and ring_count."),
           ("rings", "primitive_uv_sphere_add", "Use ring_count."),
           ("radius", "primitive_cone_add", "Use radius1 (base) and radius2 (top)."),
           ("radius", "primitive_torus_add", "Use major_radius and minor_radius."),
           ("height", "primitive_cylinder_add primitive_cone_add", "Use depth."),
           ("radius1", "primitive_cylinder_add", "Use radius, or primitive_cone_add for two radii."),
           ("radius2", "primitive_cylinder_add", "Use radius, or primitive_cone_add for two radii."),
           ("subdivisions", "primitive_grid_add", "Use x_subdivisions and y_subdivisions."),
           ("cap_ends", "primitive_cylinder_add primitive_cone_add", "Use end_fill_type='NGON'."),
           ("fill_type", "primitive_cylinder_add primitive_cone_add", "Use end_fill_type."),
           ("name", "", "Set obj.name afterwards."), ("dimensions", "", "Set obj.dimensions afterwards."),
           ("material", "", "Append to obj.data.materials afterwards.")),
)

CALLS: tuple[Change, ...] = (
    *_rows(_V280, ("object.lamp_add", "", "Use object.light_add.")),
    *_rows(_V41, ("export_mesh.stl", "", "Write no file: the parts are exported for you.")),
    *_rows(_V40, ("export_scene.obj", "", "Write no file: the parts are exported for you.")),
    *_rows(_NEVER,
           ("mesh.primitive_capsule_add", "", "Join a cylinder and two spheres, or revolve a profile."),
           ("mesh.primitive_pyramid_add", "", "Use mesh.primitive_cone_add(vertices=4)."),
           ("mesh.primitive_tube_add", "", "Use a cylinder and a solidify modifier, or bmesh."),
           ("mesh.primitive_box_add", "", "Use mesh.primitive_cube_add."),
           ("mesh.primitive_sphere_add", "", "Use mesh.primitive_uv_sphere_add."),
           ("mesh.extrude", "", "Use mesh.extrude_region_move."), ("object.smooth", "", "Use object.shade_smooth."),
           ("object.shade_auto_smooth_by_angle", "", "Use object.shade_smooth_by_angle."),
           ("bmesh.create_cylinder", "", "Use bmesh.ops.create_cone with radius1 = radius2."),
           ("bmesh.create_torus", "", "Use bpy.ops.mesh.primitive_torus_add, or spin a circle."),
           ("bmesh.create_sphere", "", "Use bmesh.ops.create_uvsphere."),
           ("bmesh.extrude_faces", "", "Use bmesh.ops.extrude_discrete_faces or extrude_face_region."),
           ("bmesh.extrude_region", "", "Use bmesh.ops.extrude_face_region."),
           ("bmesh.inset", "", "Use bmesh.ops.inset_region or inset_individual."),
           ("bmesh.subdivide", "", "Use bmesh.ops.subdivide_edges."),
           ("bmesh.merge", "", "Use bmesh.ops.remove_doubles.")),
)

SOCKETS: tuple[Change, ...] = _rows(
    _since(4, 0, "Principled BSDF"),
    *((old, "principled", f'Use inputs["{new}"].') for old, new in (
        ("Specular", "Specular IOR Level"), ("Emission", "Emission Color"), ("Transmission", "Transmission Weight"),
        ("Subsurface", "Subsurface Weight"), ("Subsurface Color", "Base Color"), ("Clearcoat", "Coat Weight"),
        ("Clearcoat Roughness", "Coat Roughness"), ("Clearcoat Normal", "Coat Normal"), ("Sheen", "Sheen Weight"),
        ("Transmission Roughness", "Roughness"),
    )),
) + _rows(_NEVER, *((old, "principled", f'Use inputs["{new}"].') for old, new in (
    ("Color", "Base Color"), ("Diffuse", "Base Color"), ("Metalness", "Metallic"), ("Opacity", "Alpha"),
    ("Coat", "Coat Weight"),
)))

NODES: tuple[Change, ...] = (
    *_rows(_since(4, 1, "Shading"), ("ShaderNodeTexMusgrave", "", "Use ShaderNodeTexNoise.")),
    *_rows(_since(4, 0, "Shading"), ("ShaderNodeBsdfVelvet", "", "Use ShaderNodeBsdfSheen.")),
    *_rows(_V50, ("ShaderNodeSeparateRGB", "", "Use ShaderNodeSeparateColor."),
           ("ShaderNodeCombineRGB", "", "Use ShaderNodeCombineColor.")),
)

CHOICES: tuple[Change, ...] = (
    *_rows(_V42, ("BLENDER_EEVEE", "engine", "Use 'BLENDER_EEVEE_NEXT', or leave it out: nothing is rendered here."),
           until=(5, 0)),
    *_rows(_V50, ("BLENDER_EEVEE_NEXT", "engine", "Use 'BLENDER_EEVEE', or leave it out: nothing is rendered here."),
           ("FAST", "solver", "Use 'FLOAT' or 'EXACT'.")),
)

MEANT: Mapping[str, str] = MappingProxyType({
    "SUBSURFACE": "SUBSURF", "SUBDIVISION": "SUBSURF", "SUBDIVISION_SURFACE": "SUBSURF", "SUBDIV": "SUBSURF",
    "TAPER": "SIMPLE_DEFORM", "TWIST": "SIMPLE_DEFORM", "BEND": "SIMPLE_DEFORM", "SIMPLEDEFORM": "SIMPLE_DEFORM",
    "SOLID": "SOLIDIFY", "BOOL": "BOOLEAN", "GEOMETRY_NODES": "NODES", "EDGESPLIT": "EDGE_SPLIT", "SPIN": "SCREW",
    "LATHE": "SCREW", "FILL": "NGON", "NGONS": "NGON", "TRIANGLE_FAN": "TRIFAN", "NONE": "NOTHING",
    "SUBTRACT": "DIFFERENCE", "CUT": "DIFFERENCE", "ADD": "UNION", "VERTICES": "VERTS", "VERT": "VERTS",
    "NURB": "NURBS", "BSPLINE": "NURBS", "BOTH": "FULL",
})
"""Choices that models invent -> what they meant."""

CURVE_MODIFIERS = ("GENERATOR", "FNGENERATOR", "ENVELOPE", "CYCLES", "NOISE", "LIMITS", "STEPPED")
SPLINES = ("POLY", "BEZIER", "NURBS")
CURVES = ("CURVE", "SURFACE", "FONT")
FILLS = ("FULL", "BACK", "FRONT", "HALF")
DELETED = ("VERTS", "EDGES", "FACES_ONLY", "EDGES_FACES", "FACES", "FACES_KEEP_BOUNDARY", "TAGGED_ONLY")


@dataclass(frozen=True)
class Entry:
    """What a call takes. keywords : None when not listed; choices : keyword -> its words; keys : of a result"""

    keywords: tuple[str, ...] | None
    choices: Mapping[str, tuple[str, ...]]
    keys: tuple[str, ...]


_ENTRY = re.compile(r"(\w+)(?:\(([^)]*)\))?")


@cache
def entries(room: str) -> Mapping[str, Entry]:
    """Operators of a room ("mesh", "object", "curve", "transform"), "bmesh", or "modifiers"; {} for another room."""
    text = getattr(blender_names, room.upper(), "") if room in _ROOMS else ""
    found = {}
    for match in _ENTRY.finditer(text):
        words = (match[2] or "").split()
        keywords = tuple(word.partition("=")[0] for word in words if not word.startswith(">"))
        choices = {word.partition("=")[0]: tuple(word.partition("=")[2].split("|")) for word in words if "=" in word}
        keys = tuple(word[1:] for word in words if word.startswith(">"))
        found[match[1]] = Entry(None if match[2] is None else keywords, MappingProxyType(choices), keys)
    return MappingProxyType(found)


_ROOMS = ("mesh", "object", "curve", "transform", "bmesh", "modifiers")
ROOMS = frozenset(blender_names.ROOMS.split())
EDIT_MODE = frozenset(blender_names.EDIT_MODE.split())
MODIFIER_TYPES = frozenset(blender_names.MODIFIER_TYPES.split())
SHARED = frozenset(blender_names.MODIFIER.split())
