"""The forest plot: every number where its mark is, readable without colour, and no words that are markup."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree

import pandas
import pytest

from easel.comparing import compare
from easel.errors import ConfigurationError
from easel.forest import FAINT, INK, LESS, MORE, ForestRow, forest_rows, forest_svg

SVG = "{http://www.w3.org/2000/svg}"
ROWS = (
    ForestRow("clear", 0.4, 0.2, 0.6, True, "5 libraries x 8 prompts x 2 draws"),
    ForestRow("worse", -0.3, -0.5, -0.1, True),
    ForestRow("faint", 0.1, -0.1, 0.3, False),
    ForestRow("single", 0.2, 0.1, 0.3, None, "one library: no claim about the method"),
)
WORDS = {"title": "Main table", "column": "CLIP-ST", "caption": "95 % intervals."}


def plot(*rows, **words):
    return ElementTree.fromstring(forest_svg(rows or ROWS, **{**WORDS, **words}))


def texts(tree):
    return ["".join(text.itertext()) for text in tree.iter(f"{SVG}text")]


def groups(tree):
    """One per row; the labels have a group of their own within, which is clipped."""
    return tree.findall(f"{SVG}g")


def test_every_row_has_its_numbers_and_its_words() -> None:
    said = texts(plot())
    assert "+0.400 [+0.200, +0.600]" in said
    assert "\N{MINUS SIGN}0.300 [\N{MINUS SIGN}0.500, \N{MINUS SIGN}0.100]" in said
    for words in ("clear", "one library: no claim about the method", "difference in CLIP-ST", "Main table", "95 % intervals."):
        assert words in said
    assert "+0.4000 [+0.2000, +0.6000]" in texts(plot(digits=4))


def test_marks_are_where_the_axis_says() -> None:
    """Two ticks give the scale; the circle and both ends of the first row must lie on it."""
    tree = plot()
    ticks = {}
    for text in tree.iter(f"{SVG}text"):
        if text.get("text-anchor") == "middle" and re.fullmatch(r"\N{MINUS SIGN}?\d\.\d+", text.text):
            ticks[float(text.text.replace("\N{MINUS SIGN}", "-"))] = float(text.get("x"))
    assert sorted(ticks) == pytest.approx([-0.4, -0.2, 0, 0.2, 0.4, 0.6])
    scale = (ticks[0.6] - ticks[0.0]) / 0.6
    for group, row in zip(groups(tree), ROWS[:3], strict=False):
        circle = group.find(f"{SVG}circle")
        assert float(circle.get("cx")) == pytest.approx(ticks[0.0] + scale * row.difference, abs=0.2)
        whisker = group.find(f"{SVG}line")
        assert [float(whisker.get("x1")), float(whisker.get("x2"))] == pytest.approx(
            [ticks[0.0] + scale * row.low, ticks[0.0] + scale * row.high], abs=0.2)


def test_significance_is_in_the_shape_and_direction_in_the_colour() -> None:
    clear, worse, faint, single = groups(plot())
    circles = [group.find(f"{SVG}circle") for group in (clear, worse, faint)]
    assert [circle.get("fill") for circle in circles] == [MORE, LESS, "#ffffff"]
    assert [circle.get("stroke") for circle in circles] == [MORE, LESS, INK]
    assert single.find(f"{SVG}circle") is None
    whisker, *_, one, other = single.findall(f"{SVG}line")
    assert whisker.get("stroke-dasharray") == "5 3" and whisker.get("stroke") == FAINT
    assert (one.get("x1"), one.get("y1"), one.get("y2")) == (other.get("x1"), other.get("y2"), other.get("y1"))
    assert clear.find(f"{SVG}line").get("stroke-dasharray") is None


def test_an_interval_far_wider_than_the_others_ends_in_arrows() -> None:
    tree = plot(*ROWS, ForestRow("two libraries", 0.1, -5.0, 5.2, False))
    *others, wide = groups(tree)
    assert len(wide.findall(f"{SVG}polygon")) == 2
    assert not any(group.findall(f"{SVG}polygon") for group in others)
    assert "+0.100 [\N{MINUS SIGN}5.000, +5.200]" in texts(tree)
    whisker = wide.find(f"{SVG}line")
    assert 265 <= float(whisker.get("x1")) < float(whisker.get("x2")) <= 655


def test_a_row_without_interval_and_one_without_any_difference() -> None:
    tree = plot(ForestRow("one prompt", 0.3, math.nan, math.nan, None))
    assert "+0.300" in texts(tree)
    tree = plot(ForestRow("nothing", 0.0, 0.0, 0.0, False))
    assert "0.000 [0.000, 0.000]" in texts(tree)


def test_a_bound_that_rounds_to_zero_keeps_its_side() -> None:
    said = texts(plot(ForestRow("small", 0.0001, -0.0003, 0.0005, False)))
    assert "+0.000 [\N{MINUS SIGN}0.000, +0.001]" in said


def test_words_are_escaped_cut_and_on_one_line() -> None:
    hostile = '<script>alert("x")</script> & \x00\x1b' + "long " * 20
    text = forest_svg(
        [ForestRow(hostile, 0.1, 0.0, 0.2, False, hostile)], title=hostile, column=hostile, caption=hostile,
        watermark=hostile,
    )
    tree = ElementTree.fromstring(text)
    assert "<script" not in text and "\x00" not in text
    assert not [element for element in tree.iter() if element.tag == f"{SVG}script"]
    label = texts(groups(tree)[0])[0]
    assert label == '<script>alert("x")</script> & lon…'
    assert groups(tree)[0].find(f"{SVG}title").text.startswith('<script>alert("x")</script> & long long')


def test_a_stand_in_says_so_across_the_plot_and_others_do_not() -> None:
    assert "stand-in: no model, no result" in texts(plot(watermark="stand-in: no model, no result"))
    assert len(texts(plot(watermark="w"))) == len(texts(plot())) + 1


def test_the_caption_is_wrapped_and_the_page_grows() -> None:
    short, long = plot(), plot(caption="words and words " * 30)
    assert sum(text.startswith(("words", "and")) for text in texts(long)) == 4
    assert int(long.get("height")) == int(short.get("height")) + 3 * 17


def test_the_same_rows_give_the_same_text_and_order_is_kept() -> None:
    assert forest_svg(ROWS, **WORDS) == forest_svg(list(ROWS), **WORDS)
    assert [group.find(f"{SVG}title").text for group in groups(plot())] == ["clear", "worse", "faint", "single"]


def test_rows_of_a_comparison_leave_out_the_baseline() -> None:
    frame = pandas.DataFrame([
        {"entry": entry, "library": library, "prompt": prompt, "draw": 0, "value": value + ord(prompt) % 3 / 10}
        for entry, library, value in (("epoch 0", "", 0.2), ("ours", "1", 0.4), ("ours", "2", 0.5), ("one", "1", 0.3))
        for prompt in "abcd"
    ])
    ours, one = forest_rows(compare(frame, baseline="epoch 0"))
    assert (ours.label, ours.significant, ours.note) == ("ours", False, "2 libraries x 4 prompts x 1 draws")
    assert ours.difference == pytest.approx(0.25)
    assert (one.label, one.significant, one.note) == ("one", None, "one library: no claim about the method")


@pytest.mark.parametrize(("rows", "words"), [
    ([], "rows to plot, got none"),
    ([ForestRow("a", math.nan, 0, 1, None)], r"a difference within its interval, got nan in 0\.\.1 \(at row 'a'\)"),
    ([ForestRow("a", 2.0, 0.0, 1.0, None)], r"got 2.0 in 0.0\.\.1.0"),
])
def test_wrong_rows_are_refused(rows, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        forest_svg(rows, **WORDS)
