"""Craft words: what the craft widgets say beside their figures, as HTML. Pure; words of models are escaped."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from drawagent.pages import text
from easel.errors import shorten
from shapecraft.gallery import Gallery
from shapecraft.graph import Component, ShapeGraph
from shapecraft.mesh import ObjectMesh
from shapecraft.relations import targets
from shapecraft.sheets import STYLE, View, contact_sheet
from widgets import theme
from widgets.craft_figures import hex_of
from widgets.panels import table, words

_STILL = (View("three-quarter", 35, 25), View("front", 0, 0))
_SMALL = 128  # pixels of one of six sides
_LONGEST = 6000  # letters of a program that are shown
_CODE = ("white-space:pre-wrap;overflow-wrap:anywhere;font:11px/1.4 monospace;background:#f6f6f6;color:#111111;"
         "padding:6px;margin:4px 0;max-height:360px;overflow-y:auto")


def heading(gallery: Gallery) -> str:
    """The run, what may be said of it, and the watermark of a stand-in."""
    mark = f"<p><b>{text(gallery.watermark)}</b></p>" if gallery.watermark else ""
    return (f"<p><b>{text(gallery.run.info['name'])}</b>: <span dir=auto>{text(gallery.prompt)}</span>; "
            f"{text(gallery.caption())}</p>{mark}")


def tree(graph: ShapeGraph | None, scores: Mapping[str, float | None], made: Mapping[str, int]) -> str:
    """The graph-based procedural shape: a virtual root, and the components below it with what is known of them.

    scores : component -> score of the best attempt; made : component -> triangles of what stands
    """
    if graph is None:
        return "<p>No parts yet.</p>"
    steps: dict[tuple[str, ...], list[str]] = {}
    for number, one in enumerate(graph.components):
        steps.setdefault(one.path[1:-1], []).append(_leaf(number, one, scores.get(one.name), made.get(one.name)))
    items = "".join(
        f"<li dir=auto>{text(' / '.join(path))}<ul>{''.join(leaves)}</ul></li>" if path else "".join(leaves)
        for path, leaves in steps.items())
    assumed = f"<p dir=auto>Assumed: {text('; '.join(graph.assumptions))}</p>" if graph.assumptions else ""
    return f"<p><b dir=auto>{text(graph.object)}</b> (virtual root)</p><ul style='margin:2px 0'>{items}</ul>{assumed}"


def _leaf(number: int, one: Component, score: float | None, triangles: int | None) -> str:
    sides = " x ".join(f"{side:.3g}" for side in one.box.size)
    told = [f"box {sides} m", "not made yet" if triangles is None else f"{triangles:,} triangles"]
    told += [] if score is None else [f"score {score:g}"]
    told += [f"{link.kind.replace('_', ' ')} {', '.join(targets(link))}".strip() for link in one.relations]
    told += [] if one.joint is None else [f"joint: {one.joint.type}"]
    mark = f'<span style="color:{hex_of(number)}">&#9632;</span>'
    return f"<li>{mark} <b>{text(one.name)}</b>: {text('; '.join(told))}</li>"


def grid(rows: Sequence[Mapping[str, Any]], chosen: str = "", shown: str = "") -> str:
    """Scores of a component's attempts: one line a path, one column a step; repairs stand behind the score.

    chosen : id of the attempt that the object is made of, marked *; shown : id of the one that is looked at, in [ ]
    """
    if not rows:
        return "<p>No attempts yet.</p>"
    steps = sorted({row["t"] for row in rows})
    body = []
    for path in sorted({row["m"] for row in rows}):
        cells = []
        for step in steps:
            own = [row for row in rows if (row["m"], row["t"]) == (path, step)]
            cells.append(", ".join(_cell(row, chosen, shown) for row in own) or "-")
        body.append([f"path {path}", *cells])
    return table(["", *(f"step {step}" for step in steps)], body)


def _cell(row: Mapping[str, Any], chosen: str, shown: str) -> str:
    said = row["outcome"] or row["failure"] if row["facts"] is None else \
        "no score" if row["score"] is None else f"{row['score']:g}"
    said += f" ({row['kind']})" if row["kind"] in ("repair", "fix") else ""
    said += " *" if attempt_id(row) == chosen else ""
    return f"[{said}]" if attempt_id(row) == shown else said


def attempt_id(row: Mapping[str, Any]) -> str:
    """As `shapecraft.attempts.Attempt.id`."""
    return f"{row['component']}/m{row['m']}/t{row['t']}/r{row['repair']}"


def verdict(row: Mapping[str, Any]) -> str:
    """What came of an attempt: score, what was measured, the Evaluator's words, or why there is nothing."""
    parts = []
    judged = row["judgement"]
    if row["failure"]:
        parts.append(f"<p><b>No program</b>: {text(row['failure'])}. {text(row['reason'])}</p>")
    elif row["facts"] is None:
        line = f" (line {row['line']})" if row["line"] is not None else ""
        parts.append(f"<p><b>It did not run</b>: {text(row['outcome'])}{line}. {text(row['message'])}</p>")
    else:
        facts = row["facts"]
        sides = " x ".join(f"{high - low:.3g}" for low, high in zip(facts["low"], facts["high"], strict=True))
        closed = "closed" if facts["manifold"] else "not closed"
        parts.append(f"<p>Measured: {sides} m, {facts['faces']:,} faces, {closed}; off its box by "
                     f"{facts['worst']:.1%} of the longest side.</p>")
    if judged is not None:
        score = "no score" if judged["score"] is None else f"score {judged['score']:g} of 10"
        said = judged["feedback"] or f"({judged['failure']}: {judged['reason']})"
        met = judged.get("checks") or []
        listed = f", {sum(one['met'] for one in met)} of {len(met)} checks met" if met else ""
        parts.append(f"<p><b>The Evaluator</b>: {score}{listed}</p>{words(said)}")
    return "".join(parts)


