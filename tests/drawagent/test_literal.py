"""Literals: the tree that text becomes, and what is never read."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawagent.literal import MAX_DEPTH, Comment, Group, SketchTextError, read_items


def tree(text: str) -> object:
    def plain(item):
        if isinstance(item, Group):
            return (item.word + item.bracket, [plain(inner) for inner in item.items])
        return item
    return [plain(item) for item in read_items(text, set())[0]]


@pytest.mark.parametrize(("text", "items"), [
    ("[1, -2.5, +.5, 1e-3, 7.]", [("[", [1.0, -2.5, 0.5, 0.001, 7.0])]),
    ("act[(1), {2}]", [("act[", [("(", [1.0]), ("{", [2.0])])]),
    ("a.b (1)", [("a.b(", [1.0])]),
    ('"a\\u003c\\n" \'it\\\'s "so"\'', ["a<\n", "it's \"so\""]),
    ("# one\n1 # two\n// three", [Comment("one", True), 1.0, Comment("two", False), Comment("three", True)]),
    ("[\n1\n], # behind\n", [("[", [1.0]), Comment("behind", False)]),
    ("[ # before\n1]", [("[", [Comment("before", True), 1.0])]),
    ("\u22121 \u20132", [-1.0, -2.0]),
    ('{"a": [1], "b": 2}', [("{", ["a", ("[", [1.0]), "b", 2.0])]),
    ("", []),
])
def test_items(text, items):
    assert tree(text) == items


@pytest.mark.parametrize("text", [
    "x", "[x]", "1 + 1", "1+1", "1-1", "2*3", "2**3", "1/2", "1_000", "0x10", "1.2.3", "1e", "1e999", "9" * 400, "nan", "inf", "None",
    "True", "f(x)", "lambda: 1", "[1 for i in a]", "a = 1", "1 if 1 else 2", "1j", "π", "√2", "0.5°", "...", "[..]", "50%", "'", '"a',
    "`1`", "@a", "$1", "a:b", "1:2", "\u0663", "１", "[" * (MAX_DEPTH + 1), "a b [1]", "word",
])
def test_never_read(text):
    with pytest.raises(SketchTextError) as caught:
        read_items(text, set())
    assert str(caught.value).startswith("expected ")


def test_the_deepest_nesting_that_is_read():
    assert tree("[" * MAX_DEPTH + "]" * MAX_DEPTH)


@pytest.mark.parametrize(("text", "forgiven"), [
    ("[1, 2]", set()), ("[1, 2,]", {"trailing commas"}), ("[1,, 2]", {"doubled commas"}), ("[, 1]", {"doubled commas"}),
    ("[1 2]", {"missing commas"}), ("[1] [2]", {"missing commas"}), ("[1; 2]", {"semicolons"}), ("1] ", {"a closing bracket too many"}),
    ("(1]", {"brackets of two kinds in one pair"}), ("// x", {"comments with //"}), ('"\\q"', {"strings with other escapes"}),
])
def test_forgiven(text, forgiven):
    found: set[str] = set()
    read_items(text, found)
    assert found == forgiven


def test_one_group_from_a_place_and_what_is_open_at_the_end():
    items, end = read_items("see [1, [2]] and [3]", set(), start=4, one=True)
    assert (end, len(items)) == (12, 1)
    (outer,), _ = read_items("[1, [2", set())
    assert (outer.closed, outer.items[1].closed) == (False, False)
    (outer,), _ = read_items("[[1], [2]", set())
    assert [outer.closed, *[inner.closed for inner in outer.items]] == [False, True, True]


def test_where_reading_stopped():
    with pytest.raises(SketchTextError) as caught:
        read_items("[1, [2, oops]]", set())
    assert (caught.value.position, caught.value.depth, caught.value.numbers) == (12, 2, 2)
    with pytest.raises(SketchTextError) as caught:
        read_items("[1, [2, +]]", set())
    assert caught.value.position == 8


def test_recursion_is_not_used():
    limit = sys.getrecursionlimit()
    with pytest.raises(SketchTextError, match="at most 12 levels"):
        read_items("[" * (limit * 3), set())


@given(st.text(st.sampled_from('[](){}",\'#/:;.-+eE \n0123456789abxπ\\<>'), max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_tree_or_the_documented_error(text):
    try:
        items, end = read_items(text, set())
    except SketchTextError as error:
        assert 0 <= error.position <= len(text)
    else:
        assert end == len(text)
        assert isinstance(items, list)
