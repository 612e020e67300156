"""What parts share of a field's grids when each has a box of its own, and what they still share."""

from __future__ import annotations

import math

import numpy as np
import pytest
import trimesh

from shapecraft.mesh import ObjectMesh
from shapecraft.painted_field import Layout
from shapecraft.texture_field import FieldSettings
from tests.shapecraft.toy_painting import part


@pytest.mark.parametrize(("over", "cells", "entries_log2", "shared"), [
    ("apart", 18, 13, False),  # 2.25 across: cells of 0.125, half the gap; 19 cubed rows of their own
    ("apart", 4, 13, True),  # a cell of 0.56 spans the gap
    ("apart", 18, 8, True),  # hashed
    ("surface", 18, 13, True),
])
def test_parts_that_touch_share_rows_of_coarse_and_of_hashed_levels_alone(over, cells, entries_log2, shared):
    mesh = ObjectMesh((part("one", trimesh.creation.box((1.0, 1.0, 1.0))),
                       part("other", trimesh.creation.box((1.0, 1.0, 1.0)), (1.0, 0.0, 0.0))))
    layout = Layout.of(mesh, over)
    field = layout.field(FieldSettings(levels=1, coarsest=1, finest=cells, entries_log2=entries_log2), seed=0)
    drawn = np.random.default_rng(0).random((4000, 3)) - 0.5
    read = [set(field.places(layout.points(np.full(4000, number), drawn + np.array([number, 0, 0]), np.zeros((0, 2))))
                .entries.flatten().tolist()) for number in (0, 1)]
    assert bool(read[0] & read[1]) == shared


def test_metres_of_the_field_where_a_part_lies():
    """As many as its longest side of the box, or, with boxes of their own, as they lie apart."""
    mesh = ObjectMesh((part("long", trimesh.creation.box((2.0, 0.1, 0.1))),
                       part("small", trimesh.creation.box((0.2, 0.1, 0.1)), (0.0, 0.0, 0.5))))
    surface = Layout.of(mesh, "surface")
    assert [surface.cell(number) for number in (0, 1, None)] == pytest.approx([2.0, 2.0, 2.0])
    apart = Layout.of(mesh, "apart")
    assert [apart.cell(number) for number in (0, 1, None)] == pytest.approx([4.5, 0.45, 0.45])
    step = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    for number, one in enumerate(mesh.parts):
        at = apart.points(np.full(2, number), step + one.bounds[0], np.zeros((2, 2)))
        longest = (apart.bounds[1] - apart.bounds[0]).max()
        assert (at[1] - at[0])[0] / longest * apart.cell(number) == pytest.approx(0.1)
    assert Layout.of(mesh, "uv").cell(0) == Layout.of(mesh, "uv").cell(None) == math.inf
