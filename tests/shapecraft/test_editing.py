"""Edits: plans as models write them, only the named parts written anew, the proof, failures that change nothing."""

from __future__ import annotations

import json
import random
import re
import threading
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.asking import load_prompt
from easel.chat import ChatRequest, Unavailable
from easel.connection import chain
from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from shapecraft.catalogue import CATALOGUE
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_events import EditFinished, EditPlanned
from shapecraft.edit_keeping import EditKeeper
from shapecraft.edit_plan import EditImpossible, EditPlanInvalid, plan_edit, read_edit_plan
from shapecraft.edit_proof import EditProofBroken, measured, prove
from shapecraft.edit_recordings import EditRecording, EditsDiffer, keep_edits, replay_edits
from shapecraft.editing import edit, set_numbers
from shapecraft.events import AttemptFinished
from shapecraft.graph import Joint, OnTopOf, from_json
from shapecraft.graph_diff import diff
from shapecraft.history import History
from shapecraft.lifted_numbers import NumbersError, lift
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Job
from shapecraft.recordings import packaged_names
from shapecraft.remembering import RememberedWall
from shapecraft.replaying import open_recording
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from shapecraft.standing import standing
from shapecraft.wall import open_wall, program_hash
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, BoxWall, block, checks, opinion, part_of, program, stool

WIDE = {"center": [0, 0, 0.2], "size": [0.5, 0.5, 0.4]}
THICKER = json.dumps({"summary": "Thicker legs.", "changes": [{"name": "legs", "how": "5 cm thicker", "box": WIDE}],
                      "added": [], "removed": []})
DRAWER = {"name": "drawer", "geometry": "an open box", "position": "under the seat", "material": "oak",
          "box": {"center": [0, -0.1, 0.35], "size": [0.2, 0.2, 0.1]}}
SETTINGS = CraftSettings.paper(steps=2)


def made():
    """The stool with programs that fill their boxes."""
    graph = stool()
    return graph.replacing(*(replace(one, program=program(block(one.box.size, one.box.center)))
                             for one in graph.components))


def plan(**fields) -> str:
    return json.dumps({"summary": "s", **fields})


@dataclass
class Editor:
    """Answers a plan with `said`, and writes every part as its box asks, or as `programs` say."""

    said: str
    programs: dict

    def __call__(self, request: ChatRequest) -> str:
        role = request.site.role.partition("+")[0]
        if role == "edit-plan":
            return self.said
        if role == "evaluator-part":
            return opinion(6 + 2 * request.site.epoch, checks=checks(5))
        part = part_of(request)
        given = self.programs.get(part)
        if given is not None:
            return given(request) if callable(given) else given
        entry = json.loads(re.search(r"^## The component\n(.*)$", request.messages[-1].text, re.M)[1])
        return block(entry["box"]["size"], entry["box"]["center"])


def carried(said: str, *, graph=None, programs=None, wall=None, words="make the legs thicker", model=None, **more):
    model = model or Scripted(Editor(said, programs or {}))
    events = list(edit(graph or made(), words, model=model, wall=wall or BoxWall(),
                       settings=more.pop("settings", SETTINGS), **more))
    assert isinstance(events[0], EditPlanned)
    return events, model


def ended(said: str, **more) -> EditFinished:
    return carried(said, **more)[0][-1]


# plans

def test_a_plan_names_what_changes_and_leaves_the_rest_the_very_same():
    graph = made()
    found = read_edit_plan(f"Sure.\n```json\n{THICKER}\n```", graph, limit=16)
    assert (found.summary, found.how, found.added, found.removed) == ("Thicker legs.", (("legs", "5 cm thicker"),),
                                                                      (), ())
    assert found.graph["seat"] is graph["seat"]
    assert found.graph["legs"].box.size == (0.5, 0.5, 0.4)
    assert found.graph["legs"].program == graph["legs"].program
    assert (found.graph["legs"].geometry, found.graph["legs"].material) == ("four round legs", "oak")


def test_parts_are_added_and_removed_and_what_named_a_removed_one_goes_with_it():
    graph = made()
    graph = graph.replacing(replace(graph["seat"], joint=Joint("hinge", carries=("legs",))))
    found = read_edit_plan(plan(added=[DRAWER], removed=["legs"]), graph, limit=2)
    assert found.graph.names == ("seat", "drawer")
    assert found.graph["seat"].relations == ()
    assert found.graph["seat"].joint.carries == ()
    assert found.unlinked == ("seat: on_top_of legs", "seat: its joint carries no removed part any more")
    assert found.written == ("drawer",)
    assert diff(graph, found.graph).removed == ("legs",)


