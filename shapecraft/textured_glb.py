"""Textured GLB: an object with its baked maps as one file that any engine opens (ShapeCraft, step 5: the output).

Every part is a node under its name with a material of its own, so that parts stay separable; all materials read the
same two pictures, embedded as PNG: base colour (sRGB), and roughness in green with metalness in blue (linear). World
coordinates, turned to glTF's y-up once, by `shapecraft.part_glb`, as v is, which glTF counts downwards.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.atlas import Atlas
from shapecraft.baking import Maps
from shapecraft.intake import MaterialEntry, Solid
from shapecraft.mesh import PartMesh
from shapecraft.object_glb import glb_chunks
from shapecraft.part_glb import write_glb
from shapecraft.texture_maps import albedo_png, metallic_roughness_png

_LINEAR, _TRILINEAR, _CLAMP = 9729, 9987, 33071
"""Of glTF 2.0: filters LINEAR and LINEAR_MIPMAP_LINEAR, wrapping CLAMP_TO_EDGE."""


def textured_glb(atlas: Atlas, maps: Maps) -> bytes:
    """A GLB file. Parts without triangles are left out; surfaces that glow go on glowing.

    Raises ConfigurationError for maps whose parts lie elsewhere than the atlas's.
    """
    if maps.size % atlas.size or not _fits(atlas, maps):
        raise ConfigurationError(f"maps baked from this atlas of {atlas.size} texels", where="textured_glb",
                                 came=f"maps of {maps.size} texels, with parts elsewhere")
    plain = write_glb(_solid(part) for part in atlas.mesh.parts if len(part.faces))
    return with_pictures(plain, albedo_png(maps), metallic_roughness_png(maps))


def with_pictures(glb: bytes, albedo: bytes, metallic_roughness: bytes) -> bytes:
    """The GLB with two PNG files that all its materials read; its factors stand, and are multiplied.

    glb : as `write_glb` writes it, with uv at every part
    """
    document, body = glb_chunks(glb, what="a GLB of ours", where="with_pictures")
    for picture in (albedo, metallic_roughness):
        body += b"\0" * (-len(body) % 4)
        document.setdefault("images", []).append({"bufferView": len(document["bufferViews"]), "mimeType": "image/png"})
        document["bufferViews"].append({"buffer": 0, "byteOffset": len(body), "byteLength": len(picture)})
        body += picture
    body += b"\0" * (-len(body) % 4)
    document["images"][0]["name"], document["images"][1]["name"] = "albedo", "metallic_roughness"
    document["samplers"] = [{"magFilter": _LINEAR, "minFilter": _TRILINEAR, "wrapS": _CLAMP, "wrapT": _CLAMP}]
    document["textures"] = [{"sampler": 0, "source": 0}, {"sampler": 0, "source": 1}]
    for material in document["materials"]:
        material["pbrMetallicRoughness"] |= {"baseColorTexture": {"index": 0}, "metallicRoughnessTexture": {"index": 1}}
    document["buffers"] = [{"byteLength": len(body)}]
    return _glb(document, body)


def _glb(document: dict[str, Any], body: bytes) -> bytes:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 4)
    head = b"glTF" + struct.pack("<II", 2, 28 + len(text) + len(body)) + struct.pack("<I4s", len(text), b"JSON")
    return b"".join((head, text, struct.pack("<I4s", len(body), b"BIN\0"), body))


def _solid(part: PartMesh) -> Solid:
    """One material a glow, under the part's name; the maps say the rest, so that factors are 1."""
    glows = np.array([one.emission for one in part.materials])
    numbers = np.zeros(len(part.faces), dtype=int) if part.material_of is None else part.material_of
    table, index = np.unique(glows[numbers], axis=0, return_inverse=True)
    materials = tuple(MaterialEntry(
        name=part.name if len(table) == 1 else f"{part.name} {number + 1}", base=(1.0, 1.0, 1.0, 1.0), metallic=1.0,
        roughness=1.0, emission=(float(glow[0]), float(glow[1]), float(glow[2]))) for number, glow in enumerate(table))
    normals = part.corner_normals
    # A triangle without area has no normal, and glTF wants one of length 1.
    normals = np.where(np.linalg.norm(normals, axis=-1, keepdims=True) > 0.5, normals, [0.0, 0.0, 1.0])
    assert part.uv is not None
    return Solid(part.name, part.vertices.astype(np.float32), part.faces, normals.astype(np.float32),
                 part.uv.astype(np.float32), index.reshape(-1).astype(np.uint16), materials)


def _fits(atlas: Atlas, maps: Maps) -> bool:
    """Whether the coarse texels' parts are found at the same places of the maps, but for the rims."""
    step = maps.size // atlas.size
    there = maps.part[step // 2::step, step // 2::step]
    deep = atlas.inside & (there >= 0)
    return bool(deep.any()) and float((there[deep] == atlas.part[deep]).mean()) > 0.98
