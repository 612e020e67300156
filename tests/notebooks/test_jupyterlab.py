"""Live widgets in a real JupyterLab: seen, clicked and photographed (tests/artefacts); no console errors."""

from __future__ import annotations

import pytest

from easel.runs import RunStore
from tests.notebooks.lab import Sheet, lab  # noqa: F401 (a fixture)

pytestmark = pytest.mark.notebook
STEPPER, LATER = ".practice-stepper >> nth=0", ".practice-stepper >> nth=1"
WAIT = 60_000
LEAST_INK = 0.02
"""Share of dark pixels in the scene of a drawing; a blank scene has none."""


def click(sheet: Sheet, words: str) -> None:
    sheet.page.locator(STEPPER).locator("button", has_text=words).click(timeout=WAIT)


def wait_for(sheet: Sheet, words: str, place: str = STEPPER) -> None:
    sheet.page.locator(place).get_by_text(words).first.wait_for(timeout=WAIT)


def test_an_epoch_is_stepped_a_lesson_vetoed_and_the_loop_paused_and_stopped(lab, tmp_path):  # noqa: F811
    with lab.open("10_draw_epochs.ipynb", root=str(tmp_path / "runs")) as sheet:
        sheet.run_all()
        assert sheet.errors() == []
        assert "a Jupyter server started this kernel" in sheet.page.inner_text(".jp-Notebook")
        wait_for(sheet, "ready")

        click(sheet, "Step event")
        wait_for(sheet, "paused; epoch 0 of 2, epoch begun; 1 event")
        click(sheet, "Step event")
        wait_for(sheet, "paused; epoch 0 of 2, candidates drawn and scored; 2 events")
        wait_for(sheet, "a bicycle, epoch 0")
        scenes = f"{STEPPER} >> .gl-container canvas"
        ink = sheet.ink(scenes)
        assert len(ink) == 5 and min(ink) > LEAST_INK
        sheet.shot("10-candidates", STEPPER)
        before = sheet.page.locator(scenes).first.screenshot()
        box = sheet.page.locator(scenes).first.bounding_box()
        sheet.page.mouse.move(box["x"] + 60, box["y"] + 60)
        sheet.page.mouse.down()
        sheet.page.mouse.move(box["x"] + 120, box["y"] + 80, steps=4)
        sheet.page.mouse.up()
        assert sheet.page.locator(scenes).first.screenshot() != before, "a drawing can be turned"

        click(sheet, "Step epoch")
        wait_for(sheet, "waiting for a decision; epoch 0 of 2, pair judged")
        wait_for(sheet, "A new lesson is proposed (topic: space).")
        sheet.shot("10-question", STEPPER)
        click(sheet, "Veto")
        words = sheet.page.locator(STEPPER).locator("textarea")
        sheet.page.wait_for_function(
            "() => document.querySelector('.practice-stepper textarea')?.value.startsWith('End every contour')")
        words.fill(" ")
        click(sheet, "Enter my words")
        wait_for(sheet, "Not done: expected words that a lesson can have, got a lesson needs words (at review).")
        words.fill("Let every <b>ring</b> close.")
        click(sheet, "Enter my words")
        sheet.page.wait_for_function(
            "() => document.querySelector('.practice-stepper textarea')?.value.startsWith('For a thick flat body')")

        click(sheet, "Pause")
        sheet.page.locator(STEPPER).get_by_label("ask me about every edit").uncheck()
        click(sheet, "Accept")
        wait_for(sheet, "paused; epoch 0 of 2, library edited")
        wait_for(sheet, "not taken: vetoed in review")
        wait_for(sheet, "+ [L1] Let every <b>ring</b> close.")
        sheet.shot("10-paused", STEPPER)
        click(sheet, "Step epoch")
        wait_for(sheet, "paused; epoch 0 of 2, epoch ended")
        click(sheet, "Stop")
        wait_for(sheet, "stopped; epoch 0 of 2, epoch ended; 12 events; everything so far is kept")
        assert sheet.page.locator(STEPPER).locator(".jupyter-button:enabled").filter(visible=True).count() == 0

        run = RunStore.read(next((tmp_path / "runs").glob("by-hand/first/*_tour_*")))
        assert run.info["status"] == "interrupted"
        said = [row["edit"] and row["edit"]["text"] for row in run.rows("reviews")]
        assert said[:2] == [None, "Let every <b>ring</b> close."] and said[2].startswith("For a thick flat body")
        assert [one["author"] for one in run.rows("edits")[0]["outcomes"]] == ["human", "human", *["model"] * 6]

        look_at_the_finished_run(sheet)
        assert sheet.errors() == []
        assert sheet.problems == []


def look_at_the_finished_run(sheet: Sheet) -> None:
    """The second stepper of the notebook: a finished run, its learning curve, another place; nothing to press."""
    wait_for(sheet, "finished, opened to look at", LATER)
    assert sheet.page.locator(LATER).locator("button", has_text="Run").count() == 0
    wait_for(sheet, "report queries (grey), their mean", LATER)
    sheet.page.locator(LATER).locator("select").first.select_option(label="epoch 1: a castle")
    wait_for(sheet, "a castle, epoch 1", LATER)
    assert min(sheet.ink(f"{LATER} >> .gl-container canvas")) > LEAST_INK
    sheet.shot("10-later", LATER)
