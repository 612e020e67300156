"""The plan of a sweep: what is printed as detectable is what its tables would find, by simulated sweeps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from easel.errors import ConfigurationError
from easel.grid import Cell, Grid
from easel.statistics import crossed_interval, holm, smallest_difference
from easel.sweep_plan import SPREADS, Design, plan

EMPTY = Design(practices=3, prompts=12, drawings=1, tested=4, baseline="the library of epoch 0", learned=False)
PRACTISED = Design(practices=3, prompts=12, drawings=2, tested=9, baseline="paper, epoch 2", learned=True)
MANY = Design(practices=5, prompts=60, drawings=1, tested=11, baseline="paper, epoch 2", learned=True)


@dataclass(frozen=True)
class Kind:
    """A cell that asks nothing. epochs : of practice; tips : what it begins with"""

    practice: int
    seen_from: str
    epochs: int = 2
    tips: str = ""
    prompts: int = 8
    drawings: int = 1
    name: str = ""

    def check(self) -> None:
        raise AssertionError("a grid has checked its cells when it was read")

    def planned(self):
        return iter(())

    @property
    def report_prompts(self) -> int:
        return self.prompts

    @property
    def report_drawings(self) -> int:
        return self.drawings

    @property
    def report_entries(self) -> tuple[str, ...]:
        return (self.tips, *(f"{self.name}/{epoch}" for epoch in range(1, self.epochs + 1)))


def grid(rows: dict[str, dict], *, baseline: str = "", practices: int = 3, name: str = "g") -> Grid:
    cells = tuple(Cell(name, row, practice, Path("n.ipynb"), {"practice": practice, "name": row, **values})
                  for row, values in rows.items() for practice in range(practices))
    return Grid("s", name, "?", Path("n.ipynb"), baseline, f"{__name__}:Kind", practices, cells)


def found(design: Design, difference: float, *, sweeps: int = 250) -> float:
    """How often the tables of simulated sweeps call the first entry higher, the others being null."""
    rng, entries = np.random.default_rng(7), design.tested
    libraries, prompts = design.practices, design.prompts
    sd = SPREADS["draw"] / math.sqrt(design.drawings)
    hits = 0
    for _ in range(sweeps):
        drawn = rng.normal(0, sd, (entries, libraries, prompts))
        scores = drawn + rng.normal(0, SPREADS["library"], (entries, libraries, 1))
        scores += rng.normal(0, SPREADS["prompt"], (entries, 1, prompts))
        scores[0] += difference
        base = rng.normal(0, sd, (libraries if design.learned else 1, prompts))
        if design.learned:
            base += rng.normal(0, SPREADS["library"], (libraries, 1))
        hits += holm([crossed_interval(one - base).p for one in scores])[0] < 0.05
    return hits / sweeps


@pytest.mark.parametrize("design", [EMPTY, PRACTISED, MANY], ids=["empty library", "practised", "many"])
def test_the_tables_find_what_the_plan_says_four_times_in_five(design) -> None:
    difference = design.detects(SPREADS)
    assert 0.72 <= found(design, difference) <= 0.9
    naive = smallest_difference(libraries=design.practices, prompts=design.prompts, draws=design.drawings,
                                sd_library=0.010, sd_prompt=0.020, sd_draw=0.045)
    assert found(design, naive, sweeps=100) < 0.5, "neither Holm nor the baseline's own spread may be left out"


def test_entries_of_rows_are_counted_and_first_ones_merge() -> None:
    rows = {"paper": {}, "K=2": {}, "best of N": {"epochs": 0, "tips": "N"}, "tips": {"epochs": 0, "tips": "T"}}
    design = plan([grid(rows, baseline="paper, epoch 2")]).designs["g"]
    # Two rows of epochs 1 and 2, less the baseline, and three kinds of epoch 0.
    assert (design.tested, design.learned) == (2 * 2 - 1 + 3, True)
    # Against one library for all, others that learned nothing make no claim: Holm counts what was learned.
    design = plan([grid(rows)]).designs["g"]
    assert (design.tested, design.learned) == (4, False)
    assert plan([grid(rows, baseline="tips, epoch 0")]).designs["g"].tested == 4


def test_drawings_and_prompts_are_what_all_rows_have() -> None:
    few, many = ({"paper": {}, "other": {"drawings": 4, "prompts": 20}}, {"paper": {"drawings": 4}, "other": {"drawings": 4}})
    one, four = plan([grid(few)]), plan([grid(many)])
    assert (one.designs["g"].drawings, one.designs["g"].prompts) == (1, 8)
    assert four.designs["g"].drawings == 4
    assert four.detects["g"] < 0.75 * one.detects["g"]


def test_a_practised_baseline_takes_larger_differences() -> None:
    rows = {"paper": {"epochs": 1}, "other": {"epochs": 1}}
    found = plan([grid(rows, baseline="paper, epoch 1"), grid(rows, name="h")])
    assert (found.designs["g"].tested, found.designs["h"].tested) == (2, 2)
    assert found.detects["g"] > 1.04 * found.detects["h"]


def test_the_line_says_against_what_and_after_what() -> None:
    rows = {"paper": {}, "other": {}}
    found = plan([grid(rows, baseline="paper, epoch 2"), grid(rows, name="h"), grid({"a": {"epochs": 1}}, name="i")])
    lines = "\n".join(found.lines())
    value = f"{found.detects['g']:.4f}"
    assert ("g: 3 practices x 8 prompts x 1 draw against paper, epoch 2 (another library in every practice): a true "
            f"difference of {value} (raw cosine) is found four times in five after Holm over 4 entries") in lines
    assert "against the library of epoch 0 (one library for all)" in lines
    assert "is found four times in five (one entry is tested)" in lines
    assert "all other entries without a difference" in lines


@pytest.mark.parametrize(("changes", "words"), [
    ({"practices": 1}, "1 practice x 8 prompts x 1 draw: one library: no claim about the method"),
    ({"rows": {"a": {"prompts": 1}}}, "3 practices x 1 prompt x 1 draw: one prompt: no claim about the method"),
    ({"rows": {"a": {"epochs": 0}, "b": {"epochs": 0, "tips": "T"}}}, "nothing that was learned is compared"),
])
def test_where_nothing_can_be_claimed(changes, words) -> None:
    found = plan([grid(**{"rows": {"a": {}}, **changes})])
    assert found.detects == {"g": None}
    assert words in "\n".join(found.lines())


@pytest.mark.parametrize("baseline", ["paper, epoch 3", "paper", "nobody, epoch 0"])
def test_a_baseline_that_no_entry_has_is_refused(baseline) -> None:
    with pytest.raises(ConfigurationError, match=rf"ROW, epoch N, got {baseline}.*Its rows go to: paper, epoch 2"):
        plan([grid({"paper": {}}, baseline=baseline)])


def test_spreads_have_names() -> None:
    with pytest.raises(ConfigurationError, match="spreads of library, prompt, draw, got lesson"):
        plan([grid({"paper": {}})], spreads={"lesson": 1.0})
    wide, usual = plan([grid({"a": {}})], spreads={"draw": 0.09}), plan([grid({"a": {}})])
    assert wide.detects["g"] > 1.5 * usual.detects["g"]
