"""GLB to .blend: Blender's own importer, pictures packed into the file. glb_to_blend.py FROM TO COUNT

No text of a model runs here: FROM is a GLB that our side wrote from checked arrays. TO is opened again, and how many
meshes are in it, with a material of two packed pictures, is written to COUNT.
"""

import sys

import bpy


def main() -> None:
    source, target, count = sys.argv[1:]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=source, merge_vertices=True, import_pack_images=True)
    for one in bpy.context.scene.objects:
        if one.type == "MESH":
            one.data.name = one.name
    for one in bpy.data.images:
        one.filepath = one.filepath_raw = f"//{one.name}.png"  # where unpacking would put it: beside the file
        if one.users and not one.packed_file:
            one.pack()
    bpy.ops.wm.save_as_mainfile(filepath=target, compress=True, relative_remap=False)
    bpy.ops.wm.open_mainfile(filepath=target)
    with open(count, "w", encoding="ascii") as file:
        file.write(str(sum(one.type == "MESH" and _painted(one) for one in bpy.context.scene.objects)))


def _painted(one) -> bool:
    for slot in one.material_slots:
        pictures = [node.image for node in slot.material.node_tree.nodes if node.type == "TEX_IMAGE"]
        if len(pictures) != 2 or not all(picture and picture.packed_file for picture in pictures):
            return False
    return bool(one.material_slots)


if __name__ == "__main__":
    main()
