"""Pages: self-contained HTML of sketches and of contrastive pairs, for a reader without Jupyter and without a network.

Words that a model or a user wrote pass through one escape for text and one for embedded data.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from drawagent.geometry import facts
from drawagent.sketch import Sketch

STAND_IN = "Stand-in: these drawings were made by a procedure, not by a language model. Their numbers mean nothing."


@dataclass(frozen=True)
class Shown:
    """A sketch on a page. title : a few words; lines : notes below it"""

    sketch: Sketch
    title: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShownPair:
    """A contrastive pair on a page. words : the judge's; diff : what the library gained or lost from it"""

    query: str
    better: Sketch
    worse: Sketch
    better_scores: tuple[float, ...]
    worse_scores: tuple[float, ...]
    words: str
    diff: tuple[str, ...] = ()
    note: str = ""
    titles: tuple[str, str] = ("S+ (better)", "S- (worse)")
    scorer: str = ""


@dataclass
class _Page:
    title: str
    note: str
    watermark: str = ""
    sketches: list[dict[str, Any]] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def figure(self, sketch: Sketch, title: str, *, lines: Sequence[str] = (), camera: str = "", kind: str = "") -> str:
        number = len(self.sketches)
        self.sketches.append({
            "strokes": [[list(point) for point in stroke.points] for stroke in sketch.strokes],
            "names": [stroke.name for stroke in sketch.strokes],
        })
        notes = "".join(f"<p class=note>{text(line)}</p>" for line in lines)
        return (
            f'<figure data-sketch="{number}" data-camera="{text(camera)}" class="{text(kind)}">'
            f"<figcaption dir=auto>{text(title)}</figcaption>"
            f'<canvas tabindex=0 role=img aria-label="{text(title)}, drag to turn"></canvas>'
            f"<div class=replay></div><div class=parts></div>{notes}</figure>"
        )

    def html(self) -> str:
        folder = resources.files("drawagent").joinpath("viewer")
        script = folder.joinpath("viewer.js").read_text("utf-8")
        style = folder.joinpath("viewer.css").read_text("utf-8")
        mark = f"<p class=watermark>{text(self.watermark)}</p>" if self.watermark else ""
        return (
            "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
            '<meta name=viewport content="width=device-width, initial-scale=1">'
            "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "script-src 'unsafe-inline'; img-src data:\">"
            f"<title>{text(self.title)}</title><style>{style}</style></head><body>"
            f"<h1 dir=auto>{text(self.title)}</h1>{mark}<p class=note>{text(self.note)}</p>"
            + "\n".join(self.body)
            + f'<script type="application/json" id=sketches>{data(self.sketches)}</script>'
            f"<script>{script}</script></body></html>\n"
        )


def text(words: str) -> str:
    """Escaped for HTML text and attributes; control characters other than newlines become visible."""
    shown = "".join(c if c in "\n\t" or ord(c) >= 32 else "\N{REPLACEMENT CHARACTER}" for c in str(words))
    return html.escape(shown.encode("utf-8", "replace").decode("utf-8"), quote=True)


def data(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    dumped = json.dumps(value, separators=(",", ":"))
    return dumped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def sketch_page(shown: Sequence[Shown], *, title: str, note: str = "", watermark: str = "") -> str:
    """A page of sketches, each with orbit, stroke-by-stroke replay and part names."""
    page = _Page(title, note or "Drag to turn, scroll to zoom, double-click to reset.", watermark)
    figures = [page.figure(one.sketch, one.title, lines=one.lines) for one in shown]
    page.body.append("<div class=row>" + "".join(figures) + "</div>")
    return page.html()


def pairs_page(pairs: Sequence[ShownPair], *, title: str, note: str = "", watermark: str = "") -> str:
    """A page of contrastive pairs: linked cameras, per-view scores, facts side by side, the judge's words, lessons."""
    page = _Page(title, note or "The two cameras of a pair turn together.", watermark)
    for number, pair in enumerate(pairs):
        camera = f"pair{number}"
        page.body.append(
            f"<section><h2 dir=auto>{text(pair.query)}</h2>"
            + (f"<p class=note>{text(pair.note)}</p>" if pair.note else "")
            + "<div class=pair>"
            + page.figure(pair.better, pair.titles[0], camera=camera, kind="plus")
            + page.figure(pair.worse, pair.titles[1], camera=camera, kind="minus")
            + "</div>" + _scores(pair) + _facts(pair)
            + f"<h3>The judge</h3><blockquote dir=auto>{text(pair.words) or '(no words)'}</blockquote>"
            + (f"<h3>The library</h3><pre class=diff dir=auto>{text(chr(10).join(pair.diff))}</pre>"
               if pair.diff else "")
            + "</section>"
        )
    if not pairs:
        page.body.append("<p>No pairs: every group was inside the noise, or had fewer than two drawings.</p>")
    return page.html()


def _scores(pair: ShownPair) -> str:
    views = len(pair.better_scores)
    head = "".join(f"<th>view {v}</th>" for v in range(views))
    rows = "".join(
        f"<tr><td>{name}</td>" + "".join(f"<td>{value:.4f}</td>" for value in values)
        + f"<td><b>{sum(values) / len(values):.4f}</b></td></tr>"
        for name, values in (("S+", pair.better_scores), ("S-", pair.worse_scores)) if values
    )
    return (
        f"<h3>Raw cosine per view <span class=note>{text(pair.scorer)}</span></h3>"
        f"<table><tr><th></th>{head}<th>mean</th></tr>{rows}</table>"
    )


def _facts(pair: ShownPair) -> str:
    columns = []
    for name, sketch in (("S+", pair.better), ("S-", pair.worse)):
        lines = facts(sketch).words(tuple(stroke.name for stroke in sketch.strokes)).splitlines()
        items = "".join(f"<li>{text(line.removeprefix('- '))}</li>" for line in lines)
        columns.append(f"<div><h3>{name}, measured</h3><ul class=facts>{items}</ul></div>")
    return "<div class=pair>" + "".join(columns) + "</div>"
