"""Painted files, opened by somebody else: the Khronos validator, trimesh, Blender; channels and directions read back."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.atlas import make_atlas
from shapecraft.baking import bake
from shapecraft.blender_conversion import ExportError
from shapecraft.blender_interpreter import find_blender
from shapecraft.brdf import Material
from shapecraft.glb_arrays import GlbRefused, read_solids
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.mesh_files import read_glb
from shapecraft.object_glb import glb_chunks
from shapecraft.textured_blend import textured_blend
from shapecraft.textured_glb import textured_glb
from tests.shapecraft.khronos_validator import needs_chromium, validated
from tests.shapecraft.test_atlas import part

PROBE = Path(__file__).with_name("texture_probe.py")
ROUGH, SMOOTH = (0.9, 0.2)


class Painting:
    """A red rough metal that gets brighter upwards, and a blue smooth dielectric that gets brighter to the right."""

    def material_at(self, part, position, uv):
        up, right = (position[:, 2] + 1) / 4, (position[:, 0] + 1) / 4
        red, blue = (np.stack([a, b, c], axis=1) for a, b, c in (
            (0.2 + up, 0.05 + 0 * up, 0.05 + 0 * up), (0.05 + 0 * up, 0.05 + 0 * up, 0.2 + right)))
        first = np.asarray(part) == 0
        return Material(np.where(first[:, None], red, blue), np.where(first, ROUGH, SMOOTH), np.where(first, 1.0, 0.0))


def mesh() -> ObjectMesh:
    return ObjectMesh((
        part("red post", trimesh.creation.box((0.3, 0.2, 1.8)), (-0.7, 0.3, 0)),
        part("blue ball", trimesh.creation.icosphere(subdivisions=2, radius=0.5), (0.4, 0, 0), emission=(0.0, 0.2, 0.0)),
        PartMesh("nothing", [[0, 0, 0]], np.zeros((0, 3), int)),
    ))


def wanted(name: str, position: np.ndarray) -> tuple[np.ndarray, float, float]:
    found = Painting().material_at(np.full(len(position), 0 if name == "red post" else 1), position, position[:, :2])
    return found.albedo, float(found.roughness[0]), float(found.metalness[0])


def linear(levels: np.ndarray) -> np.ndarray:
    value = np.asarray(levels) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


@pytest.fixture(scope="module")
def painted():
    atlas = make_atlas(mesh(), size=128)
    return atlas, bake(atlas, Painting(), upsample=2)


@pytest.fixture(scope="module")
def glb(painted) -> bytes:
    return textured_glb(*painted)


@pytest.fixture(scope="module")
def blender():
    try:
        return find_blender()
    except MissingCapability as error:
        pytest.skip(str(error))


@needs_chromium
def test_the_khronos_validator_has_nothing_to_say(glb):
    assert validated({"painted": glb}) == {"painted": []}


def test_parts_are_nodes_with_materials_of_their_own_and_two_pictures_between_them(painted, glb):
    document, body = glb_chunks(glb, what="", where="")
    assert [one["name"] for one in document["nodes"]] == ["red post", "blue ball"]
    assert [one["name"] for one in document["materials"]] == ["red post", "blue ball"]
    assert [one["pbrMetallicRoughness"]["baseColorTexture"] for one in document["materials"]] == [{"index": 0}] * 2
    assert "emissiveFactor" not in document["materials"][0]
    assert document["materials"][1]["emissiveFactor"] == [0.0, 0.2, 0.0], "what glows goes on glowing"
    assert len(document["images"]) == len(document["textures"]) == 2
    for one in document["images"]:
        view = document["bufferViews"][one["bufferView"]]
        assert body[view["byteOffset"]:][:8] == b"\x89PNG\r\n\x1a\n"
    assert textured_glb(*painted) == glb, "the same bytes every time"


def test_trimesh_finds_every_colour_at_its_place(glb):
    scene = trimesh.load_scene(io.BytesIO(glb), file_type="glb", process=False)
    assert set(scene.geometry) == {"red post", "blue ball"}
    for name, one in scene.geometry.items():
        albedo, rest = (np.asarray(picture.convert("RGB")) for picture in (
            one.visual.material.baseColorTexture, one.visual.material.metallicRoughnessTexture))
        _probed(name, one.vertices @ np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]]), one.faces, one.visual.uv, albedo, rest)


def _probed(name, points, faces, uv, albedo, rest) -> None:
    """Samples a thousand points of the surface. points, uv : per vertex, z up, v up; pictures with the top row first"""
    shares = np.random.default_rng(2).dirichlet((1, 1, 1), size=len(faces))
    place, at = (np.einsum("fk,fkx->fx", shares, np.asarray(one)[faces]) for one in (points, uv))
    column, row = (np.clip(at * [1, -1] + [0, 1], 0, 1 - 1e-9) * albedo.shape[0]).astype(int).T
    colour, roughness, metalness = wanted(name, place)
    far = np.abs(linear(albedo[row, column]) - colour)
    assert far.max() < 0.02, name
    assert np.abs(rest[row, column, 1] / 255 - roughness).max() < 0.003, "green is roughness"
    assert np.abs(rest[row, column, 2] / 255 - metalness).max() < 0.003, "blue is metalness"
    assert np.ptp(colour[:, 0 if name == "red post" else 2]) > 0.2, "a direction is tested"


def test_blender_finds_every_colour_at_its_place(painted, glb, blender, tmp_path):
    paths = [tmp_path / "painted.glb", tmp_path / "painted.blend"]
    paths[0].write_bytes(glb)
    paths[1].write_bytes(textured_blend(*painted, blender=blender))
    answer = tmp_path / "answer.json"
    done = subprocess.run([str(blender.command), "-I", str(PROBE), str(answer), *map(str, paths)], capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(answer.read_text())
    for path in paths:
        parts = told[path.name]
        assert set(parts) == {"red post", "blue ball"}
        for name, one in parts.items():
            assert one["images"]["Base Color"]["space"] == "sRGB"
            assert one["images"]["Roughness"] == {**one["images"]["Metallic"], "channel": "Green"}
            assert one["images"]["Metallic"]["channel"] == "Blue"
            assert one["images"]["Metallic"]["space"] == "Non-Color"
            assert all(image["packed"] for image in one["images"].values())
            pictures = [np.asarray(Image.open(io.BytesIO(bytes.fromhex(one["images"][key]["file"]))).convert("RGB"))
                        for key in ("Base Color", "Roughness")]
            corners = np.array(one["points"]).reshape(-1, 3)
            _probed(name, corners, np.arange(len(corners)).reshape(-1, 3), np.array(one["uv"]).reshape(-1, 2), *pictures)


def test_a_blend_that_lacks_something_is_refused(painted, blender, tmp_path):
    spy = tmp_path / "python"
    spy.write_text("#!/bin/sh\nfor one; do case $one in *.blend) echo > $one;; *count.txt) printf 1 > $one;; esac; done\n")
    spy.chmod(0o755)
    with pytest.raises(ExportError, match=r"a .blend file with 2 meshes, one a component, got 1 of them"):
        textured_blend(*painted, blender=replace(blender, command=spy))


def test_a_painted_glb_reads_as_a_mesh_with_uv_and_mean_colours(painted, glb):
    found = read_glb(glb)
    assert found.names == ("red post", "blue ball")
    atlas = painted[0]
    for one, own in zip(found.parts, atlas.mesh.parts, strict=False):
        assert len(one.faces) == len(own.faces)
        assert one.triangles == pytest.approx(own.triangles, abs=1e-6)
        assert one.uv == pytest.approx(own.uv, abs=1e-6)
    post, ball = found.parts
    assert post.base_colour == pytest.approx((0.45, 0.05, 0.05), abs=0.01)
    assert (post.roughness, post.metallic) == pytest.approx((ROUGH, 1.0), abs=0.003)
    assert ball.base_colour == pytest.approx((0.05, 0.05, 0.55), abs=0.01)
    assert (ball.roughness, ball.metallic) == pytest.approx((SMOOTH, 0.0), abs=0.003)
    again = make_atlas(found, size=128)
    assert again.kept, "a painted mesh keeps its uv"
    assert (again.part == atlas.part).mean() > 0.999


def test_the_strict_reader_refuses_pictures(glb):
    with pytest.raises(GlbRefused, match="a GLB as this package writes it, got Extra inputs"):
        read_solids(glb)


def test_maps_of_another_atlas_are_refused(painted):
    _, maps = painted
    other = make_atlas(ObjectMesh((part("ball", trimesh.creation.icosphere(subdivisions=1)),)), size=128)
    with pytest.raises(ConfigurationError, match="maps baked from this atlas of 128 texels"):
        textured_glb(other, maps)
    with pytest.raises(ConfigurationError, match="maps baked from this atlas of 96 texels"):
        textured_glb(make_atlas(mesh(), size=96), maps)
