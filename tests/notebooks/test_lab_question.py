"""The blind question of `12_rollouts` in a real JupyterLab, with a server of its own."""

from __future__ import annotations

import json

import pytest

from tests.notebooks.lab import lab  # noqa: F401 (a fixture)

pytestmark = pytest.mark.notebook


def test_a_blind_question_takes_answers(lab, tmp_path):  # noqa: F811
    with lab.open("12_rollouts.ipynb", root=str(tmp_path / "runs"), rater="Mira") as sheet:
        sheet.run_all(timeout=180)
        assert sheet.errors() == []
        for number, name in enumerate(("A is better", "no preference"), 1):
            sheet.page.get_by_role("button", name=name).click()
            sheet.page.get_by_text(f"{number} of 8 answered by Mira").first.wait_for(timeout=30_000)
        sheet.page.wait_for_timeout(1000)
        sheet.shot("12-question", ".widget-vbox:has(button:has-text('no preference')) >> nth=0")
        sheet.shot("12-rollouts", ".jp-RenderedPlotly >> nth=0")
        assert sheet.problems == []
    (file,) = (tmp_path / "runs").glob("*/preferences.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["answer"] for row in rows] == ["A", "none"]
    assert all(row["rater"] == "Mira" and row["seconds"] >= 0 for row in rows)