def test_what_a_model_writes_otherwise_is_forgiven_and_said():
    found = read_edit_plan(
        '<think>hm {"changes": 1}</think> {"summary": "s", "edits": [{"component": "Legs", "how": "wider", '
        '"box": {"size": ["50 cm", 0.5, 0.4]}, "colour": "x"},], "removed": null}', made(), limit=16)
    assert found.changed == ("legs",)
    assert found.graph["legs"].box.center == (0, 0, 0.2)
    assert found.forgiven == ('"edits" for "changes"', "lengths in cm, converted", "trailing commas")
    by_name = read_edit_plan(plan(changes={"seat": "paint it"}), made(), limit=16)
    assert by_name.how == (("seat", "paint it"),)


@pytest.mark.parametrize(("said", "told"), [
    (plan(changes=[{"name": "wheels", "how": "x"}]),
     "expected names of parts of this object (legs, seat), got 'wheels': the plan names no part that exists (at "
     "changes). A new part belongs under added."),
    (plan(changes=[{"name": "leg", "how": "x"}]), "Did you mean legs?"),
    (plan(changes=[{"name": "legs"}]), 'expected "how": what becomes different, in words, got None'),
    (plan(changes=[{"name": "legs", "how": "x"}] * 2), "expected each part once, got legs twice"),
    (plan(changes=[{"name": "legs", "how": "x"}], removed=["legs"]), "legs under changes and under removed"),
    (plan(changes=[]), "expected at least one part under changes, added or removed, got none"),
    (plan(removed=["legs", "seat"]), "expected at least one part that stays, got a plan that removes all"),
    (plan(added=[{**DRAWER, "name": "seat"}]), "expected a new name, got seat, which is there"),
    (plan(added=[{**DRAWER, "name": "legs"}], removed=["legs"]), "expected a new name, got legs, which is there"),
    (plan(added=[{"name": "drawer", "box": WIDE}]), "expected a description in words"),
    (plan(changes=[{"name": "legs", "how": "x", "box": {"center": [0, 0, 0], "size": [0, 1, 1]}}]),
     "expected sides above 0 metres"),
    ("x" * 100_001, "expected a reply of at most 100000 characters, got 100001"),
    ("I would rather not.", "expected one JSON object"),
    ('{"changes": [{"name": "legs", "how": ', "expected one JSON object"),
])
def test_plans_that_cannot_be_are_refused_in_words_for_the_model(said, told):
    with pytest.raises(EditPlanInvalid) as error:
        read_edit_plan(said, made(), limit=16)
    assert told in str(error.value)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_reply_is_a_plan_or_refused(data):
    text = data.draw(st.sampled_from([THICKER, plan(added=[DRAWER], removed=["legs"]), '{"impossible": "no"}']))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(st.sampled_from(
            ["", '"', "{", "]", "null", "1e999", "\ud800", ",", "x", "[]"])) + text[at + data.draw(st.integers(0, 9)):]
    graph = made()
    try:
        found = read_edit_plan(text, graph, limit=16)
    except (EditPlanInvalid, EditImpossible):
        return
    assert set(found.graph.names) == ({*graph.names} - {*found.removed}) | {*found.added}
    assert all(found.graph[name].program == graph[name].program for name in found.graph.names if name in graph.names)
    assert all(found.graph[name].box == graph[name].box for name in graph.names
               if name not in (*found.changed, *found.removed))


def test_an_impossible_request_is_an_answer():
    with pytest.raises(EditImpossible, match="a stool cannot sing"):
        read_edit_plan('{"impossible": "a stool cannot sing", "changes": []}', made(), limit=16)


def test_too_many_parts_are_refused_but_those_there_are_stay():
    with pytest.raises(EditPlanInvalid, match="at most 2 components"):
        read_edit_plan(plan(added=[DRAWER]), made(), limit=1)
    assert read_edit_plan(THICKER, made(), limit=1).changed == ("legs",)


def test_the_prompt_shows_object_parts_and_request():
    _, model = carried(THICKER)
    asked = model.calls[0]
    assert str(asked.site) == "edit-plan/object/1/-1"
    assert "The object: stool\n" in asked.messages[1].text
    assert '"name": "legs"' in asked.messages[1].text
    assert "## The request\nmake the legs thicker\n" in asked.messages[1].text
    assert load_prompt("shapecraft", "edit_plan").placeholders == {"object", "parts", "instruction"}


# carrying out

