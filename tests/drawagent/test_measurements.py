"""Measurements and costs: what stands in run folders becomes one tidy frame, and nothing is counted twice."""

from __future__ import annotations

import math
import re

import pytest

from drawagent.keeping import Keeper
from drawagent.measurements import NAMES, measurements
from drawagent.members import gather
from drawagent.run_costs import costs
from easel.chat import Usage
from easel.errors import ConfigurationError
from easel.runs import RunStore
from tests.drawagent.table_runs import (
    CARD,
    OTHER,
    QUERIES,
    a_run,
    a_sweep,
    a_try,
    base,
    files_of_a_method,
    library,
    measured,
    renamed,
    rollout,
    sets,
)
from tests.replayed import tour_folder


def higher(query: str, epoch: int, draw: int) -> float:
    return base(query) + 0.01 * epoch + 0.001 * draw


def test_one_row_per_drawing_and_scorer(tmp_path) -> None:
    run = a_run(tmp_path, higher, draws=2, failed={("fern", 1): "unreadable"}, rescored={OTHER: base})
    frame = measurements(gather([run.folder]))
    assert tuple(frame.columns) == NAMES
    reported = frame[frame.role == "report"]
    assert len(reported) == 3 * 2 * len(QUERIES) * 2
    assert not reported.duplicated(["epoch", "draw", "query", "column"]).any()
    one = reported[(reported["query"] == "fern") & (reported.epoch == 1) & (reported.draw == 1)]
    assert list(one.column) == ["CLIP-ST", "CLIP (B/32)"]
    assert list(one.card) == [CARD.key[:12], OTHER.key[:12]]
    assert list(one.similarity) == [0.301, 0.29]
    assert list(one.worst_view) == [0.251, 0.24]
    assert list(one.valid) == [False, False]
    assert list(one.failure) == ["unreadable", "unreadable"]
    assert set(reported[reported.valid].failure) == {""}
    assert set(reported.entry) == {"mine, epoch 0", "mine, epoch 1", "mine, epoch 2"}
    assert one.text.iloc[0] == "a fern"
    assert set(reported[reported["query"] == "long-bench"].length) == {"descriptive"}
    assert reported[reported.epoch == 0].library.iloc[0] == library().key
    anchors = frame[frame.role != "report"]
    assert set(anchors.entry) == {"blank canvas", "random strokes"}
    assert set(anchors.epoch) == {-1}
    assert anchors[anchors.entry == "blank canvas"].similarity.unique() == [0.1]


def test_aes_that_was_asked_for_later_joins_the_same_drawing(tmp_path) -> None:
    run = a_run(tmp_path, higher)
    with RunStore.amend(run.folder) as again:
        sets(Keeper(again), higher, QUERIES, {}, 2, 0, CARD, lambda query, epoch, draw: 4.5)
    frame = measurements(gather([run.folder]))
    own = frame[(frame.role == "report") & (frame.epoch == 2)]
    assert len(own) == len(QUERIES)
    assert set(own.aesthetic) == {4.5}
    assert frame[(frame.role == "report") & (frame.epoch < 2)].aesthetic.isna().all()
    with RunStore.amend(run.folder) as again:
        made = measured(renamed(CARD, column="CLIP-ST"), QUERIES, base, {}, 2, lambda query: 4.6)
        object.__setattr__(made, "key", "another predictor")
        Keeper(again).measured("epoch 2", made, epoch=2)
    with pytest.raises(ConfigurationError, match=r"one AES value of a drawing.*4\.5 and 4\.6"):
        measurements(gather([run.folder]))


def test_a_practice_that_stopped_stands_with_its_last_library(tmp_path) -> None:
    long = a_run(tmp_path, higher, practice=0, epochs=2)
    short = a_run(tmp_path, higher, practice=1, epochs=1, stopped="patience")
    frame = measurements(gather([long.folder, short.folder]))
    own = frame[(frame.practice == 1) & (frame.role == "report")]
    assert own.groupby("epoch").carried.max().to_dict() == {0: 0, 1: 0, 2: 1}
    last, carried = own[own.epoch == 1], own[own.epoch == 2]
    assert list(carried.similarity) == list(last.similarity)
    assert list(carried.library) == list(last.library)
    assert set(carried.entry) == {"mine, epoch 2"}
    assert frame[frame.practice == 0].carried.max() == 0


