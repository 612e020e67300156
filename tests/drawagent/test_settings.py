"""Settings: two presets in which every field stands, and `paper` with every addition of ours off."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from drawagent.settings import OURS, DrawSettings
from easel.plugins import load

OFF = {
    "noise_skip": 0.0, "judge_facts": False, "shuffle_order": False, "max_lessons": None, "max_lesson_words": None,
    "refuse_format_lessons": False, "gate": None, "gate_draws": 1, "gate_margin": 0.0, "patience": None,
    "fact_weight": 0.0, "inference_draws": 1, "repairs": 0, "reference": False, "prompt_overlay": None,
    "drop_refused_settings": False,
}
"""Every addition of ours and what switches it off."""

PAPER = {"candidates": 5, "epochs": 2, "temperature": 0.7, "inference_temperature": 0.3,
         "pairing": "drawagent.pairing:best_worst"}


def test_every_field_stands_in_both_presets():
    fields = set(DrawSettings.model_fields)
    assert set(DrawSettings.paper().model_dump()) == set(DrawSettings.ours().model_dump()) == fields
    assert (DrawSettings.paper().preset, DrawSettings.ours().preset) == ("paper", "ours")


def test_paper_switches_every_addition_of_ours_off():
    paper = DrawSettings.paper().model_dump()
    assert {name: paper[name] for name in OFF} == OFF
    assert {name: paper[name] for name in PAPER} == PAPER
    marked = {n for n, f in DrawSettings.model_fields.items() if (f.description or "").endswith("Ours.")}
    assert marked <= set(OFF), "a field described as ours is not switched off"


def test_ours_differs_from_paper_only_in_additions():
    paper, ours = DrawSettings.paper().model_dump(), DrawSettings.ours().model_dump()
    changed = {name for name in paper if paper[name] != ours[name]} - {"preset"}
    assert changed == set(OURS)
    assert changed <= set(OFF)


def test_every_field_names_its_source():
    unsaid = [n for n, f in DrawSettings.model_fields.items() if not f.description and n != "preset"]
    assert unsaid == []


def test_of_and_key():
    assert DrawSettings.of("ours", candidates=3) == DrawSettings.ours(candidates=3)
    assert DrawSettings.of("paper") == DrawSettings() == DrawSettings.paper()
    assert DrawSettings.paper().key == DrawSettings.paper().key != DrawSettings.ours().key
    assert DrawSettings.paper(prompt_overlay="/a").key == DrawSettings.paper(prompt_overlay="/b").key
    with pytest.raises(ValidationError):
        DrawSettings.of("theirs")
    with pytest.raises(ValidationError):
        DrawSettings.paper(candidate=3)
    assert DrawSettings.ours(gate=None).gate is None


@pytest.mark.parametrize("field", ["pairing", "judge", "gate"])
def test_named_callables_can_be_loaded(field):
    assert callable(load(getattr(DrawSettings.ours(), field)))
