"""Reports on parts: what our side measures of a solid that came out of a jail."""

from __future__ import annotations

import numpy as np

from shapecraft.intake import Solid
from shapecraft.mesh import PartMesh
from shapecraft.outcome import PartReport


def report_on(solid: Solid) -> PartReport:
    """Measured from the triangles alone; see `PartReport` for units."""
    mesh = PartMesh(solid.name, solid.vertices, solid.corners)
    topology, (low, high) = mesh.topology, mesh.bounds.tolist()
    material = solid.materials[int(np.bincount(solid.numbers).argmax())].name
    return PartReport(
        name=solid.name, low=tuple(low), high=tuple(high), volume=mesh.volume or 0.0, area=mesh.area,
        vertices=len(np.unique(mesh.welded[1])), faces=len(mesh.faces), manifold=topology.manifold,
        loose_parts=topology.loose_parts, material="".join(one for one in material if one.isprintable()),
    )
