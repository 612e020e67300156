"""The practice stepper: the same content live, as figure and as HTML; of real replies; words stay words; faults are told."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from drawagent import events
from drawagent.curve import CurvePoint
from drawagent.edits import Delete, Modify
from drawagent.gallery import Gallery
from drawagent.language import parse
from drawagent.recordings import Recording
from drawagent.replaying import open_replay
from drawagent.sketch import Sketch
from easel.chat import Usage
from easel.errors import ConfigurationError
from easel.ledger import Ledger, Try
from easel.recording import RecordMissing
from easel.runs import RunStore
from tests.drawagent.table_runs import a_run, a_try
from tests.drawagent.test_pages import parsed
from tests.widgets.test_driver import WAIT, studio
from widgets import panels, theme
from widgets.episode import Cost, Episode, places, read_episode
from widgets.stepper import PracticeStepper
from widgets.stepper_figures import MOST_SCENES, refresh, stepper_figure

BAD = "<script>alert(1)</script><img src=x onerror=alert(2)>"
REAL = sorted((Path(__file__).resolve().parents[2] / "data" / "llm_sketches").rglob("*.txt"))


@pytest.fixture(scope="module")
def tour(tmp_path_factory) -> Path:
    """The folder of a whole replayed tour, driven by a stepper that asks nobody."""
    root = tmp_path_factory.mktemp("tour")
    stepper = PracticeStepper(
        open_replay(Recording.read("tour"), root=root, date="2000-01-02", recompute=False), ask=False)
    assert stepper.driver.run().wait(120) == "finished"
    assert stepper.place == (1, "castle"), "it follows what happens"
    return stepper.gallery.run.folder


def row(candidate: int, *, failure: str = "", views: tuple[float, ...] = (0.1, 0.3)) -> dict:
    return {"candidate": candidate, "reward": sum(views) / len(views), "view_scores": list(views), "failure": failure,
            "reason": "cut off" if failure else "", "strokes": 0 if failure else 3}


def sketch(seed: int = 0, name: str = "leg") -> Sketch:
    return Sketch.from_array(np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3)), [name] * 3)


def figure(count: int = 3, **more):
    rows = [row(k, views=(0.1 + 0.01 * k, 0.3)) for k in range(count)]
    settings = {"marks": {}, "column": "toy", **more}
    return stepper_figure([sketch(k) for k in range(count)], rows, **settings)


def test_a_finished_run_opens_without_a_model_and_turns_to_every_place(tour):
    later = PracticeStepper.of_run(tour)
    assert later.driver is None and later.desk is None and later.progress == "finished, opened to look at"
    assert places(later.gallery) == [(e, q) for e in (0, 1) for q in ("bicycle", "guitar", "castle")]
    assert later.place == (1, "castle")
    assert later.at(0, "bicycle").episode.marks == {3: "S+", 2: "S-"}
    html = later.html()
    for words in ("a bicycle, epoch 0", "0.7376", "k3 (S+) beats k2 (S-), gap 0.0349", "Only A adds spokes",
                  "+ [L1] Give an upright cylinder", "toy CLIP (reward), raw cosine", "epoch 2: 0.5867",
                  "0 calls: nothing was asked, nothing is to be paid", "one library, demonstration, recorded replies"):
        assert words in html, words
    with pytest.raises(ConfigurationError, match=r"\(0, 'bicycle'\).*got \(7, 'bicycle'\)"):
        later.at(7, "bicycle")


def test_stored_output_is_small_and_has_no_script(tour):
    later = PracticeStepper.of_run(tour)
    for place in places(later.gallery):
        html = later.at(*place).html()
        assert len(html) < 100_000
        assert "script" not in [tag for tag, _ in parsed(html).tags]
        assert not re.search(r"""(?:src|href)=["']?http""", html)
    assert len(later.figure().to_json()) < 70_000


def test_figure_and_html_say_the_same_as_the_rows(tour):
    later = PracticeStepper.of_run(tour).at(1, "guitar")
    shown, episode = later.figure(), later.episode
    titles = [one.text for one in shown.layout.annotations]
    for one in episode.rows:
        mark = episode.marks.get(one["candidate"], "")
        spread = np.std(one["view_scores"], ddof=1)
        words = f"k{one['candidate']}: {one['reward']:.3f} ± {spread:.3f}"
        assert (f"<b>{mark}</b> {words}" if mark else words) in titles
        assert f"{one['reward']:.4f}" in later.html()
    assert set(episode.marks.values()) == {"S+", "S-"}
    assert shown.data[-1].y == tuple(point.mean for point in later.gallery.curve())
    assert later.figure().to_json() == shown.to_json(), "pure"


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match=r"expected a run folder with a run\.json, got none"):
        PracticeStepper.of_run(tmp_path)