def test_runs_alone_are_one_row_when_only_the_practice_differs(tmp_path) -> None:
    same = [a_run(tmp_path / "a", practice=number) for number in range(2)]
    another = a_run(tmp_path / "b", settings={"candidates": 2})
    found = gather([run.folder for run in (*same, another)])
    names = [one.row for one in found.runs]
    assert names[0] == names[1] != names[2]
    assert all(re.fullmatch("mine [0-9a-f]{6}", name) for name in names)
    assert [one.practice for one in found.runs] == [0, 1, 0]
    assert [one.row for one in gather([run.folder for run in same]).runs] == ["mine", "mine"]
    with pytest.raises(ConfigurationError, match="every run once.* twice"):
        gather([same[0].folder, same[0].folder])
    with pytest.raises(ConfigurationError, match="at least one finished run.*none"):
        gather([])


def test_a_run_that_is_not_finished_is_refused_with_a_way_on(tmp_path) -> None:
    run = a_run(tmp_path, status="interrupted")
    with pytest.raises(ConfigurationError, match=r"a finished run.*interrupted.*Resume it"):
        gather([run.folder])


def test_a_sweep_gives_rows_and_practices_and_tells_what_is_missing(tmp_path) -> None:
    runs = [a_run(tmp_path / "runs", practice=number, home=tmp_path) for number in range(2)]
    a_sweep(tmp_path, {"paper": runs, "K=2": [None]}, baseline="paper, epoch 2")
    found = gather([tmp_path])
    assert [(one.row, one.practice) for one in found.runs] == [("paper", 0), ("paper", 1)]
    assert (found.baseline, found.question) == ("paper, epoch 2", "Does it help?")
    assert found.remarks == ("not there yet, 1 of 3 cells: K=2, practice 0 (failed)",)
    a_sweep(tmp_path, {"paper": runs}, grid="other")
    with pytest.raises(ConfigurationError, match=r"a grid of .*: g, other.*none.*--grid"):
        gather([tmp_path])
    with pytest.raises(ConfigurationError, match="a grid of .*came.*third|third"):
        gather([tmp_path], grid="third")
    assert gather([tmp_path], grid="other").rows == ("paper",)
    with pytest.raises(ConfigurationError, match="a sweep with that grid"):
        gather([runs[0].folder], grid="g")


@pytest.mark.parametrize(("old", "new", "words"), [
    ('"model": "some model"', '"model": "another one"', 'model "some model" in practice 0 .* "another one" in practice 1'),
    ('"candidates": 5', '"candidates": 4', r"settings.candidates 5 in practice 0 \(.*\), 4 in practice 1"),
    ('"text": "a long clock"', '"text": "a tall clock"',
     'queries.report.5.text "a long clock" in practice 0 .* "a tall clock" in practice 1'),
    ('"first":', '"prompts": {"artist": "0f"}, "first":', 'prompts.artist none in practice 0 .* "0f" in practice 1'),
])
def test_the_runs_of_one_row_of_a_sweep_differ_in_the_practice_alone(tmp_path, old, new, words) -> None:
    """A sweep resumed after a prompt, a model or a policy has changed must not pass for one method."""
    runs = [a_run(tmp_path / "runs", practice=number, home=tmp_path) for number in range(2)]
    other = a_run(tmp_path / "runs", name="other", home=tmp_path, settings={"candidates": 2})
    a_sweep(tmp_path, {"paper": runs, "K=2": [other]})
    assert gather([tmp_path]).rows == ("paper", "K=2")
    path = runs[1].folder / "run.json"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(ConfigurationError, match=f"runs of the row 'paper' that differ in their practice alone, got {words}"):
        gather([tmp_path])


