"""Paint tiles: one scale, all of a part that is seen from outside, and nothing from within the object's ball."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from easel.cameras import Camera
from easel.torch_threads import torch_threads
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_tiles import tiles_of
from shapecraft.paint_views import ViewPlan, paint_views
from shapecraft.raster import rasterise
from shapecraft.seen_surface import seen_points
from tests.shapecraft.toy_painting import part, stool

SHAPES = {
    "box": trimesh.creation.box((1.0, 0.6, 0.4)), "cylinder": trimesh.creation.cylinder(0.1, 0.6, sections=24),
    "plate": trimesh.creation.box((1.0, 1.0, 0.02)), "ring": trimesh.creation.torus(0.5, 0.12),
    "tube": trimesh.creation.annulus(0.4, 0.5, 0.3),
}
PIXELS = 96


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    with torch_threads(1):
        yield


def alone(shape: str) -> ObjectMesh:
    return ObjectMesh((part(shape, SHAPES[shape]),))


def tiles(mesh: ObjectMesh, number: int = 0, *, most: int = 32, seed: int = 3, rim: float = 0.0) -> list[Camera]:
    found = paint_views(mesh, ViewPlan(whole=0, close=4, details=most, rim=rim), seed=seed).of(number)
    assert [one.detail for one in found[:4]] == [False] * 4
    assert all(one.detail for one in found[4:])
    return [one.camera for one in found[4:]]


def span(camera: Camera) -> float:
    """Metres along a side of the picture, at the target."""
    return 2 * math.tan(math.radians(camera.fov_deg) / 2) * math.dist(camera.eye, camera.target)


def seen_surface(mesh: ObjectMesh, number: int, count: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) of a part that someone outside sees, and their normals (N, 3), by numbers of the test's own."""
    own, chance = mesh.parts[number], np.random.default_rng(77)
    face = chance.choice(len(own.faces), count, p=own.face_areas / own.area)
    points = np.einsum("pk,pki->pi", chance.dirichlet((1, 1, 1), count), own.triangles[face])
    normals = own.face_normals[face]
    shown = seen_points(mesh, points, np.full(count, number), normals, size=256)
    return points[shown], normals[shown]


def shown_in(mesh: ObjectMesh, number: int, camera: Camera, points: np.ndarray, *, rim: float = 0.0) -> np.ndarray:
    """(N,) bool: in the picture, not in its rim, and nothing before it."""
    seen = rasterise(mesh, [camera], size=PIXELS, extras=())
    x, y, depth = camera.project(points).T
    column, row = (np.clip((np.nan_to_num(one) + 1) / 2 * PIXELS, 0, PIXELS - 1).astype(int) for one in (x, y))
    close = np.abs(seen.depth[0, row, column] - depth) < 3 * span(camera) / PIXELS
    inner = 1 - 2 * rim
    return (np.abs(x) < inner) & (np.abs(y) < inner) & close & (seen.part[0, row, column] == number)


@pytest.mark.parametrize("rim", [0.0, 0.06, 0.2])
@pytest.mark.parametrize("shape", SHAPES)
def test_tiles_show_all_that_is_seen_and_all_at_one_scale(shape, rim):
    """Beside their rims, which hardly count."""
    mesh = alone(shape)
    found = tiles(mesh, rim=rim)
    assert 1 < len(found) <= 32
    spans = np.array([span(one) for one in found])
    np.testing.assert_allclose(spans, spans[0], rtol=1e-6)
    points, normals = seen_surface(mesh, 0)
    assert len(points) > 1400
    covered = np.zeros(len(points), dtype=bool)
    for camera in found:
        shown = shown_in(mesh, 0, camera, points, rim=rim)
        assert shown.mean() > 0.002, "a tile that shows next to nothing"
        towards = np.array(camera.eye) - points
        covered |= shown & (np.einsum("pi,pi->p", normals, towards) > 0.4 * np.linalg.norm(towards, axis=1))
    assert covered.mean() >= 0.95


