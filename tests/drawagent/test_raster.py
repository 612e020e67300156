"""What every renderer must return, and what ours returns beyond that."""

from __future__ import annotations

import functools
import importlib.util
import sys

import numpy as np
import pytest
import torch

from drawagent import raster, raster_pydiffvg, raster_reference
from drawagent.raster import RasterSettings, render, render_strokes
from drawagent.sketch import Sketch
from easel.cameras import Camera, ring
from easel.errors import ConfigurationError, MissingCapability

FRONT = Camera((0, -5, 0), projection="orthographic", height=2.0)
PYDIFFVG = pytest.param(
    functools.partial(raster_pydiffvg.render, cells=16), id="pydiffvg",
    marks=[pytest.mark.pydiffvg,
           pytest.mark.skipif(importlib.util.find_spec("pydiffvg") is None, reason="pydiffvg is not installed")],
)
every = pytest.mark.parametrize(
    "draw", [pytest.param(raster.render, id="ours"), pytest.param(raster_reference.render, id="reference"), PYDIFFVG]
)


def line(a, b):
    """Control points of a straight stroke between two points of the picture, [-1, 1]^2 with y up, seen by FRONT."""
    a, b = np.array([a[0], 0, a[1]]), np.array([b[0], 0, b[1]])
    return np.stack([a + (b - a) * k / 3 for k in range(4)])


def curve(*points):
    return np.array([[x, 0, y] for x, y in points], dtype=float)


def walks(count, *, seed, scale=0.6):
    return np.random.default_rng(seed).normal(size=(count, 4, 3)) * scale


SCENES = {
    "crossing": ([line((-0.8, -0.7), (0.8, 0.75)), line((-0.8, 0.7), (0.8, -0.72))], FRONT, {}),
    "joints": ([line((-0.8, -0.6), (-0.4, 0.6)), line((-0.4, 0.6), (0, -0.6)), line((0, -0.6), (0.7, 0.6))], FRONT,
               {"width": 3.0}),
    "hairpin": ([curve((-0.8, 0), (1.4, 0.03), (1.4, 0.1), (-0.8, 0.12))], FRONT, {}),
    "loop": ([curve((-0.6, -0.6), (1.9, 0.9), (-1.9, 0.9), (0.6, -0.6))], FRONT, {"width": 1.5}),
    "hair": (walks(6, seed=1), ring(3)[1], {"width": 0.25}),
    "thin": (walks(6, seed=2), ring(3)[2], {"width": 0.5}),
    "usual": (walks(12, seed=3), ring(3)[0], {}),
    "wide": (walks(4, seed=4), ring(3)[1], {"width": 11.0}),
    "faint": (walks(12, seed=5), ring(3)[1], {"width": 4.0, "opacity": 0.4}),
    "off the picture": (walks(10, seed=6, scale=3.0), ring(1)[0], {}),
    "behind the camera": (walks(12, seed=7), Camera((0, -0.3, 0), near=0.1, fov_deg=60), {}),
    "dots": (np.repeat(walks(12, seed=8)[:, :1], 4, axis=1), ring(1)[0], {"width": 3.0}),
    "specks": (walks(12, seed=9)[:, :1] + walks(12, seed=9, scale=0.02), ring(1)[0], {"width": 1.0}),
    "drawn twice": (np.concatenate([walks(5, seed=10)] * 3 + [walks(5, seed=10)[:, ::-1]]), ring(3)[1], {}),
}


@every
@pytest.mark.parametrize("name", SCENES)
def test_every_scene_is_near_the_truth(draw, name):
    strokes, camera, settings = SCENES[name]
    strokes = np.asarray(strokes)
    truth = raster_reference.picture(strokes, camera, size=64, **{"width": 2.0, **settings})
    drawn = draw([torch.tensor(strokes)], [camera], size=64, **settings)[0, 0]
    mean, largest = raster_reference.difference(drawn, truth)
    assert truth.min() < 0.99
    assert mean < 0.02
    assert largest < 0.25


