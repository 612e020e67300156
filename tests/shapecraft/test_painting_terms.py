"""What a step of a painting weighs, which views, lights and environments it takes, and at which rate it goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from shapecraft import paint_shots, painting
from shapecraft.environments import environment
from shapecraft.paint_chance import WHOLE
from shapecraft.paint_events import PaintStepped
from shapecraft.paint_settings import PaintSettings
from shapecraft.painting import _Work, paint
from tests.shapecraft.toy_painting import SUBJECT, TINY, ToyGuidance


def gradient(settings: PaintSettings, term: int, weight: float) -> torch.Tensor:
    """Of the last bias, of one term alone."""
    made = tuple(environment(one) for one in settings.environments)
    work = _Work(SUBJECT, ToyGuidance(noise=0.0), settings, made, "cpu")
    work.term(0, term, weight, 1)
    found = work.field.parameters[-1].grad
    assert found is not None
    return found.clone()


def test_a_term_counts_by_its_weight_and_parts_by_theirs_too():
    plain = gradient(TINY, 0, 1.0)
    assert plain.abs().max() > 1e-3
    assert torch.allclose(gradient(TINY, 0, 3.0), 3 * plain, rtol=1e-4)
    assert torch.allclose(gradient(replace(TINY, part_weight=2.0), 0, 3.0), 6 * plain, rtol=1e-4)
    whole = gradient(TINY, WHOLE, 1.0)
    assert torch.allclose(gradient(replace(TINY, part_weight=2.0), WHOLE, 4.0), 4 * whole, rtol=1e-4)


def test_every_step_goes_at_its_own_rate(monkeypatch):
    rates: list[float] = []
    step = torch.optim.Adam.step

    def heard(self, *rest, **more):
        rates.extend(group["lr"] for group in self.param_groups)
        return step(self, *rest, **more)

    monkeypatch.setattr(torch.optim.Adam, "step", heard)
    settings = replace(TINY, last_rate=0.1)
    list(paint(SUBJECT, ToyGuidance(), settings))
    assert rates == [settings.rate_at(number) for number in range(settings.steps)]
    assert rates[-1] == pytest.approx(0.1 * rates[0])


def test_views_come_in_rounds_and_all_lights_and_environments_occur(monkeypatch):
    lights: set[int] = set()
    names: set[str] = set()
    at, made = paint_shots.Shots.at, paint_shots.lit

    def seen(self, view, light):
        lights.add(light)
        return at(self, view, light)

    def lit(around, *rest, **more):
        names.add(around.name)
        return made(around, *rest, **more)

    monkeypatch.setattr(painting.Shots, "at", seen)
    monkeypatch.setattr(paint_shots, "lit", lit)
    settings = replace(TINY, steps=6, lights=2, environments=("studio", "overcast", "window"))
    steps = [one for one in paint(SUBJECT, ToyGuidance(), settings) if isinstance(one, PaintStepped)]
    for part, count in (("", 3), ("seat", 2)):
        views = [term.view.camera.eye for step in steps for term in step.terms if term.part == part]
        assert len(views) == 6
        for begin in range(0, 6, count):
            assert len(set(views[begin:begin + count])) == count
    assert lights == {0, 1}
    assert names == {"studio", "overcast", "window"}