def program(source: str, *, open_: bool = False) -> str:
    """A program, folded; long ones are cut, and say so."""
    if not source:
        return ""
    cut = f"\n... {len(source) - _LONGEST:,} more letters" if len(source) > _LONGEST else ""
    return (f"<details{' open' if open_ else ''}><summary>program, {len(source.splitlines())} lines</summary>"
            f'<div style="{_CODE}">{text(source[:_LONGEST])}{cut}</div></details>')


def program_diff(before: str, after: str, what: str) -> str:
    """Lines that differ, told apart by sign and colour. what : which program it is compared with"""
    lines = [line for line in difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
             if not line.startswith(("---", "+++"))][:120]
    colour = {"+": theme.PLUS, "-": theme.MINUS}
    shown = "".join(f'<div style="color:{colour.get(line[:1], "#555555")}">{text(line) or "&nbsp;"}</div>'
                    for line in lines)
    return (f"<p><b>Against {text(what)}</b>: {'no line differs' if not lines else ''}</p>"
            + (f'<div style="{_CODE}">{shown}</div>' if lines else ""))


def picture(png: bytes | None, what: str, *, width: int = 0) -> str:
    """A PNG inside the page; a sentence where there is none."""
    if not png:
        return f"<p>No picture of {text(what)}.</p>"
    size = f"width={width} " if width else ""
    return (f'<img {size}style="max-width:100%" alt="{text(what)}" '
            f'src="data:image/png;base64,{base64.b64encode(png).decode()}">')


def small_sheet(gallery: Gallery) -> str:
    """The six sides of a finished object as one small PNG inside the page. Raises ConfigurationError without one."""
    title = shorten(f"{gallery.prompt}: {gallery.caption()}", 90)
    sheet = contact_sheet(gallery.mesh, style=replace(STYLE, size=_SMALL), labels="none", title=title)
    return picture(sheet.png, gallery.prompt)


def stills(mesh: ObjectMesh | None, what: str, *, watermark: str = "") -> str:
    """Two sides of an object as one PNG inside the page: for readers whose front end draws no 3D."""
    if mesh is None:
        return "<p>Nothing is made yet.</p>"
    sheet = contact_sheet(mesh, views=_STILL, columns=2, title=shorten(watermark, 90))
    return picture(sheet.png, what)

