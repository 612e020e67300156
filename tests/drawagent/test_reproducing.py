"""Reproducing: what was published comes out again, cell by cell; what was edited, by whatever hand, does not."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drawagent.edits import Add
from drawagent.export import to_json
from drawagent.forking import fork
from drawagent.live import open_live
from drawagent.publishing import publish
from drawagent.recordings import Recording, keep
from drawagent.replaying import open_replay
from drawagent.reproducing import reproduce
from drawagent.settings import DrawSettings
from drawagent.verdicts import CANNOT, DIFFERS, SAME
from easel.archives import SUMS, read_zip
from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from easel.score_card import ScorerCard
from tests.drawagent.bundled import SCORER, SCORERS, SETTINGS, edited, practised, raw
from tests.drawagent.test_references import KNOWN
from tests.fakes import CARD, TinyScorer, lists

SMALL = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)


class BackwardsScorer(TinyScorer):
    """The same card, other numbers."""

    def embed_images(self, images):
        return super().embed_images(images)[:, ::-1].copy()


class OtherScorer(TinyScorer):
    card = ScorerCard(name="tiny", model="tiny", weights="others", template="{text}", preprocessing="none")

    def __init__(self) -> None:
        super().__init__(card=OtherScorer.card)


class Rater:
    card = CARD

    def scores(self, images):
        return np.full(len(images), 5.0)


def veto_first(said: list) -> Callable:
    def review(edit):
        said.append(edit)
        return None if len(said) == 1 else edit

    return review


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Path:
    """A bundle of two practices with gate, two report draws and a person's veto, that share replies and ledger."""
    root = tmp_path_factory.mktemp("both")
    runs = [practised(root, review=veto_first([]), settings=SETTINGS.model_copy(update={"practice": n})) for n in (0, 1)]
    return publish(runs, root / "both.zip", scorers=SCORERS)


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("small")
    return publish([practised(root, learn=1, settings=SMALL)], root / "small.zip", scorers=SCORERS)


def counts(done) -> dict[str, int]:
    cells = done.cells[done.cells["table"] != "ledger"]
    return {str(verdict): int(count) for verdict, count in cells["verdict"].value_counts().items()}


def one_run(contents: dict[str, bytes]) -> str:
    return next(name for name in contents if name.endswith("/run.json")).removesuffix("run.json")


def change_cell(contents: dict[str, bytes], table: str, column: str, change: Callable[[str], str]) -> None:
    """Another value in the first row of a table."""
    name = f"{one_run(contents)}tables/{table}.csv"
    rows = list(csv.DictReader(io.StringIO(contents[name].decode())))
    rows[0][column] = change(rows[0][column])
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    contents[name] = out.getvalue().encode()


def change_lines(contents: dict[str, bytes], name: str, change: Callable[[dict], None], *, only=lambda row: True) -> None:
    """Another value in the first fitting row of JSON lines."""
    rows = [json.loads(line) for line in contents[one_run(contents) + name].decode().splitlines()]
    change(next(row for row in rows if only(row)))
    contents[one_run(contents) + name] = "".join(json.dumps(row) + "\n" for row in rows).encode()


def test_what_was_published_comes_out_again(both, tmp_path):
    done = reproduce(both, tmp_path / "out", scorers=SCORERS)
    assert set(counts(done)) == {SAME}
    assert done.holds
    summary = done.summary()
    assert set(summary["table"]) == {
        "results", "pairs", "judgements", "edits", "gates", "epochs", "libraries", "practice", "metrics", "measured",
        "ledger", "sketches", "library", "replies", "cards",
    }
    assert (summary["same"] + summary["differ"] + summary["cannot"] == summary["cells"]).all()
    assert summary["largest_difference"].max() <= 1e-6
    ledger = done.cells[done.cells["table"] == "ledger"]
    assert set(ledger[ledger["column"] == "completion_tokens"]["verdict"]) == {SAME}
    assert set(ledger[ledger["column"] == "seconds"]["verdict"]) == {CANNOT}
    files = read_zip(both)
    for run in done.manifest.runs:
        for name in ("results", "gates", "measured"):
            derived = (tmp_path / "out" / "tables" / run.folder / f"{name}.csv").read_bytes()
            assert derived == files[f"runs/{run.folder}/tables/{name}.csv"]
        again = Recording.read(str(tmp_path / "out" / "recordings" / run.folder))
        assert len(again.reviews()) > 0
    assert "ledger" in (tmp_path / "out" / "not-same.csv").read_text()
    assert f"{len(done.cells)} cells: " in "\n".join(done.lines())


