"""Paint details: borders weigh little, light is taken out, a pattern stays."""

from __future__ import annotations

import pytest

from shapecraft.paint_details import FAINT, levelled, of_detail, within_rim

torch = pytest.importorskip("torch")


def test_only_the_borders_are_faint():
    found = within_rim(torch.ones(1, 3, 20, 20, dtype=torch.float64), 0.1)
    assert found[0, :, 2:18, 2:18].eq(1).all()
    found[0, :, 2:18, 2:18] = FAINT
    assert torch.allclose(found, torch.full_like(found, FAINT), atol=1e-12)


def test_no_rim_changes_nothing():
    picture = torch.rand(1, 3, 8, 8)
    assert within_rim(picture, 0.0) is picture
    assert within_rim(picture, 0.06) is picture, "less than half a pixel"


def sloping(size: int) -> torch.Tensor:
    """(1, 2, H, W): one slope each"""
    at = torch.linspace(-1, 1, size, dtype=torch.float64)
    return torch.stack([at[:, None].expand(size, size), at[None, :].expand(size, size)])[None]


def test_light_goes_and_the_mean_and_the_pattern_stay():
    size = 16
    row, column = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    pattern = torch.where((row // 2 + column // 2) % 2 == 0, 1.0, -1.0).to(torch.float64)  # has no slope
    asked = 0.3 + pattern + torch.tensor([5.0, -2.0]).reshape(1, 2, 1, 1) * sloping(size)
    found = levelled(asked, torch.ones(size, size, dtype=torch.float64))
    slope = (pattern * sloping(size)).sum().abs()
    assert slope < 1e-9
    assert torch.allclose(found, (0.3 + pattern).expand(1, 2, size, size), atol=1e-4)


def test_what_is_not_shown_decides_nothing():
    size = 12
    shown = torch.zeros(size, size, dtype=torch.float64)
    shown[:, :7] = 1
    asked = 2 * sloping(size)[:, 1:] + 0.5
    beyond = asked.clone()
    beyond[..., 7:] = 1e3
    found = levelled(beyond, shown)[..., :7]
    assert torch.allclose(found, found.mean().expand_as(found), atol=1e-4)
    assert float(found.mean()) == pytest.approx(float(asked[..., :7].mean()), abs=1e-9)


@pytest.mark.parametrize("cells", [0, 1])
def test_no_slope_is_found_in_a_pixel(cells):
    shown = torch.zeros(12, 12)
    shown.view(-1)[:cells] = 1
    asked = torch.rand(1, 3, 12, 12)
    found = levelled(asked, shown)
    assert found.isfinite().all()
    assert torch.allclose(found[..., 0, :cells], asked[..., 0, :cells], atol=1e-6)


def test_of_a_row_of_pixels_the_slope_along_it_is_taken_out():
    shown = torch.zeros(12, 12, dtype=torch.float64)
    shown[0] = 1
    found = levelled(0.25 + 3 * sloping(12)[:, 1:], shown)
    assert found.isfinite().all()
    assert torch.allclose(found[0, 0, 0], torch.full((12,), 0.25, dtype=torch.float64), atol=1e-4)


def test_lines_along_the_borders_tilt_nothing():
    size, rim = 16, 2 / 16
    lines = torch.zeros(1, 1, size, size, dtype=torch.float64)
    lines[..., :2, :], lines[..., -2:, :] = 1, -1
    found = of_detail(lines, torch.ones(size, size, dtype=torch.float64), rim=rim, level=True)
    assert (found * sloping(size)).sum((2, 3)).abs().max() < 1e-4, "what is applied has no slope"
    assert found[..., 2:-2, 2:-2].abs().max() < 0.15, "of 1 in the lines"


def test_a_picture_of_another_size_than_the_models():
    shown = torch.zeros(48, 48)
    shown[:24] = 1
    asked = torch.full((1, 3, 16, 16), 0.5)
    asked[:, :, :8] += torch.linspace(-1, 1, 8)[:, None]
    asked[:, :, 8:] = -0.5  # beside the part
    found = of_detail(asked, shown, rim=0.0, level=True)
    assert torch.allclose(found[:, :, :8], torch.full((1, 3, 8, 16), 0.5), atol=0.35)
    over_all = of_detail(asked, torch.ones(48, 48), rim=0.0, level=True)
    assert (over_all - 0.5)[:, :, :8].abs().max() > 0.7
    plain = of_detail(asked, shown, rim=0.0, level=False)
    assert torch.equal(plain, asked)
