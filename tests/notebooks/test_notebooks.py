"""Notebooks run headless through papermill, offline, stay small, and are committed without outputs."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
PARAMETERS = {
    "practice": {"model": "stand-in", "scorer": "embedded:reward", "reporter": "embedded:report", "learn": 1,
                 "report": 1, "epochs": 1, "candidates": 2},
    "craft": {"model": "stand-in", "objects": ["stool"], "paths": 1, "steps": 1, "rounds": 0},
    "paint": {"guidance": "embedded", "objects": ["stool"], "preset": "small", "settings": ["steps=3"]},
    "21_paint_shape": {"steps": 3, "size": 128},
}
"""Beside `root`: what a notebook must be told that has no default of its own, or that would take long."""
LIVE = "application/vnd.jupyter.widget-view+json"
SEEN = {"application/vnd.plotly.v1+json", "text/html", "text/markdown", "image/png", "image/svg+xml"}


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_headless_and_stays_small(path, tmp_path):
    import papermill

    out = tmp_path / path.name
    papermill.execute_notebook(
        path, out, parameters={"root": str(tmp_path / "runs"), **PARAMETERS.get(path.stem, {})}, cwd=str(path.parent),
        progress_bar=False, log_output=False, start_timeout=120, execution_timeout=240,
    )
    assert out.stat().st_size < 300_000
    executed = nbformat.read(out, 4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    shown = {kind for output in outputs for kind in output.get("data", {})}
    assert shown & SEEN or path.stem in PARAMETERS, "something is seen"
    assert LIVE not in shown, "no widget where nobody can click"
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
    assert list((tmp_path / "runs").rglob("run.json")), "it keeps its runs where it is told to"
    if path.stem == "10_draw_epochs":
        assert any("Static view: pictures and words, no buttons, because no Jupyter server started this kernel"
                   in output.get("data", {}).get("text/html", "") for output in outputs)
    if path.stem == "00_tour":
        assert list((tmp_path / "runs").glob("*/views/contact-sheet.png"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_clean_with_one_parameters_cell(path):
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert "widgets" not in notebook.metadata
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells) == 1
    assert notebook.cells[0].source.startswith("# ")
    assert "Time and cost" in notebook.cells[0].source
    assert "Question" in notebook.cells[0].source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_function_longer_than_five_lines(path):
    functions = [
        (node.name, node.end_lineno - node.lineno + 1)
        for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"
        for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [(name, lines) for name, lines in functions if lines > 5] == []
