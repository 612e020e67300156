"""Comparing: the same prompts, the same draws, library by library, and nothing left out in silence."""

from __future__ import annotations

import gzip
import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pandas
import pytest

from easel.comparing import BASELINE, compare, differences, rates
from easel.errors import ConfigurationError
from easel.statistics import ONE_LIBRARY, crossed_interval, wilson

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = ("chair", "bench", "lamp")
HAND = {"1": (1.0, 2.0, 6.0), "2": (3.0, 2.0, 10.0)}
"""The differences of test_statistics, which have a mean of 4."""


def rows(entry, values, *, draws=2, spread=0.5):
    """values : {library: one value per prompt}; the draws of a prompt lie around its value"""
    return [
        {"entry": entry, "library": library, "prompt": prompt, "draw": draw,
         "value": value + spread * (draw - (draws - 1) / 2), "valid": draw > 0, "note": "ignored"}
        for library, row in values.items()
        for (prompt, value), draw in product(zip(PROMPTS, row, strict=True), range(draws))
    ]


def frame(*parts):
    return pandas.DataFrame([row for part in parts for row in part])


BASE = rows("epoch 0", {"": (0.5, 0.25, 1.0)})
LEARNED = rows("ours", {name: np.add(row, (0.5, 0.25, 1.0)) for name, row in HAND.items()})


def test_the_empty_library_stands_against_every_practice() -> None:
    table = compare(frame(BASE, LEARNED), baseline="epoch 0")
    assert list(table.columns) == [
        "entry", "practices", "prompts", "draws", "mean", "difference", "low", "high", "standard_error", "p", "p_holm",
        "significant", "claim",
    ]
    first, second = table.to_dict("records")
    assert (first["entry"], first["practices"], first["prompts"], first["draws"]) == ("epoch 0", 1, 3, 2)
    assert first["mean"] == pytest.approx(1.75 / 3) and math.isnan(first["difference"]) and math.isnan(first["p"])
    assert (first["significant"], first["claim"]) == (None, BASELINE)
    expected = crossed_interval(list(HAND.values()))
    assert (second["practices"], second["prompts"], second["draws"]) == (2, 3, 2)
    assert second["mean"] == pytest.approx(4 + 1.75 / 3)
    assert [second[name] for name in ("difference", "low", "high", "standard_error", "p")] == pytest.approx(
        [4, expected.low, expected.high, expected.standard_error, expected.p])
    assert (second["p_holm"], second["significant"], second["claim"]) == (second["p"], False, "")


def test_practices_are_paired_by_name_not_by_place() -> None:
    base = {"2": (1.0, 1.0, 5.0), "1": (0.0, 7.0, 0.0)}
    entry = {name: np.add(row, base[name]) for name, row in HAND.items()}
    paired = differences(frame(rows("paper", base), rows("ours", entry)), "paper", "ours")
    assert paired.libraries == ("1", "2") and paired.prompts == PROMPTS and paired.draws == (0, 1)
    assert paired.values == pytest.approx(np.array(list(HAND.values())))
    assert paired.mean == pytest.approx(np.mean(list(entry.values())))


def test_order_of_the_rows_does_not_matter() -> None:
    whole = frame(BASE, LEARNED)
    mixed = pandas.concat([whole.iloc[:1], whole.iloc[1:].sample(frac=1, random_state=3)])
    one, other = compare(whole, baseline="epoch 0"), compare(mixed, baseline="epoch 0")
    pandas.testing.assert_frame_equal(one, other)


def test_nested_draws_are_compared_on_the_draws_that_both_have() -> None:
    base = rows("epoch 0", {"": (0.5, 0.25, 1.0)}, draws=5, spread=1.0)
    paired = differences(frame(base, LEARNED), "epoch 0", "ours")
    # Of the baseline's draws -2, -1, 0, 1, 2 about its value the entry has the first two.
    assert paired.draws == (0, 1)
    assert paired.values == pytest.approx(np.array(list(HAND.values())) + 1.5)
    table = compare(frame(base, LEARNED), baseline="epoch 0")
    assert list(table.draws) == [5, 2]
    assert table["mean"][1] - table["difference"][1] == pytest.approx(1.75 / 3 - 1.5)


