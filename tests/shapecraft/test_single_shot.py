"""The single shot: one program in one call, measured as every other object is; repairs only where they are given."""

from __future__ import annotations

import pytest

from easel.errors import ConfigurationError
from shapecraft.costs import costs_of
from shapecraft.exploring import Craft, explore
from shapecraft.gallery import Gallery
from shapecraft.keeping import Keeper
from shapecraft.settings import CraftSettings
from shapecraft.single_shot import PROMPTS, WHOLE, first_request
from shapecraft.standin import StandIn
from shapecraft.studio import configuration, start_run
from tests.fakes import Scripted
from tests.shapecraft.celling import StandInWall
from tests.shapecraft.crafting import BROKEN, BoxWall, block

TWO = block((0.4, 0.4, 0.4), (0, 0, 0.2)).replace("\n```", "\nshapes.box(size=(0.4, 0.4, 0.1), center=(0, 0, 0.45))\n```")


def told(answer, *, wall=None, run=None, **settings):
    asked = []

    def reply(request):
        asked.append(request)
        return answer(request) if callable(answer) else answer

    craft = Craft(Scripted(reply), wall or BoxWall(), "a stool", CraftSettings.paper(single_shot=True, **settings),
                  name="s1", keeper=Keeper(run))
    return list(explore(craft)), asked


def names(events):
    return [type(one).__name__ for one in events]


def test_one_call_makes_the_whole_object():
    events, asked = told(TWO)
    assert names(events) == ["AttemptFinished", "Assembled", "ExploreFinished"]
    assert [str(one.site) for one in asked] == ["coder-whole/s1/whole/0/-1"]
    ended = events[-1]
    (part,) = ended.graph.components
    assert part.name == WHOLE
    assert [round(v, 4) for v in part.box.size] == [0.4, 0.4, 0.5]  # around both boxes
    assert ended.tally.calls == (("coder, draft", 1),)
    assert (ended.tally.components, ended.tally.made, ended.tally.first_pass, ended.tally.repaired) == (1, 1, 1.0, 1.0)
    assert asked[0] == first_request(asked[0].model, CraftSettings.paper(single_shot=True), "s1", "a stool")
    shown = asked[0].messages[-1].text
    assert "The object: a stool" in shown and "component" not in shown
    assert "`import shapes`" in asked[0].messages[0].text
    assert asked[0].sampling.temperature == 1.0


def test_a_program_that_does_not_run_is_mended_within_the_budget_of_repairs():
    def answer(request):
        return TWO if request.site.role == "coder-whole-repair" else BROKEN

    events, asked = told(answer, error_repairs=2)
    assert names(events) == ["AttemptFinished", "AttemptFinished", "Assembled", "ExploreFinished"]
    assert "ValueError: no such thing" in asked[1].messages[-1].text
    assert (events[-1].tally.first_pass, events[-1].tally.repaired, events[-1].tally.whole) == (0.0, 1.0, True)
    assert [event.attempt.kind for event in events[:2]] == ["draft", "repair"]
    events, asked = told(answer, error_repairs=0)
    assert len(asked) == 1
    assert events[-2].assembly is None and events[-1].graph is None
    assert (events[-1].failure, events[-1].reason) == ("nothing made", "ValueError: no such thing")
    assert (events[-1].tally.first_pass, events[-1].tally.repaired, events[-1].tally.whole) == (0.0, 0.0, False)


def test_a_reply_without_a_program_is_a_failure_and_is_not_asked_for_again():
    events, asked = told("I would rather not.", error_repairs=2, reply_repairs=1)
    assert [one.site.role for one in asked] == ["coder-whole", "coder-whole+repair"]
    assert events[-1].failure == "invalid"
    assert events[-1].tally.first_pass == 0.0
    assert dict(events[-1].tally.calls) == {"coder, draft": 2}


def test_a_speck_and_a_continent_are_no_objects():
    for side in (1e-6, 1e5):
        events, _ = told(block((side, side, side), (0, 0, 0)), error_repairs=0)
        assert events[-1].reason == "what it made is no object of 0.1 mm to 10 km"


def test_a_run_of_it_is_kept_shown_and_counted(tmp_path):
    settings = CraftSettings.paper(single_shot=True)
    with start_run("a stool", settings, model="m", evidence="stand-in", root=tmp_path, name="s", date="2000-01-01") as run:
        told(TWO, run=run)
        kept = sorted(path.name.rpartition("-")[0] for path in (run.folder / "prompts").glob("*.md"))
        assert kept == sorted(PROMPTS)
        gallery = Gallery(run)
        assert gallery.finished and gallery.mesh.names == (WHOLE,)
        assert gallery.program.count("shapes.box") == 2
        assert [name for name, _ in gallery.graphs] == ["final"]
        found = costs_of(run)
        assert (found.calls, found.components, found.first_pass, found.repaired) == (1.0, 1.0, 1.0, 1.0)


def test_it_is_another_configuration_with_prompts_of_its_own():
    one, other = (configuration("a stool", CraftSettings.paper(single_shot=single), model="m", evidence="live")
                  for single in (True, False))
    assert set(one["prompts"]) == set(PROMPTS)
    assert not set(PROMPTS) & set(other["prompts"])
    assert CraftSettings.paper(single_shot=True).most_calls(6) == 3
    assert CraftSettings.ours(single_shot=True).preset == "ours"


@pytest.mark.parametrize("broken", [0.0, 1.0])
def test_the_stand_in_writes_all_parts_in_one_program(broken):
    craft = Craft(StandIn(bad=0.0, broken=broken), StandInWall(), "a stool", CraftSettings.paper(single_shot=True))
    ended = list(explore(craft))[-1]
    assert ended.tally.first_pass == 1.0 - broken
    assert ended.assembly is not None
    assert ended.graph["whole"].program.count("shapes.move(part") >= 2
    with pytest.raises(ConfigurationError, match="an object of the catalogue, got a dragon"):
        list(explore(Craft(StandIn(), StandInWall(), "a dragon", CraftSettings.paper(single_shot=True))))
