"""The Parser: prompt, reader, one repair with the reader's words, updates that keep the components, relations solved."""

from __future__ import annotations

import json
from dataclasses import replace

from easel.chat import ChatRequest, Truncated
from shapecraft.graph import Joint
from shapecraft.parser import Parser
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, stool


def test_a_text_becomes_a_graph_and_the_prompt_says_what_is_asked():
    model = Scripted(lambda request: f"```json\n{STOOL}\n```")
    parsing = Parser(model, CraftSettings.paper(components=7, temperature=0.4, seed=3), "s1").parse("a {odd} stool")
    assert parsing.graph == stool()
    assert (parsing.failure, parsing.moved, parsing.reply_keys) == ("", (), (model.calls[0].key,))
    (call,) = model.calls
    assert "The object: a {odd} stool" in call.messages[1].text
    assert "At most 7 components" in call.messages[0].text
    assert str(call.site) == "parser/s1/-1/-1"
    assert call.sampling.given() == {"temperature": 0.4, "seed": 3, "max_tokens": 8192}


def test_an_unreadable_list_is_asked_for_again_once_with_the_readers_words():
    replies = iter([STOOL.replace("0.4, 0.05", "0.4, 0"), STOOL])
    model = Scripted(lambda request: next(replies))
    parsing = Parser(model, CraftSettings.paper()).parse("a stool")
    assert parsing.graph == stool()
    assert len(parsing.reply_keys) == 2
    assert "component seat, box" in model.calls[1].messages[-1].text
    assert model.calls[1].site.role == "parser+repair"


def test_a_second_unreadable_list_is_a_failure_with_its_reason():
    model = Scripted(lambda request: "I would rather talk.")
    parsing = Parser(model, CraftSettings.paper()).parse("a stool")
    assert (parsing.graph, parsing.failure, len(model.calls)) == (None, "invalid", 2)
    assert parsing.reason.startswith('expected one JSON object {"object": ..., "components": [...]}')


def test_too_many_components_are_refused_by_the_limit():
    parsing = Parser(Scripted(lambda request: STOOL), CraftSettings.paper(components=1, reply_repairs=0)).parse("a stool")
    assert parsing.reason.startswith("expected at most 1 components, got 2")


def test_a_failed_call_is_a_value():
    def cut(request: ChatRequest) -> str:
        raise Truncated("a whole reply")

    parsing = Parser(Scripted(cut), CraftSettings.paper()).parse("a stool")
    assert (parsing.graph, parsing.failure) == (None, "truncated")


def test_an_update_shows_the_plan_and_the_feedback_and_keeps_the_components():
    wider = json.loads(STOOL)
    wider["object"] = "another object"
    wider["components"][1]["box"]["size"] = [0.5, 0.5, 0.05]
    del wider["components"][1]["material"]
    wider["components"].reverse()
    model = Scripted(lambda request: json.dumps(wider))
    updated = Parser(model, CraftSettings.paper(), "s1").update(stool(), "a stool", "The seat is narrow.", round=1)
    assert updated.graph is not None
    assert updated.graph.names == ("legs", "seat")
    assert updated.graph.object == "stool"
    assert updated.graph["seat"].box.size == (0.5, 0.5, 0.05)
    assert updated.graph["seat"].material == "red paint"
    (call,) = model.calls
    assert "The seat is narrow." in call.messages[1].text
    assert '"name": "legs"' in call.messages[1].text
    assert str(call.site) == "parser-update/s1/1/-1"


def test_an_update_that_leaves_a_joint_out_keeps_it_and_relations_go():
    before = stool().replacing(replace(stool()["seat"], joint=Joint("hinge", (1, 0, 0), limits=(0.0, 90.0))))
    without = json.loads(STOOL)
    del without["components"][1]["relations"]
    updated = Parser(Scripted(lambda request: json.dumps(without)), CraftSettings.paper()).update(
        before, "a stool", "More.", round=0)
    assert updated.graph["seat"].joint == before["seat"].joint
    assert updated.graph["seat"].relations == ()


def test_an_update_that_loses_a_component_is_told_so():
    lost = json.loads(STOOL)
    lost["components"][0]["name"] = "feet"
    del lost["components"][1]["relations"]
    updated = Parser(Scripted(lambda request: json.dumps(lost)), CraftSettings.paper()).update(
        stool(), "a stool", "More.", round=0)
    assert updated.graph is None
    assert updated.reason == (
        "expected the components legs, seat, got without legs; also feet (at components). Correct boxes and words; keep "
        "every component and its name.")


def with_back(**more) -> str:
    data = json.loads(STOOL)
    data["components"].insert(0, {"name": "back", "geometry": "a low back", "position": "behind the seat",
                                  "box": {"center": [0, 0.18, 0.6], "size": [0.4, 0.04, 0.3]}, **more})
    return json.dumps(data)


def test_an_update_may_add_a_part_that_was_missing_within_the_limit():
    updated = Parser(Scripted(lambda request: with_back(material="oak")), CraftSettings.paper(components=3)).update(
        stool(), "a stool", "There is no back.", round=0)
    assert updated.graph.names == ("legs", "seat", "back")
    assert (updated.graph["back"].material, len(updated.reply_keys)) == ("oak", 1)
    full = Parser(Scripted(lambda request: with_back()), CraftSettings.paper(components=2)).update(
        stool(), "a stool", "There is no back.", round=0)
    assert full.graph is None
    assert full.reason.startswith("expected at most 2 components, got 3")


def test_ours_solves_relations_into_boxes_and_says_what_moved():
    high = json.loads(STOOL)
    high["components"][1]["box"]["center"] = [0, 0, 0.6]
    reply = json.dumps(high)
    paper = Parser(Scripted(lambda request: reply), CraftSettings.paper()).parse("a stool")
    ours = Parser(Scripted(lambda request: reply), CraftSettings.ours()).parse("a stool")
    assert paper.graph["seat"].box.center == (0, 0, 0.6)
    assert ours.graph["seat"].box.center == (0.0, 0.0, 0.425)
    assert len(ours.moved) == 1
    assert ours.moved[0].startswith("seat: ")
