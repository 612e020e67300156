"""The Evaluator: replies at the border, pictures or facts, a checklist that never changes, one re-ask, no low score."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.chat import ChatRequest, Truncated
from shapecraft import evaluator
from shapecraft.assembly import assemble
from shapecraft.attempts import Attempt
from shapecraft.evaluator import Checklist, Evaluator, checklist_of
from shapecraft.opinions import OpinionInvalid, read_opinion
from shapecraft.outcome import Job
from shapecraft.part_facts import part_facts
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import BoxWall, checks, fitting, opinion, program, stool

SMALL = {"sheet_size": 48, "box_sheet_size": 48}


def seen(chosen: CraftSettings, *, eyes: bool, reply=None):
    """(judgement of the legs, model): legs that are 10 % too large."""
    model = Scripted(reply or (lambda request: opinion(6)), sees_images=eyes)
    text = program(fitting("legs", 1.1))
    outcome = BoxWall().run(Job(text, "legs"))
    facts = part_facts(outcome, stool(), "legs")
    items = checklist_of(stool(), "a stool").parts["legs"]
    judgement = Evaluator(model, chosen, "s1").part(
        stool(), "legs", text, outcome, facts, path=1, step=2, checklist=items)
    return judgement, model


@pytest.mark.parametrize(("reply", "score"), [
    ('{"score": 7, "feedback": "x"}', 7.0),
    ('I think:\n```json\n{"feedback": "x", "score": "8.5/10",}\n```\nThat is all.', 8.5),
    ('{"score": 2, "feedback": "first"} no: {"score": 9.04, "feedback": "x"}', 9.0),
    ("{'score': '10 out of 10', 'feedback': ['x']}", 10.0),
    ('<think>{"score": 1, "feedback": "y"}</think>{"score": 4, "feedback": "x"}', 4.0),
])
def test_readable_replies(reply, score):
    read = read_opinion(reply)
    assert read.score == score
    assert read.feedback.lstrip("- ") == "x"


@pytest.mark.parametrize(("reply", "words"), [
    ("It is good.", 'expected one JSON object {"score": ..., "feedback": ...}, got It is good.'),
    ('{"score": 11, "feedback": "x"}', 'expected "score": a number from 0 to 10, got 11.0'),
    ('{"score": true, "feedback": "x"}', 'expected "score": a number from 0 to 10, got True'),
    ('{"score": "high", "feedback": "x"}', "got 'high'"),
    ('{"score": null, "feedback": "x"}', "got None"),
    ('{"score": 7, "feedback": " "}', 'expected "feedback": words'),
    ('{"score": 7', 'expected "feedback": words, got None'),
])
def test_what_cannot_be_read_is_refused_with_words(reply, words):
    with pytest.raises(OpinionInvalid) as error:
        read_opinion(reply)
    assert words in str(error.value)


def test_every_item_of_the_checklist_is_answered_once():
    read = read_opinion(opinion(5, checks=checks(3, unmet=(2,))), checklist=3)
    assert read.unmet == (2,)
    for bad, words in ((checks(2), "none for [3]"), ([*checks(3), {"item": 1, "met": True}], "each once"),
                       ([{"item": 4, "met": True}], "items 1 to 3"), ([{"item": "\u00b2", "met": True}], "items 1 to 3"),
                       ([{"item": 1e999, "met": True}], "got {'item': None"), ([{"item": 1.5, "met": True}], "each once"),
                       ("yes", "one answer for each of the 3 items")):
        with pytest.raises(OpinionInvalid) as error:
            read_opinion(opinion(5, checks=bad), checklist=3)
        assert words in str(error.value)
    assert read_opinion(opinion(5, checks={"1": "yes", "2": "no", "3": True}), checklist=3).unmet == (2,)
    assert read_opinion(opinion(5, checks=checks(9))).checks == (), "nobody asked"


@given(st.text(alphabet='{}[]":,0123456789 scorefedbackmetitx\n', max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_an_opinion_or_refused(text):
    for reply in (text, '{"score": 5, "feedback": "x", "checks": ' + text, '{"score": ' + text):
        try:
            assert 0 <= read_opinion(reply, checklist=2, components=("legs",)).score <= 10
        except OpinionInvalid as error:
            assert str(error).startswith("expected ")


def test_fixes_name_components_and_come_in_their_order():
    fixes = [{"component": "seat", "feedback": "Thicker."}, {"component": "legs", "feedback": "Longer."},
             {"component": "seat", "feedback": "Rounder."}]
    read = read_opinion(opinion(5, fixes=fixes), components=("legs", "seat"))
    assert [(fix.component, fix.feedback) for fix in read.fixes] == [("legs", "Longer."), ("seat", "Thicker.\nRounder.")]
    with pytest.raises(OpinionInvalid, match="of legs, seat, got"):
        read_opinion(opinion(5, fixes=[{"component": "back", "feedback": "x"}]), components=("legs", "seat"))
    assert read_opinion(opinion(5, fixes=fixes)).fixes == ()


def test_a_model_with_eyes_sees_a_sheet_that_counts_by_the_program():
    judgement, model = seen(CraftSettings.paper(**SMALL), eyes=True)
    (call,) = model.calls
    (image,) = call.messages[1].images
    assert judgement.score == 6
    assert judgement.sheet == image.source
    assert judgement.png == image.png
    assert judgement.png.startswith(b"\x89PNG")
    assert image.source.startswith("shape-sheet|")
    assert "Measured" not in call.messages[1].text
    assert "Its program" not in call.messages[1].text
    assert str(call.site) == "evaluator-part/s1/legs/2/1"
    assert (call.replica, call.sampling.temperature) == (1, 0.0)


def test_a_model_without_eyes_is_told_measured_facts_in_both_presets():
    for chosen in (CraftSettings.paper(), CraftSettings.paper(pictures="never")):
        judgement, model = seen(chosen, eyes=chosen.pictures == "never")
        text = model.calls[0].messages[1].text
        assert judgement.sheet == ""
        assert model.calls[0].messages[1].images == ()
        assert "- size asked 0.4 x 0.4 x 0.4 m, made 0.44 x 0.44 x 0.44 m (x, y, z)" in text
        assert "largest deviation of a face of its box: 5% of the longest side (-x -0.02 m" in text
        assert "75% of what was made lies inside the box; 100% of the box is covered" in text
        assert "touches the box of seat" in text
        assert "1 object(s), 1 loose piece(s), closed and manifold" in text
        assert "Its program:\n```python\nimport shapes\nshapes.box(size=(0.44, 0.44, 0.44)" in text


def test_ours_shows_facts_beside_pictures_and_asks_the_checklist():
    reply = opinion(6, checks=checks(5, unmet=(3,)))
    judgement, model = seen(CraftSettings.ours(**SMALL), eyes=True, reply=lambda request: reply)
    text = model.calls[0].messages[1].text
    assert model.calls[0].messages[1].images
    assert "Measured:\n- size asked" in text
    assert "1. The form is as described: four round legs" in text
    assert "5. Its flat material fits: oak" in text
    assert judgement.opinion.unmet == (3,)
    assert "## Checklist" not in seen(CraftSettings.paper(**SMALL), eyes=True)[1].calls[0].messages[1].text


def test_an_unreadable_reply_is_asked_for_again_once_and_never_becomes_a_low_score():
    judgement, model = seen(CraftSettings.paper(), eyes=False, reply=lambda request: "Fine, I guess.")
    assert len(model.calls) == 2
    assert (judgement.opinion, judgement.score, judgement.failure) == (None, None, "invalid")
    assert 'expected one JSON object {"score"' in judgement.reason
    assert "could not be used" in model.calls[1].messages[-1].text
    replies = iter(["Fine.", opinion(7)])
    judgement, _ = seen(CraftSettings.paper(), eyes=False, reply=lambda request: next(replies))
    assert (judgement.score, len(judgement.reply_keys)) == (7, 2)


def test_a_failed_call_is_a_value():
    def cut(request: ChatRequest) -> str:
        raise Truncated("a whole reply")

    judgement, _ = seen(CraftSettings.paper(), eyes=False, reply=cut)
    assert (judgement.score, judgement.failure) == (None, "truncated")


def test_a_mesh_that_cannot_be_drawn_is_a_value():
    text = program(fitting("legs"))
    outcome = replace(BoxWall().run(Job(text, "legs")), glb=b"no mesh")
    model = Scripted(lambda request: opinion(6), sees_images=True)
    judgement = Evaluator(model, CraftSettings.paper()).part(
        stool(), "legs", text, outcome, part_facts(outcome, stool(), "legs"), path=0, step=0)
    assert (judgement.score, judgement.failure, model.calls) == (None, "not drawn", [])
    assert "a GLB file" in judgement.reason


def test_a_checklist_is_of_the_parse_and_has_no_sizes():
    graph = stool()
    frozen = checklist_of(graph, "a stool")
    assert list(frozen.parts) == ["legs", "seat"]
    assert frozen.whole[0] == "It is recognised at once as: a stool"
    assert frozen.whole[1] == "legs is there, and where it belongs: under the seat"
    moved = graph.replacing(replace(graph["seat"], box=graph["legs"].box))
    assert checklist_of(moved, "a stool") == frozen
    assert json.dumps(frozen.row())


def test_volumes_are_shown_as_boxes_or_told_as_facts():
    blind = Scripted(lambda request: opinion(6))
    Evaluator(blind, CraftSettings.paper(), "s1").volumes(stool(), "a stool", round=1)
    text = blind.calls[0].messages[1].text
    assert "- whole: 0.400 x 0.400 x 0.450 m (x, y, z)\n- no overlap, nothing floats" in text
    assert str(blind.calls[0].site) == "evaluator-volumes/s1/1/-1"
    seeing = Scripted(lambda request: opinion(6), sees_images=True)
    Evaluator(seeing, CraftSettings.paper(**SMALL)).volumes(stool(), "a stool", round=0)
    Evaluator(seeing, CraftSettings.ours(**SMALL)).volumes(stool(), "a stool", round=0)
    paper, ours = seeing.calls
    assert paper.messages[1].images[0].source.startswith("box-sheet|")
    assert "Measured" not in paper.messages[1].text
    assert "Measured:\n- whole: 0.400" in ours.messages[1].text


def test_the_whole_is_judged_from_what_was_made():
    wall, graph, chosen = BoxWall(), stool(), {}
    for name, grow in (("legs", 1.0), ("seat", 0.5)):
        text = program(fitting(name, grow))
        outcome = wall.run(Job(text, name))
        chosen[name] = Attempt(name, 0, 0, 0, "draft", text, outcome=outcome, facts=part_facts(outcome, graph, name))
    assembly = assemble(graph, chosen, wall)
    facts = {name: one.facts for name, one in chosen.items()}
    reply = opinion(5, fixes=[{"component": "seat", "feedback": "Larger."}])
    model = Scripted(lambda request: reply)
    looking = Evaluator(model, CraftSettings.paper(global_fixes=1), "s1")
    judgement = looking.whole(graph, "a stool", assembly.mesh, facts, key=assembly.key, look=0)
    assert judgement.opinion.fixes[0].component == "seat"
    text = model.calls[0].messages[1].text
    assert "seat floats: it touches no other box and not the ground" in text
    assert '"fixes"' in text
    looking.whole(graph, "a stool", assembly.mesh, {"legs": facts["legs"]}, key=assembly.key, look=1)
    text = model.calls[1].messages[1].text
    assert "seat could not be made" in text
    assert "fixes" not in text, "no second round"


@pytest.mark.parametrize(("name", "value"), [
    *((name, "other words") for name in ("PASSED", "CHECKED", "FIXES", "ONLY_WORDS", "FIXED", "MADE", "NOT_MADE",
                                         "PROGRAM", "UNHEARD")),
    ("MOST_ADVICE", 3), ("layout_words", lambda graph: "none"), ("specification", lambda graph, name: "none"),
    ("error_words", lambda *given: "none"), ("_items", lambda items: "none"),
    ("checklist_of", lambda graph, prompt: Checklist({}, ())),
])
def test_words_that_stand_in_no_prompt_file_have_a_key(monkeypatch, name, value):
    before = evaluator.words_key()
    assert before == evaluator.words_key()
    assert len(before) == 64
    monkeypatch.setattr(evaluator, name, value)
    assert evaluator.words_key() != before
