"""The paint widgets in a real JupyterLab: a word refused, a start, a pause, a stop, a resumption, switches and the page."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest

from tests.notebooks.lab import Sheet, lab  # noqa: F401 (a fixture)
from tests.notebooks.test_lab_craft import WAIT, click, drag_slider, wait_for, wait_until

pytestmark = [pytest.mark.notebook, pytest.mark.acceptance, pytest.mark.timeout(600)]
STEPPER, VIEWER = ".paint-stepper >> nth=0", ".paint-viewer >> nth=0"
STEPS = 30
LEAST_INK = 0.01
POINTS = """place => {
    const plot = document.querySelector(place + ' .js-plotly-plot');
    return plot && plot._fullData ? plot._fullData.reduce((sum, one) => sum + one.x.length, 0) : -1;
}"""


def picture(sheet: Sheet, place: str, label: str) -> str | None:
    """Where the picture with this text comes from."""
    found = sheet.page.locator(place).locator(f"img[alt^='{label}']")
    return found.first.get_attribute("src") if found.count() else None


def test_a_stool_is_painted_looked_at_and_opened(lab, tmp_path):  # noqa: F811
    with lab.open("21_paint_shape.ipynb", root=str(tmp_path / "runs"), steps=STEPS, size=256) as sheet:
        sheet.run_all(timeout=240)
        assert sheet.errors() == []
        for look in (refuse_a_word, paint, look_at_it, open_the_page):
            try:
                look(sheet)
            except BaseException:
                sheet.shot(f"21-failed-{look.__name__}")
                raise
        assert sheet.errors() == []
        assert sheet.problems == []
    kept = json.loads(next((tmp_path / "runs").rglob("paintings/1/prompts.json")).read_text())
    assert kept["prompts"]["parts"]["seat"]["prompt"] == "green leather seat"


def say(sheet: Sheet, label: str, words: str) -> None:
    field = sheet.page.locator(STEPPER).locator(".widget-text", has_text=label).locator("input").first
    field.fill(words)
    field.press("Enter")


def refuse_a_word(sheet: Sheet) -> None:
    wait_for(sheet, STEPPER, "ready")
    wait_for(sheet, VIEWER, "not painted yet: flat materials from words")
    wait_until(sheet, f"place => ({POINTS})(place) >= 0", ".paint-stepper")
    say(sheet, "seat", "unobtainium seat")
    click(sheet, STEPPER, "Start")
    wait_for(sheet, STEPPER, "Not done: expected words that the embedded-painter model knows, got 'unobtainium'")
    sheet.shot("21-refused", STEPPER)
    say(sheet, "seat", "green leather seat")


def paint(sheet: Sheet) -> None:
    click(sheet, STEPPER, "Start")
    wait_for(sheet, STEPPER, re.compile(r"running; painting 1, step \d+ of 30"))
    click(sheet, STEPPER, "Pause")
    wait_for(sheet, STEPPER, re.compile(r"paused; painting 1, step \d+ of 30"))
    assert sheet.page.locator(STEPPER).locator(".widget-text input").first.is_disabled(), "words stand meanwhile"
    click(sheet, STEPPER, "Resume")
    sheet.page.locator(STEPPER).locator("img[alt^='shaded after']").wait_for(timeout=WAIT)
    shaded = picture(sheet, STEPPER, "shaded")
    click(sheet, STEPPER, "Stop")
    wait_for(sheet, STEPPER, re.compile(r"stopped; painting 1, .*kept up to step \d+; Start goes on from there"))
    click(sheet, STEPPER, "metalness")
    sheet.page.locator(STEPPER).locator("img[alt^='metalness after']").wait_for(timeout=WAIT)
    assert picture(sheet, STEPPER, "metalness") != shaded
    click(sheet, STEPPER, "Resume")
    wait_for(sheet, STEPPER, f"finished; painting 1, {STEPS} steps, baked and kept")
    wait_until(sheet, f"place => ({POINTS})(place) >= 60", ".paint-stepper")
    sheet.page.wait_for_timeout(500)
    click(sheet, STEPPER, "albedo")
    sheet.shot("21-stepper", STEPPER)


def look_at_it(sheet: Sheet) -> None:
    wait_for(sheet, VIEWER, "painting 1, by")
    wait_for(sheet, VIEWER, "paintings/1/object.glb")
    seen = picture(sheet, VIEWER, "the object")
    for change in (lambda: click(sheet, VIEWER, "albedo"),
                   lambda: drag_slider(sheet, VIEWER, "view turned", share=0.5),
                   lambda: click(sheet, VIEWER, "shaded"),
                   lambda: drag_slider(sheet, VIEWER, "lamps turned", share=0.6),
                   lambda: sheet.page.locator(VIEWER).locator("select").nth(1).select_option(label="window"),
                   lambda: sheet.page.locator(VIEWER).locator("select").first.select_option(label="seat")):
        change()
        wait_until(sheet, "before => document.querySelector(\".paint-viewer img[alt^='the object']\").src !== before", seen)
        seen = picture(sheet, VIEWER, "the object")
    sheet.shot("21-viewer", VIEWER)


def open_the_page(sheet: Sheet) -> None:
    from PIL import Image

    click(sheet, VIEWER, "Open the GLB view")
    canvas = sheet.page.frame_locator(".paint-viewer iframe").locator("canvas")
    canvas.wait_for(timeout=WAIT)
    canvas.scroll_into_view_if_needed()
    for _ in range(40):
        drawn = (np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("L")) < 140).mean()
        if drawn > LEAST_INK:
            break
        sheet.page.wait_for_timeout(500)
    sheet.shot("21-page", VIEWER)
    assert drawn > LEAST_INK, "the stool is seen"