def test_only_the_named_part_is_written_and_the_others_are_run_again():
    wall = BoxWall()
    events, model = carried(THICKER, wall=wall)
    edited = events[-1].edited
    assert [type(one).__name__ for one in events] == ["EditPlanned", "AttemptFinished", "ComponentFinished",
                                                      "EditFinished"]
    assert [str(call.site) for call in model.calls] == ["edit-plan/object/1/-1", "coder-revise/object#edit1/legs/0/0"]
    assert (edited.changed, edited.added, edited.removed) == (("legs",), (), ())
    assert edited.after["seat"] == made()["seat"]
    parts = {part.name: part for part in edited.proof.parts}
    assert {name: part.verdict for name, part in parts.items()} == {"legs": "changed", "seat": "same"}
    assert parts["seat"].before == parts["seat"].after
    assert parts["seat"].after.program == program_hash(made()["seat"].program)
    assert parts["seat"].after.volume == pytest.approx(0.4 * 0.4 * 0.05, rel=1e-5)
    assert parts["legs"].after.high == pytest.approx((0.25, 0.25, 0.4))
    assert parts["legs"].before.high == pytest.approx((0.2, 0.2, 0.4))
    assert [job.name for job in wall.jobs].count("seat") == 2
    assert read_glb(edited.assembly.glb).names == ("legs", "seat")
    assert "legs: box center" in edited.words()
    assert "seat: same" in edited.words()
    assert "misses its box" not in edited.words()
    assert events[-1].calls == (("coder, revision", 1), ("editor", 1))


def test_the_coder_is_told_the_request_the_plan_and_the_old_program():
    _, model = carried(THICKER)
    asked = model.calls[1].messages[1].text
    assert "The user asks of the whole object: make the legs thicker\nOf this part: 5 cm thicker\n" in asked
    assert "box center (0, 0, 0.2) size (0.4, 0.4, 0.4) -> center (0, 0, 0.2) size (0.5, 0.5, 0.4)" in asked
    assert made()["legs"].program in asked


def test_a_part_that_misses_its_new_box_is_told():
    small = {"legs": block((0.4, 0.4, 0.4), (0, 0, 0.2))}
    assert "legs misses its box by 10% of the longest side" in ended(THICKER, programs=small).edited.words()
    same = ended(THICKER, programs={"legs": f"```python\n{made()['legs'].program}```"}).edited
    assert same.proof.parts[0].note == "the program came back as it was"


def test_a_new_part_is_drafted_and_a_removed_one_is_gone():
    events, model = carried(plan(added=[DRAWER], removed=["legs"]))
    edited = events[-1].edited
    assert [call.site.role for call in model.calls] == ["edit-plan", "coder"]
    assert edited.after.names == ("seat", "drawer")
    assert [part.verdict for part in edited.proof.parts] == ["removed", "same", "added"]
    assert read_glb(edited.assembly.glb).names == ("seat", "drawer")


def test_removing_alone_asks_for_the_plan_only():
    events, model = carried(plan(removed=["seat"]))
    assert len(model.calls) == 1
    assert events[-1].edited.after.names == ("legs",)


def test_a_program_that_does_not_run_is_repaired():
    broken_once = {"legs": lambda request: BROKEN if request.site.role == "coder-revise"
                   else block((0.5, 0.5, 0.4), (0, 0, 0.2))}
    events, _ = carried(THICKER, programs=broken_once)
    assert [event.attempt.id for event in events if isinstance(event, AttemptFinished)] == [
        "legs/m0/t0/r0", "legs/m0/t0/r1"]
    assert events[-1].edited.chosen[0].repair == 1


def test_judged_parts_are_revised_with_the_request_in_mind_and_the_best_stays():
    events, model = carried(THICKER, judged=True, paths=2)
    attempts = [event.attempt for event in events if isinstance(event, AttemptFinished)]
    assert [(one.m, one.t, one.score) for one in attempts] == [(0, 0, 6), (0, 1, 8), (1, 0, 6), (1, 1, 8)]
    assert events[-1].edited.chosen[0].id == "legs/m0/t1/r0"
    second = next(call for call in model.calls if call.site.role == "coder-revise" and call.site.epoch == 1)
    assert "The user asks of the whole object: make the legs thicker" in second.messages[1].text
    assert "Score 6 of 10. Make it a little wider." in second.messages[1].text
    assert dict(events[-1].calls) == {"coder, revision": 4, "editor": 1, "evaluator, part": 4}


# failures

@pytest.mark.parametrize(("said", "failure", "reason"), [
    ('{"impossible": "a stool cannot sing"}', "impossible", "a stool cannot sing"),
    (plan(changes=[{"name": "wheels", "how": "x"}]), "invalid", "the plan names no part that exists"),
    ("nonsense", "invalid", "expected one JSON object"),
])
def test_a_request_that_cannot_be_planned_changes_nothing(said, failure, reason):
    events, model = carried(said)
    assert events[-1].edited is None
    assert events[-1].failure == failure
    assert reason in events[-1].reason
    assert len(events) == 2
    assert len(model.calls) == (1 if failure == "impossible" else 2)


def test_an_edit_is_done_as_a_whole_or_not_at_all():
    end = ended(plan(changes=[{"name": "legs", "how": "x"}], added=[DRAWER]), programs={"drawer": BROKEN})
    assert end.edited is None
    assert (end.failure, end.reason) == ("not made", "drawer: raised: ValueError: no such thing")


