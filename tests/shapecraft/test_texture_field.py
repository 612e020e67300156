"""The texture field: where it starts, what it reads, its gradients, and that it learns a pattern."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from easel.errors import ConfigurationError
from easel.torch_threads import torch_threads
from shapecraft.lobes import FLOOR
from shapecraft.texture_field import FieldSettings, TextureField

BOX = np.array([[-0.5, -0.25, 0.0], [0.5, 0.25, 1.5]])
SMALL = FieldSettings(levels=3, entries_log2=8, coarsest=2, finest=24, hidden=8)


@pytest.fixture(autouse=True)
def one_thread():
    with torch_threads(1):
        yield


def points(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(BOX[0], BOX[1], (count, 3))


def woken(field: TextureField, seed: int = 0) -> TextureField:
    """With parameters as large as training makes them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for one in field.parameters:
            one.add_(torch.randn(one.shape, generator=generator, dtype=one.dtype) * 0.5)
    return field


def test_it_starts_the_same_everywhere():
    found = TextureField(BOX, seed=0).at(points(50))
    np.testing.assert_allclose(found.albedo, 0.214, atol=1e-6)
    np.testing.assert_allclose(found.roughness, 0.5, atol=1e-6)
    np.testing.assert_allclose(found.metalness, 0.5, atol=1e-6)
    assert (found.albedo.shape, found.roughness.shape, found.albedo.dtype) == ((50, 3), (50,), np.float32)


def test_outputs_stay_in_their_ranges_however_large_the_parameters():
    field = TextureField(BOX, SMALL, seed=0)
    with torch.no_grad():
        for one in field.parameters:
            one.mul_(0).add_(torch.randn(one.shape) * 100)
    found = field.at(points(200))
    assert 0.0 <= found.albedo.min() <= found.albedo.max() <= 1.0
    assert FLOOR <= found.roughness.min() <= found.roughness.max() <= 1.0
    assert 0.0 <= found.metalness.min() <= found.metalness.max() <= 1.0


@pytest.mark.parametrize("bounds", [BOX, [[0, 0], [1, 1]]])
def test_entries_and_weights(bounds):
    bounds = np.array(bounds, dtype=float)
    field = TextureField(bounds, SMALL, seed=0, dtype="float64")
    inside = np.random.default_rng(0).uniform(bounds[0], bounds[1], (40, bounds.shape[1]))
    places = field.places(inside)
    dimensions = bounds.shape[1]
    assert places.entries.shape == places.weights.shape == (40, 3, 2**dimensions)
    np.testing.assert_allclose(places.weights.sum(dim=2), 1, atol=1e-12)
    assert float(places.weights.min()) >= 0
    level = torch.div(places.entries, 256, rounding_mode="floor")
    assert bool((level == torch.arange(3)[None, :, None]).all())
    # The weighted corners of a dense level are the point itself: linear functions are read back exactly.
    cells, longest = SMALL.resolutions[0], (bounds[1] - bounds[0]).max()
    row = places.entries[:, 0].long()
    corner = torch.stack([torch.div(row, (cells + 1) ** (dimensions - 1 - axis), rounding_mode="floor") % (cells + 1)
                          for axis in range(dimensions)], dim=-1)
    found = (corner * places.weights[:, 0, :, None]).sum(dim=1) * longest / cells + torch.from_numpy(bounds[0])
    np.testing.assert_allclose(found, inside, atol=1e-9)


def test_it_is_continuous_across_cells_and_clamps_outside():
    field = woken(TextureField(BOX, SMALL, seed=1, dtype="float64"))
    line = np.linspace(BOX[0], BOX[1], 8_001)
    found = field.at(line).albedo.astype(float)
    assert np.abs(np.diff(found, axis=0)).max() < 0.03
    assert np.ptp(found, axis=0).max() > 0.1
    np.testing.assert_array_equal(field.at(BOX[1:] + 5).albedo, field.at(BOX[1:]).albedo)


def test_gradients():
    field = woken(TextureField(BOX, FieldSettings(levels=2, features=1, entries_log2=8, coarsest=2, finest=9, hidden=4), seed=0,
                               dtype="float64"))
    places = field.places(points(3))
    table, *rest = field.parameters

    def read(*parameters):
        for name, value in zip(field._parameters, parameters, strict=True):
            field._parameters[name] = value
        found = field.material(places)
        return torch.cat([found.albedo, found.roughness[:, None], found.metalness[:, None]], dim=1)

    used = torch.zeros_like(table)
    used[places.entries.long().reshape(-1)] = 1
    assert torch.autograd.gradcheck(read, (table, *rest), eps=1e-6, atol=1e-6, fast_mode=True)
    read(table, *rest).sum().backward()
    assert bool((table.grad[used == 0] == 0).all())
    assert bool((table.grad[used == 1] != 0).any())


