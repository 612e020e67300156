"""Metrics on shapes whose figures geometry knows, on broken meshes, and over sets of objects."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
import trimesh

from easel.errors import ConfigurationError
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.mesh_metrics import FARTHEST, ShapeFigures, compare, distances, sampled
from shapecraft.metrics import (
    COLUMNS,
    NO_OBJECT,
    ONE_OBJECT,
    ObjectFigures,
    bootstrap_interval,
    clip_cameras,
    clip_figure,
    clip_views,
    measured,
    summaries,
)
from shapecraft.solid_overlap import Figure, box_overlap, exact_overlap, filled, voxel_overlap
from tests.fakes import CARD, TinyScorer

WAYS = [box_overlap, voxel_overlap, exact_overlap]


def part(shape: trimesh.Trimesh, at=(0, 0, 0), name: str = "part", inside_out: bool = False) -> PartMesh:
    faces = np.asarray(shape.faces)
    return PartMesh(name, shape.vertices + np.array(at), faces[:, ::-1] if inside_out else faces)


def box(size=(1, 1, 1), at=(0, 0, 0)) -> ObjectMesh:
    return ObjectMesh((part(trimesh.creation.box(size), at),))


def ball(radius=0.5, at=(0, 0, 0), subdivisions=4) -> ObjectMesh:
    return ObjectMesh((part(trimesh.creation.icosphere(subdivisions, radius), at),))


def joined(*meshes: ObjectMesh) -> ObjectMesh:
    """All triangles as one part of loose pieces."""
    parts = [part for mesh in meshes for part in mesh.parts]
    named = tuple(PartMesh(str(n), one.vertices, one.faces) for n, one in enumerate(parts))
    return ObjectMesh((ObjectMesh(named).joined("all"),))


def corner() -> ObjectMesh:
    """An L of three boxes that no quarter turn brings onto itself."""
    return joined(box((1, 0.2, 0.2)), box((0.2, 0.5, 0.2), (0.4, 0.35, 0)), box((0.1, 0.1, 0.4), (-0.4, 0, 0.2)))


def around(mesh: ObjectMesh, degrees: float) -> ObjectMesh:
    turn = trimesh.transformations.rotation_matrix(math.radians(degrees), (0, 0, 1))[:3, :3]
    return ObjectMesh(tuple(PartMesh(one.name, one.vertices @ turn.T, one.faces) for one in mesh.parts))


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_shifted_by_a_third_shares_two_thirds(way):
    # The box around both is 4/3 long, so that a voxel is 1/48 and all sides are whole numbers of them.
    iogt, iou = way(box(), box(at=(1 / 3, 0, 0)))
    assert iogt == Figure(pytest.approx(2 / 3, abs=1e-6))
    assert iou == Figure(pytest.approx(1 / 2, abs=1e-6))


@pytest.mark.parametrize("way", WAYS)
def test_iogt_is_of_the_reference_and_iou_of_either(way):
    small, large = box((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)), box()
    assert [one.value for one in way(small, large)] == pytest.approx([1 / 8, 1 / 8], abs=1e-6)
    assert [one.value for one in way(large, small)] == pytest.approx([1, 1 / 8], abs=1e-6)
    assert [one.value for one in way(box(), box(at=(3, 0, 0)))] == [0, 0]


@pytest.mark.parametrize(("way", "tolerance"), [(voxel_overlap, 0.02), (exact_overlap, 0.005)])
def test_two_balls_share_a_lens(way, tolerance):
    lens = math.pi * 2.5 * 0.25 / 12  # radii 0.5, middles 0.5 apart
    share = lens / (math.pi / 6)
    iogt, iou = way(ball(), ball(at=(0.3, 0.4, 0)))
    assert iogt.value == pytest.approx(share, rel=tolerance)
    assert iou.value == pytest.approx(share / (2 - share), rel=tolerance)
    assert way(ball(at=(0.3, 0.4, 0)), ball())[1].value == pytest.approx(iou.value, abs=1e-6)


def test_a_full_box_has_all_of_iogt_and_only_its_share_of_iou():
    over = compare(box(), ball())
    assert (over.iogt_box.value, over.iogt_voxel.value) == (1, 1)
    assert over.iogt_exact.value == pytest.approx(1, abs=1e-6)
    assert over.iou_voxel.value == pytest.approx(math.pi / 6, rel=0.01)
    assert over.iou_exact.value == pytest.approx(math.pi / 6, rel=0.005)
    under = compare(ball(), box())
    assert under.iogt_voxel.value == pytest.approx(math.pi / 6, rel=0.01)


@pytest.mark.parametrize("way", [voxel_overlap, exact_overlap])
def test_overlaps_of_an_object_s_own_pieces_count_once(way):
    twice = joined(box((1, 0.5, 0.5), (0, 0, 0)), box((1, 0.5, 0.5), (0.25, 0, 0)))
    whole = box((1.25, 0.5, 0.5), (0.125, 0, 0))
    assert [one.value for one in way(twice, whole)] == pytest.approx([1, 1], abs=1e-6)


@pytest.mark.parametrize("way", [voxel_overlap, exact_overlap])
def test_faces_the_wrong_way_around_and_hollows_are_told_apart(way):
    wrong = ObjectMesh((part(trimesh.creation.box(), inside_out=True),))
    assert [one.value for one in way(wrong, box())] == pytest.approx([1, 1], abs=1e-6)
    hollow = joined(box(), ObjectMesh((part(trimesh.creation.box((0.5,) * 3), inside_out=True),)))
    assert [one.value for one in way(hollow, box())] == pytest.approx([7 / 8, 7 / 8], abs=1e-6)
    core = joined(box(), ObjectMesh((part(trimesh.creation.box((0.5,) * 3)),)))
    assert [one.value for one in way(core, box())] == pytest.approx([1, 1], abs=1e-6)
    stuffed = joined(hollow, box((0.25,) * 3))
    assert way(stuffed, box())[0].value == pytest.approx(7 / 8 + 1 / 64, abs=1e-6)


def test_boxes_that_touch_along_an_edge_are_solid_enough():
    pair = joined(box(), box(at=(1, 1, 0)))
    assert [one.value for one in exact_overlap(pair, box())] == pytest.approx([1, 1 / 2], abs=1e-6)


def test_an_open_mesh_is_a_shell_with_its_hollow_and_no_exact_solid():
    lidless = ObjectMesh((PartMesh("bin", trimesh.creation.box().vertices, np.asarray(trimesh.creation.box().faces)[2:]),))
    iogt, iou = voxel_overlap(lidless, box())
    assert 0.05 < iogt.value < 0.2
    assert iogt.reason == iou.reason == "prediction: 1 open pieces as shells"
    missing = exact_overlap(lidless, box())[0]
    assert math.isnan(missing.value)
    assert missing.reason == "expected closed pieces, got 1 open ones, the first with 4 open edges (at prediction, part 'bin')."
    shut = ObjectMesh((PartMesh("shut", trimesh.creation.box().vertices, [*lidless.parts[0].faces, *trimesh.creation.box().faces[:1],
                                                                       trimesh.creation.box().faces[1][::-1]]),))
    assert voxel_overlap(shut, box())[0] == Figure(1.0, "prediction: 1 open pieces as shells")


def test_voxels_of_a_ball_are_its_volume():
    inside, words = filled(ball(0.5, subdivisions=5), np.array([-0.5] * 3), 1 / 64, (64, 64, 64))
    assert inside.sum() / 64**3 == pytest.approx(math.pi / 6, rel=0.003)
    assert words == ""
    assert np.array_equal(inside, inside[::-1]) and np.array_equal(inside, inside.transpose(1, 0, 2))


def test_exact_says_what_it_lacks(monkeypatch):
    monkeypatch.setitem(sys.modules, "manifold3d", None)
    iogt, iou = exact_overlap(box(), box())
    assert math.isnan(iogt.value) and math.isnan(iou.value)
    assert iogt.reason.startswith("expected the package manifold3d, which intersects solids, got none (at prediction)")


def test_points_are_spread_by_area_and_lie_on_the_surface():
    slab = ObjectMesh((part(trimesh.creation.box((4, 1, 0.5)), name="slab"), part(trimesh.creation.box(), (9, 0, 0), "cube")))
    points = sampled(slab, 4000)
    assert points.shape == (4000, 3)
    on_cube = points[:, 0] > 5
    assert on_cube.mean() == pytest.approx(6 / (6 + 13), abs=3 / 4000)
    apart = np.abs(np.abs(points[~on_cube]) - [2, 0.5, 0.25])
    assert apart.min(axis=1).max() < 1e-12
    assert np.array_equal(points, sampled(slab, 4000))
    assert not np.array_equal(points, sampled(slab, 4000, seed=1))


def test_distances_of_balls_in_each_other_and_of_a_shifted_cube():
    far, mean, met = distances(sampled(ball(0.5)), sampled(ball(0.4)), fit=False)
    assert far.value == pytest.approx(0.1, abs=0.01)
    assert mean.value == pytest.approx(0.1, abs=0.003)
    assert met.value == 0
    far, mean, met = distances(sampled(ball(0.5)), sampled(ball(0.47)), fit=False)
    assert met.value == 1
    far, _, _ = distances(sampled(box()), sampled(box(at=(0.1, 0, 0))), fit=False)
    assert far.value == pytest.approx(0.1, abs=0.01)
    far, mean, met = distances(sampled(box()), sampled(box(at=(0.1, 0, 0))))
    assert (far.value, met.value) == (pytest.approx(0, abs=0.01), 1)


def test_other_samples_of_one_surface_differ_by_less_than_is_said():
    far, mean, met = distances(sampled(box()), sampled(box(), seed=7), fit=False)
    assert mean.value == pytest.approx(0.5 * math.sqrt(6 / 8192), rel=0.15)
    assert far.value < 0.06
    assert met.value == 1
    assert distances(sampled(box()), sampled(box(), seed=7), fit=False, threshold=0.02)[2].value < 0.9


def test_place_size_and_quarter_turns_do_not_count():
    mesh = corner()
    moved = ObjectMesh(tuple(PartMesh(one.name, one.vertices * 40 + [7, 8, 9], one.faces) for one in mesh.parts))
    for turn in (0, 90, 180, 270):
        found = compare(around(moved, turn), mesh)
        assert found.yaw_deg == (360 - turn) % 360
        assert (found.iou_box.value, found.iou_exact.value) == pytest.approx((1, 1), abs=1e-5)
        assert found.iou_voxel.value > 0.99
        assert found.hausdorff.value < 0.05 and found.fscore.value == 1
    askew = compare(around(mesh, 90), mesh, align=False, fit=False)
    assert askew.yaw_deg == 0
    assert askew.iou_exact.value < 0.5 and askew.hausdorff.value > 0.2


def test_a_fit_takes_small_turns_away_and_boxes_do_not_stand_askew():
    mesh = corner()
    loose, fitted = (compare(around(mesh, 8), mesh, fit=way) for way in (False, True))
    assert loose.hausdorff.value > 0.06
    assert fitted.hausdorff.value < 0.6 * loose.hausdorff.value
    assert fitted.chamfer.value < loose.chamfer.value
    assert (fitted.iou_box, fitted.iou_exact) == (loose.iou_box, loose.iou_exact)


def test_what_should_be_symmetric_is():
    one, other = corner(), joined(box((0.8, 0.3, 0.2)), ball(0.2, (0.3, 0.3, 0.1), 2))
    here, there = compare(one, other), compare(other, one)
    for name in ("iou_box", "iou_voxel", "iou_exact", "hausdorff", "chamfer", "fscore"):
        assert vars(here)[name].value == pytest.approx(vars(there)[name].value, abs=1e-5), name
    assert here.iogt_exact.value != pytest.approx(there.iogt_exact.value, abs=1e-3)


FLAT = ObjectMesh((PartMesh("line", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]]),))
EMPTY = ObjectMesh((PartMesh("nothing", np.zeros((0, 3)), []),))


@pytest.mark.parametrize(("broken", "why"), [
    (None, "no mesh"), (FLAT, "a mesh without area or extent"), (EMPTY, "a mesh without area or extent"),
])
def test_a_prediction_that_failed_has_the_worst_figures_and_the_reason(broken, why):
    found = compare(broken, box())
    assert found.failed == why
    for name in COLUMNS:
        worst = FARTHEST if name in ("hausdorff", "chamfer") else 0.0
        assert vars(found)[name] == Figure(worst, why)


def test_a_sheet_has_figures_with_reasons():
    sheet = ObjectMesh((PartMesh("sheet", [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]]),))
    found = compare(sheet, box())
    assert found.failed == ""
    assert found.iogt_box == Figure(0.0, "the prediction fills nothing")
    assert found.iogt_voxel.value == pytest.approx(1 / 64, rel=0.01)
    assert math.isnan(found.iogt_exact.value) and "4 open edges" in found.iogt_exact.reason
    assert found.hausdorff.value == pytest.approx(0.5, abs=0.05)
    other = compare(box(), sheet)
    assert math.isnan(other.iogt_box.value) and other.iogt_box.reason == "the reference fills nothing"


@pytest.mark.parametrize("broken", [FLAT, EMPTY])
def test_a_reference_without_area_is_the_data_s_fault(broken):
    with pytest.raises(ConfigurationError, match="expected a reference with an area, got none"):
        compare(box(), broken)


def test_clip_sees_eight_grey_views_whatever_the_material_size_and_place():
    views = clip_views(box(), size=48)
    assert views.shape == (8, 48, 48) and views.dtype == np.float32
    assert views[:, 0, 0].tolist() == [1] * 8
    assert views.min() < 0.7
    red = ObjectMesh((PartMesh("part", box().vertices * 30 + [5, 6, 7], box().faces, base_colour=(1, 0, 0)),))
    assert np.abs(clip_views(red, size=48) - views).max() < 1e-3
    reach = np.abs(np.stack([camera.project(box((2, 2, 2)).vertices)[:, :2] for camera in clip_cameras(box((2, 2, 2)))])).max()
    assert 0.85 < reach <= 0.95 + 1e-9


def test_clip_is_the_mean_cosine_times_a_hundred_with_its_card():
    found = clip_figure(ball(), "a ball", TinyScorer(), size=32)
    pictures = clip_views(ball(), size=32)
    scorer = TinyScorer()
    cosines = scorer.embed_images(pictures).astype(float) @ scorer.embed_texts(["a ball"])[0].astype(float)
    assert found.views == pytest.approx(100 * cosines, abs=2e-4)
    assert found.value == pytest.approx(100 * cosines.mean(), abs=2e-4)
    assert (found.card, found.column, found.reason) == (CARD, "tiny x100", "")
    blank = clip_figure(None, "a ball", TinyScorer(), size=32)
    assert blank.reason == "blank pages: no mesh with an area"
    assert len(set(blank.views)) == 1


def test_clip_refuses_words_that_the_scorer_does_not_know():
    class Strict(TinyScorer):
        def check_text(self, text: str) -> None:
            raise ConfigurationError("known words", came=text)

    with pytest.raises(ConfigurationError, match="expected known words, got a zyzzyva"):
        clip_figure(ball(), "a zyzzyva", Strict())


def test_the_bootstrap_covers_the_mean_and_repeats_itself():
    generator = np.random.default_rng(5)
    hits = 0
    for trial in range(200):
        row = bootstrap_interval(generator.normal(3.0, 2.0, 30), seed=trial, draws=500)
        hits += row.low <= 3.0 <= row.high
    assert 0.88 <= hits / 200 <= 0.98
    values = [0.1, 0.5, 0.4, 0.9]
    row = bootstrap_interval(values, seed=1)
    assert row == bootstrap_interval(values, seed=1)
    assert row.mean == 0.475 and 0.1 <= row.low < row.mean < row.high <= 0.9
    assert bootstrap_interval(values, seed=2, draws=50) != bootstrap_interval(values, seed=1, draws=50)


def test_an_interval_needs_objects_and_says_what_it_left_out():
    one = bootstrap_interval([0.4, math.nan])
    assert (one.mean, one.n, one.unmeasured, one.claim) == (0.4, 1, 1, ONE_OBJECT)
    assert math.isnan(one.low) and math.isnan(one.high)
    none = bootstrap_interval([math.nan])
    assert (none.n, none.unmeasured, none.claim) == (0, 1, NO_OBJECT) and math.isnan(none.mean)
    with pytest.raises(ConfigurationError, match="got 1 infinite, level 0.95, 10000 draws"):
        bootstrap_interval([math.inf, 1.0])


def test_failed_objects_stay_in_every_mean_and_others_stand_beside():
    rows = [measured("ball", ball(), reference=ball(), caption="a ball", scorer=TinyScorer()),
            measured("gone", None, reference=box(), caption="a box", scorer=TinyScorer(), reason="the program raised")]
    assert rows[1].failed == "the program raised"
    table = {row.column: row for row in summaries(rows, draws=200)}
    assert list(table) == [*COLUMNS.values(), "tiny x100"]
    iou = table["IoU (exact)"]
    assert (iou.mean, iou.n, iou.failed, iou.mean_made) == (0.5, 2, 1, 1.0)
    assert table["Hausdorff"].mean == pytest.approx(FARTHEST / 2, abs=1e-6)
    assert table["tiny x100"].failed == 1


def test_summaries_leave_out_columns_that_nobody_has_and_refuse_two_scorers():
    assert summaries([ObjectFigures("bare")]) == ()
    other = TinyScorer(card=CARD.__class__(**{**vars(CARD), "weights": "others"}))
    rows = [ObjectFigures("a", clip=clip_figure(ball(), "a", TinyScorer(), size=16)),
            ObjectFigures("b", clip=clip_figure(ball(), "a", other, size=16))]
    with pytest.raises(ConfigurationError, match="expected one scorer for all objects"):
        summaries(rows)


def test_columns_name_every_figure():
    figures = [name for name, kind in ShapeFigures.__annotations__.items() if kind == "Figure"]
    assert list(COLUMNS) == figures
