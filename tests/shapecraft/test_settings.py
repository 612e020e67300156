"""Settings: two presets in which every field stands, and `paper` with every addition of ours off."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from easel.plugins import load
from shapecraft.settings import OURS, CraftSettings

OFF = {
    "policy": "shapecraft.paths:independent", "finalists": 1, "solve_relations": False, "sink": 0.0, "layout_facts": False,
    "part_facts": False, "checklist": False, "advice": False, "global_fixes": 0, "prompt_overlay": None,
    "drop_refused_settings": False,
}
"""Every addition of ours and what switches it off."""

PAPER = {"rounds": 2, "paths": 3, "steps": 3, "threshold": 9.0, "global_look": True, "helpers": True}
DEFAULTS = {"components": 16, "error_repairs": 2, "reply_repairs": 1}
"""Where the paper is silent."""


def test_every_field_stands_in_both_presets():
    fields = set(CraftSettings.model_fields)
    assert set(CraftSettings.paper().model_dump()) == set(CraftSettings.ours().model_dump()) == fields
    assert (CraftSettings.paper().preset, CraftSettings.ours().preset) == ("paper", "ours")


def test_paper_switches_every_addition_of_ours_off():
    paper = CraftSettings.paper().model_dump()
    assert {name: paper[name] for name in OFF} == OFF
    assert {name: paper[name] for name in (*PAPER, *DEFAULTS)} == {**PAPER, **DEFAULTS}
    marked = {n for n, f in CraftSettings.model_fields.items() if (f.description or "").endswith("Ours.")}
    assert marked <= set(OFF), "a field described as ours is not switched off"


def test_ours_differs_from_paper_only_in_additions():
    paper, ours = CraftSettings.paper().model_dump(), CraftSettings.ours().model_dump()
    changed = {name for name in paper if paper[name] != ours[name]} - {"preset"}
    assert changed == set(OURS)
    assert changed <= set(OFF)


def test_every_field_names_its_source():
    unsaid = [n for n, f in CraftSettings.model_fields.items() if n != "preset" and not f.description]
    assert unsaid == []
    sourceless = [n for n, f in CraftSettings.model_fields.items()
                  if n not in ("preset", "drop_refused_settings", "prompt_overlay", "pictures")
                  and not any(word in f.description for word in ("Paper", "Ours", "provider"))]
    assert sourceless == []


def test_of_and_key():
    assert CraftSettings.of("ours", paths=2) == CraftSettings.ours(paths=2)
    assert CraftSettings.of("paper") == CraftSettings() == CraftSettings.paper()
    assert CraftSettings.paper().key == CraftSettings.paper().key != CraftSettings.ours().key
    assert CraftSettings.paper(prompt_overlay="/a").key == CraftSettings.paper(prompt_overlay="/b").key
    for bad in ({"path": 3}, {"paths": 0}, {"threshold": 11}, {"global_fixes": 2}):
        with pytest.raises(ValidationError):
            CraftSettings.paper(**bad)
    with pytest.raises(ValidationError):
        CraftSettings.of("theirs")


def test_sampling_gives_every_path_a_seed_of_its_own():
    settings = CraftSettings.paper(seed=40)
    assert [settings.sampling(settings.draft_temperature, path=m).seed for m in range(3)] == [40, 41, 42]
    assert CraftSettings.paper(seed=None).sampling(0.3, path=2).given() == {"temperature": 0.3, "max_tokens": 8192}


@pytest.mark.parametrize("preset", ["paper", "ours"])
def test_policies_can_be_loaded(preset):
    assert callable(load(CraftSettings.of(preset).policy))


def test_the_most_calls_of_an_object():
    """Paper: one component takes 21 calls at most, a round two of ours (4), a look one more; a repair is one more."""
    assert CraftSettings.paper(error_repairs=0).most_calls(1) == 1 + 4 + 18 + 1
    assert CraftSettings.paper().most_calls(6) == 1 + 4 + 6 * 3 * (6 + 2) + 1
    assert CraftSettings.paper(global_look=False, rounds=0, paths=1, steps=1, error_repairs=0).most_calls(2) == 5
    fixes = CraftSettings.paper(global_fixes=1).most_calls(6) - CraftSettings.paper().most_calls(6)
    assert fixes == 1 + 6 * (1 + 2), "a second look, and a fix with its repairs for every part"