@pytest.mark.parametrize("levels", [1, 2, 3, None])
def test_levels_that_sleep_are_seen_and_learn_nothing(levels):
    field = woken(TextureField(BOX, SMALL, seed=0, dtype="float64"))
    places = field.places(points(60))
    whole, found = field.material(places), field.material(places, levels=levels)
    for one, other in zip(whole, found, strict=True):
        assert torch.equal(one, other), "the values are those of all levels"
    pull = torch.rand((60, 3), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    everything, some = (torch.autograd.grad((one.albedo * pull).sum() + one.roughness.sum(), field.parameters)
                        for one in (whole, found))
    known = 256 * (3 if levels is None else levels)
    assert bool((some[0][known:] == 0).all())
    torch.testing.assert_close(some[0][:known], everything[0][:known], rtol=1e-12, atol=0)
    for level in range(3 if levels is None else levels):
        assert bool((some[0][256 * level:256 * (level + 1)] != 0).any())
    for one, other in zip(everything[1:], some[1:], strict=True):
        assert torch.equal(one, other), "the network learns from all that it sees"


def test_products_are_what_indexing_gives():
    field = woken(TextureField(BOX, SMALL, seed=2, dtype="float64"))
    places = field.places(points(30))
    table = field.parameters[0]
    plain = (table[places.entries.long()] * places.weights[..., None]).sum(dim=2).reshape(90, -1)
    torch.testing.assert_close(places.matrix @ table, plain)
    gradient = torch.randn((90, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected, = torch.autograd.grad(plain, table, gradient)
    torch.testing.assert_close(places.transposed @ gradient, expected)
    held = [part for matrix in (places.matrix, places.transposed)
            for part in (matrix.crow_indices(), matrix.col_indices(), matrix.values())]
    assert places.megabytes == pytest.approx(sum(one.numel() * one.element_size() for one in held) / 1e6)


def test_it_learns_stripes_and_takes_its_state_along():
    def trained(steps: int, field: TextureField | None = None) -> tuple[TextureField, float]:
        field = field or TextureField(BOX, SMALL, seed=0)
        at = points(300)
        places = field.places(at)
        wanted = torch.tensor(np.where(np.sin(at[:, 2] * 12) > 0, 0.8, 0.1), dtype=torch.float32)
        optimiser = torch.optim.Adam(field.parameters, lr=0.02)
        loss = torch.zeros(())
        for _ in range(steps):
            optimiser.zero_grad()
            loss = ((field.material(places).albedo[:, 0] - wanted) ** 2).mean()
            loss.backward()
            optimiser.step()
        return field, float(loss.detach())

    field, loss = trained(80)
    assert loss < 0.05 < trained(1)[1]
    other = TextureField(BOX, SMALL, seed=9)
    other.load(field.state())
    np.testing.assert_array_equal(other.at(points(20, 3)).albedo, field.at(points(20, 3)).albedo)
    again, _ = trained(80)
    for name, value in again.state().items():
        assert torch.equal(value, field.state()[name]), name


@pytest.mark.parametrize("bounds", [BOX, [[0, 0], [1, 1]]])
def test_turned_grids(bounds):
    """Each lies another way, covers the box, reads linear functions back, and its cells are as wide as those along the axes."""
    bounds = np.array(bounds, dtype=float)
    dimensions, turned = bounds.shape[1], replace(SMALL, turned=True, entries_log2=20)
    field = TextureField(bounds, turned, seed=0, dtype="float64")
    inside = np.concatenate([np.random.default_rng(0).uniform(bounds[0], bounds[1], (60, dimensions)), bounds])
    places = field.places(inside)
    np.testing.assert_allclose(places.weights.sum(dim=2), 1, atol=1e-12)
    longest, directions = (bounds[1] - bounds[0]).max(), []
    reach = np.linalg.norm(bounds[1] - bounds[0]) / longest / 2
    for level, cells in enumerate(turned.resolutions):
        along = math.ceil(2 * reach * cells) + 1
        row = places.entries[:, level].long() - (level << 20)
        assert along**dimensions < 1 << 20, "dense, so that corners can be read back"
        corner = torch.stack([torch.div(row, along ** (dimensions - 1 - axis), rounding_mode="floor") % along
                              for axis in range(dimensions)], dim=-1)
        found = ((corner * places.weights[:, level, :, None]).sum(dim=1) * longest / cells).numpy()
        motion, *_ = np.linalg.lstsq(np.c_[inside, np.ones(len(inside))], found, rcond=None)
        np.testing.assert_allclose(np.c_[inside, np.ones(len(inside))] @ motion, found, atol=1e-9)
        np.testing.assert_allclose(motion[:-1] @ motion[:-1].T, np.eye(dimensions), atol=1e-9)
        assert np.linalg.det(motion[:-1]) == pytest.approx(1)
        directions.append(motion[:-1])
    assert np.abs(directions[0] - directions[1]).max() > 0.1
    assert np.abs(directions[0]).max(axis=0).min() < 0.999


def test_turned_grids_learn_no_stripes_along_the_axes():
    """Rows of a picture that lie a little off the rows of cells."""
    def stripes(turned: bool) -> float:
        settings = FieldSettings(levels=1, entries_log2=16, coarsest=64, finest=64, hidden=8, turned=turned)
        field = TextureField([[0, 0, 0], [1, 1, 1]], settings, seed=0)
        across = (np.arange(48) + 0.5) / 48
        flat = np.stack([*map(np.ravel, np.meshgrid(across, across)), np.full(48 * 48, 0.5)], axis=1)
        places, chance = field.places(flat), torch.Generator().manual_seed(0)
        optimiser = torch.optim.Adam(field.parameters, lr=0.03, eps=1e-15)
        for _ in range(60):  # noise alone
            optimiser.zero_grad()
            (field.material(places).albedo[:, 0] * torch.randn(len(flat), generator=chance)).sum().backward()
            optimiser.step()
        fine = (np.arange(192) + 0.5) / 192
        page = np.stack([*map(np.ravel, np.meshgrid(fine, fine)), np.full(192 * 192, 0.5)], axis=1)
        power = field.at(page).albedo[:, 0].reshape(192, 192).astype(float)
        grain = np.abs(np.diff(power, axis=0)), np.abs(np.diff(power, axis=1))
        return float(max(one.mean(axis=along).std() / one.mean() for one, along in zip(grain, (1, 0), strict=True)))

    assert stripes(True) < 0.6 * stripes(False)


def test_the_paper_s_field_lies_over_uv():
    field = TextureField.over_uv(SMALL, seed=0)
    assert field.at(np.array([[0.0, 0.0], [1.0, 1.0]])).albedo.shape == (2, 3)
    with pytest.raises(ConfigurationError, match=r"finite points, got nan or infinity .* A part without uv has none"):
        field.places(np.array([[0.5, np.nan]]))
    with pytest.raises(ConfigurationError, match=r"points of shape \(P, 2\), got shape \(4, 3\)"):
        field.places(points(4))


def test_wrong_settings_and_states_are_told():
    with pytest.raises(ConfigurationError, match="1 to 24 levels"):
        FieldSettings(levels=0)
    with pytest.raises(ConfigurationError, match=r"True or False, got 1 \(at FieldSettings.turned\)"):
        FieldSettings(turned=1)
    with pytest.raises(ConfigurationError, match="a start strictly between 0 and 1, roughness above 0.08"):
        FieldSettings(roughness=0.05)
    with pytest.raises(ConfigurationError, match=r"bounds of shape \(2, 3\) or \(2, 2\), low before high"):
        TextureField([[0, 0, 0], [0, 0, 0]], seed=0)
    with pytest.raises(ConfigurationError, match="float32 or float64, got float16"):
        TextureField(BOX, seed=0, dtype="float16")
    with pytest.raises(ConfigurationError, match="the parameters of a field of levels=3"):
        TextureField(BOX, SMALL, seed=0).load(TextureField.over_uv(seed=0).state())
    assert FieldSettings().resolutions == (8, 13, 22, 35, 58, 95, 156, 256)
    assert FieldSettings().source.startswith("levels=8, features=2, entries_log2=15")


def test_no_points_are_no_material():
    field = TextureField(BOX, SMALL, seed=0)
    assert field.at(np.zeros((0, 3))).albedo.shape == (0, 3)


def test_a_field_whose_units_are_all_off_still_learns():
    """So the first steps of a painting may leave them; without a leak it stayed grey for good."""
    field = TextureField(BOX, SMALL, seed=0)
    with torch.no_grad():
        field._parameters["inner_bias"].fill_(-3.0)
        field._parameters["outer"].normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    at = points(300)
    places, wanted = field.places(at), torch.tensor(np.where(at[:, 2] > 0.75, 0.8, 0.1), dtype=torch.float32)
    optimiser = torch.optim.Adam(field.parameters, lr=0.02)
    for _ in range(120):
        optimiser.zero_grad()
        ((field.material(places).albedo[:, 0] - wanted) ** 2).mean().backward()
        optimiser.step()
    found = field.material(places).albedo[:, 0].detach()
    assert float(found[wanted > 0.5].mean()) > 0.6
    assert float(found[wanted < 0.5].mean()) < 0.3
