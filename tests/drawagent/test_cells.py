"""Cells: a practice as a sweep gives it, and what the ablation grids of the project say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from drawagent.cells import PracticeCell, _planned_once
from drawagent.comparisons import Entries
from drawagent.controls import placebo
from drawagent.experience import Library
from drawagent.measurements import measurements
from drawagent.members import gather
from drawagent.planning import planned_calls
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from easel import sweep_plan
from easel.errors import ConfigurationError
from easel.grid import merged, read_grid
from easel.ledger import Ledger
from easel.parameters import Parameters
from easel.runs import RunStore
from easel.sweep import Sweep, run_cell
from easel.tables import tries_of
from tests.drawagent.table_runs import a_sweep

GRIDS = sorted(path for path in Path("notebooks/ablations").glob("*.yaml") if not path.name.startswith(("craft_", "paint_")))
NOTEBOOK = Path("notebooks/ablations/practice.ipynb")
STAND_IN = yaml.safe_load(Path("notebooks/ablations/with/stand-in.yaml").read_text())
SMALL = {"model": "stand-in", "scorer": "embedded:reward", "reporter": "embedded:report", "report": 1, "learn": 2,
         "queries": "data/queries/standard.yaml"}


def drained(folder: Path, **changes) -> tuple[PracticeCell, set[str]]:
    """The cell after its run, and the keys of all requests that the shared store holds."""
    cell = PracticeCell(**{**SMALL, **changes}, root=str(folder / "runs"), home=str(folder),
                        outcome=str(folder / "outcome.json"))
    studio = cell.open()
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    return cell, {stored.key for stored in studio.run.replies}


def test_the_notebook_and_the_class_declare_the_same():
    known = Parameters.read(NOTEBOOK).known
    fields = PracticeCell.model_fields
    assert set(known) == set(fields) - {"seen_from"}
    for name, parameter in known.items():
        if name not in ("queries", "root"):
            assert parameter.default == fields[name].get_default(call_default_factory=True), name


@pytest.mark.parametrize("path", GRIDS, ids=lambda path: path.stem)
def test_every_grid_runs_paper_rows_and_one_row_of_ours(path):
    grid = read_grid(path, changes=STAND_IN)
    presets = {cell.row: cell.parameters["preset"] for cell in grid.cells}
    assert [row for row, preset in presets.items() if preset == "ours" and "without" not in row] == [
        row for row in presets if row.startswith("ours") and "without" not in row]
    assert sum(row in ("ours", "ours to 5") for row in presets) == 1
    assert len(presets) >= 2
    assert grid.practices >= 3


def test_a_grid_without_a_model_stops_and_offers_the_choices():
    with pytest.raises(ConfigurationError, match=r"a model, got none named.*--with notebooks/ablations/with/stand-in"):
        read_grid(GRIDS[0])


def test_all_grids_are_one_sweep_and_share_their_paper_row():
    grids = [read_grid(path, changes=STAND_IN) for path in GRIDS]
    assert {grid.sweep for grid in grids} == {"drawings"}
    assert len(merged(grids)) < sum(len(grid.cells) for grid in grids)


@pytest.mark.parametrize(("changes", "words"), [
    ({"settings": {"candiates": 3}}, r"settings of the method \(candiates\)"),
    ({"candidates": 0}, r"settings of the method \(candidates\), got 0"),
    ({"settings": {"epochs": 3}}, "each setting once, got epochs"),
    ({"scorer": ""}, "a scorer that rewards and one that reports"),
    ({"queries": "none.yaml"}, "a file or folder that is there, got none.yaml .*parameter queries"),
    ({"library": "none.json"}, "parameter library"),
    ({"pairing": "drawagent.pairing:best"}, "'best' in module 'drawagent.pairing'"),
    ({"control": "drawagent.gate:not_worse"}, r"a callable that takes \(library, seed=\)"),
    ({"gate": "drawagent.gate:not_worse", "gate_queries": 0}, "gate queries, since the settings name a gate"),
    ({"budget": "dolars=3"}, "calls=N, tokens=N, dollars=X"),
])
def test_what_no_practice_could_run_with_is_refused(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        PracticeCell(**{**SMALL, **changes}).check()


def test_report_counts_queries_of_each_length_and_gate_none_is_no_gate():
    cell = PracticeCell(**{**SMALL, "report": 2, "preset": "ours", "gate": "none", "practice": 3})
    assert [query.length for query in cell.lists().report] == ["short", "short", "descriptive", "descriptive"]
    assert cell.draw_settings() == DrawSettings.ours(gate=None, practice=3)


def test_what_is_planned_is_what_is_asked(tmp_path):
    cell, asked = drained(tmp_path, candidates=3, epochs=2)
    planned = dict(cell.planned())
    known = {identity for identity in planned if len(identity) == 64}
    assert len(known) == 2 * 3 + 2  # the first epoch's candidates and the report with the empty library
    assert known <= asked
    repairs = [s for s in (stored.site.role for stored in cell.open().run.replies) if "+" in s]
    assert len(asked) <= len(planned) + len(repairs)


def test_smaller_k_is_nested_and_nothing_is_paid_twice(tmp_path):
    _, five = drained(tmp_path, candidates=3, epochs=1)
    paid = len(Ledger(tmp_path).tries())
    assert paid == len(five)
    _, both = drained(tmp_path, candidates=2, epochs=1)
    again = [one.site for one in Ledger(tmp_path).tries()[paid:]]
    # K = 2 draws nothing of its own in epoch 0; only other pairs, and what follows from them, are asked anew.
    assert not [site for site in again if site.startswith("artist")]
    assert not [site for site in again if site.startswith("report") and site.split("/")[2] == "0"]
    assert len(Ledger(tmp_path).tries()) == len(both)


def test_practices_share_their_first_report_and_nothing_that_is_learned(tmp_path):
    drained(tmp_path, candidates=2, epochs=1)
    before = len(Ledger(tmp_path).tries())
    cell, _ = drained(tmp_path, candidates=2, epochs=1, practice=1)
    again = [one.site for one in Ledger(tmp_path).tries()[before:]]
    assert len([site for site in again if site.startswith("artist")]) == 4
    assert not [site for site in again if site.startswith("report") and site.split("/")[2] == "0"]
    run = cell.open().run
    assert len(tries_of(run)) == len(again) + 2  # alone it would have paid for the shared report too


def test_a_placebo_shares_the_practice_and_reports_with_other_words(tmp_path):
    drained(tmp_path, candidates=2, epochs=1)
    before = len(Ledger(tmp_path).tries())
    cell, _ = drained(tmp_path, candidates=2, epochs=1, control="drawagent.controls:placebo")
    assert {one.site.split("/")[0] for one in Ledger(tmp_path).tries()[before:]} == {"report"}
    run = cell.open().run
    learned, made = run.keyed("libraries")["e1"]["lessons"], run.keyed("controls")["e1"]["lessons"]
    assert [len(x["text"].split()) for x in learned] == [len(x["text"].split()) for x in made]
    assert learned
    assert not {x["text"] for x in learned} & {x["text"] for x in made}


def test_a_placebo_has_as_many_lessons_of_as_many_words():
    library = Library.of_tips([" ".join(["word"] * n) for n in (3, 9, 18, 32, 32, 7, 12, 5, 9, 18)])
    made = placebo(library, seed="0")
    assert [len(lesson.text.split()) for lesson in made.lessons] == [3, 9, 18, 32, 32, 7, 12, 5, 9, 18]
    assert len({lesson.text for lesson in made.lessons}) == 10
    assert made == placebo(library, seed="0") != placebo(library, seed="1")
    assert [lesson.id for lesson in made.lessons] == [lesson.id for lesson in library.lessons]
    assert len(placebo(Library(), seed="0")) == 0


def test_the_plan_of_all_grids_counts_shared_calls_once():
    grids = [read_grid(path, changes=STAND_IN, practices=2) for path in GRIDS]
    plan = sweep_plan.plan(grids)
    alone = sum(len(list(PracticeCell(**cell.parameters, seen_from=str(NOTEBOOK.parent)).planned()))
                for cell in merged(grids).values())
    assert plan.alone == alone > plan.estimate.calls
    assert plan.cells == len(merged(grids))
    assert all(value is not None and value > 0 for value in plan.detects.values())
    # Rows of epochs 1 and 2, less the baseline "paper, epoch 2", and the epochs 0 that differ (paper's, ours, ...).
    assert {name: (one.tested, one.learned) for name, one in plan.designs.items()} == {
        "candidates": (9, True), "controls": (11, True), "epochs": (13, False), "gate": (9, True),
        "main_table": (4, False), "pairing": (11, True), "reference": (7, True)}
    one = sweep_plan.plan([read_grid(GRIDS[0], changes=STAND_IN, practices=1)])
    assert list(one.detects.values()) == [None]
    assert "one library: no claim about the method" in "\n".join(one.lines())


def test_a_practice_plans_the_very_calls_that_it_would_make():
    """Those of a later practice follow from the first one's: the work of planning is done once a row."""
    for changes in ({}, {"preset": "ours", "epochs": 1}):
        cell = PracticeCell(**{**SMALL, **changes}, practice=2)
        settings = cell.draw_settings()
        asked = list(planned_calls(cell.lists(), settings, StandIn(name="stand-in"), library=cell.first_library()))
        planned = list(cell.planned())
        assert [request.site for _, request in planned] == [request.site for request in asked]
        for (identity, request), other in zip(planned, asked, strict=True):
            if other.site.role != "judge":  # whose order of A and B is a practice's own
                assert request == other
            if other.site.epoch == 0 and other.site.role in ("artist", "gate-before", "report"):
                assert identity == other.key
    before = _planned_once.cache_info().misses
    for practice in range(3, 6):
        list(PracticeCell(**SMALL, practice=practice).planned())
    assert _planned_once.cache_info().misses == before


