"""Paint views: framing, seeds, what is never seen, and that it gets no gradient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from easel.errors import ConfigurationError
from easel.torch_threads import torch_threads
from shapecraft.brdf import display, light_of, shade
from shapecraft.environments import overcast
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_views import PaintView, ViewPlan, buffers_of, paint_views, side, view_from
from shapecraft.seen_surface import nearest_seen, seen_points, spiral
from shapecraft.texture_field import FieldSettings, TextureField

PLAN = ViewPlan(whole=4, close=2)


@pytest.fixture(autouse=True)
def one_thread():
    with torch_threads(1):
        yield


def part(name: str, shape: trimesh.Trimesh, at=(0, 0, 0)) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces))


def stool() -> ObjectMesh:
    """A seat, a leg below it, and a core that the seat hides."""
    return ObjectMesh((
        part("seat", trimesh.creation.box((1.0, 1.0, 0.4)), (0, 0, 0.8)),
        part("leg", trimesh.creation.cylinder(0.1, 0.6, sections=16), (0, 0, 0.3)),
        part("core", trimesh.creation.box((0.6, 0.6, 0.2)), (0, 0, 0.8)),
    ))


def test_views_frame_what_they_show_from_outside():
    mesh = stool()
    found = paint_views(mesh, PLAN, seed=3)
    assert [one.part for one in found.views] == [None] * 4 + [0] * 2 + [1] * 2
    assert found.hidden == (2,)
    assert len(found.of(None)) == 4
    assert len(found.of(1)) == 2
    low, high = mesh.bounds
    middle, radius = (low + high) / 2, np.linalg.norm(high - low) / 2
    for view in found.views:
        assert np.linalg.norm(np.array(view.camera.eye) - middle) > 1.04 * radius
        own = mesh.vertices if view.part is None else mesh.parts[view.part].vertices
        assert 1 / 1.3 - 1e-6 <= np.abs(view.camera.project(own)[:, :2]).max() <= 1 / 1.05 + 1e-6
        buffers = buffers_of(mesh, view, size=48)
        assert len(buffers) > 40
        assert 2 not in buffers.part
        if view.part is not None:
            assert bool((buffers.part == view.part).all())


def test_a_seed_is_a_set_of_cameras():
    one, same, other = (paint_views(stool(), PLAN, seed=seed) for seed in (3, 3, 4))
    assert one == same
    assert one != other
    assert paint_views(stool(), ViewPlan(whole=0, close=1), seed=3).of(None) == ()


def test_sides():
    assert [side(np.array(one)) for one in ((0, -1, 0), (1, 0.2, 0), (0, 2, 1), (0, -1, 3), (0, 0, -1))] == [
        "front", "side", "back", "overhead", "below"]


def test_pictures_put_values_where_they_were_seen():
    mesh = stool()
    view = paint_views(mesh, PLAN, seed=0).views[0]
    fine, coarse = buffers_of(mesh, view, size=32, samples=2), buffers_of(mesh, view, size=64)
    values = torch.rand((len(coarse), 3), generator=torch.Generator().manual_seed(0))
    whole = coarse.picture(values, (0.0, 0.5, 1.0))
    assert whole.shape == (1, 3, 64, 64)
    assert whole[0, :, coarse.pixel[7] // 64, coarse.pixel[7] % 64].tolist() == values[7].tolist()
    assert whole[0, :, 0, 0].tolist() == [0.0, 0.5, 1.0]
    torch.testing.assert_close(fine.picture(values, (0.0, 0.5, 1.0)), torch.nn.functional.avg_pool2d(whole, 2))
    both = buffers_of(mesh, PaintView(view.camera, 1, "front"), size=64, context=True)
    assert len(both) == len(coarse)
    np.testing.assert_allclose(torch.linalg.norm(coarse.view, dim=1), 1, atol=1e-6)
    assert float((coarse.view * (torch.tensor(view.camera.eye) - coarse.position)).sum(dim=1).min()) > 0


def surface(mesh: ObjectMesh, each: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Random points of every part, their parts and normals."""
    rows = []
    for number, one in enumerate(mesh.parts):
        chance = np.random.default_rng(number)
        face = chance.choice(len(one.faces), each, p=one.face_areas / one.area)
        shares = chance.dirichlet((1, 1, 1), each)
        rows.append((np.einsum("pk,pki->pi", shares, one.triangles[face]), np.full(each, number), one.face_normals[face]))
    points, parts, normals = (np.concatenate(column) for column in zip(*rows, strict=True))
    return points, parts, normals