def test_without_trust_no_code_that_a_bundle_names_is_run_and_scores_are_left_open(both, small, tmp_path):
    done = reproduce(small, tmp_path / "out")
    assert done.holds
    left = done.cells[(done.cells["verdict"] == CANNOT) & (done.cells["table"] != "ledger")]
    assert set(left["column"]) == {
        "view_scores", "reward", "penalty", "gap", "noise", "mean_reward", "similarity", "similarity_valid",
        "worst_view", "r_at_1", "r_at_5", "diversity", "rank", "aesthetic",
    }
    assert left["reason"].str.contains("expected a callable of drawagent or easel").all()
    trusted = reproduce(small, tmp_path / "trusted", trust_plugins=True)
    assert set(counts(trusted)) == {SAME}


def test_scorers_that_are_not_here_are_named(small, tmp_path):
    done = reproduce(small, tmp_path / "out", scorers={"reward": "ViT-B-32/laion2b_s34b_b79k", "report": SCORER})
    left = done.cells[(done.cells["verdict"] == CANNOT) & (done.cells["table"] != "ledger")]
    assert set(left["table"]) == {"results", "pairs", "judgements", "epochs"}
    assert left["reason"].str.contains("the weights 'laion2b_s34b_b79k' of ViT-B-32 in the local cache").all()
    other = reproduce(small, tmp_path / "other", scorers={"reward": SCORER, "report": f"{__name__}:OtherScorer"})
    left = other.cells[(other.cells["verdict"] == CANNOT) & (other.cells["table"] != "ledger")]
    assert set(left["table"]) == {"metrics", "measured"}
    assert left["reason"].str.contains("the scorer here is another one: 'none' there, 'others' here").all()


def test_another_scorer_under_the_same_card_differs_and_says_by_how_much(small, tmp_path):
    done = reproduce(small, tmp_path / "out", scorers={"reward": f"{__name__}:BackwardsScorer", "report": SCORER})
    assert not done.holds
    apart = done.cells[done.cells["verdict"] == DIFFERS]
    assert set(apart["table"]) == {"results", "pairs", "judgements", "epochs"}
    assert apart["difference"].min() > 1e-4
    assert set(apart["reason"]) == {"the scorer gives another value here"}
    reward = apart[(apart["column"] == "reward")].iloc[0]
    assert abs(float(reward["published"]) - float(reward["here"])) == pytest.approx(reward["difference"])
    derived = (tmp_path / "out" / "tables" / done.manifest.runs[0].folder / "results.csv").read_text()
    assert reward["here"] in derived, "the tables on disk have the numbers of here"
    assert any("differs by 0." in line for line in done.lines())


def plus(value: float) -> Callable[[str], str]:
    return lambda text: repr(round(float(text) + value, 6))


@pytest.mark.parametrize(("table", "column", "change", "apart"), [
    ("results", "reward", plus(0.01), 0.01), ("measured", "similarity", plus(-0.02), 0.02),
    ("metrics", "similarity", plus(0.0002), 0.0002), ("pairs", "gap", plus(0.5), 0.5),
    ("results", "strokes", lambda text: "99", None), ("judgements", "advantage", lambda text: "Better words.", None),
    ("results", "query", lambda text: "learn7", None), ("epochs", "failures", lambda text: "1", 1.0),
    ("results", "fingerprint", lambda text: "0" * 64, None), ("results", "evidence", lambda text: "live", None),
])
def test_an_edited_cell_differs(small, tmp_path, table, column, change, apart):
    forged = edited(small, tmp_path / "x.zip", lambda contents: change_cell(contents, table, column, change))
    done = reproduce(forged, tmp_path / "out", scorers=SCORERS)
    wrong = done.cells[done.cells["verdict"] == DIFFERS]
    assert not done.holds
    if column == "query":  # a row under another name is one row too many and one too few
        assert set(wrong["reason"]) == {
            "the bundle has this row, the replay has not", "the replay has this row, the bundle has not",
        }
        return
    (cell,) = [row for row in wrong.itertuples()]
    assert (cell.table, cell.column) == (table, column)
    if apart is not None:
        assert cell.difference == pytest.approx(apart, abs=1e-6)
    if column not in ("strokes", "failures"):
        assert cell.reason == "the packed replies and scores lead to another value" or apart is None


