"""The verb `evaluate`: files and runs, its words, its exit status, and that the same command pays nothing twice."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from easel.errors import ConfigurationError, EaselError, MissingCapability
from easel.ledger import Ledger
from easel.runs import RunStore
from shapecraft import cli_evaluate
from shapecraft.model_names import KEPT, with_model
from shapecraft.questions import read_questions
from tests.shapecraft.evaluating import ball, block, boxed_catalogue, made_run, save


@pytest.fixture
def shapecraft(monkeypatch):
    """Runs the command; errors of ours are raised. Its wall knows the catalogue's boxes."""
    _, wall = boxed_catalogue()
    monkeypatch.setattr("shapecraft.wall.open_wall", lambda *_, **__: wall)
    app = typer.Typer()
    cli_evaluate.register(app)
    app.command("other")(lambda: None)

    def run(*words: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["evaluate", *map(str, words)])
        if isinstance(done.exception, EaselError):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    return run


@pytest.fixture
def files(tmp_path) -> Path:
    save(block(), tmp_path / "in" / "box.obj")
    save(ball(subdivisions=3), tmp_path / "in" / "ball.stl")
    (tmp_path / "in" / "broken.glb").write_bytes(b"no")
    save(block(), tmp_path / "refs" / "box.stl")
    save(block(), tmp_path / "refs" / "ball.obj")
    save(block(), tmp_path / "refs" / "broken.obj")
    (tmp_path / "in" / "captions.csv").write_text("file,caption\nbox,a box\nball,a ball\n")
    return tmp_path


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "results.csv").open() as file:
        return list(csv.DictReader(file))


def test_files_of_another_method(shapecraft, files):
    out = files / "out"
    told = shapecraft(files / "in", "--references", files / "refs", "-o", out)
    assert "broken: not made: " in told
    assert "objects made: 0.667 [0.208, 0.939], n = 3, 1 failed" in told
    assert "3 objects, fewer than 8: the interval is too narrow" in told
    assert f"report: {out / 'report.html'}" in told
    ball_, box_, broken = rows_of(out)
    assert (box_["iogt_exact"], box_["caption"], broken["made"]) == ("1.0", "a box", "False")
    assert float(ball_["iou_exact"]) == pytest.approx(0.5236, abs=0.015)
    assert "0.000" not in box_["evidence"] and box_["evidence"] == "external"


