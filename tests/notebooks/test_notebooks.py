"""Notebooks run headless through papermill from the recording, stay small, and are committed without outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))


@pytest.mark.notebook
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_headless_and_stays_small(path, tmp_path):
    import papermill

    out = tmp_path / path.name
    papermill.execute_notebook(
        path, out, parameters={"root": str(tmp_path / "runs")}, cwd=str(ROOT), progress_bar=False, log_output=False,
        start_timeout=120, execution_timeout=240,
    )
    assert out.stat().st_size < 300_000
    executed = nbformat.read(out, 4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    assert any("application/vnd.plotly.v1+json" in output.get("data", {}) for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert list((tmp_path / "runs").glob("*/views/contact-sheet.png"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_clean_with_one_parameters_cell(path):
    notebook = nbformat.read(path, 4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells) == 1
    assert notebook.cells[0].source.startswith("# ")
    assert "Time and cost" in notebook.cells[0].source
    assert "Question" in notebook.cells[0].source
