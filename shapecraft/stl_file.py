"""STL file: triangles alone, binary, by trimesh's exporter (ours; the paper is silent on files).

Metres, z up, -y to the front: the frame of the graph. STL names no unit, and slicers take millimetres: scale by 1000
there. Nothing is fused: where parts overlap, so do their triangles. No names, no materials.
"""

from __future__ import annotations

import numpy as np

from shapecraft.mesh import ObjectMesh, PartMesh


def stl_file(part: PartMesh) -> bytes:
    """One part. Triangles without area are left out, which no slicer takes."""
    import trimesh
    from trimesh.exchange.stl import export_stl

    sound = part.faces[np.linalg.norm(np.cross(*np.moveaxis(np.diff(part.triangles, axis=1), 1, 0)), axis=1) > 0]
    return export_stl(trimesh.Trimesh(part.vertices, sound, process=False))


def whole_stl(mesh: ObjectMesh) -> bytes:
    """All parts in one file."""
    return stl_file(mesh.joined("whole"))