def test_scores_within_the_tolerance_are_the_same_and_the_difference_is_told(small, tmp_path):
    near = edited(small, tmp_path / "x.zip", lambda contents: change_cell(contents, "results", "reward", plus(0.00005)))
    done = reproduce(near, tmp_path / "out", scorers=SCORERS)
    assert done.holds
    summary = done.summary().set_index("table")
    assert summary.loc["results", "largest_difference"] == pytest.approx(5e-5, abs=1e-7)


def test_a_score_that_is_edited_everywhere_is_found_by_the_scorer(small, tmp_path):
    def forge(contents):
        def better(row):
            row["view_scores"] = [round(score + 0.05, 6) for score in row["view_scores"]]
            row["reward"] = round(row["reward"] + 0.05, 6)

        change_lines(contents, "rollouts.jsonl", better)
        for column in ("view_scores", "reward"):
            change_cell(contents, "results", column, lambda text: " ".join(plus(0.05)(one) for one in text.split()))

    forged = edited(small, tmp_path / "x.zip", forge)
    wrong = (done := reproduce(forged, tmp_path / "out", scorers=SCORERS)).cells
    wrong = wrong[(wrong["verdict"] == DIFFERS) & (wrong["table"] == "results")]
    assert not done.holds
    assert set(wrong["column"]) == {"view_scores", "reward"}
    assert wrong["difference"].to_numpy() == pytest.approx([0.05, 0.05], abs=1e-5)


def test_a_report_figure_that_is_edited_everywhere_is_found_by_the_scorer(small, tmp_path):
    def forge(contents):
        change_lines(contents, "measured.jsonl", lambda row: row.update(similarity=0.99))
        change_cell(contents, "metrics", "similarity", lambda text: "0.99")

    done = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS)
    (cell,) = list(done.cells[done.cells["verdict"] == DIFFERS].itertuples())
    assert (cell.table, cell.column, cell.published, cell.reason) == (
        "metrics", "similarity", "0.99", "the scorer gives another value here")


def in_role(role: str) -> Callable[[dict], bool]:
    return lambda row: row["site"]["role"] == role


def drop_a_stroke(row: dict) -> None:
    text = row["reply"]["text"]
    first = text.index("[[")
    row["reply"]["text"] = text.replace("0.", "-0.", 1) if "0." in text[first:] else text[:first]


@pytest.mark.parametrize("scorers", [SCORERS, {}])
def test_an_edited_reply_differs_with_scorers_and_without(small, tmp_path, scorers):
    forged = edited(small, tmp_path / "x.zip", lambda contents: change_lines(
        contents, "replies.jsonl", drop_a_stroke, only=in_role("report")))
    done = reproduce(forged, tmp_path / "out", scorers=scorers)
    assert not done.holds
    wrong = done.cells[done.cells["verdict"] == DIFFERS]
    if scorers:
        assert {"sketch_key"} <= set(wrong[wrong["table"] == "results"]["column"])
    else:
        assert wrong["reason"].str.contains("the replay leaves the record: expected a recorded score of every").all()


def test_an_edited_judgement_leaves_the_record(small, tmp_path):
    forged = edited(small, tmp_path / "x.zip", lambda contents: change_lines(
        contents, "replies.jsonl", lambda row: row["reply"].update(text="It is simply a better drawing."),
        only=in_role("judge")))
    done = reproduce(forged, tmp_path / "out", scorers=SCORERS)
    tables = done.cells[~done.cells["table"].isin(["ledger", "cards"])]
    assert set(tables["verdict"]) == {DIFFERS}
    assert tables["reason"].str.startswith("the replay leaves the record: expected a recorded reply, got a request").all()


