"""The verb edit: words, numbers, undo, redo, versions, and what it says when nothing came of it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import typer
from typer.testing import CliRunner

import shapecraft.wall
from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.cli_edit import register
from shapecraft.edit_desk import EditDesk, read_numbers
from shapecraft.graph import to_json
from shapecraft.settings import CraftSettings
from tests.shapecraft.crafting import BoxWall, block, program, stool

app = typer.Typer(pretty_exceptions_enable=False)
register(app)
app.command()(lambda: None)  # typer runs a single command without its name


class Standing(BoxWall):
    """A wall of boxes that is opened and closed as the real one."""

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The folder of a finished run of a stool."""
    monkeypatch.setattr(shapecraft.wall, "open_wall", lambda *, disposable_machine: Standing())
    graph = stool()
    graph = graph.replacing(*(replace(one, program=program(block(one.box.size, one.box.center)))
                              for one in graph.components))
    graph = replace(graph, object="a stool")
    with RunStore.open(tmp_path, "stool", fingerprint="f" * 64, evidence="stand-in", date="2000-01-01", configuration={
            "prompt": "a stool", "settings": CraftSettings.paper().model_dump(mode="json"), "model": "m"}) as store:
        store.write("graph/final.json", to_json(graph))
        store.write("object.glb", b"glb")
        store.write("object.py", "py")
        return store.folder


def said(*arguments, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["edit", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def test_numbers_are_listed_set_undone_and_done_again(run):
    listed = said(run, "--numbers", "legs")
    assert "legs.size.x = 0.4 m (0.1 to 1.6; length, line 2)\n" in listed
    assert listed.endswith("6 numbers; left as they are: none\n")
    told = said(run, "--set", "legs.size.x=0.5", "--set", "seat.size.z=0.06")
    assert "legs.size.x = 0.5 (was 0.4); seat.size.z = 0.06 (was 0.05)" in told
    assert "run again and found as before: no part, all were named\nversion 1; no model was asked\n" in told
    assert str(run / "edits/1/object.glb") in told
    assert "Stand-in: this object was made by a procedure" in told
    told = said(run, "--set", "seat.size.x=0.5")
    assert "legs: same" in told
    assert "run again and found as before: legs\nversion 2;" in told
    assert said(run, "--undo").startswith("version 1: numbers, legs.size.x = 0.5")
    assert str(run / "object.glb") in said(run, "--undo")
    assert said(run, "--redo").startswith("version 1: ")
    assert said(run, "--go", "2").startswith("version 2: ")
    assert said(run, "--list") == (
        "  0  made: a stool\n  1  numbers: legs.size.x = 0.5 (was 0.4); seat.size.z = 0.06 (was 0.05)\n"
        "* 2  numbers: seat.size.x = 0.5 (was 0.4)\n")


def test_words_go_to_a_model_and_only_the_named_part_changes(run, monkeypatch):
    monkeypatch.setattr("shapecraft.standin.StandIn._revise", lambda self, asked, rng: block((0.5, 0.5, 0.4),
                                                                                             (0, 0, 0.2)))
    told = said(run, "make the legs thicker", "--model", "stand-in:bad=0", "--budget", "calls=10")
    assert "plan: legs (A stand-in's plan, not a model's.)" in told
    assert "legs/m0/t0/r0 revision: ran" in told
    assert "seat: same" in told
    assert "version 1; 1 coder, revision, 1 editor" in told
    assert EditDesk(RunStore.read(run)).graph["legs"].box.size == (0.5, 0.5, 0.4)
    row = RunStore.read(run).rows("edits")[0]
    assert (row["evidence"], row["proof"]["holds"]) == ("stand-in", True)


def test_an_edit_that_comes_to_nothing_exits_with_1_and_says_why(run):
    told = said(run, "make it sing", "--model", "stand-in:bad=0", code=1)
    assert "nothing was changed (impossible): no part of this object is asked to change" in told and "attempt" not in told
    told = said(run, "make it sing", "--model", "stand-in:bad=0", code=1)
    assert told.startswith("attempt 2: the same request came to nothing before, and is asked anew\n")
    assert said(run, "--list") == "* 0  made: a stool\n"


@pytest.mark.parametrize(("arguments", "told"), [
    ([], "expected one of: words, --set, --numbers, --undo, --redo, --go, --list, --recorded, got none of them"),
    (["--undo", "--known-programs"], "expected --known-programs with --recorded: what a model writes now ships nowhere"),
    (["--undo", "--redo"], "got --undo and --redo"),
    (["thicker"], "expected a model, got none named (at --model)"),
    (["--undo"], "expected an edit to undo, got the object as it was made"),
    (["--set", "legs"], "expected PART.NAME=NUMBER, each once, got legs (at --set)"),
    (["--set", "legs.sise.x=1"], "Did you mean size.x"),
    (["--set", "arms.size.x=1"], "expected a component (legs, seat), got 'arms'"),
    (["--set", "legs.size.x=9"], "expected a value from 0.1 to 1.6, got 9.0"),
    (["--numbers", "arms"], "expected a component (legs, seat), got 'arms'"),
    (["--go", "4"], "expected the number of a version (0), got 4"),
])
def test_wrong_arguments_are_told(run, arguments, told):
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        said(run, *arguments)


def test_a_run_without_an_object_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="expected a run folder with a run.json, got none"):
        said(tmp_path, "--list")


def test_numbers_as_they_are_typed():
    assert read_numbers(["legs.radius=0.03", " seat.count = 4 "]) == {"legs.radius": 0.03, "seat.count": 4.0}
    for wrong in (["legs.radius=wide"], ["a.b=1", "a.b=2"]):
        with pytest.raises(ConfigurationError, match="PART.NAME=NUMBER, each once"):
            read_numbers(wrong)
