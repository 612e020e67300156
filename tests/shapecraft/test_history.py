"""History: undo, redo, branches that stay, the tree in words, and reading back what a run keeps."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from shapecraft.graph import ShapeGraph
from shapecraft.history import History, graph_file, keep_failure, keep_step, object_file, read_history
from tests.shapecraft.crafting import stool


def graph(number: int) -> ShapeGraph:
    """The stool with a program that tells versions apart."""
    made = stool()
    return made.replacing(replace(made["legs"], program=f"x = {number}\n"))


def begun() -> History:
    return History.begin(graph(0), "a stool")


def open_run(root) -> RunStore:
    return RunStore.open(root, "test", fingerprint="f" * 64, configuration={"a": 1}, evidence="stand-in",
                         date="2000-01-01")


def test_undo_and_redo_walk_the_line():
    history = begun().add(graph(1), "edit", "thicker").add(graph(2), "numbers", "legs.radius = 0.03")
    assert (history.current, history.graph) == (2, graph(2))
    assert [one.number for one in history.line] == [0, 1, 2]
    back = history.undo().undo()
    assert (back.current, back.graph) == (0, graph(0))
    assert back.redo().current == 1
    assert back.redo().redo().graph == graph(2)
    assert history.current == 2


def test_an_edit_after_an_undo_begins_a_branch_and_the_other_stays():
    history = begun().add(graph(1), "edit", "one").add(graph(2), "edit", "two").undo().undo()
    history = history.add(graph(3), "edit", "three")
    assert (history.current, history.version.parent) == (3, 0)
    assert [one.number for one in history.children(0)] == [1, 3]
    assert history.undo().redo().current == 3
    assert history.go(2).undo().undo().redo().current == 1
    assert history.words() == ("  0  made: a stool\n  1  edit: one\n  2  edit: two\n*   3  edit: three")


def test_ends_and_unknown_numbers_are_told():
    with pytest.raises(ConfigurationError, match="expected an edit to undo, got the object as it was made"):
        begun().undo()
    with pytest.raises(ConfigurationError, match="expected something undone to do again"):
        begun().redo()
    with pytest.raises(ConfigurationError, match=r"expected the number of a version \(0, 1\), got 7"):
        begun().add(graph(1), "edit", "one").go(7)
    with pytest.raises(ConfigurationError, match="expected a new version, from 2, got 1, edit"):
        begun().add(graph(1), "edit", "one").add(graph(2), "edit", "two", number=1)


def test_numbers_of_edits_that_failed_are_left_out():
    history = begun().add(graph(1), "edit", "one").add(graph(5), "edit", "five", number=5)
    assert [one.number for one in history.versions] == [0, 1, 5]
    assert history.next_number == 6
    assert history.undo().current == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["edit", "numbers", "undo", "redo", "go", "fail"]), max_size=14), st.data())
def test_what_a_run_keeps_reads_back_the_same(kinds, data):
    with tempfile.TemporaryDirectory() as folder, open_run(Path(folder)) as run:
        history = begun()
        for kind in kinds:
            before = history
            try:
                if kind in ("edit", "numbers"):
                    number = history.next_number
                    history = history.add(graph(number), kind, f"edit {number}")
                elif kind == "fail":
                    keep_failure(run, history, {"kind": "edit", "words": "no", "failure": "impossible", "reason": "-"})
                elif kind == "go":
                    history = history.go(data.draw(st.sampled_from(history.versions)).number)
                else:
                    history = getattr(history, kind)()
            except ConfigurationError:
                continue
            if kind != "fail":
                keep_step(run, before, history)
        assert read_history(RunStore.read(run.folder), graph(0), "a stool") == history


def test_damaged_steps_and_graphs_are_named(tmp_path):
    with open_run(tmp_path) as run:
        history = begun()
        after = history.add(graph(1), "edit", "one")
        keep_step(run, history, after)
        assert graph_file(1) == "graph/edit1.json"
        assert object_file(1, "glb") == "edits/1/object.glb"
        assert (graph_file(0), object_file(0, "py")) == ("graph/final.json", "object.py")
        path = run.folder / "graph/edit1.json"
        kept = path.read_text()
        path.write_text(kept.replace("x = 1", "x = 9"))
        with pytest.raises(DamagedFile, match="expected a graph of hash .* graph/edit1.json"):
            read_history(run, graph(0), "a stool")
        path.unlink()
        with pytest.raises(DamagedFile, match="expected a step of a history, got .*No such file"):
            read_history(run, graph(0), "a stool")
        path.write_text(kept)
        with pytest.raises(DamagedFile, match="expected a step from version 0, graph"):
            read_history(run, graph(8), "a stool")
        row = json.loads((run.folder / "edits.jsonl").read_text())
        assert (row["row"]["kind"], row["row"]["version"], row["row"]["words"]) == ("edit", 1, "one")
