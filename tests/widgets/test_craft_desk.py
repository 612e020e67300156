"""A finished shape under a person's hands: attempts, numbers with proof and undo, joints, and the whole model."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from easel.errors import ConfigurationError
from shapecraft.catalogue import find_entry
from shapecraft.lifted_numbers import NumbersError
from shapecraft.posing import PoseError
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, BoxWall, checks, fitting, opinion, part_of
from widgets.craft_attempts import AttemptBrowser
from widgets.craft_desk import ShapeDesk
from widgets.craft_figures import part_bounds
from widgets.craft_joints import JointSliders
from widgets.craft_page import ModelView

WAIT = 20
BAD = "<img src=x onerror=alert(1)>"


def answer(request):
    """All that is judged is as good, so that the first one, which fits its box, is chosen."""
    role = request.site.role
    if role.startswith("parser"):
        return STOOL
    if role.startswith("evaluator"):
        return opinion(5, feedback=BAD, checks=checks(5))
    return fitting(part_of(request), 1.0 if role == "coder" else 0.9)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of a finished run of two paths and two steps."""
    chosen = CraftSettings.ours(paths=2, steps=2, rounds=1, finalists=2, global_look=False)
    run = start_run("a stool", chosen, root=tmp_path_factory.mktemp("made"), name="stool", date="2000-01-01",
                    model="scripted", evidence="stand-in")
    with open_studio("a stool", chosen, chat=Scripted(answer), run=run, wall=BoxWall(), name="stool") as studio:
        for _ in studio.explore():
            pass
        run.status("finished")
    return run.folder


@pytest.fixture
def desk(made, tmp_path):
    one = ShapeDesk(shutil.copytree(made, tmp_path / "run"), BoxWall())
    yield one
    one.close()


def height(desk, part="seat") -> float:
    low, high = part_bounds(desk.figure())[part]
    return round(float(high[2] - low[2]), 6)


def settled(desk) -> None:
    """Until the thread has told everybody."""
    desk.wait(WAIT)
    assert desk.driver._thread is not None
    desk.driver._thread.join(WAIT)


def test_attempts_are_browsed_by_path_and_step(made):
    browser = AttemptBrowser(made)
    assert browser.components == ("legs", "seat")
    assert browser.current == browser.chosen["legs"]
    browser.show("legs/m0/t1/r0")
    assert browser.before == "legs/m0/t0/r0"
    shown = browser.html()
    assert "Against legs/m0/t0/r0" in shown and "-shapes.box" in shown and "+shapes.box" in shown
    assert "&lt;img src=x" in shown and BAD not in shown and "Stand-in" in shown
    assert "program, 2 lines" in shown
    browser.show("seat")
    assert browser.current == browser.chosen["seat"]
    with pytest.raises(ConfigurationError, match="expected an attempt, legs/m0/t0/r0 for one, or a part: legs, seat"):
        browser.show("seat/m7/t0/r0")
    assert len(browser.figure().data) == 4


def test_the_live_browser_turns_with_its_lists(made):
    browser = AttemptBrowser(made)
    _, bar, grid, _, words, _ = browser.widget().children
    part, attempt, back, onward = bar.children
    part.value = "seat"
    assert browser.current.startswith("seat/") and attempt.value == browser.current
    browser.show(browser.ids[0])
    assert (part.value, back.disabled, onward.disabled) == ("legs", True, False)
    onward.click()
    assert browser.current == browser.ids[1] and browser.current in words.value
    assert "scores (* chosen" in grid.value


def test_a_number_is_set_proven_and_undone(desk):
    desk.turn("seat")
    assert [one.name for one in desk.leading][:2] == ["size.x", "size.y"]
    assert height(desk) == 0.05
    desk.set("size.z", 0.1)
    settled(desk)
    assert height(desk) == 0.1 and desk.values["size.z"] == 0.1
    words = desk.words()
    assert "version 1: seat.size.z = 0.1 (made with 0.05)" in words
    assert "Nothing else changed: legs was run again and came out the same." in words
    desk.set("size.z", 0.2)
    settled(desk)
    assert (height(desk), desk.lifted["size.z"].value, desk.lifted["size.z"].high) == (0.2, 0.05, 0.2)
    desk.undo()
    assert (height(desk), desk.values["size.z"], desk.proof) == (0.1, 0.1, None)
    desk.undo()
    assert (height(desk), desk.values["size.z"]) == (0.05, 0.05)
    with pytest.raises(ConfigurationError, match="expected an edit to undo"):
        desk.undo()
    desk.redo()
    assert height(desk) == 0.1 and "done again: version 1" in desk.words()


