"""GLB to USD: Blender's own importer and exporter, one after the other. glb_to_usd.py FROM TO COUNT

No text of a model runs here: FROM is a GLB that our side wrote from checked arrays. TO is read again, and how many
meshes are in it is written to COUNT.
"""

import sys

import bpy


def main() -> None:
    source, target, count = sys.argv[1:]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=source, merge_vertices=True)
    for one in bpy.context.scene.objects:
        if one.type == "MESH":
            one.data.name = one.name
    bpy.ops.wm.usd_export(
        filepath=target, export_animation=True, export_materials=True, generate_preview_surface=True,
        export_textures=False, root_prim_path="/object", evaluation_mode="RENDER")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.usd_import(filepath=target)
    with open(count, "w", encoding="ascii") as file:
        file.write(str(sum(one.type == "MESH" for one in bpy.context.scene.objects)))


if __name__ == "__main__":
    main()
