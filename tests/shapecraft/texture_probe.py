"""For tests of painted files, run by Blender's interpreter: texture_probe.py ANSWER FILE...; what Principled reads of
every mesh object, and its corners: world places and uv."""

import json
import sys
from pathlib import Path


def _main() -> None:
    import bpy

    told = {}
    for path in sys.argv[2:]:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        if path.endswith(".blend"):
            bpy.ops.wm.open_mainfile(filepath=path)
        else:
            bpy.ops.import_scene.gltf(filepath=path)
        told[Path(path).name] = {one.name: _object(one) for one in bpy.context.scene.objects if one.type == "MESH"}
    Path(sys.argv[1]).write_text(json.dumps(told))


def _object(one) -> dict:
    mesh = one.data
    mesh.calc_loop_triangles()
    loops = [loop for triangle in mesh.loop_triangles for loop in triangle.loops]
    shader = next(node for node in one.material_slots[0].material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return {
        "points": [list(one.matrix_world @ mesh.vertices[mesh.loops[loop].vertex_index].co) for loop in loops],
        "uv": [list(mesh.uv_layers[0].data[loop].uv) for loop in loops],
        "images": {name: _image(shader.inputs[name]) for name in ("Base Color", "Metallic", "Roughness")},
    }


def _image(socket) -> dict:
    """What a socket of Principled reads, through a node that separates colours where there is one."""
    link = socket.links[0]
    channel = link.from_socket.name
    node = link.from_node
    if node.type == "SEPARATE_COLOR":
        node = node.inputs[0].links[0].from_node
    image = node.image
    return {"channel": channel, "space": image.colorspace_settings.name, "packed": image.packed_file is not None,
            "file": image.packed_file.data.hex()}


if __name__ == "__main__":
    _main()
