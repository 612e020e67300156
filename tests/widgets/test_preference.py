"""Preference widget: blind, resumes where it stopped, and answers without buttons as well."""

from __future__ import annotations

import json

import pytest

from drawagent.preferences import questionnaire
from easel.errors import ConfigurationError
from tests.drawagent.test_preferences import prefer, side
from widgets.preference import Preference


@pytest.fixture
def asked():
    return questionnaire(side("run before, epoch 0", 0, q1=None), side("run after, epoch 2", 100), seed=1)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.jsonl"


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_buttons_answer_one_after_another(asked, file):
    question = Preference(asked, file, rater="Mira")
    question.widget()
    a, none, b = question._live._buttons
    for button in (a, b, none, a, a, a):
        button.click()
    assert [row["answer"] for row in rows(file)] == ["A", "B", "none", "A", "A", "A"]
    assert [row["comparison"] for row in rows(file)] == [one.id for one in asked.comparisons]
    assert all(0 <= row["seconds"] < 60 for row in rows(file))
    assert question.current is None
    assert all(button.disabled for button in question._live._buttons)
    assert "All done" in question._live._head.value
    assert "All done" in question.html()
    question.press("A")
    assert len(rows(file)) == 6, "nothing is left to answer"


def test_it_goes_on_where_it_stopped(asked, file):
    prefer(file, asked, ["run after, epoch 2"] * 2, "Mira")
    question = Preference(asked, file, rater="Mira")
    assert question.place == "2 of 6 answered by Mira"
    assert question.current == asked.comparisons[2]
    assert Preference(asked, file, rater="Omar").current == asked.comparisons[0], "every rater answers all"


def test_answers_in_code_need_no_widget(asked, file):
    question = Preference(asked, file, rater="Mira")
    question.answer(question.current.id, "B")
    assert rows(file)[0]["seconds"] is None
    assert question.current == asked.comparisons[1]
    with pytest.raises(ConfigurationError, match="has not answered yet"):
        question.answer(asked.comparisons[0].id, "A")


def test_nothing_that_is_shown_tells_the_sides(asked, file):
    question = Preference(asked, file, rater="Mira")
    question.widget()
    for _ in asked.comparisons:
        shown = question.html() + question.figure().to_json() + question._live._head.value
        for word in ("before", "after", "epoch"):
            assert word not in shown
        question.press("none")


def test_a_drawing_that_failed_is_an_empty_scene(asked, file):
    question = Preference(asked, file, rater="Mira")
    while question.current.query != "q1":
        question.press("none")
    failed = "scene" if question.current.sketch_a is None else "scene2"
    assert failed not in {trace.scene for trace in question.figure().data}
    assert question.html().count("(nothing was drawn)") == 1


def test_without_buttons_it_says_how_to_answer(asked, file):
    page = Preference(asked, file, rater="Mira").html()
    assert f'answer("{asked.comparisons[0].id}", "A")'.replace('"', "&quot;") in page or \
        f'answer("{asked.comparisons[0].id}", "A")' in page
    assert "needs a live front end" in page
    assert "<script" not in page


def test_words_and_stand_ins(file):
    sides = side("x", 0, evidence="stand-in"), side("y", 100, evidence="stand-in")
    for bad in sides:
        bad.texts["q0"] = "<script>alert(1)</script>"
    asked = questionnaire(*sides, seed=1)
    question = Preference(asked, file, rater="Mira")
    while question.current.query != "q0":
        question.press("A")
    assert "<script" not in question.html() + question.figure().to_json()
    assert "made by a procedure" in question.html()
    assert question.figure().layout.annotations[-1].text.startswith("stand-in")


def test_a_rater_has_a_name(asked, file):
    with pytest.raises(ConfigurationError, match="a rater's name"):
        Preference(asked, file, rater="")
