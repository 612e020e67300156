"""Grids: cells from rows and lists, and everything that is refused before a cell runs."""

from __future__ import annotations

import pytest

from easel.errors import ConfigurationError
from easel.grid import merged, read_grid
from tests.easel.sweeping import grid, notebook


def test_rows_times_practices_with_the_defaults_of_the_notebook(tmp_path):
    read = read_grid(grid(tmp_path, practices=2))
    assert [(cell.row, cell.practice, cell.parameters["number"]) for cell in read.cells] == [
        ("one", 0, 1), ("one", 1, 1), ("two", 0, 2), ("two", 1, 2)]
    assert read.cells[0].parameters["word"] == "calm"
    assert "home" not in read.cells[0].parameters
    assert len({cell.key for cell in read.cells}) == 4
    assert read.cells[3].key.startswith("two-p1-")


def test_lists_are_multiplied_and_named_by_their_values(tmp_path):
    read = read_grid(grid(tmp_path, "vary: {number: [1, 2], word: [a, b]}"))
    assert read.rows == ("number=1, word=a", "number=1, word=b", "number=2, word=a", "number=2, word=b")


def test_changes_lie_over_every_row(tmp_path):
    read = read_grid(grid(tmp_path), changes={"word": "other"}, practices=3)
    assert {cell.parameters["word"] for cell in read.cells} == {"other"}
    assert len(read.cells) == 6


@pytest.mark.parametrize(("text", "words"), [
    ("rows: {one: {nubmer: 2}}", r"'nubmer' \(at small.yaml, row 'one'\). Did you mean number"),
    ("fixed: {number: '2'}\nrows: {one: {}}", "number as int, got '2'"),
    ("vary: {number: [1, 2.5]}", "number as int, got 2.5"),
    ("rows: {one: {practice: 1}}", "no parameter that the sweep gives, got practice"),
    ("rows: {one: {home: x}}", "no parameter that the sweep gives, got home"),
    ("rows: {}", "rows, or lists to vary, got neither"),
    ("rows: {one: {}, two: {number: 1}}", "every cell once, got rows 'one' and 'two' say the same"),
    ("rows: {one: {}}\nbaseline: three", r"a baseline among the rows \(one\), got three"),
    ("rows: {one: {}}\nbaselin: one", "Extra inputs are not permitted"),
    ("rows: [1]", "at small.yaml, rows"),
])
def test_a_faulty_grid_is_refused_with_its_place(tmp_path, text, words):
    with pytest.raises(ConfigurationError, match=words):
        read_grid(grid(tmp_path, text))


def test_a_mistyped_change_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="number as int, got 'x' .*changes to all rows"):
        read_grid(grid(tmp_path), changes={"number": "x"})


def test_a_notebook_must_take_what_a_sweep_gives(tmp_path):
    notebook(tmp_path, parameters="number: int = 1\npractice: int = 0")
    with pytest.raises(ConfigurationError, match="which a sweep gives, got no root, home, budget, outcome"):
        read_grid(grid(tmp_path))


def test_a_missing_file_and_a_broken_one(tmp_path):
    with pytest.raises(ConfigurationError, match="a grid file, got no such file"):
        read_grid(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("rows: [")
    with pytest.raises(ConfigurationError, match="a grid in YAML"):
        read_grid(tmp_path / "bad.yaml")


def test_cells_that_two_grids_share_are_there_once(tmp_path):
    first = read_grid(grid(tmp_path))
    second = read_grid(grid(tmp_path, "rows: {again: {number: 2}, three: {number: 3}}", name="more"))
    assert sorted(cell.parameters["number"] for cell in merged([first, second]).values()) == [1, 2, 3]
    with pytest.raises(ConfigurationError, match="every grid once, got small, small"):
        merged([first, first])


def test_an_edited_notebook_makes_other_cells(tmp_path):
    before = read_grid(grid(tmp_path)).cells[0]
    notebook(tmp_path, body="number + 2")
    after = read_grid(grid(tmp_path)).cells[0]
    assert before.parameters == after.parameters
    assert before.mark != after.mark


def test_equal_cells_of_notebooks_in_two_folders_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one, other = grid(tmp_path / "a"), grid(tmp_path / "b", name="other")
    with pytest.raises(ConfigurationError, match="one notebook behind equal cells"):
        merged([read_grid(one), read_grid(other)])


class Strict:
    """A cell class that does not take two."""

    def __init__(self, **parameters):
        self.parameters = parameters

    def check(self):
        if self.parameters["number"] == 2:
            raise ConfigurationError("another number", came="2", where="number")


def test_the_cell_class_has_its_say_before_anything_runs(tmp_path):
    path = grid(tmp_path, "cell: tests.easel.test_grid:Strict\nrows: {one: {}, two: {number: 2}}")
    with pytest.raises(ConfigurationError, match=r"another number, got 2 .*\[small, row 'two'\]"):
        read_grid(path)