def test_files_of_another_method_are_named_by_it(tmp_path) -> None:
    run = files_of_a_method(tmp_path, missing=["fern"])
    frame = measurements(gather([run.folder]))
    assert set(frame[frame.role == "report"].entry) == {"Their method"}
    assert list(frame[(frame.role == "report") & ~frame.valid].failure) == ["no file"]
    assert set(frame.evidence) == {"external"}


def test_a_stand_in_scorer_never_stands_under_a_column_of_the_paper(tmp_path) -> None:
    run = a_run(tmp_path, card=renamed(CARD, stand_in=True))
    with pytest.raises(ConfigurationError, match="a column of its own for a stand-in scorer, not CLIP-ST"):
        measurements(gather([run.folder]))


def test_a_run_without_a_report_is_named(tmp_path) -> None:
    run = a_run(tmp_path, queries=[])
    with pytest.raises(ConfigurationError, match=rf"a run with a report.*none measured.*{run.folder.name}"):
        measurements(gather([run.folder]))


def test_one_text_stands_under_one_id(tmp_path) -> None:
    first, second = a_run(tmp_path, name="a"), a_run(tmp_path, name="b")
    path = second.folder / "run.json"
    path.write_text(path.read_text("utf-8").replace('"a fern"', '"a tall fern"'), "utf-8")
    with pytest.raises(ConfigurationError, match=r"one text for the prompt 'fern'.*'a fern' and 'a tall fern'"):
        measurements(gather([first.folder, second.folder]))


def paid(root, **changes) -> RunStore:
    """Epoch 0 draws: two candidates and an update; the report asks once more."""
    run = a_run(root, epochs=1, queries=["fern"], **changes)
    with RunStore.amend(run.folder) as again:
        for k in range(2):
            rollout(again, "artist", "fern", 0, k, "", keys=[f"artist{k}"])
        again.append("edits", "e0", {"epoch": 0, "reply_keys": ["update"]})
        rollout(again, "gate-after", "fern", 1, 0, "", keys=["gate"])
    return run


def test_costs_as_if_alone_and_as_paid(tmp_path) -> None:
    runs = [paid(tmp_path / "runs", practice=number, home=tmp_path) for number in range(2)]
    for key in ("report/fern/0/0", "report/fern/1/0", "artist0", "artist1", "update", "gate", "nobody's"):
        a_try(tmp_path, key)
    a_try(tmp_path, "artist1", outcome="transient", usage=Usage(), number=2)
    table = costs(gather([a_sweep(tmp_path, {"paper": runs})])).set_index(["entry", "counted"])
    before, after = table.loc[("paper, epoch 0", "as if alone")], table.loc[("paper, epoch 1", "as if alone")]
    assert (before.replies, before.calls, before.failed_calls) == (1, 1, 0)
    assert (after.replies, after.calls, after.failed_calls) == (5, 6, 1)
    assert (after.prompt_tokens, after.completion_tokens, after.reasoning_tokens, after.cached_tokens) == (
        500, 250, 100, 50)
    assert (after.dollars, after.minutes) == (2.5, 0.6)
    assert (after.drawings, after.dollars_a_drawing, after.seconds_a_drawing) == (1, 0.5, 6.0)
    assert after.practices == 2
    alone, paid_for = table.loc[("all", "as if alone")], table.loc[("all", "paid")]
    assert (alone.calls, alone.dollars) == (14, 6.0)
    assert (paid_for.calls, paid_for.dollars) == (7, 3.0)
    whole = table.loc[("whole sweep", "paid")]
    assert (whole.calls, whole.dollars) == (8, 3.5)