def test_an_edited_prompt_of_a_reply_and_a_reply_too_many_are_told(small, tmp_path):
    def forge(contents):
        def other(row):
            row["identity"]["messages"][-1]["parts"][0]["text"] = "Draw something else."

        change_lines(contents, "replies.jsonl", other)
        name = one_run(contents) + "replies.jsonl"
        extra = json.loads(contents[name].decode().splitlines()[0])
        extra["key"] = "f" * 64
        contents[name] += json.dumps(extra).encode() + b"\n"

    wrong = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS).cells
    wrong = wrong[wrong["verdict"] == DIFFERS]
    assert set(wrong["table"]) == {"replies"}
    assert {"the prompt that stands there is not the one answered", "the replay never asks for this reply"} == set(
        wrong["reason"])


def test_edited_libraries_sketches_cards_and_ledgers_are_told(small, tmp_path):
    def forge(contents):
        begin = one_run(contents)
        contents[f"{begin}library/epoch1.json"] = contents[f"{begin}library/epoch1.json"].replace(b"version", b"Version")
        sketch = next(name for name in contents if "/sketches/" in name)
        del contents[sketch]
        contents["cards.json"] = contents["cards.json"].replace(b'"tiny"', b'"huge"', 1)
        change_cell(contents, "ledger", "completion_tokens", lambda text: "1")

    wrong = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS).cells
    wrong = wrong[wrong["verdict"] == DIFFERS].set_index("table")["reason"]
    assert set(wrong.index) == {"library", "sketches", "cards", "ledger"}
    assert wrong["sketches"] == "only the replay has this file"
    assert wrong["ledger"] == "the packed reply says otherwise"
    assert "'Version" in wrong["library"] or "Version" in wrong["library"]


def test_a_stand_in_cannot_pass_for_a_model(small, tmp_path):
    def forge(contents):
        for name in ("bundle.json", f"{one_run(contents)}run.json"):
            contents[name] = contents[name].replace(b'"evidence": "stand-in"', b'"evidence": "live"')
        name = f"{one_run(contents)}tables/results.csv"
        contents[name] = contents[name].replace(b"stand-in", b"live")

    done = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS)
    wrong = done.cells[done.cells["verdict"] == DIFFERS]
    assert set(wrong["column"]) == {"evidence", "fingerprint"}
    assert set(wrong[wrong["column"] == "evidence"]["here"]) == {"stand-in"}


