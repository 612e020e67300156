"""Files of other methods: matched to prompts by name, scored, and put into our tables."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import trimesh
import yaml
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from drawagent.cli import app
from drawagent.export import to_json
from drawagent.foreign import match_files, read_prompts
from drawagent.foreign_pictures import png_picture
from drawagent.foreign_scoring import score_folder
from drawagent.gallery import Gallery
from drawagent.metrics import anchors, measure
from drawagent.queries import Query
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from tests.fakes import TinyScorer
from tests.foreign_files import CRATE, VASE, WOOD, curve, png, put, queries

SETTINGS = DrawSettings.paper(picture_size=32, report_views=3, stroke_width=1.0)


def scored(folder, names: str | tuple[Query, ...], root, **changes):
    asked = queries(*names.split()) if isinstance(names, str) else names
    settings = {"method": "Other", "scorer": TinyScorer(), "settings": SETTINGS, "root": root, "date": "2000-01-01"}
    return score_folder(folder, asked, **{**settings, **changes})


@pytest.fixture
def every_kind(tmp_path):
    """One drawing of each kind that none of our exporters wrote, and a prompt without any."""
    folder = tmp_path / "other"
    bowl = Image.new("RGBA", (60, 40))
    ImageDraw.Draw(bowl).ellipse((5, 5, 55, 35), fill=(200, 60, 40, 255))
    png(folder, "bowl_1.png", bowl)
    png(folder, "bowl_2.png", Image.new("L", (48, 48), 128))
    (folder / "crate.obj").write_text(CRATE)
    (folder / "wood work.mtl").write_text(WOOD)
    png(folder, "grain.png", Image.new("RGB", (4, 4)))
    (folder / "vase.svg").write_text(VASE)
    cone = trimesh.creation.cone(0.6, 1.5)
    cone.visual.vertex_colors = [20, 120, 40, 255]
    scene = trimesh.Scene()
    scene.add_geometry(cone, transform=trimesh.transformations.rotation_matrix(-np.pi / 2, [1, 0, 0]))
    (folder / "tree.glb").write_bytes(scene.export(file_type="glb"))
    (folder / "knot.json").write_text(to_json(curve()))
    (folder / ".DS_Store").write_text("")
    return folder


def test_prompts_come_from_a_csv_or_the_report_list(tmp_path):
    sheet = tmp_path / "prompts.csv"
    sheet.write_text('\ufeffid,text,length\nstool,a stool,\noak,"an oak, old and bent",descriptive\n', "utf-8")
    stool, oak = read_prompts(sheet)
    assert (stool.id, stool.text, stool.length, stool.category) == ("stool", "a stool", "short", "stool")
    assert (oak.text, oak.length) == ("an oak, old and bent", "descriptive")
    lists = tmp_path / "q.yaml"
    report = [{"id": "bowl", "category": "bowl", "text": "a bowl"}]
    learn = [{"id": "stool", "category": "stool", "text": "a stool"}]
    lists.write_text(yaml.safe_dump({"source": "made up", "learn": learn, "report": report}))
    assert [query.id for query in read_prompts(lists)] == ["bowl"]
    lists.write_text(yaml.safe_dump({"source": "made up", "learn": learn}))
    with pytest.raises(ConfigurationError, match=r"a 'report' list, got none \(at q.yaml\)"):
        read_prompts(lists)


@pytest.mark.parametrize(("text", "words"), [
    ("", "rows under the columns id,text or id,text,length, got no row"),
    ("name,text\na,b\n", "got name,text"),
    ("id,text,views\na,b,3\n", "got id,text,views"),
    ("id,text\nA Bowl,a bowl\n", r"a prompt as id,text\[,length\], got id: String should match.*p.csv row 2"),
    ("id,text\nbowl,\n", "got text: String should have at least 1 character"),
    ("id,text,length\nbowl,a bowl,long\n", "got length: Input should be 'short' or 'descriptive'"),
    ("id,text\nbowl,a bowl\nbowl,bowls\n", r"every id once, got 'bowl' twice \(at p.csv row 3\)"),
    ("id,text\nbowl\n", "got text: Input should be a valid string"),
])
def test_wrong_prompts_are_named(tmp_path, text, words):
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        read_prompts(tmp_path / "p.csv")


def test_files_find_their_prompts(tmp_path):
    put(tmp_path, cup_2_svg="", cup_10_svg="", cup_svg="", cup_1_obj="", jar__b10_png="", jar__b9_PNG="", jar___x_png="",
        tin_json="", prompts_csv="")
    asked = queries("cup", "cup_1", "jar", "tin", "pan")
    cup, first, jar, tin, pan = match_files(tmp_path, asked, but=tmp_path / "prompts.csv")
    assert (cup.kind, [path.name for path in cup.files]) == ("svg", ["cup.svg", "cup_2.svg", "cup_10.svg"])
    assert (first.kind, [path.name for path in first.files]) == ("obj", ["cup_1.obj"])
    assert [path.name for path in jar.files] == ["_x.png", "b9.PNG", "b10.png"]
    assert (tin.kind, pan.kind, pan.files) == ("json", None, ())
    assert jar.hashes(tmp_path)["jar/b9.PNG"] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("files", "words"), [
    ({"cup_png": "", "cop_png": ""}, "got cop.png"),
    ({"cup_9x_png": ""}, "got cup_9x.png"),
    ({"cup_gif": ""}, "got cup.gif"),
    ({"cup_mtl": ""}, "got cup.mtl"),
    ({"cup__a_obj": ""}, "got cup/a.obj"),
    ({"cup__inner__a_png": ""}, "got cup/inner"),
    ({f"x{n}_png": "" for n in range(7)}, "got x0.png, x1.png, x2.png, x3.png, x4.png and 2 more"),
    ({"cup_png": "", "cup_svg": ""}, r"files of one kind for a prompt.*got cup.png, cup.svg \(at prompt 'cup'\)"),
    ({"cup_obj": "", "cup_1_obj": ""}, "a single one but for png and svg, got cup.obj, cup_1.obj"),
])
def test_files_of_no_prompt_are_refused_by_name(tmp_path, files, words):
    put(tmp_path, **files)
    with pytest.raises(ConfigurationError, match=words):
        match_files(tmp_path, queries("cup"))


def test_a_material_file_belongs_to_the_obj_that_names_it(tmp_path):
    put(tmp_path, cup_obj="mtllib shared.mtl\nmtllib ../far.mtl\n", shared_mtl="map_Kd -blendu on oak.png\n", oak_png="")
    (cup,) = match_files(tmp_path, queries("cup"))
    assert sorted(cup.hashes(tmp_path)) == ["cup.obj", "shared.mtl"]


def test_every_kind_becomes_a_row_and_a_missing_file_a_failed_drawing(every_kind, tmp_path):
    scorer = TinyScorer()
    done = scored(every_kind, "bowl crate vase tree knot lamp", tmp_path / "runs", scorer=scorer)
    rows = {row["query"]: row for row in done.drawings}
    assert {name: (row["kind"], row["views"], row["views_of"], row["strokes"], row["valid"]) for name, row in rows.items()} == {
        "bowl": ("png", 2, "the method's own", 0, True), "crate": ("obj", 3, "ours", 1, True),
        "vase": ("svg", 1, "the method's own", 0, True), "tree": ("glb", 3, "ours", 0, True),
        "knot": ("json", 3, "ours", 5, True), "lamp": ("", 3, "ours", 0, False),
    }
    assert rows["lamp"]["reason"] == "no file"
    assert rows["crate"]["said"] == ["textures left out: 1", "hidden lines drawn too"]
    assert list(done.rows) == ["epoch 0", "blank canvas", "random strokes", "wrong text"]
    metrics = done.rows["epoch 0"]
    assert (metrics.n, metrics.validity) == (6, pytest.approx(5 / 6))
    by_name = {one.query: one for one in metrics.drawings}
    blank = {one.query: one for one in done.rows["blank canvas"].drawings}
    assert by_name["lamp"].similarity == blank["lamp"].similarity
    assert by_name["lamp"].valid is False and blank["lamp"].valid is True
    run = RunStore.read(done.run.folder)
    assert (run.info["evidence"], run.info["status"], run.info["name"]) == ("external", "finished", "Other")
    assert run.info["cards"]["report"]["column"] == "tiny"
    assert sorted(run.info["configuration"]["files"]["crate"]) == ["crate.obj", "wood work.mtl"]
    measured = run.keyed("measured")["epoch 0/bowl"]
    assert measured["similarity"] == by_name["bowl"].similarity
    assert len(Image.open(run.folder / "views/what-was-scored.png").getcolors(1 << 20)) > 50
    gallery = Gallery(run)
    assert gallery.caption() == "files of another method: Other"
    assert gallery.curve_text().splitlines() == [
        "tiny, raw cosine, by epoch of the library", f"  epoch 0: {metrics.similarity:.4f}  n = 6"]
    with pytest.raises(ConfigurationError, match=r"got files of another method.*views/what-was-scored.png shows them"):
        gallery.contact_sheet()


def test_views_of_a_method_count_alike_whatever_their_number_and_size(tmp_path):
    folder = tmp_path / "f"
    for name, views in {"cup": [(8, 0), (8, 90), (16, 180)], "pan": [(32, 40)]}.items():
        for number, (size, grey) in enumerate(views):
            png(folder, f"{name}/{number}.png", Image.new("L", (size, size), grey))
    scorer = TinyScorer()
    cup, pan = scored(folder, "cup pan", tmp_path / "runs", scorer=scorer).rows["epoch 0"].drawings
    texts = scorer.embed_texts(["a cup", "a pan"])
    pictures = [np.full((1, 3, size, size), grey / 255, np.float32) for size, grey in ((8, 0), (8, 90), (16, 180))]
    expected = [float(scorer.embed_images(picture)[0] @ texts[0]) for picture in pictures]
    assert cup.similarity == pytest.approx(np.mean(expected), abs=1e-6)
    assert cup.worst_view == pytest.approx(min(expected), abs=1e-6)
    flat = scorer.embed_images(np.full((1, 3, 32, 32), 40 / 255, np.float32))[0] @ texts[1]
    assert pan.similarity == pytest.approx(float(flat), abs=1e-6)


class Brightness:
    """An aesthetic predictor: ten times the mean of a picture."""

    card = TinyScorer().card

    def scores(self, images):
        return np.round(10 * np.asarray(images).reshape(len(images), -1).mean(axis=1), 4)


def test_again_nothing_is_done_twice_and_aes_may_be_asked_for_later(every_kind, tmp_path):
    names, root = "bowl crate vase tree knot lamp", tmp_path / "runs"
    first = scored(every_kind, names, root)
    tables = {path.name: path.read_bytes() for path in first.run.folder.glob("*.jsonl")}
    assert set(tables) == {"measured.jsonl", "metrics.jsonl", "drawings.jsonl"}
    scorer = TinyScorer()
    again = scored(every_kind, names, root, scorer=scorer)
    assert (again.run.folder, scorer.embedded) == (first.run.folder, 0)
    assert {path.name: path.read_bytes() for path in again.run.folder.glob("*.jsonl")} == tables
    assert again.rows["epoch 0"].drawings == first.rows["epoch 0"].drawings
    rated = scored(every_kind, names, root, aesthetic=Brightness()).rows["epoch 0"]
    by_name = {one.query: one for one in rated.drawings}
    assert by_name["lamp"].aesthetic == 10.0
    levels = [png_picture(path)[0].mean() for path in sorted(every_kind.glob("bowl_*"))]
    assert by_name["bowl"].aesthetic == pytest.approx(10 * np.mean(levels), abs=1e-3)
    kept = RunStore.read(first.run.folder)
    assert len(kept.keyed("metrics")) == 8
    assert list(kept.info["cards"]) == ["aesthetic", "report"]
    assert (kept.folder / "metrics.jsonl").read_bytes().startswith(tables["metrics.jsonl"])
    (every_kind / "vase.svg").write_text(VASE.replace("#4a90d9", "red"))
    assert scored(every_kind, names, root).run.folder != first.run.folder


def test_our_json_has_the_figures_of_a_report_to_the_last_digit(tmp_path):
    folder, names = tmp_path / "f", ("one", "two", "three", "four")
    sketches = [curve(1), None, curve(2, 9), curve(3)]
    put(folder, **{f"{name}_json": to_json(sketch) for name, sketch in zip(names, sketches, strict=True) if sketch})
    reward = ViewReward.of(SETTINGS, TinyScorer(), views=SETTINGS.report_views)
    expected = {"epoch 0": measure(queries(*names), sketches, reward), **anchors(queries(*names), sketches, reward)}
    done = scored(folder, " ".join(names), tmp_path / "runs")
    assert dict(done.rows) == expected
    assert done.rows["epoch 0"].validity == 0.75


@pytest.mark.parametrize(("name", "content", "reason"), [
    ("cup_json", "{}", "a sketch in JSON"), ("cup_json", b"\xff", "a file in UTF-8"),
    ("cup_json", to_json(Sketch(())), "a sketch with strokes, got none"),
    ("cup_png", "no", "a PNG picture"), ("cup_svg", "<svg", "an SVG that can be drawn"),
    ("cup_obj", "v 0 0 0\n", "faces or lines that can be seen"), ("cup_obj", "v nan 0 0\nv 1 1 1\nl 1 2\n", "lines with nan"),
    ("cup_glb", "glTF", "a binary glTF 2.0 file"),
])
def test_a_file_that_cannot_be_taken_is_a_failed_drawing_with_a_reason(tmp_path, name, content, reason):
    put(tmp_path / "f", **{name: content, "pan_json": to_json(curve())})
    done = scored(tmp_path / "f", "cup pan", tmp_path / "runs")
    assert reason in done.drawings[0]["reason"]
    assert [one.valid for one in done.rows["epoch 0"].drawings] == [False, True]
    assert (done.rows["epoch 0"].n, done.rows["epoch 0"].validity) == (2, 0.5)


def test_a_missing_package_is_no_failed_drawing(tmp_path, monkeypatch):
    put(tmp_path / "f", cup_svg=VASE)
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(MissingCapability, match="resvg_py"):
        scored(tmp_path / "f", "cup", tmp_path / "runs")
    monkeypatch.undo()
    assert scored(tmp_path / "f", "cup", tmp_path / "runs").rows["epoch 0"].validity == 1


def test_the_command_line_scores_a_folder(every_kind, tmp_path):
    prompts = every_kind / "prompts.csv"
    prompts.write_text("id,text\n" + "".join(f"{name},a {name}\n" for name in ("bowl", "crate", "vase", "tree", "knot", "lamp")))
    command = ["score", str(every_kind), "--prompts", str(prompts), "--method", "Other <b>", "--scorer",
               "tests.fakes:TinyScorer", "--root", str(tmp_path / "runs"), "--set", "picture_size=32", "--set",
               "report_views=2"]
    shown = CliRunner().invoke(app, command, catch_exceptions=False).stdout.splitlines()
    assert "failed: lamp: no file" in shown
    assert "note: vase: set on a white square" in shown
    assert "Other <b>: 6 prompts, 2 of them seen in the method's own views" in shown
    assert any(line.startswith("  epoch 0: ") and line.endswith("n = 6") for line in shown)
    folder = tmp_path / "runs" / shown[-1].rpartition("/")[2]
    assert shown[-1] == f"run folder: {folder}"
    assert folder.name.partition("_")[2].startswith("other-b_")
    figure = next(row for row in RunStore.read(folder).rows("metrics") if row["row"] == "epoch 0")["similarity"]
    assert any(line.startswith(f"  epoch 0: {figure:.4f}  valid 83%") for line in shown)


def test_words_that_the_scorer_does_not_know_are_refused_before_a_run_exists(tmp_path):
    put(tmp_path / "f", cup_json=to_json(curve()))

    class Picky(TinyScorer):
        def check_text(self, text):
            raise ConfigurationError("words that this model knows", came=text)

    with pytest.raises(ConfigurationError, match="got a cup"):
        scored(tmp_path / "f", "cup", tmp_path / "runs", scorer=Picky())
    assert not (tmp_path / "runs").exists()
