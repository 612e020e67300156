"""Queries: the frozen lists, and lists that are refused because they overlap or report on what was used up."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest

from drawagent.queries import SPENT_CATEGORIES, Query, QueryLists, category_key, check_splits, read_queries
from easel.errors import ConfigurationError

DATA = Path(__file__).parents[2] / "data"


def query(category: str, *, text: str = "", name: str = "") -> Query:
    slug = re.sub(r"[^a-z0-9]+", "-", category.lower()).strip("-")
    return Query(id=name or slug, text=text or f"a {category}", category=category)


def refusal(**lists: tuple[Query, ...]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_splits(QueryLists(**lists))
    return str(caught.value)


def test_the_frozen_lists():
    lists = read_queries(DATA / "queries" / "standard.yaml")
    assert (len(lists.learn), len(lists.gate), len(lists.report)) == (16, 8, 60)
    assert "ModelNet40" in lists.source
    lengths = [q.length for q in lists.report]
    assert (lengths.count("short"), lengths.count("descriptive")) == (30, 30)
    by_category = {q.category for q in lists.report if q.length == "short"}
    assert by_category == {q.category for q in lists.report if q.length == "descriptive"}
    keys = [{category_key(q.category) for q in part} for part in (lists.learn, lists.gate, lists.report)]
    assert not keys[0] & keys[1] | keys[0] & keys[2] | keys[1] & keys[2]
    assert not (keys[0] | keys[1] | keys[2]) & {category_key(word) for word in SPENT_CATEGORIES}


def test_the_worked_examples_category_is_spent():
    prompt = resources.files("drawagent").joinpath("prompts", "draw.md").read_text("utf-8")
    example = prompt[prompt.index("# Example"):]
    words = re.search(r"^Query: (.+)$", example, re.M).group(1)
    nouns = {category_key(word) for word in words.split()} & {category_key(word) for word in SPENT_CATEGORIES}
    assert nouns == {"drum"}


def test_categories_of_the_real_replies_are_spent():
    drawn = {path.name.partition("__")[0].replace("_", " ") for path in (DATA / "llm_sketches").glob("*.txt")}
    assert {category_key(word) for word in drawn} <= {category_key(word) for word in SPENT_CATEGORIES}


@pytest.mark.parametrize("spelling", [
    "chair", "Chairs", " CHAIR ", "a chair", "The Chairs", "floor lamp", "floor-lamp", "Floor  Lamps", "floor_lamp",
    "floorlamp", "fishes", "Drums", "aeroplane", "airplanes", "houses", "teapots", "mugs",
])
def test_a_spent_category_is_refused_in_every_form(spelling):
    shown = spelling.replace('  ', ' ')
    message = refusal(report=(query("boat"), query(spelling, name="x")))
    assert message == (
        f"expected report categories that no prompt was tuned with, got '{shown}' (at report, 'x'). "
        "It stands in the worked example or in drawings used for tuning: report on another category."
    )
    check_splits(QueryLists(learn=(query(spelling, name="x"),)))


@pytest.mark.parametrize(("one", "other"), [
    ("bus", "buses"), ("box", "boxes"), ("shelf", "Shelves"), ("knife", "knives"), ("cherry", "cherries"),
    ("glass", "glasses"), ("house", "houses"), ("vase", "vases"), ("watch", "watches"), ("glove", "gloves"), ("tv stand", "TV-Stands"),
    ("person", "people"), ("leaf", "leaves"), ("mouse", "mice"), ("torus", "torus"), ("stairs", "stair"),
])
def test_singular_and_plural_are_one_category(one, other):
    assert category_key(one) == category_key(other)


@pytest.mark.parametrize(("one", "other"), [
    ("cup", "cap"), ("plan", "plane"), ("lamp", "floor lamp"), ("glass", "glass box"), ("cap", "cape"), ("tub", "tube"),
    ("bus", "bush"), ("desk", "desktop"), ("cone", "con"),
])
def test_different_categories_stay_different(one, other):
    assert category_key(one) != category_key(other)


def test_overlap_is_refused():
    assert refusal(learn=(query("boat"),), report=(query("Boats", name="b"),)) == (
        "expected learn, gate and report disjoint by category, got 'Boats' in learn ('boat') and in report ('b') "
        "(at report). Move one of them, so that what is learned is not what is reported."
    )
    assert "in gate ('x') and in report" in refusal(
        gate=(query("ship", text="a  tall ship", name="x"),), report=(query("vessel", text="A tall  ship"),)
    )
    assert refusal(learn=(query("boat"),), gate=(query("ship", name="boat"),)) == (
        "expected every id once, got 'boat' twice (at gate)."
    )
    assert "'x'" in refusal(report=(query("seat", text="a chair", name="x"),))
    check_splits(QueryLists(report=(query("boat"), query("boat", text="a boat with two sails", name="boat-long"))))


def test_keys_and_shortened_lists():
    lists = read_queries(DATA / "queries" / "standard.yaml")
    short = lists.only(learn=2, gate=0)
    assert (len(short.learn), len(short.gate), len(short.report)) == (2, 0, 60)
    assert short.key != lists.key
    assert lists.key == read_queries(DATA / "queries" / "standard.yaml").key
    changed = QueryLists(lists.learn[1:], lists.gate, lists.report, lists.source)
    assert changed.key != lists.key


@pytest.mark.parametrize(("text", "message"), [
    ("learn: [", "expected a YAML file, got "),
    ("", "got an empty file"),
    ("learn: []", "got Field required"),
    ("source: x\nlearn: [{id: Boat, text: a boat, category: boat}]", "(at queries.yaml, learn.0.id)."),
    ("source: x\nlearn: [{id: boat, text: a boat}]", "(at queries.yaml, learn.0.category)."),
    ("source: x\nlearn: [{id: boat, text: a boat, category: boat, color: red}]", "(at queries.yaml, learn.0.color)."),
    ("source: x\nlearn: [{id: on, text: on, category: on}]", "(at queries.yaml, learn.0.id)."),
    ("source: x\ntest: []", "got Extra inputs are not permitted"),
    ("source: x\nreport: [{id: c, text: two chairs, category: chairs}]", "got 'chairs' (at report, 'c')."),
])
def test_a_wrong_file_is_refused(tmp_path, text, message):
    path = tmp_path / "queries.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_queries(path)
    assert message in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ConfigurationError, match="got no such file"):
        read_queries(tmp_path / "none.yaml")
    with pytest.raises(ConfigurationError, match="a readable file in UTF-8"):
        read_queries(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"source: \xff\xfe")
    with pytest.raises(ConfigurationError, match="a readable file in UTF-8"):
        read_queries(tmp_path / "latin.yaml")


@pytest.mark.parametrize("path", sorted((DATA / "queries").glob("*.yaml")), ids=lambda path: path.name)
def test_every_list_of_the_project_can_be_read(path):
    lists = read_queries(path)
    assert lists.learn or lists.report


def test_a_file_without_queries_is_refused(tmp_path):
    path = tmp_path / "queries.yaml"
    path.write_text("source: mine\n")
    with pytest.raises(ConfigurationError, match="expected at least one query, got none"):
        read_queries(path)
