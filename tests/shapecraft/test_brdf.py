"""Shading against the Monte Carlo reference, the energy it may send back, and gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from easel.errors import ConfigurationError
from easel.torch_threads import torch_threads
from shapecraft import brdf, brdf_reference
from shapecraft.brdf import Material, PointLight, directional_albedo, display, light_of, shade, shade_points, to_screen
from shapecraft.environments import HEIGHT, OURS, Environment
from shapecraft.lobes import FLOOR, ROUGHNESSES, TAPS, lobes

WHITE = Environment("white", np.ones((HEIGHT, 2 * HEIGHT, 3)))


@pytest.fixture(autouse=True)
def one_thread():
    with torch_threads(1):
        yield


def around(count: int, degrees: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Normals all around, and views at this angle to them."""
    at = np.arange(count)
    height, turn = 1 - 2 * (at + 0.5) / count, at * 2.399963
    normal = np.stack([np.sqrt(1 - height**2) * np.cos(turn), np.sqrt(1 - height**2) * np.sin(turn), height], axis=1)
    across = np.cross(normal, np.random.default_rng(seed).normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    angle = math.radians(degrees)
    return normal, math.cos(angle) * normal + math.sin(angle) * across


def material(count: int, albedo: float, roughness: float, metalness: float) -> Material:
    return Material(np.full((count, 3), albedo), np.full(count, roughness), np.full(count, metalness))


def torched(one: Material) -> Material:
    return Material(*map(torch.tensor, one))


def deviation(environment: str, degrees: float, roughness: float, metalness: float, count: int, rays: int) -> float:
    """Mean absolute difference from the reference, as a share of its mean."""
    normal, view = around(count, degrees)
    surface = material(count, 1.0 if metalness else 0.5, roughness, metalness)
    scene = OURS[environment]()
    slow = brdf_reference.shade(scene, normal, view, surface, rays=rays)
    fast = shade(light_of(scene, torch.tensor(normal), torch.tensor(view)), torched(surface)).numpy()
    return float(np.abs(fast - slow).mean() / slow.mean())


@pytest.mark.parametrize(("environment", "degrees", "roughness", "metalness", "most"), [
    ("studio", 45, 0.3, 1.0, 0.025), ("window", 70, 0.6, 1.0, 0.03), ("overcast", 0, 0.2, 1.0, 0.01),
    ("studio", 70, 0.2, 0.0, 0.01),
])
def test_light_is_the_reference_s(environment, degrees, roughness, metalness, most):
    assert deviation(environment, degrees, roughness, metalness, 16, 10_000) < most


@pytest.mark.acceptance
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("environment", OURS)
def test_light_is_within_two_per_cent_of_the_reference_s_everywhere(environment):
    found = {(degrees, roughness, metalness): deviation(environment, degrees, roughness, metalness, 48, 22_500)
             for degrees in (0, 45, 70) for roughness in (0.2, 0.3, 0.4, 0.6, 0.8, 1.0) for metalness in (0.0, 1.0)}
    assert max(found.values()) < 0.02, found


def test_the_reference_counts_what_is_known():
    """White metal sends back 0.92 at roughness 0.5 and 0.31 at roughness 1, seen along the normal: the rest is lost."""
    assert brdf_reference.reflectance(1.0, 0.5, 1.0) == pytest.approx(0.917, abs=0.002)
    assert brdf_reference.reflectance(1.0, 1.0, 1.0) == pytest.approx(0.307, abs=0.002)
    assert brdf_reference.reflectance(1.0, FLOOR, 0.04) == pytest.approx(0.04, abs=0.001)


@pytest.mark.parametrize("roughness", [ROUGHNESSES[1], ROUGHNESSES[7], 0.5, 1.0])
def test_the_table_of_directional_albedo_is_within_one_per_cent(roughness):
    cosines = [1.0, 0.7, 0.34, 0.15, 0.05]
    found = directional_albedo(torch.tensor(cosines, dtype=torch.float64),
                               torch.full((5,), roughness, dtype=torch.float64)).numpy()
    for cosine, (most, least) in zip(cosines, found, strict=True):
        for f0 in (0.04, 0.5, 1.0):
            expected = brdf_reference.reflectance(cosine, roughness, f0, rays=250_000)
            assert f0 * most + least == pytest.approx(expected, rel=0.01), (cosine, f0)


def test_under_white_light_a_surface_sends_back_what_the_table_says_and_never_more_than_comes():
    grid = [(cosine, roughness, albedo, metalness)
            for cosine in (1e-3, 0.02, 0.1, 0.3, 0.7, 1.0) for roughness in (0.0, 0.1, 0.2, 0.45, 0.7, 1.0)
            for albedo in (0.0, 0.5, 1.0) for metalness in (0.0, 0.5, 1.0)]
    cosine, roughness, albedo, metalness = torch.tensor(grid, dtype=torch.float64).T
    normal = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64).expand(len(grid), 3)
    view = torch.stack([(1 - cosine**2).sqrt(), torch.zeros_like(cosine), cosine], dim=1)
    light = shade(light_of(WHITE, normal, view), Material(albedo[:, None].expand(-1, 3), roughness, metalness))
    f0 = 0.04 * (1 - metalness) + albedo * metalness
    most, least = directional_albedo(cosine, roughness).T
    gloss = f0 * most + least
    expected = gloss + albedo * (1 - metalness) * (1 - gloss)
    torch.testing.assert_close(light[:, 1], expected, rtol=0.01, atol=1e-4)
    assert float(light.max()) <= 1.0 + 1e-6
    assert float(light.min()) >= 0.0