def test_the_empty_library_as_an_entry_stands_against_every_practice_of_the_baseline() -> None:
    table = compare(frame(LEARNED, BASE), baseline="ours")
    other = compare(frame(BASE, LEARNED), baseline="epoch 0")
    assert table["difference"][1] == -other["difference"][1]
    assert (table["p"][1], table["practices"][1]) == (other["p"][1], 2)


def test_one_library_has_an_interval_and_no_claim() -> None:
    table = compare(frame(BASE, rows("ours", {"1": (1.0, 2.0, 6.0)})), baseline="epoch 0")
    last = table.iloc[1]
    assert last.low < last.difference < last.high
    assert math.isnan(last.p) and math.isnan(last.p_holm) and last.significant is None
    assert last.claim == ONE_LIBRARY


def test_holm_counts_the_entries_with_a_p_and_decides() -> None:
    rng = np.random.default_rng(0)

    def learned(name, effect):
        return rows(name, {str(seed): effect + 0.01 * rng.standard_normal(3) for seed in range(5)})

    table = compare(frame(
        rows("epoch 0", {"": (0.0, 0.0, 0.0)}), learned("clear", 0.5), rows("single", {"1": (0.5, 0.6, 0.7)}),
        learned("faint", 0.009), learned("null", 0.0),
    ), baseline="epoch 0").set_index("entry")
    assert list(table.index) == ["epoch 0", "clear", "single", "faint", "null"]
    assert table.p_holm["clear"] == pytest.approx(3 * table.p["clear"])
    assert table.significant.to_dict() == {
        "epoch 0": None, "clear": True, "single": None, "faint": False, "null": False,
    }
    assert table.p["faint"] < 0.05 < table.p_holm["faint"]
    assert table.low["faint"] > 0


def without(part, **where):
    return [row for row in part if any(row[name] != value for name, value in where.items())]


@pytest.mark.parametrize(("parts", "words"), [
    ((without(BASE, prompt="lamp"), LEARNED),
     r"the same prompts in 'ours' and 'epoch 0', got none in 'epoch 0' of 'lamp'"),
    ((BASE, without(LEARNED, prompt="lamp")),
     r"the same prompts in 'ours' and 'epoch 0', got none in 'ours' of 'lamp'"),
    ((BASE, without(LEARNED, prompt="lamp", library="2", draw=1)),
     r"every prompt and draw of 'ours' in each of its libraries, got none of library '2' prompt 'lamp' draw 1 \(at"),
    ((BASE, without(LEARNED, library="2", prompt="bench")),
     r"none of library '2' prompt 'bench' draw 0, library '2' prompt 'bench' draw 1"),
    ((without(BASE, draw=0), without(LEARNED, draw=1)),
     r"draws of the same number in 'ours' and 'epoch 0', got 0 and 1"),
    ((BASE, LEARNED, LEARNED[:1]), r"every draw of 'ours' once, got twice: library '1' prompt 'chair' draw 0"),
    ((BASE, rows("ours", {"": (1, 2, 3), "1": (1, 2, 3)}), rows("epoch 0", {"3": (0, 0, 0)})),
     r"or the empty library alone in one of them, got '1' only in 'ours'; '3' only in 'epoch 0'"),
])
def test_what_cannot_be_paired_is_named(parts, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        compare(frame(*parts), baseline="epoch 0")


def test_a_missing_value_is_named_and_never_dropped() -> None:
    holed = frame(BASE, LEARNED)
    holed.loc[7, "value"] = math.nan
    with pytest.raises(ConfigurationError) as error:
        compare(holed, baseline="epoch 0")
    assert str(error.value) == (
        "expected a value in every row, got none in 1 of 18, first in entry ours, library 1, prompt chair, draw "
        "1 (at compare). A failed drawing counts as the blank page; it is never left out."
    )


def test_a_csv_that_lost_its_empty_library_is_refused(tmp_path) -> None:
    frame(BASE, LEARNED).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ConfigurationError, match=r'a library in every row.*The empty library is ""; read a CSV with keep'):
        compare(pandas.read_csv(tmp_path / "a.csv"), baseline="epoch 0")
    again = pandas.read_csv(tmp_path / "a.csv", keep_default_na=False, dtype={"library": str})
    pandas.testing.assert_frame_equal(
        compare(again, baseline="epoch 0"), compare(frame(BASE, LEARNED), baseline="epoch 0"))


