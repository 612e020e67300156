"""Atlas: charts apart, texels that know their place, uv of one's own, borders and their rims."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy import ndimage

from easel.errors import ConfigurationError
from shapecraft import charts, unfolding
from shapecraft.atlas import make_atlas
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.texel_map import texel_map
from shapecraft.uv_edges import border_points, charts_of, uv_edges

ARRAYS = ("part", "face", "inside", "position", "normal", "place")


def part(name: str, shape: trimesh.Trimesh, at=(0, 0, 0), **rest) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces), **rest)


def stool() -> ObjectMesh:
    """A seat, a leg, and a ball between them that both cut."""
    return ObjectMesh((
        part("seat", trimesh.creation.box((1.0, 1.0, 0.2)), (0, 0, 0.9)),
        part("leg", trimesh.creation.cylinder(0.1, 0.8, sections=16), (0, 0, 0.4)),
        part("ball", trimesh.creation.icosphere(subdivisions=2, radius=0.2), (0, 0, 0.75)),
    ))


def square(name: str, uv, z: float = 0.0) -> PartMesh:
    """Two triangles; uv : four pairs, counter-clockwise from the lower left"""
    corners = np.array(uv, dtype=float)[[[0, 1, 2], [0, 2, 3]]]
    return PartMesh(name, [[0, 0, z], [1, 0, z], [1, 1, z], [0, 1, z]], [[0, 1, 2], [0, 2, 3]], uv=corners)


@pytest.fixture(scope="module")
def atlas():
    return make_atlas(stool(), size=256, padding=3)


def test_charts_of_all_parts_share_a_page_and_stay_apart(atlas):
    assert atlas.pieces == 0
    labels, count = ndimage.label(atlas.inside, structure=np.ones((3, 3)))
    assert count == len(np.unique(charts_of(atlas.mesh)))
    for number in range(1, count + 1):
        own = labels == number
        assert len(np.unique(atlas.part[own])) == 1, "a chart of two parts"
        if count > 1:
            gap = ndimage.distance_transform_edt(~own)[(labels > 0) & ~own].min()
            assert gap > 2 * 3, "padding around each of two charts"
    rows, columns = np.nonzero(atlas.inside)
    assert min(rows.min(), columns.min()) >= 3
    assert max(rows.max(), columns.max()) <= 256 - 4
    assert atlas.inside.mean() > 0.4, "the page is filled"
    assert set(np.unique(atlas.part)) == {-1, 0, 1, 2}
    # One scale for all: texels of a part are as its area is.
    shares = np.bincount(atlas.part[atlas.inside], minlength=3) / atlas.inside.sum()
    areas = np.array([one.area for one in atlas.mesh.parts])
    assert shares == pytest.approx(areas / areas.sum(), abs=0.02)


def test_the_same_mesh_gives_the_same_atlas(atlas):
    again = make_atlas(stool(), size=256, padding=3)
    assert all(np.array_equal(getattr(again, name), getattr(atlas, name)) for name in ARRAYS)


def test_texels_know_where_they_lie(atlas):
    for number, one in enumerate(atlas.mesh.parts):
        own = (atlas.part == number) & atlas.inside
        position = atlas.position[own].astype(float)
        face = atlas.face[own] - sum(len(before.faces) for before in atlas.mesh.parts[:number])
        plane = np.einsum("px,px->p", position - one.triangles[face][:, 0], one.face_normals[face])
        assert np.abs(plane).max() < 1e-6
        assert np.linalg.norm(atlas.normal[own], axis=1) == pytest.approx(1.0, abs=1e-5)
        rows, columns = np.nonzero(own)
        centre = np.stack([(columns + 0.5) / 256, 1 - (rows + 0.5) / 256], axis=1)
        assert np.abs(atlas.place[own] - centre).max() < 1e-5
    ball = (atlas.part == 2) & atlas.inside
    outwards = atlas.position[ball] - [0, 0, 0.75]
    assert (np.einsum("px,px->p", outwards, atlas.normal[ball]) > 0.19).all(), "smooth normals of a ball"


def test_a_rim_shows_the_surface_beyond_its_border(atlas):
    """A cube's seat: what lies beyond one face's chart is the next face, so far from the edge as the texel is."""
    rim = (atlas.part == 0) & ~atlas.inside
    away = np.abs(atlas.position[rim] - [0, 0, 0.9]) - [0.5, 0.5, 0.1]
    assert np.abs(away).min(axis=1).max() < 1e-6, "on the surface"
    # Of a rim's texel the owner's face and the place's differ: its normal is another than the chart's.
    flat = np.concatenate([one.face_normals for one in atlas.mesh.parts])[atlas.face[rim]]
    turned = np.einsum("px,px->p", flat, atlas.normal[rim]) < 0.5
    assert turned.mean() > 0.9
    texel = np.sqrt(atlas.mesh.area / atlas.inside.sum())
    edge = np.sort(np.abs(away), axis=1)[:, 1]
    assert edge.max() < 1.6 * texel
    assert edge.mean() > 0.4 * texel


def test_borders_are_found_on_both_sides(atlas):
    edges = uv_edges(atlas.mesh)
    assert len(edges.one) == 1.5 * len(atlas.mesh.faces), "every edge of closed parts once"
    assert edges.turned.all()
    places, faces = border_points(atlas.mesh, 256)
    a, b = (np.einsum("pk,pkx->px", _shares(atlas.mesh.uv[faces[:, side]], places[:, side]),
                      atlas.mesh.triangles[faces[:, side]]) for side in (0, 1))
    assert np.abs(a - b).max() < 1e-5, "one point of the surface"
    assert np.linalg.norm(places[:, 0] - places[:, 1], axis=1).min() > 1e-4, "two places of the page"


def _shares(corners: np.ndarray, at: np.ndarray) -> np.ndarray:
    full = np.concatenate([corners, np.ones((*corners.shape[:2], 1))], axis=2)
    return np.linalg.solve(np.swapaxes(full, 1, 2), np.concatenate([at, np.ones((len(at), 1))], axis=1)[..., None])[..., 0]


def test_a_finer_page_has_the_same_uv(atlas):
    fine = atlas.at_size(512)
    assert fine.mesh is atlas.mesh
    assert (fine.size, fine.padding) == (512, 6)
    assert atlas.at_size(256) is atlas
    assert (fine.part[1::2, 1::2] == atlas.part)[atlas.inside].mean() > 0.97


def test_padding_is_whole_where_the_page_allows_and_less_where_charts_would_vanish():
    for size, padding in ((64, 2), (256, 4)):
        assert make_atlas(stool(), size=size).padding == padding
    boxes = ObjectMesh(tuple(part(f"p{n}", trimesh.creation.box((1, 1, 1)), (2 * n, 0, 0)) for n in range(40)))
    crowded = make_atlas(boxes, size=256)
    assert crowded.padding == 2
    assert crowded.inside.mean() > 0.2
    assert make_atlas(boxes, size=256, padding=4).padding == 4, "what is asked for stands"


def test_charts_that_cannot_fit_are_refused_without_packing(monkeypatch):
    """Each with its padding takes 50 texels, whatever its scale: 100,000 of 65,536."""
    packings: list[float] = []
    monkeypatch.setattr(unfolding, "_pack", lambda sheets, size, padding, scale: packings.append(scale))
    loose = unfolding.Sheet(np.zeros((0, 2)), np.zeros((0, 3), int), np.zeros(0, int), np.ones(2000))
    assert unfolding.packed([loose], 256, 4) is None
    assert packings == []
    assert unfolding.packed([loose], 1024, 4) is None
    assert packings, "where they may fit, it is tried"
    assert unfolding.padding_of([loose], 256, 4, 1) == 1
    assert unfolding.padding_of([loose], 256, 4, 4) == 4


def test_uv_of_a_users_mesh_are_kept():
    mesh = ObjectMesh((square("left", [(0.05, 0.1), (0.45, 0.1), (0.45, 0.9), (0.05, 0.9)]),
                       square("right", [(0.55, 0.1), (0.95, 0.1), (0.95, 0.9), (0.55, 0.9)], z=1.0)))
    atlas = make_atlas(mesh, size=64)
    assert atlas.kept
    assert atlas.mesh is mesh
    assert atlas.part[32, 10] == 0
    assert atlas.part[32, 50] == 1
    assert atlas.part[0, 0] == -1
    # v = 0.9 is at the top: the row of the surface's upper edge comes first.
    rows = np.flatnonzero((atlas.part == 0).any(axis=1))
    assert atlas.position[rows[1], 10, 1] > atlas.position[rows[-2], 10, 1] + 0.8
    other = make_atlas(mesh, size=64, own_uv="replace")
    assert not other.kept
    assert not np.allclose(other.mesh.parts[0].uv, mesh.parts[0].uv)


@pytest.mark.parametrize(("second", "words"), [
    ([(0.05, 0.1), (0.45, 0.1), (0.45, 0.9), (0.05, 0.9)], r"surface texels of its own, got .* in two triangles"),
    ([(0.55, 0.1), (1.95, 0.1), (1.95, 0.9), (0.55, 0.9)], "uv from 0 to 1, without tiles, got 0 to 1.95"),
    ([(0.7, 0.7), (0.7, 0.7), (0.7, 0.7), (0.7, 0.7)], "an area wherever the surface has one, got .* on right"),
    ([(0.45, 0.1), (0.95, 0.1), (0.95, 0.9), (0.45, 0.9)],
     "two texels or more between parts on a page of 64, got less between left and right"),
    ([(0.475, 0.1), (0.95, 0.1), (0.95, 0.9), (0.475, 0.9)], "got less between left and right .* a larger size"),
    (None, "uv at every part, got none at right"),
])
def test_uv_that_make_no_atlas_are_refused_and_replaced_when_told_so(second, words):
    right = square("right", second or [(0, 0)] * 4, z=1.0)
    mesh = ObjectMesh((square("left", [(0.05, 0.1), (0.45, 0.1), (0.45, 0.9), (0.05, 0.9)]),
                       right if second else replace(right, uv=None)))
    with pytest.raises(ConfigurationError, match=words) as caught:
        make_atlas(mesh, size=64)
    assert 'own_uv="replace"' in str(caught.value)
    assert not make_atlas(mesh, size=64, own_uv="replace").kept


def test_parts_whose_own_uv_lie_two_texels_apart_are_kept():
    mesh = ObjectMesh((square("left", [(0.05, 0.1), (0.45, 0.1), (0.45, 0.9), (0.05, 0.9)]),
                       square("right", [(0.5, 0.1), (0.95, 0.1), (0.95, 0.9), (0.5, 0.9)], z=1.0)))
    assert make_atlas(mesh, size=64).kept


def test_what_cannot_be_an_atlas_is_refused():
    line = PartMesh("line", [[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]])
    with pytest.raises(ConfigurationError, match="a triangle with an area, got none"):
        make_atlas(ObjectMesh((line,)))
    for settings, came in (({"size": 8}, "8, 2"), ({"size": 64, "padding": 30}, "64, 30")):
        with pytest.raises(ConfigurationError, match=f"16 to 4096 texels, padding up to an eighth of them, got {came}"):
            make_atlas(stool(), **settings)
    with pytest.raises(ConfigurationError, match='"keep" or "replace", got \'ours\''):
        make_atlas(stool(), own_uv="ours")
    many = ObjectMesh(tuple(part(f"p{n}", trimesh.creation.box((1, 1, 1)), (2 * n, 0, 0)) for n in range(40)))
    with pytest.raises(ConfigurationError, match="charts that fit a page of 16 texels with 2 between them"):
        make_atlas(many, size=16, padding=2)


def test_parts_without_triangles_and_triangles_without_area_do_no_harm():
    ball = trimesh.creation.icosphere(subdivisions=1)
    faces = np.concatenate([ball.faces, [[0, 0, 1], [2, 3, 2]]])
    mesh = ObjectMesh((PartMesh("ball", ball.vertices, faces), PartMesh("empty", [[0, 0, 0]], np.zeros((0, 3), int)),
                       PartMesh("line", [[3, 0, 0], [4, 0, 0], [5, 0, 0]], [[0, 1, 2]])))
    atlas = make_atlas(mesh, size=64)
    assert atlas.mesh.parts[1].uv is None
    assert set(np.unique(atlas.part)) == {-1, 0}
    lone = atlas.mesh.parts[0].uv[-2:]
    assert (np.ptp(lone, axis=1) == 0).all(), "one point"
    near = (lone[:, 0] * [1, -1] + [0, 1]) * 64
    assert (atlas.part[near[:, 1].astype(int), near[:, 0].astype(int)] == 0).all(), "of its own part's charts"


def test_texels_go_to_the_first_triangle_and_shared_ones_are_counted():
    whole = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], dtype=float)
    found = texel_map(whole, 16)
    assert found.inside.all()
    assert found.shared == 0, "the diagonal is an edge, not an overlap"
    assert found.face[15, 15] == 0
    assert found.face[0, 0] == 1
    assert found.weights.sum(axis=-1) == pytest.approx(1.0)
    twice = texel_map(np.concatenate([whole, whole[:1]]), 16)
    assert twice.shared == 16 * 15 // 2
    speck = texel_map(np.array([[[0.51, 0.51], [0.52, 0.51], [0.51, 0.52]]]), 16)
    assert not speck.inside.any()
    assert (speck.face == 0).sum() >= 4, "a chart that holds no centre has texels around it"


CRASHING = """
import os, runpy, signal, sys
import numpy as np
with np.load(sys.argv[1]) as given:
    if max(len(given[name]) for name in given.files if name.startswith("corners")) > {most}:
        os.kill(os.getpid(), signal.SIGSEGV)
