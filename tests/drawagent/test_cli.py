"""The command line: exact choices where something is missing, one clear line for every error, resumption."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys

import pytest
import yaml
from typer.testing import CliRunner

from drawagent.cli import _waiting, app
from drawagent.experience import Library
from easel.errors import ConfigurationError, EaselError
from easel.retrying import Pause

SCORER = ("--scorer", "tests.fakes:TinyScorer")


@pytest.fixture
def queries(tmp_path):
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({
        "source": "made up",
        "learn": [{"id": "stool", "category": "stool", "text": "a stool"}],
        "gate": [{"id": "vase", "category": "vase", "text": "a vase"}],
        "report": [{"id": "bowl", "category": "bowl", "text": "a bowl"}],
    }))
    return path


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def practise(queries, root, *more: str):
    return run("practise", str(queries), "--model", "stand-in", *SCORER, "--reporter", "tests.fakes:TinyScorer",
               "--root", str(root), "--set", "candidates=2", "--set", "picture_size=32", "--set", "epochs=1", *more)


def test_no_model_offers_the_exact_choices():
    with pytest.raises(ConfigurationError) as error:
        run("draw", "a chair", *SCORER)
    for choice in ("--model gemini/gemini-2.5-pro", "--api-base", "--model stand-in", "drawagent demo"):
        assert choice in str(error.value)


def test_errors_are_one_line_and_status_two():
    done = subprocess.run(
        [sys.executable, "-m", "drawagent", "draw", "a chair"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("drawagent: expected a model, got none named (at --model).")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("change", "words"), [
    ("candidates", "expected a setting as name=value, got candidates"),
    ("candidate=3", "Did you mean candidates"),
    ("quux=3", "Known: preset, candidates, epochs"),
    ("epochs=lots", "expected a value that the setting 'epochs' takes, got 'lots'"),
    ("candidates=0", "greater than or equal to 1"),
])
def test_wrong_settings_say_what_is_known(change, words):
    with pytest.raises(ConfigurationError) as error:
        run("render", "a chair", "--set", change)
    assert words in str(error.value)


@pytest.mark.parametrize("budget", ["calls", "calls=x", "cents=3"])
def test_wrong_budgets_are_refused(budget, queries, tmp_path):
    with pytest.raises(ConfigurationError, match="expected calls=N, tokens=N, dollars=X or seconds=X"):
        practise(queries, tmp_path, "--budget", budget)


def test_render_shows_the_exact_messages_and_sends_nothing():
    shown = run("render", "a chair with <b>").stdout
    assert "--- system ---" in shown
    assert "Query: a chair with <b>" in shown
    assert "about " in shown.splitlines()[-1]


@pytest.mark.parametrize(("role", "words"), [
    ("judge", "## Drawing B"), ("update", "## Library now"), ("report", "Query: a chair"),
    ("gate-after", "Principles learned"),
])
def test_render_shows_every_kind_of_call(role, words):
    epoch = "1" if role == "gate-after" else "0"
    shown = run("render", "a chair", "--role", role, "--epoch", epoch, "--set", "picture_size=32").stdout
    assert words in shown
    assert "about " in shown.splitlines()[-1]


def test_render_names_pictures_and_refuses_calls_that_are_never_made():
    assert "[picture: contact-sheet|" in run("render", "a chair", "--role", "judge", "--sees-images").stdout
    with pytest.raises(ConfigurationError, match="expected a call that these settings make, got role painter, epoch 0"):
        run("render", "a chair", "--role", "painter")


def test_practise_ends_by_naming_what_it_made_and_resumes_for_nothing(queries, tmp_path):
    done = practise(queries, tmp_path)
    assert done.exit_code == 0, done.output
    for name in ("contact sheet: ", "pairs: ", "sketches: ", "learning curve: ", "run folder: "):
        assert name in done.stdout
    assert "STAND-IN, no result" in done.stdout
    (folder,) = tmp_path.glob("*practise*")
    assert json.loads((folder / "run.json").read_text())["status"] == "finished"
    calls = (folder / "calls.jsonl").read_bytes()
    assert practise(queries, tmp_path).exit_code == 0
    assert (folder / "calls.jsonl").read_bytes() == calls

    assert "contact sheet: " in run("show", str(folder)).stdout
    page = tmp_path / "pairs.html"
    run("pairs", str(folder), "--html", str(page))
    assert "Stand-in: these drawings were made by a procedure" in page.read_text()


def test_a_budget_stops_the_run_and_keeps_what_was_earned(queries, tmp_path):
    from easel.budget import BudgetExceeded

    with pytest.raises(BudgetExceeded):
        practise(queries, tmp_path, "--budget", "calls=3")
    (folder,) = tmp_path.glob("*practise*")
    kept = json.loads((folder / "run.json").read_text())
    assert kept["status"] == "failed"
    assert kept["reason"].startswith("BudgetExceeded: expected a budget of 3 calls")
    assert len(list((folder / "replies").glob("*.json"))) == 3
    assert practise(queries, tmp_path, "--budget", "calls=100").exit_code == 0


def test_draw_writes_every_format(tmp_path):
    done = run("draw", "a stool", "--model", "stand-in", *SCORER, "--root", str(tmp_path / "runs"), "--out",
               str(tmp_path / "out"), "--preset", "paper", "--set", "picture_size=32")
    assert done.exit_code == 0, done.output
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {
        ".json", ".png", ".gif", ".obj", ".glb", ".html", ".svg"
    }


def test_the_same_text_with_another_library_is_another_run(tmp_path):
    file = tmp_path / "library.json"
    file.write_text(json.dumps(Library.of_tips(["Mind the depth."]).to_json()))
    base = ("draw", "a stool", "--model", "stand-in", *SCORER, "--root", str(tmp_path / "runs"), "--out",
            str(tmp_path / "out"), "--preset", "paper", "--set", "picture_size=32")
    assert run(*base).exit_code == 0
    assert run(*base, "--library", str(file)).exit_code == 0
    assert len(list((tmp_path / "runs").glob("*_draw_*"))) == 2


def test_a_practice_begins_with_a_persons_tips(queries, tmp_path):
    file = tmp_path / "library.json"
    file.write_text(json.dumps(Library.of_tips(["Mind the depth."]).to_json()))
    assert practise(queries, tmp_path, "--library", str(file)).exit_code == 0
    (folder,) = tmp_path.glob("*practise*")
    first = json.loads((folder / "library" / "epoch0.json").read_text())
    assert [lesson["text"] for lesson in first["lessons"]] == ["Mind the depth."]


@pytest.mark.parametrize(("text", "words"), [("", "at least 1 character"), ("x" * 501, "at most 500 characters")])
def test_texts_that_are_no_query_are_refused_in_words(text, words):
    with pytest.raises(ConfigurationError, match=words):
        run("render", text)


def test_a_library_that_is_none_is_refused_in_words(tmp_path):
    with pytest.raises(ConfigurationError, match="at --library"):
        run("render", "a stool", "--library", str(tmp_path / "absent.json"))
    (tmp_path / "half.json").write_text('{"lessons": [')
    with pytest.raises(ConfigurationError, match="at --library"):
        run("render", "a stool", "--library", str(tmp_path / "half.json"))


def test_references_and_aesthetic_weights_reach_the_run(queries, tmp_path):
    folder = tmp_path / "known"
    folder.mkdir()
    (folder / "stool.txt").write_text("<curves>[[[0,0,0],[0.1,0,0.4],[0.2,0.4,0],[0.5,0,0.3]]]</curves>")
    done = practise(queries, tmp_path, "--references", str(folder))
    assert done.exit_code == 0, done.output
    (run_folder,) = tmp_path.glob("*practise*")
    rows = [json.loads(line)["row"] for line in (run_folder / "rollouts.jsonl").read_text().splitlines()]
    assert {row["reference"] for row in rows if row["role"] == "artist"} == {True}
    with pytest.raises(EaselError, match="no-such-weights"):
        practise(queries, tmp_path / "other", "--aesthetic", str(tmp_path / "no-such-weights.pth"))


def test_a_pause_says_when_it_ends():
    until = datetime.datetime(2026, 5, 4, 13, 30).timestamp()
    assert _waiting(Pause("a model", 3600.0, until, "quota per day")) == (
        "a model pauses until 2026-05-04 13:30 (quota per day); stopping is safe, the same command resumes."
    )


def test_importing_the_command_line_is_light():
    code = "import sys, drawagent.cli; print([m for m in ('torch', 'litellm', 'open_clip', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_none_is_none_and_a_missing_overlay_is_an_error(tmp_path):
    from drawagent.arguments import read_settings

    assert read_settings("ours", ["gate=none"]).gate is None
    with pytest.raises(ConfigurationError, match="expected a folder of prompts, got no folder"):
        run("render", "a chair", "--set", f"prompt_overlay={tmp_path / 'nope'}")


@pytest.mark.parametrize(("change", "words"), [
    ("judge=tests.fakes:refuse", "expected a callable that takes (model, settings)"),
    ("update=tests.fakes:refuse", "expected a callable that takes (model, settings)"),
    ("pairing=no.such:thing", "expected a module 'no.such' that can be imported"),
])
def test_a_policy_that_does_not_fit_is_refused_before_a_folder_is_made(queries, tmp_path, change, words):
    root = tmp_path / "runs"
    with pytest.raises(ConfigurationError) as error:
        practise(queries, root, "--set", change)
    assert words in str(error.value)
    assert not list(root.glob("*practise*"))


def test_a_gate_without_gate_queries_is_refused_before_a_folder_is_made(queries, tmp_path):
    queries.write_text("source: mine\nlearn:\n  - {id: stool, category: stool, text: a stool}\n")
    with pytest.raises(ConfigurationError, match="--set gate=none"):
        practise(queries, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()
