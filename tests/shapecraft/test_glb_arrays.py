"""GLBs read back as arrays: what our writers wrote comes back whole, and everything else is refused."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from shapecraft.animated_glb import animated_glb
from shapecraft.animation import sweep
from shapecraft.export import Export
from shapecraft.glb_arrays import GlbRefused, read_solids
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import object_glb
from shapecraft.part_glb import write_glb
from tests.shapecraft.crafting import solid
from tests.shapecraft.moving import cupboard, document
from tests.shapecraft.moving import glb as cupboard_glb
from tests.shapecraft.test_export import BRASS, lopsided


def packed(doc: dict, body: bytes) -> bytes:
    text = json.dumps(doc).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(body)) + struct.pack("<I4s", len(text), b"JSON")
    return head + text + struct.pack("<I4s", len(body), b"BIN\0") + body


def with_uv() -> bytes:
    """A part of two objects, one with uv and one without; glass, light."""
    one = solid("a", (1, 2, 3), (0.1, 0.2, 0.3))
    glass = BRASS.model_copy(update={"base": (0.1, 0.2, 0.3, 0.4), "emission": (0.5, 0.25, 0.0)})
    uv = np.random.default_rng(0).random((12, 3, 2)).astype(np.float32)
    part = write_glb([replace(one, uv=uv, materials=(glass,)), replace(one, name="b", vertices=one.vertices + 1)])
    return object_glb([("both", part), ("alone", write_glb([one]))])


@pytest.mark.parametrize("glb", [Export(*lopsided()).glb, cupboard_glb(), with_uv()])
def test_what_we_wrote_comes_back_as_it_was(glb):
    again = write_glb(read_solids(glb))
    before, after = read_glb(glb), read_glb(again)
    assert before.names == after.names
    for one, other in zip(before.parts, after.parts, strict=True):
        assert (one.triangles == other.triangles).all()
        assert one.normals == pytest.approx(other.normals, abs=1e-6)
        assert (one.base_colour, one.roughness, one.metallic, one.emission) == (
            other.base_colour, other.roughness, other.metallic, other.emission)
    (doc, _), (other, _) = document(glb), document(again)
    assert [sorted(one) for one in doc["materials"]] == [sorted(one) for one in other["materials"]]
    assert [one["name"] for one in doc["materials"]] == [one["name"] for one in other["materials"]]
    assert write_glb(read_solids(again)) == again


def changed(change) -> bytes:
    doc, body = document(cupboard_glb())
    change(doc)
    return packed(doc, body)


@pytest.mark.parametrize(("change", "said"), [
    (lambda doc: doc.update(extensionsUsed=["KHR_draco_mesh_compression"]), "GLB, extensionsUsed"),
    (lambda doc: doc.update(images=[{"uri": "/etc/passwd"}]), "GLB, images"),
    (lambda doc: doc["buffers"][0].update(uri="http://x"), r"GLB, buffers\.0\.uri"),
    (lambda doc: doc["nodes"][0].update(matrix=[1] * 16), r"GLB, nodes\.0\.matrix"),
    (lambda doc: doc["nodes"][0].update(extras={"x": 1}), r"GLB, nodes\.0\.extras"),
    (lambda doc: doc["nodes"][0].update(mesh=99), "a mesh that is there, got mesh 99 of 6 .at body"),
    (lambda doc: doc["nodes"][1].update(name="body"), "nodes of different names"),
    (lambda doc: doc["nodes"][1].update(name="a\nb"), "a name of printable letters"),
    (lambda doc: doc["scenes"][0].update(nodes=[0, 0, 1]), "each in the scene once"),
    (lambda doc: doc["meshes"][0]["primitives"][0].update(mode=1), r"primitives\.0\.mode"),
    (lambda doc: doc["meshes"][0]["primitives"][0].update(material=77), "a material that is there"),
    (lambda doc: doc["meshes"][0]["primitives"][0].update(indices=0), "any number of SCALAR in their bytes"),
    (lambda doc: doc["meshes"][0]["primitives"][0]["attributes"].update(NORMAL=2), "24 VEC3 in their bytes"),
    (lambda doc: doc["accessors"][0].update(count=10 ** 9), "any number of VEC3 in their bytes, got 1000000000"),
    (lambda doc: doc["bufferViews"][0].update(byteOffset=10 ** 9), "any number of VEC3 in their bytes"),
    (lambda doc: doc["bufferViews"][0].update(byteStride=8), r"bufferViews\.0\.byteStride"),
    (lambda doc: doc["accessors"][0].update(sparse={}), r"accessors\.0\.sparse"),
    (lambda doc: doc["materials"][0].update(normalTexture={"index": 0}), r"materials\.0\.normalTexture"),
    (lambda doc: doc["materials"][0]["pbrMetallicRoughness"].update(metallicFactor=float("nan")), "metallicFactor"),
])
def test_what_we_do_not_write_is_refused_with_its_place(change, said):
    with pytest.raises(GlbRefused, match=said):
        read_solids(changed(change))


def test_numbers_are_looked_at():
    doc, body = document(cupboard_glb())
    view = doc["bufferViews"][doc["accessors"][0]["bufferView"]]["byteOffset"]
    for value, said in ((float("nan"), "finite numbers"), (1e30, r"vertices within 1e\+06 m, got 1e\+30 .at body")):
        with pytest.raises(GlbRefused, match=said):
            read_solids(packed(doc, body[:view] + struct.pack("<f", value) + body[view + 4:]))
    indices = doc["meshes"][0]["primitives"][0]["indices"]
    view = doc["bufferViews"][doc["accessors"][indices]["bufferView"]]["byteOffset"]
    with pytest.raises(GlbRefused, match="triangles of 24 vertices, got 36 corners, up to vertex 4000"):
        read_solids(packed(doc, body[:view] + struct.pack("<I", 4000) + body[view + 4:]))
    with pytest.raises(GlbRefused, match="a GLB of ours"):
        read_solids(b"no GLB at all")
    with pytest.raises(GlbRefused, match="not permitted .at GLB, nodes.1.translation"):
        read_solids(animated_glb(cupboard_glb(), cupboard(), sweep(cupboard())))