def test_lobes_are_whole():
    table = lobes()
    assert table.taps.shape == (len(ROUGHNESSES), len(table.cosines), TAPS, 6)
    assert np.isfinite(table.taps).all()
    assert table.taps[..., 3:].min() > 0
    np.testing.assert_allclose(np.linalg.norm(table.taps[..., :3], axis=-1), 1, atol=1e-6)
    assert table.albedo.sum(axis=-1).max() <= 1.0
    # A narrow lobe goes where a mirror sends it.
    sharp = table.taps[0, -8]
    mean = (sharp[:, :3] * sharp[:, 4:].sum(axis=1, keepdims=True)).sum(axis=0)
    cosine = table.cosines[-8]
    np.testing.assert_allclose(mean / np.linalg.norm(mean), [-np.sqrt(1 - cosine**2), 0, cosine], atol=0.01)


def test_points_all_around_are_white_light():
    """The sum over lamps spread evenly over the upper half is what a white environment gives there."""
    count = 4096
    height, turn = (np.arange(count) + 0.5) / count, np.arange(count) * 2.399963
    flat = np.sqrt(1 - height**2)
    far, solid = 1000.0, 2 * np.pi / count
    lamps = [PointLight((far * f * np.cos(t), far * f * np.sin(t), far * h), (solid * far**2,) * 3)
             for f, t, h in zip(flat, turn, height, strict=True)]
    normal = torch.tensor([[0.0, 0.0, 1.0]] * 3, dtype=torch.float64)
    view = torch.tensor([[0.0, 0, 1], [0.6, 0, 0.8], [0.9, 0, math.sqrt(0.19)]], dtype=torch.float64)
    for roughness, metalness in ((0.4, 1.0), (0.8, 1.0), (0.5, 0.0)):
        surface = torched(material(3, 0.8, roughness, metalness))
        found = shade_points(lamps, torch.zeros((3, 3), dtype=torch.float64), normal, view, surface)
        expected = shade(light_of(WHITE, normal, view), surface)
        torch.testing.assert_close(found, expected, rtol=0.01, atol=0.0)


def test_a_lamp_overhead_is_the_formula_s():
    """Along the normal: h = n, D = 1 / (pi alpha²), F = F0, G = 1."""
    alpha = 0.6**2
    surface = torched(material(1, 0.5, 0.6, 1.0))
    up = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)
    found = shade_points([PointLight((0, 0, 3), (2, 4, 8))], torch.tensor([[0.0, 0, 1]], dtype=torch.float64), up, up,
                         surface)
    np.testing.assert_allclose(found.numpy()[0], np.array([2, 4, 8]) / 4 * 0.5 / (math.pi * alpha**2) / 4, rtol=1e-9)
    below = shade_points([PointLight((0, 0, -3))], torch.zeros((1, 3), dtype=torch.float64), up, up, surface)
    assert float(below.abs().max()) == 0.0


