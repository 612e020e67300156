"""Tables: differences on the same prompts and what may be claimed; grades and cards never mixed; stand-ins apart."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from drawagent.cli import app
from drawagent.comparisons import COMPARISON, NOT_SHARED
from drawagent.keeping import Keeper
from drawagent.table_folder import write_folder
from drawagent.table_words import words_of
from drawagent.tabling import PIPELINE, Tables, brief
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.statistics import ONE_LIBRARY, crossed_interval, holm
from tests.drawagent.table_runs import (
    CARD,
    OTHER,
    QUERIES,
    REWARD,
    a_run,
    a_sweep,
    base,
    files_of_a_method,
    library,
    renamed,
    rollout,
    sets,
    slug,
)
from tests.replayed import tour_folder

NOISE = np.random.default_rng(7).normal(0, 0.004, (3, len(QUERIES), 3)).round(6)


def learned(gain: float, practice: int):
    """`gain` an epoch, with noise of its own for every practice and query from epoch 1 on."""
    def score(query: str, epoch: int, draw: int) -> float:
        return base(query) + bool(epoch) * (gain * epoch + NOISE[practice, QUERIES.index(query), epoch])
    return score


def sweep(root, *, baseline: str = "", practices: int = 3, rows=("paper", "K=2"), **changes):
    gains = {"paper": 0.05, "K=2": 0.02}
    runs = {
        row: [a_run(root / "runs", learned(gains[row], number), name=row, practice=number, home=root,
                    settings={"candidates": 5 if row == "paper" else 2}, **changes) for number in range(practices)]
        for row in rows
    }
    return a_sweep(root, runs, baseline=baseline)


def of(table, entry: str, prompts: str = "all"):
    return table[(table.entry == entry) & (table["prompts of"] == prompts)].iloc[0]


def test_differences_are_paired_with_the_empty_library_of_every_practice(tmp_path) -> None:
    tables = Tables.of(sweep(tmp_path))
    table = tables.comparisons["CLIP-ST"]
    assert tuple(table.columns) == COMPARISON
    assert tables.entries.against == "paper, epoch 0"
    one = of(table, "paper, epoch 2")
    expected = crossed_interval(0.1 + NOISE[:, :, 2])
    assert (one.practices, one.prompts, one.draws) == (3, 6, 1)
    for name in ("low", "high", "p"):
        assert one[name] == pytest.approx(getattr(expected, name), abs=1e-6)
    assert one.difference == pytest.approx(expected.mean, abs=1e-6)
    assert one["mean"] == pytest.approx(np.mean([base(query) for query in QUERIES]) + expected.mean, abs=1e-5)
    assert one.significant is True
    assert one.worst_view == pytest.approx(one["mean"] - 0.05, abs=1e-6)
    assert one.r_at_1 == pytest.approx(1 / 6, abs=1e-6)
    assert one.r_at_5 == pytest.approx(5 / 6, abs=1e-6)
    entries = table[(table["prompts of"] == "all") & (table.kind == "entry")]
    assert list(entries.entry) == ["paper, epoch 1", "paper, epoch 2", "K=2, epoch 1", "K=2, epoch 2"]
    assert list(entries.p_holm) == pytest.approx(holm(list(entries.p)), rel=1e-4)
    assert entries.p_holm.min() == pytest.approx(4 * entries.p.min(), rel=1e-4)
    assert 0 < entries.p.min() < 0.001
    assert "higher than the baseline" in tables.claims()[1]


def test_prompts_of_each_length_stand_apart_and_together(tmp_path) -> None:
    table = Tables.of(sweep(tmp_path)).comparisons["CLIP-ST"]
    assert list(dict.fromkeys(table["prompts of"])) == ["all", "short", "descriptive"]
    assert [of(table, "K=2, epoch 2", name).prompts for name in ("all", "short", "descriptive")] == [6, 4, 2]
    short = crossed_interval(0.04 + NOISE[:, :4, 2])
    assert of(table, "K=2, epoch 2", "short").difference == pytest.approx(short.mean, abs=1e-6)


def test_the_same_drawings_of_epoch_0_are_one_entry(tmp_path) -> None:
    table = Tables.of(sweep(tmp_path)).comparisons["CLIP-ST"]
    assert of(table, "paper, epoch 0").kind == "baseline"
    assert of(table, "paper, epoch 0")["same drawings as"] == "K=2, epoch 0"
    assert "K=2, epoch 0" not in set(table.entry)
    assert of(table, "paper, epoch 0").n == 6
    assert of(table, "paper, epoch 2").n == 18


def test_a_grid_names_its_baseline_and_a_person_another(tmp_path) -> None:
    folder = sweep(tmp_path, baseline="paper, epoch 2")
    tables = Tables.of(folder)
    assert tables.entries.against == "paper, epoch 2"
    one = of(tables.comparisons["CLIP-ST"], "K=2, epoch 2")
    assert one.difference == pytest.approx(-0.06, abs=1e-6)
    assert one.claim == "no variation: no claim about the method"
    assert Tables.of(folder, baseline="K=2, epoch 0").entries.against == "paper, epoch 0"
    assert of(Tables.of(folder, baseline="").comparisons["CLIP-ST"], "paper, epoch 2").difference > 0
    with pytest.raises(ConfigurationError, match=r"a baseline among the entries: paper, epoch 0; .*got paper, epoch 9"):
        _ = Tables.of(folder, baseline="paper, epoch 9").comparisons


def test_a_starting_library_is_not_the_empty_one(tmp_path) -> None:
    tips = a_run(tmp_path, lambda query, epoch, draw: base(query) + 0.01, name="tips", epochs=0,
                 first=library("Let strokes meet."))
    mine = a_run(tmp_path, learned(0.05, 0))
    tables = Tables.of(tips.folder, mine.folder)
    assert tables.entries.against == "mine, epoch 0"
    one = of(tables.comparisons["CLIP-ST"], "tips, epoch 0")
    assert (one.difference, one.claim) == (0.01, ONE_LIBRARY)
    assert one.significant is None
    other = a_run(tmp_path, base, name="others", epochs=0, first=library("Keep it small."))
    with pytest.raises(ConfigurationError, match="an entry with the empty library, or a named baseline"):
        _ = Tables.of(tips.folder, other.folder).comparisons
    assert Tables.of(tips.folder, other.folder, baseline="tips, epoch 0").entries.against == "tips, epoch 0"


def test_gains_are_over_the_own_epoch_0(tmp_path) -> None:
    """Best of N is better already at epoch 0: the comparison shows both, the gain shows what practice did."""
    def lucky(practice: int):
        return lambda query, epoch, draw: learned(0.05, practice)(query, epoch, draw) + 0.1

    paper = [a_run(tmp_path / "runs", learned(0.05, number), practice=number) for number in range(3)]
    best = [a_run(tmp_path / "runs", lucky(number), name="best", practice=number) for number in range(3)]
    tables = Tables.of(a_sweep(tmp_path, {"paper": paper, "best of N": best}))
    assert of(tables.comparisons["CLIP-ST"], "best of N, epoch 2").difference == pytest.approx(
        0.2 + NOISE[:, :, 2].mean(), abs=1e-6)
    table = tables.frames["gain over the own epoch 0, CLIP-ST"].set_index("entry")
    assert list(table.against) == ["paper, epoch 0"] * 2 + ["best of N, epoch 0"] * 2
    assert table.difference["best of N, epoch 2"] == table.difference["paper, epoch 2"]
    assert table.difference["paper, epoch 2"] == pytest.approx(0.1 + NOISE[:, :, 2].mean(), abs=1e-6)
    assert list(table.p_holm) == pytest.approx(holm(list(table.p)), rel=1e-4)
    assert not any(name.startswith("gain") for name in Tables.of(*(run.folder for run in paper)).frames)


def test_one_library_makes_no_claim(tmp_path) -> None:
    tables = Tables.of(sweep(tmp_path, practices=1))
    own = tables.comparisons["CLIP-ST"]
    entries = own[own.kind == "entry"]
    assert len(entries) == 4 * 3
    assert set(entries.claim) == {ONE_LIBRARY}
    assert entries.p.isna().all()
    assert set(entries.significant) == {None}
    assert all(ONE_LIBRARY in claim for claim in tables.claims())
    assert not any(word in " ".join(tables.claims()) for word in ("higher than", "lower than"))


def test_draws_are_averaged_and_practices_unpaired_ones_left_out(tmp_path) -> None:
    more = [a_run(tmp_path / "runs", learned(0.05, number), name="paper", practice=number, draws=2) for number in (0, 1, 2)]
    two = [a_run(tmp_path / "runs", learned(0.02, number), name="K=2", practice=number, draws=2,
                 settings={"candidates": 2}) for number in (0, 1)]
    table = Tables.of(a_sweep(tmp_path, {"paper": more, "K=2": two}), baseline="paper, epoch 1").comparisons["CLIP-ST"]
    assert of(table, "paper, epoch 2").practices == 3
    one = of(table, "K=2, epoch 2")
    assert (one.practices, one.draws) == (2, 2)
    expected = (0.04 + NOISE[:2, :, 2] - 0.05 - NOISE[:2, :, 1]).mean()
    assert one.difference == pytest.approx(expected, abs=1e-6)


def test_failed_drawings_count_and_stand_beside(tmp_path) -> None:
    failed = {("fern", 1): "unreadable", ("clock", 1): "empty"}
    run = a_run(tmp_path, learned(0.05, 0), failed=failed)
    with RunStore.amend(run.folder) as again:
        for k in range(4):
            rollout(again, "artist", "bench", 0, k, "unreadable" if k else "")
    tables = Tables.of(run.folder)
    one = of(tables.comparisons["CLIP-ST"], "mine, epoch 1")
    assert (one.valid, one.n) == (4, 6)
    assert one.validity == pytest.approx(4 / 6, abs=1e-6)
    assert 0 < one.validity_low < one.validity < one.validity_high < 1
    kept = [base(q) + 0.05 + NOISE[0, QUERIES.index(q), 1] for q in QUERIES if q not in ("fern", "clock")]
    assert one.mean_valid == pytest.approx(np.mean(kept), abs=1e-6)
    table = tables.frames["failures"].set_index(["role", "failure"])
    assert table["count"].to_dict() == {
        ("report", "empty"): 1, ("report", "unreadable"): 1, ("report", "all kinds"): 2,
        ("artist", "unreadable"): 3, ("artist", "all kinds"): 3,
    }
    assert table.n["report", "all kinds"] == 18
    assert table.share["artist", "all kinds"] == 0.75
    assert table.low["report", "all kinds"] < 2 / 18 < table.high["report", "all kinds"]


def test_a_reply_that_practices_share_fails_once(tmp_path) -> None:
    tables = Tables.of(sweep(tmp_path, rows=("paper",), failed={("fern", 0): "unreadable"}))
    table = tables.frames["failures"].set_index("role")
    assert (table["count"]["report"].max(), table.n["report"].max()) == (1, 18)


def test_anchors_are_rows_of_their_own(tmp_path) -> None:
    table = Tables.of(sweep(tmp_path)).comparisons["CLIP-ST"]
    blank = of(table, "blank canvas")
    assert (blank.kind, blank["mean"], blank.practices) == ("anchor", 0.1, 6)
    assert math.isnan(blank.difference)
    assert blank.claim == "anchor: what the score gives to it"


def test_files_of_another_method_stand_beside_one_grade(tmp_path) -> None:
    folder = sweep(tmp_path)
    theirs = files_of_a_method(tmp_path / "other", lambda q, e, d: base(q) + 0.03, queries=QUERIES[:5], missing=["fern"])
    tables = Tables.of(folder, theirs.folder)
    one = of(tables.comparisons["CLIP-ST"], "Their method")
    assert (one.kind, one.evidence, one.prompts, one.valid, one.n) == ("another method", "external", 5, 4, 5)
    assert one.difference == pytest.approx(0.03)
    assert of(tables.comparisons["CLIP-ST"], "paper, epoch 2").prompts == 6
    assert tables.frames["failures"].query("role == 'file'")["count"].tolist() == [1, 1]
    assert Tables.of(theirs.folder).claims() == ["one entry: nothing to compare"]


def test_prompts_that_nobody_shares_give_no_difference(tmp_path) -> None:
    mine = a_run(tmp_path, learned(0.05, 0), queries=QUERIES[:3])
    theirs = files_of_a_method(tmp_path, base, queries=QUERIES[3:])
    table = Tables.of(mine.folder, theirs.folder).comparisons["CLIP-ST"]
    for block in ("all", "short", "descriptive"):
        assert math.isnan(of(table, "Their method", block).difference)
        assert of(table, "Their method", block).claim == NOT_SHARED
    assert "mine, epoch 0" not in set(table[table["prompts of"] == "descriptive"].entry)
    assert of(table, "mine, epoch 1").prompts == 3


@pytest.mark.parametrize(("change", "words"), [
    ({"evidence": "recorded"}, r"one grade of evidence.*live: .*_a_\w+; recorded: .*_b_.*Tables\.of once for each grade"),
    ({"evidence": "stand-in"}, r"runs of models.*stand-in: .*_b_.*pipeline_check"),
    ({"card": renamed(CARD, weights="laion")}, r"the same scorer cards.*report weights 'openai' in .*_a_\w+, 'laion' in .*_b_"),
    ({"card": renamed(CARD, template="{text}")}, r"the same scorer cards.*report template"),
    ({"card": OTHER}, r"the same scorer cards.*report column 'CLIP-ST' in .*_a_\w+, 'CLIP \(B/32\)' in .*_b_.*drawagent rescore"),
    ({"pictures": "drawagent.raster:render|224|3.0|cam a;cam b"},
     r"the same cameras and raster in every report.*'2\.0' and '3\.0'"),
])
def test_numbers_of_two_kinds_never_share_a_table(tmp_path, change, words) -> None:
    first, second = a_run(tmp_path, name="a"), a_run(tmp_path, name="b", **change)
    with pytest.raises(ConfigurationError, match=words):
        Tables.of(first.folder, second.folder)


def test_device_and_versions_may_differ_and_are_told(tmp_path) -> None:
    first = a_run(tmp_path, name="a", card=renamed(CARD, versions=(("torch", "2"),)))
    second = a_run(tmp_path, name="b", card=renamed(CARD, device="cuda", versions=(("torch", "3"),)))
    told = Tables.of(first.folder, second.folder).frames["scorer cards"].set_index("role").loc["report"]
    assert (told.device, told.versions, told.runs, told.weights) == ("cpu; cuda", "torch 2; torch 3", 2, "openai")
    assert told.pictures.startswith("drawagent.raster:render, 224 px, strokes of 2.0 px, 2 views, ")
    assert told["card"] == CARD.key[:12]


def test_own_pictures_of_a_method_have_no_cameras_of_ours(tmp_path) -> None:
    mine = a_run(tmp_path, learned(0.05, 0))
    ours = files_of_a_method(tmp_path / "a", base, pictures="another ring|224|2.0|cam c")
    with pytest.raises(ConfigurationError, match="the same cameras and raster"):
        Tables.of(mine.folder, ours.folder)
    own = files_of_a_method(tmp_path / "b", base, pictures="another ring|224|2.0|cam c", own=True)
    tables = Tables.of(mine.folder, own.folder)
    assert tables.remarks == ("Their method: 6 of 6 drawings are seen in the method's own views",)
    one = of(tables.comparisons["CLIP-ST"], "Their method")
    assert (one.difference, one["same drawings as"]) == (0.0, "")


def test_a_second_scorer_stands_side_by_side(tmp_path) -> None:
    down = {OTHER: lambda query, epoch, draw: base(query) - 0.01 * epoch}
    up = {OTHER: lambda query, epoch, draw: base(query) + 0.01 * epoch}
    one = a_run(tmp_path, learned(0.05, 0), name="one", rescored=down)
    two = a_run(tmp_path, learned(0.02, 1), name="two", rescored=up)
    tables = Tables.of(one.folder, two.folder)
    assert tables.columns == ("CLIP-ST", "CLIP (B/32)")
    assert "comparison, CLIP (B/32)" in tables.frames
    table = tables.second_scorer().set_index("entry")
    assert table["signs agree"].to_dict() == {
        "one, epoch 0": "", "one, epoch 1": "no", "one, epoch 2": "no", "two, epoch 1": "yes", "two, epoch 2": "yes",
    }
    assert table["CLIP (B/32): difference"]["one, epoch 2"] == -0.02
    assert set(words_of({"second": tables.second_scorer()})["CLIP-ST: mean"].split()) >= {"mean", "score"}
    plain = a_run(tmp_path, base, name="plain")
    partly = Tables.of(one.folder, plain.folder)
    assert partly.columns == ("CLIP-ST",)
    assert partly.remarks == ("no table of CLIP (B/32): 1 of 2 runs have it",)


def test_a_scorer_that_rewarded_is_no_witness(tmp_path) -> None:
    run = a_run(tmp_path, learned(0.05, 0), rescored={REWARD: base})
    assert Tables.of(run.folder).remarks == (
        "CLIP (reward) rewarded practices: no witness of what was learned",)


def test_aes_has_a_table_where_every_run_has_it(tmp_path) -> None:
    rated = a_run(tmp_path, learned(0.05, 0), name="a", aesthetic=lambda query, epoch, draw: 4.0 + 0.1 * epoch)
    tables = Tables.of(rated.folder)
    one = of(tables.comparisons["AES"], "a, epoch 2")
    assert (one["mean"], one.difference) == (4.2, 0.2)
    assert math.isnan(one.worst_view)
    assert math.isnan(one.r_at_1)
    other = a_run(tmp_path, base, name="b")
    assert Tables.of(rated.folder, other.folder).remarks == ("no table of AES: 1 of 2 runs have it",)


def test_a_drifted_run_is_marked(tmp_path) -> None:
    tables = Tables.of(a_run(tmp_path, learned(0.05, 0), drifted=3).folder)
    assert of(tables.comparisons["CLIP-ST"], "mine, epoch 1").drifted == 3
    assert tables.remarks == (
        "DRIFTED: 3 replies of mine, practice 0 were taken by call site: prompts have changed since",)
    assert tables.frames["practices"].drifted.tolist() == [3]


def test_what_became_of_the_libraries(tmp_path) -> None:
    run = a_run(tmp_path, base, stopped="two epochs without an accepted edit")
    with RunStore.amend(run.folder) as again:
        again.append("gates", "e0", {"epoch": 0, "accepted": True})
        again.append("gates", "e1", {"epoch": 1, "accepted": False})
        again.append("edits", "e1", {"epoch": 1, "reply_keys": [], "failure": "unreadable"})
    one = Tables.of(run.folder).frames["practices"].iloc[0]
    assert (one.lessons, one.words, one.gate) == ("0 1 2", "0 7 14", "kept, rolled back")
    assert (one.failed_updates, one.stopped_early) == (1, "two epochs without an accepted edit")


def stand_in(root):
    return sweep(root, evidence="stand-in", aesthetic=lambda query, epoch, draw: 4.0)


def test_a_stand_in_has_a_pipeline_check_and_nothing_else(tmp_path) -> None:
    tables = Tables.of(stand_in(tmp_path))
    assert list(tables.frames) == [PIPELINE]
    assert list(tables.frames[PIPELINE].columns) == [
        "row", "practice", "run", "evidence", "fingerprint", "status", "calls", "failures", "resumes", "seconds",
    ]
    assert len(tables.frames[PIPELINE]) == 6
    for asked in ("comparisons", "entries"):
        with pytest.raises(ConfigurationError, match="scores are no results.*pipeline check"):
            getattr(tables, asked)
    assert tables.claims() == ["a stand-in drew: no results, and no claim about anything but the pipeline"]


def test_a_stand_in_never_stands_under_a_score_of_the_paper(tmp_path) -> None:
    """Its runs were scored by CLIP-ST and AES here; neither word may head or name anything of theirs."""
    tables = Tables.of(stand_in(tmp_path))
    shown = tables.stand_in_comparison()
    assert list(shown) == ["stand-in, scorer 1"]
    for frame in shown.values():
        assert all(name.startswith("stand-in ") for name in frame.columns)
        assert (frame["stand-in entry"] == "paper, epoch 2").any()
    written = write_folder(tables, tmp_path / "out")
    everything = "".join(path.read_text("utf-8", "replace") for path in sorted((tmp_path / "out").rglob("*")) if path.is_file())
    everything += "".join(frame.to_csv() for frame in (*tables.frames.values(), *shown.values()))
    assert "CLIP-ST" not in everything
    assert "AES" not in everything
    assert not any(name.startswith(("comparison", "forest", "curve", "paper", "stand-in")) for name in written)
    with pytest.raises(ConfigurationError, match="runs of a stand-in.*live"):
        Tables.of(a_run(tmp_path / "x").folder).stand_in_comparison()


def test_preferences_of_the_same_grade_have_a_table(tmp_path) -> None:
    run = a_run(tmp_path, base)
    row = {"comparison": "c1", "query": "fern", "a": "x, epoch 0", "b": "x, epoch 2", "answer": "B", "rater": "ann",
           "seconds": 2.0, "evidence": "live", "seed": 0}
    (tmp_path / "answers.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    table = Tables.of(run.folder, preferences=[tmp_path / "answers.jsonl"]).frames["preferences"]
    assert table.set_index("side").wins.to_dict() == {"x, epoch 0": 0, "x, epoch 2": 1}
    (tmp_path / "answers.jsonl").write_text(json.dumps(row | {"evidence": "stand-in"}) + "\n", "utf-8")
    with pytest.raises(ConfigurationError, match="answers on live drawings.*stand-in"):
        _ = Tables.of(run.folder, preferences=[tmp_path / "answers.jsonl"]).frames


def test_the_folder_holds_every_table_and_the_paper_apart(tmp_path) -> None:
    folder = sweep(tmp_path / "sweep", rescored={OTHER: base})
    first, second = tmp_path / "a", tmp_path / "b"
    written = write_folder(Tables.of(folder), first)
    write_folder(Tables.of(folder), second)
    names = {"comparison-clip-st", "comparison-clip-b-32", "second-scorer", "gain-over-the-own-epoch-0-clip-st",
              "failures", "costs", "practices", "scorer-cards"}
    assert {f"{name}.{kind}" for name in names for kind in ("csv", "parquet", "tex")} <= set(written)
    assert {"columns.csv", "claims.txt", "forest-clip-st.svg", "curve-k-2-clip-st.svg"} <= set(written)
    assert {name for name in written if name.startswith("paper/")} == {
        "paper/the-paper-s-numbers.csv", "paper/the-paper-s-numbers.parquet", "paper/the-paper-s-numbers.tex",
        "paper/columns.csv",
    }
    for name in written:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert "0.6643" in (first / "paper" / "the-paper-s-numbers.csv").read_text("utf-8")
    assert "Dream3DVG" not in "".join(path.read_text("utf-8") for path in first.glob("*.csv"))


def test_file_names_of_rows_that_look_alike_differ(tmp_path) -> None:
    runs = {name: [a_run(tmp_path / "runs", learned(0.05, 0), name=name)] for name in ("K=2", "K 2")}
    written = write_folder(Tables.of(a_sweep(tmp_path, runs)), tmp_path / "out")
    assert {"curve-k-2-clip-st.svg", "curve-k-2-no2-clip-st.svg"} <= set(written)


def test_the_command_prints_the_comparison_and_writes(tmp_path) -> None:
    folder = sweep(tmp_path / "sweep")
    done = CliRunner().invoke(app, ["tables", str(folder), "--baseline", "K=2, epoch 0", "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "CLIP-ST, live; baseline: paper, epoch 0" in done.output
    assert "CLIP-ST, paper, epoch 2 against paper, epoch 0: +0.0" in done.output
    assert (tmp_path / "out" / "comparison-clip-st.csv").exists()
    done = CliRunner().invoke(app, ["tables", str(stand_in(tmp_path / "dry"))])
    assert "pipeline check (a stand-in: no scores)" in done.output
    assert "CLIP-ST" not in done.output


def test_the_tour_prints_that_one_library_makes_no_claim() -> None:
    tables = Tables.of(tour_folder())
    table = tables.comparisons["toy CLIP (report)"]
    assert [round(of(table, f"tour, epoch {e}")["mean"], 3) for e in range(3)] == [0.617, 0.620, 0.587]
    assert all(claim.endswith(ONE_LIBRARY) for claim in tables.claims())
    assert set(table.evidence) == {"recorded"}
    shown = brief(table)
    assert shown.loc[shown.entry == "tour, epoch 2", "difference"].iloc[0] == -0.0302
    assert set(shown.significant) == {""}


def test_words_on_every_column(tmp_path) -> None:
    run = a_run(tmp_path, learned(0.05, 0), rescored={OTHER: base}, aesthetic=lambda query, epoch, draw: 4.0)
    frames = Tables.of(run.folder).frames
    words = words_of({**frames, PIPELINE: Tables.of(run.folder).pipeline()})
    assert all(words.values())
    with pytest.raises(KeyError, match="nonsense"):
        words_of({"t": frames["costs"].assign(nonsense=1)})


def test_epoch_0_that_differs_between_practices_is_paired_with_its_own(tmp_path) -> None:
    """Runs that paid for their epoch 0 apart: the baseline has draws of its own in every practice."""
    def apart(practice: int):
        return lambda query, epoch, draw: base(query) + 0.01 * practice * (1 + QUERIES.index(query)) + 0.05 * epoch
    runs = [a_run(tmp_path, apart(number), practice=number) for number in range(2)]
    tables = Tables.of(*(run.folder for run in runs))
    assert tables.entries.fixed == frozenset()
    one = of(tables.comparisons["CLIP-ST"], "mine, epoch 1")
    assert (one.practices, round(one.difference, 6)) == (2, 0.05)
    assert of(tables.comparisons["CLIP-ST"], "mine, epoch 0").n == 12


def test_two_models_of_one_column_have_tables_of_their_own(tmp_path) -> None:
    """Every open CLIP model stands under CLIP-ST; a rescored run has two of them, and a rewarder of that column."""
    other, reward = renamed(CARD, name="ViT-B", model="ViT-B-32"), renamed(REWARD, column="CLIP-ST")
    run = a_run(tmp_path, learned(0.05, 0), reward=reward, rescored={other: base})
    tables = Tables.of(run.folder)
    assert tables.columns == ("CLIP-ST, ViT-L", "CLIP-ST, ViT-B")
    assert tables.remarks == ()
    assert of(tables.comparisons["CLIP-ST, ViT-L"], "mine, epoch 2").difference > 0.09
    assert of(tables.comparisons["CLIP-ST, ViT-B"], "mine, epoch 2").difference == 0
    assert of(tables.comparisons["CLIP-ST, ViT-B"], "mine, epoch 2").n == 6
    assert "curve-mine-clip-st-vit-b.svg" in write_folder(tables, tmp_path / "out")
    twice = a_run(tmp_path / "b", rescored={renamed(CARD, template="{text}"): base})
    assert [label[:14] for label in Tables.of(twice.folder).columns] == ["CLIP-ST, ViT-L", "CLIP-ST, ViT-L"]
    assert len(set(Tables.of(twice.folder).columns)) == 2
    rewarded = a_run(tmp_path / "c", reward=other, rescored={other: base})
    assert Tables.of(rewarded.folder).remarks == (
        "CLIP-ST, ViT-B rewarded practices: no witness of what was learned",)


def test_a_rescoring_makes_runs_of_two_reporters_comparable(tmp_path) -> None:
    first = a_run(tmp_path, name="a")
    second = a_run(tmp_path, name="b", card=OTHER, rescored={CARD: base})
    tables = Tables.of(first.folder, second.folder)
    assert tables.columns == ("CLIP-ST",)
    assert tables.remarks == ("no table of CLIP (B/32): 1 of 2 runs have it",)


def test_two_predictors_of_aes_are_refused(tmp_path) -> None:
    aes = [renamed(CARD, name="LAION", weights=weights, column="AES") for weights in ("one", "two")]
    runs = [a_run(tmp_path, name=name, rescored={card: base}) for name, card in zip("ab", aes, strict=True)]
    with pytest.raises(ConfigurationError, match="one predictor of AES"):
        Tables.of(*(run.folder for run in runs))


def test_rows_without_a_card_are_refused(tmp_path) -> None:
    run = a_run(tmp_path, base)
    with RunStore.amend(run.folder) as again:
        sets(Keeper(again, "rescored/abc/"), base, QUERIES, {}, 0, 0, OTHER, None)
    with pytest.raises(ConfigurationError, match=r"the card of the column 'CLIP \(B/32\)'.*none in run.json"):
        Tables.of(run.folder)
    assert slug("long bench") == "long-bench"
