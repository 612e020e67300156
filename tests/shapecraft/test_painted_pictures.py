"""Painted pictures: the same light as pixel by pixel, all around at one scale, three lightings in a sheet."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from easel.errors import ConfigurationError
from shapecraft.atlas import make_atlas
from shapecraft.baking import bake
from shapecraft.brdf import Material, display, light_of, shade
from shapecraft.environments import studio
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_views import buffers_of
from shapecraft.painted_pictures import BACKGROUND, painted_pictures, turntable_sheet, turntable_views
from tests.shapecraft.test_atlas import part


class Stripes:
    """Red where x is above 0, else blue; half metal, rather smooth."""

    def material_at(self, part, position, uv):
        right = position[:, 0] > 0
        albedo = np.where(right[:, None], (0.7, 0.05, 0.05), (0.05, 0.05, 0.7))
        return Material(albedo, np.full(len(part), 0.3), np.full(len(part), 0.5))


@pytest.fixture(scope="module")
def painted():
    mesh = ObjectMesh((part("ball", trimesh.creation.icosphere(subdivisions=3, radius=0.4), (0, 0, 0.2)),
                       part("box", trimesh.creation.box((0.6, 0.5, 0.3)), (0, 0, -0.3))))
    atlas = make_atlas(mesh, size=256)
    return atlas, bake(atlas, Stripes(), upsample=1, seen=np.ones((256, 256), dtype=bool))


def test_pictures_are_as_shaded_pixel_by_pixel(painted):
    atlas, maps = painted
    view = turntable_views(atlas.mesh, 1)[0]
    lights = [studio()]
    pictures = painted_pictures(atlas, maps, [view], lights, size=40, samples=1)
    assert pictures.shape == (1, 1, 40, 40, 3)
    buffers = buffers_of(atlas.mesh, view, size=40)
    exact = Stripes().material_at(np.zeros(len(buffers)), buffers.position.numpy(), None)
    material = Material(*(torch.from_numpy(one.astype(np.float32)) for one in exact))
    for row, light in enumerate(lights):
        values = display(shade(light_of(light, buffers.normal, buffers.view), material))
        wanted = buffers.picture(values, BACKGROUND)[0].permute(1, 2, 0).numpy()
        far = np.abs(pictures[row, 0] - wanted)
        assert far.mean() < 0.01
        # But for the border of the stripes, which linear sampling softens.
        assert (far.max(axis=-1) > 0.06).mean() < 0.03
    shown = pictures[0, 0][8:34]
    left, right = shown[:, :18].reshape(-1, 3), shown[:, 22:].reshape(-1, 3)
    assert (left[:, 2] > left[:, 0] + 0.3).mean() > 0.2 > (left[:, 0] > left[:, 2] + 0.3).mean()
    assert (right[:, 0] > right[:, 2] + 0.3).mean() > 0.2 > (right[:, 2] > right[:, 0] + 0.3).mean()


def test_a_turntable_keeps_its_scale_and_turns_towards_x(painted):
    mesh = painted[0].mesh
    views = turntable_views(mesh, 4)
    assert len({view.camera.fov_deg for view in views}) == 1
    eyes = np.array([view.camera.eye for view in views]) - mesh.bounds.mean(axis=0)
    assert eyes[0, 1] < 0 and abs(eyes[0, 0]) < 1e-6, "from the front"
    assert eyes[1, 0] > 0 and abs(eyes[1, 1]) < 1e-6, "then from the right"
    reach = [np.abs(view.camera.project(mesh.vertices)[:, :2]).max() for view in views]
    assert max(reach) < 1
    with pytest.raises(ConfigurationError, match="at least one view, got 0"):
        turntable_views(mesh, 0)


def test_the_sheet_has_a_row_a_light(painted):
    sheet = turntable_sheet(*painted, environments=("studio", "overcast"), views=2, size=40, title="ball")
    again = turntable_sheet(*painted, environments=("studio", "overcast"), views=2, size=40, title="ball")
    assert np.array_equal(sheet, again)
    assert sheet.shape == (24 + 2 * (40 + 26) + 6, 2 * 46 + 6, 3)
    bright, dim = sheet[30:70, 6:46], sheet[96:136, 6:46]
    assert np.abs(bright - dim).mean() > 0.01, "the light differs"
    with pytest.raises(ConfigurationError, match="studio, overcast, window, or an .hdr file, got moon"):
        turntable_sheet(*painted, environments=("moon",))
