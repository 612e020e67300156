"""Evaluation report: what an evaluation found, in Markdown and as one HTML page, with the rules of what counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from shapecraft.aggregates import Aggregate
from shapecraft.evaluation_rows import COSTS, SHAPE, ObjectRow
from shapecraft.mesh_metrics import POINTS, THRESHOLD
from shapecraft.model_page import text
from shapecraft.solid_overlap import VOXELS

STAND_IN = "STAND-IN, no result"
RULES = (
    f"Both shapes are scaled to a longest side of 1; the prediction is turned by the best of four quarter turns, then "
    f"fitted (ICP) for distances, which are between {POINTS:,} seeded points of each surface. F-score at {THRESHOLD}. "
    f"IoGT = common space / space of the reference: it rewards over-filling, so read IoU beside it. Voxels: {VOXELS} "
    "along the longest side.",
    "An object that was not made stays in every mean: 0 for IoGT, IoU and F-score, the farthest distance, the CLIP "
    "score of blank pages, none of its questions passed; a text that could not be parsed has compile rate 0.",
    "What could not be measured is left out of a mean and counted as unmeasured; the reasons stand with each object. "
    "Where objects failed and made ones could not be measured, a mean would be of too many failures: it is withheld, "
    "and its bounds are said, the unmeasured at their lowest and at their highest.",
    "Columns of shape figures may be of different objects: compare them by the means over those that have all of them.",
    "Objects of one text are no independent ones: texts are drawn for an interval, not objects.",
)
HEAD = ("figure", "mean", "95 % interval", "n", "failed", "unmeasured", "made alone", "in common", "interval")
"""Of a table of aggregates."""


def markdown(
    rows: Sequence[ObjectRow], found: Sequence[Aggregate], *, title: str, notes: Sequence[str] = (),
    sheets: Sequence[str] = (),
) -> str:
    """The report for a reader of plain text."""
    lines = [f"# {_line(title)}", "", *(f"{_line(note)}  " for note in notes), ""]
    for evidence, block in _blocks(found):
        lines += [f"## {_heading(evidence, rows)}", "", f"| {' | '.join(HEAD)} |", "|---" * len(HEAD) + "|"]
        lines += ["| " + " | ".join(_line(cell) for cell in _cells(one)) + " |" for one in block]
        lines += ["", *(f"{_line(claim)}.  " for claim in _claims(block)), ""]
    lines += ["## Objects", ""]
    for number, row in enumerate(rows):
        sheet = sheets[number] if number < len(sheets) else ""
        lines += [f"### {_line(row.name)}", "", *(f"- {_line(one)}" for one in _facts(row)),
                  *([f"![{_line(row.name)}]({sheet})"] if sheet else []), ""]
    return "\n".join([*lines, "## What counts", "", *(f"- {rule}" for rule in RULES), ""])


def page(
    rows: Sequence[ObjectRow], found: Sequence[Aggregate], *, title: str, notes: Sequence[str] = (),
    sheets: Sequence[str] = (), pictures: Mapping[str, str] | None = None,
) -> str:
    """The report as one HTML file; pictures : sheet -> PNG in base64. Everybody's words are escaped."""
    body = [f"<h1 dir=auto>{text(title)}</h1>", *(f"<p class=note dir=auto>{text(note)}</p>" for note in notes)]
    if any(row.evidence == "stand-in" for row in rows):
        body.append(f"<p class=watermark>{STAND_IN}</p>")
    for evidence, block in _blocks(found):
        head = "".join(f"<th>{name}</th>" for name in HEAD)
        cells = "".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in _cells(one)) + "</tr>" for one in block)
        body.append(f"<h2>{text(_heading(evidence, rows))}</h2><table><tr>{head}</tr>{cells}</table>")
        body += [f"<p class=note>{text(claim)}.</p>" for claim in _claims(block)]
    body.append("<h2>Objects</h2>")
    for number, row in enumerate(rows):
        sheet = sheets[number] if number < len(sheets) else ""
        encoded = (pictures or {}).get(sheet, "")
        shown = f'<img alt="{text(row.name)}, six views" src="data:image/png;base64,{encoded}">' if encoded else ""
        facts = "".join(f"<li dir=auto>{text(one)}</li>" for one in _facts(row))
        body.append(f"<section><h3 dir=auto>{text(row.name)}</h3>{shown}<ul>{facts}</ul></section>")
    body.append("<h2>What counts</h2><ul>" + "".join(f"<li>{text(rule)}</li>" for rule in RULES) + "</ul>")
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src data:\"><title>{text(title)}</title><style>{_CSS}</style></head><body>"
        + "\n".join(body) + "</body></html>\n"
    )


def _blocks(found: Sequence[Aggregate]) -> list[tuple[str, list[Aggregate]]]:
    return [(evidence, [one for one in found if one.evidence == evidence])
            for evidence in dict.fromkeys(one.evidence for one in found)]


def _heading(evidence: str, rows: Sequence[ObjectRow]) -> str:
    own = [row for row in rows if row.evidence == evidence]
    said = {"external": "files of another method", "recorded": "recorded replies", "live": "live replies",
            "stand-in": f"a stand-in: {STAND_IN}"}.get(evidence, evidence)
    return f"{len(own)} object{'s' if len(own) != 1 else ''}, {said}"


def _cells(one: Aggregate) -> list[str]:
    interval = "" if math.isnan(one.low) else f"{_number(one.low)} to {_number(one.high)}"
    return [one.column, _number(one.mean), interval, str(one.n), str(one.failed), str(one.unmeasured),
            _number(one.mean_made), _number(one.mean_common), one.interval]


def _claims(block: Sequence[Aggregate]) -> list[str]:
    return list(dict.fromkeys(one.claim for one in block if one.claim))


def _facts(row: ObjectRow) -> list[str]:
    """What there is about one object, with the reasons for what there is not, each reason once."""
    lines = [row.caption or "no caption"]
    if row.failed:
        lines.append(f"not made: {row.failed}")
    if not math.isnan(row.hausdorff):
        told = ", ".join(f"{name} {_number(getattr(row, name))}" for name in SHAPE)
        lines.append(f"against {row.reference}, turned by {row.yaw_deg} deg: {told}")
    if not math.isnan(row.clip):
        lines.append(f"{row.clip_column}: {_number(row.clip)}")
    if row.vqa_asked:
        lines.append(f"{row.vqa_column}: {row.vqa_passed} of {row.vqa_asked} questions passed")
    costs = [f"{name} {_number(getattr(row, name))}" for name in COSTS if not math.isnan(getattr(row, name))]
    if costs:
        lines.append(", ".join(costs))
    reasons: dict[str, list[str]] = {}
    for figure, reason in row.cannot:
        reasons.setdefault(reason, []).append(figure)
    lines += [f"note: {note}" for note in row.notes]
    return lines + [f"cannot tell {', '.join(figures)}: {reason}" for reason, figures in reasons.items()]


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3f}"


def _line(words: str) -> str:
    """One line of a Markdown file, which it cannot end or mark up."""
    plain = "".join(character if character.isprintable() else " " for character in str(words))
    return "".join(f"\\{character}" if character in "|<>[]*_`#" else character for character in " ".join(plain.split()))


_CSS = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid #ddd;padding:.25rem .6rem;"
    "text-align:left;font-variant-numeric:tabular-nums}img{max-width:100%}section{border-top:1px solid #ddd}"
    ".note{color:#555;margin:.2rem 0}.watermark{color:#a40000;font-weight:bold;font-size:1.2rem}"
)
