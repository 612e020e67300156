"""The parameters cell of a notebook: what is declared, and what is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from easel.errors import ConfigurationError
from easel.parameters import Parameters
from tests.easel.sweeping import notebook


def test_names_types_and_defaults_are_read_in_order(tmp_path):
    known = Parameters.read(notebook(tmp_path)).known
    assert list(known)[:5] == ["number", "share", "word", "names", "maybe"]
    assert (known["number"].annotation, known["number"].default) == ("int", 1)
    assert (known["maybe"].annotation, known["maybe"].default) == ("int | None", None)


@pytest.mark.parametrize("values", [
    {"number": 5}, {"share": 1}, {"share": 0.25}, {"maybe": None}, {"maybe": 3}, {"names": ["a"]}, {"names": []}, {},
])
def test_what_a_type_takes_is_taken(tmp_path, values):
    Parameters.read(notebook(tmp_path)).check(values)


@pytest.mark.parametrize(("values", "words"), [
    ({"nubmer": 5}, r"a parameter of small.ipynb, got 'nubmer' \(at row 'x'\). Did you mean number\?"),
    ({"zzz": 5}, "Known: number, share, word"),
    ({"number": 5.0}, r"expected number as int, got 5.0"),
    ({"number": "5"}, "number as int, got '5'"),
    ({"number": True}, "number as int, got True"),
    ({"word": 3}, "word as str, got 3"),
    ({"maybe": "3"}, r"maybe as int \| None, got '3'"),
    ({"names": ["a", 1]}, r"names as list\[str\], got \['a', 1\]"),
    ({"share": "much"}, "share as float"),
])
def test_what_a_type_does_not_take_is_refused_by_name(tmp_path, values, words):
    with pytest.raises(ConfigurationError, match=words):
        Parameters.read(notebook(tmp_path)).check(values, where="row 'x'")


def test_a_parameter_without_a_type_takes_that_of_its_default(tmp_path):
    read = Parameters.read(notebook(tmp_path, parameters="number = 1\nanything = None"))
    read.check({"number": 2, "anything": "x"})
    with pytest.raises(ConfigurationError, match="number as int, got 'x'"):
        read.check({"number": "x"})


@pytest.mark.parametrize(("source", "words"), [
    ("number: int = 1 + 1", "lines `name: type = value` with a literal value"),
    ("import os", "parameters cell line 1"),
    ("a = b = 1", "no assignment of one name"),
    ("number: int", "no assignment of one name"),
    ("number: int = (", "Python in the parameters cell"),
])
def test_a_parameters_cell_that_is_more_than_literals_is_refused(tmp_path, source, words):
    with pytest.raises(ConfigurationError, match=words):
        Parameters.read(notebook(tmp_path, parameters=source))


@pytest.mark.parametrize("annotation", ["Path", "__import__('os').system('true')", "int.real", "lambda: 1"])
def test_types_are_made_of_few_names_and_nothing_is_run(tmp_path, annotation):
    read = Parameters.read(notebook(tmp_path, parameters=f"number: {annotation} = 1"))
    with pytest.raises(ConfigurationError, match="a type made of Any, Literal, None, bool"):
        read.check({"number": 1})


@pytest.mark.parametrize("tags", [(), ("other",)])
def test_one_cell_is_tagged(tmp_path, tags):
    with pytest.raises(ConfigurationError, match="one cell tagged 'parameters', got 0"):
        Parameters.read(notebook(tmp_path, tags=tags))


def test_a_file_that_is_no_notebook(tmp_path):
    (tmp_path / "x.ipynb").write_text("[]")
    with pytest.raises(ConfigurationError, match="a notebook"):
        Parameters.read(tmp_path / "x.ipynb")
    with pytest.raises(ConfigurationError, match="no such file"):
        Parameters.read(tmp_path / "y.ipynb")


def test_every_notebook_of_the_project_declares_its_parameters():
    for path in sorted(Path("notebooks").rglob("*.ipynb")):
        read = Parameters.read(path)
        read.check({one.name: one.default for one in read.known.values()})
        assert json.loads(path.read_text())["nbformat"] == 4
