"""Harvest: the meshes of a Blender scene as plain arrays, and the scene as a .blend file.

One entry per mesh object (curves, surfaces, texts and metaballs count as the mesh they make), modifiers applied, in
world coordinates and in the order of the scene. What Blender would not render is left out: a hidden cutter is no part.
Per object, in this order: vertices (N, 3) float32; corners (T, 3) int32; corner normals (T, 3, 3) float32; uv
(T, 3, 2) float32 where it has any; number of the material of each triangle (T,) uint16. Little-endian.
"""

import os

import bpy
import numpy as np

MESH = "MESH"
"""A curve, surface, text or metaball comes twice: as itself, and as an instance of its mesh, which counts."""
GREY = {"name": "", "base": [0.448, 0.448, 0.448, 1.0], "metallic": 0.0, "roughness": 0.5, "emission": [0.0, 0.0, 0.0]}
"""An object without a material: a neutral grey, 0.7 on a screen (ours)."""
MATERIALS, MATERIALS_TOGETHER = 256, 2048
"""Of one object and of all, as our side counts them (`shapecraft.intake`)."""


class TooMuch(Exception):
    """More than the limits of the job allow."""


def collect(*, objects: int, vertices: int, triangles: int) -> tuple[list, list]:
    """(one dict per mesh object, the arrays of all of them). Raises TooMuch."""
    found: list[dict] = []
    arrays: list[np.ndarray] = []
    scene = bpy.context.scene
    for one in scene.objects:
        if one.mode == "EDIT":
            one.update_from_editmode()
    order = {one.name: number for number, one in enumerate(scene.objects)}
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    totals = [0, 0]
    materials = 0
    entries: list[tuple] = []
    for instance in graph.object_instances:
        owner = instance.parent if instance.is_instance else instance.object
        one = instance.object
        if one.type != MESH or one.hide_render or owner.hide_render or not instance.show_self:
            continue
        name = owner.original.name
        mesh = one.to_mesh()
        if mesh is None:
            continue
        mesh.calc_loop_triangles()
        counts = (len(mesh.vertices), len(mesh.loop_triangles))
        if counts[1]:
            totals = [totals[0] + counts[0], totals[1] + counts[1]]
            for total, most, what in ((totals[0], vertices, "vertices"), (totals[1], triangles, "triangles"),
                                      (len(entries) + 1, objects, "objects")):
                if total > most:
                    raise TooMuch(f"at least {total:,} {what}, at most {most:,} are allowed")
            entry, its = _object(mesh, np.array(instance.matrix_world, dtype=np.float64), one)
            entry["name"] = name
            materials += len(entry["materials"])
            for total, most, where in ((len(entry["materials"]), MATERIALS, f" in {name!r}"),
                                       (materials, MATERIALS_TOGETHER, "")):
                if total > most:
                    raise TooMuch(f"at least {total:,} materials{where}, at most {most:,} are allowed")
            entries.append((order.get(name, len(order)), len(entries), entry, its))
        one.to_mesh_clear()
    for _, _, entry, its in sorted(entries, key=lambda item: item[:2]):
        found.append(entry)
        arrays += its
    return found, arrays


def save(most: int) -> bytes:
    """The scene as a compressed .blend. Raises TooMuch for more than `most` bytes."""
    path = os.path.join(os.getcwd(), "scene-of-the-part.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, compress=True, copy=True)
    size = os.path.getsize(path)
    if size > most:
        raise TooMuch(f"a .blend file of {size:,} bytes, at most {most:,} are allowed")
    with open(path, "rb") as file:
        return file.read()


def _object(mesh, matrix: np.ndarray, owner) -> tuple[dict, list]:
    count, triangles = len(mesh.vertices), len(mesh.loop_triangles)
    points = _read(mesh.vertices, "co", (count, 3), np.float32)
    corners = _read(mesh.loop_triangles, "vertices", (triangles, 3), np.int32)
    loops = _read(mesh.loop_triangles, "loops", (triangles, 3), np.int32)
    numbers = _read(mesh.loop_triangles, "material_index", (triangles,), np.int32)
    normals = _read(mesh.corner_normals, "vector", (len(mesh.loops), 3), np.float32)[loops]
    layer = mesh.uv_layers.active
    uv = _read(layer.uv, "vector", (len(mesh.loops), 2), np.float32)[loops] if layer else None
    turn = matrix[:3, :3]
    points = points @ turn.T + matrix[:3, 3]
    scale = np.linalg.det(turn)
    normals = normals @ np.linalg.inv(turn) if scale else np.zeros_like(normals)
    if scale < 0:  # a mirrored object: the same surface, walked the other way round
        corners, normals, uv = corners[:, ::-1], normals[:, ::-1], uv[:, ::-1] if uv is not None else None
    materials = [_material(slot.material) if slot.material else GREY for slot in owner.material_slots] or [GREY]
    numbers = np.clip(numbers, 0, len(materials) - 1)
    used, numbers = np.unique(numbers, return_inverse=True)
    arrays = [_plain(points, "<f4"), _plain(corners, "<i4"), _plain(normals, "<f4")]
    if uv is not None:
        arrays.append(_plain(uv, "<f4"))
    arrays.append(_plain(numbers, "<u2"))
    entry = {"vertices": count, "triangles": triangles, "uv": uv is not None,
             "materials": [materials[number] for number in used]}
    return entry, arrays


def _read(items, what: str, shape: tuple, kind) -> np.ndarray:
    flat = np.empty(int(np.prod(shape)), dtype=kind)
    items.foreach_get(what, flat)
    return flat.reshape(shape)


def _plain(array: np.ndarray, kind: str) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=kind).reshape(-1)


def _material(material) -> dict:
    """glTF's factors of the shader that the surface shows; a texture counts with its socket's default."""
    base, metallic, roughness = list(material.diffuse_color), material.metallic, material.roughness
    emission = [0.0, 0.0, 0.0]
    shader = _shader(material)
    if shader is not None:
        inputs = shader.inputs
        colour = inputs.get("Base Color") or inputs.get("Color")
        if colour is not None:
            base = list(colour.default_value)
        if shader.type == "BSDF_PRINCIPLED":
            metallic, roughness = inputs["Metallic"].default_value, inputs["Roughness"].default_value
            base[3] = inputs["Alpha"].default_value
            strength = inputs["Emission Strength"].default_value
            emission = [value * strength for value in inputs["Emission Color"].default_value[:3]]
        elif shader.type == "EMISSION":
            emission, base = [value * inputs["Strength"].default_value for value in base[:3]], [0.0, 0.0, 0.0, 1.0]
        elif inputs.get("Roughness") is not None:
            metallic, roughness = float(shader.type == "BSDF_GLOSSY"), inputs["Roughness"].default_value
    return {"name": material.name, "base": base, "metallic": metallic, "roughness": roughness, "emission": emission}


def _shader(material):
    """The shader nearest to the active output; None where there is none."""
    if not (material.use_nodes and material.node_tree):
        return None
    waiting = [node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL" and node.is_active_output]
    seen = set()
    while waiting:
        node = waiting.pop(0)
        if node.name in seen:
            continue
        seen.add(node.name)
        if node.type.startswith("BSDF_") or node.type == "EMISSION":
            return node
        waiting += [link.from_node for socket in node.inputs if socket.name != "Volume" for link in socket.links]
    return None
