"""Geometry facts on shapes whose measures are known, their invariances and their limits."""

from __future__ import annotations

import json
import math
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawagent.geometry import GeometryFacts, facts
from drawagent.language import parse
from drawagent.polylines import end_distances, polyline_distances, touching_components
from drawagent.sketch import Sketch

REAL = Path(__file__).parents[2] / "data" / "llm_sketches"
K = 0.5523


def line(start, end) -> list:
    start, end = np.array(start, float), np.array(end, float)
    return [(start + (end - start) * t / 3).tolist() for t in range(4)]


def path(*corners) -> list:
    return [line(a, b) for a, b in pairwise(corners)]


def ring(radius=1.0) -> list:
    """Four quarter arcs in the plane y = 0."""
    quarters = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    arcs = []
    for (x, z), (u, w) in zip(quarters, quarters[1:] + quarters[:1], strict=True):
        flat = [(x, z), (x + K * u, z + K * w), (u + K * x, w + K * z), (u, w)]
        arcs.append([(radius * a, 0.0, radius * b) for a, b in flat])
    return arcs


def cube() -> list:
    edges = []
    for a in (-1, 1):
        for b in (-1, 1):
            edges += [line((-1, a, b), (1, a, b)), line((a, -1, b), (a, 1, b)), line((a, b, -1), (a, b, 1))]
    return edges


def measure(strokes, **settings_) -> GeometryFacts:
    return facts(Sketch.from_array(strokes), **settings_)


def test_square_with_a_gap():
    f = measure(path((-1, 0, -1), (1, 0, -1), (1, 0, 1), (-1, 0, 1), (-1, 0, -0.9)))
    assert f.strokes == 4
    assert f.size == (2.0, 0.0, 2.0)
    assert f.components == 1
    assert f.loose_ends == 2
    assert f.gaps == ((0, 0, 3, 0.1), (3, 1, 0, 0.1))
    assert (f.joints, f.joint_angles) == (3, (90.0, 90.0))
    assert f.length == 7.9
    assert f.flatness == 1.0
    assert f.depth_use == 0.0
    assert f.words(("floor", None, None, "post")).splitlines() == [
        "- 4 strokes; extent x 2.00, y 0.00, z 2.00; depth use 0.00 (nearly flat)",
        "- 1 connected component(s); 2 loose stroke end(s)",
        "- mirror symmetry in y: residual 0.000 (0 is exact)",
        "- 3 joint(s) of two strokes: mean turn 90 deg, largest 90 deg; "
        "largest jump of curvature where they go on smoothly 0.0",
        "- end P0 of stroke 0 (floor) stops 0.100 short of stroke 3 (post)",
        "- end P3 of stroke 3 (post) stops 0.100 short of stroke 0 (floor)",
    ]


def test_a_wider_gap_is_no_longer_a_near_miss_and_a_narrow_one_is_joined():
    corners = ((-1, 0, -1), (1, 0, -1), (1, 0, 1), (-1, 0, 1))
    assert measure(path(*corners, (-1, 0, -0.8))).gaps == ()
    joined = measure(path(*corners, (-1, 0, -0.97)))
    assert joined.gaps == ()
    assert joined.loose_ends == 0, "a gap of exactly the tolerance is joined"
    assert measure(path(*corners, (-1, 0, -0.9)), tolerance=0.2).loose_ends == 0


def test_cube():
    f = measure(cube())
    assert (f.strokes, f.components, f.loose_ends, f.gaps, f.joints) == (12, 1, 0, (), 0)
    assert f.depth_use == 1.0
    assert f.mirror_residual == 0.0
    assert f.flatness == pytest.approx(2 / 3, abs=1e-4)
    assert f.length == 24.0
    assert f.outside == 0.0
    assert f.penalty == 0.0
    assert measure(np.array(cube()) * 2).outside == pytest.approx(1.0)


def test_flat_circle():
    f = measure(ring(0.3))
    assert (f.components, f.loose_ends, f.joints) == (1, 0, 4)
    assert f.joint_angles == (0.0, 0.0)
    assert f.curvature_jump == 0.0
    assert f.length == pytest.approx(2 * math.pi, abs=0.01)
    assert f.size == pytest.approx((0.6, 0.0, 0.6), abs=1e-4)
    assert (f.flatness, f.depth_use) == (1.0, 0.0)
    assert f.mirror_residual < 1e-3
    assert f.penalty == 0.25


