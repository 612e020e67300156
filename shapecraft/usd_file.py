"""USD file: an object's GLB through Blender's own importer and exporter (ours; the paper is silent on files).

Metres, z up, -y to the front. One Xform with one Mesh per component under its name, below `/object`; materials as
UsdPreviewSurface. The GLB that Blender reads is written anew, here, from arrays that were checked
(`shapecraft.glb_arrays`), so that no file from a run's folder reaches it. A package that writes USD would be a 29 MB
download more for what Blender does in a second. The same GLB gives the same content every time, but in an order of
Blender's own: not the same bytes.
"""

from __future__ import annotations

from shapecraft.blender_conversion import ExportError, converted
from shapecraft.blender_interpreter import BlenderInterpreter
from shapecraft.glb_arrays import GlbRefused, read_solids
from shapecraft.part_glb import write_glb

__all__ = ["ExportError", "usd_file"]


def usd_file(glb: bytes, *, blender: BlenderInterpreter | None = None) -> bytes:
    """Binary USD (.usdc). glb : as `shapecraft.object_glb` wrote it; blender : None finds it

    Raises MissingCapability without Blender; ExportError for a GLB that is not of our writing, or has pictures, which
    a .usdc cannot hold, and, with what Blender said, where no file came out or one with more or fewer meshes.
    """
    try:
        solids = read_solids(glb)
    except GlbRefused as error:
        raise ExportError("a USD file", came=f"another GLB than ours to make it of: {error}", where="USD") from None
    return converted(write_glb(solids), worker="glb_to_usd.py", ending="usdc", meshes=len(solids), what="a USD file",
                     blender=blender)
