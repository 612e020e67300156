"""The evaluation: exact on shapes that geometry knows, clear about messy files, and nothing mixed that must not be."""

from __future__ import annotations

import csv
import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from easel.chat import Usage
from easel.connection import chain
from easel.errors import ConfigurationError, MissingCapability
from easel.ledger import Ledger
from easel.runs import RunStore
from easel.score_card import ScorerCard
from easel.scorers import open_scorer
from shapecraft.aggregates import FEW, aggregate_frame, aggregates
from shapecraft.captions import Caption, read_captions
from shapecraft.costs import NO_CALLS, costs_of
from shapecraft.evaluation import SHAPE, ObjectRow, evaluate, evaluate_one, evaluation_key, frame
from shapecraft.evaluation_folder import EvaluationFolder
from shapecraft.evaluation_report import STAND_IN, markdown, page
from shapecraft.mesh_metrics import FARTHEST
from shapecraft.model_names import ModelName
from shapecraft.question_judge import Judge
from shapecraft.questions import Question, QuestionBook, QuestionSet
from shapecraft.subjects import NO_RUN, Subject, find_subjects
from tests.fakes import CARD, Scripted, TinyScorer
from tests.shapecraft.evaluating import BoxedCatalogue, ball, block, boxed_catalogue, made_run, mesh_of, save, table

THICKER = json.dumps({"summary": "Thicker.", "changes": [{"name": "legs", "how": "5 cm thicker"}], "added": [],
                      "removed": []})
NOISE = 0.015  # two samples of 8,192 points on one surface of area 6 lie so far apart (0.013 of a unit cube)


def one(shape, reference, **more) -> ObjectRow:
    """The row of one shape against another."""
    return evaluate_one(Subject("it", "external", more.pop("caption", ""), lambda: mesh_of(shape),
                                "reference", lambda: mesh_of(reference)), **more).row


# exact where geometry knows


@pytest.mark.parametrize("shape", [block(), block((1, 0.5, 0.25)), ball(), table()], ids=["cube", "brick", "ball", "table"])
@pytest.mark.parametrize(("scale", "shift"), [(1.0, (0, 0, 0)), (1000.0, (5, -3, 2)), (0.01, (0, 0, 1))])
def test_a_copy_is_the_same_shape_wherever_and_however_large_it_is(shape, scale, shift):
    copy = shape.copy()
    copy.apply_scale(scale)
    copy.apply_translation(shift)
    row = one(copy, shape)
    for way in ("box", "voxel", "exact"):
        assert getattr(row, f"iogt_{way}") == pytest.approx(1.0, abs=2e-5)
        assert getattr(row, f"iou_{way}") == pytest.approx(1.0, abs=2e-5)
    assert (row.chamfer, row.hausdorff, row.fscore) == (0.0, 0.0, 1.0) or (
        row.chamfer < NOISE and row.hausdorff < 5 * NOISE and row.fscore > 0.999)


def test_a_full_box_shows_in_iou_though_not_in_iogt():
    """Over-filling: the box around a table fills all of the table's space, and six times more."""
    row = one(block((1, 1, 1), (0, 0, 0.5)), table())
    for way, tolerance in (("exact", 1e-5), ("voxel", 0.03)):
        assert getattr(row, f"iogt_{way}") == pytest.approx(1.0, abs=1e-6)
        assert getattr(row, f"iou_{way}") == pytest.approx(0.136, abs=tolerance)
    assert (row.iogt_box, row.iou_box) == (1.0, 1.0), "boxes cannot tell a table from its box"
    back = one(table(), block((1, 1, 1), (0, 0, 0.5)))
    assert back.iogt_exact == pytest.approx(0.136, abs=1e-5)


def test_a_ball_in_its_cube_fills_pi_over_six_of_it():
    row = one(ball(), block())
    assert row.iogt_exact == row.iou_exact == pytest.approx(math.pi / 6, abs=0.003), "of 5,120 flat faces"
    assert row.iogt_voxel == pytest.approx(math.pi / 6, abs=0.006)
    # The corners of the cube are farthest from the ball, the middles of its sides touch it.
    assert row.hausdorff == pytest.approx((math.sqrt(3) - 1) / 2, abs=0.03)
    assert one(block(), ball()).iogt_exact == pytest.approx(1.0, abs=1e-6)


