"""The craft widgets in a real JupyterLab: a stool is stepped, toggled, browsed, changed by slider, and opened in full."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.notebooks.lab import Sheet, lab  # noqa: F401 (a fixture)

pytestmark = [pytest.mark.notebook, pytest.mark.timeout(600)]  # much is drawn in software; a busy machine takes long
STEPPER, DESK, BROWSER = ".shape-stepper >> nth=0", ".shape-desk >> nth=0", ".attempt-browser >> nth=0"
JOINTS, VIEW = ".joint-sliders >> nth=0", ".model-view >> nth=0"
WAIT = 90_000
PAUSE = 80
"""Milliseconds between movements: a widget reads the pointer once a frame, and software draws frames slowly."""
LEAST_INK = 0.02
BOUNDS = """([place, part]) => {
    const plot = document.querySelector(place + ' .js-plotly-plot');
    const mesh = plot && plot._fullData && plot._fullData.find(one => one.type === 'mesh3d' && one.meta === part);
    if (!mesh || !mesh.x || !mesh.x.length) return null;
    return ['x', 'y', 'z'].map(axis => { const all = Array.from(mesh[axis]); return Math.max(...all) - Math.min(...all); });
}"""
BOXES = """place => {
    const plot = document.querySelector(place + ' .js-plotly-plot');
    if (!plot || !plot._fullData) return -1;
    return plot._fullData.filter(one => one.mode === 'lines' && Array.from(one.x).some(x => Number.isFinite(x))).length;
}"""


def click(sheet: Sheet, place: str, words: str) -> None:
    sheet.page.locator(place).locator("button", has_text=words).click(timeout=WAIT)


def wait_for(sheet: Sheet, place: str, words: str) -> None:
    sheet.page.locator(place).get_by_text(words).first.wait_for(timeout=WAIT)


def sides(sheet: Sheet, place: str, part: str) -> list[float] | None:
    """Of a part's mesh as the browser has drawn it."""
    return sheet.page.evaluate(BOUNDS, [place, part])


def wait_until(sheet: Sheet, function: str, argument) -> None:
    """By the clock: frames may starve while scenes are drawn in software."""
    sheet.page.wait_for_function(function, arg=argument, timeout=WAIT, polling=200)


def drag_slider(sheet: Sheet, place: str, label: str, *, share: float) -> None:
    """Take the handle of a slider to a share of its way, as a hand does."""
    row = sheet.page.locator(place).locator(".widget-slider", has_text=label).first
    row.scroll_into_view_if_needed()
    handle, way = row.locator(".noUi-handle").bounding_box(), row.locator(".noUi-target").bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    target = way["x"] + share * way["width"]
    sheet.page.mouse.move(x, y)
    sheet.page.wait_for_timeout(PAUSE)
    sheet.page.mouse.down()
    for step in range(1, 7):
        sheet.page.wait_for_timeout(PAUSE)
        sheet.page.mouse.move(x + (target - x) * step / 6, y)
    sheet.page.wait_for_timeout(PAUSE)
    sheet.page.mouse.up()


def test_a_stool_is_made_browsed_changed_and_opened(lab, tmp_path):  # noqa: F811
    with lab.open("20_craft_shape.ipynb", root=str(tmp_path / "runs")) as sheet:
        sheet.run_all(timeout=240)
        assert sheet.errors() == []
        for look in (step_and_toggle, browse, change, move_a_joint, open_the_model):
            try:
                look(sheet)
            except BaseException:
                sheet.shot(f"20-failed-{look.__name__}")
                raise
        assert sheet.errors() == []
        assert sheet.problems == []


