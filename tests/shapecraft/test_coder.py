"""The Coder: what its prompts show, and that nothing else of the past is in them."""

from __future__ import annotations

from easel.chat import Truncated
from shapecraft.blender_checks import Advice
from shapecraft.coder import Coder, error_words, specification
from shapecraft.outcome import Outcome
from shapecraft.settings import CraftSettings
from shapecraft.shapes_guide import guide
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, fitting, program, stool


def test_drafts_are_replicas_at_high_temperature_with_seeds_of_their_own():
    model = Scripted(lambda request: fitting("legs"))
    coder = Coder(model, CraftSettings.paper(seed=5), "s1")
    written = [coder.draft(stool(), "legs", path=m) for m in range(3)]
    assert {one.program for one in written} == {program(fitting("legs"))}
    assert written[0].reply_keys == (model.calls[0].key,)
    assert [(c.replica, c.sampling.seed, c.sampling.temperature) for c in model.calls] == [
        (0, 5, 1.0), (1, 6, 1.0), (2, 7, 1.0)]
    assert len({call.key for call in model.calls}) == 3
    assert [str(call.site) for call in model.calls] == [f"coder/s1/legs/0/{m}" for m in range(3)]


def test_a_draft_is_shown_the_guide_the_boxes_of_all_and_the_entry_of_its_own():
    model = Scripted(lambda request: fitting("legs"))
    Coder(model, CraftSettings.paper()).draft(stool(), "legs", path=0)
    system, user = (message.text for message in model.calls[0].messages)
    assert guide() in system
    assert "- seat: center [0.0, 0.0, 0.425], size [0.4, 0.4, 0.05]" in user
    assert "four round legs" in user
    assert "a round disc" not in user, "the entry of another component"
    Coder(model, CraftSettings.paper(helpers=False)).draft(stool(), "legs", path=0)
    assert guide() not in model.calls[1].messages[0].text
    assert "Write against bpy, bmesh and mathutils." in model.calls[1].messages[0].text


def test_a_revision_sees_the_latest_program_and_the_last_feedback_alone():
    model = Scripted(lambda request: fitting("legs", 1.1))
    coder = Coder(model, CraftSettings.paper(), "s1")
    coder.revise(stool(), "legs", "import shapes\nfirst = 1\n", "Too thin.", path=2, step=1)
    coder.revise(stool(), "legs", "import shapes\nsecond = 2\n", "Too thick.", path=2, step=2)
    first, second = (call.messages[1].text for call in model.calls)
    assert "first = 1" in first
    assert "Too thin." in first
    assert "second = 2" in second
    assert "Too thick." in second
    assert "first = 1" not in second
    assert "Too thin." not in second
    assert {len(call.messages) for call in model.calls} == {2}
    assert [str(call.site) for call in model.calls] == ["coder-revise/s1/legs/1/2", "coder-revise/s1/legs/2/2"]
    assert {call.sampling.temperature for call in model.calls} == {0.3}


def test_a_repair_is_told_the_error_the_line_and_the_advice():
    model = Scripted(lambda request: fitting("legs"))
    advice = (Advice(2, "name", "nothing is called x", "Write y."),)
    outcome = Outcome("raised", message="ValueError: no such thing", line=2)
    Coder(model, CraftSettings.paper()).repair(stool(), "legs", program(BROKEN), outcome, advice, path=1, step=0)
    assert error_words(program(BROKEN), outcome, advice) == (
        "raised: ValueError: no such thing\n"
        "line 2: raise ValueError('no such thing')\n"
        "line 2: nothing is called x. Write y.")
    assert error_words(program(BROKEN), outcome, advice) in model.calls[0].messages[1].text
    assert model.calls[0].site.role == "coder-repair"


def test_an_empty_outcome_says_so_and_a_line_beyond_the_program_is_left_out():
    assert error_words("a = 1\n", Outcome("empty", line=9)) == "empty: it made no mesh that would be rendered"


def test_a_reply_without_a_program_is_asked_again_once_and_then_a_failure():
    model = Scripted(lambda request: "It would be a cylinder.")
    written = Coder(model, CraftSettings.paper()).draft(stool(), "legs", path=0)
    assert (written.program, written.failure, len(model.calls)) == ("", "invalid", 2)
    assert written.reason.startswith("expected one program in a block of ```python")


def test_a_failed_call_is_a_value():
    def cut(request):
        raise Truncated("a whole reply")

    written = Coder(Scripted(cut), CraftSettings.paper()).draft(stool(), "legs", path=0)
    assert (written.program, written.failure) == ("", "truncated")


def test_a_specification_marks_its_own_component():
    text = specification(stool(), "seat")
    assert "- seat: center [0.0, 0.0, 0.425], size [0.4, 0.4, 0.05] (this one)" in text
    assert text.startswith("The object: stool\n")
