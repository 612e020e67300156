"""The learning curve as text and as a small SVG: mean report score by epoch, every query behind it in grey."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 560, 300, 70, 50, 56


@dataclass(frozen=True)
class CurvePoint:
    """epoch of the library; mean : over queries; queries : (n,) raw cosine of each query, in one order"""

    epoch: int
    mean: float
    queries: tuple[float, ...]


def curve_text(points: Sequence[CurvePoint], *, column: str) -> str:
    """One line an epoch."""
    lines = [f"{column}, raw cosine, by epoch of the library"]
    for point in points:
        first = "" if point is points[0] else f"  ({point.mean - points[0].mean:+.4f})"
        lines.append(f"  epoch {point.epoch}: {point.mean:.4f}{first}  n = {len(point.queries)}")
    return "\n".join(lines)


def curve_svg(points: Sequence[CurvePoint], *, column: str, caption: str) -> str:
    """A picture for a page; needs no script."""
    values = [value for point in points for value in (*point.queries, point.mean)]
    low, high = min(values), max(values)
    pad = max(1e-3, 0.08 * (high - low))
    low, high = low - pad, high + pad
    last = max(point.epoch for point in points) or 1

    def at(epoch: int, value: float) -> str:
        x = _LEFT + (_WIDTH - _LEFT - 20) * epoch / last
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)
        return f"{x:.1f},{y:.1f}"

    def line(series: Sequence[float], style: str) -> str:
        joined = " ".join(at(point.epoch, value) for point, value in zip(points, series, strict=True))
        return f'<polyline points="{joined}" fill="none" {style}/>'

    parts = [line([p.queries[i] for p in points], 'stroke="#bbb"') for i in range(len(points[0].queries))]
    parts.append(line([p.mean for p in points], 'stroke="#0072B2" stroke-width="3"'))
    for point in points:
        x, y = at(point.epoch, point.mean).split(",")
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="#0072B2"/>')
        parts.append(f'<text x="{x}" y="{float(y) - 10:.1f}" text-anchor="middle">{point.mean:.4f}</text>')
        parts.append(f'<text x="{x}" y="{_HEIGHT - 28}" text-anchor="middle">{point.epoch}</text>')
    for value in (low + pad, high - pad):
        y = at(0, value).split(",")[1]
        parts.append(f'<text x="{_LEFT - 12}" y="{y}" text-anchor="end">{value:.3f}</text>')
    words = html.escape(caption), html.escape(column)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'font-family="system-ui, sans-serif" font-size="12"><rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<text x="{_LEFT}" y="18" font-size="14">{words[1]}, raw cosine; grey: single queries, blue: mean</text>'
        f'<text x="{_LEFT}" y="36" fill="#555">{words[0]}</text>{"".join(parts)}'
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 8}" text-anchor="middle">epoch of the library</text></svg>\n'
    )
