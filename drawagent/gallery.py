"""The gallery: what a run shows to people, made from its folder alone: contact sheet, pages, learning curve."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.curve import CurvePoint, curve_svg, curve_text
from drawagent.keeping import own_rows
from drawagent.language import parse
from drawagent.pages import STAND_IN, Shown, ShownPair, pairs_page, sketch_page
from drawagent.settings import DrawSettings
from drawagent.sheets import labelled_sheet
from drawagent.sketch import Sketch
from drawagent.trust import check_plugins
from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.runs import RunStore

TITLES = {
    "S+ S-": ("S+ (better), the judge's A", "S- (worse), the judge's B"),
    "S- S+": ("S+ (better), the judge's B", "S- (worse), the judge's A"),
    "": ("S+ (better)", "S- (worse)"),
}
"""Of the two drawings of a pair, by the order in which the judge saw them."""


@dataclass(frozen=True)
class Gallery:
    """Reads a run's rows; writes nothing unless asked.

    trust_plugins : call whatever renderer run.json names; else only those of drawagent and easel, and
    ConfigurationError for another one
    """

    run: RunStore
    trust_plugins: bool = False

    @cached_property
    def settings(self) -> DrawSettings:
        found = DrawSettings(**self.run.info["configuration"]["settings"])
        if not self.trust_plugins:
            check_plugins(found, where=f"run {self.run.folder.name}", names=("renderer",))
        return found

    @property
    def watermark(self) -> str:
        return STAND_IN if self.run.info["evidence"] == "stand-in" else ""

    @cached_property
    def texts(self) -> dict[str, str]:
        """Query id -> text."""
        lists = self.run.info["configuration"]["queries"]
        return {row["id"]: row["text"] for split in ("learn", "gate", "report") for row in lists[split]}

    def rollouts(self, role: str = "artist") -> list[dict[str, Any]]:
        return [row for row in self.run.rows("rollouts") if row["role"] == role]

    def sketch(self, row: dict[str, Any]) -> Sketch | None:
        """The drawing of a rollout row, read again from the model's words."""
        return None if row["failure"] else self._read(row)

    def _read(self, row: dict[str, Any]) -> Sketch:
        return parse(row["text"], mode=self.settings.parse_mode).sketch

    def chosen(self) -> dict[tuple[str, int], dict[str, Any]]:
        """(query, epoch) -> the report drawing that inference took, the first of several draws."""
        return {
            (row["query"], row["epoch"]): row for row in self.rollouts("report") if row["chosen"] and row["draw"] == 0
        }

    def contact_sheet(self) -> bytes:
        """Report queries by epoch of the library; without a report, learn queries by candidate."""
        chosen = self.chosen()
        if chosen:
            epochs = sorted({epoch for _, epoch in chosen})
            queries = list(dict.fromkeys(query for query, _ in chosen))
            rows = [
                (self.texts.get(query, query), [self._drawn(chosen.get((query, epoch))) for epoch in epochs])
                for query in queries
            ]
            return labelled_sheet(
                rows, [f"library of epoch {epoch}" for epoch in epochs], self.settings, watermark=self.watermark
            )
        drawn = self.rollouts()
        if not drawn:
            external = self.run.info["evidence"] == "external"
            raise ConfigurationError(
                "a run with drawings", where=self.run.folder.name,
                came="files of another method" if external else "none yet",
                mend="Its views/what-was-scored.png shows them." if external else "",
            )
        groups: dict[tuple[str, int], list[dict[str, Any]]] = {}
        for row in drawn:
            groups.setdefault((row["query"], row["epoch"]), []).append(row)
        widest = max(len(group) for group in groups.values())
        rows = [
            (f"{self.texts.get(query, query)}, epoch {epoch}",
             [self._drawn(group[k] if k < len(group) else None) for k in range(widest)])
            for (query, epoch), group in groups.items()
        ]
        return labelled_sheet(
            rows, [f"candidate {k}" for k in range(widest)], self.settings, watermark=self.watermark
        )

    def _drawn(self, row: dict[str, Any] | None) -> Sketch | None:
        return self.sketch(row) if row else None

    def pairs(self) -> list[ShownPair]:
        """Every judged pair in order, with what its edits did to the library."""
        rows = {(r["query"], r["epoch"], r["candidate"]): r for r in self.rollouts()}
        shown = []
        for judged in self.run.rows("judgements"):
            better = rows[judged["query"], judged["epoch"], judged["better"]]
            worse = rows[judged["query"], judged["epoch"], judged["worse"]]
            shown.append(ShownPair(
                titles=TITLES.get(judged["order"], TITLES[""]),
                query=self.texts.get(judged["query"], judged["query"]),
                better=self._read(better), worse=self._read(worse),
                better_scores=tuple(better["view_scores"]), worse_scores=tuple(worse["view_scores"]),
                words=judged["advantage"] or f"({judged['failure']}: {judged['reason']})",
                diff=tuple(self._edits_from(judged)),
                note=f"epoch {judged['epoch']}, candidates {judged['better']} and {judged['worse']}, "
                     f"gap {judged['gap']:.4f}, noise over views {judged['noise']:.4f}, shown as {judged['order']}",
                scorer=self.run.info["configuration"]["reward"],
            ))
        return shown

    def _edits_from(self, judged: dict[str, Any]) -> list[str]:
        lines = []
        for row in self.run.rows("edits"):
            if row["epoch"] != judged["epoch"]:
                continue
            for outcome in row["outcomes"]:
                if judged["pair"] in outcome["proposed"]["because"]:
                    edit = outcome["edit"] or outcome["proposed"]
                    fate = "" if outcome["applied"] else f"  (not taken: {outcome['reason']})"
                    lines.append(f"{edit['op']} [{outcome['lesson'] or '-'}] {edit.get('text', '')}{fate}")
        return lines

    def curve(self) -> tuple[CurvePoint, ...]:
        """Mean report score by epoch under the reporting model; () without a report."""
        measured: dict[int, dict[str, float]] = {}
        for row in own_rows(self.run, "measured"):  # a drawing stands there twice when AES was asked for later
            if row["epoch"] is not None and row["draw"] == 0:
                measured.setdefault(row["epoch"], {}).setdefault(row["query"], row["similarity"])
        return tuple(
            CurvePoint(epoch, math.fsum(values.values()) / len(values), tuple(values.values()))
            for epoch, values in sorted(measured.items())
        )

    @property
    def column(self) -> str:
        return next((row["column"] for row in own_rows(self.run, "metrics")), "")

    def caption(self) -> str:
        """What may be said of the figures."""
        if self.run.info["evidence"] == "external":
            return f"files of another method: {self.run.info['name']}"
        parts = ["one library, demonstration"]
        parts.append({"recorded": "recorded replies", "stand-in": "STAND-IN, no result"}.get(
            self.run.info["evidence"], "live"))
        if self.run.info.get("drifted"):
            parts.append("prompts have drifted from the record")
        return ", ".join(parts)

    def write(self, folder: Path | None = None) -> dict[str, Path]:
        """Write contact sheet, pages and curve into a folder (the run's own `views/`); what it is -> path."""
        folder = folder or self.run.folder / "views"
        folder.mkdir(parents=True, exist_ok=True)
        title = f"{self.run.info['name']}: {self.caption()}"
        files: dict[str, tuple[str, str | bytes]] = {
            "contact sheet": ("contact-sheet.png", self.contact_sheet()),
            "sketches": ("sketches.html", self.page(title)),
            "pairs": ("pairs.html", pairs_page(
                self.pairs(), title=f"Contrastive pairs. {title}", watermark=self.watermark)),
        }
        points = self.curve()
        if points:
            svg = curve_svg(points, column=self.column, caption=self.caption())
            files["learning curve"] = ("learning-curve.svg", svg)
        written = {}
        for what, (name, content) in files.items():
            written[what] = folder / name
            written[what].write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return written

    def page(self, title: str) -> str:
        """All drawings of the run to orbit and replay: report drawings, or candidates where there is no report."""
        chosen = self.chosen()
        order = list(dict.fromkeys(query for query, _ in chosen))
        rows = [chosen[place] for place in sorted(chosen, key=lambda place: (order.index(place[0]), place[1]))]
        rows = rows or self.rollouts()
        shown = []
        for row in rows:
            sketch = self.sketch(row)
            label = f"{self.texts.get(row['query'], row['query'])}, library of epoch {row['epoch']}"
            lines = [f"reward {row['reward']:.4f}, {row['strokes']} strokes"]
            if sketch is None:
                lines = [f"failed: {row['failure']}. {row['reason']}"]
            shown.append(Shown(sketch or Sketch(()), label, tuple(lines)))
        return sketch_page(shown, title=title, watermark=self.watermark)

    def curve_text(self) -> str:
        points = self.curve()
        return curve_text(points, column=self.column) if points else ""