@pytest.mark.parametrize(("words", "more", "told"), [
    ("  ", {}, "expected an instruction of 1 to 2000 characters, got 0 of them"),
    ("x" * 2001, {}, "got 2001 of them"),
    ("x", {"paths": 0}, "expected 1 to 16 paths, got 0"),
    ("x", {"graph": stool()}, "expected an object with programs, got none of its parts has one"),
])
def test_wrong_arguments_are_told_before_anything_is_asked(words, more, told):
    model = Scripted(Editor(THICKER, {}))
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        carried(THICKER, words=words, model=model, **more)
    assert model.calls == []


def test_a_wall_that_remembers_is_refused(tmp_path):
    with open_run(tmp_path) as run, pytest.raises(ConfigurationError, match="a proof from memory would prove nothing"):
        carried(THICKER, wall=RememberedWall(BoxWall(), run))


# proof

class Drifting(BoxWall):
    """A wall on which the seat grows with every run."""

    def run(self, job: Job):
        if job.name == "seat":
            grown = 0.4 + 0.01 * sum(one.name == "seat" for one in self.jobs)
            job = replace(job, program=job.program.replace("size=(0.4, 0.4, 0.05)", f"size=({grown}, 0.4, 0.05)"))
        return super().run(job)


def test_a_part_that_comes_out_otherwise_is_never_passed_over():
    end = ended(THICKER, wall=Drifting())
    assert end.edited is None
    assert end.failure == "not proven"
    assert end.reason.startswith("seat: unsteady (run again, it makes something else); program ")
    assert end.proof.broken[0].name == "seat"
    with pytest.raises(EditProofBroken, match="every part that was not named to be the same as before, got seat"):
        end.proof.check()
    kept = ended(THICKER, wall=Drifting(), allow_unsteady=True)
    assert not kept.edited.proof.holds
    assert kept.edited.after["seat"] == made()["seat"]


@dataclass
class Versioned(BoxWall):
    """A wall that says which Blender it is. widths : how wide the seat comes out, run after run, the last one on"""

    blender: str = "4.5.9"
    widths: tuple[float, ...] = (0.4,)

    def run(self, job: Job):
        if job.name == "seat":
            ran = sum(one.name == "seat" for one in self.jobs)
            wide = self.widths[min(ran, len(self.widths) - 1)]
            job = replace(job, program=job.program.replace("size=(0.4, 0.4, 0.05)", f"size=({wide}, 0.4, 0.05)"))
        return replace(super().run(job), blender=self.blender)


def seat_of(kept: BoxWall, wall: BoxWall, **more) -> EditFinished:
    """An edit of the legs, where the seat's outcome was kept from the first wall."""
    program_of = made()["seat"].program
    return ended(THICKER, outcomes={program_hash(program_of): kept.run(Job(program_of, "seat"))}, wall=wall, **more)


@pytest.mark.parametrize(("kept", "why"), [
    (Versioned(widths=(0.41,)), "run again, it makes something else"),
    (Versioned(widths=(0.4 * (1 + 4e-7),)), "run again, it makes something else"),
    (Versioned(blender="", widths=(0.41,)), "run again, it makes something else; which Blender made it is not kept with the "
                                            "kept outcome, so that another one cannot be the reason"),
])
def test_in_one_installation_every_byte_of_the_mesh_is_the_same(kept, why):
    end = seat_of(kept, Versioned())
    assert (end.edited, end.failure) == (None, "not proven")
    (seat,) = end.proof.broken
    assert (seat.verdict, seat.note) == ("unsteady", why)
    assert seat.before.mesh != seat.after.mesh


def test_a_mesh_of_another_blender_may_differ_in_the_last_digits_and_stays():
    wall = Versioned()
    end = seat_of(Versioned(blender="4.5.1", widths=(0.4 * (1 + 4e-7),)), wall)
    seat = end.edited.proof.parts[1]
    assert (seat.verdict, seat.note) == (
        "alike", "kept from Blender 4.5.1, run again in 4.5.9: the same to 1e-06, not byte for byte")
    assert seat.before.mesh != seat.after.mesh and seat.fresh is None and end.edited.proof.holds
    assert measured(made()["seat"].program, Versioned(widths=(0.4 * (1 + 4e-7),)).run(
        Job(made()["seat"].program, "seat"))).mesh == seat.before.mesh
    assert read_glb(end.edited.assembly.glb).parts[1].bounds[1][0] == np.float32(0.4 * (1 + 4e-7)) / 2
    assert [job.name for job in wall.jobs].count("seat") == 1