@every
def test_shape_paper_and_blank_sketches(draw):
    sketches = [Sketch(()), Sketch.from_array([line((-0.5, 0), (0.5, 0))]), torch.zeros(0, 4, 3)]
    pictures = draw(sketches, ring(2), size=24, width=1.5)
    assert pictures.shape == (3, 2, 24, 24)
    assert pictures.dtype == torch.float32
    assert (pictures[0] == 1).all()
    assert (pictures[2] == 1).all()
    assert 0 <= pictures.min() < 0.5
    assert pictures.max() == 1
    assert draw([], ring(2), size=24).shape == (0, 2, 24, 24)
    assert draw(sketches, [], size=24).shape == (3, 0, 24, 24)


@every
def test_ink_lies_where_the_camera_says(draw):
    picture = draw([torch.tensor(line((0.25, 0.5), (0.75, 0.5)))[None]], [FRONT], size=32, width=4.0)[0, 0]
    # Rows 6 to 9 (two above and below y = 8), columns 20 to 28 and round caps of two pixels.
    assert picture[6:10, 20:28].max() < 0.02
    assert picture[:5].min() == 1
    assert picture[11:].min() == 1
    assert picture[:, :17].min() == 1
    assert float((1 - picture).sum()) == pytest.approx(8 * 4 + np.pi * 4, rel=0.02)


@every
def test_a_point_is_a_dot_of_the_strokes_width(draw):
    picture = draw([torch.zeros(1, 4, 3)], [FRONT], size=33, width=6.0)[0, 0]
    assert float((1 - picture).sum()) == pytest.approx(np.pi * 9, rel=0.03)
    assert picture[16, 16] < 0.01


@every
def test_a_stroke_does_not_darken_where_it_meets_itself(draw):
    stroke = curve((-0.6, -0.6), (1.9, 0.9), (-1.9, 0.9), (0.6, -0.6))
    picture = draw([torch.tensor(stroke)[None]], [FRONT], size=64, width=4.0, opacity=0.5)[0, 0]
    assert picture.min() == pytest.approx(0.5, abs=1e-4)


@every
def test_strokes_over_each_other_multiply_the_paper_left(draw):
    strokes = torch.tensor(np.stack([line((-0.8, 0), (0.8, 0)), line((0, -0.8), (0, 0.8))]))
    picture = draw([strokes], [FRONT], size=32, width=6.0, opacity=0.5)[0, 0]
    assert picture[16, 16] == pytest.approx(0.25, abs=1e-3)
    assert picture[16, 4] == pytest.approx(0.5, abs=1e-3)
    assert torch.equal(picture.isclose(picture.T, atol=0.05), torch.ones(32, 32, dtype=torch.bool))


@every
def test_nothing_behind_the_viewer_is_seen(draw):
    strokes = torch.tensor(walks(6, seed=11, scale=0.2) - [0, 4, 0])
    assert (draw([strokes], [Camera((0, -2, 0))], size=16) == 1).all()


@pytest.mark.parametrize("draw", [pytest.param(raster.render, id="ours"), PYDIFFVG])  # the reference checks nothing
def test_wrong_settings_and_shapes_are_refused(draw):
    for settings, words in (({"size": 0}, "raster size"), ({"width": -1.0}, "raster width"),
                            ({"width": float("nan")}, "raster width"), ({"opacity": 1.5}, "opacity from 0 to 1")):
        with pytest.raises(ConfigurationError, match=words):
            draw([torch.zeros(1, 4, 3)], [FRONT], **settings)
    with pytest.raises(ConfigurationError, match=r"\(N, 4, 3\), got shape \(4, 3\) \(at sketch 0\)"):
        draw([torch.zeros(4, 3)], [FRONT])


