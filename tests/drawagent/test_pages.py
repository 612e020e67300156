"""Pages: self-contained, escaped, and alive in a real browser."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

from drawagent.curve import CurvePoint, curve_svg, curve_text
from drawagent.pages import Shown, ShownPair, data, pairs_page, sketch_page, text
from drawagent.sketch import Sketch
from tests.drawagent.test_export import HOSTILE

BAD = "<script>document.title='owned'</script>"


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def parsed(page: str) -> Elements:
    elements = Elements()
    elements.feed(page)
    return elements


def pair(words: str = "Because it is better.") -> ShownPair:
    rng = np.random.default_rng(0)
    sketches = [Sketch.from_array(rng.uniform(-1, 1, (3, 4, 3)), ["seat", BAD, None]) for _ in range(2)]
    return ShownPair(words, *sketches, (0.3, 0.4), (0.2, 0.1), words, (f"add [L1] {words}",), words)


@pytest.mark.parametrize("words", [name for name in HOSTILE if name] + [BAD, "]]>", "<!--", "\x00\x1b[31m"])
def test_words_never_become_markup(words):
    page = pairs_page([pair(words)], title=words, note=words, watermark=words)
    tags = [tag for tag, _ in parsed(page).tags]
    assert tags.count("script") == 2, "only our own"
    assert "img" not in tags
    assert not any(name.startswith("on") for _, attributes in parsed(page).tags for name in attributes)
    assert "\x00" not in page


def test_pages_need_no_network():
    page = sketch_page([Shown(pair().better, "a thing")], title="t")
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://(?!www\.w3\.org)""", page)
    assert "default-src 'none'" in page


def test_embedded_data_cannot_end_its_element():
    assert "<" not in data([BAD])
    assert json.loads(data([BAD, "&", "\u2028"])) == [BAD, "&", "\u2028"]


def test_text_keeps_right_to_left_words_and_shows_control_characters():
    assert text("\u05d0 <b>") == "\u05d0 &lt;b&gt;"
    assert text("\x07") == "\N{REPLACEMENT CHARACTER}"
    assert text("\ud800") == "?"


def test_a_pairs_page_has_all_that_a_reader_needs():
    page = pairs_page([pair()], title="Pairs")
    assert parsed(page).tags.count(("canvas", {"tabindex": "0", "role": "img",
                                               "aria-label": "S+ (better), drag to turn"})) == 1
    cameras = [a["data-camera"] for tag, a in parsed(page).tags if tag == "figure"]
    assert cameras == ["pair0", "pair0"], "linked"
    for words in ("0.3000", "0.2000", "0.3500", "Because it is better.", "add [L1]", "connected component"):
        assert words in page
    assert "No pairs" in pairs_page([], title="none")


def test_the_curve_is_drawn_and_written_from_the_same_points():
    points = (CurvePoint(0, 0.2, (0.1, 0.3)), CurvePoint(1, 0.25, (0.2, 0.3)))
    assert curve_text(points, column="toy").splitlines()[2] == "  epoch 1: 0.2500  (+0.0500)  n = 2"
    svg = curve_svg(points, column="<b>", caption=BAD)
    assert "<script" not in svg
    assert svg.count("<polyline") == 3
    assert svg.count("<circle") == 2


@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_pages_live_in_a_real_browser(tmp_path):
    """No console errors; dragging one sketch of a pair turns both; hostile words stay words."""
    from playwright.sync_api import sync_playwright

    page_file = tmp_path / "pairs.html"
    page_file.write_text(pairs_page([pair(BAD)], title=BAD), "utf-8")
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", "--disable-quic"]
        )
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(page_file.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        shots = [canvas.screenshot() for canvas in page.query_selector_all("canvas")]
        box = page.query_selector("canvas").bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + 200, box["y"] + 130, steps=4)
        page.mouse.up()
        turned = [canvas.screenshot() for canvas in page.query_selector_all("canvas")]
        assert all(a != b for a, b in zip(shots, turned, strict=True)), "linked cameras"
        page.query_selector("figure input[type=range]").fill("1")
        assert "1 of 3 strokes" in page.inner_text("figure")
        assert page.title() == BAD
        browser.close()
    assert problems == []