def test_before_the_first_candidates_there_is_something_to_see(tmp_path):
    stepper = PracticeStepper(studio(tmp_path))
    with stepper.driver:
        assert stepper.progress == "ready" and stepper.episode is None
        assert "No candidates yet." in stepper.html()
        assert len(stepper.figure().data) == 3 + 4, "scenes for all candidates, so that a live figure keeps its traces"
        with pytest.raises(ConfigurationError, match="expected a run with candidates"):
            stepper.at(0, "learn0")


def test_a_person_steps_vetoes_and_rewords_without_buttons(tmp_path):
    stepper = PracticeStepper(studio(tmp_path, epochs=1))
    assert stepper.driver.step_epoch().wait(WAIT) == "waiting for a decision"
    assert stepper.progress == "waiting for a decision; epoch 0 of 1, pair judged; 7 events"
    assert "Your decision." in stepper.html() and "A new lesson is proposed" in stepper.question()
    stepper.desk.edit(BAD)
    assert stepper.driver.wait(WAIT) == "paused"
    html = stepper.html()
    assert "entered; proposed were the words:" in html and "a person" in html
    assert {"script", "img"} & {tag for tag, _ in parsed(html.replace('<img style="max-width', "<x ")).tags} == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert stepper.driver.run().wait(WAIT) == "finished"
    assert RunStore.read(stepper.gallery.run.folder).info["status"] == "finished"
    assert "price" not in str(stepper.cost) and stepper.cost.calls == len(list(stepper.gallery.run.replies))


def test_a_stand_in_says_so_everywhere(tmp_path):
    stepper = PracticeStepper(studio(tmp_path), ask=False)
    with stepper.driver:
        stepper.driver.step_epoch().wait(WAIT)
        assert stepper.figure().layout.annotations[-1].text == theme.WATERMARK
        assert "Stand-in: these drawings were made by a procedure" in stepper.html()
        assert "STAND-IN, no result" in stepper.html()


def test_where_a_recording_ends_the_fault_is_told_and_kept(tmp_path):
    stepper = PracticeStepper(open_replay(Recording.read("tour"), root=tmp_path, date="2000-01-02", recompute=False))
    stepper.driver.step_epoch().wait(WAIT)
    stepper.desk.veto()
    assert stepper.driver.wait(WAIT) == "waiting for a decision"
    stepper.desk.asking = False
    stepper.desk.accept()
    stepper.driver.wait(WAIT)
    with pytest.raises(RecordMissing):
        stepper.driver.run().wait(WAIT)
    assert "failed; epoch 1 of 2, epoch begun" in stepper.progress
    assert "RecordMissing: expected a recorded reply, got a request that was not recorded" in stepper.html()
    assert RunStore.read(stepper.gallery.run.folder).info["status"] == "failed"


def live(stepper: PracticeStepper) -> dict:
    """Buttons by their words, and the other parts of the live widget."""
    import ipywidgets

    found: dict = {"html": []}

    def walk(widget):
        if isinstance(widget, ipywidgets.Button):
            found[widget.description] = widget
        elif isinstance(widget, ipywidgets.HTML):
            found["html"].append(widget)
        else:
            found[type(widget).__name__] = widget
        for child in getattr(widget, "children", ()):
            walk(child)

    walk(stepper.widget())
    return found


def said(found: dict) -> str:
    return "\n".join(widget.value for widget in found["html"])


def test_the_live_widget_clicks_what_the_calls_do(tmp_path):
    stepper = PracticeStepper(studio(tmp_path, epochs=1))
    found = live(stepper)
    assert found["Pause"].disabled and not found["Step event"].disabled
    found["Step event"].click()
    stepper.driver.wait(WAIT)
    assert "paused; epoch 0 of 1, epoch begun; 1 event<" in said(found)
    found["Step epoch"].click()
    assert stepper.driver.wait(WAIT) == "waiting for a decision"
    assert found["Textarea"].value == stepper.desk.pending.text and "Your decision." in said(found)
    assert [trace.type for trace in found["LiveFigure"].data] == ["scatter3d"] * 3 + ["scatter"] * 4
    assert len(found["LiveFigure"].data[0].x) > 10, "drawn"
    found["Textarea"].value = ""
    found["Enter my words"].click()
    assert "Not done:</b> expected words that a lesson can have, got a lesson needs words (at review)." in said(found)
    found["Textarea"].value = BAD
    found["Enter my words"].click()
    stepper.driver.wait(WAIT)
    assert "&lt;script&gt;" in said(found) and "<script" not in said(found) and "Not done" not in said(found)
    places_before = [label for label, _ in found["Dropdown"].options]
    assert places_before == ["what happens last", "epoch 0: a learnthing0", "epoch 0: a learnthing1"]
    found["Dropdown"].value = (0, "learn0")
    assert stepper.place == (0, "learn0") and not stepper.following
    assert any("a learnthing0, epoch 0" in one.text for one in found["LiveFigure"].layout.annotations)
    found["Stop"].click()
    stepper.driver.stop()
    assert all(found[words].disabled for words in ("Step event", "Step epoch", "Run", "Pause", "Stop"))
    assert "everything so far is kept" in said(found)
    assert stepper.desk.pending is None and found["Checkbox"].value