def test_a_slider_that_is_let_go_meanwhile_waits_its_turn(desk):
    desk.wall.seconds = 0.1
    desk.turn("seat").set("size.z", 0.1)
    desk.set("size.z", 0.12)
    desk.set("size.x", 0.5)
    with pytest.raises(ConfigurationError, match="expected no change that is being made"):
        desk.undo()
    settled(desk)
    assert desk.values["size.z"] == 0.12 and desk.values["size.x"] == 0.5
    assert [one.number for one in desk.desk.history.versions] == [0, 1, 2], "the one between was never made"


def test_what_cannot_be_set_is_told(desk):
    with pytest.raises(NumbersError, match="a value from 0.1 to 1.6"):
        desk.turn("legs").set("size.x", 99.0)
    with pytest.raises(NumbersError, match="Did you mean"):
        desk.set("size.q", 1.0)
    with pytest.raises(ConfigurationError, match="expected a model that carries out edits, got none"):
        desk.ask("make the legs thicker")
    assert not desk.busy


def test_a_change_that_comes_to_nothing_leaves_the_object(desk):
    desk.wall.run = lambda job: replace(BoxWall().run(job), kind="empty", parts=(), glb=b"")
    desk.turn("seat").set("size.z", 0.1)
    settled(desk)
    assert "nothing was changed (not made): seat: empty" in desk.words()
    assert (height(desk), desk.values["size.z"]) == (0.05, 0.05)


def test_the_desk_is_shown_live_and_not(desk):
    box = desk.widget()
    _, bar, rows, _edit, said, words, stage, versions = box.children
    part, _more, undo, _redo = bar.children
    part.value = "seat"
    slider = next(one for one in rows.children if one.description == "size.z m")
    assert (slider.min, slider.max, slider.continuous_update) == (0.0125, 0.2, False)
    slider.value = 0.1
    settled(desk)
    assert part_bounds(stage.children[1])["seat"][1][2] == pytest.approx(0.475)
    assert "Nothing else changed: legs" in words.value and "seat.size.z = 0.1" in versions.value
    undo.click()
    assert slider.value == 0.05 and undo.disabled and said.value == ""
    shown = desk.html()
    assert "seat.size.z" in shown and "Stand-in" in shown and len(shown) < 100_000


def test_a_joint_moves_what_it_carries_inside_its_limits():
    joints = JointSliders.of_catalogue("laptop", BoxWall(level="known programs"))
    assert "drawn as their boxes" in joints.html()
    before = part_bounds(joints.figure())
    slider = joints.widget().children[1]
    assert (slider.description, slider.min, slider.max) == ("screen", -25.0, 90.0)
    slider.value = 90.0
    after = part_bounds(joints.figure())
    assert (after["base"] == before["base"]).all()
    turned = {name: np.ptp(after[name], axis=0) for name in ("screen", "panel")}
    assert turned["screen"][2] < 0.2 * np.ptp(before["screen"], axis=0)[2] and turned["panel"][2] < 0.05
    joints.set({"screen": 400.0})
    assert joints.values == {"screen": 90.0} and "400 lies outside -25 to 90 degrees; 90 was taken" in joints.words()
    assert slider.value == 90.0
    with pytest.raises(PoseError, match="expected a part that has a joint"):
        joints.set({"base": 1.0})


def test_an_object_without_joints_says_so(made):
    joints = JointSliders.of_run(made)
    assert "No part of this object has a joint" in joints.html() and "Stand-in" in joints.html()
    assert joints.tree.moving == ()


def test_a_ball_has_three_sliders():
    graph = find_entry("laptop").graph()
    screen = graph["screen"]
    ball = replace(screen, joint=replace(screen.joint, type="ball", limits=(-30.0, 30.0)))
    mesh = JointSliders.of_catalogue("laptop", BoxWall(level="known programs")).mesh
    joints = JointSliders(graph.replacing(ball), mesh)
    assert [one.description for one in joints.widget().children[1:4]] == ["screen x", "screen y", "screen z"]
    joints.widget().children[3].value = 10.0
    assert joints.values == {"screen": (0.0, 0.0, 10.0)}


def test_the_model_is_opened_in_a_frame_that_reaches_nothing(made):
    view = ModelView(made)
    _, bar, frame = view.widget().children
    assert frame.value == ""
    bar.children[0].click()
    assert frame.value.startswith("<iframe sandbox=allow-scripts ") and "default-src &#x27;none&#x27;" in frame.value
    assert bar.children[0].description == "Close the GLB view"
    bar.children[0].click()
    assert frame.value == ""
    assert "<iframe" not in view.html() and "data:image/png" in view.html()
    assert view.write().read_text("utf-8") == view.page()
    assert part_bounds(view.figure()).keys() == {"legs", "seat"}