def test_bad_strokes_are_named():
    points = torch.zeros(3, 4, 3)
    points[2, 1, 0] = float("nan")
    with pytest.raises(ConfigurationError, match="stroke 2, point 1"):
        render([points], [FRONT])
    with pytest.raises(ConfigurationError, match="owners from 0 to 1, got 0 to 2"):
        render_strokes(torch.zeros(3, 4, 3), torch.tensor([0, 1, 2]), [FRONT], sketches=2)
    with pytest.raises(ConfigurationError, match="3 owners"):
        render_strokes(torch.zeros(3, 4, 3), torch.tensor([0, 1]), [FRONT], sketches=2)


def test_huge_coordinates_are_harmless():
    points = torch.tensor(walks(20, seed=12)) * torch.tensor([1e3, 1e9, 1e20, 1e30])[:, None].repeat(5, 1)[:, None]
    pictures = render([points.float()], ring(2), size=16)
    assert pictures.isfinite().all()


def test_a_batch_repeats_to_the_bit_and_is_the_same_as_its_parts():
    sketches = [torch.tensor(walks(count, seed=count), dtype=torch.float32) for count in (3, 0, 17, 1)]
    cameras = ring(3)
    batch = render(sketches, cameras, size=48)
    assert torch.equal(batch, render(sketches, cameras, size=48))
    for index, sketch in enumerate(sketches):
        for view, camera in enumerate(cameras):
            alone = render([sketch], [camera], size=48)[0, 0]
            assert (batch[index, view] - alone).abs().max() < 1e-5


def test_order_of_owners_does_not_matter():
    points = torch.tensor(walks(6, seed=13))
    owner = torch.tensor([1, 0, 1, 0, 1, 0])
    mixed = render_strokes(points, owner, ring(2), sketches=2, size=32)
    apart = render([points[owner == 0], points[owner == 1]], ring(2), size=32)
    assert (mixed - apart).abs().max() < 1e-10


def test_widths_and_opacities_of_single_strokes():
    points, owner = walks(8, seed=14), torch.zeros(8, dtype=torch.long)
    width, opacity = np.linspace(0.5, 5, 8), np.linspace(0.1, 1, 8)
    drawn = render_strokes(torch.tensor(points), owner, [ring(1)[0]], sketches=1, size=64,
                           width=torch.tensor(width), opacity=torch.tensor(opacity))[0, 0]
    truth = raster_reference.picture(points, ring(1)[0], size=64, width=width, opacity=opacity)
    mean, largest = raster_reference.difference(drawn, truth)
    assert mean < 0.01
    assert largest < 0.15


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_finer_cells_come_nearer_to_the_truth(samples):
    strokes, camera, _ = SCENES["usual"]
    truth = raster_reference.picture(strokes, camera, size=64)
    mean, _ = raster_reference.difference(render([torch.tensor(strokes)], [camera], size=64, samples=samples)[0, 0],
                                          truth)
    assert mean < {1: 0.02, 2: 0.008, 3: 0.006, 4: 0.006}[samples]


def test_settings_have_a_source_and_are_checked():
    assert RasterSettings().source == "strokes size=224 width=2 opacity=1 samples=2"
    picture = render([torch.tensor(walks(1, seed=1))], [FRONT], **vars(RasterSettings(size=16, width=1.0)))
    assert picture.shape == (1, 1, 16, 16)
    with pytest.raises(ConfigurationError, match="raster samples"):
        RasterSettings(samples=0)


def test_pydiffvg_that_is_not_there_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydiffvg", None)
    with pytest.raises(MissingCapability, match=r"package pydiffvg.*no package index.*use drawagent\.raster"):
        raster_pydiffvg.render([torch.zeros(1, 4, 3)], [FRONT])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_draws_the_same_pictures_and_gradients():
    results = []
    for device in ("cpu", "cuda"):
        points = torch.tensor(walks(16, seed=15), device=device, dtype=torch.float64, requires_grad=True)
        pictures = render([points], ring(3), size=64)
        (pictures**2).sum().backward()
        results.append((pictures.detach().cpu(), points.grad.cpu()))
    assert (results[0][0] - results[1][0]).abs().max() < 1e-9
    assert (results[0][1] - results[1][1]).abs().max() < 1e-6
