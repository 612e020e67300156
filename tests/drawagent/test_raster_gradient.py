"""The renderer's own backward pass against finite differences, and that it is of use."""

from __future__ import annotations

import pytest
import torch

from drawagent.raster import render, render_strokes
from easel.cameras import Camera, ring

CAMERAS = (*ring(2, start_deg=20), Camera((0, -1.2, 0.1), near=0.3), Camera((3, -3, 1), projection="orthographic"))


@pytest.mark.parametrize("samples", [1, 2])
def test_gradcheck_in_points_width_and_opacity(samples):
    generator = torch.Generator().manual_seed(samples)
    points = 0.5 * torch.randn(3, 4, 3, generator=generator, dtype=torch.float64)
    width = torch.tensor([1.3, 0.4, 3.0], dtype=torch.float64)
    opacity = torch.tensor([0.9, 0.6, 0.8], dtype=torch.float64)
    owner = torch.tensor([0, 1, 0])
    cameras = CAMERAS[1:]
    weight = torch.rand(2, len(cameras), 10, 10, generator=generator, dtype=torch.float64)

    def score(points, width, opacity):
        return (weight * render_strokes(points, owner, cameras, sketches=2, width=width, opacity=opacity, size=10,
                                        samples=samples)).sum()

    leaves = [value.requires_grad_() for value in (points, width, opacity)]
    assert torch.autograd.gradcheck(score, leaves, eps=1e-6, atol=1e-5, rtol=1e-4)


def test_the_gradient_of_a_stroke_drawn_twice_is_shared():
    once = torch.tensor([[[-0.5, 0, 0.1], [0, 0, 0.5], [0.2, 0, -0.5], [0.5, 0, 0.2]]], dtype=torch.float64)
    twice = once.repeat(2, 1, 1).requires_grad_()
    once.requires_grad_()
    (render([once], CAMERAS[:1], size=32) ** 2).sum().backward()
    (render([twice], CAMERAS[:1], size=32) ** 2).sum().backward()
    assert (twice.grad[0] - once.grad[0] / 2).abs().max() < 1e-9
    assert (twice.grad[1] - once.grad[0] / 2).abs().max() < 1e-9


def test_odd_strokes_have_finite_gradients():
    points = torch.zeros(5, 4, 3)
    points[1] = torch.linspace(-9, 9, 12).view(4, 3)
    points[2, :2] = 1.0
    points[3, :, 1] = -50.0
    points.requires_grad_()
    render([points], CAMERAS, size=16).mean().backward()
    assert points.grad.isfinite().all()
    assert points.grad.abs().max() > 0


def test_gradients_repeat_to_the_bit():
    generator = torch.Generator().manual_seed(3)
    points = 0.5 * torch.randn(30, 4, 3, generator=generator)
    grads = []
    for _ in range(3):
        leaf = points.clone().requires_grad_()
        (render([leaf], ring(3), size=64) ** 2).sum().backward()
        grads.append(leaf.grad)
    assert torch.equal(grads[0], grads[1])
    assert torch.equal(grads[0], grads[2])


def test_descent_finds_a_stroke_that_was_moved():
    target = torch.tensor([[[-0.6, 0, -0.3], [-0.2, 0.3, 0.5], [0.3, -0.3, 0.5], [0.6, 0, -0.2]]])
    pictures = render([target], ring(2), size=32, width=4.0)
    points = (target + torch.tensor([0.05, -0.04, 0.06])).requires_grad_()
    optimiser = torch.optim.Adam([points], lr=0.01)
    losses = []
    for _ in range(50):
        optimiser.zero_grad()
        loss = ((render([points], ring(2), size=32, width=4.0) - pictures) ** 2).mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert min(losses) < 0.05 * losses[0]
    assert (points - target).abs().max() < 0.08
