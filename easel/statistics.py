"""Intervals and tests: what the tables of a sweep may claim.

A learned library is one unit of replication and a prompt another, never a view or a draw. Both are random: a claim is
about the libraries a method would learn and the prompts it would meet, beyond those of the sweep. With one library, or
with one prompt, there is no such claim.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError, MissingCapability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ONE_LIBRARY = "one library: no claim about the method"
ONE_PROMPT = "one prompt: no claim about the method"
NO_VARIATION = "no variation: no claim about the method"
_NOISE = 1e-9
"""Standard errors below this share of the largest difference are rounding, not variation (ours)."""
_SKEW = 2 / 3
"""The part of the prompts' degrees of freedom that counts (ours, by simulation): some prompts may gain far more."""
_POINTS = 32
"""Quantiles per mean square in the quadrature of `smallest_difference` (ours; the result is then right to 0.1 %)."""


@dataclass(frozen=True)
class Interval:
    """A mean difference with its two-sided interval.

    standard_error, df : of the mean; low and high may be wider than they tell, see `crossed_interval`
    p : two-sided, for a true mean of zero; nan where no claim may be made. At every level, zero is outside low..high
        exactly where p < 1 - level.
    libraries, prompts : how many there were of each
    claim : "" if a claim about the method may be made, otherwise the words why not
    """

    mean: float
    low: float
    high: float
    standard_error: float
    df: float
    p: float
    libraries: int
    prompts: int
    claim: str = ""


@dataclass(frozen=True)
class Share:
    """A share of successes, 0 to 1, with its two-sided interval; nan for n = 0."""

    share: float
    low: float
    high: float
    successes: int
    n: int


@dataclass(frozen=True)
class MeanSquares:
    """The two-way mean squares of differences, one observation in each cell; each an array of the leading axes' shape.

    between_libraries, between_prompts, residual : of expectation P sl^2 + s^2, L sp^2 + s^2 and s^2, with the variances
        sl^2 of libraries, sp^2 of prompts, and s^2 of their interaction and of the draws together
    """

    between_libraries: NDArray[np.float64]
    between_prompts: NDArray[np.float64]
    residual: NDArray[np.float64]
    libraries: int
    prompts: int


def crossed_interval(differences: ArrayLike, *, level: float = 0.95) -> Interval:
    """The mean difference over libraries and prompts, both random, with its interval.

    differences : (L, P) float, treatment minus baseline, each the mean over its draws. Where the baseline was practised
        too, row s is practice s of both.

    Three t intervals have the same centre, and the widest counts (ours); p is the largest of the three. That all must
    agree is the custom of F1, F2 and min F' (Clark 1973).
    - by libraries: over the L means of the rows, L - 1 degrees of freedom;
    - by prompts: over the P means of the columns, 2/3 (P - 1) degrees of freedom (ours, against skewed prompts);
    - crossed: the variance of the grand mean is (MSL + MSP - MSLP) / (L P), by the expected mean squares of the two-way
      random model (Cornfield and Tukey 1956), and never less than by either factor alone, so that no negative estimate
      of a component narrows it. df = (MSL + MSP)^2 / (MSL^2 / df by libraries + MSP^2 / df by prompts), as in min F':
      Satterthwaite's formula (1946) without the subtracted term.

    Coverage of 95 % intervals over L in 2, 3, 5, 8, P in 4, 8, 12, 40 and standard deviations of 0, 0.2 and 1 in every
    combination, 8,000 sweeps a cell: the least, the median and the most of the 416 cells. What is missing to 100 % is
    how often a null is called significant.

    ==============================================  ====  ====  ======
    all normal                                      94 %  96 %  99.8 %
    prompts of skewness 1, residuals t with 3 df    94 %  96 %  99.9 %
    lognormal prompts, skewness 1.75                93 %  96 %  99.8 %
    exponential prompts, skewness 2                 91 %  95 %  99.8 %
    exponential libraries                           88 %  96 %  99.7 %
    ==============================================  ====  ====  ======

    Weakest: where one factor is strongly skewed and all the rest is nothing. Most conservative: L = 2 or P = 4, where
    that factor does not vary (its t has 1 or 2 df). L = 2 holds its level (95 % to 99.8 %, median 97.5 %) by intervals
    more than twice as wide as those of three libraries. What lost, all normal: the crossed interval alone and min F'
    (least 87 %, at L = 2), weighted quantiles (Milliken and Johnson 1992; 94 %, but wider), and percentiles of the
    pigeonhole bootstrap (Owen 2007; least 55 % at L = 2, 79 % at L = 8).

    L == 1, or P == 1: a t interval over the other factor, without p and with the words why.
    Raises ConfigurationError for another shape, for a missing cell (nan), and for a level outside 0..1.
    """
    values = _checked(differences, 2, "crossed_interval")
    _alpha(level)
    libraries, prompts = values.shape
    if libraries == 1:
        return replace(paired_interval(values[0], level=level), p=math.nan, claim=ONE_LIBRARY)
    if prompts == 1:
        return replace(
            paired_interval(values[:, 0], level=level), p=math.nan, libraries=libraries, prompts=1, claim=ONE_PROMPT,
        )
    squares = mean_squares(values)
    mean = values.mean()
    errors, dfs = _errors(squares)
    if errors[2] <= _NOISE * np.abs(values).max():
        return _constant(float(mean), libraries, prompts)
    half = float(half_width(squares, level=level))
    return Interval(
        mean=float(mean), low=float(mean - half), high=float(mean + half), standard_error=float(errors[2]),
        df=float(dfs[2]), p=float(p_value(mean, squares)), libraries=libraries, prompts=prompts,
    )


