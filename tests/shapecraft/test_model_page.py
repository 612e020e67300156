"""Model pages: self-contained, escaped, and alive in a real browser, where the model is really seen."""

from __future__ import annotations

import io
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources

import numpy as np
import pytest
from PIL import Image

from shapecraft.animated_glb import animated_glb
from shapecraft.animation import Animation, Track
from shapecraft.atlas import make_atlas
from shapecraft.baking import bake
from shapecraft.boxes import Box
from shapecraft.brdf import Material
from shapecraft.catalogue import find_entry
from shapecraft.graph import Component, Joint, ShapeGraph
from shapecraft.mesh_files import read_glb
from shapecraft.model_page import data, model_page, text
from shapecraft.object_glb import object_glb
from shapecraft.palette import FlatMaterial
from shapecraft.part_glb import write_glb
from shapecraft.relations import FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo
from shapecraft.textured_glb import textured_glb
from tests.shapecraft.crafting import solid
from tests.shapecraft.khronos_validator import needs_chromium

BAD = "<script>document.title='owned'</script>"
HOSTILE = (BAD, '"><img src=x onerror=alert(1)>', "</script><script>alert(1)</script>", "<!--", "]]>", "' onclick='a()",
           "\x00\x1b[31m", "\u202edlrow", "javascript:alert(1)", "a" * 3000)
RED, BLUE = 0, 2
OPENING = Animation("open", 48, "linear", (Track("high", ((0, (0.0,)), (24, (-100.0,)), (48, (-100.0,)))),))
LOOKS = {"low": FlatMaterial((0.9, 0.02, 0.02), 0.0, 0.9), "high": FlatMaterial((0.02, 0.1, 0.9), 0.0, 0.9)}


def pair(words: str = "plain words") -> ShapeGraph:
    """A red block, and a blue one on it that opens like a lid; words stand wherever a model's words may stand."""
    return ShapeGraph(words, (
        Component("low", words, words, Box((0.0, 0.0, 0.2), (0.6, 0.4, 0.4)), f"# {words}\n", words, (words, words)),
        Component("high", words, words, Box((0.0, 0.0, 0.55), (0.6, 0.4, 0.3)), f"# {words}\n", words, (words, "high"),
                  (OnTopOf("low"), FlushWith("low", "+x"), InsetIn("low"), SymmetricTo("high", "x"),
                   Repeated(2, "z", copies=("low",))),
                  Joint("hinge", (1.0, 0.0, 0.0), (0.0, 0.2, 0.4), (-110.0, 0.0))),
        Component("lost", words, words, Box((0.5, 0.0, 0.1), (0.1, 0.1, 0.1)), "", words, (words,)),
    ), (words,))


def model(graph: ShapeGraph) -> bytes:
    """The GLB of `pair`: both parts are their boxes."""
    parts = [(name, write_glb([solid(name, graph[name].box.size, graph[name].box.center)])) for name in ("low", "high")]
    return object_glb(parts, LOOKS)


def page_of(words: str = "plain words", **more) -> str:
    graph = pair(words)
    return model_page(graph, model(graph), scores={"low": 8.5, "high": None}, note=words, watermark=words, **more)


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def parsed(page: str) -> list[tuple[str, dict]]:
    elements = Elements()
    elements.feed(page)
    return elements.tags


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_words_never_become_markup(words):
    page, plain = page_of(words, title=words), page_of(title="t")
    tags, calm = parsed(page), parsed(plain)
    assert [tag for tag, _ in tags] == [tag for tag, _ in calm], "the same elements, whatever the words"
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", page)


def test_the_page_needs_no_network_and_carries_the_licence():
    page = page_of()
    ours = page.replace(_file("three.min.js"), "")
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import|https?://""", ours)
    assert "default-src 'none'" in page
    assert "base-uri 'none'; form-action 'none'" in page
    assert re.findall(r"connect-src[^;\"]*", page) == ["connect-src blob:"], "its own memory, no network"
    assert "The MIT License" in page and "three.js authors" in page
    assert "THE SOFTWARE IS PROVIDED" in page


