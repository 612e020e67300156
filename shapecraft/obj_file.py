"""OBJ file: an object's GLB as Wavefront OBJ with its MTL, by trimesh's exporter (ours; the paper is silent on files).

Metres, z up, -y to the front: the frame of the graph. One `o` per component under its name. A material keeps its base
colour as Kd (linear light, to 1/255) and its roughness as Ns; metallic and glow have no place in MTL.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from shapecraft.mesh_files import Y_TO_Z

HEADER = "metres, z up, -y to the front"


def obj_file(glb: bytes, *, mtl_name: str) -> tuple[bytes, bytes]:
    """(OBJ, MTL). glb : as `shapecraft.object_glb` wrote it; mtl_name : what the OBJ calls the MTL

    A material is named after the first component that has it, with a number from that one's second on; components that
    look alike share one. Corners lie apart where normals differ.
    """
    import trimesh
    from trimesh.exchange.obj import export_obj

    scene = trimesh.load_scene(io.BytesIO(glb), file_type="glb", process=False)
    counts: dict[str, int] = {}
    meshes = []
    for name, mesh in _in_order(scene):
        number = counts[name] = counts.get(name, -1) + 1
        meshes.append(trimesh.Trimesh(
            np.asarray(mesh.vertices) @ Y_TO_Z.T, mesh.faces, vertex_normals=np.asarray(mesh.vertex_normals) @ Y_TO_Z.T,
            visual=trimesh.visual.TextureVisuals(uv=mesh.visual.uv, material=_material(
                mesh.visual.material, f"{name}.{number:03d}" if number else name)),
            process=False, metadata={} if number else {"name": name},  # a second material goes on in the same object
        ))

    class Ordered(trimesh.Scene):
        """A scene that keeps its order: trimesh's own goes by random names of nodes."""

        def dump(self, *_: Any, **__: Any) -> list[Any]:
            return meshes

    text, files = export_obj(Ordered(), include_normals=True, return_texture=True, mtl_name=mtl_name, header=HEADER)
    return text.encode(), files[mtl_name]


def _in_order(scene: Any) -> list[tuple[str, Any]]:
    """(component, mesh of one of its materials), in the file's order."""
    owners: dict[str, str] = {}
    for node in scene.graph.nodes_geometry:
        geometry = scene.graph[node][1]
        several = scene.geometry[geometry].metadata.get("from_gltf_primitive")  # they hang below the file's node
        owners[geometry] = str(scene.graph.transforms.parents[node] if several else node)
    return [(owners[geometry], mesh) for geometry, mesh in scene.geometry.items()]


def _material(pbr: Any, name: str) -> Any:
    import trimesh

    rough = 1.0 if pbr.roughnessFactor is None else float(pbr.roughnessFactor)
    # Ns as Blender writes it: 1000 for a mirror, 0 for chalk.
    return trimesh.visual.material.SimpleMaterial(
        diffuse=pbr.baseColorFactor, name=name, glossiness=round(1000.0 * (1.0 - rough) ** 2, 6))
