"""Paint shots: what is kept, what goes, neighbours, turned lights; layouts of parts in a field."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import trimesh

from easel.torch_threads import torch_threads
from shapecraft.brdf import light_of
from shapecraft.environments import environment
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_settings import Lamps
from shapecraft.paint_shots import Shots, lit
from shapecraft.paint_views import ViewPlan, buffers_of, paint_views, view_from
from shapecraft.painted_field import Layout
from shapecraft.texture_field import FieldSettings

SMALL = FieldSettings(levels=2, entries_log2=8, coarsest=4, finest=8, hidden=8)


@pytest.fixture(autouse=True)
def one_thread():
    with torch_threads(1):
        yield


def part(name: str, shape: trimesh.Trimesh, at=(0, 0, 0)) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces))


def pair() -> ObjectMesh:
    return ObjectMesh((part("low", trimesh.creation.box((2, 1, 1))), part("high", trimesh.creation.box((1, 1, 1)),
                                                                          (0, 0, 1))))


def shots(mesh: ObjectMesh, megabytes: float, lamps: Lamps = "turned", inset: int = 0) -> Shots:
    layout = Layout.of(mesh, "surface")
    views = paint_views(mesh, ViewPlan(whole=3, close=1), seed=0).views
    return Shots(mesh, views, layout.field(SMALL, seed=0), layout, (environment("window"),), size=12, samples=1,
                 seed=0, lamps=lamps, shared=0.1, inset=inset, megabytes=megabytes)


def test_memory_is_bounded_and_what_went_comes_back_alike():
    wide, narrow = shots(pair(), 100.0), shots(pair(), 0.03)
    for number in (0, 1, 2, 0):
        one, other = wide.at(number, 0), narrow.at(number, 0)
        assert torch.equal(one.buffers.pixel, other.buffers.pixel)
        assert torch.equal(one.light.matt, other.light.matt)
        assert narrow.megabytes <= 0.03
    assert wide.megabytes > 2 * narrow.megabytes
    assert wide.at(1, 0).buffers is wide.at(1, 1).buffers
    assert not torch.equal(wide.at(1, 0).light.matt, wide.at(1, 1).light.matt)


def test_neighbours_are_of_one_part_and_of_one_row_or_column():
    shot = shots(pair(), 100.0).at(0, 0)
    one, other = shot.neighbours
    pixel, number = shot.buffers.pixel, shot.buffers.part
    assert bool((number[one] == number[other]).all())
    held = {(int(a), int(b)) for a, b in zip(pixel[one], pixel[other], strict=True)}
    own = dict(zip(pixel.tolist(), number.tolist(), strict=True))
    wanted = {(at, at + step) for at in own for step in (1, 12)
              if own.get(at + step) == own[at] and (step == 12 or at % 12 != 11)}
    assert held == wanted
    assert float(shot.roughening(torch.full((len(shot.buffers),), 0.3))) == 0


def test_inset_leaves_out_what_lies_close_to_another_part_or_the_backdrop():
    assert shots(pair(), 100.0).at(0, 0).inner is None
    shot = shots(pair(), 100.0, inset=1).at(0, 0)
    inside = np.full(144, -1)
    inside[shot.buffers.pixel] = shot.buffers.part
    own = np.pad(inside.reshape(12, 12), 1, mode="edge")
    wanted = [len(set(own[row:row + 3, column:column + 3].reshape(-1))) == 1
              for row, column in (divmod(int(one), 12) for one in shot.buffers.pixel)]
    assert shot.inner.tolist() == [float(one) for one in wanted]
    assert 0 < sum(wanted) < len(wanted)


def test_a_turned_light_is_the_light_of_a_turned_map():
    mesh = pair()
    buffers = buffers_of(mesh, paint_views(mesh, ViewPlan(whole=1, close=0), seed=1).views[0], size=24)
    around = environment("window")
    turned = light_of(around.turned(90.0), buffers.normal, buffers.view)
    found = lit(around, buffers, np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    torch.testing.assert_close(found.matt.float(), turned.matt, atol=4e-3, rtol=1e-2)
    assert float((found.gloss.float() - turned.gloss).abs().mean() / turned.gloss.mean()) < 0.02
    assert float((found.matt - lit(around, buffers).matt).abs().max()) > 0.1


def test_the_viewers_lamps_light_every_side_alike():
    ball = ObjectMesh((part("ball", trimesh.creation.icosphere(3)),))
    layout = Layout.of(ball, "surface")
    views = tuple(view_from(ball, towards) for towards in ((0, -1, 0.2), (1, 0.3, 0.4), (0.1, 0.2, -1)))

    def brightness(lamps: Lamps) -> list[float]:
        made = Shots(ball, views, layout.field(SMALL, seed=0), layout, (environment("overcast"),), size=16, samples=1,
                     seed=0, lamps=lamps, shared=0.1, inset=0, megabytes=100.0)
        return [float(made.at(number, 0).light.matt.float().mean()) for number in range(3)]

    assert np.ptp(brightness("viewer")) < 0.02
    assert min(brightness("viewer")) > 0.8
    assert brightness("still")[2] < 0.5
    assert brightness("turned") == pytest.approx(brightness("still"), rel=0.02)  # a sky that is alike all around


@pytest.mark.parametrize("count", [1, 2, 5, 9, 28])
def test_apart_every_part_has_a_box_of_its_own(count):
    mesh = ObjectMesh(tuple(part(f"part{number}", trimesh.creation.box((1, 2, 0.5)), (number * 0.1, 0, 0))
                            for number in range(count)))
    layout = Layout.of(mesh, "apart")
    boxes = []
    for number, one in enumerate(mesh.parts):
        points = layout.points(np.full(len(one.vertices), number), one.vertices, None)
        boxes.append((points.min(axis=0), points.max(axis=0)))
        assert np.ptp(points, axis=0) == pytest.approx([0.5, 1.0, 0.25])
        assert (points >= layout.bounds[0] - 1e-9).all()
        assert (points <= layout.bounds[1] + 1e-9).all()
        tensors = layout.points(torch.full((len(one.vertices),), number), torch.tensor(one.vertices), None)
        np.testing.assert_allclose(tensors, points)
    for one in range(count):
        for other in range(one):
            assert (boxes[one][0] > boxes[other][1] + 0.2).any() or (boxes[other][0] > boxes[one][1] + 0.2).any()