def test_seen_points_are_those_that_someone_outside_sees():
    mesh = stool()
    points, parts, normals = surface(mesh)
    seen = seen_points(mesh, points, parts, normals, size=192)
    # The leg's top lies on the seat, the seat's below has a hole where the leg stands; all else outside is seen.
    leg_top = (parts == 1) & (points[:, 2] > 0.6 - 1e-9)
    under = (parts == 0) & (points[:, 2] < 0.6 + 1e-9) & (np.linalg.norm(points[:, :2], axis=1) < 0.09)
    core = parts == 2
    assert not seen[leg_top | under | core].any()
    edge = (np.abs(np.abs(points[:, :2]) - 0.5) < 0.02).sum(axis=1) + (np.abs(points[:, 2] - 0.6) < 0.03)
    assert seen[~(leg_top | under | core) & (parts == 0) & (edge < 1)].mean() > 0.97
    source = nearest_seen(points, parts, seen)
    assert (source[core] == -1).all()
    assert (source[seen] == np.flatnonzero(seen)).all()
    filled = (source >= 0) & ~seen
    assert filled.any()
    assert (parts[source[filled]] == parts[filled]).all()
    assert seen[source[filled]].all()


def test_inside_out_parts_and_open_sheets_are_seen():
    ball = trimesh.creation.icosphere(2, 0.5)
    turned = PartMesh("ball", ball.vertices, np.asarray(ball.faces)[:, ::-1])
    sheet = PartMesh("sheet", np.array([[-1.0, 2, -1], [1, 2, -1], [1, 2, 1], [-1, 2, 1]]),
                     np.array([[0, 1, 2], [0, 2, 3]]))
    mesh = ObjectMesh((turned, sheet))
    assert seen_points(mesh, *surface(mesh, 100), size=192).mean() > 0.97
    with pytest.raises(ConfigurationError, match=r"points \(N, 3\), parts \(N,\), normals \(N, 3\)"):
        seen_points(mesh, np.zeros((3, 3)), np.zeros(2), np.zeros((3, 3)))


def test_only_views_that_are_steep_enough_count():
    """Of the walls of a gap, 0.2 wide: what lies 0.3 below its edge is seen at a cosine of 0.55, 0.6 below at 0.32."""
    mesh = ObjectMesh((part("walls", trimesh.util.concatenate([
        trimesh.creation.box((0.1, 3.0, 2.0)).apply_translation((x, 0, 0)) for x in (-0.15, 0.15)])),))
    depth = np.linspace(0.05, 1.0, 39)
    points = np.stack([np.full(39, 0.1), np.zeros(39), 1 - depth], axis=1)
    normals = np.tile([-1.0, 0.0, 0.0], (39, 1))
    for steepest in (0.25, 0.5):
        seen = seen_points(mesh, points, np.zeros(39, dtype=int), normals, size=256, directions=800, steepest=steepest)
        reach = 0.2 * np.sqrt(1 / steepest**2 - 1)
        assert seen[depth < reach - 0.15].all()
        assert not seen[depth > reach + 0.03].any()


def test_surface_that_is_never_seen_gets_no_gradient():
    """Painted from every camera; of the finest level only entries that a seen place reads have moved."""
    mesh = stool()
    settings = FieldSettings(levels=1, coarsest=24, finest=24, entries_log2=14, hidden=8)
    field = TextureField(mesh.bounds, settings, seed=0)
    with torch.no_grad():
        field.parameters[3].normal_(generator=torch.Generator().manual_seed(0))
    pictures = []
    for view in paint_views(mesh, ViewPlan(whole=8, close=0), seed=0).views:
        buffers = buffers_of(mesh, view, size=20)
        light = light_of(overcast(), buffers.normal, buffers.view)
        pictures.append(buffers.picture(display(shade(light, field.material(field.places(buffers.position)))), (1, 1, 1)))
    torch.cat(pictures).square().sum().backward()
    moved = field.parameters[0].grad.abs().sum(dim=1) > 0
    points, parts, normals = surface(mesh)
    inner = parts == 2
    seen = seen_points(mesh, points, parts, normals, size=128)
    reads = field.places(points).entries[:, 0].long()
    assert not bool(moved[reads[inner]].any())
    assert float(moved[reads[torch.from_numpy(seen)]].float().mean()) > 0.5


