"""Runs in Blender's interpreter: measure_shapes.py LIBRARY < programs.json > results.json

Every program starts in an empty scene. Measured: each mesh object, and what the program left in `result`.
"""

import itertools
import json
import os
import sys
import time

import bpy

bmesh = __import__("bmesh")  # Blender's other modules exist once bpy is imported

EMPTY = {"kind": "ran", "objects": [], "result": None, "error": "", "seconds": 0.0}


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Blender prints from C
    programs = json.load(sys.stdin)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    json.dump({name: run(text) for name, text in programs.items()}, answers)
    answers.close()


def run(text: str) -> dict:
    bpy.data.batch_remove([*bpy.data.objects, *bpy.data.meshes, *bpy.data.materials])
    names: dict = {}
    start = time.perf_counter()
    try:
        exec(compile("import shapes\n" + text, "<program>", "exec"), names)
    except Exception as error:
        return EMPTY | {"kind": "raised", "error": f"{type(error).__name__}: {error}"}
    seconds = time.perf_counter() - start
    objects = [measured(one) for one in bpy.context.scene.objects if one.type == "MESH"]
    return EMPTY | {"objects": objects, "result": names.get("result"), "seconds": seconds}


def measured(one) -> dict:
    graph = bpy.context.evaluated_depsgraph_get()
    mesh = one.evaluated_get(graph).to_mesh()
    bm = bmesh.new()
    bm.from_mesh(mesh)
    bm.transform(one.matrix_world)
    shells = split(bm)
    found = {
        "name": one.name,
        "volume": bm.calc_volume(signed=True),
        "area": sum(face.calc_area() for face in bm.faces),
        "low": [min(vertex.co[i] for vertex in bm.verts) for i in range(3)],
        "high": [max(vertex.co[i] for vertex in bm.verts) for i in range(3)],
        "faces": len(bm.faces),
        "open": sum(len(edge.link_faces) < 2 for edge in bm.edges),
        "crowded": sum(len(edge.link_faces) > 2 for edge in bm.edges),
        "turned": sum(len(edge.link_faces) == 2 and not edge.is_contiguous for edge in bm.edges),
        "slivers": sum(face.calc_area() < 1e-13 for face in bm.faces),
        "shells": [sum(volume(face) for face in shell) for shell in shells],
        "doubles": sum(doubles(shell) for shell in shells),
        "materials": [material_of(slot) for slot in one.data.materials],
        "used": sorted({face.material_index for face in one.data.polygons}),
        "modifiers": len(one.modifiers),
    }
    bm.free()
    return found


def split(bm) -> list:
    left, shells = set(bm.faces), []
    while left:
        shell, stack = set(), [left.pop()]
        while stack:
            face = stack.pop()
            shell.add(face)
            for vertex in face.verts:
                near = left.intersection(vertex.link_faces)
                left -= near
                stack += near
        shells.append(shell)
    return sorted(shells, key=lambda shell: min(face.index for face in shell))


def volume(face) -> float:
    first, *rest = (vertex.co for vertex in face.verts)
    return sum(first.dot(b.cross(c)) for b, c in itertools.pairwise(rest)) / 6


def doubles(shell) -> int:
    places = [vertex.co for vertex in {vertex for face in shell for vertex in face.verts}]
    return len(places) - len({tuple(round(c, 7) for c in place) for place in places})


def material_of(slot) -> dict:
    shader = next(node for node in slot.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return {"name": slot.name, "base_color": list(shader.inputs["Base Color"].default_value),
            "roughness": shader.inputs["Roughness"].default_value, "metallic": shader.inputs["Metallic"].default_value}


if __name__ == "__main__":
    main()