@pytest.mark.parametrize(("call", "words"), [
    (lambda: compare(frame(BASE), baseline="paper"), "a baseline among the entries epoch 0, got 'paper'"),
    (lambda: compare(frame(BASE).drop(columns=["draw"]), baseline="epoch 0"), "got none named draw"),
    (lambda: compare(frame(BASE).iloc[:0], baseline="epoch 0"), "a frame with rows, got none"),
    (lambda: differences(frame(BASE), "epoch 0", "ours"), "an entry of the frame, got 'ours'"),
    (lambda: rates(frame(BASE), "value"), "true or false in column 'value', got 0.25 in entry 'epoch 0'"),
    (lambda: rates(frame(BASE), "clean"), "got none named clean"),
])
def test_wrong_frames_are_refused(call, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        call()


def test_the_baseline_alone_is_a_table_of_one_row() -> None:
    assert compare(frame(BASE), baseline="epoch 0").claim.to_list() == [BASELINE]


def test_rates_are_wilsons() -> None:
    table = rates(frame(LEARNED, BASE))
    one = wilson(6, 12)
    assert table.to_dict("records")[0] == {
        "entry": "ours", "n": 12, "successes": 6, "share": 0.5, "low": one.low, "high": one.high}
    assert list(table.entry) == ["ours", "epoch 0"] and list(table.n) == [12, 6]
    numbers = frame(BASE).assign(valid=[1, 1, 1, 0, 1, 1])
    assert list(rates(numbers).successes) == [5]


def test_a_null_sweep_through_the_frame_is_rarely_significant() -> None:
    """200 whole sweeps with a shared epoch 0 and two entries, of which the first gains 0.3."""
    rng, found, covered = np.random.default_rng(9), [], []
    cells = list(product(range(4), range(6), range(2)))
    for _ in range(200):
        talent = rng.standard_normal(6)
        whole = [("epoch 0", "", p, k, talent[p] + 0.3 * rng.standard_normal()) for p, k in product(range(6), range(2))]
        for name, effect in (("effect", 0.3), ("null", 0.0)):
            practice, gain = 0.1 * rng.standard_normal(4), 0.2 * rng.standard_normal(6)
            whole += [(name, str(s), p, k, talent[p] + effect + practice[s] + gain[p] + 0.3 * rng.standard_normal())
                      for s, p, k in cells]
        table = compare(pandas.DataFrame(whole, columns=["entry", "library", "prompt", "draw", "value"]),
                        baseline="epoch 0").set_index("entry")
        covered += [table.low[name] <= true <= table.high[name] for name, true in (("effect", 0.3), ("null", 0.0))]
        found.append(bool(table.significant["null"]))
    assert np.mean(covered) >= 0.93
    assert np.mean(found) <= 0.07


def test_the_recorded_practice_is_compared_and_claims_nothing() -> None:
    recorded = gzip.decompress((ROOT / "drawagent/recordings/tour/rollouts.jsonl.gz").read_bytes()).splitlines()
    reports = [row for row in map(json.loads, recorded) if row["role"] == "report"]
    whole = pandas.DataFrame({
        "entry": f"epoch {row['epoch']}", "library": "tour" if row["epoch"] else "", "prompt": row["query"],
        "draw": row["candidate"], "value": row["reward"], "valid": not row["failure"],
    } for row in reports)
    table = compare(whole, baseline="epoch 0").set_index("entry")
    means = {epoch: np.mean([row["reward"] for row in reports if row["epoch"] == epoch]) for epoch in (0, 1, 2)}
    for epoch in (1, 2):
        row = table.loc[f"epoch {epoch}"]
        assert (row.practices, row.prompts, row.draws, row.claim) == (1, 8, 1, ONE_LIBRARY)
        assert row.difference == pytest.approx(means[epoch] - means[0])
        assert row.low < row.difference < row.high and math.isnan(row.p)
    assert rates(whole).n.tolist() == [8, 8, 8]
