"""Mesh files: GLB, OBJ and STL to named parts in the world frame (ours; the paper is silent on files).

Read by trimesh. A GLB is y-up and every node with a mesh is a part under the node's name; it is turned to z-up here,
and nowhere else. OBJ and STL say nothing of axes: z-up unless told otherwise.
"""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any, Literal

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.materials import FlatMaterial
from shapecraft.mesh import ObjectMesh, PartMesh

Up = Literal["y", "z"]
KINDS = (".glb", ".obj", ".stl")
Y_TO_Z = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Blender's exporter writes (x, y, z) as (x, z, -y); this undoes it, for points and normals."""


def read_mesh(path: Path, *, up: Up | None = None) -> ObjectMesh:
    """The object in a GLB, OBJ or STL file.

    up : the file's axis that points up; None is y for GLB and z for the others
    An STL, or an OBJ without objects, is one part under the file's name without its ending.
    Raises ConfigurationError for other kinds, unreadable files, and meshes that `PartMesh` refuses.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise ConfigurationError(f"a file that ends in {', '.join(KINDS)}", came=path.name, where="read_mesh")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigurationError("a readable mesh file", came=error.strerror or str(error), where=path.name) from error
    return _read(content, kind[1:], up or ("y" if kind == ".glb" else "z"), path.name, path.stem)


def read_glb(content: bytes, *, where: str = "GLB") -> ObjectMesh:
    """The object in the bytes of a GLB, turned to z-up. Errors as `read_mesh`, naming `where`.

    A node's primitives of several materials are one part that keeps them, the one of the largest area first; base
    colours come to 1/255, as trimesh keeps them. Of textures the mean over a material's surface stays. Vertex colours,
    transparency, lines and points are left out.
    """
    return _read(content, "glb", "y", where, where)


def _read(content: bytes, kind: str, up: Up, where: str, name: str) -> ObjectMesh:
    import trimesh

    try:
        order = {"glb": _node_names, "obj": _object_names}.get(kind, lambda _: [])(content)
        # An OBJ's objects are told apart only when asked for, in no order of the file; its groups never are.
        extra: dict[str, Any] = {"split_objects": True, "group_material": False} if kind == "obj" else {}
        scene = trimesh.load_scene(io.BytesIO(content), file_type=kind, process=False, **extra)
        found = [(_owner(scene, node), *scene.graph[node]) for node in scene.graph.nodes_geometry]
        meshes = [(owner, matrix, scene.geometry[geometry]) for owner, matrix, geometry in found
                  if isinstance(scene.geometry[geometry], trimesh.Trimesh)]
    except Exception as error:  # whatever a foreign file makes the reader raise
        raise ConfigurationError(f"a {kind.upper()} file", where=where,
                                 came=f"{type(error).__name__}: {error}") from error
    if not any(len(mesh.faces) for _, _, mesh in meshes):
        raise ConfigurationError("at least one triangle", came="none", where=where)
    by_name: dict[str, list[PartMesh]] = {}
    for number, (owner, matrix, mesh) in enumerate(meshes):
        label = owner if kind == "glb" or len(meshes) > 1 else name
        by_name.setdefault(label, []).append(_part(f"{label} #{number}", mesh, np.asarray(matrix), up))
    place = {label: index for index, label in reversed(list(enumerate(order)))}
    labels = sorted(by_name, key=lambda label: place.get(label, len(order)))
    return ObjectMesh(tuple(ObjectMesh(tuple(by_name[label])).joined(label) for label in labels))


def _part(name: str, mesh: Any, matrix: np.ndarray, up: Up) -> PartMesh:
    turn = Y_TO_Z if up == "y" else np.eye(3)
    linear = turn @ matrix[:3, :3]
    vertices = np.asarray(mesh.vertices, dtype=np.float64) @ linear.T + turn @ matrix[:3, 3]
    faces = np.asarray(mesh.faces)
    uv, normals = getattr(mesh.visual, "uv", None), None
    if "vertex_normals" in mesh._cache.cache and np.linalg.matrix_rank(linear) == 3:
        # Read from the file: asking for the property of a mesh without them would compute some.
        turned = np.asarray(mesh.vertex_normals, dtype=np.float64) @ np.linalg.inv(linear)
        lengths = np.linalg.norm(turned, axis=1, keepdims=True)
        normals = (turned / np.where(lengths > 0, lengths, 1.0))[faces]
    if np.linalg.det(linear) < 0:  # a mirrored node: what was counter-clockwise is now clockwise
        faces = faces[:, ::-1]
        normals = None if normals is None else normals[:, ::-1]
    material = getattr(mesh.visual, "material", None)
    look = _factors(material, vertices[faces], None if uv is None else np.asarray(uv, dtype=np.float64)[faces])
    return PartMesh(name, vertices, faces, uv=None if uv is None else np.asarray(uv)[faces], normals=normals,
                    base_colour=look.base_colour, roughness=look.roughness, metallic=look.metallic,
                    emission=look.emission)


def _factors(material: Any, triangles: np.ndarray, uv: np.ndarray | None) -> FlatMaterial:
    """Those of a glTF material, times means of its textures; what it leaves out has glTF's default; ours without one.

    triangles : (F, 3, 3) metres; uv : (F, 3, 2), v up
    """
    if material is None or not hasattr(material, "baseColorFactor"):
        return FlatMaterial()
    rough, metal = (1.0 if one is None else _share(one) for one in (material.roughnessFactor, material.metallicFactor))
    glow = getattr(material, "emissiveFactor", None)
    base = _channels(material.baseColorFactor, 1.0)
    if uv is not None and len(uv):
        colour, rest = (getattr(material, name, None) for name in ("baseColorTexture", "metallicRoughnessTexture"))
        red, green, blue = _mean(colour, triangles, uv, screen=True)
        _, roughness, metalness = _mean(rest, triangles, uv, screen=False)
        base = (_share(base[0] * red), _share(base[1] * green), _share(base[2] * blue))
        rough, metal = _share(rough * roughness), _share(metal * metalness)
    return FlatMaterial(base, metal, rough, _channels(glow, 0.0))


def _mean(picture: Any, triangles: np.ndarray, uv: np.ndarray, *, screen: bool) -> tuple[float, float, float]:
    """Red, green, blue of a PIL picture over the surface, in linear light, four texels a triangle; 1 without a picture.

    screen : its values are by the curve of sRGB. uv beyond [0, 1] repeat, as glTF's do unless told otherwise.
    """
    if picture is None:
        return 1.0, 1.0, 1.0
    levels = np.asarray(picture.convert("RGB"))
    height, width = levels.shape[:2]
    light = np.arange(256) / 255.0
    if screen:
        light = np.where(light <= 0.04045, light / 12.92, ((light + 0.055) / 1.055) ** 2.4)
    found = []
    for weights in ((1, 1, 1), (4, 1, 1), (1, 4, 1), (1, 1, 4)):
        at = np.einsum("k,fkx->fx", np.array(weights) / sum(weights), uv)
        # trimesh turns v upwards, and a picture's first row is at the top.
        column, row = (np.floor(at * [1, -1] * [width, height]).astype(int) % [width, height]).T
        found.append(light[levels[row, column]])
    mean = np.mean(found, axis=0)
    areas = np.linalg.norm(np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]), axis=1)
    red, green, blue = areas @ mean / max(float(areas.sum()), 1e-30) if areas.any() else mean.mean(axis=0)
    return _share(round(float(red), 6)), _share(round(float(green), 6)), _share(round(float(blue), 6))


def _channels(colour: Any, default: float) -> tuple[float, float, float]:
    """Red, green, blue in [0, 1]; whole numbers are 255ths, as trimesh keeps them."""
    if colour is None:
        return default, default, default
    array = np.asarray(colour)
    red, green, blue = (_share(one) for one in (array / 255.0 if array.dtype.kind in "iu" else array)[:3])
    return red, green, blue


def _share(value: Any) -> float:
    return min(1.0, max(0.0, float(value)))


def _owner(scene: Any, node: str) -> str:
    """The file's node: trimesh hangs the primitives of a mesh with several materials below it, under random names."""
    _, geometry = scene.graph[node]
    if scene.geometry[geometry].metadata.get("from_gltf_primitive"):
        return str(scene.graph.transforms.parents[node])
    return str(node)


def _node_names(content: bytes) -> list[str]:
    """Names of a GLB's nodes in the file's order."""
    magic, version, _ = struct.unpack_from("<4sII", content)
    if magic != b"glTF" or version != 2:
        raise ValueError(f"begins {magic!r}, version {version}")
    length, kind = struct.unpack_from("<I4s", content, 12)
    if kind != b"JSON":
        raise ValueError(f"first chunk is {kind!r}")
    nodes = json.loads(content[20: 20 + length]).get("nodes", [])
    return [str(node.get("name", index)) for index, node in enumerate(nodes)]


def _object_names(content: bytes) -> list[str]:
    """Names of an OBJ's objects in the file's order."""
    lines = (line.split(maxsplit=1) for line in content.decode("utf-8", "replace").splitlines())
    return [line[1].strip() for line in lines if len(line) == 2 and line[0] == "o"]
