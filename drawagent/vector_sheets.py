"""Vector sheets: drawings by entry, and curves by row, as single SVG files that need no browser to make (ours)."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from drawagent.curve import CurvePoint, curve_svg
from drawagent.export import to_svg
from drawagent.gallery import Gallery
from drawagent.members import Member, Members
from drawagent.pages import STAND_IN, text
from drawagent.settings import DrawSettings
from drawagent.sheets import framed
from drawagent.sketch import Sketch
from easel.cameras import Camera, ring

if TYPE_CHECKING:
    import pandas

_LEFT, _GAP, _LINE, _VIEW = 180, 6, 15, 1
_SAMPLES = 13
"""Points a stroke: at this size a longer polyline looks the same and is a larger file."""


def sheet_svg(
    rows: Sequence[tuple[str, Sequence[Sketch | None]]], columns: Sequence[str], settings: DrawSettings, *,
    title: str = "", cell: int = 150, watermark: str = "",
) -> str:
    """A table of drawings: a label a row, a heading a column, one view each; a failed drawing is crossed out.

    rows : (label, one sketch a column), None for a failed one; cell : pixels; watermark : words across the whole sheet
    The view is the second camera of the settings' ring, as on the PNG sheets. All words are escaped.
    """
    cameras = ring(settings.views, elevation_deg=settings.elevation_deg, fov_deg=settings.fov_deg)
    camera = cameras[_VIEW % settings.views]
    headings = [textwrap.wrap(words, max(10, cell // 8))[:3] for words in columns]
    heads = max((len(lines) for lines in headings), default=0)
    titles = textwrap.wrap(title, max(30, (_LEFT + len(columns) * (cell + _GAP)) // 7))
    top = 12 + _LINE * (len(titles) + heads + 1)
    width, height = _LEFT + len(columns) * (cell + _GAP) + _GAP, top + len(rows) * (cell + _GAP) + _GAP
    parts = [_words(8, 18 + _LINE * number, line, 'font-size="13"') for number, line in enumerate(titles)]
    for place, lines in enumerate(headings):
        middle = _LEFT + place * (cell + _GAP) + cell / 2
        parts += [_words(middle, top - 8 - _LINE * (len(lines) - 1 - number), line, 'text-anchor="middle"')
                  for number, line in enumerate(lines)]
    for number, (label, sketches) in enumerate(rows):
        y = top + number * (cell + _GAP)
        parts += [_words(8, y + 16 + _LINE * line, words) for line, words in enumerate(textwrap.wrap(label, 24)[:8])]
        for place, sketch in enumerate(sketches):
            parts.append(_cell(sketch, _LEFT + place * (cell + _GAP), y, cell, camera, watermark.partition(":")[0]))
    parts.append(_watermark(watermark, width, height))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12"><rect width="{width}" height="{height}" fill="#fff"/>'
        f'{"".join(parts)}</svg>\n'
    )


def report_sheet(
    members: Members, *, entries: Sequence[str] = (), most: int = 24, practice: int = 0, cell: int = 150
) -> str:
    """The report drawings of one practice: prompts down, entries across; "" where no run holds drawings.

    entries : "<row>, epoch <e>" in the order to show; () is the first and the last epoch of every row
    most : prompts, spread evenly over the list; the title says how many of how many. Files of other methods keep their
    own sheets. A prompt that a run did not report is an empty cell.
    """
    shown: dict[str, dict[str, Sketch | None]] = {}
    texts: dict[str, str] = {}
    settings = DrawSettings.paper()
    for member in members.runs:
        if member.evidence == "external" or member.practice != practice:
            continue
        gallery = Gallery(member.run)
        settings = gallery.settings
        texts |= {row["id"]: row["text"] for row in member.run.info["configuration"]["queries"]["report"]}
        shown |= _drawings(member, gallery, entries)
    if not shown:
        return ""
    chosen = [entry for entry in entries if entry in shown] or list(shown)
    kept = [query for query in texts if any(query in shown[entry] for entry in chosen)]
    picked = [kept[math.floor(place * len(kept) / min(most, len(kept)))] for place in range(min(most, len(kept)))]
    blank = Sketch(())
    rows = [(texts[query], [shown[entry].get(query, blank) for entry in chosen]) for query in picked]
    title = f"Report drawings of practice {practice}, {len(picked)} of {len(kept)} prompts; {members.evidence} replies."
    return sheet_svg(rows, chosen, settings, title=f"{title} Crossed out: a reply that was no drawing.", cell=cell,
                     watermark=STAND_IN if members.evidence == "stand-in" else "")


def row_curve(frame: pandas.DataFrame, row: str, *, column: str, caption: str) -> str:
    """Mean report score by epoch of one row, and of every prompt over practices and draws; "" for a single epoch.

    frame : as `measurements` gives it; column : label of the scorer
    """
    own = frame[(frame.row == row) & (frame.role == "report") & (frame.scorer == column)]
    own = own[own.evidence != "external"]
    if own.epoch.nunique() < 2:
        return ""
    queries = list(dict.fromkeys(own["query"]))
    points = []
    for epoch, group in own.groupby("epoch", sort=True):
        by_query = group.groupby("query").similarity.agg(lambda values: math.fsum(values) / len(values))
        values = [float(by_query[query]) for query in queries]
        points.append(CurvePoint(int(epoch), math.fsum(values) / len(values), tuple(values)))
    return curve_svg(points, column=column, caption=f"{row}: {caption}")


def _drawings(member: Member, gallery: Gallery, entries: Sequence[str]) -> dict[str, dict[str, Sketch | None]]:
    chosen = gallery.chosen()
    epochs = sorted({epoch for _, epoch in chosen})
    wanted = [epoch for epoch in epochs if f"{member.row}, epoch {epoch}" in entries]
    if not entries:
        wanted = epochs if len(epochs) < 2 else [epochs[0], epochs[-1]]
    return {
        f"{member.row}, epoch {epoch}": {
            query: gallery.sketch(row) for (query, drawn), row in chosen.items() if drawn == epoch
        } for epoch in wanted
    }


def _cell(sketch: Sketch | None, x: int, y: int, size: int, camera: Camera, mark: str) -> str:
    frame = f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="none" stroke="#ccc"/>'
    frame += _words(x + 4, y + 13, mark, 'fill="#D55E00" font-size="10"') if mark else ""
    if sketch is None:
        return (f'{frame}<path d="M{x} {y}l{size} {size}m0 {-size}l{-size} {size}" stroke="#777" fill="none"/>'
                + _words(x + size / 2, y + size - 8, "no drawing", 'text-anchor="middle" fill="#555"'))
    picture = to_svg(framed(sketch), camera, size=size, width=1.2, samples=_SAMPLES)
    return picture.strip().replace("<svg ", f'<svg x="{x}" y="{y}" ', 1) + frame


def _words(x: float, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x:g}" y="{y:g}" {more}>{text(words)}</text>'


def _watermark(words: str, width: int, height: int) -> str:
    """Across the sheet at every 260 pixels of its height; every drawing has its first words besides."""
    if not words:
        return ""
    lines = textwrap.wrap(words, max(20, width // 12))
    angle = -12
    return "".join(
        f'<g transform="rotate({angle} {width / 2:g} {y})" fill="#D55E00" fill-opacity="0.45" font-size="20" '
        f'text-anchor="middle">'
        + "".join(_words(width / 2, y + 24 * number, line) for number, line in enumerate(lines)) + "</g>"
        for y in range(min(150, height // 2), max(height - 60, 151), 260)
    )