def _file(name: str) -> str:
    return resources.files("shapecraft").joinpath("viewer").joinpath(name).read_text("utf-8")


def test_the_viewer_fits_the_repository_and_names_what_it_is():
    script = _file("three.min.js")
    assert len(script.encode()) < 1_000_000
    assert "</script" not in script and "<!--" not in script
    version, tool = re.match(r"/\* three\.js (\S+), bundled by esbuild (\S+)\.\n", script).groups()
    assert f"three.js {version} (MIT" in _file("README.md") and f"esbuild {tool}" in _file("README.md")
    used = set(re.findall(r"\bThree\.([A-Z]\w+)", _file("model.js")))
    listed = set(re.findall(r"\b[A-Z][A-Za-z0-9]+\b", re.sub(r"//.*|\".*?\"", "", _file("three.entry.js"))))
    assert used == listed, "the bundle has what the viewer uses, and nothing else"


def test_embedded_data_cannot_end_its_element():
    assert "<" not in data([BAD])
    assert json.loads(data([BAD, "&", "\u2028"])) == [BAD, "&", "\u2028"]
    assert text("\x07\ud800 <b>") == "\N{REPLACEMENT CHARACTER}? &lt;b&gt;"


def test_the_tree_is_the_parsers_hierarchy():
    graph = ShapeGraph("lamp", tuple(
        Component(name, "g", "p", Box((0.0, 0.0, 0.1), (0.1, 0.1, 0.1)), path=path)
        for name, path in (("base", ("Lamp", "stand")), ("lower_arm", ("Lamp", "arm", "lower arm")), ("shade", ("Lamp", "arm")))))
    page = model_page(graph, object_glb([("base", write_glb([solid("b", (1, 1, 1), (0, 0, 0))]))]))
    body = re.sub(r"<details>.*?</details>", "", page.partition("<section id=tree")[2].partition("</section>")[0])
    steps = re.findall(r'class=step dir=auto>([^<]*)|data-part="([^"]*)"|(<ul>|</ul>)', body)
    assert "".join(a or b or {"<ul>": "(", "</ul>": ")"}[c] for a, b, c in steps) == \
        "(lamp(stand(base)arm(lower_armshade)))"


def test_a_component_shows_its_attributes():
    page = page_of()
    for words in ("0.6 x 0.4 x 0.4 m at (0, 0, 0.2)", "0.6 x 0.4 x 0.4 m at (0, 0, 0.2), 12 triangles", "not made",
                  "8.5 of 10", "on top of low", "flush with low, face +x", "inset in low",
                  "symmetric to high about the plane across x", "repeated 2 times, along z: low",
                  "hinge about (1, 0, 0) at (0, 0.2, 0.4), -110 to 0 degrees", "metallic 0, roughness 0.9",
                  "Assumed: plain words", "# plain words"):
        assert words in page, words
    assert page.count(" of 10</span>") == 1, "no score is no number"
    boxes = [a for tag, a in parsed(page) if tag == "input" and "data-show" in a]
    assert [(one["data-show"], "disabled" in one) for one in boxes] == [("low", False), ("high", False), ("lost", True)]


def test_joints_move_what_they_carry_outermost_first():
    def told(graph: ShapeGraph) -> dict:
        return json.loads(re.search(r"id=object>(.*?)</script>", model_page(graph, model(pair())))[1])

    cabinet = find_entry("a cabinet").graph()
    (door,) = [one for one in cabinet.components if one.joint]
    moved = {one["name"]: one["moved_by"] for one in told(cabinet)["components"]}
    assert {name for name, by in moved.items() if by == [door.name]} == {door.name, *door.joint.carries}
    graph = pair()
    chain = graph.replacing(replace(graph["low"], joint=Joint("slider", (1.0, 0.0, 0.0), limits=(0.0, 0.3),
                                                              carries=("high",))))
    assert [one["moved_by"] for one in told(chain)["components"]] == [["low"], ["low", "high"], []]
    ring = chain.replacing(replace(chain["high"], joint=replace(chain["high"].joint, carries=("low",))))
    assert [one["moved_by"] for one in told(ring)["components"]] == [[], [], []], "shown, though nothing moves"


