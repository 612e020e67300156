"""Making and stepping a shape: what is known after each event, the same live, as figure and as HTML; stop and failure."""

from __future__ import annotations

import time

import numpy as np
import pytest

from easel.errors import ConfigurationError
from shapecraft.mesh import PartMesh
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, STOOL, BoxWall, checks, fitting, opinion, part_of, stool
from widgets.craft_figures import Layers, object_figure, part_bounds, score_figure
from widgets.craft_making import Making, made_from
from widgets.craft_stage import SLOTS
from widgets.craft_stepper import ShapeStepper
from widgets.craft_thinning import thinned

WAIT = 20
BAD = "<script>alert(1)</script>"


def answer(request):
    role = request.site.role
    if role.startswith("parser"):
        return STOOL.replace("a round disc", BAD)
    if role.startswith("evaluator"):
        return opinion(8, feedback=BAD, checks=checks(5))
    return fitting(part_of(request))


def opened(root, reply=answer, **settings):
    chosen = CraftSettings.ours(**{"paths": 2, "steps": 1, "rounds": 1, **settings})
    run = start_run(f"a stool {BAD}", chosen, root=root, name="stool", date="2000-01-01", model="scripted",
                    evidence="stand-in")
    return open_studio(f"a stool {BAD}", chosen, chat=Scripted(reply), run=run, wall=BoxWall(), name="stool")


@pytest.fixture(scope="module")
def stepper(tmp_path_factory) -> ShapeStepper:
    """Run to its end."""
    made = ShapeStepper(opened(tmp_path_factory.mktemp("made")))
    made.driver.run().wait(WAIT)
    return made


def grid(rows: int) -> PartMesh:
    """A bent sheet of 2 * rows * rows triangles."""
    x, y = np.meshgrid(np.linspace(0, 1, rows + 1), np.linspace(0, 1, rows + 1), indexing="ij")
    vertices = np.stack([x, y, 0.1 * np.sin(3 * x)], axis=-1).reshape(-1, 3)
    at = np.arange((rows + 1) ** 2).reshape(rows + 1, rows + 1)
    a, b, c, d = at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]
    return PartMesh("sheet", vertices, np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3))


def boxes(figure) -> int:
    """How many are drawn."""
    lines = [trace for trace in figure.data if trace.type == "scatter3d" and trace.mode == "lines"]
    return sum(not np.isnan(trace.x).all() for trace in lines)


def test_parts_arrive_one_after_the_other(tmp_path):
    stepper = ShapeStepper(opened(tmp_path))
    assert (stepper.progress, part_bounds(stepper.figure())) == ("ready", {})
    stepper.driver.step().wait(WAIT)
    assert stepper.progress == "paused; text parsed into parts: legs, seat; 1 event"
    assert part_bounds(stepper.figure()) == {} and "not made yet" in stepper.html()
    stepper.step_part().wait(WAIT)
    assert stepper.progress == "paused; legs: legs/m0/t0/r0; 5 events"
    assert list(part_bounds(stepper.figure())) == ["legs"]
    stepper.driver.stop()
    assert "everything so far is kept" in stepper.progress
    assert stepper.gallery.run.info["status"] == "interrupted"
    again = ShapeStepper(opened(tmp_path))
    again.driver.run().wait(WAIT)
    assert again.gallery.run.info["status"] == "finished"
    assert list(part_bounds(again.figure())) == ["legs", "seat"]


def test_what_is_drawn_is_what_was_made(stepper):
    bounds = part_bounds(stepper.figure())
    assert bounds["seat"] == pytest.approx(np.array([[-0.2, -0.2, 0.4], [0.2, 0.2, 0.45]]), abs=1e-6)
    assert part_bounds(stepper.figure(Layers(hidden=frozenset({"seat"})))).keys() == {"legs"}
    assert part_bounds(stepper.figure(Layers(parts=False))) == {}
    assert (boxes(stepper.figure()), boxes(stepper.figure(Layers(boxes=False)))) == (2, 0)
    assert stepper.figure(Layers(names=False)).data[0].text == ()
    ranges = [stepper.figure(layers).layout.scene.zaxis.range for layers in (None, Layers(boxes=False, parts=False))]
    assert ranges[0] == ranges[1], "nothing changes its size when a layer is taken away"