ROWS = {
    "paper": {}, "K=3": {"candidates": 3}, "best": {"inference_draws": 2, "epochs": 0},
    "placebo": {"control": "drawagent.controls:placebo"}, "tips": {"epochs": 0, "library": "data/libraries/tips.json"},
    "ours": {"preset": "ours", "inference_draws": 1}, "gated": {"gate": "drawagent.gate:not_worse"},
}


def test_first_entries_have_one_mark_where_their_report_asks_the_same():
    cells = {row: PracticeCell(**{**SMALL, "candidates": 2, "epochs": 1, "report_draws": 2, **changes})
             for row, changes in ROWS.items()}
    assert {cell.report_drawings for cell in cells.values()} == {2}
    assert PracticeCell(**SMALL).report_drawings == 1
    asked: dict[str, set] = {}
    for cell in cells.values():
        # An unreadable drawing is repaired in "ours" alone.
        mark = (cell.draw_settings().repairs, frozenset(
            request.key for _, request in cell.planned() if request.site.role == "report" and request.site.epoch == 0))
        asked.setdefault(cell.report_entries[0], set()).add(mark)
    assert sorted(map(len, asked.values())) == [1, 1, 1, 1]
    assert len({mark for marks in asked.values() for mark in marks}) == 4
    assert [len(cells[row].report_entries) for row in ROWS] == [2, 2, 1, 2, 1, 2, 2]
    again = PracticeCell(**{**SMALL, "candidates": 2, "epochs": 1, "report_draws": 2, "practice": 2})
    assert again.report_entries == cells["paper"].report_entries