sys.argv[0] = {script!r}
runpy.run_path({script!r}, run_name="__main__")
"""


def test_a_crash_of_xatlas_cuts_parts_into_pieces_and_kills_nothing(monkeypatch, tmp_path):
    ball = ObjectMesh((part("ball", trimesh.creation.icosphere(subdivisions=3)),
                       part("box", trimesh.creation.box((1, 1, 1)), (3, 0, 0))))
    script = tmp_path / "crashing.py"
    script.write_text(CRASHING.format(most=200, script=str(charts._SCRIPT)))
    monkeypatch.setattr(charts, "_SCRIPT", script)
    monkeypatch.setattr(charts, "_PIECES", (None, 150))
    atlas = make_atlas(ball, size=128)
    assert len(ball.parts[0].faces) == 1280
    assert atlas.pieces == 17, "16 of the ball, and the box"
    assert len(np.unique(charts_of(atlas.mesh))) >= 9
    assert atlas.inside.mean() > 0.3
    shares = np.bincount(atlas.part[atlas.inside], minlength=2) / atlas.inside.sum()
    areas = np.array([one.area for one in atlas.mesh.parts])
    assert shares == pytest.approx(areas / areas.sum(), abs=0.03), "one scale for all pieces"
    script.write_text(CRASHING.format(most=0, script=str(script)))
    with pytest.raises(charts.UnfoldingFailed, match="expected charts of a mesh, got a crash of xatlas, even on pieces"):
        make_atlas(ball, size=128)
    script.write_text("raise ValueError('no charts today')")
    with pytest.raises(charts.UnfoldingFailed, match="got ValueError: no charts today"):
        make_atlas(ball, size=128)
    script.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(charts.UnfoldingFailed, match=r"got the end of its process by SIGKILL .* more memory"):
        make_atlas(ball, size=128)


@pytest.mark.acceptance
@pytest.mark.parametrize(("subdivisions", "triangles", "seconds"), [(5, 20_480, 60), (6, 81_920, 90)])
def test_large_meshes_take_seconds(subdivisions, triangles, seconds):
    """The second makes xatlas crash."""
    ball = part("ball", trimesh.creation.icosphere(subdivisions=subdivisions))
    begun = time.perf_counter()
    atlas = make_atlas(ObjectMesh((ball,)), size=1024)
    taken = time.perf_counter() - begun
    assert len(ball.faces) == triangles
    assert atlas.inside.mean() > 0.4
    assert taken < seconds