def test_half_a_brick_has_known_figures():
    """1 x 0.5 x 0.5 against a cube of side 1, both centred: a quarter of it; the two long sides are 0.25 away."""
    row = one(block((1, 0.5, 0.5)), block())
    for way, tolerance in (("box", 1e-6), ("exact", 1e-6), ("voxel", 1e-6)):
        assert getattr(row, f"iogt_{way}") == getattr(row, f"iou_{way}") == pytest.approx(0.25, abs=tolerance)
    assert row.hausdorff == pytest.approx(0.25 * math.sqrt(2), abs=0.02)


@pytest.mark.parametrize(("a", "b"), [(block((1, 0.5, 0.5)), block()), (ball(), table()), (table(), block((1, 0.9, 1)))])
def test_what_should_be_symmetric_is_symmetric(a, b):
    there, back = one(a, b), one(b, a)
    for figure in ("iou_box", "iou_exact", "iou_voxel"):
        assert getattr(there, figure) == pytest.approx(getattr(back, figure), abs=1e-6)
    for figure in ("hausdorff", "chamfer", "fscore"):
        assert getattr(there, figure) == pytest.approx(getattr(back, figure), abs=5e-3)
    assert there.iogt_exact != pytest.approx(back.iogt_exact, abs=0.01), "IoGT has a direction"


def test_a_quarter_turn_is_undone():
    shape = trimesh.util.concatenate([block((1, 0.2, 0.2)), block((0.2, 0.5, 0.2), (0.4, 0.35, 0))])
    turned = shape.copy()
    turned.apply_transform(trimesh.transformations.rotation_matrix(math.pi / 2, (0, 0, 1)))
    row = one(turned, shape)
    assert (row.yaw_deg, row.iou_exact) == (270, pytest.approx(1.0, abs=1e-4))


# failures and reasons


def test_an_object_that_was_not_made_is_a_failure_in_every_column():
    def broken():
        raise ConfigurationError("at least one triangle", came="none", where="it.obj")

    questions = QuestionSet("a box", tuple(Question(question=f"Is it number {n}?", answer="yes" if n % 2 else "no")
                                           for n in range(6)))
    judge = Judge.of(Scripted(lambda _: pytest.fail("asked"), sees_images=True))
    done = evaluate_one(Subject("it", "external", "a box", broken, "r", lambda: mesh_of(block())),
                        scorer=TinyScorer(), judge=judge, questions=QuestionBook((questions,)))
    row = done.row
    assert row.failed == "expected at least one triangle, got none (at it.obj)."
    assert (row.made, done.mesh) == (0.0, None)
    assert [getattr(row, name) for name in SHAPE] == [0.0] * 6 + [FARTHEST, FARTHEST, 0.0]
    assert not math.isnan(row.clip), "the score of blank pages"
    assert (row.vqa, row.vqa_passed, row.vqa_asked) == (0.0, 0, 6)


def test_a_mesh_without_area_is_a_failure():
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    assert one(flat, block()).failed == "a mesh without area"


def test_every_cell_that_cannot_be_has_a_reason():
    opened = block()
    opened.update_faces(np.arange(len(opened.faces)) > 1)
    row = one(opened, block())
    assert math.isnan(row.iogt_exact)
    assert "closed pieces, got 1 open ones" in row.why("iogt_exact")
    assert row.why("iogt_voxel") == "", "measured, and what to know is a note"
    assert row.notes == ("prediction: 1 open pieces as shells",)
    assert (row.why("clip"), row.why("vqa"), row.why("calls")) == ("no scorer", "no judge", NO_RUN)
    table_of = {column: value for column, value in vars(row).items() if isinstance(value, float) and math.isnan(value)}
    assert set(table_of) == {figure for figure, _ in row.cannot}, "every nan has a reason, and only those"


def test_a_reference_that_cannot_be_used_is_no_failure_of_the_object():
    def bad():
        raise ConfigurationError("a GLB file", came="garbage", where="ref.glb")

    row = evaluate_one(Subject("it", "external", "", lambda: mesh_of(block()), "ref.glb", bad)).row
    assert (row.failed, row.made) == ("", 1.0)
    assert {row.why(name) for name in SHAPE} == {
        "the reference cannot be used: expected a GLB file, got garbage (at ref.glb)."}


def test_a_toy_scorer_refuses_an_object_and_not_all():
    scorer = open_scorer("embedded:report")
    subjects = [Subject(name, "external", words, lambda: mesh_of(block())) for name, words in
                (("a", "a stool"), ("b", "a flux capacitor"), ("c", ""))]
    rows = [done.row for done in evaluate(subjects, scorer=scorer)]
    assert not math.isnan(rows[0].clip)
    assert rows[0].clip_column == "toy CLIP (report) x100"
    assert "words that the embedded-report model knows, got 'flux', 'capacitor'" in rows[1].why("clip")
    assert rows[2].why("clip") == "no caption"
    (clip,) = [found for found in aggregates(rows) if found.figure == "clip"]
    assert (clip.n, clip.unmeasured, clip.column) == (1, 2, "toy CLIP (report) x100")


