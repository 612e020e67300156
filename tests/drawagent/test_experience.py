"""The library of lessons: edits read, applied, refused, compared and rolled back."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from drawagent.edits import MAX_CHARACTERS
from drawagent.experience import (
    Add,
    Caps,
    Delete,
    EditsInvalid,
    Keep,
    Lesson,
    Library,
    Modify,
    Provenance,
    Reviewed,
    apply_edits,
    diff,
    is_format_advice,
    read_edits,
)
from easel.errors import ConfigurationError

PAIRS = ("stool/e0/p0", "lamp/e0/p0")
TWO = Library.of_tips(["Draw the seat first.", "Let legs meet the seat."])


def edit(op: str, **fields) -> str:
    return json.dumps([{"op": op, **fields}])


def refused(text: str, library: Library = TWO, **settings_) -> str:
    with pytest.raises(EditsInvalid) as caught:
        read_edits(text, library, **settings_)
    return str(caught.value)


# Reading ----------------------------------------------------------------------------------------------------------


def test_edits_are_read_from_a_reply():
    text = f"""I see [two] things, and first thought of [{{"op": "keep"}}].
```json
[{{"op": "add", "text": "Give parts depth.", "topic": "space", "because": ["{PAIRS[0]}"]}},
 {{"op": "modify", "id": "L1", "text": "Draw the seat first, flat."}}, {{"op": "delete", "id": "L2"}}, {{"op": "keep"}}]
```
as [1] and [2, 3] say."""
    assert read_edits(text, TWO, pairs=PAIRS) == (
        Add(op="add", text="Give parts depth.", topic="space", because=(PAIRS[0],)),
        Modify(op="modify", id="L1", text="Draw the seat first, flat."), Delete(op="delete", id="L2"), Keep(op="keep"),
    )
    assert read_edits("Nothing should change: []", TWO) == ()


@pytest.mark.parametrize(("text", "message"), [
    ("", "expected one JSON list of edits, got an empty reply. Reply with [] when nothing should change."),
    ("I would add nothing.", "expected one JSON list of edits, got I would add nothing.. Reply with [] when"),
    ('[{"op": "add", "text": "x', "expected one JSON list of edits, got [{\"op\": \"add\", \"text\": \"x. Reply"),
    (edit("merge", id="L1"), "\"keep\", ...} objects, got Input tag 'merge' found using 'op' does not match"),
    (edit("add"), "objects, got Field required"),
    (edit("add", text="Draw.", reason="why"), "objects, got Extra inputs are not permitted: why (at edit 0.add.reason)."),
    (edit("add", text="Draw.", topic="colour"), "(at edit 0.add.topic)."),
    (edit("add", text=" \n\u202e "), "objects, got Value error, a lesson needs words"),
    (edit("add", text="leg " * 3000), f"objects, got String should have at most {MAX_CHARACTERS} characters"),
    (edit("delete", id="L9"), "expected an id of an existing lesson (L1, L2), got 'L9' (at edit 0). Use an id from that"),
    (edit("modify", id="1", text="Draw."), "expected an id of an existing lesson (L1, L2), got '1' (at edit 0)."),
    (edit("keep", id="L7"), "expected an id of an existing lesson (L1, L2), got 'L7' (at edit 0)."),
    (edit("keep", because=["mug/e0/p0"]), f"expected 'because' to name pairs among {', '.join(PAIRS)}, got mug/e0/p0 (at"),
])
def test_edits_refused_with_words_that_a_model_can_act_on(text, message):
    assert message in refused(text, pairs=PAIRS)


def test_more_refusals():
    assert "(there is none, the library is empty), got 'L1' (at edit 0). Use only \"add\"." in refused(
        edit("delete", id="L1"), Library()
    )
    assert refused(edit("add", text="a b c d e f"), caps=Caps(words=5)) == (
        "expected a lesson of at most 5 words, got 6 words (at edit 0). Say the same in fewer words."
    )
    assert "got Input should be a valid string" in refused('[{"op": "add", "text": "a\\ud800b c"}]').encode().decode()


def test_border_makes_one_harmless_line_of_a_lesson():
    (taken,) = read_edits(edit("add", text="Draw\n- legs\x00 \u202efirst\u2066,\x1b[31m now \u2028 القدم أولا"), TWO)
    assert taken.text == "Draw - legs first, [31m now القدم أولا"
    (script,) = read_edits(edit("add", text="<script>alert('x')</script> ../../etc \"quoted\""), TWO)
    library, _ = apply_edits(TWO, [script], epoch=0)
    assert library.text().splitlines()[-1] == "- <script>alert('x')</script> ../../etc \"quoted\""
    assert Library.from_json(json.loads(json.dumps(library.to_json()))) == library


@pytest.mark.parametrize("text", ["[" * 200_000, '[{"op":' * 30_000, "[1, " * 50_000, '["' * 100_000, "[{} " * 50_000,
                                  "[]x" * 60_000, "[" + "9" * 100_000])
def test_no_reply_takes_long_or_raises_anything_else(text):
    begun = time.process_time()
    with contextlib.suppress(EditsInvalid):
        read_edits(text, TWO)
    assert time.process_time() - begun < 1.0


@given(st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8) | st.sampled_from(["add", "L1", "keep"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["op", "id", "text", "topic", "because", "x"]), inner, max_size=4
    ),
))
@settings(max_examples=200, deadline=None)
def test_any_json_is_edits_or_refused(value):
    try:
        edits = read_edits(json.dumps([value] if not isinstance(value, list) else value), TWO)
    except EditsInvalid as error:
        assert len(str(error)) < 600
    else:
        apply_edits(TWO, edits, epoch=0)


# Applying ---------------------------------------------------------------------------------------------------------


def test_applying_edits_in_order():
    edits = (
        Add(op="add", text="Give parts depth.", topic="space", because=(PAIRS[0],)),
        Modify(op="modify", id="L1", text="Draw the seat first, flat.", because=PAIRS),
        Delete(op="delete", id="L2"), Delete(op="delete", id="L2"), Keep(op="keep", id="L1"),
        Add(op="add", text="give parts: DEPTH!"),
    )
    after, outcomes = apply_edits(TWO, edits, epoch=3, gaps={PAIRS[0]: 0.02})
    assert [(x.id, x.text, x.topic) for x in after.lessons] == [
        ("L1", "Draw the seat first, flat.", "other"), ("L3", "Give parts depth.", "space"),
    ]
    assert after.lessons[0].history == (Provenance(0, author="human"), Provenance(3, PAIRS, (0.02, 0.0)))
    assert (after.version, after.parent, after.next_number) == (1, TWO.key, 4)
    assert [(o.applied, o.reason, o.lesson_id) for o in outcomes] == [
        (True, "", "L3"), (True, "", "L1"), (True, "", "L2"), (False, "there is no lesson L2", "L2"), (True, "", "L1"),
        (False, "the same words are already a lesson", ""),
    ]
    assert diff(TWO, after).lines() == [
        "- [L2] Let legs meet the seat.", "- [L1] Draw the seat first.", "+ [L1] Draw the seat first, flat.",
        "+ [L3] Give parts depth.",
    ]
    assert not diff(TWO, TWO)
    assert TWO.text(with_ids=True) == "[L1] Draw the seat first.\n[L2] Let legs meet the seat.", "versions never change"
    assert json.loads(json.dumps([o.row() for o in outcomes]))[3]["reason"] == "there is no lesson L2"


def test_a_changed_topic_is_a_change():
    after, _ = apply_edits(TWO, [Modify(op="modify", id="L1", text=TWO.lessons[0].text, topic="parts")], epoch=0)
    assert [b.topic for _, b in diff(TWO, after).modified] == ["parts"]


def test_words_of_other_scripts_are_told_apart():
    first, _ = apply_edits(Library(), [Add(op="add", text="ارسم الساق أولا"), Add(op="add", text="椅子の脚を先に")], epoch=0)
    assert len(first) == 2
    again, outcomes = apply_edits(first, [Add(op="add", text="ارسم الساق أولا!")], epoch=0)
    assert len(again) == 2
    assert outcomes[0].reason == "the same words are already a lesson"


def test_caps():
    caps = Caps(lessons=2, words=4, refuse_format=True)
    adds = [Add(op="add", text="one two three four five")]
    assert apply_edits(TWO, adds, epoch=0, caps=caps)[1][0].reason == "longer than 4 words"
    full, outcomes = apply_edits(TWO, [Add(op="add", text="Add more depth")], epoch=0, caps=caps)
    assert (len(full), outcomes[0].reason) == (2, "the library is full (2 lessons)")
    swapped, outcomes = apply_edits(
        TWO, [Delete(op="delete", id="L1"), Add(op="add", text="Add more depth")], epoch=0, caps=caps
    )
    assert [x.id for x in swapped.lessons] == ["L2", "L3"]
    assert all(o.applied for o in outcomes)


def test_review_may_change_or_veto():
    proposed = Add(op="add", text="Give parts depth.")
    changed = Add(op="add", text="Give all parts depth.")
    after, outcomes = apply_edits(Library(), [Reviewed(proposed, None), Reviewed(proposed, changed, "human")], epoch=1)
    assert [x.text for x in after.lessons] == ["Give all parts depth."]
    assert after.lessons[0].history[0].author == "human"
    assert outcomes[0].reason == "vetoed in review"
    assert outcomes[0].row()["edit"] is None


ADVICE = [
    "Close every bracket before the next stroke.", "Use valid JSON.", "Separate points with commas.",
    "Every stroke needs exactly four control points.", "Always end with the closing tag.", "End with </curves>.",
    "Give at most three decimals.", "Check that the list can be parsed.", "Keep the output format.", "Avoid code fences.",
    "Match all parentheses.", "Each point has always three numbers.",
]
DRAWING = [
    "Draw wall brackets under a shelf.", "Let strokes that touch share exactly the same end point.", "A price tag hangs off.",
    "Put the four legs at equal distance from the centre.", "Keep opposite sides parallel.", "Spend strokes on outlines.",
    "Control points of a straight edge lie on the line.", "Divide a circle into four arcs, handles 0.55 of the radius.",
    "A python is drawn as one long S."[2:].replace("python", "snake"), "Use 8 to 16 strokes for the body, exactly as needed.",
]


@pytest.mark.parametrize("text", ADVICE)
def test_format_advice_is_refused_when_asked(text):
    assert is_format_advice(text)
    asked, outcomes = apply_edits(Library(), [Add(op="add", text=text)], epoch=0, caps=Caps(refuse_format=True))
    assert (len(asked), outcomes[0].reason) == (0, "format advice; the reader of the reply handles format")
    assert len(apply_edits(Library(), [Add(op="add", text=text)], epoch=0)[0]) == 1


@pytest.mark.parametrize("text", DRAWING)
def test_advice_on_drawing_is_not_taken_for_format(text):
    assert not is_format_advice(text)


# Versions ---------------------------------------------------------------------------------------------------------


class LibraryMachine(RuleBasedStateMachine):
    """Ids are never given twice, whatever is applied or rolled back; versions count up and know their parents."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = [Library()]
        self.first_words: dict[str, str] = {}
        self.caps = Caps(lessons=5)

    @rule(data=st.data())
    def edit(self, data) -> None:
        library = self.versions[-1]
        ids = st.sampled_from([lesson.id for lesson in library.lessons] + ["L999"])
        words = st.text("abc ", min_size=3, max_size=12).filter(lambda text: len(" ".join(text.split())) >= 3)
        edits = data.draw(st.lists(st.one_of(
            words.map(lambda text: Add(op="add", text=text)), ids.map(lambda i: Delete(op="delete", id=i)),
            st.tuples(ids, words).map(lambda pair: Modify(op="modify", id=pair[0], text=pair[1])), st.just(Keep(op="keep")),
        ), max_size=5))
        after, outcomes = apply_edits(library, edits, epoch=len(self.versions), caps=self.caps)
        assert len(outcomes) == len(edits)
        for outcome in outcomes:
            if outcome.applied and isinstance(outcome.reviewed.edit, Add):
                assert outcome.lesson_id not in self.first_words, "an id was given twice"
                self.first_words[outcome.lesson_id] = outcome.reviewed.edit.text
        change = diff(library, after)
        rebuilt = {x.id: x for x in library.lessons} | {x.id: x for x in change.added} | {b.id: b for _, b in change.modified}
        for gone in change.deleted:
            del rebuilt[gone.id]
        assert {i: x.text for i, x in rebuilt.items()} == {x.id: x.text for x in after.lessons}
        self.versions.append(after)

    @rule(data=st.data())
    def roll_back(self, data) -> None:
        target = data.draw(st.sampled_from(self.versions))
        back = self.versions[-1].rolled_back(target)
        assert back.key == target.key
        assert not diff(target, back)
        self.versions.append(back)

    @invariant()
    def holds(self) -> None:
        library = self.versions[-1]
        assert len(library) <= 5
        assert len({lesson.id for lesson in library.lessons}) == len(library)
        assert all(lesson.id in self.first_words for lesson in library.lessons)
        assert library.version == len(self.versions) - 1
        assert library.parent == (self.versions[-2].key if len(self.versions) > 1 else "")
        assert Library.from_json(json.loads(json.dumps(library.to_json()))) == library


LibraryMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=8, deadline=None)
TestLibraryMachine = LibraryMachine.TestCase


def test_key_is_what_a_prompt_can_see():
    same = Library(tuple(Lesson(x.id, x.text, "space") for x in TWO.lessons), 7, "p", 9)
    assert same.key == TWO.key
    assert Library.of_tips(["Draw the seat first."]).key != TWO.key
    assert Library().text() == ""
    assert TWO.text() == "- Draw the seat first.\n- Let legs meet the seat."


@pytest.mark.parametrize(("change", "message"), [
    ({"lessons": 3}, "expected a library as written by this project, got Input should be a valid tuple (at lessons)."),
    ({"lessons": [{"id": "L1", "text": 3}]}, "got Input should be a valid string (at lessons.0.text)."),
    ({"colour": "red"}, "(at colour)."),
    ({"next_number": 2}, "expected every lesson's id once, and below next_number, got L1, L2; 2 (at lessons)."),
])
def test_a_spoilt_library_file_is_refused(change, message):
    with pytest.raises(ConfigurationError) as caught:
        Library.from_json({**json.loads(json.dumps(TWO.to_json())), **change})
    assert message in str(caught.value)
    with pytest.raises(ConfigurationError, match="got not a mapping"):
        Library.from_json([])
