"""Shading: light, colours, borders and the ground, where geometry says what they must be."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from easel.cameras import Camera, ring
from easel.errors import ConfigurationError
from shapecraft.mesh import GREY, ObjectMesh, PartMesh
from shapecraft.shading import ABOVE, BELOW, HEADLIGHT, Style, part_colour, screen, shaded

WALL = [[-1.0, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1]]
HALVES = np.array([[0, 1, 2], [0, 2, 3]])
FRONT = Camera((0, -6, 0))
LEVEL_LIGHT = HEADLIGHT + (ABOVE + BELOW) / 2


def box(name: str, size, at=(0, 0, 0), **more) -> PartMesh:
    shape = trimesh.creation.box(size)
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces), **more)


def one(part: PartMesh) -> ObjectMesh:
    return ObjectMesh((part,))


@pytest.mark.parametrize("faces", [HALVES, HALVES[:, ::-1]])
def test_a_wall_seen_straight_has_the_whole_headlight_on_either_side(faces):
    seen = shaded(one(PartMesh("wall", WALL, faces)), [FRONT], Style(size=33, colours="grey"))
    assert seen.pictures.shape == (1, 33, 33, 3)
    assert seen.pictures.dtype == np.float32
    assert seen.pictures[0, 16, 16] == pytest.approx(0.8 * LEVEL_LIGHT, abs=1e-3)
    assert seen.part[0, 16, 16] == 0
    assert seen.pictures[0, 0, 0].tolist() == [1, 1, 1]
    assert seen.part[0, 0, 0] == -1


@pytest.mark.parametrize("turn", [30, 60])
def test_the_headlight_goes_by_the_cosine_and_the_hemisphere_by_the_height(turn):
    angle = math.radians(turn)
    tilted = np.array(WALL) @ np.array([[1, 0, 0], [0, math.cos(angle), -math.sin(angle)],
                                        [0, math.sin(angle), math.cos(angle)]]).T
    for sign in (1, -1):
        seen = shaded(one(PartMesh("wall", tilted * [1, sign, 1], HALVES)), [FRONT], Style(size=33, colours="grey"))
        # The top leans away from the viewer, so that what is seen looks up; mirrored, it looks down.
        upward = math.sin(angle) * (1 if (tilted * [1, sign, 1])[2, 1] > 0 else -1)
        light = HEADLIGHT * math.cos(angle) + BELOW + (ABOVE - BELOW) * (upward + 1) / 2
        assert seen.pictures[0, 16, 16] == pytest.approx(0.8 * light, abs=2e-3)


def test_base_colours_are_turned_from_linear_light_to_screen_values():
    assert screen(np.array([0.0, 0.002, 0.214041, 1.0, 2.0])) == pytest.approx([0, 0.02584, 0.5, 1, 1], abs=1e-5)
    assert screen(np.array(GREY)) == pytest.approx(0.7, abs=1e-3)
    seen = shaded(one(PartMesh("wall", WALL, HALVES, base_colour=(0.214041, 1.0, 0.0))), [FRONT], Style(size=33))
    assert seen.pictures[0, 16, 16] == pytest.approx(np.array([0.5, 1, 0]) * LEVEL_LIGHT, abs=1e-3)


def test_every_part_has_a_colour_of_its_own_that_goes_by_its_place():
    assert len({part_colour(number) for number in range(16)}) == 16
    pair = ObjectMesh((box("left", (1, 1, 1), (-1, 0, 0)), box("right", (1, 1, 1), (1, 0, 0))))
    seen = shaded(pair, [Camera((0, -9, 0))], Style(size=65, colours="parts"))
    for number, column in ((0, 19), (1, 45)):
        assert seen.part[0, 32, column] == number
        ratio = seen.pictures[0, 32, column] / np.array(part_colour(number)).clip(1e-9)
        assert ratio[np.array(part_colour(number)) > 0] == pytest.approx(ratio.max(), rel=1e-5)


def test_a_pixel_is_the_mean_of_its_samples():
    mesh = one(box("box", (1.1, 1.3, 0.9)))
    fine = shaded(mesh, ring(1), Style(size=96, samples=1, colours="grey")).pictures
    coarse = shaded(mesh, ring(1), Style(size=32, samples=3, colours="grey")).pictures
    assert coarse == pytest.approx(fine.reshape(1, 32, 3, 32, 3, 3).mean(axis=(2, 4)), abs=1e-6)


def test_borders_lie_between_parts_and_where_depth_jumps_and_nowhere_else():
    pair = ObjectMesh((box("back", (2, 0.2, 2), (0, 1, 0)), box("front", (0.6, 0.2, 0.6), (0, -1, 0))))
    plain, lined = (shaded(pair, [FRONT], Style(size=65, samples=1, borders=way)) for way in (False, True))
    changed = (plain.pictures != lined.pictures).any(axis=-1)[0]
    assert 0.02 < changed.mean() < 0.1
    assert (lined.pictures[0][changed] <= plain.pictures[0][changed]).all()
    assert (plain.part[0][changed] >= 0).all()
    front = np.argwhere(plain.part[0] == 1)
    (top, left), (bottom, right) = front.min(axis=0), front.max(axis=0)
    assert changed[top, left: right + 1].all() and changed[top: bottom + 1, left].all()
    assert not changed[top + 1: bottom, left + 1: right].any()


def test_the_ground_darkens_under_what_stands_and_less_under_what_floats():
    camera = Camera((0, -6, 3), target=(0, 0, 0.4))
    style = Style(size=64, ground=0.0)
    column, row = ((camera.project(np.array([0.0, -0.54, 0.0]))[:2] + 1) / 2 * 64).astype(int)
    dark = []
    for lift in (0.0, 0.15, 3.0):
        mesh = one(box("box", (1, 1, 0.6), (0, 0, 0.3 + lift)))
        seen = shaded(mesh, [camera], style)
        ground = seen.part[0] < 0
        bare = shaded(mesh, [camera], Style(size=64))
        assert (seen.pictures[0][~ground] <= bare.pictures[0][~ground] + 1e-6).all()
        assert ground[row, column]
        dark.append(1 - float(seen.pictures[0, row, column, 0]))
    assert dark[0] > 0.1
    assert dark[0] > 2 * dark[1] > 4 * dark[2] >= 0


def test_the_ground_is_not_seen_from_below_it():
    mesh = one(box("box", (1, 1, 1), (0, 0, 0.5)))
    camera = Camera((0, -5, -3), target=(0, 0, 0))
    assert np.array_equal(shaded(mesh, [camera], Style(size=32, ground=0.0)).pictures,
                          shaded(mesh, [camera], Style(size=32)).pictures)


def test_the_source_tells_settings_apart():
    styles = [Style(), Style(size=64), Style(samples=3), Style(colours="parts"), Style(smooth=False), Style(borders=True),
              Style(ground=0.0), Style(ground=0.1)]
    assert len({style.source for style in styles}) == len(styles)
    assert Style(ground=0.0).source == "z-buffer 1, neutral 1, 320x2, material, smooth, borders=False, ground=0"


@pytest.mark.parametrize(("settings", "words"), [
    ({"size": 0}, "expected 1 to 4096 pixels, 1 to 8 samples, got 0, 2 (at Style)."),
    ({"size": 4096, "samples": 4}, "expected 1 to 4096 pixels, 1 to 8 samples, got 4096, 4 (at Style)."),
    ({"colours": "gold"}, "expected \"material\", \"parts\" or \"grey\", got 'gold' (at Style colours)."),
])
def test_styles_that_make_no_picture_are_refused(settings, words):
    with pytest.raises(ConfigurationError) as caught:
        Style(**settings)
    assert str(caught.value) == words
