"""Tier 0: words to flat materials, and what baking asks of them."""

import numpy as np
import pytest

from easel.errors import ConfigurationError
from shapecraft.flat_painting import FlatPainting, flat_painting, worded_material
from shapecraft.materials import FlatMaterial
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.palette import flat_material

CORNERS = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def mesh() -> ObjectMesh:
    return ObjectMesh(tuple(PartMesh(name, CORNERS, [[0, 1, 2]], base_colour=(0.1, 0.2, 0.3), metallic=0.5)
                            for name in ("seat", "legs", "knob")))


@pytest.mark.parametrize(("words", "as_palette", "metallic", "roughness"), [
    ("red leather seat", "red", 0.0, 0.6), ("gold ring", "gold", 1.0, 0.4), ("glossy golden ball", "gold", 1.0, 0.15),
    ("gold plastic ring", "gold", 0.0, 0.45), ("painted gold frame", "gold", 0.0, 0.4),
    ("silver handle", "silver", 1.0, 0.4), ("brick wall", "terracotta", 0.0, 0.85), ("red brick wall", "red", 0.0, 0.85),
    ("blue denim cushion", "blue", 0.0, 0.95), ("grass", "green", 0.0, 0.9), ("scarlet cap", "red", 0.0, 0.5),
    ("matte black paint", "black", 0.0, 0.85), ("polished chrome", "chrome", 1.0, 0.15),
])
def test_words_name_a_material(words, as_palette, metallic, roughness):
    found = worded_material(words)
    assert found == FlatMaterial(flat_material(as_palette).base_colour, metallic, roughness)


def test_rust_is_brown_rough_and_hardly_a_metal():
    red, green, blue = worded_material("rusty iron legs").base_colour
    assert red > 1.5 * green > 2 * blue
    assert worded_material("corroded steel").metallic == 0.25
    assert worded_material("rusted metal").roughness == 0.85
    assert worded_material("steel with streaks of rust") == worded_material("rusty iron legs")


@pytest.mark.parametrize(("words", "same"), [
    ("rust-free stainless steel", "steel"), ("rust free steel", "steel"), ("rust-proof steel legs", "steel"),
    ("steel without any rust", "steel"), ("rust orange fabric", "orange fabric"), ("rust-red leather", "red leather"),
    ("rust fabric", "terracotta fabric"), ("rust red leather with brass studs", "red leather"),
    ("lead grey", "grey"), ("zinc-white paint", "white paint"), ("lead-free pewter grey", "grey"),
    ("non-metallic blue", "blue"), ("not metallic, blue", "blue"), ("metallic blue", "blue metal"),
    ("steel, black powder coat", "black powder coat steel"), ("lead weight", "grey metal"),
    ("free-standing oak", "oak"), ("oak free-standing shelf", "oak"),
])
def test_what_is_not_there_and_shades_are_no_material(words, same):
    assert worded_material(words) == flat_material(same)


def test_words_that_name_nothing_leave_the_mesh_as_it_is():
    made = flat_painting(mesh(), ["red leather seat", "oak legs", "a knob"])
    assert made.unsaid == (2,)
    assert made.materials[2] == mesh().parts[2].materials[0]
    assert worded_material("a simple thing") is None


def test_baking_gets_a_material_for_every_point():
    made = flat_painting(mesh(), ["red leather seat", "polished chrome legs", "matt"])
    part = np.array([1, 0, 2, 1], dtype=np.int16)
    found = made.material_at(part, np.zeros((4, 3)), np.full((4, 2), np.nan))
    assert found.albedo.dtype == found.roughness.dtype == np.float32
    assert found.albedo[1] == pytest.approx(flat_material("red").base_colour)
    assert found.metalness.tolist() == [1, 0, 0, 1]
    assert found.roughness == pytest.approx([0.15, 0.6, 0.85, 0.15])
    one = made.material_at(1, np.zeros((3, 3)), np.zeros((3, 2)))
    assert one.metalness.tolist() == [1, 1, 1]
    mirror = FlatPainting((FlatMaterial(roughness=0.0),)).material_at(np.zeros(1, int), np.zeros((1, 3)), None)
    assert mirror.roughness[0] > 0.04, "a field has a floor, and so has this"


def test_wrong_numbers_are_refused():
    with pytest.raises(ConfigurationError, match="expected 3 prompts, one a part, got 2"):
        flat_painting(mesh(), ["oak", "oak"])
    with pytest.raises(ConfigurationError, match="expected parts from 0 to 0, got -1 to 0"):
        FlatPainting((FlatMaterial(),)).material_at(np.array([0, -1]), np.zeros((2, 3)), np.zeros((2, 2)))