def test_wrong_plans_are_told():
    with pytest.raises(ConfigurationError, match="views of the whole, or 1 to 32 close-ups a part, got 0, 0"):
        ViewPlan(whole=0, close=0)
    with pytest.raises(ConfigurationError, match="elevations within 85 degrees"):
        ViewPlan(elevations_deg=(50, 20))
    empty = ObjectMesh((PartMesh("none", np.zeros((0, 3)), np.zeros((0, 3), dtype=int)),))
    with pytest.raises(ConfigurationError, match="at least one triangle"):
        paint_views(empty, seed=0)
    half = ObjectMesh((stool().parts[0], empty.parts[0]))
    assert paint_views(half, PLAN, seed=0).hidden == (1,)


def test_directions_are_spread_evenly():
    around = spiral(64)
    np.testing.assert_allclose(np.linalg.norm(around, axis=1), 1)
    closest = np.sort(np.degrees(np.arccos(np.clip(around @ around.T, -1, 1))), axis=1)[:, 1]
    assert closest.min() > 15
    assert closest.max() < 30


def test_the_whole_from_one_direction():
    mesh = stool()
    view = view_from(mesh, (0.0, -2.0, 0.0))
    assert (view.part, view.side) == (None, "front")
    assert np.abs(view.camera.project(mesh.vertices)[:, :2]).max() == pytest.approx(1 / 1.1, abs=1e-6)
    np.testing.assert_allclose(np.subtract(view.camera.eye, view.camera.target)[[0, 2]], 0, atol=1e-9)


def test_details_fill_the_picture_and_leave_the_other_views_as_they_are():
    mesh, plain = stool(), paint_views(stool(), PLAN, seed=3)
    found = paint_views(mesh, replace(PLAN, details=12), seed=3)
    assert tuple(one for one in found.views if not one.detail) == plain.views
    assert found.hidden == plain.hidden == (2,)
    for number, least in ((0, 0.45), (1, 0.4)):
        own = found.of(number)
        assert [one.detail for one in own] == [False] * 2 + [True] * (len(own) - 2)
        assert own[:2] == plain.of(number)
        shown = [buffers_of(mesh, view, size=32) for view in own[2:]]
        assert 4 <= len(shown) <= 12
        assert np.mean([len(one) / 32**2 for one in shown]) > least
        assert all(bool((one.part == number).all()) for one in shown)
        assert [one.side for one in own[2:]] == [side(np.subtract(one.camera.eye, one.camera.target)) for one in own[2:]]
    assert not any(one.detail for one in found.of(None))


def test_details_are_all_of_one_scale_and_nearer_than_close_ups():
    for number in (0, 1):
        own = paint_views(stool(), replace(PLAN, details=12), seed=3).of(number)
        spans = [2 * np.tan(np.radians(one.camera.fov_deg) / 2) * np.linalg.norm(np.subtract(one.camera.eye, one.camera.target))
                 for one in own]
        np.testing.assert_allclose(spans[2:], spans[2], rtol=1e-6)
        assert spans[2] < 0.9 * min(spans[:2])


@pytest.mark.parametrize(("details", "close"), [(3, 0), (1025, 2), (-1, 2)])
def test_details_without_close_ups_and_too_many_are_refused(details, close):
    with pytest.raises(ConfigurationError, match=rf"^expected up to 1024 details beside close-ups, got {details}, {close} "
                                                 r"close-ups \(at ViewPlan\)"):
        ViewPlan(whole=2, close=close, details=details)


@pytest.mark.parametrize("rim", [-0.1, 0.31, float("nan")])
def test_a_rim_has_bounds(rim):
    with pytest.raises(ConfigurationError, match=rf"^expected a rim of 0 to 0.3 of the side, got {rim} \(at ViewPlan\)"):
        ViewPlan(rim=rim)
