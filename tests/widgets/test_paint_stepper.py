"""Painting under a person's hands: words that are refused, a pause, a stop, a resumption, and what is seen of it."""

from __future__ import annotations

import base64
import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from easel.embedded_clip import Words
from easel.errors import ConfigurationError
from easel.guidance import GuidanceError
from easel.runs import RunStore
from shapecraft import paint_guidance, run_painting
from shapecraft.paint_events import PaintStepped, Previewed, TermStep
from shapecraft.paint_views import PaintView
from shapecraft.run_painting import PaintingKept, PaintOrder, paint_run
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, BoxWall, checks, fitting, opinion, part_of
from tests.shapecraft.toy_painting import TINY, ToyGuidance
from widgets import paint_stepper
from widgets.paint_checks import colour_check, light_check
from widgets.paint_figures import MOST_POINTS, coarse_png, term_figure
from widgets.paint_progress import WHOLE, PaintProgress, TermRow
from widgets.paint_stepper import PaintStepper
from widgets.paint_viewer import FLAT, PAINTED, PaintViewer

WAIT = 200  # seconds; a machine may be busy
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "21_paint_shape.ipynb"
BAD = "<img src=x onerror=alert(1)>"
QUICK = replace(TINY, preview_every=2, preview_size=32)
KNOWN = Words("toy", "toy words", ("a", "white", "red", "blue", "green", "stool", "seat", "legs", "paint", "oak"))
SAID = {"seat": "red seat", "legs": "blue legs"}


class Toy(ToyGuidance):
    vocabulary: Words | None = KNOWN


def answer(request):
    role = request.site.role
    if role.startswith("parser"):
        return STOOL
    if role.startswith("evaluator"):
        return opinion(5, checks=checks(5))
    return fitting(part_of(request), 1.0)