def test_flat_faces_are_looked_at_squarely():
    faces = {tuple(np.round(np.subtract(one.eye, one.target) / math.dist(one.eye, one.target), 4) + 0.0)
             for one in tiles(alone("box"))}
    square = {(1.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (0.0, 0.0, -1.0)}
    assert faces == square


@pytest.mark.parametrize("shape", ["tube", "ring"])
def test_the_inside_of_a_ring_is_looked_at_across_the_other_side(shape):
    """Of what faces the axis, too, which the camera square to it sees nothing of."""
    mesh = alone(shape)
    points, normals = seen_surface(mesh, 0)
    inner = np.einsum("pi,pi->p", normals[:, :2], points[:, :2]) < -0.9 * np.linalg.norm(points[:, :2], axis=1)
    assert inner.sum() > 40
    covered = np.zeros(int(inner.sum()), dtype=bool)
    for camera in tiles(mesh):
        towards = np.array(camera.eye) - points[inner]
        slant = np.einsum("pi,pi->p", normals[inner], towards) / np.linalg.norm(towards, axis=1)
        covered |= shown_in(mesh, 0, camera, points[inner]) & (slant > 0.4)
    assert covered.mean() > 0.9


@pytest.mark.parametrize("shape", SHAPES)
def test_no_tile_is_taken_from_within_the_ball(shape):
    mesh = ObjectMesh((part(shape, SHAPES[shape]), part("far", trimesh.creation.box((0.1, 0.1, 0.1)), (2.0, 0, 0))))
    low, high = mesh.bounds
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2
    for number in (0, 1):
        assert min(math.dist(one.eye, middle) for one in tiles(mesh, number)) > 1.04 * radius


def test_a_tile_before_which_another_part_stands_counts_for_nothing():
    """A wall whose lower half a cupboard hides: only the upper half of its front has tiles, and its back all."""
    wall = part("wall", trimesh.creation.box((2.0, 0.1, 2.0)), (0, 0, 1.0))
    mesh = ObjectMesh((wall, part("cupboard", trimesh.creation.box((2.0, 0.6, 1.0)), (0, -0.36, 0.5))))
    front = [one for one in tiles(mesh) if one.eye[1] < -2 and abs(one.eye[0]) < 1.5 and abs(one.eye[2] - 1) < 1.5]
    assert front
    assert all(one.target[2] > 0.9 for one in front)
    points, normals = seen_surface(mesh, 0)
    behind = (normals[:, 1] < -0.9) & (np.abs(points - (0, 0, 0.5)) < (0.9, 1.0, 0.4)).all(axis=1)
    assert not behind.any()
    covered = np.any([shown_in(mesh, 0, one, points) for one in tiles(mesh)], axis=0)
    assert covered.mean() >= 0.95


@pytest.mark.parametrize("most", [1, 3, 7, 60])
def test_never_more_tiles_than_granted(most):
    for shape in ("box", "ring"):
        found = tiles(alone(shape), most=most)
        assert 1 <= len(found) <= most
    assert len(tiles(alone("box"), most=3)) == 3


def test_many_thin_pieces_of_one_part_are_shown_by_larger_tiles():
    """Of four legs, for which tiles as wide as a leg are too few."""
    leg = trimesh.creation.cylinder(0.03, 0.45, sections=16)
    four = trimesh.util.concatenate([leg.copy().apply_translation((x, y, 0)) for x in (-0.2, 0.2) for y in (-0.2, 0.2)])
    mesh = ObjectMesh((part("legs", four),))
    points, normals = seen_surface(mesh, 0)
    for most in (32, 16):
        covered = np.zeros(len(points), dtype=bool)
        for camera in tiles(mesh, most=most):
            towards = np.array(camera.eye) - points
            slant = np.einsum("pi,pi->p", normals, towards) / np.linalg.norm(towards, axis=1)
            covered |= shown_in(mesh, 0, camera, points) & (slant > 0.45)
        assert covered.mean() > 0.9


def pegs() -> trimesh.Trimesh:
    """36 in a square."""
    peg = trimesh.creation.cylinder(0.02, 0.2, sections=12)
    return trimesh.util.concatenate([peg.copy().apply_translation((0.12 * x, 0.12 * y, 0)) for x in range(6) for y in range(6)])


@pytest.mark.parametrize(("shape", "most"), [("thin ring", 8), ("thin ring", 16), ("pegs", 32)])
def test_larger_tiles_are_tried_until_they_show_the_part(shape, most):
    """Whatever the chance: a larger side may show less than the one before it, and a larger still more."""
    mesh = ObjectMesh((part(shape, pegs() if shape == "pegs" else trimesh.creation.torus(0.5, 0.02)),))
    points, normals = seen_surface(mesh, 0, 800)
    for seed in range(5):
        covered = np.zeros(len(points), dtype=bool)
        for camera in tiles(mesh, most=most, seed=seed):
            towards = np.array(camera.eye) - points
            slant = np.einsum("pi,pi->p", normals, towards) / np.linalg.norm(towards, axis=1)
            covered |= shown_in(mesh, 0, camera, points) & (slant > 0.45)
        assert covered.mean() > 0.85, seed


def test_fewer_tiles_are_larger_ones():
    spans = [span(tiles(alone("cylinder"), most=most)[0]) for most in (4, 8, 16)]
    assert spans[0] > 1.2 * spans[1] > 1.2 * 1.2 * spans[2]


def test_a_hidden_part_has_none():
    mesh = stool()
    assert tiles(mesh, 0)
    assert paint_views(mesh, ViewPlan(whole=0, close=4, details=16), seed=3).of(2) == ()
    low, high = mesh.bounds
    assert tiles_of(mesh, 2, most=16, square=0.5, middle=(low + high) / 2, reach=2.0,
                    chance=np.random.default_rng(0)) == []


def test_a_part_that_is_inside_out_has_the_same_tiles_as_one_that_is_not():
    plain = alone("box")
    turned = ObjectMesh((part("box", trimesh.Trimesh(SHAPES["box"].vertices, SHAPES["box"].faces[:, ::-1])),))
    assert turned.parts[0].volume < 0
    points, _ = seen_surface(plain, 0)
    for mesh in (plain, turned):
        assert np.any([shown_in(plain, 0, one, points) for one in tiles(mesh)], axis=0).mean() >= 0.95


@pytest.mark.parametrize("turn", [1, -1])
def test_an_open_sheet_is_looked_at_from_where_it_can_be_seen(turn):
    """One that lies on a block, whichever way its faces are turned."""
    sheet = trimesh.Trimesh([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.array([[0, 1, 2], [0, 2, 3]])[:, ::turn])
    mesh = ObjectMesh((part("sheet", sheet, (0, 0, 0.501)), part("block", trimesh.creation.box((2.0, 2.0, 1.0)))))
    found = tiles(mesh)
    assert len(found) >= 4
    assert all(one.eye[2] > one.target[2] for one in found)
    points, _ = seen_surface(mesh, 0)
    assert np.any([shown_in(mesh, 0, one, points) for one in found], axis=0).mean() >= 0.95


def test_a_seed_decides():
    mesh = stool()
    one, again, other = (tiles(mesh, 1, seed=seed) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_a_large_object_has_the_tiles_of_a_small_one():
    small = alone("ring")
    large = ObjectMesh((part("ring", trimesh.Trimesh(SHAPES["ring"].vertices * 1000, SHAPES["ring"].faces)),))
    for near, far in zip(tiles(small), tiles(large), strict=True):
        assert far.fov_deg == pytest.approx(near.fov_deg, abs=2e-6)
        np.testing.assert_allclose(far.eye, np.multiply(near.eye, 1000), rtol=1e-6, atol=1e-4)
