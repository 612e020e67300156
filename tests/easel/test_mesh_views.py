"""Mesh views against what geometry says: silhouettes, Lambert's cosine, who lies before whom, and broken meshes."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import trimesh
from scipy.spatial import ConvexHull, Delaunay

from easel.cameras import Camera, ring
from easel.errors import ConfigurationError, MissingCapability
from easel.mesh_views import GREY, Triangles, _compiled, _fill, framing, mesh_views

BLACK, RED, BLUE = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
QUAD = [[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]]
HALVES = [[0, 1, 2], [0, 2, 3]]
FRONT = Camera((0, -6, 0))


def box(size, centre=(0, 0, 0), colour=BLACK) -> Triangles:
    shape = trimesh.creation.box(size)
    return Triangles.of(shape.vertices + np.array(centre), shape.faces, colour)


def ball(colour=BLACK, subdivisions: int = 4) -> Triangles:
    shape = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Triangles.of(shape.vertices, shape.faces, colour)


def covered(pictures: np.ndarray) -> np.ndarray:
    """Pixels that a black mesh covers, by view."""
    return (1.0 - pictures[:, 0]).sum(axis=(1, 2))


def test_a_sphere_covers_the_disc_that_geometry_says():
    size = 128
    cameras = ring(3, elevation_deg=20)
    distance = float(np.linalg.norm(cameras[0].eye))
    radius = math.tan(math.asin(1.0 / distance)) / math.tan(math.radians(15)) * size / 2
    pictures = mesh_views(ball(), cameras, size=size)
    assert pictures.shape == (3, 3, size, size)
    assert pictures.dtype == np.float32
    assert covered(pictures) == pytest.approx([math.pi * radius**2] * 3, rel=0.004)
    at = np.arange(size) + 0.5 - size / 2
    far = np.hypot(at[:, None], at[None])
    assert (pictures[:, :, far < radius - 1.5] == 0).all()
    assert (pictures[:, :, far > radius + 1.5] == 1).all()


def test_a_cube_has_the_outline_of_its_projected_corners():
    size = 96
    cameras = ring(5)
    pictures = mesh_views(box((2, 2, 2)), cameras, size=size)
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)
    centres = np.stack(np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5), axis=-1)
    for camera, picture in zip(cameras, pictures, strict=True):
        outline = (camera.project(corners)[:, :2] + 1) / 2 * size
        hull = ConvexHull(outline)
        assert (1 - picture[0]).sum() == pytest.approx(hull.volume, rel=0.005)
        middle = outline.mean(axis=0)
        smaller, larger = (Delaunay(middle + (outline[hull.vertices] - middle) * grown) for grown in (0.95, 1.05))
        assert (picture[0][smaller.find_simplex(centres) >= 0] == 0).all()
        assert (picture[0][larger.find_simplex(centres) < 0] == 1).all()


@pytest.mark.parametrize("turn", [0, 30, 60, 80])
def test_shade_is_the_cosine_to_the_eye_from_both_sides(turn):
    angle = math.radians(turn)
    turned = np.array(QUAD) @ np.array([[math.cos(angle), -math.sin(angle), 0], [math.sin(angle), math.cos(angle), 0],
                                        [0, 0, 1]]).T * 0.5
    for faces in (HALVES, np.array(HALVES)[:, ::-1]):
        picture = mesh_views(Triangles.of(turned, faces, (0.8, 0.4, 0.2)), [FRONT], size=65)[0]
        assert picture[:, 32, 32] == pytest.approx(np.array([0.8, 0.4, 0.2]) * math.cos(angle), abs=0.004)


def test_off_the_axis_the_cosine_is_to_the_eye_and_not_to_the_picture():
    picture = mesh_views(Triangles.of(QUAD, HALVES, (1, 1, 1)), [FRONT], size=64, samples=1)[0, 0]
    x = (2 * 40.5 / 64 - 1) * math.tan(math.radians(15))
    assert picture[32, 40] == pytest.approx(1 / math.sqrt(1 + x**2 + (1 / 64 * math.tan(math.radians(15)))**2), abs=1e-6)
    flat = mesh_views(Triangles.of(QUAD, HALVES, (1, 1, 1)), [Camera((0, -6, 0), projection="orthographic")], size=64)
    assert (flat == 1).all()


def test_colours_go_over_evenly_along_the_world_and_not_along_the_picture():
    sloped = [[-1, -2, -1], [1, 2, -1], [1, 2, 1], [-1, -2, 1]]
    camera = Camera((0, -6, 0), fov_deg=40)
    mesh = Triangles.of(sloped, HALVES, [BLACK, (1, 1, 1), (1, 1, 1), BLACK])
    picture = mesh_views(mesh, [camera], size=101, samples=1)[0, 0]
    middle = mesh_views(Triangles.of(sloped, HALVES, (1, 1, 1)), [camera], size=101, samples=1)[0, 0]
    column = int((camera.project(np.array([0.5, 1.0, 0.0]))[0] + 1) / 2 * 101)
    assert (picture / middle)[50, [50, column]] == pytest.approx([0.5, 0.75], abs=0.01)


def test_the_nearer_box_hides_the_farther_one():
    pair = Triangles.joined([box((1, 1, 1), (0, 1, 0), BLUE), box((0.5, 0.5, 0.5), (0, -1, 0), RED)])
    front, back = mesh_views(pair, ring(2, elevation_deg=0), size=64)
    assert front[0, 32, 32] > 0.9
    assert front[2, 32, 32] == 0
    assert (back[0] >= back[2])[back[2] < 1].sum() == 0
    assert front[2, 32, 40] > 0.9
    assert back[2, 32, 32] > 0.9


def test_boxes_that_cross_change_places_where_they_meet():
    a = Triangles.of([[-1, -1, -1], [1, 1, -1], [1, 1, 1], [-1, -1, 1]], HALVES, RED)
    b = Triangles.of([[-1, 1, -1], [1, -1, -1], [1, -1, 1], [-1, 1, 1]], HALVES, BLUE)
    for pair in ([a, b], [b, a]):
        picture = mesh_views(Triangles.joined(pair), [FRONT], size=64)[0]
        assert picture[0, 32, 20] > 0.5 > picture[2, 32, 20]
        assert picture[2, 32, 44] > 0.5 > picture[0, 32, 44]


def test_there_is_no_crack_between_neighbours():
    rng = np.random.default_rng(3)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 30), [0.0], np.linspace(-1, 1, 30), indexing="ij"), -1)[:, 0]
    grid[1:-1, 1:-1, [0, 2]] += rng.uniform(-0.02, 0.02, (28, 28, 2))
    corner = np.arange(900).reshape(30, 30)
    faces = np.concatenate([
        np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:]], -1).reshape(-1, 3),
        np.stack([corner[:-1, :-1], corner[1:, 1:], corner[:-1, 1:]], -1).reshape(-1, 3),
    ])
    picture = mesh_views(Triangles.of(grid.reshape(-1, 3), faces, BLACK), [FRONT], size=64)[0, 0]
    inside = np.flatnonzero(picture[32] == 0)
    assert len(inside) > 30
    assert (picture[inside[0]:inside[-1] + 1, inside[0]:inside[-1] + 1] == 0).all()


def test_a_pixel_at_an_edge_is_the_mean_of_its_samples():
    camera = Camera((0, -6, 0), projection="orthographic", height=2.0)
    strip = Triangles.of(np.array(QUAD) * [0.0625, 1, 2] + [-0.9375, 0, 0], HALVES, BLACK)  # half a pixel wide
    assert mesh_views(strip, [camera], size=8)[0, 0, 4, :2].tolist() == [0.5, 1.0]
    assert mesh_views(strip, [camera], size=8, samples=4)[0, 0, 4, :2].tolist() == [0.5, 1.0]
    assert mesh_views(strip, [camera], size=16, samples=1)[0, 0, 8, :2].tolist() == [0.0, 1.0]


def test_the_compiled_loop_does_what_the_written_one_does():
    mesh, camera = ball(GREY, subdivisions=1), ring(1)[0]
    lens = camera.picture_matrix()
    x, y, weights, depths = np.moveaxis(mesh.points @ lens[:, :3].T + lens[:, 3], -1, 0)
    corners = (np.stack([x / weights, y / weights], -1) + 1) * 8
    normals = np.cross(mesh.points[:, 1] - mesh.points[:, 0], mesh.points[:, 2] - mesh.points[:, 0])
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True) @ camera.matrix()[:3, :3].T
    drawn = []
    for fill in (_fill, _compiled()):
        picture, nearest = np.ones((16, 16, 3)), np.full((16, 16), np.inf)
        fill(corners, weights, depths, mesh.colours, normals, 0.2, picture, nearest)
        drawn.append((picture, nearest))
    np.testing.assert_allclose(drawn[0][0], drawn[1][0], atol=1e-12)
    np.testing.assert_allclose(drawn[0][1], drawn[1][1], atol=1e-12)
    assert drawn[0][1].min() == pytest.approx(np.linalg.norm(camera.eye) - 1, abs=0.1)


def test_broken_triangles_are_left_out_and_the_rest_is_seen():
    vertices = [*QUAD, [0, 0, math.nan], [0, math.inf, 0], [0, 0, 0]]
    faces = [*HALVES, [0, 1, 4], [0, 1, 5], [0, 0, 1], [0, 2, 6]]  # nan, inf, a corner twice, three on one line
    mesh = Triangles.of(vertices, faces, BLACK)
    assert (len(mesh), len(mesh.sound())) == (6, 2)
    whole = mesh_views(Triangles.of(QUAD, HALVES, BLACK), [FRONT], size=32)
    assert (mesh_views(mesh.sound(), [FRONT], size=32) == whole).all()
    with pytest.raises(ConfigurationError, match=r"triangles with an area and finite corners, got 6, of which 2 are sound"):
        mesh_views(mesh, [FRONT])


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_what_is_sound_does_not_depend_on_units(scale):
    mesh = Triangles.of(np.array(QUAD) * scale, [*HALVES, [0, 2, 2]])
    assert len(mesh.sound()) == 2


@pytest.mark.parametrize(("vertices", "faces", "colours", "words"), [
    ([[0, 0]], [[0, 0, 0]], GREY, r"vertices of shape \(N, 3\), got shape \(1, 2\) \(at seat\)"),
    (QUAD, [[0, 1, 2, 3]], GREY, r"faces of shape \(F, 3\), whole numbers, got shape \(1, 4\), int64"),
    (QUAD, [[0.0, 1.0, 2.0]], GREY, r"faces of shape \(F, 3\), whole numbers, got shape \(1, 3\), float64"),
    (QUAD, [[0, 1, 4]], GREY, "corners from 0 to 3, got 0 to 4"),
    (QUAD, [[0, 1, -1]], GREY, "corners from 0 to 3, got -1 to 1"),
    (QUAD, HALVES, [[1, 1, 1]], r"colours of shape \(3,\) or \(4, 3\), finite, got shape \(1, 3\)"),
    (QUAD, HALVES, (1, 1, math.nan), "colours of shape"),
])
def test_what_is_no_mesh_is_refused_by_name(vertices, faces, colours, words):
    with pytest.raises(ConfigurationError, match=words):
        Triangles.of(vertices, faces, colours, where="seat")


def test_an_empty_mesh_and_one_behind_the_eye_are_refused():
    with pytest.raises(ConfigurationError, match="got 0, of which 0 are sound"):
        mesh_views(Triangles.joined([]), [FRONT])
    with pytest.raises(ConfigurationError, match=r"a mesh that lies before the camera, got depth -1 \(at view 1\)"):
        mesh_views(box((2, 2, 2)), [FRONT, Camera((0, 0.0, 0), (0, -1, 0))])
    with pytest.raises(ConfigurationError, match="1 to 8192 pixels, 1 to 16 samples, got 0, 2"):
        mesh_views(ball(), [FRONT], size=0)


def test_framing_is_that_of_sketches():
    centre, scale = framing(np.array([[1.0, 2.0, 3.0], [5.0, 3.0, 3.5]]))
    assert (centre.tolist(), scale) == ([3.0, 2.5, 3.25], 0.5)
    placed = Triangles.of([[1.0, 2.0, 3.0], [5.0, 3.0, 3.5], [1.0, 3.0, 3.0]], [[0, 1, 2]]).placed(centre, scale)
    assert (placed.points.min(axis=(0, 1)).tolist(), placed.points.max(axis=(0, 1)).tolist()) == (
        [-1, -0.25, -0.125], [1, 0.25, 0.125])
    assert framing(np.ones((4, 3)))[1] == 1.0
    with pytest.raises(ConfigurationError, match="at least one point"):
        framing(np.zeros((0, 3)))


def test_without_numba_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    _compiled.cache_clear()
    try:
        with pytest.raises(MissingCapability, match=r"the package numba, which draws meshes.*Install the extra 'shapes'"):
            mesh_views(ball(), [FRONT])
    finally:
        _compiled.cache_clear()
