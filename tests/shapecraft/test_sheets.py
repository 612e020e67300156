"""Contact sheets and labels: what each view shows, where labels lie, what a picture counts by."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import trimesh
from PIL import Image as Pillow

from easel.errors import ConfigurationError
from shapecraft.labels import LONGEST, Label, anchor, draw_labels, placed, plain
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.shading import Style, shaded
from shapecraft.sheets import (
    SIX,
    STYLE,
    contact_sheet,
    fitted,
    gif_bytes,
    part_labels,
    sheet_source,
    turntable_frames,
)

SMALL = dataclasses.replace(STYLE, size=120)


def box(name: str, size, at=(0, 0, 0)) -> PartMesh:
    shape = trimesh.creation.box(size)
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces))


def compass() -> ObjectMesh:
    """A block with a knob on each side but below: each is seen whole from its own side."""
    knobs = [("front", (0, -1, 1)), ("right", (1, 0, 1)), ("back", (0, 1, 1)), ("left", (-1, 0, 1)), ("top", (0, 0, 2))]
    return ObjectMesh((box("block", (1.6, 1.6, 1.6), (0, 0, 1)), *(box(name, (0.4,) * 3, at) for name, at in knobs)))


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Pillow.open(io.BytesIO(png)))


def test_every_view_shows_the_side_that_it_is_named_after():
    mesh = compass()
    part = shaded(mesh, fitted(mesh.triangles), Style(size=101)).part
    for view, picture in zip(SIX[:5], part, strict=False):
        assert mesh.names[picture[50, 50]] == view.name
    # From the front +x is to the right; from above +y, away from the viewer, is up.
    columns = {name: np.argwhere(part[0] == mesh.names.index(name))[:, 1].mean() for name in ("left", "right")}
    assert columns["left"] < 50 < columns["right"]
    rows = {name: np.argwhere(part[4] == mesh.names.index(name))[:, 0].mean() for name in ("front", "back")}
    assert rows["back"] < 50 < rows["front"]
    assert {mesh.names[number] for number in np.unique(part[5]) if number >= 0} >= {"block", "front", "right", "top"}
    assert not (part[5] == mesh.names.index("back")).any()


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
@pytest.mark.parametrize("size", [(1, 1, 1), (5, 0.1, 0.1), (0.1, 0.1, 7)])
def test_cameras_stand_as_near_as_all_views_allow(scale, size):
    points = trimesh.creation.box(np.array(size) * scale).vertices + np.array([3, -2, 8]) * scale
    cameras = fitted(points, margin=0.9)
    reach = [float(np.abs(camera.project(points)[:, :2]).max()) for camera in cameras]
    assert max(reach) == pytest.approx(0.9, abs=1e-4)
    assert max(reach) <= 0.9 + 1e-9
    distances = [float(np.linalg.norm(np.subtract(camera.eye, camera.target))) for camera in cameras]
    assert distances == pytest.approx([distances[0]] * 6, rel=1e-6)


def test_a_sheet_has_six_pictures_and_its_bytes_do_not_change():
    mesh = compass()
    sheet = contact_sheet(mesh, style=SMALL)
    assert opened(sheet.png).shape == (2 * (120 + 20 + 6) + 6, 3 * 126 + 6, 3)
    assert contact_sheet(mesh, style=SMALL).png == sheet.png
    titled = contact_sheet(mesh, style=SMALL, title="a compass")
    assert opened(titled.png).shape[0] == opened(sheet.png).shape[0] + 24
    assert titled.source != sheet.source


def test_a_picture_counts_by_object_cameras_and_settings():
    mesh = compass()
    sheet = contact_sheet(mesh, style=SMALL)
    assert sheet.source.startswith(f"shape-sheet|{mesh.key}|{SMALL.source}|labels=best|perspective eye=")
    assert sheet.source.count("perspective") == 6
    assert sheet.source == sheet_source(mesh.key, fitted(mesh.triangles, margin=0.78), SMALL, labels="best")
    keyed = contact_sheet(mesh, key="program 3f", style=SMALL)
    assert keyed.source.split("|")[1] == "program 3f"
    assert keyed.png == sheet.png
    moved = ObjectMesh((*mesh.parts[:-1], box("top", (0.4,) * 3, (0, 0, 2.1))))
    others = {contact_sheet(moved, style=SMALL).source, contact_sheet(mesh, style=SMALL, labels="all").source,
              contact_sheet(mesh, style=dataclasses.replace(SMALL, colours="parts")).source, sheet.source}
    assert len(others) == 4


def test_best_labels_name_every_part_once_where_it_is_seen_best():
    mesh = compass()
    part = shaded(mesh, fitted(mesh.triangles), Style(size=101)).part
    found = part_labels(mesh, part, "best", SIX)
    named = {label.text: SIX[view].name for view, labels in enumerate(found) for label in labels}
    assert sum(len(labels) for labels in found) == 6
    assert named == {"block": "three-quarter", "front": "three-quarter", "right": "three-quarter",
                     "top": "three-quarter", "back": named["back"], "left": named["left"]}
    assert named["back"] in ("back", "left", "right", "top") and named["left"] in ("left", "front", "back", "top")
    everywhere = part_labels(mesh, part, "all", SIX)
    assert sum(len(labels) for labels in everywhere) > 12
    for view, labels in enumerate(everywhere):
        for label in labels:
            assert mesh.names[part[view, label.anchor[1], label.anchor[0]]] == label.text


def test_a_part_that_no_view_shows_is_told_below():
    mesh = ObjectMesh((box("shell", (1, 1, 1)), box("core", (0.2, 0.2, 0.2))))
    with_words, without = (opened(contact_sheet(mesh, style=SMALL, labels=way).png) for way in ("best", "none"))
    assert with_words.shape[0] == without.shape[0] + 17
    assert (with_words[-17:] < 90).any()


def test_labels_lie_in_the_picture_off_the_object_and_off_each_other():
    covered = np.zeros((200, 200), dtype=bool)
    covered[60:140, 60:140] = True
    generator = np.random.default_rng(0)
    anchors = [(int(x), int(y)) for x, y in generator.integers(62, 138, (12, 2))]
    sizes = [(int(w), 16) for w in generator.integers(25, 60, 12)]
    places = placed(covered, anchors, sizes)
    taken = covered.astype(int)
    for (x, y), (wide, tall) in zip(places, sizes, strict=True):
        assert x >= 0 and y >= 0 and x + wide <= 200 and y + tall <= 200
        taken[y: y + tall, x: x + wide] += 1
    assert taken.max() == 1


def test_without_room_a_label_rather_covers_the_object_than_another_label():
    places = placed(np.ones((60, 60), dtype=bool), [(30, 30)] * 2, [(40, 15)] * 2)
    upper, lower = sorted(y for _, y in places)
    assert lower - upper >= 15


def test_an_anchor_is_deepest_inside():
    mask = np.zeros((40, 50), dtype=bool)
    mask[5:8, 2:30] = True
    mask[20:31, 10:21] = True
    assert anchor(mask) == (15, 25)
    full = np.ones((9, 9), dtype=bool)
    assert anchor(full) == (4, 4)


def test_names_of_any_kind_are_drawn_on_one_line():
    assert plain("  left\n\tleg\x00 ") == "left leg"
    assert plain("\u202e\n") == "?"
    assert len(plain("x" * 99)) == LONGEST and plain("x" * 99).endswith("…")
    paper = np.ones((80, 160, 3))
    labels = [Label("<b>&amp;椅子\n</b>", (80, 40), (1, 0, 0))]
    drawn = draw_labels(paper, np.zeros((80, 160), dtype=bool), labels)
    assert drawn.shape == (80, 160, 3)
    assert (drawn < 0.5).any()
    assert (paper == 1).all()


def test_a_turntable_goes_once_around_from_the_front():
    mesh = compass()
    frames = turntable_frames(mesh, frames=4, elevation_deg=0.0, style=dataclasses.replace(SMALL, size=65, colours="parts"))
    assert frames.shape == (4, 65, 65, 3)
    from shapecraft.shading import part_colour

    for frame, name in zip(frames, ("front", "right", "back", "left"), strict=True):
        colour = frame[37, 32] / np.linalg.norm(frame[37, 32])  # a knob's middle is lower than the object's
        wanted = np.array(part_colour(mesh.names.index(name)))
        assert colour == pytest.approx(wanted / np.linalg.norm(wanted), abs=1e-3)
    film = Pillow.open(io.BytesIO(gif_bytes(frames, seconds=2)))
    assert (film.n_frames, film.info["duration"], film.size) == (4, 500, (65, 65))


def test_what_makes_no_sheet_is_refused():
    empty = ObjectMesh((PartMesh("nothing", np.zeros((0, 3)), []),))
    with pytest.raises(ConfigurationError, match=r"expected points, and a margin from 0 to 1, got 0, 0.78 \(at fitted\)"):
        contact_sheet(empty)
    with pytest.raises(ConfigurationError, match="expected \"best\", \"all\" or \"none\", got 'some'"):
        contact_sheet(compass(), labels="some")
