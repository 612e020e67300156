"""Paint noise: standard normal, without a pattern of its own, and a property of the place on the surface."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

from easel.cameras import Camera
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_noise import surface_noise
from shapecraft.paint_views import PaintView, ViewPlan, paint_views
from tests.shapecraft.toy_painting import part, stool

SIZE = 64
SHAPE = (3, SIZE, SIZE)
PIXEL = 1.0 / SIZE  # metres


def wall(turned: Rotation | None = None, thick: float = 0.1) -> ObjectMesh:
    """Four metres wide and high, its front towards -y before it is turned."""
    box = trimesh.creation.box((4.0, thick, 4.0))
    return ObjectMesh((part("wall", trimesh.Trimesh((turned or Rotation.identity()).apply(box.vertices), box.faces)),))


def before(right: float = 0.0, above: float = 0.0, *, away: float = 3.0, wide: float = 1.0,
           turned: Rotation | None = None, number: int | None = 0) -> PaintView:
    """Square to the wall; its picture spans so many metres there."""
    turned = turned or Rotation.identity()
    target, normal = turned.apply((right, -0.05, above)), turned.apply((0.0, -1.0, 0.0))
    fov = 2 * math.degrees(math.atan(wide / 2 / away))
    return PaintView(Camera(tuple(target + away * normal), tuple(target), up=tuple(turned.apply((0.0, 0.0, 1.0))),
                            fov_deg=fov), number, "front", detail=True)


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def neighbours(noise: np.ndarray) -> list[float]:
    """Correlation with the neighbour to the right, below, and both ways across."""
    return [correlation(noise[:, :, 1:], noise[:, :, :-1]), correlation(noise[:, 1:], noise[:, :-1]),
            correlation(noise[:, 1:, 1:], noise[:, :-1, :-1]), correlation(noise[:, 1:, :-1], noise[:, :-1, 1:])]


def test_it_is_standard_normal_and_white():
    noise = np.concatenate([surface_noise(wall(), before(), SHAPE, seed=seed) for seed in range(4)])
    assert noise.shape == (12, SIZE, SIZE)
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.02
    assert noise.var() == pytest.approx(1, abs=0.03)
    assert kstest(noise.ravel(), "norm").pvalue > 1e-3
    assert np.abs(neighbours(noise)).max() < 0.02


def test_channels_and_seeds_know_nothing_of_each_other():
    """Nor does one hold another's numbers shifted."""
    noise = np.concatenate([surface_noise(wall(), before(), SHAPE, seed=seed) for seed in range(4)])
    waves = np.fft.fft2(noise - noise.mean(axis=(1, 2), keepdims=True))
    for one, other in itertools.combinations(range(12), 2):
        shifted = np.fft.ifft2(waves[one] * waves[other].conj()).real / (SIZE**2 * noise[one].std() * noise[other].std())
        assert np.abs(shifted).max() < 0.1, (one, other)


@pytest.mark.parametrize("turn", [Rotation.from_euler("z", 30, degrees=True), Rotation.random(random_state=1),
                                  Rotation.from_euler("zx", [45, 35.26], degrees=True)])
def test_on_slanted_walls_few_neighbours_share_a_cube(turn):
    """A cube shows up to 1.7 pixels there."""
    noise = surface_noise(wall(turn), before(turned=turn), (8, SIZE, SIZE), seed=0)
    assert noise.var() == pytest.approx(1, abs=0.06)
    assert np.abs(neighbours(noise)).max() < 0.3


@pytest.mark.parametrize(("right", "down"), [(5, 0), (0, 9), (-12, 7)])
def test_cameras_beside_each_other_see_the_same_numbers_at_the_same_place(right, down):
    noise = surface_noise(wall(), before(), SHAPE, seed=2)
    other = surface_noise(wall(), before(right * PIXEL, -down * PIXEL), SHAPE, seed=2)
    here = noise[:, max(down, 0):SIZE + min(down, 0), max(right, 0):SIZE + min(right, 0)]
    there = other[:, max(-down, 0):SIZE + min(-down, 0), max(-right, 0):SIZE + min(-right, 0)]
    assert here.size > 0.6 * noise.size
    np.testing.assert_array_equal(here, there)
    assert abs(correlation(noise, other)) < 0.05, "not by the place in the picture"


