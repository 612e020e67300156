"""Box views: translucent boxes in the order of depth, their edges, labels and what the picture counts by."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from PIL import Image as Pillow

from easel.cameras import Camera
from easel.errors import ConfigurationError, MissingCapability
from shapecraft import box_views as module
from shapecraft.box_views import _EDGE, _FACE, _anchors, box_sheet, box_views
from shapecraft.boxes import Box
from shapecraft.shading import part_colour

FRONT = Camera((0, -12, 0.5), target=(0, 0, 0.5), fov_deg=20)
NEAR, FAR = Box((0.0, -2.0, 0.5), (1.0, 1.0, 1.0)), Box((0.0, 2.0, 0.5), (1.0, 1.0, 1.0))


def over(under: np.ndarray, colour: np.ndarray, cover: float = _FACE) -> np.ndarray:
    return under + (colour - under) * cover


def middle(boxes, camera=FRONT) -> np.ndarray:
    return box_views(boxes, [camera], size=65, samples=1)[0, 32, 32]


def test_a_box_is_laid_over_the_paper_twice_back_and_front():
    one = over(over(np.ones(3), np.array(part_colour(0))), np.array(part_colour(0)))
    assert middle([NEAR]) == pytest.approx(one, abs=1e-5)
    picture = box_views([NEAR], [FRONT], size=65, samples=1)[0]
    assert picture[2, 2].tolist() == [1, 1, 1]


def test_the_nearer_box_lies_over_the_farther_whichever_comes_first():
    blue, red = np.array(part_colour(0)), np.array(part_colour(1))
    blue_behind = over(over(over(over(np.ones(3), blue), blue), red), red)
    red_behind = over(over(over(over(np.ones(3), red), red), blue), blue)
    assert middle([FAR, NEAR]) == pytest.approx(blue_behind, abs=1e-5)
    assert middle([NEAR, FAR]) == pytest.approx(red_behind, abs=1e-5)
    assert np.abs(blue_behind - red_behind).max() > 0.05


def test_boxes_that_cut_into_each_other_are_sorted_by_face():
    blue, red = np.array(part_colour(0)), np.array(part_colour(1))
    first, second = Box((0.0, 0.0, 0.5), (1.0, 2.0, 1.0)), Box((0.0, 0.8, 0.5), (1.0, 2.0, 1.0))
    # From the back: red's far face, blue's far face, red's near face, blue's near face.
    expected = over(over(over(over(np.ones(3), red), blue), red), blue)
    assert middle([first, second]) == pytest.approx(expected, abs=1e-5)


def test_edges_are_drawn_and_hidden_ones_faintly():
    picture = box_views([NEAR], [FRONT], size=257, samples=1)[0]
    x, y = (FRONT.project(np.array([[0.5, -2.5, 0.5]]))[0, :2] + 1) / 2 * 257
    hidden = (FRONT.project(np.array([[0.5, -1.5, 0.5]]))[0, :2] + 1) / 2 * 257
    near_edge, far_edge = picture[int(y), int(x - 0.5)], picture[int(hidden[1]), int(hidden[0] - 0.5)]
    face = picture[128, 128]
    assert near_edge.sum() < far_edge.sum() < face.sum()
    dark = over(over(np.ones(3), np.array(part_colour(0))), np.array(part_colour(0)) * 0.55, _EDGE)
    assert near_edge == pytest.approx(dark, abs=0.02)


def test_the_floor_lies_at_z_0_and_shows_what_floats():
    camera = Camera((0, -8, 4), target=(0, 0, 0.5), fov_deg=30)
    floating = Box((0.0, 0.0, 1.5), (1.0, 1.0, 1.0))
    picture = box_views([floating], [camera], size=129, samples=1)[0]
    x, y = (camera.project(np.zeros(3))[:2] + 1) / 2 * 129
    floor = picture[int(y), int(x)]
    assert floor[0] == floor[1] == floor[2]
    assert 0.85 < floor[0] < 0.97


def test_a_sheet_of_four_views_with_a_label_for_every_box():
    boxes = [("seat", Box((0.0, 0.0, 0.45), (0.5, 0.5, 0.1))), ("leg <1>", Box((0.2, 0.2, 0.2), (0.05, 0.05, 0.4)))]
    sheet = box_sheet(boxes, size=200)
    image = np.asarray(Pillow.open(io.BytesIO(sheet.png)))
    assert image.shape == (2 * (200 + 20 + 6) + 6, 2 * 206 + 6, 3)
    assert box_sheet(boxes, size=200).png == sheet.png
    # Each cell has the frames of both labels, in the boxes' own colours, undiluted.
    for row in range(2):
        for column in range(2):
            cell = image[6 + 226 * row: 206 + 226 * row, 6 + 206 * column: 206 + 206 * column]
            for number in range(2):
                exact = np.round(np.array(part_colour(number)) * 255).astype(int)
                assert (np.abs(cell.astype(int) - exact).max(axis=-1) == 0).sum() > 60


def test_a_picture_counts_by_names_boxes_and_title():
    boxes = [("a", NEAR), ("b", FAR)]
    source = box_sheet(boxes, size=64).source
    assert source.startswith("box-sheet|") and "|boxes 1, 64x2|" in source and source.count("perspective") == 4
    moved = Box((0.0, -2.00001, 0.5), (1.0, 1.0, 1.0))
    others = [box_sheet([("a", moved), ("b", FAR)], size=64), box_sheet([("a", NEAR), ("c", FAR)], size=64),
              box_sheet(boxes, size=64, title="round 2"), box_sheet(boxes[::-1], size=64)]
    assert len({source, *(one.source for one in others)}) == 5


def test_nested_boxes_are_pointed_at_in_different_places():
    boxes = [("outer", Box((0.0, 0.0, 1.0), (2.0, 2.0, 2.0))), ("inner", Box((0.0, 0.0, 1.0), (0.5, 0.5, 0.5)))]
    camera = Camera((0, -14, 1), target=(0, 0, 1), fov_deg=20)
    (x, y), inner = _anchors(boxes, camera, 300)
    assert inner == (150, 150)
    assert max(abs(x - 150), abs(y - 150)) > 50


def test_without_boxes_or_numba_it_says_so(monkeypatch):
    with pytest.raises(ConfigurationError) as caught:
        box_sheet([])
    assert str(caught.value) == "expected at least one box, got none (at box_sheet)."
    with pytest.raises(ConfigurationError, match=r"expected 1 to 4096 pixels, 1 to 8 samples, got 0, 2"):
        box_views([NEAR], [FRONT], size=0)
    module._compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingCapability, match="expected the package numba, which draws boxes"):
        box_views([NEAR], [FRONT], size=8)
    module._compiled.cache_clear()
