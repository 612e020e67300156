"""Pair viewer: linked cameras without loops, one pair parsed at a time, hostile words harmless, the same content static."""

from __future__ import annotations

import re

import pytest

from benchmarks.bench_open_run import build, measure, opening
from drawagent.disputes import Dispute, Opinion, agreement
from drawagent.studio import open_scorer
from easel.errors import ConfigurationError
from easel.runs import RunStore
from tests.fakes import TinyScorer
from tests.replayed import scripted_run, tour_folder
from widgets.pair_figures import agreement_figure, contrast_figure, opinion_figure, still_views
from widgets.pair_viewer import PairViewer

CAMERA = {"eye": {"x": 2.0, "y": -0.5, "z": 0.25}, "center": {"x": 0.0, "y": 0.0, "z": 0.0}, "up": {"x": 0.0, "y": 0.0, "z": 1.0}}


class Narrow(TinyScorer):
    def check_text(self, text):
        raise ConfigurationError("words that I know", came=text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return scripted_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def viewer(folder):
    return PairViewer(folder)


def front_end_turns(figure, scene: str, camera: dict) -> None:
    """What plotly's front end sends when a scene was dragged."""
    figure._js2py_relayout = {"relayout_data": {f"{scene}.camera": camera}, "source_view_id": "v"}


def test_only_the_pair_that_is_shown_is_parsed(viewer):
    assert not any("plus" in vars(pair) for pair in viewer.pairs)
    viewer.figure()
    assert ["plus" in vars(pair) for pair in viewer.pairs] == [True] + [False] * 5


def test_a_turned_scene_turns_the_other_one(viewer):
    viewer.widget()
    scenes = viewer._live._scenes
    front_end_turns(scenes, "scene", CAMERA)
    assert scenes.layout.scene2.camera.to_plotly_json() == CAMERA
    back = {**CAMERA, "eye": {"x": 0.0, "y": 2.5, "z": 1.0}}
    front_end_turns(scenes, "scene2", back)
    assert scenes.layout.scene.camera.to_plotly_json() == back


def test_following_does_not_call_back(viewer):
    viewer.widget()
    scenes, told = viewer._live._scenes, []
    for scene in ("scene", "scene2"):
        scenes.layout.on_change(lambda _, camera, scene=scene: told.append(scene), f"{scene}.camera", append=True)
    front_end_turns(scenes, "scene", CAMERA)
    assert sorted(told) == ["scene", "scene2"], "each camera changed once"


def test_the_next_pair_is_seen_from_the_same_place(viewer):
    viewer.widget()
    first = viewer._live._scenes
    front_end_turns(first, "scene", CAMERA)
    viewer.show(1)
    assert viewer._live._scenes is not first
    for scene in ("scene", "scene2"):
        assert viewer._live._scenes.layout[scene].camera.to_plotly_json() == CAMERA


def test_dropdowns_and_buttons_go_where_they_say(viewer):
    viewer.widget()
    live = viewer._live
    assert [pair.id for pair in viewer.pairs][:3] == ["learn0/e0/p0", "learn1/e0/p0", "learn0/e1/p0"]
    assert live._back.disabled
    live._next.click()
    assert viewer.current.id == "learn1/e0/p0"
    assert live._query.value == "learn1"
    live._epoch.value = 2
    assert viewer.current.id == "learn1/e2/p0"
    assert live._next.disabled
    live._query.value = "learn0"
    assert viewer.current.id == "learn0/e2/p0", "the epoch stays where the query has it"
    live._back.click()
    assert viewer.current.id == "learn1/e1/p0"
    assert live._epoch.value == 1


def test_old_figures_are_closed(viewer):
    viewer.widget()
    old = viewer._live._middle.children
    viewer.show(2)
    assert all(figure.comm is None for figure in old)


def test_pairs_are_found_by_number_id_and_query(viewer):
    assert viewer.show(3).current.id == "learn1/e1/p0"
    assert viewer.show("learn0/e2/p0").current.epoch == 2
    assert viewer.find("learn1", 0).current.id == "learn1/e0/p0"
    for wrong in (6, -1, "nothing", None):
        with pytest.raises(ConfigurationError, match=r"a number from 0 to 5, or the id of a pair.*first one is learn0/e0/p0"):
            viewer.show(wrong)
    with pytest.raises(ConfigurationError, match="a pair of 'learn0' in epoch 7, got learn0 in epoch 0"):
        viewer.find("learn0", 7)


def test_the_static_page_has_all_that_the_widget_has(viewer):
    viewer.show(0).widget()
    page, live = viewer.html(), viewer._live
    for words in ("Pair 1 of 6", "not disputed", "Raw cosine per view", "Measured", "strokes; extent", "is better in every way",
                  "add [L1]", "added in library 1, modified in library 2; stands in the last one (3)",
                  "last wording: Keep the middle open."):
        assert words in page
    for words in ("Pair 1 of 6", "not disputed", "strokes; extent", "is better in every way", "[L1]", "Keep the middle open."):
        assert words in live._head.value + live._words.value
    assert len(page) < 100_000


def test_words_of_models_stay_words(viewer):
    page = viewer.html()
    outside = re.sub(r'srcdoc="[^"]*"', "", page)
    assert "<script" not in outside
    assert "&lt;script&gt;alert" in outside
    assert "<script>alert" not in viewer.page()
    viewer.widget()
    assert "<script" not in viewer._live._head.value + viewer._live._words.value
    assert "<script" not in viewer.figure().to_json()
    assert re.search(r"<iframe sandbox=allow-scripts [^>]*srcdoc=\"&lt;!doctype html&gt;", page), "scripts without our origin"


def test_stand_ins_carry_a_watermark(tmp_path):
    viewer = PairViewer(scripted_run(tmp_path, evidence="stand-in"))
    assert viewer.figure().layout.annotations[-1].text.startswith("stand-in")
    assert viewer.score_figure().layout.annotations[-1].text.startswith("stand-in")
    assert "made by a procedure" in viewer.html()
    assert "Stand-in" in viewer.page()


def test_a_scorer_that_does_not_know_the_words_is_refused_at_once(folder):
    with pytest.raises(ConfigurationError, match="words that I know, got a learnthing0"):
        PairViewer(folder, [Narrow()])
    with pytest.raises(ConfigurationError, match="got tiny twice"):
        PairViewer(folder, [TinyScorer()]).html()


def test_an_open_run_can_be_looked_at(folder):
    assert len(PairViewer(RunStore.read(folder)).pairs) == 6
    assert len(PairViewer(str(folder)).pairs) == 6


def test_figures_are_pure(viewer):
    pair = viewer.current
    assert contrast_figure(pair).to_json() == contrast_figure(pair).to_json()
    figure = contrast_figure(pair)
    assert [text.text for text in figure.layout.annotations] == [
        f"S+, candidate 1: {pair.plus_row['reward']:.4f}", f"S-, candidate 0: {pair.minus_row['reward']:.4f}"]
    assert figure.layout.scene.camera == figure.layout.scene2.camera


def test_every_scorer_has_a_panel_and_a_verdict():
    said = [Opinion(f"c{i}<b>", "c", (0.5, 0.6), (0.1 + i, 0.2 + i), rewarding=not i) for i in range(2)]
    dispute = Dispute("p", "q", 0, tuple(said), (0.0, 0.0))
    figure = opinion_figure(dispute)
    assert [text.text.split("<br>")[0] for text in figure.layout.annotations] == ["c0&lt;b&gt;, chose the pair", "c1&lt;b&gt;"]
    assert "disputes: gap -0.6000" in figure.layout.annotations[1].text
    marks = [trace for trace in figure.data if trace.mode == "markers"]
    assert [trace.marker.symbol for trace in marks] == ["circle", "square-open"] * 2
    assert list(marks[3].y) == [1.1, 1.2]
    shares = agreement_figure(agreement([dispute]))
    assert list(shares.data[0].x) == [1.0, 0.0, 0.0]
    assert shares.data[0].y[1] == "c1&lt;b&gt;<br>0 of 1"


def test_stills_are_pictures_without_scripts(viewer):
    first, second = still_views(viewer.current.plus)
    assert first.startswith("data:image/svg+xml;base64,")
    assert first != second


def test_a_run_of_a_thousand_rollouts_opens_in_under_two_seconds(tmp_path):
    folder = build(tmp_path, 1000)
    seconds = measure(folder)
    assert len(RunStore.read(folder).rows("rollouts")) == 1000
    assert opening(seconds) < 2.0, seconds


def test_the_tour_is_shown_with_the_reporting_clip():
    viewer = PairViewer(tour_folder(), [open_scorer("embedded:report")]).show("castle/e1/p0")
    page = viewer.html()
    assert "toy CLIP (report): S+ is better (gap +0.09" in page
    assert "modify [L4]" in page
    assert len(page) < 100_000
    assert len(viewer.figure().to_json()) < 40_000
