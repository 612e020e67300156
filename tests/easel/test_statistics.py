"""Statistics: intervals that cover, nulls that stay nulls, and the formulas against tables, scipy and hand."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from easel.errors import ConfigurationError
from easel.statistics import (
    NO_VARIATION,
    ONE_LIBRARY,
    ONE_PROMPT,
    crossed_interval,
    half_width,
    holm,
    mean_squares,
    p_value,
    paired_interval,
    smallest_difference,
    wilson,
)

LIBRARIES, PROMPTS = (2, 3, 5, 8), (4, 8, 12, 40)
DEVIATIONS = [cell for cell in product((0.0, 0.2, 1.0), repeat=3) if any(cell)]
"""(sd_library, sd_prompt, sd_residual), in every relation"""

HAND = [[1.0, 2.0, 6.0], [3.0, 2.0, 10.0]]
"""Row means 3 and 5, column means 2, 2 and 8, grand mean 4: MSL = 3 (1 + 1) = 6, MSP = 2 (4 + 4 + 16) / 2 = 24; what is
left is +-(0, 1, 1), so that MSLP = 4 / 2 = 2."""


def normal(rng, size):
    return rng.standard_normal(size)


def heavy(rng, size):
    return rng.standard_t(3, size) / math.sqrt(3)


def skewed(rng, size):
    """Skewness 1."""
    return (rng.standard_gamma(4, size) - 4) / 2


def lognormal(rng, size):
    """Skewness 1.75."""
    return (np.exp(0.5 * rng.standard_normal(size)) - math.exp(0.125)) / 0.604


def sweeps(rng, n, libraries, prompts, deviations, *, of_prompts=normal, of_rest=normal):
    """(n, L, P) differences whose true mean is zero."""
    library, prompt, rest = deviations
    return (
        library * normal(rng, (n, libraries, 1)) + prompt * of_prompts(rng, (n, 1, prompts))
        + rest * of_rest(rng, (n, libraries, prompts))
    )


def coverage(n, seed, *, cells=None, libraries=LIBRARIES, prompts=PROMPTS, **kinds):
    """{cell: share of the 95 % intervals that hold the truth}; the p values of the null must say the same of each."""
    rng, found = np.random.default_rng(seed), {}
    for number, count, deviations in product(libraries, prompts, cells or DEVIATIONS):
        differences = sweeps(rng, n, number, count, deviations, **kinds)
        means, squares = differences.mean((1, 2)), mean_squares(differences)
        covered = np.abs(means) <= half_width(squares)
        assert np.array_equal(covered, p_value(means, squares) >= 0.05)
        found[(number, count, *deviations)] = float(covered.mean())
    return found


@pytest.mark.parametrize(("kinds", "median"), [
    ({}, (0.955, 0.970)),
    ({"of_prompts": skewed, "of_rest": heavy}, (0.95, 0.965)),
], ids=["normal", "skewed prompts and heavy tails"])
def test_intervals_cover_the_truth_and_a_null_stays_a_null(kinds, median) -> None:
    found = coverage(400, 3, **kinds)
    assert len(found) == 16 * 26
    # A cell that covers 94 % shows less than 90.5 % of 400 once in 300 times.
    assert min(found.values()) >= 0.905
    assert np.mean([share < 0.93 for share in found.values()]) <= 0.04
    for libraries, prompts in product(LIBRARIES, PROMPTS):
        assert np.mean([share for cell, share in found.items() if cell[:2] == (libraries, prompts)]) >= 0.95
    for deviations in DEVIATIONS:
        assert np.mean([share for cell, share in found.items() if cell[2:] == deviations]) >= 0.94
    assert median[0] <= np.median(list(found.values())) <= median[1]


def test_an_interval_by_one_factor_alone_would_not_cover() -> None:
    """The simulation can fail: prompts alone, as a table with one library has them, cover far less."""
    differences = sweeps(np.random.default_rng(0), 4000, 3, 12, (0.2, 0.2, 0.2))
    means = differences.mean((1, 2))
    by_prompts = differences.mean(1)
    half = stats.t.ppf(0.975, 11) * by_prompts.std(1, ddof=1) / math.sqrt(12)
    assert np.mean(np.abs(means) <= half) < 0.75
    assert np.mean(np.abs(means) <= half_width(mean_squares(differences))) >= 0.94


def test_an_effect_is_found_and_its_interval_covers_it() -> None:
    rng = np.random.default_rng(1)
    intervals = [crossed_interval(0.5 + sweeps(rng, 1, 5, 12, (0.1, 0.2, 0.3))[0]) for _ in range(400)]
    assert np.mean([one.low <= 0.5 <= one.high for one in intervals]) >= 0.93
    assert np.mean([one.p < 0.05 for one in intervals]) > 0.95
    assert all((one.p < 0.05) == (not one.low <= 0 <= one.high) for one in intervals)


@pytest.mark.acceptance
@pytest.mark.parametrize(("kinds", "least"), [
    ({}, 0.935),
    ({"of_rest": heavy}, 0.935),
    ({"of_prompts": skewed, "of_rest": heavy}, 0.935),
    ({"of_prompts": lognormal}, 0.925),
], ids=["normal", "heavy tails", "skewed prompts and heavy tails", "lognormal prompts"])
def test_the_whole_grid_covers(kinds, least, capsys) -> None:
    found = coverage(8000, 5, **kinds)
    shares = sorted(found.values())
    with capsys.disabled():
        print(f"\n{[kind.__name__ for kind in kinds.values()]}: least {shares[0]:.4f}, median {np.median(shares):.4f}, most {shares[-1]:.4f}")
        for cell, share in sorted(found.items(), key=lambda item: item[1])[:5]:
            print("   L {} P {} sd {} {} {}: {:.4f}".format(*cell, share))
    assert shares[0] >= least
    assert 0.95 <= np.median(shares) <= 0.97


@pytest.mark.acceptance
def test_the_estimators_that_were_not_taken_cover_less(capsys) -> None:
    rng, least = np.random.default_rng(0), {}
    for libraries, prompts, deviations in product(LIBRARIES, (4, 12, 40), ((1, 0.2, 1), (0.2, 0.2, 0.2), (1, 0.2, 0.2))):
        differences = sweeps(rng, 2000, libraries, prompts, deviations)
        means = np.abs(differences.mean((1, 2)))
        halves = {"taken": half_width(mean_squares(differences)), **others(differences)}
        shares = {name: float((means <= half).mean()) for name, half in halves.items()}
        shares["pigeonhole"] = pigeonhole(rng, differences[:600])
        for name, share in shares.items():
            least.setdefault(libraries, {}).setdefault(name, []).append(share)
    least = {libraries: {name: min(shares) for name, shares in names.items()} for libraries, names in least.items()}
    with capsys.disabled():
        for libraries, names in least.items():
            print(f"\nL {libraries}: " + ", ".join(f"{name} {share:.3f}" for name, share in names.items()), end="")
    assert all(names["taken"] >= 0.935 for names in least.values())
    for name in ("anova", "truncated", "min F'"):
        assert least[2][name] < 0.91, name
    assert max(names["pigeonhole"] for names in least.values()) < 0.90


def others(differences):
    squares = mean_squares(differences)
    rows, columns, rest = squares.between_libraries, squares.between_prompts, squares.residual
    a, b = squares.libraries - 1, squares.prompts - 1
    count = squares.libraries * squares.prompts

    def satterthwaite(variance, *terms):
        df = np.maximum(variance**2 / sum(term**2 / df for term, df in terms), min(a, b))
        return np.sqrt(variance / count) * stats.t.ppf(0.975, df)

    whole = np.maximum(rows + columns - rest, np.maximum(rows, columns))
    cut_rows, cut_columns = np.maximum(rows, rest), np.maximum(columns, rest)
    return {
        "anova": satterthwaite(whole, (rows, a), (columns, b), (rest, a * b)),
        "truncated": satterthwaite(cut_rows + cut_columns - rest, (cut_rows, a), (cut_columns, b), (rest, a * b)),
        "min F'": satterthwaite(rows + columns, (rows, a), (columns, b)),
    }


def pigeonhole(rng, differences, resamples=400):
    """Coverage of the percentiles of Owen's pigeonhole bootstrap (2007)."""
    libraries, prompts = differences.shape[1:]
    rows = rng.multinomial(libraries, [1 / libraries] * libraries, size=resamples) / libraries
    columns = rng.multinomial(prompts, [1 / prompts] * prompts, size=resamples) / prompts
    low, high = np.quantile(np.einsum("rl,nlp,rp->nr", rows, differences, columns, optimize=True), (0.025, 0.975), axis=1)
    return float(np.mean((low <= 0) & (high >= 0)))


