"""Pair words: what stands in words about a pair, as HTML without scripts; every word of a model or user is escaped."""

from __future__ import annotations

from collections.abc import Sequence

from drawagent.contrasts import Contrast
from drawagent.disputes import Dispute
from drawagent.gallery import TITLES
from drawagent.lesson_lives import Proposal
from drawagent.pages import ShownPair, pairs_page, text
from widgets import theme
from widgets.pair_figures import still_views

_LONGEST = 6000  # characters of the judge's words: as many as a judge may say
_CELL = "style='text-align:left;vertical-align:top;padding:2px 12px 2px 0'"


def panel(*parts: str) -> str:
    """HTML on white paper, as the figures beside it have, whatever the front end's own colours."""
    return f'<div style="{theme.PANEL}">{"".join(parts)}</div>'


def heading(pair: Contrast, dispute: Dispute, place: str, *, watermark: str = "") -> str:
    """Query, place in the run, gap and noise, and the dispute mark in words and symbol."""
    mark = f"<p><b>{text(watermark)}</b></p>" if watermark else ""
    skipped = f" Not judged: {text(pair.skipped)}." if pair.skipped else ""
    return (
        f"<h3 dir=auto>{text(pair.text)}</h3>{mark}"
        f"<p>{text(place)}: library of epoch {pair.epoch}, candidates {pair.plus_row['candidate']} and "
        f"{pair.minus_row['candidate']}, gap {pair.gap:.4f}, noise over views {pair.noise:.4f}.{skipped}</p>"
        f"<p><b>{text(dispute.words())}</b></p>"
        "<ul>" + "".join(f"<li>{text(line)}</li>" for line in _voices(dispute)) + "</ul>"
    )


def _voices(dispute: Dispute) -> list[str]:
    said = {"agrees": "S+ is better", "disputes": "S- is better", "inside noise": "no difference that counts"}
    plus, minus = dispute.penalties
    return [*(one.words() for one in dispute.opinions),
            f"geometry facts: {said[dispute.facts_verdict]} (penalty {plus:.3f} of S+, {minus:.3f} of S-)"]


def facts_side_by_side(pair: Contrast) -> str:
    """Measured facts of S+ and S-, as the judge may be given them."""
    cells = []
    for sketch, measured in zip((pair.plus, pair.minus), pair.facts, strict=True):
        lines = measured.words(tuple(stroke.name for stroke in sketch.strokes)).splitlines()
        cells.append("<br>".join(text(line.removeprefix("- ")) for line in lines))
    return (f"<h4>Measured</h4><table><tr><th {_CELL}>S+</th><th {_CELL}>S-</th></tr>"
            f"<tr><td dir=auto {_CELL}>{cells[0]}</td><td dir=auto {_CELL}>{cells[1]}</td></tr></table>")


def judges_words(pair: Contrast) -> str:
    shown = f" <small>(shown as {text(pair.order)})</small>" if pair.order else ""
    return (f"<h4>The judge{shown}</h4>"
            f"<blockquote dir=auto style='white-space:pre-wrap'>{text(pair.words[:_LONGEST])}</blockquote>")


def lessons(found: Sequence[Proposal]) -> str:
    """What was learned from the pair, and where each lesson went in later libraries."""
    if not found:
        return "<h4>The library</h4><p>No edit names this pair as its reason.</p>"
    items = []
    for one in found:
        life = f"<br><small>[{text(one.lesson)}]: {text(one.life.words())}</small>" if one.life else ""
        later = [step for step in one.life.steps if step.text != one.text] if one.life and one.taken else []
        now = f"<br><small>last wording: {text(later[-1].text)}</small>" if later and one.life and (
            one.life.steps[-1].text != one.text) else ""
        items.append(f"<li dir=auto>{text(one.words())}{life}{now}</li>")
    return f"<h4>The library</h4><ul>{''.join(items)}</ul>"


def score_table(dispute: Dispute) -> str:
    """Raw cosine per view of every scorer, under its column name."""
    parts = ["<h4>Raw cosine per view</h4>"]
    for said in dispute.opinions:
        head = "".join(f"<th>view {view}</th>" for view in range(len(said.plus)))
        rows = "".join(
            f"<tr><td>{name}</td>" + "".join(f"<td>{value:.4f}</td>" for value in values)
            + f"<td><b>{sum(values) / len(values):.4f}</b></td></tr>"
            for name, values in (("S+", said.plus), ("S-", said.minus))
        )
        parts.append(f"<table><caption>{text(said.column)}: {said.verdict}</caption>"
                     f"<tr><th></th>{head}<th>mean</th></tr>{rows}</table>")
    return "".join(parts)


def stills(pair: Contrast, *, watermark: str = "") -> str:
    """Both drawings from the front and from behind, as pictures."""
    cells = []
    for name, sketch in (("S+", pair.plus), ("S-", pair.minus)):
        pictures = "".join(
            f"<img src='{address}' width=230 height=230 alt='{name}, view {view} of 8'>"
            for view, address in zip((1, 5), still_views(sketch, caption=watermark), strict=True)
        )
        cells.append(f"<td {_CELL}><b>{name}</b><br>{pictures}</td>")
    return f"<table><tr>{''.join(cells)}</tr></table>"


def turning_page(
    pair: Contrast, dispute: Dispute, found: Sequence[Proposal], *, title: str, watermark: str = ""
) -> str:
    """A whole HTML page of the pair whose two cameras turn together (`drawagent.pages.pairs_page`)."""
    reward = dispute.opinions[0]
    fates = [line for one in found for line in (one.words(), *([f"    {one.life.words()}"] if one.life else []))]
    shown = ShownPair(
        query=pair.text, better=pair.plus, worse=pair.minus, better_scores=reward.plus, worse_scores=reward.minus,
        words=pair.words, diff=tuple(fates), titles=TITLES.get(pair.order, TITLES[""]), scorer=reward.column,
        note=f"epoch {pair.epoch}, gap {pair.gap:.4f}, noise over views {pair.noise:.4f}. {dispute.words()}",
    )
    return pairs_page([shown], title=title, watermark=watermark)
