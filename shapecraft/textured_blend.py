"""Textured .blend: an object with its baked maps as Blender keeps it, both packed (ShapeCraft, step 5: the output).

Metres, z up, -y to the front; one object a part under its name. Base colour is read as sRGB, roughness (green) and
metalness (blue) as Non-Color, each into its socket of Principled. It holds the meshes, not the programs that made them:
those are in the .blend of `shapecraft.export`. Blender's order of things is its own: not the same bytes every time.
"""

from __future__ import annotations

from shapecraft.atlas import Atlas
from shapecraft.baking import Maps
from shapecraft.blender_conversion import converted
from shapecraft.blender_interpreter import BlenderInterpreter
from shapecraft.textured_glb import textured_glb


def textured_blend(atlas: Atlas, maps: Maps, *, blender: BlenderInterpreter | None = None) -> bytes:
    """A .blend file. maps : baked from the atlas; blender : None finds it

    Raises as `textured_glb`; MissingCapability without Blender, ExportError where no whole file came out.
    """
    meshes = sum(bool(len(part.faces)) for part in atlas.mesh.parts)
    return converted(textured_glb(atlas, maps), worker="glb_to_blend.py", ending="blend", meshes=meshes,
                     what="a .blend file", blender=blender)