def test_curvature_jumps_where_a_straight_line_becomes_an_arc():
    arc = ring()[0]  # from (1, 0, 0) upwards, radius 1
    f = measure([line((1, 0, -1), (1, 0, 0)), arc])
    assert (f.joints, f.joint_angles) == (1, (0.0, 0.0))
    assert f.curvature_jump == pytest.approx(2 / 3 * (1 - K) / K**2, abs=1e-4), "1 over the radius, nearly"
    assert measure([line((0, 0, 0), (1, 0, 0)), arc]).curvature_jump == 0.0, "a corner has no jump of curvature"


@pytest.mark.parametrize("degrees", [10.0, 60.0, 135.0])
def test_joint_of_known_angle(degrees):
    turn = math.radians(degrees)
    f = measure([line((-1, 0, 0), (0, 0, 0)), line((math.cos(turn), 0, math.sin(turn)), (0, 0, 0))])
    assert f.joints == 1
    assert f.joint_angles == pytest.approx((degrees, degrees), abs=1e-3)


def test_a_handle_without_length_still_has_a_tangent():
    first, second = line((-1, 0, 0), (0, 0, 0)), line((0, 0, 0), (0, 0, 1))
    first[2], second[1] = first[3], second[0]
    assert measure([first, second]).joint_angles == (90.0, 90.0)


def test_mirror_symmetry():
    post = line((0.5, -0.2, 0), (0.7, 0.4, 1))
    twin = [(-x, y, z) for x, y, z in post]
    seat = line((-0.7, 0.3, 0), (0.7, 0.3, 0))
    both = measure([post, twin, seat])
    assert (both.mirror_axis, both.mirror_residual) == ("x", 0.0)
    assert measure([[(y, x, z) for x, y, z in stroke] for stroke in (post, twin, seat)]).mirror_axis == "y"
    skewed = measure([post, [(x - 0.3 * z, y, z) for x, y, z in twin], seat])
    assert skewed.mirror_residual > 0.03
    assert measure([post, seat]).mirror_residual > skewed.mirror_residual
    other_way = measure([post, twin[::-1], seat[::-1]])
    assert other_way.mirror_residual == 0.0


def test_duplicates_either_way_and_degenerate_strokes():
    a, b = line((-1, 0, 0), (1, 0, 0)), line((0, 0, 0), (0, 1, 1))
    dot = [(0.5, 0.5, 0.5)] * 4
    f = measure([a, a[::-1], b, a, dot])
    assert f.duplicate == ((0, 1), (0, 3))
    assert f.degenerate == (4,)
    assert "- drawn twice: 0 (rail) = 1, 0 (rail) = 3" in f.words(("rail",))
    assert "- strokes of no length: 4" in f.words()


def test_loops_close_on_their_own_and_crossing_counts_as_touching():
    loop = [(0, 0, 0), (1, 0, 1), (-1, 0, 1), (0, 0, 0)]
    assert measure([loop]).loose_ends == 0
    cross = measure([line((-1, 0, -0.98), (1, 0, 1)), line((-1, 0, 1), (1, 0, -1))])
    assert (cross.components, cross.loose_ends) == (1, 4)
    assert measure([line((-1, 0.1, -0.98), (1, 0.1, 1)), line((-1, 0, 1), (1, 0, -1))]).components == 2


def test_one_stroke_and_nothing_and_points():
    one = measure([line((0, 0, 0), (0, 0, 3))])
    assert (one.strokes, one.components, one.loose_ends, one.gaps, one.joints) == (1, 1, 2, (), 0)
    assert one.length == 2.0
    none = facts(Sketch(()))
    assert (none.strokes, none.components, none.penalty) == (0, 0, 1.0)
    point = measure([[(7, 7, 7)] * 4] * 3)
    assert (point.degenerate, point.duplicate) == ((0, 1, 2), ((0, 1), (0, 2)))
    assert (point.components, point.length, point.depth_use, point.loose_ends) == (1, 0.0, 0.0, 0)
    assert measure([line((0, -1, 0), (0, 1, 0))]).depth_use == 10.0
    for f in (one, none, point):
        assert f.words().isascii()


def test_words_stay_short():
    rng = np.random.default_rng(0)
    f = measure(rng.uniform(-2, 2, (256, 4, 3)))
    assert len(f.words(("x" * 80,) * 256).splitlines()) <= 14
    assert 0 <= f.penalty <= 1