def stage(page) -> np.ndarray:
    """(H, W, 3) of what is seen of the model, once it is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shot = page.query_selector("#stage").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def seen(shot: np.ndarray, channel: int) -> int:
    """Pixels of a colour."""
    return int(_mask(shot, channel).sum())


def changed(shot: np.ndarray, other: np.ndarray) -> int:
    """Pixels that differ."""
    return int((shot != other).any(axis=-1).sum())


@needs_chromium
def test_the_page_lives_in_a_real_browser(tmp_path):
    """No console errors from file://; the model is seen; toggles, boxes, explode, joint, picking and orbit work."""
    from playwright.sync_api import sync_playwright

    file, graph = tmp_path / "model.html", pair()
    file.write_text(page_of(BAD, title=BAD), "utf-8")
    problems: list[str] = []
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page(viewport={"width": 900, "height": 560})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        assert page.title() == BAD
        first = stage(page)
        red, blue = seen(first, RED), seen(first, BLUE)
        assert min(red, blue) > 4_000, "both parts are really seen"
        assert np.flatnonzero(_rows(first, RED)).mean() > np.flatnonzero(_rows(first, BLUE)).mean(), "red below blue"

        page.uncheck("input[data-show=low]")
        without = stage(page)
        assert seen(without, RED) < 100 and seen(without, BLUE) > 0.9 * blue
        page.click("#all")
        page.check("#boxes")
        boxed = stage(page)
        assert changed(boxed, first) > 4_000 < seen(boxed, RED)
        page.uncheck("#boxes")

        page.fill("#explode", "1")
        apart = stage(page)
        gap = np.flatnonzero(_rows(apart, RED)).min() - np.flatnonzero(_rows(apart, BLUE)).max()
        assert gap > 5, "white between the parts"
        page.fill("#explode", "0")
        page.fill("input[data-joint=high]", "-100")
        assert "-100\u00b0" in page.inner_text("#tools")
        assert changed(stage(page), first) > 4_000, "the lid is open"
        page.fill("input[data-joint=high]", "0")

        centre = np.argwhere(_mask(first, RED)).mean(axis=0)
        frame = page.query_selector("#stage").bounding_box()
        page.mouse.click(frame["x"] + centre[1], frame["y"] + centre[0])
        assert page.get_attribute("button[data-choose=low]", "aria-pressed") == "true"
        assert page.is_visible("li[data-part=low] dl")
        page.click("button[data-choose=low]")
        assert page.get_attribute("button[data-choose=low]", "aria-pressed") == "false"

        page.focus("canvas")
        page.keyboard.press("ArrowLeft")
        assert changed(stage(page), first) > 2_000
        assert page.is_hidden("#play")
        page.click("#home")
        assert abs(seen(stage(page), RED) - red) < 100, "everything is as it was"

        moving = tmp_path / "moving.html"
        moving.write_text(model_page(graph, animated_glb(model(graph), graph, OPENING)), "utf-8")
        page.goto(moving.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        assert page.is_disabled("#explode") and page.is_disabled("input[data-joint=high]")
        still = stage(page)
        page.click("#play")
        page.wait_for_timeout(400)
        assert page.inner_text("#play") == "Stop"
        assert changed(stage(page), still) > 2_000, "it moves"
        page.click("#play")
        assert changed(stage(page), still) < 200, "and stands as before"
        browser.close()
    assert problems == []
    assert asked == [file.as_uri(), moving.as_uri()], "nothing is loaded"


@needs_chromium
def test_a_painted_model_shows_its_maps_shaded_and_bare(tmp_path):
    """Red and green stripes on the lower block, blue on the upper; then each map as it is, without light."""
    from playwright.sync_api import sync_playwright

    graph = pair()
    atlas = make_atlas(read_glb(model(graph)), size=128)
    maps = bake(atlas, Stripes(), upsample=1, seen=np.ones((128, 128), dtype=bool))
    file = tmp_path / "painted.html"
    file.write_text(model_page(graph, textured_glb(atlas, maps)), "utf-8")
    assert "id=look" not in page_of(), "of what has no pictures there is nothing to choose"
    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page(viewport={"width": 900, "height": 560})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        shaded = stage(page)
        assert min(seen(shaded, RED), seen(shaded, 1), seen(shaded, BLUE)) > 2_000
        looks = {}
        for name in ("albedo", "roughness", "metalness", "shaded"):
            page.select_option("#look", name)
            looks[name] = stage(page)
        browser.close()
    assert problems == []
    # The screen's values of linear 0.8 and 0.02; roughness 0.9 below and 0.3 above; metal above alone.
    assert _near(looks["albedo"], (231, 39, 39)) > 1_000 < _near(looks["albedo"], (39, 231, 39))
    assert _near(looks["roughness"], (230, 230, 230)) > 2_000 < _near(looks["roughness"], (77, 77, 77))
    assert _near(looks["metalness"], (0, 0, 0)) > 2_000 < _near(looks["metalness"], (255, 255, 255))
    assert changed(looks["shaded"], shaded) < 100


class Stripes:
    def material_at(self, part, position, uv):
        red = np.sin(position[:, 0] * 40) > 0
        low = np.where(red[:, None], (0.8, 0.02, 0.02), (0.02, 0.8, 0.02))
        first = np.asarray(part) == 0
        return Material(np.where(first[:, None], low, (0.02, 0.02, 0.8)), np.where(first, 0.9, 0.3),
                        np.where(first, 0.0, 1.0))


def _near(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels within 6 levels of a colour."""
    return int((np.abs(picture[..., :3].astype(int) - colour).max(axis=-1) <= 6).sum())


@needs_chromium
def test_without_webgl_the_page_says_so_and_the_tree_stands(tmp_path):
    from playwright.sync_api import sync_playwright

    file = tmp_path / "model.html"
    file.write_text(page_of(), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=["--no-sandbox", "--disable-quic", "--disable-3d-apis"])
        page = browser.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("html[data-ready=failed]")
        assert page.inner_text("#stage").startswith(
            "The model cannot be shown here: THREE.WebGLRenderer: Error creating WebGL context. The parts are listed")
        assert page.is_visible("li[data-part=high]")
        browser.close()


def _mask(shot: np.ndarray, channel: int) -> np.ndarray:
    """(H, W) bool: pixels of which one channel is far above the two others; words over the stage are paler."""
    others = [one for one in range(3) if one != channel]
    return shot[..., channel] > shot[..., others].max(axis=-1) + 90


def _rows(shot: np.ndarray, channel: int) -> np.ndarray:
    """(H,) bool: rows with at least ten such pixels."""
    return _mask(shot, channel).sum(axis=1) >= 10


@needs_chromium
@pytest.mark.acceptance
def test_the_room_that_metals_mirror_is_drawn_too(tmp_path):
    """What a graphics card shows; a processor only when asked, because it takes seconds."""
    from playwright.sync_api import sync_playwright

    file, problems = tmp_path / "model.html", []
    file.write_text(page_of(), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                             args=["--no-sandbox", "--disable-quic"])
        page = browser.new_page(viewport={"width": 800, "height": 440})
        page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{file.as_uri()}#room")
        page.wait_for_selector("html[data-ready=yes]")
        shot = stage(page)
        assert min(seen(shot, RED), seen(shot, BLUE)) > 2_000
        browser.close()
    assert problems == []
