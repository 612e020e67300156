"""Bootstrapping: N rounds, one after another, each on what the last one left; failures leave the boxes alone."""

from __future__ import annotations

import json

from shapecraft.bootstrapping import bootstrap
from shapecraft.evaluator import Evaluator
from shapecraft.parser import Parser
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, opinion, stool


def rounds(answer, count: int = 2, **settings):
    model = Scripted(answer)
    chosen = CraftSettings.paper(**settings)
    steps = bootstrap(stool(), "a stool", parser=Parser(model, chosen, "s1"), evaluator=Evaluator(model, chosen, "s1"),
                      rounds=count)
    return list(steps), model


def wider(request):
    """Every update makes the seat 0.1 m wider in x than the plan it is shown."""
    if request.site.role.startswith("evaluator"):
        return opinion(5, f"Round {request.site.epoch}: wider.")
    data = json.loads(STOOL)
    data["components"][1]["box"]["size"][0] = round(0.5 + 0.1 * request.site.epoch, 1)
    return json.dumps(data)


def test_two_rounds_build_on_each_other():
    seen, model = rounds(wider)
    assert [str(call.site) for call in model.calls] == [
        "evaluator-volumes/s1/0/-1", "parser-update/s1/0/-1", "evaluator-volumes/s1/1/-1", "parser-update/s1/1/-1"]
    assert [event.after["seat"].box.size[0] for event in seen] == [0.5, 0.6]
    assert seen[1].before == seen[0].after
    assert [event.diff.touched for event in seen] == [("seat",), ("seat",)]
    assert "Round 0: wider." in model.calls[1].messages[1].text
    assert "Round 0: wider." not in model.calls[3].messages[1].text, "the context is bounded"
    assert "0.5, 0.4, 0.05" in model.calls[2].messages[1].text, "the second look is at the corrected boxes"


def test_no_rounds_ask_nothing():
    seen, model = rounds(wider, 0)
    assert (seen, model.calls) == ([], [])


def test_a_look_that_fails_leaves_the_boxes_and_asks_for_no_update():
    seen, model = rounds(lambda request: "Lovely." if request.site.role.startswith("evaluator") else STOOL, 1)
    assert seen[0].after == seen[0].before == stool()
    assert (seen[0].judgement.failure, seen[0].update.failure) == ("invalid", "not asked")
    assert [call.site.role for call in model.calls] == ["evaluator-volumes", "evaluator-volumes+repair"]


def test_an_update_that_fails_leaves_the_boxes_and_the_next_round_goes_on():
    def answer(request):
        if request.site.role.startswith("parser") and request.site.epoch == 0:
            return "No."
        return wider(request)

    seen, _ = rounds(answer)
    assert seen[0].after == stool()
    assert seen[0].update.failure == "invalid"
    assert not seen[0].diff
    assert seen[1].after["seat"].box.size[0] == 0.6
