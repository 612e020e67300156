"""Cells of made objects: what the grids say, what is refused, what cells share, and how they go on."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from easel import sweep_plan
from easel.errors import ConfigurationError
from easel.grid import merged, read_grid
from easel.ledger import Ledger
from easel.parameters import Parameters
from easel.runs import RunStore
from shapecraft.cell_run import OBJECTS, open_cell
from shapecraft.cells import APART, CraftCell
from shapecraft.planning import planned_calls
from shapecraft.settings import CraftSettings
from tests.fakes import TinyScorer
from tests.shapecraft.celling import SMALL, StandInWall, a_cell

GRIDS = sorted(Path("notebooks/ablations").glob("craft_*.yaml"))
NOTEBOOK = Path("notebooks/ablations/craft.ipynb")
STAND_IN = yaml.safe_load(Path("notebooks/ablations/with/craft-stand-in.yaml").read_text())


def drained(folder: Path, *, wall=None, **changes) -> tuple[RunStore, StandInWall]:
    """The cell's run and its wall after it is done, in the sweep's folder."""
    wall = wall or StandInWall()
    with open_cell(a_cell(folder, **changes), wall=wall) as made:
        list(made.make())
        made.finish()
    return made.run, wall


def test_the_notebook_and_the_class_declare_the_same():
    known = Parameters.read(NOTEBOOK).known
    fields = CraftCell.model_fields
    assert set(known) == set(fields) - {"seen_from"}
    for name, parameter in known.items():
        if name != "root":
            assert parameter.default == fields[name].get_default(call_default_factory=True), name


def test_the_grids_are_one_sweep_of_paper_rows_with_one_row_of_ours():
    grids = {path.stem: read_grid(path, changes=STAND_IN) for path in GRIDS}
    assert list(grids) == ["craft_bootstrapping", "craft_main_table", "craft_paths_steps", "craft_single_shot"]
    for grid in grids.values():
        assert grid.sweep == "shapes"
        assert grid.baseline in grid.rows
        assert [cell.row for cell in grid.cells if cell.parameters["preset"] == "ours"] == ["ours"]
    assert len(merged(list(grids.values()))) == 10 < sum(len(grid.cells) for grid in grids.values())


def settings_of(path: str) -> dict[str, CraftSettings]:
    grid = read_grid(Path("notebooks/ablations") / path, changes=STAND_IN)
    return {cell.row: CraftCell(**cell.parameters).craft_settings() for cell in grid.cells}


def test_the_rows_are_the_papers():
    found = settings_of("craft_paths_steps.yaml")
    assert [(one.paths, one.steps) for row, one in found.items() if row != "ours"] == [
        (1, 1), (3, 1), (1, 3), (3, 3), (3, 5)]
    found = settings_of("craft_bootstrapping.yaml")
    assert [one.rounds for row, one in found.items() if row != "ours"] == [0, 1, 2]
    found = settings_of("craft_single_shot.yaml")
    assert [(one.single_shot, one.error_repairs) for one in found.values()] == [
        (True, 0), (True, 2), (False, 2), (False, 2)]
    assert found["paper"] == settings_of("craft_main_table.yaml")["paper"] == CraftSettings.paper()


def test_a_grid_without_a_model_stops_and_offers_the_choices():
    with pytest.raises(ConfigurationError, match=r"a model, got none named.*--with notebooks/ablations/with/craft-st"):
        read_grid(GRIDS[0])


@pytest.mark.parametrize(("changes", "words"), [
    ({"pathes": 2}, "a parameter of craft.ipynb, got 'pathes'.*Did you mean paths"),
    ({"paths": "3"}, r"paths as int \| None, got '3'"),
    ({"objects": "stool"}, r"objects as list\[str\], got 'stool'"),
    ({"captions": "medium"}, "captions as the cell takes it, got 'medium'"),
    ({"practice": 1}, "no parameter that the sweep gives, got practice"),
])
def test_mistyped_and_unknown_parameters_are_refused_before_anything_runs(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        read_grid(GRIDS[0], changes={**STAND_IN, **changes})


@pytest.mark.parametrize(("changes", "words"), [
    ({"objects": ["stool", "dragon"]}, "objects of the catalogue, each once, got dragon"),
    ({"objects": ["stool", "stool"]}, "each once, got stool, stool"),
    ({"settings": {"treshold": 3}}, r"settings of the method \(treshold\)"),
    ({"paths": 0}, r"settings of the method \(paths\), got 0"),
    ({"settings": {"paths": 3}}, "each setting once, got paths"),
    ({"settings": {"seed": None}, "practice": 1}, "a seed, which tells objects of one prompt apart, got none"),
    ({"single_shot": True}, "a single shot alone, got also paths, rounds, steps"),
    ({"policy": "shapecraft.paths:deepest"}, "'deepest' in module 'shapecraft.paths'"),
    ({"judge": "openai/gpt-4o"}, "two stand-ins, or two models, got stand-in and openai/gpt-4o .*parameter judge"),
    ({"judge": "stand-in"}, "another judge than the Evaluator.*'stand-in' for both"),
    ({"vision_model": "openai/gpt-4o"}, "two stand-ins, or two models.*parameter vision_model"),
    ({"questions": "none.yaml", "judge": "stand-in:bad=0"}, "a file or folder that is there, got none.yaml"),
    ({"budget": "dolars=3"}, "calls=N, tokens=N, dollars=X"),
])
def test_what_no_cell_could_run_with_is_refused(changes, words):
    with pytest.raises(ConfigurationError, match=words):
        CraftCell(**{**SMALL, **changes}).check()


def test_practices_have_seeds_of_their_own_and_captions_two_lengths():
    cell = CraftCell(**{**SMALL, "practice": 2})
    assert cell.craft_settings().seed == 2 * APART
    assert CraftCell(**{**SMALL, "settings": {"seed": 7}, "practice": 1}).craft_settings().seed == APART + 7
    (entry,) = cell.entries()
    assert cell.prompt(entry) == entry.long
    assert CraftCell(**{**SMALL, "captions": "short"}).prompt(entry) == "a stool"
    assert len(CraftCell(model="m").entries()) == 28
    keys = [{key for key, request in one.planned() if request.site.role == "parser"}
            for one in (cell, CraftCell(**SMALL))]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize("settings", [
    CraftSettings.paper(), CraftSettings.paper(paths=1, steps=1, rounds=0), CraftSettings.ours(),
    CraftSettings.paper(single_shot=True),
], ids=["paper", "least", "ours", "single shot"])
def test_a_plan_has_the_calls_of_an_object_without_accidents(settings, tmp_path):
    """What is planned is what a modeller asks for that always runs and never satisfies; the first call to the letter."""
    from shapecraft.exploring import Craft, explore
    from shapecraft.standin import StandIn
    from tests.fakes import Scripted

    steady = StandIn(bad=0.0, broken=0.0)
    asked = []

    def reply(request):
        asked.append(request)
        return '{"score": 1, "feedback": "Wider."}' if request.site.role.startswith("evaluator") \
            else steady.reply(request).text

    (entry,) = CraftCell(**SMALL).entries()
    list(explore(Craft(Scripted(reply), StandInWall(), entry.long, settings.model_copy(update={"checklist": False}),
                       name="stool")))
    planned = list(planned_calls(entry.long, entry, settings, model=asked[0].model))
    assert Counter(one.site for one in planned) == Counter(one.site for one in asked)
    assert planned[0].key == asked[0].key


def test_the_plan_of_all_grids_counts_nested_calls_once():
    plan = sweep_plan.plan([read_grid(path, changes=STAND_IN) for path in GRIDS])
    assert plan.cells == 10
    # M = 1 lies in M = 3, T = 1 in 3 in 5; the parse is one for all rows, also for ours, which solves its relations then.
    five = sweep_plan.plan([read_grid(GRIDS[2], changes={**STAND_IN, "objects": ["stool"]})])
    ours = 1 + 4 + 2 * (3 + 2 + 3) + 1 + 1
    largest = 1 + 4 + 2 * 3 * 5 * 2
    own_looks = 5 * (1 + 1)  # every row has an object, a look and a judge of its own
    assert five.estimate.calls == largest + own_looks + ours - 1
    assert five.alone == sum(1 + 4 + 2 * m * t * 2 + 2 for m, t in ((1, 1), (3, 1), (1, 3), (3, 3), (3, 5))) + ours
    words = "\n".join(plan.lines())
    assert "2 prompts x 1 object made of each against N=0, paired by prompt" in words
    assert "raw cosine" not in words and "standard deviations" not in words
    assert all(value is None for value in plan.detects.values())


def test_a_cell_keeps_a_row_an_object_with_figures_and_what_it_took(tmp_path):
    run, wall = drained(tmp_path, objects=["stool", "mug"])
    assert run.info["status"] == "finished"
    assert list(run.keyed(OBJECTS)) == ["stool", "mug"]
    for name, row in run.keyed(OBJECTS).items():
        assert row["failed"] == "" and row["reference"] == f"catalogue: {name}"
        assert row["iogt_box"] == pytest.approx(1.0, abs=1e-6)  # this wall makes the true boxes of every program
        assert "tokens" not in row and row["clip"] is None
        assert dict(row["cannot"])["clip"] == "no scorer"
        assert (run.folder.parent / row["run"] / "object.glb").is_file()
        took = run.info["took"][name]
        assert took["tries"] > 5 and took["tokens"] > 1000
    assert wall.closed == 1
    assert run.info["home"] == "../.."


def test_an_opened_cell_names_its_run_and_closes_its_wall_where_it_cannot_be_wired(tmp_path, monkeypatch):
    wall = StandInWall()
    monkeypatch.setattr("shapecraft.cell_run.open_wall", lambda **_: wall)
    with a_cell(tmp_path).open() as made:
        assert json.loads((tmp_path / "outcome.json").read_text())["run"] == str(made.run.folder.resolve())
    assert wall.closed == 1
    wrong = a_cell(tmp_path, judge="stand-in:bad=7", captions="short")
    with pytest.raises(ConfigurationError, match="stand-in:bad=SHARE"):
        wrong.open()
    assert wall.closed == 2


def test_a_judge_and_a_scorer_have_columns_of_their_own(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("easel.scorers.open_scorer", lambda name, **more: (asked.append((name, more)), TinyScorer())[1])
    run, _ = drained(tmp_path, judge="stand-in:bad=0", scorer="embedded:report")
    (row,) = run.rows(OBJECTS)
    assert asked == [("embedded:report", {"allow_unknown_words": False, "device": "cpu"})]
    assert row["clip_column"] == f"{TinyScorer().card.column} x100" and row["clip"] is not None
    assert row["vqa_column"] == "VQA pass rate (judge stand-in:bad=0; STAND-IN, no result)"
    assert row["vqa_asked"] >= 5
    assert run.info["cards"]["report"]["column"] == TinyScorer().card.column
    assert any(one.site.startswith("vqa-judge") for one in Ledger(tmp_path).tries())


def test_fewer_paths_steps_and_rounds_are_nested_and_nothing_is_paid_or_run_twice(tmp_path):
    wall = StandInWall()
    most = {"model": "stand-in:bad=0", "paths": 3, "steps": 2, "rounds": 2, "settings": {"threshold": 10}}
    drained(tmp_path, wall=wall, **most)
    paid, ran = len(Ledger(tmp_path).tries()), len(wall.jobs)
    for fewer in ({"paths": 1}, {"steps": 1}):
        drained(tmp_path, wall=wall, **{**most, **fewer})
    again = [one.site.split("/")[0] for one in Ledger(tmp_path).tries()[paid:]]
    assert set(again) <= {"evaluator-whole"}, "only an object of other parts is looked at anew"
    assert {job.name for job in wall.jobs[ran:]} <= {"whole"}
    before = len(Ledger(tmp_path).tries())
    drained(tmp_path, wall=wall, **{**most, "paths": 1, "steps": 1, "rounds": 1})
    again = Counter(one.site.split("/")[0] for one in Ledger(tmp_path).tries()[before:])
    assert not again.keys() & {"parser", "evaluator-volumes", "parser-update"}, "N = 1 shares what N = 2 asked"
    assert max(Counter(one.key for one in Ledger(tmp_path).tries()).values()) == 1


def test_another_practice_shares_no_call(tmp_path):
    drained(tmp_path)
    before = {one.key for one in Ledger(tmp_path).tries()}
    drained(tmp_path, practice=1)
    tries = Ledger(tmp_path).tries()
    assert len(tries) > len(before)
    assert len({one.key for one in tries}) == len(tries)


def test_a_cell_that_broke_off_goes_on_and_measures_nothing_twice(tmp_path, monkeypatch):
    cell, wall = a_cell(tmp_path, objects=["stool", "mug"]), StandInWall()
    with open_cell(cell, wall=wall) as made:
        for name, _ in made.make():
            if name == "mug":
                break
        with pytest.raises(ConfigurationError, match="every object, made and measured, got not mug"):
            made.finish()
    assert made.run.info["status"] == "running"
    paid = len(Ledger(tmp_path).tries())
    measured = []
    from shapecraft import cell_run

    monkeypatch.setattr(cell_run, "evaluate_one", lambda subject, _do=cell_run.evaluate_one, **more: (
        measured.append(subject.name), _do(subject, **more))[1])
    run, _ = drained(tmp_path, objects=["stool", "mug"])
    assert measured == ["mug"]
    assert run.info["resumes"] == 1
    assert list(run.keyed(OBJECTS)) == ["stool", "mug"]
    sites = [one.site for one in Ledger(tmp_path).tries()[paid:]]
    assert not [site for site in sites if "stool" in site]


def test_an_object_that_could_not_be_made_is_a_row_with_its_reason(tmp_path):
    run, _ = drained(tmp_path, wall=StandInWall("mug"))  # knows no program of the stool, nor the catalogue's
    row = run.keyed(OBJECTS)["stool"]
    assert "no program of any component ran" in row["failed"]
    assert (row["made"], row["first_pass"]) == (0.0, 0.0)
    assert "a program of the catalogue that runs" in dict(row["cannot"])["iogt_box"]


def test_outcomes_are_shared_between_runs_but_never_between_walls(tmp_path):
    drained(tmp_path)
    assert [path.name for path in (tmp_path / "programs").iterdir()] == ["no-wall--boxes-only-none"]
    other = StandInWall()
    other.blender = "4.2"
    _, other = drained(tmp_path, wall=other, captions="short")
    assert len(other.jobs) >= 3
    assert {path.name for path in (tmp_path / "programs").iterdir()} == {
        "no-wall--boxes-only-none", "no-wall--boxes-only-4-2"}


def test_ctrl_c_leaves_both_runs_interrupted_and_the_cell_goes_on(tmp_path):
    def interrupted() -> None:
        with open_cell(a_cell(tmp_path), wall=StandInWall()) as made:
            events = made.make()
            next(events)
            events.throw(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    runs = [RunStore.read(one.parent) for one in (tmp_path / "runs").glob("*/run.json")]
    assert {run.info["name"]: run.info["status"] for run in runs} == {"craft": "interrupted", "stool": "interrupted"}
    run, _ = drained(tmp_path)
    assert run.info["status"] == "finished"
    assert max(Counter(one.key for one in Ledger(tmp_path).tries()).values()) == 1