def test_gradients_reach_the_material_rightly():
    normal, view = (torch.tensor(one) for one in around(6, 50))
    light = light_of(OURS["studio"](), normal, view)
    generator = torch.Generator().manual_seed(0)
    albedo = (torch.rand((6, 3), generator=generator, dtype=torch.float64) * 0.8 + 0.1).requires_grad_(True)
    roughness = torch.tensor([0.15, 0.3, 0.52, 0.6, 0.77, 0.95], dtype=torch.float64, requires_grad=True)
    metalness = torch.tensor([0.0, 0.1, 0.5, 0.6, 0.9, 1.0], dtype=torch.float64, requires_grad=True)
    lamps = [PointLight((1, -2, 2)), PointLight((-2, 1, 1), (0.5, 1, 2))]

    def environment(*parts):
        return display(shade(light, Material(*parts)), exposure=0.7)

    def points(*parts):
        return shade_points(lamps, normal * 0.1, normal, view, Material(*parts))

    assert torch.autograd.gradcheck(environment, (albedo, roughness, metalness), eps=1e-6, atol=1e-6)
    assert torch.autograd.gradcheck(points, (albedo, roughness, metalness), eps=1e-6, atol=1e-6)


def test_half_tables_are_half_as_large_and_as_good():
    normal, view = (torch.tensor(one, dtype=torch.float32) for one in around(20, 30))
    full, half = (light_of(OURS["window"](), normal, view, half=one) for one in (False, True))
    assert half.megabytes == pytest.approx(full.megabytes / 2)
    surface = Material(torch.full((20, 3), 0.7), torch.linspace(0.1, 1, 20), torch.full((20,), 0.5))
    torch.testing.assert_close(shade(half, surface), shade(full, surface), rtol=2e-3, atol=1e-3)
    assert shade(half, surface).dtype == torch.float32


def test_pixels_that_look_alike_share_their_gloss():
    turn = torch.linspace(0, 0.3, 400)
    normal = torch.stack([turn.sin(), -turn.cos(), torch.zeros(400)], dim=1)
    view = torch.tensor([[0.3, -0.9, 0.2]]).expand(400, 3)
    surface = Material(torch.full((400, 3), 0.7), torch.linspace(0.3, 1, 400), torch.full((400,), 1.0))
    full, few = (light_of(OURS["studio"](), normal, view, half=True, shared=side) for side in (0.0, 0.02))
    assert full.rows is None
    assert len(few.gloss) == int(few.rows.max()) + 1 < 40
    assert few.megabytes < full.megabytes / 5
    torch.testing.assert_close(few.matt, full.matt)
    wanted = shade(full, surface)
    assert float((shade(few, surface) - wanted).abs().mean() / wanted.mean()) < 0.01
    each = light_of(OURS["studio"](), normal[::40], view[::40], shared=1e-5)
    torch.testing.assert_close(shade(each, Material(*(one[::40] for one in surface))), wanted[::40], rtol=5e-3,
                               atol=2e-3)


def test_back_faces_and_bent_normals_face_the_viewer():
    view = torch.tensor([[0.0, 0.0, 2.0]]).expand(3, 3)
    normal, towards = brdf.facing(torch.tensor([[0.0, 0.6, -0.8], [0.0, 1.0, -0.0], [0.0, 0.99, -0.1]]), view)
    np.testing.assert_allclose(normal[0], [0.0, -0.6, 0.8], atol=1e-6)
    assert float((normal * towards).sum(dim=1).min()) > 5e-4
    assert float(normal[2, 1]) > 0.9
    assert len(light_of(WHITE, torch.zeros((0, 3)), torch.zeros((0, 3))).matt) == 0


def test_screen_values():
    np.testing.assert_allclose(to_screen(torch.tensor([0.0, 0.001, 0.214, 1.0, 3.0])),
                               [0.0, 0.01292, 0.5, 1.0, 1.0], atol=1e-3)
    ramp = display(torch.linspace(0, 40, 4001)[:, None].expand(-1, 3))
    assert float(ramp.max()) < 1.0
    assert bool((ramp.diff(dim=0) > 0).all())
    # The tone curve takes a dielectric's 0.04 off and leaves colours below its shoulder.
    np.testing.assert_allclose(display(torch.tensor([[0.5, 0.3, 0.2]])), to_screen(torch.tensor([[0.46, 0.26, 0.16]])),
                               atol=1e-6)


def test_a_lamp_without_a_place_is_refused():
    with pytest.raises(ConfigurationError, match="a place and light not below 0, got"):
        PointLight((0, 0, math.nan))
    with pytest.raises(ConfigurationError, match=r"\(at PointLight\)"):
        PointLight((0, 0, 1), (1, -1, 1))
