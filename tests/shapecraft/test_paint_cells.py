"""Cells of painted objects, their grid and their tables: what is refused, resumed, averaged and said."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from easel.embedded_clip import Words
from easel.errors import ConfigurationError
from easel.grid import read_grid
from easel.runs import RunStore
from shapecraft.cli import app
from shapecraft.flat_painting import flat_painting
from shapecraft.paint_cell_run import PAINTED, open_paint_cell, read_painted
from shapecraft.paint_cells import PaintCell
from shapecraft.paint_events import CheckpointWritten
from shapecraft.paint_guidance import grade_of, open_guidance
from shapecraft.paint_tabling import DIFFERENCES, MEANS, PARTS, PaintTables, is_painted, write_paint_folder
from shapecraft.painted_looks import Look, look_at
from tests.shapecraft.celling import StandInWall, a_sweep
from tests.shapecraft.toy_painting import ToyGuidance, stool

GRID = Path("notebooks/ablations/paint_components.yaml")
OVERLAY = Path("notebooks/ablations/with/paint-embedded.yaml")
QUICK = ["steps=6", "checkpoint_every=2", "views.whole=2", "views.close=1", "environments=[overcast]", "samples=1",
         "field.levels=3", "field.entries_log2=9", "field.coarsest=4", "field.finest=16", "field.hidden=16", "rate=0.1"]


class Toy(ToyGuidance):
    vocabulary = Words("toy", "toy words", ("red",))


def a_cell(root: Path, **changes) -> PaintCell:
    return PaintCell(**{"guidance": "toy", "objects": ["stool"], "preset": "small", "settings": QUICK, **changes},
                     root=str(root / "runs"), home=str(root), outcome=str(root / "outcome.json"))


def opened(cell, guidance=None):
    return open_paint_cell(cell, wall=StandInWall("stool"), guidance=guidance or Toy())


def refusal(**changes) -> str:
    with pytest.raises(ConfigurationError) as raised:
        PaintCell(**{"guidance": "toy", "objects": ["stool"], **changes}).check()
    return str(raised.value)


def test_what_no_cell_could_run_with_is_refused():
    assert refusal(guidance="") == (
        "expected a diffusion model, got none named (at parameter guidance). Name one (--set "
        "guidance=REPOSITORY_OR_FOLDER), or lay the embedded painter over the grid: --with "
        "notebooks/ablations/with/paint-embedded.yaml.")
    assert "expected painting cases: stool, bench" in refusal(objects=["sofa"])
    assert "expected each object once, got stool, stool (at parameter objects)" in refusal(objects=["stool", "stool"])
    assert "a setting of a painting, got 'stepps'" in refusal(settings=["stepps=3"])
    assert "the setting 'terms' once" in refusal(settings=["terms=both"])


def test_guidance_is_opened_by_name_and_graded(tmp_path):
    with pytest.raises(ConfigurationError, match=r"a diffusion model, got none named \(at guidance\)"):
        open_guidance("")
    assert (grade_of(Toy()), grade_of(ToyGuidance())) == ("toy", "model")


def test_the_overlay_names_the_model_that_it_paints_with():
    pytest.importorskip("diffusers")
    identity = open_guidance("embedded").source.partition(",")[0]
    assert identity.startswith("painter sha256:") and f": {identity}." in OVERLAY.read_text()


def test_the_grid_reads_with_its_overlay_and_its_rows_differ_in_terms_and_preset_alone():
    import yaml

    grid = read_grid(GRID, changes=yaml.safe_load(OVERLAY.read_text()))
    assert len(grid.cells) == 18 and grid.baseline == "paper, global only"
    told = {}
    for cell in grid.cells:
        told.setdefault(cell.row, PaintCell(**cell.parameters).paint_settings())
    assert [(one.terms, one.over, one.policy) for one in told.values()] == [
        (terms, over, policy) for over, policy in (("uv", "sum"), ("surface", "one"))
        for terms in ("global", "components", "both")]
    assert {(one.steps, one.whole.guidance_scale, one.field.levels) for one in told.values()} == {(120, 8.0, 5)}
    assert {cell.practice: PaintCell(**cell.parameters).paint_settings().seed for cell in grid.cells} == {
        0: 0, 1: 1, 2: 2}


def test_a_cell_paints_measures_and_says_what_painted(tmp_path):
    cell = a_cell(tmp_path)
    with opened(cell) as made:
        with pytest.raises(ConfigurationError, match="every object, painted and measured, got not stool"):
            made.finish()
        names = {name for name, _ in made.make()}
        made.finish()
    assert names == {"stool"}
    row, = made.rows
    assert [part["name"] for part in row["parts"]] == ["legs", "seat"]
    assert [part["prompt"] for part in row["parts"]] == ["blue wood legs", "red leather seat"]
    assert row["timed"] == row["steps"] == 6 and row["seconds"] >= row["guidance_seconds"] > 0
    assert made.caption() == "1 object, painted by a toy"
    assert (made.run.folder / "pictures" / "stool.png").read_bytes()[:4] == b"\x89PNG"
    assert made.run.info["configuration"]["guidance"] == Toy().source
    assert is_painted(made.run.folder)


def test_a_stopped_cell_goes_on_and_measures_the_same(tmp_path):
    with opened(a_cell(tmp_path / "whole")) as whole:
        assert list(whole.make())
    with opened(a_cell(tmp_path / "parts")) as made:
        for _, event in made.make():
            if isinstance(event, CheckpointWritten):
                break
    guidance = Toy()
    with opened(a_cell(tmp_path / "parts"), guidance) as again:
        assert list(again.make())
        assert list(again.make()) == [], "what is measured is not painted again"
    first, second = ({key: value for key, value in rows[0].items() if key not in ("seconds", "guidance_seconds",
                                                                                 "timed")}
                     for rows in (whole.rows, again.rows))
    assert first == second
    assert again.rows[0]["timed"] == 4, "the clock of a resumed painting is not the whole time"


def test_a_model_that_does_not_know_the_words_opens_no_run(tmp_path):
    with pytest.raises(ConfigurationError, match="a word of red, green"):
        opened(a_cell(tmp_path, objects=["bucket"]))
    assert not (tmp_path / "runs").exists()


def a_run(root: Path, name: str, objects: dict[str, list[tuple[bool, float]]], *, practice: int = 0, grade: str = "toy",
          guidance: str = "g", status: str = "finished", seconds: float = 3.0) -> Path:
    """objects : name -> (right, margin) of its parts"""
    configured = {"paintings": {key: {} for key in objects}, "guidance": guidance, "grade": grade, "preset": "ours",
                  "terms": "both", "settings": {"steps": 5}, "practice": practice}
    mark = hashlib.sha256(f"{name}{practice}{guidance}".encode()).hexdigest()
    run = RunStore.open(root, name, fingerprint=mark, evidence="live", configuration=configured, date="2000-01-01")
    with run:
        for number, (object_, parts) in enumerate(objects.items()):
            rows = [{"name": f"p{place}", "prompt": "red", "right": right, "nearest": "red", "own": 10.0,
                     "other": 10.0 + margin, "albedo": [0.5] * 3, "roughness": 0.5, "metalness": 0.25, "points": 9}
                    for place, (right, margin) in enumerate(parts)]
            run.append(PAINTED, object_, {"object": object_, "prompt": "a", "parts": rows, "unseen": 0, "steps": 5,
                                          "light": {"studio": 0.1, "window": -0.3}})
            run.note(took={**run.info.get("took", {}), object_: {
                "seconds": seconds, "guidance_seconds": 1.0, "steps": 5 if not number else 4}})
        run.status(status)
    return run.folder


@pytest.fixture
def sweep(tmp_path) -> Path:
    """Two rows, three objects, two seeds; the second row is better by 0.5 in share on two objects."""
    runs = tmp_path / "runs"
    base = {name: [(True, 5.0), (False, -5.0)] for name in ("stool", "mug", "bench")}
    better = base | {name: [(True, 25.0), (True, 5.0)] for name in ("stool", "mug")}
    cells = {row: [a_run(runs, f"{row}{seed}", objects, practice=seed) for seed in range(2)]
             for row, objects in (("global", base), ("both", better))}
    return a_sweep(tmp_path, cells, baseline="global")


def test_tables_average_over_seeds_and_compare_object_by_object(sweep):
    told = PaintTables.of(sweep)
    assert list(told.frames) == [MEANS, DIFFERENCES, PARTS]
    means = told.means().set_index("entry")
    assert list(means["paintings"]) == [6, 6] and list(means["parts"]) == [12, 12]
    share = told.heading("share")
    assert share == "parts nearest their own colour, share (toy)"
    assert list(means[share]) == [0.5, pytest.approx(5 / 6)]
    assert list(means[told.heading("light")]) == [0.3, 0.3]
    assert list(means["seconds an object"]) == [3.0, 3.0], "only paintings that the clock saw whole"
    first = told.differences().iloc[0]
    assert (first["figure"], first["objects"], first["difference"]) == (share, 3, pytest.approx(1 / 3))
    assert len(told.parts()) == 24
    assert told.claims()[0] == ("a toy of a closed vocabulary painted these objects: figures of the mechanics, "
                                "comparable with no paper's")


def test_one_object_gives_no_claim(tmp_path):
    runs = tmp_path / "runs"
    cells = {row: [a_run(runs, row, {"stool": [(row == "both", 1.0)]})] for row in ("global", "both")}
    told = PaintTables.of(a_sweep(tmp_path, cells, baseline="global"))
    assert told.claims()[1].startswith("parts nearest their own colour, share (toy), both against global: +1.000, "
                                       "1 object: one object")


def test_what_cannot_stand_in_one_table_is_refused(tmp_path, sweep):
    runs = tmp_path / "more"
    one = a_run(runs, "one", {"stool": [(True, 1.0)]})
    other = a_run(runs, "other", {"stool": [(True, 1.0)]}, guidance="h")
    with pytest.raises(ConfigurationError, match="one guidance, got g; h"):
        PaintTables.of(one, other)
    unfinished = a_run(runs, "three", {"stool": [(True, 1.0)]}, status="interrupted")
    with pytest.raises(ConfigurationError, match="a finished cell, got interrupted"):
        PaintTables.of(unfinished)
    with pytest.raises(ConfigurationError, match="a baseline among the rows: global, both, got none"):
        PaintTables.of(sweep, baseline="none")
    with pytest.raises(ConfigurationError, match="at least one finished cell, got none"):
        PaintTables.of()
    assert PaintTables.of(one).claims()[1] == "one entry: nothing to compare"


def test_the_command_prints_and_writes_them(sweep, tmp_path):
    done = CliRunner().invoke(app, ["tables", str(sweep), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "paintings, painted by a toy: g\n" in done.output
    assert "parts nearest their own colour, share (toy)" in done.output
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"paintings.csv", "differences.csv", "every-part.csv", "claims.txt", "columns.csv"} <= written
    again = write_paint_folder(PaintTables.of(sweep), tmp_path / "again")
    assert all((tmp_path / "out" / name).read_bytes() == path.read_bytes() for name, path in again.items())


def test_rows_without_a_clock_are_read(tmp_path):
    run = RunStore.read(a_run(tmp_path, "one", {"stool": [(True, 1.0)]}))
    row, = read_painted(run)
    assert (row["seconds"], row["guidance_seconds"], row["timed"]) == (3.0, 1.0, 5)


def test_looks_show_what_they_are_asked_for():
    mesh = stool()
    flat = flat_painting(mesh, ("red paint seat", "polished brass leg", "green core"))
    ground = look_at(mesh, flat, size=24)[0, 0]
    metal = look_at(mesh, flat, Look("metalness"), size=48)
    assert (metal == 1.0).any() and (metal == 0.0).any()
    alone = look_at(mesh, flat, Look("metalness", part="leg"), size=48)
    shown = np.abs(alone - ground).max(axis=2) > 0.01
    assert shown.any() and alone[shown].min() >= 0.94, "brass alone is there"
    albedo = look_at(mesh, flat, Look("albedo", part="seat"), size=24)[12, 12]
    assert albedo[0] > albedo[1] + 0.2
    turned = [look_at(mesh, flat, Look(lamps_deg=angle), size=24) for angle in (0.0, 90.0, 360.0)]
    assert np.abs(turned[0] - turned[1]).max() > 0.02
    np.testing.assert_allclose(turned[0], turned[2], atol=1e-4)


@pytest.mark.parametrize(("change", "told"), [
    ({"channel": "depth"}, "shaded or albedo or roughness or metalness, got 'depth' (at Look.channel)"),
    ({"light": "moon"}, "studio or overcast or window, got 'moon' (at Look.light)"),
    ({"up_deg": 90.0}, "-85 to 85 degrees, got 90 (at Look.up_deg)"),
])
def test_looks_that_are_none_are_refused(change, told):
    with pytest.raises(ConfigurationError) as raised:
        Look(**change)
    assert told in str(raised.value)


def test_a_look_at_a_part_that_is_not_there():
    with pytest.raises(ConfigurationError, match=r"a part: seat, leg, core, got arm \(at Look.part\)"):
        look_at(stool(), flat_painting(stool(), ("", "", "")), Look(part="arm"), size=16)
