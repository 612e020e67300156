"""Baking: materials of texels, what is never seen, no part in another's texels, seams and mip levels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy import ndimage

from easel.errors import ConfigurationError
from shapecraft.atlas import make_atlas
from shapecraft.baking import Maps, bake
from shapecraft.brdf import Material
from shapecraft.mesh import ObjectMesh
from shapecraft.seams import dark_texels, levelled, seam_steps
from shapecraft.seen_texels import FinePage, seen_texels
from shapecraft.texture_maps import albedo_png, maps_sheet, metallic_roughness_png, part_pngs, sampled
from tests.shapecraft.test_atlas import part, stool

COLOURS = np.array([[0.8, 0.1, 0.1], [0.1, 0.7, 0.1], [0.1, 0.1, 0.9], [0.9, 0.9, 0.1]], dtype=np.float32)


class Waves:
    """Waves through space, of a length in metres; parts differ."""

    def __init__(self, length: float, *, over_uv: bool = False) -> None:
        self.length, self.over_uv = length, over_uv

    def material_at(self, part, position, uv):
        at = np.concatenate([uv, uv[:, :1]], axis=1) if self.over_uv else position
        value = 0.5 + 0.4 * np.sin(2 * np.pi * at / self.length + np.asarray(part)[:, None])
        return Material(value, value[:, 0], value[:, 1])


class Flat:
    """A colour a part, and the texels it was asked for."""

    def __init__(self) -> None:
        self.asked: list[np.ndarray] = []

    def material_at(self, part, position, uv):
        self.asked.append(np.concatenate([np.asarray(part)[:, None], position], axis=1))
        assert position.dtype == np.float64
        assert uv.shape == (len(part), 2)
        return Material(COLOURS[part], np.asarray(part) / 4, np.asarray(part) % 2 * 1.0)


def nested() -> ObjectMesh:
    """A box, a box hidden in it, and a pole that runs through both and sticks out."""
    return ObjectMesh((
        part("shell", trimesh.creation.box((1.0, 1.0, 1.0))), part("core", trimesh.creation.box((0.4, 0.4, 0.4)), (0.2, 0, 0)),
        part("pole", trimesh.creation.cylinder(0.05, 2.0, sections=12), (-0.2, 0, 0)),
    ))


@pytest.fixture(scope="module")
def atlas():
    return make_atlas(stool(), size=128)


@pytest.fixture(scope="module")
def seen(atlas):
    return seen_texels(atlas)


@pytest.mark.parametrize("upsample", [1, 2, 3])
def test_no_part_leaks_into_another(atlas, seen, upsample):
    maps = bake(atlas, Flat(), upsample=upsample, seen=seen)
    assert maps.size == 128 * upsample
    for number in range(3):
        own = maps.part == number
        assert own.any()
        assert np.array_equal(maps.albedo[own], np.broadcast_to(COLOURS[number], (own.sum(), 3)))
        assert (maps.roughness[own] == number / 4).all()
        assert (maps.metalness[own] == number % 2).all()
    # Between charts: the nearest one's, whichever it is, and nothing mixed.
    assert (maps.albedo[..., None, :] == COLOURS[:3]).all(axis=-1).any(axis=-1).all()
    # What linear sampling gives anywhere on a part is that part's colour, to the very border.
    mesh, chance = atlas.mesh, np.random.default_rng(0)
    for number, one in enumerate(mesh.parts):
        shares = chance.dirichlet((0.3, 0.3, 0.3), size=(len(one.faces), 12))
        uv = np.einsum("fsk,fkx->fsx", shares, one.uv).reshape(-1, 2)
        assert np.abs(sampled(maps, uv).albedo - COLOURS[number]).max() < 1e-6


@pytest.mark.parametrize(("size", "levels"), [(128, (1, 2)), (256, (1, 2, 3))])
def test_no_part_leaks_into_anothers_mip_levels(size, levels):
    atlas = make_atlas(stool(), size=size)
    maps = bake(atlas, Flat(), upsample=2, seen=np.ones((size, size), dtype=bool))
    held = atlas.at_size(maps.size).inside
    for level in levels:
        step = 1 << level
        mean = maps.albedo.reshape(maps.size // step, step, maps.size // step, step, 3).mean(axis=(1, 3))
        shown = mean.repeat(step, axis=0).repeat(step, axis=1)
        leaked = np.abs(shown[held] - COLOURS[maps.part[held]]).max(axis=-1) > 1e-5
        assert leaked.mean() == 0, f"level {level}"


def test_what_nobody_sees_is_not_asked_and_takes_the_nearest_seen_of_its_part():
    atlas = make_atlas(nested(), size=128)
    flat = Flat()
    maps = bake(atlas, flat, upsample=2)
    assert maps.hidden == (1,), "the core"
    asked = np.concatenate(flat.asked)
    pole = asked[asked[:, 0] == 2]
    assert np.abs(pole[:, 3]).min() > 0.45, "of the pole, what sticks out of the shell"
    assert (asked[:, 0] == 1).any(), "a part of which nothing is seen keeps what it is asked for"
    assert not maps.seen[maps.part == 1].any()
    # Along the pole the colour of its height: inside the shell, that of the nearest place outside.
    tall = bake(atlas, _Heights(), upsample=2)
    fine = atlas.at_size(256)
    inside = (fine.part == 2) & ~tall.seen & fine.inside
    height = fine.position[inside][:, 2]
    assert np.abs(height).min() < 0.02
    wanted = 0.5 + np.where(height > 0, 0.5, -0.5) / 4
    middle = np.abs(height) > 0.05
    assert tall.roughness[inside][middle] == pytest.approx(wanted[middle], abs=0.02)
    everything = bake(atlas, _Heights(), upsample=2, seen=np.ones((128, 128), dtype=bool))
    assert everything.roughness[inside] == pytest.approx(0.5 + height / 4, abs=1e-3)
    assert everything.hidden == ()


@pytest.mark.parametrize("size", [64, 128])
def test_thin_parts_are_not_called_hidden(size):
    """A table with a 4 mm screw and a 1.6 mm wire on it: charts of less than a texel are rims all over."""
    mesh = ObjectMesh((
        part("top", trimesh.creation.box((1.2, 0.8, 0.04))),
        part("screw", trimesh.creation.cylinder(0.002, 0.01, sections=8), (0, 0, 0.025)),
        part("wire", trimesh.creation.cylinder(0.0008, 0.6, sections=6), (0.2, 0, 0.32)),
    ))
    atlas = make_atlas(mesh, size=size)
    maps = bake(atlas, _Heights(), upsample=2)
    assert maps.hidden == ()
    page = FinePage.of(atlas, seen_texels(atlas), 2)
    rims = replace(page, plain=page.plain & (page.part != 2))
    assert rims.hidden == (), "a rim is seen, too"
    lacking = np.flatnonzero(~rims.seen & (rims.part > 0))
    assert (rims.part[lacking] == 2).any()
    found = rims.nearest(lacking)
    assert rims.seen[found].all()
    assert np.array_equal(rims.part[found], rims.part[lacking])
    assert np.linalg.norm(rims.position[found] - rims.position[lacking], axis=1).max() < 0.03


class _Heights:
    def material_at(self, part, position, uv):
        value = np.clip(0.5 + position[:, 2] / 4, 0, 1)
        return Material(np.repeat(value[:, None], 3, axis=1), value, value)


def test_a_finer_page_asks_finer_places_and_blurs_nothing(atlas, seen):
    waves = Waves(0.2)
    for upsample in (1, 2):
        maps = bake(atlas, waves, upsample=upsample, seen=seen)
        fine = atlas.at_size(128 * upsample)
        shown = maps.seen & fine.inside
        wanted = waves.material_at(fine.part[shown], fine.position[shown], fine.place[shown])
        assert np.abs(maps.albedo[shown] - wanted.albedo).max() < 1e-6
    page = FinePage.of(atlas, seen, 2)
    plain, lone = page.seen[page.plain], page.seen[~page.plain]
    assert plain.mean() > 0.8
    assert lone.mean() > 0.6, "rims are measured where they stand, not taken over"


@pytest.mark.parametrize("length", [2.0, 0.15], ids=["smooth", "busy"])
@pytest.mark.parametrize("upsample", [1, 2])
def test_borders_of_charts_do_not_show(atlas, seen, length, upsample):
    maps = bake(atlas, Waves(length), upsample=upsample, seen=seen)
    steps = seam_steps(atlas, maps)
    assert steps.points > 300
    assert steps.pairs > 5000
    assert steps.inside > 0.001
    assert steps.ratio < 1.2
    assert steps.sampled < 0.5 * steps.inside, "the line that linear sampling shows"


def test_seams_are_measured_where_they_are(atlas, seen):
    """Over uv nothing is continuous across borders, but for what the rims read from the other side."""
    cut = bake(atlas, Waves(0.3, over_uv=True), upsample=1, seen=seen)
    steps = seam_steps(atlas, cut)
    assert steps.ratio > 3
    assert steps.sampled < steps.across, "the rims mix both sides"
    flat = seam_steps(atlas, bake(atlas, Flat(), upsample=1, seen=seen))
    assert (flat.across, flat.inside, flat.ratio) == (0.0, 0.0, 1.0)
    painted = bake(atlas, Waves(0.5), upsample=1, seen=seen)
    chart = atlas.face == atlas.face[np.nonzero(atlas.inside)][0]
    broken = replace(painted, albedo=np.where(chart[..., None], 0.0, painted.albedo))
    assert seam_steps(atlas, broken).across > seam_steps(atlas, painted).across


@pytest.mark.parametrize("upsample", [1, 2])
def test_what_jumps_over_uv_can_be_levelled_within_each_part(atlas, seen, upsample):
    cut = bake(atlas, Waves(0.3, over_uv=True), upsample=upsample, seen=seen)
    before, even = seam_steps(atlas, cut), levelled(atlas, cut, reach=6 * upsample)
    after = seam_steps(atlas, even)
    assert before.ratio > 3
    assert after.ratio < 1.2
    assert after.sampled < 0.5 * before.sampled
    fine = atlas.at_size(cut.size)
    deep = ndimage.distance_transform_edt(fine.inside) > 6 * upsample + 2
    assert deep.sum() > 100
    assert np.array_equal(even.albedo[deep], cut.albedo[deep]), "away from borders nothing changes"
    flat = bake(atlas, Flat(), upsample=upsample, seen=seen)
    assert np.array_equal(levelled(atlas, flat).albedo, flat.albedo), "no part takes from another"
    with pytest.raises(ConfigurationError, match="a reach of at least one texel, got 0"):
        levelled(atlas, cut, reach=0)


def test_no_level_of_a_mip_chain_darkens(atlas, seen):
    maps = bake(atlas, Waves(0.15), upsample=2, seen=seen)
    assert [dark_texels(maps, level) for level in (0, 1, 2, 3)] == [0, 0, 0, 0]
    black = replace(maps, albedo=np.where((maps.part >= 0)[..., None], maps.albedo, 0.0))
    assert dark_texels(black, 3) > 50, "the same maps on a black page"
    gaps = (maps.part < 0)[..., None]
    half = replace(maps, albedo=np.where(gaps, maps.albedo / 2, maps.albedo))
    assert dark_texels(half, 0) == gaps.sum(), "blocks without a chart, too"
    assert dark_texels(half, 3) > 50
    speck = black.albedo.copy()
    speck[::8, ::8] = 0
    assert dark_texels(replace(black, albedo=speck), 3) > 50, "a black texel hides none"


def test_maps_are_written_as_gltf_reads_them(atlas, seen):
    maps = bake(atlas, Waves(0.5), upsample=1, seen=seen)
    albedo, rest = (np.asarray(_image(one)) for one in (albedo_png(maps), metallic_roughness_png(maps)))
    assert albedo.shape == rest.shape == (128, 128, 3)
    linear = np.where(albedo <= 0.04045 * 255, albedo / 255 / 12.92, ((albedo / 255 + 0.055) / 1.055) ** 2.4)
    assert np.abs(linear - maps.albedo).max() < 0.006
    assert (rest[..., 0] == 255).all()
    assert np.abs(rest[..., 1] / 255 - maps.roughness).max() < 0.0021
    assert np.abs(rest[..., 2] / 255 - maps.metalness).max() < 0.0021
    own, own_rest = (np.asarray(_image(one)) for one in part_pngs(maps, 1))
    held = maps.part == 1
    assert np.array_equal(own[..., 3] == 255, held)
    assert np.array_equal(own[held][:, :3], albedo[held])
    assert np.array_equal(own_rest[held][:, :3], rest[held])
    # Under what is clear the part goes on: no mip level of colours mixes in black or another part.
    for picture, whole in ((own, albedo), (own_rest, rest)):
        assert {tuple(one) for one in picture[~held][:, :3]} <= {tuple(one) for one in whole[held]}
    alone = np.asarray(_image(part_pngs(bake(atlas, Flat(), upsample=1, seen=seen), 1)[0]))[..., :3]
    assert (alone == alone[held][0]).all()
    assert albedo_png(maps) is albedo_png(maps), "encoded once"
    with pytest.raises(ConfigurationError, match=r"a part among \[0, 1, 2\], got 7"):
        part_pngs(maps, 7)
    sheet = maps_sheet(maps, atlas.mesh.names, size=64)
    assert sheet.shape[1] == 4 * (64 + 6) + 6


def _image(content: bytes) -> Image.Image:
    import io

    return Image.open(io.BytesIO(content))


def test_sampling_is_linear_between_centres():
    ramp = np.broadcast_to((np.arange(8) + 0.5) / 8, (8, 8)).astype(np.float32)
    maps = Maps(np.stack([ramp, ramp.T, ramp], axis=-1), ramp, ramp.T, np.zeros((8, 8), np.int16), np.ones((8, 8), bool))
    uv = np.random.default_rng(1).uniform(0.1, 0.9, (50, 2))
    found = sampled(maps, uv)
    assert found.albedo[:, 0] == pytest.approx(uv[:, 0], abs=1e-6)
    assert found.albedo[:, 1] == pytest.approx(1 - uv[:, 1], abs=1e-6), "rows count downwards, v upwards"
    assert found.metalness == pytest.approx(1 - uv[:, 1], abs=1e-6)
    assert sampled(maps, np.array([[-1.0, 2.0]])).albedo[0] == pytest.approx([1 / 16, 1 / 16, 1 / 16])


class _Wrong:
    def __init__(self, value, shape=None) -> None:
        self.value, self.shape = value, shape

    def material_at(self, part, position, uv):
        grey = np.full(len(part), 0.5)
        grey[np.asarray(part) == 1] = self.value
        return Material(np.full(self.shape or (len(part), 3), 0.5), grey, grey)


def test_what_is_no_material_is_refused(atlas, seen):
    for value in (np.nan, 1.5, -0.1):
        with pytest.raises(ConfigurationError, match=r"from 0 to 1, got .* \(at the material of part 'leg'"):
            bake(atlas, _Wrong(value), upsample=1, seen=seen)
    with pytest.raises(ConfigurationError, match=r"albedo \(\d+, 3\), roughness \(\d+,\), metalness .* got \(\(2, 3\)"):
        bake(atlas, _Wrong(0.5, (2, 3)), upsample=1, seen=seen)
    with pytest.raises(ConfigurationError, match="upsampling from 1, to at most 4096 texels, got 64 times 128"):
        bake(atlas, Flat(), upsample=64)
    with pytest.raises(ConfigurationError, match=r"seen of shape \(128, 128\), got shape \(3,\)"):
        bake(atlas, Flat(), seen=np.ones(3))


@pytest.mark.acceptance
@pytest.mark.timeout(1800)
def test_borders_show_on_no_object_of_the_catalogue():
    from shapecraft.catalogue import CATALOGUE
    from shapecraft.catalogue_meshes import CatalogueMeshes
    from shapecraft.wall import open_wall

    meshes = CatalogueMeshes(lambda: open_wall(1))
    try:
        for entry in CATALOGUE:
            mesh = meshes.mesh(entry)
            longest = float(np.ptp(mesh.bounds, axis=0).max())
            atlas = make_atlas(mesh, size=512)
            seen = seen_texels(atlas)
            for length in (longest / 2, longest / 24):
                maps = bake(atlas, Waves(length), upsample=2, seen=seen)
                assert seam_steps(atlas, maps).ratio < 1.2, (entry.name, length)
                assert dark_texels(maps, 3) == 0, (entry.name, length)
    finally:
        meshes.close()