def paired_interval(differences: ArrayLike, *, level: float = 0.95) -> Interval:
    """The t interval of paired differences over prompts (Student 1908): nothing is said about other libraries.

    differences : (P,) float; one prompt has a mean, and no interval
    Raises ConfigurationError as `crossed_interval` does.
    """
    values = _checked(differences, 1, "paired_interval")
    quantile = 1 - _alpha(level) / 2
    n, mean = len(values), float(values.mean())
    if n == 1:
        return Interval(mean, math.nan, math.nan, math.nan, math.nan, math.nan, 1, 1, ONE_PROMPT)
    error = float(values.std(ddof=1)) / math.sqrt(n)
    if error <= _NOISE * np.abs(values).max():
        return _constant(mean, 1, n)
    special = _special()
    half = float(special.stdtrit(n - 1, quantile)) * error
    p = float(2 * special.stdtr(n - 1, -abs(mean) / error))
    return Interval(mean, mean - half, mean + half, error, float(n - 1), p, 1, n)


def mean_squares(differences: NDArray[np.float64]) -> MeanSquares:
    """differences : (..., L, P) float, L and P at least 2; the leading axes are so many sweeps."""
    libraries, prompts = differences.shape[-2:]
    grand = differences.mean((-2, -1), keepdims=True)
    rows, columns = differences.mean(-1, keepdims=True) - grand, differences.mean(-2, keepdims=True) - grand
    rest = differences - grand - rows - columns
    return MeanSquares(
        prompts * (rows**2).sum((-2, -1)) / (libraries - 1), libraries * (columns**2).sum((-2, -1)) / (prompts - 1),
        (rest**2).sum((-2, -1)) / ((libraries - 1) * (prompts - 1)), libraries, prompts,
    )


def half_width(squares: MeanSquares, *, level: float = 0.95) -> NDArray[np.float64]:
    """Half the width of `crossed_interval`, for every sweep of `squares`."""
    errors, dfs = _errors(squares)
    return (errors * _special().stdtrit(dfs, 1 - _alpha(level) / 2)).max(0)


