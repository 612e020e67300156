"""Panels: what a stepper says in words beside its figures, as HTML. Pure; words of models and users are escaped."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from drawagent.edits import Delete, Edit
from drawagent.gallery import Gallery
from drawagent.keeping import PERSON
from drawagent.pages import text
from drawagent.settings import DrawSettings
from drawagent.sheets import labelled_sheet
from easel.errors import EaselError
from widgets import theme
from widgets.episode import Cost, Episode, epochs_told
from widgets.review import question
from widgets.stepper_figures import MOST_SCENES

_CELL = 150  # pixels a drawing in stored output: eight of them fit the width of a notebook page


def panel(*parts: str) -> str:
    """Parts one below the other, on paper of their own; "" for none."""
    shown = [part for part in parts if part]
    return f'<div style="{theme.PANEL}">{"".join(shown)}</div>' if shown else ""


def heading(gallery: Gallery) -> str:
    """The run, what may be said of it, and the watermark of a stand-in."""
    mark = f"<p><b>{text(gallery.watermark)}</b></p>" if gallery.watermark else ""
    return f"<p><b>{text(gallery.run.info['name'])}</b>: {text(gallery.caption())}</p>{mark}"


def pictures(episode: Episode, settings: DrawSettings) -> str:
    """The candidates as one PNG inside the page: for readers whose front end draws no 3D."""
    shown = list(zip(episode.rows, episode.sketches, strict=True))[:MOST_SCENES]
    if not shown:
        return "<p>No candidates yet.</p>"
    titles = [f"{episode.marks.get(row['candidate'], '')} k{row['candidate']}  {row['reward']:.3f}".strip()
              for row, _ in shown]
    sheet = labelled_sheet(
        [(f"{episode.text}, epoch {episode.epoch}", [sketch for _, sketch in shown])], titles, settings, cell=_CELL,
        watermark=episode.watermark,
    )
    source = base64.b64encode(sheet).decode()
    return (f'<img style="max-width:100%" alt="{text(f"candidates of {episode.text}, epoch {episode.epoch}")}" '
            f'src="data:image/png;base64,{source}">')


def scores(episode: Episode) -> str:
    """A table of candidates: side of the pair, reward, spread, worst view, every view, strokes or the failure."""
    if not episode.rows:
        return ""
    views = range(len(episode.rows[0]["view_scores"]))
    head = ["", "", "reward", "spread", "worst", *(f"view {view}" for view in views), "strokes"]
    body = []
    for row in episode.rows:
        found = row["view_scores"]
        mean = sum(found) / len(found)
        spread = (sum((x - mean) ** 2 for x in found) / (len(found) - 1)) ** 0.5 if len(found) > 1 else 0.0
        end = f"failed: {row['failure']}. {row['reason']}" if row["failure"] else str(row["strokes"])
        body.append([f"k{row['candidate']}", episode.marks.get(row["candidate"], ""), f"{row['reward']:.4f}",
                     f"{spread:.4f}", f"{min(found):.4f}", *(f"{score:.3f}" for score in found), end])
    return f"<p>{text(episode.column)}, raw cosine</p>{table(head, body)}"


def pair(episode: Episode) -> str:
    """The chosen pair and the judge's words, or why there is none."""
    parts = []
    for row in episode.pairs:
        if row["skipped"]:
            parts.append(f"<p><b>No pair</b>: {text(row['skipped'])}.</p>")
            continue
        parts.append(f"<p><b>Pair</b>: k{row['better']} (S+) beats k{row['worse']} (S-), gap {row['gap']:.4f}, "
                     f"noise over views {row['noise']:.4f}.</p>")
        for judged in (one for one in episode.judgements if one["pair"] == row["pair"]):
            said = judged["advantage"] or f"({judged['failure']}: {judged['reason']})"
            parts.append(f"<p><b>The judge</b> (shown as {text(judged['order'])}):</p>{words(said)}")
    return "".join(parts)


def edits(episode: Episode) -> str:
    """Every proposed edit and what became of it, then the library's diff."""
    parts = []
    for row in episode.edits:
        who = "a person" if row["query"] == PERSON else "the curator"
        if row["failure"]:
            parts.append(f"<p><b>No edits</b>: {text(row['failure'])}. {text(row['reason'])}</p>")
            continue
        body = [_outcome(outcome) for outcome in row["outcomes"]]
        parts.append(f"<p><b>Edits by {who}</b></p>" + table(["", "lesson", "words", "by", "what became of it"], body))
        parts.append(f"<p><b>The library's diff</b></p>{diff(row['diff'])}")
    return "".join(parts)