def test_a_folder_of_failures_says_so_and_ends_with_1(shapecraft, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.obj").write_text("# nothing")
    told = shapecraft(tmp_path / "in", "-o", tmp_path / "out", code=1)
    assert "No object could be read: the figures are those of failures." in told


def test_runs_with_a_judge_that_was_no_evaluator_and_is_asked_once(shapecraft, tmp_path):
    made_run(tmp_path / "runs", "one")
    made_run(tmp_path / "runs", "two", prompt="a stool of glass")
    out = tmp_path / "out"
    command = (tmp_path / "runs", "--judge", "stand-in:bad=0", "-o", out)
    told = shapecraft(*command)
    heading = "VQA pass rate (judge stand-in:bad=0; STAND-IN, no result; not known to be another than the Evaluator)"
    assert f"{heading}: 0." in told, "of the runs the label alone is kept"
    assert "compile rate, first pass: 1.000 [1.000, 1.000], n = 2" in told
    one, two = rows_of(out)
    assert one["reference"] == "catalogue: stool"
    assert "vqa: no stored questions for this caption" in two["cannot"]
    assert len(Ledger(out).tries()) == 1
    (verdict,) = [json.loads(line) for line in (out / "verdicts.jsonl").read_text().splitlines()]
    assert [answer["given"] for answer in verdict["answers"]] == ["yes", "no", "yes", "no", "cannot tell"]
    assert [one.object for one in read_questions(out / "questions.yaml").sets] == ["a stool"]
    before = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    shapecraft(*command)
    assert {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
    again = shapecraft(tmp_path / "runs", "--judge", f"recorded:{out}", "-o", tmp_path / "again")
    assert "VQA pass rate" in again
    assert rows_of(tmp_path / "again")[0]["cannot"] == one["cannot"]


def test_questions_are_written_before_an_object_is_shown_and_kept(shapecraft, tmp_path):
    made_run(tmp_path / "runs", "one", prompt="a tall stool")
    told = shapecraft(tmp_path / "runs", "--judge", "stand-in:bad=0", "--write-questions", "-o", tmp_path / "out")
    assert "all questions: 0." in told
    (found,) = read_questions(tmp_path / "out" / "questions.yaml").sets
    assert (found.object, len(found.questions), found.writer) == ("a tall stool", 8, "stand-in:bad=0")
    sites = [one.site.split("/")[0] for one in Ledger(tmp_path / "out").tries()]
    assert sites == ["vqa-writer", "vqa-judge"]


def test_the_evaluators_model_is_no_judge_unless_it_is_said(shapecraft, tmp_path):
    made_run(tmp_path / "runs", "one", vision_model="stand-in")
    with pytest.raises(ConfigurationError, match="got 'stand-in' for both"):
        shapecraft(tmp_path / "runs", "--judge", "stand-in", "-o", tmp_path / "out")
    told = shapecraft(tmp_path / "runs", "--judge", "stand-in", "--same-judge", "-o", tmp_path / "out")
    assert "(judge stand-in; STAND-IN, no result; also the Evaluator)" in told


def test_a_label_makes_no_other_judge_of_the_evaluators_model(shapecraft, tmp_path):
    """The run keeps which model answered under its label; the evaluation which judged under its own."""
    for name, prompt, kept in (("one", "a stool", True), ("old", "a stool of glass", False)):
        folder = made_run(tmp_path / name, name, prompt=prompt, vision_model="blue")
        if kept:
            with RunStore.amend(folder) as run:
                run.note(**{KEPT: with_model({}, "blue", "stand-in:bad=0")})
    command = (tmp_path / "one", "--judge", "stand-in:bad=0", "--label", "red", "-o", tmp_path / "out")
    with pytest.raises(ConfigurationError, match="got 'red' for both"):
        shapecraft(*command)
    assert "also the Evaluator" in shapecraft(*command, "--same-judge")
    with pytest.raises(ConfigurationError, match="got 'red' for both"):
        shapecraft(tmp_path / "one", "--judge", f"recorded:{tmp_path / 'out'}", "-o", tmp_path / "again")
    told = shapecraft(tmp_path / "old", *command[1:])
    assert "(judge red; STAND-IN, no result; not known to be another than the Evaluator)" in told


def test_a_judge_without_eyes_is_refused_before_anything_is_measured(shapecraft, files):
    with pytest.raises(MissingCapability, match="takes only words"):
        shapecraft(files / "in", "--judge", "openai/some", "--api-base", "http://127.0.0.1:1/v1", "--no-sees-images", "-o",
                   files / "out")
    assert not (files / "out" / "results.csv").exists()


@pytest.mark.parametrize(("words", "said"), [
    (("--up", "x"), "z or y"), (("--scorer", "embeded:report"), "Did you mean embedded:report?"),
    (("--scorer", "ViT"), "MODEL/PRETRAINED"), (("--questions", "none.yaml"), "a file of questions"),
    (("--captions", "none.csv"), "a file of captions"),
])
def test_what_cannot_be_is_said_in_words(shapecraft, files, words, said):
    with pytest.raises(ConfigurationError) as error:
        shapecraft(files / "in", *words, "-o", files / "out")
    assert said in str(error.value)


def test_a_folder_of_unfinished_runs_is_no_evaluation(shapecraft, tmp_path):
    made_run(tmp_path / "runs", "one", finished=False)
    with pytest.raises(ConfigurationError, match="a finished run, or a mesh"):
        shapecraft(tmp_path / "runs", "-o", tmp_path / "out")


@pytest.mark.parametrize(("ours", "theirs", "kind", "words"), [
    ("z", "z", "glb", ()), ("y", "z", "glb", ("--up", "y")), ("y", "y", "obj", ("--up", "y")),
    ("z", "y", "stl", ("--references-up", "y")), ("y", "z", "obj", ("--up", "y", "--references-up", "z")),
])
def test_files_are_turned_the_right_way_up(shapecraft, tmp_path, ours, theirs, kind, words):
    """A plate that lies; a GLB is y-up by its standard, whatever is said of the others."""
    plates = {"z": block((1, 1, 0.2)), "y": block((1, 0.2, 1))}
    save(plates[ours], tmp_path / "in" / "plate.obj")
    save(plates[theirs], tmp_path / "refs" / f"plate.{kind}")
    shapecraft(tmp_path / "in", *words, "--references", tmp_path / "refs", "-o", tmp_path / "out")
    assert rows_of(tmp_path / "out")[0]["iou_exact"] == "1.0"