@pytest.mark.acceptance
def test_a_cell_tells_the_entries_that_its_tables_have(tmp_path):
    own = {row: {"candidates": 2, "epochs": 1, "report_draws": 2, **changes}
           for row, changes in ROWS.items() if row not in ("ours", "gated")}
    told = {mark for changes in own.values() for mark in PracticeCell(**{**SMALL, **changes}).report_entries}
    runs = {}
    for row, changes in own.items():
        cell, _ = drained(tmp_path, **changes)
        runs[row] = [RunStore.read(Path(json.loads(Path(cell.outcome).read_text())["run"]))]
    frame = measurements(gather([a_sweep(tmp_path, runs)]))
    standing = Entries(frame).same
    assert len(standing) == len(told) == 6
    assert standing["paper, epoch 0"] == ("K=3, epoch 0", "placebo, epoch 0")
    assert set(frame[frame.role == "report"].draw) == {0, 1}


@pytest.mark.notebook
def test_a_cell_of_the_grid_runs_as_a_notebook_under_the_size_limit(tmp_path):
    changes = {**STAND_IN, "learn": 1, "report": 1, "epochs": 1}
    sweep = Sweep.plan_into(tmp_path, [read_grid(Path("notebooks/ablations/main_table.yaml"), changes=changes, practices=1)],
                            changes=changes)
    key = next(key for key in sweep.cell_keys() if key.startswith("paper"))
    assert run_cell(sweep, key).state == "finished"
    notebook = sweep.folder / "cells" / key / "notebook.ipynb"
    assert notebook.stat().st_size < 300_000
    assert "toy CLIP (report)" in notebook.read_text()
    assert json.loads((sweep.run_of(key) / "run.json").read_text())["home"] == "../.."
