"""Questions: the stored ones are sound, a model's are read with care, and no judge is the Evaluator or blind."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import trimesh

from easel.chat import CallSite, ChatRequest, Message
from easel.connection import chain
from easel.errors import ConfigurationError, MissingCapability
from easel.recording import Replay, ReplyStore
from shapecraft.catalogue import CATALOGUE
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.model_names import ModelName, identity_of
from shapecraft.question_judge import AnswersInvalid, Judge, pass_rate, question_sheet, read_answers
from shapecraft.questions import (
    Question,
    QuestionBook,
    QuestionSet,
    QuestionsInvalid,
    read_questions,
    read_written,
    write_file,
    write_questions,
)
from shapecraft.standin import StandIn
from tests.fakes import Scripted

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "data" / "questions" / "catalogue.yaml"
FIVE = tuple(Question(question=f"Is this question number {n}?", answer="yes" if n % 2 else "no") for n in range(1, 6))
STOOL = QuestionSet("a stool", FIVE, "a test")


def box() -> ObjectMesh:
    shape = trimesh.creation.box((1.0, 1.0, 1.0))
    shape.apply_translation((0, 0, 0.5))
    return ObjectMesh((PartMesh("legs", shape.vertices, shape.faces),))


def seeing(answer, name: str = "judge", **more) -> Scripted:
    return Scripted(answer, name=name, sees_images=True, **more)


def answers(*words: str) -> str:
    return json.dumps({"seen": "a box", "answers": [{"item": n, "answer": word} for n, word in enumerate(words, 1)]})


# the stored ones


@pytest.fixture(scope="module")
def stored() -> QuestionBook:
    return read_questions(STORED)


def test_both_captions_of_every_object_have_balanced_questions(stored):
    assert {one.object for one in stored.sets} == {text for entry in CATALOGUE for text in (entry.short, entry.long)}
    for entry in CATALOGUE:
        short, long = stored.find(entry.short), stored.find(entry.long)
        assert (len(short.questions), len(long.questions)) == (5, 8)
        assert long.questions[:5] == short.questions, "what the short caption settles, the long one settles too"
        assert sum(one.answer == "yes" for one in long.questions) == 4
        assert sum(one.answer == "yes" for one in short.questions) in (2, 3)
        assert all(one.question.endswith("?") and " not " not in one.question for one in long.questions)
    assert {one.writer for one in stored.sets} == {"a language model, from the captions alone"}


def test_answers_cannot_be_told_from_their_places(stored):
    """Always "yes" passes half; so does any one pattern, about."""
    long = [stored.find(entry.long).questions for entry in CATALOGUE]
    for place in range(8):
        share = sum(questions[place].answer == "yes" for questions in long) / len(long)
        assert 0.2 < share < 0.8, place
    assert len({tuple(one.answer for one in questions) for questions in long}) > 15


def test_recorded_objects_have_balanced_questions_under_their_own_texts():
    from shapecraft.recordings import Recording

    for one in read_questions(STORED.with_name("recorded.yaml")).sets:
        assert len(one.questions) == 8
        assert sum(each.answer == "yes" for each in one.questions) == 4
    book = read_questions(STORED.with_name("recorded.yaml"))
    assert all(book.find(Recording.read(name).prompt) for name in ("laptop", "stool", "toadstool"))


def test_a_text_is_found_whatever_its_capitals_and_its_full_stop(stored):
    assert stored.find("  A  Stool. ").object == "a stool"
    assert stored.find("a stool of glass") is None
    other = stored.plus(replace(STOOL, object="A STOOL"))
    assert len(other.sets) == len(stored.sets)
    assert other.find("a stool").questions == FIVE


def test_a_file_is_read_back_as_it_was_written(tmp_path):
    write_file([STOOL], tmp_path / "q.yaml", source="made up")
    found = read_questions(tmp_path / "q.yaml")
    assert found.sets == (STOOL,)
    assert found.sets[0].key == STOOL.key != replace(STOOL, questions=FIVE[::-1]).key


@pytest.mark.parametrize(("text", "words"), [
    ("sets: [{object: a, questions: []}]", "expected 5 to 10 questions, got 0"),
    ("sets: [", "expected a YAML file"),
    ("[]", "expected sets:"),
    ("sets: [{object: a, questions: [{question: Is it so big?, answer: no}]}]", "Questions stand in quotes"),
    ("sets: [{object: a, questions: [{question: 'Is it so big?', answer: maybe}]}]", "sets.0.questions.0.answer"),
    ("sets: [{object: a, also: b, questions: []}]", "also of 'a'"),
    ("sets: [{object: a, questions: []}, {object: A., questions: []}]", "every text once, got 'a' twice"),
])
def test_a_bad_file_is_refused_with_its_place(tmp_path, text, words):
    (tmp_path / "q.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"q\.yaml") as error:
        read_questions(tmp_path / "q.yaml")
    assert words in str(error.value)


def test_a_bare_yes_of_yaml_is_a_yes(tmp_path):
    rows = "\n".join(f"      - {{question: 'Is it number {n}?', answer: {word}}}"
                     for n, word in enumerate(("yes", "no", "Yes", "NO", "yes")))
    (tmp_path / "q.yaml").write_text(f"sets:\n  - object: a thing\n    questions:\n{rows}\n")
    assert [one.answer for one in read_questions(tmp_path / "q.yaml").sets[0].questions] == ["yes", "no"] * 2 + ["yes"]


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="expected a file of questions, got No such file"):
        read_questions(tmp_path / "none.yaml")


# written by a model


def test_a_model_writes_from_the_text_alone_and_is_asked_again_once():
    good = json.dumps({"questions": [one.model_dump() for one in FIVE]})
    model = Scripted(lambda request: good if len(request.messages) > 2 else '{"questions": []}')
    answer = write_questions(model, "a {stool}", count=5, name="s1")
    assert answer.value == QuestionSet("a {stool}", FIVE, "scripted")
    assert answer.repaired
    assert model.sites() == ["vqa-writer+repair/s1/-1/-1", "vqa-writer/s1/-1/-1"]
    asked = model.calls[0].messages[1].text
    assert "a {stool}" in asked
    assert 'Write 5 questions about it: 3 whose true answer is "yes" and 2 whose true answer is "no"' in asked
    assert "expected 5 to 10 questions, got 0" in model.calls[1].messages[-1].text


@pytest.mark.parametrize(("reply", "words"), [
    ("I would rather not.", "expected one JSON object"),
    ('{"questions": "none"}', '"questions": a list'),
    ('{"questions": [{"question": "Has it legs?", "answer": "perhaps"}]}', "question 1"),
    (json.dumps({"questions": [FIVE[0].model_dump()] * 5}), "every question once"),
    (json.dumps({"questions": [{"question": f"Is it number {n}?", "answer": "yes"} for n in range(6)]}),
     'got 6 and 0'),
])
def test_unusable_questions_are_refused_in_words_for_the_model(reply, words):
    with pytest.raises(QuestionsInvalid) as error:
        read_written(reply)
    assert words in str(error.value)


def test_thoughts_and_fences_around_questions_are_forgiven():
    inside = json.dumps({"questions": [one.model_dump() for one in FIVE]})
    assert read_written(f'<think>{{"questions": []}}</think>Here:\n```json\n{inside}\n```') == FIVE


@pytest.mark.parametrize(("text", "count"), [("", 8), ("a stool", 4), ("a stool", 11)])
def test_no_text_and_other_numbers_of_questions_are_refused(text, count):
    with pytest.raises(ConfigurationError, match="5 to 10 questions"):
        write_questions(Scripted(lambda _: ""), text, count=count)


# judged


def test_a_judge_sees_pictures_and_questions_and_neither_text_nor_answers():
    model = seeing(lambda _: answers("yes", "no", "no", "cannot tell", "yes"))
    verdict = Judge.of(model).verdict(box(), STOOL, name="s1")
    assert [one.given for one in verdict.answers] == ["yes", "no", "no", "cannot tell", "yes"]
    assert [one.passed for one in verdict.answers] == [True, True, False, False, True]
    assert (verdict.passed, verdict.seen, verdict.judge) == (3, "a box", "judge")
    (request,) = model.calls
    assert str(request.site) == "vqa-judge/s1/-1/-1"
    words = "\n".join(message.text for message in request.messages)
    assert "a stool" not in words and "legs" not in words
    assert all(f"{n}. Is this question number {n}?" in words for n in range(1, 6))
    (picture,) = request.messages[1].images
    assert picture.source == verdict.sheet == question_sheet(box()).source
    assert "labels=none" in picture.source and "material" in picture.source


def test_an_object_that_was_not_made_passes_nothing_and_nobody_is_asked():
    model = seeing(lambda _: pytest.fail("asked"))
    verdict = Judge.of(model).verdict(None, STOOL, reason="it did not parse")
    assert (verdict.passed, len(verdict.answers), verdict.reason, verdict.failure) == (0, 5, "it did not parse", "")
    assert {one.given for one in verdict.answers} == {None}


def test_a_judge_without_a_readable_answer_is_no_low_figure():
    verdict = Judge.of(seeing(lambda _: "A fine box.")).verdict(box(), STOOL)
    assert (verdict.answers, verdict.failure) == ((), "invalid")
    assert 'one JSON object {"answers": ...}' in verdict.reason
    assert pass_rate([verdict]).n == 0


def test_no_eyes_no_judge():
    with pytest.raises(MissingCapability, match="takes only words"):
        Judge.of(Scripted(lambda _: ""))


def test_the_evaluator_is_no_judge_unless_it_is_allowed_by_name_and_then_the_table_says_so():
    model = seeing(lambda _: "", evidence="live")
    with pytest.raises(ConfigurationError, match="got 'judge' for both"):
        Judge.of(model, evaluators=[ModelName("judge")])
    another = ModelName("another", (identity_of("openai/another"),))
    assert Judge.of(model, evaluators=[another], identities=(identity_of("x/judge"),)).column == (
        "VQA pass rate (judge judge)")
    same = Judge.of(model, evaluators=[ModelName("judge")], allow_same=True)
    assert same.column == "VQA pass rate (judge judge; also the Evaluator)"


@pytest.mark.parametrize(("evaluator", "judge", "same"), [
    (ModelName("blue", (identity_of("openai/seer-2"),)), ModelName("red", (identity_of("azure/Seer-2"),)), True),
    (ModelName("blue", (identity_of("openai/seer-2"),)), ModelName("red", (identity_of("openai/seer-1"),)), False),
    (ModelName("blue", (identity_of("openai/seer-2"),)), ModelName("blue", (identity_of("openai/seer-1"),)), False),
    (ModelName("openai/seer-2"), ModelName("red", (identity_of("azure/seer-2"),)), True),
    (ModelName("blue"), ModelName("red", (identity_of("openai/seer-2"),)), None),
    (ModelName("blue"), ModelName("red"), None),
])
def test_a_label_makes_no_other_model_of_one(evaluator, judge, same):
    assert evaluator.same(judge) is judge.same(evaluator) is same
    model = seeing(lambda _: "", name=judge.name, evidence="live")

    def asked(**more) -> Judge:
        return Judge.of(model, evaluators=[evaluator], identities=judge.identities, **more)

    if same:
        with pytest.raises(ConfigurationError, match="another model than the Evaluator"):
            asked()
        assert asked(allow_same=True).column.endswith("; also the Evaluator)")
    else:
        said = "; not known to be another than the Evaluator)" if same is None else f"(judge {judge.name})"
        assert asked().column.endswith(said)


def test_columns_say_what_the_answers_are():
    assert Judge.of(StandIn(sees_images=True)).column == "VQA pass rate (judge stand-in; STAND-IN, no result)"
    assert "recorded replies" in Judge.of(seeing(lambda _: "", evidence="recorded")).column


@pytest.mark.parametrize(("reply", "words"), [
    ('{"answers": [{"item": 1, "answer": "yes"}]}', "none to [2]"),
    ('{"answers": [{"item": 1, "answer": "yes"}, {"item": 1, "answer": "no"}]}', "each once"),
    ('{"answers": [{"item": 3, "answer": "yes"}]}', "items 1 to 2"),
    ('{"answers": [{"item": 1, "answer": "perhaps"}]}', '"cannot tell"'),
    ('{"answers": "yes"}', "a list of 2"),
])
def test_unreadable_answers_are_refused_in_words_for_the_model(reply, words):
    with pytest.raises(AnswersInvalid) as error:
        read_answers(reply, 2)
    assert words in str(error.value)


@pytest.mark.parametrize("reply", [
    '{"seen": "x", "answers": [{"item": 2, "answer": "No."}, {"item": 1, "answer": "YES"}]}',
    '{"answers": ["yes", "no"], "seen": "x"}', '{"answers": {"1": true, "2": false}, "seen": "x"}',
    'Well:\n```json\n{"seen": "x", "answers": [{"item": "1", "answer": "yes"}, {"item": "2.0", "answer": "no"},]}\n```',
])
def test_answers_are_read_as_they_are_meant(reply):
    assert read_answers(reply, 2) == (("yes", "no"), "x")


def test_the_pass_rate_has_wilsons_interval_and_mixes_no_judges():
    judge = Judge.of(seeing(lambda _: answers("yes", "no", "no", "cannot tell", "yes")))
    verdicts = [judge.verdict(box(), STOOL), judge.verdict(None, STOOL)]
    rate = pass_rate(verdicts)
    assert (rate.successes, rate.n, rate.share) == (3, 10, 0.3)
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.1078, 0.6032)
    assert (pass_rate(verdicts, expected="yes").n, pass_rate(verdicts, expected="no").successes) == (6, 1)
    other = Judge.of(seeing(lambda _: "", name="other")).verdict(None, STOOL)
    with pytest.raises(ConfigurationError, match="one judge"):
        pass_rate([*verdicts, other])


def test_a_recorded_judge_is_replayed_without_a_model(tmp_path):
    model = seeing(lambda _: answers("yes", "no", "yes", "no", "yes"))
    store = ReplyStore(tmp_path)
    first = Judge.of(chain(model, store=store).chat).verdict(box(), STOOL)
    again = Judge.of(Replay(tmp_path)).verdict(box(), STOOL)
    assert (again.passed, again.sheet, again.reply_keys) == (first.passed, first.sheet, first.reply_keys)
    assert again.passed == 5


# the stand-in


def test_the_stand_in_answers_by_number_and_says_that_it_sees_nothing():
    verdict = Judge.of(StandIn(bad=0.0, sees_images=True)).verdict(box(), STOOL)
    assert [one.given for one in verdict.answers] == ["yes", "no", "yes", "no", "cannot tell"]
    assert (verdict.passed, verdict.evidence) == (4, "stand-in")
    assert verdict.seen.startswith("Nothing: these are the fixed answers of a stand-in")


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_the_stand_in_writes_questions_of_every_object(entry):
    model = StandIn(bad=0.0)
    for text, count in ((entry.long, 8), (entry.short, 5)):
        found = write_questions(model, text, count=count).value
        assert len(found.questions) == count
        assert sum(one.answer == "no" for one in found.questions) == count // 2
    assert found.questions[0].question == f"Does it have this part: {entry.graph().names[0]}?"


def test_the_stand_in_knows_no_other_call():
    with pytest.raises(ConfigurationError, match="vqa-critic"):
        StandIn().reply(ChatRequest("stand-in", (Message("user", ("x",)),), site=CallSite("vqa-critic")))
