"""Forest: the differences of a comparison with their intervals, as one vector drawing without script or browser.

Readable without colour: a filled circle differs from zero after Holm, an open one does not, a cross is no claim.
"""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from easel.comparing import BASELINE
from easel.errors import ConfigurationError, shorten

if TYPE_CHECKING:
    import pandas

MORE, LESS, INK, FAINT = "#0072B2", "#D55E00", "#000000", "#595959"
"""Okabe and Ito (2008), blue and vermillion; FAINT has the contrast of small text (7:1 on white)."""
WIDTH = 900
_LEFT, _RIGHT = 265, 655  # of the plot; labels stand before it, numbers after
_TOP, _ROW, _LINE = 66, 36, 17
_LABEL = 34  # characters before a label is cut
_CAPTION = 135  # characters in a line of the caption
_WIDEST = 3.0  # median half widths: an interval that reaches further is cut, and ends in an arrow (ours)


@dataclass(frozen=True)
class ForestRow:
    """One line of the plot.

    low, high : nan where there is no interval; significant : None where no claim may be made
    note : said in small print below the label
    """

    label: str
    difference: float
    low: float
    high: float
    significant: bool | None
    note: str = ""


def forest_rows(table: pandas.DataFrame) -> tuple[ForestRow, ...]:
    """The rows of `easel.comparing.compare`, but for the baseline."""
    return tuple(
        ForestRow(
            str(row["entry"]), float(row["difference"]), float(row["low"]), float(row["high"]), row["significant"],
            row["claim"] or f"{row['practices']} libraries x {row['prompts']} prompts x {row['draws']} draws",
        )
        for row in table.to_dict("records") if row["claim"] != BASELINE
    )


def forest_svg(
    rows: Sequence[ForestRow], *, title: str, column: str, caption: str, digits: int = 3, watermark: str = "",
) -> str:
    """The plot as the text of an SVG file, 900 wide, the rows from top to bottom.

    column : of the score; "difference in ..." stands below the axis. caption : words below the plot, wrapped
    A label that is too long is cut, and whole in the title of its row.
    digits : decimals of the numbers at the right; watermark : words across the plot, those of a stand-in
    Raises ConfigurationError without rows, and for a difference that is no number or not within its interval.
    """
    if not rows:
        raise ConfigurationError("rows to plot", came="none", where="forest_svg")
    for row in rows:
        if not math.isfinite(row.difference) or row.low > row.difference or row.high < row.difference:
            raise ConfigurationError(
                "a difference within its interval", came=f"{row.difference} in {row.low}..{row.high}",
                where=f"row {row.label!r}",
            )
    axis = _axis_of(rows)
    top, bottom = _TOP, _TOP + _ROW * len(rows)
    lines = textwrap.wrap(_clean(caption), _CAPTION)
    height = bottom + 92 + _LINE * len(lines)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{_escaped(title)}" font-family="system-ui, sans-serif">',
        f'<clipPath id="forest-labels"><rect width="{_LEFT - 8}" height="100000"/></clipPath>',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 30, title, size=17, weight="bold"),
        _text(WIDTH - 16, top - 8, "difference [interval]", size=12, anchor="end", colour=FAINT),
        *_ruler(axis, top, bottom, column),
    ]
    if watermark:
        middle = (_LEFT + _RIGHT) / 2
        parts.append(_text(middle, (top + bottom) / 2 + 8, watermark, size=26, anchor="middle", opacity=0.25))
    for index, row in enumerate(rows):
        parts += _row(row, axis, top + _ROW * (index + 0.5), digits)
    parts += _legend(bottom + 66)
    parts += [_text(16, bottom + 96 + _LINE * index, line, size=13) for index, line in enumerate(lines)]
    return "\n".join([*parts, "</svg>", ""])


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float

    def x(self, value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (value - self.low) / (self.high - self.low)

    def ticks(self) -> tuple[list[float], int]:
        """Round values, three to seven, and the decimals that they need."""
        rough = (self.high - self.low) / 5
        power = math.floor(math.log10(rough))
        step = next(nice for nice in (1, 2, 5, 10) if nice * 10.0**power >= rough * 0.8) * 10.0**power
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)], max(0, -math.floor(math.log10(step) + 1e-9))


def _axis_of(rows: Sequence[ForestRow]) -> _Axis:
    """Shows zero, every difference, and every interval as far as a few medians from its difference."""
    bounded = [row for row in rows if math.isfinite(row.high - row.low)]
    reach = _WIDEST * median((row.high - row.low) / 2 for row in bounded) if bounded else 0.0
    shown = [0.0, *(row.difference for row in rows)]
    shown += [max(row.low, row.difference - reach) for row in bounded]
    shown += [min(row.high, row.difference + reach) for row in bounded]
    margin = 0.05 * (max(shown) - min(shown)) or 1.0
    return _Axis(min(shown) - margin, max(shown) + margin)