@pytest.fixture(scope="module", autouse=True)
def no_turntable():
    """Its 24 pictures have tests of their own, and take longer than all of this."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_painting, "turntable_sheet", lambda *_, **__: np.zeros((8, 8, 3), np.float32))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """The folder of a finished run of a stool whose prompt is no friend."""
    chosen = CraftSettings.paper(paths=1, steps=1, rounds=0)
    prompt = f"a white stool {BAD}"
    run = start_run(prompt, chosen, root=tmp_path_factory.mktemp("made"), name="stool", date="2000-01-01",
                    model="scripted", evidence="stand-in")
    with open_studio(prompt, chosen, chat=Scripted(answer), run=run, wall=BoxWall(), name="stool") as studio:
        for _ in studio.explore():
            pass
        run.status("finished")
    return run.folder


@pytest.fixture
def folder(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "run")


def stepper_of(folder, *, guidance=None, **settings) -> PaintStepper:
    return PaintStepper(folder, guidance or Toy(), replace(QUICK, **settings), prompt="a white stool", prompts=SAID,
                        size=64)


@pytest.fixture(scope="module")
def painted(made, tmp_path_factory) -> PaintStepper:
    """Painted to its end."""
    one = stepper_of(shutil.copytree(made, tmp_path_factory.mktemp("painted") / "run"))
    return one.start().wait(WAIT)


def test_words_of_the_object_are_cut_to_the_vocabulary_and_words_of_a_person_refused(folder):
    one = PaintStepper(folder, Toy(), QUICK, size=64)
    assert one.appearance.texts == ("oak legs", "red paint seat")
    assert one.appearance.whole.startswith("a white stool") and "onerror" not in one.appearance.whole
    told = one.html()
    assert "left out, not known to the model: img, src, x, onerror, alert, 1" in told
    with pytest.raises(ConfigurationError) as raised:
        one.say("seat", "read seat")
    assert str(raised.value).startswith(
        "expected words that the toy model knows, got 'read' (at the prompt of seat, 'read seat'). "
        "Nearest known words: read: red")
    with pytest.raises(ConfigurationError, match=r"a part: legs, seat, got back \(at a part's prompt\)"):
        one.say("back", "red seat")
    with pytest.raises(ConfigurationError, match=r"expected words, got ' ' \(at the prompt of the whole\)"):
        one.say("", " ")
    assert one.appearance.texts == ("oak legs", "red paint seat"), "nothing of it stands"
    one.say("", "a blue stool").say("seat", "green seat")
    assert (one.appearance.whole, one.appearance.texts) == ("a blue stool", ("oak legs", "green seat"))
    assert "left out" not in one.prompts(), "the words that it was told of are gone"


def test_pressing_start_does_what_draining_the_painting_does(painted, folder):
    order = PaintOrder(painted.appearance, Toy(), QUICK, 64, 0)
    with RunStore.amend(folder) as run:
        *_, kept = paint_run(run, order, blend=False)
    assert isinstance(kept, PaintingKept)
    ours = painted.progress.kept
    assert ours.files["object"].read_bytes() == kept.files["object"].read_bytes()
    assert (ours.number, painted.progress.done, painted.state) == (1, QUICK.steps, "finished")
    assert painted.progress.terms == (WHOLE, "legs", "seat")
    assert len(painted.progress.rows) == 3 * QUICK.steps
    RunStore.amend(painted.folder).close()  # nobody holds the run


def test_a_stop_keeps_the_checkpoint_and_resuming_ends_as_if_nothing_had_happened(painted, folder):
    one = stepper_of(folder)
    one.start()
    one.driver.step_to(Previewed).wait(WAIT)
    assert (one.state, one.progress.done) == ("paused", 2)
    with pytest.raises(ConfigurationError) as raised:
        one.say("seat", "green seat")
    assert str(raised.value) == ("expected no painting that is under way, got one (at seat). Stop it first; what is "
                                 "painted so far is kept.")
    one.driver.step_to(PaintStepped).wait(WAIT)
    one.stop()
    assert one.state == "stopped"
    assert "kept up to step 2; Start goes on from there" in one.head()
    RunStore.amend(folder).close()
    one.start().wait(WAIT)
    assert one.progress.number == 1
    assert [row.step for row in one.progress.rows if row.part == WHOLE] == list(range(QUICK.steps))
    assert one.progress.kept.files["object"].read_bytes() == painted.progress.kept.files["object"].read_bytes()
    one.say("seat", "green seat").start().wait(WAIT)
    assert one.progress.number == 2, "other words are another painting"
    assert len(one.progress.rows) == 3 * QUICK.steps, "whose figure begins anew"


def test_a_guidance_that_gives_no_number_stops_it_in_words(folder):
    one = stepper_of(folder, guidance=Toy(nan_at=7))
    with pytest.raises(Exception, match="a finite gradient from the guidance, got NaN or infinity"):
        one.start().wait(WAIT)
    assert one.state == "failed"
    assert "PaintingStopped: expected a finite gradient" in one.head()
    assert "5 left out, as no finite gradient came; last at step" in one.words()
    assert "Traceback" not in one.head()


def test_a_fault_of_another_kind_has_its_traceback_escaped(folder):
    class Broken(Toy):
        def distil(self, *rest, **more):
            raise ValueError(BAD)

    one = stepper_of(folder, guidance=Broken())
    with pytest.raises(ValueError, match="img src"):
        one.start().wait(WAIT)
    assert "Traceback" in one.head()
    assert BAD not in one.html() and "&lt;img src=x" in one.html()


def test_guidance_errors_name_their_step(folder):
    class Failing(Toy):
        def distil(self, *rest, **more):
            raise GuidanceError("a finite gradient", came="infinity", where="denoiser")

    one = stepper_of(folder, guidance=Failing())
    with pytest.raises(Exception, match=r"infinity 3 times in a row \(at step 2, the whole, denoiser\)"):
        one.start().wait(WAIT)


def test_what_is_told_is_escaped_and_small(painted):
    told = painted.html()
    assert BAD not in told and "&lt;img src=x onerror=alert(1)&gt;" in told
    assert told.count("data:image/png") == 4
    assert "gradient&#x27;s norm" in told or "gradient's norm" in told
    assert "toy words: 10 words, others are refused" in told and "Stand-in" in told
    viewer = PaintViewer(painted)
    shown = viewer.html()
    assert BAD not in shown and len(shown) < 100_000
    assert "paintings/1/object.glb" in shown


def test_before_a_painting_the_viewer_shows_flat_materials_and_afterwards_both(folder):
    one = stepper_of(folder)
    viewer = PaintViewer(one)
    assert list(viewer.sides()) == [FLAT]
    assert viewer.words() == "not painted yet: flat materials from words"
    assert viewer.maps() is None and viewer.files() == ""
    with pytest.raises(ConfigurationError, match=r"a painting, got none yet \(at PaintViewer.frame\). Press Start"):
        viewer.frame()
    assert "Nothing is painted yet" in colour_check(one) and "Nothing is painted yet" in light_check(one)
    told = []
    one.listen(lambda: told.append(one.progress.kept))
    one.start().wait(WAIT)
    one.driver._thread.join(WAIT)
    assert [kept.number for kept in told] == [1]
    assert list(viewer.sides()) == [PAINTED, FLAT]


def test_looks_change_the_picture_and_strange_ones_are_refused(painted):
    viewer = PaintViewer(painted)
    before = viewer.picture(size=40)
    for change in ({"light": "window"}, {"lamps_deg": 90.0}, {"turn_deg": 120.0}, {"part": "seat"}, {"channel": "albedo"}):
        after = viewer.turn(**change).picture(size=40)
        assert not np.array_equal(before, after), change
        before = after
    with pytest.raises(ConfigurationError, match=r"a part: legs, seat, got back \(at PaintViewer.turn\)"):
        viewer.turn(part="back")
    assert viewer.look.part == "seat"
    frame = viewer.frame()
    assert frame.startswith("<iframe sandbox=allow-scripts ") and BAD not in frame


def test_colours_are_held_to_the_words(painted):
    told = colour_check(painted)
    assert "A toy painted it" in told
    rows = re.findall(r"<tr>(.*?)</tr>", told)
    assert len(rows) == 3
    assert "red seat" in rows[2] and "blue legs" in rows[1]
    assert re.search(r"[+-]0\.\d\d", light_check(painted))


def test_a_painting_is_judged_by_the_words_that_it_was_painted_by(folder):
    one = stepper_of(folder).start().wait(WAIT)
    one.driver._thread.join(WAIT)
    viewer = PaintViewer(one)
    judged, beside = colour_check(one), viewer.picture(size=40)
    heard = []
    one.listen(lambda: heard.append(one.appearance.texts))
    one.say("seat", "green seat")
    assert heard == [("blue legs", "green seat")]
    assert colour_check(one) == judged and "red seat" in judged and "green" not in judged
    assert np.array_equal(viewer.picture(size=40), beside), "so are the flat materials beside it"
    with pytest.raises(ConfigurationError):
        one.say("seat", "unobtainium seat")
    assert len(heard) == 1, "what is refused is not told"


def test_flat_materials_follow_the_words_before_there_is_a_painting(folder):
    one = stepper_of(folder)
    viewer = PaintViewer(one)
    viewer.widget()
    before = viewer._live._picture.value
    one.say("seat", "green seat")
    assert viewer._live._picture.value != before


def test_a_device_is_handed_on_and_stands_where_none_is_said(folder, monkeypatch):
    asked = []

    def told(run, order, *, device="cpu", **more):
        asked.append(device)
        yield from ()

    monkeypatch.setattr(paint_stepper, "paint_run", told)
    stepper_of(folder).start().wait(WAIT)
    PaintStepper(folder, Toy(), QUICK, prompt="a white stool", prompts=SAID, size=64, device="cuda:1").start().wait(WAIT)
    assert asked == ["cpu", "cuda:1"]


@pytest.mark.parametrize(("own", "whole", "texts"), [
    ({}, "a white stool", ("oak legs", "red paint seat")),
    ({"prompt": "a blue stool", "prompts": {"seat": "green seat"}}, "a blue stool", ("oak legs", "green seat"))])
def test_the_notebook_paints_a_run_of_yours_by_its_own_words(folder, monkeypatch, own, whole, texts):
    asked = []
    monkeypatch.setattr(paint_guidance, "open_guidance", lambda name, **more: asked.append((name, more)) or Toy())
    parameters, setup = (cell.source for cell in nbformat.read(NOTEBOOK, 4).cells[1:3])
    names: dict = {}
    exec(parameters, names)
    names.update(run=str(folder), device="cuda", size=64, **own)
    exec(setup, names)
    stepper = names["stepper"]
    assert stepper.appearance.whole.startswith(whole) and stepper.appearance.texts == texts
    assert (asked, stepper.device) == ([("embedded", {"device": "cuda"})], "cuda")


def test_the_notebook_paints_its_recording_by_words_that_show_something():
    parameters, setup = (cell.source for cell in nbformat.read(NOTEBOOK, 4).cells[1:3])
    lines = [line for line in setup.splitlines() if line.startswith(("SHOWN", "own", "said"))]
    told = []
    for changes in ({}, {"prompts": {"seat": "green leather seat"}}, {"recording": "lamp"}, {"run": "mine"}):
        names: dict = {}
        exec(parameters, names)
        names.update(changes)
        exec("\n".join(lines), names)
        told.append(names["said"])
    shown = {"": "a stool with red leather seat and blue wood legs", "seat": "red leather seat", "legs": "blue wood legs"}
    assert told == [shown, {**shown, "seat": "green leather seat"}, {}, {}]


def test_a_figure_has_two_traces_a_term_and_thins_what_is_long():
    rows = [TermRow(step, "seat", 1.0, step % 1000, float(step)) for step in range(500)]
    figure = term_figure(rows, ("legs", "seat"), steps=600)
    assert [trace.name for trace in figure.data] == [WHOLE, WHOLE, "legs", "legs", "seat", "seat"]
    assert len(figure.data[0].x) == 0
    assert len(figure.data[4].x) <= MOST_POINTS
    assert figure.data[4].y[0] == pytest.approx(2.0), "the mean of the first five"
    assert figure.data[5].x[-1] == 500 and figure.data[5].y[-1] == 499
    assert tuple(figure.layout.xaxis.range) == (0, 600)


def test_progress_forgets_steps_that_a_resumption_takes_again():
    view = PaintView(None, None, "front")
    one = PaintProgress(number=1, steps=4)
    for step in range(3):
        one = one.after(PaintStepped(step, (TermStep("", view, 1.0, 5, 1.0, 2.0, 0.5, 0.25),), 0.5))
    assert (one.done, one.seconds, one.guidance_seconds) == (3, 1.5, 0.75)
    assert one.words() == "painting 1, step 3 of 4, about 0 s left"
    from shapecraft.paint_events import PaintStarted

    again = one.after(PaintStarted(1, 4, ("",), 3, 1.0, 3))
    assert [row.step for row in again.rows] == [0]


def test_stored_pictures_have_few_colours():
    picture = np.random.default_rng(0).random((20, 30, 3))
    read = Image.open(io.BytesIO(coarse_png(picture)))
    assert read.size == (30, 20)
    assert len(read.convert("RGB").getcolors(1000)) <= 128


def test_the_live_bench_presses_the_same_calls(folder):
    one = stepper_of(folder)
    box = one.widget()
    bench = one._live
    assert "paint-stepper" in box._dom_classes
    assert [field.value for field in bench._fields.values()] == ["a white stool", "blue legs", "red seat"]
    bench._fields["seat"].value = "unobtainium seat"
    bench._moves["start"].click()
    assert "Not done:" in bench._said.value and "&#x27;unobtainium&#x27;" in bench._said.value
    assert one.driver is None, "nothing began"
    bench._fields["seat"].value = "blue seat"
    bench._fields["legs"].value = "green legs"
    one.say("seat", "green seat")
    assert [field.value for field in bench._fields.values()] == ["a white stool", "green legs", "green seat"]
    bench._fields["legs"].value = "blue legs"
    bench._moves["start"].click()
    one.wait(WAIT)
    one.driver._thread.join(WAIT)
    assert one.appearance.texts == ("blue legs", "green seat") and bench._said.value == ""
    assert "data:image/png" in bench._picture.value
    shaded = bench._picture.value
    bench._channel.value = "metalness"
    assert bench._picture.value != shaded
    assert [len(trace.x) for trace in bench._figure.data] == [QUICK.steps] * 6
    assert bench._moves["start"].description == "Start" and not bench._moves["start"].disabled
    assert bench._moves["stop"].disabled and bench._moves["pause"].disabled


def test_the_live_viewer_switches_and_opens_the_page(painted):
    viewer = PaintViewer(painted)
    box = viewer.widget()
    live = viewer._live
    before = live._picture.value
    viewer_box = box.children
    channel = viewer_box[2].children[0]
    channel.value = "roughness"
    assert viewer.look.channel == "roughness" and live._picture.value != before
    live._page.click()
    assert live._page.description == "Close the GLB view" and "iframe" in live._frame.value
    live._page.click()
    assert live._frame.value == ""
    picture = base64.b64decode(re.search(r"base64,([^\"]+)", live._maps.value).group(1))
    assert Image.open(io.BytesIO(picture)).size[0] > 900




def test_terms_that_were_left_out_are_told():
    from shapecraft.paint_events import TermLeftOut
    from widgets.paint_progress import PaintProgress
    out = TermLeftOut(4, "seat", "NaN or infinity", "timestep 3, prompt 'red <seat>'", "Try float32.")
    known = PaintProgress(1, steps=9).after(out)
    assert known.left == (out,)
    assert known.done == 0
