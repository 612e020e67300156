"""Tables of made objects: means over prompts, paired differences, and what a stand-in may not say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from easel.errors import ConfigurationError
from easel.paper_block import NAMES, paper_block
from easel.runs import RunStore
from shapecraft.cell_run import open_cell, read_rows
from shapecraft.cli import app
from shapecraft.metrics import bootstrap_interval
from shapecraft.table_folder import PAPER_FILE, WORDS, write_folder
from shapecraft.tabling import DIFFERENCE, MARK, OVER_PROMPTS, CraftTables
from tests.shapecraft.celling import StandInWall, a_cell, a_cell_run, a_sweep, object_row

PROMPTS = ("stool", "mug", "bench", "bed")
GAINS = (0.1, 0.2, 0.3, 0.0)


def rows(shift=(0.0,) * 4, *, second=0.0, **more):
    return [object_row(name, iogt_box=0.4 + gain + second, hausdorff=0.3 - gain, **more)
            for name, gain in zip(PROMPTS, shift, strict=True)]


@pytest.fixture
def sweep(tmp_path) -> Path:
    """Two rows, two objects of every prompt; the second is 0.02 better in IoGT."""
    runs = tmp_path / "runs"
    cells = {row: [a_cell_run(runs, rows(shift, second=0.02 * practice), name=row, practice=practice)
                   for practice in range(2)] for row, shift in (("paper", (0.0,) * 4), ("ours", GAINS))}
    return a_sweep(tmp_path, cells, baseline="paper")


def of(frame, **where):
    for name, value in where.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_objects_of_one_prompt_are_averaged_before_an_interval_is_made(sweep):
    told = CraftTables.of(sweep)
    one = of(told.frames["means"], entry="ours", column="IoGT (boxes)")
    per_prompt = [0.41 + gain for gain in GAINS]
    due = bootstrap_interval(per_prompt)
    assert one["mean"] == pytest.approx(0.56)
    assert (one["low"], one["high"]) == (pytest.approx(due.low), pytest.approx(due.high))
    assert one["interval"] == OVER_PROMPTS
    assert one["n"] == 8
    wide = of(told.frames["objects made"], entry="ours")
    assert (wide["prompts"], wide["objects"], wide["IoGT (boxes)"]) == (4, 8, pytest.approx(0.56))
    assert wide["evidence"] == "live"


def test_a_difference_is_paired_by_prompt_with_the_t_interval_of_four(sweep):
    told = CraftTables.of(sweep)
    one = of(told.frames["differences"], figure="IoGT (boxes)")
    assert one["difference"] == pytest.approx(0.15)
    # sd of 0.1 0.2 0.3 0.0 is 0.129099, its standard error 0.0645497; t(3) at 97.5 % is 3.182446.
    assert one["low"] == pytest.approx(0.15 - 3.182446 * 0.0645497, abs=1e-5)
    assert (one["prompts"], one["objects"], one["unmeasured"]) == (4, 8, 0)
    angle = math.atan(0.15 / 0.0645497 / math.sqrt(3))  # p of a t with three degrees of freedom, in closed form
    assert one["p"] == pytest.approx(1 - 2 / math.pi * (angle + math.sin(angle) * math.cos(angle)), abs=1e-6)
    assert one["p_holm"] == one["p"]
    assert not one["significant"]
    same = of(told.frames["differences"], figure="IoU (boxes)")
    assert (same["difference"], same["p"]) == (0.0, 1.0)
    assert tuple(told.frames["differences"].columns) == DIFFERENCE
    assert told.claims()[0] == "12 figures, each for itself: p is adjusted for the entries, not for the figures"
    assert ("Hausdorff, ours against paper: -0.1500 [-0.3554, +0.0554] (95 %), p 0.103 after Holm, 4 prompts, "
            "8 objects: no difference was found") in told.claims()


def test_holm_counts_the_entries_of_a_figure(tmp_path):
    runs = tmp_path / "runs"
    cells = {row: [a_cell_run(runs, rows(shift), name=row)] for row, shift in (
        ("paper", (0.0,) * 4), ("ours", GAINS), ("best", (0.3, 0.31, 0.3, 0.29)))}
    found = CraftTables.of(a_sweep(tmp_path, cells, baseline="paper")).frames["differences"]
    best, ours = (of(found, figure="IoGT (boxes)", entry=name) for name in ("best", "ours"))
    assert best["p_holm"] == pytest.approx(2 * best["p"])
    assert ours["p_holm"] == ours["p"]
    assert best["significant"]


def test_failed_objects_stay_and_unmeasured_ones_are_told(tmp_path):
    bad = [object_row("stool", failed="nothing", iogt_box=0.0, first_pass=0.0), object_row("mug", iogt_exact=math.nan),
           object_row("bench"), object_row("bed")]
    runs = tmp_path / "runs"
    cells = {"paper": [a_cell_run(runs, rows(), name="paper")], "ours": [a_cell_run(runs, bad, name="ours")]}
    told = CraftTables.of(a_sweep(tmp_path, cells, baseline="paper"))
    found = told.frames["differences"]
    assert of(found, figure="IoGT (boxes)")["prompts"] == 4
    assert of(found, figure="IoGT (boxes)")["mean"] == pytest.approx(0.375)
    assert (of(found, figure="IoGT (exact)")["prompts"], of(found, figure="IoGT (exact)")["unmeasured"]) == (3, 1)
    assert of(found, figure="objects made, share")["difference"] == pytest.approx(-0.25)
    assert of(found, figure="compile rate, first pass")["difference"] == pytest.approx(-0.25)
    means = told.frames["means"]
    assert of(means, entry="ours", column="IoGT (boxes)")["failed"] == 1
    assert of(means, entry="ours", column="IoGT (boxes)")["mean_made"] == pytest.approx(0.5)
    every = told.frames["every object"]
    assert list(every["row"]) == ["paper"] * 4 + ["ours"] * 4
    assert of(every, row="ours", name="stool")["failed"] == "nothing"


def test_clip_stands_under_its_scorer_and_two_cards_are_refused(tmp_path):
    def cell(name, card, value):
        return a_cell_run(tmp_path / "runs", rows(clip=value, clip_column="CLIP-ST x100", clip_card=card), name=name)

    told = CraftTables.of(a_sweep(tmp_path, {"paper": [cell("paper", "a", 25.0)], "ours": [cell("ours", "a", 27.0)]},
                                  baseline="paper"))
    one = of(told.frames["differences"], figure="CLIP-ST x100")
    assert one["difference"] == 2.0
    assert one["claim"] and math.isnan(one["p"]), "all differences are equal: nothing tells how far they may be off"
    assert of(told.frames["objects made"], entry="ours")["CLIP-ST x100"] == 27.0
    with pytest.raises(ConfigurationError, match="one scorer for a column"):
        CraftTables.of(cell("x", "a", 25.0), cell("y", "b", 25.0))


def test_what_cannot_stand_side_by_side_is_refused(tmp_path, sweep):
    runs = tmp_path / "other"
    one, other = (a_cell_run(runs, rows(), name=grade, evidence=grade) for grade in ("live", "recorded"))
    with pytest.raises(ConfigurationError, match="one grade of evidence"):
        CraftTables.of(one, other)
    with pytest.raises(ConfigurationError, match="every cell once"):
        CraftTables.of(one, one)
    with pytest.raises(ConfigurationError, match="a grid of .*: g, got h"):
        CraftTables.of(sweep, grid="h")
    with pytest.raises(ConfigurationError, match="a baseline among the rows: paper, ours, got theirs"):
        CraftTables.of(sweep, baseline="theirs")
    with pytest.raises(ConfigurationError, match="a finished cell, got running"):
        CraftTables.of(a_cell_run(runs, rows(), name="half", status="running"))
    with pytest.raises(ConfigurationError, match="at least one finished cell"):
        CraftTables.of()
    mixed = {"paper": [a_cell_run(runs, rows(), name="p"), a_cell_run(runs, rows(), name="p", practice=1, paths=1)]}
    with pytest.raises(ConfigurationError, match="cells of the row 'paper' that differ in their practice alone"):
        CraftTables.of(a_sweep(tmp_path, mixed, baseline="paper", grid="mixed"), grid="mixed")


def test_cells_that_are_not_there_are_told(tmp_path):
    cells = {"paper": [a_cell_run(tmp_path / "runs", rows(), name="paper")], "ours": [None]}
    told = CraftTables.of(a_sweep(tmp_path, cells, baseline="paper"))
    assert told.remarks == ("not there yet, 1 of 2 cells: ours, practice 0 (failed)",)
    assert "differences" not in told.frames
    assert told.claims() == ["one entry: nothing to compare"]


def test_a_stand_in_has_the_pipeline_check_alone(tmp_path):
    cells = {}
    for row, changes in (("paper", {}), ("single shot", {"single_shot": True, "paths": None, "steps": None, "rounds": None})):
        with open_cell(a_cell(tmp_path, **changes), wall=StandInWall()) as made:
            list(made.make())
            made.finish()
        cells[row] = [made.run.folder]
    told = CraftTables.of(a_sweep(tmp_path, cells, baseline="paper"))
    assert list(told.frames) == ["pipeline check"]
    frame = told.frames["pipeline check"]
    assert list(frame["row"]) == ["paper", "single shot"]
    assert set(frame["mark"]) == {MARK} == {"STAND-IN, no result"}
    assert list(frame["objects"]) == [1, 1] == list(frame["made"]) == list(frame["measured"])
    assert frame["calls"][0] > frame["calls"][1] >= 1
    assert not {"iogt_box", "IoGT (boxes)", "clip", "Hausdorff"} & set(frame.columns)
    assert told.claims() == ["a stand-in made these objects (STAND-IN, no result): no claim about anything but the pipeline"]
    with pytest.raises(ConfigurationError, match="cells of a stand-in: STAND-IN, no result"):
        told.differences()
    written = write_folder(told, tmp_path / "out")
    assert set(written) == {"pipeline-check.csv", "pipeline-check.parquet", "pipeline-check.tex", "columns.csv", "claims.txt"}
    assert MARK in written["pipeline-check.csv"].read_text()


def test_the_same_cells_give_the_same_files_with_the_paper_apart(sweep, tmp_path):
    first, again = (write_folder(CraftTables.of(sweep), tmp_path / name) for name in ("a", "b"))
    assert {name: path.read_bytes() for name, path in first.items()} == {
        name: path.read_bytes() for name, path in again.items()}
    assert {"objects-made.csv", "means.csv", "differences.tex", "every-object.parquet", "claims.txt",
            "paper/the-paper-s-numbers.csv"} <= set(first)
    assert "ShapeCraft" not in first["differences.csv"].read_text()


def test_the_command_prints_what_may_be_said(sweep, tmp_path):
    done = CliRunner().invoke(app, ["tables", str(sweep), "--grid", "g", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "Does it help?" in done.output and "objects made, live" in done.output
    assert "IoGT (boxes), ours against paper: +0.1500" in done.output
    assert str(tmp_path / "out" / "differences.csv") in done.output


def test_the_papers_figures_stand_as_it_reports_them():
    block = paper_block(PAPER_FILE)
    assert tuple(block.columns) == NAMES
    assert not (set(NAMES) - {"note"}) & ({*DIFFERENCE} | {*WORDS} - {"note"}), "nothing joins the two by accident"
    cells = block[block["paper table"] == "paths and steps"].pivot(
        index="paper method", columns="paper score", values="paper value")
    assert cells.loc["M = 3, T = 5"].to_dict() == {"Hausdorff": 0.36, "IoGT": 0.431, "CLIP": 26.39, "minutes": 18.04}
    main = block[block["paper table"] == "main table"].pivot(
        index="paper method", columns="paper score", values="paper value")
    assert main.loc["ShapeCraft"].to_dict() == {
        "IoGT": 0.471, "Hausdorff": 0.415, "CLIP": 27.27, "VQA pass": 0.44, "minutes": 11.68, "calls": 21}
    assert main["calls"].isna().sum() == 3
    single = block[block["paper score"] == "compile rate, percent"]
    assert list(single["paper value"]) == [60, 80, 80, 60, 100]
    assert len(yaml.safe_load(PAPER_FILE.read_text())["tables"]) == 3


def test_a_row_is_read_as_it_was_measured(tmp_path):
    given = object_row("stool", iogt_exact=math.nan, dollars=math.nan)
    (read,) = read_rows(RunStore.read(a_cell_run(tmp_path, [given])))
    assert {name: value for name, value in vars(read).items() if value == value} == {
        name: value for name, value in vars(given).items() if value == value}
    assert math.isnan(read.iogt_exact) and math.isnan(read.dollars)