def step_and_toggle(sheet: Sheet) -> None:
    wait_for(sheet, STEPPER, "ready")
    for place in (".shape-stepper", ".shape-desk", ".joint-sliders"):  # what is told before plotly's script has come is lost
        wait_until(sheet, f"place => ({BOXES})(place) >= 0", place)
    click(sheet, STEPPER, "Step event")
    wait_for(sheet, STEPPER, "paused; text parsed into parts: seat, legs, front_back_stretchers, side_stretchers; 1 event")
    wait_until(sheet, f"place => ({BOXES})(place) === 4", ".shape-stepper")
    click(sheet, STEPPER, "Step part")
    wait_for(sheet, STEPPER, "paused; seat: seat/m1/t0/r0")
    wait_until(sheet, f"arg => ({BOUNDS})(arg) !== null", [".shape-stepper", "seat"])
    assert sides(sheet, ".shape-stepper", "legs") is None, "only what is made is drawn"
    scene = f"{STEPPER} >> .gl-container canvas"
    with_boxes = sheet.ink(scene)[0]
    sheet.shot("20-stepper", STEPPER)
    sheet.page.locator(STEPPER).get_by_label("boxes").uncheck()
    wait_until(sheet, f"place => ({BOXES})(place) === 0", ".shape-stepper")
    sheet.page.wait_for_timeout(500)
    assert sides(sheet, ".shape-stepper", "seat") is not None
    assert LEAST_INK < sheet.ink(scene)[0] < with_boxes
    click(sheet, STEPPER, "Stop")
    wait_for(sheet, STEPPER, "everything so far is kept")
    wait_for(sheet, STEPPER, "nothing was asked, nothing is to be paid")


def browse(sheet: Sheet) -> None:
    wait_for(sheet, BROWSER, "seat/m1/t0/r0")
    picture = sheet.page.locator(BROWSER).locator("img").first
    before = picture.get_attribute("src")
    sheet.page.locator(BROWSER).locator("select").first.select_option(label="legs")
    wait_for(sheet, BROWSER, "legs/m1/t0/r0")
    click(sheet, BROWSER, "previous")
    wait_for(sheet, BROWSER, "legs/m0/t0/r0")
    assert picture.get_attribute("src") not in (None, before)
    sheet.shot("20-attempts", BROWSER)


def change(sheet: Sheet) -> None:
    wait_until(sheet, f"arg => ({BOUNDS})(arg) !== null", [".shape-desk", "seat"])
    before, legs = (sides(sheet, ".shape-desk", name) for name in ("seat", "legs"))
    assert before[0] == pytest.approx(0.34, abs=0.002)
    drag_slider(sheet, DESK, "radius m", share=0.4)
    wait_for(sheet, DESK, "Proof. Nothing else changed: legs, front_back_stretchers, side_stretchers were run again")
    wait_until(sheet, f"arg => ({BOUNDS})(arg)[0] > 0.5", [".shape-desk", "seat"])
    wait_until(sheet, "place => document.querySelector(place + ' .js-plotly-plot')._fullLayout.title.text"
               ".startsWith('version 1: seat.radius = 0.29')", ".shape-desk")
    assert sides(sheet, ".shape-desk", "legs") == legs
    sheet.shot("20-desk", DESK)
    click(sheet, DESK, "Undo")
    wait_for(sheet, DESK, "undone: version 0")
    wait_until(sheet, f"arg => ({BOUNDS})(arg)[0] < 0.35", [".shape-desk", "seat"])


def move_a_joint(sheet: Sheet) -> None:
    place = ".joint-sliders"
    before, base = sides(sheet, place, "screen"), sides(sheet, place, "base")
    drag_slider(sheet, JOINTS, "screen", share=0.9)
    wait_until(sheet, f"([place, part, height]) => ({BOUNDS})([place, part])[2] < height / 2", [place, "screen", before[2]])
    assert sides(sheet, place, "base") == base
    sheet.shot("20-joint", JOINTS)


def open_the_model(sheet: Sheet) -> None:
    from PIL import Image

    click(sheet, VIEW, "Open the GLB view")
    frame = sheet.page.frame_locator(".model-view iframe")
    canvas = frame.locator("canvas")
    canvas.wait_for(timeout=WAIT)
    canvas.scroll_into_view_if_needed()
    for _ in range(40):
        pixels = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
        wood = (pixels[..., 0] > pixels[..., 2] + 40).mean()
        if wood > LEAST_INK:
            break
        sheet.page.wait_for_timeout(500)
    assert wood > LEAST_INK, "the stool is seen, in the colour of wood"
    sheet.shot("20-model", VIEW)