def p_value(mean: ArrayLike, squares: MeanSquares) -> NDArray[np.float64]:
    """p of `crossed_interval`, for every sweep of `squares`; mean : the grand means"""
    errors, dfs = _errors(squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.abs(mean) / errors
    # A factor without variation has no say: its ratio is infinite, or 0 / 0.
    return (2 * _special().stdtr(dfs, -np.where(errors > 0, ratios, math.inf))).max(0)


def smallest_difference(
    *, libraries: int, prompts: int, draws: int, sd_library: float, sd_prompt: float, sd_draw: float,
    level: float = 0.95, power: float = 0.8,
) -> float:
    """The smallest true mean difference of which `crossed_interval` excludes zero with this power.

    sd_library, sd_prompt : standard deviations of the true difference between libraries, and between prompts
    sd_draw : of the paired difference of one draw; sqrt(2) times that of a score, where the two draws share nothing

    The mean squares of the normal model are independent multiples of chi squares (Scheffe 1959, chapter 7). The power
    is integrated over their quantiles, with the very interval that will judge. One library or one prompt finds nothing:
    inf. Power is 0.5 to 0.999.
    Raises ConfigurationError for counts below 1, negative deviations, and a power or level out of range.
    """
    counts = {"libraries": libraries, "prompts": prompts, "draws": draws}
    deviations = {"sd_library": sd_library, "sd_prompt": sd_prompt, "sd_draw": sd_draw}
    for name, count in counts.items():
        if count < 1:
            raise ConfigurationError(f"{name} of at least 1", came=str(count), where="smallest_difference")
    for name, deviation in deviations.items():
        if not 0 <= deviation < math.inf:
            raise ConfigurationError(f"{name} of at least 0", came=str(deviation), where="smallest_difference")
    if not 0.5 <= power <= 0.999:
        raise ConfigurationError("a power from 0.5 to 0.999", came=str(power), where="smallest_difference")
    _alpha(level)
    if libraries == 1 or prompts == 1:
        return math.inf
    rest = sd_draw**2 / draws
    expected = (prompts * sd_library**2 + rest, libraries * sd_prompt**2 + rest, rest)
    error = math.sqrt((expected[0] + expected[1] - rest) / (libraries * prompts))
    if error == 0:
        return 0.0
    quantiles = (np.arange(_POINTS) + 0.5) / _POINTS
    rows, columns, residual = np.meshgrid(*(
        mean * 2 * _special().gammaincinv(df / 2, quantiles) / df
        for mean, df in zip(expected, (libraries - 1, prompts - 1, (libraries - 1) * (prompts - 1)), strict=True)
    ), indexing="ij")
    squares = MeanSquares(rows, columns, residual, libraries, prompts)
    half = half_width(squares, level=level)
    low, high = 0.0, float(half.max()) + 4 * error
    for _ in range(60):
        middle = (low + high) / 2
        ndtr = _special().ndtr
        found = float((ndtr((middle - half) / error) + ndtr((-middle - half) / error)).mean())
        low, high = (middle, high) if found < power else (low, middle)
    return high


def wilson(successes: int, n: int, *, level: float = 0.95) -> Share:
    """The score interval of a share (Wilson 1927). It takes the n for independent, which draws of one prompt are not.

    Raises ConfigurationError unless 0 <= successes <= n.
    """
    z = NormalDist().inv_cdf(1 - _alpha(level) / 2)
    if not 0 <= successes <= n:
        raise ConfigurationError("0 <= successes <= n", came=f"{successes} of {n}", where="wilson")
    if n == 0:
        return Share(math.nan, math.nan, math.nan, 0, 0)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # At the ends one bound is the share itself, but for the last digit.
    return Share(
        share, 0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half, successes, n,
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for their number, step down (Holm 1979), in the given order; nan stays nan and does not count.

    Raises ConfigurationError for a value outside 0..1.
    """
    for value in p_values:
        if not (math.isnan(value) or 0 <= value <= 1):
            raise ConfigurationError("p values from 0 to 1", came=str(value), where="holm")
    order = sorted((value, index) for index, value in enumerate(p_values) if not math.isnan(value))
    adjusted, largest = [math.nan] * len(p_values), 0.0
    for rank, (value, index) in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - rank) * value))
        adjusted[index] = largest
    return adjusted


def _errors(squares: MeanSquares) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3, ...) standard errors and degrees of freedom: by libraries, by prompts, crossed."""
    rows, columns, rest = squares.between_libraries, squares.between_prompts, squares.residual
    df_rows, df_columns = squares.libraries - 1, _SKEW * (squares.prompts - 1)
    crossed = np.maximum(rows + columns - rest, np.maximum(rows, columns))
    total = np.maximum(rows + columns, np.finfo(float).tiny)
    df = 1 / ((rows / total) ** 2 / df_rows + (columns / total) ** 2 / df_columns + np.finfo(float).tiny)
    errors = np.sqrt(np.stack([rows, columns, crossed]) / (squares.libraries * squares.prompts))
    return errors, np.stack(np.broadcast_arrays(float(df_rows), float(df_columns), df))


def _constant(mean: float, libraries: int, prompts: int) -> Interval:
    """All differences are equal: nothing tells how far they could have been from it, unless they are all zero."""
    p, claim = (1.0, "") if mean == 0 else (math.nan, NO_VARIATION)
    return Interval(mean, mean, mean, 0.0, math.nan, p, libraries, prompts, claim)


def _checked(differences: ArrayLike, axes: int, where: str) -> NDArray[np.float64]:
    values = np.asarray(differences, dtype=float)
    if values.ndim != axes or values.size == 0:
        expected = "differences of libraries x prompts" if axes == 2 else "a row of differences"
        raise ConfigurationError(expected, came=f"an array of shape {values.shape}", where=where)
    if not np.isfinite(values).all():
        missing = np.argwhere(~np.isfinite(values))
        cell = " x ".join(map(str, missing[0]))
        raise ConfigurationError(
            "a difference in every cell", came=f"none in {len(missing)} of {values.size}, first in {cell}", where=where,
            mend="A failed drawing counts as the blank page; it is never left out.",
        )
    return values


def _alpha(level: float) -> float:
    if not 0 < level < 1:
        raise ConfigurationError("a level between 0 and 1", came=str(level), where="level")
    return 1 - level


def _special() -> Any:
    try:
        from scipy import special
    except ImportError:
        raise MissingCapability(
            "the package scipy", came="none", where="easel.statistics",
            mend="Install the extra 'shapes' (`make setup` does).",
        ) from None
    return special