def test_words_stay_words_and_a_stand_in_is_named(stepper):
    shown = stepper.html()
    assert "<script" not in shown and "&lt;script&gt;alert(1)" in shown
    assert "Stand-in: this object was made by a procedure" in shown
    figure = stepper.figure()
    assert "<script" not in figure.layout.title.text
    assert [one.text for one in figure.layout.annotations] == ["stand-in: no model, no result"]
    assert len(shown) < 100_000 and "data:image/png;base64," in shown
    assert "Cost</b>: 0 calls" in shown


def test_scores_and_the_tree_are_told(stepper):
    words = stepper.words()
    assert "score 8" in words and "12 triangles" in words and "on top of legs" in words
    assert words.count("8 *") == 2, "the chosen attempt of either part is marked"
    assert [trace.name for trace in stepper.score_figure().data] == [
        "legs, path 0", "legs, path 1", "seat, path 0", "seat, path 1"]
    nobody = [{"component": "legs", "m": 0, "t": 0, "score": None}]
    assert list(score_figure(nobody, column="x").data[0].y) == [], "no score is no low score"


def test_a_part_that_is_not_made_is_told(tmp_path):
    def broken(request):
        return BROKEN if request.site.role.startswith("coder") and part_of(request) == "seat" else answer(request)

    stepper = ShapeStepper(opened(tmp_path, broken, error_repairs=0))
    stepper.driver.run().wait(WAIT)
    assert list(part_bounds(stepper.figure())) == ["legs"]
    assert "raised" in stepper.words() and stepper.making.scores == {"legs": 8.0, "seat": None}


def test_a_fault_is_shown_where_it_broke(tmp_path):
    def fails(request):
        raise ConfigurationError("a reply", came="nothing", where="the script")

    stepper = ShapeStepper(opened(tmp_path, fails))
    with pytest.raises(ConfigurationError):
        stepper.driver.run().wait(WAIT)
    assert "ConfigurationError: expected a reply, got nothing (at the script)" in stepper.progress
    assert stepper.gallery.run.info["status"] == "failed"


def test_nothing_is_known_before_the_first_event():
    assert made_from([]) == Making()
    empty = object_figure(None, {})
    assert [trace.type for trace in empty.data] == ["scatter3d"] and empty.layout.scene.xaxis.range == (-0.02, 1.02)
    assert len(object_figure(stool(), {}, slots=SLOTS).data) == 1 + 2 * SLOTS


def test_the_live_widget_follows(stepper, tmp_path):
    box = stepper.widget()
    buttons = box.children[1].children
    assert [one.description for one in buttons] == ["Step event", "Step part", "Run", "Pause", "Stop"]
    assert all(one.disabled for one in buttons), "what has ended cannot be moved"
    other = ShapeStepper(opened(tmp_path))
    _, row, progress, _, stage, *_ = other.widget().children
    row.children[0].click()
    other.driver.wait(WAIT)
    assert "text parsed into parts: legs, seat" in progress.value
    switches, figure = stage.children
    assert boxes(figure) == 2
    switches.children[0].value = False
    assert boxes(figure) == 0
    row.children[4].click()
    deadline = time.monotonic() + WAIT
    while "stopped;" not in progress.value and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "stopped; text parsed into parts: legs, seat" in progress.value


@pytest.mark.parametrize("most", [100, 600])
def test_a_thinned_part_keeps_its_shape(most):
    part = grid(60)
    thin = thinned(part, most)
    assert most / 3 < len(thin.faces) <= most
    assert thin.bounds == pytest.approx(part.bounds, abs=0.06)
    assert thin.area == pytest.approx(part.area, rel=0.2)
    assert np.abs(thin.vertices[:, 2] - 0.1 * np.sin(3 * thin.vertices[:, 0])).max() < 0.02
    assert thinned(grid(60), most).vertices.tobytes() == thin.vertices.tobytes()
    assert thinned(grid(3), most).faces.shape == (18, 3)