def test_what_another_blender_makes_otherwise_is_put_into_the_object_and_the_old_told():
    end = seat_of(Versioned(blender="4.5.1", widths=(0.41,)), Versioned())
    seat = end.edited.proof.parts[1]
    assert (seat.verdict, seat.note) == ("anew", "kept from Blender 4.5.1, run again in 4.5.9, it makes something else, "
                                                 "the same twice: the object gets that")
    assert (seat.before.high[0], seat.after.high[0]) == (pytest.approx(0.205), pytest.approx(0.2))
    assert (seat.row()["before"]["high"][0], seat.row()["after"]["high"][0]) == (seat.before.high[0], seat.after.high[0])
    assert read_glb(end.edited.assembly.glb).parts[1].bounds[1][0] == pytest.approx(0.2)
    assert end.edited.proof.holds
    lots = seat_of(Versioned(blender="4.5.1", widths=(0.41,)), Versioned(widths=(0.4, 0.42)))
    assert (lots.edited, lots.proof.broken[0].verdict) == (None, "unsteady")
    assert lots.reason.startswith("seat: unsteady (kept from Blender 4.5.1, run again in 4.5.9, it makes something else "
                                  "each time); ")


def test_a_part_made_anew_stays_so_in_the_run(tmp_path):
    with open_run(tmp_path) as run:
        desk = finished(run)
        old = Versioned(blender="4.5.1", widths=(0.41,))
        for one in made().components:
            RememberedWall(old, run).run(Job(one.program, one.name))
        end = list(desk.edit("thicker", model=Scripted(Editor(THICKER, {})), wall=Versioned()))[-1]
        assert end.edited.proof.parts[1].verdict == "anew"
        row, = desk.rows()
        assert row["proof"]["parts"][1]["before"]["high"][0] == pytest.approx(0.205)
        wide = {number: standing(run, number).outcomes["seat"].parts[0].high[0] for number in (0, 1)}
        assert wide == {0: pytest.approx(0.205), 1: pytest.approx(0.2)}
        end = list(desk.set_numbers({"legs.size.z": 0.3}, wall=Versioned()))[-1]
        assert [part.verdict for part in end.edited.proof.parts] == ["changed", "same"], "measured against what stands"
        assert standing(run).outcomes["seat"].blender == "4.5.9"


def test_a_program_that_changed_unasked_breaks_the_proof():
    before = made()
    after = before.replacing(replace(before["seat"], program=before["seat"].program + "# more\n"))
    wall = BoxWall()
    outcomes = {one.name: wall.run(Job(one.program, one.name)) for one in before.components}
    proof = prove(before, after, outcomes, {}, wall, named=("legs",))
    assert [part.verdict for part in proof.parts] == ["changed", "rewritten"]
    with pytest.raises(EditProofBroken, match="seat: rewritten"):
        proof.check()
    gone = prove(before, replace(before, components=before.components[:1]), outcomes, {}, wall, named=("legs",))
    assert [part.verdict for part in gone.parts] == ["changed", "rewritten"]


def test_parts_that_were_never_made_are_said_to_be():
    graph = made()
    graph = graph.replacing(replace(graph["seat"], program=""))
    edited = ended(THICKER, graph=graph).edited
    assert [part.verdict for part in edited.proof.parts] == ["changed", "not made"]
    assert edited.assembly.missing == ("seat",)


# numbers

def test_numbers_are_set_without_a_model_and_proven_alike():
    graph = made()
    lifted = lift(graph["legs"].program)
    text = lifted.with_values({"size.x": 0.5})
    events = list(set_numbers(graph, {"legs": text}, "legs.size.x = 0.5", wall=BoxWall()))
    edited = events[-1].edited
    assert events[-1].cause == "numbers"
    assert events[-1].calls == ()
    assert edited.after["legs"].program == text
    assert [part.verdict for part in edited.proof.parts] == ["changed", "same"]
    broken = list(set_numbers(graph, {"legs": "raise ValueError"}, "x", wall=BoxWall()))[-1]
    assert (broken.edited, broken.failure, broken.reason) == (None, "not made",
                                                              "legs: raised: ValueError: no such thing")
    with pytest.raises(ConfigurationError, match="at least one number to set"):
        list(set_numbers(graph, {}, "x", wall=BoxWall()))


# a run's folder

def open_run(root) -> RunStore:
    return RunStore.open(root, "test", fingerprint="f" * 64, evidence="stand-in", date="2000-01-01", configuration={
        "prompt": "a stool", "settings": CraftSettings.paper().model_dump(mode="json"), "model": "m"})


def finished(run: RunStore) -> EditDesk:
    """A run as `explore` leaves one."""
    from shapecraft.graph import to_json

    run.write("graph/final.json", to_json(made()))
    run.write("object.glb", b"glb")
    run.write("object.py", "py")
    return EditDesk(run)