@pytest.mark.parametrize(("change", "words"), [
    (lambda c: c.update({"README.md": b"x"}), r"expected the bytes of README\.md that SHA256SUMS was written for"),
    (lambda c: c.pop(one_run(c) + "rollouts.jsonl"), r"expected the file runs/.*rollouts\.jsonl, which SHA256SUMS lists"),
    (lambda c: c.update({"more.txt": b""}), r"expected files that SHA256SUMS lists, got more\.txt"),
    (lambda c: c.pop(SUMS), "expected a file SHA256SUMS, got none"),
    (lambda c: c.update({"../out.txt": b""}), r"expected names inside one folder, got '\.\./out\.txt'"),
    (lambda c: c.update({"/out.txt": b""}), "expected names inside one folder, got '/out.txt'"),
    (lambda c: c.pop("bundle.json"), r"expected a bundle with a bundle\.json, got none"),
    (lambda c: c.update({"bundle.json": b'{"format": "drawagent-bundle/9"}'}),
     r"expected format drawagent-bundle/1, got drawagent-bundle/9 \(at x\.zip, bundle\.json\)"),
    (lambda c: c.update({"bundle.json": b"{"}), r"expected a bundle\.json that can be read"),
    (lambda c: c.update({"bundle.json": b"[]"}), r"expected format drawagent-bundle/1, got list"),
    (lambda c: c.update({"bundle.json": c["bundle.json"].replace(b'"runs": [', b'"runs": [' + json.dumps(
        json.loads(c["bundle.json"])["runs"][0]).encode() + b",")}), "expected every run once, got 2000"),
    (lambda c: c.update({"runs/other/run.json": b"{}"}), r"expected files of runs that bundle\.json names, got runs/other"),
])
def test_a_bundle_that_is_not_whole_is_refused(small, tmp_path, change, words):
    contents = read_zip(small)
    change(contents)
    with pytest.raises(ConfigurationError, match=words):
        reproduce(raw(tmp_path / "x.zip", contents), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def set_record(**change) -> Callable[[dict[str, bytes]], None]:
    def forge(contents):
        name = one_run(contents) + "recording.json"
        contents[name] = json.dumps({**json.loads(contents[name]), **change}).encode()

    return forge


def settings_with(bundle: Path, **change) -> dict:
    return {**json.loads(read_zip(bundle)[one_run(read_zip(bundle)) + "recording.json"])["settings"], **change}


def test_settings_that_no_machine_bears_and_unknown_ones_are_refused(small, tmp_path):
    for change, words in (
        ({"picture_size": 100_000}, r"expected picture_size of at most 2048, got 100000 \(at .*recording\.json\)"),
        ({"views": 10_000}, "expected views of at most 256, got 10000"),
        ({"mind_reading": True}, "settings.mind_reading: Extra inputs are not permitted"),
    ):
        forged = edited(small, tmp_path / "x.zip", set_record(settings=settings_with(small, **change)))
        with pytest.raises(ConfigurationError, match=words):
            reproduce(forged, tmp_path / "out")
    forged = edited(small, tmp_path / "x.zip", set_record(surprise=1))
    with pytest.raises(ConfigurationError, match="expected a record as this version writes it, got surprise"):
        reproduce(forged, tmp_path / "out")


@pytest.mark.parametrize("date", ["../../../elsewhere", "2000-01-01/../..", "2000-13-01", ""])
def test_a_strangers_date_leads_nowhere(small, tmp_path, date):
    forged = edited(small, tmp_path / "x.zip", set_record(date=date))
    with pytest.raises(ConfigurationError, match=r"date: String should match pattern|expected a date as 2026-01-31"):
        reproduce(forged, tmp_path / "deep" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["x.zip"]


def test_settings_that_are_too_much_together_are_refused(both, tmp_path):
    much = {"epochs": 20, "gate_draws": 200, "inference_draws": 200, "report_draws": 40}
    forged = edited(both, tmp_path / "x.zip", set_record(settings=settings_with(both, **much)))
    with pytest.raises(ConfigurationError, match=r"at most 250,000 drawings \(queries x draws x epochs\), got 344,080"):
        reproduce(forged, tmp_path / "out")
    much["report_draws"] = 20

    def every(contents):
        for name in [name for name in contents if name.endswith("/recording.json")]:
            record = json.loads(contents[name])
            contents[name] = json.dumps({**record, "settings": {**record["settings"], **much}}).encode()

    with pytest.raises(ConfigurationError, match=r"got 352,160 \(at x.zip, all runs\)"):
        reproduce(edited(both, tmp_path / "x.zip", every), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_score_that_is_no_number_differs(small, tmp_path):
    def forge(contents):
        change_cell(contents, "results", "view_scores", lambda text: " ".join([text.split()[0]] + ["nan"] * 7))
        change_cell(contents, "epochs", "mean_reward", lambda text: "inf")

    done = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS)
    apart = done.cells[done.cells["verdict"] == DIFFERS]
    assert list(zip(apart["table"], apart["column"], strict=True)) == [("epochs", "mean_reward"), ("results", "view_scores")]
    assert not done.holds


def test_a_column_that_the_bundle_lacks_differs(small, tmp_path):
    def forge(contents):
        name = f"{one_run(contents)}tables/results.csv"
        rows = list(csv.DictReader(io.StringIO(contents[name].decode())))
        out = io.StringIO()
        writer = csv.DictWriter(out, [column for column in rows[0] if column != "failure"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        contents[name] = out.getvalue().encode()

    done = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS)
    apart = done.cells[done.cells["verdict"] == DIFFERS]
    assert set(apart["column"]) == {"failure"} and len(apart) > 1
    assert set(apart["reason"]) == {"the replay has this column, the bundle has not"}


def test_a_strangers_words_are_neither_obeyed_nor_computed(small, tmp_path):
    def forge(contents):
        manifest = json.loads(contents["bundle.json"])
        contents["bundle.json"] = json.dumps({**manifest, "made_by": "me\x1b]0;owned\x07\x1b[2J"}).encode()
        change_cell(contents, "results", "failure", lambda text: "=HYPERLINK(\"http://x\")\x1b[1m")
        change_cell(contents, "pairs", "skipped", lambda text: "-2+3+cmd|' /C calc'!A0")
        change_cell(contents, "pairs", "gap", lambda text: "-0.25")

    done = reproduce(edited(small, tmp_path / "x.zip", forge), tmp_path / "out", scorers=SCORERS)
    told = done.lines()
    assert told[0].endswith(r"made by me\x1b]0;owned\x07\x1b[2J")
    assert all(line.isprintable() for line in told)
    kept = list(csv.DictReader((tmp_path / "out" / "not-same.csv").open()))
    assert [row["published"] for row in kept if row["verdict"] == DIFFERS] == [
        "-0.25", "'-2+3+cmd|' /C calc'!A0", "'=HYPERLINK(\"http://x\")\x1b[1m"]


def test_policies_of_a_stranger_are_not_even_imported(small, tmp_path, monkeypatch):
    (tmp_path / "evil_policy.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    forged = edited(small, tmp_path / "x.zip", set_record(settings=settings_with(small, judge="evil_policy:Judge")))
    done = reproduce(forged, tmp_path / "out", scorers=SCORERS)
    tables = done.cells[~done.cells["table"].isin(["ledger", "cards"])]
    assert set(tables["verdict"]) == {CANNOT}
    assert tables["reason"].str.contains("evil_policy:Judge").all() and done.holds


def test_rows_that_are_none_are_told_as_the_bundles_fault(small, tmp_path):
    forged = edited(small, tmp_path / "x.zip", lambda contents: change_lines(
        contents, "rollouts.jsonl", lambda row: row.pop("text_scored")))
    with pytest.raises(ConfigurationError, match=r"expected a record as this project writes it, got KeyError\('text_"):
        reproduce(forged, tmp_path / "out", scorers=SCORERS)
    short = edited(small, tmp_path / "y.zip", lambda contents: contents.pop(one_run(contents) + "replies.jsonl"))
    with pytest.raises(ConfigurationError, match=r"expected a file replies\.jsonl of every run, got none"):
        reproduce(short, tmp_path / "out2", scorers=SCORERS)


def test_a_folder_that_holds_something_is_not_written_into(small, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConfigurationError, match="expected a new or empty folder"):
        reproduce(small, tmp_path)


def test_tables_need_pandas_and_say_so(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingCapability, match="expected the package pandas, got none"):
        reproduce(small, tmp_path / "out")


def test_references_travel_and_without_them_nothing_is_computed(tmp_path):
    known = tmp_path / "known"
    known.mkdir()
    (known / "learn0.json").write_text(to_json(KNOWN))
    run = practised(tmp_path, learn=1, settings=SMALL.model_copy(update={"reference": True}), references=known)
    bundle = publish([run], tmp_path / "x.zip", scorers=SCORERS, references=known)
    shutil.rmtree(known)
    assert set(counts(reproduce(bundle, tmp_path / "out", scorers=SCORERS))) == {SAME}
    without = edited(bundle, tmp_path / "y.zip", lambda c: c.pop(one_run(c) + "references/learn0.json"))
    done = reproduce(without, tmp_path / "out2", scorers=SCORERS)
    assert done.reasons()["expected the references that the artist was shown, got none of learn0."] > 100


def test_a_persons_edits_of_the_library_are_replayed(tmp_path):
    studio = open_live(lists(1, report=2), SMALL, model="stand-in", scorer=SCORER, reporter=SCORER,
                       root=tmp_path / "runs", name="made", date="2000-01-01")
    studio.interventions = {1: (Add(op="add", text="Mind the depth of every leg."),)}
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    assert "Mind the depth of every leg." in json.dumps(studio.run.rows("libraries"))
    bundle = publish([studio.run.folder], tmp_path / "x.zip", scorers=SCORERS)
    assert set(counts(reproduce(bundle, tmp_path / "out", scorers=SCORERS))) == {SAME}


def test_aes_without_its_predictor_is_left_open_and_the_rest_is_not(tmp_path):
    def opened():
        return open_live(lists(1, report=2), SMALL, model="stand-in", scorer=SCORER, reporter=SCORER,
                         root=tmp_path / "runs", name="made", date="2000-01-01")

    studio = opened()
    studio.aesthetic = Rater()
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    bundle = publish([studio.run.folder], tmp_path / "x.zip", scorers=SCORERS)
    done = reproduce(bundle, tmp_path / "out", scorers=SCORERS)
    left = done.cells[(done.cells["verdict"] != SAME) & (done.cells["table"] != "ledger")]
    assert set(left["verdict"]) == {CANNOT}
    assert set(left["column"]) == {"key", "aesthetic", "measured_key"}
    assert set(left["reason"]) == {"the weights of the aesthetic predictor were not given (--aesthetic)"}
    blind = reproduce(bundle, tmp_path / "out2")
    assert blind.holds
    figures = blind.cells[blind.cells["table"] == "measured"]
    assert set(figures["verdict"]) == {CANNOT} and figures["reason"].str.startswith("figures with AES").all()


def test_prompts_of_an_overlay_are_packed_and_taken(tmp_path):
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    draw = Path(sys.modules["drawagent"].__file__).parent / "prompts" / "draw.md"
    (overlay / "draw.md").write_text(draw.read_text().replace("You are an expert artist", "You are a careful artist"))
    run = practised(tmp_path, learn=1, settings=SMALL.model_copy(update={"prompt_overlay": overlay}))
    bundle = publish([run], tmp_path / "x.zip", scorers=SCORERS)
    shutil.rmtree(overlay)
    assert set(counts(reproduce(bundle, tmp_path / "out", scorers=SCORERS))) == {SAME}
    assert str(tmp_path) not in read_zip(bundle)[f"runs/{run.name}/run.json"].decode()


def test_a_fork_is_replayed_but_where_it_comes_from_stays_its_word(tmp_path):
    parent = RunStore.read(practised(tmp_path, learn=1, settings=SMALL))
    studio = fork(parent, 1, [Add(op="add", text="Mind the depth of every leg.")], root=tmp_path / "forks",
                  date="2000-01-02", scorer=SCORER, reporter=SCORER)
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    bundle = publish([studio.run.folder], tmp_path / "x.zip", scorers=SCORERS)
    done = reproduce(bundle, tmp_path / "out", scorers=SCORERS)
    assert done.holds
    left = done.cells[(done.cells["verdict"] == CANNOT) & (done.cells["table"] != "ledger")]
    assert set(zip(left["column"], left["reason"], strict=True)) <= {
        ("fingerprint", "where a fork comes from does not show in its replay"),
        ("text", "what the parent of this fork began with"),
    }
    assert "fingerprint" in set(left["column"])


def test_a_replay_of_a_recording_is_published_with_the_recordings_replies(tmp_path):
    with (studio := open_live(lists(1, report=2), SMALL, model="stand-in", scorer=SCORER, reporter=SCORER,
                              root=tmp_path / "runs", name="made", date="2000-01-01")).run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    kept = keep(studio.run, tmp_path / "kept", label="of my own", date="2000-01-01", notes=["a note"], scorers=SCORERS)
    replay = open_replay(Recording.read(str(kept)), root=tmp_path / "again", date="2000-01-02", trust_plugins=True)
    with replay.run:
        list(replay.practise())
        list(replay.report())
        replay.run.status("finished")
    with pytest.raises(ConfigurationError, match="expected the recording that this run replayed, got none of its label"):
        publish([replay.run.folder], tmp_path / "x.zip")
    bundle = publish([replay.run.folder], tmp_path / "x.zip", recordings=[kept])
    assert "- a note" in read_zip(bundle)["README.md"].decode()
    assert set(counts(reproduce(bundle, tmp_path / "out", trust_plugins=True))) == {SAME}
    model = open_live(lists(1, report=2), SMALL, model=f"recorded:{kept}", scorer=SCORER, reporter=SCORER,
                      root=tmp_path / "third", name="made", date="2000-01-01", label="recorded:kept")
    with model.run:
        list(model.practise())
        list(model.report())
        model.run.status("finished")
    bundle = publish([model.run.folder], tmp_path / "y.zip", recordings=[kept])
    assert set(counts(reproduce(bundle, tmp_path / "out2", trust_plugins=True))) == {SAME}


def test_rows_of_a_later_scorer_are_left_to_rescoring(tmp_path):
    folder = practised(tmp_path, learn=1, settings=SMALL)
    with RunStore.amend(folder) as run:
        run.append("metrics", "rescored/other/epoch 0", {**run.rows("metrics")[0], "similarity": 0.9})
    done = reproduce(publish([folder], tmp_path / "x.zip", scorers=SCORERS), tmp_path / "out", scorers=SCORERS)
    left = done.cells[(done.cells["verdict"] != SAME) & (done.cells["table"] != "ledger")]
    assert set(left["verdict"]) == {CANNOT} and set(left["row"]) == {"rescored/other/epoch 0"}


OFFLINE = (
    "import socket, sys\n"
    "def refuse(*_, **__): raise SystemExit('the network was asked for')\n"
    "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
    "from drawagent.cli import main\n"
    "sys.argv = ['drawagent', *sys.argv[1:]]\nmain()\n"
)


def in_an_empty_environment(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    home.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "PYTHONPATH": os.getcwd(), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", OFFLINE, *arguments], capture_output=True, text=True, timeout=280,
                          env=environment, cwd=home.parent, check=False)
    assert not list(home.iterdir()), "nothing is looked for or left at home"
    return done


def test_the_command_in_an_empty_environment(small, tmp_path):
    named = ("--scorer", SCORER, "--reporter", SCORER)
    done = in_an_empty_environment(tmp_path / "home", "reproduce", str(small), *named)
    assert done.returncode == 0, done.stderr
    assert ", 0 differ, " in done.stdout
    assert (tmp_path / "small-reproduced" / "summary.csv").exists()


def test_the_command_tells_by_its_exit_status(small, tmp_path, monkeypatch, capsys):
    from drawagent.cli import main

    forged = edited(small, tmp_path / "x.zip", lambda contents: change_cell(contents, "results", "reward", plus(0.01)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["drawagent", "reproduce", str(forged), "--scorer", SCORER, "--reporter", SCORER])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "differs by 0.01: results, artist/learn0/e0/k0, reward" in capsys.readouterr().out
    forged.write_bytes(forged.read_bytes()[:-30])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "drawagent: expected a whole zip file" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tour(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tour")
    studio = open_replay(Recording.read("tour"), root=root / "runs", date="2000-01-02", recompute=False)
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    return publish([RunStore.read(studio.run.folder)], root / "tour.zip")


def test_the_recorded_practice_comes_out_the_same_in_every_cell(tour, tmp_path):
    done = reproduce(tour, tmp_path / "out")
    assert counts(done) == {SAME: len(done.cells)} and len(done.cells) > 2000
    assert done.summary()["largest_difference"].max() <= 1e-4
    card = read_zip(tour)["README.md"].decode()
    assert "recorded: replies of a model, recorded earlier and replayed" in card
    assert "Temperature and seed were asked for and could not be controlled" in card
    assert "one library: no claim about the method" in card


@pytest.mark.acceptance
def test_the_recorded_practice_in_an_empty_environment(tour, tmp_path):
    done = in_an_empty_environment(tmp_path / "home", "reproduce", str(tour))
    assert done.returncode == 0, done.stderr
    assert " 0 differ, 0 cannot be recomputed here" in done.stdout


def test_a_kept_recording_carries_a_persons_decisions(tmp_path):
    said: list = []
    studio = open_live(lists(1, report=2), SMALL, model="stand-in", scorer=SCORER, reporter=SCORER,
                       root=tmp_path / "runs", name="made", date="2000-01-01")
    studio.interventions = {1: (Add(op="add", text="Mind the depth of every leg."),)}
    with studio.run:
        list(studio.practise(review=veto_first(said)))
        list(studio.report())
        studio.run.status("finished")
    assert said
    kept = keep(studio.run, tmp_path / "kept", label="x", date="2000-01-01", notes=[], scorers=SCORERS)
    replay = open_replay(Recording.read(str(kept)), root=tmp_path / "again", date="2000-01-02", trust_plugins=True)
    with replay.run:
        list(replay.practise())
        list(replay.report())
    for table in ("edits", "libraries", "reviews", "rollouts"):
        assert replay.run.keyed(table) == studio.run.keyed(table)
