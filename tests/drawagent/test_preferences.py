"""Preferences: blind, balanced, seeded; an answer is kept once; shares have their intervals and their caveats."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

from drawagent.preferences import Side, answered, preference_table, questionnaire, record
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile
from tests.replayed import scripted_run


def drawing(seed: int) -> Sketch:
    return Sketch.from_array(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)))


def side(label: str, first: int, *, count: int = 6, evidence: str = "recorded", **changes) -> Side:
    drawings = {f"q{i}": drawing(first + i) for i in range(count)} | changes
    return Side(label, evidence, {f"q{i}": f"a thing {i}" for i in range(count)}, drawings)


@pytest.fixture
def asked():
    return questionnaire(side("before", 0), side("after", 100), seed=3)


def test_each_side_is_a_in_half_of_the_comparisons(asked):
    assert Counter(one.a for one in asked.comparisons) == {"before": 3, "after": 3}
    assert {one.query for one in asked.comparisons} == {f"q{i}" for i in range(6)}
    for one in asked.comparisons:
        assert {one.a, one.b} == {"before", "after"}
        index = int(one.query[1:])
        assert one.sketch_a == drawing(index if one.a == "before" else 100 + index)


def test_the_seed_decides_the_order_and_nothing_else(asked):
    again = questionnaire(side("before", 0), side("after", 100), seed=3)
    other = questionnaire(side("before", 0), side("after", 100), seed=4)
    assert again == asked
    assert [one.query for one in other.comparisons] != [one.query for one in asked.comparisons]


def test_ids_say_nothing_of_the_sides(asked):
    turned = questionnaire(side("after", 100), side("before", 0), seed=3)
    assert {one.id for one in turned.comparisons} == {one.id for one in asked.comparisons}
    assert all(len(one.id) == 12 and one.query not in one.id for one in asked.comparisons)
    redrawn = questionnaire(side("before", 0), side("after", 200), seed=3)
    assert not {one.id for one in redrawn.comparisons} & {one.id for one in asked.comparisons}


def test_failures_are_asked_and_what_nobody_can_prefer_is_not():
    one = side("before", 0, q0=None, q1=None, q2=drawing(102), extra=drawing(9))
    other = side("after", 100, q0=None)
    asked = questionnaire(one, other)
    assert asked.left_out == {
        "q0": "no drawing on either side", "q2": "the same drawing on both sides", "extra": "drawn by one side alone",
    }
    failed = next(one for one in asked.comparisons if one.query == "q1")
    assert (failed.sketch_a is None) != (failed.sketch_b is None)


@pytest.mark.parametrize(("one", "other", "words"), [
    (side("x", 0), side("x", 100), "two different sets of drawings, got x twice"),
    (side("x", 0), side("y", 100, evidence="stand-in"), r"one grade of evidence, got recorded \(x\) and stand-in \(y\)"),
    (side("x", 0, count=2), side("y", 0, count=2), "drew differently, got q0: the same drawing on both sides"),
])
def test_sides_that_cannot_be_compared_are_refused(one, other, words):
    with pytest.raises(ConfigurationError, match=words):
        questionnaire(one, other)


def test_an_answer_is_kept_once_per_rater(asked, tmp_path):
    file = tmp_path / "deep" / "answers.jsonl"
    first = asked.comparisons[0]
    row = record(file, asked, first.id, "A", rater=" Mira  K ", seconds=2.345)
    assert row == json.loads(file.read_text())
    assert row == {
        "comparison": first.id, "query": first.query, "a": first.a, "b": first.b, "answer": "A", "rater": "Mira K",
        "seconds": 2.3, "evidence": "recorded", "seed": 3,
    }
    assert answered(file, "Mira K") == {first.id}
    assert answered(file, "Omar") == frozenset()
    with pytest.raises(ConfigurationError, match="a comparison that Mira K has not answered yet"):
        record(file, asked, first.id, "B", rater="Mira K")
    record(file, asked, first.id, "B", rater="Omar")
    assert len(file.read_text().splitlines()) == 2


@pytest.mark.parametrize(("comparison", "answer", "rater", "words"), [
    ("nothing", "A", "m", "the id of a comparison of this questionnaire, got 'nothing'"),
    (None, "C", "m", "\"A\", \"B\" or \"none\", got 'C'"),
    (None, "A", "  ", "a rater's name of 1 to 60 characters"),
    (None, "A", "x" * 61, "a rater's name of 1 to 60 characters"),
])
def test_what_cannot_be_an_answer_is_refused(asked, tmp_path, comparison, answer, rater, words):
    with pytest.raises(ConfigurationError, match=words):
        record(tmp_path / "a.jsonl", asked, comparison or asked.comparisons[0].id, answer, rater=rater)
    assert not (tmp_path / "a.jsonl").exists()


def prefer(file, asked, wanted, rater):
    """Answer for the side that is wanted; "" has no preference."""
    for one, label in zip(asked.comparisons, wanted, strict=False):
        record(file, asked, one.id, "none" if not label else "A" if one.a == label else "B", rater=rater)


def test_wins_are_of_sides_and_not_of_letters(asked, tmp_path):
    file = tmp_path / "a.jsonl"
    prefer(file, asked, ["after", "after", "after", "after", "before", ""], "Mira")
    table = preference_table(file).set_index("side")
    assert table.loc["after", ["n", "wins", "ties", "share", "decided"]].tolist() == [6, 4, 1, 0.666667, 0.8]
    assert table.loc["after", ["low", "high"]].tolist() == [0.299993, 0.903229], "Wilson of 4 in 6"
    assert table.loc["before", ["wins", "ties", "share"]].tolist() == [1, 1, 0.166667]
    assert set(table["note"]) == {"one rater: says nothing about other people"}
    assert table["seconds"].isna().all(), "nobody was timed"


def test_raters_stand_alone_and_together(asked, tmp_path):
    one, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    prefer(one, asked, ["after"] * 6, "Mira")
    prefer(other, asked, ["before", "after"], "Omar")
    table = preference_table(one, other)
    after = table[table["side"] == "after"].set_index("rater")
    assert after.loc[["Mira", "Omar", "all 2"], "n"].tolist() == [6, 2, 8]
    assert after.loc["all 2", ["wins", "raters"]].tolist() == [7, 2]
    assert "not independent" in after.loc["all 2", "note"]
    assert preference_table(one, one)["n"].tolist() == [6, 6], "a comparison counts once"


def test_a_query_that_is_answered_under_many_seeds_counts_once(tmp_path):
    """The seed is part of a comparison's id; the same two drawings are no further evidence."""
    file = tmp_path / "a.jsonl"
    for seed, winner in enumerate(["before", "before", "before", "before", "after"]):
        asked = questionnaire(side("before", 0), side("after", 100), seed=seed)
        one = next(one for one in asked.comparisons if one.query == "q0")
        record(file, asked, one.id, "A" if one.a == winner else "B", rater="Mira")
    second = next(one for one in asked.comparisons if one.query == "q1")
    record(file, asked, second.id, "none", rater="Mira")
    table = preference_table(file).set_index("side")
    assert len(file.read_text().splitlines()) == 6
    assert table.loc["after", ["n", "wins", "ties"]].tolist() == [2, 1, 1], "the last answer counts"
    record(file, asked, one.id, "none", rater="Omar")
    assert preference_table(file).set_index(["side", "rater"]).loc[("after", "all 2"), ["n", "wins"]].tolist() == [3, 1]