def test_a_run_keeps_plan_attempts_versions_and_proof(tmp_path):
    with open_run(tmp_path) as run:
        desk = finished(run)
        model = Scripted(Editor(THICKER, {}))
        list(desk.edit("make the legs thicker", model=model, wall=BoxWall()))
        list(desk.edit("sing", model=Scripted(Editor('{"impossible": "no"}', {})), wall=BoxWall()))
        list(desk.set_numbers({"legs.size.*": 0.45}, wall=BoxWall()))
        assert [row["kind"] for row in run.rows("edits")] == ["edit", "edit", "numbers"]
        first, second, third = run.rows("edits")
        assert (first["version"], first["changed"], first["failure"]) == (1, ["legs"], "")
        assert first["proof"]["holds"] is True
        assert first["proof"]["parts"][1]["verdict"] == "same"
        assert (second["version"], second["failure"], second["reason"]) == (None, "impossible", "no")
        assert third["words"] == ("legs.size.x = 0.45 (was 0.5); legs.size.y = 0.45 (was 0.5); "
                                  "legs.size.z = 0.45 (was 0.4)")
        assert run.rows("edit_plans")[0]["plan"]["summary"] == "Thicker legs."
        assert run.rows("edit_attempts")[0]["component"] == "legs"
        assert read_glb((run.folder / "edits/1/object.glb").read_bytes()).names == ("legs", "seat")
        assert "def legs():" in (run.folder / "edits/3/object.py").read_text()
        assert from_json((run.folder / "graph/edit1.json").read_text())["legs"].box.size == (0.5, 0.5, 0.4)
        assert desk.undo().number == 1
        assert desk.undo().number == 0
        assert desk.file("glb") == run.folder / "object.glb"
        assert desk.redo().number == 1
        folder = run.folder
    again = EditDesk(RunStore.read(folder))
    assert again.history.current == 1
    assert again.graph == from_json((folder / "graph/edit1.json").read_text())
    assert again.watermark.startswith("Stand-in:")
    assert again.numbers("legs").values["size.x"] == 0.5
    with pytest.raises(NumbersError, match="as component.name, such as legs.radius, got 'radius'"):
        again.set_numbers({"radius": 1.0}, wall=BoxWall())


def test_an_edit_that_broke_off_goes_on_and_pays_for_nothing_twice(tmp_path):
    sent: list[str] = []
    falls = threading.Event()

    def answer(request: ChatRequest) -> str:
        if request.site.role == "coder" and not falls.is_set():
            raise Unavailable("a reply", came="nothing", where="test")
        sent.append(str(request.site))
        return Editor(plan(changes=[{"name": "legs", "how": "x", "box": WIDE}], added=[DRAWER]), {})(request)

    with open_run(tmp_path) as run:
        desk = finished(run)
        chat = chain(Scripted(answer), store=run.replies, ledger=run.home).chat
        with pytest.raises(Unavailable):
            list(desk.edit("thicker, and a drawer", model=chat, wall=BoxWall()))
        assert desk.rows() == []
        falls.set()
    with RunStore.amend(run.folder) as run:
        desk = EditDesk(run)
        chat = chain(Scripted(answer), store=run.replies, ledger=run.home).chat
        with_wall = BoxWall()
        walk = desk.edit("thicker, and a drawer", model=chat, wall=with_wall)
        assert next(walk).number == 1
        walk.close()  # killed after the plan
        end = list(desk.edit("thicker, and a drawer", model=chat, wall=with_wall))[-1]
        assert (end.number, end.edited.added) == (1, ("drawer",))
        assert sorted(sent) == ["coder-revise/test#edit1/legs/0/0", "coder/test#edit1/drawer/0/0",
                                "edit-plan/test/1/-1"]
        assert desk.history.current == 1
        assert [row["number"] for row in run.rows("edits")] == [1]
        walk = desk.edit("and now this", model=chat, wall=with_wall)
        next(walk)
        walk.close()
        end = list(desk.edit("something else", model=chat, wall=with_wall))[-1]
        assert end.number == 3


def test_what_came_to_nothing_is_another_attempt_with_other_replies(tmp_path):
    said = ["nonsense", "nonsense", THICKER, THICKER]  # a plan and its repair come to nothing
    programs = [BROKEN] * 2 + [block((0.5, 0.5, 0.4), (0, 0, 0.2))]  # then a part and its repair

    def answer(request: ChatRequest) -> str:
        return said.pop(0) if request.site.role.startswith("edit-plan") else programs.pop(0)

    with open_run(tmp_path / "a") as run:
        desk = finished(run)
        model = Scripted(answer)
        chat = chain(model, store=run.replies, ledger=run.home).chat

        def tried(**more) -> tuple[EditPlanned, EditFinished]:
            first, *_, last = desk.edit("thicker", model=chat, wall=BoxWall(), **more)
            return first, last

        seeded = CraftSettings.paper(steps=2, seed=5)
        ends = [tried(settings=seeded) for _ in range(3)]
        assert [(first.attempt, last.failure, last.number) for first, last in ends] == [
            (0, "invalid", 1), (1, "not made", 2), (2, "", 3)]
        assert ends[2][1].edited.changed == ("legs",)
        asked = [(call.site.role, call.replica, call.sampling.seed) for call in model.calls]
        assert asked == [("edit-plan", 0, 5), ("edit-plan+repair", 0, 5), ("edit-plan", 1, 6), ("coder-revise", 16, 21),
                         ("coder-repair", 16, 21), ("edit-plan", 2, 7), ("coder-revise", 32, 37)]
        assert [row.get("attempt") for row in run.rows("edit_requests")] == [None, 1, 2]
        folder = keep_edits(run, tmp_path / "kept", label="a test", date="2026-01-31")
    known = EditRecording.at(folder)
    assert [step.get("attempt") for step in known.info["steps"]] == [None, 1, 2]
    with open_run(tmp_path / "b") as other:
        for _ in range(2):  # a replay asks what was recorded, whatever came to nothing here before
            ends = [one for one in replay_edits(finished(other), known, BoxWall()) if isinstance(one, EditFinished)]
            assert [one.failure for one in ends] == ["invalid", "not made", ""]