grid = st.integers(-64, 64).map(lambda n: n / 64)
strokes = st.lists(st.lists(st.tuples(grid, grid, grid), min_size=4, max_size=4), min_size=1, max_size=8)


@given(strokes, st.sampled_from([2.0**-9, 0.25, 8.0]), st.tuples(*[st.sampled_from([-16.0, 0.0, 0.5])] * 3))
@settings(max_examples=60, deadline=None)
def test_scale_and_place_change_nothing_but_size_and_outside(points, scale, shift):
    f, g = measure(points), measure(np.array(points) * scale + np.array(shift))
    for name in ("components", "loose_ends", "gaps", "degenerate", "duplicate", "flatness", "mirror_residual",
                 "joints", "joint_angles", "curvature_jump", "length", "penalty"):
        one, other = np.ravel(getattr(f, name)), np.ravel(getattr(g, name))
        assert one == pytest.approx(other, abs=1.5e-4, rel=1e-4), name
    assert np.array(g.size) == pytest.approx(np.array(f.size) * scale, abs=2e-4 * max(scale, 1))


def test_last_bits_do_not_reach_prompts():
    """The same words come from machines whose sums differ in their last bits."""
    rng = np.random.default_rng(1)
    for name in sorted(json.loads((REAL / "gold.json").read_text())):
        sketch = parse((REAL / name).read_text(), mode="lenient").sketch
        plain = facts(sketch)
        for _ in range(3):
            points = sketch.array()
            other = facts(Sketch.from_array(points * (1 + rng.choice([-1, 0, 1], points.shape) * 2.3e-16)))
            assert other == plain
            assert other.words() == plain.words()


@pytest.mark.parametrize("kind", ["tangle", "scraps", "posts", "one place"])
def test_256_strokes_take_less_than_half_a_second(kind):
    rng = np.random.default_rng(0)
    places = rng.uniform(-1, 1, (256, 1, 3))
    points = {
        "tangle": rng.uniform(-1, 1, (256, 4, 3)),
        "scraps": places + rng.normal(0, 0.02, (256, 4, 3)),
        "posts": places + np.linspace(0, 1, 4)[None, :, None] * np.array([0, 0, 1.0]),
        "one place": np.zeros((256, 4, 3)),
    }[kind]
    measure(points)
    begun = time.thread_time()
    measure(points)
    assert time.thread_time() - begun < 0.5


def test_polyline_distances_against_a_dense_search():
    rng = np.random.default_rng(2)
    one, other = rng.uniform(-1, 1, (2, 20, 4, 3))
    one[0], other[1] = one[0, :1], other[1, :1]  # points without extent
    other[2] = one[2] + (0, 0.1, 0)  # parallel
    t = np.linspace(0, 1, 200)[:, None]
    dense = [np.concatenate([a + (b - a) * t for a, b in pairwise(c)]) for c in [*one, *other]]
    truth = [np.linalg.norm(a[:, None] - b[None], axis=2).min() for a, b in zip(dense[:20], dense[20:], strict=True)]
    found = polyline_distances(one, other)
    assert found == pytest.approx(truth, abs=0.01)
    assert (found <= np.array(truth) + 1e-12).all()
    assert found[2] <= 0.1 + 1e-12


def test_components_against_all_pairs():
    rng = np.random.default_rng(3)
    for reach in (0.05, 0.15, 0.3):
        curves = Sketch.from_array(
            rng.uniform(-1, 1, (40, 1, 3)) + rng.normal(0, 0.15, (40, 4, 3))
        ).curve_points(25)
        i, j = np.triu_indices(40, 1)
        touching = polyline_distances(curves[i], curves[j]) <= reach
        group = list(range(40))
        for a, b in zip(i[touching], j[touching], strict=True):
            group = [group[a] if g == group[b] else g for g in group]
        assert touching_components(curves, reach) == len(set(group))
    nearest, closest = end_distances(curves)
    assert nearest.shape == closest.shape == (40, 2)
    ends = np.repeat(curves[:, :1], 25, axis=1)
    rows = [polyline_distances(ends[:1].repeat(39, 0), curves[1:])]
    assert nearest[0, 0] == pytest.approx(rows[0].min())
    assert closest[0, 0] == rows[0].argmin() + 1