def test_a_camera_farther_off_with_a_longer_lens_sees_the_same():
    near, far = (surface_noise(wall(), before(away=away), SHAPE, seed=2) for away in (3.0, 9.0))
    np.testing.assert_array_equal(near, far)


def test_a_camera_that_looks_from_the_side_sees_mostly_numbers_of_the_same_places():
    front = before()
    eye = Rotation.from_euler("z", 20, degrees=True).apply(np.subtract(front.camera.eye, front.camera.target))
    slanted = PaintView(Camera(tuple(eye + front.camera.target), front.camera.target, fov_deg=front.camera.fov_deg),
                        0, "front", detail=True)
    straight, across = (surface_noise(wall(), view, SHAPE, seed=2) for view in (front, slanted))
    middle = np.isin(across[:, 24:40, 24:40].round(5), straight.round(5)).mean()
    assert middle > 0.95


def test_seeds_and_scales_are_noises_of_their_own():
    one = surface_noise(wall(), before(), SHAPE, seed=0)
    for seed in (1, 2, 1000):
        assert abs(correlation(one, surface_noise(wall(), before(), SHAPE, seed=seed))) < 0.03
    assert abs(correlation(one, surface_noise(wall(), before(wide=1.3), SHAPE, seed=0))) < 0.03
    np.testing.assert_array_equal(one, surface_noise(wall(), before(), SHAPE, seed=0))


def test_the_background_has_numbers_by_its_place_in_the_picture():
    """A ball before two cameras: what shows nothing has the same numbers in both."""
    mesh = ObjectMesh((part("ball", trimesh.creation.icosphere(3, 0.3)),))
    one, other = (surface_noise(mesh, before(right, number=0), SHAPE, seed=0) for right in (0.0, 0.02))
    np.testing.assert_array_equal(one[:, :8], other[:, :8])
    assert one[:, :8].var() == pytest.approx(1, abs=0.12)
    assert not np.array_equal(one[:, 30:34, 30:34], other[:, 30:34, 30:34])
    assert np.abs(neighbours(one)).max() < 0.06


def test_of_a_close_up_other_parts_are_background():
    mesh = stool()
    seat, leg = (next(one for one in paint_views(mesh, ViewPlan(whole=0, close=2), seed=1).of(number)) for number in (0, 1))
    size = (3, 32, 32)
    for view in (seat, leg):
        alone = ObjectMesh((mesh.parts[view.part],))
        whole = surface_noise(mesh, view, size, seed=0)
        single = surface_noise(alone, PaintView(view.camera, 0, view.side), size, seed=0)
        assert (whole == single).all(axis=0).mean() > 0.8, "but where another part hides it"
    everything = surface_noise(mesh, PaintView(seat.camera, None, seat.side), size, seed=0)
    assert not np.array_equal(everything, surface_noise(mesh, leg, size, seed=0))


def test_more_channels_are_other_numbers_for_each():
    """Of latents: four channels, smaller pictures."""
    noise = surface_noise(wall(), before(), (4, 16, 16), seed=3)
    assert noise.shape == (4, 16, 16)
    assert len(np.unique(noise)) == noise.size


def test_any_seed_will_do():
    mesh = wall()
    view = paint_views(mesh, ViewPlan(whole=1, close=1), seed=0).views[0]
    huge, small = (surface_noise(mesh, view, (2, 8, 8), seed=seed) for seed in (2**64 + 5, 7))
    assert np.isfinite(huge).all()
    assert not np.array_equal(huge, small)
