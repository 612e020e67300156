"""GLB to USD: Blender's own importer and exporter, one after the other. glb_to_usd.py FROM TO

No text of a model runs here: FROM is a GLB that our side wrote from checked arrays.
"""

import sys

import bpy


def main() -> None:
    source, target = sys.argv[1:]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=source, merge_vertices=True)
    for one in bpy.context.scene.objects:
        if one.type == "MESH":
            one.data.name = one.name
    bpy.ops.wm.usd_export(
        filepath=target, export_animation=True, export_materials=True, generate_preview_surface=True,
        export_textures=False, root_prim_path="/object", evaluation_mode="RENDER")


if __name__ == "__main__":
    main()