def test_a_query_with_two_texts_is_refused():
    other = side("after", 100)
    other.texts["q3"] = "another thing 3"
    with pytest.raises(ConfigurationError, match=r"one text of the query 'q3', got 'a thing 3' \(before\) and "
                                                 r"'another thing 3' \(after\)"):
        questionnaire(side("before", 0), other)
    other.drawings.pop("q3")
    assert questionnaire(side("before", 0), other).left_out == {"q3": "drawn by one side alone"}


def test_no_answers_are_an_empty_table(tmp_path):
    assert preference_table(tmp_path / "none.jsonl").empty
    assert "share" in preference_table(tmp_path / "none.jsonl").columns


def test_a_damaged_line_is_named(tmp_path, asked):
    file = tmp_path / "a.jsonl"
    prefer(file, asked, ["after"], "Mira")
    file.write_text(file.read_text() + '{"answer":"D"}\n')
    with pytest.raises(DamagedFile, match=r"an answer as `record` writes it.*a.jsonl line 2"):
        preference_table(file)


def test_sides_of_a_run_are_its_report_drawings(tmp_path):
    folder = scripted_run(tmp_path)
    one, other = Side.of(folder, 0), Side.of(folder, 3)
    assert set(one.drawings) == {"report0", "report1"}
    assert one.label.endswith(", epoch 0")
    assert one.texts["report0"] == "a reportthing0"
    with pytest.raises(ConfigurationError, match=r"library of epoch 9, got epoch 0, epoch 1, epoch 2, epoch 3"):
        Side.of(folder, 9)
    assert one.drawings != other.drawings
    assert len(questionnaire(one, other)) == 2
