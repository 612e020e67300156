"""Painting with a guidance without a model: parts get their own colours, and it goes on wherever it stopped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import trimesh

from easel.guidance import DistilSettings
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_events import (
    PaintFinished,
    PaintStarted,
    PaintStepped,
    PartSkipped,
    Previewed,
)
from shapecraft.paint_settings import PaintSettings
from shapecraft.paint_views import ViewPlan
from shapecraft.painting import PaintSubject, paint
from shapecraft.texture_field import FieldSettings
from tests.shapecraft.toy_guidance import ToyGuidance

GUIDED = DistilSettings(guidance_scale=1.0)
TINY = PaintSettings(
    8, 0.05, GUIDED, GUIDED, FieldSettings(levels=3, entries_log2=9, coarsest=4, finest=16, hidden=16), over="apart",
    environments=("overcast",), lights=1, views=ViewPlan(whole=3, close=2), samples=1, checkpoint_every=2,
)


def part(name: str, shape: trimesh.Trimesh, at=(0, 0, 0)) -> PartMesh:
    return PartMesh(name, shape.vertices + np.array(at), np.asarray(shape.faces))


def stool() -> ObjectMesh:
    """A seat, a leg below it, and a core that the seat hides."""
    return ObjectMesh((
        part("seat", trimesh.creation.box((1.0, 1.0, 0.4)), (0, 0, 0.8)),
        part("leg", trimesh.creation.cylinder(0.1, 0.6, sections=16), (0, 0, 0.3)),
        part("core", trimesh.creation.box((0.6, 0.6, 0.2)), (0, 0, 0.8)),
    ))


SUBJECT = PaintSubject(stool(), "a white stool", ("red seat", "blue leg", "green core"))


def state(events) -> dict[str, torch.Tensor]:
    return events[-1].painted.field.state()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def test_events_in_order():
    events = list(paint(SUBJECT, ToyGuidance(), replace(TINY, preview_every=4, preview_size=24)))
    kinds = [type(one) for one in events]
    steps = [PaintStepped] * 4 + [Previewed]
    assert kinds == [PaintStarted, PartSkipped, *steps, *steps, PaintFinished]
    assert events[0].terms == ("", "seat", "leg")
    assert events[1] == PartSkipped("core", "no visible surface")
    assert [one.part for one in events[2].terms] == ["", "seat", "leg"]
    assert events[6].shaded.shape == (24, 24, 3)
    assert events[6].shaded.dtype == np.uint8