def test_the_evaluator_of_one_object_is_not_its_judge():
    asked = QuestionSet("a box", tuple(Question(question=f"Is it number {n}?", answer="yes" if n % 2 else "no")
                                       for n in range(6)))
    model = Scripted(lambda _: pytest.fail("asked"), name="maker", sees_images=True)
    row = evaluate_one(Subject("it", "live", "a box", lambda: mesh_of(block()), evaluators=(ModelName("maker"),)),
                       judge=Judge(model), questions=QuestionBook((asked,))).row
    assert row.why("vqa") == "'maker' was the Evaluator of this object too"
    assert row.vqa_asked == 0


# folders


def test_a_messy_folder_is_told_file_by_file(tmp_path):
    save(block(), tmp_path / "in" / "box.obj")
    save(ball(subdivisions=2), tmp_path / "in" / "box.stl")
    save(table(), tmp_path / "in" / "table.glb", scale=1000.0)
    (tmp_path / "in" / "empty.obj").write_text("# nothing\n")
    (tmp_path / "in" / "nan.obj").write_text("v 0 0 0\nv 1 0 nan\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "in" / "garbage.glb").write_bytes(b"glTF no")
    (tmp_path / "in" / "solid.ply").write_text("ply")
    (tmp_path / "in" / "notes.txt").write_text("hello")
    (tmp_path / "in" / "captions.csv").write_text(
        "file,caption\nbox.obj,a box\ntable,a table of metal\nchair.obj,a chair\n")
    found = find_subjects(tmp_path / "in")
    assert found.skipped == ("solid.ply: not read; OBJ, STL and GLB are",)
    rows = {done.row.name: done.row for done in evaluate(found.subjects)}
    assert list(rows) == ["box.obj", "box.stl", "chair", "empty", "garbage", "nan", "table"]
    assert {name: row.caption for name, row in rows.items() if row.caption} == {
        "box.obj": "a box", "table": "a table of metal", "chair": "a chair"}
    assert rows["chair"].failed == "expected the file that the captions name, got no file (at chair.obj)."
    assert "empty.obj" in rows["empty"].failed
    assert "nan" in rows["nan"].failed and "vertices" in rows["nan"].failed
    assert "a GLB file" in rows["garbage"].failed
    assert rows["table"].notes == (
        "longest side 1000: perhaps not metres; figures do not depend on the unit",)
    assert {row.evidence for row in rows.values()} == {"external"}


@pytest.mark.parametrize("named", ["chair.ply", "chair", "chair.step"])
def test_a_file_of_a_kind_that_is_not_read_is_no_object_that_was_not_made(tmp_path, named):
    save(block(), tmp_path / "box.obj")
    kind = ".step" if named.endswith("step") else ".ply"
    (tmp_path / f"chair{kind}").write_text("whole")
    (tmp_path / "captions.csv").write_text(f"file,caption\nbox.obj,a box\n{named},a chair\nlost.ply,a lamp\n")
    found = find_subjects(tmp_path)
    assert found.skipped == (f"chair{kind}: not read; OBJ, STL and GLB are",)
    assert [one_.name for one_ in found.subjects] == ["box", "lost"], "what is not there was not made"
    (failed,) = [done.row for done in evaluate(found.subjects[1:])]
    assert "got no file (at lost.ply)" in failed.failed


def test_references_are_found_by_name_by_row_and_refused_in_words(tmp_path):
    for name in ("a.obj", "b.stl", "c.glb", "d.obj"):
        save(block(), tmp_path / "in" / name)
    for name in ("a.stl", "c.obj", "c.stl", "other.obj"):
        save(block((1, 1, 0.5)), tmp_path / "ref" / name)
    (tmp_path / "caps.yaml").write_text("- {file: b, reference: other.obj}\n- {file: d.obj, reference: none.obj}\n")
    found = find_subjects(tmp_path / "in", references=tmp_path / "ref", captions=tmp_path / "caps.yaml")
    rows = {done.row.name: done.row for done in evaluate(found.subjects)}
    assert (rows["a"].reference, rows["a"].iou_box) == ("a.stl", 0.5)
    assert (rows["b"].reference, rows["b"].iogt_box) == ("other.obj", 1.0)
    assert rows["c"].why("iou_box") == "several references: c.obj, c.stl"
    assert rows["d"].why("iou_box") == "no reference: none.obj"
    alone = find_subjects(tmp_path / "in", captions=tmp_path / "caps.yaml").subjects
    assert alone[1].no_reference == "the reference other.obj is named, and no folder of references"


def test_a_caption_of_the_catalogue_or_an_entry_is_held_to_the_catalogues_object(tmp_path):
    catalogue, wall = boxed_catalogue()
    legs_and_seat = trimesh.util.concatenate([block(one_.box.size, one_.box.center) for one_ in _stool().components])
    for name in ("a.obj", "b.obj", "c.obj", "d.obj"):
        save(legs_and_seat, tmp_path / name)
    (tmp_path / "captions.json").write_text(json.dumps([
        {"file": "a", "caption": "A stool."}, {"file": "b", "caption": "anything", "object": "stool"},
        {"file": "c", "caption": "a stool of glass"}]))
    rows = [done.row for done in evaluate(find_subjects(tmp_path, catalogue=catalogue).subjects)]
    assert [row.reference for row in rows] == ["catalogue: stool", "catalogue: stool", "", ""]
    assert rows[0].iou_exact == rows[1].iou_exact == pytest.approx(1.0, abs=1e-4)
    assert rows[2].why("iou_exact") == "no reference, and no caption of the catalogue"
    assert wall.jobs == len(_stool().components), "made once"
    catalogue.close()
    assert wall.closed == 1


def test_without_a_wall_the_catalogue_gives_reasons_and_no_figures(tmp_path):
    from shapecraft.catalogue_meshes import CatalogueMeshes

    def no_wall():
        raise MissingCapability("a wall for programs that a model wrote", came="no bubblewrap")

    save(block(), tmp_path / "a.obj")
    (tmp_path / "captions.json").write_text('{"a": "a stool"}')
    (done,) = evaluate(find_subjects(tmp_path, catalogue=CatalogueMeshes(no_wall)).subjects)
    assert "no bubblewrap" in done.row.why("iou_box")


def test_a_program_of_the_catalogue_that_does_not_run_is_told():
    from shapecraft.catalogue import find_entry
    from shapecraft.outcome import Outcome

    class Broken(BoxedCatalogue):
        def run(self, job):
            return Outcome("raised", message="ValueError: no")

    from shapecraft.catalogue_meshes import catalogue_mesh

    with pytest.raises(ConfigurationError, match="raised: ValueError: no"):
        catalogue_mesh(find_entry("stool"), Broken())


@pytest.mark.parametrize(("name", "text", "words"), [
    ("c.csv", "file,words\na,b\n", "row 2"), ("c.csv", "file,caption\na,b\na,c\n", "'a' twice"),
    ("c.csv", "", "got nothing"), ("c.json", "{", "captions file in UTF-8"), ("c.json", "[1]", "row 1"),
    ("c.yaml", "a: [", "a YAML file"), ("c.txt", "a", "in a .csv, .yaml or .json file"),
    ("c.yaml", "- {file: a, object: spaceship}", "an entry of the catalogue, got 'spaceship'"),
    ("c.yaml", "3", "got a int"),
])
def test_bad_captions_are_refused_with_their_row(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError) as error:
        read_captions(tmp_path / name)
    assert words in str(error.value)


def test_captions_in_three_formats_are_the_same(tmp_path):
    expected = (Caption(file="a.obj", caption="a stool, of \"oak\"\nin two lines"), Caption(file="b", caption="ein Stuhl"))
    with (tmp_path / "c.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerows([("file", "caption"), *((row.file, row.caption) for row in expected)])
    (tmp_path / "c.json").write_text(json.dumps({row.file: row.caption for row in expected}))
    (tmp_path / "c.yaml").write_text(json.dumps([{"file": row.file, "caption": row.caption} for row in expected]))
    assert all(read_captions(tmp_path / f"c.{kind}") == expected for kind in ("csv", "json", "yaml"))


@pytest.mark.parametrize("kind", ["folder", "references", "nothing", "outside"])
def test_places_that_cannot_be_are_refused(tmp_path, kind):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ply").write_text("ply")
    more = {"references": tmp_path / "none"} if kind == "references" else {}
    words = {"folder": "a folder of runs", "references": "a folder of reference meshes", "outside": "inside the folder",
             "nothing": "got a.ply: not read"}[kind]
    if kind == "outside":
        (tmp_path / "in" / "captions.json").write_text('{"../a.obj": "a box"}')
    with pytest.raises(ConfigurationError, match=words.replace("(", r"\(")):
        find_subjects(tmp_path / ("missing" if kind == "folder" else "in"), **more)


# runs


def test_runs_are_read_with_their_texts_grades_models_and_reasons(tmp_path):
    made_run(tmp_path, "one")
    made_run(tmp_path, "two", prompt="a stool of glass", evidence="stand-in", vision_model="eyes")
    made_run(tmp_path, "three", reply=lambda request: "no JSON at all")
    made_run(tmp_path, "four", finished=False)
    catalogue, _ = boxed_catalogue()
    found = find_subjects(tmp_path, catalogue=catalogue)
    assert [name.split("_")[1] for name in (one_.name for one_ in found.subjects)] == ["one", "three", "two"]
    assert len(found.skipped) == 1 and found.skipped[0].endswith("the run is running, not finished")
    assert found.evaluators == {ModelName("maker"), ModelName("eyes")}
    good, bad, other = [done.row for done in evaluate(found.subjects)]
    assert (good.evidence, good.caption, good.reference, good.made) == ("live", "a stool", "catalogue: stool", 1.0)
    assert 0 < good.iou_box <= 1
    assert (good.components, good.first_pass, good.repaired) == (2.0, 1.0, 1.0)
    assert (good.calls, good.calls_per_component) == (6.0, 3.0), "parse, two drafts, two looks, one at the whole"
    assert good.why("tokens") == good.why("minutes") == NO_CALLS
    assert (other.evidence, other.reference) == ("stand-in", "")
    assert (bad.made, bad.first_pass, bad.iogt_exact) == (0.0, 0.0, 0.0)
    assert "JSON" in bad.failed
    assert bad.why("calls_per_component") == "the text was never parsed"


def test_costs_are_those_of_the_calls_that_made_the_object(tmp_path):
    """A ledger with the run's calls, a failed one, and an edit afterwards that is no part of it."""
    from shapecraft.edit_desk import EditDesk
    from shapecraft.exploring import Craft, explore
    from shapecraft.keeping import Keeper
    from shapecraft.settings import CraftSettings
    from tests.shapecraft.crafting import BoxWall
    from tests.shapecraft.evaluating import answer

    settings = CraftSettings.paper(paths=1, steps=1, rounds=0)
    run = RunStore.open(tmp_path, "priced", fingerprint="f", evidence="live", date="2000-01-01", configuration={
        "prompt": "a stool", "settings": json.loads(settings.model_dump_json()), "model": "maker"})
    with run:
        chat = chain(Scripted(answer), store=run.replies, ledger=run.home).chat
        list(explore(Craft(chat, BoxWall(), "a stool", settings, name="s", keeper=Keeper(run))))
        run.status("finished")
    before = costs_of(RunStore.read(run.folder))
    assert (before.calls, before.tokens, before.dollars) == (6.0, 120.0, 0.0)
    assert 0 <= before.minutes <= before.minutes_added + 1e-6
    assert before.cannot == ()
    first = Ledger(run.home).tries()[0]
    ledger = Ledger(run.home)

    def later(site: str, tokens: int) -> None:
        ledger._write("calls.jsonl", replace(first, id=site, key=site, site=site,
                                             usage=Usage(tokens, 0, dollars=None)).to_json())

    def editor(request):
        return THICKER if request.site.role == "edit-plan" else answer(request)

    with RunStore.amend(run.folder) as again:
        chat = chain(Scripted(editor, sees_images=True), store=again.replies, ledger=again.home).chat
        ended = list(EditDesk(again).edit("thicker legs", model=chat, wall=BoxWall(), judged=True))[-1]
    assert ended.failure == ""
    sites = [one_.site for one_ in ledger.tries()[6:]]
    assert {site.partition("#")[0] for site in sites} >= {"coder-revise/priced", "evaluator-part/priced"}, sites
    later("animator/s/1/-1", 1000)
    later("vqa-judge/s/-1/-1", 1000)
    assert costs_of(RunStore.read(run.folder)) == before
    later("coder/s/seat/0/1", 7)
    after = costs_of(RunStore.read(run.folder))
    assert after.tokens == 127.0
    assert dict(after.cannot) == {"dollars": "the price of a call is unknown"}


# aggregates


def row(name: str, iou: float = 0.5, *, evidence: str = "live", made: bool = True, **more) -> ObjectRow:
    return ObjectRow(name, evidence, failed="" if made else "no mesh", made=float(made), iou_exact=iou, **more)


def test_means_keep_failures_count_what_was_not_measured_and_say_when_there_are_few():
    rows = [row("a", 0.8), row("b", 0.6), row("c", 0.0, made=False), row("d", math.nan)]
    found = {one_.figure: one_ for one_ in aggregates(rows)}
    iou = found["iou_exact"]
    assert (iou.n, iou.failed, iou.unmeasured, iou.mean_made) == (3, 1, 1, 0.7)
    assert math.isnan(iou.mean) and math.isnan(iou.low) and math.isnan(iou.high)
    assert iou.claim == ("IoU (exact): 1 failed, which would count, 1 made and unmeasured, which would not: no mean; it "
                         "is between 0.350 and 0.600"), "1.4 and 2.4 of 4"
    whole = {one_.figure: one_ for one_ in aggregates(rows[:3])}["iou_exact"]
    assert (whole.mean, whole.n, whole.failed, whole.unmeasured) == (round(1.4 / 3, 6), 3, 1, 0)
    assert whole.claim == f"3 objects, fewer than {FEW}: the interval is too narrow"
    assert 0.0 <= whole.low <= whole.mean <= whole.high <= 0.8
    none_failed = {one_.figure: one_ for one_ in aggregates([rows[0], rows[1], rows[3]])}["iou_exact"]
    assert (none_failed.mean, none_failed.unmeasured) == (0.7, 1)
    bare = [*(replace(one_, reference="r") for one_ in rows[:3]), rows[3]]
    assert {one_.figure: one_ for one_ in aggregates(bare)}["iou_exact"].mean == whole.mean, "it has no reference"
    made = found["made"]
    assert (made.mean, made.n, made.failed, made.interval) == (0.75, 4, 1, "Wilson over objects")
    assert set(found) == {"made", "iou_exact"}, "what no object has is no column"
    assert aggregates([row("a")])[1].claim == "one object: no interval"
    assert aggregates([row(str(n), n / 9) for n in range(9)])[1].claim == ""


def test_means_of_answers_and_words_are_withheld_alike():
    head = {"clip_column": "CLIP-ST x100", "clip_card": "k", "vqa_column": "VQA"}
    rows = [row("a", clip=30.0, vqa=0.8, vqa_passed=4, vqa_asked=5, **head),
            row("b", made=False, clip=10.0, vqa=0.0, vqa_asked=5, **head), row("c", **head)]
    found = {one_.figure: one_ for one_ in aggregates(rows)}
    assert all(math.isnan(found[name].mean) for name in ("clip", "vqa", "vqa_questions"))
    assert "no mean; it is between 0.267 and 0.600" in found["vqa"].claim
    assert found["clip"].claim.startswith("CLIP-ST x100: 1 failed, which would count, 1 made and unmeasured")
    assert "those of 1 made ones without answers not: no mean" in found["vqa_questions"].claim
    assert (found["clip"].mean_made, found["vqa"].mean_made) == (30.0, 0.8)
    both = {one_.figure: one_ for one_ in aggregates(rows[:2])}
    assert (both["clip"].mean, both["vqa"].mean, both["vqa_questions"].mean) == (20.0, 0.4, 0.4)


def test_columns_are_compared_on_the_objects_that_have_them_all():
    rows = [row("a", 0.9, iou_box=0.9), row("b", math.nan, iou_box=0.1), row("c", 0.5, iou_box=0.7)]
    found = {one_.figure: one_ for one_ in aggregates(rows)}
    assert (found["iou_box"].mean, found["iou_exact"].mean) == (round(1.7 / 3, 6), 0.7)
    assert [(found[name].mean_common, found[name].n_common) for name in ("iou_box", "iou_exact")] == [(0.8, 2), (0.7, 2)]
    said = "the shape columns are of different objects: compare them over the 2 in common"
    assert said in found["iou_box"].claim and said in found["iou_exact"].claim
    same = {one_.figure: one_ for one_ in aggregates([rows[0], rows[2]])}
    assert said[:30] not in same["iou_box"].claim and same["iou_box"].n_common == 2


def test_a_scorer_that_could_score_nothing_is_told_and_not_left_out():
    rows = [row("a", clip_column="CLIP-ST x100", clip_card="k"), row("b", clip_column="CLIP-ST x100", clip_card="k")]
    (clip,) = [one_ for one_ in aggregates(rows) if one_.figure == "clip"]
    assert (clip.n, clip.unmeasured, clip.claim) == (0, 2, "no object could be measured")
    assert math.isnan(clip.mean)
    assert "| CLIP-ST x100 | - |  | 0 | 0 | 2 |" in markdown(rows, aggregates(rows), title="t")


def test_the_same_rows_give_the_same_interval_and_another_seed_another():
    rows = [row(str(n), n / 20) for n in range(20)]
    assert aggregates(rows) == aggregates(rows)
    assert aggregates(rows, seed=1)[1] != aggregates(rows)[1]


def test_runs_of_one_text_are_no_independent_objects():
    """Two texts, ten seeds each: twenty objects, and no more than two draws of what a method makes of a text."""
    two = [row(f"{text}{seed}", 0.5 + 0.001 * seed, caption=f"{text}.", evidence="live") for text in ("A cup", "a mug")
           for seed in range(10)]
    made, iou = (one_ for one_ in aggregates(two) if one_.figure in ("made", "iou_exact"))
    assert (iou.mean, iou.n) == (0.5045, 20) and math.isnan(iou.low)
    assert iou.claim == "20 objects of 2 texts; too few texts: no interval"
    assert (made.mean, made.claim, made.interval) == (1.0, "20 objects of 2 texts", "Wilson, as many as there are texts")
    assert made.low < 0.35, "of 2, not of 20"
    five = [row(f"{text}{seed}", text / 10, caption=f"a thing {text}") for text in range(5) for seed in range(10)]
    wide = {one_.figure: one_ for one_ in aggregates(five)}["iou_exact"]
    alone = {one_.figure: one_ for one_ in aggregates(five[::10])}["iou_exact"]
    assert (wide.low, wide.high) == (alone.low, alone.high), "ten copies of each say no more"
    assert wide.claim == f"50 objects of 5 texts; 5 texts, fewer than {FEW}: the interval is too narrow"
    assert (wide.interval, alone.interval) == ("bootstrap over texts", "bootstrap over objects")


def test_every_figure_of_a_stand_in_says_that_it_is_no_result():
    rows = [row(str(n), n / 9, evidence=grade) for n in range(9) for grade in ("stand-in", "live")]
    told = {(one_.evidence, one_.figure): one_.claim for one_ in aggregates(rows)}
    assert told == {("stand-in", "made"): "no result, a stand-in", ("stand-in", "iou_exact"): "no result, a stand-in",
                    ("live", "made"): "", ("live", "iou_exact"): ""}


def test_grades_of_evidence_are_never_in_one_mean():
    rows = [row("a", 0.2), row("b", 0.4, evidence="external"), row("c", 0.6, evidence="external")]
    found = [(one_.evidence, one_.mean) for one_ in aggregates(rows) if one_.figure == "iou_exact"]
    assert found == [("live", 0.2), ("external", 0.5)]


def test_scorers_and_judges_are_never_in_one_column():
    two = [row("a", clip=30.0, clip_column="CLIP-ST x100", clip_card="k1"),
           row("b", clip=20.0, clip_column="CLIP-ST x100", clip_card="k2")]
    with pytest.raises(ConfigurationError, match="one scorer for a column, got k1 and k2"):
        aggregates(two)
    with pytest.raises(ConfigurationError, match="one scorer"):
        frame(two)
    judged = [row("a", vqa=1.0, vqa_yes=1.0, vqa_no=1.0, vqa_passed=5, vqa_asked=5, vqa_column="VQA (judge x)"),
              row("b", vqa=0.0, vqa_yes=0.0, vqa_no=0.0, vqa_passed=0, vqa_asked=5, vqa_column="VQA (judge y)")]
    found = {one_.column: one_.mean for one_ in aggregates(judged)}
    assert (found["VQA (judge x)"], found["VQA (judge y)"]) == (1.0, 0.0)
    told = frame(judged)
    assert told["VQA (judge x)"].isna().tolist() == [False, True]


def test_all_questions_together_have_wilsons_interval_beside_the_bootstrap():
    rows = [row(str(n), vqa=passed / 5, vqa_yes=passed / 5, vqa_no=passed / 5, vqa_passed=passed, vqa_asked=5,
                vqa_column="VQA") for n, passed in enumerate((5, 4, 0))]
    found = {one_.figure: one_ for one_ in aggregates(rows)}
    assert found["vqa"].mean == found["vqa_questions"].mean == 0.6
    assert (found["vqa_questions"].n, found["vqa"].n) == (15, 3)
    assert (round(found["vqa_questions"].low, 4), round(found["vqa_questions"].high, 4)) == (0.3575, 0.8018)
    assert found["vqa_questions"].interval.startswith("Wilson")


# files


def evaluated(tmp_path, *, evidence: str = "external"):
    scorer = TinyScorer(ScorerCard(**{**vars(CARD), "column": "tiny CLIP"}))
    subjects = [
        Subject("<b>&|`#", evidence, "a [box](x) <script>", lambda: mesh_of(block()), "ref|", lambda: mesh_of(ball())),
        Subject("gone", evidence, "a chair", lambda: mesh_of(trimesh.Trimesh([[0, 0, 0]] * 3, [[0, 1, 2]], process=False)),
                "ref", lambda: mesh_of(block())),
    ]
    folder = EvaluationFolder(tmp_path, "A <title>", ("a | note",))
    for done in evaluate(subjects, scorer=scorer):
        folder.add(done)
    return folder


def test_the_folder_holds_tables_with_a_dictionary_sheets_and_a_report(tmp_path):
    folder = evaluated(tmp_path)
    written = folder.finish()
    assert {"results.csv", "results.parquet", "aggregates.csv", "columns.csv", "report.md", "report.html"} <= set(written)
    with written["results.csv"].open() as file:
        first, second = csv.DictReader(file)
    assert (first["name"], first["made"], second["made"], second["failed"]) == (
        "<b>&|`#", "True", "False", "a mesh without area")
    assert float(first["iogt_exact"]) == 1.0
    assert "calls: a file of another method" in first["cannot"]
    described = {line.split(",")[1] for line in written["columns.csv"].read_text().splitlines()[1:]}
    assert set(first) <= described
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == ["000-b.png"]
    html, plain = written["report.html"].read_text(), written["report.md"].read_text()
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert "\\<b\\>&\\|\\`\\#" in plain and "a \\[box\\](x)" in plain
    assert "A failed" not in html and "stays in every mean" in html
    assert "2 objects, files of another method" in plain
    assert STAND_IN not in html
    again = evaluated(tmp_path / "again").finish()
    for name in ("results.csv", "aggregates.csv", "report.md", "report.html"):
        assert again[name].read_bytes() == written[name].read_bytes(), "the same bytes"


def test_a_stand_ins_report_and_sheets_say_so(tmp_path):
    folder = evaluated(tmp_path, evidence="stand-in")
    folder.finish()
    assert f"<p class=watermark>{STAND_IN}</p>" in (tmp_path / "report.html").read_text()
    plain = evaluated(tmp_path / "plain")
    assert plain.rows[0].iou_exact == folder.rows[0].iou_exact
    sheets = [next((place / "sheets").iterdir()).read_bytes() for place in (tmp_path, tmp_path / "plain")]
    assert sheets[0] != sheets[1]


def test_an_empty_evaluation_writes_nothing(tmp_path):
    with pytest.raises(ConfigurationError, match="at least one object"):
        EvaluationFolder(tmp_path).finish()
    assert not list(tmp_path.iterdir())


def test_rows_make_frames_and_a_key():
    rows = [row("a", 0.5, minutes=1.0), row("b", 0.25)]
    table_of = frame(rows)
    assert table_of.name.tolist() == ["a", "b"]
    assert table_of.iou_exact.tolist() == [0.5, 0.25]
    assert list(aggregate_frame(aggregates(rows)).columns)[:4] == ["evidence", "column", "figure", "mean"]
    assert evaluation_key(rows) == evaluation_key([row("a", 0.5, minutes=2.0), row("b", 0.25)])
    assert evaluation_key(rows) != evaluation_key(rows[::-1])


def test_reports_of_rows_alone_need_no_sheets():
    rows = [row("a")]
    assert "### a" in markdown(rows, aggregates(rows), title="t")
    assert "<h3 dir=auto>a</h3>" in page(rows, aggregates(rows), title="t")


def test_order_is_the_subjects_whatever_is_done_first():
    def slow():
        time.sleep(0.3)
        return mesh_of(block())

    subjects = [Subject(str(n), "external", "", slow if n == 0 else lambda: mesh_of(block())) for n in range(6)]
    assert [done.row.name for done in evaluate(subjects, workers=3)] == [str(n) for n in range(6)]
    with pytest.raises(ConfigurationError, match="at least one worker"):
        list(evaluate(subjects, workers=0))


@pytest.mark.acceptance
def test_thirty_meshes_of_twenty_thousand_triangles_take_seconds():
    """Measured: 16 s of processor time, which two cores share."""
    references = [mesh_of(ball(subdivisions=5)), mesh_of(table())]
    rng = np.random.default_rng(0)
    subjects = []
    for n in range(30):
        shape = ball(subdivisions=5)
        shape.vertices *= 1 + 0.1 * rng.random(3)
        subjects.append(Subject(str(n), "external", "", lambda shape=shape: mesh_of(shape), "r",
                                lambda n=n: references[n % 2]))
    start = time.process_time()
    assert len([done for done in evaluate(subjects)]) == 30
    assert time.process_time() - start < 40


def _stool():
    from shapecraft.catalogue import find_entry

    return find_entry("stool").graph()
