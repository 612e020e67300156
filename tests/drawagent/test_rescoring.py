"""Rescoring: another scorer's figures beside a run's own, which stay what they were for every reader."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from drawagent.cli import app
from drawagent.gallery import Gallery
from drawagent.keeping import measured_sets, own_rows
from drawagent.live import open_live
from drawagent.queries import Query, QueryLists
from drawagent.recordings import Recording, keep
from drawagent.replaying import open_replay
from drawagent.rescoring import rescore, under
from drawagent.settings import DrawSettings
from easel.errors import ConfigurationError
from easel.runs import RunBusy, RunStore
from easel.tables import together
from tests.fakes import CARD, TinyScorer

OTHER = replace(CARD, name="other", model="other", column="other")
TINY = "tests.fakes:TinyScorer"


class OtherScorer(TinyScorer):
    """Sees the picture upside down; knows what it was asked."""

    def __init__(self) -> None:
        super().__init__(card=OTHER)

    def embed_images(self, images):
        return super().embed_images(np.asarray(images)[..., ::-1, :])


def lists(report: int = 3) -> QueryLists:
    names = ("bowl", "vase", "kite", "oar")[:report]
    return QueryLists(
        learn=(Query(id="stool", text="a stool", category="stool"),),
        report=tuple(Query(id=name, text=f"a {name}", category=name) for name in names), source="made up",
    )


def practise(root, **changes):
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32, report_views=2, views=2, **changes)
    studio = open_live(lists(), settings, model="stand-in", scorer=TINY, reporter=TINY, root=root, name="practise",
                       date="2000-01-01")
    with studio.run:
        studio.run.status("running")
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    return studio.run.folder


@pytest.fixture
def folder(tmp_path):
    return practise(tmp_path)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.jsonl")}


def test_another_scorer_stands_beside_and_nothing_earlier_changes(folder):
    before, shown = files(folder), Gallery(RunStore.read(folder)).curve_text()
    done = rescore(folder, OtherScorer())
    after = files(folder)
    assert {name for name in after if after[name] != before[name]} == {"measured.jsonl", "metrics.jsonl"}
    assert all(after[name].startswith(before[name]) for name in after)
    assert list(done.rows) == ["epoch 0", "epoch 1", "blank canvas", "random strokes", "wrong text"]
    run = RunStore.read(folder)
    assert (run.info["status"], run.info["evidence"]) == ("finished", "stand-in")
    assert run.info["cards"]["rescored"] == {OTHER.key[:12]: json.loads(json.dumps(vars(OTHER)))}
    metrics, measured = run.keyed("metrics"), run.keyed("measured")
    assert done.under == under(OTHER) == f"rescored/{OTHER.key[:12]}/"
    new = metrics[f"{done.under}epoch 1"]
    assert (new["row"], new["epoch"], new["draw"], new["column"], new["scorer"]) == ("epoch 1", 1, 0, "other", "other")
    assert new.keys() == metrics["epoch 1"].keys()
    assert measured[f"{done.under}epoch 1/vase"].keys() == measured["epoch 1/vase"].keys()
    assert new["similarity"] == done.rows["epoch 1"].row()["similarity"] != metrics["epoch 1"]["similarity"]
    gallery = Gallery(run)
    assert (gallery.curve_text(), gallery.column) == (shown, "tiny")
    assert [row["column"] for row in own_rows(run, "metrics")] == ["tiny"] * 5
    assert len(measured_sets(run)) == len(measured_sets(run, rescored=True)) == 5
    assert {row["column"] for row in measured_sets(run)} == {"tiny"}
    assert all(len(row["drawings"]) == 3 for row in measured_sets(run, rescored=True))


def test_again_nothing_is_scored_and_a_killed_rescoring_is_finished(folder):
    rescore(folder, OtherScorer())
    whole, info = files(folder), (folder / "run.json").read_text()
    scorer = OtherScorer()
    again = rescore(folder, scorer)
    assert (scorer.embedded, files(folder), (folder / "run.json").read_text()) == (0, whole, info)
    assert again.rows["epoch 0"].n == 3
    for table, lines in (("measured", 19), ("metrics", 6)):
        kept = whole[f"{table}.jsonl"].split(b"\n")[:lines]
        (folder / f"{table}.jsonl").write_bytes(b"\n".join(kept) + b"\n")
    rescore(folder, OtherScorer())
    assert files(folder) == whole


def test_three_scorers_and_aes_have_keys_of_their_own(folder):
    class Brightness:
        card = replace(CARD, name="AES", model="AES", column="AES")

        def scores(self, images):
            return np.round(np.asarray(images).reshape(len(images), -1).mean(axis=1), 4)

    rescore(folder, OtherScorer())
    rated = rescore(folder, OtherScorer(), aesthetic=Brightness())
    run = RunStore.read(folder)
    assert set(run.info["cards"]["rescored"]) == {OTHER.key[:12], Brightness.card.key[:12]}
    keys = [key for key in run.keyed("metrics") if key.startswith(f"{under(OTHER)}epoch 1")]
    assert len(keys) == 2
    assert keys[1] == f"{under(OTHER)}epoch 1, AES {rated.rows['epoch 1'].key[:12]}"
    assert run.keyed("metrics")[keys[1]]["aesthetic"] == rated.rows["epoch 1"].row()["aesthetic"] > 0.5
    assert len(measured_sets(run, rescored=True)) == 10
    assert len(measured_sets(run)) == 5


def test_a_rescored_run_resumes_replays_and_packs_as_before(folder, tmp_path):
    packed = keep(RunStore.read(folder), tmp_path / "before", label="stand-in", date="2000-01-01", notes=[],
                  scorers={"reward": TINY, "report": TINY})
    rescore(folder, OtherScorer())
    assert practise(folder.parent) == folder
    run = RunStore.read(folder)
    assert (run.info["resumes"], list(run.info["cards"]["rescored"])) == (1, [OTHER.key[:12]])
    again = keep(run, tmp_path / "after", label="stand-in", date="2000-01-01", notes=[],
                 scorers={"reward": TINY, "report": TINY})
    assert {path.name: path.read_bytes() for path in packed.iterdir()} == {
        path.name: path.read_bytes() for path in again.iterdir()}
    studio = open_replay(Recording.read(str(again)), root=tmp_path / "replays", date="2000-01-01", trust_plugins=True)
    with studio.run:
        list(studio.practise())
        list(studio.report())
    assert studio.remembered.recomputed > 0 and studio.remembered.difference == 0
    assert Gallery(studio.run, True).curve() == Gallery(run, True).curve()


def test_several_draws_are_all_rescored(tmp_path):
    folder = practise(tmp_path, report_draws=2)
    done = rescore(folder, OtherScorer())
    assert list(done.rows)[:4] == ["epoch 0", "epoch 0, draw 1", "epoch 1", "epoch 1, draw 1"]
    rows = RunStore.read(folder).keyed("metrics")
    assert rows[f"{done.under}epoch 1, draw 1"]["draw"] == 1
    assert rows[f"{done.under}epoch 1, draw 1"]["n"] == 3


def test_the_runs_own_reporter_adds_nothing(folder):
    before, info = files(folder), (folder / "run.json").read_bytes()
    scorer = TinyScorer()
    done = rescore(folder, scorer)
    assert (done.reported, done.rewarded, scorer.embedded) == (True, True, 0)
    assert (files(folder), (folder / "run.json").read_bytes()) == (before, info)
    own = RunStore.read(folder).keyed("metrics")["epoch 1"]["similarity"]
    assert done.rows["epoch 1"].row()["similarity"] == own
    assert not rescore(folder, OtherScorer()).rewarded


def test_runs_that_cannot_be_rescored_say_why(folder, tmp_path):
    run = RunStore.read(folder)
    with RunStore.amend(folder), pytest.raises(RunBusy):
        rescore(folder, OtherScorer())
    info = {**run.info, "status": "interrupted"}
    (folder / "run.json").write_text(json.dumps(info))
    with pytest.raises(ConfigurationError, match=r"a finished run, got interrupted.*Resume it first"):
        rescore(folder, OtherScorer())
    (folder / "run.json").write_text(json.dumps(run.info))
    rows = (folder / "rollouts.jsonl").read_text().splitlines(keepends=True)
    (folder / "rollouts.jsonl").write_text("".join(line for line in rows if '"query":"kite","reason"' not in line
                                                   or '"epoch":1' not in line or '"role":"report"' not in line))
    with pytest.raises(ConfigurationError, match=r"every report query with every library, got none of 'kite' for epoch 1"):
        rescore(folder, OtherScorer())
    (folder / "rollouts.jsonl").write_text("".join(line for line in rows if '"role":"report"' not in line))
    with pytest.raises(ConfigurationError, match="a run with report drawings, got none"):
        rescore(folder, OtherScorer())
    (folder / "run.json").write_text(json.dumps({**run.info, "evidence": "external"}))
    with pytest.raises(ConfigurationError, match=r"a run with report drawings, got none.*Files of another method"):
        rescore(folder, OtherScorer())
    (folder / "run.json").write_text(json.dumps(run.info))
    changed = "".join(rows).replace('"sketch_key":"', '"sketch_key":"0')
    (folder / "rollouts.jsonl").write_text(changed)
    with pytest.raises(ConfigurationError, match=r"replies that read as they did.*got another drawing of 'bowl', epoch 0"):
        rescore(folder, OtherScorer())
    assert "rescored" not in RunStore.read(folder).info["cards"]


def test_runs_stand_together_whether_rescored_or_not(tmp_path):
    pytest.importorskip("pandas")
    folders = [practise(tmp_path / name) for name in ("a", "b")]
    renamed = []
    for number, folder in enumerate(folders):
        info = RunStore.read(folder).info
        (folder / "run.json").write_text(json.dumps({**info, "evidence": "recorded"}))
        renamed.append(folder.rename(folder.with_name(f"run{number}")))
    rescore(renamed[0], OtherScorer())
    assert set(together(*renamed)["run"]) == {"run0", "run1"}


def test_the_recorded_practice_is_rescored_with_no_model_call(tmp_path):
    studio = open_replay(Recording.read("tour"), root=tmp_path, date="2000-01-01", recompute=False)
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    folder = studio.run.folder
    curve = studio.gallery.curve_text()
    calls = [path for path in folder.iterdir() if path.name.startswith(("calls", "replies"))]
    before = {path: sorted(one.stat().st_mtime_ns for one in (path.rglob("*") if path.is_dir() else [path]))
              for path in calls}
    shown = CliRunner().invoke(app, ["rescore", str(folder), "--scorer", "embedded:reward"], catch_exceptions=False).stdout
    lines = shown.splitlines()
    assert lines[0] == f"{folder.name} (one library, demonstration, recorded replies)"
    assert lines[1].startswith("note: this scorer rewarded the practice")
    assert lines[2] == "toy CLIP (reward) (embedded-reward), raw cosine"
    run = RunStore.read(folder)
    (key,) = run.info["cards"]["rescored"]
    for number in range(3):
        row = run.keyed("metrics")[f"rescored/{key}/epoch {number}"]
        assert (row["column"], row["n"]) == ("toy CLIP (reward)", 8)
        assert lines[3 + number].startswith(f"  epoch {number}: {row['similarity']:.4f}  valid 100%")
    assert lines[-1] == f"run folder: {folder}"
    assert {path: sorted(one.stat().st_mtime_ns for one in (path.rglob("*") if path.is_dir() else [path]))
            for path in calls} == before
    assert Gallery(run).curve_text() == curve
    assert run.info["evidence"] == "recorded"
