"""Cameras: where things land in the picture, and that framed things stay there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.cameras import MARGIN, Camera, orbit, ring, turntable
from easel.errors import ConfigurationError

CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=float)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_front_view_shows_right_as_right_and_up_as_up(projection):
    camera = ring(8, elevation_deg=0, projection=projection)[0]
    assert camera.eye[1] < 0
    assert abs(camera.eye[0]) < 1e-9
    (x, y, depth), right, up, away = camera.project(np.array([[0, 0, 0], [0.5, 0, 0], [0, 0, 0.5], [0, 0.5, 0]]))
    assert (x, y) == pytest.approx((0, 0), abs=1e-12)
    assert depth > 0
    assert right[0] > 0.1
    assert right[1] == pytest.approx(0, abs=1e-9)
    assert up[1] < -0.1
    assert up[0] == pytest.approx(0, abs=1e-9)
    assert away[2] == pytest.approx(depth + 0.5)


def test_azimuth_turns_towards_plus_x():
    cameras = ring(4, elevation_deg=0)
    assert cameras[1].eye[0] > 0
    assert abs(cameras[1].eye[1]) < 1e-6
    assert cameras[1].project(np.array([0, 0.5, 0]))[0] > 0.1  # from +x, what lies away is on the right
    assert cameras[2].eye[1] > 0
    assert ring(4, start_deg=90)[0].eye == pytest.approx(ring(4)[1].eye)


def test_perspective_values():
    camera = Camera((0, -4, 0), fov_deg=90)
    assert camera.project(np.array([[1, 0, 1], [2, 4, 0]])) == pytest.approx(np.array([[0.25, -0.25, 4], [0.25, 0, 8]]))


def test_orthographic_values():
    camera = Camera((0, -4, 0), projection="orthographic", height=4.0)
    assert camera.project(np.array([1, 3, -1])) == pytest.approx(np.array([0.5, 0.5, 7]))


@given(st.floats(-85, 85), st.floats(-180, 180), st.floats(5, 100))
@settings(max_examples=60, deadline=None)
def test_matrix_is_a_rigid_motion_and_agrees_with_the_picture_matrix(elevation, start, fov):
    camera = ring(1, elevation_deg=elevation, start_deg=start, fov_deg=fov)[0]
    matrix = camera.matrix()
    assert matrix[:3, :3] @ matrix[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(matrix[:3, :3]) == pytest.approx(1)
    whole = np.append(CUBE[3] * 0.3, 1) @ camera.picture_matrix().T
    assert whole[:2] / whole[2] == pytest.approx(camera.project(CUBE[3] * 0.3)[:2])


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@given(elevation=st.floats(-80, 80), fov=st.floats(10, 80))
@settings(max_examples=30, deadline=None)
def test_a_framed_cube_never_leaves_the_picture_and_fills_it(projection, elevation, fov):
    cameras = ring(72, elevation_deg=elevation, fov_deg=fov, projection=projection, start_deg=45)
    reach = max(float(np.abs(camera.project(CUBE)[:, :2]).max()) for camera in cameras)
    assert MARGIN - 0.01 <= reach <= MARGIN + 1e-6


def test_what_lies_behind_is_nan_and_keeps_its_depth():
    projected = Camera((0, -1, 0)).project(np.array([[0.1, -2, 0], [0.1, 1, 0]]))
    assert np.isnan(projected[0, :2]).all()
    assert projected[0, 2] == pytest.approx(-1)
    assert np.isfinite(projected[1]).all()


def test_sources_name_cameras():
    assert Camera((0, -4, 0)).source == "perspective eye=0,-4,0 target=0,0,0 up=0,0,1 fov=30 near=0.01"
    assert Camera((-0.0, -4, 0)).source == Camera((0, -4, 0), height=9.0).source
    assert len({camera.source for camera in ring(12)}) == 12
    assert "height=2.4" in Camera((0, -4, 0), projection="orthographic").source


def test_turntable_is_a_ring_of_many_views():
    assert orbit is turntable
    assert turntable(16) == ring(16)
    assert len(turntable()) == 48


@pytest.mark.parametrize(("make", "words"), [
    (lambda: Camera((0, 0, 0)), "eye and target apart"),
    (lambda: Camera((0, 0, 5)), r"across the view axis.*use up=\(0, 1, 0\)"),
    (lambda: Camera((0, math.nan, 5)), "three finite numbers"),
    (lambda: Camera((0, -4, 0), projection="fisheye"), '"perspective" or "orthographic", got fisheye'),
    (lambda: Camera((0, -4, 0), fov_deg=180), "fov_deg < 180"),
    (lambda: Camera((0, -4, 0), near=0), "positive number, got 0"),
    (lambda: ring(0), "at least one view, got 0"),
    (lambda: ring(elevation_deg=90), "elevation_deg < 90"),
    (lambda: Camera((0, -4, 0)).project(np.zeros((3, 2))), r"shape \(\.\.\., 3\), got shape \(3, 2\)"),
])
def test_errors_teach(make, words):
    with pytest.raises(ConfigurationError, match=words):
        make()


def test_a_picture_spans_at_the_target_what_its_borders_show():
    for camera in (Camera((0.3, -4.0, 1.0), (0.1, 0.2, 0.4), fov_deg=37.0),
                   Camera((0.3, -4.0, 1.0), (0.1, 0.2, 0.4), projection="orthographic", height=1.7)):
        right = camera.matrix()[0, :3]
        border = camera.project(np.array(camera.target) + camera.span / 2 * right)
        assert border[:2] == pytest.approx([1.0, 0.0], abs=1e-12)
