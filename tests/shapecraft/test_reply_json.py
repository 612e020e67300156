"""The last JSON object of a reply: one reader for all who ask for one, and thoughts are nobody's answer."""

from __future__ import annotations

import json

import pytest

from easel.errors import EaselError
from shapecraft.animator import AnimationInvalid, read_animation
from shapecraft.edit_plan import EditPlanInvalid, read_edit_plan
from shapecraft.opinions import OpinionInvalid, read_opinion
from shapecraft.question_judge import AnswersInvalid, read_answers
from shapecraft.questions import QuestionsInvalid, read_written
from shapecraft.reply_json import last_object, without_thoughts
from tests.shapecraft.crafting import stool

READERS = {
    "animator": (lambda text: read_animation(text, stool(), "move"), AnimationInvalid,
                 '{"impossible": "nothing turns"}'),
    "edit plan": (lambda text: read_edit_plan(text, stool(), limit=9), EditPlanInvalid, '{"removed": ["legs"]}'),
    "opinion": (read_opinion, OpinionInvalid, '{"score": 7, "feedback": "fine"}'),
    "answers": (lambda text: read_answers(text, 1), AnswersInvalid, '{"answers": ["yes"]}'),
    "questions": (read_written, QuestionsInvalid, json.dumps({"questions": [
        {"question": f"Is it {n}?", "answer": "yes" if n % 2 else "no"} for n in range(6)]})),
}


@pytest.mark.parametrize("who", READERS)
@pytest.mark.parametrize("tag", ["think", "thinking", "THINKING"])
def test_a_thought_is_no_answer_to_anybody(who, tag):
    read, error, reply = READERS[who]
    assert read(f"<{tag}>a {{brace}}</{tag}>\nHere:\n```json\n{reply}\n```") == read(reply)
    with pytest.raises(error, match="got nothing"):
        read(f"<{tag}>{reply}</{tag}>")


def test_the_last_object_with_one_of_the_keys_is_taken_and_what_was_forgiven_is_its_own():
    forgiven: set[str] = set()
    text = "{'a': 1,} {\"a\": 2} {\"c\": {\"a\": 4}} {\"b\": 3"
    assert last_object(text, ("a",), EaselError, "an a", forgiven) == {"a": 2.0}
    assert forgiven == set(), "not those of an object that was not taken"
    assert last_object(text, ("a", "b"), EaselError, "an a", forgiven) == {"b": 3.0}
    assert forgiven == {"no closing brace"}
    with pytest.raises(EaselError, match="expected a z, got no JSON here"):
        last_object("no JSON here", ("z",), EaselError, "a z")
    assert without_thoughts("so.</think> {1} </thinking>{2}") == "{2}"
