"""Object GLB: the GLBs of an object's parts as one file, one node per component under its name.

Only for what `shapecraft.part_glb` wrote: world coordinates, nodes without transforms, no textures.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from typing import Any

from easel.errors import ConfigurationError
from shapecraft.palette import FlatMaterial


def object_glb(parts: Iterable[tuple[str, bytes]], flat: Mapping[str, FlatMaterial] | None = None) -> bytes:
    """One GLB. parts : (component's name, its GLB), in order, names differ; flat : the material where a part sets none

    Every component is one node with one mesh that has the primitives of all its objects, with their materials.
    Raises ConfigurationError for bytes that are no GLB of ours.
    """
    whole: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "shapecraft"}, "scene": 0, "scenes": [{"nodes": []}], "nodes": [],
        "meshes": [], "materials": [], "accessors": [], "bufferViews": [], "buffers": [],
    }
    body = b""
    for name, content in parts:
        document, data = glb_chunks(content, what="a GLB of a part", where=name)
        views, accessors, materials = (len(whole[key]) for key in ("bufferViews", "accessors", "materials"))
        whole["materials"] += [_material(one, name, (flat or {}).get(name)) for one in document.get("materials", [])]
        whole["bufferViews"] += [{**one, "buffer": 0, "byteOffset": one.get("byteOffset", 0) + len(body)}
                                 for one in document["bufferViews"]]
        whole["accessors"] += [{**one, "bufferView": one["bufferView"] + views} for one in document["accessors"]]
        primitives = [
            {**one, "attributes": {key: at + accessors for key, at in one["attributes"].items()},
             "indices": one["indices"] + accessors, "material": one["material"] + materials}
            for mesh in document["meshes"] for one in mesh["primitives"]
        ]
        number = len(whole["nodes"])
        whole["scenes"][0]["nodes"].append(number)
        whole["nodes"].append({"name": name, "mesh": number})
        whole["meshes"].append({"name": name, "primitives": primitives})
        body += data + b"\0" * (-len(data) % 4)
    whole["buffers"].append({"byteLength": len(body)})
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=True).encode()
    text += b" " * (-len(text) % 4)
    head = b"glTF" + struct.pack("<II", 2, 28 + len(text) + len(body)) + struct.pack("<I4s", len(text), b"JSON")
    return b"".join((head, text, struct.pack("<I4s", len(body), b"BIN\0"), body))


def _material(entry: dict[str, Any], name: str, flat: FlatMaterial | None) -> dict[str, Any]:
    """The entry under a name that no other part has; without a name it was no material of the program's."""
    if entry.get("name") or flat is None:
        return {**entry, "name": f"{name}: {entry.get('name') or 'no material'}"}
    return {**entry, "name": name, "pbrMetallicRoughness": {
        "baseColorFactor": [*flat.base_colour, 1.0], "metallicFactor": flat.metallic, "roughnessFactor": flat.roughness,
    }}


def glb_chunks(content: bytes, *, what: str, where: str) -> tuple[dict[str, Any], bytes]:
    """(document, binary chunk) of a GLB of ours. Raises ConfigurationError for other bytes: `what` was expected."""
    try:
        magic, version, _ = struct.unpack_from("<4sII", content)
        length, kind = struct.unpack_from("<I4s", content, 12)
        size, second = struct.unpack_from("<I4s", content, 20 + length)
        if (magic, version, kind, second) != (b"glTF", 2, b"JSON", b"BIN\0"):
            raise ValueError(f"begins {magic!r}, version {version}")
        return json.loads(content[20: 20 + length]), content[28 + length: 28 + length + size]
    except (struct.error, ValueError) as error:
        raise ConfigurationError(what, came=str(error), where=where) from None
