"""Analysis: definitions against known shapes, failures in their denominators, drift followed by ids."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drawagent import analysis
from drawagent.lesson_lives import lives, proposals
from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile
from easel.runs import RunStore
from easel.snapshots import Snapshot
from tests.replayed import scripted_run, tour_folder

_HANDLE = 4 / 3 * (math.sqrt(2) - 1)


def circle(radius: float) -> np.ndarray:
    """Four cubics, within 0.03 % of a circle."""
    quarter = np.array([[1, 0, 0], [1, _HANDLE, 0], [_HANDLE, 1, 0], [0, 1, 0]], dtype=float)
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], dtype=float)
    strokes = [quarter]
    for _ in range(3):
        strokes.append(strokes[-1] @ turn.T)
    return radius * np.stack(strokes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return scripted_run(tmp_path_factory.mktemp("runs"))


@pytest.mark.parametrize("radius", [0.25, 1.0, 4.0])
def test_the_curvature_of_a_circle_is_one_over_its_radius(radius):
    assert analysis.curvature(circle(radius)) == pytest.approx(1 / radius, rel=2e-3)


def test_curvature_is_weighted_by_length_and_capped():
    straight = np.array([[[0, 0, z] for z in (0, 1, 2, 2 * math.pi)]], dtype=float)
    assert analysis.curvature(straight) == 0.0
    assert analysis.curvature(np.zeros((1, 4, 3))) == 0.0
    assert analysis.curvature(np.zeros((0, 4, 3))) == 0.0
    both = np.concatenate([circle(1.0), straight])
    assert analysis.curvature(both) == pytest.approx(0.5, rel=3e-3), "half of the length is curved"
    hairpin = np.array([[[0, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1e-9, 0]]], dtype=float)
    assert analysis.curvature(hairpin) <= analysis.CAP
    assert analysis.curvature(circle(1e-4), cap=7.0) == 7.0


def test_failed_drawings_have_no_geometry_and_stay_in_validity(folder):
    frame = analysis.measures(folder)
    failed = frame[~frame["valid"]]
    assert list(failed["candidate"]) == [2] * 6
    assert failed[["strokes", "length", "curvature", "depth_use", "penalty"]].isna().all().all()
    assert failed["similarity"].notna().all(), "scored as the blank page"
    summary = analysis.by_epoch(frame).set_index(["epoch", "measure"])
    assert summary.loc[(0, "strokes"), "n"] == 4
    assert summary.loc[(0, "similarity"), "n"] == 6
    validity = summary.loc[(0, "validity")]
    assert (validity["n"], validity["mean"]) == (6, round(4 / 6, 6))
    assert (validity["low"], validity["high"]) == (0.299993, 0.903229), "Wilson of 4 in 6"
    assert math.isnan(summary.loc[(0, "strokes"), "low"])


def test_means_are_those_of_the_rows(folder):
    frame = analysis.measures(folder)
    own = frame[(frame["epoch"] == 1) & frame["valid"]]["length"]
    row = analysis.by_epoch(frame).set_index(["epoch", "measure"]).loc[(1, "length")]
    assert row["mean"] == pytest.approx(own.mean(), abs=1e-6)
    assert row["sd"] == pytest.approx(own.std(ddof=1), abs=1e-6)


def test_frames_are_the_same_every_time(folder):
    assert analysis.measures(folder).to_csv() == analysis.measures(Snapshot.of(folder)).to_csv()
    assert analysis.drift(folder).to_csv() == analysis.drift(folder).to_csv()


def test_report_rows_carry_the_reporting_score_of_the_chosen_draw():
    frame = analysis.measures(tour_folder(), role="report")
    assert len(frame) == 24
    assert set(frame["reported_column"]) == {"toy CLIP (report)"}
    assert set(frame["column"]) == {"toy CLIP (reward)"}
    means = frame.groupby("epoch")["reported"].mean().round(3)
    assert list(means) == [0.617, 0.620, 0.587], "the curve of the tour"


def test_the_tour_has_no_failures_and_its_bicycles_are_flatter_than_its_castles():
    frame = analysis.measures(tour_folder())
    assert len(frame) == 30
    assert frame["valid"].all()
    means = frame.groupby("query")[["curvature", "length"]].mean()
    assert means.loc["castle", "length"] > 1.5 * means.loc["bicycle", "length"]
    assert means.loc["castle", "curvature"] < means.loc["bicycle", "curvature"]


def test_a_role_that_a_run_does_not_have_is_named(folder):
    with pytest.raises(ConfigurationError, match=r"a run with rollouts of role 'gate-before', got artist, report"):
        analysis.measures(folder, role="gate-before")


def test_topics_and_drift_follow_the_libraries(folder):
    topics = analysis.topics(folder).set_index(["library", "topic"])
    assert list(topics.loc[1]["lessons"]) == [0, 1, 0, 0, 0, 1, 0]
    assert topics.loc[(1, "format"), "words"] == 7
    drift = analysis.drift(folder).set_index("library")
    assert drift.loc[1, ["added", "modified", "deleted", "refused"]].tolist() == [2, 0, 0, 0]
    assert drift.loc[2, ["added", "modified", "deleted", "lessons"]].tolist() == [0, 1, 1, 1]
    assert drift.loc[1, ["format", "share"]].tolist() == [1, 0.5]
    assert drift.loc[1, "low"] == pytest.approx(0.0945, abs=1e-3)
    assert math.isnan(drift.loc[0, "share"]), "an empty library has no share"


def test_a_lesson_is_followed_by_its_id(folder):
    known = lives(folder)
    assert known["L1"].words() == "added in library 1, modified in library 2; stands in the last one (3)"
    assert known["L2"].words() == "added in library 1, deleted in library 2"
    assert known["L2"].libraries == (1,)
    assert known["L2"].steps[1].pairs == ("learn0/e1/p0",), "who spoke for the deletion"
    assert known["L1"].steps[1].text == "Keep the middle open."


def test_proposals_name_the_pair_and_their_fate(folder):
    first, = proposals(folder, "learn0/e0/p0", 0)
    assert first.op == "add"
    assert first.taken
    assert first.life is not None
    assert first.life.id == "L1"
    assert proposals(folder, "learn1/e0/p0", 0) == ()
    assert [one.op for one in proposals(folder, "learn0/e1/p0", 1)] == ["modify", "delete"]


def test_what_a_gate_refused_was_not_taken(folder):
    kept = Snapshot.of(folder)
    refused = Snapshot(kept.folder, kept.info)
    refused._kept["gates"] = {"e0": {"epoch": 0, "accepted": False}}
    one, = proposals(refused, "learn0/e0/p0", 0)
    assert not one.taken
    assert one.words().endswith("(not taken: the gate refused the library of this epoch)")


def test_a_snapshot_reads_a_table_once_and_cannot_be_written(folder, tmp_path):
    kept = Snapshot.of(RunStore.read(folder))
    assert kept.rows("rollouts")[0] is kept.rows("rollouts")[0]
    assert kept.keyed("pairs") == RunStore.read(folder).keyed("pairs")
    assert Snapshot.of(kept) is kept
    assert not kept.writable
    (tmp_path / "run.json").write_text((folder / "run.json").read_text())
    (tmp_path / "pairs.jsonl").write_text('{"row": {}}\n')
    with pytest.raises(DamagedFile, match="rows with a key"):
        Snapshot.of(tmp_path).rows("pairs")
