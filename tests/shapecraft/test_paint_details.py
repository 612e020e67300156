"""Paint details: borders weigh little, light is taken out, a pattern stays."""

from __future__ import annotations

import pytest

from shapecraft.paint_details import FAINT, levelled, within_rim

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


@pytest.mark.parametrize("cells", [0, 1, 12])
def test_few_pixels_are_left_as_they_are(cells):
    shown = torch.zeros(12, 12)
    shown.view(-1)[:cells] = 1  # none, one, a row: no plane is theirs
    asked = torch.rand(1, 3, 12, 12)
    found = levelled(asked, shown)
    assert found.isfinite().all()
    assert torch.allclose(found[0, :, 0, :cells].mean(-1), asked[0, :, 0, :cells].mean(-1), atol=1e-4) or not cells