def diff(lines: Iterable[str]) -> str:
    """Lines that begin with + or -, told apart by sign and colour."""
    shown = "".join(
        f'<div dir=auto style="color:{theme.PLUS if line.startswith("+") else theme.MINUS}">{text(line)}</div>'
        for line in lines
    )
    return shown or "<p>Nothing changed.</p>"


def gate(episode: Episode) -> str:
    """The gate's verdict on the proposed library; "" without a gate."""
    if episode.gate is None:
        return ""
    row = episode.gate
    verdict = "accepted" if row["accepted"] else "rejected, the old lessons stay"
    return (f"<p><b>Gate</b>: {verdict}. Mean paired difference {row['mean']:+.4f}, standard error "
            f"{row['standard_error']:.4f}, {row['n']} queries.</p>")


def epochs(gallery: Gallery) -> str:
    """One line an epoch that has ended; "" before the first."""
    rows = epochs_told(gallery)
    body = [[str(row["epoch"]), f"{row['mean_reward']:.4f}", f"{row['failures']} of {row['candidates']}",
             str(row["lessons"]), "not yet" if row["report"] is None else f"{row['report']:.4f}"] for row in rows]
    head = ["epoch", "mean reward", "failures", "lessons after it", "report with its library"]
    return f"<p><b>Epochs that have ended</b></p>{table(head, body)}" if rows else ""


def cost(spent: Cost) -> str:
    """The cost meter."""
    return f"<p><b>Cost</b>: {text(str(spent))}.</p>"


def asked(edit: Edit | None, before: Sequence[dict[str, Any]] = ()) -> str:
    """What the review desk asks; before : lessons in force, whose words a change or a deletion takes away."""
    if edit is None:
        return ""
    old = next((one["text"] for one in before if one["id"] == getattr(edit, "id", None)), "")
    parts = [f"<p><b>Your decision.</b> {text(question(edit))}</p>"]
    if old:
        parts.append(f"<p>In force now:</p>{words(old)}")
    if not isinstance(edit, Delete):
        parts.append(f"<p>Proposed:</p>{words(getattr(edit, 'text', ''))}")
    if edit.because:
        parts.append(f"<p>Because of {text(', '.join(edit.because))}</p>")
    return "".join(parts)


def fault(error: BaseException | None) -> str:
    """Where a loop broke: a fault that this project raises on purpose is its sentence; any other has its traceback."""
    if error is None or isinstance(error, EaselError):
        return ""
    return f"<pre>{text(''.join(traceback.format_exception(error))[-3000:])}</pre>"


def refused(do: Callable[[], Any]) -> str:
    """Does it. "" where that went well; where this project refused it, the refusal as a panel."""
    try:
        do()
    except EaselError as error:
        return panel(f"<p><b>Not done:</b> {text(str(error))}</p>")
    return ""


def words(said: str) -> str:
    """What a model or a person wrote: escaped, its lines kept, its direction its own."""
    return (f'<blockquote dir=auto style="white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0 4px 12px;'
            f'padding-left:10px;border-left:3px solid #999999">{text(said)}</blockquote>')


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table of words, all escaped."""
    cell = "padding:1px 8px;text-align:left;vertical-align:top;border-bottom:1px solid #dddddd"
    lines = ["".join(f'<th style="{cell}">{text(one)}</th>' for one in head)]
    lines += ["".join(f'<td dir=auto style="{cell}{_whole(one)}">{text(one)}</td>' for one in row) for row in rows]
    return ('<div style="overflow-x:auto"><table style="border-collapse:collapse;font-size:12px;background:#ffffff;'
            f'color:#111111">{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>')


def _whole(one: str) -> str:
    """A short entry stays on its line."""
    return ";white-space:nowrap" if len(one) < 12 else ""


def _outcome(outcome: dict[str, Any]) -> list[str]:
    proposed, edit = outcome["proposed"], outcome["edit"] or outcome["proposed"]
    by = {"human": "a person", "model": "the model"}[outcome["author"]]
    fate = "entered" if outcome["applied"] else f"not taken: {outcome['reason']}"
    if outcome["applied"] and edit.get("text") != proposed.get("text"):
        fate += f"; proposed were the words: {proposed.get('text')}"
    return [edit["op"], outcome["lesson"] or "-", edit.get("text") or "", by, fate]
