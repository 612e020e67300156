"""For tests of exports: opens files in Blender's own interpreter, all in one process, and tells what stands there.

Run as a script by that interpreter: reopening.py ANSWER FILE... ; the answer is one JSON object.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def reopened(*paths: Path) -> dict[str, dict]:
    """Ending of a file -> name of an object -> its bounds, triangles and materials, as Blender sees them."""
    from shapecraft.blender_interpreter import find_blender

    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"  # what Blender prints comes in between
        command = [str(find_blender().command), "-I", __file__, str(answer), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(answer.read_text())


def _main() -> None:
    import bpy

    found = {}
    for path in sys.argv[2:]:
        ending = path.rpartition(".")[2]
        bpy.ops.wm.read_factory_settings(use_empty=True)
        if ending == "blend":
            bpy.ops.wm.open_mainfile(filepath=path)
        elif ending == "glb":
            bpy.ops.import_scene.gltf(filepath=path)
        elif ending == "obj":
            bpy.ops.wm.obj_import(filepath=path, up_axis="Z", forward_axis="Y")
        elif ending == "stl":
            bpy.ops.wm.stl_import(filepath=path)
        else:
            bpy.ops.wm.usd_import(filepath=path)
        found[ending] = {one.name: _told(one) for one in bpy.context.scene.objects if one.type == "MESH"}
    Path(sys.argv[1]).write_text(json.dumps(found))


def _told(one) -> dict:
    import bpy

    mesh = one.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    points = [one.matrix_world @ vertex.co for vertex in mesh.vertices]
    return {"low": [min(point[i] for point in points) for i in range(3)],
            "high": [max(point[i] for point in points) for i in range(3)],
            "triangles": sum(len(face.vertices) - 2 for face in mesh.polygons),
            "materials": [_shader(slot.material) for slot in one.material_slots if slot.material]}


def _shader(material) -> dict:
    node = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    return {"name": material.name, "base": list(node.inputs["Base Color"].default_value)[:3],
            "metallic": node.inputs["Metallic"].default_value, "roughness": node.inputs["Roughness"].default_value}


if __name__ == "__main__":
    _main()
