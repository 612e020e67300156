"""The gallery: a run opens again from its folder alone, with its words harmless and its grade said."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from drawagent.gallery import Gallery
from drawagent.settings import DrawSettings
from drawagent.sheets import framed, grid, labelled_sheet, png_bytes
from drawagent.sketch import Sketch
from drawagent.studio import open_studio, start_run
from easel.errors import ConfigurationError
from easel.runs import RunStore
from tests.fakes import Scripted, lists, tiny_reward

EVIL = "<script>alert('lesson')</script> " + "\u202e" + "y" * 500


def answer(request) -> str:
    if request.site.role == "judge":
        return f"Because {EVIL} is better in every way."
    if request.site.role == "update":
        return json.dumps([{"op": "add", "text": EVIL[:500], "because": ["learn0/e0/p0"]}])
    if request.site.query == "report0":
        return "I would rather not."
    end = (request.site.candidate + 2) / 10
    return f"<curves>[\n# {EVIL[:60]}\n[[0,0,0],[0.1,0,{end}],[0.2,{end},0],[{end},0,0.3]]]</curves>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    queries = lists(2, report=2)
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)
    reward = tiny_reward()
    with start_run(queries, settings, model="scripted", evidence="recorded", reward=reward, measured_by=reward,
                   root=tmp_path_factory.mktemp("runs"), name="evil", date="2000-01-01") as run:
        studio = open_studio(queries, settings, chat=Scripted(answer, evidence="recorded"), run=run, reward=reward,
                             measured_by=reward)
        list(studio.practise())
        list(studio.report())
        run.status("finished")
    return run.folder


def test_everything_is_written_from_the_folder_alone(folder, tmp_path):
    gallery = Gallery(RunStore.read(folder))
    written = gallery.write(tmp_path)
    assert set(written) == {"contact sheet", "pairs", "sketches", "learning curve"}
    sheet = Image.open(written["contact sheet"])
    assert sheet.size == (190 + 2 * 166, 34 + 2 * 166)
    for name in ("pairs", "sketches", "learning curve"):
        page = written[name].read_text("utf-8")
        assert "<script>alert" not in page
    assert "failed: invalid" in written["sketches"].read_text("utf-8")
    assert gallery.caption() == "one library, demonstration, recorded replies"
    assert gallery.curve_text().count("epoch ") == 3


def test_pairs_know_what_the_library_took_from_them(folder):
    first, second = Gallery(RunStore.read(folder)).pairs()
    assert len(first.diff) == 1
    assert first.diff[0].startswith("add [L1] <script>")
    assert second.diff == ()
    assert len(first.better_scores) == 2
    assert first.better != first.worse


def test_stand_ins_are_marked(folder):
    run = RunStore.read(folder)
    run.info["evidence"] = "stand-in"
    gallery = Gallery(run)
    assert "Stand-in" in gallery.watermark
    assert "STAND-IN" in gallery.caption()
    plain = Gallery(RunStore.read(folder)).contact_sheet()
    assert Image.open(io.BytesIO(gallery.contact_sheet())).size[1] > Image.open(io.BytesIO(plain)).size[1]


def test_a_grid_places_pictures_by_rows():
    pictures = [np.full((2, 3), value) for value in (0.1, 0.2, 0.3)]
    sheet = grid(pictures, columns=2, gap=1)
    assert sheet.shape == (5, 7)
    assert sheet[0, 0] == 0.1
    assert sheet[0, 4] == 0.2
    assert sheet[3, 0] == 0.3
    assert sheet[2, 0] == 0.85
    assert np.asarray(Image.open(io.BytesIO(png_bytes(sheet))))[0, 0] == round(0.1 * 255)


def test_a_failed_drawing_is_crossed_out_not_left_white():
    one = Sketch.from_array([[[0, 0, 0], [0.1, 0, 1], [0.2, 1, 0], [1, 0, 0.3]]])
    sheet = np.asarray(Image.open(io.BytesIO(labelled_sheet(
        [("a thing", [one, None])], ["ok", "failed"], DrawSettings(picture_size=64), cell=64
    ))))
    failed = sheet[34 + 4:34 + 60, 190 + 70 + 4:190 + 70 + 60]
    assert failed.min() == 120


def test_people_see_thin_and_cubic_things_equally_large():
    thin = Sketch.from_array([[[0, 0, z * 7] for z in (0, 1, 2, 3)]])
    rng = np.random.default_rng(0)
    for sketch in (thin, Sketch.from_array(rng.uniform(-1, 1, (9, 4, 3)))):
        radius = np.linalg.norm(framed(sketch).curve_points(32), axis=-1).max()
        assert radius == pytest.approx(1.5)
    assert framed(Sketch(())) == Sketch(())


def test_a_renderer_that_a_run_folder_names_is_called_only_when_trusted(folder):
    run = RunStore.read(folder)
    run.info["configuration"]["settings"]["renderer"] = "drawagent_render_of_mine:render"
    with pytest.raises(ConfigurationError, match="--trust-plugins"):
        Gallery(run).contact_sheet()
    with pytest.raises(ConfigurationError, match="expected a module 'drawagent_render_of_mine'"):
        Gallery(run, trust_plugins=True).contact_sheet()
    run.info["configuration"]["settings"] |= {"renderer": "drawagent.raster:render", "judge": "mine:Judge"}
    assert Gallery(run).contact_sheet(), "a judge is not called here"