def test_a_live_finished_run_has_nothing_to_press(tour):
    found = live(PracticeStepper.of_run(tour))
    assert "Run" not in found and "Checkbox" not in found and "Textarea" not in found
    assert len(found["Dropdown"].options) == 6 and found["Dropdown"].value == (1, "castle")


def test_a_broken_picture_is_a_fault_that_is_shown(tmp_path, monkeypatch):
    stepper = PracticeStepper(studio(tmp_path), ask=False)
    found = live(stepper)

    def broken(*_, **__):
        raise ZeroDivisionError("no picture")

    monkeypatch.setattr(panels, "scores", broken)
    stepper.driver.step_to(events.CandidatesScored)
    with pytest.raises(ZeroDivisionError, match="no picture"):
        stepper.driver.wait(WAIT)
    monkeypatch.undo()
    stepper._changed()
    assert "failed; epoch 0 of 2" in said(found) and "Traceback" in said(found) and "no picture" in said(found)


def test_the_figure_marks_sides_and_failures_without_colour():
    rows = [row(0), row(1, failure="truncated"), row(2)]
    shown = stepper_figure([sketch(), None, sketch(1)], rows, marks={2: "S+", 0: "S-"}, column="toy")
    titles = [one.text for one in shown.layout.annotations[:3]]
    assert titles == ["<b>S-</b> k0: 0.200 ± 0.141", "k1: failed (truncated)", "<b>S+</b> k2: 0.200 ± 0.141"]
    rewards = shown.data[4]
    assert rewards.text == ("S-", "failed", "S+") and rewards.marker.symbol == ("square", "x", "circle")
    assert rewards.error_y.array[0] == pytest.approx(np.std([0.1, 0.3], ddof=1))
    assert len(shown.data[1].x) == 0 and [shown.data[k].line.width for k in (0, 2)] == [3, 6]


def test_of_many_candidates_the_pair_is_always_drawn_and_the_rest_is_counted():
    shown = figure(12, marks={11: "S+", 9: "S-"})
    drawn = [one.text for one in shown.layout.annotations[:MOST_SCENES]]
    assert [re.search(r"k(\d+)", one)[1] for one in drawn] == ["0", "1", "2", "3", "4", "5", "9", "11"]
    assert any(one.text.endswith("; 8 of 12 drawn") for one in shown.layout.annotations)
    assert len(shown.data[MOST_SCENES + 1].x) == 12, "every reward is shown"


def test_a_live_figure_takes_new_content_and_keeps_its_traces():
    import plotly.graph_objects as go

    shown = go.FigureWidget(figure(0, candidates=3))
    uids = [trace.uid for trace in shown.data]
    curve = [CurvePoint(0, 0.2, (0.1, 0.3)), CurvePoint(1, 0.4, (0.3, 0.5))]
    fresh = figure(3, marks={0: "S+", 1: "S-"}, curve=curve, reported="toy report", candidates=3)
    refresh(shown, fresh)
    assert [trace.uid for trace in shown.data] == uids
    assert list(shown.data[0].x[:3]) == list(fresh.data[0].x[:3])
    assert shown.data[-1].y == (0.2, 0.4) and shown.layout.xaxis2.visible
    assert shown.data[-2].y == (0.1, 0.3, None, 0.3, 0.5, None), "queries are broken apart"
    refresh(shown, figure(0, candidates=3))
    assert len(shown.data[0].x) == 0 and not shown.layout.yaxis.visible
    refresh(shown, figure(5))
    assert len(shown.data) == 5 + 4, "another number of candidates takes traces of its own"


def test_words_in_figures_are_no_markup():
    rows = [{**row(0), "failure": BAD}]
    text = stepper_figure([sketch(name=BAD)], rows, marks={}, column=BAD, title=BAD, reported=BAD).to_json()
    assert "<script" not in json.loads(text).__repr__() and "<img" not in text


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_real_replies_are_drawn_small(path):
    real = parse(path.read_text("utf-8"), mode="lenient").sketch
    shown = stepper_figure([real] * 5, [row(k) for k in range(5)], marks={0: "S+", 1: "S-"}, column="toy")
    assert len(shown.data[0].x) >= 2 * len(real) and len(shown.to_json()) < 150_000


