"""What parts share of a field's grids when each has a box of its own, and what they still share."""

from __future__ import annotations

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