def test_mean_squares_by_hand() -> None:
    squares = mean_squares(np.array(HAND))
    assert (float(squares.between_libraries), float(squares.between_prompts)) == pytest.approx((6, 24))
    assert float(squares.residual) == pytest.approx(2)


def test_the_crossed_interval_by_hand() -> None:
    one = crossed_interval(HAND)
    assert (one.mean, one.libraries, one.prompts, one.claim) == (4, 2, 3, "")
    assert one.standard_error == pytest.approx(math.sqrt((6 + 24 - 2) / 6))
    assert one.df == pytest.approx(30**2 / (6**2 / 1 + 24**2 / (4 / 3)))
    # By libraries 12.706 x 1; by prompts t with 4/3 df; crossed, the same SE and more: the widest is asked of scipy.
    errors = np.sqrt(np.array([6, 24, 28]) / 6)
    dfs = np.array([1, 4 / 3, one.df])
    half = (errors * stats.t.ppf(0.975, dfs)).max()
    assert (one.low, one.high) == pytest.approx((4 - half, 4 + half), rel=1e-9)
    assert one.p == pytest.approx((2 * stats.t.sf(4 / errors, dfs)).max(), rel=1e-9)


def test_libraries_that_alone_vary_give_student_over_libraries() -> None:
    effects = np.array([0.3, 0.1, 0.5, 0.2])
    one = crossed_interval(np.repeat(effects[:, None], 7, axis=1))
    reference = stats.ttest_1samp(effects, 0)
    assert one.p == pytest.approx(reference.pvalue)
    assert (one.low, one.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert one.df == pytest.approx(3)


def test_prompts_that_alone_vary_have_two_thirds_of_their_degrees_of_freedom() -> None:
    effects = np.array([0.3, 0.1, 0.5, 0.2])
    one = crossed_interval(np.repeat(effects[None], 3, axis=0))
    half = stats.t.ppf(0.975, 2) * effects.std(ddof=1) / 2
    assert (one.low, one.high) == pytest.approx((0.275 - half, 0.275 + half))
    assert one.df == pytest.approx(2)


def test_a_negative_variance_component_narrows_nothing() -> None:
    interaction = np.array([[1.0, -1.0, 1.0, -1.0], [-1.0, 1.0, -1.0, 1.0]])
    one = crossed_interval(interaction + 0.1 * np.arange(4))
    by_prompts = paired_interval((interaction + 0.1 * np.arange(4)).mean(0))
    assert one.standard_error >= by_prompts.standard_error > 0
    assert one.high - one.low > by_prompts.high - by_prompts.low


def test_order_and_sign_do_not_matter() -> None:
    differences = sweeps(np.random.default_rng(4), 1, 3, 5, (1, 1, 1))[0] + 1
    one, turned = crossed_interval(differences), crossed_interval(-differences[::-1, ::-1])
    assert (one.p, one.low) == pytest.approx((turned.p, -turned.high))
    assert crossed_interval(differences, level=1 - one.p).low * crossed_interval(
        differences, level=1 - one.p).high == pytest.approx(0, abs=1e-9)


def test_one_library_is_student_over_prompts_and_no_claim() -> None:
    row = [0.4, -0.1, 0.3, 0.2, 0.6]
    one, reference = crossed_interval([row]), stats.ttest_1samp(row, 0)
    assert (one.low, one.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert math.isnan(one.p)
    assert (one.libraries, one.prompts, one.claim) == (1, 5, ONE_LIBRARY)
    assert ONE_LIBRARY == "one library: no claim about the method"
    one = crossed_interval([[0.5]])
    assert one.mean == 0.5 and math.isnan(one.low) and one.claim == ONE_LIBRARY


def test_one_prompt_is_student_over_libraries_and_no_claim() -> None:
    column = [0.4, -0.1, 0.3]
    one, reference = crossed_interval([[value] for value in column]), stats.ttest_1samp(column, 0)
    assert (one.low, one.high) == pytest.approx(tuple(reference.confidence_interval(0.95)))
    assert math.isnan(one.p) and (one.libraries, one.prompts, one.claim) == (3, 1, ONE_PROMPT)


def test_the_paired_interval_is_the_paired_t_test() -> None:
    rng = np.random.default_rng(2)
    with_lesson, without = rng.normal(0.3, 1, 12), rng.normal(0, 1, 12)
    for level in (0.8, 0.95, 0.99):
        one, reference = paired_interval(with_lesson - without, level=level), stats.ttest_rel(with_lesson, without)
        assert (one.low, one.high) == pytest.approx(tuple(reference.confidence_interval(level)))
        assert (one.p, one.df, one.claim) == (pytest.approx(reference.pvalue), 11, "")
    assert paired_interval([0.5]).claim == ONE_PROMPT
    assert math.isnan(paired_interval([0.5]).p)


@pytest.mark.parametrize("interval", [lambda value: crossed_interval(np.full((3, 4), value)),
                                      lambda value: paired_interval(np.full(4, value))])
def test_equal_differences_claim_nothing_unless_zero(interval) -> None:
    one = interval(0.1)
    assert (one.low, one.high, one.claim) == (pytest.approx(0.1), pytest.approx(0.1), NO_VARIATION)
    assert math.isnan(one.p)
    one = interval(0.0)
    assert (one.mean, one.low, one.high, one.p, one.claim) == (0, 0, 0, 1, "")


def test_a_missing_cell_is_an_error_that_says_so() -> None:
    with pytest.raises(ConfigurationError, match=r"a difference in every cell, got none in 2 of 4, first in 0 x 1") as error:
        crossed_interval([[1, math.nan], [2, math.nan]])
    assert "never left out" in str(error.value)
    with pytest.raises(ConfigurationError, match="none in 1 of 2, first in 1"):
        paired_interval([1, math.nan])


@pytest.mark.parametrize(("call", "words"), [
    (lambda: crossed_interval([1, 2]), r"differences of libraries x prompts, got an array of shape \(2,\)"),
    (lambda: crossed_interval([[]]), r"an array of shape \(1, 0\)"),
    (lambda: paired_interval([]), r"a row of differences, got an array of shape \(0,\)"),
    (lambda: crossed_interval(HAND, level=95), "a level between 0 and 1, got 95"),
    (lambda: wilson(3, 2), "0 <= successes <= n, got 3 of 2"),
    (lambda: holm([0.1, 1.2]), "p values from 0 to 1, got 1.2"),
    (lambda: smallest_difference(libraries=3, prompts=0, draws=1, sd_library=1, sd_prompt=1, sd_draw=1),
     "prompts of at least 1, got 0"),
    (lambda: smallest_difference(libraries=3, prompts=8, draws=1, sd_library=-1, sd_prompt=1, sd_draw=1),
     "sd_library of at least 0, got -1"),
    (lambda: smallest_difference(libraries=3, prompts=8, draws=1, sd_library=1, sd_prompt=1, sd_draw=1, power=1),
     "a power from 0.5 to 0.999, got 1"),
])
def test_wrong_input_is_refused(call, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        call()


@pytest.mark.parametrize("design", [
    {"libraries": 3, "prompts": 8, "draws": 2, "sd_library": 0.2, "sd_prompt": 0.3, "sd_draw": 0.5},
    {"libraries": 2, "prompts": 12, "draws": 1, "sd_library": 0.05, "sd_prompt": 0.1, "sd_draw": 0.3},
    {"libraries": 5, "prompts": 40, "draws": 4, "sd_library": 0.1, "sd_prompt": 0.2, "sd_draw": 0.6},
    {"libraries": 8, "prompts": 4, "draws": 1, "sd_library": 0.1, "sd_prompt": 0.0, "sd_draw": 1.0},
])
def test_the_smallest_difference_is_found_with_its_power(design) -> None:
    difference = smallest_difference(**design)
    deviations = design["sd_library"], design["sd_prompt"], design["sd_draw"] / math.sqrt(design["draws"])
    true = difference + sweeps(np.random.default_rng(7), 4000, design["libraries"], design["prompts"], deviations)
    found = p_value(true.mean((1, 2)), mean_squares(true)) < 0.05
    assert 0.77 <= found.mean() <= 0.83


def test_the_smallest_difference_shrinks_with_the_design() -> None:
    deviations = {"sd_library": 0.1, "sd_prompt": 0.1, "sd_draw": 0.3}
    base = smallest_difference(libraries=3, prompts=8, draws=1, **deviations)
    for larger in ({"libraries": 5}, {"prompts": 16}, {"draws": 4}):
        assert smallest_difference(**{"libraries": 3, "prompts": 8, "draws": 1, **larger}, **deviations) < base
    assert smallest_difference(libraries=3, prompts=8, draws=1, power=0.9, **deviations) > base
    tenfold = {name: 10 * value for name, value in deviations.items()}
    assert smallest_difference(libraries=3, prompts=8, draws=1, **tenfold) == pytest.approx(10 * base)
    assert smallest_difference(libraries=1, prompts=8, draws=1, **deviations) == math.inf
    assert smallest_difference(libraries=3, prompts=8, draws=1, sd_library=0, sd_prompt=0, sd_draw=0) == 0


@pytest.mark.parametrize(("successes", "n", "low", "high"), [
    (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718),
])
def test_wilson_as_published(successes, n, low, high) -> None:
    """Newcombe (1998), table I, method 3."""
    one = wilson(successes, n)
    assert (one.low, one.high) == pytest.approx((low, high), abs=5e-5)
    assert (one.share, one.successes, one.n) == (successes / n, successes, n)


def test_wilson_agrees_with_scipy_and_has_ends() -> None:
    for successes, n, level in ((3, 7, 0.9), (7, 7, 0.95), (0, 5, 0.99)):
        reference = stats.binomtest(successes, n).proportion_ci(level, method="wilson")
        one = wilson(successes, n, level=level)
        assert (one.low, one.high) == pytest.approx((reference.low, reference.high))
    assert wilson(7, 7).high == 1.0 and wilson(0, 5).low == 0.0
    nothing = wilson(0, 0)
    assert math.isnan(nothing.share) and math.isnan(nothing.low) and math.isnan(nothing.high)


def test_holm_by_hand() -> None:
    # 4 x 0.01; 3 x 0.02 = 0.06; then 2 x 0.03 = 0.06 and 1 x 0.04, which may not be less than what came before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    adjusted = holm([0.02, math.nan, 0.01])
    assert (adjusted[0], adjusted[2]) == pytest.approx((0.02, 0.02)) and math.isnan(adjusted[1])
    assert holm([]) == []