def test_an_unsteady_part_that_is_allowed_afterwards_costs_no_new_reply(tmp_path):
    with open_run(tmp_path) as run:
        desk = finished(run)
        model = Scripted(Editor(THICKER, {}))
        chat = chain(model, store=run.replies, ledger=run.home).chat
        assert list(desk.edit("thicker", model=chat, wall=Drifting()))[-1].failure == "not proven"
        assert list(desk.edit("thicker", model=chat, wall=Drifting(), allow_unsteady=True))[-1].edited is not None
        assert len(model.calls) == 2


def test_the_object_that_is_edited_is_the_one_that_stands():
    keeper = EditKeeper(history=History.begin(made(), "a stool"))
    list(edit(made(), "thicker", model=Scripted(Editor(THICKER, {})), wall=BoxWall(), settings=SETTINGS,
              keeper=keeper))
    assert keeper.history.current == 1
    with pytest.raises(ConfigurationError, match="the object that stands, version 1"):
        list(edit(made(), "thicker", model=Scripted(Editor(THICKER, {})), wall=BoxWall(), settings=SETTINGS,
                  keeper=keeper))
    with pytest.raises(ConfigurationError, match="the history of the run"):
        EditKeeper(run=object())


# recordings of edits

def edited_run(root) -> RunStore:
    """A run with five steps: an edit, one that is impossible, numbers, an undo, an edit on another branch."""
    run = open_run(root)
    desk = finished(run)
    wall = BoxWall()

    def edits(said: str, words: str) -> None:
        chat = chain(Scripted(Editor(said, {})), store=run.replies, ledger=run.home).chat
        list(desk.edit(words, model=chat, wall=wall))

    edits(THICKER, "make the legs thicker")
    edits('{"impossible": "no"}', "sing")
    list(desk.set_numbers({"seat.size.z": 0.06}, wall=wall))
    desk.undo()
    edits(plan(added=[DRAWER]), "add a drawer")
    return run


def test_edits_are_packed_and_replayed_to_the_same_versions(tmp_path):
    with edited_run(tmp_path / "a") as run:
        folder = keep_edits(run, tmp_path / "kept", label="a test", date="2026-01-31")
        first = [(folder / name).read_bytes() for name in ("edits.json", "edit_replies.jsonl.gz")]
        keep_edits(run, folder, label="a test", date="2026-01-31")
        assert [(folder / name).read_bytes() for name in ("edits.json", "edit_replies.jsonl.gz")] == first
        known = EditRecording.at(folder)
        assert [step["kind"] for step in known.info["steps"]] == ["edit", "edit", "numbers", "undo", "edit"]
        assert len(known.info["programs"]) == 6
        history = EditDesk(run).history
    with open_run(tmp_path / "b") as other:
        desk = finished(other)
        ends = [one for one in replay_edits(desk, known, BoxWall()) if isinstance(one, EditFinished)]
        assert [one.failure for one in ends] == ["", "impossible", "", ""]
        assert all(one.edited.proof.holds for one in ends if one.edited is not None)
        assert [(one.parent, one.key) for one in desk.history.versions] == [
            (one.parent, one.key) for one in history.versions]
        assert desk.rows()[0]["evidence"] == "stand-in"
        list(replay_edits(desk, known, BoxWall()))
        first, *again = [one for one in desk.history.versions if one.parent == 0]
        assert [one.key for one in again] == [first.key], "from the object as it was made, as a branch of its own"
    with open_run(tmp_path / "c") as other:
        known.info["made"] = "0" * 64
        with pytest.raises(ConfigurationError, match="expected the object that was edited, got another one"):
            list(replay_edits(finished(other), known, BoxWall()))


