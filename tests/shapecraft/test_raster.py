"""The mesh raster against the slow reference and against what geometry says."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import trimesh

from easel.cameras import Camera, ring
from easel.errors import ConfigurationError, MissingCapability
from shapecraft import raster, raster_reference
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.raster import GBuffer, rasterise

SIZE = 64
QUAD = np.array([[-1.0, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]])
HALVES = np.array([[0, 1, 2], [0, 2, 3]])
FRONT = Camera((0, -6, 0))
BEHIND = Camera((0.3, -0.2, 0.1), target=(0.2, 1.0, 0.3), fov_deg=70)
"""Stands inside the scenes: triangles lie before, behind and across its near plane."""


def part(name: str, shape: trimesh.Trimesh, at=(0, 0, 0), uv: bool = False, seed: int = 0) -> PartMesh:
    faces = np.asarray(shape.faces)
    pairs = np.random.default_rng(seed).random((len(shape.vertices), 2))[faces] if uv else None
    return PartMesh(name, shape.vertices + np.array(at), faces, uv=pairs)


def furniture() -> ObjectMesh:
    legs = [part(f"leg {n}", trimesh.creation.box((0.1, 0.1, 0.8)), (x, y, -0.2))
            for n, (x, y) in enumerate([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])]
    top = part("top", trimesh.creation.box((1.2, 1.2, 0.1)), (0, 0, 0.25))
    return ObjectMesh((*legs, top, part("bowl", trimesh.creation.icosphere(1, 0.3), (0, 0, 0.45), uv=True)))


def crossing() -> ObjectMesh:
    return ObjectMesh((
        part("ball", trimesh.creation.icosphere(1, 0.6)), part("torus", trimesh.creation.torus(0.6, 0.2, 12, 8), uv=True),
        part("pipe", trimesh.creation.cylinder(0.25, 2.0, sections=12), (0.1, 0.2, 0)),
    ))


def soup(seed: int = 3) -> ObjectMesh:
    """Random triangles, half of them slivers, some without area."""
    generator = np.random.default_rng(seed)
    corners = generator.uniform(-1, 1, (90, 3, 3))
    corners[30:60, 2] = corners[30:60, 0] + (corners[30:60, 1] - corners[30:60, 0]) * 0.6 + 1e-3
    corners[60:65, 2] = corners[60:65, 1]
    corners[65:] = corners[65:, :1] + (corners[65:] - corners[65:, :1]) * 0.05
    return ObjectMesh(tuple(PartMesh(f"some {n}", chunk.reshape(-1, 3), np.arange(90).reshape(-1, 3))
                            for n, chunk in enumerate(np.split(corners, 3))))


@pytest.mark.parametrize("scene", [furniture, crossing, soup])
@pytest.mark.parametrize("smooth", [True, False])
def test_every_buffer_is_the_reference_s(scene, smooth):
    mesh, cameras = scene(), [*ring(2, elevation_deg=20, start_deg=15), BEHIND,
                              *ring(1, projection="orthographic", start_deg=200)]
    fast = rasterise(mesh, cameras, size=SIZE, smooth=smooth)
    slow = raster_reference.rasterise(mesh, cameras, size=SIZE, smooth=smooth)
    assert 0.02 < slow.covered.mean() < 0.98
    for view in range(len(cameras)):
        assert (fast.part[view] == slow.part[view]).mean() >= 0.999
        assert (fast.face[view] == slow.face[view]).mean() >= 0.999
    both = (fast.part == slow.part) & (fast.face == slow.face) & slow.covered
    # Barycentrics of slivers are ill-conditioned; the points that they give are not.
    assert fast.depth[both] == pytest.approx(slow.depth[both], rel=1e-6)
    assert np.abs(fast.position[both] - slow.position[both]).max() < 1e-5
    if scene is not soup:
        assert np.abs(fast.weights[both] - slow.weights[both]).max() < 1e-5
        assert np.abs(fast.normal[both] - slow.normal[both]).max() < 1e-4
        assert np.array_equal(np.isnan(fast.uv[both]), np.isnan(slow.uv[both]))
        assert np.nanmax(np.abs(fast.uv[both] - slow.uv[both])) < 1e-5


def test_dtypes_shapes_and_background():
    seen = rasterise(crossing(), ring(2), size=SIZE)
    shape = (2, SIZE, SIZE)
    kinds = {name: (array.dtype.name, array.shape) for name, array in vars(seen).items()}
    assert kinds == {
        "depth": ("float32", shape), "part": ("int32", shape), "face": ("int32", shape),
        "weights": ("float32", (*shape, 3)), "normal": ("float32", (*shape, 3)), "uv": ("float32", (*shape, 2)),
        "position": ("float32", (*shape, 3)),
    }
    off = ~seen.covered
    assert off.any()
    assert np.isinf(seen.depth[off]).all()
    assert (seen.part[off] == -1).all() and (seen.face[off] == -1).all()
    assert not any(array[off].any() for array in (seen.weights, seen.normal, seen.uv, seen.position))
    on = seen.covered
    assert seen.weights[on].sum(axis=1) == pytest.approx(1.0, abs=1e-6)
    assert seen.weights[on].min() >= 0.0
    assert np.linalg.norm(seen.normal[on], axis=1) == pytest.approx(1.0, abs=1e-5)


def test_positions_lie_on_the_rays_and_on_the_sphere():
    camera, size = ring(3)[1], 96
    seen = rasterise(ObjectMesh((part("ball", trimesh.creation.icosphere(4, 0.8)),)), [camera], size=size)
    rows, columns = np.nonzero(seen.covered[0])
    points = seen.position[0][rows, columns].astype(float)
    assert np.linalg.norm(points, axis=1) == pytest.approx(0.8, abs=2e-3)
    x, y, depth = camera.project(points).T
    assert (x + 1) / 2 * size == pytest.approx(columns + 0.5, abs=1e-3)
    assert (y + 1) / 2 * size == pytest.approx(rows + 0.5, abs=1e-3)
    assert depth == pytest.approx(seen.depth[0][rows, columns], rel=1e-6)
    assert np.einsum("pi,pi->p", seen.normal[0][rows, columns], points / np.linalg.norm(points, axis=1)[:, None]).min() > 0.9999
    distance = float(np.linalg.norm(camera.eye))
    radius = math.tan(math.asin(0.8 / distance)) / math.tan(math.radians(15)) * size / 2
    assert len(rows) == pytest.approx(math.pi * radius**2, rel=0.01)


def test_shares_are_of_the_surface_and_not_of_the_picture():
    floor = PartMesh("floor", [[-1, 0, 0], [1, 0, 0], [1, 40, 0], [-1, 40, 0]], HALVES,
                     uv=np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])[HALVES])
    camera = Camera((0, -2, 1.5), target=(0, 10, 0))
    seen = rasterise(ObjectMesh((floor,)), [camera], size=SIZE)
    on = seen.covered
    assert seen.uv[on][:, 1] == pytest.approx(seen.position[on][:, 1] / 40, abs=1e-5)
    assert seen.uv[on][:, 0] == pytest.approx((seen.position[on][:, 0] + 1) / 2, abs=1e-5)


def test_uv_that_are_missing_are_nan_and_not_zero():
    mesh = ObjectMesh((part("bare", trimesh.creation.box(), (-1, 0, 0)),
                       part("mapped", trimesh.creation.box(), (1, 0, 0), uv=True)))
    seen = rasterise(mesh, [Camera((0, -9, 0))], size=SIZE)
    assert np.isnan(seen.uv[seen.part == 0]).all()
    assert np.isfinite(seen.uv[seen.part == 1]).all()
    assert rasterise(mesh, [FRONT], size=8, extras=()).uv is None


@pytest.mark.parametrize("turned", [False, True])
def test_of_coinciding_surfaces_the_lower_part_is_seen(turned):
    faces = np.array([[1, 2, 3], [1, 3, 0]]) if turned else HALVES
    tilt = trimesh.transformations.rotation_matrix(0.7, (1, 2, 3))[:3, :3]
    first = PartMesh("first", QUAD @ tilt.T, faces)
    second = PartMesh("second", (QUAD @ tilt.T).astype(np.float32), HALVES)
    for mesh in (ObjectMesh((first, second)), ObjectMesh((second, first))):
        seen = rasterise(mesh, ring(3), size=SIZE)
        assert set(np.unique(seen.part)) == {-1, 0}


def test_of_doubled_faces_the_first_is_seen():
    doubled = PartMesh("doubled", QUAD, np.concatenate([HALVES, HALVES[:, ::-1], HALVES]))
    seen = rasterise(ObjectMesh((doubled,)), [FRONT], size=SIZE)
    assert set(np.unique(seen.face)) == {-1, 0, 1}


def test_a_pixel_centre_on_a_border_is_inside_and_belongs_to_the_first_face():
    # Height 8 over 8 pixels: the square [-2, 2] runs through no centre, its diagonal through four of them.
    camera = Camera((0, -6, 0), projection="orthographic", height=8.0)
    seen = rasterise(ObjectMesh((PartMesh("quad", QUAD * 2, HALVES),)), [camera], size=8)
    assert seen.covered.sum() == 16
    # z grows upwards: face 0 lies below the diagonal from bottom left to top right.
    assert seen.face[0][2:6, 2:6].tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    shifted = rasterise(ObjectMesh((PartMesh("quad", QUAD * 2 + [0.5, 0, 0.5], HALVES),)), [camera], size=8)
    assert shifted.covered.sum() == 25


def test_no_pixel_falls_between_two_triangles():
    generator = np.random.default_rng(0)
    at = np.stack(np.meshgrid(np.linspace(-3, 3, 25), np.linspace(-3, 3, 25)), axis=-1).reshape(-1, 2)
    at += generator.uniform(-0.05, 0.05, at.shape)
    from scipy.spatial import Delaunay

    faces = Delaunay(at).simplices
    flip = generator.random(len(faces)) < 0.5
    faces[flip] = faces[flip][:, ::-1]
    sheet = PartMesh("sheet", np.column_stack([at[:, 0], generator.normal(0, 0.02, len(at)), at[:, 1]]), faces)
    seen = rasterise(ObjectMesh((sheet,)), [Camera((0.1, -6, 0.2), fov_deg=45)], size=256)
    assert seen.covered.all()


def test_the_near_plane_cuts_and_nothing_behind_the_eye_is_seen():
    floor = PartMesh("floor", [[-50, -50, -1], [50, -50, -1], [50, 50, -1], [-50, 50, -1]], HALVES)
    wall = part("wall", trimesh.creation.box((90, 1, 90)), (0, -20, 0))
    camera = Camera((0, 0, 0), target=(0, 1, 0), fov_deg=90, near=2.0)
    seen = rasterise(ObjectMesh((floor, wall)), [camera], size=SIZE)
    assert set(np.unique(seen.part)) == {-1, 0}
    rows = 2 * (np.arange(SIZE) + 0.5) / SIZE - 1
    with np.errstate(divide="ignore"):
        depth = np.where(rows > 0, 1 / rows, np.inf)
    assert seen.covered[0].all(axis=1).tolist() == ((depth >= 2.0) & (depth <= 50)).tolist()
    assert (seen.covered[0].any(axis=1) == seen.covered[0].all(axis=1)).all()
    assert seen.depth[seen.covered].min() >= 2.0


def test_a_triangle_without_area_is_not_seen_and_spoils_nothing():
    broken = PartMesh("broken", [*QUAD, QUAD[0]], [[0, 1, 2], [0, 0, 2], [0, 4, 2], [1, 1, 1], [0, 2, 3]])
    seen = rasterise(ObjectMesh((broken,)), [FRONT], size=SIZE)
    assert set(np.unique(seen.face)) == {-1, 0, 4}
    assert np.isfinite(seen.normal).all() and np.isfinite(seen.position).all()


def test_smooth_normals_go_over_and_flat_ones_do_not():
    pipe = ObjectMesh((part("pipe", trimesh.creation.cylinder(0.5, 2.0, sections=16)),))
    smooth, flat = (rasterise(pipe, [FRONT], size=96, smooth=way).normal[0, 48] for way in (True, False))
    on = np.linalg.norm(flat, axis=1) > 0.5
    assert len(np.unique(np.round(flat[on], 4), axis=0)) == 8
    assert len(np.unique(np.round(smooth[on], 4), axis=0)) > 0.8 * on.sum()


def test_views_threads_and_bands_do_not_change_a_bit():
    mesh, cameras = crossing(), ring(3)
    alone = rasterise(mesh, cameras, size=50)
    for threads in (2, 5, 7):
        assert same(alone, rasterise(mesh, cameras, size=50, threads=threads))
    for view, camera in enumerate(cameras):
        one = rasterise(mesh, [camera], size=50, threads=4)
        assert np.array_equal(one.part[0], alone.part[view]) and np.array_equal(one.uv[0], alone.uv[view], equal_nan=True)


def same(one: GBuffer, other: GBuffer) -> bool:
    return all(np.array_equal(vars(one)[name], vars(other)[name], equal_nan=True) for name in vars(one))


def test_it_fits_the_views_that_meshes_are_scored_by():
    """`easel.mesh_views` draws the same triangles by another rule of ties: the same silhouettes, pixel by pixel."""
    from easel.mesh_views import Triangles, mesh_views

    mesh, cameras = crossing(), ring(3)
    theirs = mesh_views(Triangles.of(mesh.vertices, mesh.faces, (0, 0, 0)), cameras, size=SIZE, samples=1)
    ours = rasterise(mesh, cameras, size=SIZE, extras=())
    assert np.array_equal(theirs[:, 0] < 0.5, ours.covered)


@pytest.mark.parametrize(("settings", "words"), [
    ({"size": 0}, "expected 1 to 8192 pixels, at least one thread, got 0, 1 (at rasterise)."),
    ({"threads": 0}, "expected 1 to 8192 pixels, at least one thread, got 512, 0 (at rasterise)."),
    ({"extras": ("normal", "colour")}, "expected extras among normal, uv, position, got colour (at rasterise)."),
])
def test_settings_that_make_no_picture_are_refused(settings, words):
    with pytest.raises(ConfigurationError) as caught:
        rasterise(crossing(), [FRONT], **settings)
    assert str(caught.value) == words


def test_without_numba_it_says_what_to_install(monkeypatch):
    raster._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingCapability, match="expected the package numba, which draws meshes.*extra 'shapes'"):
        rasterise(crossing(), [FRONT], size=8)
    raster._compiled.cache_clear()