def _ruler(axis: _Axis, top: float, bottom: float, column: str) -> list[str]:
    values, decimals = axis.ticks()
    parts = [_line(_LEFT, bottom, _RIGHT, bottom, INK, 1)]
    for value in values:
        x = axis.x(value)
        parts += [
            _line(x, top, x, bottom, "#dddddd", 1), _line(x, bottom, x, bottom + 5, INK, 1),
            _text(x, bottom + 20, _number(value, decimals), size=12, anchor="middle"),
        ]
    zero = axis.x(0)
    parts.append(_line(zero, top - 6, zero, bottom + 5, INK, 1.5))
    parts.append(_text((_LEFT + _RIGHT) / 2, bottom + 40, f"difference in {column}", size=13, anchor="middle"))
    return parts


def _row(row: ForestRow, axis: _Axis, y: float, digits: int) -> list[str]:
    colour = FAINT if row.significant is None else INK
    if row.significant:
        colour = MORE if row.difference > 0 else LESS
    parts = [f'<g><title>{_escaped(row.label)}</title><g clip-path="url(#forest-labels)">']
    parts.append(_text(16, y - (2 if row.note else -5), shorten(_clean(row.label), _LABEL), size=13))
    if row.note:
        parts.append(_text(16, y + 12, shorten(_clean(row.note), _LABEL + 8), size=11, colour=FAINT))
    parts.append("</g>")
    numbers = _number(row.difference, digits, sign=True)
    if math.isfinite(row.high - row.low):
        numbers += f" [{_number(row.low, digits, sign=True)}, {_number(row.high, digits, sign=True)}]"
        left, right = axis.x(max(row.low, axis.low)), axis.x(min(row.high, axis.high))
        parts.append(_line(left, y, right, y, colour, 2, dashed=row.significant is None))
        parts.append(_end(left, y, colour, -1 if row.low < axis.low else 0))
        parts.append(_end(right, y, colour, 1 if row.high > axis.high else 0))
    parts.append(_marker(axis.x(row.difference), y, colour, row.significant))
    parts.append(_text(WIDTH - 16, y + 5, numbers, size=13, anchor="end"))
    return [*parts, "</g>"]


def _legend(y: float) -> list[str]:
    parts, x = [], 16.0
    for significant, words in (
        (True, "differs from zero after Holm"), (False, "does not"), (None, "no claim about the method"),
    ):
        colour = FAINT if significant is None else INK
        parts += [_marker(x + 6, y - 4, colour, significant), _text(x + 18, y, words, size=12)]
        x += 46 + 6.3 * len(words)
    return [*parts, _text(x, y, "arrow: the interval goes on", size=12)]


def _marker(x: float, y: float, colour: str, significant: bool | None) -> str:
    if significant is None:
        return "\n".join([_line(x - 5, y - 5, x + 5, y + 5, colour, 2), _line(x - 5, y + 5, x + 5, y - 5, colour, 2)])
    fill = colour if significant else "#ffffff"
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'


def _end(x: float, y: float, colour: str, way: int) -> str:
    """The end of an interval, or an arrow to where it ends."""
    if not way:
        return _line(x, y - 5, x, y + 5, colour, 2)
    points = f"{x:.1f},{y:.1f} {x - 9 * way:.1f},{y - 5:.1f} {x - 9 * way:.1f},{y + 5:.1f}"
    return f'<polygon points="{points}" fill="{colour}"/>'


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="5 3"' if dashed else ""
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" '
        f'stroke="{colour}" stroke-width="{width}"{dash}/>'
    )


def _text(
    x: float, y: float, words: str, *, size: int, anchor: str = "start", colour: str = INK, weight: str = "normal",
    opacity: float = 1,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}" '
        f'fill-opacity="{opacity}" font-weight="{weight}">{_escaped(words)}</text>'
    )


def _number(value: float, digits: int, *, sign: bool = False) -> str:
    """A bound that rounds to zero keeps its sign: it tells on which side of zero it lies."""
    return ("\N{MINUS SIGN}" if value < 0 else "+" if sign and value > 0 else "") + f"{abs(value):.{digits}f}"


def _escaped(words: str) -> str:
    return html.escape(_clean(words), quote=True)


def _clean(words: str) -> str:
    """One line without the control characters that XML forbids."""
    return "".join(character for character in " ".join(words.split()) if character.isprintable())