def test_a_replay_that_comes_to_something_else_is_told(tmp_path):
    with edited_run(tmp_path / "a") as run:
        folder = keep_edits(run, tmp_path / "kept", label="a test", date="2026-01-31")
    steps = EditRecording.at(folder)
    steps.info["steps"][0]["after"] = "0" * 64
    with open_run(tmp_path / "b") as other, pytest.raises(EditsDiffer, match="expected graph 00000000, got graph"):
        list(replay_edits(finished(other), steps, BoxWall()))
    with open_run(tmp_path / "c") as other:
        desk = finished(other)
        with pytest.raises(ConfigurationError, match="expected edits with one model, got no edits"):
            keep_edits(other, tmp_path / "none", label="a test", date="2026-01-31")
        assert not (tmp_path / "none").exists()
        with pytest.raises(ConfigurationError, match="expected a recording with edits, got one without"):
            EditRecording.at(tmp_path)
        desk.run.close()


@pytest.mark.parametrize("by_hand", [True, False])
def test_an_edit_with_an_unsteady_part_is_not_packed(tmp_path, by_hand):
    with open_run(tmp_path / "a") as run:
        desk = finished(run)
        chat = chain(Scripted(Editor(THICKER, {})), store=run.replies, ledger=run.home).chat
        list(desk.set_numbers({"legs.size.x": 0.5}, wall=Drifting(), allow_unsteady=True) if by_hand else
             desk.edit("thicker", model=chat, wall=Drifting(), allow_unsteady=True))
        assert not desk.rows()[0]["proof"]["holds"] and desk.history.current == 1
        with pytest.raises(ConfigurationError, match='shown to be the same in, got edit 1, "[^"]*", with '
                                                     "--allow-unsteady .* Carry the edit out without"):
            keep_edits(run, tmp_path / "kept", label="a test", date="2026-01-31")
        assert not (tmp_path / "kept").exists()


@pytest.mark.acceptance
@pytest.mark.timeout(2400)
def test_recorded_edits_leave_other_parts_as_they_are_in_blender(wall, tmp_path):
    """Every packaged object that has edits, made anew and edited anew."""
    shipped = Path(str(resources.files("shapecraft"))) / "recordings"
    names = [name for name in packaged_names() if EditRecording.there(shipped / name)]
    assert "stool" in names
    for name in names:
        with open_recording(name, root=tmp_path, date="2026-01-31", wall=wall) as studio:
            list(studio.explore())
            ends = [one for one in replay_edits(EditDesk(studio.run), EditRecording.read(name), wall)
                    if isinstance(one, EditFinished)]
            assert ends and any(one.edited is not None for one in ends)
            assert all(one.edited.proof.holds for one in ends if one.edited is not None)


# the stand-in, and acceptance 8

CHANGES = ("make the {} thicker", "make the {} taller", "paint the {} blue", "make the {} smaller",
           "make the {} wider and add a handle bar")


def stand_in_edits(count: int):
    """(object, words, the part named), evenly over the catalogue."""
    for number in range(count):
        graph = CATALOGUE[number % len(CATALOGUE)].graph()
        part = random.Random(number).choice(graph.names)
        yield graph, CHANGES[number % len(CHANGES)].format(part.replace("_", " ")), part


def unchanged(graph, words: str, part: str, wall) -> int:
    """Carries out one edit and checks every other part anew; how many there were."""
    end = list(edit(graph, words, model=StandIn(bad=0.0, broken=0.0), wall=wall, settings=CraftSettings.ours()))[-1]
    assert end.edited is not None, (words, end.failure, end.reason)
    edited = end.edited
    named = {*edited.changed, *edited.added}
    assert part in named
    assert edited.proof.holds
    others = [one for one in edited.proof.parts if one.name not in named]
    for one in others:
        assert one.verdict == "same"
        assert edited.after[one.name] == graph[one.name]
        assert one.before == one.after  # program hash, bounds, volume, faces, every vertex
        assert program_hash(edited.after[one.name].program) == one.after.program
    assert diff(graph, edited.after).touched == (*edited.added, *edited.changed)
    return len(others)


@pytest.fixture(scope="module")
def wall():
    try:
        standing = open_wall(2)
    except MissingCapability as error:
        pytest.skip(str(error))
    with standing:
        yield standing


def test_a_stand_in_edit_leaves_other_parts_as_they_are_in_blender(wall):
    assert unchanged(*next(stand_in_edits(1)), wall) == 1


@pytest.mark.acceptance
@pytest.mark.timeout(2400)
def test_fifty_stand_in_edits_leave_other_parts_as_they_are(wall):
    assert sum(unchanged(*one, wall) for one in stand_in_edits(50)) > 100


def test_fifty_stand_in_plans_name_the_part_that_was_asked_for():
    for graph, words, part in stand_in_edits(50):
        planned = plan_edit(graph, words, model=StandIn(bad=0.0), settings=CraftSettings.paper())
        assert planned.plan is not None, (words, planned.reason)
        assert part in planned.plan.changed


def test_relations_of_an_object_with_programs_stay_with_the_parts_that_are_not_named():
    assert ended(THICKER).edited.after["seat"].relations == (OnTopOf("legs"),)