def test_what_other_grids_paid_is_no_part_of_these_tables(tmp_path) -> None:
    mine, other = (paid(tmp_path / "runs", name=name, home=tmp_path) for name in ("mine", "other"))
    with RunStore.amend(other.folder) as again:
        rollout(again, "artist", "fern", 0, 7, "", keys=["other's"])
    for key in ("report/fern/0/0", "report/fern/1/0", "artist0", "artist1", "update", "gate"):
        a_try(tmp_path, key)
    a_sweep(tmp_path, {"mine": [mine]}, grid="one")
    assert "whole sweep" not in set(costs(gather([tmp_path], grid="one")).entry), "it is the whole"
    for number in (1, 2):
        a_try(tmp_path, "other's", number=number)
    a_sweep(tmp_path, {"other": [other]}, grid="two")
    for grid, calls in (("one", 6), ("two", 8)):
        table = costs(gather([tmp_path], grid=grid)).set_index("entry")
        assert list(table.loc["all"].calls) == [calls, calls]
    table = costs(gather([tmp_path], grid="one")).set_index("entry")
    assert (table.calls["whole sweep"], table.counted["whole sweep"]) == (8, "paid")
    one = costs(gather([mine.folder])).set_index(["entry", "counted"])
    assert one.calls["all", "paid"] == 6, "a run of a sweep, alone, paid for its own"


def test_a_reply_from_elsewhere_makes_the_cost_unknown_and_is_told(tmp_path) -> None:
    """As in a fork: what it took from its parent's record was paid by another one."""
    run = paid(tmp_path)
    for key in ("report/fern/1/0", "update", "gate"):
        a_try(run.folder, key)
    found = gather([run.folder])
    assert found.remarks == ("cost unknown: 3 of 6 replies of mine, practice 0 have no call in its ledger; they were "
                             "taken from another record",)
    table = costs(found).set_index(["entry", "counted"])
    after = table.loc[("mine, epoch 1", "as if alone")]
    assert after.replies == 5
    assert all(math.isnan(after[name]) for name in ("calls", "prompt_tokens", "dollars", "minutes"))
    assert after.dollars_a_drawing == 0.5, "the report itself was asked here"
    assert math.isnan(table.dollars["all", "as if alone"])
    assert table.dollars["all", "paid"] == 1.5


def test_a_practice_that_stopped_costs_what_its_last_library_did(tmp_path) -> None:
    long = a_run(tmp_path, practice=0, epochs=2, queries=["fern"])
    short = a_run(tmp_path, practice=1, epochs=1, queries=["fern"], stopped="patience")
    for run, dollars, epochs in ((long, 1.0, (0, 1, 2)), (short, 3.0, (0, 1))):
        for epoch in epochs:
            a_try(run.folder, f"report/fern/{epoch}/0", usage=Usage(100, 50, dollars=dollars))
        with RunStore.amend(run.folder) as again:
            again.append("edits", "e0", {"epoch": 0, "reply_keys": ["update"]})
        a_try(run.folder, "update", usage=Usage(100, 50, dollars=dollars))
    table = costs(gather([long.folder, short.folder])).set_index("entry")
    assert (table.practices["mine, epoch 2"], table.practices["mine, epoch 1"]) == (2, 2)
    assert table.dollars["mine, epoch 2"] == table.dollars["mine, epoch 1"] == (2 * 1.0 + 2 * 3.0) / 2


def test_an_unknown_price_is_never_nothing(tmp_path) -> None:
    run = paid(tmp_path)
    a_try(run.folder, "report/fern/0/0", usage=Usage(100, 50, dollars=None))
    for key in ("report/fern/1/0", "artist0", "artist1", "update", "gate"):
        a_try(run.folder, key)
    table = costs(gather([run.folder])).set_index(["entry", "counted"])
    assert math.isnan(table.dollars["mine, epoch 0", "as if alone"])
    assert table.dollars["mine, epoch 1", "as if alone"] == 2.5
    assert math.isnan(table.dollars["all", "paid"])
    assert table.calls["all", "paid"] == 6


def test_a_replay_has_replies_and_no_known_cost() -> None:
    table = costs(gather([tour_folder()])).set_index(["entry", "counted"])
    assert list(table.replies[:4]) == [8, 27, 46, 62]
    for name in ("calls", "prompt_tokens", "dollars", "minutes"):
        assert table[name].isna().all()