def test_panels_of_a_pair_that_was_skipped_of_failed_edits_and_of_a_gate():
    skipped = {"pair": "q/e0/none", "skipped": f"no two drawings {BAD}", "better": -1, "worse": -1, "gap": 0, "noise": 0}
    failed = {"query": "", "failure": "invalid", "reason": BAD, "outcomes": [], "diff": []}
    verdict = {"accepted": False, "mean": -0.01, "standard_error": 0.004, "n": 3}
    episode = Episode(0, "q", "a thing", "toy", "", (), (), (skipped,), (), (failed,), verdict)
    assert panels.pair(episode).startswith("<p><b>No pair</b>: no two drawings &lt;script&gt;")
    assert "<b>No edits</b>: invalid. &lt;script&gt;" in panels.edits(episode)
    assert panels.gate(episode) == ("<p><b>Gate</b>: rejected, the old lessons stay. Mean paired difference -0.0100, "
                                    "standard error 0.0040, 3 queries.</p>")
    assert episode.marks == {} and panels.pictures(episode, None) == "<p>No candidates yet.</p>"


def test_the_question_shows_what_a_change_takes_away():
    before = [{"id": "L2", "text": "Old words."}]
    assert "In force now:" in panels.asked(Modify(op="modify", id="L2", text="New words."), before)
    deletion = panels.asked(Delete(op="delete", id="L2", because=("q/e0/p0",)), before)
    assert "Old words." in deletion and "Proposed:" not in deletion and "Because of q/e0/p0" in deletion
    assert panels.asked(None) == ""


def one_try(outcome: str = "ok", dollars: float | None = 0.25, tokens: int = 10) -> Try:
    usage = Usage(prompt_tokens=tokens, completion_tokens=tokens, dollars=dollars)
    return Try("id", "key", "site", 1, 0.0, 0.0, outcome, 200, usage, "model")


@pytest.mark.parametrize(("tries", "words"), [
    ([], "0 calls: nothing was asked, nothing is to be paid"),
    ([one_try(), one_try()], "2 calls, 40 tokens, 0.5000 dollars"),
    ([one_try(), one_try("in flight")], "1 calls (1 in flight), 20 tokens, 0.2500 dollars"),
    ([one_try(dollars=None)], "1 calls, 20 tokens, price unknown for 1 of 1 calls"),
    ([one_try(), one_try(dollars=None)], "2 calls, 40 tokens, price unknown for 1 of 2 calls for the others, 0.2500 dollars"),
    ([one_try("rate_limited", dollars=None, tokens=0)], "1 calls, 0 tokens, 0.0000 dollars"),
])
def test_the_cost_meter(tries, words):
    assert str(Cost.of(tries)) == words


def test_a_run_of_a_sweep_costs_what_it_asked_of_the_shared_ledger(tmp_path):
    run = a_run(tmp_path / "runs", home=tmp_path, queries=["fern"], epochs=1)
    assert run.home.resolve() == tmp_path.resolve() != run.folder.resolve()
    for key in ("report/fern/0/0", "report/fern/1/0", "another run's"):
        a_try(tmp_path, key)
    later = PracticeStepper.of_run(run.folder)
    assert str(later.cost) == "2 calls, 300 tokens, 1.0000 dollars"
    assert "2 calls, 300 tokens, 1.0000 dollars" in later.html()


def test_a_live_run_of_a_sweep_tells_its_own_calls(tmp_path):
    a_try(tmp_path, "another run's", usage=Usage(7000, 0, dollars=9.0))
    stepper = PracticeStepper(studio(tmp_path / "runs", epochs=1, home=tmp_path), ask=False)
    with stepper.driver:
        assert stepper.cost == Cost()
        assert stepper.driver.run().wait(WAIT) == "finished"
        kept = len(list(stepper.gallery.run.replies))
        assert stepper.cost.calls == kept > 0 and stepper.cost.tokens < 9.0 * 7000
        assert len(Ledger(tmp_path).tries()) == kept + 1


def test_an_episode_is_read_alike_from_an_open_and_from_a_closed_run(tour):
    one, other = Gallery(RunStore.read(tour)), PracticeStepper.of_run(tour).gallery
    assert read_episode(one, (0, "guitar")) == read_episode(other, (0, "guitar"))
    assert read_episode(one, (5, "guitar")).rows == ()


def test_a_double_click_decides_one_question(monkeypatch):
    from widgets import stepper_bench

    decided, now = [], [10.0]
    monkeypatch.setattr(stepper_bench.time, "monotonic", lambda: now[0])
    bench = object.__new__(stepper_bench.Bench)
    bench._decided = -1.0
    veto = bench._once(lambda: decided.append(now[0]))
    veto()
    now[0] = 10.2
    veto()
    now[0] = 11.0
    veto()
    assert decided == [10.0, 11.0]
