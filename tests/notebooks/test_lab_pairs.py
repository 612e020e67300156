"""The pair viewer in a real JupyterLab: a dragged drawing turns the other one."""

from __future__ import annotations

import pytest

from tests.notebooks.lab import lab  # noqa: F401 (a fixture)

pytestmark = pytest.mark.notebook

PAUSE = 80
"""Milliseconds between movements: a scene reads the pointer once a frame, and software draws frames slowly."""
VIEWER = ".jp-OutputArea-output .widget-vbox:has(.widget-dropdown) >> nth=0"
PLOT = ".widget-vbox .js-plotly-plot"
CAMERAS = """() => {
    const plot = [...document.querySelectorAll('.widget-vbox .js-plotly-plot')]
        .find(one => one._fullLayout && one._fullLayout.scene2 && one.data.length);
    return plot ? ['scene', 'scene2'].map(name => plot._fullLayout[name].camera.eye) : null;
}"""


def drag(sheet, *, right: float) -> None:
    """Drag a drawing as a hand does, over many frames; right : how far right of the plot's left edge it is taken, pixels."""
    plot = sheet.page.locator(PLOT).first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    x, y = box["x"] + right, box["y"] + 240
    sheet.page.mouse.move(x, y)
    sheet.page.wait_for_timeout(PAUSE)
    sheet.page.mouse.down()
    for step in range(1, 10):
        sheet.page.wait_for_timeout(PAUSE)
        sheet.page.mouse.move(x + 10 * step, y + 3 * step)
    sheet.page.wait_for_timeout(PAUSE)
    sheet.page.mouse.up()


def turned(sheet, before: list) -> list:
    """The two eyes, once both have left where they were."""
    sheet.page.wait_for_function(
        f"before => {{ const eyes = ({CAMERAS})(); return eyes && eyes.every((eye, i) => eye.x !== before[i].x); }}",
        arg=before, timeout=60_000, polling=200,
    )
    return sheet.page.evaluate(CAMERAS)


def test_the_cameras_of_a_pair_are_linked(lab, tmp_path):  # noqa: F811
    with lab.open("11_contrastive_pairs.ipynb", root=str(tmp_path / "runs")) as sheet:
        sheet.run_all(timeout=180)
        assert sheet.errors() == []
        sheet.page.wait_for_function(f"() => ({CAMERAS})() !== null", timeout=60_000)
        sheet.page.wait_for_timeout(500)
        first = sheet.page.evaluate(CAMERAS)
        assert first[0] == first[1]

        drag(sheet, right=180)
        left = turned(sheet, first)
        assert left[1] == pytest.approx(left[0]), "S- follows S+"
        drag(sheet, right=560)
        right = turned(sheet, left)
        assert right[0] == pytest.approx(right[1]), "S+ follows S-"
        sheet.shot("11-pair-turned", VIEWER)
        assert min(sheet.ink(PLOT)[:1]) > 0.003, "both drawings are on the screen"

        sheet.page.get_by_role("button", name="previous").click()
        sheet.page.get_by_text("Pair 5 of 6").first.wait_for(timeout=30_000)
        sheet.page.wait_for_function(f"() => ({CAMERAS})() !== null", timeout=30_000)
        assert sheet.page.evaluate(CAMERAS)[0] == pytest.approx(right[0]), "the next pair is seen from the same place"
        sheet.shot("11-pair-previous", VIEWER)
        assert sheet.problems == []
